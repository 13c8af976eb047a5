//! The variants of a log one can count on one's fingers.

use eclusier_mining::{Rows, Variants, VariantsKernel};

use crate::support::*;

const LOG: [Work; 12] = [
    // The later letter comes first in the file: codes are not names.
    ("1", "Z", 0, 1),
    ("1", "A", 10, 11),
    ("2", "B", 0, 4),
    ("2", "A", 5, 10),
    ("3", "B", 0, 4),
    ("3", "A", 5, 20),
    ("4", "B", 0, 4),
    ("4", "A", 5, 60),
    ("5", "A", 0, 7),
    ("5", "C", 8, 9),
    // The long task began first although it ended last.
    ("6", "A", 0, 30),
    ("6", "Y", 10, 12),
];

fn named(variants: &Variants) -> Vec<(String, u64)> {
    variants.variants.iter().map(|v| (v.variant.concat(), v.cases)).collect()
}

fn first(top: usize) -> Variants {
    run(
        &VariantsKernel { rows: Rows::Tasks, top, ..VariantsKernel::default() },
        &[&LOG[..6], &LOG[6..]],
    )
}

#[test]
fn variants_come_most_frequent_first_then_by_the_names_of_their_activities() {
    let all = first(10);
    let expected = [("BA", 3), ("AC", 1), ("AY", 1), ("ZA", 1)];
    assert_eq!(named(&all), expected.map(|(v, n)| (v.to_owned(), n)));
    assert_eq!(all.total, 4);
    let shares: Vec<f64> = all.variants.iter().map(|v| v.share).collect();
    assert_eq!(shares, [3.0 / 6.0, 1.0 / 6.0, 1.0 / 6.0, 1.0 / 6.0]);
    // From the first start to the last end: 10, 20 and 60 seconds.
    assert_eq!(all.variants[0].median_lead_time_s, 20.0);
    assert_eq!(all.variants[2].median_lead_time_s, 30.0);
}

#[test]
fn a_short_list_is_the_beginning_of_the_long_one_and_its_total_and_shares_are_those_of_all() {
    let all = first(10);
    for top in 0..5 {
        let some = first(top);
        assert_eq!(some.variants, all.variants[..top.min(4)], "{top}");
        assert_eq!(some.total, 4, "{top}");
    }
}
