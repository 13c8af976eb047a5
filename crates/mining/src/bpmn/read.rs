//! Diagrams drawn by others.

use std::collections::{BTreeMap, BTreeSet};

use quick_xml::{
    Reader, XmlVersion,
    events::{BytesStart, Event},
};
use rustc_hash::FxHashMap;

use super::{Bounds, Diagram, Finding, Flow, Kind, Node, Point, TaskKind, layout};

/// Bytes a diagram may have.
pub const MAX_BYTES: usize = 32 << 20;
/// Elements inside elements.
pub const MAX_DEPTH: usize = 200;
/// Nodes and flows a diagram may have.
pub const MAX_ELEMENTS: usize = 100_000;
/// Coordinates beyond are no drawing.
const MAX_COORDINATE: f64 = 1e7;

/// Why bytes are no diagram.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BpmnError {
    /// Nobody drew this.
    #[error("{bytes} bytes, a diagram may have {limit} at most")]
    TooLarge {
        /// Found.
        bytes: usize,
        /// Allowed.
        limit: usize,
    },
    /// Too many nodes and flows.
    #[error("more than {limit} nodes and flows")]
    TooMany {
        /// Allowed.
        limit: usize,
    },
    /// Not text in UTF-8, UTF-16 or Latin-1.
    #[error("the bytes are no text in the encoding declared")]
    Encoding,
    /// Not XML.
    #[error("the XML is malformed near byte {byte}: {cause}")]
    Malformed {
        /// Where.
        byte: u64,
        /// What the parser says.
        cause: String,
    },
    /// The text ends before its last element.
    #[error("the XML is cut before its end, at byte {byte}")]
    Truncated {
        /// Where.
        byte: u64,
    },
    /// A document type or an entity that XML does not define: never expanded.
    #[error("a DOCTYPE or an entity near byte {byte}, refused for safety")]
    Entity {
        /// Where.
        byte: u64,
    },
    /// A tower of elements.
    #[error("more than {limit} elements inside one another")]
    TooDeep {
        /// Allowed.
        limit: usize,
    },
    /// Another kind of XML.
    #[error("the file is no BPMN 2.0: its first element is {root}")]
    NotBpmn {
        /// Its first element.
        root: String,
    },
    /// Definitions without a process that has a step.
    #[error("no process with an event, a task or a gateway")]
    NoProcess,
    /// Two elements share an identifier, or one has none.
    #[error("the identifier {id:?} is missing or stands for several elements")]
    RepeatedId {
        /// The identifier.
        id: String,
    },
    /// A flow without one of its ends.
    #[error("flow {flow} refers to {reference:?}, which is no step of the process")]
    DanglingFlow {
        /// Identifier of the flow.
        flow: String,
        /// What it refers to.
        reference: String,
    },
}

/// Reads a diagram, and says what was left out or read in its own way.
///
/// Of several processes the one with most tasks is taken. Prefixes of the elements do not
/// matter. A diagram without complete drawing is laid out by [`layout`].
pub fn read(bytes: &[u8]) -> Result<(Diagram, Vec<Finding>), BpmnError> {
    if bytes.len() > MAX_BYTES {
        return Err(BpmnError::TooLarge { bytes: bytes.len(), limit: MAX_BYTES });
    }
    let text = text(bytes)?;
    let raw = parse(&text)?;
    assemble(raw)
}

/// The text of the bytes, by byte-order mark or declaration.
fn text(bytes: &[u8]) -> Result<String, BpmnError> {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        if !bytes.len().is_multiple_of(2) {
            return Err(BpmnError::Encoding);
        }
        let units = bytes.chunks_exact(2).map(|c| match c {
            &[a, b] => unit([a, b]),
            _ => 0,
        });
        char::decode_utf16(units).collect::<Result<String, _>>().map_err(|_| BpmnError::Encoding)
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => return wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => return wide(rest, u16::from_be_bytes),
        _ => {}
    }
    let bytes = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(text.to_owned());
    }
    let head = bytes.get(..bytes.len().min(200)).unwrap_or_default().to_ascii_lowercase();
    let head = String::from_utf8_lossy(&head);
    let declaration = head.split("?>").next().unwrap_or("");
    if ["iso-8859-1", "windows-1252", "latin1"].iter().any(|e| declaration.contains(e)) {
        // The control characters where both differ are no letters of a diagram.
        return Ok(bytes.iter().map(|&b| char::from(b)).collect());
    }
    Err(BpmnError::Encoding)
}

