//! The only module that knows SQLite: opening, pragmas, migrations, integrity.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use sqlx::{
    AssertSqlSafe, Row as _, Sqlite, SqlitePool, Transaction,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::sync::{Mutex, MutexGuard, OnceCell};

use crate::{
    RegistryError,
    mounts::network_mount,
    presence::{Badge, Door, beside, private_file},
    value::sha256_hex,
};

/// A row of the database.
pub(crate) type Row = sqlx::sqlite::SqliteRow;
/// A connection to it.
pub(crate) type Conn = sqlx::SqliteConnection;

/// How long a writer waits for another process.
const PATIENCE: Duration = Duration::from_secs(30);
/// Connections of one process; one of them at most writes.
const CONNECTIONS: u32 = 6;
/// "ECLU": tells our file from any other SQLite database.
const APPLICATION_ID: i64 = 0x4543_4c55;

/// One numbered step of the schema.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migration {
    pub(crate) version: i64,
    pub(crate) name: &'static str,
    pub(crate) sql: &'static str,
}

/// Steps in order; a step already shipped is never edited.
pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    name: "base",
    sql: include_str!("../migrations/sqlite/0001_base.sql"),
}];

/// How to open the registry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OpenOptions {
    /// Check the whole file even after a clean shutdown (a server at its start).
    pub check: bool,
    /// Table of mounts to read instead of the kernel's (tests).
    pub mounts: Option<PathBuf>,
}

/// Operational state of one data directory. Cloning is cheap: clones share connections.
#[derive(Debug, Clone)]
pub struct Registry {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    pool: SqlitePool,
    // Writers of this process queue here in order; SQLite's own waiting polls and is not fair.
    turn: Mutex<()>,
    badge: OnceCell<Badge>,
    _door: Door,
}

/// A write transaction: rolled back unless committed.
pub(crate) struct Write<'a> {
    transaction: Transaction<'static, Sqlite>,
    _turn: MutexGuard<'a, ()>,
}

impl Write<'_> {
    pub(crate) fn conn(&mut self) -> &mut Conn {
        &mut self.transaction
    }

    pub(crate) async fn commit(self) -> Result<(), RegistryError> {
        self.transaction.commit().await.map_err(classify)
    }
}

impl Registry {
    /// Opens or creates the registry; checks it when the last shutdown was not clean.
    pub async fn open(path: &Path) -> Result<Registry, RegistryError> {
        Self::open_with(path, &OpenOptions::default()).await
    }

    /// Opens or creates the registry.
    pub async fn open_with(path: &Path, options: &OpenOptions) -> Result<Registry, RegistryError> {
        Self::open_migrating(path, options, MIGRATIONS).await
    }

    pub(crate) async fn open_migrating(
        path: &Path,
        options: &OpenOptions,
        migrations: &[Migration],
    ) -> Result<Registry, RegistryError> {
        let path = absolute(path)?;
        refuse_network(&path, options)?;
        let mut door = Door::at(&path)?;
        let known = migrations.last().map_or(0, |m| m.version);
        // Whoever was alone before us may have failed to create the schema: then it is our turn.
        let mut attempt = 0;
        loop {
            let alone = door.try_alone()?;
            let pool = pool(&path);
            if alone {
                let made = set_up(&path, &pool, options.check, migrations).await;
                if let Err(error) = made {
                    pool.close().await;
                    return Err(at_path(error, &path));
                }
                door.leave()?;
            }
            door = entered(door).await?;
            let found = match look(&path, &pool).await {
                Ok(found) => found,
                Err(error) => {
                    pool.close().await;
                    return Err(at_path(error, &path));
                }
            };
            if found == known {
                return Ok(Registry {
                    inner: Arc::new(Inner {
                        path,
                        pool,
                        turn: Mutex::new(()),
                        badge: OnceCell::new(),
                        _door: door,
                    }),
                });
            }
            pool.close().await;
            if found > known {
                return Err(RegistryError::SchemaTooNew { found, known });
            }
            if attempt >= 9 {
                return Err(RegistryError::UpgradeNeedsStop { found, known });
            }
            door.leave()?;
            tokio::time::sleep(Duration::from_millis(20 + 10 * attempt)).await;
            attempt += 1;
        }
    }

