//! Absences: who is away, from when to when, to the half-day.
//!
//! - Computes: one absence per row of a list, or per occurrence of a calendar ([`crate::ical`]).
//! - Units: civil days, first and last included; noon cuts a day in two.
//! - Shapes: a table in, [`AbsenceRow`]s out; the person is a pseudonym, as in logs.
//! - Errors: [`IngestError`] when no column identifies people or days; a bad row goes to
//!   quarantine without its person and without its cause.
//! - Source: `docs/organisation.md`.

use std::path::Path;

use eclusier_core::org::AbsenceCause;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    Code, Context, Finding, IngestError, Mapping,
    mapping::find_column,
    nir,
    people::{Cells, Refusal, STAFF_LIST, identify, is_one, own_id, refusal, undecided},
    table::{Row, RowSource},
    words::normal,
};

/// One absence of one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AbsenceRow {
    /// Line of the list, or rank of the event in the calendar.
    pub line: u64,
    /// Pseudonym, the same as in logs; a calendar knows addresses instead.
    pub person: Option<String>,
    /// Identifier the program itself gave, in a list it exported.
    pub own: Option<String>,
    /// Address of the person, in a calendar: to find the person, not to be kept.
    pub email: Option<String>,
    /// First day.
    pub from: Date,
    /// Last day, included.
    pub to: Date,
    /// Only the afternoon of the first day.
    pub from_noon: bool,
    /// Only the morning of the last day.
    pub until_noon: bool,
    /// Why.
    pub cause: AbsenceCause,
    /// Short digest of the event it is an occurrence of: the event replaces itself.
    pub event: Option<String>,
}

/// What was read from a list or a calendar.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AbsenceReport {
    /// Rows, or events.
    pub rows_read: u64,
    /// Rows taken.
    pub accepted: u64,
    /// Rows sent to quarantine.
    pub quarantined: u64,
    /// The absences, in delivery order.
    pub rows: Vec<AbsenceRow>,
    /// Events that were called off: what was known of them goes.
    pub cancelled: Vec<String>,
    /// What a person should know.
    pub findings: Vec<Finding>,
    /// Remarks about the reading as a whole, French then English.
    pub notes: Vec<[String; 2]>,
}

const FIRST: &[&str] = &["premier jour", "jour", "date"];
const LAST: &[&str] = &["dernier jour"];
const HALVES: &[&str] = &["demi journee", "demi journees", "moment", "half day", "half"];
const FIRST_HALF: &[&str] =
    &["demi journee de debut", "debut demi journee", "moment de debut", "from half", "start half"];
const LAST_HALF: &[&str] =
    &["demi journee de fin", "fin demi journee", "moment de fin", "to half", "end half"];
const CAUSES: &[&str] = &[
    "motif",
    "motif d absence",
    "cause",
    "nature",
    "nature d absence",
    "type",
    "type d absence",
    "libelle",
    "reason",
    "absence type",
];

#[derive(Debug, Clone, Default)]
struct Columns {
    person: Option<usize>,
    from: Option<usize>,
    to: Option<usize>,
    half: Option<usize>,
    first_half: Option<usize>,
    last_half: Option<usize>,
    cause: Option<usize>,
}

impl Columns {
    fn find(name: &str, header: &[String], mapping: &Mapping) -> Result<Self, IngestError> {
        let told = &mapping.staff;
        let position = |column: &Option<String>| {
            column.as_ref().map(|c| find_column(name, header, c)).transpose()
        };
        let mut columns = Columns {
            person: position(&told.person)?,
            from: position(&told.from)?,
            to: position(&told.to)?,
            ..Columns::default()
        };
        let taken = [columns.person, columns.from, columns.to];
        let mut candidates = Vec::new();
        for (i, heading) in header.iter().enumerate().filter(|(i, _)| !taken.contains(&Some(*i))) {
            if let Some(rank) = crate::people::identifier_rank(heading) {
                candidates.push((rank, i));
                continue;
            }
            let lists: [(&[&[&str]], &mut Option<usize>); 6] = [
                (&[FIRST_HALF], &mut columns.first_half),
                (&[LAST_HALF], &mut columns.last_half),
                (&[HALVES], &mut columns.half),
                (&[crate::people::FROM, FIRST], &mut columns.from),
                (&[crate::people::TO, LAST], &mut columns.to),
                (&[CAUSES], &mut columns.cause),
            ];
            // The first column of a kind is the one: exports repeat themselves to the right.
            for (words, slot) in lists {
                if slot.is_none() && words.iter().any(|list| is_one(heading, list)) {
                    *slot = Some(i);
                    break;
                }
            }
        }
        if columns.person.is_none() {
            columns.person = candidates.into_iter().min().map(|(_, i)| i);
        }
        if columns.person.is_none() {
            return Err(undecided(name, header));
        }
        if columns.from.is_none() {
            return Err(IngestError::Choice {
                name: name.to_owned(),
                code: Code::ChooseColumn,
                fr: "quelle colonne donne le premier jour d’absence ? (--column from=…)".into(),
                en: "which column gives the first day away? (--column from=…)".into(),
            });
        }
        Ok(columns)
    }
}

