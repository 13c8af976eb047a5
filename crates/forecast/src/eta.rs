//! When an open case will be over: half of them by this date, nine in ten by that one.
//!
//! - Computes: quantiles of the time left to each open case, from its path, its age, its
//!   type, the day and the queue before it; learned from ended cases, each standing for those
//!   the present has cut short; then corrected by what became of past promises, as known at
//!   the instant of the promise and not a moment later.
//! - Units: instants and times left in microseconds, promised in whole minutes.
//! - Shapes: a [`Log`] in memory and an instant in; a [`Promise`] for each open case out, and a
//!   [`Report`] of how past promises were kept.
//! - Errors: [`EtaError`] when there is nothing to learn from; a case of which nothing can be
//!   said carries its reason, [`Unsaid`].
//! - Source: gradient boosting of quantiles (see [`crate::boost`]), learned on two halves of
//!   the cases so that each half judges the other; inverse probability of censoring weights;
//!   online recalibration by a period life table. `docs/methods/remaining-time.md`; measured on
//!   public logs in `tests/it/eta.rs`.

mod calibration;
mod censoring;
mod features;

use std::collections::{BTreeMap, BTreeSet};

use eclusier_calendar::Zone;
use serde::{Deserialize, Serialize};

use crate::boost::{BoostError, Booster, Loss, Params, Table, fit_quantiles, quantile};
use calibration::{Bend, Curve, FAR, Made, Watch};
use censoring::Ages;
use features::{Known, KnownCase, Look, Plan};

/// Something done to a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// Code of the activity.
    pub activity: u32,
    /// When, in microseconds since 1970 UTC.
    pub at: i64,
}

/// A case, open or over.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Case {
    /// What tells it from others; the same from one call to the next.
    pub id: u64,
    /// What was done, in the order of delivery at equal instants.
    pub events: Vec<Event>,
    /// When it was over; none while it is open.
    pub ended: Option<i64>,
    /// Codes known from the start (type, channel, unit…), at the same places for all cases.
    pub categories: Vec<Option<u32>>,
    /// Numbers known from the start, at the same places for all cases; NaN when unknown.
    pub numbers: Vec<f64>,
}

/// All cases of a process, and the zone its office lives in.
#[derive(Debug, Clone, Copy)]
pub struct Log<'a> {
    /// Cases in any order.
    pub cases: &'a [Case],
    /// For the day of the week and the hour.
    pub zone: &'a Zone,
}

/// How to learn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// Rows learned from at most, drawn evenly from all there are.
    pub most_rows: usize,
    /// Start of the draws.
    pub seed: u64,
}

/// Half by then.
pub const HALF: f64 = 0.5;
/// Nine in ten by then.
pub const NINE_IN_TEN: f64 = 0.9;
/// The band nine in ten cases end in.
///
/// What ends before it is seen at once, what ends after it weeks after the promise, so less is
/// left above. Levels chosen on the validation part of a public log (BPI 2012, cases 64 to 80 %),
/// where bands so asked cover nine in ten: promises kept by recent outcomes err on the long side.
pub const BAND: (f64, f64) = (0.1, 0.96);

impl Default for Options {
    fn default() -> Self {
        Self { most_rows: 60_000, seed: 0 }
    }
}

/// Why nothing was learned.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EtaError {
    /// Too few cases are over.
    #[error("{ended} ended cases are too few: {needed} are needed")]
    TooFewEnded {
        /// Cases ended by then.
        ended: usize,
        /// Cases needed.
        needed: usize,
    },
    /// Too few past promises can be judged.
    #[error("{judged} past promises can be judged: {needed} are needed")]
    TooFewJudged {
        /// Promises whose outcome is known.
        judged: usize,
        /// Promises needed.
        needed: usize,
    },
    /// The booster refused.
    #[error("the booster could not learn")]
    Boost(#[from] BoostError),
}

/// Why nothing is said of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unsaid {
    /// It stands in a state that no ended case was ever in.
    NewState,
    /// It is older than any ended case became.
    OlderThanAny,
    /// Nothing was heard of it for so long that 993 such cases in 1000 would be over.
    SilentTooLong,
}

