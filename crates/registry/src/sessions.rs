//! Sessions of browsers. The registry keeps the digest of what the browser holds: a stolen
//! copy of the database opens no session.

use jiff::Timestamp;
use serde_json::json;
use sqlx::Row as _;

use crate::{
    Registry, RegistryError,
    accounts::end_sessions,
    audit::{Act, record},
    database::Row,
    value::{check_json, to_timestamp, to_us},
};

/// A session as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of what the browser holds.
    pub digest: String,
    /// Account, once somebody signed in.
    pub account: Option<String>,
    /// What the server keeps about it, JSON.
    pub data: String,
    /// Sign-in.
    pub created: Timestamp,
    /// Last time it was written.
    pub seen: Timestamp,
    /// End, unless it is written again.
    pub expires: Timestamp,
}

impl Registry {
    /// Stores a session; `false`, and nothing stored, when `new` and the digest exists.
    pub async fn put_session(&self, session: &Session, new: bool) -> Result<bool, RegistryError> {
        check_json("session", &session.data)?;
        let mut write = self.write().await?;
        let conflict = if new {
            "ON CONFLICT (digest) DO NOTHING"
        } else {
            "ON CONFLICT (digest) DO UPDATE SET account = excluded.account, data = excluded.data,
                 seen_us = excluded.seen_us, expires_us = excluded.expires_us"
        };
        let sql = format!(
            "INSERT INTO session (digest, account, data, created_us, seen_us, expires_us)
             VALUES ($1, $2, $3, $4, $5, $6) {conflict}"
        );
        let stored = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(&session.digest)
            .bind(&session.account)
            .bind(&session.data)
            .bind(to_us(session.created))
            .bind(to_us(session.seen))
            .bind(to_us(session.expires))
            .execute(write.conn())
            .await?
            .rows_affected();
        write.commit().await?;
        Ok(stored > 0)
    }

    /// A session that has not ended.
    pub async fn session(
        &self,
        digest: &str,
        now: Timestamp,
    ) -> Result<Option<Session>, RegistryError> {
        let row = sqlx::query("SELECT * FROM session WHERE digest = $1 AND expires_us > $2")
            .bind(digest)
            .bind(to_us(now))
            .fetch_optional(&mut *self.read().await?)
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// The open sessions of an account, latest first.
    pub async fn sessions_of(
        &self,
        account: &str,
        now: Timestamp,
    ) -> Result<Vec<Session>, RegistryError> {
        let rows = sqlx::query(
            "SELECT * FROM session WHERE account = $1 AND expires_us > $2 ORDER BY seen_us DESC",
        )
        .bind(account)
        .bind(to_us(now))
        .fetch_all(&mut *self.read().await?)
        .await?;
        rows.iter().map(read).collect()
    }

    /// Forgets a session.
    pub async fn delete_session(&self, digest: &str) -> Result<(), RegistryError> {
        let mut write = self.write().await?;
        sqlx::query("DELETE FROM session WHERE digest = $1")
            .bind(digest)
            .execute(write.conn())
            .await?;
        write.commit().await
    }

    /// Ends the sessions of an account but one, and says so in the audit log.
    pub async fn end_sessions(
        &self,
        account: &str,
        kept: Option<&str>,
        by: &str,
        at: Timestamp,
    ) -> Result<u64, RegistryError> {
        let mut write = self.write().await?;
        let ended = end_sessions(write.conn(), account, kept).await?;
        let object = format!("account/{account}");
        let details = json!({ "ended": ended });
        record(write.conn(), Act { at, by, action: "session.end", object, details }).await?;
        write.commit().await?;
        Ok(ended)
    }

    /// Removes sessions that have ended.
    pub async fn sweep_sessions(&self, now: Timestamp) -> Result<u64, RegistryError> {
        let mut write = self.write().await?;
        let swept = sqlx::query("DELETE FROM session WHERE expires_us <= $1")
            .bind(to_us(now))
            .execute(write.conn())
            .await?
            .rows_affected();
        write.commit().await?;
        Ok(swept)
    }
}

fn read(row: &Row) -> Result<Session, RegistryError> {
    Ok(Session {
        digest: row.try_get("digest")?,
        account: row.try_get("account")?,
        data: row.try_get("data")?,
        created: to_timestamp("created_us", row.try_get("created_us")?)?,
        seen: to_timestamp("seen_us", row.try_get("seen_us")?)?,
        expires: to_timestamp("expires_us", row.try_get("expires_us")?)?,
    })
}
