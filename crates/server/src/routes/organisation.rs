//! The tree of the organisation.

use axum::{
    Json,
    extract::{Path, Query},
    http::HeaderMap,
};
use eclusier_api::{NodeDto, NodeRequest, OrganisationDto, Problem};
use eclusier_app::AppResult;
use eclusier_core::NodeId;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{InLang as _, day};
use crate::{ApiResult, guard::Allowed, site::Site, wire_people as wire};

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(find_organisation))
        .routes(routes!(create_node))
        .routes(routes!(update_node))
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