/// What is said of an open case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    /// Place of the case in the log.
    pub case: usize,
    /// Its [`Case::id`].
    pub id: u64,
    /// By when it should be over; or why nothing is said.
    pub dates: Result<Dates, Unsaid>,
}

/// By when a case should be over: instants in microseconds since 1970 UTC, in this order, none
/// before the promise was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Dates {
    /// Start of the band that nine in ten cases end in.
    pub low: i64,
    /// Half of such cases are over by then.
    pub half_by: i64,
    /// Nine in ten are.
    pub nine_by: i64,
    /// End of the band.
    pub high: i64,
}

/// A promise as it would have been made right after an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replayed {
    /// Place of the case in the log.
    pub case: usize,
    /// Place of the event among those of the case in order of time.
    pub event: usize,
    /// Instant of the event.
    pub at: i64,
    /// What would have been promised.
    pub dates: Dates,
}

/// How promises were kept: those made in the recent past, whose whole band is over by now.
///
/// A promise is chosen by its own dates, never by what became of its case: cases that end
/// quickly are not favoured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Instant that the model judged was learned at: nothing later was known to it.
    pub learned_at: i64,
    /// Promises judged.
    pub n: usize,
    /// Cases they were made for.
    pub cases: usize,
    /// Promises whose case is still open, though the band is over: their error is at least
    /// what is counted here.
    pub still_open: usize,
    /// Mean distance between the end and the date by which half should have ended, in days.
    pub mae_days: f64,
    /// The same for the simplest rule: the median of what was left after the same activity.
    pub naive_mae_days: f64,
    /// Promises whose case ended inside the band.
    pub inside: usize,
    /// Promises whose case ended before the band.
    pub early: usize,
    /// Promises whose case was over by the date of nine in ten.
    pub by_nine: usize,
    /// Mean width of the band in days.
    pub width_days: f64,
}

impl Report {
    /// Share of the cases that ended inside the band; 0.9 was promised.
    pub fn coverage(&self) -> f64 {
        self.inside as f64 / self.n.max(1) as f64
    }

    /// Share of the cases that were over by the date of nine in ten.
    pub fn kept(&self) -> f64 {
        self.by_nine as f64 / self.n.max(1) as f64
    }

    /// Whether the simplest rule would have been closer.
    pub fn naive_wins(&self) -> bool {
        self.naive_mae_days < self.mae_days
    }
}

/// What was learned.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EtaModel {
    seed: u64,
    learned_at: i64,
    plan: Plan,
    /// Days left after an activity, the median: the simplest rule, to be judged by.
    naive: Naive,
    /// Learned from each half of the cases: a booster a level of [`KNOTS`].
    halves: [Vec<Booster>; 2],
    /// How long a case lasts on average, in days.
    usual: f64,
    /// Longest life of an ended case, in days.
    oldest: f64,
    /// Cases learned from.
    ended: usize,
    /// Cases open then.
    open: usize,
}

const DAY_US: i64 = 86_400_000_000;
/// A minute, in days.
const MINUTE: f64 = 1.0 / 1440.0;
/// Levels that the model learns; those promised are read between them.
const KNOTS: [f64; 5] = [0.05, 0.25, 0.5, 0.75, 0.95];
/// Ended cases needed to learn anything.
const FEWEST_ENDED: usize = 50;
/// Past promises judged at most.
const MOST_WATCHED: usize = 40_000;
/// Lessons drawn during a usual life…
const LESSONS: f64 = 20.0;
/// …and in all at most.
const MOST_LESSONS: f64 = 2000.0;

