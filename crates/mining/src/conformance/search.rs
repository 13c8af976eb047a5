//! The cheapest way through log and model together, for one variant.
//!
//! A state is a place in the trace and a marking. Three moves leave it: a step of the
//! model alone (1, silent 0); a step of the model with the *next* event of its label,
//! the events before it being left alone (1 each); the end of the model, all events left
//! being left alone. A graph may hold the steps of the model alone within those that need
//! them (`ways.rs`): the first move is then left out. Waiting for a later event of that label never pays: whatever follows
//! from there can be had from the next one by leaving the same events alone after it.
//! States are taken in the order of cost so far plus what the bounds say is still to pay;
//! among equal costs, of silent steps, so that the run found has as few as possible.

use rustc_hash::FxHashMap;

use super::space::{Edge, Graph, INITIAL, SILENT};

/// One move of an alignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Event and transition together.
    Sync { event: u32, transition: u32 },
    /// An event the model did not foresee.
    Log { event: u32 },
    /// A step of the model the case skipped; silent ones too.
    Model { transition: u32 },
}

/// What came of a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    Best {
        /// Log moves and visible model moves.
        cost: u64,
        /// Silent steps of the run.
        silent: u64,
        steps: Vec<Step>,
    },
    /// The model has no run from beginning to end.
    NoRun,
    /// Gave up after so many states.
    TooLarge,
    /// Told to stop.
    Stopped,
}

const NOWHERE: u32 = u32::MAX;
/// Dense index of states up to this size (33 MB), hashed beyond.
const DENSE: usize = 1 << 23;

#[derive(Debug, Clone, Copy)]
struct State {
    event: u32,
    marking: u32,
    cost: u32,
    silent: u32,
    ahead: u32,
    parent: u32,
    via: u32,
    closed: bool,
}

/// Memory reused from one variant to the next.
#[derive(Debug, Default)]
pub(super) struct Search {
    states: Vec<State>,
    dense: Vec<u32>,
    sparse: FxHashMap<(u32, u32), u32>,
    width: Option<usize>,
    queue: Queue,
    /// Next event of each label, by event and label.
    next: Vec<u32>,
    /// Events of each label from an event on.
    left: Vec<u32>,
    /// Most states ever held for one variant.
    pub peak: usize,
}

/// States waiting, by cost then silent steps.
#[derive(Debug, Default)]
struct Queue {
    levels: Vec<Level>,
    lowest: usize,
}

#[derive(Debug, Default)]
struct Level {
    buckets: Vec<Vec<u32>>,
    lowest: usize,
}

impl Queue {
    fn clear(&mut self) {
        for level in &mut self.levels {
            level.buckets.iter_mut().for_each(Vec::clear);
            level.lowest = 0;
        }
        self.lowest = 0;
    }

    fn push(&mut self, cost: u32, silent: u32, state: u32) {
        let (cost, silent) = (cost as usize, silent as usize);
        if self.levels.len() <= cost {
            self.levels.resize_with(cost + 1, Level::default);
        }
        let Some(level) = self.levels.get_mut(cost) else { return };
        if level.buckets.len() <= silent {
            level.buckets.resize_with(silent + 1, Vec::new);
        }
        level.lowest = level.lowest.min(silent);
        self.lowest = self.lowest.min(cost);
        if let Some(bucket) = level.buckets.get_mut(silent) {
            bucket.push(state);
        }
    }

    fn pop(&mut self) -> Option<u32> {
        while let Some(level) = self.levels.get_mut(self.lowest) {
            while let Some(bucket) = level.buckets.get_mut(level.lowest) {
                if let Some(state) = bucket.pop() {
                    return Some(state);
                }
                level.lowest += 1;
            }
            self.lowest += 1;
        }
        None
    }
}

/// The end of log and model: not a state of the index.
const GOAL: u32 = u32::MAX - 1;

