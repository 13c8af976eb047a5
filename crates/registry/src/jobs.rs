//! Jobs whose state and result survive a restart.

use std::fmt;

use eclusier_core::ProcessId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::Row as _;

use crate::{
    Registry, RegistryError,
    audit::{Act, record},
    catalogue::next,
    database::{Conn, Row},
    presence::is_alive,
    value::{check_json, from_count, to_count, to_process, to_timestamp, to_us, wrong},
};

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

impl JobStatus {
    fn read(text: &str) -> Result<Self, RegistryError> {
        [
            JobStatus::Queued,
            JobStatus::Running,
            JobStatus::Done,
            JobStatus::Failed,
            JobStatus::Cancelled,
            JobStatus::Interrupted,
        ]
        .into_iter()
        .find(|status| status.as_str() == text)
        .ok_or_else(|| wrong("job.status", text))
    }
}

impl Registry {
    /// Queues a job owned by this process.
    pub async fn create_job(&self, job: NewJob) -> Result<JobId, RegistryError> {
        let owner = self.badge().await?.to_owned();
        let mut write = self.write().await?;
        let id = JobId(next(write.conn(), "job").await?);
        sqlx::query(
            "INSERT INTO job (id, kind, process, status, message_fr, message_en, owner, actor,
                 created_us, updated_us)
             VALUES ($1, $2, $3, 'queued', $4, $5, $6, $7, $8, $8)",
        )
        .bind(id.0)
        .bind(&job.kind)
        .bind(job.process.as_ref().map(ProcessId::as_str))
        .bind(&job.fr)
        .bind(&job.en)
        .bind(owner)
        .bind(&job.by)
        .bind(to_us(job.at))
        .execute(write.conn())
        .await?;
        let details = json!({
            "kind": job.kind,
            "process": job.process.as_ref().map(ProcessId::as_str),
        });
        let object = format!("job/{id}");
        let act = Act { at: job.at, by: &job.by, action: "job.create", object, details };
        record(write.conn(), act).await?;
        write.commit().await?;
        Ok(id)
    }

    /// Marks a queued job as running; [`RegistryError::JobState`] when it was cancelled meanwhile.
    pub async fn start_job(&self, id: JobId, at: Timestamp) -> Result<(), RegistryError> {
        let mut write = self.write().await?;
        let changed = sqlx::query(
            "UPDATE job SET status = 'running', updated_us = $1
             WHERE id = $2 AND status = 'queued'",
        )
        .bind(to_us(at))
        .bind(id.0)
        .execute(write.conn())
        .await?
        .rows_affected();
        if changed == 0 {
            return Err(refusal(write.conn(), id).await);
        }
        write.commit().await
    }

    /// Stores how far a running job is; `true` when a person asked to stop it.
    ///
    /// Each call is flushed to the disk: a few per second are enough.
    pub async fn progress_job(
        &self,
        id: JobId,
        progress: &JobProgress,
        at: Timestamp,
    ) -> Result<bool, RegistryError> {
        let (done, total) =
            (to_count("job.done", progress.done)?, to_count("job.total", progress.total)?);
        let mut write = self.write().await?;
        let asked: Option<i64> = sqlx::query_scalar(
            "UPDATE job SET done = $1, total = $2, message_fr = $3, message_en = $4,
                 updated_us = $5
             WHERE id = $6 AND status = 'running' RETURNING cancel_requested",
        )
        .bind(done)
        .bind(total)
        .bind(&progress.fr)
        .bind(&progress.en)
        .bind(to_us(at))
        .bind(id.0)
        .fetch_optional(write.conn())
        .await?;
        let Some(asked) = asked else { return Err(refusal(write.conn(), id).await) };
        write.commit().await?;
        Ok(asked != 0)
    }

    /// Ends a queued or running job.
    pub async fn finish_job(
        &self,
        id: JobId,
        end: JobEnd,
        at: Timestamp,
    ) -> Result<(), RegistryError> {
        let (status, result) = match &end {
            JobEnd::Done(json) => (JobStatus::Done, Some(json)),
            JobEnd::Failed(json) => (JobStatus::Failed, Some(json)),
            JobEnd::Cancelled => (JobStatus::Cancelled, None),
        };
        if let Some(json) = result {
            check_json("job result", json)?;
        }
        let mut write = self.write().await?;
        let actor: Option<String> = sqlx::query_scalar(
            "UPDATE job SET status = $1, result_json = $2, updated_us = $3
             WHERE id = $4 AND status IN ('queued', 'running') RETURNING actor",
        )
        .bind(status.as_str())
        .bind(result)
        .bind(to_us(at))
        .bind(id.0)
        .fetch_optional(write.conn())
        .await?;
        let Some(actor) = actor else { return Err(refusal(write.conn(), id).await) };
        end_act(write.conn(), id, status, &actor, at).await?;
        write.commit().await
    }

    /// Asks a job to stop, from any process; a job that ended is left as it is.
    ///
    /// A queued job is cancelled at once, a running one when it next tells its progress.
    pub async fn request_cancel(
        &self,
        id: JobId,
        by: &str,
        at: Timestamp,
    ) -> Result<JobRecord, RegistryError> {
        let mut write = self.write().await?;
        let job = one(write.conn(), id).await?;
        if job.status.is_final() || job.cancel_requested {
            return Ok(job);
        }
        sqlx::query(
            "UPDATE job SET cancel_requested = 1, updated_us = $1,
                 status = CASE WHEN status = 'queued' THEN 'cancelled' ELSE status END
             WHERE id = $2",
        )
        .bind(to_us(at))
        .bind(id.0)
        .execute(write.conn())
        .await?;
        let job = one(write.conn(), id).await?;
        let details = json!({ "status": job.status.as_str() });
        let act = Act { at, by, action: "job.cancel", object: format!("job/{id}"), details };
        record(write.conn(), act).await?;
        write.commit().await?;
        Ok(job)
    }

    /// One job.
    pub async fn job(&self, id: JobId) -> Result<JobRecord, RegistryError> {
        one(&mut *self.read().await?, id).await
    }

    /// Jobs, newest first, at most `limit`.
    pub async fn jobs(&self, limit: u32) -> Result<Vec<JobRecord>, RegistryError> {
        let rows = sqlx::query("SELECT * FROM job ORDER BY id DESC LIMIT $1")
            .bind(i64::from(limit))
            .fetch_all(&mut *self.read().await?)
            .await?;
        rows.iter().map(read_job).collect()
    }

    /// How many jobs are remembered in each status, those without any left out.
    pub async fn count_jobs(&self) -> Result<Vec<(JobStatus, u64)>, RegistryError> {
        let rows = sqlx::query("SELECT status, count(*) AS jobs FROM job GROUP BY status")
            .fetch_all(&mut *self.read().await?)
            .await?;
        let read = |row: &Row| {
            let status = JobStatus::read(row.try_get("status")?)?;
            Ok((status, from_count("job", row.try_get("jobs")?)?))
        };
        rows.iter().map(read).collect()
    }

    /// Marks as interrupted the queued and running jobs of processes that died.
    ///
    /// To be called right after opening; jobs of living processes are left alone.
    pub async fn interrupt_dead_jobs(&self, at: Timestamp) -> Result<Vec<JobId>, RegistryError> {
        let owners: Vec<String> = sqlx::query_scalar(
            "SELECT DISTINCT owner FROM job WHERE status IN ('queued', 'running')",
        )
        .fetch_all(&mut *self.read().await?)
        .await?;
        let mine = self.badge_so_far().map(str::to_owned);
        let path = self.path().to_owned();
        let dead = tokio::task::spawn_blocking(move || {
            owners
                .into_iter()
                .filter(|owner| Some(owner) != mine.as_ref() && !is_alive(&path, owner))
                .collect::<Vec<_>>()
        })
        .await
        .unwrap_or_default();
        let mut interrupted = Vec::new();
        for owner in dead {
            let mut write = self.write().await?;
            let ids: Vec<i64> = sqlx::query_scalar(
                "UPDATE job SET status = 'interrupted', updated_us = $1
                 WHERE owner = $2 AND status IN ('queued', 'running') RETURNING id",
            )
            .bind(to_us(at))
            .bind(owner)
            .fetch_all(write.conn())
            .await?;
            for id in ids {
                let id = JobId(id);
                end_act(write.conn(), id, JobStatus::Interrupted, "system", at).await?;
                interrupted.push(id);
            }
            write.commit().await?;
        }
        interrupted.sort_unstable();
        Ok(interrupted)
    }
}

