//! The directory interface: SCIM 2.0 (RFC 7643, RFC 7644), below `/scim/v2`.

use axum::{
    body::Bytes,
    extract::{Path, Query},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use eclusier_app::AppError;
use eclusier_core::{NodeId, PersonId};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    guard::Allowed,
    scim::{ScimError, answer, filter::Filter, patch, resource},
    site::Site,
};

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(list_scim_users, create_scim_user))
        .routes(routes!(find_scim_user, replace_scim_user, patch_scim_user, delete_scim_user))
        .routes(routes!(list_scim_groups, create_scim_group))
        .routes(routes!(find_scim_group, replace_scim_group, patch_scim_group, delete_scim_group))
        .routes(routes!(find_scim_configuration))
        .routes(routes!(list_scim_schemas))
        .routes(routes!(find_scim_schema))
        .routes(routes!(list_scim_resource_types))
        .routes(routes!(find_scim_resource_type))
}

/// Which resources.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Rank of the first, from 1.
    start_index: Option<String>,
    /// At most this many.
    count: Option<String>,
    /// Filter (RFC 7644 §3.4.2.2).
    filter: Option<String>,
    /// Attributes left out (`members`).
    excluded_attributes: Option<String>,
    /// Attributes wanted, all when absent.
    attributes: Option<String>,
}

type Answer = Result<Response, ScimError>;

fn number(name: &'static str, text: Option<&str>) -> Result<Option<i64>, ScimError> {
    text.filter(|t| !t.is_empty())
        .map(|t| {
            t.parse().map_err(|_| ScimError::bad("invalidValue", format!("{name} is no number")))
        })
        .transpose()
}

/// A page of resources that pass the filter.
fn page(all: Vec<Value>, query: &ListQuery) -> Answer {
    let filter =
        query.filter.as_deref().filter(|f| !f.is_empty()).map(Filter::parse).transpose()?;
    let kept: Vec<Value> =
        all.into_iter().filter(|r| filter.as_ref().is_none_or(|f| f.passes(r))).collect();
    // RFC 7644 §3.4.2.4: below 1 is 1, a negative count is none.
    let first = number("startIndex", query.start_index.as_deref())?.unwrap_or(1).max(1);
    let most = number("count", query.count.as_deref())?;
    let most = most.map_or(resource::MOST, |n| usize::try_from(n.max(0)).unwrap_or(usize::MAX));
    let skip = usize::try_from(first - 1).unwrap_or(usize::MAX);
    let total = kept.len();
    let mut resources: Vec<Value> =
        kept.into_iter().skip(skip).take(most.min(resource::MOST)).collect();
    resources.iter_mut().for_each(|r| trim(r, query));
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": total,
        "startIndex": first,
        "itemsPerPage": resources.len(),
        "Resources": resources,
    });
    Ok(answer(StatusCode::OK, body, None))
}

/// Leaves out the attributes that the request does not want.
fn trim(resource: &mut Value, query: &ListQuery) {
    let names = |text: &Option<String>| -> Vec<String> {
        let text = text.as_deref().unwrap_or("");
        text.split(',').map(|n| n.trim().to_ascii_lowercase()).filter(|n| !n.is_empty()).collect()
    };
    let (wanted, left_out) = (names(&query.attributes), names(&query.excluded_attributes));
    if let Value::Object(map) = resource {
        map.retain(|name, _| {
            let name = name.to_ascii_lowercase();
            let always = matches!(name.as_str(), "id" | "schemas" | "meta");
            let head = |n: &String| n.split('.').next() == Some(name.as_str());
            always || ((wanted.is_empty() || wanted.iter().any(head)) && !left_out.contains(&name))
        });
    }
}

fn body(bytes: &Bytes) -> Result<Value, ScimError> {
    serde_json::from_slice(bytes)
        .map_err(|error| ScimError::bad("invalidSyntax", format!("unreadable JSON: {error}")))
}

/// The tag a request names as the one it saw; `*` is any.
fn seen(headers: &HeaderMap) -> Option<String> {
    let tag = headers.get(header::IF_MATCH)?.to_str().ok()?.trim();
    (tag != "*").then(|| tag.trim_start_matches("W/").trim_matches('"').to_owned())
}

