//! Tables of events (text or spreadsheet) into rows of the log.
//!
//! Every row is read by one plan fixed before the first: which column plays
//! which role, in which order its dates are written. A row that does not follow
//! goes to quarantine with its line, its column and the reason.

use std::{borrow::Cow, collections::BTreeMap};

use eclusier_eventlog::Precision;
use jiff::tz::TimeZone;
use rustc_hash::FxHashMap;

use crate::{
    context::{Context, EventReport},
    csv::{CsvSource, split::Record},
    detect::{ColumnStats, DateVerdict, Sample},
    error::IngestError,
    finding::Code,
    identity::Pseudonymiser,
    mapping::{DateOrder, Mapping, find_column},
    nir,
    rows::{EventRow, EventSink, RowStats, RowWriter},
    table::{Row, RowSource, Typed},
    values::{self, DEFAULT_PIVOT, DateProblem, Moment, Shift, ZoneClock},
    words::normal,
};

/// Rows between two looks at the progress.
const PROGRESS_ROWS: u64 = 8_192;

/// A row of cells, lent by a text file or a spreadsheet.
pub(crate) trait Cells {
    /// Whether trailing empty cells may be absent (spreadsheets leave them out).
    const RAGGED: bool;
    fn line(&self) -> u64;
    fn problem(&self) -> Option<Code>;
    fn len(&self) -> usize;
    fn get(&self, column: usize) -> &str;
    fn typed(&self, column: usize) -> Typed;
}

impl Cells for Record<'_> {
    const RAGGED: bool = false;
    fn line(&self) -> u64 {
        self.line
    }
    fn problem(&self) -> Option<Code> {
        self.problem
    }
    fn len(&self) -> usize {
        Record::len(self)
    }
    #[inline]
    fn get(&self, column: usize) -> &str {
        Record::get(self, column)
    }
    #[inline]
    fn typed(&self, _: usize) -> Typed {
        Typed::Text
    }
}

impl Cells for Row {
    const RAGGED: bool = true;
    fn line(&self) -> u64 {
        Row::line(self)
    }
    fn problem(&self) -> Option<Code> {
        Row::problem(self)
    }
    fn len(&self) -> usize {
        Row::len(self)
    }
    fn get(&self, column: usize) -> &str {
        self.text(column)
    }
    fn typed(&self, column: usize) -> Typed {
        Row::typed(self, column)
    }
}

/// A column of dates and the order they are written in.
#[derive(Debug, Clone, Copy)]
struct DateColumn {
    column: usize,
    order: DateOrder,
}

/// Which column plays which role, fixed before the first row.
#[derive(Debug, Clone)]
struct Plan {
    header: Vec<String>,
    case: usize,
    activity: usize,
    time: DateColumn,
    start: Option<DateColumn>,
    resource: Option<usize>,
    lifecycle: Option<usize>,
    /// Organisation, unit, product, channel: column, else constant.
    labels: [Option<usize>; 4],
    constants: [Option<String>; 4],
    /// JSON key and column.
    attributes: Vec<(String, usize)>,
    /// Columns whose cells of thirteen characters are NIRs without key.
    bodies: Vec<bool>,
    /// Identifiers of these columns were cut to fifteen digits.
    rounded: Vec<bool>,
    pivot: u8,
}

