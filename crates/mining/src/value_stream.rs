//! The value stream: along the usual steps of a process, how long work takes, how
//! long cases wait before each step, what stands there, and how often it is done once.
//!
//! - Computes: per step touch and waiting time, arrivals, output, stock, first-pass
//!   yield and people; a ladder of waits and touches that adds up exactly to the
//!   lead time of the cases covered; a target state and its gain.
//! - Units: worked time by the clock given (and calendar time beside it), `_us` in
//!   microseconds, `_s` in seconds; flows in cases per worked day.
//! - Shapes: the tasks of all cases, a clock and options in; a [`ValueStream`] out.
//! - Errors: [`ValueStreamError::Stopped`] only; what a log cannot tell is `None`
//!   with a [`Missing`] reason.
//! - Source: `docs/methods/value-stream.md`; after Rother and Shook, *Learning to
//!   See* (1999); checked against a count minute by minute and by conservation.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use eclusier_calendar::WorkClock;
use eclusier_core::rate::Rate;
use eclusier_eventlog::intern::NONE;
use rustc_hash::FxHashSet;
use serde::Serialize;

use crate::{
    stats,
    task_log::{CaseRow, Known, TaskLog, TaskRow},
};

/// At most so many steps fit on a page that a room can read.
pub const MOST_STEPS: usize = 12;
/// Fewer different people than this at a step are not counted.
pub const FEWEST_PEOPLE: u64 = 5;
/// A usual step is done by at least one case in [`USUAL`].
const USUAL: u64 = 2;
/// Where fewer steps than this are usual, the next ones are taken…
const FEW_STEPS: usize = 5;
/// …as long as one case in so many does them.
const RARE: u64 = 10;
/// A step that takes one part in so many of all the time is told, however few do it.
const LONG: i128 = 20;
/// Cases between two looks at `stop`.
const BREATH: usize = 4096;
const DAY_US: i64 = 86_400_000_000;

/// What to look at.
#[derive(Clone)]
pub struct Options<'a> {
    /// Names of the steps, in the order of the page; the usual steps when absent.
    pub steps: Option<Vec<String>>,
    /// Which steps add value for who asked; unknown when absent.
    pub value_adding: Option<Vec<String>>,
    /// From (included) and until (excluded); the whole log when absent.
    pub period: Option<(i64, i64)>,
    /// When the stock is counted; the last instant of the log when absent.
    pub now: Option<i64>,
    /// Worked days of the period where the caller knows them; else counted on the clock.
    pub worked_days: Option<u32>,
    /// Whether a case is closed.
    pub closed: &'a dyn Fn(&CaseRow) -> bool,
    /// Whether to give up.
    pub stop: &'a dyn Fn() -> bool,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Options {
            steps: None,
            value_adding: None,
            period: None,
            now: None,
            worked_days: None,
            closed: &|_| true,
            stop: &|| false,
        }
    }
}

/// Why there is no stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ValueStreamError {
    /// The caller asked to stop.
    #[error("the value stream was stopped")]
    Stopped,
}

/// Why a figure is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// No case covered does this step.
    NoCases,
    /// The log says when work ended, not when it began.
    NoStartTimes,
    /// The log gives civil days: minutes of work cannot be told.
    DaysOnly,
    /// Nobody is named at this step.
    NoResources,
    /// Too few different people to say how many.
    TooFew,
    /// No worked day in the period, or nothing left the step.
    NoOutput,
    /// Nobody said which steps add value.
    NotSaid,
}

/// Some durations in short.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// How many.
    pub n: u64,
    /// Median, in seconds.
    pub median_s: f64,
    /// Mean, in seconds.
    pub mean_s: f64,
}

/// What passed during the period.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Flow {
    /// How many.
    pub count: u64,
    /// Over how many worked days.
    pub worked_days: u32,
    /// By worked day; `None` without one.
    pub per_worked_day: Option<f64>,
}

/// Time of all cases covered on one rung of the ladder. Divided by the cases it is
/// the mean; the rungs add up exactly to [`Totals::lead_us`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Rung {
    /// Worked time nobody worked on the case, just before the step.
    pub wait_us: i64,
    /// Worked time somebody worked on it, counted once where tasks overlap.
    pub touch_us: i64,
}

