//! Writing partitions: rows routed by month, cut at case boundaries, encoded in parallel.
//!
//! Rows wait by month until a row group is full, or until too many wait in all;
//! then the columns of the groups are encoded by all threads while the caller
//! merges the next rows. Where files and groups are cut depends on rows alone,
//! never on the number of threads.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    mem,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use arrow_array::ArrayRef;
use arrow_schema::SchemaRef;
use eclusier_core::{DataFile, DeliveryId, FileKind, ProcessId, SnapshotId};
use eclusier_eventlog::schema;
use parquet::{
    arrow::{
        ArrowSchemaConverter, add_encoded_arrow_schema_to_metadata,
        arrow_writer::{ArrowColumnChunk, ArrowRowGroupWriterFactory, compute_leaves},
    },
    basic::{Compression, Encoding, ZstdLevel},
    errors::ParquetError,
    file::{
        metadata::SortingColumn,
        properties::{EnabledStatistics, WriterProperties},
        writer::SerializedFileWriter,
    },
    schema::types::ColumnPath,
};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::{
    Lake, LakeError,
    block::{Block, Names, Rows},
    disk::DiskFile,
    layout::{self, Month},
};

/// Bytes that may wait before the largest month is encoded.
const MOST_WAITING: usize = 64 << 20;
/// Bytes of a row group before compression.
const MOST_GROUP: usize = 32 << 20;

/// Whether, and after how many bytes, a file could not be written: encoders lose the cause.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trouble(Arc<Mutex<Option<(io::ErrorKind, u64)>>>);

impl Trouble {
    fn set(&self, error: &io::Error, bytes: u64) {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        slot.get_or_insert((error.kind(), bytes));
    }

    /// The error of the encoder, or of the disk behind it.
    pub(crate) fn explain(&self, path: &Path, error: ParquetError) -> LakeError {
        match *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Some((kind, written)) => match LakeError::io("write", path, kind.into()) {
                LakeError::DiskFull { path, source, .. } => {
                    LakeError::DiskFull { path, written, source }
                }
                other => other,
            },
            None => LakeError::Encode { path: path.display().to_string(), source: error },
        }
    }
}

/// A file being written: counts and hashes what passes. After a failure it accepts nothing more.
pub(crate) struct Hashing {
    inner: Box<dyn DiskFile>,
    sha: Sha256,
    bytes: u64,
    pub(crate) trouble: Trouble,
}

impl Hashing {
    pub(crate) fn new(inner: Box<dyn DiskFile>) -> Self {
        Self { inner, sha: Sha256::new(), bytes: 0, trouble: Trouble::default() }
    }

    /// Makes the file durable; its hash and size.
    pub(crate) fn close(mut self) -> io::Result<(String, u64)> {
        self.flush()?;
        self.inner.sync()?;
        Ok((hex::encode(self.sha.finalize()), self.bytes))
    }
}

impl Write for Hashing {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if let Some((kind, _)) = *self.trouble.0.lock().unwrap_or_else(PoisonError::into_inner) {
            return Err(kind.into());
        }
        let written = self.inner.write(buf).inspect_err(|e| self.trouble.set(e, self.bytes))?;
        self.sha.update(buf.get(..written).unwrap_or(buf));
        self.bytes += written as u64;
        Ok(written)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush().inspect_err(|e| self.trouble.set(e, self.bytes))
    }
}

