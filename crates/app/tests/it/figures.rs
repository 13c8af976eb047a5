//! Figures on a synthetic body: the ledger balances, equals a recount of the
//! cases, and every figure opens as many cases as it says.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use eclusier_app::{
    App, AppOptions, CaseState, Grain, LedgerRow,
    cases::CasesQuery,
    figures::{Facts, Selection},
    imports::Watch,
};
use eclusier_calendar::{date_of, day_number};
use eclusier_core::org::{Fact, NodeKind, Person};
use eclusier_synth::{Body, DayTruth, Size};
use tokio::sync::OnceCell;

use crate::common::*;

struct Demo {
    _folder: tempfile::TempDir,
    app: App,
    line: String,
}

/// One body for the tests of this file that run in one program.
async fn demo() -> Arc<Demo> {
    static CELL: OnceCell<Arc<Demo>> = OnceCell::const_new();
    CELL.get_or_init(|| async {
        let folder = tempfile::tempdir().unwrap();
        let mut options = AppOptions::new(folder.path().join("data"));
        options.database = database();
        options.now = Some(now());
        let app = App::open(options).await.unwrap();
        let line = app.demo("team", 7, None, &Watch::default()).await.unwrap();
        Arc::new(Demo { _folder: folder, app, line })
    })
    .await
    .clone()
}

fn balances(r: &LedgerRow) -> bool {
    let n = |v: Option<i64>| v.unwrap_or(0);
    r.closing.is_none()
        || n(r.closing)
            == n(r.opening) + n(r.arrivals)
                - n(r.settled_human)
                - n(r.settled_auto)
                - n(r.cancelled)
                - n(r.transferred)
                + n(r.reopened)
                + n(r.corrections)
                + n(r.gap)
}

/// All that rests on the synthetic body, in one test: it is made once.
#[tokio::test(flavor = "multi_thread")]
async fn the_synthetic_body_holds_together() {
    let demo = demo().await;
    the_demonstration_is_made_once(&demo).await;
    the_organisation_is_that_of_the_logs(&demo.app).await;
    every_row_balances(&demo.app).await;
    the_ledger_equals_what_the_generator_knows(&demo.app).await;
    the_ledger_equals_a_recount(&demo.app).await;
    a_figure_opens_as_many_cases_as_it_says(&demo.app).await;
    the_screens_agree(&demo.app).await;
}

async fn the_demonstration_is_made_once(demo: &Demo) {
    let imports = demo.app.imports(None).await.unwrap().len();
    let again = demo.app.demo("team", 7, None, &Watch::default()).await.unwrap();
    assert_eq!(again, demo.line);
    assert_eq!(demo.app.imports(None).await.unwrap().len(), imports);
    let status = demo.app.status().await.unwrap();
    assert!(status.demo);
    assert_eq!(status.processes.len(), imports);
}

/// Everybody who acts in the logs is somebody of the organisation, in that team on that day.
async fn the_organisation_is_that_of_the_logs(app: &App) {
    let organisation = app.registry().organisation().await.unwrap();
    let mut people = app.home().pseudonymiser().unwrap();
    let by_agent: HashMap<&str, &Person> =
        organisation.people.values().filter_map(|p| Some((p.agent.as_deref()?, p))).collect();
    let until = now().to_zoned(jiff::tz::TimeZone::get("Europe/Paris").unwrap()).date();
    let body = Body::new(7, Size::Team, until.yesterday().unwrap());
    let (mut acts, mut known) = (0u32, HashSet::new());
    for process in body.processes() {
        for event in process.events().unwrap().filter(|e| e.recorded >= body.period().from) {
            let Some(code) = &event.person else { continue };
            let agent = people.person(code);
            let person = by_agent[agent];
            let team = person
                .nodes(event.recorded)
                .map(|id| &organisation.nodes[id])
                .find(|node| node.code == *event.unit);
            let team = team.unwrap_or_else(|| panic!("{event:?}: {:?}", person.facts));
            if known.insert((team.id.clone(), event.recorded)) {
                let above = organisation.above(&team.id, event.recorded);
                assert!(above.iter().any(|id| organisation.nodes[id].code == *event.org));
            }
            let weekday = event.recorded.weekday().to_monday_one_offset() as u8;
            let works = person.on(event.recorded).any(|f| {
                matches!(&f.fact, Fact::Contract { worked_weekdays, .. } if worked_weekdays.contains(&weekday))
            });
            assert!(works, "{event:?}: {:?}", person.facts);
            let away = person.on(event.recorded).any(|f| matches!(f.fact, Fact::Absence { .. }));
            assert!(!away, "{event:?} by somebody away");
            acts += 1;
        }
    }
    assert!(acts > 10_000, "{acts}");
    let view = app.organisation_view(None).await.unwrap();
    assert!(view.unknown.is_empty(), "{:?}", view.unknown);
    let kinds: HashSet<NodeKind> = view.nodes.iter().map(|n| n.node.kind).collect();
    assert!([NodeKind::Body, NodeKind::Site, NodeKind::Service].iter().all(|k| kinds.contains(k)));
    let heads = view.nodes[0].heads.unwrap();
    assert!(heads.members >= 8 && heads.present < heads.members, "{heads:?}");
    assert!(heads.fte < heads.members as f64 && heads.fte > 7.0, "{heads:?}");
    assert!(organisation.people.values().all(|p| !p.family.is_empty() && !p.facts.is_empty()));
}

