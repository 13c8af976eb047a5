//! Laws that hold on every row: determinism, conservation, calendars, one task at a time.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use eclusier_calendar::Zone;
use eclusier_synth::{Body, DayTruth, Process, Size, ZONE};
use jiff::civil::date;
use proptest::prelude::*;

use crate::{END, office, team};

#[test]
fn the_same_seed_gives_the_same_rows_and_another_gives_others() {
    let rows = |body: &Body| -> Vec<_> { body.processes()[0].events().unwrap().collect() };
    let first = rows(&team());
    assert_eq!(first, rows(&team()));
    assert_ne!(first, rows(&Body::new(1, Size::Team, END)));
}

/// Days rebuilt from the rows and the rules alone, without the generator's knowledge.
fn ledger(process: &Process) -> BTreeMap<jiff::civil::Date, [i64; 6]> {
    let zone = Zone::new(ZONE).unwrap();
    let states = process.rules().states;
    let mut open: HashMap<Arc<str>, bool> = HashMap::new();
    let mut days: BTreeMap<_, [i64; 6]> = BTreeMap::new();
    for event in process.events().unwrap() {
        let day = zone.day_of(event.end_us);
        let row = days.entry(day).or_default();
        let named = |list: &[String]| list.iter().any(|a| a == event.activity);
        let closes =
            [&states.settled, &states.settled_auto, &states.cancelled, &states.transferred]
                .iter()
                .position(|list| named(list));
        match open.get(&event.case).copied() {
            None => {
                row[0] += 1;
                open.insert(event.case.clone(), true);
            }
            Some(false) if closes.is_none() && !named(&states.neutral) => {
                row[5] += 1;
                open.insert(event.case.clone(), true);
            }
            _ => {}
        }
        if let Some(how) = closes {
            assert_eq!(open.insert(event.case.clone(), false), Some(true), "{event:?}");
            row[1 + how] += 1;
        }
    }
    days
}

#[test]
fn what_comes_in_less_what_goes_out_is_what_is_there() {
    for process in office().processes() {
        let mut stream = process.events().unwrap();
        stream.by_ref().for_each(drop);
        let truth: Vec<DayTruth> = stream.truth().days().collect();
        let rebuilt = ledger(process);
        let mut closing = 0;
        for day in &truth {
            let found = rebuilt.get(&day.day).copied().unwrap_or_default();
            let told = [
                day.arrivals,
                day.settled_human,
                day.settled_auto,
                day.cancelled,
                day.transferred,
                day.reopened,
            ];
            assert_eq!(found, told, "{} {}", process.id(), day.day);
            closing += found[0] - found[1] - found[2] - found[3] - found[4] + found[5];
            assert_eq!(closing, day.closing);
            assert!(closing >= 0);
        }
        assert_eq!(rebuilt.keys().filter(|d| **d < truth[0].day).count(), 0);
        let (open, held) = stream.open_cases();
        assert_eq!(i64::try_from(open).unwrap(), stream.truth().closing());
        assert!(held <= open);
    }
}

#[test]
fn nobody_works_on_a_day_off_nor_at_night() {
    let body = office();
    let zone = Zone::new(ZONE).unwrap();
    for process in body.processes() {
        let (mut human, mut machine_on_days_off) = (0, 0);
        for event in process.events().unwrap() {
            let day = zone.day_of(event.end_us);
            if event.person.is_some() {
                human += 1;
                assert!(process.calendar().is_worked(day), "{event:?}");
                let (start, end) = (zone.local_of(event.start_us), zone.local_of(event.end_us));
                assert_eq!(start.date(), end.date());
                assert!((8..20).contains(&start.hour()) && end.hour() <= 20, "{event:?}");
            } else if !process.calendar().is_worked(day) {
                machine_on_days_off += 1;
            }
        }
        assert!(human > 1000, "{}", process.id());
        assert!(machine_on_days_off > 0, "{}: requests come at week ends too", process.id());
    }
}

#[test]
fn a_person_does_one_thing_at_a_time_in_one_unit() {
    for process in office().processes() {
        let mut tasks: HashMap<Arc<str>, Vec<(i64, i64)>> = HashMap::new();
        let mut units: HashMap<Arc<str>, HashSet<Arc<str>>> = HashMap::new();
        for event in process.events().unwrap() {
            let Some(person) = event.person else { continue };
            units.entry(person.clone()).or_default().insert(event.unit);
            if event.end_us > event.start_us {
                tasks.entry(person).or_default().push((event.start_us, event.end_us));
            }
        }
        for (person, mut spans) in tasks {
            spans.sort_unstable();
            assert!(spans.windows(2).all(|w| w[0].1 <= w[1].0), "{person} of {}", process.id());
        }
        assert!(units.values().all(|u| u.len() == 1));
        assert_eq!(units.len(), process.people(), "{}: everyone works", process.id());
    }
}

#[test]
fn cases_are_in_order_inside_the_period_and_keyed_when_they_say() {
    let body = office();
    let zone = Zone::new(ZONE).unwrap();
    for process in body.processes() {
        let mut last_keyed = date(1900, 1, 1);
        let mut last_of_case: HashMap<Arc<str>, i64> = HashMap::new();
        let mut late = 0;
        let declared: HashSet<(String, String)> =
            process.units().map(|(o, u)| (o.to_owned(), u.to_owned())).collect();
        for event in process.events().unwrap() {
            assert!(event.start_us <= event.end_us, "{event:?}");
            let day = zone.day_of(event.end_us);
            assert!(body.period().contains(day), "{event:?}");
            assert!(event.recorded >= last_keyed && event.recorded >= day, "{event:?}");
            last_keyed = event.recorded;
            late += usize::from(event.recorded > day);
            let before = last_of_case.insert(event.case.clone(), event.end_us);
            assert!(before.is_none_or(|b| b <= event.end_us), "{event:?}");
            assert!(declared.contains(&(event.org.to_string(), event.unit.to_string())));
        }
        assert!(late > 50, "{}: {late} receptions keyed late", process.id());
    }
}

#[test]
fn the_rules_name_activities_that_exist_and_hold_together() {
    let body = office();
    for process in body.processes() {
        let rules = process.rules();
        assert_eq!(rules.check(), []);
        let names: BTreeSet<&str> = process.events().unwrap().map(|e| e.activity).collect();
        let holds = rules.states.hold.iter().flat_map(|h| h.enter.iter().chain(&h.leave));
        let states = &rules.states;
        for name in
            states.settled.iter().chain(&states.cancelled).chain(&states.neutral).chain(holds)
        {
            assert!(names.contains(name.as_str()), "{}: {name}", process.id());
        }
        let text = rules.to_toml().unwrap();
        assert_eq!(eclusier_core::ProcessRules::from_toml(&text).unwrap(), rules);
    }
    assert_eq!(body.counts_rules().check(), []);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn any_seed_and_any_end_make_a_body(seed in any::<u64>(), day in 0i32..60_000) {
        let end = eclusier_calendar::date_of(day - 10_000);
        let body = Body::new(seed, Size::Team, end);
        let process = &body.processes()[usize::try_from(seed % 3).unwrap()];
        let mut stream = process.events().unwrap();
        let rows = stream.by_ref().count();
        prop_assert!(rows > 3_000, "{rows} rows");
        prop_assert!(stream.truth().closing() >= 0);
    }
}

#[test]
fn the_ends_of_the_calendar_do_not_break_it() {
    for end in [jiff::civil::Date::MIN, jiff::civil::Date::MAX] {
        assert!(Body::new(0, Size::Team, end).processes()[2].events().unwrap().count() > 0);
    }
}
