//! The waits of a log summed by edge, activity and cause.
//!
//! - Computes: counts, totals, means, medians, 90th percentiles, shares and examples.
//! - Units: microseconds in 128-bit sums; seconds in the answer.
//! - Shapes: waits in any order in; [`Waits`] out, same answer whatever the order.
//! - Errors: none; a share of nothing is `None`.
//! - Source: `docs/methods/waiting-time.md`.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use eclusier_eventlog::intern::NONE;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::{
    ActivityWaits, Cause, CauseLost, EdgeWaits, Form, HeldBy, Loss, Lost, PARTIES, Quality, Ready,
    TaskWait, WaitFigures, Waits,
};
use crate::stats;
use crate::task_log::TaskLog;

/// Cases named as examples.
const EXAMPLES: usize = 5;

#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    waits: u64,
    calendar: i128,
    worked: i128,
}

impl Sum {
    fn add(&mut self, part: (i64, i64)) {
        self.waits += u64::from(part.0 != 0 || part.1 != 0);
        self.calendar += i128::from(part.0);
        self.worked += i128::from(part.1);
    }

    fn merge(&mut self, other: Sum) {
        self.waits += other.waits;
        self.calendar += other.calendar;
        self.worked += other.worked;
    }

    fn lost(&self, worked_known: bool) -> Lost {
        Lost {
            waits: self.waits,
            calendar_s: seconds(self.calendar),
            worked_s: worked_known.then(|| seconds(self.worked)),
        }
    }
}

fn seconds(us: i128) -> f64 {
    us as f64 / 1e6
}

/// The cases that lost most, longest first, ties by identifier.
#[derive(Debug, Clone, Default)]
struct Top(Vec<(i64, u32)>);

impl Top {
    fn add(&mut self, amount: i64, case: u32, log: &TaskLog) {
        let full = self.0.len() >= EXAMPLES;
        if amount <= 0 || (full && self.0.last().is_some_and(|l| amount < l.0)) {
            return;
        }
        match self.0.iter_mut().find(|e| e.1 == case) {
            Some(known) => known.0 = known.0.max(amount),
            None => self.0.push((amount, case)),
        }
        let id = |case: u32| log.cases.get(case as usize).map_or("", |c| c.id.as_str());
        self.0.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| id(a.1).cmp(id(b.1))));
        self.0.truncate(EXAMPLES);
    }

    fn names(&self, log: &TaskLog) -> Vec<String> {
        let ids = self.0.iter().filter_map(|&(_, case)| log.cases.get(case as usize));
        ids.map(|c| c.id.clone()).collect()
    }
}

#[derive(Debug, Clone, Default)]
struct Group {
    count: u64,
    estimated: u64,
    causes: [Sum; 6],
    tops: [Top; 6],
    waits: Vec<i64>,
    worked: Vec<i64>,
    delayed: u64,
    delay: i128,
}

impl Group {
    fn merge(&mut self, other: Group, log: &TaskLog) {
        self.count += other.count;
        self.estimated += other.estimated;
        self.delayed += other.delayed;
        self.delay += other.delay;
        for (sum, more) in self.causes.iter_mut().zip(other.causes) {
            sum.merge(more);
        }
        for (top, more) in self.tops.iter_mut().zip(other.tops) {
            for (amount, case) in more.0 {
                top.add(amount, case, log);
            }
        }
        self.waits.extend(other.waits);
        self.worked.extend(other.worked);
    }

    fn figures(&mut self) -> WaitFigures {
        let total = |v: &[i64]| v.iter().map(|&w| i128::from(w)).sum::<i128>();
        let s = |v: Option<f64>| v.map(|us| us / 1e6);
        let worked = !self.worked.is_empty();
        WaitFigures {
            total_s: seconds(total(&self.waits)),
            mean_s: s(stats::mean(&self.waits)),
            median_s: s(stats::quantile(&mut self.waits, 0.5)),
            p90_s: s(stats::quantile(&mut self.waits, 0.9)),
            worked_count: self.worked.len() as u64,
            worked_total_s: worked.then(|| seconds(total(&self.worked))),
            worked_mean_s: s(stats::mean(&self.worked)),
            worked_median_s: s(stats::quantile(&mut self.worked, 0.5)),
            worked_p90_s: s(stats::quantile(&mut self.worked, 0.9)),
        }
    }

