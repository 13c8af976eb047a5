//! Where worked time is lost, and what goes with lateness.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use eclusier_calendar::{date_of, day_number};
use eclusier_core::{Permission, config::DayCounter};
use eclusier_eventlog::intern::NONE;
use eclusier_mining::{
    Known, TaskLog,
    anomalies::{Loss, LossKind, MonthOfLoss, RankOptions, Subject, Top, rank},
    lateness::{self, Judged, Lateness, LatenessError, LatenessOptions, Verdict},
    waits::{Cause, Explained, explain},
};
use jiff::civil::Date;

use crate::{
    App, Study,
    error::{AppError, AppResult},
    figures::Selection,
    imports::Watch,
    waits::stopped,
};

/// Losses and the time they are counted in.
#[derive(Debug, Clone)]
pub struct LossesView {
    /// Ranked.
    pub top: Top,
    /// Whether calendar time stands for worked time, on a log of whole days.
    pub calendar: bool,
    /// Whether starts are estimated for some waits.
    pub estimated: bool,
}

/// What lateness is judged by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LateBy {
    /// The targets of the configuration.
    Targets,
    /// No target: the slowest quarter of the cases closed, beyond so many worked hours.
    SlowestQuarter {
        /// Worked hours.
        hours: f64,
    },
}

/// What goes with lateness.
#[derive(Debug, Clone)]
pub struct LatenessView {
    /// Findings; `None` when there are too few cases, or all are alike.
    pub lateness: Option<Lateness>,
    /// Why there are none, French then English.
    pub why_none: Option<[String; 2]>,
    /// What lateness is judged by.
    pub by: LateBy,
}

#[derive(Default)]
struct Sum {
    lost: i64,
    cases: BTreeSet<u32>,
    occurrences: u64,
    months: BTreeMap<Date, (i64, BTreeSet<u32>)>,
}

impl Sum {
    fn add(&mut self, month: Date, case: u32, us: i64) {
        self.lost = self.lost.saturating_add(us);
        self.occurrences += 1;
        self.cases.insert(case);
        let of_month = self.months.entry(month).or_default();
        of_month.0 = of_month.0.saturating_add(us);
        of_month.1.insert(case);
    }
}

/// Months of the log with the cases that had work in each, and whether they are whole.
struct Months {
    volume: BTreeMap<Date, BTreeSet<u32>>,
    whole: (Date, Date),
}

impl Months {
    fn told(&self, sum: &Sum) -> Vec<MonthOfLoss> {
        self.volume
            .iter()
            .map(|(&month, cases)| {
                let (lost_us, concerned) =
                    sum.months.get(&month).map_or((0, 0), |(us, c)| (*us, c.len()));
                MonthOfLoss {
                    month,
                    lost_us,
                    cases: concerned as u64,
                    volume: cases.len() as u64,
                    complete: self.whole.0 <= month && month < self.whole.1,
                }
            })
            .collect()
    }
}

