//! Answers of `waits`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{CaveatDto, SpanDto};
use crate::Text;

/// Seconds of waiting by cause; they add up to the whole wait.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct WaitCausesDto {
    /// For other cases to be handled together.
    pub batching_s: f64,
    /// Later cases were taken first.
    pub prioritisation_s: f64,
    /// Whoever did it was busy with earlier cases.
    pub contention_s: f64,
    /// Whoever did it was not at work.
    pub unavailability_s: f64,
    /// Somebody outside was awaited.
    pub held_s: f64,
    /// Nothing in the log explains it.
    pub unexplained_s: f64,
}

/// Waiting between two tasks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WaitEdgeDto {
    /// Task that made the next one possible; `null` at the entry of the case.
    pub from: Option<String>,
    /// Task that waited.
    pub to: String,
    /// Waits.
    pub count: u64,
    /// Cases.
    pub cases: u64,
    /// Calendar time.
    pub calendar: SpanDto,
    /// Worked time; `null` on logs of whole days.
    pub worked: Option<SpanDto>,
    /// Causes in calendar time.
    pub calendar_causes: WaitCausesDto,
    /// Causes in worked time.
    pub worked_causes: Option<WaitCausesDto>,
    /// Some cases that waited most there.
    pub examples: Vec<String>,
}

/// Presence of those who work, by hour of the week.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PresenceDto {
    /// Minutes of a slot.
    pub slot_minutes: u32,
    /// Share of the people at work in each slot, Monday 0:00 first.
    pub share: Vec<f64>,
    /// People counted; `null` below five.
    pub people: Option<u64>,
}

/// Answer of `waits`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WaitsDto {
    /// `full` (starts, ends and people), `weaker` (starts estimated), `without_people`, `days`.
    pub form: String,
    /// Cases read.
    pub cases: u64,
    /// Waits measured.
    pub count: u64,
    /// All waits by cause, calendar time.
    pub calendar_causes: WaitCausesDto,
    /// All waits by cause, worked time.
    pub worked_causes: Option<WaitCausesDto>,
    /// Edges, most worked time lost first.
    pub edges: Vec<WaitEdgeDto>,
    /// When people work, as seen in the log.
    pub presence: Option<PresenceDto>,
    /// Opening hours that worked time counts, in words.
    pub hours: Text,
    /// What limits the answer.
    pub caveats: Vec<CaveatDto>,
}
