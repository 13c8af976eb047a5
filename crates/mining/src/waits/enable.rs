//! When each task could have begun: the end of the task that enables it.
//!
//! - Computes: which activities run side by side; per task, the task that enables it and
//!   the instant it could have begun.
//! - Units: microseconds since 1970 UTC.
//! - Shapes: a [`TaskLog`] in; one [`Enabled`] per task out. O(n log n), and per task the
//!   distinct activities of its case at worst.
//! - Errors: none; a task that nothing precedes is enabled when its case begins.
//! - Source: the heuristics miner's dependency measures (Weijters and van der Aalst 2003),
//!   used for enablement as in Chapela-Campa and Dumas (2022); overlap as a second sign.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use eclusier_eventlog::intern::NONE;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::calendars::near;
use crate::task_log::{CaseRow, TaskLog, TaskRow};

/// When two activities are said to run side by side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConcurrencyOptions {
    /// `|ab − ba| ÷ (ab + ba + 1)` must be below this, both being followed (0.9).
    pub dependency: f64,
    /// `(aba + bab) ÷ (aba + bab + 1)` must be below this: otherwise it is a loop (0.9).
    pub loop_of_two: f64,
    /// Or else they overlap in time in at least this share of their meetings (0.5).
    pub overlap: f64,
    /// Meetings needed to say anything (5).
    pub min_meetings: u64,
}

impl Default for ConcurrencyOptions {
    fn default() -> Self {
        Self { dependency: 0.9, loop_of_two: 0.9, overlap: 0.5, min_meetings: 5 }
    }
}

/// Pairs of activities that run side by side.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Concurrency {
    with: Vec<Vec<u32>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Meetings {
    follows: u64,
    overlaps: u64,
    loops: u64,
}

type Meets = FxHashMap<(u32, u32), Meetings>;

impl Concurrency {
    /// Whether two activities run side by side.
    #[inline]
    pub fn holds(&self, a: u32, b: u32) -> bool {
        self.with.get(a as usize).is_some_and(|w| w.binary_search(&b).is_ok())
    }

    /// Pairs, each once, by code.
    pub fn pairs(&self) -> Vec<(u32, u32)> {
        let all = self.with.iter().enumerate();
        all.flat_map(|(a, w)| w.iter().map(move |&b| (a as u32, b)))
            .filter(|(a, b)| a <= b)
            .collect()
    }

    /// Read from the order and the overlaps of the tasks of each case.
    pub fn read(log: &TaskLog, options: &ConcurrencyOptions) -> Self {
        let counted: Vec<Meets> = log
            .cases
            .par_chunks(4096)
            .map(|cases| {
                let mut meets = Meets::default();
                let mut open = Vec::new();
                for case in cases {
                    meet(log.tasks_of(case), &mut meets, &mut open);
                }
                meets
            })
            .collect();
        let mut meets = Meets::default();
        for (pair, more) in counted.into_iter().flatten() {
            let sum = meets.entry(pair).or_default();
            sum.follows += more.follows;
            sum.overlaps += more.overlaps;
            sum.loops += more.loops;
        }
        let mut with = vec![Vec::new(); log.activities.len()];
        let of = |a: u32, b: u32| meets.get(&(a, b)).copied().unwrap_or_default();
        let mut pairs: Vec<(u32, u32)> = meets.keys().copied().collect();
        pairs.extend(meets.keys().map(|&(a, b)| (b, a)));
        pairs.sort_unstable();
        pairs.dedup();
        for (a, b) in pairs {
            let (ab, ba) = (of(a, b), of(b, a));
            let follows = ab.follows + ba.follows;
            let overlaps = ab.overlaps + ba.overlaps;
            if a == b || follows + overlaps < options.min_meetings {
                continue;
            }
            let both = ab.follows > 0 && ba.follows > 0;
            let lean = ab.follows.abs_diff(ba.follows) as f64 / (follows + 1) as f64;
            let loops = ab.loops + ba.loops;
            let looped = loops as f64 / (loops + 1) as f64;
            let shuffled = both && lean < options.dependency && looped < options.loop_of_two;
            let overlap = overlaps as f64 / (follows + overlaps) as f64;
            let together = shuffled || (overlaps > 0 && overlap >= options.overlap);
            if let Some(list) = with.get_mut(a as usize).filter(|_| together) {
                list.push(b);
            }
        }
        Self { with }
    }
}

