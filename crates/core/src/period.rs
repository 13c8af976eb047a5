//! Closed periods of civil days and the grains they are cut into.

use jiff::{ToSpan, civil::Date};
use serde::{Deserialize, Serialize};

/// A period of civil days, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Period {
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
}

/// Why a text is not a period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    /// The last day comes before the first.
    #[error("period from {from} to {to}: the end comes before the start")]
    Reversed {
        /// First day given.
        from: Date,
        /// Last day given.
        to: Date,
    },
    /// Not `FROM..TO` with ISO dates.
    #[error("{text:?} is not a period: write 2025-01-01..2025-01-31")]
    Unreadable {
        /// What was given.
        text: String,
    },
}

impl Period {
    /// A period whose ends are in order.
    pub fn new(from: Date, to: Date) -> Result<Self, PeriodError> {
        if to < from {
            return Err(PeriodError::Reversed { from, to });
        }
        Ok(Self { from, to })
    }

    /// Whether the day lies inside.
    pub fn contains(&self, day: Date) -> bool {
        self.from <= day && day <= self.to
    }

    /// Every day, in order.
    pub fn days(self) -> impl Iterator<Item = Date> {
        self.from.series(1.day()).take_while(move |d| *d <= self.to)
    }
}

impl std::fmt::Display for Period {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}..{}", self.from, self.to)
    }
}

impl std::str::FromStr for Period {
    type Err = PeriodError;
    fn from_str(text: &str) -> Result<Self, PeriodError> {
        let unreadable = || PeriodError::Unreadable { text: text.to_owned() };
        let (from, to) = text.split_once("..").ok_or_else(unreadable)?;
        let from = from.trim().parse().map_err(|_| unreadable())?;
        let to = to.trim().parse().map_err(|_| unreadable())?;
        Self::new(from, to)
    }
}

/// How finely a period is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grain {
    /// Civil day.
    #[default]
    Day,
    /// ISO week, Monday first; week 53 exists.
    Week,
    /// Calendar month.
    Month,
}

impl Grain {
    /// First day of the bucket that holds `day`.
    pub fn start_of(self, day: Date) -> Date {
        match self {
            Grain::Day => day,
            Grain::Week => {
                let back = i64::from(day.weekday().to_monday_zero_offset());
                day.checked_sub(back.days()).unwrap_or(day)
            }
            Grain::Month => day.first_of_month(),
        }
    }

    /// First day of the bucket after the one that holds `day`.
    pub fn next(self, day: Date) -> Date {
        let start = self.start_of(day);
        let span = match self {
            Grain::Day => 1.day(),
            Grain::Week => 1.week(),
            Grain::Month => 1.month(),
        };
        start.checked_add(span).unwrap_or(Date::MAX)
    }

    /// Name of the bucket that holds `day`: `2025-01-31`, `2026-W53`, `2025-01`.
    pub fn name(self, day: Date) -> String {
        match self {
            Grain::Day => day.to_string(),
            Grain::Week => {
                let week = day.iso_week_date();
                format!("{:04}-W{:02}", week.year(), week.week())
            }
            Grain::Month => format!("{:04}-{:02}", day.year(), day.month()),
        }
    }
}

impl std::str::FromStr for Grain {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "day" => Ok(Grain::Day),
            "week" => Ok(Grain::Week),
            "month" => Ok(Grain::Month),
            other => Err(format!("{other:?} is not day, week or month")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn week_53_exists_and_belongs_to_its_iso_year() {
        assert_eq!(Grain::Week.name(date(2021, 1, 3)), "2020-W53");
        assert_eq!(Grain::Week.start_of(date(2021, 1, 3)), date(2020, 12, 28));
        assert_eq!(Grain::Week.next(date(2021, 1, 3)), date(2021, 1, 4));
    }

    #[test]
    fn months_end_where_the_next_begins() {
        assert_eq!(Grain::Month.next(date(2024, 2, 29)), date(2024, 3, 1));
        assert_eq!(Grain::Month.next(date(2025, 12, 31)), date(2026, 1, 1));
    }

    #[test]
    fn a_reversed_period_is_refused() {
        assert!("2025-02-01..2025-01-01".parse::<Period>().is_err());
        assert!("2025-02-01".parse::<Period>().is_err());
        let p: Period = "2025-02-01..2025-02-03".parse().unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(p.days().count(), 3);
    }
}