/// Version of a user that a request saw; one that is no number was never ours.
fn version(headers: &HeaderMap) -> Option<i64> {
    seen(headers).map(|tag| tag.parse().unwrap_or(-1))
}

fn sent_user(status: StatusCode, user: &eclusier_app::directory::User) -> Response {
    let mut response = answer(status, resource::user(user), Some(&resource::user_tag(user)));
    locate(&mut response, status, &format!("/scim/v2/Users/{}", user.id));
    response
}

/// A member nobody knows is a wrong value of the group, not a group that is missing.
fn told(error: AppError) -> ScimError {
    match error {
        AppError::NotFound { what: "person", name } => {
            ScimError::bad("invalidValue", format!("no user has the identifier {name}"))
        }
        other => other.into(),
    }
}

fn sent_group(status: StatusCode, group: &eclusier_app::directory::Group) -> Response {
    let mut response = answer(status, resource::group(group), Some(&resource::group_tag(group)));
    locate(&mut response, status, &format!("/scim/v2/Groups/{}", group.id));
    response
}

fn locate(response: &mut Response, status: StatusCode, place: &str) {
    if status == StatusCode::CREATED
        && let Ok(place) = place.parse()
    {
        response.headers_mut().insert(header::LOCATION, place);
    }
}

/// Accounts of the directory.
#[utoipa::path(get, path = "/scim/v2/Users", tag = "scim", security(("token" = ["directory.write"])), params(ListQuery),
    responses((status = 200, content_type = "application/scim+json", body = Value), (status = 400, content_type = "application/scim+json", body = Value)))]
async fn list_scim_users(Allowed(app): Allowed, Query(query): Query<ListQuery>) -> Answer {
    let users = app.directory_users().await?;
    page(users.iter().map(resource::user).collect(), &query)
}

/// Makes an account.
#[utoipa::path(post, path = "/scim/v2/Users", tag = "scim", security(("token" = ["directory.write"])),
    request_body(content = Value, content_type = "application/scim+json"),
    responses((status = 201, content_type = "application/scim+json", body = Value), (status = 400, content_type = "application/scim+json", body = Value),
        (status = 409, content_type = "application/scim+json", body = Value)))]
async fn create_scim_user(Allowed(app): Allowed, bytes: Bytes) -> Answer {
    let draft = resource::read_user(&body(&bytes)?)?;
    Ok(sent_user(StatusCode::CREATED, &app.add_directory_user(draft).await?))
}

/// One account.
#[utoipa::path(get, path = "/scim/v2/Users/{id}", tag = "scim", security(("token" = ["directory.write"])),
    params(("id" = String, Path)),
    responses((status = 200, content_type = "application/scim+json", body = Value), (status = 404, content_type = "application/scim+json", body = Value)))]
async fn find_scim_user(
    Allowed(app): Allowed,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    let user = app.directory_user(&PersonId(id)).await?;
    Ok(unless_known(&headers, &resource::user_tag(&user), || sent_user(StatusCode::OK, &user)))
}

/// The answer, unless the reader has this very version already.
fn unless_known(headers: &HeaderMap, tag: &str, sent: impl FnOnce() -> Response) -> Response {
    let known = headers.get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok());
    if known == Some(tag) { StatusCode::NOT_MODIFIED.into_response() } else { sent() }
}

/// Writes an account as it must become.
#[utoipa::path(put, path = "/scim/v2/Users/{id}", tag = "scim", security(("token" = ["directory.write"])),
    params(("id" = String, Path)), request_body(content = Value, content_type = "application/scim+json"),
    responses((status = 200, content_type = "application/scim+json", body = Value), (status = 400, content_type = "application/scim+json", body = Value),
        (status = 404, content_type = "application/scim+json", body = Value), (status = 412, content_type = "application/scim+json", body = Value)))]
