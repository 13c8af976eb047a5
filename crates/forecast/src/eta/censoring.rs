//! Cases still open are not dropped: they say how much the ended ones stand for.
//!
//! - Computes: the weight of each ended case, one over the chance that a case which lasts as
//!   long would have been seen to end: the share of all cases, open ones included, that began
//!   early enough.
//! - Units: days.
//! - Shapes: the age of every case at the moment of learning in; a weight for a life out.
//! - Errors: none; weights are held to [`MOST_WEIGHT`], for a life nearly as long as the log
//!   was seen a few times by chance.
//! - Source: inverse probability of censoring (J. Robins and A. Rotnitzky 1992). Censoring is
//!   administrative: the present, known for every case, so its law needs no estimate beyond
//!   counting.

/// No ended case stands for more than this.
///
/// Chosen on the validation part of a public log, where larger weights cost more in noise than
/// they gave back in bias.
pub(super) const MOST_WEIGHT: f64 = 2.0;

/// Ages of all cases at the moment of learning.
#[derive(Debug)]
pub(super) struct Ages {
    sorted: Vec<f64>,
}

impl Ages {
    /// Ages of all cases that have begun, in days.
    pub fn new(ages: impl Iterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = ages.collect();
        sorted.sort_unstable_by(f64::total_cmp);
        Self { sorted }
    }

    /// How many cases one that lasted so many days stands for.
    pub fn weight(&self, life: f64) -> f64 {
        let younger = self.sorted.partition_point(|&age| age < life);
        let old_enough = self.sorted.len() - younger;
        if old_enough == 0 {
            return MOST_WEIGHT;
        }
        (self.sorted.len() as f64 / old_enough as f64).min(MOST_WEIGHT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_stands_for_those_too_young_to_be_seen() {
        // Ten cases began 1 to 10 days ago: a life of 4 days could be seen in 7 of them.
        let ages = Ages::new((1..=10).map(f64::from));
        assert_eq!(ages.weight(0.5), 1.0);
        assert!((ages.weight(4.0) - 10.0 / 7.0).abs() < 1e-12);
        assert_eq!(ages.weight(9.5), MOST_WEIGHT);
        assert_eq!(ages.weight(99.0), MOST_WEIGHT);
    }
}