/// What a flow node of the file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Element {
    Node(Kind),
    Complex,
    Sub { by_event: bool },
    Boundary,
}

#[derive(Debug)]
struct RawNode {
    id: String,
    name: Option<String>,
    element: Element,
    /// Number of the sub-process it lies in.
    inside: Option<usize>,
    attached_to: String,
    repeated: bool,
}

#[derive(Debug)]
struct RawFlow {
    id: String,
    name: Option<String>,
    from: String,
    to: String,
}

#[derive(Debug, Default)]
struct RawProcess {
    id: String,
    name: Option<String>,
    nodes: Vec<RawNode>,
    flows: Vec<RawFlow>,
    lanes: usize,
}

#[derive(Debug, Default)]
struct Raw {
    processes: Vec<RawProcess>,
    shapes: FxHashMap<String, Bounds>,
    edges: FxHashMap<String, Vec<Point>>,
}

/// What an open element means for what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Definitions,
    Process,
    /// A sub-process by its number in the process.
    Sub(usize),
    /// A task by its number: only its markers are read.
    Task(usize),
    Lanes,
    Drawing,
    Shape,
    Edge,
    Other,
}

fn parse(text: &str) -> Result<Raw, BpmnError> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = true;
    config.allow_dangling_amp = false;
    let mut raw = Raw::default();
    let mut open: Vec<Place> = Vec::new();
    let mut root = false;
    let mut elements = 0usize;
    let mut drawn = String::new();
    loop {
        let event = reader.read_event();
        let byte = reader.buffer_position();
        let event = event.map_err(|e| match e {
            quick_xml::Error::Syntax(_) => BpmnError::Truncated { byte },
            quick_xml::Error::Escape(_) => BpmnError::Entity { byte },
            other => BpmnError::Malformed { byte, cause: other.to_string() },
        })?;
        let (tag, closed) = match event {
            Event::Start(tag) => (tag, false),
            Event::Empty(tag) => (tag, true),
            Event::End(_) => {
                open.pop();
                continue;
            }
            Event::DocType(_) => return Err(BpmnError::Entity { byte }),
            Event::GeneralRef(reference) => {
                let known = matches!(reference.resolve_char_ref(), Ok(Some(_)))
                    || quick_xml::escape::resolve_predefined_entity(&reference.into_inner())
                        .is_some();
                if known {
                    continue;
                }
                return Err(BpmnError::Entity { byte });
            }
            Event::Eof => break,
            _ => continue,
        };
        if open.len() >= MAX_DEPTH {
            return Err(BpmnError::TooDeep { limit: MAX_DEPTH });
        }
        let name = tag.local_name();
        let name: &str = name.as_ref();
        let attributes = Attributes::of(&tag, byte)?;
        let parent = open.last().copied();
        let place = match (parent, name) {
            (None, "definitions") if !root => Place::Definitions,
            (None, other) => {
                let root = other.chars().take(80).collect();
                return Err(BpmnError::NotBpmn { root });
            }
            (Some(Place::Definitions), "process") => {
                let id = attributes.get("id").unwrap_or_default().to_owned();
                let name = attributes.name();
                raw.processes.push(RawProcess { id, name, ..RawProcess::default() });
                Place::Process
            }
            (Some(Place::Definitions), "BPMNDiagram") => Place::Drawing,
            (Some(Place::Drawing), "BPMNShape") => {
                drawn = attributes.get("bpmnElement").unwrap_or_default().to_owned();
                Place::Shape
            }
            (Some(Place::Drawing), "BPMNEdge") => {
                drawn = attributes.get("bpmnElement").unwrap_or_default().to_owned();
                Place::Edge
            }
            (Some(Place::Drawing), "BPMNPlane") => Place::Drawing,
            (Some(Place::Shape), "Bounds") => {
                let number = |key| attributes.get(key).and_then(coordinate);
                if let (Some(x), Some(y), Some(width), Some(height)) =
                    (number("x"), number("y"), number("width"), number("height"))
                    && width > 0.0
                    && height > 0.0
                {
                    raw.shapes.insert(drawn.clone(), Bounds { x, y, width, height });
                }
                Place::Other
            }
            (Some(Place::Edge), "waypoint") => {
                let number = |key| attributes.get(key).and_then(coordinate);
                if let (Some(x), Some(y)) = (number("x"), number("y")) {
                    raw.edges.entry(drawn.clone()).or_default().push(Point { x, y });
                }
                Place::Other
            }
            (Some(Place::Process | Place::Sub(_)), "laneSet") => Place::Lanes,
            (Some(Place::Lanes), "lane") => {
                if let Some(process) = raw.processes.last_mut() {
                    process.lanes += 1;
                }
                Place::Lanes
            }
            (Some(Place::Lanes), "childLaneSet") => Place::Lanes,
            (
                Some(Place::Task(n) | Place::Sub(n)),
                "standardLoopCharacteristics" | "multiInstanceLoopCharacteristics",
            ) => {
                let node = raw.processes.last_mut().and_then(|p| p.nodes.get_mut(n));
                if let Some(node) = node {
                    node.repeated = true;
                }
                Place::Other
            }
            (Some(here @ (Place::Process | Place::Sub(_))), _) => {
                elements += 1;
                if elements > MAX_ELEMENTS {
                    return Err(BpmnError::TooMany { limit: MAX_ELEMENTS });
                }
                let inside = if let Place::Sub(n) = here { Some(n) } else { None };
                match raw.processes.last_mut() {
                    Some(process) => element(process, name, &attributes, inside),
                    None => Place::Other,
                }
            }
            _ => Place::Other,
        };
        root = true;
        if !closed {
            open.push(place);
        }
    }
    let byte = reader.buffer_position();
    match (root, open.is_empty()) {
        (true, true) => Ok(raw),
        _ => Err(BpmnError::Truncated { byte }),
    }
}

