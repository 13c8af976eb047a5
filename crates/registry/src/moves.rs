//! Tests: registries carried from one version of the schema to the next, from one database to
//! the other, and back.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Mutex,
};

use eclusier_core::{
    ProcessId,
    org::{Edit, Node, NodeId, NodeKind, Person, PersonId},
};
use jiff::Timestamp;
use sqlx::{Column as _, Row as _};
use tempfile::TempDir;

use crate::{
    CopyProgress, NewAccount, OpenOptions, Registry, RegistryError, Session,
    copy::names,
    database::{Conn, MIGRATIONS},
    sqlite::open_copy,
};

/// Rows of every table, written by the program of schema 1.
const SCHEMA_1: &str = include_str!("../tests/data/schema_1.sql");

/// On the database of the environment when there is one.
fn options() -> OpenOptions {
    let url = std::env::var("ECLUSIER_TEST_DATABASE_URL").ok().filter(|url| !url.is_empty());
    OpenOptions { database: url.map(|url| url.parse().unwrap()), ..Default::default() }
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(work)
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_760_000_000 + seconds).unwrap()
}

/// The rows of each table: values by column, in an order of their own.
type Dump = BTreeMap<String, Vec<BTreeMap<String, String>>>;

async fn dump(conn: &mut Conn) -> Dump {
    let mut dump = Dump::new();
    for table in names(conn).await.unwrap() {
        let sql = sqlx::AssertSqlSafe(format!("SELECT * FROM {table}"));
        let rows = sqlx::query(sql).fetch_all(&mut *conn).await.unwrap();
        let mut told: Vec<BTreeMap<String, String>> = rows
            .iter()
            .map(|row| {
                let value = |i| {
                    let text = row.try_get::<Option<String>, _>(i).map(|v| format!("{v:?}"));
                    let whole = || row.try_get::<Option<i64>, _>(i).map(|v| format!("{v:?}"));
                    let real = || row.try_get::<Option<f64>, _>(i).map(|v| format!("{v:?}"));
                    text.or_else(|_| whole()).or_else(|_| real()).unwrap()
                };
                let columns = row.columns().iter().enumerate();
                columns.map(|(i, column)| (column.name().to_owned(), value(i))).collect()
            })
            .collect();
        told.sort();
        dump.insert(table, told);
    }
    dump
}

async fn dump_of(registry: &Registry) -> Dump {
    dump(&mut registry.read_together().await.unwrap()).await
}

/// A registry as the program of schema 1 left it.
async fn schema_1(path: &Path, options: &OpenOptions) -> Dump {
    let registry = Registry::open_migrating(path, options, &MIGRATIONS[..1]).await.unwrap();
    let mut write = registry.write().await.unwrap();
    sqlx::raw_sql(SCHEMA_1).execute(write.conn()).await.unwrap();
    write.commit().await.unwrap();
    let before = dump_of(&registry).await;
    assert!(before.values().all(|rows| !rows.is_empty()), "a table of schema 1 has no row");
    registry.close().await;
    before
}

/// Every row and value there was is there still; columns may have been added.
fn assert_kept(before: &Dump, after: &Dump) {
    for (table, rows) in before {
        let now = &after[table];
        assert_eq!(rows.len(), now.len(), "rows of {table}");
        for row in rows {
            let same = |other: &BTreeMap<String, String>| row.iter().all(|(k, v)| other[k] == *v);
            assert!(now.iter().any(same), "{table}: {row:?} is lost");
        }
    }
}

struct Folder {
    folder: TempDir,
}

