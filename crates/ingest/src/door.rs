//! The door of structured logs: texts of one event in, a checked row or a
//! quarantined one out. Shared by XES and OCEL.

use std::borrow::Cow;

use eclusier_eventlog::Precision;

use crate::{
    context::{Context, EventReport},
    error::IngestError,
    finding::Code,
    identity::Pseudonymiser,
    mapping::{Constants, DateOrder, Mapping},
    nir,
    rows::{EventRow, EventSink, RowWriter},
    values::{DEFAULT_PIVOT, Moment, Shift, ZoneClock, parse_moment},
};

/// An instant as a format delivers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum When<'a> {
    /// Nothing was delivered.
    #[default]
    Missing,
    /// A text: ISO 8601, or the order the mapping names.
    Text(&'a str),
}

/// One event as read.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RawEvent<'a> {
    pub line: u64,
    pub case: &'a str,
    pub activity: &'a str,
    pub time: When<'a>,
    pub start: When<'a>,
    pub lifecycle: Option<&'a str>,
    pub resource: Option<&'a str>,
    pub org: Option<&'a str>,
    pub unit: Option<&'a str>,
    pub product: Option<&'a str>,
    pub channel: Option<&'a str>,
    pub attributes: Option<&'a str>,
}

/// Names of the quarantine's columns, in the order of [`refuse`].
const COLUMNS: [&str; 10] = [
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

/// An answer looked for only when the question comes up.
enum Bare<'s> {
    Decided(bool),
    Asked(Box<dyn FnOnce() -> bool + 's>),
}

/// Checks events and writes rows.
pub(crate) struct Door<'s> {
    writer: RowWriter<'s>,
    clock: ZoneClock,
    order: DateOrder,
    pivot: u8,
    constants: Constants,
    local: Pseudonymiser,
    /// Whether bare numbers of thirteen digits in the case are national identity numbers.
    bare_cases: Bare<'s>,
    /// The last case met, as delivered and as stored.
    case: (String, String),
    rows: u64,
}

impl<'s> Door<'s> {
    pub(crate) fn new(
        ctx: &mut Context<'_>,
        mapping: &Mapping,
        sink: &'s mut dyn EventSink,
    ) -> Result<Self, IngestError> {
        let ignore = ctx.ignore_activities.iter().chain(&mapping.ignore_activities).cloned();
        let writer = RowWriter::new(sink, ctx.people.clone(), ignore, ctx.delivery);
        let zone = match &mapping.zone {
            None => ctx.zone.clone(),
            Some(name) => jiff::tz::TimeZone::get(name).map_err(|_| {
                ctx.refusal(
                    Code::UnknownCode,
                    None,
                    format!("fuseau horaire inconnu « {name} » : écrire par exemple Europe/Paris"),
                    format!("unknown time zone {name:?}: write for example Europe/Paris"),
                )
            })?,
        };
        ctx.quarantine.header(&COLUMNS).map_err(|e| ctx.sink_error(e))?;
        Ok(Self {
            clock: ZoneClock::new(zone),
            order: mapping.date_order.unwrap_or(DateOrder::Ymd),
            pivot: mapping.date_pivot.unwrap_or(DEFAULT_PIVOT),
            constants: mapping.constants.clone(),
            local: ctx.people.clone(),
            bare_cases: Bare::Decided(false),
            case: Default::default(),
            rows: 0,
            writer,
        })
    }

    /// Says how to tell whether cases are named by national identity numbers without
    /// their key: one such number proves nothing, a column of them does.
    pub(crate) fn decide_bare_cases(&mut self, decide: impl FnOnce() -> bool + 's) {
        self.bare_cases = Bare::Asked(Box::new(decide));
    }

    /// Takes one event: written, or refused with its reason.
    #[inline]
    pub(crate) fn accept(
        &mut self,
        ctx: &mut Context<'_>,
        event: &RawEvent<'_>,
    ) -> Result<(), IngestError> {
        self.rows += 1;
        if self.case.0 != event.case {
            self.new_case(ctx, event)?;
        } else if self.case.0 != self.case.1 {
            found_nir(ctx, event.line, "case")?;
        }
        // National identity numbers are long: most texts are not looked at.
        let long = |text: Option<&str>| text.is_some_and(|t| t.len() >= 13 && digits(t) >= 12);
        let texts = [event.org, event.unit, event.product, event.channel, event.attributes];
        if long(Some(event.activity)) || long(event.resource) || texts.into_iter().any(long) {
            return self.accept_cleaned(ctx, event);
        }
        self.accept_clean(ctx, event)
    }

