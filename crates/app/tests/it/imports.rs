//! Import, again, over, instead of, and back.

use eclusier_app::{
    ImportRecordStatus, MovementKind,
    counts::TypedCounts,
    imports::{ImportOptions, ImportStatus, Watch},
};

use eclusier_core::Period;

use crate::common::*;

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_gives_exactly_what_was_there_before() {
    let bench = Bench::new().await;
    let january = month("A", 1, 60);
    bench.store("janvier.csv", &csv(&january), "pensions").await;
    let before = bench.state("pensions").await;

    // Half the rows again, cases of January that go on in February, and new ones.
    let mut february = january[60..].to_vec();
    february
        .extend((0..60).map(|i| (format!("A{i:04}"), "Archivage", "20/02/2025 08:00:00".into())));
    february.extend(month("B", 2, 40));
    let second = bench.store("fevrier.csv", &csv(&february), "pensions").await;
    assert_eq!(second.duplicates, (january.len() - 60) as u64);
    let after = bench.state("pensions").await;
    assert_ne!(after.cases, before.cases);
    assert_eq!(after.rows, before.rows + 60 + month("B", 2, 40).len() as u64);

    let undone = bench.app.undo(second.id.unwrap(), "essai", Watch::default()).await.unwrap();
    assert_eq!(undone.status, ImportRecordStatus::Undone);
    assert_eq!(bench.state("pensions").await, before);

    // What was taken back may be delivered again, and gives again what it gave.
    bench.store("fevrier.csv", &csv(&february), "pensions").await;
    assert_eq!(bench.state("pensions").await, after);
    assert!(bench.app.verify().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn undoing_the_first_delivery_leaves_what_the_second_makes_alone() {
    let bench = Bench::new().await;
    let first = bench.store("a.csv", &csv(&month("A", 1, 40)), "pensions").await;
    let again = csv(&month("A", 1, 60));
    let second = bench.store("b.csv", &again, "pensions").await;
    // Forty cases of the second file were duplicates of the first: they must survive it.
    assert_eq!(second.duplicates, month("A", 1, 40).len() as u64);
    bench.app.undo(first.id.unwrap(), "", Watch::default()).await.unwrap();
    let alone = Bench::new().await;
    alone.store("b.csv", &again, "pensions").await;
    assert_eq!(bench.state("pensions").await, alone.state("pensions").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_is_undone_once() {
    let bench = Bench::new().await;
    let one = bench.store("a.csv", &csv(&month("A", 1, 10)), "pensions").await.id.unwrap();
    let both = [1, 2].map(|_| {
        let app = bench.app.clone();
        tokio::spawn(async move { app.undo(one, "", Watch::default()).await })
    });
    let mut ends = Vec::new();
    for undo in both {
        ends.push(undo.await.unwrap());
    }
    assert_eq!(ends.iter().filter(|e| e.is_ok()).count(), 1, "{ends:?}");
    let refused = ends.into_iter().find_map(Result::err).unwrap();
    assert_eq!(refused.kind(), "invalid", "{refused}");
    let unknown = bench.app.undo(eclusier_core::DeliveryId(999), "", Watch::default()).await;
    assert_eq!(unknown.unwrap_err().kind(), "not-found");
    // A process whose every import was taken back is empty, not broken.
    let cockpit = bench.app.cockpit(&Default::default()).await.unwrap();
    assert!(cockpit.stocks.iter().all(|s| s.figure("stock").is_none_or(|f| f.value.is_none())));
    assert!(bench.app.status().await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_file_twice_changes_nothing_whatever_its_name() {
    let bench = Bench::new().await;
    let text = csv(&month("A", 1, 30));
    let first = bench.store("a.csv", &text, "pensions").await;
    let before = bench.state("pensions").await;
    let version = bench.app.live(&process("pensions")).await.unwrap().id;
    let again = bench.import(&bench.file("copie de a.csv", &text), "pensions").await;
    assert_eq!(again.status, ImportStatus::Unchanged);
    assert_eq!(again.id, first.id);
    assert_eq!((again.rows_read, again.cases), (first.rows_read, first.cases));
    assert_eq!(bench.state("pensions").await, before);
    assert_eq!(bench.app.live(&process("pensions")).await.unwrap().id, version);
    assert_eq!(bench.app.imports(None).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wider_delivery_counts_its_duplicates_and_doubles_nothing() {
    let bench = Bench::new().await;
    let (some, all) = (month("A", 1, 30), month("A", 1, 50));
    bench.store("a.csv", &csv(&some), "pensions").await;
    let wider = bench.store("b.csv", &csv(&all), "pensions").await;
    assert_eq!(wider.rows_read, all.len() as u64);
    assert_eq!(wider.duplicates, some.len() as u64);
    let alone = Bench::new().await;
    alone.store("b.csv", &csv(&all), "pensions").await;
    assert_eq!(bench.state("pensions").await, alone.state("pensions").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_period_is_replaced_and_only_that_period() {
    let bench = Bench::new().await;
    let (january, february) = (month("A", 1, 40), month("B", 2, 40));
    bench.store("a.csv", &csv(&[january.clone(), february].concat()), "pensions").await;
    let before = bench.state("pensions").await;
    // February is delivered again without half its cases.
    let mended = month("B", 2, 20);
    let mut options = ImportOptions::new(bench.file("b.csv", csv(&mended)), process("pensions"));
    options.replace = Some("2025-02-01..2025-02-28".parse().unwrap());
    let report = bench.app.import(options, Watch::default()).await.unwrap();
    assert_eq!(report.status, ImportStatus::Committed, "{:?}", report.message);
    assert_eq!(report.replaced, month("B", 2, 40).len() as u64);
    let alone = Bench::new().await;
    alone.store("c.csv", &csv(&[january, mended].concat()), "pensions").await;
    assert_eq!(bench.state("pensions").await, alone.state("pensions").await);
    bench.app.undo(report.id.unwrap(), "", Watch::default()).await.unwrap();
    assert_eq!(bench.state("pensions").await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replacement_taken_back_has_no_say_in_a_later_undo() {
    let bench = Bench::new().await;
    let lines = [month("A", 1, 40), month("B", 2, 40)].concat();
    bench.store("a.csv", &csv(&lines), "pensions").await;
    let before = bench.state("pensions").await;
    let path = bench.file("b.csv", csv(&month("B", 2, 20)));
    let mut options = ImportOptions::new(path, process("pensions"));
    options.replace = Some("2025-02-01..2025-02-28".parse().unwrap());
    let replaced = bench.app.import(options, Watch::default()).await.unwrap();
    // A row of each case that the replacement left out, and of others.
    let checks: Vec<Line> = (0..40)
        .map(|i| (format!("B{i:04}"), "Contrôle", format!("25/02/2025 10:{i:02}:00")))
        .collect();
    let later = bench.store("c.csv", &csv(&checks), "pensions").await;
    for report in [replaced, later] {
        let id = report.id.unwrap();
        bench.app.undo(id, "", Watch::default()).await.unwrap();
    }
    assert_eq!(bench.state("pensions").await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_goes_on_over_three_daily_deliveries() {
    let bench = Bench::new().await;
    let steps: [(&str, &str); 3] =
        [("Réception", "30/01/2025"), ("Instruction", "31/01/2025"), ("Décision", "01/02/2025")];
    for (activity, date) in steps {
        let lines: Vec<Line> =
            (0..10).map(|i| (format!("D{i}"), activity, format!("{date} 10:0{i}:00"))).collect();
        bench.store(&format!("{activity}.csv"), &csv(&lines), "pensions").await;
    }
    let profile = profile(&bench.app, "pensions").await;
    assert_eq!((profile.cases, profile.events, profile.variants), (10, 30, 1));
    // Undoing the day in the middle takes its step out of every case.
    let middle = bench.app.imports(None).await.unwrap()[1].id;
    bench.app.undo(middle, "", Watch::default()).await.unwrap();
    let state = bench.state("pensions").await;
    assert!(!state.variants.contains("Instruction"), "{}", state.variants);
    assert_eq!(state.rows, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_tells_all_and_keeps_nothing() {
    let bench = Bench::new().await;
    let path = bench.file("a.csv", csv(&month("A", 1, 30)) + "X;;01/01/2025 10:00:00;;;\r\n");
    let mut options = ImportOptions::new(&path, process("pensions"));
    options.dry_run = true;
    let tried = bench.app.import(options, Watch::default()).await.unwrap();
    assert_eq!(tried.status, ImportStatus::DryRun);
    assert!(tried.id.is_none() && !tried.quarantine);
    assert_eq!(left_behind(&bench.data()), Vec::<std::path::PathBuf>::new());
    assert!(bench.app.process_ids().await.unwrap().is_empty());
    let real = bench.import(&path, "pensions").await;
    assert_eq!(
        (tried.rows_read, tried.accepted, tried.quarantined, tried.cases, tried.first, tried.last),
        (real.rows_read, real.accepted, real.quarantined, real.cases, real.first, real.last)
    );
}

const COUNTS: &str = "Date;Entrées;Sorties;Stock\r\n\
    02/06/2025;10;4;106\r\n03/06/2025;8;9;105\r\n04/06/2025;12;7;110\r\n05/06/2025;5;5;110\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn counts_typed_on_screen_correct_a_day_until_they_are_undone() {
    let bench = Bench::new().await;
    let report = bench.store("comptages.csv", COUNTS, "courrier").await;
    assert_eq!(report.kind.map(|k| k.as_str()), Some("counts"));
    let rows = |app: eclusier_app::App| async move {
        app.ledger(&of("courrier"), eclusier_app::Grain::Day, &[]).await.unwrap()
    };
    let before = rows(bench.app.clone()).await;
    assert_eq!(before.len(), 4);
    let on = |rows: &[eclusier_app::LedgerRow], d: &str| {
        rows.iter().find(|r| r.from == day(d)).unwrap().clone()
    };
    assert_eq!(on(&before, "2025-06-03").opening, Some(106));
    assert_eq!(on(&before, "2025-06-03").gap, Some(0));

    let typed = TypedCounts {
        process: process("courrier"),
        label: None,
        day: day("2025-06-03"),
        dimensions: Default::default(),
        counts: vec![(MovementKind::Arrivals, 11)],
        reason: Some("courrier oublié".into()),
    };
    let record = bench.app.type_counts(typed.clone()).await.unwrap();
    let after = rows(bench.app.clone()).await;
    let corrected = on(&after, "2025-06-03");
    assert_eq!(corrected.arrivals, Some(11), "{corrected:?}");
    // The other cells of that day stay, and the gap is shown rather than hidden.
    assert_eq!((corrected.settled_human, corrected.closing), (Some(9), Some(105)));
    assert_eq!(corrected.gap, Some(105 - (106 + 11 - 9)));
    assert_eq!(on(&after, "2025-06-04"), on(&before, "2025-06-04"));
    bench.app.undo(record.id, "", Watch::default()).await.unwrap();
    assert_eq!(rows(bench.app.clone()).await, before);

    for (bad, why) in [
        (TypedCounts { day: day("2025-07-02"), ..typed.clone() }, "tomorrow"),
        (TypedCounts { counts: vec![], ..typed.clone() }, "nothing"),
        (TypedCounts { counts: vec![(MovementKind::Arrivals, -1)], ..typed.clone() }, "negative"),
    ] {
        let refused = bench.app.type_counts(bad).await.unwrap_err();
        assert_eq!(refused.kind(), "invalid", "{why}");
    }
    assert_eq!(rows(bench.app.clone()).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_of_a_period_are_replaced_whole_until_that_is_undone() {
    let bench = Bench::new().await;
    bench.store("comptages.csv", COUNTS, "courrier").await;
    let before = bench.app.ledger(&of("courrier"), eclusier_app::Grain::Day, &[]).await.unwrap();
    // The new file knows nothing of the 4th: that day must go, the 5th must stay.
    let text = "Date;Entrées;Sorties;Stock\r\n02/06/2025;11;4;107\r\n03/06/2025;8;9;106\r\n";
    let path = bench.file("corrigés.csv", text);
    let mut options = ImportOptions::new(&path, process("courrier"));
    options.replace = Some(Period::new(day("2025-06-02"), day("2025-06-04")).unwrap());
    let report = bench.app.import(options, Watch::default()).await.unwrap();
    assert_eq!((report.status, report.replaced), (ImportStatus::Committed, 9));
    let after = bench.app.ledger(&of("courrier"), eclusier_app::Grain::Day, &[]).await.unwrap();
    let days: Vec<_> = after.iter().map(|r| r.from).collect();
    assert_eq!(days, [day("2025-06-02"), day("2025-06-03"), day("2025-06-05")]);
    assert_eq!(after[0].arrivals, Some(11));
    bench.app.undo(report.id.unwrap(), "", Watch::default()).await.unwrap();
    let back = bench.app.ledger(&of("courrier"), eclusier_app::Grain::Day, &[]).await.unwrap();
    assert_eq!(back, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn typed_counts_make_a_process_of_their_own() {
    let bench = Bench::new().await;
    for (d, arrivals, settled, stock) in
        [("2025-06-02", 5, 3, Some(52)), ("2025-06-03", 6, 4, None), ("2025-06-04", 1, 2, Some(53))]
    {
        let mut counts =
            vec![(MovementKind::Arrivals, arrivals), (MovementKind::SettledHuman, settled)];
        counts.extend(stock.map(|s| (MovementKind::ClosingStock, s)));
        let typed = TypedCounts {
            process: process("accueil"),
            label: Some("Accueil".into()),
            day: day(d),
            dimensions: Default::default(),
            counts,
            reason: None,
        };
        bench.app.type_counts(typed).await.unwrap();
    }
    let rows = bench.app.ledger(&of("accueil"), eclusier_app::Grain::Day, &[]).await.unwrap();
    let closings: Vec<_> = rows.iter().map(|r| r.closing).collect();
    assert_eq!(closings, [Some(52), Some(54), Some(53)]);
    assert_eq!(bench.app.label(&process("accueil")).await.unwrap(), "Accueil");

    bench.app.put_control_total(&process("accueil"), day("2025-06-03"), 60).await.unwrap();
    let totals = bench.app.control_totals(None).await.unwrap();
    assert_eq!((totals[0].expected, totals[0].found), (60, Some(54)));
}
