//! The regression's left side (the series as it is read) and its right side (the columns).
//!
//! - Computes: logarithms of a series, or its amounts over their usual size; level, season and drivers as columns.
//! - Units: logarithms, or multiples of the usual size.
//! - Shapes: one value per step, NaN where the step is not read; columns as long.
//! - Errors: `None` without a value to read.
//! - Source: `docs/methods/calendar-effects.md`.

use std::f64::consts::TAU;

use super::{Drivers, Form, Kind, Prior};

/// A value below this share of its neighbours has no logarithm worth reading.
const FLOOR: f64 = 0.02;
/// A phase of the season is closed when this share of its values is nothing.
const CLOSED: f64 = 0.8;
/// Steps without anything, beyond drivers and closed phases, above which logarithms are not read.
const MOST_ZEROS: f64 = 0.05;
/// Neighbours of a value among those of its phase, on each side.
const NEIGHBOURS: usize = 8;

/// A series as the regression reads it.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    pub form: Form,
    /// NaN where the step is not read.
    pub z: Vec<f64>,
    /// What one unit of `z` is in the series.
    pub unit: f64,
    pub positive: bool,
    pub season: usize,
    closed: Vec<bool>,
}

impl Reading {
    /// Reads a history; `driven` tells the steps at which a driver is at work.
    pub fn of(history: &[f64], seasons: &[usize], driven: impl Fn(usize) -> bool) -> Option<Self> {
        let season = seasons.iter().copied().filter(|s| (2..=31).contains(s)).min().unwrap_or(1);
        let known: Vec<f64> = history.iter().copied().filter(|v| v.is_finite()).collect();
        let size = known.iter().map(|v| v.abs()).sum::<f64>() / known.len().max(1) as f64;
        if known.is_empty() || !size.is_finite() || size <= 0.0 {
            return None;
        }
        let positive = known.iter().all(|v| *v >= 0.0);
        let mut closed = vec![false; season];
        for (phase, closed) in closed.iter_mut().enumerate() {
            let values = history.iter().skip(phase).step_by(season).filter(|v| v.is_finite());
            let (n, nothing) = values.fold((0usize, 0usize), |(n, zero), v| {
                (n + 1, zero + usize::from(v.abs() <= 1e-9 * size))
            });
            *closed = season > 1 && n > 0 && nothing as f64 >= CLOSED * n as f64;
        }
        let mut reading =
            Self { form: Form::Additive, z: Vec::new(), unit: size, positive, season, closed };
        let empty = |v: f64| v.abs() <= 1e-9 * size;
        let open = |t: usize| !reading.is_closed(t);
        let (n, nothing) = history
            .iter()
            .enumerate()
            .filter(|(t, v)| v.is_finite() && open(*t) && !driven(*t))
            .fold((0usize, 0usize), |(n, zero), (_, v)| (n + 1, zero + usize::from(empty(*v))));
        let multiplies = positive && n > 0 && nothing as f64 <= MOST_ZEROS * n as f64;
        let z: Vec<f64> = if multiplies {
            // What a phase usually is, for values of which almost nothing is left.
            history
                .iter()
                .enumerate()
                .map(|(t, &v)| {
                    if !v.is_finite() || !open(t) {
                        return f64::NAN;
                    }
                    if v >= 0.2 * size {
                        return v.ln();
                    }
                    let Some(around) = neighbours(history, t, season) else { return f64::NAN };
                    match v < FLOOR * around {
                        // Nothing without a reason: the step was not counted rather than empty.
                        true if !driven(t) => f64::NAN,
                        true => (FLOOR * around).ln(),
                        false => v.ln(),
                    }
                })
                .collect()
        } else {
            let read = |(t, v): (usize, &f64)| if open(t) { v / size } else { f64::NAN };
            history.iter().enumerate().map(read).collect()
        };
        reading.z = z;
        if multiplies {
            reading.form = Form::Multiplicative;
            reading.unit = 1.0;
        }
        let read = reading.z.iter().filter(|z| z.is_finite()).count();
        (read > 0).then_some(reading)
    }

    /// Whether nothing ever happens at this phase of the season.
    pub fn is_closed(&self, step: usize) -> bool {
        step.checked_rem(self.season).and_then(|p| self.closed.get(p)).copied().unwrap_or(false)
    }

