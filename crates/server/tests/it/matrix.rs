//! Role × route × object: who passes each door, and what is behind it for them.

use std::collections::BTreeMap;

use axum::http::{Method, StatusCode};
use eclusier_core::{Permission, rights::roles};
use eclusier_server::guard::{Rule, rules};
use serde_json::{Value, json};

use crate::people::{Bodies, Browser, OPEN, assignable};

/// Every operation of the description with its rule, in order.
fn operations() -> BTreeMap<(String, String), Rule> {
    let (rules, without) = rules(&eclusier_server::openapi());
    assert!(without.is_empty(), "operations without a rule: {without:#?}");
    rules.into_iter().map(|((method, path), rule)| ((path, method.to_string()), rule)).collect()
}

/// A path whose parameters are filled with what exists nowhere.
fn filled(path: &str) -> String {
    let mut text = path.to_owned();
    for (name, value) in [
        ("{process}", "dossiers"),
        ("{file}", "stocks.csv"),
        ("{kind}", "counts"),
        ("{name}", "accessibility"),
        ("{upload}", "0198f0aa-0000-7000-8000-000000000000"),
        ("{provider}", "none"),
        ("{case}", "nul-part"),
        ("{fact}", "999999"),
        ("{id}", "999999"),
    ] {
        text = text.replace(name, value);
    }
    assert!(!text.contains('{'), "{text}: fill this parameter");
    text
}

fn opened(rule: Rule, permissions: &dyn Fn(Permission) -> bool, signed: bool) -> bool {
    match rule {
        Rule::Open => true,
        Rule::SignedIn => signed,
        Rule::Needs(permission) => permissions(permission),
    }
}

/// A route that has another door than a session.
fn apart(path: &str) -> bool {
    path == "/metrics"
}

#[test]
fn every_operation_states_a_rule_and_each_permission_guards_something() {
    let operations = operations();
    let unused: Vec<&str> = Permission::ALL
        .iter()
        .filter(|p| !operations.values().any(|r| *r == Rule::Needs(**p)))
        .map(|p| p.as_str())
        .collect();
    // Asked inside a use case, on its target, rather than at the door.
    assert_eq!(unused, ["absences.cause", "individual.read", "wall.read"]);
}

