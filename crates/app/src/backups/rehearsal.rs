//! Rehearsing a restoration, and saying how safe the body is.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use eclusier_core::Permission;
use eclusier_registry::RehearsalRecord;
use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    BackupReport, LAST,
    error::BackupError,
    files::{self, Draft},
    keeper::{FAILURE, Failure, PLAN, StoredPlan},
    manifest::{self, Opened},
    open_at,
    restore::{check, put},
};
use crate::{
    App,
    error::{AppError, AppResult},
    imports::Watch,
};

/// Backups are expected every day when nobody said otherwise.
const USUAL: Duration = Duration::from_secs(24 * 3600);
/// A rehearsal older than this proves little of today's backups.
const STALE: Duration = Duration::from_secs(8 * 24 * 3600);

/// How a rehearsal ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rehearsal {
    /// When.
    pub at: Timestamp,
    /// Which backup.
    pub backup: PathBuf,
    /// Instant of that backup; `None` when its manifest cannot be read.
    pub instant_of_backup: Option<Timestamp>,
    /// Whether it came back whole, with the figures of its day.
    pub ok: bool,
    /// What did not hold, French then English.
    pub what_failed: Option<[String; 2]>,
    /// How long it took.
    pub seconds: f64,
}

impl From<RehearsalRecord> for Rehearsal {
    fn from(record: RehearsalRecord) -> Self {
        Rehearsal {
            at: record.at,
            backup: record.backup.into(),
            instant_of_backup: record.backup_at,
            ok: record.ok,
            what_failed: serde_json::from_str(&record.details).unwrap_or_default(),
            seconds: record.seconds,
        }
    }
}

/// How one of the two safeties stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BackupState {
    /// As it should be.
    Ok,
    /// Too long ago.
    Late,
    /// The last attempt failed.
    Failed,
    /// Never done.
    Never,
}

/// How safe the body is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BackupHealth {
    /// Backups.
    pub backup: BackupState,
    /// The last one made.
    pub last: Option<BackupReport>,
    /// Its age, in seconds.
    pub age_seconds: Option<i64>,
    /// Whether it is still where it was made; elsewhere is fine too.
    pub still_there: bool,
    /// The last scheduled attempt that failed, when nothing succeeded since.
    pub failure: Option<Failure>,
    /// Rehearsals.
    pub rehearsal: BackupState,
    /// The last one.
    pub last_rehearsal: Option<Rehearsal>,
    /// Both in words, French then English.
    pub words: [String; 2],
}

impl App {
    /// Restores a backup into a temporary folder, checks all of it, removes it, and remembers
    /// the outcome. A backup that does not hold is an outcome, not an error.
    pub async fn rehearse(&self, backup: &Path, watch: &Watch) -> AppResult<Rehearsal> {
        self.require_all(Permission::SystemWrite)?;
        self.rehearse_at(backup, self.now(), watch).await
    }

    pub(super) async fn rehearse_at(
        &self,
        backup: &Path,
        at: Timestamp,
        watch: &Watch,
    ) -> AppResult<Rehearsal> {
        let started = Instant::now();
        let backup = &std::path::absolute(backup).unwrap_or_else(|_| backup.to_owned());
        let mut instant_of_backup = None;
        let tried = self.try_restoring(backup, at, &mut instant_of_backup, watch).await;
        let what_failed = match tried {
            Ok(()) => None,
            // Stopped by a person, or for want of room: nothing was learned of the backup.
            Err(AppError::Cancelled) => return Err(AppError::Cancelled),
            Err(error) => Some(error.words()),
        };
        let rehearsal = Rehearsal {
            at,
            backup: backup.to_owned(),
            instant_of_backup,
            ok: what_failed.is_none(),
            what_failed,
            seconds: started.elapsed().as_secs_f64(),
        };
        let record = RehearsalRecord {
            at,
            backup: rehearsal.backup.display().to_string(),
            backup_at: rehearsal.instant_of_backup,
            ok: rehearsal.ok,
            seconds: rehearsal.seconds,
            details: serde_json::json!(rehearsal.what_failed).to_string(),
        };
        self.registry().add_rehearsal(&record, &self.actor()).await?;
        Ok(rehearsal)
    }

