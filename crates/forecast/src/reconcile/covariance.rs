//! How errors of base forecasts go together, without a matrix of all pairs.
//!
//! - Computes: W = D + F F', where D is a diagonal and F holds, for each node, as many numbers
//!   as the backtest has moments; the intensity of shrinkage of correlations towards none.
//! - Units: squares of the unit of the series; correlations have none.
//! - Shapes: residuals by node, then moment (NaN where unknown) in.
//! - Errors: [`ReconcileError`] for residuals too few, uneven or infinite.
//! - Source: J. Schäfer and K. Strimmer (2005) for the intensity; S. Wickramasuriya,
//!   G. Athanasopoulos and R. Hyndman (2019) for its use here.

use super::{ReconcileError, cholesky::dot, hierarchy::Hierarchy};

/// A variance below this share of the mean one counts for that much: a series forecast without
/// any error so far is trusted, not believed for ever.
const LEAST_VARIANCE: f64 = 1e-8;
/// Correlations are never kept whole: the matrix would not be definite.
const LEAST_SHRINKAGE: f64 = 1e-8;
/// Residuals needed for a mean square, and for a covariance.
const FEWEST: (usize, usize) = (2, 3);

/// W = D + F F'.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Covariance {
    /// D, by node.
    pub own: Vec<f64>,
    /// F, node after node.
    pub shared: Vec<f64>,
    /// Numbers of F for each node.
    pub width: usize,
    /// Share of the correlations that was given up.
    pub shrinkage: Option<f64>,
}

impl Covariance {
    /// Without any covariance.
    pub fn diagonal(own: Vec<f64>) -> Self {
        Self { own, shared: Vec::new(), width: 0, shrinkage: None }
    }

    /// Errors of a sum grow with its leaves, each as uncertain as another.
    pub fn structural(hierarchy: &Hierarchy) -> Self {
        let mut own = vec![1.0; hierarchy.nodes()];
        for sum in hierarchy.sums() {
            if let Some(slot) = own.get_mut(sum.node) {
                *slot = sum.leaves.len() as f64;
            }
        }
        Self::diagonal(own)
    }

    /// Mean squares of the residuals of each node.
    pub fn variances(
        hierarchy: &Hierarchy,
        residuals: &[Vec<f64>],
    ) -> Result<Self, ReconcileError> {
        let squares = |known: &[f64]| dot(known, known) / known.len() as f64;
        let own = each(hierarchy, residuals, FEWEST.0, squares)?;
        Ok(floored(own).map_or_else(|| Self::structural(hierarchy), Self::diagonal))
    }

    /// Covariances of the residuals, their correlations shrunk towards none.
    pub fn shrunk(hierarchy: &Hierarchy, residuals: &[Vec<f64>]) -> Result<Self, ReconcileError> {
        let mean = |known: &[f64]| known.iter().sum::<f64>() / known.len() as f64;
        let means = each(hierarchy, residuals, FEWEST.1, mean)?;
        let variance = |known: &[f64]| {
            let mean = mean(known);
            known.iter().map(|r| (r - mean) * (r - mean)).sum::<f64>() / (known.len() - 1) as f64
        };
        let raw = each(hierarchy, residuals, FEWEST.1, variance)?;
        let Some(variances) = floored(raw.clone()) else { return Ok(Self::structural(hierarchy)) };
        let moments = residuals.first().map_or(0, Vec::len);
        // Deviations of each node, made of length one: their products are the correlations.
        // Moments of which a node knows nothing count for no deviation, so that correlations
        // known from fewer moments are nearer to none, and the matrix stays definite.
        let mut unit = vec![0.0; residuals.len() * moments];
        for (node, row) in unit.chunks_exact_mut(moments.max(1)).enumerate() {
            let (Some(own), Some(mean)) = (residuals.get(node), means.get(node)) else { continue };
            for (slot, r) in row.iter_mut().zip(own).filter(|(_, r)| r.is_finite()) {
                *slot = r - mean;
            }
            // A series without deviation has none in common with another.
            let flat = raw.get(node).zip(variances.get(node)).is_none_or(|(raw, held)| raw < held);
            let length = dot(row, row).sqrt();
            row.iter_mut().for_each(|v| *v = if flat { 0.0 } else { *v / length });
        }
        let shrinkage = intensity(&unit, moments).clamp(LEAST_SHRINKAGE, 1.0);
        for (row, variance) in unit.chunks_exact_mut(moments.max(1)).zip(&variances) {
            let scale = ((1.0 - shrinkage) * variance).sqrt();
            row.iter_mut().for_each(|v| *v *= scale);
        }
        // What shrinkage takes from the correlations, the diagonal keeps; where F gives a node
        // no variance, D gives it all.
        let own = variances
            .iter()
            .zip(unit.chunks_exact(moments.max(1)))
            .map(|(variance, row)| variance - dot(row, row))
            .map(|own| own.max(0.0))
            .zip(&variances)
            .map(|(own, variance)| own.max(LEAST_SHRINKAGE * variance))
            .collect();
        Ok(Self { own, shared: unit, width: moments, shrinkage: Some(shrinkage) })
    }

