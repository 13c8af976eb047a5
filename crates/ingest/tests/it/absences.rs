//! Absences from lists and calendars, down to the half-day.

use eclusier_core::org::AbsenceCause;
use eclusier_ingest::{
    Code, Context, IngestError, Mapping, Pseudonymiser,
    absences::{AbsenceReport, read_absences},
    ical::read_calendar,
};
use jiff::civil::{Date, date};
use proptest::prelude::*;

use crate::{
    common::{Refused, file_of},
    counts::with_context,
};

fn list(text: &str) -> (Result<AbsenceReport, IngestError>, Refused) {
    let file = file_of(text.as_bytes());
    with_context(|ctx| read_absences(file.path(), &Mapping::default(), ctx))
}

fn calendar(body: &str) -> (Result<AbsenceReport, IngestError>, Refused) {
    raw(format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{body}END:VCALENDAR\r\n").as_bytes())
}

fn raw(bytes: &[u8]) -> (Result<AbsenceReport, IngestError>, Refused) {
    let file = file_of(bytes);
    with_context(|ctx: &mut Context<'_>| {
        ctx.zone = jiff::tz::TimeZone::get("Europe/Paris").unwrap();
        read_calendar(file.path(), ctx)
    })
}

fn event(lines: &str) -> String {
    let lines = lines.trim().lines().map(|l| format!("{}\r\n", l.trim())).collect::<String>();
    format!("BEGIN:VEVENT\r\nUID:u1\r\n{lines}END:VEVENT\r\n")
}

/// First and last day, from noon, until noon.
type Span = (Date, Date, bool, bool);

fn spans(lines: &str) -> Vec<Span> {
    let (report, refused) = calendar(&event(lines));
    assert!(refused.rows.is_empty(), "{:?}", refused.rows);
    report.unwrap().rows.iter().map(|r| (r.from, r.to, r.from_noon, r.until_noon)).collect()
}

fn june(day: i8) -> Date {
    date(2025, 6, day)
}

#[test]
fn a_list_is_read_with_its_halves_and_causes() {
    let (report, refused) = list(
        "Matricule;Nom;Du;Au;Demi-journée;Motif\nA;X;02/06/2025;06/06/2025;;Congés payés\nB;Y;03/06/2025;;après-midi;RTT\nB;Y;04/06/2025;04/06/2025;matin;maladie\nC;Z;05/06/2025;;;XZ9\n",
    );
    let report = report.unwrap();
    assert!(refused.rows.is_empty());
    let spans: Vec<(Span, AbsenceCause)> =
        report.rows.iter().map(|r| ((r.from, r.to, r.from_noon, r.until_noon), r.cause)).collect();
    assert_eq!(
        spans,
        [
            ((june(2), june(6), false, false), AbsenceCause::Leave),
            ((june(3), june(3), true, false), AbsenceCause::Recovery),
            ((june(4), june(4), false, true), AbsenceCause::Sickness),
            ((june(5), june(5), false, false), AbsenceCause::Other),
        ]
    );
    let mut people = Pseudonymiser::new(&[7; 32]).unwrap();
    assert_eq!(report.rows[0].person.as_deref(), Some(people.person("A")));
    let unknown = report.findings.iter().find(|f| f.code == Code::UnknownCode).unwrap();
    assert!(!unknown.fr.contains("XZ9"), "a cause is not repeated: {}", unknown.fr);
}

#[test]
fn bad_rows_of_a_list_are_quarantined_without_person_or_cause() {
    let (report, refused) = list(
        "Matricule;Du;Au;Demi-journée;Motif\nA;;;;Congé\n;02/06/2025;;;Congé\nA;06/06/2025;02/06/2025;;Congé\nA;02/06/2025;04/06/2025;matin;Congé\nA;02/06/2025;;AM;Congé\nA;02/31/2025;;;Congé\nA;02/06/2025;02/06/2035;;Congé\n",
    );
    let report = report.unwrap();
    let codes: Vec<Code> = refused.rows.iter().map(|r| r.2).collect();
    assert_eq!(
        codes,
        [
            Code::BadDate,
            Code::MissingPerson,
            Code::EndBeforeStart,
            Code::UnknownCode,
            Code::UnknownCode,
            Code::BadDate,
            Code::SuspectDate,
        ]
    );
    assert_eq!((report.accepted, report.quarantined), (0, 7));
    assert!(
        refused.rows.iter().all(|r| r.3[0].is_empty() && r.3[4].is_empty()),
        "{:?}",
        refused.rows
    );
}

