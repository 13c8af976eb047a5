//! When people usually work, read from what they did: one weekly pattern per person
//! where the log says enough, that of their team, role or body otherwise.
//!
//! - Computes: for each resource, the slots of the week in which it is present, with
//!   where the pattern comes from; per team, the share of person-days active in each slot.
//! - Units: slots of some minutes in local time; person-days; confidence, support and
//!   participation are shares in [0, 1].
//! - Shapes: a [`TaskLog`] in; [`Calendars`] (for measures) or a [`PresenceProfile`]
//!   (for screens) out. Sorting the instants of each resource dominates: O(n log n).
//! - Errors: [`CalendarsError`] when an option makes no sense or the caller stopped.
//!   Civil days say nothing of hours and are left out; nothing panics.
//! - Source: López-Pintado and Dumas, "Business process simulation with differentiated
//!   resources" (2022), after Martin et al.; departures in `docs/methods/resource-calendars.md`.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use eclusier_calendar::{WorkClock, Zone};
use eclusier_eventlog::intern::NONE;
use rayon::prelude::*;
use serde::Serialize;

use crate::task_log::{Known, TaskLog, TaskRow};

/// Told how far the work is; says whether to go on. Called from several threads.
pub type Progress<'a> = &'a (dyn Fn(u64, u64) -> ControlFlow<()> + Sync);

/// A listener that never stops the work.
pub fn go_on(_: u64, _: u64) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

const DAY: i64 = 86_400_000_000;
const MINUTE: i64 = 60_000_000;
/// Instants are brought within ±36,000 years, so that sums and differences never overflow.
const FAR: i64 = 1 << 60;
/// Days for which a pattern is unrolled; later days are taken as open, nothing being known.
const LAST_DAYS: i64 = 40_000;
/// More instants at midnight sharp than this are days in disguise, and say nothing of hours.
const MIDNIGHTS: f64 = 0.05;
/// Below this many expected days, a slot in which nobody was seen proves nothing.
const TOO_FEW_TO_CLOSE: f64 = 3.0;

/// An instant no arithmetic can overflow on.
pub(crate) fn near(us: i64) -> i64 {
    us.clamp(-FAR, FAR)
}

/// How calendars are read from the log.
#[derive(Debug, Clone, PartialEq)]
pub struct CalendarOptions {
    /// Length of a slot, minutes; divides the day (60 by default, 30 for finer screens).
    pub slot_minutes: u16,
    /// A slot is worked when the person was active in it on at least this share of the
    /// days of that weekday on which they were active at all (0.1).
    pub confidence: f64,
    /// The slots kept must hold at least this share of the person's instants (0.7).
    pub support: f64,
    /// The person must be active on at least this share of the days on which anybody was,
    /// between their first and last day (0.4); otherwise the calendar of their pool is used.
    pub participation: f64,
    /// Days of activity a person or a pool needs for a calendar of its own (10).
    pub min_days: u64,
    /// Instants a person or a pool needs for a calendar of its own (40).
    pub min_instants: u64,
    /// Team by pseudonym. Those who are not listed belong to the unit of most of their cases.
    pub teams: BTreeMap<String, String>,
}

impl Default for CalendarOptions {
    fn default() -> Self {
        Self {
            slot_minutes: 60,
            confidence: 0.1,
            support: 0.7,
            participation: 0.4,
            min_days: 10,
            min_instants: 40,
            teams: BTreeMap::new(),
        }
    }
}

impl CalendarOptions {
    fn check(&self) -> Result<(), CalendarsError> {
        if !(5..=1440).contains(&self.slot_minutes) || 1440 % self.slot_minutes != 0 {
            return Err(CalendarsError::Slot { minutes: self.slot_minutes });
        }
        for (name, share) in [
            ("confidence", self.confidence),
            ("support", self.support),
            ("participation", self.participation),
        ] {
            if !(0.0..=1.0).contains(&share) {
                return Err(CalendarsError::Share { name, share });
            }
        }
        Ok(())
    }

    fn slots(&self) -> usize {
        usize::from(1440 / self.slot_minutes.max(1))
    }
}

