//! What only SQLite understands: its file, pragmas, integrity, copies, error codes.

use std::{path::Path, str::FromStr, time::Duration};

use sqlx::{
    AnyPool, AssertSqlSafe, ConnectOptions as _, Connection as _, Row as _,
    any::{AnyConnectOptions, AnyPoolOptions},
};

use crate::{
    Registry, RegistryError,
    copy::{CopyWatch, copy_tables},
    database::{
        CONNECTIONS, Conn, Dialect, Migration, PATIENCE, classify as classify_any, steps, upgrade,
        verified,
    },
    presence::{beside, private_file},
};

/// "ECLU": tells our file from any other SQLite database.
const APPLICATION_ID: i64 = 0x4543_4c55;

/// Refuses to work with another database beside a file that already holds the registry.
pub(crate) fn refuse_file(path: &Path) -> Result<(), RegistryError> {
    if std::fs::metadata(path).is_ok_and(|file| file.len() > 0) {
        let path = path.to_owned();
        return Err(RegistryError::OtherDatabase { path, known: "this SQLite file" });
    }
    Ok(())
}

/// How the driver is told a path: every byte that means something in an address is escaped.
fn address(path: &Path, parameters: &str) -> Result<AnyConnectOptions, RegistryError> {
    let name = path.to_str().ok_or_else(|| RegistryError::Io {
        action: "name",
        path: path.to_owned(),
        source: std::io::Error::from(std::io::ErrorKind::InvalidFilename),
    })?;
    let mut url = String::from("sqlite://");
    for byte in name.bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                url.push(char::from(byte));
            }
            other => url.push_str(&format!("%{other:02X}")),
        }
    }
    url.push('?');
    url.push_str(parameters);
    Ok(AnyConnectOptions::from_str(&url)?)
}

/// What every connection that may write is told first.
fn pragmas(patience: Duration) -> String {
    format!(
        "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = {}",
        patience.as_millis()
    )
}

async fn connect(path: &Path) -> Result<Conn, RegistryError> {
    let mut conn = address(path, "mode=rw")?.connect().await?;
    sqlx::raw_sql(AssertSqlSafe(pragmas(PATIENCE))).execute(&mut conn).await?;
    Ok(conn)
}

pub(crate) fn pool(path: &Path, patience: Duration) -> Result<AnyPool, RegistryError> {
    let words = pragmas(patience);
    let pool = AnyPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(PATIENCE)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .after_connect(move |conn, _| {
            let words = words.clone();
            Box::pin(async move {
                sqlx::raw_sql(AssertSqlSafe(words)).execute(conn).await?;
                Ok(())
            })
        })
        // A full disk makes SQLite itself end the transaction; the driver then counts it as open
        // for ever, and would refuse the next one on this connection.
        .after_release(|conn, _| {
            Box::pin(async move {
                // Answered after the rollback of a transaction that was dropped.
                conn.ping().await?;
                Ok(!conn.is_in_transaction())
            })
        })
        .connect_lazy_with(address(path, "mode=rw")?);
    Ok(pool)
}

/// Creates, checks and upgrades, while nobody else has the registry open.
pub(crate) async fn set_up(
    path: &Path,
    check: bool,
    migrations: &[Migration],
) -> Result<(), RegistryError> {
    let unclean = std::fs::metadata(beside(path, "-wal")).is_ok_and(|wal| wal.len() > 0);
    drop(private_file(path)?);
    let mut conn = connect(path).await?;
    let id: i64 = sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut conn).await?;
    let tables: i64 =
        sqlx::query_scalar("SELECT count(*) FROM sqlite_schema").fetch_one(&mut conn).await?;
    if tables > 0 && id != APPLICATION_ID {
        return Err(RegistryError::NotARegistry { path: path.to_owned() });
    }
    if unclean {
        tracing::warn!(path = %path.display(), "the last shutdown was not clean: checking");
    }
    if check || unclean {
        integrity(&mut conn, path, Depth::Quick).await?;
    }
    let from = verified(&applied(&mut conn).await?, migrations, Dialect::Sqlite)?;
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode = WAL").fetch_one(&mut conn).await?;
    if mode != "wal" {
        return Err(RegistryError::JournalMode { path: path.to_owned(), found: mode });
    }
    let known = migrations.last().map_or(0, |m| m.version);
    if from < known {
        raise(&mut conn, migrations, from, known).await?;
        tracing::info!(from, to = known, "registry schema upgraded");
    }
    conn.close().await?;
    Ok(())
}