/// Reads a list of absences: text, xlsx or ods.
pub fn read_absences(
    path: &Path,
    mapping: &Mapping,
    ctx: &mut Context<'_>,
) -> Result<AbsenceReport, IngestError> {
    let mut report = AbsenceReport::default();
    let read = |source: &mut dyn RowSource, ctx: &mut Context<'_>| {
        report = read_rows(source, mapping, ctx)?;
        Ok(())
    };
    let (findings, notes) = crate::people::open(path, mapping, ctx, STAFF_LIST, read)?;
    report.findings = findings;
    report.notes = notes;
    Ok(report)
}

fn read_rows(
    source: &mut dyn RowSource,
    mapping: &Mapping,
    ctx: &mut Context<'_>,
) -> Result<AbsenceReport, IngestError> {
    let header = source.header().to_vec();
    let columns = Columns::find(&ctx.name, &header, mapping)?;
    let names: Vec<&str> = header.iter().map(String::as_str).collect();
    ctx.quarantine.header(&names).map_err(|e| ctx.sink_error(e))?;
    let before = ctx.refused;
    let mut report = AbsenceReport::default();
    let mut row = Row::default();
    while source.next(&mut row)? {
        report.rows_read += 1;
        if report.rows_read.is_multiple_of(1_024) {
            let (done, total) = source.position();
            ctx.at(done, total)?;
        }
        match read_row(&row, &header, &columns, mapping, ctx)? {
            Ok(absence) => {
                report.accepted += 1;
                report.rows.push(absence);
            }
            Err(refused) => {
                let impersonal = [columns.half, columns.first_half, columns.last_half];
                crate::people::quarantine(&row, &header, &impersonal, refused, ctx)?;
            }
        }
    }
    if report.rows_read == 0 {
        return Err(ctx.refusal(
            Code::HeaderOnly,
            None,
            "la liste n’a qu’une ligne d’en-tête, aucune absence : vérifier l’export",
            "the list has a header row only and no absence in it: check the export",
        ));
    }
    report.quarantined = ctx.refused - before;
    Ok(report)
}

fn read_row(
    row: &Row,
    header: &[String],
    columns: &Columns,
    mapping: &Mapping,
    ctx: &mut Context<'_>,
) -> Result<Result<AbsenceRow, Refusal>, IngestError> {
    let at = columns.person.unwrap_or(usize::MAX);
    let person = match identify(row, header, at, ctx)? {
        Ok(person) => person,
        Err(refused) => return Ok(Err(refused)),
    };
    let cells = Cells { row, mapping };
    let mut unknown_cause = false;
    let mut read = || -> Result<AbsenceRow, Refusal> {
        let from = cells.date(columns.from)?.ok_or_else(|| {
            refusal(
                columns.from,
                Code::BadDate,
                "le premier jour manque",
                "the first day is missing",
            )
        })?;
        // One day away is often written once.
        let to = cells.date(columns.to)?.unwrap_or(from);
        if to < from {
            return Err(refusal(
                columns.to,
                Code::EndBeforeStart,
                "la fin précède le début",
                "the end comes before the start",
            ));
        }
        if from.until((jiff::Unit::Day, to)).map_or(true, |s| s.get_days() > LONGEST) {
            return Err(refusal(
                columns.to,
                Code::SuspectDate,
                "plus de trois ans d’absence : vérifier les dates",
                "more than three years away: check the dates",
            ));
        }
        let mut from_noon = half(&cells, columns.first_half)? == Some(Half::Afternoon);
        let mut until_noon = half(&cells, columns.last_half)? == Some(Half::Morning);
        match half(&cells, columns.half)? {
            None => {}
            Some(_) if from != to => {
                return Err(refusal(
                    columns.half,
                    Code::UnknownCode,
                    "une demi-journée sur plusieurs jours : dire laquelle, au début ou à la fin",
                    "half a day over several days: say which one, first or last",
                ));
            }
            Some(Half::Morning) => until_noon = true,
            Some(Half::Afternoon) => from_noon = true,
        }
        if from == to && from_noon && until_noon {
            return Err(refusal(
                columns.half,
                Code::UnknownCode,
                "ni le matin ni l’après-midi : rien ne reste",
                "neither the morning nor the afternoon: nothing is left",
            ));
        }
        let cause = match cells.text(columns.cause) {
            None => AbsenceCause::Other,
            Some(text) => cause(&text).unwrap_or_else(|| {
                unknown_cause = true;
                AbsenceCause::Other
            }),
        };
        Ok(AbsenceRow {
            line: row.line(),
            person: None,
            own: own_id(row.text(at)),
            email: None,
            from,
            to,
            from_noon,
            until_noon,
            cause,
            event: None,
        })
    };
    let read = read();
    if unknown_cause {
        let heading = columns.cause.and_then(|c| header.get(c)).map(String::as_str);
        // The words themselves may say too much to be repeated.
        ctx.findings.add(Code::UnknownCode, Some(row.line()), heading, || {
            [
                "motif non reconnu, gardé comme « autre »".into(),
                "cause not recognised, kept as “other”".into(),
            ]
        });
    }
    Ok(read.map(|absence| AbsenceRow { person: Some(person), ..absence }))
}

