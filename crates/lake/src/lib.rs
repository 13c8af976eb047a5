//! The lake: events of each process in immutable Parquet files, one folder per
//! process and month in which a case opened, every file holding whole cases
//! sorted by case, time, delivery and sequence.
//!
//! - A delivery is staged ([`Lake::stage`], [`Stage::push`]) in constant memory,
//!   joined with the version in force ([`Stage::finish`]) and becomes visible
//!   only when the registry commits the [`Staged::commit`] it returns.
//! - A measure is a [`Kernel`](eclusier_eventlog::Kernel) run by [`Lake::run`]
//!   over a [`Snapshot`](eclusier_core::Snapshot), in parallel, merged in file order.
//! - Whoever writes holds the [`LockGuard`] of the process from the moment the
//!   base snapshot is read until the registry has committed.

mod block;
mod counts;
pub mod disk;
mod error;
mod footers;
mod join;
mod layout;
mod live;
mod lock;
mod maintain;
mod read;
mod sort;
mod stage;
mod stop;
mod verify;
mod write;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

pub use disk::{Disk, RealDisk};
pub use error::LakeError;
pub use live::{LiveDelivery, MergePolicy, Replacement};
pub use lock::LockGuard;
pub use maintain::SweepReport;
pub use stage::{Stage, Staged};
pub use stop::{Step, Stop};
pub use verify::Problem;

/// Sizes that trade memory for speed. The defaults suit a machine of 2 cores and 4 GB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LakeOptions {
    /// Rows held in memory before a sorted run is spilled.
    pub run_rows: usize,
    /// Bytes held in memory before a sorted run is spilled.
    pub run_bytes: usize,
    /// Rows of a row group, cut at the next case boundary.
    pub group_rows: usize,
    /// Rows of a file, cut at the next case boundary.
    pub file_rows: u64,
    /// Rows per batch handed to a kernel, before cutting at case boundaries.
    pub batch_rows: usize,
    /// Level of zstd compression.
    pub zstd_level: i32,
}

impl Default for LakeOptions {
    fn default() -> Self {
        Self {
            run_rows: 1_000_000,
            run_bytes: 96 << 20,
            group_rows: 131_072,
            file_rows: 2_000_000,
            batch_rows: 32_768,
            zstd_level: 1,
        }
    }
}

/// A lake in a folder.
#[derive(Debug)]
pub struct Lake {
    root: PathBuf,
    disk: Arc<dyn Disk>,
    options: LakeOptions,
    footers: footers::Footers,
}

impl Lake {
    /// Opens, or creates, the lake in a folder of the real disk.
    pub fn open(root: impl Into<PathBuf>, options: LakeOptions) -> Result<Lake, LakeError> {
        Self::with_disk(root, Arc::new(RealDisk), options)
    }

    /// Opens, or creates, the lake through a given file system: tests inject faults.
    pub fn with_disk(
        root: impl Into<PathBuf>,
        disk: Arc<dyn Disk>,
        options: LakeOptions,
    ) -> Result<Lake, LakeError> {
        let root = root.into();
        disk.create_dirs(&root).map_err(|e| LakeError::io("create", &root, e))?;
        Ok(Lake { root, disk, options, footers: footers::Footers::default() })
    }

    /// Folder of the lake.
    pub fn root(&self) -> &Path {
        &self.root
    }
}
