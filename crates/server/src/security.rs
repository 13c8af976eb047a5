//! Headers that keep other sites out.

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, header},
    middleware::Next,
    response::Response,
};

use crate::{error, site::Site, wire};

/// A year: browsers then refuse to come back in the clear.
const HSTS: &str = "max-age=31536000";
/// The page needs none of what browsers can lend.
const PERMISSIONS: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(), \
    gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), publickey-credentials-get=(), \
    screen-wake-lock=(self), usb=()";
/// Charts and grids place things by `style` attributes, which only 'unsafe-inline' lets
/// through; a style can neither run nor send anything. Scripts are never inlined.
const CSP: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; worker-src 'self' blob:; \
    object-src 'none'; base-uri 'none'; form-action 'self'; frame-src 'none'; frame-ancestors 'none'";

/// Nothing is loaded from outside, nothing frames the page, nothing is sniffed.
pub(crate) async fn headers(State(site): State<Site>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let figures = ["/api", "/scim", "/metrics", "/health"].iter().any(|p| path.starts_with(p));
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if figures {
        // Case numbers and figures stay out of the caches of browsers.
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CSP),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("permissions-policy"), PERMISSIONS),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if site.options().secure {
        let hsts = HeaderValue::from_static(HSTS);
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(hsts);
    }
    response
}

/// A page of another site may not change anything, nor reach us under another name:
/// the host must be this machine, and a stated origin must be that host.
pub(crate) async fn same_site(State(site): State<Site>, request: Request, next: Next) -> Response {
    // Probes ask by address, and learn nothing but that the program answers.
    let probe = request.uri().path().starts_with("/health/");
    if !probe && is_foreign(&request, &site.options().hosts) {
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
