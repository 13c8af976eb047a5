//! What a workbook announces, read from attributes alone: figures that `calamine`
//! would believe, and what it does not tell (hidden rows and columns, merged cells of
//! an ods). No cell is interpreted here.
//!
//! Refused: more room than the bytes could hold, cells or spaces repeated beyond
//! [`HELD`], references outside any sheet, tables of styles or of sheets without end.

use std::{borrow::Cow, collections::VecDeque};

use quick_xml::events::{BytesStart, attributes::Attribute};
use rustc_hash::FxHashMap;

use super::{
    Merge,
    archive::{bomb, malformed, protected},
    too_wide,
};
use crate::IngestError;

/// Bytes of cells or texts held in memory, as estimated from the file.
const HELD: u64 = 512 << 20;
/// Rows and columns of a sheet: what the spreadsheet programs themselves allow.
const MAX_ROWS: u64 = 1_048_576;
const MAX_COLUMNS: u64 = 16_384;
/// Memory of one cell and its formula, or of one shared text, beside what it says.
const CELL: u64 = 56;
/// Fonts, fills, borders, formats and cell styles, and bytes of a tag of theirs:
/// `calamine` copies a font and a format into each cell style.
const MAX_STYLES: u64 = 300_000;
const MAX_STYLE_TAG: usize = 1_024;
/// Bytes of a part that describes: styles, links.
const MAX_DESCRIPTION: u64 = 64 << 20;
/// Sheets of a workbook.
const MAX_SHEETS: usize = 10_000;
/// Rectangles of merged cells kept per sheet.
const MAX_MERGES: usize = 200_000;
/// Errors `calamine` knows by name; it stops at any other.
const KNOWN_ERRORS: [&str; 7] =
    ["#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"];

/// What a sheet hides and merges.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shape {
    /// Hidden columns, by their rank.
    pub(crate) hidden_columns: Vec<bool>,
    /// Ranges of hidden rows, 0-based, in order.
    hidden_rows: Vec<(u64, u64)>,
    pub(crate) merges: Vec<Merge>,
    /// Errors of another name, in order: row, column, name.
    pub(crate) errors: VecDeque<(u32, u32, String)>,
}

impl Shape {
    fn hide_columns(&mut self, from: u64, count: u64, columns: usize) {
        let rank = |n: u64| usize::try_from(n).unwrap_or(columns).min(columns);
        let (from, to) = (rank(from), rank(from.saturating_add(count)));
        self.hidden_columns.resize(self.hidden_columns.len().max(to), false);
        self.hidden_columns.iter_mut().take(to).skip(from).for_each(|h| *h = true);
    }

    fn merge(&mut self, merge: Merge) {
        if self.merges.len() < MAX_MERGES {
            self.merges.push(merge);
        }
    }

    /// Whether the row of that 0-based rank is hidden.
    pub(crate) fn hides_row(&self, row: u64) -> bool {
        let next = self.hidden_rows.partition_point(|(_, last)| *last < row);
        self.hidden_rows.get(next).is_some_and(|(first, _)| *first <= row)
    }
}

/// What was announced so far.
#[derive(Debug, Default)]
pub(crate) struct Guard {
    name: String,
    columns: usize,
    part: String,
    shape: Shape,
    /// Shapes of the sheets of an xlsx, by part in lower case.
    shapes: FxHashMap<String, Shape>,
    /// Shapes of the sheets of an ods, in order; `None` when it is no ods.
    pub(crate) ods: Option<Vec<Shape>>,
    /// Links of the workbook: identifier, then target; those of its sheets, in order.
    links: FxHashMap<String, String>,
    sheets: Vec<String>,
    folder: String,
    /// Texts an xlsx shares between its cells.
    pub(crate) texts: u64,
    announced: u64,
    styles: u64,
    /// Place of the present cell of an xlsx; whether it is an error, and its value begun.
    place: (u32, u32),
    error: (bool, bool),
    table: Option<Table>,
    /// Bytes the tables of an ods will take.
    held: u64,
}

/// A sheet of an ods being measured: in rows and columns written out.
#[derive(Debug, Default)]
struct Table {
    columns_seen: u64,
    row: u64,
    /// Inside a row: how many times it stands.
    row_times: Option<u64>,
    column: u64,
    /// Cells of the row up to the last that holds something, and bytes of their texts.
    filled: u64,
    row_texts: u64,
    /// Inside a cell: how many times it stands; whether it holds something; its text.
    cell_times: Option<u64>,
    cell_filled: bool,
    cell_texts: u64,
    /// The rectangle that holds something.
    height: u64,
    width: u64,
}

