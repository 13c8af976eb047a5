//! External sort: rows pushed in any order come out by case, time, delivery and sequence.
//!
//! Rows are kept as the arrays that delivered them; a run is sorted by counting
//! (cases are numbered, numbers are ranked), so that the cost per row hardly
//! depends on the order of delivery. Full runs are spilled as Arrow IPC files.

use std::{
    fs::File,
    hash::{BuildHasher, Hasher},
    io::{BufReader, BufWriter, Write},
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use arrow::buffer::ScalarBuffer;
use arrow_array::{
    Array, ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray, UInt8Array,
};
use arrow_ipc::{reader::StreamReader, writer::StreamWriter};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use eclusier_eventlog::schema;
use hashbrown::HashTable;
use rayon::slice::ParallelSliceMut;
use rustc_hash::FxBuildHasher;

use crate::{
    Lake, LakeError, Stop,
    block::{Block, Bringer, CaseColumn, Columns, NAMES, Name, Names, nullable_keys},
    disk::DiskFile,
    read::FileSource,
};

/// Identifiers seen in a run, each stored once.
#[derive(Debug, Default)]
struct CaseTable {
    bytes: String,
    ends: Vec<usize>,
    table: HashTable<u32>,
}

/// Hash of a case, the same on every run and machine.
pub(crate) fn hash(text: &str) -> u64 {
    let mut hasher = FxBuildHasher.build_hasher();
    hasher.write(text.as_bytes());
    hasher.finish()
}

impl CaseTable {
    fn text(&self, id: u32) -> &str {
        let id = id as usize;
        let from = id.checked_sub(1).and_then(|i| self.ends.get(i)).copied().unwrap_or(0);
        let to = self.ends.get(id).copied().unwrap_or(from);
        self.bytes.get(from..to).unwrap_or("")
    }

    fn id(&mut self, case: &str) -> u32 {
        let code = hash(case);
        if let Some(&id) = self.table.find(code, |&id| self.text(id) == case) {
            return id;
        }
        let id = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
        self.bytes.push_str(case);
        self.ends.push(self.bytes.len());
        let Self { bytes, ends, table } = self;
        table.insert_unique(code, id, |&id| {
            let id = id as usize;
            let from = id.checked_sub(1).and_then(|i| ends.get(i)).copied().unwrap_or(0);
            let to = ends.get(id).copied().unwrap_or(from);
            hash(bytes.get(from..to).unwrap_or(""))
        });
        id
    }

    fn len(&self) -> usize {
        self.ends.len()
    }
}

/// The rows of one pushed batch, as they came.
#[derive(Debug)]
struct Chunk {
    case: Vec<u32>,
    columns: Columns,
    delivery: Bringer,
}

/// Rows of a run, unsorted.
#[derive(Debug, Default)]
struct Run {
    cases: CaseTable,
    chunks: Vec<Chunk>,
    rows: usize,
    bytes: usize,
}

/// A run in order. Rows stay where they are; the order is a list of places.
#[derive(Debug)]
pub(crate) struct SortedRun {
    run: Run,
    /// Cases in order, with the end of their places.
    cases: Vec<(u32, u32)>,
    /// Chunk in the high half, row in the low half.
    places: Vec<u64>,
}

fn place(chunk: usize, row: usize) -> u64 {
    ((chunk as u64) << 32) | (row as u64 & 0xffff_ffff)
}

impl Run {
    fn sort(self) -> SortedRun {
        let mut order: Vec<u32> =
            (0..u32::try_from(self.cases.len()).unwrap_or(u32::MAX)).collect();
        order.par_sort_unstable_by(|&a, &b| self.cases.text(a).cmp(self.cases.text(b)));
        // Counting sort: each case gets a stretch of places.
        let mut next = vec![0u32; order.len()];
        for chunk in &self.chunks {
            for &id in &chunk.case {
                next[id as usize] += 1;
            }
        }
        let mut cases = Vec::with_capacity(order.len());
        let mut end = 0u32;
        for &id in &order {
            let rows = next[id as usize];
            next[id as usize] = end;
            end += rows;
            cases.push((id, end));
        }
        let mut places = vec![0u64; self.rows];
        for (index, chunk) in self.chunks.iter().enumerate() {
            for (row, &id) in chunk.case.iter().enumerate() {
                let slot = &mut next[id as usize];
                places[*slot as usize] = place(index, row);
                *slot += 1;
            }
        }
        let chunks = &self.chunks;
        let key = |&p: &u64| {
            let (chunk, row) = (&chunks[(p >> 32) as usize], (p & 0xffff_ffff) as usize);
            (chunk.columns.time[row], chunk.delivery.of(row), chunk.columns.seq[row])
        };
        let mut from = 0usize;
        for &(_, end) in &cases {
            let stretch = &mut places[from..end as usize];
            // Most deliveries come in time order: look before sorting. Stable, so that rows
            // the key cannot tell apart keep the order of delivery.
            if !stretch.is_sorted_by_key(key) {
                stretch.sort_by_key(key);
            }
            from = end as usize;
        }
        SortedRun { cases, places, run: self }
    }
}

impl SortedRun {
    fn rows(&self) -> usize {
        self.places.len()
    }

    /// Rows of a range of the order, gathered.
    fn block(&self, range: Range<usize>, first_case: usize, names: &Names) -> (Block, usize) {
        let places = &self.places[range.clone()];
        let chunks = &self.run.chunks;
        let at = |p: &u64| (&chunks[(p >> 32) as usize], (p & 0xffff_ffff) as usize);
        let mut starts = Vec::new();
        let mut texts: Vec<&str> = Vec::new();
        let mut case = first_case;
        let mut row = range.start;
        while row < range.end {
            let Some(&(id, end)) = self.cases.get(case) else { break };
            starts.push(u32::try_from(row - range.start).unwrap_or(u32::MAX));
            texts.push(self.run.cases.text(id));
            row = end as usize;
            case += 1;
        }
        // A case that goes on in the next block is opened there again.
        let next_case = if row > range.end { case - 1 } else { case };
        starts.push(u32::try_from(places.len()).unwrap_or(u32::MAX));
        let time: ScalarBuffer<i64> = places
            .iter()
            .map(|p| {
                let (c, r) = at(p);
                c.columns.time[r]
            })
            .collect();
        let precision: ScalarBuffer<u8> = places
            .iter()
            .map(|p| {
                let (c, r) = at(p);
                c.columns.precision[r]
            })
            .collect();
        let seq: ScalarBuffer<i64> = places
            .iter()
            .map(|p| {
                let (c, r) = at(p);
                c.columns.seq[r]
            })
            .collect();
        let delivery = match chunks.first().map(|c| &c.delivery) {
            Some(Bringer::One(one)) => Bringer::One(*one),
            _ => Bringer::Each(
                places
                    .iter()
                    .map(|p| {
                        let (c, r) = at(p);
                        c.delivery.of(r)
                    })
                    .collect(),
            ),
        };
        let start = chunks.iter().any(|c| c.columns.start.is_some()).then(|| {
            places
                .iter()
                .map(|p| {
                    let (c, r) = at(p);
                    c.columns.start.as_ref().filter(|a| a.is_valid(r)).map(|a| a.value(r))
                })
                .collect::<TimestampMicrosecondArray>()
        });
        let attributes = chunks.iter().any(|c| c.columns.attributes.is_some()).then(|| {
            places
                .iter()
                .map(|p| {
                    let (c, r) = at(p);
                    c.columns.attributes.as_ref().filter(|a| a.is_valid(r)).map(|a| a.value(r))
                })
                .collect::<StringArray>()
        });
        let mut columns = [const { Name::Absent }; 7];
        for (index, slot) in columns.iter_mut().enumerate() {
            let kind = |c: &Chunk| match c.columns.names.get(index) {
                Some(Name::Text(_)) => 2,
                Some(Name::Keys(_)) => 1,
                _ => 0,
            };
            *slot = match chunks.iter().map(kind).max() {
                Some(2) => Name::Text(
                    places
                        .iter()
                        .map(|p| {
                            let (c, r) = at(p);
                            match &c.columns.names[index] {
                                Name::Absent => None,
                                Name::Keys(keys) => names.name(index, keys[r]),
                                Name::Text(text) => text.is_valid(r).then(|| text.value(r)),
                            }
                        })
                        .collect(),
                ),
                Some(1) => Name::Keys(
                    places
                        .iter()
                        .map(|p| {
                            let (c, r) = at(p);
                            match &c.columns.names[index] {
                                Name::Keys(keys) => keys[r],
                                _ => -1,
                            }
                        })
                        .collect(),
                ),
                _ => Name::Absent,
            };
        }
        let block = Block {
            cases: StringArray::from_iter_values(texts),
            starts,
            time,
            start,
            precision,
            names: columns,
            attributes,
            seq,
            delivery,
        };
        (block, next_case)
    }
}

/// Takes rows, keeps them within bounds, gives them back sorted.
pub(crate) struct Sorter<'l> {
    lake: &'l Lake,
    folder: PathBuf,
    delivery: Option<i64>,
    pub(crate) names: Names,
    run: Run,
    spills: Vec<PathBuf>,
    rows: u64,
}

