//! Staging a delivery and joining it with the version in force; removing one.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, BinaryHeap},
    sync::Arc,
};

use arrow::compute::filter_record_batch;
use arrow_array::{BooleanArray, RecordBatch};
use eclusier_core::{Commit, DataFile, DeliveryId, FileKind, ProcessId, Snapshot};
use rustc_hash::FxHashSet;

use crate::{
    Lake, LakeError, LiveDelivery, MergePolicy, Step, Stop,
    block::{Block, CaseColumn, Names},
    join::{Joiner, Kept, Landing, Orders, Rule, Tally},
    layout::Month,
    live::Window,
    lock::Scratch,
    read::{CaseCursor, FileSource},
    sort::{Extent, Merger, Sorted, Sorter, Source, hash},
    write::{Address, Partitions, Publisher, Written},
};

/// What finishing a delivery, or removing one, would change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Staged {
    /// To be stored by the registry in one transaction; the new version is visible only then.
    pub commit: Commit,
    /// Rows delivered.
    pub rows: u64,
    /// Distinct cases delivered.
    pub cases: u64,
    /// Rows that became live.
    pub events_live_added: u64,
    /// Rows whose business key an earlier live delivery already brought: not live.
    pub duplicates: u64,
    /// Rows equal to an earlier row of the same delivery: kept, flagged.
    pub repeated: u64,
    /// Live rows removed: replaced by this delivery, or undone.
    pub replaced: u64,
    /// Delivered cases that already had live rows.
    pub cases_continued: u64,
    /// Cases whose opening month changed.
    pub cases_moved: u64,
    /// Earliest delivered instant (of `time`), µs UTC.
    pub first_us: Option<i64>,
    /// Latest delivered instant.
    pub last_us: Option<i64>,
    /// Bytes written.
    pub bytes_written: u64,
}

/// One delivery being received.
#[derive(Debug)]
pub struct Stage<'l> {
    lake: &'l Lake,
    process: ProcessId,
    delivery: DeliveryId,
    sorter: Sorter<'l>,
    scratch: Scratch<'l>,
}

impl Lake {
    /// Starts staging one delivery; rows are pushed in delivery order, any number, constant memory.
    pub fn stage(&self, process: &ProcessId, delivery: DeliveryId) -> Result<Stage<'_>, LakeError> {
        let scratch = self.scratch(process, &delivery.to_string())?;
        let sorter = Sorter::new(self, &scratch.folder, Some(delivery.0));
        Ok(Stage { lake: self, process: process.clone(), delivery, sorter, scratch })
    }

    /// Removes a live delivery: the new version is that of the remaining ones.
    ///
    /// `live` lists the live deliveries in the order of their commits, the one to remove included.
    pub fn undo(
        &self,
        snapshot: &Snapshot,
        remove: DeliveryId,
        live: &[LiveDelivery],
        stop: &Stop,
    ) -> Result<Staged, LakeError> {
        undo(self, snapshot, remove, live, stop)
    }

    /// Rows per block when so many files are merged: memory is shared between them.
    fn block_rows(&self, files: usize) -> usize {
        (1_000_000 / files.max(1)).clamp(1_024, self.options.batch_rows.max(1_024))
    }

    pub(crate) fn file_sources<'f>(
        &self,
        files: impl Iterator<Item = &'f DataFile>,
        total: usize,
    ) -> Result<Vec<Source>, LakeError> {
        files
            .map(|f| {
                let opened = self.open_file(f)?;
                Ok(Source::File(Box::new(FileSource::new(opened, self.block_rows(total)))))
            })
            .collect()
    }
}

