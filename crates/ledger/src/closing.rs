//! The closing rule learned when the configuration does not say what closes a case.
//!
//! - Computes: which activities are terminal, and after how long a silence a
//!   case is taken as closed, from the log itself ([`ClosingStats`]).
//! - Units: microseconds of silence; shares between 0 and 1.
//! - Shapes: a kernel over whole cases, giving a [`LearnedRule`] that states itself in words.
//! - Errors: none; without any gap seen there is no silence threshold (`None`).
//! - Source: `docs/methods/closing-rule.md`, where the rule is tried against logs
//!   cut at dates whose future is known.

use eclusier_calendar::{Zone, date_of};
use eclusier_core::config::ClosingRule;
use eclusier_eventlog::{Columns, EventBatch, Filter, Interner, Kernel};
use jiff::civil::Date;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::hist::Histogram;
use crate::points::{AsOf, DAY_US, Point, Sense, collect};

/// Parameters of the learning.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LearningParams {
    /// An activity is terminal when at least this share of its mature occurrences end their case;
    /// after another activity, a silence closes once at least this share of the cases silent as
    /// long never moved again.
    pub terminal_share: f64,
    /// Quantile of the gaps between two events of a case: an occurrence older than it is mature,
    /// and it is the silence that closes after an activity too rare to have its own.
    pub silence_quantile: f64,
    /// Silence in calendar days, when a person fixed it.
    pub silence_days: Option<f64>,
    /// Mature occurrences an activity needs for a rule of its own.
    pub min_occurrences: u64,
}

impl LearningParams {
    /// The parameters a person may set, and the usual ones for the others.
    pub fn from_rule(rule: &ClosingRule) -> Self {
        Self {
            terminal_share: rule.terminal_share,
            silence_quantile: rule.silence_quantile,
            silence_days: rule.silence_days.filter(|d| d.is_finite() && *d > 0.0),
            min_occurrences: 20,
        }
    }
}

impl Default for LearningParams {
    fn default() -> Self {
        Self::from_rule(&ClosingRule::default())
    }
}

/// An activity that nearly always ends its case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Terminal {
    /// Its name.
    pub activity: String,
    /// Share of its mature occurrences that ended their case.
    pub share: f64,
    /// Mature occurrences.
    pub occurrences: u64,
}

/// The silence that closes a case whose last event is this activity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SilenceAfter {
    /// Name of the activity.
    pub activity: String,
    /// Silence, microseconds; `None` when no case ever ended there: silence then closes nothing.
    pub silence_us: Option<i64>,
    /// Mature occurrences it was learned from.
    pub occurrences: u64,
}

/// The closing rule in force when the configuration closes nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LearnedRule {
    /// Terminal activities, the most frequent first.
    pub terminal: Vec<Terminal>,
    /// Silence that closes a case after an activity too rare to have its own; `None` when no gap
    /// was seen.
    pub silence_us: Option<i64>,
    /// Activities with a silence of their own, by name.
    pub silence_after: Vec<SilenceAfter>,
    /// Gaps between two events of a case seen.
    pub gaps_seen: u64,
    /// Cases seen.
    pub cases: u64,
    /// Day the log really begins: 0.5 % of its cases are opened before its end.
    pub first_day: Option<Date>,
    /// First day whose stock is known; before it, cases opened before the log are missing.
    pub warm_from: Option<Date>,
    /// Instant the log was read at.
    pub as_of: AsOf,
    /// Parameters used.
    pub params: LearningParams,
}

/// Counts of one activity.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct ActivityStats {
    /// Gaps to the next event of the case.
    gaps: Histogram,
    /// Ages, at the extraction, of occurrences that another event followed.
    followed: Histogram,
    /// Ages of occurrences that ended their case so far.
    last: Histogram,
}

/// What is known after some partitions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ClosingPartial {
    #[serde(default)]
    names: Vec<String>,
    activities: Vec<ActivityStats>,
    durations: Histogram,
    opened: FxHashMap<i32, u64>,
    cases: u64,
}

/// Learns the closing rule from the log as known at `as_of`.
#[derive(Debug, Clone)]
pub struct ClosingStats {
    /// Zone of the body.
    pub zone: Zone,
    /// Extraction instant: what comes later is not read.
    pub as_of: AsOf,
    /// Cases to learn from.
    pub filter: Filter,
    /// Parameters.
    pub params: LearningParams,
}

