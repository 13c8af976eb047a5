//! Why cases wait: every wait between two tasks split by cause, in calendar and worked time.
//!
//! - Computes: per task, the time between the instant it could begin and the instant it
//!   began, cut into held externally, batching, contention, prioritisation, unavailability and
//!   unexplained; the same summed by edge, activity and cause.
//! - Units: microseconds inside, seconds in answers. *Worked* is the part inside the opening
//!   hours of the body: the body was open.
//! - Shapes: a [`TaskLog`] and a [`WorkClock`] in; [`Waits`] out, longest first, ties by name.
//!   O(n log n) in tasks; people in parallel, same answer bit for bit.
//! - Errors: [`WaitsError`] when an option makes no sense or the caller stopped. Poor logs
//!   get the weaker form, which [`Quality`] names with its reasons.
//! - Source: Lashkevich, Milani, Chapela-Campa, Suvorau and Dumas, "Why am I waiting?"
//!   (2023); rules and departures in `docs/methods/waiting-time.md`.

mod enable;
mod fold;
mod holds;
mod sweep;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use eclusier_calendar::{WorkClock, Zone};
use eclusier_core::config::{Awaited, Hold};
use eclusier_eventlog::intern::NONE;
use rayon::prelude::*;
use serde::Serialize;

use crate::calendars::{
    ByResource, CalendarOptions, CalendarSource, Calendars, CalendarsError, ClosedDays, Progress,
    by_resource, discover, disguised_days, near, open_stretches,
};
use crate::starts::{self, Basis, StartOptions, Starts};
use crate::task_log::{Known, TaskLog};

pub use enable::{Concurrency, ConcurrencyOptions, Enabled, enable};
pub use sweep::BatchOptions;

use holds::{Held, HoldRules, PARTIES};
use sweep::{Both, Piece, both, each_gap, sweep};

/// Why a case waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Somebody outside was awaited.
    Held,
    /// It lay in a pile that was begun only when complete.
    Batching,
    /// The person was busy with work that was there before.
    Contention,
    /// The person was busy with work that came later.
    Prioritisation,
    /// The person was not at work, and not busy.
    Unavailability,
    /// The person was at work, not busy, and the task waited all the same.
    Unexplained,
}

impl Cause {
    /// All, in the order in which an instant is claimed.
    pub const ALL: [Cause; 6] = [
        Cause::Held,
        Cause::Batching,
        Cause::Contention,
        Cause::Prioritisation,
        Cause::Unavailability,
        Cause::Unexplained,
    ];

    fn place(self) -> usize {
        self as usize
    }
}

/// How much the log let us see of a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// Start and person known: the whole split.
    Full,
    /// The start is estimated: no batches, and what is unexplained is a lower bound.
    EstimatedStarts,
    /// Nobody is named: held, closed hours and unexplained only.
    NoResource,
    /// Only days are known: held and unexplained, calendar time, no worked time.
    DaysOnly,
}

/// The wait of one task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskWait {
    /// Place in [`TaskLog::tasks`].
    pub task: u32,
    /// It could begin.
    pub enabled: i64,
    /// It began.
    pub start: i64,
    /// Calendar and worked time of each cause, in the order of [`Cause::ALL`].
    pub parts: [(i64, i64); 6],
    /// Of what is held: waiting for the insured, the employer, another body.
    pub held_by: [(i64, i64); 3],
    /// Worked time of the wait; `None` when only days are known.
    pub worked_us: Option<i64>,
    /// From the enablement to the last instant at which the person was free and did not begin:
    /// the task was not ready for them yet, so a delay foreign to the log lasted that long at least.
    pub delay_us: i64,
    /// How much could be seen.
    pub form: Form,
}

impl TaskWait {
    fn new(task: u32, enabled: i64, start: i64) -> Self {
        Self {
            task,
            enabled,
            start,
            parts: [(0, 0); 6],
            held_by: [(0, 0); 3],
            worked_us: None,
            delay_us: 0,
            form: Form::Full,
        }
    }

    fn add(&mut self, cause: Cause, part: Both) {
        if let Some(sum) = self.parts.get_mut(cause.place()) {
            sum.0 += part.calendar;
            sum.1 += part.worked;
        }
    }

