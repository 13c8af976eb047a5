//! The diagram as XML.

use std::{
    collections::BTreeSet,
    fmt::{self, Write},
};

use super::{Diagram, Kind, TaskKind};

/// The BPMN 2.0 text of a diagram, with its drawing.
pub fn write(diagram: &Diagram) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = document(&mut out, diagram);
    out
}

fn document(out: &mut String, diagram: &Diagram) -> fmt::Result {
    let mut ids = Ids(diagram
        .nodes
        .iter()
        .map(|n| n.id.clone())
        .chain(diagram.flows.iter().map(|f| f.id.clone()))
        .chain([diagram.id.clone()])
        .collect());
    let definitions = ids.fresh("definitions");
    out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    out.push_str("<bpmn:definitions");
    for (prefix, name) in [
        ("bpmn", "http://www.omg.org/spec/BPMN/20100524/MODEL"),
        ("bpmndi", "http://www.omg.org/spec/BPMN/20100524/DI"),
        ("dc", "http://www.omg.org/spec/DD/20100524/DC"),
        ("di", "http://www.omg.org/spec/DD/20100524/DI"),
    ] {
        write!(out, " xmlns:{prefix}=\"{name}\"")?;
    }
    writeln!(
        out,
        " id=\"{definitions}\" targetNamespace=\"urn:eclusier:bpmn\" exporter=\"Éclusier\">"
    )?;
    writeln!(
        out,
        "  <bpmn:process id=\"{}\"{} isExecutable=\"false\">",
        Text(&diagram.id),
        Name(diagram.name.as_deref())
    )?;
    let mut incoming = vec![Vec::new(); diagram.nodes.len()];
    let mut outgoing = vec![Vec::new(); diagram.nodes.len()];
    for flow in &diagram.flows {
        if let Some(list) = outgoing.get_mut(flow.source) {
            list.push(flow.id.as_str());
        }
        if let Some(list) = incoming.get_mut(flow.target) {
            list.push(flow.id.as_str());
        }
    }
    for (node, (incoming, outgoing)) in diagram.nodes.iter().zip(incoming.iter().zip(&outgoing)) {
        let tag = tag(node.kind);
        write!(out, "    <bpmn:{tag} id=\"{}\"{}", Text(&node.id), Name(node.name.as_deref()))?;
        if incoming.is_empty() && outgoing.is_empty() {
            out.push_str(" />\n");
            continue;
        }
        out.push_str(">\n");
        for (side, list) in [("incoming", incoming), ("outgoing", outgoing)] {
            for id in list {
                writeln!(out, "      <bpmn:{side}>{}</bpmn:{side}>", Text(id))?;
            }
        }
        writeln!(out, "    </bpmn:{tag}>")?;
    }
    let id = |node: usize| diagram.nodes.get(node).map_or("", |n| n.id.as_str());
    for flow in &diagram.flows {
        writeln!(
            out,
            "    <bpmn:sequenceFlow id=\"{}\"{} sourceRef=\"{}\" targetRef=\"{}\" />",
            Text(&flow.id),
            Name(flow.name.as_deref()),
            Text(id(flow.source)),
            Text(id(flow.target))
        )?;
    }
    out.push_str("  </bpmn:process>\n");
    let (sheet, plane) = (ids.fresh("diagram"), ids.fresh("plane"));
    writeln!(out, "  <bpmndi:BPMNDiagram id=\"{sheet}\">")?;
    writeln!(out, "    <bpmndi:BPMNPlane id=\"{plane}\" bpmnElement=\"{}\">", Text(&diagram.id))?;
    for node in &diagram.nodes {
        let shape = ids.fresh(&format!("{}_di", node.id));
        let marker = if node.kind == Kind::Exclusive { " isMarkerVisible=\"true\"" } else { "" };
        writeln!(
            out,
            "      <bpmndi:BPMNShape id=\"{}\" bpmnElement=\"{}\"{marker}>",
            Text(&shape),
            Text(&node.id)
        )?;
        let b = node.bounds;
        writeln!(
            out,
            "        <dc:Bounds x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" />",
            Number(b.x),
            Number(b.y),
            Number(b.width),
            Number(b.height)
        )?;
        out.push_str("      </bpmndi:BPMNShape>\n");
    }
    for flow in &diagram.flows {
        let edge = ids.fresh(&format!("{}_di", flow.id));
        writeln!(
            out,
            "      <bpmndi:BPMNEdge id=\"{}\" bpmnElement=\"{}\">",
            Text(&edge),
            Text(&flow.id)
        )?;
        for p in &flow.waypoints {
            writeln!(out, "        <di:waypoint x=\"{}\" y=\"{}\" />", Number(p.x), Number(p.y))?;
        }
        out.push_str("      </bpmndi:BPMNEdge>\n");
    }
    out.push_str("    </bpmndi:BPMNPlane>\n  </bpmndi:BPMNDiagram>\n</bpmn:definitions>\n");
    Ok(())
}

/// The element of a kind of node.
pub(super) fn tag(kind: Kind) -> &'static str {
    match kind {
        Kind::Start => "startEvent",
        Kind::End => "endEvent",
        Kind::Event => "intermediateThrowEvent",
        Kind::Task(TaskKind::Plain) => "task",
        Kind::Task(TaskKind::User) => "userTask",
        Kind::Task(TaskKind::Service) => "serviceTask",
        Kind::Task(TaskKind::Manual) => "manualTask",
        Kind::Task(TaskKind::Script) => "scriptTask",
        Kind::Task(TaskKind::BusinessRule) => "businessRuleTask",
        Kind::Task(TaskKind::Send) => "sendTask",
        Kind::Task(TaskKind::Receive) => "receiveTask",
        Kind::Task(TaskKind::Call) => "callActivity",
        Kind::Exclusive => "exclusiveGateway",
        Kind::Parallel => "parallelGateway",
        Kind::Inclusive => "inclusiveGateway",
        Kind::EventBased => "eventBasedGateway",
    }
}

/// Identifiers taken so far.
struct Ids(BTreeSet<String>);

impl Ids {
    fn fresh(&mut self, wish: &str) -> String {
        let mut id = wish.to_owned();
        while !self.0.insert(id.clone()) {
            id.push('_');
        }
        id
    }
}

/// Text in an attribute or an element.
struct Text<'a>(&'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                // A reader would make these a space anyway.
                '\t' | '\n' | '\r' => f.write_char(' ')?,
                // No XML text may hold these.
                '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => f.write_char('\u{fffd}')?,
                // Read as line ends by XML 1.1 readers.
                '\u{85}' | '\u{2028}' => write!(f, "&#{};", c as u32)?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

struct Name<'a>(Option<&'a str>);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(name) => write!(f, " name=\"{}\"", Text(name)),
            None => Ok(()),
        }
    }
}

/// A coordinate that every reader takes: never `inf` or `NaN`.
struct Number(f64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = if self.0.is_finite() { self.0 } else { 0.0 };
        // Minus zero is written as zero.
        write!(f, "{}", value + 0.0)
    }
}
