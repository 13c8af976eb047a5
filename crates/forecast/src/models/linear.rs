//! Exponential smoothing without a season: one or two states that learn from each error.
//!
//! - Computes: simple and damped exponential smoothing, both the recursion `y = l + φ·b + e`,
//!   with first states that are exactly those of least squares.
//! - Units: those of the series.
//! - Shapes: a history without a season in; `horizon` values out.
//! - Errors: `None` for a history too short to tell the states.
//! - Source: R. Hyndman et al., *Forecasting with Exponential Smoothing* (2008), section 2.5.

use super::optimise::{Space, least_of_one};

/// `y = w·x + e`, then `x ← F·x + g·e`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Linear {
    w: [f64; 2],
    f: [[f64; 2]; 2],
    g: [f64; 2],
    /// Whether the second state exists.
    two: bool,
}

/// A recursion run over a history from its best first states.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    model: Linear,
    pub sse: f64,
    pub first: [f64; 2],
    last: [f64; 2],
}

impl Linear {
    pub fn simple(alpha: f64) -> Self {
        Self { w: [1.0, 0.0], f: [[1.0, 0.0], [0.0, 0.0]], g: [alpha, 0.0], two: false }
    }

    /// Holt's method, `phi` < 1 damping the trend.
    pub fn trend(alpha: f64, beta: f64, phi: f64) -> Self {
        Self { w: [1.0, phi], f: [[1.0, phi], [0.0, phi]], g: [alpha, beta], two: true }
    }

    /// How states change when no error is subtracted yet: `D = F − g·w`.
    fn inner(&self) -> [[f64; 2]; 2] {
        let [[a, b], [c, d]] = self.f;
        let ([w0, w1], [g0, g1]) = (self.w, self.g);
        [[a - g0 * w0, b - g0 * w1], [c - g1 * w0, d - g1 * w1]]
    }

    /// Runs over a history, its first states those of least squares.
    pub fn run(&self, y: &[f64]) -> Run {
        let d = self.inner();
        // x = base + J·x0: the base starts from nothing, J from the identity.
        let mut base = [0.0; 2];
        let mut v = self.w;
        let (mut xx, mut xy, mut yy) = ([0.0; 3], [0.0; 2], 0.0);
        for &value in y {
            let e = value - self.w[0] * base[0] - self.w[1] * base[1];
            xx[0] += v[0] * v[0];
            xx[1] += v[0] * v[1];
            xx[2] += v[1] * v[1];
            xy[0] += v[0] * e;
            xy[1] += v[1] * e;
            yy += e * e;
            base = [
                self.f[0][0] * base[0] + self.f[0][1] * base[1] + self.g[0] * e,
                self.f[1][0] * base[0] + self.f[1][1] * base[1] + self.g[1] * e,
            ];
            v = [v[0] * d[0][0] + v[1] * d[1][0], v[0] * d[0][1] + v[1] * d[1][1]];
        }
        let first = if self.two {
            // A touch of ridge: a state that history does not tell stays near zero.
            let (a, b, c) = (xx[0] * (1.0 + 1e-9), xx[1], xx[2] * (1.0 + 1e-6) + 1e-12);
            let det = a * c - b * b;
            [(c * xy[0] - b * xy[1]) / det, (a * xy[1] - b * xy[0]) / det]
        } else {
            [xy[0] / xx[0], 0.0]
        };
        let sse = yy - 2.0 * (first[0] * xy[0] + first[1] * xy[1])
            + first[0] * first[0] * xx[0]
            + 2.0 * first[0] * first[1] * xx[1]
            + first[1] * first[1] * xx[2];
        Run { model: *self, sse: if sse > 0.0 { sse } else { 0.0 }, first, last: [0.0; 2] }
    }
}

impl Run {
    /// States after the history.
    fn finish(mut self, y: &[f64]) -> Self {
        let m = &self.model;
        let mut x = self.first;
        let mut sse = 0.0;
        for &value in y {
            let e = value - m.w[0] * x[0] - m.w[1] * x[1];
            sse += e * e;
            x = [
                m.f[0][0] * x[0] + m.f[0][1] * x[1] + m.g[0] * e,
                m.f[1][0] * x[0] + m.f[1][1] * x[1] + m.g[1] * e,
            ];
        }
        self.last = x;
        self.sse = sse;
        self
    }

    pub fn forecast(&self, horizon: usize) -> Vec<f64> {
        let m = &self.model;
        let mut x = self.last;
        (0..horizon)
            .map(|_| {
                let value = m.w[0] * x[0] + m.w[1] * x[1];
                x = [m.f[0][0] * x[0] + m.f[0][1] * x[1], m.f[1][0] * x[0] + m.f[1][1] * x[1]];
                value
            })
            .collect()
    }
}

