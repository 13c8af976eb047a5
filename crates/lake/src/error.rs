//! Why the lake could not do what it was asked.

use std::{io, path::PathBuf};

use arrow_schema::{ArrowError, DataType};
use eclusier_core::DeliveryId;
use eclusier_eventlog::BatchError;
use parquet::errors::ParquetError;

/// What went wrong in the lake, with the file concerned.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// The disk, or the quota, is full: nothing of the new version is visible.
    #[error("the disk is full while writing {}", path.display())]
    DiskFull {
        /// File being written.
        path: PathBuf,
        /// Bytes already written to that file.
        written: u64,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file system refused.
    #[error("could not {action} {}", path.display())]
    Io {
        /// What was attempted: create, write, sync, rename, read…
        action: &'static str,
        /// File or folder concerned.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file of the catalogue is not on disk.
    #[error("file {path} of the catalogue is missing")]
    Missing {
        /// Path below the root.
        path: String,
    },
    /// A file is not what the catalogue says, or cannot be decoded.
    #[error("file {path} is damaged: {what}")]
    Damaged {
        /// Path below the root.
        path: String,
        /// What does not hold.
        what: String,
    },
    /// A pushed batch does not have the schema of the event log.
    #[error("column {column} of a delivered batch holds {found:?}, {wanted} wanted")]
    Schema {
        /// Column at fault.
        column: String,
        /// Type found; `None` when the column is absent.
        found: Option<DataType>,
        /// Type wanted.
        wanted: DataType,
    },
    /// A column that cannot be empty holds nulls.
    #[error("column {column} of a delivered batch holds {nulls} nulls")]
    Nulls {
        /// Column at fault.
        column: &'static str,
        /// How many.
        nulls: usize,
    },
    /// A stored row belongs to a delivery that is not in the list of live deliveries.
    #[error("delivery {delivery} has live rows but is not in the list of live deliveries")]
    UnknownDelivery {
        /// The delivery.
        delivery: DeliveryId,
    },
    /// The delivery to remove is not live.
    #[error("delivery {delivery} is not among the live deliveries")]
    NotLive {
        /// The delivery.
        delivery: DeliveryId,
    },
    /// The snapshot is of another process.
    #[error("the snapshot is of process {found}, not {wanted}")]
    OtherProcess {
        /// Process of the stage.
        wanted: String,
        /// Process of the snapshot.
        found: String,
    },
    /// A period cannot be placed on the time line in its zone.
    #[error("period {period} cannot be placed in its time zone")]
    Period {
        /// The period.
        period: String,
        /// What jiff said.
        #[source]
        source: jiff::Error,
    },
    /// Somebody asked to stop; nothing was kept.
    #[error("stopped on request")]
    Stopped,
    /// A batch could not be shaped.
    #[error("could not shape a batch of events")]
    Arrow(#[from] ArrowError),
    /// A Parquet file could not be encoded.
    #[error("could not encode {path}")]
    Encode {
        /// File being written.
        path: String,
        /// What the encoder said.
        #[source]
        source: ParquetError,
    },
    /// A stored batch is not a batch of events.
    #[error("file {path} does not hold events")]
    Batch {
        /// Path below the root.
        path: String,
        /// What does not hold.
        #[source]
        source: BatchError,
    },
    /// Something that cannot happen did: an encoder thread failed or a count overflowed.
    #[error("internal inconsistency: {what}")]
    Internal {
        /// What.
        what: &'static str,
    },
}

impl LakeError {
    /// An input or output failure; a full disk is told apart.
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        let path = path.into();
        if is_full(&source) {
            return LakeError::DiskFull { path, written: 0, source };
        }
        LakeError::Io { action, path, source }
    }

    /// Whether the disk was full.
    pub fn is_disk_full(&self) -> bool {
        matches!(self, LakeError::DiskFull { .. })
    }
}

/// Whether the system says that no room is left.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