async fn replace_scim_user(
    Allowed(app): Allowed,
    Path(id): Path<String>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Answer {
    let draft = resource::read_user(&body(&bytes)?)?;
    let user = app.put_directory_user(&PersonId(id), version(&headers), draft).await?;
    Ok(sent_user(StatusCode::OK, &user))
}

/// Changes some attributes of an account.
#[utoipa::path(patch, path = "/scim/v2/Users/{id}", tag = "scim", security(("token" = ["directory.write"])),
    params(("id" = String, Path)), request_body(content = Value, content_type = "application/scim+json"),
    responses((status = 200, content_type = "application/scim+json", body = Value), (status = 400, content_type = "application/scim+json", body = Value),
        (status = 404, content_type = "application/scim+json", body = Value), (status = 412, content_type = "application/scim+json", body = Value)))]
async fn patch_scim_user(
    Allowed(app): Allowed,
    Path(id): Path<String>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Answer {
    let request = body(&bytes)?;
    let id = PersonId(id);
    let known = app.directory_user(&id).await?;
    let seen = version(&headers).unwrap_or(known.version);
    let draft = patch::user(known.draft, &request)?;
    Ok(sent_user(StatusCode::OK, &app.put_directory_user(&id, Some(seen), draft).await?))
}

/// Lets an account go; what was true of the past stays.
#[utoipa::path(delete, path = "/scim/v2/Users/{id}", tag = "scim", security(("token" = ["directory.write"])),
    params(("id" = String, Path)),
    responses((status = 204), (status = 404, content_type = "application/scim+json", body = Value), (status = 412, content_type = "application/scim+json", body = Value)))]
async fn delete_scim_user(
    Allowed(app): Allowed,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    app.drop_directory_user(&PersonId(id), version(&headers)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Teams and services.
#[utoipa::path(get, path = "/scim/v2/Groups", tag = "scim", security(("token" = ["directory.write"])), params(ListQuery),
    responses((status = 200, content_type = "application/scim+json", body = Value), (status = 400, content_type = "application/scim+json", body = Value)))]
async fn list_scim_groups(Allowed(app): Allowed, Query(query): Query<ListQuery>) -> Answer {
    let groups = app.directory_groups().await?;
    page(groups.iter().map(resource::group).collect(), &query)
}

/// Makes a team.
#[utoipa::path(post, path = "/scim/v2/Groups", tag = "scim", security(("token" = ["directory.write"])),
    request_body(content = Value, content_type = "application/scim+json"),
    responses((status = 201, content_type = "application/scim+json", body = Value), (status = 400, content_type = "application/scim+json", body = Value),
        (status = 409, content_type = "application/scim+json", body = Value)))]
async fn create_scim_group(Allowed(app): Allowed, bytes: Bytes) -> Answer {
    let draft = resource::read_group(&body(&bytes)?)?;
    Ok(sent_group(StatusCode::CREATED, &app.add_directory_group(draft).await.map_err(told)?))
}

/// One team or service.
#[utoipa::path(get, path = "/scim/v2/Groups/{id}", tag = "scim", security(("token" = ["directory.write"])),
    params(("id" = String, Path)),
    responses((status = 200, content_type = "application/scim+json", body = Value), (status = 404, content_type = "application/scim+json", body = Value)))]
async fn find_scim_group(
    Allowed(app): Allowed,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    let group = app.directory_group(&NodeId(id)).await?;
    Ok(unless_known(&headers, &resource::group_tag(&group), || sent_group(StatusCode::OK, &group)))
}

/// Writes a group as it must become; who is not named leaves it today.
#[utoipa::path(put, path = "/scim/v2/Groups/{id}", tag = "scim", security(("token" = ["directory.write"])),
    params(("id" = String, Path)), request_body(content = Value, content_type = "application/scim+json"),
    responses((status = 200, content_type = "application/scim+json", body = Value), (status = 400, content_type = "application/scim+json", body = Value),
        (status = 404, content_type = "application/scim+json", body = Value), (status = 412, content_type = "application/scim+json", body = Value)))]
