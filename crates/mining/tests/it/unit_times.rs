//! Unit times: beside NumPy and SciPy, closed forms, coverage by simulation, brute force.

use std::collections::BTreeMap;

use eclusier_calendar::{Calendar, WorkClock, Zone, usual_openings};
use eclusier_core::config::TimeBasis;
use eclusier_mining::{
    ActivityTime, TaskLog, TaskLogKernel, UnitTimeOptions, UnitTimes, UnitTimesError, Unknown,
    unit_times,
    unit_times::{
        censored::{Distribution, Sample},
        drift, interval,
    },
};
use serde_json::Value;

use crate::{
    logs,
    work::{Chance, Row, run, task},
};

fn answers() -> Value {
    serde_json::from_str(include_str!("answers/unit_times.json")).unwrap()
}

fn log(rows: Vec<Row>) -> TaskLog {
    run(&TaskLogKernel::default(), &[rows])
}

fn measure(log: &TaskLog, options: &UnitTimeOptions) -> UnitTimes {
    unit_times(log, options, &|| false).unwrap()
}

/// No rule of minimum: to look at small groups.
fn any_size() -> UnitTimeOptions {
    UnitTimeOptions { min_tasks: 2, min_people: 0, by_product: false, ..Default::default() }
}

fn close(found: f64, expected: f64, within: f64) {
    assert!((found - expected).abs() <= within, "{found} is not {expected} ± {within}");
}

fn number(v: &Value) -> f64 {
    v.as_f64().unwrap()
}

#[test]
fn public_logs_have_the_quantiles_of_numpy_and_the_tests_of_scipy() {
    let answers = answers();
    for (name, peer) in answers["logs"].as_object().unwrap() {
        let ignored: Vec<&str> =
            peer["ignored"].as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect();
        let Some(batch) = logs::log(peer["file"].as_str().unwrap(), &ignored) else { return };
        let log = logs::run(&TaskLogKernel::default(), &batch);
        let peers = peer["activities"].as_object().unwrap();
        for (split, kind) in [(false, "alone"), (true, "shared")] {
            let options = UnitTimeOptions { split_overlaps: split, ..any_size() };
            let found = measure(&log, &options);
            assert_eq!(found.times.len(), peers.len(), "{name}");
            for one in &found.times {
                let peer = &peers[&one.activity];
                assert_eq!(one.measured, peer[kind]["n"].as_u64().unwrap());
                assert_eq!(one.people, peer["people"].as_u64().unwrap());
                let Some(time) = &one.time else { continue };
                let q = &peer[kind]["quantiles"];
                let found = [time.p25_s, time.median_s, time.p75_s, time.p90_s];
                for (i, found) in found.into_iter().enumerate() {
                    close(found.unwrap(), number(&q[i]), 1e-5);
                }
                close(time.raw_mean_s, number(&peer[kind]["mean"]), 1e-5);
            }
        }
        let usual = UnitTimeOptions { by_product: false, ..Default::default() };
        for one in measure(&log, &usual).times {
            let peer = &peers[&one.activity];
            assert_eq!(one.time.is_some(), peer.get("trimmed").is_some(), "{}", one.activity);
            let Some(time) = one.time else { continue };
            if let Some(mean) = peer["mean"].as_array() {
                close(time.mean_s, number(&mean[0]), 1e-5);
                close(time.mean_low_s, number(&mean[1]).max(0.0), 1e-4);
                close(time.mean_high_s, number(&mean[2]), 1e-4);
            }
            close(time.trimmed_mean_s, number(&peer["trimmed"]), 1e-5);
            // SciPy divides the winsorised deviation by 0.6 √n, Yuen its squares by h (h − 1): the
            // two are one but for what the cut rounds off.
            let n = one.measured as f64;
            let h = n - 2.0 * (0.2 * n).floor();
            let undone = 0.6 * (n * (n - 1.0)).sqrt() / (h * (h - 1.0)).sqrt();
            let ends = &peer["trimmed_interval"];
            let reach = undone * (number(&ends[1]) - number(&ends[0])) / 2.0;
            close(time.trimmed_low_s, (time.trimmed_mean_s - reach).max(0.0), 1e-4);
            close(time.trimmed_high_s, time.trimmed_mean_s + reach, 1e-4);
            assert_eq!(time.drift.is_some(), peer.get("drift").is_some());
            let Some(drift) = time.drift else { continue };
            assert_eq!(drift.recent, peer["drift"]["recent"].as_u64().unwrap());
            close(drift.shift_s, number(&peer["drift"]["shift"]), 1e-5);
            close(drift.p, number(&peer["drift"]["p"]), 1e-7);
        }
    }
}

