//! The ranking for workshops: rising in each criterion, bounded, the same whatever the order.

use eclusier_mining::{
    ProcessFacts, Suitability, SuitabilityOptions,
    suitability::{Criterion, suitability},
};
use proptest::prelude::*;

fn facts(name: &str, values: [Option<f64>; 7]) -> ProcessFacts {
    let [
        volume,
        manual_share,
        hand_overs,
        variants_per_100,
        waiting_share,
        rework_share,
        late_share,
    ] = values;
    ProcessFacts {
        process: name.to_owned(),
        volume,
        manual_share,
        hand_overs,
        variants_per_100,
        waiting_share,
        rework_share,
        late_share,
    }
}

fn one(values: [Option<f64>; 7]) -> Suitability {
    suitability(&[facts("p", values)], &SuitabilityOptions::default()).remove(0)
}

#[test]
fn the_worked_example_of_the_page() {
    let found = one([Some(9_999.0), Some(0.8), Some(2.0), Some(20.0), None, Some(0.2), Some(0.05)]);
    let points: Vec<_> =
        found.criteria.iter().map(|c| c.points.map(|p| (p * 1000.0).round() / 1000.0)).collect();
    let expected = [Some(0.8), Some(0.8), Some(0.5), Some(0.5), None, Some(0.5), Some(0.2)];
    assert_eq!(points, expected);
    // (2×0.8 + 0.8 + 0.5 + 0.5 + 1.5×0.5 + 1.5×0.2) ÷ 8 of 10 weights.
    assert!((found.score.unwrap() - 100.0 * 4.45 / 8.0).abs() < 1e-3, "{:?}", found.score);
    assert_eq!(found.known_share, 0.8);
    assert_eq!(found.criteria[4].sentence, "criterion_unknown");
    assert_eq!(found.criteria[0].sentence, "volume_high");
    assert_eq!(found.criteria[6].sentence, "late_low");
}

#[test]
fn nothing_known_is_not_a_score_and_comes_last() {
    let none = facts("a", [None; 7]);
    let some = facts("z", [Some(0.0); 7]);
    let ranking = suitability(&[none, some], &SuitabilityOptions::default());
    assert_eq!((ranking[0].process.as_str(), ranking[0].score), ("z", Some(0.0)));
    assert_eq!((ranking[1].process.as_str(), ranking[1].score), ("a", None));
    let options = SuitabilityOptions { weights: [0.0; 7], ..Default::default() };
    assert_eq!(suitability(&[facts("p", [Some(1.0); 7])], &options)[0].score, None);
}

fn values() -> impl Strategy<Value = [Option<f64>; 7]> {
    prop::array::uniform7(prop::option::weighted(0.8, 0.0..3.0f64)).prop_map(|mut v| {
        v[0] = v[0].map(|x| x * 50_000.0);
        v
    })
}

proptest! {
    #[test]
    fn a_score_rises_with_each_criterion(v in values(), which in 0..7usize, more in 0.0..1e6f64) {
        let before = one(v);
        let mut w = v;
        w[which] = v[which].map(|x| x + more);
        let after = one(w);
        if v[which].is_some() {
            prop_assert!(after.score.unwrap() >= before.score.unwrap() - 1e-9);
        }
    }

    #[test]
    fn anything_given_stays_within_bounds(
        v in prop::array::uniform7(prop::option::of(any::<f64>())),
        weights in prop::array::uniform7(any::<f64>()),
    ) {
        let options = SuitabilityOptions { weights, ..SuitabilityOptions::default() };
        let found = suitability(&[facts("p", v)], &options).remove(0);
        prop_assert!(found.score.is_none_or(|s| (0.0..=100.0).contains(&s)), "{:?}", found);
        let points = found.criteria.iter().filter_map(|c| c.points);
        prop_assert!(points.into_iter().all(|p| (0.0..=1.0).contains(&p)));
    }

    #[test]
    fn the_order_given_does_not_matter(all in prop::collection::vec(values(), 1..8)) {
        let mut list: Vec<_> =
            all.into_iter().enumerate().map(|(i, v)| facts(&format!("p{i}"), v)).collect();
        let options = SuitabilityOptions::default();
        let ranking = suitability(&list, &options);
        list.reverse();
        prop_assert_eq!(&suitability(&list, &options), &ranking);
        for pair in ranking.windows(2) {
            prop_assert!(pair[0].score >= pair[1].score);
        }
    }

    #[test]
    fn what_a_score_is_made_of_adds_up(v in values()) {
        let found = one(v);
        let sum: f64 = found.criteria.iter().filter_map(|c| c.contribution).sum();
        prop_assert!(found.score.is_none_or(|s| (s - sum).abs() < 1e-9));
        prop_assert_eq!(found.criteria.len(), Criterion::ALL.len());
    }
}