async fn replace_scim_group(
    Allowed(app): Allowed,
    Path(id): Path<String>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Answer {
    let draft = resource::read_group(&body(&bytes)?)?;
    let written = app.put_directory_group(&NodeId(id), seen(&headers).as_deref(), draft).await;
    let group = written.map_err(told)?;
    Ok(sent_group(StatusCode::OK, &group))
}

/// Changes some attributes of a group, or some of its members.
#[utoipa::path(patch, path = "/scim/v2/Groups/{id}", tag = "scim", security(("token" = ["directory.write"])),
    params(("id" = String, Path)), request_body(content = Value, content_type = "application/scim+json"),
    responses((status = 200, content_type = "application/scim+json", body = Value), (status = 400, content_type = "application/scim+json", body = Value),
        (status = 404, content_type = "application/scim+json", body = Value), (status = 412, content_type = "application/scim+json", body = Value)))]
async fn patch_scim_group(
    Allowed(app): Allowed,
    Path(id): Path<String>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Answer {
    let request = body(&bytes)?;
    let id = NodeId(id);
    let known = app.directory_group(&id).await?;
    let tag = seen(&headers).unwrap_or(known.tag);
    let draft = patch::group(known.draft, &request)?;
    let group = app.put_directory_group(&id, Some(&tag), draft).await.map_err(told)?;
    Ok(sent_group(StatusCode::OK, &group))
}

/// Closes a group from today on.
#[utoipa::path(delete, path = "/scim/v2/Groups/{id}", tag = "scim", security(("token" = ["directory.write"])),
    params(("id" = String, Path)),
    responses((status = 204), (status = 400, content_type = "application/scim+json", body = Value), (status = 404, content_type = "application/scim+json", body = Value),
        (status = 412, content_type = "application/scim+json", body = Value)))]
async fn delete_scim_group(
    Allowed(app): Allowed,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    app.drop_directory_group(&NodeId(id), seen(&headers).as_deref()).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn listed(resources: Vec<Value>) -> Response {
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": resources.len(),
        "startIndex": 1,
        "itemsPerPage": resources.len(),
        "Resources": resources,
    });
    answer(StatusCode::OK, body, None)
}

fn named(resources: Vec<Value>, id: &str) -> Answer {
    let found = resources.into_iter().find(|r| r.get("id").and_then(Value::as_str) == Some(id));
    match found {
        Some(found) => Ok(answer(StatusCode::OK, found, None)),
        None => Err(ScimError {
            status: StatusCode::NOT_FOUND,
            kind: None,
            detail: "no such description".to_owned(),
        }),
    }
}

/// What the service can do.
#[utoipa::path(get, path = "/scim/v2/ServiceProviderConfig", tag = "scim", security(("token" = ["directory.write"])),
    responses((status = 200, content_type = "application/scim+json", body = Value)))]
async fn find_scim_configuration(_allowed: Allowed) -> Response {
    answer(StatusCode::OK, resource::configuration(), None)
}

/// Attributes kept.
#[utoipa::path(get, path = "/scim/v2/Schemas", tag = "scim", security(("token" = ["directory.write"])),
    responses((status = 200, content_type = "application/scim+json", body = Value)))]
async fn list_scim_schemas(_allowed: Allowed) -> Response {
    listed(resource::schemas())
}

/// Attributes of one schema.
#[utoipa::path(get, path = "/scim/v2/Schemas/{id}", tag = "scim", security(("token" = ["directory.write"])),
    params(("id" = String, Path)),
    responses((status = 200, content_type = "application/scim+json", body = Value), (status = 404, content_type = "application/scim+json", body = Value)))]
async fn find_scim_schema(_allowed: Allowed, Path(id): Path<String>) -> Answer {
    named(resource::schemas(), &id)
}

/// Kinds of resources.
#[utoipa::path(get, path = "/scim/v2/ResourceTypes", tag = "scim", security(("token" = ["directory.write"])),
    responses((status = 200, content_type = "application/scim+json", body = Value)))]
async fn list_scim_resource_types(_allowed: Allowed) -> Response {
    listed(resource::resource_types())
}

/// One kind of resource.
#[utoipa::path(get, path = "/scim/v2/ResourceTypes/{id}", tag = "scim", security(("token" = ["directory.write"])),
    params(("id" = String, Path)),
    responses((status = 200, content_type = "application/scim+json", body = Value), (status = 404, content_type = "application/scim+json", body = Value)))]
async fn find_scim_resource_type(_allowed: Allowed, Path(id): Path<String>) -> Answer {
    named(resource::resource_types(), &id)
}
