//! Small logs built in memory, as the lake would give them.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray, UInt8Array,
};
use eclusier_eventlog::{EventBatch, Kernel, schema};

/// One row of work: case, activity, start and end in seconds.
pub type Work = (&'static str, &'static str, i64, i64);

/// One batch, its rows in the order of the lake: by case, then by end.
pub fn batch(rows: &[Work]) -> EventBatch {
    batch_at(rows, 0)
}

/// The same, the instants being civil days.
pub fn batch_of_days(rows: &[Work]) -> EventBatch {
    batch_at(rows, 1)
}

fn batch_at(rows: &[Work], precision: u8) -> EventBatch {
    let mut rows = rows.to_vec();
    rows.sort_by_key(|r| (r.0, r.3));
    let text = |f: &dyn Fn(&Work) -> Option<&'static str>| -> ArrayRef {
        Arc::new(rows.iter().map(f).collect::<StringArray>())
    };
    let instants = |f: &dyn Fn(&Work) -> i64| -> ArrayRef {
        let a: TimestampMicrosecondArray = rows.iter().map(|r| Some(f(r) * 1_000_000)).collect();
        Arc::new(a.with_timezone("UTC"))
    };
    let none = || text(&|_| None);
    let columns: Vec<ArrayRef> = vec![
        text(&|r| Some(r.0)),
        text(&|r| Some(r.1)),
        instants(&|r| r.3),
        instants(&|r| r.2),
        Arc::new(rows.iter().map(|_| precision).collect::<UInt8Array>()),
        none(),
        none(),
        none(),
        none(),
        none(),
        none(),
        none(),
        Arc::new((0..rows.len() as i64).collect::<Int64Array>()),
        Arc::new(rows.iter().map(|_| 1).collect::<Int64Array>()),
    ];
    EventBatch::new(&RecordBatch::try_new(schema::events(), columns).unwrap()).unwrap()
}

/// Runs a kernel over partitions folded apart and merged in order.
pub fn run<K: Kernel>(kernel: &K, partitions: &[&[Work]]) -> K::Output {
    let mut total = K::Partial::default();
    for (i, rows) in partitions.iter().enumerate() {
        let mut one = K::Partial::default();
        kernel.fold(&mut one, &batch(rows));
        if i == 0 {
            total = one;
        } else {
            kernel.merge(&mut total, one);
        }
    }
    kernel.finish(total)
}
