//! Civil days as numbers, so that tables can be indexed by day.

use jiff::civil::Date;

/// Days since 1 January 1970 (negative before).
///
/// The proleptic Gregorian calendar repeats every 400 years of 146,097 days;
/// counting years from March puts the leap day at the end of the year, where it
/// disturbs nothing.
#[inline]
pub fn day_number(date: Date) -> i32 {
    let month = i32::from(date.month());
    let year = i32::from(date.year()) - i32::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + i32::from(date.day()) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - DAYS_FROM_YEAR_0_TO_1970
}

/// The civil day of a day number; outside the years −9999 to 9999 the nearest end.
#[inline]
pub fn date_of(number: i32) -> Date {
    let days = i64::from(number) + i64::from(DAYS_FROM_YEAR_0_TO_1970);
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    let end = if number < 0 { Date::MIN } else { Date::MAX };
    match (i16::try_from(year), i8::try_from(month), i8::try_from(day)) {
        (Ok(year), Ok(month), Ok(day)) => Date::new(year, month, day).unwrap_or(end),
        _ => end,
    }
}

/// Days between 1 March of year 0 and 1 January 1970.
const DAYS_FROM_YEAR_0_TO_1970: i32 = 719_468;

/// ISO weekday of a day number, 1 = Monday.
#[inline]
pub(crate) fn iso_weekday(number: i32) -> u8 {
    // 1 January 1970 was a Thursday; the remainder is below 7.
    (i64::from(number) + 3).rem_euclid(7) as u8 + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::{ToSpan, civil::date};

    #[test]
    fn day_numbers_follow_the_civil_calendar() {
        assert_eq!(day_number(date(1970, 1, 1)), 0);
        assert_eq!(day_number(date(2000, 2, 29)), 11_016);
        let mut day = date(1599, 12, 31);
        let mut number = day_number(day);
        while day.year() < 2405 {
            day += 1.day();
            number += 1;
            assert_eq!(day_number(day), number, "{day}");
            assert_eq!(date_of(number), day);
            assert_eq!(iso_weekday(number), day.weekday().to_monday_one_offset() as u8);
        }
    }

    #[test]
    fn a_day_out_of_the_calendar_is_its_nearest_end() {
        assert_eq!(date_of(i32::MAX), Date::MAX);
        assert_eq!(date_of(i32::MIN), Date::MIN);
        assert_eq!(date_of(day_number(Date::MAX)), Date::MAX);
        assert_eq!(date_of(day_number(Date::MIN)), Date::MIN);
    }
}