/// Settings of event files.
fn properties(zstd_level: i32) -> WriterProperties {
    let column = |name: &str| ColumnPath::from(name);
    let level = ZstdLevel::try_new(zstd_level).unwrap_or_default();
    let mut builder = WriterProperties::builder()
        .set_created_by("eclusier lake format 1".to_owned())
        .set_compression(Compression::ZSTD(level))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        // Cut statistics could not tell where a case begins.
        .set_statistics_truncate_length(None)
        .set_column_index_truncate_length(None)
        .set_max_row_group_row_count(None)
        // Even a row group of one-row cases keeps its dictionary: readers count on it.
        .set_column_dictionary_page_size_limit(column(schema::CASE), 16 << 20)
        .set_sorting_columns(Some(
            [0, 2, 13, 12]
                .map(|column_idx| SortingColumn {
                    column_idx,
                    descending: false,
                    nulls_first: false,
                })
                .to_vec(),
        ))
        .set_column_statistics_enabled(column(schema::CASE), EnabledStatistics::Page)
        .set_column_statistics_enabled(column(schema::TIME), EnabledStatistics::Page)
        .set_column_statistics_enabled(column(schema::ATTRIBUTES), EnabledStatistics::None);
    // Instants and ranks hardly repeat: differences are smaller than any dictionary.
    for name in [schema::TIME, schema::START, schema::SEQ] {
        builder = builder
            .set_column_dictionary_enabled(column(name), false)
            .set_column_encoding(column(name), Encoding::DELTA_BINARY_PACKED);
    }
    builder.build()
}

/// Figures of a file, gathered while its rows pass.
#[derive(Debug, Clone, Default)]
struct Figures {
    rows: u64,
    cases: u64,
    first: Option<i64>,
    last: Option<i64>,
    min_case: Option<String>,
    max_case: String,
}

/// A finished file, still in the staging folder.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) month: Month,
    path: PathBuf,
    sha256: String,
    bytes: u64,
    figures: Figures,
}

impl Written {
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }
    pub(crate) fn first(&self) -> Option<i64> {
        self.figures.first
    }
    pub(crate) fn last(&self) -> Option<i64> {
        self.figures.last
    }
}

/// A row group to encode, and whether it ends its file.
struct Job {
    month: Month,
    rows: Rows,
    values: [ArrayRef; 7],
    end: Option<Figures>,
}

#[derive(Debug, Default)]
struct Waiting {
    rows: Rows,
    figures: Figures,
    /// Smallest cases of the files that stay: a file may not reach over them.
    barriers: Vec<String>,
}

/// Sends rows to the month where their case opened.
struct Router {
    group_rows: usize,
    file_rows: u64,
    months: BTreeMap<Month, Waiting>,
    waiting: usize,
    jobs: Vec<Job>,
    case: Option<(Month, String)>,
}

impl Router {
    fn job(&mut self, month: Month, whole: bool, names: &mut Names) {
        let Some(waiting) = self.months.get_mut(&month) else { return };
        let rows = mem::take(&mut waiting.rows);
        self.waiting = self.waiting.saturating_sub(rows.bytes());
        let end = whole.then(|| mem::take(&mut waiting.figures));
        if rows.len() > 0 || end.as_ref().is_some_and(|f| f.rows > 0) {
            self.jobs.push(Job { month, rows, values: names.values(), end });
        }
    }

    fn open(&mut self, month: Month, case: &str, names: &mut Names) {
        self.case = Some((month, case.to_owned()));
        let waiting = self.months.entry(month).or_default();
        let figures = &waiting.figures;
        let crosses = figures.rows > 0
            && waiting.barriers.iter().any(|b| *b > figures.max_case && b.as_str() <= case);
        if figures.rows >= self.file_rows || crosses {
            self.job(month, true, names);
        } else if waiting.rows.len() >= self.group_rows || waiting.rows.bytes() >= MOST_GROUP {
            self.job(month, false, names);
        } else if self.waiting >= MOST_WAITING {
            let largest = self.months.iter().max_by_key(|(_, w)| w.rows.bytes()).map(|(m, _)| *m);
            if let Some(largest) = largest {
                self.job(largest, false, names);
            }
        }
        let waiting = self.months.entry(month).or_default();
        let before = waiting.rows.bytes();
        waiting.rows.open_case(case);
        self.waiting += waiting.rows.bytes() - before;
        waiting.figures.cases += 1;
        waiting.figures.min_case.get_or_insert_with(|| case.to_owned());
        case.clone_into(&mut waiting.figures.max_case);
    }

