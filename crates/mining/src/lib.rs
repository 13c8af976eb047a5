//! What the log says of the work: the process map, the variants, the profile
//! of a log and the duration of each case, as kernels over the event log.

pub mod anomalies;
pub mod bpmn;
pub mod calendars;
pub mod chance;
pub mod conformance;
pub mod costs;
pub mod discovery;
pub mod handovers;
pub mod lateness;
pub mod lead_times;
pub mod map;
pub mod model;
pub mod profile;
pub mod rework;
pub mod rows;
pub mod starts;
pub mod stats;
mod steps;
pub mod suitability;
pub mod task_log;
pub mod timeline;
pub mod traces;
pub mod unit_times;
pub mod unknown;
pub mod value_stream;
pub mod variant_groups;
pub mod variants;
pub mod waits;
pub mod weeks;

pub use conformance::{
    AlignOptions, Alignments, Conformance, ConformanceError, align, token_replay,
};
pub use costs::{Capacity, Cents, CostError, Costs, Price, Volume, costs, volumes};
pub use handovers::{By, HandOverKernel, HandOvers};
pub use lead_times::{CaseSpan, LeadTimes};
pub use map::{Edge, Map, MapKernel, Node, Span};
pub use model::{Marking, PetriNet, ProcessTree, Transition};
pub use profile::{Profile, ProfileKernel};
pub use rework::{Rework, ReworkKernel};
pub use rows::Rows;
pub use suitability::{ProcessFacts, Suitability, SuitabilityOptions, suitability};
pub use task_log::{CaseRow, Known, TaskLog, TaskLogKernel, TaskRow};
pub use timeline::{CaseTimeline, TimelineKernel, TimelineTask, case_timeline};
pub use traces::{Trace, Traces, TracesKernel};
pub use unit_times::{ActivityTime, UnitTimeOptions, UnitTimes, UnitTimesError, unit_times};
pub use unknown::Unknown;
pub use value_stream::{ValueStream, ValueStreamError, value_stream};
pub use variant_groups::{
    GroupOptions, VariantGroup, VariantGroups, VariantPaths, VariantPathsKernel, group_variants,
};
pub use variants::{
    HappyRule, NoWorkedTime, OutcomeShare, Outcomes, Path, PathTimes, Variant, Variants,
    VariantsKernel,
};
pub use weeks::{Week, WeeksKernel};
