//! What a workshop asks of a log, beside the peers: map and variants, reasons, models, filters.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{Cost, RUNS, TABLE, cost, line, load, median, medians, peers};
use crate::{
    shell::{Failure, Outcome, binary, root, shared},
    site::{Site, Visitor},
};

/// Requests of each question.
const ASKED: usize = 20;
/// Runs of a peer: the slowest of them takes a quarter of a minute.
const PEER_RUNS: &str = "3";
/// The sample of variants that every aligner is given, and the seconds each may take.
const SAMPLE: usize = 200;
const BOX_S: &str = "120";

/// A public log: name, file, and what its columns are when the file does not say.
struct Log {
    name: &'static str,
    file: &'static str,
    columns: Option<&'static str>,
    discovered: bool,
}

const LOGS: [Log; 5] = [
    Log {
        name: "receipt",
        file: "log-receipt-wabo/receipt.xes.gz",
        columns: None,
        discovered: true,
    },
    Log {
        name: "bpic2012",
        file: "log-bpic2012/BPI_Challenge_2012.xes.gz",
        columns: None,
        discovered: true,
    },
    Log {
        name: "bpic2015-1",
        file: "log-bpic2015-municipalities/T_BPIC15_1.xes.gz",
        columns: None,
        discovered: true,
    },
    Log {
        name: "fines",
        file: "log-road-traffic-fines/road_traffic_fines.csv.gz",
        columns: Some("case=case_id,activity=activity,end=timestamp,resource=resource"),
        discovered: true,
    },
    Log {
        name: "insurance",
        file: "log-insurance-claims/insurance.xes.gz",
        columns: None,
        discovered: false,
    },
];

/// The logs of a workshop, imported, and where they came from.
struct Workshop<'f> {
    data: PathBuf,
    folder: &'f Path,
    files: PathBuf,
}

impl Workshop<'_> {
    fn costs(&self, args: &[&str]) -> Outcome<(Cost, Value)> {
        let mut costs = Vec::new();
        let mut said = String::new();
        for _ in 0..RUNS {
            let (once, text) = cost(&binary(), args, &self.data, self.folder)?;
            costs.push(once);
            said = text;
        }
        Ok((medians(&costs), serde_json::from_str(&said)?))
    }

    /// What a peer says, or why it says nothing.
    fn peer(&self, args: &[&str]) -> Result<(Cost, Value), &'static str> {
        let Some(python) = peers() else { return Err("`PEERS_PY` names no Python") };
        let script = root().join("xtask/peers/mining_peers.py").to_string_lossy().into_owned();
        let args = [&[script.as_str()], args].concat();
        let (_, text) = cost(&python, &args, &self.data, self.folder)
            .map_err(|_| "could not run: not installed, or it failed")?;
        let said: Value = serde_json::from_str(&text).map_err(|_| "said nothing readable")?;
        let of = |key: &str| said[key].as_f64().unwrap_or(0.0);
        Ok((Cost { cpu: of("cpu_s"), wall: of("wall_s"), mib: of("mib") }, said))
    }

    fn file(&self, log: &Log) -> String {
        self.files.join(log.file).to_string_lossy().into_owned()
    }

    fn place(&self, name: &str) -> String {
        self.folder.join(name).to_string_lossy().into_owned()
    }
}

/// Writes what the public logs cost; the questions on the rows of the network follow, by
/// [`filters`], under the same heading.
pub fn public(page: &mut String, folder: &Path) -> Outcome {
    page.push_str("\n## Mining\n");
    let Some(shared) = shared() else {
        page.push_str("\nPublic logs were not measured: no shared data.\n");
        return Ok(());
    };
    page.push_str(
        "\nCommands of ours start, read the stored log, answer and end: all of it is counted. Peers answer from \
         the log already read into memory; reading is not counted in their seconds but is in their memory.\n",
    );
    let shop = Workshop { data: folder.join("workshop"), folder, files: shared.join("data") };
    let _ = fs::remove_dir_all(&shop.data);
    for log in &LOGS {
        let file = shop.file(log);
        let mut args = vec!["import", &file, "--process", log.name, "--zone", "UTC"];
        args.extend(log.columns.iter().flat_map(|c| ["--column", c]));
        cost(&binary(), &args, &shop.data, folder)?;
    }
    map(page, &shop)?;
    reasons(page, &shop)?;
    discovery(page, &shop)?;
    alignments(page, &shop)?;
    let _ = fs::remove_dir_all(&shop.data);
    Ok(())
}

