//! What a history is made of, for people to look at.

use serde::{Deserialize, Serialize};

use super::ready::{Ready, filled};
use crate::{models::stl, regression::Effects};

/// A history split into parts that add up to it, step by step.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Parts {
    /// The level, moving slowly.
    pub level: Vec<f64>,
    /// What each season adds, by its length in steps; those that history holds three times.
    pub seasons: Vec<(usize, Vec<f64>)>,
    /// What known drivers add.
    pub effects: Vec<f64>,
    /// What is left; NaN, as effects are, where history is unknown.
    pub rest: Vec<f64>,
}

/// Times that history must hold a season for it to be told from chance.
const MEETINGS: usize = 3;

impl Parts {
    pub(super) fn of(
        given: &[f64],
        ready: &Ready,
        effects: Option<&Effects>,
        seasons: &[usize],
    ) -> Self {
        let season = seasons.first().copied().unwrap_or(1).max(1);
        let calm = effects.map(|e| filled(&since(&e.take_out(given), ready.offset), season));
        let calm =
            calm.filter(|v| v.len() == ready.values.len() && v.iter().all(|v| v.is_finite()));
        let base = calm.as_ref().unwrap_or(&ready.values);
        // Twice the same season leaves nothing to tell chance from it.
        let met: Vec<usize> =
            seasons.iter().copied().filter(|m| base.len() >= MEETINGS * m).collect();
        let split = stl::decompose(base, &met);
        let whole = |part: &[f64]| -> Vec<f64> {
            std::iter::repeat_n(f64::NAN, ready.offset).chain(part.iter().copied()).collect()
        };
        let effects: Vec<f64> = ready.truth.iter().zip(base).map(|(y, b)| y - b).collect();
        let rest: Vec<f64> = split
            .rest
            .iter()
            .zip(&ready.truth)
            .map(|(r, y)| if y.is_nan() { f64::NAN } else { *r })
            .collect();
        Self {
            level: whole(&split.trend),
            seasons: split.seasons.iter().map(|(m, v)| (*m, whole(v))).collect(),
            effects: whole(&effects),
            rest: whole(&rest),
        }
    }
}

/// Values from a step on.
pub(super) fn since(values: &[f64], from: usize) -> Vec<f64> {
    values.get(from..).unwrap_or_default().to_vec()
}
