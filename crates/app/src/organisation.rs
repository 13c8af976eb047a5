//! The tree of the organisation: read with the rights of who asks, changed under its rules.
//!
//! - Computes: the nodes in reach on a day with their people, small groups masked; the edits
//!   that a change means, and whether its author may make them.
//! - Units: people, full-time equivalents, civil days.
//! - Shapes: [`Organisation`] and [`Access`] in, views out; drafts in, edits stored.
//! - Errors: a missing right, a stale version, or the rule that would be broken, in words.
//! - Source: `docs/methods/organisation.md`, `docs/rights.md`.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    str::FromStr as _,
    sync::{Arc, Mutex, PoisonError},
};

use eclusier_calendar::{HolidayZone, holidays};
use eclusier_core::{
    Access, Denied, NodeId, Organisation, Permission, PersonId,
    masking::{self, Cell},
    org::{DatedFact, Edit, Fact, Heads, Node, NodeKind, OrgFault, Person, Place, Validity},
    rights::SMALL_CELL,
};
use eclusier_registry::{OrgChange, OrgDelivery, RegistryError};
use jiff::civil::Date;

use crate::{
    App,
    error::{AppError, AppResult},
    figures::Facts,
};

/// The organisation last read, under its revision.
#[derive(Default)]
pub(crate) struct Kept(Mutex<Option<Arc<Organisation>>>);

/// A node as its reader may see it.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeView {
    /// The node; of a node above the reader's reach only the name and the kind.
    pub node: Node,
    /// Node above on the day.
    pub parent: Option<NodeId>,
    /// People of the node and of those below; `None` when not visible or masked.
    pub heads: Option<Heads>,
    /// Whether the reader may change it.
    pub editable: bool,
}

/// A value of the data that no node names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnknownCode {
    /// `org` or `unit`.
    pub column: &'static str,
    /// The value.
    pub value: String,
    /// Process where it was met.
    pub process: String,
}

/// The organisation on a day, as its reader may see it.
#[derive(Debug, Clone, PartialEq)]
pub struct OrganisationView {
    /// Day.
    pub day: Date,
    /// Nodes, parents first.
    pub nodes: Vec<NodeView>,
    /// Values that no node names, for those who may name them all.
    pub unknown: Vec<UnknownCode>,
}

/// A node to make or change.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NodeDraft {
    /// Version seen.
    pub version: Option<i64>,
    /// Kind of a new node.
    pub kind: Option<NodeKind>,
    /// How the data name it.
    pub code: String,
    /// How the screens name it.
    pub label: String,
    /// Node above: unsaid keeps it, `Some(None)` makes a root.
    pub parent: Option<Option<NodeId>>,
    /// Day from which the node above holds.
    pub from: Option<Date>,
    /// Last day the node stands.
    pub to: Option<Date>,
}

impl App {
    /// The whole organisation, whoever asks: what is shown of it follows rights.
    pub(crate) async fn organisation(&self) -> AppResult<Arc<Organisation>> {
        let revision = self.inner.registry.organisation_revision().await?;
        let kept = &self.inner.organisation.0;
        let known = kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known.filter(|known| known.revision == revision) {
            return Ok(known);
        }
        let read = Arc::new(self.inner.registry.organisation().await?);
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        // Somebody slower than us may hold an older one.
        if kept.as_ref().is_none_or(|known| known.revision < read.revision) {
            *kept = Some(read.clone());
        }
        Ok(read)
    }

    /// The tree on a day (today when absent), as the holder may see it.
    pub async fn organisation_view(&self, day: Option<Date>) -> AppResult<OrganisationView> {
        self.require(Permission::OrganisationRead)?;
        let organisation = self.organisation().await?;
        let today = self.today().await?;
        let day = day.unwrap_or(today);
        let holidays = self.days_off(day).await?;
        let who = self.who().clone();
        let shown = organisation.clone();
        let nodes = self
            .blocking(move || Ok(nodes_in_reach(&shown, &who, today, day, |c| holidays.works(c))))
            .await?;
        let unknown = match self.who().require_all(Permission::OrganisationWrite) {
            Ok(()) => self.unknown_codes(&organisation).await?,
            Err(_) => Vec::new(),
        };
        Ok(OrganisationView { day, nodes, unknown })
    }

