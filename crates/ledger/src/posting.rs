//! The daily ledger: what was there, what came, what left, what is there.
//!
//! - Computes: `closing = opening + arrivals − settled (human, automatic) −
//!   cancelled − transferred + reopened + corrections + gap`, by day, week or
//!   month, for each group asked.
//! - Units: cases or counted items.
//! - Shapes: views in, rows ordered by period then group out; a week or month
//!   opens as its first day, closes as its last, and sums its flows.
//! - Errors: [`LedgerError::TooManyRows`] when no screen could show the answer.
//! - Source: `docs/methods/ledger.md`.

use std::collections::BTreeMap;

use eclusier_calendar::{date_of, day_number};
use eclusier_core::{Grain, Period};
use eclusier_eventlog::MovementKind;
use jiff::civil::Date;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::cases::TransitionKind;
use crate::rules::CloseClass;
use crate::view::{Data, DimFilter, View};
use crate::{CaseTable, CountsBook, LedgerError};

/// Rows one answer may hold.
const MAX_ROWS: usize = 2_000_000;

/// What the ledger can be split by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GroupBy {
    /// Organisation.
    Org,
    /// Unit.
    Unit,
    /// Process.
    Process,
    /// Product.
    Product,
    /// Channel.
    Channel,
}

impl std::str::FromStr for GroupBy {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "org" => Ok(GroupBy::Org),
            "unit" => Ok(GroupBy::Unit),
            "process" => Ok(GroupBy::Process),
            "product" => Ok(GroupBy::Product),
            "channel" => Ok(GroupBy::Channel),
            other => Err(format!("{other:?} is not org, unit, process, product or channel")),
        }
    }
}

/// Values of the group of a row; `None` is "not said", or not grouped by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct GroupValues {
    /// Organisation.
    pub org: Option<String>,
    /// Unit.
    pub unit: Option<String>,
    /// Process.
    pub process: Option<String>,
    /// Product.
    pub product: Option<String>,
    /// Channel.
    pub channel: Option<String>,
}

/// What to post.
#[derive(Debug, Clone, Default)]
pub struct LedgerQuery {
    /// Length of a row.
    pub grain: Grain,
    /// Split by; empty for the total.
    pub group_by: Vec<GroupBy>,
    /// Days kept; `None` for all.
    pub period: Option<Period>,
    /// Organisations, units, products, channels kept.
    pub dims: DimFilter,
}

/// Why the stock of a row is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unknown {
    /// Cases opened before the log begins are missing.
    NotWarm,
    /// No stock was delivered up to that day.
    NoStockDelivered,
}

impl Unknown {
    /// In words, French then English.
    pub fn words(self) -> [&'static str; 2] {
        match self {
            Unknown::NotWarm => [
                "stock inconnu : les dossiers ouverts avant le début du journal manquent",
                "unknown stock: cases opened before the log begins are missing",
            ],
            Unknown::NoStockDelivered => [
                "stock inconnu : aucun stock n’a été livré jusqu’à ce jour",
                "unknown stock: no stock was delivered up to that day",
            ],
        }
    }
}

/// One row of the ledger. `None` is unknown and counts 0 in the identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerRow {
    /// Name of the day, week or month.
    pub period: String,
    /// First day posted in the row.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// Group.
    pub group: GroupValues,
    /// Stock before the first day.
    pub opening: Option<i64>,
    /// Received.
    pub arrivals: Option<i64>,
    /// Settled by a person (and automatically where the two are not told apart).
    pub settled_human: Option<i64>,
    /// Settled without human action.
    pub settled_auto: Option<i64>,
    /// Cancelled, or lapsed by silence.
    pub cancelled: Option<i64>,
    /// Sent to another body.
    pub transferred: Option<i64>,
    /// Reopened.
    pub reopened: Option<i64>,
    /// Signed corrections.
    pub corrections: Option<i64>,
    /// Delivered closing less computed closing.
    pub gap: Option<i64>,
    /// Stock at the end of the last day.
    pub closing: Option<i64>,
    /// Why the stock is unknown.
    pub unknown: Option<Unknown>,
}

