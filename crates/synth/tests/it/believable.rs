//! Traits that make it look like a body: shares, seasons, stock, late cases, sizes.

use std::collections::{HashMap, HashSet};

use eclusier_calendar::Zone;
use eclusier_core::config::DayCounter;
use eclusier_synth::{Body, DayTruth, Process, Size, ZONE};

use crate::{END, office, team};

fn truth(process: &Process) -> Vec<DayTruth> {
    let mut stream = process.events().unwrap();
    stream.by_ref().for_each(drop);
    stream.truth().days().collect()
}

#[test]
fn the_channels_of_the_mutual_have_their_shares() {
    for body in [office(), Body::protelis(3, END)] {
        let process = body.process("prise-en-charge").unwrap();
        let mut channels: HashMap<&str, f64> = HashMap::new();
        for event in process.events().unwrap().filter(|e| e.activity == "Demande reçue") {
            *channels.entry(event.channel).or_default() += 1.0;
        }
        let all: f64 = channels.values().sum();
        // Three standard errors of a share near 0.45 over the smaller of the two.
        let tolerance = 3.0 * (0.25 / all).sqrt() + 0.004;
        for (name, share) in [("Courrier", 0.4515), ("Courriel", 0.3084), ("Téléphone", 0.2401)] {
            let found = channels[name] / all;
            assert!((found - share).abs() < tolerance, "{name}: {found}, {share} expected");
        }
    }
}

#[test]
fn the_preset_receives_908_requests_per_worked_day_and_answers_few_e_mails() {
    let body = Body::protelis(3, END);
    let process = &body.processes()[0];
    let worked = body.period().days().filter(|d| process.calendar().is_worked(*d)).count() as f64;
    let arrivals: i64 = truth(process).iter().map(|d| d.arrivals).sum();
    let per_day = arrivals as f64 / worked;
    assert!((per_day / 908.0 - 1.0).abs() < 0.06, "{per_day}");
    let (mut written, mut settled) = (HashSet::new(), HashSet::new());
    // The last weeks are still open: only what came before them is judged.
    let until = END.checked_sub(jiff::Span::new().days(90)).unwrap();
    for event in process.events().unwrap().filter(|e| e.channel == "Courriel") {
        if event.activity == "Demande reçue" && event.recorded < until {
            written.insert(event.case.clone());
        }
        if matches!(event.activity, "Liquidation" | "Refus notifié") {
            settled.insert(event.case);
        }
    }
    let share = written.intersection(&settled).count() as f64 / written.len() as f64;
    assert!((0.07..0.10).contains(&share), "{share}");
}

#[test]
fn seasons_and_campaigns_are_visible() {
    let body = office();
    let mean = |process: &str, keep: &dyn Fn(jiff::civil::Date) -> bool| {
        let process = body.process(process).unwrap();
        let days: Vec<i64> = truth(process)
            .iter()
            .filter(|d| process.calendar().is_worked(d.day) && keep(d.day))
            .map(|d| d.arrivals)
            .collect();
        days.iter().sum::<i64>() as f64 / days.len() as f64
    };
    let month = |m: i8| move |d: jiff::civil::Date| d.month() == m;
    assert!(
        mean("indemnites-journalieres", &month(1))
            > 1.4 * mean("indemnites-journalieres", &month(8))
    );
    assert!(
        mean("complementaire-sante", &month(9)) > 1.3 * mean("complementaire-sante", &month(10))
    );
    let weekday = |w: i8| move |d: jiff::civil::Date| d.weekday().to_monday_one_offset() == w;
    assert!(mean("prise-en-charge", &weekday(1)) > 1.25 * mean("prise-en-charge", &weekday(5)));
    // Growth: the second year is above the first.
    let middle = END.checked_sub(jiff::Span::new().years(1)).unwrap();
    assert!(
        mean("indemnites-journalieres", &|d| d > middle)
            > 1.01 * mean("indemnites-journalieres", &|d| d <= middle)
    );
}

