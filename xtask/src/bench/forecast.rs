//! Forecasts beside the peers: two competitions, three daily sets, and the time left to open cases.
//!
//! The models are given the training part alone, ours and the peers' from the same file; all are
//! scored here, by the same lines.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write as _,
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use flate2::read::GzDecoder;
use jiff::civil::{Date, DateTime};
use serde_json::Value;

use super::{Cost, cost, peers};
use crate::shell::{Failure, Outcome, binary, cargo, root, shared, target};

/// Seconds that a peer may take for one set.
const BOX_S: &str = "600";
/// Origins of a daily set: so many, so many days apart, the last one a horizon before the end.
const ORIGINS: i32 = 8;
const APART_DAYS: i32 = 30;
/// Days of history that an origin needs.
const FEWEST_DAYS: i32 = 84;
/// Points that a coverage may lie from its level.
const AROUND: f64 = 0.02;

const TABLE: &str = "| set | method | score | covers 80 % | covers 95 % | CPU s | MiB | goal |\n\
                     |---|---|---|---|---|---|---|---|\n";

/// What a method says of one step.
#[derive(Debug, Clone)]
struct Step {
    stamp: String,
    mean: f64,
    /// Low and high ends at 80 %, then at 95 %.
    bands: [(f64, f64); 2],
}

type Told = HashMap<String, Vec<Step>>;

/// A series cut at an origin.
#[derive(Debug, Default)]
struct Series {
    id: String,
    known: Vec<(String, f64)>,
    /// Stamp and value; a step is found by its stamp when it has one, else by its place.
    truth: Vec<(Option<String>, f64)>,
    /// The last season again, at the steps of the truth.
    naive: Vec<f64>,
    /// Mean absolute difference at the lag of the season, in the known part.
    scale: f64,
}

/// Means over series.
#[derive(Debug, Clone, Copy, Default)]
struct Score {
    smape: f64,
    mase: f64,
    covered: [f64; 2],
    /// Standard error of the share covered, series and origins being drawn; zero for one.
    chance: [f64; 2],
}

/// What a method scored and what it cost.
struct Measured {
    name: String,
    score: Score,
    cost: Cost,
}

/// A question: a set of files, each with its series, and how far ahead.
struct Question<'a> {
    folder: &'a Path,
    name: String,
    freq: &'static str,
    season: usize,
    horizon: usize,
    models: &'a [&'static str],
}

/// Writes the section.
pub fn measured(page: &mut String, folder: &Path) -> Outcome {
    page.push_str("\n## Forecast\n");
    let Some(shared) = shared() else {
        page.push_str("\nNot measured: no shared data.\n");
        return Ok(());
    };
    let (folder, data) = (folder.join("forecast"), shared.join("data"));
    fs::create_dir_all(&folder)?;
    page.push_str(
        "\nModels see the training part alone, ours and the peers' from the same file, and are scored by the same code. \
         A score is a mean over series, or over origins; coverage is the share of test values inside the band, over all \
         series and steps. Our seconds are those of the whole command (start, read, choose by backtest, calibrate, \
         write); peers' are those of fitting and forecasting on one thread, without the start of Python nor reading. \
         One run. Rows *as published* are cited, not measured.\n",
    );
    if peers().is_none() {
        page.push_str("\nPeers were not measured in this run: `PEERS_PY` names no Python.\n");
    }
    page.push('\n');
    page.push_str(TABLE);
    let m4 = m4_hourly(page, &folder, &data);
    told(page, "M4 Hourly", m4);
    let m3 = m3_monthly(page, &folder, &data);
    told(page, "M3 Monthly", m3);
    for set in [
        Daily { name: "calls-daily-2013-2016", freq: "D", season: 7, read: calls },
        Daily { name: "arrivals-ed-iowa-hourly", freq: "D", season: 7, read: emergencies },
        Daily { name: "calls-bank-5min", freq: "B", season: 5, read: bank },
    ] {
        for days in [90, 28] {
            let outcome = daily(page, &folder, &data, &set, days);
            told(page, &format!("{}, {days} days", set.name), outcome);
        }
    }
    let _ = writeln!(
        page,
        "\nM3 tells the year a series starts in and not the month: all are written as starting in January. Daily sets: \
         up to {ORIGINS} origins {APART_DAYS} days apart, the last one a horizon before the end, each a file and a run of its \
         own, with {FEWEST_DAYS} days of history at least; the naive is the last known value of the same weekday; the ratio \
         is that of the means of MASE over the origins. The bank is closed at weekends: its days are working days, its week \
         has five of them, and its horizon is the working days in as many days. A day without a value is not scored, \
         and is filled for the peers with the value of a week before.\n"
    );
    page.push_str(
        "\nWhat is missed, and why. The bank opens 164 weekdays: a 90-day question leaves two to four months to learn from, \
         no method has seen its year, and none of the peers does better there than the naive. Bands of one short series \
         rest on a handful of trials; the standard error beside each goal says what origins tell by chance, and those that \
         overlap tell less. On the calls, the best of the peers is the decomposition that was told the year in advance \
         (`MSTL:7:365`): it is the best of four after the fact, where ours chooses before. Over the panels of M3 and M4 \
         bands hold.\n",
    );
    remaining_time(page, &folder, &data)
}

