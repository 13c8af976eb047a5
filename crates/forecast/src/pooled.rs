//! One regression for all series: what follows a window of history, learned from the windows
//! of every series put on one scale.
//!
//! - Computes: for each step ahead, a linear function of the last `lags` values, fitted by
//!   ridge regression on windows of all series, then refitted with less weight on the
//!   windows it misses most (an approach to least absolute errors).
//! - Units: those of the series; a window is brought to one scale by a [`Scale`].
//! - Shapes: histories of equal steps in, oldest first; `horizon` values a series out.
//! - Errors: [`PooledError`] when there are too few windows; `None` for a history shorter
//!   than a window, or one the scale has no meaning for.
//! - Source: direct multi-step linear autoregression learned across series
//!   (P. Montero-Manso and R. Hyndman 2021, *Principles and algorithms for forecasting groups
//!   of time series*). Measured on M4 Hourly beside the published entries.

use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// How windows of different series are made comparable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Logarithms about that of the mean of the last season: effects multiply.
    Log,
    /// Distance to the mean of the last season, in standard deviations of the window.
    Spread,
    /// The same in mean absolute differences from one season to the next.
    Season,
}

impl Scale {
    /// All of them.
    pub const ALL: [Scale; 3] = [Scale::Log, Scale::Spread, Scale::Season];
}

/// What to learn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PooledOptions {
    /// How windows are made comparable.
    pub scale: Scale,
    /// Values of a window.
    pub lags: usize,
    /// Steps ahead.
    pub horizon: usize,
    /// Shortest season, in steps; 1 without any.
    pub season: usize,
    /// Windows learned from at most, evenly spread.
    pub most_windows: usize,
    /// Weight of the penalty on coefficients, in windows.
    pub penalty: f64,
}

/// Why nothing could be learned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PooledError {
    /// Too few windows for so many coefficients.
    #[error("{windows} windows of history are too few: {needed} are needed")]
    TooFew {
        /// Windows found.
        windows: usize,
        /// Windows needed.
        needed: usize,
    },
    /// A window or a horizon of nothing.
    #[error("a window and a horizon hold one step at least")]
    Nothing,
    /// The equations have no solution a computer can hold.
    #[error("the regression has no finite solution")]
    Unsolved,
}

/// A fitted regression.
#[derive(Debug, Clone, PartialEq)]
pub struct Pooled {
    options: PooledOptions,
    /// A row for each lag and one for the constant, a column for each step ahead.
    coefficients: DMatrix<f64>,
}

/// How a window was brought to scale.
#[derive(Debug, Clone, Copy)]
struct Unit {
    centre: f64,
    width: f64,
}

/// Values beyond are cut: a window that leaves the ordinary must not lead the others.
const MOST_LOG: f64 = 3.0;
const MOST_WIDTHS: f64 = 50.0;
/// Turns of refitting with weights.
const TURNS: usize = 3;

impl PooledOptions {
    /// The unit of a window; `None` where the scale says nothing of it.
    fn unit(&self, window: &[f64]) -> Option<Unit> {
        let season = self.season.clamp(1, window.len());
        let last = window.get(window.len() - season..)?;
        let centre = mean(last);
        if self.scale == Scale::Log {
            let centre = (centre > 0.0).then(|| centre.ln())?;
            return centre.is_finite().then_some(Unit { centre, width: 1.0 });
        }
        let differences = || {
            let pairs = window.iter().zip(window.get(season..).unwrap_or_default());
            pairs.map(|(a, b)| (b - a).abs()).sum::<f64>() / (window.len() - season).max(1) as f64
        };
        let deviation = || {
            let all = mean(window);
            let squares = window.iter().map(|v| (v - all).powi(2)).sum::<f64>();
            (squares / window.len() as f64).sqrt()
        };
        // A season that comes again to the last digit is measured by its shape, and a window
        // that never moves by its level.
        let moves = |width: &f64| *width > centre.abs() * 1e-12;
        let season = Some(differences()).filter(|w| self.scale == Scale::Season && moves(w));
        let width = season.or_else(|| Some(deviation()).filter(moves));
        let width = width.or_else(|| Some(centre.abs()).filter(|w| *w > 0.0)).unwrap_or(1.0);
        (centre.is_finite() && width.is_finite()).then_some(Unit { centre, width })
    }

