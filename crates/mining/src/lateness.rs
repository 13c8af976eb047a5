//! What goes with lateness: which attributes, channels, loads and paths late cases share.
//!
//! - Computes: for each level of each factor, the late share with and without it, and its
//!   effect once the other factors are taken into account; never of a person.
//! - Units: shares 0 to 1, odds ratios, worked minutes; instants in microseconds.
//! - Shapes: the tasks of a log and one judgement per case in; levels, surest first, out.
//! - Errors: [`LatenessError`] when stopped or when too few cases are judged or late.
//! - Source: `docs/methods/lateness.md`; checked against a fit of NumPy and by simulation.

use std::collections::{BTreeMap, BTreeSet};

use eclusier_calendar::{WorkClock, Zone};
use rustc_hash::FxHashMap;
use serde::Serialize;

use crate::{
    chance::{self, Z95},
    task_log::TaskLog,
};

mod candidates;
pub mod logistic;
mod model;

pub use candidates::table;

/// Why nothing is said.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum LatenessError {
    /// The caller asked to stop.
    #[error("stopped while factors were compared")]
    Stopped,
    /// Too few cases whose lateness is decided.
    #[error("{cases} cases are judged, {needed} are needed")]
    TooFewCases {
        /// Judged.
        cases: u64,
        /// Needed.
        needed: u64,
    },
    /// Nearly all cases are on one side.
    #[error("{late} of {cases} cases are late: at least {needed} of each side are needed")]
    OneSided {
        /// Late.
        late: u64,
        /// Judged.
        cases: u64,
        /// Needed on each side.
        needed: u64,
    },
}

/// Whether a case is late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Closed after its date, or open beyond it.
    Late {
        /// Worked time beyond the date, so far.
        beyond_us: i64,
    },
    /// Closed in time.
    InTime,
    /// Open and not yet due: left out, and counted.
    NotDue,
}

/// What is known of the lateness of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judged {
    /// Late or not.
    pub verdict: Verdict,
    /// When it arrived.
    pub arrived: i64,
    /// When it was closed.
    pub closed: Option<i64>,
    /// When it was due: what happens later explains nothing.
    pub due: Option<i64>,
}

/// Judges the cases of a log by one target in worked time, at an instant. `closed` tells
/// when a case ended, from its place in the log.
pub fn judge(
    log: &TaskLog,
    clock: &WorkClock,
    target_us: i64,
    as_of: i64,
    closed: &dyn Fn(usize) -> Option<i64>,
) -> Vec<Judged> {
    let one = |(place, case)| {
        let tasks = log.tasks_of(case);
        let arrived = tasks.iter().map(|t| t.scheduled.unwrap_or(t.start).min(t.start)).min();
        let arrived = arrived.unwrap_or(as_of);
        let closed = closed(place).filter(|&c| c <= as_of);
        let beyond = clock.between(arrived, closed.unwrap_or(as_of)).saturating_sub(target_us);
        let verdict = match (beyond > 0, closed) {
            (true, _) => Verdict::Late { beyond_us: beyond },
            (false, Some(_)) => Verdict::InTime,
            (false, None) => Verdict::NotDue,
        };
        Judged { verdict, arrived, closed, due: clock.add(arrived, target_us) }
    };
    log.cases.iter().enumerate().map(one).collect()
}

/// What a factor is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FactorKind {
    /// Product.
    Product,
    /// Channel.
    Channel,
    /// Unit.
    Unit,
    /// Organisation.
    Org,
    /// An attribute of the case.
    Attribute,
    /// Open cases when it arrived.
    Load,
    /// Whether an activity was done more than once.
    Rework,
    /// How many times the case changed hands.
    Handovers,
    /// Whether an activity was done.
    Activity,
    /// Weekday of arrival.
    Weekday,
    /// Month of arrival.
    Month,
}

/// When a factor is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// When the case arrives: one can act before.
    AtArrival,
    /// Only on the way.
    OnTheWay,
}