/// Learns from what is known at an instant.
pub fn learn(log: Log<'_>, as_of: i64, options: &Options) -> Result<EtaModel, EtaError> {
    let known = Known::new(log.cases, as_of);
    let ended = known.cases.iter().filter(|c| c.over.is_some()).count();
    if ended < FEWEST_ENDED {
        return Err(EtaError::TooFewEnded { ended, needed: FEWEST_ENDED });
    }
    let ages = Ages::new(known.cases.iter().map(|c| known.now - c.began()));
    let weight = |case: &KnownCase| case.life().map_or(0.0, |life| ages.weight(life));
    let lives: Vec<f64> = known.cases.iter().filter_map(KnownCase::life).collect();
    let usual = (lives.iter().sum::<f64>() / lives.len() as f64).max(1.0 / 24.0);
    let oldest = known.cases.iter().filter_map(KnownCase::life).fold(0.0, f64::max);

    let all = looks(&known, |case| case.over.is_some());
    let looks = drawn(&known, all, options.most_rows, options.seed).0;
    let of = |look: &Look| known.cases.get(look.case);
    let left: Vec<f64> = looks
        .iter()
        .map(|look| of(look).and_then(|c| c.over).map_or(0.0, |over| (over - look.at).max(0.0)))
        .collect();
    let weights: Vec<f64> = looks.iter().map(|look| of(look).map_or(0.0, weight)).collect();
    let plan = Plan::learn(log.cases, &known, &looks, &left, &weights);
    let table = Table::learn(&plan.rows(log.cases, &known, log.zone, &looks), BINS)?;
    let learn = |half: usize| {
        let own = |(look, &weight): (&Look, &f64)| {
            let mine = of(look).is_some_and(|c| half_of(c.id, options.seed) == half);
            if mine { weight } else { 0.0 }
        };
        let weights: Vec<f64> = looks.iter().zip(&weights).map(own).collect();
        let params = Params { seed: options.seed.wrapping_add(half as u64), ..PARAMS };
        fit_quantiles(&table, &left, Some(&weights), &KNOTS, &params)
    };
    let halves = [learn(0)?, learn(1)?];
    Ok(EtaModel {
        seed: options.seed,
        learned_at: as_of,
        naive: Naive::learn(&known),
        plan,
        halves,
        usual,
        oldest,
        ended,
        open: known.cases.len() - ended,
    })
}

/// Bins of a column: enough for prefixes of cases, and quick.
const BINS: usize = 63;
const PARAMS: Params = Params {
    loss: Loss::Absolute,
    rounds: 60,
    learning_rate: 0.15,
    leaves: 31,
    min_leaf: 40,
    min_gain: 0.0,
    l2: 0.0,
    row_share: 0.5,
    column_share: 0.5,
    seed: 0,
};

impl EtaModel {
    /// Instant it was learned at.
    pub fn learned_at(&self) -> i64 {
        self.learned_at
    }

    /// Cases learned from, and cases that were open then.
    pub fn cases(&self) -> (usize, usize) {
        (self.ended, self.open)
    }

    /// What can be promised at an instant for each case open then, from what is known then.
    pub fn promise(&self, log: Log<'_>, as_of: i64) -> Result<Vec<Promise>, EtaError> {
        let known = Known::new(log.cases, as_of);
        let now = known.now;
        let mut watch = self.watch(now);
        let mut past = self.past(log, &known, now, |_| true)?.into_iter().peekable();
        let step = self.step(now - watch.now());
        while watch.now() < now {
            let next = (watch.now() + step).min(now);
            while let Some(made) = past.next_if(|made| made.at < next) {
                watch.meet(made);
            }
            watch.until(next);
        }
        let open = known.cases.iter().enumerate().filter(|(_, case)| case.over.is_none());
        let asked: Vec<Look> = open
            .filter_map(|(case, c)| {
                let event = c.events.len().checked_sub(1)?;
                Some(Look { case, event, at: c.events.get(event)?.1 })
            })
            .collect();
        let told = self.tell(log, &known, &asked)?;
        let promise = |(look, days): (&Look, &Vec<f64>)| {
            let case = known.cases.get(look.case)?;
            let last = case.events.last()?.0;
            let dates = if !self.plan.has_met(last) {
                Err(Unsaid::NewState)
            } else if now - case.began() > self.oldest {
                Err(Unsaid::OlderThanAny)
            } else {
                say(as_of, now - look.at, days, &watch.bend(self.plan.state(last)))
            };
            Some(Promise { case: case.index, id: case.id, dates })
        };
        Ok(asked.iter().zip(&told).filter_map(promise).collect())
    }

