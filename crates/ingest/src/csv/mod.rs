//! Separated text in all its French disguises: separators, encodings, title
//! rows, quotes. Detection reads the beginning (and the whole file once for its
//! encoding, when nobody said it); reading streams.

pub mod decode;
pub mod split;

use std::path::Path;

use crate::{
    context::Limits,
    detect::{self, HeaderGuess},
    error::IngestError,
    finding::Code,
    mapping::{Encoding, Mapping},
    source::{self, Position},
    table::{Row, RowSource, Typed},
};

use decode::{Decode, EncodingGuess, guess_encoding};
use split::{Record, Records};

/// Text looked at to find separator and header.
const HEAD: usize = 1 << 18;
/// Records looked at.
const HEAD_RECORDS: usize = 300;

/// How a text file is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialect {
    /// Encoding.
    pub encoding: Encoding,
    /// Separator, one ASCII character.
    pub separator: u8,
    /// 1-based line of the header; 0 when there is none.
    pub header_row: u64,
    /// Names of the columns.
    pub header: Vec<String>,
    /// The file was nearly UTF-8: line of the first byte that is not.
    pub nearly_utf8: Option<u64>,
    /// Title rows passed over.
    pub title_rows: u64,
}

/// Finds how a text file is written; what the mapping says is not questioned.
pub fn dialect(
    path: &Path,
    name: &str,
    mapping: &Mapping,
    limits: Limits,
) -> Result<Dialect, IngestError> {
    let read_error = |e| source::read_error(name, e);
    let mut nearly_utf8 = None;
    let encoding = match mapping.encoding {
        Some(encoding) => encoding,
        None => {
            let (input, _) = source::open(path, name, limits)?;
            let EncodingGuess { encoding, nearly_utf8: nearly, binary, empty, .. } =
                guess_encoding(input).map_err(read_error)?;
            if empty {
                return Err(empty_file(name));
            }
            if binary {
                return Err(IngestError::refused(
                    name,
                    Code::UnknownFormat,
                    None,
                    "ce n’est pas un texte ni un format connu : déposez un CSV, un classeur, un XES, un OCEL ou un Parquet",
                    "this is neither text nor a known format: drop a CSV, a spreadsheet, a XES, an OCEL or a Parquet file",
                ));
            }
            nearly_utf8 = nearly;
            encoding
        }
    };
    let (input, _) = source::open(path, name, limits)?;
    let mut decode = Decode::new(input, encoding);
    let mut head = Vec::with_capacity(HEAD * 2);
    let mut more = true;
    while head.len() < HEAD && more {
        more = decode.fill(&mut head).map_err(read_error)?;
    }
    if more && let Some(end) = memchr::memrchr2(b'\n', b'\r', &head) {
        head.truncate(end + 1);
    }
    if trim_ends(&head).is_empty() {
        return Err(empty_file(name));
    }
    let declared = declared_separator(&head);
    let separator = match mapping.separator.map(u8::try_from) {
        Some(Ok(separator)) if separator.is_ascii() && separator != b'"' => separator,
        Some(_) => {
            return Err(IngestError::refused(
                name,
                Code::Malformed,
                None,
                "le séparateur doit être un seul caractère ASCII autre que le guillemet",
                "the separator must be one ASCII character other than the quote",
            ));
        }
        None => match declared {
            Some(separator) => separator,
            None => guess_separator(&head, limits).map_err(read_error)?,
        },
    };
    let first_line = u64::from(declared.is_some()) + 1;
    let mut lines = Vec::new();
    let rows: Vec<Vec<String>> = head_records(&head, separator, limits)
        .map_err(read_error)?
        .into_iter()
        .filter(|(line, cells)| *line >= first_line && cells.iter().any(|c| !c.trim().is_empty()))
        .map(|(line, cells)| {
            lines.push(line);
            cells
        })
        .collect();
    let position = match mapping.header_row {
        Some(0) => HeaderGuess::Absent,
        Some(told) => match lines.iter().position(|l| *l == told) {
            Some(at) => HeaderGuess::Row(at),
            None => {
                return Err(IngestError::refused(
                    name,
                    Code::HeaderOnly,
                    Some(told),
                    format!("la ligne d’en-tête {told} annoncée est absente ou vide"),
                    format!("the header row {told} told is absent or empty"),
                ));
            }
        },
        None => detect::find_header(&rows),
    };
    let (header_row, header, title_rows) = match position {
        HeaderGuess::Row(at) => {
            let mut header = rows.get(at).cloned().unwrap_or_default();
            // Trailing separators leave unnamed columns nobody meant.
            while header.last().is_some_and(|h| h.trim().is_empty()) {
                header.pop();
            }
            (lines.get(at).copied().unwrap_or(1), header, at as u64)
        }
        HeaderGuess::Absent => {
            let width = rows.iter().map(Vec::len).max().unwrap_or(0);
            (0, (1..=width).map(|i| format!("#{i}")).collect(), 0)
        }
    };
    Ok(Dialect { encoding, separator, header_row, header, nearly_utf8, title_rows })
}

