//! What goes with lateness: known effects are found within their interval, chance is not,
//! and no person is ever a reason.

use std::time::Instant;

use eclusier_calendar::WorkClock;
use eclusier_mining::{
    CaseRow, Known, TaskLog, TaskLogKernel, TaskRow,
    chance::Deviates,
    lateness::{
        Factor, FactorKind, FactorLevel, Judged, Lateness, LatenessError, LatenessOptions, Level,
        Moment, NotTold, Refusal, Table, Verdict, analyse, explain, judge,
        logistic::{Pattern, fit},
    },
};
use serde_json::Value;

use crate::logs;

const HOUR: i64 = 3_600_000_000;
const NONE: u32 = u32::MAX;

fn no_stop() -> bool {
    false
}

fn number(v: &Value) -> f64 {
    v.as_f64().unwrap()
}

fn stored() -> Value {
    serde_json::from_str(include_str!("answers/lateness.json")).unwrap()
}

#[test]
fn coefficients_and_errors_equal_those_of_scipy() {
    for one in stored()["fits"].as_array().unwrap() {
        let pattern = |v: &Value| Pattern {
            on: v[0].as_array().unwrap().iter().map(|c| c.as_u64().unwrap() as u32).collect(),
            cases: v[1].as_u64().unwrap(),
            late: v[2].as_u64().unwrap(),
        };
        let patterns: Vec<Pattern> =
            one["patterns"].as_array().unwrap().iter().map(pattern).collect();
        let columns = one["columns"].as_u64().unwrap() as usize;
        let found = fit(&patterns, columns, number(&one["ridge"]), &no_stop).unwrap();
        for (got, name) in [(&found.coefficients, "coefficients"), (&found.errors, "errors")] {
            for (got, want) in got.iter().zip(one[name].as_array().unwrap()) {
                assert!((got - number(want)).abs() < 1e-6, "{name}: {got} {want}");
            }
        }
    }
}

fn factor(name: &str, codes: Vec<u16>) -> Factor {
    Factor {
        name: name.to_owned(),
        kind: FactorKind::Attribute,
        moment: Moment::AtArrival,
        levels: vec![Level::No, Level::Yes],
        codes,
    }
}

fn analysed(late: Vec<bool>, factors: Vec<Factor>) -> Lateness {
    let beyond_us = late.iter().map(|&l| if l { HOUR } else { 0 }).collect();
    let table = Table { late, beyond_us, factors, ..Table::default() };
    analyse(&table, &LatenessOptions::default(), &no_stop).unwrap()
}

fn level<'a>(found: &'a Lateness, factor: &str, level: &Level) -> &'a FactorLevel {
    found.factors.iter().find(|f| f.factor == factor && f.level == *level).unwrap()
}

#[test]
fn a_level_alone_equals_the_table_of_its_counts() {
    for one in stored()["tables"].as_array().unwrap() {
        let cells: Vec<usize> =
            one["table"].as_array().unwrap().iter().map(|c| c.as_u64().unwrap() as usize).collect();
        let (mut late, mut codes) = (Vec::new(), Vec::new());
        for (cell, (is_late, has)) in
            cells.iter().zip([(true, 1), (false, 1), (true, 0), (false, 0)])
        {
            late.extend(vec![is_late; *cell]);
            codes.extend(vec![has; *cell]);
        }
        let found = analysed(late, vec![factor("x", codes)]);
        let x = level(&found, "x", &Level::Yes);
        let counts = [x.late, x.cases - x.late, x.others_late, x.others - x.others_late];
        assert_eq!(counts.map(|c| c as usize).to_vec(), cells);
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * (1.0 + b.abs());
        assert!((x.p / number(&one["p"]) - 1.0).abs() < 1e-6, "{} {one}", x.p);
        assert!(near(x.odds_ratio, number(&one["odds"])));
        assert!(near(x.odds_interval[0], number(&one["interval"][0])));
        assert!(near(x.odds_interval[1], number(&one["interval"][1])));
        assert!(x.difference_interval[0] < x.difference && x.difference < x.difference_interval[1]);
        assert_eq!(x.mean_minutes_late, Some(60.0));
        // One factor: nothing to adjust for, but for the hair the ridge takes.
        let adjusted = x.adjusted.unwrap();
        assert!((adjusted.odds_ratio.ln() - x.odds_ratio.ln()).abs() < 0.05);
        let expected = x.cases as f64 * x.difference;
        assert!((adjusted.associated_late_cases - expected).abs() < 0.05 * expected.abs() + 0.5);
    }
}

