//! Reading files of the lake: checked footers, sorted blocks, cases alone, kernels.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

use arrow::compute::{concat_batches, filter_record_batch};
use arrow_array::{
    Array, BooleanArray, RecordBatch,
    cast::AsArray,
    new_null_array,
    types::{Int64Type, TimestampMicrosecondType, UInt8Type},
};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use bytes::Bytes;
use eclusier_core::{DataFile, FileKind, Snapshot};
use eclusier_eventlog::{EventBatch, Filter, Kernel, schema};
use parquet::{
    arrow::{
        ProjectionMask,
        arrow_reader::{
            ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
            ParquetRecordBatchReaderBuilder,
        },
    },
    errors::ParquetError,
    file::{
        metadata::{ParquetMetaData, RowGroupMetaData},
        reader::{ChunkReader, Length},
        statistics::Statistics,
    },
};
use rayon::prelude::*;

use crate::{
    Lake, LakeError, Step, Stop,
    block::{Block, CaseColumn, Names},
};

fn dictionary() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

/// As files are read: names as dictionaries, and cases too, since a case is one entry for many rows.
static READ_SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let fields: Vec<Field> = schema::events()
        .fields()
        .iter()
        .map(|f| {
            let name = f.name().as_str();
            let repeats = name == schema::CASE || schema::DICTIONARY_COLUMNS.contains(&name);
            let kind = if repeats { dictionary() } else { f.data_type().clone() };
            Field::new(name, kind, f.is_nullable())
        })
        .collect();
    Arc::new(Schema::new(fields))
});

/// Files folded at the same time: each is one open file of the system.
const MOST_OPEN: usize = 256;

/// Something found wrong while reading a file.
pub(crate) fn damaged(path: &str, what: impl ToString) -> LakeError {
    LakeError::Damaged { path: path.to_owned(), what: what.to_string() }
}

/// Runs a decoder that may panic on bytes nobody should have written.
fn guarded<T>(path: &str, work: impl FnOnce() -> Result<T, LakeError>) -> Result<T, LakeError> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(damaged(path, "the decoder gave up on its content")))
}

/// A file read at given places: threads share it without sharing a cursor.
#[derive(Debug, Clone)]
struct Placed {
    file: Arc<File>,
    bytes: u64,
}

/// A place in such a file, moving forward.
struct At {
    file: Arc<File>,
    place: u64,
}

impl Read for At {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        #[cfg(unix)]
        let read = std::os::unix::fs::FileExt::read_at(&*self.file, buf, self.place)?;
        #[cfg(windows)]
        let read = std::os::windows::fs::FileExt::seek_read(&*self.file, buf, self.place)?;
        self.place += read as u64;
        Ok(read)
    }
}

impl Length for Placed {
    fn len(&self) -> u64 {
        self.bytes
    }
}

impl ChunkReader for Placed {
    type T = BufReader<At>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        // Only page headers come this way.
        Ok(BufReader::with_capacity(512, At { file: self.file.clone(), place: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        // A damaged footer may ask for more than there is.
        if start.checked_add(length as u64).is_none_or(|end| end > self.bytes) {
            return Err(ParquetError::EOF(format!("{length} bytes wanted at {start}")));
        }
        let mut buffer = vec![0; length];
        At { file: self.file.clone(), place: start }.read_exact(&mut buffer)?;
        Ok(buffer.into())
    }
}

/// A file whose presence, size and footer agree with the catalogue.
pub(crate) struct Opened {
    pub(crate) path: String,
    file: Placed,
    meta: Arc<ParquetMetaData>,
}

impl Lake {
    /// Opens a file of the catalogue, trusting nothing.
    pub(crate) fn open_file(&self, entry: &DataFile) -> Result<Opened, LakeError> {
        let path = self.root.join(&entry.path);
        let file = self.disk.open(&path).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => LakeError::Missing { path: entry.path.clone() },
            _ => LakeError::io("read", &path, e),
        })?;
        let bytes = file.metadata().map_err(|e| LakeError::io("read", &path, e))?.len();
        if bytes != entry.bytes {
            return Err(damaged(
                &entry.path,
                format!("{bytes} bytes, the catalogue says {}", entry.bytes),
            ));
        }
        let file = Placed { file: Arc::new(file), bytes };
        let known = self.footers.get(&entry.path);
        let meta = match known {
            Some(meta) => meta,
            None => {
                let meta = guarded(&entry.path, || {
                    ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())
                        .map(|m| m.metadata().clone())
                        .map_err(|e| damaged(&entry.path, e))
                })?;
                self.footers.put(&entry.path, meta.clone());
                meta
            }
        };
        let rows = meta.file_metadata().num_rows();
        if u64::try_from(rows).ok() != Some(entry.rows) {
            return Err(damaged(
                &entry.path,
                format!("{rows} rows, the catalogue says {}", entry.rows),
            ));
        }
        Ok(Opened { path: entry.path.clone(), file, meta })
    }
}

