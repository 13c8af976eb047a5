//! Ledgers made from spreadsheets of daily counts, in every mixture.

use eclusier_core::config::ProcessRules;
use eclusier_core::{DeliveryId, Grain, Period};
use eclusier_eventlog::{Dimensions, Movement, MovementKind, MovementKind::*};
use eclusier_ledger::{
    CountsBook, Data, GroupBy, LedgerQuery, LedgerRow, Unknown, View, age_strata_fifo,
    daily_ledger, indicators,
};
use jiff::civil::{Date, date};

use crate::support::{always, scope, weekdays};

fn put(day: Date, product: &str, kind: MovementKind, count: i64) -> (DeliveryId, Movement) {
    let dimensions = Dimensions { product: Some(product.into()), ..Dimensions::default() };
    (DeliveryId(1), Movement { day, dimensions, kind, count })
}

fn rows(movements: Vec<(DeliveryId, Movement)>, query: &LedgerQuery) -> Vec<LedgerRow> {
    let book = CountsBook::new(movements);
    let rules = always(ProcessRules::default());
    let calendar = weekdays();
    let view = View {
        process: "p",
        label: "P",
        rules: &rules,
        calendar: &calendar,
        data: Data::Counts(&book),
        rows: None,
    };
    daily_ledger(&[view], query).unwrap()
}

/// What the identity says, null counting as 0.
pub fn identity_holds(r: &LedgerRow) -> bool {
    let n = |v: Option<i64>| v.unwrap_or(0);
    r.closing.is_none_or(|closing| {
        n(r.opening) + n(r.arrivals)
            - n(r.settled_human)
            - n(r.settled_auto)
            - n(r.cancelled)
            - n(r.transferred)
            + n(r.reopened)
            + n(r.corrections)
            + n(r.gap)
            == closing
    })
}

const D: Date = date(2025, 1, 6);

fn day(n: i64) -> Date {
    D.checked_add(jiff::Span::new().days(n)).unwrap()
}

#[test]
fn a_gap_nobody_explains_is_shown_once() {
    let mut movements = Vec::new();
    let mut stock = 412;
    for i in 0..10 {
        stock += 100 - 90;
        if i == 4 {
            stock -= 7;
        }
        movements.push(put(day(i), "Retraite", Arrivals, 100));
        movements.push(put(day(i), "Retraite", SettledHuman, 90));
        movements.push(put(day(i), "Retraite", ClosingStock, stock));
    }
    for grain in [Grain::Day, Grain::Week, Grain::Month] {
        let rows = rows(movements.clone(), &LedgerQuery { grain, ..Default::default() });
        assert!(rows.iter().all(identity_holds), "{grain:?}");
        assert_eq!(rows.iter().filter_map(|r| r.gap).sum::<i64>(), -7, "{grain:?}");
        assert_eq!(rows[0].opening, Some(412));
        assert_eq!(rows.last().unwrap().closing, Some(stock));
        assert_eq!(rows[0].settled_auto, None);
        assert_eq!(rows.iter().filter_map(|r| r.arrivals).sum::<i64>(), 1_000);
    }
}

#[test]
fn arrivals_alone_tell_no_stock() {
    let r = rows(vec![put(day(0), "A", Arrivals, 5)], &LedgerQuery::default());
    assert_eq!((r[0].arrivals, r[0].opening, r[0].closing, r[0].gap), (Some(5), None, None, None));
    assert_eq!(r[0].unknown, Some(Unknown::NoStockDelivered));
}

#[test]
fn stocks_alone_show_their_change_as_a_gap() {
    let r = rows(
        vec![put(day(0), "A", ClosingStock, 50), put(day(3), "A", ClosingStock, 44)],
        &LedgerQuery::default(),
    );
    assert_eq!((r[0].opening, r[0].gap, r[0].closing), (Some(50), Some(0), Some(50)));
    assert_eq!((r[1].opening, r[1].gap, r[1].closing), (Some(50), Some(-6), Some(44)));
    assert_eq!((r[1].arrivals, r[1].settled_human), (None, None));
}

#[test]
fn arrivals_and_stock_leave_the_outputs_unknown() {
    let r = rows(
        vec![
            put(day(0), "A", Arrivals, 10),
            put(day(0), "A", ClosingStock, 50),
            put(day(1), "A", Arrivals, 10),
            put(day(1), "A", ClosingStock, 48),
        ],
        &LedgerQuery::default(),
    );
    assert_eq!((r[0].opening, r[0].gap), (Some(40), Some(0)));
    assert_eq!((r[1].settled_human, r[1].gap), (None, Some(-12)));
}

#[test]
fn a_day_without_its_stock_is_computed_until_the_next_shows_the_gap() {
    let r = rows(
        vec![
            put(day(0), "A", ClosingStock, 50),
            put(day(1), "A", Arrivals, 10),
            put(day(1), "A", SettledHuman, 4),
            put(day(7), "A", ClosingStock, 55),
        ],
        &LedgerQuery::default(),
    );
    let told: Vec<_> = r.iter().map(|r| (r.opening, r.gap, r.closing)).collect();
    assert_eq!(
        told,
        [(Some(50), Some(0), Some(50)), (Some(50), None, Some(56)), (Some(56), Some(-1), Some(55))]
    );
}