/// A set that could not be measured is said; the others go on.
fn told(page: &mut String, set: &str, outcome: Outcome) {
    if let Err(Failure(why)) = outcome {
        let why = why.replace(['|', '\n'], " ");
        let _ = writeln!(page, "| {set} | – | – | – | – | – | – | **not measured**: {why} |");
    }
}

fn m4_hourly(page: &mut String, folder: &Path, data: &Path) -> Outcome {
    let known = wide(&data.join("forecast-m4-hourly/Hourly-train.csv.gz"))?;
    let truth = wide(&data.join("forecast-m4-hourly/Hourly-test.csv.gz"))?;
    let mut truth: HashMap<String, Vec<f64>> = truth.into_iter().collect();
    let first = DateTime::constant(2015, 1, 1, 0, 0, 0, 0);
    let mut series = Vec::new();
    for (id, values) in known {
        let ahead = truth.remove(&id).ok_or_else(|| Failure(format!("{id} has no test part")))?;
        let stamp =
            |i: usize| Ok(first.checked_add(jiff::Span::new().hours(i as i64))?.to_string());
        series.push(by_place(id, &values, &ahead, 24, stamp)?);
    }
    let question = Question {
        folder,
        name: "m4-hourly".into(),
        freq: "H",
        season: 24,
        horizon: 48,
        models: &["SeasonalNaive", "AutoETS", "AutoTheta", "MSTL:24:168"],
    };
    // Naive2 as the organisers published it: sMAPE and MASE.
    let owa = |s: &Score| 0.5 * (s.smape / 18.383 + s.mase / 2.395);
    let (ours, others) = question.ask(&[series])?;
    let set = "M4 Hourly, 414 series, 48 steps";
    let at_most = |value, limit, what| goal(value <= limit, &format!("{what} ≤ {limit}"));
    let goals = [
        at_most(owa(&ours.score), 0.46, "OWA"),
        at_most(ours.cost.cpu, 30.0, "CPU s"),
        coverage_goal(&ours.score),
    ];
    let score = |m: &Measured| format!("OWA {:.3}", owa(&m.score));
    row(page, set, &ours, &score(&ours), &goals.join("; "));
    rows(page, set, &others, score);
    published(page, set, "winner of the competition", "OWA 0.440");
    published(page, set, "best entry", "OWA 0.410");
    Ok(())
}

fn m3_monthly(page: &mut String, folder: &Path, data: &Path) -> Outcome {
    let text = unpacked(&data.join("forecast-m3-monthly/m3_monthly.csv.gz"))?;
    let mut series = Vec::new();
    for row in records(&text, b',')? {
        let numbers = |name: &str| -> Vec<f64> {
            let text = row.get(name).map_or("", String::as_str);
            text.split_whitespace().filter_map(|v| v.parse().ok()).collect()
        };
        let id = row.get("series").cloned().unwrap_or_default();
        // A few start in the year 0 of the file: unknown.
        let year = row.get("start").and_then(|y| y.parse().ok()).filter(|y| *y > 1900);
        let first = Date::new(year.unwrap_or(1980), 1, 1)?;
        let stamp =
            |i: usize| Ok(first.checked_add(jiff::Span::new().months(i as i64))?.to_string());
        series.push(by_place(id, &numbers("train"), &numbers("test"), 12, stamp)?);
    }
    let set = format!("M3 Monthly, {} series, 18 steps", series.len());
    let question = Question {
        folder,
        name: "m3-monthly".into(),
        freq: "M",
        season: 12,
        horizon: 18,
        models: &["SeasonalNaive", "AutoETS", "AutoTheta", "MSTL:12"],
    };
    let (ours, others) = question.ask(&[series])?;
    let score = |m: &Measured| format!("sMAPE {:.2}", m.score.smape);
    let goals =
        [goal(ours.score.smape <= 13.7, "sMAPE ≤ 13.7"), coverage_goal(&ours.score)].join("; ");
    row(page, &set, &ours, &score(&ours), &goals);
    rows(page, &set, &others, score);
    published(page, &set, "THETA", "sMAPE 13.89");
    published(page, &set, "ForecastPro", "sMAPE 13.90");
    Ok(())
}

