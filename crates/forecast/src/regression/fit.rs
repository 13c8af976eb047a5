//! A penalised regression whose errors follow each other and are sometimes out of the ordinary.
//!
//! - Computes: coefficients and their covariance; penalties by the fixed point of the marginal likelihood; errors as
//!   an autoregression of order one, scaled by phase of the season; Huber's weights.
//! - Units: those of the reading.
//! - Shapes: a [`Design`] and a [`Reading`] in; [`Fitted`] out, drivers counted from zero.
//! - Errors: `None` when the columns cannot be told apart at all.
//! - Source: D. MacKay (1992); D. Cochrane and G. Orcutt (1949); P. Huber (1964).

use nalgebra::{DMatrix, DVector};

use super::design::{Design, Reading};

/// Errors beyond this many deviations weigh less.
const ORDINARY: f64 = 2.5;

#[derive(Debug, Clone, Copy)]
pub(super) struct Options {
    /// Times the penalties are improved at most, in the first, second and third pass.
    pub turns: [usize; 3],
    /// Relative change of all penalties below which they have settled.
    pub settled: f64,
    /// Errors follow each other at most this closely.
    pub most_echo: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self { turns: [4, 8, 4], settled: 0.03, most_echo: 0.9 }
    }
}

/// The regression fitted.
#[derive(Debug, Clone)]
pub(super) struct Fitted {
    nuisance: usize,
    beta: DVector<f64>,
    covariance: DMatrix<f64>,
    variances: Vec<f64>,
    families: Vec<Option<u32>>,
    freedom: f64,
}

impl Fitted {
    pub fn effect(&self, driver: usize) -> f64 {
        self.beta.get(self.nuisance + driver).copied().unwrap_or(0.0)
    }

    pub fn covariance(&self, a: usize, b: usize) -> f64 {
        self.covariance.get((self.nuisance + a, self.nuisance + b)).copied().unwrap_or(0.0)
    }

    /// How far effects of a family are from nothing, for one that was never seen.
    pub fn unseen(&self, family: u32) -> Option<f64> {
        let at = self.families.iter().position(|f| *f == Some(family))?;
        self.variances.get(at).copied()
    }

    /// Quantile for an interval of that level: Student's, by its expansion about the normal.
    pub fn quantile(&self, level: f64) -> f64 {
        let z = normal_quantile(0.5 + level.clamp(0.01, 0.999) / 2.0);
        let v = self.freedom.max(3.0);
        let (z3, z5, z7) = (z.powi(3), z.powi(5), z.powi(7));
        z + (z3 + z) / (4.0 * v)
            + (5.0 * z5 + 16.0 * z3 + 3.0 * z) / (96.0 * v.powi(2))
            + (3.0 * z7 + 19.0 * z5 + 17.0 * z3 - 15.0 * z) / (384.0 * v.powi(3))
    }
}

