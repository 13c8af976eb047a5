//! OpenDocument spreadsheets through `calamine`, which holds their sheets in memory.

use std::{fs::File, io::BufReader, sync::Arc};

use calamine::{Data, Ods, OdsError, Range, Reader as _, SheetVisible};

use super::{
    Cells, SheetInfo,
    archive::{malformed, protected},
    guard::Shape,
    serial,
    xlsx::guarded,
};
use crate::{IngestError, table::Typed};

/// One sheet: its values, and the formulas behind them.
struct Sheet {
    values: Range<Data>,
    formulas: Range<String>,
    shape: Shape,
}

/// A document in memory.
#[derive(Clone)]
pub(super) struct OdsBook {
    pub(super) sheets: Vec<SheetInfo>,
    held: Vec<Arc<Sheet>>,
}

impl OdsBook {
    pub(super) fn open(file: File, name: &str, shapes: &[Shape]) -> Result<Self, IngestError> {
        let unreadable = || malformed(name, "content.xml");
        let opened = guarded(|| match Ods::new(BufReader::new(file)) {
            Err(OdsError::Password) => Ok(None),
            other => other.map(Some),
        });
        let mut book = opened.ok_or_else(unreadable)?.ok_or_else(|| protected(name))?;
        let all = book.sheets_metadata().to_vec();
        let (mut sheets, mut held) = (Vec::new(), Vec::new());
        for (rank, sheet) in all.iter().enumerate() {
            // Of two sheets of one name, `calamine` keeps the last.
            let last = all.iter().rposition(|s| s.name == sheet.name).unwrap_or(rank);
            let shape = shapes.get(last).cloned().ok_or_else(unreadable)?;
            let values = book.worksheet_range(&sheet.name).map_err(|_| unreadable())?;
            let formulas = book.worksheet_formula(&sheet.name).map_err(|_| unreadable())?;
            let hidden = sheet.visible != SheetVisible::Visible;
            sheets.push(SheetInfo { name: sheet.name.clone(), hidden });
            held.push(Arc::new(Sheet { values, formulas, shape }));
        }
        Ok(Self { sheets, held })
    }

    /// Cells held in memory.
    pub(super) fn cells(&self) -> usize {
        self.held.iter().map(|s| s.values.get_size().0 * s.values.get_size().1).sum()
    }

    pub(super) fn shape(&self, sheet: usize) -> Shape {
        self.held.get(sheet).map(|s| s.shape.clone()).unwrap_or_default()
    }

    pub(super) fn rows(&self, sheet: usize) -> OdsRows {
        OdsRows { sheet: self.held.get(sheet).cloned(), next: 0 }
    }
}

/// Rows of one sheet.
pub(super) struct OdsRows {
    sheet: Option<Arc<Sheet>>,
    next: usize,
}

impl OdsRows {
    /// Rows given and in all.
    pub(super) fn position(&self) -> (usize, usize) {
        (self.next, self.sheet.as_ref().map_or(0, |s| s.values.height()))
    }

    /// Fills `cells` with the next row.
    pub(super) fn next(&mut self, cells: &mut Cells) -> bool {
        cells.clear();
        let Some(sheet) = &self.sheet else { return false };
        if self.next >= sheet.values.height() {
            return false;
        }
        let (top, left) = sheet.values.start().unwrap_or_default();
        let rank = top.saturating_add(u32::try_from(self.next).unwrap_or(u32::MAX));
        let row = (0..sheet.values.width()).filter_map(|c| sheet.values.get((self.next, c)));
        cells.line = u64::from(rank) + 1;
        for (column, value) in (left..).zip(row) {
            let formula =
                || sheet.formulas.get_value((rank, column)).is_some_and(|f| !f.is_empty());
            match value {
                // An error is a text to `calamine`; only a formula gives one.
                Data::String(text)
                    if (text.starts_with('#') || text.starts_with("Err:")) && formula() =>
                {
                    cells.set(column, text, Typed::Error);
                }
                Data::String(text) => cells.set(column, text, Typed::Text),
                Data::Float(n) => serial::push_number(cells, column, *n),
                Data::Int(n) => serial::push_number(cells, column, *n as f64),
                Data::Bool(yes) => serial::push_bool(cells, column, *yes),
                Data::DateTimeIso(text) => serial::push_iso(cells, column, text.trim()),
                Data::DurationIso(text) => serial::push_clock(cells, column, text.trim()),
                Data::DateTime(at) => serial::push_date(cells, column, *at, false, false),
                Data::Error(error) => cells.set(column, &error.to_string(), Typed::Error),
                Data::Empty => {}
            }
        }
        self.next += 1;
        true
    }
}
