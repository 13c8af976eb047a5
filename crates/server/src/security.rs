//! Headers that keep other sites out.

use axum::{
    extract::{Request, State},
    http::{HeaderValue, Method, header},
    middleware::Next,
    response::Response,
};

use crate::{error, site::Site, wire};

/// Nothing is loaded from outside, nothing frames the page, nothing is sniffed.
pub(crate) async fn headers(request: Request, next: Next) -> Response {
    let figures = request.uri().path().starts_with("/api");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if figures {
        // Case numbers and figures stay out of the caches of browsers.
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
    // Styles are inlined by the chart library; scripts never are.
    const CSP: &str = "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; \
        worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CSP),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// A page of another site may not change anything, nor reach us under another name:
/// the host must be this machine, and a stated origin must be that host.
pub(crate) async fn same_site(State(site): State<Site>, request: Request, next: Next) -> Response {
    if is_foreign(&request, &site.options().hosts) {
        let words = [
            "Requête venue d’un autre site : refusée.".into(),
            "Request from another site: refused.".into(),
        ];
        let spoken = error::lang(request.headers());
        return error::respond(&wire::problem_of("forbidden", words, None, spoken));
    }
    next.run(request).await
}

fn is_foreign(request: &Request, hosts: &[String]) -> bool {
    let text = |name| request.headers().get(name).and_then(|v: &HeaderValue| v.to_str().ok());
    let host = text(header::HOST).unwrap_or("");
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    let ours = matches!(name, "" | "localhost" | "127.0.0.1" | "[::1]");
    if !ours && !hosts.iter().any(|known| known.eq_ignore_ascii_case(name)) {
        return true;
    }
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let origin = text(header::ORIGIN);
    !reads && origin.is_some_and(|o| o.split("://").nth(1) != Some(host))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn foreign(method: Method, host: &str, origin: Option<&str>) -> bool {
        let mut request = Request::builder().method(method).header(header::HOST, host);
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        is_foreign(&request.body(Body::empty()).unwrap(), &["eclusier.caf.example".into()])
    }

    #[test]
    fn another_site_changes_nothing_and_another_name_reads_nothing() {
        assert!(!foreign(Method::POST, "127.0.0.1:8000", Some("http://127.0.0.1:8000")));
        assert!(!foreign(Method::GET, "[::1]:8000", None));
        assert!(foreign(Method::POST, "127.0.0.1:8000", Some("https://elsewhere.example")));
        assert!(foreign(Method::GET, "rebound.example:8000", None));
        assert!(!foreign(Method::GET, "eclusier.caf.example", None));
        assert!(foreign(Method::POST, "eclusier.caf.example", Some("https://evil.example")));
    }
}
