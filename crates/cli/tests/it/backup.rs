//! Backups, published periods and the audit log from the command line; a real program killed
//! while it writes.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
};

use serde_json::Value;

use crate::common::{Bench, database};

const PROCESSES: [&str; 4] =
    ["retraite", "complementaire-sante", "prise-en-charge", "action-sociale"];

fn demo() -> Bench {
    let bench = Bench::new();
    let ran = bench.run(&["demo", "--no-serve", "--size", "team", "--until", "2026-10-30"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    bench
}

/// What three commands print of every process, byte for byte.
fn printed(bench: &Bench, data: &str) -> Vec<String> {
    let mut printed = Vec::new();
    for process in PROCESSES {
        for command in ["describe", "ledger", "indicators"] {
            let ran = bench.run(&[command, "--process", process, "--data", data]);
            assert_eq!(ran.code, 0, "{command} {process}: {}", ran.err);
            printed.push(ran.out);
        }
    }
    printed
}

#[test]
fn restored_elsewhere_the_same_commands_print_the_same_bytes() {
    let bench = demo();
    let before = printed(&bench, "data");
    let made = bench.json(&["backup", "--to", "saved"]);
    assert_eq!(made["status"], "done");
    assert!(made["files"].as_u64().unwrap() > 100, "{made}");
    // The source goes on: an import, and one taken back.
    let rows = "dossier;activite;date\nN-1;Réception;02/10/2026 09:00\n";
    let file = bench.file("more.csv", rows);
    let id = bench.import(&file, "retraite", &[])["id"].as_i64();
    if let Some(id) = id {
        bench.json(&["imports", "undo", &id.to_string()]);
    }
    assert_eq!(bench.json(&["backup", "rehearse", "saved"])["status"], "ok");
    let restored = bench.json(&["restore", "saved", "--data", "elsewhere"]);
    assert_eq!(restored["status"], "restored");
    assert_eq!(restored["files"], made["files"]);
    assert_eq!(restored["audit_entries"], made["audit_entries"]);
    let witness = restored["witness"].as_array().unwrap();
    assert_eq!(witness.len(), PROCESSES.len());
    assert!(witness.iter().all(|w| w["same"] == true), "{witness:?}");
    assert_eq!(printed(&bench, "elsewhere"), before);
    let verdict = bench.json(&["audit", "verify", "--data", "elsewhere"]);
    assert_eq!(verdict["status"], "whole");
    let listed = bench.json(&["backup", "list", "."]);
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(listed[0]["problem"], Value::Null);
    let health = bench.json(&["backup", "health"]);
    assert_eq!((&health["backup"], &health["rehearsal"]), (&"ok".into(), &"ok".into()));
    assert!(bench.json(&["verify", "--data", "elsewhere"])["problems"] == serde_json::json!([]));
    // The standard tool agrees with the digests, where it is there.
    if let Ok(checked) = Command::new("sha256sum")
        .args(["--check", "--quiet", "--strict", "SHA256SUMS"])
        .current_dir(bench.path("saved"))
        .output()
    {
        assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    }
}

#[test]
fn exit_codes_and_words() {
    let bench = demo();
    bench.json(&["backup", "--to", "saved", "--copy"]);
    // Usage: 2.
    for args in [
        &["backup"][..],
        &["backup", "--to", "saved"],
        &["backup", "--to", "data/inside"],
        &["backup", "--to", "other", "--data", "mistyped"],
        &["restore", "saved", "--data", "data"],
        &["restore"],
    ] {
        let ran = bench.run(args);
        assert_eq!(ran.code, 2, "{args:?}: {}{}", ran.out, ran.err);
        assert!(ran.out.is_empty() && !ran.err.is_empty(), "{args:?}");
    }
    assert!(!bench.path("mistyped").exists(), "a mistyped name must not make a body");
    // Failed: 1, with what, where, and what to do; nothing is left.
    let manifest: Value =
        serde_json::from_slice(&fs::read(bench.path("saved/manifest.json")).unwrap()).unwrap();
    let victim = manifest["files"][3]["path"].as_str().unwrap();
    let path = bench.path("saved").join(victim);
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    fs::write(&path, bytes).unwrap();
    let ran = bench.run(&["restore", "saved", "--data", "elsewhere"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(
        ran.err.contains(victim) && ran.err.contains("prendre une autre sauvegarde"),
        "{}",
        ran.err
    );
    let english = bench.run(&["restore", "saved", "--data", "elsewhere", "--lang", "en"]);
    assert!(english.err.contains("take another backup"), "{}", english.err);
    assert!(!bench.path("elsewhere").exists());
    let rehearsed = bench.run(&["backup", "rehearse", "saved"]);
    assert_eq!((rehearsed.code, &rehearsed.json()["status"]), (1, &"failed".into()));
    let health = bench.json(&["backup", "health"]);
    assert_eq!(health["rehearsal"], "failed");
    for args in [&["restore", "data", "--data", "x"][..], &["backup", "list", "no-such-folder"]] {
        assert_eq!(bench.run(args).code, 1, "{args:?}");
    }
}

#[test]
fn a_period_is_closed_replayed_and_restated() {
    let bench = Bench::new();
    let rows = |case: &str, day: u32| {
        format!(
            "{case};Réception;{day:02}/03/2025 09:00\n{case};Décision;{:02}/03/2025 10:00\n",
            day + 6
        )
    };
    let header = "dossier;activite;date\n";
    let march: String = (1..20).map(|d| rows(&format!("A-{d}"), d)).collect();
    bench.import(&bench.file("march.csv", &format!("{header}{march}")), "droits", &[]);
    let rules = bench.file("rules.toml", "[states]\nsettled = [\"Décision\"]\n");
    bench.json(&["config", "import", rules.to_str().unwrap()]);
    let period = ["--period", "2025-03-01..2025-03-31"];
    let periods = |action: &str, more: &[&str]| {
        bench.run(&[&["periods", action, "--process", "droits"], more].concat())
    };
    assert_eq!(periods("list", &[]).json(), serde_json::json!([]));
    let closed = periods("close", &period);
    assert_eq!(closed.code, 0, "{}", closed.err);
    assert!(closed.json()["figures"].as_array().unwrap().len() > 10);
    assert_eq!(periods("close", &period).code, 3, "closed once");
    let nothing = periods("restate", &[&period[..], &["--reason", "rien"]].concat());
    assert_eq!(nothing.code, 3, "{}", nothing.err);

    bench.import(&bench.file("late.csv", &format!("{header}{}", rows("B-1", 9))), "droits", &[]);
    let replay = periods("replay", &period);
    assert_eq!((replay.code, &replay.json()["status"]), (0, &"same".into()), "{}", replay.err);
    let dry = periods("restate", &[&period[..], &["--dry-run"]].concat());
    assert!(!dry.json()["changes"].as_array().unwrap().is_empty());
    assert_eq!(periods("restate", &period).code, 2, "a reason is needed");
    let restated = periods("restate", &[&period[..], &["--reason", "livraison tardive"]].concat());
    assert_eq!(restated.code, 0, "{}", restated.err);
    assert_eq!(restated.json()["changes"], dry.json()["changes"]);
    for rank in ["1", "2"] {
        let replay = periods("replay", &[&period[..], &["--rank", rank]].concat());
        assert_eq!(
            (replay.code, &replay.json()["rank"]),
            (0, &rank.parse::<i64>().unwrap().into())
        );
    }
    let listed = periods("list", &[]).json();
    assert_eq!(
        (&listed[0]["publications"], &listed[0]["reason"]),
        (&2.into(), &"livraison tardive".into())
    );
    assert_eq!(periods("replay", &["--period", "2024-01-01..2024-01-31"]).code, 1);
}

#[test]
fn the_audit_log_is_listed_and_a_changed_entry_is_named() {
    let bench = demo();
    let verdict = bench.json(&["audit", "verify"]);
    let entries = verdict["entries"].as_i64().unwrap();
    assert!(entries > 8 && verdict["fault"].is_null(), "{verdict}");
    let all = bench.json(&["audit", "list", "--limit", "1000"]);
    assert_eq!(all.as_array().unwrap().len() as i64, entries);
    let page = bench.json(&["audit", "list", "--after", "3", "--limit", "2"]);
    let ranks: Vec<_> =
        page.as_array().unwrap().iter().map(|e| e["seq"].as_i64().unwrap()).collect();
    assert_eq!(ranks, [4, 5]);
    assert!(page[0]["details"].is_object(), "{page}");
    if !database().is_empty() {
        println!("skipped: the bytes below are those of a file");
        return;
    }
    let path = bench.path("data/registry.sqlite");
    let mut bytes = fs::read(&path).unwrap();
    let (old, new) = (b"import.commit", b"import.cammit");
    for at in 0..bytes.len() - old.len() {
        if &bytes[at..at + old.len()] == old {
            bytes[at..at + new.len()].copy_from_slice(new);
        }
    }
    fs::write(&path, bytes).unwrap();
    let ran = bench.run(&["audit", "verify"]);
    assert_eq!(ran.code, 1, "{}", ran.out);
    let fault = &ran.json()["fault"];
    assert_eq!(fault["kind"], "altered");
    assert!(ran.err.contains(&fault["seq"].to_string()), "{}", ran.err);
    // Such a log is not backed up as if it held.
    assert_eq!(bench.run(&["backup", "--to", "saved"]).code, 1);
    assert!(!bench.path("saved").exists());
}

fn spawn(bench: &Bench, args: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_eclusier"))
        .args(args)
        .current_dir(bench.path("."))
        .env("ECLUSIER_DATA", bench.path("data"))
        .env("ECLUSIER_DATABASE_URL", database())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn hidden(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap();
    let names = names.map(|e| e.unwrap().file_name().into_string().unwrap());
    names.filter(|n| n.starts_with('.')).collect()
}

/// `kill -9` at moments spread over the whole work: what is listed afterwards is whole.
#[test]
fn a_killed_backup_is_never_taken_for_one_and_a_killed_restoration_for_data() {
    let bench = demo();
    let started = std::time::Instant::now();
    bench.json(&["backup", "--to", "good", "--copy"]);
    let whole = started.elapsed();
    fs::create_dir(bench.path("disk")).unwrap();
    let (mut killed, mut remains, mut finished) = (0, 0, 0);
    for turn in 0..9u32 {
        let to = format!("disk/b{turn}");
        let mut child = spawn(&bench, &["backup", "--to", &to, "--copy"]);
        std::thread::sleep(whole * turn / 8);
        child.kill().unwrap();
        child.wait().unwrap();
        remains += usize::from(!hidden(&bench.path("disk")).is_empty());
        match bench.path(&to).exists() {
            true => finished += 1,
            false => killed += 1,
        }
    }
    assert!(killed > 3 && remains > 1, "{killed} killed, {remains} in the middle, {finished} done");
    // The data are as they were, and the next backup cleans up behind the dead.
    assert_eq!(bench.json(&["verify"])["problems"], serde_json::json!([]));
    assert_eq!(bench.json(&["audit", "verify"])["status"], "whole");
    bench.json(&["backup", "--to", "disk/last"]);
    assert_eq!(hidden(&bench.path("disk")), [""; 0]);
    assert!(hidden(&bench.path("data")).is_empty(), "{:?}", hidden(&bench.path("data")));
    // A folder that got its name in spite of the kill would still be there.
    let listed = bench.json(&["backup", "list", "disk"]);
    let listed = listed.as_array().unwrap();
    assert_eq!(listed.len(), finished + 1);
    for line in listed {
        assert_eq!(line["problem"], Value::Null, "{line}");
    }
    if let Some(oldest) = listed.last() {
        let path = oldest["path"].as_str().unwrap();
        assert_eq!(bench.json(&["backup", "rehearse", path])["status"], "ok");
    }
    let (mut middle, mut last) = (0, None);
    for turn in 0..6u32 {
        let data = format!("there/r{turn}");
        fs::create_dir_all(bench.path("there")).unwrap();
        let mut child = spawn(&bench, &["restore", "good", "--data", &data]);
        std::thread::sleep(whole * turn / 5);
        child.kill().unwrap();
        child.wait().unwrap();
        middle += usize::from(!hidden(&bench.path("there")).is_empty());
        last = bench.path(&data).exists().then_some(data).or(last);
    }
    if let Some(data) = last {
        let verdict = bench.json(&["verify", "--data", &data]);
        assert_eq!(verdict["problems"], serde_json::json!([]));
    }
    assert!(middle > 0, "never killed in the middle");
    bench.json(&["restore", "good", "--data", "there/last"]);
    assert_eq!(hidden(&bench.path("there")), [""; 0]);
}
