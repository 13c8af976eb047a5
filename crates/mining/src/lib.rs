//! What the log says of the work: the process map, the variants, the profile
//! of a log and the duration of each case, as kernels over the event log.

pub mod conformance;
pub mod lead_times;
pub mod map;
pub mod model;
pub mod profile;
pub mod rows;
pub mod stats;
pub mod task_log;
pub mod traces;
pub mod variants;
pub mod weeks;

pub use conformance::{
    AlignOptions, Alignments, Conformance, ConformanceError, align, token_replay,
};
pub use lead_times::{CaseSpan, LeadTimes};
pub use map::{Edge, Map, MapKernel, Node};
pub use model::{Marking, PetriNet, ProcessTree, Transition};
pub use profile::{Profile, ProfileKernel};
pub use rows::Rows;
pub use task_log::{CaseRow, Known, TaskLog, TaskLogKernel, TaskRow};
pub use traces::{Trace, Traces, TracesKernel};
pub use variants::{Variant, Variants, VariantsKernel};
pub use weeks::{Week, WeeksKernel};
