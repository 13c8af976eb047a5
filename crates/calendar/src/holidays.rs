//! Legal holidays of the French zones, as a dated set.
//!
//! - Computes: the holidays of a zone and a year, each with its day and its
//!   names; days that law added or removed carry their years.
//! - Units: civil days.
//! - Shapes: zone and year in; a list ordered by day out. Two holidays may fall
//!   on one day (Ascension on 1 May 2008), which is then listed twice: counting
//!   holidays is wrong, asking whether a day is one is right.
//! - Errors: none; an unreadable zone name is [`CalendarError`].
//! - Source: labour code L3133-1, L3134-13, L3422-2; law of 2 October 1981 (8 May); law of 30 June 1983
//!   and decree 83-1003 (abolition); decree 2012-553 (Saint-Barthélemy, Saint-Martin);
//!   Easter by the anonymous Gregorian computus.

use jiff::{ToSpan, civil::Date};
use serde::{Deserialize, Serialize};

use crate::CalendarError;

/// Where one set of holidays holds.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum HolidayZone {
    /// Mainland France and Corsica.
    #[default]
    Metropole,
    /// Bas-Rhin, Haut-Rhin and Moselle: Good Friday and 26 December too.
    AlsaceMoselle,
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
    /// Saint-Barthélemy.
    SaintBarthelemy,
    /// Saint-Martin.
    SaintMartin,
    /// Saint-Pierre-et-Miquelon.
    SaintPierreEtMiquelon,
    /// French Polynesia.
    PolynesieFrancaise,
    /// Wallis and Futuna.
    WallisEtFutuna,
    /// New Caledonia.
    NouvelleCaledonie,
}

impl HolidayZone {
    /// Every zone.
    pub const ALL: [HolidayZone; 13] = [
        HolidayZone::Metropole,
        HolidayZone::AlsaceMoselle,
        HolidayZone::Guadeloupe,
        HolidayZone::Guyane,
        HolidayZone::Martinique,
        HolidayZone::Mayotte,
        HolidayZone::LaReunion,
        HolidayZone::SaintBarthelemy,
        HolidayZone::SaintMartin,
        HolidayZone::SaintPierreEtMiquelon,
        HolidayZone::PolynesieFrancaise,
        HolidayZone::WallisEtFutuna,
        HolidayZone::NouvelleCaledonie,
    ];

    /// Stable name, as a configuration writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            HolidayZone::Metropole => "metropole",
            HolidayZone::AlsaceMoselle => "alsace-moselle",
            HolidayZone::Guadeloupe => "guadeloupe",
            HolidayZone::Guyane => "guyane",
            HolidayZone::Martinique => "martinique",
            HolidayZone::Mayotte => "mayotte",
            HolidayZone::LaReunion => "la-reunion",
            HolidayZone::SaintBarthelemy => "saint-barthelemy",
            HolidayZone::SaintMartin => "saint-martin",
            HolidayZone::SaintPierreEtMiquelon => "saint-pierre-et-miquelon",
            HolidayZone::PolynesieFrancaise => "polynesie-francaise",
            HolidayZone::WallisEtFutuna => "wallis-et-futuna",
            HolidayZone::NouvelleCaledonie => "nouvelle-caledonie",
        }
    }

    /// Name shown on screen, the same in both languages.
    pub fn label(self) -> &'static str {
        match self {
            HolidayZone::Metropole => "Métropole",
            HolidayZone::AlsaceMoselle => "Alsace-Moselle",
            HolidayZone::Guadeloupe => "Guadeloupe",
            HolidayZone::Guyane => "Guyane",
            HolidayZone::Martinique => "Martinique",
            HolidayZone::Mayotte => "Mayotte",
            HolidayZone::LaReunion => "La Réunion",
            HolidayZone::SaintBarthelemy => "Saint-Barthélemy",
            HolidayZone::SaintMartin => "Saint-Martin",
            HolidayZone::SaintPierreEtMiquelon => "Saint-Pierre-et-Miquelon",
            HolidayZone::PolynesieFrancaise => "Polynésie française",
            HolidayZone::WallisEtFutuna => "Wallis-et-Futuna",
            HolidayZone::NouvelleCaledonie => "Nouvelle-Calédonie",
        }
    }
}

impl std::fmt::Display for HolidayZone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for HolidayZone {
    type Err = CalendarError;

    /// Reads the stable name, whatever its case, accents, spaces or underscores.
    fn from_str(text: &str) -> Result<Self, CalendarError> {
        let plain = plain_name(text);
        let plain = match plain.as_str() {
            "france" => "metropole",
            "reunion" => "la-reunion",
            other => other,
        };
        Self::ALL
            .into_iter()
            .find(|z| z.as_str() == plain)
            .ok_or_else(|| CalendarError::UnknownHolidayZone { name: text.to_owned() })
    }
}

