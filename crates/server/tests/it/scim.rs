//! Conversations with a directory, kept as data: a new case needs no compilation.

use std::collections::BTreeMap;

use axum::{body::Body, http::Method};
use serde_json::Value;

use crate::common::{Site, request};

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
