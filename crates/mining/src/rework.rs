//! Rework: what is done again, who passes it to and fro, what comes back, what it costs.
//!
//! - Computes: for each activity its repeats, loops on itself and first-pass yield; alternations
//!   between two activities and between two teams; moves back to an earlier activity; returns by
//!   cause and by pass; the minutes and the FTE that repeats took.
//! - Units: counts; minutes of work in worked time; FTE over the period.
//! - Shapes: a log in, a [`Rework`] out, most frequent first, ties by name.
//! - Errors: none; what cannot be known is `None` with its reason.
//! - Source: `docs/methods/rework.md`; counts checked against pm4py on every public log.

use std::collections::BTreeMap;

use eclusier_calendar::WorkClock;
use eclusier_core::{
    Rate,
    config::{Awaited, Hold, UnitTime},
};
use eclusier_eventlog::{Columns, EventBatch, Interner, Kernel, intern::NONE};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::{
    costs::minutes_of,
    rows::Rows,
    steps::{self, Names, PingSum, Step, listed, moved},
    unknown::Unknown,
};

/// Productive hours of one FTE in a year, when the caller knows none: 252 worked days less 37 of
/// absence of all causes, seven hours each, of which 85 % go to cases.
pub const PRODUCTIVE_HOURS: f64 = 1280.0;

/// Passes listed; a case returned more often counts in the last.
const PASSES: usize = 20;

const MINUTE_US: f64 = 6e7;
const YEAR_US: f64 = 365.25 * 86_400e6;

/// Kernel of the rework.
#[derive(Debug, Clone)]
pub struct ReworkKernel {
    /// Reading of the log.
    pub rows: Rows,
    /// Holds of the configuration; those that are `returned` are returns.
    pub holds: Vec<Hold>,
    /// Clock of the worked time.
    pub clock: WorkClock,
    /// Unit times for repeats whose start is not known.
    pub unit_times: Vec<UnitTime>,
    /// Productive hours of one FTE in a year.
    pub productive_hours: f64,
    /// Length of the period, microseconds; `None` for that of the log.
    pub period_us: Option<i64>,
}