impl std::fmt::Debug for Sorter<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sorter")
            .field("rows", &self.rows)
            .field("spills", &self.spills.len())
            .finish_non_exhaustive()
    }
}

impl<'l> Sorter<'l> {
    /// A sorter spilling in `folder`. `delivery` is who brings every row, when it is one.
    pub(crate) fn new(lake: &'l Lake, folder: &Path, delivery: Option<i64>) -> Self {
        Self {
            lake,
            folder: folder.to_owned(),
            delivery,
            names: Names::default(),
            run: Run::default(),
            spills: Vec::new(),
            rows: 0,
        }
    }

    /// Takes a batch.
    pub(crate) fn push(&mut self, batch: &RecordBatch) -> Result<(), LakeError> {
        let rows = batch.num_rows();
        if rows == 0 {
            return Ok(());
        }
        let column = CaseColumn::read(batch)?;
        let columns = Columns::read(batch, &mut self.names)?;
        let delivery = match self.delivery {
            Some(one) => Bringer::One(one),
            None => {
                let array = batch
                    .column_by_name(schema::DELIVERY)
                    .and_then(|a| a.as_any().downcast_ref::<Int64Array>())
                    .ok_or(LakeError::Internal { what: "rows without their delivery" })?;
                Bringer::Each(array.values().clone())
            }
        };
        let cases = &mut self.run.cases;
        let known = cases.bytes.len();
        let mut case = Vec::with_capacity(rows);
        let mut last: Option<(&str, u32)> = None;
        for row in 0..rows {
            let text = column.value(row);
            let id = match last {
                Some((same, id)) if same == text => id,
                _ => cases.id(text),
            };
            last = Some((text, id));
            case.push(id);
        }
        let texts: usize = columns.attributes.as_ref().map_or(0, |a| a.get_array_memory_size())
            + columns
                .names
                .iter()
                .map(|n| match n {
                    Name::Text(text) => text.get_array_memory_size(),
                    Name::Keys(keys) => keys.len() * 4,
                    Name::Absent => 0,
                })
                .sum::<usize>();
        let starts = columns.start.as_ref().map_or(0, |_| rows * 8);
        // Places of the sort and numbers of the table count too.
        self.run.bytes +=
            texts + starts + rows * (8 + 1 + 8 + 4 + 8) + (cases.bytes.len() - known) * 2;
        self.run.rows += rows;
        self.rows += rows as u64;
        self.run.chunks.push(Chunk { case, columns, delivery });
        if self.run.rows >= self.lake.options.run_rows
            || self.run.bytes >= self.lake.options.run_bytes
        {
            self.spill()?;
        }
        Ok(())
    }

