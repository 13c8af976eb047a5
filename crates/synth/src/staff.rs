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
    part_time: bool,
}

/// Seconds of lunch.
pub(crate) const LUNCH: i64 = 50 * 60;
const SECONDS_PER_DAY: f64 = 7.45 * 3600.0;

pub(crate) struct Staff {
    pub people: Vec<Person>,
    /// Halves of day present, people by row of days.
    present: Vec<u8>,
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
                let off = on_leave
                    || d < sick_until
                    || left
                    || (person.part_time && weekday == 2)
                    || rng.random_bool(0.025);
                if let Some(slot) = present.get_mut(d * count + i) {
                    *slot = if off { 0 } else { halves };
                }
            }
        }
        Self { people, present, short_from }
    }

    /// Halves of day each person is there.
    pub(crate) fn on(&self, day: usize) -> &[u8] {
        let from = day * self.people.len();
        self.present.get(from..from + self.people.len()).unwrap_or(&[])
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
fn leave_chance(monday: jiff::civil::Date) -> f64 {
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
