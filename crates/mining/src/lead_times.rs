//! The duration of each case, from its first to its last instant.
//!
//! - Computes: first and last instant of every case.
//! - Units: microseconds since 1970 UTC.
//! - Shapes: a log in; one [`CaseSpan`] per case, in the order of the files, out.
//! - Errors: none.
//! - Source: the case duration of pm4py, checked on every public log.

use eclusier_eventlog::{Columns, EventBatch, Interner, Kernel};
use serde::{Deserialize, Serialize};

use crate::rows::Rows;

/// Kernel of the durations.
#[derive(Debug, Clone, Copy, Default)]
pub struct LeadTimes {
    /// Reading of the log.
    pub rows: Rows,
}

/// First and last instant of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseSpan {
    /// Case, as delivered.
    pub case: String,
    /// First instant.
    pub first: i64,
    /// Last instant.
    pub last: i64,
}

impl Kernel for LeadTimes {
    type Partial = Vec<CaseSpan>;
    type Output = Vec<CaseSpan>;

    fn columns(&self) -> Columns {
        self.rows.columns()
    }

    fn fold(&self, partial: &mut Vec<CaseSpan>, batch: &EventBatch) {
        self.rows.each_case(batch, &mut Interner::default(), |case, steps| {
            let first = steps.iter().map(|s| s.start).min().unwrap_or(0);
            let last = steps.iter().map(|s| s.end).max().unwrap_or(first);
            partial.push(CaseSpan { case: case.to_owned(), first, last });
        });
    }

    fn merge(&self, into: &mut Vec<CaseSpan>, other: Vec<CaseSpan>) {
        into.extend(other);
    }

    fn finish(&self, partial: Vec<CaseSpan>) -> Vec<CaseSpan> {
        partial
    }
}
