//! Entry points: look at a file, then read it by its mapping.

use std::path::Path;

use crate::{
    context::{Context, EventReport, Limits},
    counts, csv,
    detect::{self, SAMPLE_ROWS},
    error::IngestError,
    events,
    finding::Code,
    mapping::{CountColumns, EventColumns, Format, Kind, Mapping},
    ocel,
    parquet_in::ParquetTable,
    preview::{self, Hints, Preview},
    rows::EventSink,
    sheet::SheetTable,
    source, values, xes,
};

/// Bytes (once decompressed) that tell a format.
const HEAD: usize = 1 << 16;

/// How a file is written, from its first bytes; its name is never trusted.
pub fn format_of(path: &Path, name: &str, limits: Limits) -> Result<Format, IngestError> {
    let (mut input, _) = source::open(path, name, limits)?;
    let mut head = vec![0; HEAD];
    let read = source::read_full(&mut input, &mut head).map_err(|e| source::read_error(name, e))?;
    head.truncate(read);
    if let Some(format) = ocel::sniff(&head) {
        return Ok(format);
    }
    if xes::sniff(&head) {
        return Ok(Format::Xes);
    }
    match head.as_slice() {
        [] => Err(csv::empty_file(name)),
        [b'P', b'A', b'R', b'1', ..] => Ok(Format::Parquet),
        [b'P', b'K', 3 | 5, ..] => {
            let ods = memchr::memmem::find(&head, b"application/vnd.oasis.opendocument").is_some();
            Ok(if ods { Format::Ods } else { Format::Xlsx })
        }
        [0xd0, 0xcf, 0x11, 0xe0, ..] => Err(counts::old_workbook(name)),
        head => match values::trim(head) {
            [b'<', ..] => Err(IngestError::refused(
                name,
                Code::UnknownFormat,
                None,
                "ce XML (ou cette page HTML enregistrée en .xls) n’est ni un XES ni un OCEL : ouvrez-le dans un tableur et enregistrez-le en .xlsx ou .csv",
                "this XML (or HTML page saved as .xls) is neither XES nor OCEL: open it in a spreadsheet and save it as .xlsx or .csv",
            )),
            [b'{' | b'[', ..] => Err(IngestError::refused(
                name,
                Code::UnknownFormat,
                None,
                "ce JSON n’est pas un journal OCEL : exportez en CSV, XES ou OCEL 2.0",
                "this JSON is not an OCEL log: export as CSV, XES or OCEL 2.0",
            )),
            _ => Ok(Format::Csv),
        },
    }
}

/// Looks at a file: format, encoding, columns, roles, and what only a person can say.
///
/// A text file is read once to its end to be sure of its encoding; nothing is kept of it.
pub fn inspect(path: &Path, name: &str, hints: &Hints) -> Result<Preview, IngestError> {
    let told = hints.mapping.clone().unwrap_or_default();
    let format = match told.format {
        Some(format) => format,
        None => format_of(path, name, hints.limits)?,
    };
    // What the person said, or what the columns they named belong to.
    let counts_only =
        told.columns == EventColumns::default() && told.counts != CountColumns::default();
    let as_counts = match hints.kind {
        Some(kind) => kind == Kind::Counts,
        None => told.kind == Kind::Counts || counts_only,
    };
    // Nobody said anything: a table of counts is recognised by its headings.
    let untold = hints.kind.is_none() && told == Mapping::default();
    match format {
        Format::Xes => xes::inspect(path, name, hints),
        Format::OcelJson | Format::OcelXml | Format::OcelSqlite => ocel::inspect(path, name, hints),
        Format::Parquet => {
            let mut source = ParquetTable::open(path, name, &hints.limits)?;
            let sample = detect::sample(&mut source, SAMPLE_ROWS)?;
            preview::of_table(name, format, &sample, hints)
        }
        Format::Csv => {
            let dialect = csv::dialect(path, name, &told, hints.limits)?;
            if is_ocel_table(&dialect) {
                return ocel::inspect(path, name, hints);
            }
            if as_counts {
                return counts::inspect(path, name, format, Some(&dialect), hints);
            }
            let mut source = csv::open_as(path, name, dialect.clone(), hints.limits)?;
            let sample = detect::sample(&mut source, SAMPLE_ROWS)?;
            let mut preview = preview::of_table(name, format, &sample, hints)?;
            if untold && preview.kind == Kind::Counts {
                return counts::inspect(path, name, format, Some(&dialect), hints);
            }
            if untold
                && !preview.questions.is_empty()
                && let Some(read) =
                    counts::reads_as_counts(path, name, format, Some(&dialect), hints)
            {
                return Ok(read);
            }
            preview.tell_dialect(&dialect);
            Ok(preview)
        }
        Format::Xlsx | Format::Ods => {
            if as_counts {
                return counts::inspect(path, name, format, None, hints);
            }
            let mut tables = SheetTable::candidates(path, name, &told, &hints.limits)?;
            let names: Vec<String> = tables.iter().map(|t| t.sheet().to_owned()).collect();
            let Some(source) = tables.first_mut() else { return Err(csv::empty_file(name)) };
            let sample = detect::sample(source, SAMPLE_ROWS)?;
            let mut preview = preview::of_table(name, format, &sample, hints)?;
            if untold && preview.kind == Kind::Counts {
                return counts::inspect(path, name, format, None, hints);
            }
            if untold
                && (names.len() > 1 || !preview.questions.is_empty())
                && let Some(read) = counts::reads_as_counts(path, name, format, None, hints)
            {
                return Ok(read);
            }
            preview.sheet = names.first().cloned();
            if names.len() > 1 {
                preview.ask_sheet(&names);
            } else {
                preview.mapping.sheet = preview.sheet.clone();
            }
            preview.sheets = names;
            Ok(preview)
        }
    }
}

