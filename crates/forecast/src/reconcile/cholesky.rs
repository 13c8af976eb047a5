//! Cholesky factor of a positive definite matrix, and the solutions it gives.
//!
//! - Computes: L with L L' = A, tile by tile; solutions of A x = b for many b at once.
//! - Units: none.
//! - Shapes: a dense square matrix, row after row, of which the lower half is read; right-hand
//!   sides side by side, one row for each unknown.
//! - Errors: `None` when the matrix is not positive definite (a pivot that is not above zero).
//! - Source: A.-L. Cholesky (1910), any text of numerical algebra; checked by multiplying back
//!   and on matrices whose inverse is known. Each number is made by the same operations in the
//!   same order whatever the threads and the neighbours, so the bits never change.

use rayon::prelude::*;

/// Rows and columns of a tile: two strips of [`STRIP`] columns stay in the cache of a core.
const TILE: usize = 48;
/// Columns of a strip of products.
const STRIP: usize = 256;

/// The factor L, of which the lower half is meant.
#[derive(Debug, Clone, PartialEq)]
pub struct Cholesky {
    size: usize,
    rows: Vec<f64>,
}

impl Cholesky {
    /// Factors a matrix of `size` rows, given row after row; only its lower half is read.
    pub fn new(mut rows: Vec<f64>, size: usize) -> Option<Self> {
        if rows.len() != size.checked_mul(size)? {
            return None;
        }
        if size == 0 {
            return Some(Self { size, rows });
        }
        let mut from = 0;
        while from < size {
            let to = (from + TILE).min(size);
            let (done, below) = rows.split_at_mut(to * size);
            let (above, own) = done.split_at_mut(from * size);
            debug_assert_eq!(above.len(), from * size);
            diagonal(own, size, from, to)?;
            let own = &*own;
            below.par_chunks_mut(TILE * size).for_each(|strip| panel(strip, own, size, from, to));
            from = to;
        }
        Some(Self { size, rows })
    }

    /// Replaces right-hand sides by solutions. Row `i` of `sides` holds the `i`-th number of
    /// each of `count` sides; a side has the same solution to the bit whatever its neighbours.
    pub fn solve(&self, sides: &mut [f64], count: usize) {
        if count == 0 || sides.len() != self.size * count {
            return;
        }
        for (at, row) in self.rows.chunks_exact(self.size).enumerate() {
            let (before, rest) = sides.split_at_mut(at * count);
            let Some(own) = rest.get_mut(..count) else { return };
            let mut pivot = 1.0;
            for (place, &factor) in row.iter().take(at + 1).enumerate() {
                match before.get(place * count..(place + 1) * count) {
                    Some(known) => subtract(own, known, factor),
                    None => pivot = factor,
                }
            }
            own.iter_mut().for_each(|v| *v /= pivot);
        }
        for (at, row) in self.rows.chunks_exact(self.size).enumerate().rev() {
            let (before, rest) = sides.split_at_mut(at * count);
            let Some(own) = rest.get_mut(..count) else { return };
            if let Some(pivot) = row.get(at) {
                own.iter_mut().for_each(|v| *v /= pivot);
            }
            for (known, &factor) in before.chunks_exact_mut(count).zip(row) {
                subtract(known, own, factor);
            }
        }
    }
}

fn subtract(from: &mut [f64], what: &[f64], times: f64) {
    if times != 0.0 {
        from.iter_mut().zip(what).for_each(|(f, w)| *f -= times * w);
    }
}

/// The tile on the diagonal: its own rows hold the factor left of it already.
fn diagonal(own: &mut [f64], size: usize, from: usize, to: usize) -> Option<()> {
    for at in 0..to - from {
        let (before, rest) = own.split_at_mut(at * size);
        let row = rest.get_mut(..size)?;
        for (place, other) in before.chunks_exact(size).enumerate() {
            entry(row, other, from + place);
        }
        let pivot = row.get(from + at)? - dot(row.get(..from + at)?, row.get(..from + at)?);
        // Also refuses what is not a number.
        if pivot.is_nan() || pivot <= 0.0 || pivot.is_infinite() {
            return None;
        }
        *row.get_mut(from + at)? = pivot.sqrt();
    }
    Some(())
}

/// The number of `row` in a column whose factor stands in `other`.
fn entry(row: &mut [f64], other: &[f64], column: usize) {
    let (Some(known), Some(left)) = (row.get(..column), other.get(..column)) else { return };
    let sum = dot(known, left);
    if let (Some(slot), Some(pivot)) = (row.get_mut(column), other.get(column)) {
        *slot = (*slot - sum) / pivot;
    }
}

/// A strip of rows below the tile on the diagonal.
fn panel(strip: &mut [f64], own: &[f64], size: usize, from: usize, to: usize) {
    let width = to - from;
    let mut sums = [0.0; TILE * TILE];
    // Products of what is left of the tile, strip by strip so that both stay in the cache.
    let mut left = 0;
    while left < from {
        let right = (left + STRIP).min(from);
        for (row, sums) in strip.chunks_exact(size).zip(sums.chunks_exact_mut(TILE)) {
            let Some(known) = row.get(left..right) else { continue };
            for (other, sum) in own.chunks_exact(size).zip(sums) {
                *sum += other.get(left..right).map_or(0.0, |other| dot(known, other));
            }
        }
        left = right;
    }
    for (row, sums) in strip.chunks_exact_mut(size).zip(sums.chunks_exact(TILE)) {
        let Some(row) = row.get_mut(from..to) else { continue };
        for (at, (other, sum)) in own.chunks_exact(size).zip(sums).take(width).enumerate() {
            let Some(other) = other.get(from..from + at + 1) else { continue };
            let Some((pivot, other)) = other.split_last() else { continue };
            let known = row.get(..at).map_or(0.0, |known| dot(known, other));
            if let Some(slot) = row.get_mut(at) {
                *slot = (*slot - (sum + known)) / pivot;
            }
        }
    }
}

