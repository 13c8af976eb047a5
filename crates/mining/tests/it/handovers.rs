//! Hand-overs: by hand and by brute force over random logs; pm4py is asked in `rework`.

use std::collections::{BTreeMap, BTreeSet};

use eclusier_calendar::WorkClock;
use eclusier_core::Rate;
use eclusier_mining::{By, HandOverKernel, HandOvers, Unknown};

use crate::work::{Row, random, run, task};

fn small() -> Vec<Row> {
    vec![
        task("1", "receive", 0, 10).by("ann", "desk"),
        task("1", "check", 70, 100).by("bob", "office"),
        task("1", "ask", 100, 130).by("ann", "desk"),
        task("1", "decide", 190, 200).by("bob", "office"),
        task("2", "receive", 0, 10).by("ann", "desk"),
        task("2", "check", 5, 20).by("cid", "office"),
        task("2", "decide", 30, 40).by("cid", "office"),
        task("3", "receive", 0, 10).by("ann", "desk"),
        task("3", "check", 20, 30).by("", ""),
        task("3", "decide", 40, 50).by("bob", "office"),
    ]
}

fn cells(h: &HandOvers) -> Vec<(&str, &str, u64, u64)> {
    h.matrix.iter().map(|c| (c.from.as_str(), c.to.as_str(), c.count, c.cases)).collect()
}

#[test]
fn a_small_log_is_counted_by_hand() {
    let segregation = [("check", "decide"), ("receive", "decide"), ("ask", "ask"), ("check", "?")];
    let segregation = segregation.map(|(a, b)| (a.to_owned(), b.to_owned())).to_vec();
    let clock = Some(WorkClock::always());
    let kernel = HandOverKernel { clock, segregation, ..HandOverKernel::default() };
    let found = run(&kernel, &[small()]);
    assert_eq!(cells(&found), [("desk", "office", 3, 2), ("office", "desk", 1, 1)]);
    let first = &found.matrix[0];
    // Waits of 60, 60 and, where the two overlap, 0 seconds.
    assert_eq!((first.median_wait_s, first.total_wait_s), (60.0, 120.0));
    assert_eq!((first.median_worked_wait_s, first.total_worked_wait_s), (Some(60.0), Some(120.0)));
    assert_eq!((found.hand_overs, found.pairs_unknown), (4, 2));
    assert_eq!(found.known_steps, Rate { numerator: 9, denominator: 10 });
    let per_case: Vec<_> = found.per_case.iter().map(|c| (c.hand_overs, c.cases)).collect();
    assert_eq!(per_case, [(0, 1), (1, 1), (3, 1)]);
    assert_eq!(found.mean_per_case, Some(4.0 / 3.0));
    let teams: Vec<_> = found.teams.iter().map(|t| (t.name.as_str(), t.people)).collect();
    assert_eq!(teams, [("desk", Some(1)), ("office", Some(2))]);
    let office = found.parties.iter().find(|p| p.name == "office").unwrap();
    assert_eq!((office.steps, office.cases, office.kept), (5, 3, 1));
    let together: Vec<_> =
        found.together.iter().map(|t| (t.first.as_str(), t.second.as_str(), t.cases)).collect();
    assert_eq!(together, [("desk", "office", 3)]);
    let pings: Vec<_> = found.ping_pong.iter().map(|p| (p.runs, p.cases, p.turns)).collect();
    assert_eq!(pings, [(1, 1, 3)]);
    let checks: Vec<_> = found
        .segregation
        .iter()
        .map(|s| (s.same_person.numerator, s.same_person.denominator, s.cases_unknown))
        .collect();
    // Bob in 1 and Cid in 2 checked and decided; in 3 nobody knows who checked.
    assert_eq!(checks, [(2, 2, 1), (0, 3, 0), (0, 0, 0), (0, 0, 0)]);
}