/// Why no calendar could be read.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CalendarsError {
    /// A slot that does not divide the day.
    #[error("a slot of {minutes} minutes: 5 to 1440 minutes that divide the day are expected")]
    Slot {
        /// As given.
        minutes: u16,
    },
    /// A share outside [0, 1].
    #[error("{name} is {share}: a share between 0 and 1 is expected")]
    Share {
        /// Which option.
        name: &'static str,
        /// As given.
        share: f64,
    },
    /// The caller asked to stop.
    #[error("stopped before the end")]
    Stopped,
}

/// A week of presence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WeekPattern {
    /// Length of a slot.
    pub slot_minutes: u16,
    /// Whether each slot is worked: Monday's slots from midnight, then Tuesday's…
    pub open: Vec<bool>,
}

impl WeekPattern {
    /// A week without closed hours: nothing is known.
    pub fn always(slot_minutes: u16) -> Self {
        let slots = usize::from(1440 / slot_minutes.clamp(1, 1440));
        Self { slot_minutes, open: vec![true; 7 * slots] }
    }

    /// Minutes worked in a week.
    pub fn minutes(&self) -> u64 {
        self.open.iter().filter(|&&o| o).count() as u64 * u64::from(self.slot_minutes)
    }

    /// Worked stretches of a weekday (0 = Monday), in minutes of local time.
    pub fn stretches_of(&self, weekday: usize) -> Vec<(i64, i64)> {
        let long = i64::from(self.slot_minutes);
        let slots = self.open.len() / 7;
        let today = self.open.get(weekday * slots..(weekday + 1) * slots).unwrap_or_default();
        let mut out: Vec<(i64, i64)> = Vec::new();
        for (slot, _) in today.iter().enumerate().filter(|(_, open)| **open) {
            let from = slot as i64 * long;
            match out.last_mut() {
                Some(last) if last.1 == from => last.1 += long,
                _ => out.push((from, from + long)),
            }
        }
        out
    }
}

/// Where the calendar of a resource comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CalendarSource {
    /// Its own instants.
    Own,
    /// Those of its team or unit.
    Team,
    /// Those of the people whose main activity is the same.
    Role,
    /// Those of everybody.
    Body,
    /// Nothing is known: never closed.
    Unknown,
}

/// The calendars of a log.
#[derive(Debug, Clone)]
pub struct Calendars {
    /// Distinct patterns.
    pub patterns: Vec<Arc<WeekPattern>>,
    /// Pattern and source by resource code.
    pub of: Vec<(usize, CalendarSource)>,
    /// Zone of the local hours.
    pub zone: Zone,
}

impl Calendars {
    /// The pattern of a resource and where it comes from.
    pub fn of(&self, resource: u32) -> Option<(&Arc<WeekPattern>, CalendarSource)> {
        let &(pattern, source) = self.of.get(resource as usize)?;
        Some((self.patterns.get(pattern)?, source))
    }

    /// Given calendars: a pattern by resource, for callers who know the rosters.
    pub fn given(patterns: Vec<WeekPattern>, zone: Zone) -> Self {
        let of = (0..patterns.len()).map(|i| (i, CalendarSource::Own)).collect();
        Self { patterns: patterns.into_iter().map(Arc::new).collect(), of, zone }
    }

    /// How many resources have a calendar of each source.
    pub fn sources(&self) -> BTreeMap<CalendarSource, u64> {
        let mut out = BTreeMap::new();
        for &(_, source) in &self.of {
            *out.entry(source).or_default() += 1;
        }
        out
    }
}

/// Presence of a team in one slot of the week.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SlotPresence {
    /// ISO weekday, 1 = Monday.
    pub weekday: u8,
    /// Local time the slot begins, minutes after midnight.
    pub from_minute: u16,
    /// Person-days of that weekday with an instant in the slot.
    pub active_days: u64,
    /// Person-days of that weekday with an instant at all.
    pub days: u64,
    /// `active_days / days`; `None` when nobody was ever active on that weekday.
    pub share: Option<f64>,
    /// People whose calendar is open in the slot.
    pub expected: u64,
}

