//! Staff lists and absences over HTTP: looked at first, then written once, each in the own part.

use axum::{body::Body, http::Method};
use serde_json::{Value, json};

use crate::{
    common::{Answer, request},
    people::{Bodies, Browser},
};

const LIST: &str = "Matricule;Nom;Prénom;Organisme;Équipe;Quotité;Compétences;Du\r\n\
    A1;Petit;Zoé;AMONT;E1;0,8;RSA, PF;01/01/2025\r\n\
    A2;Durand;Jo;AMONT;E2;1;;01/03/2025\r\n\
    B1;Faure;Ali;AVAL;E1;1;;01/01/2025\r\n\
    B2;Marty;Lou;AVAL;E1;abc;;01/01/2025\r\n";

async fn send(browser: &Browser, bodies: &Bodies, query: &str, name: &str, text: &str) -> Answer {
    let body = format!(
        "--limite\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         Content-Type: text/csv\r\n\r\n{text}\r\n--limite--\r\n"
    );
    let cookie = browser.cookie.clone().unwrap_or_default();
    let headers =
        [("content-type", "multipart/form-data; boundary=limite"), ("cookie", cookie.as_str())];
    let path = format!("/api/v1/organisation/imports?{query}");
    bodies.site.ask(request(Method::POST, &path, &headers, Body::from(body))).await
}