fn drawn(deviates: &mut Deviates, cases: usize, effects: &[f64]) -> (Vec<bool>, Vec<Factor>) {
    let mut columns = vec![Vec::with_capacity(cases); effects.len()];
    let mut late = Vec::with_capacity(cases);
    for _ in 0..cases {
        let mut eta = -0.8;
        for (k, (column, effect)) in columns.iter_mut().zip(effects).enumerate() {
            let on = deviates.uniform() < 0.2 + 0.1 * k as f64;
            column.push(u16::from(on));
            eta += if on { *effect } else { 0.0 };
        }
        late.push(deviates.uniform() < 1.0 / (1.0 + f64::exp(-eta)));
    }
    let named = |(k, codes)| factor(&format!("f{k}"), codes);
    (late, columns.into_iter().enumerate().map(named).collect())
}

#[test]
fn known_effects_lie_in_their_interval_as_often_as_said() {
    let effects = [1.0, -0.7, 0.4, 0.0, 0.2];
    let mut deviates = Deviates::new(11);
    let (mut inside, mut all) = (0, 0);
    for _ in 0..200 {
        let (late, factors) = drawn(&mut deviates, 1000, &effects);
        let found = analysed(late, factors);
        for (k, effect) in effects.iter().enumerate() {
            let [low, high] =
                level(&found, &format!("f{k}"), &Level::Yes).adjusted.unwrap().odds_interval;
            all += 1;
            inside += u32::from(low.ln() <= *effect && *effect <= high.ln());
        }
    }
    let share = f64::from(inside) / f64::from(all);
    assert!((0.93..=0.975).contains(&share), "{share}");
}

#[test]
fn chance_alone_is_seldom_a_reason() {
    let mut deviates = Deviates::new(12);
    let mut said = 0;
    let runs = 200;
    for _ in 0..runs {
        let (late, factors) = drawn(&mut deviates, 600, &[0.0; 6]);
        said += u32::from(analysed(late, factors).factors.iter().any(|f| f.significant));
    }
    // 5 % and three standard deviations.
    assert!(f64::from(said) / f64::from(runs) < 0.05 + 0.047, "{said} of {runs}");
}

#[test]
fn what_only_goes_along_with_a_reason_is_not_one() {
    let mut deviates = Deviates::new(13);
    let (mut late, mut reason, mut along) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..4000 {
        let cause = deviates.uniform() < 0.3;
        reason.push(u16::from(cause));
        along.push(u16::from(deviates.uniform() < if cause { 0.7 } else { 0.2 }));
        late.push(deviates.uniform() < if cause { 0.6 } else { 0.2 });
    }
    let found = analysed(late, vec![factor("along", along), factor("reason", reason)]);
    let (along, reason) =
        (level(&found, "along", &Level::Yes), level(&found, "reason", &Level::Yes));
    assert!(along.p_corrected < 1e-6, "alone it looks like one");
    assert!(!along.significant && reason.significant);
    assert_eq!(found.factors[0].factor, "reason", "what is said comes first");
    assert!(along.adjusted.unwrap().p_corrected > 0.05);
}

#[test]
fn factors_that_say_the_same_are_told_once() {
    let mut deviates = Deviates::new(14);
    let (late, mut factors) = drawn(&mut deviates, 1500, &[0.8, 0.3]);
    let mut same = factors[0].clone();
    same.name = "f0 again".into();
    // The last column is on when exactly one of the first two is.
    let either: Vec<u16> =
        factors[0].codes.iter().zip(&factors[1].codes).map(|(a, b)| a | b).collect();
    let levels: Vec<u16> =
        factors[0].codes.iter().zip(&factors[1].codes).map(|(a, b)| a * 2 + b).collect();
    factors.push(same);
    factors.push(factor("g either", either));
    factors.push(Factor {
        name: "h both".into(),
        levels: ["00", "01", "10", "11"].map(|v| Level::Value(v.into())).to_vec(),
        ..factor("", levels)
    });
    let found = analysed(late, factors);
    assert!(found.factors.iter().all(|f| f.factor != "f0 again"));
    // "h both" determines all the others.
    let told: Vec<&str> =
        found.factors.iter().filter(|f| f.adjusted.is_some()).map(|f| f.factor.as_str()).collect();
    assert!(told.iter().all(|f| *f == "h both"), "{told:?}");
    let f0 = level(&found, "f0", &Level::Yes);
    assert_eq!(f0.same_as, ["f0 again"]);
    assert_eq!(f0.not_told, Some(NotTold::DeterminedBy { factor: "h both".into() }));
}

