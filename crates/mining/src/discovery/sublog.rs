//! Part of a log during discovery: each order once, with its cases.

use rustc_hash::FxHashMap;

/// Distinct orders of activities and how many cases follow each.
#[derive(Debug, Clone, Default)]
pub(super) struct SubLog {
    orders: Vec<(Box<[u32]>, u64)>,
}

/// A log being gathered: equal orders are counted together.
#[derive(Default)]
pub(super) struct Collector {
    places: FxHashMap<Box<[u32]>, usize>,
    cases: Vec<u64>,
}

impl Collector {
    pub(super) fn add(&mut self, steps: &[u32], cases: u64) {
        if let Some(count) = self.places.get(steps).and_then(|&p| self.cases.get_mut(p)) {
            *count = count.saturating_add(cases);
        } else {
            self.places.insert(steps.into(), self.cases.len());
            self.cases.push(cases);
        }
    }

    /// In order of arrival, so that no hash decides anything.
    pub(super) fn finish(self) -> SubLog {
        let mut orders: Vec<(usize, Box<[u32]>)> =
            self.places.into_iter().map(|(steps, place)| (place, steps)).collect();
        orders.sort_unstable_by_key(|(place, _)| *place);
        let orders = orders.into_iter().zip(self.cases).map(|((_, s), n)| (s, n)).collect();
        SubLog { orders }
    }
}

impl SubLog {
    pub(super) fn iter(&self) -> impl Iterator<Item = (&[u32], u64)> {
        self.orders.iter().map(|(steps, cases)| (&**steps, *cases))
    }

    pub(super) fn cases(&self) -> u64 {
        self.orders.iter().fold(0, |sum, (_, n)| sum.saturating_add(*n))
    }

    pub(super) fn empty_cases(&self) -> u64 {
        // Orders are distinct: at most one is empty.
        self.orders.iter().find(|(steps, _)| steps.is_empty()).map_or(0, |(_, n)| *n)
    }

    pub(super) fn order(&self, place: usize) -> Option<(&[u32], u64)> {
        self.orders.get(place).map(|(steps, cases)| (&**steps, *cases))
    }

    pub(super) fn without_empty(mut self) -> Self {
        self.orders.retain(|(steps, _)| !steps.is_empty());
        self
    }

    pub(super) fn only(&self, activity: u32) -> Self {
        self.kept(|a| a == activity)
    }

    pub(super) fn without(&self, activity: u32) -> Self {
        self.kept(|a| a != activity)
    }

    fn kept(&self, keep: impl Fn(u32) -> bool) -> Self {
        let mut log = Collector::default();
        let mut path = Vec::new();
        for (steps, cases) in self.iter() {
            path.clear();
            path.extend(steps.iter().copied().filter(|&a| keep(a)));
            log.add(&path, cases);
        }
        log.finish()
    }
}
