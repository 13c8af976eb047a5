//! Tables of daily counts in every shape people keep them.

use eclusier_eventlog::{Dimensions, Movement, MovementKind as K};
use eclusier_ingest::{
    Code, Context, IngestError, Mapping, Pseudonymiser,
    counts::{CountsReport, read_counts, read_pasted_counts},
    mapping::{DateOrder, Decimal},
};
use jiff::{civil::date, tz::TimeZone};

use crate::common::{Refused, file_of, gzip, shared};

/// What reading counts gave.
pub struct Got {
    pub report: Result<CountsReport, IngestError>,
    pub refused: Refused,
}

impl Got {
    pub fn ok(&self) -> &CountsReport {
        self.report.as_ref().unwrap_or_else(|e| panic!("{e}"))
    }
    pub fn code(&self) -> Code {
        match &self.report {
            Err(IngestError::Refused { code, .. } | IngestError::Choice { code, .. }) => *code,
            Err(other) => panic!("not a refusal: {other}"),
            Ok(report) => panic!("accepted: {report:?}"),
        }
    }
    pub fn is_choice(&self) -> bool {
        matches!(self.report, Err(IngestError::Choice { .. }))
    }
    /// Sum of one kind.
    pub fn sum(&self, kind: K) -> i64 {
        self.ok().movements.iter().filter(|m| m.kind == kind).map(|m| m.count).sum()
    }
    pub fn has(&self, code: Code) -> bool {
        self.ok().findings.iter().any(|f| f.code == code)
    }
    /// Movements as short texts, for comparisons.
    pub fn lines(&self) -> Vec<String> {
        self.ok().movements.iter().map(line).collect()
    }
}

fn line(m: &Movement) -> String {
    let d = &m.dimensions;
    let place: Vec<&str> = [&d.org, &d.unit, &d.product, &d.channel]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    format!("{} {} {} {}", m.day, place.join("/"), m.kind.as_str(), m.count)
}

