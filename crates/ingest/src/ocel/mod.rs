//! Object-centric event logs (OCEL), flattened on one type of object.
//!
//! - Computes: one case per object of the chosen type, one row per pair of an
//!   event and such an object, in the order of the file.
//! - Units: instants in µs since 1970 UTC.
//! - Shapes: OCEL 2.0 in JSON, XML or SQLite, and the JSON and CSV layouts of
//!   OCEL 1; two passes: objects, then events. Identifiers of the chosen type's
//!   objects are held in memory, which the report says.
//! - Errors: several types and none chosen is a question; damage is a refusal.
//! - Source: OCEL 2.0 specification (2023); what flattening loses is described in
//!   `docs/methods/ocel-flattening.md`; counts checked against pm4py.

mod csv;
mod json;
mod sqlite;
mod xml;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    context::{Context, EventReport},
    door::{Door, RawEvent, When},
    error::IngestError,
    finding::Code,
    identity::Pseudonymiser,
    mapping::{Format, Kind, Mapping},
    preview::{Answer, ColumnPreview, ColumnType, Hints, ObjectType, Preview, Question},
    rows::EventSink,
};

/// How an object-centric log is written, from its first bytes (decompressed).
pub fn sniff(head: &[u8]) -> Option<Format> {
    if sqlite::sniff(head) {
        return Some(Format::OcelSqlite);
    }
    if json::sniff(head) {
        return Some(Format::OcelJson);
    }
    xml::sniff(head).then_some(Format::OcelXml)
}

/// Whether the header of a text file is that of an OCEL 1 table (`ocel:eid`, `ocel:type:orders`…).
pub fn sniff_csv(header: &str) -> bool {
    csv::sniff(header)
}

/// An object, as any encoding gives it.
#[derive(Debug, Default)]
pub(crate) struct Object {
    pub id: String,
    pub kind: String,
    /// Attributes with their first value.
    pub attributes: Vec<(String, String)>,
}

/// An event and the objects it touches.
#[derive(Debug, Default)]
pub(crate) struct Happening {
    pub activity: String,
    pub time: String,
    pub attributes: Vec<(String, String)>,
    /// Object identifiers; the type beside them when the encoding gives it inline.
    pub objects: Vec<(String, Option<String>)>,
}

/// What a pass wants to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pass {
    Objects,
    Events,
}

/// Receives objects and events.
pub(crate) trait Visitor {
    fn object(&mut self, _: Object, _: &mut Context<'_>) -> Result<(), IngestError> {
        Ok(())
    }
    fn event(&mut self, _: Happening, _: &mut Context<'_>) -> Result<(), IngestError> {
        Ok(())
    }
}

/// The encoding of a file, by the mapping or by its bytes.
fn format_of(
    path: &Path,
    mapping: &Mapping,
    ctx: &Context<'_>,
) -> Result<Option<Format>, IngestError> {
    if let Some(format) = mapping.format {
        return Ok(Some(format));
    }
    let (mut input, _) = crate::source::open(path, &ctx.name, ctx.limits)?;
    let mut head = vec![0; 64 << 10];
    let n = crate::source::read_full(&mut *input, &mut head).map_err(|e| ctx.read_error(e))?;
    head.truncate(n);
    Ok(sniff(&head))
}

fn scan(
    path: &Path,
    format: Option<Format>,
    pass: Pass,
    ctx: &mut Context<'_>,
    visitor: &mut dyn Visitor,
) -> Result<(), IngestError> {
    match format {
        Some(Format::OcelSqlite) => sqlite::scan(path, pass, ctx, visitor),
        Some(Format::OcelXml) => xml::scan(path, pass, ctx, visitor),
        Some(Format::OcelJson) => json::scan(path, pass, ctx, visitor),
        _ => csv::scan(path, pass, ctx, visitor),
    }
}

/// Types an encoding may declare; beyond, the file is no honest log.
const MOST_TYPES: usize = 10_000;

