//! The morning screen: of the data of now, of the selection asked, against the worked day before.

use eclusier_app::{App, Grain, cockpit::Health, figures::Selection};

use crate::common::*;

async fn stock(app: &App, selection: &Selection) -> f64 {
    let cockpit = app.cockpit(selection).await.unwrap();
    let figure = cockpit.stocks[0].figure("stock").unwrap().value.unwrap();
    // The flow is remembered in the same way.
    let flow = app.flow(selection, Grain::Day).await.unwrap();
    assert_eq!(flow.ledger.last().unwrap().row.closing, Some(figure as i64));
    figure
}

/// Pensions with a decision that settles and a target of five worked days.
async fn pensions() -> Bench {
    let bench = Bench::new().await;
    bench.store("a.csv", &csv(&month("A", 1, 60)), "pensions").await;
    bench.app.put_config(&process("pensions"), None, &rules()).await.unwrap();
    bench
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_kept_is_given_for_the_same_data_and_the_same_selection_only() {
    let bench = pensions().await;
    let all = of("pensions");
    let unit = |name: &str| {
        let mut selection = of("pensions");
        selection.dims.unit = vec![name.to_owned()];
        selection
    };
    let (north, south) = (unit("Nord"), unit("Sud"));
    let reader = bench.another().await;
    let told = [&all, &north, &south];
    let mut before = Vec::new();
    for selection in told {
        before.push(stock(&reader, selection).await);
    }
    assert_eq!(before[0], before[1] + before[2]);
    assert!(before[1] > 0.0 && before[2] > 0.0 && before[0] == 12.0, "{before:?}");
    // Asked again, the same is said.
    for (selection, same) in told.into_iter().zip(&before) {
        assert_eq!(stock(&reader, selection).await, *same);
    }
    // Another program stores more: the reader hears of it only by asking.
    bench.store("b.csv", &csv(&month("B", 2, 40)), "pensions").await;
    assert_eq!(stock(&reader, &all).await, 20.0);
    // Another process, alone in its selection too, is another answer.
    bench.store("c.csv", &csv(&month("C", 2, 5)), "reversions").await;
    bench.app.put_config(&process("reversions"), None, &rules()).await.unwrap();
    let one = of("reversions");
    assert_eq!(stock(&reader, &one).await, 1.0);
    assert_eq!(stock(&reader, &all).await, 20.0);
    // And rules change answers as data do.
    let mut other = rules();
    other.states.settled = vec!["Instruction".into()];
    bench.app.put_config(&process("reversions"), None, &other).await.unwrap();
    assert_ne!(stock(&reader, &one).await, 1.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_change_is_what_is_late_less_what_was_late_the_worked_day_before() {
    let bench = pensions().await;
    // Two days: cases are late before they are settled, and leave.
    let mut short = rules();
    short.target[0].days = 2;
    bench.app.put_config(&process("pensions"), None, &short).await.unwrap();
    let (mut rose, mut fell) = (0, 0);
    for n in (14..=17).chain(21..=24) {
        // Tuesday to Friday: the worked day before is the day before.
        let at = |n: i32| Selection { to: Some(day(&format!("2025-01-{n}"))), ..of("pensions") };
        let cockpit = bench.app.cockpit(&at(n)).await.unwrap();
        let ids = ["overdue".to_owned()];
        let now = bench.app.indicators(&at(n), &ids).await.unwrap()[0].value.unwrap();
        let then = bench.app.indicators(&at(n - 1), &ids).await.unwrap()[0].value.unwrap();
        let change = cockpit.overdue.unwrap().change;
        assert_eq!(change, Some(now - then), "on {n}");
        rose += i32::from(now > then);
        fell += i32::from(now < then);
    }
    assert!(rose > 0 && fell > 0, "{rose} {fell}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_is_normal_tense_or_critical_by_its_own_thresholds() {
    let bench = pensions().await;
    let health = async |mut rules: eclusier_core::ProcessRules, tense: f64, critical: f64| {
        rules.alert.tense_points = tense;
        rules.alert.critical_points = critical;
        rules.alert.tense_late_share = tense;
        rules.alert.critical_late_share = critical;
        bench.app.put_config(&process("pensions"), None, &rules).await.unwrap();
        bench.app.cockpit(&of("pensions")).await.unwrap().stocks.remove(0)
    };
    let row = health(rules(), 0.1, 0.2).await;
    let value = |id: &str| row.figure(id).unwrap().value.unwrap();
    // Against the share aimed at, where there is one; else by the part of the stock that is late.
    let in_time = value("in_time_due");
    let mut aimed = rules();
    aimed.target[0].share = Some(0.95);
    for (rules, off) in [(aimed, 0.95 - in_time), (rules(), value("overdue") / value("stock"))] {
        assert!((0.1..=0.9).contains(&off), "{off}");
        for (tense, critical, said) in [
            (off + 0.01, off + 0.02, Health::Normal),
            (off - 0.01, off + 0.01, Health::Tense),
            (off - 0.02, off - 0.01, Health::Critical),
        ] {
            assert_eq!(health(rules.clone(), tense, critical).await.health, said, "{off}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn data_older_than_two_worked_days_are_said_to_be() {
    // Today is a Tuesday: the last worked day is Monday 30, the one before Friday 27.
    for (last, stale) in [("27/06/2025", false), ("26/06/2025", true)] {
        let bench = Bench::new().await;
        let lines = [("A1".to_owned(), "Réception", format!("{last} 10:00:00"))];
        bench.store("a.csv", &csv(&lines), "pensions").await;
        let basis = bench.app.cockpit(&of("pensions")).await.unwrap().basis;
        assert_eq!((basis.last_worked_day, basis.stale), (day("2025-06-30"), stale), "{last}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_processes_with_most_late_cases_come_first() {
    let bench = pensions().await;
    for (id, cases) in [("accueil", 20), ("zones", 90)] {
        bench.store(&format!("{id}.csv"), &csv(&month(id, 1, cases)), id).await;
        bench.app.put_config(&process(id), None, &rules()).await.unwrap();
    }
    let overdue = bench.app.cockpit(&Selection::default()).await.unwrap().overdue.unwrap();
    let lines: Vec<_> = overdue.lines.iter().map(|l| l.process.as_str()).collect();
    assert_eq!(lines, ["zones", "pensions", "accueil"]);
    let counts: Vec<i64> = overdue.lines.iter().map(|l| l.count).collect();
    assert!(counts.is_sorted_by(|a, b| a > b), "{counts:?}");
}
