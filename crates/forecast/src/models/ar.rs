//! Autoregression: a series told by its own last values.
//!
//! - Computes: Burg's coefficients for every order, the order of least criterion, and what
//!   they carry forward, on values or on their differences.
//! - Units: those of the series.
//! - Shapes: a history without a season in; `horizon` values out.
//! - Errors: `None` for a history of fewer than eight values.
//! - Source: J. Burg (1975); the differences by D. Kwiatkowski et al. (1992); the criterion by
//!   C. Hurvich and C.-L. Tsai (1989).

use super::season::mean;

/// Orders tried.
const MOST_ORDER: usize = 13;
/// Share of the mean difference kept as drift: a whole one is seldom borne out.
const DRIFT: f64 = 0.5;
/// Statistic above which a level is taken to wander (5 % of level series are beyond).
const WANDERS: f64 = 0.463;

/// Coefficients and variance of what is left, for each order from 0.
fn burg(x: &[f64], most: usize) -> Vec<(Vec<f64>, f64)> {
    let mut forward = x.to_vec();
    let mut backward = x.to_vec();
    let mut own: Vec<f64> = Vec::new();
    let mut variance = x.iter().map(|e| e * e).sum::<f64>() / x.len().max(1) as f64;
    let mut out = vec![(Vec::new(), variance)];
    for order in 0..most {
        let pairs = || forward.iter().skip(order + 1).zip(backward.iter().skip(order));
        let (both, sizes) =
            pairs().fold((0.0, 0.0), |(both, sizes), (f, b)| (both + f * b, sizes + f * f + b * b));
        if sizes <= 0.0 {
            break;
        }
        let reflection = 2.0 * both / sizes;
        let mut next: Vec<f64> =
            own.iter().zip(own.iter().rev()).map(|(a, b)| a - reflection * b).collect();
        next.push(reflection);
        own = next;
        for t in (order + 1..x.len()).rev() {
            let (f, b) = (forward[t], backward[t - 1]);
            forward[t] = f - reflection * b;
            backward[t] = b - reflection * f;
        }
        variance *= 1.0 - reflection * reflection;
        out.push((own.clone(), variance));
    }
    out
}

/// The statistic of Kwiatkowski and others for a level that stays.
fn wandering(y: &[f64]) -> f64 {
    let n = y.len() as f64;
    let centre = mean(y);
    let apart: Vec<f64> = y.iter().map(|v| v - centre).collect();
    let together =
        |lag: usize| apart.iter().zip(apart.iter().skip(lag)).map(|(a, b)| a * b).sum::<f64>() / n;
    let lags = (3.0 * n.sqrt() / 13.0).floor() as usize;
    let share = |k: usize| 1.0 - k as f64 / (lags as f64 + 1.0);
    let long = together(0) + 2.0 * (1..=lags).map(|k| share(k) * together(k)).sum::<f64>();
    let (_, sums) = apart.iter().fold((0.0, 0.0), |(sum, squares): (f64, f64), v| {
        let sum = sum + v;
        (sum, squares + sum * sum)
    });
    if long > 0.0 { sums / (n * n * long) } else { 0.0 }
}

/// Autoregression on differences where the level wanders, on values elsewhere.
pub(super) fn forecast(y: &[f64], horizon: usize) -> Option<Vec<f64>> {
    if wandering(y) > WANDERS { differences(y, horizon) } else { level(y, horizon) }
}

/// Autoregression about the mean: in the long run the series comes back to it.
pub(super) fn level(y: &[f64], horizon: usize) -> Option<Vec<f64>> {
    let centre = mean(y);
    let ahead = carried(&y.iter().map(|v| v - centre).collect::<Vec<f64>>(), horizon)?;
    Some(ahead.iter().map(|v| v + centre).collect())
}

fn differences(y: &[f64], horizon: usize) -> Option<Vec<f64>> {
    let steps: Vec<f64> = y.iter().zip(y.iter().skip(1)).map(|(a, b)| b - a).collect();
    let drift = DRIFT * mean(&steps);
    let ahead = carried(&steps.iter().map(|v| v - drift).collect::<Vec<f64>>(), horizon)?;
    let mut last = *y.last()?;
    let onward = ahead.iter().map(|v| {
        last += v + drift;
        last
    });
    Some(onward.collect())
}

/// What the order of least criterion says of values about zero.
fn carried(x: &[f64], horizon: usize) -> Option<Vec<f64>> {
    if x.len() < 7 {
        return None;
    }
    let n = x.len() as f64;
    let fits = burg(x, MOST_ORDER.min(x.len() / 4).max(1));
    let criterion = |order: usize, variance: f64| {
        let free = order as f64 + 2.0;
        n * variance.max(f64::MIN_POSITIVE).ln() + 2.0 * free * n / (n - free - 1.0).max(1.0)
    };
    let best = fits
        .iter()
        .enumerate()
        .min_by(|a, b| criterion(a.0, a.1.1).total_cmp(&criterion(b.0, b.1.1)))?;
    let coefficients = &best.1.0;
    let mut all = x.to_vec();
    for _ in 0..horizon {
        let next: f64 = coefficients.iter().zip(all.iter().rev()).map(|(a, v)| a * v).sum();
        all.push(next);
    }
    Some(all.split_off(x.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_coefficients_of_a_known_recursion_are_found() {
        // x = 1.2 x₋₁ − 0.5 x₋₂ + a shock of chance.
        let mut x = vec![1.0, 0.5];
        for i in 2..4000usize {
            let shock = ((i * i) as f64 * 0.618_033_988_749_895).fract() - 0.5;
            x.push(1.2 * x[i - 1] - 0.5 * x[i - 2] + shock);
        }
        let fits = burg(&x, 4);
        let two = &fits[2].0;
        assert!((two[0] - 1.2).abs() < 0.05 && (two[1] + 0.5).abs() < 0.05, "{two:?}");
        // The variance of the shocks: one twelfth.
        assert!((fits[2].1 - 1.0 / 12.0).abs() < 0.01, "{}", fits[2].1);
    }

    #[test]
    fn a_level_comes_back_to_its_mean_and_a_wandering_one_stays() {
        let level: Vec<f64> = (0..200usize)
            .map(|i| 50.0 + ((i * i) as f64 * 0.618_033_988_749_895).fract())
            .collect();
        assert!(wandering(&level) < WANDERS);
        let far = forecast(&level, 60).unwrap()[59];
        assert!((far - mean(&level)).abs() < 0.1, "{far}");
        let steps: Vec<f64> = (0..200).map(|i| if i < 100 { 10.0 } else { 30.0 }).collect();
        assert!(wandering(&steps) > WANDERS);
        assert!((forecast(&steps, 60).unwrap()[0] - 30.0).abs() < 1.0);
        assert_eq!(forecast(&steps[..6], 2), None);
    }

    #[test]
    fn a_sine_goes_on() {
        let y: Vec<f64> = (0..300).map(|i| (f64::from(i) * 0.5).sin()).collect();
        let ahead = level(&y[..280], 20).unwrap();
        for (a, b) in ahead.iter().zip(&y[280..]) {
            assert!((a - b).abs() < 0.1, "{a} {b}");
        }
    }
}
