//! Published periods: closed once, restated with reasons, replayable.

use eclusier_core::Period;
use eclusier_registry::RegistryError;
use jiff::civil::date;

use crate::{at, bench, import_once, process, run};

#[test]
fn a_closed_period_replays_what_it_stood_on() {
    run(async {
        let bench = bench().await;
        let r = &bench.registry;
        let p = process("rsa");
        let march: Period = "2025-03-01..2025-03-31".parse().unwrap();
        let year: Period = "2025-01-01..2025-12-31".parse().unwrap();
        import_once(r, &p).await;
        let version = r.snapshot(&p).await.unwrap();
        let mut rules = eclusier_core::ProcessRules::default();
        let revision = r.put_config(&p, date(2025, 1, 1), &rules, "anne", at(1)).await.unwrap();

        let closed = r.close_period(&p, march, r#"{"stock":12}"#, "anne", at(2)).await.unwrap();
        assert_eq!(closed.current.snapshot, version.id);
        assert_eq!(closed.current.config_revision, revision);
        let twice = r.close_period(&p, march, "{}", "bob", at(3)).await;
        assert!(
            matches!(twice, Err(RegistryError::PeriodClosed { period, .. }) if period == march)
        );
        r.close_period(&p, year, "{}", "anne", at(3)).await.unwrap();

        import_once(r, &p).await;
        rules.label = "RSA".into();
        r.put_config(&p, date(2025, 1, 1), &rules, "anne", at(4)).await.unwrap();
        let diff = r#"[{"id":"stock","earlier":12,"now":13}]"#;
        let restated = r
            .restate_period(&p, march, r#"{"stock":13}"#, diff, "scan tardif", "chef", at(5))
            .await
            .unwrap();
        assert_eq!(restated.current.figures_json, r#"{"stock":13}"#);
        assert_eq!(restated.restatements.len(), 1);
        let earlier = restated.restatements.first().unwrap();
        assert_eq!(earlier.earlier, closed.current);
        assert_eq!((earlier.by.as_str(), earlier.reason.as_str()), ("chef", "scan tardif"));
        assert_eq!(earlier.differences_json, diff);
        // What stood then still reads.
        let then = r.snapshot_at(&p, earlier.earlier.snapshot).await.unwrap();
        assert_eq!(then, Some(version));
        let then = r.config_as_of(&p, earlier.earlier.config_revision).await.unwrap();
        assert_eq!(then.first().map(|v| v.rules.label.as_str()), Some(""));

        let all = r.closed_periods(&p).await.unwrap();
        assert_eq!(all.iter().map(|c| c.period).collect::<Vec<_>>(), [year, march]);
        let april: Period = "2025-04-01..2025-04-30".parse().unwrap();
        let never = r.restate_period(&p, april, "{}", "[]", "x", "chef", at(6)).await;
        assert!(matches!(never, Err(RegistryError::PeriodNotClosed { .. })));
        let bad = r.restate_period(&p, march, "{", "[]", "x", "chef", at(6)).await;
        assert!(matches!(bad, Err(RegistryError::Json { .. })));
        assert_eq!(r.closed_periods(&p).await.unwrap(), all);
        assert!(r.verify_audit().await.unwrap().is_whole());
    });
}
