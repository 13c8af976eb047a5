//! The two readings of a log, from the vocabulary.

pub use eclusier_eventlog::{Rows, Step};
