//! Workbooks as bodies keep them, and workbooks made to harm.

use std::io::Write;

use eclusier_eventlog::MovementKind as K;
use eclusier_ingest::{
    Code, IngestError, Limits, Mapping, Row, RowSource, Typed,
    sheet::{SheetTable, Workbook},
};
use rust_xlsxwriter::{
    ColNum, ExcelDateTime, Format, Formula, RowNum, Workbook as Written, Worksheet, XlsxError,
};
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::{
    common::file_of,
    counts::{Got, read_file},
};

type Done = Result<(), XlsxError>;

/// A workbook with one sheet.
pub fn book(fill: impl FnOnce(&mut Worksheet) -> Done) -> Vec<u8> {
    let mut book = Written::new();
    fill(book.add_worksheet()).unwrap();
    book.save_to_buffer().unwrap()
}

fn texts(sheet: &mut Worksheet, row: RowNum, cells: &[&str]) -> Done {
    for (c, text) in cells.iter().enumerate() {
        sheet.write_string(row, ColNum::try_from(c).unwrap(), *text)?;
    }
    Ok(())
}

fn day() -> Format {
    Format::new().set_num_format("dd/mm/yyyy")
}

fn at(y: u16, m: u8, d: u8) -> ExcelDateTime {
    ExcelDateTime::from_ymd(y, m, d).unwrap()
}

fn counts(bytes: &[u8]) -> Got {
    read_file(bytes, &Mapping::default())
}

/// A zip with these parts.
fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

const PACKAGE: &[u8] = br#"<Relationships><Relationship Id="r" Type="x/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;

