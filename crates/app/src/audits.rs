//! The audit log as a person reads it, and the proof that nobody rewrote it.

use eclusier_core::Permission;
use eclusier_registry::{AuditEntry, AuditVerdict};

use crate::{App, error::AppResult};

impl App {
    /// Reads the whole log again and recomputes every hash.
    pub async fn verify_audit(&self) -> AppResult<AuditVerdict> {
        self.require_all(Permission::AuditRead)?;
        Ok(self.registry().verify_audit().await?)
    }

    /// Entries after a rank (0 for the first), oldest first, at most `limit`.
    pub async fn audit_entries(&self, after: i64, limit: u32) -> AppResult<Vec<AuditEntry>> {
        self.require_all(Permission::AuditRead)?;
        Ok(self.registry().audit_entries(after, limit).await?)
    }
}
