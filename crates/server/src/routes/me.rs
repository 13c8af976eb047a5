//! What the program knows of the reader, weeks of one person, pages and notices.

use axum::{
    Json,
    extract::{Path, Query},
    http::HeaderMap,
};
use eclusier_api::{LookDto, MeDto, OwnSessionDto, PageDto, PageRequest, Problem, Text, WeeksDto};
use eclusier_app::AppResult;
use eclusier_core::PersonId;
use serde::Deserialize;
use tower_sessions::Session;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{InLang as _, accounts, day};
use crate::{ApiResult, guard::Allowed, sessions, site::Site, wire_people as wire, wire_rights};

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(find_me))
        .routes(routes!(find_weeks))
        .routes(routes!(find_page, update_page))
        .routes(routes!(list_notices))
}

/// What the program knows of the reader.
#[utoipa::path(get, path = "/api/v1/me", tag = "me",
    security(("session" = ["signed-in"])), responses((status = 200, body = MeDto)))]
async fn find_me(
    Allowed(app): Allowed,
    session: Session,
    headers: HeaderMap,
) -> ApiResult<Json<MeDto>> {
    let answer: AppResult<_> = async {
        let own = app.own_record().await?;
        let names = app.actor_names().await?;
        let current = session.id().map(sessions::digest);
        let account = match &own.account {
            Some(account) => Some(accounts::told(&app, account).await?),
            None => None,
        };
        let person = match &own.person {
            Some(person) => Some(wire::person_file(&app.person(&person.id).await?)),
            None => None,
        };
        Ok(MeDto {
            account,
            person,
            weeks: own.weeks.as_ref().map(wire_rights::weeks),
            looks: own
                .looks
                .iter()
                .map(|entry| {
                    let told = wire_rights::audit_entry(entry, &names);
                    let details: serde_json::Value =
                        serde_json::from_str(&entry.details).unwrap_or_default();
                    let purpose = details.get("purpose").and_then(|p| p.as_str());
                    LookDto {
                        at: told.at,
                        by: told.by,
                        what: Text::new("Tâches terminées par semaine", "Tasks ended by week"),
                        purpose: purpose.map(str::to_owned),
                    }
                })
                .collect(),
            retention: wire_rights::rules(&app.retention_rules()),
            sessions: own
                .sessions
                .iter()
                .map(|s| OwnSessionDto {
                    created_at: s.created.to_string(),
                    seen_at: s.seen.to_string(),
                    current: Some(&s.digest) == current.as_ref(),
                })
                .collect(),
        })
    }
    .await;
    Ok(Json(answer.told(&headers)?))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct WeeksQuery {
    /// First day; three months ago when absent.
    from: Option<String>,
    /// Last day; today when absent.
    to: Option<String>,
}

/// Weeks of one person: the person's own, or through an open gate; every look is recorded.
#[utoipa::path(get, path = "/api/v1/people/{id}/weeks", tag = "people",
    security(("session" = ["signed-in"])), params(("id" = String, Path), WeeksQuery),
    responses((status = 200, body = WeeksDto), (status = 403, body = Problem)))]
async fn find_weeks(
    Allowed(app): Allowed,
    Path(id): Path<String>,
    Query(query): Query<WeeksQuery>,
    headers: HeaderMap,
) -> ApiResult<Json<WeeksDto>> {
    let answer: AppResult<_> = async {
        let from = query.from.as_deref().filter(|d| !d.is_empty());
        let to = query.to.as_deref().filter(|d| !d.is_empty());
        let from = from.map(|d| day("from", d)).transpose()?;
        let to = to.map(|d| day("to", d)).transpose()?;
        app.weeks(&PersonId(id), from, to).await
    }
    .await;
    Ok(Json(wire_rights::weeks(&answer.told(&headers)?)))
}

/// A page open to all, such as the accessibility declaration.
#[utoipa::path(get, path = "/api/v1/pages/{name}", tag = "pages",
    security(("session" = ["open"])), params(("name" = String, Path)),
    responses((status = 200, body = PageDto), (status = 404, body = Problem)))]
async fn find_page(
    Allowed(app): Allowed,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> ApiResult<Json<PageDto>> {
    Ok(Json(wire_rights::page(&app.page(&name).await.told(&headers)?)))
}

/// Changes a page.
#[utoipa::path(put, path = "/api/v1/pages/{name}", tag = "pages",
    security(("session" = ["system.write"]), ("token" = ["system.write"])),
    params(("name" = String, Path)), request_body = PageRequest,
    responses((status = 200, body = PageDto), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn update_page(
    Allowed(app): Allowed,
    Path(name): Path<String>,
    headers: HeaderMap,
    Json(request): Json<PageRequest>,
) -> ApiResult<Json<PageDto>> {
    let conformity = request.conformity.as_deref().filter(|c| !c.is_empty());
    let changed = app.put_page(&name, request.version, &request.text, conformity).await;
    Ok(Json(wire_rights::page(&changed.told(&headers)?)))
}

/// Notices and templates, to be adapted by the body.
#[utoipa::path(get, path = "/api/v1/notices", tag = "pages",
    security(("session" = ["method.read"]), ("token" = ["method.read"])),
    responses((status = 200, body = [PageDto])))]
async fn list_notices(Allowed(app): Allowed, headers: HeaderMap) -> ApiResult<Json<Vec<PageDto>>> {
    Ok(Json(app.notices().await.told(&headers)?.iter().map(wire_rights::page).collect()))
}
