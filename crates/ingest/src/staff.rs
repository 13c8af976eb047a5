//! Staff lists: who works where, for which share of time, with which skills.
//!
//! - Computes: one line per person and period, the identifier replaced by the same
//!   pseudonym as in event logs, so that both join.
//! - Units: contract share of a full time (1 = full time); hours per week.
//! - Shapes: a table in, [`StaffRow`]s out; names, if any, are read past and never kept.
//! - Errors: [`IngestError`] when no column identifies people; a bad row goes to quarantine.
//! - Source: `DOMAIN.md` §2.5 (FTE) and §7 (pseudonyms).

use std::path::Path;

use jiff::civil::Date;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::{
    Code, Context, Finding, IngestError, Mapping, csv,
    mapping::{DateOrder, Format, find_column},
    nir,
    sheet::SheetTable,
    table::{Row, RowSource, Typed},
    values::{self, Moment},
    words::{self, normal},
};

/// One person in one unit over one period.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StaffRow {
    /// Pseudonym, the same as in logs.
    pub person: String,
    /// Organisation.
    pub org: Option<String>,
    /// Unit (service, team).
    pub unit: Option<String>,
    /// Share of a full time, 1 = full time; unknown when not delivered.
    pub contract_share: Option<f64>,
    /// Contractual hours per week; unknown when not delivered.
    pub weekly_hours: Option<f64>,
    /// Skills, as written.
    pub skills: Vec<String>,
    /// First day; `None` is "as far back as known".
    pub from: Option<Date>,
    /// Last day, included; `None` is "until further notice".
    pub to: Option<Date>,
}

/// What was read from a staff list.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct StaffReport {
    /// Rows of the list.
    pub rows_read: u64,
    /// Rows taken.
    pub accepted: u64,
    /// Rows sent to quarantine.
    pub quarantined: u64,
    /// Distinct people.
    pub people: u64,
    /// The rows, in delivery order.
    pub rows: Vec<StaffRow>,
    /// What a person should know.
    pub findings: Vec<Finding>,
    /// Remarks about the reading as a whole, French then English.
    pub notes: Vec<[String; 2]>,
}

/// Columns of a staff list, by position.
#[derive(Debug, Clone, Default)]
struct Columns {
    person: Option<usize>,
    org: Option<usize>,
    unit: Option<usize>,
    share: Option<usize>,
    hours: Option<usize>,
    skills: Option<usize>,
    from: Option<usize>,
    to: Option<usize>,
    /// Columns of names, never kept.
    names: Vec<usize>,
}

const IDENTIFIERS: &[&str] = &[
    "matricule",
    "numero agent",
    "n agent",
    "no agent",
    "id agent",
    "identifiant agent",
    "identifiant",
    "code agent",
    "login",
    "agent",
    "id",
    "employee id",
    "employee",
    "staff id",
    "user id",
    "user",
    "person",
    "personne",
    "person id",
    "resource",
    "id salarie",
    "salarie",
    "personnel number",
];
const NAMES: &[&str] = &[
    "nom",
    "prenom",
    "nom prenom",
    "nom et prenom",
    "prenom nom",
    "nom de l agent",
    "name",
    "first name",
    "last name",
    "surname",
    "full name",
    "nom usuel",
    "nom de naissance",
    "mail",
    "email",
    "e mail",
    "courriel",
    "adresse",
    "telephone",
    "phone",
];
const SHARES: &[&str] = &[
    "quotite",
    "etp",
    "fte",
    "taux d activite",
    "taux d emploi",
    "taux de temps de travail",
    "temps de travail",
    "part",
    "contract share",
    "share",
    "working time",
    "quotite de travail",
];
const HOURS: &[&str] = &[
    "heures",
    "heures par semaine",
    "heures hebdomadaires",
    "duree hebdomadaire",
    "hours",
    "hours per week",
    "weekly hours",
    "horaire hebdomadaire",
];
const SKILLS: &[&str] = &[
    "competence",
    "competences",
    "habilitation",
    "habilitations",
    "skill",
    "skills",
    "polyvalence",
];
const FROM: &[&str] = &[
    "du",
    "debut",
    "date de debut",
    "date debut",
    "date d entree",
    "entree",
    "from",
    "start",
    "start date",
    "depuis",
    "date d arrivee",
];
const TO: &[&str] = &[
    "au",
    "fin",
    "date de fin",
    "date fin",
    "date de sortie",
    "sortie",
    "to",
    "end",
    "end date",
    "jusqu au",
    "date de depart",
];

