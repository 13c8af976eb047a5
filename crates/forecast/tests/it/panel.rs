//! Forecasts of a panel: what holds whatever the series.

use eclusier_forecast::{Forecast, NoForecast, Question, forecast};
use proptest::prelude::*;

fn question(horizon: usize, seasons: &[usize]) -> Question {
    Question { horizon, seasons: seasons.to_vec(), levels: vec![0.8, 0.95] }
}

fn one(values: &[f64], question: &Question) -> Result<Forecast, NoForecast> {
    forecast(&[values.to_vec()], question).remove(0)
}

/// A sequence of chance that anyone can redo: the fractional parts of n·φ, squared.
fn chance(n: usize) -> f64 {
    (n as f64 * 0.618_033_988_749_895).fract()
}

/// Weeks with a quiet end, rising slowly, with noise.
fn weeks(n: usize, noise: f64) -> Vec<f64> {
    let day = [1.3, 1.1, 1.0, 1.0, 0.9, 0.4, 0.2];
    (0..n)
        .map(|i| (100.0 + 0.05 * i as f64) * day[i % 7] + noise * (chance(i * i + 3 * i) - 0.5))
        .collect()
}

fn sane(found: &Forecast, question: &Question) {
    assert_eq!(found.mean.len(), question.horizon);
    assert_eq!(found.bands.len(), question.levels.len());
    for (h, mean) in found.mean.iter().enumerate() {
        assert!(mean.is_finite());
        let (inner, outer) = (&found.bands[0], &found.bands[1]);
        assert!(outer.low[h] <= inner.low[h] && inner.high[h] <= outer.high[h], "bands cross");
        assert!(inner.low[h] <= *mean && *mean <= inner.high[h], "{h}: {inner:?} leaves {mean}");
        assert!(outer.low[h].is_finite() && outer.high[h].is_finite());
        assert!(inner.high[h] > inner.low[h], "a band of no width");
    }
    let weights: f64 = found.backtest.weights.iter().map(|w| w.1).sum();
    assert!((weights - 1.0).abs() < 0.02, "{weights}");
}

#[test]
fn a_pure_season_comes_again() {
    let question = question(14, &[7]);
    let values: Vec<f64> = (0..140).map(|i| [9.0, 7.0, 6.0, 6.0, 5.0, 1.0, 0.0][i % 7]).collect();
    let found = one(&values, &question).unwrap();
    sane(&found, &question);
    for (h, mean) in found.mean.iter().enumerate() {
        assert!((mean - values[h % 7]).abs() < 1e-6, "{h}: {mean}");
    }
    // What never varied is told with a narrow band, not with certainty.
    assert!(found.bands[1].high[0] - found.mean[0] < 1.0);
}

#[test]
fn noise_is_covered_and_forecasts_beat_the_naive_one() {
    let question = question(28, &[7]);
    let all: Vec<Vec<f64>> = (0..40)
        .map(|s| weeks(400, 30.0 + f64::from(s)).iter().map(|v| v * (1.0 + f64::from(s))).collect())
        .collect();
    let known: Vec<Vec<f64>> = all.iter().map(|s| s[..372].to_vec()).collect();
    let found = forecast(&known, &question);
    let (mut inside, mut n, mut own, mut naive) = ([0.0; 2], 0.0, 0.0, 0.0);
    for (found, truth) in found.iter().zip(&all) {
        let found = found.as_ref().unwrap();
        sane(found, &question);
        for h in 0..28 {
            let value = truth[372 + h];
            for (count, band) in inside.iter_mut().zip(&found.bands) {
                *count += f64::from(u8::from(band.low[h] <= value && value <= band.high[h]));
            }
            own += (found.mean[h] - value).abs() / truth[0];
            naive += (truth[365 + h % 7] - value).abs() / truth[0];
            n += 1.0;
        }
    }
    assert!(own < 0.85 * naive, "{own} {naive}");
    assert!((inside[0] / n - 0.8f64).abs() < 0.06, "{}", inside[0] / n);
    assert!((inside[1] / n - 0.95f64).abs() < 0.04, "{}", inside[1] / n);
}

#[test]
fn the_seasonal_naive_forecast_is_kept_where_nothing_does_better() {
    let question = question(7, &[7]);
    // Each day is that of the week before and a step of chance: nothing else is to be known.
    let walk = |s: usize| {
        let mut values = vec![200.0; 7];
        for i in 7..210 {
            let step = chance((i + 31 * s) * (i + 7)) + chance((i + 11 * s) * (i + 3)) - 1.0;
            values.push(values[i - 7] + 20.0 * step);
        }
        values
    };
    let all: Vec<Vec<f64>> = (0..12).map(walk).collect();
    let found = forecast(&all, &question);
    let kept: Vec<&Forecast> = found.iter().flatten().filter(|f| f.backtest.naive_kept).collect();
    assert!(kept.len() >= 2, "{}", kept.len());
    for found in kept {
        assert_eq!(found.backtest.weights.len(), 1);
        assert_eq!(found.backtest.mase, found.backtest.naive_mase);
        let number = all.iter().position(|s| s[203..] == found.mean[..]);
        assert!(number.is_some(), "the last week comes again");
    }
}