/// One step of the stream.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StreamStep {
    /// Name of the activity.
    pub name: String,
    /// Cases covered that do it.
    pub cases: u64,
    /// Times they do it.
    pub occurrences: u64,
    /// Worked time of one occurrence, where its start and its end are known.
    pub touch: Option<Spread>,
    /// Why there is none.
    pub touch_missing: Option<Missing>,
    /// Worked time before one occurrence during which nobody worked on the case.
    pub wait: Option<Spread>,
    /// The same in calendar time.
    pub wait_calendar: Option<Spread>,
    /// Why there is no waiting time.
    pub wait_missing: Option<Missing>,
    /// Occurrences whose waiting time holds their touch time too, for want of a start.
    pub wait_holds_touch: Rate,
    /// Became ready for it during the period.
    pub arrivals: Flow,
    /// Ended it during the period.
    pub output: Flow,
    /// Open cases that wait for it.
    pub stock: u64,
    /// Open cases on which it has begun.
    pub in_progress: u64,
    /// Both, in worked days of output.
    pub stock_days: Option<f64>,
    /// Why there are no days.
    pub stock_days_missing: Option<Missing>,
    /// Cases that do it once, among those that do it.
    pub first_pass: Rate,
    /// Different people, only when they are at least [`FEWEST_PEOPLE`].
    pub people: Option<u64>,
    /// Why they are not counted.
    pub people_missing: Option<Missing>,
    /// Whether it adds value, where somebody said it.
    pub value_adding: Option<bool>,
    /// Its part of the ladder.
    pub rung: Rung,
}

/// All that is done outside the steps of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct OtherSteps {
    /// Different activities.
    pub activities: u64,
    /// Times they are done.
    pub occurrences: u64,
    /// Their part of the ladder.
    pub rung: Rung,
}

/// The ends of the ladder.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Totals {
    /// Worked time from arrival to last end, all cases together.
    pub lead_us: i64,
    /// Of which waiting.
    pub wait_us: i64,
    /// Of which somebody worked.
    pub touch_us: i64,
    /// Worked lead time of a case.
    pub lead: Option<Spread>,
    /// Calendar lead time of a case.
    pub lead_calendar: Option<Spread>,
    /// Touch time over lead time; `None` when no start is known.
    pub touch_share: Option<Rate>,
    /// Touch time of the steps that add value over lead time.
    pub value_added_share: Option<Rate>,
    /// Why a share is absent.
    pub share_missing: Option<Missing>,
    /// Cases that repeat no step of the page, among those covered.
    pub first_time_right: Rate,
}

/// How the steps were chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepChoice {
    /// By the caller.
    Given,
    /// The usual ones: see `docs/methods/value-stream.md`.
    Usual,
}

/// A value stream.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ValueStream {
    /// From (included).
    pub from_us: i64,
    /// Until (excluded).
    pub until_us: i64,
    /// When the stock was counted.
    pub now_us: i64,
    /// Worked days of the period.
    pub worked_days: u32,
    /// Cases covered: closed, their last task ended in the period.
    pub cases: u64,
    /// Cases open when the stock was counted.
    pub open_cases: u64,
    /// Cases that arrived in the period.
    pub arrivals: Flow,
    /// Cases that left in the period.
    pub output: Flow,
    /// How the steps were chosen.
    pub chosen: StepChoice,
    /// The steps, in order.
    pub steps: Vec<StreamStep>,
    /// All else.
    pub other: OtherSteps,
    /// Open cases whose last step of the page is done.
    pub stock_after_last: u64,
    /// Tasks dated by civil days only, among those of the cases covered.
    pub dated_by_day: Rate,
    /// The ends of the ladder.
    pub totals: Totals,
}

/// What a workshop wants of one step; `None` keeps what is.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct TargetStep {
    /// Name of the step.
    pub name: String,
    /// Mean touch time of a case at this step, worked seconds.
    pub touch_s: Option<f64>,
    /// Mean waiting time of a case before it, worked seconds.
    pub wait_s: Option<f64>,
    /// First-pass yield, 0 to 1. Shown, never turned into time by us.
    pub first_pass: Option<f64>,
    /// In the words of the workshop.
    pub note: String,
}

/// What a workshop wants of a stream.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct TargetState {
    /// Step by step; a step may be absent.
    pub steps: Vec<TargetStep>,
    /// In the words of the workshop.
    pub note: String,
}

