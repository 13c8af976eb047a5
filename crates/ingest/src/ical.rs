//! Calendars of absences (iCalendar): events become half-days away.
//!
//! - Computes: the half-days that events and their bounded repetitions cover in the body's zone.
//! - Units: half-days; a timed event takes a half when it covers two of its hours (8–12, 14–18).
//! - Shapes: a file in, [`AbsenceRow`]s out, one per unbroken run of half-days.
//! - Errors: [`IngestError`] when the file is no calendar or is too large; an event without an
//!   end to its repetition, or that says nothing of use, goes to quarantine.
//! - Source: RFC 5545; `docs/organisation.md` for what is understood of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read as _,
    path::Path,
};

use calcard::{
    Entry, Parser,
    common::PartialDateTime,
    icalendar::{
        ICalendarComponent, ICalendarComponentType, ICalendarEntry, ICalendarFrequency,
        ICalendarParameterName, ICalendarParameterValue, ICalendarProperty,
        ICalendarRecurrenceRule, ICalendarStatus, ICalendarTransparency, ICalendarValue,
        ICalendarWeekday, Uri,
    },
};
use eclusier_core::org::AbsenceCause;
use jiff::{
    ToSpan, Zoned,
    civil::{Date, DateTime, Time, Weekday},
    tz::TimeZone,
};
use sha2::{Digest, Sha256};

use crate::{
    Code, Context, IngestError,
    absences::{AbsenceReport, AbsenceRow, LONGEST, cause},
};

/// Largest calendar read: years of absences of thousands of people.
const MOST_BYTES: u64 = 32 << 20;
/// Most events of a file.
const MOST_EVENTS: usize = 200_000;
/// Most repetitions of one event: every worked day of four years.
const MOST_TIMES: usize = 1_000;
/// Days walked through for one file, repetitions included: some thousand people over years.
const MOST_DAYS: u64 = 4_000_000;

/// An event, as far as absences are concerned.
struct Event {
    line: u64,
    uid: String,
    start: DateTime,
    /// After the last instant.
    end: DateTime,
    zone: Option<TimeZone>,
    /// Whether the days are whole.
    whole: bool,
    rule: Option<ICalendarRecurrenceRule>,
    except: BTreeSet<Date>,
    /// The day it stands in for, when it replaces one occurrence of another.
    replaces: Option<Date>,
    email: Option<String>,
    cause: AbsenceCause,
}

/// Why an event is refused: code, words.
type Refusal = (Code, [String; 2]);

fn refusal(code: Code, fr: &str, en: &str) -> Refusal {
    (code, [fr.to_owned(), en.to_owned()])
}

/// Reads a calendar of absences.
pub fn read_calendar(path: &Path, ctx: &mut Context<'_>) -> Result<AbsenceReport, IngestError> {
    let text = text(path, ctx)?;
    ctx.quarantine.header(&["event"]).map_err(|e| ctx.sink_error(e))?;
    let before = ctx.refused;
    let mut report = AbsenceReport::default();
    let mut events = Vec::new();
    let mut idle = [0u64; 2];
    let mut parser = Parser::new(&text);
    let mut calendars = 0;
    loop {
        let calendar = match parser.entry() {
            Entry::ICalendar(calendar) => calendar,
            Entry::Eof => break,
            // Between two calendars anything may stand: it is not ours.
            Entry::TooManyComponents => return Err(too_large(ctx)),
            _ => continue,
        };
        calendars += 1;
        for component in &calendar.components {
            if component.component_type != ICalendarComponentType::VEvent {
                continue;
            }
            report.rows_read += 1;
            if events.len() >= MOST_EVENTS {
                return Err(too_large(ctx));
            }
            match status(component) {
                Standing::Cancelled => {
                    if let Some(uid) = uid_of(component) {
                        report.cancelled.push(digest(&uid));
                    }
                    continue;
                }
                Standing::Free => {
                    idle[0] += 1;
                    continue;
                }
                Standing::Tentative => {
                    idle[1] += 1;
                    continue;
                }
                Standing::Away => {}
            }
            match event(component, report.rows_read) {
                Ok(event) => events.push(event),
                Err((code, words)) => ctx.refuse(report.rows_read, "", code, words, &[])?,
            }
        }
    }
    if calendars == 0 {
        return Err(ctx.refusal(
            Code::UnknownFormat,
            None,
            "ce fichier n’est pas un calendrier (BEGIN:VCALENDAR manque)",
            "this file is no calendar (BEGIN:VCALENDAR is missing)",
        ));
    }
    // An occurrence moved to another day leaves its own.
    let mut moved: BTreeMap<String, BTreeSet<Date>> = BTreeMap::new();
    for event in &events {
        if let Some(day) = event.replaces {
            moved.entry(event.uid.clone()).or_default().insert(day);
        }
    }
    let mut walk = Walk { zone: ctx.zone.clone(), days: 0 };
    let mut short = 0;
    for (done, event) in events.into_iter().enumerate() {
        if done.is_multiple_of(256) {
            ctx.at(done as u64, report.rows_read)?;
        }
        let line = event.line;
        match rows_of(&event, moved.get(&event.uid), &mut walk) {
            Ok(rows) if rows.is_empty() => short += 1,
            Ok(rows) => {
                report.accepted += 1;
                report.rows.extend(rows);
            }
            Err((code, words)) => ctx.refuse(line, "", code, words, &[])?,
        }
        if walk.days > MOST_DAYS {
            return Err(too_large(ctx));
        }
    }
    report.quarantined = ctx.refused - before;
    let [free, tentative] = idle;
    for (count, fr, en) in [
        (free, "événements « disponible » laissés de côté", "events shown as free left aside"),
        (tentative, "événements provisoires laissés de côté", "tentative events left aside"),
        (
            short,
            "événements de moins d’une demi-journée laissés de côté",
            "events of less than half a day left aside",
        ),
    ] {
        let words = [format!("{count} {fr}"), format!("{count} {en}")];
        ctx.findings.summary(Code::ColumnIgnored, count, words);
    }
    report.findings = std::mem::take(&mut ctx.findings).finish();
    report.notes = std::mem::take(&mut ctx.notes);
    Ok(report)
}

