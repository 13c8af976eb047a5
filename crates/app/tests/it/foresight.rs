//! Arrivals to come and the stock carried forward, from daily counts and from cases.

use std::fmt::Write as _;

use eclusier_app::{
    App, Grain, GroupBy,
    figures::Selection,
    foresight::{Asked, Foresight, SpanKind},
    imports::Watch,
};
use eclusier_core::{
    Access,
    config::{Campaign, Event, EventKind, ProcessRules, Target},
    org::Validity,
    rights::{Grant, Subject},
};
use jiff::{ToSpan, civil::Date};

use crate::common::*;

/// Worked days from January 2023 to the end of June 2025: 60 pensions and 20 reversions a day,
/// half as much again in September, nothing on days off; as much leaves as came, but ten.
fn counts() -> String {
    let mut text = String::from("Date;Prestation;Entrées;Sorties;Stock\r\n");
    let calendar = eclusier_calendar::Calendar::default();
    let (mut day, end) = (day("2023-01-02"), day("2025-06-30"));
    let mut stock = [900, 300];
    while day <= end {
        if calendar.is_worked(day) {
            let season = if day.month() == 9 { 1.5 } else { 1.0 };
            let wave =
                f64::from((i32::from(day.day()) * 37 + i32::from(day.month()) * 11) % 21 - 10);
            for (at, (product, usual)) in
                [("Pension", 60.0), ("Réversion", 20.0)].iter().enumerate()
            {
                let came = (usual * season * (1.0 + wave / 100.0)).round() as i64;
                let left = (*usual as i64) + i64::from(at == 0 && stock[0] > 700) * 2;
                stock[at] += came - left;
                write!(
                    text,
                    "{};{product};{came};{left};{}\r\n",
                    day.strftime("%d/%m/%Y"),
                    stock[at]
                )
                .unwrap();
            }
        }
        day = day.saturating_add(1.day());
    }
    text
}

async fn body() -> Bench {
    let bench = Bench::new().await;
    bench.store("counts.csv", &counts(), "pensions").await;
    let campaign = |year: i16| Campaign {
        name: "Rentrée".into(),
        from: Date::constant(year, 9, 1),
        to: Date::constant(year, 9, 30),
        product: None,
        expected: None,
        like_last_time: false,
    };
    let rules = ProcessRules {
        target: vec![Target {
            product: None,
            days: 20,
            counter: Default::default(),
            share: Some(0.85),
            stock: Some(500),
        }],
        campaign: (2023..=2026).map(campaign).collect(),
        ..ProcessRules::default()
    };
    bench.app.put_config(&process("pensions"), None, &rules).await.unwrap();
    bench
}

fn asked(grain: Grain, months: u32) -> Asked {
    Asked { grain, months, ..Asked::default() }
}

fn sum(told: &Foresight) -> f64 {
    told.next.iter().map(|s| s.mean).sum()
}

fn near(a: f64, b: f64, within: f64) {
    assert!((a - b).abs() <= within, "{a} {b}");
}

