//! OCEL 2.0 in SQLite, opened read-only and never trusted: names of tables come
//! from the file, so each is looked up in `sqlite_master` and quoted.
//!
//! The database is read on a thread of its own, which sends items through a
//! short queue: the caller may itself live inside an asynchronous runtime.

use std::{
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
};

use futures_util::TryStreamExt;
use sqlx::{
    Connection, Row, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteRow},
};

use super::{Happening, Object, Pass, Visitor};
use crate::{context::Context, error::IngestError, finding::Code};

const MAGIC: &[u8] = b"SQLite format 3\0";

pub(super) fn sniff(head: &[u8]) -> bool {
    head.starts_with(MAGIC)
}

enum Item {
    Object(Object),
    Event(Happening),
}

/// Why the database could not be read.
enum Failure {
    Missing(String),
    Sql(sqlx::Error),
    Io(std::io::Error),
}

impl From<sqlx::Error> for Failure {
    fn from(e: sqlx::Error) -> Self {
        Failure::Sql(e)
    }
}

pub(super) fn scan(
    path: &Path,
    pass: Pass,
    ctx: &mut Context<'_>,
    visitor: &mut dyn Visitor,
) -> Result<(), IngestError> {
    let (sender, receiver) = sync_channel(256);
    let path = path.to_path_buf();
    let reader = std::thread::Builder::new()
        .name("ocel-sqlite".into())
        .spawn(move || read(path, pass, &sender))
        .map_err(|source| IngestError::Io { name: ctx.name.clone(), source })?;
    // A visitor that fails drops the receiver, and the reader stops at its next send.
    take(receiver, ctx, visitor)?;
    match reader.join() {
        Ok(Ok(())) => Ok(()),
        Ok(Err(failure)) => Err(said(ctx, failure)),
        Err(_) => Err(said(ctx, Failure::Missing("?".into()))),
    }
}

fn take(
    receiver: Receiver<Item>,
    ctx: &mut Context<'_>,
    visitor: &mut dyn Visitor,
) -> Result<(), IngestError> {
    for (n, item) in receiver.into_iter().enumerate() {
        if n % 1_024 == 0 {
            ctx.at(0, 0)?;
        }
        match item {
            Item::Object(object) => visitor.object(object, ctx)?,
            Item::Event(event) => visitor.event(event, ctx)?,
        }
    }
    Ok(())
}

fn said(ctx: &Context<'_>, failure: Failure) -> IngestError {
    match failure {
        Failure::Io(source) => IngestError::Io { name: ctx.name.clone(), source },
        Failure::Missing(table) => ctx.refusal(
            Code::Malformed,
            None,
            format!("la base SQLite n’est pas un journal OCEL 2.0 : la table « {table} » manque"),
            format!("the SQLite database is not an OCEL 2.0 log: table {table:?} is missing"),
        ),
        Failure::Sql(error) => ctx.refusal(
            Code::Malformed,
            None,
            format!("la base SQLite est abîmée ou n’est pas un journal OCEL 2.0 ({error})"),
            format!("the SQLite database is damaged or is not an OCEL 2.0 log ({error})"),
        ),
    }
}

fn read(path: PathBuf, pass: Pass, sender: &SyncSender<Item>) -> Result<(), Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::Io)?
        .block_on(async {
            let options = SqliteConnectOptions::new()
                .filename(path)
                .read_only(true)
                // Nobody else writes to a delivery: no lock, no journal, no side file.
                .immutable(true)
                .pragma("trusted_schema", "OFF")
                .pragma("cell_size_check", "ON")
                .pragma("mmap_size", "0");
            let mut db = SqliteConnection::connect_with(&options).await?;
            let answer = match pass {
                Pass::Objects => objects(&mut db, sender).await,
                Pass::Events => events(&mut db, sender).await,
            };
            // Closing cannot change the answer.
            let _ = db.close().await;
            answer
        })
}

/// A name as SQL writes it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Columns of an ordinary table; none when there is no such table.
async fn columns(db: &mut SqliteConnection, table: &str) -> Result<Vec<String>, Failure> {
    let found = sqlx::query(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name = $1 AND sql NOT LIKE 'CREATE VIRTUAL%'",
    )
    .bind(table)
    .fetch_optional(&mut *db)
    .await?;
    if found.is_none() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query("SELECT name FROM pragma_table_info($1)")
        .bind(table)
        .fetch_all(&mut *db)
        .await?;
    rows.iter().map(|r| Ok(text(r, 0)?)).collect()
}

async fn required(db: &mut SqliteConnection, table: &str, wanted: &[&str]) -> Result<(), Failure> {
    let found = columns(db, table).await?;
    match wanted.iter().find(|w| !found.iter().any(|f| f == *w)) {
        Some(_) => Err(Failure::Missing(table.to_owned())),
        None => Ok(()),
    }
}

/// A cell as text, whatever its type; null is empty.
fn text(row: &SqliteRow, index: usize) -> Result<String, sqlx::Error> {
    Ok(row.try_get::<Option<String>, _>(index)?.unwrap_or_default())
}