#[test]
fn whole_days_end_the_day_before_their_end() {
    assert_eq!(
        spans("DTSTART;VALUE=DATE:20250602\nDTEND;VALUE=DATE:20250607"),
        [(june(2), june(6), false, false)]
    );
    assert_eq!(spans("DTSTART;VALUE=DATE:20250602"), [(june(2), june(2), false, false)]);
    assert_eq!(
        spans("DTSTART;VALUE=DATE:20250602\nDURATION:P2D"),
        [(june(2), june(3), false, false)]
    );
    // An end equal to the start is written by careless tools: the day is meant.
    assert_eq!(
        spans("DTSTART;VALUE=DATE:20250602\nDTEND;VALUE=DATE:20250602"),
        [(june(2), june(2), false, false)]
    );
}

#[test]
fn hours_become_half_days_in_the_zone_of_the_body() {
    // 06:00–10:00 UTC is 8–12 in Paris in summer.
    assert_eq!(
        spans("DTSTART:20250602T060000Z\nDTEND:20250602T100000Z"),
        [(june(2), june(2), false, true)]
    );
    assert_eq!(
        spans("DTSTART;TZID=Europe/Paris:20250602T130000\nDTEND;TZID=Europe/Paris:20250604T120000"),
        [(june(2), june(4), true, true)]
    );
    // Martinique is six hours behind: its morning is the afternoon of Paris.
    assert_eq!(
        spans(
            "DTSTART;TZID=America/Martinique:20250602T080000\nDTEND;TZID=America/Martinique:20250602T120000"
        ),
        [(june(2), june(2), true, false)]
    );
    // No zone, or one that only its sender knows: the body's.
    for tzid in ["", ";TZID=Romance Standard Time"] {
        assert_eq!(
            spans(&format!("DTSTART{tzid}:20250602T090000\nDTEND{tzid}:20250602T170000")),
            [(june(2), june(2), false, false)]
        );
    }
    // The night the clock changes has no effect on days.
    assert_eq!(
        spans("DTSTART:20250329T230000Z\nDTEND:20250330T220000Z"),
        [(date(2025, 3, 30), date(2025, 3, 30), false, false)]
    );
    let (report, _) = calendar(&event("DTSTART:20250602T080000Z\nDTEND:20250602T090000Z"));
    let report = report.unwrap();
    assert!(report.rows.is_empty(), "an hour at the dentist is not half a day");
    assert!(report.findings.iter().any(|f| f.en.contains("half a day")), "{:?}", report.findings);
}

#[test]
fn bounded_repetitions_are_followed() {
    let tuesdays = |rule: &str| {
        spans(&format!("DTSTART;VALUE=DATE:20250603\nRRULE:{rule}"))
            .into_iter()
            .map(|s| s.0.day())
            .collect::<Vec<_>>()
    };
    assert_eq!(tuesdays("FREQ=WEEKLY;COUNT=3"), [3, 10, 17]);
    assert_eq!(tuesdays("FREQ=WEEKLY;INTERVAL=2;UNTIL=20250630"), [3, 17]);
    // Mondays and Thursdays: the Monday of the first week is before the start.
    assert_eq!(tuesdays("FREQ=WEEKLY;BYDAY=MO,TH;UNTIL=20250617"), [5, 9, 12, 16]);
    assert_eq!(tuesdays("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,FR;COUNT=4"), [3, 6, 17, 20]);
    assert_eq!(
        spans("DTSTART;VALUE=DATE:20250602\nRRULE:FREQ=DAILY;COUNT=5\nEXDATE;VALUE=DATE:20250604"),
        [(june(2), june(3), false, false), (june(5), june(6), false, false)]
    );
    // Every Wednesday afternoon, told by hours, with an end told as an instant.
    assert_eq!(
        spans(
            "DTSTART;TZID=Europe/Paris:20250604T130000\nDTEND;TZID=Europe/Paris:20250604T180000\nRRULE:FREQ=WEEKLY;UNTIL=20250611T110000Z"
        ),
        [(june(4), june(4), true, false), (june(11), june(11), true, false)]
    );
}

