//! Witness figures: computed when a backup is made, computed again when it is restored.

use eclusier_core::ProcessId;
use eclusier_eventlog::Filter;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{App, error::AppResult, figures::Selection};

/// Counts of the log of a process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Cases.
    pub cases: u64,
    /// Cases still open; `None` when the data do not tell.
    pub open_cases: Option<u64>,
    /// Delivered rows.
    pub events: u64,
    /// Activities.
    pub activities: u64,
    /// Variants.
    pub variants: u64,
    /// Resources.
    pub resources: u64,
    /// Earliest instant.
    pub first: Option<Timestamp>,
    /// Latest instant.
    pub last: Option<Timestamp>,
}

/// One figure, without its words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WitnessFigure {
    /// Figure.
    pub id: String,
    /// Its formula and version: a later formula may give another figure.
    pub formula_version: String,
    /// Its value.
    pub value: Option<f64>,
    /// Its numerator.
    pub numerator: Option<f64>,
    /// Its denominator.
    pub denominator: Option<f64>,
    /// How many were measured.
    pub n: i64,
}

/// What a process must give again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Witness {
    /// Day at whose end states were read.
    pub as_of: Option<Date>,
    /// Counts of the log.
    pub counts: Counts,
    /// Indicators.
    pub figures: Vec<WitnessFigure>,
}

impl Witness {
    /// Name of the first thing that differs, bit for bit. Figures whose formula changed since
    /// are not comparable and pass.
    pub(super) fn differs(&self, now: &Witness) -> Option<String> {
        if self.counts != now.counts {
            return Some("describe".into());
        }
        if self.as_of != now.as_of {
            return Some("as_of".into());
        }
        let comparable = |figure: &&WitnessFigure| {
            let version = &figure.formula_version;
            now.figures.iter().any(|f| f.id == figure.id && f.formula_version == *version)
        };
        if !self.figures.is_empty() && !self.figures.iter().any(|f| comparable(&f)) {
            return Some("indicators".into());
        }
        self.figures
            .iter()
            .filter(comparable)
            .find(|figure| !now.figures.iter().any(|f| figure.is(f)))
            .map(|figure| figure.id.clone())
    }
}

impl WitnessFigure {
    fn is(&self, other: &WitnessFigure) -> bool {
        let bits = |x: Option<f64>| x.map(f64::to_bits);
        self.id == other.id
            && bits(self.value) == bits(other.value)
            && bits(self.numerator) == bits(other.numerator)
            && bits(self.denominator) == bits(other.denominator)
            && self.n == other.n
    }
}

impl App {
    /// The witness figures of a process as it stands.
    pub(super) async fn witness(&self, process: &ProcessId) -> AppResult<Witness> {
        let selection = Selection { process: Some(process.clone()), ..Selection::default() };
        let study = self.study(process, &selection, Filter::default()).await?;
        let profile = self.profile(&study).await?;
        let instant = |us: Option<i64>| us.and_then(|us| Timestamp::from_microsecond(us).ok());
        let counts = Counts {
            cases: profile.cases,
            open_cases: self.open_cases(&selection).await?,
            events: profile.events,
            activities: profile.activities.len() as u64,
            variants: profile.variants,
            resources: profile.resources,
            first: instant(profile.first),
            last: instant(profile.last),
        };
        let as_of = self.desk(process, None).await?.as_of_day();
        let figures = self.indicators(&selection, &[]).await?;
        let figures = figures.into_iter().map(|f| WitnessFigure {
            id: f.id,
            formula_version: f.formula_version,
            value: f.value,
            numerator: f.numerator,
            denominator: f.denominator,
            n: f.n,
        });
        Ok(Witness { as_of, counts, figures: figures.collect() })
    }
}