/// A level of a factor.
#[derive(Debug, Clone, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "value")]
pub enum Level {
    /// A value as delivered.
    Value(String),
    /// A number at most this.
    AtMost(f64),
    /// A number above the first, at most the second.
    Between(f64, f64),
    /// A number above this.
    Above(f64),
    /// Month of the year, 1 to 12.
    Month(u8),
    /// ISO weekday, 1 = Monday.
    Weekday(u8),
    /// It did not happen.
    No,
    /// It happened.
    Yes,
    /// From so many times to so many; without end when `None`.
    Times(u32, Option<u32>),
    /// Teams of fewer than five persons, together.
    SmallTeams,
    /// Values too rare to be told apart, together.
    Others,
    /// Not told by the log.
    Missing,
}

impl Level {
    /// The level in French, as lists show it.
    pub fn label(&self) -> String {
        match self {
            Level::Value(v) => v.clone(),
            Level::AtMost(a) => format!("≤ {a}"),
            Level::Between(a, b) => format!("{a} – {b}"),
            Level::Above(a) => format!("> {a}"),
            Level::Month(m) => format!("{m:02}"),
            Level::Weekday(d) => d.to_string(),
            Level::No => "non".into(),
            Level::Yes => "oui".into(),
            Level::Times(a, Some(b)) if a == b => a.to_string(),
            Level::Times(a, Some(b)) => format!("{a}–{b}"),
            Level::Times(a, None) => format!("{a} et plus"),
            Level::SmallTeams => "(équipes de moins de 5 personnes)".into(),
            Level::Others => "(autres)".into(),
            Level::Missing => "(non renseigné)".into(),
        }
    }

    fn pooled(&self) -> bool {
        matches!(self, Level::SmallTeams | Level::Others | Level::Missing)
    }

    fn ordered(&self) -> bool {
        matches!(
            self,
            Level::AtMost(_) | Level::Between(..) | Level::Above(_) | Level::No | Level::Times(..)
        )
    }
}

/// A factor and its level in each judged case.
#[derive(Debug, Clone, PartialEq)]
pub struct Factor {
    /// Name: of the attribute or activity, otherwise of the kind.
    pub name: String,
    /// What it is made of.
    pub kind: FactorKind,
    /// When it is known.
    pub moment: Moment,
    /// Levels.
    pub levels: Vec<Level>,
    /// Level of each case.
    pub codes: Vec<u16>,
}

/// Why a column is not examined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "why")]
pub enum Refusal {
    /// Its name speaks of a person.
    NamesPerson,
    /// Its values are pseudonyms of the log.
    HoldsPseudonyms,
    /// Its values tell persons, or teams too small, apart.
    TellsPersons,
    /// Too many distinct values to be a factor.
    TooManyValues {
        /// How many.
        distinct: u64,
    },
    /// A number of its own for each case.
    Identifier,
    /// Its values are dates, which may be known only at the end.
    Dates,
    /// All cases share one value, or one side has too few cases.
    TooFewCases,
    /// The log names nobody.
    NoResources,
    /// Beyond the number of activities examined.
    BeyondLimit,
}

/// A column left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// Name.
    pub name: String,
    /// What it is made of.
    pub kind: FactorKind,
    /// Why.
    #[serde(flatten)]
    pub why: Refusal,
}

/// Judged cases with their factors.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// Whether each case is late.
    pub late: Vec<bool>,
    /// Worked time beyond the date, 0 when in time.
    pub beyond_us: Vec<i64>,
    /// Factors.
    pub factors: Vec<Factor>,
    /// Columns left out.
    pub refused: Vec<Refused>,
    /// Open cases not yet due.
    pub undecided: u64,
    /// Whether team sizes could be checked.
    pub persons_known: bool,
}

/// What to examine and how.
#[derive(Debug, Clone)]
pub struct LatenessOptions {
    /// Zone in which months and weekdays are told.
    pub zone: Zone,
    /// Fewest cases of a level.
    pub min_cases: u64,
    /// Fewest late cases, and fewest in time, of a level.
    pub min_events: u64,
    /// Most distinct values of a factor.
    pub max_levels: usize,
    /// Most activities examined.
    pub max_activities: usize,
    /// Fewest persons behind a level that tells teams apart.
    pub min_persons: usize,
    /// Attributes never examined, whatever they hold.
    pub never: BTreeSet<String>,
    /// Share of false findings accepted among those said.
    pub level: f64,
    /// Weight of the ridge: the inverse of the variance of effects before any case is seen.
    pub ridge: f64,
}

