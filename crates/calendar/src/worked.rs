//! The calendar of a body: which days are worked, and how many lie between two.
//!
//! - Computes: worked (*ouvrés*), *ouvrable* and calendar days between two
//!   dates, and the date a number of days away.
//! - Units: days; a half-day closure leaves a day that counts as one day and
//!   whose worked share is 0.5.
//! - Shapes: built once over the years [`FIRST_YEAR`] to [`LAST_YEAR`] as running
//!   totals, so each question is one or two look-ups; clones share the tables.
//! - Errors: [`CalendarError`] when built from rules that cannot be read.
//!   Beyond the range, worked and ouvrable counts stop growing and dates stop
//!   at the last known day; nothing panics.
//! - Source: `docs/methods/calendar.md`; the two counters of the labour code.

use std::sync::Arc;

use eclusier_core::config::{Closure, DatedRules, DayCounter, ProcessRules};
use jiff::{ToSpan, civil::Date};

use crate::CalendarError;
use crate::day::{date_of, day_number, iso_weekday};
use crate::holidays::{Holiday, HolidayZone, holidays};

/// First year whose days are counted.
pub const FIRST_YEAR: i16 = 1900;
/// Last year whose days are counted.
pub const LAST_YEAR: i16 = 2150;

/// Running totals of one kind of day.
#[derive(Debug, Default)]
struct Totals {
    /// Counted days up to and including each day of the range.
    upto: Vec<u32>,
    /// Day number of the n-th counted day.
    nth: Vec<i32>,
}

#[derive(Debug)]
struct Tables {
    first: i32,
    last: i32,
    /// Worked halves of each day: 0, 1 or 2.
    halves: Vec<u8>,
    halves_upto: Vec<u32>,
    worked: Totals,
    ouvrable: Totals,
    versions: Vec<Version>,
}

/// One version of the week, holidays and closures, and the day it begins.
#[derive(Debug, Clone)]
struct Version {
    from: i32,
    zone: HolidayZone,
    /// Bit n set when ISO weekday n is worked.
    weekdays: u8,
    /// Day number, half; sorted.
    closures: Vec<(i32, bool)>,
}

/// The days of a body. Cheap to clone and to share between threads.
#[derive(Debug, Clone)]
pub struct Calendar {
    tables: Arc<Tables>,
}

impl Default for Calendar {
    /// Mainland holidays, Monday to Friday.
    fn default() -> Self {
        Self::new(HolidayZone::Metropole, &[1, 2, 3, 4, 5], &[])
    }
}

impl Calendar {
    /// A calendar with one set of rules for all time.
    ///
    /// Weekdays outside 1 (Monday) to 7 are ignored here; [`Calendar::from_rules`] refuses them.
    pub fn new(zone: HolidayZone, worked_weekdays: &[u8], closures: &[Closure]) -> Self {
        Self::build(vec![Version::new(i32::MIN, zone, worked_weekdays, closures)])
    }

    /// The calendar of one version of the rules, applied to all time.
    pub fn from_rules(rules: &ProcessRules) -> Result<Self, CalendarError> {
        Ok(Self::build(vec![Version::from_rules(i32::MIN, rules)?]))
    }

    /// The calendar of dated rules: each day obeys the version in force that day,
    /// days before the first version obey the first.
    pub fn from_dated(versions: &[DatedRules]) -> Result<Self, CalendarError> {
        let mut list = versions
            .iter()
            .map(|v| Version::from_rules(day_number(v.from), &v.rules))
            .collect::<Result<Vec<_>, _>>()?;
        list.sort_by_key(|v| v.from);
        let first = list.first_mut().ok_or(CalendarError::NoVersion)?;
        first.from = i32::MIN;
        Ok(Self::build(list))
    }

