//! Forecasts that add up: totals equal to the sums of their parts, each part the better for it.
//!
//! - Computes: minimum-trace reconciliation of base forecasts of all series of a hierarchy,
//!   with errors alike, structural, of known variances or of a shrunk covariance; sample paths
//!   one by one; forecasts kept at zero or above; whole numbers for the screen.
//! - Units: those of the series, one for all.
//! - Shapes: a [`Hierarchy`], residuals of the backtest by node and moment, base forecasts of
//!   all nodes in; reconciled ones of all nodes out.
//! - Errors: [`ReconcileError`]; unknown base forecasts are refused, not guessed.
//! - Source: S. Wickramasuriya, G. Athanasopoulos and R. Hyndman, *Optimal forecast
//!   reconciliation for hierarchical and grouped time series through trace minimization* (2019);
//!   `docs/methods/reconciliation.md`; checked against the closed form and the package
//!   `hierarchicalforecast` 1.5.3.
//!
//! Sums are exact: leaves are moved to a grid finer than the rounding of their total
//! ([`make_additive`]), on which additions lose nothing, whatever their order and grouping.

mod cholesky;
mod covariance;
mod floor;
mod hierarchy;
mod whole;

use std::sync::OnceLock;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use cholesky::{Cholesky, dot};
use covariance::Covariance;
pub use hierarchy::{CrossedKey, Hierarchy, HierarchyError, Sum};
pub use whole::{make_additive, whole_numbers};

/// Larger values are refused: their squares would overflow.
const LARGEST: f64 = 1e100;
/// More sums than this would need a matrix of over 128 MiB; leaves are not limited.
const MOST_SUMS: usize = 4096;
/// Vectors reconciled side by side.
const TOGETHER: usize = 32;

/// How uncertain base forecasts are, one beside another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Weights<'a> {
    /// All alike.
    Ols,
    /// The variance of a sum is the number of its leaves: for want of residuals.
    Structural,
    /// Mean squares of residuals, by node then moment (NaN where unknown).
    Variance(&'a [Vec<f64>]),
    /// Covariances of the same residuals, their correlations shrunk towards none.
    Shrunk(&'a [Vec<f64>]),
}

/// Whether leaves may fall below zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Floor {
    /// They may.
    #[default]
    Free,
    /// Those below zero are set to zero, and sums are added up again: they can only rise.
    Clip,
    /// The best of all forecasts that add up and are nowhere below zero: what a leaf loses,
    /// others make good. Dearer, by a system of as many equations as leaves held at zero.
    Best,
}

/// Why nothing is reconciled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReconcileError {
    /// Lists of another length than the hierarchy.
    #[error("{expected} nodes in the hierarchy, {got} given")]
    Nodes {
        /// Nodes.
        expected: usize,
        /// Rows or values given.
        got: usize,
    },
    /// Residuals that do not cover the same moments.
    #[error("node {node} has residuals of {got} moments, others of {expected}")]
    Moments {
        /// Whose.
        node: usize,
        /// Moments of the first node.
        expected: usize,
        /// Moments of this one.
        got: usize,
    },
    /// A residual nothing can be computed with.
    #[error("node {node} has a residual that is infinite or too large")]
    Residual {
        /// Whose.
        node: usize,
    },
    /// Too few to say how uncertain a node is.
    #[error("node {node} has {known} known residuals, {needed} are needed")]
    TooFewResiduals {
        /// Whose.
        node: usize,
        /// Known ones.
        known: usize,
        /// Needed ones.
        needed: usize,
    },
    /// A base forecast that is unknown, infinite or too large.
    #[error("the base forecast of node {node} is unknown or too large")]
    Base {
        /// Whose.
        node: usize,
    },
    /// A hierarchy beyond what fits in memory.
    #[error("{sums} sums, at most {most} can be reconciled")]
    TooManySums {
        /// Sums.
        sums: usize,
        /// At most.
        most: usize,
    },
    /// Weights so far apart that the system cannot be solved.
    #[error("the weights of the nodes are too far apart to be reconciled")]
    Singular,
}

/// All that does not depend on the forecasts, computed once.
///
/// With C the matrix that tells how much each sum is above its leaves and W the covariance of
/// base forecasts, the answer is ŷ − W C' (C W C')⁻¹ C ŷ: one equation for each sum. That is
/// the minimum-trace projection S (S' W⁻¹ S)⁻¹ S' W⁻¹ ŷ, without the inverse of W nor any
/// matrix of all nodes.
#[derive(Debug)]
pub struct Reconciler {
    hierarchy: Hierarchy,
    covariance: Covariance,
    system: Cholesky,
    floor: Floor,
    /// For each leaf, covariances of its reconciled forecast with those of all leaves.
    reconciled: Vec<OnceLock<Vec<f64>>>,
}

