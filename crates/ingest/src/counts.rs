//! Daily counts: date, type, in, out, stock in any mixture, wide or long, become
//! movements of the ledger.
//!
//! - Computes: the layout of the table, then one movement per count delivered.
//! - Units: items; days are civil days of the body and are never shifted.
//! - Shapes: a file (text, xlsx, ods) or a pasted text in, a list of movements out.
//! - Errors: [`IngestError::Choice`] when only a person knows what a column counts;
//!   a bad row goes to quarantine and never stops the file.
//! - Source: `DOMAIN.md` §2.1 (stock identity) and §4 (what an importer must swallow).
//!
//! An absent figure is not a zero: it posts nothing. Opening stocks are derived by
//! the ledger, not here.

mod layout;
mod look;
mod rows;

use std::{collections::BTreeSet, path::Path};

use eclusier_eventlog::{Dimensions, Movement, MovementKind};
use jiff::civil::Date;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use crate::{
    Code, Context, Finding, IngestError, Mapping,
    mapping::{DateOrder, Format},
    nir,
    sheet::{self, Workbook, filled, is_total_row},
    table::{Row, Typed},
    values::{self, DateProblem, Moment, NumberProblem},
    words::{self, Measure},
};
use layout::{Layout, Undecided, Value};
pub(crate) use look::{inspect, reads_as_counts};
use rows::{RawRows, TextRows};

/// What was read from a table of counts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CountsReport {
    /// Rows of counts: lines of a table, filled cells of a wide one.
    pub rows_read: u64,
    /// Rows of which every figure was taken.
    pub accepted: u64,
    /// Rows sent to quarantine.
    pub quarantined: u64,
    /// Movements and stocks, in delivery order.
    pub movements: Vec<Movement>,
    /// Earliest day.
    pub first: Option<Date>,
    /// Latest day.
    pub last: Option<Date>,
    /// What a person should know.
    pub findings: Vec<Finding>,
    /// Kinds of movement the file carries, in ledger order.
    pub kinds_present: Vec<MovementKind>,
    /// What this spreadsheet cannot support, French then English.
    pub cannot: Vec<[String; 2]>,
    /// How the table was read, French then English.
    pub notes: Vec<[String; 2]>,
}

/// First rows the layout is decided on.
const SAMPLE: usize = 300;
/// Largest count believed: beyond it the figure is a mistake.
const MAX_COUNT: f64 = 1e12;
/// Rows of totals or examples kept aside.
const MAX_ASIDE: usize = 100_000;

/// Reads a file of daily counts. Whatever the mapping leaves open is detected.
pub fn read_counts(
    path: &Path,
    mapping: &Mapping,
    ctx: &mut Context<'_>,
) -> Result<CountsReport, IngestError> {
    let format = match mapping.format {
        Some(format) => format,
        None => crate::read::format_of(path, &ctx.name, ctx.limits)?,
    };
    let tables = match format {
        Format::Xlsx | Format::Ods => tables_of_workbook(path, mapping, ctx)?,
        Format::Csv => {
            let rows = TextRows::open(path, mapping, ctx)?;
            vec![Table::of_text(rows, mapping, &ctx.name)?]
        }
        other => {
            return Err(ctx.refusal(
                Code::UnknownFormat,
                None,
                format!("un fichier {} est un journal d’événements, non un tableau de comptages : le déposer comme tel", other.as_str()),
                format!("a {} file is an event log, not a table of counts: deliver it as such", other.as_str()),
            ));
        }
    };
    read_tables(tables, mapping, ctx)
}

/// Reads counts pasted from a spreadsheet (tabs) or typed as text, like a file.
pub fn read_pasted_counts(
    text: &str,
    mapping: &Mapping,
    ctx: &mut Context<'_>,
) -> Result<CountsReport, IngestError> {
    let rows = TextRows::of_text(&ctx.name, text.to_owned(), mapping.separator, &ctx.limits);
    let table = Table::of_text(rows, mapping, &ctx.name)?;
    read_tables(vec![table], mapping, ctx)
}

/// Refusal of `.xls` files and of workbooks protected by a password: both wear the same coat.
pub(crate) fn old_workbook(name: &str) -> IngestError {
    IngestError::refused(
        name,
        Code::UnknownFormat,
        None,
        "classeur à l’ancien format .xls ou protégé par un mot de passe : l’enregistrer en .xlsx sans mot de passe",
        "workbook in the old .xls format or protected by a password: save it as .xlsx without a password",
    )
}

/// A table whose layout is known, ready to be read.
struct Table {
    layout: Layout,
    sheet: Option<String>,
    ahead: std::vec::IntoIter<Row>,
    rows: Source,
}

enum Source {
    Text(Box<TextRows>),
    Sheet(Box<sheet::SheetRows>),
}

impl Source {
    fn raw(&mut self) -> &mut dyn RawRows {
        match self {
            Source::Text(rows) => rows.as_mut(),
            Source::Sheet(rows) => rows.as_mut(),
        }
    }
}

