//! Sessions of browsers: the cookie and its rotation are `tower-sessions`', what is kept is
//! ours. The browser holds 128 random bits, the registry only their digest.

use std::{collections::HashMap, time::Duration};

use eclusier_app::{App, AppResult, sign_in::SignInError};
use eclusier_registry::Session as Kept;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use tower_sessions::{
    Expiry, SessionManagerLayer, SessionStore,
    cookie::SameSite,
    session::{Id, Record, Session},
    session_store,
};

/// Name of the cookie.
pub(crate) const COOKIE: &str = "eclusier";
/// The same when it never travels in the clear.
const SECURE_COOKIE: &str = "__Host-eclusier";

/// How long sessions last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lasting {
    /// Without any request.
    pub idle: Duration,
    /// Whatever is done.
    pub whole: Duration,
}

impl Default for Lasting {
    fn default() -> Self {
        Self { idle: Duration::from_secs(30 * 60), whole: Duration::from_secs(10 * 3600) }
    }
}

/// Who is signed in, and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SignedIn {
    pub(crate) account: String,
    pub(crate) since: Timestamp,
    pub(crate) seen: Timestamp,
}

const ACCOUNT: &str = "account";
const SINCE: &str = "since_us";
const SEEN: &str = "seen_us";
/// Account whose password was right and whose code is awaited.
const PENDING: &str = "pending";
/// Secret of a second factor not confirmed yet.
const SECRET: &str = "secret";
/// How often the last request is written down.
const SEEN_EVERY_SECONDS: i64 = 60;
/// How long a code may be awaited.
const PENDING_SECONDS: i64 = 300;

/// The store of sessions over the registry.
#[derive(Clone)]
pub(crate) struct Store(pub(crate) App);

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}

/// The digest under which a session is kept.
pub(crate) fn digest(id: Id) -> String {
    hex::encode(Sha256::digest(id.to_string()))
}

fn failed(error: impl std::fmt::Display) -> session_store::Error {
    session_store::Error::Backend(error.to_string())
}

impl Store {
    fn kept(&self, record: &Record) -> Result<Kept, session_store::Error> {
        let now = self.0.now();
        // The clock of the program decides, so that a replayed day ends its sessions too.
        let left = record.expiry_date - OffsetDateTime::now_utc();
        let left = left.whole_seconds().max(0);
        let text = |key: &str| record.data.get(key).and_then(|v| v.as_str()).map(str::to_owned);
        Ok(Kept {
            digest: digest(record.id),
            account: text(ACCOUNT),
            data: serde_json::to_string(&record.data).map_err(failed)?,
            created: now,
            seen: now,
            expires: now.checked_add(jiff::SignedDuration::from_secs(left)).map_err(failed)?,
        })
    }
}

#[async_trait::async_trait]
impl SessionStore for Store {
    async fn create(&self, record: &mut Record) -> session_store::Result<()> {
        while !self.0.registry().put_session(&self.kept(record)?, true).await.map_err(failed)? {
            record.id = Id::default();
        }
        Ok(())
    }

    async fn save(&self, record: &Record) -> session_store::Result<()> {
        self.0.registry().put_session(&self.kept(record)?, false).await.map(|_| ()).map_err(failed)
    }

    async fn load(&self, id: &Id) -> session_store::Result<Option<Record>> {
        let now = self.0.now();
        let kept = self.0.registry().session(&digest(*id), now).await.map_err(failed)?;
        let Some(kept) = kept else { return Ok(None) };
        let data: HashMap<String, serde_json::Value> =
            serde_json::from_str(&kept.data).map_err(failed)?;
        let left = kept.expires.duration_since(now).as_secs();
        let expiry_date = OffsetDateTime::now_utc() + time::Duration::seconds(left);
        Ok(Some(Record { id: *id, data, expiry_date }))
    }

    async fn delete(&self, id: &Id) -> session_store::Result<()> {
        self.0.registry().delete_session(&digest(*id)).await.map_err(failed)
    }
}

