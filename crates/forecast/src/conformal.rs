//! Bands from the errors that forecasts really made, step ahead by step ahead.
//!
//! - Computes: quantiles of backtested errors brought to one scale, for each step ahead; errors
//!   of neighbouring steps join in where one step alone has too few.
//! - Units: scores are errors divided by the usual error of their series.
//! - Shapes: rows of scores in, one value a step ahead; a quantile for a step and a share out.
//! - Errors: `None` without any score; a share beyond what the scores can tell is carried on
//!   with the tail of a normal law, and is wider for it.
//! - Source: split conformal prediction (V. Vovk et al. 2005) per horizon; coverage is
//!   measured on public series in `docs/benchmarks.md`.

/// What errors look like at each step ahead.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// Mean size of a score at each step ahead; never falls.
    growth: Vec<f64>,
    /// Scores over their growth, sorted, for each step ahead.
    sorted: Vec<Vec<f64>>,
}

/// Scores wanted for the quantiles of one step ahead.
const ENOUGH: usize = 1000;

/// Rows below which the side that errors fell on tells nothing: each then counts on both.
const SIDED: usize = 8;

impl Calibration {
    /// Learns from rows of scores; a row may stop before the last step.
    pub fn learn(rows: &[Vec<f64>], horizon: usize) -> Option<Self> {
        let mirrored: Vec<Vec<f64>>;
        let rows = if rows.len() < SIDED {
            let other = rows.iter().map(|row| row.iter().map(|s| -s).collect());
            mirrored = rows.iter().cloned().chain(other).collect();
            &mirrored
        } else {
            rows
        };
        let mut sizes = vec![(0.0, 0.0); horizon];
        for row in rows {
            for (size, score) in sizes.iter_mut().zip(row).filter(|(_, s)| s.is_finite()) {
                size.0 += score.abs();
                size.1 += 1.0;
            }
        }
        let growth = rising(&sizes)?;
        let relative = |row: &[f64], at: usize| {
            let (score, size) = (row.get(at)?, growth.get(at)?);
            let z = score / size;
            z.is_finite().then_some(z)
        };
        let count: Vec<usize> = sizes.iter().map(|s| s.1 as usize).collect();
        let sorted = (0..horizon).map(|step| {
            let (mut from, mut to) = (step, step + 1);
            let mut held = count.get(step).copied().unwrap_or(0);
            while held < ENOUGH && (from > 0 || to < horizon) {
                if from > 0 {
                    from -= 1;
                    held += count.get(from).copied().unwrap_or(0);
                }
                if to < horizon {
                    held += count.get(to).copied().unwrap_or(0);
                    to += 1;
                }
            }
            let mut own: Vec<f64> =
                rows.iter().flat_map(|row| (from..to).filter_map(|at| relative(row, at))).collect();
            own.sort_unstable_by(f64::total_cmp);
            own
        });
        let sorted = sorted.collect();
        Some(Self { growth, sorted })
    }

    /// The score below which a share of errors stays, at a step ahead (0 is the first).
    pub fn quantile(&self, step: usize, share: f64) -> Option<f64> {
        let step = step.min(self.growth.len().checked_sub(1)?);
        let (growth, sorted) = (self.growth.get(step)?, self.sorted.get(step)?);
        Some(growth * ordered(sorted, share)?)
    }
}

/// Quantile of sorted values at `share` of `n + 1`: one more error may be the largest.
fn ordered(sorted: &[f64], share: f64) -> Option<f64> {
    let n = sorted.len();
    let share = share.clamp(1e-9, 1.0 - 1e-9);
    let place = share * (n + 1) as f64;
    let (first, last) = (*sorted.first()?, *sorted.last()?);
    // How much farther than the outermost error a rarer one lies: tails of a normal law.
    let beyond = |tail: f64| ((1.0 / tail).ln() / ((n + 1) as f64).ln().max(0.5)).sqrt().max(1.0);
    if place < 1.0 {
        return Some(if first < 0.0 { first * beyond(share) } else { first });
    }
    if place >= n as f64 {
        let tail = 1.0 - share;
        let rare = tail * ((n + 1) as f64) < 1.0;
        return Some(if last > 0.0 && rare { last * beyond(tail) } else { last });
    }
    let below = place.floor();
    let at = below as usize - 1;
    let (low, high) = (sorted.get(at)?, sorted.get(at + 1)?);
    Some(low + (place - below) * (high - low))
}

