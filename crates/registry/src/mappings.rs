//! Named mappings, found again by the header of a file.

use eclusier_core::ProcessId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::Row as _;

use crate::{
    Registry, RegistryError,
    audit::{Act, record},
    database::Row,
    value::{sha256_hex, to_process, to_timestamp, to_us},
};

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
        let mut write = self.write().await?;
        sqlx::query(
            "INSERT INTO mapping (name, process, toml, header, file_pattern, actor, at_us)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (name) DO UPDATE SET process = excluded.process, toml = excluded.toml,
                 header = excluded.header, file_pattern = excluded.file_pattern,
                 actor = excluded.actor, at_us = excluded.at_us",
        )
        .bind(&mapping.name)
        .bind(mapping.process.as_str())
        .bind(&mapping.toml)
        .bind(&mapping.header)
        .bind(&mapping.file_pattern)
        .bind(&mapping.by)
        .bind(to_us(mapping.at))
        .execute(write.conn())
        .await?;
        let act = Act {
            at: mapping.at,
            by: &mapping.by,
            action: "mapping.save",
            object: format!("mapping/{}", mapping.name),
            details: json!({
                "process": mapping.process.as_str(),
                "header": mapping.header,
                "sha256": sha256_hex(mapping.toml.as_bytes()),
            }),
        };
        record(write.conn(), act).await?;
        write.commit().await
    }

    /// Every mapping, by name.
    pub async fn mappings(&self) -> Result<Vec<SavedMapping>, RegistryError> {
        let rows = sqlx::query("SELECT * FROM mapping").fetch_all(&mut *self.read().await?).await?;
        let mut mappings: Vec<SavedMapping> =
            rows.iter().map(read).collect::<Result<_, RegistryError>>()?;
        mappings.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(mappings)
    }

    /// One mapping.
    pub async fn mapping(&self, name: &str) -> Result<Option<SavedMapping>, RegistryError> {
        let row = sqlx::query("SELECT * FROM mapping WHERE name = $1")
            .bind(name)
            .fetch_optional(&mut *self.read().await?)
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// Mappings whose files have this header, latest saved first.
    pub async fn mappings_for_header(
        &self,
        header: &str,
    ) -> Result<Vec<SavedMapping>, RegistryError> {
        let rows = sqlx::query("SELECT * FROM mapping WHERE header = $1 ORDER BY at_us DESC, name")
            .bind(header)
            .fetch_all(&mut *self.read().await?)
            .await?;
        rows.iter().map(read).collect()
    }

    /// Removes a mapping; `false` when there is none of that name.
    pub async fn delete_mapping(
        &self,
        name: &str,
        by: &str,
        at: Timestamp,
    ) -> Result<bool, RegistryError> {
        let mut write = self.write().await?;
        let gone: Option<String> =
            sqlx::query_scalar("DELETE FROM mapping WHERE name = $1 RETURNING toml")
                .bind(name)
                .fetch_optional(write.conn())
                .await?;
        let Some(toml) = gone else { return Ok(false) };
        let details = json!({ "sha256": sha256_hex(toml.as_bytes()) });
        let act =
            Act { at, by, action: "mapping.delete", object: format!("mapping/{name}"), details };
        record(write.conn(), act).await?;
        write.commit().await?;
        Ok(true)
    }
}

fn read(row: &Row) -> Result<SavedMapping, RegistryError> {
    Ok(SavedMapping {
        name: row.try_get("name")?,
        process: to_process("mapping.process", row.try_get("process")?)?,
        toml: row.try_get("toml")?,
        header: row.try_get("header")?,
        file_pattern: row.try_get("file_pattern")?,
        by: row.try_get("actor")?,
        at: to_timestamp("mapping.at_us", row.try_get("at_us")?)?,
    })
}
