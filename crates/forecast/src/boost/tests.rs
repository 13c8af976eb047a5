//! Checks of the booster as a whole.
//!
//! - Computes: closed forms, brute force on small tables, and laws that hold on any input.
//! - Units: none.
//! - Shapes: tables of a few columns.
//! - Errors: each refusal is met once.
//! - Source: see each test; the comparison with LightGBM is among the tests from outside.

use proptest::prelude::*;

use super::*;

/// Chance that anyone can redo: the i-th number of the SplitMix64 sequence, in [0, 1[.
fn chance(i: u64) -> f64 {
    Draws(i.wrapping_mul(0x9E37_79B9_7F4A_7C15)).unit()
}

/// `columns` columns of chance and targets that depend on the first two, with noise.
fn noisy(rows: usize, columns: usize) -> (Vec<Vec<f64>>, Vec<f64>) {
    let x = |c: usize, r: usize| chance((c * rows + r) as u64);
    let table: Vec<Vec<f64>> = (0..columns).map(|c| (0..rows).map(|r| x(c, r)).collect()).collect();
    let y = |r: usize| 3.0 * x(0, r) + (6.0 * x(1, r)).sin() + x(columns, r) - 0.5;
    (table, (0..rows).map(y).collect())
}

fn learned(columns: &[Vec<f64>], targets: &[f64], params: &Params) -> (Table, Booster) {
    let table = Table::learn(columns, MOST_BINS).unwrap();
    let booster = fit(&table, targets, None, params).unwrap();
    (table, booster)
}

/// One tree of two leaves, kept whole.
fn stump() -> Params {
    Params { rounds: 1, learning_rate: 1.0, leaves: 2, min_leaf: 1, ..Params::default() }
}

fn losses() -> [Loss; 3] {
    [Loss::Squared, Loss::Absolute, Loss::Quantile(0.9)]
}

#[test]
fn a_stump_finds_the_step() {
    let x: Vec<f64> = (0..100).map(f64::from).collect();
    let y: Vec<f64> = x.iter().map(|&x| if x < 37.0 { -2.0 } else { 5.0 }).collect();
    for loss in losses() {
        let (table, booster) = learned(std::slice::from_ref(&x), &y, &Params { loss, ..stump() });
        for (y, found) in y.iter().zip(booster.predict(&table).unwrap()) {
            assert!((y - found).abs() < 1e-12, "{loss:?}: {found} for {y}");
        }
        assert!((booster.predict_row(&[36.5]) + 2.0).abs() < 1e-12, "halfway lies below");
        assert!((booster.predict_row(&[36.51]) - 5.0).abs() < 1e-12);
    }
}

#[test]
fn a_constant_stays_a_constant() {
    let (x, _) = noisy(50, 3);
    for loss in losses() {
        let (table, booster) = learned(&x, &[7.3; 50], &Params { loss, ..Params::default() });
        assert_eq!(booster.trees(), 0);
        assert!(booster.predict(&table).unwrap().iter().all(|v| (v - 7.3).abs() < 1e-12));
    }
}

#[test]
fn a_leaf_says_its_mean_its_median_or_its_quantile() {
    // Two groups, of 1..=20 and of 101..=120, with one value far off in each.
    let x: Vec<f64> = (0..40).map(|i| f64::from(i / 20)).collect();
    let mut y: Vec<f64> = (0..40).map(|i| f64::from(i % 20 + 1 + 100 * (i / 20))).collect();
    y[19] = 70.0;
    y[39] = 1120.0;
    let want = [
        (Loss::Squared, [13.0, 160.5]),
        (Loss::Absolute, [10.5, 110.5]),
        (Loss::Quantile(0.95), [44.5, 619.5]),
        (Loss::Quantile(0.93), [19.0, 119.0]),
    ];
    for (loss, [low, high]) in want {
        let (_, booster) = learned(std::slice::from_ref(&x), &y, &Params { loss, ..stump() });
        assert!((booster.predict_row(&[0.0]) - low).abs() < 1e-12, "{loss:?}");
        assert!((booster.predict_row(&[1.0]) - high).abs() < 1e-12, "{loss:?}");
    }
}

