//! The distinct orders of activities of a log with their cases: what discovery and
//! conformance read.
//!
//! - Computes: each variant once, with how many cases follow it.
//! - Units: cases.
//! - Shapes: a log in; variants, most frequent first, ties by activity names, out.
//! - Errors: none; an empty log has no variant.
//! - Source: van der Aalst (2016); counts checked against pm4py on every public log.

use eclusier_eventlog::{Columns, EventBatch, Interner, Kernel};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::rows::Rows;

/// Kernel of the traces.
#[derive(Debug, Clone, Copy, Default)]
pub struct TracesKernel {
    /// Reading of the log.
    pub rows: Rows,
}

/// What some partitions say of the traces.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct TracesPartial {
    names: Interner,
    #[serde(with = "pairs")]
    cases: FxHashMap<Box<[u32]>, u64>,
}

mod pairs {
    use rustc_hash::FxHashMap;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(
        map: &FxHashMap<Box<[u32]>, u64>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        map.iter().collect::<Vec<_>>().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<FxHashMap<Box<[u32]>, u64>, D::Error> {
        Ok(Vec::<(Box<[u32]>, u64)>::deserialize(deserializer)?.into_iter().collect())
    }
}

/// One order of activities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// Codes into [`Traces::activities`].
    pub steps: Box<[u32]>,
    /// Cases that follow it.
    pub cases: u64,
}

/// The traces of a log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Traces {
    /// Activity names, sorted.
    pub activities: Vec<String>,
    /// Variants, most frequent first, ties by activity names.
    pub traces: Vec<Trace>,
}

impl Traces {
    /// Cases of the log.
    pub fn cases(&self) -> u64 {
        self.traces.iter().map(|t| t.cases).sum()
    }

    /// Built by hand: orders of activity names with their cases.
    pub fn from_names<'a>(orders: impl IntoIterator<Item = (Vec<&'a str>, u64)>) -> Self {
        let mut partial = TracesPartial::default();
        for (names, cases) in orders {
            let steps: Box<[u32]> = names.iter().map(|n| partial.names.code(n)).collect();
            *partial.cases.entry(steps).or_default() += cases;
        }
        partial.finish()
    }
}

impl TracesPartial {
    fn finish(self) -> Traces {
        let TracesPartial { names, cases } = self;
        let mut order: Vec<u32> = (0..names.len() as u32).collect();
        order.sort_by_key(|&c| names.name(c));
        // Codes become ranks by name, so that comparing codes compares names.
        let mut rank = vec![0u32; names.len()];
        for (place, &code) in order.iter().enumerate() {
            rank[code as usize] = place as u32;
        }
        let mut traces: Vec<Trace> = cases
            .into_iter()
            .map(|(steps, cases)| Trace {
                steps: steps.iter().map(|&c| rank[c as usize]).collect(),
                cases,
            })
            .collect();
        traces.sort_by(|a, b| b.cases.cmp(&a.cases).then_with(|| a.steps.cmp(&b.steps)));
        let activities = order.iter().map(|&c| names.name(c).to_owned()).collect();
        Traces { activities, traces }
    }
}

impl Kernel for TracesKernel {
    type Partial = TracesPartial;
    type Output = Traces;

    fn columns(&self) -> Columns {
        self.rows.columns()
    }

    fn fold(&self, partial: &mut TracesPartial, batch: &EventBatch) {
        let TracesPartial { names, cases } = partial;
        let mut path = Vec::new();
        self.rows.each_case(batch, names, |_, steps| {
            path.clear();
            path.extend(steps.iter().map(|s| s.activity));
            match cases.get_mut(path.as_slice()) {
                Some(count) => *count += 1,
                None => {
                    cases.insert(path.as_slice().into(), 1);
                }
            }
        });
    }

    fn merge(&self, into: &mut TracesPartial, other: TracesPartial) {
        let codes = into.names.absorb(&other.names);
        for (path, count) in other.cases {
            let path: Box<[u32]> = path.iter().map(|&c| codes[c as usize]).collect();
            *into.cases.entry(path).or_default() += count;
        }
    }

    fn finish(&self, partial: TracesPartial) -> Traces {
        partial.finish()
    }
}
