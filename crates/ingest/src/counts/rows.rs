//! Raw rows of a table of counts, whatever it came from: text, sheet or clipboard.

use std::path::Path;

use encoding_rs::{Encoding as Table, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::{
    Code, IngestError, Limits, Mapping,
    mapping::Encoding,
    sheet::SheetRows,
    source,
    table::{Row, Typed},
};

/// Rows before any header is found.
pub(crate) trait RawRows {
    /// Fills `row` with the next row that is not blank; `false` at the end.
    fn next(&mut self, row: &mut Row) -> Result<bool, IngestError>;
    /// Bytes done and in total.
    fn position(&self) -> (u64, u64);
}

impl RawRows for SheetRows {
    fn next(&mut self, row: &mut Row) -> Result<bool, IngestError> {
        SheetRows::next(self, row)
    }
    fn position(&self) -> (u64, u64) {
        SheetRows::position(self)
    }
}

/// Separated text, held whole: a year of daily counts is a few kilobytes.
pub(crate) struct TextRows {
    name: String,
    reader: csv::Reader<std::io::Cursor<Vec<u8>>>,
    record: csv::StringRecord,
    total: u64,
    columns: usize,
    /// Lines before the text given to the reader (`sep=;`).
    skipped: u64,
}

/// Text of counts above this size is no table a person kept: 20 years × 1,000 products × 100 bytes.
const MAX_TEXT: u64 = 1 << 30;

impl TextRows {
    /// Opens a text file, gzip or not.
    pub(crate) fn open(
        path: &Path,
        name: &str,
        mapping: &Mapping,
        limits: &Limits,
    ) -> Result<Self, IngestError> {
        let (mut reader, _) = source::open(path, name, *limits)?;
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut std::io::Read::take(&mut reader, MAX_TEXT + 1), &mut bytes)
            .map_err(|e| source::read_error(name, e))?;
        if bytes.len() as u64 > MAX_TEXT {
            return Err(IngestError::refused(
                name,
                Code::TooExpanded,
                None,
                "plus d’un gigaoctet de comptages : découper le fichier par année",
                "more than a gigabyte of counts: cut the file by year",
            ));
        }
        let text = decode(bytes, mapping.encoding);
        Ok(Self::of_text(name, text, mapping.separator, limits))
    }

    /// Reads text already in hand.
    pub(crate) fn of_text(
        name: &str,
        text: String,
        separator: Option<char>,
        limits: &Limits,
    ) -> Self {
        let mut skipped = 0;
        let mut body = text;
        let mut told = separator;
        let first = body.lines().next().unwrap_or("").trim();
        let declared = first.get(..4).filter(|p| p.eq_ignore_ascii_case("sep="));
        if declared.is_some() {
            let mark = first.get(4..).and_then(|m| m.chars().next());
            told = told.or(mark);
            let end = body.find('\n').map_or(body.len(), |at| at + 1);
            body.drain(..end);
            skipped = 1;
        }
        let separator = told.filter(char::is_ascii).unwrap_or_else(|| guess_separator(&body));
        let total = body.len() as u64;
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(u8::try_from(separator).unwrap_or(b';'))
            .from_reader(std::io::Cursor::new(body.into_bytes()));
        Self {
            name: name.to_owned(),
            reader,
            record: csv::StringRecord::new(),
            total,
            columns: limits.columns,
            skipped,
        }
    }
}

impl RawRows for TextRows {
    fn next(&mut self, row: &mut Row) -> Result<bool, IngestError> {
        loop {
            let more = self.reader.read_record(&mut self.record).map_err(|_| {
                IngestError::refused(
                    &self.name,
                    Code::Malformed,
                    None,
                    "le texte ne peut pas être découpé en colonnes",
                    "the text cannot be cut into columns",
                )
            })?;
            if !more {
                return Ok(false);
            }
            let line = self.record.position().map_or(0, csv::Position::line) + self.skipped;
            if self.record.len() > self.columns {
                return Err(crate::sheet::too_wide(&self.name, line, self.columns));
            }
            row.start(line);
            for cell in &self.record {
                row.push(cell, Typed::Text);
            }
            if row.cells().any(|c| !c.trim().is_empty()) {
                return Ok(true);
            }
        }
    }

