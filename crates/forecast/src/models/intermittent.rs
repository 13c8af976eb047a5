//! Demand that comes now and then: how often, and how much when it comes.
//!
//! - Computes: two smoothed means, of the size of what comes and of the chance that something
//!   comes, updated at every step (so that an end of demand is noticed); and Croston's method with
//!   its bias taken out.
//! - Units: those of the series, per step.
//! - Shapes: a history without negative values in; the same mean at each step of the horizon out.
//! - Errors: `None` where fewer than one value in five is zero, or fewer than two are not.
//! - Source: J. Croston (1972); A. Syntetos and J. Boylan (2005); R. Teunter, A. Syntetos and
//!   M. Babai (2011).

/// Share of zeros from which demand is told apart from its size.
const ZEROS: f64 = 0.2;
/// Weights tried for the size, and for the chance.
const SIZE: [f64; 3] = [0.05, 0.1, 0.2];
const CHANCE: [f64; 4] = [0.02, 0.05, 0.1, 0.2];

/// Whether demand comes now and then only.
pub(super) fn applies(y: &[f64]) -> bool {
    let zeros = y.iter().filter(|v| **v == 0.0).count();
    let known = y.iter().all(|v| *v >= 0.0);
    known && zeros as f64 >= ZEROS * y.len() as f64 && y.len() - zeros >= 2
}

/// Smoothed size and chance, at the weights of least squared error.
pub(super) fn smoothed(y: &[f64], horizon: usize) -> Option<Vec<f64>> {
    if !applies(y) {
        return None;
    }
    let tried = SIZE.iter().flat_map(|a| CHANCE.iter().map(|b| walk(y, *a, *b)));
    let best = tried.min_by(|a, b| a.0.total_cmp(&b.0))?;
    Some(vec![best.1; horizon])
}

/// Squared error and last mean of a pair of weights; first states are the means of history.
fn walk(y: &[f64], of_size: f64, of_chance: f64) -> (f64, f64) {
    let came = y.iter().filter(|v| **v > 0.0).count() as f64;
    let mut size = y.iter().sum::<f64>() / came;
    let mut chance = came / y.len() as f64;
    let mut error = 0.0;
    for &value in y {
        error += (value - size * chance).powi(2);
        if value > 0.0 {
            size += of_size * (value - size);
        }
        chance += of_chance * (f64::from(u8::from(value > 0.0)) - chance);
    }
    (error, size * chance)
}

/// Croston's method: size over interval, less the bias of a ratio.
pub(super) fn croston(y: &[f64], horizon: usize) -> Option<Vec<f64>> {
    if !applies(y) {
        return None;
    }
    const WEIGHT: f64 = 0.1;
    let mut since = 1.0;
    let mut states: Option<(f64, f64)> = None;
    for &value in y {
        if value > 0.0 {
            states = Some(match states {
                None => (value, since),
                Some((size, gap)) => (size + WEIGHT * (value - size), gap + WEIGHT * (since - gap)),
            });
            since = 1.0;
        } else {
            since += 1.0;
        }
    }
    let (size, gap) = states?;
    Some(vec![(1.0 - WEIGHT / 2.0) * size / gap; horizon])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_regular_demand_is_its_mean_per_step() {
        let y: Vec<f64> = (0..60).map(|i| if i % 3 == 2 { 9.0 } else { 0.0 }).collect();
        let found = smoothed(&y, 2).unwrap();
        assert!((found[0] - 3.0).abs() < 0.4, "{found:?}");
        // Size 9 every 3 steps, less the twentieth.
        assert!((croston(&y, 1).unwrap()[0] - 0.95 * 3.0).abs() < 1e-12);
    }

    #[test]
    fn an_end_of_demand_is_noticed() {
        let mut y: Vec<f64> = (0..60).map(|i| if i % 3 == 2 { 9.0 } else { 0.0 }).collect();
        y.extend([0.0; 40]);
        assert!(smoothed(&y, 1).unwrap()[0] < 0.6);
        assert!(croston(&y, 1).unwrap()[0] > 2.0);
    }

    #[test]
    fn what_comes_every_day_is_not_for_this() {
        assert_eq!(smoothed(&[3.0, 4.0, 5.0, 0.0, 4.0, 3.0], 1), None);
        assert_eq!(smoothed(&[0.0, 0.0, 5.0, 0.0, 0.0], 1), None);
        assert_eq!(croston(&[0.0, -2.0, 5.0, 0.0, 3.0], 1), None);
    }
}
