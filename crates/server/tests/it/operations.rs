//! The program as those who run it see it: who reaches it, what it bounds, what it tells.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Method, Request, StatusCode},
};
use bytes::Bytes;
use eclusier_server::{
    Plan, SiteOptions,
    exposure::decide,
    limits::LimitOptions,
    router,
    settings::{self, Settings},
};
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

use crate::{
    common::{Answer, Site, log, request},
    people::{Browser, PASSWORD},
};

async fn site(options: SiteOptions) -> Site {
    let mut site = Site::new().await;
    site.router = router(site.app.clone(), options);
    site
}

/// A request as it comes from an address.
fn from(peer: &str, path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut asked = request(Method::GET, path, headers, Body::empty());
    let peer = SocketAddr::new(peer.parse().unwrap(), 4_711);
    asked.extensions_mut().insert(ConnectInfo(peer));
    asked
}

fn refused(answer: &Answer, status: u16, kind: &str) {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(answer.json()["type"], format!("urn:eclusier:problem:{kind}"));
}

#[test]
fn nobody_is_let_in_from_the_network_in_the_clear() {
    let set = |tls: bool, proxies: &[&str], hosts: &[&str]| {
        let mut settings = Settings::default();
        if tls {
            settings.server.tls_certificate = Some("chain.pem".into());
            settings.server.tls_key = Some("key.pem".into());
        }
        settings.server.trusted_proxies = proxies.iter().map(|p| (*p).to_owned()).collect();
        settings.server.hosts = hosts.iter().map(|p| (*p).to_owned()).collect();
        settings
    };
    // Address, TLS, proxies, hosts: refused, or (public, secure).
    for (bind, tls, proxies, hosts, expected) in [
        ("127.0.0.1:8000", false, &[][..], &[][..], Some((false, false))),
        ("[::1]:8000", false, &[], &[], Some((false, false))),
        ("localhost:8000", false, &[], &[], Some((false, false))),
        ("127.0.0.1:8000", true, &[], &[], Some((false, true))),
        // A proxy on the same machine brings others here.
        ("127.0.0.1:8000", false, &["127.0.0.1"], &["e.example"], Some((true, true))),
        ("127.0.0.1:8000", false, &["127.0.0.1"], &[], None),
        ("127.0.0.1:8000", false, &[], &["e.example"], Some((true, false))),
        ("0.0.0.0:8000", false, &[], &[], None),
        ("0.0.0.0:8000", false, &[], &["e.example"], None),
        ("0.0.0.0:8000", true, &[], &[], None),
        ("0.0.0.0:8000", true, &[], &["e.example"], Some((true, true))),
        ("0.0.0.0:8000", false, &["10.0.0.0/8"], &["e.example"], Some((true, true))),
        ("[::]:8000", false, &[], &["e.example"], None),
        ("192.168.1.4:8000", false, &[], &[], None),
        ("192.168.1.4:8000", true, &[], &[], Some((true, true))),
        ("192.168.1.4:8000", false, &["10.0.0.1"], &[], Some((true, true))),
        ("here", true, &[], &["e.example"], None),
        ("127.0.0.1", true, &[], &["e.example"], None),
    ] {
        let found = decide(&set(tls, proxies, hosts), Some(bind));
        let told = found.as_ref().ok().map(|e| (e.public, e.secure));
        assert_eq!(told, expected, "{bind} tls={tls} {proxies:?} {hosts:?}");
        if let Err(error) = found {
            assert_eq!(error.kind(), "invalid");
            let [fr, en] = error.words();
            let says = |t: &str| ["server.", "127.0.0.1:8000"].iter().any(|w| t.contains(w));
            assert!(says(&fr) && says(&en), "what to write: {fr} / {en}");
        }
    }
    // The address listened to is a name browsers may write.
    let exposed = decide(&set(true, &[], &[]), Some("192.168.1.4:8000")).unwrap();
    assert_eq!(exposed.hosts, ["192.168.1.4"]);
}

