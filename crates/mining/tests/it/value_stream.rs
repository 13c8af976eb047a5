//! The value stream: a worked example, a count minute by minute, and conservation on public logs.

use eclusier_calendar::{Calendar, Opening, WorkClock, Zone, usual_openings};
use eclusier_eventlog::intern::NONE;
use eclusier_mining::{
    CaseRow, Known, TaskLog, TaskLogKernel, TaskRow, ValueStreamError, value_stream,
    value_stream::{MOST_STEPS, Missing, Options, TargetState, TargetStep, ValueStream, against},
};
use proptest::prelude::*;

use crate::logs;

const MINUTE: i64 = 60_000_000;
const DAY: i64 = 1440 * MINUTE;

/// Case, activity, start and end in minutes, what is known, person (0 for nobody).
type Work = (&'static str, &'static str, i64, i64, Known, u32);

fn log(rows: &[Work]) -> TaskLog {
    let mut log = TaskLog::default();
    let mut ids: Vec<&str> = rows.iter().map(|r| r.0).collect();
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        let first = log.tasks.len();
        let mut own: Vec<&Work> = rows.iter().filter(|r| r.0 == id).collect();
        own.sort_by_key(|r| (r.2, r.3));
        for &(_, activity, start, end, known, person) in own {
            let activity = log.activities.code(activity);
            let resource = match person {
                0 => NONE,
                n => log.resources.code(&format!("p{n}")),
            };
            let (start, end) = (start * MINUTE, end * MINUTE);
            let (scheduled, day) = (None, false);
            log.tasks.push(TaskRow { activity, resource, start, end, scheduled, known, day });
        }
        let tasks = first..log.tasks.len();
        log.cases.push(CaseRow { id: id.into(), tasks, dims: [NONE; 4], attributes: None });
    }
    log
}

fn named(steps: &[&str]) -> Option<Vec<String>> {
    Some(steps.iter().map(|s| (*s).to_owned()).collect())
}

/// Weekdays nine to noon and one to five, Monday 5 January 1970 being day 4.
fn office() -> WorkClock {
    let calendar = Calendar::default();
    WorkClock::new(&calendar, &Zone::utc(), &usual_openings(), -10, 40).unwrap()
}

/// The rungs hold every worked microsecond of the cases covered, no more, no less.
fn conserved(stream: &ValueStream) {
    let rungs = || stream.steps.iter().map(|s| s.rung).chain([stream.other.rung]);
    let wait: i64 = rungs().map(|r| r.wait_us).sum();
    let touch: i64 = rungs().map(|r| r.touch_us).sum();
    assert_eq!(wait, stream.totals.wait_us);
    assert_eq!(touch, stream.totals.touch_us);
    assert_eq!(wait + touch, stream.totals.lead_us);
    assert!(rungs().all(|r| r.wait_us >= 0 && r.touch_us >= 0));
}

/// The example of the method note.
fn example() -> TaskLog {
    use Known::{Interval, StartOnly};
    log(&[
        // Receive 10 min, 50 min of waiting, check 30 min, 60 min, decide 20 min.
        ("1", "Receive", 0, 10, Interval, 1),
        ("1", "Check", 60, 90, Interval, 2),
        ("1", "Decide", 150, 170, Interval, 3),
        // Checked twice; the second check begins while a letter is written.
        ("2", "Receive", 0, 20, Interval, 1),
        ("2", "Check", 20, 40, Interval, 2),
        ("2", "Letter", 50, 80, Interval, 4),
        ("2", "Check", 70, 100, Interval, 5),
        ("2", "Decide", 130, 140, Interval, 3),
        // Open: waits for its check; open: being checked; open: nothing of the page done.
        ("3", "Receive", 100, 110, Interval, 1),
        ("4", "Receive", 100, 110, Interval, 1),
        ("4", "Check", 120, 120, StartOnly, 2),
        ("5", "Letter", 100, 110, Interval, 4),
    ])
}

fn two_closed(case: &CaseRow) -> bool {
    case.id.as_str() < "3"
}