    /// The row of F of a node.
    pub fn row(&self, node: usize) -> &[f64] {
        self.shared.get(node * self.width..(node + 1) * self.width).unwrap_or_default()
    }
}

/// A figure of the known residuals of each node.
fn each(
    hierarchy: &Hierarchy,
    residuals: &[Vec<f64>],
    needed: usize,
    figure: impl Fn(&[f64]) -> f64,
) -> Result<Vec<f64>, ReconcileError> {
    let expected = hierarchy.nodes();
    if residuals.len() != expected {
        return Err(ReconcileError::Nodes { expected, got: residuals.len() });
    }
    let moments = residuals.first().map_or(0, Vec::len);
    let one = |(node, own): (usize, &Vec<f64>)| {
        if own.len() != moments {
            return Err(ReconcileError::Moments { node, expected: moments, got: own.len() });
        }
        if own.iter().any(|r| r.is_infinite() || r.abs() > super::LARGEST) {
            return Err(ReconcileError::Residual { node });
        }
        let known: Vec<f64> = own.iter().copied().filter(|r| !r.is_nan()).collect();
        if known.len() < needed {
            return Err(ReconcileError::TooFewResiduals { node, known: known.len(), needed });
        }
        Ok(figure(&known))
    };
    residuals.iter().enumerate().map(one).collect()
}

/// Variances kept off zero; `None` when all are zero, and tell nothing.
fn floored(mut variances: Vec<f64>) -> Option<Vec<f64>> {
    let mean = variances.iter().sum::<f64>() / variances.len() as f64;
    let least = LEAST_VARIANCE * mean;
    variances.iter_mut().for_each(|v| *v = v.max(least));
    (least > 0.0).then_some(variances)
}