#[test]
fn the_stock_builds_and_recedes() {
    for id in ["indemnites-journalieres", "complementaire-sante"] {
        let body = office();
        let days = truth(body.process(id).unwrap());
        // The first quarter fills the body; afterwards it breathes.
        let settled: Vec<i64> = days.iter().skip(90).map(|d| d.closing).collect();
        let (low, high) = (settled.iter().min().unwrap(), settled.iter().max().unwrap());
        assert!(*high > 2 * *low, "{id}: from {low} to {high}");
    }
}

#[test]
fn some_cases_are_late_at_the_end_and_most_are_not() {
    for body in [team(), office()] {
        let zone = Zone::new(ZONE).unwrap();
        for process in body.processes() {
            let rules = process.rules();
            let mut open = HashMap::new();
            let (mut closed, mut in_time) = (0, 0);
            for event in process.events().unwrap() {
                let target = rules.target_for(Some(event.product)).unwrap();
                let day = zone.day_of(event.end_us);
                let is = |list: &[String]| list.iter().any(|a| a == event.activity);
                let states = &rules.states;
                if event.activity == "Demande reçue" {
                    open.insert(event.case, (day, target.days, target.counter));
                } else if is(&states.settled) || is(&states.settled_auto) {
                    if let Some((from, days, counter)) = open.remove(&event.case) {
                        closed += 1;
                        in_time += i64::from(
                            process.calendar().count(counter, from, day) <= i64::from(days),
                        );
                    }
                } else if is(&states.cancelled) || is(&states.transferred) {
                    open.remove(&event.case);
                }
            }
            let overdue = open
                .values()
                .filter(|(from, days, counter)| {
                    process.calendar().count(*counter, *from, END) > i64::from(*days)
                })
                .count();
            assert!(!open.is_empty());
            assert!(overdue < open.len(), "{}", process.id());
            if process.id() != "rentes-at" {
                assert!(overdue > 0, "{} has nothing late", process.id());
            }
            let share = f64::from(in_time as i32) / f64::from(closed);
            assert!((0.75..0.99).contains(&share), "{}: {share} in time", process.id());
        }
    }
}

#[test]
fn sizes_are_what_they_say() {
    let rows = |body: &Body| -> usize {
        body.processes().iter().map(|p| p.events().unwrap().count()).sum()
    };
    let people = |body: &Body| -> usize { body.processes().iter().map(Process::people).sum() };
    let (team, office) = (team(), office());
    assert!((30_000..55_000).contains(&rows(&team)), "{}", rows(&team));
    assert!((10..18).contains(&people(&team)), "{}", people(&team));
    assert!((350_000..550_000).contains(&rows(&office)), "{}", rows(&office));
    assert_eq!((team.processes().len(), office.processes().len()), (3, 6));
    // The network is too long for a test: its people are counted, its rows are in the bench.
    let network = Body::new(1, Size::Network, END);
    let orgs: HashSet<&str> = network.processes()[0].units().map(|u| u.0).collect();
    assert_eq!(orgs.len(), 8);
    assert!(people(&network) > 800, "{}", people(&network));
    assert!("planet".parse::<Size>().is_err());
}

#[test]
fn counts_hold_but_for_the_inventory() {
    for body in [team(), office()] {
        let rows = body.counts();
        let mut stocks: HashMap<&str, i64> = HashMap::new();
        let mut gaps = Vec::new();
        for row in &rows {
            assert!(row.arrivals >= 0 && row.outputs >= 0 && row.stock >= 0);
            if let Some(before) = stocks.insert(row.product, row.stock) {
                let gap = row.stock - (before + row.arrivals - row.outputs);
                if gap != 0 {
                    gaps.push(gap);
                }
            }
        }
        assert_eq!(gaps, [-7]);
        assert_eq!(stocks.len(), 3);
        let first = body.processes()[0].calendar().count(
            DayCounter::Worked,
            body.period().from.yesterday().unwrap(),
            END,
        );
        assert_eq!(i64::try_from(rows.len()).unwrap(), 3 * first);
        assert!(rows.iter().map(|r| r.stock).max() > Some(100));
    }
}