#[test]
fn tails_quantiles_and_ranks_are_those_of_scipy() {
    let answers = answers();
    for row in answers["student"].as_array().unwrap() {
        let expected = number(&row[2]);
        let found = interval::student_quantile(row[0].as_u64().unwrap(), number(&row[1]));
        close(found, expected, expected * 1e-7);
    }
    for row in answers["normal_tail"].as_array().unwrap() {
        let expected = number(&row[1]);
        close(interval::normal_tail(number(&row[0])), expected, expected * 1e-10);
    }
    for row in answers["median_ranks_95"].as_array().unwrap() {
        let n = row[0].as_u64().unwrap() as usize;
        let (low, high, covered) = interval::median_ranks(n, 0.95).unwrap();
        assert_eq!((low as u64, high as u64), (row[1].as_u64().unwrap(), row[2].as_u64().unwrap()));
        close(covered, number(&row[3]), 1e-9);
    }
    assert_eq!(interval::median_ranks(5, 0.95), None);
    // The sum and its limit meet where one takes over.
    let (exact, limit) =
        (interval::median_ranks(10_000, 0.95), interval::median_ranks(10_002, 0.95));
    assert!(exact.unwrap().0.abs_diff(limit.unwrap().0) <= 2);
    assert!(limit.unwrap().2 >= 0.95);
}

/// How many of a thousand intervals should hold the truth: four and a half deviations each way.
fn holds(level: f64) -> std::ops::RangeInclusive<f64> {
    let wide = 4.5 * (level * (1.0 - level) / 1000.0).sqrt();
    level - wide..=level + wide
}

#[test]
fn intervals_hold_the_true_middle_as_often_as_they_say() {
    let mut chance = Chance(11);
    for n in [30, 57] {
        let (low, high, covered) = interval::median_ranks(n, 0.95).unwrap();
        let (mut exponential, mut trimmed, mut mean) = (0, 0, 0);
        for _ in 0..1000 {
            let mut times: Vec<f64> = (0..n).map(|_| -chance.unit().ln()).collect();
            times.sort_by(f64::total_cmp);
            exponential += u32::from((times[low]..=times[high]).contains(&std::f64::consts::LN_2));
            let mut times: Vec<f64> = (0..n).map(|_| (0.8 * chance.normal()).exp()).collect();
            times.sort_by(f64::total_cmp);
            // Between the quantiles 0.2 and 0.8 of exp(σZ): e^(σ²/2) (Φ(z−σ) − Φ(−z−σ)) ÷ 0.6.
            let (sigma, z) = (0.8, interval::normal_quantile(0.8));
            let between = interval::normal_tail(-z - sigma) - interval::normal_tail(z - sigma);
            let truth = (sigma * sigma / 2.0f64).exp() * between / 0.6;
            let found = interval::trimmed_mean(&times, 0.2, 0.95).unwrap();
            trimmed += u32::from((found.low..=found.high).contains(&truth));
            let mut times: Vec<f64> = (0..n).map(|_| 10.0 + chance.normal()).collect();
            times.sort_by(f64::total_cmp);
            let found = interval::trimmed_mean(&times, 0.0, 0.95).unwrap();
            mean += u32::from((found.low..=found.high).contains(&10.0));
        }
        let share = |count: u32| f64::from(count) / 1000.0;
        assert!(holds(covered).contains(&share(exponential)), "{exponential} of {covered}");
        assert!(holds(0.95).contains(&share(mean)), "{mean}");
        // Skewed: Yuen's interval is Student's limit, a little short at thirty.
        assert!((0.92..=0.98).contains(&share(trimmed)), "{trimmed}");
    }
}

