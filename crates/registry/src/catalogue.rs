//! The catalogue: which data files make up each version of the lake.
//!
//! Version numbers are global and grow by one with each commit of any process;
//! a file row carries the version that added it and the one that retired it, so
//! that any earlier version reads back exactly.

use std::collections::BTreeSet;

use eclusier_core::{Commit, DataFile, DeliveryId, FileKind, ProcessId, Snapshot, SnapshotId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::Row as _;

use crate::{
    FileProblem, Registry, RegistryError,
    audit::{Act, record},
    database::Conn,
    value::{
        from_count, to_count, to_date, to_process, to_timestamp, to_us, with_null, without_null,
        wrong,
    },
};

/// A process and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessSummary {
    /// Process.
    pub id: ProcessId,
    /// Label of its latest rules; the id when none.
    pub label: String,
    /// Instant of the last import that still counts.
    pub last_import: Option<Timestamp>,
    /// Imports that still count.
    pub imports: u64,
    /// Current version (0 when nothing was ever committed).
    pub snapshot: SnapshotId,
}

/// Why a version exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SnapshotCause {
    /// An import.
    Import,
    /// An import taken back.
    Undo,
    /// Files merged, the same rows.
    Compaction,
}

/// One version of a process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotRecord {
    /// Version.
    pub id: SnapshotId,
    /// Version before (0 for the first).
    pub parent: SnapshotId,
    /// Why it exists.
    pub cause: SnapshotCause,
    /// Import committed or undone.
    pub import: Option<DeliveryId>,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
}

impl SnapshotCause {
    /// Name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            SnapshotCause::Import => "import",
            SnapshotCause::Undo => "undo",
            SnapshotCause::Compaction => "compaction",
        }
    }

    fn read(text: &str) -> Result<Self, RegistryError> {
        match text {
            "import" => Ok(SnapshotCause::Import),
            "undo" => Ok(SnapshotCause::Undo),
            "compaction" => Ok(SnapshotCause::Compaction),
            other => Err(wrong("snapshot.cause", other)),
        }
    }
}

impl Registry {
    /// The live files of a process now; version 0 without files when there is none.
    pub async fn snapshot(&self, process: &ProcessId) -> Result<Snapshot, RegistryError> {
        let mut transaction = self.read_together().await?;
        let id = head(&mut transaction, process).await?;
        let files = files_of(&mut transaction, process, id).await?;
        Ok(Snapshot { id, process: process.clone(), files })
    }

    /// Current version of a process, 0 when it has none: cheap enough to ask before each use
    /// of a version kept in memory.
    pub async fn head(&self, process: &ProcessId) -> Result<SnapshotId, RegistryError> {
        head(&mut *self.read().await?, process).await
    }

    /// The files of an earlier version; `None` when it is not a version of this process.
    ///
    /// Version 0, before any commit, has no file.
    pub async fn snapshot_at(
        &self,
        process: &ProcessId,
        id: SnapshotId,
    ) -> Result<Option<Snapshot>, RegistryError> {
        // Rows of a committed version never change for that version: no transaction is needed.
        let mut conn = self.read().await?;
        let known: i64 =
            sqlx::query_scalar("SELECT count(*) FROM snapshot WHERE process = $1 AND id = $2")
                .bind(process.as_str())
                .bind(id.0)
                .fetch_one(&mut *conn)
                .await?;
        if known == 0 && id.0 != 0 {
            return Ok(None);
        }
        let files = files_of(&mut conn, process, id).await?;
        Ok(Some(Snapshot { id, process: process.clone(), files }))
    }