/// A flow node or flow of a process.
fn element(
    process: &mut RawProcess,
    name: &str,
    attributes: &Attributes,
    inside: Option<usize>,
) -> Place {
    use Element::{Boundary, Complex, Node, Sub};
    let id = || attributes.get("id").unwrap_or_default().to_owned();
    let task = |kind| Node(Kind::Task(kind));
    let element = match name {
        "sequenceFlow" => {
            let text = |key| attributes.get(key).unwrap_or_default().to_owned();
            let (from, to) = (text("sourceRef"), text("targetRef"));
            process.flows.push(RawFlow { id: id(), name: attributes.name(), from, to });
            return Place::Other;
        }
        "startEvent" => Node(Kind::Start),
        "endEvent" => Node(Kind::End),
        "intermediateThrowEvent" | "intermediateCatchEvent" => Node(Kind::Event),
        "boundaryEvent" => Boundary,
        "task" => task(TaskKind::Plain),
        "userTask" => task(TaskKind::User),
        "serviceTask" => task(TaskKind::Service),
        "manualTask" => task(TaskKind::Manual),
        "scriptTask" => task(TaskKind::Script),
        "businessRuleTask" => task(TaskKind::BusinessRule),
        "sendTask" => task(TaskKind::Send),
        "receiveTask" => task(TaskKind::Receive),
        "callActivity" => task(TaskKind::Call),
        "exclusiveGateway" => Node(Kind::Exclusive),
        "parallelGateway" => Node(Kind::Parallel),
        "inclusiveGateway" => Node(Kind::Inclusive),
        "eventBasedGateway" => Node(Kind::EventBased),
        "complexGateway" => Complex,
        "subProcess" | "transaction" | "adHocSubProcess" => {
            Sub { by_event: attributes.get("triggeredByEvent") == Some("true") }
        }
        // Data, notes and extensions.
        _ => return Place::Other,
    };
    let number = process.nodes.len();
    process.nodes.push(RawNode {
        id: id(),
        name: attributes.name(),
        element,
        inside,
        attached_to: attributes.get("attachedToRef").unwrap_or_default().to_owned(),
        repeated: false,
    });
    match element {
        Sub { .. } => Place::Sub(number),
        Node(Kind::Task(_)) => Place::Task(number),
        _ => Place::Other,
    }
}

