//! The application: its data directory, its state, its clock.

use std::{path::PathBuf, sync::Arc};

use eclusier_core::ProcessId;
use eclusier_lake::{Lake, LakeOptions};
use eclusier_registry::{OpenOptions, Registry};
use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::broadcast;

use crate::{
    error::{AppError, AppResult},
    figures::Tables,
    home::Home,
};

/// Who asks. Accounts come with the rights layer; until then everything is local.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor(pub String);

impl Actor {
    /// The person at this machine.
    pub fn local() -> Self {
        Actor("local".into())
    }
    /// The folder watched by the server.
    pub fn inbox() -> Self {
        Actor("inbox".into())
    }
}

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
    /// Whether this process serves: it then checks the registry and sweeps orphans.
    pub server: bool,
    /// The instant to take for now; the machine's clock when absent.
    pub now: Option<Timestamp>,
}

impl AppOptions {
    /// Usual options over a data directory.
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self { data: data.into(), server: false, now: None }
    }
}

pub(crate) struct Inner {
    pub(crate) home: Home,
    pub(crate) registry: Registry,
    pub(crate) lake: Arc<Lake>,
    pub(crate) tables: Tables,
    pub(crate) answers: crate::answers::Answers,
    pub(crate) jobs: crate::jobs::Running,
    changes: broadcast::Sender<Change>,
    now: Option<Timestamp>,
}

/// Handle on the application; clones share everything.
#[derive(Clone)]
pub struct App(pub(crate) Arc<Inner>);

impl App {
    /// Opens the data directory.
    pub async fn open(options: AppOptions) -> AppResult<App> {
        let home = Home::open(&options.data)?;
        let check = OpenOptions { check: options.server, ..OpenOptions::default() };
        let registry = Registry::open_with(&home.registry(), &check).await?;
        let lake = Arc::new(Lake::open(home.lake(), LakeOptions::default())?);
        let (changes, _) = broadcast::channel(256);
        let app = App(Arc::new(Inner {
            home,
            registry,
            lake,
            tables: Tables::default(),
            answers: crate::answers::Answers::default(),
            jobs: crate::jobs::Running::default(),
            changes,
            now: options.now,
        }));
        if options.server {
            app.recover().await?;
        }
        Ok(app)
    }

    /// After a crash: jobs of dead processes are marked, files no version reads are removed.
    async fn recover(&self) -> AppResult<()> {
        self.0.registry.interrupt_dead_jobs(self.now()).await?;
        self.0.home.sweep_uploads(std::time::SystemTime::now());
        self.sweep().await
    }

    /// Removes staging folders and data files that no version reads. A process that
    /// someone is changing is left for the next time.
    pub async fn sweep(&self) -> AppResult<()> {
        for process in self.0.lake.processes()? {
            // Held first, listed after: an import cannot commit files in between.
            let Some(turn) = self.0.lake.try_lock(&process)? else { continue };
            let known: std::collections::HashSet<String> =
                self.0.registry.all_paths(Some(&process)).await?.into_iter().collect();
            let lake = self.0.lake.clone();
            let known = move |path: &str| known.contains(path);
            self.blocking(move || Ok(lake.sweep_process(&turn, &known)?)).await?;
        }
        Ok(())
    }

    /// Writes the list of files in force that other programs read; a failure to do
    /// so is told in the log, since the import itself is already safe.
    pub(crate) async fn publish(&self, process: &ProcessId) {
        let written = async {
            let snapshot = self.0.registry.snapshot(process).await?;
            let lake = self.0.lake.clone();
            self.blocking(move || Ok(lake.write_manifest(&snapshot)?)).await
        };
        if let Err(error) = written.await {
            tracing::warn!(%process, %error, "the list of files in force could not be written");
        }
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.0.now.unwrap_or_else(Timestamp::now)
    }

    /// The data directory.
    pub fn home(&self) -> &Home {
        &self.0.home
    }

    /// The operational state.
    pub fn registry(&self) -> &Registry {
        &self.0.registry
    }

    /// Changes from now on.
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.0.changes.subscribe()
    }

    pub(crate) fn tell(&self, change: Change) {
        // Nobody listening is fine.
        let _ = self.0.changes.send(change);
    }

    pub(crate) fn tell_process(&self, process: &ProcessId) {
        self.0.tables.forget(process);
        self.0.answers.forget(process);
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
        self.0.registry.close().await;
    }
}
