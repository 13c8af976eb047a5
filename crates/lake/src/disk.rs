//! The file system behind a trait, so that tests can make its N-th operation fail.

use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

/// A file being written.
pub trait DiskFile: Write + Send {
    /// Waits until everything written is on stable storage.
    fn sync(&mut self) -> io::Result<()>;
}

/// One entry of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Full path.
    pub path: PathBuf,
    /// Whether it is a folder.
    pub is_dir: bool,
    /// Bytes of a file.
    pub bytes: u64,
}

/// What the lake asks of a file system.
pub trait Disk: fmt::Debug + Send + Sync {
    /// Creates a file that does not exist yet.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
    /// Opens a file for reading.
    fn open(&self, path: &Path) -> io::Result<File>;
    /// Opens, creating it if needed, a file used only as a lock.
    fn open_lock(&self, path: &Path) -> io::Result<File>;
    /// Renames a file, replacing any other.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Gives a file a second name; the bytes are stored once where the file system can.
    fn link(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Waits until the names in a folder are on stable storage.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
    /// Creates a folder and its parents.
    fn create_dirs(&self, path: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Removes a folder and all it holds.
    fn remove_dirs(&self, path: &Path) -> io::Result<()>;
    /// Entries of a folder, sorted by name; none when the folder does not exist.
    fn list(&self, path: &Path) -> io::Result<Vec<Entry>>;
    /// Whether a path exists.
    fn exists(&self, path: &Path) -> bool;
}

/// The real file system.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealDisk;

struct RealFile(File);

impl Write for RealFile {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.write(buf)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl DiskFile for RealFile {
    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_all()
    }
}

impl Disk for RealDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = OpenOptions::new().write(true).create_new(true).open(path)?;
        Ok(Box::new(RealFile(file)))
    }
    fn open(&self, path: &Path) -> io::Result<File> {
        File::open(path)
    }
    fn open_lock(&self, path: &Path) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }
    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        match fs::hard_link(from, to) {
            Ok(()) => Ok(()),
            Err(e) if matches!(e.kind(), io::ErrorKind::AlreadyExists) => {
                fs::remove_file(to)?;
                fs::hard_link(from, to)
            }
            // Some file systems (exFAT, a few network ones) know no second name.
            Err(e)
                if matches!(
                    e.kind(),
                    io::ErrorKind::Unsupported
                        | io::ErrorKind::PermissionDenied
                        | io::ErrorKind::TooManyLinks
                        | io::ErrorKind::CrossesDevices
                ) =>
            {
                fs::copy(from, to)?;
                File::open(to)?.sync_all()
            }
            Err(e) => Err(e),
        }
    }
    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        // Only Unix lets a folder be opened and synced.
        if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
    }
    fn create_dirs(&self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }
    fn remove_dirs(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir_all(path)
    }
    fn list(&self, path: &Path) -> io::Result<Vec<Entry>> {
        let folder = match fs::read_dir(path) {
            Ok(folder) => folder,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(e),
        };
        let mut entries = Vec::new();
        for entry in folder {
            let entry = entry?;
            let meta = match entry.metadata() {
                Ok(meta) => meta,
                // Removed by its owner between the listing and the look.
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                Err(e) => return Err(e),
            };
            entries.push(Entry { path: entry.path(), is_dir: meta.is_dir(), bytes: meta.len() });
        }
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(entries)
    }
    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }
}

/// What a [`FaultyDisk`] does when its turn comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The operation fails with an input/output error; later ones work.
    Error,
    /// The operation, and every later one that writes, finds the disk full.
    Full,
    /// The operation and everything after it fails: the process is as good as dead.
    Crash,
}

/// A disk whose N-th changing operation (create, write, sync, rename, link, folder, removal) fails.
#[derive(Debug)]
pub struct FaultyDisk {
    state: Arc<FaultState>,
}

#[derive(Debug)]
struct FaultState {
    count: AtomicU64,
    fail_at: AtomicU64,
    dead: AtomicBool,
    fault: Fault,
}

impl FaultState {
    fn step(&self, removes: bool) -> io::Result<()> {
        if self.dead.load(Ordering::SeqCst) {
            match self.fault {
                Fault::Crash => return Err(io::Error::other("the disk is gone (injected)")),
                Fault::Full if !removes => return Err(io::ErrorKind::StorageFull.into()),
                _ => {}
            }
        }
        let n = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        if n == self.fail_at.load(Ordering::SeqCst) {
            if self.fault != Fault::Error {
                self.dead.store(true, Ordering::SeqCst);
            }
            return Err(match self.fault {
                Fault::Full => io::ErrorKind::StorageFull.into(),
                _ => io::Error::other("injected fault"),
            });
        }
        Ok(())
    }
}

impl FaultyDisk {
    /// A disk whose operation number `n` (1-based) fails; 0 never fails and only counts.
    pub fn failing_at(n: u64, fault: Fault) -> Self {
        Self {
            state: Arc::new(FaultState {
                count: AtomicU64::new(0),
                fail_at: AtomicU64::new(n),
                dead: AtomicBool::new(false),
                fault,
            }),
        }
    }

    /// Changing operations seen so far.
    pub fn operations(&self) -> u64 {
        self.state.count.load(Ordering::SeqCst)
    }
}

struct FaultyFile {
    inner: Box<dyn DiskFile>,
    state: Arc<FaultState>,
}

impl Write for FaultyFile {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if let Err(e) = self.state.step(false) {
            // A torn write: half of the bytes reach the disk.
            let _ = self.inner.write(&buf[..buf.len() / 2]);
            return Err(e);
        }
        self.inner.write(buf)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl DiskFile for FaultyFile {
    fn sync(&mut self) -> io::Result<()> {
        self.state.step(false)?;
        self.inner.sync()
    }
}

impl Disk for FaultyDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.state.step(false)?;
        Ok(Box::new(FaultyFile { inner: RealDisk.create(path)?, state: self.state.clone() }))
    }
    fn open(&self, path: &Path) -> io::Result<File> {
        RealDisk.open(path)
    }
    fn open_lock(&self, path: &Path) -> io::Result<File> {
        self.state.step(false)?;
        RealDisk.open_lock(path)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.state.step(false)?;
        RealDisk.rename(from, to)
    }
    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.state.step(false)?;
        RealDisk.link(from, to)
    }
    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.state.step(false)?;
        RealDisk.sync_dir(path)
    }
    fn create_dirs(&self, path: &Path) -> io::Result<()> {
        self.state.step(false)?;
        RealDisk.create_dirs(path)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        self.state.step(true)?;
        RealDisk.remove(path)
    }
    fn remove_dirs(&self, path: &Path) -> io::Result<()> {
        self.state.step(true)?;
        RealDisk.remove_dirs(path)
    }
    fn list(&self, path: &Path) -> io::Result<Vec<Entry>> {
        RealDisk.list(path)
    }
    fn exists(&self, path: &Path) -> bool {
        RealDisk.exists(path)
    }
}
