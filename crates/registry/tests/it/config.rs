//! Dated rules: what held when, and every text ever saved.

use eclusier_core::{DatedRules, ProcessRules};
use eclusier_registry::RegistryError;
use jiff::civil::{Date, date};
use proptest::prelude::*;

use crate::{at, bench, process, run};

fn rules(label: &str) -> ProcessRules {
    ProcessRules { label: label.into(), ..ProcessRules::default() }
}

#[test]
fn a_version_holds_until_the_next_begins() {
    run(async {
        let bench = bench().await;
        let r = &bench.registry;
        let p = process("rsa");
        let day = date(2025, 6, 1);
        assert_eq!(r.rules_on(&p, day).await.unwrap(), None);
        r.put_config(&p, date(2025, 1, 1), &rules("un"), "anne", at(1)).await.unwrap();
        r.put_config(&p, day, &rules("deux"), "anne", at(2)).await.unwrap();
        let on = async |day: Date| {
            r.rules_on(&p, day).await.unwrap().map(|DatedRules { from, rules }| (from, rules.label))
        };
        assert_eq!(on(date(2024, 12, 31)).await, None);
        assert_eq!(on(date(2025, 1, 1)).await, Some((date(2025, 1, 1), "un".into())));
        assert_eq!(on(date(2025, 5, 31)).await, Some((date(2025, 1, 1), "un".into())));
        assert_eq!(on(day).await, Some((day, "deux".into())));
        assert_eq!(
            r.processes().await.unwrap().first().map(|p| p.label.clone()),
            Some("deux".into())
        );
        assert!(r.remove_config(&p, day, "anne", at(3)).await.unwrap());
        assert!(!r.remove_config(&p, day, "anne", at(4)).await.unwrap());
        assert_eq!(on(date(2030, 1, 1)).await, Some((date(2025, 1, 1), "un".into())));
        assert_eq!(
            r.processes().await.unwrap().first().map(|p| p.label.clone()),
            Some("un".into())
        );
        assert!(r.remove_config(&p, date(2025, 1, 1), "anne", at(5)).await.unwrap());
        assert_eq!(
            r.processes().await.unwrap().first().map(|p| p.label.clone()),
            Some("rsa".into())
        );
        assert_eq!(r.config_history(&p).await.unwrap().len(), 4);
        assert_eq!(r.verify_audit().await.unwrap().entries, 4);
    });
}

#[test]
fn saving_the_same_text_again_is_not_a_change() {
    run(async {
        let bench = bench().await;
        let r = &bench.registry;
        let p = process("rsa");
        let day = date(2025, 1, 1);
        let first = r.put_config(&p, day, &rules("un"), "anne", at(1)).await.unwrap();
        assert_eq!(r.put_config(&p, day, &rules("un"), "bob", at(2)).await.unwrap(), first);
        let second = r.put_config(&p, day, &rules("deux"), "bob", at(3)).await.unwrap();
        assert!(second > first);
        let back = r.put_config(&p, day, &rules("un"), "anne", at(4)).await.unwrap();
        assert!(back > second, "a text taken up again is a change");
        let then = r.config_as_of(&p, second).await.unwrap();
        assert_eq!(
            then.first().map(|v| (v.rules.label.clone(), v.by.clone(), v.at)),
            Some(("deux".into(), "bob".into(), at(3)))
        );
        let texts: Vec<_> =
            r.config_history(&p).await.unwrap().into_iter().map(|c| c.revision).collect();
        assert_eq!(texts, [first, second, back]);
    });
}

#[test]
fn rules_with_problems_are_refused_with_all_of_them() {
    run(async {
        let bench = bench().await;
        let p = process("rsa");
        let bad = ProcessRules { zone: "Mars".into(), worked_weekdays: vec![], ..rules("x") };
        let error = bench.registry.put_config(&p, date(2025, 1, 1), &bad, "anne", at(1)).await;
        let Err(RegistryError::InvalidRules { problems, .. }) = error else { panic!("{error:?}") };
        assert_eq!(problems.len(), 2);
        assert!(bench.registry.processes().await.unwrap().is_empty());
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]
    // Saves and removals in any order against a list kept by hand.
    #[test]
    fn rules_agree_with_a_plain_list(changes in prop::collection::vec((0..5_i8, 0..3_u8), 1..12)) {
        run(async {
            let bench = bench().await;
            let r = &bench.registry;
            let p = process("rsa");
            let day = |d: i8| date(2025, 1, 1 + d);
            let mut model: std::collections::BTreeMap<Date, String> = Default::default();
            let mut past = vec![(0, model.clone())];
            for (d, what) in changes {
                if what == 0 {
                    let gone = r.remove_config(&p, day(d), "anne", at(0)).await.unwrap();
                    assert_eq!(gone, model.remove(&day(d)).is_some());
                } else {
                    let label = format!("r{what}");
                    r.put_config(&p, day(d), &rules(&label), "anne", at(0)).await.unwrap();
                    model.insert(day(d), label);
                }
                let last = r.config_history(&p).await.unwrap().last().map_or(0, |c| c.revision);
                past.push((last, model.clone()));
            }
            for d in 0..6 {
                let held = model.range(..=day(d)).next_back().map(|(_, label)| label.clone());
                let read = r.rules_on(&p, day(d)).await.unwrap().map(|v| v.rules.label);
                assert_eq!(read, held);
            }
            for (revision, model) in past {
                let read = r.config_as_of(&p, revision).await.unwrap();
                let read: Vec<_> = read.into_iter().map(|v| (v.from, v.rules.label)).collect();
                assert_eq!(read, model.into_iter().collect::<Vec<_>>());
            }
            r.close().await;
        });
    }
}
