//! Medoids: the few items that lie nearest to all others, and how well they part them.
//!
//! - Computes: medoids by greedy choice then by exchanges, for several numbers of groups;
//!   keeps the number with the largest mean silhouette.
//! - Units: distances in millionths, weights in cases; their sums are exact integers.
//! - Shapes: a symmetric matrix and weights in; medoids and the group of each item out.
//! - Errors: `None` when stopped.
//! - Source: Kaufman and Rousseeuw (1990), PAM; Schubert and Rousseeuw (2021) for trying
//!   one item against all medoids in one reading; Rousseeuw (1987), silhouettes.

use std::ops::RangeInclusive;

/// A symmetric matrix of distances.
pub(super) struct Matrix {
    side: usize,
    cells: Vec<i64>,
}

impl Matrix {
    /// All zero.
    pub(super) fn new(side: usize) -> Self {
        Self { side, cells: vec![0; side.saturating_mul(side)] }
    }

    /// Sets both halves.
    pub(super) fn set(&mut self, i: usize, j: usize, value: i64) {
        for at in [i * self.side + j, j * self.side + i] {
            if let Some(cell) = self.cells.get_mut(at) {
                *cell = value;
            }
        }
    }

    fn row(&self, i: usize) -> &[i64] {
        self.cells.get(i * self.side..(i + 1) * self.side).unwrap_or_default()
    }
}

/// A grouping.
pub(super) struct Grouping {
    /// Items that stand for the groups.
    pub(super) medoids: Vec<usize>,
    /// Group of each item.
    pub(super) group: Vec<usize>,
    /// Mean silhouette by weight; `None` with a single group.
    pub(super) silhouette: Option<f64>,
}

/// The two nearest medoids of an item.
#[derive(Clone, Copy)]
struct Near {
    first: usize,
    to_first: i64,
    to_second: i64,
}

fn nearest(matrix: &Matrix, medoids: &[usize]) -> Vec<Near> {
    let mut near = vec![Near { first: 0, to_first: i64::MAX, to_second: i64::MAX }; matrix.side];
    for (group, &medoid) in medoids.iter().enumerate() {
        for (n, &d) in near.iter_mut().zip(matrix.row(medoid)) {
            if d < n.to_first {
                *n = Near { first: group, to_first: d, to_second: n.to_first };
            } else if d < n.to_second {
                n.to_second = d;
            }
        }
    }
    near
}

/// The next medoid: the item that spares the most distance; the first of equals.
fn next_medoid(matrix: &Matrix, weights: &[i64], medoids: &[usize]) -> Option<usize> {
    let near = nearest(matrix, medoids);
    let spared = |item: usize| -> i128 {
        let gains = matrix.row(item).iter().zip(&near).zip(weights);
        match medoids.is_empty() {
            true => gains.map(|((&d, _), &w)| -i128::from(d) * i128::from(w)).sum(),
            false => {
                gains.map(|((&d, n), &w)| i128::from((n.to_first - d).max(0)) * i128::from(w)).sum()
            }
        }
    };
    let free = (0..matrix.side).filter(|i| !medoids.contains(i));
    let mut best: Option<(i128, usize)> = None;
    for item in free {
        let gain = spared(item);
        if best.is_none_or(|(most, _)| gain > most) {
            best = Some((gain, item));
        }
    }
    best.map(|(_, item)| item)
}

/// Exchanges a medoid for another item while that shortens the whole; each exchange is the
/// best of all, so the end depends on nothing but the figures.
fn exchange(
    matrix: &Matrix,
    weights: &[i64],
    medoids: &mut [usize],
    stop: &dyn Fn() -> bool,
) -> bool {
    // Every exchange shortens an integer: it ends by itself, and this only bounds the cost.
    for _ in 0..50 {
        if stop() {
            return false;
        }
        let near = nearest(matrix, medoids);
        // What losing each medoid costs when nothing takes its place.
        let mut loss = vec![0i128; medoids.len()];
        for (n, &w) in near.iter().zip(weights) {
            if let Some(l) = loss.get_mut(n.first) {
                *l += i128::from(n.to_second.saturating_sub(n.to_first)) * i128::from(w);
            }
        }
        let mut best: (i128, usize, usize) = (0, 0, 0);
        let mut change = vec![0i128; medoids.len()];
        for item in 0..matrix.side {
            if medoids.contains(&item) {
                continue;
            }
            change.copy_from_slice(&loss);
            let mut shared = 0i128;
            for ((&d, n), &w) in matrix.row(item).iter().zip(&near).zip(weights) {
                let w = i128::from(w);
                if d < n.to_first {
                    shared += i128::from(d - n.to_first) * w;
                    if let Some(c) = change.get_mut(n.first) {
                        *c += i128::from(n.to_first.saturating_sub(n.to_second)) * w;
                    }
                } else if d < n.to_second
                    && let Some(c) = change.get_mut(n.first)
                {
                    *c += i128::from(d.saturating_sub(n.to_second)) * w;
                }
            }
            for (group, &c) in change.iter().enumerate() {
                if c + shared < best.0 {
                    best = (c + shared, group, item);
                }
            }
        }
        if best.0 >= 0 {
            return true;
        }
        if let Some(slot) = medoids.get_mut(best.1) {
            *slot = best.2;
        }
    }
    true
}