#[test]
fn the_median_holds_its_interval_whatever_hides_the_times() {
    let mut chance = Chance(5);
    let mut held = 0;
    for round in 0..1000 {
        // Exponential of median ln 2 s, in microseconds; the long ones are the ones left open.
        let rows = (0..60).map(|i| {
            let us = (-chance.unit().ln() * 1e3) as i64;
            let start = i64::from(i) * 100_000;
            let mut row = task(&format!("{i:02}"), "x", start, start + us);
            if us > 1500 {
                row.lifecycle = Some("start");
                row.time = start;
                row.start = None;
            }
            row
        });
        let mut sample = Sample::default();
        for row in rows {
            match row.lifecycle {
                Some(_) => sample.more_than.push(1500),
                None => sample.exact.push(row.time - row.start.unwrap()),
            }
        }
        let found = sample.distribution(&|| false).unwrap();
        let median = found.quantile(0.5);
        if round == 0 {
            assert!(found.settled && median.is_some());
        }
        let (low, high, _) = interval::median_ranks(60, 0.95).unwrap();
        let mut short = sample.exact.clone();
        short.extend(&sample.more_than);
        short.sort_unstable();
        held += u32::from(short[low] <= 693 && 693 <= short[high]);
    }
    assert!(held >= 930, "{held}");
}

/// Kaplan and Meier, by hand: the product of the shares that go on.
fn kaplan_meier(sample: &Sample) -> Vec<(i64, f64)> {
    let mut times = sample.exact.clone();
    times.sort_unstable();
    times.dedup();
    let mut alive = 1.0;
    let at_risk = |t: i64| {
        sample.exact.iter().filter(|&&x| x >= t).count()
            + sample.more_than.iter().filter(|&&x| x >= t).count()
    };
    times
        .iter()
        .map(|&t| {
            let ended = sample.exact.iter().filter(|&&x| x == t).count();
            let before = alive;
            alive *= 1.0 - ended as f64 / at_risk(t) as f64;
            (t, before - alive)
        })
        .collect()
}

fn few(chance: &mut Chance, n: u64, top: u64) -> Vec<i64> {
    (0..n).map(|_| 1 + chance.below(top) as i64).collect()
}

#[test]
fn without_bounded_times_the_estimate_is_that_of_kaplan_and_meier() {
    let mut chance = Chance(3);
    for _ in 0..200 {
        let sample = Sample {
            exact: few(&mut chance, 12, 20),
            more_than: few(&mut chance, 6, 20),
            at_most: vec![],
        };
        let found = sample.distribution(&|| false).unwrap();
        assert!(found.settled);
        let expected = kaplan_meier(&sample);
        assert_eq!(found.points.len(), expected.len());
        for (found, expected) in found.points.iter().zip(&expected) {
            assert_eq!(found.0, expected.0);
            close(found.1, expected.1, 1e-6);
        }
        close(found.beyond, 1.0 - expected.iter().map(|p| p.1).sum::<f64>(), 1e-6);
    }
}

#[test]
fn without_censoring_each_time_weighs_the_same() {
    let found = Sample { exact: vec![3, 1, 2, 2], ..Sample::default() }.distribution(&|| false);
    let found = found.unwrap();
    assert_eq!(found.points, [(1, 0.25), (2, 0.5), (3, 0.25)]);
    assert_eq!(
        (found.quantile(0.25), found.quantile(0.5), found.quantile(1.0)),
        (Some(1), Some(2), Some(3))
    );
    assert_eq!(found.beyond, 0.0);
    assert_eq!(Sample::default().distribution(&|| false), None);
}

