//! Views of the flow: age of the stock, delays, cumulative flow, who is awaited.
//!
//! - Computes: how many open cases have which age, how long the closed ones
//!   took, how arrivals and outputs add up, and whom the held cases wait for.
//! - Units: worked days (or the scope's counter); cases.
//! - Shapes: views and a scope in; one value, or one row per day, out.
//! - Errors: none; what cannot be known is `None`.
//! - Source: `docs/methods/stock-age.md`, `docs/methods/delays.md`.

use std::collections::BTreeMap;

use eclusier_calendar::date_of;
use eclusier_core::Grain;
use eclusier_core::config::{Awaited, DayCounter};
use jiff::civil::Date;

use crate::figures::percentile;
use crate::posting::{ARRIVALS, AUTO, CANCELLED, Cells, HUMAN, TRANSFERRED, cells_of};
use crate::posting::{Buckets, LedgerQuery};
use crate::scan::{held_days, scan};
use crate::view::{Data, Scope, View};

/// Open cases by age in worked days: 0–5, 6–10, 11–15, 16–30, over 30.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgeStrata {
    /// End of the day measured.
    pub day: Date,
    /// Every open case.
    pub all: [i64; 5],
    /// Those that wait for someone else.
    pub held: [i64; 5],
    /// Received in an exclusion window; they are counted above all the same.
    pub in_exclusion: i64,
    /// Whether the ages are estimated from counts, oldest first out.
    pub estimated: bool,
}

impl AgeStrata {
    /// Upper bounds of the strata, in worked days; the last has none.
    pub const UPPER: [Option<i64>; 5] = [Some(5), Some(10), Some(15), Some(30), None];

    /// Stratum of an age in worked days.
    pub fn stratum(worked_days: i64) -> usize {
        match worked_days {
            ..=5 => 0,
            6..=10 => 1,
            11..=15 => 2,
            16..=30 => 3,
            _ => 4,
        }
    }
}