type Days = BTreeMap<Date, f64>;

/// A set of one series by day.
struct Daily {
    name: &'static str,
    freq: &'static str,
    season: usize,
    read: fn(&Path) -> Outcome<Days>,
}

fn calls(data: &Path) -> Outcome<Days> {
    let text = fs::read_to_string(data.join("calls-daily-2013-2016/case_data_calls.csv"))?;
    let mut days = Days::new();
    for row in records(text.trim_start_matches('\u{feff}'), b';')? {
        let day = row.get("date").map_or("", String::as_str);
        *days.entry(Date::strptime("%d-%m-%Y", day)?).or_default() += number(&row, "calls")?;
    }
    Ok(days)
}

fn emergencies(data: &Path) -> Outcome<Days> {
    sums(&data.join("arrivals-ed-iowa-hourly/uihc_ed_arrivals.csv.gz"), "Date", "Arrivals")
}

fn bank(data: &Path) -> Outcome<Days> {
    sums(&data.join("calls-bank-5min/bank_calls_5min.csv.gz"), "DateTime", "Calls")
}

/// Sums by day of what is counted by hour or less.
fn sums(file: &Path, time: &str, count: &str) -> Outcome<Days> {
    let mut days = Days::new();
    for row in records(&unpacked(file)?, b',')? {
        let day = row.get(time).and_then(|t| t.get(..10)).unwrap_or_default();
        *days.entry(day.parse()?).or_default() += number(&row, count)?;
    }
    Ok(days)
}

fn daily(page: &mut String, folder: &Path, data: &Path, set: &Daily, ahead: i32) -> Outcome {
    let days = (set.read)(data)?;
    let (Some((&first, _)), Some((&last, _))) = (days.first_key_value(), days.last_key_value())
    else {
        return Err(Failure("no day was read".into()));
    };
    let mut origins = Vec::new();
    for i in (0..ORIGINS).rev() {
        let origin = last.checked_sub(jiff::Span::new().days(ahead + i * APART_DAYS))?;
        if (origin - first).get_days() + 1 >= FEWEST_DAYS {
            origins.push(vec![cut(&days, origin, ahead)?]);
        }
    }
    let week: &[&str] = match (set.season, (last - first).get_days() > 3 * 365) {
        (5, _) => &["SeasonalNaive", "AutoETS", "AutoTheta", "MSTL:5"],
        (_, true) => &["SeasonalNaive", "AutoETS", "AutoTheta", "MSTL:7", "MSTL:7:365"],
        _ => &["SeasonalNaive", "AutoETS", "AutoTheta", "MSTL:7"],
    };
    let question = Question {
        folder,
        name: format!("{}-{ahead}", set.name),
        freq: set.freq,
        season: set.season,
        // As many working days as can fall into so many days.
        horizon: ahead as usize / 7 * set.season + (ahead as usize % 7).min(set.season),
        models: week,
    };
    let (ours, others) = question.ask(&origins)?;
    let naive = naive(&origins);
    let label = format!("{}, {ahead} days, {} origins", set.name, origins.len());
    let score = |m: &Measured| {
        format!("MASE {:.3}, {:.3} × naive", m.score.mase, m.score.mase / naive.mase)
    };
    let best = others
        .iter()
        .filter_map(|(name, m)| m.as_ref().ok().filter(|_| *name != "SeasonalNaive"))
        .map(|m| m.score.mase)
        .min_by(f64::total_cmp);
    let mut goals = vec![goal(ours.score.mase <= 0.85 * naive.mase, "ratio ≤ 0.85")];
    goals.push(best.map_or_else(
        || "best peer: not measured".into(),
        |best| goal(ours.score.mase <= best, &format!("≤ best peer {:.3}", best / naive.mase)),
    ));
    goals.push(coverage_goal(&ours.score));
    row(page, &label, &ours, &score(&ours), &goals.join("; "));
    let _ = writeln!(
        page,
        "| {label} | weekly seasonal naive | MASE {:.3}, 1 | – | – | – | – | |",
        naive.mase
    );
    rows(page, &label, &others, score);
    Ok(())
}