async fn every_row_balances(app: &App) {
    for grain in [Grain::Day, Grain::Week, Grain::Month] {
        let groups = [eclusier_app::GroupBy::Process, eclusier_app::GroupBy::Unit];
        for by in [&groups[..0], &groups[..1], &groups[..]] {
            let rows = app.ledger(&Selection::default(), grain, by).await.unwrap();
            assert!(!rows.is_empty());
            for row in &rows {
                assert!(balances(row), "{row:?}");
            }
        }
    }
    // Each group goes on where it stopped.
    for process in app.process_ids().await.unwrap() {
        let rows = app.ledger(&of(process.as_str()), Grain::Day, &[]).await.unwrap();
        // Before the log is warm the stock is unknown, and only then.
        let warm = rows.iter().position(|r| r.closing.is_some()).unwrap();
        assert!(warm < rows.len() / 2, "{process}: {warm} of {}", rows.len());
        for pair in rows[warm..].windows(2) {
            assert_eq!(pair[1].opening, pair[0].closing, "{pair:?}");
            assert!(pair[1].closing.is_some(), "{pair:?}");
        }
    }
}

/// The generator counts what it does; the ledger sees nothing but the file. Every day of
/// two years, through CSV, import, lake and configuration, both must say the same.
async fn the_ledger_equals_what_the_generator_knows(app: &App) {
    let until = now().to_zoned(jiff::tz::TimeZone::get("Europe/Paris").unwrap()).date();
    let body = Body::new(7, Size::Team, until.yesterday().unwrap());
    for process in body.processes() {
        let mut events = process.events().unwrap();
        events.by_ref().for_each(drop);
        let truth: Vec<DayTruth> = events.truth().days().collect();
        let rows = app.ledger(&of(process.id()), Grain::Day, &[]).await.unwrap();
        // A ledger begins with its first arrival.
        let idle = truth.iter().position(|d| d.arrivals > 0).unwrap();
        assert_eq!(rows.len(), truth.len() - idle, "{}", process.id());
        let mut compared = 0;
        for (row, day) in rows.iter().zip(&truth[idle..]) {
            assert_eq!(row.from, day.day);
            let n = |v: Option<i64>| v.unwrap_or(0);
            let posted = [
                n(row.arrivals),
                n(row.settled_human),
                n(row.settled_auto),
                n(row.cancelled),
                n(row.transferred),
                n(row.reopened),
            ];
            let known = [
                day.arrivals,
                day.settled_human,
                day.settled_auto,
                day.cancelled,
                day.transferred,
                day.reopened,
            ];
            assert_eq!(posted, known, "{} {}", process.id(), day.day);
            if let Some(closing) = row.closing {
                compared += 1;
                assert_eq!(closing, day.closing, "{} {}", process.id(), day.day);
            }
        }
        assert!(compared > truth.len() / 2, "{}: {compared} stocks compared", process.id());
        let stock = app.indicators(&of(process.id()), &["stock".into()]).await.unwrap();
        assert_eq!(stock[0].value, Some(truth.last().unwrap().closing as f64));
    }
}

/// Seven days of each process, chosen once, without any order.
fn scattered(n: u32) -> impl Iterator<Item = u32> {
    (0..7u32).map(move |i| (i.wrapping_mul(2_654_435_761) >> 7) % n)
}

