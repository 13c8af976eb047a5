//! Groups of variants that look alike, for logs whose variants are too many to read.
//!
//! - Computes: variants gathered by their order without repeats, then around a few typical
//!   ones; what each group has in common and what tells it apart.
//! - Units: distances are Jaccard distances, 0 (the same) to 1 (nothing in common).
//! - Shapes: the paths of a log in; groups, most cases first, out. Every variant is in one.
//! - Errors: [`GroupError`] when stopped. Cost: at most `compared`² distances.
//! - Source: Kaufman and Rousseeuw (1990), medoids and silhouettes; Jaccard (1901).

use eclusier_calendar::WorkClock;
use eclusier_eventlog::{Columns, EventBatch, Kernel, VariantId};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;

use crate::{
    rows::Rows,
    stats,
    variants::{
        OutcomeShare, Outcomes, Path, Variant, VariantsPartial, compare, describe, outcome_of,
    },
};

mod medoids;

/// Why there is no grouping.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum GroupError {
    /// The caller asked to stop.
    #[error("stopped while variants were compared")]
    Stopped,
}

/// Kernel of the paths of a log, which [`group_variants`] reads.
#[derive(Debug, Clone, Default)]
pub struct VariantPathsKernel {
    /// Reading of the log.
    pub rows: Rows,
    /// Opening hours, for worked lead times.
    pub clock: Option<WorkClock>,
}

/// The paths of a log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VariantPaths {
    /// Activity names, sorted.
    pub activities: Vec<String>,
    /// Paths, most frequent first, ties by names.
    pub paths: Vec<Path>,
}

impl Kernel for VariantPathsKernel {
    type Partial = VariantsPartial;
    type Output = VariantPaths;

    fn columns(&self) -> Columns {
        self.rows.columns()
    }

    fn fold(&self, partial: &mut VariantsPartial, batch: &EventBatch) {
        partial.add(self.rows, self.clock.as_ref(), batch);
    }

    fn merge(&self, into: &mut VariantsPartial, other: VariantsPartial) {
        into.absorb(other);
    }

    fn finish(&self, partial: VariantsPartial) -> VariantPaths {
        let (activities, mut paths) = partial.ranked();
        paths.sort_unstable_by(compare);
        VariantPaths { activities, paths }
    }
}

/// How to group.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupOptions {
    /// Orders compared with each other; the rarer ones join the nearest typical one.
    pub compared: usize,
    /// Fewest groups to try.
    pub min_groups: usize,
    /// Most groups to try; the number that parts best is kept.
    pub max_groups: usize,
    /// Share of a group's cases from which an activity is common to it.
    pub common_share: f64,
    /// Difference of shares from which an activity tells a group apart.
    pub telling_difference: f64,
    /// How cases end.
    pub outcomes: Outcomes,
}

impl Default for GroupOptions {
    fn default() -> Self {
        Self {
            compared: 500,
            min_groups: 2,
            max_groups: 8,
            common_share: 0.9,
            telling_difference: 0.2,
            outcomes: Outcomes::default(),
        }
    }
}

/// An activity and the share of cases that have it, in a group and in all others.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ActivityShare {
    /// Activity.
    pub activity: String,
    /// Share of the cases of the group, 0 to 1.
    pub inside: f64,
    /// Share of all other cases; `None` when there is no other.
    pub outside: Option<f64>,
}

/// Two activities that follow each other, and the share of cases where they do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PathShare {
    /// First.
    pub from: String,
    /// Next, repeats left out.
    pub to: String,
    /// Share of the cases of the group, 0 to 1.
    pub inside: f64,
    /// Share of all other cases.
    pub outside: f64,
}

/// Variants that look alike.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VariantGroup {
    /// The variant that stands for the group.
    pub medoid: Variant,
    /// Variants.
    pub variants: u64,
    /// Cases.
    pub cases: u64,
    /// Share of all cases.
    pub share: f64,
    /// Share of all cases held by this group and those before it.
    pub cumulative_share: f64,
    /// Median lead time, seconds.
    pub median_lead_time_s: f64,
    /// The same in worked time, where it can be told.
    pub worked_median_lead_time_s: Option<f64>,
    /// Activities that nearly all its cases have, most common first.
    pub common: Vec<ActivityShare>,
    /// Activities met more often here than elsewhere, most telling first.
    pub more: Vec<ActivityShare>,
    /// Activities met less often here than elsewhere, most telling first.
    pub less: Vec<ActivityShare>,
    /// Pairs that follow each other more often here than elsewhere: what tells apart groups
    /// with the same activities in another order.
    pub more_paths: Vec<PathShare>,
    /// Cases that do some activity more than once.
    pub cases_with_repeats: u64,
    /// How its cases end; those without outcome are counted in none.
    pub outcomes: Vec<OutcomeShare>,
    /// Mean distance of its cases to the medoid, 0 to 1.
    pub mean_distance: f64,
    /// Its variants, most frequent first.
    #[serde(skip)]
    pub ids: Vec<VariantId>,
}

