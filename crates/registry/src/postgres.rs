//! What only PostgreSQL understands: the schema of a directory, its lock, error codes.
//!
//! Each data directory has a schema of its own in the database, named by the file
//! `registry.sqlite.id` beside the lake. Everything a connection must promise is told to it
//! when it is made, and read back once at the opening.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{
    AnyPool, AssertSqlSafe, ConnectOptions as _, Connection as _, Row as _, any::AnyPoolOptions,
    postgres::PgDatabaseError,
};
use uuid::Uuid;

use crate::{
    AuditVerdict, DatabaseUrl, RegistryError,
    audit::verify,
    copy::{CopyWatch, copy_tables},
    database::{
        CONNECTIONS, Conn, Dialect, Migration, PATIENCE, classify as classify_any, steps, upgrade,
        verified,
    },
    presence::{beside, private_file},
    value::sha256_hex,
};

/// A transaction whose statements all see one state of the database.
pub(crate) const BEGIN_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// How long the first connection may take: a wrong address is told soon.
const GREETING: Duration = Duration::from_secs(10);
/// A writer that went silent with the lock in hand loses it after this long.
const SILENCE: Duration = Duration::from_secs(60);
/// After this long without use, a connection is tried before it is given out.
const IDLE: Duration = Duration::from_secs(1);

/// The place of one data directory in a database.
#[derive(Debug, Clone)]
pub(crate) struct Seat {
    database: DatabaseUrl,
    schema: String,
    /// Key of the lock that makes a writer alone.
    lock: i64,
    /// The file that names the schema.
    file: PathBuf,
    /// Whether the schema was made before: if it is gone, it is not made again in silence.
    made: bool,
}

/// The file that says which schema belongs to the directory.
fn id_file(path: &Path) -> PathBuf {
    beside(path, ".id")
}

/// Refuses to begin a SQLite file where the registry is in a PostgreSQL database.
pub(crate) fn refuse_seat(path: &Path) -> Result<(), RegistryError> {
    // A file whose schema was never made promises nothing.
    if read_id(path)?.is_some_and(|(_, made)| made) {
        let path = path.to_owned();
        return Err(RegistryError::OtherDatabase { path, known: "a PostgreSQL database" });
    }
    Ok(())
}

/// Id in the file, and whether the schema was made.
fn read_id(path: &Path) -> Result<Option<(String, bool)>, RegistryError> {
    let file = id_file(path);
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(RegistryError::Io { action: "read", path: file, source }),
    };
    let mut lines = text.lines();
    let id = lines.next().unwrap_or_default();
    // The name goes into statements as it is: nothing but these characters may be in it.
    if id.len() != 16 || !id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(RegistryError::NotARegistry { path: file });
    }
    Ok(Some((id.to_owned(), lines.next() == Some("made"))))
}

/// Writes the file whole or not at all.
fn write_id(path: &Path, id: &str, made: bool) -> Result<(), RegistryError> {
    let file = id_file(path);
    let draft = beside(&file, ".new");
    let fault = |action| {
        let file = file.clone();
        move |source| RegistryError::Io { action, path: file, source }
    };
    let mut handle = private_file(&draft)?;
    handle.set_len(0).map_err(fault("write"))?;
    let text = format!("{id}\n{}", if made { "made\n" } else { "" });
    handle.write_all(text.as_bytes()).map_err(fault("write"))?;
    handle.sync_all().map_err(fault("flush"))?;
    std::fs::rename(&draft, &file).map_err(fault("rename"))?;
    let folder = file.parent().unwrap_or(Path::new("."));
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(fault("flush"))
}

impl Seat {
    /// The seat of this directory; `None` when it has none yet.
    pub(crate) fn find(path: &Path, database: &DatabaseUrl) -> Result<Option<Seat>, RegistryError> {
        Ok(read_id(path)?.map(|(id, made)| Seat::new(path, database, &id, made)))
    }

    /// The seat of this directory, given a name when it has none: only when alone.
    pub(crate) fn make(path: &Path, database: &DatabaseUrl) -> Result<Seat, RegistryError> {
        if let Some(seat) = Self::find(path, database)? {
            return Ok(seat);
        }
        let id = Uuid::new_v4().simple().to_string();
        let id = id.get(..16).unwrap_or(&id);
        write_id(path, id, false)?;
        Ok(Seat::new(path, database, id, false))
    }

