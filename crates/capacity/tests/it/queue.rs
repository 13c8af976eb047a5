//! The projection against a queue written out item by item, and against what must hold.

use std::collections::VecDeque;

use eclusier_capacity::{CapacityError, Queue, Watched, needed, project};
use proptest::prelude::*;

/// Monday to Friday, day 0 being a Monday.
fn worked(day: i32) -> i64 {
    let (weeks, rest) = (day.div_euclid(7), day.rem_euclid(7));
    i64::from(weeks * 5 + rest.min(4) + 1)
}

/// What a period of the full queue says: stock, age of the oldest, delays of those that left.
type Full = (usize, Option<i64>, Vec<i64>);

/// One item at a time, each with the day it came.
fn full(
    waiting: &[(i32, u8)],
    arrivals: &[u8],
    capacity: &[u8],
    week: usize,
) -> (Vec<Full>, Vec<usize>) {
    let mut queue: VecDeque<i32> =
        waiting.iter().flat_map(|&(day, n)| std::iter::repeat_n(day, usize::from(n))).collect();
    let (mut out, mut delays, mut stocks) = (Vec::new(), Vec::new(), Vec::new());
    for (day, (&came, &can)) in arrivals.iter().zip(capacity).enumerate() {
        let today = i32::try_from(day).unwrap();
        queue.extend(std::iter::repeat_n(today, usize::from(came)));
        for _ in 0..can {
            if let Some(from) = queue.pop_front() {
                delays.push(worked(today) - worked(from));
            }
        }
        stocks.push(queue.len());
        if (day + 1) % week == 0 {
            let oldest = queue.front().map(|from| worked(today) - worked(*from));
            delays.sort_unstable();
            out.push((queue.len(), oldest, std::mem::take(&mut delays)));
        }
    }
    (out, stocks)
}

fn floats(values: &[u8]) -> Vec<f64> {
    values.iter().map(|v| f64::from(*v)).collect()
}

fn weeks(days: usize) -> Vec<std::ops::Range<usize>> {
    (0..days / 7).map(|w| w * 7..(w + 1) * 7).collect()
}

proptest! {
    #[test]
    fn equals_a_queue_written_out_item_by_item(
        old in prop::collection::vec((1i32..60, 0u8..9), 0..6),
        days in prop::collection::vec((0u8..12, 0u8..14), 14..60),
        target in 0u8..20,
        allowed in 0i64..8,
    ) {
        let mut old: Vec<(i32, u8)> = old.into_iter().map(|(d, n)| (-d, n)).collect();
        old.sort_unstable();
        old.dedup_by_key(|o| o.0);
        let (arrivals, capacity): (Vec<u8>, Vec<u8>) = days.into_iter().unzip();
        let (truth, stocks) = full(&old, &arrivals, &capacity, 7);
        let waiting: Vec<(i32, f64)> = old.iter().map(|&(d, n)| (d, f64::from(n))).collect();
        let (can, periods) = (floats(&capacity), weeks(arrivals.len()));
        let queue = Queue { waiting: &waiting, first: 0, capacity: &can, counter: &worked };
        let watched = Watched {
            periods: &periods,
            days_allowed: Some(allowed),
            target: Some(f64::from(target)),
            threshold: Some(5.0),
            levels: &[0.8],
        };
        let said = project(&queue, &[floats(&arrivals)], &watched).unwrap();
        prop_assert_eq!(said.periods.len(), truth.len());
        for (said, (stock, oldest, delays)) in said.periods.iter().zip(&truth) {
            prop_assert!((said.stock.median - *stock as f64).abs() < 1e-9);
            prop_assert_eq!(said.oldest, *oldest);
            let at = |share: f64| {
                let place = (share * delays.len() as f64 - 1e-9).ceil() as usize;
                delays[place.max(1) - 1]
            };
            prop_assert_eq!(said.delay, (!delays.is_empty()).then(|| [at(0.5), at(0.9)]));
            let in_time = delays.iter().filter(|d| **d <= allowed).count() as f64;
            match &said.in_time {
                Some(share) => {
                    prop_assert!((share.median - in_time / delays.len() as f64).abs() < 1e-9);
                }
                None => prop_assert!(delays.is_empty()),
            }
            prop_assert_eq!(said.above, Some(f64::from(u8::from(*stock > 5))));
        }
        let opening: usize = old.iter().map(|o| usize::from(o.1)).sum();
        let back = if opening <= usize::from(target) {
            Some(0)
        } else {
            stocks.iter().position(|s| *s <= usize::from(target))
        };
        prop_assert_eq!(said.back.unwrap().median, back);
    }

    #[test]
    fn the_capacity_needed_is_the_least_that_is_enough(
        arrivals in prop::collection::vec(0u8..30, 10..40),
        opening in 0u8..200,
        target in 0u8..50,
    ) {
        let waiting = [(-3, f64::from(opening))];
        let shape = vec![1.0; arrivals.len()];
        let queue = Queue { waiting: &waiting, first: 0, capacity: &shape, counter: &worked };
        let scenarios = [floats(&arrivals)];
        let target = f64::from(target);
        let least = needed(&queue, &scenarios, target, 0.9).unwrap().unwrap();
        let end = |each: f64| {
            arrivals.iter().fold(f64::from(opening), |s, a| (s + f64::from(*a) - each).max(0.0))
        };
        prop_assert!(end(least) <= target);
        prop_assert!(least < 1e-9 || end(least - 1e-6) > target);
    }

    #[test]
    fn more_capacity_never_leaves_more_stock(
        arrivals in prop::collection::vec(0.0f64..9.0, 14..30),
        capacity in 0.0f64..9.0,
        more in 0.0f64..3.0,
    ) {
        let periods = weeks(arrivals.len());
        let watched = Watched { periods: &periods, ..Watched::default() };
        let stock = |each: f64| {
            let can = vec![each; arrivals.len()];
            let queue =
                Queue { waiting: &[(-1, 12.5)], first: 0, capacity: &can, counter: &worked };
            let said = project(&queue, std::slice::from_ref(&arrivals), &watched).unwrap();
            said.periods.iter().map(|p| p.stock.median).collect::<Vec<_>>()
        };
        let (less, most) = (stock(capacity), stock(capacity + more));
        prop_assert!(less.iter().zip(&most).all(|(a, b)| b <= &(a + 1e-9)));
    }
}

