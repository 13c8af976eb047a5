//! The events of one process, day by day, and the truth they come from.

use std::sync::Arc;

use eclusier_calendar::{Zone, date_of};
use jiff::civil::Date;
use serde::Serialize;

use crate::body::Process;
use crate::desk::{DAY, Desk, Raw, World};
use crate::season::Season;

/// One row of the case tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SynthEvent {
    /// Process.
    pub process: &'static str,
    /// Case number.
    pub case: Arc<str>,
    /// Activity, in French.
    pub activity: &'static str,
    /// Start, µs since 1970 UTC; equal to the end for a mere fact.
    pub start_us: i64,
    /// End, µs since 1970 UTC.
    pub end_us: i64,
    /// Agent; `None` for the machine or the outside.
    pub person: Option<Arc<str>>,
    /// Body.
    pub org: Arc<str>,
    /// Unit.
    pub unit: Arc<str>,
    /// Product.
    pub product: &'static str,
    /// Channel.
    pub channel: &'static str,
    /// Civil day on which the row was keyed: a scan comes days after the
    /// reception it records. A nightly file holds the rows of one such day.
    pub recorded: Date,
}

/// What the generator knows of one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct DayTruth {
    /// The day.
    pub day: Date,
    /// Cases received that day, once all late scans are keyed.
    pub arrivals: i64,
    /// Cases settled by a person.
    pub settled_human: i64,
    /// Cases settled by the machine.
    pub settled_auto: i64,
    /// Cases cancelled or closed without answer.
    pub cancelled: i64,
    /// Cases sent to another body.
    pub transferred: i64,
    /// Cases reopened.
    pub reopened: i64,
    /// Cases open at the end of the day.
    pub closing: i64,
}

/// The truth behind a stream, to check a ledger against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Truth {
    days: Vec<[i64; 6]>,
    first: i32,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Post {
    Arrivals,
    SettledHuman,
    SettledAuto,
    Cancelled,
    Transferred,
    Reopened,
}

impl Truth {
    pub(crate) fn new(first: i32, days: usize) -> Self {
        Self { days: vec![[0; 6]; days], first }
    }

    pub(crate) fn post(&mut self, what: Post, local: i64) {
        let day = local.div_euclid(DAY) - i64::from(self.first);
        let row = usize::try_from(day).ok().and_then(|d| self.days.get_mut(d));
        if let Some(slot) = row.and_then(|r| r.get_mut(what as usize)) {
            *slot += 1;
        }
    }

    /// Day by day, from the first day of the history to the last.
    pub fn days(&self) -> impl Iterator<Item = DayTruth> + '_ {
        let mut closing = 0;
        (self.first..).zip(&self.days).map(
            move |(
                number,
                &[arrivals, settled_human, settled_auto, cancelled, transferred, reopened],
            )| {
                closing +=
                    arrivals - settled_human - settled_auto - cancelled - transferred + reopened;
                DayTruth {
                    day: date_of(number),
                    arrivals,
                    settled_human,
                    settled_auto,
                    cancelled,
                    transferred,
                    reopened,
                    closing,
                }
            },
        )
    }

    /// Cases open at the end.
    pub fn closing(&self) -> i64 {
        self.days().last().map_or(0, |d| d.closing)
    }
}

/// Events of one process in the order they were keyed; see [`Process::events`].
pub struct ProcessStream<'a> {
    process: &'a Process,
    zone: Zone,
    season: Season,
    desks: Vec<Desk>,
    first: i32,
    begins: i32,
    day: usize,
    days: usize,
    raw: Vec<Raw>,
    next: usize,
    truth: Truth,
}

impl<'a> ProcessStream<'a> {
    pub(crate) fn new(process: &'a Process, zone: Zone) -> Self {
        let (season, desks, first, begins, days) = process.set_up();
        let history = days.saturating_sub(usize::try_from(begins - first).unwrap_or(0));
        Self {
            process,
            zone,
            season,
            desks,
            first,
            begins,
            day: 0,
            days,
            raw: Vec::new(),
            next: 0,
            truth: Truth::new(begins, history),
        }
    }

    /// What the generator knows of the days streamed so far; whole once the stream has ended.
    pub fn truth(&self) -> &Truth {
        &self.truth
    }

    /// Cases open and, among them, on hold, at the point the stream has reached.
    pub fn open_cases(&self) -> (u64, u64) {
        self.desks.iter().map(Desk::open_cases).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1))
    }

    fn live_one_day(&mut self) {
        self.raw.clear();
        self.next = 0;
        let world = World {
            spec: self.process.spec,
            calendar: &self.process.calendar,
            season: &self.season,
            first: self.first,
            begins: self.begins,
        };
        for desk in &mut self.desks {
            desk.live(&world, self.day, &mut self.raw, &mut self.truth);
        }
        // Stable: rows keyed in the same second keep the order of the case.
        self.raw.sort_by_key(|r| r.recorded);
        self.day += 1;
    }

    fn event(&self, raw: &Raw) -> SynthEvent {
        let utc = |local: i64| self.zone.instant_of_local_us(local.saturating_mul(1_000_000)).0;
        let spec = self.process.spec;
        let desk = self.process.units.get(raw.desk as usize);
        let nothing = || Arc::<str>::from("");
        let end_us = utc(raw.end);
        SynthEvent {
            process: spec.id,
            case: raw.case.clone(),
            activity: raw.activity,
            start_us: if raw.start == raw.end { end_us } else { utc(raw.start) },
            end_us,
            person: raw.person.clone(),
            org: desk.map_or_else(nothing, |d| d.org.clone()),
            unit: desk.map_or_else(nothing, |d| d.name.clone()),
            product: spec.products.get(usize::from(raw.product)).map_or("", |p| p.name),
            channel: spec.channels.get(usize::from(raw.channel)).map_or("", |c| c.channel.label()),
            recorded: date_of(i32::try_from(raw.recorded.div_euclid(DAY)).unwrap_or(0)),
        }
    }
}

impl Iterator for ProcessStream<'_> {
    type Item = SynthEvent;

    fn next(&mut self) -> Option<SynthEvent> {
        while self.next >= self.raw.len() {
            if self.day >= self.days {
                return None;
            }
            self.live_one_day();
        }
        let event = self.raw.get(self.next).map(|raw| self.event(raw));
        self.next += 1;
        event
    }
}
