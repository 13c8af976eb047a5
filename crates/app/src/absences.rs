//! Absences: lists and calendars in, a calendar without causes out.
//!
//! - Computes: the edits that make the registry say what a list or a calendar says; the text of
//!   a calendar (RFC 5545).
//! - Units: civil days and half-days, noon in the body's zone.
//! - Shapes: rows in, edits and remarks out ([`plan`], pure).
//! - Errors: a row about somebody unknown or out of reach is a finding.
//! - Source: `docs/organisation.md`.

use std::{collections::BTreeMap, fmt::Write as _};

use eclusier_core::{
    Access, Organisation, Permission, PersonId,
    org::{AbsenceCause, DatedFact, Edit, Fact, Person, Validity},
};
use eclusier_ingest::{
    Code,
    absences::{AbsenceReport, AbsenceRow},
};
use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use sha2::{Digest, Sha256};

use crate::{
    App,
    error::AppResult,
    organisation::permit,
    staff::{Faces, Plan, StaffOptions, source},
};

/// What to do for the organisation to say what a list or a calendar says.
pub(crate) fn plan(
    organisation: &Organisation,
    report: &AbsenceReport,
    options: &StaffOptions,
    who: &Access,
    today: Date,
) -> AppResult<Plan> {
    // A cause is written with each absence: who may not know it may not write it either.
    who.require(Permission::AbsencesCause)?;
    let mut plan = Plan::default();
    let faces = Faces::of(organisation);
    let mut people: BTreeMap<&PersonId, (&Person, Vec<&AbsenceRow>)> = BTreeMap::new();
    let whose = options.person.as_ref();
    for row in &report.rows {
        let found = match whose {
            Some(id) => organisation.people.get(id),
            None => faces
                .find(row.own.as_deref(), row.person.as_deref())
                .or_else(|| row.email.as_deref().and_then(|email| faces.by_email(email))),
        };
        match found {
            Some(person) => people.entry(&person.id).or_insert((person, Vec::new())).1.push(row),
            None => plan.refused.push((
                row.line,
                Code::UnknownPerson,
                [
                    "personne inconnue de l’organisation : importer d’abord la liste du personnel"
                        .to_owned(),
                    "person unknown to the organisation: first import the staff list".to_owned(),
                ],
            )),
        }
    }
    plan.people = people.len() as u64;
    plan.lines = people
        .iter()
        .filter_map(|(id, (_, rows))| Some(((*id).clone(), rows.first()?.line)))
        .collect();
    let list = source("absences", &options.name);
    for (person, rows) in people.into_values() {
        let edits = person_edits(person, &rows, &list);
        if permit(who, organisation, &edits, today).is_err() {
            plan.refused.extend(rows.iter().map(|row| {
                (
                    row.line,
                    Code::OutOfReach,
                    [
                        "cette personne n’est pas dans le périmètre de qui importe".to_owned(),
                        "this person is out of the reach of whoever imports".to_owned(),
                    ],
                )
            }));
            continue;
        }
        plan.edits.extend(edits);
    }
    for person in organisation.people.values() {
        let gone = |fact: &&DatedFact| {
            let event = fact.source.strip_prefix(CALENDAR);
            event.is_some_and(|event| report.cancelled.iter().any(|c| c == event))
        };
        let drops: Vec<Edit> = person
            .facts
            .iter()
            .filter(gone)
            .map(|fact| Edit::DropFact {
                person: person.id.clone(),
                fact: fact.id,
                version: fact.version,
            })
            .collect();
        let touched = |edit: &Edit| match edit {
            Edit::PutFact { fact, .. } => plan
                .edits
                .iter()
                .any(|known| matches!(known, Edit::PutFact { fact: f, .. } if f.id == fact.id)),
            Edit::DropFact { fact, .. } => plan.edits.iter().any(|known| match known {
                Edit::PutFact { fact: f, .. } => f.id == *fact,
                Edit::DropFact { fact: f, .. } => f == fact,
                _ => false,
            }),
            _ => false,
        };
        if !drops.is_empty() && permit(who, organisation, &drops, today).is_ok() {
            let drops: Vec<Edit> = drops.into_iter().filter(|edit| !touched(edit)).collect();
            plan.edits.extend(drops);
        }
    }
    Ok(plan)
}

