//! What can go wrong with a database that is somewhere else.

use std::time::{Duration, Instant};

use eclusier_registry::{OpenOptions, Registry, RegistryError};
use sqlx::{AnyConnection, AssertSqlSafe, Connection};

use crate::{at, bench, database, import_once, only_on, open, options, process, raw, run, schema};

/// Options whose connections can be told from all others by the server.
fn named(name: &str) -> OpenOptions {
    let url = std::env::var("ECLUSIER_TEST_DATABASE_URL").unwrap();
    let mark = if url.contains('?') { '&' } else { '?' };
    let url = format!("{url}{mark}application_name={name}");
    OpenOptions { database: Some(url.parse().unwrap()), ..OpenOptions::default() }
}

async fn anyone() -> AnyConnection {
    sqlx::any::install_default_drivers();
    let url = std::env::var("ECLUSIER_TEST_DATABASE_URL").unwrap();
    AnyConnection::connect(&url).await.unwrap()
}

#[test]
fn each_directory_has_a_schema_of_its_own() {
    if only_on("PostgreSQL") {
        return;
    }
    run(async {
        let (one, two) = (bench().await, bench().await);
        import_once(&one.registry, &process("rsa")).await;
        assert!(two.registry.processes().await.unwrap().is_empty());
        assert_ne!(schema(&one.path()), schema(&two.path()));
        assert!(!one.path().exists(), "no file of SQLite beside it");
        assert!(one.registry.place().starts_with("database "));
    });
}

#[test]
fn a_directory_stays_with_the_database_it_began_in() {
    if only_on("PostgreSQL") {
        return;
    }
    run(async {
        let bench = bench().await;
        bench.registry.close().await;
        let refused = Registry::open(&bench.path()).await;
        assert!(matches!(refused, Err(RegistryError::OtherDatabase { .. })), "{refused:?}");
        assert!(!bench.path().exists());

        let file = bench.folder.path().join("file.sqlite");
        Registry::open(&file).await.unwrap().close().await;
        let refused = open(&file).await;
        assert!(matches!(refused, Err(RegistryError::OtherDatabase { .. })), "{refused:?}");
        Registry::open(&file).await.unwrap();
    });
}

#[test]
fn a_schema_that_is_gone_is_not_made_again_in_silence() {
    if only_on("PostgreSQL") {
        return;
    }
    run(async {
        let bench = bench().await;
        let path = bench.path();
        import_once(&bench.registry, &process("rsa")).await;
        let copy = bench.folder.path().join("copy.sqlite");
        bench.registry.backup_to(&copy, "anne", at(1)).await.unwrap();
        bench.registry.close().await;
        drop(bench.registry);
        let name = schema(&path);
        let drop = format!("DROP SCHEMA {name} CASCADE");
        let mut conn = anyone().await;
        sqlx::raw_sql(AssertSqlSafe(drop.clone())).execute(&mut conn).await.unwrap();
        let gone = open(&path).await;
        assert!(matches!(&gone, Err(RegistryError::SchemaGone { schema, .. }) if *schema == name));

        // Another program's tables are left alone.
        let foreign = format!("CREATE SCHEMA {name}; CREATE TABLE {name}.theirs (x INT)");
        sqlx::raw_sql(AssertSqlSafe(foreign)).execute(&mut conn).await.unwrap();
        let refused = open(&path).await;
        assert!(matches!(refused, Err(RegistryError::NotARegistry { .. })), "{refused:?}");
        let refused = Registry::restore_into(&copy, &path, &options(), &|_| {}).await;
        assert!(matches!(refused, Err(RegistryError::NotEmpty { .. })), "{refused:?}");
        sqlx::raw_sql(AssertSqlSafe(drop)).execute(&mut conn).await.unwrap();

        // The backup comes back to where the directory looks for it.
        Registry::restore_into(&copy, &path, &options(), &|_| {}).await.unwrap();
        assert_eq!(schema(&path), name);
        assert_eq!(open(&path).await.unwrap().imports(None).await.unwrap().len(), 1);
    });
}

