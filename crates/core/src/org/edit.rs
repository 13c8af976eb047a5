//! Changes of the organisation, and what no change may leave behind.
//!
//! - Computes: the organisation after some changes, or the first rule they would break.
//! - Units: civil days, first and last included.
//! - Shapes: a list of [`Edit`]s over an [`Organisation`]; the rules are checked on the result,
//!   so that a list may pass through states that would be refused.
//! - Errors: [`OrgFault`], with identifiers and days, never a name.
//! - Source: `docs/methods/organisation.md`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{DatedFact, Fact, Node, NodeId, NodeKind, Organisation, Person, PersonId, Validity};

/// Longest text of a code or a name.
const LONGEST: usize = 300;

/// One change. A record that is put or dropped carries the version that was seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "edit", rename_all = "snake_case")]
pub enum Edit {
    /// A new node.
    AddNode {
        /// The node.
        node: Node,
    },
    /// A node as it must become.
    PutNode {
        /// The node, with the version seen.
        node: Node,
    },
    /// A new person; the facts come as edits of their own.
    AddPerson {
        /// The person.
        person: Person,
    },
    /// A person as it must become, facts aside.
    PutPerson {
        /// The person, with the version seen.
        person: Person,
    },
    /// A new fact.
    AddFact {
        /// Whose.
        person: PersonId,
        /// The fact; number 0 has one given.
        fact: DatedFact,
    },
    /// A fact as it must become.
    PutFact {
        /// Whose.
        person: PersonId,
        /// The fact, with the version seen.
        fact: DatedFact,
    },
    /// A fact that was never true.
    DropFact {
        /// Whose.
        person: PersonId,
        /// Its number.
        fact: i64,
        /// The version seen.
        version: i64,
    },
}

impl Edit {
    /// The person changed, if any.
    pub fn person(&self) -> Option<&PersonId> {
        match self {
            Edit::AddNode { .. } | Edit::PutNode { .. } => None,
            Edit::AddPerson { person } | Edit::PutPerson { person } => Some(&person.id),
            Edit::AddFact { person, .. }
            | Edit::PutFact { person, .. }
            | Edit::DropFact { person, .. } => Some(person),
        }
    }

    /// The node changed, if any.
    pub fn node(&self) -> Option<&NodeId> {
        match self {
            Edit::AddNode { node } | Edit::PutNode { node } => Some(&node.id),
            _ => None,
        }
    }
}

/// Why a change is refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OrgFault {
    /// Somebody changed the record after it was seen.
    #[error("{what} {id} was changed meanwhile")]
    Stale {
        /// Kind of record.
        what: &'static str,
        /// Which one.
        id: String,
    },
    /// No such record.
    #[error("{what} {id} does not exist")]
    Unknown {
        /// Kind of record.
        what: &'static str,
        /// Which one.
        id: String,
    },
    /// The identifier is taken.
    #[error("{what} {id} exists")]
    Exists {
        /// Kind of record.
        what: &'static str,
        /// Which one.
        id: String,
    },
    /// A value that cannot be used.
    #[error("{field} of {id} cannot be used")]
    Value {
        /// Field.
        field: &'static str,
        /// Record.
        id: String,
    },
    /// A validity that ends before it begins.
    #[error("{id}: the last day {to} comes before the first {from}")]
    Backwards {
        /// Record.
        id: String,
        /// First day.
        from: Date,
        /// Last day.
        to: Date,
    },
    /// The kind of a node never changes.
    #[error("the kind of node {node} cannot change")]
    KindFixed {
        /// Node.
        node: NodeId,
    },
    /// Two places of one node share a day.
    #[error("node {node} has two places on {day}")]
    PlacesOverlap {
        /// Node.
        node: NodeId,
        /// A day they share.
        day: Date,
    },
    /// A node would hang below itself.
    #[error("node {node} would hang below itself on {day}, through {parent}")]
    Loop {
        /// Node.
        node: NodeId,
        /// Node above.
        parent: NodeId,
        /// When.
        day: Date,
    },
    /// A node under one that is not of a wider kind.
    #[error("a {} cannot hang below a {}: node {node} below {parent}", kind.as_str(), parent_kind.as_str())]
    NotWider {
        /// Node.
        node: NodeId,
        /// Its kind.
        kind: NodeKind,
        /// Node above.
        parent: NodeId,
        /// Kind of the node above.
        parent_kind: NodeKind,
    },
    /// The node above does not stand on some day.
    #[error("node {parent}, above {node}, does not stand on {day}")]
    ParentAbsent {
        /// Node.
        node: NodeId,
        /// Node above.
        parent: NodeId,
        /// First such day.
        day: Date,
    },
    /// Two nodes would cover the same rows of the data.
    #[error("nodes {first} and {second} both bear code {code:?} on {day}")]
    SameCode {
        /// Code.
        code: String,
        /// One node.
        first: NodeId,
        /// The other.
        second: NodeId,
        /// When.
        day: Date,
    },
    /// Two facts of one person that exclude each other.
    #[error("person {person} has two facts of kind {kind} on {day}")]
    FactsOverlap {
        /// Person.
        person: PersonId,
        /// Kind of fact.
        kind: &'static str,
        /// A day they share.
        day: Date,
    },
    /// A membership outside the days of its node.
    #[error("person {person} belongs to node {node} on {day}, when it does not stand")]
    NodeAbsent {
        /// Person.
        person: PersonId,
        /// Node.
        node: NodeId,
        /// First such day.
        day: Date,
    },
    /// Nobody belongs to a network itself.
    #[error("nobody belongs to node {node}, which is a network")]
    NotForPeople {
        /// Node.
        node: NodeId,
    },
    /// Two people with one pseudonym, or one name in the directory.
    #[error("people {first} and {second} share their {field}")]
    SamePerson {
        /// Field.
        field: &'static str,
        /// One person.
        first: PersonId,
        /// The other.
        second: PersonId,
    },
}

