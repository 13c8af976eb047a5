//! Doors and keys: what a thief, a guesser or a careless browser would try.

use axum::{
    body::Body,
    http::{Method, StatusCode},
};
use eclusier_app::{App, AppOptions};
use serde_json::{Value, json};

use crate::{
    common::{Site, request},
    people::{Bodies, Browser, PASSWORD},
};

fn credentials(login: &str, password: &str) -> Value {
    json!({ "login": login, "password": password })
}

/// The same data, some time later.
async fn later(site: &Site, at: &str) -> Site {
    let mut options = AppOptions::new(site.folder.path().join("data"));
    options.database = crate::common::database();
    options.now = Some(at.parse().unwrap());
    let app = App::open(options).await.unwrap();
    let router = eclusier_server::router(app.clone(), eclusier_server::SiteOptions::default());
    Site { folder: tempfile::tempdir().unwrap(), app, router }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_account_is_made_once_and_shuts_the_open_house() {
    let site = Site::new().await;
    let mut browser = Browser::default();
    assert_eq!(browser.get(&site, "/api/v1/session").await.json()["state"], "owner");
    let weak =
        json!({ "login": "admin", "name": "A", "password": "motdepasse123", "steers": true });
    assert_eq!(browser.post(&site, "/api/v1/setup", weak).await.status, 422);
    let setup = json!({ "login": "Admin", "name": "A", "password": PASSWORD, "steers": true });
    let made = browser.post(&site, "/api/v1/setup", setup.clone()).await;
    assert_eq!(made.status, 200, "{}", made.text());
    assert_eq!(made.json()["state"], "signed_in");
    assert_eq!(made.json()["login"], "admin");
    // Dead, for everybody, signed in or not.
    let second = json!({ "login": "other", "name": "B", "password": PASSWORD });
    assert_eq!(browser.post(&site, "/api/v1/setup", second.clone()).await.status, 404);
    assert_eq!(Browser::default().post(&site, "/api/v1/setup", second).await.status, 404);
    // The house is no longer open.
    assert_eq!(site.get("/api/v1/cockpit").await.status, 401);
    assert_eq!(browser.get(&site, "/api/v1/cockpit").await.status, 200);
    assert_eq!(browser.get(&site, "/api/v1/accounts").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_is_slowed_down_and_tells_nothing() {
    let bodies = Bodies::new().await;
    let site = &bodies.site;
    let mut browser = Browser::default();
    let mut told = Vec::new();
    for login in ["admin", "nobody-of-this-name"] {
        let mut answers = Vec::new();
        for attempt in 0..7 {
            let guess = credentials(login, &format!("guess number {attempt} of many"));
            let answer = browser.post(site, "/api/v1/session", guess).await;
            answers.push((answer.status, answer.json()["detail"].clone()));
        }
        assert!(answers[..5].iter().all(|a| a.0 == 401), "{answers:?}");
        assert_eq!(answers[5].0, StatusCode::TOO_MANY_REQUESTS, "{answers:?}");
        told.push(answers);
    }
    // A known login and an unknown one get the same answers.
    assert_eq!(told[0], told[1]);
    // Locked for the right password too, and for a while only.
    let right = credentials("admin", PASSWORD);
    let locked = browser.post(site, "/api/v1/session", right.clone()).await;
    assert_eq!(locked.status, 429);
    assert!(locked.header("retry-after").parse::<u64>().unwrap() >= 1);
    let site = later(site, "2025-07-01T08:01:00Z").await;
    assert_eq!(browser.post(&site, "/api/v1/session", right).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_session_is_worth_nothing_after_sign_in() {
    let bodies = Bodies::new().await;
    let site = &bodies.site;
    bodies.account("victim", Some("team_manager"), None).await;
    // The thief obtains a session, plants it in the victim's browser, the victim signs in.
    let mut thief = Browser::default();
    thief.post(site, "/api/v1/session", credentials("victim", "wrong")).await;
    let planted = "eclusier=AAAAAAAAAAAAAAAAAAAAAA".to_owned();
    let mut victim = Browser { cookie: Some(planted.clone()), ..Browser::default() };
    let body = credentials("victim", PASSWORD);
    assert_eq!(victim.post(site, "/api/v1/session", body).await.status, 200);
    assert_ne!(victim.cookie.as_ref(), Some(&planted), "the identifier must change");
    let mut thief = Browser { cookie: Some(planted), ..Browser::default() };
    assert_eq!(thief.get(site, "/api/v1/cockpit").await.status, 401);
    // What was held before a second sign-in dies too.
    let earlier = victim.clone();
    victim.post(site, "/api/v1/session", credentials("victim", PASSWORD)).await;
    assert_ne!(victim.cookie, earlier.cookie);
    assert_eq!(earlier.clone().get(site, "/api/v1/cockpit").await.status, 401);
    assert_eq!(victim.get(site, "/api/v1/cockpit").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cookie_is_closed_to_scripts_and_kept_as_a_digest() {
    let bodies = Bodies::new().await;
    let site = &bodies.site;
    let body = Body::from(credentials("admin", PASSWORD).to_string());
    let json = [("content-type", "application/json")];
    let answer = site.ask(request(Method::POST, "/api/v1/session", &json, body)).await;
    let cookie = answer.header("set-cookie").to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    let value = cookie.split(['=', ';']).nth(1).unwrap().to_owned();
    let registry =
        std::fs::read(site.folder.path().join("data/registry.sqlite")).unwrap_or_default();
    let wal =
        std::fs::read(site.folder.path().join("data/registry.sqlite-wal")).unwrap_or_default();
    for bytes in [registry, wal] {
        let found = bytes.windows(value.len()).any(|w| w == value.as_bytes());
        assert!(!found, "what the browser holds is in the database");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_site_cannot_act_for_somebody_signed_in() {
    let bodies = Bodies::new().await;
    let site = &bodies.site;
    let browser = Browser::signed_in(site, "admin").await;
    let cookie = browser.cookie.unwrap();
    let headers = [
        ("content-type", "application/json"),
        ("cookie", cookie.as_str()),
        ("origin", "https://evil.example"),
    ];
    let body = Body::from(json!({ "login": "mole", "name": "Mole" }).to_string());
    let answer = site.ask(request(Method::POST, "/api/v1/accounts", &headers, body)).await;
    assert_eq!(answer.status, 403, "{}", answer.text());
    // A form of another site cannot send JSON, and what it can send is not read.
    let headers = [("content-type", "text/plain"), ("cookie", cookie.as_str())];
    let body = Body::from(json!({ "login": "mole", "name": "Mole" }).to_string());
    let answer = site.ask(request(Method::POST, "/api/v1/accounts", &headers, body)).await;
    assert!(answer.status.is_client_error(), "{}", answer.text());
    assert!(site.app.registry().account_of_login("mole").await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_when_idle_and_ends_anyway() {
    let bodies = Bodies::new().await;
    let site = &bodies.site;
    let mut browser = Browser::signed_in(site, "admin").await;
    let session = browser.get(site, "/api/v1/session").await.json();
    assert_eq!(session["expires_at"], "2025-07-01T08:30:00Z");
    assert_eq!(session["ends_at"], "2025-07-01T18:00:00Z");
    // Used every twenty minutes, it lives on, but not beyond its end.
    let mut minutes = 0;
    let mut alive = true;
    while alive && minutes < 700 {
        minutes += 20;
        let at = format!("2025-07-01T{:02}:{:02}:00Z", 8 + minutes / 60, minutes % 60);
        let site = later(site, &at).await;
        alive = browser.get(&site, "/api/v1/accounts").await.status == 200;
    }
    assert_eq!(minutes, 600, "ten hours after sign-in");
    let mut browser = Browser::signed_in(site, "admin").await;
    let idle = later(site, "2025-07-01T08:30:00Z").await;
    assert_eq!(browser.get(&idle, "/api/v1/accounts").await.status, 401);
    let state = browser.get(&idle, "/api/v1/session").await.json();
    assert_eq!(state["state"], "signed_out");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_password_only_opens_its_own_change() {
    let bodies = Bodies::new().await;
    let site = &bodies.site;
    let mut admin = Browser::signed_in(site, "admin").await;
    let new = json!({ "login": "claire", "name": "Claire Ozanne" });
    let made = admin.post(site, "/api/v1/accounts", new).await.json();
    let first = made["password"].as_str().unwrap();
    let mut claire = Browser::default();
    let state = claire.post(site, "/api/v1/session", credentials("claire", first)).await.json();
    assert_eq!(state["must_change"], true);
    let refused = claire.get(site, "/api/v1/status").await;
    assert_eq!(refused.status, 403);
    assert!(refused.json()["type"].as_str().unwrap().ends_with("password-change"));
    let change = json!({ "current": first, "new": PASSWORD });
    let put = claire.ask(site, Method::PUT, "/api/v1/me/password", change).await;
    assert_eq!(put.status, 204, "{}", put.text());
    assert_eq!(claire.get(site, "/api/v1/status").await.status, 200);
    // Disabled, it is out at the very next request.
    let account = &made["account"];
    let path = format!("/api/v1/accounts/{}", account["id"].as_str().unwrap());
    let accounts = admin.get(site, "/api/v1/accounts").await.json();
    let now = accounts.as_array().unwrap().iter().find(|a| a["login"] == "claire").unwrap();
    let off = json!({ "version": now["version"], "status": "disabled" });
    assert_eq!(admin.ask(site, Method::PUT, &path, off).await.status, 200);
    assert_eq!(claire.get(site, "/api/v1/status").await.status, 401);
    let again = claire.post(site, "/api/v1/session", credentials("claire", PASSWORD)).await;
    assert_eq!(again.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_good_once_and_a_lost_authenticator_has_its_codes() {
    let bodies = Bodies::new().await;
    let site = &bodies.site;
    bodies.account("leo", Some("director"), None).await;
    let mut leo = Browser::signed_in(site, "leo").await;
    let begun = leo.post(site, "/api/v1/me/second-factor", json!({})).await.json();
    let secret = begun["secret"].as_str().unwrap().to_owned();
    assert!(begun["svg"].as_str().unwrap().contains("<svg"));
    let code = |at: &str| {
        let at: jiff::Timestamp = at.parse().unwrap();
        let secret = totp_rs::Secret::try_from_base32(&secret).unwrap();
        let totp = totp_rs::Builder::new()
            .with_secret(secret)
            .with_account_name("leo")
            .with_issuer(Some("Eclusier"))
            .build()
            .unwrap();
        totp.generate(u64::try_from(at.as_second()).unwrap()).to_string()
    };
    let wrong = json!({ "code": "000000" });
    let put = leo.ask(site, Method::PUT, "/api/v1/me/second-factor", wrong).await;
    assert_eq!(put.status, 401);
    let first = json!({ "code": code("2025-07-01T08:00:00Z") });
    let kept = leo.ask(site, Method::PUT, "/api/v1/me/second-factor", first).await;
    assert_eq!(kept.status, 200, "{}", kept.text());
    let codes = kept.json()["codes"].as_array().unwrap().clone();
    assert_eq!(codes.len(), 10);
    let mut again = Browser::default();
    let state = again.post(site, "/api/v1/session", credentials("leo", PASSWORD)).await.json();
    assert_eq!(state["state"], "second_factor");
    // The password alone opens nothing.
    assert_eq!(again.get(site, "/api/v1/status").await.status, 401);
    let now = json!({ "code": code("2025-07-01T08:00:00Z") });
    let entered = again.post(site, "/api/v1/session/second", now.clone()).await;
    assert_eq!(entered.status, 200, "{}", entered.text());
    // Seen over a shoulder, it is worth nothing.
    let mut thief = Browser::default();
    thief.post(site, "/api/v1/session", credentials("leo", PASSWORD)).await;
    assert_eq!(thief.post(site, "/api/v1/session/second", now).await.status, 401);
    let recovery = json!({ "code": codes[3] });
    let entered = thief.post(site, "/api/v1/session/second", recovery.clone()).await;
    assert_eq!(entered.status, 200, "{}", entered.text());
    let mut third = Browser::default();
    third.post(site, "/api/v1/session", credentials("leo", PASSWORD)).await;
    assert_eq!(third.post(site, "/api/v1/session/second", recovery).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_does_what_it_was_made_for_until_it_is_withdrawn() {
    let bodies = Bodies::new().await;
    let site = &bodies.site;
    let mut admin = Browser::signed_in(site, "admin").await;
    // One cannot give what one lacks.
    let beyond = json!({ "kind": "api", "name": "n", "permissions": ["cases.read"], "days": 30 });
    assert_eq!(admin.post(site, "/api/v1/tokens", beyond).await.status, 403);
    let wanted =
        json!({ "kind": "api", "name": "sonde", "permissions": ["system.read"], "days": 30 });
    let made = admin.post(site, "/api/v1/tokens", wanted).await.json();
    let secret = made["secret"].as_str().unwrap().to_owned();
    let ask = async |secret: &str, path: &str| {
        let value = format!("Bearer {secret}");
        let headers = [("authorization", value.as_str())];
        site.ask(request(Method::GET, path, &headers, Body::empty())).await.status.as_u16()
    };
    assert_eq!(ask(&secret, "/api/v1/system").await, 200);
    // The account may, the token may not.
    assert_eq!(ask(&secret, "/api/v1/accounts").await, 403);
    let mut forged = secret.clone();
    forged.pop();
    for bad in [forged.as_str(), "ecl_x_y", "nonsense", ""] {
        assert_eq!(ask(bad, "/api/v1/system").await, 401, "{bad}");
    }
    let path = format!("/api/v1/tokens/{}", made["token"]["id"].as_str().unwrap());
    assert_eq!(admin.ask(site, Method::DELETE, &path, Value::Null).await.status, 204);
    assert_eq!(ask(&secret, "/api/v1/system").await, 401);
    // Ended by its day too.
    let short =
        json!({ "kind": "api", "name": "court", "permissions": ["system.read"], "days": 1 });
    let made = admin.post(site, "/api/v1/tokens", short).await.json();
    let value = format!("Bearer {}", made["secret"].as_str().unwrap());
    let site = later(site, "2025-07-02T08:00:01Z").await;
    let headers = [("authorization", value.as_str())];
    let answer = site.ask(request(Method::GET, "/api/v1/system", &headers, Body::empty())).await;
    assert_eq!(answer.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stand_in_holds_what_the_lender_holds_and_no_longer() {
    let bodies = Bodies::new().await;
    let site = &bodies.site;
    let lender = bodies.account("lender", Some("team_manager"), Some("amont")).await;
    let stand_in = bodies.account("stand-in", None, None).await;
    let mut lends = Browser::signed_in(site, "lender").await;
    let wanted = |role: &str, node: &str| {
        json!({ "account": stand_in, "role": role, "node": bodies.nodes[node],
            "to": "2025-07-10", "reason": "congés" })
    };
    for (role, node, expected) in [
        ("director", "amont", 403),
        ("team_manager", "aval", 403),
        ("team_manager", "amont-e1", 200),
    ] {
        let answer = lends.post(site, "/api/v1/delegations", wanted(role, node)).await;
        assert_eq!(answer.status, expected, "{role} {node}: {}", answer.text());
    }
    let mut borrowed = Browser::signed_in(site, "stand-in").await;
    let page = borrowed.get(site, "/api/v1/cases?figure=stock").await.json();
    assert_eq!(page["total"], 3);
    // The lender loses the role: so does the stand-in, at once.
    let held = site.app.registry().grants_of(&lender).await.unwrap();
    let yesterday = jiff::civil::date(2025, 6, 30);
    let registry = site.app.registry();
    registry
        .end_grant(&held[0].id, held[0].version, yesterday, "test", site.app.now())
        .await
        .unwrap();
    assert_eq!(borrowed.get(site, "/api/v1/cases").await.status, 403);
}
