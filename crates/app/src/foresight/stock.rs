//! The stock carried forward over the scenarios of arrivals, at the pace of lately or another.

use std::ops::Range as Days;

use eclusier_calendar::date_of;
use eclusier_capacity::{Projected, Queue, Spread, Watched, needed, project as carry};
use eclusier_core::{Grain, Period, config::DayCounter};
use eclusier_ledger::{LedgerQuery, daily_ledger, queue};
use jiff::civil::Date;

use super::{
    Asked, Range,
    arrivals::{LEVELS, Node, SCENARIOS},
    steps::{Steps, end_of},
};
use crate::figures::{Seen, Selection};

/// The stock at the end of a week to come.
#[derive(Debug, Clone, PartialEq)]
pub struct StockStep {
    /// `2026-W53`.
    pub name: String,
    /// Its last day.
    pub day: Date,
    /// Median.
    pub stock: f64,
    /// Bands of four in five and of nineteen in twenty.
    pub bands: [Range; 2],
    /// Age of the oldest item, worked days.
    pub oldest: Option<f64>,
    /// Delay of the items that leave in the week, median.
    pub delay: Option<f64>,
    /// Delay within which nine in ten leave.
    pub delay_p90: Option<f64>,
    /// Share that leaves within the days allowed.
    pub in_time: Option<f64>,
    /// Where that share lies, four times in five.
    pub in_time_range: Option<Range>,
    /// Share of scenarios above the threshold.
    pub above_threshold: Option<f64>,
    /// Items that can leave in the week.
    pub capacity: f64,
}

/// When the stock is back to its target.
#[derive(Debug, Clone, PartialEq)]
pub struct Back {
    /// Stock wanted.
    pub target: f64,
    /// Reached in half of the scenarios.
    pub day: Option<Date>,
    /// Reached in one of ten.
    pub early: Option<Date>,
    /// Reached in nine of ten.
    pub late: Option<Date>,
    /// Share of scenarios that reach it within the months asked.
    pub reached: f64,
}

/// The stock carried forward.
#[derive(Debug, Clone, PartialEq)]
pub struct Projection {
    /// What waits for us.
    pub waiting: f64,
    /// What is held for someone else, supposed to stay as it is.
    pub held: f64,
    /// Whether ages follow from counts.
    pub estimated: bool,
    /// Items that leave each worked day.
    pub capacity: f64,
    /// The same as measured lately.
    pub usual_capacity: Option<f64>,
    /// Worked days it was measured over.
    pub capacity_days: i64,
    /// Items expected each worked day over the months asked.
    pub arrivals: f64,
    /// Days allowed, worked days.
    pub days_allowed: Option<u32>,
    /// Stock beyond which one should worry.
    pub threshold: Option<f64>,
    /// Stock at the end of the last weeks that are over, by their last day.
    pub past: Vec<(Date, Option<i64>)>,
    /// By week.
    pub steps: Vec<StockStep>,
    /// Whether the stock is at its target or below now.
    pub already: bool,
    /// Whether what is held alone is above the target.
    pub out_of_reach: bool,
    /// When the stock is back to its target.
    pub back: Option<Back>,
    /// Items a worked day needed to be at the target at the end, nine times in ten.
    pub needed: Option<f64>,
    /// Hours of work a worked day between that and what leaves now.
    pub needed_hours: Option<f64>,
    /// Scenarios drawn.
    pub scenarios: usize,
}

/// Scenarios in which the target must be reached for a capacity to be called enough.
const ENOUGH: f64 = 0.9;

