//! Files in, events or movements and findings out. Detection proposes, a person
//! corrects, the mapping is saved; identifiers of people are replaced at the door.
//!
//! Readers stream: rows go to an [`EventSink`] in batches, refused rows to a
//! [`Quarantine`], so memory does not grow with the file, except where a format
//! forbids it, which the report then says.

pub mod absences;
pub mod context;
pub mod counts;
pub mod csv;
pub mod detect;
mod door;
pub mod error;
mod events;
pub mod finding;
pub mod ical;
pub mod identity;
mod lifecycle;
pub mod mapping;
pub mod nir;
pub mod ocel;
pub mod parquet_in;
mod people;
pub mod preview;
pub mod read;
pub mod rows;
pub mod rules;
pub mod series;
pub mod sheet;
pub mod source;
pub mod staff;
pub mod table;
pub mod templates;
pub mod values;
mod words;
pub mod xes;
mod xml;

pub use context::{Context, EventReport, Limits};
pub use error::IngestError;
pub use finding::{Code, Finding, Findings};
pub use identity::Pseudonymiser;
pub use lifecycle::lifecycle_findings;
pub use mapping::{DateOrder, Decimal, Encoding, Format, Kind, Mapping};
pub use preview::{Hints, Preview};
pub use read::{format_of, inspect, read_events};
pub use rows::{
    EventRow, EventSink, Progress, Quarantine, RefusedRow, RowStats, RowWriter, SinkError,
};
pub use table::{Row, RowSource, Typed};
pub use words::normal as plain;
