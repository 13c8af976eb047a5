//! What detection understood of a file, for a person to confirm or correct.

use eclusier_eventlog::MovementKind;
use serde::{Deserialize, Serialize};

use crate::{
    context::Limits,
    csv::Dialect,
    detect::{DateVerdict, EventRoles, Sample, event_roles, names_people},
    error::IngestError,
    events::{month_first, nearly_utf8_words},
    finding::{Code, Finding},
    mapping::{DateOrder, Decimal, Encoding, EventColumns, Format, Kind, Mapping, find_column},
    nir,
    values::DecimalGuess,
    words,
};

/// What is already known before looking.
#[derive(Debug, Clone, Default)]
pub struct Hints {
    /// What the person says the file holds.
    pub kind: Option<Kind>,
    /// A saved or typed mapping, complete or not: it always wins over detection.
    pub mapping: Option<Mapping>,
    /// Bounds against hostile files.
    pub limits: Limits,
}

/// What a column seems to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnType {
    /// Nothing in the rows looked at.
    Empty,
    /// Names or identifiers.
    Text,
    /// Long, rarely repeated sentences: never kept by default.
    FreeText,
    /// Numbers.
    Number,
    /// Civil days.
    Date,
    /// Instants.
    Instant,
    /// Yes or no.
    Boolean,
    /// National identity numbers.
    Nir,
}

/// One column as understood.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnPreview {
    /// 1-based position.
    pub position: usize,
    /// Header as delivered.
    pub name: String,
    /// How a mapping names it: its header, or `#n` when the header is empty or repeated.
    pub reference: String,
    /// Role proposed, as on the command line (`case`, `end`, `arrivals`…).
    pub role: Option<String>,
    /// Between 0 and 1.
    pub confidence: f64,
    /// What it seems to hold.
    pub holds: ColumnType,
    /// Share of the rows looked at that are filled.
    pub filled: f64,
    /// Distinct values among the rows looked at.
    pub distinct: u64,
    /// Some values, accents included, identifiers of people masked.
    pub samples: Vec<String>,
    /// Order of its dates.
    pub date_order: Option<DateOrder>,
    /// Decimal mark of its numbers.
    pub decimal: Option<Decimal>,
}

/// One possible answer to a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Value to put in the mapping.
    pub value: String,
    /// French label.
    pub fr: String,
    /// English label.
    pub en: String,
}

/// Something only a person can decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Stable code.
    pub code: Code,
    /// Role or mapping key the answer fills (`case`, `decimal`, `object_type`).
    pub key: String,
    /// Column concerned.
    pub column: Option<String>,
    /// French question.
    pub fr: String,
    /// English question.
    pub en: String,
    /// Answers offered.
    pub answers: Vec<Answer>,
}

/// A type of object of an object-centric log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectType {
    /// Name.
    pub name: String,
    /// Objects of this type.
    pub objects: u64,
    /// Events related to at least one of them.
    pub events: u64,
}

/// What detection understood of a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Preview {
    /// File name.
    pub name: String,
    /// Format.
    pub format: Format,
    /// What it seems to hold.
    pub kind: Kind,
    /// Encoding of a text file.
    pub encoding: Option<Encoding>,
    /// Separator of a text file.
    pub separator: Option<char>,
    /// Sheet read.
    pub sheet: Option<String>,
    /// Sheets that could be read.
    pub sheets: Vec<String>,
    /// 1-based line of the header.
    pub header_row: Option<u64>,
    /// Columns.
    pub columns: Vec<ColumnPreview>,
    /// First rows as read, identifiers of people and national numbers masked.
    pub rows: Vec<Vec<String>>,
    /// Object types, for object-centric logs.
    pub object_types: Vec<ObjectType>,
    /// What only a person can decide; empty when the file can be imported as it is.
    pub questions: Vec<Question>,
    /// What a person should know before going on.
    pub warnings: Vec<Finding>,
    /// The mapping proposed, complete when there is no question.
    pub mapping: Mapping,
}

impl Preview {
    /// A preview that knows only its name, format and kind.
    pub fn new(name: &str, format: Format, kind: Kind) -> Self {
        Self {
            name: name.to_owned(),
            format,
            kind,
            encoding: None,
            separator: None,
            sheet: None,
            sheets: Vec::new(),
            header_row: None,
            columns: Vec::new(),
            rows: Vec::new(),
            object_types: Vec::new(),
            questions: Vec::new(),
            warnings: Vec::new(),
            mapping: Mapping { kind, format: Some(format), ..Mapping::default() },
        }
    }
}