/// Carries the stock of one process forward, or says why it cannot be.
pub(super) fn project(
    desks: &[Seen],
    selection: &Selection,
    asked: &Asked,
    node: &Node,
) -> Result<Projection, [String; 2]> {
    let say = |[fr, en]: [&str; 2]| [fr.to_owned(), en.to_owned()];
    let [desk] = desks else {
        return Err(say([
            "choisissez un processus\u{a0}: les stocks de plusieurs ne se traitent pas dans le même ordre",
            "choose a process: the stocks of several are not handled in one order",
        ]));
    };
    let Some(found) = queue(desk.view(), &selection.dims) else {
        return Err(say([
            "le stock n’est pas connu\u{a0}: les données ne livrent ni dossiers ni stock",
            "the stock is not known: the data tell neither cases nor a stock",
        ]));
    };
    let Some(capacity) = asked.capacity.or(found.leaving) else {
        return Err(say([
            "la cadence n’est pas connue\u{a0}: dites combien de dossiers sortent par jour ouvré",
            "the pace is not known: say how many cases leave each worked day",
        ]));
    };
    let calendar = &desk.calendar;
    let rules = desk.current_rules();
    let target = rules.target_for(None);
    let (day, known) = (found.day, node.days.last());
    // The stock is that of the last day of the data, which may be one day after the last whole
    // day of arrivals.
    let skipped = usize::try_from(day - known).unwrap_or(0);
    let end = end_of(day, asked.months);
    let length = usize::try_from(end - day).unwrap_or(0);
    let factor = 1.0 + asked.arrivals / 100.0;
    let scenarios: Vec<Vec<f64>> = node
        .scenarios(SCENARIOS)
        .into_iter()
        .map(|path| {
            path.into_iter().skip(skipped).take(length).map(|v| v.max(0.0) * factor).collect()
        })
        .collect();
    let length = scenarios.iter().map(Vec::len).min().unwrap_or(0);
    let shape: Vec<f64> = (day + 1..=day + i32::try_from(length).unwrap_or(0))
        .map(|day| calendar.worked_share(date_of(day)))
        .collect();
    let planned: Vec<f64> = shape.iter().map(|share| share * capacity).collect();
    let steps = Steps::new(Grain::Week, day + 1, day, day + i32::try_from(length).unwrap_or(0));
    let weeks: Vec<Days<usize>> = steps
        .next
        .iter()
        .map(|step| {
            let at = |day_of: i32| usize::try_from(day_of - day - 1).unwrap_or(0);
            at(step.from.max(day + 1))..at(step.to + 1).min(length)
        })
        .collect();
    let counter = |of: i32| calendar.count_numbers(DayCounter::Worked, day, of);
    let before = |of: i32| {
        if of >= day { counter(of) } else { -calendar.count_numbers(DayCounter::Worked, of, day) }
    };
    let held = found.held as f64;
    // The target speaks of the whole stock: what is held stays in it.
    let stock_target = asked.target.or(target.and_then(|t| t.stock).map(|s| s as f64));
    let days_allowed = target.filter(|t| t.counter == DayCounter::Worked).map(|t| t.days);
    let waiting: Vec<(i32, f64)> = found.waiting.iter().map(|&(day, n)| (day, n as f64)).collect();
    let total: f64 = waiting.iter().map(|w| w.1).sum();
    // What is held alone may be above it: nothing we do then brings the stock back.
    let reachable = stock_target.is_none_or(|t| held <= t);
    // Twice the target, or half as much again as now: a stock that people would notice.
    let threshold = stock_target.map_or((total + held) * 1.5, |t| t * 2.0);
    let threshold = (threshold > 0.0).then_some(threshold);
    let ours = Queue { waiting: &waiting, first: day + 1, capacity: &planned, counter: &before };
    let watched = Watched {
        periods: &weeks,
        days_allowed: days_allowed.map(i64::from),
        threshold: threshold.map(|t| t - held),
        target: stock_target.filter(|_| reachable).map(|t| t - held),
        levels: &LEVELS,
    };
    let refused = |error: eclusier_capacity::CapacityError| {
        [format!("le stock ne peut être projeté\u{a0}: {error}"), error.to_string()]
    };
    let told = carry(&ours, &scenarios, &watched).map_err(refused)?;
    let one_a_day = Queue { capacity: &shape, ..ours };
    let needed = match watched.target {
        Some(target) => needed(&one_a_day, &scenarios, target, ENOUGH).map_err(refused)?,
        None => None,
    };
    let worked: f64 = shape.iter().sum();
    let coming: f64 = node.next.iter().skip(skipped).take(length).sum::<f64>() * factor;
    // Minutes of one item as a whole; activities alone tell no whole.
    let minutes = rules
        .unit_time
        .iter()
        .find(|u| u.product.is_none() && u.activity.is_none())
        .map(|u| u.minutes);
    Ok(Projection {
        waiting: total,
        held,
        estimated: found.estimated,
        capacity,
        usual_capacity: found.leaving,
        capacity_days: found.days,
        arrivals: if worked > 0.0 { coming / worked } else { 0.0 },
        days_allowed,
        threshold,
        already: stock_target.is_some_and(|t| total + held <= t),
        out_of_reach: !reachable,
        back: told.back.map(|back| {
            let date =
                |at: Option<usize>| at.map(|at| date_of(day + 1 + i32::try_from(at).unwrap_or(0)));
            Back {
                target: stock_target.unwrap_or_default(),
                day: date(back.median),
                early: date(back.early),
                late: date(back.late),
                reached: back.reached,
            }
        }),
        past: past(desk, selection, day),
        steps: said(told, &steps, held),
        needed,
        needed_hours: needed.zip(minutes).map(|(n, m)| (n - capacity) * m / 60.0),
        scenarios: scenarios.len(),
    })
}

/// Weeks that are over shown before those to come.
const PAST_WEEKS: i32 = 26;

fn past(desk: &Seen, selection: &Selection, day: i32) -> Vec<(Date, Option<i64>)> {
    let query = LedgerQuery {
        grain: Grain::Week,
        period: Some(Period { from: date_of(day - 7 * PAST_WEEKS), to: date_of(day) }),
        dims: selection.dims.clone(),
        ..LedgerQuery::default()
    };
    let rows = daily_ledger(&[desk.view()], &query).unwrap_or_default();
    rows.into_iter().map(|row| (row.to, row.closing)).collect()
}

fn said(told: Projected, steps: &Steps, held: f64) -> Vec<StockStep> {
    let bands = |spread: &Spread| -> [Range; 2] {
        let of = |at: usize| {
            let ends = spread.bands.get(at).copied().unwrap_or_default();
            Range { low: ends.0, high: ends.1 }
        };
        [of(0), of(1)]
    };
    let whole = |range: Range| Range { low: range.low + held, high: range.high + held };
    told.periods
        .into_iter()
        .zip(&steps.next)
        .map(|(period, step)| StockStep {
            name: Grain::Week.name(date_of(step.from)),
            day: date_of(step.to),
            stock: period.stock.median + held,
            bands: bands(&period.stock).map(whole),
            oldest: period.oldest.map(|d| d as f64),
            delay: period.delay.map(|d| d[0] as f64),
            delay_p90: period.delay.map(|d| d[1] as f64),
            in_time: period.in_time.as_ref().map(|s| s.median),
            in_time_range: period.in_time.as_ref().map(|s| bands(s)[0]),
            above_threshold: period.above,
            capacity: period.capacity,
        })
        .collect()
}
