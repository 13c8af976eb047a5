//! Dated configuration: read, checked, tried before it is stored.

use eclusier_core::{ConfigProblem, DatedRules, Figure, Permission, ProcessId, ProcessRules};
use eclusier_eventlog::Filter;
use eclusier_mining::{MapKernel, Rows};
use jiff::civil::Date;

use crate::{
    App,
    error::{AppError, AppResult},
    figures::{ClosingKind, Desk, Selection},
    imports::Watch,
};

/// How an activity is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivityUse {
    /// Name.
    pub name: String,
    /// Occurrences.
    pub events: u64,
    /// Cases having it.
    pub cases: u64,
    /// Cases it ends.
    pub ends: u64,
    /// Meaning now.
    pub role: &'static str,
}

/// Configuration of a process.
#[derive(Debug, Clone)]
pub struct ConfigView {
    /// Process.
    pub process: ProcessId,
    /// Its name.
    pub label: String,
    /// Versions stored, oldest first.
    pub versions: Vec<DatedRules>,
    /// How open and closed are told apart.
    pub closing: ClosingKind,
    /// The closing rule in words.
    pub words: [String; 2],
    /// Activities known.
    pub activities: Vec<ActivityUse>,
    /// Problems of the last version.
    pub problems: Vec<ConfigProblem>,
}

/// Effect of rules before they are stored.
#[derive(Debug, Clone)]
pub struct ConfigPreview {
    /// Problems; storing is refused while there are any.
    pub problems: Vec<ConfigProblem>,
    /// How open and closed would be told apart.
    pub closing: ClosingKind,
    /// In words.
    pub words: [String; 2],
    /// Figures now.
    pub before: Vec<Figure>,
    /// Figures under the rules.
    pub after: Vec<Figure>,
}

impl App {
    /// The configuration of a process and what its activities do.
    pub async fn config(&self, process: &ProcessId) -> AppResult<ConfigView> {
        let rows = self.reach(Permission::ConfigRead, process)?.rows;
        let versions = self.inner.registry.config_versions(process).await?;
        let versions: Vec<DatedRules> =
            versions.into_iter().map(|v| DatedRules { from: v.from, rules: v.rules }).collect();
        let desk = self.desk(process, None).await?;
        let rules = desk.current_rules();
        let filter = Filter { rows, ..Filter::default() };
        let kernel = MapKernel::calendar(Rows::Events);
        let map = self.run(desk.snapshot.clone(), filter, kernel, &Watch::default()).await?;
        let activities = map
            .activities
            .into_iter()
            .map(|a| ActivityUse {
                ends: map.end.get(&a.name).copied().unwrap_or(0),
                role: role(&rules, &a.name),
                name: a.name,
                events: a.events,
                cases: a.cases,
            })
            .collect();
        Ok(ConfigView {
            process: process.clone(),
            label: desk.label.clone(),
            problems: versions.last().map(|v| v.rules.check()).unwrap_or_default(),
            versions,
            closing: desk.closing,
            words: desk.words.clone(),
            activities,
        })
    }

    /// Stores a version. Without a day, it holds from the first day known.
    pub async fn put_config(
        &self,
        process: &ProcessId,
        from: Option<Date>,
        rules: &ProcessRules,
    ) -> AppResult<()> {
        self.require_process(Permission::ConfigWrite, process)?;
        if let Some(problem) = rules.check().into_iter().next() {
            return Err(AppError::Invalid { field: problem.key, fr: problem.fr, en: problem.en });
        }
        let from = from.unwrap_or(FIRST_DAY);
        self.inner.registry.put_config(process, from, rules, &self.actor(), self.now()).await?;
        self.tell_process(process);
        Ok(())
    }

    /// Figures of a process now, and under rules that are not stored.
    pub async fn preview_config(
        &self,
        process: &ProcessId,
        from: Option<Date>,
        rules: ProcessRules,
    ) -> AppResult<ConfigPreview> {
        self.require_process(Permission::ConfigWrite, process)?;
        let problems = rules.check();
        let now = self.desk(process, None).await?;
        let figures = |desk: &Desk| -> AppResult<Vec<Figure>> {
            let Some(scope) = desk.scope(&Selection::default())? else { return Ok(Vec::new()) };
            Ok(eclusier_ledger::indicators(&[desk.view()], &scope, &[])?)
        };
        let before = figures(&now)?;
        if !problems.is_empty() {
            let (closing, words) = (now.closing, now.words.clone());
            return Ok(ConfigPreview { problems, closing, words, after: before.clone(), before });
        }
        let from = from.unwrap_or(FIRST_DAY);
        let mut versions = now.rules.clone();
        versions.retain(|v| v.from != from && v.from != Date::MIN);
        versions.push(DatedRules { from, rules });
        versions.sort_by_key(|v| v.from);
        let desk = self.desk_with(process, versions, None).await?;
        let after = figures(&desk)?;
        let (closing, words) = (desk.closing, desk.words.clone());
        Ok(ConfigPreview { problems, closing, words, before, after })
    }
}

/// Day from which an undated configuration holds: before any data.
const FIRST_DAY: Date = jiff::civil::date(1900, 1, 1);

fn role(rules: &ProcessRules, activity: &str) -> &'static str {
    let states = &rules.states;
    let is = |names: &[String]| names.iter().any(|n| n == activity);
    if is(&states.settled) {
        "settled"
    } else if is(&states.settled_auto) {
        "settled_auto"
    } else if is(&states.cancelled) {
        "cancelled"
    } else if is(&states.transferred) {
        "transferred"
    } else if states.hold.iter().any(|h| is(&h.enter)) {
        "hold"
    } else if states.hold.iter().any(|h| is(&h.leave)) {
        "leave"
    } else if is(&states.neutral) {
        "neutral"
    } else {
        "none"
    }
}
