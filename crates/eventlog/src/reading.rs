//! Two readings of a log: every delivered row, or the tasks paired from them.
//!
//! - Computes: the steps of a case, in order, with their start and end.
//! - Units: microseconds since 1970 UTC.
//! - Shapes: one batch in; a call per case with its steps out.
//! - Errors: none; pairing rules are in [`crate::tasks`].
//! - Source: `events` counts rows as pm4py does; `tasks` follows the XES lifecycle.

use serde::{Deserialize, Serialize};

use crate::{
    Columns, EventBatch, Interner, Lifecycle, Pairing, intern::NONE, pair_tasks, tasks::Row,
};

/// Which reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rows {
    /// Intervals of work, ordered by start.
    #[default]
    Tasks,
    /// Every delivered row at its instant, ties in delivery order.
    Events,
}

impl std::str::FromStr for Rows {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "tasks" => Ok(Rows::Tasks),
            "events" => Ok(Rows::Events),
            other => Err(format!("{other:?} is neither tasks nor events")),
        }
    }
}

/// One step of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Activity code in the caller's interner.
    pub activity: u32,
    /// Start.
    pub start: i64,
    /// End (the start again while the task is open).
    pub end: i64,
    /// Whether both its start and its end were delivered.
    pub started: bool,
}

impl Rows {
    /// Columns this reading needs.
    pub fn columns(self) -> Columns {
        Columns { tasks: self == Rows::Tasks, ..Columns::default() }
    }

    /// Calls `each` with the steps of every case of the batch, in order.
    pub fn each_case(
        self,
        batch: &EventBatch,
        names: &mut Interner,
        mut each: impl FnMut(&str, &[Step]),
    ) {
        let codes = batch.activity.codes(names, batch.len());
        let times = batch.times();
        let mut steps = Vec::new();
        match self {
            Rows::Events => {
                for case in batch.cases() {
                    steps.clear();
                    let rows = codes[case.rows.clone()].iter().zip(&times[case.rows.clone()]);
                    steps.extend(rows.map(|(&activity, &time)| Step {
                        activity,
                        start: time,
                        end: time,
                        started: false,
                    }));
                    each(case.id, &steps);
                }
            }
            Rows::Tasks => {
                let mut people = Interner::default();
                let resources = batch.resource.codes(&mut people, batch.len());
                let mut pairing = Pairing::default();
                let mut transitions = Interner::default();
                let lifecycle = batch.lifecycle.codes(&mut transitions, batch.len());
                let kinds: Vec<Lifecycle> =
                    transitions.names().iter().map(|n| Lifecycle::from_name(Some(n))).collect();
                for case in batch.cases() {
                    steps.clear();
                    // Rows without lifecycle are tasks as they are: nothing to pair.
                    if lifecycle[case.rows.clone()].iter().all(|&l| l == NONE) {
                        steps.extend(case.rows.clone().map(|row| Step {
                            activity: codes[row],
                            start: batch.start(row).unwrap_or(times[row]),
                            end: times[row],
                            started: batch.start(row).is_some(),
                        }));
                        steps.sort_by_key(|s| (s.start, s.end));
                        each(case.id, &steps);
                        continue;
                    }
                    let rows = case.rows.clone().map(|row| Row {
                        row,
                        activity: codes[row],
                        resource: resources[row],
                        lifecycle: match lifecycle[row] {
                            NONE => Lifecycle::None,
                            code => kinds.get(code as usize).copied().unwrap_or(Lifecycle::Other),
                        },
                        start: batch.start(row),
                        time: times[row],
                    });
                    let tasks = pair_tasks(rows, &mut pairing);
                    steps.extend(tasks.iter().map(|t| Step {
                        activity: t.activity,
                        start: t.start,
                        end: t.end.unwrap_or(t.start),
                        started: t.started && t.end.is_some(),
                    }));
                    if !steps.is_empty() {
                        each(case.id, &steps);
                    }
                }
            }
        }
    }
}