/// What begins the source of an occurrence of an event.
const CALENDAR: &str = "ical:";

fn absence(row: &AbsenceRow) -> (Validity, Fact) {
    let valid = Validity { from: row.from, to: Some(row.to) };
    let fact =
        Fact::Absence { from_noon: row.from_noon, until_noon: row.until_noon, cause: row.cause };
    (valid, fact)
}

fn person_edits(person: &Person, rows: &[&AbsenceRow], list: &str) -> Vec<Edit> {
    let mut left: Vec<&DatedFact> =
        person.facts.iter().filter(|f| matches!(f.fact, Fact::Absence { .. })).collect();
    // What is known already, whoever said it, is neither written nor taken again.
    let mut missing: Vec<(String, Validity, Fact)> = Vec::new();
    let mut events: Vec<String> = Vec::new();
    for row in rows {
        let (valid, fact) = absence(row);
        let source = match &row.event {
            Some(event) => format!("{CALENDAR}{event}"),
            None => list.to_owned(),
        };
        if row.event.is_some() && !events.contains(&source) {
            events.push(source.clone());
        }
        if let Some(at) = left.iter().position(|f| f.valid == valid && says(&f.fact, &fact)) {
            left.remove(at);
        } else if !missing.iter().any(|(_, v, f)| *v == valid && says(f, &fact))
            && !person.facts.iter().any(|f| f.valid == valid && says(&f.fact, &fact))
        {
            missing.push((source, valid, fact));
        }
    }
    let mut edits = Vec::new();
    for (source, valid, fact) in missing {
        // A calendar replaces the event; a list replaces what a list said of the same days and
        // cause: a leave prolonged is one leave.
        let replaces = |old: &&DatedFact| {
            if source.starts_with(CALENDAR) {
                old.source == source
            } else {
                old.source.starts_with("absences:")
                    && old.valid.overlaps(&valid)
                    && same_cause(&old.fact, &fact)
            }
        };
        match left.iter().position(replaces) {
            Some(at) => {
                let old = left.remove(at);
                let fact = DatedFact { valid, fact, source, ..old.clone() };
                edits.push(Edit::PutFact { person: person.id.clone(), fact });
            }
            None => edits.push(Edit::AddFact {
                person: person.id.clone(),
                fact: DatedFact { id: 0, valid, fact, source, version: 0 },
            }),
        }
    }
    // Occurrences that an event no longer has.
    edits.extend(left.into_iter().filter(|old| events.contains(&old.source)).map(|old| {
        Edit::DropFact { person: person.id.clone(), fact: old.id, version: old.version }
    }));
    edits
}

/// Whether an absence known says all that a row says: one without a cause adds none.
fn says(known: &Fact, told: &Fact) -> bool {
    let bare = |fact: &Fact| match fact {
        Fact::Absence { from_noon, until_noon, .. } => Some((*from_noon, *until_noon)),
        _ => None,
    };
    let silent = matches!(told, Fact::Absence { cause: AbsenceCause::Other, .. });
    known == told || (silent && bare(known) == bare(told))
}

fn same_cause(a: &Fact, b: &Fact) -> bool {
    match (a, b) {
        (Fact::Absence { cause: a, .. }, Fact::Absence { cause: b, .. }) => a == b,
        _ => false,
    }
}

/// Days back from which a calendar tells absences.
const BACK_DAYS: i64 = 31;

