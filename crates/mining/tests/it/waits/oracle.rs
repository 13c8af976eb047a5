//! Messy logs, split minute by minute by code that knows nothing of sweeps.

use eclusier_calendar::{WorkClock, Zone};
use eclusier_core::config::{Awaited, Hold};
use eclusier_eventlog::intern::NONE;
use eclusier_mining::calendars::{WeekPattern, go_on};
use eclusier_mining::waits::{Cause, Explained, Form, WaitsOptions, explain, waits};
use eclusier_mining::{Known, TaskLog};
use proptest::prelude::*;

use super::body::Dice;
use super::{Line, MINUTE, MONDAY, line, log_of, opening, rosters, weekdays};

/// Tasks of no length, overlapping tasks of one person, open tasks, missing people and starts.
fn mess(seed: u64, cases: usize, starts_known: bool) -> Vec<Line> {
    let mut dice = Dice(seed);
    let mut lines = Vec::new();
    for case in 0..cases {
        let mut at = MONDAY + dice.below(4 * 1440) as i64;
        for _ in 0..1 + dice.below(6) {
            at += dice.below(700) as i64 - 40;
            let long = if dice.below(4) == 0 { 0 } else { dice.below(240) as i64 };
            let person = ["p0", "p1", "p2", ""][dice.below(4) as usize];
            let activity = ["A", "B", "C", "Ask", "Answer"][dice.below(5) as usize];
            let mut one = line(&format!("c{case:03}"), activity, person, at, at + long);
            one.scheduled = (dice.below(5) == 0).then(|| at - dice.below(300) as i64);
            if !starts_known && dice.below(3) > 0 {
                (one.known, one.start) = (Known::EndOnly, one.end);
            } else if dice.below(12) == 0 {
                (one.known, one.end) = (Known::StartOnly, one.start);
            }
            at += long;
            lines.push(one);
        }
    }
    lines
}

fn hours(person: &str) -> Vec<(usize, usize)> {
    match person {
        "p0" => vec![(9, 12), (13, 17)],
        "p1" => vec![(8, 11)],
        _ => vec![(6, 20)],
    }
}

fn options(log: &TaskLog) -> WaitsOptions {
    let mut options = WaitsOptions::new(Zone::utc());
    let known: Vec<(&str, WeekPattern)> =
        ["p0", "p1", "p2"].iter().map(|&p| (p, weekdays(&hours(p)))).collect();
    options.rosters = Some(rosters(log, &known));
    options.holds = vec![Hold {
        enter: vec!["Ask".into()],
        leave: vec!["Answer".into()],
        awaited: Awaited::Employer,
        returned: false,
    }];
    options
}

fn open_at(hours: &[(usize, usize)], minute: i64) -> bool {
    let weekday = (minute - MONDAY).div_euclid(1440).rem_euclid(7);
    let hour = minute.rem_euclid(1440) / 60;
    weekday < 5 && hours.iter().any(|&(a, b)| (a as i64..b as i64).contains(&hour))
}

const BODY: [(usize, usize); 2] = [(8, 12), (13, 18)];

/// One task as the oracle sees it, in minutes.
struct Seen {
    place: usize,
    activity: u32,
    enabled: i64,
    start: i64,
    end: i64,
    exact: bool,
}

/// Held stretches of a case, by walking its minutes: begun by the end of an Ask, ended by the
/// start of an Answer.
fn held_minutes(log: &TaskLog, case: usize) -> Box<dyn Fn(i64) -> bool> {
    let name = |t: usize| log.activities.name(log.tasks[t].activity).to_owned();
    let tasks = log.cases[case].tasks.clone();
    let mut marks: Vec<(i64, usize, bool)> = Vec::new();
    for t in tasks {
        match name(t).as_str() {
            "Ask" => marks.push((log.tasks[t].end / MINUTE, t, true)),
            "Answer" => marks.push((log.tasks[t].start / MINUTE, t, false)),
            _ => {}
        }
    }
    marks.sort();
    Box::new(move |minute| marks.iter().rfind(|m| m.0 <= minute).is_some_and(|m| m.2))
}

