//! Why a calendar cannot be built.

/// Why a calendar cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// The holiday zone is not one of ours.
    #[error("unknown holiday zone {name:?}: write for example metropole or alsace-moselle")]
    UnknownHolidayZone {
        /// What was given.
        name: String,
    },
    /// The school zone is not one of ours.
    #[error("unknown school zone {name:?}: write A, B, C or corse")]
    UnknownSchoolZone {
        /// What was given.
        name: String,
    },
    /// The time zone is not in the database.
    #[error("unknown time zone {name:?}: write for example Europe/Paris")]
    UnknownTimeZone {
        /// What was given.
        name: String,
    },
    /// A weekday outside Monday (1) to Sunday (7), or no weekday at all.
    #[error(
        "worked weekdays {given:?}: a non-empty list of numbers from 1 (Monday) to 7 is expected"
    )]
    WorkedWeekdays {
        /// What was given.
        given: Vec<u8>,
    },
    /// A dated configuration without any version.
    #[error("no version of the rules: a calendar needs at least one")]
    NoVersion,
    /// Opening hours that end before they begin.
    #[error("open from {from} to {to}: the end must come after the beginning")]
    Opening {
        /// Opens.
        from: jiff::civil::Time,
        /// Closes.
        to: jiff::civil::Time,
    },
}
