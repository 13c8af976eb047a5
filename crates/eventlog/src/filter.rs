//! One filter understood by every kernel, every screen and the URL.
//!
//! - Computes: which cases of a batch pass.
//! - Units: microseconds.
//! - Shapes: a batch of whole cases in; one answer per case out.
//! - Errors: none; a name that no row carries is simply absent.
//! - Source: the filters of process mining tools; checked against a reading row by row.

use eclusier_core::RowScope;
use serde::{Deserialize, Serialize};

use crate::{CaseRows, Columns, EventBatch, Interner, Rows, Step, VariantId, batch::NameColumn};

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
        steps.and(Columns {
            dimensions,
            attributes: !self.attribute.is_empty(),
            ..Columns::default()
        })
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
        let own =
            |column: &NameColumn| case.rows.clone().find_map(|r| column.name(r)).map(str::to_owned);
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
            let passes =
                with.iter().all(|p| has(steps, p)) && !without.iter().any(|p| has(steps, p));
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

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, sync::Arc};

    use arrow_array::{ArrayRef, RecordBatch, StringArray, TimestampMicrosecondArray};
    use arrow_schema::{DataType, Field, Schema};
    use proptest::prelude::*;

    use super::*;
    use crate::schema;

    /// Case, activity, instant, attribute `motif`, product.
    type Line = (u8, u8, i64, Option<u8>, Option<u8>);

    const NAMES: [&str; 4] = ["a", "b", "c", "d"];

    fn lines() -> impl Strategy<Value = Vec<Line>> {
        let line = (0..6u8, 0..4u8, 0..50i64, prop::option::of(0..3u8), prop::option::of(0..2u8));
        prop::collection::vec(line, 1..40).prop_map(|mut lines| {
            lines.sort_by_key(|l| (l.0, l.2));
            lines
        })
    }

    fn attributes(motif: u8) -> String {
        match motif {
            0 => r#"{"motif":"vie","rang":1}"#.into(),
            1 => r#"{"motif":"décès"}"#.into(),
            _ => r#"{"autre":"vie"}"#.into(),
        }
    }

    fn batch(lines: &[Line]) -> EventBatch {
        let text = |f: &dyn Fn(&Line) -> Option<String>| -> ArrayRef {
            Arc::new(lines.iter().map(f).collect::<StringArray>())
        };
        let time: TimestampMicrosecondArray = lines.iter().map(|l| Some(l.2)).collect();
        let columns: Vec<(&str, ArrayRef)> = vec![
            (schema::CASE, text(&|l| Some(format!("cas {}", l.0)))),
            (schema::ACTIVITY, text(&|l| Some(NAMES[l.1 as usize].to_owned()))),
            (schema::TIME, Arc::new(time.with_timezone("UTC"))),
            (schema::PRODUCT, text(&|l| l.4.map(|p| format!("p{p}")))),
            (schema::ATTRIBUTES, text(&|l| l.3.map(attributes))),
        ];
        let field = |(name, array): &(&str, ArrayRef)| {
            Field::new(*name, array.data_type().clone() as DataType, true)
        };
        let schema = Schema::new(columns.iter().map(field).collect::<Vec<_>>());
        let columns = columns.into_iter().map(|c| c.1).collect();
        EventBatch::new(&RecordBatch::try_new(Arc::new(schema), columns).unwrap()).unwrap()
    }

    fn name() -> impl Strategy<Value = String> {
        prop::sample::select(vec!["a", "b", "c", "absente"]).prop_map(str::to_owned)
    }

    fn few<S: Strategy>(one: S) -> impl Strategy<Value = Vec<S::Value>> {
        prop::collection::vec(one, 0..2)
    }

    fn filter() -> impl Strategy<Value = Filter> {
        let pair = || (name(), name());
        let long = || prop::option::of(0..40i64);
        let variant = prop::collection::vec(name(), 1..3)
            .prop_map(|names| VariantId::of(names.iter().map(String::as_str)));
        let motif = prop::sample::select(vec!["vie", "décès", "rien"]).prop_map(str::to_owned);
        let product = prop::sample::select(vec!["p0".to_owned(), String::new()]);
        (
            (long(), long(), long(), long()),
            (few(name()), few(name())),
            (few(pair()), few(pair()), few(variant)),
            (prop::option::of(prop::collection::vec(motif, 1..3)), few(product)),
        )
            .prop_map(|(times, activities, steps, values)| Filter {
                from_us: times.0,
                until_us: times.1,
                min_duration_us: times.2,
                max_duration_us: times.3,
                with_activity: activities.0,
                without_activity: activities.1,
                with_path: steps.0,
                without_path: steps.1,
                variant: steps.2,
                attribute: values.0.map(|v| vec![("motif".to_owned(), v)]).unwrap_or_default(),
                product: values.1,
                ..Filter::default()
            })
    }

    /// What a person would do with the list of the events of one case.
    fn by_hand(filter: &Filter, case: &[Line]) -> bool {
        let names: Vec<&str> = case.iter().map(|l| NAMES[l.1 as usize]).collect();
        let follows = |(a, b): &(String, String)| names.windows(2).any(|w| w[0] == a && w[1] == b);
        let first = case.first().map_or(0, |l| l.2);
        let last = case.last().map_or(0, |l| l.2);
        let product = case.iter().find_map(|l| l.4).map_or(String::new(), |p| format!("p{p}"));
        let motifs: Vec<&str> =
            case.iter().filter_map(|l| [Some("vie"), Some("décès"), None][l.3? as usize]).collect();
        filter.from_us.is_none_or(|f| last >= f)
            && filter.until_us.is_none_or(|u| first < u)
            && filter.min_duration_us.is_none_or(|m| last - first >= m)
            && filter.max_duration_us.is_none_or(|m| last - first <= m)
            && filter.with_activity.iter().all(|a| names.contains(&a.as_str()))
            && !filter.without_activity.iter().any(|a| names.contains(&a.as_str()))
            && filter.with_path.iter().all(follows)
            && !filter.without_path.iter().any(follows)
            && (filter.variant.is_empty() || filter.variant.contains(&VariantId::of(names.clone())))
            && (filter.product.is_empty() || filter.product.contains(&product))
            && filter
                .attribute
                .iter()
                .all(|(_, any)| any.iter().any(|v| motifs.contains(&v.as_str())))
    }

    proptest! {
        #[test]
        fn a_filter_keeps_what_a_person_would(lines in lines(), filter in filter(), events in any::<bool>()) {
            let reading = if events { Rows::Events } else { Rows::Tasks };
            let filter = Filter { reading, ..filter };
            let mut cases: BTreeMap<u8, Vec<Line>> = BTreeMap::new();
            for line in &lines {
                cases.entry(line.0).or_default().push(*line);
            }
            let wanted: Vec<bool> = cases.values().map(|case| by_hand(&filter, case)).collect();
            prop_assert_eq!(filter.select(&batch(&lines)), wanted);
        }
    }
}
