//! Event logs in XES (IEEE 1849), plain or gzip, read in one pass.
//!
//! - Computes: one row per `<event>`, in the order of the file.
//! - Units: instants in µs since 1970 UTC; a date alone stays a civil day.
//! - Shapes: a stream of XML in, rows to the sink; memory does not grow with the file.
//! - Errors: a file that is cut, malformed, in an unknown encoding, or that holds
//!   a `DOCTYPE` is refused whole; an event without name or date is quarantined.
//! - Source: IEEE 1849-2016; reading choices in `docs/methods/xes.md`, counts
//!   checked against pm4py on public logs.

use std::{collections::BTreeMap, io::Read, path::Path};

use quick_xml::events::{BytesStart, Event};

use crate::{
    context::{Context, EventReport, Limits},
    door::{Door, NoQuarantine, RawEvent, When, attributes},
    error::IngestError,
    finding::Code,
    identity::Pseudonymiser,
    mapping::{Format, Kind, Mapping},
    nir,
    preview::{ColumnPreview, ColumnType, Hints, Preview},
    rows::EventSink,
    source::Position,
    xml::{self, XmlStream},
};

/// Whether the first bytes of a file (once decompressed) are an XES log.
pub fn sniff(head: &[u8]) -> bool {
    let text = xml::sniffed(head);
    let Some(log) = text.find("<log").or_else(|| text.find(":log")) else { return false };
    let after = text.get(log..).unwrap_or("");
    let has = |word| after.contains(word);
    let ocel = has("<object-types") || has("<event-types") || has("<objects") || has("ocel");
    !ocel && (has("xes") || has("<trace") || has("<extension") || has("<global"))
}

/// Where an attribute stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// On the trace: one value per case.
    Trace,
    /// On the event.
    Event,
}

/// What one row of the log can carry.
mod slot {
    pub const CASE: usize = 0;
    pub const ACTIVITY: usize = 1;
    pub const TIME: usize = 2;
    pub const START: usize = 3;
    pub const LIFECYCLE: usize = 4;
    pub const RESOURCE: usize = 5;
    pub const ORG: usize = 6;
    pub const UNIT: usize = 7;
    pub const PRODUCT: usize = 8;
    pub const CHANNEL: usize = 9;
    /// Attributes kept follow from here.
    pub const KEPT: usize = 10;
}

/// Keys that are read without being asked for, best first.
const KNOWN: &[(usize, &str, &[Level])] = &[
    (slot::CASE, "concept:name", &[Level::Trace]),
    (slot::CASE, "identity:id", &[Level::Trace]),
    (slot::ACTIVITY, "concept:name", &[Level::Event]),
    (slot::TIME, "time:timestamp", &[Level::Event]),
    (slot::START, "start_timestamp", &[Level::Event]),
    (slot::LIFECYCLE, "lifecycle:transition", &[Level::Event]),
    (slot::RESOURCE, "org:resource", &[Level::Event]),
    (slot::UNIT, "org:group", &[Level::Event, Level::Trace]),
    (slot::UNIT, "unit", &[Level::Event, Level::Trace]),
    (slot::UNIT, "department", &[Level::Event, Level::Trace]),
    (slot::PRODUCT, "product", &[Level::Event, Level::Trace]),
    (slot::PRODUCT, "produit", &[Level::Event, Level::Trace]),
    (slot::CHANNEL, "channel", &[Level::Event, Level::Trace]),
    (slot::CHANNEL, "canal", &[Level::Event, Level::Trace]),
    (slot::ORG, "organisation", &[Level::Event, Level::Trace]),
    (slot::ORG, "organization", &[Level::Event, Level::Trace]),
];

/// Prefix that names a trace attribute, as pm4py does: `case:channel`.
const TRACE_PREFIX: &str = "case:";

/// One key to keep, and where its value goes.
struct Wanted {
    key: String,
    slot: usize,
    /// Smaller wins when several keys fill one slot.
    rank: u8,
    /// Named by a person: its absence is an error, not a detail.
    named: bool,
    met: bool,
}

