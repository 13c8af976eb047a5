//! The TOP 10 of losses, by worked minutes, with where each is going.
//!
//! - Computes: order, share and cumulative share of the minutes lost; the trend of each
//!   loss over months and whether it is stable; no minute is added twice.
//! - Units: worked microseconds in, worked minutes out; shares 0 to 1.
//! - Shapes: findings of other measures in; one ranked list and its other views out.
//! - Errors: [`RankError`] when one loss is given twice.
//! - Source: Pareto's rule as Juran (1951) used it; Mann (1945), Kendall (1975), Sen (1968)
//!   for trends; Wheeler and Chambers (1992) for the chart; Benjamini and Hochberg (1995).

use std::collections::{BTreeMap, BTreeSet};

use eclusier_eventlog::VariantId;
use jiff::civil::Date;
use serde::Serialize;

use crate::chance;

pub mod stability;
pub mod trend;

pub use stability::{Rule, Signal, Stability, Verdict};
pub use trend::{Direction, Trend};

/// What kind of loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LossKind {
    /// Wait between two activities, by cause.
    Wait,
    /// Work done again.
    Rework,
    /// Return to an earlier step, by cause.
    Return,
    /// Steps that the model does not have, or lacks.
    Deviation,
    /// Wait at a change of team.
    Handover,
    /// Time beyond the date.
    Late,
}

/// Which minutes a loss counts: two losses can hold the same minute only if these meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Minutes {
    /// Minutes in which nobody works on the case.
    Waiting,
    /// Minutes of work.
    Working,
    /// Some of both.
    Both,
    /// Minutes beyond a date: waits and work again, seen from the end.
    Beyond,
}

impl Minutes {
    /// Whether both can count one minute.
    pub fn meets(self, other: Minutes) -> bool {
        !matches!(
            (self, other),
            (Minutes::Waiting, Minutes::Working) | (Minutes::Working, Minutes::Waiting)
        )
    }
}

impl LossKind {
    /// The minutes that such a loss counts, unless its finder says otherwise.
    pub fn minutes(self) -> Minutes {
        match self {
            LossKind::Wait | LossKind::Handover => Minutes::Waiting,
            LossKind::Rework => Minutes::Working,
            LossKind::Return | LossKind::Deviation => Minutes::Both,
            LossKind::Late => Minutes::Beyond,
        }
    }
}

/// What a loss is about; never a person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
pub struct Subject {
    /// Activities: one, or from and to.
    pub activities: Vec<String>,
    /// Cause of a wait, or of a return.
    pub cause: Option<String>,
    /// Teams: from and to.
    pub teams: Vec<String>,
    /// A product, a deviation in words, anything else that names it.
    pub group: Option<String>,
}

/// A month of a loss.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MonthOfLoss {
    /// First day of the month.
    pub month: Date,
    /// Worked time lost.
    pub lost_us: i64,
    /// Cases concerned.
    pub cases: u64,
    /// Cases that could have been concerned: what the minutes are divided by.
    pub volume: u64,
    /// Whether the month is told to its end: the others are shown, and tested by nothing.
    pub complete: bool,
}

/// A finding of another measure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Loss {
    /// Kind.
    pub kind: LossKind,
    /// The minutes it counts.
    pub minutes: Minutes,
    /// What it is about.
    pub subject: Subject,
    /// Cases concerned.
    pub cases: u64,
    /// Times.
    pub occurrences: u64,
    /// Worked time lost; below 0 reads as 0.
    pub lost_us: i64,
    /// By month, in any order.
    pub months: Vec<MonthOfLoss>,
}

impl Loss {
    /// Stable identifier: the same loss of another period has the same.
    pub fn id(&self) -> String {
        let s = &self.subject;
        let kind = match self.kind {
            LossKind::Wait => "wait",
            LossKind::Rework => "rework",
            LossKind::Return => "return",
            LossKind::Deviation => "deviation",
            LossKind::Handover => "handover",
            LossKind::Late => "late",
        };
        // A mark before each part: one that is absent is not one that is empty.
        let activities = s.activities.iter().flat_map(|a| ["a", a.as_str()]);
        let cause = s.cause.iter().flat_map(|c| ["c", c.as_str()]);
        let teams = s.teams.iter().flat_map(|t| ["t", t.as_str()]);
        let group = s.group.iter().flat_map(|g| ["g", g.as_str()]);
        let parts = [kind].into_iter().chain(activities).chain(cause).chain(teams).chain(group);
        VariantId::of(parts).to_string()
    }
}

/// Why there is no ranking.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum RankError {
    /// One loss is given twice: its cases cannot be added.
    #[error("loss {id} is given twice")]
    Twice {
        /// Its identifier.
        id: String,
    },
}

