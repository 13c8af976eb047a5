//! Detection: which line is the header, what each column holds, which role it plays.
//!
//! - Computes: statistics of a sample of rows, then a role per column from the
//!   words of its header and from what it holds.
//! - Units: shares between 0 and 1, header scores between 0 and 100.
//! - Shapes: a sample of rows in, [`ColumnStats`] and [`EventRoles`] out.
//! - Errors: none of its own; what is doubtful is a question for a person.
//! - Source: the headers of case tools in French, English and Dutch, of XES and of Disco.

use rustc_hash::FxHashSet;

use crate::{
    error::IngestError,
    mapping::{DateOrder, EventColumns},
    nir,
    preview::ColumnType,
    table::{Row, RowSource, Typed},
    values::{self, DEFAULT_PIVOT, DecimalGuess},
    words::normal,
};

/// Rows looked at before roles are proposed.
pub const SAMPLE_ROWS: usize = 2_000;

/// Distinct values counted per column before giving up.
const DISTINCT: usize = 2_000;

/// Which row of the beginning of a table is its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderGuess {
    /// This row (0-based among those given).
    Row(usize),
    /// None: the first row already holds data.
    Absent,
}

/// Finds the header among the first rows: title rows above it hold one or two
/// cells, rows below it hold dates and numbers.
pub fn find_header(rows: &[Vec<String>]) -> HeaderGuess {
    let filled = |r: &Vec<String>| r.iter().filter(|c| !c.trim().is_empty()).count();
    let typical = typical_width(rows.iter().map(filled));
    let is_data = |c: &String| {
        let text = c.trim();
        let starts = text.starts_with(|c: char| c.is_ascii_digit() || "-+(".contains(c));
        starts
            && (values::orders_of(text.as_bytes(), DEFAULT_PIVOT).next().is_some()
                || values::parse_number(text, None).is_ok())
    };
    for (i, row) in rows.iter().enumerate().take(60) {
        // Nearly as wide as the rows below: a header may leave a last column unnamed.
        if filled(row) * 10 < typical * 6 || (typical > 1 && filled(row) < 2) {
            continue;
        }
        let data = row.iter().filter(|c| is_data(c)).count();
        // Years or numbers may head columns, dates and amounts do not head most of them.
        return if data == 0 || data * 3 < filled(row) {
            HeaderGuess::Row(i)
        } else {
            HeaderGuess::Absent
        };
    }
    if rows.is_empty() { HeaderGuess::Absent } else { HeaderGuess::Row(0) }
}

/// The width most rows have, the widest among equals.
fn typical_width(widths: impl Iterator<Item = usize>) -> usize {
    let mut counts = std::collections::BTreeMap::<usize, usize>::new();
    for w in widths.filter(|w| *w > 0) {
        *counts.entry(w).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(w, n)| (*n, *w)).map_or(0, |(w, _)| w)
}

/// What the sampled cells of a column hold.
#[derive(Debug, Clone, Default)]
pub struct ColumnStats {
    /// Cells not empty.
    pub filled: u64,
    /// Cells that say "missing" without being empty, where that can be.
    pub said_missing: u64,
    /// Distinct values, at most [`DISTINCT`].
    pub distinct: FxHashSet<String>,
    /// First distinct values.
    pub samples: Vec<String>,
    /// Cells readable as a date in each order.
    pub dmy: u64,
    /// Same, year first.
    pub ymd: u64,
    /// Same, month first.
    pub mdy: u64,
    /// Cells that only day-first can read, with their first lines.
    pub dmy_only: Vec<u64>,
    /// Cells that only month-first can read, with their first lines.
    pub mdy_only: Vec<u64>,
    /// How many of each.
    pub only: [u64; 2],
    /// Dates with a time of day.
    pub timed: u64,
    /// True dates of a spreadsheet.
    pub typed_dates: u64,
    /// Numbers a spreadsheet could use for days between 1954 and 2119.
    pub serials: u64,
    /// Numbers.
    pub numbers: u64,
    /// Yes or no.
    pub booleans: u64,
    /// NIRs with their key.
    pub nirs: u64,
    /// Thirteen characters shaped like a NIR, and all cells of thirteen characters.
    pub bodies: [u64; 2],
    /// Characters in all.
    pub characters: u64,
    /// Cells of four words or more.
    pub sentences: u64,
    /// Identifiers that look cut to fifteen digits, and all of sixteen digits or more.
    pub rounded: [u64; 2],
}

