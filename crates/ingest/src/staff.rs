//! Staff lists: who works where, for which share of time, with which skills.
//!
//! - Computes: one line per person and period, the identifier replaced by the same
//!   pseudonym as in event logs, so that both join.
//! - Units: contract share of a full time (1 = full time); hours per week; skills from 0 to 4.
//! - Shapes: a table in, [`StaffRow`]s out; names are read past unless the mapping keeps them.
//! - Errors: [`IngestError`] when no column identifies people; a bad row goes to quarantine.
//! - Source: `DOMAIN.md` §2.5 (FTE) and §7 (pseudonyms); `docs/organisation.md`.

use std::path::Path;

use jiff::civil::Date;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::{
    Code, Context, Finding, IngestError, Mapping,
    mapping::find_column,
    people::{Cells, Refusal, STAFF_LIST, identify, is_one, own_id, refusal, undecided},
    table::{Row, RowSource},
    words,
};

/// One person in one unit over one period.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct StaffRow {
    /// Line of the file.
    pub line: u64,
    /// Pseudonym, the same as in logs.
    pub person: String,
    /// Identifier the program itself gave, in a list it exported.
    pub own: Option<String>,
    /// Given name, when the mapping keeps names.
    pub given: Option<String>,
    /// Family name, when the mapping keeps names.
    pub family: Option<String>,
    /// Address, when the mapping keeps names.
    pub email: Option<String>,
    /// Organisation.
    pub org: Option<String>,
    /// Site of the organisation, when the list tells both.
    pub site: Option<String>,
    /// Service above the unit, when the list tells both.
    pub service: Option<String>,
    /// Unit (service, team).
    pub unit: Option<String>,
    /// Share of a full time, 1 = full time; unknown when not delivered.
    pub contract_share: Option<f64>,
    /// Contractual hours per week; unknown when not delivered.
    pub weekly_hours: Option<f64>,
    /// Days of the week worked, 1 = Monday; unknown when not delivered.
    pub weekdays: Option<Vec<u8>>,
    /// Holiday calendar, when not the body's.
    pub calendar: Option<String>,
    /// Skills.
    pub skills: Vec<StaffSkill>,
    /// Capacity on the first day of somebody who learns the job, 0 to 1.
    pub ramp_up: Option<f64>,
    /// First day; `None` is "as far back as known".
    pub from: Option<Date>,
    /// Last day, included; `None` is "until further notice".
    pub to: Option<Date>,
}

/// A skill as a list tells it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct StaffSkill {
    /// What, as written.
    pub name: String,
    /// Knowledge, 0 to 4.
    pub theory: Option<u8>,
    /// Practice, 0 to 4.
    pub practice: Option<u8>,
    /// Share of present time, 0 to 1.
    pub intensity: Option<f64>,
    /// Whether the person may decide alone.
    pub authorised: Option<bool>,
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
    /// Whether the list tells last days: an empty one then means "until further notice".
    pub ends: bool,
    /// Whether the units are services rather than teams, as their column says.
    pub services: bool,
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
    site: Option<usize>,
    service: Option<usize>,
    unit: Option<usize>,
    share: Option<usize>,
    hours: Option<usize>,
    weekdays: Option<usize>,
    calendar: Option<usize>,
    skills: Option<usize>,
    theory: Option<usize>,
    practice: Option<usize>,
    intensity: Option<usize>,
    authorised: Option<usize>,
    ramp_up: Option<usize>,
    from: Option<usize>,
    to: Option<usize>,
    given: Option<usize>,
    family: Option<usize>,
    email: Option<usize>,
    /// One column per skill, with its level: position and name of the skill.
    levels: Vec<(usize, String)>,
    /// Columns of names that are not kept.
    names: Vec<usize>,
}

const FAMILY: &[&str] = &[
    "nom",
    "nom usuel",
    "nom de famille",
    "nom de naissance",
    "nom prenom",
    "nom et prenom",
    "prenom nom",
    "nom de l agent",
    "name",
    "full name",
    "last name",
    "family name",
    "family",
    "surname",
];
const GIVEN: &[&str] = &["prenom", "prenoms", "first name", "given name", "given"];
const EMAIL: &[&str] = &["mail", "email", "e mail", "courriel", "adresse mail", "adresse e mail"];
/// Names people in other ways: never kept, whatever the mapping says.
const OTHER_NAMES: &[&str] = &["adresse", "telephone", "phone", "date de naissance"];
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
const WEEKDAYS: &[&str] =
    &["jours travailles", "jours de travail", "jours", "weekdays", "worked days", "working days"];
