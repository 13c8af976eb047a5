//! Rehearsals of a restoration: what proves that a backup reads back.

use jiff::Timestamp;
use serde_json::json;
use sqlx::Row as _;

use crate::{
    Registry, RegistryError,
    audit::{Act, record},
    catalogue::next,
    value::{check_json, sha256_hex, to_timestamp, to_us},
};

/// One rehearsal, as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct RehearsalRecord {
    /// When.
    pub at: Timestamp,
    /// Which backup.
    pub backup: String,
    /// Instant of that backup; `None` when it could not be read.
    pub backup_at: Option<Timestamp>,
    /// Whether it came back whole.
    pub ok: bool,
    /// How long it took.
    pub seconds: f64,
    /// What did not hold, JSON.
    pub details: String,
}

impl Registry {
    /// Stores the outcome of a rehearsal.
    pub async fn add_rehearsal(
        &self,
        rehearsal: &RehearsalRecord,
        by: &str,
    ) -> Result<(), RegistryError> {
        let RehearsalRecord { at, backup, backup_at, ok, seconds, details } = rehearsal;
        check_json("rehearsal", details)?;
        let mut write = self.write().await?;
        let id = next(write.conn(), "rehearsal").await?;
        sqlx::query(
            "INSERT INTO rehearsal (id, at_us, backup, backup_us, ok, seconds, details)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(id)
        .bind(to_us(*at))
        .bind(backup)
        .bind(backup_at.map(to_us))
        .bind(i64::from(*ok))
        .bind(*seconds)
        .bind(details)
        .execute(write.conn())
        .await?;
        let act = Act {
            at: *at,
            by,
            action: "backup.rehearse",
            object: format!("rehearsal/{id}"),
            // The folder stays out of the log, as every name a person chose.
            details: json!({
                "backup_at_us": backup_at.map(to_us),
                "ok": ok,
                "details_sha256": sha256_hex(details.as_bytes()),
            }),
        };
        record(write.conn(), act).await?;
        write.commit().await
    }

    /// The latest rehearsals first, at most `limit`.
    pub async fn rehearsals(&self, limit: u32) -> Result<Vec<RehearsalRecord>, RegistryError> {
        let rows = sqlx::query(
            "SELECT at_us, backup, backup_us, ok, seconds, details FROM rehearsal
             ORDER BY id DESC LIMIT $1",
        )
        .bind(i64::from(limit))
        .fetch_all(&mut *self.read().await?)
        .await?;
        rows.iter()
            .map(|row| {
                let backup_us: Option<i64> = row.try_get("backup_us")?;
                Ok(RehearsalRecord {
                    at: to_timestamp("rehearsal.at_us", row.try_get("at_us")?)?,
                    backup: row.try_get("backup")?,
                    backup_at: backup_us
                        .map(|us| to_timestamp("rehearsal.backup_us", us))
                        .transpose()?,
                    ok: row.try_get::<i64, _>("ok")? != 0,
                    seconds: row.try_get("seconds")?,
                    details: row.try_get("details")?,
                })
            })
            .collect()
    }
}