impl Default for ReworkKernel {
    fn default() -> Self {
        Self {
            rows: Rows::Tasks,
            holds: Vec::new(),
            clock: WorkClock::always(),
            unit_times: Vec::new(),
            productive_hours: PRODUCTIVE_HOURS,
            period_us: None,
        }
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct ActivitySum {
    occurrences: u64,
    cases: u64,
    repeated_cases: u64,
    self_loops: u64,
    self_loop_cases: u64,
    nearest: Option<u64>,
    cost: CostSum,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct CostSum {
    measured: u64,
    measured_us: i64,
    estimated: u64,
    estimated_us: i64,
    unknown: u64,
}

impl CostSum {
    fn add(&mut self, other: CostSum) {
        self.measured += other.measured;
        self.measured_us = self.measured_us.saturating_add(other.measured_us);
        self.estimated += other.estimated;
        self.estimated_us = self.estimated_us.saturating_add(other.estimated_us);
        self.unknown += other.unknown;
    }

    fn minutes(self) -> Option<f64> {
        (self.measured + self.estimated > 0)
            .then(|| self.measured_us.saturating_add(self.estimated_us) as f64 / MINUTE_US)
    }
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Moves {
    count: u64,
    cases: u64,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct CauseSum {
    entries: u64,
    /// Cases by number of entries, from one.
    cases: Vec<u64>,
}

/// What some partitions say of the rework.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ReworkPartial {
    names: Names,
    activities: Vec<ActivitySum>,
    #[serde(with = "listed")]
    ping: FxHashMap<(u32, u32), PingSum>,
    #[serde(with = "listed")]
    team_ping: FxHashMap<(u32, u32), PingSum>,
    #[serde(with = "listed")]
    back: FxHashMap<(u32, u32), Moves>,
    repeats: BTreeMap<u64, u64>,
    causes: Vec<CauseSum>,
    /// Cases by number of returns of any cause, from one.
    returned: Vec<u64>,
    clean: u64,
    cases: u64,
    steps: u64,
    with_unit: u64,
    first: Option<i64>,
    last: Option<i64>,
}

/// The rework of a log.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rework {
    /// Cases.
    pub cases: u64,
    /// Occurrences of all activities.
    pub occurrences: u64,
    /// Occurrences beyond the first of their activity in their case.
    pub repeats: u64,
    /// Cases done right the first time: no repeat and no return.
    pub first_pass_yield: Rate,
    /// Cases where no activity is repeated.
    pub without_repeat: Rate,
    /// Cases by number of repeats, fewest first.
    pub repeats_per_case: Vec<RepeatsPerCase>,
    /// Activities, most repeated first.
    pub activities: Vec<ActivityRework>,
    /// Two activities that follow each other to and fro, most frequent first.
    pub ping_pong: Vec<PingPong>,
    /// Two teams that pass a case to and fro.
    pub team_ping_pong: Vec<PingPong>,
    /// Why teams are not known.
    pub teams_unknown: Option<Unknown>,
    /// Moves back to an activity begun before the one left, most frequent first.
    pub loops: Vec<BackEdge>,
    /// Returns and holds.
    pub returns: Returns,
    /// What repeats cost.
    pub cost: ReworkCost,
}

/// Cases with so many repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RepeatsPerCase {
    /// Repeats.
    pub repeats: u64,
    /// Cases.
    pub cases: u64,
}

/// Rework of one activity.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ActivityRework {
    /// Activity.
    pub name: String,
    /// Occurrences.
    pub occurrences: u64,
    /// Cases having it.
    pub cases: u64,
    /// Cases having it more than once.
    pub repeated_cases: u64,
    /// Occurrences beyond the first in their case.
    pub repeats: u64,
    /// Repeats that follow themselves at once (A A).
    pub self_loops: u64,
    /// Cases with a self-loop.
    pub self_loop_cases: u64,
    /// Repeats after something else (A … A).
    pub returns_to_it: u64,
    /// Fewest steps seen between two of its occurrences in a case.
    pub nearest_repeat: Option<u64>,
    /// Cases doing it once, among those doing it.
    pub first_pass_yield: Rate,
    /// Minutes its repeats took; `None` when no repeat has a known time.
    pub rework_minutes: Option<f64>,
}

/// Two parties that pass cases to and fro.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PingPong {
    /// First by name.
    pub first: String,
    /// The other.
    pub second: String,
    /// Alternations: longest stretches A B A, A B A B…
    pub runs: u64,
    /// Cases with one.
    pub cases: u64,
    /// Moves inside them: 2 for A B A.
    pub turns: u64,
    /// Most moves in one of them.
    pub longest: u64,
}

/// A move back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BackEdge {
    /// Activity left.
    pub from: String,
    /// Activity begun earlier in the case, done again.
    pub to: String,
    /// Times.
    pub count: u64,
    /// Cases.
    pub cases: u64,
}

/// Returns and holds of the configuration.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Returns {
    /// Why there is nothing to say.
    pub unknown: Option<Unknown>,
    /// Returns of all causes ÷ cases: one case sent back twice counts twice.
    pub rate: Rate,
    /// Cases returned at least once.
    pub cases: Rate,
    /// By pass: of the cases at their first, second, third pass, those that come back again.
    pub passes: Vec<Pass>,
    /// By cause, most frequent first.
    pub causes: Vec<ReturnCause>,
}

/// What becomes of the cases that reach a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Pass {
    /// 1 before any return, 2 after the first…
    pub pass: u64,
    /// Cases that come back again, among those at this pass.
    pub again: Rate,
}

/// Returns of one cause.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReturnCause {
    /// Activities that begin it.
    pub enter: Vec<String>,
    /// Who is awaited meanwhile.
    pub awaited: Awaited,
    /// Whether the case is sent back rather than only held.
    pub returned: bool,
    /// Entries ÷ cases of the log.
    pub rate: Rate,
    /// Cases with at least one, among all.
    pub cases: Rate,
    /// By pass, for this cause alone.
    pub passes: Vec<Pass>,
}

/// What repeats cost.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReworkCost {
    /// Minutes of work of the repeats whose time is known.
    pub minutes: Option<f64>,
    /// The same in FTE over the period.
    pub fte: Option<f64>,
    /// Why there are no minutes, or no FTE.
    pub unknown: Option<Unknown>,
    /// Repeats measured by their start and end.
    pub measured: u64,
    /// Repeats valued by a unit time.
    pub estimated: u64,
    /// Repeats left out: no start and no unit time.
    pub left_out: u64,
    /// Productive hours of an FTE in a year.
    pub productive_hours: f64,
    /// Length of the period, days.
    pub period_days: Option<f64>,
}

