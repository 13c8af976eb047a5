//! The default closing rule, tried on real logs cut where their future is known.
//!
//! Each log is cut at three dates; the rule is learned on the cut log, and each
//! case said open or closed is compared with whether an event came after.
//! `ECLUSIER_WRITE_DOCS=1` rewrites the table of `docs/methods/closing-rule.md`;
//! otherwise the documented table must be the one computed.

use std::io::Read;

use eclusier_core::config::ProcessRules;
use eclusier_eventlog::EventBatch;
use eclusier_ledger::{AsOf, Confusion, LearnedRule, LearningParams, truncation_confusion};
use rustc_hash::FxHashMap;

use crate::support::*;

fn unzip(path: &std::path::Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).unwrap();
    flate2::read::MultiGzDecoder::new(file).read_to_end(&mut bytes).unwrap();
    bytes
}

/// Microseconds of the instants these files hold; a date alone is its midnight.
fn instant(text: &str) -> (i64, bool) {
    let text = text.trim().replace('/', "-").replace(' ', "T");
    if text.len() == 10 {
        let day: jiff::civil::Date = text.parse().unwrap();
        return (i64::from(eclusier_calendar::day_number(day)) * DAY, true);
    }
    if let Ok(t) = text.parse::<jiff::Timestamp>() {
        return (t.as_microsecond(), false);
    }
    let t: jiff::civil::DateTime = text.parse().unwrap();
    (jiff::tz::TimeZone::UTC.to_timestamp(t).unwrap().as_microsecond(), false)
}

/// Rows of a CSV log; `columns` names case, activity, time and, where there is one, start.
fn csv_rows(path: &str, columns: [&str; 4], ignore: &[&str]) -> Option<Vec<Row>> {
    let bytes = unzip(&shared(path)?);
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let header = reader.headers().unwrap().clone();
    let at = columns.map(|c| header.iter().position(|h| h == c));
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.unwrap();
        let field = |i: usize| at[i].and_then(|c| record.get(c)).unwrap_or("");
        if ignore.contains(&field(1)) {
            continue;
        }
        let (time, date_only) = instant(field(2));
        let mut row = Row::at(field(0), field(1), time);
        row.date_only = date_only;
        row.start = (!field(3).is_empty()).then(|| instant(field(3)).0);
        rows.push(row);
    }
    Some(rows)
}

/// Rows of an XES log, read by its tags: enough for these files, no more.
fn xes_rows(path: &str) -> Option<Vec<Row>> {
    let text = String::from_utf8(unzip(&shared(path)?)).unwrap();
    fn value(tag: &str) -> Option<&str> {
        let from = tag.find("value=\"")? + 7;
        Some(&tag[from..from + tag[from..].find('"')?])
    }
    let mut rows = Vec::new();
    for (i, trace) in text.split("<trace").enumerate().skip(1) {
        let case = format!("{i:06}");
        for event in trace.split("<event").skip(1) {
            let event = event.split("</event").next().unwrap_or(event);
            let get = |key: &str| {
                event.split('<').find(|t| t.contains(&format!("key=\"{key}\""))).and_then(value)
            };
            let (Some(name), Some(time)) = (get("concept:name"), get("time:timestamp")) else {
                continue;
            };
            let mut row = Row::at(&case, name, instant(time).0);
            row.lifecycle =
                match get("lifecycle:transition").map(str::to_ascii_lowercase).as_deref() {
                    Some("start") => Some("start"),
                    Some("schedule") => Some("schedule"),
                    Some("complete") => Some("complete"),
                    _ => None,
                };
            rows.push(row);
        }
    }
    Some(rows)
}

const PLAIN: [&str; 4] = ["case_id", "activity", "end_time", "start_time"];

type Load = fn() -> Option<Vec<Row>>;

