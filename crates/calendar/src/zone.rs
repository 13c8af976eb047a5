//! From instants to civil days and back, in the zone of a body.
//!
//! - Computes: the civil day of an instant, and the instant of a local time
//!   with its ambiguity on the nights when clocks change.
//! - Units: microseconds since 1970 UTC; days since 1970; local date and time.
//! - Shapes: one look-up in a table of offset changes per call, the last one
//!   found being tried first, since neighbouring rows are near in time.
//! - Errors: [`CalendarError`] when the zone is unknown; instants beyond the
//!   table saturate.
//! - Source: the IANA time zone database, in the version bundled with the
//!   program so that a closed period replays everywhere alike.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::CalendarError;
use crate::day::{date_of, day_number};

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
/// Rules without end are unrolled up to here; later instants keep the last offset.
const LAST_TABLE_YEAR: i16 = 2200;

/// Whether a local time exists once, never or twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ambiguity {
    /// It exists once.
    Unique,
    /// Clocks jumped over it: read as if they had not jumped yet.
    Gap,
    /// Clocks went back over it: the first of the two.
    Fold,
}

/// A time zone, ready to be asked millions of times.
#[derive(Debug)]
pub struct Zone {
    name: Arc<str>,
    /// Start (µs, UTC) and offset (µs) of each stretch; the first starts at `i64::MIN`.
    stretches: Arc<[(i64, i64)]>,
    last_hit: AtomicUsize,
}

impl Clone for Zone {
    fn clone(&self) -> Self {
        Self {
            name: self.name.clone(),
            stretches: self.stretches.clone(),
            last_hit: AtomicUsize::new(0),
        }
    }
}

impl std::str::FromStr for Zone {
    type Err = CalendarError;
    fn from_str(name: &str) -> Result<Self, CalendarError> {
        Self::new(name)
    }
}

impl Zone {
    /// The zone of an IANA name (`Europe/Paris`, `Indian/Reunion`, `UTC`).
    pub fn new(name: &str) -> Result<Self, CalendarError> {
        let unknown = || CalendarError::UnknownTimeZone { name: name.to_owned() };
        let zone = TimeZoneDatabase::bundled()
            .get(name)
            .or_else(|_| TimeZone::get(name))
            .map_err(|_| unknown())?;
        Ok(Self::from_time_zone(name, &zone))
    }

    /// UTC itself.
    pub fn utc() -> Self {
        Self::from_time_zone("UTC", &TimeZone::UTC)
    }

    /// A zone already read; `name` is what [`Zone::name`] gives back.
    pub fn from_time_zone(name: &str, zone: &TimeZone) -> Self {
        let offset_at = |instant| i64::from(zone.to_offset(instant).seconds()) * SECOND;
        let mut stretches = vec![(i64::MIN, offset_at(Timestamp::MIN))];
        let end = DateTime::constant(LAST_TABLE_YEAR, 1, 1, 0, 0, 0, 0);
        let end = TimeZone::UTC.to_timestamp(end).unwrap_or(Timestamp::MAX);
        for change in zone.following(Timestamp::MIN).take_while(|t| t.timestamp() < end) {
            let offset = i64::from(change.offset().seconds()) * SECOND;
            // Changes of abbreviation alone are not changes of offset.
            if stretches.last().is_none_or(|last| last.1 != offset) {
                stretches.push((change.timestamp().as_microsecond(), offset));
            }
        }
        Self { name: name.into(), stretches: stretches.into(), last_hit: AtomicUsize::new(0) }
    }

    /// Name the zone was asked by.
    pub fn name(&self) -> &str {
        &self.name
    }

    #[inline]
    fn stretch_of(&self, us: i64) -> usize {
        let hit = self.last_hit.load(Ordering::Relaxed);
        if let Some(&(start, _)) = self.stretches.get(hit) {
            let before_next = self.stretches.get(hit + 1).is_none_or(|next| us < next.0);
            if start <= us && before_next {
                return hit;
            }
        }
        let found = self.stretches.partition_point(|s| s.0 <= us).saturating_sub(1);
        self.last_hit.store(found, Ordering::Relaxed);
        found
    }

