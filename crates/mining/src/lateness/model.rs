//! The factors in one model: which can stand together, and the effect of each level.

use rustc_hash::FxHashMap;

use super::{
    Kept, LatenessError, LatenessOptions, Moment, NotTold,
    logistic::{self, Pattern},
};

/// The effect of a level against the reference of its factor.
pub(super) struct Effect {
    pub(super) coefficient: f64,
    pub(super) error: f64,
    /// Late cases of the level beyond what its reference would have had.
    pub(super) late_cases: f64,
}

/// Two factors say the same when one leaves less than this share of the other unknown.
const SAME: f64 = 0.98;
/// A column keeps its place when at least this share of its variance is its own.
const OWN_VARIANCE: f64 = 0.01;
/// Late cases (or in time, if fewer) asked for by each effect.
const EVENTS_PER_EFFECT: u64 = 5;

/// Levels of one case over all factors, and how many cases share them.
type Row = (Vec<u16>, u64, u64);

/// Effects of the levels of all factors: those known at arrival are told from a model
/// without what comes later, which would take their effect away.
pub(super) fn effects(
    kept: &mut [Kept<'_>],
    late: &[bool],
    options: &LatenessOptions,
    stop: &dyn Fn() -> bool,
) -> Result<FxHashMap<(usize, usize), Effect>, LatenessError> {
    let rows = rows(kept, late);
    determined(kept, &rows, stop)?;
    let arrival: Vec<usize> = (0..kept.len())
        .filter(|&f| kept.get(f).is_some_and(|k| k.factor.moment == Moment::AtArrival))
        .collect();
    let mut effects = one_model(kept, &rows, &arrival, options, stop)?;
    if arrival.len() < kept.len() {
        let all: Vec<usize> = (0..kept.len()).collect();
        let later = one_model(kept, &rows, &all, options, stop)?;
        effects.extend(later.into_iter().filter(|((f, _), _)| !arrival.contains(f)));
    }
    Ok(effects)
}

/// Cases with equal levels together, in the order of the levels: sums do not depend on the
/// order of the cases.
fn rows(kept: &[Kept<'_>], late: &[bool]) -> Vec<Row> {
    let mut together: FxHashMap<Vec<u16>, (u64, u64)> = FxHashMap::default();
    let mut levels = Vec::with_capacity(kept.len());
    for (case, &late) in late.iter().enumerate() {
        levels.clear();
        levels.extend(kept.iter().map(|k| {
            let code = k.factor.codes.get(case).copied().unwrap_or(0);
            k.map.get(usize::from(code)).copied().unwrap_or(0)
        }));
        let count = match together.get_mut(levels.as_slice()) {
            Some(count) => count,
            None => together.entry(levels.clone()).or_default(),
        };
        count.0 += 1;
        count.1 += u64::from(late);
    }
    let mut rows: Vec<Row> = together.into_iter().map(|(l, (n, late))| (l, n, late)).collect();
    rows.sort_unstable();
    rows
}

/// Marks factors that an earlier one determines, and joins those that say the same.
fn determined(
    kept: &mut [Kept<'_>],
    rows: &[Row],
    stop: &dyn Fn() -> bool,
) -> Result<(), LatenessError> {
    for first in 0..kept.len() {
        for second in first + 1..kept.len() {
            let (Some(a), Some(b)) = (kept.get(first), kept.get(second)) else { continue };
            if a.not_told.is_some() || b.not_told.is_some() {
                continue;
            }
            // What is known at arrival is not explained away by what comes later.
            let same_moment = a.factor.moment == b.factor.moment;
            let mut table = vec![0u64; a.levels.len() * b.levels.len()];
            for (levels, n, _) in rows {
                let at = |f: usize| levels.get(f).copied().map_or(0, usize::from);
                if let Some(cell) = table.get_mut(at(first) * b.levels.len() + at(second)) {
                    *cell += n;
                }
            }
            let (names_a, names_b) = (a.factor.name.clone(), b.factor.name.clone());
            let wide = b.levels.len();
            let by_first = known(&table, a.levels.len(), wide, |i, j| i * wide + j);
            let by_second = known(&table, wide, a.levels.len(), |i, j| j * wide + i);
            if by_first >= SAME {
                if let Some(b) = kept.get_mut(second) {
                    b.not_told = Some(NotTold::DeterminedBy { factor: names_a });
                }
                if by_second >= SAME
                    && let Some(a) = kept.get_mut(first)
                {
                    a.same_as.push(names_b);
                }
            } else if by_second >= SAME
                && same_moment
                && let Some(a) = kept.get_mut(first)
            {
                a.not_told = Some(NotTold::DeterminedBy { factor: names_b });
            }
        }
        if stop() {
            return Err(LatenessError::Stopped);
        }
    }
    Ok(())
}

/// Share of what one does not know of the second factor that the first tells: the λ of
/// Goodman and Kruskal.
fn known(table: &[u64], firsts: usize, seconds: usize, at: impl Fn(usize, usize) -> usize) -> f64 {
    let cell = |i: usize, j: usize| table.get(at(i, j)).copied().unwrap_or(0);
    let all: u64 = table.iter().sum();
    let largest =
        (0..seconds).map(|j| (0..firsts).map(|i| cell(i, j)).sum::<u64>()).max().unwrap_or(0);
    let told: u64 = (0..firsts).map(|i| (0..seconds).map(|j| cell(i, j)).max().unwrap_or(0)).sum();
    let unknown = all - largest;
    if unknown == 0 { 0.0 } else { (told - largest) as f64 / unknown as f64 }
}

fn one_model(
    kept: &mut [Kept<'_>],
    rows: &[Row],
    among: &[usize],
    options: &LatenessOptions,
    stop: &dyn Fn() -> bool,
) -> Result<FxHashMap<(usize, usize), Effect>, LatenessError> {
    let cases: u64 = rows.iter().map(|r| r.1).sum();
    let late: u64 = rows.iter().map(|r| r.2).sum();
    let room = (late.min(cases - late) / EVENTS_PER_EFFECT) as usize;
    let mut columns: Vec<(usize, usize)> = Vec::new();
    for &f in among {
        let Some(k) = kept.get_mut(f) else { continue };
        // The order of the factors is fixed: what fits does not depend on who is late.
        if k.not_told.is_some() {
            continue;
        }
        if columns.len() + k.levels.len() - 1 > room {
            k.not_told = Some(NotTold::TooFewEvents);
            continue;
        }
        columns.extend((0..k.levels.len()).filter(|&l| l != k.reference).map(|l| (f, l)));
    }
    if columns.is_empty() {
        return Ok(FxHashMap::default());
    }
    let mut patterns = patterns(rows, &columns);
    let dropped = logistic::dependent(&patterns, columns.len(), OWN_VARIANCE);
    if !dropped.is_empty() {
        let mut at = 0u32;
        columns.retain(|_| {
            at += 1;
            !dropped.contains(&(at - 1))
        });
        patterns = self::patterns(rows, &columns);
    }
    let Some(fit) = logistic::fit(&patterns, columns.len(), options.ridge, stop) else {
        if stop() {
            return Err(LatenessError::Stopped);
        }
        for k in among.iter() {
            if let Some(k) = kept.get_mut(*k) {
                k.not_told.get_or_insert(NotTold::NotSettled);
            }
        }
        return Ok(FxHashMap::default());
    };
    let mut beyond = vec![0.0; columns.len()];
    for p in &patterns {
        let eta = logistic::log_odds(&fit.coefficients, &p.on);
        let chance = logistic::probability(eta);
        for &c in &p.on {
            let own = fit.coefficients.get(c as usize + 1).copied().unwrap_or(0.0);
            if let Some(b) = beyond.get_mut(c as usize) {
                *b += p.cases as f64 * (chance - logistic::probability(eta - own));
            }
        }
    }
    let mut effects = FxHashMap::default();
    for (c, &(f, l)) in columns.iter().enumerate() {
        let figure = |v: &[f64], at: usize| v.get(at).copied().unwrap_or(0.0);
        effects.insert(
            (f, l),
            Effect {
                coefficient: figure(&fit.coefficients, c + 1),
                error: figure(&fit.errors, c + 1),
                late_cases: figure(&beyond, c),
            },
        );
    }
    Ok(effects)
}

/// The rows as columns that are on, rows that became equal together.
fn patterns(rows: &[Row], columns: &[(usize, usize)]) -> Vec<Pattern> {
    let place: FxHashMap<(usize, usize), u32> =
        columns.iter().enumerate().map(|(c, &key)| (key, c as u32)).collect();
    let mut factors: Vec<usize> = columns.iter().map(|&(f, _)| f).collect();
    factors.dedup();
    let mut together: FxHashMap<Vec<u32>, (u64, u64)> = FxHashMap::default();
    let mut on = Vec::new();
    for (levels, n, late) in rows {
        on.clear();
        for &f in &factors {
            let level = levels.get(f).copied().map_or(0, usize::from);
            on.extend(place.get(&(f, level)));
        }
        let count = match together.get_mut(on.as_slice()) {
            Some(count) => count,
            None => together.entry(on.clone()).or_default(),
        };
        count.0 += n;
        count.1 += late;
    }
    let mut patterns: Vec<Pattern> =
        together.into_iter().map(|(on, (cases, late))| Pattern { on, cases, late }).collect();
    patterns.sort_unstable();
    patterns
}
