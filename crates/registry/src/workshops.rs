//! What workshops write about a process, and the models its cases are compared with.

use eclusier_core::ProcessId;
use jiff::Timestamp;
use serde_json::json;
use sqlx::Row as _;

use crate::{
    Registry, RegistryError,
    audit::{Act, record},
    catalogue::next,
    database::Row,
    value::{sha256_hex, to_process, to_timestamp, to_us},
};

/// What was written about a process; the content is JSON of the caller's making.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkshopRecord {
    /// Content.
    pub content: String,
    /// Version, from 1.
    pub version: i64,
    /// Who wrote it last.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A reference model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelRecord {
    /// Number.
    pub id: i64,
    /// Process it describes.
    pub process: ProcessId,
    /// Name given.
    pub name: String,
    /// BPMN 2.0.
    pub bpmn: String,
    /// Its digest.
    pub sha256: String,
    /// Who stored it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A model to store.
#[derive(Debug, Clone, Copy)]
pub struct NewModel<'a> {
    /// Process it describes.
    pub process: &'a ProcessId,
    /// Name given.
    pub name: &'a str,
    /// BPMN 2.0.
    pub bpmn: &'a str,
}

impl Registry {
    /// What was written about a process.
    pub async fn workshop(
        &self,
        process: &ProcessId,
    ) -> Result<Option<WorkshopRecord>, RegistryError> {
        let row =
            sqlx::query("SELECT content, version, actor, at_us FROM workshop WHERE process = $1")
                .bind(process.as_str())
                .fetch_optional(&mut *self.read().await?)
                .await?;
        row.map(|row| {
            Ok(WorkshopRecord {
                content: row.try_get("content")?,
                version: row.try_get("version")?,
                by: row.try_get("actor")?,
                at: to_timestamp("workshop.at_us", row.try_get("at_us")?)?,
            })
        })
        .transpose()
    }

    /// Replaces what was written, if nobody else did since version `seen` (0 before the first).
    pub async fn put_workshop(
        &self,
        process: &ProcessId,
        content: &str,
        seen: i64,
        by: &str,
        at: Timestamp,
    ) -> Result<i64, RegistryError> {
        let mut write = self.write().await?;
        let version: i64 = sqlx::query_scalar("SELECT version FROM workshop WHERE process = $1")
            .bind(process.as_str())
            .fetch_optional(write.conn())
            .await?
            .unwrap_or(0);
        if version != seen {
            return Err(RegistryError::Stale { what: "workshop", id: process.to_string() });
        }
        let version = version.saturating_add(1);
        sqlx::query(
            "INSERT INTO workshop (process, content, version, actor, at_us) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (process) DO UPDATE SET content = excluded.content,
                 version = excluded.version, actor = excluded.actor, at_us = excluded.at_us",
        )
        .bind(process.as_str())
        .bind(content)
        .bind(version)
        .bind(by)
        .bind(to_us(at))
        .execute(write.conn())
        .await?;
        let details = json!({ "version": version, "sha256": sha256_hex(content.as_bytes()) });
        let object = format!("process/{process}");
        record(write.conn(), Act { at, by, action: "workshop.put", object, details }).await?;
        write.commit().await?;
        Ok(version)
    }

    /// The models of a process, oldest first.
    pub async fn models(&self, process: &ProcessId) -> Result<Vec<ModelRecord>, RegistryError> {
        let rows = sqlx::query("SELECT * FROM reference_model WHERE process = $1 ORDER BY id")
            .bind(process.as_str())
            .fetch_all(&mut *self.read().await?)
            .await?;
        rows.iter().map(model).collect()
    }

    /// One model.
    pub async fn model(&self, process: &ProcessId, id: i64) -> Result<ModelRecord, RegistryError> {
        let row = sqlx::query("SELECT * FROM reference_model WHERE process = $1 AND id = $2")
            .bind(process.as_str())
            .bind(id)
            .fetch_optional(&mut *self.read().await?)
            .await?;
        row.as_ref()
            .map(model)
            .transpose()?
            .ok_or_else(|| RegistryError::Missing { what: "model", id: id.to_string() })
    }

    /// Stores a model.
    pub async fn add_model(
        &self,
        new: NewModel<'_>,
        by: &str,
        at: Timestamp,
    ) -> Result<ModelRecord, RegistryError> {
        let mut write = self.write().await?;
        let id = next(write.conn(), "reference_model").await?;
        let sha256 = sha256_hex(new.bpmn.as_bytes());
        sqlx::query(
            "INSERT INTO reference_model (id, process, name, bpmn, sha256, actor, at_us)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(id)
        .bind(new.process.as_str())
        .bind(new.name)
        .bind(new.bpmn)
        .bind(&sha256)
        .bind(by)
        .bind(to_us(at))
        .execute(write.conn())
        .await?;
        let details = json!({ "process": new.process.as_str(), "sha256": sha256 });
        let object = format!("model/{id}");
        record(write.conn(), Act { at, by, action: "model.add", object, details }).await?;
        write.commit().await?;
        Ok(ModelRecord {
            id,
            process: new.process.clone(),
            name: new.name.to_owned(),
            bpmn: new.bpmn.to_owned(),
            sha256,
            by: by.to_owned(),
            at,
        })
    }

    /// Removes a model; its digest stays in the audit log.
    pub async fn delete_model(
        &self,
        process: &ProcessId,
        id: i64,
        by: &str,
        at: Timestamp,
    ) -> Result<(), RegistryError> {
        let mut write = self.write().await?;
        let gone: Option<String> = sqlx::query_scalar(
            "DELETE FROM reference_model WHERE process = $1 AND id = $2 RETURNING sha256",
        )
        .bind(process.as_str())
        .bind(id)
        .fetch_optional(write.conn())
        .await?;
        let Some(sha256) = gone else {
            return Err(RegistryError::Missing { what: "model", id: id.to_string() });
        };
        let details = json!({ "process": process.as_str(), "sha256": sha256 });
        let object = format!("model/{id}");
        record(write.conn(), Act { at, by, action: "model.delete", object, details }).await?;
        write.commit().await
    }
}

fn model(row: &Row) -> Result<ModelRecord, RegistryError> {
    Ok(ModelRecord {
        id: row.try_get("id")?,
        process: to_process("reference_model.process", row.try_get("process")?)?,
        name: row.try_get("name")?,
        bpmn: row.try_get("bpmn")?,
        sha256: row.try_get("sha256")?,
        by: row.try_get("actor")?,
        at: to_timestamp("reference_model.at_us", row.try_get("at_us")?)?,
    })
}
