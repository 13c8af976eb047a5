//! Why a backup was not made, or was not restored: what, where, and what to do.

use std::path::PathBuf;

use eclusier_core::ProcessId;
use jiff::Timestamp;

/// What does not hold in a file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Listed, not there.
    #[error("is missing")]
    Missing,
    /// There, not listed.
    #[error("is not listed")]
    Extra,
    /// A link, a folder, a device.
    #[error("is not a plain file")]
    NotAFile,
    /// Cut short, or longer.
    #[error("has {found} bytes instead of {expected}")]
    Length {
        /// Bytes listed.
        expected: u64,
        /// Bytes found.
        found: u64,
    },
    /// Another content.
    #[error("does not have the digest listed")]
    Digest,
    /// A text that is not what its name says.
    #[error("cannot be read: {why}")]
    Unreadable {
        /// Where the reader stopped.
        why: String,
    },
    /// The two lists of files differ.
    #[error("does not say the same of it as the list of digests")]
    Lists,
    /// The registry names another content, or a file the backup does not hold.
    #[error("is not what the registry of the backup names")]
    Catalogue,
}

impl Fault {
    /// In words, French then English.
    pub fn words(&self) -> [String; 2] {
        let fr = match self {
            Fault::Missing => "manque".into(),
            Fault::Extra => "n’appartient pas à la sauvegarde".into(),
            Fault::NotAFile => "n’est pas un simple fichier".into(),
            Fault::Length { expected, found } => {
                format!("fait {found} octets au lieu de {expected}")
            }
            Fault::Digest => "n’a pas l’empreinte attendue".into(),
            Fault::Unreadable { why } => format!("est illisible ({why})"),
            Fault::Lists => "n’est pas décrit pareillement dans SHA256SUMS".into(),
            Fault::Catalogue => "n’est pas celui que nomme le registre de la sauvegarde".into(),
        };
        [fr, self.to_string()]
    }
}