/// Attributes of a tag by their name without prefix.
struct Attributes(Vec<(String, String)>);

impl Attributes {
    fn of(tag: &BytesStart<'_>, byte: u64) -> Result<Self, BpmnError> {
        let mut all = Vec::new();
        for attribute in tag.attributes() {
            let attribute =
                attribute.map_err(|e| BpmnError::Malformed { byte, cause: e.to_string() })?;
            // Declarations of prefixes and attributes of extensions are not ours.
            let key = attribute.key;
            if key.prefix().is_some() {
                continue;
            }
            let value = attribute
                .normalized_value(XmlVersion::Explicit1_0)
                .map_err(|_| BpmnError::Entity { byte })?;
            all.push((key.as_ref().to_owned(), value.into_owned()));
        }
        Ok(Self(all))
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    /// The name; its lines become one.
    fn name(&self) -> Option<String> {
        let name = self.get("name")?;
        let mut line = String::with_capacity(name.len());
        let mut broken = false;
        for c in name.chars() {
            // Several signs in a row that break a line are one space.
            if matches!(c, '\n' | '\r' | '\t') {
                if !broken && !line.ends_with(' ') {
                    line.push(' ');
                }
                broken = true;
            } else if !(broken && c == ' ') {
                line.push(c);
                broken = false;
            }
        }
        (!line.trim().is_empty()).then_some(line)
    }
}

fn coordinate(text: &str) -> Option<f64> {
    let value: f64 = text.trim().parse().ok()?;
    (value.is_finite() && value.abs() <= MAX_COORDINATE).then_some(value + 0.0)
}

fn assemble(raw: Raw) -> Result<(Diagram, Vec<Finding>), BpmnError> {
    let Raw { processes, shapes, edges } = raw;
    let mut findings = Vec::new();
    let total = processes.len();
    let rank = |p: &RawProcess| {
        let task = |n: &&RawNode| matches!(n.element, Element::Node(Kind::Task(_)));
        (p.nodes.iter().filter(task).count(), p.nodes.len())
    };
    // The first of those with most tasks.
    let best = processes.into_iter().reduce(|a, b| if rank(&b) > rank(&a) { b } else { a });
    let process = best.filter(|p| !p.nodes.is_empty()).ok_or(BpmnError::NoProcess)?;
    let mut ids = BTreeSet::new();
    let flows = process.flows.iter().map(|f| &f.id);
    for id in process.nodes.iter().map(|n| &n.id).chain(flows).chain([&process.id]) {
        if id.is_empty() || !ids.insert(id.clone()) {
            return Err(BpmnError::RepeatedId { id: id.clone() });
        }
    }
    if total > 1 {
        findings.push(Finding::OtherProcesses { kept: process.id.clone(), left_out: total - 1 });
    }
    if process.lanes > 0 {
        findings.push(Finding::Lanes { count: process.lanes });
    }
    let mut flat = Flat::new(&process, ids);
    flat.open_all(&mut findings);
    let mut diagram = flat.diagram(&process, &mut findings)?;
    for node in diagram.nodes.iter().filter(|n| matches!(n.kind, Kind::Task(_))) {
        if node.name.is_none() {
            findings.push(Finding::UnnamedTask { id: node.id.clone() });
        }
    }
    let silent = diagram.nodes.iter().filter(|n| n.kind == Kind::Event).count();
    if silent > 0 {
        findings.push(Finding::SilentEvents { count: silent });
    }
    let unreached: Vec<String> = diagram
        .unreached()
        .into_iter()
        .filter_map(|n| diagram.nodes.get(n))
        .map(|n| n.id.clone())
        .collect();
    if !unreached.is_empty() {
        findings.push(Finding::Unreached { ids: unreached });
    }
    let mut complete = !flat.opened;
    for node in &mut diagram.nodes {
        match shapes.get(&node.id) {
            Some(bounds) => node.bounds = *bounds,
            None => complete = false,
        }
    }
    for flow in &mut diagram.flows {
        match edges.get(&flow.id) {
            Some(points) if points.len() > 1 => flow.waypoints.clone_from(points),
            _ => complete = false,
        }
    }
    if !complete {
        layout(&mut diagram);
        findings.push(Finding::Drawn);
    }
    Ok((diagram, findings))
}

/// The process without sub-processes: nodes kept, and where flows to or from a sub-process go.
struct Flat {
    nodes: Vec<Node>,
    /// Number of the node by identifier.
    numbers: BTreeMap<String, usize>,
    /// Where flows to (from) a sub-process enter (leave).
    entry: BTreeMap<String, usize>,
    exit: BTreeMap<String, usize>,
    /// Flows made for sub-processes with several starts or ends.
    made: Vec<(usize, usize)>,
    /// Identifiers of what was left out: flows that touch them go too.
    gone: BTreeSet<String>,
    ids: BTreeSet<String>,
    opened: bool,
    /// Sub-processes, innermost first: identifier, name, starts, ends, and whether it holds nodes.
    subs: Vec<Sub>,
}

#[derive(Debug)]
struct Sub {
    id: String,
    name: Option<String>,
    holds: bool,
    starts: Vec<String>,
    ends: Vec<String>,
}

impl Flat {
    fn new(process: &RawProcess, ids: BTreeSet<String>) -> Self {
        let mut gone = BTreeSet::new();
        // A sub-process comes before what it holds.
        let mut dead = vec![false; process.nodes.len()];
        for (i, node) in process.nodes.iter().enumerate() {
            let parent = node.inside.is_some_and(|p| dead.get(p) == Some(&true));
            let event = node.element == (Element::Sub { by_event: true });
            if parent || event || node.element == Element::Boundary {
                gone.insert(node.id.clone());
                if let Some(d) = dead.get_mut(i) {
                    *d = true;
                }
            }
        }
        let mut entered = BTreeSet::new();
        let mut left = BTreeSet::new();
        for f in &process.flows {
            if !gone.contains(&f.from) && !gone.contains(&f.to) {
                entered.insert(f.to.as_str());
                left.insert(f.from.as_str());
            }
        }
        let mut subs: Vec<Option<Sub>> = process.nodes.iter().map(|_| None).collect();
        let mut flat = Self {
            nodes: Vec::new(),
            numbers: BTreeMap::new(),
            entry: BTreeMap::new(),
            exit: BTreeMap::new(),
            made: Vec::new(),
            gone: BTreeSet::new(),
            ids,
            opened: false,
            subs: Vec::new(),
        };
        for (i, node) in process.nodes.iter().enumerate() {
            if gone.contains(&node.id) {
                continue;
            }
            if let Some(sub) = node.inside.and_then(|p| subs.get_mut(p)).and_then(Option::as_mut) {
                sub.holds = true;
                let (start, end) = (
                    node.element == Element::Node(Kind::Start),
                    node.element == Element::Node(Kind::End),
                );
                if start || !entered.contains(node.id.as_str()) {
                    sub.starts.push(node.id.clone());
                }
                if end || !left.contains(node.id.as_str()) {
                    sub.ends.push(node.id.clone());
                }
            }
            if let Element::Sub { .. } = node.element {
                if let Some(slot) = subs.get_mut(i) {
                    *slot = Some(Sub {
                        id: node.id.clone(),
                        name: node.name.clone(),
                        holds: false,
                        starts: Vec::new(),
                        ends: Vec::new(),
                    });
                }
                continue;
            }
            let kind = match node.element {
                Element::Node(Kind::Start | Kind::End) if node.inside.is_some() => Kind::Event,
                Element::Node(kind) => kind,
                _ => Kind::Inclusive,
            };
            flat.add(node.id.clone(), node.name.clone(), kind);
        }
        flat.gone = gone;
        // What holds comes before what is held: innermost first.
        flat.subs = subs.into_iter().flatten().rev().collect();
        flat
    }

