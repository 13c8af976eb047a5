//! The organisation: bodies, sites, services, teams and people, all dated.
//!
//! - Computes: who belongs where on a day, what hangs below a node on a day, and which
//!   rows of the data a node covers.
//! - Units: civil days, first and last included; contract share of a full time.
//! - Shapes: the whole organisation as one value ([`Organisation`]), a day in, sets out.
//! - Errors: none; a node or person that is not there on the day is simply not found.
//! - Source: `docs/methods/organisation.md` and `docs/rights.md`.

mod edit;
mod heads;
mod timeline;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use edit::{Edit, OrgFault};
pub use heads::{Heads, Presence};
pub use timeline::{Piece, cut_before, merged, reconcile};

/// Identifier of a node of the organisation, made by the program.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeId(pub String);

/// Identifier of a person, made by the program.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PersonId(pub String);

impl std::fmt::Display for NodeId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::fmt::Display for PersonId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a node of the organisation is, widest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeKind {
    /// Several bodies.
    Network,
    /// A body (a fund, a mutual).
    Body,
    /// A site of a body.
    Site,
    /// A service.
    Service,
    /// A team: the smallest group that figures describe.
    Team,
}

impl NodeKind {
    /// Every kind, widest first.
    pub const ALL: [NodeKind; 5] =
        [NodeKind::Network, NodeKind::Body, NodeKind::Site, NodeKind::Service, NodeKind::Team];

    /// Stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            NodeKind::Network => "network",
            NodeKind::Body => "body",
            NodeKind::Site => "site",
            NodeKind::Service => "service",
            NodeKind::Team => "team",
        }
    }

    /// The kind of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Whether its code stands in the `org` column of the data (else in `unit`).
    pub fn is_org(self) -> bool {
        matches!(self, NodeKind::Network | NodeKind::Body | NodeKind::Site)
    }
}

/// Days during which something holds, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Validity {
    /// First day.
    pub from: Date,
    /// Last day; `None` is until further notice.
    pub to: Option<Date>,
}

impl Validity {
    /// Whether the day is within.
    pub fn covers(&self, day: Date) -> bool {
        self.from <= day && self.to.is_none_or(|to| day <= to)
    }

    /// Whether two validities share a day.
    pub fn overlaps(&self, other: &Validity) -> bool {
        self.to.is_none_or(|to| other.from <= to) && other.to.is_none_or(|to| self.from <= to)
    }
}

/// Where a node hangs during some days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Node above; `None` for a root.
    pub parent: Option<NodeId>,
    /// When.
    pub valid: Validity,
}

/// A node of the organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Identifier.
    pub id: NodeId,
    /// What it is.
    pub kind: NodeKind,
    /// How the data name it (`org` or `unit` column).
    pub code: String,
    /// How the screens name it.
    pub label: String,
    /// Identifier in the directory it came from, if any.
    pub external: Option<String>,
    /// Where it hangs, by first day.
    pub places: Vec<Place>,
    /// Version for concurrent edits.
    pub version: i64,
}

impl Node {
    /// The place of a day.
    pub fn place(&self, day: Date) -> Option<&Place> {
        self.places.iter().find(|place| place.valid.covers(day))
    }

    /// Whether the node stands on every day of a validity.
    pub fn stands_throughout(&self, valid: &Validity) -> bool {
        self.first_gap(valid).is_none()
    }

    /// The first day of a validity on which the node does not stand.
    pub fn first_gap(&self, valid: &Validity) -> Option<Date> {
        let mut day = valid.from;
        loop {
            let Some(place) = self.place(day) else { return Some(day) };
            let end = place.valid.to?;
            if valid.to.is_some_and(|to| to <= end) {
                return None;
            }
            day = end.tomorrow().ok()?;
        }
    }

    /// The same node hung below another from a day on; until the place it then had would have
    /// ended. Where it did not stand, it stands until its next place begins.
    pub fn moved(mut self, parent: Option<NodeId>, from: Date) -> Node {
        let before: Vec<Piece<Option<NodeId>>> = self
            .places
            .iter()
            .map(|p| Piece { valid: p.valid, content: p.parent.clone() })
            .collect();
        let until = match self.place(from) {
            Some(place) => place.valid.to,
            None => {
                let next = self.places.iter().map(|p| p.valid.from).filter(|f| *f > from).min();
                next.and_then(|f| f.yesterday().ok())
            }
        };
        let valid = Validity { from, to: until };
        let later = |p: &Piece<_>| until.is_some_and(|end| p.valid.from > end);
        let mut pieces = cut_before(&before, from);
        pieces.push(Piece { valid, content: parent });
        pieces.extend(before.into_iter().filter(later));
        self.set_places(pieces);
        self
    }

