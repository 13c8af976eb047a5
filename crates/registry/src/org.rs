//! The organisation: its tree, its people and what holds of them, all dated.
//!
//! The rules are `eclusier_core`'s: a change is applied to what it concerns, read inside the
//! write transaction, and only a result that keeps every rule is written.

use std::collections::{BTreeMap, BTreeSet};

use eclusier_core::org::{
    DatedFact, Edit, Fact, Node, NodeId, NodeKind, OrgFault, Organisation, Person, PersonId, Place,
    Validity,
};
use jiff::Timestamp;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Row as _};

use crate::{
    Registry, RegistryError,
    accounts::disable_accounts_of,
    audit::{Act, record},
    catalogue::next,
    database::{Conn, Row},
    value::{sha256_hex, to_count, to_date, wrong},
};

/// What a change left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrgChange {
    /// Revision of the organisation, unchanged when there was nothing to do.
    pub revision: i64,
    /// Numbers given to the new facts, in the order of their edits.
    pub facts: Vec<i64>,
}

/// A delivery (a staff list, a directory) whose edits are told in the audit log as one act.
#[derive(Debug, Clone, PartialEq)]
pub struct OrgDelivery {
    /// Stable name of the act (`staff.import`).
    pub action: &'static str,
    /// Digest of the file.
    pub sha256: String,
    /// Figures of the delivery.
    pub figures: Value,
}

/// Name of the revisions among the sequences.
const REVISIONS: &str = "organisation";
/// Name of the numbers of facts.
const FACTS: &str = "person_fact";
/// People beyond which a change reads everybody at once.
const MANY: usize = 300;

impl Registry {
    /// The whole organisation, as one state of the database.
    pub async fn organisation(&self) -> Result<Organisation, RegistryError> {
        let mut conn = self.read_together().await?;
        let revision = revision(&mut conn).await?;
        let mut organisation =
            Organisation { revision, nodes: nodes(&mut conn).await?, ..Organisation::default() };
        read_people(&mut conn, None, &mut organisation).await?;
        Ok(organisation)
    }

    /// The revision of the organisation: what was derived from the same one still holds.
    pub async fn organisation_revision(&self) -> Result<i64, RegistryError> {
        revision(&mut *self.read().await?).await
    }

    /// Makes changes of the organisation, all or none of them.
    ///
    /// A record that somebody else changed since is [`RegistryError::Stale`]; a result that
    /// breaks a rule is [`RegistryError::Organisation`]. A delivery leaves one entry in the
    /// audit log, other changes one each: figures and identifiers, no name, no cause. The
    /// accounts of people who leave are disabled and their sessions end, each with its entry;
    /// somebody who comes back is let in again by whoever manages accounts, never by this.
    pub async fn change_organisation(
        &self,
        edits: &[Edit],
        delivery: Option<&OrgDelivery>,
        by: &str,
        at: Timestamp,
    ) -> Result<OrgChange, RegistryError> {
        if edits.is_empty() && delivery.is_none() {
            let revision = self.organisation_revision().await?;
            return Ok(OrgChange { revision, facts: Vec::new() });
        }
        let mut write = self.write().await?;
        let conn = write.conn();
        let (edits, facts) = numbered(conn, edits).await?;
        let mut organisation = concerned(conn, &edits).await?;
        let leaving = leaving(&edits, &organisation);
        organisation.apply(&edits).map_err(refused)?;
        write_nodes(conn, &edits, &organisation).await?;
        write_people(conn, &edits, &organisation).await?;
        // Whoever is no longer with the body no longer signs in, from this very moment.
        for person in &leaving {
            disable_accounts_of(conn, person, by, at).await?;
        }
        let revision =
            if edits.is_empty() { revision(conn).await? } else { next(conn, REVISIONS).await? };
        match delivery {
            Some(delivery) => {
                let text = serde_json::to_string(&edits).unwrap_or_default();
                let details = json!({
                    "edits": edits.len(),
                    // Proves which edits they were without repeating what they say of people.
                    "edits_sha256": sha256_hex(text.as_bytes()),
                    "figures": delivery.figures,
                    "revision": revision,
                    "sha256": delivery.sha256,
                });
                let object = "organisation".to_owned();
                record(conn, Act { at, by, action: delivery.action, object, details }).await?;
            }
            None => {
                for edit in &edits {
                    let (action, object, details) = told(edit, &organisation);
                    record(conn, Act { at, by, action, object, details }).await?;
                }
            }
        }
        write.commit().await?;
        Ok(OrgChange { revision, facts })
    }
}

