//! Theta: the middle between a level that learns and the straight line through history.
//!
//! - Computes: the Theta method (smoothing plus half the slope of the line), and its optimised
//!   dynamic form, in which the line is drawn anew at each step, averaged over weights.
//! - Units: those of the series.
//! - Shapes: a history without a season in; `horizon` values out.
//! - Errors: `None` for a history too short to draw a line through.
//! - Source: V. Assimakopoulos and K. Nikolopoulos (2000); R. Hyndman and B. Billah (2003);
//!   J. Fiorucci et al. (2016).

/// Slope of the straight line of least squares.
fn slope(y: &[f64]) -> f64 {
    let n = y.len() as f64;
    let (middle, mean) = ((n + 1.0) / 2.0, y.iter().sum::<f64>() / n);
    let (up, down) = y.iter().enumerate().fold((0.0, 0.0), |(up, down), (i, v)| {
        let t = i as f64 + 1.0 - middle;
        (up + t * (v - mean), down + t * t)
    });
    if down > 0.0 { up / down } else { 0.0 }
}

/// The Theta method: simple smoothing, of a weight and a last level, with half the slope as drift.
pub(super) fn standard(y: &[f64], (alpha, level): (f64, f64), horizon: usize) -> Vec<f64> {
    let drift = 0.5 * slope(y);
    // What the smoothed level still lags behind the line, then one step of it each time.
    let behind = (1.0 - (1.0 - alpha).powi(y.len() as i32)) / alpha;
    (0..horizon).map(|h| level + drift * (h as f64 + behind)).collect()
}

/// A level that learns and the line through all that came, step by step.
#[derive(Clone, Copy)]
struct Walk {
    level: f64,
    /// Share of the first level that is left.
    left: f64,
    start: f64,
    slope: f64,
    mean: f64,
    steps: f64,
}

impl Walk {
    fn new(level: f64) -> Self {
        Self { level, left: 1.0, start: 0.0, slope: 0.0, mean: 0.0, steps: 0.0 }
    }

    /// Where the line leads, as seen by a level of this weight.
    fn lean(&self, alpha: f64) -> f64 {
        self.left * self.start + (1.0 - self.left * (1.0 - alpha)) / alpha * self.slope
    }

    fn step(&mut self, value: f64, alpha: f64) {
        self.steps += 1.0;
        let t = self.steps;
        self.level = alpha * value + (1.0 - alpha) * self.level;
        self.left *= 1.0 - alpha;
        let before = self.mean;
        self.mean += (value - before) / t;
        // Slope and start of the line of least squares, brought forward by one value.
        self.slope = if t < 2.0 {
            0.0
        } else {
            ((t - 2.0) * self.slope + 6.0 * (value - before) / t) / (t + 1.0)
        };
        self.start = self.mean - self.slope * (t + 1.0) / 2.0;
    }
}

/// The best first level and share of the line for a weight, and the squared error they make.
struct Solved {
    alpha: f64,
    error: f64,
    level: f64,
    share: f64,
}

/// Values before the first error that counts: no line is told by fewer.
const BEFORE: usize = 2;

fn solve(y: &[f64], alpha: f64) -> Solved {
    // Forecasts are linear in the first level and in the share: one pass tells both.
    let mut walk = Walk::new(0.0);
    let (mut aa, mut ab, mut bb, mut ya, mut yb, mut yy) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
    for (i, &value) in y.iter().enumerate() {
        if i >= BEFORE {
            let (a, b, r) = (walk.left, walk.lean(alpha), value - walk.level);
            aa += a * a;
            ab += a * b;
            bb += b * b;
            ya += a * r;
            yb += b * r;
            yy += r * r;
        }
        walk.step(value, alpha);
    }
    let det = aa * bb - ab * ab;
    let share = if det > 1e-9 * aa * bb { (aa * yb - ab * ya) / det } else { 0.5 };
    let share = share.clamp(0.0, 1.0);
    let first = y.first().copied().unwrap_or(0.0);
    let level = if aa > 1e-12 { (ya - share * ab) / aa } else { first };
    let error = yy - 2.0 * (level * ya + share * yb)
        + level * level * aa
        + 2.0 * level * share * ab
        + share * share * bb;
    Solved { alpha, error: error.max(0.0), level, share }
}

