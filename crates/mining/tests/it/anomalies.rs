//! The TOP 10: no minute twice, the same list whatever the order, trends that are not chance.

use eclusier_mining::{
    anomalies::{
        Direction, Loss, LossKind, Minutes, MonthOfLoss, Point, RankError, RankOptions, Rule,
        Subject, Top, Unit, Verdict, rank,
        stability::{self, Reference},
        trend,
    },
    chance::{self, Deviates},
};
use jiff::{ToSpan, civil::date};

const MINUTE: i64 = 60_000_000;

fn loss(kind: LossKind, name: &str, minutes: i64) -> Loss {
    Loss {
        kind,
        minutes: kind.minutes(),
        subject: Subject { activities: vec![name.to_owned()], ..Subject::default() },
        cases: 10,
        occurrences: 20,
        lost_us: minutes * MINUTE,
        months: Vec::new(),
    }
}

fn top(findings: Vec<Loss>) -> Top {
    rank(findings, &RankOptions::default()).unwrap()
}

fn kinds(top: &Top) -> (Vec<(LossKind, &str)>, Vec<LossKind>) {
    let listed =
        top.losses.iter().map(|r| (r.loss.kind, r.loss.subject.activities[0].as_str())).collect();
    (listed, top.views.iter().map(|v| v.kind).collect())
}

fn points(values: &[f64]) -> Vec<Point> {
    let month = |i: usize| date(2024, 1, 1).checked_add((i as i64).months()).unwrap();
    values.iter().enumerate().map(|(i, &v)| (month(i), v)).collect()
}

#[test]
fn losses_are_ordered_by_minutes_and_a_minute_is_added_once() {
    use LossKind::{Deviation, Handover, Late, Return, Rework, Wait};
    let found = top(vec![
        loss(Handover, "A>B", 900),
        loss(Wait, "A>B", 500),
        loss(Rework, "B", 300),
        loss(Wait, "B>C", 200),
        loss(Late, "all", 5000),
        loss(Return, "missing", 10),
        loss(Deviation, "skip", 0),
    ]);
    let (listed, views) = kinds(&found);
    assert_eq!(listed, [(Wait, "A>B"), (Rework, "B"), (Wait, "B>C")]);
    assert_eq!(views, [Return, Handover, Late]);
    assert_eq!((found.minutes, found.total_us), (1000.0, 1000 * MINUTE));
    assert_eq!((found.found, found.without_minutes), (7, 1));
    let shares: Vec<f64> = found.losses.iter().filter_map(|r| r.cumulative_share).collect();
    assert_eq!(shares, [0.5, 0.8, 1.0]);
    assert_eq!(found.vital_few, 2, "two of three hold 80 %");
    assert_eq!(found.losses[0].rank, 1);
    assert_eq!(found.losses[0].minutes_per_occurrence, Some(25.0));
    let met: Vec<_> = found.views.iter().map(|v| v.overlaps.clone()).collect();
    assert_eq!(met, [vec![Wait, Rework], vec![Wait], vec![Wait, Rework]]);
    assert_eq!(found.views[1].minutes, 900.0);
}

#[test]
fn what_nothing_else_tells_is_ranked() {
    use LossKind::{Handover, Late, Return, Rework};
    let alone = top(vec![loss(Handover, "A>B", 900), loss(Rework, "B", 300)]);
    assert_eq!(kinds(&alone).1, []);
    assert_eq!(alone.total_us, 1200 * MINUTE);
    assert_eq!(kinds(&top(vec![loss(Late, "all", 5)])).0, [(Late, "all")]);
    // A return of which only the work is counted meets no wait.
    let mut work = loss(Return, "missing", 50);
    work.minutes = Minutes::Working;
    let apart = top(vec![loss(LossKind::Wait, "A>B", 10), work]);
    assert_eq!(kinds(&apart).1, []);
    assert_eq!(apart.total_us, 60 * MINUTE);
}

