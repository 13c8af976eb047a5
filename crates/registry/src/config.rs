//! Dated rules of each process: every text ever saved is kept.

use std::collections::BTreeMap;

use eclusier_core::{DatedRules, ProcessId, ProcessRules};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::Row as _;

use crate::{
    Registry, RegistryError,
    audit::{Act, record},
    catalogue::{ensure_process, next},
    database::Conn,
    value::{sha256_hex, to_date, to_timestamp, to_us},
};

/// The rules that hold from a day on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConfigVersion {
    /// First day of validity; the next version ends it.
    pub from: Date,
    /// Number of the save that made it, growing with time over all processes.
    pub revision: i64,
    /// The rules.
    pub rules: ProcessRules,
    /// Who saved them.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// One save or removal of rules, whatever came after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigChange {
    /// Number, growing with time over all processes.
    pub revision: i64,
    /// First day of validity of the version changed.
    pub from: Date,
    /// Text saved; `None` when the version was removed.
    pub toml: Option<String>,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

impl Registry {
    /// The versions of the rules of a process, by first day.
    pub async fn config_versions(
        &self,
        process: &ProcessId,
    ) -> Result<Vec<ConfigVersion>, RegistryError> {
        self.config_as_of(process, i64::MAX).await
    }

    /// The same as they stood at a revision: what a closed period was computed with.
    pub async fn config_as_of(
        &self,
        process: &ProcessId,
        revision: i64,
    ) -> Result<Vec<ConfigVersion>, RegistryError> {
        let changes = changes(&mut *self.read().await?, process, revision).await?;
        standing(changes)
            .into_values()
            .filter_map(|change| {
                let toml = change.toml?;
                Some(read_rules(process, change.from, &toml).map(|rules| ConfigVersion {
                    from: change.from,
                    revision: change.revision,
                    rules,
                    by: change.by,
                    at: change.at,
                }))
            })
            .collect()
    }

    /// The rules in force on a day; `None` when no version has begun by then.
    pub async fn rules_on(
        &self,
        process: &ProcessId,
        day: Date,
    ) -> Result<Option<DatedRules>, RegistryError> {
        let changes = changes(&mut *self.read().await?, process, i64::MAX).await?;
        let begun = standing(changes)
            .into_values()
            .rev()
            .filter(|change| change.from <= day)
            .find_map(|change| Some((change.from, change.toml?)));
        match begun {
            None => Ok(None),
            Some((from, toml)) => {
                Ok(Some(DatedRules { from, rules: read_rules(process, from, &toml)? }))
            }
        }
    }

    /// Saves the rules that hold from a day on; refused when [`ProcessRules::check`] finds a problem.
    ///
    /// Returns the revision; saving the text already in force changes nothing and
    /// returns its revision.
    pub async fn put_config(
        &self,
        process: &ProcessId,
        from: Date,
        rules: &ProcessRules,
        by: &str,
        at: Timestamp,
    ) -> Result<i64, RegistryError> {
        let problems = rules.check();
        if !problems.is_empty() {
            return Err(RegistryError::InvalidRules { process: process.clone(), problems });
        }
        let toml = rules.to_toml().map_err(|source| RegistryError::WriteRules {
            process: process.clone(),
            source: Box::new(source),
        })?;
        // What is stored must read back: a value that TOML cannot carry is refused now, not later.
        read_rules(process, from, &toml)?;
        let mut write = self.write().await?;
        let mut versions = standing(changes(write.conn(), process, i64::MAX).await?);
        if let Some(same) = versions.get(&from).filter(|v| v.toml.as_deref() == Some(&toml)) {
            return Ok(same.revision);
        }
        let revision = insert(write.conn(), process, from, Some(&toml), by, at).await?;
        let change = ConfigChange { revision, from, toml: Some(toml), by: by.to_owned(), at };
        versions.insert(from, change);
        relabel(write.conn(), process, &versions).await?;
        write.commit().await?;
        Ok(revision)
    }