/// Logarithm of the likelihood of a sample.
fn likelihood(sample: &Sample, d: &Distribution) -> f64 {
    let at = |keep: &dyn Fn(i64) -> bool| {
        d.points.iter().filter(|p| keep(p.0)).map(|p| p.1).sum::<f64>()
    };
    let exact = sample.exact.iter().map(|&t| at(&|x| x == t).ln()).sum::<f64>();
    let left = sample.at_most.iter().map(|&t| at(&|x| x <= t).ln()).sum::<f64>();
    let right = sample.more_than.iter().map(|&t| (at(&|x| x > t) + d.beyond).ln()).sum::<f64>();
    exact + left + right
}

#[test]
fn no_other_distribution_is_likelier() {
    let mut chance = Chance(9);
    for _ in 0..100 {
        let sample = Sample {
            exact: few(&mut chance, 5, 15),
            at_most: few(&mut chance, 4, 15),
            more_than: few(&mut chance, 4, 15),
        };
        let found = sample.distribution(&|| false).unwrap();
        let total = found.points.iter().map(|p| p.1).sum::<f64>() + found.beyond;
        close(total, 1.0, 1e-6);
        let best = likelihood(&sample, &found);
        for _ in 0..60 {
            // Any other masses, on these points and on every whole time between.
            let mut other = found.clone();
            if chance.below(2) == 0 {
                let mut masses: BTreeMap<i64, f64> = other.points.iter().copied().collect();
                masses.entry(1 + chance.below(16) as i64).or_default();
                other.points = masses.into_iter().collect();
            }
            let size = [0.001, 0.03, 0.5][chance.below(3) as usize];
            other.points.iter_mut().for_each(|p| p.1 += size * chance.unit());
            other.beyond += size * chance.unit();
            let sum = other.points.iter().map(|p| p.1).sum::<f64>() + other.beyond;
            other.points.iter_mut().for_each(|p| p.1 /= sum);
            other.beyond /= sum;
            assert!(likelihood(&sample, &other) <= best + 1e-4, "{sample:?}");
        }
    }
}

#[test]
fn an_hour_of_a_person_is_an_hour_however_many_tasks_are_open() {
    for seed in 0..40 {
        let mut chance = Chance(seed);
        let mut rows = Vec::new();
        for i in 0..40 {
            let start = chance.below(200) as i64;
            let who = ["p", "q", ""][chance.below(3) as usize];
            rows.push(
                task(
                    &format!("c{i:02}"),
                    &format!("a{i:02}"),
                    start,
                    start + chance.below(60) as i64,
                )
                .by(who, ""),
            );
        }
        let found = measure(&log(rows.clone()), &any_size());
        // Groups of one have no figure: read their sum through one activity instead.
        assert!(found.times.iter().all(|t| t.unknown == Some(Unknown::TooFew { n: 1 })));
        for who in ["p", "q", ""] {
            let mine: Vec<Row> = rows
                .iter()
                .filter(|r| r.resource.as_deref().unwrap_or("") == who)
                .map(|r| Row { activity: "x".into(), ..r.clone() })
                .collect();
            let seconds: Vec<f64> = mine
                .iter()
                .map(|r| {
                    (r.start.unwrap()..r.time)
                        .map(|s| {
                            let open = mine.iter().filter(|o| o.start.unwrap() <= s && s < o.time);
                            if who.is_empty() { 1.0 } else { 1.0 / open.count() as f64 }
                        })
                        .sum()
                })
                .collect();
            if mine.len() < 3 {
                continue;
            }
            let time = measure(&log(mine), &any_size()).times.remove(0).time.unwrap();
            let n = seconds.len() as f64;
            close(time.raw_mean_s, seconds.iter().sum::<f64>() / n, 1e-6);
            let mut sorted = seconds;
            sorted.sort_by(f64::total_cmp);
            let place = 0.75 * (n - 1.0);
            let (a, b) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
            close(time.p75_s.unwrap(), a + (place - place.floor()) * (b - a), 2e-6);
        }
    }
}

/// A second day of January 1970, a Friday, at an hour and a minute.
fn friday(hour: i64, minute: i64) -> i64 {
    86_400 + hour * 3600 + minute * 60
}

