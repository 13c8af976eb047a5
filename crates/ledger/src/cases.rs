//! One line per case and its dated transitions.
//!
//! - Computes: when each case opened, closed, reopened, was held and for whom,
//!   by the rules in force on the day of each event ([`CaseFold`]).
//! - Units: microseconds since 1970 UTC and civil day numbers of the body's zone.
//! - Shapes: a kernel over whole cases, giving a columnar [`CaseTable`]; nothing
//!   is allocated per case.
//! - Errors: none.
//! - Source: `docs/methods/ledger.md`.
//!
//! The state of a case at the end of a day rests on the events up to that day
//! alone: a transition is dated by the event that made it, never by a later one.

use std::sync::Arc;

use eclusier_calendar::{Zone, day_number};
use eclusier_core::config::Awaited;
use eclusier_eventlog::{Columns, EventBatch, Filter, Interner, Kernel, intern::NONE};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::closing::senses;
use crate::points::{AsOf, DAY_US, Point, Sense, collect};
use crate::rules::{CloseClass, Compiled, Meanings};

/// What a transition does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransitionKind {
    /// The case closes.
    Close(CloseClass),
    /// A closed case opens again.
    Reopen,
    /// The case now waits for someone else.
    HoldEnter {
        /// Who.
        awaited: Awaited,
        /// Whether the item was sent back.
        returned: bool,
    },
    /// The case waits for us again.
    HoldLeave,
}

/// A dated change of state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// Instant of the event; for a silence, the last event before it: where the lead time ends.
    pub us: i64,
    /// Civil day the change is posted on.
    pub day: i32,
    /// Civil day of `us`: differs from `day` for a silence only.
    pub event_day: i32,
    /// What changes.
    pub kind: TransitionKind,
}

/// How a case closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// How.
    pub class: CloseClass,
    /// Day posted in the ledger.
    pub day: i32,
    /// Day the lead time ends.
    pub event_day: i32,
    /// Instant the lead time ends.
    pub us: i64,
}

/// State of a case at the end of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseState {
    /// Waits for us.
    EnAttente,
    /// A task is open on it.
    EnCours,
    /// Waits for someone else.
    EnInstanceExterne,
    /// Settled by a person.
    Traite,
    /// Settled without human action.
    TraiteAuto,
    /// Cancelled.
    Annule,
    /// Sent to another body.
    Transfere,
    /// Taken as lapsed after a long silence.
    SansSuite,
}

impl CaseState {
    /// Stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            CaseState::EnAttente => "en_attente",
            CaseState::EnCours => "en_cours",
            CaseState::EnInstanceExterne => "en_instance_externe",
            CaseState::Traite => "traite",
            CaseState::TraiteAuto => "traite_auto",
            CaseState::Annule => "annule",
            CaseState::Transfere => "transfere",
            CaseState::SansSuite => "sans_suite",
        }
    }
}

/// One case, as lists show it.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseLine<'a> {
    /// Identifier as delivered.
    pub id: &'a str,
    /// First instant (start of the first task where one is known).
    pub opened_us: i64,
    /// Its civil day: the day of reception.
    pub opened_day: i32,
    /// First delivered timestamp (end of the first task for start+end rows).
    pub first_us: i64,
    /// Last delivered timestamp.
    pub last_us: i64,
    /// Delivered rows read.
    pub events: u32,
    /// Name of its last activity.
    pub last_activity: &'a str,
    /// Organisation.
    pub org: Option<&'a str>,
    /// Unit.
    pub unit: Option<&'a str>,
    /// Product.
    pub product: Option<&'a str>,
    /// Channel.
    pub channel: Option<&'a str>,
    /// State as of the table.
    pub state: CaseState,
    /// Who is awaited and since which day, when held.
    pub awaited: Option<(Awaited, i32)>,
    /// How it closed, when it is closed.
    pub closed: Option<Closed>,
    /// Time held up to its closing or the extraction, microseconds.
    pub held_us: i64,
    /// Times it was sent back.
    pub returns: u32,
    /// Times it was held, returns included.
    pub holds: u32,
    /// Times it was reopened.
    pub reopenings: u32,
    /// Whether its events are known by their day only.
    pub date_only: bool,
}

