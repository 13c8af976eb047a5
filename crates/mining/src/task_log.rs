//! The tasks of a log in columns, for measures that must see all cases at once:
//! who was busy elsewhere, what waited beside it, what else was in the basket.
//!
//! - Computes: cases with their dimensions, and their tasks with when each entered the basket.
//! - Units: microseconds since 1970 UTC.
//! - Shapes: a log in; cases in the order of the files, tasks of a case by start, out.
//! - Errors: none; what could not be paired is counted.
//! - Source: pairing rules of `eventlog::tasks`. Memory: 40 bytes a task and the
//!   identifier of each case.

use std::ops::Range;

use eclusier_eventlog::{
    Columns, EventBatch, Interner, Kernel, Lifecycle, Pairing, Precision, intern::NONE, pair_tasks,
    tasks::Row,
};
use serde::{Deserialize, Serialize};

/// Kernel of the task log.
#[derive(Debug, Clone, Copy, Default)]
pub struct TaskLogKernel {
    /// Whether to keep the attributes of the cases.
    pub attributes: bool,
}

/// What is known of the beginning of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Known {
    /// Both its start and its end were delivered.
    Interval,
    /// Only its end: `start` equals `end`.
    EndOnly,
    /// Only its start: still open, `end` equals `start`.
    StartOnly,
}

/// A task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskRow {
    /// Code into [`TaskLog::activities`].
    pub activity: u32,
    /// Code into [`TaskLog::resources`], [`NONE`] when nobody is named.
    pub resource: u32,
    /// Start of work.
    pub start: i64,
    /// End of work.
    pub end: i64,
    /// When it entered the basket, where the log says so.
    pub scheduled: Option<i64>,
    /// What is known of its beginning.
    pub known: Known,
    /// Whether its instants are civil days: no worked time can be told from them.
    pub day: bool,
}

/// A case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseRow {
    /// As delivered.
    pub id: String,
    /// Its tasks in [`TaskLog::tasks`], by start.
    pub tasks: Range<usize>,
    /// Organisation, unit, product, channel: codes into [`TaskLog::values`] or [`NONE`].
    pub dims: [u32; 4],
    /// Attributes of its first row that has any, a JSON object.
    pub attributes: Option<String>,
}

/// The tasks of a log.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct TaskLog {
    /// Activity names by code.
    pub activities: Interner,
    /// Pseudonyms by code.
    pub resources: Interner,
    /// Names of organisations, units, products and channels by code.
    pub values: Interner,
    /// Cases, in the order of the files.
    pub cases: Vec<CaseRow>,
    /// Tasks, case after case.
    pub tasks: Vec<TaskRow>,
    /// What pairing met.
    pub pairing: Pairing,
}

impl TaskLog {
    /// Tasks of a case, by start.
    pub fn tasks_of(&self, case: &CaseRow) -> &[TaskRow] {
        self.tasks.get(case.tasks.clone()).unwrap_or_default()
    }
}

impl Kernel for TaskLogKernel {
    type Partial = TaskLog;
    type Output = TaskLog;

    fn columns(&self) -> Columns {
        Columns {
            tasks: true,
            resource: true,
            dimensions: true,
            attributes: self.attributes,
            ..Columns::default()
        }
    }

    fn fold(&self, log: &mut TaskLog, batch: &EventBatch) {
        let activities = batch.activity.codes(&mut log.activities, batch.len());
        let resources = batch.resource.codes(&mut log.resources, batch.len());
        let mut transitions = Interner::default();
        let lifecycle = batch.lifecycle.codes(&mut transitions, batch.len());
        let kinds: Vec<Lifecycle> =
            transitions.names().iter().map(|n| Lifecycle::from_name(Some(n))).collect();
        let columns = [&batch.org, &batch.unit, &batch.product, &batch.channel];
        let dims = columns.map(|column| column.codes(&mut log.values, batch.len()));
        let times = batch.times();
        let mut schedules: Vec<(u32, i64)> = Vec::new();
        for case in batch.cases() {
            let kind = |row: usize| match lifecycle[row] {
                NONE => Lifecycle::None,
                code => kinds.get(code as usize).copied().unwrap_or(Lifecycle::Other),
            };
            let rows = case.rows.clone().map(|row| Row {
                row,
                activity: activities[row],
                resource: resources[row],
                lifecycle: kind(row),
                start: batch.start(row),
                time: times[row],
            });
            let tasks = pair_tasks(rows, &mut log.pairing);
            if tasks.is_empty() {
                continue;
            }
            schedules.clear();
            let entries = case.rows.clone().filter(|&row| kind(row) == Lifecycle::Schedule);
            schedules.extend(entries.map(|row| (activities[row], times[row])));
            let first = log.tasks.len();
            for task in tasks {
                // A task takes the earliest entry of its activity that nothing took before it.
                let entry =
                    schedules.iter().position(|&(a, t)| a == task.activity && t <= task.start);
                let known = match (task.end, task.started) {
                    (None, _) => Known::StartOnly,
                    (Some(_), true) => Known::Interval,
                    (Some(_), false) => Known::EndOnly,
                };
                log.tasks.push(TaskRow {
                    activity: task.activity,
                    resource: task.resource,
                    start: task.start,
                    end: task.end.unwrap_or(task.start),
                    scheduled: entry.map(|i| schedules.remove(i).1),
                    known,
                    day: batch.precision(task.row) == Precision::Day,
                });
            }
            let own = |codes: &[u32]| {
                codes[case.rows.clone()].iter().copied().find(|&c| c != NONE).unwrap_or(NONE)
            };
            let attributes =
                case.rows.clone().find_map(|row| batch.attributes(row)).map(ToOwned::to_owned);
            log.cases.push(CaseRow {
                id: case.id.to_owned(),
                tasks: first..log.tasks.len(),
                dims: [own(&dims[0]), own(&dims[1]), own(&dims[2]), own(&dims[3])],
                attributes,
            });
        }
    }

    fn merge(&self, into: &mut TaskLog, other: TaskLog) {
        let activities = into.activities.absorb(&other.activities);
        let resources = into.resources.absorb(&other.resources);
        let values = into.values.absorb(&other.values);
        let of = |codes: &[u32], code: u32| codes.get(code as usize).copied().unwrap_or(NONE);
        let moved = into.tasks.len();
        into.tasks.extend(other.tasks.into_iter().map(|t| TaskRow {
            activity: of(&activities, t.activity),
            resource: of(&resources, t.resource),
            ..t
        }));
        into.cases.extend(other.cases.into_iter().map(|c| CaseRow {
            tasks: c.tasks.start + moved..c.tasks.end + moved,
            dims: c.dims.map(|d| of(&values, d)),
            ..c
        }));
        let (sum, more) = (&mut into.pairing, other.pairing);
        sum.paired += more.paired;
        sum.lone_completes += more.lone_completes;
        sum.lone_starts += more.lone_starts;
        sum.schedules += more.schedules;
        sum.others += more.others;
    }

    fn finish(&self, partial: TaskLog) -> TaskLog {
        partial
    }
}
