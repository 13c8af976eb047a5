//! Precision: of what the model allows where cases went, the share that cases did.
//!
//! Each beginning of a case leads to a marking; the activities the model allows next
//! are compared with those some case did next. The rest are *escaping* edges.

use std::{collections::VecDeque, rc::Rc};

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;

use super::{
    AlignOptions, ConformanceError, Progress,
    align::{explored, leaps_of},
    bounds::Bounds,
    leaps::Leaps,
    replay::Player,
    space::{Edge, Graph, INITIAL, Runnable, SILENT, Space},
};
use crate::{
    model::PetriNet,
    traces::{Trace, Traces},
};

/// Numerator and denominator of precision, each beginning counted once a case.
///
/// Where silent steps interleave, the peer forgets some of the markings they lead to, and
/// so some of the activities allowed. Both counts are kept: `allowed` and `escaping` as the
/// peer counts, to compare with what others publish; `allowed_in_full` and
/// `escaping_in_full` over every marking. Without silent steps they are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Precision {
    /// Activities the model allowed, as the peer counts.
    pub allowed: u64,
    /// Of these, those no case did there.
    pub escaping: u64,
    /// Activities the model allowed, after any silent steps.
    pub allowed_in_full: u64,
    /// Of these, those no case did there.
    pub escaping_in_full: u64,
    /// Beginnings of cases the model could not follow, in none of the figures.
    pub beginnings_left_out: u64,
    /// Beginnings of cases counted.
    pub beginnings: u64,
    /// Why there is no figure.
    pub missing: Option<NoPrecision>,
}

/// Why there is no precision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoPrecision {
    /// The log has no case.
    NoCases,
    /// The model has too many markings.
    TooLarge,
}

impl Precision {
    /// One minus escaping over allowed, as the peer counts; a model that allows nothing
    /// allows nothing too much.
    pub fn value(&self) -> Option<f64> {
        self.missing.is_none().then(|| kept(self.escaping, self.allowed))
    }

    /// The same over every marking silent steps lead to.
    pub fn in_full(&self) -> Option<f64> {
        self.missing.is_none().then(|| kept(self.escaping_in_full, self.allowed_in_full))
    }

    const NONE: Self = Self {
        allowed: 0,
        escaping: 0,
        allowed_in_full: 0,
        escaping_in_full: 0,
        beginnings_left_out: 0,
        beginnings: 0,
        missing: None,
    };
}

fn kept(escaping: u64, allowed: u64) -> f64 {
    if allowed > 0 { 1.0 - escaping as f64 / allowed as f64 } else { 1.0 }
}

/// Precision by alignment of each beginning of a case: it counts when the model can do it
/// exactly, and the markings are those reached with the fewest silent steps.
pub fn align_precision(
    traces: &Traces,
    net: &PetriNet,
    options: AlignOptions,
    progress: &Progress<'_>,
) -> Result<Precision, ConformanceError> {
    let net = Runnable::new(traces, net)?;
    let bounds = Bounds::new(&net);
    let space = explored(&net, &bounds, options.markings, progress)?;
    let leaps = leaps_of(&space, progress)?;
    precision_in(traces, &space, leaps.as_ref(), options, progress)
}