    /// Mean and deviation of what is expected, in units of `z`.
    pub fn prior(&self, prior: Prior) -> (f64, f64) {
        let share = if prior.share.is_finite() { prior.share.clamp(-0.99, 20.0) } else { 0.0 };
        let spread = if prior.spread.is_finite() { prior.spread.abs() } else { 0.0 }.max(0.005);
        match self.form {
            Form::Additive => (share, spread),
            // The same spread in logarithms, about what is expected.
            Form::Multiplicative => (share.ln_1p(), spread / (1.0 + share)),
        }
    }
}

/// Median of the positive values of the same phase around a step.
fn neighbours(history: &[f64], t: usize, season: usize) -> Option<f64> {
    let at = |k: usize| history.get(k).copied().filter(|v| v.is_finite() && *v > 0.0);
    let before = (1..=NEIGHBOURS).filter_map(|k| at(t.checked_sub(k * season)?));
    let after = (1..=NEIGHBOURS).filter_map(|k| at(t + k * season));
    let mut values: Vec<f64> = before.chain(after).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// A column of the regression.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub values: Vec<f64>,
    /// Family that shares a penalty; `None` for what is not penalised.
    pub family: Option<usize>,
}

/// What a family is thought to be before looking.
#[derive(Debug, Clone, Copy)]
pub(super) struct Family {
    /// Usual size of an effect, in units of `z`.
    pub size: f64,
    /// How many effects that belief is worth.
    pub worth: f64,
    /// The family of drivers it stands for.
    pub of: Option<u32>,
}

/// Usual size of the effects of a kind, in logarithms or shares, and how many effects that belief is worth.
pub(super) fn believed(kind: Kind) -> (f64, f64) {
    match kind {
        Kind::Yearly => (0.2, 2.0),
        Kind::WorkedDays => (1.0, 1.0),
        Kind::Holiday | Kind::Closure | Kind::NearHoliday => (0.3, 1.0),
        // Named by a person, so hardly nothing.
        Kind::Campaign | Kind::Shock => (0.4, 3.0),
        Kind::School | Kind::Month | Kind::Other => (0.2, 1.0),
    }
}

/// All columns over the history: level, season, then the drivers seen.
#[derive(Debug, Clone)]
pub(super) struct Design {
    pub columns: Vec<Column>,
    pub families: Vec<Family>,
    /// Columns before the drivers.
    pub nuisance: usize,
}

/// Bends of the level at most.
const MOST_BENDS: usize = 20;

impl Design {
    pub fn new(
        reading: &Reading,
        drivers: &Drivers,
        seen: &[usize],
        seasons: &[usize],
        year_seen: bool,
    ) -> Self {
        let n = reading.z.len();
        let season = reading.season;
        let mut columns = vec![Column { values: vec![1.0; n], family: None }];
        let mut families = vec![
            Family { size: 0.1, worth: 4.0, of: None },
            Family { size: 0.3, worth: 2.0, of: None },
        ];
        // The level walks from bend to bend: a ramp for each stretch, penalised alike.
        let stretch = (n / MOST_BENDS).max(4 * season).max(8);
        let bends = n / stretch;
        for k in 0..bends {
            let from = k as f64 * n as f64 / bends as f64;
            let length = n as f64 / bends as f64;
            let ramp = (0..n).map(|t| ((t as f64 - from) / length).clamp(0.0, 1.0)).collect();
            columns.push(Column { values: ramp, family: Some(0) });
        }
        // A steady slope is no surprise.
        let slope = (0..n).map(|t| t as f64 / n as f64).collect();
        columns.push(Column { values: slope, family: None });
        // A level that jumped for good would else be read as a year that goes up and down.
        for from in jumps(reading, drivers, seen) {
            let values = (0..n).map(|t| f64::from(u8::from(t >= from))).collect();
            columns.push(Column { values, family: None });
        }
        if season > 1 {
            for phase in (0..season).filter(|p| !reading.is_closed(*p)) {
                let values = (0..n).map(|t| f64::from(u8::from(t % season == phase))).collect();
                columns.push(Column { values, family: Some(1) });
            }
        }
        // A long season of which no driver speaks is a few waves.
        let long = seasons.iter().copied().filter(|s| *s > season && *s > 2 && 2 * s <= n).max();
        if let Some(long) = long.filter(|_| !year_seen) {
            for wave in 1..=4usize.min(long / 2) {
                for shift in [0.0, 0.25] {
                    let turn =
                        |t: usize| (TAU * (t as f64 * wave as f64 / long as f64 + shift)).sin();
                    let values = (0..n).map(|t| turn(t) / wave as f64).collect();
                    columns.push(Column { values, family: Some(1) });
                }
            }
        }
        let nuisance = columns.len();
        for &c in seen {
            let Some(driver) = drivers.columns.get(c) else { continue };
            let family = families.iter().position(|f| f.of == Some(driver.family));
            let family = family.unwrap_or_else(|| {
                let (size, worth) = believed(driver.kind);
                families.push(Family { size, worth, of: Some(driver.family) });
                families.len() - 1
            });
            let mut values: Vec<f64> = driver.values.iter().copied().take(n).collect();
            values.iter_mut().for_each(|v| *v = if v.is_finite() { *v } else { 0.0 });
            values.resize(n, 0.0);
            columns.push(Column { values, family: Some(family) });
        }
        Self { columns, families, nuisance }
    }
}

