//! The rules of a process as a spreadsheet: targets, thresholds, windows, closures, campaigns,
//! events and unit times, one line each.
//!
//! - Computes: the sections that a sheet holds, ready to replace those of the rules in force.
//! - Units: days of the counter named on the line, minutes, cases, shares between 0 and 1.
//! - Shapes: a table in, one list per section out; a section without a line is `None`.
//! - Errors: [`IngestError`] for what is no table; a line that cannot be used is a problem with its
//!   line and column, and the others are read all the same.
//! - Source: `docs/configuration.md`.

use std::path::Path;

use eclusier_core::{
    ConfigProblem,
    config::{
        AlertRules, Campaign, Closure, DayCounter, EVENT_EFFECT, Event, EventKind, Exclusion,
        ProcessRules, Target, TimeBasis, UnitTime,
    },
};
use jiff::civil::Date;

use crate::{
    Code, Context, IngestError, Mapping, nir,
    people::{Cells, Refusal, is_one, refusal},
    table::{Row, RowSource},
    words::normal,
};

/// A kind of line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// Days allowed, share to hold, stock aimed at.
    Target,
    /// When a process is said tense or critical.
    Threshold,
    /// A window left out of ages and delays.
    Exclusion,
    /// A period left out of indicators.
    Neutralised,
    /// A day off.
    Closure,
    /// A season.
    Campaign,
    /// A strike, a new rule.
    Event,
    /// Working time of an item.
    UnitTime,
}

impl Section {
    /// All of them, in the order of a sheet.
    pub const ALL: [Section; 8] = [
        Section::Target,
        Section::Threshold,
        Section::Exclusion,
        Section::Neutralised,
        Section::Closure,
        Section::Campaign,
        Section::Event,
        Section::UnitTime,
    ];

    /// How a sheet names it, French then English.
    pub fn words(self) -> [&'static str; 2] {
        match self {
            Section::Target => ["cible", "target"],
            Section::Threshold => ["seuil", "threshold"],
            Section::Exclusion => ["fenêtre exclue", "excluded window"],
            Section::Neutralised => ["période neutralisée", "neutralised period"],
            Section::Closure => ["fermeture", "closure"],
            Section::Campaign => ["campagne", "campaign"],
            Section::Event => ["événement", "event"],
            Section::UnitTime => ["temps unitaire", "unit time"],
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let text = normal(text);
        let singular = |word: &str| normal(word) == text || format!("{}s", normal(word)) == text;
        Self::ALL.into_iter().find(|s| s.words().into_iter().any(singular))
    }
}

/// How a sheet names the four thresholds, in the order of [`AlertRules`].
pub const THRESHOLDS: [[&str; 2]; 4] = [
    ["tendu : écart à la cible", "tense: miss of the target"],
    ["critique : écart à la cible", "critical: miss of the target"],
    ["tendu : part en retard", "tense: late share"],
    ["critique : part en retard", "critical: late share"],
];

/// How a sheet names the days that count.
pub const COUNTERS: [(DayCounter, [&str; 2]); 3] = [
    (DayCounter::Worked, ["ouvrés", "worked"]),
    (DayCounter::Ouvrable, ["ouvrables", "ouvrable"]),
    (DayCounter::Calendar, ["calendaires", "calendar"]),
];

/// How a sheet says where a unit time comes from.
pub const BASES: [(TimeBasis, [&str; 2]); 3] = [
    (TimeBasis::Measured, ["mesuré", "measured"]),
    (TimeBasis::Declared, ["déclaré", "declared"]),
    (TimeBasis::Agreed, ["convenu", "agreed"]),
];

/// How a sheet says what an event is.
pub const EVENT_KINDS: [(EventKind, [&str; 2]); 3] = [
    (EventKind::Strike, ["grève", "strike"]),
    (EventKind::Rule, ["règle nouvelle", "new rule"]),
    (EventKind::Other, ["autre", "other"]),
];

/// What a sheet says; `None` for a section it does not speak of.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RulesSheet {
    /// Targets.
    pub target: Option<Vec<Target>>,
    /// Thresholds, in the order of [`THRESHOLDS`].
    pub alert: [Option<f64>; 4],
    /// Excluded windows.
    pub exclusion: Option<Vec<Exclusion>>,
    /// Neutralised periods.
    pub neutralised: Option<Vec<Exclusion>>,
    /// Closures.
    pub closure: Option<Vec<Closure>>,
    /// Campaigns.
    pub campaign: Option<Vec<Campaign>>,
    /// Events.
    pub event: Option<Vec<Event>>,
    /// Unit times.
    pub unit_time: Option<Vec<UnitTime>>,
    /// Lines that cannot be used.
    pub problems: Vec<ConfigProblem>,
}