/// A series by day cut after an origin; weeks are found by date, so that a gap shifts nothing.
fn cut(days: &Days, origin: Date, ahead: i32) -> Outcome<Series> {
    let week = jiff::Span::new().days(7);
    let end = origin.checked_add(jiff::Span::new().days(ahead))?;
    let known: Days = days.range(..=origin).map(|(d, y)| (*d, *y)).collect();
    let mut series = Series { id: "all".into(), ..Series::default() };
    let (mut sum, mut n) = (0.0, 0.0);
    for (day, y) in &known {
        if let Some(before) = known.get(&day.checked_sub(week)?) {
            sum += (y - before).abs();
            n += 1.0;
        }
        series.known.push((day.to_string(), *y));
    }
    series.scale = sum / f64::max(n, 1.0);
    for (day, y) in days.range(origin.tomorrow()?..=end) {
        let same = known.iter().rev().find(|(d, _)| d.weekday() == day.weekday());
        let Some((_, before)) = same else {
            return Err(Failure(format!("no day before {day} is of its weekday")));
        };
        series.naive.push(*before);
        series.truth.push((Some(day.to_string()), *y));
    }
    Ok(series)
}

/// A series whose steps have no date of their own.
fn by_place(
    id: String,
    known: &[f64],
    truth: &[f64],
    season: usize,
    stamp: impl Fn(usize) -> Outcome<String>,
) -> Outcome<Series> {
    let pairs = known.iter().zip(known.iter().skip(season));
    let scale = pairs.map(|(a, b)| (b - a).abs()).sum::<f64>()
        / known.len().saturating_sub(season).max(1) as f64;
    let last = known.get(known.len().saturating_sub(season)..).unwrap_or_default();
    Ok(Series {
        id,
        known: known
            .iter()
            .enumerate()
            .map(|(i, y)| Ok((stamp(i)?, *y)))
            .collect::<Outcome<_>>()?,
        naive: last.iter().copied().cycle().take(truth.len()).collect(),
        truth: truth.iter().map(|y| (None, *y)).collect(),
        scale,
    })
}

type Others = Vec<(&'static str, Result<Measured, String>)>;

impl Question<'_> {
    /// Ours and the peers on the same files, one file an origin: a model that learns from all
    /// series of a file must not meet a later origin there.
    fn ask(&self, origins: &[Vec<Series>]) -> Outcome<(Measured, Others)> {
        let mut files = Vec::new();
        for (i, origin) in origins.iter().enumerate() {
            let file = self.folder.join(format!("{}-{i}.csv", self.name));
            let mut rows = csv::Writer::from_path(&file)?;
            rows.write_record(["unique_id", "ds", "y"])?;
            for series in origin {
                for (stamp, y) in &series.known {
                    rows.write_record([&series.id, stamp, &y.to_string()])?;
                }
            }
            rows.flush()?;
            files.push(file.to_string_lossy().into_owned());
        }
        let mut whole = Cost::default();
        let mut answers = Vec::new();
        let (horizon, season) = (self.horizon.to_string(), self.season.to_string());
        let data = self.folder.join("data");
        for file in &files {
            let args = ["forecast", "--series", file, "--horizon", &horizon, "--season", &season];
            let how = ["--freq", self.freq, "--level", "80,95", "--format", "csv"];
            let (once, text) = cost(&binary(), &[&args[..], &how].concat(), &data, self.folder)?;
            whole.cpu += once.cpu;
            whole.wall += once.wall;
            whole.mib = whole.mib.max(once.mib);
            answers.push(steps(&text)?);
        }
        let score = score(origins, &answers)?;
        let ours = Measured { name: "**éclusier**".into(), score, cost: whole };
        // Without Python the page has said so once.
        let models = if peers().is_some() { self.models } else { &[] };
        let others = models.iter().map(|m| (*m, self.peer(m, &files, origins))).collect();
        for file in files {
            let _ = fs::remove_file(file);
        }
        Ok((ours, others))
    }

    /// A peer's score, or why it has none.
    fn peer(
        &self,
        model: &str,
        files: &[String],
        origins: &[Vec<Series>],
    ) -> Result<Measured, String> {
        let Some(python) = peers() else { return Err("`PEERS_PY` names no Python".into()) };
        let script = root().join("xtask/peers/forecast_peers.py").to_string_lossy().into_owned();
        let (horizon, season) = (self.horizon.to_string(), self.season.to_string());
        let args = [&script, &files.join(","), &horizon, &season, model, BOX_S];
        let (_, text) = cost(&python, &args, &self.folder.join("data"), self.folder)
            .map_err(|_| "could not run: not installed, or it failed".to_owned())?;
        let said: Value = serde_json::from_str(&text).map_err(|e| e.to_string())?;
        if said["gave_up"] == true {
            return Err(format!("not done after {BOX_S} s"));
        }
        let mut answers = Vec::new();
        for place in said["files"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let text = fs::read_to_string(place).map_err(|e| e.to_string())?;
            answers.push(steps(&text).map_err(|Failure(why)| why)?);
            let _ = fs::remove_file(place);
        }
        let of = |key: &str| said[key].as_f64().unwrap_or(0.0);
        let version = said["version"].as_str().unwrap_or("?");
        Ok(Measured {
            name: format!("{model} (statsforecast {version})"),
            score: score(origins, &answers).map_err(|Failure(why)| why)?,
            cost: Cost { cpu: of("cpu_s"), wall: of("wall_s"), mib: of("mib") },
        })
    }
}

