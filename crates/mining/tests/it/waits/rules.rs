//! One small log per rule, counted by hand.

use std::ops::ControlFlow;

use eclusier_calendar::{WorkClock, Zone};
use eclusier_core::config::{Awaited, Hold};
use eclusier_mining::calendars::{CalendarOptions, go_on};
use eclusier_mining::waits::{
    Cause, Concurrency, ConcurrencyOptions, Form, Waits, WaitsError, WaitsOptions, Weakness,
    enable, waits,
};
use eclusier_mining::{Known, TaskLog};

use super::{Line, MONDAY, line, log_of, opening, rosters, weekdays};

/// Minutes after nine on the first Monday.
const NINE: i64 = MONDAY + 9 * 60;

fn at(case: &str, activity: &str, person: &str, from: i64, to: i64) -> Line {
    line(case, activity, person, NINE + from, NINE + to)
}

fn options(log: &TaskLog) -> WaitsOptions {
    let mut options = WaitsOptions::new(Zone::utc());
    let known = [("ana", weekdays(&[(9, 12), (13, 17)])), ("bob", weekdays(&[(9, 12), (13, 17)]))];
    options.rosters = Some(rosters(log, &known));
    options
}

fn answer(lines: &[Line], change: impl FnOnce(&mut WaitsOptions)) -> Waits {
    let log = log_of(lines);
    let mut options = options(&log);
    change(&mut options);
    waits(&log, &opening(&[(9, 12), (13, 17)]), &options, &go_on).unwrap()
}

/// Calendar minutes of each cause on the edge to an activity.
fn minutes(answer: &Waits, to: &str) -> [f64; 6] {
    let edge = answer.edges.iter().find(|e| e.to == to).unwrap();
    let mut out = [0.0; 6];
    for (place, cause) in out.iter_mut().zip(&edge.causes) {
        *place = cause.lost.calendar_s / 60.0;
    }
    out
}

#[test]
fn busy_with_earlier_work_then_with_later_work_then_absent_then_nothing() {
    // Case x is ready for bob at 9:30 and begins at 13:45.
    let answer = answer(
        &[
            at("w", "A", "ana", 0, 10),
            at("w", "B", "bob", 15, 60),
            at("x", "A", "ana", 10, 30),
            at("x", "C", "bob", 285, 300),
            at("y", "A", "ana", 40, 50),
            at("y", "B", "bob", 65, 125),
        ],
        |_| {},
    );
    // 9:30–10:00 w, ready before; 10:05–11:05 y, ready after; 12:00–13:00 absent;
    // 10:00–10:05, 11:05–12:00 and 13:00–13:45 nothing explains.
    assert_eq!(minutes(&answer, "C"), [0.0, 0.0, 30.0, 60.0, 60.0, 105.0]);
    let edge = answer.edges.iter().find(|e| e.to == "C").unwrap();
    assert_eq!((edge.count, edge.cases, edge.from.as_deref()), (1, 1, Some("A")));
    assert_eq!(edge.figures.total_s, 255.0 * 60.0);
    assert_eq!(edge.figures.worked_total_s, Some(195.0 * 60.0), "the noon hour is not worked");
    let share = edge.causes[Cause::Unexplained as usize].worked_share.unwrap();
    assert!((share - 105.0 / 195.0).abs() < 1e-12);
    assert_eq!(answer.losses[0].lost.cause, Cause::Unexplained);
    assert_eq!(answer.losses[0].lost.examples, ["x"]);
    assert_eq!(answer.quality.form, Some(Form::Full));
}

#[test]
fn a_pile_done_at_once_waited_for_its_last_piece() {
    let lines = [
        at("x", "A", "ana", 0, 10),
        at("y", "A", "ana", 30, 40),
        at("z", "A", "ana", 40, 50),
        at("x", "C", "bob", 60, 70),
        at("y", "C", "bob", 70, 80),
        at("z", "C", "bob", 82, 90),
    ];
    let found = answer(&lines, |_| {});
    // Ready at 10, 40 and 50: the pile is complete at 50. x waits 40 for it, then 10 for nothing;
    // y waits 10 for it, 10 for nothing, 10 for x; z waits 10, 10 for x, 10 for y, 2 for nothing.
    assert_eq!(minutes(&found, "C"), [0.0, 50.0, 30.0, 0.0, 0.0, 32.0]);
    assert_eq!(found.batches, 1);
    // Bob busy all along with something else: a queue, not a batch.
    let mut busy = lines.to_vec();
    busy.push(at("w", "B", "bob", -30, 60));
    let found = answer(&busy, |_| {});
    assert_eq!(found.batches, 0);
    assert_eq!(minutes(&found, "C")[Cause::Batching as usize], 0.0);
    // Larger batches asked for.
    assert_eq!(answer(&lines, |o| o.batches.min_size = 4).batches, 0);
}