    fn spill(&mut self) -> Result<(), LakeError> {
        let run = std::mem::take(&mut self.run).sort();
        let path = self.folder.join(format!("run-{:05}.arrow", self.spills.len()));
        let disk = &self.lake.disk;
        let file = disk.create(&path).map_err(|e| LakeError::io("create", &path, e))?;
        let mut writer: Option<StreamWriter<BufWriter<Box<dyn DiskFile>>>> = None;
        let mut sink = Some(BufWriter::with_capacity(1 << 18, file));
        let wide: [bool; 7] = std::array::from_fn(|i| {
            self.names.is_wide(i)
                || run.run.chunks.iter().any(|c| matches!(c.columns.names[i], Name::Text(_)))
        });
        let schema = spill_schema(wide, self.delivery.is_none());
        let failed = |e| ipc("spill", &path, e);
        let (mut row, mut case) = (0, 0);
        while row < run.rows() {
            let to = (row + 32_768).min(run.rows());
            let (block, next) = run.block(row..to, case, &self.names);
            let batch = spill_batch(&schema, &block, wide, &self.names)?;
            let writer = match (&mut writer, sink.take()) {
                (slot @ None, Some(sink)) => {
                    slot.insert(StreamWriter::try_new(sink, &schema).map_err(failed)?)
                }
                (Some(writer), _) => writer,
                (None, None) => {
                    return Err(LakeError::Internal { what: "a spill lost its file" });
                }
            };
            writer.write(&batch).map_err(failed)?;
            (row, case) = (to, next);
        }
        if let Some(mut writer) = writer {
            writer.finish().map_err(failed)?;
            writer.get_mut().flush().map_err(|e| LakeError::io("write", &path, e))?;
        }
        self.spills.push(path);
        Ok(())
    }