/// People that were with the body and no longer are.
fn leaving(edits: &[Edit], before: &Organisation) -> BTreeSet<PersonId> {
    let present = |id: &PersonId| before.people.get(id).is_some_and(|known| known.active);
    edits
        .iter()
        .filter_map(|edit| match edit {
            Edit::PutPerson { person } if !person.active => Some(&person.id),
            _ => None,
        })
        .filter(|id| present(id))
        .cloned()
        .collect()
}

fn refused(fault: OrgFault) -> RegistryError {
    match fault {
        OrgFault::Stale { what, id } => RegistryError::Stale { what, id },
        OrgFault::Unknown { what, id } => RegistryError::Missing { what, id },
        other => RegistryError::Organisation(other),
    }
}

/// How the audit log tells one edit.
fn told(edit: &Edit, organisation: &Organisation) -> (&'static str, String, Value) {
    let version = |person: &PersonId| organisation.people.get(person).map(|p| p.version);
    match edit {
        Edit::AddNode { node } | Edit::PutNode { node } => {
            let action = match edit {
                Edit::AddNode { .. } => "node.create",
                _ => "node.update",
            };
            let place =
                |p: &Place| json!({ "parent": p.parent, "from": p.valid.from, "to": p.valid.to });
            let places: Vec<Value> = node.places.iter().map(place).collect();
            let version = organisation.nodes.get(&node.id).map(|n| n.version);
            let details =
                json!({ "kind": node.kind.as_str(), "places": places, "version": version });
            (action, format!("node/{}", node.id), details)
        }
        Edit::AddPerson { person } | Edit::PutPerson { person } => {
            let action = match edit {
                Edit::AddPerson { .. } => "person.create",
                _ => "person.update",
            };
            let details = json!({
                "active": person.active,
                "in_logs": person.agent.is_some(),
                "version": version(&person.id),
            });
            (action, format!("person/{}", person.id), details)
        }
        Edit::AddFact { person, fact } | Edit::PutFact { person, fact } => {
            let action = match edit {
                Edit::AddFact { .. } => "fact.create",
                _ => "fact.update",
            };
            let mut details = json!({ "fact": fact.id, "kind": fact.fact.kind() });
            // When somebody was away is theirs: the log says that an absence was written.
            if !matches!(fact.fact, Fact::Absence { .. }) {
                details["from"] = json!(fact.valid.from);
                details["to"] = json!(fact.valid.to);
            }
            if let Fact::Membership { node } = &fact.fact {
                details["node"] = json!(node);
            }
            (action, format!("person/{person}"), details)
        }
        Edit::DropFact { person, fact, .. } => {
            ("fact.delete", format!("person/{person}"), json!({ "fact": fact }))
        }
    }
}

async fn revision(conn: &mut Conn) -> Result<i64, RegistryError> {
    let last: Option<i64> = sqlx::query_scalar("SELECT last FROM sequence WHERE name = $1")
        .bind(REVISIONS)
        .fetch_optional(conn)
        .await?;
    Ok(last.unwrap_or(0))
}

/// The edits with a number for each new fact.
async fn numbered(conn: &mut Conn, edits: &[Edit]) -> Result<(Vec<Edit>, Vec<i64>), RegistryError> {
    let mut edits = edits.to_vec();
    let new = edits.iter().filter(|edit| matches!(edit, Edit::AddFact { .. })).count();
    if new == 0 {
        return Ok((edits, Vec::new()));
    }
    let count = to_count("facts", u64::try_from(new).unwrap_or(u64::MAX))?;
    let last: i64 = sqlx::query_scalar(
        "INSERT INTO sequence (name, last) VALUES ($1, $2)
         ON CONFLICT (name) DO UPDATE SET last = sequence.last + excluded.last RETURNING last",
    )
    .bind(FACTS)
    .bind(count)
    .fetch_one(conn)
    .await?;
    let mut facts = Vec::with_capacity(new);
    let mut number = last - count;
    for edit in &mut edits {
        if let Edit::AddFact { fact, .. } = edit {
            number += 1;
            fact.id = number;
            facts.push(number);
        }
    }
    Ok((edits, facts))
}