#[test]
fn gain_and_penalty_follow_their_formulas() {
    // 30 rows at −2 and 10 at 6: the mean is 0, the gain 30·10/40 · 8² = 480.
    let x: Vec<f64> = (0..40).map(|i| f64::from(u8::from(i >= 30))).collect();
    let y: Vec<f64> = x.iter().map(|x| 8.0 * x - 2.0).collect();
    let (_, booster) = learned(&[x.clone(), vec![1.0; 40]], &y, &stump());
    assert!((booster.importance()[0] - 480.0).abs() < 1e-4, "{:?}", booster.importance());
    assert_eq!(booster.importance()[1], 0.0);
    let trees =
        |min_gain| learned(std::slice::from_ref(&x), &y, &Params { min_gain, ..stump() }).1.trees();
    assert_eq!((trees(479.9), trees(480.1)), (1, 0));
    // A penalty of 10 rows that say zero: −60/40 and 60/20.
    let (_, booster) = learned(&[x], &y, &Params { l2: 10.0, ..stump() });
    assert!((booster.predict_row(&[0.0]) + 1.5).abs() < 1e-12);
    assert!((booster.predict_row(&[1.0]) - 3.0).abs() < 1e-12);
}

#[test]
fn the_learning_rate_is_the_share_kept() {
    let (x, y) = (vec![0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 8.0, 8.0]);
    for rounds in 1..5 {
        let params = Params { rounds, learning_rate: 0.25, ..stump() };
        let (_, booster) = learned(std::slice::from_ref(&x), &y, &params);
        let want = 4.0 + 4.0 * (1.0 - 0.75f64.powi(rounds as i32));
        assert!((booster.predict_row(&[1.0]) - want).abs() < 1e-12);
    }
}

#[test]
fn the_loss_never_rises_on_the_rows_learned_from() {
    let (x, y) = noisy(400, 4);
    for loss in losses() {
        let mut last = f64::INFINITY;
        for rounds in 0..25 {
            let params = Params { loss, rounds, min_leaf: 5, leaves: 8, ..Params::default() };
            let (table, booster) = learned(&x, &y, &params);
            let now = loss.mean(&y, &booster.predict(&table).unwrap(), None).unwrap();
            assert!(now <= last * (1.0 + 1e-12), "{loss:?} {rounds}: {now} after {last}");
            if loss == Loss::Squared {
                assert!(now < last, "{rounds}: {now} after {last}");
            }
            last = now;
        }
    }
}

#[test]
fn a_missing_value_goes_where_it_belongs() {
    let missing = f64::NAN;
    let x = [0.0, 1.0, 2.0, 3.0, missing, missing, missing];
    let fitted = |y: &[f64]| {
        let (table, booster) = learned(&[x.to_vec()], y, &stump());
        for (y, found) in y.iter().zip(booster.predict(&table).unwrap()) {
            assert!((y - found).abs() < 1e-12, "{found} for {y}");
        }
    };
    fitted(&[1.0, 1.0, 9.0, 9.0, 1.0, 1.0, 1.0]);
    fitted(&[1.0, 1.0, 9.0, 9.0, 9.0, 9.0, 9.0]);
    fitted(&[1.0, 1.0, 1.0, 1.0, 9.0, 9.0, 9.0]);
    // Never seen missing: goes with most.
    let (_, booster) = learned(&[vec![0.0, 0.0, 1.0]], &[5.0, 5.0, 8.0], &stump());
    assert!((booster.predict_row(&[missing]) - 5.0).abs() < 1e-12);
    assert_eq!(booster.predict_row(&[]), booster.predict_row(&[missing]));
    let (_, booster) = learned(&[vec![0.0, 1.0, 1.0]], &[5.0, 8.0, 8.0], &stump());
    assert!((booster.predict_row(&[missing]) - 8.0).abs() < 1e-12);
}

#[test]
fn one_row_says_its_target() {
    for loss in losses() {
        let (_, booster) = learned(&[vec![3.0]], &[42.0], &Params { loss, ..stump() });
        assert_eq!(booster.predict_row(&[-1.0]), 42.0);
    }
    let none: [Vec<f64>; 1] = [vec![]];
    let table = Table::learn(&none, 255).unwrap();
    assert_eq!(fit(&table, &[], None, &stump()), Err(BoostError::Empty));
}