/// Presence of a team over the week.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TeamPresence {
    /// The team; `None` for those without one.
    pub team: Option<String>,
    /// People: the caller masks small teams.
    pub resources: u64,
    /// Of these, those with a calendar of their own.
    pub own_calendars: u64,
    /// Slots in which somebody was seen or is expected, Monday first.
    pub slots: Vec<SlotPresence>,
}

/// Why a profile says less than it could.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "reason")]
pub enum NoPresence {
    /// Nobody is named in the log.
    NoResources,
    /// The log knows days only.
    DaysOnly,
    /// Not enough instants for any calendar.
    TooFew {
        /// Instants met.
        n: u64,
    },
}

/// Weekly presence by team.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PresenceProfile {
    /// Length of a slot, minutes.
    pub slot_minutes: u16,
    /// Zone of the local hours.
    pub zone: String,
    /// Teams by name; those without one last.
    pub teams: Vec<TeamPresence>,
    /// Resources by source of their calendar.
    pub sources: BTreeMap<CalendarSource, u64>,
    /// Why there is nothing, when there is nothing.
    pub missing: Option<NoPresence>,
}

/// The calendars of every resource of a log.
pub fn discover(
    log: &TaskLog,
    zone: &Zone,
    options: &CalendarOptions,
    progress: Progress<'_>,
) -> Result<Calendars, CalendarsError> {
    Ok(Discovery::new(log, zone, options, progress)?.calendars())
}

/// Weekly presence by team, for screens: no person is named.
pub fn calendars(
    log: &TaskLog,
    zone: &Zone,
    options: &CalendarOptions,
    progress: Progress<'_>,
) -> Result<PresenceProfile, CalendarsError> {
    let found = Discovery::new(log, zone, options, progress)?;
    let calendars = found.calendars();
    let slots = options.slots();
    let mut by_team: BTreeMap<(bool, &str), Vec<usize>> = BTreeMap::new();
    for (person, team) in found.teams.iter().enumerate() {
        if found.counts.get(person).is_some_and(|c| c.instants > 0) {
            let key = team.as_deref().map_or((true, ""), |t| (false, t));
            by_team.entry(key).or_default().push(person);
        }
    }
    let teams = by_team.iter().map(|(&(none, name), people)| {
        let pool = found.pool(people);
        let pattern_open = |person: &usize, at: usize| {
            let pattern = calendars.of(*person as u32).and_then(|(p, _)| p.open.get(at).copied());
            pattern.unwrap_or(false)
        };
        let own = |p: &&usize| calendars.of(**p as u32).is_some_and(|c| c.1 == CalendarSource::Own);
        let slots = (0..7 * slots).filter_map(|at| {
            let active_days = pool.active.get(at).copied().unwrap_or(0);
            let days = pool.days.get(at / slots).copied().unwrap_or(0);
            let expected = people.iter().filter(|p| pattern_open(p, at)).count() as u64;
            (active_days > 0 || expected > 0).then(|| SlotPresence {
                weekday: (at / slots) as u8 + 1,
                from_minute: (at % slots) as u16 * options.slot_minutes,
                active_days,
                days,
                share: (days > 0).then(|| active_days as f64 / days as f64),
                expected,
            })
        });
        TeamPresence {
            team: (!none).then(|| name.to_owned()),
            resources: people.len() as u64,
            own_calendars: people.iter().filter(own).count() as u64,
            slots: slots.collect(),
        }
    });
    let teams: Vec<TeamPresence> = teams.collect();
    let instants: u64 = found.counts.iter().map(|c| c.instants).sum();
    let missing = match () {
        () if log.tasks.iter().all(|t| t.resource == NONE) => Some(NoPresence::NoResources),
        () if log.tasks.iter().all(|t| t.day) => Some(NoPresence::DaysOnly),
        () if instants < options.min_instants => Some(NoPresence::TooFew { n: instants }),
        () => None,
    };
    Ok(PresenceProfile {
        slot_minutes: options.slot_minutes,
        zone: zone.name().to_owned(),
        teams,
        sources: calendars.sources(),
        missing,
    })
}

