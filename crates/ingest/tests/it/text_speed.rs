//! How fast text is read, by hand: `cargo test -p eclusier-ingest --release -- --ignored speed --nocapture`.

use std::{fmt::Write, time::Instant};

use eclusier_ingest::{Context, Hints, Pseudonymiser, inspect, read_events};

use crate::common::{Refused, file_of};

struct Forget(u64);
impl eclusier_ingest::EventSink for Forget {
    fn push(&mut self, batch: arrow_array::RecordBatch) -> Result<(), eclusier_ingest::SinkError> {
        self.0 += batch.num_rows() as u64;
        Ok(())
    }
}

/// Time this thread spent on a processor: other work of the machine does not count.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|n| n.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1e9
}

/// A case tool's usual export: eight columns.
fn export(rows: u64) -> String {
    let mut text = String::from(
        "Numéro de dossier;Activité;Date début;Date fin;Agent;Service;Prestation;Canal\n",
    );
    let steps =
        ["Réception", "Instruction du dossier", "Demande de pièce", "Retour de pièce", "Décision"];
    for i in 0..rows {
        let (case, step) = (i / 6, steps[(i % 5) as usize]);
        let (day, hour, minute) = (i % 28 + 1, i % 9 + 8, i % 60);
        writeln!(
            text,
            "D{case:09};{step};{day:02}/{:02}/2024 {hour:02}:{minute:02}:00;{day:02}/{:02}/2024 {hour:02}:{minute:02}:45;AG{:04};Service {};RSA;Courrier",
            i % 12 + 1, i % 12 + 1, i % 400, i % 30
        )
        .unwrap();
    }
    text
}

/// The same, every field between quotes.
fn quoted(text: &str) -> String {
    let lines = text.lines().map(|l| format!("\"{}\"\n", l.replace(';', "\";\"")));
    lines.collect()
}

/// The same rows as a workbook, beside what `calamine` alone takes for them.
#[test]
#[ignore = "a measure, not a check"]
fn speed_of_a_workbook() {
    let text = export(100_000);
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (r, line) in (0u32..).zip(text.lines()) {
        for (c, cell) in (0u16..).zip(line.split(';')) {
            sheet.write_string(r, c, cell).unwrap();
        }
    }
    let file = file_of(&book.save_to_buffer().unwrap());
    let started = Instant::now();
    let mut peer: calamine::Xlsx<_> = calamine::open_workbook(file.path()).unwrap();
    let mut cells = peer.worksheet_cells_reader("Sheet1").unwrap();
    while cells.next_cell().unwrap().is_some() {}
    let alone = started.elapsed();
    let limits = eclusier_ingest::Limits::default();
    let started = Instant::now();
    let open = eclusier_ingest::sheet::Workbook::open(file.path(), "t", &limits).unwrap();
    let checked = started.elapsed();
    let mut rows = open.rows(0, &limits).unwrap();
    let mut row = eclusier_ingest::Row::default();
    let mut count = 0;
    while rows.next(&mut row).unwrap() {
        count += 1;
    }
    let whole = started.elapsed();
    assert_eq!(count, 100_001);
    eprintln!(
        "{count} rows: checked and opened in {checked:?}, read in {whole:?} in all; calamine alone {alone:?}"
    );
}

#[test]
#[ignore = "a measure, not a check"]
fn speed_of_eight_columns() {
    let rows = 1_000_000;
    let text = export(rows);
    measure(rows, &text);
    measure(rows, &quoted(&text));
}

fn measure(rows: u64, text: &str) {
    let file = file_of(text.as_bytes());
    let started = Instant::now();
    let preview = inspect(file.path(), "export.csv", &Hints::default()).unwrap();
    let looked = started.elapsed();
    assert_eq!(preview.questions, []);
    let mut refused = Refused::default();
    let people = Pseudonymiser::new(&[7; 32]).unwrap();
    let zone = jiff::tz::TimeZone::get("Europe/Paris").unwrap();
    let mut ctx = Context::new("export.csv", zone, people, &(), &mut refused);
    let mut sink = Forget(0);
    let busy = cpu_seconds();
    let started = Instant::now();
    let report = read_events(file.path(), &preview.mapping, &mut ctx, &mut sink).unwrap();
    let (read, busy) = (started.elapsed(), cpu_seconds() - busy);
    assert_eq!((report.accepted, sink.0), (rows, rows));
    eprintln!(
        "{} MB, {rows} rows: looked in {looked:?}, read in {read:?} ({busy:.2} s of CPU), {:.2} M rows/s of CPU",
        text.len() >> 20,
        rows as f64 / busy / 1e6
    );
}
