//! What is known in advance of each day, week or month: the columns the regression learns from.
//!
//! - Computes: holidays with their eves, morrows and bridges, school holidays, places in the month, worked days,
//!   the course of the year, dated campaigns and shocks, as columns over history and horizon.
//! - Units: 1 where a driver is at work, a share of the step where a week or a month is only touched by it.
//! - Shapes: a first day, a step and a number of steps in; [`Drivers`] out, one value per step and column.
//! - Errors: none; beyond the civil calendar columns are zero.
//! - Source: `docs/methods/calendar-effects.md`; holidays and school terms by `eclusier-calendar`.

use std::f64::consts::TAU;

use eclusier_calendar::{Calendar, SchoolZone, date_of, day_number};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::regression::{Contrast, Drivers, Kind, Prior};

mod days;
mod terms;

pub use terms::school_term;

/// How far apart values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// One value a day.
    Day,
    /// One value a week, dated by its first day.
    Week,
    /// One value a month, dated by any of its days.
    Month,
}

/// How strong a campaign will be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Size {
    /// What the user expects, as a share: 0.3 for three in ten more.
    Expected(f64),
    /// As the occurrence before it, that one alone.
    LikeLastTime,
    /// As all occurrences of its key.
    Learned,
}

/// One occurrence of a campaign.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Campaign {
    /// Occurrences of one key share their shape.
    pub key: String,
    /// What people call it.
    pub name: String,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// How strong it is.
    pub size: Size,
}

/// How long a shock lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lasting {
    /// To a last day.
    Until(Date),
    /// For good: a new level.
    ForGood,
}

/// Something that happens once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shock {
    /// What people call it; shocks of one name share one effect.
    pub name: String,
    /// First day.
    pub from: Date,
    /// How long.
    pub lasting: Lasting,
    /// What the user expects, as a share, if anything.
    pub expected: Option<f64>,
}

/// What is known of a house in advance.
#[derive(Debug, Clone, Copy, Default)]
pub struct House<'a> {
    /// Its calendar; without one, days that many countries keep are tried.
    pub calendar: Option<&'a Calendar>,
    /// Its school zones, each from its day on; days before the first obey the first.
    pub schools: &'a [(Date, SchoolZone)],
    /// Dated campaigns, past and to come.
    pub campaigns: &'a [Campaign],
    /// Shocks, past and to come.
    pub shocks: &'a [Shock],
}

/// Families of drivers that share a penalty.
pub(crate) mod family {
    pub const HOLIDAY: u32 = 0;
    pub const ONE_HOLIDAY: u32 = 1;
    pub const NEAR: u32 = 2;
    pub const CLOSURE: u32 = 3;
    pub const SCHOOL: u32 = 4;
    pub const MONTH: u32 = 5;
    pub const WORKED: u32 = 6;
    pub const YEARLY: u32 = 7;
    /// Campaigns and shocks have a family each.
    pub const OWN: u32 = 100;
}

/// Waves of the course of the year.
const WAVES: usize = 10;

/// The first and last day of every step.
fn spans(first: Date, step: Step, steps: usize) -> Vec<(i32, i32)> {
    let day = day_number(first);
    let at = |k: usize| i32::try_from(k).unwrap_or(i32::MAX);
    (0..steps)
        .map(|k| match step {
            Step::Day => {
                let day = day.saturating_add(at(k));
                (day, day)
            }
            Step::Week => {
                let from = day.saturating_add(at(k).saturating_mul(7));
                (from, from.saturating_add(6))
            }
            Step::Month => {
                let month = i32::from(first.year()) * 12 + i32::from(first.month()) - 1;
                let month = month.saturating_add(at(k));
                let year = i16::try_from(month.div_euclid(12)).unwrap_or(i16::MAX);
                let number = i8::try_from(month.rem_euclid(12) + 1).unwrap_or(1);
                let start = Date::new(year, number, 1).unwrap_or(Date::MAX);
                (day_number(start), day_number(start.last_of_month()))
            }
        })
        .collect()
}