/// Now and then, mean of a case.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Change {
    /// As measured, seconds.
    pub now_s: f64,
    /// As wanted, seconds.
    pub target_s: f64,
    /// The first less the second: what is won.
    pub gain_s: f64,
}

/// A stream against its target.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Gain {
    /// Worked lead time.
    pub lead: Change,
    /// Waiting time.
    pub wait: Change,
    /// Touch time.
    pub touch: Change,
    /// Share of the lead time that would go.
    pub lead_share: Option<f64>,
    /// Hours of work won each worked day, at the present output.
    pub work_hours_per_worked_day: Option<f64>,
    /// Names of the target that are no step of the stream.
    pub unknown: Vec<String>,
}

impl Rung {
    /// Mean waiting and touch time of a case, in seconds.
    pub fn means_s(self, cases: u64) -> Option<(f64, f64)> {
        let of = |us: i64| us as f64 / 1e6 / cases as f64;
        (cases > 0).then(|| (of(self.wait_us), of(self.touch_us)))
    }
}

/// The stream of a log.
pub fn value_stream(
    log: &TaskLog,
    clock: &WorkClock,
    options: &Options<'_>,
) -> Result<ValueStream, ValueStreamError> {
    let spans = spans(log, options)?;
    let first = spans.iter().flatten().map(|s| s.open).min().unwrap_or(0);
    let last = spans.iter().flatten().map(|s| s.close).max().unwrap_or(0);
    let (from, until) = options.period.unwrap_or((first, last.saturating_add(1)));
    let now = options.now.unwrap_or(last);
    let covered = |s: &Span| s.closed && (from..until).contains(&s.close);
    let (chosen, names) = match &options.steps {
        Some(names) => (StepChoice::Given, once(names)),
        None => (StepChoice::Usual, usual_steps(log, &spans, covered)),
    };
    let place = places(log, &names);
    let mut sums = Sums::new(names.len(), log.activities.len());
    for (i, (case, span)) in log.cases.iter().zip(&spans).enumerate() {
        if i % BREATH == 0 && (options.stop)() {
            return Err(ValueStreamError::Stopped);
        }
        let Some(span) = span else { continue };
        let walk = Walk { log, clock, place: &place, case, span };
        sums.flow(&walk, from..until);
        if span.open <= now && !(span.closed && span.close <= now) {
            sums.stock(&walk, now);
        }
        if covered(span) {
            sums.cover(&walk);
        }
    }
    let worked_days = options.worked_days.unwrap_or_else(|| days_open(clock, from, until));
    Ok(sums.finish(names, options, Frame { chosen, from, until, now, worked_days }))
}

/// What a target would win on a stream. Values that are not durations keep what is.
pub fn against(stream: &ValueStream, target: &TargetState) -> Option<Gain> {
    let wanted =
        |value: Option<f64>, now: f64| value.filter(|v| v.is_finite() && *v >= 0.0).unwrap_or(now);
    let (other_wait, other_touch) = stream.other.rung.means_s(stream.cases)?;
    let (mut wait, mut touch) = ((other_wait, other_wait), (other_touch, other_touch));
    for step in &stream.steps {
        let (wait_now, touch_now) = step.rung.means_s(stream.cases)?;
        let aim = target.steps.iter().find(|t| t.name == step.name);
        wait = (wait.0 + wait_now, wait.1 + wanted(aim.and_then(|t| t.wait_s), wait_now));
        touch = (touch.0 + touch_now, touch.1 + wanted(aim.and_then(|t| t.touch_s), touch_now));
    }
    let change =
        |(now_s, target_s): (f64, f64)| Change { now_s, target_s, gain_s: now_s - target_s };
    let (wait, touch) = (change(wait), change(touch));
    let lead = change((wait.now_s + touch.now_s, wait.target_s + touch.target_s));
    let known = |t: &&TargetStep| !stream.steps.iter().any(|s| s.name == t.name);
    Some(Gain {
        lead_share: (lead.now_s > 0.0).then(|| lead.gain_s / lead.now_s),
        work_hours_per_worked_day: stream.output.per_worked_day.map(|n| n * touch.gain_s / 3600.0),
        unknown: target.steps.iter().filter(known).map(|t| t.name.clone()).collect(),
        lead,
        wait,
        touch,
    })
}

/// From arrival to last end.
#[derive(Debug, Clone, Copy)]
struct Span {
    open: i64,
    close: i64,
    closed: bool,
}