fn hold(leave: &[&str], awaited: Awaited) -> Hold {
    Hold {
        enter: vec!["Ask".into()],
        leave: leave.iter().map(|l| (*l).to_owned()).collect(),
        awaited,
        returned: false,
    }
}

#[test]
fn a_hold_takes_its_minutes_before_any_other_cause() {
    let lines = [
        at("x", "A", "ana", 0, 10),
        at("x", "Ask", "ana", 10, 10),
        at("x", "Answer", "ana", 70, 70),
        at("x", "C", "bob", 100, 110),
        at("y", "A", "ana", -40, -20),
        at("y", "C", "bob", 0, 60),
    ];
    let held = answer(&lines, |o| o.holds = vec![hold(&["Answer"], Awaited::Insured)]);
    assert_eq!(minutes(&held, "Answer")[0], 60.0);
    assert_eq!(held.held_by.len(), 1);
    assert_eq!(held.held_by[0].awaited, Awaited::Insured);
    assert_eq!(held.held_by[0].lost.calendar_s, 3600.0);
    // Any later event ends a hold without a leave: the same here.
    let any = answer(&lines, |o| o.holds = vec![hold(&[], Awaited::OtherBody)]);
    assert_eq!(minutes(&any, "Answer")[0], 60.0);
    // Awaiting ourselves is no external hold.
    let ours = answer(&lines, |o| o.holds = vec![hold(&["Answer"], Awaited::Us)]);
    assert_eq!(minutes(&ours, "Answer")[0], 0.0);
    // Never answered: held to the end of the case.
    let never = answer(&lines, |o| o.holds = vec![hold(&["Nothing"], Awaited::Employer)]);
    assert_eq!(minutes(&never, "Answer")[0] + minutes(&never, "C")[0], 90.0);
}

#[test]
fn the_log_says_when_a_task_entered_the_basket() {
    let mut lines = vec![at("x", "A", "ana", 0, 10), at("x", "C", "bob", 100, 110)];
    lines[1].scheduled = Some(NINE + 60);
    lines[0].scheduled = Some(NINE - 15);
    let found = answer(&lines, |_| {});
    assert_eq!(minutes(&found, "C").iter().sum::<f64>(), 40.0);
    let first = found.edges.iter().find(|e| e.to == "A").unwrap();
    assert_eq!(first.from, None, "from the start of the case");
    assert_eq!(first.figures.total_s, 900.0);
    assert_eq!(found.quality.scheduled, 2);
}

#[test]
fn first_tasks_wait_only_when_the_reception_is_known() {
    let lines = [at("x", "A", "ana", 30, 40)];
    let unknown = answer(&lines, |_| {});
    assert_eq!(unknown.count, 0);
    assert!(unknown.quality.weaknesses.contains(&Weakness::UnknownArrivals { n: 1 }));
    assert!(unknown.quality.weaknesses.contains(&Weakness::NoWaits));
    assert_eq!(unknown.figures.mean_s, None, "nothing to measure is not 0");
    let known = answer(&lines, |o| o.arrivals = vec![Some(NINE * super::MINUTE)]);
    assert_eq!((known.count, known.figures.total_s), (1, 1800.0));
}

/// `n` cases in which B and C follow A in either order, then D.
fn side_by_side(n: i64, overlap: bool) -> Vec<Line> {
    let mut lines = Vec::new();
    for case in 0..n {
        let id = format!("c{case:02}");
        let day = case * 1440;
        let (b, c) = if case % 2 == 0 { (20, 60) } else { (60, 20) };
        let long = if overlap { 50 } else { 10 };
        lines.push(at(&id, "A", "ana", day, day + 10));
        lines.push(at(&id, "B", "bob", day + b, day + b + long));
        lines.push(at(&id, "C", "ana", day + c, day + c + long));
        lines.push(at(&id, "D", "bob", day + 200, day + 210));
    }
    lines
}

