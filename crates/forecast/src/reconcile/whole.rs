//! Numbers that add up whatever the order, and whole numbers that still do.
//!
//! - Computes: values moved by less than the rounding of their total so that every sum of them
//!   is exact; whole numbers for the screen whose sums are those shown.
//! - Units: those of the values; whole cases for the screen.
//! - Shapes: values of the leaves, or of all nodes of a hierarchy.
//! - Errors: `None` for values that cannot be counted in whole numbers.
//! - Source: fixed point in a floating one; the method of the largest remainder (Hamilton).

use std::cmp::Reverse;

use super::hierarchy::{Hierarchy, Nested, Part};

/// Counts of the unit of rounding that all sums stay below: half of what a number holds exactly.
const ROOM: f64 = 4_503_599_627_370_496.0;

/// Moves values to the nearest multiples of a power of two, so small that the total of their
/// sizes is known to its last or last but one bit, so large that sums of any of them, in any
/// order and any grouping, are exact. Values moved already do not move again.
///
/// Infinite values and those that are not numbers are left as they are.
pub fn make_additive(values: &mut [f64]) {
    let total: f64 = values.iter().map(|v| v.abs()).sum();
    if total == 0.0 || !total.is_finite() {
        return;
    }
    let exponent = (total.to_bits() >> 52) as i32 - 1023;
    let mut unit = power_of_two(exponent - 52);
    // One step is enough but for a total next to a power of two.
    for _ in 0..3 {
        if values.iter().map(|v| (v / unit).abs().round()).sum::<f64>() <= ROOM {
            break;
        }
        unit *= 2.0;
    }
    values.iter_mut().for_each(|v| *v = (*v / unit).round() * unit);
}

fn power_of_two(exponent: i32) -> f64 {
    match u64::try_from(exponent + 1023) {
        Ok(biased) if biased > 0 => f64::from_bits(biased << 52),
        // Below the smallest normal number, down to the smallest of all.
        _ => f64::from_bits(1 << (exponent + 1074).max(0)),
    }
}

/// Whole numbers for the screen, node by node: the sums shown are the sums of what is shown.
///
/// From the top down, a sum is rounded, its parts are rounded down, and what is missing goes one
/// by one to the parts that lost most (ties: in the order of the nodes). Every node of a tree is
/// its value rounded up or down. Where groupings cross, this holds for the largest sums that
/// nest; the others are the sums of their leaves and may be further off.
pub fn whole_numbers(hierarchy: &Hierarchy, values: &[f64]) -> Option<Vec<i64>> {
    if values.len() != hierarchy.nodes() {
        return None;
    }
    let value = |&node: &usize| values.get(node).copied().unwrap_or(f64::NAN);
    let mut leaves: Vec<f64> = hierarchy.leaves().iter().map(value).collect();
    let size: f64 = leaves.iter().map(|v| v.abs()).sum();
    if size.is_nan() || size > ROOM {
        return None;
    }
    make_additive(&mut leaves);
    let nested = hierarchy.nested();
    let mut shown = vec![0i64; leaves.len()];
    let mut todo: Vec<(Part, i64)> = nested
        .tops
        .iter()
        .map(|&part| (part, part_value(hierarchy, &leaves, part).round() as i64))
        .collect();
    while let Some((part, whole)) = todo.pop() {
        match part {
            Part::Leaf(leaf) => *shown.get_mut(leaf)? = whole,
            Part::Sum(sum) => todo.extend(shared_out(hierarchy, &leaves, &nested, sum, whole)),
        }
    }
    let mut out = vec![0i64; hierarchy.nodes()];
    for (&node, &whole) in hierarchy.leaves().iter().zip(&shown) {
        *out.get_mut(node)? = whole;
    }
    for sum in hierarchy.sums() {
        *out.get_mut(sum.node)? = sum.leaves.iter().filter_map(|&l| shown.get(l)).sum();
    }
    Some(out)
}

fn part_value(hierarchy: &Hierarchy, leaves: &[f64], part: Part) -> f64 {
    match part {
        Part::Leaf(leaf) => leaves.get(leaf).copied().unwrap_or(0.0),
        Part::Sum(sum) => hierarchy
            .sums()
            .get(sum)
            .map_or(0.0, |sum| sum.leaves.iter().filter_map(|&l| leaves.get(l)).sum()),
    }
}

