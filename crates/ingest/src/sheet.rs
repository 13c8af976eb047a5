//! Spreadsheets as rows of cells: xlsx and ods, read by `calamine` from a checked archive.
//!
//! Nothing is run and nothing is fetched: formulas are read as the value kept beside
//! them, macros and external links stay closed, a document type is refused. Hidden
//! sheets and columns are left out and said; merged cells give their text to every
//! cell they cover. Rows of an xlsx stream, but the texts it shares between its cells
//! are held in memory, and so is a whole ods: the report says it.

mod archive;
mod guard;
mod ods;
mod serial;
mod xlsx;

use std::{collections::VecDeque, fs::File, path::Path, sync::Arc};

use guard::Shape;
use ods::{OdsBook, OdsRows};
use xlsx::{XlsxBook, XlsxRows};

use crate::{
    Code, Findings, IngestError, Limits, Mapping,
    table::{Row, RowSource, Typed},
    words,
};

/// One sheet of a workbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetInfo {
    /// Its name.
    pub name: String,
    /// Whether its author hid it.
    pub hidden: bool,
}

/// A rectangle of merged cells, 0-based, ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Merge {
    rows: (u32, u32),
    columns: (u32, u32),
}

/// Cells of one row as they come: sparse, by column.
#[derive(Debug, Clone, Default)]
struct Cells {
    line: u64,
    text: String,
    items: Vec<(u32, usize, usize, Typed)>,
}

impl Cells {
    fn clear(&mut self) {
        self.text.clear();
        self.items.clear();
    }

    fn set(&mut self, column: u32, text: &str, typed: Typed) {
        if text.is_empty() {
            return;
        }
        let start = self.text.len();
        self.text.push_str(text);
        self.items.push((column, start, self.text.len(), typed));
    }

    fn get(&self, column: u32) -> Option<(&str, Typed)> {
        let (_, start, end, typed) = self.items.iter().find(|(c, ..)| *c == column)?;
        Some((self.text.get(*start..*end)?, *typed))
    }

    fn width(&self) -> usize {
        self.items.iter().map(|(c, ..)| *c as usize + 1).max().unwrap_or(0)
    }

    /// Writes the visible cells in order; whether a hidden one was left out.
    fn write(&mut self, hidden: &[bool], row: &mut Row) -> bool {
        self.items.sort_by_key(|(c, ..)| *c);
        row.start(self.line);
        let (mut next, mut left_out) = (0u32, false);
        let seen = |c: u32| !hidden.get(c as usize).copied().unwrap_or(false);
        for (column, start, end, typed) in &self.items {
            left_out |= !seen(*column);
            if *column < next {
                continue;
            }
            for _ in (next..*column).filter(|c| seen(*c)) {
                row.push("", Typed::Text);
            }
            if seen(*column) {
                row.push(self.text.get(*start..*end).unwrap_or(""), *typed);
            }
            next = column.saturating_add(1);
        }
        left_out
    }
}

/// Merged rectangles met while rows stream by.
struct MergeSet {
    waiting: VecDeque<Merge>,
    active: Vec<(Merge, String, Typed)>,
    budget: u64,
}

/// Cells that rectangles of one sheet may fill: a trap must not cost hours.
const MAX_FILLED: u64 = 20_000_000;

impl MergeSet {
    fn new(mut merges: Vec<Merge>) -> Self {
        merges.sort_by_key(|m| m.rows.0);
        Self { waiting: merges.into(), active: Vec::new(), budget: MAX_FILLED }
    }

    /// Gives the text of each rectangle to the cells it covers in this row.
    ///
    /// Numbers are not spread: a stock merged over three lines is one stock, not three.
    fn apply(&mut self, cells: &mut Cells, columns: usize) {
        let row = u32::try_from(cells.line.saturating_sub(1)).unwrap_or(u32::MAX);
        self.active.retain(|(m, ..)| m.rows.1 >= row);
        while let Some(merge) = self.waiting.front().copied().filter(|m| m.rows.0 <= row) {
            self.waiting.pop_front();
            if merge.rows.0 == row
                && let Some((text, typed)) = cells.get(merge.columns.0)
                && !matches!(typed, Typed::Number(_) | Typed::Error)
            {
                self.active.push((merge, text.to_owned(), typed));
            }
        }
        for (merge, text, typed) in &self.active {
            let last =
                merge.columns.1.min(u32::try_from(columns).unwrap_or(u32::MAX).saturating_sub(1));
            for column in merge.columns.0..=last {
                self.budget = self.budget.saturating_sub(1);
                if self.budget == 0 {
                    return;
                }
                if cells.get(column).is_none() {
                    cells.set(column, text, *typed);
                }
            }
        }
    }
}

