//! The shape of past seasons, brought to the level of now.
//!
//! - Computes: the mean of the last seasons step by step, as they were or each multiplied by
//!   how the level has changed since.
//! - Units: those of the series.
//! - Shapes: a history of equal steps in, oldest first; `horizon` values out.
//! - Errors: `None` for a history of less than one season (and one step more where levels
//!   are compared).
//! - Source: seasonal naive forecasts and their averages (Hyndman and Athanasopoulos, *Forecasting:
//!   Principles and Practice*, 3rd ed., section 5.2).

/// Which seasons, and at which level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape {
    /// Steps of a season.
    pub season: usize,
    /// Seasons averaged at most; those that history holds count.
    pub seasons: usize,
    /// Steps that tell the level at the end of each season; 0 leaves seasons as they were.
    pub level: usize,
}

impl Shape {
    /// What follows a history.
    pub fn forecast(self, history: &[f64], horizon: usize) -> Option<Vec<f64>> {
        let n = history.len();
        if self.season == 0 || self.seasons == 0 {
            return None;
        }
        let level = |end: usize| mean(history.get(end.checked_sub(self.level)?..end)?);
        let mut sums = vec![0.0; self.season];
        let mut counted = 0u32;
        for back in 1..=self.seasons {
            let Some(from) = n.checked_sub(back * self.season) else { break };
            let Some(past) = history.get(from..from + self.season) else { break };
            let factor = if self.level == 0 {
                1.0
            } else {
                // The level just before that season against the level of now.
                let Some((then, now)) = level(from).zip(level(n)) else { break };
                if then > 0.0 && now >= 0.0 { now / then } else { 1.0 }
            };
            for (sum, value) in sums.iter_mut().zip(past) {
                *sum += value * factor;
            }
            counted += 1;
        }
        if counted == 0 {
            return None;
        }
        let value = |h: usize| sums.get(h % self.season).map(|s| s / f64::from(counted));
        let values: Option<Vec<f64>> = (0..horizon).map(value).collect();
        values.filter(|v| v.iter().all(|x| x.is_finite()))
    }
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEEKS: [f64; 9] = [1.0, 2.0, 3.0, 2.0, 4.0, 6.0, 4.0, 8.0, 12.0];

    #[test]
    fn the_last_season_comes_again() {
        let shape = Shape { season: 3, seasons: 1, level: 0 };
        assert_eq!(shape.forecast(&WEEKS, 5), Some(vec![4.0, 8.0, 12.0, 4.0, 8.0]));
    }

    #[test]
    fn levels_carry_an_old_shape_to_now() {
        // The level doubled over each season: each past one, brought to now, is the next one.
        let shape = Shape { season: 3, seasons: 2, level: 3 };
        assert_eq!(shape.forecast(&WEEKS, 3), Some(vec![8.0, 16.0, 24.0]));
    }

    #[test]
    fn less_than_a_season_says_nothing() {
        let shape = Shape { season: 3, seasons: 4, level: 0 };
        assert_eq!(shape.forecast(&WEEKS[..2], 3), None);
        assert_eq!(Shape { season: 0, ..shape }.forecast(&WEEKS, 3), None);
    }
}