impl Opened {
    pub(crate) fn groups(&self) -> &[RowGroupMetaData] {
        self.meta.row_groups()
    }

    /// Hands every batch of a small file to `take`.
    pub(crate) fn each_batch(
        &self,
        schema: &SchemaRef,
        mut take: impl FnMut(&RecordBatch) -> Result<(), LakeError>,
    ) -> Result<(), LakeError> {
        for group in 0..self.groups().len() {
            let mut reader = self.reader(schema, None, group, 32_768)?;
            while let Some(batch) = self.decode(&mut reader)? {
                take(&batch)?;
            }
        }
        Ok(())
    }

    /// Every byte of the file, from the first.
    pub(crate) fn bytes(&self) -> impl Read + use<> {
        BufReader::with_capacity(1 << 18, At { file: self.file.file.clone(), place: 0 })
    }

    /// Rows of a range of row groups.
    fn rows_of(&self, range: &Range<usize>) -> u64 {
        let groups = self.groups().get(range.clone()).unwrap_or_default();
        groups.iter().map(|g| u64::try_from(g.num_rows()).unwrap_or(0)).sum()
    }

    /// Reads one row group. One reader per group keeps the file's dictionaries whole.
    fn reader(
        &self,
        schema: &SchemaRef,
        columns: Option<&[&str]>,
        group: usize,
        batch_rows: usize,
    ) -> Result<GroupReader, LakeError> {
        guarded(&self.path, || {
            let wrong = |e: parquet::errors::ParquetError| damaged(&self.path, e);
            let options = ArrowReaderOptions::new().with_schema(schema.clone());
            let meta = ArrowReaderMetadata::try_new(self.meta.clone(), options).map_err(wrong)?;
            let builder =
                ParquetRecordBatchReaderBuilder::new_with_metadata(self.file.clone(), meta);
            let wanted = |name: &str| columns.is_none_or(|names| names.contains(&name));
            let fields = schema.fields().iter().filter(|f| wanted(f.name()));
            let schema = Arc::new(Schema::new(fields.cloned().collect::<Vec<_>>()));
            // A column of nulls has no dictionary: decoding one would make it, name by name,
            // out of nothing.
            let group_meta = self.groups().get(group);
            let blank = |name: &str| group_meta.is_some_and(|g| is_blank(g, name));
            let mask = ProjectionMask::columns(
                builder.parquet_schema(),
                schema.fields().iter().map(|f| f.name().as_str()).filter(|name| !blank(name)),
            );
            let batches = builder
                .with_projection(mask)
                .with_row_groups(vec![group])
                .with_batch_size(batch_rows.max(1))
                .build()
                .map_err(wrong)?;
            Ok(GroupReader { batches, schema })
        })
    }

    fn decode(&self, reader: &mut GroupReader) -> Result<Option<RecordBatch>, LakeError> {
        guarded(&self.path, || {
            let Some(batch) = reader.batches.next() else { return Ok(None) };
            let batch = batch.map_err(|e| damaged(&self.path, e))?;
            if batch.num_columns() == reader.schema.fields().len() {
                return Ok(Some(batch));
            }
            let column = |field: &Arc<Field>| match batch.column_by_name(field.name()) {
                Some(column) => column.clone(),
                None => new_null_array(field.data_type(), batch.num_rows()),
            };
            let columns = reader.schema.fields().iter().map(column).collect();
            Ok(Some(RecordBatch::try_new(reader.schema.clone(), columns)?))
        })
    }