/// Milliseconds of a question and its answer.
fn ask(visitor: &Visitor, path: &str) -> Outcome<(f64, Value)> {
    let start = std::time::Instant::now();
    let answer = visitor.get(path)?;
    let ms = start.elapsed().as_secs_f64() * 1_000.0;
    answer.good().map(|body| (ms, body)).map_err(|Failure(why)| Failure(format!("{path}: {why}")))
}

fn map(page: &mut String, shop: &Workshop<'_>) -> Outcome {
    page.push_str(
        "\n### Map and variants of BPIC 2012, from the stored log\n\nOver HTTP, 20 times, each with another period that holds \
         the whole log; goal: both within 30 ms.\n\n\
         | rows read as | map, median ms | variants | one after the other | both at once | worst of both at once |\n\
         |---|---|---|---|---|---|\n",
    );
    let site = Site::serve(&shop.data, None)?;
    let visitor = Visitor::new(&site);
    let mut answered = 0.0;
    for rows in ["tasks", "events"] {
        let path = |question: &str, day: String| {
            format!("/api/v1/processes/bpic2012/{question}?rows={rows}&{day}")
        };
        // The first answer opens the files; a person meets it once per import.
        ask(&visitor, &path("map", String::new()))?;
        let (mut maps, mut variants, mut sums, mut both) = (vec![], vec![], vec![], vec![]);
        for i in 1..=ASKED {
            let day = format!("to=2012-04-{i:02}");
            let one = ask(&visitor, &path("map", day.clone()))?.0;
            let other = ask(&visitor, &path("variants", day))?.0;
            maps.push(one);
            variants.push(other);
            sums.push(one + other);
            let day = format!("to=2012-05-{i:02}");
            let start = std::time::Instant::now();
            std::thread::scope(|scope| {
                let beside = scope.spawn(|| ask(&visitor, &path("map", day.clone())).map(|_| ()));
                ask(&visitor, &path("variants", day.clone()))?;
                beside.join().unwrap_or_else(|_| Err(Failure("the question broke".into())))
            })?;
            both.push(start.elapsed().as_secs_f64() * 1_000.0);
        }
        let worst = both.iter().copied().fold(0.0, f64::max);
        answered = median(sums);
        let _ = writeln!(
            page,
            "| {rows} | {:.1} | {:.1} | {answered:.1} | {:.1} | {worst:.1} |",
            median(maps),
            median(variants),
            median(both)
        );
    }
    page.push_str("\nEvery delivered row an event, as peers read it:\n\n");
    page.push_str(TABLE);
    for question in ["map", "variants"] {
        let args = [question, "--process", "bpic2012", "--rows", "events", "--format", "json"];
        line(page, &format!("éclusier {question}"), shop.costs(&args)?.0, "a command");
    }
    let file = shop.file(&LOGS[1]);
    for engine in ["pm4py", "r4pm"] {
        match shop.peer(&[engine, "map", &file, "20"]) {
            Ok((c, said)) => {
                let note = format!(
                    "{:.0} × the wall of our two answers over HTTP, one after the other",
                    c.wall * 1_000.0 / answered
                );
                line(page, &format!("{}, both", who(&said)), c, &note);
            }
            Err(why) => missing(page, engine, why),
        }
    }
    page.push_str(
        "\nrustxes reads and writes files and exposes no question: it has no line here nor below.\n",
    );
    Ok(())
}

/// A peer and its version.
fn who(said: &Value) -> String {
    let text = |key: &str| said[key].as_str().unwrap_or("?").to_owned();
    format!("{} {}", text("engine"), text("version"))
}

fn missing(page: &mut String, engine: &str, why: &str) {
    let _ = writeln!(page, "| {engine} | – | – | – | not measured: {why} |");
}

