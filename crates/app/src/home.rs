//! The data directory: where everything a body entrusts to the program lies.
//!
//! `registry.sqlite` (state), `lake/` (Parquet), `quarantine/` (refused rows),
//! `uploads/` (files waiting for confirmation), `secret.key` (pseudonyms).

use std::{
    fs,
    io::Write as _,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use eclusier_ingest::Pseudonymiser;

use crate::error::{AppError, AppResult};

/// How long an upload waits for its confirmation.
const UPLOAD_KEPT: Duration = Duration::from_secs(24 * 3600);

/// Paths of a data directory.
#[derive(Debug, Clone)]
pub struct Home {
    root: PathBuf,
}

impl Home {
    /// Opens the directory, creating what is missing, readable by its owner alone.
    pub fn open(root: impl Into<PathBuf>) -> AppResult<Self> {
        let root = root.into();
        let broken = |source| AppError::Home { path: root.clone(), source };
        let fresh = !root.exists();
        fs::create_dir_all(&root).map_err(broken)?;
        if fresh {
            fs::set_permissions(&root, fs::Permissions::from_mode(0o700)).map_err(broken)?;
        }
        let home = Self { root: root.clone() };
        for folder in [home.lake(), home.quarantine(), home.uploads()] {
            fs::create_dir_all(folder).map_err(broken)?;
        }
        Ok(home)
    }

    /// The directory itself.
    pub fn root(&self) -> &Path {
        &self.root
    }
    /// The state.
    pub fn registry(&self) -> PathBuf {
        self.root.join("registry.sqlite")
    }
    /// The data files.
    pub fn lake(&self) -> PathBuf {
        self.root.join("lake")
    }
    /// Refused rows, one file per import.
    pub fn quarantine(&self) -> PathBuf {
        self.root.join("quarantine")
    }
    /// Files waiting for a person's confirmation.
    pub fn uploads(&self) -> PathBuf {
        self.root.join("uploads")
    }

    /// The key of pseudonyms, made at first use.
    pub fn key(&self) -> PathBuf {
        self.root.join("secret.key")
    }

    /// Whether a folder holds the data of a body: a mistyped name must not pass for an empty one.
    pub fn is_data(root: &Path) -> bool {
        root.join("lake").is_dir() && root.join("quarantine").is_dir()
    }

    /// Tells one key from another without telling the key; `None` when none was made yet.
    pub fn key_fingerprint(&self) -> AppResult<Option<String>> {
        match fs::read_to_string(self.key()) {
            Ok(text) => Ok(Some(fingerprint(&text))),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(AppError::Home { path: self.key(), source }),
        }
    }

    /// Removes uploads nobody confirmed for a day: they hold names in clear. What cannot be
    /// removed is left for the next time.
    pub fn sweep_uploads(&self, now: SystemTime) {
        let Ok(entries) = fs::read_dir(self.uploads()) else { return };
        for entry in entries.flatten() {
            let written = entry.metadata().and_then(|m| m.modified()).ok();
            let age = written.and_then(|t| now.duration_since(t).ok());
            if age.is_some_and(|a| a > UPLOAD_KEPT)
                && let Err(error) = fs::remove_dir_all(entry.path())
            {
                tracing::warn!(%error, "an abandoned upload could not be removed");
            }
        }
    }

    /// The pseudonymiser of this body.
    pub fn pseudonymiser(&self) -> AppResult<Pseudonymiser> {
        Pseudonymiser::new(&self.key_bytes()?).map_err(|_| AppError::Key)
    }

    /// A key for one purpose, derived from the body's: what is known of one tells nothing of
    /// another.
    pub(crate) fn derived_key(&self, purpose: &str) -> AppResult<[u8; 32]> {
        use hmac::{KeyInit as _, Mac as _};
        let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(&self.key_bytes()?)
            .map_err(|_| AppError::Key)?;
        mac.update(b"eclusier ");
        mac.update(purpose.as_bytes());
        Ok(mac.finalize().into_bytes().into())
    }

    /// The body's key, made at first use and never shown.
    fn key_bytes(&self) -> AppResult<Vec<u8>> {
        let path = self.key();
        let broken = |source| AppError::Home { path: path.clone(), source };
        let mut text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => self.make_key(&path)?,
            Err(e) => return Err(broken(e)),
        };
        text.truncate(text.trim_end().len());
        hex::decode(&text).map_err(|_| AppError::Key)
    }

    /// Two processes may race: the hard link lets exactly one key win.
    fn make_key(&self, path: &Path) -> AppResult<String> {
        let broken = |source| AppError::Home { path: path.to_path_buf(), source };
        let mut key = [0u8; 32];
        getrandom::fill(&mut key).map_err(|e| broken(std::io::Error::other(e.to_string())))?;
        let draft = self.root.join(format!(".secret-{}", uuid::Uuid::new_v4()));
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft)
            .map_err(broken)?;
        file.write_all(hex::encode(key).as_bytes()).map_err(broken)?;
        file.sync_all().map_err(broken)?;
        let linked = fs::hard_link(&draft, path);
        fs::remove_file(&draft).map_err(broken)?;
        match linked {
            Ok(()) => {}
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(broken(e)),
        }
        fs::File::open(&self.root).and_then(|d| d.sync_all()).map_err(broken)?;
        fs::read_to_string(path).map_err(broken)
    }
}

/// Fingerprint of a key as its file holds it. The key is 256 random bits: its digest tells
/// nothing of it.
pub(crate) fn fingerprint(key: &str) -> String {
    use sha2::Digest as _;
    let digest = sha2::Sha256::digest(format!("eclusier key {}", key.trim_end()));
    let mut text = hex::encode(digest);
    text.truncate(32);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_nobody_confirmed_goes_after_a_day() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(folder.path().join("data")).unwrap();
        let upload = home.uploads().join("one");
        fs::create_dir(&upload).unwrap();
        fs::write(upload.join("file"), "names").unwrap();
        let now = SystemTime::now();
        home.sweep_uploads(now + Duration::from_secs(23 * 3600));
        assert!(upload.exists());
        home.sweep_uploads(now + Duration::from_secs(25 * 3600));
        assert!(!upload.exists());
    }

    #[test]
    fn the_key_is_made_once_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(folder.path().join("data")).unwrap();
        let first = home.pseudonymiser().unwrap().person("A").to_owned();
        assert_eq!(home.pseudonymiser().unwrap().person("A"), first);
        let mode = fs::metadata(home.root().join("secret.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::write(home.root().join("secret.key"), "not hexadecimal").unwrap();
        assert!(matches!(home.pseudonymiser(), Err(AppError::Key)));
    }
}
