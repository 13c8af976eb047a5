//! The vocabulary as its callers use it: one binary for all modules.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod org;