fn figures(report: &Value) -> (Option<&str>, [u64; 5]) {
    let n = |name: &str| report[name].as_u64().unwrap_or_else(|| panic!("{name}: {report}"));
    let names = ["accepted", "quarantined", "people_added", "facts_added", "facts_ended"];
    (report["status"].as_str(), names.map(n))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_looked_at_then_written_once_by_who_may() {
    let bodies = Bodies::new().await;
    let site = &bodies.site;
    bodies.account("hr", Some("human_resources"), None).await;
    bodies.account("part", Some("human_resources"), Some("amont")).await;
    bodies.account("chief", Some("team_manager"), Some("amont-e1")).await;
    let hr = Browser::signed_in(site, "hr").await;
    let part = Browser::signed_in(site, "part").await;
    let mut chief = Browser::signed_in(site, "chief").await;
    assert_eq!(send(&Browser::default(), &bodies, "", "l.csv", LIST).await.status, 401);
    assert_eq!(send(&chief, &bodies, "dry_run=true", "l.csv", LIST).await.status, 403);

    let seen = send(&hr, &bodies, "dry_run=true&names=true", "l.csv", LIST).await.json();
    assert_eq!(figures(&seen), (Some("dry_run"), [3, 1, 3, 8, 0]), "{seen}");
    let bad = &seen["findings"][0];
    assert_eq!((bad["line"].as_u64(), bad["column"].as_str()), (Some(5), Some("Quotité")), "{bad}");
    let changes = seen["changes"].as_array().unwrap();
    let told = |whose: &str| -> Vec<&str> {
        let theirs = changes.iter().filter(|c| c["whose"] == whose);
        theirs.map(|c| c["text"]["fr"].as_str().unwrap()).collect()
    };
    assert!(
        told("Zoé Petit")
            .contains(&"contrat à 80\u{202f}%, 28\u{a0}h par semaine, à partir du 01/01/2025"),
        "{changes:?}"
    );
    assert!(changes.iter().all(|c| c["line"].is_u64() && c["sort"] == "added"), "{changes:?}");
    assert_eq!(chief.get(site, "/api/v1/people").await.json()["total"], 0, "nothing was written");

    // A part imports its part; the rest is told, with its lines.
    let mine = send(&part, &bodies, "names=true", "l.csv", LIST).await.json();
    assert_eq!(figures(&mine), (Some("committed"), [2, 2, 2, 6, 0]), "{mine}");
    let lines: Vec<_> = mine["findings"].as_array().unwrap().iter().map(|f| &f["line"]).collect();
    assert_eq!(lines, [&json!(5), &json!(4)]);
    let all = send(&hr, &bodies, "names=true", "l.csv", LIST).await.json();
    assert_eq!(figures(&all), (Some("committed"), [3, 1, 1, 2, 0]), "{all}");
    let again = send(&hr, &bodies, "names=true", "l.csv", LIST).await.json();
    assert_eq!(figures(&again), (Some("unchanged"), [3, 1, 0, 0, 0]), "{again}");

    // A move on a day: the manager loses the person that day, and the past stays.
    let moved = "Matricule;Organisme;Équipe;Du\r\nA1;AMONT;E2;01/07/2025\r\n";
    let report = send(&hr, &bodies, "dry_run=true", "m.csv", moved).await.json();
    let words: Vec<&str> =
        report["changes"].as_array().unwrap().iter().map(|c| c["sort"].as_str().unwrap()).collect();
    assert_eq!(words, ["ended", "added"], "{report}");
    assert_eq!(chief.get(site, "/api/v1/people").await.json()["total"], 1);
    assert_eq!(send(&hr, &bodies, "", "m.csv", moved).await.json()["status"], "committed");
    assert_eq!(chief.get(site, "/api/v1/people").await.json()["total"], 0);

    // What goes wrong is a report, or a problem that names its field.
    for (query, name, text, status) in [
        ("kind=salaries", "l.csv", LIST, 422),
        ("day=hier", "l.csv", LIST, 422),
        ("columns=couleur=Matricule", "l.csv", LIST, 422),
        ("", "", LIST, 422),
    ] {
        let answer = send(&hr, &bodies, query, name, text).await;
        assert_eq!(answer.status, status, "{query}: {}", answer.text());
    }
    let refused = send(&hr, &bodies, "", "l.xlsx", "PK\u{3}\u{4} broken").await.json();
    assert_eq!(refused["status"], "refused", "{refused}");
    assert!(!refused["message"]["fr"].as_str().unwrap().is_empty());
    assert!(site.app.registry().verify_audit().await.unwrap().is_whole());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cause_of_absence_reaches_no_manager() {
    let bodies = Bodies::new().await;
    let site = &bodies.site;
    bodies.account("hr", Some("human_resources"), None).await;
    bodies.account("chief", Some("team_manager"), Some("amont-e1")).await;
    let mut hr = Browser::signed_in(site, "hr").await;
    let mut chief = Browser::signed_in(site, "chief").await;
    assert_eq!(send(&hr, &bodies, "names=true", "l.csv", LIST).await.json()["status"], "committed");
    let away = "Matricule;Du;Au;Motif\r\nA1;30/06/2025;04/07/2025;Maladie\r\n";
    let report = send(&hr, &bodies, "kind=absences", "a.csv", away).await;
    assert_eq!(report.json()["status"], "committed", "{}", report.text());
    let secret = ["sickness", "aladie", "illness"];
    assert!(!secret.iter().any(|s| report.text().contains(s)), "{}", report.text());
    let people = chief.get(site, "/api/v1/people").await;
    assert_eq!(people.json()["people"][0]["presence"], "absent", "{}", people.text());
    let id = people.json()["people"][0]["id"].as_str().unwrap().to_owned();
    for path in [
        "/api/v1/people".to_owned(),
        format!("/api/v1/people/{id}"),
        "/api/v1/organisation".to_owned(),
        "/api/v1/organisation/exports/absences.ics".to_owned(),
        "/api/v1/organisation/exports/staff.csv".to_owned(),
    ] {
        let answer = chief.get(site, &path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert!(!secret.iter().any(|s| answer.text().contains(s)), "{path}: {}", answer.text());
    }
    let known = hr.get(site, &format!("/api/v1/people/{id}")).await.text();
    assert!(known.contains("sickness"), "{known}");
    let list = chief.get(site, "/api/v1/organisation/exports/staff.csv").await.text();
    assert!(list.contains("Petit") && !list.contains("Durand"), "the own team only: {list}");
    for file in ["staff.pdf", "absences.csv", "nothing", "..%2F..%2Fkey"] {
        let answer = chief.get(site, &format!("/api/v1/organisation/exports/{file}")).await;
        assert_eq!(answer.status, 404, "{file}");
    }
}
