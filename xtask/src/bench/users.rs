//! Fifty people at once on the rows of the network, each with their rights.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::get;
use crate::{
    shell::{Failure, Outcome},
    site::{Site, Visitor},
};

/// People at work.
const PEOPLE: usize = 50;
/// How long each pace is held.
const HELD: Duration = Duration::from_secs(40);
/// What a person reads before asking something else.
const PACES: [(&str, Duration); 3] = [
    ("a new question five seconds after each answer", Duration::from_secs(5)),
    ("a new question one second after each answer", Duration::from_secs(1)),
    ("no pause at all", Duration::ZERO),
];

/// Writes the times of each question under both paces.
pub fn crowd(page: &mut String, data: &Path, largest: &str) -> Outcome {
    let site = Site::serve(data, None)?;
    // The first answer after a start folds the cases: met once, and written elsewhere.
    let teams = teams(&Visitor::new(&site))?;
    let people = people(&site, &teams)?;
    rights_are_on(&people, &teams)?;
    let _ = writeln!(
        page,
        "\n## {PEOPLE} people at once on the same rows, with their rights\n\n\
         Half lead one team and see its rows only; the others lead production, steer a body or control. \
         Each is signed in and asks for another period each time; server and people share the machine.\n"
    );
    for (pace, pause) in PACES {
        let mut times = run(&people, largest, pause)?;
        let mut all: Vec<f64> = times.values().flatten().copied().collect();
        let _ = writeln!(
            page,
            "\n{} answers in {} s, {pace}, none refused:\n\n| question | answers | median ms | p95 ms |\n|---|---|---|---|",
            all.len(),
            HELD.as_secs()
        );
        for (question, times) in &mut times {
            line(page, question, times);
        }
        line(page, "**all**", &mut all);
    }
    Ok(())
}

fn line(page: &mut String, question: &str, times: &mut [f64]) {
    times.sort_by(f64::total_cmp);
    let at =
        |share: f64| times.get(((times.len() as f64) * share) as usize).copied().unwrap_or(0.0);
    let (median, p95) = (at(0.5), at(0.95));
    let _ = writeln!(page, "| {question} | {} | {median:.0} | {p95:.0} |", times.len());
}

/// A team: the nodes made for its body and for itself.
struct Team {
    body: String,
    team: String,
}

/// Makes a node of each body and each team that the rows name.
fn teams(owner: &Visitor) -> Outcome<Vec<Team>> {
    let mut teams = Vec::new();
    for org in names(owner, "/api/v1/ledger?grain=month&group_by=org", "org")? {
        let node = json!({ "kind": "body", "code": org, "label": org, "from": "2015-01-01" });
        let body = owner.post("/api/v1/organisation/nodes", &node)?["id"].take();
        let asked: String = org.bytes().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "%{byte:02X}");
            text
        });
        let path = format!("/api/v1/ledger?grain=month&group_by=unit&org={asked}");
        for unit in names(owner, &path, "unit")? {
            let node = json!({ "kind": "team", "code": unit, "label": unit, "parent": body,
                "from": "2015-01-01" });
            let team = owner.post("/api/v1/organisation/nodes", &node)?["id"].take();
            let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
            teams.push(Team { body: text(&body), team: text(&team) });
        }
    }
    if teams.is_empty() { Err(Failure("the rows name no team".into())) } else { Ok(teams) }
}

fn names(owner: &Visitor, path: &str, field: &str) -> Outcome<Vec<String>> {
    let rows = owner.get(path)?.good()?;
    let mut names: Vec<String> = rows
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|row| row[field].as_str().map(str::to_owned))
        .collect();
    names.sort();
    names.dedup();
    Ok(names)
}

fn people(site: &Site, teams: &[Team]) -> Outcome<Vec<Visitor>> {
    let admin = Visitor::first(site)?;
    let of = |i: usize| teams.get(i * 7 % teams.len());
    (0..PEOPLE)
        .map(|i| {
            let (role, node) = match i % 10 {
                0..5 => ("team_manager", of(i).map(|t| t.team.as_str())),
                5..7 => ("production_manager", of(i).map(|t| t.body.as_str())),
                7 => ("director", of(i).map(|t| t.body.as_str())),
                8 => ("statistician", None),
                _ => ("internal_control", None),
            };
            admin.newcomer(site, &format!("agent{i}"), &[(role, node)])
        })
        .collect()
}

/// Who leads a team sees fewer cases than who controls everything.
fn rights_are_on(people: &[Visitor], teams: &[Team]) -> Outcome {
    let cases = |i: usize| -> Outcome<u64> {
        let visitor = people.get(i).ok_or_else(|| Failure("nobody".into()))?;
        Ok(visitor.get("/api/v1/cases")?.good()?["total"].as_u64().unwrap_or(0))
    };
    let (leader, control) = (cases(0)?, cases(9)?);
    if teams.len() > 1 && leader * 2 < control {
        Ok(())
    } else {
        Err(Failure(format!("a leader sees {leader} cases, control {control}")))
    }
}

type Times = BTreeMap<&'static str, Vec<f64>>;

fn run(people: &[Visitor], largest: &str, pause: Duration) -> Outcome<Times> {
    let asked = std::thread::scope(|scope| {
        let all: Vec<_> = people
            .iter()
            .enumerate()
            .map(|(i, visitor)| scope.spawn(move || one(visitor, i, largest, pause)))
            .collect();
        all.into_iter()
            .map(|one| one.join().unwrap_or_else(|_| Err(Failure("somebody broke".into()))))
            .collect::<Outcome<Vec<Times>>>()
    })?;
    let mut times = Times::new();
    for (question, more) in asked.into_iter().flatten() {
        times.entry(question).or_default().extend(more);
    }
    Ok(times)
}

/// One person at work: seconds of each question, in milliseconds.
fn one(visitor: &Visitor, who: usize, largest: &str, pause: Duration) -> Outcome<Times> {
    let mut times = Times::new();
    // Not all at once.
    std::thread::sleep(pause.mul_f64(who as f64 / PEOPLE as f64));
    let start = Instant::now();
    let mut turn = who;
    while start.elapsed() < HELD {
        let period = format!(
            "from=2025-{:02}-{:02}&to=2026-{:02}-{:02}",
            1 + turn % 9,
            1 + turn % 28,
            1 + turn % 8,
            1 + (turn + who) % 28
        );
        let (question, path) = match turn % 6 {
            0 => ("cockpit", format!("/api/v1/cockpit?{period}")),
            1 => ("flow by week", format!("/api/v1/flow?grain=week&{period}")),
            2 => (
                "flow by day, one process",
                format!("/api/v1/flow?grain=day&process={largest}&{period}"),
            ),
            3 => ("indicators", format!("/api/v1/indicators?{period}")),
            4 => ("overdue cases", format!("/api/v1/cases?figure=overdue&{period}")),
            _ => ("cockpit, one process", format!("/api/v1/cockpit?process={largest}&{period}")),
        };
        let allowed = question != "overdue cases" || who % 10 != 7;
        if allowed {
            let (seconds, _) = get(visitor, &path)?;
            times.entry(question).or_default().push(seconds * 1_000.0);
        }
        turn += 1;
        std::thread::sleep(pause);
    }
    Ok(times)
}