    #[cold]
    fn new_case(&mut self, ctx: &mut Context<'_>, event: &RawEvent<'_>) -> Result<(), IngestError> {
        self.case.0.clear();
        self.case.0.push_str(event.case);
        self.case.1.clear();
        if nir::is_body(event.case)
            && let Bare::Asked(_) = self.bare_cases
            && let Bare::Asked(decide) =
                std::mem::replace(&mut self.bare_cases, Bare::Decided(false))
        {
            self.bare_cases = Bare::Decided(decide());
        }
        let bare = matches!(self.bare_cases, Bare::Decided(true));
        match nir::replace(event.case, bare, &self.local) {
            Cow::Borrowed(same) => self.case.1.push_str(same),
            Cow::Owned(clean) => {
                self.case.1.push_str(&clean);
                found_nir(ctx, event.line, "case")?;
            }
        }
        Ok(())
    }

    /// Replaces the national identity numbers that long texts hold, then goes on.
    #[cold]
    fn accept_cleaned(
        &mut self,
        ctx: &mut Context<'_>,
        event: &RawEvent<'_>,
    ) -> Result<(), IngestError> {
        let people = self.local.clone();
        let mut clean = |text, column| clean(ctx, &people, event.line, text, column);
        let activity = clean(event.activity, "activity")?;
        let mut maybe = |text: Option<_>, column| text.map(|t| clean(t, column)).transpose();
        let org = maybe(event.org, "org")?;
        let unit = maybe(event.unit, "unit")?;
        let product = maybe(event.product, "product")?;
        let channel = maybe(event.channel, "channel")?;
        let attributes = maybe(event.attributes, "attributes")?;
        // People are replaced by the writer: a number among them is said all the same.
        maybe(event.resource, "resource")?;
        let event = RawEvent {
            activity: &activity,
            org: org.as_deref(),
            unit: unit.as_deref(),
            product: product.as_deref(),
            channel: channel.as_deref(),
            attributes: attributes.as_deref(),
            ..*event
        };
        self.accept_clean(ctx, &event)
    }

    #[inline]
    fn accept_clean(
        &mut self,
        ctx: &mut Context<'_>,
        event: &RawEvent<'_>,
    ) -> Result<(), IngestError> {
        // Quarantine, too, sees only the case as stored.
        let case = std::mem::take(&mut self.case.1);
        let answer = self.write(ctx, &RawEvent { case: &case, ..*event });
        self.case.1 = case;
        answer
    }

    #[inline]
    fn write(&mut self, ctx: &mut Context<'_>, event: &RawEvent<'_>) -> Result<(), IngestError> {
        if event.case.is_empty() {
            return refuse(ctx, event, "case", Code::MissingCase, || {
                ["l’événement n’a pas de dossier".into(), "the event has no case".into()]
            });
        }
        if event.activity.is_empty() {
            return refuse(ctx, event, "activity", Code::MissingActivity, || {
                [
                    "l’événement n’a pas de nom d’activité".into(),
                    "the event has no activity name".into(),
                ]
            });
        }
        let (time, precision) = match self.instant(ctx, event, event.time, "time")? {
            Read::Value(time, precision) => (time, precision),
            Read::None => {
                return refuse(ctx, event, "time", Code::MissingTime, || {
                    ["l’événement n’a pas de date".into(), "the event has no date".into()]
                });
            }
            Read::Refused => return Ok(()),
        };
        let start = match self.instant(ctx, event, event.start, "start")? {
            Read::Value(start, _) => Some(start),
            Read::None => None,
            Read::Refused => return Ok(()),
        };
        if start.is_some_and(|s| s > time) {
            return refuse(ctx, event, "start", Code::EndBeforeStart, || {
                ["la fin précède le début".into(), "the end comes before the start".into()]
            });
        }
        if !(0..4_102_444_800_000_000).contains(&time) {
            ctx.findings.add(Code::SuspectDate, Some(event.line), Some("time"), || {
                [
                    "date d’avant 1970 ou d’après 2100, gardée : vérifiez-la à la source".into(),
                    "date before 1970 or after 2100, kept: check it at the source".into(),
                ]
            });
        }
        let row = EventRow {
            case: event.case,
            activity: event.activity,
            time,
            start,
            precision,
            lifecycle: own(event.lifecycle),
            resource: own(event.resource),
            org: own(event.org).or(self.constants.org.as_deref()),
            unit: own(event.unit).or(self.constants.unit.as_deref()),
            product: own(event.product).or(self.constants.product.as_deref()),
            channel: own(event.channel).or(self.constants.channel.as_deref()),
            attributes: event.attributes,
        };
        self.writer.write(&row).map_err(|e| ctx.sink_error(e))
    }