    /// Which calendars do not work on a day.
    pub(crate) async fn days_off(&self, day: Date) -> AppResult<DaysOff> {
        let usual = self.inner.registry.body().await?.calendar;
        Ok(DaysOff { day, usual })
    }

    /// Values of the data that no node names: rows nobody but holders of everything can see.
    async fn unknown_codes(&self, organisation: &Organisation) -> AppResult<Vec<UnknownCode>> {
        let codes = |is_org: bool| -> HashSet<&str> {
            let nodes = organisation.nodes.values().filter(|n| n.kind.is_org() == is_org);
            nodes.map(|n| n.code.as_str()).collect()
        };
        let (orgs, units) = (codes(true), codes(false));
        let mut unknown = BTreeSet::new();
        for process in self.process_ids().await? {
            let desk = match self.desk(&process, None).await {
                Ok(desk) => desk,
                Err(AppError::NotFound { .. }) => continue,
                Err(error) => return Err(error),
            };
            let process = process.to_string();
            let mut add = |[org, unit, ..]: [Option<&str>; 4]| {
                for (column, value, known) in [("org", org, &orgs), ("unit", unit, &units)] {
                    if let Some(value) = value.filter(|v| !v.is_empty() && !known.contains(v)) {
                        let (value, process) = (value.to_owned(), process.clone());
                        unknown.insert(UnknownCode { column, value, process });
                    }
                }
            };
            match &desk.facts {
                Facts::Cases(table) => table.dimension_combos().for_each(&mut add),
                Facts::Counts(book) => book.dimension_combos().for_each(&mut add),
            }
        }
        Ok(unknown.into_iter().collect())
    }

    /// Makes a node.
    pub async fn add_node(&self, draft: NodeDraft) -> AppResult<NodeView> {
        self.require(Permission::OrganisationWrite)?;
        let today = self.today().await?;
        let kind = draft.kind.ok_or_else(|| {
            AppError::invalid(
                "kind",
                "genre inconnu : écrire network, body, site, service ou team",
                "unknown kind: write network, body, site, service or team",
            )
        })?;
        let valid = Validity { from: draft.from.unwrap_or(today), to: draft.to };
        let id = NodeId(new_id());
        let node = Node {
            id: id.clone(),
            kind,
            code: draft.code.trim().to_owned(),
            label: named(&draft).to_owned(),
            external: None,
            places: vec![Place { parent: draft.parent.flatten(), valid }],
            version: 0,
        };
        self.change_organisation(vec![Edit::AddNode { node }], None).await?;
        self.node_view(&id, valid.from).await
    }

    /// Renames, moves or closes a node. Who belongs to it leaves it with its last day.
    pub async fn put_node(&self, id: &NodeId, draft: NodeDraft) -> AppResult<NodeView> {
        self.require(Permission::OrganisationWrite)?;
        let today = self.today().await?;
        let organisation = self.organisation().await?;
        let known = self.node_in_reach(&organisation, id, today)?;
        let version = seen(draft.version)?;
        if version != known.version {
            return Err(AppError::Stale { what: "node", id: id.0.clone() });
        }
        let mut node = known.clone();
        node.code = draft.code.trim().to_owned();
        node.label = named(&draft).to_owned();
        let from = draft.from.unwrap_or(today);
        if let Some(parent) = draft.parent {
            let stays = node.place(from).is_some_and(|place| place.parent == parent);
            if !stays {
                node = node.moved(parent, from);
            }
        }
        if let Some(last) = draft.to {
            node = node.closed(last);
        }
        let mut edits = leavers(&organisation, &node);
        edits.push(Edit::PutNode { node });
        self.change_organisation(edits, None).await?;
        self.node_view(id, from).await
    }

