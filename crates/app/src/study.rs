//! What a question about a log rests on: the version read, the cases kept, the rules,
//! the opening hours by which worked time is told.

use std::sync::{Arc, Mutex};

use eclusier_calendar::{
    Calendar, FIRST_YEAR, LAST_YEAR, WorkClock, Zone, date_of, day_number, openings,
};
use eclusier_core::{
    DatedRules, FileKind, Permission, ProcessId, ProcessRules, Snapshot, config::Hours,
};
use eclusier_eventlog::Filter;
use eclusier_mining::{Outcomes, TaskLog, TaskLogKernel};

use crate::{
    App,
    error::{AppError, AppResult},
    figures::Selection,
    imports::Watch,
};

/// A log as somebody may read it, and what measures it.
#[derive(Debug, Clone)]
pub struct Study {
    /// Process.
    pub process: ProcessId,
    /// Version read.
    pub snapshot: Snapshot,
    /// Cases kept, within reach.
    pub filter: Filter,
    /// Rules, oldest first.
    pub dated: Vec<DatedRules>,
    /// Rules in force at the end of the log.
    pub rules: ProcessRules,
    /// Days of the body.
    pub calendar: Calendar,
    /// Its zone.
    pub zone: Zone,
    /// Its opening hours.
    pub clock: WorkClock,
    /// First and last instant of the log.
    pub span: (i64, i64),
}

impl Study {
    /// Whether nobody said the opening hours.
    pub fn usual_hours(&self) -> bool {
        self.rules.hours.is_empty()
    }

    /// What activities say of the end of a case, by the rules.
    pub fn outcomes(&self) -> Outcomes {
        let states = &self.rules.states;
        let named = [
            (&states.settled, "settled"),
            (&states.settled_auto, "settled_auto"),
            (&states.cancelled, "cancelled"),
            (&states.transferred, "transferred"),
        ];
        let pairs = named.iter().flat_map(|(list, outcome)| {
            list.iter().map(|activity| (activity.clone(), (*outcome).to_owned()))
        });
        Outcomes {
            of: pairs.collect(),
            settled: ["settled", "settled_auto"].map(str::to_owned).into(),
        }
    }

    /// Cases of the process before any filter, for a reader who sees them all.
    pub fn cases_in_all(&self) -> Option<u64> {
        let all = || self.snapshot.of_kind(FileKind::Events).map(|f| f.cases).sum();
        self.filter.rows.is_none().then(all)
    }

    /// The opening hours in words, French then English.
    pub fn hours(&self) -> [String; 2] {
        hours_in_words(&self.rules.hours)
    }
}

fn hours_in_words(hours: &[Hours]) -> [String; 2] {
    let days = [
        ["lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim."],
        ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
    ];
    if hours.is_empty() {
        return [
            "9\u{a0}h–12\u{a0}h, 13\u{a0}h–17\u{a0}h".into(),
            "9:00–12:00, 13:00–17:00".into(),
        ];
    }
    [0usize, 1].map(|lang| {
        let words: Vec<String> = hours
            .iter()
            .map(|h| {
                let said = |hour: i8, minute: i8| match (lang, minute) {
                    (0, 0) => format!("{hour}\u{a0}h"),
                    (0, _) => format!("{hour}\u{a0}h\u{a0}{minute:02}"),
                    _ => format!("{hour}:{minute:02}"),
                };
                let at = |t: jiff::civil::Time| said(t.hour(), t.minute());
                let midnight = h.to == jiff::civil::Time::midnight();
                let end = if midnight { said(24, 0) } else { at(h.to) };
                let on: Vec<&str> = h
                    .weekdays
                    .iter()
                    .filter_map(|&d| usize::from(d).checked_sub(1))
                    .filter_map(|d| days.get(lang)?.get(d).copied())
                    .collect();
                let on = if on.is_empty() { String::new() } else { format!("{} ", on.join(" ")) };
                format!("{on}{}–{end}", at(h.from))
            })
            .collect();
        words.join(", ")
    })
}

