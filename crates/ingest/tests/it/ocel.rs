//! Object-centric logs: three encodings, one flattening; figures of pm4py; damage.

use eclusier_ingest::{Code, Format, Hints, IngestError, Mapping, ocel};
use proptest::prelude::*;

use crate::common::{Outcome, Stored, file_of, gzip, read_path, run_with, shared, us};

/// Reads a shared example flattened on a type. The XML and SQLite examples give
/// clock times of central Europe without offset, the JSON one gives instants.
fn flat(file: &str, kind: &str) -> Option<Outcome> {
    let path = shared(&format!("ocel-examples/{file}"))?;
    let mapping = Mapping { object_type: Some(kind.into()), ..Mapping::default() };
    Some(run_with(
        "Europe/Paris",
        |_| (),
        |ctx, sink| ocel::read_events(&path, &mapping, ctx, sink),
    ))
}

fn sorted(outcome: &Outcome) -> Vec<Stored> {
    let mut rows = outcome.kept.rows();
    rows.sort_by(|a, b| (&a.case, a.time, &a.activity).cmp(&(&b.case, b.time, &b.activity)));
    for row in &mut rows {
        row.seq = 0;
    }
    rows
}

/// Type, rows, cases, activities by `pm4py.ocel_flattening`, pm4py 2.7.23.
const EXAMPLE: &[(&str, u64, usize, u64)] = &[
    ("Invoice", 9, 3, 5),
    ("Payment", 3, 3, 1),
    ("Purchase Order", 5, 2, 3),
    ("Purchase Requisition", 3, 1, 3),
];

#[test]
fn three_encodings_of_one_log_flatten_alike_and_as_pm4py_does() {
    for &(kind, rows, cases, activities) in EXAMPLE {
        let Some(json) = flat("ocel20_example.jsonocel", kind) else { return };
        let Some(xml) = flat("ocel20_example.xmlocel", kind) else { return };
        let Some(sqlite) = flat("ocel20_example.sqlite", kind) else { return };
        let wanted = sorted(&json);
        for (name, outcome) in [("json", &json), ("xml", &xml), ("sqlite", &sqlite)] {
            let report = outcome.report();
            assert_eq!(
                (report.accepted, report.quarantined, report.activities),
                (rows, 0, activities),
                "{name} {kind}"
            );
            assert_eq!(sorted(outcome), wanted, "{name} {kind}");
            let found: std::collections::BTreeSet<_> =
                outcome.kept.rows().into_iter().map(|r| r.case).collect();
            assert_eq!(found.len(), cases, "{name} {kind}");
            assert!(report.findings.iter().any(|f| f.code == Code::OcelFlattened), "{name} {kind}");
        }
    }
}

#[test]
fn first_and_last_agree_with_pm4py() {
    let Some(json) = flat("ocel20_example.jsonocel", "Invoice") else { return };
    let report = json.report();
    assert_eq!(report.first, Some(us("2022-01-14T11:00:00Z")));
    assert_eq!(report.last, Some(us("2022-02-28T22:00:00Z")));
}

/// File, type, rows, cases, activities, first, last by pm4py 2.7.23.
type Known = (&'static str, &'static str, u64, usize, u64, &'static str, &'static str);
const OLDER: &[Known] = &[
    (
        "recruiting_red.jsonocel.gz",
        "applications",
        6_607,
        916,
        12,
        "2019-05-20T12:26:57Z",
        "2019-11-18T14:52:27Z",
    ),
    (
        "recruiting_red.jsonocel.gz",
        "offers",
        270,
        135,
        3,
        "2019-06-20T15:15:56Z",
        "2019-10-29T16:22:55Z",
    ),
    (
        "order_management_ocel1.csv.gz",
        "items",
        27_805,
        8_159,
        5,
        "2019-05-20T07:07:47Z",
        "2020-08-21T23:00:00Z",
    ),
    (
        "order_management_ocel1.csv.gz",
        "orders",
        6_514,
        2_000,
        4,
        "2019-05-20T07:07:47Z",
        "2020-07-09T09:49:29Z",
    ),
    (
        "order_management_ocel1.csv.gz",
        "packages",
        4_366,
        1_325,
        4,
        "2019-05-23T09:00:25Z",
        "2020-08-25T14:30:41Z",
    ),
];