#[test]
fn columns_that_say_nothing_change_nothing() {
    let (mut x, y) = noisy(300, 2);
    let (table, plain) = learned(&x, &y, &Params::default());
    x.insert(0, vec![4.0; 300]);
    x.insert(2, vec![f64::NAN; 300]);
    let (wider, other) = learned(&x, &y, &Params::default());
    assert_eq!(plain.predict(&table), other.predict(&wider));
    assert_eq!([other.importance()[0], other.importance()[2]], [0.0, 0.0]);
    let silent = [vec![4.0; 3], vec![f64::NAN; 3]];
    let (_, booster) = learned(&silent, &[1.0, 2.0, 6.0], &stump());
    assert_eq!((booster.trees(), booster.predict_row(&[4.0])), (0, 3.0));
}

#[test]
fn a_row_of_no_weight_is_left_out() {
    let (x, mut y) = noisy(300, 3);
    let keep = |r: usize| !r.is_multiple_of(3);
    let kept = |values: &[f64]| -> Vec<f64> {
        values.iter().enumerate().filter(|v| keep(v.0)).map(|v| *v.1).collect()
    };
    let weights: Vec<f64> = (0..300).map(|r| if keep(r) { 2.0 } else { 0.0 }).collect();
    let graded: Vec<f64> = (0..300).map(|r| if keep(r) { chance(r as u64) } else { 0.0 }).collect();
    let table = Table::learn(&x, 64).unwrap();
    let columns: Vec<Vec<f64>> = x.iter().map(|c| kept(c)).collect();
    let fewer = Table::new(table.bins().clone(), &columns).unwrap();
    // What is left out need not have a target.
    y[0] = f64::NAN;
    for loss in losses() {
        let params = Params { loss, rounds: 10, row_share: 0.7, ..Params::default() };
        let with = fit(&table, &y, Some(&weights), &params).unwrap();
        let without = fit(&fewer, &kept(&y), None, &params).unwrap();
        // Gains are weighed; all else is the same to the last bit.
        assert_eq!(with.trees, without.trees);
        let with = fit(&table, &y, Some(&graded), &params).unwrap();
        assert_eq!(with, fit(&fewer, &kept(&y), Some(&kept(&graded)), &params).unwrap());
    }
    assert_eq!(fit(&table, &y, Some(&[0.0; 300]), &stump()), Err(BoostError::Empty));
}

