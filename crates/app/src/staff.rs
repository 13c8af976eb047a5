//! Staff lists: what a spreadsheet says of people becomes dated facts about them.
//!
//! - Computes: the edits that make the organisation say what a list says, and no other.
//! - Units: civil days; contract share of a full time; skills from 0 to 4.
//! - Shapes: the organisation and the rows of a list in, edits and remarks out ([`plan`], pure);
//!   then one transaction.
//! - Errors: a file that cannot be read is a report, as for other imports; a bad row is a finding.
//! - Source: `docs/organisation.md`.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::PathBuf,
};

use eclusier_core::{
    Access, NodeId, Organisation, Permission, PersonId,
    org::{
        DatedFact, Edit, Fact, Node, NodeKind, Person, Piece, Place, Validity, cut_before,
        reconcile,
    },
};
use eclusier_ingest::{
    Code, Context, Finding, IngestError, Mapping, Quarantine, RefusedRow, SinkError,
    absences::AbsenceReport,
    staff::{StaffReport, StaffRow, StaffSkill},
};
use eclusier_registry::OrgDelivery;
use jiff::{civil::Date, tz::TimeZone};
use serde_json::json;

use crate::{
    App,
    error::{AppError, AppResult},
    imports::{ImportStatus, digest},
    organisation::{new_id, permit},
    staff_changes::told,
};

pub use crate::staff_changes::{ChangeSort, StaffChange};

/// What a file of the organisation holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StaffKind {
    /// People, units, contracts, skills.
    Staff,
    /// Absences: a list or a calendar.
    Absences,
}

/// How to import a file of the organisation.
#[derive(Debug, Clone)]
pub struct StaffOptions {
    /// The file.
    pub path: PathBuf,
    /// Name shown in messages.
    pub name: String,
    /// What it holds.
    pub kind: StaffKind,
    /// Mapping, complete or not.
    pub mapping: Mapping,
    /// Keep the names that recognised columns hold.
    pub names: bool,
    /// End what is known of people that the list does not name.
    pub end_missing: bool,
    /// The person a calendar belongs to; else each event names its own.
    pub person: Option<PersonId>,
    /// Day from which rows without one hold; today when absent.
    pub day: Option<Date>,
    /// Only report.
    pub dry_run: bool,
    /// Refuse national identity numbers instead of replacing them.
    pub strict_nir: bool,
}

impl StaffOptions {
    /// Usual options: everything detected, no name kept, nobody ended.
    pub fn new(path: impl Into<PathBuf>, kind: StaffKind) -> Self {
        let path = path.into();
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        Self {
            path,
            name,
            kind,
            mapping: Mapping::default(),
            names: false,
            end_missing: false,
            person: None,
            day: None,
            dry_run: false,
            strict_nir: false,
        }
    }
}

/// What an import did, or would do.
#[derive(Debug, Clone, PartialEq)]
pub struct StaffImport {
    /// How it ended.
    pub status: ImportStatus,
    /// File name.
    pub file: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Rows of the file.
    pub rows_read: u64,
    /// Rows taken.
    pub accepted: u64,
    /// Rows refused.
    pub quarantined: u64,
    /// People of the file.
    pub people: u64,
    /// What it changes.
    pub figures: Figures,
    /// What to know.
    pub findings: Vec<Finding>,
    /// What changes, one by one: the first of them only when they are many.
    pub changes: Vec<StaffChange>,
    /// What to do, when refused or when a choice is needed.
    pub message: Option<[String; 2]>,
}

/// What a list changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Figures {
    /// People made.
    pub people_added: u64,
    /// People renamed, joined to the logs, back, or gone.
    pub people_changed: u64,
    /// Nodes made.
    pub nodes_added: u64,
    /// Facts made.
    pub facts_added: u64,
    /// Facts ended, prolonged or replaced.
    pub facts_ended: u64,
    /// People of the same bodies that the list does not name.
    pub people_missing: u64,
}

/// What to do about a list.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Plan {
    pub(crate) edits: Vec<Edit>,
    pub(crate) refused: Vec<(u64, Code, [String; 2])>,
    pub(crate) people: u64,
    pub(crate) people_missing: u64,
    /// First line of the file that speaks of each person.
    pub(crate) lines: BTreeMap<PersonId, u64>,
}

/// What was read of a file.
enum Read {
    Staff(StaffReport),
    Absences(AbsenceReport),
}

impl App {
    /// Imports a file of the organisation. A refusal or a question is a report, not an error.
    pub async fn import_staff(&self, options: StaffOptions) -> AppResult<StaffImport> {
        self.require(Permission::PeopleWrite)?;
        let (path, name) = (options.path.clone(), options.name.clone());
        let sha256 = self.blocking(move || digest(&path, &name)).await?;
        match self.try_staff(&options, &sha256).await {
            Err(
                error @ AppError::Ingest(IngestError::Refused { .. } | IngestError::Choice { .. }),
            ) => Ok(refused(&options, sha256, &error)),
            Err(AppError::Ingest(IngestError::Cancelled)) => Err(AppError::Cancelled),
            other => other,
        }
    }