impl Stage<'_> {
    /// Takes rows in the schema of [`eclusier_eventlog::schema::events`], in delivery order.
    ///
    /// The `delivery` column is not read: every row belongs to the delivery being staged.
    pub fn push(&mut self, batch: RecordBatch) -> Result<(), LakeError> {
        self.sorter.push(&batch)
    }

    /// Joins with the base version and writes the files durably; nothing is visible until the
    /// registry commits [`Staged::commit`].
    pub fn finish(
        self,
        base: &Snapshot,
        policy: &MergePolicy,
        stop: &Stop,
    ) -> Result<Staged, LakeError> {
        let Stage { lake, process, delivery, sorter, scratch } = self;
        same_process(&process, base)?;
        let mut staged = Staged::default();
        let mut publisher = Publisher::new(lake);
        let to = Address { process: &process, delivery, base: base.id };

        // 1. The delivery's own rows, the truth an undo rebuilds from.
        let (sorted, names) = sorter.finish();
        let written = write_delivery(lake, &scratch, sorted, names, stop, &mut staged)?;
        let mut delivered = Vec::with_capacity(written.len());
        for file in &written {
            delivered.push(publisher.place(file, FileKind::Delivery, to)?);
        }

        // 2. Which files of the base version it touches.
        let this = LiveDelivery {
            id: delivery,
            source: policy.source.clone(),
            replaced: policy.replace.clone(),
        };
        let mut orders = Orders::default();
        for earlier in &policy.live {
            orders.add(earlier, false)?;
        }
        orders.add(&this, true)?;
        let plan = plan_import(lake, base, &delivered, policy, stop, &mut staged)?;

        // 3. Months the base does not touch read the delivery's own files; others are merged.
        let mut linked = 0;
        for file in &delivered {
            let month = file.month.map(Month::of_day);
            if month.is_some_and(|m| !plan.mixed.contains(&m)) {
                let events = publisher.link_as_events(file)?;
                linked += events.rows;
                staged.commit.added.push(events);
            }
        }
        let mixed: Vec<&DataFile> = delivered
            .iter()
            .filter(|f| f.month.is_some_and(|m| plan.mixed.contains(&Month::of_day(m))))
            .collect();
        let touched: Vec<&DataFile> =
            plan.landing.affected.iter().map(|&i| plan.landing.base[i]).collect();
        let total = mixed.len() + touched.len();
        let mut sources = lake.file_sources(touched.iter().copied(), total)?;
        let mut joiner = Joiner {
            orders,
            rule: Rule::Import,
            live_sources: sources.len(),
            tally: Tally::default(),
        };
        sources.extend(lake.file_sources(mixed.iter().copied(), total)?);
        let rows = touched.iter().chain(&mixed).map(|f| f.rows).sum();
        let merged = merge(
            lake,
            &scratch,
            sources,
            Names::default(),
            &plan.landing,
            &mut joiner,
            rows,
            stop,
        )?;
        staged.bytes_written = written.iter().map(Written::bytes).sum::<u64>()
            + merged.iter().map(Written::bytes).sum::<u64>();
        for file in &merged {
            staged.commit.added.push(publisher.place(file, FileKind::Events, to)?);
        }
        staged.commit.added.extend(delivered);
        staged.commit.retired.extend(touched.iter().map(|f| f.path.clone()));
        staged.events_live_added = linked + joiner.tally.added;
        staged.duplicates = joiner.tally.duplicates;
        staged.replaced = joiner.tally.removed;
        stop.check()?;
        publisher.finish()?;
        Ok(staged)
    }

    /// Forgets everything pushed.
    pub fn abandon(self) {}
}

fn same_process(process: &ProcessId, snapshot: &Snapshot) -> Result<(), LakeError> {
    if snapshot.process == *process {
        return Ok(());
    }
    Err(LakeError::OtherProcess {
        wanted: process.to_string(),
        found: snapshot.process.to_string(),
    })
}

/// Rows equal to an earlier one of the same delivery, counted while sorted rows pass.
#[derive(Default)]
struct Repeats {
    last: Option<(Arc<Block>, usize)>,
    equal: FxHashSet<(u8, String)>,
    count: u64,
}

