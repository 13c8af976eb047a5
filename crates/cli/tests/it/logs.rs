//! Every public log, imported as a person would: what the program says equals what pm4py finds and
//! what the table of the shared data states.
//!
//! `pm4py_answers.json` is written by `xtask/peers/pm4py_answers.py` (docs/methods/peers.md). Lists
//! are compared whole, by the hash of the text Python's `json.dumps` gives them.

use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::common::{Bench, shared};

const ANSWERS: &str = include_str!("pm4py_answers.json");

/// A log: its name among the answers, what a person says at import, where the table of the shared
/// data states its counts (folder, words before the counts), and the zone of that table's dates.
struct Log {
    name: &'static str,
    said: &'static [&'static str],
    stated: Option<[&'static str; 2]>,
    zone: &'static str,
}

macro_rules! logs {
    ($($test:ident: $name:literal, said $said:expr, stated $stated:expr, $zone:literal;)*) => {
        $(#[test]
        fn $test() {
            check(&Log { name: $name, said: &$said, stated: $stated, zone: $zone });
        })*

        /// A log added to the answers without a test here would go unseen.
        #[test]
        fn no_answer_is_left_without_a_test() {
            let answers: Value = serde_json::from_str(ANSWERS).unwrap();
            let mut known: Vec<&str> = answers["logs"].as_object().unwrap().keys().map(|k| k.as_str()).collect();
            let mut tested = vec![$($name),*];
            known.sort_unstable();
            tested.sort_unstable();
            assert_eq!(tested, known);
        }
    };
}

const ARTIFICIAL: [&str; 2] = ["--ignore-activity", "Start,End"];
const ACR: &str = "log-academic-credentials";
const BPIC15: &str = "log-bpic2015-municipalities";
const SIM: &str = "sim-ground-truth-loan-application";

logs! {
    receipt: "receipt", said [], stated Some(["log-receipt-wabo", "| "]), "Europe/Amsterdam";
    helpdesk: "helpdesk", said [], stated Some(["log-helpdesk", "| "]), "UTC";
    bpic2012: "bpic2012", said [], stated Some(["log-bpic2012", "| "]), "Europe/Amsterdam";
    bpic2012_w: "bpic2012-w", said [], stated Some(["log-bpic2012-w", "| "]), "UTC";
    bpic2012_w_train: "bpic2012-w-train", said [], stated Some(["log-bpic2012-w", "train: "]), "UTC";
    bpic2012_w_test: "bpic2012-w-test", said [], stated Some(["log-bpic2012-w", "test: "]), "UTC";
    consulta: "consulta", said ARTIFICIAL, stated Some([ACR, "without Start/End: "]), "UTC";
    academic: "academic", said [], stated Some([ACR, "AcademicCredentials: "]), "UTC";
    academic_train: "academic-train", said [], stated None, "UTC";
    academic_test: "academic-test", said [], stated None, "UTC";
    production: "production", said ARTIFICIAL, stated Some(["log-production", "| "]), "UTC";
    purchasing: "purchasing", said [], stated Some(["log-purchasing-example", "| "]), "Etc/GMT-2";
    loan: "loan", said [], stated Some(["log-loan-app", "| "]), "UTC";
    loan_train: "loan-train", said [], stated None, "UTC";
    loan_test: "loan-test", said [], stated None, "UTC";
    incidents: "incidents", said [], stated Some(["log-bpic2013", "incidents: "]), "Europe/Amsterdam";
    closed_problems: "closed-problems", said [], stated Some(["log-bpic2013", "closed problems: "]), "Europe/Amsterdam";
    bpic2015_1_full: "bpic2015-1-full", said [], stated Some([BPIC15, "1 in full: "]), "Europe/Amsterdam";
    bpic2015_1: "bpic2015-1", said [], stated Some([BPIC15, "1 reduced: "]), "Europe/Amsterdam";
    bpic2015_2: "bpic2015-2", said [], stated Some([BPIC15, "2 reduced: "]), "Europe/Amsterdam";
    bpic2015_3: "bpic2015-3", said [], stated Some([BPIC15, "3 reduced: "]), "Europe/Amsterdam";
    sepsis: "sepsis", said [], stated Some(["log-sepsis", "| "]), "Europe/Amsterdam";
    insurance: "insurance", said [], stated Some(["log-insurance-claims", "| "]), "UTC";
    teleclaims: "teleclaims", said [], stated Some(["log-teleclaims", "| "]), "UTC";
    fines: "fines", said [], stated Some(["log-road-traffic-fines", "| "]), "UTC";
    bpic2019_sample: "bpic2019-sample", said [], stated Some(["log-bpic2019-sample", "| "]), "UTC";
    sim: "sim", said [], stated Some([SIM, "no delay: "]), "UTC";
    sim_1: "sim-1", said [], stated Some([SIM, "1 delayed activity: "]), "UTC";
    sim_3: "sim-3", said [], stated Some([SIM, "; 3: "]), "UTC";
    sim_5: "sim-5", said [], stated Some([SIM, "; 5: "]), "UTC";
    sim_5_after: "sim-5-after", said [], stated Some([SIM, "delay after the activity: "]), "UTC";
}

