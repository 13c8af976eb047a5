//! Office Open XML: the workbook, its number formats and shared texts, and the
//! rows of one sheet as they stream by. Formulas are never run: the value the
//! spreadsheet kept beside them is read. Macros and external links are not opened.

use std::io::BufRead;

use quick_xml::{
    XmlVersion,
    events::{BytesStart, Event},
};
use rustc_hash::FxHashMap;

use super::{
    Cells, Merge, MergeSet, SheetInfo,
    archive::{Archive, Xml, malformed},
    serial,
};
use crate::{IngestError, Limits, table::Typed};

/// What a workbook says of all its sheets.
#[derive(Debug, Clone)]
pub(crate) struct XlsxBook {
    pub(crate) sheets: Vec<SheetInfo>,
    /// Part of each sheet, by its rank.
    parts: Vec<String>,
    system_1904: bool,
    formats: Vec<Shown>,
    strings: Strings,
}

/// How a number is shown, by its cell style.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    Number,
    Date,
    DateTime,
    Duration,
}

/// Shared texts, end to end in one allocation.
#[derive(Debug, Clone, Default)]
struct Strings {
    text: String,
    ends: Vec<usize>,
}

impl Strings {
    fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)?;
        let start = match index {
            0 => 0,
            _ => *self.ends.get(index - 1)?,
        };
        self.text.get(start..end)
    }
}

pub(crate) fn attribute(e: &BytesStart<'_>, name: &str) -> Option<String> {
    e.attributes().with_checks(false).flatten().find_map(|a| {
        (a.key.local_name().as_ref() == name)
            .then(|| a.normalized_value(XmlVersion::Implicit1_0).ok().map(|v| v.into_owned()))
            .flatten()
    })
}

/// Adds the text of an entity or character reference; an unknown entity is kept as written.
pub(crate) fn push_reference(out: &mut String, r: &quick_xml::events::BytesRef<'_>) {
    match r.resolve_char_ref() {
        Ok(Some(c)) => out.push(c),
        _ => {
            let name: &str = r;
            match name {
                "lt" => out.push('<'),
                "gt" => out.push('>'),
                "amp" => out.push('&'),
                "apos" => out.push('\''),
                "quot" => out.push('"'),
                other => {
                    out.push('&');
                    out.push_str(other);
                    out.push(';');
                }
            }
        }
    }
}

