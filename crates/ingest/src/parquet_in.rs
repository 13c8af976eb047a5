//! Parquet as rows of cells, streamed row group by row group.
//!
//! Dates, instants and clock times keep their type; everything else is its exact
//! text, whole numbers included, so that identifiers stay byte for byte. A thread
//! decodes ahead of the reader: memory holds three batches of columns.

use std::{
    fs::File,
    path::Path,
    sync::mpsc::{Receiver, sync_channel},
    thread::JoinHandle,
};

use arrow_array::{
    Array, ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
    cast::AsArray,
    types::{Date32Type, Int64Type, TimestampMicrosecondType},
};
use arrow_schema::{DataType, TimeUnit};
use parquet::{
    arrow::{ProjectionMask, arrow_reader::ParquetRecordBatchReaderBuilder},
    basic::Type,
};

use crate::{
    context::Limits,
    error::IngestError,
    finding::Code,
    table::{Row, RowSource, Typed},
    values,
};

/// First and last bytes of every Parquet file.
pub const MAGIC: &[u8] = b"PAR1";

/// Rows decoded at once.
const BATCH: usize = 8_192;
/// Columns a table may have.
const MOST_COLUMNS: usize = 4_096;

/// A column whose cells are ready to be shown.
enum Cells {
    /// Exact texts.
    Text(StringArray),
    /// Instants, µs since 1970 UTC.
    Instant(TimestampMicrosecondArray),
    /// Clock times without zone, µs as if in UTC.
    Civil(TimestampMicrosecondArray),
    /// Civil days, days since 1970.
    Day(Int64Array),
}

/// A Parquet file as a table.
pub struct ParquetTable {
    name: String,
    header: Vec<String>,
    /// Columns that hold lists or structures: passed over, and said.
    nested: Vec<String>,
    /// Whether each column is an old 96-bit timestamp, an instant without saying so.
    int96: Vec<bool>,
    batches: Option<Receiver<Result<RecordBatch, String>>>,
    decoder: Option<JoinHandle<()>>,
    columns: Vec<Cells>,
    at: usize,
    rows: usize,
    line: u64,
    total_rows: u64,
    bytes: u64,
}

impl std::fmt::Debug for ParquetTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParquetTable")
            .field("name", &self.name)
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}

fn damaged(name: &str, line: u64, cause: &str) -> IngestError {
    IngestError::refused(
        name,
        Code::Malformed,
        (line > 0).then_some(line),
        format!(
            "le fichier Parquet est abîmé ou coupé ({cause}) : rien n’est importé, demandez un nouvel envoi"
        ),
        format!(
            "the Parquet file is damaged or cut ({cause}): nothing is imported, ask for a new delivery"
        ),
    )
}

/// Whether a column can be read as cells.
fn readable(kind: &DataType) -> bool {
    match kind {
        DataType::Dictionary(_, value) => readable(value),
        other => !other.is_nested() && !matches!(other, DataType::FixedSizeBinary(_)),
    }
}