fn too_large(ctx: &Context<'_>) -> IngestError {
    ctx.refusal(
        Code::TooExpanded,
        None,
        "ce calendrier est trop grand : le couper par année ou par équipe",
        "this calendar is too large: cut it by year or by team",
    )
}

fn text(path: &Path, ctx: &Context<'_>) -> Result<String, IngestError> {
    let file = std::fs::File::open(path).map_err(|e| ctx.read_error(e))?;
    let mut bytes = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|e| ctx.read_error(e))?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(too_large(ctx));
    }
    Ok(match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => encoding_rs::WINDOWS_1252.decode(error.as_bytes()).0.into_owned(),
    })
}

enum Standing {
    Away,
    Free,
    Tentative,
    Cancelled,
}

fn status(component: &ICalendarComponent) -> Standing {
    let value = |name| entry(component, &name).and_then(|e| e.values.first());
    match value(ICalendarProperty::Status) {
        Some(ICalendarValue::Status(ICalendarStatus::Cancelled)) => return Standing::Cancelled,
        Some(ICalendarValue::Status(ICalendarStatus::Tentative)) => return Standing::Tentative,
        _ => {}
    }
    match value(ICalendarProperty::Transp) {
        Some(ICalendarValue::Transparency(ICalendarTransparency::Transparent)) => Standing::Free,
        _ => Standing::Away,
    }
}

fn entry<'a>(
    component: &'a ICalendarComponent,
    name: &ICalendarProperty,
) -> Option<&'a ICalendarEntry> {
    component.entries.iter().find(|entry| entry.name == *name)
}

fn uid_of(component: &ICalendarComponent) -> Option<String> {
    match entry(component, &ICalendarProperty::Uid)?.values.first()? {
        ICalendarValue::Text(uid) if !uid.is_empty() => Some(uid.clone()),
        _ => None,
    }
}

/// Short digest of the identifier of an event, which may hold a name or an address.
fn digest(uid: &str) -> String {
    let mut text = hex::encode(Sha256::digest(uid.as_bytes()));
    text.truncate(16);
    text
}