/// Work area of one fold, cleared for each case by changing `stamp`.
#[derive(Default)]
struct Scratch {
    seen: Vec<Seen>,
    stamp: u64,
    touched: Vec<u32>,
    pairs: Vec<(u32, u32)>,
    line: Vec<u32>,
    entries: Vec<u64>,
    prices: FxHashMap<(u32, u32), Option<i64>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    stamp: u64,
    count: u64,
    first: usize,
    last: usize,
    self_loops: u64,
}

/// Holds by the codes of their activities.
struct Codes {
    /// Hold that an activity enters.
    enter: FxHashMap<u32, usize>,
    /// Activities that leave each hold; empty: any.
    leave: Vec<Vec<u32>>,
}

impl ReworkKernel {
    /// An activity never met gets no code: it can begin nothing.
    fn codes(&self, names: &Interner) -> Codes {
        let mut enter = FxHashMap::default();
        for (i, hold) in self.holds.iter().enumerate() {
            for code in hold.enter.iter().filter_map(|n| names.get(n)) {
                enter.entry(code).or_insert(i);
            }
        }
        // A name that leaves but was never met must not turn "these" into "any".
        let code = |n: &String| names.get(n).unwrap_or(NONE);
        let leave = self.holds.iter().map(|h| h.leave.iter().map(code).collect()).collect();
        Codes { enter, leave }
    }

    /// Entries in each hold, in one case.
    fn count_entries(&self, steps: &[Step], codes: &Codes, entries: &mut Vec<u64>) {
        entries.clear();
        entries.resize(self.holds.len(), 0);
        let mut held: Option<usize> = None;
        for step in steps {
            match (held, codes.enter.get(&step.activity)) {
                (Some(h), Some(&e)) if h == e => {}
                (_, Some(&e)) => {
                    held = Some(e);
                    if let Some(count) = entries.get_mut(e) {
                        *count += 1;
                    }
                }
                (Some(h), None) => {
                    let leave = codes.leave.get(h).map(Vec::as_slice).unwrap_or_default();
                    if leave.is_empty() || leave.contains(&step.activity) {
                        held = None;
                    }
                }
                (None, None) => {}
            }
        }
    }

    /// What one repeat cost.
    fn price(
        &self,
        step: &Step,
        names: &Names,
        prices: &mut FxHashMap<(u32, u32), Option<i64>>,
    ) -> CostSum {
        if let Some(from) = step.worked_from.filter(|_| !step.day) {
            let measured_us = self.clock.between(from, step.end);
            return CostSum { measured: 1, measured_us, ..CostSum::default() };
        }
        let known = *prices.entry((step.activity, step.product)).or_insert_with(|| {
            let product = (step.product != NONE).then(|| names.values.name(step.product));
            let activity = names.activities.name(step.activity);
            minutes_of(&self.unit_times, product, activity).map(|m| (m * MINUTE_US).round() as i64)
        });
        match known {
            Some(estimated_us) => CostSum { estimated: 1, estimated_us, ..CostSum::default() },
            None => CostSum { unknown: 1, ..CostSum::default() },
        }
    }
}

