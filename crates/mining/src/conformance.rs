//! How far a log follows a model: fitness, precision, and what each case did otherwise.
//!
//! - Computes: optimal alignments of each variant or token replay (fast mode); fitness;
//!   escaping-edges precision; deviations with what they may cost.
//! - Units: cost in moves (1 for an event the model did not foresee, 1 for a visible
//!   step the case skipped); fitness and precision are shares, 0 to 1; durations in seconds.
//! - Shapes: traces and a Petri net in; one answer a variant, in the order of the traces, out.
//! - Errors: [`ConformanceError`] for a net that is not one, has no run to its end, or is
//!   too large; a variant beyond the limit of states is `None` and counted, never guessed.
//! - Source: A. Adriansyah, *Aligning Observed and Modeled Behavior* (2014); A. Rozinat and
//!   W. van der Aalst (2008) for token replay; J. Muñoz-Gama and J. Carmona (2010) and
//!   A. Adriansyah et al. (2015) for precision. Checked against pm4py and against an
//!   exhaustive search. Memory: about 60 bytes a state, at most
//!   [`AlignOptions::states`] of them a thread, and the markings of the model.

mod align;
mod bounds;
mod deviations;
mod leaps;
mod precision;
mod replay;
mod search;
mod space;
mod ways;

use std::ops::ControlFlow;

use serde::Serialize;

pub use align::{AlignOptions, Alignment, Alignments, Fitness, Move, align};
pub use deviations::{
    ActivityMoves, Deviation, DeviationKind, ExtraTime, NoExtraTime, activity_moves, deviations,
};
pub use precision::{NoPrecision, Precision, align_precision, replay_precision};
pub use replay::{Replay, Replayed, token_replay};

use crate::{model::PetriNet, traces::Traces};

/// Called now and then with variants done and variants in all; may say to stop.
pub type Progress<'a> = dyn Fn(u64, u64) -> ControlFlow<()> + Sync + 'a;

/// Never stops.
pub fn to_the_end(_: u64, _: u64) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// Why nothing could be measured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConformanceError {
    /// A transition or a marking names a place the net has not.
    #[error("place {place} is named but the net has {places} places")]
    NoSuchPlace {
        /// The place named.
        place: u32,
        /// Places of the net.
        places: usize,
    },
    /// A marking of absurd size.
    #[error("a marking holds {tokens} tokens, too many to be a process")]
    TooManyTokens {
        /// Tokens of the marking.
        tokens: u64,
    },
    /// The end cannot be reached from the beginning: nothing can fit.
    #[error("no run of the model leads from its beginning to its end")]
    NoRun,
    /// The model has too many states: alone for alignments, between two steps for replay.
    #[error("no run of the model was found within {states} states")]
    TooLarge {
        /// The limit.
        states: usize,
    },
    /// The caller asked to stop.
    #[error("stopped before the end")]
    Stopped,
}

/// How conformance was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Optimal alignments.
    Alignments,
    /// Token replay: fast, and less exact where the model has silent steps.
    Replay,
}

/// How far a log follows a model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Conformance {
    /// How it was measured.
    pub method: Method,
    /// Share of the behaviour of log and model that agrees; `None` without a case measured.
    pub fitness: Option<f64>,
    /// The same with silent steps weighed as pm4py does in `log_fitness`.
    pub log_fitness: Option<f64>,
    /// Mean of the fitness of cases; `average_trace_fitness` of pm4py.
    pub average_fitness: Option<f64>,
    /// Share of what the model allows, where cases went, that cases did; as the peer counts
    /// (see [`Precision`]).
    pub precision: Option<f64>,
    /// The same over every marking that silent steps lead to.
    pub precision_in_full: Option<f64>,
    /// Why there is no precision.
    pub no_precision: Option<NoPrecision>,
    /// Cases of the log.
    pub cases: u64,
    /// Cases without any deviation.
    pub cases_fitting: u64,
    /// Cases of variants left unknown: in none of the figures.
    pub cases_unknown: u64,
    /// Variants of the log.
    pub variants: u64,
    /// Variants without any deviation.
    pub variants_fitting: u64,
    /// Variants left unknown: the limit of states was reached.
    pub variants_unknown: u64,
    /// What cases did otherwise, by minutes then by cases.
    pub deviations: Vec<Deviation>,
    /// Moves of each activity of log or model, by name.
    pub activities: Vec<ActivityMoves>,
}

