//! Answers of the value stream, its target state, and the cause tree of a workshop.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::CaveatDto;
use crate::Text;

/// What the waits before a step were spent on, as shares that add up to 1.
///
/// They are measured task by task, as in the answer of the waits: tasks that wait side by
/// side count each, where the ladder counts each instant of a case once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CauseSharesDto {
    /// Whoever did the task gathered it with others.
    pub batching: f64,
    /// Whoever did it took later cases first.
    pub prioritisation: f64,
    /// Whoever did it was handling cases that came before.
    pub contention: f64,
    /// Whoever did it was not at work.
    pub unavailability: f64,
    /// An outside answer was awaited.
    pub held: f64,
    /// None of these.
    pub unexplained: f64,
}

/// A step of the value stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StreamStepDto {
    /// Activity.
    pub activity: String,
    /// Cases having it.
    pub cases: u64,
    /// Occurrences.
    pub occurrences: u64,
    /// Mean worked minutes of wait before it, over all cases of the stream.
    pub wait_min: f64,
    /// Median worked minutes of wait before it, where it happens.
    pub median_wait_min: Option<f64>,
    /// Mean worked minutes of touch, over all cases of the stream.
    pub touch_min: Option<f64>,
    /// Median worked minutes of touch, where it happens.
    pub median_touch_min: Option<f64>,
    /// Arrivals a worked day.
    pub arrivals_per_day: Option<f64>,
    /// Output a worked day.
    pub output_per_day: Option<f64>,
    /// Open cases that wait before it.
    pub stock: Option<u64>,
    /// Share of the cases doing it once.
    pub first_pass_yield: Option<f64>,
    /// People who do it; `null` below five.
    pub people: Option<u64>,
    /// Why they are not counted: `no_cases`, `no_resources` or `too_few`.
    pub people_missing: Option<String>,
    /// Causes of the wait; `null` where nothing waits.
    pub causes: Option<CauseSharesDto>,
}

/// Answer of the value stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StreamDto {
    /// Steps, in order.
    pub steps: Vec<StreamStepDto>,
    /// Activities left out of the steps, together.
    pub other: Option<StreamStepDto>,
    /// Cases of the stream.
    pub cases: u64,
    /// Mean worked minutes from arrival to end: the ladder adds up to it. Whole days of
    /// opening hours where dates have no time of day.
    pub lead_min: Option<f64>,
    /// Of which touch.
    pub touch_min: Option<f64>,
    /// Of which wait.
    pub wait_min: Option<f64>,
    /// Share of the lead time spent on steps said to add value; `null` until some are said to.
    pub value_added_share: Option<f64>,
    /// Activities of the log, for choosing the steps.
    pub activities: Vec<String>,
    /// Opening hours that worked time counts, in words.
    pub hours: Text,
    /// What limits the answer.
    pub caveats: Vec<CaveatDto>,
}

/// What a workshop wants of a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TargetStepDto {
    /// Activity.
    pub activity: String,
    /// Wait aimed at, worked minutes.
    pub wait_min: Option<f64>,
    /// Touch aimed at, worked minutes.
    pub touch_min: Option<f64>,
    /// First-pass yield aimed at.
    pub first_pass_yield: Option<f64>,
    /// Whether it adds value for the claimant.
    pub adds_value: bool,
    /// Note.
    pub note: String,
}

/// A cause, and the causes under it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CauseDto {
    /// Number unique in the tree.
    pub id: u32,
    /// Cause it explains; `null` under the family itself.
    pub under: Option<u32>,
    /// `people`, `methods`, `materials`, `machines`, `environment`, `measurement`, `management`.
    pub family: String,
    /// In the words of the workshop.
    pub text: String,
    /// Votes of the workshop.
    pub votes: u32,
    /// Facts it rests on: identifiers of losses, or addresses inside the program.
    pub facts: Vec<String>,
}

/// What a workshop writes about a process; saved whole.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct WorkshopBody {
    /// Effect looked at, in words.
    pub effect: String,
    /// Loss looked at.
    pub loss: Option<String>,
    /// Causes.
    pub causes: Vec<CauseDto>,
    /// Steps of the value stream, in order; empty for the usual choice.
    pub steps: Vec<String>,
    /// Target state.
    pub targets: Vec<TargetStepDto>,
    /// Note of the page.
    pub note: String,
}

/// What a workshop wrote, and its version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WorkshopDto {
    /// Content.
    pub content: WorkshopBody,
    /// Version to send back with a change; 0 before the first.
    pub version: i64,
    /// Last change.
    pub at: Option<String>,
    /// By whom.
    pub by: Option<String>,
}