    async fn try_staff(&self, options: &StaffOptions, sha256: &str) -> AppResult<StaffImport> {
        let body = self.inner.registry.body().await?;
        let zone = TimeZone::get(&body.zone).unwrap_or(TimeZone::UTC);
        let people = self.home().pseudonymiser()?;
        let asked = options.clone();
        let read = self
            .blocking(move || {
                let mut sink = Aside;
                let mut ctx = Context::new(asked.name.clone(), zone, people, &(), &mut sink);
                ctx.strict_nir = asked.strict_nir;
                let mut mapping = asked.mapping.clone();
                mapping.staff.names |= asked.names;
                Ok(match asked.kind {
                    StaffKind::Staff => Read::Staff(eclusier_ingest::staff::read_staff(
                        &asked.path,
                        &mapping,
                        &mut ctx,
                    )?),
                    StaffKind::Absences if is_calendar(&asked.path) => {
                        Read::Absences(eclusier_ingest::ical::read_calendar(&asked.path, &mut ctx)?)
                    }
                    StaffKind::Absences => Read::Absences(
                        eclusier_ingest::absences::read_absences(&asked.path, &mapping, &mut ctx)?,
                    ),
                })
            })
            .await?;
        let day = match options.day {
            Some(day) => day,
            None => self.today().await?,
        };
        // Somebody may change the organisation while we plan: then the plan is made again. What is
        // refused each time is not their doing.
        let mut last = AppError::Stale { what: "organisation", id: String::new() };
        for _ in 0..4 {
            let organisation = self.organisation().await?;
            let today = self.today().await?;
            let plan = match &read {
                Read::Staff(report) => {
                    let terms = Terms {
                        who: self.who(),
                        today,
                        day,
                        source: source("staff", &options.name),
                        body: body.name.clone(),
                        end_missing: options.end_missing,
                    };
                    plan(&organisation, report, &terms)
                }
                Read::Absences(report) => {
                    crate::absences::plan(&organisation, report, options, self.who(), today)?
                }
            };
            let outcome = report(options, sha256, &read, &plan, &organisation);
            if options.dry_run || plan.edits.is_empty() {
                return Ok(outcome);
            }
            let delivery = OrgDelivery {
                action: match options.kind {
                    StaffKind::Staff => "staff.import",
                    StaffKind::Absences => "absences.import",
                },
                sha256: sha256.to_owned(),
                figures: json!({
                    "accepted": outcome.accepted,
                    "changes": outcome.figures,
                    "quarantined": outcome.quarantined,
                    "rows_read": outcome.rows_read,
                }),
            };
            match self.change_organisation(plan.edits, Some(delivery)).await {
                Ok(_) => return Ok(outcome),
                Err(error) if matches!(error.kind(), "stale" | "not-found" | "refused") => {
                    last = error;
                }
                Err(error) => return Err(error),
            }
        }
        Err(last)
    }
}

/// Largest file of the organisation: a list of everybody of a network is a few megabytes.
pub const MOST_BYTES: u64 = 64 << 20;

/// A place for a file being received; it goes with its last holder, whatever happens.
#[derive(Debug)]
pub struct Staged(PathBuf);

impl Staged {
    /// Where to write the file.
    pub fn path(&self) -> PathBuf {
        self.0.join("file")
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, "a file received could not be removed");
        }
    }
}

impl App {
    /// A place for a file of the organisation that is being received: it holds names.
    pub fn stage_staff(&self) -> AppResult<Staged> {
        self.require(Permission::PeopleWrite)?;
        self.staged()
    }

    /// A place of its own for one file; who may send one was decided before.
    pub(crate) fn staged(&self) -> AppResult<Staged> {
        let folder = self.home().uploads().join(new_id());
        std::fs::create_dir_all(&folder)
            .map_err(|source| AppError::Io { what: "the upload".into(), source })?;
        Ok(Staged(folder))
    }
}

/// Rows refused are told in the report with their lines; nothing of them is kept.
pub(crate) struct Aside;

impl Quarantine for Aside {
    fn header(&mut self, _: &[&str]) -> Result<(), SinkError> {
        Ok(())
    }
    fn refuse(&mut self, _: RefusedRow<'_>) -> Result<(), SinkError> {
        Ok(())
    }
}

/// Whether a file is a calendar, by its first words.
fn is_calendar(path: &std::path::Path) -> bool {
    use std::io::Read as _;
    let mut head = [0u8; 64];
    let read = std::fs::File::open(path).and_then(|mut file| file.read(&mut head)).unwrap_or(0);
    let text = String::from_utf8_lossy(head.get(..read).unwrap_or(&[])).to_ascii_uppercase();
    text.trim_start_matches('\u{feff}').trim_start().starts_with("BEGIN:V")
}

