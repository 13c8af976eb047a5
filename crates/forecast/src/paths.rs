//! Scenarios: whole courses of what is to come, for whatever sums over time.
//!
//! - Computes: joint draws whose values at each step are exactly the quantiles forecast for it,
//!   and which hang together over time as past errors did: a part that lasts over the whole
//!   horizon, and a part that fades from one step to the next.
//! - Units: those of the quantiles.
//! - Shapes: a quantile function of each step, past errors (one row a moment, divided by their
//!   usual size) in; `n` paths of `horizon` values out.
//! - Errors: none; without rows the errors are taken to fade by half at each step.
//! - Source: ordering of exact margins by the ranks of a template (M. Clark et al. 2004), the
//!   template being Gaussian with the correlations measured; `docs/methods/forecast.md`.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// How errors of one forecast hang together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dependence {
    /// Share of the variance that all steps of a horizon have in common.
    pub lasting: f64,
    /// Correlation of the rest from one step to the next.
    pub fading: f64,
}

/// Without anything measured: nothing lasts, half is left at the next step.
const UNKNOWN: Dependence = Dependence { lasting: 0.0, fading: 0.5 };
/// Pairs of errors below which nothing is measured.
const LEAST_PAIRS: usize = 24;

impl Dependence {
    /// Measures it on past errors: the products of errors one step apart, and of those far
    /// apart, over the mean square.
    pub fn measured(rows: &[Vec<f64>], horizon: usize) -> Self {
        if horizon < 2 {
            return UNKNOWN;
        }
        let correlation = |lags: std::ops::RangeInclusive<usize>| -> Option<f64> {
            let (mut products, mut squares, mut n) = (0.0, 0.0, 0usize);
            for row in rows {
                for lag in lags.clone() {
                    for (a, b) in row.iter().zip(row.get(lag..).unwrap_or_default()) {
                        if a.is_finite() && b.is_finite() {
                            products += a * b;
                            squares += f64::midpoint(a * a, b * b);
                            n += 1;
                        }
                    }
                }
            }
            (n >= LEAST_PAIRS && squares > 0.0).then(|| products / squares)
        };
        let Some(near) = correlation(1..=1) else { return UNKNOWN };
        // Beyond half of the horizon what fades has faded.
        let far = correlation((horizon / 2).max(2)..=horizon - 1);
        let lasting = far.unwrap_or(0.0).clamp(0.0, 0.95).min(near.max(0.0));
        let fading = ((near - lasting) / (1.0 - lasting)).clamp(-0.5, 0.98);
        Self { lasting, fading }
    }
}

/// Draws paths. `marginal(step, share)` is the quantile of a step.
pub fn joint(
    marginal: impl Fn(usize, f64) -> f64,
    rows: &[Vec<f64>],
    horizon: usize,
    n: usize,
    seed: u64,
) -> Vec<Vec<f64>> {
    let Dependence { lasting, fading } = Dependence::measured(rows, horizon);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut normal = move || {
        // Two uniforms make a normal (G. Box and M. Muller 1958); zero has no logarithm.
        let (u, v): (f64, f64) = (1.0 - rng.random::<f64>(), rng.random());
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    };
    let common: Vec<f64> = (0..n).map(|_| normal()).collect();
    let mut state: Vec<f64> = (0..n).map(|_| normal()).collect();
    let mut paths = vec![Vec::with_capacity(horizon); n];
    let mut order: Vec<usize> = (0..n).collect();
    for step in 0..horizon {
        if step > 0 {
            for value in &mut state {
                *value = fading * *value + (1.0 - fading * fading).sqrt() * normal();
            }
        }
        let template: Vec<f64> = common
            .iter()
            .zip(&state)
            .map(|(c, s)| lasting.sqrt() * c + (1.0 - lasting).sqrt() * s)
            .collect();
        let of = |path: &usize| template.get(*path).copied().unwrap_or(0.0);
        order.sort_unstable_by(|a, b| of(a).total_cmp(&of(b)).then(a.cmp(b)));
        for (rank, path) in order.iter().enumerate() {
            if let Some(path) = paths.get_mut(*path) {
                path.push(marginal(step, (rank as f64 + 0.5) / n as f64));
            }
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Errors of unit variance whose correlation fades by `phi` a step, about a common part.
    fn rows(count: usize, horizon: usize, lasting: f64, phi: f64, seed: u64) -> Vec<Vec<f64>> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        // Sums of twelve uniforms are near enough to normal.
        let mut normal = move || (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
        (0..count)
            .map(|_| {
                let common = normal();
                let mut state = normal();
                (0..horizon)
                    .map(|step| {
                        if step > 0 {
                            state = phi * state + (1.0 - phi * phi).sqrt() * normal();
                        }
                        lasting.sqrt() * common + (1.0 - lasting).sqrt() * state
                    })
                    .collect()
            })
            .collect()
    }

    /// Quantile of a uniform law that grows with the step.
    fn uniform(step: usize, share: f64) -> f64 {
        (step + 1) as f64 * (share - 0.5)
    }

    #[test]
    fn each_step_has_exactly_its_quantiles() {
        let paths = joint(uniform, &rows(20, 6, 0.3, 0.6, 1), 6, 50, 7);
        for step in 0..6 {
            let mut values: Vec<f64> = paths.iter().map(|p| p[step]).collect();
            values.sort_unstable_by(f64::total_cmp);
            for (rank, value) in values.iter().enumerate() {
                assert_eq!(*value, uniform(step, (rank as f64 + 0.5) / 50.0));
            }
        }
        assert_eq!(paths, joint(uniform, &rows(20, 6, 0.3, 0.6, 1), 6, 50, 7));
        assert_ne!(paths, joint(uniform, &rows(20, 6, 0.3, 0.6, 1), 6, 50, 8));
    }

    #[test]
    fn correlations_are_found_again() {
        let found = Dependence::measured(&rows(800, 24, 0.4, 0.5, 2), 24);
        assert!((found.lasting - 0.4).abs() < 0.06, "{found:?}");
        assert!((found.fading - 0.5).abs() < 0.06, "{found:?}");
        assert_eq!(Dependence::measured(&[], 24), UNKNOWN);
        let none = Dependence::measured(&rows(800, 24, 0.0, 0.0, 3), 24);
        assert!(none.lasting < 0.05 && none.fading.abs() < 0.05, "{none:?}");
    }

    #[test]
    fn sums_over_time_vary_as_correlated_errors_do() {
        // Variance of a sum of H steps of unit variance: H + 2 Σ (H − k) ρ(k), with
        // ρ(k) = c + (1 − c) φᵏ.
        let (horizon, lasting, phi) = (20usize, 0.25, 0.6f64);
        let mut expected = horizon as f64;
        for k in 1..horizon {
            let rho = lasting + (1.0 - lasting) * phi.powi(i32::try_from(k).unwrap());
            expected += 2.0 * (horizon - k) as f64 * rho;
        }
        // Uniform of unit variance.
        let unit = |_: usize, share: f64| (share - 0.5) * 12.0f64.sqrt();
        let paths = joint(unit, &rows(1500, horizon, lasting, phi, 4), horizon, 4000, 5);
        let sums: Vec<f64> = paths.iter().map(|p| p.iter().sum()).collect();
        let variance = sums.iter().map(|s| s * s).sum::<f64>() / sums.len() as f64;
        // Ranks of a Gaussian keep a little less than its correlation: 6/π asin(ρ/2).
        assert!((variance / expected - 1.0).abs() < 0.12, "{variance} {expected}");
    }
}
