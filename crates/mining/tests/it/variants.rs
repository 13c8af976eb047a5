//! The variants of a log one can count on one's fingers.

use eclusier_calendar::{Calendar, HolidayZone, WorkClock, Zone, usual_openings};
use eclusier_eventlog::VariantId;
use eclusier_mining::{
    HappyRule, NoWorkedTime, Outcomes, Rows, TaskLogKernel, TimelineKernel, Variants,
    VariantsKernel, case_timeline,
};

use crate::{logs, support::*};

const LOG: [Work; 12] = [
    // The later letter comes first in the file: codes are not names.
    ("1", "Z", 0, 1),
    ("1", "A", 10, 11),
    ("2", "B", 0, 4),
    ("2", "A", 5, 10),
    ("3", "B", 0, 4),
    ("3", "A", 5, 20),
    ("4", "B", 0, 4),
    ("4", "A", 5, 60),
    ("5", "A", 0, 7),
    ("5", "C", 8, 9),
    // The long task began first although it ended last.
    ("6", "A", 0, 30),
    ("6", "Y", 10, 12),
];

fn named(variants: &Variants) -> Vec<(String, u64)> {
    variants.variants.iter().map(|v| (v.variant.concat(), v.cases)).collect()
}

fn first(top: usize) -> Variants {
    run(
        &VariantsKernel { rows: Rows::Tasks, top, ..VariantsKernel::default() },
        &[&LOG[..6], &LOG[6..]],
    )
}

#[test]
fn variants_come_most_frequent_first_then_by_the_names_of_their_activities() {
    let all = first(10);
    let expected = [("BA", 3), ("AC", 1), ("AY", 1), ("ZA", 1)];
    assert_eq!(named(&all), expected.map(|(v, n)| (v.to_owned(), n)));
    assert_eq!(all.total, 4);
    let shares: Vec<f64> = all.variants.iter().map(|v| v.share).collect();
    assert_eq!(shares, [3.0 / 6.0, 1.0 / 6.0, 1.0 / 6.0, 1.0 / 6.0]);
    // From the first start to the last end: 10, 20 and 60 seconds.
    assert_eq!(all.variants[0].median_lead_time_s, 20.0);
    assert_eq!(all.variants[2].median_lead_time_s, 30.0);
}

#[test]
fn a_short_list_is_the_beginning_of_the_long_one_and_its_total_and_shares_are_those_of_all() {
    let all = first(10);
    for top in 0..5 {
        let some = first(top);
        assert_eq!(some.variants, all.variants[..top.min(4)], "{top}");
        assert_eq!(some.total, 4, "{top}");
    }
}

fn hours() -> WorkClock {
    let calendar = Calendar::new(HolidayZone::Metropole, &[1, 2, 3, 4, 5], &[]);
    WorkClock::new(&calendar, &Zone::utc(), &usual_openings(), 0, 60).unwrap()
}

#[test]
fn shares_add_up_and_identifiers_name_one_variant() {
    let all = first(10);
    assert_eq!(all.cases, 6);
    let cumulative: Vec<f64> = all.variants.iter().map(|v| v.cumulative_share).collect();
    assert_eq!(cumulative, [3.0 / 6.0, 4.0 / 6.0, 5.0 / 6.0, 1.0]);
    for variant in &all.variants {
        let names = variant.variant.iter().map(String::as_str);
        assert_eq!(variant.id, VariantId::of(names));
        let kernel = VariantsKernel { only: Some(variant.id), top: 0, ..VariantsKernel::default() };
        let only = run(&kernel, &[&LOG[..6], &LOG[6..]]);
        assert_eq!(only.variants, std::slice::from_ref(variant), "with its place among all");
    }
}

#[test]
fn the_happy_path_is_the_most_frequent_that_settles() {
    let outcomes = |of: &[(&str, &str)], settled: &[&str]| Outcomes {
        of: of.iter().map(|(a, o)| ((*a).to_owned(), (*o).to_owned())).collect(),
        settled: settled.iter().map(|s| (*s).to_owned()).collect(),
    };
    let happy = |outcomes| {
        let kernel = VariantsKernel { top: 1, outcomes, ..VariantsKernel::default() };
        let found = run(&kernel, &[&LOG]);
        (found.happy.map(|h| h.variant.concat()), found.happy_rule)
    };
    let path = |p: &str| Some(p.to_owned());
    assert_eq!(happy(Outcomes::default()), (path("BA"), HappyRule::MostFrequent));
    // The last activity that means something decides, not the last one.
    let paid = outcomes(&[("B", "paid"), ("C", "refused"), ("Y", "paid")], &["paid"]);
    assert_eq!(happy(paid), (path("BA"), HappyRule::MostFrequentSettled));
    let refused = outcomes(&[("B", "paid"), ("C", "refused")], &["refused"]);
    assert_eq!(happy(refused), (path("AC"), HappyRule::MostFrequentSettled));
    let never = outcomes(&[("B", "paid")], &["refused"]);
    assert_eq!(happy(never), (None, HappyRule::NoneSettled));
}