/// Means that never fall (pool adjacent violators), from sums and counts; steps without a
/// count follow their neighbours.
fn rising(sizes: &[(f64, f64)]) -> Option<Vec<f64>> {
    // (sum, count, steps) of each block.
    let mut blocks: Vec<(f64, f64, usize)> = Vec::new();
    let value = |b: &(f64, f64, usize)| b.0 / b.1;
    for &(sum, count) in sizes {
        if count == 0.0 {
            match blocks.last_mut() {
                Some(last) => last.2 += 1,
                None => blocks.push((0.0, 0.0, 1)),
            }
            continue;
        }
        let mut block = (sum, count, 1);
        while let Some(last) = blocks.last().copied() {
            if last.1 > 0.0 && value(&last) <= value(&block) {
                break;
            }
            block = (block.0 + last.0, block.1 + last.1, block.2 + last.2);
            blocks.pop();
        }
        blocks.push(block);
    }
    let known = blocks.iter().all(|b| b.1 > 0.0) && !blocks.is_empty();
    let mut means: Vec<f64> =
        blocks.iter().flat_map(|b| std::iter::repeat_n(value(b), b.2)).collect();
    // Errors of nothing: any positive unit will do, scores are all zero.
    means.iter_mut().filter(|m| **m <= 0.0).for_each(|m| *m = 1.0);
    known.then_some(means)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quantiles_are_those_of_the_errors_made() {
        // Nine errors, −4 to 4: half lie below 0, one in ten below the lowest.
        let rows: Vec<Vec<f64>> = (-4..=4).map(|e| vec![f64::from(e)]).collect();
        let made = Calibration::learn(&rows, 1).unwrap();
        assert_eq!(made.quantile(0, 0.5), Some(0.0));
        assert!((made.quantile(0, 0.1).unwrap() + 4.0).abs() < 1e-12);
        assert!((made.quantile(0, 0.25).unwrap() + 2.5).abs() < 1e-12);
        // Rarer than all that was seen: farther, by the tail of a normal law.
        let rare = made.quantile(0, 0.99).unwrap();
        assert!((rare - 4.0 * (100f64.ln() / 10f64.ln()).sqrt()).abs() < 1e-9, "{rare}");
    }

    #[test]
    fn growth_never_falls_and_pools_what_would() {
        let means = rising(&[(1.0, 1.0), (3.0, 1.0), (2.0, 1.0), (0.0, 0.0), (8.0, 2.0)]);
        assert_eq!(means, Some(vec![1.0, 2.5, 2.5, 2.5, 4.0]));
        assert_eq!(rising(&[]), None);
        assert_eq!(rising(&[(0.0, 0.0)]), None);
        assert_eq!(rising(&[(0.0, 0.0), (2.0, 1.0)]), Some(vec![2.0, 2.0]));
    }

    #[test]
    fn perfect_forecasts_have_scores_of_nothing() {
        let made = Calibration::learn(&[vec![0.0, 0.0]], 2).unwrap();
        assert_eq!(made.quantile(1, 0.975), Some(0.0));
        assert_eq!(Calibration::learn(&[], 3), None);
    }

    proptest! {
        #[test]
        fn quantiles_never_cross(
            rows in prop::collection::vec(prop::collection::vec(-1e3..1e3f64, 0..5), 1..40),
            a in 0.0..1.0f64, b in 0.0..1.0f64, step in 0usize..6,
        ) {
            if let Some(made) = Calibration::learn(&rows, 4) {
                let (a, b) = (a.min(b), a.max(b));
                if let (Some(low), Some(high)) = (made.quantile(step, a), made.quantile(step, b)) {
                    prop_assert!(low <= high, "{low} {high}");
                    prop_assert!(low.is_finite() && high.is_finite());
                }
            }
        }
    }
}
