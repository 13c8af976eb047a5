//! Operational state: which files make up each version of the lake, what was
//! imported by whom, the dated configuration, jobs, and the audit log.
//!
//! Everything lives in one SQLite file beside the lake, or in one schema of a
//! PostgreSQL database, so that an import — its files, its ledger row and its audit
//! entry — is one transaction. Commands and a running server may use it at once. No
//! clock is read here: every instant comes in as an argument. The schema in words is
//! in `docs/registry.md`.

mod accounts;
mod audit;
mod backup;
mod catalogue;
mod closing;
mod config;
mod copy;
mod database;
mod database_url;
mod error;
mod grants;
mod imports;
mod jobs;
mod journal;
mod mappings;
mod mounts;
#[cfg(test)]
mod moves;
mod org;
mod postgres;
mod presence;
mod purges;
mod rehearsal;
mod sessions;
mod settings;
mod sqlite;
mod value;
mod workshops;

pub use accounts::{Account, AccountChange, AccountStatus, NewAccount};
pub use audit::{AuditEntry, AuditFault, AuditFaultKind, AuditVerdict};
pub use backup::BackupReport;
pub use catalogue::{ProcessSummary, SnapshotCause, SnapshotRecord};
pub use closing::{ClosedPeriod, Publication, Restatement};
pub use config::{ConfigChange, ConfigVersion};
pub use copy::{CopyProgress, CopyWatch};
pub use database::{OpenOptions, Registry};
pub use database_url::DatabaseUrl;
pub use error::{FileProblem, RegistryError};
pub use grants::{Gate, HeldRole, Token, TokenKind};
pub use imports::{ImportKind, ImportRecord, ImportStatus, LiveDelivery, NewImport, Undone};
pub use jobs::{JobEnd, JobId, JobProgress, JobRecord, JobStatus, NewJob};
pub use journal::JournalQuery;
pub use mappings::SavedMapping;
pub use org::{OrgChange, OrgDelivery};
pub use purges::Purge;
pub use rehearsal::RehearsalRecord;
pub use sessions::Session;
pub use settings::{Body, ControlTotal};
pub use workshops::{ModelRecord, NewModel, WorkshopRecord};