impl Default for LatenessOptions {
    fn default() -> Self {
        Self {
            zone: Zone::utc(),
            min_cases: 30,
            min_events: 5,
            max_levels: 50,
            max_activities: 40,
            min_persons: 5,
            never: BTreeSet::new(),
            level: 0.05,
            ridge: 0.1,
        }
    }
}

/// Why a level has no adjusted effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "why")]
pub enum NotTold {
    /// The others are compared with it.
    Reference,
    /// Another factor says nearly the same.
    DeterminedBy {
        /// That factor.
        factor: String,
    },
    /// Other levels together say nearly the same.
    Collinear,
    /// Too few late cases, or in time, for so many effects.
    TooFewEvents,
    /// The search for the effects did not settle.
    NotSettled,
}

/// The effect of a level, the other factors being equal.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Adjusted {
    /// Odds ratio against the reference level.
    pub odds_ratio: f64,
    /// Its interval at 95 %.
    pub odds_interval: [f64; 2],
    /// Probability of such an effect by chance.
    pub p: f64,
    /// The same, corrected for all effects tried.
    pub p_corrected: f64,
    /// Late cases that go with the level beyond those of its reference: an association.
    pub associated_late_cases: f64,
    /// The same in worked minutes, at the mean lateness of the late cases of the level.
    pub associated_minutes: f64,
}

/// A level of a factor and what goes with it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FactorLevel {
    /// Factor.
    pub factor: String,
    /// What it is made of.
    pub kind: FactorKind,
    /// Level.
    pub level: Level,
    /// When it is known.
    pub moment: Moment,
    /// Cases with it.
    pub cases: u64,
    /// Of which late.
    pub late: u64,
    /// Cases without it.
    pub others: u64,
    /// Of which late.
    pub others_late: u64,
    /// Difference of the late shares, alone.
    pub difference: f64,
    /// Its interval at 95 %, by Newcombe.
    pub difference_interval: [f64; 2],
    /// Odds ratio, alone; halves are added where a cell is empty.
    pub odds_ratio: f64,
    /// Its interval at 95 %, by Woolf.
    pub odds_interval: [f64; 2],
    /// Probability of such a difference by chance (χ², one degree).
    pub p: f64,
    /// The same, corrected for all levels tried.
    pub p_corrected: f64,
    /// Mean worked minutes beyond the date of its late cases.
    pub mean_minutes_late: Option<f64>,
    /// Effect, the other factors being equal.
    pub adjusted: Option<Adjusted>,
    /// Why there is none.
    pub not_told: Option<NotTold>,
    /// Level with which `adjusted` compares.
    pub reference: Option<Level>,
    /// Factors that part the cases in the same way and are told by this one.
    pub same_as: Vec<String>,
    /// Whether it is said: found both alone and adjusted, after correction.
    pub significant: bool,
}

/// What goes with lateness.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lateness {
    /// Cases judged.
    pub cases: u64,
    /// Of which late.
    pub late: u64,
    /// Cases left out: open and not yet due.
    pub undecided: u64,
    /// Levels: those said first, then by the late cases that go with them.
    pub factors: Vec<FactorLevel>,
    /// Columns left out, and why.
    pub refused: Vec<Refused>,
    /// Share of false findings accepted among those said.
    pub level: f64,
    /// Levels tried.
    pub tried: u64,
    /// Whether team sizes could be checked; otherwise small teams may be among the levels.
    pub persons_known: bool,
}

/// What goes with the lateness of the cases of a log.
pub fn explain(
    log: &TaskLog,
    judged: &[Judged],
    options: &LatenessOptions,
    stop: &dyn Fn() -> bool,
) -> Result<Lateness, LatenessError> {
    analyse(&table(log, judged, options, stop)?, options, stop)
}

/// A factor once its rare levels are together.
pub(crate) struct Kept<'a> {
    factor: &'a Factor,
    levels: Vec<Level>,
    /// New level of each old one.
    map: Vec<u16>,
    /// Cases and late cases of each new level.
    counts: Vec<(u64, u64)>,
    reference: usize,
    same_as: Vec<String>,
    not_told: Option<NotTold>,
}

impl Kept<'_> {
    fn supported(&self, level: usize, options: &LatenessOptions) -> bool {
        self.counts.get(level).is_some_and(|&c| enough(c, options))
    }
}

