//! Which process deserves a workshop, and why.
//!
//! - Computes: a score from 0 to 100 per process out of seven criteria, each turned into 0 to 1
//!   by a rising, bounded curve, and weighted.
//! - Units: cases a year, hand-overs per case, variants per 100 cases, shares.
//! - Shapes: one [`ProcessFacts`] per process in; the ranking, best candidate first, out.
//! - Errors: none; a criterion nobody knows is left out, its weight shared by the others, and said.
//! - Source: product decision, `docs/methods/suitability.md`; properties tested: rising in each
//!   criterion, bounded, the same whatever the order given.

use serde::{Deserialize, Serialize};

/// What is known of a process.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ProcessFacts {
    /// Process.
    pub process: String,
    /// Cases a year.
    pub volume: Option<f64>,
    /// Share of cases a person works on: 1 − straight-through.
    pub manual_share: Option<f64>,
    /// Hand-overs per case.
    pub hand_overs: Option<f64>,
    /// Variants per 100 cases.
    pub variants_per_100: Option<f64>,
    /// Share of the lead time spent waiting, in worked time: 1 − touch ÷ lead.
    pub waiting_share: Option<f64>,
    /// Share of the occurrences that are repeats.
    pub rework_share: Option<f64>,
    /// Share of the cases due that are late.
    pub late_share: Option<f64>,
}

/// A criterion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Criterion {
    /// Cases a year.
    Volume,
    /// Manual share.
    Manual,
    /// Hand-overs per case.
    HandOvers,
    /// Variants per 100 cases.
    Variants,
    /// Waiting share.
    Waiting,
    /// Rework share.
    Rework,
    /// Late share.
    Late,
}

impl Criterion {
    /// All of them, in the order of the screens.
    pub const ALL: [Criterion; 7] = [
        Criterion::Volume,
        Criterion::Manual,
        Criterion::HandOvers,
        Criterion::Variants,
        Criterion::Waiting,
        Criterion::Rework,
        Criterion::Late,
    ];

    fn value(self, facts: &ProcessFacts) -> Option<f64> {
        let value = match self {
            Criterion::Volume => facts.volume,
            Criterion::Manual => facts.manual_share,
            Criterion::HandOvers => facts.hand_overs,
            Criterion::Variants => facts.variants_per_100,
            Criterion::Waiting => facts.waiting_share,
            Criterion::Rework => facts.rework_share,
            Criterion::Late => facts.late_share,
        };
        // A figure that is not a number is not known.
        value.filter(|v| v.is_finite())
    }

    /// Key of the sentence that explains it on screen, by how much it counts.
    fn sentence(self, points: f64) -> &'static str {
        let level = usize::from(points >= 1.0 / 3.0) + usize::from(points >= 2.0 / 3.0);
        let keys = match self {
            Criterion::Volume => ["volume_low", "volume_medium", "volume_high"],
            Criterion::Manual => ["manual_low", "manual_medium", "manual_high"],
            Criterion::HandOvers => ["hand_overs_low", "hand_overs_medium", "hand_overs_high"],
            Criterion::Variants => ["variants_low", "variants_medium", "variants_high"],
            Criterion::Waiting => ["waiting_low", "waiting_medium", "waiting_high"],
            Criterion::Rework => ["rework_low", "rework_medium", "rework_high"],
            Criterion::Late => ["late_low", "late_medium", "late_high"],
        };
        keys.get(level).copied().unwrap_or_default()
    }
}

/// Weights and where each curve reaches half of its points.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SuitabilityOptions {
    /// Weights in the order of [`Criterion::ALL`]; negative or not a number counts as 0.
    pub weights: [f64; 7],
    /// Cases a year at which the volume has all its points.
    pub full_volume: f64,
    /// Hand-overs per case at half of the points.
    pub half_hand_overs: f64,
    /// Variants per 100 cases at half of the points.
    pub half_variants: f64,
    /// Repeats share at half of the points.
    pub half_rework: f64,
    /// Late share at half of the points.
    pub half_late: f64,
}

