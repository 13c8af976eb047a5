//! Files to download: exports and templates.

use axum::{
    extract::{Path, Query},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use eclusier_api::{CasesQuery, FilterQuery, Problem};
use eclusier_app::{
    AppError, AppResult,
    exports::{ExportFormat, Shown},
};
use eclusier_core::{Grain, Lang};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{InLang as _, figures::wanted, grain, group_by, lang, selection};
use crate::{ApiResult, guard::Allowed, site::Site};

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(find_export)).routes(routes!(find_template))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct FileQuery {
    /// `fr` or `en`; the request's language when absent.
    lang: Option<String>,
    /// ISO dates and comma instead of the French CSV.
    iso: Option<bool>,
}

impl FileQuery {
    fn lang(&self, headers: &HeaderMap) -> Lang {
        self.lang.as_deref().and_then(|l| l.parse().ok()).unwrap_or_else(|| lang(headers))
    }
}

fn attachment(name: &str, mime: &str, bytes: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, mime.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (headers, bytes).into_response()
}

/// The rows of a screen as a file: `stocks.xlsx`, `ledger.csv`, `cases.parquet`…
#[utoipa::path(get, path = "/api/v1/exports/{file}", tag = "files", security(("session" = ["exports.write"]), ("token" = ["exports.write"])),
    params(("file" = String, Path), FilterQuery, CasesQuery, FileQuery),
    responses((status = 200, description = "The file", content(
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (Vec<u8> = "text/csv"), (Vec<u8> = "application/vnd.apache.parquet"))), (status = 422, body = Problem)))]
async fn find_export(
    Allowed(app): Allowed,
    Path(file): Path<String>,
    Query(query): Query<FilterQuery>,
    Query(cases): Query<CasesQuery>,
    Query(options): Query<FileQuery>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let answer: AppResult<_> = async {
        let unknown = || AppError::NotFound { what: "export", name: file.clone() };
        let (what, extension) = file.rsplit_once('.').ok_or_else(unknown)?;
        let format = ExportFormat::from_extension(extension, options.iso.unwrap_or(false))
            .ok_or_else(unknown)?;
        let shown = Shown {
            cases: wanted(cases),
            grain: Some(grain(&query, Grain::Day)?),
            group_by: group_by(&query)?,
        };
        let table = app.table(what, &selection(&query)?, &shown).await?;
        let bytes = app.write_table(table, format, options.lang(&headers)).await?;
        Ok(attachment(&format!("eclusier-{what}.{extension}"), format.mime(), bytes))
    }
    .await;
    answer.told(&headers)
}

/// An empty spreadsheet to fill: `counts`, `events` or `staff`.
#[utoipa::path(get, path = "/api/v1/templates/{kind}", tag = "files", security(("session" = ["signed-in"]), ("token" = ["signed-in"])),
    params(("kind" = String, Path), FileQuery),
    responses((status = 200, description = "The file", content(
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))), (status = 404, body = Problem)))]
async fn find_template(
    Allowed(app): Allowed,
    Path(kind): Path<String>,
    Query(options): Query<FileQuery>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let spoken = options.lang(&headers);
    let (name, bytes) = app.template(&kind, spoken).told(&headers)?;
    Ok(attachment(&name, ExportFormat::Xlsx.mime(), bytes))
}
