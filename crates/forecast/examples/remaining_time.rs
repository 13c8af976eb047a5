//! Promises on a log, judged by what became of each case: `remaining_time LOG.csv [ZONE]`.
//!
//! - Computes: the mean error of the date by which half should be over, and the share of cases
//!   that end inside the band of nine in ten.
//! - Units: days; shares.
//! - Shapes: a CSV with columns `case,activity,at`, and what is known of a case from its start
//!   as `num:NAME` and `cat:NAME`; one line of JSON out. The last fifth of the cases, by start,
//!   is the test; what is learned is known before the first of them began, and each promise is
//!   made from what is known at its own event.
//! - Errors: a file that cannot be read, a log too small to learn from.
//! - Source: the split of `xtask/peers/remaining_time.py`, which does the same with LightGBM.
#![allow(clippy::print_stdout)]

use std::{collections::HashMap, error::Error};

use eclusier_calendar::Zone;
use eclusier_forecast::eta::{Case, Event, Log, Options, learn};

const DAY_US: f64 = 86_400e6;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let path = args.next().ok_or("usage: remaining_time LOG.csv [ZONE]")?;
    let zone = Zone::new(&args.next().unwrap_or_else(|| "UTC".into()))?;
    let cases = read(&path)?;
    let log = Log { cases: &cases, zone: &zone };
    let begin = |case: &Case| case.events.iter().map(|e| e.at).min();
    let mut begins: Vec<i64> = cases.iter().filter_map(begin).collect();
    begins.sort_unstable();
    let first = *begins.get(begins.len() * 4 / 5).ok_or("the log holds no case")?;
    let model = learn(log, first - 1, &Options::default())?;
    let (mut promises, mut error, mut inside, mut width) = (0u32, 0.0, 0u32, 0.0);
    for made in model.replay(log, i64::MAX / 4)? {
        let Some(end) = cases.get(made.case).and_then(|c| c.ended) else { continue };
        promises += 1;
        error += (end - made.dates.half_by).abs() as f64 / DAY_US;
        inside += u32::from((made.dates.low..=made.dates.high).contains(&end));
        width += (made.dates.high - made.dates.low) as f64 / DAY_US;
    }
    let of = |sum: f64| sum / f64::from(promises.max(1));
    println!(
        "{{\"cases\":{},\"promises\":{promises},\"mae_days\":{},\"inside\":{},\"width_days\":{}}}",
        cases.len(),
        of(error),
        of(f64::from(inside)),
        of(width)
    );
    Ok(())
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

/// Cases in the order of the file; each is over at its last event.
fn read(path: &str) -> Result<Vec<Case>, Box<dyn Error>> {
    let mut rows = csv::Reader::from_path(path)?;
    let head = rows.headers()?.clone();
    let place =
        |name: &str| head.iter().position(|h| h == name).ok_or_else(|| format!("no column {name}"));
    let (id, activity, at) = (place("case")?, place("activity")?, place("at")?);
    let having = |prefix: &str| -> Vec<usize> {
        head.iter().enumerate().filter(|(_, h)| h.starts_with(prefix)).map(|(i, _)| i).collect()
    };
    let (numbers, categories) = (having("num:"), having("cat:"));
    let mut activities = Codes::default();
    let mut codes: Vec<Codes> = categories.iter().map(|_| Codes::default()).collect();
    let (mut places, mut cases) = (Codes::default(), Vec::<Case>::new());
    for row in rows.records() {
        let row = row?;
        let text = |i: usize| row.get(i).unwrap_or_default();
        let known = places.of(text(id)) as usize;
        if known == cases.len() {
            let category = |(&i, codes): (&usize, &mut Codes)| {
                (!text(i).is_empty()).then(|| codes.of(text(i)))
            };
            cases.push(Case {
                id: known as u64,
                categories: categories.iter().zip(&mut codes).map(category).collect(),
                numbers: numbers.iter().map(|&i| text(i).parse().unwrap_or(f64::NAN)).collect(),
                ..Case::default()
            });
        }
        let at = text(at).parse::<jiff::Timestamp>()?.as_microsecond();
        let event = Event { activity: activities.of(text(activity)), at };
        if let Some(case) = cases.get_mut(known) {
            case.events.push(event);
            case.ended = case.ended.max(Some(at));
        }
    }
    Ok(cases)
}