const TASK_OPEN: u8 = 1;
const DATE_ONLY: u8 = 2;

/// The cases of a process, columnar.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct CaseTable {
    ids: String,
    id_end: Vec<u64>,
    pub(crate) opened_us: Vec<i64>,
    pub(crate) opened_day: Vec<i32>,
    first_us: Vec<i64>,
    last_us: Vec<i64>,
    events: Vec<u32>,
    last_activity: Vec<u32>,
    flags: Vec<u8>,
    pub(crate) combo: Vec<u32>,
    transition_end: Vec<u32>,
    transitions: Vec<Transition>,
    activities: Interner,
    /// Names of organisations, units, products and channels together.
    pub(crate) names: Interner,
    /// Distinct (organisation, unit, product, channel), as codes of `names`.
    pub(crate) combos: Vec<[u32; 4]>,
    /// Instant the table is known at.
    pub as_of: AsOf,
    /// First day whose stock is known.
    pub warm_from: Option<i32>,
    /// What closes a case, French then English.
    pub rule: [String; 2],
    pub(crate) tells_auto: bool,
    pub(crate) tells_transfers: bool,
    pub(crate) tells_holds: bool,
    pub(crate) tells_settlement: bool,
    pub(crate) silence_settles: bool,
}

/// Folds events into a [`CaseTable`].
#[derive(Debug, Clone)]
pub struct CaseFold {
    /// Meaning of the activities.
    pub meanings: Arc<Meanings>,
    /// Zone of the body.
    pub zone: Zone,
    /// Later events are ignored entirely.
    pub as_of: AsOf,
    /// Cases to keep.
    pub filter: Filter,
    /// First day whose stock is known, where it is not the learned rule's.
    pub warm_from: Option<i32>,
}

impl Kernel for CaseFold {
    type Partial = CaseTable;
    type Output = CaseTable;

    fn columns(&self) -> Columns {
        Columns { tasks: true, dimensions: true, ..Columns::default() }.and(self.filter.columns())
    }

    fn fold(&self, table: &mut CaseTable, batch: &EventBatch) {
        let activity = batch.activity.codes(&mut table.activities, batch.len());
        let compiled = self.meanings.compile(&table.activities);
        let mut lifecycles = Interner::default();
        let sense = senses(batch, &mut lifecycles);
        let dimensions = [&batch.org, &batch.unit, &batch.product, &batch.channel]
            .map(|c| c.codes(&mut table.names, batch.len()));
        let mut combos: FxHashMap<[u32; 4], u32> =
            table.combos.iter().enumerate().map(|(i, &c)| (c, i as u32)).collect();
        // Each thread folds with its own zone: the zone remembers its last answer.
        let zone = self.zone.clone();
        let mut points: Vec<Point> = Vec::new();
        let mut open_tasks: Vec<u32> = Vec::new();
        let kept = (!self.filter.is_empty()).then(|| self.filter.select(batch));
        for (place, case) in batch.cases().enumerate() {
            if kept.as_ref().is_some_and(|kept| kept.get(place) != Some(&true)) {
                continue;
            }
            let rows = case.rows.clone();
            collect(batch, rows.clone(), &activity, &sense, &zone, self.as_of, &mut points);
            let (Some(first), Some(last)) = (points.first(), points.last()) else { continue };
            let (first, last) = (*first, *last);
            let mut known = 0u32;
            let (mut first_us, mut last_us) = (i64::MAX, i64::MIN);
            let mut combo = [NONE; 4];
            for row in rows {
                // Only rows already known may name a dimension: the past must not learn from the future.
                let us = batch.times()[row];
                let at = batch.start(row).unwrap_or(us).min(us);
                let date_only = batch.precision(row) == eclusier_eventlog::Precision::Day;
                let day = |us: i64| {
                    if date_only { us.div_euclid(DAY_US) as i32 } else { zone.day_number(us) }
                };
                if !self.as_of.knows(at, day(at), date_only) {
                    continue;
                }
                if self.as_of.knows(us, day(us), date_only) {
                    known += 1;
                    first_us = first_us.min(us);
                    last_us = last_us.max(us);
                }
                for (slot, column) in combo.iter_mut().zip(&dimensions) {
                    if *slot == NONE {
                        *slot = column.get(row).copied().unwrap_or(NONE);
                    }
                }
            }
            if known == 0 {
                // Only the beginning of a first task is known.
                (first_us, last_us) = (first.us, last.us);
            }
            table.ids.push_str(case.id);
            table.id_end.push(table.ids.len() as u64);
            table.opened_us.push(first.us);
            table.opened_day.push(first.day);
            table.first_us.push(first_us);
            table.last_us.push(last_us);
            table.events.push(known);
            table.last_activity.push(last.activity);
            let next = combos.len() as u32;
            let code = *combos.entry(combo).or_insert(next);
            if code == next {
                table.combos.push(combo);
            }
            table.combo.push(code);
            let task_open =
                self.post(&points, &compiled, &zone, &mut open_tasks, &mut table.transitions);
            let flags = if task_open { TASK_OPEN } else { 0 }
                | if points.iter().all(|p| p.date_only) { DATE_ONLY } else { 0 };
            table.flags.push(flags);
            table.transition_end.push(table.transitions.len() as u32);
        }
    }