    async fn try_restoring(
        &self,
        backup: &Path,
        at: Timestamp,
        instant_of_backup: &mut Option<Timestamp>,
        watch: &Watch,
    ) -> AppResult<()> {
        let root = backup.to_owned();
        let opened = self.blocking(move || Ok(manifest::open(&root)?)).await?;
        *instant_of_backup = Some(opened.manifest.at);
        let (home, given, watching) = (self.home().clone(), opened.clone(), watch.clone());
        let draft = self
            .blocking(move || {
                given.check_names()?;
                given.check_bytes(&watching)?;
                let linked = files::together(&given.root, home.root());
                if !linked {
                    files::room(home.root(), given.manifest.bytes())?;
                }
                let draft = Draft::within(home.root(), "rehearsal")?;
                let key = kept_apart(&given, &home)?;
                put(&given, draft.path(), key, linked, &watching)?;
                Ok(draft)
            })
            .await?;
        let app = open_at(draft.path(), &draft.path().join("lake"), at).await?;
        let checked = check(&app, &opened, watch).await;
        app.close().await;
        drop(app);
        self.blocking(move || {
            drop(draft);
            Ok(())
        })
        .await?;
        checked.map(|_| ())
    }

    /// The latest rehearsals first, at most `limit`.
    pub async fn rehearsals(&self, limit: u32) -> AppResult<Vec<Rehearsal>> {
        self.require(Permission::SystemRead)?;
        let records = self.registry().rehearsals(limit).await?;
        Ok(records.into_iter().map(Rehearsal::from).collect())
    }

    /// How safe the body is at an instant.
    pub async fn backup_health(&self, now: Timestamp) -> AppResult<BackupHealth> {
        self.require(Permission::SystemRead)?;
        let last: Option<BackupReport> = self.remembered(LAST).await?;
        let last_rehearsal = self.registry().rehearsals(1).await?.into_iter().next();
        let last_rehearsal = last_rehearsal.map(Rehearsal::from);
        let failure: Option<Failure> = self.remembered(FAILURE).await?;
        let plan: Option<StoredPlan> = self.remembered(PLAN).await?;
        let every = plan.map_or(USUAL, |p| Duration::from_secs(p.every_seconds));
        let age = |at: Timestamp| now.duration_since(at).as_secs().max(0);
        let over = |at: Timestamp, limit: Duration| {
            age(at) > i64::try_from(limit.as_secs()).unwrap_or(i64::MAX)
        };
        let failure = failure.filter(|f| last.as_ref().is_none_or(|l| l.at < f.at));
        let backup = match &last {
            _ if failure.is_some() => BackupState::Failed,
            None => BackupState::Never,
            Some(last) if over(last.at, every.saturating_mul(2)) => BackupState::Late,
            Some(_) => BackupState::Ok,
        };
        let rehearsal = match &last_rehearsal {
            None => BackupState::Never,
            Some(r) if !r.ok => BackupState::Failed,
            Some(r) if over(r.at, every.saturating_mul(2).max(STALE)) => BackupState::Late,
            Some(_) => BackupState::Ok,
        };
        let mut health = BackupHealth {
            backup,
            age_seconds: last.as_ref().map(|l| age(l.at)),
            still_there: last.as_ref().is_some_and(|l| l.path.join(manifest::MANIFEST).exists()),
            last,
            failure,
            rehearsal,
            last_rehearsal,
            words: Default::default(),
        };
        let zone = self.registry().body().await?.zone;
        health.words = health.in_words(&TimeZone::get(&zone).unwrap_or(TimeZone::UTC));
        Ok(health)
    }

