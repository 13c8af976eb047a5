//! Backups: a consistent copy of a data directory in use, its restoration, its rehearsal.
//!
//! - The registry is copied first. Its catalogue names data files that never change and
//!   that no sweep removes, since a catalogue never forgets a file it named: what is
//!   listed can be copied afterwards, however busy the server is. No lock is held.
//! - A backup is written in a folder beside its name, every file flushed, the manifest
//!   last; then the folder takes its name. A killed backup never looks like a backup.
//! - The manifest holds witness figures computed from the backup itself: a restoration
//!   computes them again and refuses to end when one bit differs.

mod error;
mod files;
mod keeper;
mod manifest;
mod rehearsal;
mod restore;
mod witness;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    time::Instant,
};

use eclusier_core::Permission;
use eclusier_lake::{Lake, LakeOptions};
use eclusier_registry::Registry;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::{
    error::{BackupError, Fault},
    keeper::{BackupClock, BackupPlan, Failure, SystemClock},
    manifest::{FilePart, KeyPart, Manifest, ProcessPart, RegistryPart},
    rehearsal::{BackupHealth, BackupState, Rehearsal},
    restore::{RestoreOptions, Restored, WitnessVerdict},
    witness::{Counts, Witness, WitnessFigure},
};
use self::{
    files::{Draft, Meter},
    manifest::{FORMAT, KEY, REGISTRY},
};
use crate::{
    App, Home,
    error::{AppError, AppResult},
    imports::Watch,
};

/// Setting that remembers the last backup made.
pub(crate) const LAST: &str = "backup.last";

/// How to make a backup.
#[derive(Debug, Clone)]
pub struct BackupOptions {
    /// Folder to make; it must not exist, the folder it lies in must.
    pub to: PathBuf,
    /// Leave the key of pseudonyms out: only its fingerprint is written.
    pub without_key: bool,
    /// Copy every data file, even where a second name would do: on another disk than the
    /// data it always happens.
    pub copy: bool,
}

impl BackupOptions {
    /// Usual options: the key inside, second names where possible.
    pub fn new(to: impl Into<PathBuf>) -> Self {
        Self { to: to.into(), without_key: false, copy: false }
    }
}

/// A backup made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BackupReport {
    /// Where.
    pub path: PathBuf,
    /// When.
    pub at: Timestamp,
    /// Files, manifest and digests not counted.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that are second names of the lake's own.
    pub linked: u64,
    /// Entries of the audit log, all verified.
    pub audit_entries: u64,
    /// The key.
    pub key: KeyPart,
    /// Refused rows named by the registry that were no longer there.
    pub absent: Vec<String>,
    /// Digest of the manifest: written down elsewhere, it proves the backup.
    pub manifest_sha256: String,
    /// Versions of the processes.
    pub processes: BTreeMap<String, i64>,
    /// How long it took.
    pub seconds: f64,
}

/// A backup found in a folder.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BackupLine {
    /// Where.
    pub path: PathBuf,
    /// When; `None` when its manifest cannot be read.
    pub at: Option<Timestamp>,
    /// Version of the program that wrote it.
    pub program: Option<String>,
    /// Files.
    pub files: u64,
    /// Bytes.
    pub bytes: u64,
    /// Whether its key is inside.
    pub key: bool,
    /// What is wrong at first sight (names and lengths; a rehearsal reads every byte).
    pub problem: Option<[String; 2]>,
}

/// A data file as the catalogue names it: length and digest.
type Named = BTreeMap<String, (u64, String)>;

impl App {
    /// Backs the data directory up while it is in use.
    pub async fn backup(&self, options: &BackupOptions, watch: &Watch) -> AppResult<BackupReport> {
        self.require_all(Permission::SystemWrite)?;
        self.backup_at(options, self.now(), watch).await
    }