fn reasons(page: &mut String, shop: &Workshop<'_>) -> Outcome {
    page.push_str("\n### The reasons of five logs\n\n");
    page.push_str(TABLE);
    for log in &LOGS {
        for question in ["waits", "rework", "losses", "value-stream", "lateness"] {
            let args = [question, "--process", log.name, "--format", "json"];
            line(page, &format!("{} {question}", log.name), shop.costs(&args)?.0, "");
        }
    }
    page.push_str(
        "\nNo peer here tells waits by cause, losses, the value stream or lateness. pm4py counts the cases in which \
         each activity comes again, a part of our rework:\n\n",
    );
    page.push_str(TABLE);
    for log in &LOGS {
        match shop.peer(&["pm4py", "rework", &shop.file(log), PEER_RUNS]) {
            Ok((c, said)) => line(page, &format!("{}, {}", who(&said), log.name), c, ""),
            Err(why) => missing(page, &format!("pm4py, {}", log.name), why),
        }
    }
    Ok(())
}

fn discovery(page: &mut String, shop: &Workshop<'_>) -> Outcome {
    page.push_str(
        "\n### Discovery at noise 0.2\n\nThe inductive miner, infrequent, of both; every delivered row is an event. \
         r4pm exposes no inductive miner (Alpha+++ only).\n\n",
    );
    page.push_str(TABLE);
    for log in LOGS.iter().filter(|l| l.discovered) {
        let out = shop.place("model.bpmn");
        let args = ["discover", "--process", log.name, "--rows", "events", "--noise", "0.2"];
        let args = [&args[..], &["--out", &out, "--format", "json"]].concat();
        let ours = shop.costs(&args)?.0;
        line(page, &format!("éclusier discover, {}", log.name), ours, "");
        match shop.peer(&["pm4py", "discover", &shop.file(log), PEER_RUNS]) {
            Ok((c, said)) => {
                // Our processor time is told in hundredths of a second.
                let note = format!("{:.0} × our CPU", c.cpu / ours.cpu.max(0.01));
                line(page, &format!("{}, {}", who(&said), log.name), c, &note);
            }
            Err(why) => missing(page, &format!("pm4py, {}", log.name), why),
        }
    }
    Ok(())
}

fn alignments(page: &mut String, shop: &Workshop<'_>) -> Outcome {
    let _ = writeln!(
        page,
        "\n### Alignments of BPIC 2012 with its own model at noise 0.2\n\n\
         `discover --noise 0.2`, then `conform --model`; goal: under 60 s. Peers open the same BPMN and align one \
         case of each variant, the most frequent first, for {BOX_S} s at most; what they did is told, nothing is \
         extrapolated. Ours reads the log and computes precision and deviations too; the memory of r4pm holds pm4py, \
         which hands it the model.\n"
    );
    for rows in ["tasks", "events"] {
        let _ = write!(page, "\nRows read as {rows}:\n\n{TABLE}");
        let model = shop.place(&format!("{rows}.bpmn"));
        let of = ["--process", "bpic2012", "--rows", rows, "--format", "json"];
        let args = [&["discover", "--noise", "0.2", "--out", &model], &of[..]].concat();
        line(page, "éclusier discover", shop.costs(&args)?.0, "");
        let conform = [&["conform", "--model", &model], &of[..]].concat();
        let (whole, said) = shop.costs(&conform)?;
        let note = format!(
            "all {} variants, {} given up, fitness {:.4}",
            said["variants"],
            said["variants_unknown"],
            said["fitness"].as_f64().unwrap_or(0.0)
        );
        line(page, "**éclusier conform**", whole, &note);
        let args = [&["variants", "--top", "1000000"], &of[..]].concat();
        let (_, list) = cost(&binary(), &args, &shop.data, shop.folder)?;
        let variants = shop.place("variants.json");
        fs::write(&variants, &list)?;
        let list: Value = serde_json::from_str(&list)?;
        let ids: Vec<&str> = list["variants"]
            .as_array()
            .into_iter()
            .flatten()
            .take(SAMPLE)
            .filter_map(|v| v["id"].as_str())
            .collect();
        let only: Vec<&str> = ids.iter().flat_map(|id| ["--variant", id]).collect();
        let (sample, said) = shop.costs(&[&conform[..], &only].concat())?;
        let note = format!("the {} most frequent", said["variants"]);
        line(page, "éclusier conform", sample, &note);
        let sampled = SAMPLE.to_string();
        for (engine, most) in [("pm4py", sampled.as_str()), ("r4pm", &sampled), ("r4pm", "1000000")]
        {
            match shop.peer(&[engine, "align", &model, &variants, most, BOX_S]) {
                Ok((c, said)) => {
                    let ours = if most == sampled { sample } else { whole };
                    let note = format!(
                        "{} aligned of {most}, {} given up, cost {}, {:.0} × our CPU",
                        said["aligned"],
                        said["given_up"],
                        said["cost"],
                        c.cpu / ours.cpu.max(0.01)
                    );
                    let note = note.replace("1000000", &format!("all {}", said["of"]));
                    line(page, &who(&said), c, &note);
                }
                Err(why) => missing(page, engine, why),
            }
        }
    }
    Ok(())
}

