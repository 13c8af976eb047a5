//! Answers about a log: what it holds, its map and variants, where cases wait, come
//! back and change hands, what that costs, how it compares with a model.

mod conformance;
mod log;
mod loss;
mod stream;
mod waits;
mod work;

pub use conformance::*;
pub use log::*;
pub use loss::*;
pub use stream::*;
pub use waits::*;
pub use work::*;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::Text;

/// Which cases of a log to read, beside the filter of every screen. Lists are separated by
/// commas; each name is percent-encoded, so that no separator is met inside one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, IntoParams, ToSchema)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct CaseFilterQuery {
    /// Activities the case must have, all of them.
    pub with: Option<String>,
    /// Activities the case must not have.
    pub without: Option<String>,
    /// Pairs `a>b` that must directly follow, all of them.
    pub path: Option<String>,
    /// Pairs `a>b` that must not.
    pub no_path: Option<String>,
    /// Attributes `name:value`; values of one name are alternatives.
    pub attr: Option<String>,
    /// Identifiers of variants, any of them.
    pub variant: Option<String>,
    /// Shortest case, seconds from first to last instant.
    pub min_s: Option<u64>,
    /// Longest case, seconds.
    pub max_s: Option<u64>,
    /// How the log is read: `tasks` (default) or `events`.
    pub rows: Option<String>,
}

/// Durations of many occurrences, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SpanDto {
    /// Mean.
    pub mean_s: f64,
    /// Median.
    pub median_s: f64,
    /// 90th percentile.
    pub p90_s: f64,
    /// Sum.
    pub total_s: f64,
}

/// What limits an answer about a log, in words and by a stable code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CaveatDto {
    /// `no_starts`, `estimated_starts`, `no_resources`, `date_only`, `usual_hours`, `masked_teams`…
    pub code: String,
    /// In words.
    pub text: Text,
}
