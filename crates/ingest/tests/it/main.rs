//! Tests of the readers on real and hostile files.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    missing_docs
)]

mod absences;
mod common;
mod counts;
mod hostile_text;
mod ocel;
mod parquet;
mod shared_tables;
mod sheet;
mod staff;
mod templates;
mod text_speed;
mod xes;