/// The groups of a log.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VariantGroups {
    /// Groups, most cases first.
    pub groups: Vec<VariantGroup>,
    /// Distinct variants.
    pub total: u64,
    /// Cases.
    pub cases: u64,
    /// Orders left once repeats are taken out.
    pub orders: u64,
    /// Orders compared with each other.
    pub compared: u64,
    /// Mean silhouette of the cases compared, −1 to 1; below 0.25 the groups run into each
    /// other, and it must be said. `None` with a single group.
    pub separation: Option<f64>,
}

/// Variants with one order of first appearances.
struct Order {
    /// Activities, each at its first place.
    steps: Box<[u32]>,
    /// Places of its paths, most frequent first.
    paths: Vec<usize>,
    cases: u64,
    /// Activities and pairs that follow each other, sorted.
    features: Vec<u64>,
}

fn first_appearances(steps: &[u32], seen: &mut FxHashSet<u32>) -> Box<[u32]> {
    seen.clear();
    steps.iter().copied().filter(|&a| seen.insert(a)).collect()
}

fn features(steps: &[u32]) -> Vec<u64> {
    let alone = steps.iter().map(|&a| (u64::from(a) << 32) | u64::from(u32::MAX));
    let pairs = steps.windows(2).map(|w| (u64::from(w[0]) << 32) | u64::from(w[1]));
    let mut all: Vec<u64> = alone.chain(pairs).collect();
    all.sort_unstable();
    all
}

/// Whole parts of a distance: sums of them are exact, whatever their order.
const WHOLE: i64 = 1_000_000;

/// Jaccard distance of two sorted sets, in millionths.
fn distance(a: &[u64], b: &[u64]) -> i64 {
    let (mut i, mut j, mut both) = (0, 0, 0i64);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        i += usize::from(x <= y);
        j += usize::from(y <= x);
        both += i64::from(x == y);
    }
    let either = (a.len() + b.len()) as i64 - both;
    if either == 0 { 0 } else { WHOLE - (both * WHOLE + either / 2) / either }
}

fn orders(paths: &[Path]) -> Vec<Order> {
    let mut seen = FxHashSet::default();
    let mut places: FxHashMap<Box<[u32]>, usize> = FxHashMap::default();
    let mut orders: Vec<Order> = Vec::new();
    for (place, path) in paths.iter().enumerate() {
        let steps = first_appearances(&path.steps, &mut seen);
        let at = *places.entry(steps).or_insert_with_key(|steps| {
            let features = features(steps);
            orders.push(Order { steps: steps.clone(), paths: Vec::new(), cases: 0, features });
            orders.len() - 1
        });
        if let Some(order) = orders.get_mut(at) {
            order.paths.push(place);
            order.cases = order.cases.saturating_add(path.cases());
        }
    }
    orders
}

