//! Exponential smoothing with a season inside: several forms, averaged by what they explain.
//!
//! - Computes: error, trend and season forms of exponential smoothing, each fitted by maximum
//!   likelihood, and the mean of their forecasts weighted by the small-sample criterion.
//! - Units: those of the series.
//! - Shapes: a history and the length of its season in; `horizon` values out.
//! - Errors: `None` when no form can be fitted; a form whose states leave the finite numbers,
//!   or that expects less than nothing where errors are relative, is rejected.
//! - Source: R. Hyndman et al., *Forecasting with Exponential Smoothing* (2008), chapters 2, 5
//!   and 7; weights after S. Kolassa (2011), tempered as `docs/methods/forecast.md` tells.

use super::{
    optimise::Space,
    season::{Adjusted, Effect},
};

/// How the level moves on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trend {
    None,
    Damped,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Season {
    None,
    Added,
    Multiplied,
}

/// A form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Form {
    /// Errors grow with what is expected.
    relative: bool,
    trend: Trend,
    season: Season,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Weights {
    level: f64,
    trend: f64,
    season: f64,
    damping: f64,
}

#[derive(Debug, Clone, PartialEq)]
struct State {
    level: f64,
    trend: f64,
    /// From the step that comes next.
    season: Vec<f64>,
}

#[derive(Debug, Clone)]
struct Fit {
    form: Form,
    weights: Weights,
    last: State,
    criterion: f64,
}

/// Power that differences of the criterion count with: below 1, near ones share.
const TEMPER: f64 = 0.3;
/// Weight below which a form is left out.
const LEAST_SHARE: f64 = 1e-3;
/// Times a form is asked when it is fitted.
const TRIES: usize = 80;
/// Longest season told step by step: beyond, there are too many states to learn.
pub(super) const LONGEST: usize = 13;

impl Form {
    /// Forms worth a try. A trend that never fades is not among them: it does more harm than
    /// good as soon as the horizon is long.
    fn all(season: usize, positive: bool) -> Vec<Self> {
        let mut out = Vec::new();
        for trend in [Trend::None, Trend::Damped] {
            out.push(Self { relative: false, trend, season: Season::None });
            if positive {
                out.push(Self { relative: true, trend, season: Season::None });
            }
            if season > 1 {
                out.push(Self { relative: false, trend, season: Season::Added });
            }
            if season > 1 && positive {
                out.push(Self { relative: true, trend, season: Season::Added });
                out.push(Self { relative: true, trend, season: Season::Multiplied });
            }
        }
        out
    }

    /// Runs over a history and tells what was expected and missed at each step.
    fn run(
        self,
        weights: &Weights,
        first: &State,
        y: &[f64],
        mut seen: impl FnMut(f64, f64),
    ) -> State {
        let State { mut level, mut trend, mut season } = first.clone();
        let damping = if self.trend == Trend::Damped { weights.damping } else { 0.0 };
        let length = season.len();
        let mut at = 0;
        for &value in y {
            let base = level + damping * trend;
            let effect = season.get(at).copied().unwrap_or(0.0);
            let (expected, share) = match self.season {
                Season::None => (base, 1.0),
                Season::Added => (base + effect, 1.0),
                Season::Multiplied => (base * effect, effect),
            };
            let error = value - expected;
            seen(expected, error);
            level = base + weights.level * error / share;
            trend = damping * trend + weights.trend * error / share;
            if let Some(own) = season.get_mut(at) {
                let by = if self.season == Season::Multiplied { base } else { 1.0 };
                *own += weights.season * error / by;
            }
            at += 1;
            if at >= length {
                at = 0;
            }
        }
        if length > 0 {
            season.rotate_left(at % length);
        }
        State { level, trend, season }
    }

    /// −2 log likelihood but for a constant: smaller is better.
    fn loss(self, weights: &Weights, first: &State, y: &[f64]) -> f64 {
        let (mut squares, mut product, mut logs, mut sound) = (0.0, 1.0f64, 0.0, true);
        let last = self.run(weights, first, y, |expected, error| {
            if self.relative {
                sound &= expected > 0.0;
                squares += (error / expected).powi(2);
                // One logarithm for many factors.
                product *= expected;
                if !(1e-100..1e100).contains(&product) {
                    logs += product.abs().ln();
                    product = 1.0;
                }
            } else {
                squares += error * error;
            }
        });
        if !sound || !last.level.is_finite() || !last.trend.is_finite() {
            return f64::INFINITY;
        }
        let n = y.len() as f64;
        let volume = if self.relative { 2.0 * (logs + product.abs().ln()) } else { 0.0 };
        n * squares.max(f64::MIN_POSITIVE).ln() + volume
    }

