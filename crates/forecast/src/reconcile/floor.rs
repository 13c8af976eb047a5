//! The nearest forecast that is nowhere below zero.
//!
//! - Computes: of all b ≥ 0, the one that makes (b − b̃)' V⁻¹ (b − b̃) least, V being the
//!   covariance of the reconciled leaves b̃: the minimum-trace reconciliation under b ≥ 0.
//! - Units: those of the leaves, V in their squares.
//! - Shapes: leaves in and out; columns of V asked for one by one, only those of leaves that
//!   are held at zero at some time.
//! - Errors: none; should the search not end in its time, what is below zero is set to zero.
//! - Source: principal pivoting by blocks, of the complementarity b = b̃ + V μ, b ≥ 0, μ ≥ 0,
//!   b'μ = 0 (J. Júdice and F. Pires 1994), with K. Murty's rule (1974), which always ends,
//!   when blocks go round in circles; checked against all possible sets of leaves at zero.

use super::cholesky::Cholesky;

/// Rounds without progress before one leaf at a time changes sides.
const PATIENCE: usize = 4;
/// Differences below this share of the largest leaf are rounding.
const ROUNDING: f64 = 1e-12;

/// Replaces leaves by the nearest that are nowhere below zero.
pub(super) fn best<'a>(leaves: &mut [f64], column: impl Fn(usize) -> &'a [f64]) {
    if leaves.iter().all(|v| *v >= 0.0) {
        return;
    }
    match search(leaves, column) {
        Some(found) => leaves.copy_from_slice(&found),
        None => leaves.iter_mut().for_each(|v| *v = v.max(0.0)),
    }
}

fn search<'a>(leaves: &[f64], column: impl Fn(usize) -> &'a [f64]) -> Option<Vec<f64>> {
    let rounding = ROUNDING * leaves.iter().fold(0.0f64, |most, v| most.max(v.abs()));
    let mut held: Vec<bool> = leaves.iter().map(|v| *v < 0.0).collect();
    let (mut fewest, mut patience) = (leaves.len() + 1, PATIENCE);
    for _ in 0..100 + 10 * leaves.len() {
        let at: Vec<usize> =
            held.iter().enumerate().filter(|(_, h)| **h).map(|(at, _)| at).collect();
        let prices = prices(leaves, &at, &column)?;
        let mut moved = leaves.to_vec();
        for (&at, price) in at.iter().zip(&prices) {
            moved.iter_mut().zip(column(at)).for_each(|(m, v)| *m += price * v);
        }
        // Leaves on the wrong side: free ones below zero, held ones that would rather rise.
        let mut wrong: Vec<usize> = moved
            .iter()
            .zip(&held)
            .enumerate()
            .filter(|(_, (value, held))| !**held && **value < -rounding)
            .map(|(at, _)| at)
            .collect();
        for (&at, price) in at.iter().zip(&prices) {
            if price * column(at).get(at)? < -rounding {
                wrong.push(at);
            }
        }
        if wrong.is_empty() {
            let kept = moved.iter().zip(&held);
            return Some(kept.map(|(v, held)| if *held { 0.0 } else { v.max(0.0) }).collect());
        }
        if wrong.len() < fewest {
            (fewest, patience) = (wrong.len(), PATIENCE);
        } else if patience > 0 {
            patience -= 1;
        } else {
            wrong = wrong.into_iter().max().into_iter().collect();
        }
        for at in wrong {
            let side = held.get_mut(at)?;
            *side = !*side;
        }
    }
    None
}

/// What holding leaves at zero costs: V μ = −b̃ on them.
fn prices<'a>(
    leaves: &[f64],
    at: &[usize],
    column: &impl Fn(usize) -> &'a [f64],
) -> Option<Vec<f64>> {
    let rows: Option<Vec<f64>> = at
        .iter()
        .flat_map(|&row| at.iter().map(move |&place| (row, place)))
        .map(|(row, place)| column(row).get(place).copied())
        .collect();
    let mut prices: Vec<f64> = at.iter().filter_map(|&a| leaves.get(a)).map(|v| -v).collect();
    Cholesky::new(rows?, at.len())?.solve(&mut prices, 1);
    Some(prices)
}