/// What a column of dates says of their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DateVerdict {
    /// Not a column of dates.
    NotDates,
    /// Dates in this order.
    Order(DateOrder),
    /// Readable month first only, on these lines: never guessed.
    MonthFirst(Vec<u64>),
}

impl ColumnStats {
    /// Adds one cell.
    pub fn add(&mut self, line: u64, text: &str, typed: Typed) {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return;
        }
        self.filled += 1;
        self.said_missing += u64::from(values::is_missing(trimmed.as_bytes()));
        if self.distinct.len() < DISTINCT && !self.distinct.contains(text) {
            self.distinct.insert(text.to_owned());
            if self.samples.len() < 6 {
                self.samples.push(text.chars().take(80).collect());
            }
        }
        match typed {
            Typed::Instant(_) | Typed::Day(_) => {
                self.typed_dates += 1;
                self.timed += u64::from(matches!(typed, Typed::Instant(_)));
                return;
            }
            Typed::Number(n) => {
                self.numbers += 1;
                self.serials += u64::from((20_000.0..80_000.0).contains(&n));
            }
            Typed::Bool(_) => self.booleans += 1,
            Typed::Text | Typed::Error => self.add_text(line, trimmed),
        }
        self.characters += text.chars().count() as u64;
        self.sentences += u64::from(trimmed.split_whitespace().nth(3).is_some());
        let digits = text.len() >= 16 && text.bytes().all(|b| b.is_ascii_digit());
        self.rounded[0] += u64::from(values::is_rounded(text.as_bytes()));
        self.rounded[1] += u64::from(digits);
        if trimmed.len() >= 13 {
            self.nirs += u64::from(nir::find(trimmed, false).is_some());
            if trimmed.len() == 13 {
                self.bodies[0] += u64::from(nir::is_body(trimmed));
                self.bodies[1] += 1;
            }
        }
    }

    fn add_text(&mut self, line: u64, text: &str) {
        self.booleans += u64::from(values::parse_bool(text).is_some());
        let starts = text.bytes().next().is_some_and(|b| b.is_ascii_digit());
        let mut orders = [false; 3];
        if starts {
            for order in values::orders_of(text.as_bytes(), DEFAULT_PIVOT) {
                match order {
                    DateOrder::Dmy => orders[0] = true,
                    DateOrder::Ymd => orders[1] = true,
                    _ => orders[2] = true,
                }
            }
        }
        let [dmy, ymd, mdy] = orders;
        self.dmy += u64::from(dmy);
        self.ymd += u64::from(ymd);
        self.mdy += u64::from(mdy);
        if dmy != mdy {
            let (slot, lines) = if dmy { (0, &mut self.dmy_only) } else { (1, &mut self.mdy_only) };
            self.only[slot] += 1;
            if lines.len() < 10 {
                lines.push(line);
            }
        }
        self.timed +=
            u64::from((dmy || ymd || mdy) && text.len() > 10 && text.contains([':', 'h']));
        let compact = text.len() == 8 && ymd;
        if (!(dmy || ymd || mdy) || compact)
            && let Ok(Some(number)) = values::parse_number(text, Some(crate::Decimal::Comma))
                .or_else(|_| values::parse_number(text, Some(crate::Decimal::Point)))
        {
            self.numbers += 1;
            self.serials += u64::from((20_000.0..80_000.0).contains(&number.value));
        }
    }

    /// Cells that really say something.
    pub fn told(&self) -> u64 {
        self.filled - self.said_missing.min(self.filled)
    }

    /// Share of the told cells that are dates in the best order (day numbers left out).
    pub fn date_share(&self) -> f64 {
        share(self.typed_dates + self.dmy.max(self.ymd).max(self.mdy), self.told())
    }

    /// Share of the told cells that could be day numbers.
    pub fn serial_share(&self) -> f64 {
        share(self.serials, self.told())
    }

    /// The order of the dates, when most cells are dates.
    pub fn date_order(&self) -> DateVerdict {
        if self.told() == 0 {
            return DateVerdict::NotDates;
        }
        if self.date_share() >= 0.5 {
            if self.typed_dates > 0 && self.dmy == 0 && self.ymd == 0 && self.mdy > 0 {
                return DateVerdict::MonthFirst(self.mdy_only.clone());
            }
            if self.ymd >= self.dmy && (self.ymd > 0 || self.typed_dates > 0) {
                return DateVerdict::Order(DateOrder::Ymd);
            }
            // Day first unless nothing but month first can read most of what tells them apart.
            if self.dmy > 0 && self.only[0] >= self.only[1] {
                return DateVerdict::Order(DateOrder::Dmy);
            }
            return DateVerdict::MonthFirst(self.mdy_only.clone());
        }
        if self.serial_share() >= 0.9 {
            return DateVerdict::Order(DateOrder::Serial1900);
        }
        DateVerdict::NotDates
    }

    /// Whether cells of thirteen characters are NIRs without their key.
    pub fn holds_bodies(&self) -> bool {
        let [shaped, all] = self.bodies;
        shaped > 0 && shaped * 10 >= all * 8 && all * 2 >= self.told()
    }

    /// Whether identifiers of sixteen digits or more were cut to fifteen.
    pub fn was_rounded(&self) -> bool {
        let [rounded, long] = self.rounded;
        rounded > 0 && rounded * 10 >= long * 9
    }

    /// What the column seems to hold.
    pub fn holds(&self, rows: u64) -> ColumnType {
        let told = self.told();
        if told == 0 {
            return ColumnType::Empty;
        }
        if share(self.nirs, told) > 0.5 || self.holds_bodies() {
            return ColumnType::Nir;
        }
        if self.date_share() >= 0.5 {
            return if self.timed * 2 >= told { ColumnType::Instant } else { ColumnType::Date };
        }
        if share(self.numbers, told) >= 0.95 {
            return ColumnType::Number;
        }
        if share(self.booleans, told) >= 0.98 && self.distinct.len() <= 4 {
            return ColumnType::Boolean;
        }
        let long = self.characters > 40 * told || share(self.sentences, told) > 0.5;
        let varied = self.distinct.len() as u64 * 2 > self.filled.min(DISTINCT as u64);
        if long && varied && rows > 1 { ColumnType::FreeText } else { ColumnType::Text }
    }

    /// The decimal mark of its numbers.
    pub fn decimal(&self) -> DecimalGuess {
        values::guess_decimal(self.distinct.iter().map(String::as_str))
    }
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// The beginning of a table.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    /// Names of the columns.
    pub header: Vec<String>,
    /// Its line.
    pub header_line: u64,
    /// First rows, for show.
    pub rows: Vec<Vec<String>>,
    /// How many rows were looked at.
    pub looked_at: u64,
    /// Whether the table ends there.
    pub complete: bool,
    /// Statistics by column.
    pub columns: Vec<ColumnStats>,
}

