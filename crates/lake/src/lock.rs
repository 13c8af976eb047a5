//! Locks between processes. The system releases them when the holder dies, even by `kill -9`.

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    time::Duration,
};

use eclusier_core::ProcessId;

use crate::{Lake, LakeError, Stop};

/// How often a busy lock is tried again.
const RETRY: Duration = Duration::from_millis(25);

/// Held while one process of the lake is being changed; released when dropped.
#[derive(Debug)]
pub struct LockGuard {
    process: ProcessId,
    _file: File,
}

impl LockGuard {
    /// The process held.
    pub fn process(&self) -> &ProcessId {
        &self.process
    }
}

impl Lake {
    /// Waits until nobody else changes this process, then holds it.
    ///
    /// Take it before reading the base snapshot and keep it until the registry has committed.
    pub fn lock(&self, process: &ProcessId, stop: &Stop) -> Result<LockGuard, LakeError> {
        loop {
            if let Some(guard) = self.try_lock(process)? {
                return Ok(guard);
            }
            stop.check()?;
            std::thread::sleep(RETRY);
        }
    }

    /// Holds the process, or says that somebody else does.
    pub fn try_lock(&self, process: &ProcessId) -> Result<Option<LockGuard>, LakeError> {
        let folder = self.root.join(process.as_str());
        self.disk.create_dirs(&folder).map_err(|e| LakeError::io("create", &folder, e))?;
        let path = folder.join("lock");
        let file = self.disk.open_lock(&path).map_err(|e| LakeError::io("open", &path, e))?;
        Ok(hold(file, &path)?.map(|file| LockGuard { process: process.clone(), _file: file }))
    }

    /// A folder nobody else writes in, kept from the sweeper by a lock of its own.
    pub(crate) fn scratch(
        &self,
        process: &ProcessId,
        label: &str,
    ) -> Result<Scratch<'_>, LakeError> {
        let parent = self.root.join(process.as_str()).join("staging");
        self.disk.create_dirs(&parent).map_err(|e| LakeError::io("create", &parent, e))?;
        let me = std::process::id();
        for attempt in 0u32.. {
            let folder = parent.join(format!("{label}-{me}-{attempt}"));
            let lock = parent.join(format!("{label}-{me}-{attempt}.lock"));
            if self.disk.exists(&folder) {
                continue;
            }
            let file = self.disk.open_lock(&lock).map_err(|e| LakeError::io("open", &lock, e))?;
            let Some(file) = hold(file, &lock)? else { continue };
            // A sweeper may have removed the name between its creation and our hold.
            if !self.disk.exists(&lock) || self.disk.exists(&folder) {
                continue;
            }
            self.disk.create_dirs(&folder).map_err(|e| LakeError::io("create", &folder, e))?;
            return Ok(Scratch { lake: self, folder, lock, _file: file });
        }
        Err(LakeError::Internal { what: "no free name for a staging folder" })
    }

    /// Removes the staging folders of a process whose owner is dead; returns how many.
    pub(crate) fn sweep_scratch(&self, process: &Path) -> Result<u64, LakeError> {
        let parent = process.join("staging");
        let entries = self.disk.list(&parent).map_err(|e| LakeError::io("list", &parent, e))?;
        let mut removed = 0;
        for entry in entries {
            let lock =
                if entry.is_dir { with_lock_suffix(&entry.path) } else { entry.path.clone() };
            let folder = lock.with_extension("");
            let file = match self.disk.open_lock(&lock) {
                Ok(file) => file,
                Err(e) => return Err(LakeError::io("open", &lock, e)),
            };
            if hold(file, &lock)?.is_none() {
                continue;
            }
            if self.disk.exists(&folder) {
                self.disk.remove_dirs(&folder).map_err(|e| LakeError::io("remove", &folder, e))?;
                removed += 1;
            }
            if self.disk.exists(&lock) {
                self.disk.remove(&lock).map_err(|e| LakeError::io("remove", &lock, e))?;
            }
        }
        Ok(removed)
    }
}

fn with_lock_suffix(folder: &Path) -> PathBuf {
    let mut name = folder.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

fn hold(file: File, path: &Path) -> Result<Option<File>, LakeError> {
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(e)) => Err(LakeError::io("lock", path, e)),
    }
}

/// A private folder, removed when dropped.
#[derive(Debug)]
pub(crate) struct Scratch<'l> {
    lake: &'l Lake,
    pub(crate) folder: PathBuf,
    lock: PathBuf,
    _file: File,
}

impl Drop for Scratch<'_> {
    fn drop(&mut self) {
        // What cannot be removed now is swept at the next opening.
        let _ = self.lake.disk.remove_dirs(&self.folder);
        let _ = self.lake.disk.remove(&self.lock);
    }
}
