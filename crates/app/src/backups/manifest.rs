//! What a backup says of itself, and the check of every byte against it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use eclusier_core::{ProcessId, SnapshotId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{
    error::{BackupError, Fault},
    files::{self, Meter},
    witness::Witness,
};
use crate::{error::AppResult, imports::Watch};

/// Format written by this program.
pub(super) const FORMAT: u32 = 1;
/// What the backup holds, and the witness figures.
pub(super) const MANIFEST: &str = "manifest.json";
/// Digests of everything, as `sha256sum -c` reads them.
pub(super) const SUMS: &str = "SHA256SUMS";
/// The copy of the registry.
pub(super) const REGISTRY: &str = "registry.sqlite";
/// The key of pseudonyms.
pub(super) const KEY: &str = "secret.key";

/// One file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilePart {
    /// Path below the backup, `/` separated.
    pub path: String,
    /// Bytes.
    pub bytes: u64,
    /// SHA-256, hexadecimal.
    pub sha256: String,
}

/// The registry inside a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistryPart {
    /// Schema version.
    pub schema: i64,
    /// Entries of the audit log.
    pub audit_entries: u64,
    /// Hash of the last one.
    pub audit_head: String,
}

/// The key of pseudonyms of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyPart {
    /// Whether the key is in the backup.
    pub included: bool,
    /// Fingerprint of the key; `None` when none was ever made.
    pub fingerprint: Option<String>,
}

/// One process of a backup.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessPart {
    /// Process.
    pub process: ProcessId,
    /// Version of its data.
    pub snapshot: SnapshotId,
    /// Figures computed from the backup itself.
    pub witness: Witness,
}

/// What a backup says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of this description.
    pub format: u32,
    /// Version of the program that wrote it.
    pub program: String,
    /// Instant of the backup.
    pub at: Timestamp,
    /// Name of the body.
    pub body: String,
    /// Zone of the body.
    pub zone: String,
    /// The registry.
    pub registry: RegistryPart,
    /// The key.
    pub key: KeyPart,
    /// The processes.
    pub processes: Vec<ProcessPart>,
    /// Refused rows that the registry names but that were no longer there.
    pub absent: Vec<String>,
    /// Every other file, by path.
    pub files: Vec<FilePart>,
}

impl Manifest {
    /// Bytes of all the files listed.
    pub fn bytes(&self) -> u64 {
        self.files.iter().fold(0, |sum, f| sum.saturating_add(f.bytes))
    }
}

/// A backup whose manifest was read.
#[derive(Debug, Clone)]
pub(super) struct Opened {
    pub(super) root: PathBuf,
    pub(super) manifest: Manifest,
    pub(super) manifest_sha256: String,
}

/// Writes the manifest and the digests, last of all: without them there is no backup.
pub(super) fn seal(root: &Path, manifest: &Manifest) -> Result<String, BackupError> {
    let path = root.join(MANIFEST);
    let text = serde_json::to_vec_pretty(manifest)
        .map_err(|e| BackupError::io("write", &path)(std::io::Error::other(e)))?;
    let sha256 = hex::encode(Sha256::digest(&text));
    files::write(&path, &text)?;
    let mut sums = String::new();
    for file in &manifest.files {
        sums.push_str(&format!("{}  {}\n", file.sha256, file.path));
    }
    sums.push_str(&format!("{sha256}  {MANIFEST}\n"));
    files::write(&root.join(SUMS), sums.as_bytes())?;
    Ok(sha256)
}

