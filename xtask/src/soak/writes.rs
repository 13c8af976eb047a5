//! A server killed in the middle of every kind of write, on either database.
//!
//! One writer per kind numbers what it writes: 1, 2, 3… and goes on as soon as it is answered.
//! After each kill the numbers found must be those acknowledged, and at most the one that was on
//! its way: nothing acknowledged is lost, nothing appears that nobody wrote, nothing is there twice.
//! The chain of the audit log must be whole, and hold one entry per record.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use jiff::{ToSpan as _, civil::date};
use serde_json::{Value, json};
use ureq::http::Method;

use super::chance;
use crate::{
    shell::{Failure, Outcome, binary, target},
    site::{Answer, Site, Visitor},
};

/// Who writes, and on what.
struct People {
    /// Administers the accounts and the machine.
    admin: Visitor,
    /// Holds every other role.
    boss: Visitor,
    body: String,
    person: String,
    account: String,
}

/// A kind of write.
struct Kind {
    name: &'static str,
    /// What the audit log calls it, where one record makes one entry.
    action: Option<&'static str>,
    /// Writes number `n`.
    write: fn(&People, u32) -> Outcome<Answer>,
    /// The numbers there are, in any order.
    numbers: fn(&People) -> Outcome<Vec<u32>>,
}

/// A day by its number, within the ten years that every kind accepts.
fn day(n: u32) -> Outcome<String> {
    Ok(date(2015, 1, 1).checked_add(i64::from(n % 3_650).days())?.to_string())
}

fn numbered_day(text: &Value) -> Option<u32> {
    let day: jiff::civil::Date = text.as_str()?.parse().ok()?;
    u32::try_from(date(2015, 1, 1).until(day).ok()?.get_days()).ok()
}

/// The numbers written after `prefix` in one field of each row.
fn after(rows: &Value, field: &str, prefix: &str) -> Vec<u32> {
    let rows = rows.as_array().into_iter().flatten();
    rows.filter_map(|r| r[field].as_str()?.strip_prefix(prefix)?.parse().ok()).collect()
}

fn days(rows: &Value, field: &str) -> Vec<u32> {
    rows.as_array().into_iter().flatten().filter_map(|r| numbered_day(&r[field])).collect()
}

