//! The split of every wait of one person: a sweep over what they did meanwhile.
//!
//! - Computes: for each task, its wait cut into the six causes, in calendar and worked time.
//! - Units: microseconds.
//! - Shapes: the tasks of one person in; one [`TaskWait`] per task out, by start. O(n log n):
//!   tasks enter a covering in the order they could have begun, and each wait is a range sum.
//! - Errors: none; the parts of a wait sum to it exactly, in both measures.
//! - Source: the rules of `docs/methods/waiting-time.md`; checked minute by minute.

use eclusier_calendar::WorkClock;

use super::holds::{Held, PARTIES};
use super::{Cause, TaskWait};

/// One task of a person, ready for the sweep.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Piece {
    pub(crate) task: u32,
    pub(crate) activity: u32,
    /// Breaks ties alike whatever the order of the files.
    pub(crate) rank: u32,
    pub(crate) enabled: i64,
    pub(crate) start: i64,
    pub(crate) end: i64,
    /// Whether its start was delivered: estimated starts make no batch.
    pub(crate) exact: bool,
}

/// How batches are recognised.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchOptions {
    /// Tasks a batch needs (2).
    pub min_size: usize,
    /// Longest pause between two tasks of a batch, in hours the person is at work (5 min).
    pub gap_us: i64,
    /// The person must have been free this long while the batch piled up: otherwise it is
    /// a queue, not a batch (1 min).
    pub idle_us: i64,
}

impl Default for BatchOptions {
    fn default() -> Self {
        Self { min_size: 2, gap_us: 300_000_000, idle_us: 60_000_000 }
    }
}

/// Calendar and worked time together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Both {
    pub(crate) calendar: i64,
    pub(crate) worked: i64,
}

impl std::ops::AddAssign for Both {
    fn add_assign(&mut self, other: Both) {
        self.calendar += other.calendar;
        self.worked += other.worked;
    }
}

impl std::ops::Sub for Both {
    type Output = Both;
    fn sub(self, other: Both) -> Both {
        Both { calendar: self.calendar - other.calendar, worked: self.worked - other.worked }
    }
}

pub(crate) fn both(clock: &WorkClock, from: i64, to: i64) -> Both {
    if to <= from {
        return Both::default();
    }
    Both { calendar: to - from, worked: clock.between(from, to) }
}

/// Disjoint stretches with running totals in both measures.
struct Totals<'a> {
    clock: &'a WorkClock,
    stretches: Vec<(i64, i64, Both)>,
}

impl<'a> Totals<'a> {
    fn new(clock: &'a WorkClock, stretches: Vec<(i64, i64)>) -> Self {
        let mut before = Both::default();
        let stretches = stretches.into_iter().map(|(from, to)| {
            let row = (from, to, before);
            before += both(clock, from, to);
            row
        });
        Self { clock, stretches: stretches.collect() }
    }

    fn at(&self, us: i64) -> Both {
        let after = self.stretches.partition_point(|s| s.0 < us);
        match after.checked_sub(1).and_then(|i| self.stretches.get(i)) {
            Some(&(from, to, mut before)) => {
                before += both(self.clock, from, us.min(to));
                before
            }
            None => Both::default(),
        }
    }

    fn between(&self, from: i64, to: i64) -> Both {
        if to <= from { Both::default() } else { self.at(to) - self.at(from) }
    }

    /// The last instant, between two instants, of a stretch of at least `long`.
    fn last_instant(&self, from: i64, to: i64, long: i64) -> Option<i64> {
        let first = self.stretches.partition_point(|s| s.1 <= from);
        let end = self.stretches.partition_point(|s| s.0 < to);
        let inside = self.stretches.get(first..end).unwrap_or_default();
        let cut = inside.iter().rev().map(|s| (s.0.max(from), s.1.min(to)));
        // A look back at most this far: past it, the free moments are slivers.
        cut.take(256).find(|s| s.1 - s.0 >= long.max(1)).map(|s| s.1)
    }
}

/// Elementary segments covered once and for all, with range sums (Fenwick trees).
struct Covering<'a> {
    clock: &'a WorkClock,
    bounds: Vec<i64>,
    covered: Vec<bool>,
    /// Next segment not covered yet, with path halving.
    next: Vec<u32>,
    sums: Vec<Both>,
}