fn too_wide(name: &str, line: u64, columns: usize) -> IngestError {
    IngestError::refused(
        name,
        Code::TooExpanded,
        Some(line),
        format!("ligne {line} : plus de {columns} colonnes, ce n’est pas un tableau de ce genre"),
        format!("line {line}: more than {columns} columns, this is no such table"),
    )
}

#[derive(Clone)]
enum Book {
    Xlsx(Arc<XlsxBook>),
    Ods(OdsBook),
}

/// An opened workbook.
#[derive(Clone)]
pub struct Workbook {
    name: String,
    book: Book,
    sheets: Vec<SheetInfo>,
    bytes: u64,
}

impl std::fmt::Debug for Workbook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Workbook").field("sheets", &self.sheets).finish_non_exhaustive()
    }
}

impl Workbook {
    /// Opens and checks the workbook at `path`; `name` is what messages show.
    pub fn open(path: &Path, name: &str, limits: &Limits) -> Result<Self, IngestError> {
        let io = |source| IngestError::Io { name: name.to_owned(), source };
        let file = File::open(path).map_err(io)?;
        let bytes = file.metadata().map_err(io)?.len();
        let guard = archive::check(&file, name, limits)?;
        // The file checked is the one read, even when another takes its place meanwhile.
        std::io::Seek::rewind(&mut &file).map_err(io)?;
        let (book, sheets) = match &guard.ods {
            Some(shapes) => {
                let book = OdsBook::open(file, name, shapes)?;
                let sheets = book.sheets.clone();
                (Book::Ods(book), sheets)
            }
            None => {
                let book = XlsxBook::open(file, path, name, &guard)?;
                let sheets = book.sheets.clone();
                (Book::Xlsx(Arc::new(book)), sheets)
            }
        };
        Ok(Self { name: name.to_owned(), book, sheets, bytes })
    }

    /// Its sheets, in order.
    pub fn sheets(&self) -> &[SheetInfo] {
        &self.sheets
    }

    /// The remark about what is held in memory because the format forbids otherwise.
    pub(crate) fn in_memory(&self) -> Option<[String; 2]> {
        match &self.book {
            Book::Xlsx(book) if book.texts == 0 => None,
            Book::Xlsx(book) => Some([
                format!(
                    "le format xlsx partage ses textes entre les cellules : {} textes distincts sont gardés en mémoire pendant la lecture",
                    book.texts
                ),
                format!(
                    "the xlsx format shares texts between cells: {} distinct texts are held in memory while reading",
                    book.texts
                ),
            ]),
            Book::Ods(book) => Some([
                format!(
                    "un classeur ods se lit d’un bloc : ses {} cellules sont gardées en mémoire pendant la lecture (xlsx et CSV se lisent au fil de l’eau)",
                    book.cells()
                ),
                format!(
                    "an ods workbook is read in one piece: its {} cells are held in memory while reading (xlsx and CSV are streamed)",
                    book.cells()
                ),
            ]),
        }
    }

    /// Rows of the sheet of that rank.
    pub fn rows(&self, sheet: usize, limits: &Limits) -> Result<SheetRows, IngestError> {
        let (shape, inner) = match &self.book {
            Book::Xlsx(book) => (book.shape(sheet), Inner::Xlsx(XlsxRows::open(book, sheet)?)),
            Book::Ods(book) => (book.shape(sheet), Inner::Ods(book.rows(sheet))),
        };
        Ok(SheetRows {
            name: self.name.clone(),
            inner,
            cells: Cells::default(),
            merges: MergeSet::new(shape.merges.clone()),
            shape,
            columns: limits.columns,
            hidden_rows: 0,
            hidden_cells: 0,
            bytes: self.bytes,
        })
    }
}

enum Inner {
    Xlsx(XlsxRows),
    Ods(OdsRows),
}

/// Rows of one sheet; hidden columns left out, hidden rows read.
pub struct SheetRows {
    name: String,
    inner: Inner,
    cells: Cells,
    merges: MergeSet,
    shape: Shape,
    columns: usize,
    hidden_rows: u64,
    hidden_cells: u64,
    bytes: u64,
}

impl std::fmt::Debug for SheetRows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SheetRows").field("name", &self.name).finish_non_exhaustive()
    }
}

