//! Published figures: whatever comes after, a replay gives them again to the last bit, and a
//! restatement lists what changed.

use std::path::Path;

use eclusier_app::{
    App, AppError, Dimensions, MovementKind, Period,
    counts::TypedCounts,
    imports::{ImportOptions, ImportStatus, Watch},
    publications::{FigureChange, PublishedPeriod},
};
use eclusier_core::{Commit, DataFile, Figure, FileKind};
use eclusier_lake::{Lake, LakeOptions, Stop};
use eclusier_registry::Body;
use serde_json::Value;

use crate::common::*;

fn march() -> Period {
    "2025-03-01..2025-03-31".parse().unwrap()
}

async fn close(app: &App, id: &str, period: Period) -> PublishedPeriod {
    app.close_period(&process(id), period, &Watch::default()).await.unwrap()
}

async fn holds(app: &App, id: &str, period: Period, rank: Option<usize>) {
    let replay = app.replay_publication(&process(id), period, rank).await.unwrap();
    assert!(replay.holds(), "{}: {:#?}", replay.words[1], replay.changes);
    assert!(replay.figures > 10);
}

/// Figures as text: every float to the last bit.
fn exact(figures: &[Figure]) -> String {
    serde_json::to_string(figures).unwrap()
}

async fn on_screen(app: &App, id: &str, period: Period) -> Vec<Figure> {
    let (from, to) = (Some(period.from), Some(period.to));
    let selection = eclusier_app::figures::Selection { from, to, ..of(id) };
    app.indicators(&selection, &[]).await.unwrap()
}

fn change<'a>(changes: &'a [FigureChange], id: &str) -> &'a FigureChange {
    changes.iter().find(|c| c.id == id).unwrap_or_else(|| panic!("{id} is not in {changes:#?}"))
}

