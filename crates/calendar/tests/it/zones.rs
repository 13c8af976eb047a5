//! Civil days and local times against the time zone library, which walks the rules itself.

use eclusier_calendar::{Ambiguity, CalendarError, Zone, date_of, day_number};
use jiff::civil::{DateTime, date};
use jiff::tz::{AmbiguousOffset, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;

const HOUR: i64 = 3_600_000_000;

const NAMES: [&str; 8] = [
    "Europe/Paris",
    "Indian/Reunion",
    "America/Cayenne",
    "America/Miquelon",
    "Pacific/Tahiti",
    "Pacific/Apia",
    "Australia/Lord_Howe",
    "UTC",
];

fn check_instant(zone: &Zone, us: i64) {
    let jiff = TimeZoneDatabase::bundled().get(zone.name()).unwrap();
    let instant = Timestamp::from_microsecond(us).unwrap();
    let local = jiff.to_datetime(instant);
    assert_eq!(zone.local_of(us), local, "{} {us}", zone.name());
    assert_eq!(zone.day_of(us), local.date());
    assert_eq!(zone.day_number(us), day_number(local.date()));
}

fn check_local(zone: &Zone, local: DateTime) {
    let jiff = TimeZoneDatabase::bundled().get(zone.name()).unwrap();
    let theirs = jiff.to_ambiguous_timestamp(local);
    let expected = match theirs.offset() {
        AmbiguousOffset::Unambiguous { .. } => Ambiguity::Unique,
        AmbiguousOffset::Gap { .. } => Ambiguity::Gap,
        AmbiguousOffset::Fold { .. } => Ambiguity::Fold,
    };
    let (us, ambiguity) = zone.instant_of_local(local);
    assert_eq!(ambiguity, expected, "{} {local}", zone.name());
    assert_eq!(us, theirs.compatible().unwrap().as_microsecond(), "{} {local}", zone.name());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn days_of_instants_equal_the_library(name in 0..NAMES.len(), us in -3_000_000_000_000_000i64..7_000_000_000_000_000) {
        check_instant(&Zone::new(NAMES[name]).unwrap(), us);
    }

    #[test]
    fn instants_of_local_times_equal_the_library(name in 0..NAMES.len(), us in -3_000_000_000_000_000i64..7_000_000_000_000_000) {
        let local = jiff::tz::TimeZone::UTC.to_datetime(Timestamp::from_microsecond(us).unwrap());
        check_local(&Zone::new(NAMES[name]).unwrap(), local);
    }

    #[test]
    fn no_instant_of_the_world_panics(us in any::<i64>(), day in any::<i32>()) {
        let zone = Zone::new("Europe/Paris").unwrap();
        zone.day_of(us);
        zone.local_of(us);
        zone.instant_of_local_us(us);
        zone.start_of_day(day);
        zone.day_length(day);
    }
}

#[test]
fn every_change_of_every_zone_is_right_minute_by_minute() {
    for name in NAMES {
        let zone = Zone::new(name).unwrap();
        let jiff = TimeZoneDatabase::bundled().get(name).unwrap();
        let start: Timestamp = "1900-01-01T00:00:00Z".parse().unwrap();
        let changes =
            jiff.following(start).take_while(|t| t.timestamp().as_second() < 2_000_000_000);
        for change in changes {
            let at = change.timestamp();
            for minutes in [-1500, -1441, -121, -61, -60, -31, -1, 0, 1, 29, 30, 59, 60, 61, 1500] {
                let near = at.checked_add(i64::from(minutes).minutes()).unwrap();
                check_instant(&zone, near.as_microsecond());
                check_local(&zone, jiff::tz::TimeZone::UTC.to_datetime(near));
                check_local(&zone, jiff.to_datetime(near));
            }
        }
    }
}

#[test]
fn days_of_23_and_25_hours() {
    let zone = Zone::new("Europe/Paris").unwrap();
    let spring = day_number(date(2025, 3, 30));
    let autumn = day_number(date(2025, 10, 26));
    assert_eq!(zone.day_length(spring), 23 * HOUR);
    assert_eq!(zone.day_length(autumn), 25 * HOUR);
    assert_eq!(zone.day_length(autumn + 1), 24 * HOUR);
    for day in [spring, autumn] {
        assert_eq!(zone.day_number(zone.start_of_day(day)), day);
        assert_eq!(zone.day_number(zone.start_of_day(day) - 1), day - 1);
        assert_eq!(zone.day_number(zone.end_of_day(day)), day);
    }
    let (skipped, gap) = zone.instant_of_local(date(2025, 3, 30).at(2, 30, 0, 0));
    assert_eq!(gap, Ambiguity::Gap);
    assert_eq!(zone.local_of(skipped), date(2025, 3, 30).at(3, 30, 0, 0));
    let (first, fold) = zone.instant_of_local(date(2025, 10, 26).at(2, 30, 0, 0));
    assert_eq!(fold, Ambiguity::Fold);
    assert_eq!(zone.local_of(first + HOUR), date(2025, 10, 26).at(2, 30, 0, 0));
}

#[test]
fn a_day_that_never_was_is_empty() {
    // Samoa crossed the date line and had no 30 December 2011.
    let zone = Zone::new("Pacific/Apia").unwrap();
    let skipped = day_number(date(2011, 12, 30));
    assert_eq!(zone.day_length(skipped), 0);
    assert_eq!(zone.day_length(skipped - 1), 24 * HOUR);
    assert_eq!(zone.day_number(zone.start_of_day(skipped)), skipped + 1);
}

#[test]
fn the_evening_in_utc_is_already_the_next_day_in_paris() {
    let zone = Zone::new("Europe/Paris").unwrap();
    let us = "2025-07-14T22:30:00Z".parse::<Timestamp>().unwrap().as_microsecond();
    assert_eq!(zone.day_of(us), date(2025, 7, 15));
    assert_eq!(Zone::utc().day_of(us), date(2025, 7, 14));
    assert_eq!(zone.clone().day_of(us), date_of(zone.day_number(us)));
}

#[test]
fn an_unknown_zone_is_refused() {
    assert_eq!(
        Zone::new("Europe/Pari").unwrap_err(),
        CalendarError::UnknownTimeZone { name: "Europe/Pari".into() }
    );
}