    /// Promises as they would have been made after each event of the cases begun since the
    /// model was learned, until an instant; each from what was known at its own.
    ///
    /// An event that leaves nothing to promise, the last of an ended case, is left out.
    pub fn replay(&self, log: Log<'_>, until: i64) -> Result<Vec<Replayed>, EtaError> {
        let known = Known::new(log.cases, until);
        let from = known.days(self.learned_at);
        let is_new = |case: &KnownCase| case.began() >= from;
        let mut watch = self.watch(from);
        let mut past = self.past(log, &known, from, |c| !is_new(c))?.into_iter().peekable();
        let mut asked = looks(&known, is_new);
        in_order(&mut asked);
        let told = self.tell(log, &known, &asked)?;
        let mut replayed = Vec::with_capacity(asked.len());
        let last = asked.last().map_or(watch.now(), |look| look.at);
        let step = self.step(last - watch.now());
        let mut asked = asked.iter().zip(told).peekable();
        while asked.peek().is_some() {
            let next = watch.now() + step;
            while let Some(made) = past.next_if(|made| made.at < next) {
                watch.meet(made);
            }
            // Told before the step is lived: from what was known when it began.
            while let Some((look, days)) = asked.next_if(|(look, _)| look.at < next) {
                let Some(case) = known.cases.get(look.case) else { continue };
                let Some(made) = self.made(case, look, days, 1.0) else { continue };
                let bend = watch.bend(made.state);
                let Ok(dates) = say(known.instant(look.at), 0.0, &made.days, &bend) else {
                    continue;
                };
                replayed.push(Replayed {
                    case: case.index,
                    event: look.event,
                    at: known.instant(look.at),
                    dates,
                });
                watch.meet(made);
            }
            watch.until(next);
        }
        Ok(replayed)
    }

    /// How the promises made since the model was learned were kept, as known at an instant.
    pub fn report(&self, log: Log<'_>, now: i64) -> Result<Report, EtaError> {
        let known = Known::new(log.cases, now);
        let place: BTreeMap<usize, &KnownCase> =
            known.cases.iter().map(|case| (case.index, case)).collect();
        let mut report = Report {
            learned_at: self.learned_at,
            n: 0,
            cases: 0,
            still_open: 0,
            mae_days: 0.0,
            naive_mae_days: 0.0,
            inside: 0,
            early: 0,
            by_nine: 0,
            width_days: 0.0,
        };
        let mut cases = BTreeSet::new();
        for Replayed { case: index, event, at, dates } in self.replay(log, now)? {
            let Some(case) = place.get(&index).filter(|_| dates.high <= now) else { continue };
            let Some(&(activity, _)) = case.events.get(event) else { continue };
            let days = |us: i64| us as f64 / DAY_US as f64;
            let over = case.over.map_or(i64::MAX, |over| known.instant(over));
            // A case still open ends now at the earliest.
            let end = over.min(now);
            report.n += 1;
            cases.insert(index);
            report.still_open += usize::from(case.over.is_none());
            report.mae_days += days(end.saturating_sub(dates.half_by)).abs();
            report.naive_mae_days +=
                (days(end.saturating_sub(at)) - self.naive.days(activity)).abs();
            report.inside += usize::from((dates.low..=dates.high).contains(&over));
            report.early += usize::from(over < dates.low);
            report.by_nine += usize::from(over <= dates.nine_by);
            report.width_days += days(dates.high.saturating_sub(dates.low));
        }
        if report.n < FEWEST_JUDGED {
            return Err(EtaError::TooFewJudged { judged: report.n, needed: FEWEST_JUDGED });
        }
        report.cases = cases.len();
        for mean in [&mut report.mae_days, &mut report.naive_mae_days, &mut report.width_days] {
            *mean /= report.n as f64;
        }
        Ok(report)
    }