    /// Calendar time of the wait.
    pub fn calendar_us(&self) -> i64 {
        self.start - self.enabled
    }

    /// Calendar and worked time of a cause.
    pub fn part(&self, cause: Cause) -> (i64, i64) {
        self.parts.get(cause.place()).copied().unwrap_or_default()
    }
}

/// What the split reads beside the log. Start from [`WaitsOptions::new`].
#[derive(Debug, Clone)]
pub struct WaitsOptions {
    /// Zone of the body: local hours of the calendars.
    pub zone: Zone,
    /// Activities that put a case on hold for somebody outside.
    pub holds: Vec<Hold>,
    /// Reception of each case, in the order of [`TaskLog::cases`], where it is known:
    /// first tasks then wait from it.
    pub arrivals: Vec<Option<i64>>,
    /// How calendars are read from the log.
    pub calendars: CalendarOptions,
    /// Calendars known otherwise, by resource code: nothing is discovered then.
    pub rosters: Option<Calendars>,
    /// Which activities run side by side.
    pub concurrency: ConcurrencyOptions,
    /// How missing starts are estimated.
    pub starts: StartOptions,
    /// How batches are recognised.
    pub batches: BatchOptions,
    /// Losses listed at most (100).
    pub top_losses: usize,
}

impl WaitsOptions {
    /// Usual options for a body in a zone.
    pub fn new(zone: Zone) -> Self {
        Self {
            zone,
            holds: Vec::new(),
            arrivals: Vec::new(),
            calendars: CalendarOptions::default(),
            rosters: None,
            concurrency: ConcurrencyOptions::default(),
            starts: StartOptions::default(),
            batches: BatchOptions::default(),
            top_losses: 100,
        }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum WaitsError {
    /// An option of the calendars, or the caller stopped there.
    #[error("the calendars could not be read")]
    Calendars(#[from] CalendarsError),
    /// More tasks than can be numbered.
    #[error("{tasks} tasks are more than can be numbered")]
    TooMany {
        /// Tasks of the log.
        tasks: usize,
    },
    /// The caller asked to stop.
    #[error("stopped before the end")]
    Stopped,
}

/// Why less is known than could be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "reason")]
pub enum Weakness {
    /// Starts are missing: estimated where a person is named.
    NoStartTimes {
        /// Tasks without a start.
        n: u64,
    },
    /// Nobody is named.
    NoResources {
        /// Tasks of nobody.
        n: u64,
    },
    /// Only days are known: no worked time.
    DaysOnly {
        /// Tasks known by their day.
        n: u64,
    },
    /// Many instants are at midnight sharp: days in disguise, whose hours mean nothing.
    MidnightInstants {
        /// Tasks with one.
        n: u64,
    },
    /// The body's opening hours are not known: worked time is calendar time.
    NoOpeningHours,
    /// People whose calendar is that of a pool, or unknown.
    PooledCalendars {
        /// People.
        n: u64,
    },
    /// First tasks of a case whose reception is not known: their wait is not measured.
    UnknownArrivals {
        /// Tasks.
        n: u64,
    },
    /// Tasks still open: they keep their person busy for no time.
    OpenTasks {
        /// Tasks.
        n: u64,
    },
    /// No wait could be measured.
    NoWaits,
}

/// How good the answer is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Quality {
    /// The form of most waits; `None` without waits.
    pub form: Option<Form>,
    /// Waits of each form.
    pub forms: BTreeMap<Form, u64>,
    /// Why it is not better.
    pub weaknesses: Vec<Weakness>,
    /// Tasks of the log.
    pub tasks: u64,
    /// Of these, those whose entry in the basket the log says.
    pub scheduled: u64,
    /// Starts by how they are known.
    pub starts: BTreeMap<Basis, u64>,
    /// People by source of their calendar.
    pub calendars: BTreeMap<CalendarSource, u64>,
    /// Pairs of activities that run side by side, each once, names in order.
    pub concurrent: Vec<(String, String)>,
}

/// Time lost, in both measures.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Lost {
    /// Waits that have some.
    pub waits: u64,
    /// Calendar seconds.
    pub calendar_s: f64,
    /// Seconds inside the opening hours of the body; `None` when only days are known.
    pub worked_s: Option<f64>,
}

/// Time lost to a cause, and its share of the whole it is listed under.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CauseLost {
    /// The cause.
    pub cause: Cause,
    /// Time lost.
    #[serde(flatten)]
    pub lost: Lost,
    /// Share of the calendar time; `None` when nothing was waited.
    pub calendar_share: Option<f64>,
    /// Share of the worked time; `None` when nothing was waited in worked time.
    pub worked_share: Option<f64>,
    /// Cases in which most was lost to it, longest first.
    pub examples: Vec<String>,
}