/// Every object and the number of its type: what counting needs.
#[derive(Default)]
struct Census {
    types: Vec<ObjectType>,
    numbers: FxHashMap<String, usize>,
    of: FxHashMap<Box<str>, usize>,
    seen: FxHashSet<usize>,
    events: u64,
}

impl Census {
    fn number(&mut self, kind: &str, ctx: &Context<'_>) -> Result<usize, IngestError> {
        if let Some(&n) = self.numbers.get(kind) {
            return Ok(n);
        }
        if self.types.len() >= MOST_TYPES {
            return Err(ctx.refusal(
                Code::Malformed,
                None,
                format!("plus de {MOST_TYPES} types d’objets : ce fichier n’est pas un journal"),
                format!("more than {MOST_TYPES} object types: this file is not a log"),
            ));
        }
        self.types.push(ObjectType { name: kind.to_owned(), objects: 0, events: 0 });
        self.numbers.insert(kind.to_owned(), self.types.len() - 1);
        Ok(self.types.len() - 1)
    }

    fn place(&mut self, id: &str, kind: &str, ctx: &Context<'_>) -> Result<usize, IngestError> {
        if let Some(&n) = self.of.get(id) {
            return Ok(n);
        }
        let n = self.number(kind, ctx)?;
        self.of.insert(id.into(), n);
        if let Some(t) = self.types.get_mut(n) {
            t.objects += 1;
        }
        Ok(n)
    }
}

impl Visitor for Census {
    fn object(&mut self, object: Object, ctx: &mut Context<'_>) -> Result<(), IngestError> {
        self.place(&object.id, &object.kind, ctx).map(|_| ())
    }

    fn event(&mut self, event: Happening, ctx: &mut Context<'_>) -> Result<(), IngestError> {
        self.events += 1;
        self.seen.clear();
        for (id, kind) in &event.objects {
            let n = match kind {
                Some(kind) => Some(self.place(id, kind, ctx)?),
                None => self.of.get(id.as_str()).copied(),
            };
            self.seen.extend(n);
        }
        for n in &self.seen {
            if let Some(t) = self.types.get_mut(*n) {
                t.events += 1;
            }
        }
        Ok(())
    }
}

fn census(
    path: &Path,
    format: Option<Format>,
    ctx: &mut Context<'_>,
) -> Result<Census, IngestError> {
    let mut census = Census::default();
    scan(path, format, Pass::Objects, ctx, &mut census)?;
    scan(path, format, Pass::Events, ctx, &mut census)?;
    census.types.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(census)
}

/// The types of object of a log, by name, with their objects and the events that touch them.
pub fn object_types(
    path: &Path,
    name: &str,
    hints: &Hints,
) -> Result<Vec<ObjectType>, IngestError> {
    let mapping = hints.mapping.clone().unwrap_or_default();
    with_quiet_context(name, hints, |ctx| {
        let format = format_of(path, &mapping, ctx)?;
        Ok(census(path, format, ctx)?.types)
    })
}