/// Days seen per slot and per weekday, of a person or a pool.
#[derive(Debug, Clone, Default)]
struct Counts {
    /// Person-days with an instant in each slot of the week.
    active: Vec<u64>,
    /// Person-days with an instant, by weekday.
    days: Vec<u64>,
    /// Instants in each slot of the week.
    hits: Vec<u64>,
    /// Instants.
    instants: u64,
    /// First and last day, and days between on which anybody was active.
    span: Option<(i64, i64)>,
}

impl Counts {
    fn new(slots: usize) -> Self {
        let empty = vec![0; 7 * slots];
        Self { active: empty.clone(), days: vec![0; 7], hits: empty, instants: 0, span: None }
    }

    fn add(&mut self, other: &Counts) {
        for (a, b) in [
            (&mut self.active, &other.active),
            (&mut self.days, &other.days),
            (&mut self.hits, &other.hits),
        ] {
            a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
        }
        self.instants += other.instants;
    }

    fn all_days(&self) -> u64 {
        self.days.iter().sum()
    }

    /// The pattern of these counts, and the share of instants it holds.
    fn pattern(&self, options: &CalendarOptions) -> (WeekPattern, f64) {
        let slots = options.slots();
        let seen =
            |slot: usize| -> u64 { (0..7).filter_map(|d| self.active.get(d * slots + slot)).sum() };
        let hours: Vec<f64> =
            (0..slots).map(|slot| seen(slot) as f64 / self.all_days().max(1) as f64).collect();
        let mut held = 0u64;
        let open = (0..7 * slots).map(|at| {
            let days = self.days.get(at / slots).copied().unwrap_or(0);
            let active = self.active.get(at).copied().unwrap_or(0);
            let usual = hours.get(at % slots).copied().unwrap_or(0.0);
            // Once may be an accident, unless it is an hour they usually work.
            let often = days > 0
                && active as f64 >= options.confidence * days as f64
                && active > 0
                && (active >= 2 || usual >= options.confidence);
            // Too few days of that weekday to say that an hour they usually work is closed.
            let unproven = days > 0
                && usual >= options.confidence
                && usual > 0.0
                && usual * (days as f64) < TOO_FEW_TO_CLOSE;
            let open = often || unproven;
            held += if open { self.hits.get(at).copied().unwrap_or(0) } else { 0 };
            open
        });
        let open: Vec<bool> = open.collect();
        let support = held as f64 / self.instants.max(1) as f64;
        (WeekPattern { slot_minutes: options.slot_minutes, open }, support)
    }
}

/// What was counted, before calendars are chosen.
struct Discovery<'a> {
    zone: &'a Zone,
    options: &'a CalendarOptions,
    counts: Vec<Counts>,
    /// Share of the days on which anybody was active, by person.
    participation: Vec<f64>,
    teams: Vec<Option<String>>,
    roles: Vec<u32>,
}

impl<'a> Discovery<'a> {
    fn new(
        log: &TaskLog,
        zone: &'a Zone,
        options: &'a CalendarOptions,
        progress: Progress<'_>,
    ) -> Result<Self, CalendarsError> {
        options.check()?;
        let people = log.resources.len();
        let order = by_resource(&log.tasks, people);
        if progress(0, 2).is_break() {
            return Err(CalendarsError::Stopped);
        }
        let disguised = disguised_days(log, zone) > 0;
        let mut days: Vec<Vec<i64>> = Vec::new();
        let mut counts: Vec<Counts> = Vec::new();
        let counted: Vec<(Counts, Vec<i64>)> = (0..people)
            .into_par_iter()
            .map_with(zone.clone(), |zone, person| {
                count(log, order.of(person), zone, options, disguised)
            })
            .collect();
        for (count, active) in counted {
            counts.push(count);
            days.push(active);
        }
        let mut anybody: Vec<i64> = days.concat();
        anybody.sort_unstable();
        anybody.dedup();
        let participation = counts.iter().zip(&days).map(|(count, days)| {
            let Some((first, last)) = count.span else { return 0.0 };
            let from = anybody.partition_point(|&d| d < first);
            let to = anybody.partition_point(|&d| d <= last);
            days.len() as f64 / (to - from).max(1) as f64
        });
        let participation = participation.collect();
        if progress(1, 2).is_break() {
            return Err(CalendarsError::Stopped);
        }
        let (teams, roles) = teams_and_roles(log, &options.teams);
        Ok(Self { zone, options, counts, participation, teams, roles })
    }