pub(crate) fn empty_file(name: &str) -> IngestError {
    IngestError::refused(
        name,
        Code::EmptyFile,
        None,
        "le fichier est vide : vérifiez l’export et renvoyez-le",
        "the file is empty: check the export and send it again",
    )
}

fn trim_ends(text: &[u8]) -> &[u8] {
    crate::values::trim(text)
}

/// Separator announced by a first line such as `sep=;`.
fn declared_separator(head: &[u8]) -> Option<u8> {
    let end = memchr::memchr2(b'\n', b'\r', head).unwrap_or(head.len());
    let line = head.get(..end)?.trim_ascii();
    let line = line.strip_prefix(b"\"").and_then(|l| l.strip_suffix(b"\"")).unwrap_or(line);
    let (word, mark) = line.split_at_checked(4)?;
    if !word.eq_ignore_ascii_case(b"sep=") {
        return None;
    }
    match mark {
        // A tab is trimmed away with the spaces of its line.
        [] => Some(b'\t'),
        [b, ..] if b.is_ascii() && *b != b'"' => Some(*b),
        _ => None,
    }
}

fn head_records(
    head: &[u8],
    separator: u8,
    limits: Limits,
) -> std::io::Result<Vec<(u64, Vec<String>)>> {
    let input = Decode::new(Box::new(std::io::Cursor::new(head.to_vec())), Encoding::Utf8);
    let mut records = Records::new(input, separator, limits.record_bytes, limits.columns);
    let mut rows = Vec::new();
    while rows.len() < HEAD_RECORDS
        && let Some(record) = records.next()?
    {
        rows.push((record.line, record.cells().map(str::to_owned).collect()));
    }
    Ok(rows)
}

/// The separator that cuts most lines into the same number of cells; `;` first,
/// then tab, comma and bar when they do equally well.
fn guess_separator(head: &[u8], limits: Limits) -> std::io::Result<u8> {
    let mut best = (b';', 0.0);
    for separator in *b";\t,|" {
        let rows = head_records(head, separator, limits)?;
        let mut widths = std::collections::BTreeMap::<usize, usize>::new();
        for (_, cells) in &rows {
            if cells.iter().any(|c| !c.trim().is_empty()) {
                *widths.entry(cells.len()).or_default() += 1;
            }
        }
        let all: usize = widths.values().sum();
        let Some((width, same)) =
            widths.into_iter().filter(|(w, _)| *w > 1).max_by_key(|(w, n)| (*n, *w))
        else {
            continue;
        };
        // Steadiness first; more columns break what is nearly a tie.
        let score = same as f64 / all as f64 + (width.min(50) as f64) * 1e-4;
        if score > best.1 + 0.005 {
            best = (separator, score);
        }
    }
    Ok(best.0)
}

/// A text file read row by row.
pub struct CsvSource {
    name: String,
    records: Records,
    dialect: Dialect,
    position: Position,
}

/// Opens a text file at its first row.
pub fn open(
    path: &Path,
    name: &str,
    mapping: &Mapping,
    limits: Limits,
) -> Result<CsvSource, IngestError> {
    let dialect = dialect(path, name, mapping, limits)?;
    open_as(path, name, dialect, limits)
}

/// Opens a text file whose dialect is known.
pub fn open_as(
    path: &Path,
    name: &str,
    dialect: Dialect,
    limits: Limits,
) -> Result<CsvSource, IngestError> {
    let (input, position) = source::open(path, name, limits)?;
    let input = Decode::new(input, dialect.encoding);
    let mut records = Records::new(input, dialect.separator, limits.record_bytes, limits.columns);
    while records.line() <= dialect.header_row {
        let before = records.line();
        let more = records.next().map_err(|e| source::read_error(name, e))?.is_some();
        if !more || records.line() == before {
            break;
        }
    }
    Ok(CsvSource { name: name.to_owned(), records, dialect, position })
}

impl CsvSource {
    /// How the file is written.
    pub fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    /// The next record below the header, lent; blank ones are passed over.
    #[inline]
    pub fn next_record(&mut self) -> Result<Option<Record<'_>>, IngestError> {
        match self.records.next() {
            Ok(record) => Ok(record),
            Err(e) => Err(source::read_error(&self.name, e)),
        }
    }
}

impl RowSource for CsvSource {
    fn header(&self) -> &[String] {
        &self.dialect.header
    }

    fn header_line(&self) -> u64 {
        self.dialect.header_row
    }

    fn next(&mut self, row: &mut Row) -> Result<bool, IngestError> {
        let Some(record) = self.next_record()? else { return Ok(false) };
        row.start(record.line);
        for cell in record.cells() {
            row.push(cell, Typed::Text);
        }
        if let Some(problem) = record.problem {
            row.set_problem(problem);
        }
        Ok(true)
    }

    fn position(&self) -> (u64, u64) {
        (self.position.done(), self.position.total())
    }
}
