//! Roles held by accounts, tokens of programs and screens, and gates of individual data.

use std::collections::BTreeSet;

use eclusier_core::{NodeId, Permission, ProcessId, org::Validity, rights::Grant};
use jiff::{Timestamp, civil::Date};
use serde_json::json;
use sqlx::Row as _;
use uuid::Uuid;

use crate::{
    Registry, RegistryError,
    accounts::RIGHTS,
    audit::{Act, record},
    catalogue::next,
    database::{Conn, Row},
    value::{to_date, to_timestamp, to_us, wrong},
};

/// A role held by an account, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldRole {
    /// Id.
    pub id: String,
    /// Account.
    pub account: String,
    /// The role, where and when.
    pub grant: Grant,
    /// Account that lends it.
    pub delegated_by: Option<String>,
    /// Why.
    pub reason: String,
    /// Version for concurrent edits.
    pub version: i64,
}

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// A program that reads or writes.
    Api,
    /// A wall screen.
    Wall,
    /// A directory that provisions people.
    Scim,
}

impl TokenKind {
    /// Name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            TokenKind::Api => "api",
            TokenKind::Wall => "wall",
            TokenKind::Scim => "scim",
        }
    }

    /// The kind of this name.
    pub fn parse(name: &str) -> Option<Self> {
        [TokenKind::Api, TokenKind::Wall, TokenKind::Scim].into_iter().find(|k| k.as_str() == name)
    }
}

/// A token as stored: only the digest of its secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Id.
    pub id: String,
    /// What it is for.
    pub kind: TokenKind,
    /// Account that answers for it; a token does no more than its account may.
    pub account: Option<String>,
    /// Name.
    pub name: String,
    /// SHA-256 of the secret.
    pub digest: String,
    /// Permissions.
    pub permissions: BTreeSet<Permission>,
    /// Part of the organisation.
    pub node: Option<NodeId>,
    /// Processes.
    pub processes: Option<BTreeSet<ProcessId>>,
    /// Creation.
    pub created: Timestamp,
    /// End.
    pub expires: Timestamp,
    /// Withdrawal.
    pub revoked: Option<Timestamp>,
    /// Last use, told at most once a day.
    pub used: Option<Timestamp>,
}

/// A gate of individual data, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// Id.
    pub id: String,
    /// Purpose.
    pub purpose: String,
    /// Part of the organisation.
    pub node: Option<NodeId>,
    /// Day of the impact assessment.
    pub dpia: Date,
    /// Day the staff council was consulted.
    pub council: Date,
    /// Day the staff was informed.
    pub information: Date,
    /// When it is open.
    pub valid: Validity,
    /// Who opened it.
    pub opened_by: String,
    /// When.
    pub opened: Timestamp,
    /// Who closed it, and when.
    pub closed: Option<(String, Timestamp)>,
    /// Why it was closed.
    pub reason: String,
}

impl Gate {
    /// Whether individual data may be seen through it on a day.
    pub fn is_open(&self, day: Date) -> bool {
        self.closed.is_none() && self.valid.covers(day)
    }
}

fn processes_json(
    processes: Option<&BTreeSet<ProcessId>>,
) -> Result<Option<String>, RegistryError> {
    processes
        .map(serde_json::to_string)
        .transpose()
        .map_err(|source| RegistryError::Json { what: "processes", source })
}

fn processes(row: &Row) -> Result<Option<BTreeSet<ProcessId>>, RegistryError> {
    row.try_get::<Option<String>, _>("processes")?
        .map(|text| serde_json::from_str(&text))
        .transpose()
        .map_err(|source| RegistryError::Json { what: "processes", source })
}

fn validity(row: &Row) -> Result<Validity, RegistryError> {
    let from: String = row.try_get("from_day")?;
    let to: Option<String> = row.try_get("to_day")?;
    Ok(Validity {
        from: to_date("from_day", &from)?,
        to: to.map(|to| to_date("to_day", &to)).transpose()?,
    })
}

