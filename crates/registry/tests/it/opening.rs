//! Opening: fast, private, refused where it would not be safe.

use std::{os::unix::fs::PermissionsExt, time::Instant};

use eclusier_registry::{OpenOptions, Registry, RegistryError};
use sqlx::{ConnectOptions, Connection, Row, sqlite::SqliteConnectOptions};

use crate::{bench, database, import_once, only_on, open, options, process, raw, run};

#[test]
fn a_new_registry_has_the_modes_it_promises() {
    if only_on("SQLite") {
        return;
    }
    run(async {
        let bench = bench().await;
        import_once(&bench.registry, &process("rsa")).await;
        for name in ["registry.sqlite", "registry.sqlite-wal", "registry.sqlite.lock"] {
            let mode = std::fs::metadata(bench.folder.path().join(name)).unwrap().permissions();
            assert_eq!(mode.mode() & 0o777, 0o600, "{name}");
        }
        let mut raw = raw(&bench.path()).await;
        let mode: String =
            sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut raw).await.unwrap();
        assert_eq!(mode, "wal");
        raw.close().await.unwrap();
    });
}

#[test]
fn rights_too_wide_are_narrowed() {
    if only_on("SQLite") {
        return;
    }
    run(async {
        let bench = bench().await;
        bench.registry.close().await;
        let wide = std::fs::Permissions::from_mode(0o644);
        std::fs::set_permissions(bench.path(), wide).unwrap();
        drop(bench.registry);
        let again = open(&bench.folder.path().join("registry.sqlite")).await.unwrap();
        let mode =
            std::fs::metadata(bench.folder.path().join("registry.sqlite")).unwrap().permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
        again.close().await;
    });
}

#[test]
fn opening_again_is_fast() {
    run(async {
        let bench = bench().await;
        import_once(&bench.registry, &process("rsa")).await;
        let path = bench.path();
        bench.registry.close().await;
        drop(bench.registry);
        // The best of several: the machine is shared, and the promise is about the work done.
        let mut best = f64::MAX;
        for _ in 0..10 {
            let start = Instant::now();
            let registry = open(&path).await.unwrap();
            registry.snapshot(&process("rsa")).await.unwrap();
            best = best.min(start.elapsed().as_secs_f64() * 1e3);
            registry.close().await;
        }
        println!("opened and read in {best:.2} ms");
        // On PostgreSQL, several connections and their greetings, on a machine that may be busy.
        let allowed = if database().is_some() { 300.0 } else { 15.0 };
        assert!(best < allowed, "{best} ms");
    });
}

#[test]
fn a_network_file_system_is_refused() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().canonicalize().unwrap();
        let mounts = folder.path().join("mounts");
        let path = folder.path().join("registry.sqlite");
        for kind in ["nfs", "nfs4", "cifs", "smbfs", "fuse.sshfs", "9p"] {
            let line = format!("/dev/sda / ext4 rw 0 0\nsrv:/x {} {kind} rw 0 0\n", real.display());
            std::fs::write(&mounts, line).unwrap();
            let options = OpenOptions { mounts: Some(mounts.clone()), ..options() };
            let error = Registry::open_with(&path, &options).await.unwrap_err();
            assert!(
                matches!(&error, RegistryError::NetworkFileSystem { file_system, .. } if file_system == kind),
                "{error:?}"
            );
            assert!(!path.exists(), "nothing is created on {kind}");
        }
        std::fs::write(&mounts, "srv:/x / nfs rw 0 0\n/dev/sda / ext4 rw 0 0\n").unwrap();
        let options = OpenOptions { mounts: Some(mounts), ..options() };
        Registry::open_with(&path, &options).await.unwrap().close().await;
    });
}