/// Index of the flows in [`Cells`].
pub(crate) const ARRIVALS: usize = 0;
pub(crate) const HUMAN: usize = 1;
pub(crate) const AUTO: usize = 2;
pub(crate) const CANCELLED: usize = 3;
pub(crate) const TRANSFERRED: usize = 4;
pub(crate) const REOPENED: usize = 5;
pub(crate) const CORRECTIONS: usize = 6;
pub(crate) const GAP: usize = 7;
const FLOWS: usize = 8;
/// What a flow does to the stock.
const SIGN: [i64; FLOWS] = [1, -1, -1, -1, -1, 1, 1, 1];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Cells {
    pub opening: Option<i64>,
    pub closing: Option<i64>,
    pub flows: [Option<i64>; FLOWS],
    pub unknown: Option<Unknown>,
}

impl Cells {
    /// What the known flows add to the stock.
    fn net(&self) -> i64 {
        self.flows
            .iter()
            .zip(SIGN)
            .fold(0i64, |sum, (f, sign)| sum.saturating_add(f.unwrap_or(0).saturating_mul(sign)))
    }

    fn carried(stock: Option<i64>, unknown: Option<Unknown>) -> Self {
        Cells { opening: stock, closing: stock, flows: [None; FLOWS], unknown }
    }

    /// Adds the days that follow: opening stays, closing is theirs.
    fn then(&mut self, later: &Cells) {
        add_flows(&mut self.flows, &later.flows);
        self.closing = later.closing;
        self.unknown = later.unknown;
        if self.opening.is_none() && self.closing.is_some() {
            // The stock became known inside the row: what was there before follows from it.
            self.opening = self.closing.map(|c| c.saturating_sub(self.net()));
        }
    }

    /// Adds another place over the same days.
    fn beside(&mut self, other: &Cells) {
        let sum = |a: Option<i64>, b: Option<i64>| Some(a?.saturating_add(b?));
        add_flows(&mut self.flows, &other.flows);
        self.opening = sum(self.opening, other.opening);
        self.closing = sum(self.closing, other.closing);
        self.unknown = self.unknown.or(other.unknown);
    }
}

fn add_flows(mine: &mut [Option<i64>; FLOWS], theirs: &[Option<i64>; FLOWS]) {
    for (a, b) in mine.iter_mut().zip(theirs) {
        *a = match (*a, *b) {
            (Some(a), Some(b)) => Some(a.saturating_add(b)),
            (a, b) => a.or(b),
        };
    }
}

/// The cut of a stretch of days into rows.
pub(crate) struct Buckets {
    from: i32,
    /// Bucket of each day from `from` on.
    of_day: Vec<u32>,
    /// First and last day of each.
    pub spans: Vec<(i32, i32)>,
}

impl Buckets {
    pub(crate) fn new(grain: Grain, from: i32, to: i32) -> Self {
        let mut spans: Vec<(i32, i32)> = Vec::new();
        let mut of_day = Vec::new();
        let mut day = from;
        while day <= to {
            let end = (day_number(grain.next(date_of(day))) - 1).clamp(day, to);
            of_day.resize(of_day.len() + (end - day + 1) as usize, spans.len() as u32);
            spans.push((day, end));
            match end.checked_add(1) {
                Some(next) => day = next,
                None => break,
            }
        }
        Self { from, of_day, spans }
    }

    #[inline]
    fn of(&self, day: i32) -> Option<usize> {
        let at = usize::try_from(i64::from(day) - i64::from(self.from)).ok()?;
        self.of_day.get(at).map(|&b| b as usize)
    }
}

/// A run of rows of one group of one view, by bucket.
struct Series {
    group: GroupValues,
    rows: Vec<(usize, Cells)>,
}