/// Where a fact came from: the file, its name cut and cleaned.
pub(crate) fn source(kind: &str, name: &str) -> String {
    let name: String = name.chars().filter(|c| !c.is_control()).take(100).collect();
    format!("{kind}:{name}")
}

fn refused(options: &StaffOptions, sha256: String, error: &AppError) -> StaffImport {
    let (status, finding) = match error {
        AppError::Ingest(IngestError::Choice { code, fr, en, .. }) => {
            (ImportStatus::ChoiceNeeded, Some((None, *code, fr, en)))
        }
        AppError::Ingest(IngestError::Refused { code, fr, en, line, .. }) => {
            (ImportStatus::Refused, Some((*line, *code, fr, en)))
        }
        _ => (ImportStatus::Refused, None),
    };
    let finding = finding.map(|(line, code, fr, en)| Finding {
        line,
        column: None,
        code,
        count: 1,
        fr: fr.clone(),
        en: en.clone(),
    });
    StaffImport {
        status,
        file: options.name.clone(),
        sha256,
        rows_read: 0,
        accepted: 0,
        quarantined: 0,
        people: 0,
        figures: Figures::default(),
        findings: finding.into_iter().collect(),
        changes: Vec::new(),
        message: Some(error.words()),
    }
}

fn report(
    options: &StaffOptions,
    sha256: &str,
    read: &Read,
    plan: &Plan,
    organisation: &Organisation,
) -> StaffImport {
    let (rows_read, accepted, quarantined, mut findings, notes) = match read {
        Read::Staff(r) => (r.rows_read, r.accepted, r.quarantined, r.findings.clone(), &r.notes),
        Read::Absences(r) => (r.rows_read, r.accepted, r.quarantined, r.findings.clone(), &r.notes),
    };
    let mut figures = Figures { people_missing: plan.people_missing, ..Figures::default() };
    let mut added = BTreeSet::new();
    let mut changed = BTreeSet::new();
    for edit in &plan.edits {
        match edit {
            Edit::AddNode { .. } => figures.nodes_added += 1,
            Edit::PutNode { .. } => {}
            Edit::AddPerson { person } => {
                added.insert(&person.id);
            }
            Edit::PutPerson { person } => {
                changed.insert(&person.id);
            }
            Edit::AddFact { .. } => figures.facts_added += 1,
            Edit::PutFact { .. } | Edit::DropFact { .. } => figures.facts_ended += 1,
        }
    }
    figures.people_added = added.len() as u64;
    figures.people_changed = changed.len() as u64;
    let mut more = eclusier_ingest::finding::Findings::default();
    let mut lines = BTreeSet::new();
    for (line, code, words) in &plan.refused {
        lines.insert(*line);
        more.add(*code, Some(*line), None, || words.clone());
    }
    findings.extend(more.finish());
    findings.extend(notes.iter().map(|[fr, en]| Finding {
        line: None,
        column: None,
        code: Code::SplitAssumed,
        count: 1,
        fr: fr.clone(),
        en: en.clone(),
    }));
    let refused = lines.len() as u64;
    StaffImport {
        status: match (options.dry_run, plan.edits.is_empty()) {
            (true, _) => ImportStatus::DryRun,
            (false, true) => ImportStatus::Unchanged,
            (false, false) => ImportStatus::Committed,
        },
        file: options.name.clone(),
        sha256: sha256.to_owned(),
        rows_read,
        accepted: accepted.saturating_sub(refused),
        quarantined: quarantined.saturating_add(refused),
        people: plan.people,
        figures,
        findings,
        changes: told(&plan.edits, &plan.lines, organisation),
        message: None,
    }
}

/// On what terms a list is planned.
pub(crate) struct Terms<'a> {
    pub(crate) who: &'a Access,
    pub(crate) today: Date,
    /// Day from which rows without one hold.
    pub(crate) day: Date,
    pub(crate) source: String,
    /// Name of the body, for a list that says none while none is known.
    pub(crate) body: String,
    pub(crate) end_missing: bool,
}

/// Finds the people that lists speak of.
pub(crate) struct Faces<'a> {
    agents: HashMap<&'a str, &'a Person>,
    emails: HashMap<String, Vec<&'a Person>>,
    organisation: &'a Organisation,
}

impl<'a> Faces<'a> {
    pub(crate) fn of(organisation: &'a Organisation) -> Self {
        let mut faces = Self { agents: HashMap::new(), emails: HashMap::new(), organisation };
        for person in organisation.people.values() {
            if let Some(agent) = &person.agent {
                faces.agents.insert(agent, person);
            }
            if !person.email.is_empty() {
                faces.emails.entry(person.email.to_lowercase()).or_default().push(person);
            }
        }
        faces
    }