/// Mean silhouette by weight. A lone case has none and counts 0.
fn silhouette(matrix: &Matrix, weights: &[i64], group: &[usize], groups: usize) -> f64 {
    let mut total = vec![0i128; groups];
    for (&g, &w) in group.iter().zip(weights) {
        if let Some(t) = total.get_mut(g) {
            *t += i128::from(w);
        }
    }
    let (mut sum, mut all) = (0.0, 0.0);
    let mut far = vec![0i128; groups];
    for (item, (&own, &weight)) in group.iter().zip(weights).enumerate() {
        far.iter_mut().for_each(|f| *f = 0);
        for ((&d, &g), &w) in matrix.row(item).iter().zip(group).zip(weights) {
            if let Some(f) = far.get_mut(g) {
                *f += i128::from(d) * i128::from(w);
            }
        }
        all += weight as f64;
        let mates = total.get(own).copied().unwrap_or(0) - 1;
        if mates <= 0 {
            continue;
        }
        let inside = far.get(own).copied().unwrap_or(0) as f64 / mates as f64;
        let outside = (0..groups)
            .filter(|&g| g != own)
            .filter_map(|g| Some(*far.get(g)? as f64 / *total.get(g)? as f64))
            .fold(f64::INFINITY, f64::min);
        let larger = inside.max(outside);
        if larger > 0.0 && outside.is_finite() {
            sum += weight as f64 * (outside - inside) / larger;
        }
    }
    if all > 0.0 { sum / all } else { 0.0 }
}

/// The best grouping over a range of numbers of groups; `None` when stopped.
pub(super) fn best(
    matrix: &Matrix,
    weights: &[i64],
    range: RangeInclusive<usize>,
    stop: &dyn Fn() -> bool,
) -> Option<Grouping> {
    let mut greedy: Vec<usize> = Vec::new();
    let mut best: Option<Grouping> = None;
    let most = (*range.end()).min(matrix.side);
    for count in 1..=most {
        if stop() {
            return None;
        }
        greedy.extend(next_medoid(matrix, weights, &greedy));
        // Fewer items than the fewest groups asked for: as many as there are.
        if count < (*range.start()).min(most) {
            continue;
        }
        let mut medoids = greedy.clone();
        if count > 1 && !exchange(matrix, weights, &mut medoids, stop) {
            return None;
        }
        let group: Vec<usize> = nearest(matrix, &medoids).iter().map(|n| n.first).collect();
        let parted = (count > 1).then(|| silhouette(matrix, weights, &group, medoids.len()));
        let better = match (&best, parted) {
            (None, _) => true,
            (Some(b), Some(s)) => b.silhouette.is_none_or(|before| s > before),
            (Some(_), None) => false,
        };
        if better {
            best = Some(Grouping { medoids, group, silhouette: parted });
        }
    }
    best.or_else(|| Some(Grouping { medoids: Vec::new(), group: Vec::new(), silhouette: None }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Deviates;

    fn cost(matrix: &Matrix, weights: &[i64], medoids: &[usize]) -> i128 {
        let near = nearest(matrix, medoids);
        near.iter().zip(weights).map(|(n, &w)| i128::from(n.to_first) * i128::from(w)).sum()
    }

    #[test]
    fn no_exchange_of_one_medoid_shortens_the_whole_any_more() {
        let mut deviates = Deviates::new(4);
        let mut improved = 0;
        for round in 0..60 {
            let side = 8 + round % 5;
            let places: Vec<(f64, f64)> =
                (0..side).map(|_| (deviates.uniform(), deviates.uniform())).collect();
            let mut matrix = Matrix::new(side);
            for i in 0..side {
                for j in i + 1..side {
                    let far = (places[i].0 - places[j].0).hypot(places[i].1 - places[j].1);
                    matrix.set(i, j, (far * 1e6) as i64);
                }
            }
            let weights: Vec<i64> =
                (0..side).map(|_| 1 + (deviates.uniform() * 9.0) as i64).collect();
            let mut medoids: Vec<usize> = Vec::new();
            for _ in 0..2 + round % 3 {
                medoids.extend(next_medoid(&matrix, &weights, &medoids));
            }
            let before = cost(&matrix, &weights, &medoids);
            assert!(exchange(&matrix, &weights, &mut medoids, &|| false));
            let after = cost(&matrix, &weights, &medoids);
            improved += u32::from(after < before);
            assert!(after <= before);
            for group in 0..medoids.len() {
                for item in (0..side).filter(|i| !medoids.contains(i)) {
                    let mut other = medoids.clone();
                    other[group] = item;
                    assert!(cost(&matrix, &weights, &other) >= after, "round {round}");
                }
            }
        }
        assert!(improved > 0, "the greedy choice was never the last word");
    }
}