#[test]
fn the_answer_does_not_depend_on_the_order_of_the_cases() {
    let mut deviates = Deviates::new(15);
    let (mut late, mut factors) = drawn(&mut deviates, 700, &[0.8, 0.3, 0.0]);
    let first = analysed(late.clone(), factors.clone());
    for i in (1..late.len()).rev() {
        let j = (deviates.uniform() * (i + 1) as f64) as usize;
        late.swap(i, j);
        factors.iter_mut().for_each(|f| f.codes.swap(i, j));
    }
    factors.reverse();
    assert_eq!(analysed(late, factors), first);
}

#[test]
fn too_little_is_said_to_be_too_little() {
    let table =
        |late: Vec<bool>| Table { beyond_us: vec![0; late.len()], late, ..Table::default() };
    let answer = |late| analyse(&table(late), &LatenessOptions::default(), &no_stop);
    assert_eq!(answer(vec![]), Err(LatenessError::TooFewCases { cases: 0, needed: 30 }));
    let few = LatenessError::OneSided { late: 0, cases: 50, needed: 5 };
    assert_eq!(answer(vec![false; 50]), Err(few));
    let mut deviates = Deviates::new(1);
    let mut coin = || (0..100).map(|_| u16::from(deviates.uniform() < 0.5)).collect::<Vec<_>>();
    let late = coin().iter().map(|&c| c == 1).collect();
    let found = analysed(late, (0..30).map(|k| factor(&format!("f{k}"), coin())).collect());
    assert!(
        found.factors.iter().any(|f| f.not_told == Some(NotTold::TooFewEvents)),
        "thirty effects from a hundred cases"
    );
}

/// A log of one task per entry: case after case, (attributes, unit, [(activity, person, start)]).
type Made = (String, Option<&'static str>, Vec<(&'static str, Option<String>, i64)>);

fn made(cases: Vec<Made>) -> TaskLog {
    let mut log = TaskLog::default();
    for (at, (attributes, unit, tasks)) in cases.into_iter().enumerate() {
        let first = log.tasks.len();
        for (activity, person, start) in tasks {
            let resource = person.map_or(NONE, |p| log.resources.code(&p));
            log.tasks.push(TaskRow {
                activity: log.activities.code(activity),
                resource,
                start,
                end: start,
                scheduled: None,
                known: Known::Interval,
                day: false,
            });
        }
        let unit = unit.map_or(NONE, |u| log.values.code(u));
        log.cases.push(CaseRow {
            id: at.to_string(),
            tasks: first..log.tasks.len(),
            dims: [NONE, unit, NONE, NONE],
            attributes: Some(attributes),
        });
    }
    log
}

/// 600 cases of three teams of 6, 6 and 2 persons, every third late.
fn teams(attributes: impl Fn(usize, usize) -> String) -> (TaskLog, Vec<Judged>) {
    let cases = (0..600usize)
        .map(|i| {
            let person = (i * 5) % 14;
            let unit = ["north", "south", "tiny"][person / 6];
            let start = i as i64 * HOUR;
            let person = Some(format!("p-{person}"));
            (attributes(i, (i * 5) % 14), Some(unit), vec![("A", person, start)])
        })
        .collect();
    let judged = (0..600)
        .map(|i| Judged {
            verdict: if i % 3 == 0 { Verdict::Late { beyond_us: HOUR } } else { Verdict::InTime },
            arrived: i * HOUR,
            closed: Some(i * HOUR + 5 * HOUR),
            due: None,
        })
        .collect();
    (made(cases), judged)
}

fn refused(found: &Lateness, name: &str) -> Option<Refusal> {
    found.refused.iter().find(|r| r.name == name).map(|r| r.why.clone())
}

