//! The ledger of imports: what was delivered, by whom, with which result.

use std::ops::Deref;

use eclusier_core::{Commit, DeliveryId, OrgId, Period, ProcessId, SnapshotId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::Row as _;

use crate::{
    Registry, RegistryError, SnapshotCause,
    audit::{Act, record},
    catalogue::{Step, advance, next},
    database::{Conn, Row},
    value::{
        check_json, from_count, sha256_hex, to_count, to_period, to_process, to_timestamp, to_us,
        whole_us, wrong,
    },
};

/// What was delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportKind {
    /// Events of cases.
    Events,
    /// Daily counts from a file.
    Counts,
    /// Contacts.
    Contacts,
    /// Staff list.
    Staff,
    /// Daily counts typed or corrected on screen.
    Typed,
}

impl ImportKind {
    /// Name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            ImportKind::Events => "events",
            ImportKind::Counts => "counts",
            ImportKind::Contacts => "contacts",
            ImportKind::Staff => "staff",
            ImportKind::Typed => "typed",
        }
    }
}

/// Whether an import still counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportStatus {
    /// It counts.
    Committed,
    /// It was taken back.
    Undone,
}

/// An import about to be committed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewImport {
    /// Number reserved before writing.
    pub id: DeliveryId,
    /// Process.
    pub process: ProcessId,
    /// Body or part of it, when told.
    pub org: Option<OrgId>,
    /// What was delivered.
    pub kind: ImportKind,
    /// Name of the file, without folders.
    pub file_name: String,
    /// Source tool: replacement concerns rows of the same source.
    pub source: String,
    /// SHA-256 of the file as delivered, hexadecimal.
    pub sha256: String,
    /// Digest of what else decides the result (mapping, kind, zone…).
    pub fingerprint: String,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// Mapping used, TOML.
    pub mapping_toml: Option<String>,
    /// Zone in which instants without offset were read.
    pub zone: Option<String>,
    /// Rows read.
    pub rows_read: u64,
    /// Rows accepted.
    pub accepted: u64,
    /// Rows refused.
    pub quarantined: u64,
    /// Rows another delivery already held.
    pub duplicates: u64,
    /// Rows repeated inside the delivery, kept and flagged.
    pub repeated: u64,
    /// Rows of earlier deliveries that this one replaced.
    pub replaced: u64,
    /// Cases.
    pub cases: u64,
    /// Activities.
    pub activities: u64,
    /// People and machines.
    pub resources: u64,
    /// Earliest instant.
    pub first: Option<Timestamp>,
    /// Latest instant.
    pub last: Option<Timestamp>,
    /// Findings, JSON array.
    pub findings_json: String,
    /// Where refused rows were written, below the data directory.
    pub quarantine_path: Option<String>,
    /// Period whose rows of the same source this delivery replaces.
    pub replace: Option<Period>,
}

/// An import as the ledger holds it; its facts read through (`record.rows_read`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportRecord {
    /// The facts given at commit.
    #[serde(flatten)]
    pub import: NewImport,
    /// Whether it still counts.
    pub status: ImportStatus,
    /// Version it made.
    pub snapshot: SnapshotId,
    /// How it was taken back.
    pub undone: Option<Undone>,
}

impl Deref for ImportRecord {
    type Target = NewImport;
    fn deref(&self) -> &NewImport {
        &self.import
    }
}

/// How an import was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undone {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Version that took it back.
    pub snapshot: SnapshotId,
}

/// A delivery that counts: the lake is a function of the list of these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveDelivery {
    /// Delivery.
    pub id: DeliveryId,
    /// What it holds.
    pub kind: ImportKind,
    /// Source tool.
    pub source: String,
    /// Zone in which its instants without offset, and the days it replaces, were read.
    pub zone: Option<String>,
    /// Period whose earlier rows of the same source it replaces.
    pub replaced: Option<Period>,
    /// Version it made: deliveries are listed in this order.
    pub snapshot: SnapshotId,
}