impl SheetRows {
    /// Fills `row` with the next row that is not blank; `false` at the end.
    pub fn next(&mut self, row: &mut Row) -> Result<bool, IngestError> {
        loop {
            let more = match &mut self.inner {
                Inner::Xlsx(rows) => rows.next(&mut self.cells)?,
                Inner::Ods(rows) => rows.next(&mut self.cells),
            };
            if !more {
                return Ok(false);
            }
            if self.cells.width() > self.columns {
                return Err(too_wide(&self.name, self.cells.line, self.columns));
            }
            self.merges.apply(&mut self.cells, self.columns);
            let left_out = self.cells.write(&self.shape.hidden_columns, row);
            self.hidden_cells += u64::from(left_out);
            if row.is_blank() {
                continue;
            }
            let rank = self.cells.line.saturating_sub(1);
            self.hidden_rows += u64::from(self.shape.hides_row(rank));
            return Ok(true);
        }
    }

    /// Bytes of the file read so far and in total, as delivered.
    pub fn position(&self) -> (u64, u64) {
        let done = match &self.inner {
            Inner::Xlsx(rows) => rows.done_bytes(),
            Inner::Ods(rows) => {
                let (done, all) = rows.position();
                self.bytes.saturating_mul(done as u64) / (all as u64).max(1)
            }
        };
        (done.min(self.bytes), self.bytes)
    }

    /// Says what was hidden.
    pub(crate) fn report(&self, sheet: &str, findings: &mut Findings) {
        findings.summary(
            Code::HiddenColumnSkipped,
            self.hidden_cells,
            [
                format!("feuille « {sheet} » : des colonnes masquées ne sont pas lues ; les afficher pour les importer"),
                format!("sheet “{sheet}”: hidden columns are not read; show them to import them"),
            ],
        );
        findings.summary(
            Code::HiddenRowsRead,
            self.hidden_rows,
            [
                format!("feuille « {sheet} » : {} lignes masquées (filtre ?) sont lues comme les autres", self.hidden_rows),
                format!("sheet “{sheet}”: {} hidden rows (a filter?) are read like the others", self.hidden_rows),
            ],
        );
    }
}

/// Rows looked at to find the header and to judge whether a sheet is a table.
const LOOK_AHEAD: usize = 60;

/// A table found in a workbook: title rows passed over, header read, totals left out.
pub struct SheetTable {
    header: Vec<String>,
    header_line: u64,
    rows: SheetRows,
    ahead: VecDeque<Row>,
    titles: Vec<u64>,
    totals: Vec<u64>,
    sheet: String,
    width: usize,
    /// Sheets left out because hidden.
    hidden_sheets: Vec<String>,
    in_memory: Option<[String; 2]>,
}

impl std::fmt::Debug for SheetTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SheetTable").field("header", &self.header).finish_non_exhaustive()
    }
}

impl SheetTable {
    /// Opens the one table of a workbook, or the sheet the mapping names.
    pub fn open(
        path: &Path,
        name: &str,
        mapping: &Mapping,
        limits: &Limits,
    ) -> Result<Self, IngestError> {
        let mut found = Self::candidates(path, name, mapping, limits)?;
        if found.len() > 1 {
            return Err(choose_sheet(name, found.iter().map(Self::sheet)));
        }
        found.pop().ok_or_else(|| crate::csv::empty_file(name))
    }

    /// Every sheet that holds a table: one, unless a person must choose. Never empty.
    pub fn candidates(
        path: &Path,
        name: &str,
        mapping: &Mapping,
        limits: &Limits,
    ) -> Result<Vec<Self>, IngestError> {
        let book = Workbook::open(path, name, limits)?;
        if let Some(wanted) = &mapping.sheet {
            let index = book.find(name, wanted)?;
            return match Self::of_sheet(&book, index, mapping, limits)? {
                Some(table) if !table.header.is_empty() => Ok(vec![table]),
                _ => Err(no_table(name, &book)),
            };
        }
        let mut found = Vec::new();
        let mut fallback = None;
        for (index, sheet) in book.sheets.iter().enumerate() {
            if sheet.hidden {
                continue;
            }
            let Some(table) = Self::of_sheet(&book, index, mapping, limits)? else { continue };
            if words::is_notice(&sheet.name) {
                fallback = fallback.or(Some(table));
            } else if table.header.len() >= 2 && !table.ahead.is_empty() {
                found.push(table);
            } else {
                // A header without rows says more than a notice.
                fallback = Some(table);
            }
        }
        if found.is_empty() {
            found.extend(fallback);
        }
        if found.is_empty() { Err(no_table(name, &book)) } else { Ok(found) }
    }

