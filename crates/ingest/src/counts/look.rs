//! The preview of a table of counts: how it would be read, and what only a person can say.

use std::{collections::VecDeque, path::Path};

use eclusier_eventlog::MovementKind;

use super::{
    RawRows, SAMPLE, Source, TextRows,
    layout::{self, Layout, Undecided},
};
use crate::{
    Code, Context, Hints, IngestError, Kind, Mapping, Preview, Pseudonymiser, Quarantine,
    csv::Dialect,
    detect,
    mapping::{CountColumns, Format},
    preview::{self, Answer, ColumnType, Question},
    rows::{RefusedRow, SinkError},
    sheet::{Workbook, filled},
    table::{Row, RowSource},
    words::{self, Measure},
};

/// One sheet (or the text) as looked at.
struct Looked {
    sheet: Option<String>,
    rows: Vec<Row>,
    layout: Result<Layout, Undecided>,
}

/// Looks at a table of counts. A text comes with its `dialect`.
pub(crate) fn inspect(
    path: &Path,
    name: &str,
    format: Format,
    dialect: Option<&Dialect>,
    hints: &Hints,
) -> Result<Preview, IngestError> {
    let mut told = hints.mapping.clone().unwrap_or_default();
    let mut sheets = Vec::new();
    let mut looked = match format {
        Format::Xlsx | Format::Ods => {
            let book = Workbook::open(path, name, &hints.limits)?;
            sheets = book.sheets().iter().filter(|s| !s.hidden).map(|s| s.name.clone()).collect();
            look_at_sheets(&book, name, &told, hints)?
        }
        _ => vec![look_at_text(path, name, &told, hints)?],
    };
    // Sheets without a table do not matter once one has it.
    if looked.iter().any(|l| l.layout.is_ok()) {
        looked.retain(|l| l.layout.is_ok());
    } else {
        looked
            .sort_by_key(|l| std::cmp::Reverse(l.layout.as_ref().err().map_or(0, Undecided::rank)));
        looked.truncate(1);
    }
    let several = looked.len() > 1 && !complete_each_other(&looked);
    let alone = looked.len() == 1;
    let all_sheets: Vec<String> = looked.iter().filter_map(|l| l.sheet.clone()).collect();
    let Some(first) = (!looked.is_empty()).then(|| looked.swap_remove(0)) else {
        return Err(Undecided::NoTable.into_error(name));
    };
    if let Err(problem @ (Undecided::NoTable | Undecided::HeaderOnly | Undecided::Mapping(_))) =
        first.layout
    {
        return Err(problem.into_error(name));
    }
    let mut source = Shown::new(&first);
    let sample = detect::sample(&mut source, detect::SAMPLE_ROWS)?;
    told.kind = Kind::Counts;
    let plain =
        Hints { kind: Some(Kind::Counts), mapping: Some(told.clone()), limits: hints.limits };
    let mut preview = preview::of_table(name, format, &sample, &plain)?;
    if let Some(dialect) = dialect {
        preview.tell_dialect(dialect);
    }
    preview.header_row = Some(sample.header_line);
    preview.sheets = sheets;
    preview.sheet.clone_from(&first.sheet);
    preview.mapping.header_row = told.header_row.or(alone.then_some(sample.header_line));
    preview.mapping.sheet = told.sheet.clone().or(first.sheet.clone().filter(|_| alone));
    if several {
        preview.ask_sheet(&all_sheets);
    }
    match first.layout {
        Ok(layout) => tell_layout(&mut preview, &layout, alone),
        Err(problem) => ask(&mut preview, problem, name),
    }
    Ok(preview)
}

fn look_at_text(
    path: &Path,
    name: &str,
    told: &Mapping,
    hints: &Hints,
) -> Result<Looked, IngestError> {
    let mut nowhere = Nowhere;
    let mut context = quiet(name, hints, &mut nowhere)?;
    // The header is found again among the raw rows: counts may have one on two levels.
    let mut rows = TextRows::open(path, told, &mut context)?;
    let rows = first_rows(&mut rows)?;
    let layout = layout::find(&rows, None, told, name);
    Ok(Looked { sheet: None, rows, layout })
}