    /// Every version of a process, oldest first.
    pub async fn snapshots(
        &self,
        process: &ProcessId,
    ) -> Result<Vec<SnapshotRecord>, RegistryError> {
        let rows = sqlx::query(
            "SELECT id, parent, cause, delivery, actor, at_us FROM snapshot
             WHERE process = $1 ORDER BY id",
        )
        .bind(process.as_str())
        .fetch_all(&mut *self.read().await?)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(SnapshotRecord {
                    id: SnapshotId(row.try_get("id")?),
                    parent: SnapshotId(row.try_get("parent")?),
                    cause: SnapshotCause::read(row.try_get("cause")?)?,
                    import: row.try_get::<Option<i64>, _>("delivery")?.map(DeliveryId),
                    at: to_timestamp("snapshot.at_us", row.try_get("at_us")?)?,
                    by: row.try_get("actor")?,
                })
            })
            .collect()
    }

    /// Every process with an import or rules, by id.
    pub async fn processes(&self) -> Result<Vec<ProcessSummary>, RegistryError> {
        let rows = sqlx::query(
            "SELECT p.id, p.label, p.head, max(i.at_us) AS last_us, count(i.id) AS imports
             FROM process p
             LEFT JOIN import_record i ON i.process = p.id AND i.status = 'committed'
             GROUP BY p.id, p.label, p.head",
        )
        .fetch_all(&mut *self.read().await?)
        .await?;
        let mut processes = rows
            .iter()
            .map(|row| {
                let id = to_process("process.id", row.try_get("id")?)?;
                let label: String = row.try_get("label")?;
                Ok(ProcessSummary {
                    label: if label.is_empty() { id.to_string() } else { label },
                    id,
                    last_import: row
                        .try_get::<Option<i64>, _>("last_us")?
                        .map(|us| to_timestamp("import_record.at_us", us))
                        .transpose()?,
                    imports: from_count("imports", row.try_get("imports")?)?,
                    snapshot: SnapshotId(row.try_get("head")?),
                })
            })
            .collect::<Result<Vec<_>, RegistryError>>()?;
        // Sorted here: databases do not agree on the order of accents and capitals.
        processes.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(processes)
    }

    /// Whether any version, current or earlier, of any process reads this path.
    pub async fn known_file(&self, path: &str) -> Result<bool, RegistryError> {
        let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM data_file WHERE path = $1")
            .bind(path)
            .fetch_one(&mut *self.read().await?)
            .await?;
        Ok(rows > 0)
    }

    /// Every path that any version, current or earlier, reads; in bytewise order.
    pub async fn all_paths(
        &self,
        process: Option<&ProcessId>,
    ) -> Result<Vec<String>, RegistryError> {
        let mut conn = self.read().await?;
        let mut paths: Vec<String> = match process {
            Some(process) => {
                sqlx::query_scalar("SELECT DISTINCT path FROM data_file WHERE process = $1")
                    .bind(process.as_str())
                    .fetch_all(&mut *conn)
                    .await?
            }
            None => {
                sqlx::query_scalar("SELECT DISTINCT path FROM data_file")
                    .fetch_all(&mut *conn)
                    .await?
            }
        };
        paths.sort();
        Ok(paths)
    }

    /// Stores a compaction: other files, the same rows.
    pub async fn commit_compaction(
        &self,
        process: &ProcessId,
        commit: &Commit,
        base: SnapshotId,
        by: &str,
        at: Timestamp,
    ) -> Result<SnapshotId, RegistryError> {
        let mut write = self.write().await?;
        let step = Step { process, base, cause: SnapshotCause::Compaction, import: None, by, at };
        let id = advance(write.conn(), &step, commit).await?;
        let act = Act {
            at,
            by,
            action: "lake.compact",
            object: format!("process/{process}"),
            details: json!({
                "snapshot": id.0,
                "added": commit.added.len(),
                "retired": commit.retired.len(),
            }),
        };
        record(write.conn(), act).await?;
        write.commit().await?;
        Ok(id)
    }
}

/// A new version about to be made.
pub(crate) struct Step<'a> {
    pub(crate) process: &'a ProcessId,
    pub(crate) base: SnapshotId,
    pub(crate) cause: SnapshotCause,
    pub(crate) import: Option<DeliveryId>,
    pub(crate) by: &'a str,
    pub(crate) at: Timestamp,
}

/// Makes sure that the process is known.
pub(crate) async fn ensure_process(
    conn: &mut Conn,
    process: &ProcessId,
) -> Result<(), RegistryError> {
    sqlx::query("INSERT INTO process (id) VALUES ($1) ON CONFLICT (id) DO NOTHING")
        .bind(process.as_str())
        .execute(conn)
        .await?;
    Ok(())
}

/// Current version of a process, 0 when it has none.
pub(crate) async fn head(
    conn: &mut Conn,
    process: &ProcessId,
) -> Result<SnapshotId, RegistryError> {
    let head: Option<i64> = sqlx::query_scalar("SELECT head FROM process WHERE id = $1")
        .bind(process.as_str())
        .fetch_optional(conn)
        .await?;
    Ok(SnapshotId(head.unwrap_or(0)))
}

/// Next number of a sequence; a number taken by a transaction that fails is given again.
pub(crate) async fn next(conn: &mut Conn, name: &'static str) -> Result<i64, RegistryError> {
    let last = sqlx::query_scalar(
        "INSERT INTO sequence (name, last) VALUES ($1, 1)
         ON CONFLICT (name) DO UPDATE SET last = sequence.last + 1 RETURNING last",
    )
    .bind(name)
    .fetch_one(conn)
    .await?;
    Ok(last)
}