impl Folder {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// The registry of schema 1 raised, with people, accounts and sessions.
async fn full(path: &Path) -> Registry {
    schema_1(path, &options()).await;
    let registry = Registry::open_with(path, &options()).await.unwrap();
    let node = Node {
        id: NodeId("body".into()),
        kind: NodeKind::Body,
        code: "751".into(),
        label: "Caf de l’Ain".into(),
        external: None,
        places: Vec::new(),
        version: 0,
    };
    let person = Person {
        id: PersonId("p1".into()),
        agent: None,
        given: "Zoé".into(),
        family: "d’Été".into(),
        email: String::new(),
        external: None,
        user_name: None,
        active: true,
        facts: Vec::new(),
        version: 0,
    };
    let edits = [Edit::AddNode { node }, Edit::AddPerson { person }];
    registry.change_organisation(&edits, None, "anne", at(50)).await.unwrap();
    let new = NewAccount {
        login: "anne".into(),
        name: "Anne".into(),
        person: Some(PersonId("p1".into())),
        password: Some("$argon2id$".into()),
        identity: None,
        must_change: true,
    };
    let account = registry.create_account(&new, true, "setup", at(51)).await.unwrap();
    let session = Session {
        digest: "d".into(),
        account: Some(account.id),
        data: "{}".into(),
        created: at(52),
        seen: at(52),
        expires: at(60),
    };
    registry.put_session(&session, true).await.unwrap();
    registry
}

#[test]
fn a_registry_of_schema_1_is_raised_with_its_rows() {
    run(async {
        let folder = Folder::new();
        let path = folder.path("registry.sqlite");
        let before = schema_1(&path, &options()).await;
        let registry = Registry::open_with(&path, &options()).await.unwrap();
        assert_eq!(
            registry.schema_version().await.unwrap(),
            MIGRATIONS.last().map(|m| m.version).unwrap()
        );
        assert_kept(&before, &dump_of(&registry).await);
        let verdict = registry.verify_audit().await.unwrap();
        assert!(verdict.is_whole(), "{verdict:?}");
        assert_eq!(verdict.entries, 17);
        // Read by the program of today, and written on.
        let rsa = ProcessId::new("rsa").unwrap();
        assert_eq!(registry.imports(None).await.unwrap().len(), 3);
        assert_eq!(registry.jobs(9).await.unwrap().len(), 2);
        assert_eq!(registry.body().await.unwrap().name, "Caf de l’Ain");
        let snapshot = registry.snapshot(&rsa).await.unwrap();
        assert_eq!((snapshot.id.0, snapshot.files.len()), (5, 1));
        registry.reserve_delivery(&rsa).await.unwrap();
        registry.put_setting("x", "1", "anne", at(99)).await.unwrap();
        assert_eq!(registry.verify_audit().await.unwrap().entries, 18);
    });
}

#[test]
fn a_backup_of_schema_1_is_restored_and_raised() {
    run(async {
        let folder = Folder::new();
        let old = folder.path("old.sqlite");
        let before = schema_1(&old, &OpenOptions::default()).await;
        let path = folder.path("registry.sqlite");
        let report = Registry::restore_into(&old, &path, &options(), &|_| {}).await.unwrap();
        assert_eq!((report.schema, report.audit_entries), (1, 17));
        let registry = Registry::open_with(&path, &options()).await.unwrap();
        assert_kept(&before, &dump_of(&registry).await);
        registry.put_setting("x", "1", "anne", at(99)).await.unwrap();
        assert_eq!(registry.verify_audit().await.unwrap().entries, 18);
    });
}

#[test]
fn a_backup_is_the_same_rows_whatever_it_comes_from_and_goes_to() {
    run(async {
        let folder = Folder::new();
        let registry = full(&folder.path("registry.sqlite")).await;
        let before = dump_of(&registry).await;
        let copy = folder.path("copy.sqlite");
        let told = Mutex::new(Vec::<CopyProgress>::new());
        let watch = |progress| told.lock().unwrap().push(progress);
        let report = registry.backup_watched(&copy, "anne", at(70), &watch).await.unwrap();
        let mut conn = open_copy(&copy).await.unwrap();
        assert_eq!(dump(&mut conn).await, before);
        if options().database.is_some() {
            let told = told.into_inner().unwrap();
            let tables = before.len() as u64;
            assert!(told.iter().all(|p| p.tables == tables && p.tables_done < tables));
            let rows: u64 =
                told.chunk_by(|a, b| a.table == b.table).map(|c| c.last().unwrap().rows).sum();
            assert_eq!(rows as usize, before.values().map(Vec::len).sum::<usize>());
        }
        // Into the database of this run, and into a file: what comes out is what went in.
        for (name, how) in [("a.sqlite", options()), ("b.sqlite", OpenOptions::default())] {
            let path = folder.path(name);
            let restored = Registry::restore_into(&copy, &path, &how, &|_| {}).await.unwrap();
            assert_eq!(restored.sha256, report.sha256);
            let again = Registry::restore_into(&copy, &path, &how, &|_| {}).await;
            assert!(matches!(again, Err(RegistryError::NotEmpty { .. })), "{again:?}");
            let there = Registry::open_with(&path, &how).await.unwrap();
            assert_eq!(dump_of(&there).await, before, "{name}");
            // What guards the tables was put back.
            let mut write = there.write().await.unwrap();
            let forbidden = "DELETE FROM audit_entry";
            assert!(sqlx::raw_sql(forbidden).execute(write.conn()).await.is_err());
            drop(write);
            let mut write = there.write().await.unwrap();
            let dangling = "UPDATE account SET person = 'nobody'";
            assert!(sqlx::raw_sql(dangling).execute(write.conn()).await.is_err());
            drop(write);
            there.put_setting("x", "1", "anne", at(99)).await.unwrap();
            let second = folder.path(&format!("{name}.copy"));
            there.backup_to(&second, "anne", at(100)).await.unwrap();
            let mut conn = open_copy(&second).await.unwrap();
            let second = dump(&mut conn).await;
            assert_eq!(second["person"], before["person"]);
            assert_eq!(second["audit_entry"].len(), before["audit_entry"].len() + 1);
        }
    });
}

#[test]
fn a_damaged_backup_restores_nothing() {
    run(async {
        let folder = Folder::new();
        let registry = full(&folder.path("registry.sqlite")).await;
        let copy = folder.path("copy.sqlite");
        registry.backup_to(&copy, "anne", at(70)).await.unwrap();
        let good = std::fs::read(&copy).unwrap();
        let text = folder.path("text");
        std::fs::write(&text, "date;entrées\n".repeat(900)).unwrap();
        // A figure of the audit log: the structure is whole, the chain is not.
        let mut forged = good.clone();
        let told = br#""stock":120"#;
        let places: Vec<usize> = (0..good.len()).filter(|i| good[*i..].starts_with(told)).collect();
        assert!(!places.is_empty());
        for place in places {
            forged[place + told.len() - 1] = b'2';
        }
        for (name, bytes) in [
            ("cut", good[..good.len() / 2].to_vec()),
            ("forged", forged),
            ("text", std::fs::read(&text).unwrap()),
            ("empty", Vec::new()),
        ] {
            let bad = folder.path(name);
            std::fs::write(&bad, bytes).unwrap();
            let path = folder.path("restored.sqlite");
            let refused = Registry::restore_into(&bad, &path, &options(), &|_| {}).await;
            assert!(
                matches!(
                    refused,
                    Err(RegistryError::Damaged { .. } | RegistryError::NotARegistry { .. })
                ),
                "{name}: {refused:?}"
            );
            assert!(!path.exists() && !folder.path("restored.sqlite.id").exists(), "{name}");
        }
    });
}

/// The two files of each migration must say the same: what differs is found here.
#[test]
fn both_databases_have_the_same_schema() {
    if options().database.is_none() {
        println!("skipped: needs PostgreSQL to compare SQLite with");
        return;
    }
    run(async {
        let folder = Folder::new();
        let there = Registry::open_with(&folder.path("p.sqlite"), &options()).await.unwrap();
        let here = Registry::open(&folder.path("s.sqlite")).await.unwrap();
        let told = async |registry: &Registry, sql: &'static str| {
            let rows = sqlx::query(sql).fetch_all(&mut *registry.read().await.unwrap()).await;
            let mut told: Vec<String> =
                rows.unwrap().iter().map(|row| row.get::<String, _>(0)).collect();
            told.sort();
            told
        };
        let columns = (
            told(
                &here,
                "SELECT t.name || '.' || c.name || ' ' || c.type || ' '
                     || CASE WHEN c.\"notnull\" = 1 THEN 'not null' ELSE 'null' END || ' '
                     || CASE WHEN c.dflt_value IS NULL THEN '' ELSE 'default' END
                 FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'",
            )
            .await,
            told(
                &there,
                "SELECT table_name || '.' || column_name || ' '
                     || CASE data_type WHEN 'bigint' THEN 'INTEGER' WHEN 'text' THEN 'TEXT'
                            WHEN 'double precision' THEN 'REAL' ELSE data_type END || ' '
                     || CASE is_nullable WHEN 'NO' THEN 'not null' ELSE 'null' END || ' '
                     || CASE WHEN column_default IS NULL THEN '' ELSE 'default' END
                 FROM information_schema.columns WHERE table_schema = current_schema()",
            )
            .await,
        );
        assert_eq!(columns.0, columns.1);
        let guards = (
            told(&here, "SELECT tbl_name || '.' || name FROM sqlite_schema WHERE type = 'trigger'")
                .await,
            told(
                &there,
                "SELECT t.relname || '.' || g.tgname FROM pg_trigger g
                 JOIN pg_class t ON t.oid = g.tgrelid JOIN pg_namespace n ON n.oid = t.relnamespace
                 WHERE n.nspname = current_schema() AND NOT g.tgisinternal
                     AND g.tgname NOT LIKE '%_is_never_emptied'",
            )
            .await,
        );
        assert_eq!(guards.0, guards.1);
        let references = (
            told(
                &here,
                "SELECT t.name || '.' || f.\"from\" || ' ' || f.\"table\"
                 FROM sqlite_schema t JOIN pragma_foreign_key_list(t.name) f
                 WHERE t.type = 'table'",
            )
            .await,
            told(
                &there,
                "SELECT t.relname || '.' || a.attname || ' ' || f.relname FROM pg_constraint c
                 JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class f ON f.oid = c.confrelid
                 JOIN pg_namespace n ON n.oid = t.relnamespace
                 JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = ANY (c.conkey)
                 WHERE n.nspname = current_schema() AND c.contype = 'f'",
            )
            .await,
        );
        assert_eq!(references.0, references.1);
        // Whatever language the database sorts in, ours is the order of bytes.
        let sorted = told(
            &there,
            "SELECT table_name || '.' || column_name FROM information_schema.columns
             WHERE table_schema = current_schema() AND data_type = 'text'
                 AND collation_name IS DISTINCT FROM 'C'",
        )
        .await;
        assert!(sorted.is_empty(), "{sorted:?}");
    });
}

