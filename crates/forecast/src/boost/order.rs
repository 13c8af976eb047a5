//! Quantiles of what is left to explain in a leaf.
//!
//! - Computes: the value that makes the pinball loss of a leaf smallest; the middle of the
//!   two values between which any would do.
//! - Units: those of the values; weights have none.
//! - Shapes: a mutable slice, reordered; a share in ]0, 1[.
//! - Errors: `None` on nothing, or when nothing weighs anything.
//! - Source: definition 2 of Hyndman and Fan (1996); checked against trying every value.

/// The share of a whole is whole itself, but for the last digits.
const WHOLE: f64 = 1e-9;

/// Quantile of values that count alike.
pub fn quantile(values: &mut [f64], share: f64) -> Option<f64> {
    let n = values.len();
    let place = n as f64 * share;
    let whole = place.round();
    let between = (place - whole).abs() < WHOLE * n as f64 && whole >= 1.0;
    let above = if between { whole as usize } else { place.floor() as usize };
    let (below, &mut high, _) =
        values.select_nth_unstable_by(above.min(n.checked_sub(1)?), f64::total_cmp);
    match below.iter().copied().max_by(f64::total_cmp) {
        Some(low) if between && above < n => Some(low + 0.5 * (high - low)),
        _ => Some(high),
    }
}

/// Quantile of (value, weight) pairs.
pub fn weighted_quantile(pairs: &mut [(f64, f64)], share: f64) -> Option<f64> {
    let total: f64 = pairs.iter().map(|p| p.1).sum();
    if total.is_nan() || total <= 0.0 {
        return None;
    }
    let slack = WHOLE * total;
    // Weight still to be passed among the pairs not yet ruled out.
    let mut wanted = share * total;
    let mut rest = pairs;
    loop {
        let middle = rest.len() / 2;
        if rest.len() <= 1 {
            return rest.first().map(|p| p.0);
        }
        let (below, &mut pivot, above) =
            rest.select_nth_unstable_by(middle, |a, b| a.0.total_cmp(&b.0));
        let under: f64 = below.iter().map(|p| p.1).sum();
        let through = under + pivot.1;
        let largest = |pairs: &[(f64, f64)]| {
            pairs.iter().filter(|p| p.1 > 0.0).map(|p| p.0).max_by(f64::total_cmp)
        };
        let smallest = |pairs: &[(f64, f64)]| {
            pairs.iter().filter(|p| p.1 > 0.0).map(|p| p.0).min_by(f64::total_cmp)
        };
        if (wanted - under).abs() <= slack && pivot.1 > 0.0 {
            let low = largest(below).unwrap_or(pivot.0);
            return Some(low + 0.5 * (pivot.0 - low));
        }
        if (wanted - through).abs() <= slack && pivot.1 > 0.0 {
            let high = smallest(above).unwrap_or(pivot.0);
            return Some(pivot.0 + 0.5 * (high - pivot.0));
        }
        if wanted < under {
            rest = below;
        } else if wanted < through || above.is_empty() {
            return Some(pivot.0);
        } else {
            wanted -= through;
            rest = above;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pinball(pairs: &[(f64, f64)], share: f64, at: f64) -> f64 {
        pairs.iter().map(|(v, w)| w * (share * (v - at)).max((share - 1.0) * (v - at))).sum()
    }

    #[test]
    fn medians_and_tails() {
        assert_eq!(quantile(&mut [3.0, 1.0, 2.0], 0.5), Some(2.0));
        assert_eq!(quantile(&mut [4.0, 1.0, 3.0, 2.0], 0.5), Some(2.5));
        let mut twenty: Vec<f64> = (1..=20).map(f64::from).collect();
        // 19 of 20 lie below: between the 19th and the 20th.
        assert_eq!(quantile(&mut twenty, 0.95), Some(19.5));
        assert_eq!(quantile(&mut twenty, 0.05), Some(1.5));
        assert_eq!(quantile(&mut twenty, 0.96), Some(20.0));
        assert_eq!(quantile(&mut [], 0.5), None);
        assert_eq!(quantile(&mut [7.0], 0.99), Some(7.0));
    }

    #[test]
    fn a_heavy_value_is_the_median() {
        let mut pairs = [(1.0, 1.0), (5.0, 3.0), (9.0, 1.0)];
        assert_eq!(weighted_quantile(&mut pairs, 0.5), Some(5.0));
        assert_eq!(weighted_quantile(&mut [(1.0, 2.0), (3.0, 2.0)], 0.5), Some(2.0));
        assert_eq!(weighted_quantile(&mut [(1.0, 0.0)], 0.5), None);
        assert_eq!(weighted_quantile(&mut [], 0.5), None);
    }

    proptest! {
        #[test]
        fn no_value_has_a_smaller_loss(
            values in prop::collection::vec((-9i32..9, 0u8..4), 1..40), share in 0.01..0.99f64,
        ) {
            let mut pairs: Vec<(f64, f64)> =
                values.iter().map(|&(v, w)| (f64::from(v), f64::from(w))).collect();
            if let Some(found) = weighted_quantile(&mut pairs.clone(), share) {
                let best = pairs.iter().map(|p| pinball(&pairs, share, p.0)).fold(f64::MAX, f64::min);
                prop_assert!(pinball(&pairs, share, found) <= best + 1e-6, "{found}");
            }
            pairs.iter_mut().for_each(|p| p.1 = 1.0);
            let mut plain: Vec<f64> = pairs.iter().map(|p| p.0).collect();
            let found = quantile(&mut plain, share).unwrap();
            let best = pairs.iter().map(|p| pinball(&pairs, share, p.0)).fold(f64::MAX, f64::min);
            prop_assert!(pinball(&pairs, share, found) <= best + 1e-6, "{found}");
        }

        #[test]
        fn equal_weights_count_as_none(
            values in prop::collection::vec(-9i32..9, 1..60), tenths in 1u8..10, weight in 0.01..9.0f64,
        ) {
            let share = f64::from(tenths) / 10.0;
            let mut plain: Vec<f64> = values.iter().map(|&v| f64::from(v)).collect();
            let mut pairs: Vec<(f64, f64)> = plain.iter().map(|&v| (v, weight)).collect();
            prop_assert_eq!(quantile(&mut plain, share), weighted_quantile(&mut pairs, share));
        }
    }
}
