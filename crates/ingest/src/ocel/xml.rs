//! OCEL 2.0 in XML, read as a stream: one event at a time in memory.

use std::path::Path;

use quick_xml::events::{BytesStart, Event};

use super::{Happening, Object, Pass, Visitor};
use crate::{
    context::Context,
    error::IngestError,
    finding::Code,
    xml::{self, XmlStream},
};

/// Whether the first bytes are an object-centric log in XML.
pub(super) fn sniff(head: &[u8]) -> bool {
    let text = xml::sniffed(head);
    let Some(log) = text.find("<log").or_else(|| text.find(":log")) else { return false };
    let after = text.get(log..).unwrap_or("");
    ["object-types", "event-types", "<objects"].iter().any(|k| after.contains(k))
}

/// Where the next tag stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Outside,
    Log,
    /// `<objects>` or `<events>` of the log.
    List(Pass),
    /// One object or event.
    Item(Pass),
    /// Its attributes.
    Attributes(Pass),
    /// One attribute, whose value is the text inside.
    Attribute(Pass),
    /// Its relations to objects.
    Relations(Pass),
}

struct Walk<'w, 'a> {
    pass: Pass,
    visitor: &'w mut dyn Visitor,
    ctx: &'w mut Context<'a>,
    place: Place,
    /// Elements open inside something that is not read.
    skip: usize,
    object: Object,
    event: Happening,
    attribute: (String, String),
    seen: u64,
    root: bool,
    events: bool,
}

pub(super) fn scan(
    path: &Path,
    pass: Pass,
    ctx: &mut Context<'_>,
    visitor: &mut dyn Visitor,
) -> Result<(), IngestError> {
    let (input, position) = crate::source::open(path, &ctx.name, ctx.limits)?;
    let mut stream = XmlStream::new(input, ctx)?;
    let mut walk = Walk {
        pass,
        visitor,
        ctx,
        place: Place::Outside,
        skip: 0,
        object: Object::default(),
        event: Happening::default(),
        attribute: Default::default(),
        seen: 0,
        root: false,
        events: false,
    };
    let mut buffer = Vec::with_capacity(4 << 10);
    loop {
        buffer.clear();
        stream.reader.get_mut().token();
        let event = match stream.reader.read_event_into(&mut buffer) {
            Ok(event) => event,
            Err(e) => return Err(xml::parse_error(walk.ctx, stream.byte(), walk.seen, &e)),
        };
        match event {
            Event::Start(tag) => {
                stream.enter(walk.ctx)?;
                walk.open(&tag, &stream)?;
            }
            Event::Empty(tag) => {
                walk.open(&tag, &stream)?;
                walk.close()?;
            }
            Event::End(_) => {
                stream.leave();
                walk.close()?;
                if walk.seen.is_multiple_of(1_024) {
                    walk.ctx.at(position.done(), position.total())?;
                }
            }
            Event::Text(text) => walk.text(&text.xml10_content(), stream.byte())?,
            Event::CData(text) => walk.text(&text.xml10_content(), stream.byte())?,
            Event::GeneralRef(reference) => {
                let character = match reference.resolve_char_ref() {
                    Ok(Some(character)) => Some(character.to_string()),
                    _ => quick_xml::escape::resolve_predefined_entity(&reference.into_inner())
                        .map(str::to_owned),
                };
                match character {
                    Some(text) => walk.text(&text, stream.byte())?,
                    None => return Err(xml::entity(walk.ctx, stream.byte())),
                }
            }
            Event::DocType(_) => return Err(xml::entity(walk.ctx, stream.byte())),
            Event::Eof => break,
            _ => {}
        }
    }
    let (byte, seen) = (stream.byte(), walk.seen);
    if stream.depth() > 0 || !walk.root {
        return Err(xml::truncated(walk.ctx, byte, seen));
    }
    if !walk.events {
        return Err(walk.ctx.refusal(
            Code::Malformed,
            None,
            "le fichier XML n’est pas un journal OCEL : il n’a pas de liste d’événements",
            "the XML file is not an OCEL log: it has no list of events",
        ));
    }
    Ok(())
}