fn check(log: &Log) {
    let Some(data) = shared() else { return };
    let answers: Value = serde_json::from_str(ANSWERS).unwrap();
    let peer = &answers["logs"][log.name];
    let bench = Bench::new();
    let file = data.join(peer["file"].as_str().unwrap());
    let said = [&["--zone", "UTC"][..], log.said].concat();
    let imported = bench.import(&file, "log", &said);
    assert_eq!(imported["status"], "committed");
    assert_eq!(imported["accepted"], peer["events"], "accepted rows");
    assert_eq!(imported["quarantined"], 0);

    let described = bench.json(&["describe"]);
    assert_eq!(profile(&bench, &described), expected(peer));
    for count in ["cases", "events", "activities", "resources", "first", "last"] {
        assert_eq!(imported[count], described[count], "import and describe differ on {count}");
    }
    if let Some([folder, before]) = log.stated {
        let table = std::fs::read_to_string(data.join("README.md")).unwrap();
        assert_eq!(counts(&described, log.zone), stated(&table, folder, before));
    }
    identity(&bench, &described);
}

/// What the commands say, in the shape of the peer's answers.
fn profile(bench: &Bench, described: &Value) -> Value {
    let map = bench.json(&["map", "--rows", "events"]);
    let variants = bench.json(&["variants", "--rows", "events", "--top", "1000000"]);
    let spans = bench.json(&["lead-times", "--rows", "events"]);
    let pairs = |list: &Value, of: [&str; 2]| -> Vec<Value> {
        let rows = list.as_array().unwrap().iter();
        sorted(rows.map(|r| json!([r[of[0]], r[of[1]]])).collect())
    };
    let named = |ends: &Value| -> Vec<Value> {
        sorted(ends.as_object().unwrap().iter().map(|(k, n)| json!([k, n])).collect())
    };
    let edges: Vec<Value> = map["edges"].as_array().unwrap().to_vec();
    let seconds = |row: &Value| row["lead_time_s"].as_f64().unwrap();
    let micros: Vec<(Value, i64)> = spans
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["case"].clone(), (seconds(row) * 1e6).round() as i64))
        .collect();
    let durations = micros.iter().map(|(case, us)| json!([case, (us + 500).div_euclid(1000)]));
    let by_variant = pairs(&variants["variants"], ["variant", "cases"]);
    json!({
        "cases": described["cases"],
        "events": described["events"],
        "activities": described["activities"],
        "resources": described["resources"],
        "first": instant(&described["first"]).to_string(),
        "last": instant(&described["last"]).to_string(),
        "nodes_sha256": sha(&pairs(&map["activities"], ["name", "events"])),
        "edges": edges.len(),
        "directly_follows": edges.iter().map(|e| e["count"].as_u64().unwrap()).sum::<u64>(),
        "edges_sha256": sha(&sorted(edges.iter().map(|e| json!([e["from"], e["to"], e["count"]])).collect())),
        "starts_sha256": sha(&named(&map["start"])),
        "ends_sha256": sha(&named(&map["end"])),
        "starts": map["start"].as_object().unwrap().len(),
        "ends": map["end"].as_object().unwrap().len(),
        "variants": variants["total"],
        "top_variant_cases": by_variant.iter().map(|v| v[1].as_u64().unwrap()).max(),
        "variants_sha256": sha(&by_variant),
        "durations_sum_s": micros.iter().map(|(_, us)| us).sum::<i64>() as f64 / 1e6,
        "durations_sha256": sha(&sorted(durations.collect())),
    })
}

/// The peer's answers, instants written as ours.
fn expected(peer: &Value) -> Value {
    let mut peer = peer.clone();
    let fields = peer.as_object_mut().unwrap();
    fields.remove("file");
    fields.remove("ignored");
    for end in ["first", "last"] {
        let same = instant(&fields[end]).to_string();
        fields.insert(end.into(), same.into());
    }
    peer
}

