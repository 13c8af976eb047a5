//! Long campaigns, of which the tests run a fixed-seed sample.

mod imports;
mod writes;

pub use imports::kills;
pub use writes::writes;

use crate::{
    postgres,
    shell::{Outcome, cargo},
};

/// `--kills N`: that many imports and undos, then a tenth as many busy servers, killed at random
/// moments on SQLite and on PostgreSQL (200 by default).
pub fn run(args: &[String]) -> Outcome {
    let wanted: u32 = args
        .iter()
        .position(|a| a == "--kills")
        .and_then(|i| args.get(i + 1))
        .and_then(|n| n.parse().ok())
        .unwrap_or(200);
    cargo(&["build", "--release", "--package", "eclusier-cli"])?;
    kills(wanted, None)?;
    writes(wanted / 10, None)?;
    postgres::with(true, |url| {
        kills(wanted, Some(url))?;
        writes(wanted / 10, Some(url))
    })
}

/// A fixed seed: the same moments at every run, as far as the machine allows.
fn chance() -> impl FnMut(u64) -> u64 {
    let mut seed = 0x9e37_79b9_7f4a_7c15u64;
    move |n| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % n
    }
}
