//! What waits, by day of reception, and how much leaves each worked day: where a projection
//! of the stock begins.
//!
//! - Computes: the items that wait for us at the end of the last day, those held for someone
//!   else, and the mean of what left over the last worked days of the rules, what came back
//!   taken off.
//! - Units: items; items a worked day.
//! - Shapes: a view and dimensions in, a [`Queue`] out.
//! - Errors: `None` where the stock, or the days its items arrived, cannot be known.
//! - Source: `docs/methods/stock-projection.md`.

use std::collections::BTreeMap;

use eclusier_core::Period;

use crate::posting::{ARRIVALS, AUTO, CANCELLED, HUMAN, REOPENED, TRANSFERRED};
use crate::scan::{daily, wanted_days, window};
use crate::{CaseState, Data, DimFilter, Scope, View};

/// What waits at the end of the last day known.
#[derive(Debug, Clone, PartialEq)]
pub struct Queue {
    /// That day, as a day number.
    pub day: i32,
    /// Items that wait for us, by day of reception, oldest first.
    pub waiting: Vec<(i32, i64)>,
    /// Items held for someone else.
    pub held: i64,
    /// Whether the days of reception follow from counts, the oldest leaving first.
    pub estimated: bool,
    /// Items that left the stock each worked day lately, those that came back taken off.
    pub leaving: Option<f64>,
    /// Worked days over which this was measured.
    pub days: i64,
}

/// The queue of a view at the end of its last day.
pub fn queue(view: View<'_>, dims: &DimFilter) -> Option<Queue> {
    let day = view.last_day()?;
    let today = eclusier_calendar::date_of(day);
    let mut scope = Scope::over(Period { from: today, to: today });
    scope.dims = dims.clone();
    let (waiting, held, estimated) = match view.data {
        Data::Cases(table) => {
            let mut waiting: BTreeMap<i32, i64> = BTreeMap::new();
            let mut held = 0;
            for line in table.lines() {
                if !view.keeps(dims, [line.org, line.unit, line.product, line.channel]) {
                    continue;
                }
                match line.state {
                    CaseState::EnAttente | CaseState::EnCours => {
                        *waiting.entry(line.opened_day).or_default() += 1;
                    }
                    CaseState::EnInstanceExterne => held += 1,
                    _ => {}
                }
            }
            (waiting.into_iter().collect(), held, false)
        }
        Data::Counts(book) => (from_counts(view, &scope, book.first_day()?, day)?, 0, true),
    };
    let span = window(view, day, wanted_days(view, day));
    let leaving = span.filter(|(_, days)| *days > 0).map(|(from, days)| {
        let rows = daily(view, &scope, from, day);
        let left = rows.iter().fold(0i64, |sum, (_, cells)| {
            let flow = |i: usize| cells.flows.get(i).copied().flatten().unwrap_or(0);
            let out = [HUMAN, AUTO, CANCELLED, TRANSFERRED].map(flow).iter().sum::<i64>();
            sum.saturating_add(out).saturating_sub(flow(REOPENED))
        });
        (left as f64 / days as f64).max(0.0)
    });
    Some(Queue { day, waiting, held, estimated, leaving, days: span.map_or(0, |s| s.1) })
}

/// The latest arrivals that add up to the stock: the oldest left first. What is older than the
/// first day known counts as received that day.
fn from_counts(view: View<'_>, scope: &Scope, first: i32, day: i32) -> Option<Vec<(i32, i64)>> {
    let rows = daily(view, scope, first, day);
    let mut left = rows.last()?.1.closing?;
    let mut waiting = Vec::new();
    for (at, cells) in rows.iter().rev() {
        let came = cells.flows.get(ARRIVALS).copied().flatten().unwrap_or(0);
        let taken = left.min(came).max(0);
        if taken > 0 {
            waiting.push((*at, taken));
            left -= taken;
        }
        if left <= 0 {
            break;
        }
    }
    if left > 0 {
        match waiting.last_mut() {
            Some((at, count)) if *at == first => *count += left,
            _ => waiting.push((first, left)),
        }
    }
    waiting.reverse();
    Some(waiting)
}