#[test]
fn an_occurrence_moved_leaves_its_day() {
    let body = format!(
        "{}BEGIN:VEVENT\r\nUID:u1\r\nRECURRENCE-ID;VALUE=DATE:20250610\r\nDTSTART;VALUE=DATE:20250612\r\nEND:VEVENT\r\n",
        event("DTSTART;VALUE=DATE:20250603\nRRULE:FREQ=WEEKLY;COUNT=3")
    );
    let (report, _) = calendar(&body);
    let mut days: Vec<i8> = report.unwrap().rows.iter().map(|r| r.from.day()).collect();
    days.sort_unstable();
    assert_eq!(days, [3, 12, 17]);
}

#[test]
fn the_person_and_the_cause_come_from_the_event_and_its_name_does_not() {
    let (report, _) = calendar(&event(
        "DTSTART;VALUE=DATE:20250602\nSUMMARY:DURAND Zoé - arrêt maladie\nORGANIZER;CN=RH:mailto:rh@exemple.fr\nATTENDEE;CN=Zoé:MAILTO:Zoe.Durand@exemple.fr",
    ));
    let report = report.unwrap();
    let row = &report.rows[0];
    assert_eq!(row.email.as_deref(), Some("zoe.durand@exemple.fr"));
    assert_eq!(row.cause, AbsenceCause::Sickness);
    assert!(!format!("{report:?}").contains("DURAND"));
    // Who is meant among several is not guessed; without attendee it is the organiser.
    let two = "DTSTART;VALUE=DATE:20250602\nATTENDEE:mailto:a@b.fr\nATTENDEE:mailto:c@b.fr";
    assert_eq!(calendar(&event(two)).0.unwrap().rows[0].email, None);
    let own = "DTSTART;VALUE=DATE:20250602\nORGANIZER:mailto:a@b.fr\nCATEGORIES:RTT";
    let own = calendar(&event(own)).0.unwrap();
    assert_eq!(own.rows[0].email.as_deref(), Some("a@b.fr"));
    assert_eq!(own.rows[0].cause, AbsenceCause::Recovery);
}

#[test]
fn what_is_free_tentative_or_called_off_is_not_an_absence() {
    for (line, cancelled) in
        [("TRANSP:TRANSPARENT", 0), ("STATUS:TENTATIVE", 0), ("STATUS:CANCELLED", 1)]
    {
        let (report, _) = calendar(&event(&format!("DTSTART;VALUE=DATE:20250602\n{line}")));
        let report = report.unwrap();
        assert_eq!((report.rows.len(), report.cancelled.len()), (0, cancelled), "{line}");
        assert_eq!(report.rows_read, 1);
    }
}

#[test]
fn endless_and_unknown_repetitions_are_refused_with_what_to_do() {
    for rule in [
        "FREQ=DAILY",
        "FREQ=DAILY;COUNT=4000000000",
        "FREQ=WEEKLY;INTERVAL=65535;COUNT=9999",
        "FREQ=DAILY;UNTIL=99991231",
        "FREQ=MONTHLY;COUNT=3",
        "FREQ=SECONDLY;COUNT=3",
        "FREQ=WEEKLY;COUNT=3;BYDAY=1MO",
        "FREQ=DAILY;COUNT=3;BYHOUR=8,9",
        "nonsense",
    ] {
        let lines = format!("DTSTART;VALUE=DATE:20250602\nRRULE:{rule}");
        let (report, refused) = calendar(&event(&lines));
        let report = report.unwrap();
        assert_eq!((report.accepted, report.quarantined), (0, 1), "{rule}: {report:?}");
        assert_eq!(refused.rows[0].2, Code::Malformed, "{rule}");
    }
}

