//! The audit log: append-only and hash-chained, so that a change shows.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::Row as _;

use crate::{
    Registry, RegistryError,
    database::{Conn, Row},
    value::{sha256_hex, to_timestamp, to_us, wrong},
};

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
        // One transaction: an entry appended meanwhile must not look like a forged end.
        let mut transaction = self.read_together().await?;
        verify(&mut transaction).await
    }

    /// Entries after `after` (0 for the first), oldest first, at most `limit`.
    pub async fn audit_entries(
        &self,
        after: i64,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, RegistryError> {
        page(&mut *self.read().await?, after, limit).await
    }
}

/// An act to be recorded.
pub(crate) struct Act<'a> {
    pub(crate) at: Timestamp,
    pub(crate) by: &'a str,
    pub(crate) action: &'static str,
    pub(crate) object: String,
    pub(crate) details: Value,
}

/// Appends one entry inside the caller's transaction.
pub(crate) async fn record(conn: &mut Conn, act: Act<'_>) -> Result<(), RegistryError> {
    let head =
        sqlx::query("SELECT seq, hash FROM audit_head WHERE id = 1").fetch_one(&mut *conn).await?;
    let last: i64 = head.try_get("seq")?;
    let prev_hash: String = head.try_get("hash")?;
    let seq = last.checked_add(1).ok_or_else(|| wrong("seq", last))?;
    let at_us = to_us(act.at);
    let details = canonical(&act.details);
    let hash = digest(seq, at_us, act.by, act.action, &act.object, &details, &prev_hash);
    sqlx::query(
        "INSERT INTO audit_entry (seq, at_us, actor, action, object, details, prev_hash, hash)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(seq)
    .bind(at_us)
    .bind(act.by)
    .bind(act.action)
    .bind(act.object)
    .bind(details)
    .bind(prev_hash)
    .bind(&hash)
    .execute(&mut *conn)
    .await?;
    sqlx::query("UPDATE audit_head SET seq = $1, hash = $2 WHERE id = 1")
        .bind(seq)
        .bind(hash)
        .execute(conn)
        .await?;
    Ok(())
}

/// Entries read at once while verifying: the log may be longer than the memory.
const PAGE: u32 = 1000;

pub(crate) async fn verify(conn: &mut Conn) -> Result<AuditVerdict, RegistryError> {
    let head = sqlx::query("SELECT seq, hash FROM audit_head WHERE id = 1")
        .fetch_optional(&mut *conn)
        .await?;
    let mut verdict = AuditVerdict { entries: 0, head: ORIGIN.to_owned(), fault: None };
    let mut seq = 0;
    loop {
        let entries = page(conn, seq, PAGE).await?;
        if entries.is_empty() {
            break;
        }
        for entry in entries {
            let expected = seq + 1;
            let kind = if entry.seq != expected {
                Some(AuditFaultKind::Missing)
            } else if entry.prev_hash != verdict.head {
                Some(AuditFaultKind::Unchained)
            } else if entry.hash != entry.digest() {
                Some(AuditFaultKind::Altered)
            } else {
                None
            };
            if let Some(kind) = kind {
                verdict.fault = Some(AuditFault { seq: expected, kind });
                return Ok(verdict);
            }
            seq = expected;
            verdict.entries += 1;
            verdict.head = entry.hash;
        }
    }
    let holds = match head {
        Some(head) => {
            let (last, hash): (i64, String) = (head.try_get("seq")?, head.try_get("hash")?);
            last == seq && hash == verdict.head
        }
        None => false,
    };
    if !holds {
        verdict.fault = Some(AuditFault { seq: seq + 1, kind: AuditFaultKind::Cut });
    }
    Ok(verdict)
}

async fn page(conn: &mut Conn, after: i64, limit: u32) -> Result<Vec<AuditEntry>, RegistryError> {
    let rows = sqlx::query(
        "SELECT seq, at_us, actor, action, object, details, prev_hash, hash
         FROM audit_entry WHERE seq > $1 ORDER BY seq LIMIT $2",
    )
    .bind(after)
    .bind(i64::from(limit))
    .fetch_all(conn)
    .await?;
    rows.iter().map(entry).collect()
}

pub(crate) fn entry(row: &Row) -> Result<AuditEntry, RegistryError> {
    Ok(AuditEntry {
        seq: row.try_get("seq")?,
        at: to_timestamp("audit_entry.at_us", row.try_get("at_us")?)?,
        actor: row.try_get("actor")?,
        action: row.try_get("action")?,
        object: row.try_get("object")?,
        details: row.try_get("details")?,
        prev_hash: row.try_get("prev_hash")?,
        hash: row.try_get("hash")?,
    })
}

/// Hash before the first entry.
const ORIGIN: &str = "0000000000000000000000000000000000000000000000000000000000000000";

impl AuditEntry {
    /// The hash this content must have.
    pub fn digest(&self) -> String {
        let at_us = to_us(self.at);
        digest(
            self.seq,
            at_us,
            &self.actor,
            &self.action,
            &self.object,
            &self.details,
            &self.prev_hash,
        )
    }
}

fn digest(
    seq: i64,
    at_us: i64,
    actor: &str,
    action: &str,
    object: &str,
    details: &str,
    prev_hash: &str,
) -> String {
    // `details` goes in as the text stored, not parsed again: what is hashed is what is kept.
    let content = canonical(&json!({
        "seq": seq,
        "at_us": at_us,
        "actor": actor,
        "action": action,
        "object": object,
        "details": details,
        "prev_hash": prev_hash,
    }));
    sha256_hex(content.as_bytes())
}

/// JSON without blanks, keys in bytewise order: the same value is always the same text.
fn canonical(value: &Value) -> String {
    fn sorted(value: &Value) -> Value {
        match value {
            Value::Object(map) => {
                let keys: BTreeMap<&String, Value> =
                    map.iter().map(|(key, value)| (key, sorted(value))).collect();
                Value::Object(keys.into_iter().map(|(k, v)| (k.clone(), v)).collect())
            }
            Value::Array(values) => Value::Array(values.iter().map(sorted).collect()),
            other => other.clone(),
        }
    }
    sorted(value).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_text_does_not_depend_on_the_order_of_keys() {
        let a = json!({"b": [{"z": 1, "a": null}], "a": "é"});
        let b = json!({"a": "é", "b": [{"a": null, "z": 1}]});
        assert_eq!(canonical(&a), canonical(&b));
        assert_eq!(canonical(&a), r#"{"a":"é","b":[{"a":null,"z":1}]}"#);
    }

    #[test]
    fn a_field_cannot_slide_into_its_neighbour() {
        let one = digest(1, 2, "ab", "c", "d", "{}", ORIGIN);
        let two = digest(1, 2, "a", "bc", "d", "{}", ORIGIN);
        assert_ne!(one, two);
    }
}