    fn build(versions: Vec<Version>) -> Self {
        let first = day_number(Date::constant(FIRST_YEAR, 1, 1));
        let last = day_number(Date::constant(LAST_YEAR, 12, 31));
        let days = usize::try_from(last - first + 1).unwrap_or(0);
        let mut halves = vec![0u8; days];
        let mut is_ouvrable = vec![false; days];

        for (i, version) in versions.iter().enumerate() {
            let from = version.from.max(first);
            let to = versions.get(i + 1).map_or(last, |next| next.from.saturating_sub(1)).min(last);
            if to < from {
                continue;
            }
            let at = |day: i32| {
                (from..=to).contains(&day).then(|| usize::try_from(day - first).ok()).flatten()
            };
            for day in from..=to {
                if let Some(i) = at(day) {
                    halves[i] = if version.works(day) { 2 } else { 0 };
                    is_ouvrable[i] = iso_weekday(day) != 7;
                }
            }
            for year in date_of(from).year()..=date_of(to).year() {
                for holiday in holidays(version.zone, year) {
                    if let Some(i) = at(day_number(holiday.date)) {
                        halves[i] = 0;
                        is_ouvrable[i] = false;
                    }
                }
            }
            for &(day, half) in &version.closures {
                if let Some(i) = at(day) {
                    halves[i] = halves[i].saturating_sub(if half { 1 } else { 2 });
                }
            }
        }

        let mut halves_upto = Vec::with_capacity(days);
        let mut sum = 0u32;
        for &h in &halves {
            sum += u32::from(h);
            halves_upto.push(sum);
        }
        Self {
            tables: Arc::new(Tables {
                first,
                last,
                halves_upto,
                worked: Totals::of(first, halves.iter().map(|&h| h > 0)),
                ouvrable: Totals::of(first, is_ouvrable.iter().copied()),
                halves,
                versions,
            }),
        }
    }

    /// Whether people work that day, be it half of it.
    pub fn is_worked(&self, day: Date) -> bool {
        self.worked_halves(day) > 0
    }

    /// Share of the day that is worked: 0, 0.5 or 1.
    pub fn worked_share(&self, day: Date) -> f64 {
        f64::from(self.worked_halves(day)) / 2.0
    }

    /// Whether the day is *ouvrable*: Monday to Saturday and no holiday. Local
    /// closures and the body's own week do not change it.
    pub fn is_ouvrable(&self, day: Date) -> bool {
        iso_weekday(day_number(day)) != 7 && self.holiday(day).is_none()
    }

    /// Whether a counter counts the day.
    pub fn is_counted(&self, counter: DayCounter, day: Date) -> bool {
        match counter {
            DayCounter::Worked => self.is_worked(day),
            DayCounter::Ouvrable => self.is_ouvrable(day),
            DayCounter::Calendar => true,
        }
    }

    /// The holiday that falls that day, if any (the first one when two do).
    pub fn holiday(&self, day: Date) -> Option<Holiday> {
        let version = self.tables.version_of(day_number(day))?;
        holidays(version.zone, day.year()).into_iter().find(|h| h.date == day)
    }

    /// Whether the day is a local closure, and whether only for half of it.
    pub fn closure(&self, day: Date) -> Option<bool> {
        let number = day_number(day);
        let closures = &self.tables.version_of(number)?.closures;
        let same = |c: &&(i32, bool)| c.0 == number;
        closures.iter().find(same)?;
        Some(!closures.iter().filter(same).any(|c| !c.1))
    }

    /// Worked halves of a day: 0, 1 or 2.
    pub fn worked_halves(&self, day: Date) -> u8 {
        let number = day_number(day);
        match self.tables.index(number).and_then(|i| self.tables.halves.get(i)) {
            Some(&h) => h,
            None => self.halves_beyond(number, day),
        }
    }

    /// Outside the tables the rules are read one day at a time.
    fn halves_beyond(&self, number: i32, day: Date) -> u8 {
        let Some(version) = self.tables.version_of(number) else { return 0 };
        if !version.works(number) || self.holiday(day).is_some() {
            return 0;
        }
        let closed: u8 = version
            .closures
            .iter()
            .filter(|c| c.0 == number)
            .fold(0u8, |sum, c| sum.saturating_add(if c.1 { 1 } else { 2 }));
        2u8.saturating_sub(closed)
    }

