//! The dated facts of a case, in the order in which they became known.
//!
//! A row that carries a start and an end is two facts: the work began, the work
//! ended. Read as of an instant between the two, only the first is known.

use eclusier_calendar::Zone;
use eclusier_eventlog::{EventBatch, Precision};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// The instant up to which events are read; later ones are as if never delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AsOf {
    /// The instant, microseconds since 1970 UTC, included.
    pub us: i64,
    /// Its civil day in the body's zone, for events known only by their day.
    pub day: i32,
}

impl AsOf {
    /// An instant, in the body's zone.
    pub fn instant(us: i64, zone: &Zone) -> Self {
        Self { us, day: zone.day_number(us) }
    }

    /// The end of a civil day.
    pub fn end_of_day(day: i32, zone: &Zone) -> Self {
        Self { us: zone.end_of_day(day), day }
    }

    pub(crate) fn knows(&self, us: i64, day: i32, date_only: bool) -> bool {
        if date_only { day <= self.day } else { us <= self.us }
    }
}

/// What a row says of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sense {
    /// Something was done: it may close, hold or reopen a case.
    Done,
    /// Work began.
    Began,
    /// Noted without being work done (scheduled, assigned, suspended…).
    Noted,
}

impl Sense {
    pub(crate) fn of(lifecycle: Option<&str>) -> Self {
        const NOTED: [&str; 9] = [
            "schedule",
            "assign",
            "reassign",
            "suspend",
            "resume",
            "withdraw",
            "autoskip",
            "manualskip",
            "ate_abort",
        ];
        match lifecycle {
            None => Sense::Done,
            Some(l) if l.eq_ignore_ascii_case("start") => Sense::Began,
            Some(l)
                if NOTED.iter().any(|n| l.eq_ignore_ascii_case(n))
                    || l.eq_ignore_ascii_case("pi_abort") =>
            {
                Sense::Noted
            }
            // `complete`, and the words of the many logs that use their own.
            Some(_) => Sense::Done,
        }
    }
}

/// One dated fact.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Point {
    pub us: i64,
    pub day: i32,
    pub activity: u32,
    pub sense: Sense,
    pub date_only: bool,
}

/// Fills `out` with the facts of one case known at `as_of`, in time order.
pub(crate) fn collect(
    batch: &EventBatch,
    rows: Range<usize>,
    activity: &[u32],
    sense: &[Sense],
    zone: &Zone,
    as_of: AsOf,
    out: &mut Vec<Point>,
) {
    out.clear();
    let times = batch.times();
    let mut sorted = true;
    for row in rows {
        let us = times[row];
        let date_only = batch.precision(row) == Precision::Day;
        let day_of = |us: i64| {
            if date_only { us.div_euclid(DAY_US) as i32 } else { zone.day_number(us) }
        };
        let (activity, sense) = (activity[row], sense[row]);
        let mut push = |us: i64, sense: Sense| {
            let day = day_of(us);
            if as_of.knows(us, day, date_only) {
                sorted &= out.last().is_none_or(|p: &Point| p.us <= us);
                out.push(Point { us, day, activity, sense, date_only });
            }
        };
        match batch.start(row) {
            // An end before its start is a finding of the import; here the row stays one fact.
            Some(start) if start < us && sense == Sense::Done => {
                push(start, Sense::Began);
                push(us, sense);
            }
            _ => push(us, sense),
        }
    }
    if !sorted {
        // Stable: equal instants keep the order of delivery.
        out.sort_by_key(|p| p.us);
    }
    // Days never go back inside a case, whatever mixture of dates and instants it has.
    let mut floor = i32::MIN;
    for point in out {
        floor = floor.max(point.day);
        point.day = floor;
    }
}

/// Microseconds in a day of 24 hours.
pub(crate) const DAY_US: i64 = 86_400_000_000;
