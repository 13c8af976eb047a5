//! Restoring: everything is checked before a byte is written, and again once written.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use eclusier_lake::{Lake, LakeOptions};
use eclusier_registry::{DatabaseUrl, OpenOptions, Registry};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    catalogue,
    error::{BackupError, Fault},
    files::{self, Draft, Meter},
    manifest::{self, KEY, Opened, REGISTRY},
    open_at, quarantined,
};
use crate::{
    App,
    error::AppResult,
    home::{Home, fingerprint},
    imports::Watch,
};

/// Setting that remembers what a data directory was restored from.
pub(crate) const RESTORED: &str = "backup.restored";

/// How to restore a backup.
#[derive(Debug, Clone)]
pub struct RestoreOptions {
    /// The backup.
    pub backup: PathBuf,
    /// Data directory to make; it must not exist, or be empty.
    pub data: PathBuf,
    /// Key kept apart, when the backup does not hold it.
    pub key: Option<PathBuf>,
    /// PostgreSQL database that receives the operational state; a file of the data directory
    /// when absent, whatever database the backup was made from.
    pub database: Option<DatabaseUrl>,
    /// Instant of the restoration.
    pub at: Timestamp,
}

/// Whether a process gives again the figures of the day of the backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WitnessVerdict {
    /// Process.
    pub process: String,
    /// Whether every count and figure is the same, bit for bit.
    pub same: bool,
}

/// A restoration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Restored {
    /// Where.
    pub data: PathBuf,
    /// Instant of the backup.
    pub backup_at: Timestamp,
    /// Files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Entries of the audit log of the backup, all verified.
    pub audit_entries: u64,
    /// Witness figures.
    pub witness: Vec<WitnessVerdict>,
    /// How long it took.
    pub seconds: f64,
}

impl App {
    /// Restores a backup into a new data directory: all of it, or nothing at all.
    pub async fn restore(options: &RestoreOptions, watch: &Watch) -> AppResult<Restored> {
        let started = Instant::now();
        let (given, watching) = (options.clone(), watch.clone());
        let (opened, draft) = blocking(move || {
            let empty = std::fs::read_dir(&given.data).map(|mut d| d.next().is_none());
            match empty {
                Ok(true) => {}
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
                Ok(false) => return Err(BackupError::NotEmpty { path: given.data }.into()),
                Err(e) => return Err(BackupError::io("use", given.data)(e).into()),
            }
            let opened = manifest::open(&given.backup)?;
            let key = key_of(&opened, given.key.as_deref())?;
            opened.check_names()?;
            opened.check_bytes(&watching)?;
            files::room(files::folder_of(&given.data), opened.manifest.bytes())?;
            let draft = Draft::beside(&given.data)?;
            put(&opened, draft.path(), key, false, &watching)?;
            Ok((opened, draft))
        })
        .await?;

        // Checked as the file it is first: a database that refuses proves nothing of the backup.
        let mut app = open_at(draft.path(), &draft.path().join("lake"), options.at).await?;
        let mut checked = check(&app, &opened, watch).await;
        if let (Ok(_), Some(database)) = (&checked, &options.database) {
            app.close().await;
            drop(app);
            app = load(&opened, draft.path(), database, options.at).await?;
            checked = check(&app, &opened, watch).await;
        }
        let signed = match &checked {
            Ok(_) => sign(&app, &opened, options).await,
            Err(_) => Ok(()),
        };
        app.close().await;
        drop(app);
        let witness = checked?;
        signed?;
        let data = options.data.clone();
        blocking(move || Ok(draft.take_name(&data)?)).await?;
        Ok(Restored {
            data: options.data.clone(),
            backup_at: opened.manifest.at,
            files: opened.manifest.files.len() as u64,
            bytes: opened.manifest.bytes(),
            audit_entries: opened.manifest.registry.audit_entries,
            witness,
            seconds: started.elapsed().as_secs_f64(),
        })
    }
}

/// Puts the operational state in a PostgreSQL database, in the place of the file of the backup.
async fn load(
    opened: &Opened,
    root: &Path,
    database: &DatabaseUrl,
    at: Timestamp,
) -> AppResult<App> {
    let home = Home::open(root)?;
    let path = home.registry();
    for suffix in ["", "-wal", "-shm", ".lock"] {
        let mut name = path.clone().into_os_string();
        name.push(suffix);
        match std::fs::remove_file(&name) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                return Err(BackupError::io("remove", name)(e).into());
            }
            _ => {}
        }
    }
    let options = OpenOptions { database: Some(database.clone()), ..OpenOptions::default() };
    Registry::restore_into(&opened.root.join(REGISTRY), &path, &options, &|_| {}).await?;
    let registry = Registry::open_with(&path, &options).await?;
    let lake = Lake::open(home.lake(), LakeOptions::default())?;
    Ok(App::over(home, registry, lake, Some(at)))
}

/// Runs blocking work where no application is open.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> AppResult<T> + Send + 'static,
) -> AppResult<T> {
    tokio::task::spawn_blocking(work).await.map_err(|_| crate::AppError::Task)?
}

