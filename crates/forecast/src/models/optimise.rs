//! Least value of a function of a few bounded numbers.
//!
//! - Computes: a simplex that reflects, stretches and shrinks inside a box; and, for one
//!   number, a grid followed by golden sections.
//! - Units: those of the caller.
//! - Shapes: a start, bounds and a function in; the best point seen and its value out.
//! - Errors: none; a value that is no number counts as the worst.
//! - Source: J. Nelder and R. Mead (1965); J. Kiefer (1953).

/// Box and effort of a search.
#[derive(Debug, Clone, Copy)]
pub(super) struct Space<const N: usize> {
    pub low: [f64; N],
    pub high: [f64; N],
    /// Times the function is asked at most.
    pub most: usize,
}

/// Relative difference of values below which the simplex has arrived.
const ARRIVED: f64 = 1e-9;
/// First step, as a share of the box.
const STEP: f64 = 0.15;

impl<const N: usize> Space<N> {
    /// Least value from a start, which is brought inside the box.
    pub fn least(&self, start: [f64; N], mut f: impl FnMut(&[f64; N]) -> f64) -> ([f64; N], f64) {
        let inside = |mut x: [f64; N]| {
            for (v, (low, high)) in x.iter_mut().zip(self.low.iter().zip(&self.high)) {
                *v = v.clamp(*low, *high);
            }
            x
        };
        let mut asked = 0usize;
        let mut value = |x: &[f64; N]| {
            asked += 1;
            let v = f(x);
            (if v.is_finite() { v } else { f64::MAX }, asked)
        };
        let start = inside(start);
        let mut points: Vec<([f64; N], f64)> = vec![(start, value(&start).0)];
        for i in 0..N {
            let mut x = start;
            let step = STEP * (self.high[i] - self.low[i]);
            // Towards the middle of the box: a start on its edge must not lose a direction.
            x[i] += if x[i] + step <= self.high[i] { step } else { -step };
            let x = inside(x);
            points.push((x, value(&x).0));
        }
        let along = |from: &[f64; N], to: &[f64; N], by: f64| {
            let mut x = *from;
            for i in 0..N {
                x[i] += by * (to[i] - from[i]);
            }
            inside(x)
        };
        loop {
            // Stable: equal values keep their order, so that a run can be repeated.
            points.sort_by(|a, b| a.1.total_cmp(&b.1));
            let (best, worst) = (points[0].1, points[N].1);
            if worst - best <= ARRIVED * (best.abs() + 1e-12) {
                break;
            }
            let mut centre = [0.0; N];
            for (x, _) in &points[..N] {
                for i in 0..N {
                    centre[i] += x[i] / N as f64;
                }
            }
            let last = points[N];
            let mirrored = along(&centre, &last.0, -1.0);
            let (mirror_value, so_far) = value(&mirrored);
            if so_far >= self.most {
                if mirror_value < best {
                    return (mirrored, mirror_value);
                }
                break;
            }
            points[N] = if mirror_value < best {
                let further = along(&centre, &last.0, -2.0);
                let (v, _) = value(&further);
                if v < mirror_value { (further, v) } else { (mirrored, mirror_value) }
            } else if mirror_value < points[N - 1].1 {
                (mirrored, mirror_value)
            } else {
                let towards = if mirror_value < last.1 { mirrored } else { last.0 };
                let nearer = along(&centre, &towards, 0.5);
                let (v, _) = value(&nearer);
                if v < last.1.min(mirror_value) {
                    (nearer, v)
                } else {
                    let first = points[0].0;
                    for point in &mut points[1..] {
                        let x = along(&first, &point.0, 0.5);
                        *point = (x, value(&x).0);
                    }
                    continue;
                }
            };
        }
        points[0]
    }
}

/// Least value of a function of one number: best of a grid, then golden sections around it.
pub(super) fn least_of_one(low: f64, high: f64, f: impl FnMut(f64) -> f64) -> f64 {
    least_on(low, high, 12, 1e-4, f)
}

/// The same with the steps of the grid and how close to come, as a share of the interval.
pub(super) fn least_on(
    low: f64,
    high: f64,
    steps: u32,
    close: f64,
    mut f: impl FnMut(f64) -> f64,
) -> f64 {
    let mut value = |x: f64| {
        let v = f(x);
        if v.is_finite() { v } else { f64::MAX }
    };
    let at = |i: u32| low + (high - low) * f64::from(i) / f64::from(steps.max(1));
    let mut best = (0, f64::MAX);
    for i in 0..=steps {
        let v = value(at(i));
        if v < best.1 {
            best = (i, v);
        }
    }
    let (mut a, mut b) = (at(best.0.saturating_sub(1)), at((best.0 + 1).min(steps)));
    let golden = 0.618_033_988_749_894_9;
    let (mut c, mut d) = (b - golden * (b - a), a + golden * (b - a));
    let (mut fc, mut fd) = (value(c), value(d));
    while (b - a) > close * (high - low) {
        if fc <= fd {
            (b, d, fd) = (d, c, fc);
            c = b - golden * (b - a);
            fc = value(c);
        } else {
            (a, c, fc) = (c, d, fd);
            d = a + golden * (b - a);
            fd = value(d);
        }
    }
    let middle = 0.5 * (a + b);
    if value(middle) <= best.1 { middle } else { at(best.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bottom_of_a_bent_valley_is_found() {
        // Rosenbrock's function: 0 at (1, 1).
        let space = Space { low: [-2.0; 2], high: [2.0; 2], most: 2000 };
        let (x, v) = space
            .least([-1.2, 1.0], |x| (1.0 - x[0]).powi(2) + 100.0 * (x[1] - x[0] * x[0]).powi(2));
        assert!(v < 1e-6 && (x[0] - 1.0).abs() < 1e-2, "{x:?} {v}");
    }

    #[test]
    fn the_box_is_never_left_and_its_edge_is_reached() {
        let space = Space { low: [0.0; 3], high: [1.0; 3], most: 500 };
        let mut outside = 0;
        let (x, _) = space.least([0.5; 3], |x| {
            outside += x.iter().filter(|v| !(0.0..=1.0).contains(*v)).count();
            (x[0] + 1.0).powi(2) + (x[1] - 3.0).powi(2) + (x[2] - 0.3).powi(2)
        });
        assert_eq!(outside, 0);
        assert!(x[0] < 1e-3 && x[1] > 0.999 && (x[2] - 0.3).abs() < 1e-2, "{x:?}");
    }

    #[test]
    fn one_number_is_found_between_the_steps_of_the_grid_and_at_the_ends() {
        assert!((least_of_one(0.0, 1.0, |x| (x - 0.37).powi(2)) - 0.37).abs() < 1e-4);
        assert!(least_of_one(0.0, 1.0, |x| x) < 1e-4);
        assert!(least_of_one(0.0, 1.0, |x| -x) > 1.0 - 1e-4);
        // What is no number is never chosen.
        let found = least_of_one(0.0, 1.0, |x| if x < 0.5 { f64::NAN } else { x });
        assert!((0.5..0.6).contains(&found));
    }
}