/// How to rank.
#[derive(Debug, Clone, PartialEq)]
pub struct RankOptions {
    /// Which kind claims its minutes first; kinds that are absent come last.
    pub priority: Vec<LossKind>,
    /// Share of false findings accepted among trends said, and among instabilities said.
    pub level: f64,
    /// Share of the minutes that the vital few hold.
    pub vital_share: f64,
    /// Fewest complete months for a trend.
    pub min_trend: usize,
    /// Fewest complete months for a verdict of stability.
    pub min_stability: usize,
    /// Whether months are compared by minutes per case rather than by minutes.
    pub per_case: bool,
}

impl Default for RankOptions {
    fn default() -> Self {
        use LossKind::{Deviation, Handover, Late, Return, Rework, Wait};
        Self {
            // Causes first: a wait explained is worth more than a wait told by its teams.
            priority: vec![Wait, Rework, Return, Deviation, Handover, Late],
            level: 0.05,
            vital_share: 0.8,
            min_trend: 8,
            min_stability: 10,
            per_case: true,
        }
    }
}

/// What the figures of the months are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Worked minutes per case that could have been concerned.
    MinutesPerCase,
    /// Worked minutes.
    Minutes,
}

/// A loss in its place.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ranked {
    /// Stable identifier.
    pub id: String,
    /// Place, from 1.
    pub rank: u64,
    /// The finding, months in order.
    pub loss: Loss,
    /// Worked minutes lost.
    pub minutes_lost: f64,
    /// Share of the minutes of its list; `None` when nothing was lost.
    pub share: Option<f64>,
    /// Share with those before.
    pub cumulative_share: Option<f64>,
    /// Minutes per occurrence.
    pub minutes_per_occurrence: Option<f64>,
    /// What trend and stability are told of.
    pub unit: Unit,
    /// Where it is going.
    pub trend: Trend,
    /// Whether months differ by more than chance.
    pub stability: Stability,
}

/// Losses of one kind whose minutes are all in the ranked list already, told otherwise.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct View {
    /// Kind.
    pub kind: LossKind,
    /// Ranked kinds that may hold the same minutes.
    pub overlaps: Vec<LossKind>,
    /// Its losses, most minutes first; shares are within the view.
    pub losses: Vec<Ranked>,
    /// Its minutes, never added to the total.
    pub minutes: f64,
}

/// The ranking.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Top {
    /// Losses that share no minute, most minutes first.
    pub losses: Vec<Ranked>,
    /// The same minutes seen otherwise, by kind.
    pub views: Vec<View>,
    /// Minutes of the ranked losses.
    pub minutes: f64,
    /// The same in microseconds, exact.
    pub total_us: i64,
    /// How many of the first losses hold the vital share of the minutes.
    pub vital_few: u64,
    /// Findings given.
    pub found: u64,
    /// Findings without a minute lost, left out.
    pub without_minutes: u64,
}

const MINUTE_US: f64 = 60e6;

/// Ranks findings by worked minutes lost.
pub fn rank(findings: Vec<Loss>, options: &RankOptions) -> Result<Top, RankError> {
    let found = findings.len() as u64;
    let mut seen = BTreeSet::new();
    for loss in &findings {
        if !seen.insert((loss.kind, &loss.subject)) {
            return Err(RankError::Twice { id: loss.id() });
        }
    }
    let mut losses: Vec<Loss> = findings.into_iter().filter(|l| l.lost_us > 0).collect();
    let without_minutes = found - losses.len() as u64;
    for loss in &mut losses {
        loss.months.sort_by_key(|m| m.month);
    }
    losses.sort_by(|a, b| {
        b.lost_us.cmp(&a.lost_us).then_with(|| (a.kind, &a.subject).cmp(&(b.kind, &b.subject)))
    });
    let overlaps = claims(&losses, options);
    let tested = test(&losses, options);
    let mut ranked = Vec::new();
    let mut views: BTreeMap<LossKind, Vec<Ranked>> = BTreeMap::new();
    for (loss, (unit, trend, stability)) in losses.into_iter().zip(tested) {
        let minutes_lost = loss.lost_us as f64 / MINUTE_US;
        let kind = loss.kind;
        let one = Ranked {
            id: loss.id(),
            rank: 0,
            minutes_lost,
            share: None,
            cumulative_share: None,
            minutes_per_occurrence: (loss.occurrences > 0)
                .then(|| minutes_lost / loss.occurrences as f64),
            unit,
            trend,
            stability,
            loss,
        };
        match overlaps.contains_key(&kind) {
            true => views.entry(kind).or_default().push(one),
            false => ranked.push(one),
        }
    }
    let total = shares(&mut ranked);
    let vital =
        ranked.iter().position(|r| r.cumulative_share.is_some_and(|c| c >= options.vital_share));
    let views = views
        .into_iter()
        .map(|(kind, mut losses)| View {
            kind,
            overlaps: overlaps.get(&kind).cloned().unwrap_or_default(),
            minutes: shares(&mut losses) as f64 / MINUTE_US,
            losses,
        })
        .collect();
    Ok(Top {
        vital_few: vital.map_or(ranked.len(), |v| v + 1) as u64,
        losses: ranked,
        views,
        minutes: total as f64 / MINUTE_US,
        total_us: i64::try_from(total).unwrap_or(i64::MAX),
        found,
        without_minutes,
    })
}