    /// Adds rows of the open case.
    fn push(&mut self, block: &Block, from: usize, to: usize, names: &mut Names) {
        let Some((month, case)) = &self.case else { return };
        let month = *month;
        let Some(waiting) = self.months.get_mut(&month) else { return };
        // A case larger than eight groups is cut inside rather than held in memory.
        if waiting.rows.len() >= 8 * self.group_rows || waiting.rows.bytes() >= 8 * MOST_GROUP {
            let case = case.clone();
            self.job(month, false, names);
            if let Some(waiting) = self.months.get_mut(&month) {
                waiting.rows.open_case(&case);
            }
        }
        let Some(waiting) = self.months.get_mut(&month) else { return };
        let before = waiting.rows.bytes();
        waiting.rows.push(block, from, to, names);
        self.waiting += waiting.rows.bytes() - before;
        let figures = &mut waiting.figures;
        figures.rows += (to - from) as u64;
        for &time in &block.time[from..to] {
            figures.first = Some(figures.first.map_or(time, |f| f.min(time)));
            figures.last = Some(figures.last.map_or(time, |l| l.max(time)));
        }
    }
}

struct OpenFile {
    writer: SerializedFileWriter<Hashing>,
    path: PathBuf,
    trouble: Trouble,
}

/// Encodes row groups and finishes files.
struct Encoder<'l> {
    lake: &'l Lake,
    folder: PathBuf,
    label: &'static str,
    properties: Arc<WriterProperties>,
    open: BTreeMap<Month, OpenFile>,
    done: Vec<Written>,
    files: usize,
}

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(schema::events);

impl Encoder<'_> {
    fn open_file(&mut self, month: Month) -> Result<&mut OpenFile, LakeError> {
        if !self.open.contains_key(&month) {
            let path = self.folder.join(format!("{}-{:05}.parquet", self.label, self.files));
            self.files += 1;
            let file =
                self.lake.disk.create(&path).map_err(|e| LakeError::io("create", &path, e))?;
            let sink = Hashing::new(file);
            let trouble = sink.trouble.clone();
            let failed = |e| trouble.explain(&path, e);
            let descriptor = ArrowSchemaConverter::new().convert(&SCHEMA).map_err(failed)?;
            let writer = SerializedFileWriter::new(
                sink,
                descriptor.root_schema_ptr(),
                self.properties.clone(),
            )
            .map_err(failed)?;
            self.open.insert(month, OpenFile { writer, path, trouble });
        }
        self.open.get_mut(&month).ok_or(LakeError::Internal { what: "a file vanished" })
    }

    fn run(&mut self, jobs: Vec<Job>) -> Result<(), LakeError> {
        // All columns of all groups are encoded side by side…
        let mut tasks = Vec::new();
        let mut ends = Vec::with_capacity(jobs.len());
        for (index, job) in jobs.into_iter().enumerate() {
            let rows = job.rows.len();
            ends.push((job.month, job.end, rows));
            if rows == 0 {
                continue;
            }
            let open = self.open_file(job.month)?;
            let failed = |e| open.trouble.explain(&open.path, e);
            let factory = ArrowRowGroupWriterFactory::new(&open.writer, SCHEMA.clone());
            // The number of the group matters to encryption only.
            let writers = factory.create_column_writers(0).map_err(failed)?;
            let columns = job.rows.into_columns(&job.values)?;
            for ((writer, column), field) in
                writers.into_iter().zip(columns).zip(SCHEMA.fields().iter())
            {
                tasks.push((index, writer, column, field.clone()));
            }
        }
        let folder = &self.folder;
        let chunks: Vec<(usize, ArrowColumnChunk)> = tasks
            .into_par_iter()
            .with_max_len(1)
            .map(|(index, mut writer, column, field)| {
                let encode = || {
                    for leaf in compute_leaves(&field, &column)? {
                        writer.write(&leaf)?;
                    }
                    writer.close()
                };
                encode()
                    .map(|chunk| (index, chunk))
                    .map_err(|e| Trouble::default().explain(folder, e))
            })
            .collect::<Result<_, _>>()?;
        // …and written in order.
        let mut chunks = chunks.into_iter().peekable();
        for (index, (month, end, rows)) in ends.into_iter().enumerate() {
            if rows > 0 {
                let open = self.open_file(month)?;
                let OpenFile { writer, path, trouble } = open;
                let failed = |e| trouble.explain(path, e);
                let mut group = writer.next_row_group().map_err(failed)?;
                while let Some((_, chunk)) = chunks.next_if(|(i, _)| *i == index) {
                    chunk.append_to_row_group(&mut group).map_err(failed)?;
                }
                group.close().map_err(failed)?;
            }
            let Some(figures) = end else { continue };
            let Some(OpenFile { writer, path, trouble }) = self.open.remove(&month) else {
                continue;
            };
            let sink = writer.into_inner().map_err(|e| trouble.explain(&path, e))?;
            let (sha256, bytes) = sink.close().map_err(|e| LakeError::io("sync", &path, e))?;
            self.done.push(Written { month, path, sha256, bytes, figures });
        }
        Ok(())
    }
}