impl Table {
    fn of_text(rows: TextRows, mapping: &Mapping, name: &str) -> Result<Self, IngestError> {
        Self::new(Source::Text(Box::new(rows)), None, mapping, name)?
            .map_err(|e| e.into_error(name))
    }

    fn new(
        mut rows: Source,
        sheet: Option<String>,
        mapping: &Mapping,
        name: &str,
    ) -> Result<Result<Self, Undecided>, IngestError> {
        let mut sample = Vec::new();
        let mut row = Row::default();
        while sample.len() < SAMPLE && rows.raw().next(&mut row)? {
            sample.push(row.clone());
        }
        Ok(layout::find(&sample, sheet.as_deref(), mapping, name).map(|layout| {
            sample.drain(..layout.skip.min(sample.len()));
            let layout = Layout { is_text: sheet.is_none(), ..layout };
            Self { layout, sheet, ahead: sample.into_iter(), rows }
        }))
    }

    fn next(&mut self, row: &mut Row) -> Result<bool, IngestError> {
        match self.ahead.next() {
            Some(ahead) => {
                *row = ahead;
                Ok(true)
            }
            None => self.rows.raw().next(row),
        }
    }
}

fn tables_of_workbook(
    path: &Path,
    mapping: &Mapping,
    ctx: &mut Context<'_>,
) -> Result<Vec<Table>, IngestError> {
    let name = ctx.name.clone();
    let book = Workbook::open(path, &name, &ctx.limits)?;
    let open = |i: usize| -> Result<Result<Table, Undecided>, IngestError> {
        let rows = book.rows(i, &ctx.limits)?;
        let title = book.sheets().get(i).map(|s| s.name.clone());
        Table::new(Source::Sheet(Box::new(rows)), title, mapping, &name)
    };
    let mut tables = Vec::new();
    let mut problem: Option<Undecided> = None;
    if let Some(wanted) = &mapping.sheet {
        tables.push(open(book.find(&name, wanted)?)?.map_err(|e| e.into_error(&name))?);
    } else {
        let visible: Vec<usize> = book
            .sheets()
            .iter()
            .enumerate()
            .filter(|(_, s)| !s.hidden && !words::is_notice(&s.name))
            .map(|(i, _)| i)
            .collect();
        for i in visible {
            match open(i)? {
                Ok(table) => tables.push(table),
                Err(why) => {
                    problem = Some(match problem.take() {
                        Some(p) => p.better(why),
                        None => why,
                    })
                }
            }
        }
    }
    let hidden: Vec<String> =
        book.sheets().iter().filter(|s| s.hidden).map(|s| s.name.clone()).collect();
    match (tables.len(), problem) {
        (0, Some(why)) if !matches!(why, Undecided::NoTable) => return Err(why.into_error(&name)),
        (0, _) => return Err(sheet::no_table(&name, &book)),
        (1, _) => {}
        // One sheet per measure (Entrées, Sorties, Stock): they complete each other.
        _ if one_measure_each(&tables.iter().map(|t| &t.layout).collect::<Vec<_>>()) => {}
        _ => {
            return Err(sheet::choose_sheet(
                &name,
                tables.iter().filter_map(|t| t.sheet.as_deref()),
            ));
        }
    }
    sheet::report_hidden_sheets(&hidden, &mut ctx.findings);
    ctx.notes.extend(book.in_memory());
    Ok(tables)
}

/// Whether sheets measure one thing each, named by their titles.
fn one_measure_each(layouts: &[&Layout]) -> bool {
    let mut seen = BTreeSet::new();
    layouts.iter().all(|layout| {
        let of_title = layout.measure_of_title;
        let only = layout.values.iter().all(|v| v.measure == of_title);
        of_title.is_some() && only && seen.insert(of_title)
    })
}

impl Undecided {
    fn better(self, other: Self) -> Self {
        if other.rank() > self.rank() { other } else { self }
    }
}

/// What one row delivers before it is posted.
struct Posting {
    day: Date,
    dimensions: Dimensions,
    kind: MovementKind,
    count: i64,
}

/// Why a cell was not taken.
struct Refusal {
    column: usize,
    code: Code,
    words: [String; 2],
}

fn refusal(column: usize, code: Code, fr: String, en: String) -> Refusal {
    Refusal { column, code, words: [fr, en] }
}

struct Reader<'t> {
    mapping: &'t Mapping,
    zone: jiff::tz::TimeZone,
    report: CountsReport,
    /// Stocks already posted: the same level twice is one level, two levels are a conflict.
    stocks: FxHashMap<(Date, Dimensions), i64>,
    flows: FxHashSet<(Date, Dimensions, MovementKind)>,
    repeated: u64,
    repeated_line: Option<u64>,
    /// Rows whose product is a total: kept aside in case nothing else is delivered.
    totals: Vec<Vec<Posting>>,
    /// Rows marked as examples in a template, likewise.
    examples: Vec<Vec<Posting>>,
    parts_apart: bool,
    human_said: bool,
    errors: u64,
    unknown_kinds: u64,
    strays: u64,
}