impl Registry {
    /// Grants a role.
    pub async fn grant_role(
        &self,
        account: &str,
        grant: &Grant,
        delegated_by: Option<&str>,
        reason: &str,
        by: &str,
        at: Timestamp,
    ) -> Result<HeldRole, RegistryError> {
        let mut write = self.write().await?;
        let id = Uuid::new_v4().to_string();
        sqlx::query(
            "INSERT INTO role_grant (id, account, role, node, processes, from_day, to_day,
                 delegated_by, reason, version)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1)",
        )
        .bind(&id)
        .bind(account)
        .bind(&grant.role)
        .bind(grant.node.as_ref().map(|n| n.0.as_str()))
        .bind(processes_json(grant.processes.as_ref())?)
        .bind(grant.valid.from.to_string())
        .bind(grant.valid.to.map(|d| d.to_string()))
        .bind(delegated_by)
        .bind(reason)
        .execute(write.conn())
        .await?;
        next(write.conn(), RIGHTS).await?;
        let details = json!({
            "grant": id,
            "role": grant.role,
            "node": grant.node,
            "processes": grant.processes,
            "from": grant.valid.from.to_string(),
            "to": grant.valid.to.map(|d| d.to_string()),
            "delegated_by": delegated_by,
        });
        let object = format!("account/{account}");
        record(write.conn(), Act { at, by, action: "role.grant", object, details }).await?;
        let held = held(write.conn(), &id).await?;
        write.commit().await?;
        Ok(held)
    }

    /// Sets the last day of a grant seen at `version`: the day before it begins withdraws it.
    pub async fn end_grant(
        &self,
        id: &str,
        version: i64,
        to: Date,
        by: &str,
        at: Timestamp,
    ) -> Result<HeldRole, RegistryError> {
        let mut write = self.write().await?;
        let known = held(write.conn(), id).await?;
        if known.version != version {
            return Err(RegistryError::Stale { what: "grant", id: id.to_owned() });
        }
        // A grant that never held is removed: no validity can say "never".
        if to < known.grant.valid.from {
            sqlx::query("DELETE FROM role_grant WHERE id = $1")
                .bind(id)
                .execute(write.conn())
                .await?;
        } else {
            sqlx::query("UPDATE role_grant SET to_day = $1, version = version + 1 WHERE id = $2")
                .bind(to.to_string())
                .bind(id)
                .execute(write.conn())
                .await?;
        }
        next(write.conn(), RIGHTS).await?;
        let details = json!({ "grant": id, "role": known.grant.role, "to": to.to_string() });
        let object = format!("account/{}", known.account);
        record(write.conn(), Act { at, by, action: "role.end", object, details }).await?;
        write.commit().await?;
        let mut ended = known;
        ended.grant.valid.to = Some(to);
        ended.version += 1;
        Ok(ended)
    }

    /// Every role held, past and future included, in order of first day.
    pub async fn grants(&self) -> Result<Vec<HeldRole>, RegistryError> {
        let rows =
            sqlx::query("SELECT * FROM role_grant").fetch_all(&mut *self.read().await?).await?;
        let mut held: Vec<HeldRole> = rows.iter().map(read_held).collect::<Result<_, _>>()?;
        held.sort_by(|a, b| {
            (a.grant.valid.from, &a.grant.role, &a.id).cmp(&(
                b.grant.valid.from,
                &b.grant.role,
                &b.id,
            ))
        });
        Ok(held)
    }

    /// The roles of one account.
    pub async fn grants_of(&self, account: &str) -> Result<Vec<HeldRole>, RegistryError> {
        let rows = sqlx::query("SELECT * FROM role_grant WHERE account = $1")
            .bind(account)
            .fetch_all(&mut *self.read().await?)
            .await?;
        rows.iter().map(read_held).collect()
    }

    /// One grant.
    pub async fn grant(&self, id: &str) -> Result<HeldRole, RegistryError> {
        held(&mut *self.read().await?, id).await
    }

    /// Stores a token.
    pub async fn create_token(&self, token: &Token, by: &str) -> Result<(), RegistryError> {
        let mut write = self.write().await?;
        let permissions = serde_json::to_string(&token.permissions)
            .map_err(|source| RegistryError::Json { what: "permissions", source })?;
        sqlx::query(
            "INSERT INTO api_token (id, kind, account, name, digest, permissions, node, processes,
                 actor, created_us, expires_us)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind(&token.id)
        .bind(token.kind.as_str())
        .bind(&token.account)
        .bind(&token.name)
        .bind(&token.digest)
        .bind(&permissions)
        .bind(token.node.as_ref().map(|n| n.0.as_str()))
        .bind(processes_json(token.processes.as_ref())?)
        .bind(by)
        .bind(to_us(token.created))
        .bind(to_us(token.expires))
        .execute(write.conn())
        .await?;
        next(write.conn(), RIGHTS).await?;
        let details = json!({
            "kind": token.kind.as_str(),
            "permissions": token.permissions,
            "node": token.node,
            "processes": token.processes,
            "expires": token.expires.to_string(),
        });
        let object = format!("token/{}", token.id);
        let act = Act { at: token.created, by, action: "token.create", object, details };
        record(write.conn(), act).await?;
        write.commit().await
    }

    /// Every token, latest first.
    pub async fn tokens(&self) -> Result<Vec<Token>, RegistryError> {
        let rows = sqlx::query("SELECT * FROM api_token ORDER BY created_us DESC, id")
            .fetch_all(&mut *self.read().await?)
            .await?;
        rows.iter().map(read_token).collect()
    }

    /// One token.
    pub async fn token(&self, id: &str) -> Result<Option<Token>, RegistryError> {
        let row = sqlx::query("SELECT * FROM api_token WHERE id = $1")
            .bind(id)
            .fetch_optional(&mut *self.read().await?)
            .await?;
        row.as_ref().map(read_token).transpose()
    }

    /// Withdraws a token.
    pub async fn revoke_token(
        &self,
        id: &str,
        by: &str,
        at: Timestamp,
    ) -> Result<(), RegistryError> {
        let mut write = self.write().await?;
        let changed = sqlx::query(
            "UPDATE api_token SET revoked_us = $1 WHERE id = $2 AND revoked_us IS NULL",
        )
        .bind(to_us(at))
        .bind(id)
        .execute(write.conn())
        .await?
        .rows_affected();
        if changed == 0 {
            return Err(RegistryError::Missing { what: "token", id: id.to_owned() });
        }
        next(write.conn(), RIGHTS).await?;
        let object = format!("token/{id}");
        let act = Act { at, by, action: "token.revoke", object, details: json!({}) };
        record(write.conn(), act).await?;
        write.commit().await
    }

    /// Notes that a token was used; the caller does so at most once a day.
    pub async fn token_used(&self, id: &str, at: Timestamp) -> Result<(), RegistryError> {
        let mut write = self.write().await?;
        sqlx::query("UPDATE api_token SET used_us = $1 WHERE id = $2")
            .bind(to_us(at))
            .bind(id)
            .execute(write.conn())
            .await?;
        write.commit().await
    }

    /// Opens a gate.
    pub async fn open_gate(&self, gate: &Gate) -> Result<(), RegistryError> {
        let to = gate.valid.to.ok_or_else(|| wrong("gate.to_day", "none"))?;
        let mut write = self.write().await?;
        sqlx::query(
            "INSERT INTO gate (id, purpose, node, dpia_day, council_day, information_day, from_day,
                 to_day, opened_by, opened_us)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(&gate.id)
        .bind(&gate.purpose)
        .bind(gate.node.as_ref().map(|n| n.0.as_str()))
        .bind(gate.dpia.to_string())
        .bind(gate.council.to_string())
        .bind(gate.information.to_string())
        .bind(gate.valid.from.to_string())
        .bind(to.to_string())
        .bind(&gate.opened_by)
        .bind(to_us(gate.opened))
        .execute(write.conn())
        .await?;
        next(write.conn(), RIGHTS).await?;
        let details = json!({
            "node": gate.node,
            "dpia": gate.dpia.to_string(),
            "council": gate.council.to_string(),
            "information": gate.information.to_string(),
            "from": gate.valid.from.to_string(),
            "to": to.to_string(),
        });
        let object = format!("gate/{}", gate.id);
        let act =
            Act { at: gate.opened, by: &gate.opened_by, action: "gate.open", object, details };
        record(write.conn(), act).await?;
        write.commit().await
    }

    /// Closes a gate, for ever.
    pub async fn close_gate(
        &self,
        id: &str,
        reason: &str,
        by: &str,
        at: Timestamp,
    ) -> Result<Gate, RegistryError> {
        let mut write = self.write().await?;
        let changed = sqlx::query(
            "UPDATE gate SET closed_by = $1, closed_us = $2, reason = $3
             WHERE id = $4 AND closed_us IS NULL",
        )
        .bind(by)
        .bind(to_us(at))
        .bind(reason)
        .bind(id)
        .execute(write.conn())
        .await?
        .rows_affected();
        if changed == 0 {
            return Err(RegistryError::Missing { what: "gate", id: id.to_owned() });
        }
        next(write.conn(), RIGHTS).await?;
        let object = format!("gate/{id}");
        record(write.conn(), Act { at, by, action: "gate.close", object, details: json!({}) })
            .await?;
        let row = sqlx::query("SELECT * FROM gate WHERE id = $1")
            .bind(id)
            .fetch_one(write.conn())
            .await?;
        let gate = read_gate(&row)?;
        write.commit().await?;
        Ok(gate)
    }

    /// Every gate, latest first.
    pub async fn gates(&self) -> Result<Vec<Gate>, RegistryError> {
        let rows = sqlx::query("SELECT * FROM gate ORDER BY opened_us DESC, id")
            .fetch_all(&mut *self.read().await?)
            .await?;
        rows.iter().map(read_gate).collect()
    }
}