impl Repeats {
    fn see(&mut self, extent: &Extent, opens: bool, names: &Names) {
        if opens {
            self.last = None;
            self.equal.clear();
        }
        let block = &extent.block;
        for row in extent.from..extent.to {
            let tied = match (&self.last, row > extent.from) {
                (_, true) => block.time[row] == block.time[row - 1],
                (Some((before, at)), false) => before.time[*at] == block.time[row],
                (None, false) => false,
            };
            if !tied {
                self.equal.clear();
                continue;
            }
            let key = |block: &Block, row: usize| {
                (block.precision[row], block.name(0, row, names).unwrap_or("").to_owned())
            };
            if self.equal.is_empty() {
                let first = match (&self.last, row > extent.from) {
                    (_, true) => Some(key(block, row - 1)),
                    (Some((before, at)), false) => Some(key(before, *at)),
                    (None, false) => None,
                };
                self.equal.extend(first);
            }
            if !self.equal.insert(key(block, row)) {
                self.count += 1;
            }
        }
        self.last = Some((block.clone(), extent.to.saturating_sub(1)));
    }
}

fn write_delivery(
    lake: &Lake,
    scratch: &Scratch<'_>,
    sorted: Sorted,
    mut names: Names,
    stop: &Stop,
    staged: &mut Staged,
) -> Result<Vec<Written>, LakeError> {
    let mut merger = Merger::new(sorted.sources(lake)?, &mut names, stop)?;
    let mut repeats = Repeats::default();
    let mut case: Option<String> = None;
    let mut done = 0;
    let partitions = Partitions::new(lake, &scratch.folder, "delivery");
    let written = partitions.write(&mut names, |sink, names| {
        while let Some(extent) = merger.next(names)? {
            let opens = case.as_deref() != Some(extent.case());
            if opens {
                sink.open(Month::of(extent.block.time[extent.from]), extent.case(), names);
                let case = case.get_or_insert_default();
                extent.case().clone_into(case);
                staged.cases += 1;
            }
            repeats.see(&extent, opens, names);
            sink.push(&extent.block, extent.from, extent.to, names);
            done += (extent.to - extent.from) as u64;
            if sink.is_ready() {
                stop.at(Step::Writing, done, sorted.rows)?;
                return Ok(true);
            }
        }
        Ok(false)
    })?;
    stop.at(Step::Writing, sorted.rows, sorted.rows)?;
    staged.rows = sorted.rows;
    staged.repeated = repeats.count;
    staged.first_us = written.iter().filter_map(Written::first).min();
    staged.last_us = written.iter().filter_map(Written::last).max();
    Ok(written)
}

struct Plan<'b> {
    landing: Landing<'b>,
    /// Months of the delivery that cannot be read from its own files.
    mixed: BTreeSet<Month>,
}

fn span_meets(a: &DataFile, b: &DataFile) -> bool {
    a.min_case <= b.max_case && b.min_case <= a.max_case
}

