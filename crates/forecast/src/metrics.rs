//! How good a forecast was.
//!
//! - Computes: symmetric percentage error, errors scaled by the naive forecast of the history,
//!   their mean against a reference, pinball loss of quantiles, coverage and score of bands.
//! - Units: sMAPE in percent; scaled errors in mean steps of the history, 1 being as good as the
//!   naive forecast was there; pinball loss in the unit of the series.
//! - Shapes: what came and what was said, step by step; pairs with an unknown value (NaN) are
//!   left out.
//! - Errors: `None` when no pair is known, or the history never moved: there is no scale then.
//! - Source: S. Makridakis et al., *The M4 competition: 100,000 time series and 61 forecasting
//!   methods* (2020), whose definitions these are; T. Gneiting and A. Raftery (2007) for bands.

/// Mean absolute error.
pub fn mae(truth: &[f64], said: &[f64]) -> Option<f64> {
    mean(pairs(truth, said).map(|(y, f)| (y - f).abs()))
}

/// Symmetric mean absolute percentage error, in percent (0 to 200).
///
/// A step where both are zero is a perfect one.
pub fn smape(truth: &[f64], said: &[f64]) -> Option<f64> {
    mean(pairs(truth, said).map(|(y, f)| {
        let both = y.abs() + f.abs();
        if both > 0.0 { 200.0 * (y - f).abs() / both } else { 0.0 }
    }))
}

/// Mean absolute change of a history from one season to the next: the unit of scaled errors.
///
/// `season` is 1 where there is none. A history shorter than a season, or that repeats itself
/// exactly, has no such unit.
pub fn scale(history: &[f64], season: usize) -> Option<f64> {
    let later = history.get(season.max(1)..)?;
    mean(pairs(history, later).map(|(a, b)| (b - a).abs())).filter(|s| *s > 0.0)
}

/// Mean absolute scaled error.
pub fn mase(truth: &[f64], said: &[f64], history: &[f64], season: usize) -> Option<f64> {
    Some(mae(truth, said)? / scale(history, season)?)
}

/// sMAPE and MASE of a method, each already averaged over series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Averages {
    /// Mean sMAPE, in percent.
    pub smape: f64,
    /// Mean MASE.
    pub mase: f64,
}

/// Overall weighted average: the mean of both errors, each over that of a reference method
/// (the seasonally adjusted naive one in M4). `None` when the reference made no error.
pub fn owa(method: Averages, reference: Averages) -> Option<f64> {
    let owa = 0.5 * (method.smape / reference.smape + method.mase / reference.mase);
    (reference.smape > 0.0 && reference.mase > 0.0 && owa.is_finite()).then_some(owa)
}

/// Pinball loss of a quantile: the mean cost of being off, `share` a step for each unit below what
/// came and `1 − share` for each above it.
pub fn pinball(truth: &[f64], said: &[f64], share: f64) -> Option<f64> {
    let loss = |(y, q): (f64, f64)| if y >= q { share * (y - q) } else { (1.0 - share) * (q - y) };
    (0.0..=1.0).contains(&share).then(|| mean(pairs(truth, said).map(loss))).flatten()
}

/// Share of what came inside a band, its ends included.
pub fn coverage(truth: &[f64], low: &[f64], high: &[f64]) -> Option<f64> {
    mean(bands(truth, low, high).map(|(y, l, h)| if (l..=h).contains(&y) { 1.0 } else { 0.0 }))
}

/// Mean scaled interval score of a band meant to hold the share `level` of values: its width, plus
/// a fine for each value outside that grows with how far it is.
pub fn msis(
    truth: &[f64],
    low: &[f64],
    high: &[f64],
    level: f64,
    history: &[f64],
    season: usize,
) -> Option<f64> {
    let fine = 2.0 / (1.0 - level);
    if !(0.0..1.0).contains(&level) {
        return None;
    }
    let score = |(y, l, h): (f64, f64, f64)| h - l + fine * ((l - y).max(0.0) + (y - h).max(0.0));
    Some(mean(bands(truth, low, high).map(score))? / scale(history, season)?)
}

fn pairs(a: &[f64], b: &[f64]) -> impl Iterator<Item = (f64, f64)> {
    a.iter().copied().zip(b.iter().copied()).filter(|(x, y)| x.is_finite() && y.is_finite())
}