/// Share of the correlations that is more noise than signal: the sum of the variances of the
/// correlations of all pairs over the sum of their squares. `unit` holds the deviations of each
/// node, of length one.
///
/// With w = z_it z_jt, a correlation is r = Σ w and its variance T/(T−1) (Σ w² − r²/T). Over
/// all pairs, Σ w² is (Σ_i z_it²)² added up over moments, and Σ r² is the same whether products
/// are summed over moments for each pair of nodes or over nodes for each pair of moments: no
/// pair of nodes is ever looked at.
fn intensity(unit: &[f64], moments: usize) -> f64 {
    let mut squares = vec![0.0; moments];
    let mut fourths = 0.0;
    let mut ones = 0.0;
    // Products of moments; only the lower half.
    let mut products = vec![0.0; moments * moments];
    for row in unit.chunks_exact(moments.max(1)) {
        for (at, &z) in row.iter().enumerate() {
            if let Some(slot) = squares.get_mut(at) {
                *slot += z * z;
            }
            fourths += z * z * z * z;
            if let Some(line) = products.get_mut(at * moments..at * moments + at + 1) {
                line.iter_mut().zip(row).for_each(|(p, other)| *p += z * other);
            }
        }
        ones += dot(row, row).powi(2);
    }
    let mut all = 0.0;
    for (at, line) in products.chunks_exact(moments.max(1)).enumerate() {
        let below = line.get(..at).map_or(0.0, |below| dot(below, below));
        all += 2.0 * below + line.get(at).map_or(0.0, |d| d * d);
    }
    let signal = all - ones;
    let n = moments as f64;
    let noise = n / (n - 1.0) * (dot(&squares, &squares) - fourths - signal / n);
    if signal > 0.0 && noise.is_finite() { noise / signal } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition, pair by pair.
    fn by_pairs(residuals: &[Vec<f64>]) -> f64 {
        let n = residuals[0].len() as f64;
        let z: Vec<Vec<f64>> = residuals
            .iter()
            .map(|own| {
                let mean = own.iter().sum::<f64>() / n;
                let sd = (own.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
                own.iter().map(|r| (r - mean) / sd).collect()
            })
            .collect();
        let (mut noise, mut signal) = (0.0, 0.0);
        for (i, a) in z.iter().enumerate() {
            for (j, b) in z.iter().enumerate().filter(|(j, _)| *j != i) {
                let _ = j;
                let w: Vec<f64> = a.iter().zip(b).map(|(x, y)| x * y).collect();
                let mean = w.iter().sum::<f64>() / n;
                let spread: f64 = w.iter().map(|w| (w - mean).powi(2)).sum();
                noise += n / (n - 1.0).powi(3) * spread;
                signal += (n / (n - 1.0) * mean).powi(2);
            }
        }
        (noise / signal).clamp(LEAST_SHRINKAGE, 1.0)
    }

    proptest! {
        #[test]
        fn intensity_is_that_of_all_pairs(
            leaves in prop::collection::vec(prop::collection::vec(-10.0..10.0f64, 8), 2..6),
            noise in prop::collection::vec(-1.0..1.0f64, 8),
        ) {
            let total: Vec<f64> = (0..8)
                .map(|t| leaves.iter().map(|l| l[t]).sum::<f64>() + noise[t])
                .collect();
            let mut residuals = vec![total];
            residuals.extend(leaves.clone());
            let hierarchy =
                Hierarchy::groups(leaves.len(), &[(0..leaves.len()).collect()]).unwrap();
            let made = Covariance::shrunk(&hierarchy, &residuals).unwrap();
            let got = made.shrinkage.unwrap();
            prop_assert!((got - by_pairs(&residuals)).abs() < 1e-9, "{got}");
            // The diagonal of W is that of the residuals, and off it only shrinkage is lost.
            for (i, a) in residuals.iter().enumerate() {
                for (j, b) in residuals.iter().enumerate() {
                    let mean = |r: &[f64]| r.iter().sum::<f64>() / 8.0;
                    let (ma, mb) = (mean(a), mean(b));
                    let both: f64 = a.iter().zip(b).map(|(x, y)| (x - ma) * (y - mb)).sum::<f64>() / 7.0;
                    let want = if i == j { both } else { (1.0 - got) * both };
                    let own = if i == j { made.own[i] } else { 0.0 };
                    let w = own + dot(made.row(i), made.row(j));
                    prop_assert!((w - want).abs() < 1e-9 * (1.0 + want.abs()), "{w} {want}");
                }
            }
        }
    }

    #[test]
    fn series_without_any_error_are_not_believed_for_ever() {
        let hierarchy = Hierarchy::groups(2, &[vec![0, 1]]).unwrap();
        let residuals = [vec![1.0, -1.0, 1.0], vec![0.0; 3], vec![2.0, f64::NAN, -2.0]];
        let made = Covariance::variances(&hierarchy, &residuals).unwrap();
        assert_eq!(made.own, [1.0, LEAST_VARIANCE * 5.0 / 3.0, 4.0]);
        let made = Covariance::variances(&hierarchy, &[vec![0.0; 2], vec![0.0; 2], vec![0.0; 2]]);
        assert_eq!(made, Ok(Covariance::structural(&hierarchy)));
        let made = Covariance::shrunk(&hierarchy, &[vec![3.0; 4], vec![1.0; 4], vec![2.0; 4]]);
        assert_eq!(made, Ok(Covariance::structural(&hierarchy)));
        let flat = [vec![1.0, -1.0, 2.0], vec![7.0; 3], vec![2.0, 0.0, -2.0]];
        let made = Covariance::shrunk(&hierarchy, &flat).unwrap();
        assert!(made.own.iter().all(|v| *v > 0.0) && made.row(1) == [0.0; 3], "{made:?}");
    }

    #[test]
    fn residuals_that_tell_nothing_are_refused() {
        let hierarchy = Hierarchy::groups(2, &[vec![0, 1]]).unwrap();
        let nan = f64::NAN;
        let few = [vec![1.0, 2.0], vec![nan, 1.0], vec![1.0, 2.0]];
        assert_eq!(
            Covariance::variances(&hierarchy, &few),
            Err(ReconcileError::TooFewResiduals { node: 1, known: 1, needed: 2 })
        );
        assert_eq!(
            Covariance::shrunk(&hierarchy, &few),
            Err(ReconcileError::TooFewResiduals { node: 0, known: 2, needed: 3 })
        );
        let uneven = [vec![1.0, 2.0], vec![1.0], vec![1.0, 2.0]];
        assert_eq!(
            Covariance::variances(&hierarchy, &uneven),
            Err(ReconcileError::Moments { node: 1, expected: 2, got: 1 })
        );
        let infinite = [vec![1.0, 2.0], vec![f64::INFINITY, 1.0], vec![1.0, 2.0]];
        assert_eq!(
            Covariance::variances(&hierarchy, &infinite),
            Err(ReconcileError::Residual { node: 1 })
        );
        assert_eq!(
            Covariance::variances(&hierarchy, &infinite[..2]),
            Err(ReconcileError::Nodes { expected: 3, got: 2 })
        );
    }
}
