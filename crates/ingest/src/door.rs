//! The door of structured logs: texts of one event in, a checked row or a
//! quarantined one out. Shared by XES, OCEL and Parquet.

use eclusier_eventlog::Precision;

use crate::{
    context::{Context, EventReport},
    error::IngestError,
    finding::Code,
    mapping::{Constants, DateOrder, Mapping},
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
    /// µs since 1970 UTC.
    Utc(i64),
    /// Clock time without offset, µs since 1970 as if UTC.
    Local(i64),
    /// A civil day, midnight UTC.
    Day(i64),
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

/// Names of the quarantine's columns, in the order of [`Door::refuse`].
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

/// Checks events and writes rows.
pub(crate) struct Door<'s, 'c, 'a> {
    pub ctx: &'c mut Context<'a>,
    writer: RowWriter<'s>,
    clock: ZoneClock,
    order: DateOrder,
    pivot: u8,
    constants: Constants,
    rows: u64,
}

impl<'s, 'c, 'a> Door<'s, 'c, 'a> {
    pub(crate) fn new(
        ctx: &'c mut Context<'a>,
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
                    format!("fuseau horaire inconnu « {name} » : écrire par exemple Europe/Paris"),
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
            rows: 0,
            writer,
            ctx,
        })
    }

    /// Takes one event: written, or refused with its reason.
    pub(crate) fn accept(&mut self, event: &RawEvent<'_>) -> Result<(), IngestError> {
        self.rows += 1;
        if event.case.is_empty() {
            return self.refuse(event, "case", Code::MissingCase, || {
                ["l’événement n’a pas de dossier".into(), "the event has no case".into()]
            });
        }
        if event.activity.is_empty() {
            return self.refuse(event, "activity", Code::MissingActivity, || {
                [
                    "l’événement n’a pas de nom d’activité".into(),
                    "the event has no activity name".into(),
                ]
            });
        }
        let (time, precision) = match self.instant(event, event.time, "time")? {
            Read::Value(time, precision) => (time, precision),
            Read::None => {
                return self.refuse(event, "time", Code::MissingTime, || {
                    ["l’événement n’a pas de date".into(), "the event has no date".into()]
                });
            }
            Read::Refused => return Ok(()),
        };
        let start = match self.instant(event, event.start, "start")? {
            Read::Value(start, _) => Some(start),
            Read::None => None,
            Read::Refused => return Ok(()),
        };
        if start.is_some_and(|s| s > time) {
            return self.refuse(event, "start", Code::EndBeforeStart, || {
                ["la fin précède le début".into(), "the end comes before the start".into()]
            });
        }
        if !(0..4_102_444_800_000_000).contains(&time) {
            self.ctx.findings.add(Code::SuspectDate, Some(event.line), Some("time"), || {
                [
                    "date d’avant 1970 ou d’après 2100, gardée : vérifiez-la à la source".into(),
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
        self.writer.write(&row).map_err(|e| self.ctx.sink_error(e))
    }

    /// Sends an event to quarantine.
    pub(crate) fn refuse(
        &mut self,
        event: &RawEvent<'_>,
        column: &str,
        code: Code,
        words: impl FnOnce() -> [String; 2],
    ) -> Result<(), IngestError> {
        // The person is replaced before anything is written, here too.
        let person = match event.resource.filter(|r| !r.is_empty()) {
            Some(id) => self.ctx.people.person(id).to_owned(),
            None => String::new(),
        };
        let (time, start) = (shown(event.time), shown(event.start));
        let fields = [
            event.case,
            event.activity,
            &time,
            &start,
            event.lifecycle.unwrap_or(""),
            &person,
            event.org.unwrap_or(""),
            event.unit.unwrap_or(""),
            event.product.unwrap_or(""),
            event.channel.unwrap_or(""),
        ];
        self.ctx.refuse(event.line, column, code, words(), &fields)
    }

    fn instant(
        &mut self,
        event: &RawEvent<'_>,
        when: When<'_>,
        column: &str,
    ) -> Result<Read, IngestError> {
        let moment = match when {
            When::Missing | When::Text("") => return Ok(Read::None),
            When::Utc(us) => Some(Moment::Instant(us)),
            When::Day(us) => Some(Moment::Day(us)),
            When::Local(us) => Some(Moment::Civil(us)),
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
            let text = shown(when);
            self.refuse(event, column, Code::BadDate, || {
                [
                    format!("« {text} » n’est pas une date ISO 8601 (2025-01-31T14:30:00+01:00)"),
                    format!("{text:?} is not an ISO 8601 date (2025-01-31T14:30:00+01:00)"),
                ]
            })?;
            return Ok(Read::Refused);
        };
        if shift != Shift::None {
            self.ctx.findings.add(Code::ClockChange, Some(event.line), Some(column), || {
                [
                    "heure du changement d’heure, lue au plus tôt : indiquez le décalage à la source".into(),
                    "time inside a clock change, read at its earliest: give the offset at the source".into(),
                ]
            });
        }
        Ok(Read::Value(us, precision))
    }

    /// Events met so far, refused ones included.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// Closes the reading.
    pub(crate) fn finish(self) -> Result<EventReport, IngestError> {
        let Self { ctx, writer, rows, .. } = self;
        let stats = writer.finish().map_err(|e| ctx.sink_error(e))?;
        Ok(ctx.event_report(rows, stats))
    }
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
fn shown(when: When<'_>) -> String {
    match when {
        When::Missing => String::new(),
        When::Text(text) => text.to_owned(),
        When::Utc(us) => {
            jiff::Timestamp::from_microsecond(us).map_or_else(|_| us.to_string(), |t| t.to_string())
        }
        When::Local(us) | When::Day(us) => jiff::Timestamp::from_microsecond(us).map_or_else(
            |_| us.to_string(),
            |t| jiff::tz::TimeZone::UTC.to_datetime(t).to_string(),
        ),
    }
}