impl Reconciler {
    /// Prepares the reconciliation of a hierarchy.
    pub fn new(
        hierarchy: Hierarchy,
        weights: Weights<'_>,
        floor: Floor,
    ) -> Result<Self, ReconcileError> {
        let sums = hierarchy.sums().len();
        if sums > MOST_SUMS {
            return Err(ReconcileError::TooManySums { sums, most: MOST_SUMS });
        }
        let covariance = match weights {
            Weights::Ols => Covariance::diagonal(vec![1.0; hierarchy.nodes()]),
            Weights::Structural => Covariance::structural(&hierarchy),
            Weights::Variance(residuals) => Covariance::variances(&hierarchy, residuals)?,
            Weights::Shrunk(residuals) => Covariance::shrunk(&hierarchy, residuals)?,
        };
        let system =
            Cholesky::new(system(&hierarchy, &covariance), sums).ok_or(ReconcileError::Singular)?;
        let reconciled = hierarchy.leaves().iter().map(|_| OnceLock::new()).collect();
        Ok(Self { hierarchy, covariance, system, floor, reconciled })
    }

    /// The hierarchy.
    pub fn hierarchy(&self) -> &Hierarchy {
        &self.hierarchy
    }

    /// Share of the correlations of residuals that was given up as noise, between 0 and 1;
    /// `None` with other weights, and for residuals that are all alike.
    pub fn shrinkage(&self) -> Option<f64> {
        self.covariance.shrinkage
    }

    /// Reconciles one forecast of all nodes.
    pub fn reconcile(&self, base: &[f64]) -> Result<Vec<f64>, ReconcileError> {
        self.check(base)?;
        Ok(self.together(&[base]).pop().unwrap_or_default())
    }

    /// Reconciles many: the steps of a horizon, or joint sample paths one by one (a value of
    /// each node, drawn together). Same answers, to the bit, as one at a time.
    pub fn reconcile_all<B: AsRef<[f64]> + Sync>(
        &self,
        base: &[B],
    ) -> Result<Vec<Vec<f64>>, ReconcileError> {
        base.iter().try_for_each(|b| self.check(b.as_ref()))?;
        let chunks: Vec<Vec<Vec<f64>>> = base
            .par_chunks(TOGETHER)
            .map(|some| self.together(&some.iter().map(AsRef::as_ref).collect::<Vec<_>>()))
            .collect();
        Ok(chunks.into_iter().flatten().collect())
    }

    fn check(&self, base: &[f64]) -> Result<(), ReconcileError> {
        let expected = self.hierarchy.nodes();
        if base.len() != expected {
            return Err(ReconcileError::Nodes { expected, got: base.len() });
        }
        match base.iter().position(|b| !b.is_finite() || b.abs() > LARGEST) {
            Some(node) => Err(ReconcileError::Base { node }),
            None => Ok(()),
        }
    }

    fn together(&self, base: &[&[f64]]) -> Vec<Vec<f64>> {
        let gaps: Vec<Vec<f64>> = base.iter().map(|b| self.hierarchy.gaps(b)).collect();
        let corrections = self.corrections(&gaps);
        let mut out = Vec::with_capacity(base.len());
        for (base, corrections) in base.iter().zip(corrections) {
            let mut leaves: Vec<f64> = self
                .hierarchy
                .leaves()
                .iter()
                .zip(corrections)
                .map(|(&node, correction)| base.get(node).copied().unwrap_or(0.0) - correction)
                .collect();
            match self.floor {
                Floor::Free => {}
                Floor::Clip => leaves.iter_mut().for_each(|v| *v = v.max(0.0)),
                Floor::Best => floor::best(&mut leaves, |leaf| self.covariances(leaf)),
            }
            make_additive(&mut leaves);
            out.push(self.hierarchy.summed(&leaves));
        }
        out
    }

    /// What the leaves must lose for each list of gaps: W C' (C W C')⁻¹ times the gaps.
    fn corrections(&self, gaps: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let (sums, count) = (self.hierarchy.sums().len(), gaps.len());
        let mut sides = vec![0.0; sums * count];
        for (k, gaps) in gaps.iter().enumerate() {
            for (slot, gap) in sides.iter_mut().skip(k).step_by(count).zip(gaps) {
                *slot = *gap;
            }
        }
        self.system.solve(&mut sides, count);
        (0..count)
            .map(|k| {
                let prices: Vec<f64> = sides.iter().skip(k).step_by(count).copied().collect();
                self.leaves_of(&prices)
            })
            .collect()
    }