    fn add(&mut self, id: String, name: Option<String>, kind: Kind) -> usize {
        let number = self.nodes.len();
        self.numbers.insert(id.clone(), number);
        self.nodes.push(Node { id, name, kind, bounds: Bounds::default() });
        number
    }

    fn fresh(&mut self, wish: &str) -> String {
        let mut id = wish.to_owned();
        while !self.ids.insert(id.clone()) {
            id.push('_');
        }
        id
    }

    fn open_all(&mut self, findings: &mut Vec<Finding>) {
        for sub in std::mem::take(&mut self.subs) {
            if !sub.holds {
                // Closed: a step by its own name.
                let n = self.add(sub.id.clone(), sub.name, Kind::Task(TaskKind::Call));
                self.entry.insert(sub.id.clone(), n);
                self.exit.insert(sub.id, n);
                continue;
            }
            self.opened = true;
            findings.push(Finding::SubProcess { id: sub.id.clone() });
            let told = |ids: &[String], flat: &Self, map: &BTreeMap<String, usize>| {
                ids.iter()
                    .filter_map(|id| flat.numbers.get(id).or_else(|| map.get(id)))
                    .copied()
                    .collect::<Vec<_>>()
            };
            let mut starts = told(&sub.starts, self, &self.entry);
            let mut ends = told(&sub.ends, self, &self.exit);
            if ends.len() > 1 {
                findings.push(Finding::SubProcessEnds { id: sub.id.clone(), ends: ends.len() });
            }
            let entry = if let (1, Some(only)) = (starts.len(), starts.pop()) {
                only
            } else {
                let starts = told(&sub.starts, self, &self.entry);
                let id = self.fresh(&format!("{}_in", sub.id));
                let gate = self.add(id, None, Kind::Exclusive);
                self.made.extend(starts.into_iter().map(|s| (gate, s)));
                gate
            };
            let exit = if let (1, Some(only)) = (ends.len(), ends.pop()) {
                only
            } else {
                let ends = told(&sub.ends, self, &self.exit);
                let id = self.fresh(&format!("{}_out", sub.id));
                let gate = self.add(id, None, Kind::Exclusive);
                self.made.extend(ends.into_iter().map(|e| (e, gate)));
                gate
            };
            self.entry.insert(sub.id.clone(), entry);
            self.exit.insert(sub.id, exit);
        }
    }

