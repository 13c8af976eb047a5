//! The profile of a log: how many cases, rows, activities, variants, resources, from when to when.
//!
//! - Computes: exact counts over delivered rows.
//! - Units: instants in microseconds since 1970 UTC.
//! - Shapes: a log in, a [`Profile`] out.
//! - Errors: none; an empty log has no first instant.
//! - Source: counted against pm4py on every public log.

use eclusier_eventlog::{Columns, EventBatch, Interner, Kernel, intern::NONE};
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

/// Kernel of the profile.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProfileKernel;

/// The profile; also what one partition says.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ProfilePartial {
    activities: Interner,
    resources: Interner,
    paths: FxHashSet<Box<[u32]>>,
    cases: u64,
    events: u64,
    first: Option<i64>,
    last: Option<i64>,
}

/// Counts of a log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Profile {
    /// Cases.
    pub cases: u64,
    /// Delivered rows.
    pub events: u64,
    /// Activities, sorted.
    pub activities: Vec<String>,
    /// Distinct orders of activities.
    pub variants: u64,
    /// Distinct resources.
    pub resources: u64,
    /// Earliest instant of any kind, starts included.
    pub first: Option<i64>,
    /// Latest instant of any kind.
    pub last: Option<i64>,
}

impl Kernel for ProfileKernel {
    type Partial = ProfilePartial;
    type Output = Profile;

    fn columns(&self) -> Columns {
        Columns { tasks: true, resource: true, ..Columns::default() }
    }

    fn fold(&self, partial: &mut ProfilePartial, batch: &EventBatch) {
        let codes = batch.activity.codes(&mut partial.activities, batch.len());
        batch.resource.codes(&mut partial.resources, batch.len());
        for case in batch.cases() {
            partial.cases += 1;
            let path = &codes[case.rows];
            if !partial.paths.contains(path) {
                partial.paths.insert(path.into());
            }
        }
        partial.events += batch.len() as u64;
        for (row, &time) in batch.times().iter().enumerate() {
            let start = batch.start(row).unwrap_or(time);
            partial.first = Some(partial.first.map_or(start, |f| f.min(start)).min(time));
            partial.last = Some(partial.last.map_or(start, |l| l.max(start)).max(time));
        }
    }

    fn merge(&self, into: &mut ProfilePartial, other: ProfilePartial) {
        let codes = into.activities.absorb(&other.activities);
        into.resources.absorb(&other.resources);
        for path in other.paths {
            let path = path.iter().map(|&c| codes.get(c as usize).copied().unwrap_or(NONE));
            into.paths.insert(path.collect());
        }
        into.cases += other.cases;
        into.events += other.events;
        into.first = into.first.into_iter().chain(other.first).min();
        into.last = into.last.into_iter().chain(other.last).max();
    }

    fn finish(&self, partial: ProfilePartial) -> Profile {
        let mut activities = partial.activities.names().to_vec();
        activities.sort_unstable();
        Profile {
            cases: partial.cases,
            events: partial.events,
            activities,
            variants: partial.paths.len() as u64,
            resources: partial.resources.len() as u64,
            first: partial.first,
            last: partial.last,
        }
    }
}
