//! Optimal alignments, one for each variant, on several threads.

use std::{
    ops::ControlFlow,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
};

use rustc_hash::FxHashMap;
use serde::Serialize;

use super::{
    ConformanceError, Progress,
    bounds::Bounds,
    leaps::Leaps,
    search::{Found, Search, Step},
    space::{Explored, Graph, Runnable, SILENT, Space},
    ways::{Ways, is_block, is_narrow, most_states},
};
use crate::{
    model::PetriNet,
    traces::{Trace, Traces},
};

/// How to align.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlignOptions {
    /// Threads; `None` for those of the machine. The answer does not depend on it.
    pub threads: Option<usize>,
    /// States held at most for one variant, about 60 bytes each and one set a thread;
    /// a variant that needs more stays unknown. A tenth of it when the markings are not
    /// found beforehand: states then cost ten times as much to find.
    pub states: usize,
    /// Markings of the model found beforehand and shared when there are not more of
    /// them; beyond, each thread finds those it needs.
    pub markings: usize,
    /// Whether a net made of blocks (all that discovery finds) is searched by blocks, which
    /// takes hundreds of states where other ways take hundreds of thousands, for the same answer.
    pub blocks: bool,
}

impl Default for AlignOptions {
    fn default() -> Self {
        Self { threads: None, states: 2_000_000, markings: 50_000, blocks: true }
    }
}

/// One move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Move {
    /// The case does what the model says: event and transition by number.
    Synchronous {
        /// Place in the variant.
        event: u32,
        /// Transition of the net.
        transition: u32,
    },
    /// The case does what the model did not foresee.
    Log {
        /// Place in the variant.
        event: u32,
    },
    /// The case skips what the model asks for.
    Model {
        /// Transition of the net.
        transition: u32,
    },
    /// A silent step of the model: no deviation.
    Silent {
        /// Transition of the net.
        transition: u32,
    },
}

/// The best alignment of a variant: no other has fewer log and visible model moves
/// nor, among those, fewer silent steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alignment {
    /// Log moves and visible model moves.
    pub cost: u64,
    /// Silent steps.
    pub silent: u64,
    /// From the beginning of model and case to their ends.
    pub moves: Vec<Move>,
}

/// Alignments of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alignments {
    /// In the order of the traces; `None` when the limit of states was reached.
    pub variants: Vec<Option<Alignment>>,
    /// Visible steps of the shortest run of the model.
    pub shortest_run: u64,
    /// Silent steps of that run.
    pub shortest_run_silent: u64,
    /// Most states held for one variant.
    pub peak_states: usize,
    /// Markings of the model, when all had to be found and were few enough.
    pub markings: Option<usize>,
}

/// How well cases follow the model.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Fitness {
    /// One minus what all cases cost over what they could cost at worst: 1 when, and only
    /// when, every case fits.
    pub log: Option<f64>,
    /// The same as the peer counts it: a silent step of an alignment weighs a
    /// ten-thousandth of a move, so that a log that fits is a little below 1.
    pub log_as_peer: Option<f64>,
    /// Mean over cases of one minus cost over worst cost.
    pub average: Option<f64>,
    /// Cases without deviation.
    pub cases_fitting: u64,
    /// Cases measured: all but those of unknown variants.
    pub cases: u64,
}

/// What a silent step weighs beside a deviation, as the peer counts.
const SILENT_SHARE: u128 = 10_000;

impl Alignments {
    /// Fitness: for a case, worst is to leave all its events alone and to run the model alone.
    pub fn fitness(&self, traces: &Traces) -> Fitness {
        let (mut cost, mut worst, mut sum) = (0u128, 0u128, 0f64);
        let (mut silent, mut silent_worst) = (0u128, 0u128);
        let (mut cases, mut fitting) = (0u64, 0u64);
        for (trace, found) in traces.traces.iter().zip(&self.variants) {
            let Some(found) = found else { continue };
            let most = trace.steps.len() as u64 + self.shortest_run;
            let weight = u128::from(trace.cases);
            cases += trace.cases;
            fitting += if found.cost == 0 { trace.cases } else { 0 };
            cost += weight * u128::from(found.cost);
            worst += weight * u128::from(most);
            silent += weight * u128::from(found.silent);
            silent_worst += weight * u128::from(self.shortest_run_silent);
            sum += trace.cases as f64 * of_worst(found.cost, most);
        }
        let some = cases > 0;
        let kept = |cost: u128, worst: u128| match worst {
            0 => 1.0,
            _ => 1.0 - cost as f64 / worst as f64,
        };
        let as_peer = kept(cost * SILENT_SHARE + silent, worst * SILENT_SHARE + silent_worst);
        Fitness {
            log: some.then(|| kept(cost, worst)),
            log_as_peer: some.then_some(as_peer),
            average: some.then(|| sum / cases as f64),
            cases_fitting: fitting,
            cases,
        }
    }

