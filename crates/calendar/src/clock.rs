//! Worked time between two instants: the hours a body is open, and nothing else.
//!
//! - Computes: the opening time of a body between two instants, the instants at
//!   which it opens, and the instant that lies a given worked time away.
//! - Units: microseconds; instants in microseconds since 1970 UTC.
//! - Shapes: built once over a range of days as running totals, so each question
//!   is one binary search; clones share the table.
//! - Errors: [`CalendarError`] when an opening does not end after it begins.
//!   Beyond the range the clock stands still; nothing panics.
//! - Source: `docs/methods/worked-time.md`; checked against a minute-by-minute count.

use std::sync::Arc;

use jiff::civil::{Time, time};

use crate::day::date_of;
use crate::{Calendar, CalendarError, Zone};

/// A stretch of the day on which the body is open, on some weekdays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// ISO weekdays, 1 = Monday; those the calendar does not work are never open.
    pub weekdays: Vec<u8>,
    /// Opens.
    pub from: Time,
    /// Closes; midnight means the end of the day.
    pub to: Time,
}

/// Seven hours a day, with a break at noon: used when nothing else is known, and said.
pub fn usual_openings() -> Vec<Opening> {
    let every = vec![1, 2, 3, 4, 5, 6, 7];
    vec![
        Opening { weekdays: every.clone(), from: time(9, 0, 0, 0), to: time(12, 0, 0, 0) },
        Opening { weekdays: every, from: time(13, 0, 0, 0), to: time(17, 0, 0, 0) },
    ]
}

/// One stretch of open time and the worked time before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stretch {
    from: i64,
    to: i64,
    before: i64,
}

/// The working hours of a body over a range of days. Cheap to clone.
#[derive(Debug, Clone)]
pub struct WorkClock {
    stretches: Arc<[Stretch]>,
    always: bool,
}

impl WorkClock {
    /// A clock that never stops: worked time is calendar time.
    pub fn always() -> Self {
        Self { stretches: Arc::new([]), always: true }
    }

    /// The clock of a calendar and its opening hours, over the days `first..=last`
    /// (days since 1970). A half-day closure closes the second half of the open time.
    pub fn new(
        calendar: &Calendar,
        zone: &Zone,
        openings: &[Opening],
        first: i32,
        last: i32,
    ) -> Result<Self, CalendarError> {
        let mut by_weekday: [Vec<(Time, Time)>; 8] = Default::default();
        for opening in openings {
            if opening.to != Time::midnight() && opening.to <= opening.from {
                return Err(CalendarError::Opening { from: opening.from, to: opening.to });
            }
            for &weekday in &opening.weekdays {
                if let Some(list) = by_weekday.get_mut(usize::from(weekday)) {
                    list.push((opening.from, opening.to));
                }
            }
        }
        for list in &mut by_weekday {
            list.sort_unstable();
        }
        let mut stretches: Vec<Stretch> = Vec::new();
        let mut before = 0i64;
        for day in first..=last {
            let date = date_of(day);
            let halves = calendar.worked_halves(date);
            if halves == 0 {
                continue;
            }
            let weekday = usize::from(date.weekday().to_monday_one_offset().unsigned_abs());
            let mut today: Vec<(i64, i64)> = Vec::new();
            for &(from, to) in by_weekday.get(weekday).into_iter().flatten() {
                let opens = zone.instant_of_local(date.to_datetime(from)).0;
                let closes = match to == Time::midnight() {
                    true => zone.start_of_day(day.saturating_add(1)),
                    false => zone.instant_of_local(date.to_datetime(to)).0,
                };
                // Stretches that overlap are one: an hour is not worked twice.
                let opens = today.last().map_or(opens, |&(_, end)| opens.max(end));
                if closes > opens {
                    today.push((opens, closes));
                }
            }
            let mut left = today.iter().map(|(a, b)| b - a).sum::<i64>() * i64::from(halves) / 2;
            for (from, to) in today {
                let to = to.min(from.saturating_add(left));
                if to > from {
                    stretches.push(Stretch { from, to, before });
                    before += to - from;
                    left -= to - from;
                }
            }
        }
        Ok(Self { stretches: stretches.into(), always: false })
    }

    /// Worked time from the beginning of the range to an instant.
    #[inline]
    pub fn at(&self, us: i64) -> i64 {
        if self.always {
            return us;
        }
        let after = self.stretches.partition_point(|s| s.from <= us);
        match after.checked_sub(1).and_then(|i| self.stretches.get(i)) {
            Some(s) => s.before + (us.min(s.to) - s.from),
            None => 0,
        }
    }

    /// Worked time between two instants; 0 when the second is not after the first.
    #[inline]
    pub fn between(&self, from: i64, to: i64) -> i64 {
        if to <= from { 0 } else { self.at(to).saturating_sub(self.at(from)) }
    }

    /// Whether the body is open at an instant.
    pub fn is_open(&self, us: i64) -> bool {
        let after = self.stretches.partition_point(|s| s.from <= us);
        let last = after.checked_sub(1).and_then(|i| self.stretches.get(i));
        self.always || last.is_some_and(|s| us < s.to)
    }

    /// The open stretches between two instants, cut at both.
    pub fn stretches(&self, from: i64, to: i64) -> impl Iterator<Item = (i64, i64)> + '_ {
        let whole = (self.always && to > from).then_some((from, to));
        let first = self.stretches.partition_point(|s| s.to <= from);
        let inside = self.stretches.get(first..).unwrap_or_default().iter();
        let inside = inside.take_while(move |s| s.from < to);
        whole.into_iter().chain(inside.map(move |s| (s.from.max(from), s.to.min(to))))
    }

    /// The instant at which `worked` more microseconds have been worked; `None` beyond the range.
    pub fn add(&self, from: i64, worked: i64) -> Option<i64> {
        if self.always {
            return from.checked_add(worked);
        }
        let goal = self.at(from).checked_add(worked)?;
        let after = self.stretches.partition_point(|s| s.before + (s.to - s.from) < goal);
        let stretch = self.stretches.get(after)?;
        Some((stretch.from + (goal - stretch.before)).max(from))
    }
}