#[test]
fn an_address_that_leads_nowhere_is_told_soon_and_without_its_password() {
    if only_on("PostgreSQL") {
        return;
    }
    run(async {
        let real = std::env::var("ECLUSIER_TEST_DATABASE_URL").unwrap();
        let base = real.split('?').next().unwrap();
        let (server, _) = base.rsplit_once('/').unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let folder = tempfile::tempdir().unwrap();
        for (i, (url, told)) in [
            (format!("postgres://anne:s3cret@127.0.0.1:{port}/caf"), "cannot be reached"),
            (format!("{server}/no_such_database"), "refused"),
        ]
        .into_iter()
        .enumerate()
        {
            let how = OpenOptions { database: Some(url.parse().unwrap()), ..Default::default() };
            let start = Instant::now();
            let error = Registry::open_with(&folder.path().join(format!("{i}")), &how).await;
            let error = error.unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(error.to_string().contains(told), "{shown}");
            assert!(error.to_string().contains(how.database.unwrap().place()), "{shown}");
            assert!(!shown.contains("s3cret"), "{shown}");
            assert!(start.elapsed() < Duration::from_secs(5));
        }
    });
}

#[test]
fn a_lost_connection_is_told_and_the_next_one_works() {
    if only_on("PostgreSQL") {
        return;
    }
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("registry.sqlite");
        let name = format!("lost_{}", std::process::id());
        let registry = Registry::open_with(&path, &named(&name)).await.unwrap();
        let p = process("rsa");
        let mut told = 0;
        for round in 0..6 {
            import_once(&registry, &p).await;
            let mut conn = anyone().await;
            let sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                       WHERE application_name = $1";
            let ended: i64 =
                sqlx::query_scalar(sql).bind(&name).fetch_one(&mut conn).await.unwrap();
            assert!(ended > 0);
            if round % 2 == 0 {
                // Unused for long enough, connections are tried before they are given out.
                tokio::time::sleep(Duration::from_millis(1100)).await;
                registry.snapshot(&p).await.unwrap();
                continue;
            }
            let mut left = 12;
            while let Err(error) = registry.put_setting("n", "1", "anne", at(1)).await {
                assert!(matches!(error, RegistryError::Unreachable { .. }), "{error:?}");
                told += 1;
                left -= 1;
                assert!(left > 0);
            }
        }
        println!("{told} writes told that the connection was lost");
        assert!(told > 0);
        assert_eq!(registry.imports(None).await.unwrap().len(), 6);
        assert!(registry.verify_audit().await.unwrap().is_whole());
    });
}

#[test]
fn a_writer_does_not_wait_for_ever() {
    run(async {
        let bench = bench().await;
        let patience = Some(Duration::from_millis(300));
        let how = OpenOptions { patience, ..options() };
        let hasty = Registry::open_with(&bench.path(), &how).await.unwrap();
        let mut other = raw(&bench.path()).await;
        let hold = match database() {
            None => "BEGIN IMMEDIATE",
            Some(_) => "BEGIN; LOCK TABLE audit_head IN ACCESS EXCLUSIVE MODE",
        };
        sqlx::raw_sql(hold).execute(&mut other).await.unwrap();
        let start = Instant::now();
        let busy = hasty.put_setting("n", "1", "anne", at(1)).await;
        assert!(matches!(busy, Err(RegistryError::Busy(_))), "{busy:?}");
        let waited = start.elapsed();
        assert!(waited > Duration::from_millis(250) && waited < Duration::from_secs(5));
        sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
        hasty.put_setting("n", "1", "anne", at(1)).await.unwrap();
        assert_eq!(hasty.verify_audit().await.unwrap().entries, 1);
    });
}

#[test]
fn callers_that_go_away_leave_no_transaction_open() {
    if only_on("PostgreSQL") {
        return;
    }
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("registry.sqlite");
        let name = format!("away_{}", std::process::id());
        let registry = Registry::open_with(&path, &named(&name)).await.unwrap();
        let p = process("rsa");
        for step in 0..300_u64 {
            let write = registry.reserve_delivery(&p);
            let read = registry.snapshot(&p);
            let micros = Duration::from_micros(step * 7 % 2000);
            let _ =
                tokio::time::timeout(micros, async { (write.await.is_ok(), read.await.is_ok()) })
                    .await;
        }
        // Whatever was left half said is finished by now: nobody holds anything.
        registry.reserve_delivery(&p).await.unwrap();
        let mut conn = anyone().await;
        let mut open = 1;
        for _ in 0..50 {
            let sql = "SELECT count(*) FROM pg_stat_activity
                       WHERE application_name = $1 AND state <> 'idle'";
            open =
                sqlx::query_scalar::<_, i64>(sql).bind(&name).fetch_one(&mut conn).await.unwrap();
            if open == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(open, 0, "a transaction was left open");
    });
}