    /// One node as its reader sees it on a day.
    async fn node_view(&self, id: &NodeId, day: Date) -> AppResult<NodeView> {
        let organisation = self.organisation().await?;
        let today = self.today().await?;
        let holidays = self.days_off(day).await?;
        let mut nodes =
            nodes_in_reach(&organisation, self.who(), today, day, |c| holidays.works(c));
        if let Some(at) = nodes.iter().position(|view| view.node.id == *id) {
            return Ok(nodes.swap_remove(at));
        }
        // It does not stand on the day asked: what is known of it all the same.
        let node = self.node_in_reach(&organisation, id, today)?.clone();
        let editable = may_edit_node(self.who(), &organisation, id, today);
        Ok(NodeView { node, parent: None, heads: None, editable })
    }

    /// A node, unless it is out of reach: then it does not exist for who asks.
    pub(crate) fn node_in_reach<'a>(
        &self,
        organisation: &'a Organisation,
        id: &NodeId,
        today: Date,
    ) -> AppResult<&'a Node> {
        let visible =
            may_on_node(self.who(), Permission::OrganisationRead, organisation, id, today)
                || may_edit_node(self.who(), organisation, id, today);
        let node = organisation.nodes.get(id).filter(|_| visible);
        node.ok_or_else(|| AppError::NotFound { what: "node", name: id.0.clone() })
    }

    /// Checks the rights of the holder on each edit, then stores them all or none.
    pub(crate) async fn change_organisation(
        &self,
        edits: Vec<Edit>,
        delivery: Option<OrgDelivery>,
    ) -> AppResult<OrgChange> {
        let organisation = self.organisation().await?;
        let today = self.today().await?;
        permit(self.who(), &organisation, &edits, today)?;
        let registry = &self.inner.registry;
        let stored = registry
            .change_organisation(&edits, delivery.as_ref(), &self.actor(), self.now())
            .await;
        stored.map_err(|error| match error {
            RegistryError::Organisation(fault) => {
                let mut tried = (*organisation).clone();
                // Names of what the edits were about to make.
                for edit in &edits {
                    if let Edit::AddNode { node } | Edit::PutNode { node } = edit {
                        tried.nodes.insert(node.id.clone(), node.clone());
                    }
                }
                refusal(&fault, &tried)
            }
            other => other.into(),
        })
    }
}

/// Holiday calendars on one day.
#[derive(Debug, Clone)]
pub(crate) struct DaysOff {
    day: Date,
    usual: String,
}

impl DaysOff {
    /// Whether a day is worked in a calendar, the body's when absent.
    pub(crate) fn works(&self, calendar: Option<&str>) -> bool {
        let name = calendar.unwrap_or(&self.usual);
        // A calendar nobody knows has no holidays: presence is shown rather than invented away.
        HolidayZone::from_str(name)
            .map_or(true, |zone| holidays(zone, self.day.year()).iter().all(|h| h.date != self.day))
    }
}

pub(crate) fn new_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// The label of a draft, its code when there is none.
fn named(draft: &NodeDraft) -> &str {
    match draft.label.trim() {
        "" => draft.code.trim(),
        label => label,
    }
}

/// The version a change names: without it an older form would overwrite a newer record.
pub(crate) fn seen(version: Option<i64>) -> AppResult<i64> {
    version.ok_or_else(|| {
        AppError::invalid(
            "version",
            "la version lue manque : relire la fiche avant de la modifier",
            "the version read is missing: read the record before changing it",
        )
    })
}

/// The end of the memberships that a node would no longer hold.
pub(crate) fn leavers(organisation: &Organisation, node: &Node) -> Vec<Edit> {
    let mut edits = Vec::new();
    for person in organisation.people.values() {
        for fact in &person.facts {
            let theirs = matches!(&fact.fact, Fact::Membership { node: id } if *id == node.id);
            let Some(gap) = node.first_gap(&fact.valid).filter(|_| theirs) else { continue };
            let person = person.id.clone();
            edits.push(match gap.yesterday() {
                Ok(last) if last >= fact.valid.from => {
                    let valid = Validity { to: Some(last), ..fact.valid };
                    Edit::PutFact { person, fact: DatedFact { valid, ..fact.clone() } }
                }
                _ => Edit::DropFact { person, fact: fact.id, version: fact.version },
            });
        }
    }
    edits
}