impl ParquetTable {
    /// Opens a file: its footer is checked, its columns listed, nothing is decoded yet.
    pub fn open(path: &Path, name: &str, limits: &Limits) -> Result<Self, IngestError> {
        let io = |source| IngestError::Io { name: name.to_owned(), source };
        let file = File::open(path).map_err(io)?;
        let bytes = file.metadata().map_err(io)?.len();
        let path = path.to_path_buf();
        let most = limits.columns.min(MOST_COLUMNS);
        let (sender, batches) = sync_channel(2);
        let (told, about) = sync_channel(1);
        let expanded = limits.expanded_bytes;
        let ratio = limits.expansion_ratio;
        // The decoder lives on its own thread: whatever damage does to it stays there.
        let decoder = std::thread::Builder::new()
            .name("parquet".into())
            .spawn(move || {
                let opened = File::open(path).map_err(|e| e.to_string()).and_then(|file| {
                    ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| e.to_string())
                });
                let builder = match opened {
                    Ok(builder) => builder,
                    Err(e) => {
                        let _ = told.send(Err(e));
                        return;
                    }
                };
                let about = About::of(&builder);
                let keep: Vec<usize> = about.leaves.clone();
                let honest = about.expanded <= expanded.max(bytes.saturating_mul(ratio));
                let _ = told.send(Ok(about));
                if !honest || keep.is_empty() {
                    return;
                }
                let mask = ProjectionMask::roots(builder.parquet_schema(), keep);
                let reader = match builder.with_projection(mask).with_batch_size(BATCH).build() {
                    Ok(reader) => reader,
                    Err(e) => {
                        let _ = sender.send(Err(e.to_string()));
                        return;
                    }
                };
                for batch in reader {
                    let failed = batch.is_err();
                    if sender.send(batch.map_err(|e| e.to_string())).is_err() || failed {
                        return;
                    }
                }
            })
            .map_err(io)?;
        let about = match about.recv() {
            Ok(Ok(about)) => about,
            Ok(Err(cause)) => return Err(damaged(name, 0, &cause)),
            Err(_) => return Err(damaged(name, 0, "?")),
        };
        if about.expanded > expanded.max(bytes.saturating_mul(ratio)) {
            let times = about.expanded / bytes.max(1);
            return Err(crate::source::read_error(
                name,
                std::io::Error::other(crate::source::TooExpanded { ratio: times }),
            ));
        }
        if about.header.is_empty() || about.header.len() > most {
            return Err(IngestError::refused(
                name,
                Code::ColumnNotFound,
                None,
                format!(
                    "le fichier Parquet a {} colonnes lisibles, entre 1 et {most} attendues",
                    about.header.len()
                ),
                format!(
                    "the Parquet file has {} readable columns, between 1 and {most} expected",
                    about.header.len()
                ),
            ));
        }
        Ok(Self {
            name: name.to_owned(),
            header: about.header,
            nested: about.nested,
            int96: about.int96,
            batches: Some(batches),
            decoder: Some(decoder),
            columns: Vec::new(),
            at: 0,
            rows: 0,
            line: 0,
            total_rows: about.rows,
            bytes,
        })
    }

    /// What a person should know: columns that could not be shown as cells.
    pub fn report(&self, notes: &mut Vec<[String; 2]>) {
        if !self.nested.is_empty() {
            let list = self.nested.join(", ");
            notes.push([
                format!("colonnes de listes ou de structures laissées de côté : {list}"),
                format!("columns of lists or structures left out: {list}"),
            ]);
        }
    }

    /// Takes the next batch; `false` at the end.
    fn advance(&mut self) -> Result<bool, IngestError> {
        let Some(batches) = &self.batches else { return Ok(false) };
        match batches.recv() {
            Ok(Ok(batch)) => {
                self.rows = batch.num_rows();
                self.at = 0;
                self.columns = batch
                    .columns()
                    .iter()
                    .zip(&self.int96)
                    .map(|(array, int96)| cells(array, *int96))
                    .collect::<Result<_, _>>()
                    .map_err(|e| damaged(&self.name, self.line, &e))?;
                Ok(true)
            }
            Ok(Err(cause)) => Err(damaged(&self.name, self.line, &cause)),
            Err(_) => {
                self.batches = None;
                // The channel closes at the end, and also when damage broke the decoder.
                let broken = self.decoder.take().is_some_and(|d| d.join().is_err());
                if broken || self.line < self.total_rows {
                    return Err(damaged(&self.name, self.line, "?"));
                }
                Ok(false)
            }
        }
    }
}

/// What the footer says.
struct About {
    header: Vec<String>,
    nested: Vec<String>,
    leaves: Vec<usize>,
    int96: Vec<bool>,
    rows: u64,
    expanded: u64,
}