    /// First states read off the first seasons.
    fn first(self, y: &[f64], season: usize) -> Option<State> {
        let (adjusted, effects) = match self.season {
            Season::None => (y.to_vec(), Vec::new()),
            by => {
                let effect = if by == Season::Added { Effect::Added } else { Effect::Multiplied };
                let head = y.get(..(SEASONS_FIRST * season).min(y.len()))?;
                let adjusted = Adjusted::plain(head, season, effect)?;
                let effects = adjusted.seasons.first()?.effects.clone();
                (adjusted.values, effects)
            }
        };
        let head = adjusted.get(..adjusted.len().min((2 * season).max(10)))?;
        let n = head.len() as f64;
        let (middle, mean) = ((n + 1.0) / 2.0, head.iter().sum::<f64>() / n);
        let (up, down) = head.iter().enumerate().fold((0.0, 0.0), |(up, down), (i, v)| {
            let t = i as f64 + 1.0 - middle;
            (up + t * (v - mean), down + t * t)
        });
        let slope = if down > 0.0 { up / down } else { 0.0 };
        Some(match self.trend {
            Trend::None => State { level: mean, trend: 0.0, season: effects },
            Trend::Damped => State { level: mean - slope * middle, trend: slope, season: effects },
        })
    }

    fn fit(self, y: &[f64], season: usize) -> Option<Fit> {
        let seasonal = self.season != Season::None;
        let damped = self.trend == Trend::Damped;
        let states = 1 + usize::from(damped) + if seasonal { season } else { 0 };
        let free = 1 + 2 * usize::from(damped) + usize::from(seasonal) + states;
        if y.len() < free + 3 || (seasonal && y.len() < 2 * season) {
            return None;
        }
        let first = self.first(y, season)?;
        // The best of a few starts, then downhill over the weights that this form has.
        let starts = [0.1, 0.3, 0.6]
            .into_iter()
            .flat_map(|level| [0.05, 0.3].map(|season| [level, 0.05, season, 0.9]));
        let loss = |x: &[f64; 4]| self.loss(&weights(x), &first, y);
        let start =
            starts.map(|x| (loss(&x), x)).min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, x)| x)?;
        let (x, value) = match (damped, seasonal) {
            (false, false) => search(start, [0], loss),
            (false, true) => search(start, [0, 2], loss),
            (true, false) => search(start, [0, 1, 3], loss),
            (true, true) => search(start, [0, 1, 2, 3], loss),
        };
        // A search that found no finite value found no fit.
        if value >= f64::MAX {
            return None;
        }
        let weights = weights(&x);
        let last = self.run(&weights, &first, y, |_, _| {});
        let (n, k) = (y.len() as f64, free as f64 + 1.0);
        let criterion = value + 2.0 * k + 2.0 * k * (k + 1.0) / (n - k - 1.0).max(0.5);
        Some(Fit { form: self, weights, last, criterion })
    }
}

/// Seasons that tell the first states.
const SEASONS_FIRST: usize = 4;
/// Box of the search: weight of the level, shares of it for trend and season, damping.
const LOW: [f64; 4] = [1e-4, 1e-4, 1e-4, 0.8];
const HIGH: [f64; 4] = [0.9999, 0.9999, 0.9999, 0.98];

/// From the box of the search: a trend learns at most as fast as the level, a season at most
/// with what the level leaves, so that every point of the box forgets its past.
fn weights(x: &[f64; 4]) -> Weights {
    let [level, trend, season, damping] = *x;
    Weights { level, trend: level * trend, season: (1.0 - level) * season, damping }
}

/// Searches over some of the four numbers; the others stay where they start.
fn search<const N: usize>(
    start: [f64; 4],
    free: [usize; N],
    loss: impl Fn(&[f64; 4]) -> f64,
) -> ([f64; 4], f64) {
    let part = |x: &[f64; 4]| free.map(|i| x[i]);
    let whole = |z: &[f64; N]| {
        let mut x = start;
        for (i, v) in free.iter().zip(z) {
            x[*i] = *v;
        }
        x
    };
    let space = Space { low: part(&LOW), high: part(&HIGH), most: TRIES };
    let (z, value) = space.least(part(&start), |z| loss(&whole(z)));
    (whole(&z), value)
}

