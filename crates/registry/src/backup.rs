//! A consistent copy of the registry while it is in use.

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
    Registry, RegistryError,
    audit::{Act, record, verify},
    presence::{beside, private_file},
    sqlite::{Depth, copy_into, copy_version, integrity, open_copy},
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
    /// Writes a verified copy to `target`, which must not exist.
    ///
    /// The copy is written under a temporary name, flushed, opened again and
    /// checked (integrity, foreign keys, audit chain) before it takes its name.
    pub async fn backup_to(
        &self,
        target: &Path,
        by: &str,
        at: Timestamp,
    ) -> Result<BackupReport, RegistryError> {
        if target.exists() {
            return Err(RegistryError::BackupExists { path: target.to_owned() });
        }
        let draft = beside(target, &format!(".{}.partial", Uuid::new_v4().simple()));
        let report = self.write_copy(&draft, target).await;
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

    async fn write_copy(&self, draft: &Path, target: &Path) -> Result<BackupReport, RegistryError> {
        // Made first with its rights: the copy is never readable by others, not even for a moment.
        drop(private_file(draft)?);
        copy_into(self, draft).await?;
        let path = draft.to_owned();
        let (bytes, sha256) = blocking(move || flush_and_hash(&path)).await?;
        let mut copy = open_copy(draft).await?;
        integrity(&mut copy, draft, Depth::Full).await?;
        let schema = copy_version(&mut copy).await?;
        let verdict = verify(&mut copy).await?;
        copy.close().await?;
        if let Some(fault) = verdict.fault {
            let problem = format!("audit entry {} does not hold", fault.seq);
            return Err(RegistryError::Damaged { path: self.path().to_owned(), problem });
        }
        let (from, to) = (draft.to_owned(), target.to_owned());
        blocking(move || take_name(&from, &to)).await?;
        Ok(BackupReport { bytes, sha256, schema, audit_entries: verdict.entries })
    }
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