fn look_at_sheets(
    book: &Workbook,
    name: &str,
    told: &Mapping,
    hints: &Hints,
) -> Result<Vec<Looked>, IngestError> {
    let wanted = told.sheet.as_ref().map(|s| book.find(name, s)).transpose()?;
    let mut looked = Vec::new();
    for (i, sheet) in book.sheets().iter().enumerate() {
        let chosen = wanted.map_or(!sheet.hidden && !words::is_notice(&sheet.name), |w| w == i);
        if !chosen {
            continue;
        }
        let mut rows = Source::Sheet(Box::new(book.rows(i, &hints.limits)?));
        let rows = first_rows(rows.raw())?;
        let layout = layout::find(&rows, Some(&sheet.name), told, name);
        looked.push(Looked { sheet: Some(sheet.name.clone()), rows, layout });
    }
    Ok(looked)
}

fn first_rows(rows: &mut dyn RawRows) -> Result<Vec<Row>, IngestError> {
    let mut sample = Vec::new();
    let mut row = Row::default();
    while sample.len() < SAMPLE && rows.next(&mut row)? {
        sample.push(row.clone());
    }
    Ok(sample)
}

fn complete_each_other(looked: &[Looked]) -> bool {
    let layouts: Vec<&Layout> = looked.iter().filter_map(|l| l.layout.as_ref().ok()).collect();
    super::one_measure_each(&layouts)
}

/// Rows below the header, as a table.
struct Shown {
    header: Vec<String>,
    line: u64,
    rows: VecDeque<Row>,
}

impl Shown {
    fn new(looked: &Looked) -> Self {
        let at = match &looked.layout {
            Ok(layout) => layout.skip.saturating_sub(1),
            Err(_) => looked.rows.iter().position(|r| filled(r) >= 2).unwrap_or(0),
        };
        let mut rows: VecDeque<Row> = looked.rows.iter().skip(at).cloned().collect();
        let head = rows.pop_front().unwrap_or_default();
        let header = match &looked.layout {
            Ok(layout) => layout.header.clone(),
            Err(_) => head.cells().map(|c| c.trim().to_owned()).collect(),
        };
        Self { header, line: head.line(), rows }
    }
}

impl RowSource for Shown {
    fn header(&self) -> &[String] {
        &self.header
    }
    fn header_line(&self) -> u64 {
        self.line
    }
    fn next(&mut self, row: &mut Row) -> Result<bool, IngestError> {
        let Some(next) = self.rows.pop_front() else { return Ok(false) };
        *row = next;
        Ok(true)
    }
    fn position(&self) -> (u64, u64) {
        (0, 0)
    }
}

/// Name of a measure as on the command line.
fn role_of(measure: Measure) -> Option<&'static str> {
    match measure {
        Measure::Kind(MovementKind::ClosingStock) => Some("stock"),
        Measure::Kind(kind) | Measure::PartOfOutputs(kind) => Some(kind.as_str()),
        Measure::Human => Some("settled_human"),
        Measure::Opening | Measure::Other => None,
    }
}

/// Roles, ignored columns, and the mapping when one can say it all.
fn tell_layout(preview: &mut Preview, layout: &Layout, alone: bool) {
    let mut roles: Vec<(usize, &'static str)> = [
        (layout.date, "date"),
        (layout.kind, "kind"),
        (layout.org, "org"),
        (layout.unit, "unit"),
        (layout.product, "product"),
        (layout.channel, "channel"),
    ]
    .into_iter()
    .filter_map(|(c, role)| Some((c?, role)))
    .collect();
    for value in &layout.values {
        let role = value.measure.map_or(Some("value"), role_of);
        roles.extend(role.map(|r| (value.column, r)));
    }
    for (i, column) in preview.columns.iter_mut().enumerate() {
        let role = roles.iter().find(|(c, _)| *c == i).map(|(_, r)| (*r).to_owned());
        column.confidence = if role.is_some() { 0.9 } else { 0.0 };
        column.role = role;
    }
    for (column, [fr, en]) in &layout.ignored {
        let name = if column.is_empty() { "?" } else { column };
        preview.warnings.push(crate::Finding {
            line: None,
            column: Some(name.to_owned()),
            code: Code::ColumnIgnored,
            count: 1,
            fr: format!("colonne « {name} » non lue : {fr}"),
            en: format!("column “{name}” not read: {en}"),
        });
    }
    let mapping = &mut preview.mapping;
    mapping.decimal = mapping.decimal.or(layout.decimal);
    let dated = layout.date.and_then(|c| preview.columns.get(c));
    if mapping.date_order.is_none() && dated.is_some_and(|c| c.holds != ColumnType::Empty) {
        mapping.date_order = dated.and_then(|c| c.date_order).map(|_| layout.order);
    }
    // A mapping cannot say a wide table, nor parts of a whole: detection reads those again.
    let sayable = alone
        && !layout.is_wide()
        && layout
            .values
            .iter()
            .all(|v| matches!(v.measure, None | Some(Measure::Kind(_) | Measure::Human)));
    if sayable && mapping.counts == CountColumns::default() {
        for (c, role) in roles {
            if let Some(column) = preview.columns.get(c) {
                let mut own = Mapping::default();
                own.set_role(role, column.reference.clone());
                merge(&mut mapping.counts, own.counts);
            }
        }
    }
}