pub(super) fn precision_in(
    traces: &Traces,
    space: &Space<'_>,
    leaps: Option<&Leaps<'_, '_>>,
    options: AlignOptions,
    progress: &Progress<'_>,
) -> Result<Precision, ConformanceError> {
    let mut own = Space::new(space.net, space.bounds);
    let mut walk = Walk::new(traces, progress);
    // Markings of a beginning with their fewest silent steps.
    let first: Rc<[(u32, u32)]> = Rc::from([(INITIAL, 0)]);
    let mut next = Allowed::default();
    match leaps {
        // Useless leaps never lead to the fewest silent steps: leaving them out changes nothing.
        Some(leaps) => walk.run(first, |node, at| {
            let labels = next.at_fewest(&mut Known(space), at)?;
            let children = node.iter().map(|&label| {
                after(at.iter().flat_map(|&(marking, silent)| {
                    let steps = Graph::out(&leaps, marking).1.iter();
                    let steps = steps.filter(move |e| e.label == label);
                    steps.map(move |e| (e.target, silent + e.silent))
                }))
            });
            Some((labels, children.collect()))
        }),
        None => walk.run(first, |node, at| {
            let labels = next.at_fewest(&mut own, at)?;
            let reached = closure(&mut own, at)?;
            let children = node.iter().map(|&label| {
                after(reached.iter().flat_map(|&(marking, silent)| {
                    let steps = own.edges(marking).iter().filter(move |e| e.label == label);
                    steps.map(move |e| (e.target, silent))
                }))
            });
            let children = children.collect();
            (own.len() <= options.states / 4).then_some((labels, children))
        }),
    }
}

/// Markings with their fewest silent steps, if there is any.
fn after(reached: impl Iterator<Item = (u32, u32)>) -> Option<Rc<[(u32, u32)]>> {
    let mut all: Vec<(u32, u32)> = reached.collect();
    all.sort_unstable();
    all.dedup_by_key(|&mut (marking, _)| marking);
    (!all.is_empty()).then(|| Rc::from(all))
}

/// Precision by token replay: a beginning counts when no token had to be lent.
pub fn replay_precision(
    traces: &Traces,
    net: &PetriNet,
    progress: &Progress<'_>,
) -> Result<Precision, ConformanceError> {
    let net = Runnable::new(traces, net)?;
    let mut player = Player::new(&net);
    let mut next = Allowed::default();
    let mut walk = Walk::new(traces, progress);
    walk.run(INITIAL, |node, &marking| {
        let labels = (*next.of(&mut player.space, marking)?).clone();
        let children = node
            .iter()
            .map(|&label| match player.play(marking, label) {
                None => Some(marking),
                Some(played) => (played.missing == 0).then_some(played.marking),
            })
            .collect();
        let few = player.space.len() <= MOST_MARKINGS && !player.is_spent();
        few.then_some((labels, children))
    })
}

const MOST_MARKINGS: usize = 500_000;

/// The beginnings of the cases, shared ones once.
struct Walk<'a> {
    traces: Vec<&'a Trace>,
    progress: &'a Progress<'a>,
}

/// What a beginning allows next, and what each next activity leads to.
type Visit<S> = Option<(Labels, Vec<Option<S>>)>;

impl<'a> Walk<'a> {
    fn new(traces: &'a Traces, progress: &'a Progress<'a>) -> Self {
        let mut traces: Vec<&Trace> = traces.traces.iter().collect();
        traces.sort_by(|a, b| a.steps.cmp(&b.steps));
        Self { traces, progress }
    }

    /// Calls `visit` with the activities that follow each beginning and its state.
    fn run<S>(
        &mut self,
        first: S,
        mut visit: impl FnMut(&[u32], &S) -> Visit<S>,
    ) -> Result<Precision, ConformanceError> {
        let mut sum = Precision::NONE;
        if self.traces.is_empty() {
            return Ok(Precision { missing: Some(NoPrecision::NoCases), ..sum });
        }
        let mut open = vec![(0, self.traces.len(), 0usize, first)];
        let mut visited = 0u64;
        while let Some((from, to, depth, state)) = open.pop() {
            visited += 1;
            if visited.is_multiple_of(256)
                && (self.progress)(from as u64, self.traces.len() as u64).is_break()
            {
                return Err(ConformanceError::Stopped);
            }
            let (groups, cases) = self.groups(from, to, depth);
            if groups.is_empty() && depth > 0 {
                continue;
            }
            let next: Vec<u32> = groups.iter().map(|g| g.0).collect();
            let Some((allowed, children)) = visit(&next, &state) else {
                return Ok(Precision { missing: Some(NoPrecision::TooLarge), ..Precision::NONE });
            };
            let add = |sum: &mut u64, n: usize| {
                *sum = sum.saturating_add(cases.saturating_mul(n as u64));
            };
            let escaping = |list: &[u32]| list.iter().filter(|a| !next.contains(a)).count();
            add(&mut sum.allowed, allowed.as_peer.len());
            add(&mut sum.escaping, escaping(&allowed.as_peer));
            add(&mut sum.allowed_in_full, allowed.in_full.len());
            add(&mut sum.escaping_in_full, escaping(&allowed.in_full));
            sum.beginnings += cases;
            for ((_, from, to), child) in groups.into_iter().zip(children) {
                match child {
                    Some(state) => open.push((from, to, depth + 1, state)),
                    None => sum.beginnings_left_out += self.longer(from, to, depth + 1),
                }
            }
        }
        Ok(sum)
    }