impl RulesSheet {
    /// Lines taken, by section; sections without one are left out.
    pub fn sections(&self) -> Vec<(Section, usize)> {
        let count = |section| match section {
            Section::Target => self.target.as_ref().map(Vec::len),
            Section::Threshold => Some(self.alert.iter().flatten().count()),
            Section::Exclusion => self.exclusion.as_ref().map(Vec::len),
            Section::Neutralised => self.neutralised.as_ref().map(Vec::len),
            Section::Closure => self.closure.as_ref().map(Vec::len),
            Section::Campaign => self.campaign.as_ref().map(Vec::len),
            Section::Event => self.event.as_ref().map(Vec::len),
            Section::UnitTime => self.unit_time.as_ref().map(Vec::len),
        };
        let held = |s: Section| count(s).filter(|n| *n > 0).map(|n| (s, n));
        Section::ALL.into_iter().filter_map(held).collect()
    }

    /// The rules with the sections of the sheet instead of theirs; the others stay.
    pub fn applied(&self, mut rules: ProcessRules) -> ProcessRules {
        fn put<T: Clone>(place: &mut Vec<T>, lines: &Option<Vec<T>>) {
            if let Some(lines) = lines {
                place.clone_from(lines);
            }
        }
        put(&mut rules.target, &self.target);
        put(&mut rules.exclusion, &self.exclusion);
        put(&mut rules.neutralised, &self.neutralised);
        put(&mut rules.closure, &self.closure);
        put(&mut rules.campaign, &self.campaign);
        put(&mut rules.event, &self.event);
        put(&mut rules.unit_time, &self.unit_time);
        let AlertRules { tense_points, critical_points, tense_late_share, critical_late_share } =
            &mut rules.alert;
        let places = [tense_points, critical_points, tense_late_share, critical_late_share];
        for (place, value) in places.into_iter().zip(self.alert) {
            *place = value.unwrap_or(*place);
        }
        rules
    }
}

/// Columns of a sheet, by position.
#[derive(Debug, Clone, Default)]
struct Columns {
    section: Option<usize>,
    product: Option<usize>,
    activity: Option<usize>,
    name: Option<usize>,
    from: Option<usize>,
    to: Option<usize>,
    days: Option<usize>,
    counter: Option<usize>,
    share: Option<usize>,
    stock: Option<usize>,
    minutes: Option<usize>,
    basis: Option<usize>,
    expected: Option<usize>,
    half: Option<usize>,
    again: Option<usize>,
    kind: Option<usize>,
    effect: Option<usize>,
}

