//! Speed and memory beside the peers, in one run.

use crate::shell::{Failure, Outcome};

/// Entry point.
pub fn run(_: &[String]) -> Outcome {
    Err(Failure("the benches arrive with the import path".into()))
}
