//! Long campaigns, of which the tests run a fixed-seed sample.

use std::{
    fs,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use crate::shell::{Failure, Outcome, binary, cargo, target};

/// `--kills N`: that many imports killed at random moments (200 by default).
pub fn run(args: &[String]) -> Outcome {
    let kills_wanted = args
        .iter()
        .position(|a| a == "--kills")
        .and_then(|i| args.get(i + 1))
        .and_then(|n| n.parse().ok())
        .unwrap_or(200);
    cargo(&["build", "--release", "--package", "eclusier-cli"])?;
    kills(kills_wanted)
}

const ROWS: u64 = 120_000;

/// Kills imports at random moments; afterwards the process is the old or the
/// new version, never between, and the next import gives the exact counts.
pub fn kills(wanted: u32) -> Outcome {
    let folder = target().join("soak");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    let file = folder.join("events.csv");
    let mut text = String::from("Dossier;Activité;Date;Service\n");
    for i in 0..ROWS {
        let (case, step) = (i / 4, i % 4);
        let day = 1 + (case % 28);
        text.push_str(&format!(
            "{case:06};étape {step};{day:02}/03/2025 {:02}:00;S{}\n",
            8 + step,
            case % 7
        ));
    }
    fs::write(&file, text)?;
    let data = folder.join("data");
    let eclusier = |args: &[&str]| {
        let mut command = Command::new(binary());
        command.args(args).arg("--format").arg("json").env("ECLUSIER_DATA", &data);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        command
    };
    let path = file.to_string_lossy().into_owned();
    let start = Instant::now();
    let whole = eclusier(&["import", &path, "--process", "witness"]).output()?;
    if !whole.status.success() {
        return Err(Failure("the import to be killed does not even work".into()));
    }
    let full = start.elapsed();
    let rows = |process: &str| -> Outcome<u64> {
        let output = eclusier(&["describe", "--process", process]).output()?;
        let answer: serde_json::Value =
            serde_json::from_slice(&output.stdout).unwrap_or(serde_json::Value::Null);
        Ok(answer.get("events").and_then(serde_json::Value::as_u64).unwrap_or(0))
    };
    // A fixed seed: the same moments at every run, as far as the machine allows.
    let mut seed = 0x9e37_79b9_7f4a_7c15u64;
    let (mut old, mut new) = (0, 0);
    for round in 0..wanted {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        let process = format!("p{}", round % 3);
        let before = rows(&process)?;
        let mut child = eclusier(&["import", &path, "--process", &process]).spawn()?;
        let share = (seed % 1200) as f64 / 1000.0;
        std::thread::sleep(Duration::from_secs_f64(full.as_secs_f64() * share));
        let _ = child.kill();
        child.wait()?;
        match rows(&process)? {
            n if n == before => old += 1,
            ROWS => new += 1,
            n => return Err(Failure(format!("round {round}: {n} rows, between 0 and {ROWS}"))),
        }
    }
    for process in ["p0", "p1", "p2"] {
        eclusier(&["import", &path, "--process", process]).output()?;
        let n = rows(process)?;
        if n != ROWS {
            return Err(Failure(format!(
                "{process}: {n} rows after a last import, {ROWS} expected"
            )));
        }
    }
    eprintln!("{wanted} kills: {old} old versions, {new} new, 0 between; last import exact");
    let _ = fs::remove_dir_all(&folder);
    Ok(())
}
