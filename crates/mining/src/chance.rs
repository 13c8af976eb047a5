//! How far figures could be chance: tails, intervals, and correction for many tries.
//!
//! - Computes: tails of the normal law, intervals of shares and of their difference,
//!   p-values corrected for the number of tests, a seeded stream of normal deviates.
//! - Units: probabilities and shares, 0 to 1.
//! - Shapes: scalars or slices in, scalars or vectors of the same length out.
//! - Errors: `None` where nothing was counted.
//! - Source: Wilson (1927); Newcombe (1998), method 10; Benjamini and Hochberg (1995);
//!   the series and the continued fraction of erfc (Abramowitz and Stegun 7.1.5, 7.1.14).

/// Normal quantile of 97.5 %: intervals are at 95 %.
pub const Z95: f64 = 1.959_963_984_540_054;

/// Complementary error function.
pub fn erfc(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    if x < 0.0 {
        return 2.0 - erfc(-x);
    }
    if x > 27.0 {
        // Below the smallest number a double holds.
        return 0.0;
    }
    if x < 2.0 {
        let (mut term, mut sum) = (x, x);
        for n in 1..200 {
            let n = f64::from(n);
            term *= -x * x / n;
            let more = term / (2.0 * n + 1.0);
            sum += more;
            if more.abs() < 1e-18 {
                break;
            }
        }
        return 1.0 - 2.0 / std::f64::consts::PI.sqrt() * sum;
    }
    // From the inside out: 120 steps are plenty from 2 on.
    let fraction = (1..=120).rev().fold(x, |f, k| x + f64::from(k) / 2.0 / f);
    (-x * x).exp() / std::f64::consts::PI.sqrt() / fraction
}

/// Probability that a normal deviate is as far from 0 as `z`, on either side.
pub fn two_sided(z: f64) -> f64 {
    erfc(z.abs() / std::f64::consts::SQRT_2)
}

/// Wilson's interval of a share at 95 %.
pub fn wilson(numerator: u64, denominator: u64) -> Option<[f64; 2]> {
    if denominator == 0 {
        return None;
    }
    let (k, n) = (numerator as f64, denominator as f64);
    let (p, z2) = (k / n, Z95 * Z95);
    let centre = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z95 / (1.0 + z2 / n) * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    Some([(centre - half).max(0.0), (centre + half).min(1.0)])
}

/// Newcombe's interval of the difference of two shares at 95 %.
pub fn newcombe(first: (u64, u64), second: (u64, u64)) -> Option<[f64; 2]> {
    let ([l1, u1], [l2, u2]) = (wilson(first.0, first.1)?, wilson(second.0, second.1)?);
    let (p1, p2) = (first.0 as f64 / first.1 as f64, second.0 as f64 / second.1 as f64);
    let d = p1 - p2;
    let down = ((p1 - l1).powi(2) + (u2 - p2).powi(2)).sqrt();
    let up = ((u1 - p1).powi(2) + (p2 - l2).powi(2)).sqrt();
    Some([d - down, d + up])
}

/// p-values corrected so that, among those at or below a level, the expected share of
/// false ones is at most that level.
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p.get(a).unwrap_or(&1.0).total_cmp(p.get(b).unwrap_or(&1.0)));
    let mut corrected = vec![1.0; p.len()];
    let mut least = 1.0f64;
    for (rank, &at) in order.iter().enumerate().rev() {
        let raw = p.get(at).copied().unwrap_or(1.0);
        least = least.min(raw * p.len() as f64 / (rank + 1) as f64);
        if let Some(slot) = corrected.get_mut(at) {
            *slot = least;
        }
    }
    corrected
}

/// A stream of deviates that a seed replays.
#[derive(Debug, Clone)]
pub struct Deviates {
    state: u64,
}

impl Deviates {
    /// The stream of a seed.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// Next 64 bits (SplitMix64, Steele, Lea and Flood 2014).
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Next number of (0, 1).
    pub fn uniform(&mut self) -> f64 {
        ((self.bits() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    /// Next normal deviate (Box and Muller, one of the pair).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        radius * (2.0 * std::f64::consts::PI * self.uniform()).cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_equal_published_values() {
        // scipy.special.erfc
        for (x, want) in [
            (0.0, 1.0),
            (0.5, 0.479_500_122_186_953_5),
            (1.9999, 0.004_679_802_092_970_61),
            (2.0, 0.004_677_734_981_047_266),
            (5.0, 1.537_459_794_428_035e-12),
            (-1.0, 1.842_700_792_949_715),
        ] {
            let relative = (erfc(x) / want - 1.0).abs();
            assert!(relative < 1e-9, "{x}: {} {want}", erfc(x));
        }
        assert!((two_sided(Z95) - 0.05).abs() < 1e-12);
    }

    #[test]
    fn newcombe_gives_the_interval_of_his_paper() {
        // Newcombe (1998), table II, method 10: 56/70 − 48/80 and 10/10 − 0/20.
        let near = |got: [f64; 2], want: [f64; 2]| {
            assert!(got.iter().zip(want).all(|(g, w)| (g - w).abs() < 5e-5), "{got:?} {want:?}");
        };
        near(newcombe((56, 70), (48, 80)).unwrap(), [0.0524, 0.3339]);
        near(newcombe((10, 10), (0, 20)).unwrap(), [0.6791, 1.0]);
        assert_eq!(newcombe((0, 0), (1, 2)), None);
    }

    #[test]
    fn correction_follows_the_steps_of_the_paper() {
        let corrected = benjamini_hochberg(&[0.01, 0.04, 0.03, 0.5]);
        let want = [0.04, 0.04 * 4.0 / 3.0, 0.04 * 4.0 / 3.0, 0.5];
        assert!(corrected.iter().zip(want).all(|(g, w)| (g - w).abs() < 1e-12), "{corrected:?}");
        assert!(benjamini_hochberg(&[]).is_empty());
    }
}
