//! Small cells, for readers who see totals only (national fund, wall).
//!
//! - Computes: the same cockpit, flow, ledger and indicators without any count of cases from one to
//!   four, nor anything from which such a count follows: a part when its complement is small, a
//!   total when one of its parts is hidden, ages when one stratum is small, a rate when either side
//!   of it is. Flows are those of whole months, so that two answers cannot be told apart by a day.
//! - Errors: a breakdown or days of one's own are refused. A hidden figure is unknown, with its
//!   reason.
//! - Source: `docs/rights.md`.

use eclusier_core::{
    Figure, Grain, Unit,
    masking::{Cell, mask, table},
    rights::SMALL_CELL,
};
use eclusier_ledger::{AgeStrata, GroupBy, LedgerRow, ReturnToTarget};

use crate::{
    cockpit::{Card, Cockpit, Health, StockRow},
    error::{AppError, AppResult},
    figures::{Seen, Selection},
    flow::Flow,
};

const HIDDEN: [&str; 2] = [
    "masqué : moins de cinq dossiers, ici ou dans ce qui s’en déduit",
    "hidden: fewer than five cases, here or in what follows from it",
];

/// What is told where whole months stand for the days asked.
const MONTHS: [&str; 2] = [
    "Vos rôles montrent des totaux : mois entiers, sans détail, petits nombres masqués.",
    "Your roles show totals: whole months, no breakdown, small numbers hidden.",
];

/// Refuses what would let two answers be compared: a breakdown, days of one's own.
pub(crate) fn totals_only(selection: &Selection) -> AppResult<()> {
    let dims = &selection.dims;
    let dated = selection.from.or(selection.to).or(selection.as_of).is_some();
    let field = match () {
        () if dated => "from",
        () if !dims.org.is_empty() => "org",
        () if !dims.unit.is_empty() => "unit",
        () if !dims.product.is_empty() => "product",
        () if !dims.channel.is_empty() => "channel",
        () => return Ok(()),
    };
    Err(refused(field))
}

fn refused(field: &'static str) -> AppError {
    let [fr, en] = MONTHS;
    AppError::invalid(
        field,
        format!("{fr} Retirer la période, les filtres et le groupement."),
        format!("{en} Take the period, the filters and the grouping away."),
    )
}

/// The twelve whole months before the last day known; `None` before one has passed.
pub(crate) fn whole_months(desks: &[Seen], selection: &Selection) -> AppResult<Option<Selection>> {
    totals_only(selection)?;
    let Some(last) = desks.iter().filter_map(|d| d.as_of_day()).max() else { return Ok(None) };
    let first = desks.iter().filter_map(|d| d.first_day()).min().unwrap_or(last);
    // The month of the last day is over only when tomorrow begins another one.
    let begun = Grain::Month.start_of(last.tomorrow().unwrap_or(last));
    let Ok(to) = begun.yesterday() else { return Ok(None) };
    let year = begun.checked_sub(jiff::Span::new().years(1)).unwrap_or(begun);
    let month = Grain::Month.start_of(first);
    // A month known in part is no whole month.
    let known = if month == first { month } else { Grain::Month.next(first) };
    let from = year.max(known);
    Ok((from <= to).then(|| Selection { from: Some(from), to: Some(to), ..selection.clone() }))
}

/// Refuses groups other than the process.
pub(crate) fn no_groups(by: &[GroupBy]) -> AppResult<()> {
    if by.iter().all(|g| *g == GroupBy::Process) {
        return Ok(());
    }
    Err(refused("group_by"))
}

/// Hides the small cells. Hiding more than the arithmetic needs is preferred to a doubt.
pub(crate) fn masked(mut cockpit: Cockpit) -> Cockpit {
    // Where to act names units and products, group by group.
    cockpit.act.clear();
    cockpit.totals = true;
    cockpit.stocks.iter_mut().for_each(row);
    let stocks = &cockpit.stocks;
    for (card, id) in [(&mut cockpit.overdue, "overdue"), (&mut cockpit.due_soon, "due_soon_5")] {
        if let Some(card) = card {
            mask_card(card, stocks, id);
        }
    }
    cockpit
}

fn small(count: f64) -> bool {
    count > 0.0 && count < SMALL_CELL as f64
}

fn hide(figure: &mut Figure) {
    (figure.value, figure.numerator, figure.denominator) = (None, None, None);
    (figure.interval, figure.n) = (None, 0);
    figure.exclusions.clear();
    figure.reason = Some(HIDDEN.map(str::to_owned));
}

