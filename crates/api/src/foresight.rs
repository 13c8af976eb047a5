//! *Prévisions*: arrivals to come, what they do to the stock, and how good such figures were.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{BasisDto, Text};

/// What is asked of the future, beside the filter.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, IntoParams, ToSchema)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct ForesightQuery {
    /// Months ahead, 1 to 12; 3 when absent.
    pub months: Option<u32>,
    /// Parts shown beside the total: `process`, `product`, `unit`, `channel` or `org`.
    pub by: Option<String>,
    /// What if arrivals were so many percent more (or fewer): -50 to 200.
    pub arrivals: Option<f64>,
    /// What if so many items left each worked day; the recent mean when absent.
    pub capacity: Option<f64>,
    /// Stock wanted; that of the dated rules when absent.
    pub target: Option<f64>,
}

/// An end below and an end above.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RangeDto {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// A step that is over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PastStepDto {
    /// `2025-01-31`, `2026-W53` or `2025-01`.
    pub period: String,
    /// First day, ISO.
    pub from: String,
    /// Last day, ISO.
    pub to: String,
    /// What arrived; `null` where nothing is known.
    pub arrivals: Option<f64>,
    /// Whether the step is left out of learning.
    pub neutralised: bool,
    /// What the same method says for the step from what was known before it.
    pub said: Option<f64>,
    /// The band of nineteen in twenty it gives then.
    pub said_range: Option<RangeDto>,
    /// Level of the series without its season and its calendar.
    pub level: Option<f64>,
    /// What the season adds.
    pub season: Option<f64>,
    /// What holidays, school holidays, campaigns and events add.
    pub calendar: Option<f64>,
    /// What nothing explains.
    pub rest: Option<f64>,
}

/// A step to come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NextStepDto {
    /// `2025-01-31`, `2026-W53` or `2025-01`.
    pub period: String,
    /// First day, ISO.
    pub from: String,
    /// Last day, ISO.
    pub to: String,
    /// What is expected, the "what if" applied.
    pub mean: f64,
    /// What is expected as things stand.
    pub base: f64,
    /// Four in five.
    pub range_80: RangeDto,
    /// Nineteen in twenty.
    pub range_95: RangeDto,
    /// What arrived in the same step a year before.
    pub year_before: Option<f64>,
    /// Whether part of the step is over, and known.
    pub partial: bool,
}

/// Days that have a name: a campaign, an event, school holidays, a neutralised period.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CalendarSpanDto {
    /// `campaign`, `event`, `school` or `neutralised`.
    pub kind: String,
    /// Name shown.
    pub name: Text,
    /// First day, ISO.
    pub from: String,
    /// Last day, ISO.
    pub to: String,
}

/// A day off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DayOffDto {
    /// The day, ISO.
    pub day: String,
    /// Name shown.
    pub name: Text,
}

/// What something named does to arrivals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EffectDto {
    /// Stable name (`holiday`, `campaign:rentree`).
    pub id: String,
    /// Name shown.
    pub name: Text,
    /// Steps of the past that showed it.
    pub occurrences: u32,
    /// Size: a share of usual arrivals (0.3 is 30 % more), or items a day.
    pub size: f64,
    /// Where the size lies, nineteen times in twenty.
    pub range: RangeDto,
    /// Whether the size is a share; items otherwise.
    pub is_share: bool,
}

/// A method and what it counts for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MethodShareDto {
    /// Stable name (`seasonal_naive`).
    pub id: String,
    /// Name shown.
    pub name: Text,
    /// Share of the forecast, 0 to 1.
    pub share: f64,
}

/// How many of the values that came were inside a band.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CoverageDto {
    /// Share the band should hold.
    pub level: f64,
    /// Share it held; `null` without any trial.
    pub held: Option<f64>,
}

/// How good the forecasts of a series were, when asked the same question of its past.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AccuracyDto {
    /// `day`, `week` or `month`.
    pub grain: String,
    /// Steps ahead judged.
    pub horizon: u32,
    /// Moments of the past at which the question was asked.
    pub moments: u32,
    /// Methods, largest share first.
    pub methods: Vec<MethodShareDto>,
    /// Error over that of the seasonal naive forecast within the history; `null` without trial.
    pub mase: Option<f64>,
    /// The same of the seasonal naive forecast itself.
    pub naive_mase: Option<f64>,
    /// Mean absolute error as a share of mean arrivals.
    pub wape: Option<f64>,
    /// The same of the seasonal naive forecast.
    pub naive_wape: Option<f64>,
    /// Mean error as a share of mean arrivals: above zero, more was said than came.
    pub bias: Option<f64>,
    /// Coverage of each band.
    pub coverage: Vec<CoverageDto>,
    /// Whether the seasonal naive forecast does as well, and is used for being simpler.
    pub naive_kept: bool,
}

/// A part of the total.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ForesightPartDto {
    /// Value of the dimension; empty for "not said".
    pub id: String,
    /// Name shown.
    pub label: String,
    /// Expected over the months asked; the parts add up to the total.
    pub expected: f64,
    /// Four in five.
    pub range_80: RangeDto,
    /// What arrived over the same days a year before.
    pub year_before: Option<f64>,
    /// Expected by step, in whole items that add up to those of the total.
    pub steps: Vec<f64>,
    /// Error over that of the seasonal naive forecast within the history.
    pub mase: Option<f64>,
    /// The same of the seasonal naive forecast itself.
    pub naive_mase: Option<f64>,
    /// Share of values that came inside the band of four in five.
    pub held_80: Option<f64>,
    /// Method that counts most.
    pub method: Option<Text>,
    /// Whether the seasonal naive forecast does as well, and is used for being simpler.
    pub naive_kept: bool,
    /// Why there is no forecast of its own.
    pub reason: Option<Text>,
}

