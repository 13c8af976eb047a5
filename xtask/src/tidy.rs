//! The house: which room may use which, how long the README is, what must not
//! be committed.

use std::{collections::BTreeMap, fs};

use crate::shell::{Failure, Outcome, command, root};

/// The table of DESIGN: a room may use those named and all that those may use.
const ROOMS: &[(&str, &[&str])] = &[
    ("core", &[]),
    ("calendar", &["core"]),
    ("eventlog", &["core"]),
    ("ingest", &["eventlog", "calendar"]),
    ("lake", &["eventlog"]),
    ("registry", &["core", "calendar"]),
    ("ledger", &["eventlog", "calendar"]),
    ("synth", &["core", "calendar", "eventlog"]),
    ("mining", &["eventlog", "calendar"]),
    ("report", &["core"]),
    ("forecast", &["core", "calendar", "eventlog"]),
    ("capacity", &["calendar", "queueing"]),
    (
        "app",
        &[
            "ingest", "lake", "registry", "ledger", "synth", "mining", "forecast", "capacity",
            "report",
        ],
    ),
    ("api", &["core"]),
    ("server", &["app", "api"]),
    ("cli", &["app", "api", "server"]),
];

/// Runs every check and reports all that is wrong at once.
pub fn run() -> Outcome {
    let mut wrong = Vec::new();
    arrows(&mut wrong)?;
    readme(&mut wrong)?;
    committed(&mut wrong)?;
    if wrong.is_empty() {
        eprintln!("the house is tidy");
        Ok(())
    } else {
        Err(Failure(format!("the house is not tidy:\n  {}", wrong.join("\n  "))))
    }
}

fn arrows(wrong: &mut Vec<String>) -> Outcome {
    let direct: BTreeMap<&str, &[&str]> = ROOMS.iter().copied().collect();
    for entry in fs::read_dir(root().join("crates"))?.flatten() {
        let room = entry.file_name().to_string_lossy().into_owned();
        let Some(allowed) = direct.get(room.as_str()) else {
            wrong.push(format!("crates/{room} is not in the table of rooms"));
            continue;
        };
        let mut reach: Vec<&str> = allowed.to_vec();
        let mut next = 0;
        while let Some(room) = reach.get(next).copied() {
            for further in direct.get(room).copied().unwrap_or_default() {
                if !reach.contains(further) {
                    reach.push(further);
                }
            }
            next += 1;
        }
        let manifest: toml::Table =
            toml::from_str(&fs::read_to_string(entry.path().join("Cargo.toml"))?)?;
        let used = manifest.get("dependencies").and_then(toml::Value::as_table);
        for name in used.into_iter().flat_map(toml::Table::keys) {
            if let Some(other) = name.strip_prefix("eclusier-")
                && !reach.contains(&other)
            {
                wrong.push(format!("crates/{room} may not use {other}"));
            }
        }
        let lints = manifest.get("lints").and_then(|l| l.get("workspace"));
        if lints.and_then(toml::Value::as_bool) != Some(true) {
            wrong.push(format!("crates/{room} does not take the workspace lints"));
        }
    }
    Ok(())
}

fn readme(wrong: &mut Vec<String>) -> Outcome {
    let words = fs::read_to_string(root().join("README.md"))?.split_whitespace().count();
    if words > 500 {
        wrong.push(format!("README.md has {words} words, 500 at most"));
    }
    for page in ["ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"] {
        if !root().join(page).exists() {
            wrong.push(format!("{page} is missing"));
        }
    }
    Ok(())
}

/// Large files and addresses of registries do not belong in the history.
fn committed(wrong: &mut Vec<String>) -> Outcome {
    let listed = command("git", ["ls-files"]).output()?;
    for name in String::from_utf8_lossy(&listed.stdout).lines() {
        let bytes = fs::metadata(root().join(name)).map_or(0, |m| m.len());
        if bytes > 1 << 20 {
            wrong.push(format!("{name} weighs {} KiB, 1,024 at most", bytes >> 10));
        }
    }
    let lock = fs::read_to_string(root().join("web/package-lock.json")).unwrap_or_default();
    if lock.contains("\"resolved\"") {
        wrong.push("web/package-lock.json records download addresses".into());
    }
    Ok(())
}
