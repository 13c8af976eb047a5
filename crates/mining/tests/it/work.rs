//! Logs built row by row, with people, teams and products.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray, UInt8Array,
};
use eclusier_eventlog::{EventBatch, Kernel, schema};

/// One row; times in seconds.
#[derive(Debug, Clone, Default)]
pub struct Row {
    pub case: String,
    pub activity: String,
    pub start: Option<i64>,
    pub time: i64,
    pub lifecycle: Option<&'static str>,
    pub resource: Option<String>,
    pub unit: Option<String>,
    pub product: Option<String>,
    pub day: bool,
}

/// A task with both ends.
pub fn task(case: &str, activity: &str, start: i64, end: i64) -> Row {
    Row {
        case: case.to_owned(),
        activity: activity.to_owned(),
        start: Some(start),
        time: end,
        ..Row::default()
    }
}

impl Row {
    pub fn by(mut self, resource: &str, unit: &str) -> Self {
        let some = |s: &str| (!s.is_empty()).then(|| s.to_owned());
        (self.resource, self.unit) = (some(resource), some(unit));
        self
    }

    pub fn of(mut self, product: &str) -> Self {
        self.product = Some(product.to_owned());
        self
    }
}

/// One batch in the order of the lake: by case, then by end.
pub fn batch(rows: &[Row]) -> EventBatch {
    let mut rows = rows.to_vec();
    rows.sort_by(|a, b| (&a.case, a.time).cmp(&(&b.case, b.time)));
    let text = |f: &dyn Fn(&Row) -> Option<String>| -> ArrayRef {
        Arc::new(rows.iter().map(f).collect::<StringArray>())
    };
    let instants = |f: &dyn Fn(&Row) -> Option<i64>| -> ArrayRef {
        let a: TimestampMicrosecondArray =
            rows.iter().map(|r| f(r).map(|s| s * 1_000_000)).collect();
        Arc::new(a.with_timezone("UTC"))
    };
    let columns: Vec<ArrayRef> = vec![
        text(&|r| Some(r.case.clone())),
        text(&|r| Some(r.activity.clone())),
        instants(&|r| Some(r.time)),
        instants(&|r| r.start),
        Arc::new(rows.iter().map(|r| u8::from(r.day)).collect::<UInt8Array>()),
        text(&|r| r.lifecycle.map(str::to_owned)),
        text(&|r| r.resource.clone()),
        text(&|_| None),
        text(&|r| r.unit.clone()),
        text(&|r| r.product.clone()),
        text(&|_| None),
        text(&|_| None),
        Arc::new((0..rows.len() as i64).collect::<Int64Array>()),
        Arc::new(rows.iter().map(|_| 1).collect::<Int64Array>()),
    ];
    EventBatch::new(&RecordBatch::try_new(schema::events(), columns).unwrap()).unwrap()
}

/// A kernel over partitions folded apart, written, read back, and merged in order.
pub fn run<K: Kernel>(kernel: &K, partitions: &[Vec<Row>]) -> K::Output {
    let mut total: Option<K::Partial> = None;
    for rows in partitions {
        let mut one = K::Partial::default();
        kernel.fold(&mut one, &batch(rows));
        let text = serde_json::to_string(&one).unwrap();
        let one = serde_json::from_str(&text).unwrap();
        match &mut total {
            None => total = Some(one),
            Some(sum) => kernel.merge(sum, one),
        }
    }
    kernel.finish(total.unwrap_or_default())
}

/// Numbers without a pattern, from a seed: splitmix64.
pub struct Chance(pub u64);

impl Chance {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    /// Between 0 and 1, both left out.
    pub fn unit(&mut self) -> f64 {
        ((self.next() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    pub fn normal(&mut self) -> f64 {
        (-2.0 * self.unit().ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos()
    }
}

/// Cases of random steps by random people of random teams, some unknown.
pub fn random(seed: u64, cases: usize) -> Vec<Vec<Row>> {
    let mut chance = Chance(seed);
    let mut log = Vec::new();
    for case in 0..cases {
        let mut clock = chance.below(1000) as i64;
        let mut rows = Vec::new();
        for _ in 0..chance.below(12) {
            clock += 1 + chance.below(50) as i64;
            let start = clock;
            clock += chance.below(20) as i64;
            let mut row = task(
                &format!("c{case:04}"),
                ["A", "B", "C", "D"][chance.below(4) as usize],
                start,
                clock,
            )
            .by(
                ["", "p", "q", "r", "s"][chance.below(5) as usize],
                ["", "north", "south", "west"][chance.below(4) as usize],
            )
            .of(["X", "Y"][chance.below(2) as usize]);
            if chance.below(5) == 0 {
                row.start = None;
            }
            rows.push(row);
        }
        if !rows.is_empty() {
            log.push(rows);
        }
    }
    log
}