    /// Removes the version that begins that day; `false` when there is none.
    pub async fn remove_config(
        &self,
        process: &ProcessId,
        from: Date,
        by: &str,
        at: Timestamp,
    ) -> Result<bool, RegistryError> {
        let mut write = self.write().await?;
        let mut versions = standing(changes(write.conn(), process, i64::MAX).await?);
        if versions.get(&from).is_none_or(|version| version.toml.is_none()) {
            return Ok(false);
        }
        insert(write.conn(), process, from, None, by, at).await?;
        versions.remove(&from);
        relabel(write.conn(), process, &versions).await?;
        write.commit().await?;
        Ok(true)
    }

    /// Every save and removal, oldest first.
    pub async fn config_history(
        &self,
        process: &ProcessId,
    ) -> Result<Vec<ConfigChange>, RegistryError> {
        changes(&mut *self.read().await?, process, i64::MAX).await
    }
}

/// Last revision of a process, 0 when it never had rules.
pub(crate) async fn last_revision(
    conn: &mut Conn,
    process: &ProcessId,
) -> Result<i64, RegistryError> {
    let last: Option<i64> =
        sqlx::query_scalar("SELECT max(revision) FROM config_revision WHERE process = $1")
            .bind(process.as_str())
            .fetch_one(conn)
            .await?;
    Ok(last.unwrap_or(0))
}

/// Changes up to a revision, oldest first.
async fn changes(
    conn: &mut Conn,
    process: &ProcessId,
    revision: i64,
) -> Result<Vec<ConfigChange>, RegistryError> {
    let rows = sqlx::query(
        "SELECT revision, from_day, toml, actor, at_us FROM config_revision
         WHERE process = $1 AND revision <= $2 ORDER BY revision",
    )
    .bind(process.as_str())
    .bind(revision)
    .fetch_all(conn)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(ConfigChange {
                revision: row.try_get("revision")?,
                from: to_date("config_revision.from_day", row.try_get("from_day")?)?,
                toml: row.try_get("toml")?,
                by: row.try_get("actor")?,
                at: to_timestamp("config_revision.at_us", row.try_get("at_us")?)?,
            })
        })
        .collect()
}

/// The last change of each first day.
fn standing(changes: Vec<ConfigChange>) -> BTreeMap<Date, ConfigChange> {
    changes.into_iter().map(|change| (change.from, change)).collect()
}

fn read_rules(process: &ProcessId, from: Date, toml: &str) -> Result<ProcessRules, RegistryError> {
    ProcessRules::from_toml(toml).map_err(|source| RegistryError::StoredRules {
        process: process.clone(),
        from,
        source: Box::new(source),
    })
}

async fn insert(
    conn: &mut Conn,
    process: &ProcessId,
    from: Date,
    toml: Option<&str>,
    by: &str,
    at: Timestamp,
) -> Result<i64, RegistryError> {
    ensure_process(conn, process).await?;
    let revision = next(conn, "config").await?;
    sqlx::query(
        "INSERT INTO config_revision (revision, process, from_day, toml, actor, at_us)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(revision)
    .bind(process.as_str())
    .bind(from.to_string())
    .bind(toml)
    .bind(by)
    .bind(to_us(at))
    .execute(&mut *conn)
    .await?;
    let act = Act {
        at,
        by,
        action: if toml.is_some() { "config.put" } else { "config.remove" },
        object: format!("process/{process}"),
        details: json!({
            "from": from.to_string(),
            "revision": revision,
            "sha256": toml.map(|toml| sha256_hex(toml.as_bytes())),
        }),
    };
    record(conn, act).await?;
    Ok(revision)
}

/// The process bears the label of its latest version.
async fn relabel(
    conn: &mut Conn,
    process: &ProcessId,
    versions: &BTreeMap<Date, ConfigChange>,
) -> Result<(), RegistryError> {
    let latest = versions.values().rev().find_map(|v| v.toml.as_deref().map(|t| (v.from, t)));
    let label = match latest {
        Some((from, toml)) => read_rules(process, from, toml)?.label,
        None => String::new(),
    };
    sqlx::query("UPDATE process SET label = $1 WHERE id = $2")
        .bind(label)
        .bind(process.as_str())
        .execute(conn)
        .await?;
    Ok(())
}
