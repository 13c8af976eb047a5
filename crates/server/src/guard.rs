//! The one door of the API: who asks, and whether the route is for them.
//!
//! Each operation of the description says the permission it needs (`security`). An operation
//! that says nothing is refused to everybody. A route obtains the application only through
//! [`Allowed`], which carries the rights of who asks; the use case checks them again on its
//! target.

use std::{collections::HashMap, net::IpAddr, sync::Arc};

use axum::{
    extract::{ConnectInfo, FromRequestParts, MatchedPath, Request, State},
    http::{Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use eclusier_app::{Access, App, AppError, AppResult, Permission, sign_in::SignInError};
use eclusier_registry::TokenKind;
use tower_sessions::Session;
use utoipa::openapi::{OpenApi, PathItem, path::Operation};

use crate::{ApiError, error, scim, sessions, site::Site};

/// Scope of an operation for anybody signed in.
pub(crate) const SIGNED_IN: &str = "signed-in";
/// Scope of an operation open to all.
pub(crate) const OPEN: &str = "open";

/// What an operation asks of who calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Nothing.
    Open,
    /// An account, whatever its roles.
    SignedIn,
    /// A permission, somewhere.
    Needs(Permission),
}

impl Rule {
    fn parse(scope: &str) -> Option<Self> {
        match scope {
            OPEN => Some(Rule::Open),
            SIGNED_IN => Some(Rule::SignedIn),
            other => Permission::parse(other).map(Rule::Needs),
        }
    }
}

/// Rules by method and path.
pub(crate) type Rules = HashMap<(Method, String), Rule>;

/// The rules a description states, and the operations that state none.
pub fn rules(description: &OpenApi) -> (Rules, Vec<String>) {
    let mut rules = Rules::new();
    let mut without = Vec::new();
    for (path, item) in &description.paths.paths {
        for (method, operation) in operations(item) {
            match rule(operation) {
                Some(rule) => {
                    rules.insert((method, path.clone()), rule);
                }
                None => without.push(format!("{method} {path}")),
            }
        }
    }
    (rules, without)
}

fn operations(item: &PathItem) -> impl Iterator<Item = (Method, &Operation)> {
    [
        (Method::GET, &item.get),
        (Method::POST, &item.post),
        (Method::PUT, &item.put),
        (Method::PATCH, &item.patch),
        (Method::DELETE, &item.delete),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
}

/// The scope of an operation, which is the same whichever way one is known.
fn rule(operation: &Operation) -> Option<Rule> {
    let text = serde_json::to_value(operation.security.as_ref()?).ok()?;
    let scopes: Vec<&str> = text
        .as_array()?
        .iter()
        .filter_map(|way| way.as_object()?.values().next()?.as_array()?.first()?.as_str())
        .collect();
    let first = *scopes.first()?;
    scopes.iter().all(|s| *s == first).then(|| Rule::parse(first)).flatten()
}

/// The application in the hands of who asks: the only way a route has to reach it.
pub(crate) struct Allowed(pub(crate) App);

/// Put by the guard alone; private, so that nothing else can.
#[derive(Clone)]
struct Passed(App);

impl<S: Send + Sync> FromRequestParts<S> for Allowed {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        match parts.extensions.get::<Passed>() {
            Some(Passed(app)) => Ok(Allowed(app.clone())),
            None => {
                let refused = AppError::from(SignInError::SignedOut);
                Err(ApiError::from(refused).in_lang(error::lang(&parts.headers)))
            }
        }
    }
}

/// How somebody was known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Known {
    /// Nobody.
    Stranger,
    /// The owner of the machine, while no account exists.
    Owner,
    /// A session; the flag says that the password must be changed first.
    Session(sessions::SignedIn, bool),
    /// A token.
    Token,
}

/// Who asks, for routes that speak of the session itself.
#[derive(Clone)]
pub(crate) struct Asker(pub(crate) Known);

impl<S: Send + Sync> FromRequestParts<S> for Asker {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(parts.extensions.get::<Asker>().cloned().unwrap_or(Asker(Known::Stranger)))
    }
}

