//! Several processes at once: no commit lost, none doubled, none on a stale base.

use std::{
    collections::BTreeSet,
    future::{Future, poll_fn},
    task::Poll,
};

use eclusier_core::SnapshotId;
use eclusier_registry::{Registry, RegistryError};

use crate::{at, bench, import, import_once, open, process, run, two_roles};

#[test]
fn two_pools_hammering_lose_and_double_nothing() {
    const WRITERS: i64 = 6;
    const EACH: i64 = 15;
    run(async {
        let bench = bench().await;
        let path = bench.path();
        let other = open(&path).await.unwrap();
        let p = process("rsa");
        let mut tasks = Vec::new();
        for writer in 0..WRITERS {
            let registry = if writer % 2 == 0 { bench.registry.clone() } else { other.clone() };
            let p = p.clone();
            tasks.push(tokio::spawn(async move {
                let mut conflicts = 0;
                for _ in 0..EACH {
                    let id = registry.reserve_delivery(&p).await.unwrap();
                    loop {
                        let base = registry.snapshot(&p).await.unwrap();
                        // A version never shows a commit by halves: two roles per import.
                        assert_eq!(base.files.len() % 2, 0);
                        tokio::task::yield_now().await;
                        let done = registry
                            .commit_import(import(&p, id), &two_roles(&p, id), base.id)
                            .await;
                        match done {
                            Ok(_) => break,
                            Err(RegistryError::Conflict { .. }) => conflicts += 1,
                            Err(other) => panic!("{other:?}"),
                        }
                    }
                }
                conflicts
            }));
        }
        // Others write other things meanwhile.
        let noise = other.clone();
        tasks.push(tokio::spawn(async move {
            for i in 0..40 {
                noise.put_setting("n", &i.to_string(), "bob", at(i)).await.unwrap();
            }
            0
        }));
        let mut conflicts = 0;
        for task in tasks {
            conflicts += task.await.unwrap();
        }
        println!("{conflicts} conflicts over {} commits", WRITERS * EACH);
        assert!(conflicts > 0, "the writers never met: the test proves nothing");
        let now = other.snapshot(&p).await.unwrap();
        assert_eq!(now.id, SnapshotId(WRITERS * EACH));
        assert_eq!(now.files.len() as i64, 2 * WRITERS * EACH);
        let imports = bench.registry.imports(Some(&p)).await.unwrap();
        let ids: BTreeSet<_> = imports.iter().map(|i| i.id).collect();
        assert_eq!(ids.len() as i64, WRITERS * EACH);
        let chain = bench.registry.snapshots(&p).await.unwrap();
        assert!(chain.windows(2).all(|w| w[0].id == w[1].parent), "one line, no fork");
        let verdict = other.verify_audit().await.unwrap();
        assert!(verdict.is_whole());
        assert_eq!(verdict.entries as i64, WRITERS * EACH + 40);
    });
}

#[test]
fn of_two_imports_on_one_base_exactly_one_commits() {
    run(async {
        let bench = bench().await;
        let other = open(&bench.path()).await.unwrap();
        let p = process("rsa");
        for _ in 0..20 {
            let base = other.snapshot(&p).await.unwrap().id;
            let (a, b) = (
                bench.registry.reserve_delivery(&p).await.unwrap(),
                other.reserve_delivery(&p).await.unwrap(),
            );
            let commit = |registry: Registry, id| {
                let p = p.clone();
                tokio::spawn(async move {
                    registry.commit_import(import(&p, id), &two_roles(&p, id), base).await
                })
            };
            let (a, b) = (commit(bench.registry.clone(), a), commit(other.clone(), b));
            let (a, b) = (a.await.unwrap(), b.await.unwrap());
            let won = [&a, &b].into_iter().filter(|r| r.is_ok()).count();
            let lost = [&a, &b]
                .into_iter()
                .filter(|r| matches!(r, Err(RegistryError::Conflict { .. })))
                .count();
            assert_eq!((won, lost), (1, 1));
        }
    });
}

#[test]
fn a_caller_that_goes_away_leaves_no_half_written_commit() {
    run(async {
        let bench = bench().await;
        let p = process("rsa");
        let mut dropped = 0;
        // The faster the database, the fewer the steps: as many rounds as it takes to hang up
        // often enough.
        for (round, steps) in (0..10).flat_map(|round| (1..80).map(move |steps| (round, steps))) {
            if round > 0 && dropped > 10 {
                break;
            }
            let id = bench.registry.reserve_delivery(&p).await.unwrap();
            let base = bench.registry.snapshot(&p).await.unwrap().id;
            let commit = two_roles(&p, id);
            let work = bench.registry.commit_import(import(&p, id), &commit, base);
            // The future is dropped after a number of steps, as when a client hangs up.
            let mut work = Box::pin(work);
            let mut left = steps;
            let done = poll_fn(|context| {
                if left == 0 {
                    return Poll::Ready(false);
                }
                left -= 1;
                work.as_mut().poll(context).map(|done| done.is_ok())
            })
            .await;
            drop(work);
            dropped += usize::from(!done);
            let files = bench.registry.snapshot(&p).await.unwrap().files.len();
            let imports = bench.registry.imports(Some(&p)).await.unwrap().len();
            assert_eq!(files, 2 * imports, "dropped after {steps} steps");
        }
        assert!(dropped > 10, "only {dropped} were dropped: the test proves little");
        let verdict = bench.registry.verify_audit().await.unwrap();
        assert!(verdict.is_whole());
        let imports = bench.registry.imports(Some(&p)).await.unwrap();
        assert_eq!(verdict.entries, imports.len() as u64);
        println!("{dropped} dropped, {} committed", imports.len());
    });
}

/// Not a check but a measure, for docs/adr/0003: run it with `--run-ignored all --no-capture`.
#[test]
#[ignore = "measures"]
fn how_long_a_commit_and_a_read_take() {
    run(async {
        let bench = bench().await;
        let p = process("rsa");
        import_once(&bench.registry, &p).await;
        let mut commits = Vec::new();
        let mut imports = Vec::new();
        let mut reads = Vec::new();
        for i in 0..300 {
            let start = std::time::Instant::now();
            bench.registry.put_setting("n", &i.to_string(), "anne", at(i)).await.unwrap();
            commits.push(start.elapsed().as_secs_f64() * 1e3);
            let start = std::time::Instant::now();
            bench.registry.head(&p).await.unwrap();
            reads.push(start.elapsed().as_secs_f64() * 1e3);
            if i % 5 == 0 {
                let start = std::time::Instant::now();
                import_once(&bench.registry, &p).await;
                imports.push(start.elapsed().as_secs_f64() * 1e3);
            }
        }
        for (name, mut times) in [("commit", commits), ("import", imports), ("read", reads)] {
            times.sort_by(f64::total_cmp);
            let (half, last) = (times[times.len() / 2], times[times.len() * 95 / 100]);
            println!("{name}: median {half:.2} ms, 95th hundredth {last:.2} ms");
        }
        let other = open(&bench.path()).await.unwrap();
        let start = std::time::Instant::now();
        let tasks: Vec<_> = (0..8)
            .map(|writer| {
                let registry = if writer % 2 == 0 { bench.registry.clone() } else { other.clone() };
                tokio::spawn(async move {
                    for i in 0..50 {
                        let name = format!("w{writer}");
                        registry.put_setting(&name, &i.to_string(), "anne", at(i)).await.unwrap();
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        println!("8 writers: {:.0} commits/s", 400.0 / start.elapsed().as_secs_f64());
    });
}
