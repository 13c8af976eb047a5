//! Joining delivered rows with live rows, case by case.
//!
//! - Computes: which rows of a case are live ([`settle`]), where each case of a
//!   new version stands, and which files must be rewritten for it ([`Landing`]).
//! - Units: instants in microseconds since 1970 UTC.
//! - Shapes: rows of one case in merged order in, ranges of rows to keep out.
//! - Errors: [`LakeError::UnknownDelivery`] when a row's delivery is not listed.
//! - Source: DOMAIN §4; a brute-force model of the same sentence is in the tests.

use std::collections::{BTreeMap, BTreeSet};

use eclusier_core::{DataFile, DeliveryId};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    LakeError, LiveDelivery,
    block::Names,
    layout::Month,
    live::Window,
    read::damaged,
    sort::{Extent, hash},
};

/// Rank of rows that are live already: before every delivery being added.
const LIVE: u32 = 0;

/// The deliveries of a process, numbered in the order of their commits from 1.
#[derive(Debug, Default)]
pub(crate) struct Orders {
    by_delivery: FxHashMap<i64, (u32, u32)>,
    sources: FxHashMap<String, u32>,
    windows: Vec<(u32, u32, Window)>,
}

impl Orders {
    pub(crate) fn source(&mut self, name: &str) -> u32 {
        let next = u32::try_from(self.sources.len()).unwrap_or(u32::MAX);
        *self.sources.entry(name.to_owned()).or_insert(next)
    }

    /// Adds a delivery after the others; its replacement acts only when asked for.
    pub(crate) fn add(&mut self, delivery: &LiveDelivery, acts: bool) -> Result<(), LakeError> {
        let order = u32::try_from(self.by_delivery.len()).unwrap_or(u32::MAX - 1) + 1;
        let source = self.source(&delivery.source);
        self.by_delivery.insert(delivery.id.0, (order, source));
        if let Some(replaced) = delivery.replaced.as_ref().filter(|_| acts) {
            self.windows.push((order, source, Window::new(replaced)?));
        }
        Ok(())
    }

    fn of(&self, delivery: i64) -> Result<(u32, u32), LakeError> {
        self.by_delivery
            .get(&delivery)
            .copied()
            .ok_or(LakeError::UnknownDelivery { delivery: DeliveryId(delivery) })
    }
}

/// A row as the rule of duplicates and replacement sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate<'a> {
    order: u32,
    source: u32,
    day: bool,
    activity: &'a str,
}

/// What settling counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Rows that became live.
    pub(crate) added: u64,
    /// Rows brought before by another delivery.
    pub(crate) duplicates: u64,
    /// Live rows that are live no more.
    pub(crate) removed: u64,
}

