//! Discovery: what it must accept, what it must find again, and how it does on public logs.

use std::time::Instant;

use eclusier_mining::{
    ProcessTree, Rows, Traces, TracesKernel, bpmn,
    discovery::{Options, discover},
};
use proptest::prelude::*;

use crate::{language, logs};

/// Logs small enough for every run; the others are in the test ignored by default.
const LOGS: &[&str] = &[
    "log-receipt-wabo/receipt.xes.gz",
    "log-helpdesk/helpdesk.xes.gz",
    "log-sepsis/Sepsis_Cases.xes.gz",
    "log-teleclaims/teleclaims.xes.gz",
    "log-purchasing-example/PurchasingExample.csv.gz",
    "log-loan-app/LoanApp.csv.gz",
    "log-production/Production.csv.gz",
    "log-academic-credentials/AcademicCredentials.csv.gz",
    "log-bpic2013/closed_problems.xes.gz",
];
const LARGE: &[&str] = &[
    "log-bpic2012/BPI_Challenge_2012.xes.gz",
    "log-bpic2012-w/BPIC_2012_W.csv.gz",
    "log-bpic2013/incidents.xes.gz",
    "log-bpic2015-municipalities/BPIC15_1_full.xes.gz",
    "log-bpic2015-municipalities/T_BPIC15_1.xes.gz",
    "log-bpic2015-municipalities/T_BPIC15_2.xes.gz",
    "log-bpic2015-municipalities/T_BPIC15_3.xes.gz",
    "log-insurance-claims/insurance.xes.gz",
    "log-road-traffic-fines/road_traffic_fines.csv.gz",
    "log-bpic2019-sample/bpic2019_one_case_per_variant.xes.gz",
    "log-academic-credentials/ConsultaDataMining201618.csv.gz",
];

pub fn traces(path: &str) -> Option<Traces> {
    let ignored: &[&str] = if path.contains("Production") || path.contains("Consulta") {
        &["Start", "End"]
    } else {
        &[]
    };
    let batch = logs::log(path, ignored)?;
    Some(logs::run(&TracesKernel { rows: Rows::Events }, &batch))
}

fn model(traces: &Traces, noise: f64) -> ProcessTree {
    discover(traces, &Options { noise }, &|| false).unwrap()
}

/// Cases that the tree does not accept.
fn refused(tree: &ProcessTree, traces: &Traces) -> u64 {
    let part = language::part(tree, &traces.activities);
    let unfit = traces.traces.iter().filter(|t| !language::accepts(&part, &t.steps));
    unfit.map(|t| t.cases).sum()
}

fn accepts_all(paths: &[&str]) {
    for path in paths {
        let Some(traces) = traces(path) else { return };
        for noise in [0.0, 0.2] {
            let clock = Instant::now();
            let tree = model(&traces, noise);
            let took = clock.elapsed();
            let bad = refused(&tree, &traces);
            eprintln!(
                "{path} noise {noise}: {} variants, {} activities, {took:?}, {bad} of {} refused",
                traces.traces.len(),
                traces.activities.len(),
                traces.cases()
            );
            if noise == 0.0 {
                assert_eq!(bad, 0, "{path}: {tree}");
            }
        }
    }
}

#[test]
fn without_noise_every_case_of_the_public_logs_is_accepted() {
    accepts_all(LOGS);
}

#[test]
#[ignore = "the large logs: run in release"]
fn without_noise_every_case_of_the_large_logs_is_accepted() {
    accepts_all(LARGE);
}

/// Trees whose activities are leaves of their own. `strict`: only those that theory says are
/// found again, without silent parts and with bodies of loops that end otherwise than they begin.
pub fn trees(strict: bool) -> BoxedStrategy<ProcessTree> {
    let leaf = if strict {
        Just(ProcessTree::Activity(String::new())).boxed()
    } else {
        prop_oneof![
            8 => Just(ProcessTree::Activity(String::new())),
            1 => Just(ProcessTree::Silent),
        ]
        .boxed()
    };
    let tree = leaf.prop_recursive(4, 12, 3, |inner| {
        let some = prop::collection::vec(inner, 2..4);
        prop_oneof![
            3 => some.clone().prop_map(ProcessTree::Sequence),
            2 => some.clone().prop_map(ProcessTree::Choice),
            1 => some.clone().prop_map(ProcessTree::Parallel),
            1 => some.prop_map(ProcessTree::Loop),
        ]
    });
    tree.prop_map(|mut t| {
        let mut n = 0;
        name(&mut t, &mut n);
        t
    })
    .prop_filter("few leaves", |t| t.activities().len() <= 9)
    .boxed()
}

