//! What every test of a reader needs: a sink, a quarantine, the shared data.

use std::path::{Path, PathBuf};

use arrow_array::{
    Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray, UInt8Array,
};
use eclusier_ingest::{
    Code, Context, EventReport, EventSink, IngestError, Mapping, Pseudonymiser, Quarantine,
    RefusedRow, SinkError,
};
use jiff::tz::TimeZone;

/// Keeps every batch.
#[derive(Default)]
pub struct Kept {
    pub batches: Vec<RecordBatch>,
}

impl EventSink for Kept {
    fn push(&mut self, batch: RecordBatch) -> Result<(), SinkError> {
        self.batches.push(batch);
        Ok(())
    }
}

/// One row as stored, for comparisons.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stored {
    pub case: String,
    pub activity: String,
    pub time: i64,
    pub start: Option<i64>,
    pub precision: u8,
    pub lifecycle: Option<String>,
    pub resource: Option<String>,
    pub org: Option<String>,
    pub unit: Option<String>,
    pub product: Option<String>,
    pub channel: Option<String>,
    pub attributes: Option<String>,
    pub seq: i64,
}

impl Kept {
    /// Rows in order.
    pub fn rows(&self) -> Vec<Stored> {
        let mut rows = Vec::new();
        for batch in &self.batches {
            let text = |name: &str| {
                batch
                    .column_by_name(name)
                    .unwrap()
                    .as_any()
                    .downcast_ref::<StringArray>()
                    .unwrap()
                    .clone()
            };
            let instant = |name: &str| {
                let column = batch.column_by_name(name).unwrap();
                column.as_any().downcast_ref::<TimestampMicrosecondArray>().unwrap().clone()
            };
            let (case, activity) = (text("case"), text("activity"));
            let (time, start) = (instant("time"), instant("start"));
            let texts: Vec<StringArray> =
                ["lifecycle", "resource", "org", "unit", "product", "channel", "attributes"]
                    .map(text)
                    .into();
            let precision = batch.column_by_name("precision").unwrap();
            let precision = precision.as_any().downcast_ref::<UInt8Array>().unwrap();
            let seq = batch.column_by_name("seq").unwrap();
            let seq = seq.as_any().downcast_ref::<Int64Array>().unwrap();
            for i in 0..batch.num_rows() {
                let at = |k: usize| texts[k].is_valid(i).then(|| texts[k].value(i).to_owned());
                rows.push(Stored {
                    case: case.value(i).to_owned(),
                    activity: activity.value(i).to_owned(),
                    time: time.value(i),
                    start: start.is_valid(i).then(|| start.value(i)),
                    precision: precision.value(i),
                    lifecycle: at(0),
                    resource: at(1),
                    org: at(2),
                    unit: at(3),
                    product: at(4),
                    channel: at(5),
                    attributes: at(6),
                    seq: seq.value(i),
                });
            }
        }
        rows
    }
}

/// Keeps what was refused.
#[derive(Default)]
pub struct Refused {
    pub header: Vec<String>,
    pub rows: Vec<(u64, String, Code, Vec<String>)>,
}

impl Quarantine for Refused {
    fn header(&mut self, columns: &[&str]) -> Result<(), SinkError> {
        self.header = columns.iter().map(|c| (*c).to_owned()).collect();
        Ok(())
    }
    fn refuse(&mut self, row: RefusedRow<'_>) -> Result<(), SinkError> {
        let fields = row.fields.iter().map(|f| (*f).to_owned()).collect();
        self.rows.push((row.line, row.column.to_owned(), row.code, fields));
        Ok(())
    }
}

/// What a reading gave.
pub struct Outcome {
    pub report: Result<EventReport, IngestError>,
    pub kept: Kept,
    pub refused: Refused,
}

impl Outcome {
    /// The report of a reading that must succeed.
    pub fn report(&self) -> &EventReport {
        self.report.as_ref().unwrap_or_else(|e| panic!("{e}"))
    }

    /// The code of a reading that must be refused.
    pub fn code(&self) -> Code {
        match &self.report {
            Err(IngestError::Refused { code, .. } | IngestError::Choice { code, .. }) => *code,
            Err(other) => panic!("not a refusal: {other}"),
            Ok(report) => panic!("accepted: {report:?}"),
        }
    }
}

/// Runs a reader with a context in the given zone; `tune` may change the context.
pub fn run_with(
    zone: &str,
    tune: impl FnOnce(&mut Context<'_>),
    read: impl FnOnce(&mut Context<'_>, &mut dyn EventSink) -> Result<EventReport, IngestError>,
) -> Outcome {
    let mut kept = Kept::default();
    let mut refused = Refused::default();
    let people = Pseudonymiser::new(&[7; 32]).unwrap();
    let mut context = Context::new("test", TimeZone::get(zone).unwrap(), people, &(), &mut refused);
    tune(&mut context);
    let report = read(&mut context, &mut kept);
    Outcome { report, kept, refused }
}

/// A reader of structured logs.
pub type Reader =
    fn(&Path, &Mapping, &mut Context<'_>, &mut dyn EventSink) -> Result<EventReport, IngestError>;

/// Reads a file in UTC.
pub fn read_path(reader: Reader, path: &Path, mapping: &Mapping) -> Outcome {
    run_with("UTC", |_| (), |ctx, sink| reader(path, mapping, ctx, sink))
}

/// Reads bytes laid in a temporary file.
pub fn read_bytes(reader: Reader, bytes: &[u8], mapping: &Mapping) -> Outcome {
    let file = file_of(bytes);
    read_path(reader, file.path(), mapping)
}

/// A temporary file holding these bytes.
pub fn file_of(bytes: &[u8]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    file
}

/// A file of the shared data; `None` when they are absent and not required.
pub fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("ECLUSIER_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
        PathBuf::from,
    );
    let file = root.join("data").join(path);
    if file.exists() {
        return Some(file);
    }
    assert!(
        std::env::var_os("ECLUSIER_REQUIRE_SHARED").is_none_or(|v| v != "1"),
        "shared data required, {path} is absent"
    );
    eprintln!("skipped: no shared data");
    None
}

/// Bytes compressed by gzip.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// µs since 1970 UTC of an RFC 3339 text.
pub fn us(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().unwrap().as_microsecond()
}
