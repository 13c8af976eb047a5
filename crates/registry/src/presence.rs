//! Who has the registry open: locks that the kernel releases when a process dies.
//!
//! Two kinds of lock files stand beside the registry. At the *door*
//! (`registry.sqlite.lock`) whoever opens first works alone — creating, checking,
//! raising the schema — then everybody shares it. Each process that owns jobs
//! holds a *badge* (`registry.sqlite.owners/<uuid>`): a badge that can be locked
//! belongs to a dead process, whatever its number or its container.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};

use uuid::Uuid;

use crate::RegistryError;

/// A place at the door, held while the registry is open.
#[derive(Debug)]
pub(crate) struct Door {
    file: File,
    path: PathBuf,
}

impl Door {
    pub(crate) fn at(registry: &Path) -> Result<Door, RegistryError> {
        let path = beside(registry, ".lock");
        let file = private_file(&path)?;
        Ok(Door { file, path })
    }

    /// Whether the lock for one was obtained at once.
    pub(crate) fn try_alone(&self) -> Result<bool, RegistryError> {
        match self.file.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(e)) => Err(self.fault(e)),
        }
    }

    /// Waits for whoever is alone, then enters beside the others.
    pub(crate) fn enter(&self) -> Result<(), RegistryError> {
        self.file.lock_shared().map_err(|e| self.fault(e))
    }

    pub(crate) fn leave(&self) -> Result<(), RegistryError> {
        self.file.unlock().map_err(|e| self.fault(e))
    }

    fn fault(&self, source: io::Error) -> RegistryError {
        RegistryError::Io { action: "lock", path: self.path.clone(), source }
    }
}

/// The badge of this process as an owner of jobs.
#[derive(Debug)]
pub(crate) struct Badge {
    name: String,
    path: PathBuf,
    // Held for the life of the badge: the lock is what says the owner lives.
    _file: File,
}

impl Badge {
    pub(crate) fn new(registry: &Path) -> Result<Badge, RegistryError> {
        let folder = folder(registry);
        std::fs::create_dir_all(&folder).map_err(|source| RegistryError::Io {
            action: "create",
            path: folder.clone(),
            source,
        })?;
        let name = Uuid::new_v4().simple().to_string();
        let path = folder.join(&name);
        // Locked before it takes its name: nobody can find it unlocked and think it dead.
        let draft = folder.join(format!("{name}.new"));
        let file = private_file(&draft)?;
        file.lock().map_err(|source| RegistryError::Io {
            action: "lock",
            path: draft.clone(),
            source,
        })?;
        std::fs::rename(&draft, &path).map_err(|source| RegistryError::Io {
            action: "rename",
            path: draft,
            source,
        })?;
        Ok(Badge { name, path, _file: file })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Badge {
    fn drop(&mut self) {
        // A badge left behind is only a file: the next search finds it unlocked.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Whether the process behind a badge lives; the badge of a dead one is removed.
///
/// A badge that cannot be read counts as living: a job wrongly shown at work is
/// less harmful than one wrongly declared dead.
pub(crate) fn is_alive(registry: &Path, badge: &str) -> bool {
    // The name comes from the database: it must stay a name inside the folder.
    if Uuid::try_parse(badge).is_err() {
        return false;
    }
    let path = folder(registry).join(badge);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return false,
        Err(_) => return true,
    };
    match file.try_lock() {
        Ok(()) => {
            let _ = std::fs::remove_file(&path);
            false
        }
        Err(_) => true,
    }
}

/// A path beside the registry whose name begins with its name.
pub(crate) fn beside(registry: &Path, suffix: &str) -> PathBuf {
    let mut name = registry.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn folder(registry: &Path) -> PathBuf {
    beside(registry, ".owners")
}

/// Opens or creates a file that only its owner reads, even when it existed with wider rights.
pub(crate) fn private_file(path: &Path) -> Result<File, RegistryError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let fault = |action| move |source| RegistryError::Io { action, path: path.to_owned(), source };
    let file = options.open(path).map_err(fault("open"))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = file.metadata().map_err(fault("read"))?.permissions().mode();
        if mode & 0o077 != 0 {
            file.set_permissions(std::fs::Permissions::from_mode(0o600))
                .map_err(fault("restrict"))?;
        }
    }
    Ok(file)
}
