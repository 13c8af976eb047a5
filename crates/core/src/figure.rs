//! A published figure and everything it rests on.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Period, SnapshotId};

/// Unit of a figure; units of two kinds are never added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Cases or items, a whole number.
    Case,
    /// Worked days (*jours ouvrés*).
    WorkedDay,
    /// Monday to Saturday but holidays (*jours ouvrables*).
    OuvrableDay,
    /// Calendar days.
    CalendarDay,
    /// Seconds.
    Second,
    /// A share between 0 and 1 (may exceed 1 for a clearance).
    Ratio,
}

/// One figure with its provenance. `value: None` means unknown or nothing to measure;
/// `reason` then says which, in both languages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Stable id (`stock`, `in_time_due`).
    pub id: String,
    /// The number, in `unit`; `None` is unknown or nothing to measure, never 0.
    pub value: Option<f64>,
    /// Numerator when the figure is a ratio or a mean.
    pub numerator: Option<f64>,
    /// Denominator when the figure is a ratio or a mean.
    pub denominator: Option<f64>,
    /// Unit of `value`.
    pub unit: Unit,
    /// How many cases or items were measured.
    pub n: i64,
    /// Interval around the value when it is an estimate, low then high.
    pub interval: Option<[f64; 2]>,
    /// Formula id and version (`stock@1`); the wording is in `ledger::definitions`.
    pub formula_version: String,
    /// Period measured (for a stock, its last day is the day measured).
    pub period: Period,
    /// Processes and filters the figure covers, in words a person reads.
    pub perimeter: String,
    /// What was left out, French then English.
    pub exclusions: Vec<[String; 2]>,
    /// Instant of the latest datum the figure rests on.
    pub fresh_at: Option<Timestamp>,
    /// Version of the lake read.
    pub snapshot: Option<SnapshotId>,
    /// Why the value is absent, French then English.
    pub reason: Option<[String; 2]>,
}