#[test]
fn the_example_of_the_method_note() {
    let log = example();
    let options = Options {
        steps: named(&["Receive", "Check", "Decide"]),
        value_adding: named(&["Decide"]),
        closed: &two_closed,
        worked_days: Some(2),
        ..Options::default()
    };
    let stream = value_stream(&log, &WorkClock::always(), &options).unwrap();
    conserved(&stream);
    let rung = |i: usize| {
        let r = stream.steps[i].rung;
        (r.wait_us / MINUTE, r.touch_us / MINUTE)
    };
    assert_eq!([rung(0), rung(1), rung(2)], [(0, 30), (50, 70), (90, 30)]);
    let other = stream.other.rung;
    assert_eq!((other.wait_us / MINUTE, other.touch_us / MINUTE), (10, 30));
    assert_eq!(stream.totals.lead_us / MINUTE, 310);
    assert_eq!(stream.totals.lead.unwrap().mean_s, 155.0 * 60.0);
    let check = &stream.steps[1];
    assert_eq!((check.cases, check.occurrences), (2, 3));
    // Whole occurrences: 30, 20 and 30 minutes.
    assert_eq!(check.touch.unwrap().median_s, 1800.0);
    assert_eq!(check.wait.unwrap().median_s, 0.0);
    assert_eq!(check.first_pass.value(), Some(0.5));
    assert_eq!((check.arrivals.count, check.output.count), (4, 3));
    assert_eq!((check.stock, check.in_progress), (1, 1));
    assert_eq!(check.stock_days, Some(2.0 / 1.5));
    assert_eq!(check.people_missing, Some(Missing::TooFew), "two people are not counted");
    assert_eq!(stream.steps[0].stock, 1, "a case with nothing of the page done waits at its head");
    assert_eq!((stream.open_cases, stream.stock_after_last), (3, 0));
    assert_eq!((stream.arrivals.count, stream.output.count), (5, 2));
    assert_eq!(stream.totals.first_time_right.value(), Some(0.5));
    let (touch, adds) =
        (stream.totals.touch_share.unwrap(), stream.totals.value_added_share.unwrap());
    assert_eq!((touch.numerator / MINUTE, touch.denominator / MINUTE), (160, 310));
    assert_eq!(adds.numerator / MINUTE, 30);
}

#[test]
fn a_target_says_what_it_would_win() {
    let options = Options {
        steps: named(&["Receive", "Check", "Decide"]),
        closed: &two_closed,
        worked_days: Some(1),
        ..Options::default()
    };
    let stream = value_stream(&example(), &WorkClock::always(), &options).unwrap();
    let step = |name: &str, touch_s, wait_s| TargetStep {
        name: name.into(),
        touch_s,
        wait_s,
        ..TargetStep::default()
    };
    let target = TargetState {
        steps: vec![
            step("Check", Some(1500.0), Some(f64::NAN)),
            step("Decide", None, Some(900.0)),
            step("Nowhere", Some(0.0), None),
        ],
        note: String::new(),
    };
    let gain = against(&stream, &target).unwrap();
    // Check: 35 min of touch become 25; decide: 45 min of waiting become 15.
    assert_eq!((gain.touch.gain_s, gain.wait.gain_s), (600.0, 1800.0));
    assert_eq!(gain.lead.now_s, 155.0 * 60.0);
    assert_eq!(gain.lead.gain_s, 2400.0);
    assert_eq!(gain.unknown, ["Nowhere"]);
    assert_eq!(gain.work_hours_per_worked_day, Some(2.0 * 600.0 / 3600.0));
    let still = against(&stream, &TargetState::default()).unwrap();
    assert_eq!(still.lead.gain_s, 0.0);
}

