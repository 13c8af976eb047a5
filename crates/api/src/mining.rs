//! Answers of `describe`, `map`, `variants`, `lead-times`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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
}

/// One variant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VariantDto {
    /// Ordered activities.
    pub variant: Vec<String>,
    /// Cases.
    pub cases: u64,
    /// Share of all cases.
    pub share: f64,
    /// Median lead time, seconds.
    pub median_lead_time_s: f64,
}

/// Answer of `variants`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VariantsDto {
    /// Distinct variants.
    pub total: u64,
    /// The most frequent.
    pub variants: Vec<VariantDto>,
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
