//! History of imports, undo, refused rows, saved mappings.

use axum::{
    Json,
    body::Body,
    extract::{Path, Query},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use eclusier_api::{ImportDto, JobDto, MappingDto, Problem};
use eclusier_app::{AppError, AppResult};
use eclusier_core::DeliveryId;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{InLang as _, lang, process};
use crate::{ApiResult, guard::Allowed, site::Site, wire};

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(list_imports))
        .routes(routes!(undo_import))
        .routes(routes!(find_quarantine))
        .routes(routes!(list_mappings))
        .routes(routes!(delete_mapping))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct ImportsQuery {
    /// Process.
    process: Option<String>,
}

/// Imports, latest first.
#[utoipa::path(get, path = "/api/v1/imports", tag = "imports", security(("session" = ["data.read"]), ("token" = ["data.read"])), params(ImportsQuery),
    responses((status = 200, body = [ImportDto])))]
async fn list_imports(
    Allowed(app): Allowed,
    Query(query): Query<ImportsQuery>,
    headers: HeaderMap,
) -> ApiResult<Json<Vec<ImportDto>>> {
    let answer: AppResult<_> = async {
        let process =
            query.process.as_deref().filter(|p| !p.is_empty()).map(process).transpose()?;
        app.imports(process.as_ref()).await
    }
    .await;
    Ok(Json(answer.told(&headers)?.iter().map(wire::import).collect()))
}

/// Why an import is taken back.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
struct UndoRequest {
    /// Reason, kept in the audit log.
    reason: String,
}

/// Takes an import back, as a job.
#[utoipa::path(post, path = "/api/v1/imports/{id}/undo", tag = "imports", security(("session" = ["data.write"]), ("token" = ["data.write"])), params(("id" = i64, Path)),
    request_body = inline(UndoRequest), responses((status = 200, body = JobDto), (status = 422, body = Problem)))]
async fn undo_import(
    Allowed(app): Allowed,
    Path(id): Path<i64>,
    headers: HeaderMap,
    Json(request): Json<UndoRequest>,
) -> ApiResult<Json<JobDto>> {
    let words = [format!("Annulation de l’import n° {id}"), format!("Undoing import {id}")];
    let answer: AppResult<_> = async {
        let job = app
            .start("undo", None, words, move |app, watch| async move {
                app.undo(DeliveryId(id), &request.reason, watch).await?;
                Ok(serde_json::Value::Null)
            })
            .await?;
        app.job(job).await
    }
    .await;
    Ok(Json(wire::job(&answer.told(&headers)?, lang(&headers))))
}

/// Refused rows of an import, to be mended and imported again.
#[utoipa::path(get, path = "/api/v1/imports/{id}/quarantine", tag = "imports", security(("session" = ["data.write"]), ("token" = ["data.write"])), params(("id" = i64, Path)),
    responses((status = 200, content_type = "text/csv", body = String), (status = 404, body = Problem)))]
async fn find_quarantine(
    Allowed(app): Allowed,
    Path(id): Path<i64>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let answer: AppResult<_> = async {
        let path = app.quarantine(DeliveryId(id)).await?;
        tokio::fs::File::open(path)
            .await
            .map_err(|_| AppError::NotFound { what: "quarantine", name: id.to_string() })
    }
    .await;
    let stream = tokio_util::io::ReaderStream::new(answer.told(&headers)?);
    let name = format!("attachment; filename=\"quarantaine-{id}.csv\"");
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((headers, Body::from_stream(stream)).into_response())
}

/// Saved mappings.
#[utoipa::path(get, path = "/api/v1/mappings", tag = "imports", security(("session" = ["data.read"]), ("token" = ["data.read"])), responses((status = 200, body = [MappingDto])))]
async fn list_mappings(
    Allowed(app): Allowed,
    headers: HeaderMap,
) -> ApiResult<Json<Vec<MappingDto>>> {
    let saved = app.mappings().await.told(&headers)?;
    let wired = saved.into_iter().map(|m| MappingDto {
        name: m.name,
        process: m.process.to_string(),
        toml: m.toml,
        updated: m.at.to_string(),
    });
    Ok(Json(wired.collect()))
}

/// Forgets a saved mapping.
#[utoipa::path(delete, path = "/api/v1/mappings/{name}", tag = "imports", security(("session" = ["data.write"]), ("token" = ["data.write"])), params(("name" = String, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
async fn delete_mapping(
    Allowed(app): Allowed,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> ApiResult<axum::http::StatusCode> {
    app.delete_mapping(&name).await.told(&headers)?;
    Ok(axum::http::StatusCode::NO_CONTENT)
}
