//! School holidays against the published daily table.

use eclusier_calendar::{SchoolZone, is_school_holiday, school_holiday, school_period};
use jiff::civil::Date;

use crate::shared;

#[test]
fn every_published_day_is_equal() {
    let Some(text) = shared::text("fr-school-holidays/vacances_scolaires.csv.gz") else { return };
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let (first, last) = school_period(SchoolZone::A).unwrap();
    let mut compared = 0;
    for row in reader.records().map(|r| r.unwrap()) {
        let day: Date = row[0].parse().unwrap();
        for (column, zone) in [(1, SchoolZone::A), (2, SchoolZone::B), (3, SchoolZone::C)] {
            let published = &row[column] == "True";
            if day < first || day > last {
                assert_eq!(is_school_holiday(zone, day), None);
                continue;
            }
            assert_eq!(is_school_holiday(zone, day), Some(published), "{day} {zone}");
            if let Some(found) = school_holiday(zone, day).unwrap() {
                assert_eq!(found.name_fr.replace('’', "'"), row[4], "{day} {zone}");
            }
            compared += 1;
        }
    }
    assert!(compared > 20_000, "{compared} days compared");
}
