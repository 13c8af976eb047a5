//! Printing answers: JSON as it is, CSV and tables from arrays of flat objects.

use std::io::{IsTerminal as _, Write as _};

use serde::Serialize;
use serde_json::Value;

use crate::args::Format;

/// A table on a terminal, JSON otherwise, unless told.
pub fn chosen(format: Option<Format>) -> Format {
    format.unwrap_or_else(|| {
        if std::io::stdout().is_terminal() { Format::Table } else { Format::Json }
    })
}

/// Prints an answer. A closed pipe (`| head`) is not an error.
pub fn print(answer: &impl Serialize, format: Option<Format>) -> std::io::Result<()> {
    let out = std::io::stdout().lock();
    let mut out = std::io::BufWriter::with_capacity(1 << 16, out);
    let done = match chosen(format) {
        Format::Json => serde_json::to_writer(&mut out, answer)
            .map_err(std::io::Error::from)
            .and_then(|()| writeln!(out)),
        Format::Csv => csv(&serde_json::to_value(answer)?, &mut out),
        Format::Table => table(&serde_json::to_value(answer)?, &mut out),
    };
    match done.and_then(|()| out.flush()) {
        Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(s) => s.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(" → "),
        Value::Object(o) => match (o.get("from"), o.get("to")) {
            (Some(from), Some(to)) if o.len() == 2 => format!("{}..{}", text(from), text(to)),
            _ => value.to_string(),
        },
        other => other.to_string(),
    }
}

/// The rows of an answer: the array itself, its one array of objects, or the object as one row.
fn rows(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(fields) => {
            let lists: Vec<&Vec<Value>> = fields
                .values()
                .filter_map(Value::as_array)
                .filter(|a| a.first().is_some_and(Value::is_object))
                .collect();
            match lists.as_slice() {
                [only] => only.iter().collect(),
                _ => vec![value],
            }
        }
        other => vec![other],
    }
}

fn header(rows: &[&Value]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for row in rows {
        for name in row.as_object().into_iter().flat_map(|o| o.keys()) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
    }
    names
}

fn csv(value: &Value, out: &mut impl std::io::Write) -> std::io::Result<()> {
    let rows = rows(value);
    let names = header(&rows);
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(&names)?;
    for row in rows {
        writer.write_record(names.iter().map(|n| row.get(n).map(text).unwrap_or_default()))?;
    }
    writer.flush()
}

fn table(value: &Value, out: &mut impl std::io::Write) -> std::io::Result<()> {
    if let Value::Object(fields) = value {
        let flat: Vec<(&String, String)> = fields
            .iter()
            .filter(
                |(_, v)| !matches!(v, Value::Array(a) if a.first().is_some_and(Value::is_object)),
            )
            .map(|(k, v)| (k, text(v)))
            .collect();
        let width = flat.iter().map(|(k, _)| k.chars().count()).max().unwrap_or(0);
        for (name, shown) in flat {
            writeln!(out, "{name:width$}  {shown}")?;
        }
        for (name, list) in fields {
            if let Value::Array(items) = list
                && items.first().is_some_and(Value::is_object)
            {
                writeln!(out, "\n{name}")?;
                lines(&items.iter().collect::<Vec<_>>(), out)?;
            }
        }
        return Ok(());
    }
    lines(&rows(value), out)
}

fn lines(rows: &[&Value], out: &mut impl std::io::Write) -> std::io::Result<()> {
    let names = header(rows);
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|r| names.iter().map(|n| r.get(n).map(text).unwrap_or_default()).collect())
        .collect();
    let numeric: Vec<bool> = names
        .iter()
        .map(|n| rows.iter().all(|r| r.get(n).is_none_or(|v| v.is_number() || v.is_null())))
        .collect();
    let widths: Vec<usize> = names
        .iter()
        .enumerate()
        .map(|(i, n)| {
            let longest = cells.iter().map(|r| r.get(i).map_or(0, |c| c.chars().count())).max();
            longest.unwrap_or(0).max(n.chars().count()).min(60)
        })
        .collect();
    let mut line = |row: &[String]| {
        let mut shown = String::new();
        for ((cell, width), right) in row.iter().zip(&widths).zip(&numeric) {
            let cell: String = cell.chars().take(60).collect();
            let pad = " ".repeat(width.saturating_sub(cell.chars().count()));
            let (before, after) = if *right { (pad.as_str(), "") } else { ("", pad.as_str()) };
            shown.push_str(before);
            shown.push_str(&cell);
            shown.push_str(after);
            shown.push_str("  ");
        }
        writeln!(out, "{}", shown.trim_end())
    };
    line(&names)?;
    for row in &cells {
        line(row)?;
    }
    Ok(())
}
