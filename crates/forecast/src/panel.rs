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
    combine::{Weighting, standing},
    conformal::Calibration,
    pooled::{Pooled, PooledOptions, Scale},
    shapes::Shape,
};

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

/// Values beyond are refused: their squares would overflow.
const LARGEST: f64 = 1e100;
/// Windows a pooled regression learns from at most.
const MOST_WINDOWS: usize = 15_000;
/// Moments of the backtest at most.
const MOST_MOMENTS: usize = 11;
/// Improvement over the seasonal naive forecast below which the simpler is kept.
const TIE: f64 = 0.99;

/// A series ready to be forecast: no unknown value, no unknown beginning.
struct Ready {
    values: Vec<f64>,
    /// Mean absolute difference from one season to the next: the unit of MASE.
    unit: f64,
    /// No value below zero: a forecast stays above it too.
    positive: bool,
}

impl Ready {
    fn of(values: &[f64], season: usize) -> Result<Self, NoForecast> {
        if values.iter().any(|v| v.is_infinite() || v.abs() > LARGEST) {
            return Err(NoForecast::TooLarge);
        }
        if values.iter().filter(|v| v.is_finite()).count() < 3 {
            return Err(NoForecast::TooShort);
        }
        let first = values.iter().position(|v| v.is_finite()).unwrap_or(values.len());
        let values = filled(values.get(first..).unwrap_or_default(), season);
        let positive = values.iter().all(|v| *v >= 0.0);
        let differences = |lag: usize| -> Option<f64> {
            let pairs = values.iter().zip(values.get(lag..)?);
            let (sum, n) = pairs.fold((0.0, 0usize), |(s, n), (a, b)| (s + (b - a).abs(), n + 1));
            (n > 0 && sum > 0.0).then(|| sum / n as f64)
        };
        // A series that never moved may move: one step of its size in as many as were seen.
        let size = values.iter().fold(0.0f64, |most, v| most.max(v.abs())).max(1.0);
        let floor = size / (values.len() + 1) as f64;
        let unit = differences(season).or_else(|| differences(1)).unwrap_or(floor);
        Ok(Self { values, unit, positive })
    }
}

/// Known values as they are; an unknown one is that of the season before, or on the line
/// between its known neighbours.
fn filled(values: &[f64], season: usize) -> Vec<f64> {
    let mut out = values.to_vec();
    let last = out.iter().rposition(|v| v.is_finite()).map_or(0, |l| l + 1);
    out.truncate(last);
    for at in 0..out.len() {
        if out.get(at).is_some_and(|v| v.is_finite()) {
            continue;
        }
        let before = at.checked_sub(season.max(2)).and_then(|b| out.get(b)).copied();
        let between = || {
            let left = out.get(..at)?.last().copied()?;
            let ahead = out.get(at..)?.iter().position(|v| v.is_finite())?;
            let right = out.get(at + ahead).copied()?;
            Some(left + (right - left) / (ahead + 1) as f64)
        };
        let value = if season > 1 { before.or_else(between) } else { between() };
        if let (Some(slot), Some(value)) = (out.get_mut(at), value) {
            *slot = value;
        }
    }
    out
}

/// Forecasts every series.
pub fn forecast(series: &[Vec<f64>], question: &Question) -> Vec<Result<Forecast, NoForecast>> {
    let season = question.seasons.first().copied().unwrap_or(1).max(1);
    let ready: Vec<Result<Ready, NoForecast>> =
        series.par_iter().map(|s| Ready::of(s, season)).collect();
    let sound: Vec<&Ready> = ready.iter().flatten().collect();
    let mut made = Run::new(&sound, question).forecasts().into_iter();
    ready
        .iter()
        .map(|r| match r {
            Ok(_) => made.next().unwrap_or(Err(NoForecast::TooShort)),
            Err(why) => Err(*why),
        })
        .collect()
}