/// Kinds that may not be added to those before them, with the kinds they meet. Each kind
/// in turn claims the minutes it counts; one that meets claimed minutes is a view.
fn claims(losses: &[Loss], options: &RankOptions) -> BTreeMap<LossKind, Vec<LossKind>> {
    let mut minutes: BTreeMap<LossKind, BTreeSet<Minutes>> = BTreeMap::new();
    for loss in losses {
        minutes.entry(loss.kind).or_default().insert(loss.minutes);
    }
    let mut order: Vec<LossKind> = minutes.keys().copied().collect();
    let place = |k: &LossKind| options.priority.iter().position(|p| p == k);
    order.sort_by_key(|k| (place(k).unwrap_or(usize::MAX), *k));
    let mut claimed: Vec<LossKind> = Vec::new();
    let mut views = BTreeMap::new();
    for kind in order {
        let own = |k: &LossKind| minutes.get(k).into_iter().flatten();
        let meets = |other: &&LossKind| own(&kind).any(|a| own(other).any(|b| a.meets(*b)));
        let met: Vec<LossKind> = claimed.iter().filter(meets).copied().collect();
        match met.is_empty() {
            true => claimed.push(kind),
            false => {
                views.insert(kind, met);
            }
        }
    }
    views
}

/// Places and shares of a list in order; its total.
fn shares(list: &mut [Ranked]) -> i128 {
    let total: i128 = list.iter().map(|r| i128::from(r.loss.lost_us)).sum();
    let mut before = 0i128;
    for (place, one) in list.iter_mut().enumerate() {
        let own = i128::from(one.loss.lost_us);
        before += own;
        one.rank = place as u64 + 1;
        one.share = (total > 0).then(|| own as f64 / total as f64);
        one.cumulative_share = (total > 0).then(|| before as f64 / total as f64);
    }
    total
}

/// Trend and stability of each loss, corrected for all that are tested.
fn test(losses: &[Loss], options: &RankOptions) -> Vec<(Unit, Trend, Stability)> {
    let mut charts = stability::Reference::default();
    let mut all: Vec<(Unit, Trend, Stability)> = losses
        .iter()
        .map(|loss| {
            let (unit, series) = series(loss, options.per_case);
            let trend = trend::test(&series, options.min_trend);
            let stability = stability::test(&series, options.min_stability, &mut charts);
            (unit, trend, stability)
        })
        .collect();
    let trends: Vec<f64> = all.iter().filter_map(|(_, t, _)| t.p).collect();
    let mut trends = chance::benjamini_hochberg(&trends).into_iter();
    let charts: Vec<f64> = all.iter().filter_map(|(_, _, s)| s.p).collect();
    let mut charts = chance::benjamini_hochberg(&charts).into_iter();
    for (_, trend, stability) in &mut all {
        if trend.p.is_some() {
            trend.conclude(trends.next().unwrap_or(1.0), options.level);
        }
        if stability.p.is_some() {
            stability.conclude(charts.next().unwrap_or(1.0), options.level);
        }
    }
    all
}

/// A figure of a month, and the month.
pub type Point = (Date, f64);

/// The complete months of a loss, by minutes per case where every month has cases.
fn series(loss: &Loss, per_case: bool) -> (Unit, Vec<Point>) {
    let complete: Vec<&MonthOfLoss> = loss.months.iter().filter(|m| m.complete).collect();
    let minutes = |m: &MonthOfLoss| m.lost_us as f64 / MINUTE_US;
    if per_case && complete.iter().any(|m| m.volume > 0) {
        // A month without any case has no figure: not 0.
        let rate =
            |m: &&MonthOfLoss| (m.volume > 0).then(|| (m.month, minutes(m) / m.volume as f64));
        (Unit::MinutesPerCase, complete.iter().filter_map(rate).collect())
    } else {
        (Unit::Minutes, complete.iter().map(|m| (m.month, minutes(m))).collect())
    }
}
