//! The preparation of a workshop through the command line: what the answers of different
//! commands must have in common, on small logs and on public ones.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::common::{Bench, shared};

/// Four cases: one comes back to the first activity, one skips the second.
const LOG: &str = "case;activity;start;end;resource;unit\n\
    1;Réception;2025-03-03 09:00;2025-03-03 09:30;a;Courrier\n\
    1;Étude;2025-03-03 14:00;2025-03-03 15:00;b;Droits\n\
    1;Décision;2025-03-04 09:00;2025-03-04 10:00;c;Droits\n\
    2;Réception;2025-03-03 10:00;2025-03-03 10:30;a;Courrier\n\
    2;Étude;2025-03-03 15:00;2025-03-03 16:00;b;Droits\n\
    2;Réception;2025-03-05 09:00;2025-03-05 09:30;a;Courrier\n\
    2;Étude;2025-03-05 10:00;2025-03-05 11:00;b;Droits\n\
    2;Décision;2025-03-06 09:00;2025-03-06 10:00;c;Droits\n\
    3;Réception;2025-03-04 09:00;2025-03-04 09:30;a;Courrier\n\
    3;Décision;2025-03-07 09:00;2025-03-07 10:00;c;Droits\n\
    4;Réception;2025-03-04 10:00;2025-03-04 10:30;a;Courrier\n\
    4;Étude;2025-03-04 16:00;2025-03-04 16:30;b;Droits\n\
    4;Décision;2025-03-07 10:00;2025-03-07 11:00;c;Droits\n";

