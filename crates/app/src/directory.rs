//! The organisation as a directory sees it (SCIM 2.0): accounts of people, and groups.
//!
//! - Computes: the edits that a request of a directory means; a group is a team or a service,
//!   its members belong to it from today on.
//! - Units: none.
//! - Shapes: drafts in, users and groups out.
//! - Errors: as for the screens; a record changed meanwhile is [`AppError::Stale`].
//! - Source: RFC 7643, RFC 7644; `docs/organisation.md`.

use std::collections::{BTreeMap, BTreeSet};

use eclusier_core::{
    NodeId, Organisation, Permission, PersonId,
    org::{DatedFact, Edit, Fact, Node, NodeKind, Person, Place, Validity},
};
use jiff::civil::Date;
use sha2::{Digest, Sha256};

use crate::{
    App,
    error::{AppError, AppResult},
    organisation::{leavers, may_on_node, new_id},
    people::new_fact,
    staff::gone_edits,
};

/// Where a fact came from when a directory said it.
const SOURCE: &str = "scim";

/// A person as a directory sees one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Identifier, ours.
    pub id: PersonId,
    /// Version of the record.
    pub version: i64,
    /// What it holds.
    pub draft: UserDraft,
    /// Groups the person belongs to today: identifier and name.
    pub groups: Vec<(NodeId, String)>,
}

/// What a directory may say of a person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserDraft {
    /// Identifier in the directory.
    pub external: Option<String>,
    /// Unique name.
    pub user_name: String,
    /// Given name.
    pub given: String,
    /// Family name.
    pub family: String,
    /// Address.
    pub email: String,
    /// Whether still with the body.
    pub active: bool,
    /// Number in the case tool: replaced by its pseudonym, never told back.
    pub employee: Option<String>,
}

/// A team or service as a directory sees one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Identifier, ours.
    pub id: NodeId,
    /// Changes with the record and with its members.
    pub tag: String,
    /// What it holds.
    pub draft: GroupDraft,
}

/// What a directory may say of a group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GroupDraft {
    /// Identifier in the directory.
    pub external: Option<String>,
    /// Name.
    pub name: String,
    /// Members of today.
    pub members: BTreeSet<PersonId>,
}

impl App {
    /// Every account that a directory may see.
    pub async fn directory_users(&self) -> AppResult<Vec<User>> {
        self.require(Permission::PeopleRead)?;
        let organisation = self.organisation().await?;
        let today = self.today().await?;
        Ok(organisation
            .people
            .values()
            .filter(|person| self.listed(&organisation, person, today))
            .map(|person| user(&organisation, person, today))
            .collect())
    }

    /// A person that was deleted through the directory is no longer its business.
    fn listed(&self, organisation: &Organisation, person: &Person, today: Date) -> bool {
        (person.active || person.user_name.is_some()) && self.may_see(organisation, person, today)
    }

    /// One account.
    pub async fn directory_user(&self, id: &PersonId) -> AppResult<User> {
        self.require(Permission::PeopleRead)?;
        let organisation = self.organisation().await?;
        let today = self.today().await?;
        let person = self.listed_person(&organisation, id, today)?;
        Ok(user(&organisation, person, today))
    }

