//! Tests of the map and of the variants, in one binary: small logs counted by hand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod anomalies;
mod lateness;
mod logs;
mod map;
mod support;
mod traces;
mod variant_groups;
mod variants;