impl Plan {
    fn new(ctx: &Context<'_>, mapping: &Mapping, sample: &Sample) -> Result<Self, IngestError> {
        let header = &sample.header;
        let find = |name: &Option<String>| {
            name.as_deref().map(|n| find_column(&ctx.name, header, n)).transpose()
        };
        let c = &mapping.columns;
        let needed = |name: &Option<String>, role: &str, fr: &str, en: &str| {
            find(name)?.ok_or_else(|| {
                let list = header.iter().take(60).map(|h| h.trim()).collect::<Vec<_>>().join(" | ");
                IngestError::Choice {
                    name: ctx.name.clone(),
                    code: Code::ChooseColumn,
                    fr: format!(
                        "quelle colonne donne {fr} ? Indiquez-la avec --column {role}=… ; colonnes : {list}"
                    ),
                    en: format!("which column holds {en}? Say it with --column {role}=…; columns: {list}"),
                }
            })
        };
        let case = needed(&c.case, "case", "le dossier", "the case")?;
        let activity = needed(&c.activity, "activity", "l’activité", "the activity")?;
        // Only a start: it is the instant of the event.
        let (time, start) = match (&c.time, &c.start) {
            (None, Some(_)) => (needed(&c.start, "time", "la date", "the date")?, None),
            _ => (needed(&c.time, "time", "la date", "the date")?, find(&c.start)?),
        };
        let date = |column: usize| -> Result<DateColumn, IngestError> {
            let order = match mapping.date_order {
                Some(order) => order,
                None => order_of(ctx, header, column, sample.columns.get(column))?,
            };
            Ok(DateColumn { column, order })
        };
        let mut attributes = Vec::new();
        for name in &c.attributes {
            let column = find_column(&ctx.name, header, name)?;
            let key = serde_json::to_string(header.get(column).map_or("", |h| h.trim()));
            attributes.push((key.unwrap_or_default(), column));
        }
        let k = &mapping.constants;
        Ok(Self {
            case,
            activity,
            time: date(time)?,
            start: start.filter(|s| *s != time).map(date).transpose()?,
            resource: find(&c.resource)?,
            lifecycle: find(&c.lifecycle)?,
            labels: [find(&c.org)?, find(&c.unit)?, find(&c.product)?, find(&c.channel)?],
            constants: [k.org.clone(), k.unit.clone(), k.product.clone(), k.channel.clone()],
            attributes,
            bodies: sample.columns.iter().map(ColumnStats::holds_bodies).collect(),
            rounded: sample.columns.iter().map(ColumnStats::was_rounded).collect(),
            pivot: mapping.date_pivot.unwrap_or(DEFAULT_PIVOT),
            header: header.clone(),
        })
    }

    fn name(&self, column: usize) -> &str {
        self.header.get(column).map_or("", |h| h.trim())
    }
}

/// The order of a date column, or why nobody but a person can say it.
fn order_of(
    ctx: &Context<'_>,
    header: &[String],
    column: usize,
    stats: Option<&ColumnStats>,
) -> Result<DateOrder, IngestError> {
    match stats.map(ColumnStats::date_order) {
        Some(DateVerdict::Order(order)) => Ok(order),
        Some(DateVerdict::MonthFirst(lines)) => {
            Err(month_first(&ctx.name, header.get(column).map_or("", |h| h.trim()), &lines))
        }
        // Nothing readable in the sample: rows will say what is wrong, one by one.
        _ => Ok(DateOrder::Dmy),
    }
}

/// Lines as a person reads them.
fn list_lines(lines: &[u64]) -> String {
    lines.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")
}

/// A column that can only be read month first is never guessed.
pub(crate) fn month_first(file: &str, column: &str, lines: &[u64]) -> IngestError {
    let shown = list_lines(lines);
    IngestError::refused(
        file,
        Code::AmbiguousDates,
        lines.first().copied(),
        format!(
            "les dates de « {column} » ne se lisent que mois/jour/année (lignes {shown}) : réexportez-les en jj/mm/aaaa ou aaaa-mm-jj, ou écrivez date_order = \"mdy\" dans le modèle de lecture"
        ),
        format!(
            "the dates of {column:?} read only month/day/year (lines {shown}): export them again as dd/mm/yyyy or yyyy-mm-dd, or write date_order = \"mdy\" in the mapping"
        ),
    )
}

/// Dates of one column that do not follow its order.
#[derive(Debug, Default)]
struct Mixed {
    read: u64,
    others: u64,
    lines: Vec<u64>,
}

/// A date cell as understood.
enum Date {
    None,
    At(i64, Precision, Shift),
    Bad(DateProblem),
}

/// Reads rows of a table by a plan.
struct Reader<'s, 'c, 'a> {
    ctx: &'c mut Context<'a>,
    plan: Plan,
    writer: RowWriter<'s>,
    clock: ZoneClock,
    /// Replaces NIRs; its cache of people is not used.
    local: Pseudonymiser,
    /// Labels and activities already looked at for NIRs: `None` is clean.
    seen: FxHashMap<String, Option<String>>,
    /// Whether any of them was not clean.
    dirty: bool,
    /// Last long case number that is no NIR.
    clean_case: String,
    rows: u64,
    mixed: [Mixed; 2],
    suspect: u64,
    stray_cases: u64,
    schedules: u64,
    attributes: String,
}

/// Distinct labels remembered before starting afresh: bounds the memory.
const SEEN: usize = 100_000;

