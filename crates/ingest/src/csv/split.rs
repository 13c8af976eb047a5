//! Text into records, without copying what needs no copy.
//!
//! - Computes: records cut at LF, CRLF or CR. Fields of a line without any quote are
//!   cut at the separator; a record that holds one is read by `csv-core`.
//! - Units: lines are counted from 1; a record bears the line of its first character.
//! - Shapes: bytes in, one [`Record`] at a time out, borrowed from the reader's buffer.
//! - Errors: only of the input; a quote never closed spoils its own line and no more.
//! - Source: RFC 4180; where it is silent, what `csv-core` does.

use std::io;

use csv_core::ReadRecordResult;

use super::decode::Decode;
use crate::finding::Code;

/// A record of a text file.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    text: &'a str,
    fields: &'a [(u32, u32)],
    /// 1-based line of its first character.
    pub line: u64,
    /// Why it can only be refused.
    pub problem: Option<Code>,
}

impl<'a> Record<'a> {
    /// Fields.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there is no field.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Text of a field; empty beyond the last.
    #[inline]
    pub fn get(&self, column: usize) -> &'a str {
        match self.fields.get(column) {
            Some(&(a, b)) => self.text.get(a as usize..b as usize).unwrap_or(""),
            None => "",
        }
    }

    /// Texts of all fields.
    pub fn cells(&self) -> impl Iterator<Item = &'a str> + '_ {
        (0..self.len()).map(|i| self.get(i))
    }
}

/// Cuts a text into records.
pub struct Records {
    input: Decode,
    separator: u8,
    buffer: Vec<u8>,
    start: usize,
    line: u64,
    limit: usize,
    columns: usize,
    unclosed: u32,
    scratch: Vec<u8>,
    fields: Vec<(u32, u32)>,
    lossy: String,
    /// Reads every record that holds a quote.
    quotes: csv_core::Reader,
    /// Where it ends the fields: one more than allowed.
    ends: Vec<usize>,
}

/// Where the bytes of a record lie.
enum Place {
    Buffer(usize, usize),
    Scratch(usize),
}

impl Records {
    /// Records of at most `limit` bytes and `columns` fields.
    pub fn new(input: Decode, separator: u8, limit: usize, columns: usize) -> Self {
        Self {
            input,
            separator,
            buffer: Vec::with_capacity(1 << 18),
            start: 0,
            line: 1,
            // Offsets are kept on 32 bits.
            limit: limit.min(1 << 30),
            columns,
            unclosed: 0,
            scratch: Vec::new(),
            fields: Vec::new(),
            lossy: String::new(),
            quotes: csv_core::ReaderBuilder::new().delimiter(separator).build(),
            ends: vec![0; columns.saturating_add(1)],
        }
    }