/// Waits between two activities.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EdgeWaits {
    /// Activity that enables; `None` at the start of the case.
    pub from: Option<String>,
    /// Activity that waits.
    pub to: String,
    /// Waits.
    pub count: u64,
    /// Cases having one.
    pub cases: u64,
    /// Of the waits, those that end at an estimated start.
    pub estimated: u64,
    /// The figures of the wait.
    #[serde(flatten)]
    pub figures: WaitFigures,
    /// By cause, in the order of [`Cause::ALL`].
    pub causes: Vec<CauseLost>,
}

/// Figures of a set of waits, seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct WaitFigures {
    /// Total.
    pub total_s: f64,
    /// Mean.
    pub mean_s: Option<f64>,
    /// Median.
    pub median_s: Option<f64>,
    /// 90th percentile.
    pub p90_s: Option<f64>,
    /// Waits whose worked time is known.
    pub worked_count: u64,
    /// Total worked.
    pub worked_total_s: Option<f64>,
    /// Mean worked.
    pub worked_mean_s: Option<f64>,
    /// Median worked.
    pub worked_median_s: Option<f64>,
    /// 90th percentile worked.
    pub worked_p90_s: Option<f64>,
}

/// Waits before an activity.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ActivityWaits {
    /// The activity.
    pub name: String,
    /// Waits.
    pub count: u64,
    /// The figures of the wait.
    #[serde(flatten)]
    pub figures: WaitFigures,
    /// By cause, in the order of [`Cause::ALL`].
    pub causes: Vec<CauseLost>,
    /// Waits in which the person was free before they began.
    pub delayed: u64,
    /// Mean time from the enablement to their last free instant, over all its waits: an
    /// estimate of a delay foreign to the log.
    pub delay_mean_s: Option<f64>,
}

/// One line of "which minutes were lost to what".
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Loss {
    /// Activity that enables; `None` at the start of the case.
    pub from: Option<String>,
    /// Activity that waits.
    pub to: String,
    /// The cause, its time, its share of all that was waited, examples.
    #[serde(flatten)]
    pub lost: CauseLost,
}

/// Time held for somebody outside.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct HeldBy {
    /// Who was awaited.
    pub awaited: Awaited,
    /// Time lost.
    #[serde(flatten)]
    pub lost: Lost,
}

/// Why cases wait.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Waits {
    /// How good the answer is.
    pub quality: Quality,
    /// Waits.
    pub count: u64,
    /// The figures of all waits.
    #[serde(flatten)]
    pub figures: WaitFigures,
    /// By cause, in the order of [`Cause::ALL`].
    pub causes: Vec<CauseLost>,
    /// Of what is held: who was awaited.
    pub held_by: Vec<HeldBy>,
    /// Batches found.
    pub batches: u64,
    /// By edge, most worked time first.
    pub edges: Vec<EdgeWaits>,
    /// By activity that waits, most worked time first.
    pub activities: Vec<ActivityWaits>,
    /// By edge and cause, most worked time first.
    pub losses: Vec<Loss>,
}

/// Everything known of the waits of a log, before it is summed.
#[derive(Debug, Clone)]
pub struct Explained {
    /// Waits, by place of their task; tasks whose enablement is unknown have none.
    pub waits: Vec<TaskWait>,
    /// Enablement of every task.
    pub enabled: Vec<Enabled>,
    /// Start of every task.
    pub starts: Starts,
    /// Calendars of the people.
    pub calendars: Calendars,
    /// Batches found.
    pub batches: u64,
}

