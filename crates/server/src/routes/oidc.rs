//! Sign-in by an identity provider. The browser goes there and comes back with a code; what
//! cannot go on ends on the sign-in page, with a word of ours.

use axum::{
    Json,
    extract::{Path, Query, State},
    http::{HeaderMap, Uri, header},
    response::{IntoResponse as _, Redirect, Response},
};
use eclusier_api::{Problem, ProviderEndDto};
use eclusier_app::{AppError, AppResult};
use jiff::Timestamp;
use serde::Deserialize;
use tower_sessions::Session;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::InLang as _;
use crate::{
    ApiResult,
    oidc::{Flow, OidcError, same_site_path},
    sessions,
    site::Site,
};

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(start_oidc))
        .routes(routes!(finish_oidc))
        .routes(routes!(find_oidc_end))
}

/// Sign-ins under way of this browser: one for each page that began one.
const FLOWS: &str = "oidc";
const MOST_FLOWS: usize = 4;
/// How long somebody may take at the provider.
const FLOW_SECONDS: i64 = 600;
/// Provider of the session and the token it gave.
const BY: &str = "oidc_by";

/// Where the person was.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct StartQuery {
    /// Page of this site to go back to.
    retour: Option<String>,
}

/// What the provider sends the browser back with.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct FinishQuery {
    /// Code to exchange.
    code: Option<String>,
    /// What we sent, once.
    state: Option<String>,
    /// Why the provider refuses.
    error: Option<String>,
    /// Issuer (RFC 9207).
    iss: Option<String>,
}

/// Sends the browser to an identity provider.
#[utoipa::path(get, path = "/api/v1/oidc/{provider}/start", tag = "session",
    security(("session" = ["open"])),
    params(("provider" = String, Path, description = "Provider"), StartQuery),
    responses((status = 303, description = "To the provider, or to the sign-in page with what went wrong"),
        (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn start_oidc(
    State(site): State<Site>,
    Path(provider): Path<String>,
    Query(query): Query<StartQuery>,
    session: Session,
    uri: Uri,
    headers: HeaderMap,
) -> ApiResult<Response> {
    start(&site, &provider, query, &session, &here(&site, &uri, &headers)).await.told(&headers)
}

async fn start(
    site: &Site,
    provider: &str,
    query: StartQuery,
    session: &Session,
    here: &Here,
) -> AppResult<Response> {
    let relay = site.relays().get(provider).ok_or_else(|| unknown(provider))?;
    let asked = query.retour.filter(|r| !r.is_empty()).unwrap_or_else(|| "/".into());
    let back = same_site_path(&asked).ok_or_else(|| {
        AppError::invalid(
            "retour",
            "écrire une page de ce site, commençant par /",
            "write a page of this site, starting with /",
        )
    })?;
    if !site.app().has_accounts().await? {
        // The first account administers: one made by a provider would have no right at all.
        return Ok(refused("premier-compte", &back));
    }
    let redirect = here.page(&format!("/api/v1/oidc/{provider}/callback"))?;
    let now = site.app().now();
    match relay.start(&redirect, &back, now.as_microsecond()).await {
        Ok((address, flow)) => {
            let mut flows = under_way(session, now).await?;
            flows.push(flow);
            let old = flows.len().saturating_sub(MOST_FLOWS);
            flows.drain(..old);
            session.insert(FLOWS, flows).await.map_err(sessions::broken)?;
            Ok(Redirect::to(address.as_str()).into_response())
        }
        Err(error) => Ok(failed(&error, &back)),
    }
}

/// Signs in whom an identity provider sends back.
#[utoipa::path(get, path = "/api/v1/oidc/{provider}/callback", tag = "session",
    security(("session" = ["open"])),
    params(("provider" = String, Path, description = "Provider"), FinishQuery),
    responses((status = 303, description = "To the page left, or to the sign-in page with what went wrong"),
        (status = 404, body = Problem)))]
async fn finish_oidc(
    State(site): State<Site>,
    Path(provider): Path<String>,
    Query(query): Query<FinishQuery>,
    session: Session,
    headers: HeaderMap,
) -> ApiResult<Response> {
    finish(&site, &provider, query, &session).await.told(&headers)
}

