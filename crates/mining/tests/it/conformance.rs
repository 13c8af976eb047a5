//! Conformance: by hand, against an exhaustive search, and against pm4py's answers.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap},
    ops::ControlFlow,
};

use eclusier_mining::{
    AlignOptions, Alignments, ConformanceError, PetriNet, Rows, Traces, TracesKernel, Transition,
    align,
    conformance::{
        DeviationKind, Method, Move, NoExtraTime, NoPrecision, activity_moves, align_precision,
        conformance, deviations, replay_precision, to_the_end,
    },
    discovery::{Options, discover},
    token_replay,
};
use proptest::prelude::*;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::logs;

/// A net from lines `label: inputs > outputs`, `.` for a silent step; from place 0 to the last.
fn net(places: usize, lines: &[&str]) -> PetriNet {
    let list = |text: &str| text.split_whitespace().map(|p| p.parse().unwrap()).collect();
    let transitions = lines
        .iter()
        .enumerate()
        .map(|(number, line)| {
            let (label, arcs) = line.split_once(':').unwrap();
            let (inputs, outputs) = arcs.split_once('>').unwrap();
            Transition {
                name: format!("t{number:02}"),
                label: (label != ".").then(|| label.to_owned()),
                inputs: list(inputs),
                outputs: list(outputs),
            }
        })
        .collect();
    PetriNet {
        places: (0..places).map(|p| format!("p{p}")).collect(),
        transitions,
        initial: vec![(0, 1)],
        end: vec![(places as u32 - 1, 1)],
    }
}

fn log(variants: &[(&str, u64)]) -> Traces {
    Traces::from_names(
        variants.iter().map(|&(v, n)| (v.split(' ').filter(|a| !a.is_empty()).collect(), n)),
    )
}

/// Register, then check and pay in any order, maybe a letter, close.
fn desk() -> PetriNet {
    net(
        7,
        &[
            "register: 0 > 1 2",
            "check: 1 > 3",
            "pay: 2 > 4",
            ".: 3 4 > 5",
            "letter: 5 > 5",
            "close: 5 > 6",
        ],
    )
}

fn aligned(traces: &Traces, net: &PetriNet) -> Alignments {
    align(traces, net, AlignOptions::default(), &to_the_end).unwrap()
}

#[test]
fn the_worked_example_of_the_method_note() {
    let traces = log(&[
        ("register check pay close", 6),
        ("register pay check letter close", 2),
        ("register check close", 1),
        ("register phone check pay close", 1),
    ]);
    let found = aligned(&traces, &desk());
    let costs: BTreeMap<usize, u64> = traces
        .traces
        .iter()
        .zip(&found.variants)
        .map(|(t, a)| (t.steps.len(), a.as_ref().unwrap().cost))
        .collect();
    assert_eq!(costs[&3], 1, "pay was skipped");
    assert_eq!((found.shortest_run, found.shortest_run_silent), (4, 1));
    let fitness = found.fitness(&traces);
    // Worst: 8·6, 9·2, 7, 9 moves; for the peer, a ten-thousandth more for each silent step.
    let (cost, worst) = (2.0, 48.0 + 18.0 + 7.0 + 9.0);
    assert_eq!(fitness.log, Some(1.0 - cost / worst));
    let (cost, worst) = (cost + 10.0 / 1e4, worst + 10.0 / 1e4);
    assert!((fitness.log_as_peer.unwrap() - (1.0 - cost / worst)).abs() < 1e-12);
    let average = (8.0 + (1.0 - 1.0 / 7.0) + (1.0 - 1.0 / 9.0)) / 10.0;
    assert!((fitness.average.unwrap() - average).abs() < 1e-12);
    assert_eq!((fitness.cases_fitting, fitness.cases), (8, 10));

    let all = deviations(&traces, &desk(), &found, None);
    let told: Vec<_> =
        all.iter().map(|d| (d.kind, d.activity.as_str(), d.after.as_deref(), d.cases)).collect();
    assert_eq!(
        told,
        [
            (DeviationKind::Skipped, "pay", Some("register"), 1),
            (DeviationKind::Unforeseen, "phone", Some("register"), 1),
        ]
    );
    assert!(all.iter().all(|d| d.no_extra_time == Some(NoExtraTime::NoLeadTimes)));
    let moves = activity_moves(&traces, &desk(), &found);
    let pay = moves.iter().find(|m| m.activity == "pay").unwrap();
    assert_eq!((pay.synchronous, pay.log_moves, pay.model_moves), (9, 0, 1));

    // Replay: the third variant lends one token to the join (check or pay is all the same).
    let replay = token_replay(&traces, &desk(), &to_the_end).unwrap();
    assert_eq!(replay.fitness(&traces).cases_fitting, 9, "phone is passed over by replay");
}