/// Writes sorted rows into files of whole cases, one or more per month.
pub(crate) struct Partitions<'l> {
    router: Router,
    encoder: Encoder<'l>,
}

/// Where a producer puts its rows.
pub(crate) struct Sink<'p> {
    router: &'p mut Router,
}

impl Sink<'_> {
    /// Opens a case in a month; the next rows are its own.
    pub(crate) fn open(&mut self, month: Month, case: &str, names: &mut Names) {
        self.router.open(month, case, names);
    }

    /// Adds rows of the open case.
    pub(crate) fn push(&mut self, block: &Block, from: usize, to: usize, names: &mut Names) {
        self.router.push(block, from, to, names);
    }

    /// Whether row groups are ready: the producer should pause and let them be encoded.
    pub(crate) fn is_ready(&self) -> bool {
        !self.router.jobs.is_empty()
    }
}

impl<'l> Partitions<'l> {
    pub(crate) fn new(lake: &'l Lake, folder: &Path, label: &'static str) -> Self {
        let mut properties = properties(lake.options.zstd_level);
        add_encoded_arrow_schema_to_metadata(&SCHEMA, &mut properties);
        Self {
            router: Router {
                group_rows: lake.options.group_rows.max(1),
                file_rows: lake.options.file_rows.max(1),
                months: BTreeMap::new(),
                waiting: 0,
                jobs: Vec::new(),
                case: None,
            },
            encoder: Encoder {
                lake,
                folder: folder.to_owned(),
                label,
                properties: Arc::new(properties),
                open: BTreeMap::new(),
                done: Vec::new(),
                files: 0,
            },
        }
    }

    /// Cases at which a file of the month must be cut: those that open a file that stays.
    pub(crate) fn barriers(&mut self, month: Month, cases: Vec<String>) {
        self.router.months.entry(month).or_default().barriers = cases;
    }

    /// Lets `produce` fill the months while what it filled before is encoded, until it says no more.
    pub(crate) fn write(
        mut self,
        names: &mut Names,
        mut produce: impl FnMut(&mut Sink<'_>, &mut Names) -> Result<bool, LakeError> + Send,
    ) -> Result<Vec<Written>, LakeError> {
        let Self { router, encoder } = &mut self;
        let mut jobs: Vec<Job> = Vec::new();
        loop {
            let (more, encoded) = rayon::join(
                || produce(&mut Sink { router: &mut *router }, names),
                || encoder.run(mem::take(&mut jobs)),
            );
            encoded?;
            let more = more?;
            jobs = mem::take(&mut router.jobs);
            if !more {
                break;
            }
        }
        encoder.run(jobs)?;
        let months: Vec<Month> = router.months.keys().copied().collect();
        for month in months {
            router.job(month, true, names);
            // A few at a time: encoders are large.
            if router.jobs.iter().map(|j| j.rows.len()).sum::<usize>() >= router.group_rows
                || router.jobs.len() >= 8
            {
                encoder.run(mem::take(&mut router.jobs))?;
            }
        }
        encoder.run(mem::take(&mut router.jobs))?;
        Ok(self.encoder.done)
    }
}

/// Whom a file is written for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Address<'a> {
    pub(crate) process: &'a ProcessId,
    pub(crate) delivery: DeliveryId,
    pub(crate) base: SnapshotId,
}

/// Moves finished files to their place. Nothing refers to them until the registry commits.
pub(crate) struct Publisher<'l> {
    lake: &'l Lake,
    folders: Vec<PathBuf>,
    paths: Vec<PathBuf>,
}