fn is_hidden(figure: &Figure) -> bool {
    figure.reason.as_ref().is_some_and(|r| r[1] == HIDDEN[1])
}

/// Hides the small ones among the figures of one perimeter.
pub(crate) fn figures(figures: &mut [Figure]) {
    let stock = figures.iter().find(|f| f.id == "stock").and_then(|f| f.value);
    let thin = stock.is_some_and(small);
    for figure in figures {
        let part = match (figure.unit, figure.value, stock) {
            // The age of one case.
            _ if figure.id.starts_with("oldest_age") => true,
            // A part, and what is left of the whole.
            (Unit::Case, Some(part), Some(stock)) => small(part) || small(stock - part),
            (Unit::Case, Some(part), None) => small(part),
            // The two sides of a rate, or of a mean; how many cases a delay was measured on.
            _ => {
                let sides = match (figure.numerator, figure.denominator) {
                    (Some(n), Some(d)) if figure.unit == Unit::Ratio => {
                        small(d) || small(n) || small(d - n)
                    }
                    _ => false,
                };
                sides || small(figure.n as f64)
            }
        };
        if (thin || part) && figure.value.is_some() {
            hide(figure);
        } else if figure.unit == Unit::Ratio {
            // Two rates a day apart would tell what happened that day.
            (figure.numerator, figure.denominator, figure.n) = (None, None, 0);
            figure.interval = None;
            figure.value = figure.value.map(|v| (100.0 * v).round() / 100.0);
        }
    }
}

/// Hides in a total the figures of which a part is hidden.
pub(crate) fn hide_with_parts(total: &mut [Figure], parts: &[Vec<Figure>]) {
    for figure in total {
        let same = |part: &Vec<Figure>| part.iter().any(|f| f.id == figure.id && is_hidden(f));
        if parts.iter().any(same) && figure.value.is_some() {
            hide(figure);
        }
    }
}

fn small_strata(strata: &AgeStrata) -> bool {
    let any = |counts: &[i64; 5]| counts.iter().any(|n| small(*n as f64));
    let rest: [i64; 5] = std::array::from_fn(|i| strata.all[i] - strata.held[i]);
    any(&strata.all) || any(&strata.held) || any(&rest) || small(strata.in_exclusion as f64)
}

/// The flows of a row, in the order of [`flows`].
const FLOWS: usize = 8;

fn flows(row: &mut LedgerRow) -> [&mut Option<i64>; FLOWS] {
    [
        &mut row.arrivals,
        &mut row.settled_human,
        &mut row.settled_auto,
        &mut row.cancelled,
        &mut row.transferred,
        &mut row.reopened,
        &mut row.corrections,
        &mut row.gap,
    ]
}

/// Hides the small flows of one perimeter, month after month, and others with them so that neither
/// the stocks nor a sum of months gives them back.
pub(crate) fn ledger(rows: &mut [LedgerRow]) {
    let thin = |n: Option<i64>| n.is_some_and(|n| small(n.unsigned_abs() as f64));
    // A small stock follows from its flows and from the stock before it: nothing can be told.
    if rows.iter().any(|row| thin(row.opening) || thin(row.closing)) {
        for row in rows {
            (row.opening, row.closing) = (None, None);
            flows(row).into_iter().for_each(|flow| *flow = None);
        }
        return;
    }
    let counts: Vec<[u64; FLOWS]> = rows
        .iter_mut()
        .map(|row| flows(row).map(|flow| flow.unwrap_or(0).unsigned_abs()))
        .collect();
    // Totals are taken as known to everybody: stocks tell those of the rows.
    let known = |people: u64| Cell { people, open: true };
    let mut cells: Vec<Cell> = Vec::new();
    for row in &counts {
        cells.extend(row.map(Cell::of));
        cells.push(known(row.iter().sum()));
    }
    cells.extend((0..FLOWS).map(|x| known(counts.iter().filter_map(|row| row.get(x)).sum())));
    cells.push(known(counts.iter().flatten().sum()));
    let hidden = mask(&cells, &table(rows.len(), FLOWS), SMALL_CELL);
    for (row, hidden) in rows.iter_mut().zip(hidden.chunks(FLOWS + 1)) {
        for (flow, hidden) in flows(row).into_iter().zip(hidden) {
            if *hidden {
                *flow = None;
            }
        }
    }
}