#[test]
fn another_file_is_not_taken_for_a_registry() {
    if only_on("SQLite") {
        return;
    }
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let text = folder.path().join("text");
        std::fs::write(&text, "date;entrées;sorties\n".repeat(200)).unwrap();
        let error = open(&text).await.unwrap_err();
        assert!(matches!(error, RegistryError::NotARegistry { .. }), "{error:?}");

        let other = folder.path().join("other.sqlite");
        let options = SqliteConnectOptions::new().filename(&other).create_if_missing(true);
        let mut raw = options.connect().await.unwrap();
        sqlx::raw_sql("CREATE TABLE process (x TEXT)").execute(&mut raw).await.unwrap();
        raw.close().await.unwrap();
        let before = std::fs::read(&other).unwrap();
        let error = open(&other).await.unwrap_err();
        assert!(matches!(error, RegistryError::NotARegistry { .. }), "{error:?}");
        assert_eq!(std::fs::read(&other).unwrap(), before, "a refused file is left as it was");
    });
}

#[test]
fn a_later_schema_is_refused_and_left_alone() {
    run(async {
        let bench = bench().await;
        let path = bench.path();
        bench.registry.close().await;
        drop(bench.registry);
        let mut raw = raw(&path).await;
        sqlx::raw_sql("INSERT INTO schema_migration VALUES (700, 'future', 'x')")
            .execute(&mut raw)
            .await
            .unwrap();
        raw.close().await.unwrap();
        let error = open(&path).await.unwrap_err();
        assert!(matches!(error, RegistryError::SchemaTooNew { found: 700, .. }), "{error:?}");
    });
}

#[test]
fn an_edited_migration_is_noticed() {
    run(async {
        let bench = bench().await;
        let path = bench.path();
        bench.registry.close().await;
        drop(bench.registry);
        let mut raw = raw(&path).await;
        sqlx::raw_sql("UPDATE schema_migration SET sha256 = 'x'").execute(&mut raw).await.unwrap();
        raw.close().await.unwrap();
        let error = open(&path).await.unwrap_err();
        assert!(matches!(error, RegistryError::MigrationChanged { version: 1 }), "{error:?}");
    });
}

#[test]
fn damage_is_found_when_the_file_is_checked() {
    if only_on("SQLite") {
        return;
    }
    run(async {
        let bench = bench().await;
        let path = bench.path();
        for _ in 0..30 {
            import_once(&bench.registry, &process("rsa")).await;
        }
        bench.registry.close().await;
        drop(bench.registry);
        // Every page but the first is filled with noise, from its header on.
        let mut bytes = std::fs::read(&path).unwrap();
        for (i, byte) in bytes.iter_mut().enumerate().skip(3 * 4096) {
            *byte = (i * 31 % 251) as u8;
        }
        std::fs::write(&path, bytes).unwrap();
        let options = OpenOptions { check: true, ..options() };
        let error = Registry::open_with(&path, &options).await.unwrap_err();
        assert!(matches!(error, RegistryError::Damaged { .. }), "{error:?}");
    });
}

#[test]
fn ten_openers_of_a_new_file_agree() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("registry.sqlite");
        let openers: Vec<_> = (0..10)
            .map(|_| {
                let path = path.clone();
                tokio::spawn(async move { open(&path).await })
            })
            .collect();
        for opener in openers {
            let registry = opener.await.unwrap().unwrap();
            assert!(registry.schema_version().await.unwrap() >= 2);
        }
    });
}

#[test]
fn every_table_is_described_in_the_document() {
    run(async {
        let bench = bench().await;
        let mut raw = raw(&bench.path()).await;
        let sql = match database() {
            None => "SELECT name FROM sqlite_schema WHERE type = 'table'",
            Some(_) => {
                "SELECT CAST(table_name AS TEXT) AS name FROM information_schema.tables
                 WHERE table_schema = current_schema()"
            }
        };
        let tables = sqlx::query(sql).fetch_all(&mut raw).await.unwrap();
        assert!(tables.len() > 10);
        let document = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/registry.md");
        let document = std::fs::read_to_string(document).unwrap();
        for table in tables {
            let name: String = table.get("name");
            assert!(document.contains(&format!("`{name}`")), "docs/registry.md forgets {name}");
        }
    });
}
