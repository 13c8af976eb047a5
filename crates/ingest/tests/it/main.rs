//! Tests of the readers on real and hostile files.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    missing_docs
)]

mod common;
mod counts;
mod ocel;
mod parquet;
mod sheet;
mod hostile_text;
mod shared_tables;
mod templates;
mod staff;
mod text_speed;
mod xes;
