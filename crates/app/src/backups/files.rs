//! Folders written beside their final name, files copied with their digest, room counted.

use std::{
    collections::BTreeMap,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    ops::ControlFlow,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use eclusier_ingest::Progress as _;
use sha2::{Digest as _, Sha256};

use super::error::{BackupError, Fault};
use crate::{
    error::{AppError, AppResult},
    imports::Watch,
};

/// Marks the names of folders being written.
const DRAFT: &str = ".partial-";
/// Ends the name of the lock beside such a folder: held, its owner lives.
const LOCK: &str = ".lock";
/// Read and written at once.
const PIECE: usize = 1 << 20;

/// A folder being written beside its final name; removed unless it takes that name.
#[derive(Debug)]
pub(super) struct Draft {
    path: PathBuf,
    lock: PathBuf,
    // Released when its owner dies, even killed: the next draft made there sweeps the remains.
    _held: File,
}

impl Draft {
    /// A private folder beside `target`; what dead owners left there is removed first.
    pub(super) fn beside(target: &Path) -> Result<Draft, BackupError> {
        let name = target.file_name().map(|n| n.to_string_lossy().into_owned());
        Self::within(folder_of(target), &name.unwrap_or_default())
    }

    /// A private folder inside `parent`.
    pub(super) fn within(parent: &Path, name: &str) -> Result<Draft, BackupError> {
        sweep_drafts(parent);
        loop {
            let path = parent.join(draft_name(name));
            let lock = lock_of(&path);
            let held = create(&lock)?;
            match held.lock() {
                // Some network file systems know no locks: nobody then takes it for a dead one.
                Err(e) if e.kind() == io::ErrorKind::Unsupported => {}
                other => other.map_err(BackupError::io("lock", &lock))?,
            }
            // A sweeper may have taken it for a dead one between its creation and our hold.
            if !lock.exists() {
                continue;
            }
            let draft = Draft { path, lock, _held: held };
            // Not its parents: an unmounted disk must not be taken for an empty one.
            let made = DirBuilder::new().mode(0o700).create(&draft.path);
            made.map_err(BackupError::io("create", &draft.path))?;
            return Ok(draft);
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes every name below durable, then gives the folder its own, for good. An existing
    /// target is only replaced when it is an empty folder: the system refuses the rest.
    pub(super) fn take_name(self, target: &Path) -> Result<(), BackupError> {
        sync_folders(&self.path)?;
        fs::rename(&self.path, target).map_err(BackupError::io("rename", target))?;
        sync_dir(folder_of(target))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // The folder first, which is gone when it took its name: what cannot be removed now is
        // swept by the next one.
        let _ = fs::remove_dir_all(&self.path);
        let _ = fs::remove_file(&self.lock);
    }
}

/// A name no backup has, and that the next draft made there knows how to sweep.
pub(super) fn draft_name(name: &str) -> String {
    format!(".{name}{DRAFT}{}", uuid::Uuid::new_v4().simple())
}

fn lock_of(draft: &Path) -> PathBuf {
    let mut name = draft.as_os_str().to_owned();
    name.push(LOCK);
    PathBuf::from(name)
}

/// Removes the drafts of dead owners; what cannot be looked at is left.
fn sweep_drafts(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let name = name.strip_suffix(LOCK).unwrap_or(&name);
        let ours = name.starts_with('.')
            && name.split_once(DRAFT).is_some_and(|(_, id)| uuid::Uuid::try_parse(id).is_ok());
        if !ours {
            continue;
        }
        let draft = parent.join(name);
        let lock = lock_of(&draft);
        // Its lock is made before the folder and removed after: without lock, nobody writes there.
        let held = match File::open(&lock) {
            Ok(file) if file.try_lock().is_ok() => Some(file),
            Ok(_) => continue,
            Err(e) if e.kind() == io::ErrorKind::NotFound => None,
            Err(_) => continue,
        };
        let _ = fs::remove_dir_all(&draft);
        if held.is_some() {
            let _ = fs::remove_file(&lock);
        }
    }
}

/// The folder a path lies in.
pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Makes a folder that only its owner reads, and those it lies in.
pub(super) fn make_dir(path: &Path) -> Result<(), BackupError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(path).map_err(BackupError::io("create", path))
}

/// Creates a file that does not exist yet and that only its owner reads.
pub(super) fn create(path: &Path) -> Result<File, BackupError> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(BackupError::io("create", path))
}

/// Writes a small file durably.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), BackupError> {
    let mut file = create(path)?;
    file.write_all(bytes).map_err(BackupError::io("write", path))?;
    file.sync_all().map_err(BackupError::io("flush", path))
}

pub(super) fn sync_dir(path: &Path) -> Result<(), BackupError> {
    File::open(path).and_then(|d| d.sync_all()).map_err(BackupError::io("flush", path))
}

/// Makes the names in a folder and all folders below durable.
fn sync_folders(path: &Path) -> Result<(), BackupError> {
    for entry in fs::read_dir(path).map_err(BackupError::io("list", path))? {
        let entry = entry.map_err(BackupError::io("list", path))?;
        if entry.file_type().is_ok_and(|t| t.is_dir()) {
            sync_folders(&entry.path())?;
        }
    }
    sync_dir(path)
}