/// Calls with a context that keeps nothing.
fn with_quiet_context<T>(
    name: &str,
    hints: &Hints,
    call: impl FnOnce(&mut Context<'_>) -> Result<T, IngestError>,
) -> Result<T, IngestError> {
    let mut nobody = crate::door::NoQuarantine;
    let people = Pseudonymiser::new(&[0; 32])
        .map_err(|e| IngestError::Sink { name: name.to_owned(), source: Box::new(e) })?;
    let mut ctx = Context::new(name, jiff::tz::TimeZone::UTC, people, &(), &mut nobody);
    ctx.limits = hints.limits;
    call(&mut ctx)
}

fn question(types: &[ObjectType]) -> [String; 2] {
    let list = |objects: &str, events: &str| {
        types
            .iter()
            .take(50)
            .map(|t| format!("{} ({} {objects}, {} {events})", t.name, t.objects, t.events))
            .collect::<Vec<_>>()
            .join(" ; ")
    };
    [
        format!(
            "ce journal porte sur plusieurs types d’objets : choisissez celui qui fait le dossier (object_type) parmi {}",
            list("objets", "événements")
        ),
        format!(
            "this log is about several object types: choose the one that makes the case (object_type) among {}",
            list("objects", "events")
        ),
    ]
}

fn choice(types: &[ObjectType], ctx: &Context<'_>) -> IngestError {
    let [fr, en] = question(types);
    IngestError::Choice { name: ctx.name.clone(), code: Code::ChooseObjectType, fr, en }
}

/// Object attributes kept for the rows of their case, by the slot they fill.
type CaseValues = Vec<(usize, Box<str>)>;

/// Keys read without being asked for, first the best.
const KNOWN: &[(usize, &[&str])] = &[
    (slot::RESOURCE, &["org:resource", "resource"]),
    (slot::LIFECYCLE, &["lifecycle:transition", "lifecycle"]),
    (slot::START, &["start_timestamp"]),
    (slot::ORG, &["organisation", "organization"]),
    (slot::UNIT, &["org:group", "unit", "department"]),
    (slot::PRODUCT, &["product", "produit"]),
    (slot::CHANNEL, &["channel", "canal"]),
];

mod slot {
    pub const RESOURCE: usize = 0;
    pub const LIFECYCLE: usize = 1;
    pub const START: usize = 2;
    pub const ORG: usize = 3;
    pub const UNIT: usize = 4;
    pub const PRODUCT: usize = 5;
    pub const CHANNEL: usize = 6;
    pub const KEPT: usize = 7;
}

/// Which attribute fills which slot: position in the list is the preference.
struct Plan {
    wanted: Vec<(usize, String)>,
    kept: Vec<String>,
}

impl Plan {
    fn new(mapping: &Mapping) -> Self {
        let c = &mapping.columns;
        let named = [
            (slot::RESOURCE, &c.resource),
            (slot::LIFECYCLE, &c.lifecycle),
            (slot::START, &c.start),
            (slot::ORG, &c.org),
            (slot::UNIT, &c.unit),
            (slot::PRODUCT, &c.product),
            (slot::CHANNEL, &c.channel),
        ];
        let mut wanted = Vec::new();
        for (slot, name) in named {
            match name {
                Some(name) => wanted.push((slot, name.clone())),
                None => {
                    let known = KNOWN.iter().filter(|(s, _)| *s == slot).flat_map(|(_, k)| *k);
                    wanted.extend(known.map(|k| (slot, (*k).to_owned())));
                }
            }
        }
        for (i, name) in c.attributes.iter().enumerate() {
            wanted.push((slot::KEPT + i, name.clone()));
        }
        Self { wanted, kept: c.attributes.clone() }
    }

    /// The value that fills a slot, the event's own before its object's.
    fn value<'v>(
        &self,
        slot: usize,
        event: &'v [(String, String)],
        case: &'v CaseValues,
    ) -> Option<&'v str> {
        let keys = self.wanted.iter().filter(|(s, _)| *s == slot);
        keys.filter_map(|(_, key)| event.iter().find(|(k, _)| k == key))
            .map(|(_, v)| v.as_str())
            .next()
            .or_else(|| case.iter().find(|(s, _)| *s == slot).map(|(_, v)| &**v))
    }

    /// What of an object's attributes its rows will carry. `case:` names an object's attribute.
    fn of_object(&self, attributes: &[(String, String)]) -> CaseValues {
        let mut values = CaseValues::new();
        for (slot, key) in &self.wanted {
            let key = key.strip_prefix("case:").unwrap_or(key);
            if values.iter().any(|(s, _)| s == slot) {
                continue;
            }
            if let Some((_, value)) = attributes.iter().find(|(k, _)| k == key) {
                values.push((*slot, value.as_str().into()));
            }
        }
        values
    }
}

