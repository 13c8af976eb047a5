//! The simulated loan applications whose injected delays are known, event by event.

use std::collections::HashMap;
use std::io::Read;

use eclusier_calendar::{Calendar, HolidayZone, Opening, WorkClock, Zone};
use eclusier_mining::calendars::go_on;
use eclusier_mining::waits::{Cause, Explained, WaitsOptions, explain};
use eclusier_mining::{TaskLog, TaskLogKernel};
use jiff::civil::time;

use crate::logs;

const FOLDER: &str = "sim-ground-truth-loan-application";

/// Injected delay (µs) by case, activity and rank of the activity in its case.
fn injected(file: &str) -> Option<HashMap<(String, String, i64), i64>> {
    let path = logs::shared(file)?;
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap())
        .read_to_string(&mut text)
        .unwrap();
    let rows = text.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        let start: jiff::Timestamp = cells[2].parse().unwrap();
        let delay: f64 = cells[5].parse().unwrap();
        let key = (cells[0].to_owned(), cells[1].to_owned(), start.as_microsecond());
        (key, (delay * 1e6).round() as i64)
    });
    Some(rows.collect())
}

pub fn office_hours() -> WorkClock {
    let hours =
        [Opening { weekdays: (1..=5).collect(), from: time(9, 0, 0, 0), to: time(17, 0, 0, 0) }];
    let calendar = Calendar::new(HolidayZone::Metropole, &[1, 2, 3, 4, 5], &[]);
    WorkClock::new(&calendar, &Zone::utc(), &hours, 19_300, 19_500).unwrap()
}

fn explained(file: &str) -> Option<(TaskLog, Explained)> {
    let batch = logs::log(file, &[])?;
    let log = logs::run(&TaskLogKernel::default(), &batch);
    let options = WaitsOptions::new(Zone::utc());
    let explained = explain(&log, &office_hours(), &options, &go_on).unwrap();
    Some((log, explained))
}

#[test]
fn print_truth() {
    for timers in ["1_timer", "3_timers", "5_timers"] {
        let file = format!("{FOLDER}/Loan_Application_{timers}.csv.gz");
        let Some(truth) = injected(&file) else { return };
        let (log, explained) = explained(&file).unwrap();
        println!("{timers} {:?} batches {}", explained.calendars.sources(), explained.batches);
        let mut case_of = vec![""; log.tasks.len()];
        for case in &log.cases {
            case_of[case.tasks.clone()].fill(&case.id);
        }
        let mut by: HashMap<&str, Vec<(i64, i64, i64, i64)>> = HashMap::new();
        for wait in &explained.waits {
            let row = log.tasks[wait.task as usize];
            let name = log.activities.name(row.activity);
            let key = (case_of[wait.task as usize].to_owned(), name.to_owned(), row.start);
            let delay = truth[&key];
            by.entry(name).or_default().push((
                delay,
                wait.calendar_us(),
                wait.part(Cause::Unexplained).0,
                wait.delay_us,
            ));
        }
        for (name, rows) in by {
            let delayed = rows.iter().any(|r| r.0 > 0);
            let mae = |f: &dyn Fn(&(i64, i64, i64, i64)) -> i64| {
                rows.iter().map(|r| (f(r) - r.0).abs()).sum::<i64>() as f64
                    / rows.len() as f64
                    / 1e6
            };
            let mean = rows.iter().map(|r| r.0).sum::<i64>() as f64 / rows.len() as f64 / 1e6;
            println!(
                "  {} {name:40} n {:5} true mean {mean:8.0} naive {:8.0} unexplained {:8.0} span {:8.0}",
                if delayed { "*" } else { " " },
                rows.len(),
                mae(&|r| r.1),
                mae(&|r| r.2),
                mae(&|r| r.3)
            );
        }
    }
}
