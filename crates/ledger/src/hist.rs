//! Log-linear histogram of durations: mergeable, small, replayable.
//!
//! - Computes: counts of non-negative integers in buckets at most 1/32 wide.
//! - Units: whatever the caller counts, here microseconds.
//! - Shapes: one number at a time in, quantiles and tail counts out.
//! - Errors: none; negative numbers are counted as 0.
//! - Source: the usual log-linear bucketing of latency histograms.

use serde::{Deserialize, Serialize};

const SUB_BITS: u32 = 5;
const SUB: u64 = 1 << SUB_BITS;

/// The histogram.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Histogram {
    counts: Vec<u64>,
}

fn bucket(value: i64) -> usize {
    let v = u64::try_from(value).unwrap_or(0);
    if v < SUB {
        return v as usize;
    }
    let exponent = 63 - v.leading_zeros();
    let sub = (v >> (exponent - SUB_BITS)) & (SUB - 1);
    (u64::from(exponent - SUB_BITS + 1) * SUB + sub) as usize
}

/// Largest value that falls in a bucket.
fn upper(index: usize) -> i64 {
    let index = index as u64;
    if index < SUB {
        return index as i64;
    }
    let shift = (index / SUB - 1) as u32;
    let low = (SUB + index % SUB) << shift;
    (low + ((1u64 << shift) - 1)).min(i64::MAX as u64) as i64
}

impl Histogram {
    pub(crate) fn add(&mut self, value: i64) {
        let at = bucket(value);
        if at >= self.counts.len() {
            self.counts.resize(at + 1, 0);
        }
        self.counts[at] += 1;
    }

    pub(crate) fn absorb(&mut self, other: &Histogram) {
        if other.counts.len() > self.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
    }

    pub(crate) fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// How many values lie in the bucket of `value` or above.
    pub(crate) fn at_least(&self, value: i64) -> u64 {
        self.counts.get(bucket(value)..).map_or(0, |tail| tail.iter().sum())
    }

    /// Smallest duration after which, of `ended` that never came back and of these durations
    /// weighted by `weight`, at least a share `confidence` are those that never came back.
    pub(crate) fn sure_after(&self, confidence: f64, ended: u64, weight: f64) -> Option<i64> {
        if ended == 0 {
            return None;
        }
        let ended = ended as f64;
        let mut longer = self.total();
        if ended >= confidence * (ended + weight * longer as f64) {
            return Some(0);
        }
        for (i, count) in self.counts.iter().enumerate() {
            longer -= count;
            if ended >= confidence * (ended + weight * longer as f64) {
                return Some(upper(i));
            }
        }
        None
    }

    /// Smallest bucket bound that covers a share `q` of the values.
    pub(crate) fn quantile(&self, q: f64) -> Option<i64> {
        let total = self.total();
        if total == 0 {
            return None;
        }
        let wanted = ((q.clamp(0.0, 1.0) * total as f64).ceil() as u64).max(1);
        let mut seen = 0;
        for (i, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return Some(upper(i));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_never_wider_than_a_thirty_second() {
        for value in [0, 1, 31, 32, 33, 63, 64, 1_000, 86_400_000_000, i64::MAX] {
            let top = upper(bucket(value));
            assert!(top >= value, "{value}");
            assert!((top - value) as f64 <= value as f64 / 32.0 + 1.0, "{value} {top}");
        }
    }

    #[test]
    fn quantiles_are_those_of_the_values_within_a_bucket() {
        let mut h = Histogram::default();
        (1..=1_000).for_each(|v| h.add(v));
        let median = h.quantile(0.5).unwrap();
        assert!((500..=516).contains(&median), "{median}");
        assert_eq!(h.at_least(0), 1_000);
        assert_eq!(Histogram::default().quantile(0.5), None);
    }
}