    /// The same node standing until a day, included; whatever came after is forgotten.
    pub fn closed(mut self, last: Date) -> Node {
        let pieces: Vec<_> = self
            .places
            .iter()
            .map(|p| Piece { valid: p.valid, content: p.parent.clone() })
            .collect();
        let kept = match last.tomorrow() {
            Ok(next) => cut_before(&pieces, next),
            Err(_) => pieces,
        };
        self.set_places(kept);
        self
    }

    fn set_places(&mut self, pieces: Vec<Piece<Option<NodeId>>>) {
        let place = |p: Piece<Option<NodeId>>| Place { parent: p.content, valid: p.valid };
        self.places = merged(pieces).into_iter().map(place).collect();
    }
}

/// Why somebody is away; never shown to managers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AbsenceCause {
    /// Paid leave.
    Leave,
    /// Days off in lieu of hours (RTT).
    Recovery,
    /// Sickness.
    Sickness,
    /// Maternity, paternity, adoption.
    Parental,
    /// Training.
    Training,
    /// Mandate of a representative of the staff.
    Mandate,
    /// Any other, or not said.
    Other,
}

/// What holds of a person during some days.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fact {
    /// Belongs to a team or service.
    Membership {
        /// The node.
        node: NodeId,
    },
    /// Works under a contract.
    Contract {
        /// Share of a full time, above 0 and at most 1.
        share: f64,
        /// Hours per week of the formula.
        weekly_hours: f64,
        /// Days of the week worked, 1 = Monday.
        worked_weekdays: Vec<u8>,
        /// Holiday calendar; the body's when absent.
        calendar: Option<String>,
    },
    /// Knows how to do something.
    Skill {
        /// What (product or activity, as the data name it).
        skill: String,
        /// Knowledge, 0 to 4.
        theory: u8,
        /// Practice, 0 to 4.
        practice: u8,
        /// Share of present time usually spent on it, 0 to 1.
        intensity: Option<f64>,
        /// Whether the person may decide alone.
        authorised: bool,
    },
    /// Away.
    Absence {
        /// Only the afternoon of the first day.
        from_noon: bool,
        /// Only the morning of the last day.
        until_noon: bool,
        /// Why.
        cause: AbsenceCause,
    },
    /// Learning the job: capacity grows from `start` to 1 over the validity.
    RampUp {
        /// Capacity on the first day, 0 to 1.
        start: f64,
    },
}

impl Fact {
    /// Stable name of the kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Fact::Membership { .. } => "membership",
            Fact::Contract { .. } => "contract",
            Fact::Skill { .. } => "skill",
            Fact::Absence { .. } => "absence",
            Fact::RampUp { .. } => "ramp_up",
        }
    }
}

/// A dated fact as stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DatedFact {
    /// Number.
    pub id: i64,
    /// When it holds.
    pub valid: Validity,
    /// What holds.
    pub fact: Fact,
    /// Where it came from (`screen`, `staff:file.xlsx`, `ical`, `scim`).
    pub source: String,
    /// Version for concurrent edits.
    pub version: i64,
}

/// A person of the organisation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Person {
    /// Identifier.
    pub id: PersonId,
    /// Pseudonym in event logs, when known.
    pub agent: Option<String>,
    /// Given name.
    pub given: String,
    /// Family name.
    pub family: String,
    /// Address.
    pub email: String,
    /// Identifier in the directory it came from, if any.
    pub external: Option<String>,
    /// Name under which the directory knows the person (`userName` of SCIM), unique.
    #[serde(default)]
    pub user_name: Option<String>,
    /// Whether still with the body.
    pub active: bool,
    /// What holds of the person.
    pub facts: Vec<DatedFact>,
    /// Version for concurrent edits.
    pub version: i64,
}

impl Person {
    /// What holds on a day.
    pub fn on(&self, day: Date) -> impl Iterator<Item = &DatedFact> {
        self.facts.iter().filter(move |fact| fact.valid.covers(day))
    }

    /// Nodes the person belongs to on a day.
    pub fn nodes(&self, day: Date) -> impl Iterator<Item = &NodeId> {
        self.on(day).filter_map(|fact| match &fact.fact {
            Fact::Membership { node } => Some(node),
            _ => None,
        })
    }
}

/// The whole organisation, all days together.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Organisation {
    /// Nodes by identifier.
    pub nodes: BTreeMap<NodeId, Node>,
    /// People by identifier.
    pub people: BTreeMap<PersonId, Person>,
    /// Grows with every change: what is derived from one value can be kept under it.
    pub revision: i64,
}

