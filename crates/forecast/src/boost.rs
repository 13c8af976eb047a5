//! Gradient boosting of regression trees over binned features.
//!
//! - Computes: a sum of trees, each grown best leaf first on histograms of what is left to
//!   explain, for the mean ([`Loss::Squared`]), the median ([`Loss::Absolute`]) or any quantile.
//! - Units: those of the targets; features have each their own, only their order counts.
//! - Shapes: columns of features in, binned once into a [`Table`]; one number a row out.
//! - Errors: [`BoostError`] when a column, a target, a weight or an option makes no sense.
//!   A missing feature (NaN) is not an error: each split learns which way it goes.
//! - Source: J. Friedman (2001), *Greedy function approximation*; histograms and best leaf
//!   first as in G. Ke et al. (2017), *LightGBM*, which is the oracle of the tests.

mod grow;
mod order;
mod table;
mod tree;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

pub(crate) use order::quantile;
pub use table::{Bins, MOST_BINS, MOST_ROWS, Table};
pub use tree::Booster;

use grow::{Grower, Packed};
use tree::Tree;

/// What a booster learns to say.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// The mean: squared errors.
    Squared,
    /// The median: absolute errors.
    Absolute,
    /// The value below which this share of targets stays, strictly between 0 and 1.
    Quantile(f64),
}

/// How to learn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Params {
    /// What to learn.
    pub loss: Loss,
    /// Trees at most.
    pub rounds: usize,
    /// Share of each tree's answer that is kept, in ]0, 1].
    pub learning_rate: f64,
    /// Leaves of a tree at most, 2 or more.
    pub leaves: usize,
    /// Rows of a leaf at least, 1 or more.
    pub min_leaf: usize,
    /// Gain of a split at least: twice the loss it takes away, for squared errors.
    pub min_gain: f64,
    /// Penalty on the squares of leaf values, in rows of weight 1 that would say zero.
    pub l2: f64,
    /// Share of the rows drawn for each tree, in ]0, 1].
    pub row_share: f64,
    /// Share of the columns drawn for each tree, in ]0, 1].
    pub column_share: f64,
    /// Start of the draws.
    pub seed: u64,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            loss: Loss::Squared,
            rounds: 100,
            learning_rate: 0.1,
            leaves: 31,
            min_leaf: 20,
            min_gain: 0.0,
            l2: 0.0,
            row_share: 1.0,
            column_share: 1.0,
            seed: 0,
        }
    }
}

/// Rows set apart, which tell when to stop.
#[derive(Debug, Clone, Copy)]
pub struct Watch<'a> {
    /// Features, binned as those learned from.
    pub table: &'a Table,
    /// Targets.
    pub targets: &'a [f64],
    /// Weights; each row counts once without them.
    pub weights: Option<&'a [f64]>,
    /// Trees without a better loss before stopping; the best number of trees is kept.
    pub patience: usize,
}

/// Why nothing was learned.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BoostError {
    /// Columns of different lengths.
    #[error("column {column} has {rows} rows, the first has {expected}")]
    Ragged {
        /// Column, from 0.
        column: usize,
        /// Its rows.
        rows: usize,
        /// Rows of the first.
        expected: usize,
    },
    /// Another number of columns than the bins were learned from.
    #[error("{columns} columns, the bins were learned from {expected}")]
    Columns {
        /// Columns given.
        columns: usize,
        /// Columns expected.
        expected: usize,
    },
    /// More rows than sums can hold exactly.
    #[error("{rows} rows are more than {MOST_ROWS}")]
    TooManyRows {
        /// Rows given.
        rows: usize,
    },
    /// A table binned otherwise.
    #[error("the table was binned with other bins than those learned from")]
    OtherBins,
    /// As many targets, or weights, as rows are needed.
    #[error("{values} {what} for {rows} rows")]
    Length {
        /// "targets" or "weights".
        what: &'static str,
        /// Values given.
        values: usize,
        /// Rows of the table.
        rows: usize,
    },
    /// A target that is not a number, or too large to be squared and summed.
    #[error("target {value} of row {row} is not a number below 1e100 in size")]
    Target {
        /// Row, from 0.
        row: usize,
        /// What was found.
        value: f64,
    },
    /// A weight that is negative, not a number, or too large to be summed.
    #[error("weight {value} of row {row} is not between 0 and 1e50")]
    Weight {
        /// Row, from 0.
        row: usize,
        /// What was found.
        value: f64,
    },
    /// No row, or only rows that weigh nothing.
    #[error("no row to learn from")]
    Empty,
    /// An option out of its range.
    #[error("{option} = {value}: {range} expected")]
    Option {
        /// Its name.
        option: &'static str,
        /// What was given.
        value: f64,
        /// What makes sense.
        range: &'static str,
    },
    /// A stored booster whose parts do not fit together.
    #[error("a stored booster is damaged: {part}")]
    Damaged {
        /// What is wrong.
        part: &'static str,
    },
}