/// The nodes of a day in reach, parents first, with the names of those above.
fn nodes_in_reach(
    organisation: &Organisation,
    who: &Access,
    today: Date,
    day: Date,
    works: impl Fn(Option<&str>) -> bool,
) -> Vec<NodeView> {
    let reach = who.nodes(Permission::OrganisationRead);
    let standing = organisation.nodes.values().filter(|node| node.place(day).is_some());
    let (reached, others): (Vec<&Node>, Vec<&Node>) = standing.partition(|node| {
        reach.is_none()
            || may_on_node(who, Permission::OrganisationRead, organisation, &node.id, today)
    });
    let heads = organisation.heads(day, works);
    let shown = masked_heads(organisation, who, &reached, &heads, day);
    let above: BTreeSet<NodeId> =
        reached.iter().flat_map(|node| organisation.above(&node.id, day)).collect();
    let parent = |node: &Node| node.place(day).and_then(|place| place.parent.clone());
    let mut views: Vec<NodeView> = reached
        .iter()
        .map(|node| NodeView {
            parent: parent(node),
            heads: shown.get(&node.id).copied(),
            editable: may_edit_node(who, organisation, &node.id, today),
            node: (*node).clone(),
        })
        .collect();
    // Above one's reach a name says where one stands, and nothing else.
    views.extend(others.into_iter().filter(|node| above.contains(&node.id)).map(|node| NodeView {
        parent: parent(node),
        heads: None,
        editable: false,
        node: Node { code: String::new(), external: None, places: Vec::new(), ..node.clone() },
    }));
    views.sort_by_cached_key(|view| {
        let mut path: Vec<(NodeKind, String, NodeId)> = organisation
            .above(&view.node.id, day)
            .iter()
            .rev()
            .filter_map(|id| organisation.nodes.get(id))
            .map(|n| (n.kind, plain(&n.label), n.id.clone()))
            .collect();
        path.push((view.node.kind, plain(&view.node.label), view.node.id.clone()));
        path
    });
    views
}

/// The figures of nodes that may be shown: those of small groups are hidden from who may not
/// see their people, and others with them.
fn masked_heads(
    organisation: &Organisation,
    who: &Access,
    nodes: &[&Node],
    heads: &BTreeMap<NodeId, Heads>,
    day: Date,
) -> BTreeMap<NodeId, Heads> {
    let rank: BTreeMap<&NodeId, usize> =
        nodes.iter().enumerate().map(|(i, node)| (&node.id, i)).collect();
    let cells: Vec<Cell> = nodes
        .iter()
        .map(|node| Cell {
            people: heads.get(&node.id).map_or(0, |h| h.members),
            open: who.may_on(Permission::PeopleRead, &node.id),
        })
        .collect();
    let above: Vec<Option<usize>> = nodes
        .iter()
        .map(|node| organisation.nodes.get(&node.id)?.place(day)?.parent.as_ref())
        .map(|parent| parent.and_then(|parent| rank.get(parent).copied()))
        .collect();
    let hidden = masking::mask(&cells, &masking::tree(&above), SMALL_CELL);
    nodes
        .iter()
        .zip(hidden)
        .filter(|(_, hidden)| !hidden)
        .filter_map(|(node, _)| Some((node.id.clone(), *heads.get(&node.id)?)))
        .collect()
}

/// Text folded for sorting and searching: case and accents put aside.
pub(crate) fn plain(text: &str) -> String {
    eclusier_ingest::plain(text)
}

