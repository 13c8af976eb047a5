//! Staging a delivery and joining it with the version in force.

use arrow_array::RecordBatch;
use eclusier_core::{Commit, DeliveryId, ProcessId, Snapshot};

use crate::{Lake, LakeError, LiveDelivery, MergePolicy, Stop, lock::Scratch};

/// What finishing a delivery, or removing one, would change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Staged {
    /// To be stored by the registry in one transaction; the new version is visible only then.
    pub commit: Commit,
    /// Rows delivered.
    pub rows: u64,
    /// Distinct cases delivered.
    pub cases: u64,
    /// Rows that became live.
    pub events_live_added: u64,
    /// Rows whose business key an earlier live delivery already brought: not live.
    pub duplicates: u64,
    /// Rows equal to an earlier row of the same delivery: kept, flagged.
    pub repeated: u64,
    /// Live rows removed: replaced by this delivery, or undone.
    pub replaced: u64,
    /// Delivered cases that already had live rows.
    pub cases_continued: u64,
    /// Cases whose opening month changed.
    pub cases_moved: u64,
    /// Earliest delivered instant (of `time`), µs UTC.
    pub first_us: Option<i64>,
    /// Latest delivered instant.
    pub last_us: Option<i64>,
    /// Bytes written.
    pub bytes_written: u64,
}

/// One delivery being received.
#[derive(Debug)]
pub struct Stage<'l> {
    pub(crate) lake: &'l Lake,
    pub(crate) process: ProcessId,
    pub(crate) delivery: DeliveryId,
    pub(crate) scratch: Scratch<'l>,
}

impl Lake {
    /// Starts staging one delivery; rows are pushed in delivery order, any number, constant memory.
    pub fn stage(&self, process: &ProcessId, delivery: DeliveryId) -> Result<Stage<'_>, LakeError> {
        let scratch = self.scratch(process, &delivery.to_string())?;
        Ok(Stage { lake: self, process: process.clone(), delivery, scratch })
    }

    /// Removes a live delivery: the new version is that of the remaining ones.
    ///
    /// `live` lists the live deliveries in the order of their commits, the one to remove included.
    pub fn undo(
        &self,
        _snapshot: &Snapshot,
        _remove: DeliveryId,
        _live: &[LiveDelivery],
        _stop: &Stop,
    ) -> Result<Staged, LakeError> {
        Err(LakeError::Internal { what: "being built" })
    }
}

impl Stage<'_> {
    /// Takes rows in the schema of [`eclusier_eventlog::schema::events`], in delivery order.
    pub fn push(&mut self, _batch: RecordBatch) -> Result<(), LakeError> {
        Err(LakeError::Internal { what: "being built" })
    }

    /// Joins with the base version and writes the files durably; nothing is visible until the
    /// registry commits [`Staged::commit`].
    pub fn finish(
        self,
        _base: &Snapshot,
        _policy: &MergePolicy,
        _stop: &Stop,
    ) -> Result<Staged, LakeError> {
        Err(LakeError::Internal { what: "being built" })
    }

    /// Forgets everything pushed.
    pub fn abandon(self) {}
}