#[test]
fn precision_of_the_worked_example() {
    // After "register" the model allows check and pay, after both letter and close.
    let traces = log(&[("register check pay close", 3), ("register pay check close", 1)]);
    let found = align_precision(&traces, &desk(), AlignOptions::default(), &to_the_end).unwrap();
    // register 1·4; check, pay 2·4; pay after check 1·3; check after pay 1·1; letter, close 2·4.
    assert_eq!((found.allowed, found.escaping), (4 + 8 + 3 + 1 + 8, 4));
    assert_eq!((found.allowed_in_full, found.escaping_in_full), (24, 4));
    assert_eq!(found.value(), Some(1.0 - 4.0 / 24.0));
    let replayed = replay_precision(&traces, &desk(), &to_the_end).unwrap();
    assert_eq!(replayed, found);
}

#[test]
fn what_deviating_cases_take_more_is_told_with_its_support() {
    let traces = log(&[("register check pay close", 30), ("register check close", 12)]);
    let found = aligned(&traces, &desk());
    let all = deviations(&traces, &desk(), &found, Some(&[3600.0, 9000.0]));
    let extra = all[0].extra_time.unwrap();
    assert_eq!((extra.deviating_cases, extra.fitting_cases), (12, 30));
    assert_eq!((extra.minutes_per_case, extra.minutes), (90.0, 1080.0));
    let few = log(&[("register check pay close", 30), ("register check close", 9)]);
    let found = aligned(&few, &desk());
    let all = deviations(&few, &desk(), &found, Some(&[3600.0, 9000.0]));
    assert_eq!(all[0].no_extra_time, Some(NoExtraTime::TooFew { n: 9 }));
    assert_eq!(all[0].extra_time, None);
}

#[test]
fn poor_input_has_honest_answers() {
    let options = AlignOptions::default();
    let ask = |traces: &Traces, net: &PetriNet, method| {
        conformance(traces, net, method, options, None, &to_the_end)
    };
    for method in [Method::Alignments, Method::Replay] {
        let nothing = ask(&Traces::default(), &desk(), method).unwrap();
        assert_eq!((nothing.fitness, nothing.precision, nothing.cases), (None, None, 0));
        assert_eq!(nothing.no_precision, Some(NoPrecision::NoCases));
        // A model of nothing: every event is one too many.
        let all = ask(&log(&[("a b", 2)]), &PetriNet::default(), method).unwrap();
        assert_eq!(all.deviations.iter().map(|d| d.occurrences).sum::<u64>(), 4);
        // The net names a place it has not.
        let broken = net(2, &["a: 0 > 7"]);
        let error = ask(&log(&[("a", 1)]), &broken, method).unwrap_err();
        assert_eq!(error, ConformanceError::NoSuchPlace { place: 7, places: 2 });
        // An activity the log never did, and one the model never does.
        let other = ask(&log(&[("z", 1)]), &net(2, &["a: 0 > 1"]), method).unwrap();
        assert_eq!(other.activities.len(), 2);
    }
    let all = ask(&log(&[("a b", 2)]), &PetriNet::default(), Method::Alignments).unwrap();
    assert_eq!((all.fitness, all.cases_fitting), (Some(0.0), 0));
    // A deadlock: nobody reaches place 2.
    let stuck = net(3, &["a: 0 > 1"]);
    let error = ask(&log(&[("a", 1)]), &stuck, Method::Alignments).unwrap_err();
    assert_eq!(error, ConformanceError::NoRun);
    // Tokens without number, and no end in sight.
    let flood = net(3, &[".: 0 > 0 1", ".: 1 > 1 1"]);
    let small = AlignOptions { states: 2_000, markings: 500, ..options };
    let error = align(&log(&[("a", 1)]), &flood, small, &to_the_end).unwrap_err();
    assert_eq!(error, ConformanceError::NoRun);
    let flood = net(3, &["a: 0 > 0 1", "b: 1 > 2", "c: 0 1 > 1"]);
    let found = align(&log(&[("a a a a c b", 1), ("a c b", 1)]), &flood, small, &to_the_end);
    assert!(found.unwrap().variants.iter().all(Option::is_some), "unbounded, yet two runs end");
    let told = |_: u64, _: u64| ControlFlow::Break(());
    let stopped = conformance(&log(&[("a", 1)]), &desk(), Method::Alignments, options, None, &told);
    assert_eq!(stopped.unwrap_err(), ConformanceError::Stopped);
    let stopped = token_replay(&log(&[("a", 1)]), &desk(), &told);
    assert_eq!(stopped.unwrap_err(), ConformanceError::Stopped);
}

