//! The only module that knows SQLite: opening, pragmas, migrations, integrity.

use std::path::{Path, PathBuf};

use crate::RegistryError;

/// How to open the registry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OpenOptions {
    /// Check the whole file even after a clean shutdown (a server at its start).
    pub check: bool,
    /// Table of mounts to read instead of the kernel's (tests).
    pub mounts: Option<PathBuf>,
}

/// Operational state of one data directory. Cloning is cheap: clones share connections.
#[derive(Debug, Clone)]
pub struct Registry {}

impl Registry {
    /// Opens or creates the registry; checks it when the last shutdown was not clean.
    pub async fn open(path: &Path) -> Result<Registry, RegistryError> {
        Self::open_with(path, &OpenOptions::default()).await
    }

    /// Opens or creates the registry.
    pub async fn open_with(path: &Path, options: &OpenOptions) -> Result<Registry, RegistryError> {
        let _ = (path, options);
        Err(RegistryError::unfinished())
    }

    /// Closes the connections, so that the next opening finds a clean file.
    pub async fn close(&self) {}

    /// Schema version of the file: a cheap read that proves the database answers.
    pub async fn schema_version(&self) -> Result<i64, RegistryError> {
        Err(RegistryError::unfinished())
    }
}

pub(crate) fn classify(error: sqlx::Error) -> RegistryError {
    RegistryError::Database(error)
}

impl RegistryError {
    pub(crate) fn unfinished() -> Self {
        RegistryError::Database(sqlx::Error::RowNotFound)
    }
}