/// What a folder holds: bytes of each plain file by path below it; anything else is a fault.
pub(super) fn walk(root: &Path) -> Result<BTreeMap<String, Result<u64, Fault>>, BackupError> {
    let mut found = BTreeMap::new();
    let mut folders = vec![(root.to_path_buf(), String::new())];
    while let Some((folder, below)) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(BackupError::io("list", &folder))? {
            let entry = entry.map_err(BackupError::io("list", &folder))?;
            let path = format!("{below}{}", entry.file_name().to_string_lossy());
            // Links are not followed: they would lead out of the backup.
            let meta = fs::symlink_metadata(entry.path())
                .map_err(BackupError::io("read", entry.path()))?;
            if meta.is_dir() {
                folders.push((entry.path(), format!("{path}/")));
            } else if meta.is_file() {
                found.insert(path, Ok(meta.len()));
            } else {
                found.insert(path, Err(Fault::NotAFile));
            }
        }
    }
    Ok(found)
}

/// Fails when a folder has less room than `needed`. A system that cannot tell is believed able.
pub(super) fn room(folder: &Path, needed: u64) -> Result<(), BackupError> {
    let Ok(stat) = rustix::fs::statvfs(folder) else { return Ok(()) };
    let free = stat.f_bavail.saturating_mul(stat.f_frsize);
    if free < needed {
        return Err(BackupError::Room { path: folder.to_owned(), needed, free });
    }
    Ok(())
}

/// Whether two folders lie on one file system, where a file may have two names.
pub(super) fn together(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    match (fs::metadata(one), fs::metadata(other)) {
        (Ok(a), Ok(b)) => a.dev() == b.dev(),
        _ => false,
    }
}

/// How far a copy is, and whether a person asked to stop.
pub(super) struct Meter<'a> {
    watch: &'a Watch,
    done: u64,
    total: u64,
}

impl<'a> Meter<'a> {
    pub(super) fn new(watch: &'a Watch, total: u64) -> Self {
        Self { watch, done: 0, total }
    }

    fn advance(&mut self, bytes: usize) -> AppResult<()> {
        self.done = self.done.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        match self.watch.at(self.done, self.total) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(AppError::Cancelled),
        }
    }
}

/// Length and SHA-256 of a file read to its end.
pub(super) fn digest(path: &Path, meter: &mut Meter<'_>) -> AppResult<(u64, String)> {
    let file = File::open(path).map_err(BackupError::io("open", path))?;
    pour(file, path, None, meter)
}

/// Copies a file durably; gives back its length and SHA-256.
pub(super) fn copy(from: &Path, to: &Path, meter: &mut Meter<'_>) -> AppResult<(u64, String)> {
    let source = File::open(from).map_err(BackupError::io("open", from))?;
    let target = create(to)?;
    let read = pour(source, from, Some((&target, to)), meter)?;
    target.sync_all().map_err(BackupError::io("flush", to))?;
    Ok(read)
}

fn pour(
    mut source: impl Read,
    from: &Path,
    target: Option<(&File, &Path)>,
    meter: &mut Meter<'_>,
) -> AppResult<(u64, String)> {
    let mut hash = Sha256::new();
    let mut piece = vec![0u8; PIECE];
    let mut bytes = 0u64;
    loop {
        let read = match source.read(&mut piece) {
            Ok(read) => read,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(BackupError::io("read", from)(e).into()),
        };
        let Some(part) = piece.get(..read).filter(|p| !p.is_empty()) else { break };
        hash.update(part);
        if let Some((mut file, path)) = target {
            file.write_all(part).map_err(BackupError::io("write", path))?;
        }
        bytes = bytes.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        meter.advance(read)?;
    }
    Ok((bytes, hex::encode(hash.finalize())))
}

/// Gives a file a second name; `false` where the file system cannot.
pub(super) fn link(from: &Path, to: &Path) -> Result<bool, BackupError> {
    match fs::hard_link(from, to) {
        Ok(()) => Ok(true),
        Err(e)
            if matches!(
                e.kind(),
                io::ErrorKind::Unsupported
                    | io::ErrorKind::PermissionDenied
                    | io::ErrorKind::TooManyLinks
                    | io::ErrorKind::CrossesDevices
            ) =>
        {
            Ok(false)
        }
        Err(e) => Err(BackupError::io("link", from)(e)),
    }
}

/// A lock held until dropped; `None` when somebody else holds it.
pub(super) fn try_lock(path: &Path) -> Result<Option<File>, BackupError> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(BackupError::io("open", path))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(fs::TryLockError::WouldBlock) => Ok(None),
        Err(fs::TryLockError::Error(e)) if e.kind() == io::ErrorKind::Unsupported => Ok(Some(file)),
        Err(fs::TryLockError::Error(e)) => Err(BackupError::io("lock", path)(e)),
    }
}