impl Organisation {
    /// A node and everything below it on a day; empty when the node does not stand that day.
    pub fn subtree(&self, root: &NodeId, day: Date) -> BTreeSet<NodeId> {
        let mut found = BTreeSet::new();
        if self.nodes.get(root).and_then(|node| node.place(day)).is_none() {
            return found;
        }
        let mut below: BTreeMap<&NodeId, Vec<&NodeId>> = BTreeMap::new();
        for node in self.nodes.values() {
            if let Some(parent) = node.place(day).and_then(|place| place.parent.as_ref()) {
                below.entry(parent).or_default().push(&node.id);
            }
        }
        let mut waiting = vec![root];
        while let Some(id) = waiting.pop() {
            // A loop cannot be stored, but must not hang the program if it were.
            if found.insert(id.clone()) {
                waiting.extend(below.get(id).into_iter().flatten());
            }
        }
        found
    }

    /// The nodes above a node on a day, nearest first.
    pub fn above(&self, node: &NodeId, day: Date) -> Vec<NodeId> {
        let mut path = Vec::new();
        let mut at = node.clone();
        while let Some(parent) =
            self.nodes.get(&at).and_then(|n| n.place(day)).and_then(|place| place.parent.clone())
        {
            if path.contains(&parent) || parent == *node {
                break;
            }
            path.push(parent.clone());
            at = parent;
        }
        path
    }

    /// Active people who belong to any of these nodes on a day.
    pub fn members(&self, nodes: &BTreeSet<NodeId>, day: Date) -> BTreeSet<PersonId> {
        self.people
            .values()
            .filter(|person| person.active && person.nodes(day).any(|node| nodes.contains(node)))
            .map(|person| person.id.clone())
            .collect()
    }

    /// Bodies that stand on a day.
    fn bodies(&self, day: Date) -> usize {
        self.nodes
            .values()
            .filter(|node| node.kind == NodeKind::Body && node.place(day).is_some())
            .count()
    }

    /// The rows of the data that a node covers on a day.
    ///
    /// A body or a site covers the rows that carry its code in `org`; whatever stands below
    /// covers the rows of its units inside the bodies it belongs to. Rows that say no `org`
    /// belong to the body when it is alone, and to nobody but the root otherwise: two bodies
    /// may both have a "team 1".
    pub fn row_scope(&self, node: &NodeId, day: Date) -> RowScope {
        let inside = self.subtree(node, day);
        let code_of = |id: &NodeId| self.nodes.get(id).map(|n| (n.kind, n.code.clone()));
        let mut own_orgs = BTreeSet::new();
        let mut units = BTreeSet::new();
        for (kind, code) in inside.iter().filter_map(code_of) {
            if kind.is_org() {
                own_orgs.insert(code)
            } else {
                units.insert(code)
            };
        }
        let alone = self.bodies(day) <= 1;
        let whole_body = |id: &NodeId| {
            self.nodes.get(id).is_some_and(|n| matches!(n.kind, NodeKind::Network | NodeKind::Body))
        };
        if alone && inside.iter().any(whole_body) {
            own_orgs.insert(String::new());
        }
        let mut around: BTreeSet<String> = own_orgs.clone();
        around.extend(self.above(node, day).iter().filter_map(code_of).filter_map(
            |(kind, code)| (kind.is_org() && kind != NodeKind::Network).then_some(code),
        ));
        if alone {
            around.insert(String::new());
        }
        let mut scope = RowScope::default();
        if !own_orgs.is_empty() {
            scope.patterns.insert(RowPattern { orgs: own_orgs, units: None });
        }
        if !units.is_empty() && !inside.is_empty() {
            scope.patterns.insert(RowPattern { orgs: around, units: Some(units) });
        }
        scope
    }
}

/// Rows of the data somebody may see: those that one of the patterns covers.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowScope {
    /// Patterns; none covers nothing.
    pub patterns: BTreeSet<RowPattern>,
}

/// Rows of some organisations, and of some of their units only. The empty text is "not said".
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowPattern {
    /// Values of `org`.
    pub orgs: BTreeSet<String>,
    /// Values of `unit`; `None` for all of them.
    pub units: Option<BTreeSet<String>>,
}

impl RowScope {
    /// Whether a row of this organisation and unit may be seen.
    pub fn keeps(&self, org: Option<&str>, unit: Option<&str>) -> bool {
        self.patterns.iter().any(|pattern| {
            pattern.orgs.contains(org.unwrap_or(""))
                && pattern.units.as_ref().is_none_or(|units| units.contains(unit.unwrap_or("")))
        })
    }

    /// What either scope covers.
    pub fn join(mut self, other: RowScope) -> RowScope {
        self.patterns.extend(other.patterns);
        self
    }
}