    fn new(path: &Path, database: &DatabaseUrl, id: &str, made: bool) -> Seat {
        let schema = format!("eclusier_{id}");
        let digest = sha256_hex(format!("writer of {schema}").as_bytes());
        let lock = digest.get(..15).and_then(|hex| i64::from_str_radix(hex, 16).ok());
        Seat {
            database: database.clone(),
            schema,
            lock: lock.unwrap_or_default(),
            file: path.to_owned(),
            made,
        }
    }

    /// Database, host and port.
    pub(crate) fn place(&self) -> &str {
        self.database.place()
    }

    /// What every connection is told first. Waiting for a lock is bounded as on SQLite; a
    /// machine that vanished with the lock in hand is noticed, here by us and there by the server.
    fn words(&self, patience: Duration) -> String {
        format!(
            "SET search_path = {}; SET synchronous_commit = on; SET lock_timeout = {};
             SET idle_in_transaction_session_timeout = {}; SET statement_timeout = 0;
             SET default_transaction_isolation = 'read committed';
             SET default_transaction_read_only = off;
             SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10;
             SET tcp_keepalives_count = 3",
            self.schema,
            patience.as_millis(),
            SILENCE.as_millis(),
        )
    }

    /// A connection outside the pool, for the work at the door.
    async fn connect(&self) -> Result<Conn, RegistryError> {
        let options = self.database.options()?;
        let connect = async {
            let mut conn = options.connect().await?;
            sqlx::raw_sql(AssertSqlSafe(self.words(PATIENCE))).execute(&mut conn).await?;
            Ok(conn)
        };
        match tokio::time::timeout(GREETING, connect).await {
            Ok(connected) => connected.map_err(classify_any),
            Err(_) => Err(RegistryError::Unreachable {
                place: self.place().to_owned(),
                source: sqlx::Error::PoolTimedOut,
            }),
        }
    }

