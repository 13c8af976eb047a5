//! Prints what the lake costs on this machine: import, overlapping delivery, reading, undo.
//!
//! `cargo run --release -p eclusier-lake --example figures -- 10000000`
#![allow(clippy::print_stdout, clippy::expect_used)]

use std::{path::PathBuf, sync::Arc, time::Instant};

use arrow_array::{
    ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray, UInt8Array,
};
use eclusier_core::{Commit, DeliveryId, ProcessId, Snapshot, SnapshotId};
use eclusier_eventlog::{Columns, EventBatch, Filter, Interner, Kernel, schema};
use eclusier_lake::{Lake, LakeOptions, LiveDelivery, MergePolicy, Stop};
use rustc_hash::FxHashMap;

const BATCH: usize = 32_768;

/// Deterministic chance, good enough to scatter cases.
fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Rows in time order over two years; a case lasts some weeks and has about fifteen rows.
fn batch(from: usize, to: usize, total: usize, delivery: i64) -> RecordBatch {
    let rows = from..to;
    let year = 63_072_000_000_000_u64;
    let cases = (total / 15).max(1) as u64;
    let texts = |f: &dyn Fn(usize) -> Option<String>| -> ArrayRef {
        Arc::new(rows.clone().map(f).collect::<StringArray>())
    };
    let case = |i: usize| {
        let centre = i as u64 * cases / total as u64;
        let spread = (cases / 20).max(1);
        (centre + mix(i as u64) % spread) % cases
    };
    let columns: Vec<ArrayRef> = vec![
        texts(&|i| Some(format!("2024-{:08}", case(i)))),
        texts(&|i| Some(format!("Étape {}", mix(i as u64 + 7) % 24))),
        Arc::new(
            TimestampMicrosecondArray::from_iter_values(
                rows.clone()
                    .map(|i| 1_700_000_000_000_000 + (i as u64 * (year / total as u64)) as i64),
            )
            .with_timezone("UTC"),
        ),
        Arc::new(TimestampMicrosecondArray::new_null(rows.len()).with_timezone("UTC")),
        Arc::new(UInt8Array::from_value(0, rows.len())),
        texts(&|_| None),
        texts(&|i| Some(format!("p-{:016x}", mix(mix(i as u64) % 400)))),
        texts(&|_| Some("caisse 093".to_owned())),
        texts(&|i| Some(format!("service {}", case(i) % 12))),
        texts(&|i| Some(format!("produit {}", case(i) % 9))),
        texts(&|_| None),
        texts(&|_| None),
        Arc::new(Int64Array::from_iter_values(rows.clone().map(|i| i as i64))),
        Arc::new(Int64Array::from_value(delivery, rows.len())),
    ];
    RecordBatch::try_new(schema::events(), columns).expect("columns of the schema")
}

/// Directly-follows counts: the simplest process map.
struct Map;

impl Kernel for Map {
    type Partial = (Interner, FxHashMap<(u32, u32), u64>);
    type Output = usize;
    fn columns(&self) -> Columns {
        Columns::default()
    }
    fn fold(&self, (names, edges): &mut Self::Partial, batch: &EventBatch) {
        let codes = batch.activity.codes(names, batch.len());
        for case in batch.cases() {
            for pair in codes[case.rows.clone()].windows(2) {
                *edges.entry((pair[0], pair[1])).or_default() += 1;
            }
        }
    }
    fn merge(&self, into: &mut Self::Partial, (names, edges): Self::Partial) {
        let codes = into.0.absorb(&names);
        for ((a, b), n) in edges {
            *into.1.entry((codes[a as usize], codes[b as usize])).or_default() += n;
        }
    }
    fn finish(&self, (_, edges): Self::Partial) -> usize {
        edges.len()
    }
}

fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find(|l| l.starts_with("VmHWM")).unwrap_or("peak unknown");
    peak.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn said<T>(what: &str, rows: usize, work: impl FnOnce() -> T) -> T {
    let before = Instant::now();
    let out = work();
    let took = before.elapsed().as_secs_f64();
    println!("{what:<42} {took:>8.3} s  {:>12.0} rows/s  {}", rows as f64 / took, memory());
    out
}

fn apply(snapshot: &mut Snapshot, commit: &Commit) {
    snapshot.files.retain(|f| !commit.retired.contains(&f.path));
    snapshot.files.extend(commit.added.iter().cloned());
    snapshot.files.sort_by(|a, b| (a.month, &a.min_case).cmp(&(b.month, &b.min_case)));
    snapshot.id = SnapshotId(snapshot.id.0 + 1);
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rows: usize = std::env::args().nth(1).and_then(|a| a.parse().ok()).unwrap_or(1_000_000);
    let root: PathBuf =
        std::env::temp_dir().join(format!("eclusier-figures-{}", std::process::id()));
    let lake = Lake::open(&root, LakeOptions::default())?;
    let process = ProcessId::new("mesure")?;
    let mut snapshot = Snapshot { id: SnapshotId(0), process: process.clone(), files: Vec::new() };
    let mut live: Vec<LiveDelivery> = Vec::new();
    let stop = Stop::never();
    let mut import = |snapshot: &mut Snapshot, id: i64, from: usize, to: usize, what: &str| {
        let mut stage = lake.stage(&process, DeliveryId(id))?;
        let mut making = 0.0;
        let before = Instant::now();
        let mut at = from;
        while at < to {
            let next = (at + BATCH).min(to);
            let made = Instant::now();
            let batch = batch(at, next, rows, id);
            making += made.elapsed().as_secs_f64();
            stage.push(batch)?;
            at = next;
        }
        let pushing = before.elapsed().as_secs_f64() - making;
        println!(
            "{:<42} {pushing:>8.3} s  {:>12.0} rows/s",
            format!("{what}: push"),
            (to - from) as f64 / pushing
        );
        let policy = MergePolicy { source: "si".into(), replace: None, live: live.clone() };
        let staged =
            said(&format!("{what}: finish"), to - from, || stage.finish(snapshot, &policy, &stop))?;
        println!(
            "   {} live, {} duplicates, {} cases continued, {} files retired, {} added, {:.1} MB written",
            staged.events_live_added,
            staged.duplicates,
            staged.cases_continued,
            staged.commit.retired.len(),
            staged.commit.added.len(),
            staged.bytes_written as f64 / 1e6
        );
        apply(snapshot, &staged.commit);
        live.push(LiveDelivery { id: DeliveryId(id), source: "si".into(), replaced: None });
        Ok::<_, Box<dyn std::error::Error>>(live.clone())
    };
    import(&mut snapshot, 1, 0, rows * 9 / 10, "first delivery (90 %)")?;
    let live = import(&mut snapshot, 2, rows * 17 / 20, rows, "overlapping delivery (15 %)")?;
    let filter = Filter::default();
    for _ in 0..3 {
        said("map", rows, || lake.run(&snapshot, &filter, &Map, &stop))?;
    }
    let problems = said("verify", rows, || lake.verify(&snapshot, &stop))?;
    assert!(problems.is_empty(), "{problems:?}");
    said("undo of the overlapping delivery", rows * 3 / 20, || {
        lake.undo(&snapshot, DeliveryId(2), &live, &stop)
    })?;
    std::fs::remove_dir_all(&root)?;
    Ok(())
}
