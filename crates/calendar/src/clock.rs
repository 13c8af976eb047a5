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

use eclusier_core::config::Hours;
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

/// The opening hours of the rules; [`usual_openings`] when they name none.
pub fn openings(hours: &[Hours]) -> Vec<Opening> {
    if hours.is_empty() {
        return usual_openings();
    }
    let every = [1, 2, 3, 4, 5, 6, 7];
    hours
        .iter()
        .map(|h| Opening {
            weekdays: if h.weekdays.is_empty() { every.into() } else { h.weekdays.clone() },
            from: h.from,
            to: h.to,
        })
        .collect()
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
    /// UTC day of the first stretch, and for each day after it how many stretches began before.
    first_day: i64,
    begun: Arc<[u32]>,
    always: bool,
}

const DAY: i64 = 86_400_000_000;

type Week = [Vec<(Time, Time)>; 8];

/// Openings by weekday, in order.
fn week(openings: &[Opening]) -> Result<Week, CalendarError> {
    let mut week = Week::default();
    for opening in openings {
        if opening.to != Time::midnight() && opening.to <= opening.from {
            return Err(CalendarError::Opening { from: opening.from, to: opening.to });
        }
        for &weekday in &opening.weekdays {
            if let Some(list) = week.get_mut(usize::from(weekday)) {
                list.push((opening.from, opening.to));
            }
        }
    }
    week.iter_mut().for_each(|list| list.sort_unstable());
    Ok(week)
}

impl WorkClock {
    /// A clock that never stops: worked time is calendar time.
    pub fn always() -> Self {
        Self { stretches: Arc::new([]), first_day: 0, begun: Arc::new([]), always: true }
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
        Self::dated(calendar, zone, &[(i32::MIN, openings.to_vec())], first, last)
    }

    /// The same with opening hours that change: each version holds from its day until the next,
    /// and days before the first obey the first.
    pub fn dated(
        calendar: &Calendar,
        zone: &Zone,
        versions: &[(i32, Vec<Opening>)],
        first: i32,
        last: i32,
    ) -> Result<Self, CalendarError> {
        let mut weeks = Vec::with_capacity(versions.len());
        for (from, openings) in versions {
            weeks.push((*from, week(openings)?));
        }
        weeks.sort_by_key(|w| w.0);
        if weeks.is_empty() {
            return Err(CalendarError::NoVersion);
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
            let version = weeks.partition_point(|w| w.0 <= day).saturating_sub(1);
            let week = weeks.get(version).and_then(|(_, week)| week.get(weekday));
            for &(from, to) in week.into_iter().flatten() {
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
        let first_day = stretches.first().map_or(0, |s| s.from.div_euclid(DAY));
        let mut begun: Vec<u32> = Vec::new();
        for (before, stretch) in stretches.iter().enumerate() {
            let day = usize::try_from(stretch.from.div_euclid(DAY) - first_day).unwrap_or(0);
            // Days without an opening begin with as many as the day after them.
            if begun.len() <= day {
                begun.resize(day + 1, u32::try_from(before).unwrap_or(u32::MAX));
            }
        }
        Ok(Self { stretches: stretches.into(), first_day, begun: begun.into(), always: false })
    }

    /// Stretches that begin at or before an instant.
    #[inline]
    fn begun(&self, us: i64) -> usize {
        let day = us.div_euclid(DAY) - self.first_day;
        let Ok(day) = usize::try_from(day) else { return 0 };
        let Some(&before) = self.begun.get(day) else { return self.stretches.len() };
        let rest = self.stretches.get(before as usize..).unwrap_or_default();
        before as usize + rest.iter().take_while(|s| s.from <= us).count()
    }

    /// Worked time from the beginning of the range to an instant.
    #[inline]
    pub fn at(&self, us: i64) -> i64 {
        if self.always {
            return us;
        }
        match self.begun(us).checked_sub(1).and_then(|i| self.stretches.get(i)) {
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
        let last = self.begun(us).checked_sub(1).and_then(|i| self.stretches.get(i));
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