/// Writes the rows of a process into other files, as maintenance does; how many.
async fn rewrite_files(bench: &Bench, id: &str) -> usize {
    let lake = Lake::open(bench.data().join("lake"), LakeOptions::default()).unwrap();
    let process = process(id);
    let _turn = lake.lock(&process, &Stop::never()).unwrap();
    let registry = bench.app.registry();
    let base = registry.snapshot(&process).await.unwrap();
    let mut commit = Commit::default();
    for file in base.of_kind(FileKind::Events) {
        let path = file.path.replace(".parquet", "-again.parquet");
        std::fs::copy(lake.root().join(&file.path), lake.root().join(&path)).unwrap();
        commit.retired.push(file.path.clone());
        commit.added.push(DataFile { path, ..file.clone() });
    }
    registry.commit_compaction(&process, &commit, base.id, "local", now()).await.unwrap();
    commit.added.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn march_replays_whatever_comes_after() {
    let bench = Bench::new().await;
    let app = &bench.app;
    bench.store("feb.csv", &csv(&month("A", 2, 60)), "pensions").await;
    let mar = bench.store("mar.csv", &csv(&month("B", 3, 60)), "pensions").await;
    bench.store("apr.csv", &csv(&month("C", 4, 60)), "pensions").await;
    app.put_config(&process("pensions"), None, &rules()).await.unwrap();
    let shown = on_screen(app, "pensions", march()).await;
    let closed = close(app, "pensions", march()).await;
    let first = closed.current().unwrap().clone();
    assert_eq!(exact(&first.figures), exact(&shown), "what is published is what was on screen");
    assert!(first.figures.iter().any(|f| f.value.is_some_and(|v| v.fract() != 0.0)));
    holds(app, "pensions", march(), None).await;

    // Rows that reach back into March.
    let late = month("D", 3, 25);
    bench.store("late.csv", &csv(&late), "pensions").await;
    holds(app, "pensions", march(), None).await;
    // A delivery of March taken back.
    app.undo(mar.id.unwrap(), "faux", Watch::default()).await.unwrap();
    holds(app, "pensions", march(), None).await;
    // Other rules, from before March and from after.
    let mut other = rules();
    other.label = "Pensions et réversions".into();
    other.target[0].days = 9;
    other.states.settled = vec!["Instruction".into()];
    app.put_config(&process("pensions"), None, &other).await.unwrap();
    other.target[0].days = 2;
    app.put_config(&process("pensions"), Some(day("2025-03-10")), &other).await.unwrap();
    holds(app, "pensions", march(), None).await;
    // A period replaced, and files merged.
    let mut replacing =
        ImportOptions::new(bench.file("again.csv", csv(&month("E", 3, 10))), process("pensions"));
    replacing.replace = Some("2025-03-05..2025-03-08".parse().unwrap());
    let report = app.import(replacing, Watch::default()).await.unwrap();
    assert_eq!(report.status, ImportStatus::Committed);
    assert!(rewrite_files(&bench, "pensions").await >= 3);
    app.sweep().await.unwrap();
    holds(app, "pensions", march(), None).await;
    assert_ne!(exact(&on_screen(app, "pensions", march()).await), exact(&first.figures));
    // In another program, with nothing in memory.
    holds(&bench.another().await, "pensions", march(), Some(1)).await;
    let kept = app.published_periods(&process("pensions")).await.unwrap();
    assert_eq!(kept, [closed]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restatement_lists_what_changed_and_both_replay() {
    let bench = Bench::new().await;
    let app = &bench.app;
    bench.store("mar.csv", &csv(&month("A", 3, 60)), "pensions").await;
    bench.store("apr.csv", &csv(&month("C", 4, 60)), "pensions").await;
    app.put_config(&process("pensions"), None, &rules()).await.unwrap();
    let first = close(app, "pensions", march()).await.current().unwrap().clone();
    let watch = Watch::default;
    let restate = async |reason: &str| {
        app.restate_period(&process("pensions"), march(), reason, &watch()).await
    };
    // Data of May change nothing of March but the version read: nothing to say.
    bench.store("may.csv", &csv(&month("M", 5, 20)), "pensions").await;
    let refused = restate("rien").await.unwrap_err();
    assert!(matches!(&refused, AppError::Refused { code, .. } if code == "nothing_changed"));
    assert!(app.preview_restatement(&process("pensions"), march()).await.unwrap().is_empty());

    // Four cases received in March and never settled.
    let rows: String = (0..4)
        .map(|i| format!("Z{i};Réception;1{i}/03/2025 08:00:00;agent;Nord;Pension\r\n"))
        .collect();
    bench.store("late.csv", &format!("{HEADER}{rows}"), "pensions").await;
    let preview = app.preview_restatement(&process("pensions"), march()).await.unwrap();
    let without = restate(" ").await.unwrap_err();
    assert_eq!(without.kind(), "invalid");
    let restated = restate("livraison tardive").await.unwrap();
    let [one, two] = &restated.publications[..] else { panic!("{restated:#?}") };
    assert_eq!((one.rank, two.rank, &one.reason), (1, 2, &None));
    assert_eq!(two.reason.as_deref(), Some("livraison tardive"));
    assert_eq!(two.changes, preview);
    assert_eq!(exact(&one.figures), exact(&first.figures));
    let stock = change(&two.changes, "stock");
    let value = |f: &Option<std::collections::BTreeMap<String, Value>>| {
        f.as_ref().unwrap()["value"].as_f64().unwrap()
    };
    assert_eq!(value(&stock.after) - value(&stock.before), 4.0);
    assert_eq!(stock.label[0], "Stock");
    assert!(stock.after.as_ref().unwrap().contains_key("n"));
    // Only what differs, and never the version alone.
    assert!(!stock.after.as_ref().unwrap().contains_key("unit"));
    assert!(two.changes.iter().all(|c| !c.after.as_ref().unwrap().contains_key("snapshot")));
    // Settled cases are the same: their mean delay did not move, and is not listed.
    assert!(two.changes.iter().all(|c| c.id != "lead_time_mean"), "{:#?}", two.changes);
    bench.store("later.csv", &csv(&month("Y", 3, 9)), "pensions").await;
    for rank in [Some(1), Some(2), None] {
        holds(app, "pensions", march(), rank).await;
    }
    let none = app.replay_publication(&process("pensions"), march(), Some(3)).await.unwrap_err();
    assert_eq!(none.kind(), "not-found");
    // The log tells both, in order, with what they stood on.
    let entries = app.audit_entries(0, 1000).await.unwrap();
    let told: Vec<_> = entries
        .iter()
        .filter(|e| e.action.starts_with("period."))
        .map(|e| e.action.as_str())
        .collect();
    assert_eq!(told, ["period.close", "period.restate"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_saved_rules_the_defaults_of_the_day_are_kept() {
    let bench = Bench::new().await;
    let app = &bench.app;
    bench.store("feb.csv", &csv(&month("A", 2, 60)), "pensions").await;
    bench.store("mar.csv", &csv(&month("B", 3, 60)), "pensions").await;
    bench.store("apr.csv", &csv(&month("C", 4, 60)), "pensions").await;
    let closed = close(app, "pensions", march()).await;
    assert_eq!(closed.current().unwrap().config_revision, 0);
    // The body moves overseas and takes another calendar; then rules come, then go.
    let body =
        Body { name: "Caisse".into(), zone: "Indian/Reunion".into(), calendar: "reunion".into() };
    app.registry().put_body(&body, "local", now()).await.unwrap();
    let zone = "\"America/Cayenne\"";
    app.registry().put_setting("process.pensions.zone", zone, "local", now()).await.unwrap();
    let label = "\"Autre nom\"";
    app.registry().put_setting("process.pensions.label", label, "local", now()).await.unwrap();
    assert_ne!(
        exact(&on_screen(app, "pensions", march()).await),
        exact(&closed.current().unwrap().figures)
    );
    holds(app, "pensions", march(), None).await;
    app.put_config(&process("pensions"), None, &rules()).await.unwrap();
    holds(app, "pensions", march(), None).await;
    let from = jiff::civil::date(1900, 1, 1);
    let gone = app.registry().remove_config(&process("pensions"), from, "local", now()).await;
    assert!(gone.unwrap());
    holds(app, "pensions", march(), None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_replay_too_replaced_and_taken_back() {
    let bench = Bench::new().await;
    let app = &bench.app;
    let counts = |from: u32, add: u32| {
        let rows: String = (from..=31)
            .map(|d| {
                let (e, s) = (10 + d % 3 + add, 9 + d % 4);
                format!("{d:02}/03/2025;{e};{s};{}\n", 100 + d + add)
            })
            .collect();
        format!("date;arrivées;sorties;stock\n{rows}")
    };
    bench.store("mar.csv", &counts(1, 0), "courrier").await;
    let closed = close(app, "courrier", march()).await;
    assert_eq!(closed.current().unwrap().figures[0].value, Some(131.0));
    // The same days again, replacing what was delivered: the first figures must not learn it.
    let mut options =
        ImportOptions::new(bench.file("again.csv", counts(10, 40)), process("courrier"));
    options.replace = Some("2025-03-10..2025-03-31".parse().unwrap());
    let report = app.import(options, Watch::default()).await.unwrap();
    assert_eq!((report.status, report.replaced > 0), (ImportStatus::Committed, true));
    assert_eq!(on_screen(app, "courrier", march()).await[0].value, Some(171.0));
    holds(app, "courrier", march(), None).await;
    let typed = TypedCounts {
        process: process("courrier"),
        label: None,
        day: day("2025-03-31"),
        dimensions: Dimensions::default(),
        counts: vec![(MovementKind::Arrivals, 77)],
        reason: Some("oubli".into()),
    };
    app.type_counts(typed).await.unwrap();
    let watch = Watch::default();
    let period = app.restate_period(&process("courrier"), march(), "recomptage", &watch).await;
    assert_eq!(period.unwrap().publications.len(), 2);
    app.undo(report.id.unwrap(), "", Watch::default()).await.unwrap();
    for rank in [1, 2] {
        holds(app, "courrier", march(), Some(rank)).await;
    }
    let live = app.live(&process("courrier")).await.unwrap();
    assert!(live.of_kind(FileKind::Counts).count() > 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_published_is_refused_in_words() {
    let bench = Bench::new().await;
    let app = &bench.app;
    bench.store("mar.csv", &csv(&month("A", 3, 30)), "pensions").await;
    let tried = async |id: &str, period: &str| {
        let period = period.parse().unwrap();
        app.close_period(&process(id), period, &Watch::default()).await.unwrap_err()
    };
    let code = |error: AppError| match error {
        AppError::Refused { code, fr, en } => {
            assert!(!fr.is_empty() && !en.is_empty());
            code
        }
        other => panic!("{other:?}"),
    };
    // Today is 1 July in Paris: June is over, July is not.
    assert_eq!(code(tried("pensions", "2025-06-01..2025-07-01").await), "not_over");
    assert_eq!(code(tried("pensions", "2024-03-01..2024-03-31").await), "no_data");
    assert_eq!(code(tried("pensions", "2025-06-01..2025-06-30").await), "no_data");
    assert_eq!(tried("inconnu", "2025-03-01..2025-03-31").await.kind(), "not-found");
    assert!(!bench.data().join("lake/inconnu").exists());
    close(app, "pensions", march()).await;
    assert_eq!(code(tried("pensions", "2025-03-01..2025-03-31").await), "already_closed");
    let quarter: Period = "2025-01-01..2025-03-31".parse().unwrap();
    let never = app.replay_publication(&process("pensions"), quarter, None).await.unwrap_err();
    assert_eq!(never.kind(), "not-found");
    let watch = Watch::default();
    let never = app.restate_period(&process("pensions"), quarter, "x", &watch).await.unwrap_err();
    assert_eq!(never.kind(), "not-found");
    // Periods may overlap: a month and its quarter.
    close(app, "pensions", quarter).await;
    holds(app, "pensions", quarter, None).await;
    // Who waits for an import that never ends may give up.
    let lake = Lake::open(bench.data().join("lake"), LakeOptions::default()).unwrap();
    let _turn = lake.try_lock(&process("pensions")).unwrap().unwrap();
    let watch = Watch::default();
    watch.cancel();
    let april: Period = "2025-03-01..2025-04-30".parse().unwrap();
    let stopped = app.close_period(&process("pensions"), april, &watch).await;
    assert!(matches!(stopped, Err(AppError::Cancelled)), "{stopped:?}");
}

/// Changes bytes of the database behind everybody's back.
fn rewrite(path: &Path, old: &str, new: &str) {
    assert_eq!(old.len(), new.len());
    let mut bytes = std::fs::read(path).unwrap();
    let at: Vec<usize> = (0..bytes.len() - old.len())
        .filter(|&at| &bytes[at..at + old.len()] == old.as_bytes())
        .collect();
    assert!(!at.is_empty(), "{old} is not there");
    for at in at {
        bytes[at..at + old.len()].copy_from_slice(new.as_bytes());
    }
    std::fs::write(path, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_figure_rewritten_in_the_database_is_found() {
    if database().is_some() {
        println!("skipped: about the bytes of a file");
        return;
    }
    let rows = csv(&month("A", 3, 60));
    for (old, new, same, sealed) in [
        // The value published.
        (r#""id":"stock","value":12.0"#, r#""id":"stock","value":11.0"#, false, false),
        // What the replay does not compute: the log knows.
        (r#""program":"0."#, r#""program":"9."#, true, false),
        // A text that no longer reads.
        (r#"{"format":1,"program""#, r#"{"format":1,"program'"#, false, false),
        // The text is whole, the log is not: it no longer vouches for it.
        (r#""figures_sha256":""#, r#""figures_sha25x":""#, true, false),
    ] {
        let bench = Bench::new().await;
        bench.store("mar.csv", &rows, "pensions").await;
        bench.app.put_config(&process("pensions"), None, &rules()).await.unwrap();
        close(&bench.app, "pensions", march()).await;
        holds(&bench.app, "pensions", march(), None).await;
        bench.app.close().await;
        rewrite(&bench.data().join("registry.sqlite"), old, new);
        let app = bench.another().await;
        let replay = app.replay_publication(&process("pensions"), march(), None).await.unwrap();
        assert_eq!((replay.same, replay.sealed), (same, sealed), "{old}: {replay:#?}");
        assert!(!replay.holds() && replay.words[0].contains("modifié"), "{}", replay.words[0]);
        if old.contains("stock") {
            let stock = change(&replay.changes, "stock");
            assert_eq!(stock.before.as_ref().unwrap()["value"], 11.0);
            assert_eq!(stock.after.as_ref().unwrap()["value"], 12.0);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_period_closed_among_imports_names_the_version_it_read() {
    let bench = Bench::new().await;
    bench.store("mar.csv", &csv(&month("A", 3, 60)), "pensions").await;
    let other = bench.another().await;
    let paths: Vec<_> = (0..6)
        .map(|i| {
            bench.file(&format!("{i}.csv"), csv(&month(["B", "C", "D", "E", "F", "G"][i], 3, 12)))
        })
        .collect();
    let importing = tokio::spawn(async move {
        for path in paths {
            let options = ImportOptions::new(path, process("pensions"));
            other.import(options, Watch::default()).await.unwrap();
            // The lock is not fair: leave it a moment.
            tokio::time::sleep(std::time::Duration::from_millis(30)).await;
        }
    });
    let mut closed = Vec::new();
    for last in 10..=31 {
        // As long as imports take: some must come in between.
        tokio::time::sleep(std::time::Duration::from_millis(15)).await;
        let period: Period = format!("2025-03-01..2025-03-{last}").parse().unwrap();
        closed.push((period, close(&bench.app, "pensions", period).await));
    }
    importing.await.unwrap();
    let mut versions = std::collections::BTreeSet::new();
    for (period, published) in &closed {
        let current = published.current().unwrap();
        assert!(current.figures.iter().all(|f| f.snapshot == Some(current.snapshot)));
        versions.insert(current.snapshot);
        holds(&bench.app, "pensions", *period, None).await;
    }
    assert!(versions.len() > 1, "no import came in between: {versions:?}");
}