impl Kernel for ClosingStats {
    type Partial = ClosingPartial;
    type Output = LearnedRule;

    fn columns(&self) -> Columns {
        Columns { tasks: true, ..Columns::default() }.and(self.filter.columns())
    }

    fn fold(&self, partial: &mut ClosingPartial, batch: &EventBatch) {
        let mut interner = Interner::from(std::mem::take(&mut partial.names));
        let activity = batch.activity.codes(&mut interner, batch.len());
        let mut lifecycles = Interner::default();
        let sense = senses(batch, &mut lifecycles);
        // Each thread folds with its own zone: the zone remembers its last answer.
        let zone = self.zone.clone();
        partial.activities.resize_with(interner.len(), ActivityStats::default);
        let mut points: Vec<Point> = Vec::new();
        let kept = (!self.filter.is_empty()).then(|| self.filter.select(batch));
        for (place, case) in batch.cases().enumerate() {
            if kept.as_ref().is_some_and(|kept| kept.get(place) != Some(&true)) {
                continue;
            }
            collect(batch, case.rows, &activity, &sense, &zone, self.as_of, &mut points);
            let (Some(first), Some(last)) = (points.first(), points.last()) else { continue };
            partial.cases += 1;
            *partial.opened.entry(first.day).or_default() += 1;
            partial.durations.add(last.us.saturating_sub(first.us));
            for (i, point) in points.iter().enumerate() {
                let Some(stats) = partial.activities.get_mut(point.activity as usize) else {
                    continue;
                };
                let next = points.get(i + 1);
                if let Some(next) = next {
                    stats.gaps.add(next.us.saturating_sub(point.us));
                }
                if point.sense == Sense::Done {
                    let age = self.as_of.us.saturating_sub(point.us);
                    if next.is_some() { &mut stats.followed } else { &mut stats.last }.add(age);
                }
            }
        }
        partial.names = interner.into();
    }

    fn merge(&self, into: &mut ClosingPartial, other: ClosingPartial) {
        let mut interner = Interner::from(std::mem::take(&mut into.names));
        for (name, theirs) in other.names.iter().zip(&other.activities) {
            let code = interner.code(name) as usize;
            if code >= into.activities.len() {
                into.activities.resize_with(code + 1, ActivityStats::default);
            }
            if let Some(mine) = into.activities.get_mut(code) {
                mine.gaps.absorb(&theirs.gaps);
                mine.followed.absorb(&theirs.followed);
                mine.last.absorb(&theirs.last);
            }
        }
        into.names = interner.into();
        into.durations.absorb(&other.durations);
        for (day, count) in other.opened {
            *into.opened.entry(day).or_default() += count;
        }
        into.cases += other.cases;
    }

    fn finish(&self, partial: ClosingPartial) -> LearnedRule {
        let params = self.params;
        let mut gaps = Histogram::default();
        for stats in &partial.activities {
            gaps.absorb(&stats.gaps);
        }
        let fixed = params.silence_days.map(|d| (d * DAY_US as f64) as i64);
        let usual = gaps.quantile(params.silence_quantile).map(round_up);
        let silence_us = fixed.or(usual);
        // A younger occurrence may still be followed: it proves nothing yet.
        let mature = usual.or(fixed).unwrap_or(0);
        let least = params.min_occurrences.max(1);
        let mut terminal: Vec<Terminal> = Vec::new();
        let mut silence_after: Vec<SilenceAfter> = Vec::new();
        for (name, stats) in partial.names.iter().zip(&partial.activities) {
            let ended = stats.last.at_least(mature);
            let followed = stats.followed.at_least(mature);
            let occurrences = ended + followed;
            if occurrences < least {
                continue;
            }
            let share = ended as f64 / occurrences as f64;
            let activity = name.clone();
            if share >= params.terminal_share {
                terminal.push(Terminal { activity, share, occurrences });
            } else if fixed.is_none() {
                // Gaps were counted for every occurrence, mature or not: bring them to the same footing.
                let weight = followed as f64 / stats.gaps.total().max(1) as f64;
                let silence_us =
                    stats.gaps.sure_after(params.terminal_share, ended, weight).map(round_up);
                silence_after.push(SilenceAfter { activity, silence_us, occurrences });
            }
        }
        terminal.sort_by(|a, b| {
            b.occurrences.cmp(&a.occurrences).then_with(|| a.activity.cmp(&b.activity))
        });
        silence_after.sort_by(|a, b| a.activity.cmp(&b.activity));
        let first_day = robust_first_day(&partial.opened, partial.cases);
        let warm_from = first_day.map(|first| {
            let long = partial.durations.quantile(0.95).map_or(0, |d| d.div_euclid(DAY_US) + 1);
            let day = i64::from(first).saturating_add(long);
            date_of(i32::try_from(day).unwrap_or(i32::MAX))
        });
        LearnedRule {
            terminal,
            silence_us,
            silence_after,
            gaps_seen: gaps.total(),
            cases: partial.cases,
            first_day: first_day.map(date_of),
            warm_from,
            as_of: self.as_of,
            params,
        }
    }
}

