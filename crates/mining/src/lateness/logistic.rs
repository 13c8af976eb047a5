//! Logistic regression with a small ridge: the effect of each column, the others being equal.
//!
//! - Computes: coefficients that maximise the likelihood less `ridge`/2 × their squares
//!   (the constant is free), and the inverse of the penalised information.
//! - Units: log-odds.
//! - Shapes: patterns (columns that are on, cases, of which late) in; one coefficient per
//!   column, the constant first, out.
//! - Errors: `None` when there is nothing to fit or the search does not settle.
//! - Source: le Cessie and van Houwelingen (1992); Newton's method with halved steps.

/// Cases that share the same columns.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pattern {
    /// Columns that are on, sorted, without the constant.
    pub on: Vec<u32>,
    /// Cases.
    pub cases: u64,
    /// Of which late.
    pub late: u64,
}

/// A fitted model.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// The constant, then one coefficient per column.
    pub coefficients: Vec<f64>,
    /// Standard error of each.
    pub errors: Vec<f64>,
    /// Newton steps taken.
    pub steps: u32,
}

/// A symmetric positive matrix, and then its Cholesky factor, by rows.
struct Square {
    side: usize,
    cells: Vec<f64>,
}

impl Square {
    fn new(side: usize) -> Self {
        Self { side, cells: vec![0.0; side.saturating_mul(side)] }
    }

    fn at(&self, i: usize, j: usize) -> f64 {
        self.cells.get(i * self.side + j).copied().unwrap_or(0.0)
    }

    fn slot(&mut self, i: usize, j: usize) -> Option<&mut f64> {
        self.cells.get_mut(i * self.side + j)
    }

    fn row(&self, i: usize, until: usize) -> &[f64] {
        self.cells.get(i * self.side..i * self.side + until).unwrap_or_default()
    }

    /// Lower factor in place, from the lower half; `false` when not positive.
    fn factor(&mut self) -> bool {
        for i in 0..self.side {
            for j in 0..=i {
                let dot: f64 = self.row(i, j).iter().zip(self.row(j, j)).map(|(a, b)| a * b).sum();
                let rest = self.at(i, j) - dot;
                let value = if i == j {
                    if !rest.is_finite() || rest <= 0.0 {
                        return false;
                    }
                    rest.sqrt()
                } else {
                    rest / self.at(j, j)
                };
                if let Some(slot) = self.slot(i, j) {
                    *slot = value;
                }
            }
        }
        true
    }

    /// Solves L y = b.
    fn forward(&self, b: &[f64]) -> Vec<f64> {
        let mut y: Vec<f64> = Vec::with_capacity(b.len());
        for (i, &b) in b.iter().enumerate() {
            let dot: f64 = self.row(i, i).iter().zip(&y).map(|(l, y)| l * y).sum();
            y.push((b - dot) / self.at(i, i));
        }
        y
    }

    /// Solves L Lᵀ x = b.
    fn solve(&self, b: &[f64]) -> Vec<f64> {
        let mut x = self.forward(b);
        for i in (0..x.len()).rev() {
            let dot: f64 =
                (i + 1..x.len()).map(|k| self.at(k, i) * x.get(k).copied().unwrap_or(0.0)).sum();
            let value = (x.get(i).copied().unwrap_or(0.0) - dot) / self.at(i, i);
            if let Some(slot) = x.get_mut(i) {
                *slot = value;
            }
        }
        x
    }

    /// Diagonal of the inverse of L Lᵀ.
    fn inverse_diagonal(&self) -> Vec<f64> {
        (0..self.side)
            .map(|i| {
                let mut unit = vec![0.0; self.side];
                if let Some(one) = unit.get_mut(i) {
                    *one = 1.0;
                }
                self.forward(&unit).iter().map(|v| v * v).sum()
            })
            .collect()
    }
}

/// Log-odds of a pattern.
pub fn log_odds(coefficients: &[f64], on: &[u32]) -> f64 {
    let constant = coefficients.first().copied().unwrap_or(0.0);
    let each = on.iter().map(|&c| coefficients.get(c as usize + 1).copied().unwrap_or(0.0));
    constant + each.sum::<f64>()
}