#[test]
fn no_person_is_ever_a_reason() {
    let (log, judged) = teams(|i, person| {
        let team_of_two = person / 2;
        format!(
            r#"{{"Gestionnaire":"x{person}","desk":"d{person}","pseudo":"p-{person}",
            "pair":"t{team_of_two}","number":"{i}","ref":"R{i}","seen":"2026-01-{:02}",
            "kind":"k{}","amount":{}.5,"nested":{{"a":1}},"empty":""}}"#,
            i % 28 + 1,
            i % 4,
            i * 3 % 501,
        )
    });
    let found = explain(&log, &judged, &LatenessOptions::default(), &no_stop).unwrap();
    assert_eq!(refused(&found, "Gestionnaire"), Some(Refusal::NamesPerson));
    assert_eq!(refused(&found, "desk"), Some(Refusal::TellsPersons));
    assert_eq!(refused(&found, "pseudo"), Some(Refusal::HoldsPseudonyms));
    assert_eq!(refused(&found, "number"), Some(Refusal::Identifier));
    assert_eq!(refused(&found, "ref"), Some(Refusal::TooManyValues { distinct: 600 }));
    assert_eq!(refused(&found, "seen"), Some(Refusal::Dates));
    assert_eq!(refused(&found, "handovers"), Some(Refusal::TooFewCases));
    let of = |name: &str| -> Vec<&Level> {
        let mut own: Vec<&Level> =
            found.factors.iter().filter(|f| f.factor == name).map(|f| &f.level).collect();
        own.sort_by(|a, b| a.partial_cmp(b).unwrap());
        own
    };
    // Pairs of persons are teams too small: none of them is shown.
    assert_eq!(refused(&found, "pair"), Some(Refusal::TellsPersons));
    assert_eq!(of("kind").len(), 4);
    assert_eq!(of("amount").len(), 3);
    // The team of two is hidden with the next one, or the rest would show it.
    assert_eq!(of("unit"), [&Level::SmallTeams]);
    for name in ["nested", "empty"] {
        assert!(of(name).is_empty() && refused(&found, name).is_none());
    }
    let text = serde_json::to_string(&found).unwrap();
    assert!(!text.contains("p-1") && !text.contains("tiny"), "{text}");
    let never = LatenessOptions { never: ["kind".to_owned()].into(), ..LatenessOptions::default() };
    let found = explain(&log, &judged, &never, &no_stop).unwrap();
    assert_eq!(refused(&found, "kind"), Some(Refusal::NamesPerson));
}

