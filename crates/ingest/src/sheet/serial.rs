//! Numbers and dates of a spreadsheet cell into texts that read one way only.
//!
//! - Computes: a number → its shortest text; a day number, as `calamine` reads it → a date.
//! - Units: days and fractions of a day → date, hour, minute, second, millisecond.
//! - Shapes: one value in, one cell out.
//! - Errors: none; what is no date is handed on as a text that reads as none.
//! - Source: the 1900 system counts a 29 February 1900 that never was (day 60).

use calamine::ExcelDateTime;
use jiff::civil::{Date, DateTime, Time};

use super::Cells;
use crate::table::Typed;

/// Beyond 15 digits a spreadsheet has already lost the end of a number.
const EXACT_BELOW: f64 = 1e15;

/// A number as text: integers bare, decimals with a point that cannot be taken for thousands.
fn number_text(value: f64) -> String {
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
    if value.is_finite() {
        cells.set(column, &number_text(value), Typed::Number(value));
    } else {
        cells.set(column, &value.to_string(), Typed::Text);
    }
}

pub(crate) fn push_bool(cells: &mut Cells, column: u32, yes: bool) {
    cells.set(column, if yes { "VRAI" } else { "FAUX" }, Typed::Bool(yes));
}

/// A cell shown as a date or a length of time; `timed` when its format shows hours.
pub(crate) fn push_date(
    cells: &mut Cells,
    column: u32,
    at: ExcelDateTime,
    in_1904: bool,
    timed: bool,
) {
    let value = at.as_f64();
    if at.is_duration() {
        return push_duration(cells, column, value);
    }
    let (year, month, day, hour, minute, second, ms) = at.to_ymd_hms_milli();
    let part = |n: u8| i8::try_from(n).unwrap_or(0);
    let nanosecond = i32::from(ms) * 1_000_000;
    let time = Time::new(part(hour), part(minute), part(second), nanosecond).unwrap_or_default();
    let day = i16::try_from(year).ok().and_then(|y| Date::new(y, part(month), part(day)).ok());
    let text = match day {
        // What lies outside the calendar of a spreadsheet is shown as it shows it.
        _ if !(0.0..2_958_466.0).contains(&value) => "########".to_owned(),
        // Day 0 of the 1900 system is an hour without a day, or an empty date.
        _ if !in_1904 && value == 0.0 && !timed => "00/00/0000".to_owned(),
        _ if !in_1904 && value < 1.0 => time.to_string(),
        None => "29/02/1900".to_owned(),
        Some(day) => {
            let timed = timed || time != Time::midnight();
            return push_datetime(cells, column, day.to_datetime(time), timed);
        }
    };
    cells.set(column, &text, Typed::Text);
}

fn push_datetime(cells: &mut Cells, column: u32, at: DateTime, timed: bool) {
    if timed {
        cells.set(column, &at.to_string(), Typed::Instant(at));
    } else {
        cells.set(column, &at.date().to_string(), Typed::Day(at));
    }
}

/// Elapsed time as hours, which may exceed 24.
fn push_duration(cells: &mut Cells, column: u32, value: f64) {
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

/// `PT14H30M00S` → `14:30:00`; anything else as it is.
pub(crate) fn push_clock(cells: &mut Cells, column: u32, text: &str) {
    match text.parse::<jiff::SignedDuration>() {
        Ok(time) if !time.is_negative() => {
            push_duration(cells, column, time.as_secs_f64() / 86_400.0)
        }
        _ => cells.set(column, text, Typed::Text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use calamine::ExcelDateTimeType::{DateTime as Day, TimeDelta};

    fn shown(value: f64, in_1904: bool, timed: bool) -> String {
        let mut cells = Cells::default();
        push_date(&mut cells, 0, ExcelDateTime::new(value, Day, in_1904), in_1904, timed);
        cells.get(0).map(|(t, _)| t.to_owned()).unwrap_or_default()
    }

    #[test]
    fn the_false_leap_day_of_1900_is_no_date_and_shifts_none() {
        for (value, in_1904, text) in [
            (1.0, false, "1900-01-01"),
            (59.0, false, "1900-02-28"),
            (60.0, false, "29/02/1900"),
            (61.0, false, "1900-03-01"),
            (45_658.0, false, "2025-01-01"),
            (44_196.0, true, "2025-01-01"),
            (0.0, true, "1904-01-01"),
            (0.0, false, "00/00/0000"),
            (-1.0, false, "########"),
            (f64::NAN, true, "########"),
            (1e300, false, "########"),
        ] {
            assert_eq!(shown(value, in_1904, false), text, "{value} {in_1904}");
        }
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
        assert_eq!(shown(45_658.604_166_666_664, false, true), "2025-01-01T14:30:00");
        assert_eq!(shown(45_658.999_999_999_999, false, true), "2025-01-02T00:00:00");
        assert_eq!(shown(0.5, false, true), "12:00:00");
        let mut cells = Cells::default();
        push_date(&mut cells, 0, ExcelDateTime::new(1.5, TimeDelta, false), false, true);
        push_clock(&mut cells, 1, "PT14H30M05S");
        push_clock(&mut cells, 2, "midi");
        let texts = [0, 1, 2].map(|c| cells.get(c).map(|(t, _)| t.to_owned()).unwrap_or_default());
        assert_eq!(texts, ["36:00:00", "14:30:05", "midi"]);
    }
}