async fn the_ledger_equals_a_recount(app: &App) {
    for process in app.process_ids().await.unwrap() {
        let desk = app.seen(eclusier_app::Permission::FiguresRead, &process, None).await.unwrap();
        if matches!(desk.facts, Facts::Counts(_)) {
            continue;
        }
        let id = process.as_str();
        let rows = app.ledger(&of(id), Grain::Day, &[]).await.unwrap();
        let all = CasesQuery { limit: usize::MAX, ..CasesQuery::default() };
        let zone = jiff::tz::TimeZone::get(desk.zone.name()).unwrap();
        for at in scattered(rows.len() as u32) {
            let row = &rows[at as usize];
            let as_of = Some(row.from);
            let past = app.cases(&Selection { as_of, ..of(id) }, &all).await.unwrap();
            let open = past.cases.iter().filter(|c| {
                matches!(
                    c.state,
                    CaseState::EnAttente | CaseState::EnCours | CaseState::EnInstanceExterne
                )
            });
            if row.unknown.is_none() {
                assert_eq!(row.closing, Some(open.count() as i64), "{id} on {}", row.from);
            }
            let arrived = past
                .cases
                .iter()
                .filter(|c| c.opened.is_some_and(|t| t.to_zoned(zone.clone()).date() == row.from));
            assert_eq!(row.arrivals, Some(arrived.count() as i64), "{id} on {}", row.from);
        }
    }
}

async fn a_figure_opens_as_many_cases_as_it_says(app: &App) {
    let first = CasesQuery { limit: 1, ..CasesQuery::default() };
    let mut measured = 0;
    let mut selections = vec![Selection::default()];
    for process in app.process_ids().await.unwrap() {
        let mut past = of(process.as_str());
        selections.push(past.clone());
        let desk = app.seen(eclusier_app::Permission::FiguresRead, &process, None).await.unwrap();
        let last = desk.as_of_day().unwrap();
        past.as_of = Some(date_of(day_number(last) - 100));
        selections.push(past.clone());
        past.as_of = None;
        past.to = Some(date_of(day_number(last) - 50));
        selections.push(past.clone());
        if let Some(unit) = desk.dimension_values()[1].first() {
            past.to = None;
            past.dims.unit = vec![unit.clone()];
            selections.push(past);
        }
    }
    for selection in &selections {
        let counts = selection.process.as_ref().is_some_and(|p| p.as_str().contains("courrier"));
        let figures = app.indicators(selection, &[]).await.unwrap();
        let listed = async |id: &str| {
            let query = CasesQuery { figure: Some(id.into()), ..first.clone() };
            app.cases(selection, &query).await.unwrap().total as f64
        };
        for id in ["stock", "stock_actionable", "overdue", "due_soon_1", "due_soon_3", "due_soon_5"]
        {
            let figure = figures.iter().find(|f| f.id == id).unwrap();
            // Over several processes a figure may be unknown for want of one of them.
            let Some(value) = figure.value else { continue };
            let desks = app.desks(eclusier_app::Permission::FiguresRead, selection).await.unwrap();
            if desks.iter().any(|d| matches!(d.facts, Facts::Counts(_))) {
                continue;
            }
            assert_eq!(listed(id).await, value, "{id} of {selection:?} ({counts})");
            measured += 1;
        }
        let stock = listed("stock").await;
        assert_eq!(listed("held").await + listed("stock_actionable").await, stock);
        let mut ages = 0.0;
        for age in ["age_0_5", "age_6_10", "age_11_15", "age_16_30", "age_over_30"] {
            ages += listed(age).await;
        }
        assert_eq!(ages, stock, "{selection:?}");
    }
    assert!(measured > 40, "{measured} figures compared");
}