fn event(component: &ICalendarComponent, line: u64) -> Result<Event, Refusal> {
    let moment = |name| entry(component, &name).and_then(read_moment);
    let no_start = || refusal(Code::BadDate, "début absent ou illisible", "no readable start");
    let start = moment(ICalendarProperty::Dtstart).ok_or_else(no_start)?;
    let end = match moment(ICalendarProperty::Dtend) {
        Some(end) => {
            // An end may be told in another zone than the start.
            let there = end.zone.clone().or_else(|| start.zone.clone());
            match (&start.zone, there) {
                (Some(here), Some(there)) if !end.whole => end
                    .at
                    .to_zoned(there)
                    .map(|z| z.with_time_zone(here.clone()).datetime())
                    .unwrap_or(end.at),
                _ => end.at,
            }
        }
        None => length(component, &start)
            .ok_or_else(|| refusal(Code::BadDate, "fin illisible", "no readable end"))?,
    };
    if end < start.at {
        return Err(refusal(
            Code::EndBeforeStart,
            "la fin précède le début",
            "the end comes before the start",
        ));
    }
    let days = start.at.date().until((jiff::Unit::Day, end.date())).map(|s| s.get_days());
    if days.map_or(true, |days| days > LONGEST) {
        return Err(refusal(
            Code::SuspectDate,
            "plus de trois ans d’absence : vérifier les dates",
            "more than three years away: check the dates",
        ));
    }
    let rule = match entry(component, &ICalendarProperty::Rrule) {
        None => None,
        Some(entry) => match entry.values.first() {
            Some(ICalendarValue::RecurrenceRule(rule)) => Some((**rule).clone()),
            _ => return Err(unknown_rule()),
        },
    };
    let except = component
        .entries
        .iter()
        .filter(|entry| entry.name == ICalendarProperty::Exdate)
        .flat_map(|entry| entry.values.iter())
        .filter_map(|value| match value {
            ICalendarValue::PartialDateTime(moment) => civil(moment).map(|at| at.date()),
            _ => None,
        })
        .collect();
    Ok(Event {
        line,
        uid: uid_of(component).unwrap_or_else(|| format!("event {line}")),
        start: start.at,
        end,
        whole: start.whole,
        zone: start.zone,
        rule,
        except,
        replaces: moment(ICalendarProperty::RecurrenceId).map(|m| m.at.date()),
        email: email(component),
        cause: cause_of(component),
    })
}

struct Moment {
    at: DateTime,
    zone: Option<TimeZone>,
    whole: bool,
}

fn read_moment(entry: &ICalendarEntry) -> Option<Moment> {
    let ICalendarValue::PartialDateTime(value) = entry.values.first()? else { return None };
    let at = civil(value)?;
    let whole = value.hour.is_none();
    let named = entry.params.iter().find_map(|param| match (&param.name, &param.value) {
        (ICalendarParameterName::Tzid, ICalendarParameterValue::Text(name)) => Some(name.as_str()),
        _ => None,
    });
    // An unknown zone is a name of the sender's own: the body's is the likeliest.
    let zone = match (value.tz_hour, named) {
        _ if whole => None,
        (Some(_), _) => Some(TimeZone::UTC),
        (None, Some(name)) => TimeZone::get(name).ok(),
        (None, None) => None,
    };
    Some(Moment { at, zone, whole })
}

/// The civil date and time of a value, its offset applied.
fn civil(value: &PartialDateTime) -> Option<DateTime> {
    let part = |n: u8| i8::try_from(n).ok();
    let year = i16::try_from(value.year?).ok()?;
    let date = Date::new(year, part(value.month?)?, part(value.day?)?).ok()?;
    let Some(hour) = value.hour else { return Some(date.at(0, 0, 0, 0)) };
    // A leap second is the last of its minute.
    let second = value.second.unwrap_or(0).min(59);
    let time = Time::new(part(hour)?, part(value.minute.unwrap_or(0))?, part(second)?, 0).ok()?;
    let at = date.to_datetime(time);
    let minutes =
        i64::from(value.tz_hour.unwrap_or(0)) * 60 + i64::from(value.tz_minute.unwrap_or(0));
    let minutes = if value.tz_minus { minutes } else { -minutes };
    at.checked_add(minutes.minutes()).ok()
}

/// The end that a duration gives, or the usual one: the day, or nothing.
fn length(component: &ICalendarComponent, start: &Moment) -> Option<DateTime> {
    match entry(component, &ICalendarProperty::Duration).and_then(|e| e.values.first()) {
        Some(ICalendarValue::Duration(d)) if !d.neg => {
            let days = i64::from(d.weeks).checked_mul(7)?.checked_add(i64::from(d.days))?;
            let seconds = i64::from(d.hours)
                .checked_mul(3_600)?
                .checked_add(i64::from(d.minutes).checked_mul(60)?)?
                .checked_add(i64::from(d.seconds))?;
            let span = jiff::Span::new().try_days(days).ok()?.try_seconds(seconds).ok()?;
            start.at.checked_add(span).ok()
        }
        Some(_) => None,
        None if start.whole => start.at.checked_add(1.day()).ok(),
        None => Some(start.at),
    }
}

