//! Opening the registry on either database: connections, transactions, migrations.
//!
//! One set of queries serves both, through `sqlx::Any`; what only one of them
//! understands is in `sqlite.rs` and `postgres.rs`.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use sqlx::{Any, AnyPool, AssertSqlSafe, Row as _, Transaction, pool::PoolConnection};
use tokio::sync::{Mutex, MutexGuard, OnceCell};

use crate::{
    DatabaseUrl, RegistryError,
    mounts::network_mount,
    postgres::{self, Seat},
    presence::{Badge, Door},
    sqlite,
    value::sha256_hex,
};

/// A row of the database.
pub(crate) type Row = sqlx::any::AnyRow;
/// A connection to it.
pub(crate) type Conn = sqlx::AnyConnection;

/// How long a writer waits for another process.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// Connections of one process; one of them at most writes.
pub(crate) const CONNECTIONS: u32 = 6;

/// One numbered step of the schema, in the words of each database.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migration {
    pub(crate) version: i64,
    pub(crate) name: &'static str,
    pub(crate) sqlite: &'static str,
    pub(crate) postgres: &'static str,
}

/// Steps in order; a step already shipped is never edited.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "base",
        sqlite: include_str!("../migrations/sqlite/0001_base.sql"),
        postgres: include_str!("../migrations/postgres/0001_base.sql"),
    },
    Migration {
        version: 2,
        name: "people",
        sqlite: include_str!("../migrations/sqlite/0002_people.sql"),
        postgres: include_str!("../migrations/postgres/0002_people.sql"),
    },
    Migration {
        version: 3,
        name: "workshops",
        sqlite: include_str!("../migrations/sqlite/0003_workshops.sql"),
        postgres: include_str!("../migrations/postgres/0003_workshops.sql"),
    },
];

/// How to open the registry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OpenOptions {
    /// PostgreSQL database that holds the registry; the file at the path itself when absent.
    pub database: Option<DatabaseUrl>,
    /// Check the whole file even after a clean shutdown (a server at its start).
    pub check: bool,
    /// How long a writer waits for another process before [`RegistryError::Busy`];
    /// half a minute when absent.
    pub patience: Option<Duration>,
    /// Table of mounts to read instead of the kernel's (tests).
    pub mounts: Option<PathBuf>,
}

impl OpenOptions {
    pub(crate) fn patience(&self) -> Duration {
        self.patience.unwrap_or(PATIENCE)
    }
}

/// Operational state of one data directory. Cloning is cheap: clones share connections.
#[derive(Debug, Clone)]
pub struct Registry {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    engine: Engine,
    pool: AnyPool,
    // Writers of this process queue here in order: waiting inside the database is not fair on
    // SQLite, and holds a connection on PostgreSQL.
    turn: Mutex<()>,
    badge: OnceCell<Badge>,
    _door: Door,
}

/// Which database, and where.
#[derive(Debug, Clone)]
pub(crate) enum Engine {
    /// The file at this path.
    Sqlite(PathBuf),
    /// A schema of a PostgreSQL database.
    Postgres(Seat),
}

/// The words a migration is taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// A write transaction: rolled back unless committed.
pub(crate) struct Write<'a> {
    transaction: Transaction<'static, Any>,
    engine: &'a Engine,
    _turn: MutexGuard<'a, ()>,
}

impl Write<'_> {
    pub(crate) fn conn(&mut self) -> &mut Conn {
        &mut self.transaction
    }

    pub(crate) async fn commit(self) -> Result<(), RegistryError> {
        let place = self.engine.place();
        self.transaction.commit().await.map_err(|error| match classify(error) {
            // The word may have been heard before the line went dead.
            RegistryError::Unreachable { source, .. } => RegistryError::Uncertain { place, source },
            error => error,
        })
    }
}

impl Registry {
    /// Opens or creates the registry on SQLite; checks it when the last shutdown was not clean.
    pub async fn open(path: &Path) -> Result<Registry, RegistryError> {
        Self::open_with(path, &OpenOptions::default()).await
    }

    /// Opens or creates the registry.
    ///
    /// With a PostgreSQL database, `path` still names the files beside which processes
    /// find each other, and the one that says which schema belongs to this directory.
    pub async fn open_with(path: &Path, options: &OpenOptions) -> Result<Registry, RegistryError> {
        Self::open_migrating(path, options, MIGRATIONS).await
    }

