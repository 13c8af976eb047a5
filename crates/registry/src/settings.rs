//! Settings of the body, and control totals typed by a person.

use eclusier_core::ProcessId;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::Row as _;

use crate::{
    Registry, RegistryError,
    audit::{Act, record},
    database::Conn,
    value::{check_json, sha256_hex, to_date, to_timestamp, to_us},
};

/// Settings of the body as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Body {
    /// Name shown on screen.
    pub name: String,
    /// Zone of new processes (IANA).
    pub zone: String,
    /// Holiday zone of new processes.
    pub calendar: String,
}

impl Default for Body {
    fn default() -> Self {
        Self { name: String::new(), zone: "Europe/Paris".into(), calendar: "metropole".into() }
    }
}

/// The stock the source tool shows at the end of a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlTotal {
    /// Day.
    pub date: Date,
    /// Stock shown by the source tool.
    pub stock: i64,
    /// Who typed it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Key of the settings of the body.
const BODY: &str = "body";

impl Registry {
    /// Settings of the body, the defaults when never saved.
    pub async fn body(&self) -> Result<Body, RegistryError> {
        match self.setting(BODY).await? {
            None => Ok(Body::default()),
            Some(json) => serde_json::from_str(&json)
                .map_err(|source| RegistryError::Json { what: "settings of the body", source }),
        }
    }

    /// Saves the settings of the body.
    pub async fn put_body(
        &self,
        body: &Body,
        by: &str,
        at: Timestamp,
    ) -> Result<(), RegistryError> {
        let json = serde_json::to_string(body)
            .map_err(|source| RegistryError::Json { what: "settings of the body", source })?;
        self.put_setting(BODY, &json, by, at).await
    }

    /// A setting kept as JSON under a key of the caller.
    pub async fn setting(&self, key: &str) -> Result<Option<String>, RegistryError> {
        let json = sqlx::query_scalar("SELECT json FROM setting WHERE name = $1")
            .bind(key)
            .fetch_optional(&mut *self.read().await?)
            .await?;
        Ok(json)
    }

    /// Saves a setting as JSON; saving the same text again changes nothing.
    pub async fn put_setting(
        &self,
        key: &str,
        json: &str,
        by: &str,
        at: Timestamp,
    ) -> Result<(), RegistryError> {
        self.store_setting(key, None, json, by, at).await
    }

    /// Saves a setting that was `seen` so; [`RegistryError::Stale`] when it is no longer.
    pub async fn replace_setting(
        &self,
        key: &str,
        seen: Option<&str>,
        json: &str,
        by: &str,
        at: Timestamp,
    ) -> Result<(), RegistryError> {
        self.store_setting(key, Some(seen), json, by, at).await
    }

    async fn store_setting(
        &self,
        key: &str,
        seen: Option<Option<&str>>,
        json: &str,
        by: &str,
        at: Timestamp,
    ) -> Result<(), RegistryError> {
        check_json("setting", json)?;
        let mut write = self.write().await?;
        let earlier: Option<String> =
            sqlx::query_scalar("SELECT json FROM setting WHERE name = $1")
                .bind(key)
                .fetch_optional(write.conn())
                .await?;
        if seen.is_some_and(|seen| seen != earlier.as_deref()) {
            return Err(RegistryError::Stale { what: "setting", id: key.to_owned() });
        }
        if earlier.as_deref() == Some(json) {
            return Ok(());
        }
        sqlx::query(
            "INSERT INTO setting (name, json, actor, at_us) VALUES ($1, $2, $3, $4)
             ON CONFLICT (name) DO UPDATE
             SET json = excluded.json, actor = excluded.actor, at_us = excluded.at_us",
        )
        .bind(key)
        .bind(json)
        .bind(by)
        .bind(to_us(at))
        .execute(write.conn())
        .await?;
        let act = Act {
            at,
            by,
            action: "setting.put",
            object: format!("setting/{key}"),
            details: json!({
                "sha256": sha256_hex(json.as_bytes()),
                "earlier_sha256": earlier.map(|text| sha256_hex(text.as_bytes())),
            }),
        };
        record(write.conn(), act).await?;
        write.commit().await
    }

    /// Control totals of a process, by day.
    pub async fn control_totals(
        &self,
        process: &ProcessId,
    ) -> Result<Vec<ControlTotal>, RegistryError> {
        let rows = sqlx::query(
            "SELECT day, stock, actor, at_us FROM control_total WHERE process = $1 ORDER BY day",
        )
        .bind(process.as_str())
        .fetch_all(&mut *self.read().await?)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(ControlTotal {
                    date: to_date("control_total.day", row.try_get("day")?)?,
                    stock: row.try_get("stock")?,
                    by: row.try_get("actor")?,
                    at: to_timestamp("control_total.at_us", row.try_get("at_us")?)?,
                })
            })
            .collect()
    }

    /// Types or corrects the control total of a day; the earlier figure stays in the audit log.
    pub async fn put_control_total(
        &self,
        process: &ProcessId,
        date: Date,
        stock: i64,
        by: &str,
        at: Timestamp,
    ) -> Result<(), RegistryError> {
        let mut write = self.write().await?;
        let earlier = control_total(write.conn(), process, date).await?;
        sqlx::query(
            "INSERT INTO control_total (process, day, stock, actor, at_us)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (process, day) DO UPDATE
             SET stock = excluded.stock, actor = excluded.actor, at_us = excluded.at_us",
        )
        .bind(process.as_str())
        .bind(date.to_string())
        .bind(stock)
        .bind(by)
        .bind(to_us(at))
        .execute(write.conn())
        .await?;
        let details = json!({ "day": date.to_string(), "stock": stock, "earlier": earlier });
        let object = format!("process/{process}");
        let act = Act { at, by, action: "control_total.put", object, details };
        record(write.conn(), act).await?;
        write.commit().await
    }

    /// Removes the control total of a day; `false` when there is none.
    pub async fn delete_control_total(
        &self,
        process: &ProcessId,
        date: Date,
        by: &str,
        at: Timestamp,
    ) -> Result<bool, RegistryError> {
        let mut write = self.write().await?;
        let Some(earlier) = control_total(write.conn(), process, date).await? else {
            return Ok(false);
        };
        sqlx::query("DELETE FROM control_total WHERE process = $1 AND day = $2")
            .bind(process.as_str())
            .bind(date.to_string())
            .execute(write.conn())
            .await?;
        let details = json!({ "day": date.to_string(), "earlier": earlier });
        let object = format!("process/{process}");
        let act = Act { at, by, action: "control_total.delete", object, details };
        record(write.conn(), act).await?;
        write.commit().await?;
        Ok(true)
    }
}

async fn control_total(
    conn: &mut Conn,
    process: &ProcessId,
    date: Date,
) -> Result<Option<i64>, RegistryError> {
    let stock =
        sqlx::query_scalar("SELECT stock FROM control_total WHERE process = $1 AND day = $2")
            .bind(process.as_str())
            .bind(date.to_string())
            .fetch_optional(conn)
            .await?;
    Ok(stock)
}