    /// A watch that begins as early as anything is remembered at an instant.
    fn watch(&self, at: f64) -> Watch<'static> {
        let begin = (at - Watch::memory_days(self.usual)).max(0.0);
        Watch::new(&KNOTS, self.plan.states(), self.usual, begin.min(at))
    }

    /// Days between two lessons over a span.
    fn step(&self, span: f64) -> f64 {
        (self.usual / LESSONS).max(span / MOST_LESSONS).max(MINUTE)
    }

    /// Promises as made after events of some cases, those still to be judged since a watch
    /// began; drawn evenly when there are many, in order of time.
    fn past(
        &self,
        log: Log<'_>,
        known: &Known,
        at: f64,
        of: impl Fn(&KnownCase) -> bool,
    ) -> Result<Vec<Made>, EtaError> {
        let begin = self.watch(at).now();
        let judged = |case: &KnownCase| of(case) && case.over.is_none_or(|over| over >= begin);
        let (mut looks, share) = drawn(known, looks(known, judged), MOST_WATCHED, self.seed);
        in_order(&mut looks);
        let told = self.tell(log, known, &looks)?;
        let made = looks.iter().zip(told).filter_map(|(look, days)| {
            self.made(known.cases.get(look.case)?, look, days, 1.0 / share)
        });
        Ok(made.collect())
    }

    fn made(&self, case: &KnownCase, look: &Look, days: Vec<f64>, weight: f64) -> Option<Made> {
        let state = self.plan.state(case.events.get(look.event)?.0);
        Some(Made { at: look.at, over: case.over, state, weight, days })
    }

    /// Days left at the [`KNOTS`] for each look, never falling, never negative.
    ///
    /// A case that may have been learned from is told by the half it is not in, any other by
    /// the mean of both.
    fn tell(&self, log: Log<'_>, known: &Known, looks: &[Look]) -> Result<Vec<Vec<f64>>, EtaError> {
        let learned = known.days(self.learned_at);
        let rows = self.plan.rows(log.cases, known, log.zone, looks);
        let mut told = vec![vec![0.0; KNOTS.len()]; looks.len()];
        let teller = |look: &Look| {
            let case = known.cases.get(look.case).filter(|c| c.began() < learned);
            case.map(|c| 1 - half_of(c.id, self.seed))
        };
        for who in [Some(0), Some(1), None] {
            let mine = |(at, look): (usize, &Look)| (teller(look) == who).then_some(at);
            let mine: Vec<usize> = looks.iter().enumerate().filter_map(mine).collect();
            if mine.is_empty() {
                continue;
            }
            let pick = |column: &Vec<f32>| -> Vec<f32> {
                mine.iter().map(|&at| column.get(at).copied().unwrap_or(f32::NAN)).collect()
            };
            let columns: Vec<Vec<f32>> = rows.iter().map(pick).collect();
            let halves =
                self.halves.iter().enumerate().filter(|(h, _)| who.is_none_or(|w| w == *h));
            let share = if who.is_none() { 0.5 } else { 1.0 };
            let mut table = None;
            for (_, boosters) in halves {
                for (knot, booster) in boosters.iter().enumerate() {
                    let table = match &table {
                        Some(table) => table,
                        None => table.insert(Table::new(booster.bins().clone(), &columns)?),
                    };
                    for (&at, answer) in mine.iter().zip(booster.predict(table)?) {
                        if let Some(days) = told.get_mut(at).and_then(|d| d.get_mut(knot)) {
                            *days += share * answer;
                        }
                    }
                }
            }
        }
        for days in &mut told {
            let mut least = 0.0;
            for value in days {
                least = value.max(least);
                *value = least;
            }
        }
        Ok(told)
    }
}

/// Dates promised at an instant, whole minutes ahead: rounded away from the middle.
///
/// A case of which nothing was heard for some days is told as those that had lived as long:
/// what the curve of its last event gives to the time gone by is taken out of it.
fn say(at: i64, silent: f64, days: &[f64], bend: &Bend) -> Result<Dates, Unsaid> {
    let curve = Curve { levels: &KNOTS, days };
    let reached = if silent > 0.0 { curve.hazard(silent) } else { 0.0 };
    if reached >= FAR {
        return Err(Unsaid::SilentTooLong);
    }
    let left = |level: f64| (curve.days(bend.hazard(reached, level)) - silent).max(0.0);
    let minutes = |level: f64| left(level) / MINUTE;
    let date = |minutes: f64| at.saturating_add((minutes as i64).saturating_mul(MINUTE_US));
    Ok(Dates {
        low: date(minutes(BAND.0).floor()),
        half_by: date(minutes(HALF).round()),
        nine_by: date(minutes(NINE_IN_TEN).ceil()),
        high: date(minutes(BAND.1).ceil()),
    })
}

