//! Dated configuration of a process.

use axum::{
    Json,
    extract::{Multipart, Path, Query},
    http::{HeaderMap, header},
    response::{IntoResponse as _, Response},
};
use eclusier_api::{ConfigDto, ConfigPreviewDto, ConfigRequest, ConfigSheetDto, Problem};
use eclusier_app::{AppError, AppResult, exports::ExportFormat};
use eclusier_core::ProcessRules;
use jiff::civil::Date;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    InLang as _, day, lang,
    organisation::{StaffFileQuery, StaffForm, received},
    process,
};
use crate::{ApiResult, guard::Allowed, site::Site, wire};

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(find_config))
        .routes(routes!(preview_config))
        .routes(routes!(update_config))
        .routes(routes!(find_config_file))
        .routes(routes!(read_config_sheet))
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

/// Targets, thresholds, windows, closures, campaigns, events and unit times in force (`config.xlsx`,
/// `config.csv`). The export is recorded.
#[utoipa::path(get, path = "/api/v1/processes/{process}/config/files/{file}", tag = "config", security(("session" = ["config.read"]), ("token" = ["config.read"])),
    params(("process" = String, Path), ("file" = String, Path), StaffFileQuery),
    responses((status = 200, description = "The file", content(
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (Vec<u8> = "text/csv"))), (status = 404, body = Problem)))]
async fn find_config_file(
    Allowed(app): Allowed,
    Path((name, file)): Path<(String, String)>,
    Query(query): Query<StaffFileQuery>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let spoken =
        query.lang.as_deref().and_then(|l| l.parse().ok()).unwrap_or_else(|| lang(&headers));
    let answer: AppResult<_> = async {
        let process = process(&name)?;
        let unknown = || AppError::NotFound { what: "export", name: file.clone() };
        let extension = match file.as_str() {
            "config.xlsx" => "xlsx",
            "config.csv" => "csv",
            _ => return Err(unknown()),
        };
        let iso = query.iso.unwrap_or(false);
        let format = ExportFormat::from_extension(extension, iso).ok_or_else(unknown)?;
        Ok((app.config_file(&process, format, spoken).await?, format.mime(), extension))
    }
    .await;
    let (bytes, mime, extension) = answer.told(&headers)?;
    let headers = [
        (header::CONTENT_TYPE, mime.to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"eclusier-configuration.{extension}\""),
        ),
    ];
    Ok((headers, bytes).into_response())
}

/// What a sheet would make of the rules in force. Nothing is stored.
#[utoipa::path(post, path = "/api/v1/processes/{process}/config/sheet", tag = "config", security(("session" = ["config.write"]), ("token" = ["config.write"])),
    params(("process" = String, Path)), request_body(content = inline(StaffForm), content_type = "multipart/form-data"),
    responses((status = 200, body = ConfigSheetDto), (status = 422, body = Problem)))]
async fn read_config_sheet(
    Allowed(app): Allowed,
    Path(name): Path<String>,
    headers: HeaderMap,
    mut form: Multipart,
) -> ApiResult<Json<ConfigSheetDto>> {
    let answer: AppResult<_> = async {
        let process = process(&name)?;
        let (staged, file) = received(app.stage_config(&process)?, &mut form).await?;
        app.read_config(&process, &staged.path(), &file).await
    }
    .await;
    Ok(Json(wire::config_sheet(&answer.told(&headers)?)))
}