    /// Fitness of one variant, `None` when it is unknown.
    pub fn variant_fitness(&self, trace: &Trace, number: usize) -> Option<f64> {
        let found = self.variants.get(number)?.as_ref()?;
        Some(of_worst(found.cost, trace.steps.len() as u64 + self.shortest_run))
    }
}

fn of_worst(cost: u64, worst: u64) -> f64 {
    if worst > 0 { 1.0 - cost as f64 / worst as f64 } else { 1.0 }
}

/// Optimal alignment of each variant with the model.
pub fn align(
    traces: &Traces,
    net: &PetriNet,
    options: AlignOptions,
    progress: &Progress<'_>,
) -> Result<Alignments, ConformanceError> {
    let net = Runnable::new(traces, net)?;
    let bounds = Bounds::new(&net);
    if let Some(found) = by_blocks(traces, &net, &bounds, options, progress)? {
        return Ok(found);
    }
    let space = explored(&net, &bounds, options.markings, progress)?;
    let leaps = leaps_of(&space, progress)?;
    align_in(traces, &space, leaps.as_ref(), false, options, progress)
}

/// The same for a net made of blocks, `None` for any other.
pub(super) fn by_blocks(
    traces: &Traces,
    net: &Runnable,
    bounds: &Bounds,
    options: AlignOptions,
    progress: &Progress<'_>,
) -> Result<Option<Alignments>, ConformanceError> {
    let blocks = options.blocks && is_narrow(net) && is_block(net);
    let space = Space::new(net, Some(bounds));
    blocks.then(|| align_in(traces, &space, None, true, options, progress)).transpose()
}

/// Leaps of a model all of whose markings are known, if they are few enough.
pub(super) fn leaps_of<'s, 'n>(
    space: &'s Space<'n>,
    progress: &Progress<'_>,
) -> Result<Option<Leaps<'s, 'n>>, ConformanceError> {
    if !space.complete {
        return Ok(None);
    }
    let mut stop = || progress(0, 0).is_break();
    Leaps::new(space, &mut stop).map_err(|_| ConformanceError::Stopped)
}

/// All markings of the model, or the first only when there are too many.
pub(super) fn explored<'n>(
    net: &'n Runnable,
    bounds: &'n Bounds,
    limit: usize,
    progress: &Progress<'_>,
) -> Result<Space<'n>, ConformanceError> {
    let mut space = Space::new(net, Some(bounds));
    match space.explore(limit, &mut || progress(0, 0).is_break()) {
        Explored::All => Ok(space),
        Explored::TooLarge => Ok(Space::new(net, Some(bounds))),
        Explored::Stopped => Err(ConformanceError::Stopped),
    }
}

pub(super) fn align_in(
    traces: &Traces,
    space: &Space<'_>,
    leaps: Option<&Leaps<'_, '_>>,
    blocks: bool,
    options: AlignOptions,
    progress: &Progress<'_>,
) -> Result<Alignments, ConformanceError> {
    let total = traces.traces.len() as u64;
    // Without a run of its own the model has no alignment with anything.
    let mut alone = Search::default();
    let mut stop = || progress(0, total).is_break();
    let shortest = match (leaps, space.complete) {
        (Some(mut leaps), _) => alone.best(&mut leaps, &[], options.states, &mut stop),
        (None, true) => alone.best(&mut &*space, &[], options.states, &mut stop),
        (None, false) => {
            let mut own = Space::new(space.net, space.bounds);
            match blocks {
                true => alone.best(&mut Ways::new(own), &[], options.states, &mut stop),
                false => alone.best(&mut own, &[], options.states, &mut stop),
            }
        }
    };
    let (shortest_run, shortest_run_silent) = match shortest {
        Found::Best { cost, silent, .. } => (cost, silent),
        Found::NoRun => return Err(ConformanceError::NoRun),
        Found::TooLarge => return Err(ConformanceError::TooLarge { states: options.states }),
        Found::Stopped => return Err(ConformanceError::Stopped),
    };
    let work = Work {
        traces: &traces.traces,
        space,
        leaps,
        blocks,
        options,
        progress,
        next: AtomicUsize::new(0),
        done: AtomicU64::new(0),
        stopped: AtomicBool::new(false),
        results: Mutex::new(Vec::with_capacity(traces.traces.len())),
    };
    let run = || {
        let workers = rayon::current_num_threads().min(traces.traces.len()).max(1);
        rayon::scope(|scope| {
            for _ in 1..workers {
                scope.spawn(|_| work.run());
            }
            work.run();
        });
    };
    match options.threads.and_then(|n| rayon::ThreadPoolBuilder::new().num_threads(n).build().ok())
    {
        Some(pool) => pool.install(run),
        None => run(),
    }
    if work.stopped.load(Ordering::Relaxed) {
        return Err(ConformanceError::Stopped);
    }
    let results = work.results.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut variants = vec![None; traces.traces.len()];
    let mut peak_states = alone.peak;
    for (number, found, peak) in results {
        peak_states = peak_states.max(peak);
        if let Some(slot) = variants.get_mut(number) {
            *slot = found;
        }
    }
    Ok(Alignments {
        variants,
        shortest_run,
        shortest_run_silent,
        peak_states,
        markings: space.complete.then(|| space.len()),
    })
}