    /// Closes the connections, so that the next opening finds a clean file.
    pub async fn close(&self) {
        self.inner.pool.close().await;
    }

    /// Schema version of the file: a cheap read that proves the database answers.
    pub async fn schema_version(&self) -> Result<i64, RegistryError> {
        let mut conn = self.read().await?;
        Ok(applied(&mut conn).await?.last().map_or(0, |(version, _)| *version))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.inner.path
    }

    /// A connection for reading; each statement sees one state of the database.
    pub(crate) async fn read(&self) -> Result<sqlx::pool::PoolConnection<Sqlite>, RegistryError> {
        self.inner.pool.acquire().await.map_err(classify)
    }

    /// A transaction for reading: all its statements see one state of the database.
    pub(crate) async fn read_together(
        &self,
    ) -> Result<Transaction<'static, Sqlite>, RegistryError> {
        self.inner.pool.begin().await.map_err(classify)
    }

    /// A transaction for writing, alone from its first statement: what it reads stays true
    /// until it commits.
    pub(crate) async fn write(&self) -> Result<Write<'_>, RegistryError> {
        let turn = self.inner.turn.lock().await;
        let transaction = self.inner.pool.begin_with("BEGIN IMMEDIATE").await.map_err(classify)?;
        Ok(Write { transaction, _turn: turn })
    }

    /// Name under which this process owns jobs; made when first needed.
    pub(crate) async fn badge(&self) -> Result<&str, RegistryError> {
        let make = || async { Badge::new(&self.inner.path) };
        Ok(self.inner.badge.get_or_try_init(make).await?.name())
    }

    /// The badge, if this process ever needed one.
    pub(crate) fn badge_so_far(&self) -> Option<&str> {
        self.inner.badge.get().map(Badge::name)
    }
}

/// The path with its folder made plain, so that mounts and lock files agree on it.
fn absolute(path: &Path) -> Result<PathBuf, RegistryError> {
    let fault = |source| RegistryError::Io { action: "open", path: path.to_owned(), source };
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let name = path
        .file_name()
        .ok_or_else(|| fault(std::io::Error::from(std::io::ErrorKind::InvalidFilename)))?;
    let plain = folder.canonicalize().map_err(fault)?.join(name);
    // A symbolic link to the file itself is followed too: it may lead to another file system.
    Ok(plain.canonicalize().unwrap_or(plain))
}

fn refuse_network(path: &Path, options: &OpenOptions) -> Result<(), RegistryError> {
    let table = options.mounts.as_deref().unwrap_or(Path::new("/proc/mounts"));
    // Without such a table (another system than Linux) there is nothing to judge by.
    let Ok(table) = std::fs::read(table) else { return Ok(()) };
    match network_mount(&String::from_utf8_lossy(&table), path) {
        None => Ok(()),
        Some(mount) => Err(RegistryError::NetworkFileSystem {
            path: path.to_owned(),
            file_system: mount.file_system,
            mount_point: mount.mount_point,
        }),
    }
}

fn connection(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(PATIENCE)
}

fn pool(path: &Path) -> SqlitePool {
    SqlitePoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(PATIENCE)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_lazy_with(connection(path))
}

async fn entered(door: Door) -> Result<Door, RegistryError> {
    let stopped = |source| RegistryError::Io {
        action: "wait for",
        path: PathBuf::from("the registry"),
        source: std::io::Error::other(source),
    };
    // Waiting for the lock blocks a thread, which must not be one that drives futures.
    tokio::task::spawn_blocking(move || door.enter().map(|()| door)).await.map_err(stopped)?
}

