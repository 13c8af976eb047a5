//! Sign-in by a provider, against a real one: a process of its own on a free port.

use std::{
    collections::HashMap,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use axum::{body::Body, http::Method};
use eclusier_app::sign_in::FirstAccount;
use eclusier_server::{Provider, SiteOptions};
use serde_json::{Value, json};

use crate::common::{Answer, Site, request};

const SECRET: &str = "a secret of tests only";
const HERE: &str = "http://127.0.0.1:8000";

/// A provider process, ended with the test.
struct Process {
    child: Child,
    issuer: String,
    client: reqwest::Client,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What is missing to start a provider is a failure where the tests are mandatory.
fn start(shape: &str) -> Option<Process> {
    let web = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../web"));
    let child = web.join("node_modules/oidc-provider").exists().then(|| {
        Command::new("node")
            .current_dir(web)
            .args(["e2e/oidc-provider.mjs", "--shape", shape, "--secret", SECRET])
            .args(["--back", &format!("{HERE}/api/v1/oidc/agents/callback")])
            .args(["--back", &format!("{HERE}/api/v1/oidc/partenaires/callback")])
            .args(["--end", &format!("{HERE}/connexion")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
    });
    let Some(Ok(mut child)) = child else {
        let required = std::env::var_os("CI").is_some()
            || std::env::var("ECLUSIER_REQUIRE_SHARED").is_ok_and(|v| v == "1");
        assert!(!required, "no provider: install Node, then run npm ci in web");
        eprintln!("skipped: no provider");
        return None;
    };
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let told: Value = serde_json::from_str(&line).expect("the provider says where it is");
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .unwrap();
    Some(Process { child, issuer: told["issuer"].as_str().unwrap().to_owned(), client })
}

impl Process {
    fn provider(&self, id: &str) -> Provider {
        let mut provider = Provider::new(id, "Comptes des agents", &self.issuer, "eclusier");
        provider.client_secret = Some(SECRET.into());
        provider.allow_loopback = true;
        provider
    }

    /// Changes how the provider behaves; gives back how often each address was asked.
    async fn set(&self, wanted: Value) -> Value {
        let address = format!("{}/_test", self.issuer);
        let sent = self.client.post(address).body(wanted.to_string()).send().await.unwrap();
        serde_json::from_slice(&sent.bytes().await.unwrap()).unwrap()
    }

    /// Somebody signs in at the provider: where it sends the browser back.
    async fn log_in(&self, address: &str, login: &str) -> String {
        let mut jar = HashMap::new();
        let mut at = address.to_owned();
        let mut form: Option<String> = None;
        for _ in 0..12 {
            let full = match at.starts_with('/') {
                true => format!("{}{at}", self.issuer),
                false => at.clone(),
            };
            let mut asked = match form.take() {
                Some(form) => self
                    .client
                    .post(&full)
                    .header("content-type", "application/x-www-form-urlencoded")
                    .body(form),
                None => self.client.get(&full),
            };
            let cookies: Vec<String> = jar.iter().map(|(k, v)| format!("{k}={v}")).collect();
            asked = asked.header("cookie", cookies.join("; "));
            let answer = asked.send().await.unwrap();
            for cookie in answer.headers().get_all("set-cookie") {
                let pair = cookie.to_str().unwrap().split(';').next().unwrap();
                let (name, value) = pair.split_once('=').unwrap();
                jar.insert(name.to_owned(), value.to_owned());
            }
            let Some(next) = answer.headers().get("location") else {
                let status = answer.status();
                panic!("{at}: {status} {}", answer.text().await.unwrap());
            };
            at = next.to_str().unwrap().to_owned();
            if let Some(path) = at.strip_prefix(HERE) {
                return path.to_owned();
            }
            if at.contains("/interaction/") {
                let full = match at.starts_with('/') {
                    true => format!("{}{at}", self.issuer),
                    false => at.clone(),
                };
                let cookies: Vec<String> = jar.iter().map(|(k, v)| format!("{k}={v}")).collect();
                let page = self.client.get(full).header("cookie", cookies.join("; "));
                let page = page.send().await.unwrap().text().await.unwrap();
                // Its form is what a person would fill in.
                form = Some(match page.contains(r#"name="login""#) {
                    true => format!("prompt=login&login={login}&password=x"),
                    false => "prompt=consent".into(),
                });
            }
        }
        panic!("the provider turns in circles");
    }
}

/// A browser on our site.
#[derive(Clone, Default)]
struct Browser(String);

impl Browser {
    async fn ask(&mut self, site: &Site, method: Method, path: &str) -> Answer {
        let answer = site.ask(request(method, path, &[("cookie", &self.0)], Body::empty())).await;
        let set = answer.header("set-cookie");
        if !set.is_empty() {
            self.0 = set.split(';').next().unwrap().to_owned();
        }
        answer
    }

    async fn get(&mut self, site: &Site, path: &str) -> Answer {
        self.ask(site, Method::GET, path).await
    }

    /// To the provider.
    async fn leave(&mut self, site: &Site, id: &str) -> String {
        let answer =
            self.get(site, &format!("/api/v1/oidc/{id}/start?retour=/flux%3Funit%3DNord")).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        answer.header("location").to_owned()
    }

    /// There and back.
    async fn sign_in(&mut self, site: &Site, process: &Process, id: &str, login: &str) -> Answer {
        let away = self.leave(site, id).await;
        assert!(away.starts_with(&process.issuer), "{away}");
        let back = process.log_in(&away, login).await;
        self.get(site, &back).await
    }

    async fn session(&mut self, site: &Site) -> Value {
        self.get(site, "/api/v1/session").await.json()
    }
}

async fn site(providers: Vec<Provider>) -> Site {
    let mut site = Site::new().await;
    let first = FirstAccount {
        login: "admin",
        name: "Admin",
        password: "trois péniches attendent l'aube",
        steers: false,
    };
    site.app.set_up(&first).await.unwrap();
    let options = SiteOptions { providers, ..SiteOptions::default() };
    site.router = eclusier_server::router(site.app.clone(), options);
    site
}

fn came_back_with(answer: &Answer, code: &str) {
    assert_eq!(answer.status, 303, "{}", answer.text());
    let at = answer.header("location");
    assert!(at.starts_with(&format!("/connexion?erreur={code}")), "{code}: {at}");
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_signs_in_and_is_the_same_whatever_their_address() {
    let Some(process) = start("keycloak") else { return };
    let site = site(vec![process.provider("agents")]).await;
    let mut browser = Browser::default();
    let before = browser.session(&site).await;
    assert_eq!(before["providers"], json!([{ "id": "agents", "label": "Comptes des agents" }]));

    let away = browser.leave(&site, "agents").await;
    for part in ["response_type=code", "code_challenge_method=S256", "state=", "nonce="] {
        assert!(away.contains(part), "{away}");
    }
    assert!(!away.contains(SECRET) && !away.contains("a+secret"), "{away}");
    let planted = browser.clone();
    let back = process.log_in(&away, "claire.martin").await;
    let entered = browser.get(&site, &back).await;
    assert_eq!(entered.status, 303, "{}", entered.text());
    assert_eq!(entered.header("location"), "/flux?unit=Nord");
    // The identifier held before sign-in is worth nothing after it.
    assert_ne!(browser.0, planted.0);
    assert_eq!(planted.clone().session(&site).await["state"], "signed_out");
    let session = browser.session(&site).await;
    assert_eq!(session["state"], "signed_in", "{session}");
    assert_eq!(
        (&session["name"], &session["login"]),
        (&json!("Claire Martin"), &json!("claire.martin"))
    );
    assert_eq!(session["permissions"], json!([]), "nobody is given a right by a provider");

    // The answer counts once, in this browser and in any other.
    came_back_with(&browser.clone().get(&site, &back).await, "demande-inconnue");
    came_back_with(&planted.clone().get(&site, &back).await, "demande-inconnue");
    came_back_with(&Browser::default().get(&site, &back).await, "demande-inconnue");

    // Another address, another name, the same person.
    let changed = json!({ "claire.martin": {
        "email": "admin@caf.example", "preferred_username": "admin", "given_name": "Claire",
        "family_name": "Durand"
    } });
    process.set(json!({ "accounts": changed })).await;
    let mut later = Browser::default();
    later.sign_in(&site, &process, "agents", "claire.martin").await;
    assert_eq!(later.session(&site).await["login"], "claire.martin");
    let accounts = site.app.accounts().await.unwrap();
    assert_eq!(accounts.len(), 2, "{accounts:?}");

    // Somebody else who calls themselves admin is not: the label is only a label.
    let other = json!({ "samir.benali": { "preferred_username": "admin" } });
    process.set(json!({ "accounts": other })).await;
    let mut third = Browser::default();
    third.sign_in(&site, &process, "agents", "samir.benali").await;
    let session = third.session(&site).await;
    assert_eq!((&session["login"], &session["permissions"]), (&json!("admin-2"), &json!([])));

    // No way in by a password, and none can be given.
    let mine = accounts.iter().find(|a| a.login == "claire.martin").unwrap();
    assert_eq!(mine.identity, Some((process.issuer.clone(), "claire.martin".into())));
    assert!(mine.password.is_none());
    assert!(site.app.reset_password(&mine.id).await.is_err());
    let typed = json!({ "login": "claire.martin", "password": "" });
    assert_eq!(site.post("/api/v1/session", typed).await.status, 401);

    // What the provider says of itself is asked once for all of these.
    let asked = process.set(json!({})).await;
    assert_eq!(asked["/.well-known/openid-configuration"], 1, "{asked}");
    assert_eq!(asked["/jwks"], 1, "{asked}");

    // Before sign-out, we say where the provider ends its own session.
    let end = browser.get(&site, "/api/v1/oidc/end").await.json();
    assert_eq!(end["label"], "Comptes des agents");
    let address = end["address"].as_str().unwrap();
    assert!(address.starts_with(&format!("{}/session/end?", process.issuer)), "{address}");
    assert!(address.contains("id_token_hint=") && address.contains("connexion"), "{address}");
    assert_eq!(browser.ask(&site, Method::DELETE, "/api/v1/session").await.status, 204);
    assert_eq!(browser.get(&site, "/api/v1/oidc/end").await.status, 401);
    assert_eq!(browser.session(&site).await["state"], "signed_out");

    // A disabled account stays out, and its session with it.
    let change = eclusier_registry::AccountChange {
        status: Some(eclusier_registry::AccountStatus::Disabled),
        ..Default::default()
    };
    let known = site.app.account(&mine.id).await.unwrap();
    site.app
        .registry()
        .update_account(&mine.id, known.version, &change, "test", site.app.now())
        .await
        .unwrap();
    let refused = browser.sign_in(&site, &process, "agents", "claire.martin").await;
    came_back_with(&refused, "compte-ferme");
    assert_eq!(later.session(&site).await["state"], "signed_out");
    assert_eq!(browser.session(&site).await["state"], "signed_out");
}

#[tokio::test(flavor = "multi_thread")]
async fn proconnect_tells_names_in_a_signed_answer_and_issuers_are_not_mixed() {
    let (Some(pro), Some(other)) = (start("proconnect"), start("keycloak")) else { return };
    let mut agents = pro.provider("agents");
    agents.scopes =
        ["given_name", "usual_name", "email", "uid", "siret"].map(str::to_owned).to_vec();
    let site = site(vec![agents, other.provider("partenaires")]).await;
    let mut one = Browser::default();
    one.sign_in(&site, &pro, "agents", "claire.martin").await;
    let session = one.session(&site).await;
    assert_eq!(session["name"], "Claire Martin-Duval", "{session}");
    assert_eq!(session["login"], "claire.martin@caf.example");

    // The same subject told by somebody else is somebody else.
    let mut two = Browser::default();
    two.sign_in(&site, &other, "partenaires", "claire.martin").await;
    assert_eq!(two.session(&site).await["login"], "claire.martin");
    let accounts = site.app.accounts().await.unwrap();
    let issuers: Vec<_> = accounts.iter().filter_map(|a| a.identity.clone()).collect();
    assert_eq!(issuers.len(), 2, "{accounts:?}");
    assert_ne!(issuers[0].0, issuers[1].0);
    assert_eq!(issuers[0].1, issuers[1].1);

    // The answer of one provider is not taken at the door of the other.
    let mut mixed = Browser::default();
    let away = mixed.leave(&site, "agents").await;
    let back = pro.log_in(&away, "samir.benali").await;
    let wrong = back.replace("/agents/", "/partenaires/");
    came_back_with(&mixed.get(&site, &wrong).await, "demande-inconnue");
    // Nor when it is named by the issuer it says.
    let lies = back.split("&iss=").next().unwrap().to_owned() + "&iss=https%3A%2F%2Fautre.example";
    came_back_with(&mixed.get(&site, &lies).await, "reponse-refusee");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_forged_or_spoilt_is_refused() {
    let Some(process) = start("keycloak") else { return };
    let site = site(vec![process.provider("agents")]).await;

    // A state that this browser was not given.
    let mut victim = Browser::default();
    let away = victim.leave(&site, "agents").await;
    let mut thief = Browser::default();
    let theirs = thief.leave(&site, "agents").await;
    let planted = process.log_in(&theirs, "samir.benali").await;
    came_back_with(&victim.get(&site, &planted).await, "demande-inconnue");
    let forged = "/api/v1/oidc/agents/callback?code=x&state=forged";
    came_back_with(&victim.get(&site, forged).await, "demande-inconnue");
    for bare in ["", "?", "?code=x", "?state="] {
        let at = format!("/api/v1/oidc/agents/callback{bare}");
        came_back_with(&victim.get(&site, &at).await, "demande-inconnue");
    }
    // Its own sign-in still holds, in spite of them.
    let back = process.log_in(&away, "claire.martin").await;
    let entered = victim.get(&site, &back).await;
    assert_eq!(entered.header("location"), "/flux?unit=Nord");

    // A code that is not the one given, then one made for another sign-in.
    let mut browser = Browser::default();
    let away = browser.leave(&site, "agents").await;
    let back = process.log_in(&away, "claire.martin").await;
    let code = back.split("code=").nth(1).unwrap().split('&').next().unwrap();
    let tampered = back.replace(code, &format!("{}xx", &code[..code.len() - 2]));
    came_back_with(&browser.get(&site, &tampered).await, "reponse-refusee");
    came_back_with(&browser.get(&site, &back).await, "demande-inconnue");
    let mut swapped = Browser::default();
    let away = swapped.leave(&site, "agents").await;
    let mine = process.log_in(&away, "claire.martin").await;
    let mine_code = mine.split("code=").nth(1).unwrap().split('&').next().unwrap();
    let other = planted.split("code=").nth(1).unwrap().split('&').next().unwrap();
    came_back_with(&swapped.get(&site, &mine.replace(mine_code, other)).await, "reponse-refusee");

    // Tokens that are not for us, not from it, not of now, or not signed.
    let now = jiff::Timestamp::now().as_second();
    for (what, token) in [
        ("audience", json!({ "claims": { "aud": "another-client" } })),
        ("second audience", json!({ "claims": { "aud": ["eclusier", "another-client"] } })),
        ("party", json!({ "claims": { "azp": "another-client" } })),
        ("issuer", json!({ "claims": { "iss": "https://autre.example" } })),
        ("nonce", json!({ "claims": { "nonce": "another" } })),
        ("no nonce", json!({ "claims": { "nonce": null } })),
        ("expired", json!({ "claims": { "exp": now - 120 } })),
        ("of the future", json!({ "claims": { "iat": now + 600, "exp": now + 900 } })),
        ("of another day", json!({ "claims": { "iat": now - 86_400 } })),
        ("access token", json!({ "claims": { "at_hash": "AAAAAAAAAAAAAAAAAAAAAA" } })),
        ("subject", json!({ "claims": { "sub": "" } })),
        ("unsigned", json!({ "alg": "none" })),
        ("shared secret", json!({ "alg": "HS256" })),
        ("other key under the same name", json!({ "key": "other" })),
        ("unknown key", json!({ "key": "unknown" })),
    ] {
        process.set(json!({ "token": token })).await;
        let mut browser = Browser::default();
        let answer = browser.sign_in(&site, &process, "agents", "samir.benali").await;
        let at = answer.header("location");
        assert!(at.starts_with("/connexion?erreur=reponse-refusee"), "{what}: {at}");
        assert!(at.ends_with("&retour=/flux%3Funit%3DNord"), "{what}: {at}");
        assert_eq!(browser.session(&site).await["state"], "signed_out", "{what}");
    }
    let accounts = site.app.accounts().await.unwrap();
    assert!(accounts.iter().all(|a| a.login != "samir.benali"), "{accounts:?}");

    // Within the difference of clocks, it holds.
    process.set(json!({ "token": { "claims": { "iat": now + 20, "exp": now - 20 } } })).await;
    let mut late = Browser::default();
    late.sign_in(&site, &process, "agents", "samir.benali").await;
    assert_eq!(late.session(&site).await["state"], "signed_in");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_turn_and_providers_go_down() {
    let Some(process) = start("keycloak") else { return };
    let site = site(vec![process.provider("agents")]).await;
    let mut browser = Browser::default();
    browser.sign_in(&site, &process, "agents", "claire.martin").await;
    assert_eq!(browser.session(&site).await["state"], "signed_in");

    // A key published since is found, at the cost of one question.
    process.set(json!({ "token": { "key": "next" } })).await;
    let mut browser = Browser::default();
    browser.sign_in(&site, &process, "agents", "claire.martin").await;
    assert_eq!(browser.session(&site).await["state"], "signed_in");
    assert_eq!(process.set(json!({})).await["/jwks"], 2);
    // Unknown keys do not make us ask at their pace.
    process.set(json!({ "token": { "key": "unknown" } })).await;
    for _ in 0..3 {
        let answer = Browser::default().sign_in(&site, &process, "agents", "claire.martin").await;
        came_back_with(&answer, "reponse-refusee");
    }
    assert_eq!(process.set(json!({ "reset": true })).await["/jwks"], 2);

    // Down in the middle: a word of ours, nothing of its page.
    let mut browser = Browser::default();
    let away = browser.leave(&site, "agents").await;
    let back = process.log_in(&away, "claire.martin").await;
    process.set(json!({ "down": true })).await;
    let answer = browser.get(&site, &back).await;
    came_back_with(&answer, "fournisseur-indisponible");
    assert!(!answer.header("location").contains("maintenance"));

    // Down from the start, for a site that has never seen it.
    let fresh = self::site(vec![process.provider("agents")]).await;
    let answer = Browser::default().get(&fresh, "/api/v1/oidc/agents/start").await;
    came_back_with(&answer, "fournisseur-indisponible");
    // Refused by the person.
    process.set(json!({ "reset": true })).await;
    let mut browser = Browser::default();
    let away = browser.leave(&fresh, "agents").await;
    let state = away.split("state=").nth(1).unwrap().split('&').next().unwrap();
    let text = "error=access_denied&error_description=Appelez+le+0+800";
    let given_up = format!("/api/v1/oidc/agents/callback?{text}&state={state}");
    let answer = browser.get(&fresh, &given_up).await;
    came_back_with(&answer, "abandon");
    assert!(!answer.header("location").contains("Appelez"));

    // A secret that is not ours.
    let mut wrong = process.provider("agents");
    wrong.client_secret = Some("another".into());
    let other = self::site(vec![wrong]).await;
    let answer = Browser::default().sign_in(&other, &process, "agents", "claire.martin").await;
    came_back_with(&answer, "fournisseur-mal-regle");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_named_hosts_are_asked_and_nobody_is_sent_elsewhere() {
    // Nothing of this needs a provider: none is reached.
    let mut inside = Provider::new("interne", "Interne", "https://127.0.0.1:1/", "eclusier");
    let mut metadata = Provider::new("machine", "Machine", "https://2852039166/", "eclusier");
    metadata.allowed_hosts = vec!["169.254.169.254".into()];
    metadata.allow_private = true;
    inside.allow_private = true;
    let mut away = Provider::new("ailleurs", "Ailleurs", "https://id.example/", "eclusier");
    away.allowed_hosts = vec!["autre.example".into()];
    let site = site(vec![inside, metadata, away]).await;
    for id in ["interne", "machine", "ailleurs"] {
        let answer = site.get(&format!("/api/v1/oidc/{id}/start")).await;
        came_back_with(&answer, "fournisseur-mal-regle");
    }
    for way in [
        "https://ailleurs.example/",
        "//ailleurs.example",
        "/%5Cailleurs.example",
        "/%09/ailleurs.example",
        "/.//ailleurs.example",
        "javascript:alert(1)",
        "flux",
    ] {
        let answer = site.get(&format!("/api/v1/oidc/interne/start?retour={way}")).await;
        assert_eq!(answer.status, 422, "{way}: {}", answer.header("location"));
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    assert_eq!(site.get("/api/v1/oidc/inconnu/start").await.status, 404);
    assert_eq!(site.get("/api/v1/oidc/inconnu/callback?state=x").await.status, 404);

    // Before the first account, a provider makes none: it would have no right at all.
    let empty = Site::new().await;
    let providers = vec![Provider::new("agents", "Agents", "https://id.example/", "eclusier")];
    let options = SiteOptions { providers, ..SiteOptions::default() };
    let router = eclusier_server::router(empty.app.clone(), options);
    let empty = Site { router, ..empty };
    came_back_with(&empty.get("/api/v1/oidc/agents/start").await, "premier-compte");
}