    fn instant(
        &mut self,
        ctx: &mut Context<'_>,
        event: &RawEvent<'_>,
        when: When<'_>,
        column: &str,
    ) -> Result<Read, IngestError> {
        let moment = match when {
            When::Missing | When::Text("") => return Ok(Read::None),
            When::Text(text) => parse_moment(text.as_bytes(), self.order, self.pivot).ok(),
        };
        let placed = match moment {
            None => None,
            Some(Moment::None) => return Ok(Read::None),
            Some(Moment::Instant(us)) => Some((us, Shift::None, Precision::Instant)),
            Some(Moment::Day(us)) => Some((us, Shift::None, Precision::Day)),
            Some(Moment::Civil(us)) => {
                let (us, shift) = self.clock.instant(us);
                Some((us, shift, Precision::Instant))
            }
        };
        let Some((us, shift, precision)) = placed else {
            let text = nir::quoted(shown(when));
            refuse(ctx, event, column, Code::BadDate, || {
                [
                    format!("« {text} » n’est pas une date ISO 8601 (2025-01-31T14:30:00+01:00)"),
                    format!("{text:?} is not an ISO 8601 date (2025-01-31T14:30:00+01:00)"),
                ]
            })?;
            return Ok(Read::Refused);
        };
        if shift != Shift::None {
            ctx.findings.add(Code::ClockChange, Some(event.line), Some(column), || {
                [
                    "heure du changement d’heure, lue au plus tôt : indiquez le décalage à la source".into(),
                    "time inside a clock change, read at its earliest: give the offset at the source".into(),
                ]
            });
        }
        Ok(Read::Value(us, precision))
    }

    /// Closes the reading.
    pub(crate) fn finish(self, ctx: &mut Context<'_>) -> Result<EventReport, IngestError> {
        let stats = self.writer.finish().map_err(|e| ctx.sink_error(e))?;
        Ok(ctx.event_report(self.rows, stats))
    }
}

/// Sends an event to quarantine.
fn refuse(
    ctx: &mut Context<'_>,
    event: &RawEvent<'_>,
    column: &str,
    code: Code,
    words: impl FnOnce() -> [String; 2],
) -> Result<(), IngestError> {
    // The person is replaced before anything is written, here too.
    let person = match event.resource.filter(|r| !r.is_empty()) {
        Some(id) => ctx.people.person(id).to_owned(),
        None => String::new(),
    };
    let (time, start) = (shown(event.time), shown(event.start));
    let fields = [
        event.case,
        event.activity,
        time,
        start,
        event.lifecycle.unwrap_or(""),
        &person,
        event.org.unwrap_or(""),
        event.unit.unwrap_or(""),
        event.product.unwrap_or(""),
        event.channel.unwrap_or(""),
    ];
    ctx.refuse(event.line, column, code, words(), &fields)
}

/// Decimal digits of a text.
#[inline]
fn digits(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_digit).count()
}

/// A text without the national identity numbers it holds.
fn clean<'t>(
    ctx: &mut Context<'_>,
    people: &Pseudonymiser,
    line: u64,
    text: &'t str,
    column: &str,
) -> Result<Cow<'t, str>, IngestError> {
    let clean = nir::replace(text, false, people);
    if let Cow::Owned(_) = clean {
        found_nir(ctx, line, column)?;
    }
    Ok(clean)
}

#[cold]
fn found_nir(ctx: &mut Context<'_>, line: u64, column: &str) -> Result<(), IngestError> {
    if ctx.strict_nir {
        return Err(ctx.refusal(
            Code::NirRefused,
            Some(line),
            format!("l’attribut « {column} » contient des numéros de sécurité sociale (événement {line}) : le mode strict refuse le fichier, réexportez-le sans eux"),
            format!("attribute {column:?} holds national identity numbers (event {line}): strict mode refuses the file, export it again without them"),
        ));
    }
    ctx.findings.add(Code::NirReplaced, Some(line), Some(column), || {
        [
            "numéro de sécurité sociale remplacé par un numéro local".into(),
            "national identity number replaced by a local number".into(),
        ]
    });
    Ok(())
}

/// A value that is empty is no value.
fn own(value: Option<&str>) -> Option<&str> {
    value.filter(|v| !v.is_empty())
}

enum Read {
    Value(i64, Precision),
    None,
    Refused,
}

/// An instant as the quarantine shows it.
fn shown(when: When<'_>) -> &str {
    match when {
        When::Missing => "",
        When::Text(text) => text,
    }
}

/// A JSON object of texts, in the order given; `None` when there is nothing to keep.
pub(crate) fn attributes<'j, 'k>(
    json: &'j mut String,
    pairs: impl Iterator<Item = (&'k str, &'k str)>,
) -> Option<&'j str> {
    json.clear();
    for (key, value) in pairs {
        json.push(if json.is_empty() { '{' } else { ',' });
        push_text(json, key);
        json.push(':');
        push_text(json, value);
    }
    if json.is_empty() {
        return None;
    }
    json.push('}');
    Some(json)
}

fn push_text(json: &mut String, text: &str) {
    // A text always serialises; the quotes alone keep the object valid if it ever did not.
    match serde_json::to_string(text) {
        Ok(quoted) => json.push_str(&quoted),
        Err(_) => json.push_str("\"\""),
    }
}

/// A preview refuses nothing.
pub(crate) struct NoQuarantine;

impl crate::Quarantine for NoQuarantine {
    fn header(&mut self, _: &[&str]) -> Result<(), crate::SinkError> {
        Ok(())
    }
    fn refuse(&mut self, _: crate::RefusedRow<'_>) -> Result<(), crate::SinkError> {
        Ok(())
    }
}
