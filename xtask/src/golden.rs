//! Rewrites reviewed expectations by one command; the diff is then read by a person.

use crate::shell::{Outcome, command, run as start};

/// Runs the tests, accepting every new snapshot.
pub fn run() -> Outcome {
    let mut tests = command("cargo", ["test", "--workspace"]);
    tests.env("INSTA_UPDATE", "always");
    start(tests)
}