/// Forecasts of a file, by series, in the order of the file.
fn steps(text: &str) -> Outcome<Told> {
    let mut told = Told::new();
    for row in records(text, b',')? {
        let of = |name: &str| number(&row, name);
        let step = Step {
            stamp: row.get("ds").cloned().unwrap_or_default(),
            mean: of("mean")?,
            bands: [(of("lo-80")?, of("hi-80")?), (of("lo-95")?, of("hi-95")?)],
        };
        told.entry(row.get("unique_id").cloned().unwrap_or_default()).or_default().push(step);
    }
    Ok(told)
}

/// Scores the answers to each file; a value that was not forecast is a failure, not a mean of fewer.
fn score(origins: &[Vec<Series>], answers: &[Told]) -> Outcome<Score> {
    if origins.len() != answers.len() {
        return Err(Failure(format!("{} answers to {} files", answers.len(), origins.len())));
    }
    let (mut sum, mut series_n, mut values_n) = (Score::default(), 0.0, 0.0);
    let mut by_series: Vec<([f64; 2], f64)> = Vec::new();
    for (origin, told) in origins.iter().zip(answers) {
        for series in origin {
            let steps = told.get(&series.id).map_or(&[][..], Vec::as_slice);
            let (mut errors, mut relative) = (0.0, 0.0);
            let before = sum.covered;
            for (i, (stamp, y)) in series.truth.iter().enumerate() {
                let step = match stamp {
                    Some(stamp) => steps.iter().find(|s| s.stamp.get(..10) == Some(stamp)),
                    None => steps.get(i),
                };
                let Some(step) = step.filter(|s| s.mean.is_finite()) else {
                    return Err(Failure(format!("nothing is said of {} at step {i}", series.id)));
                };
                let (off, both) = ((y - step.mean).abs(), y.abs() + step.mean.abs());
                errors += off;
                relative += if both > 0.0 { 200.0 * off / both } else { 0.0 };
                for (count, (low, high)) in sum.covered.iter_mut().zip(step.bands) {
                    *count += f64::from(u8::from(low <= *y && *y <= high));
                }
                values_n += 1.0;
            }
            let n = series.truth.len().max(1) as f64;
            let inside = [0, 1].map(|band: usize| sum.covered[band] - before[band]);
            by_series.push((inside, series.truth.len() as f64));
            sum.smape += relative / n;
            sum.mase += if series.scale > 0.0 { errors / n / series.scale } else { 0.0 };
            series_n += 1.0;
        }
    }
    let covered = sum.covered.map(|c| c / values_n);
    // Errors of one series go together: what is drawn is series (or origins), not values.
    let chance = [0, 1].map(|band: usize| {
        let apart = |(inside, n): &([f64; 2], f64)| (inside[band] - covered[band] * n).powi(2);
        let units = by_series.len() as f64;
        let spread: f64 = by_series.iter().map(apart).sum();
        (spread * units / (units - 1.0).max(1.0)).sqrt() / values_n
    });
    Ok(Score { smape: sum.smape / series_n, mase: sum.mase / series_n, covered, chance })
}

/// What the seasonal naive scores; it has no band.
fn naive(origins: &[Vec<Series>]) -> Score {
    let (mut mase, mut n) = (0.0, 0.0);
    for series in origins.iter().flatten() {
        let pairs = series.truth.iter().zip(&series.naive);
        let off = pairs.map(|((_, y), f)| (y - f).abs()).sum::<f64>();
        mase += off / series.truth.len().max(1) as f64 / series.scale;
        n += 1.0;
    }
    Score { mase: mase / n, ..Score::default() }
}

