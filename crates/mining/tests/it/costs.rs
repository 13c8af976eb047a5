//! Costs: a table worked out by hand, and what was paid is what was spent, whatever the figures.

use eclusier_core::config::{TimeBasis, UnitTime};
use eclusier_mining::{
    Capacity, Cents, CostError, Price, TaskLogKernel, Unknown, Volume, costs, volumes,
};

use crate::work::{Chance, random, run};

fn time(product: Option<&str>, activity: Option<&str>, minutes: f64) -> UnitTime {
    let own = |s: Option<&str>| s.map(str::to_owned);
    UnitTime { product: own(product), activity: own(activity), minutes, basis: TimeBasis::Measured }
}

fn volume(team: &str, product: &str, activity: Option<&str>, count: u64) -> Volume {
    Volume {
        team: Some(team.into()),
        product: Some(product.into()),
        group: None,
        activity: activity.map(str::to_owned),
        count,
    }
}

fn capacity(team: Option<&str>, paid_hours: f64, price: Price) -> Capacity {
    Capacity { team: team.map(str::to_owned), paid_hours, price }
}

#[test]
fn the_worked_example_of_the_page() {
    let volumes = [
        volume("north", "RSA", None, 100),
        volume("north", "RSA", Some("examine"), 120),
        volume("north", "RSA", Some("decide"), 100),
        volume("north", "APL", None, 300),
        volume("north", "APL", Some("examine"), 300),
        volume("north", "AAH", None, 7),
        volume("north", "AAH", Some("examine"), 7),
    ];
    let times = [
        time(Some("RSA"), Some("examine"), 30.0),
        time(Some("RSA"), Some("decide"), 12.0),
        time(Some("APL"), None, 10.0),
    ];
    let paid = [capacity(Some("north"), 150.0, Price::PerHour(Cents(3200)))];
    let found = costs(&volumes, &times, &paid).unwrap();
    // 60 h + 20 h + 50 h of 150 h paid 32 € each.
    assert_eq!(
        (found.paid, found.used, found.idle),
        (Cents(480_000), Cents(416_000), Cents(64_000))
    );
    let types: Vec<_> = found
        .case_types
        .iter()
        .map(|c| (c.product.as_deref().unwrap(), c.cases, c.cost, c.cents_per_case.unwrap()))
        .collect();
    assert_eq!(types[0], ("RSA", Some(100), Cents(256_000), 2560.0));
    assert_eq!((types[1].0, types[1].2), ("APL", Cents(160_000)));
    let steps: Vec<_> =
        found.steps.iter().map(|s| (s.activity.as_deref(), s.count, s.cost.0)).collect();
    assert_eq!(
        steps,
        [(Some("examine"), 120, 192_000), (None, 300, 160_000), (Some("decide"), 100, 64_000)]
    );
    // No unit time for the third product: said, never taken as 0.
    let left: Vec<_> = found.left_out.iter().map(|l| (l.volume.count, l.unknown)).collect();
    assert_eq!(left, [(7, Unknown::NoUnitTimes)]);
}

#[test]
fn cents_that_do_not_divide_go_to_the_largest_remainders() {
    let volumes = ["a", "b", "c"].map(|p| volume("t", p, Some("x"), 1));
    let times = [time(None, Some("x"), 20.0)];
    let found = costs(&volumes, &times, &[capacity(None, 1.0, Price::Total(Cents(100)))]).unwrap();
    let cents: Vec<i64> = found.steps.iter().map(|s| s.cost.0).collect();
    assert_eq!((cents, found.idle), (vec![34, 33, 33], Cents(0)));
}

#[test]
fn work_beyond_the_hours_paid_shows_as_negative_idle() {
    let volumes = [volume("t", "a", Some("x"), 3)];
    let times = [time(None, Some("x"), 60.0)];
    let paid = [capacity(Some("t"), 2.0, Price::Total(Cents(101)))];
    let found = costs(&volumes, &times, &paid).unwrap();
    assert_eq!(found.used.0 + found.idle.0, 101);
    assert!(found.idle.0 < 0);
}

