//! The stable contract of the command line: exit codes, names of fields, what changes and what must not.

use std::{collections::BTreeMap, fs, path::PathBuf};

use serde_json::{Value, json};

use crate::common::Bench;

/// Five rows of three cases, as a French tool exports them.
const EVENTS: &str = "dossier;activite;date;agent;service\n\
    A-001;Réception;02/01/2025 09:00;dupont-m;Nord\n\
    A-001;Décision;15/01/2025 10:00;durand-p;Nord\n\
    A-002;Réception;03/01/2025 09:00;dupont-m;Sud\n\
    A-002;Décision;20/01/2025 10:00;durand-p;Sud\n\
    A-003;Réception;13/01/2025 09:00;dupont-m;Sud\n";
/// One row more: a case is decided.
const MORE: &str = "dossier;activite;date;agent;service\n\
    A-003;Décision;22/01/2025 09:00;dupont-m;Sud\n";
const COUNTS: &str = "date;arrivées;sorties;stock\n\
    02/01/2025;12;10;102\n03/01/2025;8;11;99\n06/01/2025;15;9;110\n";
const RULES: &str = "[states]\nsettled = [\"Décision\"]\n\n[[target]]\ndays = 10\ncounter = \"worked\"\nshare = 0.9\n";

fn bench() -> Bench {
    let bench = Bench::new();
    let file = bench.file("events.csv", EVENTS);
    assert_eq!(bench.import(&file, "droits", &[])["status"], "committed");
    bench
}

fn names(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// Every file of the data directory with its size.
fn stored(bench: &Bench) -> BTreeMap<PathBuf, u64> {
    let mut found = BTreeMap::new();
    let mut folders = vec![bench.path("data")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                found.insert(entry.path(), entry.metadata().unwrap().len());
            }
        }
    }
    found
}

fn parquet_files(bench: &Bench) -> Vec<PathBuf> {
    stored(bench).into_keys().filter(|p| p.extension().is_some_and(|e| e == "parquet")).collect()
}

#[test]
fn zero_is_done() {
    let bench = bench();
    for args in [
        &["describe"][..],
        &["imports", "list"],
        &["cases"],
        &["ledger"],
        &["indicators"],
        &["lead-times"],
        &["map"],
        &["variants"],
        &["config", "show"],
        &["verify"],
        &["--help"],
        &["--version"],
    ] {
        let ran = bench.run(args);
        assert_eq!(ran.code, 0, "{args:?}: {}", ran.err);
        assert!(!ran.out.is_empty(), "{args:?}");
    }
}

#[test]
fn one_is_failed() {
    let bench = bench();
    for args in [
        &["describe", "--process", "inconnu"][..],
        &["map", "--process", "inconnu"],
        &["import", "absent.csv", "--process", "droits"],
        &["imports", "undo", "999"],
        &["export", "cases", "--to", "no/such/folder/cases.csv"],
    ] {
        let ran = bench.run(args);
        assert_eq!(ran.code, 1, "{args:?}: {}{}", ran.out, ran.err);
        assert!(ran.out.is_empty() && !ran.err.is_empty(), "{args:?}: nothing but a message");
    }
}

#[test]
fn two_is_usage() {
    let bench = bench();
    let counts = bench.file("counts.csv", COUNTS);
    bench.import(&counts, "comptages", &[]);
    for args in [
        &["nothing-of-the-kind"][..],
        &["import"],
        &["import", "events.csv"],
        &["import", "events.csv", "--process", "not an id"],
        &["import", "events.csv", "--process", "autre", "--kind", "soup"],
        &["import", "events.csv", "--process", "autre", "--zone", "Europe/Nowhere"],
        &["import", "events.csv", "--process", "autre", "--replace", "2025"],
        // Two processes: one must be named.
        &["describe"],
        &["describe", "--from", "31/01/2025"],
        &["describe", "--rows", "soup"],
        &["ledger", "--by", "century"],
        &["ledger", "--group-by", "person"],
        &["indicators", "--process", "droits", "--id", "soup"],
        &["export", "cases", "--to", "cases.txt"],
        &["export", "soup", "--process", "droits", "--to", "soup.csv"],
        &["describe", "--format", "xml"],
        &["describe", "--lang", "de"],
        &["serve", "--bind", "0.0.0.0:1"],
        &["serve", "--bind", "192.0.2.1:8000"],
        &["serve", "--bind", "soup"],
    ] {
        let ran = bench.run(args);
        assert_eq!(ran.code, 2, "{args:?}: {}{}", ran.out, ran.err);
        assert!(ran.out.is_empty() && !ran.err.is_empty(), "{args:?}: nothing but a message");
    }
}

