//! A believable case-processing body, made from a seed: for the demo, the tests and the benches.
//!
//! - Computes: the events of several processes over two years, with channels,
//!   seasons, holidays, campaigns, holds, returns, reopenings, limited capacity
//!   and therefore a stock that builds and recedes; and daily counts of a
//!   process that has nothing else.
//! - Units: instants in microseconds since 1970 UTC; civil days of Europe/Paris.
//! - Shapes: one stream of [`SynthEvent`] per process, made day by day, so that
//!   memory holds the open cases and one day of events.
//! - Errors: [`SynthError`] when a size is unknown or a file cannot be written.
//! - Source: `docs/methods/synthetic-body.md`; shares of channels of the mutual from the
//!   public case study of 2013. All names of bodies and people are invented.

mod body;
mod counts;
mod desk;
mod error;
mod roster;
mod season;
mod spec;
mod staff;
mod stream;
mod write;

pub use body::{Body, Process, Size};
pub use counts::CountRow;
pub use error::SynthError;
pub use roster::{Away, Worker, roster};
pub use stream::{DayTruth, ProcessStream, SynthEvent, Truth};
pub use write::{write_counts_csv, write_csv};

/// Time zone of every synthetic body.
pub const ZONE: &str = "Europe/Paris";