#[test]
fn a_stock_known_inside_a_week_tells_what_was_there_before_it() {
    let movements = vec![
        put(day(0), "A", Arrivals, 5),
        put(day(1), "A", Arrivals, 3),
        put(day(1), "A", SettledHuman, 1),
        put(day(1), "A", ClosingStock, 20),
    ];
    let r = rows(movements, &LedgerQuery { grain: Grain::Week, ..Default::default() });
    assert_eq!((r[0].opening, r[0].closing, r[0].gap), (Some(13), Some(20), Some(0)));
    assert!(identity_holds(&r[0]));
}

#[test]
fn a_later_delivery_supersedes_and_equal_lines_of_one_add_up() {
    let mut movements = vec![put(day(0), "A", Arrivals, 5), put(day(0), "A", Arrivals, 6)];
    let query = LedgerQuery::default();
    assert_eq!(rows(movements.clone(), &query)[0].arrivals, Some(11));
    let mut later = put(day(0), "A", Arrivals, 9);
    later.0 = DeliveryId(2);
    // The order in which they are read does not matter.
    movements.insert(0, later);
    assert_eq!(rows(movements, &query)[0].arrivals, Some(9));
}

#[test]
fn groups_sum_to_the_total_in_every_column() {
    let mut movements = Vec::new();
    for i in 0..60 {
        // B begins later and is not delivered every day.
        movements.push(put(day(i), "A", Arrivals, 3 + i % 4));
        movements.push(put(day(i), "A", SettledHuman, 3));
        movements.push(put(day(i), "A", ClosingStock, 100 + i));
        if i > 10 && i % 3 > 0 {
            movements.push(put(day(i), "B", Arrivals, 7));
            movements.push(put(day(i), "B", ClosingStock, 20 + i % 5));
        }
    }
    for grain in [Grain::Day, Grain::Week, Grain::Month] {
        let period = Some(Period::new(day(20), day(50)).unwrap());
        let query = LedgerQuery { grain, period, ..Default::default() };
        let total = rows(movements.clone(), &query);
        let split = rows(
            movements.clone(),
            &LedgerQuery { group_by: vec![GroupBy::Product], ..query.clone() },
        );
        assert!(total.iter().chain(&split).all(identity_holds));
        for t in &total {
            let of = |f: fn(&LedgerRow) -> Option<i64>| {
                split.iter().filter(|s| s.from == t.from).filter_map(f).sum::<i64>()
            };
            for f in [
                |r: &LedgerRow| r.opening,
                |r: &LedgerRow| r.arrivals,
                |r: &LedgerRow| r.settled_human,
                |r: &LedgerRow| r.gap,
                |r: &LedgerRow| r.closing,
            ] {
                assert_eq!(of(f), f(t).unwrap_or(0), "{grain:?} {}", t.period);
            }
        }
        assert!(total.windows(2).all(|w| w[0].closing == w[1].opening));
    }
}

#[test]
fn counts_give_the_figures_they_can_and_say_which_they_cannot() {
    let mut movements = Vec::new();
    for i in (0..28).filter(|i| i % 7 < 5) {
        movements.push(put(day(i), "A", Arrivals, 10));
        movements.push(put(day(i), "A", SettledHuman, 8));
        movements.push(put(day(i), "A", ClosingStock, 100 + 2 * (i - i / 7 * 2)));
    }
    let book = CountsBook::new(movements);
    let rules = always(ProcessRules::default());
    let calendar = weekdays();
    let view = View {
        process: "p",
        label: "P",
        rules: &rules,
        calendar: &calendar,
        data: Data::Counts(&book),
        rows: None,
    };
    let scope = scope(day(0), day(25));
    let figures = indicators(&[view], &scope, &[]).unwrap();
    let value = |id: &str| figures.iter().find(|f| f.id == id).unwrap();
    assert_eq!(value("stock").value, Some(138.0));
    assert_eq!(value("stock_days").value, Some(138.0 / 8.0));
    assert_eq!(value("clearance").value, Some(0.8));
    for id in ["backlog_age_15", "lead_time_p50", "overdue", "return_rate", "stock_actionable"] {
        assert_eq!(value(id).value, None, "{id}");
        assert!(value(id).reason.as_ref().unwrap()[0].contains("comptages"), "{id}");
    }
    assert!(value("straight_through_rate").reason.is_some());
    // 138 in stock: the arrivals of the last 13.8 delivered days, oldest out first.
    let strata = age_strata_fifo(view, &scope).unwrap();
    assert_eq!(strata.all.iter().sum::<i64>(), 138);
    assert!(strata.estimated && strata.all[0] == 60);
}
