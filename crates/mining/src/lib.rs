//! What the log says of the work: the process map, the variants, the profile
//! of a log and the duration of each case, as kernels over the event log.

pub mod anomalies;
pub mod chance;
pub mod lateness;
pub mod lead_times;
pub mod map;
pub mod model;
pub mod profile;
pub mod rows;
pub mod stats;
pub mod task_log;
pub mod timeline;
pub mod traces;
pub mod variant_groups;
pub mod variants;
pub mod weeks;

pub use lead_times::{CaseSpan, LeadTimes};
pub use map::{Edge, Map, MapKernel, Node, Span};
pub use model::{Marking, PetriNet, ProcessTree, Transition};
pub use profile::{Profile, ProfileKernel};
pub use rows::Rows;
pub use task_log::{CaseRow, Known, TaskLog, TaskLogKernel, TaskRow};
pub use timeline::{CaseTimeline, TimelineKernel, TimelineTask, case_timeline};
pub use traces::{Trace, Traces, TracesKernel};
pub use variant_groups::{
    GroupOptions, VariantGroup, VariantGroups, VariantPaths, VariantPathsKernel, group_variants,
};
pub use variants::{
    HappyRule, NoWorkedTime, OutcomeShare, Outcomes, Path, PathTimes, Variant, Variants,
    VariantsKernel,
};
pub use weeks::{Week, WeeksKernel};