/// Whether a heading is one of a list, with or without a unit in parentheses.
fn is_one(header: &str, list: &[&str]) -> bool {
    let whole = normal(header);
    let bare = normal(header.split('(').next().unwrap_or(""));
    list.iter().any(|w| *w == whole || *w == bare)
}

impl Columns {
    fn find(name: &str, header: &[String], mapping: &Mapping) -> Result<Self, IngestError> {
        let told = &mapping.staff;
        let position = |column: &Option<String>| {
            column.as_ref().map(|c| find_column(name, header, c)).transpose()
        };
        let mut columns = Columns {
            person: position(&told.person)?,
            org: position(&told.org)?,
            unit: position(&told.unit)?,
            share: position(&told.fte)?,
            skills: position(&told.skills)?,
            from: position(&told.from)?,
            to: position(&told.to)?,
            ..Columns::default()
        };
        let mut candidates = Vec::new();
        for (i, heading) in header.iter().enumerate() {
            let taken = [
                columns.person,
                columns.org,
                columns.unit,
                columns.share,
                columns.skills,
                columns.from,
                columns.to,
            ];
            if taken.contains(&Some(i)) {
                continue;
            }
            if let Some(rank) = IDENTIFIERS.iter().position(|w| is_one(heading, &[w])) {
                candidates.push((rank, i));
                continue;
            }
            let slot = if is_one(heading, NAMES) {
                columns.names.push(i);
                continue;
            } else if is_one(heading, SHARES) {
                &mut columns.share
            } else if is_one(heading, HOURS) {
                &mut columns.hours
            } else if is_one(heading, SKILLS) {
                &mut columns.skills
            } else if is_one(heading, FROM) {
                &mut columns.from
            } else if is_one(heading, TO) {
                &mut columns.to
            } else {
                match words::dimension(heading) {
                    Some(words::Dimension::Org) => &mut columns.org,
                    Some(words::Dimension::Unit) => &mut columns.unit,
                    _ => continue,
                }
            };
            if slot.is_none() {
                *slot = Some(i);
            }
        }
        if columns.person.is_none() {
            columns.person = candidates.into_iter().min().map(|(_, i)| i);
        }
        if columns.person.is_none() {
            let list = header.iter().take(60).map(String::as_str).collect::<Vec<_>>().join(" | ");
            return Err(IngestError::Choice {
                name: name.to_owned(),
                code: Code::ChooseColumn,
                fr: format!(
                    "quelle colonne identifie les agents, comme dans les journaux ? (--column person=…) Un matricule vaut mieux qu’un nom. Colonnes : {list}"
                ),
                en: format!(
                    "which column identifies staff, as in the logs? (--column person=…) A number is better than a name. Columns: {list}"
                ),
            });
        }
        columns.names.retain(|c| Some(*c) != columns.person);
        Ok(columns)
    }
}