    fn pool(&self, people: &[usize]) -> Counts {
        let mut sum = Counts::new(self.options.slots());
        people.iter().filter_map(|&p| self.counts.get(p)).for_each(|c| sum.add(c));
        sum
    }

    fn calendars(&self) -> Calendars {
        let options = self.options;
        let enough = |counts: &Counts| {
            counts.instants >= options.min_instants.max(1)
                && counts.all_days() >= options.min_days.max(1)
        };
        let usable = |counts: &Counts| -> Option<WeekPattern> {
            let (pattern, support) = enough(counts).then(|| counts.pattern(options))?;
            (support >= options.support).then_some(pattern)
        };
        let mut patterns: Vec<Arc<WeekPattern>> = Vec::new();
        let mut keep = |pattern: WeekPattern| {
            patterns.push(Arc::new(pattern));
            patterns.len() - 1
        };
        let everybody: Vec<usize> = (0..self.counts.len()).collect();
        let body = self.pool(&everybody);
        // The last pool has nobody behind it: its pattern is used whatever its support.
        let body = enough(&body).then(|| keep(body.pattern(options).0));
        let unknown = keep(WeekPattern::always(options.slot_minutes));
        let mut by_team: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let mut by_role: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for person in everybody {
            if let Some(Some(team)) = self.teams.get(person) {
                by_team.entry(team).or_default().push(person);
            }
            if let Some(&role) = self.roles.get(person) {
                by_role.entry(role).or_default().push(person);
            }
        }
        let team_patterns: BTreeMap<&str, Option<usize>> = by_team
            .iter()
            .map(|(&team, people)| (team, usable(&self.pool(people)).map(&mut keep)))
            .collect();
        let role_patterns: BTreeMap<u32, Option<usize>> = by_role
            .iter()
            .map(|(&role, people)| (role, usable(&self.pool(people)).map(&mut keep)))
            .collect();
        let mut of = Vec::with_capacity(self.counts.len());
        for (person, counts) in self.counts.iter().enumerate() {
            let regular =
                self.participation.get(person).is_some_and(|&p| p >= options.participation);
            let own = if regular { usable(counts).map(&mut keep) } else { None };
            let team = || {
                let team = self.teams.get(person)?.as_deref()?;
                *team_patterns.get(team)?
            };
            let role = || *role_patterns.get(self.roles.get(person)?)?;
            of.push(if let Some(pattern) = own {
                (pattern, CalendarSource::Own)
            } else if let Some(pattern) = team() {
                (pattern, CalendarSource::Team)
            } else if let Some(pattern) = role() {
                (pattern, CalendarSource::Role)
            } else if let Some(pattern) = body {
                (pattern, CalendarSource::Body)
            } else {
                (unknown, CalendarSource::Unknown)
            });
        }
        Calendars { patterns, of, zone: self.zone.clone() }
    }
}