/// The span of each case; `None` for a case without a task, which is nowhere in the stream.
fn spans(log: &TaskLog, options: &Options<'_>) -> Result<Vec<Option<Span>>, ValueStreamError> {
    let mut spans = Vec::with_capacity(log.cases.len());
    for (i, case) in log.cases.iter().enumerate() {
        if i % BREATH == 0 && (options.stop)() {
            return Err(ValueStreamError::Stopped);
        }
        let tasks = log.tasks_of(case);
        let open = tasks.iter().map(|t| t.scheduled.map_or(t.start, |s| s.min(t.start))).min();
        let close = tasks.iter().map(|t| t.end.max(t.start)).max();
        let closed = || (options.closed)(case);
        spans.push(open.zip(close).map(|(open, close)| Span { open, close, closed: closed() }));
    }
    Ok(spans)
}

/// Names in their order, each once.
fn once(names: &[String]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    names.iter().filter(|n| seen.insert(n.as_str())).cloned().collect()
}

/// The activities that half of the cases go through, or the most common ones where
/// few are, and those whose share of the time is worth a step whoever goes through them,
/// in the order in which cases usually meet them first.
fn usual_steps(
    log: &TaskLog,
    spans: &[Option<Span>],
    covered: impl Fn(&Span) -> bool + Copy,
) -> Vec<String> {
    #[derive(Clone, Default)]
    struct Seen {
        cases: u64,
        last: Option<usize>,
        place: f64,
        /// From the end of the task before to the end of its own.
        time_us: i128,
    }
    let mut seen = vec![Seen::default(); log.activities.len()];
    let mut cases = 0u64;
    for (i, (case, span)) in log.cases.iter().zip(spans).enumerate() {
        if !span.as_ref().is_some_and(covered) {
            continue;
        }
        cases += 1;
        let tasks = log.tasks_of(case);
        let end = tasks.len().saturating_sub(1).max(1) as f64;
        let mut before = None;
        for (at, task) in tasks.iter().enumerate() {
            let Some(seen) = seen.get_mut(task.activity as usize) else { continue };
            let done = task.end;
            seen.time_us += i128::from(done) - i128::from(*before.get_or_insert(task.start));
            before = before.max(Some(done));
            if seen.last != Some(i) {
                seen.last = Some(i);
                seen.cases += 1;
                seen.place += at as f64 / end;
            }
        }
    }
    let mut order: Vec<(&Seen, &str)> =
        seen.iter().zip(log.activities.names().iter().map(String::as_str)).collect();
    order.retain(|(s, _)| s.cases > 0);
    order.sort_by_key(|&(s, name)| (Reverse(s.cases), name));
    let all_us: i128 = order.iter().map(|(s, _)| s.time_us.max(0)).sum();
    let enough = |i: usize, s: &Seen| {
        s.cases * USUAL >= cases
            || (i < FEW_STEPS && s.cases * RARE >= cases)
            || (all_us > 0 && s.time_us * LONG >= all_us)
    };
    let mut kept: Vec<(f64, &str)> = order
        .into_iter()
        .enumerate()
        .filter(|&(i, (s, _))| i == 0 || enough(i, s))
        .take(MOST_STEPS)
        .map(|(_, (s, name))| (s.place / s.cases as f64, name))
        .collect();
    kept.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(b.1)));
    let names: Vec<String> = kept.into_iter().map(|(_, name)| name.to_owned()).collect();
    by_precedence(log, spans, covered, names)
}

/// Steps by how many others they usually precede. The mean place alone would push back
/// a step of short cases: their end is near. It breaks ties.
fn by_precedence(
    log: &TaskLog,
    spans: &[Option<Span>],
    covered: impl Fn(&Span) -> bool + Copy,
    names: Vec<String>,
) -> Vec<String> {
    let place = places(log, &names);
    let mut before = vec![vec![0u64; names.len()]; names.len()];
    let mut met = Vec::new();
    for (case, span) in log.cases.iter().zip(spans) {
        if !span.as_ref().is_some_and(covered) {
            continue;
        }
        met.clear();
        for task in log.tasks_of(case) {
            let Some(at) = place.get(task.activity as usize).copied().flatten() else { continue };
            if met.contains(&at) {
                continue;
            }
            for &earlier in &met {
                let row: Option<&mut Vec<u64>> = before.get_mut::<usize>(earlier);
                if let Some(count) = row.and_then(|row| row.get_mut(at)) {
                    *count += 1;
                }
            }
            met.push(at);
        }
    }
    let count = |a: usize, b: usize| before.get(a).and_then(|row| row.get(b)).copied().unwrap_or(0);
    let ahead = |a: usize| (0..names.len()).filter(|&b| count(a, b) > count(b, a)).count();
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by_key(|&a| (Reverse(ahead(a)), a));
    order.into_iter().filter_map(|i| names.get(i).cloned()).collect()
}