/// Takes the one column `own` names.
fn merge(counts: &mut CountColumns, own: CountColumns) {
    let whole = Mapping { counts: std::mem::take(counts), ..Mapping::default() };
    let extra = Mapping { counts: own, ..Mapping::default() };
    *counts = whole.or(&extra).counts;
}

/// The question a person must answer.
fn ask(preview: &mut Preview, problem: Undecided, name: &str) {
    let columns = |keep: &dyn Fn(&preview::ColumnPreview) -> bool| -> Vec<Answer> {
        preview
            .columns
            .iter()
            .filter(|c| keep(c))
            .map(|c| Answer { value: c.reference.clone(), fr: c.name.clone(), en: c.name.clone() })
            .collect()
    };
    let word = |value: &str, fr: &str, en: &str| Answer {
        value: value.into(),
        fr: fr.into(),
        en: en.into(),
    };
    let numbers = |c: &preview::ColumnPreview| {
        matches!(c.holds, ColumnType::Number | ColumnType::Boolean | ColumnType::Empty)
    };
    let (key, column, answers) = match &problem {
        Undecided::NoDate => ("date".to_owned(), None, columns(&|_| true)),
        Undecided::NoMeasure { .. } => ("arrivals".to_owned(), None, columns(&numbers)),
        Undecided::Twice { first, second } => {
            let key = words::measure(first).and_then(|m| role_of(m.measure)).unwrap_or("arrivals");
            (key.to_owned(), None, columns(&|c| c.name == *first || c.name == *second))
        }
        Undecided::MonthFirst { column, .. } => (
            "date_order".to_owned(),
            Some(column.clone()),
            vec![word("mdy", "mois/jour/année", "month/day/year")],
        ),
        Undecided::Decimal { column, .. } => (
            "decimal".to_owned(),
            Some(column.clone()),
            vec![
                word(
                    "comma",
                    "1.234 est mille deux cent trente-quatre",
                    "1.234 is one thousand two hundred and thirty-four",
                ),
                word("point", "1.234 est un nombre à virgule", "1.234 is a decimal number"),
            ],
        ),
        _ => (String::new(), None, Vec::new()),
    };
    if let IngestError::Choice { code, fr, en, .. } = problem.into_error(name) {
        preview.questions.push(Question { code, key, column, fr, en, answers });
    }
}

/// Whether a table that says nothing of events reads as counts without a question.
pub(crate) fn reads_as_counts(
    path: &Path,
    name: &str,
    format: Format,
    dialect: Option<&Dialect>,
    hints: &Hints,
) -> Option<Preview> {
    let preview = inspect(path, name, format, dialect, hints).ok()?;
    preview.questions.is_empty().then_some(preview)
}

struct Nowhere;

impl Quarantine for Nowhere {
    fn header(&mut self, _: &[&str]) -> Result<(), SinkError> {
        Ok(())
    }
    fn refuse(&mut self, _: RefusedRow<'_>) -> Result<(), SinkError> {
        Ok(())
    }
}

/// A context in which nothing is kept.
fn quiet<'a>(
    name: &str,
    hints: &Hints,
    nowhere: &'a mut Nowhere,
) -> Result<Context<'a>, IngestError> {
    let people = Pseudonymiser::new(&[0; 32]).map_err(|_| Undecided::NoTable.into_error(name))?;
    let mut context = Context::new(name, jiff::tz::TimeZone::UTC, people, &(), nowhere);
    context.limits = hints.limits;
    Ok(context)
}