impl<'l> Publisher<'l> {
    pub(crate) fn new(lake: &'l Lake) -> Self {
        Self { lake, folders: Vec::new(), paths: Vec::new() }
    }

    fn enter(&mut self, folder: &str) -> Result<PathBuf, LakeError> {
        let full = self.lake.root.join(folder);
        if !self.folders.contains(&full) {
            let fresh = !self.lake.disk.exists(&full);
            self.lake.disk.create_dirs(&full).map_err(|e| LakeError::io("create", &full, e))?;
            if fresh {
                // The new folder's own name must be durable too, up to the root.
                let mut parent = full.parent();
                while let Some(path) = parent.filter(|p| p.starts_with(&self.lake.root)) {
                    if !self.folders.iter().any(|f| f == path) {
                        self.folders.push(path.to_owned());
                    }
                    parent = path.parent();
                }
            }
            self.folders.push(full.clone());
        }
        Ok(full)
    }

    /// Moves a file to its place as one of a kind; its catalogue entry.
    pub(crate) fn place(
        &mut self,
        written: &Written,
        kind: FileKind,
        to: Address<'_>,
    ) -> Result<DataFile, LakeError> {
        let folder = layout::folder(to.process, kind, to.delivery, Some(written.month));
        let full = self.enter(&folder)?;
        let name = layout::file_name(&written.sha256, to.base);
        let target = full.join(&name);
        self.paths.push(target.clone());
        self.lake
            .disk
            .rename(&written.path, &target)
            .map_err(|e| LakeError::io("rename", &target, e))?;
        let path = format!("{folder}/{name}");
        self.lake.footers.forget(&path);
        let figures = &written.figures;
        Ok(DataFile {
            path,
            kind,
            process: to.process.clone(),
            month: Some(written.month.first_day()),
            delivery: to.delivery,
            rows: figures.rows,
            cases: figures.cases,
            bytes: written.bytes,
            sha256: written.sha256.clone(),
            first_us: figures.first,
            last_us: figures.last,
            min_case: figures.min_case.clone(),
            max_case: figures.min_case.is_some().then(|| figures.max_case.clone()),
        })
    }

    /// Moves a file that is not of events to its place.
    pub(crate) fn place_as(
        &mut self,
        from: &Path,
        entry: DataFile,
        folder: &str,
    ) -> Result<DataFile, LakeError> {
        let full = self.enter(folder)?;
        let target = self.lake.root.join(&entry.path);
        self.paths.push(target.clone());
        debug_assert!(target.starts_with(&full));
        self.lake.disk.rename(from, &target).map_err(|e| LakeError::io("rename", &target, e))?;
        Ok(entry)
    }

    /// Gives the rows of a delivery's file a second name among the live events.
    pub(crate) fn link_as_events(&mut self, delivered: &DataFile) -> Result<DataFile, LakeError> {
        let month = delivered.month.map(Month::of_day);
        let folder =
            layout::folder(&delivered.process, FileKind::Events, delivered.delivery, month);
        let full = self.enter(&folder)?;
        let name = delivered.path.rsplit('/').next().unwrap_or(&delivered.path);
        let target = full.join(name);
        self.paths.push(target.clone());
        self.lake
            .disk
            .link(&self.lake.root.join(&delivered.path), &target)
            .map_err(|e| LakeError::io("link", &target, e))?;
        let path = format!("{folder}/{name}");
        self.lake.footers.forget(&path);
        Ok(DataFile { path, kind: FileKind::Events, ..delivered.clone() })
    }

    /// Makes the new names durable.
    pub(crate) fn finish(mut self) -> Result<(), LakeError> {
        let folders = mem::take(&mut self.folders);
        for folder in folders {
            self.lake.disk.sync_dir(&folder).map_err(|e| LakeError::io("sync", &folder, e))?;
        }
        self.paths.clear();
        Ok(())
    }
}

impl Drop for Publisher<'_> {
    /// Takes back what was placed if the work did not end well; a sweep takes what remains.
    fn drop(&mut self) {
        for path in &self.paths {
            let _ = self.lake.disk.remove(path);
        }
    }
}