    /// By the identifier we gave, else by pseudonym.
    pub(crate) fn find(&self, own: Option<&str>, agent: Option<&str>) -> Option<&'a Person> {
        let own = own.and_then(|id| self.organisation.people.get(&PersonId(id.to_owned())));
        own.or_else(|| agent.and_then(|agent| self.agents.get(agent).copied()))
    }

    /// By address, when one person alone has it.
    pub(crate) fn by_email(&self, email: &str) -> Option<&'a Person> {
        match self.emails.get(&email.to_lowercase())?.as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }
}

/// Everything a list says of one person.
struct Entry<'a> {
    id: PersonId,
    known: Option<&'a Person>,
    rows: Vec<(&'a StaffRow, Option<NodeId>)>,
}

/// What to do for the organisation to say what a list says. People and facts that the list does
/// not speak of stay as they are, except when `end_missing` asks for people to go.
pub(crate) fn plan(organisation: &Organisation, report: &StaffReport, terms: &Terms<'_>) -> Plan {
    let mut plan = Plan::default();
    let faces = Faces::of(organisation);
    let mut tree = Tree::new(organisation, report, terms);
    let mut order: Vec<String> = Vec::new();
    let mut entries: HashMap<String, Entry<'_>> = HashMap::new();
    for row in &report.rows {
        let known = faces.find(row.own.as_deref(), Some(&row.person)).or_else(|| {
            // Somebody the directory made, whom no list had met yet.
            let alike = row.email.as_deref().and_then(|email| faces.by_email(email));
            alike.filter(|person| person.agent.is_none())
        });
        let node = match tree.node_of(row) {
            Ok(node) => node,
            Err(words) => {
                plan.refused.push((row.line, Code::UnknownUnit, words));
                continue;
            }
        };
        let key = known.map_or_else(|| row.person.clone(), |person| person.id.0.clone());
        let entry = entries.entry(key.clone()).or_insert_with(|| {
            order.push(key);
            let id = known.map_or_else(|| PersonId(new_id()), |person| person.id.clone());
            Entry { id, known, rows: Vec::new() }
        });
        entry.rows.push((row, node));
    }
    plan.people = order.len() as u64;
    plan.lines = entries
        .values()
        .filter_map(|entry| Some((entry.id.clone(), entry.rows.first()?.0.line)))
        .collect();
    let nodes = tree.edits();
    let whole = terms.who.require_all(Permission::PeopleWrite).is_ok()
        && terms.who.require_all(Permission::OrganisationWrite).is_ok();
    let mut edits = nodes.clone();
    let mut named: BTreeSet<PersonId> = BTreeSet::new();
    for entry in order.iter().filter_map(|key| entries.get(key)) {
        named.insert(entry.id.clone());
        let (mine, refused) = person_edits(entry, report, terms);
        plan.refused.extend(refused);
        if !whole {
            let mut all = nodes.clone();
            all.extend(mine.iter().cloned());
            // What others of the list need is theirs to be refused.
            let all = needed(all);
            if permit(terms.who, organisation, &all, terms.today).is_err() {
                plan.refused.extend(entry.rows.iter().map(|(row, _)| {
                    (row.line, Code::OutOfReach, [
                        "cette personne ou cette unité n’est pas dans le périmètre de qui importe"
                            .to_owned(),
                        "this person or unit is out of the reach of whoever imports".to_owned(),
                    ])
                }));
                continue;
            }
        }
        edits.extend(mine);
    }
    let missing = missing_people(organisation, &tree, &named, terms);
    plan.people_missing = missing.len() as u64;
    if terms.end_missing {
        for person in missing {
            let gone = gone_edits(person, terms.day);
            if whole || permit(terms.who, organisation, &gone, terms.today).is_ok() {
                edits.extend(gone);
            }
        }
    }
    plan.edits = needed(edits);
    plan
}

/// Nodes that nobody ends up in are not made.
fn needed(edits: Vec<Edit>) -> Vec<Edit> {
    let mut wanted: BTreeSet<NodeId> = BTreeSet::new();
    for edit in &edits {
        if let Edit::AddFact { fact, .. } | Edit::PutFact { fact, .. } = edit
            && let Fact::Membership { node } = &fact.fact
        {
            wanted.insert(node.clone());
        }
    }
    // From the last made to the first: a node is wanted by what hangs below it.
    for edit in edits.iter().rev() {
        if let Edit::AddNode { node } | Edit::PutNode { node } = edit
            && wanted.contains(&node.id)
        {
            wanted.extend(node.places.iter().filter_map(|place| place.parent.clone()));
        }
    }
    edits.into_iter().filter(|edit| edit.node().is_none_or(|node| wanted.contains(node))).collect()
}

/// Active members of the bodies of the list that it does not name.
fn missing_people<'a>(
    organisation: &'a Organisation,
    tree: &Tree<'_>,
    named: &BTreeSet<PersonId>,
    terms: &Terms<'_>,
) -> Vec<&'a Person> {
    let mut inside: BTreeSet<NodeId> = BTreeSet::new();
    for body in &tree.bodies {
        inside.extend(organisation.subtree(body, terms.day));
    }
    organisation
        .people
        .values()
        .filter(|person| person.active && !named.contains(&person.id))
        .filter(|person| person.nodes(terms.day).any(|node| inside.contains(node)))
        .collect()
}

