//! Rework: by hand, by brute force over random logs, and beside pm4py on the public logs.

use std::{
    collections::{BTreeMap, BTreeSet},
    slice::from_ref,
};

use eclusier_calendar::WorkClock;
use eclusier_core::{
    Rate,
    config::{Awaited, Hold, TimeBasis, UnitTime},
};
use eclusier_mining::{
    Rework, ReworkKernel, Rows, Unknown, handovers::By, handovers::HandOverKernel, rework::Pass,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::{
    logs,
    work::{Row, batch, random, run, task},
};

fn hold(enter: &str, leave: &[&str], returned: bool) -> Hold {
    Hold {
        enter: vec![enter.to_owned()],
        leave: leave.iter().map(|l| (*l).to_owned()).collect(),
        awaited: Awaited::Insured,
        returned,
    }
}

/// One task a minute, each of half a minute, in the order of the letters.
fn case(id: &str, letters: &str) -> Vec<Row> {
    let steps = letters.chars().enumerate();
    steps.map(|(i, c)| task(id, &c.to_string(), i as i64 * 60, i as i64 * 60 + 30)).collect()
}

fn of<'a>(rework: &'a Rework, name: &str) -> &'a eclusier_mining::rework::ActivityRework {
    rework.activities.iter().find(|a| a.name == name).unwrap()
}

#[test]
fn a_small_log_is_counted_by_hand() {
    let log = [case("1", "ABABC"), case("2", "AAC"), case("3", "AC"), case("4", "CBCDBC")].concat();
    let kernel = ReworkKernel { productive_hours: 1200.0, ..ReworkKernel::default() };
    let rework = run(&kernel, &[log]);
    assert_eq!((rework.cases, rework.occurrences, rework.repeats), (4, 16, 6));
    assert_eq!(rework.without_repeat, Rate { numerator: 1, denominator: 4 });
    let a = of(&rework, "A");
    assert_eq!((a.occurrences, a.cases, a.repeated_cases, a.repeats), (5, 3, 2, 2));
    assert_eq!((a.self_loops, a.self_loop_cases, a.returns_to_it), (1, 1, 1));
    assert_eq!(
        (a.nearest_repeat, a.first_pass_yield),
        (Some(0), Rate { numerator: 1, denominator: 3 })
    );
    assert_eq!(of(&rework, "D").nearest_repeat, None);
    assert_eq!(of(&rework, "B").nearest_repeat, Some(1));
    let pings: Vec<_> = rework
        .ping_pong
        .iter()
        .map(|p| (p.first.as_str(), p.second.as_str(), p.runs, p.turns, p.longest))
        .collect();
    // A B A B is one run of three moves; C B C one of two.
    assert_eq!(pings, [("A", "B", 1, 3, 3), ("B", "C", 1, 2, 2)]);
    let loops: Vec<_> =
        rework.loops.iter().map(|l| (l.from.as_str(), l.to.as_str(), l.count, l.cases)).collect();
    // In C B C D B C: B → C twice (C began the case), D → B once.
    assert_eq!(loops, [("B", "C", 2, 1), ("B", "A", 1, 1), ("D", "B", 1, 1)]);
    let spread: Vec<_> = rework.repeats_per_case.iter().map(|r| (r.repeats, r.cases)).collect();
    assert_eq!(spread, [(0, 1), (1, 1), (2, 1), (3, 1)]);
    // Six repeats of half a minute, over 330 s.
    assert_eq!((rework.cost.minutes, rework.cost.measured), (Some(3.0), 6));
    let years = 330.0 / (365.25 * 86_400.0);
    assert!((rework.cost.fte.unwrap() - 3.0 / 60.0 / (1200.0 * years)).abs() < 1e-9);
    assert_eq!(rework.teams_unknown, Some(Unknown::NoUnits));
    assert_eq!(rework.returns.unknown, Some(Unknown::NoReturnsConfigured));
    assert_eq!(rework.returns.rate.value(), None);
}