    async fn backup_at(
        &self,
        options: &BackupOptions,
        at: Timestamp,
        watch: &Watch,
    ) -> AppResult<BackupReport> {
        let started = Instant::now();
        let (home, asked) = (self.home().clone(), options.to.clone());
        let (turn, draft, to) = self
            .blocking(move || {
                // Absolute: whoever reads it later stands elsewhere.
                let target = refuse(&home, &asked)?;
                let lock = home.root().join("backup.lock");
                let turn = files::try_lock(&lock)?;
                let turn = turn.ok_or(BackupError::Running { path: lock })?;
                Ok((turn, Draft::beside(&target)?, target))
            })
            .await?;
        let options = BackupOptions { to, ..options.clone() };
        let mut report = self.fill(&options, at, draft, watch).await?;
        report.seconds = started.elapsed().as_secs_f64();
        self.remember(LAST, &report, at).await?;
        drop(turn);
        Ok(report)
    }

    async fn fill(
        &self,
        options: &BackupOptions,
        at: Timestamp,
        draft: Draft,
        watch: &Watch,
    ) -> AppResult<BackupReport> {
        let root = draft.path().to_owned();
        let copied = root.join(REGISTRY);
        let registry = self.registry().backup_to(&copied, &self.actor(), at).await?;
        if watch.cancelled() {
            return Err(AppError::Cancelled);
        }
        let copy = self.scratch(&copied, &root.join("lake"), at).await?;
        let body = copy.app.registry().body().await?;
        let verdict = copy.app.registry().verify_audit().await?;
        let named = catalogue(copy.app.registry()).await?;
        let refused = quarantined(copy.app.registry()).await?;

        let mut parts = vec![FilePart {
            path: REGISTRY.into(),
            bytes: registry.bytes,
            sha256: registry.sha256.clone(),
        }];
        let home = self.home().clone();
        let (may_link, with_key) = (!options.copy, !options.without_key);
        let (watching, below) = (watch.clone(), root.clone());
        let gathered = self
            .blocking(move || {
                gather(&home, &below, &named, &refused, may_link, with_key, &watching)
            })
            .await?;
        parts.extend(gathered.parts);
        parts.sort_by(|a, b| a.path.cmp(&b.path));

        let mut processes = Vec::new();
        for summary in copy.app.registry().processes().await? {
            if watch.cancelled() {
                return Err(AppError::Cancelled);
            }
            if summary.snapshot.0 != 0 {
                let witness = copy.app.witness(&summary.id).await?;
                let (process, snapshot) = (summary.id, summary.snapshot);
                processes.push(ProcessPart { process, snapshot, witness });
            }
        }
        copy.close().await;

        let manifest = Manifest {
            format: FORMAT,
            program: env!("CARGO_PKG_VERSION").into(),
            at,
            body: body.name,
            zone: body.zone,
            registry: RegistryPart {
                schema: registry.schema,
                audit_entries: verdict.entries,
                audit_head: verdict.head,
            },
            key: gathered.key,
            processes,
            absent: gathered.absent,
            files: parts,
        };
        if watch.cancelled() {
            return Err(AppError::Cancelled);
        }
        let target = options.to.clone();
        let (manifest, manifest_sha256) = self
            .blocking(move || {
                let sha256 = manifest::seal(draft.path(), &manifest)?;
                draft.take_name(&target)?;
                Ok((manifest, sha256))
            })
            .await?;
        Ok(BackupReport {
            path: options.to.clone(),
            at,
            files: manifest.files.len() as u64,
            bytes: manifest.bytes(),
            linked: gathered.linked,
            audit_entries: manifest.registry.audit_entries,
            key: manifest.key,
            absent: manifest.absent,
            manifest_sha256,
            processes: manifest
                .processes
                .into_iter()
                .map(|p| (p.process.to_string(), p.snapshot.0))
                .collect(),
            seconds: 0.0,
        })
    }

