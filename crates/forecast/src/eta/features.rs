//! What is known of a case at an instant, as numbers.
//!
//! - Computes: a row of features for a case at an instant: how old it is, where it stands, the
//!   way it came, how often each activity was done, the day and the hour, what it is, and how
//!   long its queue takes at the recent pace.
//! - Units: days; local hours; counts.
//! - Shapes: a log swept once in order of time; one row a [`Look`], column after column.
//! - Errors: none; what is not known is NaN, which the booster takes as missing.
//! - Source: usual encodings of event prefixes (last states, counts; after W. van der Aalst et
//!   al. 2011 and I. Verenich et al. 2019). No person enters a row: who handles a case is not
//!   a reason to promise another date.

use std::collections::BTreeMap;

use eclusier_calendar::Zone;
use serde::{Deserialize, Serialize};

use super::{Case, DAY_US};

/// Activities counted one by one at most; rarer ones are told by the last ones only.
const MOST_COUNTED: usize = 32;
/// Last activities told.
const LAST: usize = 4;
/// Events of a case looked back at, at most.
const LOOK_BACK: usize = 1000;
/// Time constant of the pace at which cases leave a state, in days.
const PACE_DAYS: f64 = 14.0;
/// Rows that an own average counts against those of all.
const TRUST: f64 = 20.0;

/// A log cut at an instant: nothing later is in it.
#[derive(Debug)]
pub(super) struct Known {
    /// Instant that days are counted from: the first event.
    pub origin: i64,
    /// Instant of the cut, in days.
    pub now: f64,
    pub cases: Vec<KnownCase>,
}

/// A case as known then.
#[derive(Debug)]
pub(super) struct KnownCase {
    /// Its place in what was given.
    pub index: usize,
    pub id: u64,
    /// Activity and days of each event, in order of time; one at least.
    pub events: Vec<(u32, f64)>,
    /// When it was over, in days, if it is.
    pub over: Option<f64>,
}

impl KnownCase {
    pub fn began(&self) -> f64 {
        self.events.first().map_or(0.0, |e| e.1)
    }

    /// Days from the first event to the end.
    pub fn life(&self) -> Option<f64> {
        Some(self.over? - self.began())
    }
}

impl Known {
    /// Cuts a log.
    pub fn new(cases: &[Case], as_of: i64) -> Self {
        let begun = |case: &Case| case.events.iter().map(|e| e.at).filter(|&at| at <= as_of).min();
        let origin = cases.iter().filter_map(begun).min().unwrap_or(as_of);
        // Through floats: instants at both ends of the range do not overflow.
        let days = |at: i64| (at as f64 - origin as f64) / DAY_US as f64;
        let known = cases.iter().enumerate().filter_map(|(index, case)| {
            let past = case.events.iter().filter(|e| e.at <= as_of);
            let mut events: Vec<(u32, f64)> = past.map(|e| (e.activity, days(e.at))).collect();
            events.sort_by(|a, b| a.1.total_cmp(&b.1));
            let last = events.last()?.1;
            // A case is not over before its last event.
            let over = case.ended.filter(|&at| at <= as_of).map(|at| days(at).max(last));
            Some(KnownCase { index, id: case.id, events, over })
        });
        Self { origin, now: days(as_of), cases: known.collect() }
    }

    /// Days of an instant.
    pub fn days(&self, at: i64) -> f64 {
        (at as f64 - self.origin as f64) / DAY_US as f64
    }

    /// Instant of days.
    pub fn instant(&self, days: f64) -> i64 {
        self.origin.saturating_add((days * DAY_US as f64).round() as i64)
    }
}

/// A case to look at: after which of its events, and when.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Look {
    /// Place of the case in [`Known::cases`].
    pub case: usize,
    /// Last event seen, from 0.
    pub event: usize,
    /// When, in days; at the event or later.
    pub at: f64,
}

/// What columns mean: learned once, used for every row after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Plan {
    /// Place of an activity among those met, by the life left after it.
    activities: BTreeMap<u32, f64>,
    /// The same for each attribute.
    categories: Vec<BTreeMap<u32, f64>>,
    /// Column of the count of an activity.
    counted: BTreeMap<u32, usize>,
    /// Numbers of a case.
    numbers: usize,
}