impl App {
    /// A calendar of the absences of people in reach, without their causes.
    pub async fn absence_calendar(&self) -> AppResult<Vec<u8>> {
        self.require(Permission::PeopleRead)?;
        let organisation = self.organisation().await?;
        let today = self.today().await?;
        let body = self.inner.registry.body().await?;
        let zone = TimeZone::get(&body.zone).unwrap_or(TimeZone::UTC);
        let since = today.saturating_sub(BACK_DAYS.days());
        let mut text = String::from(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Eclusier//Absences//FR\r\n\
             CALSCALE:GREGORIAN\r\nMETHOD:PUBLISH\r\n",
        );
        let mut count = 0u64;
        for person in organisation.people.values().filter(|p| p.active) {
            if !self.may_see(&organisation, person, today) {
                continue;
            }
            for fact in &person.facts {
                let Fact::Absence { from_noon, until_noon, .. } = fact.fact else { continue };
                if fact.valid.to.is_some_and(|to| to < since) {
                    continue;
                }
                event(&mut text, person, fact, [from_noon, until_noon], &zone, self.now());
                count += 1;
            }
        }
        text.push_str("END:VCALENDAR\r\n");
        self.record_export("absences", count).await?;
        Ok(text.into_bytes())
    }

    /// Rows about people left the program.
    pub(crate) async fn record_export(&self, what: &str, rows: u64) -> AppResult<()> {
        let details = serde_json::json!({ "rows": rows, "what": what });
        let by = self.actor();
        let registry = &self.inner.registry;
        registry.record_act("people.export", "organisation", details, &by, self.now()).await?;
        Ok(())
    }
}

fn event(
    text: &mut String,
    person: &Person,
    fact: &DatedFact,
    [from_noon, until_noon]: [bool; 2],
    zone: &TimeZone,
    now: Timestamp,
) {
    let name = format!("{} {}", person.given, person.family);
    let name = match name.trim() {
        "" => "Absence",
        name => name,
    };
    let uid = hex::encode(Sha256::digest(format!("{}/{}", person.id, fact.id).as_bytes()));
    let noon = |day: Date| {
        let at = day.at(12, 0, 0, 0).to_zoned(zone.clone());
        at.map(|at| stamp(at.timestamp())).unwrap_or_default()
    };
    let midnight = |day: Date| {
        let at = day.at(0, 0, 0, 0).to_zoned(zone.clone());
        at.map(|at| stamp(at.timestamp())).unwrap_or_default()
    };
    let last = fact.valid.to;
    let after = last.and_then(|to| to.tomorrow().ok());
    let mut line = |name: &str, value: &str| fold(text, &format!("{name}:{value}"));
    line("BEGIN", "VEVENT");
    line("UID", &format!("{}@eclusier", uid.get(..32).unwrap_or(&uid)));
    line("DTSTAMP", &stamp(now));
    if from_noon || until_noon {
        let start = if from_noon { noon(fact.valid.from) } else { midnight(fact.valid.from) };
        line("DTSTART", &start);
        let end = match (until_noon, last, after) {
            (true, Some(last), _) => Some(noon(last)),
            (_, _, after) => after.map(midnight),
        };
        if let Some(end) = end {
            line("DTEND", &end);
        }
    } else {
        let date = |day: Date| day.strftime("%Y%m%d").to_string();
        line("DTSTART;VALUE=DATE", &date(fact.valid.from));
        if let Some(after) = after {
            line("DTEND;VALUE=DATE", &date(after));
        }
    }
    line("SUMMARY", &escaped(name));
    if person.email.contains('@') {
        line("ORGANIZER", &format!("mailto:{}", person.email.replace(['\r', '\n'], "")));
    }
    line("CLASS", "PRIVATE");
    line("TRANSP", "OPAQUE");
    line("END", "VEVENT");
}

fn stamp(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// Text as RFC 5545 writes it.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// A line of at most 75 bytes, carried on after a line break and a space.
fn fold(text: &mut String, line: &str) {
    let mut left = 75usize;
    for c in line.chars() {
        let width = c.len_utf8();
        if width > left {
            text.push_str("\r\n ");
            left = 74;
        }
        let _ = text.write_char(c);
        left = left.saturating_sub(width);
    }
    text.push_str("\r\n");
}