fn load(folder: &Path, text: &str, environment: &[(&str, &str)]) -> Result<Settings, String> {
    let file = folder.join("reglages.toml");
    std::fs::write(&file, text).unwrap();
    let variables = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    settings::load(Some(&file), folder, variables).map_err(|e| e.words().join("\n"))
}

#[test]
fn what_is_not_a_setting_is_refused_with_its_name_and_the_nearest() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    for (text, environment, words) in [
        (
            "[server]\nbindd = \"127.0.0.1:1\"",
            &[][..],
            &["reglages.toml", "server.bindd", "« bind »", "“bind”"][..],
        ),
        ("[sever]\nbind = \"127.0.0.1:1\"", &[], &["sever", "[server]"]),
        ("bind = \"127.0.0.1:1\"", &[], &["bind"]),
        (
            "[limits]\nupload_megabytes = \"big\"",
            &[],
            &["limits.upload_megabytes", "nombre entier", "4096"],
        ),
        ("[limits]\nupload_megabytes = -3", &[], &["limits.upload_megabytes"]),
        ("[limits]\nupload_megabytes = 0", &[], &["limits.upload_megabytes", "1 à"]),
        ("[server]\nhosts = \"e.example\"", &[], &["server.hosts", "liste", "list"]),
        ("[server]\nhosts = [\"https://e.example\"]", &[], &["server.hosts", "https://e.example"]),
        ("[server]\ntrusted_proxies = [\"10.0.0.0/33\"]", &[], &["trusted_proxies", "10.0.0.0/33"]),
        ("[server]\ntls_key = \"k.pem\"", &[], &["server.tls_certificate"]),
        ("[server]\nbind = \"8000\"", &[], &["server.bind", "127.0.0.1:8000"]),
        ("[backup]\nfolder = \"nowhere\"", &[], &["backup.folder", "nowhere"]),
        ("[backup]\nrehearse = \"oui\"", &[], &["backup.rehearse", "true"]),
        ("[log]\nlevel = \"loud\"", &[], &["log.level", "debug"]),
        ("[telemetry]\notlp_endpoint = \"http://a:b@c\"", &[], &["telemetry.otlp_endpoint"]),
        ("[provider]\nid = \"x\"", &[], &["[[provider]]"]),
        (
            "[[provider]]\nid = \"x\"\nissuer = \"http://e.example\"",
            &[],
            &["provider.issuer", "https://"],
        ),
        ("[[provider]]\nidd = \"x\"", &[], &["provider.idd", "« id »"]),
        ("[server\nbind", &[], &["reglages.toml"]),
        (
            "",
            &[("ECLUSIER_SERVER__BINDS", "127.0.0.1:1")],
            &["ECLUSIER_SERVER__BINDS", "ECLUSIER_SERVER__BIND "],
        ),
        ("", &[("ECLUSIER_BIND", "127.0.0.1:1")], &["ECLUSIER_BIND"]),
        ("", &[("ECLUSIER_DAT", "x")], &["ECLUSIER_DATA"]),
        ("", &[("ECLUSIER_BACKUP__KEEP", "many")], &["ECLUSIER_BACKUP__KEEP", "backup.keep"]),
        ("", &[("ECLUSIER_BACKUP__KEEP", "0")], &["variable ECLUSIER_BACKUP__KEEP"]),
        ("", &[("ECLUSIER_PROVIDER__ID", "x")], &["client_secret_file"]),
    ] {
        let why = load(here, text, environment).expect_err(text);
        for word in words {
            assert!(why.contains(word), "{text} {environment:?}: no {word} in\n{why}");
        }
    }
}