impl Plan {
    /// Learns from rows: what is left after each look, and what it weighs.
    pub fn learn(
        cases: &[Case],
        known: &Known,
        looks: &[Look],
        left: &[f64],
        weights: &[f64],
    ) -> Self {
        let mut activities = Average::default();
        let width = |f: fn(&Case) -> usize| {
            known.cases.iter().filter_map(|c| cases.get(c.index)).map(f).max().unwrap_or(0)
        };
        let mut categories = vec![Average::default(); width(|c| c.categories.len())];
        for ((look, &left), &weight) in looks.iter().zip(left).zip(weights) {
            let Some(of) = known.cases.get(look.case) else { continue };
            if let Some(&(activity, _)) = of.events.get(look.event) {
                activities.count(activity, left, weight);
            }
            let own = cases.get(of.index).map_or(&[][..], |c| &c.categories);
            for (average, code) in categories.iter_mut().zip(own) {
                if let Some(code) = code {
                    average.count(*code, left, weight);
                }
            }
        }
        let mut often: Vec<(u32, f64)> =
            activities.of.iter().map(|(&code, &(_, weight))| (code, weight)).collect();
        often.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        often.truncate(MOST_COUNTED);
        Self {
            activities: activities.means(),
            categories: categories.iter().map(Average::means).collect(),
            counted: often.iter().enumerate().map(|(at, &(code, _))| (code, at)).collect(),
            numbers: width(|c| c.numbers.len()),
        }
    }

    /// States promises are judged by: the activities counted, and all others.
    pub fn states(&self) -> usize {
        self.counted.len() + 1
    }

    /// State of a case whose last activity is known.
    pub fn state(&self, activity: u32) -> usize {
        self.counted.get(&activity).copied().unwrap_or(self.counted.len())
    }

    /// Whether an activity was met when learning.
    pub fn has_met(&self, activity: u32) -> bool {
        self.activities.contains_key(&activity)
    }

    /// Rows for looks, column after column.
    pub fn rows(
        &self,
        cases: &[Case],
        known: &Known,
        zone: &Zone,
        looks: &[Look],
    ) -> Vec<Vec<f32>> {
        let width = BASE + self.counted.len() + self.categories.len() + self.numbers;
        let mut columns: Vec<Vec<f32>> = vec![vec![f32::NAN; looks.len()]; width];
        let mut row = vec![f32::NAN; width];
        let mut sweep = Sweep::new(self.states());
        for (_, step) in timeline(known, looks) {
            match step {
                Step::Event(case, event) => {
                    let Some(case) = known.cases.get(case) else { continue };
                    let at = |i: usize| case.events.get(i).map(|&(a, at)| (self.state(a), at));
                    let before = event.checked_sub(1).and_then(at);
                    if let Some((state, at)) = at(event) {
                        sweep.enter(before.map(|b| b.0), state, at);
                    }
                }
                Step::Over(case) => {
                    let Some(case) = known.cases.get(case) else { continue };
                    if let (Some(over), Some(&(last, _))) = (case.over, case.events.last()) {
                        sweep.leave(self.state(last), over);
                    }
                }
                Step::Look(place) => {
                    let Some(look) = looks.get(place) else { continue };
                    self.row(cases, known, zone, look, &mut sweep, &mut row);
                    for (column, value) in columns.iter_mut().zip(&row) {
                        if let Some(cell) = column.get_mut(place) {
                            *cell = *value;
                        }
                    }
                }
            }
        }
        columns
    }

    fn row(
        &self,
        cases: &[Case],
        known: &Known,
        zone: &Zone,
        look: &Look,
        sweep: &mut Sweep,
        row: &mut [f32],
    ) {
        row.fill(f32::NAN);
        let Some(of) = known.cases.get(look.case) else { return };
        let seen = of.events.get(..=look.event).unwrap_or(&of.events);
        let Some(&(last, last_at)) = seen.last() else { return };
        let before = seen.len().checked_sub(2).and_then(|i| seen.get(i)).map_or(last_at, |e| e.1);
        let instant = known.instant(look.at);
        let local = instant.saturating_add(zone.offset_us(instant));
        let day = local.div_euclid(DAY_US);
        let state = self.state(last);
        let base: [f64; BASE - LAST] = [
            seen.len() as f64,
            look.at - of.began(),
            last_at - before,
            look.at - last_at,
            // The first of January 1970 was a Thursday; Monday is 0.
            (day + 3).rem_euclid(7) as f64,
            local.rem_euclid(DAY_US) as f64 / (DAY_US / 24) as f64,
            sweep.queue_days(state, look.at),
        ];
        let lasts = seen
            .iter()
            .rev()
            .take(LAST)
            .map(|(activity, _)| self.activities.get(activity).map_or(f32::NAN, |&v| v as f32));
        let (own, rest) = row.split_at_mut(BASE.min(row.len()));
        let (plain, path) = own.split_at_mut((BASE - LAST).min(own.len()));
        plain.iter_mut().zip(base).for_each(|(cell, v)| *cell = v as f32);
        path.iter_mut().zip(lasts).for_each(|(cell, v)| *cell = v);
        let (counts, rest) = rest.split_at_mut(self.counted.len().min(rest.len()));
        counts.fill(0.0);
        for (activity, _) in seen.iter().rev().take(LOOK_BACK) {
            let count = self.counted.get(activity).and_then(|&at| counts.get_mut(at));
            if let Some(count) = count {
                *count += 1.0;
            }
        }
        let Some(case) = cases.get(of.index) else { return };
        let (codes, numbers) = rest.split_at_mut(self.categories.len().min(rest.len()));
        for ((cell, places), code) in codes.iter_mut().zip(&self.categories).zip(&case.categories) {
            let place = code.and_then(|code| places.get(&code));
            *cell = place.map_or(f32::NAN, |&v| v as f32);
        }
        numbers.iter_mut().zip(&case.numbers).for_each(|(cell, &v)| *cell = v as f32);
    }
}

