//! Process trees: blocks inside blocks, sound by construction.

use serde::{Deserialize, Serialize};

/// A block-structured model.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProcessTree {
    /// A step of the log.
    Activity(String),
    /// Nothing happens.
    Silent,
    /// One after the other.
    Sequence(Vec<ProcessTree>),
    /// Exactly one of them.
    Choice(Vec<ProcessTree>),
    /// All of them, in any interleaving.
    Parallel(Vec<ProcessTree>),
    /// The first, then any number of times one of the others followed by the first again.
    Loop(Vec<ProcessTree>),
}
