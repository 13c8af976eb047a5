//! Reads one XES log several times and prints how long it took, for profiling:
//! `cargo run --release -p eclusier-ingest --example read_log -- FILE [TIMES]`.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::{path::PathBuf, time::Instant};

use eclusier_ingest::{
    Context, EventSink, Mapping, Pseudonymiser, Quarantine, RefusedRow, SinkError, xes,
};

struct Nowhere;

impl EventSink for Nowhere {
    fn push(&mut self, _: arrow_array::RecordBatch) -> Result<(), SinkError> {
        Ok(())
    }
}

impl Quarantine for Nowhere {
    fn header(&mut self, _: &[&str]) -> Result<(), SinkError> {
        Ok(())
    }
    fn refuse(&mut self, _: RefusedRow<'_>) -> Result<(), SinkError> {
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = PathBuf::from(arguments.next().ok_or("a file is needed")?);
    let times: u32 = arguments.next().map_or(Ok(5), |t| t.parse())?;
    for _ in 0..times {
        let begun = Instant::now();
        let mut quarantine = Nowhere;
        let people = Pseudonymiser::new(&[7; 32])?;
        let mut ctx = Context::new("log", jiff::tz::TimeZone::UTC, people, &(), &mut quarantine);
        let report = xes::read_events(&path, &Mapping::default(), &mut ctx, &mut Nowhere)?;
        println!("{} events in {:.3} s", report.accepted, begun.elapsed().as_secs_f64());
    }
    Ok(())
}