/// A whole number shared out among the parts of a sum.
fn shared_out(
    hierarchy: &Hierarchy,
    leaves: &[f64],
    nested: &Nested,
    sum: usize,
    whole: i64,
) -> Vec<(Part, i64)> {
    let parts = nested.parts.get(&sum).map(Vec::as_slice).unwrap_or_default();
    let valued: Vec<(Part, f64)> =
        parts.iter().map(|&part| (part, part_value(hierarchy, leaves, part))).collect();
    let mut shares: Vec<(Part, i64)> =
        valued.iter().map(|(part, value)| (*part, value.floor() as i64)).collect();
    let missing = whole - shares.iter().map(|s| s.1).sum::<i64>();
    let node = |part: Part| match part {
        Part::Leaf(leaf) => hierarchy.leaves().get(leaf).copied(),
        Part::Sum(sum) => hierarchy.sums().get(sum).map(|s| s.node),
    };
    let mut order: Vec<(Reverse<u64>, Option<usize>, usize)> = valued
        .iter()
        .enumerate()
        .map(|(at, (part, value))| {
            // Of a number of at least zero, larger means larger bits.
            (Reverse((value - value.floor()).to_bits()), node(*part), at)
        })
        .collect();
    order.sort_unstable();
    let lucky = usize::try_from(missing).unwrap_or(0);
    for (_, _, at) in order.into_iter().take(lucky) {
        if let Some(share) = shares.get_mut(at) {
            share.1 += 1;
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn largest_remainders_worked_by_hand() {
        // 3.4 + 2.4 + 4.4 = 10.2: shown 10 = 4 + 2 + 4, the first of equal remainders wins.
        let made = Hierarchy::groups(3, &[vec![0, 1, 2]]).unwrap();
        let shown = whole_numbers(&made, &[10.2, 3.4, 2.4, 4.4]);
        assert_eq!(shown.as_ref().map(|s| s[0]), Some(10));
        assert_eq!(shown.map(|s| s[1] + s[2] + s[3]), Some(10));
        let shown = whole_numbers(&made, &[1.5, 0.5, 0.5, 0.5]);
        assert_eq!(shown, Some(vec![2, 1, 1, 0]));
        // Below zero too: −1.5 is shown −2, half away from zero.
        let shown = whole_numbers(&made, &[-1.5, -0.25, -0.25, -1.0]);
        assert_eq!(shown, Some(vec![-2, 0, -1, -1]));
    }

    #[test]
    fn what_cannot_be_counted_is_said() {
        let made = Hierarchy::groups(2, &[vec![0, 1]]).unwrap();
        assert_eq!(whole_numbers(&made, &[1.0, 1.0]), None);
        assert_eq!(whole_numbers(&made, &[f64::NAN; 3]), None);
        assert_eq!(whole_numbers(&made, &[2e16, 1e16, 1e16]), None);
        assert_eq!(whole_numbers(&made, &[0.0; 3]), Some(vec![0; 3]));
    }

    #[test]
    fn additive_values_hardly_move() {
        let mut values = [0.1, 0.2, 1e6, -3.3];
        make_additive(&mut values);
        for (got, want) in values.iter().zip([0.1, 0.2, 1e6, -3.3]) {
            assert!((got - want).abs() <= 1.2e-10, "{got} {want}");
        }
        // Of the smallest numbers there are, nothing is lost.
        let tiny = [f64::from_bits(1), f64::from_bits(3), f64::MIN_POSITIVE / 4.0];
        let mut values = tiny;
        make_additive(&mut values);
        assert_eq!(values, tiny);
        let mut odd = [f64::NAN, 0.1];
        make_additive(&mut odd);
        assert!(odd[0].is_nan() && odd[1] == 0.1);
        let mut nothing = [0.0, -0.0];
        make_additive(&mut nothing);
        assert_eq!(nothing, [0.0, 0.0]);
    }

    proptest! {
        #[test]
        fn sums_are_exact_in_any_order(
            values in prop::collection::vec((-1e3..1e3f64, -12i32..12), 1..60),
            turn in 0usize..60,
        ) {
            let mut values: Vec<f64> = values.iter().map(|(v, e)| v * 10f64.powi(*e)).collect();
            let before = values.clone();
            make_additive(&mut values);
            let total: f64 = values.iter().sum();
            let backwards: f64 = values.iter().rev().sum();
            prop_assert_eq!(total.to_bits(), (backwards + 0.0).to_bits());
            let (left, right) = values.split_at(turn % values.len());
            prop_assert_eq!(left.iter().sum::<f64>() + right.iter().sum::<f64>(), total);
            let size: f64 = before.iter().map(|v| v.abs()).sum();
            for (a, b) in values.iter().zip(&before) {
                prop_assert!((a - b).abs() <= size * 2.3e-16, "{} {}", a, b);
            }
            let again = { let mut v = values.clone(); make_additive(&mut v); v };
            prop_assert_eq!(again, values);
        }

        #[test]
        fn a_tree_is_rounded_up_or_down_and_adds_up(
            values in prop::collection::vec(-50.0..50.0f64, 8),
        ) {
            // Total; two halves; four pairs.
            let groups: Vec<Vec<usize>> = vec![
                (0..8).collect(), vec![0, 1, 2, 3], vec![4, 5, 6, 7],
                vec![0, 1], vec![2, 3], vec![4, 5], vec![6, 7],
            ];
            let made = Hierarchy::groups(8, &groups).unwrap();
            let all = made.summed(&values);
            let shown = whole_numbers(&made, &all).unwrap();
            for (whole, value) in shown.iter().zip(&all) {
                prop_assert!((*whole as f64 - value).abs() < 1.0 + 1e-9, "{whole} {value}");
            }
            prop_assert!((shown[0] as f64 - all[0]).abs() <= 0.5 + 1e-9);
            let real: Vec<f64> = shown.iter().map(|w| *w as f64).collect();
            prop_assert!(made.gaps(&real).iter().all(|g| *g == 0.0));
        }

        #[test]
        fn crossed_sums_add_up_too(values in prop::collection::vec(0.0..9.0f64, 12)) {
            let keys: Vec<Vec<usize>> = (0..12).map(|l| vec![l / 4, l % 4]).collect();
            let (made, _) =
                Hierarchy::crossed(&keys, &[vec![], vec![0], vec![1]]).unwrap();
            let all = made.summed(&values);
            let shown = whole_numbers(&made, &all).unwrap();
            let real: Vec<f64> = shown.iter().map(|w| *w as f64).collect();
            prop_assert!(made.gaps(&real).iter().all(|g| *g == 0.0));
            // Total, columns (the larger sums, being of four) and leaves: up or down.
            for node in (0..4).chain(8..20) {
                prop_assert!((real[node] - all[node]).abs() < 1.0 + 1e-9);
            }
        }
    }
}
