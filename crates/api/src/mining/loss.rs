//! Answers of the TOP 10 of losses and of what explains lateness.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::CaveatDto;
use crate::Text;

/// Where worked time is lost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LossDto {
    /// Stable identifier, for the links of a workshop.
    pub id: String,
    /// `wait`, `rework`, `return`, `handover`, `deviation`.
    pub kind: String,
    /// In words.
    pub text: Text,
    /// Activities concerned: one, or from and to.
    pub activities: Vec<String>,
    /// Cause of a wait (`batching`…), or activity that sends back.
    pub cause: Option<String>,
    /// Cases.
    pub cases: u64,
    /// Times.
    pub occurrences: u64,
    /// Worked minutes lost.
    pub minutes: f64,
    /// Share of all minutes listed.
    pub share: f64,
    /// Share with those before.
    pub cumulative_share: f64,
    /// Minutes by month, oldest first.
    pub months: Vec<MonthLossDto>,
    /// `rising`, `falling`, `steady`, or `unknown` when the series is too short. Every
    /// loss is tested at once: a trend is said only where it outlives that correction, so
    /// that a loss may be steady with an interval that leaves out zero.
    pub trend: String,
    /// Minutes of a case, more each month, by Theil and Sen.
    pub slope: Option<f64>,
    /// Interval of the slope at 95 %, of this loss alone.
    #[schema(min_items = 2, max_items = 2)]
    pub slope_interval: Option<[f64; 2]>,
    /// `stable`, `unstable` or `unknown`.
    pub stability: String,
    /// What the filter of cases needs to show them.
    pub filter: String,
}

/// Minutes lost in a month.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MonthLossDto {
    /// First day of the month, ISO.
    pub month: String,
    /// Worked minutes.
    pub minutes: f64,
    /// Cases concerned.
    pub cases: u64,
}

/// Answer of the TOP 10.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LossesDto {
    /// Losses, most minutes first.
    pub losses: Vec<LossDto>,
    /// Minutes of all losses found, listed or not.
    pub minutes: f64,
    /// Losses found.
    pub total: u64,
    /// What limits the answer.
    pub caveats: Vec<CaveatDto>,
}

/// A level of a factor and what goes with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FactorDto {
    /// Factor: name of an attribute, or `channel`, `unit`, `product`, `load`, `activity`, `rework`, `handovers`, `month`, `weekday`.
    pub factor: String,
    /// Level.
    pub level: String,
    /// In words.
    pub text: Text,
    /// Whether it is known when the case arrives.
    pub known_at_arrival: bool,
    /// Cases with it.
    pub cases: u64,
    /// Of which late.
    pub late: u64,
    /// Cases without it.
    pub others: u64,
    /// Of which late.
    pub others_late: u64,
    /// Difference of the late shares, alone.
    pub difference: f64,
    /// Its interval at 95 %.
    #[schema(min_items = 2, max_items = 2)]
    pub difference_interval: [f64; 2],
    /// Odds ratio, the other factors being equal; `null` when it could not be told apart.
    pub odds_ratio: Option<f64>,
    /// Its interval at 95 %.
    #[schema(min_items = 2, max_items = 2)]
    pub odds_interval: Option<[f64; 2]>,
    /// Probability of such a difference by chance, corrected for all that was tried.
    pub p: f64,
    /// Whether it is said.
    pub significant: bool,
}

/// Answer of what explains lateness.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LatenessDto {
    /// Cases judged.
    pub cases: u64,
    /// Of which late.
    pub late: u64,
    /// Cases left out: open and not yet due.
    pub undecided: u64,
    /// Days and counter of the target in words.
    pub target: Option<Text>,
    /// Factors, the surest and largest first.
    pub factors: Vec<FactorDto>,
    /// Columns left out, and why.
    pub refused: Vec<Text>,
    /// What limits the answer.
    pub caveats: Vec<CaveatDto>,
}