/// Posts the ledger of one or several processes.
pub fn daily_ledger(
    views: &[View<'_>],
    query: &LedgerQuery,
) -> Result<Vec<LedgerRow>, LedgerError> {
    let first = views.iter().filter_map(View::first_day).min();
    let last = views.iter().filter_map(View::last_day).max();
    let (Some(first), Some(last)) = (first, last) else { return Ok(Vec::new()) };
    let from = query.period.map_or(first, |p| day_number(p.from).max(first));
    let to = query.period.map_or(last, |p| day_number(p.to).min(last));
    if from > to {
        return Ok(Vec::new());
    }
    let buckets = Buckets::new(query.grain, from, to);
    let mut groups: BTreeMap<GroupValues, Vec<Series>> = BTreeMap::new();
    for view in views {
        let series = match view.data {
            Data::Cases(table) => from_cases(table, view, query, &buckets)?,
            Data::Counts(book) => from_counts(book, view, query, &buckets),
        };
        for one in series {
            groups.entry(one.group.clone()).or_default().push(one);
        }
    }
    if groups.len().saturating_mul(buckets.spans.len()) > MAX_ROWS {
        return Err(LedgerError::TooManyRows {
            groups: groups.len(),
            buckets: buckets.spans.len(),
            max: MAX_ROWS,
        });
    }
    let mut rows: Vec<(usize, LedgerRow)> = Vec::new();
    for (group, series) in groups {
        let total = stack(&series, buckets.spans.len());
        for (bucket, cells) in total.into_iter().enumerate() {
            if let (Some(cells), Some(&(from, to))) = (cells, buckets.spans.get(bucket)) {
                rows.push((bucket, row(query.grain, from, to, group.clone(), &cells)));
            }
        }
    }
    // Groups come in order; a stable sort by period keeps it inside each.
    rows.sort_by_key(|r| r.0);
    Ok(rows.into_iter().map(|r| r.1).collect())
}

/// The total of one view, row by row of the cut; `None` where it has no row.
pub(crate) fn cells_of(
    view: View<'_>,
    query: &LedgerQuery,
    buckets: &Buckets,
) -> Vec<Option<Cells>> {
    stack(&series_of(view, query, buckets), buckets.spans.len())
}

/// The same by group.
pub(crate) fn cells_by_group(
    view: View<'_>,
    query: &LedgerQuery,
    buckets: &Buckets,
) -> BTreeMap<GroupValues, Vec<Option<Cells>>> {
    let mut groups: BTreeMap<GroupValues, Vec<Series>> = BTreeMap::new();
    for one in series_of(view, query, buckets) {
        groups.entry(one.group.clone()).or_default().push(one);
    }
    groups.into_iter().map(|(g, s)| (g, stack(&s, buckets.spans.len()))).collect()
}

fn series_of(view: View<'_>, query: &LedgerQuery, buckets: &Buckets) -> Vec<Series> {
    match view.data {
        // More rows than one answer may hold are no rows: callers ask for short windows.
        Data::Cases(table) => from_cases(table, &view, query, buckets).unwrap_or_default(),
        Data::Counts(book) => from_counts(book, &view, query, buckets),
    }
}

/// Adds up series of the same group; a series silent in a row that exists carries its stock.
fn stack(series: &[Series], buckets: usize) -> Vec<Option<Cells>> {
    let mut total: Vec<Option<Cells>> = vec![None; buckets];
    let mut exists = vec![false; buckets];
    for (bucket, _) in series.iter().flat_map(|s| &s.rows) {
        if let Some(e) = exists.get_mut(*bucket) {
            *e = true;
        }
    }
    for one in series {
        let mut rows = one.rows.iter().peekable();
        let mut stock: Option<Cells> = None;
        for (bucket, slot) in total.iter_mut().enumerate() {
            let own = rows.next_if(|r| r.0 == bucket).map(|r| r.1);
            if let Some(cells) = own {
                stock = Some(Cells::carried(cells.closing, cells.unknown));
            }
            let Some(cells) = own.or(stock) else { continue };
            if exists.get(bucket) != Some(&true) {
                continue;
            }
            match slot {
                Some(sum) => sum.beside(&cells),
                None => *slot = Some(cells),
            }
        }
    }
    total
}

fn row(grain: Grain, from: i32, to: i32, group: GroupValues, cells: &Cells) -> LedgerRow {
    let [arrivals, settled_human, settled_auto, cancelled, transferred, reopened, corrections, gap] =
        cells.flows;
    LedgerRow {
        period: grain.name(date_of(from)),
        from: date_of(from),
        to: date_of(to),
        group,
        opening: cells.opening,
        arrivals,
        settled_human,
        settled_auto,
        cancelled,
        transferred,
        reopened,
        corrections,
        gap,
        closing: cells.closing,
        unknown: cells.unknown.filter(|_| cells.closing.is_none()),
    }
}

fn group_values(by: &[GroupBy], process: &str, values: [Option<&str>; 4]) -> GroupValues {
    let [org, unit, product, channel] = values;
    let has = |g| by.contains(&g);
    let own = |g, v: Option<&str>| if has(g) { v.map(str::to_owned) } else { None };
    GroupValues {
        org: own(GroupBy::Org, org),
        unit: own(GroupBy::Unit, unit),
        process: own(GroupBy::Process, Some(process)),
        product: own(GroupBy::Product, product),
        channel: own(GroupBy::Channel, channel),
    }
}

/// Columns counted per case, before corrections and gap.
const COUNTED: usize = 6;

fn from_cases(
    table: &CaseTable,
    view: &View<'_>,
    query: &LedgerQuery,
    buckets: &Buckets,
) -> Result<Vec<Series>, LedgerError> {
    let (Some(first), Some(&(begin, _))) = (table.first_day(), buckets.spans.first()) else {
        return Ok(Vec::new());
    };
    // Group of each combination of dimensions; NOT_KEPT for those filtered out.
    const NOT_KEPT: u32 = u32::MAX;
    let mut groups: Vec<GroupValues> = Vec::new();
    let mut index: FxHashMap<GroupValues, u32> = FxHashMap::default();
    let of_combo: Vec<u32> = table
        .combos
        .iter()
        .map(|combo| {
            let values = combo.map(|c| table.name_of(c));
            if !view.keeps(&query.dims, values) {
                return NOT_KEPT;
            }
            let group = group_values(&query.group_by, view.process, values);
            *index.entry(group.clone()).or_insert_with(|| {
                groups.push(group);
                (groups.len() - 1) as u32
            })
        })
        .collect();
    let width = buckets.spans.len();
    if groups.len().saturating_mul(width) > MAX_ROWS {
        return Err(LedgerError::TooManyRows {
            groups: groups.len(),
            buckets: width,
            max: MAX_ROWS,
        });
    }
    let mut counts = vec![[0i64; COUNTED]; groups.len() * width];
    let mut before = vec![0i64; groups.len()];
    for (case, (&opened, &combo)) in table.opened_day.iter().zip(&table.combo).enumerate() {
        let group = match of_combo.get(combo as usize) {
            Some(&g) if g != NOT_KEPT => g as usize,
            _ => continue,
        };
        let mut post = |day: i32, column: usize| {
            if let Some(bucket) = buckets.of(day) {
                if let Some(cell) = counts.get_mut(group * width + bucket) {
                    cell[column] += 1;
                }
            } else if day < begin
                && let Some(stock) = before.get_mut(group)
            {
                *stock += SIGN[column];
            }
        };
        post(opened, ARRIVALS);
        for t in table.transitions(case) {
            let column = match t.kind {
                TransitionKind::Close(CloseClass::SettledHuman) => HUMAN,
                TransitionKind::Close(CloseClass::SettledAuto) => AUTO,
                TransitionKind::Close(CloseClass::Cancelled | CloseClass::Silence) => CANCELLED,
                TransitionKind::Close(CloseClass::Transferred) => TRANSFERRED,
                TransitionKind::Reopen => REOPENED,
                TransitionKind::HoldEnter { .. } | TransitionKind::HoldLeave => continue,
            };
            post(t.day, column);
        }
    }
    let warm = table.warm_from.unwrap_or(i32::MIN);
    let mut series = Vec::with_capacity(groups.len());
    for (g, group) in groups.into_iter().enumerate() {
        let mut stock = before.get(g).copied().unwrap_or(0);
        let mut rows = Vec::new();
        for (bucket, &(from, to)) in buckets.spans.iter().enumerate() {
            if to < first || from > table.as_of.day {
                continue;
            }
            let counted = counts.get(g * width + bucket).copied().unwrap_or([0; COUNTED]);
            let mut cells = Cells::default();
            for (slot, value) in cells.flows.iter_mut().zip(counted) {
                *slot = Some(value);
            }
            if !table.tells_auto {
                cells.flows[AUTO] = None;
            }
            if !table.tells_transfers {
                cells.flows[TRANSFERRED] = None;
            }
            cells.flows[CORRECTIONS] = Some(0);
            cells.flows[GAP] = Some(0);
            let closing = stock.saturating_add(cells.net());
            if from >= warm {
                cells.opening = Some(stock);
                cells.closing = Some(closing);
            } else {
                cells.unknown = Some(Unknown::NotWarm);
            }
            stock = closing;
            rows.push((bucket, cells));
        }
        series.push(Series { group, rows });
    }
    Ok(series)
}

/// Rows of one place of a book of counts, one per delivered day of the book since its own first.
fn place_rows(
    book: &CountsBook,
    days: &BTreeMap<i32, crate::counts::DayCounts>,
) -> Vec<(i32, Cells)> {
    let Some((&first, _)) = days.first_key_value() else { return Vec::new() };
    let mut stock: Option<i64> = None;
    let mut rows = Vec::new();
    for &day in book.days.range(first..) {
        let Some(counts) = days.get(&day) else {
            let unknown = stock.is_none().then_some(Unknown::NoStockDelivered);
            rows.push((day, Cells::carried(stock, unknown)));
            continue;
        };
        let mut cells = Cells::default();
        for (slot, kind) in cells.flows.iter_mut().zip(MovementKind::ALL) {
            if kind != MovementKind::ClosingStock {
                *slot = counts.get(kind);
            }
        }
        cells.flows[GAP] = None;
        let net = cells.net();
        match (stock, counts.get(MovementKind::ClosingStock)) {
            // The first stock delivered: what was there before follows from that day.
            (None, Some(delivered)) => {
                cells.opening = Some(delivered.saturating_sub(net));
                cells.closing = Some(delivered);
                cells.flows[GAP] = Some(0);
            }
            (Some(opening), Some(delivered)) => {
                cells.opening = Some(opening);
                cells.closing = Some(delivered);
                cells.flows[GAP] = Some(delivered.saturating_sub(opening.saturating_add(net)));
            }
            // No stock that day: the computed one stands until the next delivered one shows the gap.
            (Some(opening), None) => {
                cells.opening = Some(opening);
                cells.closing = Some(opening.saturating_add(net));
            }
            (None, None) => cells.unknown = Some(Unknown::NoStockDelivered),
        }
        stock = cells.closing;
        rows.push((day, cells));
    }
    rows
}

fn from_counts(
    book: &CountsBook,
    view: &View<'_>,
    query: &LedgerQuery,
    buckets: &Buckets,
) -> Vec<Series> {
    let mut series = Vec::new();
    for (place, days) in &book.places {
        let values =
            [&place.org, &place.unit, &place.product, &place.channel].map(|v| v.as_deref());
        if !view.keeps(&query.dims, values) {
            continue;
        }
        let mut rows: Vec<(usize, Cells)> = Vec::new();
        for (day, cells) in place_rows(book, days) {
            let Some(bucket) = buckets.of(day) else { continue };
            match rows.last_mut() {
                Some(last) if last.0 == bucket => last.1.then(&cells),
                _ => rows.push((bucket, cells)),
            }
        }
        series.push(Series { group: group_values(&query.group_by, view.process, values), rows });
    }
    series
}
