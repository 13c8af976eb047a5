//! Seasons taken out of a series, and put back.
//!
//! - Computes: the effect of each place in each season, by which history is divided (or from which it
//!   is subtracted); effects are drawn towards none as far as years disagree about them.
//! - Units: factors without unit, or amounts in the unit of the series.
//! - Shapes: a history without unknown steps and its seasons, shortest first, in; what is left
//!   and the effects out.
//! - Errors: none; a season that history does not hold twice is left in.
//! - Source: ratio to a centred moving mean (F. Macaulay 1931); shrinkage after D. Miller and
//!   D. Williams (2003), with the share of noise measured.

/// How effects act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Added,
    Multiplied,
}

/// A season: its effect at each place, from the first step of history.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Season {
    pub effects: Vec<f64>,
}

impl Season {
    /// The effect at a step counted from the start of history.
    fn at(&self, step: usize) -> f64 {
        self.effects.get(step % self.effects.len().max(1)).copied().unwrap_or(0.0)
    }
}

/// A history without its seasons.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Adjusted {
    pub values: Vec<f64>,
    pub effect: Effect,
    pub seasons: Vec<Season>,
}

/// Times the noise of an effect that is held against it: the moving mean hides some of it.
const CAUTION: f64 = 2.0;
/// The same for a season whose neighbours were averaged: they tell the noise less well.
const SMOOTHED_CAUTION: f64 = 1.0;
/// Years from which a long season needs no smoothing.
const MANY_YEARS: usize = 8;
/// Steps of the shortest season that is smoothed when few years tell it.
const LONG_SEASON: usize = 40;
/// A factor below leaves nothing to divide by.
const LEAST_FACTOR: f64 = 0.02;

impl Effect {
    fn none(self) -> f64 {
        match self {
            Self::Added => 0.0,
            Self::Multiplied => 1.0,
        }
    }

    fn apply(self, value: f64, effect: f64) -> f64 {
        match self {
            Self::Added => value + effect,
            Self::Multiplied => value * effect,
        }
    }

    fn remove(self, value: f64, effect: f64) -> f64 {
        match self {
            Self::Added => value - effect,
            Self::Multiplied => value / effect,
        }
    }
}

impl Adjusted {
    /// Takes seasons out; factors where every value is above zero, amounts elsewhere.
    pub fn new(values: &[f64], seasons: &[usize]) -> Self {
        let factors = values.iter().all(|v| *v > 0.0);
        let made = if factors { Self::by(values, seasons, Effect::Multiplied) } else { None };
        made.or_else(|| Self::by(values, seasons, Effect::Added)).unwrap_or_else(|| Self {
            values: values.to_vec(),
            effect: Effect::Added,
            seasons: Vec::new(),
        })
    }

    /// `None` where factors are so small that they cannot be divided by.
    pub fn by(values: &[f64], lengths: &[usize], effect: Effect) -> Option<Self> {
        let held = lengths.iter().copied().filter(|m| *m > 1 && values.len() >= 2 * m);
        let mut seasons: Vec<Season> =
            held.map(|m| Season { effects: vec![effect.none(); m] }).collect();
        // With several seasons, each is measured on what the others leave, by turns.
        let turns = if seasons.len() > 1 { 3 } else { 1 };
        for _ in 0..turns {
            for own in 0..seasons.len() {
                let rest = without(values, &seasons, effect, Some(own));
                let Some(season) = seasons.get_mut(own) else { continue };
                *season = measure(&rest, season.effects.len(), effect, 1.0)?;
            }
        }
        Some(Self { values: without(values, &seasons, effect, None), effect, seasons })
    }

    /// One season as its means tell it, not drawn towards none.
    pub fn plain(values: &[f64], season: usize, effect: Effect) -> Option<Self> {
        if season < 2 || values.len() < 2 * season {
            return None;
        }
        let seasons = vec![measure(values, season, effect, 0.0)?];
        Some(Self { values: without(values, &seasons, effect, None), effect, seasons })
    }

    /// Seasons put back on what follows history.
    pub fn restore(&self, mut ahead: Vec<f64>) -> Vec<f64> {
        let n = self.values.len();
        for season in &self.seasons {
            for (h, value) in ahead.iter_mut().enumerate() {
                *value = self.effect.apply(*value, season.at(n + h));
            }
        }
        ahead
    }

    /// History with its first season only: the others stay out.
    pub fn with_first(&self) -> Vec<f64> {
        let Some(first) = self.seasons.first() else { return self.values.clone() };
        let back = |(t, v): (usize, &f64)| self.effect.apply(*v, first.at(t));
        self.values.iter().enumerate().map(back).collect()
    }

    /// Every season but the first put back on what follows history.
    pub fn restore_longer(&self, ahead: Vec<f64>) -> Vec<f64> {
        let longer = self.seasons.get(1..).unwrap_or_default().to_vec();
        Self { values: self.values.clone(), effect: self.effect, seasons: longer }.restore(ahead)
    }
}

fn without(values: &[f64], seasons: &[Season], effect: Effect, but: Option<usize>) -> Vec<f64> {
    let mut out = values.to_vec();
    for (_, season) in seasons.iter().enumerate().filter(|(k, _)| Some(*k) != but) {
        for (t, value) in out.iter_mut().enumerate() {
            *value = effect.remove(*value, season.at(t));
        }
    }
    out
}