/// Sum of products, in eight running sums that a processor adds side by side.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (a, b) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest = a.remainder().iter().zip(b.remainder()).fold(0.0, |s, (x, y)| s + x * y);
    for (a, b) in a.zip(b) {
        for ((sum, x), y) in sums.iter_mut().zip(a).zip(b) {
            *sum += x * y;
        }
    }
    let [a, b, c, d, e, f, g, h] = sums;
    ((a + e) + (b + f)) + ((c + g) + (d + h)) + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A well-behaved positive definite matrix of any size, without any random generator.
    fn matrix(size: usize) -> Vec<f64> {
        let of = |i: usize, j: usize| {
            let (i, j) = (i.max(j), i.min(j));
            let near = 1.0 / (1.0 + (i - j) as f64);
            near + if i == j {
                1.0 + (i % 7) as f64
            } else {
                ((i * 31 + j * 17) % 11) as f64 * 1e-3
            }
        };
        (0..size * size).map(|at| of(at / size, at % size)).collect()
    }

    fn times(matrix: &[f64], size: usize, x: &[f64]) -> Vec<f64> {
        matrix.chunks_exact(size).map(|r| r.iter().zip(x).map(|(a, b)| a * b).sum()).collect()
    }

    #[test]
    fn factor_worked_by_hand() {
        // [[4, 2], [2, 5]] = L L' with L = [[2, 0], [1, 2]].
        let made = Cholesky::new(vec![4.0, f64::NAN, 2.0, 5.0], 2).unwrap();
        assert_eq!((made.rows[0], made.rows[2], made.rows[3]), (2.0, 1.0, 2.0));
        let mut x = [8.0, 9.0];
        made.solve(&mut x, 1);
        assert!((x[0] - 22.0 / 16.0).abs() < 1e-15 && (x[1] - 20.0 / 16.0).abs() < 1e-15, "{x:?}");
    }

    #[test]
    fn the_inverse_of_a_known_matrix_is_found() {
        // Kac, Murdock and Szegő: entries ρ^|i−j|, whose inverse has three diagonals.
        let (size, rho) = (130usize, 0.7f64);
        let rows: Vec<f64> =
            (0..size * size).map(|at| rho.powi((at / size).abs_diff(at % size) as i32)).collect();
        let made = Cholesky::new(rows, size).unwrap();
        let mut identity = vec![0.0; size * size];
        identity.iter_mut().step_by(size + 1).for_each(|v| *v = 1.0);
        made.solve(&mut identity, size);
        let scale = 1.0 / (1.0 - rho * rho);
        for (at, got) in identity.iter().enumerate() {
            let (i, j) = (at / size, at % size);
            let want = match i.abs_diff(j) {
                0 if i == 0 || i == size - 1 => scale,
                0 => scale * (1.0 + rho * rho),
                1 => -scale * rho,
                _ => 0.0,
            };
            assert!((got - want).abs() < 1e-12, "{i} {j}: {got} {want}");
        }
    }

    #[test]
    fn what_is_not_positive_definite_is_refused() {
        assert_eq!(Cholesky::new(vec![1.0, 0.0, 2.0, 1.0], 2), None);
        assert_eq!(Cholesky::new(vec![0.0], 1), None);
        assert_eq!(Cholesky::new(vec![f64::NAN], 1), None);
        assert_eq!(Cholesky::new(vec![f64::INFINITY], 1), None);
        assert_eq!(Cholesky::new(vec![1.0; 3], 2), None);
        assert_eq!(Cholesky::new(vec![], 0).map(|c| c.size), Some(0));
    }

    #[test]
    fn bits_do_not_depend_on_threads() {
        let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let four = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap();
        let make = || Cholesky::new(matrix(333), 333);
        assert_eq!(one.install(make), four.install(make));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn solutions_solve(size in 1usize..180, count in 1usize..5, seed in 0u32..1000) {
            let rows = matrix(size);
            let made = Cholesky::new(rows.clone(), size).unwrap();
            let value = |i: usize, k: usize| f64::from((seed + (i * 7 + k * 13) as u32) % 101) - 50.0;
            let mut sides: Vec<f64> =
                (0..size * count).map(|at| value(at / count, at % count)).collect();
            made.solve(&mut sides, count);
            for k in 0..count {
                let x: Vec<f64> = (0..size).map(|i| sides[i * count + k]).collect();
                for (i, back) in times(&rows, size, &x).into_iter().enumerate() {
                    prop_assert!((back - value(i, k)).abs() < 1e-9);
                }
                // Alone or among others: the same bits.
                let mut alone: Vec<f64> = (0..size).map(|i| value(i, k)).collect();
                made.solve(&mut alone, 1);
                prop_assert_eq!(alone, x);
            }
        }
    }
}