    fn diagram(
        &mut self,
        process: &RawProcess,
        findings: &mut Vec<Finding>,
    ) -> Result<Diagram, BpmnError> {
        for node in &process.nodes {
            let id = node.id.clone();
            match node.element {
                Element::Boundary => findings
                    .push(Finding::BoundaryEvent { id, attached_to: node.attached_to.clone() }),
                Element::Sub { by_event: true } => findings.push(Finding::EventSubProcess { id }),
                _ if self.gone.contains(&id) => {}
                Element::Complex => findings.push(Finding::ComplexGateway { id }),
                _ if node.repeated => findings.push(Finding::Repeated { id }),
                _ => {}
            }
        }
        let mut flows = Vec::with_capacity(process.flows.len());
        for flow in &process.flows {
            if self.gone.contains(&flow.from) || self.gone.contains(&flow.to) {
                continue;
            }
            let find = |id: &String, map: &BTreeMap<String, usize>| {
                self.numbers.get(id).or_else(|| map.get(id)).copied().ok_or_else(|| {
                    BpmnError::DanglingFlow { flow: flow.id.clone(), reference: id.clone() }
                })
            };
            flows.push(Flow {
                id: flow.id.clone(),
                name: flow.name.clone(),
                source: find(&flow.from, &self.exit)?,
                target: find(&flow.to, &self.entry)?,
                waypoints: Vec::new(),
            });
        }
        for (source, target) in std::mem::take(&mut self.made) {
            let id = self.fresh("flow");
            flows.push(Flow { id, name: None, source, target, waypoints: Vec::new() });
        }
        Ok(Diagram {
            id: process.id.clone(),
            name: process.name.clone(),
            nodes: std::mem::take(&mut self.nodes),
            flows,
        })
    }
}
