//! Tests of the lake through its public door.
// Helpers of tests may fail loudly, as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod common;
mod counts;
mod damage;
mod faults;
mod files;
mod histories;
mod kernels;
mod locks;
