//! Raw rows of a table of counts, whatever it came from: text, sheet or clipboard.

use std::{io::Cursor, path::Path};

use crate::{
    Code, Context, IngestError, Limits, Mapping,
    csv::{self, decode::Decode, split::Records},
    events::nearly_utf8_words,
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

/// Separated text from its first line, titles included.
pub(crate) struct TextRows {
    name: String,
    records: Records,
    position: Option<source::Position>,
}

impl TextRows {
    /// Opens a text file, gzip or not; a doubt on its encoding is said once.
    pub(crate) fn open(
        path: &Path,
        mapping: &Mapping,
        ctx: &mut Context<'_>,
    ) -> Result<Self, IngestError> {
        let name = ctx.name.clone();
        let dialect = csv::dialect(path, &name, mapping, ctx.limits)?;
        if let Some(line) = dialect.nearly_utf8 {
            ctx.findings.add(Code::BadEncoding, Some(line), None, || nearly_utf8_words(line));
        }
        let (input, position) = source::open(path, &name, ctx.limits)?;
        let input = Decode::new(input, dialect.encoding);
        let records =
            Records::new(input, dialect.separator, ctx.limits.record_bytes, ctx.limits.columns);
        Ok(Self { name, records, position: Some(position) })
    }

    /// Reads text already in hand.
    pub(crate) fn of_text(
        name: &str,
        text: String,
        separator: Option<char>,
        limits: &Limits,
    ) -> Self {
        let separator = separator
            .and_then(|c| u8::try_from(c).ok())
            .filter(u8::is_ascii)
            .unwrap_or_else(|| guess_separator(&text));
        let input = Decode::new(Box::new(Cursor::new(text.into_bytes())), Encoding::Utf8);
        let records = Records::new(input, separator, limits.record_bytes, limits.columns);
        Self { name: name.to_owned(), records, position: None }
    }
}

impl RawRows for TextRows {
    fn next(&mut self, row: &mut Row) -> Result<bool, IngestError> {
        loop {
            let read = self.records.next().map_err(|e| source::read_error(&self.name, e))?;
            let Some(record) = read else { return Ok(false) };
            let declares = record.line == 1
                && record.get(0).get(..4).is_some_and(|p| p.eq_ignore_ascii_case("sep="));
            if declares || record.cells().all(|c| c.trim().is_empty()) {
                continue;
            }
            row.start(record.line);
            for cell in record.cells() {
                row.push(cell, Typed::Text);
            }
            if let Some(problem) = record.problem {
                row.set_problem(problem);
            }
            return Ok(true);
        }
    }

    fn position(&self) -> (u64, u64) {
        self.position.as_ref().map_or((0, 0), |p| (p.done(), p.total()))
    }
}

/// A spreadsheet pastes tabs; a text typed by hand has `;` or `,` in most lines.
fn guess_separator(text: &str) -> u8 {
    let lines: Vec<&str> = text.lines().filter(|l| !l.trim().is_empty()).take(60).collect();
    let first = lines.first().map_or("", |l| l.trim());
    if let Some(mark) = first
        .get(..4)
        .filter(|p| p.eq_ignore_ascii_case("sep="))
        .and_then(|_| first.as_bytes().get(4))
    {
        return *mark;
    }
    [b'\t', b';', b'|', b',']
        .into_iter()
        .find(|s| lines.iter().filter(|l| l.as_bytes().contains(s)).count() * 2 > lines.len())
        .unwrap_or(b';')
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
}