/// The stock at the end of a week to come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StockStepDto {
    /// `2026-W53`.
    pub period: String,
    /// Last day, ISO.
    pub day: String,
    /// Median.
    pub stock: f64,
    /// Four in five.
    pub range_80: RangeDto,
    /// Nineteen in twenty.
    pub range_95: RangeDto,
    /// Age of the oldest item waiting, worked days, median.
    pub oldest: Option<f64>,
    /// Delay of the items settled in the week, worked days: median over items and scenarios.
    pub delay: Option<f64>,
    /// Delay nine in ten are settled within.
    pub delay_p90: Option<f64>,
    /// Share settled within the days allowed, median; `null` without a target.
    pub in_time: Option<f64>,
    /// Where that share lies, four times in five.
    pub in_time_range: Option<RangeDto>,
    /// Chance that the stock is above the threshold.
    pub above_threshold: Option<f64>,
    /// Items that can leave in the week.
    pub capacity: f64,
}

/// When the stock is back to its target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BackDto {
    /// Stock wanted.
    pub target: f64,
    /// Day reached in half of the scenarios; `null` when not within the months asked.
    pub day: Option<String>,
    /// Day reached in one scenario of ten.
    pub early: Option<String>,
    /// Day reached in nine scenarios of ten.
    pub late: Option<String>,
    /// Share of scenarios that reach it within the months asked.
    pub reached: f64,
}

/// The stock at the end of a week that is over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PastStockDto {
    /// `2026-W53`.
    pub period: String,
    /// Last day, ISO.
    pub day: String,
    /// Stock, held items included; `null` where it is not known.
    pub stock: Option<i64>,
}

/// The stock carried forward.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProjectionDto {
    /// Stock that waits for us now.
    pub waiting: f64,
    /// Stock held for someone else, supposed to stay as it is.
    pub held: f64,
    /// Whether the ages of the stock are estimated from counts.
    pub estimated: bool,
    /// Items that leave each worked day.
    pub capacity: f64,
    /// The same as measured lately, when it can be.
    pub usual_capacity: Option<f64>,
    /// Worked days over which it was measured.
    pub capacity_days: u32,
    /// Items expected each worked day.
    pub arrivals: f64,
    /// Days allowed, worked days.
    pub days_allowed: Option<u32>,
    /// Stock beyond which people should worry.
    pub threshold: Option<f64>,
    /// The last weeks that are over, oldest first.
    pub past: Vec<PastStockDto>,
    /// By week; stocks hold the held items.
    pub steps: Vec<StockStepDto>,
    /// Whether the stock is at its target or below now.
    pub already: bool,
    /// Whether what is held for someone else is, alone, above the target.
    pub out_of_reach: bool,
    /// When the stock is back to its target; `null` without a target, or out of reach.
    pub back: Option<BackDto>,
    /// Items a worked day needed to be back at the target at the end of the months asked, nine
    /// times in ten.
    pub needed: Option<f64>,
    /// Hours of work in a day that the difference stands for, when a unit time is known.
    pub needed_hours: Option<f64>,
    /// Scenarios drawn.
    pub scenarios: u32,
}

/// How dates promised for open cases were kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PromisesDto {
    /// `learning`, `known` or `nothing`.
    pub state: String,
    /// Why nothing is promised.
    pub reason: Option<Text>,
    /// Past promises judged.
    pub n: Option<u32>,
    /// Mean distance between the end of a case and the date by which half should have ended, days.
    pub mae_days: Option<f64>,
    /// The same for the median of what was left after the same activity.
    pub naive_mae_days: Option<f64>,
    /// Share of cases that ended inside the band promised to nine in ten.
    pub coverage: Option<f64>,
    /// Share of cases over by the date promised to nine in ten.
    pub kept: Option<f64>,
}

/// Everything the screen shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ForesightDto {
    /// What it rests on.
    pub basis: BasisDto,
    /// `day`, `week` or `month`.
    pub grain: String,
    /// Months ahead.
    pub months: u32,
    /// Percent added to arrivals by the "what if"; 0 as things stand.
    pub arrivals_change: f64,
    /// Last day known, ISO.
    pub last_day: Option<String>,
    /// Steps that are over.
    pub past: Vec<PastStepDto>,
    /// Steps to come.
    pub next: Vec<NextStepDto>,
    /// Campaigns, events, school holidays, neutralised periods, past and to come.
    pub spans: Vec<CalendarSpanDto>,
    /// Public holidays, past and to come.
    pub days_off: Vec<DayOffDto>,
    /// What named things do to arrivals.
    pub effects: Vec<EffectDto>,
    /// Expected over the months asked.
    pub expected: Option<f64>,
    /// Four in five.
    pub expected_range: Option<RangeDto>,
    /// What arrived over the same days a year before.
    pub year_before: Option<f64>,
    /// Quality by grain, that of the screen first.
    pub accuracy: Vec<AccuracyDto>,
    /// Parts that add up to the total, largest first.
    pub parts: Vec<ForesightPartDto>,
    /// Dimension of the parts.
    pub by: Option<String>,
    /// The stock carried forward.
    pub stock: Option<ProjectionDto>,
    /// Why the stock cannot be carried forward.
    pub no_stock: Option<Text>,
    /// Why nothing can be said of arrivals.
    pub reason: Option<Text>,
    /// How dates promised for open cases were kept; `null` for several processes.
    pub promises: Option<PromisesDto>,
    /// Set when the recent past no longer looks like what came before it.
    pub drift: Option<Text>,
    /// What these data cannot tell.
    pub cannot: Vec<Text>,
    /// When it was learned, UTC.
    pub learned_at: String,
}