/// Somebody leaves: teams and contracts end the day before, the person is no longer active.
pub(crate) fn gone_edits(person: &Person, day: Date) -> Vec<Edit> {
    let ends =
        |fact: &&DatedFact| matches!(fact.fact, Fact::Membership { .. } | Fact::Contract { .. });
    let mut edits: Vec<Edit> =
        vec![Edit::PutPerson { person: Person { active: false, ..person.clone() } }];
    for fact in person.facts.iter().filter(ends) {
        let held = Piece { valid: fact.valid, content: () };
        match cut_before(&[held], day).first() {
            Some(cut) if cut.valid == fact.valid => {}
            Some(cut) => edits.push(Edit::PutFact {
                person: person.id.clone(),
                fact: DatedFact { valid: cut.valid, ..fact.clone() },
            }),
            None => edits.push(Edit::DropFact {
                person: person.id.clone(),
                fact: fact.id,
                version: fact.version,
            }),
        }
    }
    edits
}

type Refusal = (u64, Code, [String; 2]);

fn contradiction(line: u64, fr: &str, en: &str) -> Refusal {
    (line, Code::Contradiction, [fr.to_owned(), en.to_owned()])
}

/// The edits that one person's rows mean.
fn person_edits(
    entry: &Entry<'_>,
    report: &StaffReport,
    terms: &Terms<'_>,
) -> (Vec<Edit>, Vec<Refusal>) {
    let mut refused = Vec::new();
    let blank = Person {
        id: entry.id.clone(),
        agent: entry.rows.first().map(|(row, _)| row.person.clone()),
        given: String::new(),
        family: String::new(),
        email: String::new(),
        external: None,
        user_name: None,
        active: true,
        facts: Vec::new(),
        version: 0,
    };
    let known = entry.known.unwrap_or(&blank);
    let mut person = Person { facts: Vec::new(), ..known.clone() };
    for (row, _) in &entry.rows {
        for (field, told) in [
            (&mut person.given, &row.given),
            (&mut person.family, &row.family),
            (&mut person.email, &row.email),
        ] {
            if let Some(told) = told {
                field.clone_from(told);
            }
        }
        if person.agent.is_none() && row.own.is_none() {
            person.agent = Some(row.person.clone());
        }
    }
    let here = |(row, node): &(&StaffRow, Option<NodeId>)| {
        node.is_some() && row.to.is_none_or(|to| to >= terms.day)
    };
    // Somebody whom the list still has is back; whoever it lets go leaves by their dates.
    person.active = known.active || entry.rows.iter().any(here);
    let mut edits = Vec::new();
    match entry.known {
        None => edits.push(Edit::AddPerson { person }),
        Some(known) if person != (Person { facts: Vec::new(), ..known.clone() }) => {
            edits.push(Edit::PutPerson { person });
        }
        Some(_) => {}
    }
    let facts_of = |keep: &dyn Fn(&Fact) -> bool| -> Vec<&DatedFact> {
        known.facts.iter().filter(|fact| keep(&fact.fact)).collect()
    };
    let mut settle = |facts: Vec<&DatedFact>, wanted: Vec<Piece<Fact>>, start: Option<Date>| {
        if let Some(start) = start {
            edits.extend(reconcile(&entry.id, &facts, start, wanted, &terms.source));
        }
    };
    // When a row holds: its days, else from the day of the list; a last day already known
    // stays when the list tells none.
    let valid = |row: &StaffRow, facts: &[&DatedFact], content: &Fact| {
        let from = row.from.unwrap_or(terms.day);
        let planned = || {
            let held = facts.iter().find(|f| f.valid.covers(from) && f.fact == *content);
            held.and_then(|fact| fact.valid.to)
        };
        Validity { from, to: if report.ends { row.to } else { row.to.or_else(planned) } }
    };
    let begins = |from: Option<Date>, start: Option<Date>| {
        let from = from.unwrap_or(terms.day);
        Some(start.map_or(from, |start| start.min(from)))
    };

    let facts = facts_of(&|fact| matches!(fact, Fact::Membership { .. }));
    let (mut wanted, mut start) = (Vec::new(), None);
    for (row, node) in &entry.rows {
        if let Some(node) = node {
            let content = Fact::Membership { node: node.clone() };
            start = begins(row.from, start);
            wanted.push(Piece { valid: valid(row, &facts, &content), content });
        }
    }
    settle(facts, wanted, start);

    let facts = facts_of(&|fact| matches!(fact, Fact::Contract { .. }));
    let (mut wanted, mut start) = (Vec::<Piece<Fact>>::new(), None);
    for (row, _) in &entry.rows {
        let content = match contract(row, &facts, terms.day) {
            None => continue,
            Some(Ok(content)) => content,
            Some(Err(refusal)) => {
                refused.push(refusal);
                continue;
            }
        };
        let piece = Piece { valid: valid(row, &facts, &content), content };
        let crosses = |known: &Piece<Fact>| {
            known.content != piece.content && known.valid.overlaps(&piece.valid)
        };
        if wanted.iter().any(crosses) {
            refused.push(contradiction(
                row.line,
                "deux contrats différents aux mêmes dates pour la même personne",
                "two different contracts on the same days for the same person",
            ));
            continue;
        }
        start = begins(row.from, start);
        wanted.push(piece);
    }
    settle(facts, wanted, start);

    let mut skills: BTreeMap<&str, Vec<(&StaffRow, &StaffSkill)>> = BTreeMap::new();
    for (row, _) in &entry.rows {
        for skill in &row.skills {
            skills.entry(skill.name.as_str()).or_default().push((row, skill));
        }
    }
    for (name, rows) in skills {
        let facts = facts_of(&|fact| matches!(fact, Fact::Skill { skill, .. } if skill == name));
        let (mut wanted, mut start) = (Vec::<Piece<Fact>>::new(), None);
        for (row, skill) in rows {
            start = begins(row.from, start);
            // Level 0 everywhere is not knowing: what was known ends.
            if skill.theory == Some(0) && skill.practice == Some(0) {
                continue;
            }
            let content = level(skill, &facts, row.from.unwrap_or(terms.day));
            let piece = Piece { valid: valid(row, &facts, &content), content };
            let crosses = |known: &Piece<Fact>| {
                known.content != piece.content && known.valid.overlaps(&piece.valid)
            };
            if wanted.iter().any(crosses) {
                refused.push(contradiction(
                    row.line,
                    "deux niveaux différents aux mêmes dates pour la même compétence",
                    "two different levels on the same days for the same skill",
                ));
                continue;
            }
            wanted.push(piece);
        }
        settle(facts, wanted, start);
    }

    let facts = facts_of(&|fact| matches!(fact, Fact::RampUp { .. }));
    let (mut wanted, mut begun) = (Vec::<Piece<Fact>>::new(), None);
    for (row, _) in &entry.rows {
        let Some(start) = row.ramp_up else { continue };
        if row.to.is_none() || wanted.iter().any(|k| k.valid.overlaps(&dated(row, terms.day))) {
            refused.push(contradiction(
                row.line,
                "une montée en charge a un dernier jour, et une seule à la fois",
                "a ramp-up has a last day, and there is one at a time",
            ));
            continue;
        }
        begun = begins(row.from, begun);
        wanted.push(Piece { valid: dated(row, terms.day), content: Fact::RampUp { start } });
    }
    settle(facts, wanted, begun);
    (edits, refused)
}