#[test]
fn serving_beyond_this_machine_is_refused_in_words() {
    let bench = Bench::new();
    let fr = bench.run(&["serve", "--bind", "0.0.0.0:1"]);
    let en = bench.run(&["serve", "--bind", "0.0.0.0:1", "--lang", "en"]);
    assert_eq!((fr.code, en.code), (2, 2));
    assert!(fr.err.contains("visible du réseau"), "{}", fr.err);
    assert!(en.err.contains("visible on the network"), "{}", en.err);
}

/// A file, its process, what it should be, words of the message in French and in English.
#[test]
fn three_is_refused_or_a_choice_and_says_what_to_do() {
    let rows = |text: &str| format!("dossier;activite;date\n{text}");
    let cases = [
        (
            "two.csv",
            "a;b;c\n1;x;2025-01-02\n2;y;2025-01-03\n".to_owned(),
            "choice_needed",
            "choose_column",
            "quelle colonne",
            "which column",
        ),
        ("header.csv", rows(""), "refused", "header_only", "aucune ligne", "no row"),
        ("empty.csv", String::new(), "refused", "empty_file", "est vide", "is empty"),
        ("cut.xes", "<log><trace><event>".to_owned(), "refused", "truncated", "", ""),
        (
            "entity.xes",
            "<?xml version=\"1.0\"?><!DOCTYPE log [<!ENTITY a \"b\">]><log><trace/></log>"
                .to_owned(),
            "refused",
            "xml_entity",
            "",
            "",
        ),
    ];
    for (name, text, status, code, fr, en) in cases {
        let bench = Bench::new();
        bench.file(name, &text);
        let said = ["import", name, "--process", "p"];
        for (lang, words) in [("fr", fr), ("en", en)] {
            let ran = bench.run(&[&said[..], &["--lang", lang]].concat());
            assert_eq!(ran.code, 3, "{name}: {}", ran.err);
            let report = ran.json();
            assert_eq!(report["status"], status, "{name}");
            assert_eq!(report["accepted"], 0);
            assert_eq!(report["findings"][0]["code"], code, "{name}");
            let message = report["findings"][0]["message"].as_str().unwrap();
            assert!(message.contains(words), "{name}: {message}");
            assert!(ran.err.contains(message), "the message is on standard error too: {}", ran.err);
            // Warnings about the machine may stand before it.
            let last = report["message"][lang].as_str().unwrap();
            assert!(ran.err.trim_end().ends_with(last), "{last}: {}", ran.err);
        }
        assert_eq!(bench.json(&["imports", "list"]), Value::Array(Vec::new()));
        assert_eq!(bench.run(&["describe", "--process", "p"]).code, 1, "no process was made");
        assert_eq!(parquet_files(&bench), Vec::<PathBuf>::new());
    }
}

#[test]
fn a_column_or_a_role_that_does_not_exist_is_refused() {
    let bench = Bench::new();
    bench.file("events.csv", EVENTS);
    for column in ["soup", "soup=dossier", "case=absente"] {
        let ran = bench.run(&["import", "events.csv", "--process", "p", "--column", column]);
        assert_eq!(ran.code, 3, "{column}: {}", ran.err);
        assert_eq!(ran.json()["status"], "refused", "{column}");
    }
    assert_eq!(parquet_files(&bench), Vec::<PathBuf>::new());
}