    pub(crate) async fn open_migrating(
        path: &Path,
        options: &OpenOptions,
        migrations: &[Migration],
    ) -> Result<Registry, RegistryError> {
        sqlx::any::install_default_drivers();
        let path = absolute(path)?;
        refuse_network(&path, options)?;
        let mut door = Door::at(&path)?;
        let known = migrations.last().map_or(0, |m| m.version);
        // Whoever was alone before us may have failed to create the schema: then it is our turn.
        let mut attempt = 0;
        loop {
            if door.try_alone()? {
                let engine = Engine::make(&path, options)?;
                engine.set_up(options, migrations).await.map_err(|e| engine.named(e))?;
                door.leave()?;
            }
            door = entered(door).await?;
            let (engine, found) = match Engine::find(&path, options)? {
                None => (None, 0),
                Some(engine) => {
                    let found = engine.look().await.map_err(|e| engine.named(e))?;
                    (Some(engine), found)
                }
            };
            if let Some(engine) = engine.filter(|_| found == known) {
                let pool = engine.pool(options)?;
                return Ok(Registry {
                    inner: Arc::new(Inner {
                        path,
                        engine,
                        pool,
                        turn: Mutex::new(()),
                        badge: OnceCell::new(),
                        _door: door,
                    }),
                });
            }
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

    /// Schema version of the database: a cheap read that proves it answers.
    pub async fn schema_version(&self) -> Result<i64, RegistryError> {
        let mut conn = self.read().await?;
        reached(&mut conn).await
    }

    /// Where the registry is: the path of its file, or the database, host and port.
    pub fn place(&self) -> String {
        self.inner.engine.place()
    }

    pub(crate) fn path(&self) -> &Path {
        &self.inner.path
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.inner.engine
    }

    /// A connection for reading; each statement sees one state of the database.
    pub(crate) async fn read(&self) -> Result<PoolConnection<Any>, RegistryError> {
        self.inner.pool.acquire().await.map_err(|e| self.fault(e))
    }

    /// A transaction for reading: all its statements see one state of the database.
    pub(crate) async fn read_together(&self) -> Result<Transaction<'static, Any>, RegistryError> {
        let begin = match &self.inner.engine {
            Engine::Sqlite(_) => "BEGIN",
            Engine::Postgres(_) => postgres::BEGIN_READ,
        };
        self.begin(begin).await
    }

    /// A transaction for writing, alone from its first statement: what it reads stays true
    /// until it commits.
    pub(crate) async fn write(&self) -> Result<Write<'_>, RegistryError> {
        let asked = std::time::Instant::now();
        let turn = self.inner.turn.lock().await;
        let transaction = match &self.inner.engine {
            Engine::Sqlite(_) => self.begin("BEGIN IMMEDIATE").await?,
            Engine::Postgres(seat) => {
                let mut transaction = self.begin("BEGIN").await?;
                seat.lock(&mut transaction).await.map_err(|e| self.inner.engine.named(e))?;
                transaction
            }
        };
        metrics::histogram!("eclusier_registry_write_wait_seconds").record(asked.elapsed());
        Ok(Write { transaction, engine: &self.inner.engine, _turn: turn })
    }

