//! Numbers and dates of a spreadsheet cell into texts that read one way only.
//!
//! - Computes: day numbers of the 1900 and 1904 systems → civil dates.
//! - Units: days and fractions of a day → date, hour, minute, second, millisecond.
//! - Shapes: one number in, one cell out.
//! - Errors: none; what is no date is handed on as a text that reads as none.
//! - Source: the 1900 system counts a 29 February 1900 that never was (day 60).

use jiff::{
    ToSpan,
    civil::{Date, DateTime, Time, date},
};

use super::Cells;
use crate::table::Typed;

/// Beyond 15 digits a spreadsheet has already lost the end of a number.
const EXACT_BELOW: f64 = 1e15;
const MILLISECONDS_PER_DAY: f64 = 86_400_000.0;

/// A number as text: integers bare, decimals with a point that cannot be taken for thousands.
pub(crate) fn number_text(value: f64) -> String {
    if value.abs() >= EXACT_BELOW {
        // Written as the spreadsheet would export it, so that identifiers it damaged are seen.
        let text = format!("{value:.14e}");
        let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
        return format!("{digits}E+{power:0>2}");
    }
    // Fifteen significant digits, as shown: 12.000000000000002 was 12 before a formula.
    let value = format!("{value:.14e}").parse().unwrap_or(value);
    if value == 0.0 {
        return "0".into();
    }
    let mut text = format!("{value}");
    if text.split_once('.').is_some_and(|(_, decimals)| decimals.len() == 3) {
        text.push('0');
    }
    text
}

pub(crate) fn push_number(cells: &mut Cells, column: u32, value: f64) {
    cells.set(column, &number_text(value), Typed::Number(value));
}

/// A cell shown as a date; `timed` when its format shows hours.
pub(crate) fn push_date(
    cells: &mut Cells,
    column: u32,
    value: f64,
    system_1904: bool,
    timed: bool,
) {
    let ms = (value * MILLISECONDS_PER_DAY).round();
    let (days, ms) = (ms.div_euclid(MILLISECONDS_PER_DAY), ms.rem_euclid(MILLISECONDS_PER_DAY));
    let time = time_of(ms as i64);
    if !system_1904 && (0.0..1.0).contains(&value) {
        // Day 0 of the 1900 system is an hour without a day, or an empty date.
        let none = value == 0.0 && !timed;
        let text = if none { "00/00/0000".to_owned() } else { time.to_string() };
        cells.set(column, &text, Typed::Text);
        return;
    }
    match day_of(days, system_1904) {
        Ok(day) => push_datetime(cells, column, day.to_datetime(time), timed || ms != 0.0),
        Err(text) => cells.set(column, text, Typed::Text),
    }
}

fn push_datetime(cells: &mut Cells, column: u32, at: DateTime, timed: bool) {
    if timed {
        cells.set(column, &at.to_string(), Typed::Instant(at));
    } else {
        cells.set(column, &at.date().to_string(), Typed::Day(at));
    }
}

/// Civil day of a day number, or the text to show when there is none.
pub(crate) fn day_of(days: f64, system_1904: bool) -> Result<Date, &'static str> {
    let beyond = "########";
    if !(0.0..3_000_000.0).contains(&days) {
        return Err(beyond);
    }
    let days = days as i64;
    let epoch = match (system_1904, days) {
        (true, _) => date(1904, 1, 1),
        (false, 60) => return Err("29/02/1900"),
        (false, ..60) => date(1899, 12, 31),
        (false, _) => date(1899, 12, 30),
    };
    epoch.checked_add(days.days()).map_err(|_| beyond)
}

fn time_of(ms: i64) -> Time {
    let part = |n: i64| i8::try_from(n).unwrap_or(0);
    let (hour, minute, second) =
        (part(ms / 3_600_000), part(ms / 60_000 % 60), part(ms / 1_000 % 60));
    let nanosecond = i32::try_from(ms % 1_000 * 1_000_000).unwrap_or(0);
    Time::new(hour, minute, second, nanosecond).unwrap_or_default()
}

/// Elapsed time as hours, which may exceed 24.
pub(crate) fn push_duration(cells: &mut Cells, column: u32, value: f64) {
    let seconds = (value.abs() * 86_400.0).round().min(1e12) as u64;
    let sign = if value < 0.0 { "-" } else { "" };
    let text = format!("{sign}{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
    cells.set(column, &text, Typed::Text);
}

/// A date written as ISO text inside the file.
pub(crate) fn push_iso(cells: &mut Cells, column: u32, text: &str) {
    if let Ok(day) = text.parse::<Date>()
        && !text.contains('T')
    {
        push_datetime(cells, column, day.to_datetime(Time::midnight()), false);
    } else if let Ok(at) = text.parse::<DateTime>() {
        push_datetime(cells, column, at, true);
    } else {
        cells.set(column, text, Typed::Text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_false_leap_day_of_1900_is_no_date_and_shifts_none() {
        assert_eq!(day_of(1.0, false), Ok(date(1900, 1, 1)));
        assert_eq!(day_of(59.0, false), Ok(date(1900, 2, 28)));
        assert_eq!(day_of(60.0, false), Err("29/02/1900"));
        assert_eq!(day_of(61.0, false), Ok(date(1900, 3, 1)));
        assert_eq!(day_of(45_658.0, false), Ok(date(2025, 1, 1)));
        assert_eq!(day_of(44_196.0, true), Ok(date(2025, 1, 1)));
        assert_eq!(day_of(0.0, true), Ok(date(1904, 1, 1)));
        assert!(day_of(-1.0, false).is_err() && day_of(f64::NAN, true).is_err());
    }

    #[test]
    fn numbers_read_one_way_only() {
        for (value, text) in [
            (42.0, "42"),
            (-0.0, "0"),
            (12.000_000_000_000_002, "12"),
            (1.234, "1.2340"),
            (0.1, "0.1"),
            (999_999_999_999_999.0, "999999999999999"),
            (1_234_567_890_123_456.0, "1.23456789012346E+15"),
            (1e20, "1.00000000000000E+20"),
        ] {
            assert_eq!(number_text(value), text);
        }
    }

    #[test]
    fn hours_survive_the_fraction_of_a_day() {
        let mut cells = Cells::default();
        push_date(&mut cells, 0, 45_658.604_166_666_664, false, true);
        push_date(&mut cells, 1, 45_658.999_999_999_999, false, true);
        push_date(&mut cells, 2, 0.5, false, true);
        push_duration(&mut cells, 3, 1.5);
        let texts: Vec<_> = (0..4).map(|c| cells.get(c).map(|(t, _)| t.to_owned())).collect();
        let expected = ["2025-01-01T14:30:00", "2025-01-02T00:00:00", "12:00:00", "36:00:00"];
        assert_eq!(texts, expected.map(|t| Some(t.to_owned())));
    }
}
