//! Sign-in, sign-out, the first account, and one's own password and second factor.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use eclusier_api::{
    CodeRequest, PasswordRequest, Problem, RecoveryCodesDto, SecondFactorDto, SessionDto,
    SetupRequest, SignInRequest,
};
use eclusier_app::{
    AppError, AppResult,
    sign_in::{FirstAccount, SignInError, Welcome},
};
use tower_sessions::Session;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::InLang as _;
use crate::{
    ApiResult,
    guard::{Allowed, Asker, Known},
    sessions,
    site::Site,
    wire,
};

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(find_session, create_session, delete_session))
        .routes(routes!(confirm_session))
        .routes(routes!(extend_session))
        .routes(routes!(set_up))
        .routes(routes!(update_password))
        .routes(routes!(create_second_factor, confirm_second_factor, delete_second_factor))
        .routes(routes!(delete_other_sessions))
}

/// Who the browser is for the program.
#[utoipa::path(get, path = "/api/v1/session", tag = "session",
    security(("session" = ["open"])), responses((status = 200, body = SessionDto)))]
async fn find_session(
    State(site): State<Site>,
    Asker(known): Asker,
    session: Session,
    headers: HeaderMap,
) -> ApiResult<Json<SessionDto>> {
    Ok(Json(described(&site, &known, &session).await.told(&headers)?))
}

/// The session in words, from scratch: what a route just changed is told.
async fn described(site: &Site, known: &Known, session: &Session) -> AppResult<SessionDto> {
    let app = site.app();
    let now = app.now();
    let mut dto = SessionDto { state: "signed_out".into(), ..SessionDto::default() };
    dto.providers = site.providers();
    if *known == Known::Owner {
        dto.state = "owner".into();
        dto.permissions = wire::permission_names(&eclusier_app::Access::owner().permissions());
        return Ok(dto);
    }
    if !app.has_accounts().await? {
        dto.state = "setup".into();
        return Ok(dto);
    }
    let lasting = site.options().lasting;
    if let Some(signed) = sessions::signed_in(session, lasting, now).await? {
        let access = app.access_of_account(&signed.account).await?;
        let own = app.acting((*access).clone()).own().await?;
        let after = |from: jiff::Timestamp, most: std::time::Duration| {
            let most = jiff::SignedDuration::try_from(most).unwrap_or(jiff::SignedDuration::ZERO);
            from.checked_add(most).ok().map(|t| t.to_string())
        };
        let held = app.acting((*access).clone()).own_roles().await?;
        dto.state = "signed_in".into();
        dto.name = own.name;
        dto.login = own.login;
        dto.permissions = wire::permission_names(&access.permissions());
        dto.roles = held.into_iter().map(eclusier_api::Text::from).collect();
        dto.expires_at = after(signed.seen, lasting.idle);
        dto.ends_at = after(signed.since, lasting.whole);
        dto.must_change = own.must_change;
        dto.second_factor = own.second.is_some();
    } else if sessions::awaited(session, now).await?.is_some() {
        dto.state = "second_factor".into();
    }
    Ok(dto)
}

async fn entered(site: &Site, session: &Session, account: &str) -> AppResult<SessionDto> {
    let now = site.app().now();
    // A new identifier at each change of rights: one planted before is worth nothing.
    sessions::begin(session, account, now).await?;
    described(site, &Known::Stranger, session).await
}

/// Signs in with a local account.
#[utoipa::path(post, path = "/api/v1/session", tag = "session",
    security(("session" = ["open"])), request_body = SignInRequest,
    responses((status = 200, body = SessionDto), (status = 401, body = Problem)))]
async fn create_session(
    State(site): State<Site>,
    session: Session,
    headers: HeaderMap,
    Json(request): Json<SignInRequest>,
) -> ApiResult<Json<SessionDto>> {
    let answer: AppResult<_> = async {
        match site.app().sign_in(&request.login, &request.password).await? {
            Welcome::In(account) => entered(&site, &session, &account.id).await,
            Welcome::Second(account) => {
                sessions::await_code(&session, &account.id, site.app().now()).await?;
                described(&site, &Known::Stranger, &session).await
            }
        }
    }
    .await;
    Ok(Json(answer.told(&headers)?))
}

/// Gives the code awaited after the password.
#[utoipa::path(post, path = "/api/v1/session/second", tag = "session",
    security(("session" = ["open"])), request_body = CodeRequest,
    responses((status = 200, body = SessionDto), (status = 401, body = Problem)))]
async fn confirm_session(
    State(site): State<Site>,
    session: Session,
    headers: HeaderMap,
    Json(request): Json<CodeRequest>,
) -> ApiResult<Json<SessionDto>> {
    let answer: AppResult<_> = async {
        let awaited = sessions::awaited(&session, site.app().now()).await?;
        let account = awaited.ok_or(SignInError::SignedOut)?;
        let account = site.app().second_step(&account, &request.code).await?;
        entered(&site, &session, &account.id).await
    }
    .await;
    Ok(Json(answer.told(&headers)?))
}

/// Keeps the session open.
#[utoipa::path(post, path = "/api/v1/session/extend", tag = "session",
    security(("session" = ["signed-in"])),
    responses((status = 200, body = SessionDto), (status = 401, body = Problem)))]