    fn merge(&self, into: &mut CaseTable, other: CaseTable) {
        into.append(other);
    }

    fn finish(&self, mut table: CaseTable) -> CaseTable {
        table.as_of = self.as_of;
        table.warm_from = self
            .warm_from
            .or_else(|| self.meanings.learned().and_then(|l| l.warm_from).map(day_number));
        table.rule = self.meanings.words();
        table.tells_auto = self.meanings.tells_auto();
        table.tells_transfers = self.meanings.tells_transfers();
        table.tells_holds = self.meanings.tells_holds();
        table.tells_settlement = self.meanings.tells_settlement();
        table.silence_settles = self.meanings.silence_settles();
        table
    }
}

impl CaseFold {
    /// Posts the transitions of one case; true when a task is still open on it.
    fn post(
        &self,
        points: &[Point],
        compiled: &Compiled,
        zone: &Zone,
        open_tasks: &mut Vec<u32>,
        out: &mut Vec<Transition>,
    ) -> bool {
        let mut closed: Option<CloseClass> = None;
        let mut held: Option<(usize, u16)> = None;
        open_tasks.clear();
        let mut previous: Option<Point> = None;
        let silence = |last: &Point| {
            let version = compiled.version_at(last.day);
            let silence = compiled.meaning(version, last.activity).silence_us?;
            let us = last.us.saturating_add(silence);
            let day =
                if last.date_only { us.div_euclid(DAY_US) as i32 } else { zone.day_number(us) };
            Some((us, day.max(last.day)))
        };
        let lapse =
            |last: &Point, day: i32, held: &mut Option<(usize, u16)>, out: &mut Vec<Transition>| {
                if held.take().is_some() {
                    out.push(Transition {
                        us: last.us,
                        day,
                        event_day: last.day,
                        kind: TransitionKind::HoldLeave,
                    });
                }
                let kind = TransitionKind::Close(CloseClass::Silence);
                out.push(Transition { us: last.us, day, event_day: last.day, kind });
            };
        for point in points {
            if let (Some(last), None) = (&previous, closed)
                && let Some((us, day)) = silence(last)
                && point.us > us
            {
                lapse(last, day.min(point.day), &mut held, out);
                closed = Some(CloseClass::Silence);
                open_tasks.clear();
            }
            let version = compiled.version_at(point.day);
            let meaning = compiled.meaning(version, point.activity);
            let done = point.sense == Sense::Done;
            let mut post = |kind| {
                out.push(Transition { us: point.us, day: point.day, event_day: point.day, kind });
            };
            match point.sense {
                Sense::Began => open_tasks.push(point.activity),
                Sense::Done => {
                    if let Some(i) = open_tasks.iter().position(|&a| a == point.activity) {
                        open_tasks.swap_remove(i);
                    }
                }
                Sense::Noted => {}
            }
            match meaning.close.filter(|_| done) {
                Some(class) if closed == Some(class) => {}
                Some(class) => {
                    if closed.is_some() {
                        // Closed otherwise than it was: the first closing is undone.
                        post(TransitionKind::Reopen);
                    }
                    if held.take().is_some() {
                        post(TransitionKind::HoldLeave);
                    }
                    post(TransitionKind::Close(class));
                    closed = Some(class);
                    open_tasks.clear();
                }
                // The rest of a closing task (its start, its assignment) reopens nothing either.
                None if meaning.neutral || (meaning.close.is_some() && closed == meaning.close) => {
                }
                None => {
                    if closed.take().is_some() {
                        post(TransitionKind::Reopen);
                    }
                    let enter = meaning.enter.filter(|_| done);
                    match (held, enter) {
                        (Some((v, h)), Some(e)) if v == version && h == e => {}
                        (_, Some(e)) => {
                            if held.take().is_some() {
                                post(TransitionKind::HoldLeave);
                            }
                            if let Some(hold) = compiled.hold(version, e) {
                                post(TransitionKind::HoldEnter {
                                    awaited: hold.awaited,
                                    returned: hold.returned,
                                });
                                held = Some((version, e));
                            }
                        }
                        (Some((v, h)), None) => {
                            let any = compiled.hold(v, h).is_none_or(|h| h.any_event_leaves);
                            if any || (done && compiled.leaves(v, h, point.activity)) {
                                post(TransitionKind::HoldLeave);
                                held = None;
                            }
                        }
                        (None, None) => {}
                    }
                }
            }
            previous = Some(*point);
        }
        if let (Some(last), None) = (&previous, closed)
            && let Some((us, day)) = silence(last)
            && self.as_of.knows(us, day, last.date_only)
        {
            lapse(last, day, &mut held, out);
            open_tasks.clear();
        }
        !open_tasks.is_empty()
    }
}