    /// An application over a copy of a registry, put on the disk of the data so that SQLite's
    /// locks hold, and over a lake read where it lies.
    async fn scratch(&self, registry: &Path, lake: &Path, at: Timestamp) -> AppResult<Scratch> {
        let (home, from) = (self.home().clone(), registry.to_owned());
        let draft = self
            .blocking(move || {
                let draft = Draft::within(home.root(), "scratch")?;
                let watch = Watch::default();
                files::copy(&from, &draft.path().join(REGISTRY), &mut Meter::new(&watch, 0))?;
                Ok(draft)
            })
            .await?;
        let app = open_at(draft.path(), lake, at).await?;
        Ok(Scratch { app, _draft: draft })
    }

    /// The backups of a folder, the latest first; the folder itself when it is one. It reads
    /// whatever folder it is given: only a person at the machine may choose it.
    pub fn list_backups(folder: &Path) -> AppResult<Vec<BackupLine>> {
        if let Some(line) = line(folder) {
            return Ok(vec![line]);
        }
        let entries = std::fs::read_dir(folder).map_err(BackupError::io("list", folder))?;
        let mut lines = Vec::new();
        for entry in entries {
            let entry = entry.map_err(BackupError::io("list", folder))?;
            let hidden = entry.file_name().to_string_lossy().starts_with('.');
            if !hidden && entry.file_type().is_ok_and(|t| t.is_dir()) {
                lines.extend(line(&entry.path()));
            }
        }
        lines.sort_by(|a, b| (b.at, &b.path).cmp(&(a.at, &a.path)));
        Ok(lines)
    }
}

/// A copy opened to be read.
struct Scratch {
    app: App,
    // Removed after the application that reads it.
    _draft: Draft,
}

impl Scratch {
    async fn close(self) {
        self.app.close().await;
    }
}

/// Opens the registry of a folder over a lake that may lie elsewhere.
async fn open_at(root: &Path, lake: &Path, now: Timestamp) -> AppResult<App> {
    let home = Home::open(root)?;
    let registry = Registry::open(&home.registry()).await?;
    let lake = Lake::open(lake, LakeOptions::default())?;
    Ok(App::over(home, registry, lake, Some(now)))
}

/// Says before anything is written whether the target will do; gives back its absolute path.
fn refuse(home: &Home, target: &Path) -> Result<PathBuf, BackupError> {
    if std::fs::symlink_metadata(target).is_ok() {
        return Err(BackupError::Exists { path: target.to_owned() });
    }
    let folder = files::folder_of(target);
    let folder = folder.canonicalize().map_err(BackupError::io("use", folder))?;
    let root = home.root();
    let root = root.canonicalize().map_err(BackupError::io("use", root))?;
    if folder.starts_with(&root) {
        return Err(BackupError::Inside { path: target.to_owned() });
    }
    match target.file_name() {
        Some(name) => Ok(folder.join(name)),
        None => Err(BackupError::Exists { path: target.to_owned() }),
    }
}

/// Every data file of every version, as the catalogue names it.
async fn catalogue(registry: &Registry) -> AppResult<Named> {
    let mut named = Named::new();
    for summary in registry.processes().await? {
        let all = registry.all_paths(Some(&summary.id)).await?;
        let mut wanted: BTreeSet<String> = all.into_iter().collect();
        // Files of today are most of them: the latest version first, until none is missing.
        for version in registry.snapshots(&summary.id).await?.iter().rev() {
            if wanted.is_empty() {
                break;
            }
            let Some(snapshot) = registry.snapshot_at(&summary.id, version.id).await? else {
                continue;
            };
            for file in snapshot.files {
                if wanted.remove(&file.path) {
                    named.insert(file.path, (file.bytes, file.sha256));
                }
            }
        }
    }
    Ok(named)
}