#[test]
fn variables_override_the_file_and_secrets_are_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("sauvegardes")).unwrap();
    let text = "[server]\nbind = \"127.0.0.1:1\"\nhosts = [\"a.example\"]\n\
        [backup]\nfolder = \"sauvegardes\"\nkeep = 3\n\
        [[provider]]\nid = \"agents\"\nissuer = \"https://idp.example\"\nclient_id = \"eclusier\"\n\
        client_secret = \"plus-secret-que-secret\"\n";
    let environment = [
        ("ECLUSIER_SERVER__BIND", "127.0.0.1:2"),
        ("ECLUSIER_SERVER__HOSTS", "b.example, c.example"),
        ("ECLUSIER_BACKUP__REHEARSE", "false"),
        ("ECLUSIER_LANG", "en"),
        ("ECLUSIER_TEST_ANYTHING", "1"),
        ("PATH", "/bin"),
    ];
    let settings = load(folder.path(), text, &environment).unwrap();
    assert_eq!(settings.server.bind, "127.0.0.1:2");
    assert_eq!(settings.server.hosts, ["b.example", "c.example"]);
    assert_eq!((settings.backup.keep, settings.backup.rehearse), (3, false));
    // A relative folder is beside the file that names it.
    assert_eq!(settings.backup.folder, Some(folder.path().join("sauvegardes")));
    let secret = settings.provider[0].client_secret.as_ref().unwrap();
    assert_eq!(secret.expose(), "plus-secret-que-secret");
    let shown = serde_json::to_string(&settings).unwrap();
    assert!(shown.contains("agents") && !shown.contains("plus-secret"), "{shown}");
    assert!(!format!("{settings:?}").contains("plus-secret"));
    // The usual file is that of the data directory; without any, the defaults.
    assert_eq!(settings::load(None, folder.path(), []).unwrap(), Settings::default());
    std::fs::write(folder.path().join("eclusier.toml"), "[backup]\nkeep = 5\n").unwrap();
    assert_eq!(settings::load(None, folder.path(), []).unwrap().backup.keep, 5);
    let missing = folder.path().join("absent.toml");
    assert!(settings::load(Some(&missing), folder.path(), []).is_err());
}