/// The effects of one season on a history; `caution` times their noise is held against them.
fn measure(values: &[f64], m: usize, effect: Effect, caution: f64) -> Option<Season> {
    let trend = centred_mean(values, m);
    let first = m / 2;
    let middle = values.get(first..first + trend.len())?;
    let mut apart: Vec<f64> =
        middle.iter().zip(&trend).map(|(v, t)| effect.remove(*v, *t)).collect();
    if apart.iter().any(|v| !v.is_finite()) {
        return None;
    }
    // A year seen a few times only: days next to each other tell of each other.
    let smooth = m >= LONG_SEASON && values.len() / m < MANY_YEARS;
    if smooth {
        apart = smoothed(&apart, (m / 24) | 1);
    }
    let places = || (0..apart.len()).map(|i| (first + i) % m).zip(&apart);
    let (mut sums, mut counts) = (vec![0.0; m], vec![0.0f64; m]);
    for (place, value) in places() {
        sums[place] += value;
        counts[place] += 1.0;
    }
    let means: Vec<f64> = sums.iter().zip(&counts).map(|(s, c)| s / c.max(1.0)).collect();
    let noise = places().map(|(place, v)| (v - means[place]).powi(2)).sum::<f64>();
    // Effects cancel over a season: what they share belongs to the level.
    let centre = mean(&means);
    let mut effects: Vec<f64> = means.iter().map(|e| effect.remove(*e, centre)).collect();
    let free = apart.len() as f64 - m as f64;
    if free > 0.0 {
        let years = apart.len() as f64 / m as f64;
        let caution = caution * if smooth { SMOOTHED_CAUTION } else { CAUTION };
        let noise = caution * noise / free / years;
        let none = effect.none();
        let spread = effects.iter().map(|e| (e - none).powi(2)).sum::<f64>() / (m as f64 - 1.0);
        let kept = if spread > 0.0 { (1.0 - noise / spread).max(0.0) } else { 0.0 };
        effects.iter_mut().for_each(|e| *e = none + kept * (*e - none));
    }
    let sound = effects.iter().all(|e| e.is_finite());
    let divides = effect == Effect::Added || effects.iter().all(|e| *e >= LEAST_FACTOR);
    (sound && divides).then_some(Season { effects })
}

/// Mean over a season around each step, from the first that has half a season before it.
fn centred_mean(values: &[f64], m: usize) -> Vec<f64> {
    if m % 2 == 1 {
        return values.windows(m).map(mean).collect();
    }
    // Half of the step at either end: a season is not centred on a step otherwise.
    let one = |w: &[f64]| {
        let ends = w.first().zip(w.last()).map_or(0.0, |(a, b)| a + b);
        (w.iter().sum::<f64>() - 0.5 * ends) / m as f64
    };
    values.windows(m + 1).map(one).collect()
}

fn smoothed(values: &[f64], width: usize) -> Vec<f64> {
    let half = width / 2;
    let around = |i: usize| values.get(i.saturating_sub(half)..(i + half + 1).min(values.len()));
    (0..values.len()).map(|i| around(i).map_or(0.0, mean)).collect()
}

pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Weeks and a slower season, both known, about a level.
    fn truth(n: usize, by: Effect) -> Vec<f64> {
        let week = [0.2, 0.1, 0.1, 0.0, 0.0, -0.1, -0.3];
        let slow = [0.15, 0.05, -0.05, -0.15, 0.0];
        let one = |t: usize| match by {
            Effect::Added => 100.0 * (1.0 + week[t % 7] + slow[t % 5]),
            Effect::Multiplied => 100.0 * (1.0 + week[t % 7]) * (1.0 + slow[t % 5]),
        };
        (0..n).map(one).collect()
    }

    #[test]
    fn two_known_seasons_are_told_apart_and_put_back() {
        for by in [Effect::Added, Effect::Multiplied] {
            let all = truth(150, by);
            let (known, next) = all.split_at(140);
            let adjusted = Adjusted::by(known, &[5, 7], by).unwrap();
            // Moving means of one season keep a trace of the other, less at each turn.
            assert!(adjusted.values.iter().all(|v| (v - 100.0).abs() < 0.5), "{by:?}");
            let ahead = adjusted.restore(vec![100.0; 10]);
            for (a, b) in ahead.iter().zip(next) {
                assert!((a - b).abs() < 0.5, "{by:?}: {a} for {b}");
            }
        }
    }

    #[test]
    fn chance_is_hardly_taken_for_a_season() {
        // Fractional parts of n²·φ: no season of 12.
        let noise: Vec<f64> =
            (0..96).map(|n| 50.0 + ((n * n) as f64 * 0.618_033_988_749_895).fract()).collect();
        let adjusted = Adjusted::by(&noise, &[12], Effect::Added).unwrap();
        assert!(
            adjusted.seasons[0].effects.iter().all(|e| e.abs() < 0.12),
            "{:?}",
            adjusted.seasons
        );
    }

    #[test]
    fn a_season_not_held_twice_is_left_in_and_zeros_are_not_divided_by() {
        let values: Vec<f64> = (0..20).map(|i| [0.0, 4.0, 8.0, 4.0][i % 4]).collect();
        let adjusted = Adjusted::new(&values, &[4, 12]);
        assert_eq!(adjusted.seasons.len(), 1);
        assert_eq!(adjusted.effect, Effect::Added);
        assert!(adjusted.values.iter().all(|v| (v - 4.0).abs() < 1e-9));
        assert_eq!(adjusted.with_first(), values);
    }
}