async fn the_screens_agree(app: &App) {
    let cockpit = app.cockpit(&Selection::default()).await.unwrap();
    let overdue = cockpit.overdue.unwrap();
    let lines: i64 = overdue.lines.iter().map(|l| l.count).sum();
    assert_eq!(overdue.figure.value, Some(lines as f64));
    for line in &overdue.lines {
        assert_eq!(line.strata.map(|s| s.iter().sum::<i64>()), Some(line.count), "{line:?}");
    }
    for row in &cockpit.stocks {
        let selection = of(&row.process);
        let figures = app.indicators(&selection, &["stock".into()]).await.unwrap();
        assert_eq!(row.figure("stock").unwrap().value, figures[0].value);
        if let Some(strata) = &row.strata {
            assert_eq!(Some(strata.all.iter().sum::<i64>() as f64), figures[0].value);
        }
        let ledger = app.ledger(&selection, Grain::Day, &[]).await.unwrap();
        assert_eq!(ledger.last().unwrap().closing.map(|c| c as f64), figures[0].value);
        assert_eq!(row.spark.last().copied().flatten(), ledger.last().unwrap().closing);
        let flow = app.flow(&selection, Grain::Week).await.unwrap();
        assert_eq!(flow.ledger.last().unwrap().row.closing, ledger.last().unwrap().closing);
        let last = flow.cumulative.last().unwrap();
        let stock = flow.opening.unwrap_or(0) + last.arrivals - last.outputs;
        let gaps: i64 = flow
            .ledger
            .iter()
            .map(|r| r.row.gap.unwrap_or(0) + r.row.corrections.unwrap_or(0))
            .sum();
        assert_eq!(Some(stock + gaps), ledger.last().unwrap().closing, "{}", row.process);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demonstration_wants_an_empty_directory() {
    let bench = Bench::new().await;
    bench.store("a.csv", &csv(&month("A", 1, 5)), "pensions").await;
    let refused = bench.app.demo("team", 7, None, &Watch::default()).await.unwrap_err();
    assert_eq!(refused.kind(), "invalid");
    assert_eq!(bench.app.process_ids().await.unwrap(), [process("pensions")]);
    let empty = Bench::new().await;
    let size = empty.app.demo("ville", 7, None, &Watch::default()).await.unwrap_err();
    assert_eq!(size.kind(), "invalid");
    let watch = Watch::default();
    watch.cancel();
    assert_eq!(empty.app.demo("team", 7, None, &watch).await.unwrap_err().kind(), "cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_directory_answers_every_question() {
    let bench = Bench::new().await;
    let all = Selection::default();
    assert!(bench.app.cockpit(&all).await.unwrap().overdue.is_none());
    assert!(bench.app.flow(&all, Grain::Week).await.unwrap().ledger.is_empty());
    assert!(bench.app.ledger(&all, Grain::Day, &[]).await.unwrap().is_empty());
    assert!(bench.app.indicators(&all, &[]).await.unwrap().is_empty());
    let query = CasesQuery { limit: 10, figure: Some("stock".into()), ..CasesQuery::default() };
    assert_eq!(bench.app.cases(&all, &query).await.unwrap().total, 0);
    assert_eq!(bench.app.cases(&of("rien"), &query).await.unwrap_err().kind(), "not-found");
    assert!(bench.app.status().await.unwrap().processes.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn days_without_data_have_no_figure_and_a_process_taken_back_has_no_say() {
    let bench = Bench::new().await;
    let kept = bench.store("janvier.csv", &csv(&month("A", 1, 40)), "pensions").await;
    let mistaken = bench.store("erreur.csv", &csv(&month("B", 1, 10)), "erreur").await;
    let id = mistaken.id.unwrap();
    bench.app.undo(id, "", Watch::default()).await.unwrap();

    let status = bench.app.status().await.unwrap();
    assert_eq!(status.processes.len(), 1, "{:?}", status.processes);
    let stock = ["stock".to_owned()];
    let all = bench.app.indicators(&Selection::default(), &stock).await.unwrap();
    assert_eq!(all[0].n, bench.app.indicators(&of("pensions"), &stock).await.unwrap()[0].n);

    for (from, to) in [(Some(day("2030-01-01")), None), (None, Some(day("2020-01-01")))] {
        let asked = Selection { from, to, ..of("pensions") };
        let figures = bench.app.indicators(&asked, &[]).await.unwrap();
        assert!(!figures.is_empty());
        for figure in figures {
            assert_eq!(figure.value, None, "{}", figure.id);
            assert!(figure.reason.is_some(), "{}", figure.id);
        }
        let behind = CasesQuery { figure: Some("stock".into()), limit: 9, ..Default::default() };
        assert_eq!(bench.app.cases(&asked, &behind).await.unwrap().total, 0);
        assert!(bench.app.ledger(&asked, Grain::Day, &[]).await.unwrap().is_empty());
    }
    assert!(kept.id.is_some());
}