/// Whether something is allowed on a node. One that the rights of the holder do not know yet (it
/// was just made, or stands from next month only) is judged by the nodes it hangs below.
pub(crate) fn may_on_node(
    who: &Access,
    permission: Permission,
    organisation: &Organisation,
    id: &NodeId,
    today: Date,
) -> bool {
    if who.may_on(permission, id) {
        return true;
    }
    let Some(node) = organisation.nodes.get(id) else { return false };
    let nearest = node
        .place(today)
        .or_else(|| node.places.iter().find(|place| place.valid.from > today))
        .or_else(|| node.places.last())
        .and_then(|place| place.parent.as_ref());
    nearest.is_some_and(|parent| {
        who.may_on(permission, parent)
            || organisation.above(parent, today).iter().any(|node| who.may_on(permission, node))
    })
}

fn may_edit_node(who: &Access, organisation: &Organisation, id: &NodeId, today: Date) -> bool {
    may_on_node(who, Permission::OrganisationWrite, organisation, id, today)
}

/// Nodes somebody belongs to today and that stand.
fn present_nodes<'a>(
    organisation: &'a Organisation,
    person: &'a Person,
    today: Date,
) -> impl Iterator<Item = &'a NodeId> {
    person
        .nodes(today)
        .filter(move |id| organisation.nodes.get(*id).is_some_and(|n| n.place(today).is_some()))
}

/// Whether people of a node may be read; those without a node are for who may read everybody.
pub(crate) fn may_read_person(
    who: &Access,
    permission: Permission,
    organisation: &Organisation,
    person: &Person,
    today: Date,
) -> bool {
    who.require_all(permission).is_ok()
        || present_nodes(organisation, person, today)
            .any(|node| may_on_node(who, permission, organisation, node, today))
}

/// Whether a person may be changed: on every node the person belongs to today.
pub(crate) fn may_write_person(
    who: &Access,
    organisation: &Organisation,
    person: &Person,
    today: Date,
) -> bool {
    let nodes: Vec<&NodeId> = present_nodes(organisation, person, today).collect();
    let may = |node: &&NodeId| may_on_node(who, Permission::PeopleWrite, organisation, node, today);
    who.require_all(Permission::PeopleWrite).is_ok() || (!nodes.is_empty() && nodes.iter().all(may))
}

