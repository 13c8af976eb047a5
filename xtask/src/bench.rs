//! Speed and memory beside the peers, in one run, written to `docs/benchmarks.md`.
//!
//! `cargo xtask bench [bpic2012|csv|queries|users|mining|forecast]`. Peers run from the
//! Python named by `PEERS_PY` (with `pm4py`, `r4pm`, `polars`, `duckdb`, `statsforecast` and
//! `lightgbm`); without it only our own figures are written, and the page says so. Sections asked
//! for by name replace their own part of the page and leave the others; without names the whole
//! page is written anew.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use serde_json::Value;

mod forecast;
mod mining;
mod users;

use crate::shell::{Failure, Outcome, binary, root, shared, target};
use crate::site::{Site, Visitor};
use crate::stages;

/// Runs of each command; the median is written.
const RUNS: usize = 5;

/// What can be asked for by name.
const SECTIONS: [&str; 6] = ["bpic2012", "csv", "queries", "users", "mining", "forecast"];

/// Entry point.
pub fn run(args: &[String]) -> Outcome {
    stages::build()?;
    let named: Vec<&str> =
        args.iter().map(String::as_str).filter(|a| SECTIONS.contains(a)).collect();
    if named.len() < args.len() {
        return Err(Failure(format!("sections are {}", SECTIONS.join(", "))));
    }
    let wanted = |name: &str| named.is_empty() || named.contains(&name);
    let folder = target().join("bench");
    fs::create_dir_all(&folder)?;
    let mut page = String::from(
        "# Benchmarks\n\nWritten by `cargo xtask bench`: every figure of one table comes from one run on one \
         machine, so ratios mean more than absolute times. CPU is user + system seconds; memory is the \
         largest resident size of the process. Medians of the runs.\n",
    );
    let _ = writeln!(page, "\nMachine: {}.\n", machine());
    let busy = load();
    if wanted("bpic2012") {
        bpic2012(&mut page, &folder)?;
    }
    let mut mined = String::new();
    if wanted("mining") {
        mining::public(&mut mined, &folder)?;
    }
    if ["csv", "queries", "users", "mining"].iter().any(|n| wanted(n)) {
        large(&mut page, &mut mined, &folder, &wanted)?;
    }
    page.push_str(&mined);
    if wanted("forecast") {
        forecast::measured(&mut page, &folder)?;
    }
    let path = root().join("docs/benchmarks.md");
    let whole = match named.is_empty() {
        true => page.clone(),
        false => {
            let alone = format!("Measured alone on {}; load before: {busy}.", machine());
            replaced(&fs::read_to_string(&path)?, &page, &alone)
        }
    };
    fs::write(&path, whole)?;
    eprintln!("written: {}", path.display());
    println!("{page}");
    Ok(())
}

/// The old page with the parts of the new one, each under its `## ` heading; `alone` is said in each.
fn replaced(old: &str, new: &str, alone: &str) -> String {
    let split = |page: &str| -> Vec<String> {
        page.split("\n## ").map(|part| part.trim_end().to_owned()).collect()
    };
    let heading = |part: &str| part.lines().next().unwrap_or_default().to_owned();
    let mut parts = split(old);
    // What stands before the first heading is no section.
    for part in split(new).iter().skip(1) {
        let name = heading(part);
        let rest = part.get(name.len()..).unwrap_or_default().trim_start();
        let part = format!("{name}\n\n{alone}\n\n{rest}");
        match parts.iter_mut().skip(1).find(|p| heading(p) == name) {
            Some(place) => *place = part,
            None => parts.push(part),
        }
    }
    format!("{}\n", parts.join("\n\n## "))
}

/// How many programs wanted to run in the last minute: more than the cores is a busy machine.
fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().unwrap_or("unknown").to_owned()
}

fn machine() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = cpu.lines().find_map(|l| l.strip_prefix("model name")).unwrap_or("unknown");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{cores} cores, {}", name.trim_start_matches(['\t', ' ', ':']))
}

/// What one run of a command cost.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    cpu: f64,
    wall: f64,
    mib: f64,
}