impl Preview {
    /// Says how a text file is written, here and in the proposed mapping.
    pub(crate) fn tell_dialect(&mut self, dialect: &Dialect) {
        let separator = char::from(dialect.separator);
        self.encoding = Some(dialect.encoding);
        self.separator = Some(separator);
        self.header_row = Some(dialect.header_row);
        self.mapping.encoding = self.encoding;
        self.mapping.separator = self.separator;
        self.mapping.header_row = self.header_row;
        if let Some(line) = dialect.nearly_utf8 {
            let [fr, en] = nearly_utf8_words(line);
            self.warn(Code::BadEncoding, Some(line), None, fr, en);
        }
        if dialect.title_rows > 0 {
            self.warn(
                Code::TitleRowSkipped,
                None,
                None,
                format!(
                    "l’en-tête est lu à la ligne {}, les lignes au-dessus sont un titre",
                    dialect.header_row
                ),
                format!(
                    "the header is read on line {}, the lines above are a title",
                    dialect.header_row
                ),
            );
        }
    }

    /// Asks which sheet to read.
    pub(crate) fn ask_sheet(&mut self, sheets: &[String]) {
        let list = sheets.join(", ");
        let answers = sheets
            .iter()
            .map(|s| Answer { value: s.clone(), fr: s.clone(), en: s.clone() })
            .collect();
        self.questions.push(Question {
            code: Code::ChooseSheet,
            key: "sheet".into(),
            column: None,
            fr: format!("plusieurs feuilles contiennent un tableau ({list}) : laquelle importer ?"),
            en: format!("several sheets hold a table ({list}): which one is to be imported?"),
            answers,
        });
    }

    fn warn(
        &mut self,
        code: Code,
        line: Option<u64>,
        column: Option<&str>,
        fr: String,
        en: String,
    ) {
        let column = column.map(str::to_owned);
        self.warnings.push(Finding { line, column, code, count: 1, fr, en });
    }
}

/// How a mapping names a column: its header, or its position when that says nothing.
fn reference(header: &[String], column: usize) -> String {
    let name = header.get(column).map_or("", |h| h.trim());
    let twins = header.iter().filter(|h| h.trim() == name).count();
    if name.is_empty() || twins > 1 { format!("#{}", column + 1) } else { name.to_owned() }
}

