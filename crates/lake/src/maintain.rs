//! Keeping the folder clean: orphans of a crash, small files, checks.

use eclusier_core::{Commit, DeliveryId, ProcessId, Snapshot};
use eclusier_eventlog::Movement;

use crate::{Lake, LakeError, Stop};

/// What a sweep removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SweepReport {
    /// Files no version knows.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Staging folders whose owner is dead.
    pub staging: u64,
    /// Processes left alone because somebody was changing them.
    pub busy: u64,
}

/// Something that does not hold in a stored version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// File concerned, path below the root.
    pub path: String,
    /// What does not hold.
    pub what: String,
}

impl Lake {
    /// Writes the daily counts of one delivery.
    pub fn write_counts(
        &self,
        _process: &ProcessId,
        _delivery: DeliveryId,
        _movements: &[Movement],
    ) -> Result<Commit, LakeError> {
        Err(LakeError::Internal { what: "being built" })
    }

    /// Daily counts of a version, in the order of its files, then as delivered.
    pub fn read_counts(
        &self,
        _snapshot: &Snapshot,
    ) -> Result<Vec<(DeliveryId, Movement)>, LakeError> {
        Err(LakeError::Internal { what: "being built" })
    }

    /// Removes what a crash left: files for which `known` says no, and staging folders whose
    /// owner is dead. `known` is asked about paths below the root; answer yes for every file of
    /// a version that may still be read.
    pub fn sweep(&self, _known: &dyn Fn(&str) -> bool) -> Result<SweepReport, LakeError> {
        Err(LakeError::Internal { what: "being built" })
    }

    /// Joins small neighbouring files of a month; an empty commit when nothing is worth it.
    pub fn compact(&self, _snapshot: &Snapshot, _stop: &Stop) -> Result<Commit, LakeError> {
        Err(LakeError::Internal { what: "being built" })
    }

    /// Removes the files of a commit that was never stored (a dry run, a refused import).
    pub fn discard(&self, _commit: &Commit) -> Result<(), LakeError> {
        Err(LakeError::Internal { what: "being built" })
    }

    /// Checks every file of a version: presence, size, hash, rows, order, months, whole cases.
    pub fn verify(&self, _snapshot: &Snapshot, _stop: &Stop) -> Result<Vec<Problem>, LakeError> {
        Err(LakeError::Internal { what: "being built" })
    }
}
