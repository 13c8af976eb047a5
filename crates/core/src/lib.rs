//! The vocabulary every room speaks: identifiers, periods, rates, figures that
//! explain themselves, the dated configuration of a process, and the values of
//! the catalogue. No file, clock, network or randomness lives here.

pub mod catalogue;
pub mod config;
pub mod figure;
pub mod ids;
pub mod lang;
pub mod masking;
pub mod org;
pub mod period;
pub mod rate;
pub mod rights;

pub use catalogue::{Commit, DataFile, FileKind, Snapshot};
pub use config::{Awaited, ConfigProblem, DatedRules, ProcessRules};
pub use figure::{Figure, Unit};
pub use ids::{DeliveryId, IdError, OrgId, ProcessId, SnapshotId};
pub use lang::Lang;
pub use org::{NodeId, Organisation, PersonId, RowScope};
pub use period::{Grain, Period, PeriodError};
pub use rate::Rate;
pub use rights::{Access, Denied, Permission};
