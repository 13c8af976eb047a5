//! The net made ready to run: markings as numbers, steps as edges, found once.

use rustc_hash::FxHashMap;

use super::{ConformanceError, bounds::Bounds};
use crate::{model::PetriNet, traces::Traces};

/// Label of a silent transition.
pub(super) const SILENT: u32 = u32::MAX;

/// Tokens as the sorted list of the places they are in, one entry each.
pub(super) type Tokens = Box<[u32]>;

/// A transition with its label as a code.
#[derive(Debug, Clone)]
pub(super) struct Step {
    /// Code into [`Runnable::labels`], or [`SILENT`].
    pub label: u32,
    pub inputs: Tokens,
    pub outputs: Tokens,
}

/// A net whose numbers have been checked, with labels coded as in the log.
#[derive(Debug, Clone)]
pub(super) struct Runnable {
    /// The activities of the log, then those only the model knows.
    pub labels: Vec<String>,
    pub steps: Vec<Step>,
    pub initial: Tokens,
    pub end: Tokens,
    pub places: usize,
    /// Place of each transition in the order of their names.
    pub rank: Vec<u32>,
    /// Transitions by their first input place.
    by_place: Vec<Vec<u32>>,
    /// Transitions that need nothing.
    free: Vec<u32>,
}

impl Runnable {
    pub(super) fn new(traces: &Traces, net: &PetriNet) -> Result<Self, ConformanceError> {
        let places = net.places.len();
        let known = |list: &[u32]| match list.iter().find(|&&p| p as usize >= places) {
            Some(&place) => Err(ConformanceError::NoSuchPlace { place, places }),
            None => Ok(()),
        };
        let sorted = |list: &[u32]| {
            let mut list = list.to_vec();
            list.sort_unstable();
            list.into_boxed_slice()
        };
        let tokens = |marking: &[(u32, u32)]| {
            let held: u64 = marking.iter().map(|&(_, n)| u64::from(n)).sum();
            if held > MOST_TOKENS as u64 {
                return Err(ConformanceError::TooManyTokens { tokens: held });
            }
            let list: Vec<u32> = marking
                .iter()
                .flat_map(|&(place, n)| std::iter::repeat_n(place, n as usize))
                .collect();
            known(&list)?;
            Ok(sorted(&list))
        };
        let mut labels = traces.activities.clone();
        let mut codes: FxHashMap<String, u32> =
            labels.iter().enumerate().map(|(i, l)| (l.clone(), i as u32)).collect();
        let mut steps = Vec::with_capacity(net.transitions.len());
        let (mut by_place, mut free) = (vec![Vec::new(); places], Vec::new());
        for (number, transition) in net.transitions.iter().enumerate() {
            known(&transition.inputs)?;
            known(&transition.outputs)?;
            let label = match &transition.label {
                None => SILENT,
                Some(name) => *codes.entry(name.clone()).or_insert_with(|| {
                    labels.push(name.clone());
                    labels.len() as u32 - 1
                }),
            };
            let inputs = sorted(&transition.inputs);
            match inputs.first().and_then(|&p| by_place.get_mut(p as usize)) {
                Some(list) => list.push(number as u32),
                None => free.push(number as u32),
            }
            steps.push(Step { label, inputs, outputs: sorted(&transition.outputs) });
        }
        let mut order: Vec<(&str, u32)> =
            net.transitions.iter().zip(0..).map(|(t, number)| (t.name.as_str(), number)).collect();
        order.sort_unstable();
        let mut rank = vec![0; order.len()];
        for (place, (_, number)) in (0..).zip(order) {
            if let Some(slot) = rank.get_mut(number as usize) {
                *slot = place;
            }
        }
        let (initial, end) = (tokens(&net.initial)?, tokens(&net.end)?);
        Ok(Self { labels, steps, initial, end, places, rank, by_place, free })
    }

    /// Transitions that may fire, by number.
    pub(super) fn enabled(&self, marking: &[u32]) -> Vec<u32> {
        let mut found = self.free.clone();
        let mut last = None;
        for &place in marking {
            if last.replace(place) == Some(place) {
                continue;
            }
            let here = self.by_place.get(place as usize).map(Vec::as_slice).unwrap_or_default();
            found.extend(here.iter().copied().filter(|&t| {
                self.steps.get(t as usize).is_some_and(|s| contains(marking, &s.inputs))
            }));
        }
        found.sort_unstable();
        found
    }

    /// The marking after a transition; missing inputs count as there.
    pub(super) fn fire(&self, marking: &[u32], transition: u32) -> Tokens {
        let Some(step) = self.steps.get(transition as usize) else { return marking.into() };
        let mut after = Vec::with_capacity(marking.len() + step.outputs.len());
        let mut taken = step.inputs.iter().peekable();
        for &place in marking {
            while taken.next_if(|&&t| t < place).is_some() {}
            if taken.next_if(|&&t| t == place).is_none() {
                after.push(place);
            }
        }
        after.extend_from_slice(&step.outputs);
        after.sort_unstable();
        after.into_boxed_slice()
    }
}

