//! Real logs: sums hold, forms are as expected, and the figures of the method note.

use eclusier_calendar::{Calendar, HolidayZone, WorkClock, Zone, usual_openings};
use eclusier_mining::calendars::go_on;
use eclusier_mining::waits::{Form, Waits, WaitsOptions, explain, waits};
use eclusier_mining::{TaskLog, TaskLogKernel};

use crate::logs;

/// File, activities left out, form, waits, batches, then by cause: calendar and worked time in
/// thousandths of the whole.
type Row = (&'static str, &'static [&'static str], Form, u64, u64, [i64; 6], [i64; 6]);

/// Written in `docs/methods/waiting-time.md`.
const MEASURED: &[Row] = &[
    (
        "log-bpic2012/BPI_Challenge_2012.xes.gz",
        &[],
        Form::EstimatedStarts,
        151_422,
        6_490,
        [0, 94, 31, 117, 446, 312],
        [0, 96, 69, 211, 42, 583],
    ),
    (
        "log-receipt-wabo/receipt.xes.gz",
        &[],
        Form::EstimatedStarts,
        7_143,
        0,
        [0, 0, 8, 118, 580, 294],
        [0, 0, 8, 131, 56, 805],
    ),
    (
        "log-bpic2015-municipalities/BPIC15_1_full.xes.gz",
        &[],
        Form::EstimatedStarts,
        51_018,
        0,
        [0, 0, 112, 216, 531, 141],
        [0, 0, 101, 227, 123, 550],
    ),
    (
        "log-insurance-claims/insurance.xes.gz",
        &[],
        Form::Full,
        21_959,
        427,
        [0, 43, 169, 126, 433, 229],
        [0, 43, 179, 137, 127, 514],
    ),
    (
        "log-production/Production.csv.gz",
        &["Start", "End"],
        Form::Full,
        4_278,
        431,
        [0, 297, 34, 96, 378, 195],
        [0, 294, 17, 69, 434, 186],
    ),
    (
        "log-loan-app/LoanApp.csv.gz",
        &[],
        Form::Full,
        6_492,
        0,
        [0, 0, 918, 82, 0, 0],
        [0, 0, 955, 45, 0, 0],
    ),
];

fn read(file: &str, ignored: &[&str]) -> Option<TaskLog> {
    let batch = logs::log(file, ignored)?;
    Some(logs::run(&TaskLogKernel::default(), &batch))
}

/// The hours assumed: the usual ones, Monday to Friday. No log says its own; the people of the
/// insurance are seen from 14:00 to 1:00 UTC, a working day in America.
fn usual(file: &str) -> (WorkClock, WaitsOptions) {
    let america = file.starts_with("log-insurance");
    let zone = if america { "America/Chicago" } else { "Europe/Amsterdam" };
    let zone = Zone::new(zone).unwrap();
    let calendar = Calendar::new(HolidayZone::Metropole, &[1, 2, 3, 4, 5], &[]);
    let clock = WorkClock::new(&calendar, &zone, &usual_openings(), 0, 20_000).unwrap();
    (clock, WaitsOptions::new(zone))
}

fn thousandths(answer: &Waits) -> ([i64; 6], [i64; 6]) {
    let mut out = ([0; 6], [0; 6]);
    for (i, cause) in answer.causes.iter().enumerate() {
        let share = |share: Option<f64>| (share.unwrap_or(0.0) * 1000.0).round() as i64;
        (out.0[i], out.1[i]) = (share(cause.calendar_share), share(cause.worked_share));
    }
    out
}

#[test]
fn real_logs_are_explained_to_the_last_microsecond() {
    let mut other = Vec::new();
    for row in MEASURED {
        let (file, ignored, form, n, batches, calendar, worked) = *row;
        let Some(log) = read(file, ignored) else { return };
        let (clock, options) = usual(file);
        let answer = waits(&log, &clock, &options, &go_on).unwrap();
        let explained = explain(&log, &clock, &options, &go_on).unwrap();
        assert_eq!(explained.waits.len() as u64, answer.count);
        for wait in &explained.waits {
            assert_eq!(wait.parts.iter().map(|p| p.0).sum::<i64>(), wait.calendar_us());
            assert_eq!(Some(wait.parts.iter().map(|p| p.1).sum::<i64>()), wait.worked_us);
        }
        let got = thousandths(&answer);
        let figures = (answer.quality.form, answer.count, answer.batches, got.0, got.1);
        if figures != (Some(form), n, batches, calendar, worked) {
            let long = answer.figures.worked_total_s.unwrap_or(0.0) / 3600.0;
            other.push(format!("{file}: {figures:?} worked {long:.0} h {:?}", answer.quality));
        }
    }
    assert!(other.is_empty(), "{}", other.join("\n"));
}