impl Columns {
    fn find(name: &str, header: &[String]) -> Result<Self, IngestError> {
        let mut columns = Columns::default();
        for (i, heading) in header.iter().enumerate() {
            let lists: [(&[&str], &mut Option<usize>); 17] = [
                (&["rubrique", "section"], &mut columns.section),
                (&["produit", "prestation", "product"], &mut columns.product),
                (&["activite", "activity"], &mut columns.activity),
                (&["libelle", "motif", "nom", "label", "name", "reason"], &mut columns.name),
                (&["du", "from", "date", "jour", "debut"], &mut columns.from),
                (&["au", "to", "fin"], &mut columns.to),
                (&["delai", "days", "jours"], &mut columns.days),
                (&["compteur", "counter"], &mut columns.counter),
                (&["part", "share", "valeur", "value"], &mut columns.share),
                (&["stock vise", "stock", "stock aimed at"], &mut columns.stock),
                (&["minutes", "temps"], &mut columns.minutes),
                (&["origine", "basis"], &mut columns.basis),
                (&["volume attendu", "expected", "volume"], &mut columns.expected),
                (&["demi journee", "half", "half day"], &mut columns.half),
                (&["comme la derniere fois", "like last time"], &mut columns.again),
                (&["nature", "kind"], &mut columns.kind),
                (&["effet attendu", "effet", "effect"], &mut columns.effect),
            ];
            for (words, slot) in lists {
                if slot.is_none() && is_one(heading, words) {
                    *slot = Some(i);
                    break;
                }
            }
        }
        if columns.section.is_none() {
            let list = header.iter().take(60).map(String::as_str).collect::<Vec<_>>().join(" | ");
            return Err(IngestError::Choice {
                name: name.to_owned(),
                code: Code::ChooseColumn,
                fr: format!(
                    "aucune colonne « Rubrique » : partir du tableur exporté. Colonnes : {list}"
                ),
                en: format!("no column “Section”: start from the exported sheet. Columns: {list}"),
            });
        }
        Ok(columns)
    }
}

/// Reads a sheet of rules: text, xlsx or ods.
pub fn read_rules(path: &Path, ctx: &mut Context<'_>) -> Result<RulesSheet, IngestError> {
    let mut sheet = RulesSheet::default();
    let mapping = Mapping::default();
    let what = ["configuration", "configuration"];
    let read = |source: &mut dyn RowSource, ctx: &mut Context<'_>| {
        sheet = read_rows(source, &mapping, ctx)?;
        Ok(())
    };
    crate::people::open(path, &mapping, ctx, what, read)?;
    Ok(sheet)
}

/// Lines beyond which a sheet is something else.
const MOST_LINES: u64 = 20_000;

fn read_rows(
    source: &mut dyn RowSource,
    mapping: &Mapping,
    ctx: &mut Context<'_>,
) -> Result<RulesSheet, IngestError> {
    let header = source.header().to_vec();
    let columns = Columns::find(&ctx.name, &header)?;
    let mut sheet = RulesSheet::default();
    let (mut row, mut lines) = (Row::default(), 0u64);
    while source.next(&mut row)? {
        lines += 1;
        if lines > MOST_LINES {
            return Err(ctx.refusal(
                Code::Malformed,
                Some(row.line()),
                "plus de 20 000 lignes : ce n’est pas une configuration",
                "more than 20,000 lines: this is no configuration",
            ));
        }
        if let Err((column, _, [fr, en])) =
            read_row(&Cells { row: &row, mapping }, &columns, &mut sheet)
        {
            let line = row.line();
            let key = match header.get(column) {
                Some(heading) => format!("l. {line}, {}", shown(heading.trim())),
                None => format!("l. {line}"),
            };
            sheet.problems.push(ConfigProblem { key, fr, en });
        }
    }
    if lines == 0 {
        return Err(ctx.refusal(
            Code::HeaderOnly,
            None,
            "la feuille n’a qu’une ligne d’en-tête : rien à reprendre",
            "the sheet has a header row only: nothing to take",
        ));
    }
    Ok(sheet)
}

/// The value of a word among those a column may hold.
fn word<T: Copy>(
    cells: &Cells<'_>,
    column: Option<usize>,
    known: &[(T, [&str; 2])],
    usual: T,
) -> Result<T, Refusal> {
    let Some(text) = cells.text(column) else { return Ok(usual) };
    let said = normal(&text);
    let found = known.iter().find(|(_, words)| words.iter().any(|w| normal(w) == said));
    found.map(|(value, _)| *value).ok_or_else(|| {
        let text = shown(&text);
        let list = |i: usize| {
            known.iter().filter_map(|(_, w)| w.get(i).copied()).collect::<Vec<_>>().join(", ")
        };
        refusal(
            column,
            Code::UnknownCode,
            format!("« {text} » : écrire l’un de {}", list(0)),
            format!("“{text}”: write one of {}", list(1)),
        )
    })
}