fn losses(log: &TaskLog, study: &Study, found: &Explained, calendar: bool) -> Vec<Loss> {
    let mut case_of = vec![0u32; log.tasks.len()];
    for (place, case) in log.cases.iter().enumerate() {
        if let Some(own) = case_of.get_mut(case.tasks.clone()) {
            own.fill(place as u32);
        }
    }
    let month = |us: i64| study.zone.day_of(us).first_of_month();
    let mut volume: BTreeMap<Date, BTreeSet<u32>> = BTreeMap::new();
    for (task, &case) in log.tasks.iter().zip(&case_of) {
        volume.entry(month(task.end)).or_default().insert(case);
    }
    let first = study.zone.day_of(study.span.0);
    let from = if first.day() == 1 { first } else { next_month(first) };
    let months = Months { volume, whole: (from, month(study.span.1)) };
    let mut waits: BTreeMap<(u32, u32, Cause), Sum> = BTreeMap::new();
    for wait in &found.waits {
        let place = wait.task as usize;
        let (Some(task), Some(enabled), Some(&case)) =
            (log.tasks.get(place), found.enabled.get(place), case_of.get(place))
        else {
            continue;
        };
        // The activity that enabled it; none at the reception of the case.
        let from = enabled.by;
        for cause in Cause::ALL {
            let (in_calendar, worked) = wait.part(cause);
            let us = if calendar { in_calendar } else { worked };
            if us > 0 {
                let sum = waits.entry((from, task.activity, cause)).or_default();
                sum.add(month(wait.start), case, us);
            }
        }
    }
    let mut again: BTreeMap<u32, Sum> = BTreeMap::new();
    for (place, case) in log.cases.iter().enumerate() {
        let mut seen: BTreeSet<u32> = BTreeSet::new();
        for task in log.tasks_of(case) {
            if seen.insert(task.activity) || task.known != Known::Interval || task.day {
                continue;
            }
            let us = study.clock.between(task.start, task.end);
            if us > 0 {
                again.entry(task.activity).or_default().add(month(task.start), place as u32, us);
            }
        }
    }
    let name = |code: u32| log.activities.name(code).to_owned();
    let waits = waits.into_iter().map(|((from, to, cause), sum)| {
        let from = (from != NONE).then(|| name(from));
        (LossKind::Wait, from.into_iter().chain([name(to)]).collect(), Some(cause), sum)
    });
    let again = again.into_iter().map(|(a, sum)| (LossKind::Rework, vec![name(a)], None, sum));
    waits
        .chain(again)
        .map(|(kind, activities, cause, sum)| Loss {
            kind,
            minutes: kind.minutes(),
            subject: Subject {
                activities,
                cause: cause.map(|c| cause_name(c).to_owned()),
                ..Subject::default()
            },
            cases: sum.cases.len() as u64,
            occurrences: sum.occurrences,
            lost_us: sum.lost,
            months: months.told(&sum),
        })
        .collect()
}

/// Stable name of a cause of waiting.
pub fn cause_name(cause: Cause) -> &'static str {
    match cause {
        Cause::Held => "held",
        Cause::Batching => "batching",
        Cause::Contention => "contention",
        Cause::Prioritisation => "prioritisation",
        Cause::Unavailability => "unavailability",
        Cause::Unexplained => "unexplained",
    }
}

fn next_month(day: Date) -> Date {
    day.last_of_month().tomorrow().unwrap_or(day)
}

impl App {
    /// The losses of a study, most worked minutes first.
    pub async fn losses(&self, study: &Study) -> AppResult<LossesView> {
        let watch = Watch::default();
        let _guard = watch.until_dropped();
        let log = self.tasks(study, false, &watch).await?;
        let (study, watch) = (study.clone(), watch.clone());
        self.blocking(move || {
            let progress = |done, total| eclusier_ingest::Progress::at(&watch, done, total);
            let found =
                explain(&log, &study.clock, &study.waits_options(), &progress).map_err(stopped)?;
            let worked = found.waits.iter().any(|w| w.worked_us.is_some());
            let calendar = !worked && !found.waits.is_empty();
            let estimated = log.tasks.iter().any(|t| t.known == Known::EndOnly);
            let losses = losses(&log, &study, &found, calendar);
            let top = rank(losses, &RankOptions::default()).map_err(|_| AppError::Task)?;
            Ok(LossesView { top, calendar, estimated })
        })
        .await
    }

    /// What goes with the lateness of the cases of a study.
    pub async fn lateness(&self, study: &Study) -> AppResult<LatenessView> {
        let watch = Watch::default();
        let _guard = watch.until_dropped();
        let log = self.tasks(study, true, &watch).await?;
        let desk = self.seen(Permission::LogRead, &study.process, None).await?;
        let (study, watch) = (study.clone(), watch.clone());
        self.blocking(move || {
            let lines: HashMap<String, Line> = desk
                .closings()
                .map(|(line, closed, _)| {
                    let day = line.closed.map(|c| c.event_day);
                    let product = line.product.map(str::to_owned);
                    let own = Line {
                        opened_us: line.opened_us,
                        opened_day: line.opened_day,
                        closed,
                        day,
                        product,
                    };
                    (line.id.to_owned(), own)
                })
                .collect();
            let view = desk.view();
            let as_of = view.last_day().unwrap_or(0);
            let (judged, by) = judge(&log, &study, &lines, view.has_target(), as_of);
            let options =
                LatenessOptions { zone: study.zone.clone(), ..LatenessOptions::default() };
            let found = lateness::explain(&log, &judged, &options, &|| watch.cancelled());
            match found {
                Ok(lateness) => Ok(LatenessView { lateness: Some(lateness), why_none: None, by }),
                Err(LatenessError::Stopped) => Err(AppError::Cancelled),
                Err(error) => Ok(LatenessView { lateness: None, why_none: Some(none(&error)), by }),
            }
        })
        .await
    }
}

