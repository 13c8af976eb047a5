//! The ledger of imports: what was delivered, by whom, with which result.

use std::ops::Deref;

use eclusier_core::{Commit, DeliveryId, OrgId, Period, ProcessId, SnapshotId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Registry, RegistryError};

/// What was delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportKind {
    /// Events of cases.
    Events,
    /// Daily counts from a file.
    Counts,
    /// Contacts.
    Contacts,
    /// Staff list.
    Staff,
    /// Daily counts typed or corrected on screen.
    Typed,
}

impl ImportKind {
    /// Name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            ImportKind::Events => "events",
            ImportKind::Counts => "counts",
            ImportKind::Contacts => "contacts",
            ImportKind::Staff => "staff",
            ImportKind::Typed => "typed",
        }
    }
}

/// Whether an import still counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportStatus {
    /// It counts.
    Committed,
    /// It was taken back.
    Undone,
}

/// An import about to be committed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewImport {
    /// Number reserved before writing.
    pub id: DeliveryId,
    /// Process.
    pub process: ProcessId,
    /// Body or part of it, when told.
    pub org: Option<OrgId>,
    /// What was delivered.
    pub kind: ImportKind,
    /// Name of the file, without folders.
    pub file_name: String,
    /// Source tool: replacement concerns rows of the same source.
    pub source: String,
    /// SHA-256 of the file as delivered, hexadecimal.
    pub sha256: String,
    /// Digest of what else decides the result (mapping, kind, zone…).
    pub fingerprint: String,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// Mapping used, TOML.
    pub mapping_toml: Option<String>,
    /// Zone in which instants without offset were read.
    pub zone: Option<String>,
    /// Rows read.
    pub rows_read: u64,
    /// Rows accepted.
    pub accepted: u64,
    /// Rows refused.
    pub quarantined: u64,
    /// Rows another delivery already held.
    pub duplicates: u64,
    /// Rows repeated inside the delivery, kept and flagged.
    pub repeated: u64,
    /// Rows of earlier deliveries that this one replaced.
    pub replaced: u64,
    /// Cases.
    pub cases: u64,
    /// Activities.
    pub activities: u64,
    /// People and machines.
    pub resources: u64,
    /// Earliest instant.
    pub first: Option<Timestamp>,
    /// Latest instant.
    pub last: Option<Timestamp>,
    /// Findings, JSON array.
    pub findings_json: String,
    /// Where refused rows were written, below the data directory.
    pub quarantine_path: Option<String>,
    /// Period whose rows of the same source this delivery replaces.
    pub replace: Option<Period>,
}

/// An import as the ledger holds it; its facts read through (`record.rows_read`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportRecord {
    /// The facts given at commit.
    #[serde(flatten)]
    pub import: NewImport,
    /// Whether it still counts.
    pub status: ImportStatus,
    /// Version it made.
    pub snapshot: SnapshotId,
    /// How it was taken back.
    pub undone: Option<Undone>,
}

impl Deref for ImportRecord {
    type Target = NewImport;
    fn deref(&self) -> &NewImport {
        &self.import
    }
}

/// How an import was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undone {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Version that took it back.
    pub snapshot: SnapshotId,
}

/// A delivery that counts: the lake is a function of the list of these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveDelivery {
    /// Delivery.
    pub id: DeliveryId,
    /// What it holds.
    pub kind: ImportKind,
    /// Source tool.
    pub source: String,
    /// Period whose earlier rows of the same source it replaces.
    pub replaced: Option<Period>,
    /// Version it made: deliveries are listed in this order.
    pub snapshot: SnapshotId,
}

impl Registry {
    /// Reserves the number of a delivery before its files are written.
    ///
    /// A number whose import never commits is simply never used.
    pub async fn reserve_delivery(&self, process: &ProcessId) -> Result<DeliveryId, RegistryError> {
        let _ = process;
        Err(RegistryError::unfinished())
    }

    /// The import, still counting, of this very file read in this very way.
    pub async fn find_import_by_hash(
        &self,
        process: &ProcessId,
        sha256: &str,
        fingerprint: &str,
    ) -> Result<Option<ImportRecord>, RegistryError> {
        let _ = (process, sha256, fingerprint);
        Err(RegistryError::unfinished())
    }

    /// Stores files, ledger row and audit entry in one transaction.
    ///
    /// [`RegistryError::Conflict`] when `base` is no longer the current version:
    /// nothing was written, read the version again and rebuild the commit.
    pub async fn commit_import(
        &self,
        import: NewImport,
        commit: &Commit,
        base: SnapshotId,
    ) -> Result<(ImportRecord, SnapshotId), RegistryError> {
        let _ = (import, commit, base);
        Err(RegistryError::unfinished())
    }

    /// Takes an import back: the files given make the lake without it.
    #[allow(clippy::too_many_arguments)]
    pub async fn commit_undo(
        &self,
        delivery: DeliveryId,
        by: &str,
        reason: &str,
        at: Timestamp,
        commit: &Commit,
        base: SnapshotId,
    ) -> Result<SnapshotId, RegistryError> {
        let _ = (delivery, by, reason, at, commit, base);
        Err(RegistryError::unfinished())
    }

    /// Imports of one process or of all, undone ones included, in order of commit.
    pub async fn imports(
        &self,
        process: Option<&ProcessId>,
    ) -> Result<Vec<ImportRecord>, RegistryError> {
        let _ = process;
        Err(RegistryError::unfinished())
    }

    /// One import.
    pub async fn import(&self, delivery: DeliveryId) -> Result<ImportRecord, RegistryError> {
        let _ = delivery;
        Err(RegistryError::unfinished())
    }

    /// Deliveries that count, in order of commit.
    pub async fn live_deliveries(
        &self,
        process: &ProcessId,
    ) -> Result<Vec<LiveDelivery>, RegistryError> {
        let _ = process;
        Err(RegistryError::unfinished())
    }
}
