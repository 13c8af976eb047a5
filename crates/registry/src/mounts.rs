//! Finds the file system under a path, to refuse those on which locks do not hold.

use std::path::PathBuf;

/// A network mount that holds a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkMount {
    /// Type as the kernel names it.
    pub file_system: String,
    /// Where it is mounted.
    pub mount_point: PathBuf,
}
