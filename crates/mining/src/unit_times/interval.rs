//! Intervals without assumed shape for the middle, and with Student's for trimmed means.
//!
//! - Computes: the ranks whose values enclose the median; the trimmed mean and its interval; the
//!   mean with its interval; the tails of the normal and Student's quantiles they need.
//! - Units: those of the values.
//! - Shapes: sorted values and a level in; centre, lower and upper ends out.
//! - Errors: `None` when there are too few values for the level asked.
//! - Source: order statistics: David and Nagaraja (2003) §7.1; trimmed means: K. K. Yuen (1974);
//!   series and expansions: Abramowitz and Stegun 26.2, 26.7. Compared with SciPy.

/// A figure between two ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Estimate.
    pub centre: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Largest size for which the binomial is summed; beyond, its normal limit errs by less than a rank.
const SUMMED: usize = 10_000;

/// Ranks (from 0) whose values enclose the median of the population with at least this
/// probability, and that probability; `None` when even the extremes do not.
pub fn median_ranks(n: usize, level: f64) -> Option<(usize, usize, f64)> {
    let miss = (1.0 - level.clamp(0.0, 1.0)) / 2.0;
    if n > SUMMED {
        let half = n as f64 / 2.0;
        let rank = (half - normal_quantile(1.0 - miss) * (n as f64).sqrt() / 2.0).floor();
        let low = (rank as usize).saturating_sub(1);
        let covered =
            1.0 - 2.0 * normal_tail((half - low as f64 - 0.5) / ((n as f64).sqrt() / 2.0));
        return Some((low, n - 1 - low, covered));
    }
    // Logarithms: 2^-n vanishes long before n is large.
    let mut term = -(n as f64) * std::f64::consts::LN_2;
    let mut below = 0.0;
    let mut found = None;
    for k in 0..n.div_ceil(2) {
        below += term.exp();
        if below > miss {
            break;
        }
        found = Some((k, n - 1 - k, 1.0 - 2.0 * below));
        term += ((n - k) as f64).ln() - ((k + 1) as f64).ln();
    }
    found.filter(|(low, high, _)| low < high)
}

/// The mean of the values left when `trim` of them is cut at each end, with Yuen's interval.
pub fn trimmed_mean(sorted: &[f64], trim: f64, level: f64) -> Option<Interval> {
    let n = sorted.len();
    let cut = (trim.clamp(0.0, 0.49) * n as f64).floor() as usize;
    let kept = sorted.get(cut..n.checked_sub(cut)?)?;
    let (&low, &high) = (kept.first()?, kept.last()?);
    if kept.len() < 2 {
        return None;
    }
    let centre = kept.iter().sum::<f64>() / kept.len() as f64;
    let brought = sorted.iter().map(|v| v.max(low).min(high));
    let middle = brought.clone().sum::<f64>() / n as f64;
    let squares: f64 = brought.map(|v| (v - middle) * (v - middle)).sum();
    let h = kept.len() as f64;
    let error = (squares / (h * (h - 1.0))).sqrt();
    // Without cut this is Student's own interval.
    let reach = student_quantile(kept.len() as u64 - 1, level) * error;
    Some(Interval { centre, low: centre - reach, high: centre + reach })
}

/// Probability that a standard normal exceeds `x`.
pub fn normal_tail(x: f64) -> f64 {
    if x.is_nan() {
        return 1.0;
    }
    if x < 0.0 {
        return 1.0 - normal_tail(-x);
    }
    let density = (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    if x < 3.0 {
        // x + x³/3 + x⁵/(3·5)…
        let (mut term, mut sum, mut odd) = (x, x, 1.0);
        while term > sum * 1e-17 {
            odd += 2.0;
            term *= x * x / odd;
            sum += term;
        }
        return 0.5 - density * sum;
    }
    // 1/(x + 1/(x + 2/(x + 3/…)))
    let fraction = (1..=80).rev().fold(x, |below, k| x + f64::from(k) / below);
    density / fraction
}

/// The value that a standard normal stays below with this probability.
pub fn normal_quantile(share: f64) -> f64 {
    bisect(|x| 1.0 - normal_tail(x) < share)
}

/// The value that the absolute of a Student variable stays below with probability `level`.
pub fn student_quantile(freedom: u64, level: f64) -> f64 {
    if freedom > 200 {
        let z = normal_quantile(0.5 + level / 2.0);
        let nu = freedom as f64;
        let (z3, z5, z7) = (z.powi(3), z.powi(5), z.powi(7));
        return z
            + (z3 + z) / (4.0 * nu)
            + (5.0 * z5 + 16.0 * z3 + 3.0 * z) / (96.0 * nu * nu)
            + (3.0 * z7 + 19.0 * z5 + 17.0 * z3 - 15.0 * z) / (384.0 * nu.powi(3));
    }
    bisect(|t| student_within(freedom.max(1), t) < level)
}

/// Probability that a Student variable lies between −t and t: a finite sum for whole freedoms.
fn student_within(freedom: u64, t: f64) -> f64 {
    let nu = freedom as f64;
    let angle = (t / nu.sqrt()).atan();
    let (sin, cos) = angle.sin_cos();
    let odd = freedom % 2 == 1;
    if freedom == 1 {
        return 2.0 * angle / std::f64::consts::PI;
    }
    // Odd: cos + 2/3 cos³ + 2·4/(3·5) cos⁵…; even: 1 + 1/2 cos² + 1·3/(2·4) cos⁴…
    let mut term = if odd { cos } else { 1.0 };
    let mut sum = term;
    let mut power = if odd { 3 } else { 2 };
    while power < freedom {
        term *= (power - 1) as f64 / power as f64 * cos * cos;
        sum += term;
        power += 2;
    }
    if odd { 2.0 / std::f64::consts::PI * (angle + sin * sum) } else { sin * sum }
}

/// The place where a rising test turns false, from −1e4 to 1e4 sought by halves.
fn bisect(below: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (-1e4, 1e4);
    for _ in 0..80 {
        let middle = (low + high) / 2.0;
        if below(middle) { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}
