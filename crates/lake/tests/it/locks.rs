//! One writer at a time per process; the dead hold nothing.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use eclusier_core::{DeliveryId, ProcessId};
use eclusier_lake::{LakeError, LakeOptions, Stop};

use crate::common::{Row, batch, open, process};

#[test]
fn a_second_writer_waits_for_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path(), LakeOptions::default());
    let other = open(folder.path(), LakeOptions::default());
    let guard = lake.lock(&process(), &Stop::never()).unwrap();
    assert!(other.try_lock(&process()).unwrap().is_none());
    let stop = Stop::never();
    stop.ask();
    assert!(matches!(other.lock(&process(), &stop), Err(LakeError::Stopped)));
    // Another process is another matter.
    assert!(other.try_lock(&ProcessId::new("autre").unwrap()).unwrap().is_some());
    drop(guard);
    assert!(other.try_lock(&process()).unwrap().is_some());
}

/// Holds the lock and a staging folder until killed; only ever started by the test below.
#[test]
#[ignore = "the child of another test"]
fn child_that_holds_the_lock() {
    let Ok(root) = std::env::var("ECLUSIER_TEST_LOCKED") else { return };
    let lake = open(root.as_ref(), LakeOptions { run_rows: 1, ..LakeOptions::default() });
    let _guard = lake.lock(&process(), &Stop::never()).unwrap();
    let mut stage = lake.stage(&process(), DeliveryId(1)).unwrap();
    stage.push(batch(&[Row::new("x", "a", 1)])).unwrap();
    println!("\nheld");
    std::thread::sleep(std::time::Duration::from_secs(60));
}

#[test]
fn a_killed_writer_leaves_nothing_but_what_a_sweep_removes() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "locks::child_that_holds_the_lock", "--ignored", "--nocapture"])
        .env("ECLUSIER_TEST_LOCKED", folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|l| l == "held"));
    let lake = open(folder.path(), LakeOptions::default());
    assert!(lake.try_lock(&process()).unwrap().is_none());
    let report = lake.sweep(&|_| false).unwrap();
    assert_eq!((report.busy, report.staging), (1, 0), "a living writer is left alone");
    child.kill().unwrap();
    child.wait().unwrap();
    let report = lake.sweep(&|_| false).unwrap();
    assert_eq!((report.busy, report.staging), (0, 1));
    let staging = folder.path().join("essai/staging");
    assert_eq!(std::fs::read_dir(staging).unwrap().count(), 0);
    assert!(lake.try_lock(&process()).unwrap().is_some());
}

#[test]
fn a_sweep_leaves_the_staging_of_the_living_alone() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path(), LakeOptions { run_rows: 1, ..LakeOptions::default() });
    let mut stage = lake.stage(&process(), DeliveryId(1)).unwrap();
    stage.push(batch(&[Row::new("x", "a", 1)])).unwrap();
    let report = lake.sweep(&|_| false).unwrap();
    assert_eq!(report.staging, 0);
    stage.push(batch(&[Row::new("x", "b", 2)])).unwrap();
    stage.abandon();
    let staging = folder.path().join("essai/staging");
    assert_eq!(std::fs::read_dir(staging).unwrap().count(), 0);
}

#[test]
fn a_process_held_is_swept_by_its_holder_alone() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path(), LakeOptions::default());
    for name in ["essai", "autre"] {
        let orphan = folder.path().join(name).join("events/month=2025-01");
        std::fs::create_dir_all(&orphan).unwrap();
        std::fs::write(orphan.join("orphan.parquet"), b"left by a crash").unwrap();
    }
    assert_eq!(lake.processes().unwrap(), [ProcessId::new("autre").unwrap(), process()]);
    let guard = lake.lock(&process(), &Stop::never()).unwrap();
    let report = lake.sweep(&|_| true).unwrap();
    assert_eq!((report.files, report.busy), (0, 1));
    let report = lake.sweep_process(&guard, &|_| false).unwrap();
    assert_eq!((report.files, report.bytes), (1, 15));
    assert!(!folder.path().join("essai/events/month=2025-01").exists());
    assert!(folder.path().join("autre/events/month=2025-01/orphan.parquet").exists());
}
