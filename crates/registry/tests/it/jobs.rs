//! Jobs: their state survives a restart, and only the dead are declared dead.

use eclusier_registry::{JobEnd, JobId, JobProgress, JobStatus, NewJob, RegistryError};

use crate::{at, bench, open, process, run};

pub(crate) fn job(second: i64) -> NewJob {
    NewJob {
        kind: "import".into(),
        process: Some(process("rsa")),
        fr: "En attente".into(),
        en: "Waiting".into(),
        by: "anne".into(),
        at: at(second),
    }
}

#[test]
fn a_job_goes_from_queued_to_done_and_no_further() {
    run(async {
        let bench = bench().await;
        let r = &bench.registry;
        let id = r.create_job(job(1)).await.unwrap();
        assert_eq!(r.job(id).await.unwrap().status, JobStatus::Queued);
        let early = r.progress_job(id, &JobProgress::default(), at(2)).await;
        assert!(matches!(early, Err(RegistryError::JobState { status: JobStatus::Queued, .. })));
        r.start_job(id, at(2)).await.unwrap();
        let progress =
            JobProgress { done: 5, total: 10, fr: "Lecture".into(), en: "Reading".into() };
        assert!(!r.progress_job(id, &progress, at(3)).await.unwrap());
        let bad = r.finish_job(id, JobEnd::Done("{".into()), at(4)).await;
        assert!(matches!(bad, Err(RegistryError::Json { .. })));
        r.finish_job(id, JobEnd::Done(r#"{"rows":3}"#.into()), at(4)).await.unwrap();
        let path = bench.path();
        r.close().await;
        drop(bench.registry);

        let again = open(&path).await.unwrap();
        let done = again.job(id).await.unwrap();
        assert_eq!(done.status, JobStatus::Done);
        assert_eq!(done.result_json.as_deref(), Some(r#"{"rows":3}"#));
        assert_eq!(done.progress, progress);
        assert_eq!((done.created, done.updated), (at(1), at(4)));
        for refused in [
            again.start_job(id, at(5)).await,
            again.finish_job(id, JobEnd::Cancelled, at(5)).await,
            again.progress_job(id, &progress, at(5)).await.map(|_| ()),
        ] {
            assert!(matches!(
                refused,
                Err(RegistryError::JobState { status: JobStatus::Done, .. })
            ));
        }
        let unknown = again.start_job(JobId(99), at(5)).await;
        assert!(matches!(unknown, Err(RegistryError::UnknownJob { job: JobId(99) })));
    });
}

#[test]
fn cancelling_stops_the_queued_at_once_and_asks_the_running() {
    run(async {
        let bench = bench().await;
        let r = &bench.registry;
        // The person who cancels may sit at another process.
        let other = open(&bench.path()).await.unwrap();
        let (queued, running) =
            (r.create_job(job(1)).await.unwrap(), r.create_job(job(1)).await.unwrap());
        r.start_job(running, at(2)).await.unwrap();
        let cancelled = other.request_cancel(queued, "bob", at(3)).await.unwrap();
        assert_eq!(cancelled.status, JobStatus::Cancelled);
        let start = r.start_job(queued, at(4)).await;
        assert!(matches!(start, Err(RegistryError::JobState { status: JobStatus::Cancelled, .. })));
        let asked = other.request_cancel(running, "bob", at(3)).await.unwrap();
        assert_eq!((asked.status, asked.cancel_requested), (JobStatus::Running, true));
        assert!(r.progress_job(running, &JobProgress::default(), at(4)).await.unwrap());
        r.finish_job(running, JobEnd::Cancelled, at(5)).await.unwrap();
        // Asking again changes nothing, and writes nothing.
        let entries = r.verify_audit().await.unwrap().entries;
        other.request_cancel(running, "bob", at(6)).await.unwrap();
        assert_eq!(r.verify_audit().await.unwrap().entries, entries);
        let order: Vec<_> = r.jobs(10).await.unwrap().iter().map(|j| j.id).collect();
        assert_eq!(order, [running, queued]);
        assert_eq!(r.jobs(1).await.unwrap().len(), 1);
    });
}

#[test]
fn only_jobs_of_dead_owners_are_interrupted() {
    run(async {
        let bench = bench().await;
        let alive = &bench.registry;
        let path = bench.path();
        let gone = open(&path).await.unwrap();
        let mine = alive.create_job(job(1)).await.unwrap();
        let (ran, waited) =
            (gone.create_job(job(1)).await.unwrap(), gone.create_job(job(1)).await.unwrap());
        gone.start_job(ran, at(2)).await.unwrap();
        let third = open(&path).await.unwrap();
        assert!(third.interrupt_dead_jobs(at(3)).await.unwrap().is_empty(), "both live");
        gone.close().await;
        drop(gone);
        assert_eq!(third.interrupt_dead_jobs(at(4)).await.unwrap(), [ran, waited]);
        assert!(third.interrupt_dead_jobs(at(5)).await.unwrap().is_empty());
        assert_eq!(third.job(ran).await.unwrap().status, JobStatus::Interrupted);
        assert_eq!(third.job(mine).await.unwrap().status, JobStatus::Queued);
        assert!(alive.interrupt_dead_jobs(at(6)).await.unwrap().is_empty());
        assert!(third.verify_audit().await.unwrap().is_whole());
    });
}