impl Organisation {
    /// Makes changes, then checks the result. After an error the value is of no use.
    ///
    /// People that the value does not hold are not checked: whoever changes a part loads what
    /// the rules speak of.
    pub fn apply(&mut self, edits: &[Edit]) -> Result<(), OrgFault> {
        let mut nodes = BTreeSet::new();
        let mut people = BTreeSet::new();
        for edit in edits {
            nodes.extend(edit.node().cloned());
            people.extend(edit.person().cloned());
            self.make(edit)?;
        }
        if !nodes.is_empty() {
            self.check_nodes(&nodes)?;
        }
        for id in &people {
            if let Some(person) = self.people.get(id) {
                self.check_person(person)?;
            }
        }
        if people.is_empty() { Ok(()) } else { self.check_identities(&people) }
    }

    fn make(&mut self, edit: &Edit) -> Result<(), OrgFault> {
        match edit {
            Edit::AddNode { node } => {
                let node = Node { version: 1, ..node.clone() };
                exists("node", &node.id.0, self.nodes.contains_key(&node.id))?;
                self.nodes.insert(node.id.clone(), node);
            }
            Edit::PutNode { node } => {
                let known = self.nodes.get_mut(&node.id).ok_or(unknown("node", &node.id.0))?;
                stale("node", &node.id.0, known.version, node.version)?;
                if known.kind != node.kind {
                    return Err(OrgFault::KindFixed { node: node.id.clone() });
                }
                *known = Node { version: node.version.saturating_add(1), ..node.clone() };
            }
            Edit::AddPerson { person } => {
                exists("person", &person.id.0, self.people.contains_key(&person.id))?;
                let person = Person { version: 1, facts: Vec::new(), ..person.clone() };
                self.people.insert(person.id.clone(), person);
            }
            Edit::PutPerson { person } => {
                let known = self.person_mut(&person.id)?;
                stale("person", &person.id.0, known.version, person.version)?;
                let facts = std::mem::take(&mut known.facts);
                let version = person.version.saturating_add(1);
                *known = Person { version, facts, ..person.clone() };
            }
            Edit::AddFact { person, fact } => {
                let known = self.person_mut(person)?;
                let taken = fact.id != 0 && known.facts.iter().any(|f| f.id == fact.id);
                exists("fact", &fact.id.to_string(), taken)?;
                known.facts.push(DatedFact { version: 1, ..fact.clone() });
            }
            Edit::PutFact { person, fact } => {
                let id = fact.id.to_string();
                let known = self.person_mut(person)?.facts.iter_mut().find(|f| f.id == fact.id);
                let known = known.ok_or(unknown("fact", &id))?;
                stale("fact", &id, known.version, fact.version)?;
                if known.fact.kind() != fact.fact.kind() {
                    return Err(OrgFault::Value { field: "kind", id });
                }
                *known = DatedFact { version: fact.version.saturating_add(1), ..fact.clone() };
            }
            Edit::DropFact { person, fact, version } => {
                let id = fact.to_string();
                let facts = &mut self.person_mut(person)?.facts;
                let at = facts.iter().position(|f| f.id == *fact).ok_or(unknown("fact", &id))?;
                let seen = facts.get(at).map_or(0, |f| f.version);
                stale("fact", &id, seen, *version)?;
                facts.remove(at);
            }
        }
        Ok(())
    }