/// Largest target: squares and their sums stay far from the largest number.
const MOST_TARGET: f64 = 1e100;
/// Largest weight.
const MOST_WEIGHT: f64 = 1e50;

/// Learns a booster.
///
/// Rows of weight 0 are left out: a table may hold more rows than are learned from.
pub fn fit(
    table: &Table,
    targets: &[f64],
    weights: Option<&[f64]>,
    params: &Params,
) -> Result<Booster, BoostError> {
    fit_watched(table, targets, weights, None, params)
}

/// Learns a booster that stops when rows set apart are no longer better told.
pub fn fit_watched(
    table: &Table,
    targets: &[f64],
    weights: Option<&[f64]>,
    watch: Option<Watch<'_>>,
    params: &Params,
) -> Result<Booster, BoostError> {
    params.check()?;
    let data = Data::new(table, targets, weights)?;
    learn(&data, &data.pack(), watch, params)
}

/// Learns one booster for each share, in their order, whatever `params.loss` says.
///
/// Nothing forbids quantiles learned apart from crossing: sort the answers of a row.
pub fn fit_quantiles(
    table: &Table,
    targets: &[f64],
    weights: Option<&[f64]>,
    shares: &[f64],
    params: &Params,
) -> Result<Vec<Booster>, BoostError> {
    let of = |&share: &f64| Params { loss: Loss::Quantile(share), ..*params };
    let all: Vec<Params> = shares.iter().map(of).collect();
    all.iter().try_for_each(Params::check)?;
    let data = Data::new(table, targets, weights)?;
    let packed = data.pack();
    all.par_iter().map(|params| learn(&data, &packed, None, params)).collect()
}

impl Loss {
    /// Mean loss of answers, weighted; `None` without any weight.
    pub fn mean(self, targets: &[f64], answers: &[f64], weights: Option<&[f64]>) -> Option<f64> {
        let left = targets.iter().zip(answers).map(|(t, a)| t - a);
        self.of_residuals(left, weights)
    }

    fn of_residuals(
        self,
        residuals: impl Iterator<Item = f64>,
        weights: Option<&[f64]>,
    ) -> Option<f64> {
        let (mut sum, mut weight) = (0.0, 0.0);
        for (row, r) in residuals.enumerate() {
            let w = weights.map_or(1.0, |w| w.get(row).copied().unwrap_or(0.0));
            sum += w * match self {
                Loss::Squared => r * r,
                Loss::Absolute => r.abs(),
                Loss::Quantile(share) => (share * r).max((share - 1.0) * r),
            };
            weight += w;
        }
        (weight > 0.0).then(|| sum / weight)
    }

    /// How far, and which way, a residual pulls the answer: the gradient, its sign turned.
    fn pull(self, residual: f64) -> f64 {
        match self {
            Loss::Squared => residual,
            // A row that is told exactly pulls neither way: many may share one value.
            Loss::Absolute | Loss::Quantile(_) if residual == 0.0 => 0.0,
            Loss::Absolute => residual.signum(),
            Loss::Quantile(share) if residual > 0.0 => share,
            Loss::Quantile(share) => share - 1.0,
        }
    }
}