/// First pass: the objects of the chosen type.
struct Objects<'p> {
    plan: &'p Plan,
    chosen: String,
    of_type: FxHashMap<Box<str>, CaseValues>,
    others: BTreeMap<String, u64>,
}

impl Visitor for Objects<'_> {
    fn object(&mut self, object: Object, _: &mut Context<'_>) -> Result<(), IngestError> {
        if object.kind == self.chosen {
            let values = self.plan.of_object(&object.attributes);
            self.of_type.entry(object.id.into()).or_insert(values);
        } else if self.others.len() < MOST_TYPES || self.others.contains_key(&object.kind) {
            *self.others.entry(object.kind).or_default() += 1;
        }
        Ok(())
    }
}

/// Second pass: the rows.
struct Rows<'p> {
    plan: &'p Plan,
    chosen: String,
    of_type: FxHashMap<Box<str>, CaseValues>,
    events: u64,
    dropped: u64,
    pairs: u64,
    /// Objects of the type met in at least one event.
    used: FxHashSet<Box<str>>,
    mine: Vec<String>,
    json: String,
}

/// The second pass with the door it writes through.
struct Writing<'r, 'p, 's> {
    rows: &'r mut Rows<'p>,
    door: Door<'s>,
}

impl Visitor for Writing<'_, '_, '_> {
    fn event(&mut self, event: Happening, ctx: &mut Context<'_>) -> Result<(), IngestError> {
        let rows = &mut *self.rows;
        rows.events += 1;
        rows.mine.clear();
        for (id, kind) in event.objects {
            let of_type = match kind {
                Some(kind) => kind == rows.chosen,
                None => rows.of_type.contains_key(id.as_str()),
            };
            // The same object under two qualifiers is one row.
            if of_type && !rows.mine.contains(&id) {
                rows.mine.push(id);
            }
        }
        if rows.mine.is_empty() {
            rows.dropped += 1;
        }
        rows.pairs += rows.mine.len() as u64;
        let none = CaseValues::new();
        for id in &rows.mine {
            if !rows.used.contains(id.as_str()) {
                rows.used.insert(id.as_str().into());
            }
            let case = rows.of_type.get(id.as_str()).unwrap_or(&none);
            let value = |slot| rows.plan.value(slot, &event.attributes, case);
            let attributes = if rows.plan.kept.is_empty() {
                None
            } else {
                let pairs = rows.plan.kept.iter().enumerate();
                crate::door::attributes(
                    &mut rows.json,
                    pairs.filter_map(|(i, k)| Some((k.as_str(), value(slot::KEPT + i)?))),
                )
            };
            self.door.accept(
                ctx,
                &RawEvent {
                    line: rows.events,
                    case: id,
                    activity: &event.activity,
                    time: When::Text(&event.time),
                    start: value(slot::START).map_or(When::Missing, When::Text),
                    lifecycle: value(slot::LIFECYCLE),
                    resource: value(slot::RESOURCE),
                    org: value(slot::ORG),
                    unit: value(slot::UNIT),
                    product: value(slot::PRODUCT),
                    channel: value(slot::CHANNEL),
                    attributes,
                },
            )?;
        }
        Ok(())
    }
}