    /// Keeps a value as a setting of its own; the change is audited.
    pub(super) async fn remember(
        &self,
        key: &str,
        value: &impl Serialize,
        at: Timestamp,
    ) -> AppResult<()> {
        let json = serde_json::to_string(value)
            .map_err(|e| BackupError::io("describe", key)(std::io::Error::other(e)))?;
        Ok(self.registry().put_setting(key, &json, &self.actor(), at).await?)
    }

    /// The value kept; one this program cannot read counts as none.
    pub(super) async fn remembered<T: DeserializeOwned>(&self, key: &str) -> AppResult<Option<T>> {
        let json = self.registry().setting(key).await?;
        Ok(json.and_then(|json| serde_json::from_str(&json).ok()))
    }
}

/// The key of the data in use, where the backup was made without it.
fn kept_apart(opened: &Opened, home: &crate::Home) -> AppResult<Option<Vec<u8>>> {
    let key = &opened.manifest.key;
    let (Some(needed), false) = (&key.fingerprint, key.included) else { return Ok(None) };
    match home.key_fingerprint()? {
        Some(found) if found == *needed => {
            let path = home.key();
            Ok(Some(std::fs::read(&path).map_err(BackupError::io("read", path))?))
        }
        found => {
            let (needed, found) = (needed.clone(), found.unwrap_or_else(|| "—".into()));
            Err(BackupError::KeyWrong { needed, found }.into())
        }
    }
}

impl BackupHealth {
    /// The state in words, with the hours of the body.
    fn in_words(&self, zone: &TimeZone) -> [String; 2] {
        let there = |at: Timestamp| at.to_zoned(zone.clone());
        let day = |at: Timestamp| there(at).strftime("%d/%m/%Y à %-H h %M").to_string();
        let iso = |at: Timestamp| there(at).strftime("%Y-%m-%d at %H:%M").to_string();
        let made = self.last.as_ref().map(|l| (day(l.at), iso(l.at)));
        let [fr, en] = match (self.backup, &made, &self.failure) {
            (BackupState::Failed, _, Some(failure)) => {
                let [fr, en] = &failure.words;
                [
                    format!("La sauvegarde du {} a échoué : {fr}", day(failure.at)),
                    format!("The backup of {} failed: {en}", iso(failure.at)),
                ]
            }
            (BackupState::Late, Some((fr, en)), _) => [
                format!("Dernière sauvegarde le {fr} : trop ancienne."),
                format!("Last backup on {en}: too old."),
            ],
            (_, Some((fr, en)), _) => {
                [format!("Dernière sauvegarde le {fr}."), format!("Last backup on {en}.")]
            }
            (_, None, _) => [
                "Aucune sauvegarde n’a été faite : lancer « eclusier backup --to DOSSIER ».".into(),
                "No backup was ever made: run “eclusier backup --to FOLDER”.".into(),
            ],
        };
        let [more_fr, more_en] = match &self.last_rehearsal {
            None => [
                "Aucune restauration n’a été répétée : rien ne prouve qu’une sauvegarde se relit."
                    .into(),
                "No restoration was ever rehearsed: nothing proves that a backup reads back."
                    .into(),
            ],
            Some(r) if !r.ok => {
                let [fr, en] = r.what_failed.clone().unwrap_or_default();
                [
                    format!("Répétition du {} en échec : {fr}", day(r.at)),
                    format!("Rehearsal of {} failed: {en}", iso(r.at)),
                ]
            }
            Some(r) if self.rehearsal == BackupState::Late => [
                format!("Dernière répétition le {} : trop ancienne.", day(r.at)),
                format!("Last rehearsal on {}: too old.", iso(r.at)),
            ],
            Some(r) => [
                format!("Restauration répétée avec succès le {}.", day(r.at)),
                format!("Restoration rehearsed with success on {}.", iso(r.at)),
            ],
        };
        [format!("{fr} {more_fr}"), format!("{en} {more_en}")]
    }
}