/// All steps in one transaction: the file has the old schema or the new one.
pub(crate) async fn raise(
    conn: &mut Conn,
    migrations: &[Migration],
    from: i64,
    to: i64,
) -> Result<(), RegistryError> {
    let mut transaction = conn.begin_with("BEGIN IMMEDIATE").await?;
    sqlx::raw_sql(
        "CREATE TABLE IF NOT EXISTS schema_migration (
             version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL
         ) STRICT",
    )
    .execute(&mut *transaction)
    .await?;
    let pragma = format!("PRAGMA application_id = {APPLICATION_ID}");
    sqlx::raw_sql(AssertSqlSafe(pragma)).execute(&mut *transaction).await?;
    upgrade(&mut transaction, migrations, Dialect::Sqlite, from, to).await?;
    transaction.commit().await?;
    Ok(())
}

/// Schema version of the file once others may be in, after reading back the journal mode.
pub(crate) async fn look(path: &Path) -> Result<i64, RegistryError> {
    let mut conn = connect(path).await?;
    let found = applied(&mut conn).await?.last().map_or(0, |(version, _)| *version);
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut conn).await?;
    conn.close().await?;
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
    if table == 0 { Ok(Vec::new()) } else { steps(conn).await }
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

/// Makes a registry in an empty file out of the rows of another database.
///
/// Nothing is flushed on the way: the file is flushed as a whole once it is complete.
pub(crate) async fn fill(
    target: &Path,
    from: &mut Conn,
    migrations: &[Migration],
    watch: CopyWatch<'_>,
) -> Result<(), RegistryError> {
    let mut conn = connect(target).await?;
    let known = migrations.last().map_or(0, |m| m.version);
    raise(&mut conn, migrations, 0, known).await?;
    sqlx::raw_sql(
        "PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY",
    )
    .execute(&mut conn)
    .await?;
    let mut transaction = conn.begin_with("BEGIN IMMEDIATE").await?;
    // They would refuse the rows the schema begins with to be replaced.
    let triggers = sqlx::query("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
        .fetch_all(&mut *transaction)
        .await?;
    for trigger in &triggers {
        let drop = format!("DROP TRIGGER {}", trigger.try_get::<&str, _>("name")?);
        sqlx::raw_sql(AssertSqlSafe(drop)).execute(&mut *transaction).await?;
    }
    copy_tables(from, &mut transaction, watch).await?;
    for trigger in &triggers {
        let make: String = trigger.try_get("sql")?;
        sqlx::raw_sql(AssertSqlSafe(make)).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    conn.close().await?;
    Ok(())
}

/// Opens a copy that nobody else uses, without changing a byte of it.
pub(crate) async fn open_copy(path: &Path) -> Result<Conn, RegistryError> {
    sqlx::any::install_default_drivers();
    address(path, "mode=ro&immutable=true")?.connect().await.map_err(classify_any)
}

/// Schema version of an open copy, which must be a registry this program knows.
pub(crate) async fn copy_version(
    conn: &mut Conn,
    path: &Path,
    migrations: &[Migration],
) -> Result<i64, RegistryError> {
    let id: i64 = sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut *conn).await?;
    if id != APPLICATION_ID {
        return Err(RegistryError::NotARegistry { path: path.to_owned() });
    }
    verified(&steps(conn).await?, migrations, Dialect::Sqlite)
}

/// Primary result codes of SQLite.
mod primary {
    pub(super) const BUSY: i64 = 5;
    pub(super) const LOCKED: i64 = 6;
    pub(super) const CORRUPT: i64 = 11;
    pub(super) const FULL: i64 = 13;
    pub(super) const NOT_A_DATABASE: i64 = 26;
}

/// The low byte is the primary code; the rest says more about the cause.
fn code(error: &sqlx::Error) -> Option<i64> {
    let code: i64 = error.as_database_error().and_then(|e| e.code()?.parse().ok())?;
    Some(code & 0xff)
}

pub(crate) fn classify(error: sqlx::Error) -> RegistryError {
    match code(&error) {
        Some(primary::BUSY | primary::LOCKED) => RegistryError::Busy(error),
        Some(primary::FULL) => RegistryError::DiskFull(error),
        _ => RegistryError::Database(error),
    }
}

/// Names the file in errors that speak of the file as a whole.
pub(crate) fn at_path(error: RegistryError, path: &Path) -> RegistryError {
    let RegistryError::Database(cause) = &error else { return error };
    match code(cause) {
        Some(primary::NOT_A_DATABASE) => RegistryError::NotARegistry { path: path.to_owned() },
        Some(primary::CORRUPT) => {
            RegistryError::Damaged { path: path.to_owned(), problem: cause.to_string() }
        }
        _ => error,
    }
}
