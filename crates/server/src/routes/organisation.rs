//! The tree of the organisation.

use axum::{
    Json,
    extract::{Multipart, Path, Query, multipart::Field},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use eclusier_api::{NodeDto, NodeRequest, OrganisationDto, Problem, StaffImportDto};
use eclusier_app::{
    AppError, AppResult, Mapping,
    exports::ExportFormat,
    staff::{MOST_BYTES, StaffKind, StaffOptions, Staged},
};
use eclusier_core::{NodeId, PersonId};
use serde::Deserialize;
use tokio::io::AsyncWriteExt as _;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{InLang as _, day, filled, lang};
use crate::{ApiResult, guard::Allowed, site::Site, wire_people as wire};

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(find_organisation))
        .routes(routes!(create_node))
        .routes(routes!(update_node))
        .routes(routes!(import_staff))
        .routes(routes!(find_staff_file))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct DayQuery {
    /// Day, today when absent.
    day: Option<String>,
}

/// The nodes in reach on a day, with their people.
#[utoipa::path(get, path = "/api/v1/organisation", tag = "organisation", security(("session" = ["organisation.read"]), ("token" = ["organisation.read"])), params(DayQuery),
    responses((status = 200, body = OrganisationDto), (status = 422, body = Problem)))]
async fn find_organisation(
    Allowed(app): Allowed,
    Query(query): Query<DayQuery>,
    headers: HeaderMap,
) -> ApiResult<Json<OrganisationDto>> {
    let answer: AppResult<_> = async {
        let asked = query.day.as_deref().filter(|d| !d.is_empty());
        app.organisation_view(asked.map(|d| day("day", d)).transpose()?).await
    }
    .await;
    Ok(Json(wire::organisation(&answer.told(&headers)?)))
}

