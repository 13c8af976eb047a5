//! School holidays, which drive both leave and arrivals.
//!
//! - Computes: whether a day falls in the school holidays of a zone, and which.
//! - Units: civil days; the first day is the one after the last class, the last
//!   one is the eve of the return.
//! - Shapes: zone and day in; yes, no or unknown out.
//! - Errors: none; days outside the published calendar and zones whose
//!   calendar is set locally are unknown (`None`), never "no".
//! - Source: school calendar of the ministry of education, zones A, B and C, published
//!   under Licence Ouverte; the facts are kept in `school.txt`.

use std::sync::LazyLock;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::CalendarError;
use crate::holidays::plain_name;

/// A school zone. The zone of a body is dated: the map of zones changed in January 2016.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SchoolZone {
    /// Zone A.
    A,
    /// Zone B.
    B,
    /// Zone C.
    C,
    /// Corsica, which sets its own calendar.
    Corse,
    /// Guadeloupe.
    Guadeloupe,
    /// French Guiana.
    Guyane,
    /// Martinique.
    Martinique,
    /// Mayotte.
    Mayotte,
    /// La Réunion.
    LaReunion,
    /// Another overseas territory.
    Other,
}

impl SchoolZone {
    /// Every zone.
    pub const ALL: [SchoolZone; 10] = [
        SchoolZone::A,
        SchoolZone::B,
        SchoolZone::C,
        SchoolZone::Corse,
        SchoolZone::Guadeloupe,
        SchoolZone::Guyane,
        SchoolZone::Martinique,
        SchoolZone::Mayotte,
        SchoolZone::LaReunion,
        SchoolZone::Other,
    ];

    /// Stable name, as a configuration writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            SchoolZone::A => "A",
            SchoolZone::B => "B",
            SchoolZone::C => "C",
            SchoolZone::Corse => "corse",
            SchoolZone::Guadeloupe => "guadeloupe",
            SchoolZone::Guyane => "guyane",
            SchoolZone::Martinique => "martinique",
            SchoolZone::Mayotte => "mayotte",
            SchoolZone::LaReunion => "la-reunion",
            SchoolZone::Other => "autre",
        }
    }

    fn rank(self) -> Option<usize> {
        match self {
            SchoolZone::A => Some(0),
            SchoolZone::B => Some(1),
            SchoolZone::C => Some(2),
            _ => None,
        }
    }
}

impl std::fmt::Display for SchoolZone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for SchoolZone {
    type Err = CalendarError;
    fn from_str(text: &str) -> Result<Self, CalendarError> {
        let plain = plain_name(text);
        let plain = plain.strip_prefix("zone-").unwrap_or(&plain);
        let plain = if plain == "reunion" { "la-reunion" } else { plain };
        Self::ALL
            .into_iter()
            .find(|z| z.as_str().eq_ignore_ascii_case(plain))
            .ok_or_else(|| CalendarError::UnknownSchoolZone { name: text.to_owned() })
    }
}

/// One period of school holidays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct SchoolHoliday {
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// Its name in French.
    pub name_fr: &'static str,
    /// Its name in English.
    pub name_en: &'static str,
}

/// First and last day the published calendar covers, for the zones it covers.
pub fn school_period(zone: SchoolZone) -> Option<(Date, Date)> {
    zone.rank().map(|_| (FIRST_DAY, LAST_DAY))
}

/// Whether the day is in the school holidays of the zone; `None` when unknown.
pub fn is_school_holiday(zone: SchoolZone, day: Date) -> Option<bool> {
    school_holiday(zone, day).map(|found| found.is_some())
}

/// The school holidays the day falls in; `None` when unknown, `Some(None)` in term time.
pub fn school_holiday(zone: SchoolZone, day: Date) -> Option<Option<SchoolHoliday>> {
    let spans = TABLE.get(zone.rank()?)?;
    if day < FIRST_DAY || day > LAST_DAY {
        return None;
    }
    let after = spans.partition_point(|s| s.from <= day);
    let found = after.checked_sub(1).and_then(|i| spans.get(i)).filter(|s| day <= s.to);
    Some(found.copied())
}

const FIRST_DAY: Date = Date::constant(2006, 7, 5);
// The calendar of the year 2026–2027 is not in the table: from the return of 2026 on, unknown.
const LAST_DAY: Date = Date::constant(2026, 8, 30);

static TABLE: LazyLock<[Vec<SchoolHoliday>; 3]> = LazyLock::new(|| {
    let mut zones: [Vec<SchoolHoliday>; 3] = Default::default();
    for line in include_str!("school.txt").lines().filter(|l| !l.starts_with('#')) {
        let mut words = line.split(' ');
        let Some((name_fr, name_en)) = words.next().and_then(name_of) else { continue };
        let days: Vec<Date> = words.filter_map(|w| w.parse().ok()).collect();
        for (i, zone) in zones.iter_mut().enumerate() {
            // One pair stands for the three zones.
            let at = if days.len() > 2 { 2 * i } else { 0 };
            if let (Some(&from), Some(&to)) = (days.get(at), days.get(at + 1)) {
                zone.push(SchoolHoliday { from, to, name_fr, name_en });
            }
        }
    }
    for zone in &mut zones {
        zone.sort_by_key(|h| h.from);
    }
    zones
});

fn name_of(code: &str) -> Option<(&'static str, &'static str)> {
    Some(match code {
        "T" => ("Vacances de la Toussaint", "Autumn holidays"),
        "N" => ("Vacances de Noël", "Christmas holidays"),
        "H" => ("Vacances d’hiver", "Winter holidays"),
        "P" => ("Vacances de printemps", "Spring holidays"),
        "A" => ("Pont de l’Ascension", "Ascension bridge"),
        "E" => ("Vacances d’été", "Summer holidays"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn unknown_is_not_no() {
        assert_eq!(is_school_holiday(SchoolZone::A, date(2025, 2, 24)), Some(true));
        assert_eq!(is_school_holiday(SchoolZone::B, date(2025, 2, 24)), Some(false));
        assert_eq!(is_school_holiday(SchoolZone::Corse, date(2025, 2, 24)), None);
        assert_eq!(is_school_holiday(SchoolZone::A, date(2026, 8, 30)), Some(true));
        assert_eq!(is_school_holiday(SchoolZone::A, date(2026, 10, 20)), None);
        assert_eq!(is_school_holiday(SchoolZone::A, date(2006, 7, 4)), None);
    }

    #[test]
    fn every_line_of_the_table_is_read() {
        let lines = include_str!("school.txt").lines().filter(|l| !l.starts_with('#'));
        for line in lines {
            let words: Vec<_> = line.split(' ').collect();
            assert!(words.len() == 3 || words.len() == 7, "{line}");
            assert!(name_of(words[0]).is_some(), "{line}");
            assert!(words[1..].iter().all(|w| w.parse::<Date>().is_ok()), "{line}");
        }
        for zone in TABLE.iter() {
            assert!(zone.windows(2).all(|w| w[0].to < w[1].from));
        }
        assert_eq!("zone b".parse(), Ok(SchoolZone::B));
        assert_eq!("Réunion".parse(), Ok(SchoolZone::LaReunion));
        assert!("D".parse::<SchoolZone>().is_err());
    }
}