#[test]
fn a_choice_is_answered_by_one_option() {
    let bench = Bench::new();
    let file = bench.file("two.csv", "a;b;c\n1;x;2025-01-02\n2;y;2025-01-03\n");
    let report = bench.import(&file, "p", &["--column", "case=a,activity=b"]);
    assert_eq!((&report["status"], &report["cases"]), (&"committed".into(), &2.into()));
}

#[test]
fn an_unknown_process_is_said_in_both_languages() {
    let bench = bench();
    let fr = bench.run(&["describe", "--process", "inconnu"]);
    let en = bench.run(&["describe", "--process", "inconnu", "--lang", "en"]);
    assert!(fr.err.contains("« inconnu » n’existe pas"), "{}", fr.err);
    assert!(en.err.contains("“inconnu” does not exist"), "{}", en.err);
}

/// The fields that scripts read, by name.
#[test]
fn every_field_of_the_contract_is_there() {
    let bench = bench();
    let file = bench.file("events.csv", EVENTS);
    let report = bench.import(&file, "autre", &[]);
    let has = |value: &Value, fields: &str| {
        for field in fields.split(", ") {
            assert!(names(value).contains(&field), "{field} is missing from {value}");
        }
    };
    has(
        &report,
        "status, sha256, rows_read, accepted, quarantined, duplicates, cases, events, activities, resources, first, last, findings",
    );
    let in_process = |args: &[&str]| bench.json(&[args, &["--process", "droits"]].concat());
    has(
        &in_process(&["describe"]),
        "cases, open_cases, events, activities, variants, resources, first, last",
    );
    has(
        &in_process(&["ledger"])[0],
        "period, opening, arrivals, settled_human, settled_auto, cancelled, transferred, reopened, corrections, gap, closing",
    );
    let indicators = in_process(&["indicators"]);
    for row in indicators.as_array().unwrap() {
        has(
            row,
            "id, label, value, numerator, denominator, unit, n, interval, formula_version, period",
        );
        assert!(row["label"].is_string(), "{row}");
    }
    let ids: Vec<&str> =
        indicators.as_array().unwrap().iter().map(|r| r["id"].as_str().unwrap()).collect();
    let wanted = "stock stock_actionable stock_days backlog_age_15 oldest_age clearance return_rate \
        straight_through_rate lead_time_mean lead_time_p50 lead_time_p75 lead_time_p90 net_lead_time_mean \
        net_lead_time_p50 net_lead_time_p75 net_lead_time_p90 in_time_closed in_time_due overdue \
        due_soon_1 due_soon_3 due_soon_5";
    for id in wanted.split_whitespace() {
        assert!(ids.contains(&id), "{id} is not an indicator");
        let only = in_process(&["indicators", "--id", id]);
        assert_eq!(only.as_array().unwrap().len(), 1);
        assert_eq!(only[0]["id"], id);
    }
    has(&in_process(&["lead-times"])[0], "case, opened, closed, lead_time_s, worked_days");
    let map = in_process(&["map"]);
    has(&map, "activities, edges, start, end");
    has(&map["activities"][0], "name, events, cases");
    has(&map["edges"][0], "from, to, count, cases, mean_s, median_s, p90_s");
    let variants = in_process(&["variants"]);
    has(&variants, "total, variants");
    has(&variants["variants"][0], "variant, cases, share, median_lead_time_s");
}

