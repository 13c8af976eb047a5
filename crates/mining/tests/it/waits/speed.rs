//! How long a million tasks take: run by hand, in release.

use std::time::Instant;

use eclusier_calendar::Zone;
use eclusier_eventlog::intern::NONE;
use eclusier_mining::calendars::go_on;
use eclusier_mining::waits::{WaitsOptions, waits};
use eclusier_mining::{CaseRow, Known, TaskLog, TaskRow};

use super::body::Dice;
use super::{MINUTE, MONDAY, opening};

/// Cases of five tasks in an office of 500 people who are always behind.
fn office(cases: usize, starts: bool) -> TaskLog {
    let mut dice = Dice(1);
    let mut log = TaskLog::default();
    let steps = ["Register", "Check", "Complete", "Decide", "Send"];
    let activities: Vec<u32> = steps.iter().map(|s| log.activities.code(s)).collect();
    let people: Vec<u32> = (0..500).map(|p| log.resources.code(&format!("p{p}"))).collect();
    let mut free = vec![MONDAY; people.len()];
    let open = |at: i64| {
        let hour = at.rem_euclid(1440) / 60;
        if hour < 8 {
            at - at.rem_euclid(1440) + 480
        } else if hour >= 18 {
            at - at.rem_euclid(1440) + 1440 + 480
        } else {
            at
        }
    };
    for case in 0..cases {
        let mut at = MONDAY + (case as i64 * 260 * 1440) / cases as i64;
        let first = log.tasks.len();
        for &activity in &activities {
            let person = (activity as usize * 100 + dice.below(100) as usize) % people.len();
            let start = open(at.max(free[person]));
            let end = start + 1 + dice.below(30) as i64 * 1_000_000 / (5 * cases as i64).max(1);
            free[person] = end;
            at = end;
            let start = if starts { start } else { end };
            let known = if starts { Known::Interval } else { Known::EndOnly };
            log.tasks.push(TaskRow {
                activity,
                resource: people[person],
                start: start * MINUTE,
                end: end * MINUTE,
                scheduled: None,
                known,
                day: false,
            });
        }
        let tasks = first..log.tasks.len();
        log.cases.push(CaseRow {
            id: format!("{case:08}"),
            tasks,
            dims: [NONE; 4],
            attributes: None,
        });
    }
    log
}

#[test]
#[ignore = "a measure, not a check: run in release by hand"]
fn a_million_tasks() {
    let clock = opening(&[(8, 12), (13, 18)]);
    for (cases, starts) in [(20_000, true), (200_000, true), (200_000, false)] {
        let log = office(cases, starts);
        let began = Instant::now();
        let answer = waits(&log, &clock, &WaitsOptions::new(Zone::utc()), &go_on).unwrap();
        println!(
            "{} tasks, starts {starts}: {:?}, {} waits",
            log.tasks.len(),
            began.elapsed(),
            answer.count
        );
        for cause in &answer.causes {
            println!("   {:?} {:?}", cause.cause, cause.calendar_share);
        }
    }
}
