//! When work began, where the log knows only when it ended.
//!
//! - Computes: a start for each task delivered with its end alone, flagged with how it was found.
//! - Units: microseconds since 1970 UTC; durations are open time of the person's calendar.
//! - Shapes: a [`TaskLog`], its enablement and its calendars in; one start per task out. O(n log n).
//! - Errors: none; a task of which nothing can be said keeps its end as its start.
//! - Source: Fracca et al. (2022); Chapela-Campa and Dumas, "Repairing activity start times"
//!   (2022); bounds in `docs/methods/start-times.md`.

use rayon::prelude::*;
use serde::Serialize;

use crate::calendars::{ByResource, Calendars, ClosedDays, near, open_stretches};
use crate::stats;
use crate::task_log::{self, TaskLog};
use crate::waits::Enabled;

/// How starts are estimated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StartOptions {
    /// Completions of one activity by one person at most this far apart are one burst:
    /// its tasks share its time equally (60 s).
    pub burst_us: i64,
    /// An estimated duration is at most this many times the median of its activity (2).
    pub longest_medians: f64,
    /// Durations an activity needs for a median of its own (5).
    pub min_durations: usize,
}

impl Default for StartOptions {
    fn default() -> Self {
        Self { burst_us: 60_000_000, longest_medians: 2.0, min_durations: 5 }
    }
}

/// How the start of a task is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Delivered.
    Delivered,
    /// Estimated: the task could begin only once enabled.
    Enablement,
    /// Estimated: the person ended something else just before.
    Resource,
    /// Estimated: the person's calendar opened.
    Opening,
    /// Estimated: an equal share of a burst of completions.
    Burst,
    /// Estimated: as long as its activity allows, no longer.
    Capped,
    /// Unknown: the end again.
    End,
}

impl Basis {
    /// Whether the start is an estimate.
    pub fn is_estimated(self) -> bool {
        !matches!(self, Basis::Delivered | Basis::End)
    }
}

/// Starts of the tasks, in the order of the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Starts {
    /// Start, delivered or estimated.
    pub at: Vec<i64>,
    /// How it is known.
    pub basis: Vec<Basis>,
}

/// A draft of the start of one task.
#[derive(Clone, Copy)]
struct Draft {
    task: u32,
    start: i64,
    end: i64,
    basis: Basis,
    /// Open time from start to end.
    open_us: i64,
}

/// What is known before the starts.
pub(crate) struct Known<'a> {
    pub(crate) log: &'a TaskLog,
    pub(crate) enabled: &'a [Enabled],
    pub(crate) people: &'a ByResource,
    /// Breaks ties alike whatever the order of the files.
    pub(crate) ranks: &'a [u32],
}

/// Estimates the missing starts.
pub(crate) fn estimate(
    known: &Known<'_>,
    calendars: &Calendars,
    closed: &ClosedDays,
    options: &StartOptions,
) -> Starts {
    let log = known.log;
    let mut starts = Starts {
        at: log.tasks.iter().map(|t| near(t.start)).collect(),
        basis: log
            .tasks
            .iter()
            .map(
                |t| if t.known == task_log::Known::EndOnly { Basis::End } else { Basis::Delivered },
            )
            .collect(),
    };
    if log.tasks.iter().all(|t| t.known != task_log::Known::EndOnly || t.day) {
        return starts;
    }
    let drafts: Vec<Vec<Draft>> = (0..log.resources.len())
        .into_par_iter()
        .map(|person| draft(known, person, calendars, closed, options))
        .collect();
    // The median of an activity: of delivered durations where there are enough, of drafts otherwise.
    let activities = log.activities.len();
    let mut delivered: Vec<Vec<i64>> = vec![Vec::new(); activities];
    let mut drafted: Vec<Vec<i64>> = vec![Vec::new(); activities];
    for draft in drafts.iter().flatten() {
        let Some(task) = log.tasks.get(draft.task as usize) else { continue };
        let list = if draft.basis == Basis::Delivered { &mut delivered } else { &mut drafted };
        if let Some(list) = list.get_mut(task.activity as usize).filter(|_| draft.open_us > 0) {
            list.push(draft.open_us);
        }
    }
    let longest: Vec<Option<i64>> = delivered
        .iter_mut()
        .zip(&mut drafted)
        .map(|(delivered, drafted)| {
            let list = if delivered.len() >= options.min_durations { delivered } else { drafted };
            let enough = list.len() >= options.min_durations;
            let median = if enough { stats::quantile(list, 0.5) } else { None };
            median.map(|m| (m * options.longest_medians.max(0.0)) as i64)
        })
        .collect();
    let estimated: Vec<Vec<(u32, i64, Basis)>> = drafts
        .into_par_iter()
        .enumerate()
        .map(|(person, drafts)| cap(log, person, &drafts, calendars, closed, &longest))
        .collect();
    for (task, start, basis) in estimated.into_iter().flatten() {
        let place = task as usize;
        if let (Some(at), Some(was)) = (starts.at.get_mut(place), starts.basis.get_mut(place)) {
            (*at, *was) = (start, basis);
        }
    }
    starts
}