#[test]
fn a_big_registry_is_copied_page_by_page() {
    run(async {
        const ROWS: usize = 30_000;
        let folder = Folder::new();
        let path = folder.path("registry.sqlite");
        let registry = Registry::open_with(&path, &options()).await.unwrap();
        let mut write = registry.write().await.unwrap();
        for page in 0..ROWS / 1000 {
            let values: Vec<String> = (0..1000)
                .map(|i| format!("('n{}', '{}', 'anne', 1)", page * 1000 + i, i % 7))
                .collect();
            let sql = format!(
                "INSERT INTO setting (name, json, actor, at_us) VALUES {}",
                values.join(", ")
            );
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(write.conn()).await.unwrap();
        }
        write.commit().await.unwrap();
        let start = std::time::Instant::now();
        let copy = folder.path("copy.sqlite");
        registry.backup_to(&copy, "anne", at(1)).await.unwrap();
        let backup = start.elapsed().as_secs_f64();
        let start = std::time::Instant::now();
        let there = folder.path("there.sqlite");
        Registry::restore_into(&copy, &there, &options(), &|_| {}).await.unwrap();
        let restore = start.elapsed().as_secs_f64();
        println!("{ROWS} rows: backup {backup:.2} s, restoration {restore:.2} s");
        let there = Registry::open_with(&there, &options()).await.unwrap();
        assert_eq!(there.setting("n29999").await.unwrap().as_deref(), Some("5"));
    });
}