impl<'s, 'c, 'a> Reader<'s, 'c, 'a> {
    fn new(
        ctx: &'c mut Context<'a>,
        mapping: &Mapping,
        sample: &Sample,
        sink: &'s mut dyn EventSink,
    ) -> Result<Self, IngestError> {
        let plan = Plan::new(ctx, mapping, sample)?;
        let zone = zone_of(ctx, mapping)?;
        let ignore = ctx.ignore_activities.iter().chain(&mapping.ignore_activities).cloned();
        let writer = RowWriter::new(sink, ctx.people.clone(), ignore, ctx.delivery);
        let names: Vec<&str> = plan.header.iter().map(String::as_str).collect();
        ctx.quarantine.header(&names).map_err(|e| ctx.sink_error(e))?;
        Ok(Self {
            clock: ZoneClock::new(zone),
            local: ctx.people.clone(),
            seen: FxHashMap::default(),
            dirty: false,
            clean_case: String::new(),
            rows: 0,
            mixed: Default::default(),
            suspect: 0,
            stray_cases: 0,
            schedules: 0,
            attributes: String::new(),
            plan,
            writer,
            ctx,
        })
    }

    /// Reads one row: written, or refused with its reason.
    #[inline]
    fn row<C: Cells>(&mut self, cells: &C) -> Result<(), IngestError> {
        self.rows += 1;
        let width = self.plan.header.len();
        let spare = |from: usize| (from..cells.len()).any(|i| !cells.get(i).trim().is_empty());
        if cells.problem().is_some()
            || (cells.len() < width && !C::RAGGED)
            || (cells.len() > width && spare(width))
        {
            return self.damaged(cells);
        }
        let case = cells.get(self.plan.case);
        if case.is_empty() {
            return self.refuse(
                cells,
                self.plan.case,
                Code::MissingCase,
                ["le numéro de dossier est vide".into(), "the case number is empty".into()],
            );
        }
        let activity = cells.get(self.plan.activity);
        if activity.is_empty() {
            return self.refuse(
                cells,
                self.plan.activity,
                Code::MissingActivity,
                ["le nom de l’activité est vide".into(), "the activity name is empty".into()],
            );
        }
        let resource = self.plan.resource.map(|c| cells.get(c)).filter(|r| !r.is_empty());
        for (column, id) in [(Some(self.plan.case), Some(case)), (self.plan.resource, resource)] {
            if let (Some(column), Some(id)) = (column, id)
                && self.is_damaged(column, id)
            {
                return self.refuse(cells, column, Code::DamagedIdentifier, [
                    format!("« {} » a été transformé en nombre par un tableur : réexportez cette colonne en texte", shown_id(id)),
                    format!("{:?} was turned into a number by a spreadsheet: re-export this column as text", shown_id(id)),
                ]);
            }
        }
        let (mut time, mut precision, shift) = match self.date(cells, self.plan.time, 0) {
            Date::At(time, precision, shift) => (Some(time), precision, shift),
            Date::None => (None, Precision::Instant, Shift::None),
            Date::Bad(problem) => return self.bad_date(cells, self.plan.time, problem),
        };
        let (mut start, mut start_precision) = (None, Precision::Instant);
        if let Some(column) = self.plan.start {
            match self.date(cells, column, 1) {
                Date::At(at, p, shift) => {
                    (start, start_precision) = (Some(at), p);
                    if shift != Shift::None {
                        self.clock_change(cells.line(), column.column, shift);
                    }
                }
                Date::None => {}
                Date::Bad(problem) => return self.bad_date(cells, column, problem),
            }
        }
        let mut lifecycle = self.plan.lifecycle.map(|c| cells.get(c)).filter(|l| !l.is_empty());
        if time.is_none() && start.is_some() {
            // Begun and not ended: the row is a start that waits for its end.
            (time, precision, start) = (start, start_precision, None);
            lifecycle = Some("start");
            self.ctx.findings.add(Code::LoneStart, Some(cells.line()), None, || {
                [
                    "début sans fin : tâche encore ouverte".into(),
                    "start without end: the task is still open".into(),
                ]
            });
        }
        let Some(mut time) = time else {
            return self.refuse(
                cells,
                self.plan.time.column,
                Code::MissingTime,
                [
                    "la date est vide, ou vaut « aucune » (01/01/1900, 31/12/9999)".into(),
                    "the date is empty, or means none (01/01/1900, 31/12/9999)".into(),
                ],
            );
        };
        if let Some(begun) = start {
            // A day and an instant compare as civil days.
            if precision != start_precision {
                let day = |us: i64, p: Precision, clock: &ZoneClock| match p {
                    Precision::Day => us,
                    Precision::Instant => clock.civil_day(us),
                };
                let (a, b) =
                    (day(begun, start_precision, &self.clock), day(time, precision, &self.clock));
                (start, time, precision) = (Some(a), b, Precision::Day);
            }
            if start > Some(time) && shift == Shift::Fold {
                // 02:50 to 02:10 in the night that has two of them: the end is the second.
                time += self.clock.fold_width(time);
            }
            if start > Some(time) {
                return self.refuse(
                    cells,
                    self.plan.time.column,
                    Code::EndBeforeStart,
                    ["la fin précède le début".into(), "the end comes before the start".into()],
                );
            }
        }
        if shift != Shift::None {
            self.clock_change(cells.line(), self.plan.time.column, shift);
        }
        if !(0..4_102_444_800_000_000).contains(&time) {
            self.suspect += 1;
        }
        if !case.is_ascii() || case.starts_with([' ', '\t']) || case.ends_with([' ', '\t']) {
            self.stray_cases += u64::from(case.trim().len() != case.len());
        }
        let case = self.clean_case(cells.line(), case)?;
        self.note_person(cells.line(), resource)?;
        self.look(cells.line(), self.plan.activity, activity)?;
        let labels = self.plan.labels.map(|c| c.map(|c| (c, cells.get(c))));
        for (column, text) in labels.into_iter().flatten() {
            self.look(cells.line(), column, text)?;
        }
        self.write_attributes(cells)?;
        if lifecycle.is_some_and(|l| l.eq_ignore_ascii_case("schedule")) {
            self.schedules += 1;
        }
        let seen = self.dirty.then_some(&self.seen);
        let clean = |text: &str| seen.and_then(|s| s.get(text)).and_then(Option::as_deref);
        let label = |i: usize| {
            let told = labels.get(i).copied().flatten().map(|(_, text)| text);
            let told = told.filter(|t| !values::is_missing(t.trim_ascii().as_bytes()));
            told.or(self.plan.constants.get(i).and_then(Option::as_deref))
        };
        let kept = |i: usize| label(i).map(|l| clean(l).unwrap_or(l));
        let row = EventRow {
            case: &case,
            activity: clean(activity).unwrap_or(activity),
            time,
            start,
            precision,
            lifecycle,
            resource,
            org: kept(0),
            unit: kept(1),
            product: kept(2),
            channel: kept(3),
            attributes: (!self.attributes.is_empty()).then_some(self.attributes.as_str()),
        };
        self.writer.write(&row).map_err(|e| self.ctx.sink_error(e))
    }