#[test]
fn the_page_of_settings_lists_what_exists_with_its_default() {
    let page = include_str!("../../../../docs/operations/settings.md");
    let mut told = BTreeMap::new();
    for line in page.lines().filter_map(|l| l.strip_prefix("| `")) {
        let Some((name, rest)) = line.split_once("` | ") else { continue };
        let usual = rest.split(" | ").next().unwrap();
        told.insert(name.to_owned(), usual.trim_matches('`').to_owned());
    }
    let mut known = BTreeMap::new();
    for (section, part) in settings::shape() {
        for (key, usual) in part.as_object().unwrap() {
            let usual = match usual {
                Value::Null => "none".to_owned(),
                Value::String(text) if text.is_empty() => match key.as_str() {
                    "label" => "its id".to_owned(),
                    _ => "–".to_owned(),
                },
                other => other.to_string(),
            };
            known.insert(format!("{section}.{key}"), usual);
        }
    }
    assert_eq!(told, known);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stranger_says_of_its_address_is_not_believed() {
    let limits = LimitOptions { requests_per_minute: 4, ..LimitOptions::default() };
    let options = SiteOptions {
        public: true,
        trusted_proxies: vec!["10.0.0.0/24".parse().unwrap()],
        hosts: vec!["e.example".into()],
        limits,
        ..SiteOptions::default()
    };
    let site = site(options).await;
    let ask = async |peer: &str, spoken: &[(&str, &str)]| {
        site.ask(from(peer, "/api/v1/session", spoken)).await.status.as_u16()
    };
    // A stranger that changes its name at each request is one address.
    let mut answers = Vec::new();
    for i in 0..6 {
        let name = format!("198.51.100.{i}");
        answers.push(ask("203.0.113.9", &[("x-forwarded-for", &name)]).await);
    }
    assert_eq!(answers, [200, 200, 200, 200, 429, 429]);
    // A declared proxy speaks for as many as it says; what they wrote before it is not read.
    for i in 0..6 {
        let line = format!("127.0.0.1, 198.51.100.{i}");
        assert_eq!(ask("10.0.0.5", &[("x-forwarded-for", &line)]).await, 200);
    }
    for (expected, i) in [200, 200, 200, 429].into_iter().zip(0..) {
        let line = format!("192.0.2.{i}, 198.51.100.1");
        assert_eq!(ask("10.0.0.5", &[("x-forwarded-for", &line)]).await, expected, "{i}");
    }
    // The name and the scheme too: believed from the proxy, not from a stranger.
    let named = [("x-forwarded-host", "e.example"), ("x-forwarded-for", "198.51.100.77")];
    assert_eq!(ask("10.0.0.5", &named).await, 200);
    let elsewhere = [("x-forwarded-host", "autre.example"), ("x-forwarded-for", "198.51.100.78")];
    assert_eq!(ask("10.0.0.5", &elsewhere).await, 403);
    let clear = [("x-forwarded-proto", "http"), ("x-forwarded-for", "198.51.100.79")];
    assert_eq!(ask("10.0.0.5", &clear).await, 403);
    assert_eq!(ask("203.0.113.10", &[("x-forwarded-proto", "http")]).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_is_whoever_is_on_the_machine_and_comes_by_no_proxy() {
    let site = Site::new().await;
    let state = async |peer: &str, headers: &[(&str, &str)]| {
        let answer = site.ask(from(peer, "/api/v1/session", headers)).await;
        answer.json()["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(state("127.0.0.1", &[]).await, "owner");
    assert_eq!(state("::ffff:127.0.0.1", &[]).await, "owner");
    assert_eq!(state("203.0.113.9", &[]).await, "setup");
    for name in ["x-forwarded-for", "x-real-ip", "forwarded", "x-forwarded-host"] {
        assert_eq!(state("127.0.0.1", &[(name, "127.0.0.1")]).await, "setup", "{name}");
        assert_eq!(state("203.0.113.9", &[(name, "127.0.0.1")]).await, "setup", "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_too_often_is_told_when_to_come_back() {
    let limits =
        LimitOptions { requests_per_minute: 60, sign_ins_per_minute: 3, ..LimitOptions::default() };
    let site = site(SiteOptions { public: true, limits, ..SiteOptions::default() }).await;
    let mut last = None;
    for _ in 0..61 {
        last = Some(site.ask(from("203.0.113.9", "/nothing.png", &[])).await);
    }
    let last = last.unwrap();
    refused(&last, 429, "too-many");
    assert_eq!(last.header("retry-after"), "1");
    assert!(last.text().contains("1\u{202f}s") || last.text().contains("1 s"));
    // Probes are never counted, neighbours are not concerned.
    assert_eq!(site.ask(from("203.0.113.9", "/health/live", &[])).await.status, 200);
    assert_eq!(site.ask(from("203.0.113.10", "/api/v1/session", &[])).await.status, 200);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(site.ask(from("203.0.113.9", "/api/v1/session", &[])).await.status, 200);
    // Guessing has a count of its own.
    let mut answers = Vec::new();
    for _ in 0..5 {
        let body = json!({ "login": "personne", "password": "rien" }).to_string();
        let mut asked = request(
            Method::POST,
            "/api/v1/session",
            &[("content-type", "application/json")],
            Body::from(body),
        );
        let peer: SocketAddr = "203.0.113.11:1".parse().unwrap();
        asked.extensions_mut().insert(ConnectInfo(peer));
        answers.push(site.ask(asked).await.status.as_u16());
    }
    assert_eq!(answers[3..], [429, 429], "{answers:?}");
    assert_ne!(answers[2], 429);
    assert_eq!(site.ask(from("203.0.113.11", "/api/v1/session", &[])).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_or_too_slow_is_cut() {
    let limits = LimitOptions {
        upload_bytes: 3 << 20,
        silence: Duration::from_millis(150),
        ..LimitOptions::default()
    };
    let site = site(SiteOptions { limits, ..SiteOptions::default() }).await;
    let json = [("content-type", "application/json")];
    let long = || json!({ "process": "x".repeat(2 << 20) }).to_string();
    let post = |body| request(Method::POST, "/api/v1/counts", &json, body);
    refused(&site.ask(post(Body::from(long()))).await, 413, "too-large");
    let lying = [("content-type", "application/json"), ("content-length", "99999999")];
    let asked = request(Method::POST, "/api/v1/counts", &lying, Body::from("{}"));
    refused(&site.ask(asked).await, 413, "too-large");
    // Without a length, counted as it comes.
    let text = long().into_bytes();
    let chunks: Vec<_> =
        text.chunks(64 << 10).map(|c| Ok::<_, Infallible>(Bytes::copy_from_slice(c))).collect();
    refused(&site.ask(post(Body::from_stream(stream::iter(chunks)))).await, 413, "too-large");
    // A file has its own limit.
    let text = log(40_000);
    assert!(text.len() > 4 << 20);
    refused(&site.upload("grand.csv", text.as_bytes()).await, 413, "too-large");
    let text = log(15_000);
    assert!(text.len() > 1 << 20);
    assert_eq!(site.upload("moyen.csv", text.as_bytes()).await.status, 200);
    // Nothing of the large one is kept.
    let kept = std::fs::read_dir(site.app.home().root().join("uploads")).unwrap().count();
    assert_eq!(kept, 1);

    let stalled =
        stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"{"))]).chain(stream::pending());
    let begun = Instant::now();
    refused(&site.ask(post(Body::from_stream(stalled))).await, 408, "slow");
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_numbered_and_a_served_site_is_kept_shut() {
    let options = SiteOptions {
        secure: true,
        public: true,
        setup_code: Some("abc".into()),
        ..SiteOptions::default()
    };
    let site = site(options).await;
    for path in ["/", "/api/v1/session", "/api/v1/nothing", "/health/ready", "/api/openapi.json"] {
        let answer = site.get(path).await;
        assert!(
            answer.header("strict-transport-security").starts_with("max-age=31536000"),
            "{path}"
        );
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{path}");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{path}");
        assert!(answer.header("permissions-policy").contains("camera=()"), "{path}");
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("script-src 'self';"), "no inlined script: {policy}");
        assert_eq!(answer.header("x-request-id").len(), 32, "{path}");
    }
    let given = [("x-request-id", "mine"), ("content-type", "application/json")];
    let setup = |code: &str| json!({ "login": "admin", "name": "Admin", "password": PASSWORD, "steers": true, "code": code });
    let ask = async |code: &str| {
        let body = Body::from(setup(code).to_string());
        site.ask(request(Method::POST, "/api/v1/setup", &given, body)).await
    };
    assert_ne!(ask("abd").await.status, StatusCode::OK);
    let made = ask("abc").await;
    assert_eq!(made.status, 200, "{}", made.text());
    // The number of somebody nobody declared is not taken.
    assert_ne!(made.header("x-request-id"), "mine");
    let cookie = made.header("set-cookie");
    for part in ["__Host-eclusier=", "Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{part}: {cookie}");
    }
    // On one's own machine, without TLS, browsers are not asked for what does not exist.
    let plain = Site::new().await.get("/").await;
    assert_eq!(plain.header("strict-transport-security"), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_say_that_it_lives_and_when_it_cannot_answer() {
    let options = SiteOptions::default();
    let stop = options.stop.clone();
    let site = site(options).await;
    // By whatever name: a probe knows an address only.
    let named = |path| axum::http::Request::builder().uri(path).header("host", "10.1.2.3:8000");
    for path in ["/health/live", "/health/ready"] {
        let answer = site.ask(named(path).body(Body::empty()).unwrap()).await;
        assert_eq!((answer.status.as_u16(), answer.json()["status"].as_str()), (200, Some("ok")));
    }
    let elsewhere = site.ask(named("/metrics").body(Body::empty()).unwrap()).await;
    assert_eq!(elsewhere.status, StatusCode::FORBIDDEN);
    stop.cancel();
    refused(&site.get("/health/ready").await, 503, "unavailable");
    // A registry that is gone stops the answers, not the process.
    let site = Site::new().await;
    site.app.close().await;
    refused(&site.get("/health/ready").await, 503, "unavailable");
    assert_eq!(site.get("/health/live").await.status, 200);
}

/// Reads the text format: names, labels, values; anything else fails.
fn samples(text: &str) -> Vec<(String, BTreeMap<String, String>, f64)> {
    let mut samples = Vec::new();
    for line in text.lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
        let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
        let (name, rest) = series.split_once('{').unwrap_or((series, "}"));
        let labels = rest.strip_suffix('}').unwrap_or_else(|| panic!("{line}"));
        let named = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
        assert!(!name.is_empty() && name.chars().all(named), "{line}");
        let labels = labels
            .split("\",")
            .filter(|l| !l.is_empty())
            .map(|l| {
                let (key, text) = l.split_once("=\"").unwrap_or_else(|| panic!("{line}"));
                (key.to_owned(), text.trim_end_matches('"').to_owned())
            })
            .collect();
        samples.push((name.to_owned(), labels, value.parse().unwrap_or_else(|_| panic!("{line}"))));
    }
    samples
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_count_routes_and_name_nobody() {
    let site = Site::new().await;
    site.store("a.csv", &log(20), "retraites-xyz").await;
    let setup = json!({ "login": "prenom.nom", "name": "Prénom Nom", "password": PASSWORD, "steers": true });
    assert_eq!(site.post("/api/v1/setup", setup).await.status, 200);
    let mut browser = Browser::signed_in(&site, "prenom.nom").await;
    for path in ["/api/v1/cases?process=retraites-xyz", "/api/v1/cases/A0001", "/dossiers/A0001"] {
        browser.get(&site, path).await;
    }
    // From elsewhere a right is needed; a claim to be near is worth nothing.
    for headers in [&[][..], &[("x-forwarded-for", "127.0.0.1")], &[("x-real-ip", "127.0.0.1")]] {
        let answer = site.ask(from("203.0.113.9", "/metrics", headers)).await;
        assert!([401, 403].contains(&answer.status.as_u16()), "{}", answer.status);
    }
    let proxied = from("127.0.0.1", "/metrics", &[("x-forwarded-for", "127.0.0.1")]);
    assert_ne!(site.ask(proxied).await.status, 200);

    let answer = site.ask(from("127.0.0.1", "/metrics", &[])).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.header("content-type").starts_with("text/plain; version=0.0.4"));
    let text = answer.text();
    let samples = samples(&text);
    let of = |name: &str| samples.iter().filter(|s| s.0 == name).collect::<Vec<_>>();
    let sessions = of("eclusier_http_request_duration_seconds_count");
    assert!(
        sessions
            .iter()
            .any(|s| s.1["route"] == "/api/v1/session" && s.1["status"] == "2xx" && s.2 >= 1.0)
    );
    assert!(sessions.iter().any(|s| s.1["route"] == "page"));
    assert!(of("eclusier_jobs").iter().any(|s| s.1["status"] == "done" && s.2 >= 1.0));
    assert!(of("eclusier_lake_bytes")[0].2 > 0.0 && of("eclusier_lake_files")[0].2 >= 1.0);
    assert_eq!(of("eclusier_build_info").len(), 1);
    for name in ["eclusier_registry_write_wait_seconds_count", "eclusier_desk_fold_seconds_count"] {
        assert!(of(name).iter().any(|s| s.2 >= 1.0), "{name}");
    }
    let rows = of("eclusier_import_rows_total");
    assert!(rows.iter().any(|s| s.1["outcome"] == "accepted" && s.2 >= 56.0), "{rows:?}");
    for secret in ["A0001", "prenom", "Prénom", "retraites-xyz", "agent", "203.0.113", "a.csv"] {
        assert!(!text.contains(secret), "{secret} in the metrics");
    }
}

/// What the program writes, kept.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_name_neither_people_nor_cases_nor_secrets() {
    let kept = Kept::default();
    let writer = kept.clone();
    let mut talkative = Settings::default().log;
    talkative.level = "trace".into();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_env_filter(talkative.filter())
        .with_writer(move || writer.clone())
        .finish();
    // For the whole process: what runs on other threads is listened to as well.
    if tracing::subscriber::set_global_default(subscriber).is_err() {
        panic!("another test listens to the messages of this process");
    }
    let site = site(SiteOptions {
        public: true,
        setup_code: Some("c0de-5ecret".into()),
        ..SiteOptions::default()
    })
    .await;
    let login = "prenom.nom.secret";
    let setup = json!({ "login": login, "name": "Prénom Secret", "password": PASSWORD, "steers": true, "code": "c0de-5ecret" });
    let peer = "203.0.113.12:4242".parse().ok();
    let mut browser = Browser { peer, ..Browser::default() };
    let mut stranger = browser.clone();
    assert_eq!(browser.post(&site, "/api/v1/setup", setup).await.status, 200);
    let wrong = json!({ "login": login, "password": "mauvais mot de passe" });
    assert_eq!(stranger.post(&site, "/api/v1/session", wrong).await.status, 401);
    let right = json!({ "login": login, "password": PASSWORD });
    assert_eq!(browser.post(&site, "/api/v1/session", right).await.status, 200);
    let cookie = browser.cookie.clone().unwrap();
    let mut body = b"--limite\r\nContent-Disposition: form-data; name=\"file\"; filename=\"dossiers-secrets.csv\"\r\n\r\n".to_vec();
    body.extend_from_slice(log(20).replace("agent1", "Dupont Jeanne").as_bytes());
    body.extend_from_slice(b"\r\n--limite--\r\n");
    let form =
        [("content-type", "multipart/form-data; boundary=limite"), ("cookie", cookie.as_str())];
    let asked = request(Method::POST, "/api/v1/uploads", &form, Body::from(body));
    let preview = site.ask(asked).await;
    assert_eq!(preview.status, 200, "{}", preview.text());
    let upload = preview.json()["upload"].as_str().unwrap().to_owned();
    let import = format!("/api/v1/uploads/{upload}/import");
    let job = browser.post(&site, &import, json!({ "process": "pensions" })).await.json();
    let address = format!("/api/v1/jobs/{}", job["id"].as_str().unwrap());
    for _ in 0..400 {
        let job = browser.get(&site, &address).await.json();
        if !matches!(job["status"].as_str(), Some("queued" | "running")) {
            assert_eq!(job["status"], "done", "{job}");
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    browser.get(&site, "/api/v1/cases?process=pensions&q=A0001").await;
    browser.get(&site, "/dossiers/A0001?personne=secret").await;
    browser.get(&site, "/api/v1/organisation?day=secret").await;

    let written = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<Value> = written.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let routes: Vec<&str> = lines.iter().filter_map(|l| l["span"]["route"].as_str()).collect();
    assert!(
        routes.contains(&"/api/v1/session") && routes.contains(&"/api/v1/uploads"),
        "{written}"
    );
    assert!(
        lines.iter().all(|l| l["span"]["route"].is_null() || l["span"]["request_id"].is_string())
    );
    let session = cookie.split('=').nth(1).unwrap();
    for secret in [
        login,
        "Prénom",
        PASSWORD,
        "mauvais mot",
        "c0de-5ecret",
        session,
        "A0001",
        "Dupont",
        "dossiers-secrets",
        "personne=secret",
        "day=secret",
        &upload,
        "203.0.113",
    ] {
        assert!(!written.contains(secret), "{secret} was written");
    }
}

/// A port nobody listens to.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn connect(port: u16) -> TcpStream {
    for _ in 0..200 {
        if let Ok(stream) = TcpStream::connect(("127.0.0.1", port)) {
            stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            return stream;
        }
        std::thread::sleep(Duration::from_millis(25));
    }
    panic!("nobody listens to {port}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_slow_head_is_cut_and_a_stop_waits_for_nobody_who_only_listens() {
    let site = Site::new().await;
    let port = free_port();
    let mut plan = Plan::new(&Settings::default(), Some(&format!("127.0.0.1:{port}"))).unwrap();
    let options = plan.options_mut();
    options.limits.head = Duration::from_millis(400);
    let stop = options.stop.clone();
    let server = tokio::spawn(eclusier_server::serve(site.app.clone(), plan, None));
    let slow = tokio::task::spawn_blocking(move || {
        let mut stream = connect(port);
        stream.write_all(b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\nX-").unwrap();
        let begun = Instant::now();
        let mut rest = Vec::new();
        // Closed, with or without a word.
        let _ = stream.read_to_end(&mut rest);
        assert!(!String::from_utf8_lossy(&rest).contains(" 200 "));
        begun.elapsed()
    });
    let took = slow.await.unwrap();
    assert!(took < Duration::from_secs(5), "{took:?}");

    let listening = tokio::task::spawn_blocking(move || {
        let mut stream = connect(port);
        stream
            .write_all(b"GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n")
            .unwrap();
        let mut first = [0; 1_024];
        let n = stream.read(&mut first).unwrap();
        assert!(
            first[..n].starts_with(b"HTTP/1.1 200"),
            "{}",
            String::from_utf8_lossy(&first[..n])
        );
        stop.cancel();
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
    });
    let begun = Instant::now();
    listening.await.unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(15), server).await;
    ended.expect("the server does not stop").unwrap().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tls_is_served_and_a_certificate_that_cannot_be_used_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let here = |name: &str| folder.path().join(name);
    let mut settings = Settings::default();
    settings.server.tls_certificate = Some(here("chain.pem"));
    settings.server.tls_key = Some(here("key.pem"));
    let words = |settings: &Settings| {
        Plan::new(settings, Some("127.0.0.1:0")).map(|_| ()).unwrap_err().words().join("\n")
    };
    assert!(words(&settings).contains("chain.pem"));
    std::fs::write(here("chain.pem"), "no certificate").unwrap();
    assert!(words(&settings).contains("server.tls_certificate"));
    let made = std::process::Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])
        .args(["-nodes", "-subj", "/CN=localhost", "-days", "2", "-keyout"])
        .arg(here("key.pem"))
        .arg("-out")
        .arg(here("chain.pem"))
        .output();
    if !made.is_ok_and(|m| m.status.success()) {
        eprintln!("skipped: no openssl to make a certificate");
        return;
    }
    let port = free_port();
    let mut plan = Plan::new(&settings, Some(&format!("127.0.0.1:{port}"))).unwrap();
    assert!(plan.exposure().secure);
    let stop = plan.options_mut().stop.clone();
    let site = Site::new().await;
    let server = tokio::spawn(eclusier_server::serve(site.app.clone(), plan, None));
    let asked = tokio::task::spawn_blocking(move || {
        drop(connect(port));
        let ask = |version: &str| {
            let mut client = std::process::Command::new("openssl")
                .args(["s_client", "-quiet", version, "-alpn", "http/1.1", "-connect"])
                .arg(format!("127.0.0.1:{port}"))
                .stdin(std::process::Stdio::piped())
                .stdout(std::process::Stdio::piped())
                .stderr(std::process::Stdio::null())
                .spawn()
                .unwrap();
            let asked =
                b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
            // Refused handshakes close the pipe first.
            let _ = client.stdin.take().unwrap().write_all(asked);
            let mut text = String::new();
            client.stdout.take().unwrap().read_to_string(&mut text).unwrap();
            let _ = client.wait();
            text
        };
        (ask("-tls1_3"), ask("-tls1_2"), ask("-tls1_1"))
    });
    let (newest, newer, old) = asked.await.unwrap();
    assert!(
        newest.starts_with("HTTP/1.1 200") && newest.contains("strict-transport-security"),
        "{newest}"
    );
    assert!(newer.starts_with("HTTP/1.1 200"), "{newer}");
    assert!(!old.contains("200"), "{old}");
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(15), server).await.unwrap().unwrap().unwrap();
}