/// Reads the first rows of a table.
pub fn sample(source: &mut dyn RowSource, most: usize) -> Result<Sample, IngestError> {
    let header = source.header().to_vec();
    let mut out = Sample {
        header_line: source.header_line(),
        columns: vec![ColumnStats::default(); header.len()],
        header,
        ..Sample::default()
    };
    let mut row = Row::default();
    while out.looked_at < most as u64 {
        if !source.next(&mut row)? {
            out.complete = true;
            break;
        }
        out.looked_at += 1;
        for (i, stats) in out.columns.iter_mut().enumerate() {
            stats.add(row.line(), row.text(i), row.typed(i));
        }
        if out.rows.len() < 20 {
            out.rows.push(row.cells().map(str::to_owned).collect());
        }
    }
    Ok(out)
}

/// Roles proposed for an event table: column positions with their confidence.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EventRoles {
    /// Case.
    pub case: Option<(usize, f64)>,
    /// Activity.
    pub activity: Option<(usize, f64)>,
    /// Instant, or end of the task.
    pub time: Option<(usize, f64)>,
    /// Start.
    pub start: Option<(usize, f64)>,
    /// Person or machine.
    pub resource: Option<(usize, f64)>,
    /// Lifecycle.
    pub lifecycle: Option<(usize, f64)>,
    /// Organisation.
    pub org: Option<(usize, f64)>,
    /// Unit.
    pub unit: Option<(usize, f64)>,
    /// Product.
    pub product: Option<(usize, f64)>,
    /// Channel.
    pub channel: Option<(usize, f64)>,
    /// Columns among which a person must choose, by role.
    pub doubts: Vec<(&'static str, Vec<usize>)>,
}

