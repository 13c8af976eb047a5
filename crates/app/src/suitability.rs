//! Which process deserves a workshop.

use eclusier_core::{Permission, ProcessId};
use eclusier_eventlog::Filter;
use eclusier_mining::{ProcessFacts, Suitability, SuitabilityOptions, handovers::By, suitability};

use crate::{App, error::AppResult, figures::Selection};

impl App {
    /// Processes in reach, the best candidates first. A process of daily counts is not ranked:
    /// nothing is known of its steps.
    pub async fn suitability(
        &self,
        selection: &Selection,
    ) -> AppResult<Vec<(Suitability, String)>> {
        self.require(Permission::LogRead)?;
        let mut facts = Vec::new();
        let mut labels = std::collections::BTreeMap::new();
        for process in self.process_ids().await? {
            if self.reach(Permission::LogRead, &process).is_err() {
                continue;
            }
            labels.insert(process.to_string(), self.label(&process).await?);
            facts.push(self.facts(&process, selection).await?);
        }
        let ranked = suitability(&facts, &SuitabilityOptions::default());
        let named = |s: Suitability| {
            let label = labels.get(&s.process).cloned().unwrap_or_default();
            (s, label)
        };
        Ok(ranked.into_iter().map(named).collect())
    }

    async fn facts(&self, process: &ProcessId, selection: &Selection) -> AppResult<ProcessFacts> {
        let mut facts = ProcessFacts { process: process.to_string(), ..ProcessFacts::default() };
        let selection = Selection { process: Some(process.clone()), ..selection.clone() };
        let study = self.study(process, &selection, Filter::default()).await?;
        let profile = self.profile(&study).await?;
        if profile.cases == 0 {
            return Ok(facts);
        }
        let cases = profile.cases as f64;
        let days = (study.span.1.saturating_sub(study.span.0)) as f64 / 86_400e6;
        facts.volume = (days >= 1.0).then(|| cases * 365.25 / days.max(1.0));
        facts.variants_per_100 = Some(profile.variants as f64 * 100.0 / cases);
        let rework = self.rework(&study).await?;
        facts.rework_share =
            (rework.occurrences > 0).then(|| rework.repeats as f64 / rework.occurrences as f64);
        let handed = self.handovers(&study, By::Unit).await?;
        facts.hand_overs = handed.mean_per_case.filter(|_| handed.unknown.is_none());
        let waits = self.value_stream(&study, Vec::new(), Vec::new()).await?;
        facts.waiting_share =
            waits.stream.totals.touch_share.and_then(|r| r.value()).map(|touch| 1.0 - touch);
        let ids = ["straight_through_rate", "in_time_due"].map(str::to_owned);
        for figure in self.indicators(&selection, &ids).await? {
            match figure.id.as_ref() {
                "straight_through_rate" => facts.manual_share = figure.value.map(|v| 1.0 - v),
                _ => facts.late_share = figure.value.map(|v| 1.0 - v),
            }
        }
        Ok(facts)
    }
}
