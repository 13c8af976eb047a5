//! A thousand random histories: the ledger against a recomputation, event by event.

use std::collections::{BTreeMap, BTreeSet};

use eclusier_calendar::date_of;
use eclusier_core::config::{Awaited, DatedRules, DayCounter, Hold, ProcessRules, Target};
use eclusier_core::{Grain, Period};
use eclusier_ledger::{
    AgeStrata, CaseState, GroupBy, LearnedRule, LearningParams, LedgerQuery, LedgerRow, Look, Page,
    Scope, age_strata, cases_behind, cumulative_flow, daily_ledger, delays, delays_by, indicators,
    stock_by_awaited, where_to_act,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::counts::identity_holds;
use crate::support::*;

const ACTIVITIES: [&str; 9] =
    ["Reçu", "Étude", "Demande", "Retour", "Fin", "Auto", "Annulé", "Transféré", "Archivé"];

fn configured(silence: bool) -> ProcessRules {
    let mut rules = ProcessRules::default();
    let name = |i: usize| vec![ACTIVITIES[i].to_owned()];
    rules.states.settled = name(4);
    rules.states.settled_auto = name(5);
    rules.states.cancelled = name(6);
    rules.states.transferred = name(7);
    rules.states.neutral = name(8);
    rules.states.hold = vec![
        Hold { enter: name(2), leave: name(3), awaited: Awaited::Insured, returned: true },
        Hold {
            enter: vec!["Étude".into()],
            leave: vec![],
            awaited: Awaited::Employer,
            returned: false,
        },
    ];
    rules.closing_rule.silence_days = silence.then_some(9.0);
    rules.target = vec![Target {
        product: None,
        days: 4,
        counter: DayCounter::Worked,
        share: None,
        stock: None,
    }];
    rules
}

fn random_log(rng: &mut ChaCha8Rng, date_only: bool) -> Vec<Row> {
    let cases = rng.random_range(1..12);
    let mut rows = Vec::new();
    for c in 0..cases {
        let mut at = rng.random_range(0..40 * DAY) + 20_000 * DAY;
        for _ in 0..rng.random_range(1..8) {
            let activity = ACTIVITIES[rng.random_range(0..ACTIVITIES.len())];
            let time = if date_only { at.div_euclid(DAY) * DAY } else { at };
            let mut row = Row::at(&format!("c{c:02}"), activity, time);
            row.date_only = date_only;
            if !date_only && rng.random_range(0..4) == 0 {
                row.start = Some(time - rng.random_range(0..3 * DAY));
            }
            row.product = Some(["X", "Y"][c % 2].into());
            row.unit = (c % 3 > 0).then(|| format!("u{}", c % 3));
            rows.push(row);
            let longest = [DAY / 4, 3 * DAY, 20 * DAY][rng.random_range(0..3)];
            at += rng.random_range(0..longest);
        }
    }
    rows
}

/// What the oracle knows of a case at the end of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Now {
    Unborn,
    Open,
    Held(Awaited),
    Closed(CaseState),
}

/// Facts of one case: (instant, what it says, begins a task).
fn facts(rows: &[Row], case: &str) -> Vec<(i64, String, bool)> {
    let mut own: Vec<&Row> = rows.iter().filter(|r| r.case == case).collect();
    own.sort_by_key(|r| r.time);
    let mut facts = Vec::new();
    for r in own {
        if let Some(start) = r.start.filter(|s| *s < r.time) {
            facts.push((start, r.activity.clone(), true));
        }
        facts.push((r.time, r.activity.clone(), false));
    }
    facts.sort_by_key(|f| f.0);
    facts
}

