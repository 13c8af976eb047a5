//! Published periods: closed by a named person, restated only with the differences listed.

use eclusier_core::{Period, ProcessId, SnapshotId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::Row as _;

use crate::{
    Registry, RegistryError,
    audit::{Act, record},
    catalogue::head,
    config::last_revision,
    database::Conn,
    value::{check_json, sha256_hex, to_period, to_timestamp, to_us, wrong},
};

/// What a publication stands on: enough to compute it again to the last digit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publication {
    /// Version of the lake.
    pub snapshot: SnapshotId,
    /// Revision of the rules in force (see [`Registry::config_as_of`]).
    pub config_revision: i64,
    /// Figures as published, JSON.
    pub figures_json: String,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A period whose figures were published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedPeriod {
    /// Process.
    pub process: ProcessId,
    /// Period.
    pub period: Period,
    /// The publication that counts now.
    pub current: Publication,
    /// Earlier publications and why each was replaced, oldest first.
    pub restatements: Vec<Restatement>,
}

/// A publication replaced by a later one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restatement {
    /// What had been published, still replayable.
    pub earlier: Publication,
    /// Why it was restated.
    pub reason: String,
    /// Differences, figure by figure, JSON.
    pub differences_json: String,
    /// Who restated.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

impl Registry {
    /// Publishes a period on the current version and rules.
    ///
    /// Periods may overlap (a month, its quarter, its year); the same one is closed once.
    pub async fn close_period(
        &self,
        process: &ProcessId,
        period: Period,
        figures_json: &str,
        by: &str,
        at: Timestamp,
    ) -> Result<ClosedPeriod, RegistryError> {
        check_json("figures", figures_json)?;
        let mut write = self.write().await?;
        if last_rank(write.conn(), process, period).await?.is_some() {
            return Err(RegistryError::PeriodClosed { process: process.clone(), period });
        }
        let paper = Paper { process, period, rank: 1, figures_json, why: None, by, at };
        publish(write.conn(), &paper).await?;
        let closed = one(write.conn(), process, period).await?;
        write.commit().await?;
        Ok(closed)
    }

    /// Publishes a closed period again on the current version and rules.
    #[allow(clippy::too_many_arguments)]
    pub async fn restate_period(
        &self,
        process: &ProcessId,
        period: Period,
        figures_json: &str,
        differences_json: &str,
        reason: &str,
        by: &str,
        at: Timestamp,
    ) -> Result<ClosedPeriod, RegistryError> {
        check_json("figures", figures_json)?;
        check_json("differences", differences_json)?;
        let mut write = self.write().await?;
        let Some(last) = last_rank(write.conn(), process, period).await? else {
            return Err(RegistryError::PeriodNotClosed { process: process.clone(), period });
        };
        let rank = last.checked_add(1).ok_or_else(|| wrong("publication.rank", last))?;
        let why = Some((reason, differences_json));
        let paper = Paper { process, period, rank, figures_json, why, by, at };
        publish(write.conn(), &paper).await?;
        let closed = one(write.conn(), process, period).await?;
        write.commit().await?;
        Ok(closed)
    }

    /// Closed periods of a process, by first day.
    pub async fn closed_periods(
        &self,
        process: &ProcessId,
    ) -> Result<Vec<ClosedPeriod>, RegistryError> {
        closed(&mut *self.read().await?, process).await
    }
}

/// One publication about to be written.
struct Paper<'a> {
    process: &'a ProcessId,
    period: Period,
    rank: i64,
    figures_json: &'a str,
    /// Reason and differences of a restatement.
    why: Option<(&'a str, &'a str)>,
    by: &'a str,
    at: Timestamp,
}

async fn publish(conn: &mut Conn, paper: &Paper<'_>) -> Result<(), RegistryError> {
    let Paper { process, period, rank, figures_json, why, by, at } = *paper;
    let snapshot = head(conn, process).await?;
    let revision = last_revision(conn, process).await?;
    sqlx::query(
        "INSERT INTO publication (process, from_day, to_day, rank, snapshot, config_revision,
             figures_json, reason, differences_json, actor, at_us)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(process.as_str())
    .bind(period.from.to_string())
    .bind(period.to.to_string())
    .bind(rank)
    .bind(snapshot.0)
    .bind(revision)
    .bind(figures_json)
    .bind(why.map(|(reason, _)| reason))
    .bind(why.map(|(_, differences)| differences))
    .bind(by)
    .bind(to_us(at))
    .execute(&mut *conn)
    .await?;
    let act = Act {
        at,
        by,
        action: if why.is_none() { "period.close" } else { "period.restate" },
        object: format!("process/{process}"),
        details: json!({
            "period": period.to_string(),
            "rank": rank,
            "snapshot": snapshot.0,
            "config_revision": revision,
            "figures_sha256": sha256_hex(figures_json.as_bytes()),
            "differences_sha256": why.map(|(_, text)| sha256_hex(text.as_bytes())),
            "reason_sha256": why.map(|(text, _)| sha256_hex(text.as_bytes())),
        }),
    };
    record(conn, act).await
}

async fn last_rank(
    conn: &mut Conn,
    process: &ProcessId,
    period: Period,
) -> Result<Option<i64>, RegistryError> {
    let rank = sqlx::query_scalar(
        "SELECT max(rank) FROM publication
         WHERE process = $1 AND from_day = $2 AND to_day = $3",
    )
    .bind(process.as_str())
    .bind(period.from.to_string())
    .bind(period.to.to_string())
    .fetch_one(conn)
    .await?;
    Ok(rank)
}

async fn one(
    conn: &mut Conn,
    process: &ProcessId,
    period: Period,
) -> Result<ClosedPeriod, RegistryError> {
    closed(conn, process)
        .await?
        .into_iter()
        .find(|closed| closed.period == period)
        .ok_or_else(|| RegistryError::PeriodNotClosed { process: process.clone(), period })
}

async fn closed(conn: &mut Conn, process: &ProcessId) -> Result<Vec<ClosedPeriod>, RegistryError> {
    // ISO days sort as text in every database: digits and hyphens only.
    let rows = sqlx::query(
        "SELECT from_day, to_day, snapshot, config_revision, figures_json, reason,
                differences_json, actor, at_us
         FROM publication WHERE process = $1 ORDER BY from_day, to_day, rank",
    )
    .bind(process.as_str())
    .fetch_all(conn)
    .await?;
    let mut periods: Vec<ClosedPeriod> = Vec::new();
    for row in &rows {
        let period = to_period("publication", row.try_get("from_day")?, row.try_get("to_day")?)?;
        let publication = Publication {
            snapshot: SnapshotId(row.try_get("snapshot")?),
            config_revision: row.try_get("config_revision")?,
            figures_json: row.try_get("figures_json")?,
            by: row.try_get("actor")?,
            at: to_timestamp("publication.at_us", row.try_get("at_us")?)?,
        };
        match periods.last_mut() {
            Some(same) if same.period == period => {
                let (by, at) = (publication.by.clone(), publication.at);
                let earlier = std::mem::replace(&mut same.current, publication);
                same.restatements.push(Restatement {
                    earlier,
                    reason: row.try_get("reason")?,
                    differences_json: row.try_get("differences_json")?,
                    by,
                    at,
                });
            }
            _ => periods.push(ClosedPeriod {
                process: process.clone(),
                period,
                current: publication,
                restatements: Vec::new(),
            }),
        }
    }
    Ok(periods)
}
