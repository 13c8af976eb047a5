//! The people of the organisation: who they are, what holds of them, who may know.
//!
//! - Computes: lists and files of people in reach, and the edits that a form means.
//! - Units: civil days; contract share of a full time.
//! - Shapes: drafts in, views out.
//! - Errors: a missing right, a stale version, or the rule that would be broken, in words.
//! - Source: `docs/methods/organisation.md`, `docs/rights.md`.

use std::collections::BTreeSet;

use eclusier_core::{
    NodeId, Organisation, Permission, PersonId,
    org::{AbsenceCause, DatedFact, Edit, Fact, Person, Presence, Validity},
};
use jiff::civil::Date;
use serde_json::{Map, Value};

use crate::{
    App,
    error::{AppError, AppResult},
    organisation::{DaysOff, may_read_person, may_write_person, new_id, plain, seen},
};

/// Which people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeopleWanted {
    /// Node, those below included; everybody in reach when absent.
    pub node: Option<NodeId>,
    /// Day, today when absent.
    pub day: Option<Date>,
    /// Part of a name.
    pub search: String,
    /// Those who left too.
    pub all: bool,
    /// People to skip.
    pub offset: usize,
    /// At most this many.
    pub limit: usize,
}

impl Default for PeopleWanted {
    fn default() -> Self {
        Self { node: None, day: None, search: String::new(), all: false, offset: 0, limit: 100 }
    }
}

/// A person on a day.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonView {
    /// The person, without facts.
    pub person: Person,
    /// Nodes on the day.
    pub nodes: Vec<NodeId>,
    /// Contract share on the day.
    pub share: Option<f64>,
    /// Whether there.
    pub presence: Presence,
    /// Skills on the day, those held alone first.
    pub skills: Vec<String>,
}

/// A page of people.
#[derive(Debug, Clone, PartialEq)]
pub struct PeoplePage {
    /// Day.
    pub day: Date,
    /// People of the whole list.
    pub total: usize,
    /// The page.
    pub people: Vec<PersonView>,
}

/// A person with what holds of them.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonFile {
    /// Today.
    pub person: PersonView,
    /// Facts, latest first; those of an absence without its cause unless it may be known.
    pub facts: Vec<FactView>,
    /// Whether the reader may change them.
    pub editable: bool,
}

/// A dated fact as its reader may see it.
#[derive(Debug, Clone, PartialEq)]
pub struct FactView {
    /// Number.
    pub id: i64,
    /// Kind.
    pub kind: &'static str,
    /// When.
    pub valid: Validity,
    /// Content.
    pub content: Value,
    /// Where it came from.
    pub source: String,
    /// Version.
    pub version: i64,
}

/// A person to make or change.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PersonDraft {
    /// Version seen.
    pub version: Option<i64>,
    /// Given name.
    pub given: String,
    /// Family name.
    pub family: String,
    /// Address.
    pub email: String,
    /// Identifier in the case tool: replaced by its pseudonym here.
    pub agent: Option<String>,
    /// Whether still with the body.
    pub active: Option<bool>,
    /// Node joined by a new person.
    pub node: Option<NodeId>,
    /// First day in that node, today when absent.
    pub from: Option<Date>,
}

/// A fact to add or change.
#[derive(Debug, Clone, PartialEq)]
pub struct FactDraft {
    /// Version seen.
    pub version: Option<i64>,
    /// Kind.
    pub kind: String,
    /// When.
    pub valid: Validity,
    /// Content.
    pub content: Value,
}

impl App {
    /// People in reach, by name.
    pub async fn people(&self, wanted: &PeopleWanted) -> AppResult<PeoplePage> {
        self.require(Permission::PeopleRead)?;
        let organisation = self.organisation().await?;
        let today = self.today().await?;
        let day = wanted.day.unwrap_or(today);
        let holidays = self.days_off(day).await?;
        let (app, wanted) = (self.clone(), wanted.clone());
        self.blocking(move || {
            let found = app.found(&organisation, &wanted, today, day)?;
            let total = found.len();
            let page = found.into_iter().skip(wanted.offset).take(wanted.limit.min(1_000));
            let people = page.map(|person| view(&organisation, person, day, &holidays)).collect();
            Ok(PeoplePage { day, total, people })
        })
        .await
    }