    /// Ranges of row groups that begin and end between two cases, of about `rows` rows each.
    fn ranges(&self, rows: i64) -> Vec<Range<usize>> {
        let groups = self.groups();
        let mut ranges = Vec::new();
        let mut from = 0;
        let mut sum = 0;
        for (index, group) in groups.iter().enumerate() {
            if index > from && sum >= rows && opens_case(groups.get(index - 1), group) {
                ranges.push(from..index);
                from = index;
                sum = 0;
            }
            sum += group.num_rows();
        }
        if from < groups.len() {
            ranges.push(from..groups.len());
        }
        ranges
    }
}

/// Batches of one row group, and the columns they are to have.
struct GroupReader {
    batches: ParquetRecordBatchReader,
    schema: SchemaRef,
}

/// Whether the footer says that a column of names holds nothing in a row group.
fn is_blank(group: &RowGroupMetaData, name: &str) -> bool {
    if !schema::DICTIONARY_COLUMNS.contains(&name) {
        return false;
    }
    let column = group.columns().iter().find(|c| c.column_path().string() == name);
    let nulls = column.and_then(|c| c.statistics()?.null_count_opt());
    nulls.is_some() && nulls == u64::try_from(group.num_rows()).ok()
}

/// Smallest and largest case of a row group, when the footer says so exactly.
pub(crate) fn case_bounds(group: &RowGroupMetaData) -> Option<(&[u8], &[u8])> {
    match group.columns().first()?.statistics()? {
        Statistics::ByteArray(s) if s.min_is_exact() && s.max_is_exact() => {
            Some((s.min_bytes_opt()?, s.max_bytes_opt()?))
        }
        _ => None,
    }
}

/// Whether no case of the first group goes on in the second.
fn opens_case(before: Option<&RowGroupMetaData>, group: &RowGroupMetaData) -> bool {
    match (before.and_then(case_bounds), case_bounds(group)) {
        (Some((_, last)), Some((first, _))) => last < first,
        _ => false,
    }
}

/// Reads the batches of a file one row group after the other.
struct Batches {
    opened: Opened,
    schema: SchemaRef,
    columns: Option<Vec<&'static str>>,
    batch_rows: usize,
    groups: Range<usize>,
    reader: Option<GroupReader>,
}

impl Batches {
    fn next(&mut self) -> Result<Option<RecordBatch>, LakeError> {
        loop {
            if let Some(reader) = &mut self.reader {
                match self.opened.decode(reader)? {
                    Some(batch) if batch.num_rows() > 0 => return Ok(Some(batch)),
                    Some(_) => continue,
                    None => self.reader = None,
                }
            }
            let Some(group) = self.groups.next() else { return Ok(None) };
            self.reader = Some(self.opened.reader(
                &self.schema,
                self.columns.as_deref(),
                group,
                self.batch_rows,
            )?);
        }
    }
}

/// Sorted blocks of a file, for merging.
pub(crate) struct FileSource {
    batches: Batches,
}

impl FileSource {
    pub(crate) fn new(opened: Opened, batch_rows: usize) -> Self {
        let groups = 0..opened.groups().len();
        Self {
            batches: Batches {
                opened,
                schema: READ_SCHEMA.clone(),
                columns: None,
                batch_rows,
                groups,
                reader: None,
            },
        }
    }

    pub(crate) fn next(&mut self, names: &mut Names) -> Result<Option<Block>, LakeError> {
        match self.next_batch()? {
            Some(batch) => Block::from_batch(&batch, names, None).map(Some),
            None => Ok(None),
        }
    }

    pub(crate) fn next_batch(&mut self) -> Result<Option<RecordBatch>, LakeError> {
        self.batches.next()
    }
}

/// What is asked of each row while walking through the cases of a file.
pub(crate) type RowTest<'t> = &'t (dyn Fn(i64, bool, i64) -> bool + Sync);

/// The cases of a file, one after the other.
pub(crate) struct CaseCursor<'t> {
    batches: Batches,
    test: Option<RowTest<'t>>,
    batch: Option<RecordBatch>,
    row: usize,
    /// The case the cursor stands on.
    pub(crate) case: String,
    /// First instant of its rows that pass the test (when there is a test).
    pub(crate) first: Option<i64>,
    /// Rows that do not pass the test.
    pub(crate) failing: u64,
}