/// Calls `f` for each start tag of a part until the end.
fn each_start(
    archive: &Archive,
    part: &str,
    mut f: impl FnMut(&BytesStart<'_>),
) -> Result<bool, IngestError> {
    let Some(mut xml) = archive.xml(part)? else { return Ok(false) };
    let mut buf = Vec::new();
    loop {
        buf.clear();
        match xml.read_event_into(&mut buf) {
            Ok(Event::Start(e)) => f(&e),
            Ok(Event::Eof) => return Ok(true),
            Ok(_) => {}
            Err(_) => return Err(malformed(archive.name(), part)),
        }
    }
}

/// Resolves a relationship target against the folder of the part that names it.
fn resolve(folder: &str, target: &str) -> String {
    if let Some(absolute) = target.strip_prefix('/') {
        return absolute.to_owned();
    }
    let mut pieces: Vec<&str> = folder.split('/').filter(|p| !p.is_empty()).collect();
    for piece in target.split('/') {
        match piece {
            "" | "." => {}
            ".." => {
                pieces.pop();
            }
            other => pieces.push(other),
        }
    }
    pieces.join("/")
}

/// Relationships of a part: id → (last word of the type, target part).
fn relationships(
    archive: &Archive,
    folder: &str,
    file: &str,
) -> Result<FxHashMap<String, (String, String)>, IngestError> {
    let mut found = FxHashMap::default();
    let part = if folder.is_empty() {
        format!("_rels/{file}.rels")
    } else {
        format!("{folder}/_rels/{file}.rels")
    };
    each_start(archive, &part, |e| {
        if e.local_name().as_ref() != "Relationship" {
            return;
        }
        // External links are not followed, not even resolved.
        if attribute(e, "TargetMode").as_deref() == Some("External") {
            return;
        }
        if let (Some(id), Some(kind), Some(target)) =
            (attribute(e, "Id"), attribute(e, "Type"), attribute(e, "Target"))
        {
            let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
            found.insert(id, (kind, resolve(folder, &target)));
        }
    })?;
    Ok(found)
}

impl XlsxBook {
    pub(crate) fn open(archive: &Archive) -> Result<Self, IngestError> {
        let workbook = relationships(archive, "", "")?
            .into_values()
            .find(|(kind, _)| kind == "officeDocument")
            .map_or_else(|| "xl/workbook.xml".to_owned(), |(_, target)| target);
        let (folder, file) = workbook.rsplit_once('/').unwrap_or(("", &workbook));
        let links = relationships(archive, folder, file)?;
        let mut sheets = Vec::new();
        let mut parts = Vec::new();
        let mut system_1904 = false;
        let found = each_start(archive, &workbook, |e| match e.local_name().as_ref() {
            "sheet" => {
                let id = attribute(e, "id").unwrap_or_default();
                if let Some((kind, part)) = links.get(&id)
                    && kind == "worksheet"
                {
                    let state = attribute(e, "state");
                    let name = attribute(e, "name").unwrap_or_default();
                    let hidden = state.is_some_and(|s| s != "visible");
                    sheets.push(SheetInfo { name, hidden });
                    parts.push(part.clone());
                }
            }
            "workbookPr" => {
                if let Some(v) = attribute(e, "date1904") {
                    system_1904 = v == "1" || v == "true";
                }
            }
            _ => {}
        })?;
        if !found {
            return Err(malformed(archive.name(), &workbook));
        }
        let part_of = |kind: &str| links.values().find(|(k, _)| k == kind).map(|(_, p)| p.clone());
        let formats = match part_of("styles") {
            Some(part) => read_formats(archive, &part)?,
            None => Vec::new(),
        };
        let strings = match part_of("sharedStrings") {
            Some(part) => read_strings(archive, &part)?,
            None => Strings::default(),
        };
        Ok(Self { sheets, parts, system_1904, formats, strings })
    }

    /// Whether texts of the sheets are held in memory (they are shared by all cells).
    pub(crate) fn shared_texts(&self) -> usize {
        self.strings.ends.len()
    }

    fn shown(&self, style: Option<usize>) -> Shown {
        style.and_then(|s| self.formats.get(s)).copied().unwrap_or(Shown::Number)
    }
}

/// Formats of the cell styles: which show a date.
fn read_formats(archive: &Archive, part: &str) -> Result<Vec<Shown>, IngestError> {
    let mut custom: FxHashMap<u32, Shown> = FxHashMap::default();
    let mut formats = Vec::new();
    let Some(mut xml) = archive.xml(part)? else { return Ok(formats) };
    let mut inside = false;
    let mut buf = Vec::new();
    loop {
        buf.clear();
        match xml.read_event_into(&mut buf) {
            Ok(Event::Start(e)) => match e.local_name().as_ref() {
                "numFmt" => {
                    let id = attribute(&e, "numFmtId").and_then(|v| v.parse().ok());
                    if let (Some(id), Some(code)) = (id, attribute(&e, "formatCode")) {
                        custom.insert(id, shown_by_code(&code));
                    }
                }
                "cellXfs" => inside = true,
                "xf" if inside => {
                    let id: u32 =
                        attribute(&e, "numFmtId").and_then(|v| v.parse().ok()).unwrap_or(0);
                    formats.push(custom.get(&id).copied().unwrap_or_else(|| shown_by_id(id)));
                }
                _ => {}
            },
            Ok(Event::End(e)) if e.local_name().as_ref() == "cellXfs" => inside = false,
            Ok(Event::Eof) => return Ok(formats),
            Ok(_) => {}
            Err(_) => return Err(malformed(archive.name(), part)),
        }
    }
}

/// Built-in formats: the date ones, including those of East Asian versions.
fn shown_by_id(id: u32) -> Shown {
    match id {
        18..=22 | 32 | 33 | 55 | 56 => Shown::DateTime,
        14..=17 | 27..=31 | 34..=36 | 50..=54 | 57 | 58 => Shown::Date,
        45..=47 => Shown::Duration,
        _ => Shown::Number,
    }
}

/// Whether a format code shows a date: letters y m d h s outside quotes, escapes and brackets.
fn shown_by_code(code: &str) -> Shown {
    let mut chars = code.chars();
    let (mut date, mut time) = (false, false);
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                chars.by_ref().find(|c| *c == '"');
            }
            '\\' | '_' | '*' => {
                chars.next();
            }
            '[' => {
                let inner: String = chars.by_ref().take_while(|c| *c != ']').collect();
                // `[h]`, `[mm]`, `[ss]` count elapsed time; `[Red]` and `[$-40C]` are not dates.
                let elapsed = !inner.is_empty()
                    && inner.chars().all(|c| matches!(c.to_ascii_lowercase(), 'h' | 'm' | 's'));
                if elapsed {
                    return Shown::Duration;
                }
            }
            // Only the first section says what a usual value looks like.
            ';' => break,
            'y' | 'Y' | 'd' | 'D' | 'm' | 'M' => date = true,
            'h' | 'H' | 's' | 'S' => time = true,
            'G' | 'E' | 'e' | '0' | '#' | '?' if !date && !time => {
                // `General`, `0.00E+00`: a number, unless a date letter came before (`ss.000`).
                return Shown::Number;
            }
            _ => {}
        }
    }
    match (date, time) {
        (_, true) => Shown::DateTime,
        (true, false) => Shown::Date,
        (false, false) => Shown::Number,
    }
}