    /// Traces of the range by their next activity, and the cases that have one
    /// (at the very beginning: all cases).
    fn groups(&self, from: usize, to: usize, depth: usize) -> (Vec<(u32, usize, usize)>, u64) {
        let mut groups: Vec<(u32, usize, usize)> = Vec::new();
        let mut cases = 0;
        for (number, trace) in self.traces.iter().enumerate().take(to).skip(from) {
            let next = trace.steps.get(depth).copied();
            if next.is_some() || depth == 0 {
                cases += trace.cases;
            }
            match (next, groups.last_mut()) {
                (Some(next), Some(last)) if last.0 == next => last.2 = number + 1,
                (Some(next), _) => groups.push((next, number, number + 1)),
                (None, _) => {}
            }
        }
        (groups, cases)
    }

    /// Beginnings of at least so many events in the range.
    fn longer(&self, from: usize, to: usize, depth: usize) -> u64 {
        let range = self.traces.get(from..to).unwrap_or_default();
        range.iter().map(|t| t.cases * (t.steps.len().saturating_sub(depth)) as u64).sum()
    }
}

/// Markings silent steps lead to, with the fewest of them; `None` when too many.
fn closure(space: &mut Space<'_>, from: &[(u32, u32)]) -> Option<Vec<(u32, u32)>> {
    let mut best: FxHashMap<u32, u32> = FxHashMap::default();
    let mut levels: Vec<Vec<u32>> = Vec::new();
    let put = |levels: &mut Vec<Vec<u32>>, marking: u32, silent: u32| {
        let at = silent as usize;
        if levels.len() <= at {
            levels.resize(at + 1, Vec::new());
        }
        if let Some(level) = levels.get_mut(at) {
            level.push(marking);
        }
    };
    for &(marking, silent) in from {
        put(&mut levels, marking, silent);
    }
    let mut silent = 0u32;
    while let Some(level) = levels.get_mut(silent as usize) {
        let Some(marking) = level.pop() else {
            silent += 1;
            continue;
        };
        if best.contains_key(&marking) {
            continue;
        }
        best.insert(marking, silent);
        if best.len() > CLOSURE {
            return None;
        }
        space.expand(marking);
        let steps = space.edges(marking).iter().filter(|e| e.label == SILENT);
        for target in steps.map(|e| e.target).collect::<Vec<_>>() {
            put(&mut levels, target, silent + 1);
        }
    }
    let mut all: Vec<(u32, u32)> = best.into_iter().collect();
    all.sort_unstable();
    Some(all)
}

/// Markings of one silent run at most: beyond, the net is not bounded.
const CLOSURE: usize = 20_000;

/// Activities allowed, sorted.
#[derive(Debug, Clone, Default)]
struct Labels {
    as_peer: Vec<u32>,
    in_full: Vec<u32>,
}

impl Labels {
    fn join(&mut self, other: &Self) {
        for (mine, more) in
            [(&mut self.as_peer, &other.as_peer), (&mut self.in_full, &other.in_full)]
        {
            mine.extend_from_slice(more);
            mine.sort_unstable();
            mine.dedup();
        }
    }
}

/// Activities a marking allows, after silent steps if need be; remembered.
#[derive(Default)]
struct Allowed(FxHashMap<u32, Rc<Labels>>);