struct Run<'a> {
    series: &'a [&'a Ready],
    question: &'a Question,
    season: usize,
    candidates: Vec<Candidate>,
    /// Steps between each moment of the backtest and the end of the series.
    moments: Vec<usize>,
}

/// What candidates said at one moment: by series, then by candidate.
type Said = Vec<Vec<Option<Vec<f64>>>>;

impl<'a> Run<'a> {
    fn new(series: &'a [&'a Ready], question: &'a Question) -> Self {
        let season = question.seasons.first().copied().unwrap_or(1).max(1);
        let mut candidates = vec![Candidate::Naive];
        for &season in question.seasons.iter().filter(|&&s| s > 1) {
            candidates.extend([
                Candidate::SeasonalNaive { season },
                Candidate::SeasonalLevel { season },
                Candidate::SeasonalMean { season },
                Candidate::SeasonalMeanLevel { season },
            ]);
        }
        let lengths = series.iter().map(|s| s.values.len());
        let mut lengths: Vec<usize> = lengths.collect();
        lengths.sort_unstable();
        let usual = lengths.get(lengths.len() / 2).copied().unwrap_or(0);
        for lags in lags(question, usual) {
            candidates.extend(Scale::ALL.map(|scale| Candidate::Pooled { scale, lags }));
        }
        Self { series, question, season, candidates, moments: moments(question.horizon) }
    }

    /// Steps back that a series can be judged at: enough must be left to learn from.
    fn judged(&self, ready: &Ready, back: usize) -> bool {
        let least = (2 * self.season).max(4);
        let room = ready.values.len().saturating_sub(least);
        // Only a history too short for a whole horizon is judged on part of it.
        back <= room && (back >= self.question.horizon || room < self.question.horizon)
    }

    /// What the candidates say when the last `back` steps are hidden; regressions learn
    /// with `learned` steps hidden, no fewer.
    fn said(&self, back: usize, pooled: &[(Candidate, Pooled)]) -> Said {
        let horizon = self.question.horizon;
        self.series
            .par_iter()
            .map(|ready| {
                let known = ready.values.len().saturating_sub(back);
                let history = ready.values.get(..known).unwrap_or_default();
                self.candidates
                    .iter()
                    .map(|&candidate| {
                        let mut values = self.one(candidate, history, horizon, pooled)?;
                        if ready.positive {
                            values.iter_mut().for_each(|v| *v = v.max(0.0));
                        }
                        Some(values)
                    })
                    .collect()
            })
            .collect()
    }

    fn one(
        &self,
        candidate: Candidate,
        history: &[f64],
        horizon: usize,
        pooled: &[(Candidate, Pooled)],
    ) -> Option<Vec<f64>> {
        let shape = |season: usize, seasons: usize, level: usize| {
            Shape { season, seasons, level }.forecast(history, horizon)
        };
        match candidate {
            Candidate::Naive => shape(1, 1, 0),
            Candidate::SeasonalNaive { season } => shape(season, 1, 0),
            Candidate::SeasonalLevel { season } => shape(season, 1, self.season),
            Candidate::SeasonalMean { season } => shape(season, 4, 0),
            Candidate::SeasonalMeanLevel { season } => shape(season, 4, self.season),
            Candidate::Pooled { .. } => {
                pooled.iter().find(|(c, _)| *c == candidate)?.1.forecast(history)
            }
        }
    }

    /// The regressions, learned with the last `back` steps of every series hidden.
    fn learn(&self, back: usize) -> Vec<(Candidate, Pooled)> {
        let histories: Vec<&[f64]> = self
            .series
            .iter()
            .filter_map(|r| r.values.get(..r.values.len().checked_sub(back)?))
            .collect();
        let learn = |&candidate: &Candidate| {
            let Candidate::Pooled { scale, lags } = candidate else { return None };
            let options = PooledOptions {
                scale,
                lags,
                horizon: self.question.horizon,
                season: self.season,
                most_windows: MOST_WINDOWS,
                penalty: 10.0,
            };
            Some((candidate, Pooled::fit(&histories, options).ok()?))
        };
        self.candidates.iter().filter_map(learn).collect()
    }

    fn forecasts(&self) -> Vec<Result<Forecast, NoForecast>> {
        // Regressions are learned anew a few times, always on what came before all the
        // moments they serve: an older one only makes the backtest a little harder.
        let mut backtests: Vec<Said> = Vec::new();
        for group in self.moments.chunks(LEARNED_FOR) {
            let oldest = group.last().copied().unwrap_or(0);
            let pooled = self.learn(oldest);
            backtests.extend(group.iter().map(|&back| self.said(back, &pooled)));
        }
        let now = self.said(0, &self.learn(0));
        let errors: Vec<Vec<Vec<Option<f64>>>> = (0..self.series.len())
            .into_par_iter()
            .map(|number| self.errors(number, &backtests))
            .collect();
        let judges: Vec<Judge> = errors.into_iter().map(Judge::new).collect();
        // What candidates are worth over all series, by what was known at each moment.
        let standings: Vec<Vec<Option<f64>>> = (0..=self.moments.len())
            .map(|place| {
                let of: Vec<Vec<Option<f64>>> =
                    judges.iter().map(|j| j.mean(&self.before(place))).collect();
                standing(&of, self.candidates.len())
            })
            .collect();
        let judged: Vec<Judged> = (0..self.series.len())
            .into_par_iter()
            .filter_map(|number| {
                let judge = judges.get(number)?;
                Some(self.judge(number, judge, &standings, &backtests, &now))
            })
            .collect();
        let rows: Vec<Vec<f64>> = judged.iter().flat_map(|j| j.scores.iter().cloned()).collect();
        let calibration = Calibration::learn(&rows, self.question.horizon);
        judged
            .into_par_iter()
            .zip(self.series.par_iter())
            .map(|(judged, ready)| self.answer(judged, ready, calibration.as_ref()))
            .collect()
    }

    /// Moments whose outcome was known at a moment; at the end of the list, all of them.
    fn before(&self, place: usize) -> Vec<usize> {
        let Some(&back) = self.moments.get(place) else {
            return (0..self.moments.len()).collect();
        };
        let horizon = self.question.horizon.min(back);
        (0..self.moments.len())
            .filter(|&other| self.moments.get(other).is_some_and(|&o| o >= back + horizon))
            .collect()
    }

    /// Mean absolute error by moment and candidate.
    fn errors(&self, number: usize, backtests: &[Said]) -> Vec<Vec<Option<f64>>> {
        let Some(ready) = self.series.get(number) else { return Vec::new() };
        let of = |(&back, said): (&usize, &Said)| -> Vec<Option<f64>> {
            let nothing = || vec![None; self.candidates.len()];
            if !self.judged(ready, back) {
                return nothing();
            }
            let truth = ready.values.get(ready.values.len() - back..).unwrap_or_default();
            let Some(own) = said.get(number) else { return nothing() };
            own.iter().map(|values| mean_error(truth, values.as_deref()?)).collect()
        };
        self.moments.iter().zip(backtests).map(of).collect()
    }

    fn judge(
        &self,
        number: usize,
        judge: &Judge,
        standings: &[Vec<Option<f64>>],
        backtests: &[Said],
        now: &Said,
    ) -> Judged {
        let weighting = Weighting::default();
        let none = Vec::new();
        let combined = |place: usize, own: &[Option<Vec<f64>>]| -> Option<(Vec<f64>, Vec<f64>)> {
            let known = self.before(place);
            let able: Vec<bool> = own.iter().map(Option::is_some).collect();
            let weights = weighting.weights(
                &judge.mean(&known),
                judge.moments(&known),
                standings.get(place).unwrap_or(&none),
                &able,
            )?;
            let mut mean = vec![0.0; self.question.horizon];
            for (weight, values) in weights.iter().zip(own) {
                for (sum, value) in mean.iter_mut().zip(values.iter().flatten()) {
                    *sum += weight * value;
                }
            }
            Some((weights, mean))
        };
        let naive = self.naive();
        let mut judged = Judged::default();
        let ready = self.series.get(number);
        for (place, (&back, said)) in self.moments.iter().zip(backtests).enumerate() {
            let Some(ready) = ready.filter(|r| self.judged(r, back)) else { continue };
            let Some(own) = said.get(number) else { continue };
            let Some((_, mean)) = combined(place, own) else { continue };
            let truth = ready.values.get(ready.values.len() - back..).unwrap_or_default();
            let simple = own.get(naive).and_then(|v| v.as_deref());
            judged.trials.push(Trial {
                errors: truth.iter().zip(&mean).map(|(y, f)| y - f).collect(),
                naive: simple.map(|s| truth.iter().zip(s).map(|(y, f)| y - f).collect()),
                percent: smape(truth, &mean),
            });
        }
        let own = now.get(number);
        if let Some((weights, mean)) = own.and_then(|own| combined(self.moments.len(), own)) {
            judged.weights = weights;
            judged.mean = mean;
        }
        // Where the seasonal naive forecast does as well it is used, for being simpler.
        let (own_error, naive_error) = judged.compared();
        if let (Some(own_error), Some(naive_error)) = (own_error, naive_error)
            && own_error > TIE * naive_error
            && let Some(values) = own.and_then(|o| o.get(naive)).and_then(Option::as_ref)
        {
            judged.naive_kept = true;
            judged.mean.clone_from(values);
            judged.weights = vec![0.0; self.candidates.len()];
            if let Some(weight) = judged.weights.get_mut(naive) {
                *weight = 1.0;
            }
            for trial in &mut judged.trials {
                if let Some(simple) = &trial.naive {
                    trial.errors.clone_from(simple);
                }
            }
        }
        if let Some(ready) = ready {
            judged.rate(ready.unit);
        }
        judged
    }

    /// The candidate all others are measured against.
    fn naive(&self) -> usize {
        let wanted = Candidate::SeasonalNaive { season: self.season };
        self.candidates.iter().position(|c| *c == wanted).unwrap_or(0)
    }

    fn answer(
        &self,
        judged: Judged,
        ready: &Ready,
        calibration: Option<&Calibration>,
    ) -> Result<Forecast, NoForecast> {
        if judged.mean.len() != self.question.horizon {
            return Err(NoForecast::TooShort);
        }
        // Without any moment to learn from, the normal law about the usual difference.
        let score = |step: usize, share: f64| {
            calibration.and_then(|c| c.quantile(step, share)).unwrap_or_else(|| {
                let tail = share.min(1.0 - share).max(1e-9);
                let size = (2.0 * (1.0 / (2.0 * tail)).ln()).sqrt() * ((step + 1) as f64).sqrt();
                if share < 0.5 { -size } else { size }
            })
        };
        let clamp = |v: f64| if ready.positive { v.max(0.0) } else { v };
        // A band of no width would say that nothing can happen.
        let least = judged.scale * 0.01;
        let bands = self.question.levels.iter().map(|&level| {
            let tail = (1.0 - level.clamp(0.0, 1.0)) / 2.0;
            let end = |share: f64, sign: f64| {
                let steps = judged.mean.iter().enumerate();
                steps
                    .map(|(step, mean)| {
                        let by = score(step, share) * judged.scale;
                        let by = if sign < 0.0 { by.min(-least) } else { by.max(least) };
                        clamp(mean + by)
                    })
                    .collect()
            };
            Band { level, low: end(tail, -1.0), high: end(1.0 - tail, 1.0) }
        });
        let bands: Vec<Band> = bands.collect();
        let coverage = self.question.levels.iter().map(|&level| {
            let tail = (1.0 - level.clamp(0.0, 1.0)) / 2.0;
            let (mut inside, mut all) = (0u32, 0u32);
            for row in &judged.scores {
                for (step, s) in row.iter().enumerate() {
                    all += 1;
                    let held = (score(step, tail)..=score(step, 1.0 - tail)).contains(s);
                    inside += u32::from(held);
                }
            }
            (all > 0).then(|| f64::from(inside) / f64::from(all))
        });
        let coverage = coverage.collect();
        let (own, naive) = judged.compared();
        let mut weights: Vec<(Candidate, f64)> = self
            .candidates
            .iter()
            .copied()
            .zip(judged.weights.iter().copied())
            .filter(|(_, w)| *w > 0.001)
            .collect();
        weights.sort_by(|a, b| b.1.total_cmp(&a.1));
        let percents: Vec<f64> = judged.trials.iter().filter_map(|t| t.percent).collect();
        Ok(Forecast {
            mean: judged.mean,
            bands,
            backtest: Backtest {
                moments: judged.trials.len(),
                weights,
                mase: own.map(|e| e / ready.unit),
                naive_mase: naive.map(|e| e / ready.unit),
                smape: mean(&percents),
                coverage,
                naive_kept: judged.naive_kept,
            },
        })
    }
}