/// An attribute as written, which is how `calamine` reads those that matter.
fn attribute<'a>(e: &'a BytesStart<'_>, name: &str) -> Option<&'a str> {
    let found = e.attributes().with_checks(false).flatten().find(|a| a.key.as_ref() == name)?;
    match found.value {
        Cow::Borrowed(text) => Some(text),
        Cow::Owned(_) => None,
    }
}

/// A figure announced; what is no figure counts as too large.
fn figure(e: &BytesStart<'_>, name: &str, absent: u64) -> u64 {
    attribute(e, name).map_or(absent, |v| v.trim().parse().unwrap_or(u64::MAX))
}

fn is(e: &BytesStart<'_>, name: &str, values: &[&str]) -> bool {
    attribute(e, name).is_some_and(|v| values.contains(&v))
}

/// `AB12` → (row 11, column 27), both 0-based; a row may stand without a column.
fn reference(text: &str) -> Option<(u32, Option<u32>)> {
    let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (column, row) = text.split_at_checked(letters)?;
    if column.len() > 3 || row.len() > 7 || !row.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let column =
        column.bytes().fold(0u32, |n, b| n * 26 + u32::from(b.to_ascii_uppercase() - b'A') + 1);
    let row: u32 = row.parse().ok()?;
    let inside = u64::from(row) <= MAX_ROWS && u64::from(column) <= MAX_COLUMNS;
    inside.then_some((row.checked_sub(1)?, column.checked_sub(1)))
}

fn range(text: &str) -> Option<Merge> {
    let (from, to) = text.split_once(':').unwrap_or((text, text));
    let ((r1, c1), (r2, c2)) = (reference(from)?, reference(to)?);
    let (c1, c2) = (c1?, c2?);
    (r1 <= r2 && c1 <= c2).then_some(Merge { rows: (r1, r2), columns: (c1, c2) })
}

impl Guard {
    pub(crate) fn new(name: &str, columns: usize) -> Self {
        Self { name: name.to_owned(), columns, ..Self::default() }
    }

    /// A part begins; its name is in lower case.
    pub(crate) fn begin(&mut self, part: &str) {
        part.clone_into(&mut self.part);
        if part == "content.xml" {
            self.ods.get_or_insert_default();
        }
        self.shape = Shape::default();
        (self.place, self.error, self.announced) = ((0, 0), (false, false), 0);
        self.table = None;
    }

    /// The part ends after that many bytes.
    pub(crate) fn finish(&mut self, bytes: u64) -> Result<(), IngestError> {
        let shared = self.part.ends_with("sharedstrings.xml");
        let describes = self.part.ends_with(".rels") || self.part.ends_with("styles.xml");
        // A text takes five bytes at the very least: `<si/>`.
        if self.announced > bytes / 5
            || (shared && self.texts.saturating_mul(CELL).saturating_add(bytes) > HELD)
            || (describes && bytes > MAX_DESCRIPTION)
        {
            return Err(self.trap());
        }
        let mut shape = std::mem::take(&mut self.shape);
        shape.hidden_rows.sort_unstable();
        if self.ods.is_none() || self.part != "content.xml" {
            self.shapes.insert(std::mem::take(&mut self.part), shape);
        }
        Ok(())
    }

    /// Shape of the sheet of an xlsx of that rank, out of that many.
    pub(crate) fn shape(&self, rank: usize, sheets: usize) -> Option<Shape> {
        let target = self.links.get(self.sheets.get(rank)?)?;
        let part = target
            .strip_prefix('/')
            .map_or_else(|| format!("{}{target}", self.folder), str::to_owned);
        (self.sheets.len() == sheets).then(|| self.shapes.get(&part).cloned().unwrap_or_default())
    }

    fn trap(&self) -> IngestError {
        bomb(&self.name)
    }

    fn misplaced(&self) -> IngestError {
        malformed(&self.name, &self.part)
    }

