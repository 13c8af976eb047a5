//! Who sees totals only gets whole months, no breakdown, and no small number.

use eclusier_app::{App, Grain, GroupBy, figures::Selection};
use eclusier_core::{
    Access,
    org::Validity,
    rights::{Grant, Subject},
};
use eclusier_ledger::LedgerRow;

use crate::common::*;

async fn fund(bench: &Bench) -> App {
    let valid = Validity { from: day("2025-01-01"), to: None };
    let grant = Grant { role: "national_fund".into(), node: None, processes: None, valid };
    let subject = Subject::Account { id: "fund".into(), person: None };
    let whole = bench.app.registry().organisation().await.unwrap();
    let today = bench.app.today().await.unwrap();
    bench.app.acting(Access::new(subject, &[grant], None, &whole, today))
}

fn flows(row: &LedgerRow) -> [Option<i64>; 7] {
    [
        row.arrivals,
        row.settled_human,
        row.settled_auto,
        row.cancelled,
        row.transferred,
        row.reopened,
        row.corrections,
    ]
}

fn small(n: i64) -> bool {
    (1..5).contains(&n.abs())
}

/// Pensions in number, and three cases of something else in the middle.
async fn two() -> Bench {
    let bench = Bench::new().await;
    let lines: Vec<Line> = [("A", 1, 80), ("B", 2, 90), ("C", 3, 70), ("D", 4, 60), ("E", 5, 60)]
        .into_iter()
        .flat_map(|(prefix, m, cases)| month(prefix, m, cases))
        .collect();
    bench.store("a.csv", &csv(&lines), "pensions").await;
    let mut rare = month("F", 2, 60);
    rare.extend(month("G", 3, 3));
    rare.extend(month("H", 4, 60));
    rare.extend(month("I", 5, 60));
    bench.store("b.csv", &csv(&rare), "reversions").await;
    for id in ["pensions", "reversions"] {
        bench.app.put_config(&process(id), None, &rules()).await.unwrap();
    }
    bench
}

#[tokio::test(flavor = "multi_thread")]
async fn totals_hide_small_numbers_and_never_lie() {
    let bench = two().await;
    let fund = fund(&bench).await;
    let everything = Selection::default();
    for by in [&[][..], &[GroupBy::Process]] {
        let seen = fund.ledger(&everything, Grain::Day, by).await.unwrap();
        let true_rows = bench.app.ledger(&everything, Grain::Month, by).await.unwrap();
        assert!(!seen.is_empty());
        let mut hidden = 0;
        for row in &seen {
            assert!(row.to < day("2025-06-01"), "a month that is not over: {}", row.to);
            let same = |t: &&LedgerRow| t.from == row.from && t.group == row.group;
            let told = true_rows.iter().find(same).expect("whole months only");
            for (shown, true_flow) in flows(row).into_iter().zip(flows(told)) {
                match shown {
                    Some(n) => assert!(!small(n) && Some(n) == true_flow, "{row:?}"),
                    None => hidden += 1,
                }
            }
        }
        assert!(hidden > 0, "three cases were received in March: {seen:#?}");
        let march = |row: &&LedgerRow| row.from == day("2025-03-01");
        let shown = seen.iter().filter(march).filter(|row| row.arrivals == Some(73)).count();
        assert_eq!(shown, 0, "73 less 70 would tell it");
        assert!(seen.iter().any(|row| row.arrivals.is_some()), "not everything is a secret");
    }
    let figures = fund.indicators(&everything, &[]).await.unwrap();
    let owner = bench.app.indicators(&everything, &[]).await.unwrap();
    assert_eq!(figures.len(), owner.len());
    for figure in &figures {
        if let (eclusier_core::Unit::Case, Some(value)) = (figure.unit, figure.value) {
            assert!(!small(value as i64), "{figure:?}");
        }
        assert!(
            figure.value.is_none()
                || figure.unit != eclusier_core::Unit::Ratio
                || figure.numerator.is_none()
        );
        assert!(figure.value.is_some() || figure.reason.is_some(), "{figure:?}");
    }
    assert!(figures.iter().any(|f| f.value.is_some()));
    let flow = fund.flow(&everything, Grain::Day).await.unwrap();
    assert!(flow.awaited.is_empty() && flow.whole.is_none());
    assert!(flow.delays.iter().all(|d| d.delays.histogram.is_empty() && d.delays.n >= 5));
    assert!(flow.ledger.iter().flat_map(|r| flows(&r.row)).flatten().all(|n| !small(n)));
    // The cockpit and the cases: totals, and nothing.
    assert!(fund.cockpit(&everything).await.unwrap().act.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn totals_have_no_breakdown_and_no_days_of_their_own() {
    let bench = two().await;
    let fund = fund(&bench).await;
    let mut asked = Vec::new();
    let mut unit = Selection::default();
    unit.dims.unit = vec!["Nord".into()];
    asked.push(unit);
    let mut product = of("pensions");
    product.dims.product = vec!["Pension".into()];
    asked.push(product);
    asked.push(Selection { to: Some(day("2025-03-30")), ..Selection::default() });
    asked.push(Selection { as_of: Some(day("2025-03-30")), ..Selection::default() });
    for selection in &asked {
        let refused = [
            fund.ledger(selection, Grain::Month, &[]).await.unwrap_err().kind(),
            fund.indicators(selection, &[]).await.unwrap_err().kind(),
            fund.flow(selection, Grain::Month).await.unwrap_err().kind(),
            fund.cockpit(selection).await.unwrap_err().kind(),
        ];
        assert_eq!(refused, ["invalid"; 4], "{selection:?}");
        assert!(bench.app.ledger(selection, Grain::Month, &[]).await.is_ok());
    }
    let by_unit = fund.ledger(&Selection::default(), Grain::Month, &[GroupBy::Unit]).await;
    assert_eq!(by_unit.unwrap_err().kind(), "invalid");
    // Published figures are kept whole: they are not for who sees totals only.
    let published = fund.published_periods(&process("pensions")).await;
    assert_eq!(published.unwrap_err().kind(), "forbidden");
    assert!(fund.published_processes().await.unwrap().is_empty());
    assert_eq!(bench.app.published_processes().await.unwrap().len(), 2);
    let offered = fund.status().await.unwrap();
    assert!(offered.processes.iter().all(|p| p.dimensions.iter().all(Vec::is_empty)));
}
