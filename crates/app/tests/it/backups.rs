//! Backups: taken under load, restored elsewhere to the same figures, refused when one byte
//! is not what was written.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use eclusier_app::{
    App, AppError, AppOptions, Grain, ImportRecordStatus,
    backups::{
        BackupClock, BackupError, BackupOptions, BackupPlan, BackupReport, BackupState, Fault,
        Manifest, RestoreOptions, Restored,
    },
    figures::Selection,
    imports::{ImportOptions, ImportStatus, Watch},
};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::common::*;

/// A body with all that a backup must bring back: events of two deliveries, one of them taken
/// back, refused rows, counts, rules.
async fn body() -> Bench {
    let bench = Bench::new().await;
    bench.store("a.csv", &csv(&month("A", 1, 40)), "pensions").await;
    let taken_back = bench.store("b.csv", &csv(&month("B", 2, 30)), "pensions").await;
    let mut refused = csv(&month("C", 3, 30));
    refused.push_str("C9999;;01/03/2025 10:00:00;;;\r\n");
    bench.store("c.csv", &refused, "pensions").await;
    bench.app.undo(taken_back.id.unwrap(), "double", Watch::default()).await.unwrap();
    bench.app.put_config(&process("pensions"), None, &rules()).await.unwrap();
    let counts = "date;arrivées;sorties;stock\n02/01/2025;12;10;102\n03/01/2025;8;11;99\n";
    bench.store("d.csv", counts, "courrier").await;
    bench
}

fn beside(bench: &Bench, name: &str) -> PathBuf {
    bench.data().with_file_name(name)
}

async fn back_up(bench: &Bench, name: &str) -> BackupReport {
    // Copied: a test that damages a second name would damage the data too.
    let options = BackupOptions { copy: true, ..BackupOptions::new(beside(bench, name)) };
    bench.app.backup(&options, &Watch::default()).await.unwrap()
}

async fn restore(backup: &Path, folder: &Path) -> Result<Restored, AppError> {
    let options = RestoreOptions {
        backup: backup.to_owned(),
        data: folder.join("data"),
        key: None,
        database: database(),
        at: now(),
    };
    App::restore(&options, &Watch::default()).await
}