fn enough((cases, late): (u64, u64), options: &LatenessOptions) -> bool {
    cases >= options.min_cases && late >= options.min_events && cases - late >= options.min_events
}

fn keep<'a>(factor: &'a Factor, late: &[bool], options: &LatenessOptions) -> Option<Kept<'a>> {
    let mut counts = vec![(0u64, 0u64); factor.levels.len()];
    for (&code, &late) in factor.codes.iter().zip(late) {
        if let Some(c) = counts.get_mut(usize::from(code)) {
            c.0 += 1;
            c.1 += u64::from(late);
        }
    }
    let mut order: Vec<usize> = (0..factor.levels.len()).filter(|&l| counts[l].0 > 0).collect();
    // Levels are numbered by their own order, whatever that of the cases.
    order.sort_by(|&a, &b| {
        factor.levels[a].partial_cmp(&factor.levels[b]).unwrap_or(std::cmp::Ordering::Equal)
    });
    let mut kept = Kept {
        factor,
        levels: Vec::new(),
        map: vec![0; factor.levels.len()],
        counts: Vec::new(),
        reference: 0,
        same_as: Vec::new(),
        not_told: None,
    };
    let rare = |l: &usize| !enough(counts[*l], options) && factor.levels[*l] != Level::Missing;
    let pooled: Vec<usize> = order.iter().copied().filter(rare).collect();
    // One rare level keeps its name; several become one, which has none.
    let others = pooled.len() > 1;
    for &old in order.iter().filter(|l| !(others && pooled.contains(l))) {
        kept.map[old] = kept.levels.len() as u16;
        kept.levels.push(factor.levels[old].clone());
        kept.counts.push(counts[old]);
    }
    if others {
        let at = match kept.levels.iter().position(|l| *l == Level::Others) {
            Some(at) => at,
            None => {
                kept.levels.push(Level::Others);
                kept.counts.push((0, 0));
                kept.levels.len() - 1
            }
        };
        for &old in &pooled {
            kept.map[old] = at as u16;
            kept.counts[at].0 += counts[old].0;
            kept.counts[at].1 += counts[old].1;
        }
    }
    let supported: Vec<usize> =
        (0..kept.levels.len()).filter(|&l| kept.supported(l, options)).collect();
    if kept.levels.len() < 2 || supported.is_empty() {
        return None;
    }
    // Two levels stand or fall together: the rest of the cases is the other one.
    if kept.levels.len() == 2 && supported.len() < 2 {
        return None;
    }
    let ordered = kept.levels.first().filter(|l| l.ordered() && supported.contains(&0));
    kept.reference = match ordered {
        Some(_) => 0,
        None => supported
            .iter()
            .copied()
            .min_by_key(|&l| (kept.levels[l].pooled(), std::cmp::Reverse(kept.counts[l].0), l))?,
    };
    Some(kept)
}