/// Names of the files of refused rows.
async fn quarantined(registry: &Registry) -> AppResult<BTreeSet<String>> {
    let imports = registry.imports(None).await?;
    let names = imports.iter().filter_map(|i| i.quarantine_path.as_deref());
    // Only the file name is trusted, whatever the record says.
    let names = names.filter_map(|n| Some(Path::new(n).file_name()?.to_str()?.to_owned()));
    Ok(names.collect())
}

/// What was put in a backup beside the registry.
struct Gathered {
    parts: Vec<FilePart>,
    linked: u64,
    key: KeyPart,
    absent: Vec<String>,
}

fn gather(
    home: &Home,
    root: &Path,
    named: &Named,
    refused: &BTreeSet<String>,
    may_link: bool,
    with_key: bool,
    watch: &Watch,
) -> AppResult<Gathered> {
    let total = named.values().fold(0u64, |sum, (bytes, _)| sum.saturating_add(*bytes));
    let mut may_link = may_link && files::together(&home.lake(), root);
    if !may_link {
        files::room(root, total)?;
    }
    let mut meter = Meter::new(watch, total);
    let mut parts = Vec::new();
    let mut linked = 0;
    files::make_dir(&root.join("lake"))?;
    for (path, (bytes, sha256)) in named {
        let (from, below) = (home.lake().join(path), format!("lake/{path}"));
        let to = root.join(&below);
        files::make_dir(files::folder_of(&to))?;
        let damaged = |fault| BackupError::SourceDamaged { file: below.clone(), fault };
        match std::fs::symlink_metadata(&from) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                return Err(damaged(Fault::Missing).into());
            }
            Err(e) => return Err(BackupError::io("read", from)(e).into()),
            Ok(meta) if !meta.is_file() => return Err(damaged(Fault::NotAFile).into()),
            Ok(_) => {}
        }
        if may_link {
            may_link = files::link(&from, &to)?;
        }
        // A second name is read too: what is damaged today must not be kept as if it were whole.
        let read = if may_link {
            linked += 1;
            files::digest(&to, &mut meter)?
        } else {
            files::copy(&from, &to, &mut meter)?
        };
        if read.0 != *bytes {
            return Err(damaged(Fault::Length { expected: *bytes, found: read.0 }).into());
        }
        if read.1 != *sha256 {
            return Err(damaged(Fault::Digest).into());
        }
        parts.push(FilePart { path: below, bytes: read.0, sha256: read.1 });
    }
    let mut absent = Vec::new();
    for name in refused {
        let (from, below) = (home.quarantine().join(name), format!("quarantine/{name}"));
        if !from.exists() {
            absent.push(below);
            continue;
        }
        files::make_dir(&root.join("quarantine"))?;
        let (bytes, sha256) = files::copy(&from, &root.join(&below), &mut meter)?;
        parts.push(FilePart { path: below, bytes, sha256 });
    }
    let fingerprint = home.key_fingerprint()?;
    let included = with_key && fingerprint.is_some();
    if included {
        let (bytes, sha256) = files::copy(&home.key(), &root.join(KEY), &mut meter)?;
        parts.push(FilePart { path: KEY.into(), bytes, sha256 });
    }
    Ok(Gathered { parts, linked, key: KeyPart { included, fingerprint }, absent })
}

/// A folder as lists show it; `None` when it is not a backup.
fn line(folder: &Path) -> Option<BackupLine> {
    let opened = manifest::open(folder);
    if let Err(BackupError::NotABackup { .. }) = opened {
        return None;
    }
    let mut line = BackupLine {
        path: folder.to_owned(),
        at: None,
        program: None,
        files: 0,
        bytes: 0,
        key: false,
        problem: None,
    };
    let checked = opened.and_then(|opened| {
        line.at = Some(opened.manifest.at);
        line.program = Some(opened.manifest.program.clone());
        line.files = opened.manifest.files.len() as u64;
        line.bytes = opened.manifest.bytes();
        line.key = opened.manifest.key.included;
        opened.check_names()
    });
    line.problem = checked.err().map(|e| e.words());
    Some(line)
}
