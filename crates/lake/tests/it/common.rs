//! A small registry in memory, a reference model of the live events, and readers.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use arrow_array::{
    ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray, UInt8Array,
};
use eclusier_core::{Commit, DeliveryId, Period, ProcessId, Snapshot, SnapshotId};
use eclusier_eventlog::{Columns, EventBatch, Filter, Kernel, Precision, schema};
use eclusier_lake::{
    Lake, LakeError, LakeOptions, LiveDelivery, MergePolicy, Replacement, Staged, Stop,
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

pub const DAY: i64 = 86_400_000_000;

/// One delivered row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Row {
    pub case: String,
    pub time: i64,
    pub delivery: i64,
    pub seq: i64,
    pub activity: String,
    pub day: bool,
    pub start: Option<i64>,
    pub resource: Option<String>,
    pub org: Option<String>,
    pub attributes: Option<String>,
}

impl Row {
    pub fn new(case: &str, activity: &str, time: i64) -> Self {
        Row {
            case: case.into(),
            time,
            delivery: 0,
            seq: 0,
            activity: activity.into(),
            day: false,
            start: None,
            resource: None,
            org: None,
            attributes: None,
        }
    }
}

/// One delivery of a history.
#[derive(Debug, Clone)]
pub struct Delivery {
    pub id: i64,
    pub source: String,
    pub replace: Option<Period>,
    pub rows: Vec<Row>,
}

impl Delivery {
    pub fn new(id: i64, source: &str, replace: Option<Period>, rows: Vec<Row>) -> Self {
        let rows = rows
            .into_iter()
            .enumerate()
            .map(|(seq, row)| Row { delivery: id, seq: seq as i64, ..row })
            .collect();
        Self { id, source: source.into(), replace, rows }
    }
}

pub fn zone() -> TimeZone {
    TimeZone::get("Europe/Paris").unwrap()
}

/// Civil day of a row, the slow and obvious way.
fn day_of(row: &Row) -> Date {
    let zone = if row.day { TimeZone::UTC } else { zone() };
    Timestamp::from_microsecond(row.time).unwrap().to_zoned(zone).date()
}

/// The sentence of DOMAIN §4, word for word and slowly.
pub fn model(deliveries: &[Delivery]) -> Vec<Row> {
    type Key = (String, String, String, i64, bool, usize);
    let mut live: BTreeMap<Key, Row> = BTreeMap::new();
    for delivery in deliveries {
        if let Some(period) = delivery.replace {
            live.retain(|key, row| key.0 != delivery.source || !period.contains(day_of(row)));
        }
        let mut ranks: BTreeMap<(String, String, i64, bool), usize> = BTreeMap::new();
        let earlier: Vec<Key> = live.keys().cloned().collect();
        for row in &delivery.rows {
            let rank = ranks
                .entry((row.case.clone(), row.activity.clone(), row.time, row.day))
                .or_default();
            let key = (
                delivery.source.clone(),
                row.case.clone(),
                row.activity.clone(),
                row.time,
                row.day,
                *rank,
            );
            *rank += 1;
            if earlier.binary_search(&key).is_err() {
                live.insert(key, row.clone());
            }
        }
    }
    let mut rows: Vec<Row> = live.into_values().collect();
    rows.sort_by(|a, b| {
        (a.case.as_bytes(), a.time, a.delivery, a.seq).cmp(&(
            b.case.as_bytes(),
            b.time,
            b.delivery,
            b.seq,
        ))
    });
    rows
}

pub fn batch(rows: &[Row]) -> RecordBatch {
    let texts = |f: &dyn Fn(&Row) -> Option<String>| -> ArrayRef {
        Arc::new(rows.iter().map(f).collect::<StringArray>())
    };
    let columns: Vec<ArrayRef> = vec![
        texts(&|r| Some(r.case.clone())),
        texts(&|r| Some(r.activity.clone())),
        Arc::new(
            TimestampMicrosecondArray::from_iter_values(rows.iter().map(|r| r.time))
                .with_timezone("UTC"),
        ),
        Arc::new(
            rows.iter()
                .map(|r| r.start)
                .collect::<TimestampMicrosecondArray>()
                .with_timezone("UTC"),
        ),
        Arc::new(UInt8Array::from_iter_values(
            rows.iter().map(|r| if r.day { Precision::Day } else { Precision::Instant }.code()),
        )),
        texts(&|_| None),
        texts(&|r| r.resource.clone()),
        texts(&|r| r.org.clone()),
        texts(&|_| None),
        texts(&|_| None),
        texts(&|_| None),
        texts(&|r| r.attributes.clone()),
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|r| r.seq))),
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|r| r.delivery))),
    ];
    RecordBatch::try_new(schema::events(), columns).unwrap()
}

/// Gives every row back, as stored.
pub struct Collect;

impl Kernel for Collect {
    type Partial = Vec<Vec<Row>>;
    type Output = Vec<Vec<Row>>;