impl EventRoles {
    /// Role and confidence of a column.
    pub fn of(&self, column: usize) -> Option<(&'static str, f64)> {
        let end = if self.start.is_some() { "end" } else { "time" };
        [
            ("case", self.case),
            ("activity", self.activity),
            (end, self.time),
            ("start", self.start),
            ("resource", self.resource),
            ("lifecycle", self.lifecycle),
            ("org", self.org),
            ("unit", self.unit),
            ("product", self.product),
            ("channel", self.channel),
        ]
        .into_iter()
        .find_map(|(name, role)| role.filter(|(i, _)| *i == column).map(|(_, c)| (name, c)))
    }

    /// Whether an event table can be read without asking.
    pub fn complete(&self) -> bool {
        self.case.is_some() && self.activity.is_some() && self.time.is_some()
    }

    /// The columns of a mapping, named by `reference`.
    pub fn columns(&self, reference: impl Fn(usize) -> String) -> EventColumns {
        let name = |role: Option<(usize, f64)>| role.map(|(i, _)| reference(i));
        EventColumns {
            case: name(self.case),
            activity: name(self.activity),
            time: name(self.time),
            start: name(self.start),
            resource: name(self.resource),
            lifecycle: name(self.lifecycle),
            org: name(self.org),
            unit: name(self.unit),
            product: name(self.product),
            channel: name(self.channel),
            attributes: Vec::new(),
        }
    }
}

type Words = &'static [(&'static str, u32)];