/// Reads an object-centric log, flattened on the mapping's `object_type`.
pub fn read_events(
    path: &Path,
    mapping: &Mapping,
    ctx: &mut Context<'_>,
    sink: &mut dyn EventSink,
) -> Result<EventReport, IngestError> {
    let format = format_of(path, mapping, ctx)?;
    let chosen = match &mapping.object_type {
        Some(chosen) => chosen.clone(),
        None => {
            let types = census(path, format, ctx)?.types;
            match types.as_slice() {
                [only] => only.name.clone(),
                [] => return Err(empty(ctx)),
                several => return Err(choice(several, ctx)),
            }
        }
    };
    let plan = Plan::new(mapping);
    let mut objects = Objects {
        plan: &plan,
        chosen: chosen.clone(),
        of_type: FxHashMap::default(),
        others: BTreeMap::new(),
    };
    scan(path, format, Pass::Objects, ctx, &mut objects)?;
    let Objects { of_type, others, .. } = objects;
    let mut rows = Rows {
        plan: &plan,
        chosen: chosen.clone(),
        of_type,
        events: 0,
        dropped: 0,
        pairs: 0,
        used: FxHashSet::default(),
        mine: Vec::new(),
        json: String::new(),
    };
    let mut door = Door::new(ctx, mapping, sink)?;
    let (bare, all) =
        (rows.of_type.keys().filter(|id| crate::nir::is_body(id)).count(), rows.of_type.len());
    door.decide_bare_cases(move || bare * 10 >= all * 9);
    let mut writing = Writing { rows: &mut rows, door };
    scan(path, format, Pass::Events, ctx, &mut writing)?;
    let door = writing.door;
    if rows.events == 0 {
        return Err(empty(ctx));
    }
    if rows.pairs == 0 {
        // A type nobody uses, or a misspelt one: the same question, with the names that exist.
        let types = census(path, format, ctx)?.types;
        return Err(choice(&types, ctx));
    }
    say_loss(&rows, &chosen, &others, ctx);
    door.finish(ctx)
}

fn empty(ctx: &Context<'_>) -> IngestError {
    ctx.refusal(
        Code::EmptyFile,
        None,
        "le journal ne contient aucun événement lié à un objet",
        "the log holds no event related to an object",
    )
}

/// What flattening costs, in figures.
fn say_loss(rows: &Rows<'_>, chosen: &str, others: &BTreeMap<String, u64>, ctx: &mut Context<'_>) {
    let kept = rows.events - rows.dropped;
    let repeated = rows.pairs - kept;
    let silent = (rows.of_type.len().saturating_sub(rows.used.len())) as u64;
    let lost = others.iter().take(20).map(|(k, n)| format!("{k} ({n})")).collect::<Vec<_>>();
    let (lost_fr, lost_en) = if lost.is_empty() {
        ("aucun".to_owned(), "none".to_owned())
    } else {
        (lost.join(", "), lost.join(", "))
    };
    let (events, pairs, dropped) = (rows.events, rows.pairs, rows.dropped);
    ctx.findings.summary(
        Code::OcelFlattened,
        (repeated + dropped).max(1),
        [
            format!(
                "journal aplati sur « {chosen} » : {events} événements donnent {pairs} lignes ; {repeated} sont des répétitions d’un même événement pour plusieurs objets, {dropped} événements sans objet de ce type sont laissés de côté, {silent} objets sans événement ; autres types perdus : {lost_fr}"
            ),
            format!(
                "log flattened on {chosen:?}: {events} events give {pairs} rows; {repeated} repeat one event for several objects, {dropped} events without such an object are left out, {silent} objects without event; other types lost: {lost_en}"
            ),
        ],
    );
    let held = rows.of_type.len();
    if held > 0 {
        ctx.notes.push([
            format!("les identifiants des {held} objets du type choisi ont été tenus en mémoire pendant la lecture"),
            format!("the identifiers of the {held} objects of the chosen type were held in memory while reading"),
        ]);
    }
}

/// Attributes of the first events, for the preview.
#[derive(Default)]
struct Attributes {
    names: Vec<String>,
    counts: FxHashMap<String, (u64, BTreeSet<String>)>,
    activities: BTreeSet<String>,
    times: Vec<String>,
    census: Census,
}

const PREVIEW_EVENTS: u64 = 2_000;
const SAMPLES: usize = 5;

impl Visitor for Attributes {
    fn object(&mut self, object: Object, ctx: &mut Context<'_>) -> Result<(), IngestError> {
        self.census.object(object, ctx)
    }