impl Params {
    fn check(&self) -> Result<(), BoostError> {
        let quantile = match self.loss {
            Loss::Quantile(share) => share,
            Loss::Squared | Loss::Absolute => 0.5,
        };
        let share = |v: f64| v > 0.0 && v <= 1.0;
        let positive = |v: f64| (0.0..=MOST_WEIGHT).contains(&v);
        let (one, two) = ("1 or more", "2 or more");
        let (shares, positives) = ("more than 0 and at most 1", "0 or more");
        let rules = [
            ("quantile", quantile, quantile > 0.0 && quantile < 1.0, "strictly between 0 and 1"),
            ("learning_rate", self.learning_rate, share(self.learning_rate), shares),
            ("leaves", self.leaves as f64, self.leaves >= 2, two),
            ("min_leaf", self.min_leaf as f64, self.min_leaf >= 1, one),
            ("min_gain", self.min_gain, positive(self.min_gain), positives),
            ("l2", self.l2, positive(self.l2), positives),
            ("row_share", self.row_share, share(self.row_share), shares),
            ("column_share", self.column_share, share(self.column_share), shares),
        ];
        match rules.into_iter().find(|rule| !rule.2) {
            Some((option, value, _, range)) => Err(BoostError::Option { option, value, range }),
            None => Ok(()),
        }
    }
}

/// Rows to learn from, checked.
struct Data<'a> {
    table: &'a Table,
    targets: &'a [f64],
    /// Shares of the largest weight; `None` when all rows count alike.
    weights: Option<Vec<f64>>,
    largest_weight: f64,
    /// Rows that weigh something, rising.
    rows: Vec<u32>,
}

impl<'a> Data<'a> {
    fn new(
        table: &'a Table,
        targets: &'a [f64],
        weights: Option<&[f64]>,
    ) -> Result<Self, BoostError> {
        check(table, targets, weights)?;
        let all = 0..table.rows() as u32;
        let largest = weights.map_or(1.0, |w| w.iter().copied().fold(0.0, f64::max));
        let rows: Vec<u32> = match weights {
            Some(w) => all.zip(w).filter(|(_, w)| **w > 0.0).map(|(row, _)| row).collect(),
            None => all.collect(),
        };
        if rows.is_empty() {
            return Err(BoostError::Empty);
        }
        // Weights of 0 and 1 only choose rows: the quick way is open.
        let weights = weights
            .filter(|w| w.iter().any(|&w| w > 0.0 && w < largest))
            .map(|w| w.iter().map(|w| w / largest).collect());
        Ok(Self { table, targets, weights, largest_weight: largest, rows })
    }

    fn pack(&self) -> Packed {
        let columns: Vec<usize> = self.table.telling_columns().collect();
        Packed::new(self.table, columns)
    }

    fn weight(&self, row: u32) -> f64 {
        self.weights.as_ref().map_or(1.0, |w| w.get(row as usize).copied().unwrap_or(0.0))
    }

    /// The best single answer for rows of which this much is left to explain.
    fn answer(&self, loss: Loss, rows: &[u32], residuals: &[f64], l2: f64) -> f64 {
        let left = |row: u32| residuals.get(row as usize).copied().unwrap_or(0.0);
        let share = match loss {
            Loss::Squared => {
                let (mut sum, mut weight) = (0.0, l2);
                match &self.weights {
                    None => {
                        sum = rows.iter().map(|&row| left(row)).sum();
                        weight += rows.len() as f64;
                    }
                    Some(_) => {
                        for &row in rows {
                            let w = self.weight(row);
                            sum += w * left(row);
                            weight += w;
                        }
                    }
                }
                return if weight > 0.0 { sum / weight } else { 0.0 };
            }
            Loss::Absolute => 0.5,
            Loss::Quantile(share) => share,
        };
        let found = if self.weights.is_none() {
            let mut values: Vec<f64> = rows.iter().map(|&row| left(row)).collect();
            order::quantile(&mut values, share)
        } else {
            let mut values: Vec<(f64, f64)> =
                rows.iter().map(|&row| (left(row), self.weight(row))).collect();
            order::weighted_quantile(&mut values, share)
        };
        found.unwrap_or(0.0)
    }
}

