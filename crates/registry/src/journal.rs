//! The audit log as people read it, and acts that change nothing else.

use eclusier_core::PersonId;
use jiff::Timestamp;
use serde_json::Value;

use crate::{
    AuditEntry, Registry, RegistryError,
    audit::{Act, entry, record},
};

/// Which entries of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JournalQuery {
    /// Entries of a lower rank.
    pub before: Option<i64>,
    /// Acts whose name begins so.
    pub action: Option<String>,
    /// Object.
    pub object: Option<String>,
    /// Who.
    pub actor: Option<String>,
    /// At most this many.
    pub limit: u32,
}

impl Registry {
    /// Records an act that changes nothing: a look at individual rows, an export, a sign-out.
    pub async fn record_act(
        &self,
        action: &'static str,
        object: &str,
        details: Value,
        by: &str,
        at: Timestamp,
    ) -> Result<(), RegistryError> {
        let mut write = self.write().await?;
        let object = object.to_owned();
        record(write.conn(), Act { at, by, action, object, details }).await?;
        write.commit().await
    }

    /// Entries of the audit log, latest first.
    pub async fn journal(&self, query: &JournalQuery) -> Result<Vec<AuditEntry>, RegistryError> {
        // The name of an act holds letters, dots and underscores: what follows a prefix lies
        // between it and the prefix followed by the last letter there is.
        let from = query.action.clone().unwrap_or_default();
        let until = format!("{from}\u{10ffff}");
        let rows = sqlx::query(
            "SELECT seq, at_us, actor, action, object, details, prev_hash, hash FROM audit_entry
             WHERE seq < $1 AND action >= $2 AND action < $3
               AND ($4 = '' OR object = $4) AND ($5 = '' OR actor = $5)
             ORDER BY seq DESC LIMIT $6",
        )
        .bind(query.before.unwrap_or(i64::MAX))
        .bind(from)
        .bind(until)
        .bind(query.object.clone().unwrap_or_default())
        .bind(query.actor.clone().unwrap_or_default())
        .bind(i64::from(query.limit))
        .fetch_all(&mut *self.read().await?)
        .await?;
        rows.iter().map(entry).collect()
    }

    /// Rank of the last entry of the audit log.
    pub async fn journal_length(&self) -> Result<i64, RegistryError> {
        let last = sqlx::query_scalar("SELECT seq FROM audit_head WHERE id = 1")
            .fetch_one(&mut *self.read().await?)
            .await?;
        Ok(last)
    }

    /// Looks at the individual rows of a person, latest first.
    pub async fn looks_at(
        &self,
        person: &PersonId,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, RegistryError> {
        let query = JournalQuery {
            action: Some("individual.".into()),
            object: Some(format!("person/{}", person.0)),
            limit,
            ..JournalQuery::default()
        };
        self.journal(&query).await
    }
}