fn by_minutes(log: &TaskLog, explained: &Explained, person: u32) -> Vec<(usize, [(i64, i64); 6])> {
    let mut seen: Vec<Seen> = (0..log.tasks.len())
        .filter(|&t| log.tasks[t].resource == person)
        .map(|t| Seen {
            place: t,
            activity: log.tasks[t].activity,
            enabled: explained.enabled[t].at / MINUTE,
            start: explained.starts.at[t] / MINUTE,
            end: log.tasks[t].end / MINUTE,
            exact: log.tasks[t].known != Known::EndOnly,
        })
        .collect();
    seen.sort_by_key(|s| (s.start, s.end, s.place));
    let hours = hours(log.resources.name(person));
    let busy = |minute: i64| seen.iter().any(|s| s.start <= minute && minute < s.end);
    let mut complete: Vec<Option<i64>> = vec![None; seen.len()];
    for first in 0..seen.len() {
        // Whether a task begins a session.
        let joins = |i: usize| {
            i > 0
                && seen[i].activity == seen[i - 1].activity
                && seen[i].exact
                && seen[i - 1].exact
                && {
                    let mut from = i - 1;
                    while from > 0
                        && seen[from - 1].activity == seen[i].activity
                        && seen[from - 1].exact
                    {
                        from -= 1;
                    }
                    let end = seen[from..i].iter().map(|s| s.end).max().unwrap();
                    (end..seen[i].start).filter(|&m| open_at(&hours, m)).count() <= 5
                }
        };
        if joins(first) {
            continue;
        }
        let mut size = 1;
        while first + size < seen.len()
            && joins(first + size)
            && seen[first + size].enabled <= seen[first].start
        {
            size += 1;
        }
        let batch = &seen[first..first + size];
        let from = batch.iter().map(|s| s.enabled).min().unwrap();
        let to = batch.iter().map(|s| s.enabled).max().unwrap();
        let idle = (from..to).filter(|&m| open_at(&hours, m) && !busy(m)).count();
        if size >= 2 && idle >= 1 {
            complete[first..first + size].fill(Some(to));
        }
    }
    let mut out = Vec::new();
    for (i, own) in seen.iter().enumerate() {
        let case = log.cases.iter().position(|c| c.tasks.contains(&own.place)).unwrap();
        let held = held_minutes(log, case);
        let mut parts = [(0, 0); 6];
        for minute in own.enabled..own.start {
            let running = || {
                seen.iter()
                    .enumerate()
                    .filter(|(j, s)| *j != i && s.start <= minute && minute < s.end)
            };
            let cause = if held(minute) {
                0
            } else if complete[i].is_some_and(|c| minute < c) {
                1
            } else if running().any(|(_, s)| s.enabled <= own.enabled) {
                2
            } else if running().next().is_some() {
                3
            } else if !open_at(&hours, minute) {
                4
            } else {
                5
            };
            parts[cause].0 += 1;
            parts[cause].1 += i64::from(open_at(&BODY, minute));
        }
        out.push((own.place, parts));
    }
    out
}

fn compare(seed: u64, cases: usize, starts_known: bool) {
    let log = log_of(&mess(seed, cases, starts_known));
    let clock = opening(&[(8, 12), (13, 18)]);
    let explained = explain(&log, &clock, &options(&log), &go_on).unwrap();
    let mut compared = 0;
    for person in 0..log.resources.len() as u32 {
        for (place, want) in by_minutes(&log, &explained, person) {
            let Ok(at) = explained.waits.binary_search_by_key(&(place as u32), |w| w.task) else {
                assert!(explained.enabled[place].unknown);
                continue;
            };
            // Estimated starts fall between minutes: their figures are compared by sums below.
            if explained.starts.at[place] % MINUTE != 0 {
                continue;
            }
            let got = explained.waits[at].parts;
            assert_eq!(
                got,
                want.map(|(c, w)| (c * MINUTE, w * MINUTE)),
                "seed {seed} task {place}"
            );
            compared += 1;
        }
    }
    assert!(compared > 0);
}

#[test]
fn overlapping_and_empty_tasks_are_split_as_a_count_of_minutes_splits_them() {
    for seed in 0..30 {
        compare(seed, 40, true);
    }
}

/// Sums hold and nothing is negative.
fn check_sums(log: &TaskLog, explained: &Explained, clock: &WorkClock) {
    for wait in &explained.waits {
        let calendar: i64 = wait.parts.iter().map(|p| p.0).sum();
        assert_eq!(calendar, wait.calendar_us());
        let worked: i64 = wait.parts.iter().map(|p| p.1).sum();
        assert_eq!(worked, wait.worked_us.unwrap_or(0));
        if wait.form != Form::DaysOnly {
            assert_eq!(worked, clock.between(wait.enabled, wait.start));
        }
        assert!(wait.parts.iter().all(|p| p.0 >= 0 && p.1 >= 0 && p.1 <= p.0), "{wait:?}");
        let held: i64 = wait.held_by.iter().map(|p| p.0).sum();
        assert_eq!(held, wait.part(Cause::Held).0);
        assert!(wait.delay_us >= 0 && wait.delay_us <= wait.calendar_us());
        let task = log.tasks[wait.task as usize];
        assert!(wait.start <= task.end.clamp(-(1 << 60), 1 << 60).max(wait.start));
        if task.resource == NONE {
            assert_eq!(wait.part(Cause::Contention).0 + wait.part(Cause::Batching).0, 0);
        }
    }
}