/// The table a person reviews: one line per operation, one mark per role.
#[test]
fn the_table_of_roles_and_routes_is_the_one_reviewed() {
    let names = assignable();
    let mut text = format!("# {}\n", names.join(" "));
    for ((path, method), rule) in operations() {
        let mark = |role: &&str| {
            let held = &roles()[*role].permissions;
            if opened(rule, &|p| held.contains(&p), true) { "x" } else { "." }
        };
        let marks: String = names.iter().map(mark).collect();
        let stranger = if opened(rule, &|_| false, false) { "o" } else { "." };
        text.push_str(&format!("{marks}{stranger} {method} {path}\n"));
    }
    insta::assert_snapshot!("roles_and_routes", text);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_door_opens_to_who_lacks_its_permission() {
    let bodies = Bodies::new().await;
    let site = &bodies.site;
    let operations = operations();
    let (mut tried, mut refused) = (0, 0);
    let mut browsers = vec![("nobody", Browser::default())];
    for role in assignable() {
        bodies.account(role, Some(role), None).await;
        browsers.push((role, Browser::signed_in(site, role).await));
    }
    bodies.account("bare", None, None).await;
    browsers.push(("bare", Browser::signed_in(site, "bare").await));
    for (who, browser) in browsers {
        let held = roles().get(who).map(|r| r.permissions.clone()).unwrap_or_default();
        for ((path, method), rule) in &operations {
            // Sign-out and sign-in would change who asks; live updates never end.
            if path == "/api/v1/session" || path == "/api/v1/events" || apart(path) {
                continue;
            }
            let method: Method = method.parse().unwrap();
            let body = if method == Method::GET { Value::Null } else { json!({}) };
            let mut copy = browser.clone();
            let answer = copy.ask(site, method.clone(), &filled(path), body).await;
            let at = format!("{who}: {method} {path} → {} {}", answer.status, answer.text());
            tried += 1;
            assert_ne!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{at}");
            let shut = matches!(answer.status, StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED);
            if opened(*rule, &|p| held.contains(&p), who != "nobody") {
                // A use case may still refuse its target, never the door.
                let asked = answer.text();
                assert!(!shut || !matches!(rule, Rule::Open) || asked.contains("unauth"), "{at}");
            } else {
                assert!(shut, "{at}");
                let expected = if who == "nobody" { 401 } else { 403 };
                assert_eq!(answer.status, expected, "{at}");
                refused += 1;
            }
        }
    }
    println!("matrix: {tried} requests, {refused} refused as they must");
    assert!(tried > 700 && refused > 300, "{tried} {refused}");
}

async fn stock(browser: &mut Browser, bodies: &Bodies, query: &str) -> Option<i64> {
    let answer = browser.get(&bodies.site, &format!("/api/v1/ledger?{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let rows = answer.json();
    rows.as_array().unwrap().last().and_then(|row| row["closing"].as_i64())
}

/// Own team, other team, other body: screens, lists, exports and counts show the same rows.
#[tokio::test(flavor = "multi_thread")]
async fn each_sees_the_rows_of_the_own_part_and_no_other() {
    let bodies = Bodies::new().await;
    let site = &bodies.site;
    let whole: u32 = OPEN.iter().map(|(_, _, n)| n).sum();
    let of = |orgs: &[(&str, &str)]| -> i64 {
        OPEN.iter().filter(|(o, t, _)| orgs.contains(&(o, t))).map(|(_, _, n)| i64::from(*n)).sum()
    };
    let mut checked = 0;
    for (node, seen) in [
        (None, vec![("AMONT", "E1"), ("AMONT", "E2"), ("AVAL", "E1")]),
        (Some("amont"), vec![("AMONT", "E1"), ("AMONT", "E2")]),
        (Some("amont-e1"), vec![("AMONT", "E1")]),
        (Some("amont-e2"), vec![("AMONT", "E2")]),
        // The team of the same name in the other body.
        (Some("aval-e1"), vec![("AVAL", "E1")]),
        (Some("aval"), vec![("AVAL", "E1")]),
    ] {
        let login = format!("manager-{}", node.unwrap_or("all"));
        bodies.account(&login, Some("team_manager"), node).await;
        let mut browser = Browser::signed_in(site, &login).await;
        let expected = of(&seen);
        assert_eq!(stock(&mut browser, &bodies, "").await, Some(expected), "{login}");
        // Asking for more by name gives no more.
        for (org, team, n) in OPEN {
            let query = format!("org={org}&unit={team}");
            let inside = seen.contains(&(org, team));
            let found = stock(&mut browser, &bodies, &query).await.unwrap_or(0);
            assert_eq!(found, if inside { i64::from(n) } else { 0 }, "{login} {query}");
            let page =
                browser.get(site, &format!("/api/v1/cases?figure=stock&{query}")).await.json();
            assert_eq!(page["total"], if inside { n } else { 0 }, "{login} {query}");
            checked += 2;
        }
        let page = browser.get(site, "/api/v1/cases?per_page=500").await.json();
        let cases = page["cases"].as_array().unwrap();
        assert_eq!(cases.len() as i64, 2 * expected, "{login}");
        for case in cases {
            let place = (case["org"].as_str().unwrap(), case["unit"].as_str().unwrap());
            assert!(seen.contains(&place), "{login} sees {case}");
        }
        for (file, lines) in
            [("cases.csv", 2 * expected), ("lead-times.csv", 2 * expected), ("stocks.csv", 1)]
        {
            let export = browser.get(site, &format!("/api/v1/exports/{file}")).await;
            assert_eq!(export.status, 200, "{login} {file}: {}", export.text());
            assert_eq!(export.text().lines().count() as i64, lines + 1, "{login} {file}");
        }
        let cockpit = browser.get(site, "/api/v1/cockpit").await.json();
        let row = &cockpit["stocks"][0]["stock"]["value"];
        assert_eq!(row.as_f64(), Some(expected as f64), "{login}");
        let flow = browser.get(site, "/api/v1/flow").await.json();
        let strata = flow["strata"]["counts"].as_array().unwrap();
        let sum: i64 = strata.iter().map(|n| n.as_i64().unwrap()).sum();
        assert_eq!(sum, expected, "{login}");
        // The filters offer no name of another part.
        let status = browser.get(site, "/api/v1/status").await.json();
        let orgs = status["processes"][0]["orgs"].as_array().unwrap();
        let known: std::collections::BTreeSet<&str> = seen.iter().map(|(o, _)| *o).collect();
        assert_eq!(orgs.len(), known.len(), "{login}: {orgs:?}");
        checked += 8;
    }
    println!("rows: {checked} answers checked against {whole} open cases");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_is_checked_on_its_target() {
    let bodies = Bodies::new().await;
    let site = &bodies.site;
    bodies.account("chief", Some("production_manager"), Some("amont")).await;
    bodies.account("first", Some("team_manager"), Some("amont-e1")).await;
    let mut chief = Browser::signed_in(site, "chief").await;
    let mut first = Browser::signed_in(site, "first").await;
    let typed = |org: &str, unit: &str| json!({ "process": "tel", "day": "2025-06-20", "org": org, "unit": unit, "stock": 4 });
    for (who, org, unit, expected) in [
        ("first", "AMONT", "E1", 200),
        ("first", "AMONT", "E2", 403),
        ("first", "AVAL", "E1", 403),
        ("chief", "AMONT", "E2", 200),
        ("chief", "AVAL", "E1", 403),
        ("chief", "", "", 403),
    ] {
        let browser = if who == "first" { &mut first } else { &mut chief };
        let answer = browser.post(site, "/api/v1/counts", typed(org, unit)).await;
        assert_eq!(answer.status, expected, "{who} {org} {unit}: {}", answer.text());
    }
    // What changes a process changes it for both bodies: a part is not enough.
    let rules = json!({ "toml": "label = \"x\"" });
    let path = "/api/v1/processes/dossiers/config";
    assert_eq!(chief.ask(site, Method::PUT, path, rules.clone()).await.status, 403);
    bodies.account("all", Some("production_manager"), None).await;
    let mut all = Browser::signed_in(site, "all").await;
    assert_eq!(all.ask(site, Method::PUT, path, rules).await.status, 200);
    let imports = all.get(site, "/api/v1/imports").await.json();
    let id = &imports[0]["id"];
    let undo = format!(
        "/api/v1/imports/{}/undo",
        id.as_i64().map_or_else(|| id.as_str().unwrap_or("").to_owned(), |n| n.to_string())
    );
    let job = chief.post(site, &undo, json!({ "reason": "essai" })).await;
    // Undoing is a job: it is refused there, and nothing changes.
    if job.status == 200 {
        let id = job.json()["id"].as_str().unwrap().to_owned();
        for _ in 0..200 {
            let job = chief.get(site, &format!("/api/v1/jobs/{id}")).await.json();
            if job["status"] == "failed" {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
    assert!(stock(&mut all, &bodies, "process=dossiers").await.unwrap() > 0);
}

/// A manager who changes team loses the first one on the day of the move.
#[tokio::test(flavor = "multi_thread")]
async fn rights_follow_the_days_of_the_roles() {
    let bodies = Bodies::new().await;
    let site = &bodies.site;
    let account = bodies.account("moving", None, None).await;
    let mut admin = Browser::signed_in(site, "admin").await;
    let grant = |node: &str, from: &str, to: Option<&str>| {
        json!({ "account": account, "role": "team_manager", "node": bodies.nodes[node],
            "from": from, "to": to })
    };
    // Today is 2025-07-01: the first role ended yesterday, the third begins tomorrow.
    for body in [
        grant("amont-e1", "2025-01-01", Some("2025-06-30")),
        grant("amont-e2", "2025-07-01", Some("2025-07-01")),
        grant("aval-e1", "2025-07-02", None),
    ] {
        let made = admin.post(site, "/api/v1/grants", body).await;
        assert_eq!(made.status, 200, "{}", made.text());
    }
    let mut moving = Browser::signed_in(site, "moving").await;
    assert_eq!(stock(&mut moving, &bodies, "").await, Some(5));
    // Withdrawn at once: the very next request sees nothing.
    let accounts = admin.get(site, "/api/v1/accounts").await.json();
    let own = accounts.as_array().unwrap().iter().find(|a| a["login"] == "moving").unwrap();
    let held = own["grants"].as_array().unwrap().iter().find(|g| g["active"] == true).unwrap();
    let end = json!({ "version": held["version"], "to": "2025-06-30" });
    let path = format!("/api/v1/grants/{}", held["id"].as_str().unwrap());
    assert_eq!(admin.ask(site, Method::PUT, &path, end.clone()).await.status, 200);
    assert_eq!(moving.get(site, "/api/v1/ledger").await.status, 403);
    // The version seen is spent.
    assert!(matches!(admin.ask(site, Method::PUT, &path, end).await.status.as_u16(), 404 | 409));
}