struct Work<'a, 'n> {
    traces: &'a [Trace],
    space: &'a Space<'n>,
    leaps: Option<&'a Leaps<'a, 'n>>,
    /// Made of blocks.
    blocks: bool,
    options: AlignOptions,
    progress: &'a Progress<'a>,
    next: AtomicUsize,
    done: AtomicU64,
    stopped: AtomicBool,
    results: Mutex<Vec<(usize, Option<Alignment>, usize)>>,
}

impl Work<'_, '_> {
    /// Takes variants one after the other until none is left.
    fn run(&self) {
        let mut search = Search::default();
        let new = || Space::new(self.space.net, self.space.bounds);
        let (mut own, mut ways) = (new(), Ways::new(new()));
        let mut found = Vec::new();
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(trace) = self.traces.get(number) else { break };
            search.peak = 0;
            let one = if let Some(mut leaps) = self.leaps {
                self.one(&mut search, &mut leaps, trace)
            } else if self.space.complete {
                self.one(&mut search, &mut &*self.space, trace)
            } else if self.blocks {
                if ways.is_heavy() {
                    ways = Ways::new(new());
                }
                self.one(&mut search, &mut ways, trace)
            } else {
                if own.len() > self.options.states / 4 {
                    own = new();
                }
                self.one(&mut search, &mut own, trace)
            };
            if self.stopped.load(Ordering::Relaxed) {
                return;
            }
            found.push((number, one, search.peak));
            self.done.fetch_add(1, Ordering::Relaxed);
        }
        if let Ok(mut all) = self.results.lock() {
            all.append(&mut found);
        }
    }

    fn one(&self, search: &mut Search, graph: &mut impl Graph, trace: &Trace) -> Option<Alignment> {
        let total = self.traces.len() as u64;
        let states = match self.space.complete {
            true => self.options.states,
            false if self.blocks => (self.options.states / 10).min(most_states(self.space.net)),
            false => self.options.states / 10,
        };
        let mut stop = || {
            let told = self.stopped.load(Ordering::Relaxed)
                || (self.progress)(self.done.load(Ordering::Relaxed), total)
                    == ControlFlow::Break(());
            if told {
                self.stopped.store(true, Ordering::Relaxed);
            }
            told
        };
        if stop() {
            return None;
        }
        match search.best(graph, &trace.steps, states, &mut stop) {
            Found::Best { cost, silent, mut steps } => {
                let net = self.space.net;
                if self.blocks {
                    as_soon(net, &mut steps);
                }
                let moves = steps.into_iter().map(|s| told(net, s)).collect();
                Some(Alignment { cost, silent, moves })
            }
            // No run at all was ruled out before.
            Found::TooLarge | Found::NoRun | Found::Stopped => None,
        }
    }
}

/// Takes what the model does alone as soon as it can be done, so that a step skipped side by side
/// with others is told after the same activity whatever the case did of those others.
fn as_soon(net: &Runnable, steps: &mut [Step]) {
    // Events done when the token of each place came: blocks hold one token a place at most.
    let mut came: FxHashMap<u32, u32> = FxHashMap::default();
    let mut keyed: Vec<(u32, bool, Step)> = Vec::with_capacity(steps.len());
    for &step in &*steps {
        let (transition, after) = match step {
            Step::Log { event } => {
                keyed.push((event + 1, false, step));
                continue;
            }
            Step::Sync { event, transition } => (transition, Some(event + 1)),
            Step::Model { transition } => (transition, None),
        };
        let known = net.steps.get(transition as usize);
        let (inputs, outputs) = known.map(|s| (&*s.inputs, &*s.outputs)).unwrap_or_default();
        let ready = inputs.iter().filter_map(|p| came.get(p)).max().copied().unwrap_or(0);
        let at = after.unwrap_or(ready);
        came.extend(outputs.iter().map(|&place| (place, at)));
        keyed.push((at, after.is_none(), step));
    }
    keyed.sort_by_key(|&(at, alone, _)| (at, alone));
    steps.iter_mut().zip(keyed).for_each(|(slot, (.., step))| *slot = step);
}

fn told(net: &Runnable, step: Step) -> Move {
    match step {
        Step::Sync { event, transition } => Move::Synchronous { event, transition },
        Step::Log { event } => Move::Log { event },
        Step::Model { transition } => {
            match net.steps.get(transition as usize).is_some_and(|s| s.label == SILENT) {
                true => Move::Silent { transition },
                false => Move::Model { transition },
            }
        }
    }
}
