//! Whether months differ by more than chance: the chart of individual values.
//!
//! - Computes: the natural limits of a series from its moving ranges, the months that
//!   leave them, runs on one side, and the probability of all that in a stable series.
//! - Units: those of the series.
//! - Shapes: months with a figure, in order, in; a [`Stability`] out.
//! - Errors: none; a series too short says so.
//! - Source: Wheeler and Chambers (1992), limits at 2.66 mean moving ranges; Wald and
//!   Wolfowitz (1940) for runs about the median.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use super::Point;
use crate::chance::Deviates;

/// What the chart says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing beyond chance.
    Stable,
    /// Months differ by more than chance.
    Unstable,
    /// Too few months to say.
    Unknown,
}

/// A rule of the chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Beyond the limits.
    BeyondLimits,
    /// Eight in a row on one side of the mean, this the last of them.
    EightOnOneSide,
    /// Three of four nearer to a limit than to the mean, on one side.
    ThreeOfFourNearLimit,
}

/// A month that the chart points at. Signals are where to look; the verdict rests on `p`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Signal {
    /// Month.
    pub month: Date,
    /// Rule.
    pub rule: Rule,
}

/// The stability of a series.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stability {
    /// What is said.
    pub verdict: Verdict,
    /// Months read.
    pub months: u64,
    /// Mean.
    pub centre: Option<f64>,
    /// Natural limits; the lower one is not below 0, as no loss is.
    pub limits: Option<[f64; 2]>,
    /// Months that the chart points at, in order.
    pub signals: Vec<Signal>,
    /// Probability of a month as far out, or of runs as long, in a stable series.
    pub p: Option<f64>,
    /// The same, corrected for all losses tested.
    pub p_corrected: Option<f64>,
}

impl Stability {
    /// Says whether it is stable, once the correction is known.
    pub(super) fn conclude(&mut self, p_corrected: f64, level: f64) {
        self.p_corrected = Some(p_corrected);
        self.verdict = if p_corrected <= level { Verdict::Unstable } else { Verdict::Stable };
    }
}

/// Draws behind each reference distribution.
const DRAWS: usize = 4000;

/// How far the farthest month lies in stable series, by their length: drawn once each, with
/// a fixed seed, so that figures replay.
#[derive(Debug, Default)]
pub struct Reference {
    by_length: BTreeMap<usize, Vec<f64>>,
}