/// Longest value of one attribute.
const LONGEST: usize = 1 << 20;

impl Walk<'_, '_> {
    fn open(&mut self, tag: &BytesStart<'_>, stream: &XmlStream) -> Result<(), IngestError> {
        if self.skip > 0 {
            self.skip += 1;
            return Ok(());
        }
        let name = tag.local_name();
        let next = match (self.place, name.as_ref()) {
            (Place::Outside, "log") if !self.root => {
                self.root = true;
                Place::Log
            }
            (Place::Outside, _) => {
                return Err(xml::malformed(self.ctx, stream.byte(), self.seen, &"<log> expected"));
            }
            (Place::Log, "objects") if self.pass == Pass::Objects => Place::List(Pass::Objects),
            (Place::Log, "events") => {
                self.events = true;
                if self.pass == Pass::Objects {
                    self.skip = 1;
                    return Ok(());
                }
                Place::List(Pass::Events)
            }
            (Place::List(Pass::Objects), "object") => {
                self.object = Object {
                    id: self.value(tag, "id", stream)?,
                    kind: self.value(tag, "type", stream)?,
                    attributes: Vec::new(),
                };
                Place::Item(Pass::Objects)
            }
            (Place::List(Pass::Events), "event") => {
                self.event = Happening {
                    activity: self.value(tag, "type", stream)?,
                    time: self.value(tag, "time", stream)?,
                    ..Happening::default()
                };
                Place::Item(Pass::Events)
            }
            (Place::Item(kind), "attributes") => Place::Attributes(kind),
            (Place::Item(Pass::Events), "objects" | "relationships") => {
                Place::Relations(Pass::Events)
            }
            (Place::Attributes(kind), "attribute") => {
                self.attribute = (self.value(tag, "name", stream)?, String::new());
                Place::Attribute(kind)
            }
            (Place::Relations(_), _) => {
                let id = self.value(tag, "object-id", stream)?;
                if !id.is_empty() {
                    self.event.objects.push((id, None));
                }
                self.skip = 1;
                return Ok(());
            }
            _ => {
                self.skip = 1;
                return Ok(());
            }
        };
        self.place = next;
        Ok(())
    }

    fn value(
        &self,
        tag: &BytesStart<'_>,
        name: &str,
        stream: &XmlStream,
    ) -> Result<String, IngestError> {
        match xml::attribute(tag, name) {
            Some(raw) => Ok(xml::plain(raw, stream, self.ctx)?.into_owned()),
            None => Ok(String::new()),
        }
    }

    fn text(&mut self, text: &str, byte: u64) -> Result<(), IngestError> {
        if self.skip == 0 && matches!(self.place, Place::Attribute(_)) {
            if self.attribute.1.len() + text.len() > LONGEST {
                return Err(xml::malformed(
                    self.ctx,
                    byte,
                    self.seen,
                    &"a value longer than 1 MiB",
                ));
            }
            self.attribute.1.push_str(text);
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), IngestError> {
        if self.skip > 0 {
            self.skip -= 1;
            return Ok(());
        }
        self.place = match self.place {
            Place::Outside | Place::Log => Place::Outside,
            Place::List(_) => Place::Log,
            Place::Item(kind) => {
                self.seen += 1;
                match kind {
                    Pass::Objects => {
                        self.visitor.object(std::mem::take(&mut self.object), self.ctx)?;
                    }
                    Pass::Events => {
                        self.visitor.event(std::mem::take(&mut self.event), self.ctx)?;
                    }
                }
                Place::List(kind)
            }
            Place::Attributes(kind) | Place::Relations(kind) => Place::Item(kind),
            Place::Attribute(kind) => {
                let attribute = std::mem::take(&mut self.attribute);
                let list = match kind {
                    Pass::Objects => &mut self.object.attributes,
                    Pass::Events => &mut self.event.attributes,
                };
                // Of dated values, the first one listed.
                if !list.iter().any(|(k, _)| *k == attribute.0) {
                    list.push(attribute);
                }
                Place::Attributes(kind)
            }
        };
        Ok(())
    }
}
