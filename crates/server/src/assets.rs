//! The web app, inside the binary.

use axum::{
    body::Body,
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use eclusier_app::AppError;
use rust_embed::RustEmbed;

use crate::{error, scim, wire};

#[derive(RustEmbed)]
#[folder = "../../web/build"]
#[allow_missing = true]
struct Web;

/// A file of the web app, or its page: addresses of screens are the page's business.
pub(crate) async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    let missing = || {
        let missing = AppError::NotFound { what: "address", name: uri.path().to_owned() };
        error::respond(&wire::problem(&missing, error::lang(&headers)))
    };
    let read = method == Method::GET || method == Method::HEAD;
    if path == "api" || path.starts_with("api/") || scim::is_ours(uri.path()) || !read {
        return missing();
    }
    match Web::get(path) {
        Some(file) if !path.is_empty() => {
            let mime = mime_guess::from_path(path).first_or_octet_stream();
            // Names of built files carry their hash: they never change.
            let cache = if path.starts_with("_app/immutable/") {
                "public, max-age=31536000, immutable"
            } else {
                "no-cache"
            };
            let headers = [(header::CONTENT_TYPE, mime.as_ref()), (header::CACHE_CONTROL, cache)];
            (headers, Body::from(file.data.into_owned())).into_response()
        }
        // A file of an earlier build: a page in its place would be run as a script.
        None if mime_guess::from_path(path).first().is_some() => missing(),
        _ => page(),
    }
}

fn page() -> Response {
    let headers =
        [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
    match Web::get("index.html") {
        Some(file) => (headers, Body::from(file.data.into_owned())).into_response(),
        None => (
            StatusCode::SERVICE_UNAVAILABLE,
            headers,
            "<!doctype html><title>Éclusier</title><p>The web app is not built: run cargo xtask web.",
        )
            .into_response(),
    }
}
