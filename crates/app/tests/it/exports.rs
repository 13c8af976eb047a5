//! What is exported is what is shown, in every format.

use std::io::Cursor;

use calamine::{Data, Reader as _, Xlsx};
use eclusier_app::{
    cases::CasesQuery,
    exports::{Cell, ExportFormat, Shown, Table},
};
use eclusier_core::{Grain, Lang};
use eclusier_ledger::GroupBy;
use jiff::{civil::DateTime, tz::TimeZone};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::common::*;

async fn bench() -> Bench {
    let bench = Bench::new().await;
    let mut lines = month("A", 1, 40);
    // A summer instant, case numbers that look like something else, and a formula.
    lines.push(("0012".into(), "Réception", "15/06/2025 23:30:00".into()));
    lines.push(("1E5".into(), "Réception", "16/06/2025 00:10:00".into()));
    lines.push(("=cmd|' /C calc'!A0".into(), "Réception", "16/06/2025 08:00:00".into()));
    bench.store("a.csv", &csv(&lines), "pensions").await;
    bench.app.put_config(&process("pensions"), None, &rules()).await.unwrap();
    bench
}

/// The moment a spreadsheet shows.
fn local(cell: &Cell, zone: &TimeZone) -> Option<DateTime> {
    match cell {
        Cell::Day(d) => Some(d.at(0, 0, 0, 0)),
        Cell::Instant(t) => Some(t.to_zoned(zone.clone()).datetime()),
        _ => None,
    }
}

fn same(cell: &Cell, read: &Data, zone: &TimeZone) -> bool {
    match (cell, read) {
        (Cell::Empty, Data::Empty) => true,
        (Cell::Text(a), Data::String(b)) => a == b,
        (Cell::Whole(a), Data::Float(b)) => *a as f64 == *b,
        (Cell::Whole(a), Data::Int(b)) => a == b,
        (Cell::Number(a) | Cell::Share(a), Data::Float(b)) => a == b,
        (Cell::Number(a) | Cell::Share(a), Data::Int(b)) => *a == *b as f64,
        (Cell::Day(_) | Cell::Instant(_), Data::DateTime(b)) => {
            let (y, mo, d, h, mi, s, ms) = b.to_ymd_hms_milli();
            let read = format!("{y:04}-{mo:02}-{d:02}T{h:02}:{mi:02}:{s:02}");
            ms == 0 && local(cell, zone).is_some_and(|t| t.to_string() == read)
        }
        _ => false,
    }
}

fn read_xlsx(bytes: Vec<u8>) -> (Vec<String>, Vec<Vec<Data>>, String) {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    let sheet = book.worksheet_range("Données").unwrap();
    let mut rows = sheet.rows().map(<[Data]>::to_vec);
    let header = rows.next().unwrap().iter().map(ToString::to_string).collect();
    let notice = book.worksheet_range("Notice").unwrap();
    let notice = notice.rows().flatten().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    (header, rows.collect(), notice)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spreadsheet_holds_the_rows_of_the_screen() {
    let bench = bench().await;
    for what in ["stocks", "ledger", "cases", "indicators", "lead-times"] {
        let table: Table = bench.app.table(what, &of("pensions"), &Shown::default()).await.unwrap();
        let bytes =
            bench.app.write_table(table.clone(), ExportFormat::Xlsx, Lang::Fr).await.unwrap();
        let (header, rows, notice) = read_xlsx(bytes);
        assert_eq!(header, table.columns.iter().map(|c| c.fr.to_owned()).collect::<Vec<_>>());
        assert_eq!(rows.len(), table.rows.len(), "{what}");
        for (row, read) in table.rows.iter().zip(&rows) {
            for (x, cell) in row.iter().enumerate() {
                let read = read.get(x).unwrap_or(&Data::Empty);
                assert!(same(cell, read, &table.zone), "{what}: {cell:?} is read {read:?}");
            }
        }
        assert!(notice.contains("Pensions") && notice.contains("Règle de clôture"), "{notice}");
    }
    // And the table is the screen.
    let table = bench.app.table("ledger", &of("pensions"), &Shown::default()).await.unwrap();
    let ledger = bench.app.ledger(&of("pensions"), eclusier_app::Grain::Day, &[]).await.unwrap();
    assert_eq!(table.rows.len(), ledger.len());
    for (cells, row) in table.rows.iter().zip(&ledger) {
        assert_eq!(cells.first(), Some(&Cell::Day(row.from)));
        assert_eq!(cells.last(), Some(&Cell::from(row.closing)));
    }
    let wrong = bench.app.table("people", &of("pensions"), &Shown::default()).await.unwrap_err();
    assert!(matches!(wrong.kind(), "not-found" | "invalid"), "{wrong}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_french_csv_is_read_back_and_runs_nothing() {
    let bench = bench().await;
    let table = bench.app.table("cases", &of("pensions"), &Shown::default()).await.unwrap();
    let bytes =
        bench.app.write_table(table.clone(), ExportFormat::FrenchCsv, Lang::Fr).await.unwrap();
    assert!(bytes.starts_with(b"\xef\xbb\xbf"));
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(&bytes[3..]);
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), table.rows.len());
    for row in &rows {
        for field in row {
            let risky = field.starts_with(['=', '+', '-', '@']);
            assert!(!risky || field.parse::<f64>().is_ok(), "{field}");
        }
    }
    let all: Vec<&str> = rows.iter().map(|r| &r[1]).collect();
    assert!(all.contains(&"'=cmd|' /C calc'!A0"), "{all:?}");
    assert!(all.contains(&"0012") && all.contains(&"1E5"));
    // 23:30 in Paris is that day, not the day of the instant in another zone.
    let late = rows.iter().find(|r| &r[1] == "0012").unwrap();
    assert_eq!(&late[2], "15/06/2025 23:30:00");

    // The ledger delivered back as counts gives the same ledger.
    let by_process = Shown { group_by: vec![GroupBy::Process], ..Shown::default() };
    let table = bench.app.table("ledger", &of("pensions"), &by_process).await.unwrap();
    let bytes = bench.app.write_table(table, ExportFormat::FrenchCsv, Lang::Fr).await.unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.starts_with("\u{feff}Jour;Processus;Ouverture;Entrées;Traités;"), "{text:.80}");
}