/// Walks through the cases of the delivery and of the base files that may hold them.
fn plan_import<'b>(
    lake: &Lake,
    base: &'b Snapshot,
    delivered: &[DataFile],
    policy: &MergePolicy,
    stop: &Stop,
    staged: &mut Staged,
) -> Result<Plan<'b>, LakeError> {
    let mut landing = Landing::new(base.of_kind(FileKind::Events), lake.options.file_rows)?;
    let mut mixed = BTreeSet::new();
    let window = policy.replace.as_ref().map(Window::new).transpose()?;
    let same: FxHashSet<i64> =
        policy.live.iter().filter(|l| l.source == policy.source).map(|l| l.id.0).collect();
    // A row stays unless it is of the same source and in the replaced period.
    let stays = |time: i64, day: bool, delivery: i64| {
        !(window.is_some_and(|w| w.holds(time, day)) && same.contains(&delivery))
    };
    let mut cursors: Vec<(CaseCursor<'_>, Option<usize>)> = Vec::new();
    let total = landing.base.len() as u64;
    for (index, file) in landing.base.iter().enumerate() {
        let struck = window.is_some_and(|w| match (file.first_us, file.last_us) {
            (Some(first), Some(last)) => w.may_meet(first, last),
            _ => true,
        });
        if !struck && !delivered.iter().any(|d| span_meets(d, file)) {
            continue;
        }
        let test: Option<crate::read::RowTest<'_>> = if struck { Some(&stays) } else { None };
        cursors.push((CaseCursor::new(lake.open_file(file)?, test), Some(index)));
    }
    let candidates = cursors.len();
    if candidates == 0 && landing.base.is_empty() {
        return Ok(Plan { landing, mixed });
    }
    let mut months = Vec::new();
    for file in delivered {
        cursors.push((CaseCursor::new(lake.open_file(file)?, None), None));
        months.push(file.month.map(Month::of_day));
    }
    let mut heap = BinaryHeap::new();
    for (number, (cursor, _)) in cursors.iter_mut().enumerate() {
        if cursor.advance()? {
            heap.push(Reverse((cursor.case.clone(), number)));
        }
    }
    let mut seen = 0u64;
    while let Some(Reverse((case, number))) = heap.pop() {
        let mut fresh: Option<Month> = None;
        let mut live: Option<(usize, bool, Option<Month>)> = None;
        let mut next = Some(number);
        while let Some(number) = next {
            if let Some((cursor, index)) = cursors.get_mut(number) {
                match index {
                    None => fresh = months.get(number - candidates).copied().flatten(),
                    Some(index) => {
                        let opened = landing.month(*index);
                        // Without a test of rows the month is the file's own.
                        let left =
                            if cursor.failing > 0 { cursor.first.map(Month::of) } else { opened };
                        live = Some((*index, cursor.failing > 0, left));
                    }
                }
                if cursor.advance()? {
                    heap.push(Reverse((cursor.case.clone(), number)));
                }
            }
            next = match heap.peek() {
                Some(Reverse((other, _))) if *other == case => heap.pop().map(|r| r.0.1),
                _ => None,
            };
        }
        seen += 1;
        if seen.is_multiple_of(65_536) {
            stop.at(Step::Joining, seen, total)?;
        }
        match (fresh, live) {
            (Some(month), None) => {
                if landing.land(month, &case) {
                    mixed.insert(month);
                }
            }
            (fresh, Some((index, struck, left))) => {
                if fresh.is_none() && !struck {
                    continue;
                }
                landing.affected.insert(index);
                mixed.extend(fresh);
                staged.cases_continued += u64::from(fresh.is_some());
                let target = match (fresh, left) {
                    (Some(a), Some(b)) => Some(a.min(b)),
                    (a, b) => a.or(b),
                };
                if let Some(target) = target
                    && landing.month(index) != Some(target)
                {
                    staged.cases_moved += 1;
                    landing.land(target, &case);
                    mixed.insert(target);
                }
            }
            (None, None) => {}
        }
    }
    Ok(Plan { landing, mixed })
}

/// Merges sources into the months of their cases, keeping the rows the joiner keeps.
#[allow(clippy::too_many_arguments)]
pub(crate) fn merge(
    lake: &Lake,
    scratch: &Scratch<'_>,
    sources: Vec<Source>,
    mut names: Names,
    landing: &Landing<'_>,
    joiner: &mut Joiner,
    rows: u64,
    stop: &Stop,
) -> Result<Vec<Written>, LakeError> {
    if sources.is_empty() {
        return Ok(Vec::new());
    }
    let mut cases = Cases::new(Merger::new(sources, &mut names, stop)?);
    let mut partitions = Partitions::new(lake, &scratch.folder, "events");
    for (month, barriers) in landing.barriers() {
        partitions.barriers(month, barriers);
    }
    let mut kept: Vec<Kept> = Vec::new();
    let mut done = 0;
    let written = partitions.write(&mut names, |sink, names| {
        while let Some(extents) = cases.next(names)? {
            done += extents.iter().map(|e| (e.to - e.from) as u64).sum::<u64>();
            joiner.decide(&extents, names, &mut kept)?;
            if let Some(&(index, from, _)) = kept.first() {
                let first = &extents[index];
                sink.open(Month::of(first.block.time[from]), first.case(), names);
                for &(index, from, to) in &kept {
                    sink.push(&extents[index].block, from, to, names);
                }
            }
            if sink.is_ready() {
                stop.at(Step::Merging, done, rows)?;
                return Ok(true);
            }
        }
        Ok(false)
    })?;
    stop.at(Step::Merging, rows, rows)?;
    Ok(written)
}

