//! How many people a part of the organisation has on a day, and how many are there.
//!
//! - Computes: members, full-time equivalents by contract and people present, per node.
//! - Units: people; share of a full time (1 = full time).
//! - Shapes: the organisation and a day in, one [`Heads`] per standing node out.
//! - Errors: none; an unknown contract is left out of the equivalents, and said.
//! - Source: `docs/methods/organisation.md`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{DatedFact, Fact, NodeId, Organisation, Person};

/// Whether somebody is there on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// The whole day.
    Present,
    /// One half of the day.
    Half,
    /// Not at all.
    Absent,
    /// Nobody expects them: a day off of their week or of the body.
    Off,
}

impl Presence {
    /// Stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Presence::Present => "present",
            Presence::Half => "half",
            Presence::Absent => "absent",
            Presence::Off => "off",
        }
    }
}

/// People of a node on a day, those of the nodes below included.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Heads {
    /// Active members, each counted once.
    pub members: u64,
    /// Full-time equivalents by contract; somebody in two nodes counts for one half in each.
    pub fte: f64,
    /// Members whose contract share is unknown: `fte` leaves them out.
    pub without_contract: u64,
    /// Members present at least half of the day.
    pub present: u64,
}

impl Heads {
    /// The equivalents, unknown when members have no contract at all.
    pub fn known_fte(&self) -> Option<f64> {
        (self.members == 0 || self.without_contract < self.members).then_some(self.fte)
    }
}

impl Person {
    /// The contract of a day: share, weekdays worked, calendar.
    fn contract(&self, day: Date) -> Option<(f64, &[u8], Option<&str>)> {
        self.on(day).find_map(|fact| match &fact.fact {
            Fact::Contract { share, worked_weekdays, calendar, .. } => {
                Some((*share, worked_weekdays.as_slice(), calendar.as_deref()))
            }
            _ => None,
        })
    }

    /// Share of a full time on a day; unknown without a contract.
    pub fn share(&self, day: Date) -> Option<f64> {
        self.contract(day).map(|(share, ..)| share)
    }

    /// Holiday calendar of the contract of a day, when it has its own.
    pub fn calendar(&self, day: Date) -> Option<&str> {
        self.contract(day).and_then(|(_, _, calendar)| calendar)
    }

    /// Whether the person is there: neither a weekday off nor away. Holidays are the caller's.
    pub fn presence(&self, day: Date) -> Presence {
        let weekday = u8::try_from(day.weekday().to_monday_one_offset()).unwrap_or(0);
        // Without a contract, the usual week.
        let usual = self.contract(day).map_or(&[1, 2, 3, 4, 5][..], |(_, weekdays, _)| weekdays);
        if !usual.contains(&weekday) {
            return Presence::Off;
        }
        let (mut morning, mut afternoon) = (true, true);
        for fact in self.on(day) {
            if let Fact::Absence { from_noon, until_noon, .. } = fact.fact {
                let (takes_morning, takes_afternoon) = halves(fact, from_noon, until_noon, day);
                morning &= !takes_morning;
                afternoon &= !takes_afternoon;
            }
        }
        match (morning, afternoon) {
            (true, true) => Presence::Present,
            (false, false) => Presence::Absent,
            _ => Presence::Half,
        }
    }
}

/// Which halves of a day within it an absence takes.
fn halves(fact: &DatedFact, from_noon: bool, until_noon: bool, day: Date) -> (bool, bool) {
    (!(from_noon && day == fact.valid.from), !(until_noon && fact.valid.to == Some(day)))
}

impl Organisation {
    /// People of every standing node on a day. `works` says whether a day is worked in a holiday
    /// calendar (the body's for `None`): nobody is present on a holiday.
    pub fn heads(
        &self,
        day: Date,
        works: impl Fn(Option<&str>) -> bool,
    ) -> BTreeMap<NodeId, Heads> {
        let mut heads: BTreeMap<NodeId, Heads> = self
            .nodes
            .values()
            .filter(|node| node.place(day).is_some())
            .map(|node| (node.id.clone(), Heads::default()))
            .collect();
        // A path from each node to its root, itself included: read once, not once per person.
        let paths: BTreeMap<NodeId, Vec<NodeId>> = heads
            .keys()
            .map(|id| {
                let mut path = self.above(id, day);
                path.push(id.clone());
                (id.clone(), path)
            })
            .collect();
        for person in self.people.values().filter(|person| person.active) {
            let own: BTreeSet<&NodeId> =
                person.nodes(day).filter(|node| paths.contains_key(*node)).collect();
            if own.is_empty() {
                continue;
            }
            let share = person.share(day);
            let there = matches!(person.presence(day), Presence::Present | Presence::Half);
            let here = works(person.calendar(day)) && there;
            let each = share.unwrap_or(0.0) / own.len() as f64;
            let mut around: BTreeMap<&NodeId, f64> = BTreeMap::new();
            for node in own.into_iter().filter_map(|node| paths.get(node)).flatten() {
                *around.entry(node).or_default() += each;
            }
            for (node, fte) in around {
                if let Some(heads) = heads.get_mut(node) {
                    heads.members += 1;
                    heads.fte += fte;
                    heads.without_contract += u64::from(share.is_none());
                    heads.present += u64::from(here);
                }
            }
        }
        heads
    }
}