/// The keys to keep at both levels.
struct Plan {
    trace: Vec<Wanted>,
    event: Vec<Wanted>,
    /// Names of the kept attributes, in the order of the mapping.
    kept: Vec<String>,
}

impl Plan {
    fn new(mapping: &Mapping) -> Self {
        let mut plan = Plan { trace: Vec::new(), event: Vec::new(), kept: Vec::new() };
        let c = &mapping.columns;
        let named = [
            (slot::CASE, &c.case),
            (slot::ACTIVITY, &c.activity),
            (slot::TIME, &c.time),
            (slot::START, &c.start),
            (slot::LIFECYCLE, &c.lifecycle),
            (slot::RESOURCE, &c.resource),
            (slot::ORG, &c.org),
            (slot::UNIT, &c.unit),
            (slot::PRODUCT, &c.product),
            (slot::CHANNEL, &c.channel),
        ];
        for (slot, name) in named {
            match name {
                Some(name) => plan.add_named(slot, name),
                None => {
                    for (rank, (_, key, levels)) in
                        KNOWN.iter().filter(|(s, ..)| *s == slot).enumerate()
                    {
                        let rank = u8::try_from(rank).unwrap_or(u8::MAX - 1);
                        plan.add(key, slot, rank, false, levels);
                    }
                }
            }
        }
        for name in &c.attributes {
            let slot = slot::KEPT + plan.kept.len();
            plan.kept.push(name.clone());
            match name.strip_prefix(TRACE_PREFIX) {
                Some(key) => plan.add(key, slot, 0, false, &[Level::Trace]),
                None => plan.add(name, slot, 0, false, &[Level::Event, Level::Trace]),
            }
        }
        plan
    }

    fn add_named(&mut self, slot: usize, name: &str) {
        match name.strip_prefix(TRACE_PREFIX) {
            Some(key) => self.add(key, slot, 0, true, &[Level::Trace]),
            // The name of an event is its activity, never its case.
            None if slot == slot::CASE && name == "concept:name" => {
                self.add(name, slot, 0, true, &[Level::Trace]);
            }
            None => self.add(name, slot, 0, true, &[Level::Event, Level::Trace]),
        }
    }

    fn add(&mut self, key: &str, slot: usize, rank: u8, named: bool, levels: &[Level]) {
        for level in levels {
            let list = match level {
                Level::Trace => &mut self.trace,
                Level::Event => &mut self.event,
            };
            list.push(Wanted { key: key.to_owned(), slot, rank, named, met: false });
        }
    }

    /// Keys named by a person that the log never carried at any level.
    fn missing(&self) -> Vec<(usize, String)> {
        let all = || self.trace.iter().chain(&self.event);
        let met = |slot| all().any(|o| o.met && o.slot == slot);
        let absent: BTreeMap<usize, String> =
            all().filter(|w| w.named && !met(w.slot)).map(|w| (w.slot, w.key.clone())).collect();
        absent.into_iter().collect()
    }
}

/// The keys of the last event (trace) in their order: most events repeat it, so
/// that one comparison tells what an attribute is for.
#[derive(Default)]
struct Memory {
    keys: Vec<(String, Vec<(usize, u8)>)>,
    at: usize,
}

/// Keys remembered; beyond, each is looked up.
const REMEMBERED: usize = 64;

impl Memory {
    fn begin(&mut self) {
        self.at = 0;
    }

    /// What the next attribute is for, when it bears the key expected here.
    #[inline]
    fn next(&mut self, key: &str) -> Option<&[(usize, u8)]> {
        match self.keys.get(self.at) {
            Some((known, hits)) if known == key => {
                self.at += 1;
                Some(hits)
            }
            _ => None,
        }
    }

    /// Remembers what this attribute is for, in place of the one expected.
    fn learn(&mut self, key: &str, hits: Vec<(usize, u8)>) -> &[(usize, u8)] {
        let at = self.at.min(REMEMBERED);
        self.at = at + 1;
        match self.keys.get_mut(at) {
            Some(slot) => {
                slot.0.clear();
                slot.0.push_str(key);
                slot.1 = hits;
            }
            None => self.keys.push((key.to_owned(), hits)),
        }
        self.keys.get(at).map_or(&[], |(_, hits)| hits)
    }
}

