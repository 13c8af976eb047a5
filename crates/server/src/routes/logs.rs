//! Profile, map and variants of a log.

use axum::{
    Json,
    extract::{Path, Query},
    http::HeaderMap,
};
use eclusier_api::{CaseFilterQuery, DescribeDto, FilterQuery, MapDto, VariantsDto};
use eclusier_app::{App, AppResult, Study};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{InLang as _, process, selection};
use crate::{ApiResult, guard::Allowed, site::Site, wire, wire_mining};

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(describe_log))
        .routes(routes!(find_map))
        .routes(routes!(list_variants))
}

/// How many to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct TopQuery {
    /// How many variants, 20 when absent, at most 1,000.
    top: Option<usize>,
}

/// The log of an address, for the filter and the conditions on cases of its query string.
pub(super) async fn study(
    app: &App,
    name: &str,
    query: &FilterQuery,
    cases: &CaseFilterQuery,
) -> AppResult<Study> {
    let process = process(name)?;
    app.study(&process, &selection(query)?, wire_mining::case_filter(cases)?).await
}

/// Counts of the log.
#[utoipa::path(get, path = "/api/v1/processes/{process}/describe", tag = "logs", security(("session" = ["log.read"]), ("token" = ["log.read"])),
    params(("process" = String, Path), FilterQuery, CaseFilterQuery), responses((status = 200, body = DescribeDto)))]
async fn describe_log(
    Allowed(app): Allowed,
    Path(name): Path<String>,
    Query(query): Query<FilterQuery>,
    Query(cases): Query<CaseFilterQuery>,
    headers: HeaderMap,
) -> ApiResult<Json<DescribeDto>> {
    let answer: AppResult<_> = async {
        let study = study(&app, &name, &query, &cases).await?;
        let mut selection = selection(&query)?;
        selection.process = Some(study.process.clone());
        // Which cases are open is known of dimensions, not of conditions on their path.
        let open = match wire_mining::case_filter(&cases)?.is_empty() {
            true => app.open_cases(&selection).await?,
            false => None,
        };
        Ok((app.profile(&study).await?, open))
    }
    .await;
    let (profile, open) = answer.told(&headers)?;
    Ok(Json(wire::describe(&profile, open)))
}

/// The process map.
#[utoipa::path(get, path = "/api/v1/processes/{process}/map", tag = "logs", security(("session" = ["log.read"]), ("token" = ["log.read"])),
    params(("process" = String, Path), FilterQuery, CaseFilterQuery), responses((status = 200, body = MapDto)))]
async fn find_map(
    Allowed(app): Allowed,
    Path(name): Path<String>,
    Query(query): Query<FilterQuery>,
    Query(cases): Query<CaseFilterQuery>,
    headers: HeaderMap,
) -> ApiResult<Json<MapDto>> {
    let answer: AppResult<_> = async {
        let study = study(&app, &name, &query, &cases).await?;
        Ok(wire_mining::map(app.map(&study).await?, &study))
    }
    .await;
    Ok(Json(answer.told(&headers)?))
}

/// The variants.
#[utoipa::path(get, path = "/api/v1/processes/{process}/variants", tag = "logs", security(("session" = ["log.read"]), ("token" = ["log.read"])),
    params(("process" = String, Path), FilterQuery, CaseFilterQuery, TopQuery), responses((status = 200, body = VariantsDto)))]
async fn list_variants(
    Allowed(app): Allowed,
    Path(name): Path<String>,
    Query(query): Query<FilterQuery>,
    Query(cases): Query<CaseFilterQuery>,
    Query(top): Query<TopQuery>,
    headers: HeaderMap,
) -> ApiResult<Json<VariantsDto>> {
    let answer: AppResult<_> = async {
        let study = study(&app, &name, &query, &cases).await?;
        app.variants(&study, top.top.unwrap_or(20).min(1_000)).await
    }
    .await;
    Ok(Json(wire_mining::variants(answer.told(&headers)?)))
}