/// Creates, checks and upgrades, while nobody else has the registry open.
async fn set_up(
    path: &Path,
    pool: &SqlitePool,
    check: bool,
    migrations: &[Migration],
) -> Result<(), RegistryError> {
    let unclean = std::fs::metadata(beside(path, "-wal")).is_ok_and(|wal| wal.len() > 0);
    drop(private_file(path)?);
    let mut conn = pool.acquire().await?;
    let id: i64 = sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut *conn).await?;
    let tables: i64 =
        sqlx::query_scalar("SELECT count(*) FROM sqlite_schema").fetch_one(&mut *conn).await?;
    if tables > 0 && id != APPLICATION_ID {
        return Err(RegistryError::NotARegistry { path: path.to_owned() });
    }
    if unclean {
        tracing::warn!(path = %path.display(), "the last shutdown was not clean: checking");
    }
    if check || unclean {
        integrity(&mut conn, path, Depth::Quick).await?;
    }
    let known = migrations.last().map_or(0, |m| m.version);
    let done = applied(&mut conn).await?;
    for (version, sha256) in &done {
        let Some(migration) = migrations.iter().find(|m| m.version == *version) else {
            return Err(RegistryError::SchemaTooNew { found: *version, known });
        };
        if *sha256 != sha256_hex(migration.sql.as_bytes()) {
            return Err(RegistryError::MigrationChanged { version: *version });
        }
    }
    let mode: String =
        sqlx::query_scalar("PRAGMA journal_mode = WAL").fetch_one(&mut *conn).await?;
    if mode != "wal" {
        return Err(RegistryError::JournalMode { path: path.to_owned(), found: mode });
    }
    drop(conn);
    let reached = done.last().map_or(0, |(version, _)| *version);
    // All steps in one transaction: the file has the old schema or the new one.
    if reached < known {
        let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::raw_sql(
            "CREATE TABLE IF NOT EXISTS schema_migration (
                 version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL
             ) STRICT",
        )
        .execute(&mut *transaction)
        .await?;
        let pragma = format!("PRAGMA application_id = {APPLICATION_ID}");
        sqlx::raw_sql(AssertSqlSafe(pragma)).execute(&mut *transaction).await?;
        for migration in migrations.iter().filter(|m| m.version > reached) {
            sqlx::raw_sql(migration.sql).execute(&mut *transaction).await?;
            sqlx::query("INSERT INTO schema_migration (version, name, sha256) VALUES ($1, $2, $3)")
                .bind(migration.version)
                .bind(migration.name)
                .bind(sha256_hex(migration.sql.as_bytes()))
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        tracing::info!(from = reached, to = known, "registry schema upgraded");
    }
    Ok(())
}

/// Schema version of the file once others may be in, after reading back the journal mode.
async fn look(path: &Path, pool: &SqlitePool) -> Result<i64, RegistryError> {
    let mut conn = pool.acquire().await?;
    let found = applied(&mut conn).await?.last().map_or(0, |(version, _)| *version);
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut *conn).await?;
    if found > 0 && mode != "wal" {
        return Err(RegistryError::JournalMode { path: path.to_owned(), found: mode });
    }
    Ok(found)
}

/// Steps already in the file, in order.
async fn applied(conn: &mut Conn) -> Result<Vec<(i64, String)>, RegistryError> {
    let table: i64 =
        sqlx::query_scalar("SELECT count(*) FROM sqlite_schema WHERE name = 'schema_migration'")
            .fetch_one(&mut *conn)
            .await?;
    if table == 0 {
        return Ok(Vec::new());
    }
    let rows = sqlx::query("SELECT version, sha256 FROM schema_migration ORDER BY version")
        .fetch_all(conn)
        .await?;
    rows.iter().map(|row| Ok((row.try_get("version")?, row.try_get("sha256")?))).collect()
}

/// How thoroughly a file is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Structure only: milliseconds.
    Quick,
    /// Structure, indexes and foreign keys.
    Full,
}

pub(crate) async fn integrity(
    conn: &mut Conn,
    path: &Path,
    depth: Depth,
) -> Result<(), RegistryError> {
    let damaged = |problem| RegistryError::Damaged { path: path.to_owned(), problem };
    let pragma = match depth {
        Depth::Quick => "PRAGMA quick_check(1)",
        Depth::Full => "PRAGMA integrity_check(1)",
    };
    let answer: String = sqlx::query_scalar(pragma).fetch_one(&mut *conn).await?;
    if answer != "ok" {
        return Err(damaged(answer));
    }
    if depth == Depth::Full {
        let broken = sqlx::query("PRAGMA foreign_key_check").fetch_optional(&mut *conn).await?;
        if let Some(row) = broken {
            let table: String = row.try_get(0)?;
            return Err(damaged(format!("a row of {table} refers to nothing")));
        }
    }
    Ok(())
}

