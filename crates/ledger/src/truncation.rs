//! Trying a closing rule where the future is known: cut the log at a date, say
//! which cases are open, and look at which of them were heard of again.
//!
//! - Computes: the confusion between "open at the cut" and "has a later event".
//! - Units: cases.
//! - Shapes: the table folded as of the cut, and the last event of each case in the whole log.
//! - Errors: none; cases absent from the cut log are not judged.
//! - Source: `docs/methods/closing-rule.md`.

use std::ops::Add;

use rustc_hash::FxHashMap;

use crate::{CaseState, CaseTable};

/// Cases by what was said of them and what came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Confusion {
    /// Said open, and an event came.
    pub open_open: u64,
    /// Said open, and nothing came.
    pub open_closed: u64,
    /// Said closed, and an event came.
    pub closed_open: u64,
    /// Said closed, and nothing came.
    pub closed_closed: u64,
}

impl Confusion {
    /// Cases judged.
    pub fn total(&self) -> u64 {
        self.open_open + self.open_closed + self.closed_open + self.closed_closed
    }

    /// Share judged right.
    pub fn accuracy(&self) -> Option<f64> {
        let right = self.open_open + self.closed_closed;
        (self.total() > 0).then(|| right as f64 / self.total() as f64)
    }

    /// Among the cases still alive, share said open.
    pub fn open_found(&self) -> Option<f64> {
        let alive = self.open_open + self.closed_open;
        (alive > 0).then(|| self.open_open as f64 / alive as f64)
    }

    /// Stock said, less the stock that was.
    pub fn stock_error(&self) -> i64 {
        self.open_closed as i64 - self.closed_open as i64
    }

    /// Stock that was: cases with a later event.
    pub fn true_stock(&self) -> u64 {
        self.open_open + self.closed_open
    }
}

impl Add for Confusion {
    type Output = Confusion;
    fn add(self, other: Confusion) -> Confusion {
        Confusion {
            open_open: self.open_open + other.open_open,
            open_closed: self.open_closed + other.open_closed,
            closed_open: self.closed_open + other.closed_open,
            closed_closed: self.closed_closed + other.closed_closed,
        }
    }
}

/// Whether a state leaves the case in the stock.
pub fn is_open(state: CaseState) -> bool {
    matches!(state, CaseState::EnAttente | CaseState::EnCours | CaseState::EnInstanceExterne)
}

/// Compares the states of a table cut at `table.as_of` with the whole log's last
/// events (case identifier → last instant, µs).
pub fn truncation_confusion(table: &CaseTable, last_event: &FxHashMap<&str, i64>) -> Confusion {
    let mut confusion = Confusion::default();
    for line in table.lines() {
        let Some(&last) = last_event.get(line.id) else { continue };
        let came = last > table.as_of.us;
        let cell = match (is_open(line.state), came) {
            (true, true) => &mut confusion.open_open,
            (true, false) => &mut confusion.open_closed,
            (false, true) => &mut confusion.closed_open,
            (false, false) => &mut confusion.closed_closed,
        };
        *cell += 1;
    }
    confusion
}