fn none(error: &LatenessError) -> [String; 2] {
    let fr = match error {
        LatenessError::TooFewCases { cases, needed } => {
            format!("{cases} dossiers jugés, il en faut {needed} pour comparer.")
        }
        LatenessError::OneSided { late, cases, needed } => format!(
            "{late} dossiers en retard sur {cases} : il en faut {needed} en retard et {needed} à l’heure pour comparer."
        ),
        other => format!("Les dossiers ne se comparent pas : {other}."),
    };
    let mut en = error.to_string();
    if let Some(first) = en.get(..1).map(str::to_uppercase) {
        en.replace_range(..1, &first);
    }
    [fr, format!("{en}.")]
}

/// A case as the ledger knows it.
struct Line {
    opened_us: i64,
    opened_day: i32,
    closed: Option<i64>,
    day: Option<i32>,
    product: Option<String>,
}

fn judge(
    log: &TaskLog,
    study: &Study,
    lines: &HashMap<String, Line>,
    targets: bool,
    as_of: i32,
) -> (Vec<Judged>, LateBy) {
    let now = study.zone.end_of_day(as_of);
    if !targets {
        // Without a promise, lateness is what is slow here: beyond the third quartile.
        let mut closed: Vec<i64> = lines
            .values()
            .filter_map(|l| Some(study.clock.between(l.opened_us, l.closed?)))
            .collect();
        let limit = eclusier_mining::stats::quantile(&mut closed, 0.75).unwrap_or(0.0);
        let ends = |place: usize| lines.get(log.cases.get(place)?.id.as_str())?.closed;
        let judged = lateness::judge(log, &study.clock, limit as i64, now, &ends);
        return (judged, LateBy::SlowestQuarter { hours: limit / 3.6e9 });
    }
    let undecided = |arrived| Judged { verdict: Verdict::NotDue, arrived, closed: None, due: None };
    let one = |id: &str| {
        let Some(line) = lines.get(id) else { return undecided(now) };
        let rules = study.dated.iter().rev().find(|v| day_number(v.from) <= line.opened_day);
        let rules = rules.or(study.dated.first()).map(|v| &v.rules);
        let target = rules.and_then(|r| r.target_for(line.product.as_deref()));
        let Some(target) = target else { return undecided(line.opened_us) };
        let due_day = match target.counter {
            DayCounter::Calendar => {
                line.opened_day.saturating_add(i32::try_from(target.days).unwrap_or(i32::MAX))
            }
            counter => study.calendar.add_number(counter, line.opened_day, i64::from(target.days)),
        };
        let due = study.zone.end_of_day(due_day);
        let late = line.day.unwrap_or(as_of) > due_day;
        let until = line.closed.unwrap_or(now);
        let verdict = match (late, line.closed) {
            (true, _) => Verdict::Late { beyond_us: study.clock.between(due, until) },
            (false, Some(_)) => Verdict::InTime,
            (false, None) => Verdict::NotDue,
        };
        Judged { verdict, arrived: line.opened_us, closed: line.closed, due: Some(due) }
    };
    (log.cases.iter().map(|c| one(&c.id)).collect(), LateBy::Targets)
}

/// The days of a study as a selection writes them, for the words of a page.
pub(crate) fn days_of(study: &Study, selection: &Selection) -> (Date, Date) {
    let day = |us| date_of(study.zone.day_number(us));
    let from = selection.from.unwrap_or_else(|| day(study.span.0));
    let to = selection.to.unwrap_or_else(|| day(study.span.1));
    (from, to)
}