fn calendar_of(
    person: usize,
    calendars: &Calendars,
    closed: &ClosedDays,
    from: i64,
    to: i64,
) -> OpenTime {
    let pattern = u32::try_from(person).ok().and_then(|p| calendars.of(p));
    OpenTime::new(match pattern {
        Some((pattern, _)) => open_stretches(pattern, &calendars.zone, closed, from, to),
        None => vec![(from, to)],
    })
}

/// First starts of the tasks of a person, before the cap; delivered durations come along.
fn draft(
    known: &Known<'_>,
    person: usize,
    calendars: &Calendars,
    closed: &ClosedDays,
    options: &StartOptions,
) -> Vec<Draft> {
    let row = |t: u32| known.log.tasks.get(t as usize);
    let tasks = known.people.of(person).iter();
    let mut mine: Vec<(i64, u32)> =
        tasks.filter_map(|&t| row(t).filter(|r| !r.day).map(|r| (near(r.end), t))).collect();
    mine.sort_by_key(|&(end, t)| (end, known.ranks.get(t as usize)));
    let at = |t: u32| known.enabled.get(t as usize).copied();
    let earliest = mine.iter().filter_map(|&(_, t)| at(t).map(|e| e.at)).min();
    let (Some(from), Some(&(to, _))) = (earliest, mine.last()) else { return Vec::new() };
    let begun = mine.iter().filter_map(|&(_, t)| row(t).map(|r| near(r.start))).min();
    let open = calendar_of(person, calendars, closed, from.min(begun.unwrap_or(from)), to);
    let mut out: Vec<Draft> = Vec::with_capacity(mine.len());
    let mut free_from: Option<i64> = None;
    let mut i = 0;
    while let Some(&(end, task)) = mine.get(i) {
        let Some(first) = row(task) else { break };
        if first.known != task_log::Known::EndOnly {
            let start = near(first.start);
            let open_us =
                if first.known == task_log::Known::Interval { open.between(start, end) } else { 0 };
            out.push(Draft { task, start, end, basis: Basis::Delivered, open_us });
            free_from = free_from.max(Some(end));
            i += 1;
            continue;
        }
        // The burst that begins here: the same activity, each end close to the one before.
        let mut last = i;
        while let (Some(&(was, _)), Some(&(next, other))) = (mine.get(last), mine.get(last + 1)) {
            let same = row(other).is_some_and(|r| {
                r.activity == first.activity && r.known == task_log::Known::EndOnly
            });
            if !same || next - was > options.burst_us.max(0) {
                break;
            }
            last += 1;
        }
        let burst = mine.get(i..=last).unwrap_or_default();
        let burst_end = burst.last().map_or(end, |b| b.0);
        let could = burst.iter().filter_map(|&(_, t)| at(t)).filter(|e| !e.unknown || e.scheduled);
        let could = could.map(|e| e.at).min();
        let (begin, basis) = match (could, free_from) {
            (Some(could), Some(free)) if free > could => (free, Basis::Resource),
            (Some(could), _) => (could, Basis::Enablement),
            (None, Some(free)) => (free, Basis::Resource),
            (None, None) => (end, Basis::End),
        };
        let (begin, basis) = match open.next_open(begin) {
            // Nothing opened before the end: the work was done out of hours.
            Some(opens) if opens > begin && opens < end => (opens, Basis::Opening),
            _ => (begin, basis),
        };
        let n = burst.len() as i64;
        let whole = open.between(begin, burst_end);
        for &(end, task) in burst {
            let known = at(task).filter(|e| !e.unknown);
            let own = known.map_or(begin, |e| e.at).min(end);
            let (start, basis) = if n > 1 {
                (open.back(end, whole / n).max(begin).max(own).min(end), Basis::Burst)
            } else {
                (begin.max(own).min(end), basis)
            };
            // The order of ends within a person does not go back before what was finished.
            let basis = if start == end { Basis::End } else { basis };
            out.push(Draft { task, start, end, basis, open_us: open.between(start, end) });
        }
        free_from = free_from.max(Some(burst_end));
        i = last + 1;
    }
    out
}