/// Makes the next version of a process: (files of `base` − every role of the
/// retired paths) ∪ the files added.
///
/// A role that is retired and added again in the same commit stays in the version:
/// that is how one of the two roles of a path is given up.
pub(crate) async fn advance(
    conn: &mut Conn,
    step: &Step<'_>,
    commit: &Commit,
) -> Result<SnapshotId, RegistryError> {
    let process = step.process;
    ensure_process(conn, process).await?;
    let current = head(conn, process).await?;
    if current != step.base {
        let (base, head) = (step.base, current);
        return Err(RegistryError::Conflict { process: process.clone(), base, head });
    }
    let id = next(conn, "snapshot").await?;
    sqlx::query(
        "INSERT INTO snapshot (id, process, parent, cause, delivery, actor, at_us)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(id)
    .bind(process.as_str())
    .bind(current.0)
    .bind(step.cause.as_str())
    .bind(step.import.map(|d| d.0))
    .bind(step.by)
    .bind(to_us(step.at))
    .execute(&mut *conn)
    .await?;

    let problem = |path: &str, problem| RegistryError::File {
        process: process.clone(),
        path: path.to_owned(),
        problem,
    };
    // A set: a path with two roles may be listed once for each.
    for path in commit.retired.iter().collect::<BTreeSet<_>>() {
        let retired = sqlx::query(
            "UPDATE data_file SET retired_in = $1
             WHERE process = $2 AND path = $3 AND retired_in IS NULL",
        )
        .bind(id)
        .bind(process.as_str())
        .bind(path)
        .execute(&mut *conn)
        .await?;
        if retired.rows_affected() == 0 {
            return Err(problem(path, FileProblem::NotLive));
        }
    }
    for file in &commit.added {
        if file.process != *process {
            return Err(problem(&file.path, FileProblem::OtherProcess));
        }
        add_file(conn, id, file).await?.map_err(|p| problem(&file.path, p))?;
    }
    sqlx::query("UPDATE process SET head = $1 WHERE id = $2")
        .bind(id)
        .bind(process.as_str())
        .execute(conn)
        .await?;
    Ok(SnapshotId(id))
}

async fn add_file(
    conn: &mut Conn,
    id: i64,
    file: &DataFile,
) -> Result<Result<(), FileProblem>, RegistryError> {
    let earlier = sqlx::query(
        "SELECT process, kind, retired_in, row_count, sha256 FROM data_file WHERE path = $1",
    )
    .bind(&file.path)
    .fetch_all(&mut *conn)
    .await?;
    let rows = to_count("data_file.rows", file.rows)?;
    for row in &earlier {
        if row.try_get::<&str, _>("process")? != file.process.as_str() {
            return Ok(Err(FileProblem::OtherProcess));
        }
        if row.try_get::<&str, _>("sha256")? != file.sha256
            || row.try_get::<i64, _>("row_count")? != rows
        {
            return Ok(Err(FileProblem::Changed));
        }
        if row.try_get::<&str, _>("kind")? != file.kind.as_str() {
            continue;
        }
        if row.try_get::<Option<i64>, _>("retired_in")?.is_none() {
            return Ok(Err(FileProblem::Twice));
        }
    }
    sqlx::query(
        "INSERT INTO data_file (process, kind, path, added_in, month, delivery, row_count,
             case_count, bytes, sha256, first_us, last_us, min_case, max_case)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    )
    .bind(file.process.as_str())
    .bind(file.kind.as_str())
    .bind(&file.path)
    .bind(id)
    .bind(file.month.map(|m| m.to_string()))
    .bind(file.delivery.0)
    .bind(rows)
    .bind(to_count("data_file.cases", file.cases)?)
    .bind(to_count("data_file.bytes", file.bytes)?)
    .bind(&file.sha256)
    .bind(file.first_us)
    .bind(file.last_us)
    .bind(file.min_case.as_deref().map(without_null))
    .bind(file.max_case.as_deref().map(without_null))
    .execute(conn)
    .await?;
    Ok(Ok(()))
}

/// Files of a version, by kind, month then path.
async fn files_of(
    conn: &mut Conn,
    process: &ProcessId,
    id: SnapshotId,
) -> Result<Vec<DataFile>, RegistryError> {
    let rows = sqlx::query(
        "SELECT kind, path, month, delivery, row_count, case_count, bytes, sha256,
                first_us, last_us, min_case, max_case
         FROM data_file
         WHERE process = $1 AND added_in <= $2 AND (retired_in IS NULL OR retired_in > $2)",
    )
    .bind(process.as_str())
    .bind(id.0)
    .fetch_all(conn)
    .await?;
    let mut files = rows
        .iter()
        .map(|row| {
            Ok(DataFile {
                path: row.try_get("path")?,
                kind: read_kind(row.try_get("kind")?)?,
                process: process.clone(),
                month: row
                    .try_get::<Option<&str>, _>("month")?
                    .map(|m| to_date("data_file.month", m))
                    .transpose()?,
                delivery: DeliveryId(row.try_get("delivery")?),
                rows: from_count("data_file.row_count", row.try_get("row_count")?)?,
                cases: from_count("data_file.case_count", row.try_get("case_count")?)?,
                bytes: from_count("data_file.bytes", row.try_get("bytes")?)?,
                sha256: row.try_get("sha256")?,
                first_us: row.try_get("first_us")?,
                last_us: row.try_get("last_us")?,
                min_case: row.try_get::<Option<&str>, _>("min_case")?.map(with_null),
                max_case: row.try_get::<Option<&str>, _>("max_case")?.map(with_null),
            })
        })
        .collect::<Result<Vec<_>, RegistryError>>()?;
    files.sort_by(|a, b| (a.kind as u8, a.month, &a.path).cmp(&(b.kind as u8, b.month, &b.path)));
    Ok(files)
}

fn read_kind(text: &str) -> Result<FileKind, RegistryError> {
    [FileKind::Events, FileKind::Delivery, FileKind::Counts]
        .into_iter()
        .find(|kind| kind.as_str() == text)
        .ok_or_else(|| wrong("data_file.kind", text))
}