/// Groups the variants of a log.
pub fn group_variants(
    log: &VariantPaths,
    options: &GroupOptions,
    stop: &dyn Fn() -> bool,
) -> Result<VariantGroups, GroupError> {
    let mut paths: Vec<&Path> = log.paths.iter().collect();
    paths.sort_by(|a, b| compare(a, b));
    let paths: Vec<Path> = paths.into_iter().cloned().collect();
    let mut orders = orders(&paths);
    let name = |&c: &u32| log.activities.get(c as usize).map_or("", String::as_str);
    // Where all are equally frequent, names would choose the first letters of the
    // alphabet: the identifiers, which no letter orders, choose instead.
    orders.sort_by_cached_key(|o| {
        (std::cmp::Reverse(o.cases), VariantId::of(o.steps.iter().map(name)), o.steps.clone())
    });
    let compared = orders.len().min(options.compared.max(1));
    let (head, tail) = orders.split_at(compared);
    let mut matrix = medoids::Matrix::new(compared);
    for (i, a) in head.iter().enumerate() {
        if stop() {
            return Err(GroupError::Stopped);
        }
        for (j, b) in head.iter().enumerate().skip(i + 1) {
            matrix.set(i, j, distance(&a.features, &b.features));
        }
    }
    let weights: Vec<i64> = head
        .iter()
        .map(|o| i64::try_from(o.cases).unwrap_or(i64::MAX).clamp(1, WHOLE * 1000))
        .collect();
    let range = options.min_groups.max(1)..=options.max_groups.max(1);
    let best = medoids::best(&matrix, &weights, range, stop).ok_or(GroupError::Stopped)?;
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); best.medoids.len()];
    let mut join = |group: usize, order: usize| {
        if let Some(list) = members.get_mut(group) {
            list.push(order);
        }
    };
    for (order, &group) in best.group.iter().enumerate() {
        join(group, order);
    }
    for (at, order) in tail.iter().enumerate() {
        let far = |m: usize| head.get(m).map_or(WHOLE, |h| distance(&h.features, &order.features));
        let near = best.medoids.iter().enumerate().min_by_key(|(_, m)| far(**m));
        join(near.map_or(0, |(group, _)| group), compared + at);
    }
    let cases: u64 = paths.iter().map(Path::cases).sum();
    let facts = Facts { log, options, paths: &paths, orders: &orders, cases };
    let mut groups: Vec<VariantGroup> = best
        .medoids
        .iter()
        .zip(&members)
        .filter_map(|(&medoid, members)| facts.group(medoid, members))
        .collect();
    groups.sort_by(|a, b| {
        b.cases.cmp(&a.cases).then_with(|| a.medoid.variant.cmp(&b.medoid.variant))
    });
    let mut before = 0;
    for group in &mut groups {
        before += group.cases;
        group.cumulative_share = before as f64 / cases as f64;
    }
    Ok(VariantGroups {
        groups,
        total: paths.len() as u64,
        cases,
        orders: orders.len() as u64,
        compared: compared as u64,
        separation: best.silhouette,
    })
}

struct Facts<'a> {
    log: &'a VariantPaths,
    options: &'a GroupOptions,
    paths: &'a [Path],
    orders: &'a [Order],
    cases: u64,
}