fn bench() -> Bench {
    let bench = Bench::new();
    let file = bench.file("log.csv", LOG);
    bench.import(&file, "droits", &[]);
    bench
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

fn causes(of: &Value) -> f64 {
    of.as_object().unwrap().values().map(number).sum()
}

#[test]
fn worked_time_on_the_map_counts_opening_hours_alone() {
    let bench = bench();
    let map = bench.json(&["map"]);
    let edge = |from: &str, to: &str| {
        let edges = map["edges"].as_array().unwrap();
        edges.iter().find(|e| e["from"] == from && e["to"] == to).unwrap().clone()
    };
    // Cases 1, 2 (twice) and 4: 9:30–14:00, 10:30–15:00, 9:30–10:00, 10:30–16:00, noon being closed.
    let study = edge("Réception", "Étude");
    assert_eq!(number(&study["total_s"]), 3600.0 * (4.5 + 4.5 + 0.5 + 5.5));
    assert_eq!(number(&study["worked"]["total_s"]), 3600.0 * (3.5 + 3.5 + 0.5 + 4.5));
    let touch =
        map["activities"].as_array().unwrap().iter().find(|a| a["name"] == "Étude").unwrap();
    assert_eq!(number(&touch["worked_touch"]["total_s"]), 3600.0 * 3.5);
    assert_eq!(map["cases"], 4);
}

#[test]
fn conditions_on_cases_are_the_same_for_every_command() {
    let bench = bench();
    let cases = |more: &[&str]| {
        let map = bench.json(&[&["map"], more].concat());
        let variants = bench.json(&[&["variants"], more].concat());
        let described = bench.json(&[&["describe"], more].concat());
        assert_eq!(map["cases"], variants["cases"]);
        assert_eq!(map["cases"], described["cases"]);
        map["cases"].as_u64().unwrap()
    };
    assert_eq!(cases(&["--with", "Étude"]), 3);
    assert_eq!(cases(&["--without", "Étude"]), 1);
    assert_eq!(cases(&["--path", "Étude", "Réception"]), 1);
    assert_eq!(cases(&["--no-path", "Étude", "Réception"]), 3);
    assert_eq!(cases(&["--min-s", "200000"]), 4 - cases(&["--max-s", "199999"]));
    let variants = bench.json(&["variants"]);
    let first = &variants["variants"][0];
    let id = first["id"].as_str().unwrap();
    assert_eq!(cases(&["--variant", id]), first["cases"].as_u64().unwrap());
    let wrong = bench.run(&["map", "--variant", "12"]);
    assert_eq!(wrong.code, 2, "{}", wrong.err);
}

#[test]
fn waits_split_by_cause_add_up() {
    let bench = bench();
    let waits = bench.json(&["waits"]);
    let edges = waits["edges"].as_array().unwrap();
    assert!(!edges.is_empty());
    for edge in edges {
        let total = number(&edge["worked"]["total_s"]);
        assert!((causes(&edge["worked_causes"]) - total).abs() < 1e-6, "{edge}");
        assert!(
            (causes(&edge["calendar_causes"]) - number(&edge["calendar"]["total_s"])).abs() < 1e-6
        );
    }
    let all: f64 = edges.iter().map(|e| number(&e["worked"]["total_s"])).sum();
    assert!((causes(&waits["worked_causes"]) - all).abs() < 1e-6);
}

#[test]
fn rework_hand_overs_and_the_ladder_are_those_of_the_log() {
    let bench = bench();
    let rework = bench.json(&["rework"]);
    assert_eq!((&rework["cases"], &rework["clean_cases"]), (&4.into(), &3.into()));
    // Réception and Étude were done again, half an hour and an hour.
    assert_eq!(number(&rework["minutes"]), 90.0);
    let handed = bench.json(&["handovers"]);
    // Each team has fewer than five people: nothing of them is shown.
    assert_eq!(handed["handovers"].as_array().unwrap().len(), 0);
    assert!(handed["caveats"].to_string().contains("masked_teams"));
    // Between people, not without a gate that a named person opened.
    let shut = bench.run(&["handovers", "--by", "resource", "--format", "json"]);
    assert_ne!(shut.code, 0);
    assert!(shut.out.is_empty(), "{}", shut.out);
    let stream = bench.json(&["value-stream"]);
    let of = |key: &str| -> f64 {
        let steps = stream["steps"].as_array().unwrap().iter().chain([&stream["other"]]);
        steps.map(|s| s[key].as_f64().unwrap_or(0.0)).sum()
    };
    let lead = number(&stream["lead_min"]);
    assert!((of("wait_min") + of("touch_min") - lead).abs() < 1e-6, "{stream}");
}

#[test]
fn a_model_found_without_noise_fits_every_case_and_says_what_others_do() {
    let bench = bench();
    let out = bench.path("model.bpmn");
    let out = out.to_str().unwrap();
    bench.json(&["discover", "--out", out, "--noise", "0"]);
    let fit = bench.json(&["conform", "--model", out]);
    assert_eq!((number(&fit["fitness"]), &fit["cases_fitting"]), (1.0, &4.into()));
    assert_eq!(fit["deviations"].as_array().unwrap().len(), 0);
    // The model of the straight cases: the third skips a step, the second comes back.
    bench.json(&[
        "discover",
        "--out",
        out,
        "--noise",
        "0",
        "--with",
        "Étude",
        "--no-path",
        "Étude",
        "Réception",
    ]);
    let fit = bench.json(&["conform", "--model", out]);
    assert_eq!(fit["cases_fitting"], 2);
    let skipped = fit["deviations"].as_array().unwrap().iter().find(|d| d["kind"] == "skipped");
    assert_eq!(skipped.unwrap()["activity"], "Étude");
    let fast = bench.json(&["conform", "--model", out, "--fast"]);
    assert_eq!(fast["cases_fitting"], 2);
}

#[test]
fn pages_are_written_whole_and_what_cannot_be_read_is_refused_in_words() {
    let bench = bench();
    let pdf = bench.path("stream.pdf");
    bench.json(&["value-stream", "--out", pdf.to_str().unwrap()]);
    assert!(std::fs::read(&pdf).unwrap().starts_with(b"%PDF-"));
    let svg = bench.path("stream.svg");
    bench.json(&["value-stream", "--out", svg.to_str().unwrap()]);
    assert!(std::fs::read_to_string(&svg).unwrap().contains("Étude"));
    assert_ne!(bench.run(&["value-stream", "--out", "page.doc"]).code, 0);
    let wrong = bench.file("wrong.bpmn", "<definitions><process>");
    let ran = bench.run(&["conform", "--model", wrong.to_str().unwrap()]);
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(ran.err.contains("BPMN"), "{}", ran.err);
    assert_eq!(bench.run(&["discover", "--out", "m.bpmn", "--noise", "2"]).code, 2);
}

#[test]
fn losses_lateness_times_and_suitability_answer_on_every_kind_of_log() {
    let Some(data) = shared() else { return };
    for (file, process, more) in [
        ("log-receipt-wabo/receipt.xes.gz", "receipt", &[][..]),
        ("log-insurance-claims/insurance.xes.gz", "insurance", &[]),
        ("log-teleclaims/teleclaims.xes.gz", "teleclaims", &[]),
        ("log-production/Production.csv.gz", "production", &["--ignore-activity", "Start,End"]),
        ("log-bpic2015-municipalities/T_BPIC15_1.xes.gz", "commune", &[]),
    ] {
        let bench = Bench::new();
        let said = [&["--zone", "UTC"][..], more].concat();
        bench.import(&data.join(file), process, &said);
        let losses = bench.json(&["losses", "--top", "10"]);
        let list = losses["losses"].as_array().unwrap();
        // The calls of teleclaims are all told on a first of January: no hour of it is worked.
        assert_eq!(list.is_empty(), process == "teleclaims", "{process}");
        let mut before = f64::INFINITY;
        for loss in list {
            let minutes = number(&loss["minutes"]);
            assert!(minutes <= before && minutes > 0.0, "{process}: {loss}");
            before = minutes;
            assert!(loss["text"]["fr"].as_str().unwrap().chars().count() > 8);
        }
        // The losses of waiting are the waits, told in another order: nothing lost, nothing twice.
        let all = bench.json(&["losses", "--top", "100000"]);
        {
            let mut edges: BTreeMap<String, f64> = BTreeMap::new();
            for loss in all["losses"].as_array().unwrap().iter().filter(|l| l["kind"] == "wait") {
                let names = loss["activities"].as_array().unwrap();
                let from = if names.len() == 2 { names[0].clone() } else { Value::Null };
                let key = format!("{from} {}", names.last().unwrap());
                *edges.entry(key).or_default() += number(&loss["minutes"]);
            }
            for edge in bench.json(&["waits"])["edges"].as_array().unwrap() {
                let waited = edge["worked"]["total_s"].as_f64().unwrap_or(0.0) / 60.0;
                let key = format!("{} {}", edge["from"], edge["to"]);
                let lost = edges.get(&key).copied().unwrap_or(0.0);
                assert!(
                    (lost - waited).abs() < 1e-6 * waited.max(1.0),
                    "{process}, {key}: {lost} of {waited}"
                );
            }
        }
        for command in
            ["lateness", "unit-times", "rework", "handovers", "value-stream", "suitability"]
        {
            bench.json(&[command]);
        }
        let stream = bench.json(&["value-stream"]);
        assert!(stream["steps"].as_array().unwrap().len() <= 12);
    }
}