    fn event(&mut self, event: Happening, ctx: &mut Context<'_>) -> Result<(), IngestError> {
        if self.census.events < PREVIEW_EVENTS {
            let short = |text: &str| crate::nir::masked(text).chars().take(120).collect::<String>();
            self.activities.insert(short(&event.activity));
            if self.times.len() < SAMPLES {
                self.times.push(short(&event.time));
            }
            for (key, value) in &event.attributes {
                if !self.counts.contains_key(key) {
                    self.names.push(key.clone());
                }
                let (count, values) = self.counts.entry(key.clone()).or_default();
                *count += 1;
                values.insert(short(value));
            }
        }
        self.census.event(event, ctx)
    }
}

/// Looks at an object-centric log: its object types and the attributes of its events.
pub fn inspect(path: &Path, name: &str, hints: &Hints) -> Result<Preview, IngestError> {
    let said = hints.mapping.clone().unwrap_or_default();
    with_quiet_context(name, hints, |ctx| {
        let format = format_of(path, &said, ctx)?;
        let mut seen = Attributes::default();
        scan(path, format, Pass::Objects, ctx, &mut seen)?;
        scan(path, format, Pass::Events, ctx, &mut seen)?;
        let mut types = std::mem::take(&mut seen.census.types);
        types.sort_by(|a, b| a.name.cmp(&b.name));
        let mut preview = Preview::new(name, format.unwrap_or(Format::Csv), Kind::Events);
        let looked = seen.census.events.min(PREVIEW_EVENTS);
        let mut column =
            |name: &str, role: Option<&str>, holds, count: u64, samples: Vec<String>, distinct| {
                let position = preview.columns.len() + 1;
                preview.columns.push(ColumnPreview {
                    position,
                    name: name.to_owned(),
                    reference: name.to_owned(),
                    role: role.map(str::to_owned),
                    confidence: if role.is_some() { 1.0 } else { 0.0 },
                    holds,
                    filled: if looked == 0 { 0.0 } else { count as f64 / looked as f64 },
                    distinct,
                    samples,
                    date_order: None,
                    decimal: None,
                });
            };
        let activities: Vec<String> = seen.activities.iter().take(SAMPLES).cloned().collect();
        let distinct = seen.activities.len() as u64;
        column("ocel:activity", Some("activity"), ColumnType::Text, looked, activities, distinct);
        let times = std::mem::take(&mut seen.times);
        let distinct = times.len() as u64;
        column("ocel:timestamp", Some("time"), ColumnType::Instant, looked, times, distinct);
        for name in &seen.names {
            let Some((count, values)) = seen.counts.get(name) else { continue };
            let role = KNOWN.iter().find(|(_, k)| k.contains(&name.as_str())).and_then(|(s, _)| {
                ["resource", "lifecycle", "start", "org", "unit", "product", "channel"].get(*s)
            });
            let samples = values.iter().take(SAMPLES);
            let samples = match role {
                // Names of people are never shown.
                Some(&"resource") => samples.map(|_| "•••".to_owned()).collect(),
                _ => samples.cloned().collect(),
            };
            column(name, role.copied(), ColumnType::Text, *count, samples, values.len() as u64);
        }
        if said.object_type.is_none() && types.len() > 1 {
            let [fr, en] = question(&types);
            let answers = types
                .iter()
                .map(|t| Answer {
                    value: t.name.clone(),
                    fr: format!("{} : {} objets, {} événements", t.name, t.objects, t.events),
                    en: format!("{}: {} objects, {} events", t.name, t.objects, t.events),
                })
                .collect();
            preview.questions.push(Question {
                code: Code::ChooseObjectType,
                key: "object_type".into(),
                column: None,
                fr,
                en,
                answers,
            });
        }
        let mut found = preview.mapping.clone();
        if let [only] = types.as_slice() {
            found.object_type = Some(only.name.clone());
        }
        preview.object_types = types;
        preview.mapping = match &hints.mapping {
            Some(said) => said.clone().or(&found),
            None => found,
        };
        Ok(preview)
    })
}