#[test]
fn beyond_the_limit_a_variant_is_unknown_and_counted() {
    // Twelve tasks at once: 4096 markings, and a trace that does them backwards twice.
    let lines: Vec<String> = (0..12).map(|i| format!("t{i:02}: {} > {}", i + 1, i + 13)).collect();
    let split: String = (1..13).map(|i| format!(" {i}")).collect();
    let join: String = (13..25).map(|i| format!(" {i}")).collect();
    let (split, join) = (format!("split: 0 >{split}"), format!("join:{join} > 25"));
    let mut all: Vec<&str> = lines.iter().map(String::as_str).collect();
    all.extend([split.as_str(), join.as_str()]);
    let wide = net(26, &all);
    let back: Vec<String> = (0..12).rev().map(|i| format!("t{i:02}")).collect();
    let hard = format!("join {0} split {0}", back.join(" "));
    let traces = log(&[("split join", 5), (&hard, 1)]);
    let narrow = AlignOptions { states: 1_100, markings: 10, blocks: false, threads: None };
    let found = align(&traces, &wide, narrow, &to_the_end).unwrap();
    let known: Vec<bool> = found.variants.iter().map(Option::is_some).collect();
    assert!(known.contains(&false), "{known:?}");
    let found = conformance(&traces, &wide, Method::Alignments, narrow, None, &to_the_end).unwrap();
    assert!(found.variants_unknown > 0 && found.cases_unknown > 0);
    // With room, all are known, and as they are when all markings are found beforehand.
    let free = AlignOptions { markings: 10, blocks: false, ..AlignOptions::default() };
    let lazy = align(&traces, &wide, free, &to_the_end).unwrap();
    let all = AlignOptions { blocks: false, ..AlignOptions::default() };
    let whole = align(&traces, &wide, all, &to_the_end).unwrap();
    assert_eq!((lazy.markings, whole.markings), (None, Some(4098)));
    let costs = |a: &Alignments| -> Vec<u64> {
        a.variants.iter().map(|v| v.as_ref().unwrap().cost).collect()
    };
    assert_eq!(costs(&lazy), costs(&whole));
}

/// The dullest way to the same figure: every move from every state, cheapest first.
/// `None` when there are too many states; `Some(None)` when there is no run.
fn exhaustive(net: &PetriNet, trace: &[&str]) -> Option<Option<(u64, u64)>> {
    type State = (usize, BTreeMap<u32, u32>);
    let begin = (0usize, net.initial.iter().copied().collect::<BTreeMap<u32, u32>>());
    let end: State = (trace.len(), net.end.iter().copied().collect());
    let mut open = BinaryHeap::from([Reverse((0u64, 0u64, begin))]);
    let mut closed: BTreeSet<State> = BTreeSet::new();
    while let Some(Reverse((cost, silent, state))) = open.pop() {
        if state == end {
            return Some(Some((cost, silent)));
        }
        if !closed.insert(state.clone()) {
            continue;
        }
        if closed.len() > 4_000 || state.1.values().sum::<u32>() > 8 {
            return None;
        }
        let (event, marking) = state;
        if event < trace.len() {
            open.push(Reverse((cost + 1, silent, (event + 1, marking.clone()))));
        }
        for t in &net.transitions {
            if t.inputs.iter().any(|p| !marking.contains_key(p)) {
                continue;
            }
            let mut after = marking.clone();
            for p in &t.inputs {
                let n = after.get_mut(p).unwrap();
                *n -= 1;
                if *n == 0 {
                    after.remove(p);
                }
            }
            for &p in &t.outputs {
                *after.entry(p).or_default() += 1;
            }
            match &t.label {
                None => open.push(Reverse((cost, silent + 1, (event, after)))),
                Some(label) => {
                    if trace.get(event) == Some(&label.as_str()) {
                        open.push(Reverse((cost, silent, (event + 1, after.clone()))));
                    }
                    open.push(Reverse((cost + 1, silent, (event, after))));
                }
            }
        }
    }
    Some(None)
}