/// What was learnt of both levels.
#[derive(Default)]
struct Memories {
    trace: Memory,
    event: Memory,
}

/// Texts met for each slot, cleared without giving memory back.
struct Values {
    texts: Vec<String>,
    ranks: Vec<u8>,
}

const ABSENT: u8 = u8::MAX;

impl Values {
    fn new(slots: usize) -> Self {
        Self { texts: vec![String::new(); slots], ranks: vec![ABSENT; slots] }
    }

    fn clear(&mut self) {
        self.ranks.fill(ABSENT);
    }

    fn set(&mut self, slot: usize, rank: u8, text: &str) {
        if let (Some(held), Some(own)) = (self.ranks.get_mut(slot), self.texts.get_mut(slot))
            && rank <= *held
        {
            *held = rank;
            own.clear();
            own.push_str(text);
        }
    }

    fn get(&self, slot: usize) -> Option<&str> {
        let present = self.ranks.get(slot).is_some_and(|r| *r != ABSENT);
        if present { self.texts.get(slot).map(String::as_str) } else { None }
    }

    /// Takes the texts out, for an event that must wait for the name of its case.
    fn copy(&self) -> Self {
        Self { texts: self.texts.clone(), ranks: self.ranks.clone() }
    }
}

/// Events that may wait for a case name written after them.
const WAITING: usize = 100_000;

/// Reads an XES file, gzip or not.
pub fn read_events(
    path: &Path,
    mapping: &Mapping,
    ctx: &mut Context<'_>,
    sink: &mut dyn EventSink,
) -> Result<EventReport, IngestError> {
    let (input, position) = crate::source::open(path, &ctx.name, ctx.limits)?;
    read_from(input, &position, Some(path), mapping, ctx, sink)
}

/// Reads XES from an open, decompressed stream. With the path of the file, a look at
/// its first cases can tell whether they are named by bare national numbers.
fn read_from(
    input: Box<dyn Read + Send>,
    position: &Position,
    path: Option<&Path>,
    mapping: &Mapping,
    ctx: &mut Context<'_>,
    sink: &mut dyn EventSink,
) -> Result<EventReport, IngestError> {
    let mut stream = XmlStream::new(input, ctx)?;
    stream.reader.config_mut().trim_text(true);
    let mut log = Log::new(mapping, ctx, sink, position)?;
    if let Some(path) = path {
        let (path, name, limits) = (path.to_path_buf(), log.ctx.name.clone(), log.ctx.limits);
        let of = |level, list: &[Wanted]| -> Vec<(Level, String)> {
            list.iter().filter(|w| w.slot == slot::CASE).map(|w| (level, w.key.clone())).collect()
        };
        let keys = [of(Level::Trace, &log.plan.trace), of(Level::Event, &log.plan.event)].concat();
        log.door.decide_bare_cases(move || cases_are_bodies(&path, &name, limits, &keys));
    }
    let mut buffer = Vec::with_capacity(4 << 10);
    loop {
        buffer.clear();
        stream.reader.get_mut().token();
        let event = match stream.reader.read_event_into(&mut buffer) {
            Ok(event) => event,
            Err(e) => {
                let (byte, rows) = (stream.byte(), log.events);
                return Err(xml::parse_error(log.ctx, byte, rows, &e));
            }
        };
        match event {
            Event::Empty(tag) => log.element(&tag, true, &stream)?,
            Event::Start(tag) => {
                stream.enter(log.ctx)?;
                log.element(&tag, false, &stream)?;
            }
            Event::End(_) => {
                stream.leave();
                log.close()?;
            }
            Event::DocType(_) => return Err(xml::entity(log.ctx, stream.byte())),
            Event::Eof => break,
            // XES keeps its values in attributes: texts, comments and instructions say nothing.
            _ => {}
        }
    }
    if stream.depth() > 0 {
        return Err(xml::truncated(log.ctx, stream.byte(), log.events));
    }
    log.finish()
}

