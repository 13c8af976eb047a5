//! The morning cockpit (*Pilotage*).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{FigureDto, Text};

/// Stock by age, in worked days since reception: 0–5, 6–10, 11–15, 16–30, over 30.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct StrataDto {
    /// Cases in each of the five strata, youngest first.
    pub counts: [i64; 5],
    /// Of which held for someone else.
    pub held: [i64; 5],
    /// Whether the ages are estimated from counts, as if the oldest always left first.
    pub estimated: bool,
}

/// One line of a cockpit card: a group and how many cases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CardLineDto {
    /// Process id.
    pub process: String,
    /// Name shown.
    pub label: String,
    /// Cases.
    pub count: i64,
    /// Their age.
    pub strata: Option<StrataDto>,
    /// Query string of the list of cases.
    pub cases: String,
}

/// A card: a figure, its lines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CardDto {
    /// The total.
    pub figure: FigureDto,
    /// By process, largest first.
    pub lines: Vec<CardLineDto>,
}

/// One place to act: a process × product × unit that will miss dates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ActDto {
    /// Process id.
    pub process: String,
    /// Name shown.
    pub label: String,
    /// Product.
    pub product: Option<String>,
    /// Unit.
    pub unit: Option<String>,
    /// Cases that will miss their date within 5 worked days.
    pub will_miss: i64,
    /// Cases already late.
    pub overdue: i64,
    /// Stock of the group.
    pub stock: i64,
    /// `arrivals`, `output`, `holds` or `none`.
    pub cause: String,
    /// The cause with its figures, in words.
    pub because: Text,
    /// One next step, in words.
    pub next_step: Text,
    /// Query string of the cases concerned.
    pub cases: String,
}

/// One row of the table of stocks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StockRowDto {
    /// Process id.
    pub process: String,
    /// Name shown.
    pub label: String,
    /// Stock.
    pub stock: FigureDto,
    /// Stock that waits for us.
    pub stock_actionable: FigureDto,
    /// Stock in worked days.
    pub stock_days: FigureDto,
    /// Return to target: `in_target`, `on:2026-01-08`, `beyond_horizon`, `no_target` or `unknown`.
    pub back_to_target: String,
    /// Age of the stock; `null` when the data cannot tell (counts).
    pub strata: Option<StrataDto>,
    /// Share in time of what was due.
    pub in_time: FigureDto,
    /// Age of the oldest case.
    pub oldest: FigureDto,
    /// Stock at the end of each of the last 26 weeks, oldest first.
    pub spark: Vec<Option<i64>>,
    /// `normal`, `tense`, `critical` or `unknown`.
    pub state: String,
    /// Why that state, in words.
    pub state_why: Text,
    /// What this process's data cannot tell, in words.
    pub cannot: Vec<Text>,
}

/// What a screen rests on, said under its title.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BasisDto {
    /// Day at whose end states are read.
    pub as_of: String,
    /// Latest datum.
    pub fresh_at: Option<String>,
    /// Last worked day.
    pub last_worked_day: String,
    /// The closing rule of each process, in words.
    pub closing_rules: Vec<ClosingRuleDto>,
    /// Whether data are older than two worked days.
    pub stale: bool,
}

/// How open and closed are told apart, for one process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ClosingRuleDto {
    /// Process id.
    pub process: String,
    /// Process name.
    pub label: String,
    /// `configured`, `learned` or `counts`.
    pub kind: String,
    /// The rule in words.
    pub words: Text,
}

/// A target the program proposes when none is defined.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProposedTargetDto {
    /// Process id.
    pub process: String,
    /// Process name.
    pub label: String,
    /// Worked days proposed.
    pub days: u32,
    /// Where the number comes from, in words.
    pub why: Text,
}

/// The whole cockpit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CockpitDto {
    /// What it rests on.
    pub basis: BasisDto,
    /// Already late.
    pub overdue: CardDto,
    /// Late within 5 worked days at the present speed.
    pub due_soon: CardDto,
    /// Where to act.
    pub act: Vec<ActDto>,
    /// Stocks by process.
    pub stocks: Vec<StockRowDto>,
    /// Targets proposed where none is defined.
    pub proposed_targets: Vec<ProposedTargetDto>,
    /// Worst state: `normal`, `tense`, `critical`, `unknown` or `empty`.
    pub state: String,
    /// Whether the reader sees totals only: where to act and small numbers are hidden.
    pub totals: bool,
}