/// Place on the page of each activity of the log.
fn places(log: &TaskLog, names: &[String]) -> Vec<Option<usize>> {
    let mut place = vec![None; log.activities.len()];
    for (i, name) in names.iter().enumerate() {
        let code = log.activities.get(name).and_then(|code| place.get_mut(code as usize));
        if let Some(slot) = code {
            *slot = Some(i);
        }
    }
    place
}

/// Days with some open time. A stretch of a day or less counts where it begins, so
/// that a night shift is one day.
fn days_open(clock: &WorkClock, from: i64, until: i64) -> u32 {
    let (mut days, mut last) = (0i64, None);
    for (opens, closes) in clock.stretches(from, until) {
        let first = opens.div_euclid(DAY_US);
        let end = match closes.saturating_sub(opens) <= DAY_US {
            true => first,
            false => closes.saturating_sub(1).div_euclid(DAY_US),
        };
        let first = last.map_or(first, |l: i64| first.max(l.saturating_add(1)));
        if end >= first {
            days = days.saturating_add(end - first + 1);
            last = Some(end);
        }
    }
    u32::try_from(days).unwrap_or(u32::MAX)
}

/// One case on its way.
struct Walk<'a> {
    log: &'a TaskLog,
    clock: &'a WorkClock,
    /// Place on the page of each activity.
    place: &'a [Option<usize>],
    case: &'a CaseRow,
    span: &'a Span,
}

impl Walk<'_> {
    fn place(&self, task: &TaskRow) -> Option<usize> {
        self.place.get(task.activity as usize).copied().flatten()
    }

    /// Tasks with the instant until which the case was already worked on.
    fn tasks(&self) -> impl Iterator<Item = (&TaskRow, i64)> {
        let mut reached = self.span.open;
        self.log.tasks_of(self.case).iter().map(move |task| {
            let before = reached;
            reached = reached.max(task.start).max(task.end);
            (task, before)
        })
    }
}

/// Whether the touch time of a task is known.
fn timed(task: &TaskRow) -> bool {
    task.known == Known::Interval && !task.day
}

/// What one step gathers.
#[derive(Clone, Default)]
struct StepSum {
    cases: u64,
    occurrences: u64,
    once: u64,
    touches: Vec<i64>,
    waits: Vec<i64>,
    waits_calendar: Vec<i64>,
    by_day: u64,
    holds_touch: u64,
    arrivals: u64,
    output: u64,
    stock: u64,
    in_progress: u64,
    people: FxHashSet<u32>,
    wait: i128,
    touch: i128,
}

struct Sums {
    steps: Vec<StepSum>,
    other: StepSum,
    other_activities: Vec<bool>,
    cases: u64,
    open_cases: u64,
    stock_after_last: u64,
    arrivals: u64,
    output: u64,
    right_first: u64,
    dated_by_day: u64,
    tasks: u64,
    timed: u64,
    leads: Vec<i64>,
    leads_calendar: Vec<i64>,
    /// Times the case at hand did each step.
    times: Vec<u64>,
}

/// What the answer repeats of the question.
struct Frame {
    chosen: StepChoice,
    from: i64,
    until: i64,
    now: i64,
    worked_days: u32,
}

impl Sums {
    fn new(steps: usize, activities: usize) -> Self {
        Sums {
            steps: vec![StepSum::default(); steps],
            other: StepSum::default(),
            other_activities: vec![false; activities],
            cases: 0,
            open_cases: 0,
            stock_after_last: 0,
            arrivals: 0,
            output: 0,
            right_first: 0,
            dated_by_day: 0,
            tasks: 0,
            timed: 0,
            leads: Vec::new(),
            leads_calendar: Vec::new(),
            times: vec![0; steps],
        }
    }