/// The state at the end of a day, recomputed from that day's past alone.
fn oracle(facts: &[(i64, String, bool)], end_us: i64, silence: Option<i64>) -> Now {
    let known: Vec<_> = facts.iter().filter(|f| f.0 <= end_us).collect();
    let mut now = Now::Unborn;
    let mut held_by = None;
    for (i, (us, activity, begins)) in known.iter().copied().enumerate() {
        if now == Now::Unborn {
            now = Now::Open;
        } else if let (Some(silence), false) = (silence, matches!(now, Now::Closed(_)))
            && us - known[i - 1].0 > silence
        {
            now = Now::Closed(CaseState::SansSuite);
        }
        let class = match activity.as_str() {
            "Fin" => Some(CaseState::Traite),
            "Auto" => Some(CaseState::TraiteAuto),
            "Annulé" => Some(CaseState::Annule),
            "Transféré" => Some(CaseState::Transfere),
            _ => None,
        };
        if let (Some(class), false) = (class, begins) {
            now = Now::Closed(class);
        } else if activity == "Archivé" || class.is_some_and(|c| now == Now::Closed(c)) {
            // Neutral, or the rest of the task that closed it.
        } else {
            if matches!(now, Now::Closed(_)) {
                now = Now::Open;
            }
            now = match (now, activity.as_str(), begins) {
                (_, "Demande", false) => {
                    held_by = Some("Demande");
                    Now::Held(Awaited::Insured)
                }
                (_, "Étude", false) => {
                    held_by = Some("Étude");
                    Now::Held(Awaited::Employer)
                }
                (Now::Held(_), "Retour", false) => Now::Open,
                (Now::Held(_), _, _) if held_by == Some("Étude") => Now::Open,
                (same, _, _) => same,
            };
        }
    }
    if let (Some(silence), Some(last), false) =
        (silence, known.last(), matches!(now, Now::Closed(_) | Now::Unborn))
        && end_us - last.0 >= silence
    {
        now = Now::Closed(CaseState::SansSuite);
    }
    now
}

fn end_us(day: i32) -> i64 {
    (i64::from(day) + 1) * DAY - 1
}

fn case_names(rows: &[Row]) -> BTreeSet<String> {
    rows.iter().map(|r| r.case.clone()).collect()
}

fn sum(rows: &[LedgerRow], f: fn(&LedgerRow) -> Option<i64>) -> i64 {
    rows.iter().filter_map(f).sum()
}

#[test]
fn the_ledger_of_a_thousand_histories_equals_a_recount() {
    let calendar = weekdays();
    for seed in 0..1_000 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let with_silence = seed % 2 == 0;
        let date_only = seed % 5 == 0;
        let rows = random_log(&mut rng, date_only);
        let rules = always(configured(with_silence));
        let silence = with_silence.then_some(9 * DAY);
        let last_day = (rows.iter().map(|r| r.time).max().unwrap().div_euclid(DAY)) as i32
            + rng.random_range(0..15);
        let table = fold(&[batch(rows.clone())], &rules, None, end_of_number(last_day));
        let views = [view(&table, &rules, &calendar)];
        let ledger = daily_ledger(&views, &LedgerQuery::default()).unwrap();

        // Conservation, day by day and end to end.
        assert!(ledger.iter().all(identity_holds), "seed {seed}");
        assert!(ledger.windows(2).all(|w| w[0].closing == w[1].opening), "seed {seed}");

        // The stock of each day is what the past of that day says, and nothing else.
        let cases: BTreeMap<String, _> =
            case_names(&rows).into_iter().map(|c| (c.clone(), facts(&rows, &c))).collect();
        let mut area = 0i64;
        let mut previous: BTreeMap<&str, Now> = BTreeMap::new();
        for row in &ledger {
            let day = eclusier_calendar::day_number(row.from);
            let mut open = 0;
            for (case, facts) in &cases {
                let now = oracle(facts, end_us(day), silence);
                open += i64::from(matches!(now, Now::Open | Now::Held(_)));
                previous.insert(case, now);
            }
            assert_eq!(row.closing, Some(open), "seed {seed}, {}", row.period);
            area += open;
        }

        // The last states and holds are the oracle's.
        for line in table.lines() {
            let said = match line.state {
                CaseState::EnAttente | CaseState::EnCours => Now::Open,
                CaseState::EnInstanceExterne => Now::Held(line.awaited.unwrap().0),
                closed => Now::Closed(closed),
            };
            assert_eq!(said, previous[line.id], "seed {seed}, case {}", line.id);
            assert!(line.held_us >= 0 && line.returns <= line.holds);
        }

        // Little's law, exactly: the area under the stock is the days each case spent in it.
        let mut case_days = 0i64;
        for i in 0..table.len() {
            let opened = table.line(i).unwrap().opened_day;
            let mut since = Some(opened);
            for t in table.transitions(i) {
                match t.kind {
                    eclusier_ledger::TransitionKind::Close(_) => {
                        case_days += i64::from(t.day - since.take().unwrap());
                    }
                    eclusier_ledger::TransitionKind::Reopen => since = Some(t.day),
                    _ => {}
                }
            }
            case_days += since.map_or(0, |s| i64::from(last_day + 1 - s));
        }
        assert_eq!(area, case_days, "seed {seed}");

        if seed % 10 == 0 {
            other_views_agree(seed, &rows, &rules, &table, &ledger, last_day);
        }
    }
}