#[test]
fn worked_lead_times_leave_out_nights_and_are_not_told_of_days() {
    // Thursday 1 January 1970 is a holiday; Friday 2 and Monday 5 are worked, 9–12 and 13–17.
    const DAY: i64 = 86_400;
    const HOUR: i64 = 3600;
    let rows: [Work; 2] =
        [("1", "A", DAY + 9 * HOUR, DAY + 10 * HOUR), ("1", "B", 4 * DAY, 4 * DAY + 10 * HOUR)];
    let kernel = VariantsKernel { top: 1, clock: Some(hours()), ..VariantsKernel::default() };
    let found = run(&kernel, &[&rows]);
    assert_eq!(found.variants[0].worked_median_lead_time_s, Some(8.0 * 3600.0));
    assert_eq!(found.variants[0].median_lead_time_s, (3 * DAY + HOUR) as f64);
    assert_eq!(found.no_worked_time, None);
    let days = batch_of_days(&rows);
    let found = logs::run(&kernel, &days);
    assert_eq!(found.variants[0].worked_median_lead_time_s, None);
    assert_eq!(found.no_worked_time, Some(NoWorkedTime::DatesOnly));
    let none = VariantsKernel { top: 1, ..VariantsKernel::default() };
    assert_eq!(logs::run(&none, &days).no_worked_time, Some(NoWorkedTime::NoClock));
}

#[test]
fn waits_and_work_of_a_timeline_add_up_to_its_lead_time() {
    let rows: [Work; 5] = [
        ("1", "A", 0, 10),
        ("1", "B", 30, 60),
        ("1", "C", 40, 45),
        ("1", "D", 70, 70),
        ("2", "A", 0, 1),
    ];
    let found = case_timeline(&batch(&rows), "1", None).unwrap();
    let waits: Vec<Option<f64>> = found.tasks.iter().map(|t| t.wait_s).collect();
    // C began while B was open, and D waits for B, which ended last.
    assert_eq!(waits, [None, Some(20.0), Some(0.0), Some(10.0)]);
    let waited: f64 = waits.iter().flatten().sum();
    assert_eq!(waited + 10.0 + 30.0, found.lead_time_s);
    assert_eq!(found.variant, VariantId::of(["A", "B", "C", "D"]));
    assert!(found.tasks.iter().all(|t| t.worked_wait_s.is_none()), "no opening hours were given");
    assert_eq!(case_timeline(&batch(&rows), "3", None), None);
    let worked = case_timeline(&batch(&rows), "1", Some(&WorkClock::always())).unwrap();
    assert!(
        worked.tasks.iter().all(|t| t.worked_wait_s == t.wait_s && t.worked_touch_s == t.touch_s)
    );
    let kernel = TimelineKernel { case: "2".into(), clock: None };
    assert_eq!(run(&kernel, &[&rows[..4], &rows[4..]]).unwrap().tasks.len(), 1);
}

#[test]
fn a_timeline_of_a_public_log_adds_up_case_by_case() {
    let Some(log) = logs::log("log-insurance-claims/insurance.xes.gz", &[]) else { return };
    let tasks = logs::run(&TaskLogKernel::default(), &log);
    for case in tasks.cases.iter().step_by(50) {
        let found = case_timeline(&log, &case.id, None).unwrap();
        let waited: f64 = found.tasks.iter().filter_map(|t| t.wait_s).sum();
        let mut spans: Vec<(i64, i64)> =
            tasks.tasks_of(case).iter().map(|t| (t.start, t.end)).collect();
        spans.sort_unstable();
        let (mut open, mut end) = (0, i64::MIN);
        for (from, to) in spans {
            open += (to - from.max(end)).max(0);
            end = end.max(to);
        }
        assert!((waited + open as f64 / 1e6 - found.lead_time_s).abs() < 1e-6, "{}", case.id);
    }
}