/// Why cases wait, summed by edge, activity and cause.
pub fn waits(
    log: &TaskLog,
    clock: &WorkClock,
    options: &WaitsOptions,
    progress: Progress<'_>,
) -> Result<Waits, WaitsError> {
    let ready = Ready::new(log, clock, options, progress)?;
    let sums = ready.each_group(progress, |group, waits, batches| {
        let _ = group;
        let mut sums = fold::Sums::default();
        sums.batches += batches;
        for wait in waits {
            sums.add(&ready, wait);
        }
        sums
    })?;
    let mut total = fold::Sums::default();
    for more in sums {
        total.merge(more, log);
    }
    Ok(total.finish(&ready))
}

/// The wait of every task, split.
pub fn explain(
    log: &TaskLog,
    clock: &WorkClock,
    options: &WaitsOptions,
    progress: Progress<'_>,
) -> Result<Explained, WaitsError> {
    let ready = Ready::new(log, clock, options, progress)?;
    let parts = ready.each_group(progress, |_, waits, batches| (waits, batches))?;
    let batches = parts.iter().map(|p| p.1).sum();
    let mut waits: Vec<TaskWait> = parts.into_iter().flat_map(|p| p.0).collect();
    waits.sort_unstable_by_key(|w| w.task);
    let Ready { enabled, starts, calendars, .. } = ready;
    Ok(Explained { waits, enabled, starts, calendars, batches })
}

/// All that the sweeps read.
struct Ready<'a> {
    log: &'a TaskLog,
    clock: &'a WorkClock,
    options: &'a WaitsOptions,
    concurrency: Concurrency,
    enabled: Vec<Enabled>,
    calendars: Calendars,
    closed: ClosedDays,
    starts: Starts,
    people: ByResource,
    ranks: Vec<u32>,
    case_of: Vec<u32>,
    held: Vec<Held>,
    held_of: Vec<Range<usize>>,
}

/// A share of the work: some people, or some tasks of nobody.
enum Group {
    People(Range<usize>),
    Nobody(Range<usize>),
}

/// Tasks a group holds, about: enough of them to share the work evenly.
const GROUP: usize = 16_384;

impl<'a> Ready<'a> {
    fn new(
        log: &'a TaskLog,
        clock: &'a WorkClock,
        options: &'a WaitsOptions,
        progress: Progress<'_>,
    ) -> Result<Self, WaitsError> {
        let tasks = log.tasks.len();
        if u32::try_from(tasks).is_err() {
            return Err(WaitsError::TooMany { tasks });
        }
        let total = tasks as u64 * 2;
        let step = |done: u64| match progress(done, total).is_break() {
            true => Err(WaitsError::Stopped),
            false => Ok(()),
        };
        step(0)?;
        let concurrency = Concurrency::read(log, &options.concurrency);
        let enabled = enable(log, &concurrency, &options.arrivals);
        step(total / 8)?;
        let calendars = match &options.rosters {
            Some(known) => known.clone(),
            None => {
                discover(log, &options.zone, &options.calendars, &|_, _| progress(total / 8, total))
                    .map_err(|e| match e {
                        CalendarsError::Stopped => WaitsError::Stopped,
                        other => other.into(),
                    })?
            }
        };
        let instants = || log.tasks.iter().filter(|t| !t.day);
        let first = instants().map(|t| near(t.start)).min().unwrap_or(0);
        let last = instants().map(|t| near(t.end)).max().unwrap_or(0);
        let first = enabled.iter().map(|e| e.at).min().unwrap_or(0).min(first);
        let closed = match is_always(clock) {
            true => ClosedDays::default(),
            false => ClosedDays::new(clock, &options.zone, first, last),
        };
        step(total / 4)?;
        let people = by_resource(&log.tasks, log.resources.len());
        let ranks = ranks(log);
        let known = starts::Known { log, enabled: &enabled, people: &people, ranks: &ranks };
        let starts = starts::estimate(&known, &calendars, &closed, &options.starts);
        step(total / 2)?;
        let mut case_of = vec![0u32; tasks];
        let rules = HoldRules::new(log, &options.holds);
        let (mut held, mut held_of, mut one) = (Vec::new(), Vec::new(), Vec::new());
        for (i, case) in log.cases.iter().enumerate() {
            for place in case_of.get_mut(case.tasks.clone()).unwrap_or_default() {
                *place = i as u32;
            }
            if !rules.is_empty() {
                rules.of_case(log.tasks_of(case), &mut one);
                held_of.push(held.len()..held.len() + one.len());
                held.append(&mut one);
            }
        }
        Ok(Self {
            log,
            clock,
            options,
            concurrency,
            enabled,
            calendars,
            closed,
            starts,
            people,
            ranks,
            case_of,
            held,
            held_of,
        })
    }