impl ReworkPartial {
    fn add_case(&mut self, kernel: &ReworkKernel, names: &Names, case: &[Step], s: &mut Scratch) {
        self.cases += 1;
        self.steps += case.len() as u64;
        s.stamp += 1;
        s.touched.clear();
        s.pairs.clear();
        let mut repeats = 0;
        for (i, step) in case.iter().enumerate() {
            let code = step.activity as usize;
            if self.activities.len() <= code {
                self.activities.resize_with(code + 1, ActivitySum::default);
            }
            if s.seen.len() <= code {
                s.seen.resize_with(code + 1, Seen::default);
            }
            let Some(sum) = self.activities.get_mut(code) else { continue };
            sum.occurrences += 1;
            let before = i.checked_sub(1).and_then(|b| case.get(b)).map(|b| b.activity);
            let begun = before.and_then(|b| s.seen.get(b as usize)).map_or(0, |b| b.first);
            let Some(seen) = s.seen.get_mut(code) else { continue };
            if seen.stamp != s.stamp {
                *seen = Seen { stamp: s.stamp, count: 1, first: i, last: i, self_loops: 0 };
                sum.cases += 1;
                s.touched.push(step.activity);
            } else {
                repeats += 1;
                seen.count += 1;
                let between = (i - seen.last - 1) as u64;
                sum.nearest = Some(sum.nearest.map_or(between, |n| n.min(between)));
                seen.last = i;
                seen.self_loops += u64::from(between == 0);
                sum.cost.add(kernel.price(step, names, &mut s.prices));
                // Back, when this activity was begun before the one just left.
                if let Some(from) = before.filter(|_| seen.first < begun) {
                    s.pairs.push((from, step.activity));
                }
            }
            self.with_unit += u64::from(step.unit != NONE);
            let (first, last) = (step.worked_from.unwrap_or(step.start).min(step.end), step.end);
            self.first = Some(self.first.map_or(first, |f| f.min(first)));
            self.last = Some(self.last.map_or(last, |l| l.max(last)));
        }
        *self.repeats.entry(repeats).or_default() += 1;
        for &code in &s.touched {
            let (Some(sum), Some(seen)) =
                (self.activities.get_mut(code as usize), s.seen.get(code as usize))
            else {
                continue;
            };
            sum.repeated_cases += u64::from(seen.count > 1);
            sum.self_loops += seen.self_loops;
            sum.self_loop_cases += u64::from(seen.self_loops > 0);
        }
        s.pairs.sort_unstable();
        for same in s.pairs.chunk_by(|a, b| a == b) {
            if let Some(&pair) = same.first() {
                let moves = self.back.entry(pair).or_default();
                moves.count += same.len() as u64;
                moves.cases += 1;
            }
        }
        s.line.clear();
        s.line.extend(case.iter().map(|step| step.activity));
        steps::alternations(&s.line, &mut s.pairs, &mut self.ping);
        steps::merged(case.iter().map(|step| step.unit), &mut s.line);
        steps::alternations(&s.line, &mut s.pairs, &mut self.team_ping);
    }

    /// The entries of one case in each hold.
    fn add_entries(&mut self, kernel: &ReworkKernel, entries: &[u64]) -> u64 {
        self.causes.resize_with(kernel.holds.len(), CauseSum::default);
        let mut returns = 0;
        for ((sum, hold), &count) in self.causes.iter_mut().zip(&kernel.holds).zip(entries) {
            sum.entries += count;
            count_case(&mut sum.cases, count);
            returns += if hold.returned { count } else { 0 };
        }
        count_case(&mut self.returned, returns);
        returns
    }
}

/// One more case with so many entries.
fn count_case(cases: &mut Vec<u64>, entries: u64) {
    let Some(place) = usize::try_from(entries).unwrap_or(usize::MAX).checked_sub(1) else { return };
    let place = place.min(PASSES - 1);
    if cases.len() <= place {
        cases.resize(place + 1, 0);
    }
    if let Some(slot) = cases.get_mut(place) {
        *slot += 1;
    }
}

impl Kernel for ReworkKernel {
    type Partial = ReworkPartial;
    type Output = Rework;

    fn columns(&self) -> Columns {
        steps::columns()
    }

    fn fold(&self, partial: &mut ReworkPartial, batch: &EventBatch) {
        let mut names = std::mem::take(&mut partial.names);
        let mut scratch = Scratch::default();
        let mut codes = None;
        steps::each_case(self.rows, batch, &mut names, |names, case| {
            let codes = codes.get_or_insert_with(|| self.codes(&names.activities));
            partial.add_case(self, names, case, &mut scratch);
            self.count_entries(case, codes, &mut scratch.entries);
            let returns = partial.add_entries(self, &scratch.entries);
            let again = partial.repeated_last(&scratch);
            partial.clean += u64::from(returns == 0 && !again);
        });
        partial.names = names;
    }

