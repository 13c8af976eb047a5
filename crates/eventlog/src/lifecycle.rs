//! How the lifecycle rows of a log pair up, counted for the findings of an import.
//!
//! - Computes: the [`Pairing`] counts of [`pair_tasks`] over every case.
//! - Units: rows.
//! - Shapes: batches of whole cases in, one [`Pairing`] out.
//! - Errors: none.
//! - Source: the pairing rule of [`crate::tasks`].

use crate::{Columns, EventBatch, Interner, Kernel, Lifecycle, Pairing, pair_tasks, tasks::Row};

/// Counts pairs, lone starts, lone completions, schedules and other transitions.
#[derive(Debug, Clone, Copy, Default)]
pub struct LifecycleCheck;

impl Kernel for LifecycleCheck {
    type Partial = Pairing;
    type Output = Pairing;

    fn columns(&self) -> Columns {
        Columns { tasks: true, resource: true, ..Columns::default() }
    }

    fn fold(&self, partial: &mut Pairing, batch: &EventBatch) {
        // Codes are compared inside one case only: a table per batch is enough.
        let mut names = Interner::default();
        let activities = batch.activity.codes(&mut names, batch.len());
        let resources = batch.resource.codes(&mut names, batch.len());
        let code =
            |codes: &[u32], row: usize| codes.get(row).copied().unwrap_or(crate::intern::NONE);
        for case in batch.cases() {
            let rows = case.rows.map(|row| Row {
                row,
                activity: code(&activities, row),
                resource: code(&resources, row),
                lifecycle: Lifecycle::from_name(batch.lifecycle.name(row)),
                start: batch.start(row),
                time: batch.times().get(row).copied().unwrap_or_default(),
            });
            pair_tasks(rows, partial);
        }
    }

    fn merge(&self, into: &mut Pairing, other: Pairing) {
        into.paired += other.paired;
        into.lone_completes += other.lone_completes;
        into.lone_starts += other.lone_starts;
        into.schedules += other.schedules;
        into.others += other.others;
    }

    fn finish(&self, partial: Pairing) -> Pairing {
        partial
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, RecordBatch, StringArray, TimestampMicrosecondArray, UInt8Array};

    use super::*;
    use crate::schema;

    /// Case, activity, time, transition, resource.
    type Line = (&'static str, &'static str, i64, Option<&'static str>, Option<&'static str>);

    fn batch(rows: &[Line]) -> EventBatch {
        let column = |name: &'static str, array: ArrayRef| (name, array);
        let texts = |f: fn(&Line) -> Option<String>| {
            Arc::new(rows.iter().map(f).collect::<StringArray>()) as ArrayRef
        };
        let times = TimestampMicrosecondArray::from_iter_values(rows.iter().map(|r| r.2));
        let columns = [
            column(schema::CASE, texts(|r| Some(r.0.to_owned()))),
            column(schema::ACTIVITY, texts(|r| Some(r.1.to_owned()))),
            column(schema::TIME, Arc::new(times.with_timezone("UTC"))),
            column(schema::PRECISION, Arc::new(UInt8Array::from(vec![0; rows.len()]))),
            column(schema::LIFECYCLE, texts(|r| r.3.map(str::to_owned))),
            column(schema::RESOURCE, texts(|r| r.4.map(str::to_owned))),
        ];
        let batch = RecordBatch::try_from_iter_with_nullable(
            columns.into_iter().map(|(n, a)| (n, a, true)),
        )
        .unwrap_or_else(|e| panic!("{e}"));
        EventBatch::new(&batch).unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn folding_two_halves_and_merging_counts_as_folding_all() {
        let rows = [
            ("a", "X", 1, Some("schedule"), None),
            ("a", "X", 2, Some("start"), Some("p")),
            ("a", "X", 3, Some("complete"), Some("p")),
            ("a", "Y", 4, Some("complete"), None),
            ("b", "X", 1, Some("start"), None),
            ("b", "Z", 2, Some("suspend"), None),
            ("b", "Z", 3, None, None),
        ];
        let check = LifecycleCheck;
        let mut whole = Pairing::default();
        check.fold(&mut whole, &batch(&rows));
        assert_eq!(
            whole,
            Pairing { paired: 1, lone_completes: 1, lone_starts: 1, schedules: 1, others: 1 }
        );
        let (mut left, mut right) = (Pairing::default(), Pairing::default());
        check.fold(&mut left, &batch(&rows[..4]));
        check.fold(&mut right, &batch(&rows[4..]));
        check.merge(&mut left, right);
        assert_eq!(check.finish(left), whole);
    }
}