#[test]
fn only_the_hours_of_the_clock_count_and_work_outside_them_is_said() {
    let clock =
        WorkClock::new(&Calendar::default(), &Zone::utc(), &usual_openings(), 0, 10).unwrap();
    // Over lunch 2 h; over the week-end 1 h 30; by night nothing that can be measured.
    let rows = vec![
        task("1", "x", friday(11, 0), friday(14, 0)).by("p", ""),
        task("2", "x", friday(16, 0), friday(24 * 3 + 9, 30)).by("q", ""),
        task("3", "x", friday(20, 0), friday(21, 0)).by("p", ""),
        task("4", "x", friday(10, 0), friday(10, 0)).by("p", ""),
    ];
    let found = measure(&log(rows), &UnitTimeOptions { clock, ..any_size() });
    let one = &found.times[0];
    assert_eq!((one.measured, one.outside_hours, one.tasks), (3, 1, 4));
    close(one.time.as_ref().unwrap().raw_mean_s, 3.5 * 3600.0 / 3.0, 1e-6);
}

/// Sixty tasks of ten minutes by `people` people, one after the other.
fn sixty(people: usize) -> Vec<Row> {
    (0..60)
        .map(|i| {
            let start = i as i64 * 1000;
            let end = start + 570 + i as i64;
            task(&format!("{i:02}"), "x", start, end).by(&format!("p{}", i % people), "")
        })
        .collect()
}

fn first(rows: Vec<Row>) -> ActivityTime {
    measure(&log(rows), &UnitTimeOptions::default()).times.remove(0)
}

#[test]
fn a_figure_needs_enough_tasks_of_enough_people() {
    let one = first(sixty(5));
    assert_eq!(one.unknown, None);
    let proposal = one.proposal().unwrap();
    assert_eq!((proposal.activity.as_deref(), proposal.basis), (Some("x"), TimeBasis::Measured));
    close(proposal.minutes, 599.5 / 60.0, 1e-9);
    let few = first(sixty(4));
    assert_eq!((few.unknown, few.time.is_none()), (Some(Unknown::TooFewPeople { n: 4 }), true));
    assert_eq!(few.proposal(), None);
    assert_eq!(first(sixty(5)[..29].to_vec()).unknown, Some(Unknown::TooFew { n: 29 }));
    let without = |f: &dyn Fn(&mut Row)| {
        let mut rows = sixty(5);
        rows.iter_mut().for_each(f);
        first(rows)
    };
    assert_eq!(without(&|r| r.resource = None).unknown, Some(Unknown::NoResources));
    assert_eq!(without(&|r| r.day = true).unknown, Some(Unknown::DaysOnly));
    let ends = without(&|r| r.start = None);
    assert_eq!(ends.unknown, Some(Unknown::NoIntervals));
    // 55 tasks have an earlier end of their person: five tasks before, 5,005 seconds.
    assert_eq!((ends.bounded, ends.left_out, ends.ceiling_s), (55, 5, Some(5005.0)));
    let nothing = measure(&TaskLog::default(), &UnitTimeOptions::default());
    assert_eq!((nothing.unknown, nothing.times.len()), (Some(Unknown::NothingToMeasure), 0));
}

#[test]
fn each_product_is_measured_beside_all() {
    let rows: Vec<Row> = sixty(6)
        .into_iter()
        .enumerate()
        .map(|(i, r)| r.of(if i < 40 { "RSA" } else { "APL" }))
        .collect();
    let found = measure(&log(rows), &UnitTimeOptions::default());
    let groups: Vec<_> =
        found.times.iter().map(|t| (t.product.as_deref(), t.measured, t.unknown)).collect();
    let few = Some(Unknown::TooFew { n: 20 });
    assert_eq!(groups, [(None, 60, None), (Some("RSA"), 40, None), (Some("APL"), 20, few)]);
}

