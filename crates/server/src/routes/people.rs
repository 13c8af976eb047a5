//! The people of the organisation.

use axum::{
    Json,
    extract::{Path, Query},
    http::HeaderMap,
};
use eclusier_api::{
    FactRequest, PeoplePageDto, PeopleQuery, PersonDetailDto, PersonRequest, Problem,
};
use eclusier_app::{AppResult, people::PeopleWanted};
use eclusier_core::{NodeId, PersonId};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{InLang as _, day, filled};
use crate::{ApiResult, guard::Allowed, site::Site, wire_people as wire};

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(list_people, create_person))
        .routes(routes!(find_person, update_person))
        .routes(routes!(create_fact))
        .routes(routes!(update_fact, delete_fact))
}

/// People in reach, by name.
#[utoipa::path(get, path = "/api/v1/people", tag = "people", security(("session" = ["people.read"]), ("token" = ["people.read"])), params(PeopleQuery),
    responses((status = 200, body = PeoplePageDto), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn list_people(
    Allowed(app): Allowed,
    Query(query): Query<PeopleQuery>,
    headers: HeaderMap,
) -> ApiResult<Json<PeoplePageDto>> {
    let answer: AppResult<_> = async {
        let usual = PeopleWanted::default();
        let number = |n: Option<u32>, usual: usize| {
            n.map_or(usual, |n| usize::try_from(n).unwrap_or(usize::MAX))
        };
        let wanted = PeopleWanted {
            node: filled(&query.node).map(|id| NodeId(id.to_owned())),
            day: filled(&query.day).map(|d| day("day", d)).transpose()?,
            search: query.search.unwrap_or_default(),
            all: query.all.unwrap_or(false),
            offset: number(query.offset, 0),
            limit: number(query.limit, usual.limit),
        };
        app.people(&wanted).await
    }
    .await;
    Ok(Json(wire::people(&answer.told(&headers)?)))
}

/// Makes a person.
#[utoipa::path(post, path = "/api/v1/people", tag = "people", security(("session" = ["people.write"]), ("token" = ["people.write"])),
    request_body = PersonRequest,
    responses((status = 200, body = PersonDetailDto), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn create_person(
    Allowed(app): Allowed,
    headers: HeaderMap,
    Json(request): Json<PersonRequest>,
) -> ApiResult<Json<PersonDetailDto>> {
    let answer: AppResult<_> = async { app.add_person(wire::person_draft(request)?).await }.await;
    Ok(Json(wire::person_file(&answer.told(&headers)?)))
}

/// A person with what holds of them; the look is recorded.
#[utoipa::path(get, path = "/api/v1/people/{id}", tag = "people", security(("session" = ["people.read"]), ("token" = ["people.read"])),
    params(("id" = String, Path)),
    responses((status = 200, body = PersonDetailDto), (status = 404, body = Problem)))]
async fn find_person(
    Allowed(app): Allowed,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> ApiResult<Json<PersonDetailDto>> {
    let answer = app.person(&PersonId(id)).await;
    Ok(Json(wire::person_file(&answer.told(&headers)?)))
}

/// Renames a person, joins them to the logs, ends their being with the body.
#[utoipa::path(put, path = "/api/v1/people/{id}", tag = "people", security(("session" = ["people.write"]), ("token" = ["people.write"])),
    params(("id" = String, Path)), request_body = PersonRequest,
    responses((status = 200, body = PersonDetailDto), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn update_person(
    Allowed(app): Allowed,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(request): Json<PersonRequest>,
) -> ApiResult<Json<PersonDetailDto>> {
    let answer: AppResult<_> =
        async { app.put_person(&PersonId(id), wire::person_draft(request)?).await }.await;
    Ok(Json(wire::person_file(&answer.told(&headers)?)))
}

/// Adds a fact: a team, a contract, a skill, an absence, a ramp-up.
#[utoipa::path(post, path = "/api/v1/people/{id}/facts", tag = "people", security(("session" = ["people.write"]), ("token" = ["people.write"])),
    params(("id" = String, Path)), request_body = FactRequest,
    responses((status = 200, body = PersonDetailDto), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem)))]
async fn create_fact(
    Allowed(app): Allowed,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(request): Json<FactRequest>,
) -> ApiResult<Json<PersonDetailDto>> {
    let answer: AppResult<_> =
        async { app.add_fact(&PersonId(id), wire::fact_draft(request)?).await }.await;
    Ok(Json(wire::person_file(&answer.told(&headers)?)))
}

/// Changes a fact: its content, or the days it holds.
#[utoipa::path(put, path = "/api/v1/people/{id}/facts/{fact}", tag = "people", security(("session" = ["people.write"]), ("token" = ["people.write"])),
    params(("id" = String, Path), ("fact" = i64, Path)), request_body = FactRequest,
    responses((status = 200, body = PersonDetailDto), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn update_fact(
    Allowed(app): Allowed,
    Path((id, fact)): Path<(String, i64)>,
    headers: HeaderMap,
    Json(request): Json<FactRequest>,
) -> ApiResult<Json<PersonDetailDto>> {
    let answer: AppResult<_> =
        async { app.put_fact(&PersonId(id), fact, wire::fact_draft(request)?).await }.await;
    Ok(Json(wire::person_file(&answer.told(&headers)?)))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct VersionQuery {
    /// Version seen.
    version: Option<i64>,
}

/// Removes a fact that was never true.
#[utoipa::path(delete, path = "/api/v1/people/{id}/facts/{fact}", tag = "people", security(("session" = ["people.write"]), ("token" = ["people.write"])),
    params(("id" = String, Path), ("fact" = i64, Path), VersionQuery),
    responses((status = 200, body = PersonDetailDto), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn delete_fact(
    Allowed(app): Allowed,
    Path((id, fact)): Path<(String, i64)>,
    Query(query): Query<VersionQuery>,
    headers: HeaderMap,
) -> ApiResult<Json<PersonDetailDto>> {
    let answer = app.drop_fact(&PersonId(id), fact, query.version).await;
    Ok(Json(wire::person_file(&answer.told(&headers)?)))
}
