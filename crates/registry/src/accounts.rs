//! Accounts of people, and what protects them. No password is kept, only its hash; no name
//! goes into the audit log.

use eclusier_core::PersonId;
use jiff::Timestamp;
use serde_json::{Value, json};
use sqlx::Row as _;
use uuid::Uuid;

use crate::{
    Registry, RegistryError,
    audit::{Act, record},
    catalogue::next,
    database::{Conn, Row},
    value::{to_timestamp, to_us, wrong},
};

/// Whether an account may sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountStatus {
    /// It may.
    Active,
    /// It may not, and its sessions are ended.
    Disabled,
}

impl AccountStatus {
    /// Name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            AccountStatus::Active => "active",
            AccountStatus::Disabled => "disabled",
        }
    }

    /// The status of this name.
    pub fn parse(name: &str) -> Option<Self> {
        [AccountStatus::Active, AccountStatus::Disabled].into_iter().find(|s| s.as_str() == name)
    }
}

/// An account as stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Id, made here.
    pub id: String,
    /// What is typed to sign in.
    pub login: String,
    /// Name shown.
    pub name: String,
    /// Person of the organisation.
    pub person: Option<PersonId>,
    /// Hash of the password; `None` for an account of an identity provider.
    pub password: Option<String>,
    /// Issuer and subject at the identity provider: the identity, never the address.
    pub identity: Option<(String, String)>,
    /// Sealed secret of the second factor.
    pub second: Option<String>,
    /// Digests of the recovery codes left.
    pub recovery: Vec<String>,
    /// Whether it may sign in.
    pub status: AccountStatus,
    /// Whether the password must be changed first.
    pub must_change: bool,
    /// Failures since the last success.
    pub failures: i64,
    /// Until when sign-in is refused.
    pub locked: Option<Timestamp>,
    /// Creation.
    pub created: Timestamp,
    /// Last sign-in.
    pub seen: Option<Timestamp>,
    /// Version for concurrent edits.
    pub version: i64,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Hashes, secrets and names stay out of logs.
        f.debug_struct("Account")
            .field("id", &self.id)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// An account to make.
#[derive(Clone)]
pub struct NewAccount {
    /// Login.
    pub login: String,
    /// Name shown.
    pub name: String,
    /// Person of the organisation.
    pub person: Option<PersonId>,
    /// Hash of the password.
    pub password: Option<String>,
    /// Issuer and subject.
    pub identity: Option<(String, String)>,
    /// Whether the password must be changed first.
    pub must_change: bool,
}

/// Change of an account; what is `None` stays.
#[derive(Clone, Default)]
pub struct AccountChange {
    /// Name shown.
    pub name: Option<String>,
    /// Person of the organisation; `Some(None)` unlinks.
    pub person: Option<Option<PersonId>>,
    /// Whether it may sign in.
    pub status: Option<AccountStatus>,
    /// Forgets the second factor.
    pub reset_second: bool,
    /// Lifts the lock.
    pub unlock: bool,
}

/// Sequence that grows with every change of accounts, grants, tokens and gates.
pub(crate) const RIGHTS: &str = "rights";

impl Registry {
    /// Grows with every change of accounts, grants, tokens and gates: what was derived from
    /// them can be kept under this number.
    pub async fn rights_revision(&self) -> Result<i64, RegistryError> {
        let last: Option<i64> = sqlx::query_scalar("SELECT last FROM sequence WHERE name = $1")
            .bind(RIGHTS)
            .fetch_optional(&mut *self.read().await?)
            .await?;
        Ok(last.unwrap_or(0))
    }

    /// How many accounts exist.
    pub async fn account_count(&self) -> Result<i64, RegistryError> {
        let count = sqlx::query_scalar("SELECT count(*) FROM account")
            .fetch_one(&mut *self.read().await?)
            .await?;
        Ok(count)
    }

