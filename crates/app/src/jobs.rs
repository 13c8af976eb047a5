//! Jobs: long work in a bounded queue, with progress, cancellation and a result
//! that survives a restart.

use std::{
    collections::HashMap,
    future::Future,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex},
    time::Duration,
};

use eclusier_core::{Permission, ProcessId};
use eclusier_registry::{JobEnd, JobId, JobProgress, JobRecord, NewJob, RegistryError};
use futures_util::FutureExt as _;
use serde_json::Value;
use tokio::sync::Semaphore;
use tracing::Instrument as _;

use crate::{
    App, Change,
    error::{AppError, AppResult},
    imports::Watch,
};

/// Jobs of this process that are queued or at work.
pub(crate) struct Running {
    watches: Mutex<HashMap<i64, Watch>>,
    slots: Arc<Semaphore>,
}

impl Default for Running {
    fn default() -> Self {
        // One at a time: an import uses every core already.
        Self { watches: Mutex::default(), slots: Arc::new(Semaphore::new(1)) }
    }
}

impl Running {
    fn watches(&self) -> std::sync::MutexGuard<'_, HashMap<i64, Watch>> {
        self.watches.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Asks every job to stop.
    pub(crate) fn cancel_all(&self) {
        for watch in self.watches().values() {
            watch.cancel();
        }
    }

    /// Whether any has not ended.
    pub(crate) fn any(&self) -> bool {
        !self.watches().is_empty()
    }
}

fn failed(error: &AppError) -> JobEnd {
    let [fr, en] = error.words();
    let result = serde_json::json!({ "kind": error.kind(), "fr": fr, "en": en });
    JobEnd::Failed(result.to_string())
}

impl App {
    /// Queues work and returns its number at once. The work's answer is kept as JSON.
    pub async fn start<F>(
        &self,
        kind: &str,
        process: Option<ProcessId>,
        words: [String; 2],
        work: impl FnOnce(App, Watch) -> F + Send + 'static,
    ) -> AppResult<JobId>
    where
        F: Future<Output = AppResult<Value>> + Send,
    {
        let [fr, en] = words;
        let job = NewJob {
            kind: kind.to_owned(),
            process,
            fr: fr.clone(),
            en: en.clone(),
            by: self.actor(),
            at: self.now(),
        };
        let id = self.inner.registry.create_job(job).await?;
        let watch = Watch::default();
        self.inner.jobs.watches().insert(id.0, watch.clone());
        self.tell(Change::Job { id: id.0 });
        let app = self.clone();
        let slots = self.inner.jobs.slots.clone();
        let span = tracing::info_span!(target: "eclusier::jobs", "job", job = id.0, kind);
        let performing = async move {
            let _slot = slots.acquire_owned().await;
            // A panic is a defect of ours: the job fails and says so, the next one gets its turn.
            let performed = AssertUnwindSafe(app.perform(id, [fr, en], watch, work));
            let end = performed.catch_unwind().await.unwrap_or_else(|_| {
                tracing::error!(job = id.0, "a job panicked");
                failed(&AppError::Task)
            });
            if let Err(error) = app.inner.registry.finish_job(id, end, app.now()).await {
                tracing::error!(job = id.0, %error, "the end of a job could not be stored");
            }
            app.inner.jobs.watches().remove(&id.0);
            app.tell(Change::Job { id: id.0 });
        };
        tokio::spawn(performing.instrument(span));
        Ok(id)
    }

    async fn perform<F>(
        &self,
        id: JobId,
        words: [String; 2],
        watch: Watch,
        work: impl FnOnce(App, Watch) -> F,
    ) -> JobEnd
    where
        F: Future<Output = AppResult<Value>> + Send,
    {
        if watch.cancelled() {
            return JobEnd::Cancelled;
        }
        if let Err(error) = self.inner.registry.start_job(id, self.now()).await {
            tracing::error!(job = id.0, %error, "a job could not start");
        }
        self.tell(Change::Job { id: id.0 });
        // Rights are checked again now: they may have been withdrawn while the job waited.
        let app = match self.renewed().await {
            Ok(app) => app,
            Err(error) => return failed(&error),
        };
        let mut work = std::pin::pin!(work(app, watch.clone()));
        let mut told = (u64::MAX, 0);
        loop {
            tokio::select! {
                end = &mut work => return match end {
                    Ok(value) => JobEnd::Done(value.to_string()),
                    Err(AppError::Cancelled) => JobEnd::Cancelled,
                    Err(error) => failed(&error),
                },
                () = tokio::time::sleep(Duration::from_millis(250)) => {
                    let (done, total) = watch.progress();
                    if told != (done, total) {
                        told = (done, total);
                        let [fr, en] = words.clone();
                        let progress = JobProgress { done, total, fr, en };
                        if self.inner.registry.progress_job(id, &progress, self.now()).await.is_ok() {
                            self.tell(Change::Job { id: id.0 });
                        }
                    }
                }
            }
        }
    }

    /// Asks a job to stop: one's own, or any with the right on the system.
    pub async fn cancel_job(&self, id: JobId) -> AppResult<()> {
        let job = self.job(id).await?;
        if job.by != self.actor() {
            self.require(Permission::SystemWrite)?;
        }
        self.inner.registry.request_cancel(id, &self.actor(), self.now()).await?;
        if let Some(watch) = self.inner.jobs.watches().get(&id.0) {
            watch.cancel();
        }
        self.tell(Change::Job { id: id.0 });
        Ok(())
    }

    /// One job: its result may hold rows, so that it is told to who asked for it, and to who
    /// sees the system.
    pub async fn job(&self, id: JobId) -> AppResult<JobRecord> {
        let missing = || AppError::NotFound { what: "job", name: id.to_string() };
        let job = self.inner.registry.job(id).await.map_err(|e| match e {
            RegistryError::UnknownJob { .. } => missing(),
            other => other.into(),
        })?;
        if self.sees_job(&job) { Ok(job) } else { Err(missing()) }
    }

    /// Latest jobs first, among those the holder may see.
    pub async fn jobs(&self) -> AppResult<Vec<JobRecord>> {
        let mut jobs = self.inner.registry.jobs(50).await?;
        jobs.retain(|job| self.sees_job(job));
        Ok(jobs)
    }

    fn sees_job(&self, job: &JobRecord) -> bool {
        job.by == self.actor() || self.who().may(Permission::SystemRead)
    }
}
