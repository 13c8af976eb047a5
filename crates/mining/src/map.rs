//! The process map: which activity directly follows which, how often and after how long.
//!
//! - Computes: nodes (occurrences, cases, time spent), edges (times followed, cases,
//!   time between), first and last activities; times as mean, median, 90th percentile
//!   and sum, in calendar and in worked time.
//! - Units: seconds between the end of a step and the start of the next; steps
//!   that overlap waited 0 s. Worked seconds are those of a [`WorkClock`].
//! - Shapes: a log in, a [`Map`] out, most frequent first, ties by name.
//! - Errors: none; an empty log gives an empty map.
//! - Source: directly-follows graphs (van der Aalst 2016, ch. 7); checked against
//!   pm4py on every public log.

use std::collections::BTreeMap;

use eclusier_calendar::WorkClock;
use eclusier_eventlog::{Columns, EventBatch, Interner, Kernel, Precision};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::{rows::Rows, stats};

/// Kernel of the map.
#[derive(Debug, Clone, Default)]
pub struct MapKernel {
    /// Reading of the log.
    pub rows: Rows,
    /// Opening hours; without them nothing is said of worked time.
    pub clock: Option<WorkClock>,
}

impl MapKernel {
    /// The map in calendar time alone.
    pub fn calendar(rows: Rows) -> Self {
        Self { rows, clock: None }
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct NodeSum {
    events: u64,
    cases: u64,
    starts: u64,
    ends: u64,
    /// Ordinal (from 1) of the last case counted: a case counts once.
    last_case: u64,
    /// Time spent, where a start was delivered.
    touch: Vec<i64>,
    worked_touch: Vec<i64>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct EdgeSum {
    cases: u64,
    last_case: u64,
    waits: Vec<i64>,
    worked: Vec<i64>,
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
    /// Steps whose instants are whole days: no worked time can be told from them.
    days: u64,
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

/// A duration over many occurrences, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Span {
    /// Mean.
    pub mean_s: f64,
    /// Median.
    pub median_s: f64,
    /// 90th percentile.
    pub p90_s: f64,
    /// Sum.
    pub total_s: f64,
}

impl Span {
    /// Of durations in microseconds, which are reordered; `None` of nothing.
    pub fn of(values: &mut [i64]) -> Option<Self> {
        let sum: i128 = values.iter().map(|&v| i128::from(v)).sum();
        Some(Self {
            mean_s: stats::mean(values)? / MICROSECONDS,
            median_s: stats::quantile(values, 0.5)? / MICROSECONDS,
            p90_s: stats::quantile(values, 0.9)? / MICROSECONDS,
            total_s: sum as f64 / MICROSECONDS,
        })
    }
}

/// A node.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Node {
    /// Activity.
    pub name: String,
    /// Occurrences.
    pub events: u64,
    /// Cases having it.
    pub cases: u64,
    /// Time spent on it; `None` where no start was delivered.
    pub touch: Option<Span>,
    /// The same in worked time.
    pub worked_touch: Option<Span>,
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
    /// Time between the two.
    pub span: Span,
    /// The same in worked time.
    pub worked: Option<Span>,
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
    /// Cases read.
    pub cases: u64,
    /// Whether some instants are whole days, so that worked time is not told.
    pub days: bool,
}

const MICROSECONDS: f64 = 1e6;

impl Kernel for MapKernel {
    type Partial = MapPartial;
    type Output = Map;

    fn columns(&self) -> Columns {
        self.rows.columns()
    }

    fn fold(&self, partial: &mut MapPartial, batch: &EventBatch) {
        let MapPartial { names, nodes, edges, cases, days } = partial;
        *days += (0..batch.len()).filter(|&r| batch.precision(r) == Precision::Day).count() as u64;
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
                if step.started {
                    node.touch.push(step.end.saturating_sub(step.start).max(0));
                    if let Some(clock) = &self.clock {
                        node.worked_touch.push(clock.between(step.start, step.end));
                    }
                }
            }
            for pair in steps.windows(2) {
                let edge = edges.entry((pair[0].activity, pair[1].activity)).or_default();
                edge.waits.push(pair[1].start.saturating_sub(pair[0].end).max(0));
                if let Some(clock) = &self.clock {
                    edge.worked.push(clock.between(pair[0].end, pair[1].start));
                }
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
            node.touch.extend(from.touch);
            node.worked_touch.extend(from.worked_touch);
        }
        for ((a, b), from) in other.edges {
            let edge = into.edges.entry((codes[a as usize], codes[b as usize])).or_default();
            edge.cases += from.cases;
            edge.waits.extend(from.waits);
            edge.worked.extend(from.worked);
        }
        into.cases += other.cases;
        into.days += other.days;
        // Ordinals of the two sides are unrelated: forget them.
        into.nodes.iter_mut().for_each(|n| n.last_case = 0);
        into.edges.values_mut().for_each(|e| e.last_case = 0);
    }

    fn finish(&self, partial: MapPartial) -> Map {
        let MapPartial { names, mut nodes, edges, cases, days } = partial;
        let name = |code: usize| names.names().get(code).cloned().unwrap_or_default();
        let ends = |count: fn(&NodeSum) -> u64| {
            let seen = nodes.iter().enumerate().filter(|(_, n)| count(n) > 0);
            seen.map(|(code, n)| (name(code), count(n))).collect()
        };
        let (start, end) = (ends(|n| n.starts), ends(|n| n.ends));
        let worked = |values: &mut [i64]| if days > 0 { None } else { Span::of(values) };
        let mut activities: Vec<Node> = nodes
            .iter_mut()
            .enumerate()
            .filter(|(_, n)| n.events > 0)
            .map(|(code, n)| Node {
                name: name(code),
                events: n.events,
                cases: n.cases,
                touch: Span::of(&mut n.touch),
                worked_touch: worked(&mut n.worked_touch),
            })
            .collect();
        activities.sort_by(|a, b| b.events.cmp(&a.events).then_with(|| a.name.cmp(&b.name)));
        let nothing = Span { mean_s: 0.0, median_s: 0.0, p90_s: 0.0, total_s: 0.0 };
        let mut edges: Vec<Edge> = edges
            .into_iter()
            .map(|((a, b), mut sum)| Edge {
                from: name(a as usize),
                to: name(b as usize),
                count: sum.waits.len() as u64,
                cases: sum.cases,
                span: Span::of(&mut sum.waits).unwrap_or(nothing),
                worked: worked(&mut sum.worked),
            })
            .collect();
        edges.sort_by(|a, b| {
            b.count.cmp(&a.count).then_with(|| (&a.from, &a.to).cmp(&(&b.from, &b.to)))
        });
        Map { activities, edges, start, end, cases, days: days > 0 }
    }
}
