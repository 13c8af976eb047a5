//! OpenDocument spreadsheets: every sheet lies in one part, read from its start.
//! Repeated rows and cells are written out only when they hold something.

use quick_xml::events::{BytesStart, Event};
use rustc_hash::FxHashSet;

use super::{
    Cells, Merge, MergeSet, SheetInfo,
    archive::{Archive, Xml, malformed},
    serial, too_wide,
    xlsx::{attribute, push_reference},
};
use crate::{Code, IngestError, Limits, table::Typed};

const CONTENT: &str = "content.xml";
/// Rows of a sheet: what the spreadsheet programs themselves allow.
const MAX_ROWS: u64 = 1_048_576;
/// Cells written out from repeated ones before the file is called a trap.
const MAX_REPEATED: u64 = 50_000_000;
/// Spaces written out from one repeat mark.
const MAX_SPACES: u64 = 32_767;

/// Sheets of the document.
pub(crate) fn sheets(archive: &Archive) -> Result<Vec<SheetInfo>, IngestError> {
    let mut sheets = Vec::new();
    let mut hidden_styles: FxHashSet<String> = FxHashSet::default();
    let mut style = String::new();
    let bad = || malformed(archive.name(), CONTENT);
    let mut xml = archive.xml(CONTENT)?.ok_or_else(bad)?;
    let mut buf = Vec::new();
    loop {
        buf.clear();
        match xml.read_event_into(&mut buf).map_err(|_| bad())? {
            Event::Start(e) => match e.local_name().as_ref() {
                "style" => style = attribute(&e, "name").unwrap_or_default(),
                "table-properties" if attribute(&e, "display").as_deref() == Some("false") => {
                    hidden_styles.insert(style.clone());
                }
                "table" => {
                    let hidden =
                        attribute(&e, "style-name").is_some_and(|s| hidden_styles.contains(&s));
                    sheets.push(SheetInfo {
                        name: attribute(&e, "name").unwrap_or_default(),
                        hidden,
                    });
                }
                _ => {}
            },
            Event::Eof => return Ok(sheets),
            _ => {}
        }
    }
}

/// Rows of one sheet, streamed.
pub(crate) struct OdsRows {
    name: String,
    xml: Xml,
    buf: Vec<u8>,
    row: u64,
    /// The row to give again, and how many times.
    again: u64,
    held: Cells,
    repeated: u64,
    merges: MergeSet,
    columns_seen: u32,
    /// Hidden columns, known once the rows begin.
    pub(crate) hidden: Vec<(u32, u32)>,
    limits: Limits,
    text: String,
}

impl OdsRows {
    /// Opens the sheet of that rank.
    pub(crate) fn open(
        archive: &Archive,
        sheet: usize,
        limits: &Limits,
    ) -> Result<Self, IngestError> {
        let bad = || malformed(archive.name(), CONTENT);
        let mut xml = archive.xml(CONTENT)?.ok_or_else(bad)?;
        let mut buf = Vec::new();
        let mut rank = 0;
        loop {
            buf.clear();
            match xml.read_event_into(&mut buf).map_err(|_| bad())? {
                Event::Start(e) if e.local_name().as_ref() == "table" => {
                    if rank == sheet {
                        break;
                    }
                    rank += 1;
                }
                Event::Eof => return Err(bad()),
                _ => {}
            }
        }
        Ok(Self {
            name: archive.name().to_owned(),
            xml,
            buf,
            row: 0,
            again: 0,
            held: Cells::default(),
            repeated: 0,
            merges: MergeSet::new(Vec::new()),
            columns_seen: 0,
            hidden: Vec::new(),
            limits: *limits,
            text: String::new(),
        })
    }

    /// Compressed bytes read.
    pub(crate) fn done_bytes(&self) -> u64 {
        self.xml.get_ref().get_ref().done()
    }

    fn bad(&self) -> IngestError {
        malformed(&self.name, CONTENT)
    }