    /// Line of the next character to be read.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The next record; lines that hold nothing but separators and spaces are passed over.
    #[expect(clippy::should_implement_trait, reason = "it lends its record")]
    pub fn next(&mut self) -> io::Result<Option<Record<'_>>> {
        let (place, line, mut problem) = loop {
            let Some((end, next)) = self.find_line_end()? else { return Ok(None) };
            let line = self.line;
            let Some(next) = next_or_too_long(next) else {
                // Longer than any honest line: show its beginning, pass over the rest.
                let shown = self.start + 200.min(end - self.start);
                self.split(self.start, shown);
                let head = self.buffer.get(self.start..shown).unwrap_or_default();
                let length = head.len();
                self.scratch.clear();
                self.scratch.extend_from_slice(head);
                self.skip_line()?;
                break (Place::Scratch(length), line, Some(Code::Malformed));
            };
            let text = self.buffer.get(self.start..end).unwrap_or_default();
            let nothing = |b: &u8| *b == self.separator || *b == b' ' || *b == b'\t';
            if text.iter().all(nothing) {
                self.start = next;
                self.line += 1;
                continue;
            }
            if memchr::memchr(b'"', text).is_none() {
                let from = self.start;
                let fits = self.split(from, end);
                self.start = next;
                self.line += 1;
                break (Place::Buffer(from, end), line, (!fits).then_some(Code::Malformed));
            }
            break match self.quoted()? {
                Some(n) if self.written(n).iter().all(|b| *b == b' ' || *b == b'\t') => continue,
                Some(n) => (Place::Scratch(n), line, None),
                // The buffer may have moved since: find the end of the line again.
                None => match self.find_line_end()? {
                    Some((end, next)) if next != TOO_LONG => {
                        let from = self.start;
                        self.split(from, end);
                        self.start = next;
                        self.line += 1;
                        (Place::Buffer(from, end), line, Some(Code::Malformed))
                    }
                    _ => return Ok(None),
                },
            };
        };
        if self.fields.len() > self.columns {
            self.fields.truncate(self.columns);
            problem = Some(Code::Malformed);
        }
        let bytes = match place {
            Place::Buffer(a, b) => self.buffer.get(a..b).unwrap_or_default(),
            Place::Scratch(n) => self.scratch.get(..n).unwrap_or_default(),
        };
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(_) => {
                // Only shown in the quarantine: cut again on the readable text.
                self.lossy = String::from_utf8_lossy(bytes).into_owned();
                self.fields.clear();
                cut(&mut self.fields, self.lossy.as_bytes(), self.separator, self.columns);
                return Ok(Some(Record {
                    text: &self.lossy,
                    fields: &self.fields,
                    line,
                    problem: Some(Code::BadEncoding),
                }));
            }
        };
        if self.input.malformed() > 0 && text.contains('\u{fffd}') {
            problem = Some(Code::BadEncoding);
        }
        Ok(Some(Record { text, fields: &self.fields, line, problem }))
    }

    /// The first bytes of the scratch.
    fn written(&self, bytes: usize) -> &[u8] {
        self.scratch.get(..bytes).unwrap_or_default()
    }

    /// Drops what was read and appends more; `false` at the end of the input.
    fn refill(&mut self) -> io::Result<bool> {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        self.input.fill(&mut self.buffer)
    }

    /// End of the present line and start of the next, [`TOO_LONG`] when beyond the limit.
    #[inline]
    fn find_line_end(&mut self) -> io::Result<Option<(usize, usize)>> {
        let mut scanned = 0;
        loop {
            let from = self.start + scanned;
            let rest = self.buffer.get(from..).unwrap_or_default();
            match memchr::memchr2(b'\n', b'\r', rest) {
                Some(i) if rest.get(i) == Some(&b'\n') => {
                    return Ok(Some((from + i, from + i + 1)));
                }
                Some(i) => match rest.get(i + 1) {
                    Some(b'\n') => return Ok(Some((from + i, from + i + 2))),
                    Some(_) => return Ok(Some((from + i, from + i + 1))),
                    None => {
                        scanned += i;
                        if !self.refill()? {
                            let at = self.start + scanned;
                            return Ok(Some((at, at + 1)));
                        }
                    }
                },
                None => {
                    scanned += rest.len();
                    if scanned > self.limit {
                        return Ok(Some((self.start + scanned, TOO_LONG)));
                    }
                    if !self.refill()? {
                        let end = self.buffer.len();
                        return Ok((end > self.start).then_some((end, end)));
                    }
                }
            }
        }
    }

    /// Cuts a line without quotes; `false` when it has too many fields.
    #[inline]
    fn split(&mut self, from: usize, to: usize) -> bool {
        self.fields.clear();
        let text = self.buffer.get(from..to).unwrap_or_default();
        cut(&mut self.fields, text, self.separator, self.columns)
    }

    /// Reads a record that holds quotes into the scratch: how many bytes there, or
    /// `None` when a quote is never closed.
    fn quoted(&mut self) -> io::Result<Option<usize>> {
        // Many stray quotes must not each scan a whole megabyte.
        let limit = if self.unclosed > 16 { self.limit.min(1 << 14) } else { self.limit };
        let (mut read, mut written, mut ended) = (0, 0, 0);
        let mut whole = false;
        self.quotes.reset();
        // A line end before a record is nothing, and what follows is no longer the start
        // of a file: a byte-order mark there is text.
        self.quotes.read_record(b"\n", &mut [0], &mut [0]);
        loop {
            let mut text = self.buffer.get(self.start + read..).unwrap_or_default();
            text = text.get(..limit.saturating_add(1).saturating_sub(read)).unwrap_or(text);
            if text.is_empty() {
                if read > limit || whole {
                    self.unclosed += 1;
                    return Ok(None);
                }
                if self.refill()? {
                    continue;
                }
                // A line end after the last character ends a record unless a quote is open.
                whole = true;
                text = b"\n";
            }
            let (result, taken, out, ends) = self.quotes.read_record(
                text,
                self.scratch.get_mut(written..).unwrap_or_default(),
                self.ends.get_mut(ended..).unwrap_or_default(),
            );
            (read, written, ended) = (read + taken, written + out, ended + ends);
            match result {
                ReadRecordResult::Record => break,
                ReadRecordResult::OutputFull => self.scratch.resize(written * 2 + 1_024, 0),
                // One field more than allowed says enough: the last end is written over.
                ReadRecordResult::OutputEndsFull => ended = self.columns,
                ReadRecordResult::InputEmpty | ReadRecordResult::End => {}
            }
        }
        self.fields.clear();
        let mut from = 0;
        for end in self.ends.iter().take(ended) {
            // Records are shorter than the limit, hence than 32 bits.
            let end = *end as u32;
            self.fields.push((from, end));
            from = end;
        }
        // Of CR LF, the parser leaves the LF to the next record.
        while self.buffer.len() == self.start + read && self.refill()? {}
        let rest = self.buffer.get(self.start..).unwrap_or_default();
        let crlf = read > 0 && rest.get(read - 1..=read) == Some(b"\r\n");
        let length = (read + usize::from(crlf)).min(rest.len());
        self.line += lines_in(rest.get(..length).unwrap_or_default()).max(1);
        self.start += length;
        Ok(Some(written))
    }

    /// Passes over the rest of a line longer than the limit.
    fn skip_line(&mut self) -> io::Result<()> {
        self.line += 1;
        loop {
            let rest = self.buffer.get(self.start..).unwrap_or_default();
            if let Some(i) = memchr::memchr2(b'\n', b'\r', rest) {
                let crlf = rest.get(i) == Some(&b'\r') && rest.get(i + 1) == Some(&b'\n');
                self.start += i + 1 + usize::from(crlf);
                return Ok(());
            }
            self.start = self.buffer.len();
            if !self.refill()? {
                return Ok(());
            }
        }
    }
}