#[test]
fn what_a_log_cannot_tell_is_said() {
    use Known::EndOnly;
    let mut ends = log(&[
        ("1", "A", 0, 0, EndOnly, 0),
        ("1", "B", 60, 60, EndOnly, 0),
        ("2", "A", 0, 0, EndOnly, 0),
    ]);
    let all = Options { steps: named(&["A", "B", "C"]), ..Options::default() };
    let stream = value_stream(&ends, &WorkClock::always(), &all).unwrap();
    conserved(&stream);
    let [a, b, c] = &stream.steps[..] else { panic!() };
    assert_eq!(a.touch_missing, Some(Missing::NoStartTimes));
    assert_eq!(a.people_missing, Some(Missing::NoResources));
    assert_eq!(c.touch_missing, Some(Missing::NoCases));
    assert_eq!((c.wait, c.first_pass.value()), (None, None));
    assert_eq!((b.wait.unwrap().mean_s, b.wait_holds_touch.value()), (3600.0, Some(1.0)));
    assert_eq!(stream.totals.touch_share, None);
    assert_eq!(stream.totals.share_missing, Some(Missing::NoStartTimes));
    for task in &mut ends.tasks {
        task.day = true;
    }
    let stream = value_stream(&ends, &WorkClock::always(), &all).unwrap();
    assert_eq!(stream.steps[0].touch_missing, Some(Missing::DaysOnly));
    assert_eq!(stream.dated_by_day.value(), Some(1.0));
    let nothing = value_stream(&TaskLog::default(), &office(), &Options::default()).unwrap();
    assert_eq!((nothing.cases, nothing.steps.len()), (0, 0));
    assert_eq!(nothing.totals.lead, None);
    assert_eq!(against(&nothing, &TargetState::default()), None);
}

#[test]
fn the_past_does_not_learn_from_the_future() {
    let log = example();
    let at = |minute: i64| {
        let options = Options {
            steps: named(&["Receive", "Check", "Decide"]),
            closed: &two_closed,
            now: Some(minute * MINUTE),
            ..Options::default()
        };
        let s = value_stream(&log, &WorkClock::always(), &options).unwrap();
        let stock: Vec<(u64, u64)> = s.steps.iter().map(|s| (s.stock, s.in_progress)).collect();
        (s.open_cases, stock, s.stock_after_last)
    };
    // Both first cases are being received, then one is being checked…
    assert_eq!(at(5), (2, vec![(0, 2), (0, 0), (0, 0)], 0));
    assert_eq!(at(30), (2, vec![(0, 0), (1, 1), (0, 0)], 0));
    // …at minute 95 the first waits for its decision, the second is checked again.
    assert_eq!(at(95), (2, vec![(0, 0), (0, 1), (1, 0)], 0));
    assert_eq!(at(160).0, 4);
}

#[test]
fn a_period_covers_the_cases_that_ended_in_it() {
    let log = example();
    let options = Options {
        steps: named(&["Check"]),
        period: Some((0, 150 * MINUTE)),
        closed: &two_closed,
        ..Options::default()
    };
    let stream = value_stream(&log, &WorkClock::always(), &options).unwrap();
    assert_eq!((stream.cases, stream.output.count), (1, 1));
    assert_eq!(stream.worked_days, 1);
    conserved(&stream);
}

#[test]
fn worked_days_are_counted_on_the_clock() {
    let log = log(&[("1", "A", 4 * 1440, 18 * 1440, Known::Interval, 0)]);
    let stream = value_stream(&log, &office(), &Options::default()).unwrap();
    // Two weeks from a Monday at midnight, and the instant after.
    assert_eq!(stream.worked_days, 10);
    assert_eq!(stream.totals.lead.unwrap().mean_s, 70.0 * 3600.0);
    let night = Opening {
        weekdays: (1..=7).collect(),
        from: jiff::civil::time(0, 0, 0, 0),
        to: jiff::civil::time(0, 0, 0, 0),
    };
    let clock = WorkClock::new(&Calendar::default(), &Zone::utc(), &[night], 0, 40).unwrap();
    // Open around the clock, the last instant is one of an eleventh day.
    assert_eq!(value_stream(&log, &clock, &Options::default()).unwrap().worked_days, 11);
    let always = value_stream(&log, &WorkClock::always(), &Options::default()).unwrap();
    assert_eq!(always.worked_days, 15);
}