    fn put_on(self, value: f64, unit: Unit) -> f64 {
        match self.scale {
            Scale::Log => {
                let floor = unit.centre - MOST_LOG;
                let log = if value > 0.0 { value.ln() } else { floor };
                (log - unit.centre).clamp(-MOST_LOG, MOST_LOG)
            }
            _ => ((value - unit.centre) / unit.width).clamp(-MOST_WIDTHS, MOST_WIDTHS),
        }
    }

    fn back_from(self, value: f64, unit: Unit) -> f64 {
        match self.scale {
            Scale::Log => (value.clamp(-2.0 * MOST_LOG, 2.0 * MOST_LOG) + unit.centre).exp(),
            _ => value * unit.width + unit.centre,
        }
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

impl Pooled {
    /// Learns from all series.
    pub fn fit(series: &[&[f64]], options: PooledOptions) -> Result<Self, PooledError> {
        let PooledOptions { lags, horizon, .. } = options;
        if lags == 0 || horizon == 0 {
            return Err(PooledError::Nothing);
        }
        let (x, y) = windows(series, options);
        let needed = 2 * (lags + 1);
        if x.nrows() < needed {
            return Err(PooledError::TooFew { windows: x.nrows(), needed });
        }
        let mut weights = DVector::from_element(x.nrows(), 1.0);
        let mut coefficients = solve(&x, &y, &weights, options.penalty)?;
        for _ in 0..TURNS {
            let missed = &x * &coefficients - &y;
            let miss: Vec<f64> =
                missed.row_iter().map(|r| r.iter().map(|v| v.abs()).sum::<f64>()).collect();
            let usual = median(&miss);
            if usual <= 0.0 {
                break;
            }
            for (weight, miss) in weights.iter_mut().zip(&miss) {
                *weight = usual / (miss + 0.2 * usual);
            }
            coefficients = solve(&x, &y, &weights, options.penalty)?;
        }
        Ok(Self { options, coefficients })
    }

    /// What follows a history.
    pub fn forecast(&self, history: &[f64]) -> Option<Vec<f64>> {
        let lags = self.options.lags;
        let window = history.get(history.len().checked_sub(lags)?..)?;
        let unit = self.options.unit(window)?;
        let mut row: Vec<f64> = window.iter().map(|&v| self.options.put_on(v, unit)).collect();
        row.push(1.0);
        let ahead = self.coefficients.tr_mul(&DVector::from_vec(row));
        let values: Vec<f64> = ahead.iter().map(|&v| self.options.back_from(v, unit)).collect();
        values.iter().all(|v| v.is_finite()).then_some(values)
    }
}

/// Windows of all series, evenly spread when there are more than wanted: lags and a constant,
/// then what followed.
fn windows(series: &[&[f64]], options: PooledOptions) -> (DMatrix<f64>, DMatrix<f64>) {
    let PooledOptions { lags, horizon, most_windows, .. } = options;
    let of = |s: &[f64]| (s.len() + 1).saturating_sub(lags + horizon);
    let total: usize = series.iter().map(|s| of(s)).sum();
    let step = total.div_ceil(most_windows.max(1)).max(1);
    let found: Vec<Vec<(Vec<f64>, Vec<f64>)>> = series
        .par_iter()
        .map(|s| {
            let mut own = Vec::new();
            // From the end: the last windows of each series are the ones most like what comes.
            for from in (0..of(s)).rev().step_by(step) {
                let Some(window) = s.get(from..from + lags) else { continue };
                let Some(next) = s.get(from + lags..from + lags + horizon) else { continue };
                if window.iter().chain(next).any(|v| !v.is_finite()) {
                    continue;
                }
                let Some(unit) = options.unit(window) else { continue };
                let scaled = |values: &[f64]| -> Vec<f64> {
                    values.iter().map(|&v| options.put_on(v, unit)).collect()
                };
                own.push((scaled(window), scaled(next)));
            }
            own
        })
        .collect();
    let rows: Vec<(Vec<f64>, Vec<f64>)> = found.into_iter().flatten().collect();
    let cell = |r: usize, c: usize| rows.get(r).and_then(|x| x.0.get(c)).copied().unwrap_or(1.0);
    let next = |r: usize, c: usize| rows.get(r).and_then(|x| x.1.get(c)).copied().unwrap_or(0.0);
    (DMatrix::from_fn(rows.len(), lags + 1, cell), DMatrix::from_fn(rows.len(), horizon, next))
}

/// Weighted least squares with a penalty on every coefficient.
fn solve(
    x: &DMatrix<f64>,
    y: &DMatrix<f64>,
    weights: &DVector<f64>,
    penalty: f64,
) -> Result<DMatrix<f64>, PooledError> {
    let mut weighted = x.clone();
    for mut column in weighted.column_iter_mut() {
        column.component_mul_assign(weights);
    }
    // The same weights on average, so that a penalty means as much at every turn.
    let share = weights.sum() / weights.len().max(1) as f64;
    // The transpose first: products of two plain matrices take the fast way.
    let weighted = weighted.transpose();
    let mut gram = &weighted * x;
    for i in 0..gram.nrows() {
        gram[(i, i)] += penalty.max(1e-9) * share;
    }
    let right = weighted * y;
    let solved = gram.cholesky().ok_or(PooledError::Unsolved)?.solve(&right);
    if solved.iter().all(|v| v.is_finite()) { Ok(solved) } else { Err(PooledError::Unsolved) }
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    let middle = values.len() / 2;
    if values.is_empty() {
        return 0.0;
    }
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEEK: [f64; 7] = [9.0, 8.0, 7.0, 8.0, 6.0, 2.0, 1.0];

    /// The same week at many levels, each series beginning on another day.
    fn series() -> Vec<Vec<f64>> {
        let one = |s: usize| {
            let level = 3.0 * 1.5f64.powi(s as i32);
            (0..80).map(|i| level * WEEK[(i + s) % 7]).collect()
        };
        (0..12).map(one).collect()
    }

    fn options(scale: Scale) -> PooledOptions {
        PooledOptions { scale, lags: 14, horizon: 5, season: 7, most_windows: 5000, penalty: 1e-6 }
    }

    #[test]
    fn a_week_common_to_all_levels_is_learned_in_every_scale() {
        let all = series();
        let known: Vec<&[f64]> = all.iter().map(|s| &s[..75]).collect();
        for scale in Scale::ALL {
            let learned = Pooled::fit(&known, options(scale)).unwrap();
            for (own, all) in known.iter().zip(&all) {
                let found = learned.forecast(own).unwrap();
                for (f, y) in found.iter().zip(&all[75..]) {
                    assert!((f / y - 1.0).abs() < 1e-3, "{scale:?}: {f} for {y}");
                }
            }
        }
    }

    #[test]
    fn unknown_steps_and_windows_without_a_scale_are_left_out() {
        let mut all = series();
        all[0][40] = f64::NAN;
        all[1] = vec![-1.0; 80];
        let known: Vec<&[f64]> = all.iter().map(Vec::as_slice).collect();
        let (x, y) = windows(&known, options(Scale::Log));
        // 62 windows a series; those that hold the unknown step are 19, a negative level none.
        assert_eq!((x.nrows(), x.ncols(), y.ncols()), (12 * 62 - 19 - 62, 15, 5));
        let learned = Pooled::fit(&known, options(Scale::Log)).unwrap();
        assert_eq!(learned.forecast(&all[1]), None);
        assert_eq!(learned.forecast(&all[2][..13]), None);
    }

    #[test]
    fn too_little_is_refused() {
        let all = series();
        let few: Vec<&[f64]> = vec![&all[0][..40]];
        let refused = Pooled::fit(&few, options(Scale::Spread)).unwrap_err();
        assert_eq!(refused, PooledError::TooFew { windows: 22, needed: 30 });
        let none = PooledOptions { lags: 0, ..options(Scale::Log) };
        assert_eq!(Pooled::fit(&few, none).unwrap_err(), PooledError::Nothing);
    }
}
