//! Cheapest ways through a model made of blocks, whatever number of markings it has.
//!
//! Side by side, twenty optional steps have a million markings, though nothing in one branch
//! matters to another. So a step of the model is taken late: only when the next event that
//! goes with the model needs it, or the end does. What an alignment does otherwise can be put
//! off until then at the same cost, and what nothing ever needs cannot be part of a run that
//! ends. Out of a marking there is then one step for each visible transition: the cheapest
//! set of transitions, silent or skipped, that makes it possible, then itself.
//!
//! That set is found for all transitions at once, as shortest ways are (D. Knuth, "A
//! generalization of Dijkstra's algorithm", 1977): a place costs what its cheapest producer
//! costs with all it needs, counted as a set, since what two branches share is done once.
//! In blocks with one entry and one exit no transition is needed twice, and all ways to a
//! place leave the same marking; [`is_block`] says whether a net is made of such blocks.

use std::collections::BTreeSet;

use super::space::{Edge, Graph, Runnable, SILENT, Space, Tokens, contains};

/// Skipped steps, silent steps.
type Cost = (u32, u32);

/// The steps out of the markings met so far, each with what it needs.
#[derive(Debug)]
pub(super) struct Ways<'n> {
    space: Space<'n>,
    paths: Paths<'n>,
    edges: Vec<Edge>,
    /// Where the transitions before each edge are in `run`.
    before: Vec<Way>,
    run: Vec<u32>,
    /// Edges of a marking; `None` until asked for.
    span: Vec<Option<(u32, u32)>>,
    /// Transitions from a marking to the end, and how many of them are skipped steps.
    ends: Vec<Option<(u32, u32, u32)>>,
}

/// Transitions fired one after the other, by their place in `run`.
type Way = (u32, u32);

/// Transitions as bits.
type Set = Box<[u64]>;

/// What is known of the ways from one marking.
struct Reached {
    /// By place: cost and transitions of the cheapest way.
    places: Vec<Option<(Cost, Set)>>,
    /// By transition: when all it needs was known, the same with its place in the order.
    steps: Vec<Option<(Cost, Set, u32)>>,
}

/// Cheapest ways from one marking after another.
#[derive(Debug)]
pub(super) struct Paths<'n> {
    net: &'n Runnable,
    consumers: Vec<Vec<u32>>,
}