/// Understands a table of cells from its first rows.
pub(crate) fn of_table(
    name: &str,
    format: Format,
    sample: &Sample,
    hints: &Hints,
) -> Result<Preview, IngestError> {
    if sample.looked_at == 0 {
        return Err(IngestError::refused(
            name,
            Code::HeaderOnly,
            (sample.header_line > 0).then_some(sample.header_line),
            "le fichier n’a qu’un en-tête et aucune ligne : vérifiez les filtres de l’export",
            "the file has a header and no row: check the filters of the export",
        ));
    }
    let told = hints.mapping.clone().unwrap_or_default();
    let said = told.columns.clone();
    let roles = event_roles(sample);
    let kind = match (hints.kind, &hints.mapping) {
        (Some(kind), _) => kind,
        (None, Some(mapping)) if *mapping != Mapping::default() => mapping.kind,
        _ => guess_kind(sample, &roles),
    };
    // A column a person named must be there, and be one.
    let named = [
        &said.case,
        &said.activity,
        &said.time,
        &said.start,
        &said.resource,
        &said.lifecycle,
        &said.org,
        &said.unit,
        &said.product,
        &said.channel,
    ];
    if kind == Kind::Events {
        for column in named.into_iter().flatten().chain(&said.attributes) {
            find_column(name, &sample.header, column)?;
        }
    }
    let mut preview = Preview::new(name, format, kind);
    preview.header_row = Some(sample.header_line);
    let header = &sample.header;
    let by_reference = |i: usize| reference(header, i);
    let mut detected = Mapping { kind, format: Some(format), ..Mapping::default() };
    if kind == Kind::Events {
        detected.columns = roles.columns(by_reference);
    }
    preview.mapping = told.or(&detected);
    preview.mapping.kind = kind;
    let final_roles = match kind {
        Kind::Events => roles_of(&preview.mapping, header),
        Kind::Counts => count_roles(sample),
        Kind::Contacts | Kind::Staff => Vec::new(),
    };
    for (i, stats) in sample.columns.iter().enumerate() {
        let holds = stats.holds(sample.looked_at);
        let name = header.get(i).cloned().unwrap_or_default();
        let role = final_roles.iter().find(|(_, c)| *c == i).map(|(r, _)| (*r).to_owned());
        let confidence = match (&role, roles.of(i)) {
            (Some(role), Some((guessed, confidence))) if role == guessed => confidence,
            // A person said so, or the reader of counts will.
            (Some(_), _) => 1.0,
            (None, _) => 0.0,
        };
        let people = names_people(&name) || role.as_deref() == Some("resource");
        let shown = |text: &str| hide(text, people, holds);
        preview.columns.push(ColumnPreview {
            position: i + 1,
            reference: reference(header, i),
            role,
            confidence,
            holds,
            filled: stats.filled as f64 / sample.looked_at.max(1) as f64,
            distinct: stats.distinct.len() as u64,
            samples: stats.samples.iter().map(|s| shown(s)).collect(),
            date_order: match stats.date_order() {
                DateVerdict::Order(order) => Some(order),
                _ => None,
            },
            decimal: match stats.decimal() {
                DecimalGuess::Sure(decimal) if holds == ColumnType::Number => Some(decimal),
                _ => None,
            },
            name,
        });
    }
    preview.rows = sample
        .rows
        .iter()
        .map(|row| {
            row.iter()
                .enumerate()
                .map(|(i, text)| {
                    let people = preview.columns.get(i).is_none_or(|c| {
                        names_people(&c.name) || c.role.as_deref() == Some("resource")
                    });
                    let holds = preview.columns.get(i).map_or(ColumnType::Text, |c| c.holds);
                    hide(text, people, holds)
                })
                .collect()
        })
        .collect();
    if kind == Kind::Events {
        ask_events(&mut preview, sample, &roles, &final_roles, &said);
    }
    warn_columns(&mut preview, sample, &final_roles);
    Ok(preview)
}

/// A cell as a preview may show it.
fn hide(text: &str, people: bool, holds: ColumnType) -> String {
    let short: String = text.chars().take(80).collect();
    if people || holds == ColumnType::Nir || holds == ColumnType::FreeText {
        nir::mask(&short)
    } else {
        nir::masked(&short).into_owned()
    }
}