    /// Microseconds local time is ahead of UTC at an instant.
    #[inline]
    pub fn offset_us(&self, us: i64) -> i64 {
        self.stretches.get(self.stretch_of(us)).map_or(0, |s| s.1)
    }

    /// Civil day of an instant, as days since 1970.
    #[inline]
    pub fn day_number(&self, us: i64) -> i32 {
        let local = us.saturating_add(self.offset_us(us));
        // 2^63 µs are about 107 million days: the quotient always fits.
        local.div_euclid(DAY) as i32
    }

    /// Civil day of an instant.
    #[inline]
    pub fn day_of(&self, us: i64) -> Date {
        date_of(self.day_number(us))
    }

    /// Local date and time of an instant; beyond the calendar, its nearest end.
    pub fn local_of(&self, us: i64) -> DateTime {
        let local = us.saturating_add(self.offset_us(us));
        let nearest = if local < 0 { Timestamp::MIN } else { Timestamp::MAX };
        let instant = Timestamp::from_microsecond(local).unwrap_or(nearest);
        TimeZone::UTC.to_datetime(instant)
    }

    /// The instant of a local date and time, and whether it was ambiguous.
    ///
    /// A time skipped in spring is read with the offset before the change (it
    /// lands after it); a time lived twice in autumn is its first occurrence.
    pub fn instant_of_local(&self, local: DateTime) -> (i64, Ambiguity) {
        let time = local.time();
        let in_day = (i64::from(time.hour()) * 3600
            + i64::from(time.minute()) * 60
            + i64::from(time.second()))
            * SECOND
            + i64::from(time.subsec_nanosecond()) / 1000;
        self.instant_of_local_us(i64::from(day_number(local.date())) * DAY + in_day)
    }

    /// The same for a local time given as microseconds since 1970 read as UTC.
    pub fn instant_of_local_us(&self, local_us: i64) -> (i64, Ambiguity) {
        // Offsets are below two days, so only the stretches around can hold it.
        let near = self.stretch_of(local_us);
        let first = near.saturating_sub(2);
        let candidates = self.stretches.get(first..).unwrap_or(&[]).iter().take(5);
        let mut found = None;
        let mut twice = false;
        let mut before_gap = None;
        for (k, &(start, offset)) in candidates.enumerate() {
            let us = local_us.saturating_sub(offset);
            let end = self.stretches.get(first + k + 1).map_or(i64::MAX, |next| next.0);
            if us >= start && (us < end || end == i64::MAX) {
                twice = found.is_some();
                found = found.or(Some(us));
            } else if us >= end {
                before_gap = Some(us);
            }
        }
        match (found, twice) {
            (Some(us), false) => (us, Ambiguity::Unique),
            (Some(us), true) => (us, Ambiguity::Fold),
            (None, _) => (before_gap.unwrap_or(local_us), Ambiguity::Gap),
        }
    }

    /// First instant of a civil day (midnight, or later when clocks jump over it).
    pub fn start_of_day(&self, day: i32) -> i64 {
        let midnight = i64::from(day).saturating_mul(DAY);
        let (us, ambiguity) = self.instant_of_local_us(midnight);
        match ambiguity {
            Ambiguity::Unique | Ambiguity::Fold => us,
            // The skipped time lands after the change, and the day begins at the change.
            Ambiguity::Gap => self.stretches.get(self.stretch_of(us)).map_or(us, |s| s.0),
        }
    }

    /// Last instant of a civil day.
    pub fn end_of_day(&self, day: i32) -> i64 {
        self.start_of_day(day.saturating_add(1)).saturating_sub(1)
    }

    /// Length of a civil day in microseconds: 23, 24 or 25 hours in Europe.
    pub fn day_length(&self, day: i32) -> i64 {
        self.start_of_day(day.saturating_add(1)).saturating_sub(self.start_of_day(day))
    }

    /// Rounds an instant down to its local second, as screens show it.
    pub fn to_second(us: i64) -> i64 {
        us.saturating_sub(us.rem_euclid(SECOND))
    }
}