/// Sense of each row, read once per transition name.
pub(crate) fn senses(batch: &EventBatch, lifecycles: &mut Interner) -> Vec<Sense> {
    let codes = batch.lifecycle.codes(lifecycles, batch.len());
    let by_code: Vec<Sense> = lifecycles.names().iter().map(|n| Sense::of(Some(n))).collect();
    codes.iter().map(|&c| by_code.get(c as usize).copied().unwrap_or(Sense::Done)).collect()
}

/// The day by which 0.5 % of the cases are opened: one wrong date of 1948 does not begin a log.
fn robust_first_day(opened: &FxHashMap<i32, u64>, cases: u64) -> Option<i32> {
    let mut days: Vec<(i32, u64)> = opened.iter().map(|(&d, &n)| (d, n)).collect();
    days.sort_unstable();
    let wanted = (cases / 200).max(1);
    let mut seen = 0;
    days.into_iter().find_map(|(day, n)| {
        seen += n;
        (seen >= wanted).then_some(day)
    })
}

/// Rounds a silence up to what a sentence can say: whole days, or whole minutes under a day.
fn round_up(us: i64) -> i64 {
    let unit = if us >= DAY_US { DAY_US } else { 60_000_000 };
    let whole = us.div_euclid(unit) + i64::from(us.rem_euclid(unit) > 0);
    whole.max(1).saturating_mul(unit)
}

impl LearnedRule {
    /// Silence that closes a case whose last event is `activity`.
    pub fn silence_after(&self, activity: &str) -> Option<i64> {
        match self.silence_after.binary_search_by(|s| s.activity.as_str().cmp(activity)) {
            Ok(i) => self.silence_after.get(i).and_then(|s| s.silence_us),
            Err(_) => self.silence_us,
        }
    }

    /// Longest silence of the rule: the future a log must have for its past to be judged.
    pub fn longest_silence_us(&self) -> i64 {
        let own = self.silence_after.iter().filter_map(|s| s.silence_us);
        own.chain(self.silence_us).max().unwrap_or(0)
    }