const KINDS: [Kind; 13] = [
    Kind {
        name: "node",
        action: None,
        write: |p, n| {
            let node = json!({ "kind": "team", "code": format!("N{n}"), "label": format!("Équipe {n}"),
                "parent": p.body, "from": "2020-01-01" });
            p.boss.send(Method::POST, "/api/v1/organisation/nodes", &node)
        },
        numbers: |p| Ok(after(&p.boss.get("/api/v1/organisation")?.good()?["nodes"], "code", "N")),
    },
    Kind {
        name: "person",
        action: None,
        write: |p, n| {
            let person = json!({ "given": "Camille", "family": format!("Personne{n}") });
            p.boss.send(Method::POST, "/api/v1/people", &person)
        },
        numbers: |p| {
            let (mut found, mut read) = (Vec::new(), 0);
            loop {
                let path = format!("/api/v1/people?limit=500&offset={read}");
                let page = p.boss.get(&path)?.good()?;
                let rows = page["people"].as_array().map_or(0, Vec::len);
                if rows == 0 {
                    return Ok(found);
                }
                read += rows;
                found.extend(after(&page["people"], "family", "Personne"));
            }
        },
    },
    Kind {
        name: "fact",
        action: None,
        write: |p, n| {
            let fact = json!({ "kind": "skill", "from": "2020-01-01", "content":
                { "skill": format!("S{n}"), "theory": 2, "practice": 1, "authorised": false } });
            p.boss.send(Method::POST, &format!("/api/v1/people/{}/facts", p.person), &fact)
        },
        numbers: |p| {
            let person = p.boss.get(&format!("/api/v1/people/{}", p.person))?.good()?;
            let facts = person["facts"].as_array().into_iter().flatten();
            let skills: Vec<Value> = facts.map(|f| f["content"].clone()).collect();
            Ok(after(&Value::Array(skills), "skill", "S"))
        },
    },
    Kind {
        name: "name of a node",
        action: None,
        write: |p, n| {
            let nodes = p.boss.get("/api/v1/organisation")?.good()?["nodes"].take();
            let seen = nodes.as_array().into_iter().flatten().find(|r| r["id"] == json!(p.body));
            let version = seen.map_or(Value::Null, |r| r["version"].clone());
            let node = json!({ "version": version, "kind": "body", "code": "CORPS",
                "label": format!("Corps {n}"), "from": "2020-01-01" });
            p.boss.send(Method::PUT, &format!("/api/v1/organisation/nodes/{}", p.body), &node)
        },
        numbers: |p| {
            let nodes = p.boss.get("/api/v1/organisation")?.good()?["nodes"].take();
            Ok((1..=after(&nodes, "label", "Corps ").first().copied().unwrap_or(0)).collect())
        },
    },
    Kind {
        name: "page",
        action: None,
        write: |p, n| {
            let address = "/api/v1/pages/accessibility";
            let version = p.admin.get(address)?.good()?["version"].take();
            let page = json!({ "version": version, "text": format!("Page {n}") });
            p.admin.send(Method::PUT, address, &page)
        },
        numbers: |p| {
            let page = p.admin.get("/api/v1/pages/accessibility")?.good()?;
            Ok((1..=after(&json!([page]), "text", "Page ").first().copied().unwrap_or(0)).collect())
        },
    },
    Kind {
        name: "rules",
        action: None,
        write: |p, n| {
            let rules =
                json!({ "from": day(n)?, "toml": format!("[[target]]\ndays = {}\n", 1 + n % 90) });
            p.boss.send(Method::PUT, "/api/v1/processes/dossiers/config", &rules)
        },
        numbers: |p| {
            let rules = p.boss.get("/api/v1/processes/dossiers/config")?.good()?;
            Ok(days(&rules["versions"], "from"))
        },
    },
    Kind {
        name: "counts of a day",
        action: None,
        write: |p, n| {
            let counts = json!({ "process": "comptes", "label": "Comptes", "day": day(n)?,
                "arrivals": n, "settled_human": 0 });
            p.boss.send(Method::POST, "/api/v1/counts", &counts)
        },
        numbers: |p| {
            let answer = p
                .boss
                .get("/api/v1/ledger?process=comptes&grain=day&from=2015-01-01&to=2024-12-31")?;
            if answer.status == 404 {
                return Ok(Vec::new());
            }
            let rows = answer.good()?;
            let rows = rows.as_array().into_iter().flatten();
            Ok(rows
                .filter_map(|r| u32::try_from(r["arrivals"].as_u64()?).ok())
                .filter(|n| *n > 0)
                .collect())
        },
    },
    Kind {
        name: "control total",
        action: Some("control_total.put"),
        write: |p, n| {
            let total = json!({ "process": "dossiers", "day": day(n)?, "expected": n });
            p.boss.send(Method::PUT, "/api/v1/control-totals", &total)
        },
        numbers: |p| {
            Ok(days(&p.boss.get("/api/v1/control-totals?process=dossiers")?.good()?, "day"))
        },
    },
    Kind {
        name: "account",
        action: None,
        write: |p, n| {
            let who = json!({ "login": format!("compte{n}"), "name": "Compte" });
            p.admin.send(Method::POST, "/api/v1/accounts", &who)
        },
        numbers: |p| Ok(after(&p.admin.get("/api/v1/accounts")?.good()?, "login", "compte")),
    },
    Kind {
        name: "grant",
        action: None,
        write: |p, n| {
            let grant = json!({ "account": p.account, "role": "staff_representative",
                "from": "2020-01-01", "reason": format!("essai {n}") });
            p.admin.send(Method::POST, "/api/v1/grants", &grant)
        },
        numbers: |p| {
            let all = p.admin.get("/api/v1/accounts")?.good()?;
            let all = all.as_array().into_iter().flatten();
            let mut grants = all.filter(|a| a["id"] == json!(p.account));
            let none = Value::Null;
            Ok(after(grants.next().map_or(&none, |a| &a["grants"]), "reason", "essai "))
        },
    },
    Kind {
        name: "token",
        action: Some("token.create"),
        write: |p, n| {
            let token = json!({ "kind": "api", "name": format!("jeton {n}"),
                "permissions": ["figures.read"], "days": 30 });
            p.admin.send(Method::POST, "/api/v1/tokens", &token)
        },
        numbers: |p| Ok(after(&p.admin.get("/api/v1/tokens")?.good()?, "name", "jeton ")),
    },
    Kind {
        name: "gate",
        action: Some("gate.open"),
        write: |p, n| {
            let gate = json!({ "purpose": format!("accompagner les débutants {n}"),
                "node": p.body, "dpia": "2025-01-10", "council": "2025-01-11",
                "information": "2025-01-12", "to": today()?.checked_add(90.days())?.to_string() });
            p.boss.send(Method::POST, "/api/v1/gates", &gate)
        },
        numbers: |p| {
            let gates = p.boss.get("/api/v1/gates")?.good()?;
            Ok(after(&gates, "purpose", "accompagner les débutants "))
        },
    },
    Kind {
        name: "published period",
        action: None,
        write: |p, n| {
            let period = json!({ "process": "publies", "from": day(0)?, "to": day(n)? });
            p.boss.send(Method::POST, "/api/v1/publications", &period)
        },
        numbers: |p| {
            let all = p.boss.get("/api/v1/publications?process=publies")?.good()?;
            let all = all.as_array().into_iter().flatten();
            Ok(all.filter_map(|r| numbered_day(&r["period"]["to"])).collect())
        },
    },
];