/// The columns of `steps` steps from a first day, history and horizon together.
pub fn build(first: Date, step: Step, steps: usize, house: &House<'_>) -> Drivers {
    columns(&spans(first, step, steps), step, house)
}

/// The columns of the days given, which may leave some out: a house that counts Monday to Friday.
pub fn build_on(days: &[Date], house: &House<'_>) -> Drivers {
    let spans: Vec<(i32, i32)> = days.iter().map(|d| (day_number(*d), day_number(*d))).collect();
    let mut drivers = columns(&spans, Step::Day, house);
    if let (Some(first), Some(last)) = (spans.first(), spans.last()) {
        let civil = (f64::from(last.0) - f64::from(first.0) + 1.0).max(1.0);
        drivers.year = drivers.year.map(|year| year * spans.len() as f64 / civil);
    }
    drivers
}

fn columns(spans: &[(i32, i32)], step: Step, house: &House<'_>) -> Drivers {
    let mut drivers = Drivers::default();
    let calendar = house.calendar;
    match step {
        Step::Day => days::add(&mut drivers, spans, calendar),
        Step::Week | Step::Month => worked_days(&mut drivers, spans, step, calendar),
    }
    school(&mut drivers, spans, house.schools);
    campaigns(&mut drivers, spans, house.campaigns);
    shocks(&mut drivers, spans, house.shocks);
    if step != Step::Month {
        yearly(&mut drivers, spans, step);
    }
    // Columns without anything in them say nothing, whatever the history.
    let kept: Vec<bool> =
        drivers.columns.iter().map(|c| c.values.iter().any(|v| *v != 0.0)).collect();
    retain(drivers, &kept)
}

/// Drivers without the columns that are not kept, nor what was told of them alone.
fn retain(drivers: Drivers, kept: &[bool]) -> Drivers {
    let mut moved = Vec::with_capacity(kept.len());
    let mut next = 0usize;
    for keep in kept {
        moved.push(keep.then_some(next));
        next += usize::from(*keep);
    }
    let at = |c: usize| moved.get(c).copied().flatten();
    let Drivers { columns, told, year } = drivers;
    let told = told
        .into_iter()
        .filter_map(|t| {
            at(t.parts.last()?.0)?;
            let parts = t.parts.iter().filter_map(|&(c, w)| Some((at(c)?, w))).collect();
            Some(Contrast { parts, ..t })
        })
        .collect();
    let columns = columns.into_iter().zip(kept).filter(|(_, k)| **k).map(|(c, _)| c).collect();
    Drivers { columns, told, year }
}

/// A week or a month by its worked days, and by the holidays in it.
fn worked_days(
    drivers: &mut Drivers,
    spans: &[(i32, i32)],
    step: Step,
    calendar: Option<&Calendar>,
) {
    let usual = match step {
        Step::Week => 5.0,
        _ => 253.0 / 12.0,
    };
    let Some(calendar) = calendar else {
        if step == Step::Month {
            let days = spans.iter().map(|(a, b)| (f64::from(b - a + 1) / 30.4375).ln()).collect();
            drivers.push_told("days of the month", Kind::WorkedDays, family::WORKED, days, None);
        }
        return;
    };
    let worked = |&(from, to): &(i32, i32)| -> f64 {
        (from..=to).map(|d| calendar.worked_share(date_of(d))).sum()
    };
    let counts: Vec<f64> = spans.iter().map(worked).collect();
    let week: f64 = if step == Step::Week {
        counts.iter().copied().fold(0.0, f64::max).max(1.0)
    } else {
        usual
    };
    // Twice the worked days, twice the arrivals, would be an effect of one.
    let columns = counts.iter().map(|c| (c.max(0.5) / week).ln()).collect();
    drivers.push_told("worked days", Kind::WorkedDays, family::WORKED, columns, None);
    let holidays = |&(from, to): &(i32, i32)| -> f64 {
        let kept =
            |d: &i32| calendar.holiday(date_of(*d)).is_some() && days::would_work(calendar, *d);
        (from..=to).filter(kept).count() as f64
    };
    let columns = spans.iter().map(holidays).collect();
    drivers.push_told("holidays in it", Kind::Holiday, family::HOLIDAY, columns, None);
}

