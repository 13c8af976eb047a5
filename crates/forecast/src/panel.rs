//! Forecasts of many series at once, with bands, chosen and calibrated by backtest.
//!
//! - Computes: for each series, a combination of candidates weighted by the errors they made
//!   when the same question was asked at earlier moments; bands from the errors that this
//!   very way of combining made then, each moment judged with what was known before it.
//! - Units: those of the series.
//! - Shapes: series of equal steps in (NaN where nothing is known); for each, `horizon`
//!   values, bands and a report of the backtest out.
//! - Errors: [`NoForecast`] for a series of which nothing sound can be said; the others are
//!   forecast all the same. Same input, same bits, whatever the number of threads.
//! - Source: `docs/methods/forecast.md`; measured on M4 Hourly and M3 Monthly beside the
//!   published entries.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    models::Model,
    paths,
    pooled::Scale,
    regression::{Drivers, NamedEffect},
};

mod judge;
mod parts;
mod ready;
mod run;

pub use parts::Parts;
use ready::Ready;
use run::{Asked, Run};

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// Steps ahead.
    pub horizon: usize,
    /// Seasons in steps, shortest first; empty without any.
    pub seasons: Vec<usize>,
    /// Levels of the bands, as shares: 0.8 for the band that holds four values in five.
    pub levels: Vec<f64>,
}

/// A band.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Band {
    /// Share of values it should hold.
    pub level: f64,
    /// Lower end at each step.
    pub low: Vec<f64>,
    /// Upper end at each step.
    pub high: Vec<f64>,
}

/// What a candidate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Candidate {
    /// The last value goes on.
    Naive,
    /// The last season comes again.
    SeasonalNaive {
        /// Steps of the season.
        season: usize,
    },
    /// The last season comes again, at the level of now.
    SeasonalLevel {
        /// Steps of the season.
        season: usize,
    },
    /// The mean of the last four seasons, as they were.
    SeasonalMean {
        /// Steps of the season.
        season: usize,
    },
    /// The mean of the last four seasons, each at the level of now.
    SeasonalMeanLevel {
        /// Steps of the season.
        season: usize,
    },
    /// A model of the series alone.
    Local {
        /// Which.
        model: Model,
        /// Seasons it takes into account, the shortest first.
        seasons: usize,
    },
    /// The regression learned over all series.
    Pooled {
        /// How series were made comparable.
        scale: Scale,
        /// Values of a window.
        lags: usize,
    },
}

/// What the backtest says of a series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Backtest {
    /// Moments at which the question was asked.
    pub moments: usize,
    /// Weights of the candidates in the forecast, largest first; those of nothing left out.
    pub weights: Vec<(Candidate, f64)>,
    /// Mean absolute error of the combination over that of the seasonal naive forecast
    /// within the history: below 1 it does better. `None` without a moment to judge by.
    pub mase: Option<f64>,
    /// The same for the seasonal naive forecast at the same moments.
    pub naive_mase: Option<f64>,
    /// Symmetric mean absolute percentage error, in percent.
    pub smape: Option<f64>,
    /// Share of the backtested values inside each band, in the order of the levels.
    pub coverage: Vec<Option<f64>>,
    /// Whether the seasonal naive forecast did as well, and is used for being simpler.
    pub naive_kept: bool,
    /// What would have been said at each moment, nearest first.
    pub trials: Vec<TrialView>,
}

/// What would have been said at a moment of the past.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrialView {
    /// Steps between that moment and the end of the series as given.
    pub back: usize,
    /// What was expected at each step from then on.
    pub mean: Vec<f64>,
    /// Lower end of the widest band.
    pub low: Vec<f64>,
    /// Upper end of the widest band.
    pub high: Vec<f64>,
}

/// The forecast of a series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// What is expected at each step.
    pub mean: Vec<f64>,
    /// Bands in the order of the levels.
    pub bands: Vec<Band>,
    /// What the backtest says.
    pub backtest: Backtest,
    /// What known drivers do; empty without drivers.
    pub effects: Vec<NamedEffect>,
    /// What the history is made of.
    pub parts: Parts,
    /// Quantiles at each step: a share and its values, shares rising.
    #[serde(skip)]
    pub quantiles: Vec<(f64, Vec<f64>)>,
    /// Errors made at the moments of the backtest, step by step, at the scale of now.
    #[serde(skip)]
    pub past: Vec<Vec<f64>>,
}

impl Forecast {
    /// Whole courses of what is to come, for whatever sums over time: `n` paths whose values at
    /// each step follow the bands, and which hang together as past errors did.
    pub fn paths(&self, n: usize, seed: u64) -> Vec<Vec<f64>> {
        let marginal = |step: usize, share: f64| self.quantile(step, share).unwrap_or(0.0);
        paths::joint(marginal, &self.past, self.mean.len(), n, seed)
    }

    /// The value below which a share of what may come at a step stays; straight between the
    /// quantiles kept, and no farther than the outermost.
    pub fn quantile(&self, step: usize, share: f64) -> Option<f64> {
        let at = self.quantiles.partition_point(|(s, _)| *s < share);
        let value = |at: usize| -> Option<(f64, f64)> {
            let (share, values) = self.quantiles.get(at)?;
            Some((*share, *values.get(step)?))
        };
        let mean = || self.mean.get(step).copied();
        let Some((above, high)) = value(at) else {
            return self.quantiles.len().checked_sub(1).and_then(value).map(|v| v.1).or_else(mean);
        };
        let Some((below, low)) = at.checked_sub(1).and_then(value) else { return Some(high) };
        Some(low + (high - low) * (share - below) / (above - below))
    }
}

/// Why a series has no forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoForecast {
    /// Fewer than three values are known.
    #[error("fewer than three values are known")]
    TooShort,
    /// A value is infinite, or so large that sums overflow.
    #[error("a value is too large to be counted with")]
    TooLarge,
}

/// A series to be forecast.
#[derive(Debug, Clone, Copy)]
pub struct Series<'a> {
    /// Values at equal steps, oldest first; NaN where nothing is known.
    pub values: &'a [f64],
    /// What is known in advance of its steps, over history and horizon.
    pub drivers: Option<&'a Drivers>,
}

/// Forecasts every series.
pub fn forecast(series: &[Vec<f64>], question: &Question) -> Vec<Result<Forecast, NoForecast>> {
    let series: Vec<Series<'_>> =
        series.iter().map(|values| Series { values, drivers: None }).collect();
    forecast_with(&series, question)
}

/// Forecasts every series with what is known in advance: holidays, campaigns, new rules.
///
/// At each moment of the backtest the effects of drivers are learned from what was known then;
/// candidates answer with them and without.
pub fn forecast_with(
    series: &[Series<'_>],
    question: &Question,
) -> Vec<Result<Forecast, NoForecast>> {
    let season = question.seasons.first().copied().unwrap_or(1).max(1);
    let ready: Vec<Result<Ready, NoForecast>> =
        series.par_iter().map(|s| Ready::of(s.values, season)).collect();
    let asked: Vec<Asked<'_>> = ready
        .iter()
        .zip(series)
        .filter_map(|(ready, series)| Some(Asked { ready: ready.as_ref().ok()?, series }))
        .collect();
    let mut made = Run::new(asked, question).forecasts().into_iter();
    ready
        .iter()
        .map(|r| match r {
            Ok(_) => made.next().unwrap_or(Err(NoForecast::TooShort)),
            Err(why) => Err(*why),
        })
        .collect()
}
