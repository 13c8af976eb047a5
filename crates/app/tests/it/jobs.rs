//! Jobs: progress, cancellation, a result that survives, and deaths that are told.

use std::time::Duration;

use eclusier_app::{App, AppError, AppOptions, JobId, JobRecord, JobStatus};
use serde_json::json;

use crate::common::*;

fn words() -> [String; 2] {
    ["Essai".into(), "Trial".into()]
}

async fn until(app: &App, id: JobId, wanted: impl Fn(&JobRecord) -> bool) -> JobRecord {
    for _ in 0..200 {
        let job = app.job(id).await.unwrap();
        if wanted(&job) {
            return job;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("job {id} never got there: {:?}", app.job(id).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_survives_reopening() {
    let bench = Bench::new().await;
    let done = bench
        .app
        .start("import", None, words(), |_, _| async { Ok(json!({ "n": 3 })) })
        .await
        .unwrap();
    until(&bench.app, done, |j| j.status == JobStatus::Done).await;
    let failed = bench
        .app
        .start("import", None, words(), |_, _| async { Err(AppError::invalid("x", "non", "no")) })
        .await
        .unwrap();
    until(&bench.app, failed, |j| j.status == JobStatus::Failed).await;
    bench.app.close().await;
    let other = bench.another().await;
    let read = |j: JobRecord| -> serde_json::Value {
        serde_json::from_str(j.result_json.as_deref().unwrap()).unwrap()
    };
    assert_eq!(read(other.job(done).await.unwrap()), json!({ "n": 3 }));
    let why = read(other.job(failed).await.unwrap());
    assert_eq!(
        (&why["kind"], &why["fr"], &why["en"]),
        (&json!("invalid"), &json!("non"), &json!("no"))
    );
    assert_eq!(other.job(JobId(999)).await.unwrap_err().kind(), "not-found");
    assert_eq!(other.jobs().await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_tells_its_progress_and_stops_when_asked() {
    let bench = Bench::new().await;
    let mut changes = bench.app.changes();
    let id = bench
        .app
        .start("import", None, words(), |_, watch| async move {
            use eclusier_ingest::Progress as _;
            let mut done = 0;
            while watch.at(done, 1000).is_continue() {
                done += 1;
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            Err::<serde_json::Value, _>(AppError::Cancelled)
        })
        .await
        .unwrap();
    // Another waits behind it: one at a time.
    let next =
        bench.app.start("import", None, words(), |_, _| async { Ok(json!(null)) }).await.unwrap();
    let running = until(&bench.app, id, |j| j.progress.done > 0).await;
    assert_eq!((running.status, running.progress.total), (JobStatus::Running, 1000));
    assert_eq!(bench.app.job(next).await.unwrap().status, JobStatus::Queued);
    bench.app.cancel_job(id).await.unwrap();
    until(&bench.app, id, |j| j.status == JobStatus::Cancelled).await;
    until(&bench.app, next, |j| j.status == JobStatus::Done).await;
    let told = changes.recv().await.unwrap();
    assert!(matches!(told, eclusier_app::Change::Job { id: n } if n == id.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queued_job_is_cancelled_before_it_begins() {
    let bench = Bench::new().await;
    let (release, wait) = tokio::sync::oneshot::channel::<()>();
    let first = bench
        .app
        .start("import", None, words(), |_, _| async {
            let _ = wait.await;
            Ok(json!(null))
        })
        .await
        .unwrap();
    let second = bench
        .app
        .start("import", None, words(), |_, _| async {
            panic!("never begun") as eclusier_app::AppResult<_>
        })
        .await
        .unwrap();
    bench.app.cancel_job(second).await.unwrap();
    release.send(()).unwrap();
    until(&bench.app, first, |j| j.status == JobStatus::Done).await;
    until(&bench.app, second, |j| j.status == JobStatus::Cancelled).await;
    // Asking an ended job to stop says so, and changes nothing.
    let late = bench.app.cancel_job(first).await;
    assert!(late.as_ref().is_ok_and(|()| true) || late.is_err_and(|e| e.kind() != "internal"));
    assert_eq!(bench.app.job(first).await.unwrap().status, JobStatus::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_panics_fails_and_lets_the_next_one_through() {
    let bench = Bench::new().await;
    let bad = bench
        .app
        .start("import", None, words(), |_, _| async {
            panic!("a defect") as eclusier_app::AppResult<serde_json::Value>
        })
        .await
        .unwrap();
    let next =
        bench.app.start("import", None, words(), |_, _| async { Ok(json!(1)) }).await.unwrap();
    until(&bench.app, next, |j| j.status == JobStatus::Done).await;
    until(&bench.app, bad, |j| j.status == JobStatus::Failed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_jobs_of_a_dead_program_are_told_interrupted_and_those_of_a_living_one_are_not() {
    let bench = Bench::new().await;
    let forever = |_: App, _: eclusier_app::imports::Watch| async {
        std::future::pending::<()>().await;
        Ok(json!(null))
    };
    let alive = bench.app.start("import", None, words(), forever).await.unwrap();
    until(&bench.app, alive, |j| j.status == JobStatus::Running).await;

    // A program that dies: its runtime, its handles and its locks go with it.
    let data = bench.data();
    let dead = std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let id = runtime.block_on(async {
            let mut options = AppOptions::new(data);
            options.database = database();
            let app = App::open(options).await.unwrap();
            let id = app.start("import", None, words(), forever).await.unwrap();
            until(&app, id, |j| j.status == JobStatus::Running).await;
            id
        });
        runtime.shutdown_timeout(Duration::from_secs(2));
        id
    })
    .join()
    .unwrap();
    assert_eq!(bench.app.job(dead).await.unwrap().status, JobStatus::Running);

    let mut options = AppOptions::new(bench.data());
    options.server = true;
    options.database = database();
    let server = App::open(options).await.unwrap();
    assert_eq!(server.job(dead).await.unwrap().status, JobStatus::Interrupted);
    assert_eq!(server.job(alive).await.unwrap().status, JobStatus::Running);
}

#[tokio::test(flavor = "multi_thread")]
async fn opening_to_serve_sweeps_what_no_version_reads() {
    let bench = Bench::new().await;
    bench.store("a.csv", &csv(&month("A", 1, 20)), "pensions").await;
    let before = (bench.state("pensions").await, left_behind(&bench.data()));
    let one = before.1.iter().find(|p| p.extension().is_some_and(|e| e == "parquet")).unwrap();
    let orphan = one.with_file_name("00000000-orphan.parquet");
    std::fs::copy(one, &orphan).unwrap();
    let mut options = AppOptions::new(bench.data());
    options.server = true;
    options.database = database();
    options.now = Some(now());
    let server = App::open(options).await.unwrap();
    assert!(!orphan.exists());
    assert_eq!((state(&server, "pensions").await, left_behind(&bench.data())), before);
}
