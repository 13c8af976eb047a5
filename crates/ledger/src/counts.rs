//! A spreadsheet of daily counts, as delivered and corrected.
//!
//! A later delivery of the same day, place and kind supersedes the earlier one;
//! lines of the same key inside one delivery add up.

use std::collections::{BTreeMap, BTreeSet};

use eclusier_calendar::day_number;
use eclusier_core::DeliveryId;
use eclusier_eventlog::{Dimensions, Movement, MovementKind};

/// One kind of count on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Count {
    delivery: DeliveryId,
    count: i64,
}

/// The counts of one place on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct DayCounts {
    counts: [Option<Count>; MovementKind::ALL.len()],
}

impl DayCounts {
    pub(crate) fn get(&self, kind: MovementKind) -> Option<i64> {
        self.counts.get(kind as usize).copied().flatten().map(|c| c.count)
    }

    fn post(&mut self, delivery: DeliveryId, kind: MovementKind, count: i64) {
        if let Some(slot) = self.counts.get_mut(kind as usize) {
            *slot = match *slot {
                Some(old) if old.delivery > delivery => Some(old),
                Some(old) if old.delivery == delivery => {
                    Some(Count { delivery, count: old.count.saturating_add(count) })
                }
                _ => Some(Count { delivery, count }),
            };
        }
    }
}

/// Daily counts of a process.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CountsBook {
    pub(crate) places: BTreeMap<Dimensions, BTreeMap<i32, DayCounts>>,
    pub(crate) days: BTreeSet<i32>,
}

impl CountsBook {
    /// Posts movements, in any order of deliveries.
    pub fn new(movements: impl IntoIterator<Item = (DeliveryId, Movement)>) -> Self {
        let mut book = CountsBook::default();
        for (delivery, movement) in movements {
            let day = day_number(movement.day);
            book.days.insert(day);
            book.places.entry(movement.dimensions).or_default().entry(day).or_default().post(
                delivery,
                movement.kind,
                movement.count,
            );
        }
        book
    }

    /// First delivered day.
    pub fn first_day(&self) -> Option<i32> {
        self.days.first().copied()
    }

    /// Last delivered day.
    pub fn last_day(&self) -> Option<i32> {
        self.days.last().copied()
    }

    /// Delivered days.
    pub fn delivered_days(&self) -> usize {
        self.days.len()
    }

    /// Distinct (organisation, unit, product, channel).
    pub fn dimension_combos(&self) -> impl Iterator<Item = [Option<&str>; 4]> {
        self.places.keys().map(|d| [&d.org, &d.unit, &d.product, &d.channel].map(|v| v.as_deref()))
    }

    /// Whether a kind was ever delivered.
    pub fn has(&self, kind: MovementKind) -> bool {
        self.places.values().flat_map(BTreeMap::values).any(|d| d.get(kind).is_some())
    }
}