/// Lower case, without the accents of French names, words joined by hyphens.
pub(crate) fn plain_name(text: &str) -> String {
    text.trim()
        .chars()
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            'é' | 'è' | 'ê' | 'ë' => 'e',
            'à' | 'â' => 'a',
            'ç' => 'c',
            'î' | 'ï' => 'i',
            'ô' => 'o',
            'û' | 'ù' => 'u',
            ' ' | '_' | '\u{a0}' | '\u{202f}' | '\u{2011}' => '-',
            other => other,
        })
        .collect()
}

/// A legal holiday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Holiday {
    /// The day.
    pub date: Date,
    /// Its name in French.
    pub name_fr: &'static str,
    /// Its name in English.
    pub name_en: &'static str,
}

/// Easter Sunday of a year of the Gregorian calendar; `None` before 1583.
pub fn easter(year: i16) -> Option<Date> {
    if year < 1583 {
        return None;
    }
    let year = i32::from(year);
    let golden = year % 19;
    let (century, rest) = (year / 100, year % 100);
    let moon_correction = (century + 8) / 25;
    let epact =
        (19 * golden + century - century / 4 - (century - moon_correction + 1) / 3 + 15) % 30;
    let weekday = (32 + 2 * (century % 4) + 2 * (rest / 4) - epact - rest % 4) % 7;
    let late = (golden + 11 * epact + 22 * weekday) / 451;
    let sum = epact + weekday - 7 * late + 114;
    let month = i8::try_from(sum / 31).ok()?;
    let day = i8::try_from(sum % 31 + 1).ok()?;
    Date::new(i16::try_from(year).ok()?, month, day).ok()
}

/// When in the year a holiday falls.
#[derive(Clone, Copy)]
enum When {
    /// Month and day.
    Fixed(i8, i8),
    /// Days after Easter Sunday.
    Easter(i32),
}

struct Rule {
    when: When,
    fr: &'static str,
    en: &'static str,
    first_year: i16,
    last_year: i16,
}

const fn rule(when: When, fr: &'static str, en: &'static str) -> Rule {
    Rule { when, fr, en, first_year: 1886, last_year: i16::MAX }
}

impl Rule {
    const fn since(mut self, year: i16) -> Self {
        self.first_year = year;
        self
    }
    const fn until(mut self, year: i16) -> Self {
        self.last_year = year;
        self
    }
}

use When::{Easter, Fixed};

// 1 May has been a holiday by law since 1947; 8 May was one from 1953 to 1958 and again since 1982.
static NATIONAL: [Rule; 12] = [
    rule(Fixed(1, 1), "Jour de l’an", "New Year’s Day"),
    rule(Easter(1), "Lundi de Pâques", "Easter Monday"),
    rule(Fixed(5, 1), "Fête du Travail", "Labour Day").since(1947),
    rule(Fixed(5, 8), "Victoire 1945", "Victory Day 1945").since(1953).until(1958),
    rule(Fixed(5, 8), "Victoire 1945", "Victory Day 1945").since(1982),
    rule(Easter(39), "Ascension", "Ascension Day"),
    rule(Easter(50), "Lundi de Pentecôte", "Whit Monday"),
    rule(Fixed(7, 14), "Fête nationale", "Bastille Day"),
    rule(Fixed(8, 15), "Assomption", "Assumption Day"),
    rule(Fixed(11, 1), "Toussaint", "All Saints’ Day"),
    rule(Fixed(11, 11), "Armistice 1918", "Armistice Day 1918").since(1922),
    rule(Fixed(12, 25), "Noël", "Christmas Day"),
];

const GOOD_FRIDAY: Rule = rule(Easter(-2), "Vendredi saint", "Good Friday");

const fn abolition(month: i8, day: i8) -> Rule {
    rule(Fixed(month, day), "Abolition de l’esclavage", "Abolition of slavery").since(1984)
}

static ALSACE_MOSELLE: [Rule; 2] =
    [GOOD_FRIDAY, rule(Fixed(12, 26), "Saint-Étienne", "St Stephen’s Day")];
static GUADELOUPE: [Rule; 1] = [abolition(5, 27)];
static GUYANE: [Rule; 1] = [abolition(6, 10)];
static MARTINIQUE: [Rule; 1] = [abolition(5, 22)];
static MAYOTTE: [Rule; 1] = [abolition(4, 27)];
static LA_REUNION: [Rule; 1] = [abolition(12, 20).since(1983)];
// Both islands kept the day of Guadeloupe until the decree of 23 April 2012.
static SAINT_BARTHELEMY: [Rule; 2] = [abolition(5, 27).until(2011), abolition(10, 9).since(2012)];
static SAINT_MARTIN: [Rule; 2] = [abolition(5, 27).until(2011), abolition(5, 28).since(2012)];
static POLYNESIE: [Rule; 4] = [
    GOOD_FRIDAY,
    rule(Fixed(3, 5), "Arrivée de l’Évangile", "Arrival of the Gospel").since(1978),
    rule(Fixed(6, 29), "Fête de l’autonomie", "Autonomy Day").since(1985).until(2024),
    rule(Fixed(11, 20), "Matari’i i ni’a", "Matari’i i ni’a").since(2025),
];
static WALLIS: [Rule; 2] = [
    rule(Fixed(4, 28), "Saint-Pierre-Chanel", "St Peter Chanel’s Day"),
    rule(Fixed(7, 29), "Fête du Territoire", "Territory Day").since(1962),
];
static CALEDONIE: [Rule; 1] =
    [rule(Fixed(9, 24), "Fête de la citoyenneté", "Citizenship Day").since(1953)];