impl<'n> Ways<'n> {
    pub(super) fn new(space: Space<'n>) -> Self {
        Self {
            paths: Paths::new(space.net),
            space,
            edges: Vec::new(),
            before: Vec::new(),
            run: Vec::new(),
            span: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// Whether what is kept of the markings met is worth dropping before the next variant.
    pub(super) fn is_heavy(&self) -> bool {
        self.run.len() > MOST_RUN || self.edges.len() > MOST_RUN
    }

    fn note(&mut self, way: &[u32]) -> Way {
        let start = self.run.len() as u32;
        self.run.extend_from_slice(way);
        (start, self.run.len() as u32)
    }

    /// Finds the steps out of a marking; `false` when the net proves not to be made of blocks.
    fn expand(&mut self, id: u32) -> bool {
        let place = id as usize;
        if self.span.len() <= place {
            self.span.resize(place + 1, None);
            self.ends.resize(place + 1, None);
        }
        if !matches!(self.span.get(place), Some(None)) {
            return true;
        }
        let net = self.space.net;
        let marking: Tokens = self.space.tokens(id).into();
        let reached = self.paths.reach(&marking);
        let mut whole = true;
        let first = self.edges.len() as u32;
        for (step, number) in net.steps.iter().zip(0..) {
            if step.label == SILENT {
                continue;
            }
            let Some(Some(((skipped, silent), set, _))) = reached.steps.get(number as usize) else {
                continue;
            };
            let fired = self.paths.fire(&marking, set, &reached);
            let Some((way, after)) = fired.filter(|(_, at)| contains(at, &step.inputs)) else {
                whole = false;
                continue;
            };
            let way = self.note(&way);
            let target = self.space.number(net.fire(&after, number));
            let (label, silent, skipped) = (step.label, *silent, *skipped);
            self.edges.push(Edge { transition: number, label, target, silent, skipped });
            self.before.push(way);
        }
        let last = self.edges.len() as u32;
        // The end: all its places, and nothing else.
        if let Some(need) = reached.need(&net.end)
            && let Some((way, after)) = self.paths.fire(&marking, &need, &reached)
            && after == net.end
        {
            let way = self.note(&way);
            let (skipped, _) = self.paths.cost(&need);
            if let Some(slot) = self.ends.get_mut(place) {
                *slot = Some((way.0, way.1, skipped));
            }
        }
        if let Some(slot) = self.span.get_mut(place) {
            *slot = Some((first, last));
        }
        whole
    }
}

impl Reached {
    /// All that must be done to mark some places, where that can be.
    fn need(&self, places: &[u32]) -> Option<Set> {
        let mut all = empty(self.steps.len());
        for &place in places {
            join(&mut all, &self.places.get(place as usize)?.as_ref()?.1);
        }
        Some(all)
    }
}

impl<'n> Paths<'n> {
    pub(super) fn new(net: &'n Runnable) -> Self {
        let mut consumers = vec![Vec::new(); net.places];
        for (step, number) in net.steps.iter().zip(0..) {
            for &place in &step.inputs {
                if let Some(list) = consumers.get_mut(place as usize) {
                    list.push(number);
                }
            }
        }
        Self { net, consumers }
    }

    /// The fewest silent steps after which all the places of the first goal that has some are
    /// marked, with the number of that goal among equals; `None` where there are none.
    pub(super) fn silently<'g>(
        &self,
        marking: &[u32],
        goals: impl Iterator<Item = &'g [u32]>,
    ) -> Option<(usize, Vec<u32>)> {
        let reached = self.reach(marking);
        let found = goals.enumerate().filter_map(|(number, goal)| {
            let need = reached.need(goal)?;
            let (skipped, silent) = self.cost(&need);
            let (way, after) = self.fire(marking, &need, &reached).filter(|_| skipped == 0)?;
            contains(&after, goal).then_some((silent, number, way))
        });
        found.min().map(|(_, number, way)| (number, way))
    }

    /// Cheapest ways from a marking to every place and transition.
    fn reach(&self, marking: &[u32]) -> Reached {
        let net = self.net;
        let mut places: Vec<Option<(Cost, Set)>> = vec![None; net.places];
        let mut steps: Vec<Option<(Cost, Set, u32)>> = vec![None; net.steps.len()];
        let mut lacking: Vec<usize> = net.steps.iter().map(|s| s.inputs.len()).collect();
        // Transitions all of whose places are reached, cheapest first once done, ties by number.
        let mut open: BTreeSet<(Cost, u32)> = BTreeSet::new();
        let mut new: Vec<u32> = marking.to_vec();
        new.dedup();
        for &place in &new {
            if let Some(slot) = places.get_mut(place as usize) {
                *slot = Some(((0, 0), empty(net.steps.len())));
            }
        }
        let mut order = 0;
        loop {
            for place in new.drain(..) {
                for &step in self.consumers.get(place as usize).into_iter().flatten() {
                    let Some(left) = lacking.get_mut(step as usize) else { continue };
                    *left = left.saturating_sub(1);
                    if *left > 0 {
                        continue;
                    }
                    let Some(known) = net.steps.get(step as usize) else { continue };
                    let mut set = empty(net.steps.len());
                    for &input in &known.inputs {
                        if let Some(Some((_, way))) = places.get(input as usize) {
                            join(&mut set, way);
                        }
                    }
                    let before = self.cost(&set);
                    if let Some(slot) = steps.get_mut(step as usize) {
                        *slot = Some((before, set, u32::MAX));
                    }
                    open.insert((add(before, known.label), step));
                }
            }
            let Some((cost, step)) = open.pop_first() else { break };
            let Some(Some((_, set, rank))) = steps.get_mut(step as usize) else { continue };
            *rank = order;
            order += 1;
            let mut set = set.clone();
            if let Some(word) = set.get_mut(step as usize / 64) {
                *word |= 1 << (step % 64);
            }
            for &place in net.steps.get(step as usize).map(|s| &*s.outputs).unwrap_or_default() {
                if let Some(slot @ None) = places.get_mut(place as usize) {
                    *slot = Some((cost, set.clone()));
                    new.push(place);
                }
            }
        }
        Reached { places, steps }
    }

    /// What the transitions of a set cost.
    fn cost(&self, set: &Set) -> Cost {
        let steps = &self.net.steps;
        let each = members(set).filter_map(|t| steps.get(t as usize));
        each.fold((0, 0), |cost, step| add(cost, step.label))
    }

    /// Fires a set in the order in which its members became possible; `None` when one of them
    /// cannot be fired.
    fn fire(&self, marking: &[u32], set: &Set, reached: &Reached) -> Option<(Vec<u32>, Tokens)> {
        let rank = |t: &u32| reached.steps.get(*t as usize)?.as_ref().map(|s| s.2);
        let mut list: Vec<u32> = members(set).collect();
        list.sort_unstable_by_key(rank);
        let mut at: Tokens = marking.into();
        for &transition in &list {
            if !contains(&at, &self.net.steps.get(transition as usize)?.inputs) {
                return None;
            }
            at = self.net.fire(&at, transition);
        }
        Some((list, at))
    }
}

/// Transitions kept in all before the steps out of each marking are (32 MB).
const MOST_RUN: usize = 1 << 23;

/// Visible transitions beyond which there are too many steps out of each marking.
const WIDEST: usize = 150;

/// States held at most for one variant: each may bring a marking with all its steps.
pub(super) fn most_states(net: &Runnable) -> usize {
    1_000_000 / visible(net).max(1)
}

fn visible(net: &Runnable) -> usize {
    net.steps.iter().filter(|s| s.label != SILENT).count()
}

fn empty(steps: usize) -> Set {
    vec![0; steps.div_ceil(64)].into()
}

fn join(into: &mut Set, other: &Set) {
    into.iter_mut().zip(other.iter()).for_each(|(a, b)| *a |= b);
}

fn members(set: &Set) -> impl Iterator<Item = u32> {
    set.iter().zip(0u32..).flat_map(|(&word, at)| {
        (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| at * 64 + bit)
    })
}

fn add((skipped, silent): Cost, label: u32) -> Cost {
    match label {
        SILENT => (skipped, silent.saturating_add(1)),
        _ => (skipped.saturating_add(1), silent),
    }
}

impl Graph for Ways<'_> {
    fn ready(&mut self, id: u32) -> bool {
        self.expand(id)
    }

