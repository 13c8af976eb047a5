//! A series split into a trend, a season for each length, and a rest, by local lines.
//!
//! - Computes: seasonal-trend decomposition by locally weighted regression, season after season.
//! - Units: those of the series; parts add up to it.
//! - Shapes: a history without unknown steps and its seasons, shortest first, in; parts of the same length out.
//! - Errors: a season that history does not hold twice is left in the rest.
//! - Source: R. Cleveland et al. (1990); several seasons after K. Bandara et al. (2021).

/// What a history is made of.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Parts {
    pub trend: Vec<f64>,
    /// By length, shortest first.
    pub seasons: Vec<(usize, Vec<f64>)>,
    pub rest: Vec<f64>,
}

/// Turns in which season and trend are told apart.
const INNER: usize = 2;
/// Points of a local line fitted exactly, in a window; those between lie on the line joining them.
const EXACT: usize = 6;

/// Weight of each of the points around one, zero at the farthest.
fn tricube(distance: f64, reach: f64) -> f64 {
    let share = (distance / reach).min(1.0);
    if share <= 0.001 { 1.0 } else { (1.0 - share.powi(3)).powi(3) }
}

/// The local line at `x` over the `width` points nearest to it.
fn local(y: &[f64], width: usize, x: f64) -> f64 {
    let n = y.len();
    let held = width.min(n);
    let Some(first) = y.first() else { return 0.0 };
    if n == 1 || held < 2 {
        return *first;
    }
    let centred = (x - (held as f64 - 1.0) / 2.0).ceil().max(0.0) as usize;
    let left = centred.min(n - held);
    let window = y.iter().enumerate().skip(left).take(held);
    let mut reach = (x - left as f64).abs().max(((left + held - 1) as f64 - x).abs());
    // A window wider than history weighs as if history went on.
    reach += (width.saturating_sub(n) / 2) as f64;
    let reach = 0.999 * reach.max(f64::MIN_POSITIVE);
    let (mut all, mut sx, mut sy, mut sxx, mut sxy) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (i, value) in window {
        let d = i as f64 - x;
        let w = tricube(d.abs(), reach);
        all += w;
        sx += w * d;
        sy += w * value;
        sxx += w * d * d;
        sxy += w * d * value;
    }
    if all <= 0.0 {
        return *first;
    }
    let det = all * sxx - sx * sx;
    // Where all weight is on one point there is a level and no line.
    if det <= 1e-9 * all * sxx { sy / all } else { (sxx * sy - sx * sxy) / det }
}

/// Local lines at every point, exact at some and straight between them.
fn loess(y: &[f64], width: usize) -> Vec<f64> {
    let n = y.len();
    let step = width.div_ceil(EXACT).clamp(1, n.max(2) - 1);
    let mut out = Vec::with_capacity(n);
    let mut at = 0;
    let mut value = local(y, width, 0.0);
    while at + 1 < n {
        let next = (at + step).min(n - 1);
        let following = local(y, width, next as f64);
        let span = (next - at) as f64;
        out.extend((0..next - at).map(|i| value + (following - value) * i as f64 / span));
        (at, value) = (next, following);
    }
    if n > 0 {
        out.push(value);
    }
    out
}

fn moving(y: &[f64], width: usize) -> Vec<f64> {
    y.windows(width.max(1)).map(|w| w.iter().sum::<f64>() / w.len() as f64).collect()
}