    fn person_mut(&mut self, id: &PersonId) -> Result<&mut Person, OrgFault> {
        self.people.get_mut(id).ok_or(unknown("person", &id.0))
    }

    /// The rules that concern these nodes, those below them and their members.
    fn check_nodes(&self, changed: &BTreeSet<NodeId>) -> Result<(), OrgFault> {
        let concerned = |node: &&Node| {
            changed.contains(&node.id)
                || node.places.iter().filter_map(|p| p.parent.as_ref()).any(|p| changed.contains(p))
        };
        for node in self.nodes.values().filter(concerned) {
            self.check_node(node)?;
        }
        self.check_codes()?;
        for person in self.people.values() {
            let theirs = |fact: &&DatedFact| matches!(&fact.fact, Fact::Membership { node } if changed.contains(node));
            for fact in person.facts.iter().filter(theirs) {
                self.check_membership(person, fact)?;
            }
        }
        Ok(())
    }

    fn check_node(&self, node: &Node) -> Result<(), OrgFault> {
        let id = &node.id;
        text("code", &id.0, &node.code, true)?;
        text("label", &id.0, &node.label, true)?;
        let mut places: Vec<_> = node.places.iter().collect();
        places.sort_by_key(|place| place.valid.from);
        for pair in places.windows(2) {
            if let [a, b] = pair
                && a.valid.overlaps(&b.valid)
            {
                return Err(OrgFault::PlacesOverlap { node: id.clone(), day: b.valid.from });
            }
        }
        for place in places {
            forwards(&id.0, &place.valid)?;
            let Some(parent) = &place.parent else { continue };
            let day = place.valid.from;
            // Said before the kinds are compared: it is what the person did.
            if parent == id || self.hangs_below(parent, id, &place.valid) {
                return Err(OrgFault::Loop { node: id.clone(), parent: parent.clone(), day });
            }
            let above = self.nodes.get(parent).ok_or(unknown("node", &parent.0))?;
            if above.kind >= node.kind {
                return Err(OrgFault::NotWider {
                    node: id.clone(),
                    kind: node.kind,
                    parent: parent.clone(),
                    parent_kind: above.kind,
                });
            }
            if let Some(day) = above.first_gap(&place.valid) {
                let (node, parent) = (id.clone(), parent.clone());
                return Err(OrgFault::ParentAbsent { node, parent, day });
            }
        }
        Ok(())
    }

    /// Whether a node hangs somewhere below another on some day of a validity.
    fn hangs_below(&self, node: &NodeId, top: &NodeId, valid: &Validity) -> bool {
        let mut seen = BTreeSet::new();
        let mut waiting = vec![(node.clone(), *valid)];
        while let Some((at, valid)) = waiting.pop() {
            let Some(node) = self.nodes.get(&at) else { continue };
            if !seen.insert((at, valid)) {
                continue;
            }
            for place in node.places.iter().filter(|p| p.valid.overlaps(&valid)) {
                let Some(parent) = &place.parent else { continue };
                if parent == top {
                    return true;
                }
                waiting.push((parent.clone(), shared(&place.valid, &valid)));
            }
        }
        false
    }