#[test]
fn hostile_histories_get_a_sane_answer_or_a_refusal() {
    let question = question(30, &[7, 365]);
    assert_eq!(one(&[], &question), Err(NoForecast::TooShort));
    assert_eq!(one(&[1.0, f64::NAN, 2.0], &question), Err(NoForecast::TooShort));
    assert!(one(&[1.0, f64::NAN, 2.0, 2.5], &question).is_ok());
    assert_eq!(one(&[f64::NAN; 40], &question), Err(NoForecast::TooShort));
    assert_eq!(one(&[1.0, f64::INFINITY, 2.0, 3.0], &question), Err(NoForecast::TooLarge));
    assert_eq!(one(&[1.0, 1e200, 2.0, 3.0], &question), Err(NoForecast::TooLarge));
    let zeros = one(&[0.0; 200], &question).unwrap();
    sane(&zeros, &question);
    assert!(zeros.mean.iter().all(|m| *m == 0.0));
    assert!(zeros.bands[1].high.iter().all(|h| *h > 0.0 && *h < 1.0));
    // What was never below zero is not told to be.
    assert!(zeros.bands.iter().flat_map(|b| &b.low).all(|l| *l == 0.0));
    let constant = one(&[250.0; 90], &question).unwrap();
    sane(&constant, &question);
    assert!(constant.mean.iter().all(|m| (m - 250.0).abs() < 1e-9));
    let ten: Vec<f64> = (0..10).map(|i| 50.0 + f64::from(i)).collect();
    sane(&one(&ten, &question).unwrap(), &question);
    // Two months without a word, then as before.
    let mut gap = weeks(300, 20.0);
    gap[150..210].fill(f64::NAN);
    sane(&one(&gap, &question).unwrap(), &question);
    // Corrections below zero are values: nothing is clipped then.
    let mut negative = weeks(300, 20.0);
    negative[200] = -40.0;
    sane(&one(&negative, &question).unwrap(), &question);
    // A level that doubled three weeks ago is the level of now.
    let mut shifted = weeks(300, 10.0);
    shifted[279..].iter_mut().for_each(|v| *v *= 2.0);
    let found = one(&shifted, &question).unwrap();
    sane(&found, &question);
    let (last, next): (f64, f64) =
        (shifted[286..].iter().sum::<f64>() / 14.0, found.mean[..14].iter().sum::<f64>() / 14.0);
    assert!((next / last - 1.0).abs() < 0.35, "{next} after {last}");
}

#[test]
fn the_same_question_has_the_same_answer_on_any_number_of_threads() {
    let question = question(14, &[7]);
    let all: Vec<Vec<f64>> = (0..20).map(|s| weeks(200 + s, 40.0)).collect();
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| forecast(&all, &question))
    };
    assert_eq!(on(1), on(2));
    assert_eq!(on(2), on(5));
}

#[test]
fn a_poor_series_among_others_keeps_nothing_from_them() {
    let question = question(14, &[7]);
    let mut all: Vec<Vec<f64>> = (0..10).map(|_| weeks(150, 30.0)).collect();
    all[4] = vec![f64::NAN; 150];
    all[6] = vec![3.0];
    let found = forecast(&all, &question);
    assert_eq!(found[4], Err(NoForecast::TooShort));
    assert_eq!(found[6], Err(NoForecast::TooShort));
    found.iter().flatten().for_each(|f| sane(f, &question));
    assert_eq!(found.iter().flatten().count(), 8);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn whatever_the_values_nothing_breaks(
        values in prop::collection::vec(prop_oneof![
            8 => -1e6..1e6f64, 4 => 0.0..50f64, 1 => Just(0.0), 1 => Just(f64::NAN), 1 => -1e99..1e99f64,
        ], 0..120),
        horizon in 1usize..20,
        season in 1usize..14,
    ) {
        let question = question(horizon, &[season]);
        if let Ok(found) = one(&values, &question) {
            prop_assert!(found.mean.iter().all(|m| m.is_finite()));
            for band in &found.bands {
                prop_assert!(band.low.iter().zip(&band.high).all(|(l, h)| l <= h && l.is_finite() && h.is_finite()));
            }
        }
    }

    #[test]
    fn a_unit_a_thousand_times_smaller_multiplies_the_answer(noise in 1.0..60.0f64, n in 60usize..200) {
        let question = question(10, &[7]);
        let values = weeks(n, noise);
        let thousand: Vec<f64> = values.iter().map(|v| v * 1000.0).collect();
        let (small, large) = (one(&values, &question).unwrap(), one(&thousand, &question).unwrap());
        for (a, b) in small.mean.iter().zip(&large.mean) {
            prop_assert!((a * 1000.0 - b).abs() < 1e-6 * b.abs().max(1.0), "{} {}", a, b);
        }
        for (a, b) in small.bands[1].high.iter().zip(&large.bands[1].high) {
            prop_assert!((a * 1000.0 - b).abs() < 1e-6 * b.abs().max(1.0), "{} {}", a, b);
        }
    }
}