    /// What enters and leaves each step in the period, whatever became of the case.
    fn flow(&mut self, walk: &Walk<'_>, period: std::ops::Range<i64>) {
        self.arrivals += u64::from(period.contains(&walk.span.open));
        self.output += u64::from(walk.span.closed && period.contains(&walk.span.close));
        for (task, reached) in walk.tasks() {
            let step = walk.place(task).and_then(|i| self.steps.get_mut(i));
            let Some(step) = step else { continue };
            step.arrivals += u64::from(period.contains(&reached.min(task.start)));
            let ended = task.known != Known::StartOnly && period.contains(&task.end);
            step.output += u64::from(ended);
        }
    }

    /// Where an open case stands. Nothing after `now` is known.
    fn stock(&mut self, walk: &Walk<'_>, now: i64) {
        self.open_cases += 1;
        let ended = |t: &TaskRow| t.known != Known::StartOnly && t.end <= now;
        let listed = walk.log.tasks_of(walk.case).iter();
        let listed = listed.filter_map(|t| walk.place(t).map(|at| (t, at)));
        let begun = listed.filter(|(t, _)| t.start <= now);
        // Of tasks that begin together, the one that ends last tells where the case is.
        let latest = begun.clone().max_by_key(|(t, _)| (t.start, !ended(t)));
        if let Some((task, at)) = latest
            && !ended(task)
        {
            if let Some(step) = self.steps.get_mut(at) {
                step.in_progress += 1;
            }
            return;
        }
        let done = begun.filter(|(t, _)| ended(t)).max_by_key(|(t, _)| (t.end, t.start));
        let next = done.map_or(0, |(_, at)| at + 1);
        match self.steps.get_mut(next) {
            Some(step) => step.stock += 1,
            None => self.stock_after_last += 1,
        }
    }

    /// A case of the ladder. Each instant from arrival to last end goes to one rung:
    /// to the first task begun while somebody works, to the next task while nobody does.
    fn cover(&mut self, walk: &Walk<'_>) {
        self.cases += 1;
        self.times.fill(0);
        let between = |a: i64, b: i64| walk.clock.between(a, b);
        for (task, reached) in walk.tasks() {
            let place = walk.place(task);
            let (timed, gap) = (timed(task), between(reached, task.start));
            let held = between(reached.max(task.start), task.end);
            self.tasks += 1;
            self.timed += u64::from(timed);
            self.dated_by_day += u64::from(task.day);
            let step = match place.and_then(|i| self.steps.get_mut(i)) {
                Some(step) => step,
                None => {
                    if let Some(seen) = self.other_activities.get_mut(task.activity as usize) {
                        *seen = true;
                    }
                    &mut self.other
                }
            };
            step.occurrences += 1;
            step.by_day += u64::from(task.day);
            let (wait, touch) = if timed { (gap, held) } else { (gap.saturating_add(held), 0) };
            step.wait += i128::from(wait);
            step.touch += i128::from(touch);
            let Some(place) = place else { continue };
            if timed {
                step.touches.push(between(task.start, task.end));
            } else {
                step.holds_touch += 1;
            }
            step.waits.push(wait);
            let rest = if timed { task.start } else { task.end };
            step.waits_calendar.push(rest.saturating_sub(reached).max(0));
            if task.resource != NONE {
                step.people.insert(task.resource);
            }
            if let Some(times) = self.times.get_mut(place) {
                *times += 1;
            }
        }
        for (step, &times) in self.steps.iter_mut().zip(&self.times) {
            step.cases += u64::from(times > 0);
            step.once += u64::from(times == 1);
        }
        self.right_first += u64::from(self.times.iter().all(|&t| t <= 1));
        self.leads.push(between(walk.span.open, walk.span.close));
        self.leads_calendar.push(walk.span.close.saturating_sub(walk.span.open));
    }

