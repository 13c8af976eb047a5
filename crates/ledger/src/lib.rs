//! From events or daily counts to the ledger of work and the figures read on it.
//!
//! - [`ClosingStats`] learns when a case of this log is closed, in words.
//! - [`CaseFold`] turns events into a [`CaseTable`]: one line per case and its
//!   dated transitions, from which the state at the end of any day is read.
//! - [`CountsBook`] holds a spreadsheet of daily counts.
//! - [`daily_ledger`] posts either of them to rows whose identity always holds.
//! - [`Look`] reads the cases once for all the measures of a screen.
//! - [`indicators`], [`age_strata`], [`delays`], [`cumulative_flow`],
//!   [`where_to_act`] and [`cases_behind`] read figures from a [`View`].
//!
//! Nothing here reads a file, a clock or the network, and no figure is about a person.

mod act;
mod cases;
mod closing;
mod counts;
pub mod definitions;
mod error;
mod figures;
mod hist;
mod look;
mod points;
mod posting;
mod queue;
mod rules;
mod scan;
mod tally;
mod truncation;
mod view;
mod views;

pub use act::{Action, Cause, Compared, NextStep, where_to_act};
pub use cases::{CaseFold, CaseLine, CaseState, CaseTable, Closed, Transition, TransitionKind};
pub use closing::{ClosingStats, LearnedRule, LearningParams, SilenceAfter, Terminal};
pub use counts::CountsBook;
pub use error::LedgerError;
pub use figures::{ReturnToTarget, indicators, proposed_target, return_to_target};
pub use look::Look;
pub use points::AsOf;
pub use posting::{GroupBy, GroupValues, LedgerQuery, LedgerRow, Unknown, daily_ledger};
pub use queue::{Queue, queue};
pub use rules::{CloseClass, Meanings};
pub use scan::{CaseRef, CaseStanding, Page, Selection, cases_behind};
pub use truncation::{Confusion, is_open, truncation_confusion};
pub use view::{Data, DimFilter, Scope, View};
pub use views::{
    AgeStrata, AwaitedStock, Delays, FlowDay, age_strata, age_strata_fifo, cumulative_flow, delays,
    delays_by, stock_by_awaited,
};
