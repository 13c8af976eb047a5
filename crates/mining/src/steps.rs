//! Steps of the cases with who did them: what rework and hand-overs read.
//!
//! - Computes: the steps of each case, in order, with pseudonym, unit and product.
//! - Units: microseconds since 1970 UTC.
//! - Shapes: one batch in; a call per case with its steps out.
//! - Errors: none; pairing rules are in `eventlog::tasks`.
//! - Source: the two readings of [`crate::rows`].

use eclusier_eventlog::{
    Columns, EventBatch, Interner, Lifecycle, Pairing, Precision, intern::NONE, pair_tasks,
    tasks::Row,
};
use serde::{Deserialize, Serialize};

use crate::rows::Rows;

/// A step and who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) activity: u32,
    pub(crate) resource: u32,
    pub(crate) unit: u32,
    pub(crate) product: u32,
    pub(crate) start: i64,
    pub(crate) end: i64,
    /// When its work began, where the log says it: a step read as a row still knows it.
    pub(crate) worked_from: Option<i64>,
    /// Whether its instants are civil days.
    pub(crate) day: bool,
}

/// Names met, by code.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Names {
    pub(crate) activities: Interner,
    pub(crate) resources: Interner,
    /// Units and products.
    pub(crate) values: Interner,
}

/// Codes of another reader in ours.
pub(crate) struct Moved {
    pub(crate) activities: Vec<u32>,
    pub(crate) resources: Vec<u32>,
    pub(crate) values: Vec<u32>,
}

/// A code in our numbering.
pub(crate) fn moved(codes: &[u32], code: u32) -> u32 {
    codes.get(code as usize).copied().unwrap_or(NONE)
}

impl Names {
    pub(crate) fn absorb(&mut self, other: &Names) -> Moved {
        Moved {
            activities: self.activities.absorb(&other.activities),
            resources: self.resources.absorb(&other.resources),
            values: self.values.absorb(&other.values),
        }
    }
}

/// Columns a reader of steps needs.
pub(crate) fn columns() -> Columns {
    Columns { tasks: true, resource: true, dimensions: true, ..Columns::default() }
}

/// Calls `each` with the steps of every case that has any; all names of the batch are known by then.
pub(crate) fn each_case(
    rows: Rows,
    batch: &EventBatch,
    names: &mut Names,
    mut each: impl FnMut(&Names, &[Step]),
) {
    let activities = batch.activity.codes(&mut names.activities, batch.len());
    let resources = batch.resource.codes(&mut names.resources, batch.len());
    let units = batch.unit.codes(&mut names.values, batch.len());
    let products = batch.product.codes(&mut names.values, batch.len());
    let mut transitions = Interner::default();
    let lifecycle = batch.lifecycle.codes(&mut transitions, batch.len());
    let kinds: Vec<Lifecycle> =
        transitions.names().iter().map(|n| Lifecycle::from_name(Some(n))).collect();
    let times = batch.times();
    let mut pairing = Pairing::default();
    let mut steps = Vec::new();
    for case in batch.cases() {
        steps.clear();
        // A product said once is the product of the case.
        let own = case.rows.clone().map(|r| products[r]).find(|&p| p != NONE).unwrap_or(NONE);
        let product = |row: usize| if products[row] == NONE { own } else { products[row] };
        let day = |row: usize| batch.precision(row) == Precision::Day;
        match rows {
            Rows::Events => steps.extend(case.rows.clone().map(|row| Step {
                activity: activities[row],
                resource: resources[row],
                unit: units[row],
                product: product(row),
                start: times[row],
                end: times[row],
                worked_from: batch.start(row),
                day: day(row),
            })),
            Rows::Tasks => {
                let kind = |row: usize| match lifecycle[row] {
                    NONE => Lifecycle::None,
                    code => kinds.get(code as usize).copied().unwrap_or(Lifecycle::Other),
                };
                let delivered = case.rows.clone().map(|row| Row {
                    row,
                    activity: activities[row],
                    resource: resources[row],
                    lifecycle: kind(row),
                    start: batch.start(row),
                    time: times[row],
                });
                steps.extend(pair_tasks(delivered, &mut pairing).iter().map(|t| Step {
                    activity: t.activity,
                    resource: t.resource,
                    unit: units[t.row],
                    product: product(t.row),
                    start: t.start,
                    end: t.end.unwrap_or(t.start),
                    worked_from: (t.started && t.end.is_some()).then_some(t.start),
                    day: day(t.row),
                }));
            }
        }
        if !steps.is_empty() {
            each(names, &steps);
        }
    }
}

/// Maps with pairs as keys, written as lists: JSON-like formats have no such keys.
pub(crate) mod listed {
    use std::hash::Hash;

    use rustc_hash::FxHashMap;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<K, V, S>(
        map: &FxHashMap<K, V>,
        serializer: S,
    ) -> Result<S::Ok, S::Error>
    where
        K: Serialize,
        V: Serialize,
        S: Serializer,
    {
        serializer.collect_seq(map.iter())
    }

    pub(crate) fn deserialize<'de, K, V, D>(deserializer: D) -> Result<FxHashMap<K, V>, D::Error>
    where
        K: Deserialize<'de> + Eq + Hash,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        Ok(Vec::<(K, V)>::deserialize(deserializer)?.into_iter().collect())
    }
}

/// Two parties that pass a case to and fro: A B A, and longer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PingSum {
    pub(crate) runs: u64,
    pub(crate) cases: u64,
    pub(crate) turns: u64,
    pub(crate) longest: u64,
}

impl PingSum {
    pub(crate) fn add(&mut self, other: PingSum) {
        self.runs += other.runs;
        self.cases += other.cases;
        self.turns += other.turns;
        self.longest = self.longest.max(other.longest);
    }
}

/// Adds the alternations of one case. `line` holds no two equal neighbours it did not deliver:
/// a caller that wants stays merged merges them first.
pub(crate) fn alternations(
    line: &[u32],
    met: &mut Vec<(u32, u32)>,
    sums: &mut rustc_hash::FxHashMap<(u32, u32), PingSum>,
) {
    met.clear();
    let mut first = 0;
    while let Some(run) = line.get(first..).filter(|rest| rest.len() >= 3) {
        let (a, b) = (run[0], run[1]);
        let follows = run.iter().enumerate().skip(2);
        let turns = follows.take_while(|&(i, &x)| x == if i % 2 == 0 { a } else { b }).count() + 1;
        if a == b || turns < 2 {
            first += 1;
            continue;
        }
        let key = (a.min(b), a.max(b));
        let sum = sums.entry(key).or_default();
        sum.runs += 1;
        sum.turns += turns as u64;
        sum.longest = sum.longest.max(turns as u64);
        met.push(key);
        // The last step of a run may be the first of the next.
        first += turns;
    }
    met.sort_unstable();
    met.dedup();
    for key in met {
        sums.entry(*key).or_default().cases += 1;
    }
}

/// Merges neighbours that are equal, and leaves out those nobody knows.
pub(crate) fn merged(line: impl Iterator<Item = u32>, into: &mut Vec<u32>) {
    into.clear();
    for code in line {
        if code != NONE && into.last() != Some(&code) {
            into.push(code);
        }
    }
}
