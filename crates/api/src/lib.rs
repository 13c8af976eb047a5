//! Wire types: the only types sent over HTTP or printed as command JSON.
//!
//! Names are `snake_case` English; unknown is `null`; instants are RFC 3339 UTC
//! text, days ISO dates; floats keep their full precision. Words meant for a
//! person come as [`Text`], both languages at once, so that a client never translates.

pub mod cockpit;
pub mod common;
pub mod config;
pub mod data;
pub mod flow;
pub mod foresight;
pub mod mining;
pub mod people;
pub mod problem;

pub use cockpit::*;
pub use common::*;
pub use config::*;
pub use data::*;
pub use flow::*;
pub use foresight::*;
pub use mining::*;
pub use people::*;
pub use problem::*;
