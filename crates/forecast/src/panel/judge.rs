//! How candidates, and their combination, did at the moments of the backtest.

use crate::combine::{Tried, middle};

/// Errors of the candidates of one series, by moment, nearest first.
pub(super) struct Judge {
    errors: Vec<Vec<Option<f64>>>,
}

impl Judge {
    pub fn new(errors: Vec<Vec<Option<f64>>>) -> Self {
        Self { errors }
    }

    /// Mean error of each candidate over some moments, as [`Judge::tried`] tells it.
    pub fn mean(&self, moments: &[usize]) -> Vec<Option<f64>> {
        self.tried(moments).into_iter().map(|t| t.map(|t| t.error)).collect()
    }

    /// What each candidate missed over some moments.
    ///
    /// One that was silent at a moment, for want of history, is judged on the others: its error is
    /// what the middle candidate missed at all of them, times how it compared where it answered.
    pub fn tried(&self, moments: &[usize]) -> Vec<Option<Tried>> {
        let candidates = self.errors.first().map_or(0, Vec::len);
        let rows: Vec<(&Vec<Option<f64>>, f64)> = moments
            .iter()
            .filter_map(|&m| self.errors.get(m))
            .filter(|row| row.iter().any(Option::is_some))
            .map(|row| (row, middle(row).unwrap_or(0.0)))
            .collect();
        let usual: f64 = rows.iter().map(|(_, middle)| middle).sum();
        let of = |candidate: usize| -> Option<Tried> {
            let (mut own, mut theirs, mut moments) = (0.0, 0.0, 0usize);
            for (row, middle) in &rows {
                let Some(error) = row.get(candidate).copied().flatten() else { continue };
                own += error;
                theirs += middle;
                moments += 1;
            }
            if moments == rows.len() {
                theirs = usual;
            }
            let times = if theirs > 0.0 { usual / theirs } else { 1.0 };
            let error = own * times / rows.len() as f64;
            (moments > 0).then_some(Tried { error, moments })
        };
        (0..candidates).map(of).collect()
    }
}

/// One moment of the backtest of the combination.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Trial {
    /// Steps between that moment and the end.
    pub back: usize,
    /// What was said.
    pub mean: Vec<f64>,
    /// What came minus what was said; NaN where it is unknown.
    pub errors: Vec<f64>,
    /// What the seasonal naive forecast said, and its errors.
    pub naive: Option<(Vec<f64>, Vec<f64>)>,
    /// How much wider or narrower than usual each step was expected to spread.
    pub spread: Vec<f64>,
    pub percent: Option<f64>,
}

/// A series judged, before bands.
#[derive(Debug, Clone, Default)]
pub(super) struct Judged {
    pub mean: Vec<f64>,
    pub weights: Vec<f64>,
    pub trials: Vec<Trial>,
    pub naive_kept: bool,
    /// Errors over the usual error known at each moment.
    pub scores: Vec<Vec<f64>>,
    /// Usual errors known at each moment.
    pub scales: Vec<f64>,
    /// Usual error of now.
    pub scale: f64,
    /// How the steps to come spread.
    pub spread: Vec<f64>,
    /// A series of many zeros: its forecasts are compared by their sums.
    pub sparse: bool,
}

/// Moments that what is usual in the panel counts for in the usual error of a series.
const PRIOR: f64 = 1.0;
/// Times the middle error beyond which one moment counts for no more: a strike is not a habit.
const MOST_TIMES: f64 = 3.0;
/// One moment in so many is a near one.
const LATELY: usize = 3;
/// Moments from which there is a middle one.
const MIDDLE_FROM: usize = 4;

impl Judged {
    /// Mean absolute errors of the combination and of the seasonal naive forecast, over the
    /// moments that both were judged at.
    pub fn compared(&self) -> (Option<f64>, Option<f64>) {
        self.by(size)
    }

    /// The same by what decides: of many zeros, zero would be the best guess and of no use, so
    /// sums are compared.
    pub fn decisive(&self) -> (Option<f64>, Option<f64>) {
        self.by(if self.sparse { sum_error } else { size })
    }

    /// Mean error at the nearest moments: those at which as much was known as now, nearly.
    pub fn lately(&self) -> Option<f64> {
        let near = self.trials.len().div_ceil(LATELY).max(2);
        let measure = if self.sparse { sum_error } else { size };
        let errors: Vec<f64> =
            self.trials.iter().take(near).filter_map(|t| measure(&t.errors)).collect();
        mean(&errors)
    }

    fn by(&self, measure: fn(&[f64]) -> Option<f64>) -> (Option<f64>, Option<f64>) {
        let both = self
            .trials
            .iter()
            .filter_map(|t| Some((measure(&t.errors)?, measure(&t.naive.as_ref()?.1)?)));
        let (own, naive): (Vec<f64>, Vec<f64>) = both.unzip();
        if own.is_empty() {
            let alone: Vec<f64> = self.trials.iter().filter_map(|t| measure(&t.errors)).collect();
            return (mean(&alone), None);
        }
        (mean(&own), mean(&naive))
    }