#[test]
fn returns_are_counted_by_cause_and_by_pass() {
    // R asks for a paper (returned), H holds until L; R R is one return, R A R two.
    let log = [
        case("1", "ARAB"),
        case("2", "ARARB"),
        case("3", "ARRB"),
        case("4", "AHBHLB"),
        case("5", "AB"),
    ]
    .concat();
    let holds = vec![hold("R", &[], true), hold("H", &["L"], false)];
    let rework = run(&ReworkKernel { holds, ..ReworkKernel::default() }, &[log]);
    let returns = &rework.returns;
    assert_eq!(returns.rate, Rate { numerator: 4, denominator: 5 });
    assert_eq!(returns.cases, Rate { numerator: 3, denominator: 5 });
    let pass = |pass, numerator, denominator| Pass { pass, again: Rate { numerator, denominator } };
    assert_eq!(returns.passes, [pass(1, 3, 5), pass(2, 1, 3), pass(3, 0, 1)]);
    let causes: Vec<_> = returns
        .causes
        .iter()
        .map(|c| (c.enter[0].as_str(), c.rate.numerator, c.cases.numerator))
        .collect();
    // The second H comes while the first hold lasts: B does not end it.
    assert_eq!(causes, [("R", 4, 3), ("H", 1, 1)]);
    // Case 5 alone is right the first time: 1 to 3 were returned, 4 repeats H and B.
    assert_eq!(rework.first_pass_yield, Rate { numerator: 1, denominator: 5 });
}

#[test]
fn repeats_without_a_start_take_a_unit_time_or_say_so() {
    let mut log = [case("1", "AA"), case("2", "BB"), case("3", "BB")].concat();
    log.iter_mut().for_each(|r| r.start = None);
    log[3].product = Some("X".into());
    log[2].product = Some("X".into());
    let time = |product: Option<&str>, activity: &str, minutes| UnitTime {
        product: product.map(str::to_owned),
        activity: Some(activity.into()),
        minutes,
        basis: TimeBasis::Agreed,
    };
    let unit_times = vec![time(None, "B", 10.0), time(Some("X"), "B", 4.0)];
    let kernel = ReworkKernel { unit_times, ..ReworkKernel::default() };
    let cost = run(&kernel, &[log.clone()]).cost;
    assert_eq!((cost.minutes, cost.measured, cost.estimated, cost.left_out), (Some(14.0), 0, 2, 1));
    let cost = run(&ReworkKernel::default(), &[log]).cost;
    assert_eq!((cost.minutes, cost.fte, cost.unknown), (None, None, Some(Unknown::NoUnitTimes)));
    // Nothing repeated cost nothing; nothing delivered is not known.
    let cost = run(&ReworkKernel::default(), &[case("1", "AB")]).cost;
    assert_eq!((cost.minutes, cost.unknown), (Some(0.0), None));
    let cost = run(&ReworkKernel::default(), &[vec![]]).cost;
    assert_eq!((cost.minutes, cost.unknown), (None, Some(Unknown::NothingToMeasure)));
}

#[test]
fn instants_at_the_ends_of_time_neither_panic_nor_wrap() {
    let far = i64::MAX / 1_000_000;
    let log = vec![task("1", "A", -far, far), task("1", "A", -far, far), task("1", "B", far, far)];
    for rows in [Rows::Tasks, Rows::Events] {
        let rework = run(&ReworkKernel { rows, ..ReworkKernel::default() }, from_ref(&log));
        assert_eq!(rework.repeats, 1);
        let clock = Some(WorkClock::always());
        let kernel = HandOverKernel { rows, clock, by: By::Resource, ..HandOverKernel::default() };
        assert_eq!(run(&kernel, from_ref(&log)).hand_overs, 0);
    }
}

/// What the definitions say, spelled out over names.
fn brute(log: &[Vec<Row>]) -> Value {
    let mut activities: BTreeMap<String, [u64; 5]> = BTreeMap::new();
    let mut loops: BTreeMap<(String, String), (u64, u64)> = BTreeMap::new();
    let mut pings: BTreeMap<(String, String), (u64, u64, u64)> = BTreeMap::new();
    for rows in log {
        let mut rows = rows.clone();
        rows.sort_by_key(|r| (r.start.unwrap_or(r.time), r.time));
        let line: Vec<&str> = rows.iter().map(|r| r.activity.as_str()).collect();
        let first = |name: &str| line.iter().position(|&x| x == name).unwrap();
        for name in line.iter().collect::<BTreeSet<_>>() {
            let count = line.iter().filter(|x| x == &name).count() as u64;
            let loops = line.windows(2).filter(|w| w[0] == w[1] && w[0] == *name).count() as u64;
            let sum = activities.entry((*name).to_string()).or_default();
            let add = [count, 1, u64::from(count > 1), loops, u64::from(loops > 0)];
            sum.iter_mut().zip(add).for_each(|(s, a)| *s += a);
        }
        let mut here: BTreeMap<(String, String), u64> = BTreeMap::new();
        for w in line.windows(2).filter(|w| first(w[1]) < first(w[0])) {
            *here.entry((w[0].into(), w[1].into())).or_default() += 1;
        }
        for (pair, count) in here {
            let sum = loops.entry(pair).or_default();
            *sum = (sum.0 + count, sum.1 + 1);
        }
        // Every stretch that alternates between two, and that no longer one holds.
        let alternates = |from: usize, to: usize| {
            to - from >= 2
                && line[from] != line[from + 1]
                && (from + 2..=to).all(|i| line[i] == line[i - 2])
        };
        let mut met = BTreeSet::new();
        for from in 0..line.len() {
            for to in from + 2..line.len() {
                let longer = (from > 0 && alternates(from - 1, to))
                    || (to + 1 < line.len() && alternates(from, to + 1));
                if alternates(from, to) && !longer {
                    let (a, b) = (line[from].min(line[from + 1]), line[from].max(line[from + 1]));
                    let sum = pings.entry((a.into(), b.into())).or_default();
                    sum.0 += 1;
                    sum.2 += (to - from) as u64;
                    if met.insert((a, b)) {
                        sum.1 += 1;
                    }
                }
            }
        }
    }
    json!({ "activities": activities,
        "loops": loops.iter().map(|((a, b), n)| json!([a, b, n.0, n.1])).collect::<Vec<_>>(),
        "pings": pings.iter().map(|((a, b), n)| json!([a, b, n.0, n.1, n.2])).collect::<Vec<_>>() })
}