#[tokio::test(flavor = "multi_thread")]
async fn days_weeks_months_and_parts_add_up() {
    let bench = body().await;
    let app = &bench.app;
    let days = app.foresee(&of("pensions"), &asked(Grain::Day, 12)).await.unwrap();
    let weeks = app.foresee(&of("pensions"), &asked(Grain::Week, 12)).await.unwrap();
    let months = app.foresee(&of("pensions"), &asked(Grain::Month, 12)).await.unwrap();
    assert_eq!(days.last_day, Some(day("2025-06-30")));
    let of_days = |from: Date, to: Date| -> f64 {
        days.next.iter().filter(|d| from <= d.from && d.to <= to).map(|d| d.mean).sum()
    };
    let last = days.next.last().unwrap().to;
    // The week under way holds the Monday that is known.
    assert!(weeks.next[0].partial && !weeks.next[1].partial);
    for step in weeks.next.iter().skip(1).chain(&months.next).filter(|s| s.to <= last) {
        near(step.mean, of_days(step.from, step.to), 1e-6);
    }
    for told in [&days, &weeks, &months] {
        for step in &told.next {
            let [narrow, wide] = step.bands;
            assert!(wide.low <= narrow.low && narrow.low <= step.mean, "{step:?}");
            assert!(step.mean <= narrow.high && narrow.high <= wide.high, "{step:?}");
            assert!(wide.low >= 0.0 && wide.high > wide.low, "{step:?}");
        }
        // What is shown in whole items adds up to what is shown in whole items.
        for (at, step) in told.next.iter().enumerate() {
            let parts: f64 = told.parts.iter().map(|p| p.steps[at]).sum();
            assert_eq!(parts, step.mean.round(), "{}", step.name);
        }
    }
    assert_eq!(weeks.by, Some(GroupBy::Product));
    assert_eq!(weeks.parts.len(), 2);
    let expected = weeks.expected.clone().unwrap();
    near(weeks.parts.iter().map(|p| p.expected.items).sum(), expected.items, 1e-6);
    assert!(expected.range.low < expected.items && expected.items < expected.range.high);
    // Nothing is expected on the national day, which is a Monday; September is high.
    let on = |d: &str| days.next.iter().find(|s| s.from == day(d)).unwrap().mean;
    assert!(on("2025-07-14") < 8.0 && on("2025-07-13") < 8.0, "{}", on("2025-07-14"));
    let month = |name: &str| months.next.iter().find(|s| s.name == name).unwrap().mean;
    assert!(
        month("2025-09") > 1.25 * month("2025-08"),
        "{} {}",
        month("2025-09"),
        month("2025-08")
    );
    let campaign = days.effects.iter().find(|e| e.name[0] == "Rentrée").unwrap();
    assert!(campaign.range.low <= 0.5 && 0.5 <= campaign.range.high, "{campaign:?}");
    // The same question gives the same answer, bit for bit, learned by another program.
    let again =
        bench.another().await.foresee(&of("pensions"), &asked(Grain::Week, 12)).await.unwrap();
    assert_eq!(again.next, weeks.next);
    assert_eq!(again.stock, weeks.stock);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_declared_move_what_they_concern_and_nothing_else() {
    let bench = body().await;
    let (app, pensions) = (&bench.app, process("pensions"));
    let before = app.foresee(&of("pensions"), &asked(Grain::Week, 3)).await.unwrap();
    let rules = app.config(&pensions).await.unwrap().versions.remove(0).rules;
    let event = |name: &str, kind, from: &str, to: Option<&str>, product: Option<&str>, effect| {
        let (from, to) = (day(from), to.map(day));
        Event { name: name.into(), kind, from, to, product: product.map(str::to_owned), effect }
    };
    let declare = async |event: Vec<Event>| {
        let rules = ProcessRules { event, ..rules.clone() };
        app.put_config(&pensions, None, &rules).await.unwrap();
        app.foresee(&of("pensions"), &asked(Grain::Week, 3)).await.unwrap()
    };
    let items = |told: &Foresight, part: Option<&str>| match part {
        None => told.expected.as_ref().unwrap().items,
        Some(id) => told.parts.iter().find(|p| p.id == id).unwrap().expected.items,
    };
    // A rule for good, a fifth more of everything, from the first day to come.
    let rule = event("Décret", EventKind::Rule, "2025-07-01", None, None, Some(0.2));
    let told = declare(vec![rule]).await;
    near(items(&told, None) / items(&before, None), 1.2, 0.02);
    near(items(&told, Some("Pension")) / items(&before, Some("Pension")), 1.2, 0.03);
    let span = told.spans.iter().find(|s| s.kind == SpanKind::Event).unwrap();
    assert_eq!((span.from, span.to), (day("2025-07-01"), told.next.last().unwrap().to));
    let effect = told.effects.iter().find(|e| e.id == "shock:Décret").unwrap();
    assert!((effect.occurrences, effect.is_share) == (0, true), "{effect:?}");
    assert!(effect.range.low < 0.2 && 0.2 < effect.range.high, "{effect:?}");

    // Half as many reversions, which are a quarter of all: an eighth less in total.
    let one = event("Grève", EventKind::Strike, "2025-07-01", None, Some("Réversion"), Some(-0.5));
    let told = declare(vec![one]).await;
    near(items(&told, Some("Réversion")) / items(&before, Some("Réversion")), 0.5, 0.05);
    near(items(&told, Some("Pension")) / items(&before, Some("Pension")), 1.0, 0.03);
    near(items(&told, None) / items(&before, None), 0.875, 0.02);

    // What is over is told by what came: this strike did nothing, whatever was expected of it.
    let (from, to) = ("2025-03-10", Some("2025-03-11"));
    let over = event("Grève", EventKind::Strike, from, to, None, Some(-0.1));
    // What is to come without a size changes nothing.
    let unknown =
        event("Nouveau site", EventKind::Other, "2025-08-04", Some("2025-08-08"), None, None);
    let told = declare(vec![over, unknown]).await;
    near(items(&told, None) / items(&before, None), 1.0, 0.02);
    let strike = told.effects.iter().find(|e| e.id == "shock:Grève").unwrap();
    assert_eq!(strike.occurrences, 2);
    assert!(strike.size > -0.03 && strike.range.low < 0.0, "{strike:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_if_moves_what_is_to_come_and_nothing_else() {
    let bench = body().await;
    let app = &bench.app;
    let base = app.foresee(&of("pensions"), &asked(Grain::Week, 3)).await.unwrap();
    let more = Asked { arrivals: 10.0, capacity: Some(130.0), ..asked(Grain::Week, 3) };
    let more = app.foresee(&of("pensions"), &more).await.unwrap();
    assert_eq!(more.past, base.past);
    for (a, b) in base.next.iter().zip(&more.next).skip(1) {
        near(b.mean, 1.1 * a.mean, 1e-9 * a.mean);
        assert_eq!(b.base, a.mean);
    }
    assert!(sum(&more) > sum(&base));
    let (usual, fast) = (base.stock.unwrap(), more.stock.unwrap());
    assert_eq!(usual.usual_capacity, Some(usual.capacity));
    assert_eq!(fast.capacity, 130.0);
    assert!(fast.steps.last().unwrap().stock < usual.steps.last().unwrap().stock);
    // Of 80 a day, 80 or 82 leave: the stock is what the ledger says, and its age follows.
    let stock = app.ledger(&of("pensions"), Grain::Day, &[]).await.unwrap();
    assert_eq!(usual.waiting, stock.last().unwrap().closing.unwrap() as f64);
    assert!(usual.estimated);
    let back = fast.back.unwrap();
    assert_eq!(back.target, 500.0);
    assert!(back.reached == 1.0 && back.early <= back.day && back.day <= back.late, "{back:?}");
    assert!(fast.needed.unwrap() > 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn little_is_said_of_little_and_refusals_say_why() {
    let bench = Bench::new().await;
    bench
        .store("a.csv", "Date;Entrées;Stock\r\n02/06/2025;5;10\r\n03/06/2025;7;12\r\n", "petit")
        .await;
    let told = bench.app.foresee(&of("petit"), &Asked::default()).await.unwrap();
    assert!(told.reason.is_some() && told.next.is_empty());
    for wrong in [
        Asked { months: 0, ..Asked::default() },
        Asked { months: 13, ..Asked::default() },
        Asked { arrivals: f64::NAN, ..Asked::default() },
        Asked { capacity: Some(-1.0), ..Asked::default() },
        Asked { target: Some(f64::INFINITY), ..Asked::default() },
    ] {
        assert!(bench.app.foresee(&of("petit"), &wrong).await.is_err(), "{wrong:?}");
    }
    // Three weeks of cases: days and weeks are said, honestly wide.
    let lines: Vec<Line> = month("A", 5, 60);
    bench.store("b.csv", &csv(&lines), "pensions").await;
    let told = bench.app.foresee(&of("pensions"), &Asked::default()).await.unwrap();
    for step in &told.next {
        assert!(step.mean.is_finite() && step.bands[1].high > step.mean, "{step:?}");
    }
    // Two processes: the total is theirs, the stock of each is its own.
    let all = bench.app.foresee(&Selection::default(), &Asked::default()).await.unwrap();
    assert!(all.stock.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sees_totals_only_is_told_so() {
    let bench = body().await;
    let valid = Validity { from: day("2025-01-01"), to: None };
    let grant = Grant { role: "national_fund".into(), node: None, processes: None, valid };
    let subject = Subject::Account { id: "fund".into(), person: None };
    let whole = bench.app.registry().organisation().await.unwrap();
    let today = bench.app.today().await.unwrap();
    let fund: App = bench.app.acting(Access::new(subject, &[grant], None, &whole, today));
    let told = fund.foresee(&Selection::default(), &Asked::default()).await.unwrap();
    assert!(told.reason.is_some());
    assert!(told.next.is_empty() && told.past.is_empty() && told.stock.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_nightly_job_learns_every_process() {
    let bench = body().await;
    assert_eq!(bench.app.refit(&Watch::default()).await.unwrap(), 1);
    let stopped = Watch::default();
    stopped.cancel();
    assert!(bench.app.refit(&stopped).await.is_err());
    let job = bench.app.start_refit().await.unwrap();
    for _ in 0..200 {
        let found = bench.app.job(job).await.unwrap();
        if found.status.as_str() == "done" {
            assert_eq!(found.result_json.as_deref(), Some(r#"{"processes":1}"#));
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("the job did not end");
}