#[test]
fn logs_of_the_first_version_have_the_figures_of_pm4py() {
    for &(file, kind, rows, cases, activities, first, last) in OLDER {
        let Some(outcome) = flat(file, kind) else { return };
        let report = outcome.report();
        assert_eq!((report.accepted, report.activities), (rows, activities), "{file} {kind}");
        assert_eq!((report.first, report.last), (Some(us(first)), Some(us(last))), "{file} {kind}");
        let found: std::collections::BTreeSet<_> =
            outcome.kept.rows().into_iter().map(|r| r.case).collect();
        assert_eq!(found.len(), cases, "{file} {kind}");
    }
}

#[test]
fn the_entry_point_recognises_every_encoding_by_itself() {
    for (file, kind, rows) in [
        ("ocel20_example.jsonocel", "Invoice", 9),
        ("ocel20_example.xmlocel", "Invoice", 9),
        ("ocel20_example.sqlite", "Invoice", 9),
        ("recruiting_red.jsonocel.gz", "offers", 270),
        ("order_management_ocel1.csv.gz", "orders", 6_514),
    ] {
        let Some(path) = shared(&format!("ocel-examples/{file}")) else { return };
        let unsaid = read_path(eclusier_ingest::read::read_events, &path, &Mapping::default());
        assert_eq!(unsaid.code(), Code::ChooseObjectType, "{file}");
        let preview = eclusier_ingest::read::inspect(&path, file, &Hints::default()).unwrap();
        assert!(preview.object_types.len() > 1, "{file}");
        // The mapping a person completes from the preview is enough.
        let mapping = Mapping { object_type: Some(kind.into()), ..preview.mapping };
        let outcome = read_path(eclusier_ingest::read::read_events, &path, &mapping);
        assert_eq!(outcome.report().accepted, rows, "{file}");
    }
}

#[test]
fn several_types_are_a_question_with_their_counts() {
    for file in ["ocel20_example.jsonocel", "ocel20_example.xmlocel", "ocel20_example.sqlite"] {
        let Some(path) = shared(&format!("ocel-examples/{file}")) else { return };
        let outcome = read_path(ocel::read_events, &path, &Mapping::default());
        assert!(matches!(
            outcome.report,
            Err(IngestError::Choice { code: Code::ChooseObjectType, .. })
        ));
        assert!(outcome.kept.rows().is_empty());
        let unknown = Mapping { object_type: Some("Facture".into()), ..Mapping::default() };
        assert_eq!(read_path(ocel::read_events, &path, &unknown).code(), Code::ChooseObjectType);
        let types = ocel::object_types(&path, file, &Hints::default()).unwrap();
        let counts: Vec<_> = types.iter().map(|t| (t.name.as_str(), t.objects, t.events)).collect();
        // Objects and events by pm4py 2.7.23.
        assert_eq!(
            counts,
            [
                ("Invoice", 3, 9),
                ("Payment", 3, 3),
                ("Purchase Order", 2, 5),
                ("Purchase Requisition", 1, 3)
            ]
        );
        let preview = ocel::inspect(&path, file, &Hints::default()).unwrap();
        assert_eq!(preview.questions.len(), 1);
        assert_eq!(preview.questions[0].answers.len(), 4);
        assert!(preview.columns.iter().any(|c| c.reference == "invoice_inserter"));
        let said = Hints {
            mapping: Some(Mapping { object_type: Some("Invoice".into()), ..Mapping::default() }),
            ..Hints::default()
        };
        let preview = ocel::inspect(&path, file, &said).unwrap();
        assert!(preview.questions.is_empty());
        assert_eq!(preview.mapping.object_type.as_deref(), Some("Invoice"));
    }
}

