//! A site with two bodies, their teams, and one account for each role.

use std::collections::BTreeMap;

use axum::{
    body::Body,
    http::{Method, StatusCode},
};
use eclusier_core::rights::roles;
use serde_json::{Value, json};

use crate::common::{Answer, Site, request};

pub const PASSWORD: &str = "trois péniches attendent l'aube";

/// Somebody with a browser: the cookie follows.
#[derive(Clone, Default)]
pub struct Browser {
    pub cookie: Option<String>,
    /// Where the requests come from, if the test says.
    pub peer: Option<std::net::SocketAddr>,
}

impl Browser {
    pub async fn ask(&mut self, site: &Site, method: Method, path: &str, body: Value) -> Answer {
        let mut headers = vec![("content-type", "application/json")];
        let cookie = self.cookie.clone().unwrap_or_default();
        if self.cookie.is_some() {
            headers.push(("cookie", &cookie));
        }
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let mut asked = request(method, path, &headers, Body::from(text));
        if let Some(peer) = self.peer {
            asked.extensions_mut().insert(axum::extract::ConnectInfo(peer));
        }
        let answer = site.ask(asked).await;
        let set = answer.header("set-cookie");
        if let Some(pair) = set.split(';').next().filter(|p| p.contains('=')) {
            let emptied = pair.ends_with('=');
            self.cookie = (!emptied).then(|| pair.to_owned());
        }
        answer
    }

    pub async fn get(&mut self, site: &Site, path: &str) -> Answer {
        self.ask(site, Method::GET, path, Value::Null).await
    }

    pub async fn post(&mut self, site: &Site, path: &str, body: Value) -> Answer {
        self.ask(site, Method::POST, path, body).await
    }

    /// Signs in, and fails the test if it cannot.
    pub async fn signed_in(site: &Site, login: &str) -> Browser {
        let mut browser = Browser::default();
        let body = json!({ "login": login, "password": PASSWORD });
        let answer = browser.post(site, "/api/v1/session", body).await;
        assert_eq!(answer.status, StatusCode::OK, "{login}: {}", answer.text());
        assert_eq!(answer.json()["state"], "signed_in", "{login}");
        browser
    }
}

/// Two bodies that both have a team "E1": Amont (E1, E2) and Aval (E1).
pub struct Bodies {
    pub site: Site,
    /// Nodes by name: `amont`, `amont-e1`, `amont-e2`, `aval`, `aval-e1`.
    pub nodes: BTreeMap<&'static str, String>,
}

/// Open cases of each team in the data.
pub const OPEN: [(&str, &str, u32); 3] =
    [("AMONT", "E1", 3), ("AMONT", "E2", 5), ("AVAL", "E1", 7)];

fn data() -> String {
    let mut text = String::from("Dossier;Activité;Date;Agent;Organisme;Équipe\r\n");
    for (org, team, open) in OPEN {
        // As many closed cases as open ones, so that every figure has something to say.
        for i in 0..2 * open {
            let case = format!("{org}-{team}-{i:03}");
            let day = 2 + i % 20;
            text.push_str(&format!(
                "{case};Réception;{day:02}/06/2025 09:00:00;a{};{org};{team}\r\n",
                i % 3
            ));
            if i >= open {
                text.push_str(&format!(
                    "{case};Décision;{:02}/06/2025 15:00:00;a{};{org};{team}\r\n",
                    day + 5,
                    i % 3
                ));
            }
        }
    }
    text
}

impl Bodies {
    pub async fn new() -> Self {
        let site = Site::new().await;
        site.store("dossiers.csv", &data(), "dossiers").await;
        let rules =
            json!({ "toml": "[states]\nsettled = [\"Décision\"]\n\n[[target]]\ndays = 10\n" });
        let put = site.send(Method::PUT, "/api/v1/processes/dossiers/config", rules).await;
        assert_eq!(put.status, 200, "{}", put.text());
        let mut nodes = BTreeMap::new();
        for (name, kind, code, parent) in [
            ("amont", "body", "AMONT", None),
            ("amont-e1", "team", "E1", Some("amont")),
            ("amont-e2", "team", "E2", Some("amont")),
            ("aval", "body", "AVAL", None),
            ("aval-e1", "team", "E1", Some("aval")),
        ] {
            let parent: Option<String> = parent.map(|p: &str| {
                let nodes: &BTreeMap<&str, String> = &nodes;
                nodes[p].clone()
            });
            let body = json!({ "kind": kind, "code": code, "label": name, "parent": parent,
                "from": "2024-01-01" });
            let made = site.post("/api/v1/organisation/nodes", body).await;
            assert_eq!(made.status, 200, "{name}: {}", made.text());
            nodes.insert(name, made.json()["id"].as_str().unwrap().to_owned());
        }
        let setup =
            json!({ "login": "admin", "name": "Admin", "password": PASSWORD, "steers": false });
        let made = site.post("/api/v1/setup", setup).await;
        assert_eq!(made.status, 200, "{}", made.text());
        Self { site, nodes }
    }

    /// An account that holds a role on a node (everything when absent).
    pub async fn account(&self, login: &str, role: Option<&str>, node: Option<&str>) -> String {
        use eclusier_core::{NodeId, org::Validity, rights::Grant};
        let registry = self.site.app.registry();
        let at = self.site.app.now();
        let new = eclusier_registry::NewAccount {
            login: login.into(),
            name: login.into(),
            person: None,
            password: Some(hash()),
            identity: None,
            must_change: false,
        };
        let account = registry.create_account(&new, false, "test", at).await.unwrap();
        if let Some(role) = role {
            let from = jiff::civil::date(2025, 1, 1);
            let grant = Grant {
                role: role.into(),
                node: node.map(|n| NodeId(self.nodes[n].clone())),
                processes: None,
                valid: Validity { from, to: None },
            };
            registry.grant_role(&account.id, &grant, None, "", "test", at).await.unwrap();
        }
        account.id
    }
}

/// The hash of [`PASSWORD`], made once: it is slow on purpose.
pub fn hash() -> String {
    static HASH: std::sync::LazyLock<String> =
        std::sync::LazyLock::new(|| password_auth::generate_hash(PASSWORD));
    HASH.clone()
}

/// Roles a person may hold.
pub fn assignable() -> Vec<&'static str> {
    roles().iter().filter(|(_, r)| r.assignable).map(|(id, _)| id.as_str()).collect()
}
