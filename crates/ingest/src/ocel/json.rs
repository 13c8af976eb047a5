//! OCEL in JSON, 2.0 and 1.0, read as a stream: one event at a time in memory.

use std::{fmt, io::BufReader, path::Path};

use serde::de::{
    DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor as Visit,
};
use serde_json::{Map, Value};

use super::{Happening, Object, Pass, Visitor};
use crate::{context::Context, error::IngestError, finding::Code, source::Position};

/// Whether the first bytes are an object-centric log in JSON.
pub(super) fn sniff(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    // The keys of either version come early, whatever their order.
    text.starts_with('{')
        && ["\"objectTypes\"", "\"eventTypes\"", "\"ocel:"].iter().any(|k| text.contains(k))
}

pub(super) fn scan(
    path: &Path,
    pass: Pass,
    ctx: &mut Context<'_>,
    visitor: &mut dyn Visitor,
) -> Result<(), IngestError> {
    let (input, position) = crate::source::open(path, &ctx.name, ctx.limits)?;
    let mut input = BufReader::with_capacity(256 << 10, input);
    skip_mark(&mut input).map_err(|e| ctx.read_error(e))?;
    let mut walk = Walk { pass, visitor, ctx, position, failed: None, seen: 0, events: false };
    let mut json = serde_json::Deserializer::from_reader(input);
    let answer = json.deserialize_map(Top(&mut walk)).and_then(|()| json.end());
    let Walk { failed, seen, events, ctx, .. } = walk;
    if let Some(error) = failed {
        return Err(error);
    }
    answer.map_err(|e| said(ctx, &e, seen))?;
    if !events {
        return Err(ctx.refusal(
            Code::Malformed,
            None,
            "le fichier JSON n’est pas un journal OCEL : il n’a pas de liste d’événements",
            "the JSON file is not an OCEL log: it has no list of events",
        ));
    }
    Ok(())
}

fn skip_mark(input: &mut impl std::io::BufRead) -> std::io::Result<()> {
    if input.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
        input.consume(3);
    }
    Ok(())
}

/// Says what an error of the parser means.
fn said(ctx: &Context<'_>, error: &serde_json::Error, seen: u64) -> IngestError {
    let (line, column) = (error.line(), error.column());
    if error.is_io() {
        // The source keeps the kind: a cut gzip, a bomb or a disk that fails.
        let kind = error.io_error_kind().unwrap_or(std::io::ErrorKind::Other);
        if kind == std::io::ErrorKind::Other {
            return ctx.refusal(
                Code::TooExpanded,
                Some(seen),
                "le contenu compressé grossit au-delà de la taille permise : décompressez le fichier et vérifiez-le",
                "the compressed content expands beyond the size allowed: expand and check the file",
            );
        }
        return ctx.read_error(std::io::Error::new(kind, error.to_string()));
    }
    if error.is_eof() {
        return ctx.refusal(
            Code::Truncated,
            Some(seen),
            format!("le fichier JSON est coupé avant sa fin (ligne {line}, colonne {column}) : rien n’est importé, demandez un nouvel envoi complet"),
            format!("the JSON file is cut before its end (line {line}, column {column}): nothing is imported, ask for a complete delivery"),
        );
    }
    ctx.refusal(
        Code::Malformed,
        Some(seen),
        format!("le JSON est mal formé (ligne {line}, colonne {column}) : réexportez le journal"),
        format!("the JSON is malformed (line {line}, column {column}): export the log again"),
    )
}

struct Walk<'w, 'a> {
    pass: Pass,
    visitor: &'w mut dyn Visitor,
    ctx: &'w mut Context<'a>,
    position: Position,
    failed: Option<IngestError>,
    seen: u64,
    events: bool,
}