    /// Everybody a search finds among those in reach today, by name.
    fn found<'a>(
        &self,
        organisation: &'a Organisation,
        wanted: &PeopleWanted,
        today: Date,
        day: Date,
    ) -> AppResult<Vec<&'a Person>> {
        let below = match &wanted.node {
            None => None,
            Some(node) => {
                self.node_in_reach(organisation, node, today)?;
                Some(organisation.subtree(node, day))
            }
        };
        let search = plain(&wanted.search);
        let mut found: Vec<(String, &Person)> = organisation
            .people
            .values()
            .filter(|person| wanted.all || person.active)
            .filter(|person| self.may_see(organisation, person, today))
            .filter(|person| {
                below.as_ref().is_none_or(|nodes| person.nodes(day).any(|n| nodes.contains(n)))
            })
            .map(|person| (plain(&format!("{} {}", person.family, person.given)), person))
            .filter(|(name, person)| {
                let words = || search.split(' ').all(|word| name.contains(word));
                search.is_empty() || words() || person.id.0.starts_with(wanted.search.trim())
            })
            .collect();
        found.sort_by(|a, b| (&a.0, &a.1.id).cmp(&(&b.0, &b.1.id)));
        Ok(found.into_iter().map(|(_, person)| person).collect())
    }

    /// People whose names, contracts and skills the holder may read: a manager loses a team on
    /// the day of the move, whatever day is looked at.
    pub(crate) fn may_see(
        &self,
        organisation: &Organisation,
        person: &Person,
        today: Date,
    ) -> bool {
        self.who().person() == Some(&person.id)
            || may_read_person(self.who(), Permission::PeopleRead, organisation, person, today)
    }

    /// A person, unless out of reach: then there is nobody for who asks.
    fn person_in_reach<'a>(
        &self,
        organisation: &'a Organisation,
        id: &PersonId,
        today: Date,
    ) -> AppResult<&'a Person> {
        if self.who().person() != Some(id) {
            self.require(Permission::PeopleRead)?;
        }
        let person = organisation.people.get(id);
        person
            .filter(|person| self.may_see(organisation, person, today))
            .ok_or_else(|| AppError::NotFound { what: "person", name: id.0.clone() })
    }

    /// A person with what holds of them. A look at somebody else is recorded.
    pub async fn person(&self, id: &PersonId) -> AppResult<PersonFile> {
        let file = self.person_file(id).await?;
        if self.who().person() != Some(id) {
            let object = format!("person/{id}");
            let details = serde_json::json!({ "facts": file.facts.len() });
            let registry = &self.inner.registry;
            let by = self.actor();
            registry.record_act("individual.file", &object, details, &by, self.now()).await?;
        }
        Ok(file)
    }

    async fn person_file(&self, id: &PersonId) -> AppResult<PersonFile> {
        let organisation = self.organisation().await?;
        let today = self.today().await?;
        let person = self.person_in_reach(&organisation, id, today)?;
        let holidays = self.days_off(today).await?;
        let causes = self.may_know_causes(&organisation, person, today);
        let mut facts: Vec<FactView> =
            person.facts.iter().map(|fact| fact_view(fact, causes)).collect();
        facts.sort_by_key(|fact| (std::cmp::Reverse(fact.valid.from), fact.id));
        Ok(PersonFile {
            person: view(&organisation, person, today, &holidays),
            facts,
            editable: may_write_person(self.who(), &organisation, person, today),
        })
    }

    pub(crate) fn may_know_causes(
        &self,
        organisation: &Organisation,
        person: &Person,
        today: Date,
    ) -> bool {
        let permission = Permission::AbsencesCause;
        self.who().person() == Some(&person.id)
            || may_read_person(self.who(), permission, organisation, person, today)
    }

    /// Makes a person, in a node when the draft names one.
    pub async fn add_person(&self, draft: PersonDraft) -> AppResult<PersonFile> {
        self.require(Permission::PeopleWrite)?;
        let id = PersonId(new_id());
        let person = Person {
            id: id.clone(),
            agent: self.pseudonym(draft.agent.as_deref())?,
            given: draft.given.trim().to_owned(),
            family: draft.family.trim().to_owned(),
            email: draft.email.trim().to_owned(),
            external: None,
            user_name: None,
            active: draft.active.unwrap_or(true),
            facts: Vec::new(),
            version: 0,
        };
        let mut edits = vec![Edit::AddPerson { person }];
        if let Some(node) = draft.node {
            let from = match draft.from {
                Some(from) => from,
                None => self.today().await?,
            };
            let fact = new_fact(Fact::Membership { node }, Validity { from, to: None }, "screen");
            edits.push(Edit::AddFact { person: id.clone(), fact });
        }
        self.change_organisation(edits, None).await?;
        self.own_work(&id).await
    }

    /// What somebody just wrote. Who may write may not always read it back: a person put in a
    /// team from next month only is not in reach before.
    async fn own_work(&self, id: &PersonId) -> AppResult<PersonFile> {
        match self.person_file(id).await {
            Err(AppError::NotFound { .. } | AppError::Forbidden(_)) => {
                let organisation = self.organisation().await?;
                let today = self.today().await?;
                let holidays = self.days_off(today).await?;
                let person = organisation
                    .people
                    .get(id)
                    .ok_or_else(|| AppError::NotFound { what: "person", name: id.0.clone() })?;
                let facts = person.facts.iter().map(|fact| fact_view(fact, false)).collect();
                let person = view(&organisation, person, today, &holidays);
                Ok(PersonFile { person, facts, editable: false })
            }
            other => other,
        }
    }

    /// Renames a person, gives them a pseudonym, ends or takes back their being with the body.
    pub async fn put_person(&self, id: &PersonId, draft: PersonDraft) -> AppResult<PersonFile> {
        self.require(Permission::PeopleWrite)?;
        let organisation = self.organisation().await?;
        let today = self.today().await?;
        let known = self.person_in_reach(&organisation, id, today)?;
        let version = seen(draft.version)?;
        if version != known.version {
            return Err(AppError::Stale { what: "person", id: id.0.clone() });
        }
        let agent = match &draft.agent {
            None => known.agent.clone(),
            Some(agent) => self.pseudonym(Some(agent))?,
        };
        let person = Person {
            agent,
            given: draft.given.trim().to_owned(),
            family: draft.family.trim().to_owned(),
            email: draft.email.trim().to_owned(),
            active: draft.active.unwrap_or(known.active),
            facts: Vec::new(),
            ..known.clone()
        };
        self.change_organisation(vec![Edit::PutPerson { person }], None).await?;
        self.own_work(id).await
    }

    /// The pseudonym of an identifier of the case tool; the empty text is none.
    pub(crate) fn pseudonym(&self, agent: Option<&str>) -> AppResult<Option<String>> {
        match agent.filter(|agent| !agent.trim().is_empty()) {
            None => Ok(None),
            Some(agent) => Ok(Some(self.home().pseudonymiser()?.person(agent).to_owned())),
        }
    }

    /// Adds a fact.
    pub async fn add_fact(&self, id: &PersonId, draft: FactDraft) -> AppResult<PersonFile> {
        self.require(Permission::PeopleWrite)?;
        let organisation = self.organisation().await?;
        let today = self.today().await?;
        let person = self.person_in_reach(&organisation, id, today)?;
        let causes = self.may_know_causes(&organisation, person, today);
        let fact = new_fact(read_fact(&draft, None, causes)?, draft.valid, "screen");
        self.change_organisation(vec![Edit::AddFact { person: id.clone(), fact }], None).await?;
        self.own_work(id).await
    }

    /// Changes a fact: its content, or the days it holds.
    pub async fn put_fact(
        &self,
        id: &PersonId,
        fact: i64,
        draft: FactDraft,
    ) -> AppResult<PersonFile> {
        self.require(Permission::PeopleWrite)?;
        let organisation = self.organisation().await?;
        let today = self.today().await?;
        let person = self.person_in_reach(&organisation, id, today)?;
        let known = find_fact(person, fact)?;
        let causes = self.may_know_causes(&organisation, person, today);
        let changed = DatedFact {
            valid: draft.valid,
            fact: read_fact(&draft, Some(&known.fact), causes)?,
            source: "screen".into(),
            version: seen(draft.version)?,
            ..known.clone()
        };
        let edit = Edit::PutFact { person: id.clone(), fact: changed };
        self.change_organisation(vec![edit], None).await?;
        self.own_work(id).await
    }

    /// Removes a fact that was never true; one that no longer holds is ended instead.
    pub async fn drop_fact(
        &self,
        id: &PersonId,
        fact: i64,
        version: Option<i64>,
    ) -> AppResult<PersonFile> {
        self.require(Permission::PeopleWrite)?;
        let organisation = self.organisation().await?;
        let today = self.today().await?;
        find_fact(self.person_in_reach(&organisation, id, today)?, fact)?;
        let edit = Edit::DropFact { person: id.clone(), fact, version: seen(version)? };
        self.change_organisation(vec![edit], None).await?;
        self.own_work(id).await
    }
}