/// The part of the organisation that the rules need to judge these edits.
async fn concerned(conn: &mut Conn, edits: &[Edit]) -> Result<Organisation, RegistryError> {
    let mut organisation = Organisation { nodes: nodes(conn).await?, ..Organisation::default() };
    let mut people: BTreeSet<String> =
        edits.iter().filter_map(Edit::person).map(|id| id.0.clone()).collect();
    for edit in edits {
        if people.len() > MANY {
            break;
        }
        match edit {
            // Nobody may be left in a node on a day when it does not stand.
            Edit::PutNode { node } => {
                let members: Vec<String> = sqlx::query_scalar(
                    "SELECT DISTINCT person FROM person_fact
                     WHERE kind = 'membership' AND json LIKE $1",
                )
                .bind(format!("%{}%", json!(node.id)))
                .fetch_all(&mut *conn)
                .await?;
                people.extend(members);
            }
            // Nor may two people share what tells them apart.
            Edit::AddPerson { person } | Edit::PutPerson { person } => {
                let same: Vec<String> = sqlx::query_scalar(
                    "SELECT id FROM person WHERE agent = $1 OR lower(user_name) = lower($2)",
                )
                .bind(&person.agent)
                .bind(&person.user_name)
                .fetch_all(&mut *conn)
                .await?;
                people.extend(same);
            }
            _ => {}
        }
    }
    let some = (people.len() <= MANY).then_some(&people);
    read_people(conn, some, &mut organisation).await?;
    Ok(organisation)
}

async fn nodes(conn: &mut Conn) -> Result<BTreeMap<NodeId, Node>, RegistryError> {
    let mut nodes = BTreeMap::new();
    let rows = sqlx::query("SELECT id, kind, code, label, external, version FROM org_node")
        .fetch_all(&mut *conn)
        .await?;
    for row in &rows {
        let kind: String = row.try_get("kind")?;
        let id = NodeId(row.try_get("id")?);
        let node = Node {
            id: id.clone(),
            kind: NodeKind::parse(&kind).ok_or_else(|| wrong("org_node.kind", &kind))?,
            code: row.try_get("code")?,
            label: row.try_get("label")?,
            external: row.try_get("external")?,
            places: Vec::new(),
            version: row.try_get("version")?,
        };
        nodes.insert(id, node);
    }
    let rows =
        sqlx::query("SELECT node, parent, from_day, to_day FROM org_place ORDER BY from_day")
            .fetch_all(conn)
            .await?;
    for row in &rows {
        let node = NodeId(row.try_get("node")?);
        let parent: Option<String> = row.try_get("parent")?;
        if let Some(node) = nodes.get_mut(&node) {
            node.places.push(Place { parent: parent.map(NodeId), valid: valid(row)? });
        }
    }
    Ok(nodes)
}

fn valid(row: &Row) -> Result<Validity, RegistryError> {
    let from: String = row.try_get("from_day")?;
    let to: Option<String> = row.try_get("to_day")?;
    Ok(Validity {
        from: to_date("from_day", &from)?,
        to: to.map(|to| to_date("to_day", &to)).transpose()?,
    })
}

const PERSON: &str = "SELECT id, agent, given, family, email, external, user_name, active, version
     FROM person";
/// The facts of each person as one text: a row per fact would take six times as long to read.
/// `$1` parts fields and `$2` facts; neither can be in a field.
const FACTS_OF: &str = "SELECT person AS id, string_agg(
         CAST(id AS TEXT) || $1 || from_day || $1 || coalesce(to_day, '') || $1 ||
         CAST(version AS TEXT) || $1 || source || $1 || json, $2) AS facts
     FROM person_fact";
const FIELD: &str = "\u{1f}";
const RECORD: &str = "\u{1e}";