    fn listed_person<'a>(
        &self,
        organisation: &'a Organisation,
        id: &PersonId,
        today: Date,
    ) -> AppResult<&'a Person> {
        let person = organisation.people.get(id);
        person
            .filter(|person| self.listed(organisation, person, today))
            .ok_or_else(|| AppError::NotFound { what: "person", name: id.0.clone() })
    }

    /// Makes an account. Somebody already known by their address, whom no directory had named
    /// yet, is taken rather than doubled.
    pub async fn add_directory_user(&self, draft: UserDraft) -> AppResult<User> {
        self.require(Permission::PeopleWrite)?;
        let organisation = self.organisation().await?;
        let known = {
            let mut alike = organisation.people.values().filter(|person| {
                person.user_name.is_none()
                    && !draft.email.is_empty()
                    && person.email.eq_ignore_ascii_case(&draft.email)
            });
            match (alike.next(), alike.next()) {
                (Some(one), None) => Some(one.clone()),
                _ => None,
            }
        };
        let id = known.as_ref().map_or_else(|| PersonId(new_id()), |person| person.id.clone());
        let person = self.written(known.as_ref(), &id, draft)?;
        let edit = match known {
            Some(_) => Edit::PutPerson { person },
            None => Edit::AddPerson { person },
        };
        self.change_organisation(vec![edit], None).await?;
        self.directory_user(&id).await
    }

    fn written(
        &self,
        known: Option<&Person>,
        id: &PersonId,
        draft: UserDraft,
    ) -> AppResult<Person> {
        let agent = match &draft.employee {
            Some(number) => self.pseudonym(Some(number))?,
            None => known.and_then(|person| person.agent.clone()),
        };
        Ok(Person {
            id: id.clone(),
            agent,
            given: draft.given.trim().to_owned(),
            family: draft.family.trim().to_owned(),
            email: draft.email.trim().to_owned(),
            external: draft.external,
            user_name: Some(draft.user_name),
            active: draft.active,
            facts: Vec::new(),
            version: known.map_or(0, |person| person.version),
        })
    }

    /// Writes an account as it must become. Nothing is written when nothing changes.
    pub async fn put_directory_user(
        &self,
        id: &PersonId,
        version: Option<i64>,
        draft: UserDraft,
    ) -> AppResult<User> {
        self.require(Permission::PeopleWrite)?;
        let organisation = self.organisation().await?;
        let today = self.today().await?;
        let known = self.listed_person(&organisation, id, today)?;
        if version.is_some_and(|version| version != known.version) {
            return Err(AppError::Stale { what: "person", id: id.0.clone() });
        }
        let person = self.written(Some(known), id, draft)?;
        if person != (Person { facts: Vec::new(), ..known.clone() }) {
            self.change_organisation(vec![Edit::PutPerson { person }], None).await?;
        }
        self.directory_user(id).await
    }

    /// Lets somebody go: no longer active, teams and contracts ended. What was true of the past
    /// stays: figures of closed months describe it.
    pub async fn drop_directory_user(&self, id: &PersonId, version: Option<i64>) -> AppResult<()> {
        self.require(Permission::PeopleWrite)?;
        let organisation = self.organisation().await?;
        let today = self.today().await?;
        let known = self.listed_person(&organisation, id, today)?;
        if version.is_some_and(|version| version != known.version) {
            return Err(AppError::Stale { what: "person", id: id.0.clone() });
        }
        let mut edits = gone_edits(known, today);
        for edit in &mut edits {
            if let Edit::PutPerson { person } = edit {
                person.user_name = None;
                person.external = None;
                person.facts = Vec::new();
            }
        }
        self.change_organisation(edits, None).await?;
        Ok(())
    }

    /// Every group that a directory may see.
    pub async fn directory_groups(&self) -> AppResult<Vec<Group>> {
        self.require(Permission::OrganisationRead)?;
        self.require(Permission::PeopleRead)?;
        let organisation = self.organisation().await?;
        let today = self.today().await?;
        // Read once: asking each group who is in it would read everybody as often.
        let mut members: BTreeMap<&NodeId, Vec<&Person>> = BTreeMap::new();
        for person in organisation.people.values() {
            for node in person.nodes(today) {
                members.entry(node).or_default().push(person);
            }
        }
        Ok(organisation
            .nodes
            .values()
            .filter(|node| self.is_group(&organisation, node, today))
            .map(|node| group(node, members.remove(&node.id).unwrap_or_default()))
            .collect())
    }

    fn is_group(&self, organisation: &Organisation, node: &Node, today: Date) -> bool {
        matches!(node.kind, NodeKind::Service | NodeKind::Team)
            && node.place(today).is_some()
            && self.node_in_reach(organisation, &node.id, today).is_ok()
            && may_on_node(self.who(), Permission::PeopleRead, organisation, &node.id, today)
    }

    /// One group.
    pub async fn directory_group(&self, id: &NodeId) -> AppResult<Group> {
        self.require(Permission::OrganisationRead)?;
        self.require(Permission::PeopleRead)?;
        let organisation = self.organisation().await?;
        let today = self.today().await?;
        let node = self.group_node(&organisation, id, today)?;
        Ok(one_group(&organisation, node, today))
    }

    fn group_node<'a>(
        &self,
        organisation: &'a Organisation,
        id: &NodeId,
        today: Date,
    ) -> AppResult<&'a Node> {
        let node = organisation.nodes.get(id);
        node.filter(|node| self.is_group(organisation, node, today))
            .ok_or_else(|| AppError::NotFound { what: "group", name: id.0.clone() })
    }

    /// Makes a team of the only body there is, with its members.
    pub async fn add_directory_group(&self, draft: GroupDraft) -> AppResult<Group> {
        self.require(Permission::OrganisationWrite)?;
        let organisation = self.organisation().await?;
        let today = self.today().await?;
        let mut edits = Vec::new();
        let mut bodies = organisation
            .nodes
            .values()
            .filter(|node| node.kind == NodeKind::Body && node.place(today).is_some());
        let body = match (bodies.next(), bodies.next()) {
            (Some(only), None) => only.id.clone(),
            (None, _) => {
                let settings = self.registry().body().await?;
                let name = match settings.name.trim() {
                    "" => "Organisme".to_owned(),
                    name => name.to_owned(),
                };
                let body = node(NodeKind::Body, &name, None, None, today);
                let id = body.id.clone();
                edits.push(Edit::AddNode { node: body });
                id
            }
            _ => {
                return Err(AppError::invalid(
                    "displayName",
                    "plusieurs organismes existent : créer l’équipe dans l’écran Organisation",
                    "several bodies exist: make the team on the Organisation screen",
                ));
            }
        };
        let team = node(NodeKind::Team, &draft.name, Some(body), draft.external, today);
        let id = team.id.clone();
        edits.push(Edit::AddNode { node: team });
        for person in &draft.members {
            self.listed_person(&organisation, person, today)?;
            edits.push(joins(person, &id, today));
        }
        self.change_organisation(edits, None).await?;
        self.directory_group(&id).await
    }

    /// Writes a group as it must become; who is not named any more leaves it today.
    pub async fn put_directory_group(
        &self,
        id: &NodeId,
        tag: Option<&str>,
        draft: GroupDraft,
    ) -> AppResult<Group> {
        self.require(Permission::OrganisationWrite)?;
        let organisation = self.organisation().await?;
        let today = self.today().await?;
        let known = self.group_node(&organisation, id, today)?;
        let present = one_group(&organisation, known, today);
        if tag.is_some_and(|tag| tag != present.tag) {
            return Err(AppError::Stale { what: "group", id: id.0.clone() });
        }
        let mut edits = Vec::new();
        if known.label != draft.name || known.external != draft.external {
            let (label, external) = (draft.name.clone(), draft.external.clone());
            edits.push(Edit::PutNode { node: Node { label, external, ..known.clone() } });
        }
        for person in draft.members.difference(&present.draft.members) {
            self.listed_person(&organisation, person, today)?;
            edits.push(joins(person, id, today));
        }
        for person in present.draft.members.difference(&draft.members) {
            if let Some(person) = organisation.people.get(person) {
                edits.extend(leaves(person, id, today));
            }
        }
        if !edits.is_empty() {
            self.change_organisation(edits, None).await?;
        }
        self.directory_group(id).await
    }

    /// Closes a group from today on, and its memberships with it.
    pub async fn drop_directory_group(&self, id: &NodeId, tag: Option<&str>) -> AppResult<()> {
        self.require(Permission::OrganisationWrite)?;
        let organisation = self.organisation().await?;
        let today = self.today().await?;
        let known = self.group_node(&organisation, id, today)?;
        if tag.is_some_and(|tag| tag != one_group(&organisation, known, today).tag) {
            return Err(AppError::Stale { what: "group", id: id.0.clone() });
        }
        let last = today.yesterday().unwrap_or(today);
        let closed = known.clone().closed(last);
        let mut edits = leavers(&organisation, &closed);
        edits.push(Edit::PutNode { node: closed });
        self.change_organisation(edits, None).await?;
        Ok(())
    }
}

