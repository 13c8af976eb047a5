//! Text files as people really deliver them, and as attackers might.

use std::ops::ControlFlow;

use eclusier_ingest::{
    Code, Context, EventReport, EventSink, Format, Hints, IngestError, Kind, Limits, Mapping,
    Progress, Quarantine, RefusedRow, SinkError, inspect, mapping::Encoding, read_events,
};
use proptest::prelude::*;

use crate::common::{Outcome, file_of, gzip, run_with, us};

/// Looks, then reads as the preview proposes, in Paris.
fn import(bytes: &[u8]) -> Outcome {
    import_with(bytes, Mapping::default(), |_| ())
}

fn import_with(bytes: &[u8], told: Mapping, tune: impl FnOnce(&mut Context<'_>)) -> Outcome {
    let file = file_of(bytes);
    let hints = Hints { kind: Some(Kind::Events), mapping: Some(told), ..Hints::default() };
    run_with("Europe/Paris", tune, |ctx, sink| {
        let preview = inspect(file.path(), "test", &hints)?;
        if let Some(q) = preview.questions.into_iter().next() {
            return Err(IngestError::refused("test", q.code, None, q.fr, q.en));
        }
        read_events(file.path(), &preview.mapping, ctx, sink)
    })
}

/// A log of three columns from rows of text.
fn log(rows: &[&str]) -> Vec<u8> {
    let mut text = String::from("Dossier;Étape;Date\n");
    for row in rows {
        text.push_str(row);
        text.push('\n');
    }
    text.into_bytes()
}

fn activities(outcome: &Outcome) -> Vec<String> {
    outcome.report();
    outcome.kept.rows().into_iter().map(|r| r.activity).collect()
}

fn lines_refused(outcome: &Outcome) -> Vec<(u64, Code)> {
    outcome.report();
    outcome.refused.rows.iter().map(|r| (r.0, r.2)).collect()
}

fn has(report: &EventReport, code: Code) -> bool {
    report.findings.iter().any(|f| f.code == code)
}

const ACCENTS: &str = "N° dossier;Activité;Date de l’événement\nA1;Pièce reçue;02/01/2025 08:00\nA2;Liquidée à l’œil;03/01/2025 09:00\nA3;Réglée 12 €;04/01/2025 10:00\n";

#[test]
fn accents_survive_every_encoding() {
    let utf16 = |le: bool| -> Vec<u8> {
        [0xfeff_u16]
            .into_iter()
            .chain(ACCENTS.encode_utf16())
            .flat_map(|u| if le { u.to_le_bytes() } else { u.to_be_bytes() })
            .collect()
    };
    let windows = encoding_of(ACCENTS);
    let mut bom = b"\xef\xbb\xbf".to_vec();
    bom.extend(ACCENTS.as_bytes());
    for (bytes, encoding) in [
        (ACCENTS.as_bytes().to_vec(), Encoding::Utf8),
        (bom, Encoding::Utf8),
        (windows, Encoding::Windows1252),
        (utf16(true), Encoding::Utf16Le),
        (utf16(false), Encoding::Utf16Be),
        (gzip(ACCENTS.as_bytes()), Encoding::Utf8),
    ] {
        let file = file_of(&bytes);
        let preview = inspect(file.path(), "test", &Hints::default()).unwrap();
        assert_eq!(preview.encoding, Some(encoding));
        assert_eq!(preview.columns[0].name, "N° dossier");
        let outcome = import(&bytes);
        assert_eq!(activities(&outcome), ["Pièce reçue", "Liquidée à l’œil", "Réglée 12 €"]);
    }
}

/// Windows-1252 by hand, for the few characters used here.
fn encoding_of(text: &str) -> Vec<u8> {
    text.chars()
        .map(|c| match c {
            '€' => 0x80,
            '’' => 0x92,
            'œ' => 0x9c,
            c => u8::try_from(u32::from(c)).unwrap(),
        })
        .collect()
}

#[test]
fn a_line_that_cannot_be_decoded_is_named_never_dropped() {
    let mut bytes = log(&["A1;Reçu;02/01/2025", "A2;Reçu;03/01/2025", "A2;Clos;04/01/2025"]);
    bytes.extend(b"A3;Re\xe7u;05/01/2025\n");
    // Alone, detection reads Windows-1252 and says the file was nearly UTF-8.
    let file = file_of(&bytes);
    let preview = inspect(file.path(), "test", &Hints::default()).unwrap();
    assert_eq!(preview.encoding, Some(Encoding::Windows1252));
    assert_eq!(
        preview.warnings.iter().find(|w| w.code == Code::BadEncoding).unwrap().line,
        Some(5)
    );
    // Told UTF-8, the one line goes to quarantine.
    let told = Mapping { encoding: Some(Encoding::Utf8), ..Mapping::default() };
    let outcome = import_with(&bytes, told, |_| ());
    assert_eq!(lines_refused(&outcome), [(5, Code::BadEncoding)]);
    assert_eq!(outcome.report().accepted, 3);
}

#[test]
fn every_separator_is_found_and_sep_is_honoured() {
    let rows = |s: &str| {
        format!("case{s}activity{s}timestamp\nA{s}x y{s}2025-01-02\nA{s}z{s}2025-01-03\n")
    };
    for s in [";", ",", "\t", "|"] {
        assert_eq!(activities(&import(rows(s).as_bytes())), ["x y", "z"], "{s:?}");
        let announced = format!("sep={s}\r\n{}", rows(s));
        assert_eq!(activities(&import(announced.as_bytes())), ["x y", "z"], "sep={s:?}");
    }
    // An odd one only when announced.
    let outcome = import(format!("sep=!\n{}", rows("!")).as_bytes());
    assert_eq!(activities(&outcome), ["x y", "z"]);
}

#[test]
fn a_decimal_comma_in_every_row_does_not_make_a_comma_file() {
    let text =
        "Dossier;Étape;Date;Montant\nA;x;02/01/2025;1,5\nA;y;03/01/2025;2,5\nB;x;04/01/2025;3,5\n";
    assert_eq!(activities(&import(text.as_bytes())), ["x", "y", "x"]);
}

#[test]
fn quotes_line_ends_and_trailing_separators_are_read() {
    for end in ["\n", "\r\n", "\r"] {
        let text = [
            "Dossier;Étape;Date;",
            "A;\"dit \"\"oui\"\"; puis non\";02/01/2025;",
            "A;\"deux",
            "lignes\";03/01/2025;",
            "",
            ";;;",
            "B;fin;04/01/2025;",
            "",
        ]
        .join(end);
        let outcome = import(text.as_bytes());
        let broken = format!("deux{end}lignes");
        assert_eq!(activities(&outcome), ["dit \"oui\"; puis non", &broken, "fin"], "{end:?}");
        assert_eq!(outcome.report().rows_read, 3);
    }
}

#[test]
fn title_rows_above_the_header_are_passed_over() {
    let text = "Extraction du 05/01/2025;;\nCaisse de l’Ain;;\n\nDossier;Étape;Date\nA;x;02/01/2025\nB;y;03/01/2025\nB;z;04/01/2025\n";
    let outcome = import(text.as_bytes());
    assert_eq!(activities(&outcome), ["x", "y", "z"]);
    assert!(has(outcome.report(), Code::TitleRowSkipped));
    let file = file_of(text.as_bytes());
    let preview = inspect(file.path(), "test", &Hints::default()).unwrap();
    assert_eq!(preview.header_row, Some(4));
}

#[test]
fn rows_of_another_width_go_to_quarantine_with_their_line() {
    let outcome = import(&log(&[
        "A;x;02/01/2025",
        "A;x",
        "B;y;03/01/2025;trop",
        "B;z;04/01/2025;;",
        "C;z;05/01/2025",
    ]));
    assert_eq!(lines_refused(&outcome), [(3, Code::ColumnCount), (4, Code::ColumnCount)]);
    assert_eq!(activities(&outcome), ["x", "z", "z"]);
}

#[test]
fn an_unclosed_quote_spoils_its_line_only() {
    let outcome = import(&log(&["A;x;02/01/2025", "A;\"x;03/01/2025", "B;y;04/01/2025"]));
    assert_eq!(lines_refused(&outcome), [(3, Code::Malformed)]);
    assert_eq!(activities(&outcome), ["x", "y"]);
}

#[test]
fn identifiers_are_text_byte_for_byte() {
    let ids = ["NA", "NULL", "001", "1E5", "2A004", " espace ", ".", "-", "1.5", "007.0"];
    let mut text = String::from("case_id,activity,timestamp,resource\n");
    for (i, id) in ids.iter().enumerate() {
        text.push_str(&format!("{id},{id},2025-01-{:02},{id}\n", i + 1));
    }
    let outcome = import(text.as_bytes());
    let rows = outcome.kept.rows();
    outcome.report();
    assert_eq!(rows.iter().map(|r| r.case.as_str()).collect::<Vec<_>>(), ids);
    assert_eq!(rows.iter().map(|r| r.activity.as_str()).collect::<Vec<_>>(), ids);
    // Ten people, none missing, none in clear.
    assert_eq!(outcome.report().resources, ids.len() as u64);
    assert!(rows.iter().all(|r| r.resource.as_ref().is_some_and(|p| p.starts_with("p-"))));
    assert!(has(outcome.report(), Code::StrayWhitespace));
}

#[test]
fn only_the_empty_field_is_missing_in_case_and_activity() {
    let outcome = import(&log(&[";x;02/01/2025", "A;;03/01/2025", "A;x;", "A;x;04/01/2025"]));
    assert_eq!(
        lines_refused(&outcome),
        [(2, Code::MissingCase), (3, Code::MissingActivity), (4, Code::MissingTime)]
    );
}

#[test]
fn identifiers_turned_into_numbers_are_refused_with_what_to_do() {
    let outcome =
        import(&log(&["1,85051E+14;x;02/01/2025", "1.85E+14;x;02/01/2025", "A;x;03/01/2025"]));
    assert_eq!(
        lines_refused(&outcome),
        [(2, Code::DamagedIdentifier), (3, Code::DamagedIdentifier)]
    );
    let finding = &outcome.report().findings[0];
    assert!(finding.fr.contains("réexportez cette colonne en texte"), "{}", finding.fr);
    assert!(finding.en.contains("re-export this column as text"), "{}", finding.en);
    // A column cut to fifteen digits; one honest number that ends in zeros is left alone.
    let cut = import(&log(&["202401050000012000;x;02/01/2025", "202401050000013000;x;02/01/2025"]));
    assert_eq!(lines_refused(&cut).len(), 2);
    let fine =
        import(&log(&["202401050000012000;x;02/01/2025", "202401050000013123;x;02/01/2025"]));
    assert_eq!(lines_refused(&fine), []);
}

#[test]
fn every_writing_of_a_date_is_read_day_first() {
    for (cell, want, precision) in [
        ("03/04/2025", "2025-04-03T00:00:00Z", 1),
        ("03/04/25", "2025-04-03T00:00:00Z", 1),
        ("03.04.2025", "2025-04-03T00:00:00Z", 1),
        ("3-4-2025", "2025-04-03T00:00:00Z", 1),
        ("2025/04/03", "2025-04-03T00:00:00Z", 1),
        ("2025-04-03", "2025-04-03T00:00:00Z", 1),
        ("45750", "2025-04-03T00:00:00Z", 1),
        ("03/04/2025 14h30", "2025-04-03T12:30:00Z", 0),
        ("03/04/2025 14:30:15,5", "2025-04-03T12:30:15.5Z", 0),
        ("2025-04-03T14:30:00Z", "2025-04-03T14:30:00Z", 0),
        ("2025-04-03 14:30:00.123456+02:00", "2025-04-03T12:30:00.123456Z", 0),
        ("45750,604166667", "2025-04-03T12:30:00Z", 0),
    ] {
        let outcome =
            import(&log(&[&format!("A;x;{cell}"), &format!("A;y;{cell}"), &format!("B;x;{cell}")]));
        let rows = outcome.kept.rows();
        assert_eq!(outcome.report().accepted, 3, "{cell}");
        assert_eq!((rows[0].time, rows[0].precision), (us(want), precision), "{cell}");
    }
}

#[test]
fn a_month_first_column_is_refused_with_line_numbers_never_guessed() {
    let bytes = log(&["A;x;01/31/2025", "A;y;02/28/2025", "B;x;03/04/2025"]);
    assert_eq!(import(&bytes).code(), Code::AmbiguousDates);
    let file = file_of(&bytes);
    let outcome = run_with(
        "UTC",
        |_| (),
        |ctx, sink| read_events(file.path(), &Mapping::default(), ctx, sink),
    );
    match &outcome.report {
        Err(IngestError::Refused { code: Code::AmbiguousDates, fr, line, .. }) => {
            assert!(fr.contains("lignes 2, 3"), "{fr}");
            assert_eq!(*line, Some(2));
        }
        other => panic!("{other:?}"),
    }
    assert!(outcome.kept.batches.is_empty());
    // A person may say so.
    let told = Mapping::from_toml("date_order = \"mdy\"").unwrap();
    let outcome = import_with(&bytes, told, |_| ());
    assert_eq!(outcome.kept.rows()[2].time, us("2025-03-04T00:00:00Z"));
}

#[test]
fn a_mixed_column_is_refused_one_odd_line_is_set_aside() {
    let outcome =
        import(&log(&["A;x;31/01/2025", "A;y;02/28/2025", "B;x;13/04/2025", "B;y;14/04/2025"]));
    assert_eq!(outcome.code(), Code::MixedDates);
    match &outcome.report {
        Err(IngestError::Refused { fr, line, .. }) => {
            assert!(fr.contains("(lignes 3"), "{fr}");
            assert_eq!(*line, Some(3));
        }
        other => panic!("{other:?}"),
    }
    let mut rows: Vec<String> =
        (0..300).map(|i| format!("C{i};x;{:02}/01/2025", i % 28 + 1)).collect();
    rows.insert(150, "Z;x;02/28/2025".into());
    rows.insert(151, "Z;x;hier".into());
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let outcome = import(&log(&rows));
    assert_eq!(lines_refused(&outcome), [(152, Code::MixedDates), (153, Code::BadDate)]);
}

#[test]
fn dates_that_mean_none_are_missing() {
    let text = "case;activity;start;end\nA;x;01/01/2025 08:00;31/12/9999\nA;y;01/01/1900;02/01/2025 09:00\nB;x;00/00/0000;01/01/1900\n";
    let outcome = import(text.as_bytes());
    assert_eq!(lines_refused(&outcome), [(4, Code::MissingTime)]);
    let rows = outcome.kept.rows();
    // Begun and not ended: an open task; ended without start: a lone end.
    assert_eq!(
        (rows[0].time, rows[0].lifecycle.as_deref()),
        (us("2025-01-01T07:00:00Z"), Some("start"))
    );
    assert_eq!((rows[1].start, rows[1].time), (None, us("2025-01-02T08:00:00Z")));
    assert!(has(outcome.report(), Code::LoneStart));
}

#[test]
fn an_end_before_its_start_goes_to_quarantine() {
    let text = "case;activity;start;end\nA;x;02/01/2025 08:00;01/01/2025 08:00\nA;y;02/01/2025 08:00;02/01/2025 09:00\n";
    assert_eq!(lines_refused(&import(text.as_bytes())), [(2, Code::EndBeforeStart)]);
}

#[test]
fn civil_days_are_never_shifted_by_a_zone() {
    let outcome = import(&log(&["A;x;30/03/2025", "A;y;26/10/2025", "B;x;01/01/2025"]));
    let times: Vec<i64> = outcome.kept.rows().iter().map(|r| r.time).collect();
    assert_eq!(
        times,
        ["2025-03-30", "2025-10-26", "2025-01-01"].map(|d| us(&format!("{d}T00:00:00Z")))
    );
    assert_eq!(outcome.report().date_only, 3);
    assert!(has(outcome.report(), Code::UncertainOrder));
}

#[test]
fn the_two_nights_of_clock_changes_are_read_by_a_stated_rule() {
    let text = "case;activity;start;end\n\
        A;x;30/03/2025 01:30;30/03/2025 02:30\n\
        A;y;26/10/2025 02:50;26/10/2025 02:10\n\
        A;z;26/10/2025 02:10;26/10/2025 02:50\n";
    let outcome = import(text.as_bytes());
    let rows = outcome.kept.rows();
    let report = outcome.report();
    assert_eq!(rows[0].time, us("2025-03-30T01:30:00Z"));
    // The end of the second row can only be the second 02:10.
    assert_eq!(
        (rows[1].start, rows[1].time),
        (Some(us("2025-10-26T00:50:00Z")), us("2025-10-26T01:10:00Z"))
    );
    assert_eq!(
        (rows[2].start, rows[2].time),
        (Some(us("2025-10-26T00:10:00Z")), us("2025-10-26T00:50:00Z"))
    );
    assert!(has(report, Code::ClockChange));
}

#[test]
fn empty_and_header_only_files_are_refused_clearly() {
    for empty in [&b""[..], b"\n\n \r\n", b"\xef\xbb\xbf"] {
        assert_eq!(import(empty).code(), Code::EmptyFile, "{empty:?}");
    }
    assert_eq!(import(&log(&[])).code(), Code::HeaderOnly);
    assert_eq!(import(b"Dossier;\xc3\x89tape;Date\r\n;;\r\n").code(), Code::HeaderOnly);
}

#[test]
fn two_columns_of_one_name_are_asked_about_only_when_they_matter() {
    let text =
        b"Dossier;Date;Activit\xe9;Date\nA;02/01/2025;x;05/01/2025\nA;03/01/2025;y;06/01/2025\n";
    let outcome = import(text);
    assert_eq!(outcome.code(), Code::DuplicateHeader);
    match &outcome.report {
        Err(IngestError::Refused { fr, .. }) => assert!(fr.contains("colonnes 2, 4"), "{fr}"),
        other => panic!("{other:?}"),
    }
    let told = Mapping::from_column_args("end=Date").unwrap();
    let file = file_of(text);
    let outcome = run_with("UTC", |_| (), |ctx, sink| read_events(file.path(), &told, ctx, sink));
    assert_eq!(outcome.code(), Code::DuplicateHeader);
    let told = Mapping::from_column_args("end=#4").unwrap();
    assert_eq!(import_with(text, told, |_| ()).kept.rows()[0].time, us("2025-01-05T00:00:00Z"));
    // Unmapped twins harm nobody.
    let text = "case;activity;date;note;note\nA;x;02/01/2025;;\nA;y;03/01/2025;;\n";
    assert_eq!(activities(&import(text.as_bytes())), ["x", "y"]);
}

#[test]
fn columns_named_by_a_person_win_and_absent_ones_are_listed() {
    let text = "ref;libellé;jour;autre\nA;x;02/01/2025;z\nA;y;03/01/2025;z\n";
    let told = Mapping::from_column_args("case=ref,activity=autre,end=jour").unwrap();
    assert_eq!(activities(&import_with(text.as_bytes(), told, |_| ())), ["z", "z"]);
    let told = Mapping::from_column_args("case=ref,activity=étape,end=jour").unwrap();
    let outcome = import_with(text.as_bytes(), told, |_| ());
    match &outcome.report {
        Err(IngestError::Refused { code: Code::ColumnNotFound, fr, .. }) => {
            assert!(fr.contains("ref | libellé | jour | autre"), "{fr}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_cut_gzip_and_a_bomb_are_refused() {
    let text = log(&["A;x;02/01/2025"; 5000]);
    let whole = gzip(&text);
    for cut in [whole.len() - 1, whole.len() - 9, whole.len() / 2, 12] {
        assert_eq!(import(&whole[..cut]).code(), Code::Truncated, "{cut}");
    }
    let mut damaged = whole.clone();
    let at = damaged.len() - 6;
    damaged[at] ^= 0xff;
    assert_eq!(import(&damaged).code(), Code::Malformed);
    let mut bomb = text;
    bomb.extend(std::iter::repeat_n(b'0', 20 << 20));
    let limits = Limits { expansion_ratio: 200, expanded_bytes: 1 << 20, ..Limits::default() };
    let file = file_of(&gzip(&bomb));
    let outcome = run_with(
        "UTC",
        |ctx| ctx.limits = limits,
        |ctx, sink| read_events(file.path(), &Mapping::default(), ctx, sink),
    );
    assert_eq!(outcome.code(), Code::TooExpanded);
    // The same content is fine where it is allowed: an honest log may shrink a lot.
    let outcome = import(&gzip(&bomb));
    assert_eq!(outcome.report().accepted, 5000);
    assert_eq!(outcome.refused.rows.len(), 1);
}

#[test]
fn what_is_no_text_is_refused_by_name() {
    for bytes in [
        &b"<html><table><tr><td>Dossier</td></tr></table></html>"[..],
        b"{\"a\": 1}",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1old workbook",
        b"\x7fELF\x00\x00\x00binary\x00",
    ] {
        assert_eq!(import(bytes).code(), Code::UnknownFormat, "{bytes:?}");
    }
}

/// An invented national number with its right key.
fn nir(body: &str) -> String {
    let n: u64 = body.replace("2A", "19").replace("2B", "18").parse().unwrap();
    format!("{body}{:02}", 97 - n % 97)
}

#[test]
fn national_numbers_never_pass_the_door() {
    let (one, other) = (nir("1850578006084"), nir("255082A012345"));
    let text = format!(
        "Dossier;Étape;Date;Agent;Motif\n{one};x;02/01/2025;{other};rien\n{one};y;03/01/2025;DUPONT;appel de {other} ce jour\nA;z;04/01/2025;;\nA;{one};hier;DUPONT;{other}\n"
    );
    let told = Mapping::from_column_args("attribute=Motif").unwrap();
    let outcome = import_with(text.as_bytes(), told.clone(), |_| ());
    let report = outcome.report();
    let everything = format!("{:?}{:?}{report:?}", outcome.kept.rows(), outcome.refused.rows);
    for secret in [one.as_str(), other.as_str(), "1850578006084", "255082A012345", "DUPONT"] {
        assert!(!everything.contains(secret), "{secret} in {everything}");
    }
    let rows = outcome.kept.rows();
    assert_eq!(rows[0].case, rows[1].case, "one person, one local number");
    assert!(rows[0].case.starts_with("n-"));
    assert_eq!(rows[2].case, "A");
    let columns: Vec<_> = report
        .findings
        .iter()
        .filter(|f| f.code == Code::NirReplaced)
        .filter_map(|f| f.column.clone())
        .collect();
    for column in ["Dossier", "Agent", "Motif"] {
        assert!(columns.iter().any(|c| c == column), "{column} in {columns:?}");
    }
    // Nor the preview.
    let file = file_of(text.as_bytes());
    let preview = inspect(file.path(), "test", &Hints::default()).unwrap();
    let shown = format!("{preview:?}");
    for secret in [one.as_str(), other.as_str(), "DUPONT"] {
        assert!(!shown.contains(secret), "{secret} in the preview");
    }
    // Strict mode refuses the file.
    let outcome = import_with(text.as_bytes(), told, |ctx| ctx.strict_nir = true);
    assert_eq!(outcome.code(), Code::NirRefused);
}

#[test]
fn a_column_of_keyless_national_numbers_is_known_one_such_number_is_not() {
    let nirs = log(&[
        "1850578006084;x;02/01/2025",
        "2551275012345;x;02/01/2025",
        "1850578006084;y;03/01/2025",
    ]);
    let outcome = import(&nirs);
    outcome.report();
    assert!(outcome.kept.rows().iter().all(|r| r.case.starts_with("n-")));
    let plain = log(&[
        "1850578006084;x;02/01/2025",
        "9999999999999;x;02/01/2025",
        "5555555555555;y;03/01/2025",
    ]);
    let outcome = import(&plain);
    outcome.report();
    assert_eq!(outcome.kept.rows()[0].case, "1850578006084");
}

#[test]
fn look_alike_names_are_kept_apart_and_said() {
    let outcome = import(&log(&[
        "A;Reçu;02/01/2025",
        "A;recu;03/01/2025",
        "A; Clos ;04/01/2025",
        "B;Reçu;05/01/2025",
    ]));
    assert_eq!(outcome.report().activities, 3);
    let alike = outcome.report().findings.iter().find(|f| f.code == Code::LookAlikeNames).unwrap();
    assert!(alike.fr.contains("« Reçu »") && alike.fr.contains("« recu »"), "{}", alike.fr);
    assert!(has(outcome.report(), Code::StrayWhitespace));
}

/// Counts refused rows and forgets them, as a file would.
#[derive(Default)]
struct Counter(u64);
impl Quarantine for Counter {
    fn header(&mut self, _: &[&str]) -> Result<(), SinkError> {
        Ok(())
    }
    fn refuse(&mut self, _: RefusedRow<'_>) -> Result<(), SinkError> {
        self.0 += 1;
        Ok(())
    }
}

struct Forget;
impl EventSink for Forget {
    fn push(&mut self, _: arrow_array::RecordBatch) -> Result<(), SinkError> {
        Ok(())
    }
}

#[test]
fn a_flood_of_bad_rows_is_counted_not_hoarded() {
    let mut text = String::from("Dossier;Étape;Date\n");
    const BAD: u64 = 200_000;
    for i in 0..BAD {
        text.push_str(if i % 2 == 0 { "A;x;hier\n" } else { ";x;02/01/2025\n" });
    }
    text.push_str("A;x;02/01/2025\n");
    let file = file_of(text.as_bytes());
    let mapping = Mapping::from_column_args("case=Dossier,activity=Étape,end=Date").unwrap();
    let people = eclusier_ingest::Pseudonymiser::new(&[1; 32]).unwrap();
    let mut counter = Counter::default();
    let mut ctx = Context::new("test", jiff::tz::TimeZone::UTC, people.clone(), &(), &mut counter);
    let report = read_events(file.path(), &mapping, &mut ctx, &mut Forget).unwrap();
    assert_eq!((report.accepted, report.quarantined, counter.0), (1, BAD, BAD));
    assert!(report.findings.len() < 60);
    let counted: u64 = report
        .findings
        .iter()
        .filter(|f| matches!(f.code, Code::BadDate | Code::MissingCase))
        .map(|f| f.count)
        .sum();
    assert_eq!(counted, BAD);
    // A threshold refuses the file as soon as it is passed.
    let mut counter = Counter::default();
    let mut ctx = Context::new("test", jiff::tz::TimeZone::UTC, people, &(), &mut counter);
    ctx.max_refused = Some(100);
    let refused = read_events(file.path(), &mapping, &mut ctx, &mut Forget);
    assert!(matches!(refused, Err(IngestError::Refused { code: Code::TooManyRefused, .. })));
    assert_eq!(counter.0, 101);
}

struct Stop;
impl Progress for Stop {
    fn at(&self, done: u64, total: u64) -> ControlFlow<()> {
        assert!(done <= total);
        ControlFlow::Break(())
    }
}

struct Full;
impl EventSink for Full {
    fn push(&mut self, _: arrow_array::RecordBatch) -> Result<(), SinkError> {
        Err("disk full".into())
    }
}

#[test]
fn a_person_may_cancel_and_a_full_disk_is_said() {
    let file = file_of(&log(&["A;x;02/01/2025"; 20_000]));
    let people = eclusier_ingest::Pseudonymiser::new(&[1; 32]).unwrap();
    let mut counter = Counter::default();
    let mut ctx =
        Context::new("test", jiff::tz::TimeZone::UTC, people.clone(), &Stop, &mut counter);
    let cancelled = read_events(file.path(), &Mapping::default(), &mut ctx, &mut Forget);
    assert!(matches!(cancelled, Err(IngestError::Cancelled)));
    let mut ctx = Context::new("test", jiff::tz::TimeZone::UTC, people, &(), &mut counter);
    let full = read_events(file.path(), &Mapping::default(), &mut ctx, &mut Full);
    assert!(matches!(full, Err(IngestError::Sink { .. })));
}

#[test]
fn a_file_that_is_gone_is_an_error_without_its_folder() {
    let error =
        inspect(std::path::Path::new("/nowhere/secret-name.csv"), "f.csv", &Hints::default());
    assert!(matches!(error, Err(IngestError::Io { ref name, .. }) if name == "f.csv"));
}

#[test]
fn a_question_is_asked_when_nothing_says_which_column_is_which() {
    let text = "a;b;c;d\nk1;p;02/01/2025;03/01/2025\nk1;q;03/01/2025;05/01/2025\nk2;p;02/02/2025;01/02/2025\nk2;q;04/02/2025;09/02/2025\n";
    let file = file_of(text.as_bytes());
    let hints = Hints { kind: Some(Kind::Events), ..Hints::default() };
    let preview = inspect(file.path(), "test", &hints).unwrap();
    let time = preview.questions.iter().find(|q| q.key == "time").unwrap();
    assert_eq!(time.answers.iter().map(|a| a.value.as_str()).collect::<Vec<_>>(), ["c", "d"]);
}

#[test]
fn a_french_table_of_counts_is_known_for_what_it_is() {
    let text = "Date;Prestation;Entrées;Sorties;Stock\n02/01/2025;Retraite;12;10;100\n03/01/2025;Retraite;11;9;102\n";
    let file = file_of(text.as_bytes());
    let preview = inspect(file.path(), "test", &Hints::default()).unwrap();
    assert_eq!((preview.kind, preview.format), (Kind::Counts, Format::Csv));
    assert_eq!(preview.questions, []);
    let roles: Vec<_> = preview.columns.iter().filter_map(|c| c.role.as_deref()).collect();
    assert_eq!(roles, ["date", "product", "arrivals", "settled_human", "stock"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = import(&bytes).report;
    }

    #[test]
    fn no_table_makes_it_panic(rows in proptest::collection::vec(proptest::collection::vec(
        prop_oneof![
            Just(String::new()), Just("NULL".into()), Just("31/12/9999".into()), Just("1,85E+14".into()),
            Just("9999999999999999".into()), Just("-1".into()), Just("\"".into()), Just("é".into()),
            "[0-9]{1,2}/[0-9]{1,2}/[0-9]{2,4}", "[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}",
            "[0-9]{13,15}", "\\PC{0,8}"
        ], 0..5), 0..20)) {
        let mut text = String::from("case;activity;start;end\n");
        for row in rows {
            text.push_str(&row.join(";"));
            text.push('\n');
        }
        let outcome = import(text.as_bytes());
        if let Ok(report) = outcome.report {
            // Nothing is lost: every row is accepted, refused or ignored.
            prop_assert_eq!(report.rows_read, report.accepted + report.quarantined + report.ignored);
            prop_assert_eq!(report.quarantined, outcome.refused.rows.len() as u64);
            prop_assert_eq!(report.accepted, outcome.kept.rows().len() as u64);
        }
    }
}
