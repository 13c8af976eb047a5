//! The stock, its age and its delay, carried forward first in, first out.
//!
//! - Computes: for each scenario of arrivals, the queue day by day, the oldest item always
//!   served first; over all scenarios, by period, quantiles of the stock, of its age, of the
//!   delay and of the share settled in time, and when the stock is back to its target.
//! - Units: items (forecasts may be parts of one); delays and ages in days of the counter given,
//!   day 0 being the day of reception.
//! - Shapes: a [`Queue`] (what waits, what can leave each day, the days counted), scenarios with
//!   one value a day, what is [`Watched`] in; a [`Projected`] out.
//! - Errors: [`CapacityError`]: nothing to carry, uneven lengths, values that are no count.
//! - Source: `docs/methods/stock-projection.md`; cumulative counts of arrivals and services
//!   (G. Newell, *Applications of Queueing Theory*, 1982), checked item by item against a queue
//!   written out in full.

use std::ops::Range;

use rayon::prelude::*;

/// What waits and what will be done about it.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "the counter is a function")]
pub struct Queue<'a> {
    /// Items that wait at the start, by day of reception, oldest first; days before `first`.
    pub waiting: &'a [(i32, f64)],
    /// The first day carried forward.
    pub first: i32,
    /// Items that can leave on each day from the first on.
    pub capacity: &'a [f64],
    /// Days of the counter elapsed at the end of a day: the delay of an item is the difference
    /// between the day it leaves and the day it came. Must never fall.
    pub counter: &'a (dyn Fn(i32) -> i64 + Sync),
}

/// What is looked at.
#[derive(Debug, Clone, Copy, Default)]
pub struct Watched<'a> {
    /// Periods summed up, as ranges of days counted from the first; those beyond are left out.
    pub periods: &'a [Range<usize>],
    /// Days of the counter allowed.
    pub days_allowed: Option<i64>,
    /// Stock beyond which one should worry.
    pub threshold: Option<f64>,
    /// Stock wanted.
    pub target: Option<f64>,
    /// Levels of the bands.
    pub levels: &'a [f64],
}

/// Why nothing is carried forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CapacityError {
    /// No scenario, or no day.
    #[error("there is no day or no scenario to carry the stock over")]
    Nothing,
    /// A scenario does not have one value a day.
    #[error("a scenario has {got} days, the capacity {expected}")]
    Uneven {
        /// Days of the capacity.
        expected: usize,
        /// Days of the scenario.
        got: usize,
    },
    /// A count below zero, unknown, or too large to be told from rounding.
    #[error("{what} must be counts: zero or more, known, and no more than a million millions")]
    NoCount {
        /// Which.
        what: &'static str,
    },
    /// Items that wait are not given oldest first, or came after the first day.
    #[error("waiting items must come oldest first, before the first day carried forward")]
    Order,
    /// Periods that overlap or go back: what leaves would be told for one of them only.
    #[error("period {at} begins before the end of the one before it")]
    Periods {
        /// Which, from 0.
        at: usize,
    },
}

/// A quantity over the scenarios.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Spread {
    /// Median.
    pub median: f64,
    /// Lower and upper end of each band, in the order of the levels.
    pub bands: Vec<(f64, f64)>,
}

/// A period summed up.
#[derive(Debug, Clone, PartialEq)]
pub struct PeriodSaid {
    /// Stock at its end.
    pub stock: Spread,
    /// Age of the oldest item then, median; `None` when nothing waits.
    pub oldest: Option<i64>,
    /// Delay of the items that leave in it, over items and scenarios: median and nine in ten;
    /// `None` when nothing leaves.
    pub delay: Option<[i64; 2]>,
    /// Share of them that left within the days allowed.
    pub in_time: Option<Spread>,
    /// Share of scenarios whose stock is above the threshold at its end.
    pub above: Option<f64>,
    /// What can leave in it.
    pub capacity: f64,
}

