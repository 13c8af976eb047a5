//! Backups made by the server by itself: every so often, rehearsed, the oldest removed.

use std::{
    fs,
    future::Future,
    path::{Path, PathBuf},
    time::Duration,
};

use eclusier_core::Permission;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    BackupOptions,
    error::{BackupError, stamp},
    files,
};
use crate::{
    App,
    error::{AppError, AppResult},
    imports::Watch,
};

/// Setting that remembers the schedule in force.
pub(crate) const PLAN: &str = "backup.plan";
/// Setting that remembers the last scheduled backup that failed.
pub(crate) const FAILURE: &str = "backup.failure";
/// Lock of a folder of backups.
const LOCK: &str = ".eclusier-backups.lock";
/// Names of the backups kept here; others are never removed.
const PREFIX: &str = "eclusier-";
/// How soon a stop is noticed, and a failed backup tried again at the latest.
const SLICE: Duration = Duration::from_secs(60);
const RETRY: Duration = Duration::from_secs(3600);

/// When, where, and how many.
#[derive(Debug, Clone)]
pub struct BackupPlan {
    /// Folder of the backups; it must exist.
    pub folder: PathBuf,
    /// Time between two backups.
    pub every: Duration,
    /// Backups kept; at least one.
    pub keep: usize,
    /// Whether each backup is rehearsed; the oldest are only removed once it went well.
    pub rehearse: bool,
    /// Leave the key out.
    pub without_key: bool,
}

/// The schedule as the health of the backups needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredPlan {
    pub(super) folder: PathBuf,
    pub(super) every_seconds: u64,
    pub(super) keep: usize,
    pub(super) rehearse: bool,
}

/// A scheduled backup that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// When.
    pub at: Timestamp,
    /// Why, French then English.
    pub words: [String; 2],
}

/// The present and its passing, so that a test lives a month in a second.
pub trait BackupClock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;
    /// Waits.
    fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send;
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl BackupClock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

impl App {
    /// Backs up, rehearses and tidies on schedule until `watch` is cancelled. A failure is
    /// remembered, told in the log, and tried again: it never stops the server.
    pub async fn keep_backups(
        &self,
        plan: &BackupPlan,
        clock: &impl BackupClock,
        watch: &Watch,
    ) -> AppResult<()> {
        self.require_all(Permission::SystemWrite)?;
        let stored = StoredPlan {
            folder: plan.folder.clone(),
            every_seconds: plan.every.as_secs(),
            keep: plan.keep,
            rehearse: plan.rehearse,
        };
        self.remember(PLAN, &stored, clock.now()).await?;
        let mut not_before = clock.now();
        while !watch.cancelled() {
            let now = clock.now();
            let due = self.due(plan).await.max(not_before);
            if now < due {
                let wait = now.duration_until(due).unsigned_abs();
                clock.sleep(wait.min(SLICE)).await;
                continue;
            }
            match self.keep_one(plan, now, watch).await {
                Ok(()) => not_before = now,
                Err(AppError::Cancelled) => break,
                Err(error) => {
                    not_before = later(now, plan.every.min(RETRY));
                    // Another server keeps this folder: it will do.
                    if !matches!(error, AppError::Backup(BackupError::Running { .. })) {
                        tracing::error!(%error, "a scheduled backup failed");
                        let failure = Failure { at: now, words: error.words() };
                        self.remember(FAILURE, &failure, now).await?;
                    }
                }
            }
        }
        Ok(())
    }

    /// When the next backup is due: at once without any.
    async fn due(&self, plan: &BackupPlan) -> Timestamp {
        let folder = plan.folder.clone();
        let kept = self.blocking(move || kept(&folder)).await.unwrap_or_default();
        kept.first().map_or(Timestamp::MIN, |(at, _)| later(*at, plan.every))
    }

    async fn keep_one(&self, plan: &BackupPlan, now: Timestamp, watch: &Watch) -> AppResult<()> {
        let lock = plan.folder.join(LOCK);
        let turn = files::try_lock(&lock)?.ok_or(BackupError::Running { path: lock })?;
        let options = BackupOptions {
            to: plan.folder.join(format!("{PREFIX}{}", stamp(now))),
            without_key: plan.without_key,
            copy: false,
        };
        self.backup_at(&options, now, watch).await?;
        if plan.rehearse && !self.rehearse_at(&options.to, now, watch).await?.ok {
            // The older ones may be all that is left: a person must look.
            tracing::error!("the rehearsal of the backup failed: no backup is removed");
            return Ok(());
        }
        let (folder, keep) = (plan.folder.clone(), plan.keep.max(1));
        self.blocking(move || {
            for (_, path) in kept(&folder)?.into_iter().skip(keep) {
                remove(&path)?;
            }
            Ok(())
        })
        .await?;
        drop(turn);
        Ok(())
    }
}

fn later(at: Timestamp, time: Duration) -> Timestamp {
    at.checked_add(time).unwrap_or(Timestamp::MAX)
}

/// The whole backups of the schedule, the latest first. Damaged ones are left to a person.
fn kept(folder: &Path) -> AppResult<Vec<(Timestamp, PathBuf)>> {
    let lines = App::list_backups(folder)?;
    let ours = |path: &Path| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PREFIX))
    };
    let whole = lines.into_iter().filter(|l| l.problem.is_none() && ours(&l.path));
    Ok(whole.filter_map(|l| Some((l.at?, l.path))).collect())
}

/// Removes a backup, which stops being one before its first file goes.
fn remove(path: &Path) -> Result<(), BackupError> {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let gone = files::folder_of(path).join(files::draft_name(&name));
    fs::rename(path, &gone).map_err(BackupError::io("rename", path))?;
    // What cannot be removed now, the next draft made there sweeps.
    let _ = fs::remove_dir_all(&gone);
    Ok(())
}
