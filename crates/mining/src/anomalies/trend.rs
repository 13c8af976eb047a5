//! Whether a series of months rises or falls, and by how much.
//!
//! - Computes: the test of Mann and Kendall, exact without ties; the slope of Theil and
//!   Sen with its interval.
//! - Units: the slope is in the unit of the series, per month.
//! - Shapes: months with a figure, in order, in; a [`Trend`] out.
//! - Errors: none; a series too short says so.
//! - Source: Mann (1945), Kendall (1975), Theil (1950), Sen (1968); checked against SciPy.

use serde::Serialize;

use super::Point;
use crate::chance::{self, Z95};

/// Where a series is going.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Up, beyond chance.
    Rising,
    /// Down, beyond chance.
    Falling,
    /// No trend beyond chance.
    Steady,
    /// Too few months to say.
    Unknown,
}

/// The trend of a series.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trend {
    /// Where it goes, said only beyond chance.
    pub direction: Direction,
    /// Months read.
    pub months: u64,
    /// Kendall's S: pairs of months that rise less those that fall.
    pub s: i64,
    /// Probability of such an S by chance.
    pub p: Option<f64>,
    /// The same, corrected for all losses tested.
    pub p_corrected: Option<f64>,
    /// Median slope, per month.
    pub slope: Option<f64>,
    /// Its interval at 95 %.
    pub slope_interval: Option<[f64; 2]>,
}

impl Trend {
    /// Says where it goes, once the correction is known.
    pub(super) fn conclude(&mut self, p_corrected: f64, level: f64) {
        self.p_corrected = Some(p_corrected);
        self.direction = match self.s {
            s if s > 0 && p_corrected <= level => Direction::Rising,
            s if s < 0 && p_corrected <= level => Direction::Falling,
            _ => Direction::Steady,
        };
    }
}

/// Longest series whose distribution is counted rather than approximated.
const EXACT: usize = 60;

/// Tests a series of months. [`Direction::Steady`] until the p-value is corrected.
pub fn test(series: &[Point], fewest: usize) -> Trend {
    let n = series.len();
    let mut trend = Trend {
        direction: Direction::Unknown,
        months: n as u64,
        s: 0,
        p: None,
        p_corrected: None,
        slope: None,
        slope_interval: None,
    };
    if n < fewest.max(3) {
        return trend;
    }
    let place = |p: &Point| f64::from(p.0.year()) * 12.0 + f64::from(p.0.month());
    let mut slopes = Vec::with_capacity(n * (n - 1) / 2);
    for (i, early) in series.iter().enumerate() {
        for late in series.iter().skip(i + 1) {
            trend.s += match late.1.total_cmp(&early.1) {
                _ if late.1 == early.1 => 0,
                std::cmp::Ordering::Greater => 1,
                _ => -1,
            };
            let months = place(late) - place(early);
            if months > 0.0 {
                slopes.push((late.1 - early.1) / months);
            }
        }
    }
    let groups = ties(series);
    let variance = variance(n, &groups);
    trend.direction = Direction::Steady;
    trend.p = Some(if groups.is_empty() && n <= EXACT {
        exact(n, trend.s)
    } else if variance > 0.0 {
        // One unit of S is taken off: it moves by steps.
        chance::two_sided((trend.s.abs() - 1).max(0) as f64 / variance.sqrt())
    } else {
        1.0
    });
    slopes.sort_by(f64::total_cmp);
    trend.slope = middle(&slopes);
    trend.slope_interval = interval(&slopes, variance);
    trend
}

/// Sizes of the groups of equal figures.
fn ties(series: &[Point]) -> Vec<usize> {
    let mut values: Vec<f64> = series.iter().map(|p| p.1).collect();
    values.sort_by(f64::total_cmp);
    let groups = values.chunk_by(|a, b| a == b);
    groups.map(<[f64]>::len).filter(|&g| g > 1).collect()
}

/// Variance of S.
fn variance(n: usize, ties: &[usize]) -> f64 {
    let term = |n: usize| (n * (n - 1) * (2 * n + 5)) as f64;
    (term(n) - ties.iter().map(|&t| term(t)).sum::<f64>()) / 18.0
}

/// Probability that |S| is as large, over all orders of `n` figures without ties.
fn exact(n: usize, s: i64) -> f64 {
    let pairs = (n * (n - 1) / 2) as i64;
    // S = pairs − 2 × inversions; far on one side, then both sides.
    let most = ((pairs - s.abs()) / 2).max(0) as usize;
    // Shares of the orders by number of inversions: the k-th figure adds 0 to k − 1.
    let mut shares = vec![1.0f64];
    for k in 2..=n {
        let mut next = vec![0.0; (shares.len() + k - 1).min(most + 1)];
        for (inversions, share) in shares.iter().enumerate() {
            for slot in next.iter_mut().skip(inversions).take(k) {
                *slot += share / k as f64;
            }
        }
        shares = next;
    }
    (2.0 * shares.iter().take(most + 1).sum::<f64>()).min(1.0)
}

fn middle(sorted: &[f64]) -> Option<f64> {
    let half = sorted.len() / 2;
    let high = sorted.get(half).copied()?;
    match sorted.len() % 2 {
        0 => Some((high + sorted.get(half.checked_sub(1)?).copied()?) / 2.0),
        _ => Some(high),
    }
}

fn interval(sorted: &[f64], variance: f64) -> Option<[f64; 2]> {
    let last = sorted.len().checked_sub(1)?;
    let (n, spread) = (sorted.len() as f64, Z95 * variance.max(0.0).sqrt());
    let low = ((n - spread) / 2.0).round_ties_even() - 1.0;
    let high = ((n + spread) / 2.0).round_ties_even();
    let at = |place: f64| sorted.get((place.max(0.0) as usize).min(last)).copied();
    Some([at(low)?, at(high)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Calls `each` with every order of the values.
    fn orders(values: &mut Vec<i64>, fixed: usize, each: &mut dyn FnMut(&[i64])) {
        if fixed == values.len() {
            return each(values);
        }
        for i in fixed..values.len() {
            values.swap(fixed, i);
            orders(values, fixed + 1, each);
            values.swap(fixed, i);
        }
    }

    #[test]
    fn the_exact_law_is_that_of_all_orders() {
        for n in 3..=7i64 {
            let mut all: Vec<i64> = Vec::new();
            orders(&mut (0..n).collect(), 0, &mut |v| {
                let pairs = (0..v.len()).flat_map(|i| (i + 1..v.len()).map(move |j| (i, j)));
                all.push(pairs.map(|(i, j)| (v[j] - v[i]).signum()).sum());
            });
            for &s in &all {
                let far = all.iter().filter(|o| o.abs() >= s.abs()).count();
                let want = far as f64 / all.len() as f64;
                assert!((exact(n as usize, s) - want).abs() < 1e-12, "{n} {s}");
            }
        }
    }
}
