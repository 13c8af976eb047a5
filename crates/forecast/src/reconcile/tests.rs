use nalgebra::{DMatrix, DVector};
use proptest::prelude::*;

use super::*;

/// A total, two units of two and three leaves.
fn units() -> Hierarchy {
    Hierarchy::groups(5, &[vec![0, 1, 2, 3, 4], vec![0, 1], vec![2, 3, 4]]).unwrap()
}

const BASE: [f64; 8] = [103.0, 48.0, 60.0, 20.0, 25.0, 22.0, 14.0, 20.0];

fn residuals() -> Vec<Vec<f64>> {
    [
        [-2.33, -0.17, -0.75, -3.89, 2.53, -1.76, -4.72, -1.83, 0.59, 2.33, 1.57, -3.47],
        [-1.72, -0.07, 0.31, -1.83, 0.58, -1.56, -0.79, -1.41, -0.35, 1.73, 0.38, -2.24],
        [-1.42, -0.54, -0.94, -2.68, 0.93, -0.73, -3.64, -0.01, 0.1, -0.2, 0.69, -1.83],
        [-0.94, -1.21, -0.44, 0.23, 0.85, -0.1, -0.49, -0.93, 0.79, 2.39, 0.46, -1.86],
        [-0.27, 1.74, -0.18, -1.37, -0.07, -1.41, -0.88, -0.89, -0.69, 0.98, -0.19, -0.42],
        [1.16, 0.34, -1.54, -0.38, -1.4, -0.58, -1.3, 0.19, -0.25, -0.28, -0.76, -0.28],
        [-0.74, -1.18, 0.42, -0.38, 1.42, 0.77, -1.72, -0.1, -1.24, 0.35, 0.29, -1.37],
        [-0.23, -0.84, 1.74, -0.74, 0.32, -0.55, -0.32, -1.57, 1.28, 0.37, 3.07, 0.32],
    ]
    .map(|row| row.to_vec())
    .to_vec()
}

fn near(got: &[f64], want: &[f64], within: f64) {
    for (a, b) in got.iter().zip(want) {
        assert!((a - b).abs() < within, "{got:?} {want:?}");
    }
    assert_eq!(got.len(), want.len());
}

/// Answers of the package `hierarchicalforecast` 1.5.3 (`MinTrace`, methods `ols`,
/// `wls_struct`, `wls_var`, `mint_shrink`) to the same question. Its shrinkage differs in the
/// eighth figure: it adds 2e-8 to the diagonal.
#[test]
fn answers_are_those_of_a_respected_package() {
    let residuals = residuals();
    let ask = |weights: Weights<'_>| {
        Reconciler::new(units(), weights, Floor::Free).unwrap().reconcile(&BASE).unwrap()
    };
    near(
        &ask(Weights::Ols),
        &[
            104.24137931034484,
            46.17241379310345,
            58.06896551724138,
            20.586206896551726,
            25.586206896551726,
            22.689655172413794,
            14.689655172413794,
            20.689655172413794,
        ],
        1e-10,
    );
    near(
        &ask(Weights::Structural),
        &[
            104.0,
            46.3,
            57.7,
            20.65,
            25.65,
            22.566666666666666,
            14.566666666666666,
            20.566666666666666,
        ],
        1e-10,
    );
    near(
        &ask(Weights::Variance(&residuals)),
        &[
            104.4314192513802,
            46.447073104001916,
            57.98434614737829,
            20.847389959871858,
            25.599683144130054,
            22.449135062740577,
            14.58510198626172,
            20.950109098375993,
        ],
        1e-5,
    );
    near(
        &ask(Weights::Shrunk(&residuals)),
        &[
            105.7474275863716,
            47.139976014617716,
            58.607451571753884,
            21.525258904358,
            25.61471711025972,
            22.51131908428808,
            14.629514379912125,
            21.466618107553675,
        ],
        1e-5,
    );
}

