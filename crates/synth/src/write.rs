//! Files as French tools export them: BOM, semicolons, dd/mm/yyyy, CRLF.

use std::io::Write;

use eclusier_calendar::{Zone, date_of};

use crate::{Body, Process, SynthError, ZONE};

/// Columns of an export of events.
const HEADER: &str =
    "\u{feff}Dossier;Activité;Début;Fin;Agent;Organisme;Service;Prestation;Canal\r\n";

/// Writes the events of a process; gives back how many.
pub fn write_csv(process: &Process, mut to: impl Write) -> Result<u64, SynthError> {
    let zone = Zone::new(ZONE)?;
    let mut line: Vec<u8> = Vec::with_capacity(1 << 16);
    line.extend_from_slice(HEADER.as_bytes());
    let mut rows = 0;
    for event in process.events()? {
        text(&mut line, &event.case);
        line.push(b';');
        text(&mut line, event.activity);
        line.push(b';');
        instant(&mut line, &zone, event.start_us);
        line.push(b';');
        instant(&mut line, &zone, event.end_us);
        line.push(b';');
        text(&mut line, event.person.as_deref().unwrap_or(""));
        line.push(b';');
        text(&mut line, &event.org);
        line.push(b';');
        text(&mut line, &event.unit);
        line.push(b';');
        text(&mut line, event.product);
        line.push(b';');
        text(&mut line, event.channel);
        line.extend_from_slice(b"\r\n");
        rows += 1;
        if line.len() > (1 << 16) - 1024 {
            to.write_all(&line)?;
            line.clear();
        }
    }
    to.write_all(&line)?;
    to.flush()?;
    Ok(rows)
}

/// Writes the daily counts; gives back how many lines.
pub fn write_counts_csv(body: &Body, mut to: impl Write) -> Result<u64, SynthError> {
    let mut lines: Vec<u8> = "\u{feff}Date;Prestation;Entrées;Sorties;Stock\r\n".into();
    let mut rows = 0;
    for row in body.counts() {
        day(&mut lines, row.date);
        lines.push(b';');
        text(&mut lines, row.product);
        for count in [row.arrivals, row.outputs, row.stock] {
            lines.push(b';');
            lines.extend_from_slice(count.to_string().as_bytes());
        }
        lines.extend_from_slice(b"\r\n");
        rows += 1;
    }
    to.write_all(&lines)?;
    to.flush()?;
    Ok(rows)
}

fn text(line: &mut Vec<u8>, value: &str) {
    let plain = !value.bytes().any(|b| matches!(b, b';' | b'"' | b'\r' | b'\n'));
    if plain {
        line.extend_from_slice(value.as_bytes());
        return;
    }
    line.push(b'"');
    line.extend_from_slice(value.replace('"', "\"\"").as_bytes());
    line.push(b'"');
}

fn two(line: &mut Vec<u8>, number: i64) {
    line.push(b'0' + (number / 10 % 10).unsigned_abs() as u8);
    line.push(b'0' + (number % 10).unsigned_abs() as u8);
}

fn day(line: &mut Vec<u8>, date: jiff::civil::Date) {
    two(line, i64::from(date.day()));
    line.push(b'/');
    two(line, i64::from(date.month()));
    line.push(b'/');
    two(line, i64::from(date.year() / 100));
    two(line, i64::from(date.year() % 100));
}

fn instant(line: &mut Vec<u8>, zone: &Zone, us: i64) {
    let local = us.saturating_add(zone.offset_us(us)).div_euclid(1_000_000);
    day(line, date_of(i32::try_from(local.div_euclid(86_400)).unwrap_or(0)));
    let second = local.rem_euclid(86_400);
    line.push(b' ');
    two(line, second / 3600);
    line.push(b':');
    two(line, second / 60 % 60);
    line.push(b':');
    two(line, second % 60);
}