fn user(organisation: &Organisation, person: &Person, today: Date) -> User {
    let groups = person
        .nodes(today)
        .filter_map(|id| organisation.nodes.get(id))
        .filter(|node| matches!(node.kind, NodeKind::Service | NodeKind::Team))
        .filter(|node| node.place(today).is_some())
        .map(|node| (node.id.clone(), node.label.clone()))
        .collect();
    // Somebody no directory ever named still needs a unique name there.
    let fallback = || person.id.0.clone();
    User {
        id: person.id.clone(),
        version: person.version,
        draft: UserDraft {
            external: person.external.clone(),
            user_name: person.user_name.clone().unwrap_or_else(fallback),
            given: person.given.clone(),
            family: person.family.clone(),
            email: person.email.clone(),
            active: person.active,
            employee: None,
        },
        groups,
    }
}

fn one_group(organisation: &Organisation, node: &Node, today: Date) -> Group {
    let inside = |person: &&Person| person.nodes(today).any(|id| *id == node.id);
    group(node, organisation.people.values().filter(inside).collect())
}

/// A group and, of those who belong to it, the ones still with the body.
fn group(node: &Node, people: Vec<&Person>) -> Group {
    let mut state = Sha256::new();
    state.update(format!("{}/{}", node.id, node.version));
    let present = people.into_iter().filter(|person| person.active);
    let members: BTreeSet<PersonId> = present.map(|person| person.id.clone()).collect();
    for id in &members {
        state.update(format!("/{id}"));
    }
    let mut tag = hex::encode(state.finalize());
    tag.truncate(16);
    let (external, name) = (node.external.clone(), node.label.clone());
    Group { id: node.id.clone(), tag, draft: GroupDraft { external, name, members } }
}