impl Facts<'_> {
    /// Cases having each activity, among some orders.
    fn having<'b>(&self, orders: impl Iterator<Item = &'b Order>) -> Vec<u64> {
        let mut having = vec![0u64; self.log.activities.len()];
        for order in orders {
            for &a in &order.steps {
                if let Some(count) = having.get_mut(a as usize) {
                    *count += order.cases;
                }
            }
        }
        having
    }

    fn group(&self, medoid: usize, members: &[usize]) -> Option<VariantGroup> {
        let names = &self.log.activities;
        let centre = self.orders.get(medoid)?;
        let own: Vec<&Order> = members.iter().filter_map(|&o| self.orders.get(o)).collect();
        let mut places: Vec<usize> = own.iter().flat_map(|o| o.paths.iter().copied()).collect();
        places.sort_unstable();
        let paths: Vec<&Path> = places.iter().filter_map(|&p| self.paths.get(p)).collect();
        let cases: u64 = own.iter().map(|o| o.cases).sum();
        let best = *centre.paths.first()?;
        let before: u64 = self.paths.iter().take(best).map(Path::cases).sum();
        let inside = self.having(own.iter().copied());
        let all = self.having(self.orders.iter());
        let others = self.cases - cases;
        let mut shares: Vec<ActivityShare> = inside
            .iter()
            .zip(&all)
            .zip(names)
            .filter(|((_, all), _)| **all > 0)
            .map(|((&inside, &all), activity)| ActivityShare {
                activity: activity.clone(),
                inside: inside as f64 / cases as f64,
                outside: (others > 0).then(|| (all - inside) as f64 / others as f64),
            })
            .collect();
        let difference = |s: &ActivityShare| s.outside.map_or(0.0, |o| s.inside - o);
        // Sorted by name already; a stable sort keeps that order among equals.
        let mut telling = |sign: f64| -> Vec<ActivityShare> {
            shares.sort_by(|a, b| {
                (sign * difference(b))
                    .total_cmp(&(sign * difference(a)))
                    .then_with(|| a.activity.cmp(&b.activity))
            });
            let enough =
                |s: &&ActivityShare| sign * difference(s) >= self.options.telling_difference;
            shares.iter().take_while(enough).take(5).cloned().collect()
        };
        let (more, less) = (telling(1.0), telling(-1.0));
        shares.sort_by(|a, b| {
            b.inside.total_cmp(&a.inside).then_with(|| a.activity.cmp(&b.activity))
        });
        let common =
            shares.iter().take_while(|s| s.inside >= self.options.common_share).cloned().collect();
        let more_paths = self.more_paths(&own, cases, others);
        let mut lead: Vec<i64> = paths.iter().flat_map(|p| p.times.lead.iter().copied()).collect();
        let mut worked: Vec<i64> =
            paths.iter().flat_map(|p| p.times.worked.iter().copied()).collect();
        let seconds = |v: f64| v / 1e6;
        let far: i128 = own
            .iter()
            .map(|o| i128::from(distance(&o.features, &centre.features)) * i128::from(o.cases))
            .sum();
        let repeats = |p: &&&Path| {
            let mut seen = FxHashSet::default();
            p.steps.iter().any(|&a| !seen.insert(a))
        };
        let name = |&c: &u32| names.get(c as usize).map_or("", String::as_str);
        Some(VariantGroup {
            medoid: describe(
                names,
                &self.options.outcomes,
                self.paths.get(best)?,
                self.cases,
                before,
            ),
            variants: paths.len() as u64,
            cases,
            share: cases as f64 / self.cases as f64,
            cumulative_share: 0.0,
            median_lead_time_s: stats::quantile(&mut lead, 0.5).map_or(0.0, seconds),
            worked_median_lead_time_s: stats::quantile(&mut worked, 0.5).map(seconds),
            common,
            more,
            less,
            more_paths,
            cases_with_repeats: paths.iter().filter(repeats).map(|p| p.cases()).sum(),
            outcomes: self.outcomes(&paths, cases),
            mean_distance: far as f64 / WHOLE as f64 / cases as f64,
            ids: paths.iter().map(|p| VariantId::of(p.steps.iter().map(name))).collect(),
        })
    }

    fn more_paths(&self, own: &[&Order], cases: u64, others: u64) -> Vec<PathShare> {
        let pairs = |orders: &mut dyn Iterator<Item = &Order>| {
            let mut having: FxHashMap<(u32, u32), u64> = FxHashMap::default();
            for order in orders {
                for w in order.steps.windows(2) {
                    *having.entry((w[0], w[1])).or_default() += order.cases;
                }
            }
            having
        };
        if others == 0 {
            return Vec::new();
        }
        let all = pairs(&mut self.orders.iter());
        let name = |c: u32| self.log.activities.get(c as usize).cloned().unwrap_or_default();
        let share = |((a, b), n): ((u32, u32), u64)| {
            let all = all.get(&(a, b)).copied().unwrap_or(n);
            PathShare {
                from: name(a),
                to: name(b),
                inside: n as f64 / cases as f64,
                outside: all.saturating_sub(n) as f64 / others as f64,
            }
        };
        let mut shares: Vec<PathShare> =
            pairs(&mut own.iter().copied()).into_iter().map(share).collect();
        shares.retain(|s| s.inside - s.outside >= self.options.telling_difference);
        shares.sort_by(|a, b| {
            (b.inside - b.outside)
                .total_cmp(&(a.inside - a.outside))
                .then_with(|| (&a.from, &a.to).cmp(&(&b.from, &b.to)))
        });
        shares.truncate(5);
        shares
    }

    fn outcomes(&self, paths: &[&Path], cases: u64) -> Vec<OutcomeShare> {
        let by_code = self.options.outcomes.by_code(&self.log.activities);
        let mut ended: std::collections::BTreeMap<&str, u64> = std::collections::BTreeMap::new();
        for path in paths {
            if let Some(outcome) = outcome_of(&by_code, &path.steps) {
                *ended.entry(outcome).or_default() += path.cases();
            }
        }
        let mut shares: Vec<OutcomeShare> = ended
            .into_iter()
            .map(|(outcome, n)| OutcomeShare {
                outcome: outcome.to_owned(),
                cases: n,
                share: n as f64 / cases as f64,
            })
            .collect();
        shares.sort_by_key(|o| std::cmp::Reverse(o.cases));
        shares
    }
}
