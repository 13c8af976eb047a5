//! Order statistics of durations.
//!
//! - Computes: quantiles by linear interpolation between order statistics
//!   (type 7 of Hyndman and Fan, the default of R and NumPy).
//! - Units: those of the values.
//! - Shapes: a mutable slice, reordered; a share in [0, 1].
//! - Errors: `None` on an empty slice: nothing to measure is not 0.
//! - Source: Hyndman and Fan (1996); checked against sorting.

/// Quantile of the values, which are reordered.
pub fn quantile(values: &mut [i64], share: f64) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    let place = share.clamp(0.0, 1.0) * last as f64;
    let below = (place.floor() as usize).min(last);
    let (_, &mut low, above) = values.select_nth_unstable(below);
    let weight = place - below as f64;
    match above.iter().min() {
        Some(&high) if weight > 0.0 => Some(low as f64 + weight * (high - low) as f64),
        _ => Some(low as f64),
    }
}

/// Mean of the values, exact in integers before the one division.
pub fn mean(values: &[i64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let sum: i128 = values.iter().map(|&v| i128::from(v)).sum();
    Some(sum as f64 / values.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_has_no_median() {
        assert_eq!(quantile(&mut [], 0.5), None);
        assert_eq!(mean(&[]), None);
    }

    #[test]
    fn known_values() {
        // numpy.quantile([1, 2, 3, 4], [.5, .9]) → 2.5, 3.7
        assert_eq!(quantile(&mut [4, 1, 3, 2], 0.5), Some(2.5));
        assert!((quantile(&mut [4, 1, 3, 2], 0.9).unwrap() - 3.7).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn equals_the_sorted_definition(mut v in prop::collection::vec(-1000i64..1000, 1..60), share in 0.0..=1.0f64) {
            let got = quantile(&mut v.clone(), share).unwrap();
            v.sort_unstable();
            let place = share * (v.len() - 1) as f64;
            let (low, high) = (v[place.floor() as usize], v[place.ceil() as usize]);
            let want = low as f64 + (place - place.floor()) * (high - low) as f64;
            prop_assert!((got - want).abs() < 1e-9);
        }
    }
}