/// The age of the stock at the end of the scope's last day. `None` when no view
/// knows its stock; counts alone know no age: see [`age_strata_fifo`].
pub fn age_strata(views: &[View<'_>], scope: &Scope) -> Option<AgeStrata> {
    let mut strata: Option<AgeStrata> = None;
    for view in views {
        let (Some(table), Some(found)) = (view.cases(), scan(*view, scope)) else { continue };
        if table.is_empty() || scope.last_day() < table.warm_from.unwrap_or(i32::MIN) {
            continue;
        }
        let sum = strata.get_or_insert(AgeStrata {
            day: date_of(found.day),
            all: [0; 5],
            held: [0; 5],
            in_exclusion: 0,
            estimated: false,
        });
        for o in &found.open {
            let age = view.calendar.count_numbers(DayCounter::Worked, o.opened_day, found.day);
            let at = AgeStrata::stratum(age);
            sum.all[at] += 1;
            sum.held[at] += i64::from(o.held.is_some());
            sum.in_exclusion += i64::from(o.excluded);
        }
    }
    strata
}

/// The age the stock of a book of counts would have if the oldest item always
/// left first: the latest arrivals that add up to the stock. `None` without a
/// stock and arrivals; items older than the first delivered day count as over 30
/// worked days only if the history is that long, else the answer is `None`.
pub fn age_strata_fifo(view: View<'_>, scope: &Scope) -> Option<AgeStrata> {
    let Data::Counts(book) = view.data else { return None };
    let day = scope.last_day().min(book.last_day()?);
    let first = book.first_day()?;
    let rows = crate::scan::daily(view, scope, first, day);
    let mut left = rows.last()?.1.closing?;
    let mut all = [0; 5];
    for (at, cells) in rows.iter().rev() {
        let taken = left.min(cells.flows[ARRIVALS]?).max(0);
        let age = view.calendar.count_numbers(DayCounter::Worked, *at, day);
        all[AgeStrata::stratum(age)] += taken;
        left -= taken;
        if left <= 0 {
            break;
        }
    }
    if left > 0 {
        let oldest = view.calendar.count_numbers(DayCounter::Worked, first, day);
        if oldest <= 30 {
            return None;
        }
        all[4] += left;
    }
    Some(AgeStrata { day: date_of(day), all, held: [0; 5], in_exclusion: 0, estimated: true })
}

/// Delays of the cases settled in a period, in days of the scope's counter.
#[derive(Debug, Clone, PartialEq)]
pub struct Delays {
    /// Cases measured.
    pub n: i64,
    /// Cases by whole days of lead time.
    pub histogram: BTreeMap<i64, i64>,
    /// Mean lead time.
    pub mean: Option<f64>,
    /// Median, P75, P90, type 7.
    pub percentiles: [Option<f64>; 3],
    /// The same net of holds; `None` where holds are not described.
    pub net_percentiles: Option<[Option<f64>; 3]>,
    /// Settled cases left out by exclusion windows.
    pub left_out: i64,
    /// Closed by silence in the period: counted above, up to their last event, where the closing
    /// rule is learned, and left out where it is configured.
    pub lapsed: i64,
}

/// The delays of the cases settled in the scope's period and still closed at its end.
pub fn delays(views: &[View<'_>], scope: &Scope) -> Delays {
    let mut leads = Vec::new();
    let mut nets = Vec::new();
    let mut tells_holds = false;
    let mut out = Delays {
        n: 0,
        histogram: BTreeMap::new(),
        mean: None,
        percentiles: [None; 3],
        net_percentiles: None,
        left_out: 0,
        lapsed: 0,
    };
    for view in views {
        let (Some(table), Some(found)) = (view.cases(), scan(*view, scope)) else { continue };
        tells_holds |= table.tells_holds;
        for c in &found.closed {
            if c.class == crate::CloseClass::Silence {
                out.lapsed += 1;
            }
            if !c.settled {
                continue;
            }
            if c.excluded {
                out.left_out += 1;
                continue;
            }
            let lead = view.calendar.count_numbers(scope.counter, c.opened_day, c.event_day);
            *out.histogram.entry(lead).or_default() += 1;
            leads.push(lead);
            let case = c.case as usize;
            nets.push(lead - held_days(*view, table, case, c.us, c.event_day, scope.counter));
        }
    }
    out.n = leads.len() as i64;
    if out.n > 0 {
        out.mean = Some(leads.iter().sum::<i64>() as f64 / out.n as f64);
    }
    let of = |values: &mut Vec<i64>| {
        values.sort_unstable();
        [0.5, 0.75, 0.9].map(|p| percentile(values, p))
    };
    out.percentiles = of(&mut leads);
    out.net_percentiles = tells_holds.then(|| of(&mut nets));
    out
}

/// One point of the cumulative flow: totals since the first day of the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlowDay {
    /// Last day of the point.
    pub day: Date,
    /// Arrivals since the first day of the period, reopenings included.
    pub arrivals: i64,
    /// Outputs since the first day, of any kind.
    pub outputs: i64,
    /// Stock at the end of the day, when known.
    pub stock: Option<i64>,
}

/// Cumulated arrivals and outputs: the height between the two curves moves as the stock does.
pub fn cumulative_flow(views: &[View<'_>], scope: &Scope, grain: Grain) -> Vec<FlowDay> {
    let first = views.iter().filter_map(View::first_day).min();
    let last = views.iter().filter_map(View::last_day).max();
    let (Some(first), Some(last)) = (first, last) else { return Vec::new() };
    let (from, to) = (scope.first_day().max(first), scope.last_day().min(last));
    if from > to {
        return Vec::new();
    }
    let buckets = Buckets::new(grain, from, to);
    let query = LedgerQuery { dims: scope.dims.clone(), ..LedgerQuery::default() };
    let parts: Vec<Vec<Option<Cells>>> =
        views.iter().map(|v| cells_of(*v, &query, &buckets)).collect();
    let (mut arrivals, mut outputs) = (0i64, 0i64);
    let mut rows = Vec::with_capacity(buckets.spans.len());
    let mut stocks: Vec<Option<i64>> = vec![Some(0); views.len()];
    for (b, &(_, end)) in buckets.spans.iter().enumerate() {
        let mut any = false;
        for (part, stock) in parts.iter().zip(&mut stocks) {
            let Some(cells) = part.get(b).copied().flatten() else { continue };
            any = true;
            let flow = |i: usize| cells.flows[i].unwrap_or(0);
            arrivals = arrivals
                .saturating_add(flow(ARRIVALS))
                .saturating_add(flow(crate::posting::REOPENED));
            for i in [HUMAN, AUTO, CANCELLED, TRANSFERRED] {
                outputs = outputs.saturating_add(flow(i));
            }
            *stock = cells.closing;
        }
        if any {
            let stock = stocks.iter().try_fold(0i64, |sum, s| Some(sum.saturating_add((*s)?)));
            rows.push(FlowDay { day: date_of(end), arrivals, outputs, stock });
        }
    }
    rows
}

/// Open cases that wait for someone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AwaitedStock {
    /// Who is awaited.
    pub awaited: Awaited,
    /// How many cases.
    pub cases: i64,
    /// Longest wait, worked days.
    pub longest: i64,
}

/// The stock by who is awaited; the body itself comes first.
pub fn stock_by_awaited(views: &[View<'_>], scope: &Scope) -> Vec<AwaitedStock> {
    let order = [Awaited::Us, Awaited::Insured, Awaited::Employer, Awaited::OtherBody];
    let mut rows: Vec<AwaitedStock> =
        order.iter().map(|&awaited| AwaitedStock { awaited, cases: 0, longest: 0 }).collect();
    for view in views {
        let Some(found) = scan(*view, scope) else { continue };
        for o in &found.open {
            let (who, since) = o.held.unwrap_or((Awaited::Us, o.opened_day));
            let waited = view.calendar.count_numbers(DayCounter::Worked, since, found.day);
            if let Some(row) = rows.iter_mut().find(|r| r.awaited == who) {
                row.cases += 1;
                row.longest = row.longest.max(waited);
            }
        }
    }
    rows.retain(|r| r.cases > 0);
    rows
}