/// Why a backup was not made, or was not restored. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// A backup never overwrites.
    #[error("{path} exists: a backup never overwrites")]
    Exists {
        /// Target.
        path: PathBuf,
    },
    /// Nothing to back up.
    #[error("{path} is not a data directory")]
    NoData {
        /// Data directory named.
        path: PathBuf,
    },
    /// The backup would be lost with what it protects.
    #[error("{path} lies inside the data directory")]
    Inside {
        /// Target.
        path: PathBuf,
    },
    /// Another backup is at work.
    #[error("another backup holds {path}")]
    Running {
        /// Its lock.
        path: PathBuf,
    },
    /// The folder is not a backup, or one that was never finished.
    #[error("{path} is not a finished backup")]
    NotABackup {
        /// Folder.
        path: PathBuf,
    },
    /// A later program wrote it.
    #[error("{path} has format {found}, this program reads up to {known}")]
    Format {
        /// Folder.
        path: PathBuf,
        /// Format found.
        found: u64,
        /// Latest format known.
        known: u32,
    },
    /// A file of the backup is not what was written.
    #[error("{file} of the backup {backup} {fault}")]
    Damaged {
        /// Folder of the backup.
        backup: PathBuf,
        /// File, below it.
        file: String,
        /// What does not hold.
        fault: Fault,
    },
    /// A file of the data directory is not what the catalogue says: backing it up would hide that.
    #[error("{file} of the data directory {fault}")]
    SourceDamaged {
        /// File, below the data directory.
        file: String,
        /// What does not hold.
        fault: Fault,
    },
    /// The audit log inside the backup is broken.
    #[error("entry {seq} of the audit log of the backup does not hold")]
    Audit {
        /// First entry that does not hold.
        seq: i64,
    },
    /// What was restored does not give the figures of the day of the backup.
    #[error("process {process}: {what} is not that of the day of the backup")]
    Witness {
        /// Process.
        process: ProcessId,
        /// Figure or count.
        what: String,
    },
    /// The key is kept apart and was not given.
    #[error("the backup does not hold its key (fingerprint {fingerprint})")]
    KeyNeeded {
        /// Fingerprint of the key needed.
        fingerprint: String,
    },
    /// The key given is another one.
    #[error("the key has fingerprint {found}, the backup needs {needed}")]
    KeyWrong {
        /// Fingerprint needed.
        needed: String,
        /// Fingerprint given.
        found: String,
    },
    /// The restoration wants an empty place.
    #[error("{path} is not empty")]
    NotEmpty {
        /// Data directory named.
        path: PathBuf,
    },
    /// Not enough room: said before anything is written.
    #[error("{path}: {needed} bytes needed, {free} free")]
    Room {
        /// Folder.
        path: PathBuf,
        /// Bytes needed.
        needed: u64,
        /// Bytes free.
        free: u64,
    },
    /// A file could not be read or written.
    #[error("could not {action} {path}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl BackupError {
    /// Stable kind, for exit codes and problem types.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            BackupError::Exists { .. }
            | BackupError::NoData { .. }
            | BackupError::Inside { .. }
            | BackupError::NotEmpty { .. }
            | BackupError::KeyNeeded { .. } => "invalid",
            BackupError::Running { .. } => "conflict",
            _ => "internal",
        }
    }

    /// What happened and what to do, French then English.
    pub(crate) fn words(&self) -> [String; 2] {
        match self {
            BackupError::Exists { path } => [
                format!(
                    "{} existe déjà : une sauvegarde n’écrase jamais rien, donner un autre nom.",
                    path.display()
                ),
                format!("{} exists: a backup never overwrites, give another name.", path.display()),
            ],
            BackupError::NoData { path } => [
                format!("{} n’est pas un dossier de données : vérifier --data.", path.display()),
                format!("{} is not a data directory: check --data.", path.display()),
            ],
            BackupError::Inside { path } => [
                format!(
                    "{} est dans le dossier de données et disparaîtrait avec lui : sauvegarder ailleurs, au mieux sur un autre disque.",
                    path.display()
                ),
                format!(
                    "{} lies inside the data directory and would be lost with it: back up elsewhere, at best on another disk.",
                    path.display()
                ),
            ],
            BackupError::Running { path } => [
                format!(
                    "Une autre sauvegarde est en cours ({}) : attendre qu’elle finisse.",
                    path.display()
                ),
                format!("Another backup is running ({}): wait for its end.", path.display()),
            ],
            BackupError::NotABackup { path } => [
                format!(
                    "{} n’est pas une sauvegarde terminée (manifest.json manque) : en choisir une autre par « eclusier backup list ».",
                    path.display()
                ),
                format!(
                    "{} is not a finished backup (no manifest.json): choose another one with “eclusier backup list”.",
                    path.display()
                ),
            ],
            BackupError::Format { path, found, known } => [
                format!(
                    "{} vient d’un programme plus récent (format {found}, ce programme lit jusqu’à {known}) : restaurer avec la version qui l’a écrite.",
                    path.display()
                ),
                format!(
                    "{} comes from a later program (format {found}, this program reads up to {known}): restore with the version that wrote it.",
                    path.display()
                ),
            ],
            BackupError::Damaged { backup, file, fault } => {
                let [fr, en] = fault.words();
                [
                    format!(
                        "La sauvegarde {} est abîmée : {file} {fr}. Rien n’a été restauré : prendre une autre sauvegarde, ou une autre copie de celle-ci.",
                        backup.display()
                    ),
                    format!(
                        "The backup {} is damaged: {file} {en}. Nothing was restored: take another backup, or another copy of this one.",
                        backup.display()
                    ),
                ]
            }
            BackupError::SourceDamaged { file, fault } => {
                let [fr, en] = fault.words();
                [
                    format!(
                        "Le dossier de données est abîmé : {file} {fr}. Aucune sauvegarde n’a été faite : lancer « eclusier verify », puis reprendre ce fichier d’une sauvegarde antérieure."
                    ),
                    format!(
                        "The data directory is damaged: {file} {en}. No backup was made: run “eclusier verify”, then take this file back from an earlier backup."
                    ),
                ]
            }
            BackupError::Audit { seq } => [
                format!(
                    "Le journal de la sauvegarde ne tient pas à l’entrée {seq} : il a été modifié. Rien n’a été restauré : prendre une autre sauvegarde."
                ),
                format!(
                    "The audit log of the backup does not hold at entry {seq}: it was altered. Nothing was restored: take another backup."
                ),
            ],
            BackupError::Witness { process, what } => [
                format!(
                    "Processus {process} : « {what} » recalculé n’est pas celui du jour de la sauvegarde. Rien n’a été restauré : prendre une autre sauvegarde, et signaler ce cas."
                ),
                format!(
                    "Process {process}: “{what}” computed again is not that of the day of the backup. Nothing was restored: take another backup, and report this case."
                ),
            ],
            BackupError::KeyNeeded { fingerprint } => [
                format!(
                    "Cette sauvegarde ne contient pas sa clé : donner par --key le fichier secret.key gardé à part (empreinte {fingerprint})."
                ),
                format!(
                    "This backup does not hold its key: give with --key the file secret.key kept apart (fingerprint {fingerprint})."
                ),
            ],
            BackupError::KeyWrong { needed, found } => [
                format!(
                    "La clé donnée a l’empreinte {found}, la sauvegarde demande {needed} : donner la clé gardée avec elle."
                ),
                format!(
                    "The key has fingerprint {found}, the backup needs {needed}: give the key kept with it."
                ),
            ],
            BackupError::NotEmpty { path } => [
                format!(
                    "{} n’est pas vide : restaurer dans un dossier neuf, puis échanger les deux.",
                    path.display()
                ),
                format!(
                    "{} is not empty: restore into a new folder, then swap the two.",
                    path.display()
                ),
            ],
            BackupError::Room { path, needed, free } => [
                format!(
                    "Place insuffisante dans {} : {needed} octets nécessaires, {free} libres.",
                    path.display()
                ),
                format!(
                    "Not enough room in {}: {needed} bytes needed, {free} free.",
                    path.display()
                ),
            ],
            BackupError::Io { action, path, source } => [
                format!("Impossible d’utiliser {} : {source} ({action}).", path.display()),
                format!("Could not {action} {}: {source}.", path.display()),
            ],
        }
    }

    /// A failure of the file system.
    pub(crate) fn io(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(std::io::Error) -> BackupError {
        let path = path.into();
        move |source| BackupError::Io { action, path, source }
    }
}

/// The instant as a name of folder: `20250701T080000Z`.
pub(crate) fn stamp(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}