/// The one place that decides who may make which edits of the organisation.
pub(crate) fn permit(
    who: &Access,
    organisation: &Organisation,
    edits: &[Edit],
    today: Date,
) -> Result<(), Denied> {
    let joined: BTreeMap<&PersonId, Vec<&NodeId>> = joiners(edits);
    let made: BTreeSet<&NodeId> = edits
        .iter()
        .filter_map(|edit| match edit {
            Edit::AddNode { node } => Some(&node.id),
            _ => None,
        })
        .collect();
    let permission = Permission::OrganisationWrite;
    let below = |parent: Option<&NodeId>| match parent {
        None => who.require_all(permission),
        // What the same list makes was judged where it hangs.
        Some(parent) if made.contains(parent) => Ok(()),
        Some(parent) if may_edit_node(who, organisation, parent, today) => Ok(()),
        Some(_) => Err(Denied { permission }),
    };
    let belongs = |node: &NodeId| {
        if made.contains(node)
            || may_on_node(who, Permission::PeopleWrite, organisation, node, today)
        {
            Ok(())
        } else {
            Err(Denied { permission: Permission::PeopleWrite })
        }
    };
    let person = |id: &PersonId| match organisation.people.get(id) {
        Some(person) if may_write_person(who, organisation, person, today) => Ok(()),
        Some(_) => Err(Denied { permission: Permission::PeopleWrite }),
        // Somebody new is judged by where they are put.
        None => match joined.get(id) {
            Some(nodes) => nodes.iter().try_for_each(|node| belongs(node)),
            None => who.require_all(Permission::PeopleWrite),
        },
    };
    let closed: BTreeSet<&NodeId> = edits.iter().filter_map(Edit::node).collect();
    for edit in edits {
        match edit {
            Edit::AddNode { node } => {
                node.places.iter().try_for_each(|place| below(place.parent.as_ref()))?;
                if node.places.is_empty() {
                    who.require_all(permission)?;
                }
            }
            Edit::PutNode { node } => {
                if !may_edit_node(who, organisation, &node.id, today) {
                    return Err(Denied { permission });
                }
                let known = organisation.nodes.get(&node.id);
                let new = |place: &&Place| known.is_none_or(|known| !keeps(known, place));
                let parents = node.places.iter().filter(new).map(|place| place.parent.as_ref());
                parents.into_iter().try_for_each(below)?;
            }
            Edit::AddPerson { person: new } => person(&new.id)?,
            Edit::PutPerson { person: known } => person(&known.id)?,
            Edit::AddFact { person: id, fact } => {
                person(id)?;
                if let Fact::Membership { node } = &fact.fact {
                    belongs(node)?;
                }
            }
            Edit::PutFact { person: id, fact } => {
                let held = organisation
                    .people
                    .get(id)
                    .and_then(|p| p.facts.iter().find(|f| f.id == fact.id));
                // Whoever may close a node may end what its closing ends.
                let ended = |fact: &DatedFact| matches!(&fact.fact, Fact::Membership { node } if closed.contains(node));
                let less = |h: &DatedFact| h.fact == fact.fact && within(&fact.valid, &h.valid);
                if held.is_some_and(|h| less(h) && ended(h)) {
                    continue;
                }
                person(id)?;
                for fact in held.into_iter().chain([fact]) {
                    if let Fact::Membership { node } = &fact.fact {
                        belongs(node)?;
                    }
                }
            }
            Edit::DropFact { person: id, fact, .. } => {
                let held = organisation
                    .people
                    .get(id)
                    .and_then(|p| p.facts.iter().find(|f| f.id == *fact));
                match held.map(|f| &f.fact) {
                    Some(Fact::Membership { node }) if closed.contains(node) => {}
                    Some(Fact::Membership { node }) => {
                        person(id)?;
                        belongs(node)?;
                    }
                    _ => person(id)?,
                }
            }
        }
    }
    Ok(())
}

/// Whether a place only keeps what a node already had, or less of it.
fn keeps(node: &Node, place: &Place) -> bool {
    node.places.iter().any(|p| p.parent == place.parent && within(&place.valid, &p.valid))
}

/// Whether every day of a validity is one of another.
fn within(part: &Validity, whole: &Validity) -> bool {
    part.from >= whole.from && whole.to.is_none_or(|end| part.to.is_some_and(|to| to <= end))
}

/// Where the edits put new people.
fn joiners(edits: &[Edit]) -> BTreeMap<&PersonId, Vec<&NodeId>> {
    let mut joined: BTreeMap<&PersonId, Vec<&NodeId>> = BTreeMap::new();
    for edit in edits {
        if let Edit::AddFact { person, fact } = edit
            && let Fact::Membership { node } = &fact.fact
        {
            joined.entry(person).or_default().push(node);
        }
    }
    joined
}

