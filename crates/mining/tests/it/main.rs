//! Tests of the map and of the variants, in one binary: small logs counted by hand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bpmn;
mod costs;
mod discovery;
mod handovers;
mod language;
mod logs;
mod map;
mod rework;
mod suitability;
mod support;
mod traces;
mod unit_times;
mod value_stream;
mod variants;
mod waits;
mod work;
