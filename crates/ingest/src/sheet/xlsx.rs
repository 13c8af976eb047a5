//! Office Open XML through `calamine`: cells as they stream by, gathered into rows.
//! Formulas are never run: the value the spreadsheet kept beside them is read.
//!
//! `calamine` lends its rows, so a thread owns the workbook and sends them in batches.
//! The first rows of a sheet are read without it, and most sheets have no more.

use std::{
    collections::VecDeque,
    fs::File,
    io::{BufReader, Read, Seek, SeekFrom},
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, sync_channel},
    },
    thread,
};

use calamine::{DataRef, Reader as _, SheetType, SheetVisible, Xlsx, XlsxError};

use super::{Cells, SheetInfo, archive::malformed, guard::Guard, guard::Shape, serial};
use crate::{IngestError, table::Typed};

/// Rows read at once, and before any thread is needed: more than looking at a table takes.
const BATCH: usize = 64;
/// Batches that may wait for their reader.
const WAITING: usize = 4;

/// Calls `calamine`; a panic in it is a file that cannot be read, not the end of ours.
pub(super) fn guarded<T, E>(call: impl FnOnce() -> Result<T, E>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(call)).ok()?.ok()
}

/// Counts the bytes read.
struct Counted {
    file: File,
    done: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let n = self.file.read(buf)?;
        self.done.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

impl Seek for Counted {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.file.seek(to)
    }
}

struct Opened {
    book: Xlsx<BufReader<Counted>>,
    done: Arc<AtomicU64>,
}

impl Opened {
    fn new(file: File, name: &str) -> Result<Self, IngestError> {
        let done = Arc::<AtomicU64>::default();
        let input = BufReader::new(Counted { file, done: done.clone() });
        let book = guarded(|| Xlsx::new(input)).ok_or_else(|| malformed(name, "workbook.xml"))?;
        Ok(Self { book, done })
    }
}

/// A workbook; one reading at a time uses the opened one, others open it again.
pub(super) struct XlsxBook {
    name: String,
    path: PathBuf,
    idle: Mutex<Option<Opened>>,
    pub(super) sheets: Vec<SheetInfo>,
    shapes: Vec<Shape>,
    /// Texts held in memory because the format shares them between cells.
    pub(super) texts: u64,
}

impl XlsxBook {
    pub(super) fn open(
        file: File,
        path: &Path,
        name: &str,
        guard: &Guard,
    ) -> Result<Self, IngestError> {
        let opened = Opened::new(file, name)?;
        let all = &opened.book.sheets_metadata();
        let (mut sheets, mut shapes) = (Vec::new(), Vec::new());
        for (rank, sheet) in all.iter().enumerate() {
            // Of two sheets of one name, `calamine` reads the first.
            let first = all.iter().position(|s| s.name == sheet.name).unwrap_or(rank);
            let shape =
                guard.shape(first, all.len()).ok_or_else(|| malformed(name, &sheet.name))?;
            if sheet.typ == SheetType::WorkSheet {
                let hidden = sheet.visible != SheetVisible::Visible;
                sheets.push(SheetInfo { name: sheet.name.clone(), hidden });
                shapes.push(shape);
            }
        }
        Ok(Self {
            name: name.to_owned(),
            path: path.to_owned(),
            idle: Mutex::new(Some(opened)),
            sheets,
            shapes,
            texts: guard.texts,
        })
    }

    fn take(&self) -> Result<Opened, IngestError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).take();
        idle.map_or_else(
            || {
                let io = |source| IngestError::Io { name: self.name.clone(), source };
                Opened::new(File::open(&self.path).map_err(io)?, &self.name)
            },
            Ok,
        )
    }

    fn give_back(&self, opened: Opened) {
        *self.idle.lock().unwrap_or_else(PoisonError::into_inner) = Some(opened);
    }

    pub(super) fn shape(&self, sheet: usize) -> Shape {
        self.shapes.get(sheet).cloned().unwrap_or_default()
    }

    /// Gives the rows of a sheet that hold cells, until `give` has enough; `true` at their end.
    fn read(
        &self,
        opened: &mut Opened,
        sheet: usize,
        mut give: impl FnMut(Cells) -> bool,
    ) -> Result<bool, IngestError> {
        let name = self.sheets.get(sheet).map(|s| s.name.as_str()).unwrap_or_default();
        let mut errors = self.shapes.get(sheet).map(|s| s.errors.iter()).into_iter().flatten();
        opened.done.store(0, Ordering::Relaxed);
        let in_1904 = opened.book.has_1904_epoch();
        let mut read = || -> Result<bool, XlsxError> {
            let mut reader = opened.book.worksheet_cells_reader(name)?;
            let timed: Vec<bool> = reader
                .styles()
                .iter()
                .map(|s| s.number_format.as_ref().is_some_and(|f| shows_hours(&f.format_code)))
                .collect();
            let mut cells = Cells::default();
            loop {
                let found = match reader.next_cell_with_style_id() {
                    Ok(Some((cell, style))) => Some((cell.get_position(), Ok((cell, style)))),
                    Ok(None) => None,
                    // The name of the error is new to `calamine`, the cell is an error all the same.
                    Err(XlsxError::CellError(text)) => match errors.next() {
                        Some((row, column, known)) if *known == text => {
                            Some(((*row, *column), Err(text)))
                        }
                        _ => return Err(XlsxError::CellError(text)),
                    },
                    Err(other) => return Err(other),
                };
                let line = found.as_ref().map_or(0, |((row, _), _)| u64::from(*row) + 1);
                if line != cells.line && cells.line > 0 && !give(std::mem::take(&mut cells)) {
                    return Ok(false);
                }
                cells.line = line;
                match found {
                    None => return Ok(true),
                    Some(((_, column), Err(text))) => cells.set(column, &text, Typed::Error),
                    Some(((_, column), Ok((cell, style)))) => {
                        let timed = timed.get(style).copied().unwrap_or(false);
                        push(&mut cells, column, cell.get_value(), in_1904, timed);
                    }
                }
            }
        };
        guarded(&mut read).ok_or_else(|| malformed(&self.name, name))
    }
}