async fn held(conn: &mut Conn, id: &str) -> Result<HeldRole, RegistryError> {
    let row =
        sqlx::query("SELECT * FROM role_grant WHERE id = $1").bind(id).fetch_optional(conn).await?;
    let missing = || RegistryError::Missing { what: "grant", id: id.to_owned() };
    read_held(&row.ok_or_else(missing)?)
}

fn read_held(row: &Row) -> Result<HeldRole, RegistryError> {
    Ok(HeldRole {
        id: row.try_get("id")?,
        account: row.try_get("account")?,
        grant: Grant {
            role: row.try_get("role")?,
            node: row.try_get::<Option<String>, _>("node")?.map(NodeId),
            processes: processes(row)?,
            valid: validity(row)?,
        },
        delegated_by: row.try_get("delegated_by")?,
        reason: row.try_get("reason")?,
        version: row.try_get("version")?,
    })
}

fn read_token(row: &Row) -> Result<Token, RegistryError> {
    let kind: String = row.try_get("kind")?;
    let permissions: String = row.try_get("permissions")?;
    let instant = |field: &'static str| -> Result<Option<Timestamp>, RegistryError> {
        row.try_get::<Option<i64>, _>(field)?.map(|us| to_timestamp(field, us)).transpose()
    };
    Ok(Token {
        id: row.try_get("id")?,
        kind: TokenKind::parse(&kind).ok_or_else(|| wrong("api_token.kind", kind))?,
        account: row.try_get("account")?,
        name: row.try_get("name")?,
        digest: row.try_get("digest")?,
        permissions: serde_json::from_str(&permissions)
            .map_err(|source| RegistryError::Json { what: "permissions", source })?,
        node: row.try_get::<Option<String>, _>("node")?.map(NodeId),
        processes: processes(row)?,
        created: to_timestamp("created_us", row.try_get("created_us")?)?,
        expires: to_timestamp("expires_us", row.try_get("expires_us")?)?,
        revoked: instant("revoked_us")?,
        used: instant("used_us")?,
    })
}

fn read_gate(row: &Row) -> Result<Gate, RegistryError> {
    let day = |field: &'static str| -> Result<Date, RegistryError> {
        to_date(field, &row.try_get::<String, _>(field)?)
    };
    let closed_by: Option<String> = row.try_get("closed_by")?;
    let closed: Option<i64> = row.try_get("closed_us")?;
    Ok(Gate {
        id: row.try_get("id")?,
        purpose: row.try_get("purpose")?,
        node: row.try_get::<Option<String>, _>("node")?.map(NodeId),
        dpia: day("dpia_day")?,
        council: day("council_day")?,
        information: day("information_day")?,
        valid: validity(row)?,
        opened_by: row.try_get("opened_by")?,
        opened: to_timestamp("opened_us", row.try_get("opened_us")?)?,
        closed: closed_by
            .zip(closed)
            .map(|(by, us)| Ok::<_, RegistryError>((by, to_timestamp("closed_us", us)?)))
            .transpose()?,
        reason: row.try_get("reason")?,
    })
}