/// Adds people to the organisation, everybody when `some` is absent.
async fn read_people(
    conn: &mut Conn,
    some: Option<&BTreeSet<String>>,
    organisation: &mut Organisation,
) -> Result<(), RegistryError> {
    let mut people = BTreeMap::new();
    let mut batches: Vec<Option<Vec<&String>>> = vec![None];
    if let Some(some) = some {
        let ids: Vec<&String> = some.iter().collect();
        batches = ids.chunks(100).map(|ids| Some(ids.to_vec())).collect();
    }
    for ids in batches {
        let ids = ids.as_deref();
        for row in &select(conn, PERSON, &[], ids, "id", "").await? {
            let person = person(row)?;
            people.insert(person.id.clone(), person);
        }
        for row in
            &select(conn, FACTS_OF, &[FIELD, RECORD], ids, "person", " GROUP BY person").await?
        {
            let id = PersonId(row.try_get("id")?);
            if let Some(person) = people.get_mut(&id) {
                let text: &str = row.try_get("facts")?;
                person.facts = text.split(RECORD).map(fact).collect::<Result<_, _>>()?;
                person.facts.sort_by_key(|fact| fact.id);
            }
        }
    }
    organisation.people.extend(people);
    Ok(())
}

async fn select(
    conn: &mut Conn,
    what: &str,
    values: &[&str],
    ids: Option<&[&String]>,
    key: &str,
    last: &str,
) -> Result<Vec<Row>, RegistryError> {
    let filter = match ids {
        None => String::new(),
        Some(ids) => format!(" WHERE {key} IN ({})", marks(ids.len(), 1 + values.len())),
    };
    let mut query = sqlx::query(AssertSqlSafe(format!("{what}{filter}{last}")));
    for value in values.iter().copied().chain(ids.unwrap_or_default().iter().map(|id| id.as_str()))
    {
        query = query.bind(value.to_owned());
    }
    Ok(query.fetch_all(conn).await?)
}

/// `$from, $from+1, …`.
fn marks(count: usize, from: usize) -> String {
    (from..from + count).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ")
}

fn person(row: &Row) -> Result<Person, RegistryError> {
    let active: i64 = row.try_get("active")?;
    Ok(Person {
        id: PersonId(row.try_get("id")?),
        agent: row.try_get("agent")?,
        given: row.try_get("given")?,
        family: row.try_get("family")?,
        email: row.try_get("email")?,
        external: row.try_get("external")?,
        user_name: row.try_get("user_name")?,
        active: active != 0,
        facts: Vec::new(),
        version: row.try_get("version")?,
    })
}

fn fact(text: &str) -> Result<DatedFact, RegistryError> {
    let mut fields = text.splitn(6, FIELD);
    let mut field = || fields.next().ok_or_else(|| wrong("person_fact", text.len()));
    let (id, from, to, version, source, json) =
        (field()?, field()?, field()?, field()?, field()?, field()?);
    let number = |text: &str| text.parse::<i64>().map_err(|_| wrong("person_fact.id", text));
    let to = if to.is_empty() { None } else { Some(to_date("person_fact.to_day", to)?) };
    Ok(DatedFact {
        id: number(id)?,
        valid: Validity { from: to_date("person_fact.from_day", from)?, to },
        fact: serde_json::from_str(json)
            .map_err(|source| RegistryError::Json { what: "fact about a person", source })?,
        source: source.to_owned(),
        version: number(version)?,
    })
}

/// Rows written by one statement.
const AT_ONCE: usize = 200;

/// A value of a column.
enum Cell {
    Text(Option<String>),
    Whole(i64),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Cell::Text(Some(text.to_owned()))
    }
}

impl From<Option<String>> for Cell {
    fn from(text: Option<String>) -> Self {
        Cell::Text(text)
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Cell::Whole(number)
    }
}

/// Writes rows, many to a statement: a list of ten thousand people is one import.
async fn upsert<const N: usize>(
    conn: &mut Conn,
    table: &str,
    columns: [&str; N],
    key: usize,
    rows: Vec<[Cell; N]>,
) -> Result<(), RegistryError> {
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let batch: Vec<[Cell; N]> = rows.by_ref().take(AT_ONCE).collect();
        let values: Vec<String> =
            (0..batch.len()).map(|row| format!("({})", marks(N, 1 + row * N))).collect();
        let (keys, others) = columns.split_at(key.min(N));
        let set: Vec<String> = others.iter().map(|c| format!("{c} = excluded.{c}")).collect();
        let sql = format!(
            "INSERT INTO {table} ({}) VALUES {} ON CONFLICT ({}) DO UPDATE SET {}",
            columns.join(", "),
            values.join(", "),
            keys.join(", "),
            set.join(", "),
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for cell in batch.into_iter().flatten() {
            query = match cell {
                Cell::Text(text) => query.bind(text),
                Cell::Whole(number) => query.bind(number),
            };
        }
        query.execute(&mut *conn).await?;
    }
    Ok(())
}

