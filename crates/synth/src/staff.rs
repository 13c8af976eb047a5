//! Who is there each day, and for how long.

use std::sync::Arc;

use eclusier_calendar::{Calendar, SchoolZone, date_of, is_school_holiday};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// What a person does first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Everything, in a unit too small to share it out.
    All,
    /// Opens and registers.
    Registrar,
    /// Instructs and decides.
    Handler,
    /// Checks the decisions of others.
    Controller,
}

pub(crate) struct Person {
    pub code: Arc<str>,
    pub role: Role,
    /// Multiplies the time of every task.
    pub pace: f64,
    /// Seconds after midnight.
    pub starts: i64,
    pub lunch: i64,
    pub ends: i64,
    pub part_time: bool,
}

/// Why somebody is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// There, when the day is worked.
    There,
    /// A week of leave.
    Leave,
    /// A spell of sickness.
    Ill,
    /// A day for something else.
    Day,
    /// Never there that day of the week.
    PartTime,
    /// No longer in the team.
    Gone,
}

/// Seconds of lunch.
pub(crate) const LUNCH: i64 = 50 * 60;
const SECONDS_PER_DAY: f64 = 7.45 * 3600.0;

pub(crate) struct Staff {
    pub people: Vec<Person>,
    /// Halves of day present, people by row of days.
    present: Vec<u8>,
    /// Why people are not there, in the same order.
    why: Vec<Why>,
    /// Day from which people are missing.
    short_from: usize,
}

impl Staff {
    /// People of a unit and their presence over the days.
    ///
    /// Leave follows the school holidays; sickness comes in spells; `shortage` of
    /// the people are gone over the last twelve weeks.
    pub(crate) fn new(
        count: usize,
        first_code: u32,
        calendar: &Calendar,
        first: i32,
        days: usize,
        shortage: f64,
        rng: &mut ChaCha8Rng,
    ) -> Self {
        let big = count >= 10;
        let people: Vec<Person> = (0..count)
            .map(|i| {
                let starts = 28_800 + 60 * rng.random_range(0..70i64);
                Person {
                    code: format!("AG{:05}", first_code + u32::try_from(i).unwrap_or(0)).into(),
                    role: if count < 4 {
                        Role::All
                    } else if i == 0 || (big && i == 1) {
                        Role::Controller
                    } else if i + 1 == count || (big && i + 2 == count) {
                        Role::Registrar
                    } else {
                        Role::Handler
                    },
                    pace: rng.random_range(0.85..1.2),
                    starts,
                    lunch: 42_900 + 60 * rng.random_range(0..75i64),
                    ends: starts + 28_920 + 60 * rng.random_range(0..30i64),
                    part_time: rng.random_bool(0.15),
                }
            })
            .collect();
        let gone = (count as f64 * shortage).round() as usize;
        let short_from = if gone > 0 { days.saturating_sub(84) } else { days };
        let mut present = vec![0u8; count * days];
        let mut reasons = vec![Why::There; count * days];
        for (i, person) in people.iter().enumerate() {
            let mut sick_until = 0usize;
            let mut on_leave = false;
            for d in 0..days {
                let number = first.saturating_add(i32::try_from(d).unwrap_or(0));
                let day = date_of(number);
                let weekday = day.weekday().to_monday_zero_offset();
                if weekday == 0 || d == 0 {
                    on_leave = rng.random_bool(leave_chance(day));
                }
                if d >= sick_until && rng.random_bool(0.0045) {
                    sick_until = d + 1 + (rng.random::<f64>().powi(2) * 16.0) as usize;
                }
                let halves = (calendar.worked_share(day) * 2.0) as u8;
                // Those who go at the end are the handlers in the middle of the list.
                let left = d >= short_from && i >= 2 && i < 2 + gone;
                let why = if on_leave {
                    Why::Leave
                } else if d < sick_until {
                    Why::Ill
                } else if left {
                    Why::Gone
                } else if person.part_time && weekday == 2 {
                    Why::PartTime
                } else if rng.random_bool(0.025) {
                    Why::Day
                } else {
                    Why::There
                };
                let at = d * count + i;
                if let (Some(slot), Some(reason)) = (present.get_mut(at), reasons.get_mut(at)) {
                    *slot = if why == Why::There { halves } else { 0 };
                    *reason = why;
                }
            }
        }
        Self { people, present, why: reasons, short_from }
    }

    /// Halves of day each person is there.
    pub(crate) fn on(&self, day: usize) -> &[u8] {
        let from = day * self.people.len();
        self.present.get(from..from + self.people.len()).unwrap_or(&[])
    }

    /// Why a person is not there on a day.
    pub(crate) fn why(&self, day: usize, person: usize) -> Why {
        let at = day * self.people.len() + person;
        self.why.get(at).copied().unwrap_or(Why::Gone)
    }

    /// Day from which people are missing and not replaced.
    pub(crate) fn short_from(&self) -> usize {
        self.short_from
    }

    /// Whether people are missing that day and not replaced.
    pub(crate) fn is_short(&self, day: usize) -> bool {
        day >= self.short_from
    }

    /// Seconds of presence over all days.
    pub(crate) fn seconds(&self) -> f64 {
        self.present.iter().map(|&h| f64::from(h)).sum::<f64>() / 2.0 * SECONDS_PER_DAY
    }
}

/// Chance of taking the week off.
pub(crate) fn leave_chance(monday: jiff::civil::Date) -> f64 {
    let school = is_school_holiday(SchoolZone::A, monday) == Some(true);
    match (monday.month(), monday.day()) {
        (8, _) => 0.42,
        (7, _) => 0.26,
        (12, 20..) | (1, 1..=3) => 0.4,
        _ if school => 0.16,
        _ => 0.05,
    }
}

/// Share of a person's worked days spent at work, for sizing a team before it exists.
pub(crate) const PRESENCE: f64 = 0.78;

/// Seconds a person can be there over some worked days.
pub(crate) fn seconds_of_one(worked_days: f64) -> f64 {
    worked_days * SECONDS_PER_DAY * PRESENCE
}
