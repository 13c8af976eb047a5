//! Daily counts: movements of one delivery in one Parquet file.

use std::{collections::BTreeMap, sync::Arc, sync::LazyLock};

use arrow_array::{
    Array, ArrayRef, Date32Array, Int64Array, RecordBatch, StringArray,
    cast::AsArray,
    types::{Date32Type, Int64Type},
};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use eclusier_core::{Commit, DataFile, DeliveryId, FileKind, ProcessId, Snapshot, SnapshotId};
use eclusier_eventlog::{Dimensions, Movement, MovementKind};
use jiff::civil::{Date, date};
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, ZstdLevel},
    file::properties::WriterProperties,
};

use crate::{
    Lake, LakeError, layout,
    read::damaged,
    write::{Hashing, Publisher},
};

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    Arc::new(Schema::new(vec![
        Field::new("day", DataType::Date32, false),
        text("org", true),
        text("unit", true),
        text("product", true),
        text("channel", true),
        text("kind", false),
        Field::new("count", DataType::Int64, false),
        Field::new("delivery", DataType::Int64, false),
    ]))
});

const EPOCH: Date = date(1970, 1, 1);

fn to_days(day: Date) -> i32 {
    EPOCH.until(day).map_or(0, |span| span.get_days())
}

fn from_days(days: i32) -> Option<Date> {
    EPOCH.checked_add(jiff::Span::new().try_days(days).ok()?).ok()
}

impl Lake {
    /// Writes the daily counts of one delivery, in the order given; no file when there is none.
    pub fn write_counts(
        &self,
        process: &ProcessId,
        delivery: DeliveryId,
        movements: &[Movement],
    ) -> Result<Commit, LakeError> {
        if movements.is_empty() {
            return Ok(Commit::default());
        }
        let scratch = self.scratch(process, &format!("counts-{delivery}"))?;
        let path = scratch.folder.join("counts.parquet");
        let file = self.disk.create(&path).map_err(|e| LakeError::io("create", &path, e))?;
        let sink = Hashing::new(file);
        let trouble = sink.trouble.clone();
        let failed = |e| trouble.explain(&path, e);
        let level = ZstdLevel::try_new(self.options.zstd_level).unwrap_or_default();
        let properties = WriterProperties::builder()
            .set_created_by("eclusier lake format 1".to_owned())
            .set_compression(Compression::ZSTD(level))
            .build();
        let mut writer =
            ArrowWriter::try_new(sink, SCHEMA.clone(), Some(properties)).map_err(failed)?;
        for part in movements.chunks(65_536) {
            writer.write(&to_batch(part, delivery)?).map_err(failed)?;
        }
        let sink = writer.into_inner().map_err(failed)?;
        let (sha256, bytes) = sink.close().map_err(|e| LakeError::io("sync", &path, e))?;
        let folder = layout::folder(process, FileKind::Counts, delivery, None);
        let midnight = |day: Option<Date>| day.map(|d| i64::from(to_days(d)) * 86_400_000_000);
        let entry = DataFile {
            path: format!("{folder}/{}", layout::file_name(&sha256, SnapshotId(0))),
            kind: FileKind::Counts,
            process: process.clone(),
            month: None,
            delivery,
            rows: movements.len() as u64,
            cases: 0,
            bytes,
            sha256,
            first_us: midnight(movements.iter().map(|m| m.day).min()),
            last_us: midnight(movements.iter().map(|m| m.day).max()),
            min_case: None,
            max_case: None,
        };
        let mut publisher = Publisher::new(self);
        let entry = publisher.place_as(&path, entry, &folder)?;
        publisher.finish()?;
        Ok(Commit { added: vec![entry], retired: Vec::new() })
    }

    /// Daily counts of a version, by delivery number, then in the order delivered.
    pub fn read_counts(
        &self,
        snapshot: &Snapshot,
    ) -> Result<Vec<(DeliveryId, Movement)>, LakeError> {
        let files: BTreeMap<(DeliveryId, &str), &DataFile> = snapshot
            .of_kind(FileKind::Counts)
            .map(|f| ((f.delivery, f.path.as_str()), f))
            .collect();
        let mut movements = Vec::new();
        for file in files.values() {
            let opened = self.open_file(file)?;
            opened.each_batch(&SCHEMA, |batch| from_batch(batch, &file.path, &mut movements))?;
        }
        Ok(movements)
    }
}

fn to_batch(movements: &[Movement], delivery: DeliveryId) -> Result<RecordBatch, LakeError> {
    let texts = |f: &dyn Fn(&Movement) -> Option<&str>| -> ArrayRef {
        Arc::new(movements.iter().map(f).collect::<StringArray>())
    };
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Date32Array::from_iter_values(movements.iter().map(|m| to_days(m.day)))),
        texts(&|m| m.dimensions.org.as_deref()),
        texts(&|m| m.dimensions.unit.as_deref()),
        texts(&|m| m.dimensions.product.as_deref()),
        texts(&|m| m.dimensions.channel.as_deref()),
        texts(&|m| Some(m.kind.as_str())),
        Arc::new(Int64Array::from_iter_values(movements.iter().map(|m| m.count))),
        Arc::new(Int64Array::from_value(delivery.0, movements.len())),
    ];
    Ok(RecordBatch::try_new(SCHEMA.clone(), columns)?)
}

fn from_batch(
    batch: &RecordBatch,
    path: &str,
    movements: &mut Vec<(DeliveryId, Movement)>,
) -> Result<(), LakeError> {
    let wrong = || damaged(path, "a column of counts is not what it should be");
    let column = |name: &str| batch.column_by_name(name).ok_or_else(wrong);
    let text = |name: &str| column(name)?.as_string_opt::<i32>().ok_or_else(wrong);
    let number = |name: &str| column(name)?.as_primitive_opt::<Int64Type>().ok_or_else(wrong);
    let days = column("day")?.as_primitive_opt::<Date32Type>().ok_or_else(wrong)?;
    let (org, unit, product, channel) =
        (text("org")?, text("unit")?, text("product")?, text("channel")?);
    let (kinds, counts, deliveries) = (text("kind")?, number("count")?, number("delivery")?);
    let name =
        |array: &StringArray, row: usize| array.is_valid(row).then(|| array.value(row).to_owned());
    for row in 0..batch.num_rows() {
        let movement = Movement {
            day: from_days(days.value(row)).ok_or_else(wrong)?,
            dimensions: Dimensions {
                org: name(org, row),
                unit: name(unit, row),
                product: name(product, row),
                channel: name(channel, row),
            },
            kind: MovementKind::from_name(kinds.value(row)).ok_or_else(wrong)?,
            count: counts.value(row),
        };
        movements.push((DeliveryId(deliveries.value(row)), movement));
    }
    Ok(())
}
