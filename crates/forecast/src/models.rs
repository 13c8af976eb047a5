//! Models that learn from the history of one series alone.
//!
//! - Computes: what each model says of the steps to come, seasons taken out before and put back
//!   after where the model knows none.
//! - Units: those of the series.
//! - Shapes: a history of equal steps without unknown ones in, oldest first; `horizon` values a
//!   model out.
//! - Errors: `None` for a model that has nothing sound to say: too little history, or values that
//!   explode.
//! - Source: each file names its own.

use serde::{Deserialize, Serialize};

mod ar;
mod ets;
mod intermittent;
mod linear;
mod optimise;
mod season;
pub(crate) mod stl;
mod theta;

use season::Adjusted;

/// A model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// The last value without its season.
    Last,
    /// The mean of all history.
    Mean,
    /// The mean of the last long season.
    RecentMean,
    /// Simple exponential smoothing.
    Smoothing,
    /// Exponential smoothing with a trend that fades.
    DampedTrend,
    /// Forms of exponential smoothing with the season inside, averaged by criterion.
    ExponentialSmoothing,
    /// The Theta method.
    Theta,
    /// Its optimised dynamic form.
    DynamicTheta,
    /// Autoregression, on differences where the level wanders.
    Autoregression,
    /// Autoregression about the mean.
    StationaryAutoregression,
    /// Seasons and trend by local lines; the rest goes on by the dynamic Theta method.
    Decomposition,
    /// Smoothed size and chance of a demand that comes now and then.
    Intermittent,
    /// Croston's method without its bias.
    Croston,
}

impl Model {
    /// All of them.
    pub const ALL: [Model; 13] = [
        Model::Last,
        Model::Mean,
        Model::RecentMean,
        Model::Smoothing,
        Model::DampedTrend,
        Model::ExponentialSmoothing,
        Model::Theta,
        Model::DynamicTheta,
        Model::Autoregression,
        Model::StationaryAutoregression,
        Model::Decomposition,
        Model::Intermittent,
        Model::Croston,
    ];
}

impl Model {
    /// Whether fitting it takes much longer than others.
    pub(crate) fn is_slow(self) -> bool {
        matches!(self, Model::ExponentialSmoothing | Model::Decomposition | Model::DampedTrend)
    }
}

/// Steps of history that a slow model learns from, in seasons and at least.
const SLOW_SEASONS: usize = 12;
const SLOW_STEPS: usize = 160;

/// A history with its seasons taken out, for all models to share.
#[derive(Debug, Clone)]
pub struct Local<'a> {
    history: &'a [f64],
    seasons: Vec<usize>,
    adjusted: Adjusted,
    /// Weight and last level of simple smoothing, which two models share.
    smooth: Option<(f64, f64)>,
}

impl<'a> Local<'a> {
    /// Takes the seasons out of a history; shortest first.
    pub fn new(history: &'a [f64], seasons: &[usize]) -> Self {
        let seasons: Vec<usize> = seasons.iter().copied().filter(|m| *m > 1).collect();
        let adjusted = Adjusted::new(history, &seasons);
        let smooth = linear::simple_level(&adjusted.values);
        Self { history, seasons, adjusted, smooth }
    }

    /// What follows, by one model.
    pub fn forecast(&self, model: Model, horizon: usize) -> Option<Vec<f64>> {
        let level = self.adjusted.values.as_slice();
        let back = |ahead: Vec<f64>| self.adjusted.restore(ahead);
        let last_of = |steps: usize| level.get(level.len().saturating_sub(steps)..);
        let flat = |value: f64| vec![value; horizon];
        let said = match model {
            Model::Last => level.last().map(|v| back(flat(*v))),
            Model::Mean => (!level.is_empty()).then(|| back(flat(season::mean(level)))),
            Model::RecentMean => {
                let steps = self.seasons.last().copied().unwrap_or(1).max(horizon);
                last_of(steps).filter(|v| !v.is_empty()).map(|v| back(flat(season::mean(v))))
            }
            Model::Smoothing => self.smooth.map(|(_, last)| back(flat(last))),
            Model::DampedTrend => linear::damped(level, horizon).map(back),
            Model::ExponentialSmoothing => self.smoothing(horizon),
            Model::Theta => self.smooth.map(|s| back(theta::standard(level, s, horizon))),
            Model::DynamicTheta => theta::dynamic(level, horizon).map(back),
            Model::Autoregression => ar::forecast(level, horizon).map(back),
            Model::StationaryAutoregression => ar::level(level, horizon).map(back),
            Model::Decomposition => self.decomposition(horizon),
            Model::Intermittent => intermittent::smoothed(self.history, horizon),
            Model::Croston => intermittent::croston(self.history, horizon),
        };
        said.filter(|values| self.sane(values))
    }

    /// The first season is the model's own; longer ones are taken out before.
    fn smoothing(&self, horizon: usize) -> Option<Vec<f64>> {
        let values = self.adjusted.with_first();
        let season = self.adjusted.seasons.first().map_or(1, |s| s.effects.len());
        let steps = (SLOW_SEASONS * season).max(SLOW_STEPS);
        let recent = values.get(values.len().saturating_sub(steps)..)?;
        if season > ets::LONGEST {
            return None;
        }
        Some(self.adjusted.restore_longer(ets::averaged(recent, season, horizon)?))
    }

    fn decomposition(&self, horizon: usize) -> Option<Vec<f64>> {
        // Seasons that grow with the level add up in logarithms.
        let logs = self.history.iter().all(|v| *v > 0.0);
        let to = |v: f64| if logs { v.ln() } else { v };
        let from = |v: f64| if logs { v.exp() } else { v };
        let values: Vec<f64> = self.history.iter().map(|v| to(*v)).collect();
        let parts = stl::decompose(&values, &self.seasons);
        if parts.seasons.is_empty() {
            return None;
        }
        let level: Vec<f64> =
            parts.trend.iter().zip(&parts.rest).map(|(t, r)| from(t + r)).collect();
        let mut ahead: Vec<f64> = theta::dynamic(&level, horizon)?.into_iter().map(to).collect();
        for (length, values) in &parts.seasons {
            let last = values.get(values.len().checked_sub(*length)?..)?;
            ahead.iter_mut().zip(last.iter().cycle()).for_each(|(a, s)| *a += s);
        }
        Some(ahead.into_iter().map(from).collect())
    }

    /// Whether values stay within reach of what history has seen.
    fn sane(&self, values: &[f64]) -> bool {
        let ends = |(low, high): (f64, f64), v: &f64| (low.min(*v), high.max(*v));
        let (low, high) = self.history.iter().fold((f64::INFINITY, f64::NEG_INFINITY), ends);
        // Twice as far beyond as history is wide; rounding has room where it never moved.
        let reach = 2.0 * (high - low) + 1e-6 * (high.abs() + low.abs());
        values.iter().all(|v| v.is_finite() && *v >= low - reach && *v <= high + reach)
    }
}