/// Traces looked at to tell whether cases are named by bare national numbers.
const LOOKED_AT: u64 = 2_000;

/// Whether nine of the first cases in ten look like national numbers without their key.
fn cases_are_bodies(path: &Path, name: &str, limits: Limits, keys: &[(Level, String)]) -> bool {
    let look = || -> Option<bool> {
        let mut nobody = NoQuarantine;
        let people = Pseudonymiser::new(&[0; 32]).ok()?;
        let ctx = Context::new(name, jiff::tz::TimeZone::UTC, people, &(), &mut nobody);
        let (input, _) = crate::source::open(path, name, limits).ok()?;
        let mut stream = XmlStream::new(input, &ctx).ok()?;
        let (mut seen, mut bodies, mut buffer) = (0u64, 0u64, Vec::new());
        let mut in_trace = false;
        while seen < LOOKED_AT {
            buffer.clear();
            stream.reader.get_mut().token();
            let above = stream.depth();
            let tag = match stream.reader.read_event_into(&mut buffer).ok()? {
                Event::Start(tag) => {
                    stream.enter(&ctx).ok()?;
                    tag
                }
                Event::Empty(tag) => tag,
                Event::End(_) => {
                    stream.leave();
                    continue;
                }
                Event::Eof => break,
                _ => continue,
            };
            let level = match above {
                1 => {
                    in_trace = tag.local_name().as_ref() == "trace";
                    continue;
                }
                2 if in_trace => Level::Trace,
                3 if in_trace => Level::Event,
                _ => continue,
            };
            if let (Some(key), Some(value)) = xml::key_value(&tag)
                && keys.iter().any(|(l, k)| *l == level && k == key)
            {
                seen += 1;
                bodies += u64::from(nir::is_body(value));
            }
        }
        Some(bodies * 10 >= seen * 9)
    };
    // A file that cannot be read is told by the reading itself.
    look().unwrap_or(true)
}

/// What the next tag belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Prolog,
    Log,
    Trace,
    Event,
    /// Inside something that is not read, this many elements deep.
    Skip(usize, Outer),
    Done,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outer {
    Log,
    Trace,
    Event,
}

/// Reading in progress.
struct Log<'s, 'c, 'a, 'p> {
    ctx: &'c mut Context<'a>,
    door: Door<'s>,
    position: &'p Position,
    plan: Plan,
    memory: Memories,
    state: State,
    trace: Values,
    event: Values,
    /// Events of a trace whose name has not come yet.
    waiting: Vec<Values>,
    /// Name given by rank to a trace that has none.
    rank_name: Option<String>,
    traces: u64,
    unnamed: u64,
    empty: u64,
    events: u64,
    events_of_trace: u64,
    json: String,
}

impl<'s, 'c, 'a, 'p> Log<'s, 'c, 'a, 'p> {
    fn new(
        mapping: &Mapping,
        ctx: &'c mut Context<'a>,
        sink: &'s mut dyn EventSink,
        position: &'p Position,
    ) -> Result<Self, IngestError> {
        let plan = Plan::new(mapping);
        let slots = slot::KEPT + plan.kept.len();
        Ok(Self {
            door: Door::new(ctx, mapping, sink)?,
            ctx,
            position,
            plan,
            memory: Memories::default(),
            state: State::Prolog,
            trace: Values::new(slots),
            event: Values::new(slots),
            waiting: Vec::new(),
            rank_name: None,
            traces: 0,
            unnamed: 0,
            empty: 0,
            events: 0,
            events_of_trace: 0,
            json: String::new(),
        })
    }