/// S (S' W⁻¹ S)⁻¹ S' W⁻¹ y, with every matrix written out.
fn by_the_book(hierarchy: &Hierarchy, w: &DMatrix<f64>, base: &[f64]) -> Vec<f64> {
    let (nodes, leaves) = (hierarchy.nodes(), hierarchy.leaves().len());
    let mut s = DMatrix::zeros(nodes, leaves);
    for (rank, &node) in hierarchy.leaves().iter().enumerate() {
        s[(node, rank)] = 1.0;
    }
    for sum in hierarchy.sums() {
        for &leaf in &sum.leaves {
            s[(sum.node, leaf)] = 1.0;
        }
    }
    let inverse = w.clone().try_inverse().unwrap();
    let left = (s.transpose() * &inverse * &s).try_inverse().unwrap();
    let y = DVector::from_row_slice(base);
    (&s * left * s.transpose() * inverse * y).iter().copied().collect()
}

#[test]
fn two_leaves_and_their_total_worked_by_hand() {
    // All alike: the gap of 3 is shared by three, the total loses what the leaves win.
    let hierarchy = Hierarchy::groups(2, &[vec![0, 1]]).unwrap();
    let made = Reconciler::new(hierarchy.clone(), Weights::Ols, Floor::Free).unwrap();
    near(&made.reconcile(&[13.0, 4.0, 6.0]).unwrap(), &[12.0, 5.0, 7.0], 1e-12);
    // Half of the gap is the total's when its variance is that of both leaves together.
    let made = Reconciler::new(hierarchy, Weights::Structural, Floor::Free).unwrap();
    near(&made.reconcile(&[13.0, 4.0, 6.0]).unwrap(), &[11.5, 4.75, 6.75], 1e-12);
}

#[test]
fn the_floor_clips_or_finds_the_best() {
    let hierarchy = Hierarchy::groups(3, &[vec![0, 1, 2]]).unwrap();
    let base = [1.0, -6.0, 4.0, 5.0];
    let ask = |floor| {
        let made = Reconciler::new(hierarchy.clone(), Weights::Ols, floor).unwrap();
        made.reconcile(&base).unwrap()
    };
    near(&ask(Floor::Free), &[1.5, -6.5, 3.5, 4.5], 1e-12);
    near(&ask(Floor::Clip), &[8.0, 0.0, 3.5, 4.5], 1e-12);
    // With the first leaf at zero: two leaves of 4 and 5 and a total of 1, all alike, lose
    // (9 − 1) / 3 each.
    near(&ask(Floor::Best), &[9.0 - 16.0 / 3.0, 0.0, 4.0 - 8.0 / 3.0, 5.0 - 8.0 / 3.0], 1e-9);
}

#[test]
fn what_cannot_be_reconciled_is_refused() {
    let made = Reconciler::new(units(), Weights::Ols, Floor::Free).unwrap();
    let nodes = ReconcileError::Nodes { expected: 8, got: 2 };
    assert_eq!(made.reconcile(&[1.0, 2.0]), Err(nodes));
    let mut base = BASE;
    base[3] = f64::NAN;
    assert_eq!(made.reconcile(&base), Err(ReconcileError::Base { node: 3 }));
    base[3] = 1e200;
    assert_eq!(made.reconcile(&base), Err(ReconcileError::Base { node: 3 }));
}

#[test]
fn quantiles_of_paths_are_ordered_and_interpolated() {
    let samples = [[3.0, 1.0], [1.0, 5.0], [2.0, 2.0]];
    let found = quantiles(&samples, &[0.0, 0.25, 0.5, 1.0]).unwrap();
    assert_eq!(found, [[1.0, 1.0], [1.5, 1.5], [2.0, 2.0], [3.0, 5.0]]);
    assert_eq!(quantiles::<[f64; 1]>(&[], &[0.5]), None);
    assert_eq!(quantiles(&[vec![1.0], vec![f64::NAN]], &[0.5]), None);
}

