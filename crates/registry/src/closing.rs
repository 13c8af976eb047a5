//! Published periods: closed by a named person, restated only with the differences listed.

use eclusier_core::{Period, ProcessId, SnapshotId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Registry, RegistryError};

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
    pub async fn close_period(
        &self,
        process: &ProcessId,
        period: Period,
        figures_json: &str,
        by: &str,
        at: Timestamp,
    ) -> Result<ClosedPeriod, RegistryError> {
        let _ = (process, period, figures_json, by, at);
        Err(RegistryError::unfinished())
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
        let _ = (process, period, figures_json, differences_json, reason, by, at);
        Err(RegistryError::unfinished())
    }

    /// Closed periods of a process, by first day.
    pub async fn closed_periods(
        &self,
        process: &ProcessId,
    ) -> Result<Vec<ClosedPeriod>, RegistryError> {
        let _ = process;
        Err(RegistryError::unfinished())
    }
}