    /// An element begins; `closed` when it also ends (`<string …/>`).
    #[inline]
    fn element(
        &mut self,
        tag: &BytesStart<'_>,
        closed: bool,
        stream: &XmlStream,
    ) -> Result<(), IngestError> {
        match self.state {
            State::Event => {
                self.attribute(Level::Event, tag, stream)?;
                if !closed {
                    self.state = State::Skip(1, Outer::Event);
                }
            }
            State::Trace if tag.local_name().as_ref() == "event" => {
                self.begin_event();
                if closed { self.end_event()? } else { self.state = State::Event }
            }
            State::Trace => {
                self.attribute(Level::Trace, tag, stream)?;
                if !closed {
                    self.state = State::Skip(1, Outer::Trace);
                }
            }
            State::Log => match tag.local_name().as_ref() {
                "trace" => {
                    self.begin_trace();
                    if closed { self.end_trace()? } else { self.state = State::Trace }
                }
                "event" => {
                    self.stray_event()?;
                    if !closed {
                        self.state = State::Skip(1, Outer::Log);
                    }
                }
                _ if !closed => self.state = State::Skip(1, Outer::Log),
                _ => {}
            },
            State::Skip(depth, outer) if !closed => self.state = State::Skip(depth + 1, outer),
            State::Skip(..) => {}
            State::Prolog if tag.local_name().as_ref() == "log" => {
                self.state = if closed { State::Done } else { State::Log };
            }
            State::Prolog | State::Done => {
                let ctx = &self.ctx;
                return Err(ctx.refusal(
                    Code::Malformed,
                    None,
                    "le fichier XML n’est pas un journal XES : sa racine unique doit être <log>",
                    "the XML file is not an XES log: its only root must be <log>",
                ));
            }
        }
        Ok(())
    }

    /// An element ends.
    #[inline]
    fn close(&mut self) -> Result<(), IngestError> {
        self.state = match self.state {
            State::Skip(1, Outer::Log) => State::Log,
            State::Skip(1, Outer::Trace) => State::Trace,
            State::Skip(1, Outer::Event) => State::Event,
            State::Skip(depth, outer) => State::Skip(depth.saturating_sub(1), outer),
            State::Event => {
                self.end_event()?;
                State::Trace
            }
            State::Trace => {
                self.end_trace()?;
                State::Log
            }
            State::Log | State::Prolog | State::Done => State::Done,
        };
        Ok(())
    }

    /// One attribute of the trace or the event, kept when the plan wants it.
    #[inline]
    fn attribute(
        &mut self,
        level: Level,
        tag: &BytesStart<'_>,
        stream: &XmlStream,
    ) -> Result<(), IngestError> {
        // Lists and containers have no value, and what they hold is not the event's own.
        let (Some(key), Some(value)) = xml::key_value(tag) else { return Ok(()) };
        let (list, memory, values) = match level {
            Level::Trace => (&mut self.plan.trace, &mut self.memory.trace, &mut self.trace),
            Level::Event => (&mut self.plan.event, &mut self.memory.event, &mut self.event),
        };
        let known = match memory.next(key) {
            Some(known) => known,
            None => {
                let plain = xml::plain(key, stream, self.ctx)?;
                let mut hits = Vec::new();
                for wanted in list.iter_mut().filter(|w| w.key == *plain) {
                    wanted.met = true;
                    hits.push((wanted.slot, wanted.rank));
                }
                memory.learn(key, hits)
            }
        };
        if known.is_empty() {
            return Ok(());
        }
        let value = xml::plain(value, stream, self.ctx)?;
        for (slot, rank) in known {
            values.set(*slot, *rank, &value);
        }
        Ok(())
    }

    fn begin_trace(&mut self) {
        self.traces += 1;
        self.events_of_trace = 0;
        self.rank_name = None;
        self.trace.clear();
        self.memory.trace.begin();
    }

    fn end_trace(&mut self) -> Result<(), IngestError> {
        if !self.waiting.is_empty() {
            self.release()?;
        }
        self.empty += u64::from(self.events_of_trace == 0);
        Ok(())
    }

    fn begin_event(&mut self) {
        self.events += 1;
        self.events_of_trace += 1;
        self.event.clear();
        self.memory.event.begin();
    }

    #[inline]
    fn end_event(&mut self) -> Result<(), IngestError> {
        if self.events.is_multiple_of(8_192) {
            self.ctx.at(self.position.done(), self.position.total())?;
        }
        let named = self.event.get(slot::CASE).is_some()
            || self.trace.get(slot::CASE).is_some()
            || self.rank_name.is_some();
        if named && self.waiting.is_empty() {
            return write(
                (&mut self.door, self.ctx),
                &mut self.json,
                &self.plan.kept,
                [&self.event, &self.trace],
                self.rank_name.as_deref(),
                self.events,
            );
        }
        self.waiting.push(self.event.copy());
        if self.waiting.len() >= WAITING { self.release() } else { Ok(()) }
    }

