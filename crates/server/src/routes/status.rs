//! What the shell of the web app needs first, and health.

use axum::{Json, http::HeaderMap};
use eclusier_api::{HealthDto, StatusDto};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::InLang as _;
use crate::{ApiResult, guard::Allowed, site::Site, wire};

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(find_status)).routes(routes!(check_health))
}

/// Processes, body, freshness.
#[utoipa::path(get, path = "/api/v1/status", tag = "status", security(("session" = ["signed-in"]), ("token" = ["signed-in"])), responses((status = 200, body = StatusDto)))]
async fn find_status(Allowed(app): Allowed, headers: HeaderMap) -> ApiResult<Json<StatusDto>> {
    let view = app.status().await.told(&headers)?;
    Ok(Json(wire::status(&view)))
}

/// Reads a known count from the registry.
#[utoipa::path(get, path = "/api/v1/health", tag = "status", security(("session" = ["open"]), ("token" = ["open"])), responses((status = 200, body = HealthDto)))]
async fn check_health(Allowed(app): Allowed, headers: HeaderMap) -> ApiResult<Json<HealthDto>> {
    let processes = app.process_ids().await.told(&headers)?.len() as u64;
    Ok(Json(HealthDto { status: "ok".into(), processes }))
}