/// The instants of a person, counted by slot; and the days on which there is one.
fn count(
    log: &TaskLog,
    tasks: &[u32],
    zone: &Zone,
    options: &CalendarOptions,
    disguised: bool,
) -> (Counts, Vec<i64>) {
    let slots = options.slots();
    let long = i64::from(options.slot_minutes).saturating_mul(MINUTE);
    let mut counts = Counts::new(slots);
    // (day, slot of the week); a long task proves presence at its two ends only.
    let mut seen: Vec<(i64, usize)> = Vec::new();
    for &task in tasks {
        let Some(task) = log.tasks.get(task as usize).filter(|t| !t.day) else { continue };
        let ends = match task.known {
            Known::Interval => [Some(task.start), Some(task.end)],
            Known::EndOnly => [None, Some(task.end)],
            Known::StartOnly => [Some(task.start), None],
        };
        for us in ends.into_iter().flatten() {
            if disguised && is_midnight(zone, us) {
                continue;
            }
            let us = near(us);
            let local = us.saturating_add(zone.offset_us(us));
            let day = local.div_euclid(DAY);
            let slot = (local.rem_euclid(DAY) / long.max(1)) as usize;
            // 1 January 1970 was a Thursday.
            let weekday = (day + 3).rem_euclid(7) as usize;
            seen.push((day, weekday * slots + slot.min(slots - 1)));
        }
    }
    counts.instants = seen.len() as u64;
    for &(_, slot) in &seen {
        if let Some(hits) = counts.hits.get_mut(slot) {
            *hits += 1;
        }
    }
    seen.sort_unstable();
    seen.dedup();
    for &(_, slot) in &seen {
        if let Some(active) = counts.active.get_mut(slot) {
            *active += 1;
        }
    }
    let mut days: Vec<i64> = seen.iter().map(|s| s.0).collect();
    days.dedup();
    for day in &days {
        if let Some(count) = counts.days.get_mut((day + 3).rem_euclid(7) as usize) {
            *count += 1;
        }
    }
    counts.span = days.first().copied().zip(days.last().copied());
    (counts, days)
}

/// Team (given, else the unit of most of the cases) and main activity of each person.
fn teams_and_roles(
    log: &TaskLog,
    given: &BTreeMap<String, String>,
) -> (Vec<Option<String>>, Vec<u32>) {
    let people = log.resources.len();
    let mut units: Vec<BTreeMap<u32, u64>> = vec![BTreeMap::new(); people];
    let mut activities: Vec<BTreeMap<u32, u64>> = vec![BTreeMap::new(); people];
    for case in &log.cases {
        let [_, unit, _, _] = case.dims;
        for task in log.tasks_of(case) {
            let person = task.resource as usize;
            if let Some(count) = activities.get_mut(person) {
                *count.entry(task.activity).or_default() += 1;
            }
            if let Some(count) = units.get_mut(person).filter(|_| unit != NONE) {
                *count.entry(unit).or_default() += 1;
            }
        }
    }
    // Most frequent, ties by name: codes depend on the order of the files.
    let most = |counts: &BTreeMap<u32, u64>, name: &dyn Fn(u32) -> String| {
        counts.iter().max_by_key(|&(&code, &n)| (n, std::cmp::Reverse(name(code)))).map(|(&c, _)| c)
    };
    let unit_name = |code| log.values.name(code).to_owned();
    let activity_name = |code| log.activities.name(code).to_owned();
    let teams = units.iter().enumerate().map(|(person, units)| {
        given
            .get(log.resources.name(person as u32))
            .cloned()
            .or_else(|| most(units, &unit_name).map(unit_name))
    });
    let roles = activities.iter().map(|a| most(a, &activity_name).unwrap_or(NONE));
    (teams.collect(), roles.collect())
}

/// Tasks by resource, in the order of the log; those of nobody last.
pub(crate) struct ByResource {
    order: Vec<u32>,
    starts: Vec<usize>,
}

impl ByResource {
    pub(crate) fn of(&self, resource: usize) -> &[u32] {
        let range = self.starts.get(resource).zip(self.starts.get(resource + 1));
        range.and_then(|(&a, &b)| self.order.get(a..b)).unwrap_or_default()
    }
}

/// Counting sort by resource; place `people` holds the tasks of nobody.
pub(crate) fn by_resource(tasks: &[TaskRow], people: usize) -> ByResource {
    let place = |t: &TaskRow| (t.resource as usize).min(people);
    let mut starts = vec![0usize; people + 2];
    for task in tasks {
        if let Some(count) = starts.get_mut(place(task) + 1) {
            *count += 1;
        }
    }
    for i in 1..starts.len() {
        let before = starts.get(i - 1).copied().unwrap_or(0);
        if let Some(start) = starts.get_mut(i) {
            *start += before;
        }
    }
    let mut next = starts.clone();
    let mut order = vec![0u32; tasks.len()];
    for (i, task) in tasks.iter().enumerate() {
        if let Some(at) = next.get_mut(place(task)) {
            if let Some(slot) = order.get_mut(*at) {
                *slot = i as u32;
            }
            *at += 1;
        }
    }
    ByResource { order, starts }
}

