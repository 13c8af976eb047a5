//! Uploads: a file dropped on the page, previewed, corrected, imported as a job.

use std::path::PathBuf;

use axum::{
    Json,
    extract::{Multipart, Path, multipart::MultipartError},
    http::HeaderMap,
};
use eclusier_api::{ImportRequest, JobDto, PreviewDto, Problem};
use eclusier_app::{AppError, AppResult, Mapping, imports::ImportOptions};
use eclusier_core::OrgId;
use serde::Deserialize;
use tokio::io::AsyncWriteExt as _;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{InLang as _, lang, process};
use crate::{ApiResult, guard::Allowed, site::Site, wire};

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(create_upload))
        .routes(routes!(inspect_upload))
        .routes(routes!(import_upload))
        .routes(routes!(delete_upload))
}

/// A file in a form.
#[derive(ToSchema)]
#[allow(dead_code)] // describes the form only
struct UploadForm {
    /// The file.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

fn broken(error: &MultipartError) -> AppError {
    AppError::invalid(
        "file",
        format!("envoi interrompu ou illisible : {error}"),
        format!("upload interrupted or unreadable: {error}"),
    )
}

/// Receives a file, keeps it aside and says what it understood.
#[utoipa::path(post, path = "/api/v1/uploads", tag = "uploads", security(("session" = ["data.write"]), ("token" = ["data.write"])),
    request_body(content = inline(UploadForm), content_type = "multipart/form-data"),
    responses((status = 200, body = PreviewDto), (status = 422, body = Problem)))]
async fn create_upload(
    Allowed(app): Allowed,
    headers: HeaderMap,
    mut form: Multipart,
) -> ApiResult<Json<PreviewDto>> {
    let answer: AppResult<_> = async {
        while let Some(mut field) = form.next_field().await.map_err(|e| broken(&e))? {
            let Some(name) = field.file_name().map(str::to_owned) else { continue };
            let (id, path) = app.new_upload(&name)?;
            if let Err(error) = receive(&mut field, &path).await {
                let _ = app.drop_upload(&id);
                return Err(error);
            }
            let view = app.inspect(&id, None, None).await;
            if view.is_err() {
                // Nobody can confirm what cannot be read: it holds people, it is not kept.
                let _ = app.drop_upload(&id);
            }
            return view;
        }
        Err(AppError::invalid("file", "aucun fichier dans l’envoi", "no file in the upload"))
    }
    .await;
    let view = answer.told(&headers)?;
    Ok(Json(wire::preview(&view, lang(&headers))))
}

async fn receive(field: &mut axum::extract::multipart::Field<'_>, path: &PathBuf) -> AppResult<()> {
    let full = |source| AppError::Io { what: "the upload".into(), source };
    let mut file = tokio::fs::File::create(path).await.map_err(full)?;
    while let Some(chunk) = field.chunk().await.map_err(|e| broken(&e))? {
        file.write_all(&chunk).await.map_err(full)?;
    }
    file.flush().await.map_err(full)
}

/// Corrections to what was understood.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
struct InspectRequest {
    /// `events`, `counts`, `staff`.
    kind: Option<String>,
    /// Mapping (TOML), complete or not: it wins over detection.
    mapping: Option<String>,
}

fn mapping(text: Option<&str>) -> AppResult<Option<Mapping>> {
    text.filter(|t| !t.trim().is_empty()).map(Mapping::from_toml).transpose().map_err(|e| {
        AppError::invalid("mapping", format!("correspondance illisible : {e}"), e.to_string())
    })
}

fn kind(text: Option<&str>) -> AppResult<Option<eclusier_app::Kind>> {
    text.filter(|t| !t.is_empty())
        .map(str::parse)
        .transpose()
        .map_err(|why: String| AppError::invalid("kind", "écrire events, counts ou staff", why))
}