#[test]
fn a_loss_given_twice_is_refused_and_nothing_is_an_answer() {
    let one = loss(LossKind::Wait, "A>B", 1);
    let id = one.id();
    let twice = rank(vec![one.clone(), one], &RankOptions::default());
    assert_eq!(twice, Err(RankError::Twice { id }));
    let none = top(Vec::new());
    assert_eq!((none.losses.len(), none.minutes, none.vital_few), (0, 0.0, 0));
    let huge = top(vec![
        Loss { lost_us: i64::MAX, ..loss(LossKind::Wait, "A", 0) },
        Loss { lost_us: i64::MAX, ..loss(LossKind::Wait, "B", 0) },
        Loss { lost_us: i64::MIN, ..loss(LossKind::Wait, "C", 0) },
    ]);
    assert_eq!((huge.losses.len(), huge.without_minutes), (2, 1));
    assert_eq!(huge.losses[0].share, Some(0.5));
}

#[test]
fn the_list_does_not_depend_on_the_order_of_the_findings() {
    let mut chance = Deviates::new(5);
    let kinds = [LossKind::Wait, LossKind::Rework, LossKind::Handover, LossKind::Late];
    let mut findings: Vec<Loss> = (0..40)
        .map(|i| {
            let mut one = loss(kinds[i % 4], &format!("s{i}"), (chance.uniform() * 9.0) as i64);
            one.months = points(&[0.0; 14])
                .into_iter()
                .map(|(month, _)| MonthOfLoss {
                    month,
                    lost_us: (chance.uniform() * 1e9) as i64,
                    cases: 1,
                    volume: 10,
                    complete: true,
                })
                .collect();
            one
        })
        .collect();
    let first = top(findings.clone());
    let listed: u64 = first.views.iter().map(|v| v.losses.len() as u64).sum();
    assert_eq!(first.losses.len() as u64 + listed + first.without_minutes, 40);
    for _ in 0..5 {
        for i in (1..findings.len()).rev() {
            findings.swap(i, (chance.uniform() * (i + 1) as f64) as usize);
        }
        findings.iter_mut().for_each(|f| f.months.rotate_left(3));
        assert_eq!(top(findings.clone()), first);
    }
}

#[test]
fn months_are_compared_by_case_and_those_not_over_by_nothing() {
    let mut one = loss(LossKind::Wait, "A>B", 100);
    // Twice the cases and twice the minutes each month: nothing gets worse.
    one.months = points(&[0.0; 14])
        .into_iter()
        .enumerate()
        .map(|(i, (month, _))| MonthOfLoss {
            month,
            lost_us: (i as i64 + 1) * MINUTE,
            cases: 1,
            volume: i as u64 + 1,
            complete: i < 13,
        })
        .collect();
    let rate = &top(vec![one.clone()]).losses[0];
    assert_eq!((rate.unit, rate.trend.direction), (Unit::MinutesPerCase, Direction::Steady));
    assert_eq!(rate.trend.months, 13);
    let options = RankOptions { per_case: false, ..RankOptions::default() };
    let sum = &rank(vec![one.clone()], &options).unwrap().losses[0];
    assert_eq!((sum.unit, sum.trend.direction), (Unit::Minutes, Direction::Rising));
    assert_eq!(sum.trend.slope, Some(1.0));
    one.months.truncate(7);
    let short = &top(vec![one]).losses[0];
    assert_eq!(short.trend.direction, Direction::Unknown);
    assert_eq!((short.stability.verdict, short.stability.p), (Verdict::Unknown, None));
}

#[test]
fn trends_and_tails_equal_those_of_scipy() {
    let stored: serde_json::Value =
        serde_json::from_str(include_str!("answers/anomalies.json")).unwrap();
    let number = |v: &serde_json::Value| v.as_f64().unwrap();
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * (1.0 + b.abs());
    for row in stored["series"].as_array().unwrap() {
        let y: Vec<f64> = row["y"].as_array().unwrap().iter().map(number).collect();
        let found = trend::test(&points(&y), 8);
        assert_eq!(found.s, row["s"].as_i64().unwrap());
        assert!(near(found.slope.unwrap(), number(&row["slope"])), "{row}");
        let [low, high] = found.slope_interval.unwrap();
        assert!(near(low, number(&row["interval"][0])) && near(high, number(&row["interval"][1])));
        let p = found.p.unwrap();
        match row["variance"].as_f64() {
            // SciPy takes no unit off S: its variance is what is compared.
            Some(v) => {
                assert!(near(p, chance::two_sided((found.s.abs() - 1) as f64 / v.sqrt())), "{row}");
            }
            None if row["tied"].as_bool().unwrap() => assert_eq!(p, 1.0),
            None => assert!(near(p, number(&row["p"])), "{p} {row}"),
        }
    }
    for tail in stored["tails"].as_array().unwrap() {
        let (z, want) = (number(&tail[0]), number(&tail[1]));
        assert!((chance::two_sided(z) / want - 1.0).abs() < 1e-9, "{z}");
    }
}