impl Solved {
    fn forecast(&self, y: &[f64], horizon: usize) -> Vec<f64> {
        let mut walk = Walk::new(self.level);
        y.iter().for_each(|v| walk.step(*v, self.alpha));
        let next = |_| {
            let value = walk.level + self.share * walk.lean(self.alpha);
            walk.step(value, self.alpha);
            value
        };
        (0..horizon).map(next).collect()
    }
}

/// Weights tried.
const WEIGHTS: u32 = 15;
/// Share of the largest below which a weight is not worth its pass.
const LEAST_SHARE: f64 = 1e-3;

/// The optimised dynamic Theta method, averaged over weights by their likelihood.
pub(super) fn dynamic(y: &[f64], horizon: usize) -> Option<Vec<f64>> {
    if y.len() < 4 {
        return None;
    }
    let alpha = |i: u32| 0.05 + 0.94 * f64::from(i) / f64::from(WEIGHTS - 1);
    let tried: Vec<Solved> = (0..WEIGHTS).map(|i| solve(y, alpha(i))).collect();
    // Squares lost to rounding tell nothing apart.
    let rounding = y.iter().map(|v| v * v).sum::<f64>() * 1e-15 + f64::MIN_POSITIVE;
    let error = |s: &Solved| s.error + rounding;
    let least = tried.iter().map(error).fold(f64::INFINITY, f64::min);
    let (mut out, mut all) = (vec![0.0; horizon], 0.0);
    for solved in &tried {
        let weight = (least / error(solved)).powf(0.5 * y.len() as f64);
        if weight.is_nan() || weight < LEAST_SHARE {
            continue;
        }
        all += weight;
        for (sum, value) in out.iter_mut().zip(solved.forecast(y, horizon)) {
            *sum += weight * value;
        }
    }
    (all > 0.0).then(|| out.into_iter().map(|v| v / all).collect())
}

#[cfg(test)]
mod tests {
    use super::{super::linear, *};

    #[test]
    fn theta_is_simple_smoothing_with_half_the_drift() {
        let y: Vec<f64> =
            (0..30).map(|i: i32| 20.0 + 2.0 * f64::from(i) + f64::from(i * i * 31 % 7)).collect();
        let (alpha, level) = linear::simple_level(&y).unwrap();
        let found = standard(&y, (alpha, level), 4);
        let half = 0.5 * slope(&y);
        for h in 1..4 {
            assert!((found[h] - found[h - 1] - half).abs() < 1e-12);
        }
        let behind = (0..30).map(|k| (1.0 - alpha).powi(k)).sum::<f64>();
        assert!((found[0] - level - half * behind).abs() < 1e-9);
    }

    #[test]
    fn the_running_line_is_the_line_of_least_squares() {
        let y = [3.0, 5.0, 4.0, 8.0, 7.0, 11.0];
        let mut walk = Walk::new(0.0);
        y.iter().for_each(|v| walk.step(*v, 0.5));
        assert!((walk.slope - slope(&y)).abs() < 1e-12);
        let at_middle = walk.start + walk.slope * 3.5;
        assert!((at_middle - y.iter().sum::<f64>() / 6.0).abs() < 1e-12);
    }

    #[test]
    fn the_solution_of_a_weight_is_the_least_squares_one() {
        let y: Vec<f64> = (0..40).map(|i: i32| 9.0 + f64::from(i * i * 17 % 13)).collect();
        let best = solve(&y, 0.3);
        let error = |level: f64, share: f64| {
            let mut walk = Walk::new(level);
            let mut sum = 0.0;
            for (i, v) in y.iter().enumerate() {
                if i >= BEFORE {
                    sum += (v - walk.level - share * walk.lean(0.3)).powi(2);
                }
                walk.step(*v, 0.3);
            }
            sum
        };
        assert!((error(best.level, best.share) - best.error).abs() < 1e-6);
        assert!(error(best.level + 0.5, best.share) > best.error);
        assert!(error(best.level - 0.5, best.share) > best.error);
    }

    #[test]
    fn a_straight_line_goes_on() {
        let y: Vec<f64> = (0..40).map(|i| 100.0 + 3.0 * f64::from(i)).collect();
        let found = dynamic(&y, 5).unwrap();
        for (h, v) in found.iter().enumerate() {
            let truth = 100.0 + 3.0 * (40 + h) as f64;
            assert!((v - truth).abs() < 0.01 * truth, "{v} for {truth}");
        }
        assert_eq!(dynamic(&y[..3], 2), None);
    }
}