/// The season of one length, and the trend, of a history that holds it twice.
fn one(y: &[f64], length: usize, window: usize) -> (Vec<f64>, Vec<f64>) {
    let n = y.len();
    let odd = |v: usize| v | 1;
    let of_trend = odd((1.5 * length as f64 / (1.0 - 1.5 / window as f64)).ceil() as usize);
    let mut trend = vec![0.0; n];
    let mut season = vec![0.0; n];
    for _ in 0..INNER {
        // Each place of the season by itself, and one season more at both ends.
        let mut cycle = vec![0.0; n + 2 * length];
        for place in 0..length {
            let own: Vec<f64> = (place..n).step_by(length).map(|t| y[t] - trend[t]).collect();
            let mut smooth = vec![local(&own, window, -1.0)];
            smooth.extend(loess(&own, window));
            smooth.push(local(&own, window, own.len() as f64));
            let slots = cycle.iter_mut().skip(place).step_by(length);
            slots.zip(smooth).for_each(|(slot, v)| *slot = v);
        }
        // What the places share over a season belongs to the trend.
        let low = loess(&moving(&moving(&moving(&cycle, length), length), 3), odd(length));
        for ((slot, c), l) in season.iter_mut().zip(cycle.iter().skip(length)).zip(&low) {
            *slot = c - l;
        }
        let left: Vec<f64> = y.iter().zip(&season).map(|(v, s)| v - s).collect();
        trend = loess(&left, of_trend);
    }
    (season, trend)
}

/// Splits a history.
pub(crate) fn decompose(y: &[f64], seasons: &[usize]) -> Parts {
    let held = seasons.iter().copied().filter(|m| *m > 1 && y.len() >= 2 * m);
    let mut parts: Vec<(usize, Vec<f64>)> = held.map(|m| (m, vec![0.0; y.len()])).collect();
    let mut rest = y.to_vec();
    let mut trend = None;
    let turns = if parts.len() > 1 { 2 } else { 1 };
    for _ in 0..turns {
        for (number, (length, own)) in parts.iter_mut().enumerate() {
            rest.iter_mut().zip(&*own).for_each(|(r, s)| *r += s);
            // Longer seasons change more slowly.
            let (season, level) = one(&rest, *length, 7 + 4 * (number + 1));
            rest.iter_mut().zip(&season).for_each(|(r, s)| *r -= s);
            *own = season;
            trend = Some(level);
        }
    }
    let trend = trend.unwrap_or_else(|| loess(y, (y.len() / 4).max(7)));
    rest.iter_mut().zip(&trend).for_each(|(r, t)| *r -= t);
    Parts { trend, seasons: parts, rest }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_stays_a_line_and_a_pure_season_a_season() {
        let line: Vec<f64> = (0..50).map(|i| 3.0 + 0.5 * f64::from(i)).collect();
        for width in [7, 21, 99] {
            let smooth = loess(&line, width);
            assert!(smooth.iter().zip(&line).all(|(a, b)| (a - b).abs() < 1e-9), "{width}");
        }
        let week = [3.0, 1.0, 0.0, 0.0, -1.0, -1.0, -2.0];
        let y: Vec<f64> = (0..140).map(|i| 100.0 + 0.2 * i as f64 + week[i % 7]).collect();
        let parts = decompose(&y, &[7]);
        for (t, s) in parts.seasons[0].1.iter().enumerate() {
            assert!((s - week[t % 7]).abs() < 1e-6, "{t}: {s}");
        }
        assert!(parts.rest.iter().all(|r| r.abs() < 1e-6));
    }

    #[test]
    fn two_seasons_are_told_apart() {
        let y: Vec<f64> = (0..420)
            .map(|i| {
                let slow = (std::f64::consts::TAU * f64::from(i) / 60.0).sin();
                50.0 + 5.0 * slow + f64::from(i % 7)
            })
            .collect();
        let parts = decompose(&y, &[7, 60]);
        let slow = &parts.seasons[1].1;
        for (t, s) in slow.iter().enumerate().skip(60).take(300) {
            let truth = 5.0 * (std::f64::consts::TAU * t as f64 / 60.0).sin();
            assert!((s - truth).abs() < 0.5, "{t}: {s} for {truth}");
        }
    }

    proptest! {
        #[test]
        fn parts_add_up(y in prop::collection::vec(-1e3..1e3f64, 0..80), m in 2usize..12) {
            let parts = decompose(&y, &[m, 3 * m]);
            for (t, v) in y.iter().enumerate() {
                let seasons: f64 = parts.seasons.iter().map(|s| s.1[t]).sum();
                prop_assert!((parts.trend[t] + seasons + parts.rest[t] - v).abs() < 1e-6);
            }
        }
    }
}