/// Share of each step in each kind of school holidays.
fn school(drivers: &mut Drivers, spans: &[(i32, i32)], zones: &[(Date, SchoolZone)]) {
    let zone_of = |date: Date| -> Option<SchoolZone> {
        let begun = zones.iter().filter(|z| z.0 <= date).max_by_key(|z| z.0);
        Some(begun.or(zones.iter().min_by_key(|z| z.0))?.1)
    };
    let mut names: Vec<&'static str> = Vec::new();
    let mut columns: Vec<Vec<f64>> = Vec::new();
    for (k, &(from, to)) in spans.iter().enumerate() {
        let length = f64::from(to - from + 1);
        for day in from..=to {
            let date = date_of(day);
            let Some(found) = zone_of(date).and_then(|z| school_term(z, date)) else { continue };
            let at = names.iter().position(|n| *n == found).unwrap_or_else(|| {
                names.push(found);
                columns.push(vec![0.0; spans.len()]);
                names.len() - 1
            });
            if let Some(slot) = columns.get_mut(at).and_then(|c| c.get_mut(k)) {
                *slot += 1.0 / length;
            }
        }
    }
    for (name, column) in names.iter().zip(columns) {
        drivers.push_told(name, Kind::School, family::SCHOOL, column, None);
    }
}

/// Share of a step inside a window.
fn touched((from, to): (i32, i32), window: (i32, i32)) -> f64 {
    let inside = i64::from(to.min(window.1)) - i64::from(from.max(window.0)) + 1;
    inside.max(0) as f64 / (i64::from(to) - i64::from(from) + 1).max(1) as f64
}

/// What the user expects, give or take a third of it and no less than three in a hundred.
fn expected(share: f64) -> Prior {
    let share = if share.is_finite() { share.clamp(-0.99, 20.0) } else { 0.0 };
    Prior { share, spread: (share.abs() / 3.0).max(0.03) }
}

const THIRDS: [&str; 3] = ["start", "body", "tail"];

/// Occurrences that share their columns.
struct Alike<'a> {
    key: &'a str,
    occurrences: Vec<&'a Campaign>,
    /// What is expected of them, when a person said so.
    share: Option<f64>,
    /// Whether every occurrence learned from its key joins.
    open: bool,
}

/// Occurrences by what they share: a key, one occurrence and those like it, or an expectation.
fn alike(campaigns: &[Campaign]) -> Vec<Alike<'_>> {
    let mut order: Vec<&Campaign> = campaigns.iter().filter(|c| c.from <= c.to).collect();
    order.sort_by(|a, b| (&a.key, a.from, a.to).cmp(&(&b.key, b.from, b.to)));
    let mut sets: Vec<Alike<'_>> = Vec::new();
    for (at, campaign) in order.iter().copied().enumerate() {
        let key = campaign.key.as_str();
        let first = sets.iter().all(|s| s.key != key);
        let next = order.get(at + 1).filter(|n| n.key == key);
        let (share, open) = match campaign.size {
            Size::Expected(share) => (Some(share), false),
            Size::LikeLastTime if !first => {
                // Sets follow the order of time, so the last of the key holds the last occurrence,
                // which was not put into an open one for being asked for.
                if let Some(set) = sets.iter_mut().rev().find(|s| s.key == key) {
                    set.occurrences.push(campaign);
                }
                continue;
            }
            _ => (None, next.is_none_or(|n| n.size != Size::LikeLastTime)),
        };
        let joined = sets.iter_mut().find(|s| open && s.open && s.key == key);
        match joined {
            Some(set) => set.occurrences.push(campaign),
            None => sets.push(Alike { key, occurrences: vec![campaign], share, open }),
        }
    }
    sets
}