    /// An element opens.
    pub(crate) fn start(&mut self, e: &BytesStart<'_>) -> Result<(), IngestError> {
        if self.part == "content.xml" {
            return self.start_ods(e);
        }
        match e.local_name().as_ref() {
            "c" => {
                if let Some(r) = attribute(e, "r") {
                    self.place = reference(r)
                        .and_then(|(r, c)| Some((r, c?)))
                        .ok_or_else(|| self.misplaced())?;
                }
                self.error.0 = is(e, "t", &["e"]);
            }
            "v" => self.error.1 = self.error.0,
            "row" => {
                if let Some(r) = attribute(e, "r") {
                    self.place.0 = reference(r).ok_or_else(|| self.misplaced())?.0;
                }
                if is(e, "hidden", &["1", "true"]) {
                    let row = self.place.0.into();
                    self.shape.hidden_rows.push((row, row));
                }
            }
            "col" if is(e, "hidden", &["1", "true"]) => {
                let min = figure(e, "min", 1).saturating_sub(1);
                let count = figure(e, "max", 0).saturating_sub(min);
                self.shape.hide_columns(min, count, self.columns);
            }
            kind @ ("dimension" | "mergeCell") => {
                if let Some(given) = attribute(e, "ref") {
                    let merge = range(given).ok_or_else(|| self.misplaced())?;
                    if kind == "mergeCell" {
                        self.shape.merge(merge);
                    }
                }
            }
            "sst" => self.announced = figure(e, "uniqueCount", 0),
            "si" => self.texts += 1,
            "font" | "name" | "fill" | "border" | "numFmt" | "xf" => {
                self.styles += 1;
                if self.styles > MAX_STYLES
                    || (self.part.ends_with("styles.xml") && e.len() > MAX_STYLE_TAG)
                {
                    return Err(self.trap());
                }
            }
            "Relationship" => self.link(e)?,
            "sheet" => {
                let is_id = |a: &Attribute<'_>| a.key.local_name().as_ref() == "id";
                if let Some(id) = e.attributes().with_checks(false).flatten().find(is_id) {
                    self.sheets.push(id.value.into_owned());
                    let folder = self.part.rfind('/').map_or(0, |i| i + 1);
                    self.folder = self.part.get(..folder).unwrap_or_default().to_owned();
                }
                if self.sheets.len() > MAX_SHEETS {
                    return Err(self.trap());
                }
            }
            "encryption-data" => return Err(protected(&self.name)),
            _ => {}
        }
        Ok(())
    }

    /// A link to another part: only XML parts are checked, so only those may be read.
    fn link(&mut self, e: &BytesStart<'_>) -> Result<(), IngestError> {
        let kind = attribute(e, "Type").unwrap_or_default();
        let target = attribute(e, "Target").unwrap_or_default().to_ascii_lowercase();
        let fits = match kind.rsplit('/').next().unwrap_or_default() {
            "officeDocument" | "worksheet" | "chartsheet" | "dialogsheet" => {
                target.ends_with(".xml")
            }
            // `calamine` finds these by their usual names, and would miss dates otherwise.
            "styles" => target.ends_with("styles.xml"),
            "sharedStrings" => target.ends_with("sharedstrings.xml"),
            _ => return Ok(()),
        };
        if !fits || self.links.len() > 2 * MAX_SHEETS {
            return Err(self.misplaced());
        }
        // Other parts have links of the same identifiers.
        if kind.ends_with("sheet") {
            self.links.insert(attribute(e, "Id").unwrap_or_default().to_owned(), target);
        }
        Ok(())
    }

    /// A text, which only matters as the name of an error or by its length.
    pub(crate) fn text(&mut self, text: &str) {
        if let Some(table) = &mut self.table {
            table.cell_texts = table.cell_texts.saturating_add(text.len() as u64);
        } else if self.error.1 && !KNOWN_ERRORS.contains(&text) {
            self.shape.errors.push_back((self.place.0, self.place.1, text.to_owned()));
        }
    }

    /// An element closes.
    pub(crate) fn end(&mut self, name: &str, local: &str) -> Result<(), IngestError> {
        if self.part == "content.xml" {
            return self.end_ods(name);
        }
        match local {
            "c" => self.place.1 = self.place.1.saturating_add(1),
            "v" => self.error.1 = false,
            "row" => self.place = (self.place.0.saturating_add(1), 0),
            _ => {}
        }
        Ok(())
    }

