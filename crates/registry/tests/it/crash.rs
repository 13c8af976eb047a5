//! Killed in the middle of commits, the registry opens again on a whole version.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::Duration,
};

use eclusier_core::{
    Commit, DeliveryId, FileKind, Period, ProcessRules,
    org::{Edit, Person, PersonId},
};
use eclusier_registry::{JobEnd, JobStatus, NewAccount, Registry, SavedMapping};
use jiff::civil::date;
use rand::{RngExt, SeedableRng, rngs::StdRng};

use crate::{at, file, import_once, jobs::job, open, process, raw, run, two_roles};

const CHILD: &str = "ECLUSIER_REGISTRY_CHILD";
const KIND: &str = "ECLUSIER_REGISTRY_KIND";

/// One kind of write to be killed in the middle of.
struct Kind {
    name: &'static str,
    /// What the audit log calls it.
    action: &'static str,
    /// Rows that stand for each act recorded.
    rows: &'static str,
}

const KINDS: [Kind; 11] = [
    Kind { name: "import", action: "import.commit", rows: "SELECT count(*) FROM import_record" },
    Kind {
        name: "undo",
        action: "import.undo",
        rows: "SELECT count(*) FROM import_record WHERE status = 'undone'",
    },
    Kind {
        name: "compaction",
        action: "lake.compact",
        rows: "SELECT count(*) FROM data_file WHERE path LIKE 'merged/%'",
    },
    Kind { name: "rules", action: "config.put", rows: "SELECT count(*) FROM config_revision" },
    Kind { name: "setting", action: "setting.put", rows: "SELECT count(*) FROM setting" },
    Kind {
        name: "control total",
        action: "control_total.put",
        rows: "SELECT count(*) FROM control_total",
    },
    Kind { name: "mapping", action: "mapping.save", rows: "SELECT count(*) FROM mapping" },
    Kind { name: "closing", action: "period.close", rows: "SELECT count(*) FROM publication" },
    Kind { name: "job", action: "job.end", rows: "SELECT count(*) FROM job WHERE status = 'done'" },
    Kind { name: "person", action: "person.create", rows: "SELECT count(*) FROM person" },
    Kind { name: "account", action: "account.create", rows: "SELECT count(*) FROM account" },
];

/// Writes once; `n` was never written before.
async fn write_once(registry: &Registry, kind: &str, n: i64) {
    let p = process("rsa");
    match kind {
        "import" => {
            import_once(registry, &p).await;
        }
        "undo" => {
            let id = import_once(registry, &p).await;
            let base = registry.snapshot(&p).await.unwrap();
            let retired = two_roles(&p, id).added.iter().map(|f| f.path.clone()).collect();
            let commit = Commit { added: vec![], retired };
            registry.commit_undo(id, "anne", "essai", at(n), &commit, base.id).await.unwrap();
        }
        "compaction" => {
            let base = registry.snapshot(&p).await.unwrap();
            let added = file(&p, FileKind::Events, &format!("merged/{n}"), DeliveryId(1));
            let commit = Commit { added: vec![added], retired: vec![] };
            registry.commit_compaction(&p, &commit, base.id, "anne", at(n)).await.unwrap();
        }
        "rules" => {
            let label = format!("Processus {n}");
            let rules = ProcessRules { label, ..ProcessRules::default() };
            registry.put_config(&p, date(2025, 1, 1), &rules, "anne", at(n)).await.unwrap();
        }
        "setting" => {
            registry.put_setting(&format!("n{n}"), "1", "anne", at(n)).await.unwrap();
        }
        "control total" => {
            let day = date(1900, 1, 1).checked_add(jiff::Span::new().days(n)).unwrap();
            registry.put_control_total(&p, day, n, "anne", at(n)).await.unwrap();
        }
        "mapping" => {
            let mapping = SavedMapping {
                name: format!("n{n}"),
                process: p,
                toml: "a = 1".into(),
                header: None,
                file_pattern: None,
                by: "anne".into(),
                at: at(n),
            };
            registry.save_mapping(&mapping).await.unwrap();
        }
        "closing" => {
            let day = date(1900, 1, 1).checked_add(jiff::Span::new().days(n)).unwrap();
            let period = Period::new(day, day).unwrap();
            registry.close_period(&p, period, "{}", "anne", at(n)).await.unwrap();
        }
        "job" => {
            let id = registry.create_job(job(n)).await.unwrap();
            registry.start_job(id, at(n)).await.unwrap();
            registry.finish_job(id, JobEnd::Done("{}".into()), at(n)).await.unwrap();
        }
        "person" => {
            let edit = Edit::AddPerson { person: person(&format!("n{n}")) };
            registry.change_organisation(&[edit], None, "anne", at(n)).await.unwrap();
        }
        "account" => {
            let new = NewAccount {
                login: format!("n{n}"),
                name: "Anne".into(),
                person: None,
                password: Some("$argon2id$".into()),
                identity: None,
                must_change: false,
            };
            registry.create_account(&new, false, "anne", at(n)).await.unwrap();
        }
        other => panic!("no kind {other}"),
    }
}

/// Not a test of its own: the process that writes one kind until it is killed.
#[test]
fn child_of_one_kind() {
    let Ok(path) = std::env::var(CHILD) else { return };
    let kind = std::env::var(KIND).unwrap();
    run(async {
        let registry = open(path.as_ref()).await.unwrap();
        let mut n = registry.verify_audit().await.unwrap().entries as i64;
        println!("\nready");
        loop {
            n += 1;
            write_once(&registry, &kind, n).await;
            println!("\nok {n}");
        }
    });
}

