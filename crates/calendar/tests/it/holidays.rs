//! Holidays against the published tables.

use std::collections::BTreeSet;

use eclusier_calendar::{Calendar, HolidayZone, holidays};
use jiff::civil::{Date, date};

use crate::shared;

/// The published name of each of ours, so that a day right by accident is seen.
fn published_name(ours: &str) -> &str {
    match ours {
        "Jour de l’an" => "1er janvier",
        "Fête du Travail" => "1er mai",
        "Victoire 1945" => "8 mai",
        "Fête nationale" => "14 juillet",
        "Armistice 1918" => "11 novembre",
        "Noël" => "Jour de Noël",
        "Saint-Étienne" => "2ème jour de Noël",
        "Abolition de l’esclavage" => "Abolition de l'esclavage",
        other => other,
    }
}

#[test]
fn every_published_zone_and_year_is_equal() {
    for zone in [
        HolidayZone::Metropole,
        HolidayZone::AlsaceMoselle,
        HolidayZone::Guadeloupe,
        HolidayZone::Guyane,
        HolidayZone::Martinique,
        HolidayZone::Mayotte,
        HolidayZone::LaReunion,
    ] {
        let Some(text) = shared::text(&format!("fr-public-holidays/jours_feries_{zone}.csv"))
        else {
            return;
        };
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let published: BTreeSet<(Date, String)> = reader
            .records()
            .map(|r| r.unwrap())
            .map(|r| (r[0].parse().unwrap(), r[3].to_owned()))
            .collect();
        let years: BTreeSet<i16> = published.iter().map(|(d, _)| d.year()).collect();
        assert!(years.len() >= 26, "{zone}: {} years", years.len());
        let ours: BTreeSet<(Date, String)> = years
            .iter()
            .flat_map(|&y| holidays(zone, y))
            .map(|h| (h.date, published_name(h.name_fr).to_owned()))
            .collect();
        assert_eq!(ours, published, "{zone}");
    }
}

#[test]
fn worked_days_of_each_year_are_the_known_ones() {
    let metropole = Calendar::new(HolidayZone::Metropole, &[1, 2, 3, 4, 5], &[]);
    let alsace = Calendar::new(HolidayZone::AlsaceMoselle, &[1, 2, 3, 4, 5], &[]);
    for (year, national, local) in [
        (2023, 251, 249),
        (2024, 252, 250),
        (2025, 251, 249),
        (2026, 252, 251),
        (2027, 254, 253),
        (2028, 251, 249),
    ] {
        assert_eq!(metropole.worked_days_in_year(year), national, "{year}");
        assert_eq!(alsace.worked_days_in_year(year), local, "Alsace-Moselle {year}");
    }
}

#[test]
fn ascension_on_another_holiday_removes_one_day_only() {
    let calendar = Calendar::default();
    for day in [date(2008, 5, 1), date(2059, 5, 8)] {
        assert!(!calendar.is_worked(day));
        assert!(calendar.holiday(day).is_some());
    }
    // Eleven holidays on ten days, two of them at week ends: 262 weekdays less eight.
    let weekdays_2008 = (1..=366)
        .map(|n| date(2008, 1, 1) + jiff::Span::new().days(n - 1))
        .filter(|d| d.weekday().to_monday_one_offset() <= 5)
        .count();
    let closed: BTreeSet<Date> = holidays(HolidayZone::Metropole, 2008)
        .into_iter()
        .map(|h| h.date)
        .filter(|d| d.weekday().to_monday_one_offset() <= 5)
        .collect();
    assert_eq!(
        calendar.worked_days_in_year(2008),
        i64::try_from(weekdays_2008 - closed.len()).unwrap()
    );
    assert_eq!(holidays(HolidayZone::Metropole, 2008).len(), 11);
}
