//! The web app, inside the binary.

use axum::{
    body::Body,
    http::{Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use eclusier_app::AppError;
use eclusier_core::Lang;
use rust_embed::RustEmbed;

use crate::{error, wire};

#[derive(RustEmbed)]
#[folder = "../../web/build"]
#[allow_missing = true]
struct Web;

/// A file of the web app, or its page: addresses of screens are the page's business.
pub(crate) async fn serve(method: Method, uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path.starts_with("api/") || !(method == Method::GET || method == Method::HEAD) {
        let missing = AppError::NotFound { what: "address", name: uri.path().to_owned() };
        return error::respond(&wire::problem(&missing, Lang::Fr));
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