/// Applies the longest duration of each activity to the drafts of a person.
fn cap(
    log: &TaskLog,
    person: usize,
    drafts: &[Draft],
    calendars: &Calendars,
    closed: &ClosedDays,
    longest: &[Option<i64>],
) -> Vec<(u32, i64, Basis)> {
    let from = drafts.iter().map(|d| d.start).min();
    let to = drafts.iter().map(|d| d.end).max();
    let (Some(from), Some(to)) = (from, to) else { return Vec::new() };
    let open = calendar_of(person, calendars, closed, from, to);
    let estimated = drafts.iter().filter(|d| d.basis != Basis::Delivered);
    estimated
        .map(|draft| {
            let activity = log.tasks.get(draft.task as usize).map_or(0, |t| t.activity as usize);
            match longest.get(activity).copied().flatten() {
                Some(longest) if draft.open_us > longest => {
                    let start = open.back(draft.end, longest).max(draft.start);
                    (draft.task, start.min(draft.end), Basis::Capped)
                }
                // Ended out of hours: no open time to count, so the cap is in calendar time.
                Some(longest) if draft.open_us == 0 && draft.end - draft.start > longest => {
                    (draft.task, draft.end - longest, Basis::Capped)
                }
                _ => (draft.task, draft.start, draft.basis),
            }
        })
        .collect()
}

/// Open time of a person as running totals.
pub(crate) struct OpenTime {
    stretches: Vec<(i64, i64, i64)>,
}

impl OpenTime {
    pub(crate) fn new(stretches: Vec<(i64, i64)>) -> Self {
        let mut before = 0i64;
        let stretches = stretches.into_iter().map(|(from, to)| {
            let row = (from, to, before);
            before += to - from;
            row
        });
        Self { stretches: stretches.collect() }
    }

    fn at(&self, us: i64) -> i64 {
        let after = self.stretches.partition_point(|s| s.0 <= us);
        match after.checked_sub(1).and_then(|i| self.stretches.get(i)) {
            Some(&(from, to, before)) => before + (us.min(to) - from),
            None => 0,
        }
    }

    pub(crate) fn between(&self, from: i64, to: i64) -> i64 {
        if to <= from { 0 } else { self.at(to) - self.at(from) }
    }

    /// The instant itself when open, else the next opening.
    pub(crate) fn next_open(&self, us: i64) -> Option<i64> {
        let place = self.stretches.partition_point(|s| s.1 <= us);
        self.stretches.get(place).map(|s| s.0.max(us))
    }

    /// The latest instant with that much open time from it to `end`; `end` out of hours
    /// with nothing to place stays `end`.
    pub(crate) fn back(&self, end: i64, open_us: i64) -> i64 {
        let goal = self.at(end) - open_us.max(0);
        if open_us <= 0 {
            return end;
        }
        let place = self.stretches.partition_point(|s| s.2 <= goal);
        match place.checked_sub(1).and_then(|i| self.stretches.get(i)) {
            Some(&(from, to, before)) => (from + (goal - before).max(0)).min(to).min(end),
            None => end,
        }
    }
}
