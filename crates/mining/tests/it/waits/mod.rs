//! Waits by cause, calendars and estimated starts.

mod body;
mod calendars;
mod oracle;
mod real;
mod rules;
mod speed;
mod starts;
mod truth;

use eclusier_calendar::{Calendar, HolidayZone, Opening, WorkClock, Zone};
use eclusier_eventlog::intern::NONE;
use eclusier_mining::calendars::{Calendars, WeekPattern};
use eclusier_mining::{CaseRow, Known, TaskLog, TaskRow};
use jiff::civil::time;

pub const MINUTE: i64 = 60_000_000;
/// Monday 8 January 2024, in minutes: no holiday before April.
pub const MONDAY: i64 = 19_730 * 1440;

/// One task, instants in minutes.
#[derive(Debug, Clone)]
pub struct Line {
    pub case: String,
    pub activity: String,
    pub person: Option<String>,
    pub start: i64,
    pub end: i64,
    pub known: Known,
    pub scheduled: Option<i64>,
    pub day: bool,
}

pub fn line(case: &str, activity: &str, person: &str, start: i64, end: i64) -> Line {
    Line {
        case: case.to_owned(),
        activity: activity.to_owned(),
        person: (!person.is_empty()).then(|| person.to_owned()),
        start,
        end,
        known: Known::Interval,
        scheduled: None,
        day: false,
    }
}

/// A log of these tasks: cases in order of first sight, tasks by start.
pub fn log_of(lines: &[Line]) -> TaskLog {
    let mut log = TaskLog::default();
    let mut cases: Vec<&str> = Vec::new();
    for line in lines {
        if !cases.contains(&line.case.as_str()) {
            cases.push(&line.case);
        }
    }
    let us = |minutes: i64| minutes.saturating_mul(MINUTE);
    for case in cases {
        let first = log.tasks.len();
        let mut own: Vec<&Line> = lines.iter().filter(|l| l.case == case).collect();
        own.sort_by_key(|l| (l.start, l.end));
        for line in own {
            let activity = log.activities.code(&line.activity);
            let resource = line.person.as_ref().map_or(NONE, |p| log.resources.code(p));
            log.tasks.push(TaskRow {
                activity,
                resource,
                start: us(line.start),
                end: us(line.end),
                scheduled: line.scheduled.map(us),
                known: line.known,
                day: line.day,
            });
        }
        let tasks = first..log.tasks.len();
        log.cases.push(CaseRow { id: case.to_owned(), tasks, dims: [NONE; 4], attributes: None });
    }
    log
}

/// A week with the same hours from Monday to Friday.
pub fn weekdays(hours: &[(usize, usize)]) -> WeekPattern {
    let mut open = vec![false; 7 * 24];
    for day in 0..5 {
        for &(from, to) in hours {
            open[day * 24 + from..day * 24 + to].fill(true);
        }
    }
    WeekPattern { slot_minutes: 60, open }
}

/// Calendars by name of person; those not named never close.
pub fn rosters(log: &TaskLog, known: &[(&str, WeekPattern)]) -> Calendars {
    let patterns = log.resources.names().iter().map(|name| {
        let found = known.iter().find(|k| k.0 == name.as_str());
        found.map_or_else(|| WeekPattern::always(60), |k| k.1.clone())
    });
    Calendars::given(patterns.collect(), Zone::utc())
}

/// A body open from Monday to Friday, hours of the clock, over ten years without holidays on
/// the days of the tests.
pub fn opening(hours: &[(i8, i8)]) -> WorkClock {
    let hours: Vec<Opening> = hours
        .iter()
        .map(|&(from, to)| Opening {
            weekdays: (1..=5).collect(),
            from: time(from, 0, 0, 0),
            to: time(to, 0, 0, 0),
        })
        .collect();
    let calendar = Calendar::new(HolidayZone::Metropole, &[1, 2, 3, 4, 5], &[]);
    WorkClock::new(&calendar, &Zone::utc(), &hours, 19_000, 21_000).unwrap()
}