/// The layer that reads and writes the cookie.
pub(crate) fn layer(app: &App, lasting: Lasting, secure: bool) -> SessionManagerLayer<Store> {
    let idle = time::Duration::seconds(i64::try_from(lasting.idle.as_secs()).unwrap_or(1_800));
    SessionManagerLayer::new(Store(app.clone()))
        // The prefix makes browsers refuse the cookie from another host or over plain HTTP.
        .with_name(if secure { SECURE_COOKIE } else { COOKIE })
        .with_secure(secure)
        .with_http_only(true)
        // Not strict: the way back from an identity provider is a cross-site navigation.
        .with_same_site(SameSite::Lax)
        .with_path("/")
        .with_expiry(Expiry::OnInactivity(idle))
}

pub(crate) fn broken(error: tower_sessions::session::Error) -> eclusier_app::AppError {
    eclusier_app::AppError::Io {
        what: "the session".into(),
        source: std::io::Error::other(error.to_string()),
    }
}

/// Who is signed in; a session too old is ended here.
pub(crate) async fn signed_in(
    session: &Session,
    lasting: Lasting,
    now: Timestamp,
) -> AppResult<Option<SignedIn>> {
    let Some(account) = session.get::<String>(ACCOUNT).await.map_err(broken)? else {
        return Ok(None);
    };
    let at = async |key: &str| -> AppResult<Timestamp> {
        let us = session.get::<i64>(key).await.map_err(broken)?.unwrap_or(0);
        Ok(Timestamp::from_microsecond(us).unwrap_or(Timestamp::UNIX_EPOCH))
    };
    let (since, seen) = (at(SINCE).await?, at(SEEN).await?);
    let past = |from: Timestamp, most: Duration| {
        now.duration_since(from).as_secs() >= i64::try_from(most.as_secs()).unwrap_or(i64::MAX)
    };
    if past(since, lasting.whole) || past(seen, lasting.idle) {
        session.flush().await.map_err(broken)?;
        return Ok(None);
    }
    Ok(Some(SignedIn { account, since, seen }))
}

/// Notes that the session is used, at most once a minute.
pub(crate) async fn touch(session: &Session, seen: Timestamp, now: Timestamp) -> AppResult<()> {
    if now.duration_since(seen).as_secs() >= SEEN_EVERY_SECONDS {
        session.insert(SEEN, now.as_microsecond()).await.map_err(broken)?;
    }
    Ok(())
}

/// Notes that the session is used, now.
pub(crate) async fn extend(session: &Session, now: Timestamp) -> AppResult<()> {
    session.insert(SEEN, now.as_microsecond()).await.map_err(broken)
}

/// Begins a session: what the browser held before is worth nothing any more.
pub(crate) async fn begin(session: &Session, account: &str, now: Timestamp) -> AppResult<()> {
    session.clear().await;
    session.cycle_id().await.map_err(broken)?;
    session.insert(ACCOUNT, account).await.map_err(broken)?;
    session.insert(SINCE, now.as_microsecond()).await.map_err(broken)?;
    session.insert(SEEN, now.as_microsecond()).await.map_err(broken)
}

/// Remembers whose code is awaited.
pub(crate) async fn await_code(session: &Session, account: &str, now: Timestamp) -> AppResult<()> {
    session.clear().await;
    session.cycle_id().await.map_err(broken)?;
    session.insert(PENDING, (account, now.as_microsecond())).await.map_err(broken)
}

/// Whose code is awaited, for a few minutes.
pub(crate) async fn awaited(session: &Session, now: Timestamp) -> AppResult<Option<String>> {
    let pending: Option<(String, i64)> = session.get(PENDING).await.map_err(broken)?;
    Ok(pending.and_then(|(account, us)| {
        let asked = Timestamp::from_microsecond(us).ok()?;
        (now.duration_since(asked).as_secs() < PENDING_SECONDS).then_some(account)
    }))
}

/// Keeps the secret of a second factor until a first code confirms it.
pub(crate) async fn keep_secret(session: &Session, secret: &str) -> AppResult<()> {
    session.insert(SECRET, secret).await.map_err(broken)
}

/// The secret kept, once.
pub(crate) async fn take_secret(session: &Session) -> AppResult<String> {
    let secret = session.get::<String>(SECRET).await.map_err(broken)?;
    Ok(secret.ok_or(SignInError::Code)?)
}

/// Forgets the secret kept.
pub(crate) async fn forget_secret(session: &Session) -> AppResult<()> {
    session.remove::<String>(SECRET).await.map(|_| ()).map_err(broken)
}

/// Ends the session.
pub(crate) async fn end(session: &Session) -> AppResult<()> {
    session.flush().await.map_err(broken)
}
