//! Answers of `discover` and `conform`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::CaveatDto;
use crate::Text;

/// Answer of `discover`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DiscoveryDto {
    /// The model, BPMN 2.0 with its diagram.
    pub bpmn: String,
    /// Threshold under which rare behaviour was left out.
    pub noise: f64,
    /// Activities of the model.
    pub activities: u64,
    /// Gateways of the diagram.
    pub gateways: u64,
    /// Cases read.
    pub cases: u64,
}

/// A reference model kept for a process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ModelDto {
    /// Number.
    pub id: i64,
    /// Name given.
    pub name: String,
    /// When it was stored.
    pub at: String,
    /// By whom.
    pub by: String,
    /// SHA-256 of the document.
    pub sha256: String,
    /// The document; absent from lists.
    pub bpmn: Option<String>,
    /// What reading it left out, told when it is stored.
    pub findings: Vec<CaveatDto>,
}

/// A model to keep, or to compare with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ModelBody {
    /// Name.
    pub name: String,
    /// BPMN 2.0.
    pub bpmn: String,
}

/// A way in which cases leave the model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeviationDto {
    /// `skipped` (foreseen, not done) or `unforeseen` (done, not foreseen).
    pub kind: String,
    /// Activity.
    pub activity: String,
    /// Activity after which it happens; `null` at the beginning.
    pub after: Option<String>,
    /// Times.
    pub occurrences: u64,
    /// Cases.
    pub cases: u64,
    /// Worked minutes that cases with it take beyond those that fit; `null` when it cannot be told.
    pub extra_minutes: Option<f64>,
    /// In words.
    pub text: Text,
}

/// How an activity of the log and of the model agree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ActivityFitDto {
    /// Activity.
    pub activity: String,
    /// Done where foreseen.
    pub fitting: u64,
    /// Done where not foreseen.
    pub unforeseen: u64,
    /// Foreseen and not done.
    pub skipped: u64,
}

/// Answer of `conform`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ConformanceDto {
    /// `alignments` or `replay`.
    pub method: String,
    /// Fitness, 0 to 1.
    pub fitness: Option<f64>,
    /// Precision, 0 to 1.
    pub precision: Option<f64>,
    /// Cases read.
    pub cases: u64,
    /// Cases that follow the model from end to end.
    pub cases_fitting: u64,
    /// Variants read.
    pub variants: u64,
    /// Variants given up for lack of time or memory.
    pub variants_unknown: u64,
    /// Deviations, most extra minutes first.
    pub deviations: Vec<DeviationDto>,
    /// Activities by name.
    pub activities: Vec<ActivityFitDto>,
    /// What limits the answer.
    pub caveats: Vec<CaveatDto>,
}
