//! The question asked of every candidate at every moment, and what is made of the answers.

use rayon::prelude::*;

use super::{
    Backtest, Band, Candidate, Forecast, NoForecast, Question, Series, TrialView,
    judge::{Judge, Judged, Trial, errors, size, sum_error},
    parts::{Parts, since},
    ready::{Ready, filled},
};
use crate::{
    combine::{Weighting, standing},
    conformal::Calibration,
    models::{Local, Model},
    pooled::{Pooled, PooledOptions, Scale},
    regression::{EffectOptions, Effects, Form},
    shapes::Shape,
};

/// Windows a pooled regression learns from at most.
const MOST_WINDOWS: usize = 15_000;
/// Moments of the backtest at most.
const MOST_MOMENTS: usize = 11;
/// Moments that one learning of the regressions serves.
const LEARNED_FOR: usize = 4;
/// Improvement over the seasonal naive forecast below which the simpler is kept.
const TIE: f64 = 0.99;
/// Moments that the panel counts for when a series is compared with the seasonal naive forecast.
const TIE_PRIOR: f64 = 4.0;
/// How combinations usually compare with it, and the moments that this counts for.
const USUAL_RATIO: f64 = 0.9;
const USUAL_MOMENTS: f64 = 3.0;
/// Powers tried when errors become weights, in the series and over the panel; the first are
/// used unless others do better.
const POWERS: [(f64, f64); 13] = [
    (3.0, 4.0),
    (1.5, 2.0),
    (3.0, 2.0),
    (6.0, 2.0),
    (12.0, 2.0),
    (1.5, 4.0),
    (6.0, 4.0),
    (12.0, 4.0),
    (1.5, 10.0),
    (3.0, 10.0),
    (6.0, 10.0),
    (6.0, 0.5),
    (12.0, 0.5),
];
/// Gain below which the first powers are used: the moments of the backtest knew less than now,
/// and make sharp weights look a little better than they will be.
const POWER_GAIN: f64 = 0.03;
/// Units beyond which a mean error counts for no more when powers are compared.
const MOST_MISSED: f64 = 20.0;
/// Least and most that an effect makes a step spread less or more than others.
const SPREAD: (f64, f64) = (0.15, 2.0);
/// Quantiles that a forecast carries for its paths.
const SHARES: [f64; 17] = [
    0.0005, 0.005, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.995,
    0.9995,
];

/// A candidate, on values as they are or without the effects of known drivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Source {
    candidate: Candidate,
    calm: bool,
}

/// What was known of a series at a moment.
struct View<'a> {
    raw: &'a [f64],
    /// Without the effects of known drivers, and these effects.
    calm: Option<(Vec<f64>, Effects)>,
    /// Step of the next value, in the steps of the drivers.
    next: usize,
}

/// A series and what is known of it.
pub(super) struct Asked<'a> {
    pub ready: &'a Ready,
    pub series: &'a Series<'a>,
}

pub(super) struct Run<'a> {
    asked: Vec<Asked<'a>>,
    question: &'a Question,
    season: usize,
    sources: Vec<Source>,
    /// Steps between each moment of the backtest and the end of the series, nearest first.
    moments: Vec<usize>,
}

/// What candidates said at one moment: by series, then by candidate, and how steps spread.
struct Said {
    values: Vec<Vec<Option<Vec<f64>>>>,
    spread: Vec<Vec<f64>>,
}

impl<'a> Run<'a> {
    pub fn new(asked: Vec<Asked<'a>>, question: &'a Question) -> Self {
        let season = question.seasons.first().copied().unwrap_or(1).max(1);
        let mut candidates = vec![Candidate::Naive];
        let seasons: Vec<usize> = question.seasons.iter().copied().filter(|s| *s > 1).collect();
        for &season in &seasons {
            candidates.extend([
                Candidate::SeasonalNaive { season },
                Candidate::SeasonalLevel { season },
                Candidate::SeasonalMean { season },
                Candidate::SeasonalMeanLevel { season },
            ]);
        }
        let held = seasons.len();
        for seasons in held.min(1)..=held {
            // Slow models take all seasons into account or none: halves of the truth cost as much.
            let models = Model::ALL.into_iter().filter(|m| seasons == held || !m.is_slow());
            candidates.extend(models.map(|model| Candidate::Local { model, seasons }));
        }
        let mut lengths: Vec<usize> = asked.iter().map(|a| a.ready.values.len()).collect();
        lengths.sort_unstable();
        let usual = lengths.get(lengths.len() / 2).copied().unwrap_or(0);
        for lags in lags(question, usual) {
            candidates.extend(Scale::ALL.map(|scale| Candidate::Pooled { scale, lags }));
        }
        let with = |calm| candidates.iter().map(move |&candidate| Source { candidate, calm });
        let mut sources: Vec<Source> = with(false).collect();
        if asked.iter().any(|a| a.series.drivers.is_some_and(|d| !d.is_empty())) {
            sources.extend(with(true));
        }
        let mut run = Self { asked, question, season, sources, moments: moments(question.horizon) };
        let reached = |&back: &usize| run.asked.iter().any(|a| run.judged(a.ready, back));
        run.moments = run.moments.iter().copied().filter(reached).collect();
        run
    }

