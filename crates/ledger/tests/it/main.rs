//! Tests of the ledger, in one binary.

mod counts;
mod definitions;
mod history;
mod support;
mod truncation;