    /// Names are compared with their prefix, as `calamine` does.
    fn start_ods(&mut self, e: &BytesStart<'_>) -> Result<(), IngestError> {
        let hidden = || is(e, "table:visibility", &["collapse", "filter"]);
        let Some(table) = &mut self.table else {
            if e.name().as_ref() == "table:table" && attribute(e, "table:name").is_some() {
                self.table = Some(Table::default());
                let sheets = self.ods.get_or_insert_default();
                sheets.push(Shape::default());
                if sheets.len() > MAX_SHEETS {
                    return Err(self.trap());
                }
            }
            return Ok(());
        };
        let shape = self.ods.as_mut().and_then(|s| s.last_mut());
        let Some(shape) = shape else { return Ok(()) };
        match (e.name().as_ref(), table.row_times, table.cell_times) {
            ("table:table-column", None, _) => {
                let n = figure(e, "table:number-columns-repeated", 1);
                if hidden() {
                    shape.hide_columns(table.columns_seen, n, self.columns);
                }
                table.columns_seen = table.columns_seen.saturating_add(n);
            }
            ("table:table-row", None, _) => {
                let times = figure(e, "table:number-rows-repeated", 1);
                table.row_times = Some(times);
                (table.column, table.filled, table.row_texts) = (0, 0, 0);
                if hidden() {
                    let last = table.row.saturating_add(times.saturating_sub(1));
                    shape.hidden_rows.push((table.row, last));
                }
            }
            ("table:table-cell" | "table:covered-table-cell", Some(_), None) => {
                table.cell_times = Some(figure(e, "table:number-columns-repeated", 1));
                (table.cell_filled, table.cell_texts) = (false, 0);
                for a in e.attributes().with_checks(false).flatten() {
                    let key = a.key.as_ref();
                    let says = key == "table:formula" || key.starts_with("office:");
                    table.cell_filled |= says || key.starts_with("calcext:");
                    table.cell_texts += if says { a.value.len() as u64 } else { 0 };
                }
                let wide = figure(e, "table:number-columns-spanned", 1);
                let high = figure(e, "table:number-rows-spanned", 1);
                if table.cell_filled && (wide > 1 || high > 1) {
                    let place = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
                    let span = |from: u64, n: u64| {
                        (place(from), place((from.saturating_add(n)).saturating_sub(1)))
                    };
                    shape.merge(Merge {
                        rows: span(table.row, high),
                        columns: span(table.column, wide),
                    });
                }
            }
            ("text:s", _, Some(_)) => {
                table.cell_texts = table.cell_texts.saturating_add(figure(e, "text:c", 1));
            }
            // Tables inside tables: no figure could be trusted.
            (
                "table:table" | "table:table-row" | "table:table-cell" | "table:covered-table-cell",
                ..,
            ) => {
                return Err(self.misplaced());
            }
            _ => {}
        }
        Ok(())
    }

    fn end_ods(&mut self, name: &str) -> Result<(), IngestError> {
        let Some(table) = &mut self.table else { return Ok(()) };
        match name {
            "table:table-cell" | "table:covered-table-cell" => {
                let times = table.cell_times.take().unwrap_or(0);
                table.column = table.column.saturating_add(times);
                if table.cell_filled {
                    table.filled = table.column;
                    let texts = times.saturating_mul(table.cell_texts);
                    table.row_texts = table.row_texts.saturating_add(texts);
                    if table.filled > self.columns as u64 {
                        return Err(too_wide(&self.name, table.row + 1, self.columns));
                    }
                }
            }
            "table:table-row" => {
                let times = table.row_times.take().unwrap_or(0);
                table.row = table.row.saturating_add(times);
                if table.filled > 0 {
                    (table.height, table.width) = (table.row, table.width.max(table.filled));
                    let texts = times.saturating_add(1).saturating_mul(table.row_texts);
                    self.held = self.held.saturating_add(table.filled * CELL).saturating_add(texts);
                }
                let cells = table.height.saturating_mul(table.width).saturating_mul(CELL);
                if table.height > MAX_ROWS || self.held.saturating_add(cells) > HELD {
                    return Err(self.trap());
                }
            }
            "table:table" => {
                let cells = table.height.saturating_mul(table.width).saturating_mul(CELL);
                self.held = self.held.saturating_add(cells);
                self.table = None;
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_outside_any_sheet_are_none() {
        assert_eq!(reference("A1"), Some((0, Some(0))));
        assert_eq!(reference("AB12"), Some((11, Some(27))));
        assert_eq!(reference("XFD1048576"), Some((1_048_575, Some(16_383))));
        assert_eq!(reference("7"), Some((6, None)));
        for bad in ["", "A", "A0", "ABCD1", "A-1", "É1", "A1048577", "XFE1", "A99999999"] {
            assert_eq!(reference(bad), None, "{bad}");
        }
        assert_eq!(range("B2:A1"), None);
    }
}
