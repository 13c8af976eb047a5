//! Failures: one form, two languages, the right status.

use axum::{
    body::Body,
    http::{Method, StatusCode},
};
use serde_json::{Value, json};

use crate::common::{Answer, Site, log, request};

/// A problem as RFC 9457 writes it, in both languages.
fn problem(answer: &Answer, status: u16, at: &str) -> Value {
    assert_eq!(answer.status.as_u16(), status, "{at}: {}", answer.text());
    assert_eq!(answer.header("content-type"), "application/problem+json", "{at}");
    let problem = answer.json();
    assert_eq!(problem["status"], status, "{at}");
    assert!(problem["type"].as_str().unwrap().starts_with("urn:eclusier:problem:"), "{at}");
    let [fr, en] = ["fr", "en"].map(|l| problem["text"][l].as_str().unwrap().to_owned());
    assert!(!fr.is_empty() && !en.is_empty() && fr != en, "{at}: {fr} / {en}");
    assert!(!problem["title"].as_str().unwrap().is_empty());
    // Nothing of the machine is told.
    assert!(!problem.to_string().contains("/data"), "{at}: {problem}");
    problem
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_a_problem_that_says_what_to_write() {
    let site = Site::new().await;
    site.store("a.csv", &log(10), "pensions").await;
    for (address, status) in [
        ("/api/v1/nothing", 404),
        ("/api/nothing", 404),
        ("/api", 404),
        ("/api/v1/cockpit?process=absent", 404),
        ("/api/v1/cockpit?process=a%2Fb", 422),
        ("/api/v1/cockpit?process=..", 422),
        ("/api/v1/cockpit?from=31/01/2025", 422),
        ("/api/v1/flow?to=2025-02-30", 422),
        ("/api/v1/flow?grain=year", 422),
        ("/api/v1/ledger?group_by=person", 422),
        ("/api/v1/ledger?from=2025-06-20&to=2025-06-01", 422),
        ("/api/v1/ledger?as_of=hier", 422),
        ("/api/v1/cases?figure=people", 422),
        ("/api/v1/cases?page=moins-un", 422),
        ("/api/v1/cases?per_page=-1", 422),
        ("/api/v1/jobs/999", 404),
        ("/api/v1/jobs/abc", 422),
        ("/api/v1/imports/999/quarantine", 404),
        ("/api/v1/imports/1/quarantine", 404),
        ("/api/v1/imports/../../secret.key/quarantine", 404),
        ("/api/v1/imports/..%2F..%2Fsecret.key/quarantine", 422),
        ("/api/v1/exports/people.xlsx", 422),
        ("/api/v1/exports/ledger.exe", 404),
        ("/api/v1/exports/ledger", 404),
        ("/api/v1/exports/..%2F..%2Fsecret.key", 404),
        ("/api/v1/exports/..%2Fcases.csv", 422),
        ("/api/v1/templates/..%2Fsecret.key", 404),
        ("/api/v1/templates/people", 404),
        ("/api/v1/processes/..%2F..%2Fsecret.key/config", 422),
        ("/api/v1/processes/absent/config", 404),
    ] {
        problem(&site.get(address).await, status, address);
    }
    // As of a day before any data, nothing is known: it is not a failure.
    for address in ["cockpit", "flow", "ledger", "indicators", "cases"] {
        for query in [
            "as_of=1900-01-01",
            "from=1900-01-01&to=1900-01-02",
            "from=2200-01-01",
            "unit=",
            "unit=absent",
        ] {
            let at = format!("/api/v1/{address}?process=pensions&{query}");
            let answer = site.get(&at).await;
            assert!(matches!(answer.status.as_u16(), 200 | 422), "{at}: {}", answer.text());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_done_is_a_problem_and_changes_nothing() {
    let site = Site::new().await;
    let report = site.store("a.csv", &log(10), "pensions").await;
    let before = site.get("/api/v1/ledger?process=pensions").await.bytes;
    let preview = site.upload("b.csv", log(12).as_bytes()).await.json();
    let import = format!("/api/v1/uploads/{}/import", preview["upload"].as_str().unwrap());
    for (method, address, body, status) in [
        (Method::POST, "/api/v1/uploads/..%2F..%2Fsecret/import", json!({ "process": "p" }), 404),
        (Method::POST, "/api/v1/uploads/0198-abc/inspect", json!({}), 404),
        (Method::DELETE, "/api/v1/uploads/..", json!({}), 404),
        (Method::DELETE, "/api/v1/uploads/..%2Flake", json!({}), 404),
        (Method::POST, import.as_str(), json!({ "process": "a/b" }), 422),
        (Method::POST, import.as_str(), json!({ "process": "" }), 422),
        (Method::POST, import.as_str(), json!({ "process": "p", "kind": "poems" }), 422),
        (Method::POST, import.as_str(), json!({ "process": "p", "replace": "hier" }), 422),
        (
            Method::POST,
            import.as_str(),
            json!({ "process": "p", "replace": "2025-02-01..2025-01-01" }),
            422,
        ),
        (Method::POST, import.as_str(), json!({ "process": "p", "mapping": "= nonsense" }), 422),
        (Method::POST, import.as_str(), json!({ "process": 12 }), 422),
        (
            Method::POST,
            "/api/v1/counts",
            json!({ "process": "p", "day": "demain", "arrivals": 1 }),
            422,
        ),
        (Method::POST, "/api/v1/counts", json!({ "process": "p", "day": "2025-06-02" }), 422),
        (
            Method::POST,
            "/api/v1/counts",
            json!({ "process": "p", "day": "2025-06-02", "arrivals": -3 }),
            422,
        ),
        (
            Method::POST,
            "/api/v1/counts",
            json!({ "process": "p", "day": "2125-06-02", "arrivals": 3 }),
            422,
        ),
        (
            Method::PUT,
            "/api/v1/control-totals",
            json!({ "process": "absent", "day": "2025-06-02", "expected": 1 }),
            404,
        ),
        (Method::POST, "/api/v1/processes/pensions/config/preview", json!({}), 422),
        (Method::PUT, "/api/v1/processes/pensions/config", json!({ "toml": "zone = 3" }), 422),
        (
            Method::PUT,
            "/api/v1/processes/pensions/config",
            json!({ "toml": "zone = \"Mars/Olympe\"" }),
            422,
        ),
        (
            Method::PUT,
            "/api/v1/processes/pensions/config",
            json!({ "from": "hier", "toml": "" }),
            422,
        ),
        (Method::POST, "/api/v1/jobs/999/cancel", json!({}), 404),
        (Method::DELETE, "/api/v1/mappings/absent", json!({}), 404),
        (Method::DELETE, "/api/v1/cockpit", json!({}), 405),
        (Method::POST, "/api/v1/nothing", json!({}), 404),
    ] {
        let answer = site.send(method.clone(), address, body.clone()).await;
        problem(&answer, status, &format!("{method} {address} {body}"));
    }
    let broken = request(
        Method::POST,
        "/api/v1/counts",
        &[("content-type", "application/json")],
        Body::from("{\"process\": "),
    );
    problem(&site.ask(broken).await, 422, "half a JSON");
    let untyped = request(Method::POST, "/api/v1/counts", &[], Body::from("{}"));
    problem(&site.ask(untyped).await, 422, "no content type");
    let form = [("content-type", "multipart/form-data; boundary=x")];
    let half = request(Method::POST, "/api/v1/uploads", &form, Body::from("--x\r\nContent-Dis"));
    problem(&site.ask(half).await, 422, "half a form");
    let none = request(Method::POST, "/api/v1/uploads", &form, Body::from("--x--\r\n"));
    problem(&site.ask(none).await, 422, "a form without a file");
    problem(&site.post("/api/v1/uploads", json!({})).await, 422, "not a form");
    assert_eq!(site.get("/api/v1/ledger?process=pensions").await.bytes, before);
    assert_eq!(site.get("/api/v1/imports").await.json()[0]["id"], report["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_problem_speaks_the_language_asked() {
    let site = Site::new().await;
    for address in
        ["/api/v1/jobs/999", "/api/v1/nothing", "/api/v1/jobs/abc", "/api/v1/flow?grain=x"]
    {
        let ask = |lang: &'static str| {
            request(Method::GET, address, &[("accept-language", lang)], Body::empty())
        };
        let english = site.ask(ask("en-GB,en;q=0.9")).await.json();
        assert_eq!(english["detail"], english["text"]["en"], "{address}");
        for lang in ["fr-FR,fr;q=0.9", "de", ""] {
            let french = site.ask(ask(lang)).await.json();
            assert_eq!(french["detail"], french["text"]["fr"], "{address}");
            assert_ne!(french["title"], english["title"]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_cannot_be_read_is_told_and_not_kept() {
    let site = Site::new().await;
    for (name, bytes) in [("vide.csv", vec![]), ("bruit.bin", vec![0u8, 159, 146, 150, 7, 0, 0, 1])]
    {
        let answer = site.upload(name, &bytes).await;
        let told = problem(&answer, 422, name);
        assert_eq!(told["type"], "urn:eclusier:problem:refused");
        assert!(told["detail"].as_str().unwrap().contains(name), "{told}");
        assert_eq!(std::fs::read_dir(site.app.home().uploads()).unwrap().count(), 0, "{name}");
    }
    // A header alone can be shown, never imported.
    let preview = site.upload("entete.csv", b"Dossier;Activit\xc3\xa9;Date\r\n").await;
    if preview.status == StatusCode::OK {
        let upload = preview.json()["upload"].as_str().unwrap().to_owned();
        let job =
            site.post(&format!("/api/v1/uploads/{upload}/import"), json!({ "process": "p" })).await;
        let ended = site.ended(&job.json()).await;
        assert_eq!(
            (&ended["status"], &ended["report"]["status"]),
            (&json!("done"), &json!("refused"))
        );
        assert!(ended["report"]["message"]["fr"].is_string());
        assert_eq!(site.get("/api/v1/status").await.json()["processes"], json!([]));
    }
}