fn shape(rework: &Rework) -> Value {
    let activities: BTreeMap<_, _> = rework
        .activities
        .iter()
        .map(|a| {
            (&a.name, [a.occurrences, a.cases, a.repeated_cases, a.self_loops, a.self_loop_cases])
        })
        .collect();
    let loops = rework.loops.iter().map(|l| json!([l.from, l.to, l.count, l.cases]));
    let pings =
        rework.ping_pong.iter().map(|p| json!([p.first, p.second, p.runs, p.cases, p.turns]));
    json!({ "activities": activities, "loops": sorted(loops), "pings": sorted(pings) })
}

fn sorted(rows: impl Iterator<Item = Value>) -> Vec<Value> {
    let mut rows: Vec<Value> = rows.collect();
    rows.sort_by_key(|r| {
        let key = |v: &Value| match v {
            Value::String(s) => (1, 0, s.clone()),
            other => (0, other.as_u64().unwrap_or(0), String::new()),
        };
        r.as_array().unwrap().iter().map(key).collect::<Vec<_>>()
    });
    rows
}

#[test]
fn random_logs_have_what_the_definitions_say_whatever_the_partitions() {
    for seed in 0..60 {
        let log = random(seed, 25);
        let kernel =
            ReworkKernel { holds: vec![hold("D", &["A"], true)], ..ReworkKernel::default() };
        let whole = run(&kernel, &[log.concat()]);
        assert_eq!(shape(&whole), brute(&log), "seed {seed}");
        let cut = log.len() / 3;
        let parts = [log[cut..].concat(), log[..cut].concat()];
        assert_eq!(run(&kernel, &parts), whole, "seed {seed}");
        let repeats: u64 = whole.repeats_per_case.iter().map(|r| r.repeats * r.cases).sum();
        assert_eq!(repeats, whole.repeats);
        assert_eq!(whole.cost.measured + whole.cost.estimated + whole.cost.left_out, repeats);
    }
}

/// The text that Python's `json.dumps` gives, hashed.
fn sha(rows: &[Value]) -> String {
    fn write(value: &Value, out: &mut String) {
        match value {
            Value::Array(list) => {
                out.push('[');
                for (i, v) in list.iter().enumerate() {
                    if i > 0 {
                        out.push_str(", ");
                    }
                    write(v, out);
                }
                out.push(']');
            }
            other => out.push_str(&other.to_string()),
        }
    }
    let mut text = String::new();
    write(&Value::Array(rows.to_vec()), &mut text);
    Sha256::digest(text).iter().map(|b| format!("{b:02x}")).collect()
}

