//! Daily counts come back as they were given.

use eclusier_core::DeliveryId;
use eclusier_eventlog::{Dimensions, Movement, MovementKind};
use eclusier_lake::LakeOptions;
use jiff::civil::date;

use crate::common::{Book, open, process};

fn movement(day: i8, kind: MovementKind, count: i64, unit: Option<&str>) -> Movement {
    Movement {
        day: date(2024, 2, day),
        dimensions: Dimensions { unit: unit.map(str::to_owned), ..Dimensions::default() },
        kind,
        count,
    }
}

#[test]
fn counts_come_back_in_order_with_their_delivery() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path(), LakeOptions::default());
    let mut book = Book::new();
    let first: Vec<Movement> = MovementKind::ALL
        .into_iter()
        .enumerate()
        .map(|(i, kind)| movement(29, kind, -(i as i64), (i % 2 == 0).then_some("accueil – été")))
        .collect();
    let second = vec![movement(1, MovementKind::Arrivals, i64::MAX, None)];
    for (id, movements) in [(2, &first), (1, &second)] {
        let commit = lake.write_counts(&process(), DeliveryId(id), movements).unwrap();
        book.apply(&commit);
    }
    let wanted: Vec<(DeliveryId, Movement)> = second
        .iter()
        .map(|m| (DeliveryId(1), m.clone()))
        .chain(first.iter().map(|m| (DeliveryId(2), m.clone())))
        .collect();
    assert_eq!(lake.read_counts(&book.snapshot).unwrap(), wanted);
    assert!(lake.verify(&book.snapshot, &Default::default()).unwrap().is_empty());
}

#[test]
fn no_count_makes_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path(), LakeOptions::default());
    let commit = lake.write_counts(&process(), DeliveryId(1), &[]).unwrap();
    assert!(commit.added.is_empty());
}
