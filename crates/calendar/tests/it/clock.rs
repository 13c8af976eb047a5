//! The working clock against a count minute by minute.

use eclusier_calendar::{
    Calendar, HolidayZone, Opening, WorkClock, Zone, day_number, usual_openings,
};
use eclusier_core::config::Closure;
use jiff::civil::{date, time};
use proptest::prelude::*;

const MINUTE: i64 = 60_000_000;

/// Hour and minute.
type At = (i8, i8);

fn openings(hours: &[(At, At)]) -> Vec<Opening> {
    let at = |(h, m): At| if h == 24 { time(0, 0, 0, 0) } else { time(h, m, 0, 0) };
    hours
        .iter()
        .map(|&(from, to)| Opening { weekdays: (1..=7).collect(), from: at(from), to: at(to) })
        .collect()
}

fn clock(zone: &Zone, hours: &[Opening], closures: &[Closure]) -> WorkClock {
    let calendar = Calendar::new(HolidayZone::Metropole, &[1, 2, 3, 4, 5, 6, 7], closures);
    let days = (day_number(date(2025, 3, 1)), day_number(date(2025, 12, 31)));
    WorkClock::new(&calendar, zone, hours, days.0, days.1).unwrap()
}

/// Minutes of `[from, to)` whose local time is inside an opening of a worked day.
fn by_minutes(zone: &Zone, hours: &[Opening], from: i64, to: i64) -> i64 {
    let calendar = Calendar::new(HolidayZone::Metropole, &[1, 2, 3, 4, 5, 6, 7], &[]);
    (0..(to - from) / MINUTE)
        .filter(|i| {
            let local = zone.local_of(from + i * MINUTE);
            let inside = |o: &Opening| {
                let closes_at_midnight = o.to == time(0, 0, 0, 0);
                o.from <= local.time() && (closes_at_midnight || local.time() < o.to)
            };
            calendar.is_worked(local.date()) && hours.iter().any(inside)
        })
        .count() as i64
}

proptest! {
    #[test]
    fn worked_time_is_the_count_of_open_minutes(
        start in 0i64..(300 * 1440),
        long in 0i64..(6 * 1440),
        from in 0i8..12, noon in 12i8..16, to in 16i8..=24,
    ) {
        let zone = Zone::new("Europe/Paris").unwrap();
        let hours = openings(&[((from, 0), (noon, 0)), ((noon, 30), (to, 0))]);
        let clock = clock(&zone, &hours, &[]);
        let from = zone.start_of_day(day_number(date(2025, 3, 1))) + start * MINUTE;
        let to = from + long * MINUTE;
        prop_assert_eq!(clock.between(from, to), by_minutes(&zone, &hours, from, to) * MINUTE);
        let open: i64 = clock.stretches(from, to).map(|(a, b)| b - a).sum();
        prop_assert_eq!(open, clock.between(from, to));
    }

    #[test]
    fn adding_worked_time_lands_where_that_much_was_worked(start in 0i64..(200 * 1440), worked in 1i64..6000) {
        let zone = Zone::new("Europe/Paris").unwrap();
        let clock = clock(&zone, &usual_openings(), &[]);
        let from = zone.start_of_day(day_number(date(2025, 3, 1))) + start * MINUTE;
        let to = clock.add(from, worked * MINUTE).unwrap();
        prop_assert_eq!(clock.between(from, to), worked * MINUTE);
        // One microsecond earlier, not all of it was worked.
        prop_assert!(clock.between(from, to - 1) < worked * MINUTE);
    }
}

#[test]
fn the_nights_when_clocks_change_are_as_long_as_they_are() {
    let zone = Zone::new("Europe/Paris").unwrap();
    let clock = clock(&zone, &openings(&[((0, 0), (24, 0))]), &[]);
    let day = |d| zone.start_of_day(day_number(d));
    let hours =
        |d: jiff::civil::Date| clock.between(day(d), day(d.tomorrow().unwrap())) / (60 * MINUTE);
    assert_eq!(hours(date(2025, 3, 30)), 23);
    assert_eq!(hours(date(2025, 10, 26)), 25);
    assert_eq!(hours(date(2025, 10, 27)), 24);
    assert_eq!(hours(date(2025, 7, 14)), 0, "a holiday");
}

#[test]
fn a_half_day_keeps_the_first_half_of_the_open_time() {
    let zone = Zone::new("Europe/Paris").unwrap();
    let day = date(2025, 12, 24);
    let half = Closure { date: day, half: true, reason: String::new() };
    let clock = clock(&zone, &usual_openings(), &[half]);
    let at = |h: i8, m: i8| zone.instant_of_local(day.at(h, m, 0, 0)).0;
    assert_eq!(clock.between(at(0, 0), at(23, 0)), 210 * MINUTE, "three and a half hours of seven");
    assert!(clock.is_open(at(13, 29)));
    assert!(!clock.is_open(at(13, 30)));
}

#[test]
fn hours_that_end_before_they_begin_are_refused_and_beyond_the_range_the_clock_stands_still() {
    let zone = Zone::utc();
    let wrong = openings(&[((12, 0), (9, 0))]);
    assert!(WorkClock::new(&Calendar::default(), &zone, &wrong, 0, 10).is_err());
    let clock = WorkClock::new(&Calendar::default(), &zone, &usual_openings(), 0, 10).unwrap();
    assert_eq!(clock.between(i64::MIN, -1), 0);
    assert_eq!(clock.between(20 * 86_400_000_000, i64::MAX), 0);
    assert_eq!(clock.add(0, i64::MAX), None);
}
