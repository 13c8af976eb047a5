//! Files that cannot be read leave nothing but words that say what to do.

use std::io::Write as _;

use eclusier_app::imports::{ImportOptions, ImportReport, ImportStatus, Watch};

use crate::common::*;

fn gz(text: &str) -> Vec<u8> {
    let mut zip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    zip.write_all(text.as_bytes()).unwrap();
    zip.finish().unwrap()
}

fn code(report: &ImportReport) -> String {
    serde_json::to_value(report.findings[0].code).unwrap().as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_file_leaves_nothing() {
    let bench = Bench::new().await;
    let whole = gz(&csv(&month("A", 1, 400)));
    let mixed = format!(
        "{HEADER}A;Réception;01/02/2025 10:00:00;;;\r\nB;Réception;02/03/2025 10:00:00;;;\r\n"
    );
    let cases: Vec<(&str, Vec<u8>, ImportStatus)> = vec![
        ("vide.csv", Vec::new(), ImportStatus::Refused),
        ("entete.csv", HEADER.into(), ImportStatus::Refused),
        ("coupe.csv.gz", whole[..whole.len() / 2].to_vec(), ImportStatus::Refused),
        (
            "bruit.bin",
            (0..4000u32).map(|i| (i * 7919 % 251) as u8).collect(),
            ImportStatus::Refused,
        ),
        ("sans-dossier.csv", "a;b\r\n1;2\r\n3;4\r\n".into(), ImportStatus::ChoiceNeeded),
        (
            "jours-mois.csv",
            mixed.replace("/2025 10:00:00", "/25").into_bytes(),
            ImportStatus::Committed,
        ),
    ];
    for (name, bytes, expected) in cases {
        let own = name.split('.').next().unwrap();
        let report = bench.import(&bench.file(name, bytes), own).await;
        if expected == ImportStatus::Committed {
            // French order is the rule of the house; it must not fail, whatever it says.
            continue;
        }
        assert_eq!(report.status, expected, "{name}: {:?}", report.message);
        let [fr, en] = report.message.clone().unwrap();
        assert!(fr.contains(name) && en.contains(name), "{fr} / {en}");
        assert_ne!(fr, en);
        assert!(!code(&report).is_empty());
        assert!(report.id.is_none() && report.snapshot.is_none() && !report.quarantine);
        assert!(
            !bench.data().join("lake").join(own).exists()
                || left_behind(&bench.data()).iter().all(|p| !p.to_string_lossy().contains(own)),
            "{name}"
        );
        assert!(!bench.app.process_ids().await.unwrap().contains(&process(own)), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mixture_of_date_orders_is_never_guessed_row_by_row() {
    let bench = Bench::new().await;
    let mut text = HEADER.to_owned();
    for i in 13..29 {
        text.push_str(&format!("A{i};Réception;{i}/01/2025 10:00:00;;;\r\n"));
        text.push_str(&format!("B{i};Réception;01/{i}/2025 10:00:00;;;\r\n"));
    }
    let report = bench.import(&bench.file("melange.csv", text), "pensions").await;
    match report.status {
        ImportStatus::Refused | ImportStatus::ChoiceNeeded => {
            assert!(left_behind(&bench.data()).is_empty());
        }
        ImportStatus::Committed => {
            assert_eq!(report.quarantined, 16, "{report:?}");
            assert_eq!(report.accepted, 16);
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn strict_mode_refuses_a_national_number_and_keeps_nothing() {
    let bench = Bench::new().await;
    let nir = crate::privacy::nir(1_850_578_006_084);
    let text = format!("{HEADER}A1;Réception;01/02/2025 10:00:00;{nir};Nord;Pension\r\n");
    let path = bench.file("nir.csv", &text);
    let mut options = ImportOptions::new(&path, process("pensions"));
    options.strict_nir = true;
    let report = bench.app.import(options, Watch::default()).await.unwrap();
    assert_eq!(report.status, ImportStatus::Refused, "{report:?}");
    assert_eq!(code(&report), "nir_refused");
    let words = report.message.unwrap();
    assert!(!words.iter().any(|w| w.contains(&nir)), "{words:?}");
    assert!(left_behind(&bench.data()).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_file_and_a_wrong_zone_are_told() {
    let bench = Bench::new().await;
    let missing = ImportOptions::new(bench.data().join("nulle-part.csv"), process("pensions"));
    assert!(bench.app.import(missing, Watch::default()).await.is_err());
    let path = bench.file("a.csv", csv(&month("A", 1, 5)));
    let mut options = ImportOptions::new(&path, process("pensions"));
    options.zone = Some("Europe/Nulle-Part".into());
    let refused = bench.app.import(options, Watch::default()).await.unwrap_err();
    assert_eq!(refused.kind(), "invalid");
    assert!(left_behind(&bench.data()).is_empty());
    let mut options = ImportOptions::new(&path, process("pensions"));
    options.columns = Some("case=Inconnue".into());
    let report = bench.app.import(options, Watch::default()).await.unwrap();
    assert_ne!(report.status, ImportStatus::Committed);
    assert!(left_behind(&bench.data()).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_rows_come_back_with_their_line_and_reason() {
    let bench = Bench::new().await;
    let mut text = csv(&month("A", 1, 30));
    let line = text.lines().count() + 1;
    text.push_str("Z1;Réception;31/02/2025 10:00:00;agent1;Nord;Pension\r\n");
    text.push_str(";Réception;01/02/2025 10:00:00;agent1;Nord;Pension\r\n");
    text.push_str("=1+1;;01/02/2025 10:00:00;agent1;Nord;@Pension\r\n");
    let report = bench.store("a.csv", &text, "pensions").await;
    assert_eq!(report.quarantined, 3, "{:?}", report.findings);
    assert_eq!(report.rows_read, report.accepted + report.quarantined);
    let path = bench.app.quarantine(report.id.unwrap()).await.unwrap();
    let bytes = std::fs::read(path).unwrap();
    assert!(bytes.starts_with("\u{feff}".as_bytes()));
    let mut reader =
        csv::ReaderBuilder::new().delimiter(b';').flexible(true).from_reader(&bytes[3..]);
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(&header[..5], ["ligne", "colonne", "code", "motif", "reason"]);
    assert_eq!(header[5..].join(";"), HEADER.trim_end());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let told: Vec<(usize, &str)> = rows.iter().map(|r| (r[0].parse().unwrap(), &r[2])).collect();
    assert_eq!(
        told,
        [(line, "bad_date"), (line + 1, "missing_case"), (line + 2, "missing_activity")]
    );
    for row in &rows {
        assert!(!row[3].is_empty() && !row[4].is_empty() && row[3] != row[4]);
        // The person of the row is no longer there in clear.
        assert!(!row.iter().any(|f| f.contains("agent1")), "{row:?}");
    }
    // Nothing a spreadsheet would run.
    assert_eq!((&rows[2][5], &rows[2][10]), ("'=1+1", "'@Pension"));
    let missing = bench.app.quarantine(eclusier_core::DeliveryId(999)).await.unwrap_err();
    assert_eq!(missing.kind(), "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_where_a_date_should_is_told_by_its_shape() {
    let bench = Bench::new().await;
    let mut text = csv(&month("A", 1, 10));
    text.push_str("Z1;Réception;Valjean 24/601;agent1;Nord;Pension\r\n");
    let report = bench.store("a.csv", &text, "pensions").await;
    assert_eq!(report.quarantined, 1, "{:?}", report.findings);
    let path = bench.app.quarantine(report.id.unwrap()).await.unwrap();
    let kept = std::fs::read_to_string(path).unwrap();
    assert!(kept.contains("xxxxxxx 24/601") && !kept.contains("Valjean"), "{kept}");
}