/// The one attendee, or the organiser.
fn email(component: &ICalendarComponent) -> Option<String> {
    let address = |entry: &ICalendarEntry| match entry.values.first()? {
        ICalendarValue::Uri(Uri::Location(text)) | ICalendarValue::Text(text) => {
            let text = text.trim();
            let scheme = text.get(..7).is_some_and(|s| s.eq_ignore_ascii_case("mailto:"));
            let bare = if scheme { text.get(7..)? } else { text };
            bare.contains('@').then(|| bare.trim().to_lowercase())
        }
        _ => None,
    };
    let named = |name: ICalendarProperty| {
        component.entries.iter().filter(move |e| e.name == name).filter_map(address)
    };
    let attendees: BTreeSet<String> = named(ICalendarProperty::Attendee).collect();
    match attendees.len() {
        0 => named(ICalendarProperty::Organizer).next(),
        1 => attendees.into_iter().next(),
        _ => None,
    }
}

fn cause_of(component: &ICalendarComponent) -> AbsenceCause {
    [ICalendarProperty::Categories, ICalendarProperty::Summary]
        .iter()
        .filter_map(|name| entry(component, name))
        .flat_map(|entry| entry.values.iter())
        .find_map(|value| match value {
            ICalendarValue::Text(text) => cause(text),
            _ => None,
        })
        .unwrap_or(AbsenceCause::Other)
}

fn unknown_rule() -> Refusal {
    refusal(
        Code::Malformed,
        "répétition non prise en charge : seules les répétitions par jour ou par semaine le sont",
        "repetition not supported: only daily and weekly ones are",
    )
}

/// The zone of the body, and how far a file has made us walk.
struct Walk {
    zone: TimeZone,
    days: u64,
}

impl Walk {
    /// One more day; `false` when the file has made us walk enough.
    fn step(&mut self) -> bool {
        self.days += 1;
        self.days <= MOST_DAYS
    }
}

/// The absences of an event, its repetitions included.
fn rows_of(
    event: &Event,
    moved: Option<&BTreeSet<Date>>,
    walk: &mut Walk,
) -> Result<Vec<AbsenceRow>, Refusal> {
    let starts = match &event.rule {
        None => vec![event.start],
        Some(rule) => repeated(event, rule, walk)?,
    };
    let mut halves = BTreeSet::new();
    for start in starts {
        let day = start.date();
        if event.except.contains(&day)
            || (event.replaces.is_none() && moved.is_some_and(|moved| moved.contains(&day)))
        {
            continue;
        }
        let later = event.start.until((jiff::Unit::Day, start)).unwrap_or_default();
        let end = event.end.checked_add(later).unwrap_or(event.end);
        cover(event, start, end, walk, &mut halves);
    }
    Ok(runs(&halves)
        .into_iter()
        .map(|(from, to, from_noon, until_noon)| AbsenceRow {
            line: event.line,
            person: None,
            own: None,
            email: event.email.clone(),
            from,
            to,
            from_noon,
            until_noon,
            cause: event.cause,
            event: Some(digest(&event.uid)),
        })
        .collect())
}

/// The starts of a repeated event.
fn repeated(
    event: &Event,
    rule: &ICalendarRecurrenceRule,
    walk: &mut Walk,
) -> Result<Vec<DateTime>, Refusal> {
    let plain = rule.bysecond.is_empty()
        && rule.byminute.is_empty()
        && rule.byhour.is_empty()
        && rule.bymonthday.is_empty()
        && rule.byyearday.is_empty()
        && rule.byweekno.is_empty()
        && rule.bymonth.is_empty()
        && rule.bysetpos.is_empty()
        && rule.rscale.is_none()
        && rule.byday.iter().all(|day| day.ordwk.is_none());
    let weekly = match rule.freq {
        ICalendarFrequency::Daily => false,
        ICalendarFrequency::Weekly => true,
        _ => return Err(unknown_rule()),
    };
    if !plain {
        return Err(unknown_rule());
    }
    let endless = || {
        refusal(
            Code::Malformed,
            "répétition sans fin, ou de plus de mille fois : lui donner une date de fin",
            "endless repetition, or more than a thousand times: give it an end date",
        )
    };
    let until = rule.until.as_ref().map(|until| {
        let at = civil(until)?;
        // A last day takes the whole of it; a last instant is told in UTC.
        Some(match (until.hour, until.tz_hour) {
            (None, _) => at.date().at(23, 59, 59, 0),
            (Some(_), None) => at,
            (Some(_), Some(_)) => {
                let zone = event.zone.as_ref().unwrap_or(&walk.zone);
                at.to_zoned(TimeZone::UTC).ok()?.with_time_zone(zone.clone()).datetime()
            }
        })
    });
    let until = match until {
        None => None,
        Some(Some(until)) => Some(until),
        Some(None) => return Err(unknown_rule()),
    };
    if until.is_none() && rule.count.is_none() {
        return Err(endless());
    }
    let count = rule.count.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX));
    let every = i32::from(rule.interval.unwrap_or(1).max(1));
    let days: BTreeSet<i8> = rule.byday.iter().map(|day| number(day.weekday)).collect();
    let begins = rule.wkst.map_or(1, number);
    let mut starts = Vec::new();
    let first = event.start.date();
    // The week is counted from its first day, so that "every second week" is a whole week.
    let into_week =
        (i32::from(first.weekday().to_monday_one_offset()) - i32::from(begins)).rem_euclid(7);
    for passed in 0i32.. {
        let Ok(day) = first.checked_add(passed.days()) else { break };
        let start = day.to_datetime(event.start.time());
        if starts.len() >= count || until.is_some_and(|until| start > until) {
            break;
        }
        let in_turn = if weekly {
            ((into_week + passed) / 7) % every == 0
                && if days.is_empty() { passed % 7 == 0 } else { fits(&days, day) }
        } else {
            passed % every == 0 && (days.is_empty() || fits(&days, day))
        };
        if in_turn {
            starts.push(start);
        }
        if starts.len() > MOST_TIMES || passed > FARTHEST || !walk.step() {
            return Err(endless());
        }
    }
    Ok(starts)
}

