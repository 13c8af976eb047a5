//! A small office simulated minute by minute, which remembers why everything waited.
//!
//! Its log is split by the program, with the rosters known; the true causes are those the
//! office remembers. Nothing here reads the code under test but its answer.

use eclusier_calendar::Zone;
use eclusier_core::config::{Awaited, Hold};
use eclusier_mining::calendars::{WeekPattern, go_on};
use eclusier_mining::waits::{Cause, WaitsOptions, explain, waits};

use super::{Line, MINUTE, MONDAY, line, log_of, opening, rosters, weekdays};

/// Chance of the tests: a linear congruence, the same everywhere.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Queue {
    First,
    Last,
    /// Begins when that many lie there, then takes all of them.
    Pile(usize),
}

struct Person {
    name: &'static str,
    activity: &'static str,
    hours: &'static [(usize, usize)],
    queue: Queue,
}

const STAFF: [Person; 4] = [
    Person { name: "p0", activity: "Register", hours: &[(8, 16)], queue: Queue::First },
    Person { name: "p1", activity: "Check", hours: &[(9, 12), (13, 17)], queue: Queue::First },
    Person { name: "p2", activity: "Decide", hours: &[(7, 12), (14, 18)], queue: Queue::Last },
    Person { name: "p3", activity: "Send", hours: &[(9, 17)], queue: Queue::Pile(3) },
];

/// What waits in front of a person.
#[derive(Clone)]
struct Waiting {
    case: usize,
    enabled: i64,
    /// The person cannot know of it before: a delay foreign to the log.
    visible: i64,
}

/// A task done, with what the office remembers of its wait.
struct Done {
    case: usize,
    person: usize,
    enabled: i64,
    start: i64,
    end: i64,
    /// Its pile was complete then.
    complete: Option<i64>,
}

struct Office {
    done: Vec<Done>,
    holds: Vec<(usize, i64, i64)>,
    arrivals: Vec<i64>,
}

fn is_open(hours: &[(usize, usize)], minute: i64) -> bool {
    let weekday = (minute - MONDAY).div_euclid(1440).rem_euclid(7);
    let hour = minute.rem_euclid(1440) / 60;
    weekday < 5 && hours.iter().any(|&(a, b)| (a as i64..b as i64).contains(&hour))
}

fn simulate(seed: u64, cases: usize, busy: u64) -> Office {
    let mut dice = Dice(seed);
    let mut office = Office { done: Vec::new(), holds: Vec::new(), arrivals: Vec::new() };
    let mut queues: Vec<Vec<Waiting>> = vec![Vec::new(); STAFF.len()];
    // The pile being worked off, and when each person may begin again.
    let mut pile: Vec<Waiting> = Vec::new();
    let mut complete = None;
    let mut free = [0i64; 4];
    let mut at = MONDAY;
    for case in 0..cases {
        at += dice.below(busy) as i64;
        office.arrivals.push(at);
        queues[0].push(Waiting { case, enabled: at, visible: at });
    }
    let mut left = cases * STAFF.len();
    let mut minute = MONDAY;
    while left > 0 {
        for person in 0..STAFF.len() {
            let staff = &STAFF[person];
            if free[person] > minute || !is_open(staff.hours, minute) {
                continue;
            }
            let ready = |w: &Waiting| w.enabled <= minute && w.visible <= minute;
            let next = match staff.queue {
                Queue::First => {
                    let ready = queues[person].iter().enumerate().filter(|(_, w)| ready(w));
                    ready.min_by_key(|(_, w)| w.enabled).map(|(i, _)| i)
                }
                Queue::Last => {
                    let ready = queues[person].iter().enumerate().filter(|(_, w)| ready(w));
                    ready.max_by_key(|(_, w)| w.enabled).map(|(i, _)| i)
                }
                Queue::Pile(size) => {
                    if pile.is_empty() {
                        let lying = queues[person].iter().filter(|w| ready(w)).count();
                        // The last cases are sent whatever their number.
                        if lying >= size || (lying > 0 && lying == left) {
                            let (now, later) = queues[person].drain(..).partition(|w| ready(w));
                            (pile, queues[person]) = (now, later);
                            pile.sort_by_key(|w| w.enabled);
                            complete = pile.last().map(|w| w.enabled).filter(|_| pile.len() > 1);
                        }
                    }
                    if !pile.is_empty() {
                        let task = pile.remove(0);
                        queues[person].insert(0, task);
                        Some(0)
                    } else {
                        None
                    }
                }
            };
            let Some(next) = next else { continue };
            let task = queues[person].remove(next);
            let end = minute + 4 + dice.below(40) as i64;
            // A breath between tasks: without it, tasks let lie and then done in a row would be
            // a batch for anyone who reads the log. Piles are done in a row.
            let pause = match staff.queue {
                Queue::Pile(_) if !pile.is_empty() => 0,
                _ if person == 0 => 0,
                _ => 6 + dice.below(5) as i64,
            };
            free[person] = end;
            let mut breath = pause;
            while breath > 0 {
                breath -= i64::from(is_open(staff.hours, free[person]));
                free[person] += 1;
            }
            let complete = if matches!(staff.queue, Queue::Pile(_)) { complete } else { None };
            office.done.push(Done {
                case: task.case,
                person,
                enabled: task.enabled,
                start: minute,
                end,
                complete,
            });
            left -= 1;
            if person + 1 < STAFF.len() {
                let mut enabled = end;
                if person == 1 && dice.below(3) == 0 {
                    enabled = end + 1 + dice.below(3000) as i64;
                    office.holds.push((task.case, end, enabled));
                }
                let foreign = if person < 2 && dice.below(4) == 0 { dice.below(900) } else { 0 };
                let visible = enabled + foreign as i64;
                queues[person + 1].push(Waiting { case: task.case, enabled, visible });
            }
        }
        minute += 1;
    }
    office
}