    /// By cause, with shares of a whole.
    fn causes(&self, whole: (i128, i128), log: &TaskLog) -> Vec<CauseLost> {
        let share = |part: i128, of: i128| (of > 0).then(|| part as f64 / of as f64);
        let known = !self.worked.is_empty();
        Cause::ALL
            .iter()
            .zip(self.causes.iter().zip(&self.tops))
            .map(|(&cause, (sum, top))| CauseLost {
                cause,
                lost: sum.lost(known),
                calendar_share: share(sum.calendar, whole.0),
                worked_share: share(sum.worked, whole.1),
                examples: top.names(log),
            })
            .collect()
    }

    fn whole(&self) -> (i128, i128) {
        let add = |f: fn(&Sum) -> i128| self.causes.iter().map(f).sum();
        (add(|s| s.calendar), add(|s| s.worked))
    }
}

/// What some groups of waits sum to.
#[derive(Debug, Clone, Default)]
pub(super) struct Sums {
    edges: FxHashMap<(u32, u32), Group>,
    held_by: [Sum; 3],
    forms: BTreeMap<Form, u64>,
    pub(super) batches: u64,
}

impl Sums {
    pub(super) fn add(&mut self, ready: &Ready<'_>, wait: TaskWait) {
        let place = wait.task as usize;
        let Some(row) = ready.log.tasks.get(place) else { return };
        let by = ready.enabled.get(place).map_or(NONE, |e| e.by);
        let case = ready.case_of.get(place).copied().unwrap_or(NONE);
        let edge = self.edges.entry((by, row.activity)).or_default();
        edge.count += 1;
        edge.estimated += u64::from(wait.form == Form::EstimatedStarts);
        for ((sum, top), part) in edge.causes.iter_mut().zip(&mut edge.tops).zip(wait.parts) {
            sum.add(part);
            top.add(part.0, case, ready.log);
        }
        edge.waits.push(wait.calendar_us());
        edge.worked.extend(wait.worked_us);
        edge.delayed += u64::from(wait.delay_us > 0);
        edge.delay += i128::from(wait.delay_us);
        for (sum, part) in self.held_by.iter_mut().zip(wait.held_by) {
            sum.add(part);
        }
        *self.forms.entry(wait.form).or_default() += 1;
    }

    pub(super) fn merge(&mut self, other: Sums, log: &TaskLog) {
        for (key, group) in other.edges {
            self.edges.entry(key).or_default().merge(group, log);
        }
        for (sum, more) in self.held_by.iter_mut().zip(other.held_by) {
            sum.merge(more);
        }
        for (form, n) in other.forms {
            *self.forms.entry(form).or_default() += n;
        }
        self.batches += other.batches;
    }

