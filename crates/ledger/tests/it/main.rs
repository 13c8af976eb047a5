//! Tests of the ledger, in one binary.

// A test that cannot go on says so by stopping; helpers are tests too.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::field_reassign_with_default
)]

mod counts;
mod definitions;
mod edges;
mod history;
mod queue;
mod support;
mod truncation;