#[test]
fn a_steady_overload_grows_by_the_difference_each_day() {
    // Ten come, eight leave: after t days the stock is 2 t and the item that leaves came
    // t / 5 days before, for 10 a day reach the head at 8 a day.
    let (arrivals, can) = (vec![10.0; 100], vec![8.0; 100]);
    let every_day = |day: i32| i64::from(day);
    let queue = Queue { waiting: &[], first: 0, capacity: &can, counter: &every_day };
    let last = 99..100;
    let watched = Watched { periods: std::slice::from_ref(&last), ..Watched::default() };
    let said = project(&queue, &[arrivals], &watched).unwrap();
    assert!((said.periods[0].stock.median - 200.0).abs() < 1e-9);
    // Eight hundred have left: the head came on day 80, the last to leave on day 79.
    assert_eq!(said.periods[0].oldest, Some(19));
    assert_eq!(said.periods[0].delay, Some([20, 20]));
}

#[test]
fn quantiles_over_scenarios_and_the_day_reached() {
    // Scenario k receives k a day and can settle ten: back under five or never.
    let scenarios: Vec<Vec<f64>> = (0..=20).map(|k| vec![f64::from(k); 70]).collect();
    let can = vec![10.0; 70];
    let queue = Queue { waiting: &[(-1, 100.0)], first: 0, capacity: &can, counter: &worked };
    let periods = weeks(70);
    let watched = Watched {
        periods: &periods,
        target: Some(5.0),
        threshold: Some(150.0),
        levels: &[0.8],
        ..Watched::default()
    };
    let said = project(&queue, &scenarios, &watched).unwrap();
    let last = said.periods.last().unwrap();
    // At ten a day the stock stays at a hundred; at 18 it has grown by 8 × 70.
    assert!((last.stock.median - 100.0).abs() < 1e-9);
    assert!((last.stock.bands[0].1 - (100.0 + 8.0 * 70.0)).abs() < 1e-9);
    assert_eq!(last.above, Some(10.0 / 21.0));
    let back = said.back.unwrap();
    // Nine scenarios (0 to 8) are back: one of ten by the third, after 95 / 8 days; at nine a
    // day 70 days are not enough, for 30 are left.
    assert_eq!((back.early, back.median, back.late), (Some(11), None, None));
    assert!((back.reached - 9.0 / 21.0).abs() < 1e-12);
}

#[test]
fn what_is_no_queue_is_refused() {
    let can = [1.0, 1.0];
    let queue = |waiting, capacity| Queue { waiting, first: 0, capacity, counter: &worked };
    let ask = |queue: &Queue<'_>, scenarios: &[Vec<f64>]| {
        project(queue, scenarios, &Watched::default()).unwrap_err()
    };
    assert_eq!(ask(&queue(&[], &can), &[]), CapacityError::Nothing);
    let uneven = CapacityError::Uneven { expected: 2, got: 1 };
    assert_eq!(ask(&queue(&[], &can), &[vec![1.0]]), uneven);
    let unknown = [vec![1.0, f64::NAN]];
    assert_eq!(ask(&queue(&[], &can), &unknown), CapacityError::NoCount { what: "arrivals" });
    let negative = [1.0, -1.0];
    let fine = [vec![1.0, 1.0]];
    assert_eq!(ask(&queue(&[], &negative), &fine), CapacityError::NoCount { what: "capacities" });
    assert_eq!(ask(&queue(&[(0, 1.0)], &can), &fine), CapacityError::Order);
    assert_eq!(ask(&queue(&[(-1, 1.0), (-2, 1.0)], &can), &fine), CapacityError::Order);
    let none = queue(&[], &[0.0, 0.0]);
    assert_eq!(needed(&none, &fine, 0.0, 0.9), Ok(None));
}