    /// Fills `cells` with the next row that holds something.
    pub(crate) fn next(&mut self, cells: &mut Cells) -> Result<bool, IngestError> {
        if self.again > 0 {
            self.again -= 1;
            self.row += 1;
            cells.copy_from(&self.held);
            cells.line = self.row;
            return Ok(true);
        }
        cells.clear();
        let mut repeats = 1;
        let mut column = 0u32;
        loop {
            self.buf.clear();
            match self
                .xml
                .read_event_into(&mut self.buf)
                .map_err(|_| malformed(&self.name, CONTENT))?
            {
                Event::Start(e) => match e.local_name().as_ref() {
                    "table-column" => {
                        let n = repeat(&e, "number-columns-repeated");
                        let n = u32::try_from(n).unwrap_or(u32::MAX);
                        let last = self.columns_seen.saturating_add(n.saturating_sub(1));
                        if attribute(&e, "visibility").is_some_and(|v| v != "visible") {
                            self.hidden.push((self.columns_seen, last));
                        }
                        self.columns_seen = last.saturating_add(1);
                    }
                    "table-row" => {
                        column = 0;
                        repeats = repeat(&e, "number-rows-repeated");
                        cells.hidden = attribute(&e, "visibility").is_some_and(|v| v != "visible");
                    }
                    "table-cell" | "covered-table-cell" => {
                        let start = e.into_owned();
                        self.cell(&start, cells, &mut column)?;
                    }
                    _ => {}
                },
                Event::End(e) => match e.local_name().as_ref() {
                    "table-row" => {
                        let first = self.row;
                        self.row = self.row.saturating_add(repeats);
                        self.merges.apply(
                            u32::try_from(first).unwrap_or(u32::MAX),
                            cells,
                            self.limits.columns,
                        );
                        if cells.width() == 0 {
                            continue;
                        }
                        if self.row > MAX_ROWS {
                            return Err(self.trap(first + 1));
                        }
                        self.count_repeats(repeats.saturating_sub(1), cells.width())?;
                        cells.line = first + 1;
                        if repeats > 1 {
                            self.held.copy_from(cells);
                            self.again = repeats - 1;
                            self.row = first + 1;
                        }
                        return Ok(true);
                    }
                    "table" => {
                        // What follows is another sheet: stay at the end.
                        self.drain();
                        return Ok(false);
                    }
                    _ => {}
                },
                Event::Eof => return Ok(false),
                _ => {}
            }
        }
    }

    /// Reads on to the end so that a further call finds nothing.
    fn drain(&mut self) {
        loop {
            self.buf.clear();
            match self.xml.read_event_into(&mut self.buf) {
                Ok(Event::Eof) | Err(_) => return,
                Ok(_) => {}
            }
        }
    }

    fn trap(&self, line: u64) -> IngestError {
        IngestError::refused(
            &self.name,
            Code::TooExpanded,
            Some(line),
            "le classeur répète une cellule un nombre démesuré de fois : l’enregistrer en CSV depuis le tableur",
            "the workbook repeats a cell beyond all proportion: save it as CSV from the spreadsheet",
        )
    }

    fn count_repeats(&mut self, times: u64, cells: usize) -> Result<(), IngestError> {
        self.repeated = self.repeated.saturating_add(times.saturating_mul(cells as u64));
        if self.repeated > MAX_REPEATED { Err(self.trap(self.row)) } else { Ok(()) }
    }

