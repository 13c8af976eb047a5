//! Versions of the lake read back exactly, whatever came after.

use std::collections::BTreeMap;

use eclusier_core::{Commit, DataFile, FileKind, Snapshot, SnapshotId};
use eclusier_registry::{FileProblem, RegistryError, SnapshotCause};
use proptest::prelude::*;

use crate::{at, bench, file, import, import_once, process, run, two_roles};

#[test]
fn a_process_without_import_has_version_zero() {
    run(async {
        let bench = bench().await;
        let rsa = process("rsa");
        let empty = Snapshot { id: SnapshotId(0), process: rsa.clone(), files: vec![] };
        assert_eq!(bench.registry.snapshot(&rsa).await.unwrap(), empty);
        assert_eq!(bench.registry.head(&rsa).await.unwrap(), SnapshotId(0));
        import_once(&bench.registry, &process("aah")).await;
        assert_eq!(bench.registry.head(&process("aah")).await.unwrap(), SnapshotId(1));
        assert_eq!(bench.registry.snapshot_at(&rsa, SnapshotId(0)).await.unwrap(), Some(empty));
        assert_eq!(bench.registry.snapshot_at(&rsa, SnapshotId(1)).await.unwrap(), None);
        let known = bench.registry.processes().await.unwrap();
        assert!(known.iter().all(|p| p.id != rsa));
    });
}

#[test]
fn one_role_of_a_path_is_given_up_by_retiring_it_and_adding_the_other_again() {
    run(async {
        let bench = bench().await;
        let registry = &bench.registry;
        let rsa = process("rsa");
        let first = import_once(registry, &rsa).await;
        let before = registry.snapshot(&rsa).await.unwrap();
        let shared = before.files.first().unwrap().path.clone();

        let second = registry.reserve_delivery(&rsa).await.unwrap();
        let commit = Commit {
            added: vec![
                file(&rsa, FileKind::Events, "rsa/2025-03/merged.parquet", second),
                file(&rsa, FileKind::Delivery, "rsa/2025-03/d2.parquet", second),
                file(&rsa, FileKind::Delivery, &shared, first),
            ],
            retired: vec![shared.clone(), shared.clone()],
        };
        registry.commit_import(import(&rsa, second), &commit, before.id).await.unwrap();

        let now = registry.snapshot(&rsa).await.unwrap();
        let read: Vec<_> = now.files.iter().map(|f| (f.kind, f.path.as_str())).collect();
        assert_eq!(
            read,
            [
                (FileKind::Events, "rsa/2025-03/merged.parquet"),
                (FileKind::Delivery, "rsa/2025-03/d1.parquet"),
                (FileKind::Delivery, "rsa/2025-03/d2.parquet"),
            ]
        );
        assert_eq!(registry.snapshot_at(&rsa, before.id).await.unwrap(), Some(before));
    });
}

#[test]
fn a_commit_that_does_not_fit_changes_nothing() {
    run(async {
        let bench = bench().await;
        let registry = &bench.registry;
        let (rsa, aah) = (process("rsa"), process("aah"));
        let first = import_once(registry, &rsa).await;
        let base = registry.snapshot(&rsa).await.unwrap();
        let known = base.files.first().unwrap().path.clone();
        let mut changed = file(&rsa, FileKind::Counts, &known, first);
        changed.sha256 = "0".repeat(64);
        let unfit = [
            (vec![], vec!["rsa/none".to_owned()], FileProblem::NotLive),
            (vec![file(&rsa, FileKind::Events, &known, first)], vec![], FileProblem::Twice),
            (vec![file(&aah, FileKind::Events, "x", first)], vec![], FileProblem::OtherProcess),
            (vec![changed], vec![], FileProblem::Changed),
            (
                vec![
                    file(&rsa, FileKind::Events, "n", first),
                    file(&rsa, FileKind::Events, "n", first),
                ],
                vec![known.clone()],
                FileProblem::Twice,
            ),
        ];
        for (added, retired, expected) in unfit {
            let commit = Commit { added, retired };
            let error = registry.commit_compaction(&rsa, &commit, base.id, "local", at(1)).await;
            assert!(
                matches!(&error, Err(RegistryError::File { problem, .. }) if *problem == expected),
                "{error:?}"
            );
            assert_eq!(registry.snapshot(&rsa).await.unwrap(), base);
        }
        assert_eq!(registry.verify_audit().await.unwrap().entries, 1);
        // A path of another process cannot be taken either.
        let id = registry.reserve_delivery(&aah).await.unwrap();
        let mut stolen = file(&rsa, FileKind::Events, &known, first);
        stolen.process = aah.clone();
        let commit = Commit { added: vec![stolen], retired: vec![] };
        let error = registry.commit_import(import(&aah, id), &commit, SnapshotId(0)).await;
        let expected = FileProblem::OtherProcess;
        assert!(matches!(&error, Err(RegistryError::File { problem, .. }) if *problem == expected));
        assert!(registry.processes().await.unwrap().iter().all(|p| p.id != aah));
    });
}