#[test]
fn chance_alone_is_seldom_called_a_trend_or_unstable() {
    let mut deviates = Deviates::new(1);
    let mut charts = Reference::default();
    let (mut trends, mut unstable, mut families) = (0, 0, 0);
    let (series, runs) = (10, 120);
    for _ in 0..runs {
        let findings: Vec<Loss> = (0..series)
            .map(|i| {
                let mut one = loss(LossKind::Wait, &format!("s{i}"), 1);
                let values: Vec<f64> = (0..24).map(|_| 10.0 + deviates.normal()).collect();
                trends += u32::from(trend::test(&points(&values), 8).p.unwrap() <= 0.05);
                let chart = stability::test(&points(&values), 10, &mut charts);
                unstable += u32::from(chart.p.unwrap() <= 0.05);
                let month = |(month, v): Point| MonthOfLoss {
                    month,
                    lost_us: (v * 1e9) as i64,
                    cases: 1,
                    volume: 0,
                    complete: true,
                };
                one.months = points(&values).into_iter().map(month).collect();
                one
            })
            .collect();
        let said = |r: &eclusier_mining::anomalies::Ranked| r.trend.direction != Direction::Steady;
        families += u32::from(top(findings).losses.iter().any(said));
    }
    let all = f64::from(series * runs);
    // 5 % and three standard deviations.
    let most = 0.05 + 3.0 * (0.05 * 0.95 / all).sqrt();
    assert!(f64::from(trends) / all <= most, "trends: {trends} of {all}");
    assert!(f64::from(unstable) / all <= most, "unstable: {unstable} of {all}");
    let most = 0.05 + 3.0 * (0.05 * 0.95 / f64::from(runs)).sqrt();
    assert!(f64::from(families) / f64::from(runs) <= most, "{families} of {runs} lists");
}

#[test]
fn a_shift_and_a_lone_month_are_seen() {
    let mut deviates = Deviates::new(2);
    let mut charts = Reference::default();
    let (mut shifts, mut lone) = (0, 0);
    for _ in 0..100 {
        let mut shifted: Vec<f64> = (0..24).map(|_| 10.0 + deviates.normal()).collect();
        let mut one = shifted.clone();
        shifted.iter_mut().skip(12).for_each(|v| *v += 2.5);
        one[7] += 6.0;
        let chart = stability::test(&points(&shifted), 10, &mut charts);
        shifts += u32::from(chart.p.unwrap() <= 0.05);
        let chart = stability::test(&points(&one), 10, &mut charts);
        lone += u32::from(chart.p.unwrap() <= 0.05);
        if chart.p.unwrap() <= 0.05 {
            assert!(chart.signals.iter().any(|s| s.rule == Rule::BeyondLimits));
        }
    }
    assert!(shifts >= 70 && lone >= 90, "{shifts} {lone}");
}

#[test]
fn the_chart_equals_the_one_drawn_by_hand() {
    // Mean 5.5; moving ranges 1, 1, … mean 1: limits 5.5 ± 2.66.
    let values: Vec<f64> = (0..10).map(|i| if i % 2 == 0 { 5.0 } else { 6.0 }).collect();
    let chart = stability::test(&points(&values), 10, &mut Reference::default());
    assert_eq!((chart.centre, chart.limits), (Some(5.5), Some([5.5 - 2.66, 5.5 + 2.66])));
    assert_eq!(chart.signals, []);
    let still = stability::test(&points(&[3.0; 12]), 10, &mut Reference::default());
    assert_eq!((still.p, still.limits), (Some(1.0), Some([3.0, 3.0])));
}