    fn held_of(&self, task: u32) -> &[Held] {
        let case = self.case_of.get(task as usize).and_then(|&c| self.held_of.get(c as usize));
        case.and_then(|range| self.held.get(range.clone())).unwrap_or_default()
    }

    fn groups(&self) -> Vec<Group> {
        let mut groups = Vec::new();
        let nobody = self.log.resources.len();
        let (mut from, mut size) = (0, 0);
        for person in 0..nobody {
            size += self.people.of(person).len();
            if size >= GROUP || person + 1 == nobody {
                groups.push(Group::People(from..person + 1));
                (from, size) = (person + 1, 0);
            }
        }
        let left = self.people.of(nobody).len();
        groups.extend((0..left).step_by(GROUP).map(|at| Group::Nobody(at..(at + GROUP).min(left))));
        groups
    }

    /// Calls `each` with the waits of each group, in parallel; results in the order of groups.
    fn each_group<T: Send>(
        &self,
        progress: Progress<'_>,
        each: impl Fn(&Group, Vec<TaskWait>, u64) -> T + Sync,
    ) -> Result<Vec<T>, WaitsError> {
        let total = self.log.tasks.len() as u64 * 2;
        let done = AtomicU64::new(self.log.tasks.len() as u64);
        self.groups()
            .into_par_iter()
            .map(|group| {
                let mut waits = Vec::new();
                let mut batches = 0;
                let mut seen = 0;
                match &group {
                    Group::People(people) => {
                        for person in people.clone() {
                            seen += self.people.of(person).len();
                            batches += self.person(person, &mut waits);
                        }
                    }
                    Group::Nobody(range) => {
                        let all = self.people.of(self.log.resources.len());
                        let tasks = all.get(range.clone()).unwrap_or_default();
                        seen += tasks.len();
                        waits.extend(tasks.iter().filter_map(|&task| self.alone(task)));
                    }
                }
                let seen = done.fetch_add(seen as u64, Ordering::Relaxed) + seen as u64;
                if progress(seen, total).is_break() {
                    return Err(WaitsError::Stopped);
                }
                Ok(each(&group, waits, batches))
            })
            .collect()
    }

    /// The waits of a person; how many batches they made.
    fn person(&self, person: usize, out: &mut Vec<TaskWait>) -> u64 {
        let row = |t: u32| self.log.tasks.get(t as usize);
        let tasks = self.people.of(person);
        let mut pieces: Vec<Piece> = Vec::with_capacity(tasks.len());
        for &task in tasks {
            let place = task as usize;
            let Some(row) = row(task).filter(|r| !r.day) else {
                out.extend(self.alone(task));
                continue;
            };
            let start = self.starts.at.get(place).copied().unwrap_or_default();
            let enabled = self.enabled.get(place).map_or(start, |e| e.at).min(start);
            let basis = self.starts.basis.get(place);
            pieces.push(Piece {
                task,
                activity: row.activity,
                rank: self.ranks.get(place).copied().unwrap_or_default(),
                enabled,
                start,
                end: near(row.end).max(start),
                exact: basis == Some(&Basis::Delivered),
            });
        }
        pieces.sort_by_key(|p| (p.start, p.end, p.rank));
        let from = pieces.iter().map(|p| p.enabled).min();
        let (Some(from), Some(to)) = (from, pieces.last().map(|p| p.start)) else { return 0 };
        let pattern = u32::try_from(person).ok().and_then(|p| self.calendars.of(p));
        let open = match pattern {
            Some((pattern, _)) => {
                open_stretches(pattern, &self.calendars.zone, &self.closed, from, to)
            }
            None => vec![(from, to)],
        };
        let held = |task| self.held_of(task);
        let (waits, batches) = sweep(&pieces, &open, self.clock, &self.options.batches, held);
        for mut wait in waits {
            let place = wait.task as usize;
            let Some(enabled) = self.enabled.get(place).filter(|e| !e.unknown) else { continue };
            if enabled.day {
                out.extend(self.alone(wait.task));
                continue;
            }
            let basis = self.starts.basis.get(place);
            let exact = basis == Some(&Basis::Delivered);
            wait.form = if exact { Form::Full } else { Form::EstimatedStarts };
            out.push(wait);
        }
        batches
    }

