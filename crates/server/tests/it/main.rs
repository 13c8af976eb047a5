//! The site, asked as a browser or a script asks it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout
)]

mod changes;
mod common;
mod contract;
mod doors;
mod inbox;
mod individuals;
mod matrix;
mod oidc;
mod operations;
mod people;
mod problems;
mod schema;
mod scim;
mod sign_in;
mod staff;
