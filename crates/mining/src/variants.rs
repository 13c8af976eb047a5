//! Variants: the ordered lists of activities that cases follow.
//!
//! - Computes: each distinct list with its cases, share and median lead time.
//! - Units: seconds from the first start to the last end of a case.
//! - Shapes: a log in; variants by decreasing cases, ties by activity names, out.
//! - Errors: none; an empty log has no variant.
//! - Source: van der Aalst (2016); checked against pm4py on every public log.

use eclusier_eventlog::{Columns, EventBatch, Interner, Kernel};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::{rows::Rows, stats};

/// Kernel of the variants.
#[derive(Debug, Clone, Copy)]
pub struct VariantsKernel {
    /// Reading of the log.
    pub rows: Rows,
    /// How many to return; the total is always exact.
    pub top: usize,
}

/// What some partitions say of the variants.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct VariantsPartial {
    names: Interner,
    #[serde(with = "pairs")]
    lead_times: LeadTimesByPath,
    #[serde(skip)]
    path: Vec<u32>,
}

type LeadTimesByPath = FxHashMap<Box<[u32]>, Vec<i64>>;

mod pairs {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::LeadTimesByPath;

    pub(super) fn serialize<S: Serializer>(
        map: &LeadTimesByPath,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        map.iter().collect::<Vec<_>>().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<LeadTimesByPath, D::Error> {
        Ok(Vec::<(Box<[u32]>, Vec<i64>)>::deserialize(deserializer)?.into_iter().collect())
    }
}

/// A variant.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Variant {
    /// Ordered activities.
    pub variant: Vec<String>,
    /// Cases.
    pub cases: u64,
    /// Share of all cases, 0 to 1.
    pub share: f64,
    /// Median lead time, seconds.
    pub median_lead_time_s: f64,
}

/// All variants counted, the most frequent listed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Variants {
    /// Distinct variants.
    pub total: u64,
    /// Cases.
    pub cases: u64,
    /// The most frequent.
    pub variants: Vec<Variant>,
}

impl Kernel for VariantsKernel {
    type Partial = VariantsPartial;
    type Output = Variants;

    fn columns(&self) -> Columns {
        self.rows.columns()
    }

    fn fold(&self, partial: &mut VariantsPartial, batch: &EventBatch) {
        let VariantsPartial { names, lead_times, path } = partial;
        self.rows.each_case(batch, names, |_, steps| {
            path.clear();
            path.extend(steps.iter().map(|s| s.activity));
            let first = steps.iter().map(|s| s.start).min().unwrap_or(0);
            let last = steps.iter().map(|s| s.end).max().unwrap_or(first);
            match lead_times.get_mut(path.as_slice()) {
                Some(times) => times.push(last - first),
                None => {
                    lead_times.insert(path.as_slice().into(), vec![last - first]);
                }
            }
        });
    }

    fn merge(&self, into: &mut VariantsPartial, other: VariantsPartial) {
        let codes = into.names.absorb(&other.names);
        for (path, times) in other.lead_times {
            let path: Box<[u32]> = path.iter().map(|&c| codes[c as usize]).collect();
            into.lead_times.entry(path).or_default().extend(times);
        }
    }

    fn finish(&self, partial: VariantsPartial) -> Variants {
        let VariantsPartial { names, lead_times, .. } = partial;
        let total = lead_times.len() as u64;
        let cases: usize = lead_times.values().map(Vec::len).sum();
        // Ties are told apart by names, not by codes, whose order depends on the files.
        let mut order: Vec<u32> = (0..names.len() as u32).collect();
        order.sort_by_key(|&c| names.name(c));
        let mut rank = vec![0u32; names.len()];
        for (place, &code) in order.iter().enumerate() {
            rank[code as usize] = place as u32;
        }
        let by_name =
            |path: &[u32]| -> Vec<u32> { path.iter().map(|&c| rank[c as usize]).collect() };
        let mut all: Vec<(Box<[u32]>, Vec<i64>)> = lead_times.into_iter().collect();
        let wanted = self.top.min(all.len());
        let compare = |a: &(Box<[u32]>, Vec<i64>), b: &(Box<[u32]>, Vec<i64>)| {
            b.1.len().cmp(&a.1.len()).then_with(|| by_name(&a.0).cmp(&by_name(&b.0)))
        };
        if wanted > 0 && wanted < all.len() {
            all.select_nth_unstable_by(wanted - 1, compare);
            all.truncate(wanted);
        }
        all.sort_unstable_by(compare);
        all.truncate(wanted);
        let variants = all
            .into_iter()
            .map(|(path, mut times)| Variant {
                variant: path.iter().map(|&c| names.name(c).to_owned()).collect(),
                cases: times.len() as u64,
                share: times.len() as f64 / cases as f64,
                median_lead_time_s: stats::quantile(&mut times, 0.5).unwrap_or(0.0) / 1e6,
            })
            .collect();
        Variants { total, cases: cases as u64, variants }
    }
}