#[tokio::test(flavor = "multi_thread")]
async fn parquet_keeps_types_and_values() {
    let bench = bench().await;
    for what in ["stocks", "ledger", "cases", "indicators", "lead-times"] {
        let table = bench.app.table(what, &of("pensions"), &Shown::default()).await.unwrap();
        let bytes =
            bench.app.write_table(table.clone(), ExportFormat::Parquet, Lang::Fr).await.unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes)).unwrap();
        let batches: Vec<_> = reader.build().unwrap().map(Result::unwrap).collect();
        let names: Vec<_> = batches[0].schema().fields().iter().map(|f| f.name().clone()).collect();
        assert_eq!(names, table.columns.iter().map(|c| c.name).collect::<Vec<_>>());
        let mut at = 0;
        for batch in &batches {
            let columns: Vec<Vec<String>> = batch.columns().iter().map(texts).collect();
            let rows = 0..batch.num_rows();
            for row in rows.map(|r| columns.iter().map(|c| c[r].clone()).collect::<Vec<_>>()) {
                for (x, cell) in table.rows[at].iter().enumerate() {
                    let shown = row[x].clone();
                    let expected = match cell {
                        Cell::Empty => String::new(),
                        Cell::Text(t) => t.clone(),
                        Cell::Whole(n) => n.to_string(),
                        Cell::Number(n) | Cell::Share(n) => {
                            assert_eq!(shown.parse::<f64>().unwrap(), *n);
                            continue;
                        }
                        Cell::Day(d) => d.to_string(),
                        Cell::Instant(t) => t.as_microsecond().to_string(),
                    };
                    assert_eq!(shown, expected, "{what}, {}", table.columns[x].name);
                }
                at += 1;
            }
        }
        assert_eq!(at, table.rows.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_export_of_nothing_is_a_file() {
    let bench = Bench::new().await;
    for what in ["stocks", "ledger", "cases", "indicators", "lead-times"] {
        let table = bench.app.table(what, &Default::default(), &Shown::default()).await.unwrap();
        for format in [
            ExportFormat::Xlsx,
            ExportFormat::FrenchCsv,
            ExportFormat::IsoCsv,
            ExportFormat::Parquet,
        ] {
            let bytes = bench.app.write_table(table.clone(), format, Lang::En).await.unwrap();
            assert!(!bytes.is_empty());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_holds_what_its_screen_was_asked() {
    let bench = bench().await;
    let of_process = of("pensions");
    let late = bench.app.indicators(&of_process, &["overdue".into()]).await.unwrap();
    let behind = CasesQuery { figure: Some("overdue".into()), limit: 1, ..CasesQuery::default() };
    let shown = Shown { cases: behind, ..Shown::default() };
    let table = bench.app.table("cases", &of_process, &shown).await.unwrap();
    assert!(late[0].value.is_some_and(|v| v > 1.0));
    assert_eq!(late[0].value, Some(table.rows.len() as f64));

    let shown = Shown {
        grain: Some(Grain::Month),
        group_by: vec![GroupBy::Unit, GroupBy::Product],
        ..Shown::default()
    };
    let table = bench.app.table("ledger", &of_process, &shown).await.unwrap();
    let names: Vec<&str> = table.columns.iter().map(|c| c.name).collect();
    assert_eq!(names[..6], ["period", "from", "to", "unit", "product", "opening"]);
    let ledger = bench.app.ledger(&of_process, Grain::Month, &shown.group_by).await.unwrap();
    assert_eq!(table.rows.len(), ledger.len());
    assert_eq!(table.rows[0].len(), names.len());
}