/// Days after its first that a repetition is followed: twenty years.
const FARTHEST: i32 = 7_305;

fn fits(days: &BTreeSet<i8>, day: Date) -> bool {
    days.contains(&day.weekday().to_monday_one_offset())
}

fn number(day: ICalendarWeekday) -> i8 {
    let day = match day {
        ICalendarWeekday::Monday => Weekday::Monday,
        ICalendarWeekday::Tuesday => Weekday::Tuesday,
        ICalendarWeekday::Wednesday => Weekday::Wednesday,
        ICalendarWeekday::Thursday => Weekday::Thursday,
        ICalendarWeekday::Friday => Weekday::Friday,
        ICalendarWeekday::Saturday => Weekday::Saturday,
        ICalendarWeekday::Sunday => Weekday::Sunday,
    };
    day.to_monday_one_offset()
}

/// Half-days: the day, and whether it is the afternoon.
type Halves = BTreeSet<(Date, bool)>;

/// Hours of each half, and how many of them make it an absence.
const HALF: [(i8, i8); 2] = [(8, 12), (14, 18)];
const LEAST_SECONDS: i64 = 2 * 3_600;

/// Adds the half-days an occurrence covers, in the body's zone.
fn cover(event: &Event, start: DateTime, end: DateTime, walk: &mut Walk, halves: &mut Halves) {
    if event.whole {
        let mut day = start.date();
        // The end is the first day back; an event of no length still takes its day.
        while (day < end.date() || day == start.date()) && walk.step() {
            halves.extend([(day, false), (day, true)]);
            let Ok(next) = day.tomorrow() else { break };
            day = next;
        }
        return;
    }
    let here = |at: DateTime| -> Option<DateTime> {
        let zone = event.zone.clone()?;
        let there: Zoned = at.to_zoned(zone).ok()?;
        Some(there.with_time_zone(walk.zone.clone()).datetime())
    };
    let (start, end) = (here(start).unwrap_or(start), here(end).unwrap_or(end));
    let mut day = start.date();
    while day <= end.date() && walk.step() {
        for (afternoon, (from, to)) in [false, true].into_iter().zip(HALF) {
            let (from, to) = (day.at(from, 0, 0, 0).max(start), day.at(to, 0, 0, 0).min(end));
            let seconds = from.until((jiff::Unit::Second, to)).map_or(0, |s| s.get_seconds());
            if seconds >= LEAST_SECONDS {
                halves.insert((day, afternoon));
            }
        }
        let Ok(next) = day.tomorrow() else { break };
        day = next;
    }
}

/// Unbroken runs of half-days: first and last day, whether they begin or end at noon.
fn runs(halves: &Halves) -> Vec<(Date, Date, bool, bool)> {
    let mut runs: Vec<(Date, Date, bool, bool)> = Vec::new();
    for (day, afternoon) in halves {
        match runs.last_mut() {
            Some((_, to, _, until_noon)) if follows(*to, *until_noon, *day, *afternoon) => {
                *to = *day;
                *until_noon = !afternoon;
            }
            _ => runs.push((*day, *day, *afternoon, !afternoon)),
        }
    }
    runs
}

fn follows(to: Date, until_noon: bool, day: Date, afternoon: bool) -> bool {
    if until_noon { to == day && afternoon } else { !afternoon && to.tomorrow().ok() == Some(day) }
}
