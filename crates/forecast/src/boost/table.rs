//! Features cut into bins.
//!
//! - Computes: at most [`MOST_BINS`] bins a column that hold about as many rows each, a value
//!   met often alone in its own; and for each row the number of its bin.
//! - Units: those of the columns; only their order counts.
//! - Shapes: columns of equal length in; a byte a cell out, column after column.
//! - Errors: [`BoostError`] on columns of different lengths or in another number. NaN is a
//!   missing value; an infinite one counts as the largest number.
//! - Source: quantile bins, as in G. Ke et al. (2017).

use std::sync::Arc;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::BoostError;

/// Bins of a column at most, besides the one for missing values.
pub const MOST_BINS: usize = 255;
/// Rows of a table at most.
pub const MOST_ROWS: usize = 1 << 26;
/// The bin of missing values.
pub(super) const MISSING: u8 = 0;
/// Values that bins are learned from at most, evenly spread over the rows.
const SAMPLE: usize = 200_000;

/// Where columns are cut.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bins {
    /// Rising cuts of each column; a value equal to a cut lies below it.
    cuts: Vec<Vec<f64>>,
}

/// Binned features.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    bins: Arc<Bins>,
    columns: Vec<Vec<u8>>,
    rows: usize,
}

impl Bins {
    /// Learns at most `most_bins` bins a column (2 to [`MOST_BINS`]).
    pub fn learn<T, C>(columns: &[C], most_bins: usize) -> Result<Self, BoostError>
    where
        T: Copy + Into<f64> + Sync,
        C: AsRef<[T]> + Sync,
    {
        let most = most_bins.clamp(2, MOST_BINS);
        rows_of(columns)?;
        let cuts = columns.par_iter().map(|column| cuts(column.as_ref(), most)).collect();
        Ok(Self { cuts })
    }

    /// Columns cut.
    pub fn columns(&self) -> usize {
        self.cuts.len()
    }

    /// Bin of a value: 0 when it is missing, 1 and on in rising order.
    pub fn bin(&self, column: usize, value: f64) -> u8 {
        self.cuts.get(column).map_or(MISSING, |cuts| bin(cuts, value))
    }

    /// Bins of a column, without that of missing values.
    pub(super) fn count(&self, column: usize) -> usize {
        self.cuts.get(column).map_or(0, |cuts| cuts.len() + 1)
    }

    /// Whether cuts rise and fit in a byte.
    pub(super) fn sound(&self) -> bool {
        self.cuts.iter().all(|cuts| {
            cuts.len() < MOST_BINS
                && cuts.iter().all(|c| c.is_finite())
                && cuts.is_sorted_by(|a, b| a < b)
        })
    }
}

impl Table {
    /// Learns bins and bins the columns.
    pub fn learn<T, C>(columns: &[C], most_bins: usize) -> Result<Self, BoostError>
    where
        T: Copy + Into<f64> + Sync,
        C: AsRef<[T]> + Sync,
    {
        Self::new(Arc::new(Bins::learn(columns, most_bins)?), columns)
    }

    /// Bins columns as others were.
    pub fn new<T, C>(bins: Arc<Bins>, columns: &[C]) -> Result<Self, BoostError>
    where
        T: Copy + Into<f64> + Sync,
        C: AsRef<[T]> + Sync,
    {
        let rows = rows_of(columns)?;
        if columns.len() != bins.columns() {
            let (columns, expected) = (columns.len(), bins.columns());
            return Err(BoostError::Columns { columns, expected });
        }
        let binned = |(column, cuts): (&C, &Vec<f64>)| {
            column.as_ref().iter().map(|&v| bin(cuts, v.into())).collect()
        };
        let columns = columns.par_iter().zip(&bins.cuts).map(binned).collect();
        Ok(Self { bins, columns, rows })
    }

    /// Where the columns were cut.
    pub fn bins(&self) -> &Arc<Bins> {
        &self.bins
    }

    /// Rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Bins of a column, row after row.
    pub(super) fn column(&self, column: usize) -> &[u8] {
        self.columns.get(column).map_or(&[], Vec::as_slice)
    }

    /// Columns that do not say the same of every row.
    pub(super) fn telling_columns(&self) -> impl Iterator<Item = usize> {
        let telling = |column: &Vec<u8>| {
            column.first().is_some_and(|first| column.iter().any(|bin| bin != first))
        };
        self.columns.iter().enumerate().filter(move |(_, c)| telling(c)).map(|(at, _)| at)
    }
}

/// Rows that all columns have.
fn rows_of<T, C: AsRef<[T]>>(columns: &[C]) -> Result<usize, BoostError> {
    let expected = columns.first().map_or(0, |c| c.as_ref().len());
    let mut lengths = columns.iter().map(|c| c.as_ref().len()).enumerate();
    if let Some((column, rows)) = lengths.find(|l| l.1 != expected) {
        return Err(BoostError::Ragged { column, rows, expected });
    }
    if expected > MOST_ROWS {
        return Err(BoostError::TooManyRows { rows: expected });
    }
    Ok(expected)
}

fn bin(cuts: &[f64], value: f64) -> u8 {
    if value.is_nan() {
        return MISSING;
    }
    // Cuts are fewer than 255: the bin fits in a byte.
    1 + cuts.partition_point(|cut| *cut < value) as u8
}