#[test]
fn the_area_below_the_stock_is_the_time_all_items_wait() {
    // Little's law on one course of whole and part items, all gone at the end, every day counted.
    let every_day = |day: i32| i64::from(day);
    let arrivals: Vec<f64> =
        (0..60).map(|d| if d < 40 { f64::from(d * 37 % 11) + 0.25 } else { 0.0 }).collect();
    let mut can: Vec<f64> = (0..60).map(|d| f64::from(d * 29 % 13) * 0.5).collect();
    can[59] = 1e4;
    let queue = Queue { waiting: &[(-1, 7.5)], first: 0, capacity: &can, counter: &every_day };
    let scenarios = [arrivals];
    let days: Vec<_> = (0..60).map(|d| d..d + 1).collect();
    let watched = Watched { periods: &days, ..Watched::default() };
    let said = project(&queue, &scenarios, &watched).unwrap();
    // What waited at the opening waits one day more: from the day before.
    let area: f64 = 7.5 + said.periods.iter().map(|p| p.stock.median).sum::<f64>();
    let items = 7.5 + scenarios[0].iter().sum::<f64>();
    // The mean of whole numbers of days is the sum of the shares that wait longer than 0, 1, 2…
    let whole = 0..60;
    let beyond = |days: i64| {
        let watched = Watched {
            periods: std::slice::from_ref(&whole),
            days_allowed: Some(days),
            ..Watched::default()
        };
        let said = project(&queue, &scenarios, &watched).unwrap();
        1.0 - said.periods[0].in_time.as_ref().unwrap().median
    };
    let waited: f64 = (0..70).map(|days| items * beyond(days)).sum();
    assert!((waited - area).abs() < 1e-6, "{waited} {area}");
}

#[test]
fn periods_that_overlap_and_counts_beyond_counting_are_refused() {
    let can = vec![1.0; 14];
    let queue = Queue { waiting: &[(-1, 100.0)], first: 0, capacity: &can, counter: &worked };
    let ask = |queue: &Queue<'_>, periods: &[std::ops::Range<usize>]| {
        let watched = Watched { periods, ..Watched::default() };
        project(queue, &[vec![0.0; 14]], &watched).map(|said| said.periods.len())
    };
    assert_eq!(ask(&queue, &[0..7, 7..14]), Ok(2));
    assert_eq!(ask(&queue, &[0..7, 0..14]), Err(CapacityError::Periods { at: 1 }));
    assert_eq!(ask(&queue, &[7..14, 0..7]), Err(CapacityError::Periods { at: 1 }));
    // The sum of two such would be infinite, and what is left of it unknown.
    let huge = Queue { waiting: &[(-2, 1e308), (-1, 1e308)], ..queue };
    let refused = CapacityError::NoCount { what: "waiting items" };
    assert_eq!(ask(&huge, &[0..7, 7..14]), Err(refused));
}

#[test]
fn a_share_of_the_scenarios_is_counted_without_rounding() {
    // Scenario k receives k on one day: 55 % of a hundred are cleared by 55, though 0.55 × 100
    // is a little more in binary.
    let queue = Queue { waiting: &[], first: 0, capacity: &[1.0], counter: &worked };
    let scenarios: Vec<Vec<f64>> = (1..=100).map(|k| vec![f64::from(k)]).collect();
    assert_eq!(needed(&queue, &scenarios, 0.0, 0.55), Ok(Some(55.0)));
    // A day that can do next to nothing does not make the answer infinite.
    let barely = Queue { waiting: &[], first: 0, capacity: &[1.0, 1e-308], counter: &worked };
    let found = needed(&barely, &[vec![5.0, 0.0]], 0.0, 0.9).unwrap().unwrap();
    assert!((found - 5.0).abs() < 1e-9, "{found}");
    // And what comes once nothing can leave any more stays.
    let closed = Queue { waiting: &[], first: 0, capacity: &[1e-308, 0.0], counter: &worked };
    assert_eq!(needed(&closed, &[vec![0.0, 5.0]], 0.0, 0.9), Ok(None));
}
