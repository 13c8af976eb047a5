//! Forecasts from the outside.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod boost;
mod competitions;
mod eta;
mod panel;
mod regression;