/// Lets a request through, or answers in its place.
pub(crate) async fn guard(
    State(site): State<Site>,
    session: Session,
    mut request: Request,
    next: Next,
) -> Response {
    let spoken = error::lang(request.headers());
    // The body of a request cannot be held while waiting: only its head is asked.
    let asked = Asked::of(&request);
    let known_path = || site.rules().keys().any(|(_, path)| *path == asked.route.1);
    if !site.rules().contains_key(&asked.route) && known_path() {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    match admit(&site, &session, &asked).await {
        Ok((known, app)) => {
            request.extensions_mut().insert(Asker(known));
            request.extensions_mut().insert(Passed(app));
            next.run(request).await
        }
        Err(refused) => error::refused(&refused, spoken),
    }
}

/// What the guard looks at.
struct Asked {
    route: (Method, String),
    token: Option<String>,
    /// Address of the other end of the connection; unknown in tests that use none.
    peer: Option<IpAddr>,
}

impl Asked {
    fn of(request: &Request) -> Self {
        let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
        // HEAD is a GET whose body is not sent.
        let method = match *request.method() {
            Method::HEAD => Method::GET,
            ref other => other.clone(),
        };
        let peer = request.extensions().get::<ConnectInfo<std::net::SocketAddr>>();
        Self {
            route: (method, path.to_owned()),
            token: bearer(request).map(str::to_owned),
            peer: peer.map(|c| c.0.ip()),
        }
    }
}

impl Asked {
    /// Whether the request shows that somebody is there: the page asks about its session, and
    /// follows changes, by itself.
    fn counts_as_use(&self) -> bool {
        !matches!(self.route.1.as_str(), "/api/v1/session" | "/api/v1/events")
    }
}

async fn admit(site: &Site, session: &Session, asked: &Asked) -> AppResult<(Known, App)> {
    let Some(rule) = site.rules().get(&asked.route).copied() else {
        return Err(AppError::Closed);
    };
    let (known, access) = identify(site, session, asked).await?;
    let app = site.acting((*access).clone());
    match rule {
        Rule::Open => {}
        _ if known == Known::Stranger => return Err(SignInError::SignedOut.into()),
        // Whoever holds a first password may only change it.
        _ if matches!(known, Known::Session(_, true))
            && !asked.route.1.ends_with("/me/password") =>
        {
            return Err(SignInError::MustChange.into());
        }
        Rule::SignedIn => {}
        Rule::Needs(permission) => app.require(permission)?,
    }
    Ok((known, app))
}

async fn identify(
    site: &Site,
    session: &Session,
    asked: &Asked,
) -> AppResult<(Known, Arc<Access>)> {
    let nobody = || Arc::new(Access::nobody());
    if let Some(token) = &asked.token {
        let (token, access) = site.app().access_of_token(token).await?;
        // The directory's key opens the directory's door, and no other.
        if token.kind == TokenKind::Scim && !scim::is_ours(&asked.route.1) {
            return Err(AppError::Closed);
        }
        return Ok((Known::Token, access));
    }
    let now = site.app().now();
    if let Some(signed) = sessions::signed_in(session, site.options().lasting, now).await? {
        return match site.app().access_of_account(&signed.account).await {
            Ok(access) => {
                if asked.counts_as_use() {
                    sessions::touch(session, signed.seen, now).await?;
                }
                let must = site.app().acting((*access).clone()).own().await?.must_change;
                Ok((Known::Session(signed, must), access))
            }
            Err(AppError::SignIn(_)) => {
                sessions::end(session).await?;
                Ok((Known::Stranger, nobody()))
            }
            Err(other) => Err(other),
        };
    }
    if site.owner_may_enter(asked.peer) && !site.app().has_accounts().await? {
        return Ok((Known::Owner, Arc::new(Access::owner())));
    }
    Ok((Known::Stranger, nobody()))
}

fn bearer(request: &Request) -> Option<&str> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (kind, token) = value.split_once(' ')?;
    kind.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