/// A broken rule in words, with the names of the screens.
pub(crate) fn refusal(fault: &OrgFault, organisation: &Organisation) -> AppError {
    let name = |id: &NodeId| {
        organisation.nodes.get(id).map_or_else(|| id.0.clone(), |node| node.label.clone())
    };
    let (code, fr, en) = match fault {
        OrgFault::Stale { what, id } => return AppError::Stale { what, id: id.clone() },
        OrgFault::Unknown { what, id } => {
            return AppError::NotFound { what, name: id.clone() };
        }
        OrgFault::Exists { .. } => (
            "exists",
            "Cet identifiant existe déjà : relire puis recommencer.".to_owned(),
            "This identifier exists already: read again and retry.".to_owned(),
        ),
        OrgFault::Value { field, .. } => {
            return AppError::invalid(
                field,
                format!("« {field} » manque, est trop long ou hors de ses bornes"),
                format!("“{field}” is missing, too long or out of its bounds"),
            );
        }
        OrgFault::Backwards { from, to, .. } => {
            return AppError::invalid(
                "to",
                format!("le dernier jour ({to}) précède le premier ({from})"),
                format!("the last day ({to}) comes before the first ({from})"),
            );
        }
        OrgFault::KindFixed { .. } => (
            "kind_fixed",
            "Le genre d’une unité ne change pas : la clore et en créer une autre.".to_owned(),
            "The kind of a unit does not change: close it and make another.".to_owned(),
        ),
        OrgFault::PlacesOverlap { node, day } => (
            "places_overlap",
            format!("« {} » serait à deux endroits le {day}.", name(node)),
            format!("“{}” would be in two places on {day}.", name(node)),
        ),
        OrgFault::Loop { node, parent, day } => (
            "loop",
            format!(
                "« {} » ne peut pas dépendre de « {} », qui en dépend déjà le {day}.",
                name(node),
                name(parent)
            ),
            format!(
                "“{}” cannot hang below “{}”, which already hangs below it on {day}.",
                name(node),
                name(parent)
            ),
        ),
        OrgFault::NotWider { node, kind, parent, parent_kind } => (
            "not_wider",
            format!(
                "« {} » ({}) ne peut pas dépendre de « {} » ({}) : il faut un niveau plus large.",
                name(node),
                kind_fr(*kind),
                name(parent),
                kind_fr(*parent_kind)
            ),
            format!(
                "“{}” ({}) cannot hang below “{}” ({}): a wider level is needed.",
                name(node),
                kind.as_str(),
                name(parent),
                parent_kind.as_str()
            ),
        ),
        OrgFault::ParentAbsent { node, parent, day } => (
            "parent_absent",
            format!(
                "« {} » dépend de « {} », qui n’existe pas le {day} : rattacher d’abord ce qui en dépend.",
                name(node),
                name(parent)
            ),
            format!(
                "“{}” hangs below “{}”, which does not stand on {day}: first move what hangs below.",
                name(node),
                name(parent)
            ),
        ),
        OrgFault::SameCode { code, first, second, day } => (
            "same_code",
            format!(
                "« {} » et « {} » porteraient tous deux le code « {code} » le {day} : leurs lignes se confondraient.",
                name(first),
                name(second)
            ),
            format!(
                "“{}” and “{}” would both bear the code “{code}” on {day}: their rows would mix.",
                name(first),
                name(second)
            ),
        ),
        OrgFault::FactsOverlap { kind, day, .. } => (
            "facts_overlap",
            format!(
                "Deux périodes de même genre ({}) se chevauchent le {day} : clore la première.",
                fact_fr(kind)
            ),
            format!("Two periods of the same kind ({kind}) overlap on {day}: end the first one."),
        ),
        OrgFault::NodeAbsent { node, day, .. } => (
            "node_absent",
            format!("« {} » n’existe pas le {day}.", name(node)),
            format!("“{}” does not stand on {day}.", name(node)),
        ),
        OrgFault::NotForPeople { node } => (
            "not_for_people",
            format!("Personne n’est rattaché à un réseau (« {} »).", name(node)),
            format!("Nobody belongs to a network (“{}”).", name(node)),
        ),
        OrgFault::SamePerson { .. } => (
            "same_person",
            "Cet identifiant est déjà celui d’une autre personne.".to_owned(),
            "This identifier is already somebody else’s.".to_owned(),
        ),
        other => ("organisation", format!("Changement refusé : {other}."), other.to_string()),
    };
    AppError::Refused { code: code.into(), fr, en }
}

pub(crate) fn kind_fr(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Network => "réseau",
        NodeKind::Body => "organisme",
        NodeKind::Site => "site",
        NodeKind::Service => "service",
        NodeKind::Team => "équipe",
    }
}

fn fact_fr(kind: &str) -> &'static str {
    match kind {
        "membership" => "rattachement",
        "contract" => "contrat",
        "skill" => "compétence",
        "absence" => "absence",
        _ => "montée en charge",
    }
}
