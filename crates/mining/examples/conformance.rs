//! Seconds and states of aligning the whole BPI Challenge 2012 log with its model of noise
//! 0.2 and with the one discovered here.
//!
//! usage: cargo run --release -p eclusier-mining --example conformance [THREADS]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr)]

use std::time::Instant;

use eclusier_mining::{
    AlignOptions, PetriNet, Rows, TracesKernel, align,
    conformance::{align_precision, to_the_end},
    discovery::{Options, discover},
    token_replay,
};
use serde_json::Value;

// What only the tests read is unused here.
#[allow(dead_code)]
#[path = "../tests/it/logs.rs"]
mod logs;

fn main() {
    let threads = std::env::args().nth(1).and_then(|n| n.parse().ok());
    let Some(batch) = logs::log("log-bpic2012/BPI_Challenge_2012.xes.gz", &[]) else { return };
    let traces = logs::run(&TracesKernel { rows: Rows::Events }, &batch);
    let answers: Value =
        serde_json::from_str(include_str!("../tests/it/answers/conformance.json")).unwrap();
    let theirs = &answers["logs"]["bpic2012"]["models"]["inductive-0.2"]["net"];
    let theirs: PetriNet = serde_json::from_value(theirs.clone()).unwrap();
    let ours = |noise| {
        let tree = discover(&traces, &Options { noise }, &|| false).unwrap();
        PetriNet::from(&tree)
    };
    println!("{} cases, {} variants", traces.cases(), traces.traces.len());
    for (name, net) in [("pm4py 0.2", theirs), ("ours 0.2", ours(0.2)), ("ours 0", ours(0.0))] {
        let options = AlignOptions { threads, ..AlignOptions::default() };
        let began = Instant::now();
        let found = align(&traces, &net, options, &to_the_end).unwrap();
        let aligned = began.elapsed().as_secs_f64();
        let began = Instant::now();
        let precision = align_precision(&traces, &net, options, &to_the_end).unwrap();
        let precise = began.elapsed().as_secs_f64();
        let began = Instant::now();
        let replay = token_replay(&traces, &net, &to_the_end).unwrap().fitness(&traces);
        let replayed = began.elapsed().as_secs_f64();
        let unknown = found.variants.iter().filter(|v| v.is_none()).count();
        println!(
            "{name}: align {aligned:.2} s, peak {} states, markings {:?}, unknown {unknown}, {:?}",
            found.peak_states,
            found.markings,
            found.fitness(&traces)
        );
        println!("  precision {:?} in {precise:.2} s", precision.value());
        println!("  replay {:?} in {replayed:.2} s", replay.log);
    }
}