#[test]
fn no_product_of_few_people_can_be_worked_out_from_the_total() {
    // Sixty tasks each of three products by 9, 6 and `last` people.
    let groups = |last: usize| {
        let products = [("RSA", 9), ("APL", 6), ("AAH", last)];
        let rows = products.iter().enumerate().flat_map(|(p, &(product, people))| {
            sixty(people).into_iter().map(move |mut row| {
                row.case = format!("{product}{}", row.case);
                row.resource = row.resource.map(|r| format!("{product}{r}"));
                row.start = row.start.map(|s| s + 1_000_000 * p as i64);
                row.time += 1_000_000 * p as i64;
                row.of(product)
            })
        });
        let found = measure(&log(rows.collect()), &UnitTimeOptions::default());
        let unknown =
            |product| found.times.iter().find(|t| t.product.as_deref() == product).unwrap().unknown;
        [None, Some("RSA"), Some("APL"), Some("AAH")].map(unknown)
    };
    assert_eq!(groups(5), [None; 4]);
    let (few, hidden) = (Some(Unknown::TooFewPeople { n: 4 }), Some(Unknown::HiddenWithAnother));
    assert_eq!(groups(4), [None, None, hidden, few]);
}

#[test]
fn open_tasks_lengthen_and_lost_ends_say_nothing() {
    let mut rows = sixty(5);
    // Forty still open for long; two whose case went on, so that their end was lost.
    for i in 0..42 {
        let mut row = task(&format!("o{i:02}"), "x", 0, 61_000).by(&format!("z{i}"), "");
        row.start = None;
        row.lifecycle = Some("start");
        rows.push(row);
    }
    for (i, at) in [(0, 70_000), (1, 100_000)] {
        rows.push(task(&format!("o{i:02}"), "y", at, at).by("p0", ""));
    }
    let found = measure(
        &log(rows),
        &UnitTimeOptions { as_of: Some(100_000_000_000), ..Default::default() },
    );
    let one = found.times.iter().find(|t| t.activity == "x").unwrap();
    assert_eq!((one.measured, one.open, one.left_out), (60, 40, 2));
    let time = one.time.as_ref().unwrap();
    assert!(time.censored && time.settled);
    // Of 100 tasks 60 last up to 629 s and 40 longer: the 50th is that of 619 s.
    assert_eq!(time.median_s, Some(619.0));
    assert_eq!(time.p75_s, None, "beyond what is known");
    // Ranks 40 and 61 of 100: the 61st is open, and may be anything.
    assert_eq!((time.median_low_s, time.median_high_s), (609.0, None));
}

#[test]
fn tasks_left_open_for_a_week_do_not_make_the_mean() {
    let mut rows = sixty(5);
    rows[7].time += 600_000;
    rows[7].resource = Some("p9".into());
    let time = first(rows).time.unwrap();
    assert_eq!(time.fenced, 1);
    assert!(time.raw_mean_s > 10_000.0);
    assert!((595.0..610.0).contains(&time.mean_s), "{}", time.mean_s);
    // A clean distribution of work times loses next to nothing to the fence.
    let mut chance = Chance(21);
    let rows = (0..4000).map(|i| {
        let us = (600.0 * (0.7 * chance.normal()).exp()) as i64;
        task(&format!("{i}"), "x", i * 100_000, i * 100_000 + us).by(&format!("p{}", i % 6), "")
    });
    let time = first(rows.collect()).time.unwrap();
    let truth = 600.0 * (0.7f64 * 0.7 / 2.0).exp();
    assert!((time.mean_s / truth - 1.0).abs() < 0.03, "{} of {truth}", time.mean_s);
    close(time.median_s.unwrap(), 600.0, 25.0);
    assert!(time.mean_low_s < truth && truth < time.mean_high_s);
}

