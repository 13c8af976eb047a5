//! Live updates, and work that is stopped.

use axum::{body::Body, http::Method};
use serde_json::{Value, json};
use tokio_stream::StreamExt as _;
use tower::ServiceExt as _;

use crate::common::{Site, log, request};

#[tokio::test(flavor = "multi_thread")]
async fn an_open_page_is_told_of_jobs_and_of_new_data() {
    let site = Site::new().await;
    let ask =
        request(Method::GET, "/api/v1/events", &[("accept", "text/event-stream")], Body::empty());
    let response = site.router.clone().oneshot(ask).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut stream = response.into_body().into_data_stream();
    let report = site.store("a.csv", &log(10), "pensions").await;
    assert_eq!(report["cases"], 10);
    let (mut job, mut process) = (false, false);
    let wait = std::time::Duration::from_secs(5);
    while !(job && process) {
        let piece = tokio::time::timeout(wait, stream.next()).await.unwrap().unwrap().unwrap();
        for line in String::from_utf8_lossy(&piece).lines() {
            let Some(data) = line.strip_prefix("data:") else { continue };
            let change: Value = serde_json::from_str(data.trim()).unwrap();
            job |= change["type"] == "job" && change["id"].is_number();
            process |= change == json!({ "type": "process", "process": "pensions" });
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_cancelled_over_http_and_leaves_nothing() {
    let site = Site::new().await;
    let preview = site.upload("a.csv", log(20_000).as_bytes()).await.json();
    let upload = preview["upload"].as_str().unwrap();
    let import = format!("/api/v1/uploads/{upload}/import");
    let job = site.post(&import, json!({ "process": "pensions" })).await.json();
    let id = job["id"].as_str().unwrap();
    let cancelled = site.post(&format!("/api/v1/jobs/{id}/cancel"), json!({})).await;
    assert_eq!(cancelled.status, 200);
    let ended = site.ended(&job).await;
    // A job that was faster than the request is done whole.
    let processes = site.get("/api/v1/status").await.json()["processes"].as_array().unwrap().len();
    match ended["status"].as_str() {
        Some("cancelled") => assert_eq!(processes, 0),
        Some("done") => assert_eq!(processes, 1),
        other => panic!("{other:?}: {ended}"),
    }
}
