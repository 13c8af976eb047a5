//! What cases did otherwise than the model, and what it may cost them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Alignments, Move, Replay};
use crate::{model::PetriNet, traces::Traces};

/// Kind of a deviation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviationKind {
    /// The model asks for the activity; the case went on without it.
    Skipped,
    /// The case did the activity; the model did not foresee it there.
    Unforeseen,
}

/// Why no extra time is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "reason")]
pub enum NoExtraTime {
    /// The caller gave no lead times.
    NoLeadTimes,
    /// Too few cases on one of the sides.
    TooFew {
        /// Cases of the smaller side.
        n: u64,
    },
}

/// Lead time of the cases with a deviation beside that of the cases without any.
///
/// An association, not a cause: cases that deviate may be longer for other reasons.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ExtraTime {
    /// Cases with the deviation.
    pub deviating_cases: u64,
    /// Cases without any deviation.
    pub fitting_cases: u64,
    /// Weighted median over variants of their median worked lead times, deviating.
    pub deviating_s: f64,
    /// The same, fitting.
    pub fitting_s: f64,
    /// Minutes more a case; negative when deviating cases are shorter.
    pub minutes_per_case: f64,
    /// Minutes more over all deviating cases.
    pub minutes: f64,
}

/// A deviation: one kind, one activity, one place.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Deviation {
    /// Kind.
    pub kind: DeviationKind,
    /// The activity skipped or not foreseen.
    pub activity: String,
    /// The activity after which it happened: the last that case and model did together;
    /// `None` at the beginning.
    pub after: Option<String>,
    /// Cases with it at least once.
    pub cases: u64,
    /// Times it happened.
    pub occurrences: u64,
    /// Cases with it over cases measured.
    pub share: f64,
    /// What it may cost.
    pub extra_time: Option<ExtraTime>,
    /// Why that is not told.
    pub no_extra_time: Option<NoExtraTime>,
}

/// Moves of an activity over all cases measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActivityMoves {
    /// Activity of log or model.
    pub activity: String,
    /// Done as the model foresaw.
    pub synchronous: u64,
    /// Done though not foreseen.
    pub log_moves: u64,
    /// Asked for and skipped.
    pub model_moves: u64,
}

/// Fewest cases on each side for an extra time.
const FEWEST: u64 = 10;

type Place<'a> = (DeviationKind, &'a str, Option<&'a str>);

/// Deviations of a log, those with most minutes first, then most cases, then by name.
///
/// `lead_times_s`: median worked lead time of each variant, in the order of the traces.
pub fn deviations(
    traces: &Traces,
    net: &PetriNet,
    alignments: &Alignments,
    lead_times_s: Option<&[f64]>,
) -> Vec<Deviation> {
    let mut all = Tally::new(traces, lead_times_s);
    for (number, found) in alignments.variants.iter().enumerate() {
        let (Some(found), Some(trace)) = (found, traces.traces.get(number)) else { continue };
        let done = |event: u32| name_of(traces, trace.steps.get(event as usize).copied());
        let mut after = None;
        let mut places: Vec<Place<'_>> = Vec::new();
        for one in &found.moves {
            match *one {
                Move::Synchronous { event, .. } => after = done(event),
                Move::Log { event } => {
                    places.extend(done(event).map(|a| (DeviationKind::Unforeseen, a, after)));
                }
                Move::Model { transition } => {
                    let skipped = net.transitions.get(transition as usize);
                    let skipped = skipped.and_then(|t| t.label.as_deref());
                    places.extend(skipped.map(|a| (DeviationKind::Skipped, a, after)));
                }
                Move::Silent { .. } => {}
            }
        }
        all.add(number, trace.cases, found.cost == 0, places);
    }
    all.finish()
}

/// Deviations seen by replay: events the model did not allow where they came.
pub(super) fn of_replay(
    traces: &Traces,
    replay: &Replay,
    lead_times_s: Option<&[f64]>,
) -> Vec<Deviation> {
    let mut all = Tally::new(traces, lead_times_s);
    for (number, (trace, found)) in traces.traces.iter().zip(&replay.variants).enumerate() {
        let mut after = None;
        let mut places: Vec<Place<'_>> = Vec::new();
        for (event, &code) in trace.steps.iter().enumerate() {
            let done = name_of(traces, Some(code));
            let event = event as u32;
            if found.forced.binary_search(&event).is_ok()
                || found.unknown.binary_search(&event).is_ok()
            {
                places.extend(done.map(|a| (DeviationKind::Unforeseen, a, after)));
            } else {
                after = done;
            }
        }
        all.add(number, trace.cases, found.fits, places);
    }
    all.finish()
}

/// Moves of each activity, by name.
pub fn activity_moves(
    traces: &Traces,
    net: &PetriNet,
    alignments: &Alignments,
) -> Vec<ActivityMoves> {
    let mut all = blank(traces, net);
    for (trace, found) in traces.traces.iter().zip(&alignments.variants) {
        for one in found.iter().flat_map(|a| &a.moves) {
            let (name, slot) = match *one {
                Move::Synchronous { event, .. } => (event_name(traces, trace, event), 0),
                Move::Log { event } => (event_name(traces, trace, event), 1),
                Move::Model { transition } => {
                    let label = net.transitions.get(transition as usize);
                    (label.and_then(|t| t.label.as_deref()), 2)
                }
                Move::Silent { .. } => continue,
            };
            count(&mut all, name, slot, trace.cases);
        }
    }
    listed(all)
}