fn push(cells: &mut Cells, column: u32, value: &DataRef<'_>, in_1904: bool, timed: bool) {
    match value {
        DataRef::Empty => {}
        DataRef::Int(n) => serial::push_number(cells, column, *n as f64),
        DataRef::Float(n) => serial::push_number(cells, column, *n),
        DataRef::String(text) => cells.set(column, text, Typed::Text),
        DataRef::SharedString(text) => cells.set(column, text, Typed::Text),
        DataRef::Bool(yes) => serial::push_bool(cells, column, *yes),
        DataRef::DateTime(at) => serial::push_date(cells, column, *at, in_1904, timed),
        DataRef::DateTimeIso(text) => serial::push_iso(cells, column, text.trim()),
        DataRef::DurationIso(text) => serial::push_clock(cells, column, text),
        DataRef::Error(error) => cells.set(column, &error.to_string(), Typed::Error),
    }
}

/// Whether a format shows hours or seconds: midnight is then an instant, not a day.
fn shows_hours(code: &str) -> bool {
    let mut chars = code.chars();
    let mut quoted = false;
    while let Some(c) = chars.next() {
        match c {
            '"' => quoted = !quoted,
            _ if quoted => {}
            '\\' | '_' | '*' => drop(chars.next()),
            '[' => drop(chars.by_ref().find(|c| *c == ']')),
            ';' => return false,
            'h' | 'H' | 's' | 'S' => return true,
            _ => {}
        }
    }
    false
}

/// Rows of one sheet.
pub(super) struct XlsxRows {
    book: Arc<XlsxBook>,
    sheet: usize,
    ready: VecDeque<Cells>,
    whole: bool,
    rest: Option<Receiver<Result<Vec<Cells>, IngestError>>>,
    done: Arc<AtomicU64>,
}

impl XlsxRows {
    pub(super) fn open(book: &Arc<XlsxBook>, sheet: usize) -> Result<Self, IngestError> {
        let mut opened = book.take()?;
        let mut ready = VecDeque::new();
        let whole = book.read(&mut opened, sheet, |cells| {
            ready.push_back(cells);
            ready.len() < BATCH
        })?;
        let done = opened.done.clone();
        book.give_back(opened);
        Ok(Self { book: book.clone(), sheet, ready, whole, rest: None, done })
    }

    /// Bytes read of the sheet.
    pub(super) fn done_bytes(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Fills `cells` with the next row that holds any.
    pub(super) fn next(&mut self, cells: &mut Cells) -> Result<bool, IngestError> {
        if self.ready.is_empty() && !self.whole {
            if self.rest.is_none() {
                self.go_on()?;
            }
            match self.rest.as_ref().and_then(|rest| rest.recv().ok()) {
                Some(batch) => self.ready.extend(batch?),
                None => self.whole = true,
            }
        }
        let Some(next) = self.ready.pop_front() else { return Ok(false) };
        *cells = next;
        Ok(true)
    }

    /// Reads what follows the first rows, in a thread that stops when nobody listens.
    fn go_on(&mut self) -> Result<(), IngestError> {
        let (give, rest) = sync_channel(WAITING);
        let (book, sheet) = (self.book.clone(), self.sheet);
        let mut opened = book.take()?;
        self.done = opened.done.clone();
        let read = move || {
            let (mut skip, mut batch) = (BATCH, Vec::with_capacity(BATCH));
            let outcome = book.read(&mut opened, sheet, |cells| {
                if skip > 0 {
                    skip -= 1;
                    return true;
                }
                batch.push(cells);
                batch.len() < BATCH || give.send(Ok(std::mem::take(&mut batch))).is_ok()
            });
            book.give_back(opened);
            // Nobody listens any more when this fails.
            let _ = give.send(outcome.map(|_| batch));
        };
        let spawned = thread::Builder::new().name("xlsx".into()).spawn(read);
        spawned.map_err(|source| IngestError::Io { name: self.book.name.clone(), source })?;
        self.rest = Some(rest);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_tell_days_from_hours() {
        for code in ["hh:mm:ss.000", "m/d/yy h:mm", "[$-40C]dd/mm/yyyy HH:mm"] {
            assert!(shows_hours(code), "{code}");
        }
        for code in ["dd/mm/yyyy", "d \"h\"", "[h]", "yyyy\\-mm\\-dd\\h", "d;h", "General"] {
            assert!(!shows_hours(code), "{code}");
        }
    }
}
