//! The application: its data directory, its state, its clock.

use std::{path::PathBuf, sync::Arc};

use eclusier_core::{Access, Permission, ProcessId};
use eclusier_lake::{Lake, LakeOptions};
use eclusier_registry::{DatabaseUrl, OpenOptions, Registry};
use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::broadcast;

use crate::{
    error::{AppError, AppResult},
    figures::Tables,
    home::Home,
};

/// Something changed: screens read it again.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Change {
    /// New data or configuration for a process.
    Process {
        /// Process id.
        process: String,
    },
    /// A job moved.
    Job {
        /// Job number.
        id: i64,
    },
}

/// How to open the application.
#[derive(Debug, Clone)]
pub struct AppOptions {
    /// Data directory.
    pub data: PathBuf,
    /// PostgreSQL database of the operational state; a file of the data directory when absent.
    pub database: Option<DatabaseUrl>,
    /// Whether this process serves: it then checks the registry and sweeps orphans.
    pub server: bool,
    /// The instant to take for now; the machine's clock when absent.
    pub now: Option<Timestamp>,
}

impl AppOptions {
    /// Usual options over a data directory.
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self { data: data.into(), database: None, server: false, now: None }
    }
}

pub(crate) struct Inner {
    pub(crate) home: Home,
    pub(crate) registry: Registry,
    pub(crate) lake: Arc<Lake>,
    pub(crate) tables: Tables,
    pub(crate) answers: crate::answers::Answers,
    pub(crate) task_logs: crate::study::TaskLogs,
    pub(crate) promises: crate::promises::Kept,
    /// Whether this process serves people, and may learn behind their screens.
    pub(crate) serves: std::sync::atomic::AtomicBool,
    pub(crate) organisation: crate::organisation::Kept,
    pub(crate) jobs: crate::jobs::Running,
    pub(crate) accesses: crate::access::Accesses,
    pub(crate) strangers: crate::sign_in::Strangers,
    pub(crate) accounts_exist: std::sync::atomic::AtomicBool,
    changes: broadcast::Sender<Change>,
    pub(crate) started: Timestamp,
    now: Option<Timestamp>,
}

/// Handle on the application, for somebody: what it does and shows follows the rights of its
/// holder. Clones share everything; [`App::acting`] makes the handle of somebody else.
#[derive(Clone)]
pub struct App {
    pub(crate) inner: Arc<Inner>,
    who: Arc<Access>,
}

impl App {
    /// Opens the data directory.
    pub async fn open(options: AppOptions) -> AppResult<App> {
        let home = Home::open(&options.data)?;
        let how = OpenOptions {
            database: options.database,
            check: options.server,
            ..OpenOptions::default()
        };
        let registry = Registry::open_with(&home.registry(), &how).await?;
        let lake = Lake::open(home.lake(), LakeOptions::default())?;
        let app = App::over(home, registry, lake, options.now);
        if options.server {
            app.inner.serves.store(true, std::sync::atomic::Ordering::Relaxed);
            app.recover().await?;
        }
        Ok(app)
    }

    /// An application over parts already open: a backup is checked where it lies.
    pub(crate) fn over(home: Home, registry: Registry, lake: Lake, now: Option<Timestamp>) -> App {
        let (changes, _) = broadcast::channel(256);
        let inner = Inner {
            home,
            registry,
            lake: Arc::new(lake),
            tables: Tables::default(),
            answers: crate::answers::Answers::default(),
            task_logs: crate::study::TaskLogs::default(),
            promises: crate::promises::Kept::default(),
            serves: std::sync::atomic::AtomicBool::new(false),
            organisation: crate::organisation::Kept::default(),
            jobs: crate::jobs::Running::default(),
            accesses: crate::access::Accesses::default(),
            strangers: crate::sign_in::Strangers::default(),
            accounts_exist: std::sync::atomic::AtomicBool::new(false),
            changes,
            started: now.unwrap_or_else(Timestamp::now),
            now,
        };
        App { inner: Arc::new(inner), who: Arc::new(Access::owner()) }
    }

    /// After a crash: jobs of dead processes are marked, files no version reads are removed.
    async fn recover(&self) -> AppResult<()> {
        self.inner.registry.interrupt_dead_jobs(self.now()).await?;
        self.inner.home.sweep_uploads(std::time::SystemTime::now());
        self.sweep().await
    }

    /// Removes staging folders and data files that no version reads. A process that
    /// someone is changing is left for the next time.
    pub async fn sweep(&self) -> AppResult<()> {
        self.require_all(Permission::SystemWrite)?;
        for process in self.inner.lake.processes()? {
            // Held first, listed after: an import cannot commit files in between.
            let Some(turn) = self.inner.lake.try_lock(&process)? else { continue };
            let known: std::collections::HashSet<String> =
                self.inner.registry.all_paths(Some(&process)).await?.into_iter().collect();
            let lake = self.inner.lake.clone();
            let known = move |path: &str| known.contains(path);
            self.blocking(move || Ok(lake.sweep_process(&turn, &known)?)).await?;
        }
        Ok(())
    }

    /// Writes the list of files in force that other programs read; a failure to do
    /// so is told in the log, since the import itself is already safe.
    pub(crate) async fn publish(&self, process: &ProcessId) {
        let written = async {
            let snapshot = self.inner.registry.snapshot(process).await?;
            let lake = self.inner.lake.clone();
            self.blocking(move || Ok(lake.write_manifest(&snapshot)?)).await
        };
        if let Err(error) = written.await {
            tracing::warn!(%process, %error, "the list of files in force could not be written");
        }
    }

    /// The same application in the hands of somebody else.
    pub fn acting(&self, who: Access) -> App {
        App { inner: self.inner.clone(), who: Arc::new(who) }
    }

    /// Whose rights this handle follows.
    pub fn who(&self) -> &Access {
        &self.who
    }

    /// How imports, jobs and the audit log name whoever acts here.
    pub fn actor(&self) -> String {
        self.who.subject().actor()
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.inner.now.unwrap_or_else(Timestamp::now)
    }

    /// The data directory.
    pub fn home(&self) -> &Home {
        &self.inner.home
    }

    /// The operational state.
    pub fn registry(&self) -> &Registry {
        &self.inner.registry
    }

    /// Changes from now on.
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.inner.changes.subscribe()
    }

    pub(crate) fn tell(&self, change: Change) {
        // Nobody listening is fine.
        let _ = self.inner.changes.send(change);
    }

    pub(crate) fn tell_process(&self, process: &ProcessId) {
        self.inner.tables.forget(process);
        self.inner.answers.forget(process);
        self.inner.task_logs.forget(process);
        self.inner.promises.forget(process);
        self.tell(Change::Process { process: process.to_string() });
    }

    /// Runs blocking work (files, kernels) off the async threads.
    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> AppResult<T> + Send + 'static,
    ) -> AppResult<T> {
        tokio::task::spawn_blocking(work).await.map_err(|_| AppError::Task)?
    }

    /// Closes the registry cleanly.
    pub async fn close(&self) {
        self.inner.registry.close().await;
    }
}