/// Compares the factors of judged cases.
pub fn analyse(
    table: &Table,
    options: &LatenessOptions,
    stop: &dyn Fn() -> bool,
) -> Result<Lateness, LatenessError> {
    let cases = table.late.len() as u64;
    let late = table.late.iter().filter(|&&l| l).count() as u64;
    if cases < options.min_cases {
        return Err(LatenessError::TooFewCases { cases, needed: options.min_cases });
    }
    if late < options.min_events || cases - late < options.min_events {
        return Err(LatenessError::OneSided { late, cases, needed: options.min_events });
    }
    let mut refused = table.refused.clone();
    let mut factors: Vec<&Factor> = table.factors.iter().collect();
    factors.sort_by(|a, b| (a.moment, a.kind, &a.name).cmp(&(b.moment, b.kind, &b.name)));
    let mut kept: Vec<Kept<'_>> = Vec::new();
    for factor in factors {
        match keep(factor, &table.late, options) {
            Some(k) => kept.push(k),
            None => refused.push(Refused {
                name: factor.name.clone(),
                kind: factor.kind,
                why: Refusal::TooFewCases,
            }),
        }
        if stop() {
            return Err(LatenessError::Stopped);
        }
    }
    let effects = model::effects(&mut kept, &table.late, options, stop)?;
    let mut beyond: FxHashMap<(usize, usize), i128> = FxHashMap::default();
    for (f, k) in kept.iter().enumerate() {
        for ((&code, &late), &us) in k.factor.codes.iter().zip(&table.late).zip(&table.beyond_us) {
            if late {
                let level = k.map.get(usize::from(code)).copied().unwrap_or(0);
                *beyond.entry((f, usize::from(level))).or_default() += i128::from(us.max(0));
            }
        }
    }
    let mut levels = Vec::new();
    for (f, k) in kept.iter().enumerate() {
        for (l, level) in k.levels.iter().enumerate() {
            if !k.supported(l, options) || (k.levels.len() == 2 && l == k.reference) {
                continue;
            }
            // A factor told by another one is listed there.
            if matches!(&k.not_told, Some(NotTold::DeterminedBy { factor }) if kept.iter().any(|o| o.factor.name == *factor && o.same_as.contains(&k.factor.name)))
            {
                continue;
            }
            let (n, n_late) = k.counts[l];
            let mut row = alone(k, level, (n, n_late), (cases, late));
            let us = beyond.get(&(f, l)).copied().unwrap_or(0);
            row.mean_minutes_late = (n_late > 0).then(|| us as f64 / n_late as f64 / 60e6);
            let is_reference = l == k.reference;
            row.reference = (!is_reference).then(|| k.levels[k.reference].clone());
            row.adjusted = effects.get(&(f, l)).map(|e| Adjusted {
                odds_ratio: e.coefficient.exp(),
                odds_interval: [
                    (e.coefficient - Z95 * e.error).exp(),
                    (e.coefficient + Z95 * e.error).exp(),
                ],
                p: chance::two_sided(e.coefficient / e.error),
                p_corrected: 1.0,
                associated_late_cases: e.late_cases,
                associated_minutes: e.late_cases * row.mean_minutes_late.unwrap_or(0.0),
            });
            row.not_told = match (&row.adjusted, &k.not_told) {
                (Some(_), _) => None,
                (None, _) if is_reference && k.not_told.is_none() => Some(NotTold::Reference),
                (None, Some(why)) => Some(why.clone()),
                (None, None) => Some(NotTold::Collinear),
            };
            levels.push(row);
        }
    }
    correct(&mut levels, options.level);
    levels.sort_by(|a, b| {
        let weight = |r: &FactorLevel| {
            let alone = r.difference * r.cases as f64;
            r.adjusted.map_or(alone, |a| a.associated_late_cases).abs()
        };
        (b.significant.cmp(&a.significant))
            .then_with(|| weight(b).total_cmp(&weight(a)))
            .then_with(|| (a.kind, &a.factor).cmp(&(b.kind, &b.factor)))
            .then_with(|| a.level.partial_cmp(&b.level).unwrap_or(std::cmp::Ordering::Equal))
    });
    refused.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
    Ok(Lateness {
        cases,
        late,
        undecided: table.undecided,
        tried: levels.len() as u64,
        factors: levels,
        refused,
        level: options.level,
        persons_known: table.persons_known,
    })
}

/// A level beside all other cases, without the other factors.
fn alone(kept: &Kept<'_>, level: &Level, own: (u64, u64), all: (u64, u64)) -> FactorLevel {
    let (cases, late) = own;
    let (others, others_late) = (all.0 - cases, all.1 - late);
    let share = |k: u64, n: u64| if n == 0 { 0.0 } else { k as f64 / n as f64 };
    let [a, b, c, d] = [late, cases - late, others_late, others - others_late].map(|v| v as f64);
    let n = a + b + c + d;
    // Pearson's χ² of a two by two table.
    let margins = (a + b) * (c + d) * (a + c) * (b + d);
    let chi = if margins > 0.0 { n * (a * d - b * c).powi(2) / margins } else { 0.0 };
    let add = if [a, b, c, d].contains(&0.0) { 0.5 } else { 0.0 };
    let [a, b, c, d] = [a + add, b + add, c + add, d + add];
    let odds = a * d / (b * c);
    let error = (1.0 / a + 1.0 / b + 1.0 / c + 1.0 / d).sqrt();
    FactorLevel {
        factor: kept.factor.name.clone(),
        kind: kept.factor.kind,
        level: level.clone(),
        moment: kept.factor.moment,
        cases,
        late,
        others,
        others_late,
        difference: share(late, cases) - share(others_late, others),
        difference_interval: chance::newcombe((late, cases), (others_late, others))
            .unwrap_or([-1.0, 1.0]),
        odds_ratio: odds,
        odds_interval: [odds * (-Z95 * error).exp(), odds * (Z95 * error).exp()],
        p: chance::two_sided(chi.sqrt()),
        p_corrected: 1.0,
        mean_minutes_late: None,
        adjusted: None,
        not_told: None,
        reference: None,
        same_as: kept.same_as.clone(),
        significant: false,
    }
}