#[derive(Debug, Clone)]
enum Block {
    Step(Option<u8>),
    Sequence(Vec<Block>),
    Choice(Vec<Block>),
    Parallel(Vec<Block>),
    Loop(Box<Block>, Box<Block>),
}

fn blocks() -> impl Strategy<Value = Block> {
    let leaf =
        prop_oneof![3 => (0u8..5).prop_map(|l| Block::Step(Some(l))), 1 => Just(Block::Step(None))];
    leaf.prop_recursive(3, 14, 3, |inner| {
        let some = prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            some.clone().prop_map(Block::Sequence),
            some.clone().prop_map(Block::Choice),
            some.prop_map(Block::Parallel),
            (inner.clone(), inner).prop_map(|(a, b)| Block::Loop(Box::new(a), Box::new(b))),
        ]
    })
}

const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

/// Lays a block between two places.
fn lay(net: &mut PetriNet, block: &Block, from: u32, to: u32) {
    let place = |net: &mut PetriNet| {
        net.places.push(format!("p{}", net.places.len()));
        net.places.len() as u32 - 1
    };
    let step = |net: &mut PetriNet, label: Option<u8>, inputs: Vec<u32>, outputs: Vec<u32>| {
        net.transitions.push(Transition {
            name: format!("t{}", net.transitions.len()),
            label: label.map(|l| NAMES[l as usize].to_owned()),
            inputs,
            outputs,
        });
    };
    match block {
        Block::Step(label) => step(net, *label, vec![from], vec![to]),
        Block::Choice(all) => all.iter().for_each(|b| lay(net, b, from, to)),
        Block::Sequence(all) => {
            let mut at = from;
            for (i, b) in all.iter().enumerate() {
                let next = if i + 1 == all.len() { to } else { place(net) };
                lay(net, b, at, next);
                at = next;
            }
        }
        Block::Parallel(all) => {
            let ends: Vec<(u32, u32)> = all.iter().map(|_| (place(net), place(net))).collect();
            step(net, None, vec![from], ends.iter().map(|e| e.0).collect());
            step(net, None, ends.iter().map(|e| e.1).collect(), vec![to]);
            all.iter().zip(ends).for_each(|(b, (x, y))| lay(net, b, x, y));
        }
        Block::Loop(body, again) => {
            let (x, y) = (place(net), place(net));
            step(net, None, vec![from], vec![x]);
            step(net, None, vec![y], vec![to]);
            lay(net, body, x, y);
            lay(net, again, y, x);
        }
    }
}

fn block_net(block: &Block) -> PetriNet {
    let mut net = PetriNet {
        places: vec!["begin".into(), "end".into()],
        transitions: vec![],
        initial: vec![(0, 1)],
        end: vec![(1, 1)],
    };
    lay(&mut net, block, 0, 1);
    net
}

/// Nets of no shape at all: they block, flood and never end.
fn wild_nets() -> impl Strategy<Value = PetriNet> {
    let places = 5u32;
    let side = prop::collection::btree_set(0..places, 0..3);
    let step = (prop::option::weighted(0.75, 0u8..4), side.clone(), side);
    prop::collection::vec(step, 1..7).prop_map(move |steps| PetriNet {
        places: (0..places).map(|p| format!("p{p}")).collect(),
        transitions: steps
            .into_iter()
            .enumerate()
            .map(|(n, (label, inputs, outputs))| Transition {
                name: format!("t{n}"),
                label: label.map(|l| NAMES[l as usize].to_owned()),
                inputs: inputs.into_iter().collect(),
                outputs: outputs.into_iter().collect(),
            })
            .collect(),
        initial: vec![(0, 1)],
        end: vec![(places - 1, 1)],
    })
}

