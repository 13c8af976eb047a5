//! Pages: what is on them, where, and what is read of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod read;
mod samples;
mod stream;
mod table;