fn today() -> Outcome<jiff::civil::Date> {
    Ok(jiff::Zoned::now().date())
}

impl People {
    fn new(site: &Site) -> Outcome<Self> {
        let admin = Visitor::first(site)?;
        let roles = ["human_resources", "statistician", "production_manager", "director", "dpo"];
        let boss = admin.newcomer(site, "chef", &roles.map(|role| (role, None)))?;
        let body =
            json!({ "kind": "body", "code": "CORPS", "label": "Corps 0", "from": "2020-01-01" });
        let body = text(&boss.post("/api/v1/organisation/nodes", &body)?["id"]);
        let who = json!({ "given": "Camille", "family": "Première" });
        let person = text(&boss.post("/api/v1/people", &who)?["person"]["id"]);
        let who = json!({ "login": "cible", "name": "Cible" });
        let account = text(&admin.post("/api/v1/accounts", &who)?["account"]["id"]);
        Ok(Self { admin, boss, body, person, account })
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A command on the data directory, with the database it has.
fn command(data: &Path, database: Option<&str>, args: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.args(args).env("ECLUSIER_DATA", data);
    if let Some(url) = database {
        command.env("ECLUSIER_DATABASE_URL", url);
    }
    command
}

/// Kills a busy server `wanted` times.
pub fn writes(wanted: u32, database: Option<&str>) -> Outcome {
    let folder = target().join("soak");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    let outcome = campaign(wanted, database, &folder.join("data"), &folder);
    if outcome.is_ok() {
        let _ = fs::remove_dir_all(&folder);
    }
    outcome
}

fn campaign(wanted: u32, database: Option<&str>, data: &Path, folder: &Path) -> Outcome {
    let log = folder.join("log.csv");
    fs::write(&log, "dossier;activite;date\n1;Réception;2015-01-01\n1;Décision;2024-12-31\n")?;
    let log = log.to_string_lossy();
    for process in ["dossiers", "publies"] {
        let mut import = command(data, database, &["import", &log, "--process", process]);
        if !import.output()?.status.success() {
            return Err(Failure("the first import does not work".into()));
        }
    }
    let mut site = Site::serve(data, database)?;
    let port = site.port();
    let people = People::new(&site)?;
    let mut next = chance();
    // Numbers acknowledged so far, by kind; all are there, from 1 on.
    let mut last = [0u32; KINDS.len()];
    let (mut acknowledged, mut on_their_way) = (0, 0);
    for round in 0..wanted {
        let dying = AtomicBool::new(false);
        let reached: Vec<Outcome<u32>> = std::thread::scope(|scope| {
            let writers: Vec<_> = KINDS
                .iter()
                .zip(last)
                .map(|(kind, last)| {
                    let (people, dying) = (&people, &dying);
                    scope.spawn(move || write(kind, people, last, dying))
                })
                .collect();
            std::thread::sleep(Duration::from_millis(150 + next(600)));
            dying.store(true, Ordering::Relaxed);
            let killed = site.kill();
            let reached = writers
                .into_iter()
                .map(|w| w.join().unwrap_or_else(|_| Err(Failure("a writer broke".into()))));
            let reached = reached.collect();
            killed.map(|()| reached).unwrap_or_else(|f| vec![Err(f)])
        });
        site = Site::serve_on(data, database, port)?;
        for ((kind, last), reached) in KINDS.iter().zip(&mut last).zip(reached) {
            let reached = reached?;
            let mut found = (kind.numbers)(&people)?;
            found.sort_unstable();
            let end = found.last().copied().unwrap_or(0);
            if found != (1..=end).collect::<Vec<_>>() || end < reached || end > reached + 1 {
                return Err(Failure(format!(
                    "round {round}, {}: {reached} acknowledged, found {found:?}",
                    kind.name
                )));
            }
            acknowledged += reached - *last;
            on_their_way += end - reached;
            *last = end;
        }
        whole(&people, &last, round)?;
    }
    let slow: Vec<&str> =
        KINDS.iter().zip(last).filter(|(_, n)| *n == 0).map(|(k, _)| k.name).collect();
    if !slow.is_empty() {
        return Err(Failure(format!("never written: {slow:?}")));
    }
    site.kill()?;
    if !command(data, database, &["verify"]).output()?.status.success() {
        return Err(Failure("the lake is not what the registry says".into()));
    }
    let place = if database.is_some() { "PostgreSQL" } else { "SQLite" };
    eprintln!(
        "{place}: {wanted} busy servers killed, {} kinds of writes: {acknowledged} acknowledged and all there, \
         {on_their_way} stored before their answer left, 0 lost, 0 torn; audit chain whole each time",
        KINDS.len()
    );
    Ok(())
}

/// Writes until the server is gone; the last number acknowledged.
fn write(kind: &Kind, people: &People, mut last: u32, dying: &AtomicBool) -> Outcome<u32> {
    loop {
        match (kind.write)(people, last + 1) {
            Ok(answer) if (200..300).contains(&answer.status) => last += 1,
            Ok(answer) => {
                let why = format!("{}: status {}: {}", kind.name, answer.status, answer.body);
                return Err(Failure(why));
            }
            // The connection broke because the server is dead, and for no other reason.
            Err(_) if dying.load(Ordering::Relaxed) => return Ok(last),
            Err(Failure(why)) => return Err(Failure(format!("{}: {why}", kind.name))),
        }
    }
}

/// The chain of the audit log is whole, and what makes one entry each has as many entries.
fn whole(people: &People, last: &[u32], round: u32) -> Outcome {
    let verdict = people.boss.get("/api/v1/audit/verdict")?.good()?;
    if verdict["whole"] != json!(true) {
        return Err(Failure(format!("round {round}: the audit log is broken: {verdict}")));
    }
    let mut counted = BTreeMap::<String, u32>::new();
    let mut before = String::new();
    loop {
        let page = people.boss.get(&format!("/api/v1/audit?limit=500{before}"))?.good()?;
        for entry in page["entries"].as_array().into_iter().flatten() {
            *counted.entry(text(&entry["action"])).or_default() += 1;
        }
        if page["next"].is_null() {
            break;
        }
        before = format!("&before={}", page["next"]);
    }
    for (kind, last) in KINDS.iter().zip(last) {
        let Some(action) = kind.action else { continue };
        let entries = counted.get(action).copied().unwrap_or(0);
        if entries != *last {
            return Err(Failure(format!(
                "round {round}, {}: {last} records and {entries} entries of the log",
                kind.name
            )));
        }
    }
    Ok(())
}