const CALENDARS: &[&str] = &["calendrier", "calendrier des feries", "calendar", "holiday calendar"];
const SKILLS: &[&str] = &[
    "competence",
    "competences",
    "habilitation",
    "habilitations",
    "skill",
    "skills",
    "polyvalence",
];
const THEORY: &[&str] = &["theorie", "niveau theorique", "connaissance", "theory", "knowledge"];
const PRACTICE: &[&str] = &["pratique", "niveau pratique", "niveau", "practice", "level"];
const INTENSITY: &[&str] = &["intensite", "part du temps", "intensity", "share of time"];
const AUTHORISED: &[&str] = &["habilite", "habilitee", "autonome", "authorised", "authorized"];
const RAMP_UPS: &[&str] = &["montee en charge", "capacite de depart", "ramp up"];
/// Headings of the wider of two levels.
const SERVICES: &[&str] =
    &["service", "departement", "direction", "pole", "department", "division", "secteur"];
const SITES: &[&str] = &["site", "antenne", "implantation", "lieu", "branch", "location"];
const ORGS: &[&str] =
    &["organisme", "caisse", "organisation", "organization", "body", "org", "etablissement"];
const TEAMS: &[&str] = &["equipe", "team", "unite", "unit", "groupe", "cellule"];

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
            given: position(&told.given)?,
            family: position(&told.family)?,
            email: position(&told.email)?,
            ..Columns::default()
        };
        let mut taken: Vec<usize> = [
            columns.person,
            columns.org,
            columns.unit,
            columns.share,
            columns.skills,
            columns.from,
            columns.to,
            columns.given,
            columns.family,
            columns.email,
        ]
        .into_iter()
        .flatten()
        .collect();
        let headed = |list: &[&str]| header.iter().position(|h| is_one(h, list));
        // Two levels: the wider one is told apart before either passes for the unit.
        if let (Some(service), Some(team)) = (headed(SERVICES), headed(TEAMS))
            && columns.unit.is_none_or(|unit| unit == team)
            && !taken.contains(&service)
        {
            (columns.service, columns.unit) = (Some(service), Some(team));
            taken.extend([service, team]);
        }
        // A site beside its body is a level of its own; alone it is where people are.
        if let Some(site) = headed(SITES)
            && (columns.org.is_some() || headed(ORGS).is_some())
            && !taken.contains(&site)
        {
            columns.site = Some(site);
            taken.push(site);
        }
        let mut candidates = Vec::new();
        for (i, heading) in header.iter().enumerate().filter(|(i, _)| !taken.contains(i)) {
            if let Some(rank) = crate::people::identifier_rank(heading) {
                candidates.push((rank, i));
                continue;
            }
            let lists: [(&[&str], &mut Option<usize>); 14] = [
                (GIVEN, &mut columns.given),
                (FAMILY, &mut columns.family),
                (EMAIL, &mut columns.email),
                (SHARES, &mut columns.share),
                (HOURS, &mut columns.hours),
                (WEEKDAYS, &mut columns.weekdays),
                (CALENDARS, &mut columns.calendar),
                (SKILLS, &mut columns.skills),
                (THEORY, &mut columns.theory),
                (PRACTICE, &mut columns.practice),
                (INTENSITY, &mut columns.intensity),
                (AUTHORISED, &mut columns.authorised),
                (RAMP_UPS, &mut columns.ramp_up),
                (crate::people::FROM, &mut columns.from),
            ];
            let slot = lists.into_iter().find(|(list, _)| is_one(heading, list)).map(|(_, s)| s);
            let slot = if let Some(slot) = slot {
                slot
            } else if is_one(heading, OTHER_NAMES) {
                columns.names.push(i);
                continue;
            } else if is_one(heading, crate::people::TO) {
                &mut columns.to
            } else if let Some(skill) = level_of(heading) {
                columns.levels.push((i, skill));
                continue;
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
        // Names are kept only when a person asked for them.
        for (slot, named) in [
            (&mut columns.given, told.given.is_some()),
            (&mut columns.family, told.family.is_some()),
            (&mut columns.email, told.email.is_some()),
        ] {
            if !(told.names || named)
                && let Some(column) = slot.take()
            {
                columns.names.push(column);
            }
        }
        columns.names.sort_unstable();
        columns.names.retain(|c| Some(*c) != columns.person);
        match columns.person {
            Some(_) => Ok(columns),
            None => Err(undecided(name, header)),
        }
    }

    /// Columns that describe nobody: the only ones a quarantine may repeat.
    fn impersonal(&self) -> [Option<usize>; 14] {
        [
            self.org,
            self.site,
            self.service,
            self.unit,
            self.share,
            self.hours,
            self.weekdays,
            self.calendar,
            self.theory,
            self.practice,
            self.intensity,
            self.authorised,
            self.from,
            self.to,
        ]
    }
}