    /// Writes the events that waited; a trace without name is called by its rank.
    fn release(&mut self) -> Result<(), IngestError> {
        if self.trace.get(slot::CASE).is_none() {
            self.unnamed += u64::from(self.rank_name.is_none());
            self.rank_name = Some(format!("trace-{}", self.traces));
        }
        let waiting = std::mem::take(&mut self.waiting);
        let mut line = self.events - waiting.len() as u64;
        for event in &waiting {
            line += 1;
            write(
                (&mut self.door, self.ctx),
                &mut self.json,
                &self.plan.kept,
                [event, &self.trace],
                self.rank_name.as_deref(),
                line,
            )?;
        }
        Ok(())
    }

    /// An event directly under the log belongs to no case.
    fn stray_event(&mut self) -> Result<(), IngestError> {
        self.events += 1;
        self.door.accept(self.ctx, &RawEvent { line: self.events, ..RawEvent::default() })
    }

    fn finish(self) -> Result<EventReport, IngestError> {
        let Self { ctx, door, plan, traces, unnamed, empty, events, state, .. } = self;
        if state != State::Done {
            return Err(xml::truncated(ctx, 0, events));
        }
        if events == 0 {
            return Err(ctx.refusal(
                Code::EmptyFile,
                None,
                format!("le journal ne contient aucun événement ({traces} traces vides)"),
                format!("the log holds no event ({traces} empty traces)"),
            ));
        }
        for (slot, key) in plan.missing() {
            let fr = format!(
                "l’attribut « {key} » n’existe nulle part dans le journal : vérifiez son nom, majuscules comprises"
            );
            let en = format!(
                "attribute {key:?} is nowhere in the log: check its name, capitals included"
            );
            // Without case, activity or time there is no row; other roles may stay empty.
            if slot <= slot::TIME {
                return Err(ctx.refusal(Code::ColumnNotFound, None, fr, en));
            }
            ctx.notes.push([fr, en]);
        }
        let findings = &mut ctx.findings;
        findings.summary(
            Code::UnnamedCase,
            unnamed,
            [
                format!("{unnamed} traces sans nom : appelées par leur rang (trace-1, trace-2…), elles ne peuvent pas être rapprochées d’une autre livraison"),
                format!("{unnamed} traces without name: called by their rank (trace-1, trace-2…), they cannot be joined with another delivery"),
            ],
        );
        findings.summary(
            Code::EmptyCase,
            empty,
            [
                format!(
                    "{empty} traces sans aucun événement : elles ne comptent pas comme dossiers"
                ),
                format!("{empty} traces without any event: they do not count as cases"),
            ],
        );
        door.finish(ctx)
    }
}

/// Sends one event through the door: its own values first, then those of its trace.
fn write(
    (door, ctx): (&mut Door<'_>, &mut Context<'_>),
    json: &mut String,
    kept: &[String],
    [event, trace]: [&Values; 2],
    rank_name: Option<&str>,
    line: u64,
) -> Result<(), IngestError> {
    let value = |slot| event.get(slot).or_else(|| trace.get(slot));
    let when = |slot| value(slot).map_or(When::Missing, When::Text);
    let attributes = if kept.is_empty() {
        None
    } else {
        let pairs = kept.iter().enumerate();
        attributes(json, pairs.filter_map(|(i, k)| Some((k.as_str(), value(slot::KEPT + i)?))))
    };
    let event = RawEvent {
        line,
        case: value(slot::CASE).or(rank_name).unwrap_or(""),
        activity: value(slot::ACTIVITY).unwrap_or(""),
        time: when(slot::TIME),
        start: when(slot::START),
        lifecycle: value(slot::LIFECYCLE),
        resource: value(slot::RESOURCE),
        org: value(slot::ORG),
        unit: value(slot::UNIT),
        product: value(slot::PRODUCT),
        channel: value(slot::CHANNEL),
        attributes,
    };
    door.accept(ctx, &event)
}

