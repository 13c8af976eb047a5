//! A series made ready: no unknown value, no unknown beginning.

use super::NoForecast;

/// Values beyond are refused: their squares would overflow.
const LARGEST: f64 = 1e100;

/// A series ready to be forecast.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ready {
    /// Every step from the first known one, unknown ones filled.
    pub values: Vec<f64>,
    /// The same, NaN where nothing is known: nothing is judged there.
    pub truth: Vec<f64>,
    /// Unknown steps left out at the beginning.
    pub offset: usize,
    /// Mean absolute difference from one season to the next: the unit of MASE.
    pub unit: f64,
    /// No value below zero: a forecast stays above it too.
    pub positive: bool,
    /// More than half of the values are zero: a forecast is judged by its sum.
    pub sparse: bool,
}

impl Ready {
    pub fn of(given: &[f64], season: usize) -> Result<Self, NoForecast> {
        if given.iter().any(|v| v.is_infinite() || v.abs() > LARGEST) {
            return Err(NoForecast::TooLarge);
        }
        if given.iter().filter(|v| v.is_finite()).count() < 3 {
            return Err(NoForecast::TooShort);
        }
        let offset = given.iter().position(|v| v.is_finite()).unwrap_or(given.len());
        let truth = given.get(offset..).unwrap_or_default().to_vec();
        let values = filled(&truth, season);
        let positive = values.iter().all(|v| *v >= 0.0);
        let known = || truth.iter().filter(|v| v.is_finite());
        let sparse = known().filter(|v| **v == 0.0).count() * 2 > known().count();
        let differences = |lag: usize| -> Option<f64> {
            let pairs = values.iter().zip(values.get(lag..)?);
            let (sum, n) = pairs.fold((0.0, 0usize), |(s, n), (a, b)| (s + (b - a).abs(), n + 1));
            (n > 0 && sum > 0.0).then(|| sum / n as f64)
        };
        // A series that never moved may move: one step of its size in as many as were seen.
        let size = values.iter().fold(0.0f64, |most, v| most.max(v.abs()));
        let size = if size > 0.0 { size } else { 1.0 };
        let floor = size / (values.len() + 1) as f64;
        let unit = differences(season).or_else(|| differences(1)).unwrap_or(floor);
        Ok(Self { values, truth, offset, unit, positive, sparse })
    }
}

/// Known values as they are; an unknown one is that of the season before, or on the line
/// between its known neighbours; after the last known one, that of the season before or the last.
pub(super) fn filled(values: &[f64], season: usize) -> Vec<f64> {
    let mut out = values.to_vec();
    for at in 0..out.len() {
        if out.get(at).is_some_and(|v| v.is_finite()) {
            continue;
        }
        let before = at.checked_sub(season.max(2)).and_then(|b| out.get(b)).copied();
        let left = out.get(..at).and_then(<[f64]>::last).copied();
        let between = || {
            let left = left?;
            let ahead = out.get(at..)?.iter().position(|v| v.is_finite())?;
            let right = out.get(at + ahead).copied()?;
            Some(left + (right - left) / (ahead + 1) as f64)
        };
        let between = || between().or(left);
        let value = if season > 1 { before.or_else(between) } else { between() };
        if let (Some(slot), Some(value)) = (out.get_mut(at), value) {
            *slot = value;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_steps_take_the_season_before_or_the_line_between() {
        let nan = f64::NAN;
        assert_eq!(filled(&[1.0, nan, nan, 4.0, nan], 1), [1.0, 2.0, 3.0, 4.0, 4.0]);
        assert_eq!(filled(&[1.0, 2.0, nan, nan, 5.0, nan], 2), [1.0, 2.0, 1.0, 2.0, 5.0, 2.0]);
        assert_eq!(filled(&[1.0, nan, 3.0], 2), [1.0, 2.0, 3.0]);
    }

    #[test]
    fn what_is_unknown_stays_so_in_the_truth() {
        let ready = Ready::of(&[f64::NAN, 0.0, f64::NAN, 0.0, 4.0, 0.0], 1).unwrap();
        assert_eq!((ready.offset, ready.values.len(), ready.sparse), (1, 5, true));
        assert!(ready.truth[1].is_nan() && ready.values[1] == 0.0);
    }
}
