//! Whole days, counted by value: many delays, few distinct ones.
//!
//! - Computes: counts, sum and quantiles of integers without keeping each of them.
//! - Units: days of the caller's counter.
//! - Shapes: one number at a time in, tallies merge.
//! - Errors: none; sums saturate.
//! - Source: linear quantiles (type 7) of Hyndman and Fan (1996).

use std::collections::BTreeMap;

/// Values counted in a plain array: ten years of days.
const NEAR: usize = 4096;

/// How often each value came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    near: Vec<i64>,
    /// Negative values and those beyond [`NEAR`].
    far: BTreeMap<i64, i64>,
    n: i64,
}

impl Tally {
    #[inline]
    pub(crate) fn add(&mut self, value: i64) {
        self.put(value, 1);
    }

    #[inline]
    fn put(&mut self, value: i64, times: i64) {
        self.n += times;
        match usize::try_from(value) {
            Ok(at) if at < NEAR => {
                if at >= self.near.len() {
                    self.near.resize((at + 1).next_power_of_two(), 0);
                }
                if let Some(count) = self.near.get_mut(at) {
                    *count += times;
                }
            }
            _ => *self.far.entry(value).or_default() += times,
        }
    }

    pub(crate) fn absorb(&mut self, other: &Tally) {
        for (value, times) in other.iter() {
            self.put(value, times);
        }
    }

    /// How many values.
    pub(crate) fn n(&self) -> i64 {
        self.n
    }

    /// Their sum.
    pub(crate) fn sum(&self) -> i64 {
        self.iter().fold(0, |sum: i64, (v, k)| sum.saturating_add(v.saturating_mul(k)))
    }

    /// Values that came and how often, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (i64, i64)> + '_ {
        let near = (0i64..).zip(self.near.iter().copied()).filter(|&(_, k)| k > 0);
        let below = self.far.range(..0).map(|(&v, &k)| (v, k));
        let above = self.far.range(0..).map(|(&v, &k)| (v, k));
        below.chain(near).chain(above)
    }

    /// Quantile by linear interpolation between the two nearest ranks (type 7).
    pub(crate) fn percentile(&self, p: f64) -> Option<f64> {
        let last = self.n.checked_sub(1).filter(|l| *l >= 0)?;
        let at = p.clamp(0.0, 1.0) * last as f64;
        let low = (at.floor() as i64).min(last);
        let (below, above) = (self.ranked(low)?, self.ranked((low + 1).min(last))?);
        Some(below as f64 + (at - low as f64) * (above - below) as f64)
    }

    /// Value of a rank counted from 0.
    fn ranked(&self, rank: i64) -> Option<i64> {
        let mut passed = 0;
        self.iter().find_map(|(value, times)| {
            passed += times;
            (rank < passed).then_some(value)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;
    use proptest::prelude::*;

    /// The definition read on sorted values.
    fn type_7(sorted: &[i64], p: f64) -> Option<f64> {
        let last = sorted.len().checked_sub(1)?;
        let at = p * last as f64;
        let low = at.floor() as usize;
        let (below, above) = (sorted[low] as f64, sorted[(low + 1).min(last)] as f64);
        Some(below + (at - low as f64) * (above - below))
    }

    proptest! {
        #[test]
        fn counts_sums_and_ranks_as_a_sorted_list_does(
            mut values in prop::collection::vec(prop_oneof![-5i64..40, 4_000..5_000i64], 0..200),
            p in 0.0f64..=1.0,
            cut in 0usize..200,
        ) {
            let (mut whole, mut a, mut b) = (Tally::default(), Tally::default(), Tally::default());
            for (i, &v) in values.iter().enumerate() {
                whole.add(v);
                if i < cut { a.add(v) } else { b.add(v) }
            }
            a.absorb(&b);
            values.sort_unstable();
            for tally in [&whole, &a] {
                prop_assert_eq!(tally.n(), values.len() as i64);
                prop_assert_eq!(tally.sum(), values.iter().sum::<i64>());
                prop_assert_eq!(tally.percentile(p), type_7(&values, p));
                let flat: Vec<i64> =
                    tally.iter().flat_map(|(v, k)| std::iter::repeat_n(v, k as usize)).collect();
                prop_assert_eq!(&flat, &values);
            }
        }
    }
}