const CASE: Words = &[
    ("case concept name", 100),
    ("case id", 98),
    ("caseid", 98),
    ("case", 95),
    ("case key", 94),
    ("case number", 94),
    ("case name", 90),
    ("trace", 80),
    ("trace id", 85),
    ("process instance", 85),
    ("n dossier", 98),
    ("no dossier", 98),
    ("num dossier", 98),
    ("numero dossier", 98),
    ("numero de dossier", 98),
    ("n de dossier", 98),
    ("n du dossier", 98),
    ("numero du dossier", 98),
    ("id dossier", 98),
    ("identifiant dossier", 98),
    ("ref dossier", 97),
    ("reference dossier", 97),
    ("reference du dossier", 97),
    ("code dossier", 95),
    ("dossier", 96),
    ("dossier id", 97),
    ("dossiernummer", 97),
    ("zaak", 95),
    ("zaaknummer", 97),
    ("zaak id", 97),
    ("zaakid", 97),
    ("n demande", 90),
    ("num demande", 90),
    ("numero demande", 90),
    ("numero de demande", 90),
    ("id demande", 90),
    ("demande", 80),
    ("request id", 88),
    ("request", 75),
    ("ticket", 88),
    ("ticket id", 90),
    ("incident", 80),
    ("incident id", 90),
    ("application id", 88),
    ("claim id", 88),
    ("claim", 75),
    ("order id", 80),
    ("n piece", 75),
    ("numero piece", 75),
    ("reference", 70),
    ("ref", 68),
    ("numero", 66),
    ("identifiant", 64),
    ("num", 60),
    ("n", 58),
    ("no", 55),
    ("id", 60),
    ("nir", 50),
    ("n allocataire", 60),
    ("numero allocataire", 60),
    ("matricule allocataire", 60),
];
const ACTIVITY: Words = &[
    ("activity", 98),
    ("concept name", 94),
    ("activity name", 97),
    ("activite", 98),
    ("nom activite", 97),
    ("nom de l activite", 97),
    ("libelle activite", 97),
    ("etape", 96),
    ("nom etape", 96),
    ("libelle etape", 96),
    ("nom de l etape", 96),
    ("tache", 95),
    ("nom tache", 95),
    ("libelle tache", 95),
    ("evenement", 90),
    ("type evenement", 92),
    ("type d evenement", 92),
    ("libelle evenement", 91),
    ("event", 88),
    ("event name", 92),
    ("event type", 90),
    ("task", 95),
    ("task name", 95),
    ("action", 86),
    ("step", 90),
    ("step name", 90),
    ("operation", 86),
    ("acte", 80),
    ("activiteit", 98),
    ("taak", 95),
    ("stap", 90),
    ("handeling", 88),
    ("traitement", 70),
    ("mouvement", 72),
    ("phase", 70),
    ("statut", 66),
    ("etat", 66),
    ("status", 66),
    ("situation", 50),
    ("libelle", 50),
];
const TIME: Words = &[
    ("complete timestamp", 99),
    ("completed timestamp", 99),
    ("end timestamp", 98),
    ("end time", 98),
    ("endtime", 98),
    ("end date", 97),
    ("end", 95),
    ("end datetime", 98),
    ("time timestamp", 97),
    ("timestamp", 95),
    ("time", 85),
    ("complete", 85),
    ("completed", 85),
    ("completion time", 97),
    ("finish", 90),
    ("finish time", 95),
    ("finished", 88),
    ("event time", 95),
    ("event timestamp", 96),
    ("event date", 93),
    ("event datetime", 96),
    ("datetime", 90),
    ("date time", 90),
    ("date", 84),
    ("fin", 95),
    ("date fin", 97),
    ("date de fin", 97),
    ("date heure fin", 98),
    ("date heure de fin", 98),
    ("date et heure de fin", 98),
    ("heure fin", 88),
    ("horodatage fin", 98),
    ("horodatage", 95),
    ("horodatage evenement", 96),
    ("date heure", 92),
    ("date et heure", 92),
    ("date evenement", 95),
    ("date de l evenement", 95),
    ("date d evenement", 95),
    ("date etape", 94),
    ("date de l etape", 94),
    ("date tache", 94),
    ("date activite", 94),
    ("date action", 93),
    ("date acte", 90),
    ("date operation", 92),
    ("date mouvement", 92),
    ("date traitement", 88),
    ("date de traitement", 88),
    ("date realisation", 90),
    ("date statut", 90),
    ("date etat", 88),
    ("date du statut", 90),
    ("einde", 95),
    ("eindtijd", 97),
    ("einddatum", 97),
    ("tijdstip", 94),
    ("tijd", 85),
    ("datum", 84),
];
const START: Words = &[
    ("start timestamp", 99),
    ("start time", 99),
    ("starttime", 99),
    ("start date", 97),
    ("start", 95),
    ("start datetime", 98),
    ("started", 90),
    ("begin", 90),
    ("begin time", 95),
    ("beginning", 85),
    ("debut", 95),
    ("date debut", 97),
    ("date de debut", 97),
    ("date heure debut", 98),
    ("date heure de debut", 98),
    ("date et heure de debut", 98),
    ("heure debut", 88),
    ("horodatage debut", 98),
    ("date prise en charge", 70),
    ("starttijd", 97),
    ("startdatum", 97),
    ("begintijd", 97),
    ("begindatum", 96),
];
const RESOURCE: Words = &[
    ("resource", 98),
    ("org resource", 96),
    ("ressource", 98),
    ("resource id", 96),
    ("agent", 94),
    ("id agent", 95),
    ("code agent", 95),
    ("identifiant agent", 95),
    ("matricule agent", 95),
    ("nom agent", 92),
    ("gestionnaire", 94),
    ("code gestionnaire", 95),
    ("technicien", 94),
    ("code technicien", 95),
    ("conseiller", 90),
    ("liquidateur", 90),
    ("utilisateur", 90),
    ("code utilisateur", 91),
    ("user", 90),
    ("user id", 91),
    ("userid", 91),
    ("username", 90),
    ("operateur", 88),
    ("operator", 88),
    ("employee", 90),
    ("employee id", 91),
    ("worker", 86),
    ("assignee", 88),
    ("assigned to", 88),
    ("owner", 75),
    ("traite par", 85),
    ("realise par", 85),
    ("auteur", 75),
    ("matricule", 80),
    ("acteur", 82),
    ("medewerker", 94),
    ("behandelaar", 94),
    ("gebruiker", 90),
    ("performer", 85),
    ("handler", 85),
    ("case handler", 88),
    ("originator", 80),
];
const LIFECYCLE: Words = &[
    ("lifecycle transition", 100),
    ("lifecycle", 95),
    ("transition", 85),
    ("cycle de vie", 90),
    ("event lifecycle", 90),
    ("transition de cycle de vie", 95),
];
const ORG: Words = &[
    ("organisme", 95),
    ("organisation", 92),
    ("organization", 92),
    ("org", 90),
    ("caisse", 94),
    ("code organisme", 94),
    ("caf", 80),
    ("cpam", 80),
    ("carsat", 80),
    ("body", 60),
    ("entite", 80),
    ("organisatie", 92),
    ("organization involved", 85),
];
const UNIT: Words = &[
    ("service", 95),
    ("unite", 95),
    ("equipe", 95),
    ("unit", 95),
    ("team", 95),
    ("org group", 94),
    ("org unit", 95),
    ("department", 90),
    ("site", 84),
    ("pole", 86),
    ("code service", 94),
    ("libelle service", 93),
    ("nom du service", 93),
    ("service gestionnaire", 93),
    ("groupe", 80),
    ("group", 80),
    ("workgroup", 88),
    ("bureau", 75),
    ("afdeling", 92),
    ("secteur", 75),
    ("corbeille", 80),
    ("portefeuille", 70),
];
const PRODUCT: Words = &[
    ("prestation", 96),
    ("code prestation", 96),
    ("libelle prestation", 95),
    ("produit", 95),
    ("product", 95),
    ("type de dossier", 90),
    ("type dossier", 90),
    ("type de demande", 90),
    ("type demande", 90),
    ("nature", 75),
    ("nature de la demande", 88),
    ("nature demande", 88),
    ("risque", 80),
    ("case type", 85),
    ("request type", 86),
    ("type de prestation", 96),
    ("famille de prestation", 80),
    ("motif", 60),
    ("zaaktype", 90),
    ("benefit", 85),
];
const CHANNEL: Words = &[
    ("canal", 96),
    ("channel", 96),
    ("canal de contact", 95),
    ("canal d arrivee", 95),
    ("canal d entree", 95),
    ("canal de reception", 95),
    ("mode de reception", 85),
    ("mode d arrivee", 85),
    ("mode de depot", 85),
    ("media", 70),
    ("kanaal", 96),
    ("voie", 60),
];
/// Headers of columns that name people, masked in previews whatever their role.
const PEOPLE: &[&str] = &[
    "nom",
    "prenom",
    "nom prenom",
    "nom et prenom",
    "allocataire",
    "assure",
    "beneficiaire",
    "creator",
    "name",
    "first name",
    "last name",
    "surname",
    "customer",
    "client",
    "email",
    "mail",
    "courriel",
    "telephone",
    "phone",
    "adresse",
    "address",
    "demandeur",
    "nir",
    "numero de securite sociale",
    "date de naissance",
    "birth date",
    "salarie",
    "employeur",
    "responsable",
    "responsible",
];

