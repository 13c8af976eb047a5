//! Promises on public logs, judged by what became of each case.
//!
//! - Computes: the mean error of the date by which half should be over, and the share of cases
//!   that end inside the band of nine in ten.
//! - Units: days; shares.
//! - Shapes: whole logs; the last fifth of the cases, by start, is the test. What is learned is
//!   learned as of the first of them, from cases over by then; a promise is made after each of
//!   their events but the last, from what is known at that event.
//! - Errors: logs that are absent are skipped, unless they must be there.
//! - Source: the split is the usual one of the literature; LightGBM 4.7.0 on the same split,
//!   without anything learned online, has the figures quoted beside ours.

use std::{
    collections::{BTreeMap, HashMap},
    io::Read,
    path::PathBuf,
};

use eclusier_calendar::Zone;
use eclusier_forecast::eta::{Case, Event, Log, Options, learn, report};

/// Text of a file of the public data; `None` where they are not, unless they must be.
pub fn shared(path: &str) -> Option<String> {
    let root = std::env::var_os("ECLUSIER_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let file = root.join("data").join(path);
    let Ok(file) = std::fs::File::open(&file) else {
        let required = std::env::var("ECLUSIER_REQUIRE_SHARED").as_deref() == Ok("1");
        assert!(!required, "{} is missing", file.display());
        return None;
    };
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    Some(text)
}

/// Codes of texts, in order of appearance.
#[derive(Default)]
struct Codes(HashMap<String, u32>);

impl Codes {
    fn of(&mut self, text: &str) -> u32 {
        let next = self.0.len() as u32;
        *self.0.entry(text.to_owned()).or_insert(next)
    }
}

fn instant(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().unwrap().as_microsecond()
}

fn ended(mut case: Case) -> Case {
    case.ended = case.events.iter().map(|e| e.at).max();
    case
}

/// Cases of an XES file; `keep` says which activities count, and their name.
fn xes(
    text: &str,
    categories: &[&str],
    numbers: &[&str],
    keep: fn(&str, &str) -> Option<String>,
) -> Vec<Case> {
    let mut activities = Codes::default();
    let mut codes: Vec<Codes> = categories.iter().map(|_| Codes::default()).collect();
    let mut cases = Vec::new();
    let (mut case, mut event) = (Vec::new(), None::<BTreeMap<&str, &str>>);
    let mut own: BTreeMap<&str, &str> = BTreeMap::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with("<trace>") {
            (case, own) = (Vec::new(), BTreeMap::new());
        } else if line.starts_with("<event>") {
            event = Some(BTreeMap::new());
        } else if line.starts_with("</event>") {
            let of = event.take().unwrap();
            let life = of.get("lifecycle:transition").copied().unwrap_or("");
            if let Some(name) = keep(of["concept:name"], life) {
                let at = instant(of["time:timestamp"]);
                case.push(Event { activity: activities.of(&name), at });
            }
        } else if line.starts_with("</trace>") {
            if case.is_empty() {
                continue;
            }
            let category = |(name, codes): (&&str, &mut Codes)| own.get(*name).map(|v| codes.of(v));
            let number = |name: &&str| own.get(*name).map_or(f64::NAN, |v| v.parse().unwrap());
            cases.push(ended(Case {
                id: cases.len() as u64,
                events: std::mem::take(&mut case),
                ended: None,
                categories: categories.iter().zip(&mut codes).map(category).collect(),
                numbers: numbers.iter().map(number).collect(),
            }));
        } else {
            let mut parts = line.split('"');
            if let (Some(_), Some(key), Some(_), Some(value)) =
                (parts.next(), parts.next(), parts.next(), parts.next())
            {
                event.as_mut().unwrap_or(&mut own).insert(key, value);
            }
        }
    }
    cases
}

#[derive(Debug)]
struct Score {
    promises: usize,
    mae: f64,
    /// Shares that ended inside the band, before it, and by the date of nine in ten.
    inside: f64,
    early: f64,
    by_nine: f64,
    width: f64,
}

