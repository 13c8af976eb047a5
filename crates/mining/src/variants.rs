//! Variants: the ordered lists of activities that cases follow.
//!
//! - Computes: each distinct list with its cases, share, cumulative share, median lead
//!   time in calendar and worked time, and how its cases end; the happy path.
//! - Units: seconds from the first start to the last end of a case.
//! - Shapes: a log in; variants by decreasing cases, ties by activity names, out.
//! - Errors: none; an empty log has no variant. Worked time is not told of whole days.
//! - Source: van der Aalst (2016); checked against pm4py on every public log.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};

use eclusier_calendar::WorkClock;
use eclusier_eventlog::{Columns, EventBatch, Interner, Kernel, Precision, VariantId};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::{rows::Rows, stats};

/// What activities say of the end of a case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcomes {
    /// Outcome that an activity stands for. The last such activity of a path decides, so
    /// that a letter sent after the decision hides nothing and a reopening undoes it.
    pub of: BTreeMap<String, String>,
    /// Outcomes that settle a case: the happy path ends in one of them.
    pub settled: BTreeSet<String>,
}

/// Kernel of the variants.
#[derive(Debug, Clone, Default)]
pub struct VariantsKernel {
    /// Reading of the log.
    pub rows: Rows,
    /// How many to return; the total is always exact.
    pub top: usize,
    /// Opening hours, for worked lead times; without them only calendar time is told.
    pub clock: Option<WorkClock>,
    /// How cases end.
    pub outcomes: Outcomes,
    /// List this variant alone, with its place among all.
    pub only: Option<VariantId>,
}

/// The lead times of the cases of one path.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathTimes {
    /// Of every case, microseconds.
    pub lead: Vec<i64>,
    /// In worked time, of the cases whose instants are not whole days.
    pub worked: Vec<i64>,
}

/// What some partitions say of the variants.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct VariantsPartial {
    names: Interner,
    #[serde(with = "pairs")]
    paths: TimesByPath,
    #[serde(skip)]
    path: Vec<u32>,
}

type TimesByPath = FxHashMap<Box<[u32]>, PathTimes>;

mod pairs {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{PathTimes, TimesByPath};

    pub(super) fn serialize<S: Serializer>(
        map: &TimesByPath,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        map.iter().collect::<Vec<_>>().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<TimesByPath, D::Error> {
        Ok(Vec::<(Box<[u32]>, PathTimes)>::deserialize(deserializer)?.into_iter().collect())
    }
}

/// Cases that ended in one way.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OutcomeShare {
    /// Outcome.
    pub outcome: String,
    /// Cases.
    pub cases: u64,
    /// Share of the cases spoken of, 0 to 1; those without outcome count below the bar.
    pub share: f64,
}

/// A variant.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Variant {
    /// Identifier, for the filter and the address of a page.
    pub id: VariantId,
    /// Ordered activities.
    pub variant: Vec<String>,
    /// Cases.
    pub cases: u64,
    /// Share of all cases, 0 to 1.
    pub share: f64,
    /// Share of all cases held by this variant and those before it.
    pub cumulative_share: f64,
    /// Median lead time, seconds.
    pub median_lead_time_s: f64,
    /// The same in worked time, over `worked_cases`.
    pub worked_median_lead_time_s: Option<f64>,
    /// Cases whose worked time can be told.
    pub worked_cases: u64,
    /// How its cases end; empty when no activity of the path says it.
    pub outcomes: Vec<OutcomeShare>,
}

/// How the happy path was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HappyRule {
    /// The most frequent variant whose outcome settles the case.
    MostFrequentSettled,
    /// No outcome is configured: the most frequent variant of all.
    MostFrequent,
    /// Outcomes are configured and no case reached one that settles.
    NoneSettled,
}

/// Why worked time is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoWorkedTime {
    /// No opening hours were given.
    NoClock,
    /// The log knows days, not instants.
    DatesOnly,
}