    /// The rule in words, French then English.
    pub fn words(&self) -> [String; 2] {
        let share = percent(self.params.terminal_share);
        let mut fr = String::new();
        let mut en = String::new();
        if self.terminal.is_empty() {
            fr.push_str("Aucune étape ne termine presque toujours un dossier. ");
            en.push_str("No activity nearly always ends a case. ");
        } else {
            let names: Vec<&str> = self.terminal.iter().map(|t| t.activity.as_str()).collect();
            let (shown, rest) = names.split_at(names.len().min(5));
            let list_fr: Vec<String> = shown.iter().map(|n| format!("«\u{a0}{n}\u{a0}»")).collect();
            let list_en: Vec<String> = shown.iter().map(|n| format!("“{n}”")).collect();
            let (more_fr, more_en) = match rest.len() {
                0 => (String::new(), String::new()),
                k => (format!(" et {k} autres"), format!(" and {k} others")),
            };
            fr.push_str(&format!(
                "Un dossier est clos dès que son dernier événement est {}{more_fr} : au moins {} de leurs occurrences terminent un dossier. ",
                list_fr.join(", "),
                share.replace('.', ",").replace('%', "\u{202f}%"),
            ));
            en.push_str(&format!(
                "A case is closed as soon as its last event is {}{more_en}: at least {share} of their occurrences end a case. ",
                list_en.join(", "),
            ));
        }
        match self.silence_us {
            None => {
                fr.push_str("Aucun intervalle entre deux événements n’a été observé : le silence ne clôt rien. ");
                en.push_str("No gap between two events was seen: silence closes nothing. ");
            }
            Some(silence) => {
                let (d_fr, d_en) = duration(silence);
                let (open_fr, open_en) = if self.terminal.is_empty() {
                    ("Un dossier est clos", "A case is closed")
                } else {
                    ("Sinon il est clos", "Otherwise it is closed")
                };
                let own: Vec<i64> =
                    self.silence_after.iter().filter_map(|s| s.silence_us).collect();
                if self.params.silence_days.is_some() {
                    fr.push_str(&format!(
                        "{open_fr} « sans suite » après {d_fr} sans événement (durée fixée). "
                    ));
                    en.push_str(&format!(
                        "{open_en} as lapsed after {d_en} without any event (fixed duration). "
                    ));
                } else {
                    let q = percent(self.params.silence_quantile);
                    let q_fr = q.replace('.', ",").replace('%', "\u{202f}%");
                    let (n_fr, n_en) =
                        (thousands(self.gaps_seen, '\u{202f}'), thousands(self.gaps_seen, ','));
                    if let (Some(&least), Some(&most)) = (own.iter().min(), own.iter().max()) {
                        let ((a_fr, a_en), (b_fr, b_en)) = (duration(least), duration(most));
                        let (span_fr, span_en) = if least == most {
                            (a_fr, a_en)
                        } else {
                            (
                                format!("{a_fr} à {b_fr} selon l’étape"),
                                format!("{a_en} to {b_en} by activity"),
                            )
                        };
                        let share_fr = share.replace('.', ",").replace('%', "\u{202f}%");
                        fr.push_str(&format!("{open_fr} « sans suite » après un silence tel que, après la même étape, au moins {share_fr} des dossiers restés silencieux aussi longtemps n’ont plus bougé : {span_fr} ; après une étape rare, {d_fr} ({q_fr} des {n_fr} intervalles observés sont plus courts). "));
                        en.push_str(&format!("{open_en} as lapsed after a silence such that, after the same activity, at least {share} of the cases silent as long never moved again: {span_en}; after a rare activity, {d_en} ({q} of the {n_en} gaps seen are shorter). "));
                    } else {
                        fr.push_str(&format!("{open_fr} « sans suite » après {d_fr} sans événement : {q_fr} des {n_fr} intervalles observés entre deux événements d’un dossier sont plus courts. "));
                        en.push_str(&format!("{open_en} as lapsed after {d_en} without any event: {q} of the {n_en} gaps seen between two events of a case are shorter. "));
                    }
                }
            }
        }
        fr.push_str("Un événement ultérieur rouvre le dossier. ");
        en.push_str("A later event reopens the case. ");
        if let Some(warm) = self.warm_from {
            fr.push_str(&format!(
                "Le stock est inconnu avant le {} : les dossiers ouverts avant le début du journal manquent (95\u{202f}% des dossiers durent moins).",
                warm.strftime("%d/%m/%Y"),
            ));
            en.push_str(&format!(
                "The stock is unknown before {warm}: cases opened before the log begins are missing (95% of cases last less).",
            ));
        }
        // A thin no-break space goes before the double punctuation of French.
        let fr = fr.replace(" :", "\u{a0}:").replace(" ;", "\u{202f};");
        let fr = fr.replace("« sans suite »", "«\u{a0}sans suite\u{a0}»");
        [fr.trim_end().to_owned(), en.trim_end().to_owned()]
    }
}

/// `90%`, `99.5%`.
fn percent(share: f64) -> String {
    let tenths = (share * 1000.0).round() / 10.0;
    format!("{tenths}%")
}

/// A duration in words, French then English.
pub(crate) fn duration(us: i64) -> (String, String) {
    let days = us / DAY_US;
    if us >= DAY_US {
        let s = if days > 1 { "s" } else { "" };
        return (format!("{days} jour{s}"), format!("{days} day{s}"));
    }
    let minutes = us / 60_000_000;
    if minutes >= 120 {
        let (h, m) = (minutes / 60, minutes % 60);
        return (format!("{h}\u{a0}h\u{a0}{m:02}"), format!("{h} h {m:02}"));
    }
    (format!("{minutes} min"), format!("{minutes} min"))
}

/// A whole number with its thousands apart.
pub(crate) fn thousands(n: u64, separator: char) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(separator);
        }
        out.push(c);
    }
    out
}
