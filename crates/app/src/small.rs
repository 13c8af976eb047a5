//! Small cells of the cockpit, for readers from whom they are hidden (national fund, wall).
//!
//! - Computes: the same cockpit without any count of cases from one to four, nor anything from
//!   which such a count follows: a part when its complement is small, a total when one of its
//!   parts is hidden, ages when one stratum is small, a rate when either side of it is.
//! - Errors: none. A hidden figure is unknown, with its reason.

use eclusier_core::{Figure, rights::SMALL_CELL};
use eclusier_ledger::ReturnToTarget;

use crate::cockpit::{Card, Cockpit, Health, StockRow};

const HIDDEN: [&str; 2] = [
    "masqué : moins de cinq dossiers, ici ou dans ce qui s’en déduit",
    "hidden: fewer than five cases, here or in what follows from it",
];

/// Hides the small cells. Hiding more than the arithmetic needs is preferred to a doubt.
pub(crate) fn masked(mut cockpit: Cockpit) -> Cockpit {
    // Where to act names units and products, group by group.
    cockpit.act.clear();
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

fn row(row: &mut StockRow) {
    let stock = row.figure("stock").and_then(|f| f.value);
    let thin = stock.is_some_and(small);
    for figure in &mut row.figures {
        // A part, what is left of the whole, and the two sides of a rate.
        let part = match (figure.id.as_str(), figure.value, stock) {
            ("stock_actionable" | "overdue" | "due_soon_5", Some(part), Some(stock)) => {
                small(part) || small(stock - part)
            }
            ("stock_actionable" | "overdue" | "due_soon_5" | "stock", Some(part), _) => small(part),
            // The age of one case.
            ("oldest_age", ..) => true,
            _ => match (figure.numerator, figure.denominator) {
                (Some(n), Some(d)) => small(d) || small(n) || small(d - n),
                _ => false,
            },
        };
        if (thin || part) && figure.value.is_some() {
            hide(figure);
        }
    }
    let stratum = |counts: &[i64; 5]| counts.iter().any(|n| small(*n as f64));
    let strata = row.strata.as_ref().is_some_and(|s| {
        let rest: [i64; 5] = std::array::from_fn(|i| s.all[i] - s.held[i]);
        let on_time = row.late.map(|late| std::array::from_fn(|i| s.all[i] - late[i]));
        stratum(&s.all)
            || stratum(&s.held)
            || stratum(&rest)
            || small(s.in_exclusion as f64)
            || on_time.is_some_and(|cells| stratum(&cells))
    });
    let late = row.late.as_ref().is_some_and(stratum);
    let parts = row.figures.iter().any(|f| is_hidden(f) && f.id != "oldest_age");
    if strata || late || parts {
        // The strata of the late add up to the late, and both are shown on one bar.
        (row.strata, row.late) = (None, None);
    }
    if parts {
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
    use eclusier_core::{Period, Unit};
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