/// A random hierarchy of days, weeks and months, or of crossed groups.
fn any_hierarchy() -> impl Strategy<Value = Hierarchy> {
    let crossed = prop::collection::vec((0usize..3, 0usize..2), 2..10).prop_map(|keys| {
        let keys: Vec<Vec<usize>> = keys.into_iter().map(|(a, b)| vec![a, b]).collect();
        Hierarchy::crossed(&keys, &[vec![], vec![0], vec![1]]).unwrap().0
    });
    let temporal = (3usize..20, 2usize..6, 3usize..8).prop_map(|(days, week, month)| {
        let of = |length: usize| -> Vec<Option<usize>> {
            let whole = days / length * length;
            (0..days).map(|d| (d < whole).then_some(d / length)).collect()
        };
        Hierarchy::temporal(&[of(week.min(days)), of(month.min(days))]).unwrap()
    });
    prop_oneof![crossed, temporal]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn sums_are_exact_and_the_answer_is_that_of_the_book(
        (hierarchy, base, errors) in any_hierarchy().prop_flat_map(|h| {
            let nodes = h.nodes();
            (
                Just(h),
                prop::collection::vec(-50.0..200.0f64, nodes),
                prop::collection::vec(prop::collection::vec(-9.0..9.0f64, 6), nodes),
            )
        }),
        method in 0usize..4,
    ) {
        let weights = match method {
            0 => Weights::Ols,
            1 => Weights::Structural,
            2 => Weights::Variance(&errors),
            _ => Weights::Shrunk(&errors),
        };
        let made = Reconciler::new(hierarchy.clone(), weights, Floor::Free).unwrap();
        let found = made.reconcile(&base).unwrap();
        // To the last bit, in whatever order leaves are added.
        for sum in hierarchy.sums() {
            let leaves = sum.leaves.iter().rev().map(|&l| found[hierarchy.leaves()[l]]);
            prop_assert_eq!(found[sum.node], leaves.sum::<f64>());
        }
        let mut w = DMatrix::zeros(hierarchy.nodes(), hierarchy.nodes());
        for i in 0..hierarchy.nodes() {
            w[(i, i)] += made.covariance.own[i];
            for j in 0..hierarchy.nodes() {
                w[(i, j)] += dot(made.covariance.row(i), made.covariance.row(j));
            }
        }
        for (a, b) in found.iter().zip(by_the_book(&hierarchy, &w, &base)) {
            prop_assert!((a - b).abs() < 1e-6, "{a} {b}");
        }
        // What adds up already does not move, but by rounding.
        let again = made.reconcile(&found).unwrap();
        for (a, b) in again.iter().zip(&found) {
            prop_assert!((a - b).abs() < 1e-9);
        }
        // Alone or among others: the same bits.
        let many = made.reconcile_all(&[base.clone(), found.clone(), base.clone()]).unwrap();
        prop_assert_eq!(&many[0], &made.reconcile(&base).unwrap());
        prop_assert_eq!(&many[0], &many[2]);
        // In thousands as in units.
        let scaled: Vec<f64> = base.iter().map(|v| v * 1000.0).collect();
        for (a, b) in made.reconcile(&scaled).unwrap().iter().zip(&found) {
            prop_assert!((a - 1000.0 * b).abs() < 1e-6);
        }
    }

    #[test]
    fn the_best_above_zero_is_the_best_of_all_sets(
        leaves in prop::collection::vec(-10.0..10.0f64, 4),
        total in -10.0..30.0f64,
        errors in prop::collection::vec(prop::collection::vec(-3.0..3.0f64, 5), 5),
    ) {
        let hierarchy = Hierarchy::groups(4, &[vec![0, 1, 2, 3]]).unwrap();
        let base: Vec<f64> = std::iter::once(total).chain(leaves).collect();
        let weights = Weights::Variance(&errors);
        let free = Reconciler::new(hierarchy.clone(), weights, Floor::Free).unwrap();
        let best = Reconciler::new(hierarchy, weights, Floor::Best).unwrap();
        let found = best.reconcile(&base).unwrap();
        // The distance that is least: W⁻¹ between the base forecasts and what adds up.
        let far = |x: &[f64]| -> f64 {
            let each = x.iter().zip(&base).zip(&free.covariance.own);
            each.map(|((x, b), w)| (x - b) * (x - b) / w).sum()
        };
        prop_assert!(found.iter().all(|v| *v >= 0.0));
        let reached = far(&found);
        // No point of a grid around it, nowhere below zero, is nearer.
        for leaf in 1..5 {
            for by in [-0.05, 0.05] {
                let mut other = found.clone();
                other[leaf] = (other[leaf] + by).max(0.0);
                other[0] = other[1..].iter().sum();
                prop_assert!(far(&other) >= reached - 1e-7);
            }
        }
    }
}