/// Events read for a preview.
const PREVIEW_EVENTS: u64 = 2_000;
const PREVIEW_KEYS: usize = 500;
const SAMPLES: usize = 5;
const SAMPLE_CHARS: usize = 120;
const DISTINCT: usize = 1_000;

/// Name of a role as on the command line.
fn role_name(index: usize) -> Option<&'static str> {
    const NAMES: [&str; slot::KEPT] = [
        "case",
        "activity",
        "time",
        "start",
        "lifecycle",
        "resource",
        "org",
        "unit",
        "product",
        "channel",
    ];
    NAMES.get(index).copied()
}

/// What is known of one key while the beginning of a log is read.
#[derive(Default)]
struct Seen {
    count: u64,
    dates: u64,
    numbers: u64,
    nirs: u64,
    values: std::collections::BTreeSet<String>,
    samples: Vec<String>,
}

/// Looks at the beginning of a log: its attributes, their roles and samples.
pub fn inspect(path: &Path, name: &str, hints: &Hints) -> Result<Preview, IngestError> {
    let mut nobody = NoQuarantine;
    // Nothing is kept and no person is named in a preview: this key hides nothing.
    let people = Pseudonymiser::new(&[0; 32])
        .map_err(|e| IngestError::Sink { name: name.to_owned(), source: Box::new(e) })?;
    let mut ctx = Context::new(name, jiff::tz::TimeZone::UTC, people, &(), &mut nobody);
    ctx.limits = hints.limits;
    let (input, _) = crate::source::open(path, name, hints.limits)?;
    let mut stream = XmlStream::new(input, &ctx)?;
    stream.reader.config_mut().trim_text(true);
    let mut keys: Vec<(Level, String)> = Vec::new();
    let mut seen: BTreeMap<(Level, String), Seen> = BTreeMap::new();
    let (mut traces, mut events) = (0u64, 0u64);
    let mut buffer = Vec::new();
    // Names of the elements open around the next tag.
    let mut open: Vec<String> = Vec::new();
    while events <= PREVIEW_EVENTS {
        buffer.clear();
        stream.reader.get_mut().token();
        let event = match stream.reader.read_event_into(&mut buffer) {
            Ok(event) => event,
            Err(e) => return Err(xml::parse_error(&ctx, stream.byte(), events, &e)),
        };
        let (tag, closed) = match event {
            Event::Start(tag) => (tag, false),
            Event::Empty(tag) => (tag, true),
            Event::End(_) => {
                stream.leave();
                open.pop();
                continue;
            }
            Event::DocType(_) => return Err(xml::entity(&ctx, stream.byte())),
            Event::Eof if stream.depth() > 0 => {
                return Err(xml::truncated(&ctx, stream.byte(), events));
            }
            Event::Eof => break,
            _ => continue,
        };
        let own = tag.local_name().as_ref().to_owned();
        let level = match open.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            [_, "trace"] if own != "event" => Some(Level::Trace),
            [_, "trace", "event"] => Some(Level::Event),
            _ => None,
        };
        if let (Some(level), (Some(key), Some(value))) = (level, xml::key_value(&tag)) {
            let key = (level, xml::plain(key, &stream, &ctx)?.into_owned());
            let value = xml::plain(value, &stream, &ctx)?;
            if !seen.contains_key(&key) && seen.len() < PREVIEW_KEYS {
                keys.push(key.clone());
                seen.insert(key.clone(), Seen::default());
            }
            if let Some(entry) = seen.get_mut(&key) {
                entry.note(&own, &value);
            }
        }
        match (open.len(), own.as_str()) {
            (1, "trace") => traces += 1,
            (2, "event") => events += 1,
            _ => {}
        }
        if !closed {
            stream.enter(&ctx)?;
            open.push(own);
        }
    }
    let mut preview = Preview::new(name, Format::Xes, Kind::Events);
    keys.sort_by_key(|(level, _)| *level);
    for (level, key) in keys {
        let Some(entry) = seen.remove(&(level, key.clone())) else { continue };
        let whole = if level == Level::Trace { traces } else { events };
        preview.columns.push(entry.column(preview.columns.len() + 1, level, key, whole));
    }
    propose(&mut preview, hints);
    Ok(preview)
}