/// Whether a header names a column of people.
pub fn names_people(header: &str) -> bool {
    let header = normal(header);
    PEOPLE.contains(&header.as_str()) || score(&header, RESOURCE) > 0
}

/// Score of a header already normal for a role.
fn score(header: &str, words: Words) -> u32 {
    if let Some((_, s)) = words.iter().find(|(w, _)| *w == header) {
        return *s;
    }
    // One of the role's strong words inside a longer header, weaker the longer it is.
    words
        .iter()
        .filter(|(w, s)| *s >= 84 && w.len() >= 4 && contains_words(header, w))
        .map(|(w, s)| (s / 2).saturating_sub((header.len() - w.len()) as u32 / 2).max(30))
        .max()
        .unwrap_or(0)
}

fn contains_words(text: &str, words: &str) -> bool {
    text.match_indices(words).any(|(at, _)| {
        let before = text.get(..at).is_none_or(|t| t.is_empty() || t.ends_with(' '));
        let after = text.get(at + words.len()..).is_none_or(|t| t.is_empty() || t.starts_with(' '));
        before && after
    })
}

/// Proposes the roles of an event table.
pub fn event_roles(sample: &Sample) -> EventRoles {
    // XES exports prefix attributes of the case: `case:variant` says nothing of the event.
    let headers: Vec<String> = sample.header.iter().map(|h| normal(h)).collect();
    let mut roles = EventRoles::default();
    let mut taken = vec![false; headers.len()];
    let rows = sample.looked_at;
    let stats = |i: usize| sample.columns.get(i);
    let dates = |i: usize| stats(i).is_some_and(|s| s.date_share() >= 0.5);
    let serial = |i: usize| stats(i).is_some_and(|s| s.serial_share() >= 0.9);
    let filled = |i: usize| stats(i).map_or(0.0, |s| share(s.filled, rows));
    // `case:concept:name` is the case; other `case:` columns describe it and are no event role.
    let of_case = |i: usize| {
        let raw = sample.header.get(i).map_or("", |h| h.trim());
        (raw.starts_with("case:") && raw != "case:concept:name") || raw.starts_with("(case)")
    };
    // Technical columns of converters (`@@startevent_…`).
    let technical = |i: usize| sample.header.get(i).is_some_and(|h| h.trim().starts_with("@@"));
    let pick = |words: Words, taken: &[bool], fits: &dyn Fn(usize) -> bool| {
        (0..headers.len())
            .filter(|i| !taken.get(*i).copied().unwrap_or(true))
            .filter(|i| !of_case(*i) && !technical(*i) && fits(*i))
            .filter_map(|i| {
                let s = score(headers.get(i).map_or("", String::as_str), words);
                (s > 0).then_some((i, s))
            })
            // The first among equals: exports put the main columns first.
            .max_by_key(|(i, s)| (*s, usize::MAX - i))
    };
    let sure = |s: u32| f64::from(s) / 100.0;
    let take = |found: Option<(usize, u32)>, taken: &mut Vec<bool>| {
        let (i, s) = found?;
        if let Some(slot) = taken.get_mut(i) {
            *slot = true;
        }
        Some((i, sure(s)))
    };
    let is_time = |i: usize| dates(i) || serial(i) || stats(i).is_some_and(|s| s.told() == 0);
    roles.start = take(pick(START, &taken, &is_time), &mut taken);
    roles.time = take(pick(TIME, &taken, &is_time), &mut taken);
    if roles.time.is_none() {
        // Instants under any header: one is the instant, two are start and end when they are ordered.
        let free: Vec<usize> = (0..headers.len())
            .filter(|i| !taken.get(*i).copied().unwrap_or(true) && dates(*i) && !technical(*i))
            .filter(|i| filled(*i) >= 0.5)
            .collect();
        match (free.as_slice(), roles.start) {
            ([one], _) => roles.time = take(Some((*one, 60)), &mut taken),
            // Only a start was delivered: it is the instant of the event.
            ([], Some(start)) => {
                roles.time = Some(start);
                roles.start = None;
            }
            ([], None) => {}
            (several, _) => roles.doubts.push(("time", several.to_vec())),
        }
    }
    let not_date = |i: usize| !dates(i);
    roles.case =
        take(pick(CASE, &taken, &|i| not_date(i) && (filled(i) >= 0.5 || rows == 0)), &mut taken);
    roles.activity = take(
        pick(ACTIVITY, &taken, &|i| not_date(i) && (filled(i) >= 0.5 || rows == 0)),
        &mut taken,
    );
    roles.lifecycle = take(pick(LIFECYCLE, &taken, &not_date), &mut taken);
    roles.resource = take(pick(RESOURCE, &taken, &not_date), &mut taken);
    let label =
        |i: usize| not_date(i) && stats(i).is_some_and(|s| s.holds(rows) != ColumnType::FreeText);
    roles.channel = take(pick(CHANNEL, &taken, &label), &mut taken);
    roles.product = take(pick(PRODUCT, &taken, &label), &mut taken);
    roles.unit = take(pick(UNIT, &taken, &label), &mut taken);
    roles.org = take(pick(ORG, &taken, &label), &mut taken);
    by_content(sample, &mut roles, &mut taken);
    roles
}