    /// No day on which two nodes would cover the same rows: one code per unit inside a body,
    /// one code per network, body or site everywhere.
    fn check_codes(&self) -> Result<(), OrgFault> {
        let mut bearers: BTreeMap<(bool, &str), Vec<&Node>> = BTreeMap::new();
        for node in self.nodes.values() {
            bearers.entry((node.kind.is_org(), node.code.as_str())).or_default().push(node);
        }
        bearers.retain(|_, nodes| nodes.len() > 1);
        if bearers.is_empty() {
            return Ok(());
        }
        // Between two of these days nothing moves.
        let days: BTreeSet<Date> = self
            .nodes
            .values()
            .flat_map(|node| &node.places)
            .flat_map(|p| [Some(p.valid.from), p.valid.to.and_then(|to| to.tomorrow().ok())])
            .flatten()
            .collect();
        for ((is_org, code), nodes) in bearers {
            for &day in &days {
                let mut bodies: BTreeMap<Option<NodeId>, &Node> = BTreeMap::new();
                for node in nodes.iter().filter(|node| node.place(day).is_some()) {
                    let body = if is_org { None } else { self.body_of(&node.id, day) };
                    if let Some(other) = bodies.insert(body, node) {
                        let (first, second) = (other.id.clone(), node.id.clone());
                        return Err(OrgFault::SameCode {
                            code: code.to_owned(),
                            first,
                            second,
                            day,
                        });
                    }
                }
            }
        }
        Ok(())
    }

    /// The body a node belongs to on a day.
    pub fn body_of(&self, node: &NodeId, day: Date) -> Option<NodeId> {
        let is_body = |id: &NodeId| self.nodes.get(id).is_some_and(|n| n.kind == NodeKind::Body);
        if is_body(node) {
            return Some(node.clone());
        }
        self.above(node, day).into_iter().find(is_body)
    }

