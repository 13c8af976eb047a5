//! Jobs whose state and result survive a restart.

use std::fmt;

use eclusier_core::ProcessId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Registry, RegistryError};

/// Number of a job, growing with time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(pub i64);

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// Waiting for its turn.
    Queued,
    /// At work.
    Running,
    /// Ended well.
    Done,
    /// Ended with an error.
    Failed,
    /// Stopped by a person.
    Cancelled,
    /// Its process died.
    Interrupted,
}

impl JobStatus {
    /// Whether the job will not change any more.
    pub fn is_final(self) -> bool {
        !matches!(self, JobStatus::Queued | JobStatus::Running)
    }

    /// Name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            JobStatus::Queued => "queued",
            JobStatus::Running => "running",
            JobStatus::Done => "done",
            JobStatus::Failed => "failed",
            JobStatus::Cancelled => "cancelled",
            JobStatus::Interrupted => "interrupted",
        }
    }
}

/// A job to be queued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewJob {
    /// What it does (`import`, `undo`…).
    pub kind: String,
    /// Process concerned.
    pub process: Option<ProcessId>,
    /// Message in French.
    pub fr: String,
    /// Message in English.
    pub en: String,
    /// Who asked.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// How far a job is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct JobProgress {
    /// Done so far.
    pub done: u64,
    /// Out of (0 when unknown).
    pub total: u64,
    /// Message in French.
    pub fr: String,
    /// Message in English.
    pub en: String,
}

/// How a job ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobEnd {
    /// Well, with its result (JSON).
    Done(String),
    /// With an error (JSON problem).
    Failed(String),
    /// Stopped by a person.
    Cancelled,
}

/// A job as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobRecord {
    /// Number.
    pub id: JobId,
    /// What it does.
    pub kind: String,
    /// Process concerned.
    pub process: Option<ProcessId>,
    /// Where it stands.
    pub status: JobStatus,
    /// How far it is.
    pub progress: JobProgress,
    /// Result or problem, JSON.
    pub result_json: Option<String>,
    /// Whether a person asked to stop it.
    pub cancel_requested: bool,
    /// Who asked for it.
    pub by: String,
    /// When it was queued.
    pub created: Timestamp,
    /// Last change.
    pub updated: Timestamp,
}

impl Registry {
    /// Queues a job owned by this process.
    pub async fn create_job(&self, job: NewJob) -> Result<JobId, RegistryError> {
        let _ = job;
        Err(RegistryError::unfinished())
    }

    /// Marks a queued job as running.
    pub async fn start_job(&self, id: JobId, at: Timestamp) -> Result<(), RegistryError> {
        let _ = (id, at);
        Err(RegistryError::unfinished())
    }

    /// Stores how far a running job is; `true` when a person asked to stop it.
    pub async fn progress_job(
        &self,
        id: JobId,
        progress: &JobProgress,
        at: Timestamp,
    ) -> Result<bool, RegistryError> {
        let _ = (id, progress, at);
        Err(RegistryError::unfinished())
    }

    /// Ends a queued or running job.
    pub async fn finish_job(
        &self,
        id: JobId,
        end: JobEnd,
        at: Timestamp,
    ) -> Result<(), RegistryError> {
        let _ = (id, end, at);
        Err(RegistryError::unfinished())
    }

    /// Asks a job to stop, from any process; a job that ended is left as it is.
    pub async fn request_cancel(
        &self,
        id: JobId,
        by: &str,
        at: Timestamp,
    ) -> Result<JobRecord, RegistryError> {
        let _ = (id, by, at);
        Err(RegistryError::unfinished())
    }

    /// One job.
    pub async fn job(&self, id: JobId) -> Result<JobRecord, RegistryError> {
        let _ = id;
        Err(RegistryError::unfinished())
    }

    /// Jobs, newest first, at most `limit`.
    pub async fn jobs(&self, limit: u32) -> Result<Vec<JobRecord>, RegistryError> {
        let _ = limit;
        Err(RegistryError::unfinished())
    }

    /// Marks as interrupted the queued and running jobs of processes that died.
    ///
    /// To be called right after opening; jobs of living processes are left alone.
    pub async fn interrupt_dead_jobs(&self, at: Timestamp) -> Result<Vec<JobId>, RegistryError> {
        let _ = at;
        Err(RegistryError::unfinished())
    }
}
