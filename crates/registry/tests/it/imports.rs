//! The ledger of imports: all facts read back, undone once, found again by content.

use eclusier_core::{Commit, OrgId, SnapshotId};
use eclusier_registry::{ImportKind, ImportStatus, NewImport, RegistryError};

use crate::{at, bench, import, import_once, process, run, two_roles};

#[test]
fn every_fact_reads_back() {
    run(async {
        let bench = bench().await;
        let registry = &bench.registry;
        let p = process("prestations-familiales");
        let id = registry.reserve_delivery(&p).await.unwrap();
        let full = NewImport {
            org: Some(OrgId::new("caf-75").unwrap()),
            kind: ImportKind::Typed,
            file_name: "Saisie « du jour » \u{202f}'; --.csv".into(),
            source: "écran".into(),
            fingerprint: "abc".into(),
            mapping_toml: Some("case = \"N°\"\n".into()),
            rows_read: i64::MAX as u64,
            repeated: 4,
            replaced: 7,
            first: None,
            last: Some("2025-10-26T00:30:00.123456789Z".parse().unwrap()),
            findings_json: r#"[{"line":3,"code":"date"}]"#.into(),
            quarantine_path: Some("quarantine/1.csv".into()),
            replace: Some("2025-03-01..2025-03-31".parse().unwrap()),
            ..import(&p, id)
        };
        let (record, snapshot) =
            registry.commit_import(full.clone(), &two_roles(&p, id), SnapshotId(0)).await.unwrap();
        assert_eq!(record.status, ImportStatus::Committed);
        assert_eq!(record.snapshot, snapshot);
        let cut = NewImport { last: Some("2025-10-26T00:30:00.123456Z".parse().unwrap()), ..full };
        assert_eq!(record.import, cut, "instants are kept to the microsecond");
        assert_eq!(registry.import(id).await.unwrap(), record);
        assert_eq!(registry.imports(None).await.unwrap(), std::slice::from_ref(&record));
        assert_eq!(registry.imports(Some(&p)).await.unwrap(), std::slice::from_ref(&record));
        assert!(registry.imports(Some(&process("other"))).await.unwrap().is_empty());
        let live = registry.live_deliveries(&p).await.unwrap();
        let live = live.first().unwrap();
        assert_eq!((live.id, live.kind, live.replaced), (id, ImportKind::Typed, record.replace));
    });
}

#[test]
fn a_count_that_does_not_fit_is_refused_not_wrapped() {
    run(async {
        let bench = bench().await;
        let p = process("rsa");
        let id = bench.registry.reserve_delivery(&p).await.unwrap();
        let huge = NewImport { rows_read: u64::MAX, ..import(&p, id) };
        let error = bench.registry.commit_import(huge, &Commit::default(), SnapshotId(0)).await;
        assert!(matches!(error, Err(RegistryError::Value { field: "rows_read", .. })));
        assert_eq!(bench.registry.snapshot(&p).await.unwrap().id, SnapshotId(0));
    });
}

#[test]
fn the_same_file_is_found_until_it_is_undone() {
    run(async {
        let bench = bench().await;
        let registry = &bench.registry;
        let (rsa, aah) = (process("rsa"), process("aah"));
        let id = import_once(registry, &rsa).await;
        let hash = import(&rsa, id).sha256;
        let found = registry.find_import_by_hash(&rsa, &hash, "").await.unwrap();
        assert_eq!(found.map(|r| r.id), Some(id));
        for (p, h, f) in [(&aah, hash.as_str(), ""), (&rsa, "0", ""), (&rsa, &hash, "other")] {
            assert_eq!(registry.find_import_by_hash(p, h, f).await.unwrap(), None);
        }
        let base = registry.snapshot(&rsa).await.unwrap();
        let retired = base.files.iter().map(|f| f.path.clone()).collect();
        let commit = Commit { added: vec![], retired };
        let undone =
            registry.commit_undo(id, "chef", "mauvais fichier", at(9), &commit, base.id).await;
        let undone = undone.unwrap();
        assert_eq!(registry.find_import_by_hash(&rsa, &hash, "").await.unwrap(), None);
        assert!(registry.live_deliveries(&rsa).await.unwrap().is_empty());
        let record = registry.import(id).await.unwrap();
        assert_eq!(record.status, ImportStatus::Undone);
        let how = record.undone.unwrap();
        assert_eq!((how.by.as_str(), how.reason.as_str()), ("chef", "mauvais fichier"));
        assert_eq!((how.at, how.snapshot), (at(9), undone));
        assert!(registry.snapshot(&rsa).await.unwrap().files.is_empty());
        assert_eq!(registry.snapshot_at(&rsa, base.id).await.unwrap(), Some(base));
        let again = registry.commit_undo(id, "chef", "", at(10), &Commit::default(), undone).await;
        assert!(matches!(again, Err(RegistryError::AlreadyUndone { delivery }) if delivery == id));
        let summary = registry.processes().await.unwrap();
        assert_eq!(summary.first().map(|p| (p.imports, p.last_import)), Some((0, None)));
    });
}

#[test]
fn numbers_are_reserved_once_and_used_once() {
    run(async {
        let bench = bench().await;
        let registry = &bench.registry;
        let (rsa, aah) = (process("rsa"), process("aah"));
        let id = import_once(registry, &rsa).await;
        let base = registry.snapshot(&rsa).await.unwrap().id;
        let twice = registry.commit_import(import(&rsa, id), &Commit::default(), base).await;
        assert!(matches!(twice, Err(RegistryError::AlreadyCommitted { .. })));
        let unknown = import(&rsa, eclusier_core::DeliveryId(99));
        let error = registry.commit_import(unknown, &Commit::default(), base).await;
        assert!(matches!(error, Err(RegistryError::NotReserved { .. })));
        let other = registry.reserve_delivery(&aah).await.unwrap();
        assert!(other > id);
        let error = registry.commit_import(import(&rsa, other), &Commit::default(), base).await;
        assert!(matches!(error, Err(RegistryError::NotReserved { .. })));
        let bad = NewImport { findings_json: "[".into(), ..import(&aah, other) };
        let error = registry.commit_import(bad, &Commit::default(), SnapshotId(0)).await;
        assert!(matches!(error, Err(RegistryError::Json { .. })));
        let missing = registry.import(eclusier_core::DeliveryId(99)).await;
        assert!(matches!(missing, Err(RegistryError::UnknownImport { .. })));
    });
}

#[test]
fn live_deliveries_come_in_order_of_commit() {
    run(async {
        let bench = bench().await;
        let registry = &bench.registry;
        let rsa = process("rsa");
        let slow = registry.reserve_delivery(&rsa).await.unwrap();
        let fast = import_once(registry, &rsa).await;
        let base = registry.snapshot(&rsa).await.unwrap().id;
        registry.commit_import(import(&rsa, slow), &two_roles(&rsa, slow), base).await.unwrap();
        let order: Vec<_> =
            registry.live_deliveries(&rsa).await.unwrap().iter().map(|d| d.id).collect();
        assert_eq!(order, [fast, slow]);
    });
}