/// Moments that one learning of the regressions serves.
const LEARNED_FOR: usize = 4;

/// Steps back from the end at which the question is asked again: half a horizon apart, the
/// nearer ones first; a few nearer than one horizon serve short histories.
fn moments(horizon: usize) -> Vec<usize> {
    let step = horizon.div_ceil(2).max(1);
    let near = [horizon / 8, horizon / 4, horizon / 2].into_iter().filter(|&m| m > 0);
    let mut moments: Vec<usize> =
        near.chain((0..MOST_MOMENTS).map(|i| horizon + i * step)).collect();
    moments.sort_unstable();
    moments.dedup();
    moments
}

/// Lengths of window worth a try for series of a usual length.
fn lags(question: &Question, usual: usize) -> Vec<usize> {
    let horizon = question.horizon;
    // Half of the history at most is a window: the rest tells what follows.
    let room = usual.saturating_sub(2 * horizon) / 2;
    let longest = question.seasons.last().copied().unwrap_or(1).max(1);
    let shortest = question.seasons.first().copied().unwrap_or(1).max(1);
    let mut lags: Vec<usize> =
        [2 * longest, 2 * shortest].into_iter().map(|l| l.max(8)).filter(|&l| l <= room).collect();
    if lags.is_empty() && room >= shortest.max(4) {
        lags.push(room);
    }
    lags.dedup();
    lags.truncate(1);
    lags
}

