//! One line and one measure per request: the template of its route, never its address, its
//! body, or who asked. An address names cases and people; the number of the request is what a
//! person quotes to find its line.

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method},
    middleware::Next,
    response::Response,
};
use tracing::Instrument as _;

use crate::{forwarded, metrics::InFlight, site::Site};

/// Number of a request.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Follows a request from its head to the head of its answer.
pub(crate) async fn observed(State(site): State<Site>, request: Request, next: Next) -> Response {
    let matched = request.extensions().get::<MatchedPath>();
    // Addresses of screens and of files of the page are one route.
    let route = matched.map_or("page", MatchedPath::as_str).to_owned();
    let method = method(request.method());
    let id = number(&site, &request);
    let span = tracing::info_span!(
        target: "eclusier::http", "request",
        request_id = %id, method, route, status = tracing::field::Empty,
    );
    let flight = InFlight::begin();
    let mut response = next.run(request).instrument(span.clone()).await;
    let status = response.status().as_u16();
    let took = flight.answered(&route, method, status);
    span.record("status", status);
    let milliseconds = took.as_secs_f64() * 1_000.0;
    span.in_scope(|| {
        if status >= 500 {
            tracing::warn!(target: "eclusier::http", status, milliseconds, "request failed");
        } else if site.options().public {
            tracing::info!(target: "eclusier::http", status, milliseconds, "request");
        } else {
            // Nobody reads the lines of their own clicks.
            tracing::debug!(target: "eclusier::http", status, milliseconds, "request");
        }
    });
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// The number given by a declared proxy, otherwise ours.
fn number(site: &Site, request: &Request) -> String {
    let given = request.headers().get(REQUEST_ID).and_then(|v| v.to_str().ok());
    let usable = |id: &&str| {
        (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let trusted = forwarded::peer(request)
        .is_some_and(|ip| site.options().trusted_proxies.iter().any(|net| net.contains(&ip)));
    match given.filter(usable) {
        Some(id) if trusted => id.to_owned(),
        _ => uuid::Uuid::new_v4().simple().to_string(),
    }
}

/// Methods that exist: a client may write any word for one.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