/// Grains, groups, leak-freeness, strata, flow: each against the daily ledger.
fn other_views_agree(
    seed: u64,
    rows: &[Row],
    rules: &[DatedRules],
    table: &eclusier_ledger::CaseTable,
    ledger: &[LedgerRow],
    last_day: i32,
) {
    let calendar = weekdays();
    let views = [view(table, rules, &calendar)];
    let first_day = table.first_day().unwrap();
    for grain in [Grain::Week, Grain::Month] {
        let coarse = daily_ledger(&views, &LedgerQuery { grain, ..Default::default() }).unwrap();
        assert!(coarse.iter().all(identity_holds), "seed {seed}");
        for f in [
            |r: &LedgerRow| r.arrivals,
            |r: &LedgerRow| r.settled_human,
            |r: &LedgerRow| r.settled_auto,
            |r: &LedgerRow| r.cancelled,
            |r: &LedgerRow| r.transferred,
            |r: &LedgerRow| r.reopened,
        ] {
            assert_eq!(sum(&coarse, f), sum(ledger, f), "seed {seed}");
        }
        assert_eq!(coarse.last().unwrap().closing, ledger.last().unwrap().closing);
    }
    let by = LedgerQuery {
        group_by: vec![GroupBy::Process, GroupBy::Product, GroupBy::Unit],
        ..Default::default()
    };
    let split = daily_ledger(&views, &by).unwrap();
    assert!(split.iter().all(identity_holds));
    for total in ledger {
        let same: Vec<_> = split.iter().filter(|s| s.from == total.from).cloned().collect();
        assert_eq!(sum(&same, |r| r.closing), total.closing.unwrap(), "seed {seed}");
        assert_eq!(sum(&same, |r| r.arrivals), total.arrivals.unwrap(), "seed {seed}");
    }
    // A part of the period posts the same rows.
    let middle = (first_day + last_day) / 2;
    let period = Some(Period::new(date_of(middle), date_of(last_day)).unwrap());
    let part = daily_ledger(&views, &LedgerQuery { period, ..Default::default() }).unwrap();
    assert_eq!(part, ledger[(middle - first_day) as usize..], "seed {seed}");

    // Leak-free: the log cut at a day gives the same rows up to that day.
    let cut = end_of_number(middle);
    let past = fold(&[batch(rows.to_vec())], rules, None, cut);
    let kept: Vec<Row> = rows
        .iter()
        .filter_map(|r| match r.start.filter(|s| *s < r.time) {
            _ if r.time <= cut.us => Some(r.clone()),
            // A running task is delivered by its start alone.
            Some(start) if start <= cut.us => {
                Some(Row { time: start, start: None, lifecycle: Some("start"), ..r.clone() })
            }
            _ => None,
        })
        .collect();
    let truncated = fold(&[batch(kept)], rules, None, cut);
    for table in [&past, &truncated] {
        let early =
            daily_ledger(&[view(table, rules, &calendar)], &LedgerQuery::default()).unwrap();
        assert_eq!(early, ledger[..early.len()], "seed {seed}");
    }

    // The same day read from the whole table and from the cut one gives the same figures.
    let at = scope_days(first_day, middle);
    let whole = indicators(&views, &at, &[]).unwrap();
    let then = indicators(&[view(&past, rules, &calendar)], &at, &[]).unwrap();
    for (a, b) in whole.iter().zip(&then) {
        // What is due on the day of the extraction may still be met: that day is not judged.
        if a.id != "in_time_due" {
            assert_eq!((a.value, a.n), (b.value, b.n), "seed {seed}, {}", a.id);
        }
    }

    let all = scope_days(first_day, last_day);
    let stock = ledger.last().unwrap().closing.unwrap();
    let strata = age_strata(&views, &all).unwrap();
    assert_eq!(strata.all.iter().sum::<i64>(), stock);
    let page = Page { offset: 0, limit: usize::MAX };
    let ids = ["age_0_5", "age_6_10", "age_11_15", "age_16_30", "age_over_30"];
    for (id, n) in ids.into_iter().zip(strata.all) {
        let listed = cases_behind(&views, &all, id, page).unwrap();
        assert_eq!(listed.total as i64, n);
        let low = AgeStrata::UPPER
            .iter()
            .flatten()
            .filter(|u| **u < listed.cases.iter().map(|c| c.worked_days).min().unwrap_or(0))
            .count();
        assert!(listed.cases.is_empty() || ids[low] == id);
    }
    assert_eq!(stock_by_awaited(&views, &all).iter().map(|a| a.cases).sum::<i64>(), stock);
    for id in ["stock", "stock_actionable", "overdue", "due_soon_1", "due_soon_3", "due_soon_5"] {
        let figure = &indicators(&views, &all, &[id]).unwrap()[0];
        let listed = cases_behind(&views, &all, id, page).unwrap();
        assert_eq!(figure.value, Some(listed.total as f64), "seed {seed}, {id}");
    }
    let flow = cumulative_flow(&views, &all, Grain::Day);
    for (point, row) in flow.iter().zip(ledger) {
        assert_eq!(point.stock, row.closing);
        assert_eq!(point.arrivals - point.outputs, row.closing.unwrap(), "seed {seed}");
    }
    let d = delays(&views, &all);
    assert_eq!(d.histogram.values().sum::<i64>(), d.n);
    let median = &indicators(&views, &all, &["lead_time_p50"]).unwrap()[0];
    assert_eq!((median.value, median.n), (d.percentiles[0], d.n));
    // Week by week, the one pass says what a pass per week says.
    let weeks: Vec<Period> = (first_day..=last_day)
        .step_by(7)
        .map(|d| scope_days(d, (d + 6).min(last_day)).period)
        .collect();
    for (period, d) in weeks.iter().zip(delays_by(&views, &all, &weeks)) {
        let week = Scope { period: *period, ..all.clone() };
        let figures = indicators(&views, &week, &[]).unwrap();
        let shared = Look::new(&views, &all).one(0, &week).indicators(&[]).unwrap();
        assert_eq!(figures, shared, "seed {seed}, {period:?}");
        let of = |id: &str| figures.iter().find(|f| f.id == id).unwrap();
        let p90 = of("lead_time_p90");
        assert_eq!((p90.value, p90.n), (d.percentiles[2], d.n), "seed {seed}, {period:?}");
        assert_eq!(of("lead_time_mean").value, d.mean, "seed {seed}, {period:?}");
        if let Some(net) = d.net_percentiles {
            assert_eq!(of("net_lead_time_p50").value, net[0], "seed {seed}, {period:?}");
        }
    }
    let actions = where_to_act(&views, &all, usize::MAX);
    let missed: i64 = actions.iter().filter_map(|a| a.overdue).sum();
    let overdue = indicators(&views, &all, &["overdue"]).unwrap()[0].value;
    assert_eq!(Some(missed as f64), overdue, "seed {seed}");
}