/// Reads an event file into the sink. Columns the mapping leaves open are
/// detected, as [`inspect`] would.
pub fn read_events(
    path: &Path,
    mapping: &Mapping,
    ctx: &mut Context<'_>,
    sink: &mut dyn EventSink,
) -> Result<EventReport, IngestError> {
    let name = ctx.name.clone();
    let format = match mapping.format {
        Some(format) => format,
        None => format_of(path, &name, ctx.limits)?,
    };
    match format {
        Format::Xes => xes::read_events(path, mapping, ctx, sink),
        Format::OcelJson | Format::OcelXml | Format::OcelSqlite => {
            ocel::read_events(path, mapping, ctx, sink)
        }
        Format::Parquet => {
            let mut source = ParquetTable::open(path, &name, &ctx.limits)?;
            let sample = detect::sample(&mut source, SAMPLE_ROWS)?;
            let mapping = complete(&name, format, mapping, &sample, ctx.limits)?;
            let mut source = ParquetTable::open(path, &name, &ctx.limits)?;
            events::read_rows(&mut source, &mapping, &sample, ctx, sink, |s, ctx| {
                s.report(&mut ctx.notes);
            })
        }
        Format::Csv => {
            let dialect = csv::dialect(path, &name, mapping, ctx.limits)?;
            if is_ocel_table(&dialect) {
                return ocel::read_events(path, mapping, ctx, sink);
            }
            let mut source = csv::open_as(path, &name, dialect.clone(), ctx.limits)?;
            let sample = detect::sample(&mut source, SAMPLE_ROWS)?;
            let mapping = complete(&name, format, mapping, &sample, ctx.limits)?;
            let source = csv::open_as(path, &name, dialect, ctx.limits)?;
            events::read_csv(source, &mapping, &sample, ctx, sink)
        }
        Format::Xlsx | Format::Ods => {
            let mut source = SheetTable::open(path, &name, mapping, &ctx.limits)?;
            let sample = detect::sample(&mut source, SAMPLE_ROWS)?;
            let mapping = complete(&name, format, mapping, &sample, ctx.limits)?;
            let mut source = SheetTable::open(path, &name, &mapping, &ctx.limits)?;
            events::read_rows(&mut source, &mapping, &sample, ctx, sink, |s, ctx| {
                s.report(&mut ctx.findings, &mut ctx.notes);
            })
        }
    }
}

/// The mapping with what it leaves open filled by detection.
fn complete(
    name: &str,
    format: Format,
    mapping: &Mapping,
    sample: &detect::Sample,
    limits: Limits,
) -> Result<Mapping, IngestError> {
    let c = &mapping.columns;
    if c.case.is_some() && c.activity.is_some() && (c.time.is_some() || c.start.is_some()) {
        return Ok(mapping.clone());
    }
    let hints = Hints { kind: Some(Kind::Events), mapping: Some(mapping.clone()), limits };
    let preview = preview::of_table(name, format, sample, &hints)?;
    match preview.questions.into_iter().find(|q| q.code != Code::AmbiguousDates) {
        Some(q) => {
            Err(IngestError::Choice { name: name.to_owned(), code: q.code, fr: q.fr, en: q.en })
        }
        None => Ok(preview.mapping),
    }
}

fn is_ocel_table(dialect: &csv::Dialect) -> bool {
    dialect.header.first().is_some_and(|h| ocel::sniff_csv(h))
}
