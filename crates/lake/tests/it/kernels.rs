//! Kernels see whole cases, filtered as a brute-force reading of the filter says.

use eclusier_eventlog::{EventBatch, Filter};
use eclusier_lake::{LakeError, LakeOptions, Step, Stop};
use proptest::prelude::*;

use crate::common::{Book, Collect, DAY, Delivery, Row, batch, model, open, tiny};

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let row = (0..9u8, 0..3u8, 0..90i64, 0..3u8).prop_map(|(case, activity, day, org)| Row {
        org: (org > 0).then(|| format!("caisse {org}")),
        ..Row::new(&format!("cas-{case}"), ["a", "b", "c"][activity as usize], day * DAY)
    });
    prop::collection::vec(row, 1..60)
}

fn filter() -> impl Strategy<Value = Filter> {
    let names =
        || prop::collection::vec(prop::sample::select(vec!["a".to_owned(), "c".to_owned()]), 0..2);
    (
        prop::option::of(0..90i64),
        prop::option::of(0..90i64),
        names(),
        names(),
        prop::collection::vec(
            prop::sample::select(vec!["caisse 1".to_owned(), String::new()]),
            0..2,
        ),
        prop::option::of(0..60i64),
    )
        .prop_map(|(from, until, with, without, org, long)| Filter {
            from_us: from.map(|d| d * DAY),
            until_us: until.map(|d| d * DAY),
            with_activity: with,
            without_activity: without,
            org,
            min_duration_us: long.map(|d| d * DAY),
            ..Filter::default()
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn a_filtered_run_gives_the_cases_the_filter_keeps(rows in rows(), filter in filter()) {
        let folder = tempfile::tempdir().unwrap();
        let lake = open(folder.path(), tiny());
        let mut book = Book::new();
        let delivery = Delivery::new(1, "si", None, rows);
        book.import(&lake, &delivery, 1_000).unwrap();
        let mut found = lake.run(&book.snapshot, &filter, &Collect, &Stop::never()).unwrap();
        found.sort();
        let all = model(&[delivery]);
        let events = EventBatch::new(&batch(&all)).unwrap();
        let wanted: Vec<Vec<Row>> = events
            .cases()
            .zip(filter.select(&events))
            .filter(|(_, keep)| *keep)
            .map(|(case, _)| all[case.rows].to_vec())
            .collect();
        prop_assert_eq!(found, wanted);
    }
}

#[test]
fn a_case_larger_than_batches_and_row_groups_comes_whole() {
    let folder = tempfile::tempdir().unwrap();
    let options = LakeOptions { run_rows: 3_000, group_rows: 500, batch_rows: 64, ..tiny() };
    let lake = open(folder.path(), options);
    let mut book = Book::new();
    let mut rows: Vec<Row> = (0..20_000)
        .map(|i| Row::new("géant", ["a", "b"][i % 2], (i as i64 * 7_919 % 20_000) * 1_000))
        .collect();
    for i in 0..600 {
        rows.push(Row::new(&format!("petit {i}"), "a", i));
        rows.push(Row::new(&format!("avant {i}"), "a", i));
    }
    let delivery = Delivery::new(1, "si", None, rows);
    book.import(&lake, &delivery, 777).unwrap();
    assert_eq!(book.rows(&lake), model(&[delivery]));
    assert!(lake.verify(&book.snapshot, &Stop::never()).unwrap().is_empty());
}

#[test]
fn equal_instants_keep_the_order_of_delivery() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path(), tiny());
    let mut book = Book::new();
    let rows: Vec<Row> =
        (0..50).map(|i| Row::new(["x", "y"][i % 2], &format!("étape {}", 50 - i), 5)).collect();
    let delivery = Delivery::new(1, "si", None, rows);
    book.import(&lake, &delivery, 9).unwrap();
    let seqs: Vec<i64> = book.rows(&lake).iter().map(|r| r.seq).collect();
    let wanted: Vec<i64> = (0..50).step_by(2).chain((1..50).step_by(2)).collect();
    assert_eq!(seqs, wanted);
}

#[test]
fn work_stops_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path(), tiny());
    let mut book = Book::new();
    let rows: Vec<Row> = (0..200).map(|i| Row::new(&format!("{i}"), "a", i)).collect();
    book.import(&lake, &Delivery::new(1, "si", None, rows), 50).unwrap();
    let stop = Stop::never();
    stop.ask();
    let answer = lake.run(&book.snapshot, &Filter::default(), &Collect, &stop);
    assert!(matches!(answer, Err(LakeError::Stopped)));
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let told = seen.clone();
    let stop = Stop::with_progress(move |step, done, total| {
        told.lock().unwrap().push((step, done, total));
    });
    lake.run(&book.snapshot, &Filter::default(), &Collect, &stop).unwrap();
    let seen = seen.lock().unwrap();
    let total = 200;
    assert!(seen.contains(&(Step::Reading, total, total)));
}