/// Errors of the candidates of one series, by moment.
struct Judge {
    errors: Vec<Vec<Option<f64>>>,
}

impl Judge {
    fn new(errors: Vec<Vec<Option<f64>>>) -> Self {
        Self { errors }
    }

    /// Mean error of each candidate over some moments; `None` where it once gave no answer.
    fn mean(&self, moments: &[usize]) -> Vec<Option<f64>> {
        let candidates = self.errors.first().map_or(0, Vec::len);
        let of = |candidate: usize| {
            let known = moments.iter().filter_map(|&m| self.errors.get(m));
            let known = known.filter(|row| row.iter().any(Option::is_some));
            let errors: Option<Vec<f64>> =
                known.map(|row| row.get(candidate).copied().flatten()).collect();
            mean(&errors?)
        };
        (0..candidates).map(of).collect()
    }

    /// Moments that judged anything, of some.
    fn moments(&self, moments: &[usize]) -> usize {
        let rows = moments.iter().filter_map(|&m| self.errors.get(m));
        rows.filter(|row| row.iter().any(Option::is_some)).count()
    }
}

/// One moment of the backtest of the combination.
struct Trial {
    /// What came minus what was said.
    errors: Vec<f64>,
    /// The same for the seasonal naive forecast.
    naive: Option<Vec<f64>>,
    percent: Option<f64>,
}

