//! Health of the program, as the screen *Santé* and the probes read it.

use std::path::Path;

use eclusier_core::{FileKind, Permission};
use eclusier_registry::JobStatus;
use jiff::Timestamp;

use crate::{
    App,
    backups::{BackupLine, BackupState, Rehearsal},
    error::AppResult,
};

/// How something stands, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// As it should be.
    Ok,
    /// Cannot be told.
    Unknown,
    /// To be looked at.
    Warning,
    /// To be mended now.
    Failing,
}

impl Health {
    /// Stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Health::Ok => "ok",
            Health::Unknown => "unknown",
            Health::Warning => "warning",
            Health::Failing => "failing",
        }
    }
}

/// One thing checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Stable id.
    pub id: &'static str,
    /// Name, French then English.
    pub label: [&'static str; 2],
    /// How it stands.
    pub health: Health,
    /// What was found and what to do, French then English.
    pub words: [String; 2],
}

/// State of the program.
#[derive(Debug, Clone)]
pub struct System {
    /// What was checked.
    pub checks: Vec<Check>,
    /// Database, with its place.
    pub database: String,
    /// Schema version of the registry.
    pub schema: i64,
    /// Bytes of the files in force.
    pub lake_bytes: u64,
    /// Files in force.
    pub lake_files: u64,
    /// Bytes free on the disk of the data directory.
    pub free_bytes: Option<u64>,
    /// Opening of the data directory by this program.
    pub started: Timestamp,
    /// Backups found where they are kept, latest first.
    pub backups: Vec<BackupLine>,
    /// Rehearsals of a restore, latest first.
    pub rehearsals: Vec<Rehearsal>,
}

/// Free space under which imports may fail.
const LITTLE_ROOM: u64 = 2 << 30;
const NO_ROOM: u64 = 200 << 20;

impl App {
    /// Reads what the program needs to answer at all: schema and processes of the registry.
    pub async fn ready(&self) -> AppResult<u64> {
        self.inner.registry.schema_version().await?;
        Ok(self.inner.registry.processes().await?.len() as u64)
    }

    /// State of the program.
    pub async fn system(&self) -> AppResult<System> {
        self.require(Permission::SystemRead)?;
        let registry = &self.inner.registry;
        let now = self.now();
        let mut checks = Vec::new();
        let schema = registry.schema_version().await?;
        checks.push(Check {
            id: "registry",
            label: ["Registre", "Registry"],
            health: Health::Ok,
            words: [
                format!("La base répond ; schéma {schema}."),
                format!("The database answers; schema {schema}."),
            ],
        });
        let (mut files, mut bytes, mut missing) = (0, 0, 0u64);
        for process in self.process_ids().await? {
            let snapshot = registry.snapshot(&process).await?;
            for file in &snapshot.files {
                files += 1;
                bytes += if file.kind == FileKind::Delivery { 0 } else { file.bytes };
                let path = self.inner.home.lake().join(&file.path);
                missing +=
                    u64::from(std::fs::metadata(path).map_or(true, |m| m.len() != file.bytes));
            }
        }
        checks.push(lake_check(files, missing));
        let verdict = registry.verify_audit().await?;
        checks.push(Check {
            id: "audit",
            label: ["Journal d’audit", "Audit log"],
            health: if verdict.is_whole() { Health::Ok } else { Health::Failing },
            words: match verdict.fault {
                None => [
                    format!("Chaîne intacte : {} inscriptions.", verdict.entries),
                    format!("The chain is whole: {} entries.", verdict.entries),
                ],
                Some(fault) => [
                    format!("Chaîne rompue à l’inscription n° {} : comparer à la dernière sauvegarde vérifiée.", fault.seq),
                    format!("The chain is broken at entry {}: compare with the last verified backup.", fault.seq),
                ],
            },
        });
        let health = self.backup_health(now).await?;
        let state = |state: BackupState| match state {
            BackupState::Ok => Health::Ok,
            BackupState::Failed => Health::Failing,
            BackupState::Late | BackupState::Never => Health::Warning,
        };
        checks.push(Check {
            id: "backup",
            label: ["Sauvegarde", "Backup"],
            health: state(health.backup),
            words: health.words.clone(),
        });
        checks.push(rehearsal_check(&health.last_rehearsal, state(health.rehearsal)));
        let free = free_bytes(self.inner.home.root());
        checks.push(disk_check(free));
        let jobs = registry.jobs(50).await?;
        let failed = jobs.iter().filter(|j| j.status == JobStatus::Failed).count();
        checks.push(Check {
            id: "jobs",
            label: ["Tâches", "Jobs"],
            health: if failed == 0 { Health::Ok } else { Health::Warning },
            words: match (failed, jobs.len()) {
                (_, 0) => ["Aucune encore.".into(), "None yet.".into()],
                (0, 1) => ["La dernière a réussi.".into(), "The last one succeeded.".into()],
                (_, 1) => ["La dernière a échoué.".into(), "The last one failed.".into()],
                (0, all) => [
                    format!("Aucun échec parmi les {all} dernières."),
                    format!("None failed among the last {all}."),
                ],
                (_, all) => [
                    format!("{failed} en échec parmi les {all} dernières."),
                    format!("{failed} failed among the last {all}."),
                ],
            },
        });
        let folder = health.last.as_ref().and_then(|l| l.path.parent()).map(Path::to_owned);
        let backups = match folder {
            Some(folder) => self
                .blocking(move || Ok(App::list_backups(&folder).unwrap_or_default()))
                .await?
                .into_iter()
                .take(10)
                .collect(),
            None => Vec::new(),
        };
        Ok(System {
            checks,
            database: registry.place(),
            schema,
            lake_bytes: bytes,
            lake_files: files,
            free_bytes: free,
            started: self.inner.started,
            backups,
            rehearsals: self.rehearsals(10).await?,
        })
    }
}