impl Registry {
    /// Reserves the number of a delivery before its files are written.
    ///
    /// A number whose import never commits is simply never used.
    pub async fn reserve_delivery(&self, process: &ProcessId) -> Result<DeliveryId, RegistryError> {
        let mut write = self.write().await?;
        let id = next(write.conn(), "delivery").await?;
        sqlx::query("INSERT INTO delivery (id, process) VALUES ($1, $2)")
            .bind(id)
            .bind(process.as_str())
            .execute(write.conn())
            .await?;
        write.commit().await?;
        Ok(DeliveryId(id))
    }

    /// The import, still counting, of this very file read in this very way.
    pub async fn find_import_by_hash(
        &self,
        process: &ProcessId,
        sha256: &str,
        fingerprint: &str,
    ) -> Result<Option<ImportRecord>, RegistryError> {
        let row = sqlx::query(
            "SELECT * FROM import_record
             WHERE process = $1 AND sha256 = $2 AND fingerprint = $3 AND status = 'committed'
             ORDER BY snapshot DESC LIMIT 1",
        )
        .bind(process.as_str())
        .bind(sha256)
        .bind(fingerprint)
        .fetch_optional(&mut *self.read().await?)
        .await?;
        row.as_ref().map(read_import).transpose()
    }

    /// Stores files, ledger row and audit entry in one transaction.
    ///
    /// [`RegistryError::Conflict`] when `base` is no longer the current version:
    /// nothing was written, read the version again and rebuild the commit.
    pub async fn commit_import(
        &self,
        import: NewImport,
        commit: &Commit,
        base: SnapshotId,
    ) -> Result<(ImportRecord, SnapshotId), RegistryError> {
        check_json("findings", &import.findings_json)?;
        let mut write = self.write().await?;
        let conn = write.conn();
        let reserved: Option<String> =
            sqlx::query_scalar("SELECT process FROM delivery WHERE id = $1")
                .bind(import.id.0)
                .fetch_optional(&mut *conn)
                .await?;
        if reserved.as_deref() != Some(import.process.as_str()) {
            let (process, delivery) = (import.process, import.id);
            return Err(RegistryError::NotReserved { process, delivery });
        }
        let known: i64 = sqlx::query_scalar("SELECT count(*) FROM import_record WHERE id = $1")
            .bind(import.id.0)
            .fetch_one(&mut *conn)
            .await?;
        if known > 0 {
            return Err(RegistryError::AlreadyCommitted { delivery: import.id });
        }
        let step = Step {
            process: &import.process,
            base,
            cause: SnapshotCause::Import,
            import: Some(import.id),
            by: &import.by,
            at: import.at,
        };
        let snapshot = advance(conn, &step, commit).await?;
        insert_import(conn, &import, snapshot).await?;
        let act = Act {
            at: import.at,
            by: &import.by,
            action: "import.commit",
            object: format!("import/{}", import.id),
            // Neither the file's name nor its findings: they may hold a person's name.
            details: json!({
                "process": import.process.as_str(),
                "kind": import.kind.as_str(),
                "sha256": import.sha256,
                "fingerprint": import.fingerprint,
                "rows_read": import.rows_read,
                "accepted": import.accepted,
                "quarantined": import.quarantined,
                "duplicates": import.duplicates,
                "replaced": import.replaced,
                "replace": import.replace.map(|p| p.to_string()),
                "snapshot": snapshot.0,
                "files_added": commit.added.len(),
                "files_retired": commit.retired.len(),
            }),
        };
        record(conn, act).await?;
        write.commit().await?;
        // The record as it will be read back, to the microsecond.
        let import = NewImport {
            at: whole_us(import.at),
            first: import.first.map(whole_us),
            last: import.last.map(whole_us),
            ..import
        };
        let status = ImportStatus::Committed;
        Ok((ImportRecord { import, status, snapshot, undone: None }, snapshot))
    }

