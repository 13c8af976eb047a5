//! What the calendar promises, against public tables, brute force and the time zone library.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

mod clock;
mod counting;
mod holidays;
mod school;
mod shared;
mod zones;