/// All variants counted, the most frequent listed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Variants {
    /// Distinct variants.
    pub total: u64,
    /// Cases read.
    pub cases: u64,
    /// The most frequent.
    pub variants: Vec<Variant>,
    /// The path most cases follow to their end, when there is one.
    pub happy: Option<Variant>,
    /// How it was chosen.
    pub happy_rule: HappyRule,
    /// Why no worked time is told, when none is.
    pub no_worked_time: Option<NoWorkedTime>,
}

/// A path of a log with the times of its cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// Codes of its activities, ranks by name: comparing codes compares names.
    pub steps: Box<[u32]>,
    /// Times of its cases.
    pub times: PathTimes,
}

impl Path {
    /// Cases.
    pub fn cases(&self) -> u64 {
        self.times.lead.len() as u64
    }
}

/// Most frequent first, ties by the names of the activities.
pub(crate) fn compare(a: &Path, b: &Path) -> Ordering {
    b.times.lead.len().cmp(&a.times.lead.len()).then_with(|| a.steps.cmp(&b.steps))
}

impl VariantsPartial {
    /// Adds the cases of a batch.
    pub(crate) fn add(&mut self, rows: Rows, clock: Option<&WorkClock>, batch: &EventBatch) {
        let Self { names, paths, path } = self;
        let mut cases = batch.cases();
        rows.each_case(batch, names, |id, steps| {
            path.clear();
            path.extend(steps.iter().map(|s| s.activity));
            let first = steps.iter().map(|s| s.start).min().unwrap_or(0);
            let last = steps.iter().map(|s| s.end).max().unwrap_or(first);
            let worked = clock.and_then(|clock| {
                // Cases without a step were left out by the reading.
                let mut rows = cases.find(|case| case.id == id)?.rows;
                let days = rows.any(|row| batch.precision(row) == Precision::Day);
                (!days).then(|| clock.between(first, last))
            });
            let times = match paths.get_mut(path.as_slice()) {
                Some(times) => times,
                None => paths.entry(path.as_slice().into()).or_default(),
            };
            times.lead.push(last.saturating_sub(first));
            times.worked.extend(worked);
        });
    }

    /// Adds what a later partition found.
    pub(crate) fn absorb(&mut self, other: VariantsPartial) {
        let codes = self.names.absorb(&other.names);
        for (path, times) in other.paths {
            let path: Box<[u32]> =
                path.iter().filter_map(|&c| codes.get(c as usize).copied()).collect();
            let into = self.paths.entry(path).or_default();
            into.lead.extend(times.lead);
            into.worked.extend(times.worked);
        }
    }

    /// Names sorted, and the paths over their ranks in no order.
    pub(crate) fn ranked(self) -> (Vec<String>, Vec<Path>) {
        let Self { names, paths, .. } = self;
        let mut order: Vec<u32> = (0..names.len() as u32).collect();
        order.sort_by_key(|&c| names.name(c));
        // Ties are told apart by names, not by codes, whose order depends on the files.
        let mut rank = vec![0u32; names.len()];
        for (place, &code) in order.iter().enumerate() {
            rank[code as usize] = place as u32;
        }
        let path = |(mut steps, times): (Box<[u32]>, PathTimes)| {
            steps.iter_mut().for_each(|c| *c = rank.get(*c as usize).copied().unwrap_or(0));
            Path { steps, times }
        };
        let sorted = order.iter().map(|&c| names.name(c).to_owned()).collect();
        (sorted, paths.into_iter().map(path).collect())
    }
}

impl Outcomes {
    /// Outcome of each activity.
    pub(crate) fn by_code<'a>(&'a self, names: &[String]) -> Vec<Option<&'a str>> {
        names.iter().map(|n| self.of.get(n).map(String::as_str)).collect()
    }
}

/// Outcome of a path: that of its last activity that has one.
pub(crate) fn outcome_of<'a>(by_code: &[Option<&'a str>], steps: &[u32]) -> Option<&'a str> {
    steps.iter().rev().find_map(|&c| by_code.get(c as usize).copied().flatten())
}