/// Probability of log-odds.
pub fn probability(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

/// Minus twice the penalised log-likelihood.
fn deviance(patterns: &[Pattern], b: &[f64], ridge: f64) -> f64 {
    let mut sum = 0.0;
    for p in patterns {
        let eta = log_odds(b, &p.on);
        // ln(1 + e^eta) without overflow.
        let soft = eta.max(0.0) + (-eta.abs()).exp().ln_1p();
        sum += p.cases as f64 * soft - p.late as f64 * eta;
    }
    2.0 * sum + ridge * b.iter().skip(1).map(|v| v * v).sum::<f64>()
}

fn information(patterns: &[Pattern], b: &[f64], ridge: f64) -> (Square, Vec<f64>) {
    let mut square = Square::new(b.len());
    let mut slope = vec![0.0; b.len()];
    for p in patterns {
        let chance = probability(log_odds(b, &p.on));
        let weight = p.cases as f64 * chance * (1.0 - chance);
        let rest = p.late as f64 - p.cases as f64 * chance;
        if let Some(first) = square.cells.first_mut() {
            *first += weight;
        }
        if let Some(first) = slope.first_mut() {
            *first += rest;
        }
        for (k, &column) in p.on.iter().enumerate() {
            let i = column as usize + 1;
            if let Some(s) = slope.get_mut(i) {
                *s += rest;
            }
            let before = p.on.iter().take(k + 1).map(|&c| c as usize + 1);
            for j in std::iter::once(0).chain(before) {
                if let Some(cell) = square.slot(i, j) {
                    *cell += weight;
                }
            }
        }
    }
    for i in 1..b.len() {
        let own = b.get(i).copied().unwrap_or(0.0);
        if let Some(s) = slope.get_mut(i) {
            *s -= ridge * own;
        }
        if let Some(cell) = square.slot(i, i) {
            *cell += ridge;
        }
    }
    (square, slope)
}

/// Fits the model over `columns` columns.
pub fn fit(
    patterns: &[Pattern],
    columns: usize,
    ridge: f64,
    stop: &dyn Fn() -> bool,
) -> Option<Fit> {
    let cases: u64 = patterns.iter().map(|p| p.cases).sum();
    let late: u64 = patterns.iter().map(|p| p.late).sum();
    if late == 0 || late >= cases {
        return None;
    }
    let mut b = vec![0.0; columns + 1];
    if let Some(constant) = b.first_mut() {
        *constant = (late as f64 / (cases - late) as f64).ln();
    }
    let mut now = deviance(patterns, &b, ridge);
    for steps in 1..=60 {
        if stop() {
            return None;
        }
        let (mut square, slope) = information(patterns, &b, ridge);
        if !square.factor() {
            return None;
        }
        let step = square.solve(&slope);
        let mut share = 1.0;
        let next = loop {
            let next: Vec<f64> = b.iter().zip(&step).map(|(b, s)| b + share * s).collect();
            let then = deviance(patterns, &next, ridge);
            // A hair of slack: at the summit rounding may point either way.
            if then <= now + 1e-9 * (1.0 + now.abs()) {
                now = then;
                break next;
            }
            share /= 2.0;
            if share < 1e-6 {
                return None;
            }
        };
        let moved = b.iter().zip(&next).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        b = next;
        if moved < 1e-10 {
            let (mut square, _) = information(patterns, &b, ridge);
            if !square.factor() {
                return None;
            }
            let errors = square.inverse_diagonal().into_iter().map(f64::sqrt).collect();
            return Some(Fit { coefficients: b, errors, steps });
        }
    }
    None
}

/// Columns that the earlier ones nearly determine: less than `least` of their variance is
/// their own. Keeping them would leave no effect to tell.
pub fn dependent(patterns: &[Pattern], columns: usize, least: f64) -> Vec<u32> {
    let cases: f64 = patterns.iter().map(|p| p.cases as f64).sum();
    let mut square = Square::new(columns);
    for p in patterns {
        for (k, &i) in p.on.iter().enumerate() {
            for &j in p.on.iter().take(k + 1) {
                if let Some(cell) = square.slot(i as usize, j as usize) {
                    *cell += p.cases as f64;
                }
            }
        }
    }
    let means: Vec<f64> = (0..columns).map(|i| square.at(i, i) / cases).collect();
    let mean = |i: usize| means.get(i).copied().unwrap_or(0.0);
    let mut dropped = Vec::new();
    // A Cholesky factor of the covariances: its pivots are the variances left.
    for i in 0..columns {
        let variance = mean(i) * (1.0 - mean(i));
        for j in 0..=i {
            let dot: f64 = square.row(i, j).iter().zip(square.row(j, j)).map(|(a, b)| a * b).sum();
            let rest = square.at(i, j) / cases - mean(i) * mean(j) - dot;
            let pivot = square.at(j, j);
            let value = if i == j {
                if rest <= least * variance || rest <= 0.0 {
                    dropped.push(i as u32);
                    0.0
                } else {
                    rest.sqrt()
                }
            } else if pivot > 0.0 {
                rest / pivot
            } else {
                0.0
            };
            if let Some(slot) = square.slot(i, j) {
                *slot = value;
            }
        }
    }
    dropped
}