/// When the stock is back to its target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Back {
    /// Day reached in half of the scenarios, from the first day; `None` when it is not.
    pub median: Option<usize>,
    /// Day reached in one scenario of ten.
    pub early: Option<usize>,
    /// Day reached in nine scenarios of ten.
    pub late: Option<usize>,
    /// Share of the scenarios that reach it.
    pub reached: f64,
}

/// The stock carried forward.
#[derive(Debug, Clone, PartialEq)]
pub struct Projected {
    /// By period.
    pub periods: Vec<PeriodSaid>,
    /// When the stock is back to its target; `None` without one.
    pub back: Option<Back>,
}

/// Carries a stock forward over scenarios of arrivals.
pub fn project(
    queue: &Queue<'_>,
    scenarios: &[Vec<f64>],
    watched: &Watched<'_>,
) -> Result<Projected, CapacityError> {
    check(queue, scenarios)?;
    let mut pairs = watched.periods.iter().zip(watched.periods.iter().skip(1));
    if let Some(before) = pairs.position(|(a, b)| b.start < a.end) {
        return Err(CapacityError::Periods { at: before + 1 });
    }
    let days = Days::of(queue);
    let runs: Vec<Run> =
        scenarios.par_iter().map(|arrivals| run(queue, &days, arrivals, watched)).collect();
    let periods = watched
        .periods
        .iter()
        .enumerate()
        .filter(|(_, range)| range.end <= queue.capacity.len() && !range.is_empty())
        .map(|(at, range)| said(at, range, queue, &runs, watched))
        .collect();
    let back = watched.target.map(|_| {
        let mut reached: Vec<usize> = runs.iter().filter_map(|r| r.back).collect();
        reached.sort_unstable();
        let at = |share: f64| {
            // The day by which that share of all scenarios, those that never do included, is back.
            reached.get(rank(share, runs.len()).max(1) - 1).copied()
        };
        let share = reached.len() as f64 / runs.len().max(1) as f64;
        Back { median: at(0.5), early: at(0.1), late: at(0.9), reached: share }
    });
    Ok(Projected { periods, back })
}

/// The capacity, as a multiple of the shape given by the queue, with which the stock is at its
/// target or below at the end of the last day in at least `share` of the scenarios; `None` when
/// the shape is zero everywhere.
pub fn needed(
    queue: &Queue<'_>,
    scenarios: &[Vec<f64>],
    target: f64,
    share: f64,
) -> Result<Option<f64>, CapacityError> {
    check(queue, scenarios)?;
    let opening: f64 = queue.waiting.iter().map(|w| w.1).sum();
    let total: f64 = queue.capacity.iter().sum();
    if total <= 0.0 {
        return Ok(None);
    }
    let enough = |times: f64| {
        let ends = scenarios.par_iter().filter(|arrivals| {
            let step =
                |stock: f64, (came, can): (&f64, &f64)| (stock + came - times * can).max(0.0);
            arrivals.iter().zip(queue.capacity).fold(opening, step) <= target
        });
        ends.count() >= rank(share, scenarios.len())
    };
    // All that ever comes may come on the last day anything can leave.
    let most = scenarios.iter().map(|a| a.iter().sum::<f64>()).fold(0.0, f64::max) + opening;
    let least = queue.capacity.iter().copied().filter(|c| *c > 0.0).fold(f64::INFINITY, f64::min);
    let high = (most / least + 1.0).min(f64::MAX);
    if !enough(high) {
        // What comes after the last working day cannot leave.
        return Ok(None);
    }
    // Numbers of at least zero are in the order of their bits: the least is found to the last.
    let (mut low_bits, mut high_bits) = (0, high.to_bits());
    while low_bits < high_bits {
        let middle = low_bits + (high_bits - low_bits) / 2;
        if enough(f64::from_bits(middle)) {
            high_bits = middle;
        } else {
            low_bits = middle + 1;
        }
    }
    Ok(Some(f64::from_bits(high_bits)))
}

