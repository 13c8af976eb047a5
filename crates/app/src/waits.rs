//! Why cases wait, when those who work are there, and the timeline of one case.

use eclusier_mining::{
    CaseTimeline, TimelineKernel,
    calendars::{CalendarOptions, PresenceProfile, calendars},
    waits::{Waits, WaitsError, WaitsOptions, waits},
};

use crate::{
    App, Study,
    error::{AppError, AppResult},
    imports::Watch,
};

/// Waits and the presence they are read with.
#[derive(Debug, Clone)]
pub struct WaitsView {
    /// Waits.
    pub waits: Waits,
    /// Weekly presence by team.
    pub presence: PresenceProfile,
    /// Cases read.
    pub cases: u64,
}

impl Study {
    pub(crate) fn waits_options(&self) -> WaitsOptions {
        let holds = self.rules.states.hold.clone();
        WaitsOptions { holds, ..WaitsOptions::new(self.zone.clone()) }
    }
}

pub(crate) fn stopped(error: WaitsError) -> AppError {
    match error {
        WaitsError::TooMany { tasks } => AppError::Refused {
            code: "too_many_tasks".into(),
            fr: format!("{tasks} tâches : restreindre la période ou le périmètre"),
            en: format!("{tasks} tasks: narrow the period or the perimeter"),
        },
        WaitsError::Calendars(_) | WaitsError::Stopped => AppError::Cancelled,
    }
}

impl App {
    /// Waiting time, explained.
    pub async fn waits(&self, study: &Study) -> AppResult<WaitsView> {
        let watch = Watch::default();
        // Whoever goes away does not leave the work running.
        let _guard = watch.until_dropped();
        let log = self.tasks(study, false, &watch).await?;
        let (study, watch) = (study.clone(), watch.clone());
        self.blocking(move || {
            let progress = |done, total| eclusier_ingest::Progress::at(&watch, done, total);
            let waits =
                waits(&log, &study.clock, &study.waits_options(), &progress).map_err(stopped)?;
            let presence = calendars(&log, &study.zone, &CalendarOptions::default(), &progress)
                .map_err(|e| stopped(e.into()))?;
            Ok(WaitsView { waits, presence, cases: log.cases.len() as u64 })
        })
        .await
    }

    /// The tasks of one case.
    pub async fn timeline(&self, study: &Study, case: &str) -> AppResult<CaseTimeline> {
        let kernel = TimelineKernel { case: case.to_owned(), clock: Some(study.clock.clone()) };
        let found = self
            .run(study.snapshot.clone(), study.filter.clone(), kernel, &Watch::default())
            .await?;
        found.ok_or_else(|| AppError::NotFound { what: "case", name: case.to_owned() })
    }
}
