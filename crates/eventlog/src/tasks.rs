//! Tasks: intervals of work read from delivered rows.
//!
//! - Computes: one [`Task`] per piece of work. A row with a start is a task by
//!   itself. Lifecycle rows are paired: `start` with the next `complete` of the
//!   same activity and resource, else of the same activity; `schedule` marks the
//!   entry in the basket and is no task; a lone `complete` is a task of no
//!   length, a lone `start` an open one.
//! - Units: microseconds since 1970 UTC.
//! - Shapes: the rows of one case in time order in; tasks ordered by start,
//!   then end, ties in delivery order, out.
//! - Errors: none; what could not be paired is counted in [`Pairing`].
//! - Source: the lifecycle extension of XES (IEEE 1849), DOMAIN pairing rule.

use serde::{Deserialize, Serialize};

use crate::intern::NONE;

/// Lifecycle transitions that matter here; others (suspend, resume…) make no task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifecycle {
    /// No lifecycle was delivered: each row is a task.
    None,
    /// Enters the basket.
    Schedule,
    /// Work begins.
    Start,
    /// Work ends.
    Complete,
    /// Another transition: no task of its own.
    Other,
}

impl Lifecycle {
    /// Reads a transition name, whatever its case.
    pub fn from_name(name: Option<&str>) -> Self {
        match name {
            None | Some("") => Lifecycle::None,
            Some(n) if n.eq_ignore_ascii_case("complete") => Lifecycle::Complete,
            Some(n) if n.eq_ignore_ascii_case("start") => Lifecycle::Start,
            Some(n) if n.eq_ignore_ascii_case("schedule") => Lifecycle::Schedule,
            Some(_) => Lifecycle::Other,
        }
    }
}

/// One delivered row, as pairing sees it.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// Row number in the caller's batch.
    pub row: usize,
    /// Activity code.
    pub activity: u32,
    /// Resource code, [`NONE`] when absent.
    pub resource: u32,
    /// Transition.
    pub lifecycle: Lifecycle,
    /// Start carried by the row.
    pub start: Option<i64>,
    /// Instant of the row.
    pub time: i64,
}

/// A piece of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Task {
    /// Activity code.
    pub activity: u32,
    /// Resource code or [`NONE`].
    pub resource: u32,
    /// Start of work.
    pub start: i64,
    /// Whether its start was delivered: otherwise `start` is only its end again.
    pub started: bool,
    /// End of work; `None` while it is open.
    pub end: Option<i64>,
    /// Row that gave the task (its end where there is one).
    pub row: usize,
}

/// What pairing met, counted for the findings of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Pairing {
    /// Starts paired with a completion.
    pub paired: u64,
    /// Completions without a start.
    pub lone_completes: u64,
    /// Starts without a completion.
    pub lone_starts: u64,
    /// Schedules.
    pub schedules: u64,
    /// Other transitions.
    pub others: u64,
}

/// Turns the rows of one case into tasks.
pub fn pair_tasks(rows: impl IntoIterator<Item = Row>, pairing: &mut Pairing) -> Vec<Task> {
    let mut tasks: Vec<Task> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    for row in rows {
        let mut task = |start: Option<i64>, end| {
            tasks.push(Task {
                activity: row.activity,
                resource: row.resource,
                start: start.unwrap_or(row.time),
                started: start.is_some(),
                end,
                row: row.row,
            });
        };
        match row.lifecycle {
            Lifecycle::None => task(row.start, Some(row.time)),
            // A complete row that carries its own start needs no partner.
            Lifecycle::Complete if row.start.is_some() => {
                task(row.start, Some(row.time));
            }
            Lifecycle::Start => {
                task(Some(row.time), None);
                open.push(tasks.len() - 1);
            }
            Lifecycle::Complete => {
                let same_activity = |&&i: &&usize| tasks[i].activity == row.activity;
                let partner = open
                    .iter()
                    .filter(same_activity)
                    .find(|&&i| tasks[i].resource == row.resource)
                    .or_else(|| open.iter().find(same_activity))
                    .copied();
                match partner {
                    Some(i) => {
                        open.retain(|&o| o != i);
                        let opened = &mut tasks[i];
                        opened.end = Some(row.time);
                        opened.row = row.row;
                        if opened.resource == NONE {
                            opened.resource = row.resource;
                        }
                        pairing.paired += 1;
                    }
                    None => {
                        tasks.push(Task {
                            activity: row.activity,
                            resource: row.resource,
                            start: row.time,
                            started: false,
                            end: Some(row.time),
                            row: row.row,
                        });
                        pairing.lone_completes += 1;
                    }
                }
            }
            Lifecycle::Schedule => pairing.schedules += 1,
            Lifecycle::Other => pairing.others += 1,
        }
    }
    pairing.lone_starts += open.len() as u64;
    // Stable: equal starts keep the order in which they were delivered.
    tasks.sort_by_key(|t| (t.start, t.end.unwrap_or(i64::MAX)));
    tasks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(row: usize, activity: u32, resource: u32, lifecycle: Lifecycle, time: i64) -> Row {
        Row { row, activity, resource, lifecycle, start: None, time }
    }

    #[test]
    fn a_start_takes_the_next_completion_of_its_own_person_first() {
        let mut pairing = Pairing::default();
        let tasks = pair_tasks(
            [
                row(0, 7, 1, Lifecycle::Start, 10),
                row(1, 7, 2, Lifecycle::Start, 20),
                row(2, 7, 2, Lifecycle::Complete, 30),
                row(3, 7, 9, Lifecycle::Complete, 40),
            ],
            &mut pairing,
        );
        let spans: Vec<_> = tasks.iter().map(|t| (t.start, t.end)).collect();
        assert_eq!(spans, [(10, Some(40)), (20, Some(30))]);
        assert_eq!(pairing.paired, 2);
    }

    #[test]
    fn lone_rows_are_counted_not_lost() {
        let mut pairing = Pairing::default();
        let tasks = pair_tasks(
            [
                row(0, 1, NONE, Lifecycle::Schedule, 5),
                row(1, 1, NONE, Lifecycle::Complete, 10),
                row(2, 2, NONE, Lifecycle::Start, 20),
            ],
            &mut pairing,
        );
        assert_eq!(tasks.len(), 2);
        assert_eq!(tasks[0].end, Some(10));
        assert_eq!(tasks[1].end, None);
        assert_eq!(
            pairing,
            Pairing { lone_completes: 1, lone_starts: 1, schedules: 1, ..Default::default() }
        );
    }
}