/// Hides in the rows of a total the flows of which a part is hidden.
pub(crate) fn hide_flows(total: &mut [LedgerRow], parts: &mut [LedgerRow]) {
    for row in total {
        let from = row.from;
        for part in parts.iter_mut().filter(|part| part.from == from) {
            if part.closing.is_none() {
                (row.opening, row.closing) = (None, None);
            }
            for (whole, part) in flows(row).into_iter().zip(flows(part)) {
                if part.is_none() {
                    *whole = None;
                }
            }
        }
    }
}

/// Hides the small cells of a flow, given those of its processes when it joins several.
pub(crate) fn flow(flow: &mut Flow, parts: &mut [Flow]) {
    flow.totals = true;
    figures(&mut flow.figures);
    let told: Vec<Vec<Figure>> = parts.iter().map(|part| part.figures.clone()).collect();
    hide_with_parts(&mut flow.figures, &told);
    let mut rows: Vec<LedgerRow> = flow.ledger.iter().map(|r| r.row.clone()).collect();
    ledger(&mut rows);
    for part in parts.iter_mut() {
        let mut below: Vec<LedgerRow> = part.ledger.iter().map(|r| r.row.clone()).collect();
        hide_flows(&mut rows, &mut below);
    }
    let whole = rows.iter_mut().all(|row| flows(row).iter().all(|f| f.is_some()));
    for (shown, row) in flow.ledger.iter_mut().zip(rows) {
        shown.row = row;
    }
    flow.opening = flow.ledger.first().and_then(|r| r.row.opening);
    if !whole {
        flow.cumulative.clear();
    }
    // Who is awaited comes with the wait of one case; a histogram is made of small cells.
    flow.awaited.clear();
    flow.whole = None;
    let tellable = |n: i64| !small(n as f64);
    flow.delays.retain(|point| {
        let d = &point.delays;
        tellable(d.n) && tellable(d.left_out) && tellable(d.lapsed)
    });
    flow.delays.iter_mut().for_each(|point| point.delays.histogram.clear());
    let several = !parts.is_empty();
    flow.strata = flow.strata.take().filter(|s| !several && !small_strata(s));
    flow.cannot.insert(0, MONTHS.map(str::to_owned));
}

fn row(row: &mut StockRow) {
    let thin = row.figure("stock").and_then(|f| f.value).is_some_and(small);
    figures(&mut row.figures);
    let stratum = |counts: &[i64; 5]| counts.iter().any(|n| small(*n as f64));
    let strata = row.strata.as_ref().is_some_and(|s| {
        let on_time = row.late.map(|late| std::array::from_fn(|i| s.all[i] - late[i]));
        small_strata(s) || on_time.is_some_and(|cells: [i64; 5]| stratum(&cells))
    });
    let late = row.late.as_ref().is_some_and(stratum);
    let hidden = |ids: &[&str]| ids.iter().any(|id| row.figure(id).is_some_and(is_hidden));
    // The strata add up to the stock, those held and those late to parts of it.
    let parts = hidden(&["stock", "stock_actionable", "overdue"]);
    let ground = hidden(&["stock", "overdue", "in_time_due"]);
    if strata || late || parts {
        (row.strata, row.late) = (None, None);
    }
    if ground {
        row.health = Health::Unknown;
        row.why = HIDDEN.map(str::to_owned);
    }
    if thin {
        row.back = ReturnToTarget::Unknown(HIDDEN);
    }
    for week in &mut row.spark {
        *week = week.filter(|n| !small(*n as f64));
    }
}

fn mask_card(card: &mut Card, stocks: &[StockRow], id: &str) {
    let hidden = |process: &str| {
        let row = stocks.iter().find(|s| s.process == process);
        row.and_then(|r| r.figure(id)).is_some_and(is_hidden)
    };
    card.lines.retain(|line| !hidden(&line.process));
    for line in &mut card.lines {
        let shown = stocks.iter().any(|s| s.process == line.process && s.late.is_some());
        line.strata = line.strata.filter(|_| shown);
    }
    // With one part out of sight, the total would give it back.
    let any = stocks.iter().filter_map(|s| s.figure(id)).any(is_hidden);
    if any || card.figure.value.is_some_and(small) {
        hide(&mut card.figure);
    }
    // From one day to the next, a few cases are a few cases.
    card.change = None;
}

#[cfg(test)]
mod tests {
    use eclusier_core::Period;
    use eclusier_ledger::AgeStrata;
    use jiff::civil::date;

    use super::*;
    use crate::cockpit::{Basis, CardLine};

