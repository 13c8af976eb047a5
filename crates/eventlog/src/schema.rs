//! Columns of the event log, on disk and in memory.
//!
//! Files hold plain strings so that any Parquet reader opens them; readers here
//! ask for dictionaries where names repeat. One row is one delivered row.

use std::sync::{Arc, LazyLock};

use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};

/// How exact an instant is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// A true instant.
    #[default]
    Instant,
    /// A civil day: `time` is midnight UTC of that day and is never shifted by a zone.
    Day,
}

impl Precision {
    /// Code stored in the `precision` column.
    pub fn code(self) -> u8 {
        match self {
            Precision::Instant => 0,
            Precision::Day => 1,
        }
    }
    /// Reads the stored code; an unknown code is an instant.
    pub fn from_code(code: u8) -> Self {
        if code == 1 { Precision::Day } else { Precision::Instant }
    }
}

/// Case identifier, byte for byte as delivered (text).
pub const CASE: &str = "case";
/// Activity name (text).
pub const ACTIVITY: &str = "activity";
/// Instant of the row, end of the task for start+end rows (µs, UTC).
pub const TIME: &str = "time";
/// Start of the task when the row carries one (µs, UTC, may be null).
pub const START: &str = "start";
/// 0 instant, 1 civil day.
pub const PRECISION: &str = "precision";
/// Lifecycle transition in lower case (`schedule`, `start`, `complete`…), or null.
pub const LIFECYCLE: &str = "lifecycle";
/// Pseudonym of the person or machine, or null.
pub const RESOURCE: &str = "resource";
/// Organisation, or null.
pub const ORG: &str = "org";
/// Unit (service, team), or null.
pub const UNIT: &str = "unit";
/// Product, or null.
pub const PRODUCT: &str = "product";
/// Channel, or null.
pub const CHANNEL: &str = "channel";
/// Other attributes kept by the mapping, a JSON object in text, or null.
pub const ATTRIBUTES: &str = "attributes";
/// Rank of the row in its delivery (0-based): the tie-break of equal instants.
pub const SEQ: &str = "seq";
/// Delivery that brought the row.
pub const DELIVERY: &str = "delivery";

/// Type of instants.
pub fn instant_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

static EVENTS: LazyLock<SchemaRef> = LazyLock::new(|| {
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    Arc::new(Schema::new(vec![
        text(CASE, false),
        text(ACTIVITY, false),
        Field::new(TIME, instant_type(), false),
        Field::new(START, instant_type(), true),
        Field::new(PRECISION, DataType::UInt8, false),
        text(LIFECYCLE, true),
        text(RESOURCE, true),
        text(ORG, true),
        text(UNIT, true),
        text(PRODUCT, true),
        text(CHANNEL, true),
        text(ATTRIBUTES, true),
        Field::new(SEQ, DataType::Int64, false),
        Field::new(DELIVERY, DataType::Int64, false),
    ]))
});

/// Schema of `events` and `delivery` files, sorted by case, time, delivery, seq.
pub fn events() -> SchemaRef {
    EVENTS.clone()
}

/// Which columns a kernel reads: unread columns are never decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Columns {
    /// Starts, lifecycle: needed for tasks.
    pub tasks: bool,
    /// Resource pseudonyms.
    pub resource: bool,
    /// Organisation, unit, product, channel.
    pub dimensions: bool,
    /// The JSON attributes.
    pub attributes: bool,
    /// `seq` and `delivery`.
    pub provenance: bool,
}

impl Columns {
    /// The union of two demands.
    pub fn and(self, other: Columns) -> Columns {
        Columns {
            tasks: self.tasks || other.tasks,
            resource: self.resource || other.resource,
            dimensions: self.dimensions || other.dimensions,
            attributes: self.attributes || other.attributes,
            provenance: self.provenance || other.provenance,
        }
    }

    /// Names of the columns to read. Case, activity, time and precision always are.
    pub fn names(self) -> Vec<&'static str> {
        let mut names = vec![CASE, ACTIVITY, TIME, PRECISION];
        if self.tasks {
            names.extend([START, LIFECYCLE]);
        }
        if self.resource || self.tasks {
            names.push(RESOURCE);
        }
        if self.dimensions {
            names.extend([ORG, UNIT, PRODUCT, CHANNEL]);
        }
        if self.attributes {
            names.push(ATTRIBUTES);
        }
        if self.provenance {
            names.extend([SEQ, DELIVERY]);
        }
        names
    }
}

/// Names read as dictionaries in memory: few distinct values, many rows.
pub const DICTIONARY_COLUMNS: &[&str] =
    &[ACTIVITY, LIFECYCLE, RESOURCE, ORG, UNIT, PRODUCT, CHANNEL];
