//! The site, asked as a browser or a script asks it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod changes;
mod common;
mod contract;
mod doors;
mod inbox;
mod operations;
mod people;
mod problems;
mod schema;