fn goal(met: bool, what: &str) -> String {
    format!("{what}: {}", if met { "met" } else { "**missed**" })
}

fn coverage_goal(score: &Score) -> String {
    let [low, high] = score.covered;
    let close = |share: f64, level: f64| (share - level).abs() <= AROUND;
    let [a, b] = score.chance.map(|c| 100.0 * c);
    let what = format!("coverage ± 2 points (chance alone: ± {a:.1} and {b:.1})");
    goal(close(low, 0.80) && close(high, 0.95), &what)
}

fn row(page: &mut String, set: &str, of: &Measured, score: &str, goals: &str) {
    let [low, high] = of.score.covered.map(|c| 100.0 * c);
    let _ = writeln!(
        page,
        "| {set} | {} | {score} | {low:.1} | {high:.1} | {:.2} | {:.0} | {goals} |",
        of.name, of.cost.cpu, of.cost.mib
    );
}

fn rows(page: &mut String, set: &str, others: &Others, score: impl Fn(&Measured) -> String) {
    for (model, measured) in others {
        match measured {
            Ok(of) => row(page, set, of, &score(of), ""),
            Err(why) => {
                let _ =
                    writeln!(page, "| {set} | {model} | – | – | – | – | – | not measured: {why} |");
            }
        }
    }
}

fn published(page: &mut String, set: &str, name: &str, score: &str) {
    let _ = writeln!(page, "| {set} | {name}, *as published* | {score} | – | – | – | – | |");
}

/// A log for the question of the time left.
struct Left {
    name: &'static str,
    zone: &'static str,
    write: fn(&Path, &Path) -> Outcome,
    goals: bool,
}

fn remaining_time(page: &mut String, folder: &Path, data: &Path) -> Outcome {
    page.push_str(
        "\n### Time left to open cases\n\nCases by their start: the last fifth is the test; all that is learned comes from cases \
         that were over before the first of them began. A promise is made after every event but the last. Ours goes on \
         learning from outcomes known at the instant of each promise; the peer is widened once, by the calibration part. \
         Our seconds hold reading the log; the peer's a median and two quantiles, without reading.\n\n\
         | log | method | promises | MAE, days | inside the band of 90 % | width, days | CPU s | MiB | goal |\n\
         |---|---|---|---|---|---|---|---|---|\n",
    );
    cargo(&["build", "--release", "-p", "eclusier-forecast", "--example", "remaining_time"])?;
    for log in [
        Left { name: "BPIC 2012", zone: "Europe/Amsterdam", write: loans, goals: true },
        Left { name: "receipt", zone: "Europe/Amsterdam", write: permits, goals: false },
        Left { name: "road traffic fines", zone: "Europe/Rome", write: fines, goals: false },
    ] {
        if let Err(Failure(why)) = time_left(page, folder, data, &log) {
            let _ = writeln!(
                page,
                "| {} | – | – | – | – | – | – | – | **not measured**: {why} |",
                log.name
            );
        }
    }
    Ok(())
}

fn time_left(page: &mut String, folder: &Path, data: &Path, log: &Left) -> Outcome {
    let file = folder.join("log.csv");
    (log.write)(data, &file)?;
    let file = file.to_string_lossy().into_owned();
    let example: PathBuf = target().join("release/examples/remaining_time");
    let mut row = |name: &str, said: &Value, cost: Cost, goals: &str| {
        let of = |key: &str| said[key].as_f64().unwrap_or(f64::NAN);
        let _ = writeln!(
            page,
            "| {} | {name} | {} | {:.2} | {:.1} % | {:.1} | {:.2} | {:.0} | {goals} |",
            log.name,
            said["promises"],
            of("mae_days"),
            100.0 * of("inside"),
            of("width_days"),
            cost.cpu,
            cost.mib
        );
    };
    let (ours, text) = cost(&example, &[&file, log.zone], folder, folder)?;
    let said: Value = serde_json::from_str(&text)?;
    let of = |key: &str| said[key].as_f64().unwrap_or(f64::NAN);
    let goals = [
        goal(of("mae_days") <= 5.5, "MAE ≤ 5.5"),
        goal((0.88..=0.92).contains(&of("inside")), "inside 88–92 %"),
        goal(ours.cpu < 5.0, "< 5 CPU s"),
    ];
    row("**éclusier**", &said, ours, &if log.goals { goals.join("; ") } else { String::new() });
    let Some(python) = peers() else { return Ok(()) };
    let script = root().join("xtask/peers/remaining_time.py").to_string_lossy().into_owned();
    let (_, text) = cost(&python, &[&script, &file], folder, folder)?;
    let said: Value = serde_json::from_str(&text)?;
    let of = |key: &str| said[key].as_f64().unwrap_or(f64::NAN);
    let spent = Cost { cpu: of("cpu_s"), wall: of("wall_s"), mib: of("mib") };
    let note = format!("without the calibration part: MAE {:.2}", of("mae_train_days"));
    let name = format!("lightgbm {}", said["version"].as_str().unwrap_or("?"));
    row(&name, &said, spent, &note);
    Ok(())
}