/// How many scenarios make up a share of them: 55 of 100 for 0.55, though the product rounds up.
fn rank(share: f64, scenarios: usize) -> usize {
    (share * scenarios as f64 - 1e-9).ceil().max(0.0) as usize
}

/// Larger counts would hide single items in their rounding.
const LARGEST: f64 = 1e12;

fn check(queue: &Queue<'_>, scenarios: &[Vec<f64>]) -> Result<(), CapacityError> {
    let expected = queue.capacity.len();
    if scenarios.is_empty() || expected == 0 {
        return Err(CapacityError::Nothing);
    }
    let counts = |values: &[f64]| values.iter().all(|v| (0.0..=LARGEST).contains(v));
    if !counts(queue.capacity) {
        return Err(CapacityError::NoCount { what: "capacities" });
    }
    if !queue.waiting.iter().all(|(_, n)| (0.0..=LARGEST).contains(n)) {
        return Err(CapacityError::NoCount { what: "waiting items" });
    }
    let ordered = queue.waiting.is_sorted_by(|a, b| a.0 < b.0);
    if !ordered || queue.waiting.last().is_some_and(|l| l.0 >= queue.first) {
        return Err(CapacityError::Order);
    }
    for arrivals in scenarios {
        if arrivals.len() != expected {
            return Err(CapacityError::Uneven { expected, got: arrivals.len() });
        }
        if !counts(arrivals) {
            return Err(CapacityError::NoCount { what: "arrivals" });
        }
    }
    Ok(())
}

/// Days of the counter, looked up once for all scenarios.
struct Days {
    /// Of the items that wait, in their order.
    waiting: Vec<i64>,
    /// Of the days carried forward.
    ahead: Vec<i64>,
}

impl Days {
    fn of(queue: &Queue<'_>) -> Self {
        let day = |at: usize| queue.first.saturating_add(i32::try_from(at).unwrap_or(i32::MAX));
        Self {
            waiting: queue.waiting.iter().map(|(day, _)| (queue.counter)(*day)).collect(),
            ahead: (0..queue.capacity.len()).map(|at| (queue.counter)(day(at))).collect(),
        }
    }
}

/// One scenario.
struct Run {
    periods: Vec<PeriodRun>,
    /// First day at whose end the stock is at its target.
    back: Option<usize>,
}

/// A period of one scenario.
#[derive(Default)]
struct PeriodRun {
    stock: f64,
    oldest: Option<i64>,
    /// Items that left by delay, in the order of delays met.
    left: Vec<(i64, f64)>,
    in_time: f64,
    settled: f64,
}

/// Less than this of an item is rounding.
const CRUMB: f64 = 1e-9;

fn run(queue: &Queue<'_>, days: &Days, arrivals: &[f64], watched: &Watched<'_>) -> Run {
    // What is in the queue, by day of reception: those that waited, then those of each day.
    let waited = queue.waiting.len();
    let mut left_of: Vec<f64> =
        queue.waiting.iter().map(|w| w.1).chain(arrivals.iter().copied()).collect();
    let came = |bucket: usize| match bucket.checked_sub(waited) {
        Some(day) => days.ahead.get(day),
        None => days.waiting.get(bucket),
    };
    let mut stock: f64 = queue.waiting.iter().map(|w| w.1).sum();
    let mut back = watched.target.is_some_and(|t| stock <= t).then_some(0);
    let mut head = 0;
    let mut periods: Vec<PeriodRun> =
        watched.periods.iter().map(|_| PeriodRun::default()).collect();
    let mut period = 0;
    for (day, (arrived, can)) in arrivals.iter().zip(queue.capacity).enumerate() {
        while watched.periods.get(period).is_some_and(|r| day >= r.end) {
            period += 1;
        }
        let inside = watched.periods.get(period).is_some_and(|r| r.contains(&day));
        let now = days.ahead.get(day).copied().unwrap_or(0);
        stock += arrived;
        let mut can = *can;
        while can > 0.0 && head <= waited + day {
            let Some(here) = left_of.get_mut(head) else { break };
            let taken = here.min(can);
            if taken > 0.0 {
                let delay = now - came(head).copied().unwrap_or(now);
                *here -= taken;
                can -= taken;
                stock -= taken;
                if inside && let Some(slot) = periods.get_mut(period) {
                    slot.settled += taken;
                    if watched.days_allowed.is_some_and(|d| delay <= d) {
                        slot.in_time += taken;
                    }
                    match slot.left.last_mut() {
                        Some((same, n)) if *same == delay => *n += taken,
                        _ => slot.left.push((delay, taken)),
                    }
                }
            }
            if *here <= CRUMB {
                head += 1;
            }
        }
        stock = stock.max(0.0);
        if head > waited + day {
            // Nothing waits: what rounding left behind is not carried.
            stock = 0.0;
        }
        if back.is_none() && watched.target.is_some_and(|t| stock <= t) {
            back = Some(day);
        }
        if inside
            && watched.periods.get(period).is_some_and(|r| day + 1 == r.end)
            && let Some(slot) = periods.get_mut(period)
        {
            slot.stock = stock;
            slot.oldest = (head <= waited + day)
                .then(|| {
                    (head..=waited + day).find(|b| left_of.get(*b).is_some_and(|n| *n > CRUMB))
                })
                .flatten()
                .and_then(came)
                .map(|from| now - from);
        }
    }
    Run { periods, back }
}