#[test]
fn activities_side_by_side_do_not_wait_for_each_other() {
    for overlap in [false, true] {
        let log = log_of(&side_by_side(6, overlap));
        let concurrency = Concurrency::read(&log, &ConcurrencyOptions::default());
        let code = |name| log.activities.get(name).unwrap();
        assert!(concurrency.holds(code("B"), code("C")), "overlap {overlap}");
        assert!(!concurrency.holds(code("A"), code("B")));
        assert_eq!(concurrency.pairs().len(), 1);
        let enabled = enable(&log, &concurrency, &[]);
        for (task, enabled) in log.tasks.iter().zip(&enabled) {
            let by = match log.activities.name(task.activity) {
                "B" | "C" => "A",
                "D" => continue,
                _ => "",
            };
            assert_eq!(log.activities.name(enabled.by), by);
        }
        // D is enabled by whichever of B and C ended last.
        let last = log.tasks.iter().zip(&enabled).filter(|(t, _)| t.activity == code("D"));
        let by: Vec<&str> = last.map(|(_, e)| log.activities.name(e.by)).collect();
        assert_eq!(by, ["C", "B", "C", "B", "C", "B"]);
    }
}

#[test]
fn going_back_and_forth_is_a_loop_and_not_side_by_side() {
    let mut lines = Vec::new();
    for case in 0..6 {
        let id = format!("c{case}");
        for turn in 0..4 {
            let from = case * 1440 + turn * 60;
            let who = ["A", "B"][turn as usize % 2];
            lines.push(at(&id, who, "ana", from, from + 10));
        }
    }
    let log = log_of(&lines);
    let concurrency = Concurrency::read(&log, &ConcurrencyOptions::default());
    assert!(concurrency.pairs().is_empty());
}

#[test]
fn a_log_of_days_has_no_worked_time() {
    let mut lines = vec![at("x", "A", "ana", 0, 0), at("x", "C", "bob", 3 * 1440, 3 * 1440)];
    for line in &mut lines {
        (line.day, line.known) = (true, Known::EndOnly);
    }
    let found = answer(&lines, |_| {});
    let edge = &found.edges[0];
    assert_eq!(edge.figures.total_s, 3.0 * 86_400.0);
    assert_eq!(edge.figures.worked_total_s, None);
    assert_eq!(edge.causes[Cause::Unexplained as usize].lost.worked_s, None);
    assert_eq!(edge.causes[Cause::Unexplained as usize].calendar_share, Some(1.0));
    assert_eq!(found.quality.form, Some(Form::DaysOnly));
    assert!(found.quality.weaknesses.contains(&Weakness::DaysOnly { n: 2 }));
}

#[test]
fn without_people_the_hours_of_the_body_are_all_that_explains() {
    let lines = [at("x", "A", "", 0, 60), at("x", "C", "", 300, 310)];
    let found = answer(&lines, |_| {});
    // 10:00 to 14:00: closed from 12:00 to 13:00.
    assert_eq!(minutes(&found, "C"), [0.0, 0.0, 0.0, 0.0, 60.0, 180.0]);
    assert_eq!(found.figures.worked_total_s, Some(180.0 * 60.0));
    assert_eq!(found.quality.form, Some(Form::NoResource));
    assert!(found.quality.weaknesses.contains(&Weakness::NoResources { n: 2 }));
}

#[test]
fn a_body_whose_hours_are_not_known_is_said_so() {
    let log = log_of(&[at("x", "A", "ana", 0, 60), at("x", "C", "bob", 300, 310)]);
    let found = waits(&log, &WorkClock::always(), &options(&log), &go_on).unwrap();
    assert!(found.quality.weaknesses.contains(&Weakness::NoOpeningHours));
    assert_eq!(found.figures.worked_total_s, Some(found.figures.total_s));
}

#[test]
fn an_empty_log_has_an_empty_answer_and_work_can_be_stopped() {
    let clock = opening(&[(9, 17)]);
    let empty =
        waits(&TaskLog::default(), &clock, &WaitsOptions::new(Zone::utc()), &go_on).unwrap();
    assert_eq!((empty.count, empty.quality.form), (0, None));
    assert!(empty.causes.iter().all(|c| c.calendar_share.is_none()));
    let log = log_of(&side_by_side(6, true));
    for limit in [0, 1, 20] {
        let stop = |done: u64, _: u64| match done >= limit {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        };
        let got = waits(&log, &clock, &WaitsOptions::new(Zone::utc()), &stop);
        assert_eq!(got.unwrap_err(), WaitsError::Stopped);
    }
    let wrong = CalendarOptions { slot_minutes: 7, ..CalendarOptions::default() };
    let options = WaitsOptions { calendars: wrong, ..WaitsOptions::new(Zone::utc()) };
    assert!(matches!(waits(&log, &clock, &options, &go_on), Err(WaitsError::Calendars(_))));
}
