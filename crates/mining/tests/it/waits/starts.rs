//! Starts estimated where the log has ends only.

use eclusier_calendar::Zone;
use eclusier_mining::calendars::go_on;
use eclusier_mining::starts::Basis;
use eclusier_mining::waits::{Explained, Form, WaitsOptions, Weakness, explain, waits};
use eclusier_mining::{Known, TaskLog};

use super::body::Dice;
use super::{Line, MINUTE, MONDAY, line, log_of, opening, rosters, weekdays};

const NINE: i64 = MONDAY + 9 * 60;

/// A task known by its end, minutes after nine.
fn ended(case: &str, activity: &str, person: &str, end: i64) -> Line {
    let mut one = line(case, activity, person, NINE + end, NINE + end);
    one.known = Known::EndOnly;
    one
}

fn options(log: &TaskLog) -> WaitsOptions {
    let mut options = WaitsOptions::new(Zone::utc());
    let known = [("ana", weekdays(&[(9, 12), (13, 17)])), ("bob", weekdays(&[(9, 12), (13, 17)]))];
    options.rosters = Some(rosters(log, &known));
    options
}

fn found(lines: &[Line]) -> (TaskLog, Explained) {
    let log = log_of(lines);
    let clock = opening(&[(9, 12), (13, 17)]);
    let explained = explain(&log, &clock, &options(&log), &go_on).unwrap();
    (log, explained)
}

/// Estimated start (minutes after nine) and basis of the task of a case and an activity.
fn start_of(log: &TaskLog, explained: &Explained, case: &str, activity: &str) -> (i64, Basis) {
    let case = log.cases.iter().find(|c| c.id == case).unwrap();
    let mut tasks = case.tasks.clone();
    let task = tasks.find(|&t| log.activities.name(log.tasks[t].activity) == activity).unwrap();
    (explained.starts.at[task] / MINUTE - NINE, explained.starts.basis[task])
}

#[test]
fn a_task_begins_when_it_can_and_when_its_person_can() {
    let (log, found) = found(&[
        ended("x", "A", "ana", 10),
        ended("x", "B", "bob", 50),
        ended("y", "A", "ana", 20),
        ended("y", "B", "bob", 70),
        // Ready at 17:00 sharp, done the next morning.
        ended("z", "A", "ana", 480),
        ended("z", "B", "bob", 1440 + 15),
    ]);
    assert_eq!(start_of(&log, &found, "x", "B"), (10, Basis::Enablement));
    assert_eq!(start_of(&log, &found, "y", "B"), (50, Basis::Resource));
    assert_eq!(start_of(&log, &found, "z", "B"), (1440, Basis::Opening));
    // Nothing precedes the first task of the log: nothing can be said of its start.
    assert_eq!(start_of(&log, &found, "x", "A"), (10, Basis::End));
    // The first task of the next case follows what ana did before.
    assert_eq!(start_of(&log, &found, "y", "A"), (10, Basis::Resource));
}

#[test]
fn completions_in_a_burst_share_its_time() {
    let mut lines = vec![ended("w", "Z", "ana", 0)];
    for (case, end) in [("a", 60), ("b", 60), ("c", 61), ("d", 61)] {
        lines.push(ended(case, "A", "ana", end));
    }
    let (log, found) = found(&lines);
    // 61 minutes since the last task, four tasks: 15.25 minutes each.
    for case in ["a", "b", "c", "d"] {
        let case = log.cases.iter().find(|c| c.id == case).unwrap();
        let task = case.tasks.start;
        let long = log.tasks[task].end - found.starts.at[task];
        assert_eq!((long, found.starts.basis[task]), (61 * MINUTE / 4, Basis::Burst));
    }
}

#[test]
fn no_estimate_is_longer_than_twice_the_median_of_its_activity() {
    let mut lines = Vec::new();
    for case in 0..7 {
        let id = format!("c{case}");
        let ready = case * 40;
        lines.push(line(&id, "A", "ana", NINE + ready - 5, NINE + ready));
        lines.push(ended(&id, "B", "bob", ready + if case == 6 { 170 } else { 10 }));
    }
    let (log, found) = found(&lines);
    assert_eq!(start_of(&log, &found, "c3", "B"), (120, Basis::Enablement));
    // Ten minutes is the median: 20 at most, ending at 16:50.
    assert_eq!(start_of(&log, &found, "c6", "B"), (240 + 170 - 20, Basis::Capped));
}

#[test]
fn nobody_or_only_days_gives_no_estimate() {
    let mut lines = vec![ended("x", "A", "", 10), ended("x", "B", "", 50)];
    lines.push(ended("y", "A", "ana", 10));
    lines.push(ended("y", "B", "ana", 4000));
    for line in &mut lines[2..] {
        line.day = true;
    }
    let (log, found) = found(&lines);
    assert!(found.starts.basis.iter().all(|&b| b == Basis::End));
    assert!(log.tasks.iter().zip(&found.starts.at).all(|(t, &at)| t.end == at));
    let answer = waits(&log, &opening(&[(9, 17)]), &options(&log), &go_on).unwrap();
    assert!(answer.quality.weaknesses.contains(&Weakness::NoStartTimes { n: 2 }));
    assert_eq!(answer.quality.forms.get(&Form::EstimatedStarts), None);
}

/// An office where every start is known, its starts hidden: how far do estimates fall?
#[test]
fn hidden_starts_of_a_busy_office_are_found_again() {
    let mut dice = Dice(11);
    let mut lines = Vec::new();
    let (mut ana, mut bob) = (NINE, NINE);
    let hours = |minute: i64| {
        let hour = minute.rem_euclid(1440) / 60;
        (9..12).contains(&hour) || (13..17).contains(&hour)
    };
    let next = |mut minute: i64| {
        while !hours(minute) || (minute - MONDAY).div_euclid(1440).rem_euclid(7) > 4 {
            minute += 1;
        }
        minute
    };
    for case in 0..300 {
        let id = format!("c{case:03}");
        let start = next(ana);
        ana = start + 5 + dice.below(10) as i64;
        lines.push(line(&id, "A", "ana", start, ana));
        let start = next(bob.max(ana));
        bob = start + 5 + dice.below(10) as i64;
        lines.push(line(&id, "B", "bob", start, bob));
    }
    let truth = log_of(&lines);
    let hidden: Vec<Line> = lines
        .into_iter()
        .map(|mut l| {
            (l.known, l.start) = (Known::EndOnly, l.end);
            l
        })
        .collect();
    let (log, found) = found(&hidden);
    let off: Vec<i64> = (0..log.tasks.len())
        .map(|t| (found.starts.at[t] - truth.tasks[t].start).abs() / MINUTE)
        .collect();
    let exact = off.iter().filter(|&&o| o == 0).count();
    // Whoever works without a pause between tasks is read exactly, but for the very first task.
    assert!(exact * 100 >= off.len() * 97, "{exact} of {}", off.len());
}
