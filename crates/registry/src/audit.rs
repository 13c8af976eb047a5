//! The audit log: append-only and hash-chained, so that a change shows.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Registry, RegistryError};

/// One act, as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Rank, from 1 without gaps.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who acted.
    pub actor: String,
    /// What was done (`import.commit`, `config.put`…).
    pub action: String,
    /// On what (`process/retraite`, `import/12`…).
    pub object: String,
    /// Figures and identifiers, canonical JSON, no personal data.
    pub details: String,
    /// Hash of the entry before, 64 zeros for the first.
    pub prev_hash: String,
    /// SHA-256 over the canonical JSON of this entry and `prev_hash`.
    pub hash: String,
}

/// What the verification of the log found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditVerdict {
    /// Entries read.
    pub entries: u64,
    /// Hash of the last one: written down elsewhere, it proves the log of that day.
    pub head: String,
    /// First fault, if any.
    pub fault: Option<AuditFault>,
}

impl AuditVerdict {
    /// Whether the log is whole.
    pub fn is_whole(&self) -> bool {
        self.fault.is_none()
    }
}

/// Where the log was altered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditFault {
    /// Rank of the first entry that does not hold.
    pub seq: i64,
    /// How.
    pub kind: AuditFaultKind,
}

/// How an entry fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditFaultKind {
    /// An entry is missing before this rank.
    Missing,
    /// The entry does not follow the hash of the one before.
    Unchained,
    /// The content does not match the hash.
    Altered,
    /// The last entries were cut off, or entries were added behind the head.
    Cut,
}

impl Registry {
    /// Reads the whole log and recomputes every hash.
    pub async fn verify_audit(&self) -> Result<AuditVerdict, RegistryError> {
        Err(RegistryError::unfinished())
    }

    /// Entries after `after` (0 for the first), oldest first, at most `limit`.
    pub async fn audit_entries(
        &self,
        after: i64,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, RegistryError> {
        let _ = (after, limit);
        Err(RegistryError::unfinished())
    }
}
