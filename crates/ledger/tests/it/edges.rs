//! The last instant of a silence, of a day, of a delay: what falls exactly on the edge, and what
//! windows leave out.

use std::sync::Arc;

use eclusier_calendar::{Zone, day_number};
use eclusier_core::Figure;
use eclusier_core::config::{
    Awaited, DatedRules, DayCounter, Exclusion, Hold, ProcessRules, Target,
};
use eclusier_eventlog::Filter;
use eclusier_ledger::{
    AsOf, CaseFold, CaseState, CaseTable, Cause, LearnedRule, LearningParams, LedgerQuery, Look,
    Meanings, Page, ReturnToTarget, Scope, Unknown, View, age_strata, cases_behind, daily_ledger,
    delays, indicators, where_to_act,
};
use jiff::civil::{Date, date};

use crate::support::*;

/// March 2025 begins on a Saturday: the third is a Monday.
fn march(day: i8) -> Date {
    date(2025, 3, day)
}

fn row(case: &str, activity: &str, day: i8) -> Row {
    Row::on(case, activity, march(day))
}

fn of(product: &str, rows: Vec<Row>) -> impl Iterator<Item = Row> {
    rows.into_iter().map(move |r| Row { product: Some(product.into()), ..r })
}

/// A decision settles within some worked days; a request waits for the insured until the answer.
fn rules(days: Option<u32>) -> ProcessRules {
    let mut rules = ProcessRules::default();
    rules.states.settled = vec!["Fin".into()];
    rules.states.cancelled = vec!["Annulé".into()];
    rules.states.hold = vec![Hold {
        enter: vec!["Demande".into()],
        leave: vec!["Retour".into()],
        awaited: Awaited::Insured,
        returned: true,
    }];
    rules.target = days
        .map(|days| Target {
            product: None,
            days,
            counter: DayCounter::Worked,
            share: None,
            stock: None,
        })
        .into_iter()
        .collect();
    rules
}

fn at(rows: Vec<Row>, rules: &[DatedRules], day: i8) -> CaseTable {
    fold(&[batch(rows)], rules, None, end_of(march(day)))
}

