//! Random histories of imports, replacements and undos, against the reference model.

use eclusier_core::Period;
use eclusier_lake::{LakeOptions, Stop};
use jiff::civil::date;
use proptest::prelude::*;

use crate::common::{Book, DAY, Delivery, Row, model, open, tiny};

/// First instant of the random histories: 20 January 2025, so that months are crossed.
const EPOCH: i64 = 20_108 * DAY;

fn row() -> impl Strategy<Value = Row> {
    let case = prop_oneof![
        3 => "[a-d]",
        3 => "[a-e][x-z]",
        1 => Just("é".to_owned()),
        1 => Just("0012".to_owned()),
        1 => Just("dossier très long, au-delà d’un préfixe".to_owned()),
    ];
    (case, 0..3u8, 0..40i64, 0..3i64, any::<bool>(), 0..4u8).prop_map(
        |(case, activity, day, hour, whole, extra)| {
            // Late evenings fall on the next civil day in Paris.
            let time = EPOCH + day * DAY + if whole { 0 } else { hour * 11 * 3_600_000_000 };
            Row {
                day: whole,
                start: (extra == 1).then_some(time - 60_000_000),
                resource: (extra > 1).then(|| format!("agent {extra}")),
                org: (extra == 3).then(|| "caisse".to_owned()),
                attributes: (extra == 2).then(|| "{\"montant\":12}".to_owned()),
                ..Row::new(&case, ["a", "b", "c"][activity as usize], time)
            }
        },
    )
}

#[derive(Debug, Clone)]
enum Step {
    Import {
        rows: Vec<Row>,
        source: u8,
        replace: Option<(i64, i64)>,
        resend: Option<prop::sample::Index>,
        echo: bool,
    },
    Undo(prop::sample::Index),
    Compact,
}

fn step() -> impl Strategy<Value = Step> {
    let import = (
        prop::collection::vec(row(), 0..20),
        0..2u8,
        prop::option::weighted(0.3, (0..40i64, 0..20i64)),
        prop::option::weighted(0.4, any::<prop::sample::Index>()),
        any::<bool>(),
    )
        .prop_map(|(rows, source, replace, resend, echo)| Step::Import {
            rows,
            source,
            replace,
            resend,
            echo,
        });
    prop_oneof![
        6 => import,
        2 => any::<prop::sample::Index>().prop_map(Step::Undo),
        1 => Just(Step::Compact),
    ]
}

fn play(steps: &[Step], options: LakeOptions) -> Result<(), TestCaseError> {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path(), options);
    let mut book = Book::new();
    let mut history: Vec<Delivery> = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        match step {
            Step::Import { rows, source, replace, resend, echo } => {
                let mut rows = rows.clone();
                // Many deliveries overlap: part of an earlier one comes again.
                if let Some(index) = resend
                    && !history.is_empty()
                {
                    let earlier = &index.get(&history).rows;
                    let half = earlier.len() / 2;
                    rows.extend(earlier[half..].iter().cloned());
                }
                if *echo {
                    rows.extend_from_within(rows.len() / 2..);
                }
                let replace = replace.map(|(from, days)| {
                    let from = date(2025, 1, 20) + jiff::Span::new().days(from);
                    Period::new(from, from + jiff::Span::new().days(days)).unwrap()
                });
                let source = ["si", "tableur"][*source as usize];
                let before = model(&history).len() as u64;
                let delivery = Delivery::new(number as i64 + 1, source, replace, rows);
                let staged = book.import(&lake, &delivery, 5).unwrap();
                prop_assert_eq!(staged.rows, delivery.rows.len() as u64);
                prop_assert_eq!(staged.rows, staged.events_live_added + staged.duplicates);
                history.push(delivery);
                let after = model(&history).len() as u64;
                prop_assert_eq!(before + staged.events_live_added - staged.replaced, after);
            }
            Step::Undo(index) => {
                if history.is_empty() {
                    continue;
                }
                let before = model(&history).len() as u64;
                let at = index.index(history.len());
                let gone = history.remove(at);
                let staged = book.undo(&lake, gone.id).unwrap();
                let after = model(&history).len() as u64;
                prop_assert_eq!(before + staged.events_live_added - staged.replaced, after);
            }
            Step::Compact => {
                let commit = lake.compact(&book.snapshot, &Stop::never()).unwrap();
                book.apply(&commit);
            }
        }
        prop_assert_eq!(book.rows(&lake), model(&history));
        let problems = lake.verify(&book.snapshot, &Stop::never()).unwrap();
        prop_assert!(problems.is_empty(), "{:?}", problems);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn live_events_are_a_function_of_the_list_of_live_deliveries(
        steps in prop::collection::vec(step(), 1..7)
    ) {
        play(&steps, tiny())?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 15, ..ProptestConfig::default() })]

    #[test]
    fn importing_then_undoing_is_as_if_nothing_had_been(
        before in prop::collection::vec(row(), 1..20),
        undone in prop::collection::vec(row(), 1..20),
        after in prop::collection::vec(row(), 1..20),
        replace in prop::option::of((0..40i64, 0..20i64)),
    ) {
        let replace = replace.map(|(from, days)| {
            let from = date(2025, 1, 20) + jiff::Span::new().days(from);
            Period::new(from, from + jiff::Span::new().days(days)).unwrap()
        });
        let list = [
            Delivery::new(1, "si", None, before),
            Delivery::new(2, "si", replace, undone),
            Delivery::new(3, "si", None, after),
        ];
        let folder = tempfile::tempdir().unwrap();
        let lake = open(folder.path(), tiny());
        let (mut with, mut without) = (Book::new(), Book::new());
        for delivery in &list {
            with.import(&lake, delivery, 4).unwrap();
        }
        with.undo(&lake, 2).unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let other = open(elsewhere.path(), tiny());
        without.import(&other, &list[0], 4).unwrap();
        without.import(&other, &list[2], 4).unwrap();
        prop_assert_eq!(with.rows(&lake), without.rows(&other));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, ..ProptestConfig::default() })]

    #[test]
    fn sizes_change_nothing(steps in prop::collection::vec(step(), 1..6)) {
        play(&steps, LakeOptions::default())?;
    }
}