async fn finish(
    site: &Site,
    provider: &str,
    query: FinishQuery,
    session: &Session,
) -> AppResult<Response> {
    let relay = site.relays().get(provider).ok_or_else(|| unknown(provider))?;
    let now = site.app().now();
    let state = query.state.as_deref().unwrap_or_default();
    let Some(flow) = take(session, provider, state, now).await? else {
        return Ok(refused("demande-inconnue", "/"));
    };
    let back = &flow.back;
    // Another provider cannot pass its answer for that of this one.
    if query.iss.as_deref().is_some_and(|iss| iss != relay.issuer()) {
        return Ok(refused("reponse-refusee", back));
    }
    if let Some(error) = &query.error {
        let known = ["access_denied", "login_required", "consent_required", "interaction_required"];
        let given_up = known.contains(&error.as_str());
        tracing::warn!(provider, given_up, "a provider sends somebody back without a code");
        return Ok(refused(if given_up { "abandon" } else { "fournisseur-mal-regle" }, back));
    }
    let Some(code) = query.code.filter(|c| !c.is_empty()) else {
        return Ok(refused("reponse-refusee", back));
    };
    let identity = match relay.finish(code, &flow).await {
        Ok(identity) => identity,
        Err(error) => return Ok(failed(&error, back)),
    };
    let entered = site
        .app()
        .sign_in_by_provider(relay.issuer(), &identity.subject, &identity.login, &identity.name)
        .await;
    let account = match entered {
        Ok(account) => account,
        Err(AppError::SignIn(_)) => return Ok(refused("compte-ferme", back)),
        Err(other) => return Err(other),
    };
    sessions::begin(session, &account.id, now).await?;
    session.insert(BY, (provider, &identity.token)).await.map_err(sessions::broken)?;
    Ok(Redirect::to(back).into_response())
}

/// Says where the provider of this session ends its own, to be asked before signing out: a
/// person who shares the machine may go on there.
#[utoipa::path(get, path = "/api/v1/oidc/end", tag = "session",
    security(("session" = ["signed-in"])), responses((status = 200, body = ProviderEndDto)))]
async fn find_oidc_end(
    State(site): State<Site>,
    session: Session,
    uri: Uri,
    headers: HeaderMap,
) -> ApiResult<Json<ProviderEndDto>> {
    let here = here(&site, &uri, &headers);
    let answer: AppResult<_> = async {
        let by: Option<(String, String)> = session.get(BY).await.map_err(sessions::broken)?;
        let relay = by.and_then(|(provider, token)| Some((site.relays().get(&provider)?, token)));
        let Some((relay, token)) = relay else { return Ok(ProviderEndDto::default()) };
        let found = relay.leave(&token, &here.page("/connexion")?).await;
        // Our own sign-out does not wait for a provider that is down.
        let address = found.inspect_err(warn).ok().flatten().map(String::from);
        Ok(ProviderEndDto { label: address.as_ref().map(|_| relay.label().to_owned()), address })
    }
    .await;
    Ok(Json(answer.told(&headers)?))
}

async fn under_way(session: &Session, now: Timestamp) -> AppResult<Vec<Flow>> {
    let mut flows: Vec<Flow> =
        session.get(FLOWS).await.map_err(sessions::broken)?.unwrap_or_default();
    flows.retain(|flow| {
        let age = now.as_microsecond().saturating_sub(flow.started_us);
        (0..FLOW_SECONDS * 1_000_000).contains(&age)
    });
    Ok(flows)
}

/// The sign-in that `state` belongs to, which is forgotten at once: an answer counts once.
async fn take(
    session: &Session,
    provider: &str,
    state: &str,
    now: Timestamp,
) -> AppResult<Option<Flow>> {
    let mut flows = under_way(session, now).await?;
    // 128 random bits, looked for in what this very browser was given.
    let Some(at) = flows.iter().position(|f| f.state == state && f.provider == provider) else {
        return Ok(None);
    };
    let flow = flows.remove(at);
    session.insert(FLOWS, flows).await.map_err(sessions::broken)?;
    // Written before the exchange, which takes time enough for a second try.
    session.save().await.map_err(sessions::broken)?;
    Ok(Some(flow))
}

/// Under which address the browser reaches us; the guard of hosts has let its name through.
struct Here(Option<String>);

fn here(site: &Site, uri: &Uri, headers: &HeaderMap) -> Here {
    let named = headers.get(header::HOST).and_then(|h| h.to_str().ok());
    let host = named.or_else(|| uri.authority().map(|a| a.as_str()));
    let scheme = if site.options().secure { "https" } else { "http" };
    Here(host.filter(|h| !h.is_empty()).map(|host| format!("{scheme}://{host}")))
}

impl Here {
    fn page(&self, path: &str) -> AppResult<String> {
        let site = self.0.as_ref().ok_or_else(|| {
            AppError::invalid(
                "host",
                "la requête ne dit pas l’adresse de ce site",
                "the request does not say the address of this site",
            )
        })?;
        Ok(format!("{site}{path}"))
    }
}

fn unknown(provider: &str) -> AppError {
    AppError::NotFound { what: "identity provider", name: provider.to_owned() }
}

fn warn(error: &OidcError) {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    tracing::warn!(%error, cause, "a sign-in by a provider failed");
}

fn failed(error: &OidcError, back: &str) -> Response {
    warn(error);
    refused(error.code(), back)
}

/// The sign-in page with a word it has the sentence of. The sentence itself is not in the
/// address: anybody could write another one there.
fn refused(code: &str, back: &str) -> Response {
    let retour: String = back
        .bytes()
        .map(|b| match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                char::from(b).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect();
    let address = match back {
        "/" => format!("/connexion?erreur={code}"),
        _ => format!("/connexion?erreur={code}&retour={retour}"),
    };
    Redirect::to(&address).into_response()
}
