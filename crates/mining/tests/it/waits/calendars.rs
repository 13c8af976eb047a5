//! Calendars found again in logs made from them.

use std::collections::BTreeMap;

use eclusier_calendar::Zone;
use eclusier_mining::calendars::{
    CalendarOptions, CalendarSource, CalendarsError, NoPresence, WeekPattern, calendars, discover,
    go_on,
};
use eclusier_mining::waits::{WaitsOptions, Weakness, waits};
use eclusier_mining::{Known, TaskLog};
use proptest::prelude::*;

use super::body::Dice;
use super::{Line, MONDAY, line, log_of, weekdays};

/// Short tasks at random instants of the open hours, `per_day` a day over some weeks.
fn worked(person: &str, week: &WeekPattern, weeks: i64, per_day: u64, seed: u64) -> Vec<Line> {
    let mut dice = Dice(seed);
    let mut lines = Vec::new();
    for day in 0..weeks * 7 {
        let hours: Vec<i64> =
            (0..24).filter(|&h| week.open[(day.rem_euclid(7) * 24 + h) as usize]).collect();
        for n in 0..if hours.is_empty() { 0 } else { per_day } {
            let hour = hours[dice.below(hours.len() as u64) as usize];
            let at = MONDAY + day * 1440 + hour * 60 + dice.below(60) as i64;
            let mut one = line(&format!("{person}-{day}-{n}"), "A", person, at, at);
            one.known = Known::EndOnly;
            lines.push(one);
        }
    }
    lines
}

fn found(log: &TaskLog, person: &str, options: &CalendarOptions) -> (WeekPattern, CalendarSource) {
    let calendars = discover(log, &Zone::utc(), options, &go_on).unwrap();
    let (pattern, source) = calendars.of(log.resources.get(person).unwrap()).unwrap();
    (WeekPattern::clone(pattern), source)
}

#[test]
fn a_week_is_found_again() {
    // No work on Wednesday afternoon, as many in French offices.
    let mut week = weekdays(&[(9, 12), (13, 17)]);
    week.open[2 * 24 + 13..2 * 24 + 17].fill(false);
    let log = log_of(&worked("ana", &week, 20, 12, 3));
    assert_eq!(found(&log, "ana", &CalendarOptions::default()), (week, CalendarSource::Own));
}

#[test]
fn an_hour_never_seen_on_few_days_is_not_closed_for_that() {
    // Four weeks of four tasks a day: many hours of a given weekday were never met.
    let week = weekdays(&[(9, 17)]);
    let log = log_of(&worked("ana", &week, 4, 4, 5));
    let (pattern, source) = found(&log, "ana", &CalendarOptions::default());
    assert_eq!(source, CalendarSource::Own);
    assert_eq!(pattern, week);
}

#[test]
fn one_evening_is_not_a_habit() {
    let mut lines = worked("ana", &weekdays(&[(9, 17)]), 8, 8, 7);
    lines.push(line("late", "A", "ana", MONDAY + 21 * 60, MONDAY + 21 * 60 + 5));
    let log = log_of(&lines);
    assert!(!found(&log, "ana", &CalendarOptions::default()).0.open[21]);
}

#[test]
fn days_disguised_as_midnight_are_no_night_work() {
    let week = weekdays(&[(9, 17)]);
    let mut lines = worked("ana", &week, 12, 8, 7);
    // One task in four is known by its day only, and written at midnight.
    for line in lines.iter_mut().step_by(4) {
        line.end -= line.end.rem_euclid(1440);
        line.start = line.end;
    }
    let log = log_of(&lines);
    assert_eq!(found(&log, "ana", &CalendarOptions::default()).0, week);
    let clock = super::opening(&[(9, 17)]);
    let answer = waits(&log, &clock, &WaitsOptions::new(Zone::utc()), &go_on).unwrap();
    let n = lines.len().div_ceil(4) as u64;
    assert!(answer.quality.weaknesses.contains(&Weakness::MidnightInstants { n }));
    // Whoever works at night does so at any minute: midnight sharp is then an instant as another.
    let nights = log_of(&worked("bob", &WeekPattern::always(60), 12, 8, 7));
    assert!(found(&nights, "bob", &CalendarOptions::default()).0.open[0]);
}

