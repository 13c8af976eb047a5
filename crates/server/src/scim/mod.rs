//! SCIM 2.0 on the wire: resources, filters, patches, errors. Pure; the routes are in
//! `routes/scim.rs`.

pub(crate) mod filter;
pub(crate) mod patch;
pub(crate) mod resource;

use axum::{
    Json,
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use eclusier_api::Problem;
use eclusier_app::AppError;
use serde_json::{Value, json};

/// Media type of SCIM.
pub(crate) const MEDIA: &str = "application/scim+json";

/// Why a SCIM request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ScimError {
    /// HTTP status.
    pub(crate) status: StatusCode,
    /// Keyword of RFC 7644 §3.12.
    pub(crate) kind: Option<&'static str>,
    /// What and why, in English: a program reads it.
    pub(crate) detail: String,
}

impl ScimError {
    pub(crate) fn bad(kind: &'static str, detail: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, kind: Some(kind), detail: detail.into() }
    }
}

impl From<AppError> for ScimError {
    fn from(error: AppError) -> Self {
        let [_, detail] = error.words();
        let (status, kind) = match error.kind() {
            "not-found" => (StatusCode::NOT_FOUND, None),
            "forbidden" => (StatusCode::FORBIDDEN, None),
            // The version seen is no longer the one there is.
            "stale" | "conflict" => (StatusCode::PRECONDITION_FAILED, None),
            "refused" => match &error {
                AppError::Refused { code, .. } if code == "same_person" || code == "same_code" => {
                    (StatusCode::CONFLICT, Some("uniqueness"))
                }
                _ => (StatusCode::BAD_REQUEST, Some("invalidValue")),
            },
            "invalid" => (StatusCode::BAD_REQUEST, Some("invalidValue")),
            "internal" => {
                tracing::error!(%error, "a request of the directory failed");
                let detail = "an operation failed, nothing changed".to_owned();
                return Self { status: StatusCode::INTERNAL_SERVER_ERROR, kind: None, detail };
            }
            "unavailable" => (StatusCode::SERVICE_UNAVAILABLE, None),
            _ => (StatusCode::UNAUTHORIZED, None),
        };
        Self { status, kind, detail }
    }
}

/// Whether an address is the directory's.
pub(crate) fn is_ours(path: &str) -> bool {
    path == "/scim" || path.starts_with("/scim/")
}

/// What is refused before a route of the directory is reached (no token, too large, no such
/// address) is told in the directory's own shape.
pub(crate) async fn shaped(request: Request, next: Next) -> Response {
    let ours = is_ours(request.uri().path());
    let response = next.run(request).await;
    let status = response.status();
    let told = response.headers().get(header::CONTENT_TYPE).is_some_and(|t| t == MEDIA);
    if !ours || told || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let (head, body) = response.into_parts();
    let text = axum::body::to_bytes(body, LONGEST_PROBLEM).await.unwrap_or_default();
    let detail = match serde_json::from_slice::<Problem>(&text) {
        Ok(problem) => problem.text.en,
        Err(_) => status.canonical_reason().unwrap_or("refused").to_owned(),
    };
    let mut shaped = ScimError { status, kind: None, detail }.into_response();
    if let Some(wait) = head.headers.get(header::RETRY_AFTER) {
        shaped.headers_mut().insert(header::RETRY_AFTER, wait.clone());
    }
    if status == StatusCode::UNAUTHORIZED {
        let way = HeaderValue::from_static("Bearer");
        shaped.headers_mut().insert(header::WWW_AUTHENTICATE, way);
    }
    shaped
}

/// More than any problem of ours takes.
const LONGEST_PROBLEM: usize = 16 << 10;

impl IntoResponse for ScimError {
    fn into_response(self) -> Response {
        let mut body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "status": self.status.as_u16().to_string(),
            "detail": self.detail,
        });
        if let (Some(kind), Value::Object(map)) = (self.kind, &mut body) {
            map.insert("scimType".into(), kind.into());
        }
        answer(self.status, body, None)
    }
}

/// A SCIM answer, with the tag of its version.
pub(crate) fn answer(status: StatusCode, body: Value, tag: Option<&str>) -> Response {
    let mut response = (status, Json(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA));
    if let Some(tag) = tag.and_then(|tag| HeaderValue::from_str(tag).ok()) {
        headers.insert(header::ETAG, tag);
    }
    response
}