fn own_rules(zone: HolidayZone) -> &'static [Rule] {
    match zone {
        HolidayZone::Metropole | HolidayZone::SaintPierreEtMiquelon => &[],
        HolidayZone::AlsaceMoselle => &ALSACE_MOSELLE,
        HolidayZone::Guadeloupe => &GUADELOUPE,
        HolidayZone::Guyane => &GUYANE,
        HolidayZone::Martinique => &MARTINIQUE,
        HolidayZone::Mayotte => &MAYOTTE,
        HolidayZone::LaReunion => &LA_REUNION,
        HolidayZone::SaintBarthelemy => &SAINT_BARTHELEMY,
        HolidayZone::SaintMartin => &SAINT_MARTIN,
        HolidayZone::PolynesieFrancaise => &POLYNESIE,
        HolidayZone::WallisEtFutuna => &WALLIS,
        HolidayZone::NouvelleCaledonie => &CALEDONIE,
    }
}

/// The holidays of a zone in a year, ordered by day.
pub fn holidays(zone: HolidayZone, year: i16) -> Vec<Holiday> {
    let easter = easter(year);
    let mut list: Vec<Holiday> = NATIONAL
        .iter()
        .chain(own_rules(zone))
        .filter(|r| r.first_year <= year && year <= r.last_year)
        .filter_map(|r| {
            let date = match r.when {
                Fixed(month, day) => Date::new(year, month, day).ok()?,
                Easter(after) => easter?.checked_add(after.days()).ok()?,
            };
            Some(Holiday { date, name_fr: r.fr, name_en: r.en })
        })
        .collect();
    list.sort_by_key(|h| h.date);
    list
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn zones_survive_a_round_trip_and_forgive_spelling() {
        for zone in HolidayZone::ALL {
            assert_eq!(zone.as_str().parse(), Ok(zone));
            assert_eq!(zone.label().parse(), Ok(zone));
        }
        assert_eq!("Alsace Moselle".parse(), Ok(HolidayZone::AlsaceMoselle));
        assert_eq!("Réunion".parse(), Ok(HolidayZone::LaReunion));
        assert!("Atlantide".parse::<HolidayZone>().is_err());
    }

    #[test]
    fn easter_of_known_years() {
        // Earliest and latest possible days, and the usual exceptions of the computus.
        for (year, month, day) in [
            (1818, 3, 22),
            (1943, 4, 25),
            (1954, 4, 18),
            (1981, 4, 19),
            (2000, 4, 23),
            (2008, 3, 23),
            (2024, 3, 31),
            (2025, 4, 20),
            (2026, 4, 5),
            (2038, 4, 25),
            (2049, 4, 18),
            (2076, 4, 19),
            (2285, 3, 22),
        ] {
            assert_eq!(easter(year), Some(date(year, month, day)));
        }
        assert_eq!(easter(1582), None);
    }

    #[test]
    fn easter_is_always_a_sunday_between_its_bounds() {
        for year in 1583..=9999 {
            let day = easter(year).unwrap();
            assert_eq!(day.weekday(), jiff::civil::Weekday::Sunday, "{year}");
            assert!(day >= date(year, 3, 22) && day <= date(year, 4, 25), "{year}");
        }
    }

    #[test]
    fn two_holidays_may_share_a_day() {
        let of = |year, day| {
            holidays(HolidayZone::Metropole, year).into_iter().filter(|h| h.date == day).count()
        };
        assert_eq!(of(2008, date(2008, 5, 1)), 2);
        assert_eq!(of(2059, date(2059, 5, 8)), 2);
        assert_eq!(of(2024, date(2024, 5, 9)), 1);
    }

    #[test]
    fn law_changes_the_set_with_the_years() {
        let has = |zone, day: Date| holidays(zone, day.year()).iter().any(|h| h.date == day);
        // Not 1975, when Ascension fell on that very day.
        assert!(!has(HolidayZone::Metropole, date(1976, 5, 8)));
        assert!(has(HolidayZone::Metropole, date(1982, 5, 8)));
        assert!(has(HolidayZone::SaintMartin, date(2011, 5, 27)));
        assert!(has(HolidayZone::SaintMartin, date(2012, 5, 28)));
        assert!(!has(HolidayZone::SaintMartin, date(2012, 5, 27)));
        assert!(has(HolidayZone::PolynesieFrancaise, date(2024, 6, 29)));
        assert!(!has(HolidayZone::PolynesieFrancaise, date(2025, 6, 29)));
        assert!(has(HolidayZone::PolynesieFrancaise, date(2025, 11, 20)));
        assert!(holidays(HolidayZone::Metropole, i16::MIN).is_empty());
        assert!(holidays(HolidayZone::Metropole, i16::MAX).is_empty());
    }
}