/// Every name and kind of value of every command: a change here is a change for scripts.
#[test]
fn names_of_fields_do_not_change_unseen() {
    fn walk(path: &str, value: &Value, out: &mut Vec<String>) {
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "text",
            Value::Array(items) => {
                out.push(format!("{path}: list"));
                if let Some(first) = items.first() {
                    walk(&format!("{path}[]"), first, out);
                }
                return;
            }
            Value::Object(fields) => {
                // The keys of these are activities, not names.
                let fields =
                    fields.iter().filter(|_| !path.ends_with("start") && !path.ends_with("end"));
                out.push(format!("{path}: object"));
                return fields.for_each(|(k, v)| walk(&format!("{path}.{k}"), v, out));
            }
        };
        out.push(format!("{path}: {kind}"));
    }
    let bench = bench();
    let rules = bench.file("rules.toml", RULES);
    bench.file("faulty.csv", &EVENTS.replace("A-002;Décision", "A-002;"));
    let rules = rules.to_str().unwrap();
    let mut seen = Vec::new();
    for (name, args) in [
        ("import", &["import", "faulty.csv", "--process", "autre", "--dry-run"][..]),
        ("config import", &["config", "import", rules, "--from", "2025-01-01"]),
        ("config check", &["config", "check", rules]),
        ("imports list", &["imports", "list"]),
        ("describe", &["describe"]),
        ("cases", &["cases"]),
        ("ledger", &["ledger"]),
        (
            "ledger by",
            &["ledger", "--by", "month", "--group-by", "org,unit,process,product,channel"],
        ),
        ("indicators", &["indicators", "--id", "in_time_closed"]),
        ("lead-times", &["lead-times"]),
        ("map", &["map"]),
        ("variants", &["variants"]),
        ("export", &["export", "cases", "--to", "cases.csv"]),
        ("imports undo", &["imports", "undo", "1"]),
    ] {
        walk(name, &bench.json(args), &mut seen);
    }
    insta::assert_snapshot!("fields", seen.join("\n"));
}

#[test]
fn the_same_file_twice_changes_nothing() {
    let bench = bench();
    let before = bench.json(&["describe"]);
    let stock = bench.json(&["ledger"]);
    let files = parquet_files(&bench);
    let first = bench.json(&["imports", "list"]);
    let again = bench.import(&bench.path("events.csv"), "droits", &[]);
    assert_eq!(again["status"], "unchanged");
    assert_eq!(again["id"], first[0]["id"]);
    assert_eq!(again["events"], 5);
    assert_eq!(bench.json(&["describe"]), before);
    assert_eq!(bench.json(&["ledger"]), stock);
    assert_eq!(bench.json(&["imports", "list"]), first);
    assert_eq!(parquet_files(&bench), files);
    // The same bytes under another name are the same delivery.
    let copy = bench.file("copy.csv", EVENTS);
    assert_eq!(bench.import(&copy, "droits", &[])["status"], "unchanged");
    // In another process they are not.
    assert_eq!(bench.import(&copy, "autre", &[])["status"], "committed");
}

#[test]
fn a_dry_run_leaves_nothing() {
    let bench = Bench::new();
    let file = bench.file("events.csv", EVENTS);
    let dry = bench.import(&file, "droits", &["--dry-run"]);
    assert_eq!(dry["status"], "dry_run");
    assert_eq!(bench.json(&["imports", "list"]), Value::Array(Vec::new()));
    assert_eq!(bench.run(&["describe", "--process", "droits"]).code, 1);
    assert_eq!(parquet_files(&bench), Vec::<PathBuf>::new());
    // What it said is what the import says.
    let mut done = bench.import(&file, "droits", &[]);
    for of in ["status", "id", "snapshot"] {
        assert_ne!(done[of], dry[of], "{of}");
        done[of] = dry[of].clone();
    }
    assert_eq!(done, dry);
    // On a process that has data, its figures stay.
    let before = bench.json(&["describe"]);
    let more = bench.file("more.csv", MORE);
    assert_eq!(bench.import(&more, "droits", &["--dry-run"])["status"], "dry_run");
    assert_eq!(bench.json(&["describe"]), before);
}

#[test]
fn rows_refused_do_not_refuse_the_file() {
    let bench = Bench::new();
    let file = bench.file(
        "q.csv",
        "dossier;activite;date\nA;x;2025-01-02 10:00\nB;;2025-01-03 10:00\nC;y;pas une date\nD;y;2025-01-04 10:00\n",
    );
    let report = bench.import(&file, "p", &["--lang", "en"]);
    assert_eq!(report["status"], "committed");
    let count = |of: &str| report[of].as_u64().unwrap();
    assert_eq!((count("rows_read"), count("accepted"), count("quarantined")), (4, 2, 2));
    let lines: Vec<_> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (f["line"].as_u64(), f["column"].as_str(), f["code"].as_str().unwrap()))
        .collect();
    assert_eq!(
        lines,
        [(Some(3), Some("activite"), "missing_activity"), (Some(4), Some("date"), "bad_date")]
    );
    assert_eq!(report["findings"][1]["message"], "\"xxx xxx xxxx\" is not a date");
}