/// Writes a consistent copy into an empty file.
pub(crate) async fn copy_into(registry: &Registry, target: &Path) -> Result<(), RegistryError> {
    let name = target.to_str().ok_or_else(|| RegistryError::Io {
        action: "name",
        path: target.to_owned(),
        source: std::io::Error::from(std::io::ErrorKind::InvalidFilename),
    })?;
    let mut conn = registry.read().await?;
    sqlx::query("VACUUM INTO $1").bind(name).execute(&mut *conn).await?;
    Ok(())
}

/// Opens a copy that nobody else uses, without changing a byte of it.
pub(crate) async fn open_copy(path: &Path) -> Result<Conn, RegistryError> {
    use sqlx::ConnectOptions as _;
    connection(path).read_only(true).immutable(true).connect().await.map_err(classify)
}

/// Schema version of an open copy.
pub(crate) async fn copy_version(conn: &mut Conn) -> Result<i64, RegistryError> {
    Ok(applied(conn).await?.last().map_or(0, |(version, _)| *version))
}

fn code(error: &sqlx::Error) -> Option<i64> {
    error.as_database_error().and_then(|e| e.code()?.parse().ok())
}

/// Primary result codes of SQLite.
mod primary {
    pub(super) const BUSY: i64 = 5;
    pub(super) const LOCKED: i64 = 6;
    pub(super) const CORRUPT: i64 = 11;
    pub(super) const FULL: i64 = 13;
    pub(super) const NOT_A_DATABASE: i64 = 26;
}

pub(crate) fn classify(error: sqlx::Error) -> RegistryError {
    if matches!(error, sqlx::Error::PoolTimedOut) {
        return RegistryError::Busy(error);
    }
    // The low byte is the primary code; the rest says more about the cause.
    match code(&error).map(|code| code & 0xff) {
        Some(primary::BUSY | primary::LOCKED) => RegistryError::Busy(error),
        Some(primary::FULL) => RegistryError::DiskFull(error),
        _ => RegistryError::Database(error),
    }
}

