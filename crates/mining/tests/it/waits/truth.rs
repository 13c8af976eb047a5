//! The simulated loan applications whose injected delays are known, event by event.

use std::collections::{BTreeMap, HashMap};
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

/// Seconds, per delayed activity: true mean, then mean absolute error of the whole wait, of
/// the unexplained part, and of the delay estimate.
type Row = (&'static str, &'static str, usize, [f64; 4]);

/// Measured once, written here and in `docs/methods/waiting-time.md`.
const MEASURED: &[Row] = &[
    ("1_timer", "Assess loan risk", 1000, [2973.0, 8918.0, 2532.0, 1480.0]),
    ("3_timers", "Applicant completes form", 266, [18560.0, 0.0, 9444.0, 1746.0]),
    ("3_timers", "Approve application", 360, [11328.0, 37809.0, 10316.0, 7947.0]),
    ("3_timers", "Assess loan risk", 1000, [2971.0, 9752.0, 2421.0, 1107.0]),
    ("5_timers", "Applicant completes form", 201, [18583.0, 0.0, 8913.0, 1457.0]),
    ("5_timers", "Approve application", 342, [11315.0, 34687.0, 10056.0, 6014.0]),
    ("5_timers", "Assess loan risk", 1000, [2967.0, 9606.0, 2247.0, 987.0]),
    ("5_timers", "Cancel application", 142, [3964.0, 14031.0, 3268.0, 2288.0]),
    ("5_timers", "Reject application", 516, [1313.0, 6307.0, 1067.0, 881.0]),
];

/// Figures are whole seconds: they are compared to within one.
const TOLERANCE_S: f64 = 1.0;

#[test]
fn injected_delays_are_found_event_by_event() {
    let mut left: Vec<&Row> = MEASURED.iter().collect();
    let mut other = Vec::new();
    for timers in ["1_timer", "3_timers", "5_timers"] {
        let file = format!("{FOLDER}/Loan_Application_{timers}.csv.gz");
        let Some(truth) = injected(&file) else { return };
        let (log, explained) = explained(&file).unwrap();
        let mut case_of = vec![""; log.tasks.len()];
        for case in &log.cases {
            case_of[case.tasks.clone()].fill(&case.id);
        }
        // True delay, then the three estimates.
        let mut by: BTreeMap<&str, Vec<[i64; 4]>> = BTreeMap::new();
        for wait in &explained.waits {
            let row = log.tasks[wait.task as usize];
            let name = log.activities.name(row.activity);
            let key = (case_of[wait.task as usize].to_owned(), name.to_owned(), row.start);
            let unexplained = wait.part(Cause::Unexplained).0;
            let one = [truth[&key], wait.calendar_us(), unexplained, wait.delay_us];
            by.entry(name).or_default().push(one);
        }
        for (name, rows) in by {
            let mean = |f: &dyn Fn(&[i64; 4]) -> i64| {
                rows.iter().map(f).sum::<i64>() as f64 / rows.len() as f64 / 1e6
            };
            let error = |i: usize| mean(&|r| (r[i] - r[0]).abs());
            let got = [mean(&|r| r[0]), error(1), error(2), error(3)];
            if got[0] == 0.0 {
                // Where nothing was injected, nothing is found: every second has its cause.
                assert!(got[2] < TOLERANCE_S && got[3] < TOLERANCE_S, "{timers} {name}: {got:?}");
                continue;
            }
            assert!(got[3] < got[2] && (got[2] < got[1] || got[1] == 0.0), "{name}: {got:?}");
            let near = |row: &&Row| {
                let close = got.iter().zip(row.3).all(|(g, w)| (g - w).abs() <= TOLERANCE_S);
                (row.0, row.1, row.2) == (timers, name, rows.len()) && close
            };
            match left.iter().position(near) {
                Some(place) => drop(left.swap_remove(place)),
                None => other.push(format!("({timers:?}, {name:?}, {}, {got:.0?}),", rows.len())),
            }
        }
    }
    assert!(left.is_empty() && other.is_empty(), "{left:?}\n{}", other.join("\n"));
}

#[test]
fn without_injection_every_wait_is_explained() {
    let Some((_, explained)) = explained(&format!("{FOLDER}/Loan_Application.csv.gz")) else {
        return;
    };
    let sum = |cause| explained.waits.iter().map(|w| w.part(cause).0).sum::<i64>();
    let total: i64 = explained.waits.iter().map(|w| w.calendar_us()).sum();
    assert!(total > 0);
    assert_eq!(sum(Cause::Unexplained), 0, "not a microsecond of {total}");
}

/// The delays of the other file come after a task and before a join, and are not written in it.
#[test]
fn delays_after_a_task_show_on_the_edges_that_leave_it() {
    let Some((log, explained)) =
        explained(&format!("{FOLDER}/Loan_Application_5_timers_after.csv.gz"))
    else {
        return;
    };
    let mut by: BTreeMap<(&str, &str), Vec<i64>> = BTreeMap::new();
    for wait in &explained.waits {
        let from = log.activities.name(explained.enabled[wait.task as usize].by);
        let to = log.activities.name(log.tasks[wait.task as usize].activity);
        by.entry((from, to)).or_default().push(wait.delay_us);
    }
    let mut seen = Vec::new();
    const DELAYED: [&str; 5] = [
        "Appraise property",
        "Applicant completes form",
        "Approve and post home insurance quote",
        "Consider re-design loan offer",
        "Reject application",
    ];
    // What a delayed task enables may wait for it although another task ended later.
    let after: Vec<&str> = by.keys().filter(|e| DELAYED.contains(&e.0)).map(|e| e.1).collect();
    for (&(from, to), delays) in &by {
        let mean = delays.iter().sum::<i64>() as f64 / delays.len() as f64 / 1e6;
        if DELAYED.contains(&from) && from != "Reject application" {
            seen.push((from, to, delays.len(), mean));
        } else if !after.contains(&to) {
            assert!(mean < TOLERANCE_S, "{from} to {to}: {mean}");
        }
    }
    // Written in the method note, to the second.
    let seen: Vec<(&str, &str, usize, f64)> =
        seen.into_iter().filter(|s| s.3 > 0.0).map(|s| (s.0, s.1, s.2, s.3.round())).collect();
    assert_eq!(
        seen,
        [
            ("Applicant completes form", "Check  application  form completeness", 269, 3892.0),
            ("Appraise property", "Assess loan risk", 974, 1354.0),
            ("Approve and post home insurance quote", "Approve application", 247, 2129.0),
            ("Approve and post home insurance quote", "Consider re-design loan offer", 272, 6420.0),
            ("Consider re-design loan offer", "Cancel application", 158, 663.0),
            ("Consider re-design loan offer", "Design loan offer", 200, 2475.0),
        ]
    );
}