/// Targets and weights that can be learned from.
fn check(table: &Table, targets: &[f64], weights: Option<&[f64]>) -> Result<(), BoostError> {
    let rows = table.rows();
    let length = |what, values: &[f64]| {
        let values = values.len();
        if values == rows { Ok(()) } else { Err(BoostError::Length { what, values, rows }) }
    };
    length("targets", targets)?;
    weights.map_or(Ok(()), |w| length("weights", w))?;
    let counts = |row: usize| weights.is_none_or(|w| w.get(row).is_some_and(|w| *w != 0.0));
    let bad = |v: f64| !v.is_finite() || v.abs() > MOST_TARGET;
    // A row that is left out may well have no target yet.
    if let Some((row, &value)) = targets.iter().enumerate().find(|&(row, &v)| bad(v) && counts(row))
    {
        return Err(BoostError::Target { row, value });
    }
    let sound = |v: f64| (0.0..=MOST_WEIGHT).contains(&v);
    let mut weights = weights.into_iter().flatten().enumerate();
    match weights.find(|&(_, &w)| !sound(w)) {
        Some((row, &value)) => Err(BoostError::Weight { row, value }),
        None => Ok(()),
    }
}

fn learn(
    data: &Data<'_>,
    packed: &Packed,
    watch: Option<Watch<'_>>,
    params: &Params,
) -> Result<Booster, BoostError> {
    if let Some(watch) = &watch {
        if watch.table.bins() != data.table.bins() {
            return Err(BoostError::OtherBins);
        }
        check(watch.table, watch.targets, watch.weights)?;
    }
    match &data.weights {
        None => rounds::<grow::Plain>(data, packed, watch, params),
        Some(_) => rounds::<grow::Weighted>(data, packed, watch, params),
    }
}

/// The rounds of boosting, on one kind of sums.
fn rounds<C: grow::Cell>(
    data: &Data<'_>,
    packed: &Packed,
    watch: Option<Watch<'_>>,
    params: &Params,
) -> Result<Booster, BoostError> {
    let Params { loss, learning_rate, .. } = *params;
    let n = data.table.rows();
    // Penalties are given in rows of weight 1, weights kept as shares of the largest.
    let l2 = params.l2 / data.largest_weight;
    let min_gain = params.min_gain / data.largest_weight;
    let mut residuals = vec![0.0; n];
    for &row in &data.rows {
        if let (Some(r), Some(t)) =
            (residuals.get_mut(row as usize), data.targets.get(row as usize))
        {
            *r = *t;
        }
    }
    let start = data.answer(loss, &data.rows, &residuals, 0.0);
    residuals.iter_mut().for_each(|r| *r -= start);
    let mut apart = watch.map(|watch| Apart::new(watch, loss, start));
    let mut booster = Booster::new(data.table.bins().clone(), start);
    let mut grower = Grower::<C>::new(n, params, l2, min_gain);
    let mut gains = Vec::new();
    let mut draws = Draws(params.seed);
    let draws_change = params.row_share < 1.0 || params.column_share < 1.0;
    let mut own: Packed;
    for _ in 0..params.rounds {
        let (bag, rest) = draws.rows(&data.rows, params.row_share);
        let columns = draws.columns(packed.columns(), params.column_share);
        let packed = match columns {
            Some(columns) => {
                own = Packed::new(data.table, columns);
                &own
            }
            None => packed,
        };
        let rows: &[u32] = bag.as_deref().unwrap_or(&data.rows);
        let pull = |row: u32| {
            let w = data.weight(row);
            (w * loss.pull(residuals.get(row as usize).copied().unwrap_or(0.0)), w)
        };
        let grown = grower.grow(data.table, packed, rows, pull);
        let Some(grown) = grown else {
            // Nothing to split: another draw may find something, the same rows never will.
            if draws_change { continue } else { break }
        };
        let mut values = Vec::with_capacity(grown.leaves.len());
        for leaf in &grown.leaves {
            let own = grower.rows(leaf);
            let value = learning_rate * data.answer(loss, own, &residuals, l2);
            for &row in own {
                if let Some(r) = residuals.get_mut(row as usize) {
                    *r -= value;
                }
            }
            values.push(value);
        }
        let tree = Tree { nodes: grown.nodes, values };
        for &row in &rest {
            if let Some(r) = residuals.get_mut(row as usize) {
                *r -= tree.value(data.table, row as usize);
            }
        }
        let stop = apart.as_mut().is_some_and(|apart| apart.hear(&tree));
        booster.trees.push(tree);
        gains.push(grown.gains);
        if stop {
            break;
        }
    }
    if let Some(apart) = apart {
        booster.trees.truncate(apart.best_trees);
    }
    booster.credit(&gains, data.largest_weight);
    Ok(booster)
}