/// A path in words and figures; `before` counts the cases of more frequent paths.
pub(crate) fn describe(
    names: &[String],
    outcomes: &Outcomes,
    path: &Path,
    cases: u64,
    before: u64,
) -> Variant {
    let text = |&c: &u32| names.get(c as usize).map_or("", String::as_str);
    let own = path.cases();
    let outcome = outcome_of(&outcomes.by_code(names), &path.steps);
    let mut times = path.times.clone();
    let seconds = |v: f64| v / 1e6;
    Variant {
        id: VariantId::of(path.steps.iter().map(text)),
        variant: path.steps.iter().map(|c| text(c).to_owned()).collect(),
        cases: own,
        share: own as f64 / cases as f64,
        cumulative_share: (before + own) as f64 / cases as f64,
        median_lead_time_s: stats::quantile(&mut times.lead, 0.5).map_or(0.0, seconds),
        worked_median_lead_time_s: stats::quantile(&mut times.worked, 0.5).map(seconds),
        worked_cases: times.worked.len() as u64,
        outcomes: outcome
            .map(|o| OutcomeShare { outcome: o.to_owned(), cases: own, share: 1.0 })
            .into_iter()
            .collect(),
    }
}

impl VariantsKernel {
    fn variant(&self, names: &[String], path: &Path, cases: u64, before: u64) -> Variant {
        describe(names, &self.outcomes, path, cases, before)
    }

    fn happy<'a>(&self, names: &[String], paths: &'a [Path]) -> (Option<&'a Path>, HappyRule) {
        let most = |among: &mut dyn Iterator<Item = &'a Path>| among.min_by(|a, b| compare(a, b));
        if self.outcomes.settled.is_empty() || self.outcomes.of.is_empty() {
            return (most(&mut paths.iter()), HappyRule::MostFrequent);
        }
        let by_code = self.outcomes.by_code(names);
        let settles = |p: &&Path| {
            outcome_of(&by_code, &p.steps).is_some_and(|o| self.outcomes.settled.contains(o))
        };
        match most(&mut paths.iter().filter(settles)) {
            Some(path) => (Some(path), HappyRule::MostFrequentSettled),
            None => (None, HappyRule::NoneSettled),
        }
    }
}

impl Kernel for VariantsKernel {
    type Partial = VariantsPartial;
    type Output = Variants;

    fn columns(&self) -> Columns {
        self.rows.columns()
    }

    fn fold(&self, partial: &mut VariantsPartial, batch: &EventBatch) {
        partial.add(self.rows, self.clock.as_ref(), batch);
    }

    fn merge(&self, into: &mut VariantsPartial, other: VariantsPartial) {
        into.absorb(other);
    }

    fn finish(&self, partial: VariantsPartial) -> Variants {
        let (names, mut paths) = partial.ranked();
        let total = paths.len() as u64;
        let cases: u64 = paths.iter().map(Path::cases).sum();
        let before = |path: &Path| -> u64 {
            paths.iter().filter(|p| compare(p, path).is_lt()).map(Path::cases).sum()
        };
        let (happy, happy_rule) = self.happy(&names, &paths);
        let happy = happy.map(|p| self.variant(&names, p, cases, before(p)));
        let any_worked = paths.iter().any(|p| !p.times.worked.is_empty());
        let no_worked_time = match &self.clock {
            None => Some(NoWorkedTime::NoClock),
            Some(_) => (cases > 0 && !any_worked).then_some(NoWorkedTime::DatesOnly),
        };
        let variants = if let Some(only) = self.only {
            let text = |&c: &u32| names.get(c as usize).map_or("", String::as_str);
            let found = paths.iter().find(|p| VariantId::of(p.steps.iter().map(text)) == only);
            found.map(|p| self.variant(&names, p, cases, before(p))).into_iter().collect()
        } else {
            let wanted = self.top.min(paths.len());
            if wanted > 0 && wanted < paths.len() {
                paths.select_nth_unstable_by(wanted - 1, compare);
            }
            paths.truncate(wanted);
            paths.sort_unstable_by(compare);
            let mut before = 0;
            let mut listed = |path: &Path| {
                let variant = self.variant(&names, path, cases, before);
                before += path.cases();
                variant
            };
            paths.iter().map(&mut listed).collect()
        };
        Variants { total, cases, variants, happy, happy_rule, no_worked_time }
    }
}