#[test]
fn a_weight_of_three_is_three_rows() {
    let (x, y) = noisy(200, 3);
    let weights: Vec<f64> = (0..200).map(|r| f64::from(1 + r % 3)).collect();
    let thrice = |values: &[f64]| -> Vec<f64> {
        values.iter().enumerate().flat_map(|(r, &v)| vec![v; 1 + r % 3]).collect()
    };
    let table = Table::learn(&x, 64).unwrap();
    let columns: Vec<Vec<f64>> = x.iter().map(|c| thrice(c)).collect();
    let longer = Table::new(table.bins().clone(), &columns).unwrap();
    // Splits of signs are often worth exactly the same, and digits then decide: few of them.
    for (loss, (rounds, leaves)) in losses().into_iter().zip([(10, 6), (1, 3), (1, 3)]) {
        let params = Params { loss, rounds, leaves, l2: 2.0, ..stump() };
        let weighted = fit(&table, &y, Some(&weights), &params).unwrap();
        let repeated = fit(&longer, &thrice(&y), None, &params).unwrap();
        let (a, b) = (weighted.predict(&table).unwrap(), repeated.predict(&table).unwrap());
        for (a, b) in a.iter().zip(&b) {
            assert!((a - b).abs() < 1e-9, "{loss:?}: {a} {b}");
        }
        for (a, b) in weighted.importance().iter().zip(repeated.importance()) {
            assert!((a - b).abs() <= 1e-6 * b, "{loss:?}: {a} {b}");
        }
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    let table = Table::learn(&[[1.0, 2.0]], 255).unwrap();
    let refused = |targets: &[f64], weights: Option<&[f64]>, params: Params| {
        fit(&table, targets, weights, &params).unwrap_err().to_string()
    };
    let nan = f64::NAN;
    assert!(refused(&[1.0, nan], None, stump()).starts_with("target NaN of row 1"));
    assert!(refused(&[1e101, 1.0], None, stump()).contains("of row 0"));
    assert_eq!(refused(&[1.0], None, stump()), "1 targets for 2 rows");
    assert_eq!(refused(&[1.0; 2], Some(&[1.0; 3]), stump()), "3 weights for 2 rows");
    for weight in [-1.0, nan, f64::INFINITY] {
        assert!(refused(&[1.0; 2], Some(&[1.0, weight]), stump()).starts_with("weight"));
    }
    let wrong = [
        Params { learning_rate: 0.0, ..stump() },
        Params { learning_rate: nan, ..stump() },
        Params { leaves: 1, ..stump() },
        Params { min_leaf: 0, ..stump() },
        Params { min_gain: -1.0, ..stump() },
        Params { l2: f64::INFINITY, ..stump() },
        Params { row_share: 1.1, ..stump() },
        Params { column_share: 0.0, ..stump() },
        Params { loss: Loss::Quantile(1.0), ..stump() },
    ];
    for params in wrong {
        assert!(refused(&[1.0; 2], None, params).contains("expected"), "{params:?}");
    }
    let booster = fit(&table, &[1.0, 2.0], None, &stump()).unwrap();
    let other = Table::learn(&[[1.0, 3.0]], 255).unwrap();
    assert_eq!(booster.predict(&other), Err(BoostError::OtherBins));
    let watch = Watch { table: &other, targets: &[1.0, 2.0], weights: None, patience: 1 };
    let watched = fit_watched(&table, &[1.0, 2.0], None, Some(watch), &stump());
    assert_eq!(watched, Err(BoostError::OtherBins));
}

#[test]
fn sizes_do_not_matter() {
    let (x, y) = noisy(200, 3);
    let params = Params { rounds: 20, min_leaf: 5, ..Params::default() };
    let (table, plain) = learned(&x, &y, &params);
    let plain = plain.predict(&table).unwrap();
    // Powers of two change no digit, neither of targets nor of features.
    for power in [-900, -300, 300] {
        let unit = 2f64.powi(power);
        let y: Vec<f64> = y.iter().map(|y| y * unit).collect();
        let x: Vec<Vec<f64>> = x.iter().map(|c| c.iter().map(|v| v * unit).collect()).collect();
        let (table, booster) = learned(&x, &y, &params);
        let found = booster.predict(&table).unwrap();
        assert!(plain.iter().zip(found).all(|(a, b)| a * unit == b), "2^{power}");
    }
    // One target far from the others neither breaks the sums nor hides the rest for long.
    let mut far = y.clone();
    far[7] = 1e99;
    let (table, booster) = learned(&x, &far, &Params { min_leaf: 1, rounds: 300, ..params });
    assert!(booster.predict(&table).unwrap().iter().all(|v| v.is_finite()));
}

#[test]
fn threads_change_nothing() {
    let (x, y) = noisy(3000, 20);
    let weights: Vec<f64> = (0..3000).map(|r| chance(r + 9)).collect();
    let params = Params { row_share: 0.8, column_share: 0.9, rounds: 8, ..Params::default() };
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let table = Table::learn(&x, 255).unwrap();
            let of = |weights, params: &Params| {
                let booster = fit(&table, &y, weights, params).unwrap();
                let answers = booster.predict(&table).unwrap();
                (booster, answers)
            };
            let all = Params { rounds: 8, ..Params::default() };
            let losses = losses().map(|loss| of(Some(&weights), &Params { loss, ..params }));
            (of(None, &all), losses, fit_quantiles(&table, &y, None, &[0.1, 0.9], &all).unwrap())
        })
    };
    let alone = on(1);
    assert_eq!(alone, on(2));
    assert_eq!(alone, on(3));
}