impl About {
    fn of(builder: &ParquetRecordBatchReaderBuilder<File>) -> Self {
        let metadata = builder.metadata();
        let schema = builder.schema();
        let mut about = About {
            header: Vec::new(),
            nested: Vec::new(),
            leaves: Vec::new(),
            int96: Vec::new(),
            rows: u64::try_from(metadata.file_metadata().num_rows()).unwrap_or(0),
            expanded: metadata
                .row_groups()
                .iter()
                .map(|g| u64::try_from(g.total_byte_size()).unwrap_or(u64::MAX))
                .fold(0, u64::saturating_add),
        };
        let roots = metadata.file_metadata().schema().get_fields();
        for (i, field) in schema.fields().iter().enumerate() {
            if readable(field.data_type()) {
                about.header.push(field.name().clone());
                about.leaves.push(i);
                about.int96.push(
                    roots
                        .get(i)
                        .is_some_and(|r| r.is_primitive() && r.get_physical_type() == Type::INT96),
                );
            } else {
                about.nested.push(field.name().clone());
            }
        }
        about
    }
}

/// A decoded column as cells.
fn cells(array: &ArrayRef, int96: bool) -> Result<Cells, String> {
    let cast = |array: &ArrayRef, to: &DataType| {
        arrow::compute::cast(array, to).map_err(|e| e.to_string())
    };
    match array.data_type() {
        DataType::Timestamp(_, zone) => {
            let known = zone.is_some() || int96;
            // Finer than the microsecond is cut, not rounded; arrow divides towards zero,
            // which only differs before 1970 and below the microsecond.
            let plain = cast(array, &DataType::Timestamp(TimeUnit::Microsecond, zone.clone()))?;
            let plain = plain.as_primitive::<TimestampMicrosecondType>().clone();
            Ok(if known { Cells::Instant(plain) } else { Cells::Civil(plain) })
        }
        DataType::Date32 => {
            let days = array.as_primitive::<Date32Type>();
            Ok(Cells::Day(days.iter().map(|d| d.map(i64::from)).collect()))
        }
        DataType::Date64 => {
            let ms = cast(array, &DataType::Int64)?;
            let ms = ms.as_primitive::<Int64Type>();
            Ok(Cells::Day(ms.iter().map(|m| m.map(|m| m.div_euclid(86_400_000))).collect()))
        }
        DataType::Dictionary(_, value)
            if matches!(**value, DataType::Timestamp(..) | DataType::Date32 | DataType::Date64) =>
        {
            cells(&cast(array, value)?, int96)
        }
        _ => Ok(Cells::Text(cast(array, &DataType::Utf8)?.as_string::<i32>().clone())),
    }
}

impl Cells {
    fn push(&self, row: &mut Row, at: usize) {
        match self {
            Cells::Text(a) if a.is_valid(at) => row.push(a.value(at), Typed::Text),
            Cells::Instant(a) if a.is_valid(at) => {
                match jiff::Timestamp::from_microsecond(a.value(at)) {
                    Ok(instant) => row.push(&instant.to_string(), Typed::Text),
                    // Out of the calendar: the number itself, which is no date.
                    Err(_) => row.push(&a.value(at).to_string(), Typed::Text),
                }
            }
            Cells::Civil(a) if a.is_valid(at) => match values::civil_of(a.value(at)) {
                Some(civil) => row.push(&civil.to_string(), Typed::Instant(civil)),
                None => row.push(&a.value(at).to_string(), Typed::Text),
            },
            Cells::Day(a) if a.is_valid(at) => {
                match a.value(at).checked_mul(values::DAY).and_then(values::civil_of) {
                    Some(civil) => row.push(&civil.date().to_string(), Typed::Day(civil)),
                    None => row.push(&a.value(at).to_string(), Typed::Text),
                }
            }
            _ => row.push("", Typed::Text),
        }
    }
}

impl RowSource for ParquetTable {
    fn header(&self) -> &[String] {
        &self.header
    }

    fn header_line(&self) -> u64 {
        0
    }

    fn next(&mut self, row: &mut Row) -> Result<bool, IngestError> {
        while self.at >= self.rows {
            if !self.advance()? {
                return Ok(false);
            }
        }
        self.line += 1;
        row.start(self.line);
        for column in &self.columns {
            column.push(row, self.at);
        }
        self.at += 1;
        Ok(true)
    }

    fn position(&self) -> (u64, u64) {
        let share = self.line as f64 / self.total_rows.max(1) as f64;
        ((self.bytes as f64 * share.min(1.0)) as u64, self.bytes)
    }
}
