//! Purges of data about people, each in one transaction with its proof.

use jiff::{Timestamp, civil::Date};
use serde_json::json;
use sqlx::Row as _;

use crate::{
    Registry, RegistryError,
    audit::{Act, record},
    catalogue::next,
    database::{Conn, Row},
    value::{from_count, sha256_hex, to_count, to_date, to_timestamp, to_us, wrong},
};

/// A purge and its proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purge {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// Rule.
    pub what: String,
    /// Everything before this day.
    pub before: Date,
    /// Removed.
    pub removed: u64,
    /// SHA-256 over the numbers of the rows left: it holds as long as none comes back.
    pub proof: String,
}

/// Rows a rule removes. `{before}` is a day, `{now}` an instant.
fn condition(what: &str) -> Result<(&'static str, &'static str, &'static str), RegistryError> {
    match what {
        "absences" => {
            Ok(("person_fact", "id", "kind = 'absence' AND to_day IS NOT NULL AND to_day < $1"))
        }
        "leavers" => Ok((
            "person",
            "id",
            "active = 0 AND (given <> '' OR family <> '' OR email <> '')
             AND NOT EXISTS (SELECT 1 FROM person_fact f WHERE f.person = person.id
                 AND f.kind = 'membership' AND (f.to_day IS NULL OR f.to_day >= $1))",
        )),
        "sessions" => Ok(("session", "digest", "expires_us < $1")),
        other => Err(wrong("purge.what", other)),
    }
}

impl Registry {
    /// Rows a rule would remove.
    pub async fn purgeable(
        &self,
        what: &str,
        before: Date,
        now: Timestamp,
    ) -> Result<u64, RegistryError> {
        if what == "individual_detail" {
            // Computed from the log at each look, bounded by its retention: nothing is stored.
            return Ok(0);
        }
        let (table, _, rows) = condition(what)?;
        let sql = format!("SELECT count(*) FROM {table} WHERE {rows}");
        let mut conn = self.read().await?;
        let query = sqlx::query_scalar(sqlx::AssertSqlSafe(sql));
        let count: i64 = match what {
            "sessions" => query.bind(to_us(now)).fetch_one(&mut *conn).await?,
            _ => query.bind(before.to_string()).fetch_one(&mut *conn).await?,
        };
        from_count("purgeable", count)
    }

    /// Removes the rows of a rule and keeps the proof; `None` when there was nothing.
    pub async fn purge(
        &self,
        what: &str,
        before: Date,
        by: &str,
        at: Timestamp,
    ) -> Result<Option<Purge>, RegistryError> {
        if what == "individual_detail" {
            return Ok(None);
        }
        let (table, key, rows) = condition(what)?;
        let mut write = self.write().await?;
        let sql = match what {
            // Those who left keep their number: what they did stays true, without their name.
            "leavers" => format!(
                "UPDATE person SET given = '', family = '', email = '', agent = NULL,
                     external = NULL, version = version + 1 WHERE {rows}"
            ),
            _ => format!("DELETE FROM {table} WHERE {rows}"),
        };
        let query = sqlx::query(sqlx::AssertSqlSafe(sql));
        let removed = match what {
            "sessions" => query.bind(to_us(at)).execute(write.conn()).await?,
            _ => query.bind(before.to_string()).execute(write.conn()).await?,
        }
        .rows_affected();
        if removed == 0 {
            return Ok(None);
        }
        let proof = left(write.conn(), table, key).await?;
        let id = next(write.conn(), "purge").await?;
        sqlx::query(
            "INSERT INTO purge (id, at_us, actor, what, before_day, removed, proof)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(id)
        .bind(to_us(at))
        .bind(by)
        .bind(what)
        .bind(before.to_string())
        .bind(to_count("purge.removed", removed)?)
        .bind(&proof)
        .execute(write.conn())
        .await?;
        // What was kept about the organisation must be read again.
        next(write.conn(), "organisation").await?;
        let details = json!({
            "before": before.to_string(),
            "removed": removed,
            "proof": proof,
        });
        let object = format!("retention/{what}");
        record(write.conn(), Act { at, by, action: "retention.purge", object, details }).await?;
        write.commit().await?;
        let (by, what) = (by.to_owned(), what.to_owned());
        Ok(Some(Purge { at, by, what, before, removed, proof }))
    }

    /// Every purge, latest first.
    pub async fn purges(&self) -> Result<Vec<Purge>, RegistryError> {
        let rows = sqlx::query("SELECT * FROM purge ORDER BY id DESC")
            .fetch_all(&mut *self.read().await?)
            .await?;
        rows.iter().map(read).collect()
    }
}

async fn left(
    conn: &mut Conn,
    table: &'static str,
    key: &'static str,
) -> Result<String, RegistryError> {
    let sql = format!("SELECT CAST({key} AS TEXT) AS key FROM {table}");
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(conn).await?;
    let mut keys: Vec<String> =
        rows.iter().map(|row| row.try_get("key")).collect::<Result<_, _>>()?;
    keys.sort();
    Ok(sha256_hex(keys.join("\n").as_bytes()))
}

fn read(row: &Row) -> Result<Purge, RegistryError> {
    let before: String = row.try_get("before_day")?;
    Ok(Purge {
        at: to_timestamp("purge.at_us", row.try_get("at_us")?)?,
        by: row.try_get("actor")?,
        what: row.try_get("what")?,
        before: to_date("purge.before_day", &before)?,
        removed: from_count("purge.removed", row.try_get("removed")?)?,
        proof: row.try_get("proof")?,
    })
}