const TOO_LONG: usize = usize::MAX;

fn next_or_too_long(next: usize) -> Option<usize> {
    (next != TOO_LONG).then_some(next)
}

#[inline]
fn cut(fields: &mut Vec<(u32, u32)>, text: &[u8], separator: u8, columns: usize) -> bool {
    let mut from = 0u32;
    for at in memchr::memchr_iter(separator, text) {
        // Lines are shorter than the limit, hence than 32 bits.
        let at = at as u32;
        fields.push((from, at));
        from = at + 1;
        if fields.len() > columns {
            return false;
        }
    }
    fields.push((from, text.len() as u32));
    true
}

/// Line ends in a record, its last included when it has one.
fn lines_in(text: &[u8]) -> u64 {
    let mut lines = 0;
    let mut previous = 0;
    for &b in text {
        lines += u64::from(b == b'\r' || (b == b'\n' && previous != b'\r'));
        previous = b;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::Encoding;
    use proptest::prelude::*;
    use std::io::{Cursor, Read};

    /// Gives one byte at a time, so that every boundary is met.
    struct Drip(Cursor<Vec<u8>>);
    impl Read for Drip {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            let n = buf.len().min(1);
            self.0.read(&mut buf[..n])
        }
    }

    type Rows = Vec<(u64, Vec<String>, Option<Code>)>;

    fn rows_within(text: &[u8], limit: usize) -> Rows {
        let input = Decode::new(Box::new(Drip(Cursor::new(text.to_vec()))), Encoding::Utf8);
        let mut records = Records::new(input, b';', limit, 50);
        let mut rows = Vec::new();
        while let Some(r) = records.next().unwrap_or_else(|e| panic!("{e}")) {
            rows.push((r.line, r.cells().map(String::from).collect(), r.problem));
        }
        rows
    }
    fn rows(text: &str) -> Vec<(u64, Vec<String>)> {
        rows_within(text.as_bytes(), 1 << 20).into_iter().map(|(l, c, _)| (l, c)).collect()
    }
    fn row(line: u64, cells: &[&str]) -> (u64, Vec<String>) {
        (line, cells.iter().map(|c| (*c).to_owned()).collect())
    }

    #[test]
    fn every_line_end_ends_a_line() {
        for end in ["\n", "\r\n", "\r"] {
            let text = format!("a;b{end}{end}1;\"x{end}y\"{end}2;z");
            let broken = format!("x{end}y");
            assert_eq!(
                rows(&text),
                [row(1, &["a", "b"]), row(3, &["1", &broken]), row(5, &["2", "z"])],
                "{end:?}"
            );
        }
    }

    #[test]
    fn quotes_double_and_may_stand_inside() {
        assert_eq!(
            rows("\"a \"\"b\"\" ;c\";d\"e;\"f\"g;\"\"\n"),
            [row(1, &["a \"b\" ;c", "d\"e", "fg", ""])]
        );
    }

    #[test]
    fn a_quote_never_closed_spoils_one_line_only() {
        let got = rows_within(b"a;b\n1;\"x\n2;y\n3;z\n", 1 << 20);
        assert_eq!(got.len(), 4);
        assert_eq!(got[1].2, Some(Code::Malformed));
        assert_eq!(got[3], (4, vec!["3".into(), "z".into()], None));
    }

    #[test]
    fn a_quoted_record_may_end_anywhere_in_the_input() {
        // Quotes, and a CR LF, on both sides of the end of a chunk, and of the file.
        for size in (1usize << 16) - 4..=(1 << 16) + 1 {
            let filler = "f".repeat(size - 8);
            for end in ["\r\n", "\n", "\r", ""] {
                let text = format!("{filler}\na;\"b\"{end}");
                assert_eq!(rows(&text)[1..], [row(2, &["a", "b"])], "{size} {end:?}");
                let more = format!("{text}{end}\"é\";2");
                let last = rows(&more);
                if end.is_empty() {
                    assert_eq!(last[1..], [row(2, &["a", "b\"é", "2"])]);
                } else {
                    assert_eq!(last[2..], [row(4, &["é", "2"])], "{size} {end:?}");
                }
            }
        }
    }

    #[test]
    fn a_byte_order_mark_inside_a_file_is_text() {
        assert_eq!(rows("a;b\n\u{feff}1;\"x\"\n")[1], row(2, &["\u{feff}1", "x"]));
    }

    #[test]
    fn too_many_fields_refuse_their_line_quoted_or_not() {
        for field in ["x", "\"x\""] {
            let wide = vec![field; 60].join(";");
            let got = rows_within(format!("a;b\n{wide}\n1;2\n").as_bytes(), 1 << 20);
            let seen: Vec<_> = got.iter().map(|r| (r.0, r.1.len(), r.2)).collect();
            assert_eq!(seen, [(1, 2, None), (2, 50, Some(Code::Malformed)), (3, 2, None)]);
        }
    }

    #[test]
    fn a_line_without_end_is_refused_not_kept_in_memory() {
        let mut text = b"a;b\n".to_vec();
        text.extend(std::iter::repeat_n(b'x', 300_000));
        text.extend(b"\n1;2\n");
        let got = rows_within(&text, 1 << 16);
        assert_eq!(
            got.iter().map(|r| (r.0, r.2)).collect::<Vec<_>>(),
            [(1, None), (2, Some(Code::Malformed)), (3, None)]
        );
    }

    #[test]
    fn bytes_that_are_not_text_are_named_not_dropped() {
        let got = rows_within(b"a;b\ncaf\xe9;1\nx;2\n", 1 << 20);
        assert_eq!(got[1].2, Some(Code::BadEncoding));
        assert_eq!(got[1].1, ["caf\u{fffd}", "1"]);
        assert_eq!(got[2].2, None);
    }

    proptest! {
        /// The `csv` crate reads the same, wherever quotes close.
        #[test]
        fn agrees_with_the_csv_crate(pieces in proptest::collection::vec(
            prop_oneof![
                Just(";"), Just("\n"), Just("\r\n"), Just("\""), Just("\"\""), Just("a"),
                Just("é"), Just(" "), Just("\"x;y\""), Just("\"l\nm\"")
            ], 0..40)) {
            let text: String = pieces.concat();
            let ours = rows_within(text.as_bytes(), 1 << 20);
            if ours.iter().all(|r| r.2.is_none()) {
                let mut reader = csv::ReaderBuilder::new()
                    .delimiter(b';').flexible(true).has_headers(false).from_reader(text.as_bytes());
                let theirs: Vec<Vec<String>> = reader.records()
                    .filter_map(Result::ok)
                    .filter(|r| !r.iter().all(|c| c.trim_matches(' ').is_empty())).map(|r| r.iter().map(String::from).collect()).collect();
                let ours: Vec<Vec<String>> = ours.into_iter().map(|r| r.1).collect();
                prop_assert_eq!(ours, theirs);
            }
        }

        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300), limit in 1usize..64) {
            rows_within(&bytes, limit);
        }
    }
}
