//! Separated text in all its French disguises.

pub mod decode;
pub mod split;
