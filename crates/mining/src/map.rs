//! The process map: which activity directly follows which, how often and after how long.
//!
//! - Computes: nodes (occurrences, cases), edges (times followed, cases, mean,
//!   median and 90th percentile of the time between), first and last activities.
//! - Units: seconds between the end of a step and the start of the next; steps
//!   that overlap waited 0 s.
//! - Shapes: a log in, a [`Map`] out, most frequent first, ties by name.
//! - Errors: none; an empty log gives an empty map.
//! - Source: directly-follows graphs (van der Aalst 2016, ch. 7); checked against
//!   pm4py on every public log.

use std::collections::BTreeMap;

use eclusier_eventlog::{Columns, EventBatch, Interner, Kernel};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::{rows::Rows, stats};

/// Kernel of the map.
#[derive(Debug, Clone, Copy, Default)]
pub struct MapKernel {
    /// Reading of the log.
    pub rows: Rows,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct NodeSum {
    events: u64,
    cases: u64,
    starts: u64,
    ends: u64,
    /// Ordinal (from 1) of the last case counted: a case counts once.
    last_case: u64,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct EdgeSum {
    cases: u64,
    last_case: u64,
    waits: Vec<i64>,
}

/// What some partitions say of the map.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct MapPartial {
    names: Interner,
    nodes: Vec<NodeSum>,
    // A vector of pairs on the wire: JSON-like formats have no tuple keys.
    #[serde(with = "pairs")]
    edges: FxHashMap<(u32, u32), EdgeSum>,
    cases: u64,
}

mod pairs {
    use rustc_hash::FxHashMap;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::EdgeSum;

    pub(super) fn serialize<S: Serializer>(
        map: &FxHashMap<(u32, u32), EdgeSum>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        map.iter().collect::<Vec<_>>().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<FxHashMap<(u32, u32), EdgeSum>, D::Error> {
        Ok(Vec::<((u32, u32), EdgeSum)>::deserialize(deserializer)?.into_iter().collect())
    }
}

/// A node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Node {
    /// Activity.
    pub name: String,
    /// Occurrences.
    pub events: u64,
    /// Cases having it.
    pub cases: u64,
}

/// An edge.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Edge {
    /// From.
    pub from: String,
    /// To.
    pub to: String,
    /// Times followed.
    pub count: u64,
    /// Cases.
    pub cases: u64,
    /// Mean, seconds.
    pub mean_s: f64,
    /// Median, seconds.
    pub median_s: f64,
    /// 90th percentile, seconds.
    pub p90_s: f64,
}

/// The map.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Map {
    /// Nodes, most frequent first.
    pub activities: Vec<Node>,
    /// Edges, most frequent first.
    pub edges: Vec<Edge>,
    /// Cases starting with each activity.
    pub start: BTreeMap<String, u64>,
    /// Cases ending with each activity.
    pub end: BTreeMap<String, u64>,
}

const MICROSECONDS: f64 = 1e6;

impl Kernel for MapKernel {
    type Partial = MapPartial;
    type Output = Map;

    fn columns(&self) -> Columns {
        self.rows.columns()
    }

    fn fold(&self, partial: &mut MapPartial, batch: &EventBatch) {
        let MapPartial { names, nodes, edges, cases } = partial;
        self.rows.each_case(batch, names, |_, steps| {
            *cases += 1;
            for (i, step) in steps.iter().enumerate() {
                let code = step.activity as usize;
                if nodes.len() <= code {
                    nodes.resize_with(code + 1, NodeSum::default);
                }
                let node = &mut nodes[code];
                node.events += 1;
                if node.last_case != *cases {
                    node.last_case = *cases;
                    node.cases += 1;
                }
                node.starts += u64::from(i == 0);
                node.ends += u64::from(i + 1 == steps.len());
            }
            for pair in steps.windows(2) {
                let edge = edges.entry((pair[0].activity, pair[1].activity)).or_default();
                edge.waits.push(pair[1].start.saturating_sub(pair[0].end).max(0));
                if edge.last_case != *cases {
                    edge.last_case = *cases;
                    edge.cases += 1;
                }
            }
        });
    }

    fn merge(&self, into: &mut MapPartial, other: MapPartial) {
        let codes = into.names.absorb(&other.names);
        into.nodes.resize_with(into.names.len(), NodeSum::default);
        for (from, &to) in other.nodes.into_iter().zip(&codes) {
            let node = &mut into.nodes[to as usize];
            node.events += from.events;
            node.cases += from.cases;
            node.starts += from.starts;
            node.ends += from.ends;
        }
        for ((a, b), from) in other.edges {
            let edge = into.edges.entry((codes[a as usize], codes[b as usize])).or_default();
            edge.cases += from.cases;
            edge.waits.extend(from.waits);
        }
        into.cases += other.cases;
        // Ordinals of the two sides are unrelated: forget them.
        into.nodes.iter_mut().for_each(|n| n.last_case = 0);
        into.edges.values_mut().for_each(|e| e.last_case = 0);
    }

    fn finish(&self, partial: MapPartial) -> Map {
        let MapPartial { names, nodes, edges, .. } = partial;
        let name = |code: usize| names.names().get(code).cloned().unwrap_or_default();
        let ends = |count: fn(&NodeSum) -> u64| {
            let seen = nodes.iter().enumerate().filter(|(_, n)| count(n) > 0);
            seen.map(|(code, n)| (name(code), count(n))).collect()
        };
        let (start, end) = (ends(|n| n.starts), ends(|n| n.ends));
        let mut activities: Vec<Node> = nodes
            .iter()
            .enumerate()
            .filter(|(_, n)| n.events > 0)
            .map(|(code, n)| Node { name: name(code), events: n.events, cases: n.cases })
            .collect();
        activities.sort_by(|a, b| b.events.cmp(&a.events).then_with(|| a.name.cmp(&b.name)));
        let mut edges: Vec<Edge> = edges
            .into_iter()
            .map(|((a, b), mut sum)| {
                let seconds = |v: Option<f64>| v.unwrap_or(0.0) / MICROSECONDS;
                Edge {
                    from: name(a as usize),
                    to: name(b as usize),
                    count: sum.waits.len() as u64,
                    cases: sum.cases,
                    mean_s: seconds(stats::mean(&sum.waits)),
                    median_s: seconds(stats::quantile(&mut sum.waits, 0.5)),
                    p90_s: seconds(stats::quantile(&mut sum.waits, 0.9)),
                }
            })
            .collect();
        edges.sort_by(|a, b| {
            b.count.cmp(&a.count).then_with(|| (&a.from, &a.to).cmp(&(&b.from, &b.to)))
        });
        Map { activities, edges, start, end }
    }
}