/// Reads a staff list: text, xlsx or ods.
pub fn read_staff(
    path: &Path,
    mapping: &Mapping,
    ctx: &mut Context<'_>,
) -> Result<StaffReport, IngestError> {
    let name = ctx.name.clone();
    let format = match mapping.format {
        Some(format) => format,
        None => crate::read::format_of(path, &name, ctx.limits)?,
    };
    match format {
        Format::Csv => {
            let mut source = csv::open(path, &name, mapping, ctx.limits)?;
            read_rows(&mut source, mapping, ctx)
        }
        Format::Xlsx | Format::Ods => {
            let mut table = SheetTable::open(path, &name, mapping, &ctx.limits)?;
            let mut report = read_rows(&mut table, mapping, ctx)?;
            table.report(&mut ctx.findings, &mut ctx.notes);
            report.findings.extend(std::mem::take(&mut ctx.findings).finish());
            report.notes.append(&mut ctx.notes);
            Ok(report)
        }
        other => Err(ctx.refusal(
            Code::UnknownFormat,
            None,
            format!(
                "un fichier {} n’est pas une liste d’agents : un CSV ou un classeur est attendu",
                other.as_str()
            ),
            format!("a {} file is no staff list: a CSV or a workbook is expected", other.as_str()),
        )),
    }
}

/// First and last day of a row, when given.
type Days = (Option<Date>, Option<Date>);

/// Why a row is refused: column, code, words.
type Refusal = (usize, Code, [String; 2]);

fn read_rows(
    source: &mut dyn RowSource,
    mapping: &Mapping,
    ctx: &mut Context<'_>,
) -> Result<StaffReport, IngestError> {
    let header = source.header().to_vec();
    let columns = Columns::find(&ctx.name, &header, mapping)?;
    let names: Vec<&str> = header.iter().map(String::as_str).collect();
    ctx.quarantine.header(&names).map_err(|e| ctx.sink_error(e))?;
    let before = ctx.refused;
    let mut report = StaffReport::default();
    let mut periods: FxHashMap<String, Vec<Days>> = FxHashMap::default();
    let (mut overlaps, mut percents) = (0u64, 0u64);
    let mut row = Row::default();
    while source.next(&mut row)? {
        report.rows_read += 1;
        if report.rows_read.is_multiple_of(1_024) {
            let (done, total) = source.position();
            ctx.at(done, total)?;
        }
        let read = read_row(&row, &header, &columns, mapping, ctx, &mut percents)?;
        match read {
            Ok(staff) => {
                let known = periods.entry(staff.person.clone()).or_default();
                let (from, to) = (staff.from, staff.to);
                let crosses = |(f, t): &Days| {
                    from.is_none_or(|a| t.is_none_or(|b| a <= b))
                        && f.is_none_or(|a| to.is_none_or(|b| a <= b))
                };
                overlaps += u64::from(known.iter().any(crosses));
                known.push((from, to));
                report.accepted += 1;
                report.rows.push(staff);
            }
            Err((column, code, words)) => {
                // Only columns without people go to quarantine.
                let kept = [
                    columns.org,
                    columns.unit,
                    columns.share,
                    columns.hours,
                    columns.from,
                    columns.to,
                ];
                let fields: Vec<String> = (0..header.len().max(row.len()))
                    .map(|c| {
                        if kept.contains(&Some(c)) {
                            nir::masked(row.text(c)).into_owned()
                        } else {
                            String::new()
                        }
                    })
                    .collect();
                let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
                let column = header.get(column).map_or("", String::as_str).to_owned();
                ctx.refuse(row.line(), &column, code, words, &fields)?;
            }
        }
    }
    if report.rows_read == 0 {
        return Err(ctx.refusal(
            Code::HeaderOnly,
            None,
            "la liste n’a qu’une ligne d’en-tête, aucun agent : vérifier l’export",
            "the list has a header row only and nobody in it: check the export",
        ));
    }
    report.people = periods.len() as u64;
    report.quarantined = ctx.refused - before;
    let list: Vec<&str> =
        columns.names.iter().filter_map(|c| header.get(*c)).map(String::as_str).collect();
    if !list.is_empty() {
        let list = list.join(", ");
        ctx.findings.summary(
            Code::ColumnIgnored,
            columns.names.len() as u64,
            [
                format!("colonnes nominatives non lues : {list}"),
                format!("columns naming people, not read: {list}"),
            ],
        );
    }
    ctx.findings.summary(
        Code::RepeatedRows,
        overlaps,
        [
            format!(
                "{overlaps} lignes recouvrent une autre période du même agent : toutes sont gardées"
            ),
            format!("{overlaps} rows overlap another period of the same person: all are kept"),
        ],
    );
    if percents > 0 {
        ctx.notes.push([
            format!("{percents} quotités écrites sur 100 (80 = 80 %) sont lues comme des parts"),
            format!("{percents} shares written out of 100 (80 = 80%) are read as shares"),
        ]);
    }
    report.findings = std::mem::take(&mut ctx.findings).finish();
    report.notes = std::mem::take(&mut ctx.notes);
    Ok(report)
}

