use eclusier_calendar::Zone;
use proptest::prelude::*;

use super::*;

/// A chance that only depends on a number.
fn chance(i: u64) -> f64 {
    (mixed(i) >> 11) as f64 / (1u64 << 53) as f64
}

/// Cases that begin every hour for some days; exponential lives of so many days on average.
fn exponential(days: u64, mean: f64) -> Vec<Case> {
    let case = |id: u64| {
        let begin = id as i64 * DAY_US / 24;
        let life = -mean * (1.0 - chance(id)).ln();
        Case {
            id,
            events: vec![Event { activity: 1, at: begin }],
            ended: Some(begin + (life * DAY_US as f64) as i64),
            ..Case::default()
        }
    };
    (0..days * 24).map(case).collect()
}

fn told(cases: &[Case], now: i64, options: &Options) -> Result<Vec<Promise>, EtaError> {
    let zone = Zone::utc();
    let log = Log { cases, zone: &zone };
    learn(log, now, options)?.promise(log, now)
}

#[test]
fn lives_without_memory_have_known_quantiles() {
    let cases = exponential(100, 5.0);
    let now = 100 * DAY_US;
    let promises = told(&cases, now, &Options::default()).unwrap();
    let open = cases.iter().filter(|c| c.ended.unwrap() > now).count();
    assert_eq!(promises.len(), open, "ended cases are not promised again");
    let dates: Vec<Dates> = promises.iter().filter_map(|p| p.dates.ok()).collect();
    assert!(dates.len() * 20 > open * 19, "{} of {open}", dates.len());
    let mean = |of: fn(&Dates) -> i64| {
        dates.iter().map(|d| (of(d) - now) as f64 / DAY_US as f64).sum::<f64>() / dates.len() as f64
    };
    // However old a case is, what is left to it is exponential with a mean of 5 days: half by
    // 5 ln 2, nine in ten by 5 ln 10. Some 2,400 lives told by five points: 15 %.
    for (found, truth) in
        [(mean(|d| d.half_by), 5.0 * 2f64.ln()), (mean(|d| d.nine_by), 5.0 * 10f64.ln())]
    {
        assert!((found / truth - 1.0).abs() < 0.15, "{found} beside {truth}");
    }
}

#[test]
fn past_promises_are_reported() {
    let cases = exponential(100, 5.0);
    let zone = Zone::utc();
    let log = Log { cases: &cases, zone: &zone };
    let report = report(log, 100 * DAY_US, &Options::default()).unwrap();
    assert!(report.n == report.cases && report.n > 50, "{report:?}");
    // Levels 0.1 to 0.96 of a law that does not drift: 0.86, and the chance of some 80 draws.
    assert!((report.coverage() - 0.86).abs() < 0.14, "{report:?}");
    assert!((report.kept() - 0.9).abs() < 0.14, "{report:?}");
    // The mean distance of an exponential life to its median is 5 ln 2 days.
    assert!((report.mae_days / (5.0 * 2f64.ln()) - 1.0).abs() < 0.4, "{report:?}");
    // Learned before, nothing later is known: the future of the log changes nothing.
    let mut other = cases.clone();
    other.iter_mut().for_each(|c| c.ended = c.ended.filter(|&at| at <= 100 * DAY_US));
    other.retain(|c| c.events[0].at <= 100 * DAY_US);
    let log = Log { cases: &other, zone: &zone };
    assert_eq!(super::report(log, 100 * DAY_US, &Options::default()), Ok(report));
}

#[test]
fn what_cannot_be_said_is_not_said() {
    let mut cases = exponential(60, 2.0);
    let now = 60 * DAY_US;
    let open =
        |id, activity, at| Case { id, events: vec![Event { activity, at }], ..Case::default() };
    cases.extend([open(9001, 77, now - DAY_US), open(9002, 1, 1), open(9003, 1, now)]);
    let promises = told(&cases, now, &Options::default()).unwrap();
    let of = |id| promises.iter().find(|p| p.id == id).unwrap().dates;
    assert_eq!(of(9001), Err(Unsaid::NewState));
    assert_eq!(of(9002), Err(Unsaid::OlderThanAny));
    assert!(of(9003).is_ok());
    // An event of today after which nobody waits a week, and a life longer than any such wait.
    let curve = [0.1, 0.2, 0.3, 0.4, 0.5];
    assert_eq!(say(now, 7.0, &curve, &Bend::NONE), Err(Unsaid::SilentTooLong));
}

#[test]
fn too_little_is_refused() {
    let none = told(&[], 0, &Options::default());
    assert_eq!(none, Err(EtaError::TooFewEnded { ended: 0, needed: 50 }));
    let cases = exponential(100, 5.0);
    let early = told(&cases, DAY_US, &Options::default()).unwrap_err();
    assert!(matches!(early, EtaError::TooFewEnded { ended: 1..50, .. }), "{early}");
    let empty = vec![Case::default(); 500];
    assert!(told(&empty, i64::MAX, &Options::default()).is_err());
    let zone = Zone::utc();
    let log = Log { cases: &cases, zone: &zone };
    let young = report(log, 3 * DAY_US, &Options::default());
    assert!(young.is_err(), "{young:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    // Whatever the log: an order, nothing in the past, the same bits again.
    #[test]
    fn promises_are_sane(
        rows in prop::collection::vec(
            (prop::collection::vec((0u32..4, 0i64..1000), 0..5), prop::option::weighted(0.8, 0i64..1200),
             prop::option::of(0u32..3), prop_oneof![Just(f64::NAN), -1e300..1e300f64]), 60..160,
        ),
        unit in prop::sample::select(vec![0, 1, 1_000_000, DAY_US, i64::MAX / 2000]),
        now in 200i64..1200, seed: u64,
    ) {
        let cases: Vec<Case> = rows.into_iter().enumerate().map(|(id, (events, ended, code, number))| Case {
            id: id as u64,
            events: events.into_iter().map(|(activity, at)| Event { activity, at: at * unit }).collect(),
            ended: ended.map(|at| at * unit),
            categories: vec![code],
            numbers: vec![number],
        }).collect();
        let now = now * unit;
        let options = Options { seed, most_rows: 100 };
        let first = told(&cases, now, &options);
        prop_assert_eq!(&first, &told(&cases, now, &options));
        for Promise { case, dates, .. } in first.unwrap_or_default() {
            prop_assert!(cases[case].ended.is_none_or(|at| at > now));
            if let Ok(Dates { low, half_by, nine_by, high }) = dates {
                prop_assert!(now <= low && low <= half_by && half_by <= nine_by && nine_by <= high);
            }
        }
        let zone = Zone::utc();
        if let Ok(found) = report(Log { cases: &cases, zone: &zone }, now, &options) {
            prop_assert!(found.mae_days.is_finite() && found.naive_mae_days.is_finite());
            prop_assert!(found.width_days.is_finite() && found.width_days >= 0.0);
        }
    }
}