async fn end_act(
    conn: &mut Conn,
    id: JobId,
    status: JobStatus,
    by: &str,
    at: Timestamp,
) -> Result<(), RegistryError> {
    let details = json!({ "status": status.as_str() });
    record(conn, Act { at, by, action: "job.end", object: format!("job/{id}"), details }).await
}

async fn one(conn: &mut Conn, id: JobId) -> Result<JobRecord, RegistryError> {
    let row =
        sqlx::query("SELECT * FROM job WHERE id = $1").bind(id.0).fetch_optional(conn).await?;
    match row {
        Some(row) => read_job(&row),
        None => Err(RegistryError::UnknownJob { job: id }),
    }
}

/// Why a change of a job did nothing: it is unknown, or its status forbids it.
async fn refusal(conn: &mut Conn, id: JobId) -> RegistryError {
    match one(conn, id).await {
        Ok(job) => RegistryError::JobState { job: id, status: job.status },
        Err(error) => error,
    }
}

fn read_job(row: &Row) -> Result<JobRecord, RegistryError> {
    let process: Option<String> = row.try_get("process")?;
    Ok(JobRecord {
        id: JobId(row.try_get("id")?),
        kind: row.try_get("kind")?,
        process: process.map(|p| to_process("job.process", p)).transpose()?,
        status: JobStatus::read(row.try_get("status")?)?,
        progress: JobProgress {
            done: from_count("job.done", row.try_get("done")?)?,
            total: from_count("job.total", row.try_get("total")?)?,
            fr: row.try_get("message_fr")?,
            en: row.try_get("message_en")?,
        },
        result_json: row.try_get("result_json")?,
        cancel_requested: row.try_get::<i64, _>("cancel_requested")? != 0,
        by: row.try_get("actor")?,
        created: to_timestamp("job.created_us", row.try_get("created_us")?)?,
        updated: to_timestamp("job.updated_us", row.try_get("updated_us")?)?,
    })
}
