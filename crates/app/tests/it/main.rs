//! The use cases, on a data directory of their own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod backups;
mod cockpit;
mod common;
mod configs;
mod exports;
mod figures;
mod foresight;
mod imports;
mod jobs;
mod organisation;
mod organisation_imports;
mod privacy;
mod publications;
mod refusals;
mod together;
mod totals;