fn correct(levels: &mut [FactorLevel], accepted: f64) {
    let alone: Vec<f64> = levels.iter().map(|l| l.p).collect();
    let adjusted: Vec<f64> = levels.iter().filter_map(|l| Some(l.adjusted?.p)).collect();
    let mut adjusted = chance::benjamini_hochberg(&adjusted).into_iter();
    for (level, p) in levels.iter_mut().zip(chance::benjamini_hochberg(&alone)) {
        level.p_corrected = p;
        if let Some(a) = &mut level.adjusted {
            a.p_corrected = adjusted.next().unwrap_or(1.0);
            // Alone and adjusted must agree, or the finding is only a reading of the others.
            let agree = (a.odds_ratio > 1.0) == (level.odds_ratio > 1.0);
            level.significant = agree && p <= accepted && a.p_corrected <= accepted;
        }
    }
}

/// The names of columns that speak of a person.
pub(crate) fn names_person(name: &str) -> bool {
    const WORDS: &[&str] = &[
        "resource",
        "user",
        "username",
        "userid",
        "utilisateur",
        "login",
        "agent",
        "agentid",
        "employee",
        "employe",
        "salarie",
        "person",
        "personne",
        "gestionnaire",
        "technicien",
        "conseiller",
        "instructeur",
        "redacteur",
        "liquidateur",
        "handler",
        "caseworker",
        "officer",
        "operator",
        "operateur",
        "owner",
        "responsible",
        "responsable",
        "assignee",
        "assigned",
        "worker",
        "clerk",
        "matricule",
        "matricola",
        "prenom",
        "firstname",
        "lastname",
        "surname",
        "email",
        "mail",
        "courriel",
        "telephone",
        "phone",
        "nir",
        "nss",
        "birth",
        "birthdate",
        "naissance",
        "doctor",
        "medecin",
        "author",
        "auteur",
        "creator",
    ];
    let mut words: BTreeMap<usize, String> = BTreeMap::new();
    let (mut word, mut lower_before) = (0usize, false);
    for c in name.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && lower_before) {
            word += 1;
        }
        lower_before = c.is_lowercase();
        if c.is_alphanumeric() {
            let plain = c.to_lowercase().map(|c| match c {
                'é' | 'è' | 'ê' | 'ë' => 'e',
                'à' | 'â' | 'ä' => 'a',
                'î' | 'ï' => 'i',
                'ô' | 'ö' => 'o',
                'ù' | 'û' | 'ü' => 'u',
                'ç' => 'c',
                c => c,
            });
            words.entry(word).or_default().extend(plain);
        }
    }
    let said = |w: &String| {
        let plain = w.trim_end_matches(|c: char| c.is_ascii_digit());
        WORDS.contains(&plain) || WORDS.contains(&plain.trim_end_matches('s'))
    };
    // A name alone is that of somebody; beside another word it is that of a thing.
    let alone = ["name", "nom"].iter().any(|n| name.trim().eq_ignore_ascii_case(n));
    alone || words.values().any(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_persons_are_known_and_those_of_things_are_left() {
        for name in [
            "org:resource",
            "userId",
            "Gestionnaire",
            "Rédacteur 2",
            "case_owner",
            "Responsible_actor",
            "Nom",
            "name",
            "agents",
            "courriel",
            "user1",
        ] {
            assert!(names_person(name), "{name}");
        }
        for name in [
            "Agency",
            "nom_du_produit",
            "product name",
            "canal",
            "amount",
            "vehicleClass",
            "department",
            "Nombre d’enfants",
            "personnel_cost",
            "",
        ] {
            assert!(!names_person(name), "{name}");
        }
    }
}