impl CaseTable {
    /// Cases.
    pub fn len(&self) -> usize {
        self.opened_us.len()
    }

    /// Whether there is no case.
    pub fn is_empty(&self) -> bool {
        self.opened_us.is_empty()
    }

    /// Transitions of a case, in time order.
    #[inline]
    pub fn transitions(&self, case: usize) -> &[Transition] {
        let begin = match case {
            0 => 0,
            _ => self.transition_end.get(case - 1).copied().unwrap_or(0) as usize,
        };
        let end = self.transition_end.get(case).copied().unwrap_or(0) as usize;
        self.transitions.get(begin..end).unwrap_or(&[])
    }

    /// Whether a closing counts as work done, rather than given up or sent away.
    pub(crate) fn settles(&self, class: CloseClass) -> bool {
        match class {
            CloseClass::SettledHuman | CloseClass::SettledAuto => true,
            CloseClass::Silence => self.silence_settles,
            CloseClass::Cancelled | CloseClass::Transferred => false,
        }
    }

    /// Identifier of a case.
    pub fn id(&self, case: usize) -> &str {
        let begin = match case {
            0 => 0,
            _ => self.id_end.get(case - 1).copied().unwrap_or(0) as usize,
        };
        let end = self.id_end.get(case).copied().unwrap_or(0) as usize;
        self.ids.get(begin..end).unwrap_or("")
    }

    /// Day the first case opened.
    pub fn first_day(&self) -> Option<i32> {
        self.opened_day.iter().min().copied()
    }

    pub(crate) fn dimension(&self, case: usize, which: usize) -> Option<&str> {
        let combo = self.combos.get(*self.combo.get(case)? as usize)?;
        self.name_of(*combo.get(which)?)
    }

    pub(crate) fn name_of(&self, code: u32) -> Option<&str> {
        (code != NONE).then(|| self.names.name(code))
    }

    /// Distinct (organisation, unit, product, channel).
    pub fn dimension_combos(&self) -> impl Iterator<Item = [Option<&str>; 4]> {
        self.combos.iter().map(|combo| combo.map(|code| self.name_of(code)))
    }

