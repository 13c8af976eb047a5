//! Who may ask, what the pages may load, what is kept by browsers.

use axum::{
    body::Body,
    http::{Method, StatusCode},
};
use serde_json::json;

use crate::common::{Site, log, request};

#[tokio::test(flavor = "multi_thread")]
async fn another_site_is_kept_out() {
    let site = Site::new().await;
    let body =
        || Body::from(json!({ "process": "p", "day": "2025-06-02", "arrivals": 1 }).to_string());
    let typed = |origin: &'static str| {
        request(
            Method::POST,
            "/api/v1/counts",
            &[("content-type", "application/json"), ("origin", origin)],
            body(),
        )
    };
    for origin in [
        "https://ailleurs.example",
        "null",
        "http://127.0.0.1:9999",
        "http://127.0.0.1:8000.ailleurs.example",
    ] {
        let answer = site.ask(typed(origin)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{origin}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
        let problem = answer.json();
        assert_eq!(
            (&problem["status"], &problem["type"]),
            (&json!(403), &json!("urn:eclusier:problem:forbidden"))
        );
    }
    assert_eq!(site.get("/api/v1/imports").await.json(), json!([]));
    assert_eq!(site.ask(typed("http://127.0.0.1:8000")).await.status, 200);
    for host in [
        "ailleurs.example",
        "ailleurs.example:8000",
        "127.0.0.1.ailleurs.example",
        "192.168.1.4:8000",
    ] {
        for path in ["/api/v1/status", "/", "/api/openapi.json"] {
            let foreign = axum::http::Request::builder().uri(path).header("host", host);
            let answer = site.ask(foreign.body(Body::empty()).unwrap()).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{host}{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_the_headers_that_protect_it() {
    let site = Site::new().await;
    for path in [
        "/",
        "/flux",
        "/api/v1/status",
        "/api/v1/nothing",
        "/api/v1/templates/counts",
        "/api/openapi.json",
    ] {
        let answer = site.get(path).await;
        let policy = answer.header("content-security-policy");
        assert!(
            policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"),
            "{path}"
        );
        assert!(!policy.contains("script-src") || !policy.contains("'unsafe-eval'"));
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
        assert!(answer.headers.get("access-control-allow-origin").is_none());
    }
    // Figures are never kept by a browser or a proxy.
    for path in ["/api/v1/status", "/api/v1/cases", "/api/v1/exports/cases.csv"] {
        assert_eq!(site.get(path).await.header("cache-control"), "no-store", "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_attachments_of_their_type() {
    let site = Site::new().await;
    site.store("a.csv", &log(20), "pensions").await;
    let xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    for (path, kind, name, start) in [
        ("exports/ledger.xlsx", xlsx, "eclusier-ledger.xlsx", &b"PK"[..]),
        (
            "exports/cases.csv",
            "text/csv; charset=utf-8",
            "eclusier-cases.csv",
            b"\xef\xbb\xbfProcessus;Dossier",
        ),
        (
            "exports/cases.csv?lang=en",
            "text/csv; charset=utf-8",
            "eclusier-cases.csv",
            b"\xef\xbb\xbfProcess;Case",
        ),
        (
            "exports/cases.csv?iso=true",
            "text/csv; charset=utf-8",
            "eclusier-cases.csv",
            b"process,case",
        ),
        (
            "exports/indicators.parquet",
            "application/vnd.apache.parquet",
            "eclusier-indicators.parquet",
            b"PAR1",
        ),
        ("templates/counts", xlsx, "eclusier-comptages.xlsx", b"PK"),
        ("templates/counts?lang=en", xlsx, "eclusier-counts.xlsx", b"PK"),
        ("templates/staff", xlsx, "eclusier-personnel.xlsx", b"PK"),
    ] {
        let answer = site.get(&format!("/api/v1/{path}")).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("content-type"), kind, "{path}");
        assert_eq!(
            answer.header("content-disposition"),
            format!("attachment; filename=\"{name}\"")
        );
        assert!(
            answer.bytes.starts_with(start),
            "{path}: {:?}",
            &answer.bytes[..20.min(answer.bytes.len())]
        );
    }
    // A template filled with nothing but its examples can be read again.
    for kind in ["counts", "events"] {
        let template = site.get(&format!("/api/v1/templates/{kind}")).await;
        let preview = site.upload(&format!("{kind}.xlsx"), &template.bytes).await;
        if preview.status == 200 {
            assert_eq!(preview.json()["kind"], kind);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_web_app_is_served_with_the_right_ages() {
    let site = Site::new().await;
    let page = site.get("/").await;
    if page.status == StatusCode::SERVICE_UNAVAILABLE {
        eprintln!("skipped: the web app is not built");
        return;
    }
    for path in ["/", "/flux", "/donnees/imports?process=x", "/mur"] {
        let answer = site.get(path).await;
        assert_eq!((answer.status.as_u16(), &answer.bytes), (200, &page.bytes), "{path}");
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(answer.header("cache-control"), "no-cache");
    }
    let text = page.text();
    let start = text.find("_app/immutable/").unwrap();
    let asset: String = text[start..].chars().take_while(|c| !"\"'`)".contains(*c)).collect();
    let answer = site.get(&format!("/{asset}")).await;
    assert_eq!(answer.status, 200, "{asset}");
    assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
    assert!(answer.header("content-type").contains("javascript") || asset.ends_with(".css"));
    // A file of an earlier build is missing, not a page that a browser would run.
    for gone in ["/_app/immutable/chunks/gone.js", "/favicon.gone.png"] {
        assert_eq!(site.get(gone).await.status, 404, "{gone}");
    }
    for outside in ["/../Cargo.toml", "/..%2f..%2fCargo.toml", "/%2e%2e/Cargo.toml"] {
        let answer = site.get(outside).await;
        assert!(!answer.text().contains("[package]"), "{outside}");
    }
}