    fn of_sheet(
        book: &Workbook,
        index: usize,
        mapping: &Mapping,
        limits: &Limits,
    ) -> Result<Option<Self>, IngestError> {
        let mut rows = book.rows(index, limits)?;
        let mut ahead = VecDeque::new();
        let mut row = Row::default();
        while ahead.len() < LOOK_AHEAD && rows.next(&mut row)? {
            ahead.push_back(row.clone());
        }
        if ahead.is_empty() {
            return Ok(None);
        }
        let at = match mapping.header_row {
            Some(line) => ahead.iter().position(|r| r.line() >= line).unwrap_or(0),
            None => header_position(ahead.make_contiguous()),
        };
        let titles = ahead.iter().take(at).map(Row::line).collect();
        ahead.drain(..at);
        let Some(first) = ahead.pop_front() else { return Ok(None) };
        let mut header: Vec<String> = first.cells().map(|c| c.trim().to_owned()).collect();
        let mut header_line = first.line();
        // A header on two levels: a name that repeats side by side is a group over the next line.
        if mapping.header_row.is_none()
            && header.windows(2).any(|w| w[0] == w[1] && !w[0].is_empty())
            && ahead
                .front()
                .is_some_and(|r| all_text(r) && filled(r) >= 2 && filled(r) * 2 >= header.len())
            && let Some(second) = ahead.pop_front()
        {
            header = two_levels(&header, &second);
            header_line = second.line();
        }
        while header.last().is_some_and(String::is_empty) {
            header.pop();
        }
        let sheet = book.sheets.get(index).map(|s| s.name.clone()).unwrap_or_default();
        let hidden_sheets =
            book.sheets.iter().filter(|s| s.hidden).map(|s| s.name.clone()).collect();
        Ok(Some(Self {
            width: header.len(),
            header,
            header_line,
            rows,
            ahead,
            titles,
            totals: Vec::new(),
            sheet,
            hidden_sheets,
            in_memory: book.in_memory(),
        }))
    }

    /// Name of the sheet read.
    pub fn sheet(&self) -> &str {
        &self.sheet
    }

    /// Says what was passed over: titles, totals, hidden sheets and columns.
    pub fn report(&self, findings: &mut Findings, notes: &mut Vec<[String; 2]>) {
        report_hidden_sheets(&self.hidden_sheets, findings);
        self.rows.report(&self.sheet, findings);
        for line in &self.titles {
            report_title(*line, findings);
        }
        for line in &self.totals {
            report_total(*line, findings);
        }
        notes.extend(self.in_memory.clone());
    }
}

impl RowSource for SheetTable {
    fn header(&self) -> &[String] {
        &self.header
    }

    fn header_line(&self) -> u64 {
        self.header_line
    }

    fn next(&mut self, row: &mut Row) -> Result<bool, IngestError> {
        loop {
            match self.ahead.pop_front() {
                Some(ahead) => *row = ahead,
                None if self.rows.next(row)? => {}
                None => return Ok(false),
            }
            if is_total_row(row) && filled(row) < self.width {
                // Kept as a line number only; bounded like other examples.
                if self.totals.len() < 1_000 {
                    self.totals.push(row.line());
                }
                continue;
            }
            return Ok(true);
        }
    }

    fn position(&self) -> (u64, u64) {
        self.rows.position()
    }
}

impl Workbook {
    /// Rank of the sheet of that name.
    pub(crate) fn find(&self, name: &str, wanted: &str) -> Result<usize, IngestError> {
        self.sheets.iter().position(|s| s.name.trim() == wanted.trim()).ok_or_else(|| {
            let names = list(self.sheets.iter().map(|s| s.name.as_str()));
            IngestError::refused(
                name,
                Code::ChooseSheet,
                None,
                format!("la feuille « {wanted} » n’existe pas ; feuilles du classeur : {names}"),
                format!("there is no sheet “{wanted}”; sheets of the workbook: {names}"),
            )
        })
    }
}

fn list<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let mut text = String::new();
    for (i, name) in names.enumerate() {
        if i == 20 {
            text.push_str(", …");
            break;
        }
        if i > 0 {
            text.push_str(", ");
        }
        text.push_str(name);
    }
    text
}

/// The question asked when several sheets hold a table.
pub(crate) fn choose_sheet<'n>(name: &str, sheets: impl Iterator<Item = &'n str>) -> IngestError {
    let names = list(sheets);
    IngestError::Choice {
        name: name.to_owned(),
        code: Code::ChooseSheet,
        fr: format!(
            "plusieurs feuilles contiennent un tableau ({names}) : choisir celle à importer (sheet = \"…\" dans la correspondance)"
        ),
        en: format!(
            "several sheets hold a table ({names}): choose the one to import (sheet = \"…\" in the mapping)"
        ),
    }
}

