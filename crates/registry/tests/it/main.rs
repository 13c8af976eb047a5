//! The registry as its callers use it: one binary for all modules.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr
)]

mod audit;
mod backup;
mod catalogue;
mod closing;
mod config;
mod crash;
mod imports;
mod jobs;
mod opening;
mod org;
mod postgres;
mod saved;
mod together;
mod workshops;

use std::{
    future::Future,
    path::{Path, PathBuf},
};

use eclusier_core::{Commit, DataFile, DeliveryId, FileKind, ProcessId};
use eclusier_registry::{DatabaseUrl, ImportKind, NewImport, OpenOptions, Registry, RegistryError};
use jiff::Timestamp;
use sqlx::{AnyConnection, AssertSqlSafe, Connection};
use tempfile::TempDir;

/// A registry in its own folder.
pub(crate) struct Bench {
    pub(crate) registry: Registry,
    pub(crate) folder: TempDir,
}

impl Bench {
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("registry.sqlite")
    }
}

pub(crate) async fn bench() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let registry = open(&folder.path().join("registry.sqlite")).await.unwrap();
    Bench { registry, folder }
}

/// The PostgreSQL database these tests run on; SQLite when absent.
pub(crate) fn database() -> Option<DatabaseUrl> {
    let url = std::env::var("ECLUSIER_TEST_DATABASE_URL").ok().filter(|url| !url.is_empty());
    url.map(|url| url.parse().unwrap())
}

pub(crate) fn options() -> OpenOptions {
    OpenOptions { database: database(), ..OpenOptions::default() }
}

/// Opens a registry on the database of this run.
pub(crate) async fn open(path: &Path) -> Result<Registry, RegistryError> {
    Registry::open_with(path, &options()).await
}

/// Whether the test must be left, being about one database while the run is on the other.
pub(crate) fn only_on(name: &str) -> bool {
    let here = if database().is_some() { "PostgreSQL" } else { "SQLite" };
    if here != name {
        println!("skipped: about {name} only");
    }
    here != name
}

/// The schema of a directory in the PostgreSQL database.
pub(crate) fn schema(path: &Path) -> String {
    let id = std::fs::read_to_string(format!("{}.id", path.display())).unwrap();
    format!("eclusier_{}", id.lines().next().unwrap())
}

/// A connection that goes around the registry.
pub(crate) async fn raw(path: &Path) -> AnyConnection {
    sqlx::any::install_default_drivers();
    if database().is_none() {
        let url = format!("sqlite://{}", path.display());
        return AnyConnection::connect(&url).await.unwrap();
    }
    let url = std::env::var("ECLUSIER_TEST_DATABASE_URL").unwrap();
    let mut conn = AnyConnection::connect(&url).await.unwrap();
    let words = format!("SET search_path = {}", schema(path));
    sqlx::raw_sql(AssertSqlSafe(words)).execute(&mut conn).await.unwrap();
    conn
}

/// Runs on several threads, as the server does.
pub(crate) fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(work)
}

/// An instant `seconds` after a fixed morning.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_760_000_000 + seconds).unwrap()
}

pub(crate) fn process(id: &str) -> ProcessId {
    ProcessId::new(id).unwrap()
}

pub(crate) fn file(
    process: &ProcessId,
    kind: FileKind,
    path: &str,
    delivery: DeliveryId,
) -> DataFile {
    DataFile {
        path: path.to_owned(),
        kind,
        process: process.clone(),
        month: Some(jiff::civil::date(2025, 3, 1)),
        delivery,
        rows: 3,
        cases: 2,
        bytes: 1234,
        sha256: format!("{path:0>64}"),
        first_us: Some(-1),
        last_us: Some(1),
        min_case: Some("001".into()),
        max_case: Some("é\0'\"; DROP TABLE import_record".into()),
    }
}

pub(crate) fn import(process: &ProcessId, id: DeliveryId) -> NewImport {
    NewImport {
        id,
        process: process.clone(),
        org: None,
        kind: ImportKind::Events,
        file_name: "export.csv".into(),
        source: process.to_string(),
        sha256: format!("{:064x}", id.0),
        fingerprint: String::new(),
        at: at(id.0),
        by: "local".into(),
        mapping_toml: None,
        zone: Some("Europe/Paris".into()),
        rows_read: 5,
        accepted: 3,
        quarantined: 1,
        duplicates: 1,
        repeated: 0,
        replaced: 0,
        cases: 2,
        activities: 2,
        resources: 1,
        first: Some(at(-100)),
        last: Some(at(-10)),
        findings_json: "[]".into(),
        quarantine_path: None,
        replace: None,
    }
}

/// A commit that adds the two roles of one path.
pub(crate) fn two_roles(process: &ProcessId, id: DeliveryId) -> Commit {
    let path = format!("{process}/2025-03/d{id}.parquet");
    Commit {
        added: vec![
            file(process, FileKind::Events, &path, id),
            file(process, FileKind::Delivery, &path, id),
        ],
        retired: vec![],
    }
}

/// Imports once: reserve, then commit on the current version.
pub(crate) async fn import_once(registry: &Registry, process: &ProcessId) -> DeliveryId {
    let id = registry.reserve_delivery(process).await.unwrap();
    let base = registry.snapshot(process).await.unwrap().id;
    registry.commit_import(import(process, id), &two_roles(process, id), base).await.unwrap();
    id
}