fn words() -> impl Strategy<Value = Vec<Vec<&'static str>>> {
    prop::collection::vec(prop::collection::vec(prop::sample::select(&NAMES[..]), 0..9), 1..5)
}

/// Fires the model's side of each alignment from beginning to end, and reads back the case.
fn replays(traces: &Traces, net: &PetriNet, found: &Alignments) -> Result<(), TestCaseError> {
    for (trace, found) in traces.traces.iter().zip(&found.variants) {
        let Some(found) = found else { continue };
        let mut marking: BTreeMap<u32, u32> = net.initial.iter().copied().collect();
        let (mut events, mut cost, mut silent) = (0u32, 0u64, 0u64);
        for one in &found.moves {
            let fired = match *one {
                Move::Log { event } => {
                    prop_assert_eq!(event, events);
                    (events, cost) = (events + 1, cost + 1);
                    continue;
                }
                Move::Synchronous { event, transition } => {
                    prop_assert_eq!(event, events);
                    events += 1;
                    let label = net.transitions[transition as usize].label.as_deref();
                    let done = &traces.activities[trace.steps[event as usize] as usize];
                    prop_assert_eq!(label, Some(done.as_str()));
                    transition
                }
                Move::Model { transition } => {
                    prop_assert!(net.transitions[transition as usize].label.is_some());
                    cost += 1;
                    transition
                }
                Move::Silent { transition } => {
                    prop_assert!(net.transitions[transition as usize].label.is_none());
                    silent += 1;
                    transition
                }
            };
            let t = &net.transitions[fired as usize];
            for p in &t.inputs {
                let left = marking.get(p).copied().unwrap_or(0).checked_sub(1);
                prop_assert!(left.is_some(), "transition {} is not enabled", fired);
                marking.insert(*p, left.unwrap());
            }
            for &p in &t.outputs {
                *marking.entry(p).or_default() += 1;
            }
        }
        marking.retain(|_, n| *n > 0);
        prop_assert_eq!(marking, net.end.iter().copied().collect::<BTreeMap<_, _>>());
        prop_assert_eq!(events as usize, trace.steps.len());
        prop_assert_eq!((cost, silent), (found.cost, found.silent));
    }
    Ok(())
}