#[test]
fn a_stale_base_is_a_conflict() {
    run(async {
        let bench = bench().await;
        let registry = &bench.registry;
        let rsa = process("rsa");
        import_once(registry, &rsa).await;
        let base = registry.snapshot(&rsa).await.unwrap().id;
        import_once(registry, &rsa).await;
        let now = registry.snapshot(&rsa).await.unwrap();
        let late = registry.reserve_delivery(&rsa).await.unwrap();
        let error = registry.commit_import(import(&rsa, late), &two_roles(&rsa, late), base).await;
        let Err(RegistryError::Conflict { base: told, head, .. }) = error else {
            panic!("{error:?}")
        };
        assert_eq!((told, head), (base, now.id));
        assert_eq!(registry.snapshot(&rsa).await.unwrap(), now);
        // The same number serves again once the commit stands on the current version.
        registry.commit_import(import(&rsa, late), &two_roles(&rsa, late), now.id).await.unwrap();
    });
}

#[test]
fn processes_do_not_disturb_each_other() {
    run(async {
        let bench = bench().await;
        let registry = &bench.registry;
        let (rsa, aah) = (process("rsa"), process("aah"));
        import_once(registry, &rsa).await;
        let rsa_1 = registry.snapshot(&rsa).await.unwrap();
        import_once(registry, &aah).await;
        import_once(registry, &rsa).await;
        assert_eq!(registry.snapshot_at(&rsa, rsa_1.id).await.unwrap(), Some(rsa_1));
        // Version 2 belongs to the other process.
        assert_eq!(registry.snapshot_at(&rsa, SnapshotId(2)).await.unwrap(), None);
        let ids: Vec<_> = registry.snapshots(&rsa).await.unwrap();
        let chain: Vec<_> = ids.iter().map(|s| (s.id.0, s.parent.0, s.cause)).collect();
        assert_eq!(chain, [(1, 0, SnapshotCause::Import), (3, 1, SnapshotCause::Import)]);
        let all = registry.all_paths(None).await.unwrap();
        assert_eq!(
            all,
            ["aah/2025-03/d2.parquet", "rsa/2025-03/d1.parquet", "rsa/2025-03/d3.parquet"]
        );
        assert_eq!(registry.all_paths(Some(&aah)).await.unwrap().len(), 1);
        assert!(registry.known_file("aah/2025-03/d2.parquet").await.unwrap());
        assert!(!registry.known_file("aah/2025-03/d9.parquet").await.unwrap());
        let summaries = registry.processes().await.unwrap();
        let told: Vec<_> =
            summaries.iter().map(|p| (p.id.as_str(), p.label.as_str(), p.imports)).collect();
        assert_eq!(told, [("aah", "aah", 1), ("rsa", "rsa", 2)]);
        assert_eq!(summaries.iter().find(|p| p.id == rsa).unwrap().last_import, Some(at(3)));
    });
}

/// One random step: which live files to retire, and whether to add files, one of them retired before.
#[derive(Debug, Clone)]
struct Move {
    retire: Vec<prop::sample::Index>,
    add: usize,
    revive: Option<prop::sample::Index>,
    stale: bool,
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let step = (
        prop::collection::vec(any::<prop::sample::Index>(), 0..3),
        0..3_usize,
        prop::option::of(any::<prop::sample::Index>()),
        prop::bool::weighted(0.1),
    )
        .prop_map(|(retire, add, revive, stale)| Move { retire, add, revive, stale });
    prop::collection::vec(step, 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    // Every version ever made reads back as a plain model remembers it.
    #[test]
    fn every_version_reads_back(moves in moves()) {
        run(async {
            let bench = bench().await;
            let registry = &bench.registry;
            let rsa = process("rsa");
            let mut live: BTreeMap<String, DataFile> = BTreeMap::new();
            let mut gone: Vec<DataFile> = Vec::new();
            let mut versions = vec![(SnapshotId(0), live.clone())];
            for (step, change) in moves.into_iter().enumerate() {
                let mut next = live.clone();
                let mut commit = Commit::default();
                for index in &change.retire {
                    if next.is_empty() { break; }
                    let path = index.get(&next.keys().cloned().collect::<Vec<_>>()).clone();
                    gone.push(next.remove(&path).unwrap());
                    commit.retired.push(path);
                }
                for n in 0..change.add {
                    let id = eclusier_core::DeliveryId(1);
                    let added = file(&rsa, FileKind::Events, &format!("f{step}-{n}"), id);
                    next.insert(added.path.clone(), added.clone());
                    commit.added.push(added);
                }
                if let Some(index) = change.revive.filter(|_| !gone.is_empty()) {
                    let back = index.get(&gone).clone();
                    if next.insert(back.path.clone(), back.clone()).is_none() {
                        commit.added.push(back);
                    }
                }
                let head = versions.last().unwrap().0;
                let base = if change.stale { SnapshotId(head.0 + 1) } else { head };
                match registry.commit_compaction(&rsa, &commit, base, "local", at(0)).await {
                    Ok(id) => {
                        assert!(!change.stale);
                        live = next;
                        versions.push((id, live.clone()));
                    }
                    Err(RegistryError::Conflict { .. }) => assert!(change.stale),
                    Err(other) => panic!("{other:?}"),
                }
            }
            for (id, files) in versions {
                let read = registry.snapshot_at(&rsa, id).await.unwrap().unwrap();
                assert_eq!(read.files, files.into_values().collect::<Vec<_>>());
            }
            assert!(registry.verify_audit().await.unwrap().is_whole());
            registry.close().await;
        });
    }
}