/// A marking of more tokens is taken as a sign of an unbounded net.
pub(super) const MOST_TOKENS: usize = 1000;

/// Whether `part` is in `whole`, both sorted, with multiplicities.
pub(super) fn contains(whole: &[u32], part: &[u32]) -> bool {
    let mut rest = whole.iter();
    part.iter().all(|p| rest.by_ref().find(|&w| w >= p) == Some(p))
}

/// A step from a marking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edge {
    pub transition: u32,
    pub label: u32,
    pub target: u32,
    /// Silent steps in it.
    pub silent: u32,
    /// Visible steps before its own, done by the model alone.
    pub skipped: u32,
}

/// Markings met so far, numbered, with the steps out of those that were expanded.
#[derive(Debug)]
pub(super) struct Space<'n> {
    pub net: &'n Runnable,
    /// Without them nothing is known of what is still to come, and nothing of it is kept.
    pub bounds: Option<&'n Bounds>,
    ids: FxHashMap<Tokens, u32>,
    markings: Vec<Tokens>,
    /// Tokens of all markings.
    held: usize,
    /// Row of bounds of each marking; `None` when no run leads from it to the end.
    row_of: Vec<Option<u32>>,
    rows: FxHashMap<Box<[u32]>, u32>,
    values: Vec<u32>,
    edges: Vec<Edge>,
    /// Edges of a marking; `None` until expanded.
    span: Vec<Option<(u32, u32)>>,
    /// Number of the end marking once met.
    pub end: Option<u32>,
    /// Whether every marking was expanded.
    pub complete: bool,
}

/// The first marking.
pub(super) const INITIAL: u32 = 0;

impl<'n> Space<'n> {
    pub(super) fn new(net: &'n Runnable, bounds: Option<&'n Bounds>) -> Self {
        let mut space = Self {
            net,
            bounds,
            ids: FxHashMap::default(),
            markings: Vec::new(),
            held: 0,
            row_of: Vec::new(),
            rows: FxHashMap::default(),
            values: Vec::new(),
            edges: Vec::new(),
            span: Vec::new(),
            end: None,
            complete: false,
        };
        space.number(net.initial.clone());
        space
    }

    /// Expands every marking, unless there are more than `limit`; then drops those
    /// from which the end cannot be reached.
    pub(super) fn explore(&mut self, limit: usize, stop: &mut dyn FnMut() -> bool) -> Explored {
        let mut next = 0;
        while next < self.markings.len() {
            if self.markings.len() > limit || self.edges.len() > limit.saturating_mul(16) {
                return Explored::TooLarge;
            }
            if next.is_multiple_of(1024) && stop() {
                return Explored::Stopped;
            }
            self.expand(next as u32);
            next += 1;
        }
        self.complete = true;
        self.forget_dead_ends();
        Explored::All
    }

    fn forget_dead_ends(&mut self) {
        let mut before: Vec<Vec<u32>> = vec![Vec::new(); self.markings.len()];
        for (from, span) in self.span.iter().enumerate() {
            for edge in edges_of(&self.edges, *span) {
                if let Some(list) = before.get_mut(edge.target as usize) {
                    list.push(from as u32);
                }
            }
        }
        let mut alive = vec![false; self.markings.len()];
        let mut open: Vec<u32> = self.end.into_iter().collect();
        while let Some(marking) = open.pop() {
            let Some(seen) = alive.get_mut(marking as usize) else { continue };
            if !std::mem::replace(seen, true) {
                open.extend(before.get(marking as usize).into_iter().flatten());
            }
        }
        for (row, alive) in self.row_of.iter_mut().zip(alive) {
            if !alive {
                *row = None;
            }
        }
    }

    /// Number of a marking, met now or before.
    pub(super) fn number(&mut self, marking: Tokens) -> u32 {
        if let Some(&id) = self.ids.get(&marking) {
            return id;
        }
        let id = self.markings.len() as u32;
        let row = self.bounds.and_then(|b| b.row(&marking)).map(|row| match self.rows.get(&row) {
            Some(&known) => known,
            None => {
                let number = self.rows.len() as u32;
                self.values.extend_from_slice(&row);
                self.rows.insert(row, number);
                number
            }
        });
        if *marking == *self.net.end {
            self.end = Some(id);
        }
        self.row_of.push(row);
        self.span.push(None);
        self.held += marking.len();
        self.ids.insert(marking.clone(), id);
        self.markings.push(marking);
        id
    }