#[test]
fn several_files_answer_a_list() {
    let bench = Bench::new();
    bench.file("events.csv", EVENTS);
    bench.file("more.csv", MORE);
    bench.file("empty.csv", "");
    let both = bench.json(&["import", "events.csv", "more.csv", "--process", "p"]);
    assert_eq!(names(&both), ["files"]);
    let files = both["files"].as_array().unwrap();
    assert_eq!(files.iter().map(|f| &f["file"]).collect::<Vec<_>>(), ["events.csv", "more.csv"]);
    assert_eq!(bench.json(&["describe"])["events"], 6);
    assert_eq!(bench.json(&["describe"])["cases"], 3, "the third case goes on");
    // One refused: the others are stored, and the exit code says that something was not.
    let ran = bench.run(&["import", "empty.csv", "events.csv", "--process", "q"]);
    assert_eq!(ran.code, 3);
    let files = &ran.json()["files"];
    assert_eq!(
        (&files[0]["status"], &files[1]["status"]),
        (&"refused".into(), &"committed".into())
    );
}

#[test]
fn an_import_is_listed_and_taken_back() {
    let bench = bench();
    let before = bench.json(&["describe"]);
    let more = bench.file("more.csv", MORE);
    let id = bench.import(&more, "droits", &[])["id"].to_string();
    assert_eq!(bench.json(&["describe"])["events"], 6);
    let listed = bench.json(&["imports", "list", "--process", "droits"]);
    let files: Vec<_> = listed.as_array().unwrap().iter().map(|i| &i["file"]).collect();
    assert_eq!(files, ["more.csv", "events.csv"], "latest first");
    let undone = bench.json(&["imports", "undo", &id, "--reason", "erreur"]);
    assert_eq!(undone["status"], "undone");
    assert_eq!(bench.json(&["describe"]), before);
    assert_eq!(bench.json(&["imports", "list"])[0]["status"], "undone", "the history keeps it");
    // It can come again.
    assert_eq!(bench.import(&more, "droits", &[])["status"], "committed");
    assert_eq!(bench.json(&["describe"])["events"], 6);
}

#[test]
fn a_period_is_replaced_only_when_told() {
    let bench = bench();
    let file = bench.file("again.csv", &EVENTS.replace("A-003", "A-004"));
    let report = bench.import(&file, "droits", &["--replace", "2025-01-13..2025-01-31"]);
    assert_eq!(report["status"], "committed");
    let cases = bench.json(&["lead-times"]);
    let cases: Vec<_> = cases.as_array().unwrap().iter().map(|c| &c["case"]).collect();
    assert_eq!(cases, ["A-001", "A-002", "A-004"], "{report}");
    assert_eq!(bench.json(&["describe"])["events"], 5);
}