/// Adds the meetings of one case. `open` holds the tasks that may not have ended yet.
fn meet(tasks: &[TaskRow], meets: &mut Meets, open: &mut Vec<(u32, i64)>) {
    open.clear();
    for (i, task) in tasks.iter().enumerate() {
        open.retain(|&(_, end)| end > task.start);
        // Each activity met once, and a bounded look back: a case may have thousands of tasks.
        let mut met: Vec<u32> = Vec::new();
        for &(activity, _) in open.iter().rev().take(64) {
            if activity != task.activity && !met.contains(&activity) {
                met.push(activity);
                meets.entry((activity, task.activity)).or_default().overlaps += 1;
            }
        }
        let before = i.checked_sub(1).and_then(|i| tasks.get(i));
        let follows = |b: &&TaskRow| b.end <= task.start && b.activity != task.activity;
        if let Some(before) = before.filter(follows) {
            meets.entry((before.activity, task.activity)).or_default().follows += 1;
            let back = i.checked_sub(2).and_then(|i| tasks.get(i));
            if back.is_some_and(|b| b.activity == task.activity && b.end <= before.start) {
                meets.entry((before.activity, task.activity)).or_default().loops += 1;
            }
        }
        if task.end > task.start {
            // A case with thousands of tasks that never end would cost their square.
            if open.len() >= 256 {
                open.remove(0);
            }
            open.push((task.activity, task.end));
        }
    }
}

/// When a task could have begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enabled {
    /// The instant, never after the start.
    pub at: i64,
    /// Activity of the task that enables it; [`NONE`] at the start of the case.
    pub by: u32,
    /// Whether the log said when it entered the basket.
    pub scheduled: bool,
    /// Whether the instant is known only because the task itself began: it waited 0.
    pub unknown: bool,
    /// Whether the task or its enabler is known by its day only.
    pub day: bool,
}

/// Enablement of every task, in the order of the log. `arrivals` gives the reception of
/// each case where the caller knows it.
pub fn enable(log: &TaskLog, concurrency: &Concurrency, arrivals: &[Option<i64>]) -> Vec<Enabled> {
    let chunks: Vec<Vec<Enabled>> = log
        .cases
        .par_chunks(1024)
        .enumerate()
        .map(|(chunk, cases)| {
            let mut out = Vec::new();
            for (i, case) in cases.iter().enumerate() {
                let arrival = arrivals.get(chunk * 1024 + i).copied().flatten();
                enable_case(log, case, concurrency, arrival, &mut out);
            }
            out
        })
        .collect();
    chunks.concat()
}

fn enable_case(
    log: &TaskLog,
    case: &CaseRow,
    concurrency: &Concurrency,
    arrival: Option<i64>,
    out: &mut Vec<Enabled>,
) {
    let tasks = log.tasks_of(case);
    // Ended tasks by activity, latest end last; those still running wait in the heap.
    let mut ended: Vec<(u32, i64, bool)> = Vec::new();
    let mut running: BinaryHeap<Reverse<(i64, usize)>> = BinaryHeap::new();
    let opened = tasks.first().map_or(0, |t| near(t.start));
    let first_day = tasks.first().is_some_and(|t| t.day);
    for (i, task) in tasks.iter().enumerate() {
        let start = near(task.start);
        while let Some(&Reverse((end, j))) = running.peek() {
            if end > start {
                break;
            }
            running.pop();
            if let Some(done) = tasks.get(j) {
                ended.retain(|e| e.0 != done.activity);
                ended.push((done.activity, end, done.day));
            }
        }
        let enabler = ended.iter().rev().find(|e| !concurrency.holds(e.0, task.activity)).copied();
        let scheduled = task.scheduled.map(near).filter(|&s| s <= start);
        let (mut at, by, mut day, mut unknown) = match (enabler, arrival) {
            (Some((activity, end, day)), _) => (end, activity, day, false),
            (None, Some(arrival)) => (near(arrival).min(start), NONE, false, false),
            // Beside the first tasks of the case, it could begin when they did.
            (None, None) => (opened.min(start), NONE, first_day, i == 0),
        };
        if let Some(scheduled) = scheduled {
            (at, unknown, day) = (scheduled, false, false);
        }
        out.push(Enabled { at, by, scheduled: scheduled.is_some(), unknown, day: day || task.day });
        running.push(Reverse((near(task.end).max(start), i)));
    }
}