fn equals_pm4py(name: &str) {
    let answers: Value = serde_json::from_str(include_str!("answers/rework.json")).unwrap();
    let peer = &answers["logs"][name];
    let ignored: Vec<&str> =
        peer["ignored"].as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect();
    let Some(batch) = logs::log(peer["file"].as_str().unwrap(), &ignored) else { return };
    let rework = logs::run(&ReworkKernel { rows: Rows::Events, ..Default::default() }, &batch);
    let repeated = rework.activities.iter().filter(|a| a.repeated_cases > 0);
    let repeated = sorted(repeated.map(|a| json!([a.name, a.repeated_cases])));
    let nearest =
        rework.activities.iter().filter_map(|a| a.nearest_repeat.map(|n| json!([a.name, n])));
    let spread = rework.repeats_per_case.iter().map(|r| json!([r.repeats, r.cases]));
    let mut found = json!({
        "repeated_cases": rework.activities.iter().map(|a| a.repeated_cases).sum::<u64>(),
        "repeated_activities": repeated.len(), "repeated_sha256": sha(&repeated),
        "nearest_sha256": sha(&sorted(nearest)), "repeats": rework.repeats,
        "repeats_per_case_sha256": sha(&sorted(spread)),
    });
    let kernel = HandOverKernel { rows: Rows::Events, by: By::Resource, ..Default::default() };
    let passed = logs::run(&kernel, &batch);
    // People by first appearance, cases in the order of their identifiers.
    let mut numbers: BTreeMap<&str, u64> = BTreeMap::new();
    for row in 0..batch.len() {
        if let Some(who) = batch.resource.name(row) {
            let next = numbers.len() as u64;
            numbers.entry(who).or_insert(next);
        }
    }
    found["people"] = json!(numbers.len());
    if !numbers.is_empty() {
        let kept = passed.parties.iter().filter(|p| p.kept > 0);
        let kept = kept.map(|p| json!([numbers[&*p.name], numbers[&*p.name], p.kept]));
        let cells =
            passed.matrix.iter().map(|h| json!([numbers[&*h.from], numbers[&*h.to], h.count]));
        let matrix = sorted(cells.chain(kept));
        let together = sorted(passed.together.iter().map(|t| {
            let (a, b) = (numbers[&*t.first], numbers[&*t.second]);
            json!([a.min(b), a.max(b), t.cases])
        }));
        let more = json!({
            "passed": passed.hand_overs, "kept": passed.parties.iter().map(|p| p.kept).sum::<u64>(),
            "matrix_sha256": sha(&matrix), "matrix_cells": matrix.len(),
            "together": passed.together.iter().map(|t| t.cases).sum::<u64>(),
            "together_sha256": sha(&together), "together_pairs": together.len(),
        });
        found.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    }
    for (key, value) in found.as_object().unwrap() {
        assert_eq!(value, &peer[key], "{name}: {key}");
    }
}

macro_rules! beside_pm4py {
    ($($test:ident: $name:literal;)*) => {
        mod pm4py {
            $(#[test] fn $test() { super::equals_pm4py($name); })*
            #[test]
            fn every_answer_is_read() {
                let answers: serde_json::Value =
                    serde_json::from_str(include_str!("answers/rework.json")).unwrap();
                let names: Vec<_> = answers["logs"].as_object().unwrap().keys().collect();
                assert_eq!(names, [$($name),*]);
            }
        }
    };
}

beside_pm4py! {
    receipt: "receipt";
    helpdesk: "helpdesk";
    bpic2012: "bpic2012";
    bpic2012_w: "bpic2012-w";
    bpic2012_w_train: "bpic2012-w-train";
    bpic2012_w_test: "bpic2012-w-test";
    consulta: "consulta";
    academic: "academic";
    academic_train: "academic-train";
    academic_test: "academic-test";
    production: "production";
    purchasing: "purchasing";
    loan: "loan";
    loan_train: "loan-train";
    loan_test: "loan-test";
    incidents: "incidents";
    closed_problems: "closed-problems";
    bpic2015_1_full: "bpic2015-1-full";
    bpic2015_1: "bpic2015-1";
    bpic2015_2: "bpic2015-2";
    bpic2015_3: "bpic2015-3";
    sepsis: "sepsis";
    insurance: "insurance";
    teleclaims: "teleclaims";
    fines: "fines";
    bpic2019_sample: "bpic2019-sample";
    sim: "sim";
    sim_1: "sim-1";
    sim_3: "sim-3";
    sim_5: "sim-5";
    sim_5_after: "sim-5-after";
}

#[test]
fn the_reading_of_a_batch_is_the_same_with_its_names_asked_twice() {
    // Steps carry codes of one interner through several batches of one partition.
    use eclusier_eventlog::Kernel;
    let kernel = ReworkKernel { holds: vec![hold("D", &[], true)], ..ReworkKernel::default() };
    let log = random(7, 30);
    let mut partial = Default::default();
    log.chunks(4).for_each(|cases| kernel.fold(&mut partial, &batch(&cases.concat())));
    assert_eq!(kernel.finish(partial), run(&kernel, &[log.concat()]));
}