async fn write_nodes(
    conn: &mut Conn,
    edits: &[Edit],
    organisation: &Organisation,
) -> Result<(), RegistryError> {
    let ids: BTreeSet<&NodeId> = edits.iter().filter_map(Edit::node).collect();
    let nodes: Vec<&Node> = ids.iter().filter_map(|id| organisation.nodes.get(*id)).collect();
    let row = |node: &&Node| {
        [
            node.id.0.as_str().into(),
            node.kind.as_str().into(),
            node.code.as_str().into(),
            node.label.as_str().into(),
            node.external.clone().into(),
            node.version.into(),
        ]
    };
    let columns = ["id", "kind", "code", "label", "external", "version"];
    upsert(conn, "org_node", columns, 1, nodes.iter().map(row).collect()).await?;
    let mut places = Vec::new();
    for node in nodes {
        sqlx::query("DELETE FROM org_place WHERE node = $1")
            .bind(&node.id.0)
            .execute(&mut *conn)
            .await?;
        places.extend(node.places.iter().map(|place| {
            [
                node.id.0.as_str().into(),
                place.valid.from.to_string().as_str().into(),
                place.parent.as_ref().map(|p| p.0.clone()).into(),
                place.valid.to.map(|to| to.to_string()).into(),
            ]
        }));
    }
    upsert(conn, "org_place", ["node", "from_day", "parent", "to_day"], 2, places).await
}

async fn write_people(
    conn: &mut Conn,
    edits: &[Edit],
    organisation: &Organisation,
) -> Result<(), RegistryError> {
    let mut people = BTreeSet::new();
    let mut facts: BTreeMap<i64, &PersonId> = BTreeMap::new();
    for edit in edits {
        match edit {
            Edit::AddPerson { person } | Edit::PutPerson { person } => {
                people.insert(&person.id);
            }
            Edit::AddFact { person, fact } | Edit::PutFact { person, fact } => {
                facts.insert(fact.id, person);
            }
            Edit::DropFact { person, fact, .. } => {
                facts.insert(*fact, person);
            }
            Edit::AddNode { .. } | Edit::PutNode { .. } => {}
        }
    }
    let row = |person: &Person| {
        [
            person.id.0.as_str().into(),
            person.agent.clone().into(),
            person.given.as_str().into(),
            person.family.as_str().into(),
            person.email.as_str().into(),
            person.external.clone().into(),
            person.user_name.clone().into(),
            i64::from(person.active).into(),
            person.version.into(),
        ]
    };
    let columns =
        ["id", "agent", "given", "family", "email", "external", "user_name", "active", "version"];
    let rows = people.into_iter().filter_map(|id| organisation.people.get(id)).map(row).collect();
    upsert(conn, "person", columns, 1, rows).await?;

    let mut rows = Vec::with_capacity(facts.len());
    let mut gone = Vec::new();
    for (id, owner) in facts {
        let held = organisation.people.get(owner).and_then(|p| p.facts.iter().find(|f| f.id == id));
        let Some(fact) = held else {
            gone.push(id);
            continue;
        };
        let json = serde_json::to_string(&fact.fact)
            .map_err(|source| RegistryError::Json { what: "fact about a person", source })?;
        rows.push([
            fact.id.into(),
            owner.0.as_str().into(),
            fact.fact.kind().into(),
            fact.valid.from.to_string().as_str().into(),
            fact.valid.to.map(|to| to.to_string()).into(),
            json.as_str().into(),
            fact.source.as_str().into(),
            fact.version.into(),
        ]);
    }
    let columns = ["id", "person", "kind", "from_day", "to_day", "json", "source", "version"];
    upsert(conn, "person_fact", columns, 1, rows).await?;
    for batch in gone.chunks(AT_ONCE) {
        let sql = format!("DELETE FROM person_fact WHERE id IN ({})", marks(batch.len(), 1));
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for id in batch {
            query = query.bind(*id);
        }
        query.execute(&mut *conn).await?;
    }
    Ok(())
}