#[test]
fn usual_steps_are_few_and_in_the_order_of_the_cases() {
    let names: Vec<String> = (0..40).map(|i| format!("step {i:02}")).collect();
    let mut rows: Vec<(String, usize)> = Vec::new();
    for case in 0..20 {
        // Every case walks backwards through the names; rarer names in fewer cases.
        for (i, _) in names.iter().enumerate().rev().filter(|&(i, _)| case >= i / 2) {
            rows.push((format!("{case:02}"), i));
        }
    }
    let mut log = TaskLog::default();
    for case in 0..20 {
        let id = format!("{case:02}");
        let first = log.tasks.len();
        for (at, (_, i)) in rows.iter().filter(|r| r.0 == id).enumerate() {
            let start = at as i64 * MINUTE;
            log.tasks.push(TaskRow {
                activity: log.activities.code(&names[*i]),
                resource: NONE,
                start,
                end: start,
                scheduled: None,
                known: Known::EndOnly,
                day: false,
            });
        }
        let tasks = first..log.tasks.len();
        log.cases.push(CaseRow { id, tasks, dims: [NONE; 4], attributes: None });
    }
    let stream = value_stream(&log, &WorkClock::always(), &Options::default()).unwrap();
    let got: Vec<&str> = stream.steps.iter().map(|s| s.name.as_str()).collect();
    let want: Vec<&String> = names[..MOST_STEPS].iter().rev().collect();
    assert_eq!(got, want);
    conserved(&stream);
}

#[test]
fn it_stops_when_asked() {
    let options = Options { stop: &|| true, ..Options::default() };
    let got = value_stream(&example(), &WorkClock::always(), &options);
    assert_eq!(got.unwrap_err(), ValueStreamError::Stopped);
}

/// Minute by minute: who holds the case, by rules written apart from the code.
fn minutes(log: &TaskLog, clock: &WorkClock, steps: &[&str]) -> Vec<(i64, i64)> {
    let mut rungs = vec![(0i64, 0i64); steps.len() + 1];
    for case in &log.cases {
        let tasks = log.tasks_of(case);
        let rung = |t: &TaskRow| {
            let name = log.activities.name(t.activity);
            steps.iter().position(|s| *s == name).unwrap_or(steps.len())
        };
        let first = tasks.iter().map(|t| t.start).min().unwrap();
        let last = tasks.iter().map(|t| t.end).max().unwrap();
        for minute in (first..last).step_by(MINUTE as usize) {
            if !clock.is_open(minute) {
                continue;
            }
            // The task begun first among those under way works; ties to the one that ends first.
            let at = tasks.iter().find(|t| t.start <= minute && minute < t.end);
            match at {
                Some(t) => rungs[rung(t)].1 += 1,
                None => rungs[rung(tasks.iter().find(|t| t.start > minute).unwrap())].0 += 1,
            }
        }
    }
    rungs
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn the_ladder_is_a_count_minute_by_minute(
        work in prop::collection::vec((0usize..3, 0usize..4, 4 * 1440i64..9 * 1440, 0i64..700), 1..14),
        open_hours in any::<bool>(),
    ) {
        const CASES: [&str; 3] = ["1", "2", "3"];
        const NAMES: [&str; 4] = ["A", "B", "C", "D"];
        let rows: Vec<Work> = work
            .iter()
            .map(|&(c, a, start, long)| (CASES[c], NAMES[a], start, start + long, Known::Interval, 0))
            .collect();
        let log = log(&rows);
        let clock = if open_hours { office() } else { WorkClock::always() };
        let options = Options { steps: named(&["B", "A"]), ..Options::default() };
        let stream = value_stream(&log, &clock, &options).unwrap();
        conserved(&stream);
        let got: Vec<(i64, i64)> = stream
            .steps
            .iter()
            .map(|s| s.rung)
            .chain([stream.other.rung])
            .map(|r| (r.wait_us / MINUTE, r.touch_us / MINUTE))
            .collect();
        prop_assert_eq!(got, minutes(&log, &clock, &["B", "A"]));
    }

    /// Whatever is delivered: nothing panics, the ladder holds, open cases are somewhere once.
    #[test]
    fn anything_goes(
        work in prop::collection::vec(
            (0usize..3, 0usize..4, any::<i64>(), any::<i64>(), 0u8..3, any::<bool>()), 0..12),
        now in any::<i64>(), from in any::<i64>(), until in any::<i64>(), open in any::<bool>(),
    ) {
        let mut log = TaskLog::default();
        for case in 0..3 {
            let first = log.tasks.len();
            for &(_, a, start, end, known, day) in work.iter().filter(|w| w.0 == case) {
                let known = [Known::Interval, Known::EndOnly, Known::StartOnly][usize::from(known)];
                let activity = log.activities.code(["A", "B", "C", "D"][a]);
                log.tasks.push(TaskRow { activity, resource: 3, start, end, scheduled: None, known, day });
            }
            let tasks = first..log.tasks.len();
            log.cases.push(CaseRow { id: case.to_string(), tasks, dims: [NONE; 4], attributes: None });
        }
        let clock = if open { office() } else { WorkClock::always() };
        let options = Options {
            period: Some((from, until)),
            now: Some(now),
            closed: &|c: &CaseRow| c.id != "2",
            ..Options::default()
        };
        let stream = value_stream(&log, &clock, &options).unwrap();
        let standing: u64 = stream.steps.iter().map(|s| s.stock + s.in_progress).sum();
        prop_assert_eq!(standing + stream.stock_after_last, stream.open_cases);
        if open {
            conserved(&stream);
        }
    }
}