/// Everything a script may read of a body, as text.
async fn told(app: &App) -> BTreeMap<String, String> {
    let mut told = BTreeMap::new();
    for id in app.process_ids().await.unwrap() {
        let state = state(app, id.as_str()).await;
        told.insert(format!("{id} state"), format!("{state:?}"));
        let figures = app.indicators(&of(id.as_str()), &[]).await.unwrap();
        told.insert(format!("{id} figures"), serde_json::to_string(&figures).unwrap());
        let ledger = app.ledger(&of(id.as_str()), Grain::Month, &[]).await.unwrap();
        told.insert(format!("{id} ledger"), format!("{ledger:?}"));
        told.insert(format!("{id} rules"), format!("{:?}", app.dated_rules(&id).await.unwrap()));
    }
    told.insert("imports".into(), format!("{:?}", app.imports(None).await.unwrap()));
    told
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_restored_elsewhere_is_the_body_of_that_day() {
    let bench = body().await;
    let expected = told(&bench.app).await;
    let report = back_up(&bench, "saved").await;
    assert_eq!(report.linked, 0);
    assert!(report.key.included && report.absent.is_empty(), "{report:?}");
    let saved = beside(&bench, "saved");
    assert_eq!(fs::metadata(&saved).unwrap().permissions().mode() & 0o777, 0o700);
    let key = fs::metadata(saved.join("secret.key")).unwrap();
    assert_eq!(key.permissions().mode() & 0o777, 0o600);
    // Life goes on.
    bench.store("e.csv", &csv(&month("E", 4, 50)), "pensions").await;
    assert_ne!(told(&bench.app).await, expected);

    let elsewhere = tempfile::tempdir().unwrap();
    let restored = restore(&saved, elsewhere.path()).await.unwrap();
    assert_eq!((restored.files, restored.bytes), (report.files, report.bytes));
    assert_eq!(restored.audit_entries, report.audit_entries);
    assert!(restored.witness.iter().all(|w| w.same) && restored.witness.len() == 2);
    assert_eq!(names(elsewhere.path()), ["data"], "nothing is left beside");
    let app = open(elsewhere.path()).await;
    assert_eq!(told(&app).await, expected);

    // The log says where the directory comes from, and the chain goes on.
    let verdict = app.registry().verify_audit().await.unwrap();
    assert!(verdict.is_whole() && verdict.entries > restored.audit_entries);
    let noted = app.registry().setting("backup.restored").await.unwrap().unwrap();
    assert!(noted.contains(&report.manifest_sha256) && noted.contains("saved"), "{noted}");
    let last = app.audit_entries(restored.audit_entries as i64, 10).await.unwrap();
    let last = last.iter().find(|e| e.action == "registry.restore").unwrap();
    assert!(last.details.contains(&report.manifest_sha256), "{last:?}");
    assert!(last.details.contains(&report.at.to_string()), "{last:?}");
    // Refused rows came too, and the same person keeps the same pseudonym.
    let refused = app.imports(None).await.unwrap();
    let refused = refused.iter().find(|i| i.quarantine_path.is_some()).unwrap().id;
    assert!(app.quarantine(refused).await.unwrap().exists());
    // It lives: what is imported here is what would have been imported there.
    let options =
        ImportOptions::new(bench.file("e.csv", csv(&month("E", 4, 50))), process("pensions"));
    let stored = app.import(options, Watch::default()).await.unwrap();
    assert_eq!(stored.status, ImportStatus::Committed);
    assert_eq!(state(&app, "pensions").await, bench.state("pensions").await);
    assert!(app.verify().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn on_one_disk_the_bytes_are_stored_once_and_nothing_shared_ever_changes() {
    let bench = body().await;
    let options = BackupOptions::new(beside(&bench, "saved"));
    let report = bench.app.backup(&options, &Watch::default()).await.unwrap();
    assert!(report.linked > 3, "{report:?}");
    let twins = |path: &Path| fs::metadata(path).unwrap().nlink();
    let parquet: Vec<_> = files(&options.to.join("lake"));
    assert_eq!(parquet.len() as u64, report.linked);
    assert!(parquet.iter().all(|p| twins(p) > 1));
    for name in ["registry.sqlite", "secret.key", "manifest.json"] {
        assert_eq!(twins(&options.to.join(name)), 1, "{name} must be a file of its own");
    }
    // A rehearsal reads it, a restoration shares nothing with it.
    assert!(bench.app.rehearse(&options.to, &Watch::default()).await.unwrap().ok);
    let elsewhere = tempfile::tempdir().unwrap();
    restore(&options.to, elsewhere.path()).await.unwrap();
    assert!(files(&elsewhere.path().join("data/lake")).iter().all(|p| twins(p) == 1));
    // The data go, the backup stays.
    bench.app.close().await;
    fs::remove_dir_all(bench.data().join("lake")).unwrap();
    let again = tempfile::tempdir().unwrap();
    restore(&options.to, again.path()).await.unwrap();
}

/// Imports, undos and sweeps in a loop while backups are taken: each one comes back as the
/// body that its own list of deliveries makes, told by a body that never was backed up.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_backup_of_a_busy_server_is_always_one_state() {
    let bench = Bench::new().await;
    bench.store("first.csv", &csv(&month("Z", 1, 20)), "pensions").await;
    let stop = Arc::new(AtomicBool::new(false));
    let other = bench.another().await;
    let (halt, app, folder) = (stop.clone(), bench.app.clone(), bench.data());
    let importing = tokio::spawn(async move {
        let mut taken_back = 0;
        for round in 0.. {
            if halt.load(Ordering::Relaxed) {
                return (round, taken_back);
            }
            let name = format!("r{round}.csv");
            let lines = month(&format!("R{round}x"), 1 + round % 5, 15);
            let path = folder.with_file_name(&name);
            fs::write(&path, csv(&lines)).unwrap();
            let options = ImportOptions::new(path, process("pensions"));
            let report = app.import(options, Watch::default()).await.unwrap();
            if round % 3 == 1 {
                app.undo(report.id.unwrap(), "", Watch::default()).await.unwrap();
                taken_back += 1;
            }
        }
        unreachable!()
    });
    let halt = stop.clone();
    let sweeping = tokio::spawn(async move {
        while !halt.load(Ordering::Relaxed) {
            other.sweep().await.unwrap();
            // The lock of a process is not fair: leave it to the imports most of the time.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    let mut saved = Vec::new();
    for i in 0..6 {
        let options = BackupOptions {
            // Copies take longer: more may happen meanwhile.
            copy: i % 2 == 0,
            ..BackupOptions::new(beside(&bench, &format!("saved{i}")))
        };
        let report = bench.app.backup(&options, &Watch::default()).await.unwrap();
        saved.push((options.to, report));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    stop.store(true, Ordering::Relaxed);
    let (rounds, taken_back) = importing.await.unwrap();
    sweeping.await.unwrap();
    assert!(rounds > 6 && taken_back > 1, "{rounds} imports, {taken_back} undos: not busy");
    let versions: Vec<i64> = saved.iter().map(|(_, r)| r.processes["pensions"]).collect();
    assert!(versions.windows(2).any(|v| v[0] != v[1]), "{versions:?}: nothing moved");

    for (path, _) in &saved {
        let elsewhere = tempfile::tempdir().unwrap();
        restore(path, elsewhere.path()).await.unwrap();
        let app = open(elsewhere.path()).await;
        let mut live = app.imports(None).await.unwrap();
        live.retain(|i| i.status == ImportRecordStatus::Committed);
        live.sort_by_key(|i| i.snapshot);
        let alone = Bench::new().await;
        for import in &live {
            let path = bench.data().with_file_name(&import.file_name);
            assert_eq!(alone.import(&path, "pensions").await.status, ImportStatus::Committed);
        }
        let (mut found, mut expected) =
            (state(&app, "pensions").await, alone.state("pensions").await);
        // The two bodies have keys of their own: agents differ, their number does not.
        for state in [&mut found, &mut expected] {
            state.cases.clear();
        }
        assert_eq!(found, expected, "{} live deliveries", live.len());
        assert!(app.verify().await.unwrap().is_empty());
        app.close().await;
    }
}

/// Seals a backup again after a change: what only the deeper checks can find.
fn reseal(backup: &Path, change: impl FnOnce(&mut serde_json::Value)) {
    let path = backup.join("manifest.json");
    let mut manifest: serde_json::Value =
        serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    for file in manifest["files"].as_array_mut().unwrap() {
        let bytes = fs::read(backup.join(file["path"].as_str().unwrap())).unwrap();
        file["bytes"] = bytes.len().into();
        file["sha256"] = hex::encode(Sha256::digest(&bytes)).into();
    }
    change(&mut manifest);
    let text = serde_json::to_vec_pretty(&manifest).unwrap();
    let mut sums = String::new();
    for file in manifest["files"].as_array().unwrap() {
        let (sha256, path) = (file["sha256"].as_str().unwrap(), file["path"].as_str().unwrap());
        sums.push_str(&format!("{sha256}  {path}\n"));
    }
    sums.push_str(&format!("{}  manifest.json\n", hex::encode(Sha256::digest(&text))));
    fs::write(&path, text).unwrap();
    fs::write(backup.join("SHA256SUMS"), sums).unwrap();
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    let at = at.min(bytes.len() - 1);
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

fn copy_tree(from: &Path, to: &Path) {
    for path in files(from) {
        let target = to.join(path.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(path, target).unwrap();
    }
}

/// Replaces a text inside a database by one of the same length.
fn rewrite(path: &Path, old: &str, new: &str) {
    assert_eq!(old.len(), new.len());
    let mut bytes = fs::read(path).unwrap();
    let found: Vec<usize> = (0..bytes.len() - old.len())
        .filter(|&at| &bytes[at..at + old.len()] == old.as_bytes())
        .collect();
    assert!(!found.is_empty(), "{old} is not there");
    for at in found {
        bytes[at..at + old.len()].copy_from_slice(new.as_bytes());
    }
    fs::write(path, bytes).unwrap();
}

type Damage = (&'static str, fn(&Path), fn(&BackupError) -> bool);

fn data_file(backup: &Path) -> PathBuf {
    files(&backup.join("lake")).into_iter().find(|p| p.ends_with_parquet()).unwrap()
}

trait Parquet {
    fn ends_with_parquet(&self) -> bool;
}
impl Parquet for PathBuf {
    fn ends_with_parquet(&self) -> bool {
        self.extension().is_some_and(|e| e == "parquet")
    }
}

fn is(error: &BackupError, file: &str, fault: fn(&Fault) -> bool) -> bool {
    matches!(error, BackupError::Damaged { file: f, fault: x, .. } if f.contains(file) && fault(x))
}

/// One of each class of byte, and what the restoration must say of it.
const DAMAGES: &[Damage] = &[
    (
        "registry",
        |b| flip(&b.join("registry.sqlite"), 5000),
        |e| is(e, "registry.sqlite", |f| *f == Fault::Digest),
    ),
    ("data file", |b| flip(&data_file(b), 100), |e| is(e, ".parquet", |f| *f == Fault::Digest)),
    ("key", |b| flip(&b.join("secret.key"), 3), |e| is(e, "secret.key", |f| *f == Fault::Digest)),
    (
        "refused rows",
        |b| flip(&files(&b.join("quarantine"))[0], 9),
        |e| is(e, "quarantine/", |f| *f == Fault::Digest),
    ),
    (
        "manifest",
        |b| flip(&b.join("manifest.json"), 900),
        |e| is(e, "manifest.json", |f| *f == Fault::Digest),
    ),
    ("digests", |b| flip(&b.join("SHA256SUMS"), 10), |e| is(e, "", |f| *f == Fault::Lists)),
    (
        "digest of the manifest",
        |b| {
            let path = b.join("SHA256SUMS");
            let bytes = fs::read(&path).unwrap().len();
            flip(&path, bytes - 40);
        },
        |e| is(e, "manifest.json", |f| *f == Fault::Digest),
    ),
    (
        "no digests",
        |b| fs::remove_file(b.join("SHA256SUMS")).unwrap(),
        |e| is(e, "SHA256SUMS", |f| *f == Fault::Missing),
    ),
    (
        "no manifest",
        |b| fs::remove_file(b.join("manifest.json")).unwrap(),
        |e| is(e, "manifest.json", |f| *f == Fault::Missing),
    ),
    (
        "missing file",
        |b| fs::remove_file(data_file(b)).unwrap(),
        |e| is(e, ".parquet", |f| *f == Fault::Missing),
    ),
    (
        "extra file",
        |b| fs::write(b.join("lake/extra.parquet"), "x").unwrap(),
        |e| is(e, "lake/extra.parquet", |f| *f == Fault::Extra),
    ),
    (
        "truncated file",
        |b| {
            let path = data_file(b);
            let bytes = fs::read(&path).unwrap();
            fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        },
        |e| is(e, ".parquet", |f| matches!(f, Fault::Length { .. })),
    ),
    (
        "emptied registry",
        |b| fs::write(b.join("registry.sqlite"), "").unwrap(),
        |e| is(e, "registry.sqlite", |f| matches!(f, Fault::Length { found: 0, .. })),
    ),
    (
        "a link in place of a file",
        |b| {
            let path = data_file(b);
            fs::remove_file(&path).unwrap();
            std::os::unix::fs::symlink("/etc/hostname", &path).unwrap();
        },
        |e| is(e, ".parquet", |f| *f == Fault::NotAFile),
    ),
    (
        "a path that leads out",
        |b| {
            reseal(b, |m| m["files"][0]["path"] = "lake/../../stolen".into());
        },
        |e| is(e, "stolen", |f| *f == Fault::Lists),
    ),
    (
        "another data file, sealed again",
        |b| {
            let mut all = files(&b.join("lake")).into_iter().filter(Parquet::ends_with_parquet);
            let (one, other) = (all.next().unwrap(), all.next_back().unwrap());
            fs::copy(other, one).unwrap();
            reseal(b, |_| {});
        },
        |e| is(e, ".parquet", |f| *f == Fault::Catalogue),
    ),
    (
        "a file nobody names, sealed again",
        |b| {
            fs::write(b.join("lake/zz"), "x").unwrap();
            reseal(b, |m| {
                let one = serde_json::json!({
                    "path": "lake/zz", "bytes": 1, "sha256": hex::encode(Sha256::digest("x")),
                });
                let files = m["files"].as_array_mut().unwrap();
                files.push(one);
                files.sort_by(|a, b| a["path"].as_str().cmp(&b["path"].as_str()));
            });
        },
        |e| is(e, "lake/zz", |f| *f == Fault::Catalogue),
    ),
    (
        "a rewritten audit log, sealed again",
        |b| {
            rewrite(&b.join("registry.sqlite"), "import.commit", "import.delete");
            reseal(b, |_| {});
        },
        |e| matches!(e, BackupError::Audit { seq: 1.. }),
    ),
    (
        "another audit log, sealed again",
        |b| {
            reseal(b, |m| m["registry"]["audit_entries"] = 3.into());
        },
        |e| is(e, "registry.sqlite", |f| *f == Fault::Catalogue),
    ),
    (
        "another version, sealed again",
        |b| {
            reseal(b, |m| m["processes"][1]["snapshot"] = 1.into());
        },
        |e| is(e, "registry.sqlite", |f| *f == Fault::Catalogue),
    ),
    (
        "a process forgotten, sealed again",
        |b| {
            reseal(b, |m| {
                m["processes"].as_array_mut().unwrap().pop();
            });
        },
        |e| is(e, "registry.sqlite", |f| *f == Fault::Catalogue),
    ),
    (
        "a witness count, sealed again",
        |b| {
            reseal(b, |m| {
                let cases = &mut m["processes"][1]["witness"]["counts"]["cases"];
                *cases = (cases.as_u64().unwrap() + 1).into();
            });
        },
        |e| matches!(e, BackupError::Witness { what, .. } if what == "describe"),
    ),
    (
        "the last bit of a witness figure, sealed again",
        |b| {
            reseal(b, |m| {
                let figures = m["processes"][1]["witness"]["figures"].as_array_mut().unwrap();
                let one = figures.iter_mut().find(|f| f["id"] == "lead_time_mean").unwrap();
                let value = one["value"].as_f64().unwrap();
                one["value"] = f64::from_bits(value.to_bits() ^ 1).into();
            });
        },
        |e| matches!(e, BackupError::Witness { what, .. } if what == "lead_time_mean"),
    ),
    (
        "another key, sealed again",
        |b| {
            fs::write(b.join("secret.key"), "ab".repeat(32)).unwrap();
            reseal(b, |_| {});
        },
        |e| is(e, "secret.key", |f| *f == Fault::Digest),
    ),
    (
        "a later format",
        |b| reseal(b, |m| m["format"] = 2.into()),
        |e| matches!(e, BackupError::Format { found: 2, .. }),
    ),
    (
        "a field nobody knows",
        |b| reseal(b, |m| m["surprise"] = 1.into()),
        |e| is(e, "manifest.json", |f| matches!(f, Fault::Unreadable { .. })),
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn one_byte_of_any_kind_refuses_the_restoration_and_fails_the_rehearsal() {
    let bench = body().await;
    back_up(&bench, "saved").await;
    let saved = beside(&bench, "saved");
    assert!(bench.app.rehearse(&saved, &Watch::default()).await.unwrap().ok);
    for (what, damage, says) in DAMAGES {
        let folder = tempfile::tempdir().unwrap();
        let broken = folder.path().join("broken");
        copy_tree(&saved, &broken);
        damage(&broken);
        let elsewhere = tempfile::tempdir().unwrap();
        let error = restore(&broken, elsewhere.path()).await.expect_err(what);
        match &error {
            AppError::Backup(error) => assert!(says(error), "{what}: {error:?}"),
            other => panic!("{what}: {other:?}"),
        }
        let [fr, en] = error.words();
        assert!(fr.contains("sauvegarde") || fr.contains("restaurer"), "{what}: {fr}");
        assert!(en.contains("backup") || en.contains("restore"), "{what}: {en}");
        assert_eq!(names(elsewhere.path()), [""; 0], "{what} left something");

        let rehearsal = bench.app.rehearse(&broken, &Watch::default()).await.unwrap();
        assert!(!rehearsal.ok, "{what} was rehearsed as if it were whole");
        assert_eq!(rehearsal.what_failed, Some([fr, en]), "{what}");
        let health = bench.app.backup_health(now()).await.unwrap();
        assert_eq!(health.rehearsal, BackupState::Failed);
        assert!(health.words[0].contains("échec"), "{}", health.words[0]);
        let left = names(&bench.data());
        assert!(left.iter().all(|n| !n.starts_with('.')), "{what} left {left:?}");
    }
    // The body itself was never touched, and the good backup is still good.
    assert!(bench.app.rehearse(&saved, &Watch::default()).await.unwrap().ok);
    assert!(bench.app.verify().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_seen_without_reading_every_byte_is_listed() {
    let bench = body().await;
    let report = back_up(&bench, "saved").await;
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str| {
        let path = folder.path().join(name);
        copy_tree(&beside(&bench, "saved"), &path);
        path
    };
    put("whole");
    fs::remove_file(data_file(&put("short"))).unwrap();
    flip(&put("scratched").join("manifest.json"), 500);
    // Not backups: never finished, something else, a file.
    fs::remove_file(put("unfinished").join("manifest.json")).unwrap();
    fs::remove_file(folder.path().join("unfinished/SHA256SUMS")).unwrap();
    put(".saved.partial-0123");
    fs::create_dir(folder.path().join("photos")).unwrap();
    fs::write(folder.path().join("notes.txt"), "x").unwrap();
    let lines = App::list_backups(folder.path()).unwrap();
    let mut seen: Vec<_> = lines
        .iter()
        .map(|l| (l.path.file_name().unwrap().to_str().unwrap(), l.problem.is_some()))
        .collect();
    seen.sort();
    assert_eq!(seen, [("scratched", true), ("short", true), ("whole", false)]);
    let alone = App::list_backups(&folder.path().join("whole")).unwrap();
    assert_eq!(alone.len(), 1);
    assert_eq!((alone[0].files, alone[0].bytes), (report.files, report.bytes));
    assert_eq!(alone[0].at, Some(report.at));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_kept_apart_must_be_given_back() {
    let bench = body().await;
    let saved = beside(&bench, "saved");
    let options = BackupOptions { without_key: true, ..BackupOptions::new(&saved) };
    let report = bench.app.backup(&options, &Watch::default()).await.unwrap();
    assert!(!report.key.included && !saved.join("secret.key").exists());
    let secret = fs::read_to_string(bench.data().join("secret.key")).unwrap();
    let fingerprint = report.key.fingerprint.unwrap();
    for file in files(&saved) {
        let bytes = fs::read(&file).unwrap();
        let told = bytes.windows(secret.len()).any(|w| w == secret.as_bytes());
        assert!(!told, "{} holds the key", file.display());
    }
    // The body that has the key can rehearse; another one cannot.
    assert!(bench.app.rehearse(&saved, &Watch::default()).await.unwrap().ok);
    let stranger = body().await;
    let refused = stranger.app.rehearse(&saved, &Watch::default()).await.unwrap();
    assert!(refused.what_failed.unwrap()[0].contains(&fingerprint));

    let elsewhere = tempfile::tempdir().unwrap();
    let error = restore(&saved, elsewhere.path()).await.unwrap_err();
    assert!(matches!(&error, AppError::Backup(BackupError::KeyNeeded { .. })), "{error:?}");
    assert!(error.words()[0].contains(&fingerprint) && error.kind() == "invalid");
    let with = |key: PathBuf| RestoreOptions {
        backup: saved.clone(),
        data: elsewhere.path().join("data"),
        key: Some(key),
        database: database(),
        at: now(),
    };
    let wrong = with(stranger.data().join("secret.key"));
    let error = App::restore(&wrong, &Watch::default()).await.unwrap_err();
    assert!(matches!(&error, AppError::Backup(BackupError::KeyWrong { .. })), "{error:?}");
    assert_eq!(names(elsewhere.path()), [""; 0]);
    let right = with(bench.data().join("secret.key"));
    App::restore(&right, &Watch::default()).await.unwrap();
    let key = elsewhere.path().join("data/secret.key");
    assert_eq!(fs::read_to_string(&key).unwrap(), secret);
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_done_is_said_before_anything_is_written() {
    let bench = body().await;
    let root = bench.data().parent().unwrap().to_owned();
    back_up(&bench, "saved").await;
    let before = names(&root);
    let tried = async |to: PathBuf| {
        let error = bench.app.backup(&BackupOptions::new(to), &Watch::default()).await;
        error.unwrap_err()
    };
    let kinds = [
        (tried(root.join("saved")).await, "invalid"),
        (tried(root.join("a.csv")).await, "invalid"),
        (tried(bench.data().join("saved")).await, "invalid"),
        (tried(root.join("no/such/folder")).await, "internal"),
    ];
    for (error, kind) in kinds {
        assert_eq!(error.kind(), kind, "{error}");
    }
    let held = fs::File::open(bench.data().join("backup.lock")).unwrap();
    held.lock().unwrap();
    let error = tried(root.join("second")).await;
    assert!(matches!(error, AppError::Backup(BackupError::Running { .. })), "{error:?}");
    drop(held);
    assert_eq!(names(&root), before);

    // A restoration wants an empty place, and takes an empty folder as one.
    let elsewhere = tempfile::tempdir().unwrap();
    fs::create_dir(elsewhere.path().join("data")).unwrap();
    fs::write(elsewhere.path().join("data/thesis.txt"), "x").unwrap();
    let error = restore(&root.join("saved"), elsewhere.path()).await.unwrap_err();
    assert!(matches!(error, AppError::Backup(BackupError::NotEmpty { .. })), "{error:?}");
    assert_eq!(names(&elsewhere.path().join("data")), ["thesis.txt"]);
    fs::remove_file(elsewhere.path().join("data/thesis.txt")).unwrap();
    restore(&root.join("saved"), elsewhere.path()).await.unwrap();
    for not_one in ["data", "a.csv", "nothing"] {
        let empty = tempfile::tempdir().unwrap();
        let error = restore(&root.join(not_one), empty.path()).await.unwrap_err();
        assert!(matches!(error, AppError::Backup(BackupError::NotABackup { .. })), "{error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_body_is_not_backed_up_as_if_it_were_whole() {
    let bench = body().await;
    let root = bench.data().parent().unwrap().to_owned();
    let file = data_file(&bench.data());
    let good = fs::read(&file).unwrap();
    let before = names(&root);
    flip(&file, 60);
    for copy in [false, true] {
        let options = BackupOptions { copy, ..BackupOptions::new(root.join("saved")) };
        let error = bench.app.backup(&options, &Watch::default()).await.unwrap_err();
        assert!(
            matches!(
                &error,
                AppError::Backup(BackupError::SourceDamaged { fault: Fault::Digest, .. })
            ),
            "{error:?}"
        );
    }
    fs::remove_file(&file).unwrap();
    let options = BackupOptions::new(root.join("saved"));
    let error = bench.app.backup(&options, &Watch::default()).await.unwrap_err();
    assert!(
        matches!(
            &error,
            AppError::Backup(BackupError::SourceDamaged { fault: Fault::Missing, .. })
        ),
        "{error:?}"
    );
    assert_eq!(names(&root), before);
    // Refused rows are only help: their loss is told, and the backup is made.
    fs::write(&file, good).unwrap();
    fs::remove_file(&files(&bench.data().join("quarantine"))[0]).unwrap();
    let report = bench.app.backup(&options, &Watch::default()).await.unwrap();
    assert_eq!(report.absent.len(), 1);
    assert!(bench.app.rehearse(&options.to, &Watch::default()).await.unwrap().ok);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_backup_or_restoration_leaves_nothing() {
    let bench = body().await;
    let root = bench.data().parent().unwrap().to_owned();
    back_up(&bench, "saved").await;
    let before = names(&root);
    let watch = Watch::default();
    watch.cancel();
    let options = BackupOptions::new(root.join("second"));
    assert!(matches!(bench.app.backup(&options, &watch).await, Err(AppError::Cancelled)));
    assert!(matches!(
        bench.app.rehearse(&root.join("saved"), &watch).await,
        Err(AppError::Cancelled)
    ));
    let restoration = RestoreOptions {
        backup: root.join("saved"),
        data: root.join("restored"),
        key: None,
        database: database(),
        at: now(),
    };
    assert!(matches!(App::restore(&restoration, &watch).await, Err(AppError::Cancelled)));
    assert_eq!(names(&root), before);
    assert!(names(&bench.data()).iter().all(|n| !n.starts_with('.')));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_backup_left_goes_and_what_a_living_one_writes_stays() {
    let bench = body().await;
    let root = bench.data().parent().unwrap().to_owned();
    let dead = root.join(".saved.partial-00000000000000000000000000000001");
    let living = root.join(".saved.partial-00000000000000000000000000000002");
    let lock = |draft: &PathBuf| {
        draft.with_file_name(format!("{}.lock", draft.file_name().unwrap().display()))
    };
    for draft in [&dead, &living] {
        fs::create_dir(draft).unwrap();
        fs::write(lock(draft), "").unwrap();
        fs::write(draft.join("registry.sqlite"), "half").unwrap();
    }
    let held = fs::File::open(lock(&living)).unwrap();
    held.lock().unwrap();
    // Not ours, whatever its name.
    fs::create_dir(root.join(".other.partial-x")).unwrap();
    back_up(&bench, "saved").await;
    assert!(!dead.exists() && !lock(&dead).exists());
    assert!(living.exists() && lock(&living).exists() && root.join(".other.partial-x").exists());
    let listed = App::list_backups(&root).unwrap();
    assert_eq!(listed.len(), 1);
}

/// A clock whose sleeps take no time; it stops the keeper at a given instant.
struct Fake {
    now: Mutex<Timestamp>,
    until: Timestamp,
    watch: Watch,
    woken: Box<dyn Fn(Timestamp) + Send + Sync>,
}

impl BackupClock for Fake {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }
    async fn sleep(&self, time: Duration) {
        // Longer than asked, so that a month does not take a million turns.
        let now = {
            let mut now = self.now.lock().unwrap();
            *now = now.checked_add(time.max(Duration::from_secs(1800))).unwrap();
            *now
        };
        (self.woken)(now);
        if now >= self.until {
            self.watch.cancel();
        }
        tokio::task::yield_now().await;
    }
}

fn days(n: i64) -> Timestamp {
    now().checked_add(Duration::from_secs(n.unsigned_abs() * 86_400)).unwrap()
}

fn plan(folder: &Path, keep: usize) -> BackupPlan {
    BackupPlan {
        folder: folder.to_owned(),
        every: Duration::from_secs(86_400),
        keep,
        rehearse: true,
        without_key: false,
    }
}

async fn keep(
    app: &App,
    plan: &BackupPlan,
    from: i64,
    to: i64,
    woken: impl Fn(Timestamp) + Send + Sync + 'static,
) {
    let watch = Watch::default();
    let clock = Fake {
        now: Mutex::new(days(from)),
        until: days(to),
        watch: watch.clone(),
        woken: Box::new(woken),
    };
    app.keep_backups(plan, &clock, &watch).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_keeps_its_backups_by_itself() {
    let bench = body().await;
    let never = bench.app.backup_health(now()).await.unwrap();
    assert_eq!((never.backup, never.rehearsal), (BackupState::Never, BackupState::Never));
    let folder = tempfile::tempdir().unwrap();
    // Something of somebody else lies there too.
    fs::create_dir(folder.path().join("2019")).unwrap();
    keep(&bench.app, &plan(folder.path(), 3), 0, 6, |_| ()).await;
    let lines = App::list_backups(folder.path()).unwrap();
    let made: Vec<_> = lines.iter().map(|l| l.at.unwrap()).collect();
    assert_eq!(made, [days(5), days(4), days(3)], "one a day, three kept");
    assert!(lines[0].path.ends_with("eclusier-20250706T080000Z"), "{:?}", lines[0].path);
    assert!(folder.path().join("2019").exists());
    let health = bench.app.backup_health(days(6)).await.unwrap();
    assert_eq!((health.backup, health.rehearsal), (BackupState::Ok, BackupState::Ok));
    assert_eq!(health.age_seconds, Some(86_400));
    assert!(health.still_there);
    assert_eq!(health.last_rehearsal.unwrap().instant_of_backup, Some(days(5)));
    // Days without: late, then made at once.
    let health = bench.app.backup_health(days(8)).await.unwrap();
    assert_eq!((health.backup, health.rehearsal), (BackupState::Late, BackupState::Ok));
    let health = bench.app.backup_health(days(20)).await.unwrap();
    assert_eq!(health.rehearsal, BackupState::Late);
    keep(&bench.app, &plan(folder.path(), 3), 20, 21, |_| ()).await;
    let lines = App::list_backups(folder.path()).unwrap();
    assert_eq!(lines[0].at, Some(days(20)));
    assert_eq!(lines.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_fails_is_told_tried_again_and_removes_nothing() {
    let bench = body().await;
    let folder = tempfile::tempdir().unwrap();
    let disk = folder.path().join("disk");
    fs::create_dir(&disk).unwrap();
    keep(&bench.app, &plan(&disk, 1), 0, 1, |_| ()).await;
    // The disk is unplugged on the first day: nothing is written in its place.
    fs::rename(&disk, folder.path().join("away")).unwrap();
    keep(&bench.app, &plan(&disk, 1), 1, 2, |_| ()).await;
    assert!(!disk.exists());
    let health = bench.app.backup_health(days(2)).await.unwrap();
    assert_eq!(health.backup, BackupState::Failed);
    assert!(health.words[0].contains("a échoué"), "{}", health.words[0]);
    assert!(!health.still_there);
    // Plugged back while the keeper runs: it is made within the hour.
    let (from, to) = (folder.path().join("away"), disk.clone());
    keep(&bench.app, &plan(&disk, 1), 2, 3, move |now| {
        if now >= days(2).checked_add(Duration::from_secs(3 * 3600)).unwrap() {
            let _ = fs::rename(&from, &to);
        }
    })
    .await;
    let health = bench.app.backup_health(days(3)).await.unwrap();
    assert_eq!(health.backup, BackupState::Ok);
    let made = health.last.unwrap().at.duration_since(days(2)).as_secs();
    assert!((3 * 3600..=5 * 3600).contains(&made), "made after {made} s");

    // A damaged one is left to a person, and does not count among those kept.
    let first = App::list_backups(&disk).unwrap()[0].path.clone();
    fs::remove_file(first.join("registry.sqlite")).unwrap();
    keep(&bench.app, &plan(&disk, 1), 4, 5, |_| ()).await;
    let lines = App::list_backups(&disk).unwrap();
    assert_eq!(lines.iter().filter(|l| l.problem.is_some()).count(), 1);
    assert_eq!(lines.iter().filter(|l| l.problem.is_none()).count(), 1);
    // Another server has the folder: ours waits without complaint.
    let held = fs::File::open(disk.join(".eclusier-backups.lock")).unwrap();
    held.lock().unwrap();
    keep(&bench.app, &plan(&disk, 1), 10, 11, |_| ()).await;
    assert_eq!(App::list_backups(&disk).unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_body_is_backed_up_too() {
    let bench = Bench::new().await;
    let report = back_up(&bench, "saved").await;
    assert_eq!((report.files, report.key.fingerprint), (1, None));
    let elsewhere = tempfile::tempdir().unwrap();
    restore(&beside(&bench, "saved"), elsewhere.path()).await.unwrap();
    let app = open(elsewhere.path()).await;
    assert!(app.indicators(&Selection::default(), &[]).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_reads_back_as_it_was_written() {
    let bench = body().await;
    back_up(&bench, "saved").await;
    let text = fs::read(beside(&bench, "saved").join("manifest.json")).unwrap();
    let manifest: Manifest = serde_json::from_slice(&text).unwrap();
    assert_eq!(serde_json::to_vec_pretty(&manifest).unwrap(), text, "floats included");
    let courrier = &manifest.processes[0];
    assert_eq!(courrier.process, process("courrier"));
    let stock = courrier.witness.figures.iter().find(|f| f.id == "stock").unwrap();
    assert_eq!(stock.value, Some(99.0));
    // A server that opens the data sees nothing of the backups.
    let mut options = AppOptions::new(bench.data());
    options.now = Some(now());
    options.server = true;
    options.database = database();
    App::open(options).await.unwrap();
}