/// Weights of the newest error tried.
const ALPHA: (f64, f64) = (0.01, 0.99);
/// Least and most that a trend keeps of itself from one step to the next.
const DAMPED: (f64, f64) = (0.8, 0.98);

/// Weight and last level of simple smoothing.
pub(super) fn simple_level(y: &[f64]) -> Option<(f64, f64)> {
    if y.len() < 2 {
        return None;
    }
    let alpha = least_of_one(ALPHA.0, ALPHA.1, |a| Linear::simple(a).run(y).sse);
    Some((alpha, Linear::simple(alpha).run(y).finish(y).last[0]))
}

/// Exponential smoothing with a trend that fades.
pub(super) fn damped(y: &[f64], horizon: usize) -> Option<Vec<f64>> {
    if y.len() < 5 {
        return None;
    }
    let model = |x: &[f64; 3]| Linear::trend(x[0], x[0] * x[1], x[2]);
    let space = Space { low: [ALPHA.0, 0.0, DAMPED.0], high: [ALPHA.1, 1.0, DAMPED.1], most: 100 };
    let error = |x: &[f64; 3]| model(x).run(y).sse;
    let starts = [[0.2, 0.1, 0.9], [0.6, 0.1, 0.9]];
    let start = starts.into_iter().min_by(|a, b| error(a).total_cmp(&error(b)))?;
    let (x, _) = space.least(start, error);
    Some(model(&x).run(y).finish(y).forecast(horizon))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The book recursion from given first states.
    fn by_hand(y: &[f64], alpha: f64, beta: f64, phi: f64, first: [f64; 2]) -> ([f64; 2], f64) {
        let ([mut level, mut trend], mut sse) = (first, 0.0);
        for v in y {
            let e = v - level - phi * trend;
            sse += e * e;
            level += phi * trend + alpha * e;
            trend = phi * trend + beta * e;
        }
        ([level, trend], sse)
    }

    fn series() -> Vec<f64> {
        (0..40).map(|i: i32| 50.0 + f64::from(i) + f64::from(i * i * 37 % 11)).collect()
    }

    #[test]
    fn states_are_those_of_the_recursion_and_first_ones_the_least_squares() {
        let y = series();
        let run = Linear::trend(0.3, 0.05, 0.9).run(&y).finish(&y);
        let (last, sse) = by_hand(&y, 0.3, 0.05, 0.9, run.first);
        assert!((last[0] - run.last[0]).abs() < 1e-9 && (last[1] - run.last[1]).abs() < 1e-9);
        assert!((sse - run.sse).abs() < 1e-6 * sse);
        // No other first states do better.
        for (a, b) in [(0.5, 0.0), (-0.5, 0.0), (0.0, 0.1), (0.0, -0.1)] {
            let other = by_hand(&y, 0.3, 0.05, 0.9, [run.first[0] + a, run.first[1] + b]).1;
            assert!(other > sse, "{other} {sse}");
        }
        let ahead = run.forecast(3);
        assert!((ahead[0] - (last[0] + 0.9 * last[1])).abs() < 1e-9);
        assert!((ahead[2] - (last[0] + (0.9 + 0.81 + 0.729) * last[1])).abs() < 1e-9);
    }

    #[test]
    fn simple_smoothing_is_the_recursion_at_its_best_weight() {
        let y = series();
        let (alpha, level) = simple_level(&y).unwrap();
        let first = Linear::simple(alpha).run(&y).first;
        assert!((by_hand(&y, alpha, 0.0, 1.0, [first[0], 0.0]).0[0] - level).abs() < 1e-9);
        assert!((simple_level(&[5.0; 20]).unwrap().1 - 5.0).abs() < 1e-9);
        assert_eq!(simple_level(&[5.0]), None);
    }

    #[test]
    fn a_fading_trend_that_is_really_there_is_found() {
        // b·(φ + φ² + …) from a level of 10: no error at the truth.
        let (mut level, mut trend, mut y) = (10.0, 5.0, Vec::new());
        for _ in 0..60 {
            (level, trend) = (level + 0.95 * trend, 0.95 * trend);
            y.push(level);
        }
        let ahead = damped(&y[..50], 10).unwrap();
        for (a, b) in ahead.iter().zip(&y[50..]) {
            assert!((a - b).abs() < 0.02 * b, "{a} for {b}");
        }
    }
}
