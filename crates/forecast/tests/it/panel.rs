//! Forecasts of a panel: what holds whatever the series.

use eclusier_forecast::{
    Forecast, NoForecast, Question, forecast,
    panel::{Series, forecast_with},
    regression::{Drivers, Kind},
};
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
    // Each from another place of the same sequence: the same chance in all would be one sample.
    let one = |s: usize| -> Vec<f64> {
        let times = 1.0 + s as f64;
        weeks(400 + 14 * s, 30.0 + s as f64)[14 * s..].iter().map(|v| v * times).collect()
    };
    let all: Vec<Vec<f64>> = (0..40).map(one).collect();
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

/// Weeks in which every twentieth day is closed, but for a little.
fn with_closures(n: usize) -> (Vec<f64>, Vec<f64>) {
    let closed: Vec<f64> = (0..n).map(|i| if i % 20 == 11 { 1.0 } else { 0.0 }).collect();
    let values = weeks(n, 12.0).iter().zip(&closed).map(|(v, c)| v * (1.0 - 0.7 * c)).collect();
    (values, closed)
}

#[test]
fn known_drivers_are_learned_told_and_put_back() {
    let question = question(28, &[7]);
    let (all, closed) = with_closures(428);
    let drivers = Drivers::new(&["closed"], std::slice::from_ref(&closed));
    let known = &all[..400];
    let found = forecast_with(&[Series { values: known, drivers: Some(&drivers) }], &question)
        .remove(0)
        .unwrap();
    sane(&found, &question);
    let effect = &found.effects[0];
    assert!(effect.name == "closed" && effect.kind == Kind::Other);
    assert!(
        effect.low < -0.6 && effect.high > -0.8 && (effect.size + 0.7).abs() < 0.06,
        "{effect:?}"
    );
    // What is closed is forecast so; a forecast without drivers does not know it.
    let blind = one(known, &question).unwrap();
    assert!(blind.effects.is_empty());
    let miss = |f: &Forecast| -> f64 {
        (0..28).filter(|h| closed[400 + h] > 0.0).map(|h| (f.mean[h] - all[400 + h]).abs()).sum()
    };
    assert!(miss(&found) < 0.3 * miss(&blind), "{} {}", miss(&found), miss(&blind));
    // No drivers at work say nothing.
    let none = Drivers::default();
    let same = forecast_with(&[Series { values: known, drivers: Some(&none) }], &question);
    assert_eq!(same[0].as_ref(), Ok(&blind));
}

#[test]
fn parts_add_up_to_what_is_known() {
    let question = question(14, &[7]);
    let (mut all, closed) = with_closures(314);
    all[..3].fill(f64::NAN);
    all[100] = f64::NAN;
    let drivers = Drivers::new(&["closed"], &[closed]);
    let known = &all[..300];
    let found = forecast_with(&[Series { values: known, drivers: Some(&drivers) }], &question)
        .remove(0)
        .unwrap();
    let parts = &found.parts;
    assert_eq!(parts.seasons.iter().map(|s| s.0).collect::<Vec<_>>(), [7]);
    for (t, value) in known.iter().enumerate() {
        let sum = parts.level[t] + parts.seasons[0].1[t] + parts.effects[t] + parts.rest[t];
        if value.is_nan() {
            assert!(sum.is_nan());
        } else {
            assert!((sum - value).abs() < 1e-9 * value.abs().max(1.0), "{t}: {sum} {value}");
        }
    }
    // On closed days it is the effect that is missing, not the season.
    assert!(parts.effects[11] < -20.0 && parts.effects[12].abs() < 1e-9);
}

#[test]
fn what_would_have_been_said_is_kept() {
    let question = question(14, &[7]);
    let values = weeks(300, 30.0);
    let found = one(&values, &question).unwrap();
    let trials = &found.backtest.trials;
    assert_eq!((trials.len(), trials[0].back), (found.backtest.moments, 14));
    let (mut inside, mut n, mut miss) = (0.0, 0.0, 0.0);
    for trial in trials {
        for (h, mean) in trial.mean.iter().enumerate().take(trial.back) {
            let value = values[300 - trial.back + h];
            inside += f64::from(u8::from(trial.low[h] <= value && value <= trial.high[h]));
            miss += (value - mean).abs();
            n += 1.0;
        }
    }
    // The widest band, on the errors it was made from.
    assert!((inside / n - 0.95f64).abs() < 0.03, "{}", inside / n);
    let unit = values.windows(8).map(|w| (w[7] - w[0]).abs()).sum::<f64>() / 293.0;
    assert!((miss / n / unit - found.backtest.mase.unwrap()).abs() < 1e-9);
}

#[test]
fn paths_follow_the_bands_and_are_the_same_for_a_seed() {
    let question = question(21, &[7]);
    let found = one(&weeks(300, 30.0), &question).unwrap();
    let paths = found.paths(400, 7);
    assert_eq!(paths, found.paths(400, 7));
    assert_ne!(paths, found.paths(400, 8));
    for h in 0..21 {
        let below = paths.iter().filter(|p| p[h] < found.bands[0].low[h]).count() as f64;
        let above = paths.iter().filter(|p| p[h] > found.bands[0].high[h]).count() as f64;
        assert!((below / 400.0 - 0.1).abs() < 0.02 && (above / 400.0 - 0.1).abs() < 0.02);
    }
}

