//! Imports and undos by the command line, killed at random moments.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use super::chance;
use crate::shell::{Failure, Outcome, binary, target};

const ROWS: u64 = 120_000;
/// Rows of the first delivery, which the second holds again.
const HALF: u64 = ROWS / 2;
/// Processes that take turns, so that every round does real work.
const PROCESSES: u64 = 6;

/// A data directory to be abused.
struct Bench {
    folder: PathBuf,
    files: [String; 2],
    database: Option<String>,
}

/// What a round tries before it is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The small file, or the whole one, which overlaps it.
    Import(usize),
    /// The latest delivery goes.
    Undo,
}

impl Bench {
    fn new(folder: PathBuf, database: Option<&str>) -> Outcome<Self> {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)?;
        let write = |name: &str, rows: u64| -> Outcome<String> {
            let mut text = String::from("Dossier;Activité;Date;Service\n");
            for i in 0..rows {
                let (case, step) = (i / 4, i % 4);
                let (day, hour) = (1 + case % 28, 8 + step);
                text.push_str(&format!(
                    "{case:06};étape {step};{day:02}/03/2025 {hour:02}:00;S{}\n",
                    case % 7
                ));
            }
            let path = folder.join(name);
            fs::write(&path, text)?;
            Ok(path.to_string_lossy().into_owned())
        };
        let files = [write("half.csv", HALF)?, write("whole.csv", ROWS)?];
        Ok(Self { folder, files, database: database.map(str::to_owned) })
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.args(args).args(["--format", "json"]);
        command.env("ECLUSIER_DATA", self.folder.join("data"));
        if let Some(url) = &self.database {
            command.env("ECLUSIER_DATABASE_URL", url);
        }
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        command
    }

    fn answer(&self, args: &[&str]) -> Outcome<Value> {
        let output = self.command(args).output()?;
        Ok(serde_json::from_slice(&output.stdout).unwrap_or(Value::Null))
    }

    fn rows(&self, process: &str) -> Outcome<u64> {
        let answer = self.answer(&["describe", "--process", process])?;
        Ok(answer.get("events").and_then(Value::as_u64).unwrap_or(0))
    }

    /// The latest delivery that counts.
    fn latest(&self, process: &str) -> Outcome<Option<String>> {
        let list = self.answer(&["imports", "list", "--process", process])?;
        let live = list.as_array().into_iter().flatten();
        let ids = live.filter(|i| i["status"] == "committed").filter_map(|i| i["id"].as_i64());
        Ok(ids.max().map(|id| id.to_string()))
    }

    fn of(&self, step: Step, process: &str) -> Outcome<Command> {
        Ok(match step {
            Step::Import(which) => {
                self.command(&["import", &self.files[which], "--process", process])
            }
            Step::Undo => {
                let id = self.latest(process)?.unwrap_or_default();
                self.command(&["imports", "undo", &id])
            }
        })
    }

    /// Does a step undisturbed; how long it took.
    fn whole(&self, step: Step, process: &str) -> Outcome<Duration> {
        let mut command = self.of(step, process)?;
        let start = Instant::now();
        if !command.output()?.status.success() {
            return Err(Failure(format!("{step:?} does not even work undisturbed")));
        }
        Ok(start.elapsed())
    }
}

/// Kills imports and undos at random moments; afterwards a process is the old or
/// the new version, never between, and what comes next gives the exact counts.
pub fn kills(wanted: u32, database: Option<&str>) -> Outcome {
    let bench = Bench::new(target().join("soak"), database)?;
    let times = [Step::Import(0), Step::Import(1), Step::Undo];
    let times = times.map(|step| bench.whole(step, "witness").map(|took| (step, took)));
    let mut long = Vec::new();
    for time in times {
        long.push(time?);
    }
    let mut next = chance();
    let (mut old, mut new) = (0, 0);
    for round in 0..wanted {
        let process = format!("p{}", next(PROCESSES));
        let before = bench.rows(&process)?;
        let small = next(2) == 0;
        let (step, after) = match before {
            0 if small => (Step::Import(0), HALF),
            HALF if small => (Step::Undo, 0),
            0 | HALF => (Step::Import(1), ROWS),
            // What is below the whole file, if anything: known once it is undone.
            _ => (Step::Undo, u64::MAX),
        };
        let took = long.iter().find(|l| l.0 == step).map_or(Duration::ZERO, |l| l.1);
        // Every other kill falls around the end, where the version changes.
        let share = if next(2) == 0 { next(1_000) } else { 700 + next(500) };
        let mut child = bench.of(step, &process)?.spawn()?;
        std::thread::sleep(took.mul_f64(share as f64 / 1_000.0));
        let _ = child.kill();
        child.wait()?;
        match bench.rows(&process)? {
            n if n == before => old += 1,
            n if n == after || (after == u64::MAX && (n == 0 || n == HALF)) => new += 1,
            n => {
                return Err(Failure(format!("round {round}, {step:?}: {n} rows after {before}")));
            }
        }
    }
    for process in 0..PROCESSES {
        let process = format!("p{process}");
        bench.command(&["import", &bench.files[1], "--process", &process]).output()?;
        let n = bench.rows(&process)?;
        if n != ROWS {
            return Err(Failure(format!("{process}: {n} rows in the end, {ROWS} expected")));
        }
    }
    let told = bench.answer(&["verify"])?;
    if told["problems"] != Value::Array(Vec::new()) {
        return Err(Failure(format!("the lake is not what the registry says: {told}")));
    }
    if wanted >= 100 && (old < wanted / 5 || new < wanted / 5) {
        return Err(Failure(format!("{old} old and {new} new: the kills missed the change")));
    }
    let place = if database.is_some() { "PostgreSQL" } else { "SQLite" };
    eprintln!(
        "{place}: {wanted} kills of imports and undos: {old} old versions, {new} new, 0 between; last import exact"
    );
    let _ = fs::remove_dir_all(&bench.folder);
    Ok(())
}
