//! A consistent copy of the registry while it is in use, and its way back.

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use sqlx::Connection as _;
use uuid::Uuid;

use crate::{
    AuditFault, AuditVerdict, OpenOptions, Registry, RegistryError,
    audit::{Act, record, verify},
    copy::CopyWatch,
    database::{Engine, MIGRATIONS, Migration, absolute, refuse_network},
    postgres::Seat,
    presence::{Door, beside, private_file},
    sqlite::{self, Depth, at_path, copy_into, copy_version, integrity, open_copy},
};

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupReport {
    /// Bytes of the copy.
    pub bytes: u64,
    /// SHA-256 of the copy.
    pub sha256: String,
    /// Schema version.
    pub schema: i64,
    /// Audit entries it holds, all verified.
    pub audit_entries: u64,
}

impl Registry {
    /// Writes a verified copy to `target`, which must not exist: one SQLite file, whatever
    /// database the registry is in.
    ///
    /// The copy is written under a temporary name, flushed, opened again and
    /// checked (integrity, foreign keys, audit chain) before it takes its name.
    pub async fn backup_to(
        &self,
        target: &Path,
        by: &str,
        at: Timestamp,
    ) -> Result<BackupReport, RegistryError> {
        self.backup_watched(target, by, at, &|_| {}).await
    }

    /// As [`Registry::backup_to`], telling how far the copy is when the registry is in PostgreSQL:
    /// SQLite copies its file in one stroke.
    pub async fn backup_watched(
        &self,
        target: &Path,
        by: &str,
        at: Timestamp,
        watch: CopyWatch<'_>,
    ) -> Result<BackupReport, RegistryError> {
        if target.exists() {
            return Err(RegistryError::BackupExists { path: target.to_owned() });
        }
        let draft = beside(target, &format!(".{}.partial", Uuid::new_v4().simple()));
        let report = self.write_copy(&draft, target, watch).await;
        if report.is_err() {
            // Best effort: the first fault is the one to tell.
            let _ = std::fs::remove_file(&draft);
        }
        let report = report?;
        let mut write = self.write().await?;
        let act = Act {
            at,
            by,
            action: "registry.backup",
            object: "registry".to_owned(),
            details: json!({
                "audit_entries": report.audit_entries,
                "bytes": report.bytes,
                "schema": report.schema,
                "sha256": report.sha256,
            }),
        };
        record(write.conn(), act).await?;
        write.commit().await?;
        Ok(report)
    }

    async fn write_copy(
        &self,
        draft: &Path,
        target: &Path,
        watch: CopyWatch<'_>,
    ) -> Result<BackupReport, RegistryError> {
        // Made first with its rights: the copy is never readable by others, not even for a moment.
        drop(private_file(draft)?);
        match self.engine() {
            Engine::Sqlite(_) => copy_into(self, draft).await?,
            Engine::Postgres(_) => {
                let mut from = self.read_together().await?;
                sqlite::fill(draft, &mut from, MIGRATIONS, watch).await?;
            }
        }
        let path = draft.to_owned();
        let (bytes, sha256) = blocking(move || flush_and_hash(&path)).await?;
        let (schema, verdict) = inspect(draft, MIGRATIONS).await?;
        if let Some(fault) = verdict.fault {
            return Err(damaged(PathBuf::from(self.place()), fault));
        }
        let (from, to) = (draft.to_owned(), target.to_owned());
        blocking(move || take_name(&from, &to)).await?;
        Ok(BackupReport { bytes, sha256, schema, audit_entries: verdict.entries })
    }

    /// Puts a backup in the place of a registry that does not exist yet: the file at `path`, or,
    /// with a PostgreSQL database, a schema that holds nothing. The schema is raised to the one of
    /// this program.
    ///
    /// The backup is checked before (integrity, references, audit chain) and the chain again
    /// after. All of it is restored, or nothing.
    pub async fn restore_into(
        backup: &Path,
        path: &Path,
        options: &OpenOptions,
        watch: CopyWatch<'_>,
    ) -> Result<BackupReport, RegistryError> {
        Self::restore_migrating(backup, path, options, watch, MIGRATIONS).await
    }