/// Looks again at an upload, under corrections.
#[utoipa::path(post, path = "/api/v1/uploads/{upload}/inspect", tag = "uploads", security(("session" = ["data.write"]), ("token" = ["data.write"])),
    params(("upload" = String, Path)), request_body = inline(InspectRequest),
    responses((status = 200, body = PreviewDto), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn inspect_upload(
    Allowed(app): Allowed,
    Path(upload): Path<String>,
    headers: HeaderMap,
    Json(request): Json<InspectRequest>,
) -> ApiResult<Json<PreviewDto>> {
    let answer: AppResult<_> = async {
        let mapping = mapping(request.mapping.as_deref())?;
        app.inspect(&upload, kind(request.kind.as_deref())?, mapping).await
    }
    .await;
    Ok(Json(wire::preview(&answer.told(&headers)?, lang(&headers))))
}

/// Imports an upload, or only reports what importing it would do.
#[utoipa::path(post, path = "/api/v1/uploads/{upload}/import", tag = "uploads", security(("session" = ["data.write"]), ("token" = ["data.write"])),
    params(("upload" = String, Path)), request_body = ImportRequest,
    responses((status = 200, body = JobDto), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn import_upload(
    Allowed(app): Allowed,
    Path(upload): Path<String>,
    headers: HeaderMap,
    Json(request): Json<ImportRequest>,
) -> ApiResult<Json<JobDto>> {
    let spoken = lang(&headers);
    let answer: AppResult<_> = async {
        let (path, name) = app.upload(&upload)?;
        let mut options = ImportOptions::new(path, process(&request.process)?);
        options.name = name;
        options.label = request.label.filter(|l| !l.trim().is_empty());
        options.org =
            request.org.filter(|o| !o.is_empty()).map(OrgId::new).transpose().map_err(|e| {
                AppError::invalid("org", format!("organisme illisible : {e}"), e.to_string())
            })?;
        options.kind = kind(request.kind.as_deref())?;
        options.mapping = mapping(request.mapping.as_deref())?;
        options.zone = request.zone.filter(|z| !z.is_empty());
        options.ignore_activities = request.ignore_activities;
        options.replace =
            request.replace.filter(|r| !r.is_empty()).map(|r| r.parse()).transpose().map_err(
                |e: eclusier_core::PeriodError| {
                    AppError::invalid(
                        "replace",
                        "période illisible : écrire 2025-01-01..2025-01-31",
                        e.to_string(),
                    )
                },
            )?;
        options.dry_run = request.dry_run;
        options.strict_nir = request.strict_nir;
        let words = if options.dry_run {
            [format!("Essai de {}", options.name), format!("Trying {}", options.name)]
        } else {
            [format!("Import de {}", options.name), format!("Importing {}", options.name)]
        };
        let saved = request.save_mapping_as.filter(|n| !n.trim().is_empty());
        let target = options.process.clone();
        let id = app
            .start("import", Some(target), words, move |app, watch| async move {
                let keep = options.dry_run;
                let mapping = options.mapping.clone();
                let process = options.process.clone();
                let report = app.import(options, watch).await?;
                if !keep && report.status == eclusier_app::imports::ImportStatus::Committed {
                    if let Some(name) = saved {
                        app.save_mapping_of_upload(&upload, &name, &process, mapping).await?;
                    }
                    app.drop_upload(&upload)?;
                }
                serde_json::to_value(wire::import_report(&report, spoken))
                    .map_err(|_| AppError::Task)
            })
            .await?;
        app.job(id).await
    }
    .await;
    Ok(Json(wire::job(&answer.told(&headers)?, spoken)))
}

/// Forgets an upload.
#[utoipa::path(delete, path = "/api/v1/uploads/{upload}", tag = "uploads", security(("session" = ["data.write"]), ("token" = ["data.write"])),
    params(("upload" = String, Path)), responses((status = 204), (status = 404, body = Problem)))]
async fn delete_upload(
    Allowed(app): Allowed,
    Path(upload): Path<String>,
    headers: HeaderMap,
) -> ApiResult<axum::http::StatusCode> {
    app.drop_upload(&upload).told(&headers)?;
    Ok(axum::http::StatusCode::NO_CONTENT)
}