    /// The leaves of W C' times a number for each sum.
    fn leaves_of(&self, prices: &[f64]) -> Vec<f64> {
        let of = |sums: &Vec<usize>| sums.iter().filter_map(|&s| prices.get(s)).sum::<f64>();
        let below: Vec<f64> = self.hierarchy.above().iter().map(of).collect();
        let mut shared = vec![0.0; self.covariance.width];
        let mut add = |node: usize, times: f64| {
            for (slot, f) in shared.iter_mut().zip(self.covariance.row(node)) {
                *slot += times * f;
            }
        };
        for (sum, price) in self.hierarchy.sums().iter().zip(prices) {
            add(sum.node, *price);
        }
        for (&node, below) in self.hierarchy.leaves().iter().zip(&below) {
            add(node, -below);
        }
        let leaf = |(&node, below): (&usize, &f64)| {
            let own = self.covariance.own.get(node).copied().unwrap_or(0.0);
            dot(self.covariance.row(node), &shared) - own * below
        };
        self.hierarchy.leaves().iter().zip(&below).map(leaf).collect()
    }

    /// Covariances of the reconciled forecast of a leaf with those of all leaves.
    fn covariances(&self, leaf: usize) -> &[f64] {
        let Some(slot) = self.reconciled.get(leaf) else { return &[] };
        slot.get_or_init(|| {
            let nodes = self.hierarchy.leaves();
            let Some(&node) = nodes.get(leaf) else { return Vec::new() };
            let row = self.covariance.row(node);
            let own = self.covariance.own.get(node).copied().unwrap_or(0.0);
            let base = |other: usize| {
                let shared = dot(row, self.covariance.row(other));
                if other == node { shared + own } else { shared }
            };
            // Base covariances of all nodes with the leaf are a forecast like another, and
            // reconciled like one.
            let all: Vec<f64> = (0..self.hierarchy.nodes()).map(base).collect();
            let lost = self.corrections(&[self.hierarchy.gaps(&all)]).pop().unwrap_or_default();
            nodes.iter().zip(lost).map(|(&n, lost)| base(n) - lost).collect()
        })
    }
}

/// C W C', row after row; its lower half.
fn system(hierarchy: &Hierarchy, covariance: &Covariance) -> Vec<f64> {
    let sums = hierarchy.sums();
    let size = sums.len();
    let mut rows = vec![0.0; size * size];
    let mut add = |row: usize, column: usize, value: f64| {
        if let Some(slot) = rows.get_mut(row * size + column) {
            *slot += value;
        }
    };
    let own = |node: usize| covariance.own.get(node).copied().unwrap_or(0.0);
    for (rank, sum) in sums.iter().enumerate() {
        add(rank, rank, own(sum.node));
    }
    for (above, &node) in hierarchy.above().iter().zip(hierarchy.leaves()) {
        for (at, &row) in above.iter().enumerate() {
            for &column in above.iter().take(at + 1) {
                add(row, column, own(node));
            }
        }
    }
    if covariance.width > 0 {
        let shared: Vec<Vec<f64>> = sums
            .par_iter()
            .map(|sum| {
                let mut row = covariance.row(sum.node).to_vec();
                for &node in sum.leaves.iter().filter_map(|&l| hierarchy.leaves().get(l)) {
                    row.iter_mut().zip(covariance.row(node)).for_each(|(r, f)| *r -= f);
                }
                row
            })
            .collect();
        rows.par_chunks_mut(size.max(1)).enumerate().for_each(|(at, row)| {
            let Some(own) = shared.get(at) else { return };
            for (slot, other) in row.iter_mut().zip(&shared).take(at + 1) {
                *slot += dot(own, other);
            }
        });
    }
    rows
}

/// Quantiles of sample paths, node by node: for each share, the value below which that share of
/// the samples stays (type 7 of Hyndman and Fan). `None` without a sample, or when samples
/// differ in length or hold an unknown value.
///
/// Every path adds up; quantiles do not: the high days of two units seldom fall together, so
/// the upper quantile of a total is below the sum of those of its parts.
pub fn quantiles<S: AsRef<[f64]>>(samples: &[S], shares: &[f64]) -> Option<Vec<Vec<f64>>> {
    let nodes = samples.first()?.as_ref().len();
    let whole = |s: &S| s.as_ref().len() == nodes && s.as_ref().iter().all(|v| v.is_finite());
    if !samples.iter().all(whole) {
        return None;
    }
    let mut out = vec![Vec::with_capacity(nodes); shares.len()];
    for node in 0..nodes {
        let mut own: Vec<f64> =
            samples.iter().filter_map(|s| s.as_ref().get(node).copied()).collect();
        own.sort_unstable_by(f64::total_cmp);
        for (list, share) in out.iter_mut().zip(shares) {
            list.push(ordered(&own, *share)?);
        }
    }
    Some(out)
}

fn ordered(sorted: &[f64], share: f64) -> Option<f64> {
    let place = share.clamp(0.0, 1.0) * sorted.len().checked_sub(1)? as f64;
    let below = place.floor();
    let low = *sorted.get(below as usize)?;
    let high = sorted.get(below as usize + 1).copied().unwrap_or(low);
    // Written so that it stays between the two, even where their difference rounds.
    Some((low + (place - below) * (high - low)).clamp(low, high))
}

#[cfg(test)]
mod tests;