    /// Ends the pushing.
    pub(crate) fn finish(self) -> (Sorted, Names) {
        let run = (self.run.rows > 0).then(|| Arc::new(self.run.sort()));
        let sorted = Sorted { spills: self.spills, run, delivery: self.delivery, rows: self.rows };
        (sorted, self.names)
    }
}

/// Sorted runs, to be merged as often as needed.
pub(crate) struct Sorted {
    spills: Vec<PathBuf>,
    run: Option<Arc<SortedRun>>,
    delivery: Option<i64>,
    pub(crate) rows: u64,
}

impl Sorted {
    /// One source per run.
    pub(crate) fn sources(&self, lake: &Lake) -> Result<Vec<Source>, LakeError> {
        let mut sources = Vec::new();
        for path in &self.spills {
            let file = lake.disk.open(path).map_err(|e| LakeError::io("read", path, e))?;
            let reader = StreamReader::try_new(BufReader::with_capacity(1 << 18, file), None)
                .map_err(|e| ipc("read", path, e))?;
            sources.push(Source::Spill {
                reader: Box::new(reader),
                path: path.clone(),
                delivery: self.delivery,
            });
        }
        if let Some(run) = &self.run {
            sources.push(Source::Run { run: run.clone(), row: 0, case: 0 });
        }
        Ok(sources)
    }
}

fn spill_schema(wide: [bool; 7], deliveries: bool) -> SchemaRef {
    let mut fields = vec![
        Field::new(schema::CASE, DataType::Utf8, false),
        Field::new(schema::TIME, schema::instant_type(), false),
        Field::new(schema::START, schema::instant_type(), true),
        Field::new(schema::PRECISION, DataType::UInt8, false),
        Field::new(schema::ATTRIBUTES, DataType::Utf8, true),
        Field::new(schema::SEQ, DataType::Int64, false),
    ];
    for (name, wide) in NAMES.into_iter().zip(wide) {
        let kind = if wide { DataType::Utf8 } else { DataType::Int32 };
        fields.push(Field::new(name, kind, true));
    }
    if deliveries {
        fields.push(Field::new(schema::DELIVERY, DataType::Int64, false));
    }
    Arc::new(Schema::new(fields))
}