pub fn with_context<T>(f: impl FnOnce(&mut Context<'_>) -> T) -> (T, Refused) {
    let mut refused = Refused::default();
    let people = Pseudonymiser::new(&[7; 32]).unwrap();
    let zone = TimeZone::get("Europe/Paris").unwrap();
    let mut context = Context::new("test", zone, people, &(), &mut refused);
    let out = f(&mut context);
    (out, refused)
}

pub fn read_file(bytes: &[u8], mapping: &Mapping) -> Got {
    let file = file_of(bytes);
    let (report, refused) = with_context(|ctx| read_counts(file.path(), mapping, ctx));
    Got { report, refused }
}

fn read(text: &str) -> Got {
    read_file(text.as_bytes(), &Mapping::default())
}

fn columns(text: &str) -> Mapping {
    Mapping::from_column_args(text).unwrap()
}

#[test]
fn a_tidy_french_spreadsheet_reads_by_itself() {
    let text = "Date;Prestation;Entrées;Sorties;Stock\r\n06/01/2025;Retraite;120;100;1 432\r\n07/01/2025;Retraite;1\u{a0}000;90;2342";
    let (bytes, _, _) = encoding_rs::WINDOWS_1252.encode(text);
    let got = read_file(&bytes, &Mapping::default());
    assert_eq!(
        got.lines(),
        [
            "2025-01-06 Retraite arrivals 120",
            "2025-01-06 Retraite settled_human 100",
            "2025-01-06 Retraite closing_stock 1432",
            "2025-01-07 Retraite arrivals 1000",
            "2025-01-07 Retraite settled_human 90",
            "2025-01-07 Retraite closing_stock 2342",
        ]
    );
    let report = got.ok();
    assert_eq!((report.rows_read, report.accepted, report.quarantined), (2, 2, 0));
    assert_eq!((report.first, report.last), (Some(date(2025, 1, 6)), Some(date(2025, 1, 7))));
    assert_eq!(report.kinds_present, [K::Arrivals, K::SettledHuman, K::ClosingStock]);
    assert!(got.has(Code::OutputsNotSplit));
    assert_eq!(report.cannot.len(), 2, "{:?}", report.cannot);
}

/// The file of the acceptance check, made the same way.
#[test]
fn a_year_of_counts_keeps_its_unexplained_gap() {
    let mut text = String::from("Date;Prestation;Entrées;Sorties;Stock");
    let (mut stock, mut day, mut seed) = (412i64, date(2025, 1, 6), 3u64);
    let (mut arrivals, mut days) = (0, 0);
    for i in 0..300 {
        if !matches!(day.weekday().to_monday_one_offset(), 6 | 7) {
            let mut draw = || {
                seed = seed
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                60 + i64::try_from((seed >> 33) % 81).unwrap()
            };
            let (e, o) = (draw(), draw());
            let o = o.min(stock + e);
            stock += e - o - if i == 120 { 7 } else { 0 };
            arrivals += e;
            days += 1;
            text += &format!(
                "\r\n{:02}/{:02}/{};Retraite;{e};{o};{stock}",
                day.day(),
                day.month(),
                day.year()
            );
        }
        day = day.tomorrow().unwrap();
    }
    let (bytes, _, _) = encoding_rs::WINDOWS_1252.encode(&text);
    let got = read_file(&bytes, &Mapping::default());
    assert_eq!((got.ok().rows_read, got.ok().accepted, got.ok().quarantined), (days, days, 0));
    assert_eq!(got.sum(K::Arrivals), arrivals);
    let net: i64 = got.sum(K::Arrivals) - got.sum(K::SettledHuman);
    assert_eq!(stock, 412 + net - 7, "the gap is delivered as it is, for the ledger to show");
}

#[test]
fn a_long_table_names_its_measure_in_the_row() {
    let got = read(
        "Date;Type;Mouvement;Nombre\n06/01/2025;Retraite;Entrées;12\n06/01/2025;Retraite;Traités automatiquement;3\n06/01/2025;Retraite;Sorties;5\n06/01/2025;Retraite;Annulés;1\n06/01/2025;Retraite;Transférés;2\n06/01/2025;Retraite;Rouverts;1\n06/01/2025;Retraite;Correction;-4\n06/01/2025;Retraite;Stock;400\n06/01/2025;Retraite;Taux de service;92\n06/01/2025;Retraite;Prise de vue;92\n",
    );
    assert_eq!(
        got.lines().iter().map(|l| l.split_once(" Retraite ").unwrap().1).collect::<Vec<_>>(),
        [
            "arrivals 12",
            "settled_auto 3",
            "settled_human 5",
            "cancelled 1",
            "transferred 2",
            "reopened 1",
            "corrections -4",
            "closing_stock 400"
        ]
    );
    assert!(!got.has(Code::OutputsNotSplit));
    assert_eq!(got.refused.rows[0].2, Code::UnknownCode);
    assert!(got.has(Code::ColumnIgnored), "the rate is said, not posted");
    assert_eq!(got.ok().rows_read, got.ok().accepted + got.ok().quarantined);
}

#[test]
fn words_of_a_long_table_can_be_told() {
    let mut mapping = Mapping::default();
    mapping.counts.kinds.insert("Prise de vue".into(), "arrivals".into());
    mapping.counts.kinds.insert("Bouclage".into(), "out".into());
    mapping.counts.kind = Some("Quoi".into());
    let got = read_file(
        "Date;Quoi;Nombre\n06/01/2025;Prise de vue;12\n06/01/2025;Bouclage;5\n".as_bytes(),
        &mapping,
    );
    assert_eq!(got.lines(), ["2025-01-06  arrivals 12", "2025-01-06  settled_human 5"]);
}

#[test]
fn one_column_per_day_takes_its_measure_from_the_row_or_the_title() {
    let by_row = read(
        "Prestation;Indicateur;06/01/2025;07/01/2025\nRetraite;Entrées;12;13\nRetraite;Stock;400;\nRéversion;Entrées;.;0\n",
    );
    assert_eq!(
        by_row.lines(),
        [
            "2025-01-06 Retraite arrivals 12",
            "2025-01-07 Retraite arrivals 13",
            "2025-01-06 Retraite closing_stock 400",
            "2025-01-07 Réversion arrivals 0",
        ],
        "missing is not zero, and zero is not missing"
    );
    let by_title =
        read("Entrées par jour;;\nPrestation;2025-01-06;2025-01-07\nRetraite;12;13\nTotal;12;13\n");
    assert_eq!(by_title.sum(K::Arrivals), 25);
    assert!(by_title.has(Code::TotalsRowSkipped) && by_title.has(Code::TitleRowSkipped));
    let silent = read("Prestation;2025-01-06;2025-01-07\nRetraite;12;13\n");
    assert!(silent.is_choice());
    assert_eq!(silent.code(), Code::ChooseColumn);
}

#[test]
fn one_column_per_product_takes_its_measure_from_the_group_or_the_title() {
    let expected = [
        "2025-01-06 Retraite arrivals 12",
        "2025-01-06 Réversion arrivals 3",
        "2025-01-06 Retraite closing_stock 400",
        "2025-01-06 Réversion closing_stock 50",
    ];
    let grouped = read(
        ";Entrées;;Stock;\nDate;Retraite;Réversion;Retraite;Réversion\n06/01/2025;12;3;400;50\n07/01/2025;10;4;390;51\n",
    );
    assert_eq!(grouped.lines()[..4], expected);
    let joined = read(
        "Date;Entrées Retraite;Entrées Réversion;Stock Retraite;Stock Réversion\n06/01/2025;12;3;400;50\n",
    );
    assert_eq!(joined.lines(), expected);
    let by_product = read(
        ";Retraite;;Réversion;\nDate;Entrées;Stock;Entrées;Stock\n06/01/2025;12;400;3;50\n07/01/2025;1;2;3;4\n",
    );
    let mut got = by_product.lines()[..4].to_vec();
    let mut want = expected.map(str::to_owned).to_vec();
    got.sort();
    want.sort();
    assert_eq!(got, want);
    let titled = read("Stock au soir\nJour;Retraite;Réversion;Total\n06/01/2025;400;50;450\n");
    assert_eq!(titled.sum(K::ClosingStock), 450, "the total column counts nothing twice");
}

#[test]
fn channels_beside_a_measure_are_channels() {
    let got = read(
        "Date;Entrées courrier;Entrées internet;Total entrées;Stock\n06/01/2025;12;3;15;400\n07/01/2025;10;4;14;390\n",
    );
    assert_eq!(got.lines()[0], "2025-01-06 courrier arrivals 12");
    assert_eq!(got.sum(K::Arrivals), 29, "the whole is left out beside its parts");
    let unsaid =
        read("Date;Entrées courrier;Entrées internet;Entrées;Stock\n06/01/2025;12;3;15;400\n");
    assert_eq!(unsaid.sum(K::Arrivals), 15);
    let quarrel = read("Date;Entrées courrier;Entrées;Stock\n06/01/2025;12;99;400\n");
    assert!(quarrel.is_choice(), "a part and another figure of the same name: only a person knows");
}

#[test]
fn parts_of_the_outputs_are_taken_out_of_them() {
    let got = read("Date;Sorties;dont automatiques\n06/01/2025;12;3\n07/01/2025;5;9\n");
    assert_eq!(got.lines(), ["2025-01-06  settled_human 9", "2025-01-06  settled_auto 3"]);
    assert_eq!(got.refused.rows[0].0, 3, "the part exceeds the whole");
    assert!(!got.has(Code::OutputsNotSplit));
    let apart = read("Date;Sorties;Automatiques\n06/01/2025;12;3\n");
    assert_eq!(apart.sum(K::SettledHuman), 12);
    assert!(apart.has(Code::SplitAssumed));
}

#[test]
fn any_one_figure_is_enough_and_what_lacks_is_said() {
    let arrivals = read("Date;Reçus\n06/01/2025;12\n");
    assert_eq!(arrivals.lines(), ["2025-01-06  arrivals 12"]);
    assert_eq!(arrivals.ok().cannot.len(), 3);
    let stock = read("Date;Reste à traiter\n06/01/2025;12\n");
    assert_eq!(stock.lines(), ["2025-01-06  closing_stock 12"]);
    assert_eq!(stock.ok().kinds_present, [K::ClosingStock]);
    let both = read("Date;Flux entrant;En-cours\n06/01/2025;12;400\n");
    assert_eq!(both.ok().kinds_present, [K::Arrivals, K::ClosingStock]);
    assert!(both.ok().cannot.iter().any(|[fr, _]| fr.contains("écart")));
}

#[test]
fn missing_is_not_zero() {
    let got = read(
        "Date;Entrées;Sorties;Stock\n06/01/2025;;.;NULL\n07/01/2025;0;NC;-\n08/01/2025;n/a;2;#N/A\n",
    );
    assert_eq!(got.lines(), ["2025-01-07  arrivals 0", "2025-01-08  settled_human 2"]);
    assert_eq!(got.ok().accepted, 3);
    assert!(got.has(Code::SpreadsheetError));
}

#[test]
fn counts_that_cannot_be_are_quarantined_with_their_line() {
    let got = read(
        "Date;Entrées;Corrections;Stock\n06/01/2025;-3;;1\n07/01/2025;(3);;1\n08/01/2025;3-;;1\n09/01/2025;1,5;;1\n10/01/2025;douze;;1\n11/01/2025;12 %;;1\n12/01/2025;9e15;;1\n13/01/2025;1;(3);1\n14/01/2025;1;3-;1\n31/02/2025;1;;1\n;1;;1\n2025-01-16;1;;1\n12/31/2025;1;;1\n",
    );
    let reasons: Vec<(u64, Code)> = got.refused.rows.iter().map(|r| (r.0, r.2)).collect();
    assert_eq!(
        reasons,
        [
            (2, Code::NegativeCount),
            (3, Code::NegativeCount),
            (4, Code::NegativeCount),
            (5, Code::BadNumber),
            (6, Code::BadNumber),
            (7, Code::BadNumber),
            (8, Code::BadNumber),
            (11, Code::BadDate),
            (12, Code::MissingTime),
            (13, Code::MixedDates),
            (14, Code::MixedDates),
        ]
    );
    assert_eq!(got.sum(K::Corrections), -6);
    assert_eq!((got.ok().rows_read, got.ok().accepted, got.ok().quarantined), (13, 2, 11));
}

/// A national number typed in the wrong column is shown nowhere.
#[test]
fn no_message_echoes_a_national_number() {
    let nir = "185057800608491";
    let text = format!(
        "Date;Entrées;Stock\n06/01/2025;1;9\n07/01/2025;2;9\n{nir};3;9\n09/01/2025;{nir} a;9\n"
    );
    let got = read(&text);
    let reasons: Vec<_> = got.refused.rows.iter().map(|r| (r.0, r.2)).collect();
    assert_eq!(reasons, [(4, Code::BadDate), (5, Code::BadNumber)]);
    for finding in &got.ok().findings {
        assert!(!format!("{finding:?}").contains("850578006"), "{finding:?}");
    }
}

#[test]
fn a_row_cut_into_too_many_cells_is_refused() {
    let got = read(
        "Date;Type;Entrées;Stock\n06/01/2025;A;3;10\n06/01/2025;B;x;3;10\n07/01/2025;\"B;x\";3;10;;\n",
    );
    assert_eq!((got.refused.rows[0].0, got.refused.rows[0].2), (3, Code::ColumnCount));
    assert_eq!(got.ok().accepted, 2, "empty cells at the end shift nothing");
}

#[test]
fn repeated_flows_add_up_repeated_stocks_do_not() {
    let got = read(
        "Date;Type;Entrées;Stock\n06/01/2025;A;3;10\n06/01/2025;A;4;10\n06/01/2025;A;5;11\n06/01/2025;B;5;11\n",
    );
    assert_eq!(got.sum(K::Arrivals), 3 + 4 + 5);
    assert_eq!(got.sum(K::ClosingStock), 10 + 11);
    assert!(got.has(Code::RepeatedRows));
    assert_eq!((got.refused.rows[0].0, got.refused.rows[0].2), (4, Code::ConflictingStock));
}

#[test]
fn month_first_is_never_guessed() {
    let american = read("Date;Entrées\n01/13/2025;3\n01/14/2025;4\n");
    assert!(american.is_choice());
    assert_eq!(american.code(), Code::AmbiguousDates);
    let told = Mapping { date_order: Some(DateOrder::Mdy), ..Mapping::default() };
    let got = read_file(b"Date;Entrees\n01/13/2025;3\n01/02/2025;4\n", &told);
    assert_eq!(got.lines(), ["2025-01-13  arrivals 3", "2025-01-02  arrivals 4"]);
    for text in [
        "6-1-2025",
        "06.01.25",
        "2025-01-06",
        "2025/1/6",
        "20250106",
        "06/01/2025 00:00",
        "06/01/2025 23h30",
        "2025-01-05T23:30:00Z",
    ] {
        let got = read(&format!("Date;Entrées\n{text};3\n"));
        assert_eq!(got.lines(), ["2025-01-06  arrivals 3"], "{text}");
    }
    let serials = read("Date;Entrées\n45663;3\n45664;4\n");
    assert_eq!(serials.lines()[0], "2025-01-06  arrivals 3");
    let none = read("Date;Entrées\n06/01/2025;3\n01/01/1900;3\n31/12/9999;4\n");
    assert_eq!((none.ok().accepted, none.ok().quarantined), (1, 2));
}

#[test]
fn thousands_are_read_and_doubt_is_asked() {
    for (text, count) in [
        ("1 234", 1234),
        ("1\u{202f}234", 1234),
        ("1.234.567", 1_234_567),
        ("21289.0", 21289),
        ("1234,00", 1234),
    ] {
        let got = read(&format!("Date;Entrées\n06/01/2025;{text}\n07/01/2025;1\n"));
        assert_eq!(got.lines()[0], format!("2025-01-06  arrivals {count}"), "{text}");
    }
    let doubt = read("Date;Entrées\n06/01/2025;1.234\n");
    assert!(doubt.is_choice());
    assert_eq!(doubt.code(), Code::AmbiguousNumber);
    let told = Mapping { decimal: Some(Decimal::Comma), ..Mapping::default() };
    assert_eq!(read_file(b"Date;Entrees\n06/01/2025;1.234\n", &told).sum(K::Arrivals), 1234);
}

#[test]
fn titles_totals_footnotes_and_repeated_headers_are_passed_over() {
    let got = read(
        "CAF de test;;;\nSuivi quotidien;;;\n;;;\nDate;Prestation;Entrées;Stock\n06/01/2025;A;3;10\n06/01/2025;Total;3;10\nDate;Prestation;Entrées;Stock\n07/01/2025;A;4;11\nTotal général;;7;21\nSource : service statistique;;;\n",
    );
    assert_eq!(got.lines().len(), 4);
    assert_eq!((got.sum(K::Arrivals), got.sum(K::ClosingStock)), (7, 21));
    assert!(got.has(Code::TitleRowSkipped) && got.has(Code::TotalsRowSkipped));
    assert_eq!((got.ok().rows_read, got.ok().accepted, got.ok().quarantined), (2, 2, 0));
    let only_totals = read("Date;Prestation;Entrées\n06/01/2025;Total;3\n07/01/2025;Total;4\n");
    assert_eq!(only_totals.sum(K::Arrivals), 7, "a total alone is the figure itself");
    assert_eq!(only_totals.ok().movements[0].dimensions, Dimensions::default());
}

#[test]
fn columns_without_meaning_are_left_out_and_said() {
    let got = read(
        "Date;Jour;Semaine;Entrées;Cumul entrées;Stock initial;Stock;Délai moyen;Objectif;Responsable\n06/01/2025;lundi;2;3;3;7;10;12;5;Mme Durand\n07/01/2025;mardi;2;3;6;10;-1;12;5;M. Petit\n",
    );
    assert_eq!(got.lines(), ["2025-01-06  arrivals 3", "2025-01-06  closing_stock 10"]);
    assert!(got.has(Code::ColumnIgnored));
    let fields = &got.refused.rows[0].3;
    assert!(
        !fields.iter().any(|f| f.contains("Petit")),
        "columns not read may name people: {fields:?}"
    );
}

#[test]
fn dimensions_are_found_by_their_headings() {
    let got = read(
        "Date;Caisse;Service;Prestation;Canal;Entrées\n06/01/2025;CAF 59;Équipe 1;RSA;Courrier;3\n06/01/2025;CAF 59;Équipe 1;RSA;Web;4\n",
    );
    let d = &got.ok().movements[1].dimensions;
    let texts = [&d.org, &d.unit, &d.product, &d.channel].map(|t| t.clone().unwrap());
    assert_eq!(texts, ["CAF 59", "Équipe 1", "RSA", "Web"]);
    let mut mapping = Mapping::default();
    mapping.constants.org = Some("CAF 62".into());
    let got = read_file("Date;Entrées\n06/01/2025;3\n".as_bytes(), &mapping);
    assert_eq!(got.ok().movements[0].dimensions.org.as_deref(), Some("CAF 62"));
}

#[test]
fn files_without_counts_are_refused_in_words() {
    for (text, code) in [
        ("", Code::EmptyFile),
        ("\n\n", Code::EmptyFile),
        ("Date;Entrées;Sorties;Stock\n", Code::HeaderOnly),
        ("bonjour", Code::EmptyFile),
        ("Prestation;Entrées\nA;3\nB;4\n", Code::ChooseColumn),
        ("Date;x;y\n06/01/2025;1;2\n", Code::ChooseColumn),
    ] {
        let got = read(text);
        assert_eq!(got.code(), code, "{text:?}");
        let Err(IngestError::Refused { fr, en, .. } | IngestError::Choice { fr, en, .. }) =
            &got.report
        else {
            panic!()
        };
        assert!(fr.len() > 20 && en.len() > 20);
    }
    assert_eq!(
        read_file(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", &Mapping::default()).code(),
        Code::UnknownFormat
    );
    let unknown = read_file(b"Date;Entrees\n06/01/2025;1\n", &columns("arrivals=Absente"));
    assert_eq!(unknown.code(), Code::ColumnNotFound);
}

#[test]
fn a_thousand_bad_rows_stop_only_when_asked() {
    let mut text = String::from("Date;Entrées\n06/01/2025;1\n");
    for _ in 0..1_000 {
        text += "07/01/2025;x\n";
    }
    assert_eq!(read(&text).ok().quarantined, 1_000);
    let file = file_of(text.as_bytes());
    let (report, _) = with_context(|ctx| {
        ctx.max_refused = Some(10);
        read_counts(file.path(), &Mapping::default(), ctx)
    });
    assert!(matches!(report, Err(IngestError::Refused { code: Code::TooManyRefused, .. })));
}

#[test]
fn pasted_text_reads_like_a_file() {
    let text = "Date\tEntrées\tStock\n06/01/2025\t1\u{202f}200\t10\n";
    let (report, _) = with_context(|ctx| read_pasted_counts(text, &Mapping::default(), ctx));
    let report = report.unwrap();
    assert_eq!(report.movements[0].count, 1200);
    assert_eq!(report.accepted, 1);
}

#[test]
fn daily_calls_are_arrivals() {
    let Some(path) = shared("calls-daily-2013-2016/case_data_calls.csv") else { return };
    let (report, refused) = with_context(|ctx| read_counts(&path, &Mapping::default(), ctx));
    let report = report.unwrap();
    assert_eq!((report.rows_read, report.accepted, refused.rows.len()), (1155, 1155, 0));
    assert_eq!(report.kinds_present, [K::Arrivals]);
    assert_eq!(report.first, Some(date(2013, 1, 1)));
    assert_eq!(report.movements[0].count, 2429);
    let expected: i64 = std::fs::read_to_string(&path)
        .unwrap()
        .lines()
        .skip(1)
        .map(|l| l.split(';').nth(1).unwrap().parse::<i64>().unwrap())
        .sum();
    assert_eq!(report.movements.iter().map(|m| m.count).sum::<i64>(), expected);
}

#[test]
fn reservations_need_a_person_s_choice() {
    let Some(path) = shared("calls-daily-2013-2016/case_data_reservations.csv") else { return };
    let (report, _) = with_context(|ctx| read_counts(&path, &Mapping::default(), ctx));
    assert!(matches!(report, Err(IngestError::Choice { code: Code::ChooseColumn, .. })));
    let mapping = columns("arrivals=total_reservations");
    let (report, _) = with_context(|ctx| read_counts(&path, &mapping, ctx));
    let report = report.unwrap();
    assert_eq!(report.movements[0].count, 7794);
    assert_eq!(report.accepted, 790);
}

#[test]
fn monthly_attendances_read_with_a_mapping() {
    let Some(path) = shared("nhs-ae-monthly-by-provider/ae_attendances.csv.gz") else { return };
    let mapping = columns("date=period,org=org_code,type=type,arrivals=attendances");
    let (report, refused) = with_context(|ctx| read_counts(&path, &mapping, ctx));
    let report = report.unwrap();
    assert_eq!((report.rows_read, refused.rows.len()), (12_765, 0));
    assert_eq!(report.first, Some(date(2016, 4, 1)));
    let orgs: std::collections::BTreeSet<_> =
        report.movements.iter().map(|m| m.dimensions.org.clone()).collect();
    assert_eq!(orgs.len(), 274);
}

#[test]
fn a_compressed_text_reads_too() {
    let got = read_file(&gzip("Date;Entrées\n06/01/2025;3\n".as_bytes()), &Mapping::default());
    assert_eq!(got.sum(K::Arrivals), 3);
    let bytes = gzip(&vec![b'x'; 100_000]);
    let torn = read_file(&bytes[..bytes.len() - 6], &Mapping::default());
    assert!(matches!(torn.code(), Code::Truncated | Code::Malformed));
}

mod hostile {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// Whatever is written in a table of counts, every row is accounted for.
        #[test]
        fn every_row_is_accepted_or_refused(
            cells in proptest::collection::vec(
                prop::sample::select(vec![
                    "", "0", "12", "-3", "1,5", "1 234", "1.234", "x", "06/01/2025", "2025-02-30",
                    "Total", "Stock", "Entrées", "#N/A", "NULL", "\"", "12 %", "9999999999999999999", "(4)",
                ]),
                0..80,
            ),
            width in 1usize..6,
        ) {
            let mut text = String::from("Date;Type;Entrées;Sorties;Stock\n06/01/2025;A;1;2;3\n");
            for row in cells.chunks(width) {
                text += &row.join(";");
                text.push('\n');
            }
            let got = read(&text);
            if let Ok(report) = &got.report {
                prop_assert_eq!(report.rows_read, report.accepted + report.quarantined);
                prop_assert!(report.movements.iter().all(|m| m.count >= 0));
                prop_assert_eq!(report.quarantined, got.refused.rows.len() as u64);
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = read_file(&bytes, &Mapping::default()).report;
        }

        #[test]
        fn no_change_of_a_good_file_makes_it_panic(at in 0usize..200, byte in any::<u8>(), cut in 0usize..200) {
            let mut bytes = b"Suivi;;\nDate;Prestation;Entrees;Stock\n06/01/2025;A;1 200;3\n07/01/2025;B;(3);\n".repeat(2);
            if let Some(b) = bytes.get_mut(at) { *b = byte; }
            bytes.truncate(bytes.len() - cut.min(bytes.len()));
            let _ = read_file(&bytes, &Mapping::default()).report;
        }
    }
}

mod look {
    use super::*;
    use eclusier_ingest::{Format, Hints, Kind, Preview, inspect};

    fn preview(bytes: &[u8], hints: Hints) -> Preview {
        let file = file_of(bytes);
        inspect(file.path(), "test", &hints).unwrap_or_else(|e| panic!("{e}"))
    }

    fn roles(p: &Preview) -> Vec<Option<&str>> {
        p.columns.iter().map(|c| c.role.as_deref()).collect()
    }

    #[test]
    fn a_table_of_counts_is_recognised_and_its_mapping_proposed() {
        let text = "CAF de test;;;\nDate;Prestation;Entrées;Sorties;Stock;Responsable\n06/01/2025;A;3;2;10;Mme Durand\n07/01/2025;A;4;3;11;Mme Durand\n";
        let p = preview(text.as_bytes(), Hints::default());
        assert_eq!((p.kind, p.format, p.header_row), (Kind::Counts, Format::Csv, Some(2)));
        assert_eq!(
            roles(&p),
            [
                Some("date"),
                Some("product"),
                Some("arrivals"),
                Some("settled_human"),
                Some("stock"),
                None
            ]
        );
        assert!(p.questions.is_empty(), "{:?}", p.questions);
        assert_eq!(p.mapping.counts.settled_human.as_deref(), Some("Sorties"));
        assert!(!format!("{p:?}").contains("Durand"), "names are masked in a preview");
        // The proposed mapping reads the file as detection alone does, and survives its TOML.
        let mapping = Mapping::from_toml(&p.mapping.to_toml().unwrap()).unwrap();
        let told = read_file(text.as_bytes(), &mapping);
        assert_eq!(told.lines(), read(text).lines());
        assert!(told.has(Code::OutputsNotSplit));
    }

    /// What the application does: look, then read by the mapping proposed.
    #[test]
    fn every_layout_reads_the_same_through_its_preview() {
        for text in [
            "Date;Type;Mouvement;Nombre\n06/01/2025;A;Entrées;12\n06/01/2025;A;Stock;5\n",
            ";Entrées;;Stock;\nDate;Retraite;Réversion;Retraite;Réversion\n06/01/2025;12;3;400;50\n07/01/2025;10;4;390;51\n",
            "Entrées par jour;;\nPrestation;2025-01-06;2025-01-07\nRetraite;12;13\nRéversion;1;2\n",
            "Prestation;Indicateur;06/01/2025;07/01/2025\nRetraite;Entrées;12;13\nRetraite;Stock;400;\n",
            "Date;Sorties;dont automatiques\n06/01/2025;12;3\n07/01/2025;12;3\n",
            "Date;Entrées courrier;Entrées internet;Total entrées;Stock\n06/01/2025;12;3;15;400\n",
            "date;calls;weekday\n1-1-2013;2429;2\n2-1-2013;3881;3\n",
            "Jour;Reste à traiter\n06/01/2025;1 400\n07/01/2025;1 390\n",
        ] {
            let p = preview(text.as_bytes(), Hints::default());
            assert_eq!((p.kind, p.questions.len()), (Kind::Counts, 0), "{text}\n{:?}", p.questions);
            assert_eq!(
                read_file(text.as_bytes(), &p.mapping).lines(),
                read(text).lines(),
                "{text}"
            );
        }
    }

    #[test]
    fn what_only_a_person_knows_is_a_question_with_answers() {
        let counts = || Hints { kind: Some(Kind::Counts), ..Hints::default() };
        for (text, code, key, answers) in [
            ("Date;x;y\n06/01/2025;1;2\n", Code::ChooseColumn, "arrivals", 2),
            ("Quand;Entrées\nhier;1\n", Code::ChooseColumn, "date", 2),
            ("Date;Entrées\n06/01/2025;1.234\n", Code::AmbiguousNumber, "decimal", 2),
            ("Date;Entrées\n01/13/2025;1\n", Code::AmbiguousDates, "date_order", 1),
            ("Date;Reçus;Entrées\n06/01/2025;1;2\n", Code::ChooseColumn, "arrivals", 2),
        ] {
            let p = preview(text.as_bytes(), counts());
            let q = &p.questions[0];
            assert_eq!((q.code, q.key.as_str(), q.answers.len()), (code, key, answers), "{text}");
        }
        // Each answer given, the question is gone.
        let text = "Date;x;y\n06/01/2025;1;2\n";
        let hints = Hints { mapping: Some(columns("arrivals=x")), ..counts() };
        let p = preview(text.as_bytes(), hints);
        assert!(p.questions.is_empty());
        assert_eq!(roles(&p), [Some("date"), Some("arrivals"), None]);
    }

    #[test]
    fn an_event_table_is_not_taken_for_counts() {
        let text = "N° dossier;Étape;Début;Fin\n1;Réception;06/01/2025 09:00;06/01/2025 09:10\n1;Étude;07/01/2025 09:00;07/01/2025 09:10\n2;Réception;07/01/2025 10:00;07/01/2025 10:05\n";
        assert_eq!(preview(text.as_bytes(), Hints::default()).kind, Kind::Events);
    }

    #[test]
    fn shared_daily_files_preview_like_they_read() {
        let Some(path) = shared("calls-daily-2013-2016/case_data_calls.csv") else { return };
        let p = inspect(&path, "calls", &Hints::default()).unwrap();
        assert_eq!((p.kind, roles(&p)), (Kind::Counts, vec![Some("date"), Some("arrivals"), None]));
        let Some(path) = shared("calls-daily-2013-2016/case_data_reservations.csv") else { return };
        let hints = Hints { kind: Some(Kind::Counts), ..Hints::default() };
        let p = inspect(&path, "reservations", &hints).unwrap();
        assert_eq!(p.questions[0].code, Code::ChooseColumn);
    }
}
