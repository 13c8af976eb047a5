//! One look at several processes: their cases are read once for every measure of a screen.
//!
//! - Computes: nothing of its own; it holds the pass over the cases that the
//!   measures of a screen share.
//! - Units, errors: those of the measures.
//! - Shapes: views and a scope in; figures, strata and lists out.
//! - Source: the definitions of each measure.

use std::sync::Arc;

use eclusier_core::Figure;
use rayon::prelude::*;

use crate::LedgerError;
use crate::act::{self, Action};
use crate::figures::{ReturnToTarget, figures_of, return_of};
use crate::scan::{Scan, scan};
use crate::view::{Scope, View};
use crate::views::{AgeStrata, AwaitedStock, awaited_of, late_strata_of, strata_of};

/// Views read at the end of a scope.
pub struct Look<'a> {
    pub(crate) views: &'a [View<'a>],
    pub(crate) scope: &'a Scope,
    scans: Vec<Option<Arc<Scan>>>,
}

impl<'a> Look<'a> {
    /// Reads the cases of the views.
    pub fn new(views: &'a [View<'a>], scope: &'a Scope) -> Self {
        let scans = views.par_iter().map(|view| scan(*view, scope).map(Arc::new)).collect();
        Self { views, scope, scans }
    }

    /// One of the views on a scope of its own; its cases are read again only when that
    /// scope covers other days or dimensions.
    pub fn one<'b>(&'b self, at: usize, scope: &'b Scope) -> Look<'b> {
        let views = self.views.get(at..=at).unwrap_or(&[]);
        if self.scope.period != scope.period || self.scope.dims != scope.dims {
            return Look::new(views, scope);
        }
        Look { views, scope, scans: self.scans.get(at..=at).unwrap_or(&[]).to_vec() }
    }

    /// Each view and what was found in it.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (View<'a>, Option<&Scan>)> {
        self.views.iter().copied().zip(self.scans.iter().map(Option::as_deref))
    }

    /// As [`indicators`](crate::indicators).
    pub fn indicators(&self, ids: &[&str]) -> Result<Vec<Figure>, LedgerError> {
        figures_of(self, ids)
    }

    /// As [`age_strata`](crate::age_strata).
    pub fn age_strata(&self) -> Option<AgeStrata> {
        strata_of(self)
    }

    /// Late cases by age, in the strata of [`AgeStrata`].
    pub fn late_strata(&self) -> [i64; 5] {
        late_strata_of(self)
    }

    /// As [`stock_by_awaited`](crate::stock_by_awaited).
    pub fn stock_by_awaited(&self) -> Vec<AwaitedStock> {
        awaited_of(self)
    }

    /// As [`where_to_act`](crate::where_to_act).
    pub fn where_to_act(&self, limit: usize) -> Vec<Action> {
        act::actions_of(self, limit)
    }

    /// As [`return_to_target`](crate::return_to_target), for the first view.
    pub fn return_to_target(&self) -> ReturnToTarget {
        match self.parts().next() {
            Some((view, found)) => return_of(view, self.scope, found),
            None => ReturnToTarget::Unknown(crate::figures::NO_DATA),
        }
    }
}
