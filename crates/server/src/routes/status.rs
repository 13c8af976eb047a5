//! What the shell of the web app needs first, and health.

use axum::{Json, extract::State, http::HeaderMap};
use eclusier_api::{HealthDto, StatusDto};
use eclusier_app::App;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::InLang as _;
use crate::{ApiResult, wire};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(find_status)).routes(routes!(check_health))
}

/// Processes, body, freshness.
#[utoipa::path(get, path = "/api/v1/status", tag = "status", responses((status = 200, body = StatusDto)))]
async fn find_status(State(app): State<App>, headers: HeaderMap) -> ApiResult<Json<StatusDto>> {
    let view = app.status().await.told(&headers)?;
    Ok(Json(wire::status(&view)))
}

/// Reads a known count from the registry.
#[utoipa::path(get, path = "/api/v1/health", tag = "status", responses((status = 200, body = HealthDto)))]
async fn check_health(State(app): State<App>, headers: HeaderMap) -> ApiResult<Json<HealthDto>> {
    let processes = app.process_ids().await.told(&headers)?.len() as u64;
    Ok(Json(HealthDto { status: "ok".into(), processes }))
}
