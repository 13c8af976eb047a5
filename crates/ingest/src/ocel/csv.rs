//! The table layout of OCEL 1: one line per event, one column of lists per object type.

use std::path::Path;

use super::{Happening, Pass, Visitor};
use crate::{context::Context, error::IngestError, finding::Code};

/// Prefix of the columns of object lists.
const TYPE: &str = "ocel:type:";

pub(super) fn sniff(header: &str) -> bool {
    header.contains("ocel:eid") || header.contains(TYPE)
}

pub(super) fn scan(
    path: &Path,
    pass: Pass,
    ctx: &mut Context<'_>,
    visitor: &mut dyn Visitor,
) -> Result<(), IngestError> {
    // Objects are told beside the events that touch them.
    if pass == Pass::Objects {
        return Ok(());
    }
    let (input, position) = crate::source::open(path, &ctx.name, ctx.limits)?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(input);
    let header = reader.headers().map_err(|e| damaged(ctx, e))?.clone();
    let place = |name: &str| header.iter().position(|h| h.trim_start_matches('\u{feff}') == name);
    let (Some(activity), Some(time)) = (place("ocel:activity"), place("ocel:timestamp")) else {
        return Err(ctx.refusal(
            Code::ColumnNotFound,
            Some(1),
            "un journal OCEL en CSV a les colonnes ocel:activity et ocel:timestamp",
            "an OCEL log in CSV has the columns ocel:activity and ocel:timestamp",
        ));
    };
    let mut record = csv::StringRecord::new();
    let mut seen = 0u64;
    while reader.read_record(&mut record).map_err(|e| damaged(ctx, e))? {
        seen += 1;
        if seen.is_multiple_of(1_024) {
            ctx.at(position.done(), position.total())?;
        }
        let mut event = Happening {
            activity: record.get(activity).unwrap_or("").to_owned(),
            time: record.get(time).unwrap_or("").to_owned(),
            ..Happening::default()
        };
        for (name, value) in header.iter().zip(&record) {
            match name.strip_prefix(TYPE) {
                Some(kind) => {
                    let kind = Some(kind.to_owned());
                    event.objects.extend(list(value).map(|id| (id.to_owned(), kind.clone())));
                }
                None if name.starts_with("ocel:") || value.trim().is_empty() => {}
                None => event.attributes.push((name.to_owned(), value.to_owned())),
            }
        }
        visitor.event(event, ctx)?;
    }
    Ok(())
}

/// Identifiers of `['a', 'b']`, `["a"]` or `a`; none for a blank cell.
fn list(cell: &str) -> impl Iterator<Item = &str> {
    let cell = cell.trim();
    let inside = cell.strip_prefix('[').and_then(|c| c.strip_suffix(']')).unwrap_or(cell);
    inside
        .split(',')
        .map(|id| id.trim().trim_matches(|c| c == '\'' || c == '"'))
        .filter(|id| !id.is_empty())
}

fn damaged(ctx: &Context<'_>, error: csv::Error) -> IngestError {
    let line = error.position().map(csv::Position::line);
    match error.into_kind() {
        csv::ErrorKind::Io(e) => ctx.read_error(e),
        _ => ctx.refusal(
            Code::BadEncoding,
            line,
            "le fichier CSV n’est pas en UTF-8 : réexportez-le",
            "the CSV file is not in UTF-8: export it again",
        ),
    }
}