fn read_tables(
    tables: Vec<Table>,
    mapping: &Mapping,
    ctx: &mut Context<'_>,
) -> Result<CountsReport, IngestError> {
    let zone = crate::events::zone_of(ctx, mapping)?;
    let refused_before = ctx.refused;
    let mut reader = Reader {
        mapping,
        zone,
        report: CountsReport::default(),
        stocks: FxHashMap::default(),
        flows: FxHashSet::default(),
        repeated: 0,
        repeated_line: None,
        totals: Vec::new(),
        examples: Vec::new(),
        parts_apart: false,
        human_said: false,
        errors: 0,
        unknown_kinds: 0,
        strays: 0,
    };
    let header: Vec<String> = tables.first().map(|t| t.layout.header.clone()).unwrap_or_default();
    let names: Vec<&str> = header.iter().map(String::as_str).collect();
    ctx.quarantine.header(&names).map_err(|e| ctx.sink_error(e))?;
    for table in tables {
        reader.table(table, ctx)?;
    }
    reader.finish(ctx, refused_before)
}

impl Reader<'_> {
    fn table(&mut self, mut table: Table, ctx: &mut Context<'_>) -> Result<(), IngestError> {
        self.describe(&table, ctx);
        let mut row = Row::default();
        let mut rows = 0u64;
        while table.next(&mut row)? {
            rows += 1;
            if rows.is_multiple_of(4_096) {
                let (done, total) = table.rows.raw().position();
                ctx.at(done, total)?;
            }
            self.row(&table.layout, &row, ctx)?;
        }
        let (done, total) = table.rows.raw().position();
        ctx.at(done, total)?;
        if let (Source::Sheet(rows), Some(name)) = (&table.rows, &table.sheet) {
            rows.report(name, &mut ctx.findings);
        }
        Ok(())
    }

    /// Says how the table is read.
    fn describe(&mut self, table: &Table, ctx: &mut Context<'_>) {
        let layout = &table.layout;
        for line in &layout.titles {
            sheet::report_title(*line, &mut ctx.findings);
        }
        for (column, [fr, en]) in &layout.ignored {
            let name = if column.is_empty() { "?" } else { column };
            ctx.findings.add(Code::ColumnIgnored, Some(layout.header_line), Some(name), || {
                [
                    format!("colonne « {name} » non lue : {fr}"),
                    format!("column “{name}” not read: {en}"),
                ]
            });
        }
        let name = |c: usize| layout.header.get(c).map_or("?", String::as_str).to_owned();
        let mut fr = Vec::new();
        let mut en = Vec::new();
        let mut tell = |column: String, f: &str, e: &str| {
            if fr.len() < 40 {
                fr.push(format!("{column} → {f}"));
                en.push(format!("{column} → {e}"));
            }
        };
        for (column, f, e) in [
            (layout.date, "jour", "day"),
            (layout.kind, "mesure", "measure"),
            (layout.org, "organisme", "organisation"),
            (layout.unit, "unité", "unit"),
            (layout.product, "produit", "product"),
            (layout.channel, "canal", "channel"),
        ] {
            if let Some(c) = column {
                tell(name(c), f, e);
            }
        }
        for value in &layout.values {
            let [f, e] = match value.measure {
                Some(measure) => words_of(measure),
                None => ["nombre", "number"],
            };
            tell(name(value.column), f, e);
        }
        let sheet = table.sheet.as_deref().map(|s| format!("« {s} » : ")).unwrap_or_default();
        let place = table.sheet.as_deref().map(|s| format!("“{s}”: ")).unwrap_or_default();
        ctx.notes.push([
            format!("lu ainsi : {sheet}{}", fr.join(", ")),
            format!("read as: {place}{}", en.join(", ")),
        ]);
        let has = |m: Measure| layout.values.iter().any(|v| v.measure == Some(m));
        let outputs = has(Measure::Kind(MovementKind::SettledHuman));
        self.parts_apart |= outputs && has(Measure::Kind(MovementKind::SettledAuto));
        // A person's mapping names the column, its heading still says who settles.
        let by_hand = |v: &Value| {
            v.measure == Some(Measure::Kind(MovementKind::SettledHuman))
                && layout
                    .header
                    .get(v.column)
                    .and_then(|h| words::measure(h))
                    .is_some_and(|m| m.measure == Measure::Human)
        };
        self.human_said |= has(Measure::Human)
            || layout.values.iter().any(by_hand)
            || layout.values.iter().any(|v| {
                matches!(v.measure, Some(Measure::PartOfOutputs(MovementKind::SettledAuto)))
            });
    }

    fn row(
        &mut self,
        layout: &Layout,
        row: &Row,
        ctx: &mut Context<'_>,
    ) -> Result<(), IngestError> {
        if is_total_row(row) {
            sheet::report_total(row.line(), &mut ctx.findings);
            return Ok(());
        }
        // The header printed again at the top of each page.
        let again = (0..layout.header.len()).all(|c| {
            let text = row.text(c).trim();
            text.is_empty() || layout.header.get(c).is_some_and(|h| h == text)
        });
        let lonely = filled(row) == 1
            && layout.date.is_some_and(|c| {
                row.text(c).trim().is_empty() || self.day(layout, row, c).is_err()
            });
        if again || lonely {
            sheet::report_title(row.line(), &mut ctx.findings);
            return Ok(());
        }
        if let Some(code) = row.problem() {
            self.report.rows_read += 1;
            let words = ["ligne illisible".to_owned(), "unreadable row".to_owned()];
            return self.refuse(layout, row, Refusal { column: usize::MAX, code, words }, ctx);
        }
        // A separator inside an unquoted label shifts every figure after it.
        if layout.is_text && (layout.named..row.len()).any(|c| !row.text(c).trim().is_empty()) {
            self.report.rows_read += 1;
            let words = [
                format!(
                    "plus de cellules que les {} colonnes de l’en-tête : un séparateur dans un libellé ?",
                    layout.named
                ),
                format!(
                    "more cells than the {} columns of the header: a separator inside a label?",
                    layout.named
                ),
            ];
            let refusal = Refusal { column: usize::MAX, code: Code::ColumnCount, words };
            return self.refuse(layout, row, refusal, ctx);
        }
        let dimensions = self.dimensions(layout, row);
        let is_sum = [&dimensions.product, &dimensions.unit, &dimensions.org, &dimensions.channel]
            .into_iter()
            .flatten()
            .any(|d| words::is_total(d));
        let is_example = dimensions.product.as_deref().is_some_and(words::is_example);
        let row_day = match layout.date.map(|c| (c, self.day(layout, row, c))) {
            None => None,
            Some((_, Ok(Some(day)))) => Some(day),
            Some((column, missing_or_bad)) => {
                self.report.rows_read += 1;
                let refusal = match missing_or_bad {
                    Err(refusal) => refusal,
                    _ => refusal(
                        column,
                        Code::MissingTime,
                        "la date manque".into(),
                        "the date is missing".into(),
                    ),
                };
                return self.refuse(layout, row, refusal, ctx);
            }
        };
        let row_measure = match layout.kind {
            None => None,
            Some(column) => match self.kind_of_row(layout, row, column) {
                Ok(Some(found)) => Some(found),
                Ok(None) => {
                    self.unknown_kinds += 1;
                    return Ok(());
                }
                Err(refusal) => {
                    self.report.rows_read += 1;
                    return self.refuse(layout, row, refusal, ctx);
                }
            },
        };
        if layout.is_wide() {
            for value in &layout.values {
                if row.text(value.column).trim().is_empty() {
                    continue;
                }
                self.report.rows_read += 1;
                let one = std::slice::from_ref(value);
                match self.postings(layout, row, one, row_day, row_measure.as_ref(), &dimensions) {
                    Ok(postings) => {
                        self.sort_out(layout, row, postings, is_sum, is_example, ctx)?
                    }
                    Err(refusal) => self.refuse(layout, row, refusal, ctx)?,
                }
            }
            return Ok(());
        }
        self.report.rows_read += 1;
        match self.postings(layout, row, &layout.values, row_day, row_measure.as_ref(), &dimensions)
        {
            Ok(postings) => self.sort_out(layout, row, postings, is_sum, is_example, ctx),
            Err(refusal) => self.refuse(layout, row, refusal, ctx),
        }
    }

    /// The day of a row: `None` when the cell says there is none.
    fn day(&self, layout: &Layout, row: &Row, c: usize) -> Result<Option<Date>, Refusal> {
        let text = row.text(c).trim();
        let none = |day: Date| {
            day == jiff::civil::date(1900, 1, 1) || day == jiff::civil::date(9999, 12, 31)
        };
        match row.typed(c) {
            Typed::Day(at) | Typed::Instant(at) => {
                return Ok((!none(at.date())).then(|| at.date()));
            }
            Typed::Error => {
                return Err(refusal(
                    c,
                    Code::SpreadsheetError,
                    format!("la date est une erreur du tableur ({text}) : la corriger à la source"),
                    format!(
                        "the date is an error of the spreadsheet ({text}): mend it at the source"
                    ),
                ));
            }
            _ => {}
        }
        let pivot = self.mapping.date_pivot.unwrap_or(values::DEFAULT_PIVOT);
        match values::parse_moment(row.text(c).as_bytes(), layout.order, pivot) {
            Ok(Moment::None) => Ok(None),
            Ok(Moment::Day(us) | Moment::Civil(us)) => Ok(values::civil_of(us).map(|d| d.date())),
            Ok(Moment::Instant(us)) => Ok(jiff::Timestamp::from_microsecond(us)
                .ok()
                .map(|t| t.to_zoned(self.zone.clone()).date())),
            Err(DateProblem::Other(order)) => {
                let [fr, en] = order_words(order);
                Err(refusal(
                    c,
                    Code::MixedDates,
                    format!("« {text} » se lit {fr}, pas comme les autres dates de la colonne"),
                    format!("“{text}” reads {en}, unlike the other dates of the column"),
                ))
            }
            Err(DateProblem::Unreadable) => {
                let text = nir::quoted(text);
                Err(refusal(
                    c,
                    Code::BadDate,
                    format!("« {text} » n’est pas une date"),
                    format!("“{text}” is not a date"),
                ))
            }
        }
    }

    fn dimensions(&mut self, layout: &Layout, row: &Row) -> Dimensions {
        let mut strays = 0;
        let mut text = |column: Option<usize>, constant: &Option<String>| -> Option<String> {
            let raw = column.map_or("", |c| row.text(c));
            let text = raw.trim();
            if text.is_empty() || matches!(text, "." | "-" | "NULL" | "NC") || words::is_error(text)
            {
                return constant.clone();
            }
            strays += u64::from(text.len() != raw.len());
            Some(text.to_owned())
        };
        let constants = &self.mapping.constants;
        let dimensions = Dimensions {
            org: text(layout.org, &constants.org),
            unit: text(layout.unit, &constants.unit),
            product: text(layout.product, &constants.product),
            channel: text(layout.channel, &constants.channel),
        };
        self.strays += u64::from(strays > 0);
        dimensions
    }

    /// The measure a long table names in the row; `None` when it is one the ledger does not post.
    fn kind_of_row(
        &self,
        layout: &Layout,
        row: &Row,
        column: usize,
    ) -> Result<Option<(Measure, String)>, Refusal> {
        let text = row.text(column).trim();
        if let Some(told) = self.mapping.counts.kinds.get(text) {
            return match MovementKind::from_name(told.trim()).or_else(|| short_kind(told)) {
                Some(kind) => Ok(Some((Measure::Kind(kind), String::new()))),
                None => Ok(None),
            };
        }
        if words::is_total(text) && words::measure(text).is_none() {
            return Ok(None);
        }
        match words::measure(text) {
            Some(m) if matches!(m.measure, Measure::Other | Measure::Opening) => Ok(None),
            Some(m) => Ok(Some((m.measure, m.rest))),
            None => {
                let name = layout.header.get(column).map_or("", String::as_str);
                let shown = nir::masked(text);
                Err(refusal(
                    column,
                    if text.is_empty() { Code::MissingActivity } else { Code::UnknownCode },
                    format!(
                        "colonne « {name} » : « {shown} » ne dit pas s’il s’agit d’entrées, de sorties ou de stock ; l’indiquer dans la correspondance (kinds)"
                    ),
                    format!(
                        "column “{name}”: “{shown}” does not say whether it is arrivals, outputs or stock; say it in the mapping (kinds)"
                    ),
                ))
            }
        }
    }

    /// Reads the counts of a row: all of them, or the first reason to refuse.
    fn postings(
        &mut self,
        layout: &Layout,
        row: &Row,
        values: &[Value],
        row_day: Option<Date>,
        row_measure: Option<&(Measure, String)>,
        dimensions: &Dimensions,
    ) -> Result<Vec<Posting>, Refusal> {
        let mut postings: Vec<Posting> = Vec::with_capacity(values.len());
        let mut parts = Vec::new();
        for value in values {
            let Some(day) = value.day.or(row_day) else { continue };
            let measure = value.measure.or(row_measure.map(|(m, _)| *m));
            let Some(measure) = measure else { continue };
            let Some(count) = self.count(layout, row, value.column, measure)? else { continue };
            let mut place = dimensions.clone();
            if value.dimensions.product.is_some() {
                place.product.clone_from(&value.dimensions.product);
            }
            if value.dimensions.channel.is_some() {
                place.channel.clone_from(&value.dimensions.channel);
            }
            if let Some((_, rest)) = row_measure.filter(|(_, rest)| !rest.is_empty()) {
                let slot =
                    if words::is_channel(rest) { &mut place.channel } else { &mut place.product };
                if slot.is_none() {
                    *slot = Some(rest.clone());
                }
            }
            let kind = match measure {
                Measure::Kind(kind) => kind,
                Measure::Human => MovementKind::SettledHuman,
                Measure::PartOfOutputs(kind) => {
                    parts.push((value.column, place.clone(), count));
                    kind
                }
                Measure::Opening | Measure::Other => continue,
            };
            postings.push(Posting { day, dimensions: place, kind, count });
        }
        // « Sorties, dont automatiques » : what is inside the outputs is taken out of them.
        for (column, place, count) in parts {
            let whole = postings
                .iter_mut()
                .find(|p| p.kind == MovementKind::SettledHuman && p.dimensions == place);
            if let Some(whole) = whole {
                if count > whole.count {
                    let total = whole.count;
                    return Err(refusal(
                        column,
                        Code::BadNumber,
                        format!("{count} compris dans {total} sorties : la partie dépasse le tout"),
                        format!("{count} out of {total} outputs: the part exceeds the whole"),
                    ));
                }
                whole.count -= count;
            }
        }
        Ok(postings)
    }

    /// One count: `None` when the cell is missing, which is not zero.
    fn count(
        &mut self,
        layout: &Layout,
        row: &Row,
        c: usize,
        measure: Measure,
    ) -> Result<Option<i64>, Refusal> {
        let text = row.text(c).trim();
        let name = layout.header.get(c).map_or("", String::as_str);
        let bad = |fr: &str, en: &str| {
            let text = nir::quoted(text);
            refusal(
                c,
                Code::BadNumber,
                format!("colonne « {name} » : « {text} » {fr}"),
                format!("column “{name}”: “{text}” {en}"),
            )
        };
        let value = match row.typed(c) {
            Typed::Error => {
                self.errors += 1;
                return Ok(None);
            }
            Typed::Number(v) => v,
            Typed::Day(_) | Typed::Instant(_) => {
                return Err(bad("est une date, pas un nombre", "is a date, not a number"));
            }
            Typed::Bool(_) => return Err(bad("n’est pas un nombre", "is not a number")),
            Typed::Text if words::is_error(text) => {
                self.errors += 1;
                return Ok(None);
            }
            Typed::Text => match values::parse_number(text, layout.decimal) {
                Ok(None) => return Ok(None),
                Ok(Some(n)) if n.percent => {
                    return Err(bad(
                        "est un pourcentage, pas un nombre de dossiers",
                        "is a percentage, not a number of items",
                    ));
                }
                Ok(Some(n)) => n.value,
                Err(NumberProblem::Ambiguous) => {
                    return Err(refusal(
                        c,
                        Code::AmbiguousNumber,
                        format!(
                            "colonne « {name} » : « {text} » est-il mille et quelques ou un nombre à virgule ? L’indiquer (decimal) dans la correspondance"
                        ),
                        format!(
                            "column “{name}”: is “{text}” a thousand and some, or a decimal? Say it (decimal) in the mapping"
                        ),
                    ));
                }
                Err(NumberProblem::Unreadable) => {
                    return Err(bad("n’est pas un nombre", "is not a number"));
                }
            },
        };
        let whole = value.round();
        if (value - whole).abs() > 1e-6 {
            return Err(bad("n’est pas un nombre entier", "is not a whole number"));
        }
        if whole.abs() > MAX_COUNT {
            return Err(bad("est démesuré", "is out of all proportion"));
        }
        if whole < 0.0 && measure != Measure::Kind(MovementKind::Corrections) {
            return Err(refusal(
                c,
                Code::NegativeCount,
                format!(
                    "colonne « {name} » : {text} est négatif ; seules les corrections peuvent l’être"
                ),
                format!("column “{name}”: {text} is negative; only corrections may be"),
            ));
        }
        Ok(Some(whole as i64))
    }

    /// Totals and examples are kept aside, the rest is posted.
    fn sort_out(
        &mut self,
        layout: &Layout,
        row: &Row,
        postings: Vec<Posting>,
        is_sum: bool,
        is_example: bool,
        ctx: &mut Context<'_>,
    ) -> Result<(), IngestError> {
        if !is_sum && !is_example {
            return self.post(layout, row, postings, ctx);
        }
        // Kept in case nothing else is delivered; bounded, since no true table needs more.
        self.report.rows_read -= 1;
        let aside = if is_sum { &mut self.totals } else { &mut self.examples };
        if aside.len() < MAX_ASIDE {
            aside.push(postings);
        }
        Ok(())
    }

    fn post(
        &mut self,
        layout: &Layout,
        row: &Row,
        postings: Vec<Posting>,
        ctx: &mut Context<'_>,
    ) -> Result<(), IngestError> {
        // Two different levels of one stock: the later one cannot be right as well.
        for p in postings.iter().filter(|p| p.kind == MovementKind::ClosingStock) {
            let key = (p.day, p.dimensions.clone());
            if let Some(known) = self.stocks.get(&key).copied().filter(|known| *known != p.count) {
                let column = layout
                    .values
                    .iter()
                    .find(|v| v.measure.is_none() || v.measure == Some(Measure::Kind(p.kind)));
                let refusal = refusal(
                    column.map_or(usize::MAX, |v| v.column),
                    Code::ConflictingStock,
                    format!(
                        "le stock du {} était déjà donné : {known}, et non {}",
                        french(p.day),
                        p.count
                    ),
                    format!("the stock of {} was already given: {known}, not {}", p.day, p.count),
                );
                return self.refuse(layout, row, refusal, ctx);
            }
        }
        self.report.accepted += 1;
        let mut repeats = false;
        for p in postings {
            let Posting { day, dimensions, kind, count } = p;
            if kind == MovementKind::ClosingStock {
                // The same level said twice stays one level.
                if self.stocks.insert((day, dimensions.clone()), count).is_some() {
                    repeats = true;
                    continue;
                }
            } else {
                repeats |= !self.flows.insert((day, dimensions.clone(), kind));
            }
            self.report.first = Some(self.report.first.map_or(day, |f| f.min(day)));
            self.report.last = Some(self.report.last.map_or(day, |l| l.max(day)));
            self.report.movements.push(Movement { day, dimensions, kind, count });
        }
        if repeats {
            self.repeated += 1;
            self.repeated_line = self.repeated_line.or(Some(row.line()));
        }
        Ok(())
    }

    fn refuse(
        &mut self,
        layout: &Layout,
        row: &Row,
        refusal: Refusal,
        ctx: &mut Context<'_>,
    ) -> Result<(), IngestError> {
        let column = layout.header.get(refusal.column).map_or("", String::as_str);
        // Columns that are not read may name people: they do not go to quarantine.
        let fields: Vec<&str> = (0..layout.header.len().max(row.len()))
            .map(|c| if layout.uses(c) { row.text(c) } else { "" })
            .collect();
        ctx.refuse(row.line(), column, refusal.code, refusal.words, &fields)
    }

    fn finish(
        mut self,
        ctx: &mut Context<'_>,
        refused_before: u64,
    ) -> Result<CountsReport, IngestError> {
        self.report.quarantined = ctx.refused - refused_before;
        // Only totals (or only the examples of a template) were delivered: they are the figures.
        let nothing = self.report.rows_read == 0;
        let totals = std::mem::take(&mut self.totals);
        let examples = std::mem::take(&mut self.examples);
        let (given, whole) = match nothing {
            true if totals.is_empty() => (examples, false),
            true => (totals, true),
            false => {
                let [sums, samples] = [totals.len() as u64, examples.len() as u64];
                ctx.findings.summary(Code::TotalsRowSkipped, sums, [
                    format!("{sums} lignes de total (dans la colonne du produit ou de l’unité) laissées de côté pour ne rien compter deux fois"),
                    format!("{sums} rows of totals (in the column of products or units) left out so that nothing counts twice"),
                ]);
                ctx.findings.summary(
                    Code::ExampleRowsSkipped,
                    samples,
                    [
                        format!("{samples} lignes d’exemple du modèle laissées de côté"),
                        format!("{samples} example rows of the template left out"),
                    ],
                );
                (Vec::new(), false)
            }
        };
        for postings in given {
            self.report.rows_read += 1;
            self.report.accepted += 1;
            for Posting { day, mut dimensions, kind, count } in postings {
                if whole {
                    dimensions = Dimensions::default();
                }
                self.report.first = Some(self.report.first.map_or(day, |f| f.min(day)));
                self.report.last = Some(self.report.last.map_or(day, |l| l.max(day)));
                self.report.movements.push(Movement { day, dimensions, kind, count });
            }
        }
        if self.report.rows_read == 0 {
            return Err(Undecided::HeaderOnly.into_error(&ctx.name));
        }
        let present: BTreeSet<MovementKind> =
            self.report.movements.iter().map(|m| m.kind).collect();
        self.report.kinds_present =
            MovementKind::ALL.into_iter().filter(|k| present.contains(k)).collect();
        let split = present.contains(&MovementKind::SettledAuto) || self.human_said;
        let findings = &mut ctx.findings;
        if present.contains(&MovementKind::SettledHuman) && !split {
            let n = self
                .report
                .movements
                .iter()
                .filter(|m| m.kind == MovementKind::SettledHuman)
                .count();
            findings.summary(Code::OutputsNotSplit, n as u64, [
                "les sorties ne distinguent pas l’humain de l’automatique : toutes sont comptées comme traitées par une personne".into(),
                "outputs do not tell human from automatic: all are counted as settled by a person".into(),
            ]);
        }
        if self.parts_apart && !self.human_said {
            findings.summary(Code::SplitAssumed, 1, [
                "les sorties sont lues sans les automatiques, comptées à part ; si elles les comprennent, nommer la colonne « dont automatiques »".into(),
                "outputs are read without the automatic ones, counted apart; if they include them, name the column “of which automatic”".into(),
            ]);
        }
        findings.summary(
            Code::SpreadsheetError,
            self.errors,
            [
                format!(
                    "{} cellules en erreur (#N/A…) lues comme manquantes, non comme zéro",
                    self.errors
                ),
                format!("{} cells in error (#N/A…) read as missing, not as zero", self.errors),
            ],
        );
        findings.summary(
            Code::StrayWhitespace,
            self.strays,
            [
                "des espaces entouraient des libellés : ils sont ôtés".into(),
                "spaces stood around labels: they are removed".into(),
            ],
        );
        findings.summary(Code::ColumnIgnored, self.unknown_kinds, [
            format!("{} lignes portent un taux, un cumul, un stock d’ouverture ou une autre mesure que le registre ne tient pas : non lues", self.unknown_kinds),
            format!("{} rows carry a rate, a running total, an opening stock or another measure the ledger does not keep: not read", self.unknown_kinds),
        ]);
        if let Some(line) = self.repeated_line {
            findings.summary(Code::RepeatedRows, self.repeated, [
                format!("lignes répétées pour un même jour et un même produit (première : ligne {line}) : les flux s’ajoutent, un stock répété compte une fois"),
                format!("rows repeated for one day and product (first: line {line}): flows add up, a repeated stock counts once"),
            ]);
        }
        self.report.cannot = cannot(&present, split);
        self.report.findings = std::mem::take(&mut ctx.findings).finish();
        self.report.notes = std::mem::take(&mut ctx.notes);
        Ok(self.report)
    }
}