/// Days beyond which an absence is a slip of the keyboard.
pub(crate) const LONGEST: i32 = 1_096;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Half {
    Morning,
    Afternoon,
}

fn half(cells: &Cells<'_>, column: Option<usize>) -> Result<Option<Half>, Refusal> {
    let Some(text) = cells.text(column) else { return Ok(None) };
    match normal(&text).as_str() {
        "matin" | "matinee" | "m" | "morning" => Ok(Some(Half::Morning)),
        "apres midi" | "apresmidi" | "a" | "pm" | "afternoon" => Ok(Some(Half::Afternoon)),
        "journee" | "jour" | "j" | "entiere" | "journee entiere" | "day" | "full day" => Ok(None),
        _ => {
            let text = nir::quoted(&text);
            // `AM` is the morning in English and the afternoon on many French rosters.
            Err(refusal(
                column,
                Code::UnknownCode,
                format!("« {text} » : écrire matin, après-midi ou journée"),
                format!("“{text}”: write morning, afternoon or day"),
            ))
        }
    }
}

/// The cause that some words mean, French or English; `None` when they mean none.
pub fn cause(text: &str) -> Option<AbsenceCause> {
    let text = normal(text);
    let words: Vec<&str> = text.split(' ').collect();
    let has = |list: &[&str]| words.iter().any(|w| list.contains(w));
    // "Congé maladie", "congé de formation": what follows "congé" decides.
    let cause = if has(&["maladie", "malade", "arret", "accident", "sick", "sickness", "illness"])
        || text.contains("mi temps therapeutique")
    {
        AbsenceCause::Sickness
    } else if has(&[
        "maternite",
        "paternite",
        "adoption",
        "parental",
        "parentale",
        "naissance",
        "maternity",
        "paternity",
    ]) {
        AbsenceCause::Parental
    } else if has(&[
        "mandat",
        "syndical",
        "syndicale",
        "delegation",
        "irp",
        "cse",
        "mandate",
        "union",
    ]) {
        AbsenceCause::Mandate
    } else if has(&["formation", "stage", "training", "cpf"]) {
        AbsenceCause::Training
    } else if has(&["rtt", "recup", "recuperation", "repos", "compensateur", "recovery", "jrtt"]) {
        AbsenceCause::Recovery
    } else if has(&[
        "conge", "conges", "cp", "ca", "vacances", "leave", "holiday", "holidays", "vacation",
        "annuel", "cet",
    ]) {
        AbsenceCause::Leave
    } else if has(&["autre", "autres", "other", "divers", "absence", "absent"]) {
        AbsenceCause::Other
    } else {
        return None;
    };
    Some(cause)
}

/// The word a list in a language uses for a cause; reading it gives the cause back.
pub fn cause_word(cause: AbsenceCause) -> [&'static str; 2] {
    match cause {
        AbsenceCause::Leave => ["Congé", "Leave"],
        AbsenceCause::Recovery => ["RTT", "Recovery"],
        AbsenceCause::Sickness => ["Maladie", "Sickness"],
        AbsenceCause::Parental => ["Congé parental", "Parental leave"],
        AbsenceCause::Training => ["Formation", "Training"],
        AbsenceCause::Mandate => ["Mandat", "Mandate"],
        AbsenceCause::Other => ["Autre", "Other"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_rosters_are_understood_and_written_back() {
        for (words, expected) in [
            ("Congés payés", AbsenceCause::Leave),
            ("CP N-1", AbsenceCause::Leave),
            ("JRTT", AbsenceCause::Recovery),
            ("Récupération", AbsenceCause::Recovery),
            ("Congé maladie ordinaire", AbsenceCause::Sickness),
            ("ARRÊT DE TRAVAIL", AbsenceCause::Sickness),
            ("Congé de paternité", AbsenceCause::Parental),
            ("Congé de formation syndicale", AbsenceCause::Mandate),
            ("Congé individuel de formation", AbsenceCause::Training),
            ("Heures de délégation CSE", AbsenceCause::Mandate),
        ] {
            assert_eq!(cause(words), Some(expected), "{words}");
        }
        assert_eq!(cause("XZ12"), None);
        for known in [
            AbsenceCause::Leave,
            AbsenceCause::Recovery,
            AbsenceCause::Sickness,
            AbsenceCause::Parental,
            AbsenceCause::Training,
            AbsenceCause::Mandate,
            AbsenceCause::Other,
        ] {
            assert!(cause_word(known).iter().all(|word| cause(word) == Some(known)), "{known:?}");
        }
    }
}
