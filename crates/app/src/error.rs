//! Why a use case did not give its answer, in words a person can act on.

use std::path::PathBuf;

use eclusier_core::ProcessId;

/// A failure of a use case.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// No such thing.
    #[error("{what} {name} does not exist")]
    NotFound {
        /// Kind of thing, English.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// A parameter that cannot be used.
    #[error("{field}: {en}")]
    Invalid {
        /// Parameter or field.
        field: String,
        /// What to write instead, French.
        fr: String,
        /// The same in English.
        en: String,
    },
    /// The input is refused, or a choice is needed, or no answer exists.
    #[error("{en}")]
    Refused {
        /// Stable code.
        code: String,
        /// What to do, French.
        fr: String,
        /// The same in English.
        en: String,
    },
    /// Someone else changed the same thing first.
    #[error("process {process} changed meanwhile: read it again and retry")]
    Conflict {
        /// Process.
        process: ProcessId,
    },
    /// Somebody was not let in.
    #[error(transparent)]
    SignIn(#[from] crate::sign_in::SignInError),
    /// A way in that leads nowhere.
    #[error("this way in is closed")]
    Closed,
    /// A permission is missing.
    #[error(transparent)]
    Forbidden(#[from] eclusier_core::Denied),
    /// Somebody else changed the same record first.
    #[error("{what} {id} was changed meanwhile")]
    Stale {
        /// Kind of record, English.
        what: &'static str,
        /// Which one.
        id: String,
    },
    /// The person cancelled.
    #[error("cancelled")]
    Cancelled,
    /// The data directory cannot be used.
    #[error("the data directory {path} cannot be used")]
    Home {
        /// Folder.
        path: PathBuf,
        /// Cause.
        #[source]
        source: std::io::Error,
    },
    /// The pseudonymisation key is damaged.
    #[error("the pseudonymisation key of the data directory is damaged: restore it from a backup")]
    Key,
    /// The registry failed.
    #[error(transparent)]
    Registry(eclusier_registry::RegistryError),
    /// The lake failed.
    #[error(transparent)]
    Lake(eclusier_lake::LakeError),
    /// Figures could not be measured.
    #[error(transparent)]
    Ledger(#[from] eclusier_ledger::LedgerError),
    /// A file could not be read.
    #[error(transparent)]
    Ingest(#[from] eclusier_ingest::IngestError),
    /// A file could not be written or read.
    #[error("could not use {what}")]
    Io {
        /// What it was.
        what: String,
        /// Cause.
        #[source]
        source: std::io::Error,
    },
    /// An export could not be built.
    #[error("the {format} export could not be built: {why}")]
    Export {
        /// Format.
        format: &'static str,
        /// Reason of the library.
        why: String,
    },
    /// A backup was not made, or was not restored.
    #[error(transparent)]
    Backup(#[from] crate::backups::BackupError),
    /// A background task died.
    #[error("a background task stopped unexpectedly")]
    Task,
}

impl AppError {
    /// An unusable parameter.
    pub fn invalid(field: &str, fr: impl Into<String>, en: impl Into<String>) -> Self {
        AppError::Invalid { field: field.into(), fr: fr.into(), en: en.into() }
    }

    /// Stable kind, for exit codes and problem types.
    pub fn kind(&self) -> &'static str {
        use eclusier_ingest::IngestError as I;
        match self {
            AppError::NotFound { .. } => "not-found",
            AppError::Invalid { .. } | AppError::Ledger(_) => "invalid",
            AppError::Refused { .. } | AppError::Ingest(I::Refused { .. } | I::Choice { .. }) => {
                "refused"
            }
            AppError::Conflict { .. } => "conflict",
            AppError::Forbidden(_) | AppError::Closed => "forbidden",
            AppError::SignIn(refused) => refused.kind(),
            AppError::Stale { .. } => "stale",
            AppError::Backup(error) => error.kind(),
            AppError::Cancelled | AppError::Ingest(I::Cancelled) => "cancelled",
            AppError::Registry(error) if unavailable(error).is_some() => "unavailable",
            _ => "internal",
        }
    }

    /// What happened and what to do, French then English.
    pub fn words(&self) -> [String; 2] {
        use eclusier_ingest::IngestError as I;
        match self {
            AppError::NotFound { what, name } => {
                let fr = match *what {
                    "process" => format!(
                        "Le processus « {name} » n’existe pas : importer d’abord un fichier."
                    ),
                    "import" => format!("L’import n° {name} n’existe pas."),
                    "upload" => "Ce fichier n’est plus en attente : le déposer à nouveau.".into(),
                    "job" => format!("La tâche {name} n’existe pas."),
                    _ => format!("« {name} » n’existe pas."),
                };
                let en = match *what {
                    "process" => format!("Process “{name}” does not exist: import a file first."),
                    "upload" => "This file is no longer waiting: drop it again.".into(),
                    _ => format!("The {what} “{name}” does not exist."),
                };
                [fr, en]
            }
            AppError::Invalid { fr, en, .. } | AppError::Refused { fr, en, .. } => {
                [fr.clone(), en.clone()]
            }
            AppError::Ingest(I::Refused { name, line, fr, en, .. }) => {
                let at = |l: &str| line.map_or(String::new(), |n| format!(", {l} {n}"));
                [format!("{name}{} : {fr}", at("ligne")), format!("{name}{}: {en}", at("line"))]
            }
            AppError::Ingest(I::Choice { name, fr, en, .. }) => {
                [format!("{name} : {fr}"), format!("{name}: {en}")]
            }
            AppError::Ledger(eclusier_ledger::LedgerError::UnknownFigure { id }) => [
                format!("L’indicateur « {id} » n’existe pas."),
                format!("Figure “{id}” does not exist."),
            ],
            AppError::Ledger(other) => [format!("Demande trop large : {other}"), other.to_string()],
            AppError::Conflict { process } => [
                format!("Le processus {process} a changé entre-temps : relire puis recommencer."),
                format!("Process {process} changed meanwhile: read it again and retry."),
            ],
            AppError::Backup(error) => error.words(),
            AppError::SignIn(refused) => refused.words(),
            AppError::Closed => {
                ["Cette adresse est fermée.".into(), "This address is closed.".into()]
            }
            AppError::Forbidden(denied) => {
                let needed = denied.permission.as_str();
                [
                    format!(
                        "Ce compte n’a pas le droit « {needed} » ici : le demander à la personne qui gère les droits."
                    ),
                    format!(
                        "This account lacks the right “{needed}” here: ask the person who manages rights."
                    ),
                ]
            }
            AppError::Stale { .. } => [
                "Quelqu’un a modifié cette fiche entre-temps : relire puis recommencer.".into(),
                "Somebody changed this record meanwhile: read it again and retry.".into(),
            ],
            AppError::Cancelled => {
                ["Annulé ; rien n’a changé.".into(), "Cancelled; nothing changed.".into()]
            }
            AppError::Registry(error) if unavailable(error).is_some() => {
                unavailable(error).unwrap_or_default().map(str::to_owned)
            }
            other => {
                let mut why = other.to_string();
                let mut cause = std::error::Error::source(other);
                while let Some(inner) = cause {
                    why = format!("{why} — {inner}");
                    cause = inner.source();
                }
                [
                    format!("Une opération a échoué, rien n’a changé : {why}"),
                    format!("An operation failed, nothing changed: {why}"),
                ]
            }
        }
    }
}

impl From<eclusier_registry::RegistryError> for AppError {
    fn from(error: eclusier_registry::RegistryError) -> Self {
        use eclusier_registry::RegistryError as R;
        match error {
            R::Stale { what, id } => AppError::Stale { what, id },
            R::Missing { what, id } => AppError::NotFound { what, name: id },
            R::Taken { what } => AppError::Refused {
                code: "taken".into(),
                fr: format!("Déjà pris ({what}) : en choisir un autre."),
                en: format!("The {what} is already taken: choose another."),
            },
            R::Text(_) => AppError::Refused {
                code: "text".into(),
                fr: "Un texte contient un caractère nul, que la base de données ne peut garder : le retirer."
                    .into(),
                en: "A text holds a null character, which the database cannot keep: remove it."
                    .into(),
            },
            R::Organisation(fault) => crate::organisation::refusal(&fault, &Default::default()),
            other => AppError::Registry(other),
        }
    }
}

/// What to do when the database does not answer; its name and place are in the log alone.
fn unavailable(error: &eclusier_registry::RegistryError) -> Option<[&'static str; 2]> {
    use eclusier_registry::RegistryError as R;
    match error {
        R::Busy(_) => Some([
            "La base de données est occupée, rien n’a changé : recommencer dans un instant.",
            "The database is busy, nothing changed: try again in a moment.",
        ]),
        R::Unreachable { .. } => Some([
            "La base de données ne répond pas, rien n’a changé : recommencer dans un instant.",
            "The database does not answer, nothing changed: try again in a moment.",
        ]),
        R::Uncertain { .. } => Some([
            "La base de données s’est tue pendant l’enregistrement : relire pour savoir s’il a eu lieu.",
            "The database went silent while saving: read again to know whether it was done.",
        ]),
        R::DiskFull(_) => Some([
            "Il n’y a plus de place pour la base de données, rien n’a changé : en libérer puis recommencer.",
            "No space is left for the database, nothing changed: make room, then try again.",
        ]),
        _ => None,
    }
}

impl From<eclusier_lake::LakeError> for AppError {
    fn from(error: eclusier_lake::LakeError) -> Self {
        match error {
            // The lake stops because a person asked, whether it was merging or waiting its turn.
            eclusier_lake::LakeError::Stopped => AppError::Cancelled,
            other => AppError::Lake(other),
        }
    }
}

/// Result of a use case.
pub type AppResult<T> = Result<T, AppError>;
