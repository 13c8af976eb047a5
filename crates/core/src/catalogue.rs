//! Values of the catalogue: which data files make up a version of the lake.
//!
//! The lake writes files and returns a [`Commit`]; the registry stores it in the
//! same transaction as the import that caused it. A file is never changed once
//! written: a new version adds files and retires others.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{DeliveryId, ProcessId, SnapshotId};

/// What a data file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// Live events, sorted by case, time, delivery and sequence; one partition month.
    Events,
    /// Rows of one delivery exactly as accepted, same order: the truth an undo rebuilds from.
    Delivery,
    /// Daily counts of one delivery.
    Counts,
}

impl FileKind {
    /// Name used in folders and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            FileKind::Events => "events",
            FileKind::Delivery => "delivery",
            FileKind::Counts => "counts",
        }
    }
}

/// One immutable Parquet file of the lake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataFile {
    /// Path below the lake's root, `/` separated; unique.
    pub path: String,
    /// What it holds.
    pub kind: FileKind,
    /// Process it belongs to.
    pub process: ProcessId,
    /// First day of the month in which the cases of this file opened (events and deliveries).
    pub month: Option<Date>,
    /// Delivery that wrote it (deliveries and counts), or that caused it (events).
    pub delivery: DeliveryId,
    /// Rows inside.
    pub rows: u64,
    /// Cases inside (0 for counts).
    pub cases: u64,
    /// Bytes on disk.
    pub bytes: u64,
    /// SHA-256 of the bytes, hexadecimal.
    pub sha256: String,
    /// Earliest instant inside, microseconds since 1970 UTC.
    pub first_us: Option<i64>,
    /// Latest instant inside.
    pub last_us: Option<i64>,
    /// Smallest case identifier inside.
    pub min_case: Option<String>,
    /// Largest case identifier inside.
    pub max_case: Option<String>,
}

/// What one import, undo or compaction changes, to be stored in one transaction.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Commit {
    /// Files that the next version adds.
    pub added: Vec<DataFile>,
    /// Paths of files that the next version no longer reads.
    pub retired: Vec<String>,
}

/// A readable version of the lake for one process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Version number.
    pub id: SnapshotId,
    /// Process.
    pub process: ProcessId,
    /// Its live files, by kind, month then path.
    pub files: Vec<DataFile>,
}

impl Snapshot {
    /// Live files of one kind, in a stable order.
    pub fn of_kind(&self, kind: FileKind) -> impl Iterator<Item = &DataFile> {
        self.files.iter().filter(move |f| f.kind == kind)
    }
}
