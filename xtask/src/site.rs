//! The product served on a port of this machine, and people who use it.

use std::{
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use ureq::{Agent, http::Method};

use crate::shell::{Failure, Outcome, binary};

/// The password of everybody here.
const PASSWORD: &str = "une phrase assez longue pour servir 7 fois";

/// A served data directory; the server is killed when this is dropped.
pub struct Site {
    child: Child,
    address: String,
}

impl Site {
    /// Serves `data` on a free port and waits until it is ready. `database` is the PostgreSQL to
    /// use; without it SQLite.
    pub fn serve(data: &Path, database: Option<&str>) -> Outcome<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        Self::serve_on(data, database, port)
    }

    /// The same on a port of one's choice: people signed in before come back there.
    pub fn serve_on(data: &Path, database: Option<&str>, port: u16) -> Outcome<Self> {
        let mut command = Command::new(binary());
        command.args(["serve", "--bind", &format!("127.0.0.1:{port}")]);
        command.env("ECLUSIER_DATA", data).stderr(Stdio::null()).stdout(Stdio::null());
        // What is measured and broken here is not how fast one address may ask.
        command.env("ECLUSIER_LIMITS__REQUESTS_PER_MINUTE", "1000000");
        command.env("ECLUSIER_LIMITS__SIGN_INS_PER_MINUTE", "100000");
        if let Some(url) = database {
            command.env("ECLUSIER_DATABASE_URL", url);
        }
        let child = command.spawn()?;
        let mut site = Self { child, address: format!("http://127.0.0.1:{port}") };
        let nobody = Visitor::new(&site);
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(60) {
            if nobody.get("/health/ready").is_ok_and(|a| a.status == 200) {
                return Ok(site);
            }
            if let Some(status) = site.child.try_wait()? {
                return Err(Failure(format!("the server ended at once: {status}")));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err(Failure("the server is not ready after a minute".into()))
    }

    /// The port listened to.
    pub fn port(&self) -> u16 {
        self.address.rsplit(':').next().and_then(|p| p.parse().ok()).unwrap_or(0)
    }

    /// Where it is served.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Kills the server where it stands.
    pub fn kill(mut self) -> Outcome {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the site said.
#[derive(Debug)]
pub struct Answer {
    /// Status of HTTP.
    pub status: u16,
    /// The body, `null` if it is no JSON.
    pub body: Value,
    /// Its size in bytes.
    pub bytes: usize,
}

impl Answer {
    /// The body of a good answer.
    pub fn good(self) -> Outcome<Value> {
        if (200..300).contains(&self.status) {
            Ok(self.body)
        } else {
            Err(Failure(format!("status {}: {}", self.status, self.body)))
        }
    }
}

/// Somebody with a browser: cookies follow.
#[derive(Clone)]
pub struct Visitor {
    agent: Agent,
    address: String,
}

impl Visitor {
    /// Somebody who has not signed in.
    pub fn new(site: &Site) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(120)))
            .build();
        Self { agent: config.new_agent(), address: site.address.clone() }
    }

    /// A question.
    pub fn get(&self, path: &str) -> Outcome<Answer> {
        let mut answer = self.agent.get(format!("{}{path}", self.address)).call()?;
        let status = answer.status().as_u16();
        let text = answer.body_mut().with_config().limit(1 << 30).read_to_vec()?;
        let body = serde_json::from_slice(&text).unwrap_or(Value::Null);
        Ok(Answer { status, body, bytes: text.len() })
    }

    /// A question of the bearer of a token.
    pub fn get_as(&self, token: &str, path: &str) -> Outcome<Answer> {
        let request = self.agent.get(format!("{}{path}", self.address));
        let answer = request.header("authorization", format!("Bearer {token}")).call()?;
        Ok(Answer { status: answer.status().as_u16(), body: Value::Null, bytes: 0 })
    }

    /// A change.
    pub fn send(&self, method: Method, path: &str, body: &Value) -> Outcome<Answer> {
        let address = format!("{}{path}", self.address);
        let request = match method {
            Method::PUT => self.agent.put(address),
            _ => self.agent.post(address),
        };
        let mut answer = request.send_json(body)?;
        let status = answer.status().as_u16();
        let text = answer.body_mut().read_to_vec()?;
        let body = serde_json::from_slice(&text).unwrap_or(Value::Null);
        Ok(Answer { status, body, bytes: text.len() })
    }

    /// A change that must be made.
    pub fn post(&self, path: &str, body: &Value) -> Outcome<Value> {
        let answer = self.send(Method::POST, path, body)?;
        answer.good().map_err(|Failure(why)| Failure(format!("{path}: {why}")))
    }

    /// Opens the first account of the site, which administers and steers.
    pub fn first(site: &Site) -> Outcome<Self> {
        let visitor = Self::new(site);
        let who = json!({ "login": "premier", "name": "Premier", "password": PASSWORD,
            "steers": true });
        visitor.post("/api/v1/setup", &who)?;
        Ok(visitor)
    }

    /// Opens an account with roles, each on a node (everywhere when absent), and signs it in.
    pub fn newcomer(
        &self,
        site: &Site,
        login: &str,
        roles: &[(&str, Option<&str>)],
    ) -> Outcome<Self> {
        let made = self.post("/api/v1/accounts", &json!({ "login": login, "name": login }))?;
        let account = &made["account"]["id"];
        for (role, node) in roles {
            let grant = json!({ "account": account, "role": role, "node": node,
                "from": "2020-01-01", "reason": "essai" });
            self.post("/api/v1/grants", &grant)?;
        }
        let given = &made["password"];
        let visitor = Self::new(site);
        visitor.post("/api/v1/session", &json!({ "login": login, "password": given }))?;
        let change = json!({ "current": given, "new": PASSWORD });
        visitor.send(Method::PUT, "/api/v1/me/password", &change)?.good()?;
        let again = Self::new(site);
        again.sign_in(login)?;
        Ok(again)
    }

    /// Signs in.
    pub fn sign_in(&self, login: &str) -> Outcome {
        self.post("/api/v1/session", &json!({ "login": login, "password": PASSWORD }))?;
        Ok(())
    }
}