impl Search {
    /// Best alignment of a trace, having held at most `limit` states.
    pub(super) fn best(
        &mut self,
        graph: &mut impl Graph,
        trace: &[u32],
        limit: usize,
        stop: &mut dyn FnMut() -> bool,
    ) -> Found {
        let labels = graph.space().net.labels.len();
        if (trace.len() + 1).saturating_mul(labels) > limit.saturating_mul(4) {
            return Found::TooLarge;
        }
        self.begin(graph, trace, labels);
        let found = self.run(graph, trace, labels, limit, stop);
        self.peak = self.peak.max(self.states.len());
        found
    }

    fn begin(&mut self, graph: &impl Graph, trace: &[u32], labels: usize) {
        // What the last variant wrote is taken back: cheaper than clearing all.
        if let Some(width) = self.width {
            for state in &self.states {
                let at = state.event as usize * width + state.marking as usize;
                if let Some(slot) = self.dense.get_mut(at) {
                    *slot = NOWHERE;
                }
            }
        }
        self.sparse.clear();
        self.states.clear();
        self.queue.clear();
        let space = graph.space();
        let size = (trace.len() + 1).saturating_mul(space.len());
        self.width = (space.complete && size <= DENSE).then_some(space.len());
        if self.width.is_some() && self.dense.len() < size {
            self.dense.resize(size, NOWHERE);
        }
        let rows = (trace.len() + 1) * labels;
        self.next.clear();
        self.next.resize(rows, NOWHERE);
        self.left.clear();
        self.left.resize(rows, 0);
        for (event, &label) in trace.iter().enumerate().rev() {
            let (from, to) = ((event + 1) * labels, event * labels);
            self.next.copy_within(from..from + labels, to);
            self.left.copy_within(from..from + labels, to);
            let own = to + label as usize;
            if let (true, Some(n), Some(l)) =
                ((label as usize) < labels, self.next.get_mut(own), self.left.get_mut(own))
            {
                *n = event as u32;
                *l += 1;
            }
        }
    }

    fn run(
        &mut self,
        graph: &mut impl Graph,
        trace: &[u32],
        labels: usize,
        limit: usize,
        stop: &mut dyn FnMut() -> bool,
    ) -> Found {
        let start = State {
            event: 0,
            marking: INITIAL,
            cost: 0,
            silent: 0,
            ahead: 0,
            parent: NOWHERE,
            via: NOWHERE,
            closed: false,
        };
        self.reach(graph, labels, start);
        let mut goal: Option<State> = None;
        // The cheapest state some of whose steps were left out: beyond it nothing is sure.
        let mut unsure: Option<(u32, u32)> = None;
        let mut out: Vec<Edge> = Vec::new();
        let mut looked = 0u32;
        while let Some(number) = self.queue.pop() {
            if number == GOAL {
                let Some(goal) = goal else { continue };
                if unsure.is_some_and(|u| u < (goal.cost, goal.silent)) {
                    return Found::TooLarge;
                }
                return self.trace_back(&goal, trace.len(), graph);
            }
            let Some(state) = self.states.get_mut(number as usize) else { continue };
            if std::mem::replace(&mut state.closed, true) {
                continue;
            }
            let state = *state;
            looked += 1;
            if looked.is_multiple_of(4096) && stop() {
                return Found::Stopped;
            }
            // Markings are not counted: which are known already depends on the variants before.
            if self.states.len() > limit {
                return Found::TooLarge;
            }
            if !graph.ready(state.marking) && unsure.is_none() {
                unsure = Some((state.cost + state.ahead, state.silent));
            }
            let here = state.event as usize * labels;
            if let Some((last, skipped)) = graph.to_end(state.marking) {
                let cost = state.cost + skipped + (trace.len() as u32 - state.event);
                let silent = state.silent + last.len() as u32 - skipped;
                if goal.is_none_or(|g| (cost, silent) < (g.cost, g.silent)) {
                    goal = Some(State { cost, silent, parent: number, via: NOWHERE, ..state });
                    self.queue.push(cost, silent, GOAL);
                }
            }
            out.clear();
            let (first, edges) = graph.out(state.marking);
            out.extend_from_slice(edges);
            for (edge, via) in out.iter().zip(first..) {
                let after = State {
                    marking: edge.target,
                    cost: state.cost + edge.skipped,
                    silent: state.silent + edge.silent,
                    parent: number,
                    via,
                    closed: false,
                    ..state
                };
                if edge.label == SILENT {
                    self.reach(graph, labels, after);
                    continue;
                }
                if !graph.skips_within() {
                    self.reach(graph, labels, State { cost: after.cost + 1, ..after });
                }
                match self.next.get(here + edge.label as usize) {
                    Some(&event) if event != NOWHERE => {
                        let cost = after.cost + (event - state.event);
                        self.reach(graph, labels, State { event: event + 1, cost, ..after });
                    }
                    _ => {}
                }
            }
        }
        if unsure.is_some() { Found::TooLarge } else { Found::NoRun }
    }