    /// Days counted after `from` and up to `to` included: day 0 is the day of
    /// reception. Negative when `to` comes before `from`.
    ///
    /// A half-day counts as one day; see [`Calendar::count_halves`].
    #[inline]
    pub fn count(&self, counter: DayCounter, from_exclusive: Date, to_inclusive: Date) -> i64 {
        self.count_numbers(counter, day_number(from_exclusive), day_number(to_inclusive))
    }

    /// The same between day numbers (days since 1970).
    #[inline]
    pub fn count_numbers(
        &self,
        counter: DayCounter,
        from_exclusive: i32,
        to_inclusive: i32,
    ) -> i64 {
        let totals = match counter {
            DayCounter::Calendar => {
                return i64::from(to_inclusive) - i64::from(from_exclusive);
            }
            DayCounter::Worked => &self.tables.worked,
            DayCounter::Ouvrable => &self.tables.ouvrable,
        };
        i64::from(self.tables.upto(&totals.upto, to_inclusive))
            - i64::from(self.tables.upto(&totals.upto, from_exclusive))
    }

    /// Worked days after `from` and up to `to` included, half-days counting 0.5,
    /// given in halves so that it stays an integer.
    pub fn count_halves(&self, from_exclusive: Date, to_inclusive: Date) -> i64 {
        let upto = |day| i64::from(self.tables.upto(&self.tables.halves_upto, day_number(day)));
        upto(to_inclusive) - upto(from_exclusive)
    }

    /// The day `days` counted days after `from` (a deadline), day 0 being `from`.
    ///
    /// 0 gives `from` itself, counted or not. A negative number goes back to
    /// the n-th counted day before `from`.
    pub fn add(&self, counter: DayCounter, from: Date, days: i64) -> Date {
        date_of(self.add_number(counter, day_number(from), days))
    }

    /// The same on day numbers (days since 1970).
    pub fn add_number(&self, counter: DayCounter, from: i32, days: i64) -> i32 {
        let totals = match counter {
            DayCounter::Calendar => {
                let sum = i64::from(from).saturating_add(days);
                let least = i64::from(day_number(Date::MIN));
                let most = i64::from(day_number(Date::MAX));
                return i32::try_from(sum.clamp(least, most)).unwrap_or(from);
            }
            DayCounter::Worked => &self.tables.worked,
            DayCounter::Ouvrable => &self.tables.ouvrable,
        };
        if days == 0 || totals.nth.is_empty() {
            return from;
        }
        let upto = i64::from(self.tables.upto(&totals.upto, from));
        // Rank, from 0, of the day wanted among the counted days of the range.
        let rank = if days > 0 {
            upto.saturating_add(days) - 1
        } else {
            let before = i64::from(self.tables.upto(&totals.upto, from.saturating_sub(1)));
            before.saturating_add(days)
        };
        let last_rank = i64::try_from(totals.nth.len()).unwrap_or(i64::MAX) - 1;
        let index = usize::try_from(rank.clamp(0, last_rank)).unwrap_or(0);
        let found = totals.nth.get(index).copied().unwrap_or(from);
        // Never on the wrong side of `from`, even when the range ends there.
        if days > 0 { found.max(from) } else { found.min(from) }
    }

    /// The day itself when worked, else the last worked day before it.
    ///
    /// This and the next three give the day itself when the body never works.
    pub fn last_worked_on_or_before(&self, day: Date) -> Date {
        if self.is_worked(day) { day } else { self.previous_worked(day) }
    }

    /// The last worked day strictly before: what people call *hier*.
    pub fn previous_worked(&self, day: Date) -> Date {
        self.add(DayCounter::Worked, day, -1)
    }

    /// The first worked day strictly after.
    pub fn next_worked(&self, day: Date) -> Date {
        self.add(DayCounter::Worked, day, 1)
    }

    /// The day itself when worked, else the first worked day after it.
    pub fn first_worked_on_or_after(&self, day: Date) -> Date {
        if self.is_worked(day) { day } else { self.next_worked(day) }
    }