fn loans(data: &Path, to: &Path) -> Outcome {
    xes(&data.join("log-bpic2012/BPI_Challenge_2012.xes.gz"), to, &["num:AMOUNT_REQ"])
}

fn permits(data: &Path, to: &Path) -> Outcome {
    let known = ["cat:channel", "cat:department", "cat:group"];
    xes(&data.join("log-receipt-wabo/receipt.xes.gz"), to, &known)
}

/// Writes an XES file with one attribute a line, as these are, as a log of rows.
fn xes(from: &Path, to: &Path, known: &[&str]) -> Outcome {
    let text = unpacked(from)?;
    let mut rows = csv::Writer::from_path(to)?;
    rows.write_record([&["case", "activity", "at", "resource"], known].concat())?;
    let mut case = HashMap::<&str, &str>::new();
    let mut event = HashMap::<&str, &str>::new();
    let mut events: Vec<[String; 3]> = Vec::new();
    let (mut n, mut inside) = (0u32, false);
    for line in text.lines().map(str::trim) {
        if line.starts_with("<trace>") {
            case.clear();
            events.clear();
        } else if line.starts_with("<event>") {
            inside = true;
            event.clear();
        } else if line.starts_with("</event>") {
            inside = false;
            let of = |key: &str| event.get(key).copied().unwrap_or_default();
            let activity = format!("{}|{}", of("concept:name"), of("lifecycle:transition"));
            events.push([activity, of("time:timestamp").into(), of("org:resource").into()]);
        } else if line.starts_with("</trace>") {
            n += 1;
            let known = known.iter().map(|k| k.split_once(':').map_or("", |(_, name)| name));
            let known: Vec<&str> =
                known.map(|k| case.get(k).copied().unwrap_or_default()).collect();
            for event in &events {
                let event = event.iter().map(String::as_str);
                let row = std::iter::once(n.to_string());
                rows.write_record(
                    row.chain(event.chain(known.iter().copied()).map(str::to_owned)),
                )?;
            }
        } else {
            let mut parts = line.split('"');
            if let (Some(_), Some(key), Some(_), Some(value)) =
                (parts.next(), parts.next(), parts.next(), parts.next())
            {
                if inside { &mut event } else { &mut case }.insert(key, value);
            }
        }
    }
    rows.flush()?;
    Ok(())
}

fn fines(data: &Path, to: &Path) -> Outcome {
    let text = unpacked(&data.join("log-road-traffic-fines/road_traffic_fines.csv.gz"))?;
    let mut rows = csv::Writer::from_path(to)?;
    let head = ["case", "activity", "at", "resource", "num:amount", "cat:article", "cat:class"];
    rows.write_record(head)?;
    // Attributes come with the first row of a case, and are known from then on.
    let mut firsts: HashMap<String, [String; 3]> = HashMap::new();
    for row in records(&text, b',')? {
        let of = |name: &str| row.get(name).cloned().unwrap_or_default();
        let day = of("timestamp").replace('/', "-");
        let day = format!("{}T00:00:00Z", day.get(..10).unwrap_or_default());
        let known = firsts
            .entry(of("case_id"))
            .or_insert_with(|| [of("amount"), of("article"), of("vehicleclass")]);
        let event = [of("case_id"), of("activity"), day, of("resource")];
        rows.write_record(event.iter().chain(known.iter()))?;
    }
    rows.flush()?;
    Ok(())
}

fn unpacked(path: &Path) -> Outcome<String> {
    let file = fs::File::open(path).map_err(|e| Failure(format!("{}: {e}", path.display())))?;
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text)?;
    Ok(text)
}

/// Rows of a table by the names of its head.
fn records(text: &str, delimiter: u8) -> Outcome<Vec<HashMap<String, String>>> {
    let mut rows = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text.as_bytes());
    rows.deserialize().map(|row| Ok(row?)).collect()
}