fn read_strings(archive: &Archive, part: &str) -> Result<Strings, IngestError> {
    let mut strings = Strings::default();
    let Some(mut xml) = archive.xml(part)? else { return Ok(strings) };
    let bad = |_| malformed(archive.name(), part);
    let mut buf = Vec::new();
    let mut item = String::new();
    let (mut in_item, mut in_text, mut phonetic) = (false, false, 0u32);
    loop {
        buf.clear();
        match xml.read_event_into(&mut buf).map_err(bad)? {
            Event::Start(e) => match e.local_name().as_ref() {
                "si" => {
                    in_item = true;
                    item.clear();
                }
                "t" => in_text = in_item && phonetic == 0,
                "rPh" => phonetic += 1,
                _ => {}
            },
            Event::End(e) => match e.local_name().as_ref() {
                "si" => {
                    unescape_controls(&item, &mut strings.text);
                    strings.ends.push(strings.text.len());
                    in_item = false;
                }
                "t" => in_text = false,
                "rPh" => phonetic = phonetic.saturating_sub(1),
                _ => {}
            },
            Event::Text(t) if in_text => item.push_str(&t.xml10_content()),
            Event::CData(t) if in_text => item.push_str(&t.xml10_content()),
            Event::GeneralRef(r) if in_text => push_reference(&mut item, &r),
            Event::Eof => return Ok(strings),
            _ => {}
        }
    }
}