/// The key to put beside the data, when it is not one of the files of the backup.
fn key_of(opened: &Opened, given: Option<&Path>) -> Result<Option<Vec<u8>>, BackupError> {
    let key = &opened.manifest.key;
    let Some(needed) = &key.fingerprint else { return Ok(None) };
    let Some(path) = given else {
        if key.included {
            return Ok(None);
        }
        return Err(BackupError::KeyNeeded { fingerprint: needed.clone() });
    };
    let text = std::fs::read(path).map_err(BackupError::io("read", path))?;
    let found = fingerprint(&String::from_utf8_lossy(&text));
    if found != *needed {
        return Err(BackupError::KeyWrong { needed: needed.clone(), found });
    }
    Ok((!key.included).then_some(text))
}

/// Writes the files of a backup into a folder; what was written is what was read and checked.
pub(super) fn put(
    opened: &Opened,
    root: &Path,
    key: Option<Vec<u8>>,
    may_link: bool,
    watch: &Watch,
) -> AppResult<()> {
    let mut meter = Meter::new(watch, opened.manifest.bytes());
    for folder in ["lake", "quarantine", "uploads"] {
        files::make_dir(&root.join(folder))?;
    }
    for file in &opened.manifest.files {
        let (from, to) = (opened.root.join(&file.path), root.join(&file.path));
        files::make_dir(files::folder_of(&to))?;
        // Only data files never change: the others must be files of their own.
        if may_link && file.path.starts_with("lake/") && files::link(&from, &to)? {
            continue;
        }
        let read = files::copy(&from, &to, &mut meter)?;
        opened.same(file, &read)?;
    }
    if let Some(key) = key {
        files::write(&root.join(KEY), &key)?;
    }
    Ok(())
}

/// Checks a restored directory from the inside: log, catalogue, versions, key, figures.
pub(super) async fn check(
    app: &App,
    opened: &Opened,
    watch: &Watch,
) -> AppResult<Vec<WitnessVerdict>> {
    let registry = app.registry();
    let verdict = registry.verify_audit().await?;
    if let Some(fault) = verdict.fault {
        return Err(BackupError::Audit { seq: fault.seq }.into());
    }
    let told = &opened.manifest.registry;
    if (verdict.entries, &verdict.head) != (told.audit_entries, &told.audit_head) {
        return Err(opened.damaged(REGISTRY, Fault::Catalogue).into());
    }
    let named = catalogue(registry).await?;
    for (path, (bytes, sha256)) in &named {
        let below = format!("lake/{path}");
        let held = opened.file(&below).is_some_and(|f| f.bytes == *bytes && f.sha256 == *sha256);
        if !held {
            return Err(opened.damaged(&below, Fault::Catalogue).into());
        }
    }
    let refused = quarantined(registry).await?;
    for file in &opened.manifest.files {
        let known = match file.path.split_once('/') {
            Some(("lake", path)) => named.contains_key(path),
            Some((_, name)) => refused.contains(name),
            None => true,
        };
        if !known {
            return Err(opened.damaged(&file.path, Fault::Catalogue).into());
        }
    }
    if app.home().key_fingerprint()? != opened.manifest.key.fingerprint {
        return Err(opened.damaged(KEY, Fault::Digest).into());
    }
    let mut verdicts = Vec::new();
    let processes = registry.processes().await?;
    let live = processes.iter().filter(|p| p.snapshot.0 != 0).count();
    if live != opened.manifest.processes.len() {
        return Err(opened.damaged(REGISTRY, Fault::Catalogue).into());
    }
    for part in &opened.manifest.processes {
        if watch.cancelled() {
            return Err(crate::AppError::Cancelled);
        }
        let process = &part.process;
        if registry.head(process).await? != part.snapshot {
            return Err(opened.damaged(REGISTRY, Fault::Catalogue).into());
        }
        let now = app.witness(process).await?;
        if let Some(what) = part.witness.differs(&now) {
            return Err(BackupError::Witness { process: process.clone(), what }.into());
        }
        verdicts.push(WitnessVerdict { process: process.to_string(), same: true });
    }
    Ok(verdicts)
}

/// The restored directory says what it was made from, and lists its files for other readers.
async fn sign(app: &App, opened: &Opened, options: &RestoreOptions) -> AppResult<()> {
    let told = serde_json::json!({
        "at": options.at,
        "backup": options.backup,
        "backup_at": opened.manifest.at,
        "manifest_sha256": opened.manifest_sha256,
    });
    let registry = app.registry();
    let by = app.actor();
    registry.put_setting(RESTORED, &told.to_string(), &by, options.at).await?;
    // The folder stays out of the log, as every name a person chose.
    let details = serde_json::json!({
        "backup_at": opened.manifest.at,
        "manifest_sha256": opened.manifest_sha256,
    });
    registry.record_act("registry.restore", "registry", details, &by, options.at).await?;
    for part in &opened.manifest.processes {
        app.publish(&part.process).await;
    }
    Ok(())
}