fn number(row: &HashMap<String, String>, name: &str) -> Outcome<f64> {
    let text = row.get(name).map_or("", String::as_str);
    text.parse().map_err(|_| Failure(format!("{name} is no number: {text:?}")))
}

/// Series of a table without a head worth reading: name, then values, then blanks.
fn wide(path: &Path) -> Outcome<Vec<(String, Vec<f64>)>> {
    let text = unpacked(path)?;
    let mut rows = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let mut series = Vec::new();
    for row in rows.records() {
        let row = row?;
        let values = row.iter().skip(1).filter_map(|v| v.parse().ok()).collect();
        series.push((row.get(0).unwrap_or_default().to_owned(), values));
    }
    Ok(series)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(rows: &[(&str, f64, f64, f64)]) -> Told {
        let step = |&(stamp, mean, low, high): &(&str, f64, f64, f64)| Step {
            stamp: stamp.into(),
            mean,
            bands: [(low, high), (low - 10.0, high + 10.0)],
        };
        Told::from([("a".into(), rows.iter().map(step).collect())])
    }

    #[test]
    fn scores_are_those_worked_by_hand() {
        let stamp = |i: usize| Ok(format!("{i}"));
        // Season 2: differences |3−1|, |6−2|, |4−3|: scale 7/3; the naive says 6, 4 again.
        let a = by_place("a".into(), &[1.0, 2.0, 3.0, 6.0, 4.0], &[6.0, 8.0], 2, stamp).unwrap();
        assert!((a.scale - 7.0 / 3.0).abs() < 1e-12);
        assert_eq!(a.naive, [6.0, 4.0]);
        let origins = [vec![a]];
        assert!((naive(&origins).mase - 2.0 / (7.0 / 3.0)).abs() < 1e-12);
        let answer = told(&[("x", 4.0, 3.0, 5.0), ("y", 8.0, 7.0, 9.0)]);
        let s = score(&origins, &[answer]).unwrap();
        // Errors 2 and 0: sMAPE (200·2/10 + 0)/2 = 20; one of two inside at 80 %, both at 95 %.
        assert!((s.smape - 20.0).abs() < 1e-12);
        assert!((s.mase - 3.0 / 7.0).abs() < 1e-12);
        assert_eq!(s.covered, [0.5, 1.0]);
        let short = told(&[("x", 4.0, 3.0, 5.0)]);
        assert!(score(&origins, &[short]).is_err());
        let unsaid = told(&[("x", f64::NAN, 3.0, 5.0), ("y", 8.0, 7.0, 9.0)]);
        assert!(score(&origins, &[unsaid]).is_err());
    }

    #[test]
    fn an_origin_shows_nothing_later_and_finds_days_by_date() {
        let first = jiff::civil::date(2024, 1, 1);
        let day = |i: i32| first.checked_add(jiff::Span::new().days(i)).unwrap();
        // Each weekday has its level, one more each week; a day is missing before the origin.
        let level = |i: i32| f64::from(100 * (i % 7) + i / 7);
        let mut days: Days = (0..42).map(|i| (day(i), level(i))).collect();
        days.remove(&day(24));
        let series = cut(&days, day(27), 14).unwrap();
        assert_eq!(series.known.len(), 27);
        assert_eq!(series.known.last().unwrap().0, day(27).to_string());
        assert_eq!(series.truth.len(), 14);
        assert!((series.scale - 1.0).abs() < 1e-12);
        // The weekday of the gap was last seen a week earlier.
        assert_eq!(series.naive[3], level(17));
        assert_eq!(series.naive[4], level(25));
        // Told in disorder, found by date.
        let say = |i: i32| Step {
            stamp: format!("{}T00:00:00", day(28 + i)),
            mean: level(28 + i),
            bands: [(0.0, 0.0); 2],
        };
        let answer = Told::from([("all".into(), (0..14).rev().map(say).collect())]);
        assert!(score(&[vec![series]], &[answer]).unwrap().mase.abs() < 1e-12);
    }

    #[test]
    fn goals_are_met_or_missed_by_their_figures() {
        let of = |low, high| coverage_goal(&Score { covered: [low, high], ..Score::default() });
        assert!(of(0.785, 0.965).ends_with(": met"));
        assert!(of(0.77, 0.95).ends_with("**missed**"));
        assert!(of(0.80, 0.98).ends_with("**missed**"));
    }
}