    pub(crate) fn pool(&self, patience: Duration) -> Result<AnyPool, RegistryError> {
        let words = self.words(patience);
        let pool = AnyPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(PATIENCE)
            .idle_timeout(Duration::from_secs(600))
            .max_lifetime(None)
            .test_before_acquire(false)
            .after_connect(move |conn, _| {
                let words = words.clone();
                Box::pin(async move {
                    sqlx::raw_sql(AssertSqlSafe(words)).execute(conn).await?;
                    Ok(())
                })
            })
            // A server that was restarted is not noticed by the first person who asks after it.
            .before_acquire(|conn, meta| {
                Box::pin(async move {
                    if meta.idle_for > IDLE {
                        conn.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_lazy_with(self.database.options()?);
        Ok(pool)
    }

    /// Makes the transaction alone among writers, until its end; waits as long as is allowed.
    pub(crate) async fn lock(&self, conn: &mut Conn) -> Result<(), RegistryError> {
        sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(self.lock).execute(conn).await?;
        Ok(())
    }

    /// Creates and upgrades the schema.
    pub(crate) async fn set_up(&self, migrations: &[Migration]) -> Result<(), RegistryError> {
        let mut conn = self.connect().await?;
        self.check_server(&mut conn).await?;
        let known = migrations.last().map_or(0, |m| m.version);
        // All in one transaction: the schema is the old one or the new one, never between.
        let mut transaction = conn.begin().await?;
        self.lock(&mut transaction).await?;
        let from = match self.state(&mut transaction).await? {
            State::Absent if self.made => {
                let place = self.place().to_owned();
                return Err(RegistryError::SchemaGone { place, schema: self.schema.clone() });
            }
            State::Absent => {
                self.create(&mut transaction).await?;
                0
            }
            State::Foreign => return Err(self.foreign()),
            State::Empty => 0,
            State::Ours => {
                verified(&steps(&mut transaction).await?, migrations, Dialect::Postgres)?
            }
        };
        if from < known {
            self.raise(&mut transaction, migrations, from, known).await?;
        }
        transaction.commit().await?;
        conn.close().await?;
        if from < known {
            tracing::info!(from, to = known, place = self.place(), "registry schema upgraded");
        }
        if !self.made {
            self.remember()?;
        }
        Ok(())
    }

    /// Writes down that the schema was made.
    pub(crate) fn remember(&self) -> Result<(), RegistryError> {
        write_id(&self.file, self.schema.trim_start_matches("eclusier_"), true)
    }

    fn foreign(&self) -> RegistryError {
        RegistryError::NotARegistry { path: PathBuf::from(self.named()) }
    }

    fn named(&self) -> String {
        format!("{}, schema {}", self.place(), self.schema)
    }

    async fn create(&self, conn: &mut Conn) -> Result<(), RegistryError> {
        let sql = format!("CREATE SCHEMA {}", self.schema);
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(conn).await?;
        Ok(())
    }

    /// Takes the steps from one version to another inside the caller's transaction.
    async fn raise(
        &self,
        conn: &mut Conn,
        migrations: &[Migration],
        from: i64,
        to: i64,
    ) -> Result<(), RegistryError> {
        let table = bytewise(
            "CREATE TABLE IF NOT EXISTS schema_migration (
                 version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL
             )",
        );
        sqlx::raw_sql(AssertSqlSafe(table)).execute(&mut *conn).await?;
        upgrade(conn, migrations, Dialect::Postgres, from, to).await
    }

    /// Fills the empty schema with the rows of a registry in SQLite of version `at`, and
    /// upgrades it: all of it in one transaction, or nothing.
    pub(crate) async fn fill(
        &self,
        from: &mut Conn,
        at: i64,
        migrations: &[Migration],
        watch: CopyWatch<'_>,
    ) -> Result<AuditVerdict, RegistryError> {
        let mut conn = self.connect().await?;
        self.check_server(&mut conn).await?;
        let known = migrations.last().map_or(0, |m| m.version);
        let mut transaction = conn.begin().await?;
        self.lock(&mut transaction).await?;
        match self.state(&mut transaction).await? {
            State::Absent => self.create(&mut transaction).await?,
            State::Empty => {}
            State::Foreign | State::Ours => {
                let path = PathBuf::from(self.named());
                return Err(RegistryError::NotEmpty { path });
            }
        }
        self.raise(&mut transaction, migrations, 0, at).await?;
        let guards = guards(&mut transaction).await?;
        for guard in &guards {
            sqlx::raw_sql(AssertSqlSafe(guard.drop.clone())).execute(&mut *transaction).await?;
        }
        copy_tables(from, &mut transaction, watch).await?;
        // Made again, the references check every row.
        for guard in &guards {
            sqlx::raw_sql(AssertSqlSafe(guard.make.clone())).execute(&mut *transaction).await?;
        }
        self.raise(&mut transaction, migrations, at, known).await?;
        let verdict = verify(&mut transaction).await?;
        if verdict.is_whole() {
            transaction.commit().await?;
        } else {
            transaction.rollback().await?;
        }
        conn.close().await?;
        Ok(verdict)
    }

    /// Schema version once others may be in.
    pub(crate) async fn look(&self) -> Result<i64, RegistryError> {
        let mut conn = self.connect().await?;
        let found = match self.state(&mut conn).await? {
            State::Absent | State::Empty => 0,
            State::Foreign => return Err(self.foreign()),
            State::Ours => steps(&mut conn).await?.last().map_or(0, |(version, _)| *version),
        };
        conn.close().await?;
        Ok(found)
    }

    /// What stands at this seat.
    async fn state(&self, conn: &mut Conn) -> Result<State, RegistryError> {
        let row = sqlx::query(
            "SELECT (SELECT count(*) FROM pg_namespace WHERE nspname = $1) AS schemas,
                    (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                     WHERE n.nspname = $1 AND c.relkind = 'r') AS tables,
                    (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                     WHERE n.nspname = $1 AND c.relname = 'schema_migration') AS steps",
        )
        .bind(&self.schema)
        .fetch_one(conn)
        .await?;
        let count = |name| row.try_get::<i64, _>(name);
        Ok(match (count("schemas")?, count("tables")?, count("steps")?) {
            (0, ..) => State::Absent,
            (_, 0, _) => State::Empty,
            (.., 0) => State::Foreign,
            _ => State::Ours,
        })
    }

    /// Reads back what the server was told, and what it must be.
    async fn check_server(&self, conn: &mut Conn) -> Result<(), RegistryError> {
        let row = sqlx::query(
            "SELECT current_setting('synchronous_commit') AS synchronous_commit,
                    current_setting('server_encoding') AS server_encoding,
                    current_setting('fsync') AS fsync",
        )
        .fetch_one(conn)
        .await?;
        for (setting, wanted) in [("synchronous_commit", "on"), ("server_encoding", "UTF8")] {
            let found: String = row.try_get(setting)?;
            if found != wanted {
                let place = self.place().to_owned();
                return Err(RegistryError::ServerSetting { place, setting, found, wanted });
            }
        }
        if row.try_get::<&str, _>("fsync")? != "on" {
            tracing::warn!(place = self.place(), "fsync is off: a power cut may lose the registry");
        }
        Ok(())
    }
}

/// A migration in which every column of type TEXT is compared byte by byte, as on SQLite,
/// whatever the language the database sorts in.
pub(crate) fn bytewise(sql: &str) -> String {
    let inside = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut out = String::with_capacity(sql.len() + sql.len() / 4);
    let mut rest = sql;
    while let Some((before, after)) = rest.split_once("TEXT") {
        out.push_str(before);
        out.push_str("TEXT");
        if !out.trim_end_matches("TEXT").ends_with(inside) && !after.starts_with(inside) {
            out.push_str(" COLLATE \"C\"");
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// A reference or a trigger that stands in the way of a copy.
struct Guard {
    drop: String,
    make: String,
}

/// The references between tables and the triggers of the schema.
async fn guards(conn: &mut Conn) -> Result<Vec<Guard>, RegistryError> {
    let rows = sqlx::query(
        "SELECT format('ALTER TABLE %I DROP CONSTRAINT %I', t.relname, c.conname) AS away,
                format('ALTER TABLE %I ADD CONSTRAINT %I %s', t.relname, c.conname,
                       pg_get_constraintdef(c.oid)) AS back
         FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
         JOIN pg_namespace n ON n.oid = t.relnamespace
         WHERE n.nspname = current_schema() AND c.contype = 'f'
         UNION ALL
         SELECT format('DROP TRIGGER %I ON %I', g.tgname, t.relname), pg_get_triggerdef(g.oid)
         FROM pg_trigger g JOIN pg_class t ON t.oid = g.tgrelid
         JOIN pg_namespace n ON n.oid = t.relnamespace
         WHERE n.nspname = current_schema() AND NOT g.tgisinternal",
    )
    .fetch_all(conn)
    .await?;
    rows.iter()
        .map(|row| Ok(Guard { drop: row.try_get("away")?, make: row.try_get("back")? }))
        .collect()
}

/// What stands at a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// No schema of that name.
    Absent,
    /// A schema without tables.
    Empty,
    /// A schema with tables that are not a registry's.
    Foreign,
    /// A registry.
    Ours,
}

/// Sorts the faults of the server by what a caller can do about them; codes are in the
/// appendix A of its manual.
pub(crate) fn classify(error: sqlx::Error) -> RegistryError {
    let place = || "the registry's database".to_owned();
    let cause = error.as_database_error();
    let code = cause.and_then(|e| e.try_downcast_ref::<PgDatabaseError>()).map(|e| e.code());
    match code.unwrap_or_default() {
        // A lock not obtained in time, a deadlock broken, two snapshots that cannot both hold.
        "55P03" | "40P01" | "40001" => RegistryError::Busy(error),
        "53300" => RegistryError::Busy(error),
        "53100" => RegistryError::DiskFull(error),
        "22021" => RegistryError::Text(error),
        // Shut down, starting up, or a session ended by the server.
        "57P01" | "57P02" | "57P03" | "57P05" | "25P03" => {
            RegistryError::Unreachable { place: place(), source: error }
        }
        code if code.starts_with("08") => {
            RegistryError::Unreachable { place: place(), source: error }
        }
        // Unknown role or password, unknown database, a right that the role lacks.
        "28000" | "28P01" | "3D000" | "42501" => {
            RegistryError::Refused { place: place(), source: error }
        }
        _ => RegistryError::Database(error),
    }
}