/// Types and the table of each: `event_map_type`, `object_map_type`.
async fn tables(
    db: &mut SqliteConnection,
    of: &str,
) -> Result<Vec<(String, Vec<String>)>, Failure> {
    let map = format!("{of}_map_type");
    required(db, &map, &["ocel_type", "ocel_type_map"]).await?;
    let sql = format!("SELECT DISTINCT CAST(ocel_type_map AS TEXT) FROM {}", quoted(&map));
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&mut *db).await?;
    let mut found = Vec::new();
    for row in rows {
        let table = format!("{of}_{}", text(&row, 0)?);
        let columns = columns(db, &table).await?;
        if columns.iter().any(|c| c == "ocel_id") {
            found.push((table, columns));
        }
    }
    Ok(found)
}

/// Columns that are attributes of the log rather than of the layout.
fn own(columns: &[String]) -> Vec<&String> {
    columns.iter().filter(|c| !c.starts_with("ocel_")).collect()
}

/// A temporary table of every event's (object's) time and attributes as JSON, so
/// that one join in the order of the file needs no index the file may lack.
async fn gather(db: &mut SqliteConnection, of: &str) -> Result<(), Failure> {
    let tables = tables(db, of).await?;
    sqlx::query("CREATE TEMP TABLE gathered (id TEXT PRIMARY KEY, time TEXT, attributes TEXT) WITHOUT ROWID")
        .execute(&mut *db)
        .await?;
    for (table, columns) in tables {
        let has_time = columns.iter().any(|c| c == "ocel_time");
        let time = if has_time { "CAST(ocel_time AS TEXT)" } else { "NULL" };
        let pairs: Vec<String> = own(&columns)
            .iter()
            // Fewer than the hundred arguments a function may take.
            .take(40)
            .map(|c| format!("'{}', CAST({} AS TEXT)", c.replace('\'', "''"), quoted(c)))
            .collect();
        let order = if has_time { "ocel_time, rowid" } else { "rowid" };
        let sql = format!(
            "INSERT OR IGNORE INTO gathered SELECT CAST(ocel_id AS TEXT), {time}, json_object({}) FROM {} WHERE ocel_id IS NOT NULL ORDER BY {order}",
            pairs.join(", "),
            quoted(&table),
        );
        let simple = sql.replace(", rowid", "").replace("ORDER BY rowid", "");
        if sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut *db).await.is_err() {
            // A table without rowid cannot be ordered by it.
            sqlx::query(sqlx::AssertSqlSafe(simple)).execute(&mut *db).await?;
        }
    }
    Ok(())
}

fn attributes(json: &str) -> Vec<(String, String)> {
    let Ok(serde_json::Value::Object(map)) = serde_json::from_str(json) else { return Vec::new() };
    map.into_iter()
        .filter_map(|(key, value)| match value {
            serde_json::Value::String(text) => Some((key, text)),
            _ => None,
        })
        .collect()
}

async fn objects(db: &mut SqliteConnection, sender: &SyncSender<Item>) -> Result<(), Failure> {
    required(db, "object", &["ocel_id", "ocel_type"]).await?;
    gather(db, "object").await?;
    let mut rows = sqlx::query(
        "SELECT CAST(o.ocel_id AS TEXT), CAST(o.ocel_type AS TEXT), g.attributes FROM object o LEFT JOIN gathered g ON g.id = CAST(o.ocel_id AS TEXT)",
    )
    .fetch(db);
    while let Some(row) = rows.try_next().await? {
        let object = Object {
            id: text(&row, 0)?,
            kind: text(&row, 1)?,
            attributes: attributes(&text(&row, 2)?),
        };
        if sender.send(Item::Object(object)).is_err() {
            break;
        }
    }
    Ok(())
}

async fn events(db: &mut SqliteConnection, sender: &SyncSender<Item>) -> Result<(), Failure> {
    required(db, "event", &["ocel_id", "ocel_type"]).await?;
    required(db, "event_object", &["ocel_event_id", "ocel_object_id"]).await?;
    gather(db, "event").await?;
    // One text per event with all its objects, so that nothing is sorted but the events.
    sqlx::query(
        "CREATE TEMP TABLE related AS SELECT CAST(ocel_event_id AS TEXT) AS event, json_group_array(CAST(ocel_object_id AS TEXT)) AS objects FROM event_object GROUP BY 1",
    )
    .execute(&mut *db)
    .await?;
    sqlx::query("CREATE INDEX temp.related_event ON related (event)").execute(&mut *db).await?;
    let mut rows = sqlx::query(
        "SELECT CAST(e.ocel_type AS TEXT), g.time, g.attributes, r.objects FROM event e LEFT JOIN gathered g ON g.id = CAST(e.ocel_id AS TEXT) LEFT JOIN related r ON r.event = CAST(e.ocel_id AS TEXT)",
    )
    .fetch(db);
    while let Some(row) = rows.try_next().await? {
        let objects: Vec<Option<String>> =
            serde_json::from_str(&text(&row, 3)?).unwrap_or_default();
        let event = Happening {
            activity: text(&row, 0)?,
            time: text(&row, 1)?,
            attributes: attributes(&text(&row, 2)?),
            objects: objects.into_iter().flatten().map(|id| (id, None)).collect(),
        };
        if sender.send(Item::Event(event)).is_err() {
            break;
        }
    }
    Ok(())
}