/// A cell told back: words of a configuration concern nobody, a national number slipped in does.
fn shown(text: &str) -> String {
    nir::masked(text).chars().take(60).collect()
}

/// A text, without the mark that keeps a spreadsheet from running it as a formula.
fn name(cells: &Cells<'_>, column: Option<usize>) -> Option<String> {
    let text = cells.text(column)?;
    let bare = text.strip_prefix('\'').filter(|rest| rest.starts_with(['=', '+', '-', '@']));
    Some(bare.map_or(text.clone(), str::to_owned))
}

/// A whole number that is not negative.
fn whole(cells: &Cells<'_>, column: Option<usize>) -> Result<Option<u64>, Refusal> {
    let Some(number) = cells.number(column)? else { return Ok(None) };
    let value = number.value;
    if number.percent || value < 0.0 || value.fract() != 0.0 || value > MOST {
        return Err(refusal(
            column,
            Code::BadNumber,
            format!("{value} : un nombre entier positif est attendu"),
            format!("{value}: a whole positive number is expected"),
        ));
    }
    Ok(Some(value as u64))
}

/// Largest count a sheet may hold: every case of the country, many times over.
const MOST: f64 = 1e12;

/// A share between 0 and 1; `85 %` and `85` are 0.85.
fn share(cells: &Cells<'_>, column: Option<usize>) -> Result<Option<f64>, Refusal> {
    let Some(number) = cells.number(column)? else { return Ok(None) };
    let value = match number.percent {
        true => number.value / 100.0,
        false => number.value,
    };
    if (0.0..=1.0).contains(&value) {
        return Ok(Some(value));
    }
    Err(refusal(
        column,
        Code::BadNumber,
        format!("{value} : une part entre 0 et 1, ou un pourcentage comme 85 %"),
        format!("{value}: a share between 0 and 1, or a percentage such as 85%"),
    ))
}

/// The share by which an event changes arrivals; `-30 %` is -0.3.
fn effect(cells: &Cells<'_>, column: Option<usize>) -> Result<Option<f64>, Refusal> {
    let Some(number) = cells.number(column)? else { return Ok(None) };
    let value = if number.percent { number.value / 100.0 } else { number.value };
    let (least, most) = EVENT_EFFECT;
    if (least..=most).contains(&value) {
        return Ok(Some(value));
    }
    Err(refusal(
        column,
        Code::BadNumber,
        format!("{value} : une part entre -0,99 et 20, ou un pourcentage comme -30 %"),
        format!("{value}: a share between -0.99 and 20, or a percentage such as -30%"),
    ))
}

fn missing<T>(column: Option<usize>, value: Option<T>, what: [&str; 2]) -> Result<T, Refusal> {
    value.ok_or_else(|| {
        refusal(
            column,
            Code::UnknownCode,
            format!("{} manque", what[0]),
            format!("{} is missing", what[1]),
        )
    })
}