#[test]
fn files_that_are_no_calendar_are_refused_clearly() {
    for bytes in [
        &b""[..],
        b"hello",
        b"BEGIN:VCARD\r\nFN:Zoe\r\nEND:VCARD\r\n",
        b"\xff\xfe\x00\x00",
        &[0u8; 4096],
    ] {
        let (report, _) = raw(bytes);
        assert!(
            matches!(report, Err(IngestError::Refused { code: Code::UnknownFormat, .. })),
            "{report:?}"
        );
    }
}

#[test]
fn large_and_crooked_calendars_are_answered_soon() {
    let start = std::time::Instant::now();
    // Nested without end, never closed.
    let (report, _) = calendar(&"BEGIN:VEVENT\r\n".repeat(200_000));
    assert!(report.is_ok() || matches!(report, Err(IngestError::Refused { .. })));
    // One line of ten megabytes, folded for ever.
    let (report, _) =
        calendar(&format!("BEGIN:VEVENT\r\nSUMMARY:{}\r\n", "x\r\n ".repeat(2_500_000)));
    assert_eq!(report.unwrap().quarantined, 1);
    // Events that walk for years, many times over.
    let long =
        event("DTSTART;VALUE=DATE:20250602\nDTEND;VALUE=DATE:20280101\nRRULE:FREQ=DAILY;COUNT=900");
    let (report, _) = calendar(&long.repeat(2_000));
    assert!(matches!(report, Err(IngestError::Refused { code: Code::TooExpanded, .. })));
    let far = event("DTSTART;VALUE=DATE:20250602\nRRULE:FREQ=WEEKLY;INTERVAL=60000;COUNT=5");
    let (report, _) = calendar(&far.repeat(20_000));
    assert!(matches!(report, Err(IngestError::Refused { .. })));
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}

#[test]
fn a_byte_order_mark_old_encodings_and_bare_line_feeds_are_read() {
    let text = "\u{feff}BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART;VALUE=DATE:20250602\nSUMMARY:Congé\nEND:VEVENT\nEND:VCALENDAR\n";
    let (report, _) = raw(text.as_bytes());
    assert_eq!(report.unwrap().rows[0].cause, AbsenceCause::Leave);
    let latin: Vec<u8> = text
        .trim_start_matches('\u{feff}')
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    let (report, _) = raw(&latin);
    assert_eq!(report.unwrap().rows[0].cause, AbsenceCause::Leave);
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_fall(text in "\\PC{0,400}") {
        let _ = raw(text.as_bytes());
        let _ = calendar(&text);
    }

    #[test]
    fn no_event_makes_the_reader_fall(
        lines in proptest::collection::vec(
            (
                prop_oneof![
                    Just("DTSTART"), Just("DTEND"), Just("DTSTART;VALUE=DATE"), Just("DURATION"),
                    Just("RRULE"), Just("EXDATE"), Just("RECURRENCE-ID"), Just("UID"),
                    Just("ATTENDEE"), Just("DTSTART;TZID=Europe/Paris"), Just("BEGIN"), Just("END"),
                    Just("STATUS"), Just("TRANSP"), Just("CATEGORIES"),
                ],
                prop_oneof![
                    "[0-9]{8}", "[0-9]{8}T[0-9]{6}Z?", "P[0-9]{1,9}[DWH]",
                    "FREQ=(DAILY|WEEKLY|YEARLY);(COUNT|UNTIL|INTERVAL)=[0-9]{1,9}",
                    "-?[0-9A-Z;=:,]{0,30}", Just("VEVENT".to_owned()),
                ],
            ),
            0..12,
        )
    ) {
        let body: String = lines.iter().map(|(name, value)| format!("{name}:{value}\r\n")).collect();
        let _ = calendar(&event(&body));
    }

    /// Every half-day is covered by exactly the runs it should be in.
    #[test]
    fn whole_days_are_told_back(from in 0i64..400, length in 1i64..40) {
        let day = |n: i64| date(2025, 1, 1).checked_add(jiff::Span::new().days(n)).unwrap();
        let text = |d: Date| d.strftime("%Y%m%d").to_string();
        let (first, after) = (day(from), day(from + length));
        let spans = spans(&format!("DTSTART;VALUE=DATE:{}\nDTEND;VALUE=DATE:{}", text(first), text(after)));
        prop_assert_eq!(spans, [(first, day(from + length - 1), false, false)]);
    }
}