/// A series judged, before bands.
#[derive(Default)]
struct Judged {
    mean: Vec<f64>,
    weights: Vec<f64>,
    trials: Vec<Trial>,
    naive_kept: bool,
    /// Errors over the usual error known at each moment.
    scores: Vec<Vec<f64>>,
    /// Usual error of now.
    scale: f64,
}

impl Judged {
    /// Mean absolute errors of the combination and of the seasonal naive forecast, over the
    /// moments that both were judged at.
    fn compared(&self) -> (Option<f64>, Option<f64>) {
        let both =
            self.trials.iter().filter_map(|t| Some((size(&t.errors)?, size(t.naive.as_ref()?)?)));
        let (own, naive): (Vec<f64>, Vec<f64>) = both.unzip();
        if own.is_empty() {
            let alone: Vec<f64> = self.trials.iter().filter_map(|t| size(&t.errors)).collect();
            return (mean(&alone), None);
        }
        (mean(&own), mean(&naive))
    }

    /// Scores of each moment by the errors of older ones; the scale of now.
    fn rate(&mut self, unit: f64) {
        let sizes: Vec<f64> = self.trials.iter().filter_map(|t| size(&t.errors)).collect();
        // The oldest have nothing before them: the unit of the series stands in.
        let usual = |older: &[f64]| {
            let known = older.len() as f64;
            let sum: f64 = older.iter().sum();
            ((sum + PRIOR * unit) / (known + PRIOR)).max(unit * 1e-3)
        };
        self.scale = usual(&sizes);
        for (place, trial) in self.trials.iter().enumerate() {
            let scale = usual(sizes.get(place + 2..).unwrap_or_default());
            self.scores.push(trial.errors.iter().map(|e| e / scale).collect());
        }
    }
}

