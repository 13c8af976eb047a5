//! Models of a process: the block-structured tree that discovery finds and the
//! Petri net on which conformance is measured.
//!
//! Both are plain values. Places, transitions and nodes are numbers; labels are
//! the activity names of the log, so that a model lives without the log it came from.

mod from_tree;
mod net;
mod reduce;
mod tree;

pub use net::{Marking, PetriNet, Transition};
pub use tree::ProcessTree;