#[test]
fn a_strike_neither_stays_nor_widens_the_bands_much() {
    let question = question(14, &[7]);
    let usual = weeks(400, 20.0);
    let mut struck = usual.clone();
    struck[330..337].iter_mut().for_each(|v| *v *= 0.15);
    let (before, after) = (one(&usual, &question).unwrap(), one(&struck, &question).unwrap());
    let level = |f: &Forecast| f.mean.iter().sum::<f64>();
    assert!(
        (level(&after) / level(&before) - 1.0).abs() < 0.05,
        "{}",
        level(&after) / level(&before)
    );
    let width = |f: &Forecast| {
        let band = &f.bands[0];
        band.high.iter().zip(&band.low).map(|(h, l)| h - l).sum::<f64>()
    };
    assert!(width(&after) < 2.0 * width(&before), "{}", width(&after) / width(&before));
}

#[test]
fn a_level_shift_is_followed() {
    let question = question(14, &[7]);
    for since in [28, 56, 112] {
        let mut shifted = weeks(400, 15.0);
        shifted[400 - since..].iter_mut().for_each(|v| *v *= 1.6);
        let found = one(&shifted, &question).unwrap();
        sane(&found, &question);
        let last = shifted[386..].iter().sum::<f64>();
        let next = found.mean.iter().sum::<f64>();
        assert!((next / last - 1.0).abs() < 0.12, "{since}: {}", next / last);
    }
}

#[test]
fn demand_now_and_then_is_forecast_by_its_mean() {
    let question = question(30, &[7]);
    let values: Vec<f64> =
        (0..300).map(|i| if chance(i * i + 7 * i) < 0.25 { 4.0 } else { 0.0 }).collect();
    let found = one(&values, &question).unwrap();
    sane(&found, &question);
    let usual = values.iter().sum::<f64>() / 300.0;
    let said = found.mean.iter().sum::<f64>() / 30.0;
    assert!((said / usual - 1.0).abs() < 0.35, "{said} for {usual}");
}

#[test]
fn what_comes_before_the_first_value_changes_nothing_but_the_parts() {
    let question = question(14, &[7]);
    let values = weeks(200, 30.0);
    let mut later = vec![f64::NAN; 35];
    later.extend(&values);
    let (a, b) = (one(&values, &question).unwrap(), one(&later, &question).unwrap());
    assert_eq!((&a.mean, &a.bands, &a.backtest), (&b.mean, &b.bands, &b.backtest));
    assert!(b.parts.level[..35].iter().all(|v| v.is_nan()));
    assert_eq!(a.parts.level, b.parts.level[35..]);
}

#[test]
fn the_end_unknown_does_not_move_what_is_to_come() {
    // Fourteen neutralised days: the forecast still begins after them.
    let question = question(14, &[7]);
    let mut values = weeks(300, 5.0);
    values[286..].fill(f64::NAN);
    let found = one(&values, &question).unwrap();
    sane(&found, &question);
    let truth = weeks(314, 5.0);
    for h in 0..14 {
        assert!((found.mean[h] - truth[300 + h]).abs() < 12.0, "{h}: {}", found.mean[h]);
    }
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
    fn drivers_of_any_kind_break_nothing(
        values in prop::collection::vec(prop_oneof![
            8 => 0.0..200f64, 1 => Just(0.0), 1 => Just(f64::NAN), 1 => -50.0..1e9f64,
        ], 0..90),
        driver in prop::collection::vec(prop_oneof![4 => Just(0.0), 1 => Just(1.0), 1 => -9.0..9f64], 0..110),
        season in 1usize..9,
    ) {
        let question = question(10, &[season]);
        let drivers = Drivers::new(&["any"], &[driver]);
        let found = forecast_with(&[Series { values: &values, drivers: Some(&drivers) }], &question);
        if let Ok(found) = &found[0] {
            prop_assert!(found.mean.iter().all(|m| m.is_finite()));
            for band in &found.bands {
                prop_assert!(band.low.iter().zip(&band.high).all(|(l, h)| l < h && l.is_finite() && h.is_finite()));
            }
            for row in found.paths(5, 1) {
                prop_assert!(row.iter().all(|v| v.is_finite()));
            }
        }
    }

    #[test]
    fn another_unit_multiplies_the_answer(noise in 1.0..60.0f64, n in 60usize..200, halves in any::<bool>()) {
        // Exactly for a power of two; else as far as a search tells points that do as well apart.
        let (times, close) = if halves { (1024.0, 1e-9) } else { (1000.0, 1e-4) };
        let question = question(10, &[7]);
        let values = weeks(n, noise);
        let other: Vec<f64> = values.iter().map(|v| v * times).collect();
        let (small, large) = (one(&values, &question).unwrap(), one(&other, &question).unwrap());
        for (a, b) in small.mean.iter().zip(&large.mean) {
            prop_assert!((a * times - b).abs() < close * b.abs().max(times), "{} {}", a, b);
        }
        for (a, b) in small.bands[1].high.iter().zip(&large.bands[1].high) {
            prop_assert!((a * times - b).abs() < close * b.abs().max(times), "{} {}", a, b);
        }
    }
}