    /// Finds the steps out of a marking; `false` when it leads to one of too many tokens.
    pub(super) fn expand(&mut self, id: u32) -> bool {
        let place = id as usize;
        let Some(None) = self.span.get(place) else { return true };
        let Some(marking) = self.markings.get(place).cloned() else { return true };
        let first = self.edges.len() as u32;
        let mut whole = true;
        for transition in self.net.enabled(&marking) {
            let after = self.net.fire(&marking, transition);
            if after.len() > MOST_TOKENS {
                whole = false;
                continue;
            }
            let label = self.net.steps.get(transition as usize).map_or(SILENT, |s| s.label);
            let target = self.number(after);
            // A silent step to where one stands serves nothing.
            if label != SILENT || target != id {
                let silent = u32::from(label == SILENT);
                self.edges.push(Edge { transition, label, target, silent, skipped: 0 });
            }
        }
        let last = self.edges.len() as u32;
        if let Some(span) = self.span.get_mut(place) {
            *span = Some((first, last));
        }
        whole
    }

    /// Steps out of a marking that was expanded.
    pub(super) fn edges(&self, id: u32) -> &[Edge] {
        edges_of(&self.edges, self.span.get(id as usize).copied().flatten())
    }

    /// Bounds of a marking: for each label, at least and at most how many of it are
    /// still to come. `None` when the end is out of reach.
    pub(super) fn row(&self, id: u32) -> Option<&[u32]> {
        let width = 2 * self.net.labels.len();
        let row = (*self.row_of.get(id as usize)?)? as usize;
        self.values.get(row * width..(row + 1) * width)
    }

    /// Markings met.
    pub(super) fn len(&self) -> usize {
        self.markings.len()
    }

    /// Tokens of all markings met: what they weigh.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// Tokens of a marking.
    pub(super) fn tokens(&self, id: u32) -> &[u32] {
        self.markings.get(id as usize).map(|m| &**m).unwrap_or_default()
    }
}

fn edges_of(edges: &[Edge], span: Option<(u32, u32)>) -> &[Edge] {
    span.and_then(|(first, last)| edges.get(first as usize..last as usize)).unwrap_or_default()
}

/// How far an exploration went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Explored {
    All,
    TooLarge,
    Stopped,
}

/// Where a search asks for the steps out of a marking.
pub(super) trait Graph {
    /// Finds its steps if they are not known; `false` when some are left out.
    fn ready(&mut self, id: u32) -> bool;
    /// The markings.
    fn space(&self) -> &Space<'_>;
    /// Steps out of a marking, and the number of the first.
    fn out(&self, id: u32) -> (u32, &[Edge]);
    /// Transitions before a step, and its own.
    fn edge(&self, number: u32) -> Option<(&[u32], u32)>;
    /// Transitions from a marking to the end, where they are known to lead there, and how many
    /// of them are visible.
    fn to_end(&self, id: u32) -> Option<(&[u32], u32)>;
    /// Whether steps hold those the model does alone before them: then none is taken for itself.
    fn skips_within(&self) -> bool {
        false
    }
}

impl Space<'_> {
    fn out(&self, id: u32) -> (u32, &[Edge]) {
        let first = self.span.get(id as usize).copied().flatten().map_or(0, |(first, _)| first);
        (first, self.edges(id))
    }

    fn edge(&self, number: u32) -> Option<(&[u32], u32)> {
        self.edges.get(number as usize).map(|e| (&[][..], e.transition))
    }

    fn to_end(&self, id: u32) -> Option<(&[u32], u32)> {
        (self.end == Some(id)).then_some((&[], 0))
    }
}

/// Every marking is known: shared by all threads.
impl Graph for &Space<'_> {
    fn ready(&mut self, _: u32) -> bool {
        true
    }
    fn space(&self) -> &Space<'_> {
        self
    }
    fn out(&self, id: u32) -> (u32, &[Edge]) {
        Space::out(self, id)
    }
    fn edge(&self, number: u32) -> Option<(&[u32], u32)> {
        Space::edge(self, number)
    }
    fn to_end(&self, id: u32) -> Option<(&[u32], u32)> {
        Space::to_end(self, id)
    }
}

/// Markings are found as one goes: one space to each thread.
impl Graph for Space<'_> {
    fn ready(&mut self, id: u32) -> bool {
        self.expand(id)
    }
    fn space(&self) -> &Space<'_> {
        self
    }
    fn out(&self, id: u32) -> (u32, &[Edge]) {
        Space::out(self, id)
    }
    fn edge(&self, number: u32) -> Option<(&[u32], u32)> {
        Space::edge(self, number)
    }
    fn to_end(&self, id: u32) -> Option<(&[u32], u32)> {
        Space::to_end(self, id)
    }
}