/// Runs a command under `/usr/bin/time`, which the system package `time` brings.
fn cost(program: &Path, args: &[&str], data: &Path, folder: &Path) -> Outcome<(Cost, String)> {
    let note = folder.join("time");
    let start = Instant::now();
    let output = Command::new("/usr/bin/time")
        .args(["-f", "%U %S %M", "-o"])
        .arg(&note)
        .arg(program)
        .args(args)
        .env("ECLUSIER_DATA", data)
        .stderr(Stdio::inherit())
        .output()?;
    let wall = start.elapsed().as_secs_f64();
    if !output.status.success() {
        return Err(Failure(format!("{} {args:?} failed", program.display())));
    }
    let text = fs::read_to_string(&note)?;
    let numbers: Vec<f64> = text.split_whitespace().filter_map(|n| n.parse().ok()).collect();
    let [user, system, kib] = numbers.as_slice() else {
        return Err(Failure(format!("unreadable time: {text}")));
    };
    let cost = Cost { cpu: user + system, wall, mib: kib / 1024.0 };
    Ok((cost, String::from_utf8_lossy(&output.stdout).into_owned()))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

fn medians(costs: &[Cost]) -> Cost {
    let of = |f: fn(&Cost) -> f64| median(costs.iter().map(f).collect());
    Cost { cpu: of(|c| c.cpu), wall: of(|c| c.wall), mib: of(|c| c.mib) }
}

fn line(page: &mut String, what: &str, cost: Cost, note: &str) {
    let _ = writeln!(
        page,
        "| {what} | {:.2} | {:.2} | {:.0} | {note} |",
        cost.cpu, cost.wall, cost.mib
    );
}

const TABLE: &str = "| | CPU s | wall s | MiB | |\n|---|---|---|---|---|\n";

fn bpic2012(page: &mut String, folder: &Path) -> Outcome {
    let Some(shared) = shared() else {
        page.push_str("\n## BPIC 2012\n\nNot measured: no shared data.\n");
        return Ok(());
    };
    page.push_str("\n## BPIC 2012, XES of 262,200 events\n\n");
    page.push_str(TABLE);
    let file = shared.join("data/log-bpic2012/BPI_Challenge_2012.xes.gz");
    let file = file.to_string_lossy().into_owned();
    let data = folder.join("bpic");
    let mut costs = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..RUNS {
        let _ = fs::remove_dir_all(&data);
        let commands: [&[&str]; 3] = [
            &["import", &file, "--process", "b", "--format", "json"],
            &["map", "--process", "b", "--rows", "events", "--format", "json"],
            &["variants", "--process", "b", "--rows", "events", "--format", "json"],
        ];
        for (list, args) in costs.iter_mut().zip(commands) {
            list.push(cost(&binary(), args, &data, folder)?.0);
        }
    }
    let [import, map, variants] = costs.map(|c| medians(&c));
    line(
        page,
        "éclusier import (committed lake)",
        import,
        "read, pseudonymise, sort, Parquet, catalogue",
    );
    line(page, "éclusier map", map, "from the stored log");
    line(page, "éclusier variants", variants, "from the stored log");
    let total = Cost {
        cpu: import.cpu + map.cpu + variants.cpu,
        wall: import.wall + map.wall + variants.wall,
        mib: import.mib.max(map.mib).max(variants.mib),
    };
    line(page, "**éclusier, the three**", total, "");
    if let Some(python) = peers() {
        let script = shared.join("peers/mining/mine.py").to_string_lossy().into_owned();
        for engine in ["pm4py", "rustxes", "r4pm"] {
            match cost(&python, &[&script, engine, &file], &data, folder) {
                Ok((c, _)) => {
                    let ratio = format!("{:.1} × our CPU", c.cpu / total.cpu);
                    line(page, &format!("{engine}, read + map + variants"), c, &ratio);
                }
                Err(_) => {
                    let _ = writeln!(page, "| {engine} | – | – | – | not installed |");
                }
            }
        }
    } else {
        page.push_str("\nPeers were not measured in this run: `PEERS_PY` names no Python.\n");
    }
    Ok(())
}

fn peers() -> Option<PathBuf> {
    std::env::var_os("PEERS_PY").map(PathBuf::from).filter(|p| p.exists())
}

/// The largest process of the network-sized body: about ten million rows in all.
fn large(
    page: &mut String,
    mined: &mut String,
    folder: &Path,
    wanted: &dyn Fn(&str) -> bool,
) -> Outcome {
    let data = folder.join("network");
    let _ = fs::remove_dir_all(&data);
    let list =
        cost(&binary(), &["generate", "--size", "network", "--to", "-", "--list"], &data, folder)?
            .1;
    let mut csvs = format!("\n## CSV import, nine columns\n\n{TABLE}");
    let mut rows = 0u64;
    let mut largest = (0, String::new());
    let mut whole = Cost::default();
    for process in list.lines().filter(|l| !l.is_empty()) {
        let csv = folder.join("network.csv");
        let path = csv.to_string_lossy().into_owned();
        let args = ["generate", "--size", "network", "--process", process, "--to", &path];
        cost(&binary(), &args, &data, folder)?;
        let bytes = fs::metadata(&csv)?.len();
        let args = ["import", &path, "--process", process, "--format", "json"];
        let (c, report) = cost(&binary(), &args, &data, folder)?;
        let report: Value = serde_json::from_str(&report)?;
        let n = report.get("accepted").and_then(Value::as_u64).unwrap_or(0);
        rows += n;
        largest = largest.max((n, process.to_owned()));
        whole.cpu += c.cpu;
        whole.wall += c.wall;
        whole.mib = whole.mib.max(c.mib);
        let note = format!("{n} rows, {} MiB of CSV, {:.0} rows/s", bytes >> 20, n as f64 / c.wall);
        line(&mut csvs, &format!("import {process}"), c, &note);
        fs::remove_file(&csv)?;
    }
    let note = format!("{rows} rows, **{:.0} rows/s**", rows as f64 / whole.wall);
    line(&mut csvs, "**all**", whole, &note);
    if wanted("csv") {
        page.push_str(&csvs);
    }
    if wanted("queries") {
        ask(page, folder, &data, &largest.1)?;
    }
    if wanted("users") {
        users::crowd(page, &data, &largest.1)?;
    }
    if wanted("mining") {
        mining::filters(mined, &data, &largest.1, rows)?;
    }
    let _ = fs::remove_dir_all(&data);
    Ok(())
}

/// Asks once: seconds and bytes of the answer.
fn get(visitor: &Visitor, path: &str) -> Outcome<(f64, usize)> {
    let start = Instant::now();
    let answer = visitor.get(path)?;
    let seconds = start.elapsed().as_secs_f64();
    if answer.status != 200 {
        return Err(Failure(format!("{path}: status {}: {}", answer.status, answer.body)));
    }
    Ok((seconds, answer.bytes))
}

fn ask(page: &mut String, folder: &Path, data: &Path, largest: &str) -> Outcome {
    let site = Site::serve(data, None)?;
    let owner = Visitor::new(&site);
    // The first answer folds the desks; a person meets it once per import.
    let (first, _) = get(&owner, "/api/v1/cockpit")?;
    page.push_str(
        "\n## Questions over HTTP on the same rows\n\nEach of the 20 requests asks another period, so that no answer is remembered; \
         the last column is the same question asked again.\n\n\
         | question | median ms | p95 ms | KiB | again ms |\n|---|---|---|---|---|\n",
    );
    for (name, path) in [
        ("cockpit, all processes", "/api/v1/cockpit".to_owned()),
        ("cockpit, one process", format!("/api/v1/cockpit?process={largest}")),
        ("flow by week, all processes", "/api/v1/flow?grain=week".into()),
        ("flow by day, one process", format!("/api/v1/flow?grain=day&process={largest}")),
        ("ledger by day, grouped by unit", "/api/v1/ledger?grain=day&group_by=unit".into()),
        ("every indicator", "/api/v1/indicators?process=".into()),
        ("cases behind the overdue", "/api/v1/cases?figure=overdue".into()),
        ("all cases, a page of them", "/api/v1/cases?sort=oldest".into()),
        ("map of the largest process", format!("/api/v1/processes/{largest}/map")),
    ] {
        let mut times = Vec::new();
        let (mut bytes, mut again) = (0, 0.0);
        for i in 0..20 {
            let join = if path.contains('?') { '&' } else { '?' };
            let asked = format!("{path}{join}from=2025-{:02}-{:02}", 1 + i % 10, 1 + i);
            let (seconds, size) = get(&owner, &asked)?;
            times.push(seconds * 1000.0);
            bytes = size;
            again = get(&owner, &asked)?.0 * 1000.0;
        }
        times.sort_by(f64::total_cmp);
        let p95 = times.get(18).copied().unwrap_or(0.0);
        let median = median(times);
        let _ =
            writeln!(page, "| {name} | {median:.0} | {p95:.0} | {} | {again:.0} |", bytes >> 10);
    }
    let _ =
        writeln!(page, "\nThe first cockpit after a start folds every case once: {first:.1} s.");
    let glob =
        data.join(format!("lake/{largest}/events/*/*.parquet")).to_string_lossy().into_owned();
    if let Some(python) = peers() {
        page.push_str("\nThe same files read by peers (seconds, two threads):\n\n");
        let script = root().join("xtask/peers/lake_peers.py").to_string_lossy().into_owned();
        for engine in ["polars", "duckdb"] {
            let (_, answer) = cost(&python, &[&script, engine, &glob], data, folder)?;
            let _ = writeln!(page, "- `{}`", answer.trim());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_section_alone_leaves_the_others() {
        let old = "# Page\n\nWords.\n\n## One\n\n1\n\n## Two\n\n2\n";
        let new = "# Page\n\nOther words.\n\n## One\n\n10\n\n## Three\n\n3\n";
        let page = super::replaced(old, new, "Alone.");
        let wanted = "# Page\n\nWords.\n\n## One\n\nAlone.\n\n10\n\n## Two\n\n2\n\n## Three\n\nAlone.\n\n3\n";
        assert_eq!(page, wanted);
        assert_eq!(super::replaced(wanted, new, "Alone."), wanted);
    }
}
