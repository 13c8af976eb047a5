//! Where readers put what they read: accepted rows in Arrow batches, refused
//! rows in quarantine, progress to whoever waits.

use std::{collections::BTreeSet, ops::ControlFlow};

use arrow_array::{
    ArrayRef, Int64Array, RecordBatch, TimestampMicrosecondArray, UInt8Array,
    builder::{StringBuilder, TimestampMicrosecondBuilder},
    new_null_array,
};
use arrow_schema::DataType;
use eclusier_eventlog::{Precision, schema};
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

use crate::identity::Pseudonymiser;

/// Rows could not be stored: disk full, cancelled, or the store's own reason.
pub type SinkError = Box<dyn std::error::Error + Send + Sync>;

/// Receives accepted rows, in delivery order, in the schema of [`schema::events`].
pub trait EventSink {
    /// Takes a batch of at most some tens of thousands of rows.
    fn push(&mut self, batch: RecordBatch) -> Result<(), SinkError>;
}

/// A row that was not accepted.
#[derive(Debug, Clone, Copy)]
pub struct RefusedRow<'a> {
    /// 1-based line.
    pub line: u64,
    /// Column at fault.
    pub column: &'a str,
    /// Reason.
    pub code: crate::Code,
    /// French reason.
    pub fr: &'a str,
    /// English reason.
    pub en: &'a str,
    /// The delivered fields, identifiers of people already replaced.
    pub fields: &'a [&'a str],
}

/// Receives refused rows, one by one: a million of them must not fill the memory.
pub trait Quarantine {
    /// Names of the columns, once, before any row.
    fn header(&mut self, columns: &[&str]) -> Result<(), SinkError>;
    /// Takes one refused row.
    fn refuse(&mut self, row: RefusedRow<'_>) -> Result<(), SinkError>;
}

/// Told how far the reader is; may ask it to stop.
pub trait Progress {
    /// `done` of `total` bytes of the file as delivered (0 when unknown).
    fn at(&self, done: u64, total: u64) -> ControlFlow<()>;
}

impl Progress for () {
    fn at(&self, _: u64, _: u64) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// One event row as read, before identifiers are replaced.
#[derive(Debug, Clone, Copy, Default)]
pub struct EventRow<'a> {
    /// Case identifier, byte for byte.
    pub case: &'a str,
    /// Activity name, byte for byte.
    pub activity: &'a str,
    /// Instant, µs since 1970 UTC; midnight UTC of the civil day when `precision` is `Day`.
    pub time: i64,
    /// Start of the task.
    pub start: Option<i64>,
    /// Instant or civil day.
    pub precision: Precision,
    /// Lifecycle transition as delivered.
    pub lifecycle: Option<&'a str>,
    /// Person or machine, as delivered: replaced by the writer.
    pub resource: Option<&'a str>,
    /// Organisation.
    pub org: Option<&'a str>,
    /// Unit.
    pub unit: Option<&'a str>,
    /// Product.
    pub product: Option<&'a str>,
    /// Channel.
    pub channel: Option<&'a str>,
    /// JSON object of kept attributes.
    pub attributes: Option<&'a str>,
}

/// What was accepted so far.
#[derive(Debug, Clone, Default)]
pub struct RowStats {
    /// Rows accepted.
    pub accepted: u64,
    /// Distinct activities.
    pub activities: BTreeSet<String>,
    /// Distinct resources (pseudonyms).
    pub resources: FxHashSet<String>,
    /// Earliest instant of any kind.
    pub first: Option<i64>,
    /// Latest instant of any kind.
    pub last: Option<i64>,
    /// Rows left out by `--ignore-activity`.
    pub ignored: u64,
    /// Rows whose instant is a civil day.
    pub date_only: u64,
}

/// A text column under construction. Columns that stay empty cost nothing per row.
#[derive(Default)]
struct TextColumn {
    builder: StringBuilder,
    /// Nulls not yet given to the builder.
    nulls: usize,
}

impl TextColumn {
    #[inline]
    fn push(&mut self, value: Option<&str>) {
        match value {
            None => self.nulls += 1,
            Some(text) => {
                self.settle();
                self.builder.append_value(text);
            }
        }
    }

    fn settle(&mut self) {
        for _ in 0..std::mem::take(&mut self.nulls) {
            self.builder.append_null();
        }
    }

    fn finish(&mut self, rows: usize) -> ArrayRef {
        if self.nulls == rows {
            self.nulls = 0;
            return new_null_array(&DataType::Utf8, rows);
        }
        self.settle();
        Arc::new(self.builder.finish())
    }
}

/// Builds batches from rows and replaces identifiers of people on the way.
pub struct RowWriter<'s> {
    sink: &'s mut dyn EventSink,
    people: Pseudonymiser,
    /// Identifiers met and what replaces them.
    known: FxHashMap<String, String>,
    ignore: FxHashSet<String>,
    delivery: i64,
    seq: i64,
    stats: RowStats,
    /// Activities met: one look-up per row, the ordered set is for the report.
    activities: FxHashSet<String>,
    case: StringBuilder,
    activity: StringBuilder,
    time: Vec<i64>,
    start: TimestampMicrosecondBuilder,
    precision: Vec<u8>,
    texts: [TextColumn; 7],
    rows: usize,
}