fn said(
    at: usize,
    range: &Range<usize>,
    queue: &Queue<'_>,
    runs: &[Run],
    watched: &Watched<'_>,
) -> PeriodSaid {
    let own: Vec<&PeriodRun> = runs.iter().filter_map(|r| r.periods.get(at)).collect();
    let stocks: Vec<f64> = own.iter().map(|p| p.stock).collect();
    let above = watched.threshold.map(|limit| {
        stocks.iter().filter(|s| **s > limit).count() as f64 / stocks.len().max(1) as f64
    });
    let mut oldest: Vec<i64> = own.iter().filter_map(|p| p.oldest).collect();
    oldest.sort_unstable();
    let mut left: Vec<(i64, f64)> = own.iter().flat_map(|p| p.left.iter().copied()).collect();
    left.sort_unstable_by_key(|l| l.0);
    let in_time: Vec<f64> =
        own.iter().filter(|p| p.settled > CRUMB).map(|p| p.in_time / p.settled).collect();
    PeriodSaid {
        stock: spread(stocks, watched.levels),
        oldest: oldest.get(oldest.len() / 2).copied(),
        delay: share_within(&left, 0.5).zip(share_within(&left, 0.9)).map(|(a, b)| [a, b]),
        in_time: (watched.days_allowed.is_some() && !in_time.is_empty())
            .then(|| spread(in_time, watched.levels)),
        above,
        capacity: queue.capacity.get(range.clone()).unwrap_or_default().iter().sum(),
    }
}

/// The least delay within which a share of the items left, these being sorted by delay.
fn share_within(left: &[(i64, f64)], share: f64) -> Option<i64> {
    let total: f64 = left.iter().map(|l| l.1).sum();
    if total <= CRUMB {
        return None;
    }
    let mut sum = 0.0;
    for (delay, n) in left {
        sum += n;
        if sum >= share * total - CRUMB {
            return Some(*delay);
        }
    }
    left.last().map(|l| l.0)
}

/// Median and bands, quantiles of type 7.
fn spread(mut values: Vec<f64>, levels: &[f64]) -> Spread {
    values.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| {
        let place = share * values.len().saturating_sub(1) as f64;
        let (low, part) = (place.floor() as usize, place.fract());
        let a = values.get(low).copied().unwrap_or(0.0);
        let b = values.get(low + 1).copied().unwrap_or(a);
        a + (b - a) * part
    };
    let bands = levels.iter().map(|level| {
        let tail = (1.0 - level) / 2.0;
        (at(tail), at(1.0 - tail))
    });
    Spread { median: at(0.5), bands: bands.collect() }
}