fn read_row(
    row: &Row,
    header: &[String],
    columns: &Columns,
    mapping: &Mapping,
    ctx: &mut Context<'_>,
    percents: &mut u64,
) -> Result<Result<StaffRow, Refusal>, IngestError> {
    if let Some(code) = row.problem() {
        return Ok(Err((usize::MAX, code, ["ligne illisible".into(), "unreadable row".into()])));
    }
    if (header.len()..row.len()).any(|c| !row.text(c).trim().is_empty()) {
        return Ok(Err((
            usize::MAX,
            Code::ColumnCount,
            [
                "plus de cellules que l’en-tête n’a de colonnes : un séparateur dans un libellé ?"
                    .into(),
                "more cells than the header has columns: a separator inside a label?".into(),
            ],
        )));
    }
    let at = columns.person.unwrap_or(usize::MAX);
    // In a column of people only the empty cell is missing: `NA` may be somebody.
    let id = row.text(at);
    if id.trim().is_empty() {
        return Ok(Err((
            at,
            Code::MissingPerson,
            ["l’identifiant de l’agent manque".into(), "the person's identifier is missing".into()],
        )));
    }
    if row.typed(at) == Typed::Error
        || values::is_scientific(id.as_bytes())
        || values::is_rounded(id.as_bytes())
    {
        return Ok(Err((
            at,
            Code::DamagedIdentifier,
            [
                "identifiant abîmé par le tableur : exporter cette colonne en texte".into(),
                "identifier damaged by the spreadsheet: export this column as text".into(),
            ],
        )));
    }
    if nir::find(id, true).is_some() {
        if ctx.strict_nir {
            return Err(ctx.refusal(
                Code::NirRefused,
                Some(row.line()),
                "la colonne des agents contient un numéro de sécurité sociale : utiliser le matricule (mode strict)",
                "the column of people holds a national identity number: use the staff number (strict mode)",
            ));
        }
        let heading = header.get(at).map(String::as_str);
        ctx.findings.add(Code::NirReplaced, Some(row.line()), heading, || {
            [
                "numéro de sécurité sociale remplacé par un pseudonyme".into(),
                "national identity number replaced by a pseudonym".into(),
            ]
        });
    }
    let text = |column: Option<usize>| -> Option<String> {
        let text = row.text(column?).trim();
        (!text.is_empty()
            && !values::is_missing(text.as_bytes())
            && row.typed(column?) != Typed::Error)
            .then(|| text.to_owned())
    };
    let number = |column: Option<usize>| -> Result<Option<values::Number>, Refusal> {
        let Some(c) = column else { return Ok(None) };
        let bad = |text: &str| {
            let text = nir::quoted(text);
            (
                c,
                Code::BadNumber,
                [format!("« {text} » n’est pas un nombre"), format!("“{text}” is not a number")],
            )
        };
        match row.typed(c) {
            Typed::Number(value) => Ok(Some(values::Number { value, percent: false })),
            Typed::Error => Ok(None),
            _ => {
                let text = row.text(c).trim();
                let text = text.trim_end_matches(['h', 'H']).trim_end();
                // A share is small: `0,800` and `0.800` are never thousands.
                values::parse_number(text, mapping.decimal)
                    .or_else(|_| {
                        values::parse_number(&text.replace(',', "."), Some(crate::Decimal::Point))
                    })
                    .map_err(|_| bad(text))
            }
        }
    };
    let date = |column: Option<usize>| -> Result<Option<Date>, Refusal> {
        let Some(c) = column else { return Ok(None) };
        if let Typed::Day(moment) | Typed::Instant(moment) = row.typed(c) {
            let day = moment.date();
            return Ok((day != jiff::civil::date(9999, 12, 31)
                && day != jiff::civil::date(1900, 1, 1))
            .then_some(day));
        }
        let raw = row.text(c);
        let pivot = mapping.date_pivot.unwrap_or(values::DEFAULT_PIVOT);
        let orders = match mapping.date_order {
            Some(order) => vec![order],
            // Day first and year first cannot be taken for each other.
            None => vec![DateOrder::Dmy, DateOrder::Ymd],
        };
        for order in orders {
            match values::parse_moment(raw.as_bytes(), order, pivot) {
                Ok(Moment::None) => return Ok(None),
                Ok(Moment::Day(us) | Moment::Civil(us) | Moment::Instant(us)) => {
                    return Ok(values::civil_of(us).map(|d| d.date()));
                }
                Err(_) => {}
            }
        }
        let raw = nir::quoted(raw.trim());
        Err((
            c,
            Code::BadDate,
            [format!("« {raw} » n’est pas une date"), format!("“{raw}” is not a date")],
        ))
    };
    let read = || -> Result<StaffRow, Refusal> {
        let share = match number(columns.share)? {
            None => None,
            Some(n) => {
                let out_of_100 = n.percent || n.value > 1.5;
                let share = if out_of_100 { n.value / 100.0 } else { n.value };
                if !(0.0..=1.2).contains(&share) {
                    let (value, c) = (n.value, columns.share.unwrap_or(usize::MAX));
                    return Err((
                        c,
                        Code::BadNumber,
                        [
                            format!(
                                "quotité {value} : une part entre 0 et 1, ou un pourcentage, est attendue"
                            ),
                            format!(
                                "share {value}: a share between 0 and 1, or a percentage, is expected"
                            ),
                        ],
                    ));
                }
                *percents += u64::from(out_of_100 && !n.percent);
                Some(share)
            }
        };
        let weekly_hours = number(columns.hours)?.map(|n| n.value);
        if let Some(hours) = weekly_hours.filter(|h| !(0.0..=60.0).contains(h)) {
            return Err((
                columns.hours.unwrap_or(usize::MAX),
                Code::BadNumber,
                [
                    format!("{hours} heures par semaine : hors de 0 à 60"),
                    format!("{hours} hours per week: outside 0 to 60"),
                ],
            ));
        }
        let (from, to) = (date(columns.from)?, date(columns.to)?);
        if from.zip(to).is_some_and(|(f, t)| t < f) {
            return Err((
                columns.to.unwrap_or(usize::MAX),
                Code::EndBeforeStart,
                ["la fin précède le début".into(), "the end comes before the start".into()],
            ));
        }
        let skills = text(columns.skills)
            .map(|t| {
                t.split([',', ';', '|', '/', '+'])
                    .map(str::trim)
                    .filter(|s| !s.is_empty())
                    .map(str::to_owned)
                    .collect()
            })
            .unwrap_or_default();
        let constants = &mapping.constants;
        Ok(StaffRow {
            person: String::new(),
            org: text(columns.org).or_else(|| constants.org.clone()),
            unit: text(columns.unit).or_else(|| constants.unit.clone()),
            contract_share: share,
            weekly_hours,
            skills,
            from,
            to,
        })
    };
    let mut staff = match { read }() {
        Ok(staff) => staff,
        Err(refusal) => return Ok(Err(refusal)),
    };
    staff.person = ctx.people.person(id).to_owned();
    Ok(Ok(staff))
}