fn dated(row: &StaffRow, day: Date) -> Validity {
    Validity { from: row.from.unwrap_or(day), to: row.to }
}

/// Weekly hours of a full time where nothing says otherwise: the legal week.
const FULL_TIME_HOURS: f64 = 35.0;

/// The contract a row tells, completed by the one in force; `None` when it tells none.
fn contract(row: &StaffRow, facts: &[&DatedFact], day: Date) -> Option<Result<Fact, Refusal>> {
    let told = row.contract_share.is_some() || row.weekly_hours.is_some() || row.weekdays.is_some();
    if !told {
        return None;
    }
    let from = row.from.unwrap_or(day);
    let held = facts.iter().find(|fact| fact.valid.covers(from)).map(|fact| &fact.fact);
    let (known_share, known_hours, known_days, known_calendar) = match held {
        Some(Fact::Contract { share, weekly_hours, worked_weekdays, calendar }) => {
            (Some(*share), Some(*weekly_hours), Some(worked_weekdays.clone()), calendar.clone())
        }
        _ => (None, None, None, None),
    };
    let by_hours = row.weekly_hours.map(|hours| (hours / FULL_TIME_HOURS).min(1.0));
    let share = row.contract_share.or(known_share).or(by_hours).unwrap_or(1.0);
    if !(share > 0.0 && share <= 1.0) {
        let words = [
            "quotité hors de 0 à 1 : au-delà d’un temps plein, l’écrire 1".to_owned(),
            "share outside 0 to 1: beyond a full time, write 1".to_owned(),
        ];
        return Some(Err((row.line, Code::BadNumber, words)));
    }
    // Another share of the formula known: 80 % of 39 h, not of the legal week. Shares held are
    // above 0.
    let of_known = known_hours.zip(known_share).map(|(hours, held)| match held == share {
        true => hours,
        false => (hours / held * share * 100.0).round() / 100.0,
    });
    let weekly_hours =
        row.weekly_hours.or(of_known).unwrap_or((share * FULL_TIME_HOURS * 100.0).round() / 100.0);
    if weekly_hours <= 0.0 {
        let words = ["heures par semaine nulles".to_owned(), "no hours in a week".to_owned()];
        return Some(Err((row.line, Code::BadNumber, words)));
    }
    let worked_weekdays =
        row.weekdays.clone().or(known_days).unwrap_or_else(|| vec![1, 2, 3, 4, 5]);
    let calendar = row.calendar.clone().or(known_calendar);
    Some(Ok(Fact::Contract { share, weekly_hours, worked_weekdays, calendar }))
}

