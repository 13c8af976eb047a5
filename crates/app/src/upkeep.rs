//! What a server does for itself: figures of its own health, its daily sweep, its stop.

use std::time::{Duration, SystemTime};

use eclusier_core::{FileKind, Permission};
use eclusier_registry::JobStatus;
use jiff::Timestamp;

use crate::{App, error::AppResult};

const STATUSES: [JobStatus; 6] = [
    JobStatus::Queued,
    JobStatus::Running,
    JobStatus::Done,
    JobStatus::Failed,
    JobStatus::Cancelled,
    JobStatus::Interrupted,
];

/// Figures of the program itself, cheap enough to be read every few seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VitalSigns {
    /// Jobs remembered, by status.
    pub jobs: Vec<(&'static str, u64)>,
    /// Bytes of the data files in force.
    pub lake_bytes: u64,
    /// Data files in force.
    pub lake_files: u64,
    /// Age of the last backup.
    pub backup_age_seconds: Option<i64>,
    /// Whether the last rehearsal of a restore passed.
    pub rehearsal_ok: Option<bool>,
    /// Opening of the data directory by this program.
    pub started: Timestamp,
}

impl App {
    /// Reads the figures of the program itself.
    pub async fn vital_signs(&self) -> AppResult<VitalSigns> {
        self.require(Permission::SystemRead)?;
        let registry = &self.inner.registry;
        let counted = registry.count_jobs().await?;
        // A status without any job is 0: the figure of a while ago would stay otherwise.
        let count = |s| counted.iter().find(|(status, _)| *status == s).map_or(0, |(_, n)| *n);
        let jobs = STATUSES.iter().map(|s| (s.as_str(), count(*s))).collect();
        let (mut lake_bytes, mut lake_files) = (0u64, 0u64);
        for process in self.process_ids().await? {
            for file in &registry.snapshot(&process).await?.files {
                lake_files += 1;
                if file.kind != FileKind::Delivery {
                    lake_bytes = lake_bytes.saturating_add(file.bytes);
                }
            }
        }
        let health = self.backup_health(self.now()).await?;
        Ok(VitalSigns {
            jobs,
            lake_bytes,
            lake_files,
            backup_age_seconds: health.age_seconds,
            rehearsal_ok: health.last_rehearsal.map(|r| r.ok),
            started: self.inner.started,
        })
    }

    /// Removes what nobody will ask for again: sessions that ended, files dropped and never
    /// imported, data files no version reads.
    pub async fn tidy(&self) -> AppResult<()> {
        self.require_all(Permission::SystemWrite)?;
        self.inner.registry.sweep_sessions(self.now()).await?;
        let app = self.clone();
        self.blocking(move || {
            app.inner.home.sweep_uploads(SystemTime::now());
            Ok(())
        })
        .await?;
        self.sweep().await
    }

    /// Asks every job of this process to stop, and waits until they have, at most `patience`.
    pub async fn stop_jobs(&self, patience: Duration) {
        let all_ended = async {
            while self.inner.jobs.any() {
                // Again each time: a request at work may still queue one.
                self.inner.jobs.cancel_all();
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        if tokio::time::timeout(patience, all_ended).await.is_err() {
            // The next start marks them as interrupted.
            tracing::warn!("jobs were still at work when the program stopped");
        }
    }
}