    fn position(&self) -> (u64, u64) {
        (self.reader.position().byte().min(self.total), self.total)
    }
}

/// Byte-order mark, then strict UTF-8 on the whole text, else Windows-1252.
pub(crate) fn decode(bytes: Vec<u8>, told: Option<Encoding>) -> String {
    let by = |table: &'static Table, bytes: &[u8]| table.decode_without_bom_handling(bytes).0.into_owned();
    match (told, bytes.as_slice()) {
        (_, [0xef, 0xbb, 0xbf, rest @ ..]) => String::from_utf8_lossy(rest).into_owned(),
        (_, [0xff, 0xfe, rest @ ..]) => by(UTF_16LE, rest),
        (_, [0xfe, 0xff, rest @ ..]) => by(UTF_16BE, rest),
        (Some(Encoding::Utf16Le), all) => by(UTF_16LE, all),
        (Some(Encoding::Utf16Be), all) => by(UTF_16BE, all),
        (Some(Encoding::Windows1252), all) => by(WINDOWS_1252, all),
        (Some(Encoding::Utf8), all) => String::from_utf8_lossy(all).into_owned(),
        (None, _) => match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(e) => by(WINDOWS_1252, e.as_bytes()),
        },
    }
}

/// The separator that cuts the first lines into the steadiest number of columns.
fn guess_separator(text: &str) -> char {
    let sample: String = text.lines().take(60).fold(String::new(), |mut s, l| {
        s.push_str(l);
        s.push('\n');
        s
    });
    let mut best = (';', 0usize);
    for separator in [';', '\t', ',', '|'] {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(u8::try_from(separator).unwrap_or(b';'))
            .from_reader(sample.as_bytes());
        let widths: Vec<usize> =
            reader.records().flatten().map(|r| r.len()).filter(|n| *n > 1).collect();
        // Rows of the most common width, weighted by it: a decimal comma is not steady.
        let score = widths
            .iter()
            .map(|w| widths.iter().filter(|o| *o == w).count() * (*w).min(8))
            .max()
            .unwrap_or(0);
        if score > best.1 {
            best = (separator, score);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<(u64, Vec<String>)> {
        let mut rows = TextRows::of_text("t", text.into(), None, &Limits::default());
        let mut row = Row::default();
        let mut out = Vec::new();
        while rows.next(&mut row).is_ok_and(|more| more) {
            out.push((row.line(), row.cells().map(str::to_owned).collect()));
        }
        out
    }

    #[test]
    fn separators_and_their_declaration() {
        assert_eq!(all("sep=|\r\na|b\r\n\r\n1|2\r\n")[1], (4, vec!["1".into(), "2".into()]));
        assert_eq!(all("a;b\n1,5;2,5\n3,5;4,5\n")[1].1, ["1,5", "2,5"]);
        assert_eq!(all("a\tb\n1,5\t2\n")[1].1, ["1,5", "2"]);
        assert_eq!(all("a,b\n\"x,\ny\",2\n")[1].1, ["x,\ny", "2"]);
        assert_eq!(all(""), []);
    }

    #[test]
    fn encodings_by_mark_then_by_trial() {
        assert_eq!(decode(b"Entr\xe9es".to_vec(), None), "Entrées");
        assert_eq!(decode("Entrées".as_bytes().to_vec(), None), "Entrées");
        assert_eq!(decode(b"\xef\xbb\xbfx".to_vec(), None), "x");
        assert_eq!(decode(b"\xff\xfee\x00\xe9\x00".to_vec(), None), "eé");
    }
}
