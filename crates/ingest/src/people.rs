//! What staff lists and lists of absences have in common: who a row speaks of, and cells
//! read with the habits of people who type.

use std::path::Path;

use jiff::civil::Date;

use crate::{
    Code, Context, Decimal, Finding, IngestError, Mapping, csv,
    mapping::{DateOrder, Format},
    nir,
    sheet::SheetTable,
    table::{Row, RowSource, Typed},
    values::{self, Moment},
    words::normal,
};

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
pub(crate) const FROM: &[&str] = &[
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
pub(crate) const TO: &[&str] = &[
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
pub(crate) fn is_one(header: &str, list: &[&str]) -> bool {
    let whole = normal(header);
    let bare = normal(header.split('(').next().unwrap_or(""));
    list.iter().any(|w| *w == whole || *w == bare)
}

/// How well a heading names the identifiers of people; the least is the best.
pub(crate) fn identifier_rank(heading: &str) -> Option<usize> {
    IDENTIFIERS.iter().position(|w| is_one(heading, &[w]))
}

/// Nothing tells which column identifies people.
pub(crate) fn undecided(name: &str, header: &[String]) -> IngestError {
    let list = header.iter().take(60).map(String::as_str).collect::<Vec<_>>().join(" | ");
    IngestError::Choice {
        name: name.to_owned(),
        code: Code::ChooseColumn,
        fr: format!(
            "quelle colonne identifie les agents, comme dans les journaux ? (--column person=…) Un matricule vaut mieux qu’un nom. Colonnes : {list}"
        ),
        en: format!(
            "which column identifies staff, as in the logs? (--column person=…) A number is better than a name. Columns: {list}"
        ),
    }
}

/// What a table of people is, in a refusal.
pub(crate) const STAFF_LIST: [&str; 2] = ["liste d’agents", "staff list"];

/// Opens a table (text, xlsx or ods), has it read, and hands back what to know. `what` is what the
/// file should be.
pub(crate) fn open(
    path: &Path,
    mapping: &Mapping,
    ctx: &mut Context<'_>,
    what: [&str; 2],
    read: impl FnOnce(&mut dyn RowSource, &mut Context<'_>) -> Result<(), IngestError>,
) -> Result<(Vec<Finding>, Vec<[String; 2]>), IngestError> {
    let name = ctx.name.clone();
    let format = match mapping.format {
        Some(format) => format,
        None => crate::read::format_of(path, &name, ctx.limits)?,
    };
    match format {
        Format::Csv => {
            let mut source = csv::open(path, &name, mapping, ctx.limits)?;
            read(&mut source, ctx)?;
        }
        Format::Xlsx | Format::Ods => {
            let mut table = SheetTable::open(path, &name, mapping, &ctx.limits)?;
            read(&mut table, ctx)?;
            table.report(&mut ctx.findings, &mut ctx.notes);
        }
        other => {
            return Err(ctx.refusal(
                Code::UnknownFormat,
                None,
                format!(
                    "un fichier {} n’est pas une {} : un CSV ou un classeur est attendu",
                    other.as_str(),
                    what[0]
                ),
                format!(
                    "a {} file is no {}: a CSV or a workbook is expected",
                    other.as_str(),
                    what[1]
                ),
            ));
        }
    }
    let findings = std::mem::take(&mut ctx.findings).finish();
    Ok((findings, std::mem::take(&mut ctx.notes)))
}

/// Why a row is refused: column, code, words.
pub(crate) type Refusal = (usize, Code, [String; 2]);

pub(crate) fn refusal(
    column: Option<usize>,
    code: Code,
    fr: impl Into<String>,
    en: impl Into<String>,
) -> Refusal {
    (column.unwrap_or(usize::MAX), code, [fr.into(), en.into()])
}

/// The pseudonym of the person a row speaks of.
pub(crate) fn identify(
    row: &Row,
    header: &[String],
    at: usize,
    ctx: &mut Context<'_>,
) -> Result<Result<String, Refusal>, IngestError> {
    let column = at;
    let at = Some(at);
    if let Some(code) = row.problem() {
        return Ok(Err(refusal(None, code, "ligne illisible", "unreadable row")));
    }
    if (header.len()..row.len()).any(|c| !row.text(c).trim().is_empty()) {
        return Ok(Err(refusal(
            None,
            Code::ColumnCount,
            "plus de cellules que l’en-tête n’a de colonnes : un séparateur dans un libellé ?",
            "more cells than the header has columns: a separator inside a label?",
        )));
    }
    // In a column of people only the empty cell is missing: `NA` may be somebody.
    let id = row.text(column);
    if id.trim().is_empty() {
        return Ok(Err(refusal(
            at,
            Code::MissingPerson,
            "l’identifiant de l’agent manque",
            "the person's identifier is missing",
        )));
    }
    if row.typed(column) == Typed::Error
        || values::is_scientific(id.as_bytes())
        || values::is_rounded(id.as_bytes())
    {
        return Ok(Err(refusal(
            at,
            Code::DamagedIdentifier,
            "identifiant abîmé par le tableur : exporter cette colonne en texte",
            "identifier damaged by the spreadsheet: export this column as text",
        )));
    }
    if nir::find(id, true).is_some() {
        if ctx.strict_nir {
            return Err(ctx.refusal(
                Code::NirRefused,
                Some(row.line()),
                "la colonne des agents contient un numéro de sécurité sociale : utiliser le matricule (mode strict)",
                "the column of people holds a national identity number: use the staff number (strict mode)",
            ));
        }
        let heading = header.get(column).map(String::as_str);
        ctx.findings.add(Code::NirReplaced, Some(row.line()), heading, || {
            [
                "numéro de sécurité sociale remplacé par un pseudonyme".into(),
                "national identity number replaced by a pseudonym".into(),
            ]
        });
    }
    Ok(Ok(ctx.people.person(id).to_owned()))
}

/// The identifier, when it has the form of those the program gives and exports.
pub(crate) fn own_id(id: &str) -> Option<String> {
    let id = id.trim();
    let shaped = id.len() == 36
        && id.bytes().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        });
    shaped.then(|| id.to_ascii_lowercase())
}

/// Sends a row to quarantine with the columns that describe nobody.
pub(crate) fn quarantine(
    row: &Row,
    header: &[String],
    impersonal: &[Option<usize>],
    (column, code, words): Refusal,
    ctx: &mut Context<'_>,
) -> Result<(), IngestError> {
    let fields: Vec<String> = (0..header.len().max(row.len()))
        .map(|c| {
            if impersonal.contains(&Some(c)) {
                nir::masked(row.text(c)).into_owned()
            } else {
                String::new()
            }
        })
        .collect();
    let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
    let column = header.get(column).map_or("", String::as_str).to_owned();
    ctx.refuse(row.line(), &column, code, words, &fields)
}

/// Says which columns name people and were not read.
pub(crate) fn unread(names: &[usize], header: &[String], ctx: &mut Context<'_>) {
    let list: Vec<&str> = names.iter().filter_map(|c| header.get(*c)).map(String::as_str).collect();
    if !list.is_empty() {
        let list = list.join(", ");
        ctx.findings.summary(
            Code::ColumnIgnored,
            names.len() as u64,
            [
                format!("colonnes nominatives non lues : {list}"),
                format!("columns naming people, not read: {list}"),
            ],
        );
    }
}

/// The cells of one row.
pub(crate) struct Cells<'a> {
    pub(crate) row: &'a Row,
    pub(crate) mapping: &'a Mapping,
}