    /// Takes an import back: the files given make the lake without it.
    #[allow(clippy::too_many_arguments)]
    pub async fn commit_undo(
        &self,
        delivery: DeliveryId,
        by: &str,
        reason: &str,
        at: Timestamp,
        commit: &Commit,
        base: SnapshotId,
    ) -> Result<SnapshotId, RegistryError> {
        let mut write = self.write().await?;
        let conn = write.conn();
        let row = sqlx::query("SELECT * FROM import_record WHERE id = $1")
            .bind(delivery.0)
            .fetch_optional(&mut *conn)
            .await?;
        let Some(row) = row else { return Err(RegistryError::UnknownImport { delivery }) };
        let import = read_import(&row)?;
        if import.status == ImportStatus::Undone {
            return Err(RegistryError::AlreadyUndone { delivery });
        }
        let process = &import.process;
        let cause = SnapshotCause::Undo;
        let step = Step { process, base, cause, import: Some(delivery), by, at };
        let snapshot = advance(conn, &step, commit).await?;
        sqlx::query(
            "UPDATE import_record SET status = 'undone', undone_us = $1, undone_by = $2,
                 undone_reason = $3, undone_in = $4 WHERE id = $5",
        )
        .bind(to_us(at))
        .bind(by)
        .bind(reason)
        .bind(snapshot.0)
        .bind(delivery.0)
        .execute(&mut *conn)
        .await?;
        let act = Act {
            at,
            by,
            action: "import.undo",
            object: format!("import/{delivery}"),
            // A reason is free text: its digest proves it, without repeating what it says.
            details: json!({
                "process": process.as_str(),
                "reason_sha256": sha256_hex(reason.as_bytes()),
                "snapshot": snapshot.0,
                "files_added": commit.added.len(),
                "files_retired": commit.retired.len(),
            }),
        };
        record(conn, act).await?;
        write.commit().await?;
        Ok(snapshot)
    }

    /// Imports of one process or of all, undone ones included, in order of commit.
    pub async fn imports(
        &self,
        process: Option<&ProcessId>,
    ) -> Result<Vec<ImportRecord>, RegistryError> {
        let mut conn = self.read().await?;
        let rows = match process {
            Some(process) => {
                sqlx::query("SELECT * FROM import_record WHERE process = $1 ORDER BY snapshot")
                    .bind(process.as_str())
                    .fetch_all(&mut *conn)
                    .await?
            }
            None => {
                sqlx::query("SELECT * FROM import_record ORDER BY snapshot")
                    .fetch_all(&mut *conn)
                    .await?
            }
        };
        rows.iter().map(read_import).collect()
    }

    /// One import.
    pub async fn import(&self, delivery: DeliveryId) -> Result<ImportRecord, RegistryError> {
        let row = sqlx::query("SELECT * FROM import_record WHERE id = $1")
            .bind(delivery.0)
            .fetch_optional(&mut *self.read().await?)
            .await?;
        match row {
            Some(row) => read_import(&row),
            None => Err(RegistryError::UnknownImport { delivery }),
        }
    }

    /// Deliveries that count, in order of commit.
    pub async fn live_deliveries(
        &self,
        process: &ProcessId,
    ) -> Result<Vec<LiveDelivery>, RegistryError> {
        let rows = sqlx::query(
            "SELECT id, kind, source, zone, replace_from, replace_to, snapshot FROM import_record
             WHERE process = $1 AND status = 'committed' ORDER BY snapshot",
        )
        .bind(process.as_str())
        .fetch_all(&mut *self.read().await?)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(LiveDelivery {
                    id: DeliveryId(row.try_get("id")?),
                    kind: ImportKind::read(row.try_get("kind")?)?,
                    source: row.try_get("source")?,
                    zone: row.try_get("zone")?,
                    replaced: read_replace(row)?,
                    snapshot: SnapshotId(row.try_get("snapshot")?),
                })
            })
            .collect()
    }
}

impl ImportKind {
    fn read(text: &str) -> Result<Self, RegistryError> {
        [
            ImportKind::Events,
            ImportKind::Counts,
            ImportKind::Contacts,
            ImportKind::Staff,
            ImportKind::Typed,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == text)
        .ok_or_else(|| wrong("import_record.kind", text))
    }
}