#[test]
fn what_is_missing_is_a_level_and_rare_values_are_together() {
    let (log, judged) = teams(|i, _| match i % 100 {
        0..=49 => r#"{"way":"post"}"#.to_owned(),
        50..=79 => "{}".to_owned(),
        80..=98 => r#"{"way":"desk"}"#.to_owned(),
        _ => format!(r#"{{"way":"odd {}"}}"#, i % 7),
    });
    let found = explain(&log, &judged, &LatenessOptions::default(), &no_stop).unwrap();
    let way = |l: &Level| level(&found, "way", l);
    assert_eq!(way(&Level::Missing).cases, 180);
    assert_eq!(way(&Level::Value("post".into())).cases, 300);
    assert_eq!(way(&Level::Value("post".into())).not_told, Some(NotTold::Reference));
    assert_eq!(way(&Level::Missing).reference, Some(Level::Value("post".into())));
    // Six cases: in the model, but too few to speak of.
    assert!(found.factors.iter().all(|f| f.level != Level::Others));
}

#[test]
fn cases_are_judged_by_worked_time_and_those_not_due_are_left_out() {
    let person = || Some("p-1".to_owned());
    let case = |start: i64| ("{}".to_owned(), None, vec![("A", person(), start * HOUR)]);
    let log = made(vec![case(0), case(0), case(0), case(6)]);
    let closed = |place: usize| [Some(3 * HOUR), Some(6 * HOUR), None, None][place];
    let judged = judge(&log, &WorkClock::always(), 4 * HOUR, 8 * HOUR, &closed);
    let verdicts: Vec<Verdict> = judged.iter().map(|j| j.verdict).collect();
    let late = |h: i64| Verdict::Late { beyond_us: h * HOUR };
    assert_eq!(verdicts, [Verdict::InTime, late(2), late(4), Verdict::NotDue]);
    assert_eq!(judged[3].due, Some(10 * HOUR));
}

#[test]
fn the_path_counts_until_the_case_is_due_and_load_is_the_stock_at_arrival() {
    // Half of the cases ask once more; half of those chase after their date, late or not.
    let cases = (0..400usize)
        .map(|i| {
            let start = i as i64 * 10 * HOUR;
            let mut tasks = vec![("A", Some(format!("p-{}", i % 9)), start)];
            if i % 2 == 0 {
                tasks.push(("Ask", None, start + HOUR));
            }
            if i % 8 == 0 || i % 8 == 6 {
                tasks.push(("Chase", None, start + 9 * HOUR));
            }
            ("{}".to_owned(), None, tasks)
        })
        .collect();
    let judged: Vec<Judged> = (0..400)
        .map(|i| Judged {
            verdict: if i % 4 < 2 { Verdict::Late { beyond_us: HOUR } } else { Verdict::InTime },
            arrived: i * 10 * HOUR,
            // The second half of the cases stays open: the stock grows by one each time.
            closed: (i < 200).then_some(i * 10 * HOUR + 5 * HOUR),
            due: Some(i * 10 * HOUR + 5 * HOUR),
        })
        .collect();
    let found = explain(&made(cases), &judged, &LatenessOptions::default(), &no_stop).unwrap();
    let ask = level(&found, "Ask", &Level::Yes);
    assert_eq!((ask.cases, ask.late, ask.moment), (200, 100, Moment::OnTheWay));
    assert!(found.factors.iter().all(|f| f.factor != "Chase"), "it came after the date");
    let load: Vec<&FactorLevel> = found.factors.iter().filter(|f| f.factor == "load").collect();
    assert!(load.iter().all(|f| f.moment == Moment::AtArrival));
    let low = level(&found, "load", &Level::AtMost(0.0));
    assert_eq!(low.cases, 201, "nobody waited before the second half");
}

#[test]
fn a_hundred_and_fifty_thousand_cases_are_compared_soon_enough() {
    let path = "log-road-traffic-fines/road_traffic_fines.csv.gz";
    let named = ["vehicleclass", "article", "points", "amount", "dismissal", "matricola"];
    let Some(batch) = logs::log_with(path, &named) else { return };
    let log = logs::run(&TaskLogKernel { attributes: true }, &batch);
    let last = log.tasks.iter().map(|t| t.end).max().unwrap();
    let closed = |place: usize| {
        let tasks = log.tasks_of(&log.cases[place]);
        let end = tasks.last()?;
        let name = log.activities.name(end.activity);
        (name == "Payment" || name == "Send for Credit Collection").then_some(end.end)
    };
    let begun = Instant::now();
    let judged = judge(&log, &WorkClock::always(), 180 * 24 * HOUR, last, &closed);
    let options = LatenessOptions::default();
    let found = explain(&log, &judged, &options, &no_stop).unwrap();
    eprintln!("{:?}", begun.elapsed());
    assert!(cfg!(debug_assertions) || begun.elapsed().as_secs() < 2, "{:?}", begun.elapsed());
    for f in found.factors.iter().take(25) {
        let a = f.adjusted.map(|a| (a.odds_ratio, a.odds_interval, a.associated_late_cases));
        eprintln!(
            "{} {} {:?} {} of {} {:+.3} {:?} {:?} {:?}",
            f.significant,
            f.factor,
            f.level,
            f.late,
            f.cases,
            f.difference,
            a,
            f.not_told,
            f.same_as
        );
    }
    eprintln!("{:?}", found.refused);
    assert_eq!(found.cases + found.undecided, 150_370);
    assert!(found.factors.iter().all(|f| f.factor != "matricola"));
    // Every figure of a level is a plain count of the log.
    let mut sides = (0, 0);
    for (case, j) in log.cases.iter().zip(&judged) {
        let late = match j.verdict {
            Verdict::Late { .. } => 1,
            Verdict::InTime => 0,
            Verdict::NotDue => continue,
        };
        let object: Value = serde_json::from_str(case.attributes.as_deref().unwrap()).unwrap();
        if object["vehicleclass"] == "A" {
            sides = (sides.0 + 1, sides.1 + late);
        }
    }
    let class = level(&found, "vehicleclass", &Level::Value("A".into()));
    assert_eq!((class.cases, class.late), sides);
}
