//! No person and no national number in clear, anywhere the program writes.

use std::{
    io::Write,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    sync::{Arc, Mutex},
};

use eclusier_app::imports::Watch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::common::*;

/// A national number with its key.
pub fn nir(body: u64) -> String {
    format!("{body}{:02}", 97 - body % 97)
}

/// Every value of a Parquet file, as text.
fn shown(path: &Path) -> String {
    let file = std::fs::File::open(path).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    let mut text = String::new();
    for batch in reader {
        let batch = batch.unwrap();
        for column in batch.columns() {
            text.push_str(&texts(column).join("\n"));
        }
    }
    text
}

/// Files that hold one of the secrets, in their bytes or in their decoded values.
fn leaks(data: &Path, secrets: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for path in files(data) {
        let bytes = std::fs::read(&path).unwrap();
        let text = match path.extension().is_some_and(|e| e == "parquet") {
            true => shown(&path),
            false => String::new(),
        };
        for secret in secrets {
            let raw = bytes.windows(secret.len()).any(|w| w == secret.as_bytes());
            if raw || text.contains(secret) || path.to_string_lossy().contains(secret) {
                found.push(format!("{secret} in {}", path.display()));
            }
        }
    }
    found
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_person_and_no_number_is_kept_in_clear() {
    let log = Log::default();
    let writer = log.clone();
    let _ = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .try_init();
    let bench = Bench::new().await;
    let (one, two, three) =
        (nir(1_850_578_006_084), nir(2_690_375_116_001), nir(1_551_213_055_321));
    let spaced = format!(
        "{} {} {} {} {} {} {}",
        &two[..1],
        &two[1..3],
        &two[3..5],
        &two[5..7],
        &two[7..10],
        &two[10..13],
        &two[13..]
    );
    let mut text =
        String::from("Dossier;Activité;Date;Agent;Service;Prestation;Assuré;Commentaire\r\n");
    for i in 0..40 {
        let agent = ["DURAND-Mireille", "martin.paul@caisse.example"][i % 2];
        let day = 1 + i % 25;
        text.push_str(&format!("P{i:03};Réception;{day:02}/03/2025 09:00:00;{agent};Nord;Pension;{one};appel de {spaced}\r\n"));
        text.push_str(&format!(
            "P{i:03};Décision;{:02}/03/2025 09:00:00;{agent};Nord;Pension;{one};\r\n",
            day + 3
        ));
    }
    // A number as a case number, and rows that are refused.
    text.push_str(&format!(
        "{three};Réception;01/03/2025 09:00:00;DURAND-Mireille;Nord;Pension;{one};\r\n"
    ));
    text.push_str(&format!(
        "Q1;Réception;45/03/2025 09:00:00;DURAND-Mireille;Nord;Pension;{one};dit {spaced}\r\n"
    ));
    text.push_str(&format!(
        "{three};;03/03/2025 09:00:00;martin.paul@caisse.example;Nord;Pension;{two};\r\n"
    ));
    text.push_str(&format!(
        "Q2;Réception;DURAND-Mireille {one};DURAND-Mireille;Nord;Pension;;\r\n"
    ));
    let report = bench.store("personnes.csv", &text, "pensions").await;
    assert_eq!(report.quarantined, 3, "{:?}", report.findings);
    assert_eq!(report.resources, 2);
    // Every use case that might write or tell.
    bench.app.put_config(&process("pensions"), None, &rules()).await.unwrap();
    let state = bench.state("pensions").await;
    let table = bench.app.table("cases", &of("pensions"), &Default::default()).await.unwrap();
    let export = format!("{table:?}");
    let key = std::fs::read_to_string(bench.data().join("secret.key")).unwrap();
    let clear = [
        "DURAND",
        "Mireille",
        "martin.paul",
        one.as_str(),
        &one[..13],
        two.as_str(),
        &two[..13],
        spaced.as_str(),
        three.as_str(),
        &three[..13],
    ];
    let told = format!("{state:?}{export}{:?}", report.findings);
    for secret in clear {
        assert!(!told.contains(secret), "{secret} is told: {told}");
    }
    bench.app.undo(report.id.unwrap(), "fin", Watch::default()).await.unwrap();
    bench.store("personnes2.csv", &text.replace("P0", "R0"), "autre").await;
    bench.app.close().await;
    assert_eq!(leaks(&bench.data(), &clear), Vec::<String>::new());
    // The key lies in its file alone.
    let key = key.trim();
    assert_eq!(key.len(), 64);
    let held = leaks(&bench.data(), &[key]);
    assert!(held.len() == 1 && held[0].ends_with("secret.key"), "{held:?}");
    let said = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    for secret in clear.iter().chain([&key]) {
        assert!(!said.contains(secret), "{secret} is in the log");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_is_read_by_its_owner_alone() {
    let bench = Bench::new().await;
    bench.store("a.csv", &csv(&month("A", 1, 5)), "pensions").await;
    let mode = |p: &Path| std::fs::metadata(p).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&bench.data().join("secret.key")), 0o600);
    assert_eq!(mode(&bench.data()), 0o700);
}

/// Pseudonyms kept in the lake.
fn pseudonyms(data: &Path) -> std::collections::BTreeSet<String> {
    let mut found = std::collections::BTreeSet::new();
    for path in
        files(&data.join("lake")).iter().filter(|p| p.extension().is_some_and(|e| e == "parquet"))
    {
        let file = std::fs::File::open(path).unwrap();
        for batch in ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap() {
            let batch = batch.unwrap();
            let Some(column) = batch.column_by_name("resource") else { continue };
            found.extend(texts(column));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_has_one_pseudonym_in_a_body_and_another_elsewhere() {
    let line = |case: &str, agent: &str| {
        format!("{HEADER}{case};Réception;01/02/2025 10:00:00;{agent};Nord;Pension\r\n")
    };
    let bench = Bench::new().await;
    bench.store("a.csv", &line("A", "Durand"), "pensions").await;
    let first = pseudonyms(&bench.data());
    assert_eq!(first.len(), 1);
    bench.store("b.csv", &line("B", "Durand"), "pensions").await;
    bench.store("c.csv", &line("C", "Durand"), "reversions").await;
    assert_eq!(pseudonyms(&bench.data()), first);
    bench.store("d.csv", &line("D", "Martin"), "pensions").await;
    assert_eq!(pseudonyms(&bench.data()).len(), 2);
    let elsewhere = Bench::new().await;
    elsewhere.store("a.csv", &line("A", "Durand"), "pensions").await;
    assert!(pseudonyms(&elsewhere.data()).is_disjoint(&first));
}
