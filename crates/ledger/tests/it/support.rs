//! Small logs built in memory, as the lake would give them.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray, UInt8Array,
};
use eclusier_calendar::{Calendar, Zone, date_of, day_number};
use eclusier_core::Period;
use eclusier_core::config::{DatedRules, ProcessRules};
use eclusier_eventlog::{EventBatch, Filter, Kernel, schema};
use eclusier_ledger::{
    AsOf, CaseFold, CaseTable, ClosingStats, Data, LearnedRule, LearningParams, Meanings, Scope,
    View,
};
use jiff::civil::{Date, date};

/// One delivered row.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub case: String,
    pub activity: String,
    pub time: i64,
    pub start: Option<i64>,
    pub date_only: bool,
    pub lifecycle: Option<&'static str>,
    pub product: Option<String>,
    pub unit: Option<String>,
    pub seq: i64,
}

impl Row {
    pub fn at(case: &str, activity: &str, time: i64) -> Self {
        Row {
            case: case.into(),
            activity: activity.into(),
            time,
            start: None,
            date_only: false,
            lifecycle: None,
            product: None,
            unit: None,
            seq: 0,
        }
    }

    /// An event known by its day.
    pub fn on(case: &str, activity: &str, day: Date) -> Self {
        Row { date_only: true, ..Row::at(case, activity, i64::from(day_number(day)) * DAY) }
    }
}

pub const DAY: i64 = 86_400_000_000;
pub const HOUR: i64 = 3_600_000_000;

/// Sorts rows as the lake stores them and makes one batch.
pub fn batch(mut rows: Vec<Row>) -> EventBatch {
    for (i, row) in rows.iter_mut().enumerate() {
        row.seq = i as i64;
    }
    rows.sort_by(|a, b| (&a.case, a.time, a.seq).cmp(&(&b.case, b.time, b.seq)));
    let text = |f: &dyn Fn(&Row) -> Option<String>| -> ArrayRef {
        Arc::new(rows.iter().map(f).collect::<StringArray>())
    };
    let instants = |f: &dyn Fn(&Row) -> Option<i64>| -> ArrayRef {
        let a: TimestampMicrosecondArray = rows.iter().map(f).collect();
        Arc::new(a.with_timezone("UTC"))
    };
    let columns: Vec<ArrayRef> = vec![
        text(&|r| Some(r.case.clone())),
        text(&|r| Some(r.activity.clone())),
        instants(&|r| Some(r.time)),
        instants(&|r| r.start),
        Arc::new(rows.iter().map(|r| u8::from(r.date_only)).collect::<UInt8Array>()),
        text(&|r| r.lifecycle.map(str::to_owned)),
        text(&|_| None),
        text(&|_| None),
        text(&|r| r.unit.clone()),
        text(&|r| r.product.clone()),
        text(&|_| None),
        text(&|_| None),
        Arc::new(rows.iter().map(|r| r.seq).collect::<Int64Array>()),
        Arc::new(rows.iter().map(|_| 1).collect::<Int64Array>()),
    ];
    let record = RecordBatch::try_new(schema::events(), columns).unwrap();
    EventBatch::new(&record).unwrap()
}

/// Runs a kernel over batches, one partial each, merged in order.
pub fn run<K: Kernel>(kernel: &K, batches: &[EventBatch]) -> K::Output {
    let mut total = K::Partial::default();
    for batch in batches {
        let mut one = K::Partial::default();
        kernel.fold(&mut one, batch);
        kernel.merge(&mut total, one);
    }
    kernel.finish(total)
}

/// Rules valid from the beginning.
pub fn always(rules: ProcessRules) -> Vec<DatedRules> {
    vec![DatedRules { from: date(1900, 1, 1), rules }]
}

pub fn learn(batch: &EventBatch, as_of: AsOf, params: LearningParams) -> LearnedRule {
    let kernel = ClosingStats { zone: Zone::utc(), as_of, filter: Filter::default(), params };
    run(&kernel, std::slice::from_ref(batch))
}

pub fn fold(
    batches: &[EventBatch],
    rules: &[DatedRules],
    learned: Option<LearnedRule>,
    as_of: AsOf,
) -> CaseTable {
    let kernel = CaseFold {
        meanings: Arc::new(Meanings::new(rules, learned)),
        zone: Zone::utc(),
        as_of,
        filter: Filter::default(),
        warm_from: Some(i32::MIN),
    };
    run(&kernel, batches)
}

pub fn end_of(day: Date) -> AsOf {
    AsOf::end_of_day(day_number(day), &Zone::utc())
}

pub fn end_of_number(day: i32) -> AsOf {
    AsOf::end_of_day(day, &Zone::utc())
}

/// Monday to Friday without holidays.
pub fn weekdays() -> Calendar {
    let mut rules = ProcessRules::default();
    rules.worked_weekdays = vec![1, 2, 3, 4, 5];
    Calendar::from_rules(&rules).unwrap()
}

pub fn view<'a>(table: &'a CaseTable, rules: &'a [DatedRules], calendar: &'a Calendar) -> View<'a> {
    View { process: "p", label: "Processus", rules, calendar, data: Data::Cases(table), rows: None }
}

pub fn scope(from: Date, to: Date) -> Scope {
    Scope::over(Period::new(from, to).unwrap())
}

pub fn scope_days(from: i32, to: i32) -> Scope {
    scope(date_of(from), date_of(to))
}

/// The shared folder, or `None` with a word on it; fails when it is required.
pub fn shared(path: &str) -> Option<std::path::PathBuf> {
    let root = std::env::var("ECLUSIER_SHARED").map_or_else(
        |_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").into(),
        std::path::PathBuf::from,
    );
    let file = root.join(path);
    if file.exists() {
        return Some(file);
    }
    assert!(std::env::var("ECLUSIER_REQUIRE_SHARED").is_err(), "{path} is required");
    println!("skipped: no shared data");
    None
}
