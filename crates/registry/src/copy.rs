//! Copies every table of a registry from one database into another of the same schema.
//!
//! The list of tables and columns is read from the database, so that a table added by a
//! later migration is copied without a word here. Rows stream through: the memory used does
//! not grow with the table.

use futures_util::TryStreamExt as _;
use sqlx::{Any, AssertSqlSafe, Row as _, query::Query};

use crate::{
    RegistryError,
    database::{Conn, Dialect, Row},
    value::from_count,
};

/// How far a copy between databases is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyProgress {
    /// Table being copied.
    pub table: String,
    /// Rows of it copied so far.
    pub rows: u64,
    /// Tables copied before it.
    pub tables_done: u64,
    /// Tables in all.
    pub tables: u64,
}

/// Told how far a copy is.
pub type CopyWatch<'a> = &'a (dyn Fn(CopyProgress) + Send + Sync);

/// The steps of the schema are those of each database: they are not copied.
const STEPS: &str = "schema_migration";
/// Values sent at once: well below what either database accepts in one statement.
const VALUES: usize = 4000;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Table {
    name: String,
    columns: Vec<Column>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Column {
    name: String,
    kind: Kind,
}

/// The only types that our schema uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Integer,
    Real,
    Text,
}

fn dialect(conn: &Conn) -> Dialect {
    match conn.backend_name() {
        "PostgreSQL" => Dialect::Postgres,
        _ => Dialect::Sqlite,
    }
}

/// Tables by name, with their columns by name.
async fn tables(conn: &mut Conn) -> Result<Vec<Table>, RegistryError> {
    let sql = match dialect(conn) {
        Dialect::Sqlite => {
            "SELECT t.name AS tab, c.name AS col, c.type AS kind
             FROM sqlite_schema t JOIN pragma_table_info(t.name) c
             WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%'"
        }
        Dialect::Postgres => {
            "SELECT CAST(c.table_name AS TEXT) AS tab, CAST(c.column_name AS TEXT) AS col,
                    CAST(c.data_type AS TEXT) AS kind
             FROM information_schema.columns c
             JOIN information_schema.tables t
                 ON t.table_schema = c.table_schema AND t.table_name = c.table_name
             WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE'"
        }
    };
    let rows = sqlx::query(sql).fetch_all(conn).await?;
    let mut found: Vec<(String, Column)> = Vec::with_capacity(rows.len());
    for row in &rows {
        let (table, name): (String, String) = (row.try_get("tab")?, row.try_get("col")?);
        let declared: String = row.try_get("kind")?;
        let kind = match declared.as_str() {
            "INTEGER" | "bigint" => Kind::Integer,
            "REAL" | "double precision" => Kind::Real,
            "TEXT" | "text" => Kind::Text,
            _ => return Err(RegistryError::Value { field: "column type", value: declared }),
        };
        if table != STEPS {
            found.push((table, Column { name, kind }));
        }
    }
    found.sort_by(|a, b| (&a.0, &a.1.name).cmp(&(&b.0, &b.1.name)));
    let mut tables: Vec<Table> = Vec::new();
    for (name, column) in found {
        match tables.last_mut().filter(|table| table.name == name) {
            Some(table) => table.columns.push(column),
            None => tables.push(Table { name, columns: vec![column] }),
        }
    }
    Ok(tables)
}

/// Names of the tables.
#[cfg(test)]
pub(crate) async fn names(conn: &mut Conn) -> Result<Vec<String>, RegistryError> {
    Ok(tables(conn).await?.into_iter().map(|table| table.name).collect())
}

/// Replaces every row of `to` by those of `from`; constraints and triggers of `to` must be
/// out of the way. Both sides are to be in a transaction of their own. Gives the number of rows.
pub(crate) async fn copy_tables(
    from: &mut Conn,
    to: &mut Conn,
    watch: CopyWatch<'_>,
) -> Result<u64, RegistryError> {
    let wanted = tables(to).await?;
    let held = tables(from).await?;
    if let Some(table) =
        wanted.iter().chain(&held).find(|t| !(wanted.contains(t) && held.contains(t)))
    {
        return Err(RegistryError::Value { field: "table of the copy", value: table.name.clone() });
    }
    let all = u64::try_from(wanted.len()).unwrap_or(u64::MAX);
    let mut total = 0_u64;
    for (done, table) in (0_u64..).zip(&wanted) {
        let tell = |rows| {
            watch(CopyProgress { table: table.name.clone(), rows, tables_done: done, tables: all });
        };
        tell(0);
        let empty = format!("DELETE FROM {}", table.name);
        sqlx::raw_sql(AssertSqlSafe(empty)).execute(&mut *to).await?;
        let rows = copy_table(table, from, to, &tell).await?;
        let count = format!("SELECT count(*) FROM {}", table.name);
        let there: i64 = sqlx::query_scalar(AssertSqlSafe(count)).fetch_one(&mut *to).await?;
        if from_count("rows copied", there)? != rows {
            return Err(RegistryError::Value { field: "rows copied", value: table.name.clone() });
        }
        total = total.saturating_add(rows);
    }
    Ok(total)
}

async fn copy_table(
    table: &Table,
    from: &mut Conn,
    to: &mut Conn,
    tell: &(dyn Fn(u64) + Send + Sync),
) -> Result<u64, RegistryError> {
    let names: Vec<&str> = table.columns.iter().map(|c| c.name.as_str()).collect();
    let names = names.join(", ");
    let page = (VALUES / table.columns.len().max(1)).clamp(1, 500);
    let whole = insert(table, &names, page);
    let select = format!("SELECT {names} FROM {}", table.name);
    let mut stream = sqlx::query(AssertSqlSafe(select)).fetch(from);
    let mut held: Vec<Row> = Vec::with_capacity(page);
    let mut rows = 0_u64;
    loop {
        let row = stream.try_next().await?;
        let ended = row.is_none();
        held.extend(row);
        if held.len() < page && !ended {
            continue;
        }
        if !held.is_empty() {
            let short = (held.len() < page).then(|| insert(table, &names, held.len()));
            let sql = short.as_ref().unwrap_or(&whole);
            let mut query = sqlx::query(AssertSqlSafe(sql.clone()));
            for row in &held {
                query = bound(query, table, row)?;
            }
            query.execute(&mut *to).await?;
            rows = rows.saturating_add(u64::try_from(held.len()).unwrap_or(u64::MAX));
            held.clear();
            tell(rows);
        }
        if ended {
            return Ok(rows);
        }
    }
}

/// The statement that inserts so many rows.
fn insert(table: &Table, names: &str, rows: usize) -> String {
    let width = table.columns.len();
    let row = |i: usize| {
        let marks: Vec<String> = (1..=width).map(|c| format!("${}", i * width + c)).collect();
        format!("({})", marks.join(", "))
    };
    let rows: Vec<String> = (0..rows).map(row).collect();
    format!("INSERT INTO {} ({names}) VALUES {}", table.name, rows.join(", "))
}

type Insert<'q> = Query<'q, Any, sqlx::any::AnyArguments>;

/// Binds the values of a row by the types of the columns: PostgreSQL asks for the type of a
/// null too.
fn bound<'q>(mut query: Insert<'q>, table: &Table, row: &Row) -> Result<Insert<'q>, RegistryError> {
    for (i, column) in table.columns.iter().enumerate() {
        query = match column.kind {
            Kind::Integer => query.bind(row.try_get::<Option<i64>, _>(i)?),
            Kind::Real => query.bind(row.try_get::<Option<f64>, _>(i)?),
            Kind::Text => query.bind(row.try_get::<Option<String>, _>(i)?),
        };
    }
    Ok(query)
}