/// Makes a node.
#[utoipa::path(post, path = "/api/v1/organisation/nodes", tag = "organisation", security(("session" = ["organisation.write"]), ("token" = ["organisation.write"])),
    request_body = NodeRequest,
    responses((status = 200, body = NodeDto), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn create_node(
    Allowed(app): Allowed,
    headers: HeaderMap,
    Json(request): Json<NodeRequest>,
) -> ApiResult<Json<NodeDto>> {
    let answer: AppResult<_> = async { app.add_node(wire::node_draft(request)?).await }.await;
    Ok(Json(wire::node(&answer.told(&headers)?)))
}

/// Renames, moves from a day on, or closes a node.
#[utoipa::path(put, path = "/api/v1/organisation/nodes/{id}", tag = "organisation", security(("session" = ["organisation.write"]), ("token" = ["organisation.write"])),
    params(("id" = String, Path)), request_body = NodeRequest,
    responses((status = 200, body = NodeDto), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn update_node(
    Allowed(app): Allowed,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(request): Json<NodeRequest>,
) -> ApiResult<Json<NodeDto>> {
    let answer: AppResult<_> =
        async { app.put_node(&NodeId(id), wire::node_draft(request)?).await }.await;
    Ok(Json(wire::node(&answer.told(&headers)?)))
}

/// How to import a file of the organisation.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct StaffQuery {
    /// `staff` (default) or `absences` (a list, or a calendar).
    kind: Option<String>,
    /// Only report.
    dry_run: Option<bool>,
    /// Keep the names that the list holds.
    names: Option<bool>,
    /// End what is known of people of the same bodies that the list does not name.
    end_missing: Option<bool>,
    /// Person to whom a whole calendar belongs.
    person: Option<String>,
    /// Day from which rows without one hold, today when absent.
    day: Option<String>,
    /// Roles of columns: `person=…,unit=…`.
    columns: Option<String>,
    /// Refuse national identity numbers instead of replacing them.
    strict_nir: Option<bool>,
}

/// A file in a form.
#[derive(ToSchema)]
#[allow(dead_code)] // describes the form only
pub(super) struct StaffForm {
    /// The file.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Imports a staff list or absences, or only reports what importing would do.
#[utoipa::path(post, path = "/api/v1/organisation/imports", tag = "organisation", security(("session" = ["people.write"]), ("token" = ["people.write"])),
    params(StaffQuery), request_body(content = inline(StaffForm), content_type = "multipart/form-data"),
    responses((status = 200, body = StaffImportDto), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn import_staff(
    Allowed(app): Allowed,
    Query(query): Query<StaffQuery>,
    headers: HeaderMap,
    mut form: Multipart,
) -> ApiResult<Json<StaffImportDto>> {
    let answer: AppResult<_> = async {
        let kind = match filled(&query.kind) {
            None | Some("staff") => StaffKind::Staff,
            Some("absences") => StaffKind::Absences,
            Some(_) => {
                return Err(AppError::invalid(
                    "kind",
                    "écrire staff ou absences",
                    "write staff or absences",
                ));
            }
        };
        let (staged, name) = received(app.stage_staff()?, &mut form).await?;
        let mut options = StaffOptions::new(staged.path(), kind);
        options.name = name;
        options.dry_run = query.dry_run.unwrap_or(false);
        options.names = query.names.unwrap_or(false);
        options.end_missing = query.end_missing.unwrap_or(false);
        options.strict_nir = query.strict_nir.unwrap_or(false);
        options.person = filled(&query.person).map(|id| PersonId(id.to_owned()));
        options.day = filled(&query.day).map(|d| day("day", d)).transpose()?;
        if let Some(columns) = filled(&query.columns) {
            options.mapping = Mapping::from_column_args(columns)?;
        }
        app.import_staff(options).await
    }
    .await;
    Ok(Json(wire::staff_import(&answer.told(&headers)?)))
}

/// The file of a form, written to its place.
pub(super) async fn received(staged: Staged, form: &mut Multipart) -> AppResult<(Staged, String)> {
    let broken = |error: axum::extract::multipart::MultipartError| {
        AppError::invalid(
            "file",
            format!("envoi interrompu ou illisible : {error}"),
            format!("upload interrupted or unreadable: {error}"),
        )
    };
    while let Some(mut field) = form.next_field().await.map_err(broken)? {
        // A form sent without choosing a file holds one without a name.
        let name = field.file_name().filter(|name| !name.is_empty()).map(str::to_owned);
        let Some(name) = name else { continue };
        write(&mut field, &staged, broken).await?;
        return Ok((staged, name));
    }
    Err(AppError::invalid("file", "aucun fichier dans l’envoi", "no file in the upload"))
}

async fn write(
    field: &mut Field<'_>,
    staged: &Staged,
    broken: impl Fn(axum::extract::multipart::MultipartError) -> AppError,
) -> AppResult<()> {
    let full = |source| AppError::Io { what: "the upload".into(), source };
    let mut file = tokio::fs::File::create(staged.path()).await.map_err(full)?;
    let mut bytes = 0u64;
    while let Some(chunk) = field.chunk().await.map_err(&broken)? {
        bytes = bytes.saturating_add(chunk.len() as u64);
        if bytes > MOST_BYTES {
            return Err(AppError::invalid(
                "file",
                "fichier de plus de 64 Mo : le découper par organisme ou par année",
                "file of more than 64 MB: cut it by body or by year",
            ));
        }
        file.write_all(&chunk).await.map_err(full)?;
    }
    file.flush().await.map_err(full)
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct StaffFileQuery {
    /// `fr` or `en`; the request's language when absent.
    pub(super) lang: Option<String>,
    /// ISO dates and comma instead of the French CSV.
    pub(super) iso: Option<bool>,
}

/// The staff list (`staff.xlsx`, `staff.csv`), or the absences without their causes
/// (`absences.ics`). The export is recorded.
#[utoipa::path(get, path = "/api/v1/organisation/exports/{file}", tag = "organisation", security(("session" = ["people.read"]), ("token" = ["people.read"])),
    params(("file" = String, Path), StaffFileQuery),
    responses((status = 200, description = "The file", content(
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (Vec<u8> = "text/csv"), (Vec<u8> = "text/calendar"))), (status = 404, body = Problem)))]
async fn find_staff_file(
    Allowed(app): Allowed,
    Path(file): Path<String>,
    Query(query): Query<StaffFileQuery>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let spoken =
        query.lang.as_deref().and_then(|l| l.parse().ok()).unwrap_or_else(|| lang(&headers));
    let answer: AppResult<_> = async {
        let unknown = || AppError::NotFound { what: "export", name: file.clone() };
        let (what, extension) = file.rsplit_once('.').ok_or_else(unknown)?;
        match (what, extension) {
            ("absences", "ics") => {
                Ok((app.absence_calendar().await?, "text/calendar; charset=utf-8"))
            }
            ("staff", "xlsx" | "csv") => {
                let format = ExportFormat::from_extension(extension, query.iso.unwrap_or(false))
                    .ok_or_else(unknown)?;
                Ok((app.staff_list(format, spoken).await?, format.mime()))
            }
            _ => Err(unknown()),
        }
    }
    .await;
    let (bytes, mime) = answer.told(&headers)?;
    let headers = [
        (header::CONTENT_TYPE, mime.to_owned()),
        // The name is one of ours: nothing of the request goes into a header.
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"eclusier-{}\"", shown(&file)),
        ),
    ];
    Ok((headers, bytes).into_response())
}

fn shown(file: &str) -> &'static str {
    match file {
        "absences.ics" => "absences.ics",
        "staff.xlsx" => "personnel.xlsx",
        _ => "personnel.csv",
    }
}