impl Fit {
    fn forecast(&self, horizon: usize) -> Vec<f64> {
        let State { level, trend, season } = &self.last;
        let (mut steps, mut power) = (0.0, 1.0);
        let ahead = (0..horizon).map(|h| {
            power *= self.weights.damping;
            steps += power;
            let base = level + steps * trend;
            let effect = season.get(h % season.len().max(1)).copied();
            match (self.form.season, effect) {
                (Season::Added, Some(e)) => base + e,
                (Season::Multiplied, Some(e)) => base * e,
                _ => base,
            }
        });
        ahead.collect()
    }
}

/// What follows a history, by all forms that fit, weighted by what they explain.
pub(super) fn averaged(y: &[f64], season: usize, horizon: usize) -> Option<Vec<f64>> {
    let season = if season <= LONGEST && y.len() >= 2 * season + 5 { season } else { 1 };
    // Where a search stops must not depend on the unit of the series.
    let unit = y.iter().map(|v| v.abs()).sum::<f64>() / y.len().max(1) as f64;
    let unit = if unit > 0.0 { unit } else { 1.0 };
    let y: Vec<f64> = y.iter().map(|v| v / unit).collect();
    let y = y.as_slice();
    let positive = y.iter().all(|v| *v > 0.0);
    let fits: Vec<Fit> =
        Form::all(season, positive).into_iter().filter_map(|f| f.fit(y, season)).collect();
    let best = fits.iter().map(|f| f.criterion).fold(f64::INFINITY, f64::min);
    let (mut out, mut all) = (vec![0.0; horizon], 0.0);
    for fit in &fits {
        let weight = (-0.5 * TEMPER * (fit.criterion - best)).exp();
        if weight.is_nan() || weight < LEAST_SHARE {
            continue;
        }
        all += weight;
        for (sum, value) in out.iter_mut().zip(fit.forecast(horizon)) {
            *sum += weight * value;
        }
    }
    (all > 0.0).then(|| out.into_iter().map(|v| v / all * unit).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn season(t: usize) -> f64 {
        [1.2, 0.9, 1.1, 0.8][t % 4]
    }

    #[test]
    fn the_recursion_with_factors_is_that_of_the_book() {
        let form = Form { relative: true, trend: Trend::Damped, season: Season::Multiplied };
        let weights = Weights { level: 0.3, trend: 0.1, season: 0.2, damping: 0.9 };
        let first = State { level: 100.0, trend: 2.0, season: vec![1.1, 0.9] };
        let mut told = Vec::new();
        let last = form.run(&weights, &first, &[115.0, 90.0], |f, e| told.push((f, e)));
        // (100 + 0.9·2)·1.1 = 111.98; the error is 3.02.
        assert!((told[0].0 - 111.98).abs() < 1e-9 && (told[0].1 - 3.02).abs() < 1e-9);
        let level = 101.8 + 0.3 * 3.02 / 1.1;
        let trend = 1.8 + 0.1 * 3.02 / 1.1;
        assert!((told[1].0 - (level + 0.9 * trend) * 0.9).abs() < 1e-9);
        assert!((last.season[0] - (1.1 + 0.2 * 3.02 / 101.8)).abs() < 1e-9);
    }

    #[test]
    fn a_growing_season_comes_again_at_its_new_size() {
        let y: Vec<f64> = (0..60).map(|t| (100.0 + t as f64) * season(t)).collect();
        let found = averaged(&y[..52], 4, 8).unwrap();
        for (a, b) in found.iter().zip(&y[52..]) {
            assert!((a / b - 1.0).abs() < 0.03, "{a} for {b}");
        }
    }

    #[test]
    fn what_explains_more_counts_for_more() {
        let y: Vec<f64> = (0..48).map(|t| 50.0 * season(t)).collect();
        let of = |season| {
            Form { relative: false, trend: Trend::None, season }.fit(&y, 4).unwrap().criterion
        };
        assert!(of(Season::Added) < of(Season::None) - 100.0);
    }

    #[test]
    fn a_form_that_expects_less_than_nothing_is_rejected() {
        // A level at zero cannot have relative errors.
        let form = Form { relative: true, trend: Trend::None, season: Season::None };
        let weights = Weights { level: 0.5, trend: 0.0, season: 0.0, damping: 0.0 };
        let first = State { level: -1.0, trend: 0.0, season: Vec::new() };
        assert_eq!(form.loss(&weights, &first, &[1.0, 2.0]), f64::INFINITY);
        assert_eq!(averaged(&[1.0, 2.0, 3.0], 4, 2), None);
    }
}