#[test]
fn rules_are_shown_checked_and_stored() {
    let bench = bench();
    assert_eq!(bench.json(&["config", "show"])["versions"], Value::Array(Vec::new()));
    let rules = bench.file("rules.toml", RULES);
    let rules = rules.to_str().unwrap();
    assert_eq!(bench.json(&["config", "check", rules])["problems"], Value::Array(Vec::new()));
    assert_eq!(bench.json(&["config", "show"])["versions"], Value::Array(Vec::new()));
    let stored = bench.json(&["config", "import", rules, "--from", "2025-01-01"]);
    let shown = bench.json(&["config", "show"]);
    assert_eq!(shown["versions"].as_array().unwrap().len(), 1);
    assert_eq!(shown, stored, "import answers what show shows");
    // The two decided cases are closed, the third is open.
    assert_eq!(bench.json(&["describe"])["open_cases"], 1);
    let spans = bench.json(&["lead-times"]);
    let closed: Vec<bool> =
        spans.as_array().unwrap().iter().map(|s| s["closed"].is_string()).collect();
    assert_eq!(closed, [true, true, false]);
    // Eleven worked days from 3 to 20 January are more than ten; nine from 2 to 15 are not.
    let in_time = &bench.json(&["indicators", "--id", "in_time_closed"])[0];
    assert_eq!((&in_time["numerator"], &in_time["denominator"]), (&1.0.into(), &2.0.into()));

    let bad = bench.file("bad.toml", "soup = 1\n");
    let wrong = bench.file("wrong.toml", "zone = \"Europe/Nowhere\"\n");
    for file in [bad, wrong] {
        for action in [&["config", "check"][..], &["config", "import"]] {
            let ran = bench.run(&[action, &[file.to_str().unwrap()]].concat());
            assert_eq!(ran.code, 3, "{action:?} {file:?}: {}{}", ran.out, ran.err);
        }
    }
    assert_eq!(bench.json(&["config", "show"]), shown, "a refused file changes nothing");
}

#[test]
fn lists_are_written_as_typed_files() {
    let bench = bench();
    for what in ["ledger", "indicators", "cases", "lead-times"] {
        for (end, magic) in
            [("xlsx", &b"PK\x03\x04"[..]), ("csv", b"\xef\xbb\xbf"), ("parquet", b"PAR1")]
        {
            let name = format!("{what}.{end}");
            let said = bench.json(&["export", what, "--to", &name]);
            assert_eq!(names(&said), ["file", "rows", "bytes"]);
            assert!(said["rows"].as_u64().unwrap() > 0);
            let bytes = fs::read(bench.path(&name)).unwrap();
            assert_eq!(said["bytes"], bytes.len());
            assert!(bytes.starts_with(magic), "{name}");
        }
    }
    let text = fs::read_to_string(bench.path("lead-times.csv")).unwrap();
    let lines: Vec<&str> = text.trim_start_matches('\u{feff}').split_terminator("\r\n").collect();
    assert_eq!(lines.len(), 4);
    assert!(lines[0].contains(';') && lines[1].starts_with("droits;A-001;"), "{text}");
    assert!(lines[1].contains("02/01/2025"), "a French day: {text}");
    bench.json(&["export", "lead-times", "--to", "iso.csv", "--iso"]);
    let text = fs::read_to_string(bench.path("iso.csv")).unwrap();
    assert!(text.contains("droits,A-001,2025-01-02"), "{text}");
    // `--to` is the file; the days are `--from` and `--until`.
    let days = &["--from", "2025-01-06", "--until", "2025-01-08"];
    let said = bench.json(&[&["export", "ledger", "--to", "days.csv"], &days[..]].concat());
    assert_eq!(said["rows"], 3);
    // An older export is replaced whole.
    bench.json(&["export", "lead-times", "--to", "iso.csv"]);
    assert!(fs::read_to_string(bench.path("iso.csv")).unwrap().contains(';'));
}

#[test]
fn answers_are_printed_as_csv_and_tables() {
    let bench = bench();
    let csv = bench.run(&["lead-times", "--format", "csv", "--rows", "events"]);
    assert_eq!(csv.code, 0);
    let lines: Vec<&str> = csv.out.lines().collect();
    assert_eq!(lines[0], "case,opened,closed,lead_time_s,worked_days");
    assert_eq!(lines.len(), 4);
    assert!(lines[1].starts_with("A-001,2025-01-02T08:00:00Z,,1126800"), "{}", lines[1]);
    let edges = bench.run(&["variants", "--format", "csv"]).out;
    assert!(
        edges.starts_with("id,variant,cases,share,cumulative_share,median_lead_time_s,")
            && edges.contains(",Réception → Décision,2,"),
        "{edges}"
    );
    let table = bench.run(&["describe", "--format", "table"]).out;
    assert!(table.lines().any(|l| l.split_whitespace().eq(["cases", "3"])), "{table}");
    let table = bench.run(&["lead-times", "--format", "table"]).out;
    assert!(table.starts_with("case ") && table.lines().count() == 4, "{table}");
    // Not a terminal: JSON unless told.
    assert_eq!(bench.run(&["describe"]).out, bench.run(&["describe", "--format", "json"]).out);
}