/// Refusal of a workbook without a table.
pub(crate) fn no_table(name: &str, book: &Workbook) -> IngestError {
    let hidden = list(book.sheets.iter().filter(|s| s.hidden).map(|s| s.name.as_str()));
    if hidden.is_empty() {
        IngestError::refused(
            name,
            Code::EmptyFile,
            None,
            "le classeur ne contient aucun tableau : une ligne d’en-tête puis des lignes de données sont attendues",
            "the workbook holds no table: a header row followed by rows of data is expected",
        )
    } else {
        IngestError::refused(
            name,
            Code::EmptyFile,
            None,
            format!(
                "aucune feuille visible ne contient de tableau ; feuilles masquées non lues : {hidden}. Les afficher ou nommer la feuille voulue"
            ),
            format!(
                "no visible sheet holds a table; hidden sheets, not read: {hidden}. Show them or name the sheet you want"
            ),
        )
    }
}

/// Says which sheets were hidden.
pub(crate) fn report_hidden_sheets(hidden: &[String], findings: &mut Findings) {
    if hidden.is_empty() {
        return;
    }
    let names = list(hidden.iter().map(String::as_str));
    findings.summary(
        Code::HiddenSheetSkipped,
        hidden.len() as u64,
        [
            format!("feuilles masquées, non lues : {names}"),
            format!("hidden sheets, not read: {names}"),
        ],
    );
}

/// Says a title row was passed over.
pub(crate) fn report_title(line: u64, findings: &mut Findings) {
    findings.add(Code::TitleRowSkipped, Some(line), None, || {
        [
            format!("ligne {line} : titre au-dessus du tableau, non lu comme une donnée"),
            format!("line {line}: title above the table, not read as data"),
        ]
    });
}

/// Says a totals row was left out.
pub(crate) fn report_total(line: u64, findings: &mut Findings) {
    findings.add(Code::TotalsRowSkipped, Some(line), None, || {
        [
            format!(
                "ligne {line} : ligne de total, laissée de côté pour ne rien compter deux fois"
            ),
            format!("line {line}: row of totals, left out so that nothing counts twice"),
        ]
    });
}

/// Whether a row sums up others: its first filled cell says total.
pub(crate) fn is_total_row(row: &Row) -> bool {
    (0..row.len())
        .find(|c| !row.text(*c).trim().is_empty())
        .is_some_and(|c| row.typed(c) == Typed::Text && words::is_total(row.text(c)))
}

pub(crate) fn filled(row: &Row) -> usize {
    row.cells().filter(|c| !c.trim().is_empty()).count()
}

fn all_text(row: &Row) -> bool {
    (0..row.len()).all(|c| row.typed(c) == Typed::Text && !words::looks_like_value(row.text(c)))
}

fn distinct(row: &Row) -> usize {
    let mut texts: Vec<&str> = row.cells().map(str::trim).filter(|c| !c.is_empty()).collect();
    texts.sort_unstable();
    texts.dedup();
    texts.len()
}

/// Position of the header among the first rows: the first row of names that is
/// about as wide as what follows.
fn header_position(rows: &[Row]) -> usize {
    let mut widest_after = vec![0; rows.len() + 1];
    for (i, row) in rows.iter().enumerate().rev() {
        let below = widest_after.get(i + 1).copied().unwrap_or(0);
        if let Some(slot) = widest_after.get_mut(i) {
            *slot = filled(row).max(below);
        }
    }
    rows.iter()
        .enumerate()
        .position(|(i, row)| {
            let below = widest_after.get(i + 1).copied().unwrap_or(0);
            all_text(row) && distinct(row) >= 2 && filled(row) * 2 >= below
        })
        .unwrap_or(0)
}

fn two_levels(groups: &[String], second: &Row) -> Vec<String> {
    let width = groups.len().max(second.len());
    let sub = |c: usize| second.text(c).trim();
    (0..width)
        .map(|c| {
            let group = groups.get(c).map(String::as_str).unwrap_or("");
            let name = sub(c);
            let unique = (0..width).filter(|o| sub(*o) == name).count() == 1;
            match (group, name) {
                (g, "") => g.to_owned(),
                ("", n) => n.to_owned(),
                (g, n) if g == n || unique => n.to_owned(),
                (g, n) => format!("{g} {n}"),
            }
        })
        .collect()
}