    fn space(&self) -> &Space<'_> {
        &self.space
    }

    fn out(&self, id: u32) -> (u32, &[Edge]) {
        let (first, last) = self.span.get(id as usize).copied().flatten().unwrap_or_default();
        (first, self.edges.get(first as usize..last as usize).unwrap_or_default())
    }

    fn edge(&self, number: u32) -> Option<(&[u32], u32)> {
        let edge = self.edges.get(number as usize)?;
        let &(from, to) = self.before.get(number as usize)?;
        Some((self.run.get(from as usize..to as usize).unwrap_or_default(), edge.transition))
    }

    fn to_end(&self, id: u32) -> Option<(&[u32], u32)> {
        let (from, to, skipped) = self.ends.get(id as usize).copied().flatten()?;
        Some((self.run.get(from as usize..to as usize).unwrap_or_default(), skipped))
    }

    fn skips_within(&self) -> bool {
        true
    }
}

/// Whether all the steps out of each marking can be kept.
pub(super) fn is_narrow(net: &Runnable) -> bool {
    visible(net) <= WIDEST
}

/// Whether the net is made of blocks with one entry and one exit (in a row, a choice, side by
/// side, a loop): it is when what such blocks are replaced by, again and again, is one place.
pub(super) fn is_block(net: &Runnable) -> bool {
    let ([start], [end]) = (&*net.initial, &*net.end) else { return false };
    let set = |list: &[u32]| list.iter().copied().collect::<BTreeSet<u32>>();
    let mut steps: BTreeSet<(BTreeSet<u32>, BTreeSet<u32>)> = BTreeSet::new();
    for step in &net.steps {
        let (inputs, outputs) = (set(&step.inputs), set(&step.outputs));
        let once = inputs.len() == step.inputs.len() && outputs.len() == step.outputs.len();
        if !once || inputs.is_empty() || outputs.is_empty() {
            return false;
        }
        // Those that do the same are one: a choice.
        steps.insert((inputs, outputs));
    }
    let (mut start, mut end) = (*start, *end);
    // Each turn leaves out a place or a transition.
    loop {
        // A loop back to where one stands.
        steps.retain(|(inputs, outputs)| inputs != outputs);
        let mut places = vec![(BTreeSet::new(), BTreeSet::new()); net.places];
        for (number, (inputs, outputs)) in steps.iter().enumerate() {
            for &p in inputs {
                if let Some(place) = places.get_mut(p as usize) {
                    place.1.insert(number);
                }
            }
            for &p in outputs {
                if let Some(place) = places.get_mut(p as usize) {
                    place.0.insert(number);
                }
            }
        }
        if steps.is_empty() {
            return start == end;
        }
        let fixed = |p: u32| p == start || p == end;
        let of = |p: u32| places.get(p as usize);
        // Side by side: places filled and emptied together are one.
        let mut seen = BTreeSet::new();
        let twin = (0..net.places as u32).find(|&p| {
            of(p).is_some_and(|io| {
                !fixed(p) && !io.0.is_empty() && !io.1.is_empty() && !seen.insert(io)
            })
        });
        if let Some(twin) = twin {
            let without = |s: BTreeSet<u32>| s.into_iter().filter(|&p| p != twin).collect();
            steps = steps.into_iter().map(|(i, o)| (without(i), without(o))).collect();
            continue;
        }
        // In a row: a step from place to place, the first leading nowhere else or the second
        // reached from nowhere else.
        let row = steps.iter().enumerate().find_map(|(number, (inputs, outputs))| {
            let (&from, &to) = (inputs.first()?, outputs.first()?);
            let only = BTreeSet::from([number]);
            let alone = inputs.len() == 1 && outputs.len() == 1;
            let leads = of(from)?.1 == only && from != end;
            let reached = of(to)?.0 == only && to != start;
            let both = |s: &BTreeSet<u32>| s.contains(&from) && s.contains(&to);
            let apart = steps.iter().all(|(i, o)| !both(i) && !both(o));
            (alone && (leads || reached) && apart).then_some((from, to))
        });
        if let Some((from, to)) = row {
            let named =
                |s: BTreeSet<u32>| s.into_iter().map(|p| if p == from { to } else { p }).collect();
            steps = steps.into_iter().map(|(i, o)| (named(i), named(o))).collect();
            (start, end) =
                (if start == from { to } else { start }, if end == from { to } else { end });
            continue;
        }
        // Two steps with one place between them, and nothing else.
        let list: Vec<_> = steps.iter().cloned().collect();
        let pair = (0..net.places as u32).filter(|&p| !fixed(p)).find_map(|p| {
            let (before, after) = of(p)?;
            let (first, second) = (*before.first()?, *after.first()?);
            let (one, two) = (list.get(first)?, list.get(second)?);
            let tight = before.len() == 1 && after.len() == 1 && first != second;
            (tight && one.1.len() == 1 && two.0.len() == 1).then(|| (one.clone(), two.clone()))
        });
        let Some((one, two)) = pair else { return false };
        steps.remove(&one);
        steps.remove(&two);
        steps.insert((one.0, two.1));
    }
}
