//! Requests made up from the API description and sent to the running product (Schemathesis):
//! nothing may fail inside, and each answer must be one that the description tells.

use std::{fs, path::PathBuf, process::Command};

use serde_json::json;

use crate::{
    shell::{Failure, Outcome, binary, has, root, run, target},
    site::{Site, Visitor},
};

/// The version that was tried with these checks.
const VERSION: &str = "4.32.5";

/// What an answer must be. Left out: whether made-up data are accepted (most name nothing that
/// exists) and whether an operation refuses strangers (the matrix of rights tells it better).
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_schema_conformance,response_headers_conformance";

/// What would end the visit itself: its account, its session, its token, an endless answer.
const LEFT_OUT: [&str; 8] = [
    "/api/v1/setup",
    "/api/v1/events",
    "/api/v1/session",
    "/api/v1/me/sessions",
    "/api/v1/me/password",
    "/api/v1/accounts/{id}",
    "/api/v1/grants/{id}",
    "/api/v1/tokens/{id}",
];

/// Sends about `examples` requests of chance to each operation, besides those at the limits of
/// each parameter.
pub fn run_with(examples: u32) -> Outcome {
    let Some(program) = schemathesis()? else {
        eprintln!("requests from the description skipped: Schemathesis could not be installed");
        return if std::env::var_os("CI").is_some() {
            Err(Failure("the requests from the description are mandatory in CI".into()))
        } else {
            Ok(())
        };
    };
    let folder = target().join("fuzz");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    let data = folder.join("data");
    let log = folder.join("log.csv");
    fs::write(
        &log,
        "dossier;activite;date;service;agent\n\
         1;Réception;2025-01-01;S1;a1\n1;Décision;2025-01-09;S1;a2\n2;Réception;2025-02-01;S2;a1\n",
    )?;
    let mut import = Command::new(binary());
    import.arg("import").arg(&log).args(["--process", "dossiers"]);
    import.env("ECLUSIER_DATA", &data).stdout(std::process::Stdio::null());
    run(import)?;
    let site = Site::serve(&data, None)?;
    let token = token(&site)?;
    let mut fuzz = Command::new(program);
    fuzz.current_dir(&folder).arg("run").arg(root().join("web/openapi.json"));
    fuzz.args(["--url", site.address(), "--header", &format!("Authorization: Bearer {token}")]);
    fuzz.args(["--checks", CHECKS, "--phases", "examples,coverage,fuzzing"]);
    fuzz.args(["--max-examples", &examples.to_string(), "--seed", "1", "--warnings", "off"]);
    fuzz.args(["--continue-on-failure", "--exclude-path-regex", "^/api/v1/oidc/"]);
    for path in LEFT_OUT {
        fuzz.args(["--exclude-path", path]);
    }
    // Not by `run`, whose message would tell the token.
    if !fuzz.status()?.success() {
        return Err(Failure("an answer is not what the description tells".into()));
    }
    // It must have been somebody until the end.
    let known = Visitor::new(&site).get_as(&token, "/api/v1/status")?;
    if known.status != 200 {
        return Err(Failure(format!("the token ended on the way: status {}", known.status)));
    }
    site.kill()?;
    let mut verify = Command::new(binary());
    verify.arg("verify").env("ECLUSIER_DATA", &data).stdout(std::process::Stdio::null());
    run(verify)?;
    let _ = fs::remove_dir_all(&folder);
    Ok(())
}

/// A token of somebody who holds every role.
fn token(site: &Site) -> Outcome<String> {
    let admin = Visitor::first(site)?;
    let roles = [
        "administrator",
        "human_resources",
        "statistician",
        "production_manager",
        "team_manager",
        "internal_control",
        "director",
        "dpo",
    ];
    let all = admin.newcomer(site, "tout", &roles.map(|role| (role, None)))?;
    let permissions = all.get("/api/v1/session")?.good()?["permissions"].take();
    let wanted =
        json!({ "kind": "api", "name": "requêtes", "permissions": permissions, "days": 1 });
    let made = all.post("/api/v1/tokens", &wanted)?;
    let secret = made["secret"].as_str().map(str::to_owned);
    secret.ok_or_else(|| Failure(format!("no token: {made}")))
}

/// The program, installed aside the build products if it is missing.
fn schemathesis() -> Outcome<Option<PathBuf>> {
    let folder = target().join("schemathesis").join(VERSION);
    let program = folder.join("bin").join("schemathesis");
    if program.exists() {
        return Ok(Some(program));
    }
    if !has("python3") {
        return Ok(None);
    }
    let mut venv = Command::new("python3");
    venv.args(["-m", "venv"]).arg(&folder);
    let mut pip = Command::new(folder.join("bin").join("python"));
    pip.args(["-m", "pip", "install", "--quiet", &format!("schemathesis=={VERSION}")]);
    let made = run(venv).is_ok() && run(pip).is_ok() && program.exists();
    if !made {
        let _ = fs::remove_dir_all(&folder);
    }
    Ok(made.then_some(program))
}
