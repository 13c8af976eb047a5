//! Every address of the description answers what the description says.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    common::{COUNTS, Site, log},
    schema::check,
};

/// Addresses that can be read, their parameters filled.
fn readable(description: &Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for (path, operations) in description["paths"].as_object().unwrap() {
        if let Some(get) = operations.get("get") {
            found.push((path.clone(), get.clone()));
        }
    }
    found
}

fn fits(description: &Value, operation: &Value, answer: &crate::common::Answer, at: &str) {
    let content = &operation["responses"]["200"]["content"];
    let Some((kind, described)) = content.as_object().and_then(|c| c.iter().next()) else {
        assert_eq!(at.split('?').next(), Some("/api/v1/health"), "{at} describes no answer");
        return;
    };
    let given = answer.header("content-type");
    if kind == "application/json" {
        assert!(given.starts_with(kind), "{at}: {given}");
        let wrong = check(description, &described["schema"], &answer.json());
        assert!(wrong.is_empty(), "{at}: {wrong:#?}");
    } else if kind == "text/csv" {
        assert!(given.starts_with(kind), "{at}: {given}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_address_that_can_be_read_answers_what_is_described() {
    let site = Site::new().await;
    site.app.demo("team", 7, None, &Default::default()).await.unwrap();
    let extra = log(30) + "A0001;;01/06/2025 10:00:00;;;\r\n";
    let report = site.store("autre.csv", &extra, "autre").await;
    assert_eq!(report["quarantined"], 1, "{report}");
    let day = json!({ "process": "autre", "day": "2025-06-10", "expected": 12 });
    assert_eq!(site.send(Method::PUT, "/api/v1/control-totals", day).await.status, 200);
    let served = site.get("/api/openapi.json").await.json();
    let described = serde_json::to_value(eclusier_server::openapi()).unwrap();
    assert_eq!(served["paths"], described["paths"]);
    let all = readable(&described);
    assert!(all.len() >= 15, "{}", all.len());
    let (id, job) = (report["id"].to_string(), "1");
    let person = json!({ "given": "Inès", "family": "Ferrand" });
    let person = site.post("/api/v1/people", person).await.json();
    let person = person["person"]["id"].as_str().unwrap().to_owned();
    let june = json!({ "process": "autre", "from": "2025-06-01", "to": "2025-06-30" });
    assert_eq!(site.post("/api/v1/publications", june).await.status, 200);
    let found = site.get("/api/v1/processes/autre/discover?noise=0").await.json();
    let model = json!({ "name": "Trouvé", "bpmn": found["bpmn"] });
    let model = site.post("/api/v1/processes/autre/models", model).await.json();
    let model = model["id"].to_string();
    for (path, operation) in &all {
        if path == "/api/v1/events" {
            continue;
        }
        let mut addresses = vec![];
        let fill = |p: &str, file: &str| {
            p.replace("{process}", "autre")
                .replace(
                    "{id}",
                    match () {
                        () if p.contains("jobs") => job,
                        () if p.contains("people") => &person,
                        () if p.contains("models") => &model,
                        () => &id,
                    },
                )
                .replace("{name}", "accessibility")
                .replace("{case}", "A0001")
                .replace("{kind}", file)
                .replace("{file}", file)
        };
        if path.ends_with("/replay") {
            addresses.push(format!("{path}?process=autre&from=2025-06-01&to=2025-06-30"));
        } else if path.contains("organisation/exports") {
            addresses.extend(["staff.xlsx", "staff.csv", "absences.ics"].map(|f| fill(path, f)));
        } else if path.contains("config/files") {
            addresses.extend(["config.xlsx", "config.csv"].map(|f| fill(path, f)));
        } else if path.ends_with("/pages/{file}") {
            addresses.extend(["value-stream.pdf", "value-stream.svg"].map(|f| fill(path, f)));
        } else if path.ends_with("/weeks") {
            // Shut even to the owner of the machine: tests/it/individuals.rs.
            continue;
        } else if path.starts_with("/scim/") || path.starts_with("/api/v1/oidc/{provider}") {
            // Their own conversations: tests of SCIM and of providers.
            continue;
        } else if path.contains("{file}") {
            for what in ["ledger", "cases", "indicators", "lead-times"] {
                for extension in ["xlsx", "csv", "parquet"] {
                    addresses.push(fill(path, &format!("{what}.{extension}")));
                }
            }
        } else if path.contains("{kind}") {
            addresses.extend(["counts", "events", "staff"].map(|k| fill(path, k)));
        } else {
            addresses.push(fill(path, ""));
        }
        for address in addresses {
            assert!(!address.contains('{'), "a parameter of {address} is not filled");
            for query in [
                "",
                "?process=autre",
                "?process=autre&unit=Nord&from=2025-06-05&to=2025-06-20&grain=day&group_by=unit,product&figure=stock&as_of=2025-06-22&lang=en",
            ] {
                if address.contains('?') && !query.is_empty() {
                    continue;
                }
                let at = format!("{address}{query}");
                let mut answer = site.get(&at).await;
                if query.is_empty() && answer.status == StatusCode::UNPROCESSABLE_ENTITY {
                    // Several processes: the address must be told which one, and says so.
                    assert!(
                        answer.json()["text"]["en"].as_str().unwrap().contains("choose one"),
                        "{at}"
                    );
                    continue;
                }
                assert_eq!(answer.status, 200, "{at}: {}", answer.text());
                fits(&described, operation, &answer, &at);
                answer.bytes.clear();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_site_answers_too() {
    let site = Site::new().await;
    let described = serde_json::to_value(eclusier_server::openapi()).unwrap();
    for (path, operation) in readable(&described) {
        let asks_more = path == "/api/v1/events" || path.ends_with("/replay");
        if path.contains('{') || asks_more || path.starts_with("/scim/") {
            continue;
        }
        let answer = site.get(&path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        fits(&described, &operation, &answer, &path);
    }
    for file in ["cases.xlsx", "ledger.csv", "indicators.parquet"] {
        assert_eq!(site.get(&format!("/api/v1/exports/{file}")).await.status, 200, "{file}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_goes_from_the_drop_to_the_figures() {
    let site = Site::new().await;
    let described = serde_json::to_value(eclusier_server::openapi()).unwrap();
    let schema = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let preview = site.upload("Export pensions 2025-06.csv", log(40).as_bytes()).await;
    assert_eq!(preview.status, 200, "{}", preview.text());
    let preview = preview.json();
    assert_eq!(check(&described, &schema("PreviewDto"), &preview), Vec::<String>::new());
    assert_eq!(
        (&preview["kind"], &preview["process"]),
        (&json!("events"), &json!("export-pensions"))
    );
    let upload = preview["upload"].as_str().unwrap();
    // The person who opened the file never shows.
    assert!(!preview.to_string().contains("agent1"), "{preview}");

    let again = site
        .post(
            &format!("/api/v1/uploads/{upload}/inspect"),
            json!({ "mapping": preview["mapping"] }),
        )
        .await;
    assert_eq!(again.json()["columns"], preview["columns"]);
    let import = format!("/api/v1/uploads/{upload}/import");
    let tried = site.post(&import, json!({ "process": "pensions", "dry_run": true })).await;
    assert_eq!(check(&described, &schema("JobDto"), &tried.json()), Vec::<String>::new());
    let tried = site.ended(&tried.json()).await;
    assert_eq!(tried["report"]["status"], "dry_run");
    assert_eq!(site.get("/api/v1/status").await.json()["processes"], json!([]));

    let body = json!({ "process": "pensions", "label": "Pensions", "save_mapping_as": "outil",
        "mapping": preview["mapping"] });
    let job = site.ended(&site.post(&import, body).await.json()).await;
    assert_eq!(job["status"], "done", "{job}");
    assert_eq!(check(&described, &schema("JobDto"), &job), Vec::<String>::new());
    assert_eq!(job["report"]["cases"], tried["report"]["cases"]);
    let status = site.get("/api/v1/status").await.json();
    assert_eq!(
        (&status["processes"][0]["label"], &status["processes"][0]["cases"]),
        (&json!("Pensions"), &json!(40))
    );
    let rules = json!({ "toml": "[states]\nsettled = [\"Décision\"]\n[[target]]\ndays = 5\n" });
    let config = site.post("/api/v1/processes/pensions/config/preview", rules.clone()).await;
    assert_eq!(
        check(&described, &schema("ConfigPreviewDto"), &config.json()),
        Vec::<String>::new()
    );
    let stored = site.send(Method::PUT, "/api/v1/processes/pensions/config", rules).await;
    assert_eq!(check(&described, &schema("ConfigDto"), &stored.json()), Vec::<String>::new());
    let figures = site.get("/api/v1/indicators?process=pensions").await.json();
    let stock = figures.as_array().unwrap().iter().find(|f| f["id"] == "stock").unwrap();
    assert_eq!(stock["value"], 8.0, "{stock}");
    // The list it opens has as many cases.
    let cases = site.get(&format!("/api/v1/cases?{}", stock["cases"].as_str().unwrap())).await;
    assert_eq!(cases.json()["total"], 8);
    assert_eq!(site.get("/api/v1/mappings").await.json()[0]["name"], "outil");
    // Once imported, the file is no longer kept.
    assert_eq!(site.post(&import, json!({ "process": "pensions" })).await.status, 404);
    assert_eq!(std::fs::read_dir(site.app.home().uploads()).unwrap().count(), 0);
    let preview = site.upload("encore.csv", log(3).as_bytes()).await.json();
    assert_eq!(
        (&preview["known_mapping"], &preview["process"]),
        (&json!("outil"), &json!("pensions"))
    );

    let id = job["report"]["id"].as_i64().unwrap();
    let undo = site.post(&format!("/api/v1/imports/{id}/undo"), json!({ "reason": "essai" })).await;
    assert_eq!(site.ended(&undo.json()).await["status"], "done");
    assert_eq!(site.get("/api/v1/imports").await.json()[0]["status"], "undone");
    let twice = site.post(&format!("/api/v1/imports/{id}/undo"), json!({ "reason": "" })).await;
    let failed = site.ended(&twice.json()).await;
    assert_eq!((&failed["status"], &failed["problem"]["status"]), (&json!("failed"), &json!(422)));
    assert_eq!(check(&described, &schema("JobDto"), &failed), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_are_typed_and_read() {
    let site = Site::new().await;
    site.store("comptages.csv", COUNTS, "courrier").await;
    let body =
        json!({ "process": "courrier", "day": "2025-06-27", "arrivals": 4, "settled_human": 6 });
    let typed = site.post("/api/v1/counts", body).await;
    assert_eq!(typed.status, 200, "{}", typed.text());
    assert_eq!(typed.json()["kind"], "typed");
    let rows = site.get("/api/v1/ledger?process=courrier").await.json();
    assert_eq!(rows.as_array().unwrap().last().unwrap()["closing"], 108, "{rows}");
    let cockpit = site.get("/api/v1/cockpit?process=courrier").await.json();
    let row = &cockpit["stocks"][0];
    assert_eq!(row["stock"]["value"], 108.0);
    // What counts cannot tell is said, and is not zero.
    assert!(row["oldest"]["value"].is_null() || row["oldest"]["reason"].is_null());
    assert!(!row["cannot"].as_array().unwrap().is_empty());
}