fn spill_batch(
    schema: &SchemaRef,
    block: &Block,
    wide: [bool; 7],
    names: &Names,
) -> Result<RecordBatch, LakeError> {
    let rows = block.len();
    let mut texts = arrow_array::builder::StringBuilder::with_capacity(rows, rows * 16);
    for (case, ends) in block.starts.windows(2).enumerate() {
        for _ in ends[0]..ends[1] {
            texts.append_value(block.cases.value(case));
        }
    }
    let time = TimestampMicrosecondArray::new(block.time.clone(), None).with_timezone("UTC");
    let start = block
        .start
        .clone()
        .unwrap_or_else(|| TimestampMicrosecondArray::new_null(rows))
        .with_timezone("UTC");
    let mut columns: Vec<ArrayRef> = vec![
        Arc::new(texts.finish()),
        Arc::new(time),
        Arc::new(start),
        Arc::new(UInt8Array::new(block.precision.clone(), None)),
        Arc::new(block.attributes.clone().unwrap_or_else(|| StringArray::new_null(rows))),
        Arc::new(Int64Array::new(block.seq.clone(), None)),
    ];
    for (index, wide) in wide.into_iter().enumerate() {
        columns.push(match (&block.names[index], wide) {
            (Name::Text(text), _) => Arc::new(text.clone()),
            (_, true) => Arc::new(
                (0..rows).map(|row| block.name(index, row, names)).collect::<StringArray>(),
            ),
            (Name::Keys(keys), false) => Arc::new(nullable_keys(keys.clone())),
            (Name::Absent, false) => Arc::new(nullable_keys(vec![-1; rows])),
        });
    }
    if let Bringer::Each(each) = &block.delivery {
        columns.push(Arc::new(Int64Array::new(each.clone(), None)));
    }
    Ok(RecordBatch::try_new(schema.clone(), columns)?)
}

/// An error of Arrow IPC: a full disk hides inside.
fn ipc(action: &'static str, path: &Path, error: arrow_schema::ArrowError) -> LakeError {
    match error {
        arrow_schema::ArrowError::IoError(_, source) => LakeError::io(action, path, source),
        other => LakeError::Arrow(other),
    }
}

/// Where sorted blocks come from.
pub(crate) enum Source {
    /// A run in memory.
    Run { run: Arc<SortedRun>, row: usize, case: usize },
    /// A spilled run.
    Spill { reader: Box<StreamReader<BufReader<File>>>, path: PathBuf, delivery: Option<i64> },
    /// A Parquet file of the lake.
    File(Box<FileSource>),
}

impl Source {
    /// The next block, never empty.
    pub(crate) fn next(&mut self, names: &mut Names) -> Result<Option<Block>, LakeError> {
        match self {
            Source::Run { run, row, case } => {
                if *row >= run.rows() {
                    return Ok(None);
                }
                let to = (*row + 16_384).min(run.rows());
                let (block, next) = run.block(*row..to, *case, names);
                (*row, *case) = (to, next);
                Ok(Some(block))
            }
            Source::Spill { reader, path, delivery } => match reader.next() {
                None => Ok(None),
                Some(batch) => {
                    let batch = batch.map_err(|e| ipc("read", path, e))?;
                    Block::from_batch(&batch, names, *delivery).map(Some)
                }
            },
            Source::File(file) => file.next(names),
        }
    }
}

/// Rows of one case, from one source, in order.
pub(crate) struct Extent {
    pub(crate) source: usize,
    pub(crate) block: Arc<Block>,
    /// Index of the case in the block.
    pub(crate) case: usize,
    pub(crate) from: usize,
    pub(crate) to: usize,
}

impl Extent {
    pub(crate) fn case(&self) -> &str {
        self.block.cases.value(self.case)
    }
}

struct Cursor {
    source: Source,
    block: Arc<Block>,
    case: usize,
    row: usize,
}