    /// Steps back that a series can be judged at: enough must be left to learn from.
    fn judged(&self, ready: &Ready, back: usize) -> bool {
        let room_beyond = |least: usize| ready.values.len().saturating_sub(least.max(4));
        let mut room = room_beyond(2 * self.season);
        if room < self.question.horizon {
            // Two years of weeks or months, a usual history, would never be judged.
            room = room.max(room_beyond(self.season + self.season.div_ceil(4)));
        }
        // Only a history too short for a whole horizon is judged on part of it.
        back <= room && (back >= self.question.horizon || room < self.question.horizon)
    }

    /// What was known with the last `back` steps hidden; `None` where nothing is asked then.
    fn views(&self, back: usize) -> Vec<Option<View<'a>>> {
        let of = |asked: &Asked<'a>| -> Option<View<'a>> {
            if back > 0 && !self.judged(asked.ready, back) {
                return None;
            }
            let raw = asked.ready.values.get(..asked.ready.values.len().checked_sub(back)?)?;
            let next = asked.ready.offset + raw.len();
            let calm = || -> Option<(Vec<f64>, Effects)> {
                let drivers = asked.series.drivers.filter(|d| !d.is_empty())?;
                let known = asked.series.values.get(..next)?;
                let seasons = &self.question.seasons;
                let effects = Effects::learn(known, drivers, seasons, &EffectOptions::default())?;
                let calm = since(&effects.take_out(known), asked.ready.offset);
                let calm = filled(&calm, self.season);
                // The first steps may all be days of which nothing is left.
                (calm.len() == raw.len() && calm.iter().all(|v| v.is_finite()))
                    .then_some((calm, effects))
            };
            Some(View { raw, calm: calm(), next })
        };
        self.asked.par_iter().map(of).collect()
    }

    /// What the candidates say of what follows each view.
    fn said(&self, views: &[Option<View<'a>>], pooled: &[(Source, Pooled)]) -> Said {
        let horizon = self.question.horizon;
        let seasons = &self.question.seasons;
        let one = |(view, asked): (&Option<View<'a>>, &Asked<'a>)| {
            let Some(view) = view else {
                return (vec![None; self.sources.len()], vec![1.0; horizon]);
            };
            let locals = |history| -> Vec<Local<'_>> {
                let first = |n| Local::new(history, seasons.get(..n).unwrap_or_default());
                (0..=seasons.len()).map(first).collect()
            };
            let raw = locals(view.raw);
            let calm = view.calm.as_ref().map(|(values, _)| locals(values));
            let values = self.sources.iter().map(|&source| {
                let (history, locals) = if source.calm {
                    (view.calm.as_ref()?.0.as_slice(), calm.as_ref()?)
                } else {
                    (view.raw, &raw)
                };
                let mut values = self.one(source, history, pooled, locals)?;
                if let Some((_, effects)) = view.calm.as_ref().filter(|_| source.calm) {
                    effects.put_back(&mut values, view.next);
                }
                if asked.ready.positive {
                    values.iter_mut().for_each(|v| *v = v.max(0.0));
                }
                values.iter().all(|v| v.is_finite()).then_some(values)
            });
            let values = values.collect();
            let spread = match &view.calm {
                Some((_, effects)) if effects.form() == Form::Multiplicative => (0..horizon)
                    .map(|h| effects.at(view.next + h).clamp(SPREAD.0, SPREAD.1))
                    .collect(),
                _ => vec![1.0; horizon],
            };
            (values, spread)
        };
        let (values, spread) = views.par_iter().zip(&self.asked).map(one).unzip();
        Said { values, spread }
    }

    fn one(
        &self,
        source: Source,
        history: &[f64],
        pooled: &[(Source, Pooled)],
        locals: &[Local<'_>],
    ) -> Option<Vec<f64>> {
        let horizon = self.question.horizon;
        let shape = |season: usize, seasons: usize, level: usize| {
            Shape { season, seasons, level }.forecast(history, horizon)
        };
        match source.candidate {
            Candidate::Naive => shape(1, 1, 0),
            Candidate::SeasonalNaive { season } => shape(season, 1, 0),
            Candidate::SeasonalLevel { season } => shape(season, 1, self.season),
            Candidate::SeasonalMean { season } => shape(season, 4, 0),
            Candidate::SeasonalMeanLevel { season } => shape(season, 4, self.season),
            Candidate::Local { model, seasons } => locals.get(seasons)?.forecast(model, horizon),
            Candidate::Pooled { .. } => {
                pooled.iter().find(|(s, _)| *s == source)?.1.forecast(history)
            }
        }
    }

    /// The regressions, learned with the last `back` steps of every series hidden.
    fn learn(&self, back: usize) -> Vec<(Source, Pooled)> {
        let calm = self.sources.iter().any(|s| s.calm).then(|| self.views(back));
        let known = |asked: &Asked<'a>| -> Option<&'a [f64]> {
            let values = &asked.ready.values;
            values.get(..values.len().checked_sub(back)?)
        };
        let raw: Vec<&[f64]> = self.asked.iter().filter_map(known).collect();
        let quiet = |(view, asked): (&'_ Option<View<'a>>, &Asked<'a>)| -> Option<Vec<f64>> {
            let own = view.as_ref().and_then(|v| v.calm.as_ref()).map(|c| c.0.clone());
            own.or_else(|| known(asked).map(<[f64]>::to_vec))
        };
        let quiet: Vec<Vec<f64>> =
            calm.iter().flatten().zip(&self.asked).filter_map(quiet).collect();
        let quiet: Vec<&[f64]> = quiet.iter().map(Vec::as_slice).collect();
        let learn = |&source: &Source| {
            let Candidate::Pooled { scale, lags } = source.candidate else { return None };
            let options = PooledOptions {
                scale,
                lags,
                horizon: self.question.horizon,
                season: self.season,
                most_windows: MOST_WINDOWS,
                penalty: 10.0,
            };
            let histories = if source.calm { &quiet } else { &raw };
            Some((source, Pooled::fit(histories, options).ok()?))
        };
        self.sources.iter().filter_map(learn).collect()
    }

    pub fn forecasts(&self) -> Vec<Result<Forecast, NoForecast>> {
        // Regressions are learned anew a few times, always on what came before all the
        // moments they serve: an older one only makes the backtest a little harder.
        let mut backtests: Vec<Said> = Vec::new();
        for group in self.moments.chunks(LEARNED_FOR) {
            let pooled = self.learn(group.last().copied().unwrap_or(0));
            backtests.extend(group.iter().map(|&back| self.said(&self.views(back), &pooled)));
        }
        let views = self.views(0);
        let now = self.said(&views, &self.learn(0));
        Judging { run: self, backtests, now }.forecasts(&views)
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

    /// The candidate all others are measured against.
    fn naive(&self) -> usize {
        let wanted = Candidate::SeasonalNaive { season: self.season };
        self.sources.iter().position(|s| s.candidate == wanted && !s.calm).unwrap_or(0)
    }
}

/// Answers to be weighed.
struct Judging<'a, 'b> {
    run: &'b Run<'a>,
    backtests: Vec<Said>,
    now: Said,
}

impl<'a> Judging<'a, '_> {
    fn forecasts(&self, views: &[Option<View<'a>>]) -> Vec<Result<Forecast, NoForecast>> {
        let numbers = || (0..self.run.asked.len()).into_par_iter();
        let judges: Vec<Judge> = numbers().map(|n| Judge::new(self.errors(n))).collect();
        // What candidates are worth over all series, by what was known at each moment.
        let standings: Vec<Vec<Option<f64>>> = (0..=self.run.moments.len())
            .map(|place| {
                let of: Vec<Vec<Option<f64>>> =
                    judges.iter().map(|j| j.mean(&self.run.before(place))).collect();
                standing(&of, self.run.sources.len())
            })
            .collect();
        let by = |power: f64, panel: f64| -> Vec<Judged> {
            let weighting = Weighting { power, panel, ..Weighting::default() };
            numbers()
                .zip(&judges)
                .map(|(n, judge)| self.judge(n, judge, &standings, weighting))
                .collect()
        };
        let mut judged = self.sharpest(by);
        self.keep_simple(&mut judged);
        self.rate(&mut judged);
        let rows: Vec<Vec<f64>> = judged.iter().flat_map(|j| j.scores.iter().cloned()).collect();
        let calibration = Calibration::learn(&rows, self.run.question.horizon);
        judged
            .into_par_iter()
            .zip(&self.run.asked)
            .zip(views)
            .map(|((judged, asked), view)| {
                self.answer(judged, asked, view.as_ref(), calibration.as_ref())
            })
            .collect()
    }

    /// Mean absolute error by moment and candidate.
    fn errors(&self, number: usize) -> Vec<Vec<Option<f64>>> {
        let Some(asked) = self.run.asked.get(number) else { return Vec::new() };
        let of = |(&back, said): (&usize, &Said)| -> Vec<Option<f64>> {
            let nothing = || vec![None; self.run.sources.len()];
            let truth = asked.ready.truth.len().checked_sub(back);
            let Some(truth) = truth.and_then(|from| asked.ready.truth.get(from..)) else {
                return nothing();
            };
            let Some(own) = said.values.get(number) else { return nothing() };
            let measure = if asked.ready.sparse { sum_error } else { size };
            let one = |values: &Option<Vec<f64>>| {
                measure(&errors(truth, values.as_deref()?)).filter(|e| e.is_finite())
            };
            own.iter().map(one).collect()
        };
        self.run.moments.iter().zip(&self.backtests).map(of).collect()
    }

    /// Of the powers that errors may be raised to, that which did best over the panel.
    fn sharpest(&self, by: impl Fn(f64, f64) -> Vec<Judged>) -> Vec<Judged> {
        // Errors in units of each series: one that is hardly ever missed must not decide.
        let missed = |all: &[Judged]| -> f64 {
            let units = self.run.asked.iter().map(|a| a.ready.unit);
            let own = all.iter().zip(units).filter_map(|(j, unit)| Some(j.lately()? / unit));
            own.map(|miss| miss.min(MOST_MISSED)).sum()
        };
        let mut best = by(POWERS[0].0, POWERS[0].1);
        let first = missed(&best);
        let mut to_beat = first * (1.0 - POWER_GAIN);
        for &(power, panel) in &POWERS[1..] {
            let tried = by(power, panel);
            let miss = missed(&tried);
            if miss < to_beat {
                (best, to_beat) = (tried, miss);
            }
        }
        best
    }

    fn judge(
        &self,
        number: usize,
        judge: &Judge,
        standings: &[Vec<Option<f64>>],
        weighting: Weighting,
    ) -> Judged {
        let none = Vec::new();
        let combined = |place: usize, own: &[Option<Vec<f64>>]| -> Option<(Vec<f64>, Vec<f64>)> {
            let known = self.run.before(place);
            let able: Vec<bool> = own.iter().map(Option::is_some).collect();
            let weights = weighting.weights(
                &judge.tried(&known),
                standings.get(place).unwrap_or(&none),
                &able,
            )?;
            let mut mean = vec![0.0; self.run.question.horizon];
            for (weight, values) in weights.iter().zip(own) {
                for (sum, value) in mean.iter_mut().zip(values.iter().flatten()) {
                    *sum += weight * value;
                }
            }
            Some((weights, mean))
        };
        let mut judged = Judged::default();
        let Some(asked) = self.run.asked.get(number) else { return judged };
        judged.sparse = asked.ready.sparse;
        let naive = self.run.naive();
        for (place, (&back, said)) in self.run.moments.iter().zip(&self.backtests).enumerate() {
            let own = said.values.get(number);
            let Some(own) = own.filter(|_| self.run.judged(asked.ready, back)) else { continue };
            let Some((_, mean)) = combined(place, own) else { continue };
            let from = asked.ready.truth.len().saturating_sub(back);
            let truth = asked.ready.truth.get(from..).unwrap_or_default();
            let truth = truth.get(..mean.len().min(truth.len())).unwrap_or_default();
            if size(&errors(truth, &mean)).is_none() {
                // Nothing of what came is known.
                continue;
            }
            let simple = own.get(naive).and_then(Option::as_ref);
            judged.trials.push(Trial {
                back,
                errors: errors(truth, &mean),
                naive: simple.map(|s| (s.clone(), errors(truth, s))),
                spread: said.spread.get(number).cloned().unwrap_or_default(),
                percent: smape(truth, &mean),
                mean,
            });
        }
        let own = self.now.values.get(number);
        judged.spread = self.now.spread.get(number).cloned().unwrap_or_default();
        if let Some((weights, mean)) = own.and_then(|own| combined(self.run.moments.len(), own)) {
            judged.weights = weights;
            judged.mean = mean;
        }
        judged
    }

    /// Where the seasonal naive forecast does as well it is used, for being simpler. A series
    /// of few moments is judged with what is usual in the panel.
    fn keep_simple(&self, judged: &mut [Judged]) {
        let ratio = |j: &Judged| -> Option<f64> {
            let (own, naive) = j.decisive();
            let (own, naive) = (own?, naive?);
            // A naive forecast without any error cannot be beaten.
            if naive <= 0.0 { Some(1.0) } else { Some((own / naive).clamp(0.05, 20.0).ln()) }
        };
        let all: Vec<f64> = judged.iter().filter_map(ratio).collect();
        let usual = super::judge::mean(&all).unwrap_or(0.0);
        // A panel of one has nobody else to tell what is usual.
        let others = TIE_PRIOR * (1.0 - 1.0 / all.len().max(1) as f64);
        let naive = self.run.naive();
        for (number, own) in judged.iter_mut().enumerate() {
            let Some(ratio) = ratio(own) else { continue };
            // A moment judged on part of its horizon counts for that part.
            let steps: usize = own.trials.iter().map(|t| t.errors.len()).sum();
            let known = steps as f64 / self.run.question.horizon.max(1) as f64;
            let drawn = (known * ratio + others * usual + USUAL_MOMENTS * USUAL_RATIO.ln())
                / (known + others + USUAL_MOMENTS);
            let said = self.now.values.get(number).and_then(|o| o.get(naive)?.clone());
            if let Some(said) = said.filter(|_| drawn > TIE.ln()) {
                own.keep_naive(naive, &said);
            }
        }
    }

    /// Brings the errors of every series to one scale.
    fn rate(&self, judged: &mut [Judged]) {
        let units = || self.run.asked.iter().map(|a| a.ready.unit);
        let mut relative: Vec<f64> =
            judged.iter().zip(units()).filter_map(|(j, unit)| j.relative(unit)).collect();
        relative.sort_unstable_by(f64::total_cmp);
        let usual = relative.get(relative.len() / 2).copied().filter(|u| *u > 0.0).unwrap_or(1.0);
        for (own, unit) in judged.iter_mut().zip(units()) {
            own.rate(unit, usual);
        }
    }

    fn answer(
        &self,
        judged: Judged,
        asked: &Asked<'a>,
        view: Option<&View<'a>>,
        calibration: Option<&Calibration>,
    ) -> Result<Forecast, NoForecast> {
        let question = self.run.question;
        if judged.mean.len() != question.horizon || judged.mean.iter().any(|m| !m.is_finite()) {
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
        let clamp = |v: f64| if asked.ready.positive { v.max(0.0) } else { v };
        // A band of no width would say that nothing can happen.
        let ends = |mean: &[f64], scale: f64, spread: &[f64], share: f64| -> Vec<f64> {
            let steps = mean.iter().zip(spread.iter().chain(std::iter::repeat(&1.0))).enumerate();
            let end = |(step, (mean, spread)): (usize, (&f64, &f64))| {
                let by = score(step, share) * scale * spread;
                let least = scale * LEAST_WIDTH * spread;
                let by = match share.total_cmp(&0.5) {
                    std::cmp::Ordering::Less => by.min(-least),
                    std::cmp::Ordering::Equal => by,
                    std::cmp::Ordering::Greater => by.max(least),
                };
                clamp(mean + by)
            };
            steps.map(end).collect()
        };
        let tail = |level: f64| (1.0 - level.clamp(0.0, 1.0)) / 2.0;
        let here = |share: f64| ends(&judged.mean, judged.scale, &judged.spread, share);
        let bands: Vec<Band> = question
            .levels
            .iter()
            .map(|&level| Band { level, low: here(tail(level)), high: here(1.0 - tail(level)) })
            .collect();
        let widest = question.levels.iter().copied().fold(0.0, f64::max);
        let trials: Vec<TrialView> = judged
            .trials
            .iter()
            .zip(&judged.scales)
            .map(|(trial, &scale)| {
                let end = |share: f64| ends(&trial.mean, scale, &trial.spread, share);
                TrialView {
                    back: trial.back,
                    mean: trial.mean.clone(),
                    low: end(tail(widest)),
                    high: end(1.0 - tail(widest)),
                }
            })
            .collect();
        let coverage = question.levels.iter().map(|&level| {
            let (mut inside, mut all) = (0u32, 0u32);
            for row in &judged.scores {
                for (step, s) in row.iter().enumerate().filter(|(_, s)| s.is_finite()) {
                    all += 1;
                    let held = score(step, tail(level))..=score(step, 1.0 - tail(level));
                    inside += u32::from(held.contains(s));
                }
            }
            (all > 0).then(|| f64::from(inside) / f64::from(all))
        });
        let coverage = coverage.collect();
        let (own, naive) = judged.compared();
        let percents: Vec<f64> = judged.trials.iter().filter_map(|t| t.percent).collect();
        let effects = view.and_then(|v| v.calm.as_ref()).map(|(_, effects)| effects);
        let past = judged
            .scores
            .iter()
            .map(|row| row.iter().map(|s| s * judged.scale).collect())
            .collect();
        Ok(Forecast {
            quantiles: SHARES.iter().map(|&share| (share, here(share))).collect(),
            past,
            bands,
            effects: effects.map(|e| e.named().to_vec()).unwrap_or_default(),
            parts: Parts::of(asked.series.values, asked.ready, effects, &question.seasons),
            backtest: Backtest {
                moments: judged.trials.len(),
                weights: self.weights(&judged.weights),
                mase: own.map(|e| e / asked.ready.unit),
                naive_mase: naive.map(|e| e / asked.ready.unit),
                smape: super::judge::mean(&percents),
                coverage,
                naive_kept: judged.naive_kept,
                trials,
            },
            mean: judged.mean,
        })
    }

    /// Weights of the candidates, with and without effects together, largest first.
    fn weights(&self, weights: &[f64]) -> Vec<(Candidate, f64)> {
        let mut out: Vec<(Candidate, f64)> = Vec::new();
        for (source, weight) in self.run.sources.iter().zip(weights) {
            match out.iter_mut().find(|(c, _)| *c == source.candidate) {
                Some((_, sum)) => *sum += weight,
                None => out.push((source.candidate, *weight)),
            }
        }
        out.retain(|(_, w)| *w > 0.001);
        out.sort_by(|a, b| b.1.total_cmp(&a.1));
        out
    }
}

/// Half the width of a band at least, in usual errors.
const LEAST_WIDTH: f64 = 0.01;

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

fn smape(truth: &[f64], said: &[f64]) -> Option<f64> {
    let each = truth.iter().zip(said).filter(|(y, _)| y.is_finite()).map(|(y, f)| {
        let both = y.abs() + f.abs();
        if both > 0.0 { 200.0 * (y - f).abs() / both } else { 0.0 }
    });
    super::judge::mean(&each.collect::<Vec<f64>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_half_a_horizon_apart_and_know_only_older_ones() {
        let values = [1.0; 400];
        let series = Series { values: &values, drivers: None };
        let ready = Ready::of(&values, 1).unwrap();
        let question = Question { horizon: 8, seasons: vec![], levels: vec![] };
        let run = Run::new(vec![Asked { ready: &ready, series: &series }], &question);
        assert_eq!(moments(8)[..6], [1, 2, 4, 8, 12, 16]);
        // A whole horizon can be judged, so parts of it are not.
        assert_eq!(run.moments[..3], [8, 12, 16]);
        // At 8 steps before the end, what began 16 steps before it is over.
        let known: Vec<usize> = run.before(0).into_iter().map(|m| run.moments[m]).collect();
        assert_eq!(known[..2], [16, 20]);
        assert_eq!(run.before(run.moments.len()).len(), run.moments.len());
        assert!(run.judged(&ready, 8) && !run.judged(&ready, 4));
        let short = Ready::of(&[1.0; 9], 1).unwrap();
        assert!(run.judged(&short, 4) && !run.judged(&short, 8));
    }
}
