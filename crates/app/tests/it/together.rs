//! Several programs, several processes, readers and writers at once.

use eclusier_app::{
    AppError,
    cases::CasesQuery,
    imports::{ImportOptions, ImportStatus, Watch},
};

use crate::common::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_programs_import_into_one_process_at_once() {
    let bench = Bench::new().await;
    let other = bench.another().await;
    let (a, b) = (month("A", 1, 60), month("B", 1, 60));
    // Both hold rows of the same cases, so that neither may forget the other.
    let shared: Vec<Line> = (0..20)
        .map(|i| (format!("A{i:04}"), "Contrôle", format!("25/01/2025 10:{i:02}:00")))
        .collect();
    let b = [b, shared].concat();
    let imports =
        [(bench.app.clone(), bench.file("a.csv", csv(&a))), (other, bench.file("b.csv", csv(&b)))]
            .map(|(app, path)| {
                tokio::spawn(async move {
                    app.import(ImportOptions::new(path, process("pensions")), Watch::default())
                        .await
                })
            });
    for import in imports {
        let report = import.await.unwrap().unwrap();
        assert_eq!(report.status, ImportStatus::Committed);
        assert_eq!(report.duplicates, 0);
    }
    let alone = Bench::new().await;
    alone.store("all.csv", &csv(&[a, b].concat()), "pensions").await;
    let expected = alone.state("pensions").await;
    assert_eq!(bench.state("pensions").await, expected);
    assert_eq!(bench.another().await.imports(None).await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_processes_are_imported_at_once() {
    let bench = Bench::new().await;
    let other = bench.another().await;
    let files = ["pensions", "reversions"].map(|id| (id, bench.file(id, csv(&month(id, 3, 80)))));
    let imports = files.into_iter().zip([bench.app.clone(), other]).map(|((id, path), app)| {
        tokio::spawn(async move {
            app.import(ImportOptions::new(path, process(id)), Watch::default()).await
        })
    });
    for import in imports.collect::<Vec<_>>() {
        assert_eq!(import.await.unwrap().unwrap().status, ImportStatus::Committed);
    }
    for id in ["pensions", "reversions"] {
        assert_eq!(bench.state(id).await.rows, month(id, 3, 80).len() as u64);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_reader_keeps_its_version_while_an_import_commits() {
    let bench = Bench::new().await;
    bench.store("a.csv", &csv(&month("A", 1, 40)), "pensions").await;
    let held = bench
        .app
        .seen(eclusier_app::Permission::FiguresRead, &process("pensions"), None)
        .await
        .unwrap();
    let version = held.snapshot.id;
    let cases = held.cases().unwrap().lines().count();
    let mut changes = bench.app.changes();
    // Another program reads with its own memory of the process.
    let reader = bench.another().await;
    let old = reader
        .seen(eclusier_app::Permission::FiguresRead, &process("pensions"), None)
        .await
        .unwrap();
    bench.store("b.csv", &csv(&month("B", 2, 40)), "pensions").await;
    assert_eq!((held.snapshot.id, held.cases().unwrap().lines().count()), (version, cases));
    assert_eq!(old.cases().unwrap().lines().count(), cases);
    // Both see the new version at their next question.
    for app in [&bench.app, &reader] {
        let page = CasesQuery { limit: 1, ..CasesQuery::default() };
        assert_eq!(app.cases(&of("pensions"), &page).await.unwrap().total, 80);
    }
    let told = changes.recv().await.unwrap();
    assert!(matches!(told, eclusier_app::Change::Process { process } if process == "pensions"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn readers_never_fail_nor_see_half_an_import() {
    let bench = Bench::new().await;
    bench.store("0.csv", &csv(&month("A", 1, 10)), "pensions").await;
    let reader = bench.another().await;
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let (seen_stop, app) = (stop.clone(), reader.clone());
    let reading = tokio::spawn(async move {
        let mut seen = Vec::new();
        while !seen_stop.load(std::sync::atomic::Ordering::Relaxed) {
            let profile = profile(&app, "pensions").await;
            seen.push(profile.cases);
        }
        seen
    });
    for i in 0..5 {
        let lines = month(["B", "C", "D", "E", "F"][i], 2, 10);
        bench.store(&format!("{i}.csv"), &csv(&lines), "pensions").await;
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    let seen = reading.await.unwrap();
    assert!(!seen.is_empty() && seen.iter().all(|c| c % 10 == 0), "{seen:?}");
    assert!(seen.is_sorted(), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_import_leaves_nothing() {
    let bench = Bench::new().await;
    bench.store("a.csv", &csv(&month("A", 1, 30)), "pensions").await;
    let (before, files) = (bench.state("pensions").await, left_behind(&bench.data()));
    // Rows that go to quarantine too: their file must vanish with the rest.
    let mut text = csv(&month("B", 2, 600));
    for i in 0..600 {
        text.push_str(&format!("C{i};;01/02/2025 10:00:00;;;\r\n"));
    }
    let path = bench.file("b.csv", &text);
    // Stopped before, and at several moments of the work.
    for pause in [None, Some(0), Some(1), Some(3), Some(6), Some(12), Some(25)] {
        let watch = Watch::default();
        let (app, seen, path) = (bench.app.clone(), watch.clone(), path.clone());
        if pause.is_none() {
            watch.cancel();
        }
        let work = tokio::spawn(async move {
            app.import(ImportOptions::new(path, process("pensions")), seen).await
        });
        tokio::time::sleep(std::time::Duration::from_millis(pause.unwrap_or(0))).await;
        watch.cancel();
        match work.await.unwrap() {
            Err(AppError::Cancelled) => {
                assert_eq!(left_behind(&bench.data()), files, "after {pause:?}");
                assert_eq!(bench.state("pensions").await, before);
            }
            // Too late to stop: then it was stored whole, and is taken back.
            Ok(report) => {
                assert_eq!(report.status, ImportStatus::Committed);
                break;
            }
            Err(other) => panic!("after {pause:?}: {other}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_waits_for_its_turn_can_be_cancelled() {
    let bench = Bench::new().await;
    let lake = eclusier_lake::Lake::open(bench.data().join("lake"), Default::default()).unwrap();
    let turn = lake.try_lock(&process("pensions")).unwrap().unwrap();
    let watch = Watch::default();
    let (app, seen) = (bench.app.clone(), watch.clone());
    let path = bench.file("a.csv", csv(&month("A", 1, 5)));
    let work = tokio::spawn(async move {
        app.import(ImportOptions::new(path, process("pensions")), seen).await
    });
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert!(!work.is_finished());
    watch.cancel();
    assert!(matches!(work.await.unwrap(), Err(AppError::Cancelled)));
    drop(turn);
}