    fn merge(&self, into: &mut ReworkPartial, other: ReworkPartial) {
        let codes = into.names.absorb(&other.names);
        into.activities.resize_with(into.names.activities.len(), ActivitySum::default);
        for (from, &to) in other.activities.into_iter().zip(&codes.activities) {
            let Some(sum) = into.activities.get_mut(to as usize) else { continue };
            sum.occurrences += from.occurrences;
            sum.cases += from.cases;
            sum.repeated_cases += from.repeated_cases;
            sum.self_loops += from.self_loops;
            sum.self_loop_cases += from.self_loop_cases;
            sum.nearest = sum.nearest.into_iter().chain(from.nearest).min();
            sum.cost.add(from.cost);
        }
        merge_pings(&mut into.ping, other.ping, &codes.activities);
        merge_pings(&mut into.team_ping, other.team_ping, &codes.values);
        for ((a, b), from) in other.back {
            let key = (moved(&codes.activities, a), moved(&codes.activities, b));
            let moves = into.back.entry(key).or_default();
            moves.count += from.count;
            moves.cases += from.cases;
        }
        for (repeats, cases) in other.repeats {
            *into.repeats.entry(repeats).or_default() += cases;
        }
        into.causes.resize_with(into.causes.len().max(other.causes.len()), CauseSum::default);
        for (sum, from) in into.causes.iter_mut().zip(other.causes) {
            sum.entries += from.entries;
            add_lists(&mut sum.cases, &from.cases);
        }
        add_lists(&mut into.returned, &other.returned);
        into.clean += other.clean;
        into.cases += other.cases;
        into.steps += other.steps;
        into.with_unit += other.with_unit;
        into.first = into.first.into_iter().chain(other.first).min();
        into.last = into.last.into_iter().chain(other.last).max();
    }

    fn finish(&self, partial: ReworkPartial) -> Rework {
        let all = partial.cases;
        let activities = self.activities(&partial);
        let name = |code: u32| partial.names.activities.name(code).to_owned();
        let mut loops: Vec<BackEdge> = partial
            .back
            .iter()
            .map(|(&(a, b), m)| BackEdge {
                from: name(a),
                to: name(b),
                count: m.count,
                cases: m.cases,
            })
            .collect();
        loops.sort_by(|a, b| {
            b.count.cmp(&a.count).then_with(|| (&a.from, &a.to).cmp(&(&b.from, &b.to)))
        });
        Rework {
            cases: all,
            occurrences: partial.steps,
            repeats: activities.iter().map(|a| a.repeats).sum(),
            first_pass_yield: rate(partial.clean, all),
            without_repeat: rate(partial.repeats.get(&0).copied().unwrap_or(0), all),
            repeats_per_case: partial
                .repeats
                .iter()
                .map(|(&repeats, &cases)| RepeatsPerCase { repeats, cases })
                .collect(),
            ping_pong: ping_pong(&partial.ping, &partial.names.activities),
            team_ping_pong: ping_pong(&partial.team_ping, &partial.names.values),
            teams_unknown: (partial.with_unit == 0).then_some(Unknown::NoUnits),
            loops,
            returns: self.returns(&partial),
            cost: self.cost(&partial, &activities),
            activities,
        }
    }
}

impl ReworkKernel {
    fn activities(&self, partial: &ReworkPartial) -> Vec<ActivityRework> {
        let sums = partial.activities.iter().zip(partial.names.activities.names());
        let mut activities: Vec<ActivityRework> = sums
            .filter(|(sum, _)| sum.occurrences > 0)
            .map(|(sum, name)| {
                let repeats = sum.occurrences.saturating_sub(sum.cases);
                ActivityRework {
                    name: name.clone(),
                    occurrences: sum.occurrences,
                    cases: sum.cases,
                    repeated_cases: sum.repeated_cases,
                    repeats,
                    self_loops: sum.self_loops,
                    self_loop_cases: sum.self_loop_cases,
                    returns_to_it: repeats.saturating_sub(sum.self_loops),
                    nearest_repeat: sum.nearest,
                    first_pass_yield: rate(sum.cases.saturating_sub(sum.repeated_cases), sum.cases),
                    rework_minutes: sum.cost.minutes(),
                }
            })
            .collect();
        activities.sort_by(|a, b| b.repeats.cmp(&a.repeats).then_with(|| a.name.cmp(&b.name)));
        activities
    }

    fn returns(&self, partial: &ReworkPartial) -> Returns {
        let all = partial.cases;
        let empty = CauseSum::default();
        let sums = partial.causes.iter().chain(std::iter::repeat(&empty));
        let mut causes: Vec<ReturnCause> = self
            .holds
            .iter()
            .zip(sums)
            .map(|(hold, sum)| ReturnCause {
                enter: hold.enter.clone(),
                awaited: hold.awaited,
                returned: hold.returned,
                rate: rate(sum.entries, all),
                cases: rate(sum.cases.iter().sum(), all),
                passes: passes(&sum.cases, all),
            })
            .collect();
        let entries = causes.iter().filter(|c| c.returned).map(|c| c.rate.numerator).sum::<i64>();
        // Stable: causes as frequent keep the order of the configuration.
        causes.sort_by_key(|c| std::cmp::Reverse(c.rate.numerator));
        let configured = self.holds.iter().any(|h| h.returned);
        Returns {
            unknown: (!configured).then_some(Unknown::NoReturnsConfigured),
            rate: Rate {
                numerator: entries,
                denominator: if configured { signed(all) } else { 0 },
            },
            cases: rate(partial.returned.iter().sum(), if configured { all } else { 0 }),
            passes: if configured { passes(&partial.returned, all) } else { Vec::new() },
            causes,
        }
    }