    /// The wait of a task whose person or hours are not known.
    fn alone(&self, task: u32) -> Option<TaskWait> {
        let place = task as usize;
        let row = self.log.tasks.get(place)?;
        let enabled = self.enabled.get(place).filter(|e| !e.unknown)?;
        let start = self.starts.at.get(place).copied().unwrap_or_else(|| near(row.start));
        let mut wait = TaskWait::new(task, enabled.at.min(start), start);
        let days = row.day || enabled.day;
        wait.form = if days { Form::DaysOnly } else { Form::NoResource };
        each_gap(wait.enabled, start, self.held_of(task), |from, to, party| {
            let mut part = both(self.clock, from, to);
            if days {
                part.worked = 0;
            }
            if let Some(party) = party {
                wait.add(Cause::Held, part);
                if let Some(sum) = wait.held_by.get_mut(party) {
                    sum.0 += part.calendar;
                    sum.1 += part.worked;
                }
            } else if days {
                wait.add(Cause::Unexplained, part);
            } else {
                // Nobody is named: the body itself was closed, or nothing explains the wait.
                let open = Both { calendar: part.worked, worked: part.worked };
                wait.add(Cause::Unexplained, open);
                wait.add(Cause::Unavailability, part - open);
            }
        });
        wait.worked_us = (!days).then(|| both(self.clock, wait.enabled, start).worked);
        Some(wait)
    }

    fn weaknesses(&self, waits: u64) -> Vec<Weakness> {
        let count = |f: &dyn Fn(&crate::task_log::TaskRow) -> bool| {
            self.log.tasks.iter().filter(|t| f(t)).count() as u64
        };
        let days = count(&|t| t.day);
        let no_start = count(&|t| t.known == Known::EndOnly && !t.day);
        let nobody = count(&|t| t.resource == NONE);
        let open = count(&|t| t.known == Known::StartOnly);
        let midnights = disguised_days(self.log, &self.options.zone);
        let unknown = self.enabled.iter().filter(|e| e.unknown).count() as u64;
        let sources = self.calendars.sources();
        let own = sources.get(&CalendarSource::Own).copied().unwrap_or(0);
        let pooled = sources.values().sum::<u64>() - own;
        let mut out = Vec::new();
        let mut say = |weakness, when: bool| {
            if when {
                out.push(weakness);
            }
        };
        say(Weakness::DaysOnly { n: days }, days > 0);
        say(Weakness::NoStartTimes { n: no_start }, no_start > 0);
        say(Weakness::NoResources { n: nobody }, nobody > 0);
        say(Weakness::MidnightInstants { n: midnights }, midnights > 0);
        say(Weakness::NoOpeningHours, is_always(self.clock));
        say(Weakness::PooledCalendars { n: pooled }, pooled > 0);
        say(Weakness::UnknownArrivals { n: unknown }, unknown > 0);
        say(Weakness::OpenTasks { n: open }, open > 0);
        say(Weakness::NoWaits, waits == 0);
        out
    }
}

/// Place of every task when cases are taken by identifier: the order of the files says nothing.
fn ranks(log: &TaskLog) -> Vec<u32> {
    let mut cases: Vec<&crate::task_log::CaseRow> = log.cases.iter().collect();
    cases.sort_by(|a, b| a.id.cmp(&b.id));
    let mut ranks = vec![0u32; log.tasks.len()];
    let mut next = 0u32;
    for case in cases {
        for rank in ranks.get_mut(case.tasks.clone()).unwrap_or_default() {
            *rank = next;
            next = next.saturating_add(1);
        }
    }
    ranks
}

/// Whether a clock never stops: then nothing is known of the opening hours.
fn is_always(clock: &WorkClock) -> bool {
    // No table of days covers a thousand years on both sides.
    const FAR: i64 = 1 << 55;
    clock.between(-FAR, FAR) == 2 * FAR
}