#[test]
fn counts_are_a_ledger_with_its_gap_in_sight() {
    let bench = Bench::new();
    let file = bench.file("counts.csv", COUNTS);
    let report = bench.import(&file, "p", &[]);
    assert_eq!((&report["kind"], &report["accepted"]), (&"counts".into(), &3.into()));
    assert!(
        report["findings"].as_array().unwrap().iter().any(|f| f["code"] == "outputs_not_split")
    );
    let ledger = bench.json(&["ledger"]);
    let days = ledger.as_array().unwrap();
    let column = |of: &str| days.iter().map(|d| d[of].as_i64()).collect::<Vec<_>>();
    assert_eq!(column("opening"), [Some(100), Some(102), Some(99)]);
    assert_eq!(column("closing"), [Some(102), Some(99), Some(110)]);
    assert_eq!(
        column("gap"),
        [Some(0), Some(0), Some(5)],
        "five cases came from nowhere, in sight"
    );
    assert_eq!(column("settled_human"), [Some(10), Some(11), Some(9)]);
    assert_eq!(column("settled_auto"), [None; 3]);
    // What counts cannot tell is unknown, never zero.
    assert_eq!(bench.json(&["describe"])["open_cases"], Value::Null);
}

#[test]
fn a_national_number_never_comes_out() {
    let number = "1850578006084";
    let whole = format!("{number}{:02}", 97 - number.parse::<u64>().unwrap() % 97);
    let text = format!(
        "dossier;activite;date\n{whole};x;2025-01-02 10:00\nB;appel de {whole};2025-01-03 10:00\n"
    );
    let bench = Bench::new();
    let file = bench.file("nir.csv", &text);
    let strict = bench.run(&["import", file.to_str().unwrap(), "--process", "p", "--strict-nir"]);
    assert_eq!(strict.code, 3);
    let report = strict.json();
    assert_eq!(
        (&report["status"], &report["findings"][0]["code"]),
        (&"refused".into(), &"nir_refused".into())
    );
    assert_eq!(bench.json(&["imports", "list"]), Value::Array(Vec::new()));
    let mut said = strict.out + &strict.err;
    let kept = bench.import(&file, "p", &[]);
    assert!(
        kept["findings"].as_array().unwrap().iter().any(|f| f["code"] == "nir_replaced"),
        "{kept}"
    );
    said += &kept.to_string();
    for command in ["describe", "cases", "lead-times", "map", "variants"] {
        said += &bench.run(&[command]).out;
    }
    assert!(!said.contains(number), "{said}");
    assert_eq!(bench.json(&["describe"])["cases"], 2);
    for path in stored(&bench).into_keys() {
        let bytes = fs::read(&path).unwrap();
        assert!(!bytes.windows(13).any(|w| w == number.as_bytes()), "{}", path.display());
    }
}

#[test]
fn nobody_is_named() {
    let bench = bench();
    let mut said = String::new();
    for command in ["describe", "cases", "lead-times", "map", "variants", "ledger", "indicators"] {
        said += &bench.run(&[command]).out;
    }
    for what in ["cases", "lead-times"] {
        bench.json(&["export", what, "--to", "out.csv"]);
        said += &fs::read_to_string(bench.path("out.csv")).unwrap();
    }
    assert!(!said.contains("dupont") && !said.contains("durand"), "{said}");
    for path in stored(&bench).into_keys() {
        let bytes = fs::read(&path).unwrap();
        assert!(!bytes.windows(8).any(|w| w == b"dupont-m"), "{}", path.display());
    }
}