impl<'a> Covering<'a> {
    fn new(clock: &'a WorkClock, bounds: Vec<i64>) -> Self {
        let n = bounds.len();
        let next = (0..=n as u32).collect();
        Self { clock, covered: vec![false; n], next, sums: vec![Both::default(); n + 1], bounds }
    }

    fn open_from(&mut self, mut at: usize) -> usize {
        loop {
            let Some(&next) = self.next.get(at) else { return at };
            let next = next as usize;
            if next == at {
                return at;
            }
            let after = self.next.get(next).copied().unwrap_or(next as u32);
            if let Some(place) = self.next.get_mut(at) {
                *place = after;
            }
            at = after as usize;
        }
    }

    fn cover(&mut self, from: i64, to: i64) {
        let first = self.bounds.partition_point(|&b| b < from);
        let end = self.bounds.partition_point(|&b| b < to);
        let mut at = self.open_from(first);
        while at < end {
            if let (Some(&a), Some(&b)) = (self.bounds.get(at), self.bounds.get(at + 1)) {
                let more = both(self.clock, a, b);
                let mut i = at + 1;
                while let Some(sum) = self.sums.get_mut(i) {
                    *sum += more;
                    i += i & i.wrapping_neg();
                }
            }
            if let Some(covered) = self.covered.get_mut(at) {
                *covered = true;
            }
            if let Some(next) = self.next.get_mut(at) {
                *next = at as u32 + 1;
            }
            at = self.open_from(at + 1);
        }
    }

    fn at(&self, us: i64) -> Both {
        let after = self.bounds.partition_point(|&b| b < us);
        let mut sum = Both::default();
        let Some(place) = after.checked_sub(1) else { return sum };
        let mut i = place;
        while i > 0 {
            sum += self.sums.get(i).copied().unwrap_or_default();
            i &= i - 1;
        }
        if self.covered.get(place).copied().unwrap_or(false) {
            let from = self.bounds.get(place).copied().unwrap_or(us);
            sum += both(self.clock, from, us);
        }
        sum
    }

    fn between(&self, from: i64, to: i64) -> Both {
        if to <= from { Both::default() } else { self.at(to) - self.at(from) }
    }
}

/// Stretches that overlap or touch made one; input by start.
fn union(sorted: impl Iterator<Item = (i64, i64)>) -> Vec<(i64, i64)> {
    let mut out: Vec<(i64, i64)> = Vec::new();
    for (from, to) in sorted.filter(|(a, b)| b > a) {
        match out.last_mut() {
            Some(last) if last.1 >= from => last.1 = last.1.max(to),
            _ => out.push((from, to)),
        }
    }
    out
}

/// What is left of `open` outside `busy`; both sorted and apart.
fn subtract(open: &[(i64, i64)], busy: &[(i64, i64)]) -> Vec<(i64, i64)> {
    let mut out = Vec::new();
    let mut at = 0;
    for &(mut from, to) in open {
        while busy.get(at).is_some_and(|b| b.1 <= from) {
            at += 1;
        }
        let mut i = at;
        while let Some(&(a, b)) = busy.get(i).filter(|b| b.0 < to) {
            if a > from {
                out.push((from, a));
            }
            from = from.max(b);
            i += 1;
        }
        if to > from {
            out.push((from, to));
        }
    }
    out
}

/// For each piece (by start), the instant its batch was complete: `None` outside batches.
fn batches(
    pieces: &[Piece],
    present: &Totals<'_>,
    free: &Totals<'_>,
    options: &BatchOptions,
) -> (Vec<Option<i64>>, u64) {
    let mut ready = vec![None; pieces.len()];
    let mut found = 0;
    let mut i = 0;
    while let Some(first) = pieces.get(i) {
        // A session: the same activity without pause, whoever was enabled when.
        let mut end = first.end;
        let mut last = i + 1;
        while let Some(p) = pieces.get(last) {
            let follows = p.activity == first.activity
                && p.exact
                && first.exact
                && present.between(end, p.start).calendar <= options.gap_us.max(0);
            if !follows {
                break;
            }
            end = end.max(p.end);
            last += 1;
        }
        // The batch: those at its head that all could begin before the first did.
        let session = pieces.get(i..last).unwrap_or_default();
        let size = session.iter().take_while(|p| p.enabled <= first.start).count();
        let batch = session.get(..size).unwrap_or_default();
        let from = batch.iter().map(|p| p.enabled).min();
        let to = batch.iter().map(|p| p.enabled).max();
        let left_lying = |&(from, to): &(i64, i64)| {
            size >= options.min_size.max(2)
                && free.between(from, to).calendar >= options.idle_us.max(1)
        };
        if let Some((_, to)) = from.zip(to).filter(left_lying) {
            found += 1;
            for slot in ready.iter_mut().skip(i).take(size) {
                *slot = Some(to);
            }
        }
        i = last;
    }
    (ready, found)
}