/// Cuts of a column.
fn cuts<T: Copy + Into<f64>>(column: &[T], most: usize) -> Vec<f64> {
    let step = column.len().div_ceil(SAMPLE).max(1);
    let values = column.iter().step_by(step).map(|&v| v.into());
    // Adding zero turns −0 into 0: they are equal and must sort so.
    let known = values.filter(|v: &f64| !v.is_nan()).map(|v| v.clamp(-f64::MAX, f64::MAX) + 0.0);
    let mut sorted: Vec<f64> = known.collect();
    sorted.sort_unstable_by(f64::total_cmp);
    // Each distinct value with the number of rows that have it.
    let mut distinct: Vec<(f64, usize)> = Vec::new();
    for run in sorted.chunk_by(|a, b| a == b) {
        if let Some(&value) = run.first() {
            distinct.push((value, run.len()));
        }
    }
    let all_fit = distinct.len() <= most;
    let (mut rows, mut bins) = (sorted.len(), most);
    let mut held = 0;
    let mut cuts = Vec::new();
    for pair in distinct.windows(2) {
        let &[(low, count), (high, next)] = pair else { continue };
        held += count;
        // What each bin should hold if those left shared those left alike: values met often
        // take a bin each and leave fewer rows to the others.
        let fair = rows as f64 / bins as f64;
        let full = held as f64 >= fair;
        let heavy_next = next as f64 >= fair && held as f64 >= 0.5 * fair;
        if all_fit || (bins > 1 && (full || heavy_next)) {
            cuts.push(between(low, high));
            rows -= held;
            bins -= 1;
            held = 0;
        }
    }
    cuts
}

/// A number at or above `low` and below `high`, halfway where there is one.
fn between(low: f64, high: f64) -> f64 {
    let middle = 0.5 * low + 0.5 * high;
    if low <= middle && middle < high { middle } else { low }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn learned(column: &[f64], most: usize) -> Table {
        Table::learn(&[column], most).unwrap()
    }

    #[test]
    fn few_values_have_a_bin_each() {
        let table = learned(&[3.0, f64::NAN, -0.0, 0.0, 7.5, 3.0], 255);
        assert_eq!(table.column(0), [2, 0, 1, 1, 3, 2]);
        assert_eq!(table.bins().bin(0, 1.5), 1, "halfway lies below");
        assert_eq!(table.bins().bin(0, 1.6), 2);
        assert_eq!(table.bins().bin(0, f64::INFINITY), 3);
        assert_eq!(table.bins().bin(9, 1.0), MISSING, "no such column");
    }

    #[test]
    fn many_values_share_bins_fairly() {
        let column: Vec<f64> = (0..1000).map(|i| f64::from(i * i)).collect();
        let table = learned(&column, 10);
        for bin in 1..=10 {
            assert_eq!(table.column(0).iter().filter(|b| **b == bin).count(), 100);
        }
    }

    #[test]
    fn a_value_met_often_stands_alone() {
        // Half the rows say 0: the others share 9 bins of 10, not 5.
        let mut column: Vec<f64> = (1..=900).map(f64::from).collect();
        column.extend([0.0; 900]);
        let table = learned(&column, 10);
        let count = |bin: u8| table.column(0).iter().filter(|b| **b == bin).count();
        assert_eq!(count(1), 900);
        assert!((2..=10).all(|bin| count(bin) == 100));
    }

    #[test]
    fn extremes_are_binned() {
        let column = [f64::NEG_INFINITY, -f64::MAX, -1e-320, 1e-320, f64::MAX, f64::INFINITY];
        let table = learned(&column, 255);
        assert_eq!(table.column(0), [1, 1, 2, 3, 4, 4]);
        assert!(table.bins().sound());
        let none = learned(&[f64::NAN; 3], 255);
        assert_eq!(none.column(0), [0; 3]);
        assert_eq!(none.telling_columns().count(), 0);
    }

    #[test]
    fn columns_that_do_not_fit_are_refused() {
        let ragged = Table::learn(&[vec![1.0], vec![1.0, 2.0]], 255);
        assert_eq!(ragged, Err(BoostError::Ragged { column: 1, rows: 2, expected: 1 }));
        let table = learned(&[1.0, 2.0], 255);
        let two = Table::new(table.bins().clone(), &[[1.0], [2.0]]);
        assert_eq!(two, Err(BoostError::Columns { columns: 2, expected: 1 }));
        let single = Table::learn(&[[1.0f32, 2.0]], 255).unwrap();
        assert_eq!(single, table, "f32 and f64 alike");
    }

    proptest! {
        #[test]
        fn bins_keep_the_order(
            column in prop::collection::vec(prop::num::f64::ANY, 1..300), most in 2usize..255,
        ) {
            let table = learned(&column, most);
            prop_assert!(table.bins().sound());
            prop_assert!(table.bins().count(0) <= most);
            for (a, x) in column.iter().zip(table.column(0)) {
                prop_assert_eq!(a.is_nan(), *x == MISSING);
                for (b, y) in column.iter().zip(table.column(0)) {
                    if a <= b {
                        prop_assert!(x <= y);
                    }
                }
            }
        }
    }
}