/// Campaigns in thirds: start, body and tail, shared by the occurrences of a key.
fn campaigns(drivers: &mut Drivers, spans: &[(i32, i32)], campaigns: &[Campaign]) {
    for (number, set) in alike(campaigns).iter().enumerate() {
        let Alike { key, occurrences, share, .. } = set;
        let number = family::OWN + u32::try_from(number).unwrap_or(u32::MAX / 2);
        let mut columns = vec![vec![0.0; spans.len()]; 3];
        for campaign in occurrences {
            let (from, to) = (day_number(campaign.from), day_number(campaign.to));
            let length = i64::from(to) - i64::from(from) + 1;
            for (k, span) in spans.iter().enumerate() {
                for day in span.0.max(from)..=span.1.min(to) {
                    let third =
                        (3 * (2 * (i64::from(day) - i64::from(from)) + 1) / (2 * length)).min(2);
                    let column = usize::try_from(third).ok().and_then(|t| columns.get_mut(t));
                    if let Some(slot) = column.and_then(|c| c.get_mut(k)) {
                        *slot += 1.0 / f64::from(span.1 - span.0 + 1);
                    }
                }
            }
        }
        let prior = share.map(expected);
        let mut parts = Vec::new();
        for (third, values) in THIRDS.iter().zip(columns) {
            if values.iter().all(|v| *v == 0.0) {
                continue;
            }
            let at = drivers.push_told(
                &format!("{key}, {third}"),
                Kind::Campaign,
                number,
                values,
                prior,
            );
            parts.push((at, 1.0));
        }
        let n = parts.len().max(1) as f64;
        parts.iter_mut().for_each(|p| p.1 /= n);
        if !parts.is_empty() {
            let name = occurrences.last().map_or(*key, |c| c.name.as_str()).to_owned();
            drivers.told.push(Contrast { name, kind: Kind::Campaign, parts });
        }
    }
}

/// Shocks: as long as they last, or for good; those of one name share one effect, and what is
/// expected of the last of them that says so.
fn shocks(drivers: &mut Drivers, spans: &[(i32, i32)], shocks: &[Shock]) {
    let mut order: Vec<&Shock> = shocks.iter().collect();
    order.sort_by_key(|s| (&s.name, s.from));
    for (number, alike) in order.chunk_by(|a, b| a.name == b.name).enumerate() {
        let mut values = vec![0.0; spans.len()];
        for shock in alike {
            let until = match shock.lasting {
                Lasting::Until(day) => day_number(day),
                Lasting::ForGood => i32::MAX,
            };
            let window = (day_number(shock.from), until);
            for (value, &span) in values.iter_mut().zip(spans) {
                *value = f64::min(1.0, *value + touched(span, window));
            }
        }
        let Some(last) = alike.last() else { continue };
        let number = 2 * family::OWN + u32::try_from(number).unwrap_or(u32::MAX / 2);
        let prior = alike.iter().rev().find_map(|s| s.expected).map(expected);
        drivers.push_told(&last.name, Kind::Shock, number, values, prior);
    }
}

/// The course of the year as waves, the shorter ones expected to be smaller.
fn yearly(drivers: &mut Drivers, spans: &[(i32, i32)], step: Step) {
    let turn = |&(from, to): &(i32, i32)| f64::midpoint(f64::from(from), f64::from(to)) / 365.2425;
    for wave in 1..=WAVES {
        for (name, shift) in [("sine", 0.0), ("cosine", 0.25)] {
            let at = |s: &(i32, i32)| (TAU * (wave as f64 * turn(s) + shift)).sin() / wave as f64;
            let values = spans.iter().map(at).collect();
            let name = format!("year: {name} {wave}");
            drivers.push(&name, Kind::Yearly, family::YEARLY, values, None);
        }
    }
    drivers.year = Some(match step {
        Step::Day => 365.2425,
        Step::Week => 365.2425 / 7.0,
        Step::Month => 12.0,
    });
}