    fn columns(&self) -> Columns {
        Columns {
            tasks: true,
            resource: true,
            dimensions: true,
            attributes: true,
            provenance: true,
        }
    }
    fn fold(&self, partial: &mut Self::Partial, batch: &EventBatch) {
        for case in batch.cases() {
            let rows = case.rows.clone().map(|r| Row {
                case: case.id.to_owned(),
                time: batch.times()[r],
                delivery: batch.delivery(r).unwrap(),
                seq: batch.seq(r).unwrap(),
                activity: batch.activity.name(r).unwrap().to_owned(),
                day: batch.precision(r) == Precision::Day,
                start: batch.start(r),
                resource: batch.resource.name(r).map(str::to_owned),
                org: batch.org.name(r).map(str::to_owned),
                attributes: batch.attributes(r).map(str::to_owned),
            });
            partial.push(rows.collect());
        }
    }
    fn merge(&self, into: &mut Self::Partial, other: Self::Partial) {
        into.extend(other);
    }
    fn finish(&self, partial: Self::Partial) -> Self::Output {
        partial
    }
}

/// What the registry keeps, in memory.
#[derive(Debug, Clone)]
pub struct Book {
    pub snapshot: Snapshot,
    pub live: Vec<LiveDelivery>,
}

pub fn process() -> ProcessId {
    ProcessId::new("essai").unwrap()
}

impl Book {
    pub fn new() -> Self {
        Self {
            snapshot: Snapshot { id: SnapshotId(0), process: process(), files: Vec::new() },
            live: Vec::new(),
        }
    }

    pub fn apply(&mut self, commit: &Commit) {
        for path in &commit.retired {
            let before = self.snapshot.files.len();
            self.snapshot.files.retain(|f| f.path != *path);
            assert_eq!(self.snapshot.files.len() + 1, before, "{path} retired but unknown");
        }
        for file in &commit.added {
            assert!(self.snapshot.files.iter().all(|f| f.path != file.path), "{} twice", file.path);
            self.snapshot.files.push(file.clone());
        }
        self.snapshot.files.sort_by(|a, b| {
            (a.kind.as_str(), a.month, &a.min_case, &a.path).cmp(&(
                b.kind.as_str(),
                b.month,
                &b.min_case,
                &b.path,
            ))
        });
        self.snapshot.id = SnapshotId(self.snapshot.id.0 + 1);
    }

    /// Stages a delivery without committing it.
    pub fn stage(&self, lake: &Lake, delivery: &Delivery, cut: usize) -> Result<Staged, LakeError> {
        let mut stage = lake.stage(&process(), DeliveryId(delivery.id))?;
        for rows in delivery.rows.chunks(cut.max(1)) {
            stage.push(batch(rows))?;
        }
        let policy = MergePolicy {
            source: delivery.source.clone(),
            replace: replacement(delivery),
            live: self.live.clone(),
        };
        stage.finish(&self.snapshot, &policy, &Stop::never())
    }

    pub fn import(
        &mut self,
        lake: &Lake,
        delivery: &Delivery,
        cut: usize,
    ) -> Result<Staged, LakeError> {
        let staged = self.stage(lake, delivery, cut)?;
        self.apply(&staged.commit);
        self.live.push(LiveDelivery {
            id: DeliveryId(delivery.id),
            source: delivery.source.clone(),
            replaced: replacement(delivery),
        });
        Ok(staged)
    }

    pub fn undo(&mut self, lake: &Lake, id: i64) -> Result<Staged, LakeError> {
        let staged = lake.undo(&self.snapshot, DeliveryId(id), &self.live, &Stop::never())?;
        self.apply(&staged.commit);
        self.live.retain(|l| l.id.0 != id);
        Ok(staged)
    }

    /// Live rows, case by case in the order of identifiers.
    pub fn rows(&self, lake: &Lake) -> Vec<Row> {
        let mut cases =
            lake.run(&self.snapshot, &Filter::default(), &Collect, &Stop::never()).unwrap();
        cases.sort_by(|a, b| a[0].case.as_bytes().cmp(b[0].case.as_bytes()));
        for pair in cases.windows(2) {
            assert_ne!(pair[0][0].case, pair[1][0].case, "a case stands in two places");
        }
        cases.into_iter().flatten().collect()
    }
}

pub fn replacement(delivery: &Delivery) -> Option<Replacement> {
    delivery.replace.map(|period| Replacement { period, zone: zone() })
}

/// Sizes so small that every cut and spill happens within a handful of rows.
pub fn tiny() -> LakeOptions {
    LakeOptions {
        run_rows: 7,
        run_bytes: 1 << 20,
        group_rows: 3,
        file_rows: 8,
        batch_rows: 2,
        zstd_level: 1,
    }
}

pub fn open(root: &Path, options: LakeOptions) -> Lake {
    Lake::open(root, options).unwrap()
}
