//! Columns of single days.
//!
//! - Computes: holidays (all, those that move, each one), days around them, closures, places in the month.
//! - Units: 1 where a day is one, else 0.
//! - Shapes: one value per day.
//! - Errors: none.
//! - Source: `docs/methods/calendar-effects.md`.

use std::collections::BTreeMap;

use eclusier_calendar::{Calendar, date_of, day_number, easter};
use jiff::civil::Date;

use super::family;
use crate::regression::{Contrast, Drivers, Kind};

/// ISO weekday, 1 = Monday.
pub(super) fn weekday(day: i32) -> i64 {
    // 1 January 1970 was a Thursday.
    (i64::from(day) + 3).rem_euclid(7) + 1
}

/// Whether the house works on such a weekday: so it does in one of the weeks around.
pub(super) fn would_work(calendar: &Calendar, day: i32) -> bool {
    [-14, -7, 7, 14].iter().any(|d| calendar.is_worked(date_of(day.saturating_add(*d))))
}

/// Holidays that move with Easter, by the days after it.
fn moves(date: Date) -> bool {
    let after = |e: Date| i64::from(day_number(date)) - i64::from(day_number(e));
    easter(date.year()).is_some_and(|e| matches!(after(e), -3 | -2 | 0 | 1 | 39 | 49 | 50))
}

/// Daily columns of a house, or of nowhere in particular.
pub(super) fn add(drivers: &mut Drivers, spans: &[(i32, i32)], calendar: Option<&Calendar>) {
    let days: Vec<i32> = spans.iter().map(|s| s.0).collect();
    match calendar {
        Some(calendar) => house(drivers, &days, calendar),
        None => anywhere(drivers, &days),
    }
}

fn column(days: &[i32], is: impl Fn(i32) -> bool) -> Vec<f64> {
    days.iter().map(|&d| f64::from(u8::from(is(d)))).collect()
}

fn house(drivers: &mut Drivers, days: &[i32], calendar: &Calendar) {
    let (Some(&first), Some(&last)) = (days.first(), days.last()) else { return };
    // Days around the ends have neighbours too.
    let margin = 40;
    let (from, to) = (first.saturating_sub(margin), last.saturating_add(margin));
    let mut names: BTreeMap<i32, &'static str> = BTreeMap::new();
    for day in from..=to {
        if let Some(holiday) = calendar.holiday(date_of(day))
            && would_work(calendar, day)
        {
            names.insert(day, holiday.name_en);
        }
    }
    let worked: Vec<bool> = (from..=to).map(|d| calendar.is_worked(date_of(d))).collect();
    let is_worked = |d: i32| {
        usize::try_from(d - from).ok().and_then(|i| worked.get(i)).copied().unwrap_or(false)
    };
    let is_holiday = |d: i32| names.contains_key(&d) && !is_worked(d);
    // The days off that touch a worked day hold a holiday.
    let off = |d: i32, way: i32| -> (i32, bool) {
        let (mut at, mut length, mut holiday) = (d + way, 0, false);
        while (from..=to).contains(&at) && !is_worked(at) && length < 10 {
            holiday |= is_holiday(at);
            length += 1;
            at += way;
        }
        (length, holiday)
    };
    let bridge = |d: i32| {
        let (before, after) = (off(d, -1), off(d, 1));
        is_worked(d) && before.0 > 0 && after.0 > 0 && (before.1 || after.1)
    };

    // All holidays, those that move, each one: what is rare leans on what is common.
    let all = drivers.push_told(
        "holiday",
        Kind::Holiday,
        family::HOLIDAY,
        column(days, is_holiday),
        None,
    );
    let moving = drivers.push(
        "moving holiday",
        Kind::Holiday,
        family::ONE_HOLIDAY,
        column(days, |d| is_holiday(d) && moves(date_of(d))),
        None,
    );
    let mut own: Vec<&'static str> = names.values().copied().collect();
    own.sort_unstable();
    own.dedup();
    for name in own {
        let is = |d: i32| is_holiday(d) && names.get(&d) == Some(&name);
        let values = column(days, is);
        let goes = days.iter().any(|&d| is(d) && moves(date_of(d)));
        let at = drivers.push(name, Kind::Holiday, family::ONE_HOLIDAY, values, None);
        let mut parts = vec![(all, 1.0)];
        if goes {
            parts.push((moving, 1.0));
        }
        parts.push((at, 1.0));
        drivers.told.push(Contrast { name: name.to_owned(), kind: Kind::Holiday, parts });
    }
    let eve = |d: i32| is_worked(d) && !bridge(d) && off(d, 1).1;
    let morrow = |d: i32| is_worked(d) && !bridge(d) && off(d, -1).1;
    let mut near = |name: &str, values: Vec<f64>| {
        drivers.push_told(name, Kind::NearHoliday, family::NEAR, values, None);
    };
    near("bridge", column(days, bridge));
    near("eve of a holiday", column(days, eve));
    near("day after a holiday", column(days, morrow));

    let closed = days.iter().map(|&d| match calendar.closure(date_of(d)) {
        Some(half) if would_work(calendar, d) && !names.contains_key(&d) => {
            if half {
                0.5
            } else {
                1.0
            }
        }
        _ => 0.0,
    });
    let closed = closed.collect();
    drivers.push_told("closure", Kind::Closure, family::CLOSURE, closed, None);

    let rank = |d: i32| calendar.worked_rank_in_month(date_of(d));
    let left = |d: i32| {
        let end = date_of(d).last_of_month();
        calendar.worked_rank_in_month(end).saturating_sub(rank(d))
    };
    month(drivers, days, |d| {
        is_worked(d).then(|| (rank(d), left(d).saturating_add(1), date_of(d).day()))
    });
}