    fn finish(mut self, names: Vec<String>, options: &Options<'_>, frame: Frame) -> ValueStream {
        let Frame { chosen, from, until, now, worked_days } = frame;
        let adds =
            |name: &str| options.value_adding.as_ref().map(|list| list.iter().any(|n| n == name));
        let lead: i128 = self.leads.iter().map(|&l| i128::from(l)).sum();
        let sums = || self.steps.iter().chain([&self.other]);
        let (wait, touch) = (sums().map(|s| s.wait).sum(), sums().map(|s| s.touch).sum());
        let adding: i128 = names
            .iter()
            .zip(&self.steps)
            .filter(|(name, _)| adds(name) == Some(true))
            .map(|(_, s)| s.touch)
            .sum();
        let share = |part: i128| {
            (self.timed > 0 && lead > 0)
                .then(|| Rate { numerator: clamp(part), denominator: clamp(lead) })
        };
        let share_missing = match (self.cases, self.timed) {
            (0, _) => Some(Missing::NoCases),
            (_, 0) if self.dated_by_day > 0 => Some(Missing::DaysOnly),
            (_, 0) => Some(Missing::NoStartTimes),
            _ if options.value_adding.is_none() => Some(Missing::NotSaid),
            _ => None,
        };
        let totals = Totals {
            lead_us: clamp(lead),
            wait_us: clamp(wait),
            touch_us: clamp(touch),
            touch_share: share(touch),
            value_added_share: options.value_adding.as_ref().and_then(|_| share(adding)),
            share_missing,
            lead: spread(&mut self.leads),
            lead_calendar: spread(&mut self.leads_calendar),
            first_time_right: rate(self.right_first, self.cases),
        };
        let steps = names.into_iter().zip(&mut self.steps);
        let steps = steps
            .map(|(name, sum)| StreamStep {
                value_adding: adds(&name),
                ..sum.finish(name, worked_days)
            })
            .collect();
        ValueStream {
            from_us: from,
            until_us: until,
            now_us: now,
            worked_days,
            cases: self.cases,
            open_cases: self.open_cases,
            arrivals: flow(self.arrivals, worked_days),
            output: flow(self.output, worked_days),
            chosen,
            steps,
            other: OtherSteps {
                activities: self.other_activities.iter().filter(|&&seen| seen).count() as u64,
                occurrences: self.other.occurrences,
                rung: Rung { wait_us: clamp(self.other.wait), touch_us: clamp(self.other.touch) },
            },
            stock_after_last: self.stock_after_last,
            dated_by_day: rate(self.dated_by_day, self.tasks),
            totals,
        }
    }
}

impl StepSum {
    fn finish(&mut self, name: String, worked_days: u32) -> StreamStep {
        let touch = spread(&mut self.touches);
        let wait = spread(&mut self.waits);
        let output = flow(self.output, worked_days);
        let stock_days = output
            .per_worked_day
            .filter(|&n| n > 0.0)
            .map(|n| (self.stock + self.in_progress) as f64 / n);
        let people = self.people.len() as u64;
        StreamStep {
            name,
            cases: self.cases,
            occurrences: self.occurrences,
            touch_missing: match touch {
                Some(_) => None,
                None if self.occurrences == 0 => Some(Missing::NoCases),
                None if self.by_day > 0 => Some(Missing::DaysOnly),
                None => Some(Missing::NoStartTimes),
            },
            touch,
            wait_missing: wait.is_none().then_some(Missing::NoCases),
            wait,
            wait_calendar: spread(&mut self.waits_calendar),
            wait_holds_touch: rate(self.holds_touch, self.occurrences),
            arrivals: flow(self.arrivals, worked_days),
            output,
            stock: self.stock,
            in_progress: self.in_progress,
            stock_days_missing: stock_days.is_none().then_some(Missing::NoOutput),
            stock_days,
            first_pass: rate(self.once, self.cases),
            people_missing: match people {
                _ if self.occurrences == 0 => Some(Missing::NoCases),
                0 => Some(Missing::NoResources),
                n if n < FEWEST_PEOPLE => Some(Missing::TooFew),
                _ => None,
            },
            people: (people >= FEWEST_PEOPLE).then_some(people),
            value_adding: None,
            rung: Rung { wait_us: clamp(self.wait), touch_us: clamp(self.touch) },
        }
    }
}

fn clamp(us: i128) -> i64 {
    i64::try_from(us).unwrap_or(if us < 0 { i64::MIN } else { i64::MAX })
}

fn rate(numerator: u64, denominator: u64) -> Rate {
    let of = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    Rate { numerator: of(numerator), denominator: of(denominator) }
}

fn flow(count: u64, worked_days: u32) -> Flow {
    let per_worked_day = (worked_days > 0).then(|| count as f64 / f64::from(worked_days));
    Flow { count, worked_days, per_worked_day }
}

fn spread(us: &mut [i64]) -> Option<Spread> {
    let mean = stats::mean(us)?;
    let median = stats::quantile(us, 0.5)?;
    Some(Spread { n: us.len() as u64, median_s: median / 1e6, mean_s: mean / 1e6 })
}
