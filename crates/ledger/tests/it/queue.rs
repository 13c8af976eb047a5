//! What waits by day of reception, and how much leaves a day.

use eclusier_calendar::day_number;
use eclusier_core::DeliveryId;
use eclusier_core::config::{Awaited, Hold, ProcessRules};
use eclusier_eventlog::{Dimensions, Movement, MovementKind, MovementKind::*};
use eclusier_ledger::{CountsBook, Data, DimFilter, Queue, View, queue};
use jiff::ToSpan;
use jiff::civil::{Date, date};

use crate::support::{Row, always, batch, end_of, fold, view, weekdays};

/// The day `n` days after a Monday.
fn day(n: i64) -> Date {
    date(2025, 3, 3).saturating_add(n.days())
}

fn of_counts(movements: &[(i64, MovementKind, i64)]) -> Option<Queue> {
    let all = movements.iter().map(|&(n, kind, count)| {
        let movement = Movement { day: day(n), dimensions: Dimensions::default(), kind, count };
        (DeliveryId(1), movement)
    });
    let book = CountsBook::new(all);
    let (rules, calendar) = (always(ProcessRules::default()), weekdays());
    let view = View {
        process: "p",
        label: "P",
        rules: &rules,
        calendar: &calendar,
        data: Data::Counts(&book),
        rows: None,
    };
    queue(view, &DimFilter::default())
}

#[test]
fn counts_leave_the_oldest_first() {
    let mut movements = Vec::new();
    for n in (0..12).filter(|n| n % 7 < 5) {
        movements.push((n, Arrivals, 10));
        movements.push((n, SettledHuman, 8));
        movements.push((n, Cancelled, 1));
        movements.push((n, Reopened, 2));
    }
    movements.push((11, ClosingStock, 25));
    let queue = of_counts(&movements).unwrap();
    let n = |n: i64| day_number(day(n));
    assert_eq!(queue.waiting, [(n(9), 5), (n(10), 10), (n(11), 10)]);
    assert!(queue.estimated);
    assert_eq!((queue.day, queue.held, queue.days), (n(11), 0, 10));
    // Eight settled and one cancelled, two came back.
    assert_eq!(queue.leaving, Some(7.0));
}

#[test]
fn what_is_older_than_the_first_day_waits_since_then() {
    let queue = of_counts(&[(0, Arrivals, 3), (1, Arrivals, 4), (1, ClosingStock, 20)]).unwrap();
    let n = |n: i64| day_number(day(n));
    assert_eq!(queue.waiting, [(n(0), 16), (n(1), 4)]);
    // Without a stock nothing can be said.
    assert_eq!(of_counts(&[(0, Arrivals, 3)]), None);
}

#[test]
fn held_cases_do_not_wait_for_us() {
    let mut rules = ProcessRules::default();
    rules.states.settled = vec!["Fin".into()];
    rules.states.hold = vec![Hold {
        enter: vec!["Demande".into()],
        leave: vec![],
        awaited: Awaited::Insured,
        returned: true,
    }];
    let rules = always(rules);
    let rows = vec![
        Row::on("a", "Reçu", day(0)),
        Row::on("b", "Reçu", day(1)),
        Row::on("b", "Demande", day(2)),
        Row::on("c", "Reçu", day(1)),
        Row::on("d", "Reçu", day(2)),
        Row::on("d", "Fin", day(3)),
        Row::on("e", "Reçu", day(4)),
    ];
    let table = fold(&[batch(rows)], &rules, None, end_of(day(4)));
    let calendar = weekdays();
    let queue = queue(view(&table, &rules, &calendar), &DimFilter::default()).unwrap();
    let n = |n: i64| day_number(day(n));
    assert_eq!(queue.waiting, [(n(0), 1), (n(1), 1), (n(4), 1)]);
    assert_eq!((queue.held, queue.estimated, queue.days), (1, false, 5));
    assert_eq!(queue.leaving, Some(0.2));
}