impl<'t> CaseCursor<'t> {
    /// Reads cases alone, or also what a test of rows needs: instant, whether it is a day, delivery.
    pub(crate) fn new(opened: Opened, test: Option<RowTest<'t>>) -> Self {
        let mut columns = vec![schema::CASE];
        if test.is_some() {
            columns.extend([schema::TIME, schema::PRECISION, schema::DELIVERY]);
        }
        let groups = 0..opened.groups().len();
        Self {
            batches: Batches {
                opened,
                schema: READ_SCHEMA.clone(),
                columns: Some(columns),
                batch_rows: 32_768,
                groups,
                reader: None,
            },
            test,
            batch: None,
            row: 0,
            case: String::new(),
            first: None,
            failing: 0,
        }
    }

    /// Moves to the next case; false at the end.
    pub(crate) fn advance(&mut self) -> Result<bool, LakeError> {
        self.first = None;
        self.failing = 0;
        let mut opened = false;
        loop {
            if self.batch.as_ref().is_none_or(|b| self.row >= b.num_rows()) {
                self.batch = self.batches.next()?;
                self.row = 0;
            }
            let Some(batch) = &self.batch else { return Ok(opened) };
            let path = &self.batches.opened.path;
            let wrong = || damaged(path, "a column has an unexpected type");
            let cases = batch
                .column_by_name(schema::CASE)
                .and_then(|a| a.as_dictionary_opt::<arrow_array::types::Int32Type>())
                .ok_or_else(wrong)?;
            let texts = cases.values().as_string_opt::<i32>().ok_or_else(wrong)?;
            let keys = cases.keys();
            let text = |row: usize| {
                usize::try_from(keys.value(row))
                    .ok()
                    .filter(|&k| k < texts.len())
                    .map(|k| texts.value(k))
            };
            let here = text(self.row).ok_or_else(wrong)?;
            if opened {
                if here != self.case {
                    return Ok(true);
                }
            } else {
                opened = true;
                self.case.clear();
                self.case.push_str(here);
            }
            let from = self.row;
            let mut to = from + 1;
            while to < batch.num_rows()
                && (keys.value(to) == keys.value(to - 1) || text(to) == Some(self.case.as_str()))
            {
                to += 1;
            }
            if let Some(test) = self.test {
                let time = batch
                    .column_by_name(schema::TIME)
                    .and_then(|a| a.as_primitive_opt::<TimestampMicrosecondType>())
                    .ok_or_else(wrong)?;
                let precision = batch
                    .column_by_name(schema::PRECISION)
                    .and_then(|a| a.as_primitive_opt::<UInt8Type>())
                    .ok_or_else(wrong)?;
                let delivery = batch
                    .column_by_name(schema::DELIVERY)
                    .and_then(|a| a.as_primitive_opt::<Int64Type>())
                    .ok_or_else(wrong)?;
                for row in from..to {
                    let instant = time.value(row);
                    if test(instant, precision.value(row) == 1, delivery.value(row)) {
                        self.first = Some(self.first.map_or(instant, |f: i64| f.min(instant)));
                    } else {
                        self.failing += 1;
                    }
                }
            }
            self.row = to;
            if to < batch.num_rows() {
                return Ok(true);
            }
        }
    }
}

impl Lake {
    /// Folds whole cases into a measure: files in parallel, partials merged in file order.
    ///
    /// The answer does not depend on the number of threads, to the last bit.
    pub fn run<K: Kernel>(
        &self,
        snapshot: &Snapshot,
        filter: &Filter,
        kernel: &K,
        stop: &Stop,
    ) -> Result<K::Output, LakeError> {
        let columns = kernel.columns().and(filter.columns()).names();
        let files: Vec<&DataFile> = snapshot
            .of_kind(FileKind::Events)
            .filter(|f| may_pass(filter, f.first_us, f.last_us))
            .collect();
        let target = i64::try_from(self.options.group_rows).unwrap_or(i64::MAX);
        let total: u64 = files.iter().map(|f| f.rows).sum();
        let done = AtomicU64::new(0);
        let mut partials: Vec<K::Partial> = Vec::new();
        for files in files.chunks(MOST_OPEN) {
            let opened: Vec<Opened> =
                files.par_iter().map(|f| self.open_file(f)).collect::<Result<_, _>>()?;
            let tasks: Vec<(&Opened, Range<usize>)> = opened
                .iter()
                .flat_map(|o| o.ranges(target).into_iter().map(move |r| (o, r)))
                .collect();
            let found: Vec<K::Partial> = tasks
                .into_par_iter()
                .with_max_len(1)
                .map(|(opened, range)| {
                    let mut partial = K::Partial::default();
                    let rows = opened.rows_of(&range);
                    self.fold(opened, range, &columns, filter, kernel, stop, &mut partial)?;
                    let done = done.fetch_add(rows, Ordering::Relaxed) + rows;
                    stop.at(Step::Reading, done, total)?;
                    Ok(partial)
                })
                .collect::<Result<_, LakeError>>()?;
            partials.extend(found);
        }
        let mut all = K::Partial::default();
        let mut partials = partials.into_iter();
        // The first partial is taken as it is: merging into nothing could only lose time.
        if let Some(first) = partials.next() {
            all = first;
        }
        for partial in partials {
            kernel.merge(&mut all, partial);
        }
        Ok(kernel.finish(all))
    }

