//! A site over a scratch data directory, asked in memory.

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode},
};
use eclusier_app::{App, AppOptions, DatabaseUrl};
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt as _;

pub struct Site {
    pub folder: TempDir,
    pub app: App,
    pub router: Router,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|e| panic!("{e}: {} {}", self.status, self.text()))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }
}

/// The PostgreSQL database these tests run on; SQLite when absent.
pub fn database() -> Option<DatabaseUrl> {
    let url = std::env::var("ECLUSIER_TEST_DATABASE_URL").ok().filter(|url| !url.is_empty());
    url.map(|url| url.parse().unwrap())
}

impl Site {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut options = AppOptions::new(folder.path().join("data"));
        options.database = database();
        options.now = Some("2025-07-01T08:00:00Z".parse().unwrap());
        options.server = true;
        let app = App::open(options).await.unwrap();
        let router = eclusier_server::router(app.clone(), eclusier_server::SiteOptions::default());
        Self { folder, app, router }
    }

    pub async fn ask(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: parts.status, headers: parts.headers, bytes }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(request(Method::GET, path, &[], Body::empty())).await
    }

    pub async fn send(&self, method: Method, path: &str, body: Value) -> Answer {
        let json = [("content-type", "application/json")];
        self.ask(request(method, path, &json, Body::from(body.to_string()))).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, body).await
    }

    /// A file in a form, as a browser sends it.
    pub async fn upload(&self, name: &str, content: &[u8]) -> Answer {
        let mut body = format!(
            "--limite\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: text/csv\r\n\r\n"
        )
        .into_bytes();
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n--limite--\r\n");
        let form = [("content-type", "multipart/form-data; boundary=limite")];
        self.ask(request(Method::POST, "/api/v1/uploads", &form, Body::from(body))).await
    }

    /// Waits for a job to end.
    pub async fn ended(&self, job: &Value) -> Value {
        let id = job["id"].as_str().unwrap_or_else(|| panic!("no job: {job}"));
        for _ in 0..400 {
            let job = self.get(&format!("/api/v1/jobs/{id}")).await.json();
            if !matches!(job["status"].as_str(), Some("queued" | "running")) {
                return job;
            }
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
        panic!("job {id} does not end");
    }

    /// Uploads and imports a file that must be stored; gives back the report.
    pub async fn store(&self, name: &str, text: &str, process: &str) -> Value {
        let preview = self.upload(name, text.as_bytes()).await.json();
        let address = format!("/api/v1/uploads/{}/import", preview["upload"].as_str().unwrap());
        let job = self.post(&address, serde_json::json!({ "process": process })).await.json();
        let ended = self.ended(&job).await;
        assert_eq!(ended["status"], "done", "{ended}");
        assert_eq!(ended["report"]["status"], "committed", "{ended}");
        ended["report"].clone()
    }
}

pub fn request(method: Method, path: &str, headers: &[(&str, &str)], body: Body) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path).header("host", "127.0.0.1:8000");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body).unwrap()
}

/// Cases of three steps; every fifth one is never decided.
pub fn log(cases: u32) -> String {
    let mut text = String::from("Dossier;Activité;Date;Agent;Service;Prestation\r\n");
    for i in 0..cases {
        let (d, m) = (1 + i % 20, i % 60);
        for (step, after, hour) in
            [("Réception", 0, 9), ("Instruction", 1 + i % 3, 10), ("Décision", 4 + i % 4, 15)]
        {
            if step == "Décision" && i % 5 == 4 {
                continue;
            }
            text.push_str(&format!(
                "A{i:04};{step};{:02}/06/2025 {hour:02}:{m:02}:00;agent{};{};Pension\r\n",
                d + after,
                i % 4,
                ["Nord", "Sud"][i as usize % 2]
            ));
        }
    }
    text
}

pub const COUNTS: &str = "Date;Entrées;Sorties;Stock\r\n\
    23/06/2025;10;4;106\r\n24/06/2025;8;9;105\r\n25/06/2025;12;7;110\r\n26/06/2025;5;5;110\r\n";