impl Walk<'_, '_> {
    fn item(
        &mut self,
        id: Option<String>,
        mut item: Map<String, Value>,
    ) -> Result<(), IngestError> {
        self.seen += 1;
        if self.seen.is_multiple_of(1_024) {
            self.ctx.at(self.position.done(), self.position.total())?;
        }
        match self.pass {
            Pass::Objects => {
                let object = Object {
                    id: id.unwrap_or_else(|| text(item.remove("id"))),
                    kind: either(&mut item, "type", "ocel:type"),
                    attributes: attributes(&mut item, "ocel:ovmap"),
                };
                self.visitor.object(object, self.ctx)
            }
            Pass::Events => {
                let event = Happening {
                    activity: either(&mut item, "type", "ocel:activity"),
                    time: either(&mut item, "time", "ocel:timestamp"),
                    attributes: attributes(&mut item, "ocel:vmap"),
                    objects: relations(&mut item),
                };
                self.visitor.event(event, self.ctx)
            }
        }
    }
}

/// A scalar as text; nothing for the rest.
fn text(value: Option<Value>) -> String {
    match value {
        Some(Value::String(text)) => text,
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Bool(yes)) => yes.to_string(),
        _ => String::new(),
    }
}

fn either(item: &mut Map<String, Value>, new: &str, old: &str) -> String {
    match item.shift_remove(new) {
        Some(value) => text(Some(value)),
        None => text(item.shift_remove(old)),
    }
}

/// Attributes of both versions; of dated values, the first one listed.
fn attributes(item: &mut Map<String, Value>, old: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    if let Some(Value::Array(list)) = item.shift_remove("attributes") {
        for entry in list {
            let Value::Object(mut entry) = entry else { continue };
            let name = text(entry.shift_remove("name"));
            if !found.iter().any(|(k, _)| *k == name) {
                found.push((name, text(entry.shift_remove("value"))));
            }
        }
    }
    if let Some(Value::Object(map)) = item.shift_remove(old) {
        found.extend(map.into_iter().map(|(k, v)| (k, text(Some(v)))));
    }
    found
}

fn relations(item: &mut Map<String, Value>) -> Vec<(String, Option<String>)> {
    let list = item.shift_remove("relationships").or_else(|| item.shift_remove("ocel:omap"));
    let Some(Value::Array(list)) = list else { return Vec::new() };
    list.into_iter()
        .map(|entry| match entry {
            Value::Object(mut entry) => text(entry.shift_remove("objectId")),
            other => text(Some(other)),
        })
        .filter(|id| !id.is_empty())
        .map(|id| (id, None))
        .collect()
}

/// The outermost object: lists that matter are walked, the rest is passed over unread.
struct Top<'t, 'w, 'a>(&'t mut Walk<'w, 'a>);

impl<'de> Visit<'de> for Top<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object-centric event log")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some(key) = map.next_key::<String>()? {
            let wanted = match key.as_str() {
                "events" | "ocel:events" => {
                    self.0.events = true;
                    self.0.pass == Pass::Events
                }
                "objects" | "ocel:objects" => self.0.pass == Pass::Objects,
                _ => false,
            };
            if wanted {
                map.next_value_seed(Items(self.0))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// A list of events or objects: an array (2.0), or an object keyed by identifier (1.0).
struct Items<'t, 'w, 'a>(&'t mut Walk<'w, 'a>);

impl<'de> DeserializeSeed<'de> for Items<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visit<'de> for Items<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of events or objects")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<(), S::Error> {
        while let Some(item) = seq.next_element::<Map<String, Value>>()? {
            take::<S::Error>(self.0, None, item)?;
        }
        Ok(())
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some(id) = map.next_key::<String>()? {
            let item = map.next_value::<Map<String, Value>>()?;
            take::<M::Error>(self.0, Some(id), item)?;
        }
        Ok(())
    }
}

/// Hands one item over; a failure of ours stops the parser and is told afterwards.
fn take<E: serde::de::Error>(
    walk: &mut Walk<'_, '_>,
    id: Option<String>,
    item: Map<String, Value>,
) -> Result<(), E> {
    walk.item(id, item).map_err(|e| {
        walk.failed = Some(e);
        E::custom("stopped")
    })
}
