//! Discovery: what it must accept, what it must find again, and how it does on public logs.

use std::time::Instant;

use eclusier_mining::{
    AlignOptions, ProcessTree, Rows, Traces, TracesKernel, align, bpmn,
    conformance::{align_precision, to_the_end},
    discovery::{Options, discover},
};
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};

use crate::{language, logs};

/// Every public log: name, file, activities left out.
fn every_log() -> Vec<(String, String, Vec<String>)> {
    let text = include_str!("../../../cli/tests/it/pm4py_answers.json");
    let answers: serde_json::Value = serde_json::from_str(text).unwrap();
    let one = |(name, log): (&String, &serde_json::Value)| {
        let ignored = log["ignored"].as_array().unwrap();
        let ignored = ignored.iter().map(|i| i.as_str().unwrap().to_owned()).collect();
        (name.clone(), log["file"].as_str().unwrap().to_owned(), ignored)
    };
    answers["logs"].as_object().unwrap().iter().map(one).collect()
}

/// The traces of a log, every delivered row an event.
pub fn traces(file: &str, ignored: &[String]) -> Option<Traces> {
    let ignored: Vec<&str> = ignored.iter().map(String::as_str).collect();
    let batch = logs::log(file, &ignored)?;
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

/// Without noise every case is accepted, and nothing the log names is left out.
fn accepts_all(wanted: impl Fn(&str) -> bool) {
    for (name, file, ignored) in every_log().into_iter().filter(|l| wanted(&l.0)) {
        let Some(traces) = traces(&file, &ignored) else { return };
        let tree = model(&traces, 0.0);
        assert_eq!(refused(&tree, &traces), 0, "{name}: {tree}");
        assert_eq!(tree.activities().len(), traces.activities.len(), "{name}");
    }
}

/// Its 398 activities take as long as all other logs together.
const WIDEST: &str = "bpic2015-1-full";

#[test]
fn without_noise_every_case_of_the_public_logs_is_accepted() {
    accepts_all(|name| name != WIDEST);
}

#[test]
fn without_noise_every_case_of_the_log_of_398_activities_is_accepted() {
    accepts_all(|name| name == WIDEST);
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

/// pm4py 2.7.23 opened the very diagrams found here: what it measured on them holds for ours.
#[test]
fn models_at_a_fifth_are_those_pm4py_opened_and_measured() {
    let stored: serde_json::Value =
        serde_json::from_str(include_str!("answers/discovery.json")).unwrap();
    let logs = stored["logs"].as_object().unwrap();
    assert!(logs.len() >= 7);
    for (name, answer) in logs {
        let Some(mut traces) = traces(answer["file"].as_str().unwrap(), &[]) else { return };
        let diagram = bpmn::from_tree(&model(&traces, 0.2));
        let text = bpmn::write(&diagram);
        let digest = Sha256::digest(&text).iter().map(|b| format!("{b:02x}")).collect::<String>();
        assert_eq!(digest, answer["sha256"].as_str().unwrap(), "{name}: measure it again");
        // Read back as pm4py read it, and measured on the same cases.
        let net = bpmn::read(text.as_bytes()).unwrap().0.to_net().unwrap();
        let ours = |key: &str| answer["ours"][key].as_f64().unwrap();
        let thin = answer["cases_divided_by"].as_u64().unwrap();
        traces.traces.truncate(ours("variants") as usize);
        traces.traces.iter_mut().for_each(|t| t.cases = t.cases.div_ceil(thin));
        let close = |what: &str, got: f64, key: &str, within: f64| {
            assert!((got - ours(key)).abs() <= within, "{name} {what}: {got} for {}", ours(key));
        };
        let found = align(&traces, &net, AlignOptions::default(), &to_the_end).unwrap();
        // Costs are equal; pm4py adds a ten-thousandth for each of its silent steps.
        let fitness = found.fitness(&traces);
        close("fitness", fitness.log.unwrap(), "align_log_fitness", 2e-3);
        // Replay is not compared: with silent steps it depends on how each side drew them.
        traces.traces.truncate(ours("align_precision_variants") as usize);
        let precision =
            align_precision(&traces, &net, AlignOptions::default(), &to_the_end).unwrap();
        close("precision", precision.value().unwrap(), "align_precision", 0.02);
        // As many cases kept as the infrequent miner of pm4py keeps, within a hundredth.
        let theirs = answer["theirs"]["align_log_fitness"].as_f64().unwrap();
        assert!(ours("align_log_fitness") >= theirs - 0.01, "{name}");
    }
}

#[test]
#[ignore = "writes the models that the peers read: set ECLUSIER_MODELS to a folder"]
fn write_models() {
    let Some(out) = std::env::var_os("ECLUSIER_MODELS").map(std::path::PathBuf::from) else {
        return;
    };
    for (name, file, ignored) in every_log() {
        let Some(traces) = traces(&file, &ignored) else { return };
        for noise in [0.0, 0.2] {
            let clock = Instant::now();
            let tree = model(&traces, noise);
            let took = clock.elapsed().as_secs_f64();
            let diagram = bpmn::write(&bpmn::from_tree(&tree));
            std::fs::write(out.join(format!("{name}-{noise}.bpmn")), diagram).unwrap();
            let said = format!(
                "{took:.4} s, {} variants, {} activities\n{tree}\n",
                traces.traces.len(),
                traces.activities.len()
            );
            std::fs::write(out.join(format!("{name}-{noise}.tree")), said).unwrap();
        }
    }
}
