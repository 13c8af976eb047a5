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

/// Durations of many occurrences as three columns: one long vector grows better than
/// thousands of short ones, and is sorted out by place once, at the end.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Lengths {
    /// Node or edge of each occurrence.
    place: Vec<u32>,
    calendar: Vec<i64>,
    /// Empty without opening hours.
    worked: Vec<i64>,
}

impl Lengths {
    fn push(&mut self, place: u32, calendar: i64, worked: Option<i64>) {
        self.place.push(place);
        self.calendar.push(calendar);
        self.worked.extend(worked);
    }

    fn absorb(&mut self, other: Self, places: &[u32]) {
        let place = |&p: &u32| places.get(p as usize).copied().unwrap_or(p);
        self.place.extend(other.place.iter().map(place));
        self.calendar.extend(other.calendar);
        self.worked.extend(other.worked);
    }

    /// The spans of each of `places` places, calendar then worked.
    fn spans(&self, places: usize, days: bool) -> Vec<(Option<Span>, Option<Span>)> {
        let mut ends = vec![0usize; places + 1];
        for &place in &self.place {
            ends[place as usize + 1] += 1;
        }
        for place in 0..places {
            ends[place + 1] += ends[place];
        }
        let sorted = |values: &[i64]| {
            let mut at = ends.clone();
            let mut sorted = vec![0i64; values.len()];
            for (&place, &value) in self.place.iter().zip(values) {
                let slot = &mut at[place as usize];
                sorted[*slot] = value;
                *slot += 1;
            }
            sorted
        };
        let mut calendar = sorted(&self.calendar);
        // Nothing worked is told of whole days.
        let told = !days && self.worked.len() == self.place.len();
        let mut worked = if told { sorted(&self.worked) } else { Vec::new() };
        let each = ends.windows(2).map(|w| {
            let own = w[0]..w[1];
            let worked = worked.get_mut(own.clone()).and_then(Span::of);
            (calendar.get_mut(own).and_then(Span::of), worked)
        });
        each.collect()
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
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct EdgeSum {
    from: u32,
    to: u32,
    count: u64,
    cases: u64,
    last_case: u64,
}

/// The edges met, found by their ends.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Vec<EdgeSum>", into = "Vec<EdgeSum>")]
struct Edges {
    sums: Vec<EdgeSum>,
    places: FxHashMap<u64, u32>,
}

impl From<Vec<EdgeSum>> for Edges {
    fn from(sums: Vec<EdgeSum>) -> Self {
        let places = sums.iter().zip(0..).map(|(e, place)| (Self::key(e.from, e.to), place));
        Self { places: places.collect(), sums }
    }
}

impl From<Edges> for Vec<EdgeSum> {
    fn from(edges: Edges) -> Self {
        edges.sums
    }
}

impl Edges {
    fn key(from: u32, to: u32) -> u64 {
        (u64::from(from) << 32) | u64::from(to)
    }

    fn place(&mut self, from: u32, to: u32) -> u32 {
        let sums = &mut self.sums;
        *self.places.entry(Self::key(from, to)).or_insert_with(|| {
            sums.push(EdgeSum { from, to, count: 0, cases: 0, last_case: 0 });
            (sums.len() - 1) as u32
        })
    }
}

/// What some partitions say of the map.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct MapPartial {
    names: Interner,
    nodes: Vec<NodeSum>,
    edges: Edges,
    /// Time spent, where a start was delivered.
    touch: Lengths,
    waits: Lengths,
    cases: u64,
    /// Steps whose instants are whole days: no worked time can be told from them.
    days: u64,
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
        let MapPartial { names, nodes, edges, touch, waits, cases, days } = partial;
        *days += (0..batch.len()).filter(|&r| batch.precision(r) == Precision::Day).count() as u64;
        let clock = self.clock.as_ref();
        let at = |us: i64| clock.map(|clock| clock.at(us));
        self.rows.each_case(batch, names, |_, steps| {
            *cases += 1;
            // End of the step before, and how much was worked by then.
            let mut before: Option<(u32, i64, Option<i64>)> = None;
            for step in steps {
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
                node.starts += u64::from(before.is_none());
                let started = at(step.start);
                let ended = if step.end == step.start { started } else { at(step.end) };
                let worked = |from: Option<i64>, to: Option<i64>| {
                    from.zip(to).map(|(from, to)| to.saturating_sub(from).max(0))
                };
                if step.started {
                    let length = step.end.saturating_sub(step.start).max(0);
                    touch.push(step.activity, length, worked(started, ended));
                }
                if let Some((from, end, then)) = before {
                    let place = edges.place(from, step.activity);
                    let edge = &mut edges.sums[place as usize];
                    edge.count += 1;
                    if edge.last_case != *cases {
                        edge.last_case = *cases;
                        edge.cases += 1;
                    }
                    let wait = step.start.saturating_sub(end).max(0);
                    waits.push(place, wait, worked(then, started));
                }
                before = Some((step.activity, step.end, ended));
            }
            if let Some((last, ..)) = before {
                nodes[last as usize].ends += 1;
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
        let mut places = Vec::with_capacity(other.edges.sums.len());
        for from in other.edges.sums {
            let place = into.edges.place(codes[from.from as usize], codes[from.to as usize]);
            let edge = &mut into.edges.sums[place as usize];
            edge.count += from.count;
            edge.cases += from.cases;
            places.push(place);
        }
        into.touch.absorb(other.touch, &codes);
        into.waits.absorb(other.waits, &places);
        into.cases += other.cases;
        into.days += other.days;
        // Ordinals of the two sides are unrelated: forget them.
        into.nodes.iter_mut().for_each(|n| n.last_case = 0);
        into.edges.sums.iter_mut().for_each(|e| e.last_case = 0);
    }

    fn finish(&self, partial: MapPartial) -> Map {
        let MapPartial { names, nodes, edges, touch, waits, cases, days } = partial;
        let name = |code: usize| names.names().get(code).cloned().unwrap_or_default();
        let ends = |count: fn(&NodeSum) -> u64| {
            let seen = nodes.iter().enumerate().filter(|(_, n)| count(n) > 0);
            seen.map(|(code, n)| (name(code), count(n))).collect()
        };
        let (start, end) = (ends(|n| n.starts), ends(|n| n.ends));
        let spans = touch.spans(nodes.len(), days > 0);
        let mut activities: Vec<Node> = nodes
            .iter()
            .zip(spans)
            .enumerate()
            .filter(|(_, (n, _))| n.events > 0)
            .map(|(code, (n, (touch, worked_touch)))| Node {
                name: name(code),
                events: n.events,
                cases: n.cases,
                touch,
                worked_touch,
            })
            .collect();
        activities.sort_by(|a, b| b.events.cmp(&a.events).then_with(|| a.name.cmp(&b.name)));
        let nothing = Span { mean_s: 0.0, median_s: 0.0, p90_s: 0.0, total_s: 0.0 };
        let spans = waits.spans(edges.sums.len(), days > 0);
        let edge = |(sum, (span, worked)): (&EdgeSum, (Option<Span>, Option<Span>))| Edge {
            from: name(sum.from as usize),
            to: name(sum.to as usize),
            count: sum.count,
            cases: sum.cases,
            span: span.unwrap_or(nothing),
            worked,
        };
        let mut edges: Vec<Edge> = edges.sums.iter().zip(spans).map(edge).collect();
        edges.sort_by(|a, b| {
            b.count.cmp(&a.count).then_with(|| (&a.from, &a.to).cmp(&(&b.from, &b.to)))
        });
        Map { activities, edges, start, end, cases, days: days > 0 }
    }
}
