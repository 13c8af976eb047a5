//! Conversations with a directory, kept as data: a new case needs no compilation.

use std::collections::BTreeMap;

use axum::{body::Body, http::Method};
use serde_json::{Value, json};

use crate::{
    common::{Answer, Site, request},
    people::{Bodies, Browser},
};

/// A text with the values kept so far in place of their names.
fn filled(text: &str, kept: &BTreeMap<String, String>) -> String {
    kept.iter()
        .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

fn filled_value(value: &Value, kept: &BTreeMap<String, String>) -> Value {
    match value {
        Value::String(text) => Value::String(filled(text, kept)),
        Value::Array(items) => items.iter().map(|v| filled_value(v, kept)).collect(),
        Value::Object(map) => map.iter().map(|(k, v)| (k.clone(), filled_value(v, kept))).collect(),
        other => other.clone(),
    }
}

/// Whether an answer says all that is expected of it; it may say more.
fn says(answer: &Value, expected: &Value) -> bool {
    match (answer, expected) {
        (Value::Object(a), Value::Object(e)) => {
            e.iter().all(|(k, v)| a.get(k).is_some_and(|found| says(found, v)))
        }
        (Value::Array(a), Value::Array(e)) => {
            a.len() == e.len() && a.iter().zip(e).all(|(a, e)| says(a, e))
        }
        (a, e) => a == e,
    }
}

async fn converse(text: &str) {
    let site = Site::new().await;
    let steps: Vec<Value> = serde_json::from_str(text).unwrap();
    let mut kept = BTreeMap::new();
    for step in &steps {
        let told = step["says"].as_str().unwrap();
        let methods = [
            ("get", Method::GET),
            ("post", Method::POST),
            ("put", Method::PUT),
            ("patch", Method::PATCH),
            ("delete", Method::DELETE),
        ];
        let (method, path) = methods
            .into_iter()
            .find_map(|(name, method)| Some((method, step.get(name)?.as_str()?)))
            .unwrap_or_else(|| panic!("{told}: no method"));
        let path = filled(path, &kept);
        let mut headers = vec![("content-type".to_owned(), "application/scim+json".to_owned())];
        for (name, value) in step["with"].as_object().into_iter().flatten() {
            headers.push((name.clone(), filled(value.as_str().unwrap(), &kept)));
        }
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let body = match (step.get("send"), step.get("raw")) {
            (Some(send), _) => Body::from(filled_value(send, &kept).to_string()),
            (None, Some(raw)) => Body::from(raw.as_str().unwrap().to_owned()),
            (None, None) => Body::empty(),
        };
        let answer = site.ask(request(method.clone(), &path, &headers, body)).await;
        let said = format!("{told}: {method} {path} gave {} {}", answer.status, answer.text());
        assert_eq!(u64::from(answer.status.as_u16()), step["status"].as_u64().unwrap(), "{said}");
        for (name, value) in step["headers"].as_object().into_iter().flatten() {
            assert_eq!(answer.header(name), value.as_str().unwrap(), "{said}");
        }
        if let Some(expected) = step.get("body") {
            let expected = filled_value(expected, &kept);
            assert!(says(&answer.json(), &expected), "{said}\nexpected {expected}");
        }
        for (pointer, count) in step["count"].as_object().into_iter().flatten() {
            let found =
                answer.json().pointer(pointer).and_then(Value::as_array).map_or(0, Vec::len);
            assert_eq!(found as u64, count.as_u64().unwrap(), "{said}");
        }
        for never in step["never"].as_array().into_iter().flatten() {
            let never = filled(never.as_str().unwrap(), &kept);
            assert!(!answer.text().contains(&never), "{said}\nmust not hold {never}");
        }
        for (name, pointer) in step["keep"].as_object().into_iter().flatten() {
            let body = answer.json();
            let value = body.pointer(pointer.as_str().unwrap()).and_then(Value::as_str);
            kept.insert(name.clone(), value.unwrap_or_else(|| panic!("{said}")).to_owned());
        }
        if answer.status.is_client_error() && path.starts_with("/scim") {
            assert_eq!(answer.header("content-type"), "application/scim+json", "{said}");
        }
    }
    // Whatever was said, the log holds no name and the chain is whole.
    let registry = site.app.registry();
    assert!(registry.verify_audit().await.unwrap().is_whole());
    let log = format!("{:?}", registry.audit_entries(0, 1_000).await.unwrap());
    assert!(!log.contains("Petit") && !log.contains("caisse.example"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_keeps_its_users() {
    converse(include_str!("../data/scim/users.json")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_keeps_its_groups() {
    converse(include_str!("../data/scim/groups.json")).await;
}

/// Asks as the directory does, with its token.
async fn as_directory(
    bodies: &Bodies,
    token: &str,
    method: Method,
    path: &str,
    body: Value,
) -> Answer {
    let key = format!("Bearer {token}");
    let headers = [("authorization", key.as_str()), ("content-type", "application/scim+json")];
    let text = if body.is_null() { String::new() } else { body.to_string() };
    bodies.site.ask(request(method, path, &headers, Body::from(text))).await
}

async fn token(admin: &mut Browser, bodies: &Bodies, kind: &str) -> Value {
    let body = json!({ "name": "Annuaire", "kind": kind, "days": 30, "permissions": [] });
    let made = admin.post(&bodies.site, "/api/v1/tokens", body).await;
    assert_eq!(made.status, 200, "{}", made.text());
    made.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_directory_has_a_door_and_a_key_of_its_own() {
    let bodies = Bodies::new().await;
    let site = &bodies.site;
    let mut admin = Browser::signed_in(site, "admin").await;
    let made = token(&mut admin, &bodies, "scim").await;
    let key = made["secret"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
    let users = "/scim/v2/Users";
    let get = |path: &'static str| as_directory(&bodies, &key, Method::GET, path, Value::Null);
    assert_eq!(get(users).await.status, 200);
    // The key opens nothing else: neither what it could read there, nor who holds which role.
    for path in ["/api/v1/people", "/api/v1/organisation", "/api/v1/rights", "/api/v1/session"] {
        assert_eq!(get(path).await.status, 403, "{path}");
    }
    // Nobody, a wrong key, a session of human resources: refused in the shape of the directory.
    bodies.account("hr", Some("human_resources"), None).await;
    let mut hr = Browser::signed_in(site, "hr").await;
    let wrong = as_directory(&bodies, "ecl_none_none", Method::GET, users, Value::Null).await;
    let large = json!({ "userName": "x".repeat(8 << 20) });
    for (answer, status) in [
        (site.get(users).await, 401),
        (wrong, 401),
        (hr.get(site, users).await, 403),
        (get("/scim/v2/Bulk").await, 404),
        (as_directory(&bodies, &key, Method::POST, "/scim/v2/Schemas", json!({})).await, 405),
        (as_directory(&bodies, &key, Method::POST, users, large).await, 413),
    ] {
        assert_eq!(answer.status, status, "{}", answer.text());
        assert_eq!(answer.header("content-type"), "application/scim+json");
        let told = answer.json();
        assert_eq!(told["schemas"][0], "urn:ietf:params:scim:api:messages:2.0:Error", "{told}");
        assert_eq!(told["status"], status.to_string());
        assert!(!told["detail"].as_str().unwrap().is_empty());
    }
    assert_eq!(site.get(users).await.header("www-authenticate"), "Bearer");
    let revoked = format!("/api/v1/tokens/{}", made["token"]["id"].as_str().unwrap());
    let gone = admin.ask(site, Method::DELETE, &revoked, Value::Null).await;
    assert!(gone.status.is_success(), "{}", gone.text());
    assert_eq!(get(users).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_directory_ends_accounts_and_never_gives_a_right() {
    let bodies = Bodies::new().await;
    let site = &bodies.site;
    let registry = site.app.registry();
    let mut admin = Browser::signed_in(site, "admin").await;
    let made = token(&mut admin, &bodies, "scim").await;
    let key = made["secret"].as_str().unwrap().to_owned();
    let ask = |method: Method, path: String, body: Value| {
        let (bodies, key) = (&bodies, &key);
        async move { as_directory(bodies, key, method, &path, body).await }
    };
    let held = registry.grants().await.unwrap();
    let user = json!({ "userName": "zoe", "emails": [{ "value": "zoe@caisse.example" }] });
    let zoe = ask(Method::POST, "/scim/v2/Users".into(), user).await.json();
    let person = zoe["id"].as_str().unwrap().to_owned();
    // In a group or not, whatever its name, a person of the directory has no account and no role.
    for name in ["administrator", "E1"] {
        let group = json!({ "displayName": name, "members": [{ "value": person }] });
        // Two bodies stand: which one a new team would be of is not the directory's to guess.
        let answer = ask(Method::POST, "/scim/v2/Groups".into(), group).await;
        assert_eq!(answer.status, 400, "{}", answer.text());
    }
    let members = json!({ "Operations": [{ "op": "add", "path": "members", "value": [{ "value": person }] }] });
    let team = format!("/scim/v2/Groups/{}", bodies.nodes["amont-e1"]);
    assert_eq!(ask(Method::PATCH, team, members).await.status, 200);
    assert_eq!(registry.grants().await.unwrap(), held);
    assert_eq!(registry.account_count().await.unwrap(), 1);
    // Somebody who manages accounts gives one, with a role.
    let login = bodies.account("zoe", Some("team_manager"), Some("amont-e1")).await;
    let change = eclusier_registry::AccountChange {
        person: Some(Some(eclusier_core::PersonId(person.clone()))),
        ..Default::default()
    };
    let version = registry.account(&login).await.unwrap().version;
    registry.update_account(&login, version, &change, "test", site.app.now()).await.unwrap();
    let mut browser = Browser::signed_in(site, "zoe").await;
    assert_eq!(browser.get(site, "/api/v1/ledger").await.status, 200);
    // The directory lets the person go: the very next request is a stranger's.
    let address = format!("/scim/v2/Users/{person}");
    let off = json!({ "Operations": [{ "op": "replace", "path": "active", "value": false }] });
    assert_eq!(ask(Method::PATCH, address.clone(), off).await.status, 200);
    assert_eq!(browser.get(site, "/api/v1/ledger").await.status, 401);
    let account = registry.account(&login).await.unwrap();
    assert_eq!(account.status, eclusier_registry::AccountStatus::Disabled);
    assert!(registry.sessions_of(&login, site.app.now()).await.unwrap().is_empty());
    let log = registry.audit_entries(0, 1_000).await.unwrap();
    let last: Vec<&str> = log.iter().rev().take(2).map(|e| e.action.as_str()).collect();
    assert!(last.contains(&"account.update") && last.contains(&"person.update"), "{last:?}");
    // Back in the directory is not back in the program.
    let on = json!({ "Operations": [{ "op": "replace", "path": "active", "value": true }] });
    assert_eq!(ask(Method::PATCH, address.clone(), on).await.status, 200);
    let account = registry.account(&login).await.unwrap();
    assert_eq!(account.status, eclusier_registry::AccountStatus::Disabled);
    let mut again = Browser::default();
    let body = json!({ "login": "zoe", "password": crate::people::PASSWORD });
    assert_ne!(again.post(site, "/api/v1/session", body).await.json()["state"], "signed_in");
    // Neither the token's permissions nor a group can be written through an account.
    assert_eq!(ask(Method::DELETE, address.clone(), Value::Null).await.status, 204);
    assert_eq!(ask(Method::GET, address, Value::Null).await.status, 404);
    assert!(registry.verify_audit().await.unwrap().is_whole());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_directory_sends_is_bounded() {
    let site = Site::new().await;
    let send = |method: Method, path: String, body: Value| {
        let site = &site;
        async move {
            let headers = [("content-type", "application/scim+json")];
            site.ask(request(method, &path, &headers, Body::from(body.to_string()))).await
        }
    };
    let many: Vec<Value> = (0..5_001).map(|n| json!({ "value": n.to_string() })).collect();
    let group = json!({ "displayName": "E", "members": many });
    let answer = send(Method::POST, "/scim/v2/Groups".into(), group).await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()["scimType"].clone()),
        (400, json!("tooMany"))
    );
    let operations: Vec<Value> =
        (0..1_001).map(|_| json!({ "op": "remove", "path": "emails" })).collect();
    let user = send(Method::POST, "/scim/v2/Users".into(), json!({ "userName": "a" })).await.json();
    let path = format!("/scim/v2/Users/{}", user["id"].as_str().unwrap());
    let answer = send(Method::PATCH, path, json!({ "Operations": operations })).await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()["scimType"].clone()),
        (400, json!("tooMany"))
    );
    let long = json!({ "userName": "x".repeat(2_000) });
    let answer = send(Method::POST, "/scim/v2/Users".into(), long).await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    // Two hundred and one people: two pages, whatever is asked for.
    for n in 0..200 {
        let made = json!({ "userName": format!("user {n}") });
        assert_eq!(send(Method::POST, "/scim/v2/Users".into(), made).await.status, 201);
    }
    let page = site.get("/scim/v2/Users?count=100000").await.json();
    assert_eq!(
        (page["totalResults"].as_u64(), page["itemsPerPage"].as_u64()),
        (Some(201), Some(200))
    );
    let next = site.get("/scim/v2/Users?startIndex=201").await.json();
    assert_eq!(next["itemsPerPage"].as_u64(), Some(1));
    let deep = "(".repeat(17) + "active%20eq%20true" + &")".repeat(17);
    let answer = site.get(&format!("/scim/v2/Users?filter={deep}")).await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()["scimType"].clone()),
        (400, json!("invalidFilter"))
    );
}
