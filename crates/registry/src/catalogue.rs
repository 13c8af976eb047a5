//! The catalogue: which data files make up each version of the lake.
//!
//! Version numbers are global and grow by one with each commit of any process;
//! a file row carries the version that added it and the one that retired it, so
//! that any earlier version reads back exactly.

use eclusier_core::{Commit, DeliveryId, ProcessId, Snapshot, SnapshotId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Registry, RegistryError};

/// A process and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessSummary {
    /// Process.
    pub id: ProcessId,
    /// Label of its latest rules; the id when none.
    pub label: String,
    /// Instant of the last import that still counts.
    pub last_import: Option<Timestamp>,
    /// Imports that still count.
    pub imports: u64,
    /// Current version (0 when nothing was ever committed).
    pub snapshot: SnapshotId,
}

/// Why a version exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SnapshotCause {
    /// An import.
    Import,
    /// An import taken back.
    Undo,
    /// Files merged, the same rows.
    Compaction,
}

/// One version of a process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotRecord {
    /// Version.
    pub id: SnapshotId,
    /// Version before (0 for the first).
    pub parent: SnapshotId,
    /// Why it exists.
    pub cause: SnapshotCause,
    /// Import committed or undone.
    pub import: Option<DeliveryId>,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
}

impl Registry {
    /// The live files of a process now; version 0 without files when there is none.
    pub async fn snapshot(&self, process: &ProcessId) -> Result<Snapshot, RegistryError> {
        let _ = process;
        Err(RegistryError::unfinished())
    }

    /// The files of an earlier version; `None` when it is not a version of this process.
    pub async fn snapshot_at(
        &self,
        process: &ProcessId,
        id: SnapshotId,
    ) -> Result<Option<Snapshot>, RegistryError> {
        let _ = (process, id);
        Err(RegistryError::unfinished())
    }

    /// Every version of a process, oldest first.
    pub async fn snapshots(
        &self,
        process: &ProcessId,
    ) -> Result<Vec<SnapshotRecord>, RegistryError> {
        let _ = process;
        Err(RegistryError::unfinished())
    }

    /// Every process with an import or rules, by id.
    pub async fn processes(&self) -> Result<Vec<ProcessSummary>, RegistryError> {
        Err(RegistryError::unfinished())
    }

    /// Whether any version, current or earlier, of any process reads this path.
    pub async fn known_file(&self, path: &str) -> Result<bool, RegistryError> {
        let _ = path;
        Err(RegistryError::unfinished())
    }

    /// Every path that any version, current or earlier, reads; in bytewise order.
    pub async fn all_paths(
        &self,
        process: Option<&ProcessId>,
    ) -> Result<Vec<String>, RegistryError> {
        let _ = process;
        Err(RegistryError::unfinished())
    }

    /// Stores a compaction: other files, the same rows.
    pub async fn commit_compaction(
        &self,
        process: &ProcessId,
        commit: &Commit,
        base: SnapshotId,
        by: &str,
        at: Timestamp,
    ) -> Result<SnapshotId, RegistryError> {
        let _ = (process, commit, base, by, at);
        Err(RegistryError::unfinished())
    }
}