async fn insert_import(
    conn: &mut Conn,
    import: &NewImport,
    snapshot: SnapshotId,
) -> Result<(), RegistryError> {
    sqlx::query(
        "INSERT INTO import_record (id, process, org, kind, file_name, source, sha256,
             fingerprint, at_us, actor, mapping_toml, zone, rows_read, accepted, quarantined,
             duplicates, repeated, replaced, cases, activities, resources, first_us, last_us,
             findings_json, quarantine_path, replace_from, replace_to, snapshot)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
             $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28)",
    )
    .bind(import.id.0)
    .bind(import.process.as_str())
    .bind(import.org.as_ref().map(OrgId::as_str))
    .bind(import.kind.as_str())
    .bind(&import.file_name)
    .bind(&import.source)
    .bind(&import.sha256)
    .bind(&import.fingerprint)
    .bind(to_us(import.at))
    .bind(&import.by)
    .bind(&import.mapping_toml)
    .bind(&import.zone)
    .bind(to_count("rows_read", import.rows_read)?)
    .bind(to_count("accepted", import.accepted)?)
    .bind(to_count("quarantined", import.quarantined)?)
    .bind(to_count("duplicates", import.duplicates)?)
    .bind(to_count("repeated", import.repeated)?)
    .bind(to_count("replaced", import.replaced)?)
    .bind(to_count("cases", import.cases)?)
    .bind(to_count("activities", import.activities)?)
    .bind(to_count("resources", import.resources)?)
    .bind(import.first.map(to_us))
    .bind(import.last.map(to_us))
    .bind(&import.findings_json)
    .bind(&import.quarantine_path)
    .bind(import.replace.map(|p| p.from.to_string()))
    .bind(import.replace.map(|p| p.to.to_string()))
    .bind(snapshot.0)
    .execute(conn)
    .await?;
    Ok(())
}

fn read_import(row: &Row) -> Result<ImportRecord, RegistryError> {
    let count = |field: &'static str| from_count(field, row.try_get(field)?);
    let instant = |field: &'static str| {
        row.try_get::<Option<i64>, _>(field)?.map(|us| to_timestamp(field, us)).transpose()
    };
    let org: Option<String> = row.try_get("org")?;
    let import = NewImport {
        id: DeliveryId(row.try_get("id")?),
        process: to_process("import_record.process", row.try_get("process")?)?,
        org: org
            .map(|org| OrgId::new(org.clone()).map_err(|_| wrong("import_record.org", org)))
            .transpose()?,
        kind: ImportKind::read(row.try_get("kind")?)?,
        file_name: row.try_get("file_name")?,
        source: row.try_get("source")?,
        sha256: row.try_get("sha256")?,
        fingerprint: row.try_get("fingerprint")?,
        at: to_timestamp("import_record.at_us", row.try_get("at_us")?)?,
        by: row.try_get("actor")?,
        mapping_toml: row.try_get("mapping_toml")?,
        zone: row.try_get("zone")?,
        rows_read: count("rows_read")?,
        accepted: count("accepted")?,
        quarantined: count("quarantined")?,
        duplicates: count("duplicates")?,
        repeated: count("repeated")?,
        replaced: count("replaced")?,
        cases: count("cases")?,
        activities: count("activities")?,
        resources: count("resources")?,
        first: instant("first_us")?,
        last: instant("last_us")?,
        findings_json: row.try_get("findings_json")?,
        quarantine_path: row.try_get("quarantine_path")?,
        replace: read_replace(row)?,
    };
    let undone = match row.try_get::<Option<i64>, _>("undone_in")? {
        None => None,
        Some(snapshot) => Some(Undone {
            at: to_timestamp("import_record.undone_us", row.try_get("undone_us")?)?,
            by: row.try_get("undone_by")?,
            reason: row.try_get("undone_reason")?,
            snapshot: SnapshotId(snapshot),
        }),
    };
    let status = match row.try_get::<&str, _>("status")? {
        "committed" => ImportStatus::Committed,
        "undone" => ImportStatus::Undone,
        other => return Err(wrong("import_record.status", other)),
    };
    Ok(ImportRecord { import, status, snapshot: SnapshotId(row.try_get("snapshot")?), undone })
}

fn read_replace(row: &Row) -> Result<Option<Period>, RegistryError> {
    let from: Option<&str> = row.try_get("replace_from")?;
    let to: Option<&str> = row.try_get("replace_to")?;
    match (from, to) {
        (Some(from), Some(to)) => Ok(Some(to_period("import_record.replace", from, to)?)),
        _ => Ok(None),
    }
}