fn instant(text: &Value) -> Timestamp {
    text.as_str().unwrap().parse().unwrap()
}

/// Order of Python lists of texts, lists and whole numbers.
fn sorted(mut rows: Vec<Value>) -> Vec<Value> {
    fn order(a: &Value, b: &Value) -> std::cmp::Ordering {
        match (a, b) {
            (Value::String(a), Value::String(b)) => a.cmp(b),
            (Value::Array(a), Value::Array(b)) => a
                .iter()
                .zip(b)
                .map(|(a, b)| order(a, b))
                .find(|o| o.is_ne())
                .unwrap_or(a.len().cmp(&b.len())),
            _ => a.as_i64().cmp(&b.as_i64()),
        }
    }
    rows.sort_by(order);
    rows
}

/// Hash of the text Python writes for a list: a comma is followed by a space.
fn sha(rows: &[Value]) -> String {
    fn write(value: &Value, out: &mut String) {
        let Value::Array(items) = value else { return out.push_str(&value.to_string()) };
        out.push('[');
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                out.push_str(", ");
            }
            write(item, out);
        }
        out.push(']');
    }
    let mut text = String::new();
    write(&Value::Array(rows.to_vec()), &mut text);
    hex::encode(Sha256::digest(text))
}

type Counts = ([u64; 4], [String; 2]);

/// What `describe` says, in the shape of the table of the shared data.
fn counts(described: &Value, zone: &str) -> Counts {
    let zone = TimeZone::get(zone).unwrap();
    let day = |of: &str| instant(&described[of]).to_zoned(zone.clone()).date().to_string();
    let count = |of: &str| described[of].as_u64().unwrap();
    (["cases", "events", "activities", "resources"].map(count), [day("first"), day("last")])
}

/// What the table states: `1,434 cases, 8,577 events (…), 27 activities, 48 resources, 2010-10-02 to 2012-01-23`.
fn stated(table: &str, folder: &str, before: &str) -> Counts {
    let row = table.lines().find(|l| l.starts_with(&format!("| {folder} |"))).unwrap();
    let cell = format!("| {}", row.split(" | ").nth(2).unwrap());
    let (_, tail) = cell.split_once(before).unwrap_or_else(|| panic!("{before} not in {cell}"));
    let tail = tail.split(';').next().unwrap();
    let number = |unit: &str| -> u64 {
        let (head, _) = tail.split_once(&format!(" {unit}")).unwrap();
        head.rsplit(' ').next().unwrap().replace(',', "").parse().unwrap()
    };
    let (first, last) = tail.split_once(" to ").unwrap();
    let first = first.rsplit(' ').next().unwrap();
    (
        ["cases", "events", "activities", "resources"].map(number),
        [first.to_owned(), last.chars().take(10).collect()],
    )
}

/// The ledger balances on every day, days follow one another, and the last one agrees with `describe`.
fn identity(bench: &Bench, described: &Value) {
    let ledger = bench.json(&["ledger", "--by", "day"]);
    let days = ledger.as_array().unwrap();
    assert!(!days.is_empty());
    let mut before: Option<&Value> = None;
    for day in days {
        let of = |field: &str| day[field].as_i64();
        if let (Some(opening), Some(closing)) = (of("opening"), of("closing")) {
            let plus: i64 =
                ["arrivals", "reopened", "corrections", "gap"].iter().filter_map(|f| of(f)).sum();
            let minus: i64 = ["settled_human", "settled_auto", "cancelled", "transferred"]
                .iter()
                .filter_map(|f| of(f))
                .sum();
            assert_eq!(closing, opening + plus - minus, "{day}");
        } else {
            assert_eq!(day["opening"].is_null(), day["closing"].is_null(), "half known: {day}");
        }
        if let Some(before) = before {
            let (closing, opening) = (&before["closing"], &day["opening"]);
            assert!(closing.is_null() || closing == opening, "{before} then {day}");
            let tomorrow =
                before["to"].as_str().unwrap().parse::<jiff::civil::Date>().unwrap().tomorrow();
            assert_eq!(day["from"].as_str().unwrap(), tomorrow.unwrap().to_string());
        }
        before = Some(day);
    }
    let closing = &before.unwrap()["closing"];
    if !described["open_cases"].is_null() && !closing.is_null() {
        assert_eq!(*closing, described["open_cases"], "stock of the last day");
    } else {
        eprintln!("stock unknown: closing {closing}, open cases {}", described["open_cases"]);
    }
}