    /// Says what the seasonal naive forecast says, everywhere.
    pub fn keep_naive(&mut self, naive: usize, said: &[f64]) {
        self.naive_kept = true;
        self.mean = said.to_vec();
        self.weights.iter_mut().for_each(|w| *w = 0.0);
        if let Some(weight) = self.weights.get_mut(naive) {
            *weight = 1.0;
        }
        for trial in &mut self.trials {
            if let Some((said, errors)) = &trial.naive {
                trial.mean.clone_from(said);
                trial.errors.clone_from(errors);
            }
        }
    }

    /// Mean error over the unit of the series.
    pub fn relative(&self, unit: f64) -> Option<f64> {
        mean(&self.sizes()).map(|m| m / unit)
    }

    fn sizes(&self) -> Vec<f64> {
        self.trials.iter().filter_map(|t| even(&t.errors, &t.spread)).collect()
    }

    /// Scores of each moment by the errors of older ones; the scale of now. `usual` is the
    /// usual error of the panel, in units of each series.
    pub fn rate(&mut self, unit: f64, usual: f64) {
        let prior = unit * usual;
        let of = |known: &[f64]| {
            let mut known = known.to_vec();
            if known.len() >= MIDDLE_FROM {
                let mut sorted = known.clone();
                sorted.sort_unstable_by(f64::total_cmp);
                let most = MOST_TIMES * sorted.get(sorted.len() / 2).copied().unwrap_or(0.0);
                known.iter_mut().for_each(|k| *k = k.min(most));
            }
            let sum: f64 = known.iter().sum();
            ((sum + PRIOR * prior) / (known.len() as f64 + PRIOR)).max(unit * 1e-3)
        };
        let ends: Vec<(usize, Option<f64>, usize)> = self
            .trials
            .iter()
            .map(|t| (t.back, even(&t.errors, &t.spread), t.errors.len()))
            .collect();
        let sizes: Vec<f64> = ends.iter().filter_map(|e| e.1).collect();
        self.scale = of(&sizes);
        self.scores.clear();
        self.scales.clear();
        for trial in &self.trials {
            // Only what was over when this moment came.
            let older: Vec<f64> = ends
                .iter()
                .filter(|(back, _, length)| *back >= trial.back + length)
                .filter_map(|e| e.1)
                .collect();
            let scale = of(&older);
            self.scales.push(scale);
            let score = |(e, s): (&f64, &f64)| e / (scale * s);
            self.scores.push(trial.errors.iter().zip(&trial.spread).map(score).collect());
        }
    }
}

/// Mean size of errors, each over how it was expected to spread.
fn even(errors: &[f64], spread: &[f64]) -> Option<f64> {
    let even: Vec<f64> = errors.iter().zip(spread).map(|(e, s)| e / s).collect();
    size(&even)
}

/// Mean size of the known errors.
pub(super) fn size(errors: &[f64]) -> Option<f64> {
    let known: Vec<f64> = errors.iter().filter(|e| e.is_finite()).map(|e| e.abs()).collect();
    mean(&known)
}

/// Size of the error of the sum, per step.
pub(super) fn sum_error(errors: &[f64]) -> Option<f64> {
    let known: Vec<f64> = errors.iter().copied().filter(|e| e.is_finite()).collect();
    mean(&known).map(f64::abs)
}

pub(super) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Errors of what was said; NaN where what came is unknown.
pub(super) fn errors(truth: &[f64], said: &[f64]) -> Vec<f64> {
    truth.iter().zip(said).map(|(y, f)| y - f).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_silent_for_want_of_history_is_compared_where_it_answered() {
        // The far moment was twice as hard; the second candidate said nothing of it.
        let rows = [vec![Some(2.0), Some(1.0), Some(3.0)], vec![Some(4.0), None, Some(6.0)]];
        let judge = Judge::new(rows.to_vec());
        let tried = judge.tried(&[0, 1]);
        assert_eq!(tried[0], Some(Tried { error: 3.0, moments: 2 }));
        // Middles 2 and 6, 4 a moment: half of the middle one where it answered.
        assert_eq!(tried[1], Some(Tried { error: 2.0, moments: 1 }));
        assert_eq!(judge.mean(&[1]), vec![Some(4.0), None, Some(6.0)]);
        // A moment that judged nothing counts for nothing.
        let judge = Judge::new(vec![vec![Some(0.0), Some(0.0)], vec![None, None]]);
        assert_eq!(judge.tried(&[0, 1])[0], Some(Tried { error: 0.0, moments: 1 }));
        assert_eq!(judge.tried(&[]), vec![None, None]);
    }
}
