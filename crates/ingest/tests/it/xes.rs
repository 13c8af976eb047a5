//! XES: public logs against their known profile, spellings, damage, attacks.

use eclusier_ingest::{Code, Encoding, Hints, Mapping, xes};
use proptest::prelude::*;

use crate::common::{Outcome, file_of, gzip, read_bytes, read_path, run_with, shared, us};

/// File, cases, events, activities, resources, starts, completes, first, last.
///
/// Counts of the README of the shared data; first and last by pm4py 2.7.23.
type Profile = (&'static str, usize, u64, u64, u64, usize, usize, &'static str, &'static str);

const LOGS: &[Profile] = &[
    (
        "log-bpic2012/BPI_Challenge_2012.xes.gz",
        13_087,
        262_200,
        24,
        68,
        71_376,
        164_506,
        "2011-09-30T22:38:44.546Z",
        "2012-03-14T15:04:54.681Z",
    ),
    (
        "log-bpic2013/closed_problems.xes.gz",
        1_487,
        6_660,
        4,
        585,
        0,
        0,
        "2006-01-11T14:49:42Z",
        "2012-05-31T21:49:06Z",
    ),
    (
        "log-bpic2013/incidents.xes.gz",
        7_554,
        65_533,
        4,
        1_440,
        0,
        0,
        "2010-03-31T14:59:42Z",
        "2012-05-22T23:22:25Z",
    ),
    (
        "log-bpic2015-municipalities/BPIC15_1_full.xes.gz",
        1_199,
        52_217,
        398,
        23,
        0,
        52_217,
        "2010-10-04T22:00:00Z",
        "2015-07-31T22:00:00Z",
    ),
    (
        "log-bpic2015-municipalities/T_BPIC15_1.xes.gz",
        1_199,
        54_818,
        38,
        23,
        27_409,
        27_409,
        "2010-10-04T22:00:00Z",
        "2015-07-31T22:00:00Z",
    ),
    (
        "log-bpic2015-municipalities/T_BPIC15_2.xes.gz",
        832,
        50_688,
        44,
        11,
        25_344,
        25_344,
        "2010-06-28T22:00:00Z",
        "2015-03-03T23:00:00Z",
    ),
    (
        "log-bpic2015-municipalities/T_BPIC15_3.xes.gz",
        1_409,
        63_148,
        40,
        14,
        31_574,
        31_574,
        "2009-12-31T23:00:00Z",
        "2015-03-04T23:00:00Z",
    ),
    (
        "log-bpic2019-sample/bpic2019_one_case_per_variant.xes.gz",
        11_973,
        338_247,
        42,
        0,
        0,
        0,
        "1948-01-26T22:59:00Z",
        "2020-04-09T21:59:00Z",
    ),
    (
        "log-helpdesk/helpdesk.xes.gz",
        4_580,
        21_348,
        14,
        22,
        0,
        0,
        "2010-01-13T08:40:25Z",
        "2014-01-03T13:20:58Z",
    ),
    (
        "log-insurance-claims/insurance.xes.gz",
        1_182,
        46_282,
        9,
        136,
        23_141,
        23_141,
        "1971-01-01T00:00:00Z",
        "1972-11-30T20:35:35Z",
    ),
    (
        "log-receipt-wabo/receipt.xes.gz",
        1_434,
        8_577,
        27,
        48,
        0,
        8_577,
        "2010-10-02T07:20:39.266Z",
        "2012-01-23T14:42:54.644Z",
    ),
    (
        "log-sepsis/Sepsis_Cases.xes.gz",
        1_050,
        15_214,
        16,
        0,
        0,
        15_214,
        "2013-11-07T07:18:29Z",
        "2015-06-05T10:25:11Z",
    ),
    (
        "log-teleclaims/teleclaims.xes.gz",
        3_512,
        46_138,
        11,
        4,
        21_313,
        24_825,
        "1970-01-01T00:00:00Z",
        "1970-01-01T12:09:18Z",
    ),
];

#[test]
fn public_logs_have_their_known_profile() {
    for &(file, cases, events, activities, resources, starts, completes, first, last) in LOGS {
        let Some(path) = shared(file) else { return };
        // The proposal of the preview must read the file as well as no mapping at all.
        let preview =
            xes::inspect(&path, file, &Hints::default()).unwrap_or_else(|e| panic!("{file}: {e}"));
        for mapping in [Mapping::default(), preview.mapping] {
            let outcome = read_path(xes::read_events, &path, &mapping);
            let report = outcome.report();
            assert_eq!(
                (
                    report.rows_read,
                    report.accepted,
                    report.quarantined,
                    report.activities,
                    report.resources
                ),
                (events, events, 0, activities, resources),
                "{file}"
            );
            assert_eq!((report.first, report.last), (Some(us(first)), Some(us(last))), "{file}");
            let mut seen = std::collections::BTreeSet::new();
            let (mut start, mut complete) = (0, 0);
            for (next, row) in (0i64..).zip(outcome.kept.rows()) {
                start += usize::from(row.lifecycle.as_deref() == Some("start"));
                complete += usize::from(row.lifecycle.as_deref() == Some("complete"));
                assert_eq!(row.seq, next, "{file}: order of the file");
                seen.insert(row.case);
            }
            assert_eq!((seen.len(), start, complete), (cases, starts, completes), "{file}");
        }
    }
}

fn log(traces: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1.0"><extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
<global scope="event"><string key="concept:name" value="DEFAULT"/><date key="time:timestamp" value="1970-01-01T00:00:00Z"/></global>
<string key="creator" value="test"><string key="concept:name" value="nested"/></string>
{traces}</log>"#
    )
}

