//! Why a figure is not known: the screens word it, nobody reads a 0 that is not one.
//!
//! - Computes: nothing; names the reasons.
//! - Units: counts of what there was.
//! - Shapes: one value beside a `None`.
//! - Errors: none; this is what stands in for them.
//! - Source: DOMAIN rule 3: 0, nothing to measure and unknown are three values.

use serde::{Deserialize, Serialize};

/// What the log lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Unknown {
    /// No case, or no step of this kind.
    NothingToMeasure,
    /// No task has both its start and its end.
    NoIntervals,
    /// Instants are civil days: no worked time can be told from them.
    DaysOnly,
    /// Nobody is named.
    NoResources,
    /// No unit (team) is named.
    NoUnits,
    /// No unit time is known for this work.
    NoUnitTimes,
    /// The log covers no length of time.
    NoPeriod,
    /// No return is configured.
    NoReturnsConfigured,
    /// Too few observations for a figure.
    TooFew {
        /// How many there are.
        n: u64,
    },
    /// Too few people for a figure that is nobody's.
    TooFewPeople {
        /// How many there are.
        n: u64,
    },
    /// Shown, it would let a figure of too few people be worked out from the total.
    HiddenWithAnother,
}