fn json(objects: &str, events: &str) -> String {
    format!(r#"{{"objectTypes":[],"eventTypes":[],"events":[{events}],"objects":[{objects}]}}"#)
}

fn on(kind: &str) -> Mapping {
    Mapping { object_type: Some(kind.into()), ..Mapping::default() }
}

fn read(text: &str, mapping: &Mapping) -> Outcome {
    read_path(ocel::read_events, file_of(text.as_bytes()).path(), mapping)
}

#[test]
fn the_loss_is_said_in_figures() {
    let objects = r#"{"id":"a","type":"T"},{"id":"b","type":"T"},{"id":"c","type":"T"},{"id":"u","type":"U"}"#;
    let events = r#"
        {"id":"1","type":"X","time":"2024-01-01T00:00:00Z","relationships":[{"objectId":"a","qualifier":"q"},{"objectId":"a","qualifier":"r"},{"objectId":"b"}]},
        {"id":"2","type":"Y","time":"2024-01-02T00:00:00Z","relationships":[{"objectId":"u"},{"objectId":"ghost"}]},
        {"id":"3","type":"Z","time":"2024-01-03T00:00:00Z"}"#;
    let outcome = read(&json(objects, events), &on("T"));
    let report = outcome.report();
    assert_eq!((report.rows_read, report.accepted), (2, 2));
    let loss = report.findings.iter().find(|f| f.code == Code::OcelFlattened).unwrap();
    // One repetition (event 1 for b), two events without object of the type.
    assert_eq!(loss.count, 3);
    for figure in [
        "3 événements donnent 2 lignes",
        "1 sont des répétitions",
        "2 événements sans objet",
        "1 objets sans événement",
        "U (1)",
    ] {
        assert!(loss.fr.contains(figure), "{figure}: {}", loss.fr);
    }
}

#[test]
fn attributes_of_events_and_objects_reach_the_rows() {
    let objects = r#"{"id":"a","type":"T","attributes":[{"name":"channel","time":"1970-01-01T00:00:00Z","value":"Courrier"},{"name":"channel","time":"2024-01-01T00:00:00Z","value":"Mail"}]}"#;
    let events = r#"{"id":"1","type":"X","time":"2024-01-01T00:00:00Z","attributes":[{"name":"resource","value":"Marie"},{"name":"amount","value":12.5},{"name":"ok","value":true}],"relationships":[{"objectId":"a"}]}"#;
    let mut mapping = Mapping::default();
    mapping.columns.attributes = vec!["amount".into(), "ok".into(), "case:channel".into()];
    // A single type of object needs no answer.
    let outcome = read(&json(objects, events), &mapping);
    let row = outcome.kept.rows().remove(0);
    assert_eq!(row.channel.as_deref(), Some("Courrier"));
    assert!(row.resource.is_some_and(|r| r.starts_with("p-")));
    assert_eq!(
        row.attributes.as_deref(),
        Some(r#"{"amount":"12.5","ok":"true","case:channel":"Courrier"}"#)
    );
}

#[test]
fn an_event_that_says_too_little_is_quarantined() {
    let objects = r#"{"id":"a","type":"T"}"#;
    let one = |event: &str| format!(r#"{{{event}"relationships":[{{"objectId":"a"}}]}}"#);
    let events = [
        one(r#""time":"2024-01-01T00:00:00Z","#),
        one(r#""type":"X","#),
        one(r#""type":"X","time":"demain","#),
        one(r#""type":"X","time":12,"#),
        one(r#""type":"X","time":"2024-01-01T00:00:00","#),
    ];
    let outcome = read(&json(objects, &events.join(",")), &Mapping::default());
    assert_eq!(outcome.report().accepted, 1);
    let codes: Vec<_> = outcome.refused.rows.iter().map(|r| (r.0, r.2)).collect();
    assert_eq!(
        codes,
        [
            (1, Code::MissingActivity),
            (2, Code::MissingTime),
            (3, Code::BadDate),
            (4, Code::BadDate)
        ]
    );
}

#[test]
fn national_numbers_never_name_a_case() {
    // Invented: a body and its key, 97 − n mod 97.
    let nir = format!("1850578006084{:02}", 97 - 1_850_578_006_084u64 % 97);
    let objects = format!(r#"{{"id":"{nir}","type":"T"}}"#);
    let events = format!(
        r#"{{"type":"X","time":"2024-01-01T00:00:00Z","relationships":[{{"objectId":"{nir}"}}]}}"#
    );
    let outcome = read(&json(&objects, &events), &Mapping::default());
    assert!(outcome.kept.rows()[0].case.starts_with("n-"));
    assert!(outcome.report().findings.iter().any(|f| f.code == Code::NirReplaced));
    let bare = json(&objects, &events).replace(&nir, &nir[..13]);
    assert!(read(&bare, &Mapping::default()).kept.rows()[0].case.starts_with("n-"));
    let file = file_of(json(&objects, &events).as_bytes());
    let strict = run_with(
        "UTC",
        |ctx| ctx.strict_nir = true,
        |ctx, sink| ocel::read_events(file.path(), &Mapping::default(), ctx, sink),
    );
    assert_eq!(strict.code(), Code::NirRefused);
}

#[test]
fn what_is_cut_or_foreign_is_refused() {
    let whole = json(
        r#"{"id":"a","type":"T"}"#,
        r#"{"type":"X","time":"2024-01-01T00:00:00Z","relationships":[{"objectId":"a"}]}"#,
    );
    assert!(read(&whole, &on("T")).report.is_ok());
    for cut in 1..whole.len() {
        let outcome = read(&whole[..cut], &Mapping { format: Some(Format::OcelJson), ..on("T") });
        assert_eq!(outcome.code(), Code::Truncated, "cut at {cut}");
    }
    let packed = gzip(whole.as_bytes());
    for cut in 10..packed.len() {
        let file = file_of(&packed[..cut]);
        let mapping = Mapping { format: Some(Format::OcelJson), ..on("T") };
        assert_eq!(
            read_path(ocel::read_events, file.path(), &mapping).code(),
            Code::Truncated,
            "gzip {cut}"
        );
    }
    let Some(path) = shared("ocel-examples/ocel20_example.xmlocel") else { return };
    let xml = std::fs::read_to_string(path).unwrap();
    for cut in (200..xml.len()).step_by(97) {
        let outcome =
            read(&xml[..cut], &Mapping { format: Some(Format::OcelXml), ..on("Invoice") });
        assert_eq!(outcome.code(), Code::Truncated, "cut at {cut}");
    }
    let tricked = xml.replacen("<log>", "<!DOCTYPE log [<!ENTITY a \"b\">]><log>", 1);
    assert_eq!(read(&tricked, &on("Invoice")).code(), Code::XmlEntity);
    let deep = format!("{{\"events\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(
        read(&deep, &Mapping { format: Some(Format::OcelJson), ..on("T") }).code(),
        Code::Malformed
    );
    for format in [Format::OcelJson, Format::OcelXml, Format::OcelSqlite] {
        let mapping = Mapping { format: Some(format), ..on("T") };
        for bytes in ["", "{}", "[]", "null", "<log/>", "SQLite format 3\0", "x"] {
            assert!(read(bytes, &mapping).report.is_err(), "{format:?} {bytes}");
        }
    }
}

#[test]
fn each_encoding_is_recognised() {
    for (file, format) in [
        ("ocel20_example.jsonocel", Format::OcelJson),
        ("ocel20_example.xmlocel", Format::OcelXml),
        ("ocel20_example.sqlite", Format::OcelSqlite),
    ] {
        let Some(path) = shared(&format!("ocel-examples/{file}")) else { return };
        assert_eq!(ocel::sniff(&std::fs::read(path).unwrap()), Some(format));
    }
    assert_eq!(
        ocel::sniff(b"<?xml version=\"1.0\"?><log xes.version=\"1.0\"><trace/></log>"),
        None
    );
    assert_eq!(ocel::sniff(b"{\"a\":1}"), None);
}

/// Bytes changed anywhere: an answer or a refusal, never a panic.
fn damaged(bytes: &[u8], changes: &[(prop::sample::Index, u8)]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (at, byte) in changes {
        let at = at.index(bytes.len());
        bytes[at] = *byte;
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn damage_never_panics(changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12)) {
        for (file, format) in [
            ("ocel20_example.jsonocel", Format::OcelJson),
            ("ocel20_example.xmlocel", Format::OcelXml),
            ("ocel20_example.sqlite", Format::OcelSqlite),
        ] {
            let Some(path) = shared(&format!("ocel-examples/{file}")) else { return Ok(()) };
            let bytes = damaged(&std::fs::read(path).unwrap(), &changes);
            let _ = ocel::sniff(&bytes);
            let file = file_of(&bytes);
            let mapping = Mapping { format: Some(format), ..on("Invoice") };
            let outcome = read_path(ocel::read_events, file.path(), &mapping);
            if let Ok(report) = outcome.report {
                prop_assert_eq!(report.accepted + report.quarantined, report.rows_read);
            }
        }
    }
}