/// A workbook around one sheet, written by hand; `parts` are beside it.
fn xlsx(sheet: &str, parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut all: Vec<(&str, &[u8])> = vec![
        ("_rels/.rels", PACKAGE),
        ("xl/workbook.xml", br#"<workbook><sheets><sheet name="S" id="r1"/></sheets></workbook>"#),
        ("xl/_rels/workbook.xml.rels", br#"<Relationships><Relationship Id="r1" Type="x/worksheet" Target="s.xml"/></Relationships>"#),
        ("xl/s.xml", sheet.as_bytes()),
    ];
    all.extend(parts);
    archive(&all)
}

/// A minimal OpenDocument spreadsheet around some tables.
pub fn ods(styles: &str, tables: &str) -> Vec<u8> {
    let content = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><office:document-content xmlns:office="o" xmlns:table="t" xmlns:text="x" xmlns:style="s" xmlns:calcext="c"><office:automatic-styles>{styles}</office:automatic-styles><office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"#
    );
    archive(&[
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
        ("content.xml", content.as_bytes()),
        ("META-INF/manifest.xml", b"<manifest:manifest/>"),
    ])
}

fn cell(text: &str) -> String {
    format!(
        r#"<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>"#
    )
}

fn number(value: &str) -> String {
    format!(
        r#"<table:table-cell office:value-type="float" office:value="{value}"><text:p>{value}</text:p></table:table-cell>"#
    )
}

fn date(value: &str) -> String {
    format!(
        r#"<table:table-cell office:value-type="date" office:date-value="{value}"><text:p>?</text:p></table:table-cell>"#
    )
}

fn table(name: &str, rows: &[String]) -> String {
    let rows: String =
        rows.iter().map(|r| format!("<table:table-row>{r}</table:table-row>")).collect();
    format!(r#"<table:table table:name="{name}">{rows}</table:table>"#)
}

/// Rows of the first sheet, as text.
fn rows_of(bytes: &[u8]) -> Result<Vec<(u64, Vec<String>)>, IngestError> {
    let file = file_of(bytes);
    let limits = Limits::default();
    let book = Workbook::open(file.path(), "test", &limits)?;
    let mut rows = book.rows(0, &limits)?;
    let mut row = Row::default();
    let mut out = Vec::new();
    while rows.next(&mut row)? {
        out.push((row.line(), row.cells().map(str::to_owned).collect()));
    }
    Ok(out)
}

fn open(bytes: &[u8], mapping: &Mapping) -> Result<SheetTable, IngestError> {
    let file = file_of(bytes);
    SheetTable::open(file.path(), "test", mapping, &Limits::default())
}

fn code(result: Result<impl Sized, IngestError>) -> Code {
    match result.err() {
        Some(IngestError::Refused { code, .. } | IngestError::Choice { code, .. }) => code,
        other => panic!("not a refusal: {other:?}"),
    }
}

#[test]
fn a_workbook_as_people_keep_it_reads_by_itself() {
    let bytes = book(|s| {
        s.merge_range(0, 0, 0, 4, "Suivi quotidien de la retraite", &Format::new())?;
        texts(s, 2, &["Date", "Prestation", "Entrées", "Sorties", "Stock"])?;
        for (i, (e, o)) in [(12, 10), (8, 11)].into_iter().enumerate() {
            let row = RowNum::try_from(i).unwrap() + 3;
            s.write_datetime_with_format(
                row,
                0,
                at(2025, 1, 6 + u8::try_from(i).unwrap()),
                &day(),
            )?;
            s.write_string(row, 1, "Retraite")?;
            s.write_number(row, 2, e)?;
            s.write_number(row, 3, o)?;
            // A formula is never run: the value kept beside it is read.
            s.write_formula(
                row,
                4,
                Formula::new("=E3+C4-D4").set_result(if i == 0 { "402" } else { "399" }),
            )?;
        }
        texts(s, 6, &["Total"])?;
        s.write_formula(6, 2, Formula::new("=SUM(C4:C5)").set_result("20"))?;
        s.write_string(8, 0, "Source : service statistique")?;
        Ok(())
    });
    let got = counts(&bytes);
    assert_eq!(
        got.lines(),
        [
            "2025-01-06 Retraite arrivals 12",
            "2025-01-06 Retraite settled_human 10",
            "2025-01-06 Retraite closing_stock 402",
            "2025-01-07 Retraite arrivals 8",
            "2025-01-07 Retraite settled_human 11",
            "2025-01-07 Retraite closing_stock 399",
        ]
    );
    assert!(got.has(Code::TotalsRowSkipped) && got.has(Code::TitleRowSkipped));
    assert!(got.ok().notes.iter().any(|[fr, _]| fr.contains("mémoire")), "shared texts are said");
}

#[test]
fn merged_headings_spread_over_their_columns_and_rows() {
    let bytes = book(|s| {
        s.merge_range(0, 0, 1, 0, "Date", &Format::new())?;
        s.merge_range(0, 1, 0, 2, "Entrées", &Format::new())?;
        s.merge_range(0, 3, 0, 4, "Stock", &Format::new())?;
        for (c, t) in ["Retraite", "Réversion", "Retraite", "Réversion"].iter().enumerate() {
            s.write_string(1, ColNum::try_from(c).unwrap() + 1, *t)?;
        }
        s.write_datetime_with_format(2, 0, at(2025, 1, 6), &day())?;
        for (c, v) in [12.0, 3.0, 400.0, 50.0].into_iter().enumerate() {
            s.write_number(2, ColNum::try_from(c).unwrap() + 1, v)?;
        }
        Ok(())
    });
    let got = counts(&bytes);
    assert_eq!((got.sum(K::Arrivals), got.sum(K::ClosingStock)), (15, 450));
    assert_eq!(got.lines()[1], "2025-01-06 Réversion arrivals 3");
    // A type merged over several days, and a stock that is never spread.
    let tall = book(|s| {
        texts(s, 0, &["Prestation", "Date", "Entrées", "Stock"])?;
        s.merge_range(1, 0, 2, 0, "Retraite", &Format::new())?;
        s.merge_range(1, 3, 2, 3, "", &Format::new())?;
        s.write_number(1, 3, 400)?;
        for r in 1..3 {
            s.write_datetime_with_format(r, 1, at(2025, 1, 5 + u8::try_from(r).unwrap()), &day())?;
            s.write_number(r, 2, r)?;
        }
        Ok(())
    });
    assert_eq!(
        counts(&tall).lines(),
        [
            "2025-01-06 Retraite arrivals 1",
            "2025-01-06 Retraite closing_stock 400",
            "2025-01-07 Retraite arrivals 2",
        ]
    );
}

#[test]
fn one_sheet_per_measure_completes_the_others() {
    let mut written = Written::new();
    for (name, base) in [("Entrées", 10.0), ("Sorties", 8.0), ("Stock", 400.0)] {
        let s = written.add_worksheet();
        s.set_name(name).unwrap();
        texts(s, 0, &["Prestation"]).unwrap();
        for c in 0..2u16 {
            s.write_datetime_with_format(
                0,
                c + 1,
                at(2025, 1, 6 + u8::try_from(c).unwrap()),
                &day(),
            )
            .unwrap();
            s.write_number(1, c + 1, base + f64::from(c)).unwrap();
        }
        s.write_string(1, 0, "Retraite").unwrap();
    }
    let notice = written.add_worksheet();
    notice.set_name("Notice").unwrap();
    texts(notice, 0, &["Colonne", "Sens"]).unwrap();
    texts(notice, 1, &["Entrées", "Ce qui arrive"]).unwrap();
    let got = counts(&written.save_to_buffer().unwrap());
    assert_eq!(
        (got.sum(K::Arrivals), got.sum(K::SettledHuman), got.sum(K::ClosingStock)),
        (21, 17, 801)
    );
}

#[test]
fn hidden_sheets_and_columns_are_left_out_and_said() {
    let mut written = Written::new();
    for hidden in [true, false] {
        let s = written.add_worksheet();
        s.set_name(if hidden { "Brouillon" } else { "Données" }).unwrap();
        if hidden {
            s.set_hidden(true);
        } else {
            s.set_active(true);
        }
        texts(s, 0, &["Date", "Entrées", "Nom du réclamant", "Stock"]).unwrap();
        s.write_datetime_with_format(1, 0, at(2025, 1, 6), &day()).unwrap();
        s.write_number(1, 1, if hidden { 99 } else { 3 }).unwrap();
        s.write_string(1, 2, "DURAND").unwrap();
        s.write_number(1, 3, 10).unwrap();
        s.set_column_hidden(2).unwrap();
        s.write_datetime_with_format(2, 0, at(2025, 1, 7), &day()).unwrap();
        s.write_number(2, 1, 4).unwrap();
        s.set_row_hidden(2).unwrap();
    }
    let bytes = written.save_to_buffer().unwrap();
    let got = counts(&bytes);
    assert_eq!(got.sum(K::Arrivals), 7, "the hidden sheet is not read, the filtered row is");
    for code in [Code::HiddenSheetSkipped, Code::HiddenColumnSkipped, Code::HiddenRowsRead] {
        assert!(got.has(code), "{code:?}");
    }
    assert!(!got.ok().notes.iter().any(|[fr, _]| fr.contains("réclamant")));
    let named = Mapping { sheet: Some("Brouillon".into()), ..Mapping::default() };
    assert_eq!(read_file(&bytes, &named).sum(K::Arrivals), 103, "named, it is read");
    let absent = Mapping { sheet: Some("Absente".into()), ..Mapping::default() };
    assert_eq!(read_file(&bytes, &absent).code(), Code::ChooseSheet);
}

#[test]
fn errors_of_the_spreadsheet_are_missing_not_zero() {
    let bytes = book(|s| {
        texts(s, 0, &["Date", "Entrées", "Stock"])?;
        for r in 1..4u32 {
            s.write_datetime_with_format(r, 0, at(2025, 1, 5 + u8::try_from(r).unwrap()), &day())?;
            s.write_number(r, 1, r)?;
        }
        s.write_formula(2, 2, Formula::new("=NA()").set_result("#N/A"))?;
        s.write_formula(4, 0, Formula::new("=NA()").set_result("#N/A"))?;
        s.write_number(4, 1, 9)?;
        s.write_string(5, 0, "08/01/2025")?;
        s.write_number(5, 1, 9.5)?;
        s.write_datetime_with_format(6, 0, at(2025, 1, 9), &day())?;
        s.write_datetime_with_format(6, 1, at(2025, 1, 9), &day())?;
        Ok(())
    });
    let got = counts(&bytes);
    assert_eq!(got.sum(K::Arrivals), 6);
    let reasons: Vec<(u64, Code)> = got.refused.rows.iter().map(|r| (r.0, r.2)).collect();
    assert_eq!(reasons, [(5, Code::SpreadsheetError), (6, Code::BadNumber), (7, Code::BadNumber)]);
    assert!(got.has(Code::SpreadsheetError));
}

#[test]
fn both_date_systems_and_the_false_leap_day() {
    let rows = |system: &str| {
        let sheet = r#"<worksheet><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>Date</t></is></c><c r="B1" t="inlineStr"><is><t>Entr&#233;es</t></is></c></row><row r="2"><c r="A2" s="1"><v>60</v></c><c r="B2"><v>1</v></c></row><row r="3"><c r="A3" s="1"><v>44201</v></c><c r="B3"><v>2</v></c></row><row r="5"><c r="A5" t="d"><v>2025-01-06T00:00:00</v></c><c r="B5"><v>3</v></c></row></sheetData></worksheet>"#;
        archive(&[
            ("_rels/.rels", PACKAGE),
            ("xl/workbook.xml", format!(r#"<workbook><workbookPr {system}/><sheets><sheet name="S" sheetId="1" id="r1"/></sheets></workbook>"#).as_bytes()),
            ("xl/_rels/workbook.xml.rels", br#"<Relationships><Relationship Id="r1" Type="x/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="x/styles" Target="styles.xml"/><Relationship Id="r3" Type="x/externalLink" Target="http://example.invalid/x" TargetMode="External"/></Relationships>"#),
            ("xl/styles.xml", br#"<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>"#),
            ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
        ])
    };
    let of_1904 = counts(&rows(r#"date1904="1""#));
    assert_eq!(of_1904.lines()[..2], ["1904-03-01  arrivals 1", "2025-01-06  arrivals 2"]);
    let of_1900 = counts(&rows(""));
    assert_eq!(of_1900.lines(), ["2021-01-05  arrivals 2", "2025-01-06  arrivals 3"]);
    assert_eq!((of_1900.refused.rows[0].0, of_1900.refused.rows[0].2), (2, Code::BadDate));
    assert_eq!(rows_of(&rows("")).unwrap().last().unwrap().0, 5, "lines are those of the sheet");
}

#[test]
fn opendocument_tables_read_like_the_others() {
    let head = [cell("Date"), cell("Prestation"), cell("Entrées"), cell("Stock")].concat();
    let first = [date("2025-01-06"), cell("Retraite"), number("12"), number("400")].concat();
    let second = [date("2025-01-07T00:00:00"), cell("Retraite"), number("1200"), r#"<table:table-cell table:formula="of:=NA()" office:value-type="string" office:string-value="" calcext:value-type="error"><text:p>#N/A</text:p></table:table-cell>"#.into()].concat();
    let title = r#"<table:table-cell table:number-columns-spanned="4" office:value-type="string"><text:p>Suivi <text:span>2025</text:span></text:p></table:table-cell><table:covered-table-cell table:number-columns-repeated="3"/>"#.to_owned();
    let hidden = format!(
        r#"<table:table table:name="Brouillon" table:style-name="h"><table:table-row>{head}</table:table-row><table:table-row>{first}</table:table-row></table:table>"#
    );
    let empty = r#"<table:table-cell table:number-columns-repeated="1020"/>"#.to_owned();
    let sheet = table("Données", &[title, empty.clone(), head, first, second]);
    let tail = r#"<table:table-row table:number-rows-repeated="1048570"><table:table-cell table:number-columns-repeated="1024"/></table:table-row></table:table>"#;
    let sheet = sheet.replace("</table:table>", tail);
    let style = r#"<style:style style:name="h"><style:table-properties table:display="false"/></style:style>"#;
    let got = counts(&ods(style, &(hidden + &sheet)));
    assert_eq!(
        got.lines(),
        [
            "2025-01-06 Retraite arrivals 12",
            "2025-01-06 Retraite closing_stock 400",
            "2025-01-07 Retraite arrivals 1200",
        ]
    );
    assert!(got.has(Code::HiddenSheetSkipped) && got.has(Code::SpreadsheetError));
}

#[test]
fn repeated_cells_are_written_out_only_as_far_as_they_should() {
    let head = [cell("Date"), cell("Entrées")].concat();
    let row = [date("2025-01-06"), number("1")].concat();
    let few = format!(
        r#"<table:table table:name="S"><table:table-row>{head}</table:table-row><table:table-row table:number-rows-repeated="3">{row}</table:table-row></table:table>"#
    );
    assert_eq!(counts(&ods("", &few)).sum(K::Arrivals), 3);
    for (repeat, times) in [
        ("number-rows-repeated", "99999999999"),
        ("number-rows-repeated", "1048577"),
        ("number-columns-repeated", "16777216"),
    ] {
        let (on_row, on_cell) = if repeat.contains("rows") {
            (format!(r#"table:{repeat}="{times}""#), String::new())
        } else {
            (String::new(), format!(r#"table:{repeat}="{times}""#))
        };
        let many = format!(
            r#"<table:table table:name="S"><table:table-row>{head}</table:table-row><table:table-row {on_row}><table:table-cell {on_cell} office:value-type="string"><text:p>x</text:p></table:table-cell></table:table-row></table:table>"#
        );
        assert_eq!(counts(&ods("", &many)).code(), Code::TooExpanded, "{repeat} {times}");
    }
    // `calamine` writes out every space announced: refused beforehand rather than cut short.
    let spaces = format!(
        r#"<table:table table:name="S"><table:table-row>{head}</table:table-row><table:table-row><table:table-cell office:value-type="string"><text:p>a<text:s text:c="18446744073709551615"/>b</text:p></table:table-cell></table:table-row></table:table>"#
    );
    assert_eq!(code(rows_of(&ods("", &spaces))), Code::TooExpanded);
    let few = spaces.replace("18446744073709551615", "3");
    assert_eq!(rows_of(&ods("", &few)).unwrap()[1].1[0], "a   b");
}

#[test]
fn entities_are_refused_and_references_are_not() {
    let bomb = br#"<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><office:document-content/>"#;
    let bytes = archive(&[("mimetype", b"x"), ("content.xml", bomb)]);
    assert_eq!(counts(&bytes).code(), Code::XmlEntity);
    let known =
        |text: &str| ods("", &table("S", &[cell("A &amp; B") + &cell("x&#233;&lt;"), cell(text)]));
    let rows = rows_of(&known("1")).unwrap();
    assert_eq!(rows[0].1, ["A & B", "xé<"]);
    // An entity nothing declares is no text: `calamine` reads no such document.
    assert_eq!(code(rows_of(&known("&inconnue;"))), Code::Malformed);
}

#[test]
fn archives_made_to_harm_are_refused() {
    // Expands far beyond its size.
    let mut zeros = b"<office:document-content>".to_vec();
    zeros.extend((0..70_000_000).map(|i| if i % 1_000_000 == 0 { b'<' } else { b' ' }));
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("content.xml", SimpleFileOptions::default()).unwrap();
    for _ in 0..4 {
        zip.write_all(&zeros).unwrap();
    }
    let bytes = zip.finish().unwrap().into_inner();
    assert!(bytes.len() < 1_000_000);
    assert_eq!(counts(&bytes).code(), Code::TooExpanded);
    // One endless text.
    let mut long = b"<a>".to_vec();
    long.extend(std::iter::repeat_n(b'a', 5 << 20));
    assert_eq!(counts(&archive(&[("content.xml", &long)])).code(), Code::TooExpanded);
    // Cells at both ends of the sheet: no rectangle is allocated, a row too wide is refused.
    let far = xlsx(
        r#"<worksheet><dimension ref="A1:XFD1048576"/><sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>"#,
        &[],
    );
    assert_eq!(code(rows_of(&far)), Code::TooExpanded);
}

/// Figures `calamine` would believe: each is refused before it is given the file.
#[test]
fn figures_announced_beyond_the_bytes_are_refused() {
    let sheet = r#"<worksheet><dimension ref="A1:B1"/><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c></row></sheetData><mergeCells><mergeCell ref="A1:B1"/></mergeCells></worksheet>"#;
    let texts = |announced: &str| format!(r#"<sst {announced}><si><t>Date</t></si></sst>"#);
    let with = |sheet: &str, announced: &str, styles: &str| {
        let strings = texts(announced);
        let parts: [(&str, &[u8]); 2] =
            [("xl/sharedStrings.xml", strings.as_bytes()), ("xl/styles.xml", styles.as_bytes())];
        xlsx(sheet, &parts)
    };
    let honest = r#"<styleSheet><cellXfs><xf numFmtId="0"/></cellXfs></styleSheet>"#;
    let read = |bytes: &[u8]| rows_of(bytes);
    assert_eq!(
        read(&with(sheet, r#"uniqueCount="1""#, honest)).unwrap(),
        [(1, vec!["Date".into(), "Date".into()])]
    );
    for announced in [
        r#"uniqueCount="999999999999""#,
        r#"a="b"uniqueCount='99999999'"#,
        r#"uniqueCount="99999999999999999999""#,
    ] {
        assert_eq!(code(read(&with(sheet, announced, honest))), Code::TooExpanded, "{announced}");
    }
    // One style of a font with an endless name, taken by each of many cell styles.
    let font = format!("<font><name val=\"{}\"/></font>", "x".repeat(60_000));
    let copied = format!(
        "<styleSheet><fonts>{font}</fonts><cellXfs>{}</cellXfs></styleSheet>",
        "<xf fontId=\"0\"/>".repeat(20_000)
    );
    assert_eq!(code(read(&with(sheet, "", &copied))), Code::TooExpanded);
    let many = format!("<styleSheet><cellXfs>{}</cellXfs></styleSheet>", "<xf/>".repeat(600_000));
    assert_eq!(code(read(&with(sheet, "", &many))), Code::TooExpanded);
    // Places outside any sheet, and rectangles that end before they begin.
    for (good, bad) in [
        ("r=\"A1\" t", "r=\"ZZZZZZZZ1\" t"),
        ("<row r=\"1\">", "<row r=\"4294967296\">"),
        ("dimension ref=\"A1:B1\"", "dimension ref=\"B2:A1\""),
        ("mergeCell ref=\"A1:B1\"", "mergeCell ref=\"A1:A99999999999\""),
    ] {
        let bytes = with(&sheet.replace(good, bad), "", honest);
        assert_eq!(code(read(&bytes)), Code::Malformed, "{bad}");
    }
    // A sheet in a part that is not checked.
    let rels = br#"<Relationships><Relationship Id="r1" Type="x/worksheet" Target="s.bin"/></Relationships>"#;
    let elsewhere = archive(&[
        ("_rels/.rels", PACKAGE),
        ("xl/workbook.xml", br#"<workbook><sheets><sheet name="S" id="r1"/></sheets></workbook>"#),
        ("xl/_rels/workbook.xml.rels", rels),
        ("xl/s.bin", sheet.as_bytes()),
    ]);
    assert_eq!(code(read(&elsewhere)), Code::Malformed);
    // A document left open, where `calamine` would wait for an end that never comes.
    let open = ods(
        "",
        r#"<table:table table:name="S"><table:table-row><table:table-cell office:value-type="string"><office:annotation>"#,
    );
    assert_eq!(code(read(&open)), Code::Malformed);
    // A long text many times over, and a row inside a row that would hide how many.
    let long = cell(&"x".repeat(60_000))
        .replace("<table:table-cell ", "<table:table-cell table:number-columns-repeated=\"4000\" ");
    let row = |inside: &str| {
        format!(
            "<table:table table:name=\"S\"><table:table-row table:number-rows-repeated=\"9\">{inside}</table:table-row></table:table>"
        )
    };
    assert_eq!(code(read(&ods("", &row(&long)))), Code::TooExpanded);
    let nested = long.replace("<text:p>", "<table:table-row></table:table-row><text:p>");
    assert_eq!(code(read(&ods("", &row(&nested)))), Code::Malformed);
    let protected = archive(&[
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
        ("content.xml", b"\x00\x01\x02"),
        ("META-INF/manifest.xml", b"<manifest:manifest><manifest:file-entry><manifest:encryption-data/></manifest:file-entry></manifest:manifest>"),
    ]);
    let Err(IngestError::Refused { fr, .. }) = read(&protected) else { panic!("read") };
    assert!(fr.contains("mot de passe"), "{fr}");
}

/// Errors of newer spreadsheets, which `calamine` does not know by name.
#[test]
fn errors_of_any_name_are_errors_of_their_cell() {
    let bytes = xlsx(
        r#"<worksheet><sheetData><row r="1"><c r="A1" t="e"><v>#N/A</v></c><c r="B1" t="e"><f>A1</f><v>#SPILL!</v></c></row><row r="2"><c r="B2" t="e"><v>#CALC!</v></c><c r="C2"><v>7</v></c></row></sheetData></worksheet>"#,
        &[],
    );
    let file = file_of(&bytes);
    let limits = Limits::default();
    let mut rows = Workbook::open(file.path(), "test", &limits).unwrap().rows(0, &limits).unwrap();
    let mut row = Row::default();
    let mut seen = Vec::new();
    while rows.next(&mut row).unwrap() {
        seen.extend((0..row.len()).map(|c| (row.line(), row.text(c).to_owned(), row.typed(c))));
    }
    let error = |line, text: &str| (line, text.to_owned(), Typed::Error);
    let expected = [
        error(1, "#N/A"),
        error(1, "#SPILL!"),
        (2, String::new(), Typed::Text),
        error(2, "#CALC!"),
        (2, "7".into(), Typed::Number(7.0)),
    ];
    assert_eq!(seen, expected);
}

/// More rows than the first batch, two sheets read by turns, and one given up half-way.
#[test]
fn long_sheets_stream_whole_and_by_turns() {
    let mut written = Written::new();
    for name in ["Un", "Deux"] {
        let s = written.add_worksheet();
        s.set_name(name).unwrap();
        for r in 0..1_000u32 {
            s.write_string(r, 0, format!("{name} {r}")).unwrap();
        }
    }
    let file = file_of(&written.save_to_buffer().unwrap());
    let limits = Limits::default();
    let book = Workbook::open(file.path(), "test", &limits).unwrap();
    for _ in 0..3 {
        let mut both = [book.rows(0, &limits).unwrap(), book.rows(1, &limits).unwrap()];
        let mut row = Row::default();
        for r in 0..1_000u64 {
            for (rows, name) in both.iter_mut().zip(["Un", "Deux"]) {
                assert!(rows.next(&mut row).unwrap());
                assert_eq!((row.line(), row.text(0)), (r + 1, format!("{name} {r}").as_str()));
            }
        }
        assert!(both.iter_mut().all(|rows| !rows.next(&mut row).unwrap()));
        let mut left = book.rows(0, &limits).unwrap();
        (0..500).for_each(|_| assert!(left.next(&mut row).unwrap()));
        let (done, all) = left.position();
        assert!(done > 0 && done <= all, "{done} of {all}");
    }
}

#[test]
fn damaged_and_foreign_files_are_refused_in_words() {
    let good = book(|s| {
        texts(s, 0, &["Date", "Entrées"])?;
        s.write_datetime_with_format(1, 0, at(2025, 1, 6), &day())?;
        s.write_number(1, 1, 3)?;
        Ok(())
    });
    assert_eq!(counts(&good).sum(K::Arrivals), 3);
    for cut in [10, good.len() / 2, good.len() - 10] {
        let Err(IngestError::Refused { code, fr, .. }) = counts(&good[..cut]).report else {
            panic!("cut at {cut}")
        };
        assert!(matches!(code, Code::Truncated | Code::Malformed), "{code:?}");
        assert!(fr.contains("classeur"), "{fr}");
    }
    assert!(counts(&archive(&[("mimetype", b"x")])).report.is_err());
    let nothing = book(|_| Ok(()));
    assert_eq!(counts(&nothing).code(), Code::EmptyFile);
    assert_eq!(counts(&book(|s| texts(s, 0, &["Date", "Entrées"]))).code(), Code::HeaderOnly);
}

#[test]
fn a_table_of_events_is_found_in_its_sheet() {
    let bytes = book(|s| {
        s.write_string(0, 0, "Extraction du 31/01/2025")?;
        texts(s, 2, &["N° dossier", "Étape", "Début", "Agent"])?;
        s.write_number(3, 0, 42)?;
        s.write_string(4, 0, "0042")?;
        s.write_number(5, 0, 1_234_567_890_123_456.0)?;
        for r in 3..6 {
            s.write_string(r, 1, "Réception")?;
            let moment = ExcelDateTime::from_ymd(2025, 1, 6).unwrap().and_hms(14, 30, 0).unwrap();
            s.write_datetime_with_format(
                r,
                2,
                moment,
                &Format::new().set_num_format("dd/mm/yyyy hh:mm"),
            )?;
        }
        s.write_string(6, 0, "Total")?;
        s.write_number(6, 3, 3)?;
        Ok(())
    });
    let mut table = open(&bytes, &Mapping::default()).unwrap();
    assert_eq!(table.header(), ["N° dossier", "Étape", "Début", "Agent"]);
    assert_eq!(table.header_line(), 3);
    let mut row = Row::default();
    let mut cases = Vec::new();
    while table.next(&mut row).unwrap() {
        assert!(
            matches!(row.typed(2), Typed::Instant(at) if at.to_string() == "2025-01-06T14:30:00")
        );
        cases.push(row.text(0).to_owned());
    }
    assert_eq!(cases, ["42", "0042", "1.23456789012346E+15"], "what the spreadsheet damaged shows");
    let mut findings = eclusier_ingest::Findings::default();
    let mut notes = Vec::new();
    table.report(&mut findings, &mut notes);
    assert_eq!(
        (findings.count(Code::TitleRowSkipped), findings.count(Code::TotalsRowSkipped)),
        (1, 1)
    );
    assert_eq!(notes.len(), 1);
}

#[test]
fn several_tables_are_a_question() {
    let mut written = Written::new();
    for name in ["Janvier", "Février"] {
        let s = written.add_worksheet();
        s.set_name(name).unwrap();
        texts(s, 0, &["Date", "Entrées", "Stock"]).unwrap();
        texts(s, 1, &["06/01/2025", "3", "4"]).unwrap();
    }
    let bytes = written.save_to_buffer().unwrap();
    assert_eq!(counts(&bytes).code(), Code::ChooseSheet);
    assert_eq!(code(open(&bytes, &Mapping::default())), Code::ChooseSheet);
    let named = Mapping { sheet: Some("Février".into()), ..Mapping::default() };
    assert_eq!(read_file(&bytes, &named).sum(K::Arrivals), 3);
    assert_eq!(open(&bytes, &named).unwrap().sheet(), "Février");
}

/// What one library writes, cell by cell, is what the rows say.
#[test]
fn every_kind_of_cell_is_read_as_it_was_written() {
    let start = jiff::civil::date(2025, 1, 1);
    let of = |r: u32| start.saturating_add(jiff::Span::new().days(i64::from(r)));
    let bytes = book(|s| {
        for r in 0..200u32 {
            let n = f64::from(r);
            let d = of(r);
            let written = ExcelDateTime::from_ymd(
                2025,
                u8::try_from(d.month()).unwrap(),
                u8::try_from(d.day()).unwrap(),
            )?;
            s.write_string(r, 0, format!(" texte {r} é & < "))?;
            s.write_number(r, 1, n * 1.25 - 7.0)?;
            s.write_number(r, 2, n * 1e9)?;
            s.write_boolean(r, 3, r % 2 == 0)?;
            s.write_datetime_with_format(r, 4, &written, &day())?;
            let midnight = Format::new().set_num_format("dd/mm/yyyy hh:mm");
            s.write_datetime_with_format(r, 5, &written, &midnight)?;
            if r % 3 == 0 {
                s.write_formula(r, 7, Formula::new("=A1").set_result("x"))?;
                s.write_formula(r, 8, Formula::new("=1/0").set_result("#DIV/0!"))?;
            }
        }
        Ok(())
    });
    let file = file_of(&bytes);
    let limits = Limits::default();
    let mut rows = Workbook::open(file.path(), "test", &limits).unwrap().rows(0, &limits).unwrap();
    let mut row = Row::default();
    for r in 0..200u32 {
        assert!(rows.next(&mut row).unwrap());
        assert_eq!(row.line(), u64::from(r) + 1);
        let n = f64::from(r);
        assert_eq!(row.text(0), format!(" texte {r} é & < "));
        assert_eq!(row.text(1).parse::<f64>().unwrap(), n * 1.25 - 7.0);
        let midnight = of(r).to_datetime(jiff::civil::Time::midnight());
        let expected = [
            Typed::Text,
            Typed::Number(n * 1.25 - 7.0),
            Typed::Number(n * 1e9),
            Typed::Bool(r % 2 == 0),
            Typed::Day(midnight),
            Typed::Instant(midnight),
        ];
        assert_eq!((0..6).map(|c| row.typed(c)).collect::<Vec<_>>(), expected);
        if r % 3 == 0 {
            assert_eq!((row.text(7), row.typed(7)), ("x", Typed::Text));
            assert_eq!((row.text(8), row.typed(8)), ("#DIV/0!", Typed::Error));
        } else {
            assert_eq!(row.len(), 6);
        }
    }
    assert!(!rows.next(&mut row).unwrap());
}

/// An ods lies in memory while it is read, and the report says so.
#[test]
fn an_ods_says_it_is_held_in_memory() {
    let rows = [cell("Date") + &cell("Entrées"), date("2025-01-06") + &number("3")];
    let got = counts(&ods("", &table("S", &rows)));
    assert!(got.ok().notes.iter().any(|[fr, _]| fr.contains("4 cellules sont gardées en mémoire")));
}

/// Every row of a long ods is reached at once: this would take minutes otherwise.
#[test]
fn a_long_ods_is_read_in_proportion() {
    let row = date("2025-01-06") + &number("3");
    let sheet = format!(
        r#"<table:table table:name="S"><table:table-row table:number-rows-repeated="300000">{row}</table:table-row></table:table>"#
    );
    let begun = std::time::Instant::now();
    let rows = rows_of(&ods("", &sheet)).unwrap();
    assert_eq!((rows.len(), rows.last().unwrap().0), (300_000, 300_000));
    assert!(begun.elapsed().as_secs() < 30, "{:?}", begun.elapsed());
}

/// What an ods hides, and times of day.
#[test]
fn hidden_rows_and_columns_of_an_ods_are_known() {
    let time = r#"<table:table-cell office:value-type="time" office:time-value="PT14H30M00S"><text:p>14:30</text:p></table:table-cell>"#;
    let head = cell("Date") + &cell("Nom") + &cell("Entrées") + &cell("Heure");
    let row = |n: &str| date("2025-01-06") + &cell("DURAND") + &number(n) + time;
    let sheet = format!(
        r#"<table:table table:name="S"><table:table-column/><table:table-column table:visibility="collapse"/><table:table-column table:number-columns-repeated="2"/><table:table-row>{head}</table:table-row><table:table-row table:visibility="filter">{}</table:table-row></table:table>"#,
        row("3")
    );
    let bytes = ods("", &sheet);
    assert_eq!(rows_of(&bytes).unwrap()[1].1, ["2025-01-06", "3", "14:30:00"]);
    let got = counts(&bytes);
    assert!(got.has(Code::HiddenColumnSkipped) && got.has(Code::HiddenRowsRead));
}

mod hostile {
    use super::*;
    use proptest::prelude::*;

    fn sample_xlsx() -> Vec<u8> {
        book(|s| {
            texts(s, 0, &["Date", "Type", "Entrées", "Stock"])?;
            s.merge_range(1, 1, 2, 1, "A", &Format::new())?;
            for r in 1..4u32 {
                s.write_datetime_with_format(
                    r,
                    0,
                    at(2025, 1, 5 + u8::try_from(r).unwrap()),
                    &day(),
                )?;
                s.write_number(r, 2, r)?;
            }
            Ok(())
        })
    }

    fn sample_ods() -> String {
        table(
            "S",
            &[[cell("Date"), cell("Entrées")].concat(), [date("2025-01-06"), number("3")].concat()],
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(150))]

        #[test]
        fn no_change_of_a_workbook_makes_it_panic(changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
            let mut bytes = sample_xlsx();
            for (at, byte) in changes {
                let i = at.index(bytes.len());
                bytes[i] = byte;
            }
            let _ = counts(&bytes).report;
            let _ = open(&bytes, &Mapping::default());
        }

        /// Inside the archive, where checksums do not protect.
        #[test]
        fn no_change_of_its_xml_makes_it_panic(changes in proptest::collection::vec((any::<prop::sample::Index>(), prop::sample::select(b"<>/\"=&;: 0919-AZaz\x00\xff".to_vec())), 1..12)) {
            let tables = sample_ods();
            let mut bytes = tables.into_bytes();
            for (at, byte) in changes {
                let i = at.index(bytes.len());
                bytes[i] = byte;
            }
            let document = ods("", &String::from_utf8_lossy(&bytes));
            let _ = counts(&document).report;
            let _ = rows_of(&document);
            let _ = open(&document, &Mapping::default());
        }

        /// Likewise in the sheet, the shared texts and the styles of an xlsx.
        #[test]
        fn no_change_of_the_xml_of_an_xlsx_makes_it_panic(part in 0usize..3, changes in proptest::collection::vec((any::<prop::sample::Index>(), prop::sample::select(b"<>/\"=&;: 0919-AZaz\x00\xff".to_vec())), 1..6)) {
            let mut parts = [
                br#"<worksheet><dimension ref="A1:C3"/><cols><col min="3" max="3" hidden="1"/></cols><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t>Date</t></is></c></row><row r="2" hidden="1"><c r="A2" s="1"><v>45658.5</v></c><c r="B2" t="e"><v>#N/A</v></c><c r="C2" t="b"><v>1</v></c></row><row><c><v>1e3</v></c><c t="str"><f>A1</f><v>x_x000D_y</v></c></row></sheetData><mergeCells><mergeCell ref="A1:A2"/></mergeCells></worksheet>"#.to_vec(),
                br#"<sst count="1" uniqueCount="1"><si><r><t xml:space="preserve"> Stock </t></r></si></sst>"#.to_vec(),
                br#"<styleSheet><numFmts><numFmt numFmtId="164" formatCode="dd/mm/yyyy hh:mm"/></numFmts><fonts><font><name val="x"/><color rgb="FF00FF00"/></font></fonts><cellXfs><xf numFmtId="0"/><xf numFmtId="164" fontId="0"/></cellXfs></styleSheet>"#.to_vec(),
            ];
            for (at, byte) in changes {
                let i = at.index(parts[part].len());
                parts[part][i] = byte;
            }
            let document = archive(&[
                ("_rels/.rels", PACKAGE),
                ("xl/workbook.xml", br#"<workbook><sheets><sheet name="S" id="r1"/></sheets></workbook>"#),
                ("xl/_rels/workbook.xml.rels", br#"<Relationships><Relationship Id="r1" Type="x/worksheet" Target="s.xml"/></Relationships>"#),
                ("xl/s.xml", &parts[0]),
                ("xl/sharedStrings.xml", &parts[1]),
                ("xl/styles.xml", &parts[2]),
            ]);
            let _ = counts(&document).report;
            let _ = rows_of(&document);
        }
    }
}

mod look {
    use super::*;
    use eclusier_ingest::{Hints, Kind, inspect, templates};

    fn preview(bytes: &[u8]) -> eclusier_ingest::Preview {
        let file = file_of(bytes);
        inspect(file.path(), "test", &Hints::default()).unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn templates_are_recognised_and_read_by_their_preview() {
        let bytes = templates::counts(eclusier_core::Lang::Fr).unwrap();
        let p = preview(&bytes);
        assert_eq!((p.kind, p.questions.len()), (Kind::Counts, 0), "{:?}", p.questions);
        assert_eq!(p.mapping.sheet.as_deref(), Some("Comptages"));
        assert_eq!(read_file(&bytes, &p.mapping).lines(), counts(&bytes).lines());
        let events = templates::events(eclusier_core::Lang::Fr).unwrap();
        let p = preview(&events);
        assert_eq!((p.kind, p.questions.len()), (Kind::Events, 0), "{:?}", p.questions);
    }

    #[test]
    fn sheets_that_complete_each_other_ask_nothing_others_ask_which() {
        let workbook = |names: &[&str]| {
            let mut written = Written::new();
            for name in names {
                let s = written.add_worksheet();
                s.set_name(*name).unwrap();
                texts(s, 0, &["Prestation", "06/01/2025", "07/01/2025"]).unwrap();
                texts(s, 1, &["Retraite", "3", "4"]).unwrap();
            }
            written.save_to_buffer().unwrap()
        };
        let three = workbook(&["Entrées", "Sorties", "Stock"]);
        let p = preview(&three);
        assert_eq!(
            (p.kind, p.questions.len(), p.sheets.len()),
            (Kind::Counts, 0, 3),
            "{:?}",
            p.questions
        );
        assert_eq!(read_file(&three, &p.mapping).lines().len(), 6);
        let p = preview(&workbook(&["Janvier", "Février"]));
        let q = p.questions.iter().find(|q| q.code == Code::ChooseSheet).unwrap();
        assert_eq!((q.key.as_str(), q.answers.len()), ("sheet", 2));
    }
}
