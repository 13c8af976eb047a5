//! Answers of `describe`, `map`, `variants`, `lead-times` and the timeline of a case.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{CaveatDto, SpanDto};
use crate::Text;

/// Answer of `describe`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DescribeDto {
    /// Cases.
    pub cases: u64,
    /// Open cases as of the extraction instant, by the rule in force.
    pub open_cases: Option<u64>,
    /// Delivered rows.
    pub events: u64,
    /// Distinct activities.
    pub activities: u64,
    /// Distinct variants.
    pub variants: u64,
    /// Distinct resources.
    pub resources: u64,
    /// Earliest instant of any kind.
    pub first: Option<String>,
    /// Latest instant of any kind.
    pub last: Option<String>,
}

/// A node of the map.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MapActivityDto {
    /// Activity.
    pub name: String,
    /// Occurrences.
    pub events: u64,
    /// Cases.
    pub cases: u64,
    /// Time spent on it, calendar; `null` where no start was delivered.
    pub touch: Option<SpanDto>,
    /// Time spent on it, worked.
    pub worked_touch: Option<SpanDto>,
}

/// An edge of the map.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MapEdgeDto {
    /// From.
    pub from: String,
    /// To.
    pub to: String,
    /// Times followed.
    pub count: u64,
    /// Cases.
    pub cases: u64,
    /// Mean seconds between the two.
    pub mean_s: f64,
    /// Median seconds.
    pub median_s: f64,
    /// 90th percentile, seconds.
    pub p90_s: f64,
    /// All seconds together.
    pub total_s: f64,
    /// The same in worked time; `null` on logs of whole days.
    pub worked: Option<SpanDto>,
}

/// Answer of `map`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MapDto {
    /// Nodes, most frequent first.
    pub activities: Vec<MapActivityDto>,
    /// Edges, most frequent first.
    pub edges: Vec<MapEdgeDto>,
    /// Cases starting with each activity.
    pub start: BTreeMap<String, u64>,
    /// Cases ending with each activity.
    pub end: BTreeMap<String, u64>,
    /// Cases read.
    pub cases: u64,
    /// Cases of the process before the filter of cases.
    pub cases_in_all: Option<u64>,
    /// Opening hours that worked time counts, in words.
    pub hours: Option<Text>,
    /// What limits the answer.
    pub caveats: Vec<CaveatDto>,
}

/// How the cases of a variant end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OutcomeDto {
    /// `open`, `settled`, `settled_auto`, `cancelled`, `transferred`.
    pub outcome: String,
    /// Cases.
    pub cases: u64,
}

/// One variant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VariantDto {
    /// Identifier, for the filter.
    pub id: String,
    /// Ordered activities.
    pub variant: Vec<String>,
    /// Cases.
    pub cases: u64,
    /// Share of all cases.
    pub share: f64,
    /// Share of all cases that this variant and those before it hold.
    pub cumulative_share: f64,
    /// Median lead time, seconds.
    pub median_lead_time_s: f64,
    /// The same in worked time; `null` on logs of whole days.
    pub worked_median_lead_time_s: Option<f64>,
    /// How its cases end; empty when nothing says it.
    pub outcomes: Vec<OutcomeDto>,
}

/// Variants that look alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VariantGroupDto {
    /// The variant that stands for the group.
    pub medoid: VariantDto,
    /// Variants.
    pub variants: u64,
    /// Cases.
    pub cases: u64,
    /// Share of all cases.
    pub share: f64,
    /// Median lead time, seconds.
    pub median_lead_time_s: f64,
    /// Activities met more often here than elsewhere, most telling first.
    pub more: Vec<String>,
    /// Activities met less often here than elsewhere.
    pub less: Vec<String>,
}

/// Answer of `variants`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VariantsDto {
    /// Distinct variants.
    pub total: u64,
    /// Cases read.
    pub cases: u64,
    /// The most frequent.
    pub variants: Vec<VariantDto>,
    /// The path most cases follow to their end, when there is one.
    pub happy: Option<VariantDto>,
}

/// Answer of the groups of variants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VariantGroupsDto {
    /// Groups, largest first.
    pub groups: Vec<VariantGroupDto>,
    /// Distinct variants.
    pub total: u64,
}

/// A task of the timeline of a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TimelineTaskDto {
    /// Activity.
    pub activity: String,
    /// Start; `null` where none was delivered.
    pub start: Option<String>,
    /// End; `null` while open.
    pub end: Option<String>,
    /// Whether the instants are days.
    pub day: bool,
    /// Team, where the log says it.
    pub unit: Option<String>,
    /// Wait before it, seconds.
    pub wait_s: Option<f64>,
    /// The same in worked time.
    pub worked_wait_s: Option<f64>,
    /// Time spent on it, seconds.
    pub touch_s: Option<f64>,
    /// The same in worked time.
    pub worked_touch_s: Option<f64>,
}

/// The timeline of a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TimelineDto {
    /// Case.
    pub case: String,
    /// Identifier of its variant.
    pub variant: String,
    /// Its tasks, by start.
    pub tasks: Vec<TimelineTaskDto>,
    /// What limits the answer.
    pub caveats: Vec<CaveatDto>,
}

/// A row of `lead-times`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LeadTimeDto {
    /// Case.
    pub case: String,
    /// First instant.
    pub opened: String,
    /// Closing instant by the rule in force; `null` while open.
    pub closed: Option<String>,
    /// Seconds from first to last instant.
    pub lead_time_s: f64,
    /// Worked days from reception to closing (or to the extraction day while open).
    pub worked_days: Option<i64>,
}
