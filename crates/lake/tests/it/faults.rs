//! The N-th operation on the disk fails, for every N: the base version stays whole.

use std::{fs, path::Path, sync::Arc};

use eclusier_core::{Commit, DeliveryId};
use eclusier_eventlog::{Dimensions, Movement, MovementKind};
use eclusier_lake::{
    Lake, LakeError, LakeOptions, Stop,
    disk::{Disk, Fault, FaultyDisk},
};
use jiff::civil::date;

use crate::common::{Book, DAY, Delivery, Row, model, open, process, tiny};

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn files(folder: &Path, found: &mut Vec<String>, root: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            files(&entry.path(), found, root);
        } else if entry.path().extension().is_some_and(|e| e == "parquet" || e == "arrow") {
            let path = entry.path();
            let path = path.strip_prefix(root).unwrap();
            found.push(path.to_str().unwrap().replace('\\', "/"));
        }
    }
}

fn sizes() -> LakeOptions {
    LakeOptions { run_rows: 6, group_rows: 4, file_rows: 12, ..tiny() }
}

fn first() -> Delivery {
    let rows = (0..16).map(|i| Row::new(&format!("{}", i % 6), "a", i * 4 * DAY)).collect();
    Delivery::new(1, "si", None, rows)
}

fn second() -> Delivery {
    let rows = (0..10).map(|i| Row::new(&format!("{}", i % 8), "b", i * 6 * DAY)).collect();
    Delivery::new(2, "si", Some("1970-01-10..1970-01-20".parse().unwrap()), rows)
}

/// Plays `work` on copies of a lake whose disk fails at every operation in turn.
fn at_every_operation(
    fault: Fault,
    prepare: &dyn Fn(&Lake, &mut Book),
    work: &dyn Fn(&Lake, &Book) -> Result<Commit, LakeError>,
) {
    let origin = tempfile::tempdir().unwrap();
    let mut book = Book::new();
    prepare(&open(origin.path(), sizes()), &mut book);
    let rows = book.rows(&open(origin.path(), sizes()));
    let mut n = 1;
    loop {
        let folder = tempfile::tempdir().unwrap();
        copy(origin.path(), folder.path());
        let disk = Arc::new(FaultyDisk::failing_at(n, fault));
        let result = Lake::with_disk(folder.path(), disk.clone() as Arc<dyn Disk>, sizes())
            .and_then(|lake| work(&lake, &book));
        let fired = disk.operations() >= n;
        let lake = open(folder.path(), sizes());
        // The base version is whole, whatever happened.
        assert_eq!(book.rows(&lake), rows, "operation {n}");
        assert!(lake.verify(&book.snapshot, &Stop::never()).unwrap().is_empty());
        let mut after = book.clone();
        match result {
            Ok(commit) => {
                after.apply(&commit);
                assert!(lake.verify(&after.snapshot, &Stop::never()).unwrap().is_empty());
            }
            Err(error) => {
                assert!(fired, "operation {n}: {error:?}");
                assert_eq!(error.is_disk_full(), fault == Fault::Full, "operation {n}: {error:?}");
            }
        }
        // A sweep leaves the files of the version, and nothing else.
        lake.sweep(&|path| after.snapshot.files.iter().any(|f| f.path == path)).unwrap();
        let mut left = Vec::new();
        files(folder.path(), &mut left, folder.path());
        left.sort();
        let mut wanted: Vec<String> = after.snapshot.files.iter().map(|f| f.path.clone()).collect();
        wanted.sort();
        assert_eq!(left, wanted, "operation {n}");
        // The work can be done again.
        if after.snapshot == book.snapshot {
            let commit = work(&lake, &book).unwrap();
            after.apply(&commit);
            assert!(lake.verify(&after.snapshot, &Stop::never()).unwrap().is_empty());
        }
        if !fired {
            break;
        }
        n += 1;
    }
    assert!(n > 10, "only {n} operations: nothing was really tried");
}

fn one(lake: &Lake, book: &mut Book) {
    book.import(lake, &first(), 5).unwrap();
}

fn two(lake: &Lake, book: &mut Book) {
    one(lake, book);
    book.import(lake, &second(), 5).unwrap();
    assert_eq!(book.rows(lake), model(&[first(), second()]));
}

fn import(lake: &Lake, book: &Book) -> Result<Commit, LakeError> {
    book.stage(lake, &second(), 5).map(|s| s.commit)
}

fn undo(lake: &Lake, book: &Book) -> Result<Commit, LakeError> {
    lake.undo(&book.snapshot, DeliveryId(1), &book.live, &Stop::never()).map(|s| s.commit)
}

fn counts(lake: &Lake, _: &Book) -> Result<Commit, LakeError> {
    let movement = Movement {
        day: date(2025, 3, 1),
        dimensions: Dimensions::default(),
        kind: MovementKind::Arrivals,
        count: 3,
    };
    lake.write_counts(&process(), DeliveryId(9), &[movement])
}

#[test]
fn an_import_whose_disk_errs() {
    at_every_operation(Fault::Error, &one, &import);
}

#[test]
fn an_import_whose_disk_is_full() {
    at_every_operation(Fault::Full, &one, &import);
}

#[test]
fn an_import_whose_disk_dies() {
    at_every_operation(Fault::Crash, &one, &import);
}

#[test]
fn an_undo_whose_disk_errs_or_dies() {
    at_every_operation(Fault::Error, &two, &undo);
    at_every_operation(Fault::Crash, &two, &undo);
}

#[test]
fn counts_whose_disk_errs_or_dies() {
    at_every_operation(Fault::Error, &one, &counts);
    at_every_operation(Fault::Crash, &one, &counts);
}