/// Moments that the unit of the series counts for in its usual error.
const PRIOR: f64 = 0.5;

fn size(errors: &[f64]) -> Option<f64> {
    (!errors.is_empty()).then(|| errors.iter().map(|e| e.abs()).sum::<f64>() / errors.len() as f64)
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn mean_error(truth: &[f64], said: &[f64]) -> Option<f64> {
    let errors: Vec<f64> = truth.iter().zip(said).map(|(y, f)| y - f).collect();
    size(&errors).filter(|e| e.is_finite())
}

fn smape(truth: &[f64], said: &[f64]) -> Option<f64> {
    let each = truth.iter().zip(said).map(|(y, f)| {
        let both = y.abs() + f.abs();
        if both > 0.0 { 200.0 * (y - f).abs() / both } else { 0.0 }
    });
    mean(&each.collect::<Vec<f64>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_steps_take_the_season_before_or_the_line_between() {
        let nan = f64::NAN;
        assert_eq!(filled(&[1.0, nan, nan, 4.0, nan], 1), [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(filled(&[1.0, 2.0, nan, nan, 5.0], 2), [1.0, 2.0, 1.0, 2.0, 5.0]);
        assert_eq!(filled(&[1.0, nan, 3.0], 2), [1.0, 2.0, 3.0]);
    }

    #[test]
    fn moments_are_half_a_horizon_apart_and_know_only_older_ones() {
        let series = Ready::of(&[1.0; 400], 1).unwrap();
        let question = Question { horizon: 8, seasons: vec![], levels: vec![] };
        let list = [&series];
        let run = Run::new(&list, &question);
        assert_eq!(run.moments[..6], [1, 2, 4, 8, 12, 16]);
        // At 8 steps before the end, what began 16 steps before it is over.
        let known: Vec<usize> = run.before(3).into_iter().map(|m| run.moments[m]).collect();
        assert_eq!(known[..2], [16, 20]);
        assert_eq!(run.before(run.moments.len()).len(), run.moments.len());
        // A whole horizon can be judged, so parts of it are not.
        assert!(run.judged(&series, 8) && !run.judged(&series, 4));
        let short = Ready::of(&[1.0; 9], 1).unwrap();
        assert!(run.judged(&short, 4) && !run.judged(&short, 8));
    }
}