/// Blocks on each side of a jump that must be level.
const SIDE: usize = 4;
/// Blocks a jump must last, to be more than a busy time of the year.
const LASTS: usize = 12;
/// Jumps at most.
const MOST_JUMPS: usize = 3;

/// Steps at which the level jumps for good: level before, level after, a jump much larger than usual changes, that
/// lasts a quarter of a year or to the end, does not come back a year later and is not told by a driver.
fn jumps(reading: &Reading, drivers: &Drivers, seen: &[usize]) -> Vec<usize> {
    let season = reading.season;
    let block = if season >= 5 { season } else { 4 * season };
    let phase: Vec<f64> = (0..season)
        .map(|p| median_of(reading.z.iter().skip(p).step_by(season)).unwrap_or(0.0))
        .collect();
    let calm: Vec<f64> = reading
        .z
        .iter()
        .enumerate()
        .map(|(t, z)| z - phase.get(t % season).copied().unwrap_or(0.0))
        .collect();
    let levels: Vec<f64> =
        calm.chunks_exact(block).map(|c| median_of(c.iter()).unwrap_or(f64::NAN)).collect();
    let changes: Vec<f64> =
        levels.iter().zip(levels.iter().skip(2)).map(|(a, b)| (b - a).abs()).collect();
    let Some(usual) = median_of(changes.iter()) else { return Vec::new() };
    let mut found: Vec<(usize, f64)> = Vec::new();
    for k in SIDE..levels.len() {
        let before = levels.get(k - SIDE..k).unwrap_or_default();
        let Some(after) = levels.get(k + 1..k + 1 + SIDE) else { break };
        let (Some(a), Some(b)) = (median_of(before.iter()), median_of(after.iter())) else {
            continue;
        };
        let jump = b - a;
        let level = |side: &[f64], at: f64| {
            side.iter().all(|v| v.is_nan() || (v - at).abs() < 0.3 * jump.abs())
        };
        let rest = levels.get(k + 1..levels.len().min(k + 1 + LASTS)).unwrap_or_default();
        let past = levels.get(k.saturating_sub(LASTS)..k).unwrap_or_default();
        // As long before as after: the end of a busy time is no jump either.
        let lasts = rest.iter().all(|v| v.is_nan() || (v - a) / jump > 0.5)
            && past.iter().all(|v| v.is_nan() || (b - v) / jump > 0.5);
        let large = jump.abs() > 0.2 && jump.abs() > 6.0 * usual;
        if large && lasts && level(before, a) && level(after, b) {
            // The day within the blocks around at which two levels fit best.
            let days = (k * block).saturating_sub(block / 2)..=(k + 1) * block;
            let from = (k - 1) * block;
            let miss = |t: usize| -> f64 {
                let window = calm.get(from..(k + 2) * block).unwrap_or_default();
                let off = |(i, v): (usize, &f64)| (v - if from + i < t { a } else { b }).abs();
                window.iter().enumerate().filter(|(_, v)| v.is_finite()).map(off).sum()
            };
            let best = days.min_by(|x, y| miss(*x).total_cmp(&miss(*y)));
            found.extend(best.map(|t| (t, jump)));
        }
    }
    // Blocks next to a jump see it too: the largest stays.
    found.sort_by(|x, y| y.1.abs().total_cmp(&x.1.abs()).then(x.0.cmp(&y.0)));
    let mut kept: Vec<(usize, f64)> = Vec::new();
    for jump in found {
        if kept.iter().all(|k| k.0.abs_diff(jump.0) > 2 * SIDE * block) {
            kept.push(jump);
        }
    }
    let told = |t: usize| {
        let near = t.saturating_sub(2 * block)..t + 2 * block;
        seen.iter().filter_map(|c| drivers.columns.get(*c)).any(|d| {
            let window = d.values.get(near.start..near.end.min(d.values.len())).unwrap_or_default();
            matches!(d.kind, Kind::Campaign | Kind::Shock | Kind::Closure | Kind::Other)
                && window.windows(2).any(|w| matches!(w, [a, b] if a != b))
        })
    };
    let year = drivers.year.unwrap_or(f64::INFINITY);
    let again = |t: usize, jump: f64| {
        kept.iter().any(|k| {
            let years = k.0.abs_diff(t) as f64 / year;
            let near = (years - years.round()).abs() * year < 3.0 * block as f64;
            years > 0.5 && near && k.1 * jump > 0.0
        })
    };
    let mut out: Vec<usize> =
        kept.iter().filter(|k| !told(k.0) && !again(k.0, k.1)).map(|k| k.0).collect();
    out.truncate(MOST_JUMPS);
    out.sort_unstable();
    out
}