/// Two years of tasks of many activities; the last quarter of one lasts `factor` times as long.
fn drifting(factor: f64, spread: f64, each: i64) -> UnitTimes {
    let mut chance = Chance(31);
    let day = 86_400;
    let mut rows = Vec::new();
    for activity in 0..8 {
        for i in 0..each {
            let start = i * 730 * day / each;
            let slow = if activity == 0 && i * 730 / each >= 730 - 90 { factor } else { 1.0 };
            let us = (36_000.0 * slow * (spread * chance.normal()).exp()).min(80_000.0) as i64;
            let name = format!("a{activity}");
            let row = task(&format!("{activity}-{i}"), &name, start, start + us);
            rows.push(row.by(&format!("{activity}-p{}", i % 7), ""));
        }
    }
    let options = UnitTimeOptions { split_overlaps: false, ..Default::default() };
    measure(&log(rows), &options)
}

#[test]
fn a_drift_is_said_when_it_is_both_sure_and_large() {
    let alarms = |found: &UnitTimes| -> Vec<String> {
        let said = |t: &&ActivityTime| t.time.as_ref().unwrap().drift.as_ref().unwrap().alarm;
        found.times.iter().filter(said).map(|t| t.activity.clone()).collect()
    };
    assert_eq!(alarms(&drifting(1.4, 0.3, 600)), ["a0"]);
    assert_eq!(alarms(&drifting(1.0, 0.3, 600)), [""; 0]);
    // Sure, but small: four per cent.
    let small = drifting(1.04, 0.02, 600);
    assert_eq!(alarms(&small), [""; 0]);
    let drift = small.times.iter().find(|t| t.activity == "a0").unwrap();
    let drift = drift.time.as_ref().unwrap().drift.as_ref().unwrap();
    assert!(drift.p < 1e-6, "{}", drift.p);
    close(drift.shift_share.unwrap(), 0.04, 0.01);
}

#[test]
fn the_shift_is_the_median_of_all_differences() {
    let mut chance = Chance(8);
    for _ in 0..300 {
        let (n, m) = (1 + chance.below(9), 1 + chance.below(9));
        let (mut a, mut b) = (few(&mut chance, n, 30), few(&mut chance, m, 30));
        a.sort_unstable();
        b.sort_unstable();
        let mut all: Vec<i64> = a.iter().flat_map(|x| b.iter().map(move |y| x - y)).collect();
        all.sort_unstable();
        let (low, high) = (all[(all.len() - 1) / 2], all[all.len() / 2]);
        assert_eq!(drift::shift(&a, &b), Some((low + high) as f64 / 2.0));
    }
    assert_eq!(drift::shift(&[i64::MAX], &[i64::MIN]), Some((i64::MAX as f64) - (i64::MIN as f64)));
    assert_eq!((drift::shift(&[], &[1]), drift::rank_sum(&[1], &[])), (None, None));
    assert_eq!(drift::rank_sum(&[5, 5], &[5, 5, 5]), Some(1.0));
}

#[test]
fn corrected_probabilities_are_those_of_the_book() {
    // Sorted p × n ÷ rank, made rising from the end.
    let found = drift::corrected(&[0.01, 0.04, 0.03, 0.005]);
    for (found, expected) in found.iter().zip([0.02, 0.04, 0.04, 0.02]) {
        close(*found, expected, 1e-12);
    }
}

#[test]
fn a_measure_stops_when_asked() {
    let log = log(sixty(5));
    let stopped = unit_times(&log, &UnitTimeOptions::default(), &|| true);
    assert_eq!(stopped, Err(UnitTimesError::Stopped));
}

#[test]
fn instants_at_the_ends_of_time_neither_panic_nor_wrap() {
    let far = i64::MAX / 1_000_000;
    let mut rows = Vec::new();
    for i in 0..40 {
        rows.push(task(&format!("{i}"), "x", -far + i, far - i).by(&format!("p{}", i % 6), ""));
        let mut open = task(&format!("o{i}"), "x", 0, -far).by("p1", "");
        (open.start, open.lifecycle) = (None, Some("start"));
        rows.push(open);
    }
    let found = measure(&log(rows), &UnitTimeOptions::default());
    let time = found.times[0].time.as_ref().unwrap();
    assert!(time.raw_mean_s.is_finite() && time.mean_high_s.is_finite());
}
