//! Views of the flow: age of the stock, delays, cumulative flow, who is awaited.
//!
//! - Computes: how many open cases have which age, how long the closed ones
//!   took, how arrivals and outputs add up, and whom the held cases wait for.
//! - Units: worked days (or the scope's counter); cases.
//! - Shapes: views and a scope in; one value, or one row per day, out.
//! - Errors: none; what cannot be known is `None`.
//! - Source: `docs/methods/stock-age.md`, `docs/methods/delays.md`.

use std::collections::BTreeMap;

use eclusier_calendar::{date_of, day_number};
use eclusier_core::config::{Awaited, DayCounter};
use eclusier_core::{Grain, Period};
use jiff::civil::Date;
use rayon::prelude::*;

use crate::cases::{CaseTable, Transition, TransitionKind};
use crate::look::{Look, Part};
use crate::posting::{ARRIVALS, AUTO, CANCELLED, Cells, HUMAN, TRANSFERRED, cells_of};
use crate::posting::{Buckets, LedgerQuery};
use crate::rules::CloseClass;
use crate::scan::{Windows, held_days};
use crate::tally::Tally;
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
    Look::new(views, scope).age_strata()
}

pub(crate) fn strata_of(look: &Look<'_>) -> Option<AgeStrata> {
    let mut strata: Option<AgeStrata> = None;
    for Part { view, scan, .. } in look.parts() {
        let (Some(table), Some(found)) = (view.cases(), scan) else { continue };
        if table.is_empty() || look.scope.last_day() < table.warm_from.unwrap_or(i32::MIN) {
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

/// The late cases of a look, by age in worked days: the strata of [`AgeStrata`].
pub(crate) fn late_strata_of(look: &Look<'_>) -> [i64; 5] {
    let mut strata = [0; 5];
    for Part { view, scan, .. } in look.parts() {
        let Some(found) = scan else { continue };
        for o in found.open.iter().filter(|o| o.deadline.is_some_and(|d| d < found.day)) {
            let age = view.calendar.count_numbers(DayCounter::Worked, o.opened_day, found.day);
            strata[AgeStrata::stratum(age)] += 1;
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
    delays_by(views, scope, &[scope.period])
        .pop()
        .unwrap_or_else(|| Delays::of(&Sum::default(), false))
}

/// The same for several periods that follow one another, in one pass over the
/// cases: the scope gives the rest of what is looked at.
pub fn delays_by(views: &[View<'_>], scope: &Scope, periods: &[Period]) -> Vec<Delays> {
    let mut sums: Vec<Sum> = periods.iter().map(|_| Sum::default()).collect();
    let mut tells_holds = false;
    for view in views {
        let Some(table) = view.cases() else { continue };
        tells_holds |= table.tells_holds;
        let spans: Vec<Span> = periods.iter().map(|p| Span::new(*view, table, *p)).collect();
        let mask = view.mask(&scope.dims, table);
        // Cases are independent: pieces are counted apart and added in order.
        let pieces: Vec<Vec<Sum>> = (0..table.len().div_ceil(PIECE))
            .into_par_iter()
            .map(|piece| {
                let mut sums: Vec<Sum> = periods.iter().map(|_| Sum::default()).collect();
                for case in piece * PIECE..((piece + 1) * PIECE).min(table.len()) {
                    closings(*view, table, scope.counter, &mask, &spans, case, &mut sums);
                }
                sums
            })
            .collect();
        for piece in &pieces {
            for (sum, part) in sums.iter_mut().zip(piece) {
                sum.absorb(part);
            }
        }
    }
    sums.iter().map(|sum| Delays::of(sum, tells_holds)).collect()
}

/// Cases counted by one thread at a time.
const PIECE: usize = 1 << 16;

/// A period as one view sees it.
struct Span {
    from: i32,
    to: i32,
    excluded: Windows,
    neutral: Windows,
}

impl Span {
    fn new(view: View<'_>, table: &CaseTable, period: Period) -> Self {
        let to = day_number(period.to).min(table.as_of.day);
        let rules = view.rules_at(to);
        Self {
            from: day_number(period.from),
            to,
            excluded: Windows::new(table, rules.map_or(&[], |r| &r.exclusion)),
            neutral: Windows::new(table, rules.map_or(&[], |r| &r.neutralised)),
        }
    }
}

/// What is added up over the cases of a period.
#[derive(Debug, Clone, Default)]
struct Sum {
    gross: Tally,
    net: Tally,
    left_out: i64,
    lapsed: i64,
}

impl Sum {
    fn absorb(&mut self, other: &Sum) {
        self.gross.absorb(&other.gross);
        self.net.absorb(&other.net);
        self.left_out += other.left_out;
        self.lapsed += other.lapsed;
    }
}

/// Adds the closings of one case to the periods they belong to: in each, the last
/// one, unless the case was reopened before that period ended.
fn closings(
    view: View<'_>,
    table: &CaseTable,
    counter: DayCounter,
    mask: &[bool],
    spans: &[Span],
    case: usize,
    sums: &mut [Sum],
) {
    let (Some(&opened), Some(&combo)) = (table.opened_day.get(case), table.combo.get(case)) else {
        return;
    };
    if !mask.get(combo as usize).copied().unwrap_or(false) {
        return;
    }
    let span_of = |day: i32| {
        let at = spans.partition_point(|s| s.to < day);
        spans.get(at).filter(|s| s.from <= day).map(|_| at)
    };
    let mut last: Option<(usize, CloseClass, &Transition)> = None;
    let mut flush = |closing: Option<(usize, CloseClass, &Transition)>| {
        let Some((at, class, t)) = closing else { return };
        let (Some(span), Some(sum)) = (spans.get(at), sums.get_mut(at)) else { return };
        sum.lapsed += i64::from(class == CloseClass::Silence);
        if !table.settles(class) {
            return;
        }
        if span.excluded.cover(combo, opened) || span.neutral.cover(combo, t.day) {
            sum.left_out += 1;
            return;
        }
        let lead = view.calendar.count_numbers(counter, opened, t.event_day);
        sum.gross.add(lead);
        if table.tells_holds {
            sum.net.add(lead - held_days(view, table, case, t.us, t.event_day, counter));
        }
    };
    for t in table.transitions(case) {
        let closes = match t.kind {
            TransitionKind::Close(class) => Some(class),
            TransitionKind::Reopen => None,
            TransitionKind::HoldEnter { .. } | TransitionKind::HoldLeave => continue,
        };
        let at = span_of(t.day);
        if last.is_some_and(|l| Some(l.0) != at) {
            flush(last.take());
        }
        last = at.zip(closes).map(|(at, class)| (at, class, t));
    }
    flush(last);
}

impl Delays {
    fn of(sum: &Sum, tells_holds: bool) -> Self {
        let of = |tally: &Tally| [0.5, 0.75, 0.9].map(|p| tally.percentile(p));
        let n = sum.gross.n();
        Self {
            n,
            histogram: sum.gross.iter().collect(),
            mean: (n > 0).then(|| sum.gross.sum() as f64 / n as f64),
            percentiles: of(&sum.gross),
            net_percentiles: tells_holds.then(|| of(&sum.net)),
            left_out: sum.left_out,
            lapsed: sum.lapsed,
        }
    }
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
    Look::new(views, scope).stock_by_awaited()
}

pub(crate) fn awaited_of(look: &Look<'_>) -> Vec<AwaitedStock> {
    let order = [Awaited::Us, Awaited::Insured, Awaited::Employer, Awaited::OtherBody];
    let mut rows: Vec<AwaitedStock> =
        order.iter().map(|&awaited| AwaitedStock { awaited, cases: 0, longest: 0 }).collect();
    for Part { view, scan, .. } in look.parts() {
        let Some(found) = scan else { continue };
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