#[test]
fn killed_during_any_kind_of_write_nothing_is_half_written() {
    let kills: u32 =
        std::env::var("ECLUSIER_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(22);
    let each = (kills as usize / KINDS.len()).max(1);
    let mut rng = StdRng::seed_from_u64(23);
    let mut acts = 0;
    for kind in &KINDS {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("registry.sqlite");
        let mut promised = 0;
        for round in 0..each {
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "crash::child_of_one_kind", "--nocapture", "--test-threads", "1"])
                .env(CHILD, &path)
                .env(KIND, kind.name)
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
            assert!(lines.any(|line| line.unwrap() == "ready"), "{}: never began", kind.name);
            // Not before something was promised: the kill must find it at work.
            let first = lines.any(|line| line.unwrap().starts_with("ok "));
            assert!(first, "{}: nothing was written", kind.name);
            std::thread::sleep(Duration::from_micros(rng.random_range(0..25_000)));
            child.kill().unwrap();
            child.wait().unwrap();
            promised += 1 + lines.map_while(Result::ok).filter(|l| l.starts_with("ok ")).count();
            run(async {
                let registry = open(&path).await.unwrap();
                let verdict = registry.verify_audit().await.unwrap();
                assert!(verdict.is_whole(), "{} {round}: {verdict:?}", kind.name);
                let entries = registry.audit_entries(0, 1_000_000).await.unwrap();
                let told = entries.iter().filter(|e| e.action == kind.action).count();
                let mut raw = raw(&path).await;
                let rows: i64 = sqlx::query_scalar(kind.rows).fetch_one(&mut raw).await.unwrap();
                assert_eq!(rows as usize, told, "{} {round}", kind.name);
                // Every promise is kept; at most the last act of each life was not promised.
                assert!(told >= promised && told <= promised + round + 1, "{}", kind.name);
                registry.close().await;
            });
        }
        acts += promised;
    }
    println!(
        "{} kills over {} kinds, {acts} acts promised and kept",
        each * KINDS.len(),
        KINDS.len()
    );
}

/// Not a test of its own: the process that is killed.
#[test]
fn child() {
    let Ok(path) = std::env::var(CHILD) else { return };
    run(async {
        let registry = open(path.as_ref()).await.unwrap();
        let id = registry.create_job(job(0)).await.unwrap();
        registry.start_job(id, at(0)).await.unwrap();
        println!("\nready");
        loop {
            let delivery = import_once(&registry, &process("rsa")).await;
            // The parent learns what was acknowledged: it must still be there.
            println!("\nok {delivery}");
        }
    });
}

#[test]
fn killed_while_it_is_created_it_opens_again() {
    let mut rng = StdRng::seed_from_u64(11);
    let mut half_made = 0;
    for round in 0..12 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("registry.sqlite");
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crash::child", "--test-threads", "1"])
            .env(CHILD, &path)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Wait for its first trace on the disk, so that the kill falls into the creation.
        let lock = folder.path().join("registry.sqlite.lock");
        while !lock.exists() {
            std::thread::sleep(Duration::from_micros(100));
        }
        std::thread::sleep(Duration::from_micros(rng.random_range(0..6_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        run(async {
            let registry = open(&path).await.unwrap();
            let entries = registry.verify_audit().await.unwrap();
            assert!(entries.is_whole(), "round {round}");
            half_made += usize::from(entries.entries == 0);
            import_once(&registry, &process("rsa")).await;
        });
    }
    println!("{half_made} of 12 killed before their first act");
    assert!(half_made > 0);
}

#[test]
fn killed_at_random_points_it_opens_on_a_whole_version() {
    let kills = std::env::var("ECLUSIER_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(8);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("registry.sqlite");
    let mut rng = StdRng::seed_from_u64(7);
    let mut acknowledged = 0;
    for round in 0..kills {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crash::child", "--nocapture", "--test-threads", "1"])
            .env(CHILD, &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap() == "ready"), "the child never began");
        std::thread::sleep(Duration::from_micros(rng.random_range(0..60_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        let told = lines.map_while(Result::ok).filter_map(|l| l.strip_prefix("ok ")?.parse().ok());
        acknowledged = told.max().unwrap_or(acknowledged).max(acknowledged);

        run(async {
            let p = process("rsa");
            let registry = open(&path).await.unwrap();
            let imports = registry.imports(Some(&p)).await.unwrap();
            let now = registry.snapshot(&p).await.unwrap();
            assert_eq!(now.files.len(), 2 * imports.len(), "round {round}");
            assert_eq!(now.id.0 as usize, imports.len());
            let last = imports.last().map_or(0, |i| i.id.0);
            assert!(last >= acknowledged, "round {round}: {last} kept, {acknowledged} promised");
            let verdict = registry.verify_audit().await.unwrap();
            assert!(verdict.is_whole(), "{verdict:?}");
            let commits = registry.audit_entries(0, 1_000_000).await.unwrap();
            let commits = commits.iter().filter(|e| e.action == "import.commit").count();
            assert_eq!(commits, imports.len());
            // The child's job is the only one to be declared dead.
            let dead = registry.interrupt_dead_jobs(at(1)).await.unwrap();
            assert_eq!(dead.len(), 1, "round {round}");
            let job = registry.job(dead[0]).await.unwrap();
            assert_eq!(job.status, JobStatus::Interrupted);
            registry.close().await;
        });
    }
    println!("{kills} kills, {acknowledged} imports promised and kept");
    assert!(acknowledged > 0);
}

fn person(id: &str) -> Person {
    Person {
        id: PersonId(id.into()),
        agent: None,
        given: "Zoé".into(),
        family: "Durand".into(),
        email: String::new(),
        external: None,
        user_name: None,
        active: true,
        facts: Vec::new(),
        version: 0,
    }
}
