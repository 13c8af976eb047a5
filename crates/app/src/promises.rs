//! The date to promise for each open case: learned behind the screens, once for each version of
//! the data and of the rules, then read by the list of cases.
//!
//! Everybody's cases teach, for a promise does not depend on who reads it; only the cases within
//! reach are ever listed. Nothing about people enters the learning.

use std::{
    collections::HashMap,
    hash::{Hash as _, Hasher as _},
    sync::{Arc, Mutex, PoisonError},
};

use eclusier_core::ProcessId;
use eclusier_eventlog::Filter;
use eclusier_forecast::eta::{Case, Dates, EtaError, Event, Log, Options, Report, Unsaid, learn};
use eclusier_mining::{TaskLog, TaskLogKernel};
use rustc_hash::FxHasher;

use crate::{App, Change, error::AppResult, figures::Desk, imports::Watch};

/// What is promised for the open cases of a desk.
#[derive(Debug)]
pub struct Promises {
    /// By row of the table of cases.
    dates: HashMap<usize, Result<Dates, Unsaid>>,
    /// How past promises were kept; `None` where none can be judged yet.
    pub report: Option<Report>,
}

impl Promises {
    /// What is promised for a case of the table; `None` for one that is over.
    pub fn of(&self, row: usize) -> Option<Result<Dates, Unsaid>> {
        self.dates.get(&row).copied()
    }
}

/// Where learning stands.
#[derive(Debug, Clone)]
pub enum Promised {
    /// At work: ask again.
    Learning,
    /// Done.
    Known(Arc<Promises>),
    /// Nothing can be promised, and why.
    Nothing([String; 2]),
}

/// What was learned of each process, with the desk it was learned from.
#[derive(Default)]
pub(crate) struct Kept(Mutex<HashMap<ProcessId, (Arc<Desk>, Promised)>>);

impl Kept {
    fn map(&self) -> std::sync::MutexGuard<'_, HashMap<ProcessId, (Arc<Desk>, Promised)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the memory back when the process changes.
    pub(crate) fn forget(&self, process: &ProcessId) {
        self.map().remove(process);
    }
}

impl App {
    /// What is promised for the cases of a desk; learning begins when nobody has asked before.
    pub(crate) fn promised(&self, desk: &Arc<Desk>) -> Promised {
        let process = desk.process.clone();
        let mut kept = self.inner.promises.map();
        if let Some((of, promised)) = kept.get(&process)
            && Arc::ptr_eq(of, desk)
        {
            return promised.clone();
        }
        if desk.cases().is_none() {
            return Promised::Nothing(NO_CASES.map(str::to_owned));
        }
        // A command ends before anything is learned.
        if !self.inner.serves.load(std::sync::atomic::Ordering::Relaxed) {
            return Promised::Learning;
        }
        kept.insert(process, (desk.clone(), Promised::Learning));
        drop(kept);
        let (app, desk) = (self.clone(), desk.clone());
        tokio::spawn(async move { app.learn_promises(desk).await });
        Promised::Learning
    }

    /// Learns what to promise for a desk and keeps it.
    pub(crate) async fn learn_promises(&self, desk: Arc<Desk>) {
        let promised = match self.promises_of(&desk).await {
            Ok(promised) => promised,
            Err(error) => {
                tracing::warn!(process = %desk.process, %error, "no promise was learned");
                Promised::Nothing(error.words())
            }
        };
        let process = desk.process.clone();
        self.inner.promises.map().insert(process.clone(), (desk, promised));
        self.tell(Change::Process { process: process.to_string() });
    }

    async fn promises_of(&self, desk: &Arc<Desk>) -> AppResult<Promised> {
        let kernel = TaskLogKernel { attributes: false };
        let watch = Watch::default();
        let log = self.run(desk.snapshot.clone(), Filter::default(), kernel, &watch).await?;
        let desk = desk.clone();
        self.blocking(move || {
            let begun = std::time::Instant::now();
            let promised = promise(&desk, &log);
            metrics::histogram!("eclusier_promises_seconds").record(begun.elapsed());
            Ok(promised)
        })
        .await
    }
}

const NO_CASES: [&str; 2] = [
    "aucune date par dossier\u{a0}: les données sont des comptages",
    "no date per case: the data are counts",
];

/// A number for a case that is the same from one time to the next.
fn number(id: &str) -> u64 {
    let mut hasher = FxHasher::default();
    id.hash(&mut hasher);
    hasher.finish()
}

fn promise(desk: &Desk, log: &TaskLog) -> Promised {
    let Some(table) = desk.cases() else {
        return Promised::Nothing(NO_CASES.map(str::to_owned));
    };
    let row_of: HashMap<&str, usize> =
        table.lines().enumerate().map(|(row, line)| (line.id, row)).collect();
    let mut rows = Vec::with_capacity(log.cases.len());
    let mut cases = Vec::with_capacity(log.cases.len());
    for case in &log.cases {
        let Some(&row) = row_of.get(case.id.as_str()) else { continue };
        let Some(line) = table.line(row) else { continue };
        let events = log.tasks_of(case).iter();
        let mut events: Vec<Event> =
            events.map(|t| Event { activity: t.activity, at: t.end }).collect();
        events.sort_by_key(|e| e.at);
        // Organisation, unit, product and channel are known from the start.
        let categories = case
            .dims
            .iter()
            .map(|d| (*d != eclusier_eventlog::intern::NONE).then_some(*d))
            .collect();
        let ended = line.closed.map(|c| c.us);
        cases.push(Case { id: number(line.id), events, ended, categories, numbers: Vec::new() });
        rows.push(row);
    }
    let Some(now) = desk.fresh_at.map(|at| at.as_microsecond()) else {
        return Promised::Nothing(few(&EtaError::TooFewEnded { ended: 0, needed: 50 }));
    };
    let log = Log { cases: &cases, zone: &desk.zone };
    let model = match learn(log, now, &Options::default()) {
        Ok(model) => model,
        Err(error) => return Promised::Nothing(few(&error)),
    };
    let said = match model.promise(log, now) {
        Ok(said) => said,
        Err(error) => return Promised::Nothing(few(&error)),
    };
    let dates = said
        .into_iter()
        .filter_map(|promise| Some((*rows.get(promise.case)?, promise.dates)))
        .collect();
    let report = eclusier_forecast::eta::report(log, now, &Options::default()).ok();
    Promised::Known(Arc::new(Promises { dates, report }))
}

fn few(error: &EtaError) -> [String; 2] {
    let fr = match error {
        EtaError::TooFewEnded { ended, needed } => {
            format!("aucune date promise\u{a0}: {ended} dossiers terminés, il en faut {needed}")
        }
        EtaError::TooFewJudged { judged, needed } => format!(
            "aucune date promise\u{a0}: {judged} promesses passées peuvent être jugées, il en faut {needed}"
        ),
        EtaError::Boost(_) => {
            "aucune date promise\u{a0}: rien à apprendre de ces dossiers".to_owned()
        }
    };
    [fr, format!("no date is promised: {error}")]
}

/// Why nothing is said of a case, French then English.
pub fn unsaid_words(why: Unsaid) -> [&'static str; 2] {
    match why {
        Unsaid::NewState => [
            "aucun dossier terminé n’est passé par cet état",
            "no ended case was ever in this state",
        ],
        Unsaid::OlderThanAny => {
            ["plus ancien que tout dossier terminé", "older than any ended case became"]
        }
        Unsaid::SilentTooLong => [
            "silencieux depuis plus longtemps que presque tous",
            "silent for longer than almost all",
        ],
    }
}