fn score(cases: &[Case], zone: &str) -> Score {
    const DAY: f64 = 86_400e6;
    let zone = Zone::new(zone).unwrap();
    let log = Log { cases, zone: &zone };
    let mut begins: Vec<i64> =
        cases.iter().map(|c| c.events.iter().map(|e| e.at).min().unwrap()).collect();
    begins.sort_unstable();
    let first = begins[(0.8 * begins.len() as f64) as usize];
    let model = learn(log, first - 1, &Options::default()).unwrap();
    let mut score =
        Score { promises: 0, mae: 0.0, inside: 0.0, early: 0.0, by_nine: 0.0, width: 0.0 };
    let mut told = 0;
    for made in model.replay(log, i64::MAX / 4).unwrap() {
        let end = cases[made.case].ended.unwrap();
        let dates = made.dates;
        assert!(made.at <= dates.low && dates.low <= dates.half_by, "{made:?}");
        assert!(dates.half_by <= dates.nine_by && dates.nine_by <= dates.high, "{made:?}");
        told += 1;
        score.mae += (end - dates.half_by).abs() as f64 / DAY;
        score.inside += f64::from(u8::from((dates.low..=dates.high).contains(&end)));
        score.early += f64::from(u8::from(end < dates.low));
        score.by_nine += f64::from(u8::from(end <= dates.nine_by));
        score.width += (dates.high - dates.low) as f64 / DAY;
    }
    score.promises = told;
    for mean in
        [&mut score.mae, &mut score.inside, &mut score.early, &mut score.by_nine, &mut score.width]
    {
        *mean /= told as f64;
    }
    score
}

fn bpic2012(keep: fn(&str, &str) -> Option<String>) -> Option<Vec<Case>> {
    let text = shared("log-bpic2012/BPI_Challenge_2012.xes.gz")?;
    Some(xes(&text, &[], &["AMOUNT_REQ"], keep))
}

#[test]
fn loans_are_told_within_five_days_and_a_half() {
    let Some(cases) = bpic2012(|name, life| Some(format!("{name}|{life}"))) else { return };
    let score = score(&cases, "Europe/Amsterdam");
    println!("bpic2012 {score:?}");
    assert!(score.mae <= 5.5, "{score:?}");
    assert!((0.88..=0.92).contains(&score.inside), "{score:?}");
    let zone = Zone::new("Europe/Amsterdam").unwrap();
    let now = cases.iter().flat_map(|c| &c.events).map(|e| e.at).max().unwrap();
    let report = report(Log { cases: &cases, zone: &zone }, now, &Options::default()).unwrap();
    println!("{report:?}");
    assert!(!report.naive_wins(), "{report:?}");
    assert!((0.85..=0.95).contains(&report.coverage()), "{report:?}");
}

#[test]
fn work_items_alone_are_covered() {
    let keep = |name: &str, life: &str| {
        (name.starts_with("W_") && life == "COMPLETE").then(|| name.to_owned())
    };
    let Some(cases) = bpic2012(keep) else { return };
    let score = score(&cases, "Europe/Amsterdam");
    println!("bpic2012-w {score:?}");
    assert!((0.87..=0.95).contains(&score.inside), "{score:?}");
}

#[test]
fn permits_are_told_better_than_by_lightgbm() {
    let Some(text) = shared("log-receipt-wabo/receipt.xes.gz") else { return };
    let categories = ["channel", "department", "group"];
    let cases = xes(&text, &categories, &[], |name, life| Some(format!("{name}|{life}")));
    let score = score(&cases, "Europe/Amsterdam");
    println!("receipt {score:?}");
    // LightGBM on the same split: 2.55 days, or 1.88 with the calibration part learned from too.
    assert!(score.mae <= 1.88, "{score:?}");
}

#[test]
fn fines_are_told_within_a_year() {
    let Some(text) = shared("log-road-traffic-fines/road_traffic_fines.csv.gz") else { return };
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let head = rows.headers().unwrap().clone();
    let at = |name: &str| head.iter().position(|h| h == name).unwrap();
    let [id, activity, time, amount] = ["case_id", "activity", "timestamp", "amount"].map(at);
    let known = ["article", "vehicleclass"].map(at);
    let mut codes: Vec<Codes> = (0..3).map(|_| Codes::default()).collect();
    let mut of: HashMap<String, Case> = HashMap::new();
    let mut order = Vec::new();
    for row in rows.records().map(Result::unwrap) {
        let case = of.entry(row[id].to_owned()).or_insert_with(|| {
            order.push(row[id].to_owned());
            Case {
                id: order.len() as u64,
                categories: (0..2)
                    .map(|i| Some(row[known[i]].to_owned()).filter(|v| !v.is_empty()))
                    .zip(&mut codes[1..])
                    .map(|(v, codes)| v.map(|v| codes.of(&v)))
                    .collect(),
                numbers: vec![row[amount].parse().unwrap_or(f64::NAN)],
                ..Case::default()
            }
        });
        let day = format!("{}T00:00:00Z", &row[time][..10]);
        case.events.push(Event { activity: codes[0].of(&row[activity]), at: instant(&day) });
    }
    let cases: Vec<Case> = order.iter().map(|id| ended(of.remove(id).unwrap())).collect();
    let score = score(&cases, "Europe/Rome");
    println!("fines {score:?}");
    // LightGBM on the same split: 238 days, which is better: fines live for years, and the rule
    // of the early ones changed. Held so that it does not get worse, not as a target.
    assert!(score.mae <= 260.0 && score.inside >= 0.7, "{score:?}");
}
