//! Figures of one person: shut, opened for a purpose, looked at, told to the person.

use axum::http::Method;
use eclusier_core::PersonId;
use eclusier_registry::AccountChange;
use serde_json::json;

use crate::people::{Bodies, Browser};

#[tokio::test(flavor = "multi_thread")]
async fn weeks_pass_an_open_gate_only_and_every_look_is_told() {
    let bodies = Bodies::new().await;
    let site = &bodies.site;
    let owner = &site.app;
    // "a1" handled cases in the data; here is the person, in the first team.
    let draft = eclusier_app::people::PersonDraft {
        version: None,
        given: "Nadia".into(),
        family: "Orsel".into(),
        email: String::new(),
        agent: Some("a1".into()),
        active: None,
        node: Some(eclusier_core::NodeId(bodies.nodes["amont-e1"].clone())),
        from: Some(jiff::civil::date(2025, 1, 1)),
    };
    let person = owner.add_person(draft).await.unwrap().person.person.id.0;
    let manager = bodies.account("manager", Some("team_manager"), Some("amont-e1")).await;
    bodies.account("neighbour", Some("team_manager"), Some("amont-e2")).await;
    bodies.account("head", Some("production_manager"), None).await;
    bodies.account("director", Some("director"), None).await;
    let nadia = bodies.account("nadia", Some("case_handler"), Some("amont-e1")).await;
    let link = AccountChange { person: Some(Some(PersonId(person.clone()))), ..Default::default() };
    let version = owner.registry().account(&nadia).await.unwrap().version;
    owner.registry().update_account(&nadia, version, &link, "test", owner.now()).await.unwrap();
    let path = format!("/api/v1/people/{person}/weeks");
    let status = async |login: &str| {
        Browser::signed_in(site, login).await.get(site, &path).await.status.as_u16()
    };
    // Shut for everybody but the person.
    for login in ["manager", "neighbour", "head", "director"] {
        assert_eq!(status(login).await, 403, "{login}");
    }
    let mut own = Browser::signed_in(site, "nadia").await;
    let weeks = own.get(site, &path).await.json();
    assert!(weeks["purpose"].is_null());
    let rows = weeks["weeks"].as_array().unwrap();
    assert!(!rows.is_empty(), "{weeks}");
    assert!(rows.iter().all(|w| w["week"].as_str().unwrap().starts_with("2025-W")));
    // Nothing finer than a week, no duration, no rank.
    let fields: Vec<&str> = rows[0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields, ["week", "process", "activity", "tasks"]);
    // Opened by a named person, after its three dates.
    let mut director = Browser::signed_in(site, "director").await;
    let mut gate = json!({ "purpose": "accompagner les débutants de l’équipe",
        "node": bodies.nodes["amont-e1"], "dpia": "2025-05-01", "council": "2025-07-15",
        "information": "2025-06-10", "to": "2025-12-31" });
    let early = director.post(site, "/api/v1/gates", gate.clone()).await;
    assert_eq!(early.status, 422, "the council has not met yet: {}", early.text());
    gate["council"] = json!("2025-05-20");
    gate["to"] = json!("2027-01-01");
    assert_eq!(director.post(site, "/api/v1/gates", gate.clone()).await.status, 422);
    gate["to"] = json!("2025-12-31");
    let opened = director.post(site, "/api/v1/gates", gate).await;
    assert_eq!(opened.status, 200, "{}", opened.text());
    assert_eq!(opened.json()["opened_by"], "director");
    // The manager of the team sees; the neighbour, the head and the director do not.
    assert_eq!(status("manager").await, 200);
    for login in ["neighbour", "head", "director"] {
        assert_eq!(status(login).await, 403, "{login}");
    }
    // The person is told who looked, when, and for what.
    let me = own.get(site, "/api/v1/me").await.json();
    let looks = me["looks"].as_array().unwrap();
    assert_eq!(looks.len(), 1, "{me}");
    assert_eq!(looks[0]["by"], "manager");
    assert_eq!(looks[0]["purpose"], "accompagner les débutants de l’équipe");
    let entry = &owner.registry().looks_at(&PersonId(person.clone()), 1).await.unwrap()[0];
    assert_eq!(entry.actor, format!("account/{manager}"));
    // Closed, it is shut at once.
    let id = opened.json()["id"].as_str().unwrap().to_owned();
    let close = format!("/api/v1/gates/{id}/closing");
    let shut =
        director.ask(site, Method::POST, &close, json!({ "reason": "fin de l’essai" })).await;
    assert_eq!(shut.status, 200, "{}", shut.text());
    assert_eq!(status("manager").await, 403);
    assert!(owner.registry().verify_audit().await.unwrap().is_whole());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_of_the_machine_passes_no_gate_and_opens_none() {
    let bodies = crate::common::Site::new().await;
    let person = json!({ "given": "Inès", "family": "Ferrand", "agent": "a9" });
    let made = bodies.post("/api/v1/people", person).await.json();
    let id = made["person"]["id"].as_str().unwrap();
    assert_eq!(bodies.get(&format!("/api/v1/people/{id}/weeks")).await.status, 403);
    let gate = json!({ "purpose": "essai sans nom ni compte", "dpia": "2025-05-01",
        "council": "2025-05-02", "information": "2025-05-03", "to": "2025-12-31" });
    let refused = bodies.post("/api/v1/gates", gate).await;
    assert!(matches!(refused.status.as_u16(), 401 | 403), "{}", refused.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_set_side_by_side_through_a_gate_that_covers_everybody_only() {
    let bodies = Bodies::new().await;
    let site = &bodies.site;
    let analyst = bodies.account("analyst", Some("statistician"), None).await;
    bodies.account("director", Some("director"), None).await;
    let mut director = Browser::signed_in(site, "director").await;
    let ask = async |by: &str| {
        let path = format!("/api/v1/processes/dossiers/handovers?by={by}");
        Browser::signed_in(site, "analyst").await.get(site, &path).await
    };
    assert_eq!(ask("unit").await.json()["by"], "unit");
    assert_eq!(ask("resource").await.status, 403, "without the right");
    let role = eclusier_app::accounts::NewGrant {
        account: analyst.clone(),
        role: "team_manager".into(),
        node: None,
        processes: None,
        from: None,
        to: None,
        reason: "lit les semaines de tous".into(),
    };
    site.app.grant_role(&role).await.unwrap();
    assert_eq!(ask("resource").await.status, 403, "while every gate is shut");
    let mut gate = json!({ "purpose": "mieux répartir les passages de main", "dpia": "2025-05-01",
        "node": bodies.nodes["amont-e1"], "council": "2025-05-20", "information": "2025-06-10",
        "to": "2025-12-31" });
    assert_eq!(director.post(site, "/api/v1/gates", gate.clone()).await.status, 200);
    assert_eq!(ask("resource").await.status, 403, "a gate of one team opens nothing of the others");
    gate["node"] = json!(null);
    assert_eq!(director.post(site, "/api/v1/gates", gate).await.status, 200);
    let seen = ask("resource").await;
    assert_eq!(seen.status, 200, "{}", seen.text());
    let seen = seen.json();
    assert_eq!(seen["by"], "resource");
    assert!(seen["names"].as_array().unwrap().len() > 1, "{seen}");
    // The look is in the journal, and asking by team leaves none.
    ask("unit").await;
    let journal = site.app.registry().audit_entries(0, 1_000).await.unwrap();
    let looks: Vec<_> = journal.iter().filter(|e| e.action == "individual.read").collect();
    assert_eq!(looks.len(), 1);
    assert_eq!(
        (looks[0].object.as_str(), looks[0].actor.as_str()),
        ("process/dossiers", &*format!("account/{analyst}"))
    );
}