/// The skill a row tells, completed by the one in force; a bare name is somebody who decides alone.
fn level(skill: &StaffSkill, facts: &[&DatedFact], day: Date) -> Fact {
    let held = facts.iter().find(|fact| fact.valid.covers(day)).map(|fact| &fact.fact);
    let known = match held {
        Some(Fact::Skill { theory, practice, intensity, authorised, .. }) => {
            Some((*theory, *practice, *intensity, *authorised))
        }
        _ => None,
    };
    let usual = (3, 3, None, true);
    let (theory, practice, intensity, authorised) = known.unwrap_or(usual);
    Fact::Skill {
        skill: skill.name.clone(),
        theory: skill.theory.unwrap_or(theory),
        practice: skill.practice.unwrap_or(practice),
        intensity: skill.intensity.or(intensity),
        authorised: skill.authorised.unwrap_or(authorised),
    }
}

/// The tree that a list needs: its nodes found, or to be made.
struct Tree<'a> {
    organisation: &'a Organisation,
    day: Date,
    services: bool,
    body_name: String,
    /// Nodes made or prolonged, in order.
    changed: Vec<NodeId>,
    nodes: BTreeMap<NodeId, Node>,
    /// Node by body, kind of code and code.
    found: HashMap<(Option<NodeId>, bool, String), NodeId>,
    /// Bodies that the list names.
    bodies: BTreeSet<NodeId>,
}

impl<'a> Tree<'a> {
    fn new(organisation: &'a Organisation, report: &StaffReport, terms: &Terms<'_>) -> Self {
        Self {
            organisation,
            day: terms.day,
            services: report.services,
            body_name: terms.body.clone(),
            changed: Vec::new(),
            nodes: BTreeMap::new(),
            found: HashMap::new(),
            bodies: BTreeSet::new(),
        }
    }

    /// The node a row puts somebody in; `None` when it says nothing of it.
    fn node_of(&mut self, row: &StaffRow) -> Result<Option<NodeId>, [String; 2]> {
        let from = row.from.unwrap_or(self.day);
        if [&row.unit, &row.service, &row.site, &row.org].into_iter().all(Option::is_none) {
            return Ok(None);
        }
        let valid = Validity { from, to: row.to };
        let org = self.org(row.org.as_deref(), &valid)?;
        let body = self.body_of(&org, from);
        let mut above = org;
        if let Some(code) = &row.site {
            above = self.site(&body, code, &above, &valid)?;
        }
        let two = row.service.is_some() && row.unit.is_some();
        for (code, kind) in [
            (&row.service, NodeKind::Service),
            (&row.unit, if two || !self.services { NodeKind::Team } else { NodeKind::Service }),
        ] {
            if let Some(code) = code {
                above = self.unit(&body, code, kind, &above, &valid)?;
            }
        }
        Ok(Some(above))
    }

    fn org(&mut self, code: Option<&str>, valid: &Validity) -> Result<NodeId, [String; 2]> {
        let known = self.organisation.nodes.values();
        let org = match code {
            Some(code) => {
                let found = known
                    .filter(|n| n.code == code)
                    .find(|n| matches!(n.kind, NodeKind::Body | NodeKind::Site));
                match found {
                    Some(node) => node.id.clone(),
                    None => self.make(None, true, code, NodeKind::Body, None, valid.from),
                }
            }
            None => {
                let mut bodies = known.filter(|n| n.kind == NodeKind::Body);
                match (bodies.next(), bodies.next()) {
                    (Some(only), None) => only.id.clone(),
                    (None, _) => {
                        let name = match self.body_name.trim() {
                            "" => "Organisme".to_owned(),
                            name => name.to_owned(),
                        };
                        self.make(None, true, &name, NodeKind::Body, None, valid.from)
                    }
                    _ => {
                        return Err([
                            "plusieurs organismes existent : ajouter une colonne « Organisme »"
                                .to_owned(),
                            "several bodies exist: add an “Organisation” column".to_owned(),
                        ]);
                    }
                }
            }
        };
        self.bodies.insert(self.body_of(&org, valid.from).unwrap_or_else(|| org.clone()));
        self.prolong(&org, valid)?;
        Ok(org)
    }

    /// A site of a body, made where there is none.
    fn site(
        &mut self,
        body: &Option<NodeId>,
        code: &str,
        above: &NodeId,
        valid: &Validity,
    ) -> Result<NodeId, [String; 2]> {
        let known = self.organisation.nodes.values();
        let known =
            known.filter(|n| n.kind.is_org() && n.code == code).map(|n| n.id.clone()).next();
        let id = match known {
            Some(id) => id,
            None => self.make(None, true, code, NodeKind::Site, Some(above), valid.from),
        };
        // A list whose site column repeats its body says one thing.
        if id != *above && (self.body_of(&id, valid.from) != *body || body.as_ref() == Some(&id)) {
            return Err([
                format!("« {code} » est déjà le code d’un organisme ou d’un site d’ailleurs"),
                format!("“{code}” is the code of a body, or of a site elsewhere, already"),
            ]);
        }
        self.prolong(&id, valid)?;
        Ok(id)
    }

