//! Files in their French disguise.

use eclusier_synth::{write_counts_csv, write_csv};

use crate::team;

#[test]
fn events_are_written_as_french_tools_write_them() {
    let body = team();
    let process = &body.processes()[0];
    let mut bytes = Vec::new();
    let rows = write_csv(process, &mut bytes).unwrap();
    assert_eq!(rows, process.events().unwrap().count() as u64);
    let mut again = Vec::new();
    write_csv(process, &mut again).unwrap();
    assert_eq!(bytes, again, "same seed, same bytes");

    let text = String::from_utf8(bytes).unwrap();
    let text = text.strip_prefix('\u{feff}').unwrap();
    let mut lines = text.split_terminator("\r\n");
    assert_eq!(
        lines.next(),
        Some("Dossier;Activité;Début;Fin;Agent;Organisme;Service;Prestation;Canal")
    );
    let zone = jiff::tz::TimeZone::get("Europe/Paris").unwrap();
    for (line, event) in lines.zip(process.events().unwrap()) {
        let cells: Vec<&str> = line.split(';').collect();
        assert_eq!(cells.len(), 9, "{line}");
        let expected = |us| {
            let instant = jiff::Timestamp::from_microsecond(us).unwrap();
            instant.to_zoned(zone.clone()).strftime("%d/%m/%Y %H:%M:%S").to_string()
        };
        assert_eq!(
            cells,
            [
                &*event.case,
                event.activity,
                &expected(event.start_us),
                &expected(event.end_us),
                event.person.as_deref().unwrap_or(""),
                &event.org,
                &event.unit,
                event.product,
                event.channel,
            ]
        );
    }
}

#[test]
fn counts_are_written_for_a_spreadsheet() {
    let body = team();
    let mut bytes = Vec::new();
    let rows = write_counts_csv(&body, &mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let mut lines = text.split_terminator("\r\n");
    assert_eq!(lines.next(), Some("\u{feff}Date;Prestation;Entrées;Sorties;Stock"));
    let first = lines.next().unwrap();
    assert!(first.starts_with("01/07/2024;Aide à domicile;"), "{first}");
    assert_eq!(rows, lines.count() as u64 + 1);
}