const LOGS: [(&str, Load); 14] = [
    ("receipt-wabo", || xes_rows("data/log-receipt-wabo/receipt.xes.gz")),
    ("helpdesk", || xes_rows("data/log-helpdesk/helpdesk.xes.gz")),
    ("sepsis", || xes_rows("data/log-sepsis/Sepsis_Cases.xes.gz")),
    ("bpic2012", || xes_rows("data/log-bpic2012/BPI_Challenge_2012.xes.gz")),
    ("bpic2013 incidents", || xes_rows("data/log-bpic2013/incidents.xes.gz")),
    ("bpic2013 problèmes clos", || xes_rows("data/log-bpic2013/closed_problems.xes.gz")),
    ("bpic2015 commune 1", || xes_rows("data/log-bpic2015-municipalities/T_BPIC15_1.xes.gz")),
    ("bpic2015 commune 3", || xes_rows("data/log-bpic2015-municipalities/T_BPIC15_3.xes.gz")),
    ("insurance-claims", || xes_rows("data/log-insurance-claims/insurance.xes.gz")),
    ("bpic2012-w", || csv_rows("data/log-bpic2012-w/BPIC_2012_W.csv.gz", PLAIN, &[])),
    ("academic-credentials", || {
        csv_rows("data/log-academic-credentials/AcademicCredentials.csv.gz", PLAIN, &[])
    }),
    ("purchasing-example", || {
        csv_rows("data/log-purchasing-example/PurchasingExample.csv.gz", PLAIN, &[])
    }),
    ("loan-app", || csv_rows("data/log-loan-app/LoanApp.csv.gz", PLAIN, &[])),
    ("road-traffic-fines", || {
        let columns = ["case_id", "activity", "timestamp", ""];
        csv_rows("data/log-road-traffic-fines/road_traffic_fines.csv.gz", columns, &[])
    }),
];

/// A log ready to be cut: its rows as a batch, its three dates, the last event of each case.
struct Log {
    batch: EventBatch,
    cuts: Vec<AsOf>,
    last: FxHashMap<String, i64>,
    end: i64,
}

impl Log {
    /// The dates before which 40, 55 and 70 % of the rows are.
    fn new(rows: Vec<Row>) -> Self {
        let mut times: Vec<i64> = rows.iter().map(|r| r.time).collect();
        times.sort_unstable();
        let mut last: FxHashMap<String, i64> = FxHashMap::default();
        for r in &rows {
            let slot = last.entry(r.case.clone()).or_insert(i64::MIN);
            *slot = (*slot).max(r.time);
        }
        let cuts = [0.40, 0.55, 0.70]
            .into_iter()
            .map(|share| times[((times.len() - 1) as f64 * share) as usize])
            .map(|us| end_of_number(us.div_euclid(DAY) as i32))
            .collect();
        Self { cuts, last, end: times[times.len() - 1], batch: batch(rows) }
    }
}

struct Trial {
    as_of: AsOf,
    confusion: Confusion,
    rule: LearnedRule,
}

fn try_rule(log: &Log, params: LearningParams) -> Vec<Trial> {
    let rules = always(ProcessRules::default());
    let last: FxHashMap<&str, i64> = log.last.iter().map(|(c, &t)| (c.as_str(), t)).collect();
    log.cuts
        .iter()
        .map(|&as_of| {
            let rule = learn(&log.batch, as_of, params);
            let table = fold(std::slice::from_ref(&log.batch), &rules, Some(rule.clone()), as_of);
            Trial { as_of, confusion: truncation_confusion(&table, &last), rule }
        })
        .collect()
}

const DOC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/methods/closing-rule.md");
const BEGIN: &str =
    "<!-- table: written by the test `the_documented_table_is_the_one_computed` -->\n";
const END: &str = "<!-- end of table -->";