impl Reference {
    /// Share of stable series whose farthest month lies as far.
    fn p(&mut self, n: usize, farthest: f64) -> f64 {
        let draws = self.by_length.entry(n).or_insert_with(|| {
            let mut deviates = Deviates::new(0x5eed ^ n as u64);
            let mut series = vec![0.0; n];
            let mut draw = || {
                series.iter_mut().for_each(|v| *v = deviates.normal());
                distance(&series).unwrap_or(0.0)
            };
            let mut draws: Vec<f64> = (0..DRAWS).map(|_| draw()).collect();
            draws.sort_by(f64::total_cmp);
            draws
        });
        let below = draws.partition_point(|&d| d < farthest);
        (draws.len() - below + 1) as f64 / (draws.len() + 1) as f64
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Mean of the moving ranges.
fn moving_range(values: &[f64]) -> f64 {
    let ranges: Vec<f64> = values.windows(2).map(|w| (w[1] - w[0]).abs()).collect();
    mean(&ranges)
}

/// Farthest value from the mean, in mean moving ranges.
fn distance(values: &[f64]) -> Option<f64> {
    let (centre, range) = (mean(values), moving_range(values));
    let far = values.iter().map(|v| (v - centre).abs()).fold(0.0, f64::max);
    (range > 0.0).then(|| far / range)
}

/// Tests a series of months. [`Verdict::Stable`] until the p-value is corrected.
pub fn test(series: &[Point], fewest: usize, reference: &mut Reference) -> Stability {
    let values: Vec<f64> = series.iter().map(|p| p.1).collect();
    let n = values.len();
    let mut stability = Stability {
        verdict: Verdict::Unknown,
        months: n as u64,
        centre: None,
        limits: None,
        signals: Vec::new(),
        p: None,
        p_corrected: None,
    };
    if n < fewest.max(3) {
        return stability;
    }
    let (centre, range) = (mean(&values), moving_range(&values));
    // 2.66 = 3 / 1.128, the mean range of two normal deviates.
    let half = 2.66 * range;
    stability.centre = Some(centre);
    stability.limits = Some([(centre - half).max(0.0), centre + half]);
    stability.signals = signals(series, centre, half);
    stability.verdict = Verdict::Stable;
    let far = distance(&values).map_or(1.0, |d| reference.p(n, d));
    // Two ways to be caught: each is allowed half.
    stability.p = Some((2.0 * far.min(few_runs(&values))).min(1.0));
    stability
}

fn signals(series: &[Point], centre: f64, half: f64) -> Vec<Signal> {
    let mut signals = Vec::new();
    if half <= 0.0 {
        return signals;
    }
    for (at, &(month, value)) in series.iter().enumerate() {
        let mut say = |rule| signals.push(Signal { month, rule });
        if (value - centre).abs() > half {
            say(Rule::BeyondLimits);
        }
        let last = |n: usize| (at + 1).checked_sub(n).and_then(|from| series.get(from..=at));
        let sides = [1.0, -1.0];
        if let Some(eight) = last(8)
            && sides.iter().any(|s| eight.iter().all(|p| (p.1 - centre) * s > 0.0))
        {
            say(Rule::EightOnOneSide);
        }
        if let Some(four) = last(4) {
            let near = |s: &f64| four.iter().filter(|p| (p.1 - centre) * s > half / 2.0).count();
            if sides.iter().any(|s| near(s) >= 3) {
                say(Rule::ThreeOfFourNearLimit);
            }
        }
    }
    signals
}

/// Probability of so few runs above and below the median, or fewer: shifts, drifts and
/// slow waves make few. Values equal to the median belong to no side.
fn few_runs(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    let (Some(low), Some(high)) = (sorted.get((n - 1) / 2), sorted.get(n / 2)) else { return 1.0 };
    let median = (low + high) / 2.0;
    let sides: Vec<bool> = values.iter().filter(|&&v| v != median).map(|&v| v > median).collect();
    let above = sides.iter().filter(|&&s| s).count();
    let below = sides.len() - above;
    if above == 0 || below == 0 {
        return 1.0;
    }
    let runs = 1 + sides.windows(2).filter(|w| w[0] != w[1]).count();
    // Logarithms of factorials, so that long series do not overflow.
    let mut ln = vec![0.0f64; sides.len() + 1];
    for k in 1..ln.len() {
        ln[k] = ln[k - 1] + (k as f64).ln();
    }
    let choose = |n: usize, k: usize| -> f64 {
        let f = |i: usize| ln.get(i).copied().unwrap_or(0.0);
        if k > n { 0.0 } else { (f(n) - f(k) - f(n - k)).exp() }
    };
    let all = choose(sides.len(), above);
    let ways = |runs: usize| {
        let k = runs / 2;
        match runs % 2 {
            0 => 2.0 * choose(above - 1, k - 1) * choose(below - 1, k - 1),
            _ => {
                choose(above - 1, k) * choose(below - 1, k - 1)
                    + choose(above - 1, k - 1) * choose(below - 1, k)
            }
        }
    };
    ((2..=runs).map(ways).sum::<f64>() / all).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_runs_are_as_rare_as_among_all_arrangements() {
        let runs = |v: &[f64]| 1 + v.windows(2).filter(|w| w[0] != w[1]).count();
        for n in [4usize, 7, 10] {
            // As many above as below; an odd one out is the median itself.
            let half = n / 2;
            let all: Vec<Vec<f64>> = (0..1u32 << (2 * half))
                .filter(|bits| bits.count_ones() as usize == half)
                .map(|bits| (0..2 * half).map(|i| f64::from(bits >> i & 1)).collect())
                .collect();
            for one in &all {
                let rarer = all.iter().filter(|o| runs(o) <= runs(one)).count();
                let want = rarer as f64 / all.len() as f64;
                let mut with_median = one.clone();
                if n % 2 == 1 {
                    with_median.insert(half, 0.5);
                }
                assert!((few_runs(&with_median) - want).abs() < 1e-12, "{one:?}");
            }
        }
    }
}
