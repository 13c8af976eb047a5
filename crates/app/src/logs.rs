//! What the log of a process says: profile, map, variants, durations.

use eclusier_core::{Permission, ProcessId, Snapshot};
use eclusier_eventlog::{Filter, Kernel};
use eclusier_mining::{
    CaseSpan, GroupOptions, LeadTimes, Map, MapKernel, Profile, ProfileKernel, VariantGroups,
    VariantPathsKernel, Variants, VariantsKernel, group_variants,
};

use crate::{
    App, Study,
    error::{AppError, AppResult},
    imports::Watch,
};

impl App {
    /// The process asked, or the only one there is.
    pub async fn one_process(&self, asked: Option<&ProcessId>) -> AppResult<ProcessId> {
        if let Some(process) = asked {
            self.reach(Permission::LogRead, process)?;
            self.live(process).await?;
            return Ok(process.clone());
        }
        self.require(Permission::LogRead)?;
        let mut all = self.process_ids().await?;
        all.retain(|p| self.reach(Permission::LogRead, p).is_ok());
        match (all.pop(), all.is_empty()) {
            (Some(only), true) => Ok(only),
            (None, _) => Err(AppError::NotFound { what: "process", name: "—".into() }),
            (Some(last), false) => {
                let names: Vec<String> =
                    all.iter().chain([&last]).map(ToString::to_string).collect();
                let names = names.join(", ");
                Err(AppError::invalid(
                    "process",
                    format!("plusieurs processus existent, en choisir un : {names}"),
                    format!("several processes exist, choose one: {names}"),
                ))
            }
        }
    }

    /// Runs a kernel over a version of a process.
    pub(crate) async fn run<K>(
        &self,
        snapshot: Snapshot,
        filter: Filter,
        kernel: K,
        watch: &Watch,
    ) -> AppResult<K::Output>
    where
        K: Kernel + Send + 'static,
        K::Output: Send + 'static,
    {
        let lake = self.inner.lake.clone();
        let stop = watch.stop().clone();
        self.blocking(move || Ok(lake.run(&snapshot, &filter, &kernel, &stop)?)).await
    }

    /// Counts of the log.
    pub async fn profile(&self, study: &Study) -> AppResult<Profile> {
        self.run(study.snapshot.clone(), study.filter.clone(), ProfileKernel, &Watch::default())
            .await
    }

    /// Process map.
    pub async fn map(&self, study: &Study) -> AppResult<Map> {
        let kernel = MapKernel { rows: study.filter.reading, clock: Some(study.clock.clone()) };
        self.run(study.snapshot.clone(), study.filter.clone(), kernel, &Watch::default()).await
    }

    /// Variants, the `top` most frequent.
    pub async fn variants(&self, study: &Study, top: usize) -> AppResult<Variants> {
        let kernel = VariantsKernel {
            rows: study.filter.reading,
            top,
            clock: Some(study.clock.clone()),
            outcomes: study.outcomes(),
            only: None,
        };
        self.run(study.snapshot.clone(), study.filter.clone(), kernel, &Watch::default()).await
    }

    /// Variants grouped by likeness. Given up when the caller goes away.
    pub async fn variant_groups(&self, study: &Study) -> AppResult<VariantGroups> {
        let watch = Watch::default();
        let _guard = watch.until_dropped();
        let kernel =
            VariantPathsKernel { rows: study.filter.reading, clock: Some(study.clock.clone()) };
        let paths = self.run(study.snapshot.clone(), study.filter.clone(), kernel, &watch).await?;
        let options = GroupOptions { outcomes: study.outcomes(), ..GroupOptions::default() };
        let watch = watch.clone();
        self.blocking(move || {
            group_variants(&paths, &options, &|| watch.cancelled()).map_err(|_| AppError::Cancelled)
        })
        .await
    }

    /// Duration of each case.
    pub async fn case_spans(&self, study: &Study) -> AppResult<Vec<CaseSpan>> {
        let kernel = LeadTimes { rows: study.filter.reading };
        self.run(study.snapshot.clone(), study.filter.clone(), kernel, &Watch::default()).await
    }
}