    /// One case, as lists show it; `None` past the end.
    pub fn line(&self, case: usize) -> Option<CaseLine<'_>> {
        let opened_us = *self.opened_us.get(case)?;
        let flags = *self.flags.get(case)?;
        let mut line = CaseLine {
            id: self.id(case),
            opened_us,
            opened_day: *self.opened_day.get(case)?,
            first_us: *self.first_us.get(case)?,
            last_us: *self.last_us.get(case)?,
            events: *self.events.get(case)?,
            last_activity: self.activities.name(*self.last_activity.get(case)?),
            org: self.dimension(case, 0),
            unit: self.dimension(case, 1),
            product: self.dimension(case, 2),
            channel: self.dimension(case, 3),
            state: if flags & TASK_OPEN != 0 { CaseState::EnCours } else { CaseState::EnAttente },
            awaited: None,
            closed: None,
            held_us: 0,
            returns: 0,
            holds: 0,
            reopenings: 0,
            date_only: flags & DATE_ONLY != 0,
        };
        let mut since_us = 0;
        for t in self.transitions(case) {
            match t.kind {
                TransitionKind::Close(class) => {
                    line.closed =
                        Some(Closed { class, day: t.day, event_day: t.event_day, us: t.us });
                }
                TransitionKind::Reopen => {
                    line.closed = None;
                    line.reopenings += 1;
                }
                TransitionKind::HoldEnter { awaited, returned } => {
                    line.awaited = Some((awaited, t.day));
                    since_us = t.us;
                    line.holds += 1;
                    line.returns += u32::from(returned);
                }
                TransitionKind::HoldLeave => {
                    line.awaited = None;
                    line.held_us = line.held_us.saturating_add(t.us.saturating_sub(since_us));
                }
            }
        }
        if line.awaited.is_some() {
            let so_far = self.as_of.us.saturating_sub(since_us).max(0);
            line.held_us = line.held_us.saturating_add(so_far);
            line.state = CaseState::EnInstanceExterne;
        }
        if let Some(closed) = line.closed {
            line.state = match closed.class {
                CloseClass::SettledHuman => CaseState::Traite,
                CloseClass::SettledAuto => CaseState::TraiteAuto,
                CloseClass::Cancelled => CaseState::Annule,
                CloseClass::Transferred => CaseState::Transfere,
                CloseClass::Silence => CaseState::SansSuite,
            };
        }
        Some(line)
    }

    /// Every case, in the order of the log.
    pub fn lines(&self) -> impl Iterator<Item = CaseLine<'_>> {
        (0..self.len()).filter_map(|i| self.line(i))
    }

    fn append(&mut self, other: CaseTable) {
        if self.is_empty() && self.names.is_empty() && self.activities.is_empty() {
            *self = other;
            return;
        }
        let base = self.ids.len() as u64;
        self.ids.push_str(&other.ids);
        self.id_end.extend(other.id_end.iter().map(|e| e + base));
        self.opened_us.extend(other.opened_us);
        self.opened_day.extend(other.opened_day);
        self.first_us.extend(other.first_us);
        self.last_us.extend(other.last_us);
        self.events.extend(other.events);
        self.flags.extend(other.flags);
        let activities = self.activities.absorb(&other.activities);
        let code = |map: &[u32], c: u32| map.get(c as usize).copied().unwrap_or(NONE);
        self.last_activity.extend(other.last_activity.iter().map(|&c| code(&activities, c)));
        let names = self.names.absorb(&other.names);
        let mut known: FxHashMap<[u32; 4], u32> =
            self.combos.iter().enumerate().map(|(i, &c)| (c, i as u32)).collect();
        let combos: Vec<u32> = other
            .combos
            .iter()
            .map(|combo| {
                let combo = combo.map(|c| code(&names, c));
                let next = known.len() as u32;
                let at = *known.entry(combo).or_insert(next);
                if at == next {
                    self.combos.push(combo);
                }
                at
            })
            .collect();
        self.combo.extend(other.combo.iter().map(|&c| code(&combos, c)));
        let base = self.transitions.len() as u32;
        self.transition_end.extend(other.transition_end.iter().map(|e| e + base));
        self.transitions.extend(other.transitions);
    }
}
