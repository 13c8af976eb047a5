//! Damaged files are named, never trusted, and never bring the program down.

use eclusier_core::FileKind;
use eclusier_eventlog::Filter;
use eclusier_lake::{LakeError, LakeOptions, Stop};

use crate::common::{Book, Collect, DAY, Delivery, Row, open, tiny};

fn filled(folder: &std::path::Path, options: LakeOptions) -> Book {
    let lake = open(folder, options);
    let mut book = Book::new();
    let rows: Vec<Row> = (0..300)
        .map(|i| Row {
            resource: Some(format!("agent {}", i % 5)),
            ..Row::new(&format!("{}", i % 30), ["a", "b"][i % 2], i as i64 * DAY / 10)
        })
        .collect();
    book.import(&lake, &Delivery::new(1, "si", None, rows), 100).unwrap();
    book
}

fn named(error: &LakeError, path: &str) -> bool {
    matches!(error, LakeError::Damaged { path: p, .. } | LakeError::Missing { path: p } if p == path)
}

#[test]
fn a_flipped_bit_is_always_found_and_never_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let book = filled(folder.path(), LakeOptions::default());
    let file = book.snapshot.of_kind(FileKind::Events).next().unwrap().clone();
    let path = folder.path().join(&file.path);
    let good = std::fs::read(&path).unwrap();
    for at in (0..good.len()).step_by(13) {
        let mut bad = good.clone();
        bad[at] ^= 1 << (at % 8);
        std::fs::write(&path, &bad).unwrap();
        let lake = open(folder.path(), LakeOptions::default());
        if let Err(error) = lake.run(&book.snapshot, &Filter::default(), &Collect, &Stop::never()) {
            assert!(named(&error, &file.path), "byte {at}: {error:?}");
        }
        let problems = lake.verify(&book.snapshot, &Stop::never()).unwrap();
        assert!(problems.iter().any(|p| p.path == file.path), "byte {at} flipped unseen");
    }
}

#[test]
fn a_torn_or_missing_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let book = filled(folder.path(), tiny());
    let file = book.snapshot.of_kind(FileKind::Events).last().unwrap().clone();
    let path = folder.path().join(&file.path);
    let good = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let run = || {
        let lake = open(folder.path(), tiny());
        lake.run(&book.snapshot, &Filter::default(), &Collect, &Stop::never())
    };
    assert!(matches!(run(), Err(LakeError::Missing { path }) if path == file.path));
    for keep in [0, 3, 11, good.len() / 2, good.len() - 1] {
        std::fs::write(&path, &good[..keep]).unwrap();
        assert!(matches!(run(), Err(LakeError::Damaged { path, .. }) if path == file.path));
    }
    std::fs::write(&path, &good).unwrap();
    assert!(run().is_ok());
}