/// Tasks with an instant at local midnight sharp, when they are too many to be chance: tools
/// that know the day only often write so.
pub(crate) fn disguised_days(log: &TaskLog, zone: &Zone) -> u64 {
    let instants = log.tasks.iter().filter(|t| !t.day);
    let (mut midnights, mut all) = (0u64, 0u64);
    for task in instants {
        all += 1;
        midnights += u64::from(is_midnight(zone, task.start) || is_midnight(zone, task.end));
    }
    if midnights as f64 > MIDNIGHTS * all as f64 { midnights } else { 0 }
}

fn is_midnight(zone: &Zone, us: i64) -> bool {
    let us = near(us);
    us.saturating_add(zone.offset_us(us)).rem_euclid(DAY) == 0
}

/// Days on which a body is closed though it is open on that weekday around: holidays, closures.
#[derive(Debug, Clone, Default)]
pub(crate) struct ClosedDays {
    first: i64,
    closed: Vec<bool>,
}

impl ClosedDays {
    pub(crate) fn new(clock: &WorkClock, zone: &Zone, first_us: i64, last_us: i64) -> Self {
        let (first, last) = days_of(zone, first_us, last_us);
        let margin = 28;
        let open: Vec<bool> = (first - margin..=last + margin)
            .map(|day| {
                let start = |day: i64| zone.start_of_day(i32::try_from(day).unwrap_or(i32::MAX));
                clock.between(start(day), start(day + 1)) > 0
            })
            .collect();
        let at = |i: i64| usize::try_from(i).ok().and_then(|i| open.get(i).copied());
        let closed = (margin..=last - first + margin).map(|i| {
            let around = [-28, -21, -14, -7, 7, 14, 21, 28];
            at(i) == Some(false) && around.iter().any(|d| at(i + d) == Some(true))
        });
        Self { first, closed: closed.collect() }
    }

    pub(crate) fn is_closed(&self, day: i64) -> bool {
        let place = usize::try_from(day - self.first).ok();
        place.and_then(|i| self.closed.get(i).copied()).unwrap_or(false)
    }
}

/// First and last civil day of a range, at most [`LAST_DAYS`] apart.
fn days_of(zone: &Zone, first_us: i64, last_us: i64) -> (i64, i64) {
    let first = i64::from(zone.day_number(near(first_us)));
    let last = i64::from(zone.day_number(near(last_us.max(first_us))));
    (first, last.min(first + LAST_DAYS))
}

/// The open stretches of a pattern between two instants, in order and apart.
pub(crate) fn open_stretches(
    pattern: &WeekPattern,
    zone: &Zone,
    closed: &ClosedDays,
    from: i64,
    to: i64,
) -> Vec<(i64, i64)> {
    let mut out: Vec<(i64, i64)> = Vec::new();
    if to <= from {
        return out;
    }
    if pattern.open.iter().all(|&o| o) && closed.closed.iter().all(|&c| !c) {
        return vec![(from, to)];
    }
    let mut push = |a: i64, b: i64| {
        let (a, b) = (a.max(from), b.min(to));
        if b > a {
            match out.last_mut() {
                Some(last) if last.1 >= a => last.1 = last.1.max(b),
                _ => out.push((a, b)),
            }
        }
    };
    let week: Vec<Vec<(i64, i64)>> = (0..7).map(|d| pattern.stretches_of(d)).collect();
    let (first, last) = days_of(zone, from, to);
    for day in first..=last {
        if closed.is_closed(day) {
            continue;
        }
        for &(a, b) in week.get((day + 3).rem_euclid(7) as usize).into_iter().flatten() {
            let at = |minutes: i64| {
                zone.instant_of_local_us(
                    day.saturating_mul(DAY).saturating_add(minutes.saturating_mul(MINUTE)),
                )
                .0
            };
            push(at(a), at(b));
        }
    }
    // Beyond the days unrolled nothing is known, so nothing is closed.
    let end = zone.start_of_day(i32::try_from(last.saturating_add(1)).unwrap_or(i32::MAX));
    push(end, to);
    out
}