impl Cells<'_> {
    pub(crate) fn text(&self, column: Option<usize>) -> Option<String> {
        let column = column?;
        let text = self.row.text(column).trim();
        (!text.is_empty()
            && !values::is_missing(text.as_bytes())
            && self.row.typed(column) != Typed::Error)
            .then(|| text.to_owned())
    }

    pub(crate) fn number(&self, column: Option<usize>) -> Result<Option<values::Number>, Refusal> {
        let Some(c) = column else { return Ok(None) };
        match self.row.typed(c) {
            Typed::Number(value) => Ok(Some(values::Number { value, percent: false })),
            Typed::Error => Ok(None),
            _ => {
                let text = self.row.text(c).trim();
                let text = text.trim_end_matches(['h', 'H']).trim_end();
                // A share is small: `0,800` and `0.800` are never thousands.
                values::parse_number(text, self.mapping.decimal)
                    .or_else(|_| {
                        values::parse_number(&text.replace(',', "."), Some(Decimal::Point))
                    })
                    .map_err(|_| {
                        let text = nir::quoted(text);
                        refusal(
                            column,
                            Code::BadNumber,
                            format!("« {text} » n’est pas un nombre : écrire par exemple 36, 0,8 ou 80 %"),
                            format!("“{text}” is not a number: write for example 36, 0.8 or 80%"),
                        )
                    })
            }
        }
    }

    /// A level from 0 to 4.
    pub(crate) fn level(&self, column: Option<usize>) -> Result<Option<u8>, Refusal> {
        let Some(number) = self.number(column)? else { return Ok(None) };
        (0..=4u8).find(|l| f64::from(*l) == number.value && !number.percent).map(Some).ok_or_else(
            || {
                let value = number.value;
                refusal(
                    column,
                    Code::BadNumber,
                    format!("niveau {value} : un entier de 0 à 4 est attendu"),
                    format!("level {value}: a whole number from 0 to 4 is expected"),
                )
            },
        )
    }

    pub(crate) fn yes(&self, column: Option<usize>) -> Result<Option<bool>, Refusal> {
        let Some(text) = self.text(column) else { return Ok(None) };
        match normal(&text).as_str() {
            "o" | "oui" | "vrai" | "x" | "1" | "y" | "yes" | "true" => Ok(Some(true)),
            "n" | "non" | "faux" | "0" | "no" | "false" => Ok(Some(false)),
            _ => {
                let text = nir::quoted(&text);
                Err(refusal(
                    column,
                    Code::UnknownCode,
                    format!("« {text} » : écrire oui ou non"),
                    format!("“{text}”: write yes or no"),
                ))
            }
        }
    }

    /// Days of the week: `lun mar jeu ven`, `1-5`, `L, Ma, J`… 1 is Monday.
    pub(crate) fn weekdays(&self, column: Option<usize>) -> Result<Option<Vec<u8>>, Refusal> {
        let Some(text) = self.text(column) else { return Ok(None) };
        let bad = || {
            let text = nir::quoted(&text);
            refusal(
                column,
                Code::UnknownCode,
                format!("« {text} » : écrire par exemple lun mar jeu ven, ou 1-5"),
                format!("“{text}”: write for example mon tue thu fri, or 1-5"),
            )
        };
        let mut days = [false; 8];
        for part in text.split([' ', ',', ';', '/', '+', '\u{a0}']).filter(|p| !p.is_empty()) {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (weekday(first).ok_or_else(bad)?, weekday(last).ok_or_else(bad)?);
            if first > last {
                return Err(bad());
            }
            for day in days.iter_mut().take(last + 1).skip(first) {
                *day = true;
            }
        }
        let worked: Vec<u8> = (1..=7u8).filter(|d| days[usize::from(*d)]).collect();
        if worked.is_empty() { Err(bad()) } else { Ok(Some(worked)) }
    }

    pub(crate) fn date(&self, column: Option<usize>) -> Result<Option<Date>, Refusal> {
        let Some(c) = column else { return Ok(None) };
        if let Typed::Day(moment) | Typed::Instant(moment) = self.row.typed(c) {
            let day = moment.date();
            return Ok((day != jiff::civil::date(9999, 12, 31)
                && day != jiff::civil::date(1900, 1, 1))
            .then_some(day));
        }
        let raw = self.row.text(c);
        let pivot = self.mapping.date_pivot.unwrap_or(values::DEFAULT_PIVOT);
        let orders = match self.mapping.date_order {
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
        Err(refusal(
            column,
            Code::BadDate,
            format!("« {raw} » n’est pas une date : écrire par exemple 31/12/2026"),
            format!("“{raw}” is not a date: write for example 31/12/2026 or 2026-12-31"),
        ))
    }
}

/// A day of the week by its number or the first letters of its name, French or English.
fn weekday(text: &str) -> Option<usize> {
    let text = normal(text);
    let day = match text.as_str() {
        "1" | "l" => 1,
        "2" => 2,
        "3" => 3,
        "4" | "j" => 4,
        "5" | "v" => 5,
        "6" => 6,
        "7" | "d" => 7,
        _ => match text.get(..2)? {
            "lu" | "mo" => 1,
            "ma" | "tu" => 2,
            "me" | "we" => 3,
            "je" | "th" => 4,
            "ve" | "fr" => 5,
            "sa" => 6,
            "di" | "su" => 7,
            _ => return None,
        },
    };
    Some(day)
}
