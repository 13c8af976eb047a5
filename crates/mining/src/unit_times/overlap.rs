//! Work on several tasks at once: one hour of a person is one hour, however many tasks are open.
//!
//! - Computes: the worked time of each task, an instant with k tasks of one person counting 1/k
//!   for each; what still open tasks took so far, sharing with all the others.
//! - Units: microseconds of worked time.
//! - Shapes: a task log in; for each of its tasks its time, where it can be told, out.
//! - Errors: none; tasks that name nobody share with nobody.
//! - Source: product decision; conserves the worked time of each person, compared with brute force.

use eclusier_calendar::WorkClock;
use eclusier_eventlog::intern::NONE;

use crate::task_log::{Known, TaskLog};

/// Fractions of a microsecond kept while adding shares.
const BITS: u32 = 20;

/// A task begins or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Point {
    at: i64,
    ends: bool,
    task: usize,
}

/// Worked time of each task: closed ones to their end, open ones to `as_of`.
///
/// `None` when stopped. An open task takes nothing from the closed ones: nobody knows when it
/// was left, and one forgotten for a year would halve all others.
pub(super) fn touch_times(
    log: &TaskLog,
    clock: &WorkClock,
    split: bool,
    as_of: i64,
    stop: &dyn Fn() -> bool,
) -> Option<Vec<Option<i64>>> {
    let span = |place: usize| {
        let task = log.tasks.get(place).filter(|t| !t.day)?;
        match task.known {
            Known::Interval => Some((task.start, task.end)),
            Known::StartOnly => Some((task.start, as_of.max(task.start))),
            Known::EndOnly => None,
        }
    };
    let alone = |place| span(place).map(|(from, to)| clock.between(from, to));
    let mut times: Vec<Option<i64>> = (0..log.tasks.len()).map(alone).collect();
    if !split {
        return Some(times);
    }
    let mut order: Vec<usize> = (0..log.tasks.len())
        .filter(|&i| log.tasks.get(i).is_some_and(|t| t.resource != NONE))
        .filter(|&i| span(i).is_some_and(|(from, to)| to > from))
        .collect();
    order.sort_by_key(|&i| log.tasks.get(i).map_or(NONE, |t| t.resource));
    let same = |a: &usize, b: &usize| {
        log.tasks.get(*a).map(|t| t.resource) == log.tasks.get(*b).map(|t| t.resource)
    };
    let mut points: Vec<Point> = Vec::new();
    let mut begun: Vec<i128> = vec![0; log.tasks.len()];
    for tasks in order.chunk_by(same) {
        if stop() {
            return None;
        }
        points.clear();
        for &task in tasks {
            if let Some((from, to)) = span(task) {
                points.push(Point { at: from, ends: false, task });
                points.push(Point { at: to, ends: true, task });
            }
        }
        points.sort_unstable();
        // Share of one closed task since the beginning, and of one open task.
        let (mut closed, mut open) = (0i128, 0i128);
        let (mut busy, mut waiting) = (0i128, 0i128);
        let mut before: Option<i64> = None;
        for point in &points {
            let from = before.replace(point.at).unwrap_or(point.at);
            let worked = i128::from(clock.between(from, point.at)) << BITS;
            closed += worked / busy.max(1);
            open += worked / (busy + waiting).max(1);
            let still = log.tasks.get(point.task).is_some_and(|t| t.known == Known::StartOnly);
            let (share, count) = if still { (open, &mut waiting) } else { (closed, &mut busy) };
            *count += if point.ends { -1 } else { 1 };
            let (Some(begun), Some(time)) = (begun.get_mut(point.task), times.get_mut(point.task))
            else {
                continue;
            };
            if point.ends {
                let took = (share - *begun + (1 << (BITS - 1))) >> BITS;
                *time = Some(i64::try_from(took).unwrap_or(i64::MAX));
            } else {
                *begun = share;
            }
        }
    }
    Some(times)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task_log::TaskRow;

    #[test]
    fn open_tasks_share_with_all_and_take_from_none() {
        let task = |start, end, known| TaskRow {
            activity: 0,
            resource: 1,
            start,
            end,
            scheduled: None,
            known,
            day: false,
        };
        let log = TaskLog {
            tasks: vec![
                task(0, 100, Known::Interval),
                task(50, 100, Known::Interval),
                task(60, 60, Known::StartOnly),
                task(120, 120, Known::StartOnly),
                task(70, 70, Known::EndOnly),
            ],
            ..TaskLog::default()
        };
        let clock = WorkClock::always();
        let times = touch_times(&log, &clock, true, 140, &|| false);
        // First open task: a third of 40, 20 alone, half of 20; the second: half of 20.
        let shared = vec![Some(75), Some(25), Some(43), Some(10), None];
        assert_eq!(times, Some(shared));
        let alone = touch_times(&log, &clock, false, 140, &|| false);
        assert_eq!(alone, Some(vec![Some(100), Some(50), Some(80), Some(20), None]));
        assert_eq!(touch_times(&log, &clock, true, 140, &|| true), None);
    }
}