/// Roles of a mapping as column positions; names that are absent or doubtful have none.
fn roles_of(mapping: &Mapping, header: &[String]) -> Vec<(&'static str, usize)> {
    let c = &mapping.columns;
    let end = if c.start.is_some() { "end" } else { "time" };
    let named = [
        ("case", &c.case),
        ("activity", &c.activity),
        (end, &c.time),
        ("start", &c.start),
        ("resource", &c.resource),
        ("lifecycle", &c.lifecycle),
        ("org", &c.org),
        ("unit", &c.unit),
        ("product", &c.product),
        ("channel", &c.channel),
    ];
    let mut roles: Vec<(&'static str, usize)> = named
        .into_iter()
        .filter_map(|(role, name)| Some((role, find_column("", header, name.as_deref()?).ok()?)))
        .collect();
    for name in &c.attributes {
        if let Ok(column) = find_column("", header, name) {
            roles.push(("attribute", column));
        }
    }
    roles
}

/// What the columns of a table of counts are shown to mean. The mapping stays open:
/// the reader of counts sees layouts this does not (one column per day or product).
fn count_roles(sample: &Sample) -> Vec<(&'static str, usize)> {
    let mut roles = Vec::new();
    for (i, (name, stats)) in sample.header.iter().zip(&sample.columns).enumerate() {
        let holds = stats.holds(sample.looked_at);
        let first_date = !roles.iter().any(|(r, _)| *r == "date");
        let role = if stats.date_share() >= 0.5 && first_date {
            Some("date")
        } else if holds == ColumnType::Text {
            match words::dimension(name) {
                Some(words::Dimension::Org) => Some("org"),
                Some(words::Dimension::Unit) => Some("unit"),
                Some(words::Dimension::Product) => Some("product"),
                Some(words::Dimension::Channel) => Some("channel"),
                None => None,
            }
        } else {
            words::measure(name).and_then(|m| match m.measure {
                words::Measure::Kind(MovementKind::ClosingStock) => Some("stock"),
                words::Measure::Kind(kind) | words::Measure::PartOfOutputs(kind) => {
                    Some(kind.as_str())
                }
                words::Measure::Human => Some("settled_human"),
                words::Measure::Opening | words::Measure::Other => None,
            })
        };
        roles.extend(role.map(|r| (r, i)));
    }
    roles
}

/// Counts carry a day and measures; events carry a case.
fn guess_kind(sample: &Sample, roles: &EventRoles) -> Kind {
    let by_header = |role: Option<(usize, f64)>| role.is_some_and(|(_, c)| c > 0.5);
    if by_header(roles.case) && by_header(roles.activity) && roles.time.is_some() {
        return Kind::Events;
    }
    let dated = sample.columns.iter().any(|c| c.date_share() >= 0.5);
    let measured = sample.header.iter().zip(&sample.columns).any(|(name, stats)| {
        words::measure(name).is_some_and(|m| !matches!(m.measure, words::Measure::Other))
            && matches!(
                stats.holds(sample.looked_at),
                ColumnType::Number | ColumnType::Boolean | ColumnType::Empty
            )
    });
    // One row per day or per day and kind, and no case: a table of counts.
    if dated && measured && !by_header(roles.case) { Kind::Counts } else { Kind::Events }
}

/// What only a person can say of an event table.
fn ask_events(
    preview: &mut Preview,
    sample: &Sample,
    roles: &EventRoles,
    placed: &[(&'static str, usize)],
    told: &EventColumns,
) {
    let header = &sample.header;
    for (role, fr, en) in [
        ("case", "le numéro de dossier", "the case number"),
        ("activity", "l’activité (étape, tâche)", "the activity (step, task)"),
        ("time", "la date de l’événement", "the date of the event"),
    ] {
        let here = placed.iter().find(|(r, _)| *r == role || (role == "time" && *r == "end"));
        let alone_start = role == "time" && preview.mapping.columns.start.is_some();
        if let Some((_, column)) = here {
            // Detection fell on a name two columns carry: which one is meant is not ours to say.
            let name = header.get(*column).map_or("", |h| h.trim());
            let twins: Vec<usize> = (0..header.len())
                .filter(|i| header.get(*i).is_some_and(|h| h.trim() == name))
                .collect();
            if twins.len() > 1
                && !name.is_empty()
                && roles.of(*column).is_some_and(|(_, c)| c > 0.0)
                && !told_by_position(told, role)
            {
                let list = twins.iter().map(|i| (i + 1).to_string()).collect::<Vec<_>>().join(", ");
                preview.questions.push(Question {
                    code: Code::DuplicateHeader,
                    key: role.to_owned(),
                    column: Some(name.to_owned()),
                    fr: format!("plusieurs colonnes s’appellent « {name} » (colonnes {list}) : laquelle donne {fr} ?"),
                    en: format!("several columns are called {name:?} (columns {list}): which one holds {en}?"),
                    answers: answers(header, &twins),
                });
            }
            continue;
        }
        if alone_start {
            continue;
        }
        let candidates = roles.doubts.iter().find(|(r, c)| *r == role && !c.is_empty());
        let all: Vec<usize> = (0..header.len()).collect();
        let offered = candidates.map_or(all.as_slice(), |(_, c)| c.as_slice());
        let list = header.iter().take(60).map(|h| h.trim()).collect::<Vec<_>>().join(" | ");
        preview.questions.push(Question {
            code: Code::ChooseColumn,
            key: role.to_owned(),
            column: None,
            fr: format!("quelle colonne donne {fr} ? (--column {role}=…) Colonnes : {list}"),
            en: format!("which column holds {en}? (--column {role}=…) Columns: {list}"),
            answers: answers(header, offered),
        });
    }
    let dates = placed.iter().filter(|(r, _)| matches!(*r, "time" | "end" | "start"));
    let mut orders = Vec::new();
    for (_, column) in dates {
        let Some(stats) = sample.columns.get(*column) else { continue };
        match stats.date_order() {
            DateVerdict::Order(order) => orders.push(order),
            DateVerdict::MonthFirst(lines) if preview.mapping.date_order.is_none() => {
                let name = header.get(*column).map_or("", |h| h.trim());
                if let IngestError::Refused { fr, en, .. } = month_first("", name, &lines) {
                    preview.questions.push(Question {
                        code: Code::AmbiguousDates,
                        key: "date_order".into(),
                        column: Some(name.to_owned()),
                        fr,
                        en,
                        answers: vec![Answer {
                            value: "mdy".into(),
                            fr: "mois/jour/année".into(),
                            en: "month/day/year".into(),
                        }],
                    });
                }
            }
            _ => {}
        }
        let [day, month] = stats.only;
        if day > 0 && month > 0 {
            let name = header.get(*column).map_or("", |h| h.trim()).to_owned();
            let lines = stats.mdy_only.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
            let first = stats.mdy_only.first().copied();
            preview.warn(
                Code::MixedDates,
                first,
                Some(&name),
                format!("la colonne « {name} » mélange jour/mois et mois/jour (lignes {lines}) : réexportez-la d’une seule façon"),
                format!("column {name:?} mixes day/month and month/day (lines {lines}): export it again in one way"),
            );
        }
    }
    if preview.mapping.date_order.is_none()
        && let Some(first) = orders.first()
        && orders.iter().all(|o| o == first)
    {
        preview.mapping.date_order = Some(*first);
    }
    let activity =
        placed.iter().find(|(r, _)| *r == "activity").and_then(|(_, c)| sample.columns.get(*c));
    if let Some(activity) = activity
        && preview.mapping.ignore_activities.is_empty()
    {
        let has = |word: &str| activity.distinct.iter().find(|a| a.eq_ignore_ascii_case(word));
        if let (Some(start), Some(end)) = (has("start"), has("end")) {
            let (fr, en) = (
                format!(
                    "« {start} » et « {end} » semblent ajoutés par l’outil : écartez-les avec --ignore-activity {start},{end} si ce ne sont pas des tâches"
                ),
                format!(
                    "{start:?} and {end:?} look added by the tool: leave them out with --ignore-activity {start},{end} if they are no tasks"
                ),
            );
            preview.warn(Code::ArtificialRows, None, None, fr, en);
        }
    }
}

fn answers(header: &[String], columns: &[usize]) -> Vec<Answer> {
    columns
        .iter()
        .map(|i| {
            let name = header.get(*i).map_or("", |h| h.trim());
            let label = if name.is_empty() { format!("#{}", i + 1) } else { name.to_owned() };
            Answer { value: reference(header, *i), fr: label.clone(), en: label }
        })
        .collect()
}

/// What a person should know of the columns.
fn warn_columns(preview: &mut Preview, sample: &Sample, placed: &[(&'static str, usize)]) {
    for (i, stats) in sample.columns.iter().enumerate() {
        let name = sample.header.get(i).map_or("", |h| h.trim()).to_owned();
        let mapped = placed.iter().find(|(_, c)| *c == i).map(|(r, _)| *r);
        let holds = preview.columns.get(i).map_or(ColumnType::Text, |c| c.holds);
        if holds == ColumnType::Nir || stats.nirs > 0 {
            let (fr, en) = if mapped.is_some() {
                (
                    format!(
                        "« {name} » contient des numéros de sécurité sociale : ils seront remplacés par des numéros locaux, jamais enregistrés"
                    ),
                    format!(
                        "{name:?} holds national identity numbers: they will be replaced by local numbers, never stored"
                    ),
                )
            } else {
                (
                    format!(
                        "« {name} » contient des numéros de sécurité sociale : la colonne n’est pas lue"
                    ),
                    format!("{name:?} holds national identity numbers: the column is not read"),
                )
            };
            preview.warn(Code::NirReplaced, None, Some(&name), fr, en);
        }
        if holds == ColumnType::FreeText && mapped.is_none() {
            preview.warn(
                Code::FreeTextIgnored,
                None,
                Some(&name),
                format!("« {name} » est du texte libre : la colonne n’est pas lue"),
                format!("{name:?} is free text: the column is not read"),
            );
        }
        if stats.was_rounded() && matches!(mapped, Some("case" | "resource")) {
            preview.warn(
                Code::DamagedIdentifier,
                None,
                Some(&name),
                format!("« {name} » : identifiants arrondis à quinze chiffres par un tableur, réexportez cette colonne en texte"),
                format!("{name:?}: identifiers cut to fifteen digits by a spreadsheet, re-export this column as text"),
            );
        }
    }
}

/// Whether the person named the column of a role by its position.
fn told_by_position(told: &EventColumns, role: &str) -> bool {
    let name = match role {
        "case" => &told.case,
        "activity" => &told.activity,
        _ => &told.time,
    };
    name.as_deref().is_some_and(|n| n.trim().starts_with('#'))
}
