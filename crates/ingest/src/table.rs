//! Rows of cells, whatever the file: text or spreadsheet.

use jiff::civil::DateTime;

use crate::error::IngestError;

/// What a spreadsheet knows of a cell beyond its text. Text files know nothing.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Typed {
    /// Only the text.
    #[default]
    Text,
    /// A true number.
    Number(f64),
    /// A true date with its time of day.
    Instant(DateTime),
    /// A true date without time of day (midnight).
    Day(DateTime),
    /// A true boolean.
    Bool(bool),
    /// An error such as `#N/A`; the text is its name.
    Error,
}

/// One row: text of every cell, with what is known of its type. Reused from row to row.
#[derive(Debug, Clone, Default)]
pub struct Row {
    line: u64,
    text: String,
    ends: Vec<usize>,
    typed: Vec<Typed>,
    problem: Option<crate::Code>,
}

impl Row {
    /// Empties the row and sets its 1-based line.
    pub fn start(&mut self, line: u64) {
        self.line = line;
        self.text.clear();
        self.ends.clear();
        self.typed.clear();
        self.problem = None;
    }

    /// Adds a cell.
    pub fn push(&mut self, text: &str, typed: Typed) {
        self.text.push_str(text);
        self.ends.push(self.text.len());
        self.typed.push(typed);
    }

    /// Says the row itself is damaged (encoding, quotes): it can only be refused.
    pub fn set_problem(&mut self, code: crate::Code) {
        self.problem = Some(code);
    }

    /// Why the row can only be refused.
    pub fn problem(&self) -> Option<crate::Code> {
        self.problem
    }

    /// 1-based line of its first character.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Cells.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no cell.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Whether every cell is empty.
    pub fn is_blank(&self) -> bool {
        self.text.bytes().all(|b| b == b' ' || b == b'\t')
    }

    /// Text of a cell; empty beyond the last.
    pub fn text(&self, column: usize) -> &str {
        let start = match column {
            0 => 0,
            _ => self.ends.get(column - 1).copied().unwrap_or(self.text.len()),
        };
        let end = self.ends.get(column).copied().unwrap_or(self.text.len());
        self.text.get(start..end).unwrap_or("")
    }

    /// Type of a cell.
    pub fn typed(&self, column: usize) -> Typed {
        self.typed.get(column).copied().unwrap_or_default()
    }

    /// Texts of all cells.
    pub fn cells(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|i| self.text(i))
    }
}

/// A table read from top to bottom, header already found.
pub trait RowSource {
    /// Names of the columns, as delivered.
    fn header(&self) -> &[String];
    /// 1-based line of the header.
    fn header_line(&self) -> u64;
    /// Fills `row` with the next row; `false` at the end. Blank rows are passed over.
    fn next(&mut self, row: &mut Row) -> Result<bool, IngestError>;
    /// Bytes done and in total, as delivered.
    fn position(&self) -> (u64, u64);
}
