//! The audit log shows every change made to it.

use eclusier_registry::AuditFaultKind;
use sqlx::{AssertSqlSafe, Connection};

use crate::{Bench, at, bench, database, import_once, open, process, raw, run};

async fn with_entries(n: i64) -> Bench {
    let bench = bench().await;
    for i in 0..n {
        bench
            .registry
            .put_control_total(&process("rsa"), jiff::civil::date(2025, 3, 1), i, "anne", at(i))
            .await
            .unwrap();
    }
    bench
}

async fn tamper(bench: &Bench, sql: &str) -> Result<(), sqlx::Error> {
    let mut raw = raw(&bench.path()).await;
    let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut raw).await;
    raw.close().await.unwrap();
    done.map(|_| ())
}

#[test]
fn acts_are_chained() {
    run(async {
        let bench = with_entries(3).await;
        import_once(&bench.registry, &process("rsa")).await;
        let verdict = bench.registry.verify_audit().await.unwrap();
        assert!(verdict.is_whole(), "{verdict:?}");
        let entries = bench.registry.audit_entries(0, 10).await.unwrap();
        assert_eq!(verdict.entries, entries.len() as u64);
        assert_eq!(verdict.head, entries.last().unwrap().hash);
        let second = entries.get(1).unwrap();
        assert_eq!(second.details, r#"{"day":"2025-03-01","earlier":0,"stock":1}"#);
        assert_eq!((second.actor.as_str(), second.at), ("anne", at(1)));
        assert_eq!(entries.last().unwrap().action, "import.commit");
        assert!(!entries.last().unwrap().details.contains("export.csv"), "no file name");
        let page = bench.registry.audit_entries(1, 2).await.unwrap();
        assert_eq!(page.iter().map(|e| e.seq).collect::<Vec<_>>(), [2, 3]);
    });
}

#[test]
fn the_database_refuses_to_change_what_is_kept() {
    run(async {
        let bench = with_entries(2).await;
        let rules = eclusier_core::ProcessRules::default();
        let day = jiff::civil::date(2025, 1, 1);
        let (p, r) = (process("rsa"), &bench.registry);
        r.put_config(&p, day, &rules, "anne", at(5)).await.unwrap();
        let month = "2025-03-01..2025-03-31".parse().unwrap();
        r.close_period(&p, month, "{}", "anne", at(6)).await.unwrap();
        import_once(r, &p).await;
        for sql in [
            "UPDATE audit_entry SET actor = 'x'",
            "DELETE FROM audit_entry WHERE seq = 2",
            "DELETE FROM audit_head",
            "UPDATE config_revision SET toml = ''",
            "DELETE FROM config_revision",
            "UPDATE publication SET figures_json = '{}'",
            "DELETE FROM publication",
            "DELETE FROM import_record",
        ] {
            assert!(tamper(&bench, sql).await.is_err(), "{sql}");
            assert!(r.verify_audit().await.unwrap().is_whole());
        }
        if database().is_some() {
            for table in ["audit_entry", "audit_head", "publication", "import_record"] {
                let sql = format!("TRUNCATE {table} CASCADE");
                let refused = tamper(&bench, &sql).await.unwrap_err().to_string();
                assert!(refused.contains("append-only") || refused.contains("kept"), "{refused}");
            }
            return;
        }
        // Without recursive triggers SQLite deletes replaced rows in silence: the chain shows it.
        let sql = "INSERT OR REPLACE INTO audit_entry VALUES (1, 0, '', '', '', '', '', '')";
        tamper(&bench, sql).await.unwrap();
        assert!(!r.verify_audit().await.unwrap().is_whole());
    });
}

#[test]
fn tampering_behind_the_triggers_shows() {
    let open = if database().is_some() {
        "DROP TRIGGER audit_entry_is_never_changed ON audit_entry;
         DROP TRIGGER audit_entry_is_never_deleted ON audit_entry;"
    } else {
        "DROP TRIGGER audit_entry_is_never_changed;
         DROP TRIGGER audit_entry_is_never_deleted;"
    };
    let cases = [
        ("UPDATE audit_entry SET actor = 'bob' WHERE seq = 3", 3, AuditFaultKind::Altered),
        ("UPDATE audit_entry SET at_us = at_us + 1 WHERE seq = 5", 5, AuditFaultKind::Altered),
        (
            "UPDATE audit_entry SET details = details || ' ' WHERE seq = 1",
            1,
            AuditFaultKind::Altered,
        ),
        ("DELETE FROM audit_entry WHERE seq = 2", 2, AuditFaultKind::Missing),
        ("DELETE FROM audit_entry WHERE seq = 1", 1, AuditFaultKind::Missing),
        ("DELETE FROM audit_entry WHERE seq >= 4", 4, AuditFaultKind::Cut),
        ("DELETE FROM audit_entry", 1, AuditFaultKind::Cut),
        ("UPDATE audit_entry SET prev_hash = hash WHERE seq = 4", 4, AuditFaultKind::Unchained),
        (
            "UPDATE audit_entry SET seq = 100 WHERE seq = 2;
             UPDATE audit_entry SET seq = 2 WHERE seq = 3;
             UPDATE audit_entry SET seq = 3 WHERE seq = 100",
            2,
            AuditFaultKind::Unchained,
        ),
        ("UPDATE audit_head SET seq = 4", 6, AuditFaultKind::Cut),
    ];
    run(async {
        for (sql, seq, kind) in cases {
            let bench = with_entries(5).await;
            tamper(&bench, &format!("{open}{sql}")).await.unwrap();
            let fault = bench.registry.verify_audit().await.unwrap().fault;
            assert_eq!(fault.map(|f| (f.seq, f.kind)), Some((seq, kind)), "{sql}");
        }
    });
}

#[test]
fn a_long_log_is_verified_page_by_page() {
    run(async {
        let bench = bench().await;
        let path = bench.path();
        // More than two pages, written by two handles in turn.
        let other = open(&path).await.unwrap();
        for i in 0..1050 {
            let registry = if i % 2 == 0 { &bench.registry } else { &other };
            let json = i.to_string();
            registry.put_setting("n", &json, "local", at(i)).await.unwrap();
        }
        let verdict = other.verify_audit().await.unwrap();
        assert!(verdict.is_whole());
        assert_eq!(verdict.entries, 1050);
    });
}
