//! Tests of the lake through its public door.

mod common;
mod histories;
