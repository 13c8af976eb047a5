//! How many requests come in each day: seasons, campaigns, growth and noise.

use eclusier_calendar::{Calendar, SchoolZone, date_of, is_school_holiday};
use jiff::civil::Date;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::spec::{Channel, ProcessSpec};

/// Expected requests per day and channel of a process, for one org at scale 1.
pub(crate) struct Season {
    /// One row per day, one column per channel of the specification.
    pub expected: Vec<Vec<f64>>,
}

impl Season {
    pub(crate) fn new(
        spec: &ProcessSpec,
        calendar: &Calendar,
        first: i32,
        days: usize,
        rng: &mut ChaCha8Rng,
    ) -> Self {
        let mut shape: Vec<Vec<f64>> = Vec::with_capacity(days);
        let mut level = Vec::with_capacity(days);
        let mut wave: f64 = 0.0;
        for (n, number) in (first..).take(days).enumerate() {
            let day = date_of(number);
            // The level wanders slowly around 1, as real series do.
            let shock: f64 = StandardNormal.sample(rng);
            wave = 0.97 * wave + 0.012 * shock;
            let years = n as f64 / 365.25;
            level.push(yearly(spec, day) * (1.0 + spec.growth * years) * (1.0 + wave).max(0.5));
            shape.push(
                spec.channels.iter().map(|c| weekly(c.channel, calendar, number, day)).collect(),
            );
        }
        // Each channel is scaled to its share of the whole period, whatever its days off.
        let worked =
            (first..).take(days).filter(|&d| calendar.is_worked(date_of(d))).count() as f64;
        let scales: Vec<f64> = spec
            .channels
            .iter()
            .enumerate()
            .map(|(c, channel)| {
                let sum: f64 =
                    shape.iter().zip(&level).map(|(row, l)| row.get(c).unwrap_or(&0.0) * l).sum();
                if sum > 0.0 { channel.share * worked / sum } else { 0.0 }
            })
            .collect();
        let expected = shape
            .iter()
            .zip(&level)
            .map(|(row, l)| row.iter().zip(&scales).map(|(w, s)| w * l * s).collect())
            .collect();
        Self { expected }
    }
}

/// Month of the year, smoothed from mid-month to mid-month, and campaigns.
fn yearly(spec: &ProcessSpec, day: Date) -> f64 {
    let month = usize::try_from(day.month() - 1).unwrap_or(0);
    let place = (f64::from(day.day()) - 15.5) / 30.5;
    let other = if place < 0.0 { month + 11 } else { month + 1 } % 12;
    let of = |m: usize| spec.months.get(m).copied().unwrap_or(1.0);
    let smooth = of(month) * (1.0 - place.abs()) + of(other) * place.abs();
    let today = (day.month(), day.day());
    let campaign: f64 = spec
        .campaigns
        .iter()
        .filter(|c| c.from <= today && today <= c.to)
        .map(|c| c.factor)
        .product();
    let school = is_school_holiday(SchoolZone::A, day) == Some(true);
    smooth * campaign * if school { 0.96 } else { 1.0 }
}

/// Day of the week and days off, by channel.
fn weekly(channel: Channel, calendar: &Calendar, number: i32, day: Date) -> f64 {
    let weekday = usize::try_from(day.weekday().to_monday_zero_offset()).unwrap_or(0);
    let pick = |weights: [f64; 7]| weights.get(weekday).copied().unwrap_or(0.0);
    let worked = calendar.worked_share(day);
    // After a day off in the week, the mail of two days comes at once.
    let after_closure = weekday > 0 && weekday < 5 && !calendar.is_worked(date_of(number - 1));
    let catch_up = if after_closure { 1.5 } else { 1.0 };
    match channel {
        Channel::Mail => {
            if worked > 0.0 {
                pick([1.42, 1.05, 0.9, 0.88, 0.85, 0.0, 0.0]) * catch_up
            } else {
                0.0
            }
        }
        Channel::Phone => worked * pick([1.3, 1.05, 0.95, 0.9, 0.85, 0.0, 0.0]) * catch_up,
        Channel::Email => {
            pick([1.15, 1.05, 1.0, 0.98, 0.92, 0.38, 0.36]) * if worked > 0.0 { 1.0 } else { 0.8 }
        }
        Channel::Online => {
            pick([1.12, 1.08, 1.05, 1.0, 0.95, 0.58, 0.62]) * if worked > 0.0 { 1.0 } else { 0.85 }
        }
    }
}