/// Reads the manifest and checks that it is the one written; no other file is read.
pub(super) fn open(root: &Path) -> Result<Opened, BackupError> {
    let path = root.join(MANIFEST);
    let damaged = |file: &str, fault| damaged(root, file, fault);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            // Digests without manifest: it was a backup once.
            if root.join(SUMS).exists() {
                return Err(damaged(MANIFEST, Fault::Missing));
            }
            return Err(BackupError::NotABackup { path: root.to_owned() });
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotADirectory => {
            return Err(BackupError::NotABackup { path: root.to_owned() });
        }
        Err(e) => return Err(BackupError::io("read", path)(e)),
    };
    let sums = match fs::read_to_string(root.join(SUMS)) {
        Ok(sums) => sums,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            return Err(damaged(SUMS, Fault::Missing));
        }
        Err(e) if e.kind() == std::io::ErrorKind::InvalidData => {
            return Err(damaged(SUMS, Fault::Unreadable { why: "UTF-8".into() }));
        }
        Err(e) => return Err(BackupError::io("read", root.join(SUMS))(e)),
    };
    let mut digests = BTreeMap::new();
    for (at, line) in sums.lines().enumerate() {
        let read = line.split_once("  ").filter(|(sha256, _)| sha256.len() == 64);
        let fresh =
            read.and_then(|(sha256, path)| digests.insert(path, sha256).is_none().then_some(()));
        if fresh.is_none() {
            let why = format!("line {}", at.saturating_add(1));
            return Err(damaged(SUMS, Fault::Unreadable { why }));
        }
    }
    let manifest_sha256 = hex::encode(Sha256::digest(&text));
    match digests.remove(MANIFEST) {
        Some(sha256) if sha256 == manifest_sha256 => {}
        Some(_) => return Err(damaged(MANIFEST, Fault::Digest)),
        None => return Err(damaged(SUMS, Fault::Unreadable { why: MANIFEST.into() })),
    }
    // The format first: a later one may have other fields.
    #[derive(Deserialize)]
    struct Format {
        format: u64,
    }
    let unreadable =
        |e: serde_json::Error| damaged(MANIFEST, Fault::Unreadable { why: e.to_string() });
    let Format { format } = serde_json::from_slice(&text).map_err(unreadable)?;
    if format != u64::from(FORMAT) {
        let path = root.to_owned();
        return Err(BackupError::Format { path, found: format, known: FORMAT });
    }
    let manifest: Manifest = serde_json::from_slice(&text).map_err(unreadable)?;
    let mut before: Option<&str> = None;
    for file in &manifest.files {
        let placed = plain(&file.path) && before.is_none_or(|b| b < file.path.as_str());
        if !placed || digests.remove(file.path.as_str()) != Some(file.sha256.as_str()) {
            return Err(damaged(&file.path, Fault::Lists));
        }
        before = Some(&file.path);
    }
    if let Some((path, _)) = digests.pop_first() {
        return Err(damaged(path, Fault::Lists));
    }
    Ok(Opened { root: root.to_owned(), manifest, manifest_sha256 })
}

/// Whether a path is one a backup may hold, and stays inside it.
fn plain(path: &str) -> bool {
    let known = path == REGISTRY
        || path == KEY
        || path.starts_with("lake/")
        || path.starts_with("quarantine/");
    known && path.split('/').all(|part| !matches!(part, "" | "." | "..")) && !path.contains('\0')
}

impl Opened {
    pub(super) fn damaged(&self, file: &str, fault: Fault) -> BackupError {
        damaged(&self.root, file, fault)
    }

    /// Checks that the folder holds the files listed with their length, and nothing else.
    pub(super) fn check_names(&self) -> Result<(), BackupError> {
        let mut found = files::walk(&self.root)?;
        found.remove(MANIFEST);
        found.remove(SUMS);
        for file in &self.manifest.files {
            match found.remove(&file.path) {
                None => return Err(self.damaged(&file.path, Fault::Missing)),
                Some(Err(fault)) => return Err(self.damaged(&file.path, fault)),
                Some(Ok(bytes)) if bytes != file.bytes => {
                    let fault = Fault::Length { expected: file.bytes, found: bytes };
                    return Err(self.damaged(&file.path, fault));
                }
                Some(Ok(_)) => {}
            }
        }
        match found.pop_first() {
            Some((path, _)) => Err(self.damaged(&path, Fault::Extra)),
            None => Ok(()),
        }
    }

    /// Reads every byte and checks it against the digests.
    pub(super) fn check_bytes(&self, watch: &Watch) -> AppResult<()> {
        let mut meter = Meter::new(watch, self.manifest.bytes());
        for file in &self.manifest.files {
            let read = files::digest(&self.root.join(&file.path), &mut meter)?;
            self.same(file, &read)?;
        }
        Ok(())
    }

    /// Fails when what was read of a file is not what the manifest says.
    pub(super) fn same(&self, file: &FilePart, read: &(u64, String)) -> Result<(), BackupError> {
        let (bytes, sha256) = read;
        if *bytes != file.bytes {
            let fault = Fault::Length { expected: file.bytes, found: *bytes };
            return Err(self.damaged(&file.path, fault));
        }
        if *sha256 != file.sha256 {
            return Err(self.damaged(&file.path, Fault::Digest));
        }
        Ok(())
    }

    pub(super) fn file(&self, path: &str) -> Option<&FilePart> {
        let files = &self.manifest.files;
        files.binary_search_by(|f| f.path.as_str().cmp(path)).ok().and_then(|at| files.get(at))
    }
}

fn damaged(root: &Path, file: &str, fault: Fault) -> BackupError {
    BackupError::Damaged { backup: root.to_owned(), file: file.to_owned(), fault }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_paths_of_known_places_are_taken() {
        for path in ["registry.sqlite", "secret.key", "lake/p/events/a.parquet", "quarantine/1.csv"]
        {
            assert!(plain(path), "{path}");
        }
        for path in [
            "",
            "/etc/passwd",
            "lake/../../x",
            "lake//x",
            "lake/./x",
            "../x",
            "other",
            "lake/",
            "lake/a\0",
        ] {
            assert!(!plain(path), "{path}");
        }
    }
}