fn lake_check(files: u64, missing: u64) -> Check {
    Check {
        id: "lake",
        label: ["Fichiers de données", "Data files"],
        health: if missing == 0 { Health::Ok } else { Health::Failing },
        words: if missing == 0 {
            [
                format!("{files} fichiers présents, de la taille attendue."),
                format!("{files} files present, of the expected length."),
            ]
        } else {
            [
                format!(
                    "{missing} fichiers sur {files} absents ou tronqués : restaurer la dernière sauvegarde."
                ),
                format!("{missing} files out of {files} missing or cut: restore the last backup."),
            ]
        },
    }
}

fn rehearsal_check(last: &Option<Rehearsal>, health: Health) -> Check {
    let words = match last {
        None => [
            "Jamais faite : rien ne prouve encore qu’une sauvegarde se relit.".into(),
            "Never done: nothing proves yet that a backup can be read back.".into(),
        ],
        Some(r) if !r.ok => r.what_failed.clone().unwrap_or_default(),
        Some(r) => [
            format!("Réussie en {:.0} s : mêmes chiffres après restauration.", r.seconds.ceil()),
            format!("Passed in {:.0} s: same figures after the restore.", r.seconds.ceil()),
        ],
    };
    Check {
        id: "rehearsal",
        label: ["Essai de restauration", "Rehearsal of a restore"],
        health,
        words,
    }
}

fn disk_check(free: Option<u64>) -> Check {
    // Thousands of thousands, as the screen counts everywhere.
    let giga = |bytes: u64| bytes as f64 / 1e9;
    let (health, words) = match free {
        None => (
            Health::Unknown,
            ["Place libre inconnue.".to_owned(), "Free space unknown.".to_owned()],
        ),
        Some(free) => {
            let health = if free < NO_ROOM {
                Health::Failing
            } else if free < LITTLE_ROOM {
                Health::Warning
            } else {
                Health::Ok
            };
            let fr = format!("{:.1}", giga(free)).replace('.', ",");
            (health, [format!("{fr} Go libres."), format!("{:.1} GB free.", giga(free))])
        }
    };
    Check { id: "disk", label: ["Disque", "Disk"], health, words }
}

fn free_bytes(folder: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(folder).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}