/// Columns every log has.
const BASE: usize = 7 + LAST;

/// Weighted averages of what is left, by code.
#[derive(Debug, Clone, Default)]
struct Average {
    of: BTreeMap<u32, (f64, f64)>,
    all: (f64, f64),
}

impl Average {
    fn count(&mut self, code: u32, left: f64, weight: f64) {
        // Of logarithms: a few endless cases do not make an order.
        let value = left.max(0.0).ln_1p();
        for sum in [self.of.entry(code).or_default(), &mut self.all] {
            sum.0 += weight * value;
            sum.1 += weight;
        }
    }

    /// Averages drawn towards that of all, the more so the fewer rows they have.
    fn means(&self) -> BTreeMap<u32, f64> {
        let usual = if self.all.1 > 0.0 { self.all.0 / self.all.1 } else { 0.0 };
        let mean = |&(sum, weight): &(f64, f64)| (sum + TRUST * usual) / (weight + TRUST);
        self.of.iter().map(|(&code, own)| (code, mean(own))).collect()
    }
}

/// What happens, in order of time.
#[derive(Debug, Clone, Copy)]
enum Step {
    Event(usize, usize),
    Look(usize),
    Over(usize),
}

/// Events, ends and looks in order of time. A look at an event comes right after it, before
/// whatever happens to the same case at the same instant.
fn timeline(known: &Known, looks: &[Look]) -> Vec<(f64, Step)> {
    let mut steps: Vec<((f64, usize, usize, u8), Step)> = Vec::new();
    for (c, case) in known.cases.iter().enumerate() {
        let events = case.events.iter().enumerate();
        steps.extend(events.map(|(e, &(_, at))| ((at, c, e, 0), Step::Event(c, e))));
        steps.extend(case.over.map(|at| ((at, c, usize::MAX, 2), Step::Over(c))));
    }
    steps.extend(looks.iter().enumerate().map(|(i, look)| {
        let event = known.cases.get(look.case).and_then(|c| c.events.get(look.event));
        let waits = event.is_none_or(|e| look.at > e.1);
        let place = if waits { usize::MAX } else { look.event };
        ((look.at, look.case, place, 1), Step::Look(i))
    }));
    steps.sort_by(|(a, _), (b, _)| {
        a.0.total_cmp(&b.0).then_with(|| (a.1, a.2, a.3).cmp(&(b.1, b.2, b.3)))
    });
    steps.into_iter().map(|(key, step)| (key.0, step)).collect()
}

/// What stands in each state, and how fast it leaves.
#[derive(Debug)]
struct Sweep {
    /// Cases standing, departures faded, and when they were last faded.
    states: Vec<(f64, f64, f64)>,
    began: Option<f64>,
}

impl Sweep {
    fn new(states: usize) -> Self {
        Self { states: vec![(0.0, 0.0, 0.0); states], began: None }
    }

    fn enter(&mut self, before: Option<usize>, state: usize, at: f64) {
        self.began.get_or_insert(at);
        if let Some(before) = before {
            self.leave(before, at);
        }
        if let Some((standing, ..)) = self.states.get_mut(state) {
            *standing += 1.0;
        }
    }

    fn leave(&mut self, state: usize, at: f64) {
        if let Some((standing, left, faded)) = self.states.get_mut(state) {
            *standing -= 1.0;
            *left = *left * (-(at - *faded) / PACE_DAYS).exp() + 1.0;
            *faded = at;
        }
    }

    /// Days that the cases standing in a state take to leave it at the recent pace.
    fn queue_days(&self, state: usize, at: f64) -> f64 {
        let Some(&(standing, left, faded)) = self.states.get(state) else { return f64::NAN };
        // What a constant pace would have left in memory since the beginning of the log.
        let span = self.began.map_or(0.0, |began| 1.0 - (-(at - began) / PACE_DAYS).exp());
        let pace = left * (-(at - faded) / PACE_DAYS).exp() / (PACE_DAYS * span);
        if pace > 0.0 && pace.is_finite() { standing / pace } else { f64::NAN }
    }
}
