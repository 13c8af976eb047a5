//! Work done again, handed over, measured and paid for.

use eclusier_core::config::UnitTime;
use eclusier_mining::{
    Capacity, Cents, Costs, HandOverKernel, HandOvers, Rework, ReworkKernel, UnitTimeOptions,
    UnitTimes, costs,
    costs::{CostError, Price},
    handovers::By,
    unit_times, volumes,
};

use crate::{
    App, Study,
    error::{AppError, AppResult},
    imports::Watch,
};

/// Hours paid and their price.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Paid {
    /// Cents of an hour.
    pub cents_per_hour: i64,
    /// Hours paid over the period.
    pub hours: f64,
}

/// Costs and the unit times they rest on.
#[derive(Debug, Clone)]
pub struct CostsView {
    /// Costs; without paid hours nothing is idle.
    pub costs: Costs,
    /// Whether unit times come from the log, for want of configured ones.
    pub measured: bool,
}

impl App {
    /// Rework and returns.
    pub async fn rework(&self, study: &Study) -> AppResult<Rework> {
        let kernel = ReworkKernel {
            rows: study.filter.reading,
            holds: study.rules.states.hold.clone(),
            clock: study.clock.clone(),
            unit_times: study.rules.unit_time.clone(),
            ..ReworkKernel::default()
        };
        self.run(study.snapshot.clone(), study.filter.clone(), kernel, &Watch::default()).await
    }

    /// Hand-overs between teams; between people, behind the gate of individual data only.
    pub async fn handovers(&self, study: &Study, by: By) -> AppResult<HandOvers> {
        if by == By::Resource {
            self.pass_gate(&study.process, "handovers").await?;
        }
        let pair = |d: &eclusier_core::config::Duties| (d.a.clone(), d.b.clone());
        let kernel = HandOverKernel {
            rows: study.filter.reading,
            by,
            clock: Some(study.clock.clone()),
            segregation: study.rules.separate.iter().map(pair).collect(),
        };
        self.run(study.snapshot.clone(), study.filter.clone(), kernel, &Watch::default()).await
    }

    /// Unit times measured.
    pub async fn unit_times(&self, study: &Study) -> AppResult<UnitTimes> {
        let watch = Watch::default();
        let _guard = watch.until_dropped();
        let log = self.tasks(study, false, &watch).await?;
        let options = UnitTimeOptions { clock: study.clock.clone(), ..UnitTimeOptions::default() };
        let watch = watch.clone();
        self.blocking(move || {
            unit_times(&log, &options, &|| watch.cancelled()).map_err(|_| AppError::Cancelled)
        })
        .await
    }

    /// Costs of the cases of a study, at a price of the hour.
    pub async fn costs(
        &self,
        study: &Study,
        cents_per_hour: i64,
        paid_hours: Option<f64>,
    ) -> AppResult<CostsView> {
        let mut table: Vec<UnitTime> = study.rules.unit_time.clone();
        let measured = table.is_empty();
        if measured {
            let found = self.unit_times(study).await?;
            table = found.times.iter().filter_map(|t| t.proposal()).collect();
        }
        let watch = Watch::default();
        let _guard = watch.until_dropped();
        let log = self.tasks(study, false, &watch).await?;
        self.blocking(move || {
            let volumes = volumes(&log, |_| None);
            let price = Price::PerHour(Cents(cents_per_hour));
            let of = |paid_hours| Capacity { team: None, paid_hours, price };
            let hours = match paid_hours {
                Some(hours) => hours,
                // Nothing paid is known: what was used is all that can be counted.
                None => {
                    let most = costs(&volumes, &table, &[of(MOST_HOURS)]).map_err(told)?;
                    most.teams.iter().map(|t| t.used_hours).sum()
                }
            };
            let costs = costs(&volumes, &table, &[of(hours)]).map_err(told)?;
            Ok(CostsView { costs, measured })
        })
        .await
    }
}

/// More hours than a body pays in a year.
const MOST_HOURS: f64 = 1e7;

fn told(error: CostError) -> AppError {
    let en = error.to_string();
    AppError::invalid("paid_hours", format!("heures ou prix inutilisables : {en}"), en)
}