#[test]
fn those_seen_too_little_have_the_calendar_of_their_team_role_or_body() {
    let morning = weekdays(&[(8, 12)]);
    let day = weekdays(&[(9, 17)]);
    let mut lines = worked("ana", &morning, 10, 10, 1);
    let mut other = worked("bob", &day, 10, 10, 2);
    for line in &mut other {
        line.activity = "B".into();
    }
    lines.extend(other);
    for (person, activity) in [("cleo", "A"), ("dan", "B"), ("eve", "C")] {
        let mut one = line(person, activity, person, MONDAY + 600, MONDAY + 601);
        one.known = Known::EndOnly;
        lines.push(one);
    }
    let log = log_of(&lines);
    let mut options = CalendarOptions::default();
    assert_eq!(found(&log, "cleo", &options), (morning.clone(), CalendarSource::Role));
    assert_eq!(found(&log, "dan", &options), (day.clone(), CalendarSource::Role));
    assert_eq!(found(&log, "eve", &options).1, CalendarSource::Body);
    let team = |team: &str| team.to_owned();
    options.teams = BTreeMap::from([("dan".into(), team("t")), ("ana".into(), team("t"))]);
    assert_eq!(found(&log, "dan", &options), (morning, CalendarSource::Team));
    // Somebody seen one week in ten is no regular: their pool's calendar is used.
    let mut lines = worked("ana", &weekdays(&[(9, 17)]), 30, 10, 1);
    lines.extend(worked("fay", &weekdays(&[(9, 12)]), 2, 30, 9));
    lines.push(line("z", "A", "fay", MONDAY + 29 * 7 * 1440 + 600, MONDAY + 29 * 7 * 1440 + 610));
    let log = log_of(&lines);
    assert_eq!(found(&log, "fay", &CalendarOptions::default()).1, CalendarSource::Role);
}

#[test]
fn hours_are_local_on_both_sides_of_a_clock_change() {
    let zone = Zone::new("Europe/Paris").unwrap();
    let week = weekdays(&[(9, 17)]);
    // March and April 2024: the clocks change on the 31st of March.
    let mut lines = worked("ana", &week, 16, 10, 4);
    for line in &mut lines {
        let local = line.end * super::MINUTE;
        line.end = zone.instant_of_local_us(local).0 / super::MINUTE;
        line.start = line.end;
    }
    let log = log_of(&lines);
    let calendars = discover(&log, &zone, &CalendarOptions::default(), &go_on).unwrap();
    assert_eq!(**calendars.of(0).unwrap().0, week);
}

#[test]
fn a_profile_is_by_team_and_says_when_it_has_nothing() {
    let mut lines = worked("ana", &weekdays(&[(9, 12)]), 6, 6, 1);
    lines.extend(worked("bob", &weekdays(&[(9, 17)]), 6, 6, 2));
    let log = log_of(&lines);
    let mut options = CalendarOptions::default();
    options.teams.insert("ana".into(), "Nord".into());
    let profile = calendars(&log, &Zone::utc(), &options, &go_on).unwrap();
    let names: Vec<Option<&str>> = profile.teams.iter().map(|t| t.team.as_deref()).collect();
    assert_eq!(names, [Some("Nord"), None]);
    assert_eq!(profile.missing, None);
    let north = &profile.teams[0];
    assert_eq!((north.resources, north.own_calendars), (1, 1));
    assert_eq!(north.slots.len(), 15);
    for slot in &north.slots {
        assert_eq!((slot.days, slot.expected), (6, 1));
        assert_eq!(slot.share, Some(slot.active_days as f64 / 6.0));
    }
    let json = serde_json::to_string(&profile).unwrap();
    assert!(!json.contains("ana") && !json.contains("bob"), "nobody is named");
    let nobody: Vec<Line> = lines.iter().cloned().map(|l| Line { person: None, ..l }).collect();
    let days: Vec<Line> = lines.iter().cloned().map(|l| Line { day: true, ..l }).collect();
    for (lines, why) in [
        (nobody, NoPresence::NoResources),
        (days, NoPresence::DaysOnly),
        (lines[..3].to_vec(), NoPresence::TooFew { n: 3 }),
    ] {
        let profile = calendars(&log_of(&lines), &Zone::utc(), &options, &go_on).unwrap();
        assert_eq!(profile.missing, Some(why));
    }
    let wrong = CalendarOptions { confidence: 1.5, ..CalendarOptions::default() };
    let refused = calendars(&log, &Zone::utc(), &wrong, &go_on);
    assert_eq!(refused, Err(CalendarsError::Share { name: "confidence", share: 1.5 }));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn the_pattern_holds_the_support_asked_for(seed in any::<u64>(), support in 0.3..0.95f64, slot in prop::sample::select(vec![30u16, 60, 120])) {
        let mut lines = worked("ana", &weekdays(&[(8, 12), (14, 18)]), 6, 7, seed);
        // Noise at any hour.
        lines.extend(worked("ana", &WeekPattern::always(60), 6, 1, seed ^ 1));
        let log = log_of(&lines);
        let options = CalendarOptions { support, slot_minutes: slot, ..CalendarOptions::default() };
        let (pattern, source) = found(&log, "ana", &options);
        prop_assert_eq!(pattern.open.len(), 7 * 1440 / usize::from(slot));
        if source == CalendarSource::Own {
            let inside = log.tasks.iter().filter(|t| {
                let minute = t.end / super::MINUTE - MONDAY;
                pattern.open[(minute.rem_euclid(7 * 1440) / i64::from(slot)) as usize]
            });
            prop_assert!(inside.count() as f64 >= support * log.tasks.len() as f64);
        }
    }
}