    /// Makes an account; [`RegistryError::Taken`] when the login or the identity exists.
    ///
    /// With `first`, only if none exists yet: two people setting up at once make one account.
    pub async fn create_account(
        &self,
        new: &NewAccount,
        first: bool,
        by: &str,
        at: Timestamp,
    ) -> Result<Account, RegistryError> {
        let mut write = self.write().await?;
        let known: i64 =
            sqlx::query_scalar("SELECT count(*) FROM account").fetch_one(write.conn()).await?;
        if first && known > 0 {
            return Err(RegistryError::Taken { what: "the first account" });
        }
        let same: i64 = sqlx::query_scalar("SELECT count(*) FROM account WHERE login = $1")
            .bind(&new.login)
            .fetch_one(write.conn())
            .await?;
        if same > 0 {
            return Err(RegistryError::Taken { what: "login" });
        }
        let (issuer, subject) = new.identity.clone().unzip();
        if issuer.is_some() {
            let same: i64 = sqlx::query_scalar(
                "SELECT count(*) FROM account WHERE issuer = $1 AND subject = $2",
            )
            .bind(&issuer)
            .bind(&subject)
            .fetch_one(write.conn())
            .await?;
            if same > 0 {
                return Err(RegistryError::Taken { what: "identity" });
            }
        }
        let id = Uuid::new_v4().to_string();
        sqlx::query(
            "INSERT INTO account (id, login, name, person, password, issuer, subject, status,
                 must_change, created_us, version)
             VALUES ($1, $2, $3, $4, $5, $6, $7, 'active', $8, $9, 1)",
        )
        .bind(&id)
        .bind(&new.login)
        .bind(&new.name)
        .bind(new.person.as_ref().map(|p| p.0.as_str()))
        .bind(&new.password)
        .bind(&issuer)
        .bind(&subject)
        .bind(i64::from(new.must_change))
        .bind(to_us(at))
        .execute(write.conn())
        .await?;
        let kind = if new.password.is_some() { "local" } else { "provider" };
        let details = json!({ "kind": kind, "first": first });
        note(write.conn(), at, by, "account.create", &id, details).await?;
        let account = one(write.conn(), &id).await?;
        write.commit().await?;
        Ok(account)
    }

    /// Every account, by login.
    pub async fn accounts(&self) -> Result<Vec<Account>, RegistryError> {
        let rows = sqlx::query("SELECT * FROM account").fetch_all(&mut *self.read().await?).await?;
        let mut accounts: Vec<Account> = rows.iter().map(read).collect::<Result<_, _>>()?;
        accounts.sort_by(|a, b| a.login.cmp(&b.login));
        Ok(accounts)
    }

    /// One account; [`RegistryError::Missing`] when there is none.
    pub async fn account(&self, id: &str) -> Result<Account, RegistryError> {
        one(&mut *self.read().await?, id).await
    }

    /// The account of a login.
    pub async fn account_of_login(&self, login: &str) -> Result<Option<Account>, RegistryError> {
        let row = sqlx::query("SELECT * FROM account WHERE login = $1")
            .bind(login)
            .fetch_optional(&mut *self.read().await?)
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// The account of an identity.
    pub async fn account_of_identity(
        &self,
        issuer: &str,
        subject: &str,
    ) -> Result<Option<Account>, RegistryError> {
        let row = sqlx::query("SELECT * FROM account WHERE issuer = $1 AND subject = $2")
            .bind(issuer)
            .bind(subject)
            .fetch_optional(&mut *self.read().await?)
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// Changes an account seen at `version`; disabling it ends its sessions.
    pub async fn update_account(
        &self,
        id: &str,
        version: i64,
        change: &AccountChange,
        by: &str,
        at: Timestamp,
    ) -> Result<Account, RegistryError> {
        let mut write = self.write().await?;
        let mut account = one(write.conn(), id).await?;
        if account.version != version {
            return Err(RegistryError::Stale { what: "account", id: id.to_owned() });
        }
        if let Some(name) = &change.name {
            account.name.clone_from(name);
        }
        if let Some(person) = &change.person {
            account.person.clone_from(person);
        }
        if let Some(status) = change.status {
            account.status = status;
        }
        if change.reset_second {
            account.second = None;
            account.recovery.clear();
        }
        if change.unlock {
            (account.failures, account.locked) = (0, None);
        }
        store(write.conn(), &account).await?;
        if account.status == AccountStatus::Disabled || change.reset_second {
            end_sessions(write.conn(), id, None).await?;
        }
        let details = json!({
            "renamed": change.name.is_some(),
            "person": change.person.is_some(),
            "status": change.status.map(AccountStatus::as_str),
            "reset_second": change.reset_second,
            "unlock": change.unlock,
        });
        note(write.conn(), at, by, "account.update", id, details).await?;
        let account = one(write.conn(), id).await?;
        write.commit().await?;
        Ok(account)
    }

    /// Replaces the password, lifts the lock and ends every session but `kept`.
    pub async fn set_password(
        &self,
        id: &str,
        hash: &str,
        must_change: bool,
        kept: Option<&str>,
        by: &str,
        at: Timestamp,
    ) -> Result<Account, RegistryError> {
        let mut write = self.write().await?;
        let mut account = one(write.conn(), id).await?;
        if account.identity.is_some() {
            // An account of an identity provider has no local password path.
            return Err(RegistryError::Taken { what: "password of a provider's account" });
        }
        account.password = Some(hash.to_owned());
        account.must_change = must_change;
        (account.failures, account.locked) = (0, None);
        store(write.conn(), &account).await?;
        end_sessions(write.conn(), id, kept).await?;
        let details = json!({ "must_change": must_change });
        note(write.conn(), at, by, "account.password", id, details).await?;
        let account = one(write.conn(), id).await?;
        write.commit().await?;
        Ok(account)
    }

    /// Stores or forgets the second factor with its recovery codes.
    pub async fn set_second_factor(
        &self,
        id: &str,
        sealed: Option<&str>,
        recovery: &[String],
        by: &str,
        at: Timestamp,
    ) -> Result<(), RegistryError> {
        let mut write = self.write().await?;
        let mut account = one(write.conn(), id).await?;
        account.second = sealed.map(str::to_owned);
        account.recovery = recovery.to_vec();
        store(write.conn(), &account).await?;
        let details = json!({ "set": sealed.is_some() });
        note(write.conn(), at, by, "account.second_factor", id, details).await?;
        write.commit().await
    }

    /// Counts a failed sign-in, and locks the account when told to.
    pub async fn sign_in_failed(
        &self,
        id: &str,
        locked: Option<Timestamp>,
        at: Timestamp,
    ) -> Result<(), RegistryError> {
        let mut write = self.write().await?;
        sqlx::query("UPDATE account SET failures = failures + 1, locked_us = $1 WHERE id = $2")
            .bind(locked.map(to_us))
            .bind(id)
            .execute(write.conn())
            .await?;
        let details = json!({ "locked_until": locked.map(|t| t.to_string()) });
        let object = format!("account/{id}");
        let by = object.clone();
        let act = Act { at, by: &by, action: "sign_in.failed", object, details };
        record(write.conn(), act).await?;
        write.commit().await
    }

    /// Notes a sign-in; `how` is `password`, `second_factor`, `recovery` or `provider`.
    pub async fn signed_in(&self, id: &str, how: &str, at: Timestamp) -> Result<(), RegistryError> {
        let mut write = self.write().await?;
        sqlx::query(
            "UPDATE account SET failures = 0, locked_us = NULL, seen_us = $1 WHERE id = $2",
        )
        .bind(to_us(at))
        .bind(id)
        .execute(write.conn())
        .await?;
        let object = format!("account/{id}");
        let by = object.clone();
        let act = Act { at, by: &by, action: "sign_in", object, details: json!({ "how": how }) };
        record(write.conn(), act).await?;
        write.commit().await
    }

    /// Uses a time step of the second factor; `false` when it, or a later one, was used already.
    pub async fn take_step(&self, id: &str, step: i64) -> Result<bool, RegistryError> {
        let mut write = self.write().await?;
        let taken =
            sqlx::query("UPDATE account SET last_step = $1 WHERE id = $2 AND last_step < $1")
                .bind(step)
                .bind(id)
                .execute(write.conn())
                .await?
                .rows_affected();
        write.commit().await?;
        Ok(taken > 0)
    }

    /// Uses a recovery code; `false` when it is not one of those left.
    pub async fn take_recovery(&self, id: &str, digest: &str) -> Result<bool, RegistryError> {
        let mut write = self.write().await?;
        let mut account = one(write.conn(), id).await?;
        let before = account.recovery.len();
        account.recovery.retain(|known| known != digest);
        if account.recovery.len() == before {
            return Ok(false);
        }
        store(write.conn(), &account).await?;
        write.commit().await?;
        Ok(true)
    }
}

/// Disables the accounts of somebody who leaves, and ends their sessions.
pub(crate) async fn disable_accounts_of(
    conn: &mut Conn,
    person: &PersonId,
    by: &str,
    at: Timestamp,
) -> Result<(), RegistryError> {
    let rows = sqlx::query("SELECT * FROM account WHERE person = $1 AND status = $2")
        .bind(&person.0)
        .bind(AccountStatus::Active.as_str())
        .fetch_all(&mut *conn)
        .await?;
    for row in &rows {
        let account = Account { status: AccountStatus::Disabled, ..read(row)? };
        store(conn, &account).await?;
        let ended = end_sessions(conn, &account.id, None).await?;
        let details = json!({
            "person_left": true,
            "sessions": ended,
            "status": account.status.as_str(),
        });
        note(conn, at, by, "account.update", &account.id, details).await?;
    }
    Ok(())
}

/// Ends the sessions of an account but one.
pub(crate) async fn end_sessions(
    conn: &mut Conn,
    account: &str,
    kept: Option<&str>,
) -> Result<u64, RegistryError> {
    let ended = sqlx::query("DELETE FROM session WHERE account = $1 AND digest <> $2")
        .bind(account)
        .bind(kept.unwrap_or(""))
        .execute(conn)
        .await?
        .rows_affected();
    Ok(ended)
}

/// Records a change of an account and makes what was derived from rights stale.
async fn note(
    conn: &mut Conn,
    at: Timestamp,
    by: &str,
    action: &'static str,
    id: &str,
    details: Value,
) -> Result<(), RegistryError> {
    next(conn, RIGHTS).await?;
    let object = format!("account/{id}");
    record(conn, Act { at, by, action, object, details }).await
}

async fn store(conn: &mut Conn, account: &Account) -> Result<(), RegistryError> {
    let recovery = serde_json::to_string(&account.recovery)
        .map_err(|source| RegistryError::Json { what: "recovery codes", source })?;
    sqlx::query(
        "UPDATE account SET name = $1, person = $2, password = $3, second = $4, recovery = $5,
             status = $6, must_change = $7, failures = $8, locked_us = $9, version = version + 1
         WHERE id = $10",
    )
    .bind(&account.name)
    .bind(account.person.as_ref().map(|p| p.0.as_str()))
    .bind(&account.password)
    .bind(&account.second)
    .bind(recovery)
    .bind(account.status.as_str())
    .bind(i64::from(account.must_change))
    .bind(account.failures)
    .bind(account.locked.map(to_us))
    .bind(&account.id)
    .execute(conn)
    .await?;
    Ok(())
}

async fn one(conn: &mut Conn, id: &str) -> Result<Account, RegistryError> {
    let row =
        sqlx::query("SELECT * FROM account WHERE id = $1").bind(id).fetch_optional(conn).await?;
    let missing = || RegistryError::Missing { what: "account", id: id.to_owned() };
    read(&row.ok_or_else(missing)?)
}

fn read(row: &Row) -> Result<Account, RegistryError> {
    let status: String = row.try_get("status")?;
    let recovery: String = row.try_get("recovery")?;
    let instant = |field: &'static str| -> Result<Option<Timestamp>, RegistryError> {
        row.try_get::<Option<i64>, _>(field)?.map(|us| to_timestamp(field, us)).transpose()
    };
    let issuer: Option<String> = row.try_get("issuer")?;
    let subject: Option<String> = row.try_get("subject")?;
    Ok(Account {
        id: row.try_get("id")?,
        login: row.try_get("login")?,
        name: row.try_get("name")?,
        person: row.try_get::<Option<String>, _>("person")?.map(PersonId),
        password: row.try_get("password")?,
        identity: issuer.zip(subject),
        second: row.try_get("second")?,
        recovery: serde_json::from_str(&recovery)
            .map_err(|source| RegistryError::Json { what: "recovery codes", source })?,
        status: AccountStatus::parse(&status).ok_or_else(|| wrong("account.status", status))?,
        must_change: row.try_get::<i64, _>("must_change")? != 0,
        failures: row.try_get("failures")?,
        locked: instant("locked_us")?,
        created: to_timestamp("created_us", row.try_get("created_us")?)?,
        seen: instant("seen_us")?,
        version: row.try_get("version")?,
    })
}
