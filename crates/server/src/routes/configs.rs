//! Dated configuration of a process.

use axum::{Json, extract::Path, http::HeaderMap};
use eclusier_api::{ConfigDto, ConfigPreviewDto, ConfigRequest, Problem};
use eclusier_app::{AppError, AppResult};
use eclusier_core::ProcessRules;
use jiff::civil::Date;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{InLang as _, day, process};
use crate::{ApiResult, guard::Allowed, site::Site, wire};

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(find_config))
        .routes(routes!(preview_config))
        .routes(routes!(update_config))
}

fn rules(request: &ConfigRequest) -> AppResult<(Option<Date>, ProcessRules)> {
    let from =
        request.from.as_deref().filter(|f| !f.is_empty()).map(|f| day("from", f)).transpose()?;
    let unreadable =
        |why: String| AppError::invalid("rules", format!("configuration illisible : {why}"), why);
    let rules = match (&request.toml, &request.rules) {
        (Some(toml), _) => ProcessRules::from_toml(toml).map_err(|e| unreadable(e.to_string()))?,
        (None, Some(value)) => {
            serde_json::from_value(value.clone()).map_err(|e| unreadable(e.to_string()))?
        }
        (None, None) => return Err(unreadable("—".into())),
    };
    Ok((from, rules))
}

/// Configuration, closing rule in words, activities.
#[utoipa::path(get, path = "/api/v1/processes/{process}/config", tag = "config", security(("session" = ["config.read"]), ("token" = ["config.read"])), params(("process" = String, Path)),
    responses((status = 200, body = ConfigDto), (status = 404, body = Problem)))]
async fn find_config(
    Allowed(app): Allowed,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> ApiResult<Json<ConfigDto>> {
    let answer: AppResult<_> = async { app.config(&process(&name)?).await }.await;
    Ok(Json(wire::config(&answer.told(&headers)?)))
}

/// Figures before and after a change that is not stored.
#[utoipa::path(post, path = "/api/v1/processes/{process}/config/preview", tag = "config", security(("session" = ["config.write"]), ("token" = ["config.write"])),
    params(("process" = String, Path)), request_body = ConfigRequest,
    responses((status = 200, body = ConfigPreviewDto), (status = 422, body = Problem)))]
async fn preview_config(
    Allowed(app): Allowed,
    Path(name): Path<String>,
    headers: HeaderMap,
    Json(request): Json<ConfigRequest>,
) -> ApiResult<Json<ConfigPreviewDto>> {
    let answer: AppResult<_> = async {
        let process = process(&name)?;
        let (from, rules) = rules(&request)?;
        Ok((app.preview_config(&process, from, rules).await?, app.label(&process).await?))
    }
    .await;
    let (preview, label) = answer.told(&headers)?;
    Ok(Json(wire::config_preview(&preview, &name, &label)))
}

/// Stores a version.
#[utoipa::path(put, path = "/api/v1/processes/{process}/config", tag = "config", security(("session" = ["config.write"]), ("token" = ["config.write"])),
    params(("process" = String, Path)), request_body = ConfigRequest,
    responses((status = 200, body = ConfigDto), (status = 422, body = Problem)))]
async fn update_config(
    Allowed(app): Allowed,
    Path(name): Path<String>,
    headers: HeaderMap,
    Json(request): Json<ConfigRequest>,
) -> ApiResult<Json<ConfigDto>> {
    let answer: AppResult<_> = async {
        let process = process(&name)?;
        let (from, rules) = rules(&request)?;
        app.put_config(&process, from, &rules).await?;
        app.config(&process).await
    }
    .await;
    Ok(Json(wire::config(&answer.told(&headers)?)))
}