fn event(attributes: &str) -> String {
    format!("<event>{attributes}</event>")
}

const TIME: &str = r#"<date key="time:timestamp" value="2024-05-06T07:08:09.123+02:00"/>"#;

fn read(text: &str) -> Outcome {
    read_bytes(xes::read_events, text.as_bytes(), &Mapping::default())
}

#[test]
fn one_event_with_everything() {
    let text = log(&format!(
        r#"<trace><string key="concept:name" value="001"/><string key="channel" value="Courrier"/>{}</trace>"#,
        event(&format!(
            r#"<string value='A &amp; B&#10;&lt;é&gt;' key='concept:name'/>{TIME}<string key="org:resource" value="Marie"/>
            <string key="org:group" value="Unité 1"/><string key="lifecycle:transition" value="COMPLETE"/>
            <date key="start_timestamp" value="2024-05-06T06:00:00+02:00"/><int key="product" value="007"/>
            <list key="l"><values><string key="concept:name" value="inner"/></values></list>
            <container key="c"><string key="org:resource" value="inner"/></container>"#
        ))
    ));
    let outcome = read(&text);
    assert_eq!(outcome.report().accepted, 1);
    let row = &outcome.kept.rows()[0];
    assert_eq!((row.case.as_str(), row.activity.as_str()), ("001", "A & B\n<é>"));
    assert_eq!(row.time, us("2024-05-06T05:08:09.123Z"));
    assert_eq!(row.start, Some(us("2024-05-06T04:00:00Z")));
    assert_eq!(row.lifecycle.as_deref(), Some("complete"));
    assert_eq!(row.unit.as_deref(), Some("Unité 1"));
    assert_eq!((row.product.as_deref(), row.channel.as_deref()), (Some("007"), Some("Courrier")));
    let person = row.resource.clone().unwrap();
    assert!(person.starts_with("p-") && !person.contains("Marie"));
    assert_eq!(row.attributes, None);
}

