//! Tests of the map and of the variants, in one binary: small logs counted by hand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod anomalies;
mod bpmn;
mod conformance;
mod costs;
mod discovery;
mod handovers;
mod language;
mod lateness;
mod logs;
mod map;
mod rework;
mod suitability;
mod support;
mod traces;
mod unit_times;
mod value_stream;
mod variant_groups;
mod variants;
mod waits;
mod work;