    /// Reads a date cell of its column.
    #[inline]
    fn date<C: Cells>(&mut self, cells: &C, at: DateColumn, slot: usize) -> Date {
        let moment = match cells.typed(at.column) {
            Typed::Instant(civil) => values::us_of(civil).map_or(Moment::None, Moment::Civil),
            Typed::Day(civil) => values::us_of(civil).map_or(Moment::None, Moment::Day),
            Typed::Error => Moment::None,
            _ => {
                let text = cells.get(at.column);
                match values::parse_moment(text.as_bytes(), at.order, self.plan.pivot) {
                    Ok(moment) => moment,
                    Err(problem) => {
                        if let (DateProblem::Other(_), Some(mixed)) =
                            (problem, self.mixed.get_mut(slot))
                        {
                            mixed.others += 1;
                            if mixed.lines.len() < 10 {
                                mixed.lines.push(cells.line());
                            }
                        }
                        return Date::Bad(problem);
                    }
                }
            }
        };
        if let Some(mixed) = self.mixed.get_mut(slot) {
            mixed.read += u64::from(moment != Moment::None);
        }
        match moment {
            Moment::None => Date::None,
            Moment::Day(us) => Date::At(us, Precision::Day, Shift::None),
            Moment::Instant(us) => Date::At(us, Precision::Instant, Shift::None),
            Moment::Civil(us) => {
                let (us, shift) = self.clock.instant(us);
                Date::At(us, Precision::Instant, shift)
            }
        }
    }