pub(super) fn moves_of_replay(
    traces: &Traces,
    net: &PetriNet,
    replay: &Replay,
) -> Vec<ActivityMoves> {
    let mut all = blank(traces, net);
    for (trace, found) in traces.traces.iter().zip(&replay.variants) {
        for event in 0..trace.steps.len() as u32 {
            let aside = found.forced.binary_search(&event).is_ok()
                || found.unknown.binary_search(&event).is_ok();
            count(&mut all, event_name(traces, trace, event), usize::from(aside), trace.cases);
        }
    }
    listed(all)
}

type Counts<'a> = BTreeMap<&'a str, [u64; 3]>;

fn blank<'a>(traces: &'a Traces, net: &'a PetriNet) -> Counts<'a> {
    let model = net.transitions.iter().filter_map(|t| t.label.as_deref());
    traces.activities.iter().map(String::as_str).chain(model).map(|a| (a, [0; 3])).collect()
}

fn count<'a>(all: &mut Counts<'a>, name: Option<&'a str>, slot: usize, cases: u64) {
    if let Some(sum) = name.and_then(|n| all.get_mut(n)).and_then(|s| s.get_mut(slot)) {
        *sum = sum.saturating_add(cases);
    }
}

fn listed(all: Counts<'_>) -> Vec<ActivityMoves> {
    all.into_iter()
        .map(|(activity, [synchronous, log_moves, model_moves])| ActivityMoves {
            activity: activity.to_owned(),
            synchronous,
            log_moves,
            model_moves,
        })
        .collect()
}

fn event_name<'a>(traces: &'a Traces, trace: &crate::Trace, event: u32) -> Option<&'a str> {
    name_of(traces, trace.steps.get(event as usize).copied())
}

fn name_of(traces: &Traces, code: Option<u32>) -> Option<&str> {
    traces.activities.get(code? as usize).map(String::as_str)
}

/// Deviations being counted.
struct Tally<'a> {
    lead_times_s: Option<&'a [f64]>,
    cases: u64,
    /// Variants that fit: number and cases.
    fitting: Vec<(usize, u64)>,
    /// By deviation: occurrences, and variants with their cases.
    found: BTreeMap<Place<'a>, (u64, Vec<(usize, u64)>)>,
}

impl<'a> Tally<'a> {
    fn new(traces: &Traces, lead_times_s: Option<&'a [f64]>) -> Self {
        let lead_times_s = lead_times_s.filter(|l| l.len() == traces.traces.len());
        Self { lead_times_s, cases: 0, fitting: Vec::new(), found: BTreeMap::new() }
    }

    fn add(&mut self, variant: usize, cases: u64, fits: bool, places: Vec<Place<'a>>) {
        self.cases += cases;
        if fits {
            self.fitting.push((variant, cases));
        }
        for place in places {
            let (occurrences, variants) = self.found.entry(place).or_default();
            *occurrences = occurrences.saturating_add(cases);
            if variants.last().is_none_or(|&(last, _)| last != variant) {
                variants.push((variant, cases));
            }
        }
    }

    fn finish(self) -> Vec<Deviation> {
        let Self { lead_times_s, cases: measured, fitting, found } = self;
        let sum = |variants: &[(usize, u64)]| variants.iter().map(|v| v.1).sum::<u64>();
        let fitting_cases = sum(&fitting);
        let usual = lead_times_s.and_then(|times| middle(times, &fitting));
        let extra = |variants: &[(usize, u64)], cases: u64| {
            let times = lead_times_s.ok_or(NoExtraTime::NoLeadTimes)?;
            let fewest = cases.min(fitting_cases);
            let few = NoExtraTime::TooFew { n: fewest };
            if fewest < FEWEST {
                return Err(few);
            }
            let (deviating_s, fitting_s) = middle(times, variants).zip(usual).ok_or(few)?;
            let minutes_per_case = (deviating_s - fitting_s) / 60.0;
            Ok(ExtraTime {
                deviating_cases: cases,
                fitting_cases,
                deviating_s,
                fitting_s,
                minutes_per_case,
                minutes: minutes_per_case * cases as f64,
            })
        };
        let mut all: Vec<Deviation> = found
            .into_iter()
            .map(|((kind, activity, after), (occurrences, variants))| {
                let cases = sum(&variants);
                let extra = extra(&variants, cases);
                Deviation {
                    kind,
                    activity: activity.to_owned(),
                    after: after.map(ToOwned::to_owned),
                    cases,
                    occurrences,
                    share: cases as f64 / measured.max(1) as f64,
                    extra_time: extra.ok(),
                    no_extra_time: extra.err(),
                }
            })
            .collect();
        // Unknown minutes come after known ones, even negative: they are not a small figure.
        let minutes = |d: &Deviation| d.extra_time.map_or(f64::NEG_INFINITY, |e| e.minutes);
        all.sort_by(|a, b| minutes(b).total_cmp(&minutes(a)).then(b.cases.cmp(&a.cases)));
        all
    }
}

/// Weighted median of the lead times of some variants, lower one of two.
fn middle(times: &[f64], variants: &[(usize, u64)]) -> Option<f64> {
    let mut known: Vec<(f64, u64)> = variants
        .iter()
        .filter_map(|&(v, cases)| times.get(v).map(|&t| (t, cases)))
        .filter(|(t, _)| t.is_finite())
        .collect();
    known.sort_by(|a, b| a.0.total_cmp(&b.0));
    let half: u64 = known.iter().map(|k| k.1).sum::<u64>().div_ceil(2);
    let mut so_far = 0;
    known.into_iter().find_map(|(time, cases)| {
        so_far += cases;
        (so_far >= half).then_some(time)
    })
}