/// Names the file in errors that speak of the file as a whole.
fn at_path(error: RegistryError, path: &Path) -> RegistryError {
    let RegistryError::Database(cause) = &error else { return error };
    match code(cause).map(|code| code & 0xff) {
        Some(primary::NOT_A_DATABASE) => RegistryError::NotARegistry { path: path.to_owned() },
        Some(primary::CORRUPT) => {
            RegistryError::Damaged { path: path.to_owned(), problem: cause.to_string() }
        }
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use eclusier_core::{Commit, DataFile, DeliveryId, FileKind, ProcessId, SnapshotId};
    use jiff::Timestamp;

    use super::*;

    const SECOND: Migration = Migration {
        version: 2,
        name: "second",
        sql: "CREATE TABLE extra (x INTEGER NOT NULL) STRICT;
              ALTER TABLE process ADD COLUMN site TEXT NOT NULL DEFAULT 'siège';
              INSERT INTO extra (x) SELECT count(*) FROM snapshot;",
    };
    const BROKEN: Migration = Migration {
        version: 3,
        name: "broken",
        sql: "DROP TABLE job; INSERT INTO nowhere VALUES (1);",
    };

    fn steps(more: &[Migration]) -> Vec<Migration> {
        MIGRATIONS.iter().chain(more).copied().collect()
    }

    fn run<T>(work: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(work)
    }

    async fn commit(registry: &Registry) -> Result<SnapshotId, RegistryError> {
        let process = ProcessId::new("rsa").unwrap();
        let base = registry.snapshot(&process).await?.id;
        let file = DataFile {
            path: format!("f{base}"),
            kind: FileKind::Events,
            process: process.clone(),
            month: None,
            delivery: DeliveryId(1),
            rows: 1,
            cases: 1,
            bytes: 1,
            sha256: String::new(),
            first_us: None,
            last_us: None,
            // Long enough to need pages of its own.
            min_case: Some("x".repeat(20_000)),
            max_case: None,
        };
        let commit = Commit { added: vec![file], retired: vec![] };
        registry.commit_compaction(&process, &commit, base, "local", Timestamp::UNIX_EPOCH).await
    }

    #[test]
    fn an_upgrade_keeps_what_was_there() {
        run(async {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("registry.sqlite");
            let registry = Registry::open(&path).await.unwrap();
            commit(&registry).await.unwrap();
            let process = ProcessId::new("rsa").unwrap();
            let before = registry.snapshot(&process).await.unwrap();
            registry.close().await;
            drop(registry);
            let none = OpenOptions::default();
            let registry = Registry::open_migrating(&path, &none, &steps(&[SECOND])).await.unwrap();
            assert_eq!(registry.schema_version().await.unwrap(), 2);
            assert_eq!(registry.snapshot(&process).await.unwrap(), before);
            assert!(registry.verify_audit().await.unwrap().is_whole());
            let x: i64 = sqlx::query_scalar("SELECT x FROM extra")
                .fetch_one(&mut *registry.read().await.unwrap())
                .await
                .unwrap();
            assert_eq!(x, 1);
            registry.close().await;
            drop(registry);
            // The earlier program now refuses it.
            let error = Registry::open(&path).await.unwrap_err();
            assert!(matches!(error, RegistryError::SchemaTooNew { found: 2, known: 1 }));
        });
    }

    #[test]
    fn an_upgrade_that_fails_leaves_the_old_schema() {
        run(async {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("registry.sqlite");
            let registry = Registry::open(&path).await.unwrap();
            commit(&registry).await.unwrap();
            registry.close().await;
            drop(registry);
            let none = OpenOptions::default();
            let failed = Registry::open_migrating(&path, &none, &steps(&[SECOND, BROKEN])).await;
            assert!(matches!(failed, Err(RegistryError::Database(_))), "{failed:?}");
            let registry = Registry::open(&path).await.unwrap();
            assert_eq!(registry.schema_version().await.unwrap(), 1);
            assert!(registry.jobs(1).await.unwrap().is_empty(), "the dropped table is back");
            commit(&registry).await.unwrap();
        });
    }

    #[test]
    fn an_upgrade_waits_for_nobody_else_to_be_in() {
        run(async {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("registry.sqlite");
            let server = Registry::open(&path).await.unwrap();
            let none = OpenOptions::default();
            let refused = Registry::open_migrating(&path, &none, &steps(&[SECOND])).await;
            assert!(
                matches!(refused, Err(RegistryError::UpgradeNeedsStop { found: 1, known: 2 })),
                "{refused:?}"
            );
            commit(&server).await.unwrap();
            server.close().await;
            drop(server);
            Registry::open_migrating(&path, &none, &steps(&[SECOND])).await.unwrap();
        });
    }

    #[test]
    fn a_full_disk_fails_the_commit_and_nothing_else() {
        run(async {
            let folder = tempfile::tempdir().unwrap();
            let registry = Registry::open(&folder.path().join("registry.sqlite")).await.unwrap();
            let process = ProcessId::new("rsa").unwrap();
            commit(&registry).await.unwrap();
            let before = registry.snapshot(&process).await.unwrap();
            // The limit belongs to a connection: set it on every one the pool may give.
            let limit = async |pages: &'static str| {
                let mut held = Vec::new();
                for _ in 0..CONNECTIONS {
                    let mut conn = registry.read().await.unwrap();
                    sqlx::raw_sql(pages).execute(&mut *conn).await.unwrap();
                    held.push(conn);
                }
            };
            limit("PRAGMA max_page_count = 1").await;
            let full = commit(&registry).await;
            assert!(matches!(full, Err(RegistryError::DiskFull(_))), "{full:?}");
            assert_eq!(registry.snapshot(&process).await.unwrap(), before);
            limit("PRAGMA max_page_count = 1073741823").await;
            commit(&registry).await.unwrap();
            assert!(registry.verify_audit().await.unwrap().is_whole());
        });
    }
}