#[test]
fn dice_of_the_tests_cover_every_cause() {
    let log = log_of(&mess(7, 200, true));
    let clock = opening(&[(8, 12), (13, 18)]);
    let answer = waits(&log, &clock, &options(&log), &go_on).unwrap();
    assert!(answer.causes.iter().all(|c| c.lost.waits > 0), "{:?}", answer.causes);
    assert!(answer.batches > 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn parts_sum_to_the_wait(seed in any::<u64>(), cases in 1usize..60, known in any::<bool>()) {
        let log = log_of(&mess(seed, cases, known));
        let clock = opening(&[(8, 12), (13, 18)]);
        let explained = explain(&log, &clock, &options(&log), &go_on).unwrap();
        check_sums(&log, &explained, &clock);
        // Calendars read from the log, and a clock that never stops.
        let always = WorkClock::always();
        let plain = WaitsOptions::new(Zone::new("Europe/Paris").unwrap());
        check_sums(&log, &explain(&log, &always, &plain, &go_on).unwrap(), &always);
    }

    #[test]
    fn nothing_breaks_on_instants_of_any_age(
        rows in prop::collection::vec((0usize..4, 0usize..3, any::<i64>(), any::<i64>(), 0u8..3, any::<bool>(), any::<bool>()), 0..40)
    ) {
        let lines: Vec<Line> = rows.iter().map(|&(case, person, a, b, known, day, far)| {
            let fit = |v: i64| if far { v } else { MONDAY + v % 100_000 };
            let (start, end) = (fit(a).min(fit(b)), fit(a).max(fit(b)));
            let mut one = line(&format!("c{case}"), ["A", "B"][person % 2], ["p0", "p1", ""][person], start, end);
            one.known = [Known::Interval, Known::EndOnly, Known::StartOnly][known as usize];
            match one.known {
                Known::EndOnly => one.start = end,
                Known::StartOnly => one.end = start,
                Known::Interval => {}
            }
            one.day = day;
            one
        }).collect();
        let log = log_of(&lines);
        let clock = opening(&[(8, 18)]);
        let explained = explain(&log, &clock, &WaitsOptions::new(Zone::utc()), &go_on).unwrap();
        check_sums(&log, &explained, &clock);
        waits(&log, &clock, &WaitsOptions::new(Zone::utc()), &go_on).unwrap();
    }

    #[test]
    fn whole_weeks_later_nothing_changes(seed in any::<u64>(), weeks in 1i64..30, known in any::<bool>()) {
        let lines = mess(seed, 30, known);
        let shift = weeks * 7 * 1440;
        let later: Vec<Line> = lines.iter().cloned().map(|mut l| {
            (l.start, l.end) = (l.start + shift, l.end + shift);
            l.scheduled = l.scheduled.map(|s| s + shift);
            l
        }).collect();
        let (log, later) = (log_of(&lines), log_of(&later));
        // Every day of the week is open alike: no holiday comes between.
        let clock = WorkClock::always();
        let answer = waits(&log, &clock, &options(&log), &go_on).unwrap();
        prop_assert_eq!(&answer, &waits(&later, &clock, &options(&later), &go_on).unwrap());
        let mut read = options(&log);
        read.rosters = None;
        let found = waits(&log, &clock, &read, &go_on).unwrap();
        prop_assert_eq!(&found, &waits(&later, &clock, &read, &go_on).unwrap());
    }

    #[test]
    fn the_order_of_the_cases_changes_nothing(seed in any::<u64>(), known in any::<bool>()) {
        let lines = mess(seed, 25, known);
        let mut backwards = lines.clone();
        // Cases in the other order, the rows of a case in theirs.
        backwards.sort_by(|a, b| b.case.cmp(&a.case));
        let (log, other) = (log_of(&lines), log_of(&backwards));
        let clock = opening(&[(8, 12), (13, 18)]);
        let one = waits(&log, &clock, &options(&log), &go_on).unwrap();
        let two = waits(&other, &clock, &options(&other), &go_on).unwrap();
        prop_assert_eq!(one, two);
    }
}