/// Writes how long a map and the variants of the largest process take under conditions on cases.
pub fn filters(page: &mut String, data: &Path, largest: &str, rows: u64) -> Outcome {
    let site = Site::serve(data, None)?;
    let owner = Visitor::new(&site);
    let of = format!("/api/v1/processes/{largest}");
    let (_, map) = ask(&owner, &format!("{of}/map"))?;
    let (activity, pair) = halves(&map)?;
    let channel = owner.get("/api/v1/ledger?grain=month&group_by=channel")?.good()?;
    let channel = channel
        .as_array()
        .into_iter()
        .flatten()
        .find_map(|row| row["channel"].as_str())
        .ok_or_else(|| Failure("the rows name no channel".into()))?;
    let _ = write!(
        page,
        "\n### Conditions on cases, among {rows} rows\n\nLoad of the machine as these began: {}. The largest process, `{largest}`, over HTTP; {ASKED} requests each, \
         each with another period that holds the whole log; goal: each answer within 1 s. The generated rows \
         carry no attribute beyond their columns: the channel stands for one.\n\n\
         | question | cases | median ms | worst ms | within 1 s |\n|---|---|---|---|---|\n",
        load()
    );
    let [name, from, to] = [&activity, &pair.0, &pair.1].map(|text| encoded(text));
    let channel = encoded(channel);
    for question in ["map", "variants"] {
        for (condition, asked) in [
            ("no condition", String::new()),
            ("with an activity", format!("with={name}")),
            ("without it", format!("without={name}")),
            ("a path", format!("path={from}%3E{to}")),
            ("without that path", format!("no_path={from}%3E{to}")),
            ("a channel", format!("channel={channel}")),
            ("ten days or more", "min_s=864000".into()),
            ("ten days or less", "max_s=864000".into()),
        ] {
            let mut times = Vec::new();
            let mut cases = Value::Null;
            for i in 1..=ASKED {
                let path = format!("{of}/{question}?{asked}&from=2024-10-{i:02}");
                let (ms, mut body) = ask(&owner, &path)?;
                times.push(ms);
                cases = body["cases"].take();
            }
            let worst = times.iter().copied().fold(0.0, f64::max);
            let within = times.iter().filter(|&&ms| ms <= 1_000.0).count();
            let middle = median(times);
            let _ = writeln!(
                page,
                "| {question}, {condition} | {cases} | {middle:.0} | {worst:.0} | {within} of {ASKED} |"
            );
        }
    }
    Ok(())
}

/// The activity and the pair that cut the cases nearest to the middle.
fn halves(map: &Value) -> Outcome<(String, (String, String))> {
    let all = map["cases"].as_u64().unwrap_or(0);
    let off = |of: &Value| of["cases"].as_u64().unwrap_or(0).abs_diff(all / 2);
    let text = |of: &Value, key: &str| of[key].as_str().unwrap_or_default().to_owned();
    let nearest = |key: &str| {
        let found = map[key].as_array().into_iter().flatten().min_by_key(|of| off(of));
        found.ok_or_else(|| Failure(format!("the map has no {key}")))
    };
    let (node, edge) = (nearest("activities")?, nearest("edges")?);
    Ok((text(node, "name"), (text(edge, "from"), text(edge, "to"))))
}

/// A name as an address writes it.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut all, byte| {
        let _ = write!(all, "%{byte:02X}");
        all
    })
}
