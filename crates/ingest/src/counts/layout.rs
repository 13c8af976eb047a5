//! Finding how a table of counts is laid out: tidy, long, one column per day, one
//! column per product, in any mixture. Everything is decided on the first rows and
//! ends in one shape: each value column knows its measure, its day and its product,
//! or takes them from its row.

use std::collections::{BTreeMap, BTreeSet};

use eclusier_eventlog::{Dimensions, MovementKind};
use jiff::civil::Date;

use crate::{
    Code, IngestError, Mapping,
    mapping::{CountColumns, DateOrder, Decimal, find_column},
    sheet::{filled, is_total_row},
    table::{Row, Typed},
    values::{self, DateProblem, DecimalGuess, Moment},
    words::{self, Measure},
};

/// How a table of counts is read.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    /// Names of the columns.
    pub(crate) header: Vec<String>,
    /// Columns up to the last named one.
    pub(crate) named: usize,
    /// Whether the table came as text, where a stray separator shifts cells.
    pub(crate) is_text: bool,
    /// Rows of the sample up to and including the header.
    pub(crate) skip: usize,
    /// Lines of the titles above.
    pub(crate) titles: Vec<u64>,
    pub(crate) header_line: u64,
    pub(crate) date: Option<usize>,
    pub(crate) kind: Option<usize>,
    pub(crate) org: Option<usize>,
    pub(crate) unit: Option<usize>,
    pub(crate) product: Option<usize>,
    pub(crate) channel: Option<usize>,
    pub(crate) values: Vec<Value>,
    pub(crate) order: DateOrder,
    pub(crate) decimal: Option<Decimal>,
    /// Columns left out, and why: French then English.
    pub(crate) ignored: Vec<(String, [String; 2])>,
    /// Whether the measure came from the sheet's own name or title.
    pub(crate) measure_of_title: Option<Measure>,
}

/// One column of numbers.
#[derive(Debug, Clone)]
pub(crate) struct Value {
    pub(crate) column: usize,
    /// Day named by the header, for one column per day.
    pub(crate) day: Option<Date>,
    /// What it measures; taken from the row when absent.
    pub(crate) measure: Option<Measure>,
    /// Product or channel named by the header.
    pub(crate) dimensions: Dimensions,
}

impl Layout {
    /// Whether one row holds counts of several days or products: a bad cell is then
    /// refused alone, not with its whole row.
    pub(crate) fn is_wide(&self) -> bool {
        self.values.iter().any(|v| v.day.is_some() || v.dimensions != Dimensions::default())
    }

    /// Whether a column is read.
    pub(crate) fn uses(&self, column: usize) -> bool {
        [self.date, self.kind, self.org, self.unit, self.product, self.channel]
            .contains(&Some(column))
            || self.values.iter().any(|v| v.column == column)
    }
}

/// Why no layout was found. Ordered: the last ones know most about the table.
#[derive(Debug)]
pub(crate) enum Undecided {
    /// Nothing that looks like a table.
    NoTable,
    /// A header and nothing below.
    HeaderOnly,
    /// No column of dates.
    NoDate,
    /// Columns of numbers, but none says what it measures.
    NoMeasure { columns: Vec<String> },
    /// Two columns measure the same thing.
    Twice { first: String, second: String },
    /// Dates that read only month first.
    MonthFirst { column: String, example: String },
    /// Numbers such as `1.234`.
    Decimal { column: String, example: String },
    /// The mapping names a column that is not there.
    Mapping(IngestError),
}

impl Undecided {
    pub(crate) fn rank(&self) -> u8 {
        match self {
            Undecided::NoTable => 0,
            Undecided::HeaderOnly => 1,
            Undecided::NoDate => 2,
            Undecided::NoMeasure { .. } => 3,
            Undecided::Mapping(_) => 4,
            Undecided::Twice { .. } => 5,
            Undecided::MonthFirst { .. } => 6,
            Undecided::Decimal { .. } => 7,
        }
    }

