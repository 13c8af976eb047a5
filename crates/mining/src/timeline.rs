//! The tasks of one case, in order, with what it waited before each.
//!
//! - Computes: start, end, wait and touch time of each task of a case, calendar and worked.
//! - Units: instants in microseconds since 1970 UTC; durations in seconds.
//! - Shapes: batches and the identifier of a case in; its tasks by start out.
//! - Errors: none; an unknown case is `None`, what the log does not tell is `None`.
//! - Source: a wait is the time in which no task of the case was open, so that waits and
//!   the time under work add up to the lead time.

use eclusier_calendar::WorkClock;
use eclusier_eventlog::{
    Columns, EventBatch, Interner, Kernel, Lifecycle, Pairing, Precision, VariantId, intern::NONE,
    pair_tasks, tasks::Row,
};
use serde::{Deserialize, Serialize};

/// Kernel of the timeline of one case.
#[derive(Debug, Clone, Default)]
pub struct TimelineKernel {
    /// Case, as delivered.
    pub case: String,
    /// Opening hours, for worked time.
    pub clock: Option<WorkClock>,
}

/// A task of a timeline. It names the team, never the person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TimelineTask {
    /// Activity.
    pub activity: String,
    /// Start; `None` where none was delivered.
    pub start: Option<i64>,
    /// End; `None` while open.
    pub end: Option<i64>,
    /// Whether the instants are civil days.
    pub day: bool,
    /// Team, where the log says it.
    pub unit: Option<String>,
    /// Since the end of all that was done before; `None` for the first task.
    pub wait_s: Option<f64>,
    /// The same in worked time; `None` too without opening hours and on whole days.
    pub worked_wait_s: Option<f64>,
    /// Time spent on it; `None` without both start and end.
    pub touch_s: Option<f64>,
    /// The same in worked time.
    pub worked_touch_s: Option<f64>,
}

/// The timeline of a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaseTimeline {
    /// Case.
    pub case: String,
    /// Identifier of its variant, in the reading by tasks.
    pub variant: VariantId,
    /// Its tasks, by start.
    pub tasks: Vec<TimelineTask>,
    /// From the first start to the last end, seconds.
    pub lead_time_s: f64,
}

const MICROSECONDS: f64 = 1e6;

/// The tasks of one case of a batch; `None` when the batch does not hold the case.
pub fn case_timeline(
    batch: &EventBatch,
    case: &str,
    clock: Option<&WorkClock>,
) -> Option<CaseTimeline> {
    let found = batch.cases().find(|c| c.id == case)?;
    let mut names = Interner::default();
    let mut people = Interner::default();
    let code = |interner: &mut Interner, name: Option<&str>| match name {
        Some(name) => interner.code(name),
        None => NONE,
    };
    let times = batch.times();
    let mut rows = Vec::new();
    for row in found.rows.clone() {
        rows.push(Row {
            row,
            activity: code(&mut names, batch.activity.name(row)),
            resource: code(&mut people, batch.resource.name(row)),
            lifecycle: Lifecycle::from_name(batch.lifecycle.name(row)),
            start: batch.start(row),
            time: times.get(row).copied().unwrap_or(0),
        });
    }
    let paired = pair_tasks(rows, &mut Pairing::default());
    let mut tasks = Vec::with_capacity(paired.len());
    // The end of all work done so far, and whether it is a whole day.
    let mut done: Option<(i64, bool)> = None;
    for task in &paired {
        let day = batch.precision(task.row) == Precision::Day;
        let end = task.end.unwrap_or(task.start);
        let length = |from: i64, to: i64| to.saturating_sub(from).max(0) as f64 / MICROSECONDS;
        let worked = |from: i64, to: i64, days: bool| {
            let clock = clock.filter(|_| !days)?;
            Some(clock.between(from, to) as f64 / MICROSECONDS)
        };
        let interval = task.started && task.end.is_some();
        tasks.push(TimelineTask {
            activity: names.name(task.activity).to_owned(),
            start: (task.started || task.end.is_none()).then_some(task.start),
            end: task.end,
            day,
            unit: batch.unit.name(task.row).map(ToOwned::to_owned),
            wait_s: done.map(|(before, _)| length(before, task.start)),
            worked_wait_s: done.and_then(|(before, d)| worked(before, task.start, d || day)),
            touch_s: interval.then(|| length(task.start, end)),
            worked_touch_s: interval.then(|| worked(task.start, end, day)).flatten(),
        });
        done = Some(done.map_or((end, day), |(before, d)| (before.max(end), d || day)));
    }
    let first = paired.iter().map(|t| t.start).min().unwrap_or(0);
    let last = paired.iter().map(|t| t.end.unwrap_or(t.start)).max().unwrap_or(first);
    Some(CaseTimeline {
        case: case.to_owned(),
        variant: VariantId::of(paired.iter().map(|t| names.name(t.activity))),
        tasks,
        lead_time_s: last.saturating_sub(first) as f64 / MICROSECONDS,
    })
}

impl Kernel for TimelineKernel {
    type Partial = Option<CaseTimeline>;
    type Output = Option<CaseTimeline>;

    fn columns(&self) -> Columns {
        Columns { tasks: true, resource: true, dimensions: true, ..Columns::default() }
    }

    fn fold(&self, partial: &mut Self::Partial, batch: &EventBatch) {
        if partial.is_none() {
            *partial = case_timeline(batch, &self.case, self.clock.as_ref());
        }
    }

    fn merge(&self, into: &mut Self::Partial, other: Self::Partial) {
        if into.is_none() {
            *into = other;
        }
    }

    fn finish(&self, partial: Self::Partial) -> Self::Output {
        partial
    }
}