/// Decides which rows of one case and one instant are live.
///
/// Equal rows (source, precision, activity) are told apart by rank alone, and replacement removes
/// equal rows together, so the live ranks are always 0 to n − 1: a count per key is enough.
pub(crate) fn settle<'a>(
    rows: &[Candidate<'a>],
    time: i64,
    windows: &[(u32, u32, Window)],
    keep: &mut Vec<bool>,
    tally: &mut Tally,
) {
    keep.clear();
    keep.resize(rows.len(), true);
    if let [row] = rows {
        let gone = windows.iter().any(|(order, source, window)| {
            *order > row.order && *source == row.source && window.holds(time, row.day)
        });
        tally.added += u64::from(row.order != LIVE && !gone);
        if gone {
            keep[0] = false;
            tally.removed += u64::from(row.order == LIVE);
        }
        return;
    }
    let mut by_order: Vec<usize> = (0..rows.len()).collect();
    by_order.sort_by_key(|&i| rows[i].order);
    let mut live: FxHashMap<(u32, bool, &'a str), u32> = FxHashMap::default();
    let mut windows = windows.iter().peekable();
    let mut strike = |until: u32,
                      before: &[usize],
                      keep: &mut Vec<bool>,
                      live: &mut FxHashMap<(u32, bool, &'a str), u32>| {
        while let Some((_, source, window)) = windows.next_if(|(order, ..)| *order <= until) {
            for &i in before {
                let row = rows[i];
                if keep[i] && row.source == *source && window.holds(time, row.day) {
                    keep[i] = false;
                    live.remove(&(row.source, row.day, row.activity));
                }
            }
        }
    };
    let mut at = 0;
    while at < by_order.len() {
        let order = rows[by_order[at]].order;
        let end = at + by_order[at..].partition_point(|&i| rows[i].order == order);
        strike(order, &by_order[..at], keep, &mut live);
        let mut ranks: FxHashMap<(bool, &'a str), u32> = FxHashMap::default();
        for &i in &by_order[at..end] {
            let row = rows[i];
            if order == LIVE {
                *live.entry((row.source, row.day, row.activity)).or_default() += 1;
                continue;
            }
            let rank = ranks.entry((row.day, row.activity)).or_default();
            let known = live.get(&(row.source, row.day, row.activity)).copied().unwrap_or(0);
            if *rank < known {
                keep[i] = false;
                tally.duplicates += 1;
            }
            *rank += 1;
        }
        if order != LIVE {
            for (&(day, activity), &rank) in &ranks {
                let source = rows[by_order[at]].source;
                let known = live.entry((source, day, activity)).or_default();
                *known = rank.max(*known);
            }
        }
        at = end;
    }
    strike(u32::MAX, &by_order, keep, &mut live);
    for (row, kept) in rows.iter().zip(keep.iter()) {
        if row.order == LIVE {
            tally.removed += u64::from(!kept);
        } else {
            tally.added += u64::from(*kept);
        }
    }
}

/// How the rows of a case become its new rows.
pub(crate) enum Rule {
    /// Live rows stay, a delivery joins them.
    Import,
    /// Cases whose hash is listed are rebuilt from their deliveries; others stay.
    Rebuild(FxHashSet<u64>),
}

/// Decides, case by case.
pub(crate) struct Joiner {
    pub(crate) orders: Orders,
    pub(crate) rule: Rule,
    /// Sources below this number give live rows, the others delivered rows.
    pub(crate) live_sources: usize,
    pub(crate) tally: Tally,
}

/// A range of rows of an extent: its number, first row, row after the last.
pub(crate) type Kept = (usize, usize, usize);

impl Joiner {
    /// The rows of a case to keep, in order.
    pub(crate) fn decide(
        &mut self,
        extents: &[Extent],
        names: &Names,
        kept: &mut Vec<Kept>,
    ) -> Result<(), LakeError> {
        kept.clear();
        let is_live = |e: &Extent| e.source < self.live_sources;
        let live = extents.iter().any(is_live);
        let fresh = extents.iter().any(|e| !is_live(e));
        let rebuild = match &self.rule {
            Rule::Import => {
                let quiet = self.orders.windows.is_empty();
                if (live && !fresh && quiet) || (fresh && !live) {
                    for (index, e) in extents.iter().enumerate() {
                        kept.push((index, e.from, e.to));
                        self.tally.added += if fresh { (e.to - e.from) as u64 } else { 0 };
                    }
                    return Ok(());
                }
                false
            }
            Rule::Rebuild(affected) => {
                let here = extents.first().is_some_and(|e| affected.contains(&hash(e.case())));
                if !here {
                    kept.extend(extents.iter().enumerate().map(|(i, e)| (i, e.from, e.to)));
                    return Ok(());
                }
                true
            }
        };
        // Walk through the rows, one instant at a time.
        let mut places = extents
            .iter()
            .enumerate()
            .flat_map(|(i, e)| (e.from..e.to).map(move |row| (i, row)))
            .peekable();
        let mut group: Vec<(usize, usize)> = Vec::new();
        let mut candidates: Vec<Candidate<'_>> = Vec::new();
        let mut keep = Vec::new();
        while let Some((index, row)) = places.next() {
            let time = extents[index].block.time[row];
            group.clear();
            group.push((index, row));
            while let Some(next) = places.next_if(|&(i, r)| extents[i].block.time[r] == time) {
                group.push(next);
            }
            candidates.clear();
            let mut tally = Tally::default();
            for &(index, row) in &group {
                let extent = &extents[index];
                let live = extent.source < self.live_sources;
                if rebuild && live {
                    continue;
                }
                let (order, source) = self.orders.of(extent.block.delivery.of(row))?;
                candidates.push(Candidate {
                    order: if live { LIVE } else { order },
                    source,
                    day: extent.block.precision[row] == 1,
                    activity: extent.block.name(0, row, names).unwrap_or(""),
                });
            }
            settle(&candidates, time, &self.orders.windows, &mut keep, &mut tally);
            let mut verdicts = keep.iter().copied();
            let mut before: Option<(i64, i64)> = None;
            for &(index, row) in &group {
                let extent = &extents[index];
                let key = (extent.block.delivery.of(row), extent.block.seq[row]);
                if rebuild && extent.source < self.live_sources {
                    // Live so far; its twin among the delivered rows says whether it stays.
                    self.tally.removed += 1;
                    before = Some(key);
                    continue;
                }
                if verdicts.next() == Some(true) {
                    if before == Some(key) {
                        self.tally.removed -= 1;
                        tally.added -= 1;
                    }
                    match kept.last_mut() {
                        Some((i, _, to)) if *i == index && *to == row => *to += 1,
                        _ => kept.push((index, row, row + 1)),
                    }
                }
                before = None;
            }
            self.tally.added += tally.added;
            self.tally.duplicates += tally.duplicates;
            self.tally.removed += tally.removed;
        }
        Ok(())
    }
}

/// Where cases land among the files of the base version, and which of these must be rewritten.
pub(crate) struct Landing<'b> {
    pub(crate) base: Vec<&'b DataFile>,
    months: BTreeMap<Month, Vec<usize>>,
    pub(crate) affected: BTreeSet<usize>,
    file_rows: u64,
}

impl<'b> Landing<'b> {
    pub(crate) fn new(
        files: impl Iterator<Item = &'b DataFile>,
        file_rows: u64,
    ) -> Result<Self, LakeError> {
        let base: Vec<&DataFile> = files.collect();
        let mut months: BTreeMap<Month, Vec<usize>> = BTreeMap::new();
        for (index, file) in base.iter().enumerate() {
            let month =
                file.month.ok_or_else(|| damaged(&file.path, "no month in the catalogue"))?;
            months.entry(Month::of_day(month)).or_default().push(index);
        }
        for files in months.values_mut() {
            files.sort_by(|&a, &b| base[a].min_case.cmp(&base[b].min_case));
        }
        Ok(Self { base, months, affected: BTreeSet::new(), file_rows })
    }

    pub(crate) fn month(&self, index: usize) -> Option<Month> {
        self.base.get(index).and_then(|f| f.month).map(Month::of_day)
    }

    /// A case that was not in the month comes there: the file around it, or a small neighbour,
    /// must be rewritten. False when the month has no file.
    pub(crate) fn land(&mut self, month: Month, case: &str) -> bool {
        let Some(files) = self.months.get(&month) else { return false };
        let after = files
            .partition_point(|&i| self.base[i].min_case.as_deref().is_none_or(|min| min <= case));
        let before = after.checked_sub(1).and_then(|i| files.get(i)).copied();
        if let Some(before) = before {
            let file = self.base[before];
            let inside = file.max_case.as_deref().is_none_or(|max| case <= max);
            if inside || file.rows < self.file_rows {
                self.affected.insert(before);
            }
        } else if let Some(&next) = files.first()
            && self.base[next].rows < self.file_rows
        {
            self.affected.insert(next);
        }
        true
    }

    /// Files of each month, by their cases.
    pub(crate) fn by_month(&self) -> impl Iterator<Item = &[usize]> {
        self.months.values().map(Vec::as_slice)
    }

    /// For each month, the smallest cases of the files that stay.
    pub(crate) fn barriers(&self) -> Vec<(Month, Vec<String>)> {
        self.months
            .iter()
            .map(|(month, files)| {
                let stay = files
                    .iter()
                    .filter(|i| !self.affected.contains(i))
                    .filter_map(|&i| self.base[i].min_case.clone());
                (*month, stay.collect())
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(orders: &[u32]) -> Vec<bool> {
        let rows: Vec<Candidate<'_>> = orders
            .iter()
            .map(|&order| Candidate { order, source: 0, day: false, activity: "a" })
            .collect();
        let mut keep = Vec::new();
        settle(&rows, 0, &[], &mut keep, &mut Tally::default());
        keep
    }

    #[test]
    fn a_delivery_with_fewer_equal_rows_does_not_free_the_ranks_of_another() {
        assert_eq!(kept(&[1, 1, 2, 3, 3]), [true, true, false, false, false]);
        assert_eq!(kept(&[1, 2, 2, 2, 3, 3, 3, 3])[..4], [true, false, true, true]);
        assert_eq!(kept(&[LIVE, LIVE, 7, 7, 7]), [true, true, false, false, true]);
        assert_eq!(kept(&[]), Vec::<bool>::new());
    }
}