    /// The refusal or question shown to the person.
    pub(crate) fn into_error(self, name: &str) -> IngestError {
        let choice = |code, fr: String, en: String| IngestError::Choice {
            name: name.to_owned(),
            code,
            fr,
            en,
        };
        match self {
            Undecided::NoTable => IngestError::refused(
                name,
                Code::EmptyFile,
                None,
                "aucun tableau de comptages : une ligne d’en-tête (Date, Entrées, Sorties, Stock…) puis une ligne par jour sont attendues ; un modèle est à télécharger",
                "no table of counts: a header row (Date, In, Out, Stock…) then one row per day are expected; a template can be downloaded",
            ),
            Undecided::HeaderOnly => IngestError::refused(
                name,
                Code::HeaderOnly,
                None,
                "le tableau n’a qu’une ligne d’en-tête, aucun comptage : vérifier l’export",
                "the table has a header row only and no count: check the export",
            ),
            Undecided::NoDate => choice(
                Code::ChooseColumn,
                "aucune colonne de dates reconnue : indiquer celle du jour (--column date=…) ; si les jours sont en colonnes, leurs titres doivent être des dates".into(),
                "no column of dates recognised: name the day's column (--column date=…); if days are columns, their headings must be dates".into(),
            ),
            Undecided::NoMeasure { columns } => {
                let list = columns.iter().take(30).cloned().collect::<Vec<_>>().join(" | ");
                choice(
                    Code::ChooseColumn,
                    format!("rien ne dit ce que comptent les colonnes {list} : choisir (--column arrivals=…, out=…, stock=…)"),
                    format!("nothing says what columns {list} count: choose (--column arrivals=…, out=…, stock=…)"),
                )
            }
            Undecided::Twice { first, second } => choice(
                Code::ChooseColumn,
                format!("les colonnes « {first} » et « {second} » mesurent la même chose : choisir celle à lire (--column arrivals=…, out=…, stock=…)"),
                format!("columns “{first}” and “{second}” measure the same thing: choose the one to read (--column arrivals=…, out=…, stock=…)"),
            ),
            Undecided::MonthFirst { column, example } => choice(
                Code::AmbiguousDates,
                format!("colonne « {column} » : « {example} » ne se lit que mois d’abord ; si c’est voulu, l’indiquer (date_order = \"mdy\" dans la correspondance)"),
                format!("column “{column}”: “{example}” only reads month first; if that is meant, say so (date_order = \"mdy\" in the mapping)"),
            ),
            Undecided::Decimal { column, example } => choice(
                Code::AmbiguousNumber,
                format!("colonne « {column} » : « {example} » est-il mille et quelques ou un nombre à virgule ? L’indiquer (decimal = \"comma\" ou \"point\" dans la correspondance)"),
                format!("column “{column}”: is “{example}” a thousand and some, or a decimal? Say so (decimal = \"comma\" or \"point\" in the mapping)"),
            ),
            Undecided::Mapping(error) => error,
        }
    }
}

/// Rows above the header at most.
const MAX_TITLES: usize = 40;
/// Share of the filled cells of a column that must agree.
const AGREE: f64 = 0.8;

/// The layout of a table from its first rows; `title` is the sheet's name, if any.
pub(crate) fn find(
    sample: &[Row],
    title: Option<&str>,
    mapping: &Mapping,
    file: &str,
) -> Result<Layout, Undecided> {
    let mut best = Undecided::NoTable;
    for at in 0..sample.len().min(MAX_TITLES) {
        if mapping.header_row.is_some_and(|line| sample.get(at).map(Row::line) != Some(line)) {
            continue;
        }
        match at_header(sample, at, title, mapping, file) {
            Ok(layout) => return Ok(layout),
            Err(problem) if problem.rank() > best.rank() => best = problem,
            Err(_) => {}
        }
    }
    Err(best)
}

/// What the first rows say of one column.
#[derive(Debug, Default)]
struct Column<'a> {
    filled: usize,
    dates: usize,
    numbers: usize,
    weekdays: usize,
    measures: usize,
    kinds: BTreeSet<Measure>,
    distinct: BTreeSet<&'a str>,
}

