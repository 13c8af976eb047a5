//! Whether times moved: the recent ones beside those before.
//!
//! - Computes: the rank-sum test of Mann and Whitney with ties, the shift of Hodges and Lehmann,
//!   and the correction of Benjamini and Hochberg for many tests.
//! - Units: those of the times; probabilities.
//! - Shapes: two sorted lists in, a shift and a p-value out.
//! - Errors: `None` on an empty list.
//! - Source: Mann and Whitney (1947), Hodges and Lehmann (1963), Benjamini and Hochberg (1995);
//!   compared with SciPy and with all pairs.

use super::interval::normal_tail;

/// Two-sided probability that two samples of one population differ this much in ranks
/// (normal limit, ties and continuity corrected).
pub fn rank_sum(a: &[i64], b: &[i64]) -> Option<f64> {
    if a.is_empty() || b.is_empty() {
        return None;
    }
    let mut all: Vec<(i64, bool)> = a.iter().map(|&t| (t, true)).collect();
    all.extend(b.iter().map(|&t| (t, false)));
    all.sort_unstable();
    let (mut ranks, mut ties, mut before) = (0.0, 0.0, 0.0);
    for same in all.chunk_by(|x, y| x.0 == y.0) {
        let size = same.len() as f64;
        ranks += same.iter().filter(|x| x.1).count() as f64 * (before + (size + 1.0) / 2.0);
        ties += size * size * size - size;
        before += size;
    }
    let (n, m) = (a.len() as f64, b.len() as f64);
    let total = n + m;
    let u = ranks - n * (n + 1.0) / 2.0;
    let spread = (n * m / 12.0 * (total + 1.0 - ties / (total * (total - 1.0)))).sqrt();
    // One value everywhere: nothing can differ.
    if spread.is_nan() || spread <= 0.0 {
        return Some(1.0);
    }
    let away = ((u - n * m / 2.0).abs() - 0.5).max(0.0) / spread;
    Some((2.0 * normal_tail(away)).min(1.0))
}

/// Median of all differences `a − b`; both lists sorted.
pub fn shift(a: &[i64], b: &[i64]) -> Option<f64> {
    let pairs = (a.len() as u64).checked_mul(b.len() as u64).filter(|&p| p > 0)?;
    let low = nth(a, b, (pairs - 1) / 2);
    let high = if pairs % 2 == 1 { low } else { nth(a, b, pairs / 2) };
    Some((low as f64 + high as f64) / 2.0)
}

/// The difference at a place (from 0) in the sorted list of all of them.
fn nth(a: &[i64], b: &[i64], place: u64) -> i128 {
    let ends = |list: &[i64]| {
        (
            i128::from(list.first().copied().unwrap_or(0)),
            i128::from(list.last().copied().unwrap_or(0)),
        )
    };
    let ((a_low, a_high), (b_low, b_high)) = (ends(a), ends(b));
    let (mut low, mut high) = (a_low - b_high, a_high - b_low);
    while low < high {
        let middle = low + (high - low).div_euclid(2);
        if at_most(a, b, middle) > place { high = middle } else { low = middle + 1 }
    }
    low
}

/// Pairs whose difference is at most `bound`.
fn at_most(a: &[i64], b: &[i64], bound: i128) -> u64 {
    let mut from = 0;
    let mut count = 0;
    for &x in a {
        // Those of `b` that are at least x − bound: fewer as x grows.
        while b.get(from).is_some_and(|&y| i128::from(x) - i128::from(y) > bound) {
            from += 1;
        }
        count += (b.len() - from) as u64;
    }
    count
}

/// Probabilities corrected so that, of what is said significant, a known share at most is not.
pub fn corrected(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    let of = |i: usize| p.get(i).copied().unwrap_or(1.0);
    order.sort_by(|&a, &b| of(a).total_cmp(&of(b)));
    let mut corrected = vec![1.0; p.len()];
    let mut least = 1.0f64;
    for (rank, &i) in order.iter().enumerate().rev() {
        least = least.min(of(i) * p.len() as f64 / (rank + 1) as f64);
        if let Some(slot) = corrected.get_mut(i) {
            *slot = least;
        }
    }
    corrected
}