/// Groups the extents of a merger by case.
struct Cases {
    merger: Merger,
    ahead: Option<Extent>,
}

impl Cases {
    fn new(merger: Merger) -> Self {
        Self { merger, ahead: None }
    }

    fn next(&mut self, names: &mut Names) -> Result<Option<Vec<Extent>>, LakeError> {
        let first = match self.ahead.take() {
            Some(first) => Some(first),
            None => self.merger.next(names)?,
        };
        let Some(first) = first else { return Ok(None) };
        let mut extents = vec![first];
        while let Some(extent) = self.merger.next(names)? {
            if extents.first().is_some_and(|f| f.case() != extent.case()) {
                self.ahead = Some(extent);
                break;
            }
            extents.push(extent);
        }
        Ok(Some(extents))
    }
}

fn undo(
    lake: &Lake,
    snapshot: &Snapshot,
    remove: DeliveryId,
    live: &[LiveDelivery],
    stop: &Stop,
) -> Result<Staged, LakeError> {
    let position =
        live.iter().position(|l| l.id == remove).ok_or(LakeError::NotLive { delivery: remove })?;
    let (gone, rest): (Vec<&LiveDelivery>, Vec<&LiveDelivery>) =
        live.iter().partition(|l| l.id == remove);
    let gone = gone.first().copied().ok_or(LakeError::NotLive { delivery: remove })?;
    let mut staged = Staged::default();
    staged.commit.retired = snapshot
        .files
        .iter()
        .filter(|f| f.kind != FileKind::Events && f.delivery == remove)
        .map(|f| f.path.clone())
        .collect();
    let delivered =
        |id: DeliveryId| snapshot.of_kind(FileKind::Delivery).filter(move |f| f.delivery == id);

    // 1. Cases that may change: those it delivered, and those it took rows from.
    let mut affected: FxHashSet<u64> = FxHashSet::default();
    let mut span: Option<(String, String)> = None;
    let mut note = |case: &str| {
        affected.insert(hash(case));
        match &mut span {
            None => span = Some((case.to_owned(), case.to_owned())),
            Some((min, max)) => {
                if case < min.as_str() {
                    case.clone_into(min);
                } else if case > max.as_str() {
                    case.clone_into(max);
                }
            }
        }
    };
    for file in delivered(remove) {
        staged.rows += file.rows;
        let mut cursor = CaseCursor::new(lake.open_file(file)?, None);
        while cursor.advance()? {
            note(&cursor.case);
            staged.cases += 1;
        }
        stop.check()?;
    }
    if let Some(replaced) = &gone.replaced {
        let window = Window::new(replaced)?;
        let outside = |time: i64, day: bool, _: i64| !window.holds(time, day);
        for earlier in live.iter().take(position).filter(|l| l.source == gone.source) {
            for file in delivered(earlier.id) {
                let (Some(first), Some(last)) = (file.first_us, file.last_us) else { continue };
                if !window.may_meet(first, last) {
                    continue;
                }
                let mut cursor = CaseCursor::new(lake.open_file(file)?, Some(&outside));
                while cursor.advance()? {
                    if cursor.failing > 0 {
                        note(&cursor.case);
                    }
                }
                stop.check()?;
            }
        }
    }
    let Some((min, max)) = span else { return Ok(staged) };
    let meets = |f: &DataFile| {
        f.min_case.as_deref().is_none_or(|m| m <= max.as_str())
            && f.max_case.as_deref().is_none_or(|m| m >= min.as_str())
    };

    // 2. Their rows in the remaining deliveries, sorted anew.
    let scratch = lake.scratch(&snapshot.process, &format!("undo-{remove}"))?;
    let mut sorter = Sorter::new(lake, &scratch.folder, None);
    for other in &rest {
        for file in delivered(other.id).filter(|f| meets(f)) {
            let mut source = FileSource::new(lake.open_file(file)?, lake.options.batch_rows);
            while let Some(batch) = source.next_batch()? {
                stop.check()?;
                if let Some(part) = rows_of(&batch, &affected)? {
                    sorter.push(&part)?;
                }
            }
        }
    }
    let (sorted, mut names) = sorter.finish();
    let mut orders = Orders::default();
    for other in &rest {
        orders.add(other, true)?;
    }

    // 3. Where they will stand, and which files that touches.
    let mut landing = Landing::new(snapshot.of_kind(FileKind::Events), lake.options.file_rows)?;
    for index in 0..landing.base.len() {
        let file = landing.base[index];
        if !meets(file) {
            continue;
        }
        let mut cursor = CaseCursor::new(lake.open_file(file)?, None);
        while cursor.advance()? {
            if affected.contains(&hash(&cursor.case)) {
                landing.affected.insert(index);
                break;
            }
        }
        stop.check()?;
    }
    let mut joiner =
        Joiner { orders, rule: Rule::Rebuild(affected), live_sources: 0, tally: Tally::default() };
    let mut kept = Vec::new();
    let mut cases = Cases::new(Merger::new(sorted.sources(lake)?, &mut names, stop)?);
    while let Some(extents) = cases.next(&mut names)? {
        joiner.decide(&extents, &names, &mut kept)?;
        if let Some(&(index, from, _)) = kept.first() {
            let first = &extents[index];
            landing.land(Month::of(first.block.time[from]), first.case());
        }
    }

    // 4. The files concerned, rewritten.
    let touched: Vec<&DataFile> = landing.affected.iter().map(|&i| landing.base[i]).collect();
    let mut sources = lake.file_sources(touched.iter().copied(), touched.len())?;
    joiner.live_sources = sources.len();
    joiner.tally = Tally::default();
    sources.extend(sorted.sources(lake)?);
    let rows = sorted.rows + touched.iter().map(|f| f.rows).sum::<u64>();
    let merged = merge(lake, &scratch, sources, names, &landing, &mut joiner, rows, stop)?;
    let mut publisher = Publisher::new(lake);
    let cause = rest.last().map_or(remove, |l| l.id);
    let to = Address { process: &snapshot.process, delivery: cause, base: snapshot.id };
    for file in &merged {
        staged.bytes_written += file.bytes();
        staged.commit.added.push(publisher.place(file, FileKind::Events, to)?);
    }
    staged.commit.retired.extend(touched.iter().map(|f| f.path.clone()));
    staged.events_live_added = joiner.tally.added;
    staged.replaced = joiner.tally.removed;
    stop.check()?;
    publisher.finish()?;
    Ok(staged)
}

/// The rows of a batch whose case is listed.
fn rows_of(batch: &RecordBatch, listed: &FxHashSet<u64>) -> Result<Option<RecordBatch>, LakeError> {
    let column = CaseColumn::read(batch)?;
    let starts = column.starts(batch.num_rows());
    let mut mask = Vec::with_capacity(batch.num_rows());
    let mut any = false;
    for (index, &start) in starts.iter().enumerate() {
        let end = starts.get(index + 1).map_or(batch.num_rows(), |&e| e as usize);
        let keep = listed.contains(&hash(column.value(start as usize)));
        any |= keep;
        mask.resize(end, keep);
    }
    if !any {
        return Ok(None);
    }
    Ok(Some(filter_record_batch(batch, &BooleanArray::from(mask))?))
}