/// Rows per batch: large enough to amortise, small enough to stay in cache.
const BATCH_ROWS: usize = 32_768;

/// Distinct people remembered before the memory of them starts afresh.
const KNOWN: usize = 200_000;

impl<'s> RowWriter<'s> {
    /// A writer for one delivery.
    pub fn new(
        sink: &'s mut dyn EventSink,
        people: Pseudonymiser,
        ignore: impl IntoIterator<Item = String>,
        delivery: i64,
    ) -> Self {
        Self {
            sink,
            people,
            known: FxHashMap::default(),
            ignore: ignore.into_iter().collect(),
            delivery,
            seq: 0,
            stats: RowStats::default(),
            activities: FxHashSet::default(),
            case: StringBuilder::new(),
            activity: StringBuilder::new(),
            time: Vec::with_capacity(BATCH_ROWS),
            start: TimestampMicrosecondBuilder::new(),
            precision: Vec::with_capacity(BATCH_ROWS),
            texts: Default::default(),
            rows: 0,
        }
    }

    /// Accepts one row. Rows of ignored activities are counted and dropped.
    pub fn write(&mut self, row: &EventRow<'_>) -> Result<(), SinkError> {
        if !self.ignore.is_empty() && self.ignore.contains(row.activity) {
            self.stats.ignored += 1;
            return Ok(());
        }
        let stats = &mut self.stats;
        stats.accepted += 1;
        if !self.activities.contains(row.activity) {
            self.activities.insert(row.activity.to_owned());
            stats.activities.insert(row.activity.to_owned());
        }
        let low = row.start.map_or(row.time, |s| s.min(row.time));
        let high = row.start.map_or(row.time, |s| s.max(row.time));
        stats.first = Some(stats.first.map_or(low, |f| f.min(low)));
        stats.last = Some(stats.last.map_or(high, |l| l.max(high)));
        stats.date_only += u64::from(row.precision == Precision::Day);
        self.case.append_value(row.case);
        self.activity.append_value(row.activity);
        self.time.push(row.time);
        self.start.append_option(row.start);
        self.precision.push(row.precision.code());
        let [lifecycle, resource, org, unit, product, channel, attributes] = &mut self.texts;
        match row.lifecycle {
            // Lower case once here, so that no reader has to fold case again.
            Some(l) if l.bytes().any(|b| b.is_ascii_uppercase()) => {
                lifecycle.push(Some(&l.to_ascii_lowercase()));
            }
            other => lifecycle.push(other),
        }
        match row.resource.filter(|r| !r.is_empty()) {
            Some(person) => {
                if let Some(pseudonym) = self.known.get(person) {
                    resource.push(Some(pseudonym));
                } else {
                    let pseudonym = self.people.person(person);
                    resource.push(Some(pseudonym));
                    stats.resources.insert(pseudonym.to_owned());
                    if self.known.len() >= KNOWN {
                        self.known.clear();
                    }
                    self.known.insert(person.to_owned(), pseudonym.to_owned());
                }
            }
            None => resource.push(None),
        }
        org.push(row.org);
        unit.push(row.unit);
        product.push(row.product);
        channel.push(row.channel);
        attributes.push(row.attributes);
        self.seq += 1;
        self.rows += 1;
        if self.rows >= BATCH_ROWS { self.flush() } else { Ok(()) }
    }

    /// Sends what is left and returns the counts.
    pub fn finish(mut self) -> Result<RowStats, SinkError> {
        self.flush()?;
        Ok(self.stats)
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        if self.rows == 0 {
            return Ok(());
        }
        let rows = std::mem::take(&mut self.rows);
        let taken = |v: &mut Vec<i64>| std::mem::replace(v, Vec::with_capacity(BATCH_ROWS));
        let time = TimestampMicrosecondArray::from(taken(&mut self.time));
        let precision = std::mem::replace(&mut self.precision, Vec::with_capacity(BATCH_ROWS));
        let first = self.seq - rows as i64;
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(self.case.finish()),
            Arc::new(self.activity.finish()),
            Arc::new(time.with_timezone("UTC")),
            Arc::new(self.start.finish().with_timezone("UTC")),
            Arc::new(UInt8Array::from(precision)),
        ];
        columns.extend(self.texts.iter_mut().map(|t| t.finish(rows)));
        columns.push(Arc::new(Int64Array::from_iter_values(first..self.seq)));
        columns.push(Arc::new(Int64Array::from(vec![self.delivery; rows])));
        self.sink.push(RecordBatch::try_new(schema::events(), columns)?)
    }
}