impl<'a> Column<'a> {
    fn of(data: &[&'a Row], c: usize, order: Option<DateOrder>) -> Self {
        let mut column = Column::default();
        for row in data {
            let text = row.text(c).trim();
            if text.is_empty() || values::is_missing(text.as_bytes()) || words::is_error(text) {
                continue;
            }
            column.filled += 1;
            let date = is_date_cell(row, c, order);
            column.dates += usize::from(date);
            column.numbers += usize::from(is_number_cell(row, c));
            column.weekdays += usize::from(words::is_weekday(text));
            if !date
                && let Some(found) = words::measure(text)
                && found.rest.is_empty()
            {
                column.measures += 1;
                column.kinds.insert(found.measure);
            }
            column.distinct.insert(text);
        }
        column
    }

    fn mostly(&self, n: usize) -> bool {
        self.filled > 0 && n as f64 >= AGREE * self.filled as f64
    }
}

fn is_number_cell(row: &Row, c: usize) -> bool {
    match row.typed(c) {
        Typed::Number(_) => true,
        Typed::Text => matches!(
            values::parse_number(row.text(c), None),
            Ok(Some(_)) | Err(values::NumberProblem::Ambiguous)
        ),
        _ => false,
    }
}

fn is_date_cell(row: &Row, c: usize, order: Option<DateOrder>) -> bool {
    match row.typed(c) {
        Typed::Day(_) | Typed::Instant(_) => true,
        Typed::Text => {
            let text = row.text(c).as_bytes();
            match order {
                Some(order) => matches!(
                    values::parse_moment(text, order, values::DEFAULT_PIVOT),
                    Ok(Moment::Day(_) | Moment::Civil(_) | Moment::Instant(_))
                ),
                None => values::orders_of(text, values::DEFAULT_PIVOT).next().is_some(),
            }
        }
        Typed::Number(_)
            if matches!(order, Some(DateOrder::Serial1900 | DateOrder::Serial1904)) =>
        {
            true
        }
        _ => false,
    }
}

/// The day a heading names.
fn day_of_heading(row: &Row, c: usize, order: Option<DateOrder>) -> Option<Date> {
    if let Typed::Day(at) | Typed::Instant(at) = row.typed(c) {
        return Some(at.date());
    }
    if row.typed(c) != Typed::Text {
        return None;
    }
    let text = row.text(c).as_bytes();
    let orders = match order {
        Some(order) => vec![order],
        None => vec![DateOrder::Dmy, DateOrder::Ymd],
    };
    orders.into_iter().find_map(|order| {
        match values::parse_moment(text, order, values::DEFAULT_PIVOT).ok()? {
            Moment::Day(us) | Moment::Civil(us) | Moment::Instant(us) => {
                values::civil_of(us).map(|d| d.date())
            }
            Moment::None => None,
        }
    })
}

fn at_header(
    sample: &[Row],
    at: usize,
    title: Option<&str>,
    mapping: &Mapping,
    file: &str,
) -> Result<Layout, Undecided> {
    let Some(head) = sample.get(at) else { return Err(Undecided::NoTable) };
    let told = &mapping.counts;
    let order = mapping.date_order;
    let named: Vec<&str> = head.cells().map(str::trim).filter(|c| !c.is_empty()).collect();
    let distinct: BTreeSet<&str> = named.iter().copied().collect();
    if distinct.len() < 2 {
        return Err(Undecided::NoTable);
    }
    let heading_days: Vec<Option<Date>> =
        (0..head.len()).map(|c| day_of_heading(head, c, order)).collect();
    // A header holds names (or days), not numbers.
    let numbers = (0..head.len())
        .filter(|c| heading_days.get(*c).is_none_or(Option::is_none) && is_number_cell(head, *c))
        .count();
    if numbers * 2 >= named.len() {
        return Err(Undecided::NoTable);
    }
    // Totals, footnotes and a header printed again say nothing of the columns.
    let again = |r: &Row| (0..head.len()).all(|c| r.text(c).trim() == head.text(c).trim());
    let below = sample.iter().skip(at + 1);
    let data: Vec<&Row> =
        below.filter(|r| !is_total_row(r) && filled(r) > 1 && !again(r)).take(150).collect();
    let width = data.iter().map(|r| r.len()).max().unwrap_or(0).max(head.len());
    let header: Vec<String> = (0..width).map(|c| head.text(c).trim().to_owned()).collect();
    let columns: Vec<Column<'_>> = (0..width).map(|c| Column::of(&data, c, order)).collect();
    if data.is_empty() {
        let speaks = header.iter().any(|h| words::measure(h).is_some());
        return Err(if speaks { Undecided::HeaderOnly } else { Undecided::NoTable });
    }
    // A row of names right below, over columns of numbers: this row is only its group title.
    if let Some(next) = data.first() {
        let numeric = (0..width)
            .filter(|c| columns.get(*c).is_some_and(|s| s.mostly(s.numbers) && s.filled > 1));
        let (mut above, mut names) = (0, 0);
        for c in numeric {
            above += 1;
            let text = next.text(c).trim();
            names += usize::from(
                !text.is_empty()
                    && !words::looks_like_value(text)
                    && !values::is_missing(text.as_bytes())
                    && !words::is_error(text),
            );
        }
        if above > 0 && names * 2 >= above {
            return Err(Undecided::NoTable);
        }
    }
    let groups = group_titles(sample, at, width);

    let mut layout = Layout {
        named: header.iter().rposition(|h| !h.is_empty()).map_or(0, |c| c + 1),
        is_text: false,
        skip: at + 1,
        titles: sample.iter().take(at).map(Row::line).collect(),
        header_line: head.line(),
        date: None,
        kind: None,
        org: None,
        unit: None,
        product: None,
        channel: None,
        values: Vec::new(),
        order: DateOrder::Dmy,
        decimal: mapping.decimal,
        ignored: Vec::new(),
        measure_of_title: None,
        header,
    };
    let mut taken: BTreeSet<usize> = BTreeSet::new();
    let mut named_column = |name: &Option<String>| -> Result<Option<usize>, Undecided> {
        match name {
            None => Ok(None),
            Some(name) => {
                let c = find_column(file, &layout.header, name).map_err(Undecided::Mapping)?;
                taken.insert(c);
                Ok(Some(c))
            }
        }
    };
    let mut measures: Vec<(usize, Measure)> = Vec::new();
    for (name, kind) in told_measures(told) {
        if let Some(c) = named_column(name)? {
            measures.push((c, Measure::Kind(kind)));
        }
    }
    layout.date = named_column(&told.date)?;
    layout.kind = named_column(&told.kind)?;
    let value = named_column(&told.value)?;
    layout.org = named_column(&told.org)?;
    layout.unit = named_column(&told.unit)?;
    layout.product = named_column(&told.product)?;
    layout.channel = named_column(&told.channel)?;
    let free = |taken: &BTreeSet<usize>, c: usize| !taken.contains(&c);
    let head_of = |layout: &Layout, c: usize| layout.header.get(c).cloned().unwrap_or_default();

    // The day: a column of dates, the one whose heading says so first.
    if layout.date.is_none() {
        let dated: Vec<usize> = (0..width)
            .filter(|c| free(&taken, *c))
            .filter(|c| {
                let called = words::is_date(&head_of(&layout, *c));
                columns.get(*c).is_some_and(|s| {
                    s.mostly(s.dates) || (called && s.dates * 2 >= s.filled.max(1))
                })
            })
            .filter(|c| {
                words::measure(&head_of(&layout, *c)).is_none_or(|m| {
                    m.rest.contains("date") || words::is_date(&head_of(&layout, *c))
                })
            })
            .collect();
        layout.date = dated
            .iter()
            .copied()
            .find(|c| words::is_date(&head_of(&layout, *c)))
            .or_else(|| dated.first().copied());
        for c in dated.iter().copied().filter(|c| Some(*c) != layout.date) {
            taken.insert(c);
            let why = ["autre colonne de dates".to_owned(), "another column of dates".to_owned()];
            layout.ignored.push((head_of(&layout, c), why));
        }
        taken.extend(layout.date);
    }
    let mut order = order;
    if layout.date.is_none() && order.is_none() {
        // Day numbers of a spreadsheet, under a heading that says date.
        layout.date = (0..width).filter(|c| free(&taken, *c)).find(|c| {
            words::is_date(&head_of(&layout, *c))
                && columns.get(*c).is_some_and(|s| {
                    s.filled > 0
                        && s.distinct.iter().all(|t| matches!(t.parse::<u32>(), Ok(20_000..80_000)))
                })
        });
        if layout.date.is_some() {
            order = Some(DateOrder::Serial1900);
            taken.extend(layout.date);
        }
    }
    let day_columns: Vec<(usize, Date)> = if layout.date.is_none() {
        heading_days
            .iter()
            .enumerate()
            .filter_map(|(c, d)| d.map(|d| (c, d)))
            .filter(|(c, _)| free(&taken, *c))
            .collect()
    } else {
        Vec::new()
    };
    if layout.date.is_none() && day_columns.len() < 2 {
        return Err(Undecided::NoDate);
    }
    if let Some(c) = layout.date {
        layout.order = match order {
            Some(order) => order,
            None => date_order(&data, c, &head_of(&layout, c))?,
        };
    } else if let Some(order) = order {
        layout.order = order;
    }

    // The measure named row by row, in a long table.
    if layout.kind.is_none() && measures.is_empty() {
        layout.kind = (0..width).filter(|c| free(&taken, *c)).find(|c| {
            columns.get(*c).is_some_and(|s| {
                s.mostly(s.measures)
                    && !s.mostly(s.numbers)
                    && (s.kinds.len() >= 2 || words::is_kind_header(&head_of(&layout, *c)))
            })
        });
        taken.extend(layout.kind);
    }

    // Dimensions by their headings, then what is left.
    let mut numeric: Vec<usize> = Vec::new();
    let mut texts: Vec<usize> = Vec::new();
    for c in 0..width {
        if !free(&taken, c) || day_columns.iter().any(|(d, _)| *d == c) {
            continue;
        }
        let heading = head_of(&layout, c);
        let Some(stats) = columns.get(c) else { continue };
        if stats.filled == 0 && heading.is_empty() {
            continue;
        }
        let measured = words::measure(&heading);
        let dimension = words::dimension(&heading);
        let slot = match dimension {
            Some(words::Dimension::Org) => Some(&mut layout.org),
            Some(words::Dimension::Unit) => Some(&mut layout.unit),
            Some(words::Dimension::Product) => Some(&mut layout.product),
            Some(words::Dimension::Channel) => Some(&mut layout.channel),
            None => None,
        };
        if stats.mostly(stats.weekdays) || (words::is_time_part(&heading) && measured.is_none()) {
            continue;
        }
        // A heading that names a measure is believed over cells that are mostly bad.
        let called = measured.as_ref().is_some_and(|m| m.rest.is_empty()) && stats.numbers > 0;
        let textual = !stats.mostly(stats.numbers) && stats.filled > 0 && !called;
        if let Some(slot) = slot
            && slot.is_none()
            && (textual || measured.is_none())
            && value != Some(c)
            && !words::is_person_or_remark(&heading)
        {
            *slot = Some(c);
            taken.insert(c);
            continue;
        }
        if textual {
            texts.push(c);
        } else if value != Some(c) {
            numeric.push(c);
        }
    }
    // One column of texts without a known name is the kind of work, where days repeat:
    // with one row per day it would cut the stock into pieces that never meet again.
    let days_repeat = layout.date.is_none_or(|d| {
        let days: BTreeSet<&str> = data.iter().map(|r| r.text(d).trim()).collect();
        days.len() < data.len()
    });
    let loose: Vec<usize> = texts
        .iter()
        .copied()
        .filter(|c| words::measure(&head_of(&layout, *c)).is_none())
        .filter(|c| !words::is_person_or_remark(&head_of(&layout, *c)))
        .filter(|c| {
            columns.get(*c).is_some_and(|s| {
                s.distinct.len() == 1 || (days_repeat && s.distinct.len() <= 60.max(s.filled / 3))
            })
        })
        .collect();
    if layout.product.is_none()
        && let [only] = loose.as_slice()
    {
        layout.product = Some(*only);
        texts.retain(|c| c != only);
    }
    for c in texts {
        let why = ["texte sans rôle".to_owned(), "text without a role".to_owned()];
        let heading = head_of(&layout, c);
        layout.ignored.push((heading, why));
    }

    layout.measure_of_title = title_measure(sample, at, title);
    if !measures.is_empty() {
        for c in numeric.iter().filter(|c| !measures.iter().any(|(m, _)| m == *c)) {
            let why = ["non retenue".to_owned(), "not chosen".to_owned()];
            layout.ignored.push((head_of(&layout, *c), why));
        }
        for (column, measure) in measures {
            let measure = Some(measure);
            layout.values.push(Value {
                column,
                day: None,
                measure,
                dimensions: Dimensions::default(),
            });
        }
    } else if !day_columns.is_empty() {
        days_as_columns(&mut layout, &day_columns, &groups)?;
    } else if layout.kind.is_some() {
        long_values(&mut layout, value, &numeric)?;
    } else {
        measured_columns(&mut layout, &numeric, &groups, &data)?;
    }
    if layout.decimal.is_none() {
        layout.decimal = decimal(&layout, &data)?;
    }
    Ok(layout)
}

fn told_measures(told: &CountColumns) -> [(&Option<String>, MovementKind); 8] {
    use MovementKind as K;
    [
        (&told.arrivals, K::Arrivals),
        (&told.settled_human, K::SettledHuman),
        (&told.settled_auto, K::SettledAuto),
        (&told.cancelled, K::Cancelled),
        (&told.transferred, K::Transferred),
        (&told.reopened, K::Reopened),
        (&told.corrections, K::Corrections),
        (&told.stock, K::ClosingStock),
    ]
}

/// Titles of groups of columns: the row above the header, each spreading to the right.
fn group_titles(sample: &[Row], at: usize, width: usize) -> Vec<String> {
    let Some(above) = at.checked_sub(1).and_then(|i| sample.get(i)) else { return Vec::new() };
    let filled: BTreeSet<&str> = above.cells().map(str::trim).filter(|c| !c.is_empty()).collect();
    let speaks = filled.iter().any(|t| words::measure(t).is_some());
    // One lonely title is a title of the table, unless it stands over columns of its own.
    let first = (0..above.len()).find(|c| !above.text(*c).trim().is_empty()).unwrap_or(0);
    if filled.is_empty() || (filled.len() < 2 && !(speaks && first > 0)) {
        return Vec::new();
    }
    let mut last = String::new();
    (0..width)
        .map(|c| {
            let text = above.text(c).trim();
            if !text.is_empty() {
                last = text.to_owned();
            }
            last.clone()
        })
        .collect()
}

/// The measure named by the sheet or by a title above the table, when there is only one.
fn title_measure(sample: &[Row], at: usize, title: Option<&str>) -> Option<Measure> {
    let mut found = BTreeSet::new();
    let titles = sample.iter().take(at).flat_map(Row::cells).chain(title);
    for text in titles {
        // « Entrées et sorties » names two measures, hence none.
        for piece in text
            .split([',', ';', '/', '+', '&'])
            .flat_map(|p| p.split(" et "))
            .flat_map(|p| p.split(" and "))
        {
            if let Some(m) = words::measure(piece)
                && m.measure != Measure::Other
            {
                found.insert(m.measure);
            }
        }
    }
    match found.len() {
        1 => found.into_iter().next(),
        _ => None,
    }
}

/// Order of the dates of a column: day first unless the year leads; month first is never guessed.
fn date_order(data: &[&Row], c: usize, name: &str) -> Result<DateOrder, Undecided> {
    let mut votes: BTreeMap<u8, usize> = BTreeMap::new();
    let mut month_first = None;
    for row in data.iter().filter(|r| r.typed(c) == Typed::Text) {
        let text = row.text(c);
        let mut orders = values::orders_of(text.as_bytes(), values::DEFAULT_PIVOT);
        match orders.next() {
            Some(DateOrder::Dmy) => *votes.entry(0).or_default() += 1,
            Some(DateOrder::Ymd) => *votes.entry(1).or_default() += 1,
            Some(DateOrder::Mdy) => month_first = Some(text.trim().to_owned()),
            _ => {}
        }
    }
    let only_day_first = data.iter().any(|r| {
        r.typed(c) == Typed::Text
            && values::parse_moment(r.text(c).as_bytes(), DateOrder::Mdy, values::DEFAULT_PIVOT)
                == Err(DateProblem::Other(DateOrder::Dmy))
    });
    if let Some(example) = month_first
        && !only_day_first
    {
        return Err(Undecided::MonthFirst { column: name.to_owned(), example });
    }
    let (day_first, year_first) =
        (votes.get(&0).copied().unwrap_or(0), votes.get(&1).copied().unwrap_or(0));
    Ok(if year_first > day_first { DateOrder::Ymd } else { DateOrder::Dmy })
}

/// One column per day: the measure comes from the row, the group above, or the title.
fn days_as_columns(
    layout: &mut Layout,
    days: &[(usize, Date)],
    groups: &[String],
) -> Result<(), Undecided> {
    for (column, day) in days {
        let group = groups.get(*column).and_then(|g| words::measure(g)).map(|m| m.measure);
        let measure = match (layout.kind, group) {
            (Some(_), _) => None,
            (None, Some(Measure::Other)) => continue,
            (None, Some(measure)) => Some(measure),
            (None, None) => match layout.measure_of_title {
                Some(measure) => Some(measure),
                None => {
                    let columns = days.iter().take(5).map(|(_, d)| d.to_string()).collect();
                    return Err(Undecided::NoMeasure { columns });
                }
            },
        };
        layout.values.push(Value {
            column: *column,
            day: Some(*day),
            measure,
            dimensions: Dimensions::default(),
        });
    }
    Ok(())
}

/// A long table: one column of numbers, or one per product.
fn long_values(
    layout: &mut Layout,
    value: Option<usize>,
    numeric: &[usize],
) -> Result<(), Undecided> {
    let name = |c: usize| layout.header.get(c).map(String::as_str).unwrap_or("");
    let numeric: Vec<usize> = numeric
        .iter()
        .copied()
        .filter(|c| !words::is_total(name(*c)) || words::is_value_header(name(*c)))
        .filter(|c| words::measure(name(*c)).is_none_or(|m| m.measure != Measure::Other))
        .collect();
    let chosen = value.or_else(|| match numeric.as_slice() {
        [only] => Some(*only),
        many => {
            let mut named = many.iter().copied().filter(|c| words::is_value_header(name(*c)));
            match (named.next(), named.next()) {
                (Some(c), None) => Some(c),
                _ => None,
            }
        }
    });
    match chosen {
        Some(column) => layout.values.push(Value {
            column,
            day: None,
            measure: None,
            dimensions: Dimensions::default(),
        }),
        None if layout.product.is_none() && numeric.len() >= 2 => {
            for column in numeric {
                let dimensions = beside(name(column));
                layout.values.push(Value { column, day: None, measure: None, dimensions });
            }
        }
        None => {
            let columns = numeric.iter().map(|c| name(*c).to_owned()).collect();
            return Err(Undecided::NoMeasure { columns });
        }
    }
    Ok(())
}

/// Words beside a measure: a channel when they name one, else a product.
fn beside(rest: &str) -> Dimensions {
    let rest = rest.trim();
    if rest.is_empty() {
        Dimensions::default()
    } else if words::is_channel(rest) {
        Dimensions { channel: Some(rest.to_owned()), ..Dimensions::default() }
    } else {
        Dimensions { product: Some(rest.to_owned()), ..Dimensions::default() }
    }
}

/// One column per measure, per product, or per pair of them.
fn measured_columns(
    layout: &mut Layout,
    numeric: &[usize],
    groups: &[String],
    data: &[&Row],
) -> Result<(), Undecided> {
    let name = |c: usize| layout.header.get(c).cloned().unwrap_or_default();
    let mut ignored = Vec::new();
    let mut unknown = Vec::new();
    let mut found: Vec<(usize, Measure, Dimensions, bool)> = Vec::new();
    for &c in numeric {
        let heading = name(c);
        let group = groups.get(c).map(String::as_str).unwrap_or("");
        let over = words::measure(group);
        let is_sum = words::is_total(&heading) || words::is_total(group);
        match (words::measure(&heading), over) {
            (Some(m), _) if matches!(m.measure, Measure::Other | Measure::Opening) => {
                ignored.push(c);
            }
            (_, Some(o)) if matches!(o.measure, Measure::Other | Measure::Opening) => {
                ignored.push(c);
            }
            (Some(m), over) => {
                let product = if m.rest.is_empty() && over.is_none() && !words::is_total(group) {
                    group
                } else {
                    m.rest.as_str()
                };
                found.push((c, m.measure, beside(product), is_sum));
            }
            (None, Some(o)) => {
                let product = if heading.is_empty() { o.rest } else { heading };
                found.push((c, o.measure, beside(&product), is_sum));
            }
            (None, None) => unknown.push(c),
        }
    }
    if found.is_empty()
        && let Some(measure) =
            layout.measure_of_title.filter(|m| !matches!(m, Measure::Other | Measure::Opening))
    {
        for c in unknown.drain(..) {
            let heading = name(c);
            let is_sum = words::is_total(&heading);
            let bare = words::is_value_header(&heading) && !is_sum;
            let dimensions = if bare { Dimensions::default() } else { beside(&heading) };
            found.push((c, measure, dimensions, is_sum));
        }
    }
    if found.is_empty() {
        return Err(Undecided::NoMeasure { columns: unknown.into_iter().map(name).collect() });
    }
    // Sums beside their parts are left out; a sum alone is the figure itself.
    let alone = |c: usize, measure: Measure| {
        !found.iter().any(|(o, m, _, sum)| *o != c && *m == measure && !*sum)
    };
    let mut kept: Vec<(usize, Measure, Dimensions)> = Vec::new();
    let mut sums = Vec::new();
    for (c, measure, dimensions, is_sum) in &found {
        if !*is_sum {
            kept.push((*c, *measure, dimensions.clone()));
        } else if alone(*c, *measure) {
            kept.push((*c, *measure, Dimensions::default()));
        } else {
            sums.push(*c);
        }
    }
    let parts_of = |measure: Measure, c: usize| -> Vec<usize> {
        kept.iter()
            .filter(|(o, m, d)| *o != c && *m == measure && *d != Dimensions::default())
            .map(|(o, ..)| *o)
            .collect()
    };
    let mut wholes = Vec::new();
    for (c, measure, dimensions) in &kept {
        if *dimensions != Dimensions::default() {
            continue;
        }
        let parts = parts_of(*measure, *c);
        if parts.is_empty() {
            continue;
        }
        if !adds_up(data, *c, &parts) {
            let second = parts.first().map(|p| name(*p)).unwrap_or_default();
            return Err(Undecided::Twice { first: name(*c), second });
        }
        wholes.push(*c);
    }
    kept.retain(|(c, ..)| !wholes.contains(c));
    let mut seen: BTreeMap<(Measure, Dimensions), usize> = BTreeMap::new();
    for (c, measure, dimensions) in &kept {
        if let Some(first) = seen.insert((*measure, dimensions.clone()), *c) {
            return Err(Undecided::Twice { first: name(first), second: name(*c) });
        }
    }
    // A product named above a column and another in the row cannot both be kept.
    if layout.product.is_some() && kept.iter().any(|(_, _, d)| d.product.is_some()) {
        let columns = kept.iter().map(|(c, ..)| name(*c)).collect();
        return Err(Undecided::NoMeasure { columns });
    }
    let why = |fr: &str, en: &str| [fr.to_owned(), en.to_owned()];
    for c in sums.into_iter().chain(wholes) {
        layout.ignored.push((name(c), why("somme d’autres colonnes", "sum of other columns")));
    }
    for c in ignored {
        layout.ignored.push((
            name(c),
            why(
                "n’est pas un mouvement ni un stock de fin de jour",
                "is neither a movement nor a closing stock",
            ),
        ));
    }
    for c in unknown {
        layout.ignored.push((name(c), why("mesure inconnue", "unknown measure")));
    }
    layout.values = kept
        .into_iter()
        .map(|(column, measure, dimensions)| Value {
            column,
            day: None,
            measure: Some(measure),
            dimensions,
        })
        .collect();
    Ok(())
}

/// Whether a column is the sum of others on the rows looked at.
fn adds_up(data: &[&Row], whole: usize, parts: &[usize]) -> bool {
    let number = |row: &Row, c: usize| match row.typed(c) {
        Typed::Number(v) => Some(v),
        _ => values::parse_number(row.text(c), None).ok().flatten().map(|n| n.value),
    };
    let (mut compared, mut equal) = (0, 0);
    for row in data {
        let Some(total) = number(row, whole) else { continue };
        let sum: f64 = parts.iter().filter_map(|p| number(row, *p)).sum();
        compared += 1;
        equal += usize::from((total - sum).abs() < 0.5);
    }
    compared > 0 && equal * 10 >= compared * 9
}

/// Decimal mark of the numbers, or the question when only `1.234` is seen.
fn decimal(layout: &Layout, data: &[&Row]) -> Result<Option<Decimal>, Undecided> {
    let texts = || {
        data.iter().flat_map(|row| {
            layout
                .values
                .iter()
                .filter(|v| row.typed(v.column) == Typed::Text)
                .map(|v| (v.column, row.text(v.column)))
        })
    };
    match values::guess_decimal(texts().map(|(_, t)| t)) {
        DecimalGuess::Sure(mark) => Ok(Some(mark)),
        DecimalGuess::Ambiguous => {
            let found = texts().find(|(_, t)| {
                values::parse_number(t, None) == Err(values::NumberProblem::Ambiguous)
            });
            match found {
                Some((c, text)) => Err(Undecided::Decimal {
                    column: layout.header.get(c).cloned().unwrap_or_default(),
                    example: text.trim().to_owned(),
                }),
                None => Ok(None),
            }
        }
        _ => Ok(None),
    }
}
