//! The time of a body: worked, *ouvrable* and calendar days, dated French
//! holidays by zone, school holidays, local closures and half-days, and the
//! civil day of an instant in a time zone.
//!
//! - Computes: [`Calendar`] counts and adds days; [`holidays`] dates the
//!   holidays of a zone; [`Zone`] gives the civil day of an instant;
//!   [`is_school_holiday`] tells the school holidays; [`WorkClock`] measures worked time.
//! - Units: civil days; instants in microseconds since 1970 UTC.
//! - Shapes: dates in, counts or dates out, each in constant time.
//! - Errors: [`CalendarError`] when a zone or a working week cannot be read;
//!   counting never fails, it saturates at the ends of the range.
//! - Source: French labour code (L3133-1, L3134-13, L3422-2) and the texts named in
//!   `docs/methods/calendar.md`.

mod clock;
mod day;
mod error;
mod holidays;
mod school;
mod worked;
mod zone;

pub use clock::{Opening, WorkClock, openings, usual_openings};
pub use day::{date_of, day_number};
pub use error::CalendarError;
pub use holidays::{Holiday, HolidayZone, easter, holidays};
pub use school::{SchoolHoliday, SchoolZone, is_school_holiday, school_holiday, school_period};
pub use worked::{Calendar, FIRST_YEAR, LAST_YEAR};
pub use zone::{Ambiguity, Zone};
