//! Killed in the middle of commits, the registry opens again on a whole version.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::Duration,
};

use eclusier_registry::JobStatus;
use rand::{RngExt, SeedableRng, rngs::StdRng};

use crate::{at, import_once, jobs::job, open, process, run};

const CHILD: &str = "ECLUSIER_REGISTRY_CHILD";

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
