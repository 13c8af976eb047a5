//! One filter understood by every kernel, every screen and the URL.

use eclusier_core::RowScope;
use serde::{Deserialize, Serialize};

use crate::{CaseRows, EventBatch};

/// Which cases to keep. An empty filter keeps all. Parts combine with "and",
/// values inside a part with "or".
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Filter {
    /// Keep cases with an event at or after this instant (µs UTC).
    pub from_us: Option<i64>,
    /// Keep cases with an event strictly before this instant (µs UTC).
    pub until_us: Option<i64>,
    /// Keep cases having one of these activities.
    pub with_activity: Vec<String>,
    /// Drop cases having one of these activities.
    pub without_activity: Vec<String>,
    /// Organisations.
    pub org: Vec<String>,
    /// Units.
    pub unit: Vec<String>,
    /// Products.
    pub product: Vec<String>,
    /// Channels.
    pub channel: Vec<String>,
    /// Shortest duration first to last event, microseconds.
    pub min_duration_us: Option<i64>,
    /// Longest duration, microseconds.
    pub max_duration_us: Option<i64>,
    /// Rows the reader may see, by organisation and unit; `None` for all of them.
    pub rows: Option<RowScope>,
}

impl Filter {
    /// Whether every case passes.
    pub fn is_empty(&self) -> bool {
        *self == Filter::default()
    }

    /// Whether the filter looks at organisation, unit, product or channel.
    pub fn needs_dimensions(&self) -> bool {
        self.rows.is_some()
            || !(self.org.is_empty()
                && self.unit.is_empty()
                && self.product.is_empty()
                && self.channel.is_empty())
    }

    /// Whether one case passes. A case belongs to the first value it carries.
    pub fn keeps(&self, batch: &EventBatch, case: &CaseRows<'_>) -> bool {
        let times = batch.times();
        let rows = || case.rows.clone();
        if let Some(from) = self.from_us
            && !rows().any(|r| times[r] >= from)
        {
            return false;
        }
        if let Some(until) = self.until_us
            && !rows().any(|r| times[r] < until)
        {
            return false;
        }
        let has = |names: &[String]| {
            rows().any(|r| batch.activity.name(r).is_some_and(|a| names.iter().any(|n| n == a)))
        };
        if !self.with_activity.is_empty() && !has(&self.with_activity) {
            return false;
        }
        if !self.without_activity.is_empty() && has(&self.without_activity) {
            return false;
        }
        for (wanted, column) in [
            (&self.org, &batch.org),
            (&self.unit, &batch.unit),
            (&self.product, &batch.product),
            (&self.channel, &batch.channel),
        ] {
            if !wanted.is_empty() {
                let own = rows().find_map(|r| column.name(r)).unwrap_or("");
                if !wanted.iter().any(|w| w == own) {
                    return false;
                }
            }
        }
        if let Some(scope) = &self.rows {
            let org = rows().find_map(|r| batch.org.name(r));
            let unit = rows().find_map(|r| batch.unit.name(r));
            if !scope.keeps(org, unit) {
                return false;
            }
        }
        if self.min_duration_us.is_some() || self.max_duration_us.is_some() {
            let first = rows().map(|r| times[r]).min().unwrap_or(0);
            let last = rows().map(|r| times[r]).max().unwrap_or(0);
            let long = last - first;
            if self.min_duration_us.is_some_and(|m| long < m)
                || self.max_duration_us.is_some_and(|m| long > m)
            {
                return false;
            }
        }
        true
    }
}
