//! Processes: what is known, from when to when, and the rules in force.

use eclusier_core::{DatedRules, Permission, ProcessId, ProcessRules, Snapshot};

use crate::{
    App,
    error::{AppError, AppResult},
};

/// A process as lists show it.
#[derive(Debug, Clone)]
pub struct ProcessView {
    /// Id.
    pub id: ProcessId,
    /// Name shown.
    pub label: String,
    /// Rules in force at the latest datum.
    pub rules: ProcessRules,
    /// Live version.
    pub snapshot: Snapshot,
}

impl App {
    /// The process ids, in order.
    pub async fn process_ids(&self) -> AppResult<Vec<ProcessId>> {
        Ok(self.inner.registry.processes().await?.into_iter().map(|p| p.id).collect())
    }

    /// The live version of a process that exists.
    pub async fn live(&self, process: &ProcessId) -> AppResult<Snapshot> {
        let snapshot = self.inner.registry.snapshot(process).await?;
        if snapshot.id.0 == 0 {
            return Err(AppError::NotFound { what: "process", name: process.to_string() });
        }
        Ok(snapshot)
    }

    /// Dated rules of a process; the body's defaults from the first day when nothing is configured.
    pub async fn dated_rules(&self, process: &ProcessId) -> AppResult<Vec<DatedRules>> {
        let versions = self.inner.registry.config_versions(process).await?;
        if versions.is_empty() {
            let body = self.inner.registry.body().await?;
            let zone = self.inner.registry.setting(&zone_key(process)).await?;
            let zone = zone.and_then(|z| serde_json::from_str(&z).ok()).unwrap_or(body.zone);
            let rules = ProcessRules { zone, calendar: body.calendar, ..ProcessRules::default() };
            return Ok(vec![DatedRules { from: jiff::civil::Date::MIN, rules }]);
        }
        Ok(versions.into_iter().map(|v| DatedRules { from: v.from, rules: v.rules }).collect())
    }

    /// Name shown for a process.
    pub async fn label(&self, process: &ProcessId) -> AppResult<String> {
        let versions = self.inner.registry.config_versions(process).await?;
        let label = versions.last().map(|v| v.rules.label.clone()).filter(|l| !l.is_empty());
        if let Some(label) = label {
            return Ok(label);
        }
        let saved = self.inner.registry.setting(&label_key(process)).await?;
        Ok(saved.and_then(|l| serde_json::from_str(&l).ok()).unwrap_or_else(|| process.to_string()))
    }
}

/// Setting that remembers the zone given at the first import of a process.
pub(crate) fn zone_key(process: &ProcessId) -> String {
    format!("process.{process}.zone")
}

/// Setting that remembers the name given at the first import of a process.
pub(crate) fn label_key(process: &ProcessId) -> String {
    format!("process.{process}.label")
}

/// What the shell needs first.
#[derive(Debug, Clone)]
pub struct Status {
    /// Name of the body.
    pub body: String,
    /// Whether the data are synthetic.
    pub demo: bool,
    /// Processes.
    pub processes: Vec<ProcessLine>,
    /// Now.
    pub now: jiff::Timestamp,
    /// Time zone of the body.
    pub zone: String,
    /// Last worked day before today.
    pub last_worked_day: jiff::civil::Date,
}

/// A process of the status.
#[derive(Debug, Clone)]
pub struct ProcessLine {
    /// Id.
    pub id: String,
    /// Name.
    pub label: String,
    /// `events` or `counts`.
    pub source: &'static str,
    /// Cases.
    pub cases: u64,
    /// Delivered rows.
    pub events: u64,
    /// First instant.
    pub first: Option<jiff::Timestamp>,
    /// Latest instant.
    pub last: Option<jiff::Timestamp>,
    /// Last import.
    pub imported_at: Option<jiff::Timestamp>,
    /// Whether a target is defined.
    pub has_target: bool,
    /// Organisations, units, products, channels.
    pub dimensions: [Vec<String>; 4],
}

/// Setting that says the data come from the generator.
pub(crate) const DEMO_KEY: &str = "demo";

impl App {
    /// What the shell needs first.
    pub async fn status(&self) -> AppResult<Status> {
        let summaries = self.inner.registry.processes().await?;
        let everything = crate::figures::Selection::default();
        let desks = match self.desks(Permission::FiguresRead, &everything).await {
            // Some roles steer no production: the shell still opens for them.
            Err(AppError::Forbidden(_)) => Vec::new(),
            other => other?,
        };
        let basis = self.basis(&desks);
        let mut processes = Vec::new();
        for desk in &desks {
            let files: Vec<_> = desk.snapshot.of_kind(eclusier_core::FileKind::Events).collect();
            let at = |us: Option<i64>| us.and_then(|us| jiff::Timestamp::from_microsecond(us).ok());
            let counts = match &desk.facts {
                crate::figures::Facts::Counts(_) => {
                    let zone = &desk.zone;
                    let start = desk
                        .first_day()
                        .map(|d| zone.start_of_day(eclusier_calendar::day_number(d)));
                    Some((at(start), desk.fresh_at))
                }
                crate::figures::Facts::Cases(_) => None,
            };
            let (first, last) = counts.unwrap_or_else(|| {
                let first = files.iter().filter_map(|f| f.first_us).min();
                (at(first), at(files.iter().filter_map(|f| f.last_us).max()))
            });
            processes.push(ProcessLine {
                id: desk.process.to_string(),
                label: desk.label.clone(),
                source: if counts.is_some() { "counts" } else { "events" },
                cases: files.iter().map(|f| f.cases).sum(),
                events: files.iter().map(|f| f.rows).sum(),
                first,
                last,
                imported_at: summaries
                    .iter()
                    .find(|s| s.id == desk.process)
                    .and_then(|s| s.last_import),
                has_target: desk.view().has_target(),
                dimensions: desk.dimension_values(),
            });
        }
        let body = self.inner.registry.body().await?;
        Ok(Status {
            body: body.name,
            zone: body.zone,
            demo: self.inner.registry.setting(DEMO_KEY).await?.is_some(),
            processes,
            now: self.now(),
            last_worked_day: basis.last_worked_day,
        })
    }

    /// Checks every data file against the catalogue; the problems in words.
    pub async fn verify(&self) -> AppResult<Vec<String>> {
        self.require(Permission::SystemRead)?;
        let mut problems = Vec::new();
        for process in self.process_ids().await? {
            let snapshot = self.inner.registry.snapshot(&process).await?;
            let lake = self.inner.lake.clone();
            let found = self
                .blocking(move || Ok(lake.verify(&snapshot, &eclusier_lake::Stop::never())?))
                .await?;
            problems.extend(found.into_iter().map(|p| format!("{process}: {p:?}")));
        }
        Ok(problems)
    }
}