fn read_row(cells: &Cells<'_>, columns: &Columns, sheet: &mut RulesSheet) -> Result<(), Refusal> {
    if let Some(code) = cells.row.problem() {
        return Err(refusal(None, code, "ligne illisible", "unreadable line"));
    }
    let c = columns;
    let said = missing(c.section, cells.text(c.section), ["la rubrique", "the section"])?;
    let section = Section::parse(&said).ok_or_else(|| {
        let said = shown(&said);
        let list = |i: usize| {
            let words = Section::ALL.into_iter().filter_map(|s| s.words().get(i).copied());
            words.collect::<Vec<_>>().join(", ")
        };
        refusal(
            c.section,
            Code::UnknownCode,
            format!("rubrique inconnue « {said} » : écrire l’une de {}", list(0)),
            format!("unknown section “{said}”: write one of {}", list(1)),
        )
    })?;
    let day = |column: Option<usize>, what: [&str; 2]| -> Result<Date, Refusal> {
        missing(column, cells.date(column)?, what)
    };
    let first = || day(c.from, ["le premier jour", "the first day"]);
    let last = |from: Date| -> Result<Date, Refusal> {
        let to = cells.date(c.to)?.unwrap_or(from);
        if to < from {
            let words = ["la fin précède le début", "the end comes before the start"];
            return Err(refusal(c.to, Code::EndBeforeStart, words[0], words[1]));
        }
        Ok(to)
    };
    let product = || name(cells, c.product);
    let window = || -> Result<Exclusion, Refusal> {
        let from = first()?;
        let reason = missing(c.name, name(cells, c.name), ["le motif", "the reason"])?;
        Ok(Exclusion { from, to: last(from)?, product: product(), reason })
    };
    match section {
        Section::Target => {
            let days = missing(c.days, whole(cells, c.days)?, ["le délai", "the delay"])?;
            let days = u32::try_from(days).ok().filter(|d| *d <= 3_650).ok_or_else(|| {
                let words = ["un délai de dix ans au plus", "a delay of ten years at most"];
                refusal(c.days, Code::BadNumber, words[0], words[1])
            })?;
            let target = Target {
                product: product(),
                days,
                counter: word(cells, c.counter, &COUNTERS, DayCounter::Worked)?,
                share: share(cells, c.share)?,
                stock: whole(cells, c.stock)?,
            };
            sheet.target.get_or_insert_default().push(target);
        }
        Section::Threshold => {
            let known: Vec<(usize, [&str; 2])> = THRESHOLDS.into_iter().enumerate().collect();
            let what = ["le libellé du seuil", "the label of the threshold"];
            missing(c.name, cells.text(c.name), what)?;
            let which = word(cells, c.name, &known, 0)?;
            let value = missing(c.share, share(cells, c.share)?, ["la valeur", "the value"])?;
            if let Some(place) = sheet.alert.get_mut(which) {
                *place = Some(value);
            }
        }
        Section::Exclusion => sheet.exclusion.get_or_insert_default().push(window()?),
        Section::Neutralised => sheet.neutralised.get_or_insert_default().push(window()?),
        Section::Closure => {
            let closure = Closure {
                date: first()?,
                half: cells.yes(c.half)?.unwrap_or(false),
                reason: name(cells, c.name).unwrap_or_default(),
            };
            sheet.closure.get_or_insert_default().push(closure);
        }
        Section::Campaign => {
            let from = first()?;
            let campaign = Campaign {
                name: missing(c.name, name(cells, c.name), ["le nom", "the name"])?,
                from,
                to: last(from)?,
                product: product(),
                expected: whole(cells, c.expected)?,
                like_last_time: cells.yes(c.again)?.unwrap_or(false),
            };
            sheet.campaign.get_or_insert_default().push(campaign);
        }
        Section::Event => {
            let from = first()?;
            let event = Event {
                name: missing(c.name, name(cells, c.name), ["le nom", "the name"])?,
                kind: word(cells, c.kind, &EVENT_KINDS, EventKind::Other)?,
                from,
                // Without a last day it is for good.
                to: cells.date(c.to)?.map(|_| last(from)).transpose()?,
                product: product(),
                effect: effect(cells, c.effect)?,
            };
            sheet.event.get_or_insert_default().push(event);
        }
        Section::UnitTime => {
            let what = ["le temps en minutes", "the time in minutes"];
            let minutes = missing(c.minutes, cells.number(c.minutes)?, what)?;
            let time = UnitTime {
                product: product(),
                activity: name(cells, c.activity),
                minutes: minutes.value,
                basis: word(cells, c.basis, &BASES, TimeBasis::Agreed)?,
            };
            sheet.unit_time.get_or_insert_default().push(time);
        }
    }
    Ok(())
}
