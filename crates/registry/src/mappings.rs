//! Named mappings, found again by the header of a file.

use eclusier_core::ProcessId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Registry, RegistryError};

/// A mapping saved under a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedMapping {
    /// Name, unique.
    pub name: String,
    /// Process it feeds.
    pub process: ProcessId,
    /// The mapping.
    pub toml: String,
    /// Digest of the header of the files it reads; the inbox picks by it.
    pub header: Option<String>,
    /// Pattern of file names it reads, when two processes share one header.
    pub file_pattern: Option<String>,
    /// Who saved it last.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

impl Registry {
    /// Saves a mapping, replacing the one of that name; the earlier text's digest stays in the audit log.
    pub async fn save_mapping(&self, mapping: &SavedMapping) -> Result<(), RegistryError> {
        let _ = mapping;
        Err(RegistryError::unfinished())
    }

    /// Every mapping, by name.
    pub async fn mappings(&self) -> Result<Vec<SavedMapping>, RegistryError> {
        Err(RegistryError::unfinished())
    }

    /// One mapping.
    pub async fn mapping(&self, name: &str) -> Result<Option<SavedMapping>, RegistryError> {
        let _ = name;
        Err(RegistryError::unfinished())
    }

    /// Mappings whose files have this header, latest saved first.
    pub async fn mappings_for_header(
        &self,
        header: &str,
    ) -> Result<Vec<SavedMapping>, RegistryError> {
        let _ = header;
        Err(RegistryError::unfinished())
    }

    /// Removes a mapping; `false` when there is none of that name.
    pub async fn delete_mapping(
        &self,
        name: &str,
        by: &str,
        at: Timestamp,
    ) -> Result<bool, RegistryError> {
        let _ = (name, by, at);
        Err(RegistryError::unfinished())
    }
}
