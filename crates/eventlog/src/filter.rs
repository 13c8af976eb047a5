//! One filter understood by every kernel, every screen and the URL.
//!
//! - Computes: which cases of a batch pass.
//! - Units: microseconds.
//! - Shapes: a batch of whole cases in; one answer per case out.
//! - Errors: none; a name that no row carries is simply absent.
//! - Source: the filters of process mining tools; checked against a reading row by row.

use eclusier_core::RowScope;
use serde::{Deserialize, Serialize};

use crate::{
    CaseRows, Columns, EventBatch, Interner, Rows, Step, VariantId, batch::NameColumn,
};

/// Which cases to keep. An empty filter keeps all. Every condition must hold; where a
/// condition lists values of one dimension or attribute, any of them will do.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Filter {
    /// Keep cases with an event at or after this instant (µs UTC).
    pub from_us: Option<i64>,
    /// Keep cases with an event strictly before this instant (µs UTC).
    pub until_us: Option<i64>,
    /// Keep cases having each of these activities.
    pub with_activity: Vec<String>,
    /// Drop cases having one of these activities.
    pub without_activity: Vec<String>,
    /// Keep cases in which the second activity directly follows the first, for each pair.
    pub with_path: Vec<(String, String)>,
    /// Drop cases in which the second activity directly follows the first, for any pair.
    pub without_path: Vec<(String, String)>,
    /// Keep cases of one of these variants.
    pub variant: Vec<VariantId>,
    /// The reading in which paths and variants are told.
    pub reading: Rows,
    /// Attributes: for each name, one of its values on any row of the case.
    pub attribute: Vec<(String, Vec<String>)>,
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
        // The reading alone drops nothing.
        *self == Filter { reading: self.reading, ..Filter::default() }
    }

    fn needs_steps(&self) -> bool {
        !(self.with_path.is_empty() && self.without_path.is_empty() && self.variant.is_empty())
    }

    /// Columns the filter reads.
    pub fn columns(&self) -> Columns {
        let dims = [&self.org, &self.unit, &self.product, &self.channel];
        let dimensions = self.rows.is_some() || dims.iter().any(|d| !d.is_empty());
        let steps = if self.needs_steps() { self.reading.columns() } else { Columns::default() };
        steps.and(Columns { dimensions, attributes: !self.attribute.is_empty(), ..Columns::default() })
    }

    /// Whether each case of the batch passes, in order.
    pub fn select(&self, batch: &EventBatch) -> Vec<bool> {
        let mut kept: Vec<bool> = batch.cases().map(|case| self.keeps_rows(batch, &case)).collect();
        if !(self.with_activity.is_empty() && self.without_activity.is_empty()) {
            self.by_activity(batch, &mut kept);
        }
        if self.needs_steps() {
            self.by_steps(batch, &mut kept);
        }
        if !self.attribute.is_empty() {
            for (keep, case) in kept.iter_mut().zip(batch.cases()) {
                *keep = *keep && self.keeps_attributes(batch, &case);
            }
        }
        kept
    }

    /// Period, duration, dimensions and rows in reach.
    fn keeps_rows(&self, batch: &EventBatch, case: &CaseRows<'_>) -> bool {
        let Some(times) = batch.times().get(case.rows.clone()) else { return false };
        if self.from_us.is_some_and(|from| !times.iter().any(|&t| t >= from)) {
            return false;
        }
        if self.until_us.is_some_and(|until| !times.iter().any(|&t| t < until)) {
            return false;
        }
        if self.min_duration_us.is_some() || self.max_duration_us.is_some() {
            let first = times.iter().min().copied().unwrap_or(0);
            let long = times.iter().max().copied().unwrap_or(0).saturating_sub(first);
            if self.min_duration_us.is_some_and(|m| long < m)
                || self.max_duration_us.is_some_and(|m| long > m)
            {
                return false;
            }
        }
        let own = |column: &NameColumn| case.rows.clone().find_map(|r| column.name(r)).map(str::to_owned);
        for (wanted, column) in [
            (&self.org, &batch.org),
            (&self.unit, &batch.unit),
            (&self.product, &batch.product),
            (&self.channel, &batch.channel),
        ] {
            // A case belongs to the first value it carries.
            if !wanted.is_empty() && !wanted.contains(&own(column).unwrap_or_default()) {
                return false;
            }
        }
        match &self.rows {
            None => true,
            Some(scope) => scope.keeps(own(&batch.org).as_deref(), own(&batch.unit).as_deref()),
        }
    }

    fn by_activity(&self, batch: &EventBatch, kept: &mut [bool]) {
        let mut names = Interner::default();
        let with: Vec<u32> = self.with_activity.iter().map(|n| names.code(n)).collect();
        let without: Vec<u32> = self.without_activity.iter().map(|n| names.code(n)).collect();
        // Names are compared once per batch, rows by their codes.
        let codes = batch.activity.codes(&mut names, batch.len());
        for (keep, case) in kept.iter_mut().zip(batch.cases()) {
            let own = codes.get(case.rows).unwrap_or_default();
            *keep = *keep
                && with.iter().all(|w| own.contains(w))
                && !own.iter().any(|c| without.contains(c));
        }
    }

    fn by_steps(&self, batch: &EventBatch, kept: &mut [bool]) {
        let mut names = Interner::default();
        let mut pairs = |paths: &[(String, String)]| -> Vec<(u32, u32)> {
            paths.iter().map(|(a, b)| (names.code(a), names.code(b))).collect()
        };
        let (with, without) = (pairs(&self.with_path), pairs(&self.without_path));
        let has = |steps: &[Step], pair: &(u32, u32)| {
            steps.windows(2).any(|w| (w[0].activity, w[1].activity) == *pair)
        };
        let mut orders: Vec<(String, bool, Box<[u32]>)> = Vec::new();
        self.reading.each_case(batch, &mut names, |id, steps| {
            let passes = with.iter().all(|p| has(steps, p)) && !without.iter().any(|p| has(steps, p));
            // The names of the steps are known once the batch is read.
            let order = match passes && !self.variant.is_empty() {
                true => steps.iter().map(|s| s.activity).collect(),
                false => Box::default(),
            };
            orders.push((id.to_owned(), passes, order));
        });
        let mut orders = orders.into_iter().peekable();
        for (keep, case) in kept.iter_mut().zip(batch.cases()) {
            // A case without a task has no step, hence no path and no variant.
            let Some((_, passes, order)) = orders.next_if(|(id, ..)| id == case.id) else {
                *keep = *keep && self.with_path.is_empty() && self.variant.is_empty();
                continue;
            };
            let named = || VariantId::of(order.iter().map(|&c| names.name(c)));
            *keep = *keep && passes && (self.variant.is_empty() || self.variant.contains(&named()));
        }
    }

    fn keeps_attributes(&self, batch: &EventBatch, case: &CaseRows<'_>) -> bool {
        self.attribute.iter().all(|(name, wanted)| {
            case.rows.clone().any(|row| {
                let Some(text) = batch.attributes(row).filter(|t| t.contains(name.as_str())) else {
                    return false;
                };
                let Ok(serde_json::Value::Object(map)) = serde_json::from_str(text) else {
                    return false;
                };
                match map.get(name) {
                    Some(serde_json::Value::String(value)) => wanted.contains(value),
                    Some(serde_json::Value::Null) | None => false,
                    Some(other) => wanted.contains(&other.to_string()),
                }
            })
        })
    }
}