#[test]
fn nobody_to_pay_is_said() {
    let volumes = [volume("t", "a", Some("x"), 3)];
    let times = [time(None, Some("x"), 60.0)];
    let found = costs(&volumes, &times, &[]).unwrap();
    assert_eq!((found.paid, found.left_out[0].unknown), (Cents(0), Unknown::NoUnits));
}

#[test]
fn what_cannot_be_paid_is_refused() {
    let price = Price::Total(Cents(1));
    let refused = |paid: &[Capacity]| costs(&[], &[], paid).unwrap_err();
    for hours in [-1.0, f64::NAN, f64::INFINITY, 1e300] {
        assert!(matches!(refused(&[capacity(None, hours, price)]), CostError::Hours { .. }));
    }
    assert!(matches!(refused(&[capacity(None, 0.0, price)]), CostError::NoHours { .. }));
    let one = capacity(None, 1.0, price);
    assert!(matches!(refused(&[one.clone(), one]), CostError::Twice { .. }));
    let much = [capacity(None, 1e6, Price::PerHour(Cents(i64::MAX)))];
    assert!(matches!(refused(&much), CostError::TooLarge { .. }));
    let many = [volume("t", "a", Some("x"), u64::MAX)];
    let times = [time(None, Some("x"), 1e300)];
    let all = [capacity(None, 1.0, Price::Total(Cents(i64::MAX)))];
    assert!(matches!(costs(&many, &times, &all), Err(CostError::TooLarge { .. })));
}

#[test]
fn costs_and_what_was_not_used_add_up_to_what_was_paid() {
    let mut chance = Chance(4);
    for _ in 0..500 {
        let teams = ["north", "south", "west"];
        let mut lines = Vec::new();
        for team in teams.iter().chain(&["elsewhere"]) {
            for product in ["X", "Y", "Z"] {
                lines.push(volume(team, product, None, chance.below(50)));
                for activity in ["a", "b", "c"] {
                    lines.push(volume(team, product, Some(activity), chance.below(90)));
                }
            }
        }
        let mut times: Vec<UnitTime> = Vec::new();
        for product in [None, Some("X"), Some("Y")] {
            for activity in [None, Some("a"), Some("b")] {
                if chance.below(2) == 0 {
                    times.push(time(product, activity, chance.unit() * 90.0));
                }
            }
        }
        let mut paid: Vec<Capacity> = teams
            .iter()
            .map(|t| {
                let cents = Cents(chance.below(10_000_000) as i64);
                let price =
                    if chance.below(2) == 0 { Price::Total(cents) } else { Price::PerHour(cents) };
                capacity(Some(t), 0.1 + chance.unit() * 300.0, price)
            })
            .collect();
        paid.push(capacity(None, 10.0, Price::Total(Cents(99_999))));
        let found = costs(&lines, &times, &paid).unwrap();
        let spent: i64 = found.case_types.iter().map(|c| c.cost.0).sum();
        assert_eq!(spent, found.steps.iter().map(|s| s.cost.0).sum::<i64>());
        assert_eq!(spent, found.used.0);
        assert_eq!(spent + found.idle.0, found.paid.0);
        for team in &found.teams {
            assert_eq!(team.used.0 + team.idle.0, team.paid.0);
            let mine = found.steps.iter().filter(|s| s.team == team.team);
            assert_eq!(mine.clone().map(|s| s.cost.0).sum::<i64>(), team.used.0);
            // No line is a cent away from its exact share.
            let rate = team.paid.0 as f64 / team.paid_hours;
            assert!(mine.clone().all(|s| (s.cost.0 as f64 - s.hours * rate).abs() < 1.0 + 1e-6));
        }
        // The order of what is given does not matter.
        lines.reverse();
        assert_eq!(costs(&lines, &times, &paid).unwrap().steps, found.steps);
    }
}

#[test]
fn volumes_of_a_log_count_each_task_and_each_case_once() {
    let log = run(&TaskLogKernel::default(), &[random(3, 40).concat()]);
    let all = volumes(&log, |place| Some(if place % 2 == 0 { "even" } else { "odd" }.to_owned()));
    let count = |cases: bool| {
        all.iter().filter(|v| v.activity.is_none() == cases).map(|v| v.count).sum::<u64>()
    };
    assert_eq!((count(true), count(false)), (log.cases.len() as u64, log.tasks.len() as u64));
}