impl Seen {
    fn note(&mut self, tag: &str, value: &str) {
        self.count += 1;
        self.dates += u64::from(tag == "date");
        self.numbers += u64::from(matches!(tag, "int" | "float"));
        self.nirs += u64::from(nir::is_body(value) || nir::is_keyed(value));
        if self.values.len() < DISTINCT && !self.values.contains(value) {
            self.values.insert(value.to_owned());
            if self.samples.len() < SAMPLES {
                self.samples.push(nir::masked(value).chars().take(SAMPLE_CHARS).collect());
            }
        }
    }

    fn column(self, position: usize, level: Level, key: String, whole: u64) -> ColumnPreview {
        let role = KNOWN
            .iter()
            .find(|(_, k, levels)| *k == key && levels.contains(&level))
            .and_then(|(slot, ..)| role_name(*slot));
        let reference = match level {
            Level::Trace => format!("{TRACE_PREFIX}{key}"),
            Level::Event => key,
        };
        let holds = match self.count {
            n if self.nirs * 10 >= n * 9 => ColumnType::Nir,
            n if n == self.dates => ColumnType::Instant,
            n if n == self.numbers => ColumnType::Number,
            _ => ColumnType::Text,
        };
        ColumnPreview {
            position,
            name: reference.clone(),
            reference,
            role: role.map(str::to_owned),
            confidence: if role.is_some() { 1.0 } else { 0.0 },
            holds,
            filled: if whole == 0 { 0.0 } else { (self.count as f64 / whole as f64).min(1.0) },
            distinct: u64::try_from(self.values.len()).unwrap_or(u64::MAX),
            // Names of people are never shown.
            samples: match role {
                Some("resource") => self.samples.iter().map(|_| "•••".to_owned()).collect(),
                _ => self.samples,
            },
            date_order: None,
            decimal: None,
        }
    }
}

/// Fills the mapping with the roles found; what a person said wins.
fn propose(preview: &mut Preview, hints: &Hints) {
    let mut found = Mapping { kind: Kind::Events, format: Some(Format::Xes), ..Mapping::default() };
    // Best key of each role first, so that the first to come stays.
    for (slot, key, levels) in KNOWN {
        let Some(role) = role_name(*slot) else { continue };
        for level in *levels {
            let reference = match level {
                Level::Trace => format!("{TRACE_PREFIX}{key}"),
                Level::Event => (*key).to_owned(),
            };
            let present = preview.columns.iter().any(|c| c.reference == reference);
            if present && !role_taken(&found, role) {
                found.set_role(role, reference);
            }
        }
    }
    // A log has no counts and no staff, though they share names of roles.
    found.counts = Default::default();
    found.staff = Default::default();
    for column in &mut preview.columns {
        let taken = column
            .role
            .as_deref()
            .is_some_and(|r| role_column(&found, r) == Some(&column.reference));
        if !taken {
            column.role = None;
            column.confidence = 0.0;
        }
    }
    preview.mapping = match &hints.mapping {
        Some(said) => said.clone().or(&found),
        None => found,
    };
}

fn role_column<'m>(mapping: &'m Mapping, role: &str) -> Option<&'m String> {
    let c = &mapping.columns;
    match role {
        "case" => c.case.as_ref(),
        "activity" => c.activity.as_ref(),
        "time" => c.time.as_ref(),
        "start" => c.start.as_ref(),
        "lifecycle" => c.lifecycle.as_ref(),
        "resource" => c.resource.as_ref(),
        "org" => c.org.as_ref(),
        "unit" => c.unit.as_ref(),
        "product" => c.product.as_ref(),
        "channel" => c.channel.as_ref(),
        _ => None,
    }
}

fn role_taken(mapping: &Mapping, role: &str) -> bool {
    role_column(mapping, role).is_some()
}