#[test]
fn partitions_may_be_folded_apart() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let rows = random_log(&mut rng, false);
    let rules = always(configured(true));
    let as_of = end_of_number(20_060);
    let together = fold(&[batch(rows.clone())], &rules, None, as_of);
    let parts: Vec<_> = case_names(&rows)
        .into_iter()
        .map(|c| batch(rows.iter().filter(|r| r.case == c).cloned().collect()))
        .collect();
    let apart = fold(&parts, &rules, None, as_of);
    let lines =
        |t: &eclusier_ledger::CaseTable| t.lines().map(|l| format!("{l:?}")).collect::<Vec<_>>();
    assert_eq!(lines(&together), lines(&apart));
    let bytes = serde_json::to_vec(&apart).unwrap();
    let back: eclusier_ledger::CaseTable = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(lines(&back), lines(&apart));
}

#[test]
fn the_rules_in_force_on_the_day_of_the_event_decide() {
    use jiff::civil::date;
    let mut first = ProcessRules::default();
    first.states.settled = vec!["Signé".into()];
    let mut second = ProcessRules::default();
    second.states.settled = vec!["Notifié".into()];
    second.states.cancelled = vec!["Signé".into()];
    let rules = vec![
        DatedRules { from: date(2024, 1, 1), rules: first },
        DatedRules { from: date(2025, 1, 1), rules: second },
    ];
    let rows = vec![
        Row::on("a", "Reçu", date(2024, 12, 1)),
        Row::on("a", "Signé", date(2024, 12, 31)),
        Row::on("b", "Reçu", date(2024, 12, 1)),
        Row::on("b", "Signé", date(2025, 1, 1)),
        Row::on("c", "Notifié", date(2024, 12, 31)),
    ];
    let table = fold(&[batch(rows)], &rules, None, end_of(date(2025, 2, 1)));
    let states: Vec<_> = table.lines().map(|l| l.state).collect();
    assert_eq!(states, [CaseState::Traite, CaseState::Annule, CaseState::EnAttente]);
}