impl Allowed {
    /// Over the markings with the fewest silent steps.
    fn at_fewest(&mut self, space: &mut impl Edges, at: &[(u32, u32)]) -> Option<Labels> {
        let fewest = at.iter().map(|&(_, silent)| silent).min();
        let mut labels = Labels::default();
        for &(marking, _) in at.iter().filter(|&&(_, silent)| Some(silent) == fewest) {
            labels.join(&*self.of(space, marking)?);
        }
        Some(labels)
    }

    /// `None` when silent steps lead too far.
    fn of(&mut self, space: &mut impl Edges, marking: u32) -> Option<Rc<Labels>> {
        if let Some(known) = self.0.get(&marking) {
            return Some(Rc::clone(known));
        }
        let sorted = |mut list: Vec<u32>| {
            list.sort_unstable();
            list.dedup();
            list
        };
        let in_full = sorted(in_full(space, marking)?);
        let as_peer = sorted(as_peer(space, marking)?);
        let labels = Rc::new(Labels { as_peer, in_full });
        self.0.insert(marking, Rc::clone(&labels));
        Some(labels)
    }
}

fn in_full(space: &mut impl Edges, marking: u32) -> Option<Vec<u32>> {
    let mut seen = FxHashSet::from_iter([marking]);
    let mut open = VecDeque::from([marking]);
    let mut labels = Vec::new();
    while let Some(at) = open.pop_front() {
        for edge in space.known(at) {
            if edge.label != SILENT {
                labels.push(edge.label);
            } else if seen.insert(edge.target) {
                open.push_back(edge.target);
            }
        }
        if seen.len() > CLOSURE {
            return None;
        }
    }
    Some(labels)
}

/// Steps are taken in turn, those of a marking by name; a step met again counts only from
/// the marking it was met in last. That is what makes the peer forget some.
fn as_peer(space: &mut impl Edges, marking: u32) -> Option<Vec<u32>> {
    let transitions = space.net().steps.len();
    let mut last: Vec<Option<(u32, Edge)>> = vec![None; transitions];
    let mut seen: FxHashSet<(u32, u32)> = FxHashSet::default();
    let mut labels = Vec::new();
    let mut turns: VecDeque<u32> = VecDeque::new();
    let mut edges: Vec<(u32, Edge)> = Vec::new();
    let mut from = Some(marking);
    loop {
        if let Some(at) = from.take() {
            edges.clear();
            edges.extend(space.known(at).iter().map(|&edge| (edge.transition, edge)));
            let rank = &space.net().rank;
            edges.sort_unstable_by_key(|&(t, _)| rank.get(t as usize).copied());
            for &(transition, edge) in &edges {
                if let Some(slot) = last.get_mut(transition as usize) {
                    *slot = Some((at, edge));
                }
                turns.push_back(transition);
            }
        }
        let Some(transition) = turns.pop_front() else { break };
        let Some(&Some((at, edge))) = last.get(transition as usize) else { continue };
        if !seen.insert((transition, at)) {
            continue;
        }
        if seen.len() > CLOSURE.saturating_mul(16) {
            return None;
        }
        match edge.label {
            SILENT => from = Some(edge.target),
            label => labels.push(label),
        }
    }
    Some(labels)
}

/// Steps out of a marking, found when asked for.
trait Edges {
    fn known(&mut self, id: u32) -> &[Edge];
    fn net(&self) -> &Runnable;
}

impl Edges for Space<'_> {
    fn known(&mut self, id: u32) -> &[Edge] {
        self.expand(id);
        self.edges(id)
    }
    fn net(&self) -> &Runnable {
        self.net
    }
}

/// A space all of whose markings were expanded.
struct Known<'a, 'n>(&'a Space<'n>);

impl Edges for Known<'_, '_> {
    fn known(&mut self, id: u32) -> &[Edge] {
        self.0.edges(id)
    }
    fn net(&self) -> &Runnable {
        self.0.net
    }
}