/// Places in the month, by rank from its beginning, rank from its end, and day.
fn month(drivers: &mut Drivers, days: &[i32], place: impl Fn(i32) -> Option<(u32, u32, i8)>) {
    let places: Vec<Option<(u32, u32, i8)>> = days.iter().map(|&d| place(d)).collect();
    let mut push = |name: &str, is: &dyn Fn((u32, u32, i8)) -> bool| {
        let values = places.iter().map(|p| f64::from(u8::from(p.is_some_and(is)))).collect();
        drivers.push_told(name, Kind::Month, family::MONTH, values, None);
    };
    push("first worked days of the month", &|p| p.0 <= 3);
    push("last worked days of the month", &|p| p.1 <= 3);
    push("middle of the month", &|p| (14..=16).contains(&p.2));
}

/// Days that many countries keep, whatever theirs is, and the days around them.
const KEPT: [(&str, i8, i8); 12] = [
    ("1 January", 1, 1),
    ("2 January", 1, 2),
    ("6 January", 1, 6),
    ("1 May", 5, 1),
    ("4 July", 7, 4),
    ("15 August", 8, 15),
    ("1 November", 11, 1),
    ("11 November", 11, 11),
    ("24 December", 12, 24),
    ("25 December", 12, 25),
    ("26 December", 12, 26),
    ("31 December", 12, 31),
];

/// The same, by days after Easter.
const EASTER: [(&str, i32); 9] = [
    ("Maundy Thursday", -3),
    ("Good Friday", -2),
    ("Holy Saturday", -1),
    ("Easter", 0),
    ("Easter Monday", 1),
    ("Ascension Day", 39),
    ("day after Ascension", 40),
    ("Whit Sunday", 49),
    ("Whit Monday", 50),
];

fn anywhere(drivers: &mut Drivers, days: &[i32]) {
    let mut push = |name: &str, is: &dyn Fn(Date) -> bool| {
        let values = column(days, |d| is(date_of(d)));
        drivers.push_told(name, Kind::Holiday, family::ONE_HOLIDAY, values, None);
    };
    for (name, month, day) in KEPT {
        push(name, &|d| (d.month(), d.day()) == (month, day));
    }
    for (name, after) in EASTER {
        push(name, &|d| easter(d.year()).is_some_and(|e| day_number(d) - day_number(e) == after));
    }
    push("last Monday of May", &|d| d.month() == 5 && weekday(day_number(d)) == 1 && d.day() >= 25);
    push("first Monday of September", &|d| {
        d.month() == 9 && weekday(day_number(d)) == 1 && d.day() <= 7
    });
    // The fourth Thursday of November and the day after it.
    push("Thanksgiving", &|d| {
        d.month() == 11 && weekday(day_number(d)) == 4 && (22..=28).contains(&d.day())
    });
    push("day after Thanksgiving", &|d| {
        d.month() == 11 && weekday(day_number(d)) == 5 && (23..=29).contains(&d.day())
    });
    let count = |n: i8| u32::from(n.unsigned_abs());
    month(drivers, days, |d| {
        let date = date_of(d);
        Some((
            count(date.day()),
            count(date.days_in_month()).saturating_sub(count(date.day())) + 1,
            date.day(),
        ))
    });
}