#[test]
fn a_lapsed_case_leaves_when_the_silence_ends_but_its_lead_time_stops_at_its_last_event() {
    use jiff::civil::date;
    let mut rules = configured(true);
    rules.target.clear();
    let rules = always(rules);
    let rows =
        vec![Row::on("a", "Reçu", date(2025, 3, 3)), Row::on("a", "Retour", date(2025, 3, 5))];
    let table = fold(&[batch(rows)], &rules, None, end_of(date(2025, 3, 31)));
    let closed = table.line(0).unwrap().closed.unwrap();
    assert_eq!(date_of(closed.day), date(2025, 3, 14));
    assert_eq!(date_of(closed.event_day), date(2025, 3, 5));
    assert_eq!(closed.class, eclusier_ledger::CloseClass::Silence);
    let calendar = weekdays();
    let ledger = daily_ledger(&[view(&table, &rules, &calendar)], &LedgerQuery::default()).unwrap();
    let cancelled: Vec<_> =
        ledger.iter().filter(|r| r.cancelled == Some(1)).map(|r| r.from).collect();
    assert_eq!(cancelled, [date(2025, 3, 14)]);
}

#[test]
fn an_open_task_is_work_in_progress() {
    let rules = always(configured(false));
    let mut start = Row::at("a", "Retour", 10 * HOUR);
    start.lifecycle = Some("start");
    let mut end = Row::at("a", "Retour", 20 * HOUR);
    end.lifecycle = Some("complete");
    let rows = vec![Row::at("a", "Reçu", HOUR), start, end];
    let at = |us: i64| {
        let as_of = eclusier_ledger::AsOf { us, day: us.div_euclid(DAY) as i32 };
        fold(&[batch(rows.clone())], &rules, None, as_of).line(0).unwrap().state
    };
    assert_eq!(at(5 * HOUR), CaseState::EnAttente);
    assert_eq!(at(15 * HOUR), CaseState::EnCours);
    assert_eq!(at(25 * HOUR), CaseState::EnAttente);
}

#[test]
fn the_closing_rule_is_learned_from_mature_occurrences_and_said_in_words() {
    let mut rows = Vec::new();
    for i in 0..200i64 {
        let case = format!("{i:03}");
        let t = i * DAY;
        rows.push(Row::at(&case, "Reçu", t));
        rows.push(Row::at(&case, "Instruit", t + 2 * DAY));
        if i % 20 > 0 {
            rows.push(Row::at(&case, "Notifié", t + 5 * DAY));
        }
        if i % 25 == 1 {
            rows.push(Row::at(&case, "Instruit", t + 9 * DAY));
        }
    }
    let as_of = end_of_number(206);
    let rule: LearnedRule = learn(&batch(rows.clone()), as_of, LearningParams::default());
    let names: Vec<_> = rule.terminal.iter().map(|t| t.activity.as_str()).collect();
    assert_eq!(names, ["Notifié"]);
    assert!(rule.terminal[0].share > 0.9 && rule.terminal[0].share < 1.0);
    // Bounded by the width of a bucket of the histogram, then rounded up to a day.
    assert!(rule.silence_us.unwrap() >= 4 * DAY && rule.silence_us.unwrap() <= 5 * DAY);
    let [fr, en] = rule.words();
    assert!(fr.contains("«\u{a0}Notifié\u{a0}»") && fr.contains("90\u{202f}%"), "{fr}");
    assert!(en.contains("“Notifié”") && en.contains("unknown before"), "{en}");
    assert!(!fr.contains("  ") && !fr.contains(" :") && !fr.contains('\''), "{fr}");

    let rules = always(ProcessRules::default());
    let table = fold(&[batch(rows)], &rules, Some(rule), as_of);
    let state = |i: usize| table.line(i).unwrap().state;
    assert_eq!(state(2), CaseState::Traite);
    assert_eq!(state(0), CaseState::SansSuite);
    assert_eq!(state(199), CaseState::Traite);

    // Nothing tells a case settled from one given up: a silence counts as an output.
    let calendar = weekdays();
    let views = [view(&table, &rules, &calendar)];
    let scope = scope_days(0, 206);
    let d = delays(&views, &scope);
    let closed = table.lines().filter(|l| l.closed.is_some()).count() as i64;
    assert_eq!((d.n, d.lapsed > 0), (closed, true));
    // Case 0 stopped after two days: Thursday 1 to Saturday 3 January 1970 is one worked day.
    assert!(d.histogram[&1] > 0);
    let clearance = &indicators(&views, &scope, &["clearance"]).unwrap()[0];
    assert_eq!(clearance.denominator, Some(200.0));
    assert!(clearance.numerator.unwrap() >= closed as f64);
}