/// The skill whose level a column holds: `Compétence RSA`, `Niveau : Pension`, `Skill PF`.
fn level_of(heading: &str) -> Option<String> {
    let cut = heading.find(|c: char| c == ':' || c.is_whitespace())?;
    let (first, rest) = heading.split_at_checked(cut)?;
    let known = ["competence", "niveau", "skill", "level"];
    let skill = rest.trim_start_matches(|c: char| c == ':' || c.is_whitespace()).trim();
    (known.contains(&words::normal(first).as_str()) && !skill.is_empty()).then(|| skill.to_owned())
}

/// Reads a staff list: text, xlsx or ods.
pub fn read_staff(
    path: &Path,
    mapping: &Mapping,
    ctx: &mut Context<'_>,
) -> Result<StaffReport, IngestError> {
    let mut report = StaffReport::default();
    let read = |source: &mut dyn RowSource, ctx: &mut Context<'_>| {
        report = read_rows(source, mapping, ctx)?;
        Ok(())
    };
    let (findings, notes) = crate::people::open(path, mapping, ctx, STAFF_LIST, read)?;
    report.findings = findings;
    report.notes = notes;
    Ok(report)
}

/// First and last day of a row, when given.
type Days = (Option<Date>, Option<Date>);

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
    let headed = columns.unit.and_then(|unit| header.get(unit));
    let mut report = StaffReport {
        ends: columns.to.is_some(),
        services: headed.is_some_and(|heading| is_one(heading, SERVICES)),
        ..StaffReport::default()
    };
    let mut periods: FxHashMap<String, Vec<(Option<String>, Days)>> = FxHashMap::default();
    let (mut overlaps, mut percents) = (0u64, 0u64);
    let mut row = Row::default();
    while source.next(&mut row)? {
        report.rows_read += 1;
        if report.rows_read.is_multiple_of(1_024) {
            let (done, total) = source.position();
            ctx.at(done, total)?;
        }
        match read_row(&row, &header, &columns, mapping, ctx, &mut percents)? {
            Ok(staff) => {
                let known = periods.entry(staff.person.clone()).or_default();
                let (from, to) = (staff.from, staff.to);
                let crosses = |(unit, (f, t)): &(Option<String>, Days)| {
                    unit != &staff.unit
                        && from.is_none_or(|a| t.is_none_or(|b| a <= b))
                        && f.is_none_or(|a| to.is_none_or(|b| a <= b))
                };
                // A row per skill repeats the unit: only two units at once are worth a word.
                if staff.unit.is_some() {
                    overlaps += u64::from(known.iter().any(crosses));
                    if known.len() < 64 {
                        known.push((staff.unit.clone(), (from, to)));
                    }
                }
                report.accepted += 1;
                report.rows.push(staff);
            }
            Err(refused) => {
                crate::people::quarantine(&row, &header, &columns.impersonal(), refused, ctx)?
            }
        }
    }
    if report.rows_read == 0 {
        return Err(ctx.refusal(
            Code::HeaderOnly,
            None,
            "la liste n’a qu’une ligne d’en-tête, aucun agent : vérifier l’export",
            "the list has a header row only and nobody in it: check the export",
        ));
    }
    report.people = periods.len() as u64;
    report.quarantined = ctx.refused - before;
    crate::people::unread(&columns.names, &header, ctx);
    ctx.findings.summary(
        Code::RepeatedRows,
        overlaps,
        [
            format!(
                "{overlaps} lignes rattachent le même agent à deux unités à la fois : toutes sont gardées"
            ),
            format!("{overlaps} rows put the same person in two units at once: all are kept"),
        ],
    );
    if percents > 0 {
        ctx.notes.push([
            format!("{percents} quotités écrites sur 100 (80 = 80 %) sont lues comme des parts"),
            format!("{percents} shares written out of 100 (80 = 80%) are read as shares"),
        ]);
    }
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
    let at = columns.person.unwrap_or(usize::MAX);
    let person = match identify(row, header, at, ctx)? {
        Ok(person) => person,
        Err(refused) => return Ok(Err(refused)),
    };
    let own = own_id(row.text(at));
    let cells = Cells { row, mapping };
    let read = || -> Result<StaffRow, Refusal> {
        let part = |column: Option<usize>, what: [&str; 2], most: f64| {
            let Some(number) = cells.number(column)? else { return Ok(None) };
            let out_of_100 = number.percent || number.value > 1.5;
            let share = if out_of_100 { number.value / 100.0 } else { number.value };
            if (0.0..=most).contains(&share) {
                return Ok(Some((share, out_of_100 && !number.percent)));
            }
            let value = number.value;
            Err(refusal(
                column,
                Code::BadNumber,
                format!(
                    "{} {value} : une part entre 0 et 1, ou un pourcentage, est attendue",
                    what[0]
                ),
                format!(
                    "{} {value}: a share between 0 and 1, or a percentage, is expected",
                    what[1]
                ),
            ))
        };
        let share = part(columns.share, ["quotité", "share"], 1.2)?;
        *percents += u64::from(share.is_some_and(|(_, out_of_100)| out_of_100));
        let weekly_hours = cells.number(columns.hours)?.map(|n| n.value);
        if let Some(hours) = weekly_hours.filter(|h| !(0.0..=60.0).contains(h)) {
            return Err(refusal(
                columns.hours,
                Code::BadNumber,
                format!("{hours} heures par semaine : hors de 0 à 60"),
                format!("{hours} hours per week: outside 0 to 60"),
            ));
        }
        let (from, to) = (cells.date(columns.from)?, cells.date(columns.to)?);
        if from.zip(to).is_some_and(|(f, t)| t < f) {
            return Err(refusal(
                columns.to,
                Code::EndBeforeStart,
                "la fin précède le début",
                "the end comes before the start",
            ));
        }
        let (theory, practice) = (cells.level(columns.theory)?, cells.level(columns.practice)?);
        let intensity = part(columns.intensity, ["intensité", "intensity"], 1.0)?.map(|(i, _)| i);
        let authorised = cells.yes(columns.authorised)?;
        let mut skills: Vec<StaffSkill> = cells
            .text(columns.skills)
            .map(|t| {
                t.split([',', ';', '|', '/', '+'])
                    .map(str::trim)
                    .filter(|s| !s.is_empty())
                    .map(|name| StaffSkill {
                        name: name.to_owned(),
                        theory,
                        practice,
                        intensity,
                        authorised,
                    })
                    .collect()
            })
            .unwrap_or_default();
        for (column, name) in &columns.levels {
            if let Some(level) = cells.level(Some(*column))? {
                let level = Some(level);
                let name = name.clone();
                skills.push(StaffSkill {
                    name,
                    theory: level,
                    practice: level,
                    intensity: None,
                    authorised: level.map(|l| l >= ALONE),
                });
            }
        }
        let constants = &mapping.constants;
        Ok(StaffRow {
            line: row.line(),
            person: String::new(),
            own,
            given: cells.text(columns.given),
            family: cells.text(columns.family),
            email: cells.text(columns.email),
            org: cells.text(columns.org).or_else(|| constants.org.clone()),
            site: cells.text(columns.site),
            service: cells.text(columns.service),
            unit: cells.text(columns.unit).or_else(|| constants.unit.clone()),
            contract_share: share.map(|(share, _)| share),
            weekly_hours,
            weekdays: cells.weekdays(columns.weekdays)?,
            calendar: cells.text(columns.calendar),
            skills,
            ramp_up: part(columns.ramp_up, ["montée en charge", "ramp-up"], 1.0)?.map(|(s, _)| s),
            from,
            to,
        })
    };
    let mut staff = match { read }() {
        Ok(staff) => staff,
        Err(refused) => return Ok(Err(refused)),
    };
    staff.person = person;
    Ok(Ok(staff))
}

/// Level from which somebody decides alone, when a list gives levels only.
const ALONE: u8 = 3;
