//! A rate keeps its numerator and its denominator: an empty denominator is
//! `None`, never 0, 100 % or NaN.

use serde::{Deserialize, Serialize};

/// A share, kept as the two counts it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Rate {
    /// How many satisfy the condition.
    pub numerator: i64,
    /// Among how many.
    pub denominator: i64,
}

impl Rate {
    /// The ratio, or `None` when there is nothing to measure.
    pub fn value(self) -> Option<f64> {
        (self.denominator > 0).then(|| self.numerator as f64 / self.denominator as f64)
    }

    /// Sums numerators and denominators: the only right way to combine two periods.
    pub fn plus(self, other: Rate) -> Rate {
        Rate {
            numerator: self.numerator + other.numerator,
            denominator: self.denominator + other.denominator,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_to_measure_is_not_zero() {
        assert_eq!(Rate::default().value(), None);
        assert_eq!(Rate { numerator: 0, denominator: 4 }.value(), Some(0.0));
    }

    #[test]
    fn a_year_is_the_sum_of_its_months_not_the_mean_of_their_ratios() {
        let year =
            Rate { numerator: 1, denominator: 2 }.plus(Rate { numerator: 98, denominator: 98 });
        assert_eq!(year.value(), Some(0.99));
    }
}
