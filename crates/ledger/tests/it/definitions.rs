//! Every definition, on the list of cases its wording names.

use eclusier_core::Unit;
use eclusier_core::config::{Awaited, DayCounter, Hold, ProcessRules, Target};
use eclusier_ledger::{CaseStanding, LedgerError, Page, cases_behind, definitions, indicators};
use jiff::civil::date;

use crate::support::*;

/// The ten cases of `definitions::EXAMPLE`.
fn example() -> (ProcessRules, Vec<Row>) {
    let mut rules = ProcessRules::default();
    rules.states.settled = vec!["Traité".into()];
    rules.states.settled_auto = vec!["Traité automatiquement".into()];
    rules.states.cancelled = vec!["Annulé".into()];
    rules.states.hold = vec![Hold {
        enter: vec!["Renvoyé".into()],
        leave: vec!["Revenu".into()],
        awaited: Awaited::Insured,
        returned: true,
    }];
    rules.target = vec![Target {
        product: None,
        days: 10,
        counter: DayCounter::Worked,
        share: None,
        stock: None,
    }];
    let facts: [(&str, &[(i8, &str)]); 10] = [
        ("A", &[(3, "Reçu"), (5, "Traité")]),
        ("B", &[(3, "Reçu"), (12, "Traité")]),
        ("C", &[(4, "Reçu"), (24, "Traité")]),
        ("D", &[(5, "Reçu"), (5, "Traité automatiquement")]),
        ("E", &[(6, "Reçu"), (10, "Renvoyé"), (17, "Revenu"), (18, "Traité")]),
        ("F", &[(7, "Reçu"), (11, "Annulé")]),
        ("G", &[(6, "Reçu")]),
        ("H", &[(17, "Reçu"), (21, "Renvoyé")]),
        ("I", &[(18, "Reçu")]),
        ("J", &[(27, "Reçu")]),
    ];
    let rows = facts
        .iter()
        .flat_map(|(case, events)| {
            events.iter().map(move |&(day, what)| Row::on(case, what, date(2025, 3, day)))
        })
        .collect();
    (rules, rows)
}

#[test]
fn each_definition_has_the_value_its_example_says() {
    let (rules, rows) = example();
    let rules = always(rules);
    let calendar = weekdays();
    let table = fold(&[batch(rows)], &rules, None, end_of(date(2025, 3, 28)));
    let scope = scope(date(2025, 3, 3), date(2025, 3, 28));
    let figures = indicators(&[view(&table, &rules, &calendar)], &scope, &[]).unwrap();
    assert_eq!(figures.len(), definitions::ALL.len());
    for (figure, definition) in figures.iter().zip(definitions::ALL) {
        assert_eq!(figure.id, definition.id);
        match (figure.value, definition.example) {
            (Some(got), Some(said)) => {
                assert!((got - said).abs() < 1e-12, "{}: {got}, said {said}", figure.id);
            }
            (got, said) => assert_eq!(got, said, "{}: {:?}", figure.id, figure.reason),
        }
        assert_eq!(figure.value.is_none(), figure.reason.is_some(), "{}", figure.id);
        if let (Some(n), Some(d), Unit::Ratio) = (figure.numerator, figure.denominator, figure.unit)
        {
            assert_eq!(figure.value, Some(n / d), "{}", figure.id);
        }
    }
}

#[test]
fn every_definition_is_written_in_both_languages_and_known_once() {
    let mut seen = std::collections::BTreeSet::new();
    for d in definitions::ALL {
        assert!(seen.insert(d.id), "{} twice", d.id);
        assert!(d.label.iter().chain(&d.formula).all(|t| t.len() > 3), "{}", d.id);
        assert!(!d.formula[0].contains('\''), "{}: straight apostrophe", d.id);
    }
}

#[test]
fn without_a_target_one_is_proposed_and_nothing_is_late() {
    let (mut rules, rows) = example();
    rules.target.clear();
    let rules = always(rules);
    let calendar = weekdays();
    let table = fold(&[batch(rows)], &rules, None, end_of(date(2025, 3, 28)));
    let scope = scope(date(2025, 3, 3), date(2025, 3, 28));
    let figures = indicators(&[view(&table, &rules, &calendar)], &scope, &["overdue"]).unwrap();
    assert_eq!(figures[0].value, None);
    let [fr, en] = figures[0].reason.clone().unwrap();
    assert!(fr.starts_with("cible non définie") && fr.contains("8 jours ouvrés"), "{fr}");
    assert!(en.contains("8 worked days"), "{en}");
}

#[test]
fn a_figure_opens_on_its_cases() {
    let (rules, rows) = example();
    let rules = always(rules);
    let calendar = weekdays();
    let table = fold(&[batch(rows)], &rules, None, end_of(date(2025, 3, 28)));
    let scope = scope(date(2025, 3, 3), date(2025, 3, 28));
    let views = [view(&table, &rules, &calendar)];
    let all = Page { offset: 0, limit: 100 };
    let names = |id: &str| -> String {
        cases_behind(&views, &scope, id, all)
            .unwrap()
            .cases
            .iter()
            .map(|c| c.case.as_str())
            .collect()
    };
    assert_eq!(names("stock"), "GHIJ");
    assert_eq!(names("stock_actionable"), "GIJ");
    assert_eq!(names("overdue"), "G");
    assert_eq!(names("due_soon_1"), "H");
    assert_eq!(names("due_soon_5"), "HI");
    assert_eq!(names("in_time_closed"), "C");
    assert_eq!(names("in_time_due"), "CG");
    assert_eq!(names("lead_time_p50"), "ABCDE");
    assert_eq!(names("return_rate"), "EH");
    assert_eq!(names("oldest_age"), "G");
    assert_eq!(names("age_16_30"), "G");
    assert_eq!(names("arrivals"), "ABCDEGFHIJ");
    let page = cases_behind(&views, &scope, "stock", Page { offset: 1, limit: 2 }).unwrap();
    assert_eq!((page.total, page.cases.len()), (4, 2));
    assert_eq!(page.cases[0].worked_days, 9);
    assert_eq!(page.cases[0].standing, CaseStanding::Open);
    assert!(matches!(
        cases_behind(&views, &scope, "nope", all),
        Err(LedgerError::UnknownFigure { .. })
    ));
    // Every figure that counts cases lists as many as it says.
    for d in definitions::ALL {
        assert!(cases_behind(&views, &scope, d.id, all).is_ok(), "{}", d.id);
    }
}

#[test]
fn nothing_to_measure_is_not_zero() {
    let (rules, _) = example();
    let rules = always(rules);
    let calendar = weekdays();
    let table = fold(&[], &rules, None, end_of(date(2025, 3, 28)));
    let scope = scope(date(2025, 3, 3), date(2025, 3, 28));
    for figure in indicators(&[view(&table, &rules, &calendar)], &scope, &[]).unwrap() {
        if figure.unit == Unit::Ratio || figure.id.contains("lead_time") {
            assert_eq!(figure.value, None, "{}", figure.id);
            assert!(figure.reason.is_some(), "{}", figure.id);
        }
    }
    for figure in indicators(&[], &scope, &[]).unwrap() {
        assert_eq!(figure.value, None, "{}", figure.id);
    }
}