#[test]
fn quantiles_together_are_those_learned_apart() {
    let (x, y) = noisy(300, 3);
    let table = Table::learn(&x, 255).unwrap();
    let params = Params { rounds: 15, ..Params::default() };
    let together = fit_quantiles(&table, &y, None, &[0.1, 0.8], &params).unwrap();
    for (booster, share) in together.iter().zip([0.1, 0.8]) {
        let apart = fit(&table, &y, None, &Params { loss: Loss::Quantile(share), ..params });
        assert_eq!(*booster, apart.unwrap());
    }
}

#[test]
fn a_seed_is_a_draw() {
    let (x, y) = noisy(300, 6);
    let with = |seed| {
        let shares = Params { row_share: 0.5, column_share: 0.5, ..Params::default() };
        learned(&x, &y, &Params { seed, rounds: 5, ..shares }).1
    };
    assert_eq!(with(1), with(1));
    assert_ne!(with(1), with(2));
    let items: Vec<u32> = (0..1000).collect();
    let mut times = vec![0u32; 1000];
    let mut draws = Draws(3);
    for _ in 0..400 {
        let (taken, others) = draws.split(&items, 0.25);
        assert_eq!((taken.len(), others.len()), (250, 750));
        taken.iter().for_each(|&item| times[item as usize] += 1);
    }
    // 400 draws at 1/4: 100 ± 5 standard deviations of 8.7.
    assert!(times.iter().all(|n| (57..=143).contains(n)), "{times:?}");
    assert_eq!(draws.split(&items, 1e-9).0.len(), 1);
}

#[test]
fn watching_keeps_the_best_number_of_trees() {
    let (x, y) = noisy(400, 3);
    let table = Table::learn(&x, 255).unwrap();
    // Rows 0, 2, 4… to learn from, the others to watch: weights choose.
    let even: Vec<f64> = (0..400).map(|r| f64::from(1 - r % 2)).collect();
    let odd: Vec<f64> = even.iter().map(|w| 1.0 - w).collect();
    for loss in losses() {
        let params = Params { loss, rounds: 200, min_leaf: 3, ..Params::default() };
        let watch = Watch { table: &table, targets: &y, weights: Some(&odd), patience: 20 };
        let booster = fit_watched(&table, &y, Some(&even), Some(watch), &params).unwrap();
        let mean = |trees: usize| {
            let params = Params { rounds: trees, ..params };
            let booster = fit(&table, &y, Some(&even), &params).unwrap();
            loss.mean(&y, &booster.predict(&table).unwrap(), Some(&odd)).unwrap()
        };
        let trees = booster.trees();
        assert!(0 < trees && trees < 150, "{loss:?}: {trees}");
        let best = mean(trees);
        assert!((1..trees + 20).step_by(7).all(|n| mean(n) >= best - 1e-12), "{loss:?}");
        let same = fit(&table, &y, Some(&even), &Params { rounds: trees, ..params });
        assert_eq!(booster, same.unwrap());
    }
}

#[test]
fn a_booster_survives_storage() {
    let (mut x, y) = noisy(300, 3);
    x[0][5] = f64::NAN;
    x[1][6] = f64::NEG_INFINITY;
    x[1][8] = f64::INFINITY;
    let (table, booster) = learned(&x, &y, &Params::default());
    let text = serde_json::to_string(&booster).unwrap();
    let back: Booster = serde_json::from_str(&text).unwrap();
    assert_eq!(back, booster);
    assert_eq!(back.predict(&table), booster.predict(&table));
    // What was tampered with is refused, and never walked.
    let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
    for (path, wrong) in [
        ("/trees/0/nodes/0/3", serde_json::json!(0)),
        ("/trees/0/nodes/0/4", serde_json::json!(-500)),
        ("/trees/0/nodes/0/0", serde_json::json!(3)),
        ("/trees/0/values", serde_json::json!([])),
        ("/bins/cuts/0/0", serde_json::json!(1e300)),
        ("/gains", serde_json::json!([0.0])),
    ] {
        let place = value.pointer_mut(path).unwrap();
        let right = std::mem::replace(place, wrong);
        let refused = serde_json::from_value::<Booster>(value.clone()).unwrap_err();
        assert!(refused.to_string().contains("damaged"), "{path}: {refused}");
        *value.pointer_mut(path).unwrap() = right;
    }
    assert_eq!(serde_json::from_value::<Booster>(value).unwrap(), booster);
}