    pub(crate) async fn restore_migrating(
        backup: &Path,
        path: &Path,
        options: &OpenOptions,
        watch: CopyWatch<'_>,
        migrations: &[Migration],
    ) -> Result<BackupReport, RegistryError> {
        let path = absolute(path)?;
        refuse_network(&path, options)?;
        let (schema, verdict) = inspect(backup, migrations).await?;
        if let Some(fault) = verdict.fault {
            return Err(damaged(backup.to_owned(), fault));
        }
        // Held to the end: nobody opens what is being restored.
        let door = Door::at(&path)?;
        // A log left by another file would be played into the restored one.
        if !door.try_alone()? || path.exists() || beside(&path, "-wal").exists() {
            return Err(RegistryError::NotEmpty { path });
        }
        let engine = Engine::make(&path, options)?;
        let draft = beside(&path, &format!(".{}.partial", Uuid::new_v4().simple()));
        let restored = match &engine {
            Engine::Sqlite(_) => put_file(backup, &draft, &path).await,
            Engine::Postgres(seat) => {
                put_rows(seat, backup, schema, migrations, watch).await.map_err(|e| engine.named(e))
            }
        };
        if restored.is_err() {
            let _ = std::fs::remove_file(&draft);
        }
        restored?;
        drop(door);
        // Raises an older schema, and proves that the registry opens.
        let registry = Registry::open_migrating(&path, options, migrations).await?;
        let after = registry.verify_audit().await?;
        registry.close().await;
        if let Some(fault) = after.fault {
            return Err(damaged(path, fault));
        }
        let source = backup.to_owned();
        let (bytes, sha256) = blocking(move || flush_and_hash(&source)).await?;
        Ok(BackupReport { bytes, sha256, schema, audit_entries: verdict.entries })
    }
}

/// The backup copied to a file that takes its name once flushed.
async fn put_file(backup: &Path, draft: &Path, path: &Path) -> Result<(), RegistryError> {
    let (from, draft, path) = (backup.to_owned(), draft.to_owned(), path.to_owned());
    blocking(move || {
        let fault = |source| RegistryError::Io { action: "copy to", path: draft.clone(), source };
        let mut to = private_file(&draft)?;
        let mut from = File::open(&from).map_err(fault)?;
        io::copy(&mut from, &mut to).map_err(fault)?;
        to.sync_all().map_err(fault)?;
        take_name(&draft, &path)
    })
    .await
}

/// The rows of the backup in the empty schema.
async fn put_rows(
    seat: &Seat,
    backup: &Path,
    schema: i64,
    migrations: &[Migration],
    watch: CopyWatch<'_>,
) -> Result<(), RegistryError> {
    let mut copy = open_copy(backup).await?;
    let verdict = seat.fill(&mut copy, schema, migrations, watch).await?;
    copy.close().await?;
    match verdict.fault {
        Some(fault) => Err(damaged(backup.to_owned(), fault)),
        None => seat.remember(),
    }
}

/// Checks a copy from the inside: structure, references, steps of the schema, audit chain.
async fn inspect(
    path: &Path,
    migrations: &[Migration],
) -> Result<(i64, AuditVerdict), RegistryError> {
    let mut copy = open_copy(path).await.map_err(|e| at_path(e, path))?;
    let checked = async {
        let schema = copy_version(&mut copy, path, migrations).await?;
        integrity(&mut copy, path, Depth::Full).await?;
        Ok((schema, verify(&mut copy).await?))
    };
    let checked = checked.await.map_err(|e| at_path(e, path));
    copy.close().await?;
    checked
}

fn damaged(path: PathBuf, fault: AuditFault) -> RegistryError {
    RegistryError::Damaged { path, problem: format!("audit entry {} does not hold", fault.seq) }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, RegistryError> + Send + 'static,
) -> Result<T, RegistryError> {
    let stopped = |e| RegistryError::Io {
        action: "write",
        path: PathBuf::from("backup"),
        source: io::Error::other(e),
    };
    tokio::task::spawn_blocking(work).await.map_err(stopped)?
}

fn flush_and_hash(path: &Path) -> Result<(u64, String), RegistryError> {
    let fault = |action| move |source| RegistryError::Io { action, path: path.to_owned(), source };
    let mut file = File::open(path).map_err(fault("open"))?;
    file.sync_all().map_err(fault("flush"))?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    let mut bytes = 0_u64;
    loop {
        let read = file.read(&mut buffer).map_err(fault("read"))?;
        let Some(part) = buffer.get(..read).filter(|part| !part.is_empty()) else { break };
        digest.update(part);
        bytes = bytes.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
    }
    Ok((bytes, hex::encode(digest.finalize())))
}

/// Gives the copy its name, for good: the folder is flushed too.
fn take_name(draft: &Path, target: &Path) -> Result<(), RegistryError> {
    let fault = |source| RegistryError::Io { action: "rename", path: target.to_owned(), source };
    if target.exists() {
        return Err(RegistryError::BackupExists { path: target.to_owned() });
    }
    std::fs::rename(draft, target).map_err(fault)?;
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(fault)
}