fn as_exhaustive(net: &PetriNet, words: &[Vec<&str>]) -> Result<(), TestCaseError> {
    let traces = Traces::from_names(words.iter().map(|w| (w.clone(), 1)));
    let truth: Option<Vec<Option<(u64, u64)>>> = traces
        .traces
        .iter()
        .map(|t| {
            let names: Vec<&str> =
                t.steps.iter().map(|&s| traces.activities[s as usize].as_str()).collect();
            exhaustive(net, &names)
        })
        .collect();
    let blocks = AlignOptions { threads: Some(1), states: 12_000, markings: 500, blocks: true };
    let one = AlignOptions { states: 6_000, blocks: false, ..blocks };
    let mut last = None;
    // By blocks where there are; all markings beforehand, with leaps; one at a time.
    for options in [blocks, one, AlignOptions { markings: 0, ..one }] {
        let mut found = align(&traces, net, options, &to_the_end);
        // A few nets of chance are wider than these small limits: they get what they need.
        if truth.is_some() && found.as_ref().is_ok_and(|f| f.variants.contains(&None)) {
            let wide = AlignOptions { states: 30 * options.states, ..options };
            found = align(&traces, net, wide, &to_the_end);
        }
        match (found, &truth) {
            (Ok(found), Some(truth)) => {
                let costs: Vec<Option<(u64, u64)>> =
                    found.variants.iter().flatten().map(|a| Some((a.cost, a.silent))).collect();
                prop_assert_eq!(&costs, truth);
                replays(&traces, net, &found)?;
            }
            (Ok(found), None) => replays(&traces, net, &found)?,
            (Err(ConformanceError::NoRun), Some(truth)) => {
                prop_assert!(truth.iter().all(Option::is_none));
            }
            (Err(ConformanceError::TooLarge { .. } | ConformanceError::NoRun), None) => {}
            (Err(error), _) => prop_assert!(false, "{}", error),
        }
        let precision = align_precision(&traces, net, options, &to_the_end).unwrap();
        if truth.as_ref().is_some_and(|t| t.iter().all(Option::is_some)) {
            prop_assert_eq!(*last.get_or_insert(precision), precision);
        }
        prop_assert!(precision.value().is_none_or(|p| (0.0..=1.0).contains(&p)));
        prop_assert!(precision.allowed <= precision.allowed_in_full);
    }
    // Replay answers whatever the net, and a case that fits by alignment can lack nothing.
    let replay = token_replay(&traces, net, &to_the_end).unwrap();
    for found in &replay.variants {
        prop_assert!((0.0..=1.0).contains(&found.fitness()), "{:?}", found);
        prop_assert_eq!(found.produced + found.missing, found.consumed + found.remaining);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn block_nets_align_as_the_exhaustive_search_says(block in blocks(), words in words()) {
        as_exhaustive(&block_net(&block), &words)?;
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn nets_of_no_shape_align_as_the_exhaustive_search_says(net in wild_nets(), words in words()) {
        as_exhaustive(&net, &words)?;
    }
}

/// Side by side, the optional steps of a municipality have markings without number.
#[test]
fn models_of_many_branches_are_aligned_to_the_last_variant() {
    for (number, noise) in [(1, 0.2), (2, 0.2), (3, 0.2), (2, 0.0)] {
        let file = format!("log-bpic2015-municipalities/T_BPIC15_{number}.xes.gz");
        let Some(batch) = logs::log(&file, &[]) else { return };
        let mut traces = logs::run(&TracesKernel { rows: Rows::Tasks }, &batch);
        let net = PetriNet::from(&discover(&traces, &Options { noise }, &|| false).unwrap());
        let found = aligned(&traces, &net);
        assert!(found.variants.iter().all(Option::is_some), "{file} at {noise}");
        assert!(found.peak_states < 2_000, "{} states", found.peak_states);
        replays(&traces, &net, &found).unwrap();
        assert_eq!(found.fitness(&traces).log == Some(1.0), noise == 0.0);
        if number == 3 {
            // Its 32,911 markings can be found: the other way says the same.
            traces.traces.truncate(80);
            let options = AlignOptions { blocks: false, ..AlignOptions::default() };
            let other = align(&traces, &net, options, &to_the_end).unwrap();
            assert_eq!(other.markings, Some(32_911));
            let costs = |a: &Alignments| -> Vec<(u64, u64)> {
                let known = a.variants.iter().flatten().map(|v| (v.cost, v.silent));
                known.take(80).collect()
            };
            assert_eq!(costs(&found), costs(&other));
        }
    }
}

#[test]
fn threads_change_nothing() {
    let words: Vec<(String, u64)> = (0..60u64)
        .map(|i| {
            let names = ["register", "check", "pay", "letter", "close"];
            let word: Vec<&str> =
                (0..6).map(|k| names[((i * 7 + k * k * 3 + i / 5) % 5) as usize]).collect();
            (word.join(" "), i + 1)
        })
        .collect();
    let list: Vec<(&str, u64)> = words.iter().map(|(w, n)| (w.as_str(), *n)).collect();
    let traces = log(&list);
    let with = |threads| {
        let options = AlignOptions { threads: Some(threads), ..AlignOptions::default() };
        align(&traces, &desk(), options, &to_the_end).unwrap().variants
    };
    assert_eq!(with(1), with(3));
}

// pm4py

fn answers(name: &str) -> Value {
    let all: Value = serde_json::from_str(include_str!("answers/conformance.json")).unwrap();
    all["logs"][name].clone()
}

/// As Python writes it.
fn sha(costs: &[(Vec<&str>, u64)]) -> String {
    let text: Vec<String> = costs
        .iter()
        .map(|(steps, cost)| {
            let steps: Vec<String> =
                steps.iter().map(|s| serde_json::to_string(s).unwrap()).collect();
            format!("[[{}], {cost}]", steps.join(", "))
        })
        .collect();
    let digest = Sha256::digest(format!("[{}]", text.join(", ")));
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn as_pm4py(name: &str) {
    let answers = answers(name);
    let Some(batch) = logs::log(answers["file"].as_str().unwrap(), &[]) else { return };
    let mut traces = logs::run(&TracesKernel { rows: Rows::Events }, &batch);
    assert_eq!(traces.traces.len() as u64, answers["variants_of_the_log"].as_u64().unwrap());
    let thin = answers["cases_divided_by"].as_u64().unwrap();
    for trace in &mut traces.traces {
        trace.cases = trace.cases.div_ceil(thin);
    }
    for (model, answer) in answers["models"].as_object().unwrap() {
        let net: PetriNet = serde_json::from_value(answer["net"].clone()).unwrap();
        let number = |key: &str| answer[key].as_f64().unwrap();
        let close = |what: &str, got: Option<f64>, key: &str, within: f64| {
            let (got, want) = (got.unwrap(), number(key));
            assert!((got - want).abs() <= within, "{name} {model} {what}: {got} for {want}");
        };
        let mut kept = traces.clone();
        kept.traces.truncate(number("variants") as usize);
        assert_eq!(kept.cases(), answer["cases"].as_u64().unwrap(), "{name} {model}");
        let found = aligned(&kept, &net);
        replays(&kept, &net, &found).unwrap();
        let mut costs: Vec<(Vec<&str>, u64)> = kept
            .traces
            .iter()
            .zip(&found.variants)
            .map(|(t, a)| {
                let steps = t.steps.iter().map(|&s| kept.activities[s as usize].as_str());
                (steps.collect(), a.as_ref().unwrap().cost)
            })
            .collect();
        costs.sort();
        let sum: u64 = costs.iter().map(|c| c.1).sum();
        assert_eq!(sum, answer["costs_sum"].as_u64().unwrap(), "{name} {model}");
        assert_eq!(sha(&costs), answer["costs_sha256"].as_str().unwrap(), "{name} {model}");
        let raw: u64 = found.variants.iter().flatten().map(|a| a.cost * 10_000 + a.silent).sum();
        assert_eq!(raw, answer["raw_costs_sum"].as_u64().unwrap(), "{name} {model}");
        let fitness = found.fitness(&kept);
        close("fitness", fitness.log_as_peer, "align_log_fitness", 1e-6);
        assert_eq!(fitness.log == Some(1.0), fitness.cases_fitting == fitness.cases);
        close("average fitness", fitness.average, "align_average_fitness", 1e-6);
        let percent = fitness.cases_fitting as f64 / fitness.cases as f64 * 100.0;
        close("fitting", Some(percent), "align_fitting_percent", 1e-6);

        // Replay: exact where no step is silent and no label comes twice.
        let plain = model == "chain" || model == "parallel";
        let replay = token_replay(&kept, &net, &to_the_end).unwrap().fitness(&kept);
        close("replay", replay.log, "replay_log_fitness", if plain { 1e-6 } else { 0.015 });
        close("replay", replay.average, "replay_average_fitness", if plain { 1e-6 } else { 0.015 });
        let percent = replay.cases_fitting as f64 / replay.cases as f64 * 100.0;
        // With silent steps the peer's search for them is shorter than ours and misses runs.
        let within = if plain { 1e-6 } else { 2.0 };
        close("replay fits", Some(percent), "replay_fitting_percent", within);
        let precision = replay_precision(&kept, &net, &to_the_end).unwrap();
        let within = if plain { 1e-6 } else { 0.02 };
        close("replay precision", precision.value(), "replay_precision", within);
        if plain {
            assert_eq!(precision.value(), precision.in_full());
        }
        kept.traces.truncate(number("align_precision_variants") as usize);
        let precision = align_precision(&kept, &net, AlignOptions::default(), &to_the_end).unwrap();
        close("precision", precision.value(), "align_precision", 1e-6);
    }
}

macro_rules! logs_as_pm4py {
    ($($test:ident $name:literal)*) => {$(
        #[test]
        fn $test() {
            as_pm4py($name);
        }
    )*};
}

logs_as_pm4py! {
    receipt_as_pm4py "receipt"
    helpdesk_as_pm4py "helpdesk"
    sepsis_as_pm4py "sepsis"
    insurance_as_pm4py "insurance"
    teleclaims_as_pm4py "teleclaims"
    purchasing_as_pm4py "purchasing"
    fines_as_pm4py "fines"
    bpic2012_as_pm4py "bpic2012"
}