    #[inline]
    fn is_damaged(&self, column: usize, id: &str) -> bool {
        let bytes = id.as_bytes();
        match bytes {
            [_, b'.' | b',', ..] => values::is_scientific(bytes),
            _ if bytes.len() >= 16 => {
                self.plan.rounded.get(column).copied().unwrap_or(false) && values::is_rounded(bytes)
            }
            _ => false,
        }
    }

    /// The case number, or a local one when it is or holds a NIR.
    #[inline]
    fn clean_case<'t>(&mut self, line: u64, case: &'t str) -> Result<Cow<'t, str>, IngestError> {
        if case.len() < 13 || case == self.clean_case {
            return Ok(Cow::Borrowed(case));
        }
        let clean = nir::replace(case, self.bodies(self.plan.case), &self.local);
        match clean {
            Cow::Owned(_) => self.found_nir(line, self.plan.case)?,
            // Rows of one case often follow each other.
            Cow::Borrowed(_) => case.clone_into(&mut self.clean_case),
        }
        Ok(clean)
    }

    /// People are replaced by the writer: a NIR among them is said all the same.
    #[inline]
    fn note_person(&mut self, line: u64, person: Option<&str>) -> Result<(), IngestError> {
        match (person, self.plan.resource) {
            (Some(person), Some(column)) if person.len() >= 13 => {
                if nir::find(person, self.bodies(column)).is_some() {
                    self.found_nir(line, column)?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Looks for NIRs in a label once; what replaces it is kept in `seen`.
    #[inline]
    fn look(&mut self, line: u64, column: usize, text: &str) -> Result<(), IngestError> {
        if text.len() < 13 {
            return Ok(());
        }
        if let Some(known) = self.seen.get(text) {
            return if known.is_some() { self.found_nir(line, column) } else { Ok(()) };
        }
        let replaced = match nir::replace(text, self.bodies(column), &self.local) {
            Cow::Borrowed(_) => None,
            Cow::Owned(clean) => Some(clean),
        };
        let found = replaced.is_some();
        self.dirty |= found;
        if self.seen.len() >= SEEN {
            self.seen.clear();
        }
        self.seen.insert(text.to_owned(), replaced);
        if found { self.found_nir(line, column) } else { Ok(()) }
    }

    fn bodies(&self, column: usize) -> bool {
        self.plan.bodies.get(column).copied().unwrap_or(false)
    }

    /// Writes the kept attributes of the row as a JSON object.
    fn write_attributes<C: Cells>(&mut self, cells: &C) -> Result<(), IngestError> {
        self.attributes.clear();
        if self.plan.attributes.is_empty() {
            return Ok(());
        }
        let mut json = std::mem::take(&mut self.attributes);
        for i in 0..self.plan.attributes.len() {
            let Some((key, column)) = self.plan.attributes.get(i) else { break };
            let (column, text) = (*column, cells.get(*column));
            if text.is_empty() {
                continue;
            }
            json.push(if json.is_empty() { '{' } else { ',' });
            json.push_str(key);
            json.push(':');
            let clean = nir::replace(text, self.bodies(column), &self.local);
            json.push_str(&serde_json::to_string(clean.as_ref()).unwrap_or_else(|_| "null".into()));
            if let Cow::Owned(_) = clean {
                self.found_nir(cells.line(), column)?;
            }
        }
        if !json.is_empty() {
            json.push('}');
        }
        self.attributes = json;
        Ok(())
    }

    #[cold]
    fn found_nir(&mut self, line: u64, column: usize) -> Result<(), IngestError> {
        let name = self.plan.name(column).to_owned();
        if self.ctx.strict_nir {
            return Err(self.ctx.refusal(
                Code::NirRefused,
                Some(line),
                format!("la colonne « {name} » contient des numéros de sécurité sociale (ligne {line}) : le mode strict refuse le fichier, réexportez-le sans eux"),
                format!("column {name:?} holds national identity numbers (line {line}): strict mode refuses the file, export it again without them"),
            ));
        }
        self.ctx.findings.add(Code::NirReplaced, Some(line), Some(&name), || {
            [
                "numéro de sécurité sociale remplacé par un numéro local".into(),
                "national identity number replaced by a local number".into(),
            ]
        });
        Ok(())
    }

    #[cold]
    fn clock_change(&mut self, line: u64, column: usize, shift: Shift) {
        let name = self.plan.name(column).to_owned();
        self.ctx.findings.add(Code::ClockChange, Some(line), Some(&name), || match shift {
            Shift::Gap => [
                "heure qui n’a pas existé (passage à l’heure d’été), lue une heure plus tard"
                    .into(),
                "time that never was (clocks went forward), read one hour later".into(),
            ],
            _ => [
                "heure vécue deux fois (passage à l’heure d’hiver), lue comme la première".into(),
                "time that was twice (clocks went back), read as the first".into(),
            ],
        });
    }

    #[cold]
    fn damaged<C: Cells>(&mut self, cells: &C) -> Result<(), IngestError> {
        let (found, expected) = (cells.len(), self.plan.header.len());
        let (code, words) = match cells.problem() {
            Some(Code::BadEncoding) => (
                Code::BadEncoding,
                [
                    "la ligne contient des octets illisibles dans l’encodage du fichier".to_owned(),
                    "the line holds bytes its encoding cannot read".to_owned(),
                ],
            ),
            Some(code) => (
                code,
                [
                    "guillemet jamais refermé, ou ligne démesurée".to_owned(),
                    "a quote is never closed, or the line is far too long".to_owned(),
                ],
            ),
            None => (
                Code::ColumnCount,
                [
                    format!("{found} colonnes au lieu de {expected}"),
                    format!("{found} columns instead of {expected}"),
                ],
            ),
        };
        self.refuse_whole(cells, code, words)
    }

    #[cold]
    fn bad_date<C: Cells>(
        &mut self,
        cells: &C,
        at: DateColumn,
        problem: DateProblem,
    ) -> Result<(), IngestError> {
        let text = nir::quoted(cells.get(at.column));
        match problem {
            DateProblem::Unreadable => self.refuse(
                cells,
                at.column,
                Code::BadDate,
                [format!("« {text} » n’est pas une date"), format!("{text:?} is not a date")],
            ),
            DateProblem::Other(order) => self.refuse(
                cells,
                at.column,
                Code::MixedDates,
                [
                    format!(
                        "« {text} » est écrit {}, les autres dates de la colonne {}",
                        order_fr(order),
                        order_fr(at.order)
                    ),
                    format!(
                        "{text:?} is written {}, the other dates of the column {}",
                        order_en(order),
                        order_en(at.order)
                    ),
                ],
            ),
        }
    }

    /// Sends a row to quarantine for one of its cells.
    #[cold]
    fn refuse<C: Cells>(
        &mut self,
        cells: &C,
        column: usize,
        code: Code,
        words: [String; 2],
    ) -> Result<(), IngestError> {
        let name = self.plan.name(column).to_owned();
        self.send(cells, &name, code, words)
    }

    #[cold]
    fn refuse_whole<C: Cells>(
        &mut self,
        cells: &C,
        code: Code,
        words: [String; 2],
    ) -> Result<(), IngestError> {
        self.send(cells, "", code, words)
    }

    fn send<C: Cells>(
        &mut self,
        cells: &C,
        column: &str,
        code: Code,
        words: [String; 2],
    ) -> Result<(), IngestError> {
        // People and NIRs are replaced before anything is written, here too. A row
        // whose columns slipped may hold people anywhere: nothing of it is shown.
        let slipped = cells.len() != self.plan.header.len()
            && self.plan.resource.is_some()
            && !(C::RAGGED && cells.len() < self.plan.header.len());
        let fields: Vec<Cow<'_, str>> = (0..cells.len())
            .map(|i| {
                let text = cells.get(i);
                if text.is_empty() {
                    Cow::Borrowed(text)
                } else if self.plan.resource == Some(i) {
                    Cow::Owned(self.local.person(text).to_owned())
                } else if code == Code::BadDate && self.plan.name(i) == column {
                    // What is no date may be a name: its shape and its line are enough to mend it.
                    Cow::Owned(nir::quoted(text))
                } else if slipped && self.plan.case != i && self.plan.activity != i {
                    Cow::Owned(nir::mask(text))
                } else {
                    nir::replace(text, true, &self.local)
                }
            })
            .collect();
        let fields: Vec<&str> = fields.iter().map(Cow::as_ref).collect();
        self.ctx.refuse(cells.line(), column, code, words, &fields)
    }

    /// Closes the reading: what concerns the whole is said, or refuses it.
    fn finish(self) -> Result<EventReport, IngestError> {
        let Self { ctx, plan, writer, rows, mixed, suspect, stray_cases, schedules, .. } = self;
        let columns = [Some(plan.time), plan.start];
        for (mixed, at) in mixed.iter().zip(columns) {
            let Some(at) = at else { continue };
            // One odd line goes to quarantine; one in a hundred means the column cannot be trusted.
            if mixed.others > 0 && mixed.others * 100 >= mixed.others + mixed.read {
                let (name, lines) = (plan.name(at.column), list_lines(&mixed.lines));
                let others = mixed.others;
                return Err(ctx.refusal(
                    Code::MixedDates,
                    mixed.lines.first().copied(),
                    format!("la colonne « {name} » mélange deux écritures de dates : {others} lignes ne sont pas écrites {} (lignes {lines}…) ; rien n’est importé, réexportez-la d’une seule façon", order_fr(at.order)),
                    format!("column {name:?} mixes two ways of writing dates: {others} lines are not written {} (lines {lines}…); nothing is imported, export it again in one way", order_en(at.order)),
                ));
            }
        }
        if rows == 0 {
            return Err(ctx.refusal(
                Code::HeaderOnly,
                None,
                "le fichier n’a qu’un en-tête et aucune ligne : vérifiez les filtres de l’export",
                "the file has a header and no row: check the filters of the export",
            ));
        }
        let stats = writer.finish().map_err(|e| ctx.sink_error(e))?;
        whole_findings(ctx, &stats, suspect, stray_cases, schedules);
        Ok(ctx.event_report(rows, stats))
    }
}

/// Zone of instants without offset: the mapping's, else the body's.
pub(crate) fn zone_of(ctx: &Context<'_>, mapping: &Mapping) -> Result<TimeZone, IngestError> {
    match &mapping.zone {
        None => Ok(ctx.zone.clone()),
        Some(name) => TimeZone::get(name).map_err(|_| {
            ctx.refusal(
                Code::UnknownCode,
                None,
                format!("fuseau horaire inconnu « {name} » : écrivez par exemple Europe/Paris"),
                format!("unknown time zone {name:?}: write for example Europe/Paris"),
            )
        }),
    }
}

fn order_fr(order: DateOrder) -> &'static str {
    match order {
        DateOrder::Dmy => "jour/mois/année",
        DateOrder::Ymd => "année-mois-jour",
        DateOrder::Mdy => "mois/jour/année",
        DateOrder::Serial1900 | DateOrder::Serial1904 => "en numéro de jour de tableur",
    }
}

fn order_en(order: DateOrder) -> &'static str {
    match order {
        DateOrder::Dmy => "day/month/year",
        DateOrder::Ymd => "year-month-day",
        DateOrder::Mdy => "month/day/year",
        DateOrder::Serial1900 | DateOrder::Serial1904 => "as day numbers",
    }
}

/// A damaged identifier shown without what it may identify: only its shape matters.
fn shown_id(id: &str) -> String {
    nir::mask(&id.chars().take(24).collect::<String>())
}

/// Findings on the accepted rows as a whole.
fn whole_findings(
    ctx: &mut Context<'_>,
    stats: &RowStats,
    suspect: u64,
    stray_cases: u64,
    schedules: u64,
) {
    let f = &mut ctx.findings;
    f.summary(
        Code::DateOnly,
        stats.date_only,
        [
            "dates sans heure : aucun temps de travail n’en est tiré".into(),
            "dates without time of day: no worked time is computed from them".into(),
        ],
    );
    f.summary(
        Code::UncertainOrder,
        stats.date_only,
        [
            "dans un même jour, l’ordre gardé est celui du fichier : il est incertain".into(),
            "within a day the order kept is that of the file: it is uncertain".into(),
        ],
    );
    f.summary(
        Code::SuspectDate,
        suspect,
        [
            "dates d’avant 1970 ou d’après 2100, gardées : vérifiez-les à la source".into(),
            "dates before 1970 or after 2100, kept: check them at the source".into(),
        ],
    );
    f.summary(
        Code::StrayWhitespace,
        stray_cases,
        [
            "numéros de dossier entourés d’espaces, gardés tels quels".into(),
            "case numbers with spaces around them, kept as they are".into(),
        ],
    );
    f.summary(
        Code::ScheduleRows,
        schedules,
        [
            "lignes « schedule » : entrées en corbeille, sans temps de travail".into(),
            "schedule rows: entries in the basket, without work time".into(),
        ],
    );
    activity_names(ctx, stats);
}

/// Names shown in one finding.
const SHOWN_NAMES: usize = 20;

/// Names of activities that look alike or carry stray spaces.
fn activity_names(ctx: &mut Context<'_>, stats: &RowStats) {
    let mut alike = BTreeMap::<String, Vec<&str>>::new();
    let mut strays = Vec::new();
    for name in &stats.activities {
        if name.trim() != name || name.contains("  ") || name.contains('\u{a0}') {
            strays.push(name.as_str());
        }
        alike.entry(normal(name)).or_default().push(name);
    }
    let more = if strays.len() > SHOWN_NAMES { ", …" } else { "" };
    let shown = || strays.iter().take(SHOWN_NAMES);
    let fr = shown().map(|n| format!("« {n} »")).collect::<Vec<_>>().join(", ");
    let en = shown().map(|n| format!("{n:?}")).collect::<Vec<_>>().join(", ");
    ctx.findings.summary(
        Code::StrayWhitespace,
        strays.len() as u64,
        [
            format!("activités dont le nom contient des espaces superflus, gardés tels quels : {fr}{more}"),
            format!("activities whose name holds stray spaces, kept as they are: {en}{more}"),
        ],
    );
    for names in alike.values().filter(|n| n.len() > 1) {
        ctx.findings.add(Code::LookAlikeNames, None, None, || {
            let fr = names.iter().map(|n| format!("« {n} »")).collect::<Vec<_>>().join(", ");
            let en = names.iter().map(|n| format!("{n:?}")).collect::<Vec<_>>().join(", ");
            [
                format!("activités aux noms presque pareils, gardées distinctes : {fr}"),
                format!("activities with nearly the same name, kept apart: {en}"),
            ]
        });
    }
}

/// Reads the events of a text file.
pub(crate) fn read_csv(
    mut source: CsvSource,
    mapping: &Mapping,
    sample: &Sample,
    ctx: &mut Context<'_>,
    sink: &mut dyn EventSink,
) -> Result<EventReport, IngestError> {
    let nearly = source.dialect().nearly_utf8;
    if let Some(line) = nearly {
        ctx.findings.add(Code::BadEncoding, Some(line), None, || nearly_utf8_words(line));
    }
    let titles = source.dialect().title_rows;
    ctx.findings.summary(
        Code::TitleRowSkipped,
        titles,
        [
            "lignes de titre au-dessus de l’en-tête, ignorées".into(),
            "title rows above the header, passed over".into(),
        ],
    );
    let mut reader = Reader::new(ctx, mapping, sample, sink)?;
    while let Some(record) = source.next_record()? {
        reader.row(&record)?;
        if reader.rows.is_multiple_of(PROGRESS_ROWS) {
            let (done, total) = source.position();
            reader.ctx.at(done, total)?;
        }
    }
    reader.finish()
}

/// Reads the events of any table of cells.
///
/// `after` says what the source passed over, once it was read to its end.
pub(crate) fn read_rows<S: RowSource>(
    source: &mut S,
    mapping: &Mapping,
    sample: &Sample,
    ctx: &mut Context<'_>,
    sink: &mut dyn EventSink,
    after: impl FnOnce(&S, &mut Context<'_>),
) -> Result<EventReport, IngestError> {
    let mut reader = Reader::new(ctx, mapping, sample, sink)?;
    let mut row = Row::default();
    while source.next(&mut row)? {
        reader.row(&row)?;
        if reader.rows.is_multiple_of(PROGRESS_ROWS) {
            let (done, total) = source.position();
            reader.ctx.at(done, total)?;
        }
    }
    after(source, reader.ctx);
    reader.finish()
}

/// What to say of a file that is UTF-8 but for a few bytes.
pub(crate) fn nearly_utf8_words(line: u64) -> [String; 2] {
    [
        format!(
            "le fichier est en UTF-8 sauf quelques octets (premier à la ligne {line}) : il est lu en Windows-1252 ; si les accents sont faux, choisissez UTF-8, ces lignes iront en quarantaine"
        ),
        format!(
            "the file is UTF-8 but for a few bytes (first on line {line}): it is read as Windows-1252; if accents look wrong choose UTF-8 and those lines go to quarantine"
        ),
    ]
}