    fn figure(id: &str, value: f64) -> Figure {
        let day = date(2025, 6, 30);
        Figure {
            id: id.into(),
            value: Some(value),
            numerator: None,
            denominator: None,
            unit: Unit::Case,
            n: value as i64,
            interval: None,
            formula_version: format!("{id}@1"),
            period: Period::new(day, day).unwrap(),
            perimeter: String::new(),
            exclusions: Vec::new(),
            fresh_at: None,
            snapshot: None,
            reason: None,
        }
    }

    /// A process of `stock` cases of which `late` are late, all in the last stratum.
    fn process(name: &str, stock: i64, late: i64) -> StockRow {
        let mut rate = figure("in_time_due", 0.5);
        (rate.numerator, rate.denominator) = (Some(20.0), Some(40.0));
        rate.unit = Unit::Ratio;
        StockRow {
            process: name.into(),
            label: name.into(),
            figures: vec![
                figure("stock", stock as f64),
                figure("overdue", late as f64),
                rate,
                figure("oldest_age", 63.0),
            ],
            back: ReturnToTarget::Reached,
            has_stock_target: false,
            strata: Some(AgeStrata {
                day: date(2025, 6, 30),
                all: [stock - late, 0, 0, 0, late],
                held: [0; 5],
                in_exclusion: 0,
                estimated: false,
            }),
            late: Some([0, 0, 0, 0, late]),
            spark: vec![Some(stock), Some(3), Some(0)],
            health: Health::Normal,
            why: [format!("{late} de {stock}"), String::new()],
            cannot: Vec::new(),
        }
    }

    fn cockpit(stocks: Vec<StockRow>) -> Cockpit {
        let late = |s: &StockRow| s.figure("overdue").and_then(|f| f.value).unwrap();
        let lines = stocks.iter().map(|s| CardLine {
            process: s.process.clone(),
            label: s.label.clone(),
            count: late(s) as i64,
            strata: s.late,
        });
        let card = Card {
            figure: figure("overdue", stocks.iter().map(late).sum()),
            change: Some(1.0),
            lines: lines.collect(),
        };
        let basis = Basis {
            as_of: None,
            fresh_at: None,
            last_worked_day: date(2025, 6, 30),
            rules: Vec::new(),
            stale: false,
        };
        Cockpit {
            basis,
            overdue: Some(card),
            due_soon: None,
            act: Vec::new(),
            stocks,
            proposed: Vec::new(),
            totals: false,
        }
    }

    #[test]
    fn three_late_cases_cannot_be_worked_out() {
        let seen =
            masked(cockpit(vec![process("a", 100, 20), process("b", 60, 5), process("c", 50, 3)]));
        let card = seen.overdue.unwrap();
        // Without the total, 20 and 5 say nothing of the third.
        assert_eq!(card.lines.iter().map(|l| l.count).collect::<Vec<_>>(), [20, 5]);
        assert_eq!((card.figure.value, card.change), (None, None));
        let c = &seen.stocks[2];
        assert!(c.strata.is_none() && c.late.is_none(), "the strata of the late would tell it");
        assert_eq!(c.figure("overdue").unwrap().value, None);
        assert_eq!(c.figure("stock").unwrap().value, Some(50.0), "the stock is no secret");
        assert!(!c.why[0].contains('3') && c.health == Health::Unknown);
        let a = &seen.stocks[0];
        assert!(a.strata.is_some() && a.health == Health::Normal, "nothing to hide here");
        assert_eq!(a.figure("oldest_age").unwrap().value, None, "it is the age of one case");
        assert_eq!(a.spark, [Some(100), None, Some(0)]);
    }

    #[test]
    fn what_is_left_of_a_whole_is_a_cell_too() {
        // 48 late of 50: two are not.
        let seen = masked(cockpit(vec![process("a", 50, 48)]));
        assert_eq!(seen.stocks[0].figure("overdue").unwrap().value, None);
        // Three cases in all: nothing of the process shows.
        let seen = masked(cockpit(vec![process("a", 3, 0)]));
        assert!(seen.stocks[0].figures.iter().all(|f| f.value.is_none()));
        assert_eq!(seen.stocks[0].back, ReturnToTarget::Unknown(HIDDEN));
        // Nobody late is no small cell.
        let seen = masked(cockpit(vec![process("a", 50, 0)]));
        assert_eq!(seen.stocks[0].figure("overdue").unwrap().value, Some(0.0));
        assert_eq!(seen.overdue.unwrap().figure.value, Some(0.0));
    }
}
