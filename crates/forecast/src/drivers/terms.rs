//! School holidays of a zone, beyond the published calendar too.
//!
//! - Computes: the school holidays a day falls in.
//! - Units: civil days.
//! - Shapes: zone and day in; a name, or nothing in term time.
//! - Errors: none; zones whose calendar is not known have no school holidays.
//! - Source: the published calendar, `docs/methods/calendar-effects.md` for what follows its end.

use eclusier_calendar::{SchoolZone, date_of, day_number, school_holiday, school_period};
use jiff::civil::Date;

/// Name of the school holidays a day falls in.
///
/// After the published calendar, the day asked for is read 52 weeks before; for winter and spring, which turn
/// between the zones every three years, 156 weeks before.
pub fn school_term(zone: SchoolZone, day: Date) -> Option<&'static str> {
    let (_, last) = school_period(zone)?;
    if day <= last {
        return school_holiday(zone, day)?.map(|h| h.name_en);
    }
    read_back(zone, day, last)
}

/// The same from what was published up to `last`.
fn read_back(zone: SchoolZone, day: Date, last: Date) -> Option<&'static str> {
    let turning = |name: &str| matches!(name, "Winter holidays" | "Spring holidays");
    let read = |years: i32| -> Option<&'static str> {
        let beyond = day_number(day) - day_number(last);
        // As many cycles as bring the day back into what is published; weeks of a year
        // are 52.18, so the remainder is caught up where it makes a week.
        let cycles = beyond / (years * 365) + 1;
        let weeks = (f64::from(cycles * years) * 365.2425 / 7.0 + 0.4).floor();
        let back = date_of(day_number(day) - 7 * weeks as i32);
        school_holiday(zone, back)?.map(|h| h.name_en)
    };
    read(1).filter(|n| !turning(n)).or_else(|| read(3).filter(|n| turning(n)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_year_after_the_published_calendar_has_its_holidays() {
        // Published elsewhere for 2026–2027: autumn from 17 October, winter of zone A from 13 February, of zone C
        // from 6 February, spring of zone A from 10 April, summer from 3 July.
        for (zone, first, name) in [
            (SchoolZone::A, date(2026, 10, 17), "Autumn holidays"),
            (SchoolZone::B, date(2026, 12, 19), "Christmas holidays"),
            (SchoolZone::A, date(2027, 2, 13), "Winter holidays"),
            (SchoolZone::C, date(2027, 2, 6), "Winter holidays"),
            (SchoolZone::A, date(2027, 4, 10), "Spring holidays"),
            (SchoolZone::B, date(2027, 7, 3), "Summer holidays"),
        ] {
            assert_eq!(school_term(zone, first), Some(name), "{zone} {first}");
            assert_eq!(school_term(zone, first.yesterday().unwrap()), None, "{zone} {first}");
        }
        assert_eq!(school_term(SchoolZone::A, date(2026, 9, 15)), None);
        assert_eq!(school_term(SchoolZone::Corse, date(2026, 10, 20)), None);
    }

    #[test]
    fn read_from_earlier_years_most_days_of_known_years_are_right() {
        // The same rule, asked of years that are published: holidays named as they were, nine days in ten.
        let (mut right, mut all) = (0, 0);
        for zone in [SchoolZone::A, SchoolZone::B, SchoolZone::C] {
            for day in day_number(date(2018, 9, 1))..day_number(date(2026, 8, 30)) {
                let truth = school_holiday(zone, date_of(day)).unwrap().map(|h| h.name_en);
                let read = read_back(zone, date_of(day), date_of(day - 1));
                right += usize::from(truth == read);
                all += 1;
            }
        }
        let share = right as f64 / all as f64;
        assert!(share > 0.9, "{share}");
    }
}