/// Minutes of a wait by cause: all, and those in which the body is open.
fn remembered(office: &Office, task: &Done) -> [(i64, i64); 6] {
    let mut parts = [(0, 0); 6];
    let staff = &STAFF[task.person];
    let others: Vec<&Done> =
        office.done.iter().filter(|d| d.person == task.person && !std::ptr::eq(*d, task)).collect();
    let busy_at = |minute: i64| others.iter().any(|d| d.start <= minute && minute < d.end);
    // A pile is a batch when the person could have begun before it was complete.
    let pile: Vec<&&Done> = others
        .iter()
        .filter(|d| {
            d.complete.is_some()
                && d.complete == task.complete
                && (d.start - task.start).abs() < 3 * 1440
        })
        .collect();
    let first = pile.iter().map(|d| d.enabled).chain([task.enabled]).min().unwrap();
    let complete = task.complete.filter(|&complete| {
        !pile.is_empty() && (first..complete).any(|m| is_open(staff.hours, m) && !busy_at(m))
    });
    for minute in task.enabled..task.start {
        let held = office
            .holds
            .iter()
            .any(|&(case, from, to)| case == task.case && from <= minute && minute < to);
        let running = || others.iter().filter(|d| d.start <= minute && minute < d.end);
        let cause = if held {
            Cause::Held
        } else if complete.is_some_and(|complete| minute < complete) {
            Cause::Batching
        } else if running().any(|d| d.enabled <= task.enabled) {
            Cause::Contention
        } else if running().next().is_some() {
            Cause::Prioritisation
        } else if !is_open(staff.hours, minute) {
            Cause::Unavailability
        } else {
            Cause::Unexplained
        };
        let place = Cause::ALL.iter().position(|&c| c == cause).unwrap();
        parts[place].0 += 1;
        parts[place].1 += i64::from(is_open(&[(8, 12), (13, 18)], minute));
    }
    parts
}

fn lines(office: &Office) -> Vec<Line> {
    let name = |case: usize| format!("c{case:04}");
    let mut lines: Vec<Line> = office
        .done
        .iter()
        .map(|d| {
            let staff = &STAFF[d.person];
            line(&name(d.case), staff.activity, staff.name, d.start, d.end)
        })
        .collect();
    for &(case, from, to) in &office.holds {
        lines.push(line(&name(case), "Ask", "robot", from, from));
        lines.push(line(&name(case), "Answer", "robot", to, to));
    }
    lines.sort_by(|a, b| a.case.cmp(&b.case));
    lines
}

#[test]
fn every_minute_of_every_wait_has_the_cause_the_office_remembers() {
    let mut seen = [0i64; 6];
    for (seed, cases, busy) in [(1, 60, 60), (2, 90, 25), (3, 40, 400), (4, 120, 15), (5, 80, 90)] {
        let office = simulate(seed, cases, busy);
        let log = log_of(&lines(&office));
        let known: Vec<(&str, WeekPattern)> =
            STAFF.iter().map(|p| (p.name, weekdays(p.hours))).collect();
        let mut options = WaitsOptions::new(Zone::utc());
        options.rosters = Some(rosters(&log, &known));
        options.holds = vec![Hold {
            enter: vec!["Ask".into()],
            leave: vec!["Answer".into()],
            awaited: Awaited::Insured,
            returned: false,
        }];
        options.arrivals = office.arrivals.iter().map(|a| Some(a * MINUTE)).collect();
        let clock = opening(&[(8, 12), (13, 18)]);
        let explained = explain(&log, &clock, &options, &go_on).unwrap();
        assert_eq!(explained.waits.len(), log.tasks.len());
        let mut total = [(0i64, 0i64); 6];
        for done in &office.done {
            let staff = &STAFF[done.person];
            let case = &log.cases
                [log.cases.iter().position(|c| c.id == format!("c{:04}", done.case)).unwrap()];
            let place = case
                .tasks
                .clone()
                .find(|&t| log.activities.name(log.tasks[t].activity) == staff.activity)
                .unwrap();
            let wait = explained.waits[place];
            let want = remembered(&office, done);
            let got = wait.parts.map(|(c, w)| (c as f64 / MINUTE as f64, w as f64 / MINUTE as f64));
            let want_f = want.map(|(c, w)| (c as f64, w as f64));
            assert_eq!(
                got, want_f,
                "seed {seed}: {} of {} waited from {} to {} (complete {:?})",
                staff.activity, case.id, done.enabled, done.start, done.complete
            );
            for (sum, part) in total.iter_mut().zip(want) {
                sum.0 += part.0;
                sum.1 += part.1;
            }
        }
        // The hold itself is a wait of the case: between asking and being answered.
        for &(_, from, to) in &office.holds {
            total[0].0 += to - from;
            total[0].1 += (from..to).filter(|&m| is_open(&[(8, 12), (13, 18)], m)).count() as i64;
        }
        let answer = waits(&log, &clock, &options, &go_on).unwrap();
        for (cause, (calendar, worked)) in answer.causes.iter().zip(total) {
            assert_eq!(cause.lost.calendar_s, calendar as f64 * 60.0, "{:?}", cause.cause);
            assert_eq!(cause.lost.worked_s, Some(worked as f64 * 60.0), "{:?}", cause.cause);
        }
        for (sum, part) in seen.iter_mut().zip(total) {
            *sum += part.0;
        }
    }
    assert!(seen.iter().all(|&minutes| minutes > 1000), "every cause is met: {seen:?}");
}