    async fn begin(
        &self,
        statement: &'static str,
    ) -> Result<Transaction<'static, Any>, RegistryError> {
        let pool = self.inner.pool.clone();
        // In a task of its own: a caller that goes away between the word BEGIN and its answer
        // would leave PostgreSQL's connection in a transaction that the pool knows nothing of.
        let begin = tokio::spawn(async move { pool.begin_with(statement).await });
        match begin.await {
            Ok(begun) => begun.map_err(|e| self.fault(e)),
            Err(_) => Err(self.fault(sqlx::Error::WorkerCrashed)),
        }
    }

    /// Names the database in a fault of obtaining a connection.
    fn fault(&self, error: sqlx::Error) -> RegistryError {
        let timed_out = matches!(error, sqlx::Error::PoolTimedOut);
        if timed_out && self.inner.pool.size() < CONNECTIONS {
            // Not all connections were at work: none could be made.
            let place = self.inner.engine.place();
            return RegistryError::Unreachable { place, source: error };
        }
        self.inner.engine.named(classify(error))
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

impl Engine {
    /// The database of this directory, which is told of it when it is new: only when alone.
    pub(crate) fn make(path: &Path, options: &OpenOptions) -> Result<Engine, RegistryError> {
        match (Self::find(path, options)?, &options.database) {
            (Some(engine), _) => Ok(engine),
            (None, Some(database)) => Ok(Engine::Postgres(Seat::make(path, database)?)),
            (None, None) => Ok(Engine::Sqlite(path.to_owned())),
        }
    }

    /// The database of this directory, if it is known; refused when another holds it.
    fn find(path: &Path, options: &OpenOptions) -> Result<Option<Engine>, RegistryError> {
        match &options.database {
            None => {
                postgres::refuse_seat(path)?;
                Ok(Some(Engine::Sqlite(path.to_owned())))
            }
            Some(database) => {
                sqlite::refuse_file(path)?;
                Ok(Seat::find(path, database)?.map(Engine::Postgres))
            }
        }
    }

    /// The path of the file, or the database, host and port.
    pub(crate) fn place(&self) -> String {
        match self {
            Engine::Sqlite(path) => path.display().to_string(),
            Engine::Postgres(seat) => seat.place().to_owned(),
        }
    }

    /// Creates, checks and upgrades, while nobody else has the registry open.
    async fn set_up(
        &self,
        options: &OpenOptions,
        migrations: &[Migration],
    ) -> Result<(), RegistryError> {
        match self {
            Engine::Sqlite(path) => sqlite::set_up(path, options.check, migrations).await,
            Engine::Postgres(seat) => seat.set_up(migrations).await,
        }
    }

    /// Schema version once others may be in.
    async fn look(&self) -> Result<i64, RegistryError> {
        match self {
            Engine::Sqlite(path) => sqlite::look(path).await,
            Engine::Postgres(seat) => seat.look().await,
        }
    }

    fn pool(&self, options: &OpenOptions) -> Result<AnyPool, RegistryError> {
        match self {
            Engine::Sqlite(path) => sqlite::pool(path, options.patience()),
            Engine::Postgres(seat) => seat.pool(options.patience()),
        }
    }

    /// Names the database in errors that speak of it as a whole.
    pub(crate) fn named(&self, error: RegistryError) -> RegistryError {
        match self {
            Engine::Sqlite(path) => sqlite::at_path(error, path),
            Engine::Postgres(seat) => match error {
                RegistryError::Unreachable { source, .. } => {
                    RegistryError::Unreachable { place: seat.place().to_owned(), source }
                }
                RegistryError::Refused { source, .. } => {
                    RegistryError::Refused { place: seat.place().to_owned(), source }
                }
                other => other,
            },
        }
    }
}

/// The path with its folder made plain, so that mounts and lock files agree on it.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf, RegistryError> {
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

/// SQLite's locks do not hold there, and neither do those of the door and the badges.
pub(crate) fn refuse_network(path: &Path, options: &OpenOptions) -> Result<(), RegistryError> {
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

async fn entered(door: Door) -> Result<Door, RegistryError> {
    let stopped = |source| RegistryError::Io {
        action: "wait for",
        path: PathBuf::from("the registry"),
        source: std::io::Error::other(source),
    };
    // Waiting for the lock blocks a thread, which must not be one that drives futures.
    tokio::task::spawn_blocking(move || door.enter().map(|()| door)).await.map_err(stopped)?
}

impl Migration {
    pub(crate) fn sql(&self, dialect: Dialect) -> &'static str {
        match dialect {
            Dialect::Sqlite => self.sqlite,
            Dialect::Postgres => self.postgres,
        }
    }
}

/// Steps already taken, in order; to be called once the table of steps exists.
pub(crate) async fn steps(conn: &mut Conn) -> Result<Vec<(i64, String)>, RegistryError> {
    let rows = sqlx::query("SELECT version, sha256 FROM schema_migration ORDER BY version")
        .fetch_all(conn)
        .await?;
    rows.iter().map(|row| Ok((row.try_get("version")?, row.try_get("sha256")?))).collect()
}

/// Last step taken.
pub(crate) async fn reached(conn: &mut Conn) -> Result<i64, RegistryError> {
    Ok(steps(conn).await?.last().map_or(0, |(version, _)| *version))
}

/// Last of the steps taken, each of which must be the one this program knows.
pub(crate) fn verified(
    done: &[(i64, String)],
    migrations: &[Migration],
    dialect: Dialect,
) -> Result<i64, RegistryError> {
    let known = migrations.last().map_or(0, |m| m.version);
    for (version, sha256) in done {
        let Some(migration) = migrations.iter().find(|m| m.version == *version) else {
            return Err(RegistryError::SchemaTooNew { found: *version, known });
        };
        if *sha256 != sha256_hex(migration.sql(dialect).as_bytes()) {
            return Err(RegistryError::MigrationChanged { version: *version });
        }
    }
    Ok(done.last().map_or(0, |(version, _)| *version))
}

/// Takes the steps from one version to another inside the caller's transaction.
pub(crate) async fn upgrade(
    conn: &mut Conn,
    migrations: &[Migration],
    dialect: Dialect,
    from: i64,
    to: i64,
) -> Result<(), RegistryError> {
    for migration in migrations.iter().filter(|m| m.version > from && m.version <= to) {
        let sql = migration.sql(dialect);
        match dialect {
            Dialect::Sqlite => sqlx::raw_sql(sql).execute(&mut *conn).await?,
            Dialect::Postgres => {
                let sql = AssertSqlSafe(postgres::bytewise(sql));
                sqlx::raw_sql(sql).execute(&mut *conn).await?
            }
        };
        sqlx::query("INSERT INTO schema_migration (version, name, sha256) VALUES ($1, $2, $3)")
            .bind(migration.version)
            .bind(migration.name)
            .bind(sha256_hex(sql.as_bytes()))
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

/// Sorts the faults of either driver by what a caller can do about them.
pub(crate) fn classify(error: sqlx::Error) -> RegistryError {
    match &error {
        sqlx::Error::PoolTimedOut => RegistryError::Busy(error),
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) => RegistryError::Unreachable {
            place: "the registry's database".to_owned(),
            source: error,
        },
        sqlx::Error::Database(cause) => {
            if cause.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().is_some() {
                postgres::classify(error)
            } else {
                sqlite::classify(error)
            }
        }
        _ => RegistryError::Database(error),
    }
}

#[cfg(test)]
mod tests {
    use eclusier_core::{Commit, DataFile, DeliveryId, FileKind, ProcessId, SnapshotId};
    use jiff::Timestamp;

    use super::*;

    const LATEST: i64 = MIGRATIONS[MIGRATIONS.len() - 1].version;
    const NEXT: Migration = Migration {
        version: LATEST + 1,
        name: "next",
        sqlite: "CREATE TABLE extra (x INTEGER NOT NULL) STRICT;
                 ALTER TABLE process ADD COLUMN site TEXT NOT NULL DEFAULT 'siège';
                 INSERT INTO extra (x) SELECT count(*) FROM snapshot;",
        postgres: "CREATE TABLE extra (x BIGINT NOT NULL);
                   ALTER TABLE process ADD COLUMN site TEXT NOT NULL DEFAULT 'siège';
                   INSERT INTO extra (x) SELECT count(*) FROM snapshot;",
    };
    const BROKEN: Migration = Migration {
        version: LATEST + 2,
        name: "broken",
        sqlite: "DROP TABLE job; INSERT INTO nowhere VALUES (1);",
        postgres: "DROP TABLE job; INSERT INTO nowhere VALUES (1);",
    };

    fn steps(more: &[Migration]) -> Vec<Migration> {
        MIGRATIONS.iter().chain(more).copied().collect()
    }

    /// On the database of the environment when there is one.
    fn options() -> OpenOptions {
        let database = std::env::var("ECLUSIER_TEST_DATABASE_URL").ok();
        OpenOptions { database: database.map(|url| url.parse().unwrap()), ..Default::default() }
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
            let registry = Registry::open_with(&path, &options()).await.unwrap();
            commit(&registry).await.unwrap();
            let process = ProcessId::new("rsa").unwrap();
            let before = registry.snapshot(&process).await.unwrap();
            registry.close().await;
            drop(registry);
            let registry =
                Registry::open_migrating(&path, &options(), &steps(&[NEXT])).await.unwrap();
            assert_eq!(registry.schema_version().await.unwrap(), LATEST + 1);
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
            let error = Registry::open_with(&path, &options()).await.unwrap_err();
            assert!(matches!(
                error,
                RegistryError::SchemaTooNew { found, known: LATEST } if found == LATEST + 1
            ));
        });
    }

    #[test]
    fn an_upgrade_that_fails_leaves_the_old_schema() {
        run(async {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("registry.sqlite");
            let registry = Registry::open_with(&path, &options()).await.unwrap();
            commit(&registry).await.unwrap();
            registry.close().await;
            drop(registry);
            let failed = Registry::open_migrating(&path, &options(), &steps(&[NEXT, BROKEN])).await;
            assert!(matches!(failed, Err(RegistryError::Database(_))), "{failed:?}");
            let registry = Registry::open_with(&path, &options()).await.unwrap();
            assert_eq!(registry.schema_version().await.unwrap(), LATEST);
            assert!(registry.jobs(1).await.unwrap().is_empty(), "the dropped table is back");
            commit(&registry).await.unwrap();
        });
    }

    #[test]
    fn an_upgrade_waits_for_nobody_else_to_be_in() {
        run(async {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("registry.sqlite");
            let server = Registry::open_with(&path, &options()).await.unwrap();
            let refused = Registry::open_migrating(&path, &options(), &steps(&[NEXT])).await;
            assert!(
                matches!(refused, Err(RegistryError::UpgradeNeedsStop { found: LATEST, known }) if known == LATEST + 1),
                "{refused:?}"
            );
            commit(&server).await.unwrap();
            server.close().await;
            drop(server);
            Registry::open_migrating(&path, &options(), &steps(&[NEXT])).await.unwrap();
        });
    }

    #[test]
    fn a_full_disk_fails_the_commit_and_nothing_else() {
        if options().database.is_some() {
            println!("skipped: the limit is one of SQLite's file");
            return;
        }
        run(async {
            let folder = tempfile::tempdir().unwrap();
            let registry = Registry::open_with(&folder.path().join("registry.sqlite"), &options())
                .await
                .unwrap();
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
