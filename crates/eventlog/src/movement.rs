//! Movements: what enters, leaves, is held, reopened, cancelled or transferred,
//! posted to a daily ledger as in accounting.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// What a movement does to the stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MovementKind {
    /// Items received.
    Arrivals,
    /// Items settled by a person.
    SettledHuman,
    /// Items settled without human action.
    SettledAuto,
    /// Items cancelled.
    Cancelled,
    /// Items sent to another body.
    Transferred,
    /// Items reopened.
    Reopened,
    /// Signed correction.
    Corrections,
    /// Stock delivered at the end of the day (a level, not a flow).
    ClosingStock,
}

impl MovementKind {
    /// Every kind, in ledger order.
    pub const ALL: [MovementKind; 8] = [
        MovementKind::Arrivals,
        MovementKind::SettledHuman,
        MovementKind::SettledAuto,
        MovementKind::Cancelled,
        MovementKind::Transferred,
        MovementKind::Reopened,
        MovementKind::Corrections,
        MovementKind::ClosingStock,
    ];

    /// Stable name, as in files and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            MovementKind::Arrivals => "arrivals",
            MovementKind::SettledHuman => "settled_human",
            MovementKind::SettledAuto => "settled_auto",
            MovementKind::Cancelled => "cancelled",
            MovementKind::Transferred => "transferred",
            MovementKind::Reopened => "reopened",
            MovementKind::Corrections => "corrections",
            MovementKind::ClosingStock => "closing_stock",
        }
    }

    /// Reads the stable name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == name)
    }
}

/// Where a movement happens. `None` is "not said", a group of its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Dimensions {
    /// Organisation.
    pub org: Option<String>,
    /// Unit (service, team).
    pub unit: Option<String>,
    /// Product.
    pub product: Option<String>,
    /// Channel.
    pub channel: Option<String>,
}

/// One line of a spreadsheet of daily counts, or one day's total of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Movement {
    /// Civil day in the body's zone.
    pub day: Date,
    /// Where.
    pub dimensions: Dimensions,
    /// What.
    pub kind: MovementKind,
    /// How many (signed for corrections).
    pub count: i64,
}
