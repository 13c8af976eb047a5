//! Use cases, one file per noun: they join reading, storing and computing, and
//! know nothing of HTTP or terminals.

pub mod absences;
mod access;
pub mod accounts;
mod answers;
mod app;
pub mod audits;
pub mod backups;
pub mod cases;
pub mod cockpit;
pub mod config_files;
pub mod configs;
pub mod counts;
pub mod demo;
pub mod directory;
pub mod error;
pub mod exports;
pub mod figures;
pub mod flow;
pub mod foresight;
mod home;
pub mod imports;
pub mod individuals;
pub mod jobs;
pub mod logs;
pub mod losses;
pub mod models;
pub mod organisation;
pub mod pages;
pub mod people;
pub mod previews;
pub mod processes;
pub mod promises;
pub mod publications;
pub mod retention;
mod rights;
pub mod series;
pub mod sign_in;
mod small;
pub mod staff;
mod staff_changes;
mod staff_files;
pub mod streams;
pub mod study;
pub mod suitability;
pub mod system;
pub mod upkeep;
pub mod waits;
pub mod work;
pub mod workshops;

pub use app::{App, AppOptions, Change};
pub use eclusier_core::{
    Access, Figure, Grain, Lang, Period, Permission, ProcessId, config::Awaited,
};
pub use eclusier_eventlog::{Dimensions, Filter, MovementKind, VariantId};
pub use eclusier_ingest::{Finding, Kind, Mapping};
pub use eclusier_ledger::{
    Action, AgeStrata, CaseState, GroupBy, LedgerRow, ReturnToTarget, definitions,
};
pub use eclusier_mining as mining;
pub use eclusier_mining::{CaseSpan, Profile, Rows};
pub use eclusier_registry::{
    DatabaseUrl, ImportRecord, ImportStatus as ImportRecordStatus, JobId, JobRecord, JobStatus,
};
pub use error::{AppError, AppResult};
pub use home::Home;
pub use study::Study;
