//! How much each candidate counts in the forecast of a series.
//!
//! - Computes: weights that fall with a power of the error each candidate made in the backtest
//!   of the series, fully so when there are many, and with a power of what it is worth over
//!   all series.
//! - Units: errors of one series share a unit; weights are shares that add up to 1.
//! - Shapes: an error for each candidate (`None` where it gave no answer) in; a weight each out.
//! - Errors: `None` when no candidate gave an answer.
//! - Source: combination by inverse error (J. Bates and C. Granger 1969; the powers
//!   sharpen it: see `docs/methods/forecast.md`).

/// What a candidate missed in the backtest of a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tried {
    /// Mean absolute error.
    pub error: f64,
    /// Moments it was judged at.
    pub moments: usize,
}

/// How errors become weights.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weighting {
    /// Power of the error in the series.
    pub power: f64,
    /// Power of the error over all series.
    pub panel: f64,
    /// Backtests of a series at which its own errors count for half of their power.
    pub prior: f64,
}

impl Default for Weighting {
    fn default() -> Self {
        Self { power: 3.0, panel: 4.0, prior: 1.0 }
    }
}

/// What each candidate is worth over all series: the geometric mean of its error over that of
/// the middle candidate of each series. `None` for a candidate that never answered.
pub fn standing(errors: &[Vec<Option<f64>>], candidates: usize) -> Vec<Option<f64>> {
    let mut sums = vec![(0.0, 0u32); candidates];
    for own in errors {
        let Some(middle) = middle(own) else { continue };
        for (sum, error) in sums.iter_mut().zip(own) {
            if let Some(error) = error {
                // One series in which a candidate is lost or perfect must not decide for all.
                sum.0 += (error / middle).clamp(0.05, 20.0).ln();
                sum.1 += 1;
            }
        }
    }
    sums.into_iter().map(|(sum, n)| (n > 0).then(|| (sum / f64::from(n)).exp())).collect()
}

/// The middle of the errors above zero.
pub(crate) fn middle(errors: &[Option<f64>]) -> Option<f64> {
    let mut known: Vec<f64> = errors.iter().flatten().copied().filter(|e| *e > 0.0).collect();
    let at = known.len() / 2;
    (!known.is_empty()).then(|| *known.select_nth_unstable_by(at, f64::total_cmp).1)
}

impl Weighting {
    /// Weights of the candidates of one series after its backtest.
    ///
    /// `able` tells which candidates answer for what is to come: others count for nothing.
    pub fn weights(
        self,
        tried: &[Option<Tried>],
        standing: &[Option<f64>],
        able: &[bool],
    ) -> Option<Vec<f64>> {
        let errors: Vec<Option<f64>> = tried.iter().map(|t| t.map(|t| t.error)).collect();
        let unit = middle(&errors).unwrap_or(1.0);
        let nobody = errors.iter().all(Option::is_none);
        let loss = |at: usize| -> Option<f64> {
            if !able.get(at).copied().unwrap_or(false) {
                return None;
            }
            let usual = standing.get(at).copied().flatten().map(|s| s.max(1e-6).ln());
            let Some(own) = tried.get(at).copied().flatten() else {
                return usual.filter(|_| nobody).map(|u| self.panel * u);
            };
            let mine = (own.error / unit).max(1e-6).ln();
            let moments = own.moments as f64;
            let counts = moments / (moments + self.prior.max(0.0)) * self.power;
            // One that was tried here only counts as if others had said the same.
            Some(counts * mine + self.panel * usual.unwrap_or(mine))
        };
        let logs: Vec<Option<f64>> = (0..able.len()).map(loss).collect();
        let best = logs.iter().flatten().copied().fold(f64::INFINITY, f64::min);
        if !best.is_finite() {
            // Nobody was tried anywhere: those who answer count alike.
            let n = able.iter().filter(|a| **a).count();
            let share = 1.0 / n.max(1) as f64;
            return (n > 0).then(|| able.iter().map(|&a| if a { share } else { 0.0 }).collect());
        }
        let raw: Vec<f64> = logs.iter().map(|log| log.map_or(0.0, |l| (best - l).exp())).collect();
        let sum: f64 = raw.iter().sum();
        (sum > 0.0).then(|| raw.iter().map(|w| w / sum).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn close(a: &[f64], b: &[f64]) -> bool {
        a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12)
    }

    /// Tried at so many moments each.
    fn tried(errors: &[f64], moments: usize) -> Vec<Option<Tried>> {
        errors.iter().map(|&error| Some(Tried { error, moments })).collect()
    }

    #[test]
    fn half_the_error_counts_two_to_the_power() {
        let weighting = Weighting { power: 2.0, panel: 0.0, prior: 0.0 };
        let got = weighting.weights(&tried(&[1.0, 2.0], 3), &[None, None], &[true, true]);
        assert!(close(&got.unwrap(), &[0.8, 0.2]));
    }

    #[test]
    fn a_series_never_tried_follows_the_others() {
        let others = [vec![Some(1.0), Some(3.0), None], vec![Some(2.0), Some(2.0), None]];
        let standing = standing(&others, 3);
        assert_eq!(standing[2], None);
        let weighting = Weighting { power: 2.0, panel: 2.0, prior: 1.0 };
        let got = weighting.weights(&[None; 3], &standing, &[true; 3]).unwrap();
        // The first is worth √3 times the second: 3 times its weight.
        assert!(close(&got, &[0.75, 0.25, 0.0]), "{got:?}");
    }

    #[test]
    fn one_trial_counts_as_much_as_what_is_known_of_others() {
        // Four times better here at half its power, four times worse elsewhere: alike.
        let weighting = Weighting { power: 6.0, panel: 3.0, prior: 1.0 };
        let standing = [Some(2.0), Some(0.5)];
        let got = weighting.weights(&tried(&[1.0, 4.0], 1), &standing, &[true; 2]);
        assert!(close(&got.unwrap(), &[0.5, 0.5]));
        let got = weighting.weights(&tried(&[1.0, 4.0], 9), &standing, &[true; 2]);
        // After nine, 5.4 − 3 powers of four.
        assert!((got.unwrap()[0] - 1.0 / (1.0 + 4f64.powf(-2.4))).abs() < 1e-12);
    }

    #[test]
    fn without_any_trial_those_who_answer_count_alike() {
        let got = Weighting::default().weights(&[None, None], &[None, None], &[true, false]);
        assert_eq!(got, Some(vec![1.0, 0.0]));
        assert_eq!(Weighting::default().weights(&[], &[], &[]), None);
    }

    proptest! {
        #[test]
        fn weights_are_shares_and_do_not_depend_on_the_unit(
            errors in prop::collection::vec(prop::option::of(0.0..1e6f64), 1..8),
            backtests in 0usize..9,
            times in 1e-3..1e3f64,
        ) {
            let able = vec![true; errors.len()];
            let standing = standing(std::slice::from_ref(&errors), errors.len());
            let weighting = Weighting::default();
            let of = |times: f64| -> Vec<Option<Tried>> {
                let one = |e: f64| Tried { error: e * times, moments: backtests };
                errors.iter().map(|e| e.map(one)).collect()
            };
            if let Some(w) = weighting.weights(&of(1.0), &standing, &able) {
                prop_assert!((w.iter().sum::<f64>() - 1.0).abs() < 1e-9);
                prop_assert!(w.iter().all(|w| (0.0..=1.0).contains(w)));
                let again = weighting.weights(&of(times), &standing, &able).unwrap();
                prop_assert!(w.iter().zip(&again).all(|(a, b)| (a - b).abs() < 1e-6));
            }
        }
    }
}
