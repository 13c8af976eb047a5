//! A backup is whole, private, and brings the registry back.

use std::os::unix::fs::PermissionsExt;

use eclusier_registry::{OpenOptions, Registry, RegistryError};

use crate::{at, bench, import_once, only_on, process, run};

#[test]
fn a_backup_taken_under_writes_restores_a_past_state() {
    if only_on("SQLite") {
        return;
    }
    run(async {
        let bench = bench().await;
        let r = &bench.registry;
        let p = process("rsa");
        import_once(r, &p).await;
        let before = r.snapshot(&p).await.unwrap();
        let copy = bench.folder.path().join("copy.sqlite");
        let report = r.backup_to(&copy, "anne", at(1)).await.unwrap();
        assert_eq!(report.schema, r.schema_version().await.unwrap());
        assert_eq!(report.audit_entries, 1);
        let bytes = std::fs::read(&copy).unwrap();
        assert_eq!(bytes.len() as u64, report.bytes);
        assert_eq!(hex(&bytes), report.sha256);
        let mode = std::fs::metadata(&copy).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        import_once(r, &p).await;
        let after = r.snapshot(&p).await.unwrap();
        assert_ne!(after, before);

        // A backup never overwrites.
        let again = r.backup_to(&copy, "anne", at(2)).await;
        assert!(matches!(again, Err(RegistryError::BackupExists { .. })));
        assert_eq!(std::fs::read(&copy).unwrap(), bytes);

        // Restore by hand, as the document says.
        let path = bench.path();
        r.close().await;
        drop(bench.registry);
        for suffix in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{suffix}", path.display()));
        }
        std::fs::copy(&copy, &path).unwrap();
        let options = OpenOptions { check: true, ..Default::default() };
        let restored = Registry::open_with(&path, &options).await.unwrap();
        assert_eq!(restored.snapshot(&p).await.unwrap(), before);
        assert!(restored.verify_audit().await.unwrap().is_whole());
        import_once(&restored, &p).await;
    });
}

fn hex(bytes: &[u8]) -> String {
    use sha2::Digest;
    hex::encode(sha2::Sha256::digest(bytes))
}

#[test]
fn a_log_that_does_not_hold_is_not_backed_up_as_if_it_did() {
    if only_on("SQLite") {
        return;
    }
    run(async {
        use sqlx::{ConnectOptions, Connection};
        let bench = bench().await;
        import_once(&bench.registry, &process("rsa")).await;
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(bench.path());
        let mut raw = options.connect().await.unwrap();
        sqlx::raw_sql(
            "DROP TRIGGER audit_entry_is_never_changed; UPDATE audit_entry SET actor = 'x'",
        )
        .execute(&mut raw)
        .await
        .unwrap();
        raw.close().await.unwrap();
        let copy = bench.folder.path().join("copy.sqlite");
        let refused = bench.registry.backup_to(&copy, "anne", at(1)).await;
        assert!(matches!(refused, Err(RegistryError::Damaged { .. })), "{refused:?}");
        let left: Vec<_> = std::fs::read_dir(bench.folder.path())
            .unwrap()
            .map(|f| f.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.starts_with("copy"))
            .collect();
        assert!(left.is_empty(), "{left:?}");
    });
}