/// `_x000D_` is how the format writes a control character.
fn unescape_controls(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        let (before, tail) = rest.split_at(at);
        out.push_str(before);
        let code = tail.get(2..6).filter(|_| tail.as_bytes().get(6) == Some(&b'_'));
        match code.and_then(|c| u32::from_str_radix(c, 16).ok()).and_then(char::from_u32) {
            Some(c) => {
                out.push(c);
                rest = tail.get(7..).unwrap_or_default();
            }
            None => {
                out.push_str("_x");
                rest = tail.get(2..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
}

/// `AB12` → (row 11, column 27), both 0-based.
fn reference(text: &str) -> Option<(u32, u32)> {
    let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (column, row) = text.split_at_checked(letters)?;
    if column.is_empty() || column.len() > 3 {
        return None;
    }
    let column =
        column.bytes().fold(0u32, |n, b| n * 26 + u32::from(b.to_ascii_uppercase() - b'A') + 1);
    let row: u32 = row.parse().ok()?;
    Some((row.checked_sub(1)?, column.checked_sub(1)?))
}

fn range(text: &str) -> Option<Merge> {
    let (from, to) = text.split_once(':')?;
    let ((r1, c1), (r2, c2)) = (reference(from)?, reference(to)?);
    (r1 <= r2 && c1 <= c2).then_some(Merge { rows: (r1, r2), columns: (c1, c2) })
}

/// Hidden columns and merged cells of a sheet: they lie after the rows, hence a pass of their own.
#[derive(Debug, Default)]
pub(crate) struct XlsxShape {
    pub(crate) hidden: Vec<(u32, u32)>,
    pub(crate) merges: Vec<Merge>,
}

pub(crate) fn shape(
    archive: &Archive,
    book: &XlsxBook,
    sheet: usize,
) -> Result<XlsxShape, IngestError> {
    let mut shape = XlsxShape::default();
    let part = book.parts.get(sheet).map(String::as_str).unwrap_or_default();
    let bad = || malformed(archive.name(), part);
    let Some(mut xml) = archive.xml(part)? else { return Ok(shape) };
    let config = xml.config_mut();
    config.expand_empty_elements = false;
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    let mut buf = Vec::new();
    loop {
        buf.clear();
        let (e, open) = match xml.read_event_into(&mut buf).map_err(|_| bad())? {
            Event::Start(e) => (e, true),
            Event::Empty(e) => (e, false),
            Event::Eof => return Ok(shape),
            _ => continue,
        };
        match e.local_name().as_ref() {
            "col" if attribute(&e, "hidden").is_some_and(|v| v == "1" || v == "true") => {
                let bound = |name| attribute(&e, name).and_then(|v| v.parse::<u32>().ok());
                if let (Some(min), Some(max)) = (bound("min"), bound("max")) {
                    shape.hidden.push((min.saturating_sub(1), max.saturating_sub(1)));
                }
            }
            "mergeCell" => {
                if let Some(merge) = attribute(&e, "ref").and_then(|r| range(&r))
                    && shape.merges.len() < super::MAX_MERGES
                {
                    shape.merges.push(merge);
                }
            }
            // The rows are most of the part and say nothing here: pass over their bytes.
            "sheetData" if open => {
                pass_over(&mut xml.stream(), b"sheetData>").map_err(|_| bad())?
            }
            _ => {}
        }
    }
}

/// Consumes bytes up to and including `end`, or to the end of the part.
fn pass_over(input: &mut impl BufRead, end: &[u8]) -> std::io::Result<()> {
    let keep = end.len() - 1;
    // The end of the last chunk, then the beginning of this one: a word may straddle two.
    let mut joint: Vec<u8> = Vec::with_capacity(2 * end.len());
    loop {
        let chunk = input.fill_buf()?;
        if chunk.is_empty() {
            return Ok(());
        }
        let before = joint.len();
        joint.extend(chunk.iter().take(keep));
        let straddles = memchr::memmem::find(&joint, end).map(|at| at + end.len() - before);
        let inside = memchr::memmem::find(chunk, end).map(|at| at + end.len());
        if let Some(used) = straddles.or(inside) {
            input.consume(used);
            return Ok(());
        }
        if chunk.len() >= keep {
            joint.clear();
            joint.extend(chunk.iter().skip(chunk.len() - keep));
        } else {
            joint.drain(..joint.len().saturating_sub(keep));
        }
        let used = chunk.len();
        input.consume(used);
    }
}

/// Rows of one sheet, streamed.
pub(crate) struct XlsxRows {
    name: String,
    part: String,
    xml: Xml,
    buf: Vec<u8>,
    merges: MergeSet,
    row: u32,
    limits: Limits,
    bytes: String,
    done: bool,
}

impl XlsxRows {
    pub(crate) fn open(
        archive: &Archive,
        book: &XlsxBook,
        sheet: usize,
        merges: Vec<Merge>,
        limits: &Limits,
    ) -> Result<Self, IngestError> {
        let part = book.parts.get(sheet).cloned().unwrap_or_default();
        let xml = archive.xml(&part)?.ok_or_else(|| malformed(archive.name(), &part))?;
        Ok(Self {
            name: archive.name().to_owned(),
            part,
            xml,
            buf: Vec::new(),
            merges: MergeSet::new(merges),
            row: 0,
            limits: *limits,
            bytes: String::new(),
            done: false,
        })
    }

    /// Compressed bytes read.
    pub(crate) fn done_bytes(&self) -> u64 {
        self.xml.get_ref().get_ref().done()
    }

    /// Fills `cells` with the next row that exists in the sheet.
    pub(crate) fn next(&mut self, book: &XlsxBook, cells: &mut Cells) -> Result<bool, IngestError> {
        cells.clear();
        if self.done {
            return Ok(false);
        }
        let mut in_row = false;
        let mut column = 0u32;
        loop {
            self.buf.clear();
            let event = self
                .xml
                .read_event_into(&mut self.buf)
                .map_err(|_| malformed(&self.name, &self.part))?;
            match event {
                Event::Start(e) => match e.local_name().as_ref() {
                    "row" => {
                        in_row = true;
                        column = 0;
                        if let Some(r) = attribute(&e, "r").and_then(|v| v.parse::<u32>().ok()) {
                            self.row = r.saturating_sub(1);
                        }
                        cells.line = u64::from(self.row) + 1;
                        cells.hidden =
                            attribute(&e, "hidden").is_some_and(|v| v == "1" || v == "true");
                    }
                    "c" if in_row => {
                        let mut kind = String::new();
                        let mut style = None;
                        for a in e.attributes().with_checks(false).flatten() {
                            match a.key.as_ref() {
                                "r" => {
                                    if let Some((_, c)) = reference(&a.value) {
                                        column = c;
                                    }
                                }
                                "s" => style = a.value.parse::<usize>().ok(),
                                "t" => kind.push_str(&a.value),
                                _ => {}
                            }
                        }
                        self.cell(book, cells, column, &kind, style)?;
                        if column as usize >= self.limits.columns && cells.last() == Some(column) {
                            return Err(super::too_wide(
                                &self.name,
                                cells.line,
                                self.limits.columns,
                            ));
                        }
                        column = column.saturating_add(1);
                    }
                    _ => {}
                },
                Event::End(e) => match e.local_name().as_ref() {
                    "row" => {
                        self.merges.apply(self.row, cells, self.limits.columns);
                        self.row = self.row.saturating_add(1);
                        return Ok(true);
                    }
                    "sheetData" => {
                        self.done = true;
                        return Ok(false);
                    }
                    _ => {}
                },
                Event::Eof => {
                    self.done = true;
                    return Ok(false);
                }
                _ => {}
            }
        }
    }

    /// Reads the inside of one cell, up to its end tag.
    fn cell(
        &mut self,
        book: &XlsxBook,
        cells: &mut Cells,
        column: u32,
        kind: &str,
        style: Option<usize>,
    ) -> Result<(), IngestError> {
        self.bytes.clear();
        let (mut keep, mut phonetic) = (false, 0u32);
        loop {
            self.buf.clear();
            let event = self
                .xml
                .read_event_into(&mut self.buf)
                .map_err(|_| malformed(&self.name, &self.part))?;
            match event {
                Event::Start(e) => match e.local_name().as_ref() {
                    // `f` holds the formula, never run; `v` the value kept beside it.
                    "v" => keep = true,
                    "t" => keep = phonetic == 0,
                    "rPh" => phonetic += 1,
                    _ => keep = false,
                },
                Event::End(e) => match e.local_name().as_ref() {
                    "v" | "t" => keep = false,
                    "rPh" => phonetic = phonetic.saturating_sub(1),
                    "c" => break,
                    _ => {}
                },
                Event::Text(t) if keep => self.bytes.push_str(&t.xml10_content()),
                Event::CData(t) if keep => self.bytes.push_str(&t.xml10_content()),
                Event::GeneralRef(r) if keep => push_reference(&mut self.bytes, &r),
                Event::Eof => return Err(malformed(&self.name, &self.part)),
                _ => {}
            }
        }
        if self.bytes.is_empty() {
            return Ok(());
        }
        let raw = self.bytes.as_str();
        match kind {
            "s" => {
                let text = raw.trim().parse().ok().and_then(|i| book.strings.get(i));
                cells.set(column, text.unwrap_or_default(), Typed::Text);
            }
            "str" | "inlineStr" => {
                let mut text = String::with_capacity(raw.len());
                unescape_controls(raw, &mut text);
                cells.set(column, &text, Typed::Text);
            }
            "b" => {
                let yes = raw.trim() == "1" || raw.trim() == "true";
                cells.set(column, if yes { "VRAI" } else { "FAUX" }, Typed::Bool(yes));
            }
            "e" => cells.set(column, raw, Typed::Error),
            "d" => serial::push_iso(cells, column, raw.trim()),
            _ => match raw.trim().parse::<f64>() {
                Ok(value) if value.is_finite() => match book.shown(style) {
                    Shown::Number => serial::push_number(cells, column, value),
                    shown @ (Shown::Date | Shown::DateTime) => {
                        let timed = shown == Shown::DateTime;
                        serial::push_date(cells, column, value, book.system_1904, timed);
                    }
                    Shown::Duration => serial::push_duration(cells, column, value),
                },
                _ => cells.set(column, raw, Typed::Text),
            },
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn format_codes_tell_dates_from_numbers() {
        for code in ["dd/mm/yyyy", "d mmm yy", "[$-40C]d mmmm yyyy", "yyyy\\-mm\\-dd"] {
            assert_eq!(shown_by_code(code), Shown::Date, "{code}");
        }
        for code in ["hh:mm:ss.000", "m/d/yy h:mm"] {
            assert_eq!(shown_by_code(code), Shown::DateTime, "{code}");
        }
        for code in [
            "0",
            "#,##0.00",
            "General",
            "0.00E+00",
            "\"dossiers\" 0",
            "[Red]0;[Blue]-0",
            "# ##0\\ \"jours\"",
            "@",
        ] {
            assert_eq!(shown_by_code(code), Shown::Number, "{code}");
        }
        assert_eq!(shown_by_code("[h]:mm:ss"), Shown::Duration);
    }

    #[test]
    fn references_are_read_both_ways() {
        assert_eq!(reference("A1"), Some((0, 0)));
        assert_eq!(reference("AB12"), Some((11, 27)));
        assert_eq!(reference("XFD1048576"), Some((1_048_575, 16_383)));
        for bad in ["", "12", "A", "A0", "ABCD1", "A-1", "É1"] {
            assert_eq!(reference(bad), None, "{bad}");
        }
    }

    #[test]
    fn control_characters_come_back() {
        let mut out = String::new();
        unescape_controls("a_x000D_b_x005F_c_xZZ", &mut out);
        assert_eq!(out, "a\rb_c_xZZ");
    }

    #[test]
    fn passing_over_stops_right_after_the_word_however_it_is_cut() {
        let text = b"<row><c>sheetDat</c></row></sheetData><mergeCells/>";
        for size in 1..text.len() {
            let mut input = std::io::BufReader::with_capacity(size, &text[..]);
            pass_over(&mut input, b"sheetData>").unwrap_or_else(|e| panic!("{e}"));
            let mut rest = String::new();
            std::io::Read::read_to_string(&mut input, &mut rest).unwrap_or_default();
            assert_eq!(rest, "<mergeCells/>", "chunks of {size}");
        }
    }

    #[test]
    fn targets_resolve_inside_the_archive() {
        assert_eq!(resolve("xl", "worksheets/sheet1.xml"), "xl/worksheets/sheet1.xml");
        assert_eq!(resolve("xl", "/xl/a.xml"), "xl/a.xml");
        assert_eq!(resolve("xl", "../../../etc/x"), "etc/x");
    }
}
