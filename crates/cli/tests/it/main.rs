//! The program as scripts see it: the binary, its exit codes and what it prints.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs
)]

mod backup;
mod common;
mod contract;
mod forecast;
mod logs;
mod settings;
mod workshop;
