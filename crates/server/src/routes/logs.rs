//! Profile, map and variants of a log.

use axum::{
    Json,
    extract::{Path, Query},
    http::HeaderMap,
};
use eclusier_api::{DescribeDto, FilterQuery, MapDto, VariantsDto};
use eclusier_app::{AppError, AppResult, Rows};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{InLang as _, process, selection};
use crate::{ApiResult, guard::Allowed, site::Site, wire};

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(describe_log))
        .routes(routes!(find_map))
        .routes(routes!(list_variants))
}

/// How the log is read.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct LogQuery {
    /// `tasks` (default) or `events`.
    rows: Option<String>,
    /// How many variants, 20 when absent, at most 1,000.
    top: Option<usize>,
}

impl LogQuery {
    fn rows(&self) -> AppResult<Rows> {
        self.rows.as_deref().map_or(Ok(Rows::Tasks), |r| {
            r.parse().map_err(|_| {
                AppError::invalid("rows", "écrire tasks ou events", "write tasks or events")
            })
        })
    }
}

/// Counts of the log.
#[utoipa::path(get, path = "/api/v1/processes/{process}/describe", tag = "logs", security(("session" = ["log.read"]), ("token" = ["log.read"])),
    params(("process" = String, Path), FilterQuery), responses((status = 200, body = DescribeDto)))]
async fn describe_log(
    Allowed(app): Allowed,
    Path(name): Path<String>,
    Query(query): Query<FilterQuery>,
    headers: HeaderMap,
) -> ApiResult<Json<DescribeDto>> {
    let answer: AppResult<_> = async {
        let process = process(&name)?;
        let mut selection = selection(&query)?;
        selection.process = Some(process.clone());
        let filter = app.filter(&process, &selection).await?;
        Ok((app.profile(&process, filter).await?, app.open_cases(&selection).await?))
    }
    .await;
    let (profile, open) = answer.told(&headers)?;
    Ok(Json(wire::describe(&profile, open)))
}

/// The process map.
#[utoipa::path(get, path = "/api/v1/processes/{process}/map", tag = "logs", security(("session" = ["log.read"]), ("token" = ["log.read"])),
    params(("process" = String, Path), FilterQuery, LogQuery), responses((status = 200, body = MapDto)))]
async fn find_map(
    Allowed(app): Allowed,
    Path(name): Path<String>,
    Query(query): Query<FilterQuery>,
    Query(log): Query<LogQuery>,
    headers: HeaderMap,
) -> ApiResult<Json<MapDto>> {
    let answer: AppResult<_> = async {
        let process = process(&name)?;
        let filter = app.filter(&process, &selection(&query)?).await?;
        app.map(&process, filter, log.rows()?).await
    }
    .await;
    Ok(Json(wire::map(answer.told(&headers)?)))
}

/// The variants.
#[utoipa::path(get, path = "/api/v1/processes/{process}/variants", tag = "logs", security(("session" = ["log.read"]), ("token" = ["log.read"])),
    params(("process" = String, Path), FilterQuery, LogQuery), responses((status = 200, body = VariantsDto)))]
async fn list_variants(
    Allowed(app): Allowed,
    Path(name): Path<String>,
    Query(query): Query<FilterQuery>,
    Query(log): Query<LogQuery>,
    headers: HeaderMap,
) -> ApiResult<Json<VariantsDto>> {
    let answer: AppResult<_> = async {
        let process = process(&name)?;
        let filter = app.filter(&process, &selection(&query)?).await?;
        app.variants(&process, filter, log.rows()?, log.top.unwrap_or(20).min(1_000)).await
    }
    .await;
    Ok(Json(wire::variants(answer.told(&headers)?)))
}