fn short_kind(text: &str) -> Option<MovementKind> {
    match text.trim() {
        "in" => Some(MovementKind::Arrivals),
        "out" | "settled" => Some(MovementKind::SettledHuman),
        "stock" => Some(MovementKind::ClosingStock),
        _ => None,
    }
}

fn french(day: Date) -> String {
    format!("{:02}/{:02}/{:04}", day.day(), day.month(), day.year())
}

fn order_words(order: DateOrder) -> [&'static str; 2] {
    match order {
        DateOrder::Dmy => ["jour d’abord", "day first"],
        DateOrder::Ymd => ["année d’abord", "year first"],
        DateOrder::Mdy => ["mois d’abord", "month first"],
        DateOrder::Serial1900 | DateOrder::Serial1904 => {
            ["comme un numéro de jour", "as a day number"]
        }
    }
}

fn words_of(measure: Measure) -> [&'static str; 2] {
    use MovementKind as K;
    match measure {
        Measure::Kind(K::Arrivals) => ["entrées", "arrivals"],
        Measure::Kind(K::SettledHuman) => ["sorties", "outputs"],
        Measure::Human => ["sorties traitées par une personne", "outputs settled by a person"],
        Measure::Kind(K::SettledAuto) => ["sorties automatiques", "automatic outputs"],
        Measure::Kind(K::Cancelled) => ["annulés", "cancelled"],
        Measure::Kind(K::Transferred) => ["transférés", "transferred"],
        Measure::Kind(K::Reopened) => ["rouverts", "reopened"],
        Measure::Kind(K::Corrections) => ["corrections", "corrections"],
        Measure::Kind(K::ClosingStock) => ["stock en fin de jour", "closing stock"],
        Measure::PartOfOutputs(K::SettledAuto) => [
            "sorties automatiques, comprises dans les sorties",
            "automatic outputs, within the outputs",
        ],
        Measure::PartOfOutputs(_) => ["partie des sorties", "part of the outputs"],
        Measure::Opening => ["stock d’ouverture", "opening stock"],
        Measure::Other => ["non lu", "not read"],
    }
}