    fn check_person(&self, person: &Person) -> Result<(), OrgFault> {
        let id = &person.id.0;
        for (field, value) in
            [("given", &person.given), ("family", &person.family), ("email", &person.email)]
        {
            text(field, id, value, false)?;
        }
        if let Some(name) = &person.user_name {
            text("user_name", id, name, true)?;
        }
        let mut exclusive: BTreeMap<(&'static str, &str), Vec<Validity>> = BTreeMap::new();
        for fact in &person.facts {
            let id = fact.id.to_string();
            forwards(&id, &fact.valid)?;
            text("source", &id, &fact.source, true)?;
            content(&id, fact)?;
            let what = match &fact.fact {
                Fact::Membership { node } => {
                    self.check_membership(person, fact)?;
                    node.0.as_str()
                }
                Fact::Skill { skill, .. } => skill.as_str(),
                Fact::Contract { .. } | Fact::RampUp { .. } => "",
                // Somebody may fall ill during a leave: both are kept.
                Fact::Absence { .. } => continue,
            };
            exclusive.entry((fact.fact.kind(), what)).or_default().push(fact.valid);
        }
        for ((kind, _), mut valid) in exclusive {
            valid.sort();
            for pair in valid.windows(2) {
                if let [a, b] = pair
                    && a.overlaps(b)
                {
                    let (person, day) = (person.id.clone(), b.from);
                    return Err(OrgFault::FactsOverlap { person, kind, day });
                }
            }
        }
        Ok(())
    }

    fn check_membership(&self, person: &Person, fact: &DatedFact) -> Result<(), OrgFault> {
        let Fact::Membership { node } = &fact.fact else { return Ok(()) };
        let known = self.nodes.get(node).ok_or(unknown("node", &node.0))?;
        if known.kind == NodeKind::Network {
            return Err(OrgFault::NotForPeople { node: node.clone() });
        }
        match known.first_gap(&fact.valid) {
            None => Ok(()),
            Some(day) => {
                let (person, node) = (person.id.clone(), node.clone());
                Err(OrgFault::NodeAbsent { person, node, day })
            }
        }
    }

    /// One person per pseudonym and per name of the directory.
    fn check_identities(&self, changed: &BTreeSet<PersonId>) -> Result<(), OrgFault> {
        let mut agents: BTreeMap<&str, &PersonId> = BTreeMap::new();
        let mut names: BTreeMap<String, &PersonId> = BTreeMap::new();
        for person in self.people.values() {
            let other = person.agent.as_deref().and_then(|agent| agents.insert(agent, &person.id));
            same("agent", other, person, changed)?;
            let name = person.user_name.as_ref().map(|name| name.to_lowercase());
            let other = name.and_then(|name| names.insert(name, &person.id));
            same("user_name", other, person, changed)?;
        }
        Ok(())
    }
}

fn same(
    field: &'static str,
    other: Option<&PersonId>,
    person: &Person,
    changed: &BTreeSet<PersonId>,
) -> Result<(), OrgFault> {
    match other {
        Some(other) if changed.contains(other) || changed.contains(&person.id) => {
            let (first, second) = (other.clone(), person.id.clone());
            Err(OrgFault::SamePerson { field, first, second })
        }
        _ => Ok(()),
    }
}

fn exists(what: &'static str, id: &str, taken: bool) -> Result<(), OrgFault> {
    if taken { Err(OrgFault::Exists { what, id: id.to_owned() }) } else { Ok(()) }
}

fn unknown(what: &'static str, id: &str) -> OrgFault {
    OrgFault::Unknown { what, id: id.to_owned() }
}

fn stale(what: &'static str, id: &str, now: i64, seen: i64) -> Result<(), OrgFault> {
    if now == seen { Ok(()) } else { Err(OrgFault::Stale { what, id: id.to_owned() }) }
}

fn forwards(id: &str, valid: &Validity) -> Result<(), OrgFault> {
    match valid.to {
        Some(to) if to < valid.from => {
            Err(OrgFault::Backwards { id: id.to_owned(), from: valid.from, to })
        }
        _ => Ok(()),
    }
}

fn text(field: &'static str, id: &str, text: &str, needed: bool) -> Result<(), OrgFault> {
    // A control character would travel into files and logs.
    let fine = (!needed || !text.trim().is_empty())
        && text.len() <= LONGEST
        && !text.chars().any(char::is_control);
    if fine { Ok(()) } else { Err(OrgFault::Value { field, id: id.to_owned() }) }
}

/// Days shared by two validities that overlap.
fn shared(a: &Validity, b: &Validity) -> Validity {
    let to = match (a.to, b.to) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    Validity { from: a.from.max(b.from), to }
}

/// Whether the content of a fact can be used.
fn content(id: &str, fact: &DatedFact) -> Result<(), OrgFault> {
    let fault = |field| Err(OrgFault::Value { field, id: id.to_owned() });
    let within = |value: f64, from: f64, to: f64| value >= from && value <= to;
    match &fact.fact {
        Fact::Membership { .. } => Ok(()),
        Fact::Contract { share, weekly_hours, worked_weekdays, calendar } => {
            let ascending = worked_weekdays.windows(2).all(|pair| match pair {
                [a, b] => a < b,
                _ => true,
            });
            if !(within(*share, 0.0, 1.0) && *share > 0.0) {
                fault("share")
            } else if !(within(*weekly_hours, 0.0, 60.0) && *weekly_hours > 0.0) {
                fault("weekly_hours")
            } else if worked_weekdays.is_empty()
                || !ascending
                || worked_weekdays.iter().any(|d| !(1..=7).contains(d))
            {
                fault("worked_weekdays")
            } else {
                text("calendar", id, calendar.as_deref().unwrap_or(""), false)
            }
        }
        Fact::Skill { skill, theory, practice, intensity, .. } => {
            if *theory > 4 {
                fault("theory")
            } else if *practice > 4 {
                fault("practice")
            } else if intensity.is_some_and(|i| !within(i, 0.0, 1.0)) {
                fault("intensity")
            } else {
                text("skill", id, skill, true)
            }
        }
        Fact::Absence { from_noon, until_noon, .. } => {
            // The afternoon and the morning of one day leave nothing.
            let nothing = *from_noon && *until_noon && fact.valid.to == Some(fact.valid.from);
            if nothing { fault("from_noon") } else { Ok(()) }
        }
        Fact::RampUp { start } => {
            if !within(*start, 0.0, 1.0) {
                fault("start")
            } else if fact.valid.to.is_none() {
                // Growing until further notice has no slope.
                fault("to")
            } else {
                Ok(())
            }
        }
    }
}