fn name(tree: &mut ProcessTree, n: &mut u8) {
    match tree {
        ProcessTree::Activity(name) => {
            *name = char::from(b'a' + *n).to_string();
            *n = (*n + 1).min(25);
        }
        ProcessTree::Silent => {}
        ProcessTree::Sequence(b)
        | ProcessTree::Choice(b)
        | ProcessTree::Parallel(b)
        | ProcessTree::Loop(b) => b.iter_mut().for_each(|t| self::name(t, n)),
    }
}

/// Numbers below n, always the same for one seed.
fn dice(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed | 1;
    move |n| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % n.max(1) as u64) as usize
    }
}

/// Runs of a tree, long ones left out.
fn runs(tree: &ProcessTree, count: usize, seed: u64) -> Vec<Vec<String>> {
    let mut draw = dice(seed);
    let all = (0..count).map(|_| language::run(tree, &mut draw));
    all.filter(|r| r.len() <= 40).collect()
}

fn log_of(runs: &[Vec<String>]) -> Traces {
    Traces::from_names(runs.iter().map(|r| (r.iter().map(String::as_str).collect(), 1)))
}

fn first_steps(tree: &ProcessTree, last: bool) -> std::collections::BTreeSet<String> {
    use ProcessTree::{Activity, Choice, Loop, Parallel, Sequence, Silent};
    match tree {
        Activity(name) => [name.clone()].into(),
        Silent => [].into(),
        Sequence(b) => first_steps(if last { b.last().unwrap() } else { &b[0] }, last),
        Loop(b) => first_steps(&b[0], last),
        Choice(b) | Parallel(b) => b.iter().flat_map(|t| first_steps(t, last)).collect(),
    }
}

/// Loops whose body begins and ends with other steps, and nothing repeated runs in parallel.
fn rediscoverable(tree: &ProcessTree) -> bool {
    let here = match tree {
        ProcessTree::Loop(b) => {
            first_steps(&b[0], false).is_disjoint(&first_steps(&b[0], true))
                && !matches!(b[0], ProcessTree::Loop(_))
        }
        _ => true,
    };
    here && tree.blocks().iter().all(rediscoverable)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_log_is_accepted_without_noise(
        log in prop::collection::vec((prop::collection::vec(0u8..6, 0..9), 1u64..5), 0..9),
        noise in prop_oneof![Just(0.0), 0.0..1.0],
    ) {
        let names: Vec<(Vec<String>, u64)> = log
            .iter()
            .map(|(t, n)| (t.iter().map(|a| char::from(b'a' + a).to_string()).collect(), *n))
            .collect();
        let traces = Traces::from_names(
            names.iter().map(|(t, n)| (t.iter().map(String::as_str).collect(), *n)));
        let tree = model(&traces, noise);
        prop_assert_eq!(&tree, &tree.clone().folded());
        if noise == 0.0 {
            prop_assert_eq!(refused(&tree, &traces), 0, "{}", tree);
        } else {
            // Whatever is left out, the leaves are activities of the log, each once.
            language::part(&tree, &traces.activities);
        }
    }

    #[test]
    fn runs_of_any_tree_are_accepted_by_what_is_found(tree in trees(false), seed in 1u64..1000) {
        let traces = log_of(&runs(&tree, 60, seed));
        let found = model(&traces, 0.0);
        prop_assert_eq!(refused(&found, &traces), 0, "{} from {}", found, tree);
    }

    #[test]
    fn a_tree_is_found_again_from_enough_runs(tree in trees(true), seed in 1u64..1000) {
        prop_assume!(rediscoverable(&tree));
        let known = log_of(&runs(&tree, 3000, seed));
        let found = model(&known, 0.0);
        prop_assert_eq!(refused(&found, &known), 0);
        // Nothing more is accepted than the tree produced it from.
        let other = log_of(&runs(&found, 300, seed + 7));
        prop_assert_eq!(refused(&tree, &other), 0, "{} from {}", found, tree);
    }
}

#[test]
#[ignore = "writes the models that the peers read: set ECLUSIER_MODELS to a folder"]
fn write_models() {
    let Some(out) = std::env::var_os("ECLUSIER_MODELS").map(std::path::PathBuf::from) else {
        return;
    };
    for path in LOGS.iter().chain(LARGE) {
        let Some(traces) = traces(path) else { return };
        for noise in [0.0, 0.2] {
            let tree = model(&traces, noise);
            let name = path.rsplit('/').next().unwrap();
            let name = name.split('.').next().unwrap();
            let diagram = bpmn::from_tree(&tree);
            std::fs::write(out.join(format!("{name}-{noise}.bpmn")), bpmn::write(&diagram))
                .unwrap();
            std::fs::write(out.join(format!("{name}-{noise}.tree")), tree.to_string()).unwrap();
        }
    }
}