/// Squared distance of rows to their weighted mean.
fn spread(rows: &[(f64, f64)]) -> f64 {
    let weight: f64 = rows.iter().map(|r| r.1).sum();
    let mean = rows.iter().map(|r| r.0 * r.1).sum::<f64>() / weight;
    rows.iter().map(|r| r.1 * (r.0 - mean).powi(2)).sum()
}

proptest! {
    // Every cut of every column, with missing values on either side, is tried by hand.
    #[test]
    fn no_stump_is_better(
        rows in prop::collection::vec(
            (prop::array::uniform3(prop::option::weighted(0.8, -4i8..4)), -9i8..9, 1u8..4), 2..30,
        ),
        min_leaf in 1usize..4,
        weighted: bool,
    ) {
        let value = |v: Option<i8>| v.map_or(f64::NAN, f64::from);
        let x: Vec<Vec<f64>> =
            (0..3).map(|c| rows.iter().map(|r| value(r.0[c])).collect()).collect();
        let y: Vec<f64> = rows.iter().map(|r| f64::from(r.1)).collect();
        let weights: Vec<f64> =
            rows.iter().map(|r| if weighted { f64::from(r.2) } else { 1.0 }).collect();
        let pairs: Vec<(f64, f64)> = y.iter().copied().zip(weights.iter().copied()).collect();
        let mut best = spread(&pairs);
        for column in &x {
            for cut in -4..=4 {
                for missing in [true, false] {
                    let passes = |v: f64| if v.is_nan() { missing } else { v <= f64::from(cut) };
                    let (mut a, mut b) = (Vec::new(), Vec::new());
                    for (&v, &pair) in column.iter().zip(&pairs) {
                        if passes(v) { a.push(pair) } else { b.push(pair) }
                    }
                    if a.len() >= min_leaf && b.len() >= min_leaf {
                        best = best.min(spread(&a) + spread(&b));
                    }
                }
            }
        }
        let table = Table::learn(&x, 255).unwrap();
        let booster = fit(&table, &y, Some(&weights), &Params { min_leaf, ..stump() }).unwrap();
        let answers = booster.predict(&table).unwrap();
        let found: f64 = pairs.iter().zip(&answers).map(|(p, a)| p.1 * (p.0 - a).powi(2)).sum();
        prop_assert!((found - best).abs() <= 1e-6 * (1.0 + best), "{found}, {best} by hand");
    }

    #[test]
    fn any_numbers_give_numbers(
        x in prop::collection::vec(prop::collection::vec(prop::num::f64::ANY, 40), 0..4),
        y in prop::collection::vec(prop_oneof![-1e99..1e99f64, -5.0..5.0f64, Just(0.0)], 40),
        weights in prop::option::of(prop::collection::vec(
            prop_oneof![Just(0.0), 1e-300..1e50f64, 0.0..2.0f64], 40)),
        loss in prop::sample::select(losses().to_vec()),
        min_leaf in 1usize..30, leaves in 2usize..40, most_bins in 0usize..300,
        l2 in prop_oneof![Just(0.0), 0.0..9.0f64, Just(1e50)],
        row_share in 0.01..=1.0f64, column_share in 0.01..=1.0f64, seed: u64,
    ) {
        let table = Table::learn(&x, most_bins).unwrap();
        let rows = table.rows();
        let of = |v: &[f64]| v.iter().copied().take(rows).collect::<Vec<_>>();
        let params = Params {
            loss, min_leaf, leaves, l2, row_share, column_share, seed, rounds: 12, ..stump()
        };
        let weights = weights.map(|w| of(&w));
        match fit(&table, &of(&y), weights.as_deref(), &params) {
            Ok(booster) => {
                for (row, answer) in booster.predict(&table).unwrap().into_iter().enumerate() {
                    prop_assert!(answer.is_finite());
                    let values: Vec<f64> = x.iter().map(|c| c[row]).collect();
                    prop_assert_eq!(booster.predict_row(&values), answer);
                }
                prop_assert!(booster.importance().iter().all(|g| *g >= 0.0 && g.is_finite()));
            }
            Err(refused) => prop_assert_eq!(refused, BoostError::Empty),
        }
    }
}