fn node(
    kind: NodeKind,
    name: &str,
    parent: Option<NodeId>,
    external: Option<String>,
    today: Date,
) -> Node {
    Node {
        id: NodeId(new_id()),
        kind,
        code: name.to_owned(),
        label: name.to_owned(),
        external,
        places: vec![Place { parent, valid: Validity { from: today, to: None } }],
        version: 0,
    }
}

fn joins(person: &PersonId, node: &NodeId, today: Date) -> Edit {
    let valid = Validity { from: today, to: None };
    let fact = new_fact(Fact::Membership { node: node.clone() }, valid, SOURCE);
    Edit::AddFact { person: person.clone(), fact }
}

/// The end, yesterday, of what holds today; what begins later is not the directory's to undo.
fn leaves(person: &Person, node: &NodeId, today: Date) -> Vec<Edit> {
    let theirs = |fact: &&DatedFact| {
        fact.valid.covers(today)
            && matches!(&fact.fact, Fact::Membership { node: id } if id == node)
    };
    person
        .facts
        .iter()
        .filter(theirs)
        .map(|fact| match today.yesterday() {
            Ok(last) if last >= fact.valid.from => {
                let valid = Validity { to: Some(last), ..fact.valid };
                let fact = DatedFact { valid, ..fact.clone() };
                Edit::PutFact { person: person.id.clone(), fact }
            }
            _ => Edit::DropFact { person: person.id.clone(), fact: fact.id, version: fact.version },
        })
        .collect()
}