fn median_of<'a>(values: impl Iterator<Item = &'a f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.copied().filter(|v| v.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where a level that follows `factor` is read to jump, a driver of that kind being at work.
    fn read(
        factor: impl Fn(usize) -> f64,
        kind: Kind,
        at_work: impl Fn(usize) -> bool,
    ) -> Vec<usize> {
        let chance = |t: usize| ((t * t) as f64 * 0.618_033_988_749_894_9).fract() - 0.5;
        let week = [1.3, 1.1, 1.0, 1.0, 0.9, 0.4, 0.2];
        let value = |t: usize| 100.0 * week[t % 7] * (1.0 + 0.1 * chance(t)) * factor(t);
        let history: Vec<f64> = (0..900).map(value).collect();
        let column = (0..900).map(|t| f64::from(u8::from(at_work(t)))).collect();
        let mut drivers = Drivers { year: Some(365.2425), ..Drivers::default() };
        drivers.push("driver", kind, 0, column, None);
        let reading = Reading::of(&history, &[7], |_| false);
        reading.map_or_else(Vec::new, |r| jumps(&r, &drivers, &[0]))
    }

    #[test]
    fn a_level_jumps_when_it_stays_and_nothing_tells_why() {
        let never = |_: usize| false;
        let jump = |t: usize| if t < 400 { 1.0 } else { 1.6 };
        let found = read(jump, Kind::Holiday, never);
        assert!(matches!(found[..], [t] if t.abs_diff(400) <= 1), "{found:?}");
        assert!(read(|_| 1.0, Kind::Holiday, never).is_empty());
        // Two months, then as before: a busy time, of which there may be one every year.
        let busy = |t: usize| if (400..460).contains(&t) { 1.6 } else { 1.0 };
        assert!(read(busy, Kind::Holiday, never).is_empty(), "it did not last");
        // Little by little is not at once.
        let slowly = |t: usize| 1.0 + 0.6 * ((t as f64 - 360.0) / 80.0).clamp(0.0, 1.0);
        assert!(read(slowly, Kind::Holiday, never).is_empty());
        // A person told of it: a new rule from that day.
        assert!(read(jump, Kind::Shock, |t| t >= 400).is_empty());
        assert_eq!(read(jump, Kind::Holiday, |t| t >= 400).len(), 1);
        // Half a year up, half a year down, twice: the year's doing.
        let yearly = |t: usize| if (t + 165) % 365 < 180 { 1.0 } else { 1.6 };
        assert!(read(yearly, Kind::Holiday, never).len() <= 1);
    }
}