    pub(super) fn finish(self, ready: &Ready<'_>) -> Waits {
        let log = ready.log;
        let cases = cases_by_edge(ready);
        let name = |code: u32| (code != NONE).then(|| log.activities.name(code).to_owned());
        let mut all = Group::default();
        let mut by_activity: BTreeMap<u32, Group> = BTreeMap::new();
        let mut keys: Vec<(u32, u32)> = self.edges.keys().copied().collect();
        keys.sort_unstable();
        for key in &keys {
            if let Some(group) = self.edges.get(key) {
                by_activity.entry(key.1).or_default().merge(group.clone(), log);
            }
        }
        for group in by_activity.values() {
            all.merge(group.clone(), log);
        }
        let whole = all.whole();
        let mut edges = Vec::with_capacity(keys.len());
        let mut losses: Vec<(Reverse<(i128, i128)>, Loss)> = Vec::new();
        for (key, mut group) in self.edges {
            let (from, to) = (name(key.0), log.activities.name(key.1).to_owned());
            let shares_of_all = group.causes(whole, log);
            for (sum, lost) in group.causes.iter().zip(shares_of_all) {
                if sum.waits > 0 {
                    let loss = Loss { from: from.clone(), to: to.clone(), lost };
                    losses.push((Reverse((sum.worked, sum.calendar)), loss));
                }
            }
            let own = group.whole();
            let edge = EdgeWaits {
                from,
                to,
                count: group.count,
                cases: cases.get(&key).copied().unwrap_or(0),
                estimated: group.estimated,
                figures: group.figures(),
                causes: group.causes(own, log),
            };
            edges.push((Reverse((own.1, own.0)), edge));
        }
        edges.sort_by(|a, b| {
            a.0.cmp(&b.0).then_with(|| (&a.1.from, &a.1.to).cmp(&(&b.1.from, &b.1.to)))
        });
        losses.sort_by(|a, b| {
            let key = |l: &Loss| (l.from.clone(), l.to.clone(), l.lost.cause);
            a.0.cmp(&b.0).then_with(|| key(&a.1).cmp(&key(&b.1)))
        });
        losses.truncate(ready.options.top_losses);
        let mut activities: Vec<(Reverse<(i128, i128)>, ActivityWaits)> = by_activity
            .into_iter()
            .map(|(activity, mut group)| {
                let own = group.whole();
                let waits = ActivityWaits {
                    name: log.activities.name(activity).to_owned(),
                    count: group.count,
                    figures: group.figures(),
                    causes: group.causes(own, log),
                    delayed: group.delayed,
                    delay_mean_s: (group.count > 0)
                        .then(|| seconds(group.delay) / group.count as f64),
                };
                (Reverse((own.1, own.0)), waits)
            })
            .collect();
        activities.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.name.cmp(&b.1.name)));
        let worked_known = !all.worked.is_empty();
        let held_by = PARTIES.iter().zip(self.held_by).filter(|(_, sum)| sum.waits > 0);
        let held_by = held_by
            .map(|(&awaited, sum)| HeldBy { awaited, lost: sum.lost(worked_known) })
            .collect();
        Waits {
            quality: quality(ready, self.forms, all.count),
            count: all.count,
            causes: all.causes(whole, log),
            figures: all.figures(),
            held_by,
            batches: self.batches,
            edges: edges.into_iter().map(|e| e.1).collect(),
            activities: activities.into_iter().map(|a| a.1).collect(),
            losses: losses.into_iter().map(|l| l.1).collect(),
        }
    }
}

fn quality(ready: &Ready<'_>, forms: BTreeMap<Form, u64>, waits: u64) -> Quality {
    let log = ready.log;
    let mut starts = BTreeMap::new();
    for &basis in &ready.starts.basis {
        *starts.entry(basis).or_default() += 1;
    }
    let name = |code: u32| log.activities.name(code).to_owned();
    let pairs = ready.concurrency.pairs().into_iter();
    let mut concurrent: Vec<(String, String)> = pairs
        .map(|(a, b)| (name(a), name(b)))
        .map(|(a, b)| if a <= b { (a, b) } else { (b, a) })
        .collect();
    concurrent.sort();
    Quality {
        form: forms.iter().max_by_key(|&(&form, &n)| (n, Reverse(form))).map(|(&form, _)| form),
        forms,
        weaknesses: ready.weaknesses(waits),
        tasks: log.tasks.len() as u64,
        scheduled: ready.enabled.iter().filter(|e| e.scheduled).count() as u64,
        starts,
        calendars: ready.calendars.sources(),
        concurrent,
    }
}

/// Cases that have each edge.
fn cases_by_edge(ready: &Ready<'_>) -> FxHashMap<(u32, u32), u64> {
    let log = ready.log;
    let counted: Vec<FxHashMap<(u32, u32), u64>> = log
        .cases
        .par_chunks(8192)
        .map(|cases| {
            let mut counts: FxHashMap<(u32, u32), u64> = FxHashMap::default();
            let mut edges: Vec<(u32, u32)> = Vec::new();
            for case in cases {
                edges.clear();
                for place in case.tasks.clone() {
                    let enabled = ready.enabled.get(place).filter(|e| !e.unknown);
                    if let (Some(enabled), Some(row)) = (enabled, log.tasks.get(place)) {
                        edges.push((enabled.by, row.activity));
                    }
                }
                edges.sort_unstable();
                edges.dedup();
                for &edge in &edges {
                    *counts.entry(edge).or_default() += 1;
                }
            }
            counts
        })
        .collect();
    let mut total: FxHashMap<(u32, u32), u64> = FxHashMap::default();
    for (edge, n) in counted.into_iter().flatten() {
        *total.entry(edge).or_default() += n;
    }
    total
}