fn figure(views: &[View<'_>], scope: &Scope, id: &str) -> Figure {
    indicators(views, scope, &[id]).unwrap().remove(0)
}

fn parts(views: &[View<'_>], scope: &Scope, id: &str) -> (Option<f64>, Option<f64>) {
    let figure = figure(views, scope, id);
    (figure.numerator, figure.denominator)
}

fn listed(views: &[View<'_>], scope: &Scope, id: &str) -> String {
    let page = Page { offset: 0, limit: usize::MAX };
    cases_behind(views, scope, id, page).unwrap().cases.iter().map(|c| c.case.as_str()).collect()
}

/// As the use cases fold: the day the log is warm from is given, or the learned rule's.
fn warmed(
    rows: Vec<Row>,
    rules: &[DatedRules],
    learned: Option<LearnedRule>,
    warm: Option<i32>,
    as_of: AsOf,
) -> CaseTable {
    let kernel = CaseFold {
        meanings: Arc::new(Meanings::new(rules, learned)),
        zone: Zone::utc(),
        as_of,
        filter: Filter::default(),
        warm_from: warm,
    };
    run(&kernel, &[batch(rows)])
}

#[test]
fn an_event_at_the_instant_of_the_extraction_is_known() {
    let rules = always(rules(None));
    let rows = vec![Row::at("a", "Reçu", HOUR), Row::at("a", "Fin", 5 * HOUR)];
    let state = |us: i64| {
        fold(&[batch(rows.clone())], &rules, None, AsOf { us, day: 0 }).line(0).unwrap().state
    };
    assert_eq!(state(5 * HOUR - 1), CaseState::EnAttente);
    assert_eq!(state(5 * HOUR), CaseState::Traite);
}

#[test]
fn an_event_on_the_last_instant_of_a_silence_still_breaks_it() {
    let mut silent = rules(None);
    silent.closing_rule.silence_days = Some(9.0);
    let rules = always(silent);
    let reopenings = |day| {
        let rows = vec![row("a", "Reçu", 3), row("a", "Étude", day)];
        at(rows, &rules, day).line(0).unwrap().reopenings
    };
    assert_eq!(reopenings(12), 0);
    assert_eq!(reopenings(13), 1);
}

#[test]
fn the_stock_is_unknown_until_the_log_is_warm_and_known_that_very_day() {
    let rules = always(rules(Some(1)));
    let calendar = weekdays();
    let rows = vec![row("a", "Reçu", 3), row("b", "Reçu", 4), row("b", "Fin", 6)];
    let warm = Some(day_number(march(5)));
    let table = warmed(rows, &rules, None, warm, end_of(march(7)));
    let views = [view(&table, &rules, &calendar)];
    let ledger = daily_ledger(&views, &LedgerQuery::default()).unwrap();
    let stocks: Vec<_> = ledger.iter().map(|r| (r.opening, r.closing, r.unknown)).collect();
    let unknown = (None, None, Some(Unknown::NotWarm));
    let known = |opening, closing| (Some(opening), Some(closing), None);
    assert_eq!(stocks, [unknown, unknown, known(2, 2), known(2, 1), known(1, 1)]);
    // The flows are known all the same.
    assert_eq!(ledger[0].arrivals, Some(1));
    for (day, stock) in [(4, None), (5, Some(2.0))] {
        let scope = scope(march(3), march(day));
        assert_eq!(figure(&views, &scope, "stock").value, stock, "on {day}");
        assert_eq!(figure(&views, &scope, "overdue").value.is_some(), stock.is_some());
        assert_eq!(age_strata(&views, &scope).map(|s| s.all[0] as f64), stock, "on {day}");
    }
}

#[test]
fn without_a_day_given_the_log_is_warm_when_the_learned_rule_says() {
    let rows: Vec<Row> = (0..40i64)
        .flat_map(|i| {
            let case = format!("{i:02}");
            [Row::at(&case, "Reçu", i * DAY), Row::at(&case, "Fin", (i + 6) * DAY)]
        })
        .collect();
    let rules = always(ProcessRules::default());
    let as_of = end_of_number(50);
    let rule = learn(&batch(rows.clone()), as_of, LearningParams::default());
    // 95 % of the cases last six days; the day after, the log tells its stock.
    assert_eq!(rule.warm_from.map(day_number), Some(7));
    let learned = warmed(rows.clone(), &rules, Some(rule.clone()), None, as_of);
    assert_eq!(learned.warm_from, Some(7));
    let given = warmed(rows, &rules, Some(rule), Some(3), as_of);
    assert_eq!(given.warm_from, Some(3));
}

#[test]
fn one_long_case_in_fifty_does_not_delay_the_first_known_stock() {
    let mut rows = Vec::new();
    for i in 0..400i64 {
        let case = format!("{i:03}");
        // One case in five lasts ten days, one in fifty a year.
        let lasts = match (i % 50, i % 5) {
            (0, _) => 365,
            (_, 1) => 10,
            _ => 1,
        };
        rows.push(Row::at(&case, "Reçu", (1_000 + i) * DAY));
        rows.push(Row::at(&case, "Fin", (1_000 + i + lasts) * DAY));
    }
    // A wrong date does not begin the log.
    rows.push(Row::at("zzz", "Reçu", 0));
    let rule = learn(&batch(rows), end_of_number(2_000), LearningParams::default());
    let days = [rule.first_day, rule.warm_from].map(|d| d.map(day_number));
    let first = days[0].unwrap();
    assert!((1_000..1_003).contains(&first), "{days:?}");
    let wait = days[1].unwrap() - first;
    assert!((10..=12).contains(&wait), "{days:?}");
}

#[test]
fn a_case_keeps_the_first_product_it_was_given_and_the_past_ignores_those_to_come() {
    let rules = always(rules(None));
    let given = |day, product: Option<&str>| Row {
        product: product.map(str::to_owned),
        ..row("a", "Étude", day)
    };
    let rows = vec![given(3, None), given(5, Some("X")), given(7, Some("Y"))];
    let product = |day| at(rows.clone(), &rules, day).line(0).unwrap().product.map(str::to_owned);
    assert_eq!(product(4), None);
    assert_eq!(product(5).as_deref(), Some("X"));
    assert_eq!(product(7).as_deref(), Some("X"));
}

#[test]
fn a_process_whose_data_stop_keeps_its_stock_in_the_total() {
    let rules = always(rules(None));
    let calendar = weekdays();
    let short = at(vec![row("a", "Reçu", 3), row("b", "Reçu", 3)], &rules, 4);
    let long = at(vec![row("c", "Reçu", 3)], &rules, 6);
    let views = [view(&short, &rules, &calendar), view(&long, &rules, &calendar)];
    let ledger = daily_ledger(&views, &LedgerQuery::default()).unwrap();
    assert_eq!(ledger.iter().map(|r| r.closing).collect::<Vec<_>>(), [Some(3); 4]);
}

#[test]
fn a_date_is_met_on_its_day_late_the_day_after_and_not_judged_before_its_day_ends() {
    let rules = always(rules(Some(5)));
    let calendar = weekdays();
    // Received on Monday 3, due on Monday 10.
    let rows = vec![
        row("a", "Reçu", 3),
        row("a", "Fin", 10),
        row("b", "Reçu", 3),
        row("b", "Annulé", 10),
        row("c", "Reçu", 3),
        row("d", "Reçu", 3),
        row("d", "Fin", 11),
    ];
    let said = |table: &CaseTable, from, to| {
        let views = [view(table, &rules, &calendar)];
        let scope = scope(march(from), march(to));
        let late = figure(&views, &scope, "overdue").value;
        let due = parts(&views, &scope, "in_time_due");
        (due, late, listed(&views, &scope, "overdue"), Look::new(&views, &scope).late_strata())
    };
    let today = at(rows.clone(), &rules, 10);
    let met = (Some(1.0), Some(1.0));
    assert_eq!(said(&today, 3, 10), (met, Some(0.0), String::new(), [0; 5]));
    // The day after, that day is over: c and d missed it, b was no longer due.
    let table = at(rows, &rules, 11);
    let missed = (Some(1.0), Some(3.0));
    assert_eq!(said(&table, 3, 10), (missed, Some(0.0), String::new(), [0; 5]));
    assert_eq!(said(&table, 3, 11), (missed, Some(1.0), "c".into(), [0, 1, 0, 0, 0]));
    // Settled before the period, due inside it.
    let early = at(vec![row("a", "Reçu", 3), row("a", "Fin", 4)], &rules, 14);
    assert_eq!(said(&early, 10, 14).0, met);
    assert_eq!(said(&early, 11, 14).0.1, Some(0.0));
}

#[test]
fn a_silence_seen_after_the_date_met_it_when_the_last_event_came_before() {
    let mut due = ProcessRules::default();
    due.target = rules(Some(5)).target;
    let rules = always(due);
    let calendar = weekdays();
    let rows =
        vec![row("a", "Reçu", 3), row("a", "Étude", 5), row("b", "Reçu", 3), row("b", "Étude", 11)];
    let params = LearningParams { silence_days: Some(9.0), ..LearningParams::default() };
    let as_of = end_of(march(31));
    let rule = learn(&batch(rows.clone()), as_of, params);
    let table = fold(&[batch(rows)], &rules, Some(rule), as_of);
    let views = [view(&table, &rules, &calendar)];
    let scope = scope(march(3), march(31));
    assert_eq!(parts(&views, &scope, "in_time_due"), (Some(1.0), Some(2.0)));
}

#[test]
fn held_cases_take_no_turn_and_a_turn_on_the_last_day_is_in_time() {
    let mut paced = rules(Some(5));
    paced.output_window_days = 5;
    let rules = always(paced);
    let calendar = weekdays();
    let mut rows = Vec::new();
    // One settled each worked day of the week before.
    for i in 0..5 {
        let case = format!("s{i}");
        rows.extend([row(&case, "Reçu", 3), row(&case, "Fin", 10 + i)]);
    }
    // Three have waited for the insured from the beginning; their date has passed.
    for case in ["x", "y", "z"] {
        rows.extend([row(case, "Reçu", 3), row(case, "Demande", 4)]);
    }
    // Four received on Wednesday, due on Wednesday: three worked days ahead of Friday.
    for case in ["a", "b", "c", "d"] {
        rows.push(row(case, "Reçu", 12));
    }
    let table = at(rows, &rules, 14);
    let views = [view(&table, &rules, &calendar)];
    let scope = scope(march(3), march(14));
    for (id, missed) in [("due_soon_1", ""), ("due_soon_3", "d"), ("due_soon_5", "d")] {
        assert_eq!(listed(&views, &scope, id), missed, "{id}");
        assert_eq!(figure(&views, &scope, id).value, Some(missed.len() as f64), "{id}");
    }
    let actions = where_to_act(&views, &scope, 10);
    let told: Vec<_> = actions.iter().map(|a| (a.will_miss, a.due, a.overdue)).collect();
    assert_eq!(told, [(Some(1), Some(4), Some(3))]);
}

#[test]
fn a_window_leaves_out_what_was_received_or_done_in_it_for_its_own_product() {
    let window = |from, to, product: Option<&str>| Exclusion {
        from: march(from),
        to: march(to),
        product: product.map(str::to_owned),
        reason: "panne".into(),
    };
    let mut windowed = rules(Some(5));
    windowed.exclusion = vec![window(3, 4, Some("X"))];
    windowed.neutralised = vec![window(10, 11, None)];
    let rules = always(windowed);
    let calendar = weekdays();
    let x = vec![
        // Received on the last day excluded; due on a neutral day.
        row("a", "Reçu", 4),
        row("a", "Fin", 6),
        // Settled on the last neutral day, in time.
        row("c", "Reçu", 5),
        row("c", "Fin", 11),
        row("e", "Reçu", 6),
        row("e", "Fin", 12),
        row("l", "Reçu", 3),
    ];
    let y = vec![
        row("b", "Reçu", 4),
        row("b", "Fin", 6),
        row("d", "Reçu", 3),
        row("d", "Fin", 10),
        // Sent back on a neutral day, and on another.
        row("g", "Reçu", 5),
        row("g", "Demande", 10),
        row("k", "Reçu", 7),
        row("k", "Demande", 13),
    ];
    let table = at(of("X", x).chain(of("Y", y)).collect(), &rules, 14);
    let views = [view(&table, &rules, &calendar)];
    let scope = scope(march(3), march(14));
    // a is excluded, c and d were settled on neutral days: b took two days, e four.
    let d = delays(&views, &scope);
    assert_eq!((d.n, d.left_out), (2, 3));
    assert_eq!(d.histogram.into_iter().collect::<Vec<_>>(), [(2, 1), (4, 1)]);
    assert_eq!(figure(&views, &scope, "lead_time_p50").n, 2);
    assert_eq!(listed(&views, &scope, "lead_time_p50"), "be");
    // Due on 12 and 13: c and e in time, g not; all others are due on neutral days.
    assert_eq!(parts(&views, &scope, "in_time_due"), (Some(2.0), Some(3.0)));
    // k alone was sent back; a, b and e were settled on days that count.
    assert_eq!(parts(&views, &scope, "return_rate"), (Some(1.0), Some(3.0)));
    // Three of them in the eight worked days that count; g, k and l wait.
    assert_eq!(parts(&views, &scope, "stock_days"), (Some(3.0), Some(3.0 / 8.0)));
    // l is of no age.
    assert_eq!(parts(&views, &scope, "backlog_age_15"), (Some(2.0), Some(2.0)));
}

#[test]
fn fifteen_worked_days_are_not_more_than_fifteen_and_a_case_closed_that_day_is_gone() {
    let rules = always(rules(None));
    let calendar = weekdays();
    let rows = vec![
        row("a", "Reçu", 3),
        row("b", "Reçu", 10),
        row("b", "Fin", 24),
        row("c", "Reçu", 4),
        row("c", "Fin", 5),
        row("c", "Étude", 24),
    ];
    let table = at(rows, &rules, 31);
    let views = [view(&table, &rules, &calendar)];
    let young = |day| parts(&views, &scope(march(3), march(day)), "backlog_age_15");
    assert_eq!(young(21), (Some(2.0), Some(2.0)));
    // a is fifteen worked days old, c came back; a day later a alone is older.
    assert_eq!(young(24), (Some(2.0), Some(2.0)));
    assert_eq!(young(25), (Some(1.0), Some(2.0)));
}

#[test]
fn a_reopening_undoes_the_closings_of_its_own_period_only() {
    let rules = always(rules(None));
    let calendar = weekdays();
    let rows = vec![row("a", "Reçu", 3), row("a", "Fin", 5), row("a", "Étude", 12)];
    let table = at(rows, &rules, 14);
    let views = [view(&table, &rules, &calendar)];
    let told = |from, to| {
        let scope = scope(march(from), march(to));
        let p50 = figure(&views, &scope, "lead_time_p50");
        (delays(&views, &scope).n, p50.n, format!("{:?}", p50.exclusions).contains("1 traitements"))
    };
    assert_eq!(told(3, 7), (1, 1, false));
    assert_eq!(told(3, 14), (0, 0, true));
    assert_eq!(told(10, 14), (0, 0, false));
}

#[test]
fn the_return_to_target_of_a_look_is_that_of_its_first_process() {
    let mut aimed = rules(Some(5));
    aimed.target[0].stock = Some(1);
    let (aimed, free) = (always(aimed), always(rules(Some(5))));
    let calendar = weekdays();
    let table = at(vec![row("a", "Reçu", 3)], &free, 7);
    let views = [view(&table, &aimed, &calendar), view(&table, &free, &calendar)];
    let scope = scope(march(3), march(7));
    assert!(matches!(Look::new(&views, &scope).return_to_target(), ReturnToTarget::Reached));
    let [one, other] = views;
    let back = Look::new(&[other, one], &scope).return_to_target();
    assert!(matches!(back, ReturnToTarget::Unknown(_)), "{back:?}");
}

#[test]
fn the_cause_is_what_pushed_the_stock_most_between_the_two_windows() {
    let mut week = rules(None);
    week.output_window_days = 5;
    let rules = always(week);
    let calendar = weekdays();
    // Received, sent back, come back, settled: days of the week of the 3rd, then of the 10th.
    let case = |id: &str, days: [Option<i8>; 4]| -> Vec<Row> {
        let names = ["Reçu", "Demande", "Retour", "Fin"];
        names.iter().zip(days).filter_map(|(n, d)| Some(row(id, n, d?))).collect()
    };
    let received = |id: &str, day| case(id, [Some(day), None, None, None]);
    let settled = |id: &str, day, end| case(id, [Some(day), None, None, Some(end)]);
    let rows: Vec<Row> = [
        // One came, then three, the first on the Monday: arrivals.
        of(
            "arrivals",
            [3, 10, 12, 14].iter().flat_map(|&d| received(&format!("a{d}"), d)).collect(),
        ),
        // One more came, three more were settled: arrivals all the same.
        of("both", [received("b0", 4), settled("b1", 10, 12), settled("b2", 10, 13)].concat()),
        // Three came, two left; then nothing: output.
        of("output", [received("o0", 3), settled("o1", 3, 5), settled("o2", 3, 7)].concat()),
        // Two came; then both were sent back.
        of(
            "holds",
            (0..2)
                .flat_map(|i| case(&format!("h{i}"), [Some(3), Some(12), None, None]))
                .chain(received("h2", 3))
                .chain(received("h3", 3))
                .collect(),
        ),
        // As many came, and those sent back came back: nothing pushes but one arrival more.
        of(
            "back",
            (0..2)
                .flat_map(|i| case(&format!("r{i}"), [Some(3), Some(4), Some(11), None]))
                .chain(received("r2", 12))
                .chain(received("r3", 12))
                .chain(received("r4", 12))
                .collect(),
        ),
    ]
    .into_iter()
    .flatten()
    .collect();
    let table = at(rows, &rules, 14);
    let views = [view(&table, &rules, &calendar)];
    let actions = where_to_act(&views, &scope(march(3), march(14)), 10);
    let told: Vec<_> = actions
        .iter()
        .map(|a| {
            let c = &a.compared;
            let [arrivals, output, held] = [
                (c.arrivals.unwrap(), c.arrivals_before.unwrap()),
                (c.output, c.output_before.unwrap()),
                (c.held, c.held_before.unwrap()),
            ];
            (a.product.as_deref().unwrap(), a.stock.unwrap(), a.cause, arrivals, output, held)
        })
        .collect();
    // Without a target the largest stock comes first.
    assert_eq!(
        told,
        [
            ("back", 5, Cause::Arrivals, (3, 2), (0, 0), (0, 2)),
            ("arrivals", 4, Cause::Arrivals, (3, 1), (0, 0), (0, 0)),
            ("holds", 4, Cause::Holds, (0, 4), (0, 0), (2, 0)),
            ("both", 1, Cause::Arrivals, (2, 1), (2, 0), (0, 0)),
            ("output", 1, Cause::Output, (0, 3), (0, 2), (0, 0)),
        ]
    );
}

#[test]
fn where_nothing_moves_most_of_a_stock_that_waits_for_others_is_the_cause() {
    let mut week = rules(None);
    week.output_window_days = 5;
    let rules = always(week);
    let calendar = weekdays();
    let old = |case: &str, activity: &str| Row::on(case, activity, date(2025, 2, 20));
    let rows: Vec<Row> =
        of("held", vec![old("a", "Demande"), old("b", "Demande"), old("c", "Reçu")])
            .chain(of("ours", vec![old("d", "Demande"), old("e", "Reçu")]))
            .collect();
    let table = at(rows, &rules, 14);
    let actions = where_to_act(&[view(&table, &rules, &calendar)], &scope(march(3), march(14)), 10);
    let causes: Vec<_> = actions.iter().map(|a| (a.product.as_deref().unwrap(), a.cause)).collect();
    assert_eq!(causes, [("held", Cause::Holds), ("ours", Cause::Output)]);
}