impl Default for SuitabilityOptions {
    fn default() -> Self {
        Self {
            weights: [2.0, 1.0, 1.0, 1.0, 2.0, 1.5, 1.5],
            full_volume: 100_000.0,
            half_hand_overs: 2.0,
            half_variants: 20.0,
            half_rework: 0.2,
            half_late: 0.2,
        }
    }
}

impl SuitabilityOptions {
    /// Points of a value, 0 to 1, rising.
    pub fn points(&self, criterion: Criterion, value: f64) -> f64 {
        let value = if value.is_finite() { value.max(0.0) } else { 0.0 };
        let half = |at: f64| if at > 0.0 { value / (value + at) } else { f64::from(value > 0.0) };
        let points = match criterion {
            // Ten times the cases, one more step: a log, because volumes span from 100 to 1 M.
            Criterion::Volume => match self.full_volume > 0.0 {
                true => value.ln_1p() / self.full_volume.ln_1p(),
                false => f64::from(value > 0.0),
            },
            Criterion::Manual | Criterion::Waiting => value,
            Criterion::HandOvers => half(self.half_hand_overs),
            Criterion::Variants => half(self.half_variants),
            Criterion::Rework => half(self.half_rework),
            Criterion::Late => half(self.half_late),
        };
        if points.is_finite() { points.clamp(0.0, 1.0) } else { 1.0 }
    }
}

/// A process in the ranking.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Suitability {
    /// Process.
    pub process: String,
    /// 0 to 100; `None` when no weighted criterion is known.
    pub score: Option<f64>,
    /// Part of the weights whose criterion is known: the score says little when it is low.
    pub known_share: f64,
    /// Each criterion, in the order of the screens.
    pub criteria: Vec<CriterionScore>,
}

/// What a criterion gives.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CriterionScore {
    /// Criterion.
    pub criterion: Criterion,
    /// Value read; `None` when unknown: it is left out.
    pub value: Option<f64>,
    /// Points, 0 to 1.
    pub points: Option<f64>,
    /// Part of the score, 0 to 100: weight among the known ones × points.
    pub contribution: Option<f64>,
    /// Key of the sentence that explains it.
    pub sentence: &'static str,
}

/// Ranks processes, best candidate for a workshop first; ties by name, unscored ones last.
pub fn suitability(facts: &[ProcessFacts], options: &SuitabilityOptions) -> Vec<Suitability> {
    let mut ranking: Vec<Suitability> = facts.iter().map(|f| score(f, options)).collect();
    ranking.sort_by(|a, b| {
        let (x, y) = (a.score.unwrap_or(-1.0), b.score.unwrap_or(-1.0));
        y.total_cmp(&x)
            .then_with(|| b.known_share.total_cmp(&a.known_share))
            .then_with(|| a.process.cmp(&b.process))
    });
    ranking
}

fn score(facts: &ProcessFacts, options: &SuitabilityOptions) -> Suitability {
    // Bounded, so that their sum is a number.
    let weight = |w: f64| if w.is_finite() && w > 0.0 { w.min(1e9) } else { 0.0 };
    let weights = options.weights.map(weight);
    let pairs = || Criterion::ALL.iter().copied().zip(weights);
    let all: f64 = weights.iter().sum();
    let known: f64 = pairs().filter(|(c, _)| c.value(facts).is_some()).map(|(_, w)| w).sum();
    let criteria: Vec<CriterionScore> = pairs()
        .map(|(criterion, weight)| {
            let value = criterion.value(facts);
            let points = value.map(|v| options.points(criterion, v));
            CriterionScore {
                criterion,
                value,
                points,
                contribution: points.filter(|_| known > 0.0).map(|p| 100.0 * p * weight / known),
                sentence: points.map_or("criterion_unknown", |p| criterion.sentence(p)),
            }
        })
        .collect();
    let sum: f64 = criteria.iter().filter_map(|c| c.contribution).sum();
    Suitability {
        process: facts.process.clone(),
        // The sum of rounded parts may pass the bound by a hair.
        score: (known > 0.0).then(|| sum.clamp(0.0, 100.0)),
        known_share: if all > 0.0 { known / all } else { 0.0 },
        criteria,
    }
}