/// What the kinds delivered cannot support.
fn cannot(present: &BTreeSet<MovementKind>, split: bool) -> Vec<[String; 2]> {
    use MovementKind as K;
    let has = |k: K| present.contains(&k);
    let outputs = has(K::SettledHuman) || has(K::SettledAuto);
    let mut list = Vec::new();
    let mut say = |fr: &str, en: &str| list.push([fr.to_owned(), en.to_owned()]);
    if !has(K::ClosingStock) {
        say(
            "sans stock délivré, le niveau du stock et son âge sont inconnus : seules ses variations se calculent",
            "without a delivered stock, its level and age are unknown: only its changes can be computed",
        );
    }
    if !has(K::Arrivals) {
        say(
            "sans entrées, le taux d’écoulement, l’âge du stock et la prévision des arrivées sont inconnus",
            "without arrivals, the clearance, the age of stock and the forecast of arrivals are unknown",
        );
    }
    if !outputs {
        say(
            "sans sorties, l’écoulement et le stock en jours sont inconnus",
            "without outputs, the clearance and the stock in days are unknown",
        );
    }
    if has(K::Arrivals) && has(K::ClosingStock) && !outputs {
        say(
            "les sorties ne sont pas inventées à partir du stock : la différence apparaît comme un écart",
            "outputs are not made up from the stock: the difference shows as a gap",
        );
    }
    if outputs && !split {
        say(
            "les sorties ne distinguent pas les automatiques : le taux de liquidation automatique est inconnu",
            "outputs do not tell the automatic ones: the straight-through rate is unknown",
        );
    }
    say(
        "des comptages ne suivent pas chaque dossier : délais par dossier, délai respecté, mises en instance, parcours et âge exact du stock demandent un journal d’événements",
        "counts do not follow each case: delays per case, cases in time, holds, paths and the exact age of stock need an event log",
    );
    list
}