    /// How many worked days the month has had, that day included.
    pub fn worked_rank_in_month(&self, day: Date) -> u32 {
        let start = day_number(day.first_of_month());
        let count =
            self.count_numbers(DayCounter::Worked, start.saturating_sub(1), day_number(day));
        u32::try_from(count).unwrap_or(0)
    }

    /// The worked day of the same rank in the same month one year before: what
    /// "the same day last year" means. A day that is not worked takes the rank of the last
    /// worked day before it in the month. The last worked day when
    /// that month had fewer; `None` when no worked day of the month has come yet.
    pub fn same_rank_day_last_year(&self, day: Date) -> Option<Date> {
        let rank = i64::from(self.worked_rank_in_month(day));
        let start = day.first_of_month().checked_sub(1.year()).ok()?;
        let eve = start.checked_sub(1.day()).ok()?;
        let in_month = self.count(DayCounter::Worked, eve, start.last_of_month());
        let rank = rank.min(in_month);
        (rank > 0).then(|| self.add(DayCounter::Worked, eve, rank))
    }

    /// Last worked day of the month: where month-end figures are read. The last
    /// civil day when the month has no worked day.
    pub fn month_end_worked(&self, day: Date) -> Date {
        let end = day.last_of_month();
        let found = self.last_worked_on_or_before(end);
        if found < day.first_of_month() { end } else { found }
    }

    /// Worked days of a civil year.
    pub fn worked_days_in_year(&self, year: i16) -> i64 {
        match (Date::new(year, 1, 1), Date::new(year, 12, 31)) {
            (Ok(start), Ok(end)) => self.count_numbers(
                DayCounter::Worked,
                day_number(start).saturating_sub(1),
                day_number(end),
            ),
            _ => 0,
        }
    }
}

impl Version {
    fn new(from: i32, zone: HolidayZone, worked_weekdays: &[u8], closures: &[Closure]) -> Self {
        let weekdays = worked_weekdays
            .iter()
            .filter(|d| (1..=7).contains(*d))
            .fold(0u8, |bits, d| bits | (1 << d));
        let mut closures: Vec<_> = closures.iter().map(|c| (day_number(c.date), c.half)).collect();
        closures.sort_unstable();
        Self { from, zone, weekdays, closures }
    }

    fn from_rules(from: i32, rules: &ProcessRules) -> Result<Self, CalendarError> {
        let zone = rules.calendar.parse()?;
        let given = &rules.worked_weekdays;
        if given.is_empty() || given.iter().any(|d| !(1..=7).contains(d)) {
            return Err(CalendarError::WorkedWeekdays { given: given.clone() });
        }
        Ok(Self::new(from, zone, given, &rules.closure))
    }

    fn works(&self, day: i32) -> bool {
        self.weekdays & (1 << iso_weekday(day)) != 0
    }
}

impl Totals {
    fn of(first: i32, counted: impl ExactSizeIterator<Item = bool>) -> Self {
        let mut totals = Totals {
            upto: Vec::with_capacity(counted.len()),
            nth: Vec::with_capacity(counted.len()),
        };
        let mut sum = 0u32;
        for (day, is_counted) in (first..).zip(counted) {
            if is_counted {
                sum += 1;
                totals.nth.push(day);
            }
            totals.upto.push(sum);
        }
        totals
    }
}

impl Tables {
    #[inline]
    fn index(&self, day: i32) -> Option<usize> {
        if day < self.first || day > self.last {
            return None;
        }
        usize::try_from(day - self.first).ok()
    }

    /// Running total at a day: 0 before the range, the whole after it.
    #[inline]
    fn upto(&self, totals: &[u32], day: i32) -> u32 {
        if day < self.first {
            return 0;
        }
        let found = self.index(day).and_then(|i| totals.get(i)).or(totals.last());
        found.copied().unwrap_or(0)
    }

    fn version_of(&self, day: i32) -> Option<&Version> {
        let after = self.versions.partition_point(|v| v.from <= day);
        self.versions.get(after.checked_sub(1)?)
    }
}