/// The tasks read last: several questions in a row are asked of the same cases.
#[derive(Default)]
pub(crate) struct TaskLogs {
    kept: Mutex<Option<(Key, Arc<TaskLog>)>>,
}

type Key = (ProcessId, i64, Filter, bool);

impl TaskLogs {
    fn kept(&self) -> std::sync::MutexGuard<'_, Option<(Key, Arc<TaskLog>)>> {
        self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Gives the memory back when the process changes.
    pub(crate) fn forget(&self, process: &ProcessId) {
        let mut kept = self.kept();
        if kept.as_ref().is_some_and(|(key, _)| key.0 == *process) {
            *kept = None;
        }
    }
}

impl App {
    /// The log of a process for a selection and conditions on its cases.
    pub async fn study(
        &self,
        process: &ProcessId,
        selection: &Selection,
        cases: Filter,
    ) -> AppResult<Study> {
        let reach = self.reach(Permission::LogRead, process)?;
        let snapshot = self.live(process).await?;
        let dated = self.dated_rules(process).await?;
        let unusable = |e: eclusier_calendar::CalendarError| {
            AppError::invalid("config", format!("règles inutilisables : {e}"), e.to_string())
        };
        let usual = [DatedRules { from: date_of(0), rules: ProcessRules::default() }];
        let versions: &[DatedRules] = if dated.is_empty() { &usual } else { &dated };
        let rules = versions.last().map(|v| v.rules.clone()).unwrap_or_default();
        let calendar = Calendar::from_dated(versions).map_err(unusable)?;
        let zone = Zone::new(&rules.zone).map_err(unusable)?;
        let events = || snapshot.of_kind(FileKind::Events);
        let first = events().filter_map(|f| f.first_us).min().unwrap_or(0);
        let last = events().filter_map(|f| f.last_us).max().unwrap_or(first);
        // Starts may lie before the first instant of a row, and waits go on after the last.
        let days =
            (zone.day_number(first).saturating_sub(400), zone.day_number(last).saturating_add(400));
        let hours: Vec<(i32, Vec<_>)> =
            versions.iter().map(|v| (day_number(v.from), openings(&v.rules.hours))).collect();
        let known = |year, month, day| day_number(jiff::civil::Date::constant(year, month, day));
        let clock = WorkClock::dated(
            &calendar,
            &zone,
            &hours,
            days.0.max(known(FIRST_YEAR, 1, 1)),
            days.1.min(known(LAST_YEAR, 12, 31)),
        )
        .map_err(unusable)?;
        let own = self.filter(process, selection).await?;
        let filter = Filter {
            with_activity: cases.with_activity,
            without_activity: cases.without_activity,
            with_path: cases.with_path,
            without_path: cases.without_path,
            variant: cases.variant,
            attribute: cases.attribute,
            min_duration_us: cases.min_duration_us,
            max_duration_us: cases.max_duration_us,
            reading: cases.reading,
            rows: reach.rows,
            ..own
        };
        let process = process.clone();
        Ok(Study {
            process,
            snapshot,
            filter,
            dated,
            rules,
            calendar,
            zone,
            clock,
            span: (first, last),
        })
    }

    /// The tasks of a study, read once for the questions that follow each other.
    pub(crate) async fn tasks(
        &self,
        study: &Study,
        attributes: bool,
        watch: &Watch,
    ) -> AppResult<Arc<TaskLog>> {
        let key = (study.process.clone(), study.snapshot.id.0, study.filter.clone(), attributes);
        let kept = self.inner.task_logs.kept().clone();
        if let Some((_, log)) =
            kept.filter(|(k, _)| (&k.0, k.1, &k.2) == (&key.0, key.1, &key.2) && k.3 >= attributes)
        {
            return Ok(log);
        }
        let kernel = TaskLogKernel { attributes };
        let log = self.run(study.snapshot.clone(), study.filter.clone(), kernel, watch).await?;
        let log = Arc::new(log);
        *self.inner.task_logs.kept() = Some((key, log.clone()));
        Ok(log)
    }
}