/// Everything at once. `lead_times_s`: median worked lead time of each variant, in the
/// order of the traces, to tell what deviations may cost.
pub fn conformance(
    traces: &Traces,
    net: &PetriNet,
    method: Method,
    options: AlignOptions,
    lead_times_s: Option<&[f64]>,
    progress: &Progress<'_>,
) -> Result<Conformance, ConformanceError> {
    match method {
        Method::Alignments => by_alignments(traces, net, options, lead_times_s, progress),
        Method::Replay => by_replay(traces, net, lead_times_s, progress),
    }
}

fn by_alignments(
    traces: &Traces,
    net: &PetriNet,
    options: AlignOptions,
    lead_times_s: Option<&[f64]>,
    progress: &Progress<'_>,
) -> Result<Conformance, ConformanceError> {
    let runnable = space::Runnable::new(traces, net)?;
    let bounds = bounds::Bounds::new(&runnable);
    let by_blocks = align::by_blocks(traces, &runnable, &bounds, options, progress)?;
    let space = align::explored(&runnable, &bounds, options.markings, progress)?;
    let leaps = align::leaps_of(&space, progress)?;
    let found = match by_blocks {
        Some(found) => found,
        None => align::align_in(traces, &space, leaps.as_ref(), false, options, progress)?,
    };
    let precision = precision::precision_in(traces, &space, leaps.as_ref(), options, progress)?;
    let fitness = found.fitness(traces);
    let (mut variants_fitting, mut variants_unknown) = (0, 0);
    for found in &found.variants {
        match found {
            Some(a) if a.cost == 0 => variants_fitting += 1,
            Some(_) => {}
            None => variants_unknown += 1,
        }
    }
    Ok(Conformance {
        method: Method::Alignments,
        fitness: fitness.log,
        log_fitness: fitness.log_as_peer,
        average_fitness: fitness.average,
        precision: precision.value(),
        precision_in_full: precision.in_full(),
        no_precision: precision.missing,
        cases: traces.cases(),
        cases_fitting: fitness.cases_fitting,
        cases_unknown: traces.cases().saturating_sub(fitness.cases),
        variants: traces.traces.len() as u64,
        variants_fitting,
        variants_unknown,
        deviations: deviations(traces, net, &found, lead_times_s),
        activities: activity_moves(traces, net, &found),
    })
}

fn by_replay(
    traces: &Traces,
    net: &PetriNet,
    lead_times_s: Option<&[f64]>,
    progress: &Progress<'_>,
) -> Result<Conformance, ConformanceError> {
    let found = token_replay(traces, net, progress)?;
    let precision = replay_precision(traces, net, progress)?;
    let fitness = found.fitness(traces);
    Ok(Conformance {
        method: Method::Replay,
        fitness: fitness.log,
        log_fitness: fitness.log_as_peer,
        average_fitness: fitness.average,
        precision: precision.value(),
        precision_in_full: precision.in_full(),
        no_precision: precision.missing,
        cases: traces.cases(),
        cases_fitting: fitness.cases_fitting,
        cases_unknown: 0,
        variants: traces.traces.len() as u64,
        variants_fitting: found.variants.iter().filter(|v| v.fits).count() as u64,
        variants_unknown: 0,
        deviations: deviations::of_replay(traces, &found, lead_times_s),
        activities: deviations::moves_of_replay(traces, net, &found),
    })
}