#[test]
fn spellings_of_one_log_are_one_log() {
    let plain = log(&format!(
        r#"<trace><string key="concept:name" value="é1"/>{}</trace>"#,
        event(&format!(r#"<string key="concept:name" value="Étape"/>{TIME}"#))
    ));
    let rows = read(&plain).kept.rows();
    assert_eq!(rows.len(), 1);
    let utf16 = |big: bool| -> Vec<u8> {
        let text = format!("\u{feff}{}", plain.replace("UTF-8", "UTF-16"));
        text.encode_utf16()
            .flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() })
            .collect()
    };
    let latin: Vec<u8> = plain
        .replace("UTF-8", "ISO-8859-1")
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    let prefixed = plain
        .replace("<", "<x:")
        .replace("<x:/", "</x:")
        .replace("<x:?", "<?")
        .replace("<x:log ", r#"<x:log xmlns:x="http://www.xes-standard.org/" "#);
    let spaced = plain
        .replace(" value=", "\n\tvalue = ")
        .replace("/>", " ></string >")
        .replace("<date", "<string")
        .replace("<extension", "<string");
    let late = plain
        .replace(r#"<string key="concept:name" value="é1"/>"#, "")
        .replace("</trace>", r#"<string key="concept:name" value="é1"/></trace>"#);
    let forms: Vec<(&str, Vec<u8>)> = vec![
        ("byte-order mark", format!("\u{feff}{plain}").into_bytes()),
        ("UTF-16LE", utf16(false)),
        ("UTF-16BE", utf16(true)),
        ("ISO-8859-1", latin),
        ("prefix", prefixed.into_bytes()),
        ("long tags", spaced.into_bytes()),
        ("name after the events", late.into_bytes()),
        ("gzip", gzip(plain.as_bytes())),
        (
            "two gzip members",
            [gzip(&plain.as_bytes()[..100]), gzip(&plain.as_bytes()[100..])].concat(),
        ),
        ("comments", plain.replace("<event>", "<!-- x --><event><?pi?>").into_bytes()),
    ];
    for (what, bytes) in forms {
        let outcome = read_bytes(xes::read_events, &bytes, &Mapping::default());
        assert_eq!(
            outcome.report.as_ref().map(|r| r.accepted).map_err(ToString::to_string),
            Ok(1),
            "{what}"
        );
        assert_eq!(outcome.kept.rows(), rows, "{what}");
        assert!(what.contains("gzip") || xes::sniff(&bytes), "{what} is not recognised");
    }
}

#[test]
fn an_event_that_says_too_little_is_quarantined_and_the_rest_kept() {
    let name = r#"<string key="concept:name" value="A"/>"#;
    let person = r#"<string key="org:resource" value="DURAND"/>"#;
    let text = log(&format!(
        r#"{}<trace><string key="concept:name" value="1"/>{}{}{}{}{}{}</trace>"#,
        event(&format!("{name}{TIME}")),
        event(&format!("{TIME}{person}")),
        event(&format!(r#"<string key="concept:name" value=""/>{TIME}"#)),
        event(name),
        event(&format!(r#"{name}<date key="time:timestamp" value="06/05/2024"/>"#)),
        event(&format!(
            r#"{name}{TIME}<date key="start_timestamp" value="2025-01-01T00:00:00Z"/>"#
        )),
        event(&format!("{name}{TIME}")),
    ));
    let outcome = read(&text);
    let report = outcome.report();
    assert_eq!((report.rows_read, report.accepted, report.quarantined), (7, 1, 6));
    let codes: Vec<_> = outcome.refused.rows.iter().map(|r| (r.0, r.2)).collect();
    assert_eq!(
        codes,
        [
            (1, Code::MissingCase),
            (2, Code::MissingActivity),
            (3, Code::MissingActivity),
            (4, Code::MissingTime),
            (5, Code::BadDate),
            (6, Code::EndBeforeStart),
        ]
    );
    assert!(!format!("{:?}", outcome.refused.rows).contains("DURAND"));
    assert_eq!(outcome.refused.header.len(), outcome.refused.rows[0].3.len());
}

#[test]
fn national_numbers_never_name_a_case_nor_stay_in_a_label() {
    let bodies: Vec<String> = (0..20).map(|i| format!("18505780060{:02}", 10 + i)).collect();
    // Invented: a body and its key, 97 − n mod 97.
    let keyed = |b: &str| format!("{b}{:02}", 97 - b.parse::<u64>().unwrap() % 97);
    let trace = |case: &str| {
        let e = event(&format!(
            r#"<string key="concept:name" value="A"/><string key="product" value="pour {}"/>{TIME}"#,
            keyed(&bodies[0])
        ));
        format!(r#"<trace><string key="concept:name" value="{case}"/>{e}</trace>"#)
    };
    let cases = |text: &str| -> Vec<String> {
        read(text).kept.rows().into_iter().map(|r| r.case).collect()
    };
    let whole: String = bodies.iter().map(|b| trace(&keyed(b))).collect();
    let local = cases(&log(&whole));
    assert!(local.iter().all(|c| c.starts_with("n-")), "{local:?}");
    // Without their key they are numbers of people too, and the same people.
    let bare: String = bodies.iter().map(|b| trace(b)).collect();
    assert_eq!(cases(&log(&bare)), local);
    // One number of thirteen digits among others is only a number.
    let mixed: String =
        bodies.iter().enumerate().map(|(i, b)| trace(if i == 0 { b } else { "D1" })).collect();
    assert_eq!(cases(&log(&mixed))[0], bodies[0]);
    let outcome = read(&log(&mixed));
    assert!(outcome.kept.rows()[0].product.as_deref().is_some_and(|p| p.starts_with("pour n-")));
    assert!(outcome.report().findings.iter().any(|f| f.code == Code::NirReplaced));
    let file = file_of(log(&bare).as_bytes());
    let strict = run_with(
        "UTC",
        |ctx| ctx.strict_nir = true,
        |ctx, sink| xes::read_events(file.path(), &Mapping::default(), ctx, sink),
    );
    assert_eq!(strict.code(), Code::NirRefused);
    assert!(strict.refused.rows.is_empty());
    let preview = xes::inspect(file.path(), "x", &Hints::default()).unwrap();
    assert!(!format!("{preview:?}").contains(&bodies[1][..9]), "{preview:?}");
}

#[test]
fn traces_without_name_are_called_by_rank_and_said() {
    let e = event(&format!(r#"<string key="concept:name" value="A"/>{TIME}"#));
    let outcome = read(&log(&format!("<trace>{e}{e}</trace><trace/><trace>{e}</trace>")));
    let cases: Vec<_> = outcome.kept.rows().into_iter().map(|r| r.case).collect();
    assert_eq!(cases, ["trace-1", "trace-1", "trace-3"]);
    let found: Vec<_> = outcome.report().findings.iter().map(|f| (f.code, f.count)).collect();
    assert_eq!(found, [(Code::UnnamedCase, 2), (Code::EmptyCase, 1)]);
}

#[test]
fn instants_without_offset_are_read_in_the_zone_and_days_stay_days() {
    let text = |t: &str| {
        log(&format!(
            r#"<trace><string key="concept:name" value="1"/>{}</trace>"#,
            event(&format!(
                r#"<string key="concept:name" value="A"/><date key="time:timestamp" value="{t}"/>"#
            ))
        ))
    };
    let read = |t: &str| {
        let file = file_of(text(t).as_bytes());
        let outcome = run_with(
            "Europe/Paris",
            |_| (),
            |ctx, sink| xes::read_events(file.path(), &Mapping::default(), ctx, sink),
        );
        let codes: Vec<_> = outcome.report().findings.iter().map(|f| f.code).collect();
        let row = outcome.kept.rows().remove(0);
        (row.time, row.precision, codes)
    };
    assert_eq!(read("2024-07-01T12:00:00"), (us("2024-07-01T10:00:00Z"), 0, vec![]));
    assert_eq!(read("2024-07-01T12:00:00Z"), (us("2024-07-01T12:00:00Z"), 0, vec![]));
    assert_eq!(read("2024-07-01"), (us("2024-07-01T00:00:00Z"), 1, vec![]));
    assert_eq!(
        read("2024-10-27T02:30:00"),
        (us("2024-10-27T00:30:00Z"), 0, vec![Code::ClockChange])
    );
    assert_eq!(read("1948-07-01T12:00:00Z").2, vec![Code::SuspectDate]);
}

#[test]
fn a_mapping_chooses_other_attributes() {
    let text = log(&format!(
        r#"<trace><string key="concept:name" value="1"/><string key="kind" value="K"/>{}</trace>"#,
        event(&format!(
            r#"<string key="concept:name" value="A"/><string key="label" value="L"/><string key="customer" value="C9"/>
            <float key="amount" value="1E5"/><string key="note" value="say &quot;hi&quot;"/>{TIME}"#
        ))
    ));
    let mut mapping =
        Mapping::from_column_args("case=customer,activity=label,product=case:kind").unwrap();
    mapping.columns.attributes =
        vec!["amount".into(), "case:concept:name".into(), "absent".into(), "note".into()];
    let outcome = read_bytes(xes::read_events, text.as_bytes(), &mapping);
    let row = &outcome.kept.rows()[0];
    assert_eq!(
        (row.case.as_str(), row.activity.as_str(), row.product.as_deref()),
        ("C9", "L", Some("K"))
    );
    assert_eq!(
        row.attributes.as_deref(),
        Some(r#"{"amount":"1E5","case:concept:name":"1","note":"say \"hi\""}"#)
    );
    let wrong = Mapping::from_column_args("activity=Label").unwrap();
    assert_eq!(read_bytes(xes::read_events, text.as_bytes(), &wrong).code(), Code::ColumnNotFound);
    let optional = Mapping::from_column_args("channel=nowhere").unwrap();
    assert_eq!(read_bytes(xes::read_events, text.as_bytes(), &optional).report().notes.len(), 1);
}

#[test]
fn what_is_cut_is_refused_wherever_it_is_cut() {
    let trace = format!(
        r#"<trace><string key="concept:name" value="1"/>{}</trace>"#,
        event(&format!(r#"<string key="concept:name" value="A"/>{TIME}"#)).repeat(3)
    );
    let whole = log(&trace);
    for cut in (1..whole.len()).filter(|i| whole.is_char_boundary(*i)) {
        let code = read(&whole[..cut]).code();
        assert!(matches!(code, Code::Truncated), "cut at {cut}: {code:?}");
    }
    let packed = gzip(whole.as_bytes());
    for cut in 10..packed.len() {
        let code = read_bytes(xes::read_events, &packed[..cut], &Mapping::default()).code();
        assert!(matches!(code, Code::Truncated), "gzip cut at {cut}: {code:?}");
    }
    let mut damaged = packed.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0x55;
    assert!(read_bytes(xes::read_events, &damaged, &Mapping::default()).report.is_err());
}

#[test]
fn attacks_are_refused() {
    let entity = r#"<?xml version="1.0"?><!DOCTYPE log [<!ENTITY a "b"><!ENTITY c "&a;&a;&a;">]><log><trace/></log>"#;
    assert_eq!(read(entity).code(), Code::XmlEntity);
    let external = r#"<!DOCTYPE log SYSTEM "file:///etc/passwd"><log/>"#;
    assert_eq!(read(external).code(), Code::XmlEntity);
    let undefined = log(&format!(
        r#"<trace><string key="concept:name" value="&xxe;"/>{}</trace>"#,
        event(TIME)
    ));
    assert_eq!(read(&undefined).code(), Code::XmlEntity);
    let tower = format!("<log><trace>{}", "<a>".repeat(100_000));
    assert_eq!(read(&tower).code(), Code::Malformed);
    let endless = format!("<log><trace><string key=\"k\" value=\"{}", "x".repeat(6 << 20));
    assert_eq!(read(&endless).code(), Code::TooExpanded);
    assert_eq!(read("<log></trace></log>").code(), Code::Malformed);
    assert_eq!(read("<html><body/></html>").code(), Code::Malformed);
    assert_eq!(read(&(log("<trace/>") + "<log/>")).code(), Code::Malformed);
    assert_eq!(read(&log("<trace/>")).code(), Code::EmptyFile);
    assert_eq!(read(&log("").replace("UTF-8", "klingon")).code(), Code::BadEncoding);
    let bytes = [log("").as_bytes(), b"\xff"].concat();
    assert!(read_bytes(xes::read_events, &bytes, &Mapping::default()).report.is_err());
}

#[test]
fn a_bomb_stops_at_its_bound() {
    let bomb = gzip(&[b"<log>".as_slice(), &b" ".repeat(40 << 20)].concat());
    let file = file_of(&bomb);
    let outcome = run_with(
        "UTC",
        |ctx| ctx.limits.expanded_bytes = 8 << 20,
        |ctx, sink| xes::read_events(file.path(), &Mapping::default(), ctx, sink),
    );
    assert_eq!(outcome.code(), Code::TooExpanded);
}

#[test]
fn reading_can_be_cancelled() {
    struct Stop;
    impl eclusier_ingest::Progress for Stop {
        fn at(&self, _: u64, _: u64) -> std::ops::ControlFlow<()> {
            std::ops::ControlFlow::Break(())
        }
    }
    let e = event(&format!(r#"<string key="concept:name" value="A"/>{TIME}"#));
    let text = log(&format!(
        r#"<trace><string key="concept:name" value="1"/>{}</trace>"#,
        e.repeat(10_000)
    ));
    let file = file_of(text.as_bytes());
    let mut kept = crate::common::Kept::default();
    let mut refused = crate::common::Refused::default();
    let people = eclusier_ingest::Pseudonymiser::new(&[7; 32]).unwrap();
    let mut ctx =
        eclusier_ingest::Context::new("t", jiff::tz::TimeZone::UTC, people, &Stop, &mut refused);
    let answer = xes::read_events(file.path(), &Mapping::default(), &mut ctx, &mut kept);
    assert!(matches!(answer, Err(eclusier_ingest::IngestError::Cancelled)));
}

#[test]
fn the_preview_names_attributes_roles_and_no_person() {
    let Some(path) = shared("log-receipt-wabo/receipt.xes.gz") else { return };
    let preview = xes::inspect(&path, "receipt.xes.gz", &Hints::default()).unwrap();
    let columns = &preview.mapping.columns;
    assert_eq!(columns.case.as_deref(), Some("case:concept:name"));
    assert_eq!(columns.activity.as_deref(), Some("concept:name"));
    assert_eq!(columns.channel.as_deref(), Some("case:channel"));
    assert_eq!(columns.unit.as_deref(), Some("org:group"));
    assert_eq!(columns.start, None);
    let channel = preview.columns.iter().find(|c| c.reference == "case:channel").unwrap();
    assert_eq!(channel.role.as_deref(), Some("channel"));
    assert!(channel.samples.contains(&"Internet".to_owned()), "{channel:?}");
    let person = preview.columns.iter().find(|c| c.reference == "org:resource").unwrap();
    assert!(person.samples.iter().all(|s| s == "•••"));
    let said = Hints {
        mapping: Some(Mapping::from_column_args("unit=case:department").unwrap()),
        ..Hints::default()
    };
    let preview = xes::inspect(&path, "receipt.xes.gz", &said).unwrap();
    assert_eq!(preview.mapping.columns.unit.as_deref(), Some("case:department"));
    assert_eq!(preview.mapping.encoding, None::<Encoding>);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    /// Bytes changed, doubled or removed anywhere: an answer or a refusal, never a panic,
    /// and never a row that was not in the file.
    #[test]
    fn damage_never_panics(changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..3), 1..8)) {
        let e = event(&format!(r#"<string key="concept:name" value="A&amp;B"/>{TIME}<string key="org:resource" value="R"/>"#));
        let mut bytes = log(&format!(r#"<trace><string key="concept:name" value="1"/>{e}{e}</trace><trace>{e}</trace>"#)).into_bytes();
        for (at, byte, how) in changes {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => { bytes.remove(at); }
            }
        }
        let _ = xes::sniff(&bytes);
        let file = file_of(&bytes);
        let _ = xes::inspect(file.path(), "x", &Hints::default());
        let outcome = read_path(xes::read_events, file.path(), &Mapping::default());
        if let Ok(report) = &outcome.report {
            prop_assert!(report.accepted + report.quarantined <= 6);
            prop_assert_eq!(report.accepted + report.quarantined + report.ignored, report.rows_read);
        }
    }
}