async fn extend_session(
    State(site): State<Site>,
    Asker(known): Asker,
    session: Session,
    headers: HeaderMap,
) -> ApiResult<Json<SessionDto>> {
    let answer: AppResult<_> = async {
        if matches!(known, Known::Session(..)) {
            sessions::extend(&session, site.app().now()).await?;
        }
        described(&site, &known, &session).await
    }
    .await;
    Ok(Json(answer.told(&headers)?))
}

/// Signs out.
#[utoipa::path(delete, path = "/api/v1/session", tag = "session",
    security(("session" = ["open"])), responses((status = 204)))]
async fn delete_session(
    Allowed(app): Allowed,
    session: Session,
    headers: HeaderMap,
) -> ApiResult<StatusCode> {
    let answer: AppResult<_> = async {
        app.signed_out().await?;
        sessions::end(&session).await
    }
    .await;
    answer.told(&headers)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes the first account; not found once one exists.
#[utoipa::path(post, path = "/api/v1/setup", tag = "session",
    security(("session" = ["open"])), request_body = SetupRequest,
    responses((status = 200, body = SessionDto), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn set_up(
    State(site): State<Site>,
    Asker(known): Asker,
    session: Session,
    headers: HeaderMap,
    Json(request): Json<SetupRequest>,
) -> ApiResult<Json<SessionDto>> {
    let answer: AppResult<_> = async {
        let told = site.options().setup_code.as_deref();
        let right = match told {
            Some(code) => code == request.code.trim(),
            // Without a code, only the owner of the machine may.
            None => known == Known::Owner,
        };
        if site.app().has_accounts().await? || !right {
            return Err(SignInError::Setup.into());
        }
        let first = FirstAccount {
            login: &request.login,
            name: &request.name,
            password: &request.password,
            steers: request.steers,
        };
        let account = site.app().set_up(&first).await?;
        entered(&site, &session, &account.id).await
    }
    .await;
    Ok(Json(answer.told(&headers)?))
}

/// Changes one's own password; every other session ends.
#[utoipa::path(put, path = "/api/v1/me/password", tag = "me",
    security(("session" = ["signed-in"])), request_body = PasswordRequest,
    responses((status = 204), (status = 401, body = Problem), (status = 422, body = Problem)))]
async fn update_password(
    State(site): State<Site>,
    Allowed(app): Allowed,
    session: Session,
    headers: HeaderMap,
    Json(request): Json<PasswordRequest>,
) -> ApiResult<StatusCode> {
    let answer: AppResult<_> = async {
        let account = app.own_account()?.to_owned();
        app.change_password(&account, &request.current, &request.new, None).await?;
        entered(&site, &session, &account).await
    }
    .await;
    answer.told(&headers)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Begins a second factor.
#[utoipa::path(post, path = "/api/v1/me/second-factor", tag = "me",
    security(("session" = ["signed-in"])), responses((status = 200, body = SecondFactorDto)))]
async fn create_second_factor(
    Allowed(app): Allowed,
    session: Session,
    headers: HeaderMap,
) -> ApiResult<Json<SecondFactorDto>> {
    let answer: AppResult<_> = async {
        let own = app.own().await?;
        let (secret, uri) = app.new_second_factor(&own.login)?;
        sessions::keep_secret(&session, &secret).await?;
        let picture = qrcode::QrCode::new(uri.as_bytes()).map_err(|_| AppError::Task)?;
        let svg = picture.render::<qrcode::render::svg::Color<'_>>().build();
        Ok(SecondFactorDto { uri, secret, svg })
    }
    .await;
    Ok(Json(answer.told(&headers)?))
}

/// Confirms the second factor by a first code; the recovery codes are told once.
#[utoipa::path(put, path = "/api/v1/me/second-factor", tag = "me",
    security(("session" = ["signed-in"])), request_body = CodeRequest,
    responses((status = 200, body = RecoveryCodesDto), (status = 401, body = Problem)))]
async fn confirm_second_factor(
    Allowed(app): Allowed,
    session: Session,
    headers: HeaderMap,
    Json(request): Json<CodeRequest>,
) -> ApiResult<Json<RecoveryCodesDto>> {
    let answer: AppResult<_> = async {
        let account = app.own_account()?.to_owned();
        let secret = sessions::take_secret(&session).await?;
        let codes = app.keep_second_factor(&account, &secret, &request.code).await?;
        sessions::forget_secret(&session).await?;
        Ok(RecoveryCodesDto { codes })
    }
    .await;
    Ok(Json(answer.told(&headers)?))
}

/// Gives up the second factor, proved by a code.
#[utoipa::path(delete, path = "/api/v1/me/second-factor", tag = "me",
    security(("session" = ["signed-in"])), request_body = CodeRequest,
    responses((status = 204), (status = 401, body = Problem)))]
async fn delete_second_factor(
    Allowed(app): Allowed,
    headers: HeaderMap,
    Json(request): Json<CodeRequest>,
) -> ApiResult<StatusCode> {
    let answer: AppResult<_> = async {
        let account = app.own_account()?.to_owned();
        app.drop_second_factor(&account, &request.code).await
    }
    .await;
    answer.told(&headers)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends one's other sessions.
#[utoipa::path(delete, path = "/api/v1/me/sessions", tag = "me",
    security(("session" = ["signed-in"])), responses((status = 204)))]
async fn delete_other_sessions(
    Allowed(app): Allowed,
    session: Session,
    headers: HeaderMap,
) -> ApiResult<StatusCode> {
    let kept = session.id().map(sessions::digest);
    app.end_other_sessions(kept.as_deref()).await.told(&headers)?;
    Ok(StatusCode::NO_CONTENT)
}