/// Case and activity by what columns hold, when their headers say nothing.
fn by_content(sample: &Sample, roles: &mut EventRoles, taken: &mut [bool]) {
    let rows = sample.looked_at;
    if rows < 3 {
        return;
    }
    let free = |taken: &[bool]| -> Vec<usize> {
        sample
            .columns
            .iter()
            .enumerate()
            .filter(|(i, s)| {
                !taken.get(*i).copied().unwrap_or(true)
                    && share(s.filled, rows) >= 0.9
                    && matches!(
                        s.holds(rows),
                        ColumnType::Text | ColumnType::Number | ColumnType::Nir
                    )
            })
            .map(|(i, _)| i)
            .collect()
    };
    let stats = |i: &usize| sample.columns.get(*i);
    if roles.activity.is_none() {
        // Few names, often repeated, that are not numbers.
        let candidates: Vec<usize> = free(taken)
            .into_iter()
            .filter(|i| {
                stats(i).is_some_and(|s| {
                    let n = s.distinct.len() as u64;
                    (2..=rows / 3).contains(&n) && s.holds(rows) == ColumnType::Text
                })
            })
            .collect();
        match candidates.as_slice() {
            [one] => {
                roles.activity = Some((*one, 0.5));
                if let Some(slot) = taken.get_mut(*one) {
                    *slot = true;
                }
            }
            several => roles.doubts.push(("activity", several.to_vec())),
        }
    }
    if roles.case.is_none() {
        // Many identifiers, each on several rows.
        let candidates: Vec<usize> = free(taken)
            .into_iter()
            .filter(|i| {
                stats(i).is_some_and(|s| {
                    let n = s.distinct.len() as u64;
                    n * 50 >= rows && n * 10 <= rows * 9 && n > 1
                })
            })
            .collect();
        match candidates.as_slice() {
            [one] => {
                roles.case = Some((*one, 0.5));
                if let Some(slot) = taken.get_mut(*one) {
                    *slot = true;
                }
            }
            several => roles.doubts.push(("case", several.to_vec())),
        }
    }
}