/// Splits the waits of one person. `pieces` by start; `open` their presence between the
/// earliest enablement and the last start; `held` the held stretches of the case of a task.
pub(crate) fn sweep<'h>(
    pieces: &[Piece],
    open: &[(i64, i64)],
    clock: &WorkClock,
    options: &BatchOptions,
    held: impl Fn(u32) -> &'h [Held],
) -> (Vec<TaskWait>, u64) {
    let busy = union(pieces.iter().map(|p| (p.start, p.end)));
    let free = Totals::new(clock, subtract(open, &busy));
    let busy = Totals::new(clock, busy);
    let present = Totals::new(clock, open.to_vec());
    let (ready, found) = batches(pieces, &present, &free, options);
    let mut bounds: Vec<i64> =
        pieces.iter().filter(|p| p.end > p.start).flat_map(|p| [p.start, p.end]).collect();
    bounds.sort_unstable();
    bounds.dedup();
    let mut earlier = Covering::new(clock, bounds);
    let mut by_enabled: Vec<usize> = (0..pieces.len()).collect();
    by_enabled.sort_by_key(|&i| pieces.get(i).map_or(0, |p| p.enabled));
    let mut out: Vec<Option<TaskWait>> = vec![None; pieces.len()];
    let mut entered = 0;
    for &place in &by_enabled {
        let Some(&piece) = pieces.get(place) else { continue };
        // Everything that could begin no later than this task was ahead of it.
        while let Some(p) = by_enabled.get(entered).and_then(|&i| pieces.get(i)) {
            if p.enabled > piece.enabled {
                break;
            }
            earlier.cover(p.start, p.end);
            entered += 1;
        }
        let mut wait = TaskWait::new(piece.task, piece.enabled, piece.start);
        let whole = both(clock, piece.enabled, piece.start);
        let ready = ready.get(place).copied().flatten().unwrap_or(piece.enabled);
        let ready = ready.min(piece.start);
        each_gap(piece.enabled, piece.start, held(piece.task), |from, to, party| {
            if let Some(party) = party {
                let part = both(clock, from, to);
                wait.add(Cause::Held, part);
                if let Some(sum) = wait.held_by.get_mut(party) {
                    sum.0 += part.calendar;
                    sum.1 += part.worked;
                }
                return;
            }
            wait.add(Cause::Batching, both(clock, from, to.min(ready)));
            let from = from.max(ready);
            if from >= to {
                return;
            }
            let contention = earlier.between(from, to);
            let idle = busy.between(from, to);
            let unexplained = free.between(from, to);
            wait.add(Cause::Contention, contention);
            wait.add(Cause::Prioritisation, idle - contention);
            wait.add(Cause::Unexplained, unexplained);
            wait.add(Cause::Unavailability, (both(clock, from, to) - idle) - unexplained);
        });
        if let Some(last) = free.last_instant(piece.enabled, piece.start, options.idle_us) {
            wait.delay_us = last - piece.enabled;
        }
        wait.worked_us = Some(whole.worked);
        if let Some(slot) = out.get_mut(place) {
            *slot = Some(wait);
        }
    }
    (out.into_iter().flatten().collect(), found)
}

/// Calls `each` with the stretches of `[from, to)`, held (and by whom) or not.
pub(crate) fn each_gap(
    from: i64,
    to: i64,
    held: &[Held],
    mut each: impl FnMut(i64, i64, Option<usize>),
) {
    let mut at = from;
    let first = held.partition_point(|h| h.to <= from);
    for h in held.get(first..).unwrap_or_default().iter().take_while(|h| h.from < to) {
        let (a, b) = (h.from.max(at), h.to.min(to));
        if a > at {
            each(at, a, None);
        }
        if b > a {
            each(a, b, Some(h.party.min(PARTIES.len() - 1)));
            at = b;
        }
    }
    if to > at {
        each(at, to, None);
    }
}