/// Quantile of the normal distribution (P. Acklam's rational approximation, 1e-9).
fn normal_quantile(p: f64) -> f64 {
    // Above one half only: the intervals are two-sided.
    let q = 1.0 - p.clamp(0.5, 1.0 - 1e-12);
    if q > 0.02425 {
        let x = 0.5 - q;
        let r = x * x;
        let num = [
            -3.969_683_028_665_376e1,
            2.209_460_984_245_205e2,
            -2.759_285_104_469_687e2,
            1.383_577_518_672_69e2,
            -3.066_479_806_614_716e1,
            2.506_628_277_459_239,
        ];
        let den = [
            -5.447_609_879_822_406e1,
            1.615_858_368_580_409e2,
            -1.556_989_798_598_866e2,
            6.680_131_188_771_972e1,
            -1.328_068_155_288_572e1,
            1.0,
        ];
        let poly = |c: &[f64]| c.iter().fold(0.0, |sum, c| sum * r + c);
        return poly(&num) * x / poly(&den);
    }
    let r = (-2.0 * q.ln()).sqrt();
    let num = [
        -7.784_894_002_430_293e-3,
        -3.223_964_580_411_365e-1,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    let den = [
        7.784_695_709_041_462e-3,
        3.224_671_290_700_398e-1,
        2.445_134_137_142_996,
        3.754_408_661_907_416,
        1.0,
    ];
    let poly = |c: &[f64]| c.iter().fold(0.0, |sum, c| sum * r + c);
    -poly(&num) / poly(&den)
}

/// One row of the regression, ready to be squared.
struct Rows {
    x: DMatrix<f64>,
    z: DVector<f64>,
    steps: Vec<usize>,
}

/// Known steps with their echo of the step before taken out, each over its scale and weight.
fn rows(design: &Design, z: &[f64], echo: f64, scale: impl Fn(usize) -> f64) -> Rows {
    let steps: Vec<usize> =
        (0..z.len()).filter(|&t| z.get(t).is_some_and(|v| v.is_finite())).collect();
    let alone = (1.0 - echo * echo).sqrt();
    let follows: Vec<bool> = steps
        .iter()
        .enumerate()
        .map(|(i, &t)| i.checked_sub(1).and_then(|p| steps.get(p)).is_some_and(|p| p + 1 == t))
        .collect();
    let scales: Vec<f64> = steps.iter().map(|&t| scale(t)).collect();
    let row = |values: &[f64], i: usize, t: usize| -> f64 {
        let own = values.get(t).copied().unwrap_or(0.0);
        let over = scales.get(i).copied().unwrap_or(1.0);
        match follows.get(i) {
            Some(true) if echo > 0.0 => {
                (own - echo * values.get(t - 1).copied().unwrap_or(0.0)) * over
            }
            _ => own * alone * over,
        }
    };
    let mut x = DMatrix::zeros(steps.len(), design.columns.len());
    for (mut target, column) in x.column_iter_mut().zip(&design.columns) {
        for (i, (slot, &t)) in target.iter_mut().zip(&steps).enumerate() {
            *slot = row(&column.values, i, t);
        }
    }
    let z =
        DVector::from_iterator(steps.len(), steps.iter().enumerate().map(|(i, &t)| row(z, i, t)));
    Rows { x, z, steps }
}

/// Products of all columns with each other. Most columns are nearly empty (a holiday comes once a year): those
/// are read where they are not.
fn gram(x: &DMatrix<f64>) -> DMatrix<f64> {
    let p = x.ncols();
    let filled: Vec<Vec<usize>> = x
        .column_iter()
        .map(|c| (0..c.len()).filter(|i| c.get(*i).is_some_and(|v| *v != 0.0)).collect())
        .collect();
    let few = x.nrows() / 6;
    let mut out = DMatrix::zeros(p, p);
    for (a, of_a) in filled.iter().enumerate() {
        for (b, of_b) in filled.iter().enumerate().take(a + 1) {
            let shorter = if of_a.len() < of_b.len() { of_a } else { of_b };
            let (one, other) = (x.column(a), x.column(b));
            let product = if shorter.len() <= few {
                let at = |i: &usize| Some(one.get(*i)? * other.get(*i)?);
                shorter.iter().filter_map(at).sum()
            } else {
                one.dot(&other)
            };
            for place in [(a, b), (b, a)] {
                if let Some(slot) = out.get_mut(place) {
                    *slot = product;
                }
            }
        }
    }
    out
}

/// Inverse of the lower triangle of a square matrix; what is above the diagonal is not read.
fn inverse_of_lower(lower: &DMatrix<f64>) -> DMatrix<f64> {
    let p = lower.ncols();
    let mut out = DMatrix::identity(p, p);
    for (j, mut x) in out.column_iter_mut().enumerate() {
        let x = x.as_mut_slice();
        for k in j..p {
            let Some(column) = lower.as_slice().get(k * p + k..(k + 1) * p) else { break };
            let (Some((pivot, below)), Some((head, rest))) =
                (column.split_first(), x.get_mut(k..).and_then(<[f64]>::split_first_mut))
            else {
                break;
            };
            *head /= pivot;
            for (slot, l) in rest.iter_mut().zip(below) {
                *slot -= *head * l;
            }
        }
    }
    out
}

struct Posterior {
    beta: DVector<f64>,
    /// Inverse of the lower root of the precision: the covariance is its transpose times itself.
    root: DMatrix<f64>,
    freedom: f64,
}

struct State {
    noise: f64,
    variances: Vec<f64>,
}

/// Coefficients given noise and penalties; then both again, until they settle.
#[allow(clippy::too_many_arguments)]
fn settle(
    design: &Design,
    rows: &Rows,
    priors: &[Option<(f64, f64)>],
    state: &mut State,
    turns: usize,
    settled: f64,
) -> Option<Posterior> {
    let gram = gram(&rows.x);
    let right = rows.x.tr_mul(&rows.z);
    let squares = rows.z.dot(&rows.z);
    let p = design.columns.len();
    let n = rows.z.len() as f64;
    let prior_of =
        |c: usize| c.checked_sub(design.nuisance).and_then(|d| priors.get(d).copied()?);
    let mut last = None;
    for turn in 0..=turns {
        let mut system = &gram / state.noise;
        let mut target = &right / state.noise;
        for c in 0..p {
            let precision = match (prior_of(c), design.columns.get(c).and_then(|d| d.family)) {
                (Some((mean, spread)), _) => {
                    let precision = 1.0 / (spread * spread);
                    if let Some(slot) = target.get_mut(c) {
                        *slot += precision * mean;
                    }
                    precision
                }
                (None, Some(family)) => 1.0 / state.variances.get(family).copied()?,
                (None, None) => 1e-8,
            };
            *system.get_mut((c, c))? += precision;
        }
        let factor = system.cholesky()?;
        let beta = factor.solve(&target);
        let root = inverse_of_lower(factor.l_dirty());
        let spreads: Vec<f64> = root.column_iter().map(|c| c.norm_squared()).collect();
        // How much of each coefficient comes from the series rather than from its penalty.
        let mut used = 0.0;
        let mut moments: Vec<(f64, f64)> =
            design.families.iter().map(|f| (f.worth * f.size * f.size, f.worth)).collect();
        for c in 0..p {
            let spread = *spreads.get(c)?;
            match (prior_of(c), design.columns.get(c).and_then(|d| d.family)) {
                (Some((_, s)), _) => used += (1.0 - spread / (s * s)).max(0.0),
                (None, Some(family)) => {
                    let share = (1.0 - spread / state.variances.get(family)?).clamp(0.0, 1.0);
                    used += share;
                    let moment = moments.get_mut(family)?;
                    let b = *beta.get(c)?;
                    *moment = (moment.0 + b * b, moment.1 + share);
                }
                (None, None) => used += 1.0,
            }
        }
        let fitted = &gram * &beta;
        let left = (squares - 2.0 * right.dot(&beta) + beta.dot(&fitted)).max(0.0);
        let freedom = (n - used).max(1.0);
        let noise = (left / freedom).max(1e-14);
        let variances: Vec<f64> =
            moments.iter().map(|(sum, count)| (sum / count).max(1e-10)).collect();
        let moved = variances
            .iter()
            .zip(&state.variances)
            .map(|(a, b)| (a / b).ln().abs())
            .fold((noise / state.noise).ln().abs(), f64::max);
        if !moved.is_finite() || beta.iter().any(|b| !b.is_finite()) {
            return None;
        }
        last = Some(Posterior { beta, root, freedom });
        if turn == turns || moved < settled {
            break;
        }
        *state = State { noise, variances };
    }
    last
}

/// Fits in three passes: as if errors were ordinary and apart, then as they are, then again.
pub(super) fn fit(
    design: &Design,
    reading: &Reading,
    priors: &[Option<(f64, f64)>],
    options: &Options,
) -> Option<Fitted> {
    let known: Vec<f64> = reading.z.iter().copied().filter(|z| z.is_finite()).collect();
    if known.len() < 4 {
        return None;
    }
    let centre = median(known.clone())?;
    let z: Vec<f64> = reading.z.iter().map(|v| v - centre).collect();
    let lag = reading.season;
    let steps: Vec<f64> = z
        .iter()
        .zip(z.get(lag..).unwrap_or_default())
        .map(|(a, b)| b - a)
        .filter(|d| d.is_finite())
        .map(f64::abs)
        .collect();
    let apart = median(steps).unwrap_or(0.1).max(1e-4);
    let mut state = State {
        noise: apart * apart,
        variances: design.families.iter().map(|f| f.size * f.size).collect(),
    };
    let first = rows(design, &z, 0.0, |_| 1.0);
    let [one, two, three] = options.turns;
    let posterior = settle(design, &first, priors, &mut state, one, options.settled)?;

    // Errors by phase of the season, and how they follow each other.
    let errors = &first.z - &first.x * &posterior.beta;
    let phases = reading.season;
    let usual = deviation(errors.iter().copied())?.max(1e-9);
    let by_phase: Vec<f64> = (0..phases)
        .map(|phase| {
            let of = first.steps.iter().zip(errors.iter()).filter(|(t, _)| *t % phases == phase);
            let own: Vec<f64> = of.map(|(_, e)| *e).collect();
            // Few errors say little: the usual deviation counts for eight of them.
            let n = own.len() as f64;
            let own = deviation(own.into_iter()).unwrap_or(usual).max(0.2 * usual);
            ((n * own * own + 8.0 * usual * usual) / (n + 8.0)).sqrt() / usual
        })
        .collect();
    let scale = |t: usize| by_phase.get(t % phases).map_or(1.0, |s| 1.0 / s);
    let standard: Vec<f64> =
        first.steps.iter().zip(errors.iter()).map(|(&t, e)| e * scale(t) / usual).collect();
    let cut: Vec<f64> = standard.iter().map(|e| e.clamp(-ORDINARY, ORDINARY)).collect();
    let pairs = first.steps.windows(2).zip(cut.windows(2));
    let (mut cross, mut count) = (0.0, 0usize);
    for (t, e) in pairs {
        if let ([a, b], [x, y]) = (t, e)
            && a + 1 == *b
        {
            cross += x * y;
            count += 1;
        }
    }
    let square = cut.iter().map(|e| e * e).sum::<f64>() / cut.len().max(1) as f64;
    let echo = if count > 20 && square > 0.0 {
        // Fitting takes out some of the likeness of neighbours.
        (cross / count as f64 / square + 1.0 / count as f64).clamp(0.0, options.most_echo)
    } else {
        0.0
    };

    // Rows with an echo taken out, then weighed by how ordinary their errors are.
    let mut weights: Vec<f64> = vec![1.0; z.len()];
    for (&t, e) in first.steps.iter().zip(&standard) {
        if let Some(slot) = weights.get_mut(t) {
            *slot = (ORDINARY / e.abs().max(1e-12)).min(1.0);
        }
    }
    let mut posterior = posterior;
    let mut out = None;
    for turns in [two, three] {
        let weighed =
            rows(design, &z, echo, |t| scale(t) * weights.get(t).copied().unwrap_or(1.0).sqrt());
        posterior = settle(design, &weighed, priors, &mut state, turns, options.settled)
            .unwrap_or(posterior);
        let mut errors = &weighed.z - &weighed.x * &posterior.beta;
        for (e, t) in errors.iter_mut().zip(&weighed.steps) {
            *e /= weights.get(*t).copied().unwrap_or(1.0).sqrt();
        }
        let usual = deviation(errors.iter().copied())?.max(1e-9);
        let (mut clipped, mut ordinary) = (0.0, 0usize);
        let mut next = vec![1.0; z.len()];
        for (&t, e) in weighed.steps.iter().zip(errors.iter()) {
            let apart = e.abs() / usual;
            let weight = (ORDINARY / apart.max(1e-12)).min(1.0);
            ordinary += usize::from(apart <= ORDINARY);
            clipped += (e * weight) * (e * weight);
            if let Some(slot) = next.get_mut(t) {
                *slot = weight;
            }
        }
        let share = (ordinary as f64 / weighed.steps.len().max(1) as f64).max(0.3);
        let noise = clipped / posterior.freedom / share;
        out = Some(noise);
        weights = next;
    }
    // The covariance is the posterior one, brought to the noise that robust errors show.
    let ratio = (out? / state.noise).max(1.0);
    let Posterior { beta, root, freedom } = posterior;
    let covariance = root.transpose() * &root * ratio;
    Some(Fitted {
        nuisance: design.nuisance,
        beta,
        covariance,
        variances: state.variances,
        families: design.families.iter().map(|f| f.of).collect(),
        freedom,
    })
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let middle = values.len() / 2;
    let (_, found, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    Some(*found)
}

/// Deviation of errors about zero, from their median size.
fn deviation(errors: impl Iterator<Item = f64>) -> Option<f64> {
    let sizes: Vec<f64> = errors.map(f64::abs).filter(|e| e.is_finite()).collect();
    Some(median(sizes)? * 1.4826)
}

#[cfg(test)]
mod tests {
    use super::super::design::{Column, Family};
    use super::*;

    /// A sequence of chance that anyone can redo.
    fn chance(k: usize) -> f64 {
        (k as f64 * 0.618_033_988_749_894_9).fract() - 0.5
    }

    #[test]
    fn penalties_settle_where_those_of_a_peer_do() {
        // scikit-learn 1.9.1, BayesianRidge(alpha_1 = alpha_2 = 0, lambda_1 = 1, lambda_2 = 0.09,
        // fit_intercept = False, tol = 1e-14): the same fixed point for one family of size 0.3 worth 2.
        let peer = [1.016_963_44, -0.522_956_61, 0.239_933_31, -0.080_611_07, 0.029_669_26];
        let spread = [0.051_783_98, 0.059_895_25, 0.056_932_57, 0.061_063_38, 0.058_158_1];
        let (n, p) = (40, 5);
        let columns: Vec<Column> = (0..p)
            .map(|j| {
                let value = |i: usize| chance(7 * i * (j + 1) + 3 * j * j + i * i);
                Column { values: (0..n).map(value).collect(), family: Some(0) }
            })
            .collect();
        let truth = [1.0, -0.5, 0.2, 0.0, 0.0];
        let z: Vec<f64> = (0..n)
            .map(|i| {
                let sum: f64 = columns.iter().zip(truth).map(|(c, b)| b * c.values[i]).sum();
                sum + 0.3 * chance(i * i * 5 + 11 * i)
            })
            .collect();
        let families = vec![Family { size: 0.3, worth: 2.0, of: Some(0) }];
        let design = Design { columns, families, nuisance: 0 };
        let rows = rows(&design, &z, 0.0, |_| 1.0);
        let mut state = State { noise: 0.1, variances: vec![0.1] };
        let found = settle(&design, &rows, &[None; 5], &mut state, 2000, 0.0).unwrap();
        let covariance = found.root.transpose() * &found.root;
        for j in 0..p {
            assert!((found.beta[j] - peer[j]).abs() < 1e-7, "{j}: {}", found.beta[j]);
            assert!((covariance[(j, j)].sqrt() - spread[j]).abs() < 1e-7, "{j}");
        }
        assert!((state.noise - 0.009_327_531_98).abs() < 1e-9, "{}", state.noise);
        assert!((state.variances[0] - 0.224_180_870_7).abs() < 1e-7, "{}", state.variances[0]);
    }

    #[test]
    fn products_of_columns_are_those_of_the_matrix_full_or_nearly_empty() {
        let x = DMatrix::from_fn(50, 6, |i, j| match j {
            0 | 1 => chance(i * i + 3 * j),
            2 | 3 => {
                if i % 11 == j {
                    chance(i)
                } else {
                    0.0
                }
            }
            4 => 0.0,
            _ => 1.0,
        });
        assert!((gram(&x) - x.transpose() * &x).abs().max() < 1e-12);
    }

    #[test]
    fn an_echo_is_taken_out_only_between_neighbours() {
        let z = [1.0, 2.0, f64::NAN, 4.0, 8.0];
        let columns = vec![Column { values: vec![1.0; 5], family: None }];
        let design = Design { columns, families: Vec::new(), nuisance: 1 };
        let rows = rows(&design, &z, 0.6, |_| 2.0);
        assert_eq!(rows.steps, [0, 1, 3, 4]);
        let alone = 2.0 * (1.0f64 - 0.36).sqrt();
        let want = [alone, 2.0 * (2.0 - 0.6), 4.0 * alone, 2.0 * (8.0 - 2.4)];
        for (found, want) in rows.z.iter().zip(want) {
            assert!((found - want).abs() < 1e-12);
        }
        assert!((rows.x[(1, 0)] - 0.8).abs() < 1e-12);
    }

    #[test]
    fn quantiles_are_those_of_the_tables() {
        // R 4.3: qnorm(c(.9, .975, .995)), qt(.975, c(5, 10, 100)).
        for (p, want) in [(0.9, 1.281_551_566), (0.975, 1.959_963_985), (0.995, 2.575_829_304)] {
            assert!((normal_quantile(p) - want).abs() < 1e-8);
        }
        for (freedom, want) in [(5.0, 2.570_582), (10.0, 2.228_139), (100.0, 1.983_972)] {
            let fitted = Fitted {
                nuisance: 0,
                beta: DVector::zeros(0),
                covariance: DMatrix::zeros(0, 0),
                variances: Vec::new(),
                families: Vec::new(),
                freedom,
            };
            // Three terms of the expansion leave an error in the fourth power of 1 / freedom.
            let off = (fitted.quantile(0.95) - want).abs();
            assert!(off < 2.0 / freedom.powi(4) + 1e-6, "{freedom}: {off}");
        }
    }
}
