//! The public logs, read as the program reads them and sorted as the lake sorts them.

use std::path::PathBuf;

use arrow::compute::{SortColumn, concat_batches, lexsort_to_indices, take_record_batch};
use arrow_array::RecordBatch;
use eclusier_eventlog::{EventBatch, Kernel, schema};
use eclusier_ingest::{
    Context, EventSink, Mapping, Pseudonymiser, Quarantine, RefusedRow, SinkError, read_events,
};
use jiff::tz::TimeZone;

#[derive(Default)]
struct Kept(Vec<RecordBatch>);

impl EventSink for Kept {
    fn push(&mut self, batch: RecordBatch) -> Result<(), SinkError> {
        self.0.push(batch);
        Ok(())
    }
}

struct Nothing;

impl Quarantine for Nothing {
    fn header(&mut self, _: &[&str]) -> Result<(), SinkError> {
        Ok(())
    }
    fn refuse(&mut self, row: RefusedRow<'_>) -> Result<(), SinkError> {
        Err(format!("line {} refused: {}", row.line, row.en).into())
    }
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
        std::env::var_os("ECLUSIER_REQUIRE_SHARED").is_none(),
        "{} is required and absent",
        file.display()
    );
    eprintln!("skipped: no shared data");
    None
}

/// A public log as one batch of whole cases, instants without offset read as UTC;
/// rows of the activities of `ignored` are left out.
pub fn log(path: &str, ignored: &[&str]) -> Option<EventBatch> {
    let ignored = ignored.iter().map(|i| (*i).to_owned()).collect();
    read(path, Mapping { ignore_activities: ignored, ..Mapping::default() })
}

/// The same with some columns kept as attributes.
pub fn log_with(path: &str, attributes: &[&str]) -> Option<EventBatch> {
    let attributes = attributes.iter().map(|a| (*a).to_owned()).collect();
    let mut mapping = Mapping::default();
    mapping.columns.attributes = attributes;
    read(path, mapping)
}

fn read(path: &str, mapping: Mapping) -> Option<EventBatch> {
    let file = shared(path)?;
    let mut kept = Kept::default();
    let people = Pseudonymiser::new(&[7; 32]).unwrap();
    let name = path.rsplit('/').next().unwrap();
    let mut none = Nothing;
    let mut context = Context::new(name, TimeZone::UTC, people, &(), &mut none);
    read_events(&file, &mapping, &mut context, &mut kept).unwrap();
    let all = concat_batches(&schema::events(), &kept.0).unwrap();
    let column = |name: &str| SortColumn {
        values: all.column_by_name(name).unwrap().clone(),
        options: None,
    };
    let order = [column(schema::CASE), column(schema::TIME), column(schema::SEQ)];
    let order = lexsort_to_indices(&order, None).unwrap();
    Some(EventBatch::new(&take_record_batch(&all, &order).unwrap()).unwrap())
}

/// A kernel over one batch.
pub fn run<K: Kernel>(kernel: &K, batch: &EventBatch) -> K::Output {
    let mut partial = K::Partial::default();
    kernel.fold(&mut partial, batch);
    kernel.finish(partial)
}