/// Merges sorted sources.
pub(crate) struct Merger {
    cursors: Vec<Cursor>,
    /// A heap of cursor numbers, the least first.
    heap: Vec<usize>,
    stop: Stop,
}

impl Merger {
    pub(crate) fn new(
        sources: Vec<Source>,
        names: &mut Names,
        stop: &Stop,
    ) -> Result<Self, LakeError> {
        let mut cursors = Vec::with_capacity(sources.len());
        let mut heap = Vec::with_capacity(sources.len());
        let empty = Arc::new(Block {
            cases: StringArray::new_null(0),
            starts: vec![0],
            time: ScalarBuffer::from(Vec::new()),
            start: None,
            precision: ScalarBuffer::from(Vec::new()),
            names: [const { Name::Absent }; 7],
            attributes: None,
            seq: ScalarBuffer::from(Vec::new()),
            delivery: Bringer::One(0),
        });
        for (index, mut source) in sources.into_iter().enumerate() {
            let block = source.next(names)?;
            if block.is_some() {
                heap.push(index);
            }
            let block = block.map_or_else(|| empty.clone(), Arc::new);
            cursors.push(Cursor { source, block, case: 0, row: 0 });
        }
        let mut merger = Self { cursors, heap, stop: stop.clone() };
        for at in (0..merger.heap.len() / 2).rev() {
            merger.sift(at);
        }
        Ok(merger)
    }

    /// Whether the first cursor comes before the second.
    fn before(&self, a: usize, b: usize) -> bool {
        let (x, y) = (&self.cursors[a], &self.cursors[b]);
        let key =
            |c: &Cursor| (c.block.time[c.row], c.block.delivery.of(c.row), c.block.seq[c.row]);
        x.block
            .cases
            .value(x.case)
            .cmp(y.block.cases.value(y.case))
            .then_with(|| key(x).cmp(&key(y)))
            .then(a.cmp(&b))
            .is_lt()
    }

    fn sift(&mut self, mut at: usize) {
        loop {
            let mut least = at;
            for child in [2 * at + 1, 2 * at + 2] {
                if child < self.heap.len() && self.before(self.heap[child], self.heap[least]) {
                    least = child;
                }
            }
            if least == at {
                return;
            }
            self.heap.swap(at, least);
            at = least;
        }
    }

    /// The next rows, all of one case and one source.
    pub(crate) fn next(&mut self, names: &mut Names) -> Result<Option<Extent>, LakeError> {
        let Some(&first) = self.heap.first() else { return Ok(None) };
        // The runner-up says how far the first may go.
        let second = match (self.heap.get(1), self.heap.get(2)) {
            (Some(&a), Some(&b)) => Some(if self.before(a, b) { a } else { b }),
            (one, _) => one.copied(),
        };
        let cursor = &self.cursors[first];
        let block = cursor.block.clone();
        let end = block.starts.get(cursor.case + 1).map_or(block.len(), |&e| e as usize);
        let from = cursor.row;
        let mut to = end;
        if let Some(second) = second {
            let other = &self.cursors[second];
            if other.block.cases.value(other.case) == block.cases.value(cursor.case) {
                let limit = (
                    other.block.time[other.row],
                    other.block.delivery.of(other.row),
                    other.block.seq[other.row],
                    second,
                );
                to = from + 1;
                while to < end
                    && (block.time[to], block.delivery.of(to), block.seq[to], first) < limit
                {
                    to += 1;
                }
            }
        }
        let extent = Extent { source: first, case: cursor.case, from, to, block };
        let cursor = &mut self.cursors[first];
        cursor.row = to;
        if to == end {
            cursor.case += 1;
        }
        if to == cursor.block.len() {
            self.stop.check()?;
            match cursor.source.next(names)? {
                Some(block) => {
                    cursor.block = Arc::new(block);
                    (cursor.row, cursor.case) = (0, 0);
                }
                None => {
                    self.heap.swap_remove(0);
                }
            }
        }
        self.sift(0);
        Ok(Some(extent))
    }
}
