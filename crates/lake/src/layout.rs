//! Where files stand: `<process>/events/month=YYYY-MM/<name>.parquet` and its neighbours.

use eclusier_core::{DeliveryId, FileKind, ProcessId, SnapshotId};
use jiff::civil::Date;
use sha2::{Digest, Sha256};

/// A month of the proleptic Gregorian calendar, counted from January of year 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Month(i32);

const DAY_US: i64 = 86_400_000_000;
const LAST_MONTH: i64 = 9999 * 12 + 11;

impl Month {
    /// UTC month of an instant. Instants outside years 0 to 9999 fall in the nearest month.
    pub(crate) fn of(time_us: i64) -> Self {
        // Days since 1 March of year 0, cut in eras of 400 years (146,097 days).
        let days = time_us.div_euclid(DAY_US) + 719_468;
        let era = days.div_euclid(146_097);
        let day = days.rem_euclid(146_097);
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let march_based = (5 * day + 2) / 153;
        let months = (era * 400 + year) * 12 + march_based + 2;
        Self(i32::try_from(months.clamp(0, LAST_MONTH)).unwrap_or(0))
    }

    /// The month that holds a day.
    pub(crate) fn of_day(day: Date) -> Self {
        Self((i32::from(day.year()) * 12 + i32::from(day.month()) - 1).max(0))
    }

    /// Its first day.
    pub(crate) fn first_day(self) -> Date {
        let year = i16::try_from(self.0 / 12).unwrap_or(9999);
        let month = i8::try_from(self.0 % 12 + 1).unwrap_or(1);
        Date::new(year, month, 1).unwrap_or(Date::ZERO)
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.0 / 12, self.0 % 12 + 1)
    }
}

/// Folder, below the root, of the files of a kind.
pub(crate) fn folder(
    process: &ProcessId,
    kind: FileKind,
    delivery: DeliveryId,
    month: Option<Month>,
) -> String {
    match (kind, month) {
        (FileKind::Events, Some(month)) => format!("{process}/events/month={month}"),
        (FileKind::Events, None) => format!("{process}/events"),
        (FileKind::Delivery, Some(month)) => {
            format!("{process}/deliveries/{delivery}/month={month}")
        }
        (FileKind::Delivery, None) => format!("{process}/deliveries/{delivery}"),
        (FileKind::Counts, _) => format!("{process}/counts/{delivery}"),
    }
}

/// Name of a file: its content and the version it was built on, so that the same history gives
/// the same names and no two versions ever claim one path.
pub(crate) fn file_name(sha256: &str, base: SnapshotId) -> String {
    let digest = Sha256::digest(format!("{sha256}@{base}"));
    let short = hex::encode(digest);
    format!("{}.parquet", short.get(..24).unwrap_or(&short))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_agree_with_the_calendar() {
        for day in [-800_000_i64, -1, 0, 58, 59, 60, 365, 11_016, 18_321, 18_322, 20_000, 2_900_000]
        {
            let date = Date::constant(1970, 1, 1)
                .checked_add(jiff::Span::new().days(day))
                .map(|d| d.first_of_month());
            if let Ok(first) = date.map(|d| if d.year() < 0 { Date::constant(0, 1, 1) } else { d })
            {
                assert_eq!(Month::of(day * DAY_US).first_day(), first, "day {day}");
                assert_eq!(Month::of(day * DAY_US + DAY_US - 1).first_day(), first, "day {day}");
                assert_eq!(Month::of_day(first).first_day(), first);
            }
        }
    }

    #[test]
    fn instants_out_of_the_calendar_have_a_month_too() {
        assert_eq!(Month::of(i64::MIN).to_string(), "0000-01");
        assert_eq!(Month::of(i64::MAX).to_string(), "9999-12");
        assert_eq!(Month::of(0).to_string(), "1970-01");
    }
}