    /// Notes a way to a state, if it is the best so far.
    fn reach(&mut self, graph: &impl Graph, labels: usize, mut to: State) {
        let slot = match self.width {
            Some(width) => {
                let at = to.event as usize * width + to.marking as usize;
                self.dense.get(at).copied().unwrap_or(NOWHERE)
            }
            None => self.sparse.get(&(to.event, to.marking)).copied().unwrap_or(NOWHERE),
        };
        if let Some(known) = self.states.get_mut(slot as usize) {
            if known.closed || (known.cost, known.silent) <= (to.cost, to.silent) {
                return;
            }
            to.ahead = known.ahead;
            *known = to;
            self.queue.push(to.cost + to.ahead, to.silent, slot);
            return;
        }
        let Some(row) = graph.space().row(to.marking) else { return };
        let (least, most) = row.split_at(labels);
        let here = to.event as usize * labels;
        let left = self.left.get(here..here + labels).unwrap_or_default();
        // Of each label, what the model must still do and the log lacks, or the reverse.
        to.ahead = left
            .iter()
            .zip(least.iter().zip(most))
            .map(|(&n, (&l, &m))| l.saturating_sub(n) + n.saturating_sub(m))
            .fold(0u32, u32::saturating_add);
        let number = self.states.len() as u32;
        match self.width {
            Some(width) => {
                let at = to.event as usize * width + to.marking as usize;
                if let Some(slot) = self.dense.get_mut(at) {
                    *slot = number;
                }
            }
            None => {
                self.sparse.insert((to.event, to.marking), number);
            }
        }
        self.states.push(to);
        self.queue.push(to.cost + to.ahead, to.silent, number);
    }

    fn trace_back(&self, goal: &State, events: usize, graph: &impl Graph) -> Found {
        let mut steps: Vec<Step> =
            (goal.event..events as u32).rev().map(|event| Step::Log { event }).collect();
        let alone = |steps: &mut Vec<Step>, silent: &[u32]| {
            steps.extend(silent.iter().rev().map(|&transition| Step::Model { transition }));
        };
        alone(&mut steps, graph.to_end(goal.marking).unwrap_or_default().0);
        let mut at = goal.parent;
        while let Some(state) = self.states.get(at as usize) {
            let Some(before) = self.states.get(state.parent as usize) else { break };
            let Some((alone_before, transition)) = graph.edge(state.via) else { break };
            if before.event == state.event {
                steps.push(Step::Model { transition });
            } else {
                let event = state.event - 1;
                steps.push(Step::Sync { event, transition });
                steps.extend((before.event..event).rev().map(|event| Step::Log { event }));
            }
            alone(&mut steps, alone_before);
            at = state.parent;
        }
        steps.reverse();
        let silent = u64::from(goal.silent);
        Found::Best { cost: u64::from(goal.cost), silent, steps }
    }
}
