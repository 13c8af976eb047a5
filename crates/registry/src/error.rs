//! Why the registry could not answer.

use std::path::PathBuf;

use eclusier_core::{ConfigProblem, DeliveryId, Period, ProcessId, SnapshotId};
use jiff::civil::Date;

use crate::{JobId, JobStatus};

/// Why the registry could not answer or refused to write. Nothing was written, unless it
/// is [`RegistryError::Uncertain`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// SQLite locks do not hold on a network file system: two writers would corrupt the file.
    #[error(
        "{path} lies on a network file system ({file_system} mounted on {mount_point}): \
         keep the data directory on a local disk"
    )]
    NetworkFileSystem {
        /// The registry's file.
        path: PathBuf,
        /// Type of the file system.
        file_system: String,
        /// Where it is mounted.
        mount_point: PathBuf,
    },
    /// Somebody else changed the record first.
    #[error("{what} {id} was changed meanwhile")]
    Stale {
        /// Kind of record.
        what: &'static str,
        /// Which one.
        id: String,
    },
    /// A change of the organisation that breaks one of its rules.
    #[error(transparent)]
    Organisation(eclusier_core::org::OrgFault),
    /// No such record.
    #[error("{what} {id} does not exist")]
    Missing {
        /// Kind of record.
        what: &'static str,
        /// Which one.
        id: String,
    },
    /// A name that must be unique is used already.
    #[error("{what} is already taken")]
    Taken {
        /// Kind of name.
        what: &'static str,
    },
    /// The file was written by a later version of the program.
    #[error(
        "the registry has schema {found}, this program knows up to {known}: use a newer program"
    )]
    SchemaTooNew {
        /// Version in the file.
        found: i64,
        /// Latest version known.
        known: i64,
    },
    /// A migration already applied differs from the one in this program.
    #[error("migration {version} of the registry is not the one this program knows")]
    MigrationChanged {
        /// Number of the migration.
        version: i64,
    },
    /// The schema must be raised, but another process works with the old one.
    #[error(
        "the registry must be upgraded from schema {found} to {known} while another process \
         uses it: stop the server, then start again"
    )]
    UpgradeNeedsStop {
        /// Version in the file.
        found: i64,
        /// Version wanted.
        known: i64,
    },
    /// The file exists but is not a registry.
    #[error("{path} is not a registry of this program")]
    NotARegistry {
        /// The file.
        path: PathBuf,
    },
    /// The data directory's registry is in another database than the one asked for.
    #[error(
        "{path}: the registry of this data directory is in {known}; to change databases, \
         restore a backup into a new data directory"
    )]
    OtherDatabase {
        /// The registry's path.
        path: PathBuf,
        /// Where it is.
        known: &'static str,
    },
    /// The address of a database that cannot be used; it is not repeated, as it holds a password.
    #[error(
        "the address of the database {problem}; \
         expected postgres://user:password@host:port/database"
    )]
    DatabaseUrl {
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A restoration never overwrites.
    #[error("{path} already holds a registry: a restoration never overwrites")]
    NotEmpty {
        /// The registry's path, or its database and schema.
        path: PathBuf,
    },
    /// The schema that this data directory made is not in the database.
    #[error(
        "{place} has no schema {schema}, where this data directory keeps its registry: \
         check the address, or restore a backup"
    )]
    SchemaGone {
        /// Database, host and port.
        place: String,
        /// Its schema.
        schema: String,
    },
    /// The PostgreSQL server is not set up as the registry needs.
    #[error("{place}: {setting} is {found}, {wanted} is required")]
    ServerSetting {
        /// Database, host and port.
        place: String,
        /// Setting.
        setting: &'static str,
        /// Value read back.
        found: String,
        /// Value required.
        wanted: &'static str,
    },
    /// The connection to the database was lost or could not be made; nothing was written.
    #[error("{place} cannot be reached")]
    Unreachable {
        /// Database, host and port.
        place: String,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// The connection was lost while committing: read again to know whether it was written.
    #[error("the connection to {place} was lost while committing")]
    Uncertain {
        /// Database, host and port.
        place: String,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// The database let nobody in, or not with these rights.
    #[error("{place} refused the registry's role")]
    Refused {
        /// Database, host and port.
        place: String,
        /// Why, in the words of the server.
        #[source]
        source: sqlx::Error,
    },
    /// SQLite did not accept write-ahead logging.
    #[error("{path}: journal mode is {found}, wal is required")]
    JournalMode {
        /// The file.
        path: PathBuf,
        /// Mode read back.
        found: String,
    },
    /// The file is damaged.
    #[error("{path} is damaged: {problem}; restore the last backup")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// First problem named by the integrity check.
        problem: String,
    },
    /// Another version was committed meanwhile: read again and start over.
    #[error("process {process}: version {base} was built upon, but version {head} is now current")]
    Conflict {
        /// Process.
        process: ProcessId,
        /// Version the caller started from.
        base: SnapshotId,
        /// Version now current.
        head: SnapshotId,
    },
    /// The commit names a file that the version does not hold, or adds one twice.
    #[error("process {process}: file {path} {problem}")]
    File {
        /// Process.
        process: ProcessId,
        /// Path in the lake.
        path: String,
        /// What is wrong with it.
        problem: FileProblem,
    },
    /// The delivery number was never reserved.
    #[error("delivery {delivery} was not reserved for process {process}")]
    NotReserved {
        /// Process.
        process: ProcessId,
        /// Delivery.
        delivery: DeliveryId,
    },
    /// The delivery is already in the ledger of imports.
    #[error("delivery {delivery} is already committed")]
    AlreadyCommitted {
        /// Delivery.
        delivery: DeliveryId,
    },
    /// No such import.
    #[error("import {delivery} does not exist")]
    UnknownImport {
        /// Delivery asked for.
        delivery: DeliveryId,
    },
    /// The import was undone before.
    #[error("import {delivery} is already undone")]
    AlreadyUndone {
        /// Delivery.
        delivery: DeliveryId,
    },
    /// The rules cannot be used as they are.
    #[error("the rules of process {process} have {} problem(s), first at {}", .problems.len(), first_key(.problems))]
    InvalidRules {
        /// Process.
        process: ProcessId,
        /// Every problem, in both languages.
        problems: Vec<ConfigProblem>,
    },
    /// Stored rules that this program cannot read.
    #[error("the rules of process {process} from {from} cannot be read")]
    StoredRules {
        /// Process.
        process: ProcessId,
        /// First day of the version.
        from: Date,
        /// Why.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// Rules that cannot be written as text.
    #[error("the rules of process {process} cannot be written")]
    WriteRules {
        /// Process.
        process: ProcessId,
        /// Why.
        #[source]
        source: Box<toml::ser::Error>,
    },
    /// The period is already closed: it can only be restated.
    #[error("process {process}: period {period} is already closed")]
    PeriodClosed {
        /// Process.
        process: ProcessId,
        /// Period asked for.
        period: Period,
    },
    /// The period was never closed.
    #[error("process {process}: period {period} is not closed")]
    PeriodNotClosed {
        /// Process.
        process: ProcessId,
        /// Period asked for.
        period: Period,
    },
    /// No such job.
    #[error("job {job} does not exist")]
    UnknownJob {
        /// Job asked for.
        job: JobId,
    },
    /// A job that ended does not change any more.
    #[error("job {job} is {status:?}")]
    JobState {
        /// Job.
        job: JobId,
        /// Its status.
        status: JobStatus,
    },
    /// Text that should be JSON.
    #[error("{what} is not valid JSON")]
    Json {
        /// Which text.
        what: &'static str,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// A value that the database cannot hold, or that it should not hold.
    #[error("{field} holds {value:?}, which cannot be read or stored")]
    Value {
        /// Column or field.
        field: &'static str,
        /// The value.
        value: String,
    },
    /// A text that PostgreSQL cannot hold: it has a null character.
    #[error("a text holds a character that the database cannot store")]
    Text(#[source] sqlx::Error),
    /// Another process kept the registry locked for longer than the waiting time.
    #[error("the registry stayed locked by another process")]
    Busy(#[source] sqlx::Error),
    /// No space left.
    #[error("no space left for the registry")]
    DiskFull(#[source] sqlx::Error),
    /// The target of a backup exists: a backup never overwrites.
    #[error("{path} exists: a backup never overwrites")]
    BackupExists {
        /// Target.
        path: PathBuf,
    },
    /// A file could not be read or written.
    #[error("{action} {path}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Any other fault of the database.
    #[error("the registry's database failed")]
    Database(#[source] sqlx::Error),
}

/// What is wrong with a file of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileProblem {
    /// Retired without being live.
    #[error("is retired but is not part of the version")]
    NotLive,
    /// Added while live, or twice.
    #[error("is added twice")]
    Twice,
    /// Added for another process.
    #[error("belongs to another process")]
    OtherProcess,
    /// The same path with another content: files are immutable.
    #[error("was known with another content")]
    Changed,
}

fn first_key(problems: &[ConfigProblem]) -> &str {
    problems.first().map_or("", |p| p.key.as_str())
}

impl From<sqlx::Error> for RegistryError {
    fn from(error: sqlx::Error) -> Self {
        crate::database::classify(error)
    }
}