#[test]
fn days_and_processes_narrow_every_answer() {
    let bench = bench();
    let more = bench.file("more.csv", MORE);
    bench.import(&more, "autre", &[]);
    assert_eq!(bench.json(&["describe", "--process", "autre"])["events"], 1);
    assert_eq!(bench.json(&["describe", "--process", "droits"])["events"], 5);
    let ledger = bench.json(&[
        "ledger",
        "--process",
        "droits",
        "--from",
        "2025-01-03",
        "--to",
        "2025-01-10",
    ]);
    let days = ledger.as_array().unwrap();
    assert_eq!(days.first().unwrap()["period"], "2025-01-03");
    assert_eq!(days.last().unwrap()["period"], "2025-01-10");
    assert_eq!(days.iter().filter_map(|d| d["arrivals"].as_i64()).sum::<i64>(), 1);
    let south = bench.json(&["ledger", "--process", "droits", "--unit", "Sud", "--by", "month"]);
    assert_eq!(south[0]["arrivals"], 2);
    // Without --process, lists hold every process.
    let all = bench.json(&["cases"]);
    assert_eq!(all.as_array().unwrap().len(), 4);
}

#[test]
fn a_staff_list_is_looked_at_written_once_and_written_back() {
    let bench = bench();
    let list = "Matricule;Nom;Prénom;Organisme;Service;Équipe;Quotité;Du\r\n\
        A1;Petit;Zoé;Caisse A;Prestations;Équipe 1;0,8;01/01/2025\r\n\
        A2;Durand;Jo;Caisse A;Prestations;Équipe 2;1;01/01/2025\r\n\
        A3;Marty;Lou;Caisse A;Prestations;Équipe 2;trois;01/01/2025\r\n";
    let file = bench.file("personnel.csv", list);
    let file = file.to_str().unwrap();
    let seen = bench.json(&["staff", "import", file, "--names", "--dry-run"]);
    assert_eq!((&seen["status"], &seen["people_added"]), (&json!("dry_run"), &json!(2)));
    let bad = &seen["findings"][0];
    assert_eq!((&bad["line"], &bad["column"]), (&json!(4), &json!("Quotité")), "{seen}");
    assert!(bad["message"].as_str().unwrap().contains("pas un nombre"), "{bad}");
    let made = bench.json(&["staff", "import", file, "--names"]);
    assert_eq!((&made["status"], &made["changes"]), (&json!("committed"), &seen["changes"]));
    assert_eq!(bench.json(&["staff", "import", file, "--names"])["status"], "unchanged");
    let away = bench.file("away.csv", "Matricule;Du;Au;Motif\r\nA1;07/07/2025;11/07/2025;CP\r\n");
    let away = bench.json(&["staff", "absences", away.to_str().unwrap()]);
    assert_eq!((&away["status"], &away["facts_added"]), (&json!("committed"), &json!(1)));
    for name in ["out.xlsx", "out.csv"] {
        let to = bench.path(name);
        bench.json(&["staff", "export", "--to", to.to_str().unwrap()]);
        let again = bench.json(&["staff", "import", to.to_str().unwrap(), "--names"]);
        assert_eq!(again["status"], "unchanged", "{name}: {again}");
    }
    let calendar = bench.path("out.ics");
    bench.json(&["staff", "calendar", "--to", calendar.to_str().unwrap()]);
    assert!(fs::read_to_string(calendar).unwrap().starts_with("BEGIN:VCALENDAR"));
    for list in ["staff", "absences"] {
        let to = bench.path("modele.xlsx");
        bench.json(&["staff", "template", list, "--to", to.to_str().unwrap()]);
        assert!(std::fs::read(&to).unwrap().starts_with(b"PK"));
    }
    // What cannot be read says what to do, and ends with the code of refusals.
    let odd = bench.file("odd.csv", "Couleur;Forme\r\nrouge;rond\r\n");
    let ran = bench.run(&["staff", "import", odd.to_str().unwrap()]);
    assert_eq!(
        (ran.code, ran.json()["status"].as_str()),
        (3, Some("choice_needed")),
        "{}",
        ran.out
    );
    assert!(ran.err.contains("--column person="), "{}", ran.err);
    assert_eq!(bench.run(&["staff", "export", "--to", "list.parquet"]).code, 2);
    assert_eq!(bench.run(&["staff", "import", "nowhere.csv"]).code, 1);
}