    fn cell(
        &mut self,
        start: &BytesStart<'_>,
        cells: &mut Cells,
        column: &mut u32,
    ) -> Result<(), IngestError> {
        let covered = start.local_name().as_ref() == "covered-table-cell";
        let mut kind = String::new();
        let (mut error, mut formula) = (false, false);
        let mut value: Option<String> = None;
        let (mut wide, mut high) = (1u64, 1u64);
        let mut times = 1u64;
        for a in start.attributes().with_checks(false).flatten() {
            let number = || a.value.trim().parse::<u64>().unwrap_or(1);
            match a.key.as_ref() {
                "office:value-type" => kind.push_str(&a.value),
                "calcext:value-type" => error = a.value.as_ref() == "error",
                "table:formula" => formula = true,
                "office:value"
                | "office:date-value"
                | "office:time-value"
                | "office:boolean-value"
                | "office:string-value" => {
                    value = a
                        .normalized_value(quick_xml::XmlVersion::Implicit1_0)
                        .ok()
                        .map(|v| v.into_owned());
                }
                "table:number-columns-repeated" => times = number(),
                "table:number-columns-spanned" => wide = number(),
                "table:number-rows-spanned" => high = number(),
                _ => {}
            }
        }
        self.read_text()?;
        let first = *column;
        *column = column.saturating_add(u32::try_from(times).unwrap_or(u32::MAX));
        if covered || (value.is_none() && self.text.is_empty()) {
            return Ok(());
        }
        let width = u64::from(first).saturating_add(times);
        if width > self.limits.columns as u64 {
            return Err(too_wide(&self.name, self.row + 1, self.limits.columns));
        }
        self.count_repeats(times.saturating_sub(1), 1)?;
        for c in first..*column {
            let raw = value.as_deref().map(str::trim).unwrap_or_default();
            let number = || raw.parse::<f64>().ok().filter(|v| v.is_finite());
            let shown = self.text.as_str();
            if error || (formula && (shown.starts_with('#') || shown.starts_with("Err:"))) {
                cells.set(c, shown, Typed::Error);
                continue;
            }
            match (kind.as_str(), number()) {
                ("float" | "percentage" | "currency", Some(v)) => serial::push_number(cells, c, v),
                ("date", _) => serial::push_iso(cells, c, raw),
                ("time", _) => cells.set(c, &clock(raw), Typed::Text),
                ("boolean", _) => {
                    let yes = raw.eq_ignore_ascii_case("true");
                    cells.set(c, if yes { "VRAI" } else { "FAUX" }, Typed::Bool(yes));
                }
                _ => {
                    // `string-value`, when given, is the true value; the paragraphs show it.
                    let text = value.as_deref().filter(|v| !v.is_empty()).unwrap_or(shown);
                    cells.set(c, text, Typed::Text);
                }
            }
        }
        if wide > 1 || high > 1 {
            let row = u32::try_from(self.row).unwrap_or(u32::MAX);
            let span = |n: u64| u32::try_from(n.saturating_sub(1)).unwrap_or(u32::MAX);
            self.merges.add(Merge {
                rows: (row, row.saturating_add(span(high))),
                columns: (first, first.saturating_add(span(wide))),
            });
        }
        Ok(())
    }

    /// Text of the paragraphs of a cell, up to its end tag; notes are left out.
    fn read_text(&mut self) -> Result<(), IngestError> {
        self.text.clear();
        let mut depth = 0u32;
        let mut paragraphs = 0u32;
        let mut skip: Option<u32> = None;
        loop {
            self.buf.clear();
            let event = self
                .xml
                .read_event_into(&mut self.buf)
                .map_err(|_| malformed(&self.name, CONTENT))?;
            match event {
                Event::Start(e) => {
                    depth += 1;
                    if skip.is_some() {
                        continue;
                    }
                    match e.local_name().as_ref() {
                        "annotation" => skip = Some(depth),
                        "p" => {
                            if paragraphs > 0 {
                                self.text.push('\n');
                            }
                            paragraphs += 1;
                        }
                        "s" => {
                            let n = repeat(&e, "c").min(MAX_SPACES);
                            self.text.extend((0..n).map(|_| ' '));
                        }
                        "tab" => self.text.push('\t'),
                        "line-break" => self.text.push('\n'),
                        _ => {}
                    }
                }
                Event::End(_) => {
                    if depth == 0 {
                        return Ok(());
                    }
                    if skip == Some(depth) {
                        skip = None;
                    }
                    depth -= 1;
                }
                Event::Text(t) if skip.is_none() && paragraphs > 0 => {
                    self.text.push_str(&t.xml10_content());
                }
                Event::CData(t) if skip.is_none() && paragraphs > 0 => {
                    self.text.push_str(&t.xml10_content());
                }
                Event::GeneralRef(r) if skip.is_none() && paragraphs > 0 => {
                    push_reference(&mut self.text, &r);
                }
                Event::Eof => return Err(self.bad()),
                _ => {}
            }
        }
    }
}

fn repeat(e: &BytesStart<'_>, name: &str) -> u64 {
    attribute(e, name).and_then(|v| v.trim().parse().ok()).unwrap_or(1).max(1)
}

/// `PT14H30M00S` → `14:30:00`; anything else as it is.
fn clock(text: &str) -> String {
    let read = || -> Option<(u64, u64, u64)> {
        let rest = text.strip_prefix("PT")?;
        let (hours, rest) = rest.split_once('H')?;
        let (minutes, rest) = rest.split_once('M')?;
        let seconds = rest.strip_suffix('S')?;
        let seconds = seconds.split(['.', ',']).next()?;
        Some((hours.parse().ok()?, minutes.parse().ok()?, seconds.parse().ok()?))
    };
    match read() {
        Some((h, m, s)) => format!("{h:02}:{m:02}:{s:02}"),
        None => text.to_owned(),
    }
}