/// The simplest rule: the median of what was left after the same activity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Naive {
    of: BTreeMap<u32, f64>,
    /// For an activity never met.
    all: f64,
}

impl Naive {
    fn learn(known: &Known) -> Self {
        let mut of: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
        for case in &known.cases {
            let Some(over) = case.over else { continue };
            for &(activity, at) in case.events.iter().filter(|e| e.1 < over) {
                of.entry(activity).or_default().push(over - at);
            }
        }
        let mut all: Vec<f64> = of.values().flatten().copied().collect();
        let median = |values: &mut [f64]| quantile(values, HALF).unwrap_or(0.0);
        let all = median(&mut all);
        Self { of: of.into_iter().map(|(code, mut left)| (code, median(&mut left))).collect(), all }
    }

    /// Days left after an activity.
    fn days(&self, activity: u32) -> f64 {
        self.of.get(&activity).copied().unwrap_or(self.all)
    }
}

/// How promises of the recent past were kept, as known at an instant.
///
/// Learns as if the present were the start of the last fifth of the cases, promises after each
/// event of that fifth from what was known at that event, and judges what can be judged now.
pub fn report(log: Log<'_>, now: i64, options: &Options) -> Result<Report, EtaError> {
    let begins = log.cases.iter().filter_map(|c| c.events.iter().map(|e| e.at).min());
    let mut begins: Vec<i64> = begins.filter(|&at| at <= now).collect();
    begins.sort_unstable();
    let first = begins.get(begins.len() * 4 / 5).copied().unwrap_or(now);
    learn(log, first.saturating_sub(1), options)?.report(log, now)
}

/// Past promises needed to say how they were kept.
const FEWEST_JUDGED: usize = 30;

const MINUTE_US: i64 = 60_000_000;

/// Every instant worth learning from or promising at: after each event that leaves something
/// to wait for. What silence tells is read from the same curves, see [`say`].
fn looks(known: &Known, of: impl Fn(&KnownCase) -> bool) -> Vec<Look> {
    let mut looks = Vec::new();
    for (case, c) in known.cases.iter().enumerate().filter(|(_, c)| of(c)) {
        for (event, &(_, at)) in c.events.iter().enumerate() {
            let last = event + 1 == c.events.len();
            if !(last && c.over.is_some_and(|over| over <= at)) {
                looks.push(Look { case, event, at });
            }
        }
    }
    looks
}

/// Looks in order of time.
fn in_order(looks: &mut [Look]) {
    looks.sort_by(|a, b| a.at.total_cmp(&b.at).then((a.case, a.event).cmp(&(b.case, b.event))));
}

/// At most about so many looks, each with the same chance, and that chance.
fn drawn(known: &Known, mut looks: Vec<Look>, most: usize, seed: u64) -> (Vec<Look>, f64) {
    let share = most as f64 / looks.len().max(1) as f64;
    if share >= 1.0 {
        return (looks, 1.0);
    }
    looks.retain(|look| {
        let id = known.cases.get(look.case).map_or(0, |c| c.id);
        let place = mixed(mixed(id ^ seed).wrapping_add(look.at.to_bits()));
        ((place >> 11) as f64) < share * (1u64 << 53) as f64
    });
    (looks, share)
}

/// Half of the cases that one belongs to.
fn half_of(id: u64, seed: u64) -> usize {
    (mixed(id.wrapping_add(mixed(seed))) >> 63) as usize
}

/// Bits well mixed (the finaliser of SplitMix64, G. Steele et al. 2014).
fn mixed(bits: u64) -> u64 {
    let mut z = bits.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests;