/// Rows set apart, as the trees come.
struct Apart<'a> {
    watch: Watch<'a>,
    loss: Loss,
    residuals: Vec<f64>,
    trees: usize,
    best_trees: usize,
    best: f64,
}

impl<'a> Apart<'a> {
    fn new(watch: Watch<'a>, loss: Loss, start: f64) -> Self {
        let residuals: Vec<f64> = watch.targets.iter().map(|t| t - start).collect();
        let mut apart = Self { watch, loss, residuals, trees: 0, best_trees: 0, best: 0.0 };
        apart.best = apart.mean();
        apart
    }

    fn mean(&self) -> f64 {
        let residuals = self.residuals.iter().copied();
        self.loss.of_residuals(residuals, self.watch.weights).unwrap_or(0.0)
    }

    /// Whether the trees have stopped telling more.
    fn hear(&mut self, tree: &Tree) -> bool {
        for (row, r) in self.residuals.iter_mut().enumerate() {
            *r -= tree.value(self.watch.table, row);
        }
        self.trees += 1;
        let mean = self.mean();
        if mean < self.best {
            (self.best, self.best_trees) = (mean, self.trees);
        }
        self.trees - self.best_trees >= self.watch.patience.max(1)
    }
}

/// Draws that depend on the seed alone (the SplitMix64 sequence of G. Steele et al. 2014).
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number of [0, 1[.
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Exactly `share` of the items, at least one, in their order; and the others.
    fn split<T: Copy>(&mut self, items: &[T], share: f64) -> (Vec<T>, Vec<T>) {
        let mut wanted =
            ((items.len() as f64 * share).round() as usize).clamp(1, items.len().max(1));
        let (mut taken, mut others) = (Vec::with_capacity(wanted), Vec::new());
        for (left, &item) in (1..=items.len()).rev().zip(items) {
            // Each of those left has the same chance of being among those still wanted.
            if self.unit() * (left as f64) < wanted as f64 {
                taken.push(item);
                wanted -= 1;
            } else {
                others.push(item);
            }
        }
        (taken, others)
    }

    fn rows(&mut self, rows: &[u32], share: f64) -> (Option<Vec<u32>>, Vec<u32>) {
        if share >= 1.0 {
            return (None, Vec::new());
        }
        let (taken, others) = self.split(rows, share);
        (Some(taken), others)
    }

    fn columns(&mut self, columns: &[usize], share: f64) -> Option<Vec<usize>> {
        (share < 1.0 && !columns.is_empty()).then(|| self.split(columns, share).0)
    }
}

#[cfg(test)]
mod tests;
