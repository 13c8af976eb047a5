//! Traces and the task log: the same cases as the variants and the map, whatever the partitions.

use eclusier_mining::{Known, Rows, TaskLogKernel, Traces, TracesKernel, VariantsKernel};

use crate::{
    logs,
    support::{Work, run},
};

const EARLY: &[Work] = &[("c1", "A", 0, 2), ("c1", "B", 5, 9), ("c2", "A", 1, 1)];
const LATE: &[Work] = &[("c3", "B", 3, 4), ("c4", "A", 7, 8), ("c4", "B", 9, 9)];

#[test]
fn traces_are_named_in_order_and_counted_over_partitions() {
    let kernel = TracesKernel { rows: Rows::Tasks };
    let traces = run(&kernel, &[EARLY, LATE]);
    assert_eq!(traces, Traces::from_names([(vec!["B"], 1), (vec!["A"], 1), (vec!["A", "B"], 2)]));
    assert_eq!(traces, run(&kernel, &[LATE, EARLY]), "codes are ranks by name");
}

#[test]
fn tasks_keep_their_case_and_what_is_known_of_their_start() {
    let log = run(&TaskLogKernel::default(), &[EARLY, LATE]);
    let ids: Vec<(&str, usize)> =
        log.cases.iter().map(|c| (c.id.as_str(), c.tasks.len())).collect();
    assert_eq!(ids, [("c1", 2), ("c2", 1), ("c3", 1), ("c4", 2)]);
    let names: Vec<&str> =
        log.cases.iter().map(|c| log.activities.name(log.tasks_of(c)[0].activity)).collect();
    assert_eq!(names, ["A", "A", "B", "A"]);
    assert!(log.tasks.iter().all(|t| t.known == Known::Interval));
}

#[test]
fn a_log_with_schedules_says_when_work_entered_the_basket() {
    let Some(batch) = logs::log("log-bpic2012/BPI_Challenge_2012.xes.gz", &[]) else { return };
    let log = logs::run(&TaskLogKernel::default(), &batch);
    let traces = logs::run(&TracesKernel { rows: Rows::Events }, &batch);
    let variants = logs::run(
        &VariantsKernel { rows: Rows::Events, top: 1, ..VariantsKernel::default() },
        &batch,
    );
    assert_eq!(traces.cases(), 13_087);
    assert_eq!(traces.traces.len() as u64, variants.total);
    let scheduled = log.tasks.iter().filter(|t| t.scheduled.is_some()).count() as u64;
    assert!(scheduled > 20_000 && scheduled <= log.pairing.schedules, "{scheduled}");
    assert!(log.tasks.iter().all(|t| t.scheduled.is_none_or(|s| s <= t.start) && t.start <= t.end));
    let intervals = log.tasks.iter().filter(|t| t.known == Known::Interval).count() as u64;
    assert_eq!(intervals, log.pairing.paired);
}