    fn body_of(&self, org: &NodeId, day: Date) -> Option<NodeId> {
        // What the list makes hangs below what it makes, or below what stands.
        if let Some(made) = self.nodes.get(org) {
            return match made.kind {
                NodeKind::Body => Some(org.clone()),
                _ => {
                    made.places.first()?.parent.as_ref().and_then(|above| self.body_of(above, day))
                }
            };
        }
        // Days before the tree begins are those of its first day.
        let first = |id: &NodeId| {
            self.organisation.nodes.get(id)?.places.iter().map(|p| p.valid.from).min()
        };
        let day = first(org).map_or(day, |first| first.max(day));
        self.organisation.body_of(org, day)
    }

    fn unit(
        &mut self,
        body: &Option<NodeId>,
        code: &str,
        kind: NodeKind,
        above: &NodeId,
        valid: &Validity,
    ) -> Result<NodeId, [String; 2]> {
        let key = (body.clone(), false, code.to_owned());
        let id = match self.found.get(&key) {
            Some(id) => id.clone(),
            None => {
                let organisation = self.organisation;
                let same = |node: &&Node| !node.kind.is_org() && node.code == code;
                let last = |node: &Node| {
                    node.places.iter().map(|p| p.valid.to).max_by_key(|to| to.unwrap_or(Date::MAX))
                };
                let found = organisation
                    .nodes
                    .values()
                    .filter(same)
                    .filter(|node| self.body_of(&node.id, valid.from) == *body)
                    // Of several that followed each other, the one that lasts longest.
                    .max_by_key(|node| last(node).flatten().unwrap_or(Date::MAX));
                let id = match found {
                    Some(node) => node.id.clone(),
                    None => self.make(body.clone(), false, code, kind, Some(above), valid.from),
                };
                self.found.insert(key, id.clone());
                id
            }
        };
        self.prolong(&id, valid)?;
        Ok(id)
    }

    fn make(
        &mut self,
        body: Option<NodeId>,
        is_org: bool,
        code: &str,
        kind: NodeKind,
        parent: Option<&NodeId>,
        from: Date,
    ) -> NodeId {
        let key = (body, is_org, code.to_owned());
        if let Some(id) = self.found.get(&key) {
            return id.clone();
        }
        let id = NodeId(new_id());
        let node = Node {
            id: id.clone(),
            kind,
            code: code.to_owned(),
            label: code.to_owned(),
            external: None,
            places: vec![Place { parent: parent.cloned(), valid: Validity { from, to: None } }],
            version: 0,
        };
        self.nodes.insert(id.clone(), node);
        self.changed.push(id.clone());
        self.found.insert(key, id.clone());
        id
    }

    fn get(&self, id: &NodeId) -> Option<&Node> {
        self.nodes.get(id).or_else(|| self.organisation.nodes.get(id))
    }

    /// Makes a node and those above it stand from the first day of a validity; what was closed
    /// stays closed.
    fn prolong(&mut self, id: &NodeId, valid: &Validity) -> Result<(), [String; 2]> {
        let Some(node) = self.get(id).cloned() else { return Ok(()) };
        let first = node.places.iter().map(|p| p.valid.from).min();
        let parent =
            node.places.iter().min_by_key(|p| p.valid.from).and_then(|place| place.parent.clone());
        if first.is_some_and(|first| valid.from < first) {
            let changed = node.clone().moved(parent.clone(), valid.from);
            if !self.changed.contains(id) {
                self.changed.push(id.clone());
            }
            self.nodes.insert(id.clone(), changed);
        }
        let stands = self.get(id).is_some_and(|node| node.stands_throughout(valid));
        if !stands {
            let label = node.label.clone();
            return Err([
                format!("« {label} » est close pendant une partie de ces dates"),
                format!("“{label}” is closed on some of these days"),
            ]);
        }
        match parent {
            Some(parent) if first.is_some_and(|first| valid.from < first) => {
                let first = Validity { from: valid.from, to: Some(valid.from) };
                self.prolong(&parent, &first)
            }
            _ => Ok(()),
        }
    }

    /// The changes of the tree, those above first.
    fn edits(&self) -> Vec<Edit> {
        let known = |id: &NodeId| self.organisation.nodes.contains_key(id);
        self.changed
            .iter()
            .filter_map(|id| self.nodes.get(id))
            .map(|node| match known(&node.id) {
                true => Edit::PutNode { node: node.clone() },
                false => Edit::AddNode { node: node.clone() },
            })
            .collect()
    }
}