#[test]
fn percentiles_equal_a_sort() {
    use jiff::civil::date;
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let mut rules = ProcessRules::default();
    rules.states.settled = vec!["Fin".into()];
    let rules = always(rules);
    let calendar = weekdays();
    for n in 1..60usize {
        let mut leads: Vec<i64> = (0..n).map(|_| rng.random_range(0..40)).collect();
        let begin = date(2025, 1, 1);
        let rows = leads.iter().enumerate().flat_map(|(i, &lead)| {
            let id = format!("{i:03}");
            let end = begin.checked_add(jiff::Span::new().days(lead)).unwrap();
            [Row::on(&id, "Reçu", begin), Row::on(&id, "Fin", end)]
        });
        let table = fold(&[batch(rows.collect())], &rules, None, end_of(date(2025, 3, 1)));
        let mut scope = scope(begin, date(2025, 3, 1));
        scope.counter = DayCounter::Calendar;
        let d = delays(&[view(&table, &rules, &calendar)], &scope);
        leads.sort_unstable();
        for (p, got) in [0.5, 0.75, 0.9].into_iter().zip(d.percentiles) {
            let at = p * (n - 1) as f64;
            let (low, high) = (leads[at.floor() as usize], leads[at.ceil() as usize]);
            let said = low as f64 + (at - at.floor()) * (high - low) as f64;
            assert!((got.unwrap() - said).abs() < 1e-9, "n {n} p {p}");
        }
    }
}

/// A million cases in two years: what a screen asks must be read at once.
#[test]
#[ignore = "prints speeds"]
fn a_million_cases_are_read_at_once() {
    // Time on the processor: other work on the machine does not count.
    let cpu_ms = || {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
        text.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e6
    };
    let mut rules = configured(false);
    rules.states.hold.truncate(1);
    let rules = always(rules);
    let batches: Vec<_> = (0..20)
        .map(|part| {
            let mut rng = ChaCha8Rng::seed_from_u64(part);
            let mut rows = Vec::new();
            for c in 0..50_000 {
                let id = format!("{part:02}{c:06}");
                let mut at = (19_000 + rng.random_range(0..730)) * DAY + rng.random_range(0..DAY);
                let names = ["Reçu", "Examen", "Demande", "Retour", "Fin"];
                let held = rng.random_range(0..4) == 0;
                for (i, name) in names.into_iter().enumerate() {
                    if !held && (i == 2 || i == 3) {
                        continue;
                    }
                    let mut row = Row::at(&id, name, at);
                    row.product = Some(format!("p{}", c % 6));
                    row.unit = Some(format!("u{}", c % 10));
                    rows.push(row);
                    at += rng.random_range(0..6 * DAY);
                }
            }
            batch(rows)
        })
        .collect();
    let clock = cpu_ms();
    let table = fold(&batches, &rules, None, end_of_number(19_728));
    println!("fold {} cases {:.0} ms", table.len(), cpu_ms() - clock);
    let calendar = weekdays();
    let views = [view(&table, &rules, &calendar)];
    let scope = scope_days(19_365, 19_728);
    let time = |name: &str, f: &dyn Fn()| {
        let clock = cpu_ms();
        f();
        println!("{name:32} {:.1} ms", cpu_ms() - clock);
    };
    let by = |group_by: Vec<GroupBy>, grain| LedgerQuery { grain, group_by, ..Default::default() };
    time("ledger by day", &|| drop(daily_ledger(&views, &by(vec![], Grain::Day)).unwrap()));
    time("ledger by week × product × unit", &|| {
        drop(
            daily_ledger(&views, &by(vec![GroupBy::Product, GroupBy::Unit], Grain::Week)).unwrap(),
        );
    });
    time("all indicators", &|| drop(indicators(&views, &scope, &[]).unwrap()));
    time("age strata", &|| {
        std::hint::black_box(age_strata(&views, &scope));
    });
    time("delays", &|| drop(delays(&views, &scope)));
    time("cumulative flow", &|| drop(cumulative_flow(&views, &scope, Grain::Day)));
    time("where to act", &|| drop(where_to_act(&views, &scope, 10)));
    let page = Page { offset: 0, limit: 50 };
    time("cases behind overdue", &|| drop(cases_behind(&views, &scope, "overdue", page).unwrap()));
}