    fn cost(&self, partial: &ReworkPartial, activities: &[ActivityRework]) -> ReworkCost {
        let mut sum = CostSum::default();
        partial.activities.iter().for_each(|a| sum.add(a.cost));
        let span = partial.first.zip(partial.last).map(|(f, l)| l.saturating_sub(f));
        let period_us = self.period_us.or(span).filter(|&us| us > 0);
        // Nothing repeated cost nothing: that is known.
        let nothing = activities.iter().all(|a| a.repeats == 0) && partial.cases > 0;
        let minutes = sum.minutes().or(nothing.then_some(0.0));
        let usable = self.productive_hours.is_finite() && self.productive_hours > 0.0;
        let fte = minutes
            .zip(period_us.filter(|_| usable))
            .map(|(minutes, us)| minutes / 60.0 / (self.productive_hours * us as f64 / YEAR_US));
        let unknown = match (minutes, fte) {
            (None, _) if partial.cases == 0 => Some(Unknown::NothingToMeasure),
            (None, _) => Some(Unknown::NoUnitTimes),
            (Some(_), None) => Some(Unknown::NoPeriod),
            (Some(_), Some(_)) => None,
        };
        ReworkCost {
            minutes,
            fte,
            unknown,
            measured: sum.measured,
            estimated: sum.estimated,
            left_out: sum.unknown,
            productive_hours: self.productive_hours,
            period_days: period_us.map(|us| us as f64 / 86_400e6),
        }
    }
}

impl ReworkPartial {
    /// Whether the case just added repeats an activity.
    fn repeated_last(&self, s: &Scratch) -> bool {
        s.touched.iter().filter_map(|&c| s.seen.get(c as usize)).any(|seen| seen.count > 1)
    }
}

pub(crate) fn merge_pings(
    into: &mut FxHashMap<(u32, u32), PingSum>,
    other: FxHashMap<(u32, u32), PingSum>,
    codes: &[u32],
) {
    for ((a, b), from) in other {
        let (a, b) = (moved(codes, a), moved(codes, b));
        into.entry((a.min(b), a.max(b))).or_default().add(from);
    }
}

/// Pairs by name, most runs first.
pub(crate) fn ping_pong(sums: &FxHashMap<(u32, u32), PingSum>, names: &Interner) -> Vec<PingPong> {
    let mut all: Vec<PingPong> = sums
        .iter()
        .map(|(&(a, b), s)| {
            let (a, b) = (names.name(a), names.name(b));
            PingPong {
                first: a.min(b).to_owned(),
                second: a.max(b).to_owned(),
                runs: s.runs,
                cases: s.cases,
                turns: s.turns,
                longest: s.longest,
            }
        })
        .collect();
    all.sort_by(|a, b| {
        b.runs.cmp(&a.runs).then_with(|| (&a.first, &a.second).cmp(&(&b.first, &b.second)))
    });
    all
}

/// `cases[k]`: cases with k + 1 entries. Pass k + 1 has those with at least k.
fn passes(cases: &[u64], all: u64) -> Vec<Pass> {
    let mut at = all;
    let mut list = Vec::new();
    for k in 0..cases.len() {
        let again: u64 = cases.get(k..).unwrap_or_default().iter().sum();
        list.push(Pass { pass: k as u64 + 1, again: rate(again, at) });
        at = again;
    }
    // The pass that nobody came back from says that it is over.
    if at > 0 && cases.len() < PASSES {
        list.push(Pass { pass: cases.len() as u64 + 1, again: rate(0, at) });
    }
    list
}

fn add_lists(into: &mut Vec<u64>, other: &[u64]) {
    if into.len() < other.len() {
        into.resize(other.len(), 0);
    }
    for (a, b) in into.iter_mut().zip(other) {
        *a += b;
    }
}

pub(crate) fn rate(numerator: u64, denominator: u64) -> Rate {
    Rate { numerator: signed(numerator), denominator: signed(denominator) }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