/// On the public logs: conservation against the sum of the spans, and the usual steps.
#[test]
fn public_logs_are_conserved() {
    for (path, cases, steps) in [
        ("log-receipt-wabo/receipt.xes.gz", 1_434, 6),
        ("log-bpic2012/BPI_Challenge_2012.xes.gz", 13_087, 8),
        ("log-bpic2015-municipalities/T_BPIC15_1.xes.gz", 1_199, 12),
        ("log-insurance-claims/insurance.xes.gz", 1_182, 8),
        ("log-road-traffic-fines/road_traffic_fines.csv.gz", 150_370, 6),
    ] {
        let Some(batch) = logs::log(path, &[]) else { return };
        let log = logs::run(&TaskLogKernel::default(), &batch);
        let days = |us: i64| i32::try_from(us / DAY).unwrap();
        let first = log.tasks.iter().map(|t| t.start).min().unwrap();
        let last = log.tasks.iter().map(|t| t.end).max().unwrap();
        let (calendar, zone) = (Calendar::default(), Zone::utc());
        let (from, to) = (days(first) - 1, days(last) + 1);
        let clock = WorkClock::new(&calendar, &zone, &usual_openings(), from, to).unwrap();
        let stream = value_stream(&log, &clock, &Options::default()).unwrap();
        conserved(&stream);
        let lead = |c: &CaseRow| {
            let tasks = log.tasks_of(c);
            let open = tasks.iter().map(|t| t.scheduled.unwrap_or(t.start).min(t.start)).min();
            clock.between(open.unwrap(), tasks.iter().map(|t| t.end).max().unwrap())
        };
        assert_eq!(stream.totals.lead_us, log.cases.iter().map(lead).sum::<i64>(), "{path}");
        assert_eq!((stream.cases, stream.steps.len()), (cases, steps), "{path}");
        if path.contains("bpic2012") {
            let names: Vec<&str> = stream.steps.iter().map(|s| s.name.as_str()).collect();
            assert_eq!(names[..2], ["A_SUBMITTED", "A_PARTLYSUBMITTED"]);
        }
        let half = Options {
            closed: &|c| c.id.ends_with(['1', '3', '5', '7', '9']),
            ..Options::default()
        };
        let half = value_stream(&log, &clock, &half).unwrap();
        conserved(&half);
        let standing: u64 = half.steps.iter().map(|s| s.stock + s.in_progress).sum();
        assert_eq!(standing + half.stock_after_last, half.open_cases, "{path}");
        assert_eq!(half.cases + half.open_cases, cases, "{path}");
    }
}
