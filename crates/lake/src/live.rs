//! Which delivered rows are live.
//!
//! - Computes: the live rows of a case as a pure function of the ordered list of
//!   live deliveries. Each delivery in turn first removes the rows of its source
//!   that lie in the period it replaces, then adds its rows, except those whose
//!   business key an earlier delivery already brought.
//! - Units: instants in microseconds since 1970 UTC; a period is civil days of a zone.
//! - Shapes: rows of one case in, the rows kept out.
//! - Errors: [`LakeError::Period`] when a day cannot be placed in its zone.
//! - Source: DOMAIN §4, idempotence and replacement.

use eclusier_core::{DeliveryId, Period};
use jiff::tz::TimeZone;

use crate::LakeError;

/// Rows a delivery replaces: those of its source whose event date lies in the period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// Civil days, both ends included.
    pub period: Period,
    /// Zone in which the civil day of an instant is read. A date-only row is its own day.
    pub zone: TimeZone,
}

/// A delivery whose rows take part in the live events, as the registry remembers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveDelivery {
    /// Its number.
    pub id: DeliveryId,
    /// Its source: business keys and replacements only concern rows of one source.
    pub source: String,
    /// What it replaced, if it did.
    pub replaced: Option<Replacement>,
}

/// How a new delivery joins the live events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergePolicy {
    /// Source of the delivery.
    pub source: String,
    /// Rows of the same source to replace, if asked for.
    pub replace: Option<Replacement>,
    /// Live deliveries of the base version, in the order in which they were committed.
    pub live: Vec<LiveDelivery>,
}

/// A replaced period placed on the time line, so that a row is tested by two comparisons.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    instants: (i64, i64),
    days: (i64, i64),
}

impl Window {
    pub(crate) fn new(replacement: &Replacement) -> Result<Self, LakeError> {
        let Replacement { period, zone } = replacement;
        let wrong = |source| LakeError::Period { period: period.to_string(), source };
        // A zone may skip midnight: the day then begins at its first instant.
        let begin = |day: jiff::civil::Date, zone: &TimeZone| {
            day.to_zoned(zone.clone())
                .and_then(|z| z.start_of_day())
                .map(|z| z.timestamp().as_microsecond())
        };
        let after = period.to.tomorrow().ok();
        let end = |zone: &TimeZone| match after {
            Some(day) => begin(day, zone).map_err(wrong),
            None => Ok(i64::MAX),
        };
        Ok(Self {
            instants: (begin(period.from, zone).map_err(wrong)?, end(zone)?),
            days: (begin(period.from, &TimeZone::UTC).map_err(wrong)?, end(&TimeZone::UTC)?),
        })
    }

    /// Whether a row lies in the period.
    pub(crate) fn holds(&self, time: i64, day_precision: bool) -> bool {
        let (from, until) = if day_precision { self.days } else { self.instants };
        from <= time && time < until
    }

    /// Whether a span of instants may hold rows of the period.
    pub(crate) fn may_meet(&self, first: i64, last: i64) -> bool {
        let from = self.instants.0.min(self.days.0);
        let until = self.instants.1.max(self.days.1);
        from <= last && first < until
    }
}
