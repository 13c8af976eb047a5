//! Operational state: which files make up each version of the lake, what was
//! imported by whom, the dated configuration, jobs, and the audit log.
//!
//! Everything lives in one SQLite file beside the lake, so that an import — its
//! files, its ledger row and its audit entry — is one transaction. Commands and
//! a running server may hold the file open at once. No clock is read here: every
//! instant comes in as an argument. The schema in words is in `docs/registry.md`.

mod audit;
mod backup;
mod catalogue;
mod closing;
mod config;
mod error;
mod imports;
mod jobs;
mod mappings;
mod mounts;
mod presence;
mod settings;
mod sqlite;
mod value;

pub use audit::{AuditEntry, AuditFault, AuditFaultKind, AuditVerdict};
pub use backup::BackupReport;
pub use catalogue::{ProcessSummary, SnapshotCause, SnapshotRecord};
pub use closing::{ClosedPeriod, Publication, Restatement};
pub use config::{ConfigChange, ConfigVersion};
pub use error::{FileProblem, RegistryError};
pub use imports::{ImportKind, ImportRecord, ImportStatus, LiveDelivery, NewImport, Undone};
pub use jobs::{JobEnd, JobId, JobProgress, JobRecord, JobStatus, NewJob};
pub use mappings::SavedMapping;
pub use settings::{Body, ControlTotal};
pub use sqlite::{OpenOptions, Registry};