pub(crate) fn new_fact(fact: Fact, valid: Validity, source: &str) -> DatedFact {
    DatedFact { id: 0, valid, fact, source: source.to_owned(), version: 0 }
}

fn find_fact(person: &Person, id: i64) -> AppResult<&DatedFact> {
    let found = person.facts.iter().find(|fact| fact.id == id);
    found.ok_or_else(|| AppError::NotFound { what: "fact", name: id.to_string() })
}

fn view(organisation: &Organisation, person: &Person, day: Date, holidays: &DaysOff) -> PersonView {
    let works = holidays.works(person.calendar(day));
    let mut skills = BTreeSet::new();
    for fact in person.on(day) {
        if let Fact::Skill { skill, authorised, .. } = &fact.fact {
            skills.insert((!authorised, skill.clone()));
        }
    }
    let stands = |id: &&NodeId| organisation.nodes.get(*id).is_some_and(|n| n.place(day).is_some());
    PersonView {
        nodes: person.nodes(day).filter(stands).cloned().collect(),
        share: person.share(day),
        presence: if works { person.presence(day) } else { Presence::Off },
        skills: skills.into_iter().map(|(_, skill)| skill).collect(),
        person: Person { facts: Vec::new(), ..person.clone() },
    }
}

fn fact_view(fact: &DatedFact, causes: bool) -> FactView {
    let mut content = serde_json::to_value(&fact.fact).unwrap_or_default();
    if let Value::Object(map) = &mut content {
        map.shift_remove("kind");
        if !causes {
            map.shift_remove("cause");
        }
    }
    FactView {
        id: fact.id,
        kind: fact.fact.kind(),
        valid: fact.valid,
        content,
        source: fact.source.clone(),
        version: fact.version,
    }
}

/// A fact from its form. Who may not know causes does not set them: the cause known stays.
fn read_fact(draft: &FactDraft, known: Option<&Fact>, causes: bool) -> AppResult<Fact> {
    let unreadable =
        |why: String| AppError::invalid("content", format!("contenu illisible : {why}"), why);
    let mut map = match &draft.content {
        Value::Object(map) => map.clone(),
        _ => Map::new(),
    };
    map.insert("kind".into(), Value::String(draft.kind.clone()));
    if draft.kind == "absence" {
        let cause = match known {
            Some(Fact::Absence { cause, .. }) => *cause,
            _ => AbsenceCause::Other,
        };
        let kept = serde_json::to_value(cause).unwrap_or_default();
        if !causes || !map.contains_key("cause") {
            map.insert("cause".into(), kept);
        }
        for half in ["from_noon", "until_noon"] {
            map.entry(half).or_insert(Value::Bool(false));
        }
    }
    serde_json::from_value(Value::Object(map)).map_err(|e| unreadable(e.to_string()))
}