fn bands(y: &[f64], low: &[f64], high: &[f64]) -> impl Iterator<Item = (f64, f64, f64)> {
    let all = y.iter().zip(low).zip(high).map(|((y, l), h)| (*y, *l, *h));
    all.filter(|(y, l, h)| y.is_finite() && l.is_finite() && h.is_finite())
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, n) = values.fold((0.0, 0u32), |(sum, n), v| (sum + v, n + 1));
    (n > 0).then(|| sum / f64::from(n)).filter(|m: &f64| m.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // A series of four values, then three to foretell. Worked by hand, and the same from the
    // NumPy expressions of the organisers' definitions (NumPy 2.4).
    const HISTORY: [f64; 4] = [10.0, 12.0, 11.0, 15.0];
    const TRUTH: [f64; 3] = [14.0, 16.0, 0.0];
    const SAID: [f64; 3] = [16.0, 16.0, 0.0];

    fn is(got: Option<f64>, want: f64) -> bool {
        got.is_some_and(|g| (g - want).abs() < 1e-12)
    }

    #[test]
    fn errors_worked_by_hand() {
        assert!(is(mae(&TRUTH, &SAID), 2.0 / 3.0));
        // 200 × 2/30 at the first step, nothing at the others, zero against zero included.
        assert!(is(smape(&TRUTH, &SAID), 400.0 / 30.0 / 3.0));
        assert!(is(smape(&[5.0], &[-5.0]), 200.0));
        // Changes 2, 1, 4 from step to step; 1 and 3 two steps apart.
        assert!(is(scale(&HISTORY, 1), 7.0 / 3.0));
        assert!(is(scale(&HISTORY, 2), 2.0));
        assert!(is(mase(&TRUTH, &SAID, &HISTORY, 2), 1.0 / 3.0));
        let (own, reference) =
            (Averages { smape: 9.0, mase: 1.0 }, Averages { smape: 10.0, mase: 2.0 });
        assert!(is(owa(own, reference), 0.7));
    }

    #[test]
    fn bands_worked_by_hand() {
        // Nine times in ten above: 2 too low costs 0.9 each, 2 too high 0.1 each.
        assert!(is(pinball(&[10.0], &[8.0], 0.9), 1.8));
        assert!(is(pinball(&[10.0], &[12.0], 0.9), 0.2));
        let (low, high) = ([13.0, 17.0, -1.0], [15.0, 19.0, 1.0]);
        assert!(is(coverage(&TRUTH, &low, &high), 2.0 / 3.0));
        // Widths of 2, and 1 below a band of 95 %: 40 more, over a scale of 2.
        assert!(is(msis(&TRUTH, &low, &high, 0.95, &HISTORY, 2), (6.0 + 40.0) / 3.0 / 2.0));
        // The ends belong to the band.
        assert!(is(coverage(&[1.0, 2.0], &[1.0, 0.0], &[3.0, 2.0]), 1.0));
    }

    #[test]
    fn what_cannot_be_measured_is_said() {
        assert_eq!(smape(&[], &[]), None);
        assert_eq!(smape(&[f64::NAN], &[1.0]), None);
        assert!(is(mae(&[f64::NAN, 1.0], &[5.0, 3.0]), 2.0));
        assert_eq!(mase(&[1.0], &[2.0], &[3.0; 9], 1), None);
        assert_eq!(scale(&[1.0, 2.0], 12), None);
        assert_eq!(pinball(&[1.0], &[1.0], 1.5), None);
        assert_eq!(msis(&[1.0], &[0.0], &[2.0], 1.0, &HISTORY, 1), None);
        assert_eq!(
            owa(Averages { smape: 1.0, mase: 1.0 }, Averages { smape: 0.0, mase: 1.0 }),
            None
        );
    }

    proptest! {
        #[test]
        fn scaled_figures_do_not_depend_on_the_unit(
            steps in prop::collection::vec((0.0..1e3f64, 0.0..1e3f64), 1..20),
            history in prop::collection::vec(0.0..1e3f64, 5..30),
        ) {
            let (truth, said): (Vec<f64>, Vec<f64>) = steps.into_iter().unzip();
            let k = |v: &[f64]| -> Vec<f64> { v.iter().map(|x| x * 1000.0).collect() };
            let near = |a: Option<f64>, b: Option<f64>| match (a, b) {
                (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * a.abs().max(1.0),
                (a, b) => a == b,
            };
            prop_assert!(near(smape(&truth, &said), smape(&k(&truth), &k(&said))));
            let mine = mase(&truth, &said, &history, 3);
            prop_assert!(near(mine, mase(&k(&truth), &k(&said), &k(&history), 3)));
        }

        #[test]
        fn the_true_quantile_loses_least(values in prop::collection::vec(-50.0..50.0f64, 9..40), share in 0.1..0.9f64) {
            let mut sorted = values.clone();
            sorted.sort_by(f64::total_cmp);
            let best = sorted[((share * values.len() as f64).ceil() as usize).clamp(1, values.len()) - 1];
            let loss = |q: f64| pinball(&values, &vec![q; values.len()], share).unwrap();
            for other in &sorted {
                prop_assert!(loss(best) <= loss(*other) + 1e-9);
            }
        }
    }
}