#[test]
fn the_same_activity_twice_asks_for_two_people() {
    let pair = vec![("check".to_owned(), "check".to_owned())];
    let kernel = HandOverKernel { segregation: pair, ..HandOverKernel::default() };
    let log = [
        ("1", vec!["ann", "ann"]),
        ("2", vec!["ann", "bob"]),
        ("3", vec!["ann"]),
        ("4", vec!["ann", ""]),
        ("5", vec!["", "bob", "bob"]),
    ];
    let rows = log.iter().flat_map(|(case, people)| {
        let tasks = people.iter().enumerate();
        tasks.map(|(i, p)| task(case, "check", i as i64 * 10, i as i64 * 10 + 5).by(p, ""))
    });
    let found = run(&kernel, &[rows.collect()]);
    let check = &found.segregation[0];
    assert_eq!(check.same_person, Rate { numerator: 2, denominator: 3 });
    assert_eq!(check.cases_unknown, 1);
    assert_eq!(found.unknown, Some(Unknown::NoUnits));
    assert_eq!(found.mean_per_case, None);
}

#[test]
fn worked_waits_are_unknown_between_days_and_without_a_clock() {
    let mut days = small();
    days.iter_mut().for_each(|r| r.day = true);
    let clock = Some(WorkClock::always());
    let of = |kernel: HandOverKernel, rows| run(&kernel, &[rows]).matrix[0].median_worked_wait_s;
    assert_eq!(of(HandOverKernel { clock, ..Default::default() }, days), None);
    assert_eq!(of(HandOverKernel::default(), small()), None);
}

#[test]
fn an_empty_log_has_nothing_to_measure() {
    let found = run(&HandOverKernel::default(), &[vec![]]);
    assert_eq!((found.unknown, found.mean_per_case), (Some(Unknown::NothingToMeasure), None));
    assert_eq!(found.known_steps.value(), None);
}

#[test]
fn random_logs_have_what_the_definitions_say_whatever_the_partitions() {
    for seed in 0..60 {
        let log = random(seed, 25);
        for by in [By::Unit, By::Resource] {
            let kernel = HandOverKernel { by, ..HandOverKernel::default() };
            let whole = run(&kernel, &[log.concat()]);
            let who = |r: &Row| if by == By::Unit { r.unit.clone() } else { r.resource.clone() };
            let mut cells: BTreeMap<(String, String), (u64, u64, f64)> = BTreeMap::new();
            let mut together: BTreeMap<(String, String), u64> = BTreeMap::new();
            for rows in &log {
                let mut rows = rows.clone();
                rows.sort_by_key(|r| (r.start.unwrap_or(r.time), r.time));
                let mut met = BTreeSet::new();
                for w in rows.windows(2) {
                    let (Some(a), Some(b)) = (who(&w[0]), who(&w[1])) else { continue };
                    if a != b {
                        let sum = cells.entry((a.clone(), b.clone())).or_default();
                        sum.0 += 1;
                        sum.1 += u64::from(met.insert((a, b)));
                        let wait = w[1].start.unwrap_or(w[1].time) - w[0].time;
                        sum.2 += wait.max(0) as f64;
                    }
                }
                let here: BTreeSet<String> = rows.iter().filter_map(who).collect();
                for a in &here {
                    for b in here.iter().filter(|b| *b > a) {
                        *together.entry((a.clone(), b.clone())).or_default() += 1;
                    }
                }
            }
            let found: BTreeMap<_, _> = whole
                .matrix
                .iter()
                .map(|c| ((c.from.clone(), c.to.clone()), (c.count, c.cases, c.total_wait_s)))
                .collect();
            assert_eq!(found, cells, "seed {seed}");
            let found: BTreeMap<_, _> = whole
                .together
                .iter()
                .map(|t| ((t.first.clone(), t.second.clone()), t.cases))
                .collect();
            assert_eq!(found, together, "seed {seed}");
            // Each pair of neighbours is passed on, kept, or not known.
            let pairs: usize = log.iter().map(|rows| rows.len() - 1).sum();
            let kept: u64 = whole.parties.iter().map(|p| p.kept).sum();
            assert_eq!(whole.hand_overs + kept + whole.pairs_unknown, pairs as u64);
            let cut = log.len() / 3;
            let parts = [log[cut..].concat(), log[..cut].concat()];
            assert_eq!(run(&kernel, &parts), whole, "seed {seed}");
        }
    }
}