    #[allow(clippy::too_many_arguments)]
    fn fold<K: Kernel>(
        &self,
        opened: &Opened,
        range: Range<usize>,
        columns: &[&str],
        filter: &Filter,
        kernel: &K,
        stop: &Stop,
        partial: &mut K::Partial,
    ) -> Result<(), LakeError> {
        let mut fold = |batch: &RecordBatch| -> Result<(), LakeError> {
            stop.check()?;
            let wrong = |source| LakeError::Batch { path: opened.path.clone(), source };
            let events = EventBatch::new(batch).map_err(wrong)?;
            if filter.is_empty() {
                kernel.fold(partial, &events);
                return Ok(());
            }
            let mut kept = 0usize;
            let mut mask = Vec::with_capacity(batch.num_rows());
            for (case, keep) in events.cases().zip(filter.select(&events)) {
                kept += usize::from(keep) * case.rows.len();
                mask.resize(case.rows.end, keep);
            }
            if kept == batch.num_rows() {
                kernel.fold(partial, &events);
            } else if kept > 0 {
                let batch = filter_record_batch(batch, &BooleanArray::from(mask))?;
                let events = EventBatch::new(&batch).map_err(wrong)?;
                kernel.fold(partial, &events);
            }
            Ok(())
        };
        // Rows of a case that goes on in the next batch.
        let mut carried: Vec<RecordBatch> = Vec::new();
        for group in range {
            let mut reader =
                opened.reader(&READ_SCHEMA, Some(columns), group, self.options.batch_rows)?;
            while let Some(batch) = opened.decode(&mut reader)? {
                let rows = batch.num_rows();
                if rows == 0 {
                    continue;
                }
                let cases = CaseColumn::read(&batch)?;
                let mut head = 0;
                if let Some(before) = carried.last() {
                    let last = CaseColumn::read(before)?;
                    let open = before.num_rows().checked_sub(1).map(|row| last.value(row));
                    while head < rows && Some(cases.value(head)) == open {
                        head += 1;
                    }
                    if head > 0 {
                        carried.push(batch.slice(0, head));
                    }
                    if head < rows {
                        let whole = join(&carried)?;
                        carried.clear();
                        fold(&whole)?;
                    }
                }
                if head == rows {
                    continue;
                }
                let open = cases.value(rows - 1);
                let mut tail = rows - 1;
                while tail > head && cases.value(tail - 1) == open {
                    tail -= 1;
                }
                if tail > head {
                    fold(&batch.slice(head, tail - head))?;
                }
                carried.push(batch.slice(tail, rows - tail));
            }
        }
        if !carried.is_empty() {
            fold(&join(&carried)?)?;
        }
        Ok(())
    }
}

fn join(parts: &[RecordBatch]) -> Result<RecordBatch, LakeError> {
    match parts {
        [one] => Ok(one.clone()),
        [first, ..] => Ok(concat_batches(&first.schema(), parts)?),
        [] => Err(LakeError::Internal { what: "nothing to join" }),
    }
}

/// Whether a file, by its span of instants, may hold a case that passes.
fn may_pass(filter: &Filter, first: Option<i64>, last: Option<i64>) -> bool {
    let late_enough = match (filter.from_us, last) {
        (Some(from), Some(last)) => last >= from,
        _ => true,
    };
    let early_enough = match (filter.until_us, first) {
        (Some(until), Some(first)) => first < until,
        _ => true,
    };
    late_enough && early_enough
}
