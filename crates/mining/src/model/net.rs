//! Accepting Petri nets: places, transitions, where a case begins and where it may end.

use serde::{Deserialize, Serialize};

/// Tokens by place, sorted by place, no zero count.
pub type Marking = Vec<(u32, u32)>;

/// A transition; every arc has weight one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Transition {
    /// Name unique in the net.
    pub name: String,
    /// Activity of the log; `None` for a silent step.
    pub label: Option<String>,
    /// Places it takes a token from, sorted, each once.
    pub inputs: Vec<u32>,
    /// Places it gives a token to, sorted, each once.
    pub outputs: Vec<u32>,
}

/// A Petri net with its initial and final markings.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PetriNet {
    /// Names of the places, by number.
    pub places: Vec<String>,
    /// Transitions, by number.
    pub transitions: Vec<Transition>,
    /// Where a case begins.
    pub initial: Marking,
    /// Where a case may end.
    pub end: Marking,
}
