//! *Flux et stocks*: the ledger, flow and stock, cumulative flow, ages, delays, cases.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{BasisDto, FigureDto, StrataDto, Text};

/// One row of the daily ledger. Unknown is `null`; in the sum `null` counts as 0.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct LedgerRowDto {
    /// `2025-01-31`, `2026-W53` or `2025-01`.
    pub period: String,
    /// First day, ISO.
    pub from: String,
    /// Last day, ISO.
    pub to: String,
    /// Process, when grouped by process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<String>,
    /// Organisation, when grouped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org: Option<String>,
    /// Unit, when grouped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Product, when grouped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Channel, when grouped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Stock at the start.
    pub opening: Option<i64>,
    /// Received.
    pub arrivals: Option<i64>,
    /// Settled by a person.
    pub settled_human: Option<i64>,
    /// Settled without human action.
    pub settled_auto: Option<i64>,
    /// Cancelled, or silent beyond the rule.
    pub cancelled: Option<i64>,
    /// Sent to another body.
    pub transferred: Option<i64>,
    /// Reopened.
    pub reopened: Option<i64>,
    /// Corrections, signed.
    pub corrections: Option<i64>,
    /// Delivered closing − computed closing.
    pub gap: Option<i64>,
    /// Stock at the end.
    pub closing: Option<i64>,
    /// Whether the period is neutralised.
    #[serde(default)]
    pub neutralised: bool,
    /// Whether the period is not over at the extraction instant.
    #[serde(default)]
    pub partial: bool,
}

/// A bar of a distribution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BinDto {
    /// Lower bound, included, worked days.
    pub from: i64,
    /// Upper bound, included; `null` for the open last bar.
    pub to: Option<i64>,
    /// Cases.
    pub count: i64,
}

/// Delay of the cases closed in one period.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DelayPointDto {
    /// Period name.
    pub period: String,
    /// Cases closed.
    pub n: i64,
    /// Median, worked days.
    pub p50: Option<f64>,
    /// 75th percentile.
    pub p75: Option<f64>,
    /// 90th percentile.
    pub p90: Option<f64>,
}

/// A point of the cumulative flow diagram.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CumulativeDto {
    /// Last day of the period, ISO.
    pub day: String,
    /// Items received (and reopened) since the start, opening stock included.
    pub arrived: i64,
    /// Items out since the start.
    pub left: i64,
    /// Of the stock, items held for someone else.
    pub held: Option<i64>,
}

/// Everything the screen shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FlowDto {
    /// What it rests on.
    pub basis: BasisDto,
    /// The figure cards.
    pub figures: Vec<FigureDto>,
    /// The ledger at the asked grain.
    pub ledger: Vec<LedgerRowDto>,
    /// Cumulative flow.
    pub cumulative: Vec<CumulativeDto>,
    /// Age of the stock at the end of the period.
    pub strata: Option<StrataDto>,
    /// Held cases by who is awaited.
    pub awaited: Vec<AwaitedDto>,
    /// Delay percentiles by period.
    pub delays: Vec<DelayPointDto>,
    /// Distribution of the delay of the cases closed.
    pub histogram: Vec<BinDto>,
    /// Stock aimed at, when defined.
    pub stock_target: Option<i64>,
    /// Delay target in days of its counter, when defined.
    pub delay_target: Option<u32>,
    /// What these data cannot tell, in words.
    pub cannot: Vec<Text>,
    /// Whether the reader sees totals only: whole months whatever was asked, small numbers hidden.
    pub totals: bool,
}

/// Cases waiting for someone else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AwaitedDto {
    /// `us`, `insured`, `employer`, `other_body`.
    pub who: String,
    /// Cases.
    pub count: i64,
}

/// Which cases to list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, IntoParams, ToSchema)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct CasesQuery {
    /// Figure the list explains (`stock`, `overdue`, `due_soon_5`, `strata_0`…`strata_4`, `closed`); all cases when absent.
    pub figure: Option<String>,
    /// `oldest` (default), `newest`, `case`, `longest`.
    pub sort: Option<String>,
    /// Text the case number contains.
    pub search: Option<String>,
    /// Page, from 1.
    pub page: Option<u32>,
    /// Rows per page, at most 500.
    pub per_page: Option<u32>,
}

/// One case of a list; never a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CaseDto {
    /// Process id.
    pub process: String,
    /// Case number as delivered.
    pub case: String,
    /// Reception.
    pub opened: String,
    /// Last event.
    pub last: String,
    /// Last activity.
    pub last_activity: String,
    /// Closing, when closed.
    pub closed: Option<String>,
    /// `waiting`, `in_progress`, `held`, `settled`, `settled_auto`, `cancelled`, `transferred`, `silent`.
    pub state: String,
    /// Who is awaited when held.
    pub awaited: Option<String>,
    /// Age (open) or delay (closed), worked days.
    pub worked_days: i64,
    /// Idem, calendar days.
    pub calendar_days: i64,
    /// Deadline, ISO day.
    pub due: Option<String>,
    /// Worked days left before the deadline (negative: late).
    pub days_left: Option<i64>,
    /// Half of such open cases are over by then, RFC 3339 UTC; `null` while unknown.
    pub half_by: Option<String>,
    /// Nine in ten are over by then.
    pub nine_by: Option<String>,
    /// Why no date is promised for the case.
    pub no_promise: Option<Text>,
    /// Organisation.
    pub org: Option<String>,
    /// Unit.
    pub unit: Option<String>,
    /// Product.
    pub product: Option<String>,
    /// Channel.
    pub channel: Option<String>,
    /// Events.
    pub events: u32,
    /// Returns and holds met.
    pub returns: u32,
}

/// A page of cases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CasesPageDto {
    /// Cases of the whole list.
    pub total: u64,
    /// Page.
    pub page: u32,
    /// Rows per page.
    pub per_page: u32,
    /// What the list shows, in words.
    pub title: Text,
    /// The rows.
    pub cases: Vec<CaseDto>,
}
