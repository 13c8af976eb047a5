//! Answers of `rework`, `handovers`, unit times, costs and suitability.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::CaveatDto;
use crate::Text;

/// An activity done again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReworkActivityDto {
    /// Activity.
    pub activity: String,
    /// Occurrences.
    pub occurrences: u64,
    /// Cases having it.
    pub cases: u64,
    /// Cases having it at least twice.
    pub cases_again: u64,
    /// Occurrences after the first.
    pub repeats: u64,
    /// Occurrences that directly follow themselves.
    pub self_loops: u64,
    /// Worked minutes of the repeats; `null` where no time is known.
    pub minutes: Option<f64>,
    /// Share of the cases doing it once, 0 to 1.
    pub first_pass_yield: f64,
}

/// A return to an earlier activity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LoopDto {
    /// Activity left.
    pub from: String,
    /// Earlier activity come back to.
    pub to: String,
    /// Times.
    pub count: u64,
    /// Cases.
    pub cases: u64,
    /// Whether the two alternate (a b a).
    pub ping_pong: bool,
}

/// Of the cases at a pass, how many come back again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PassDto {
    /// 1 for the first pass.
    pub pass: u32,
    /// Cases that reach it.
    pub cases: u64,
    /// Of which come back.
    pub returned: u64,
}

/// Why cases come back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReturnCauseDto {
    /// Activity that says so.
    pub cause: String,
    /// `returned` or `held`.
    pub kind: String,
    /// Times.
    pub count: u64,
    /// Cases.
    pub cases: u64,
    /// By pass.
    pub passes: Vec<PassDto>,
}

/// Answer of `rework`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReworkDto {
    /// Cases read.
    pub cases: u64,
    /// Cases without any repeat nor return.
    pub clean_cases: u64,
    /// Activities, most worked minutes lost first, then most repeats.
    pub activities: Vec<ReworkActivityDto>,
    /// Returns to an earlier activity, most frequent first.
    pub loops: Vec<LoopDto>,
    /// Returns by cause; empty when the configuration names none.
    pub causes: Vec<ReturnCauseDto>,
    /// Passes whatever the cause.
    pub passes: Vec<PassDto>,
    /// Worked minutes of all repeats.
    pub minutes: Option<f64>,
    /// The same in full-time equivalents over the period.
    pub fte: Option<f64>,
    /// What limits the answer.
    pub caveats: Vec<CaveatDto>,
}

/// Work handed from one team to another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HandoverDto {
    /// Team that hands over.
    pub from: String,
    /// Team that takes over.
    pub to: String,
    /// Times.
    pub count: u64,
    /// Cases.
    pub cases: u64,
    /// Median wait, seconds.
    pub median_wait_s: Option<f64>,
    /// The same in worked time.
    pub worked_median_wait_s: Option<f64>,
}

/// Cases two teams share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TogetherDto {
    /// First team, by name.
    pub a: String,
    /// Second team.
    pub b: String,
    /// Cases both worked on.
    pub cases: u64,
}

/// Two activities one person should not do on the same case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SegregationDto {
    /// First activity.
    pub a: String,
    /// Second activity.
    pub b: String,
    /// Cases having both, done by named people.
    pub cases: u64,
    /// Of which one person did both.
    pub same: u64,
}

/// Answer of `handovers`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HandoversDto {
    /// `unit`, or `resource` behind an open gate.
    pub by: String,
    /// Cases read.
    pub cases: u64,
    /// Names of the rows and columns.
    pub names: Vec<String>,
    /// Matrix, most frequent first.
    pub handovers: Vec<HandoverDto>,
    /// Cases by number of hand-overs: 0, 1, 2…
    pub per_case: Vec<u64>,
    /// Cases worked on together.
    pub together: Vec<TogetherDto>,
    /// Segregation of duties, for the pairs asked.
    pub segregation: Vec<SegregationDto>,
    /// What limits the answer.
    pub caveats: Vec<CaveatDto>,
}

/// Touch time of an activity, measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct UnitTimeMeasureDto {
    /// Activity.
    pub activity: String,
    /// Product; `null` for all of them.
    pub product: Option<String>,
    /// Tasks measured whole.
    pub n: u64,
    /// Tasks of which only a bound is known.
    pub censored: u64,
    /// Median worked minutes; `null` with a reason.
    pub median_min: Option<f64>,
    /// Interval of the median at 95 %.
    #[schema(min_items = 2, max_items = 2)]
    pub median_interval: Option<[f64; 2]>,
    /// Trimmed mean, worked minutes.
    pub trimmed_mean_min: Option<f64>,
    /// First quartile.
    pub p25_min: Option<f64>,
    /// Third quartile.
    pub p75_min: Option<f64>,
    /// 90th percentile.
    pub p90_min: Option<f64>,
    /// Shift of the last quarter, in minutes, when it is significant.
    pub drift_min: Option<f64>,
    /// Minutes in the dated configuration, when there are some.
    pub configured_min: Option<f64>,
    /// Why nothing can be said.
    pub reason: Option<Text>,
}

/// Answer of the unit times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct UnitTimesDto {
    /// Activities by name, products by name.
    pub times: Vec<UnitTimeMeasureDto>,
    /// What limits the answer.
    pub caveats: Vec<CaveatDto>,
}

/// Cost of a kind of case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CostDto {
    /// Kind of case (product), or activity.
    pub name: String,
    /// Cases or occurrences.
    pub count: u64,
    /// Worked minutes.
    pub minutes: f64,
    /// Cents.
    pub cents: i64,
}

/// Answer of the costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CostsDto {
    /// Cents of an hour, as asked.
    pub cents_per_hour: i64,
    /// By kind of case.
    pub products: Vec<CostDto>,
    /// By activity.
    pub activities: Vec<CostDto>,
    /// Cents of the hours paid and not used on cases; `null` when paid hours are unknown.
    pub idle_cents: Option<i64>,
    /// Cents of the hours paid.
    pub paid_cents: Option<i64>,
    /// What limits the answer.
    pub caveats: Vec<CaveatDto>,
}

/// One reason why a process deserves a workshop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CriterionDto {
    /// `volume`, `manual_share`, `handovers`, `variants`, `waiting_share`, `rework_share`, `late_share`.
    pub id: String,
    /// Value measured; `null` when unknown.
    pub value: Option<f64>,
    /// Points out of `weight`.
    pub points: Option<f64>,
    /// Weight among those known.
    pub weight: f64,
    /// In words.
    pub text: Text,
}

/// A process and how much it deserves a workshop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SuitabilityDto {
    /// Process.
    pub process: String,
    /// Its name.
    pub label: String,
    /// Score, 0 to 100; `null` when nothing is known.
    pub score: Option<f64>,
    /// Reasons, heaviest first.
    pub criteria: Vec<CriterionDto>,
}