#[test]
fn the_documented_table_is_the_one_computed() {
    if shared("data").is_none() {
        return;
    }
    let mut table = String::from(
        "| Log | Cut | Said open, event came | Said open, none came | Said closed, event came | Said closed, none came | Right | Known future, days | Rule: terminal activities, silences |\n|---|---|---:|---:|---:|---:|---:|---:|---|\n",
    );
    let mut judged = Confusion::default();
    for (name, load) in LOGS {
        let Some(rows) = load() else { continue };
        let log = Log::new(rows);
        for t in try_rule(&log, LearningParams::default()) {
            let future = (log.end - t.as_of.us).max(0) / DAY;
            let needed = t.rule.longest_silence_us();
            // A future shorter than the longest silence cannot tell a closed case from a slow one.
            let known = future * DAY >= needed;
            let c = t.confusion;
            if known {
                judged = judged + c;
            }
            let own = t.rule.silence_after.iter().filter_map(|s| s.silence_us);
            let days = |us: i64| us / DAY;
            let span = match (own.clone().min(), own.max()) {
                (Some(low), Some(high)) => format!("{} to {} d", days(low), days(high)),
                _ => "none of its own".to_owned(),
            };
            table.push_str(&format!(
                "| {name} | {} | {} | {} | {} | {} | {:.1} % | {future}{} | {}, {span}, rare {} d |\n",
                eclusier_calendar::date_of(t.as_of.day),
                c.open_open,
                c.open_closed,
                c.closed_open,
                c.closed_closed,
                c.accuracy().unwrap_or(0.0) * 100.0,
                if known { "" } else { " (too short)" },
                t.rule.terminal.len(),
                t.rule.silence_us.map_or(0, days),
            ));
        }
    }
    table.push_str(&format!(
        "\nWhere the future is long enough: {} cases judged, {:.1} % right; {:.1} % of the cases still alive were said open; {} said open for {} really so.\n",
        judged.total(),
        judged.accuracy().unwrap_or(0.0) * 100.0,
        judged.open_found().unwrap_or(0.0) * 100.0,
        judged.open_open + judged.open_closed,
        judged.true_stock(),
    ));
    println!("{table}");
    assert!(judged.accuracy().unwrap() > 0.85, "{judged:?}");
    let text = std::fs::read_to_string(DOC).unwrap();
    let begin = text.find(BEGIN).unwrap() + BEGIN.len();
    let end = text.find(END).unwrap();
    if std::env::var("ECLUSIER_WRITE_DOCS").is_ok() {
        std::fs::write(DOC, format!("{}{table}{}", &text[..begin], &text[end..])).unwrap();
    } else {
        assert_eq!(&text[begin..end], table, "run again with ECLUSIER_WRITE_DOCS=1");
    }
}

#[test]
#[ignore = "a campaign: compares parameters on every log"]
fn compare_parameters() {
    let logs: Vec<_> =
        LOGS.iter().filter_map(|(name, load)| Some((*name, Log::new(load()?)))).collect();
    for (label, params) in candidates() {
        let mut line = String::new();
        let (mut accuracy, mut error, mut n, mut found) = (0.0, 0.0, 0.0, 0.0);
        for (_, log) in &logs {
            let sum = try_rule(log, params)
                .into_iter()
                .fold(Confusion::default(), |s, t| s + t.confusion);
            let a = sum.accuracy().unwrap_or(0.0);
            line.push_str(&format!(" {:5.1}", a * 100.0));
            accuracy += a;
            found += sum.open_found().unwrap_or(1.0);
            error += sum.stock_error().unsigned_abs() as f64 / (sum.true_stock() + 1) as f64;
            n += 1.0;
        }
        println!(
            "{label:44}{line} | acc {:.2} open found {:.2} stock err {:.3}",
            accuracy / n * 100.0,
            found / n * 100.0,
            error / n
        );
    }
    for (name, log) in &logs {
        for t in try_rule(log, LearningParams::default()) {
            let silence = t.rule.silence_us.unwrap_or(0) as f64 / DAY as f64;
            println!(
                "{name:24} {} {:?} terminal {} silence {silence:.1} future {:.0} warm {:?}",
                t.as_of.day,
                t.confusion,
                t.rule.terminal.len(),
                (log.end - t.as_of.us) as f64 / DAY as f64,
                t.rule.warm_from,
            );
        }
    }
}

fn candidates() -> Vec<(String, LearningParams)> {
    let mut all = Vec::new();
    for share in [0.7, 0.75, 0.8, 0.85, 0.9] {
        for q in [0.9, 0.95, 0.98, 0.99] {
            for least in [10, 20, 50] {
                let mut p = LearningParams::default();
                (p.terminal_share, p.silence_quantile, p.min_occurrences) = (share, q, least);
                all.push((format!("share {share} quantile {q} least {least}"), p));
            }
        }
    }
    all
}
