//! One look at several processes: their cases are read once for every measure of a screen.
//!
//! - Computes: nothing of its own; it holds the pass over the cases that the
//!   measures of a screen share.
//! - Units, errors: those of the measures.
//! - Shapes: views and a scope in; figures, strata and lists out.
//! - Source: the definitions of each measure.

use std::sync::{Arc, OnceLock};

use eclusier_core::Figure;
use rayon::prelude::*;

use crate::LedgerError;
use crate::act::{self, Action};
use crate::figures::{Leads, ReturnToTarget, figures_of, proposal, return_of};
use crate::scan::{Scan, scan};
use crate::view::{Scope, View};
use crate::views::{AgeStrata, AwaitedStock, awaited_of, late_strata_of, strata_of};

/// Views read at the end of a scope.
pub struct Look<'a> {
    pub(crate) views: &'a [View<'a>],
    pub(crate) scope: &'a Scope,
    found: Vec<Found>,
}

/// What was found in a view. Lead times are counted once, when a measure needs them.
#[derive(Debug, Clone)]
struct Found {
    scan: Option<Arc<Scan>>,
    leads: Arc<OnceLock<Leads>>,
}

/// A view of a look, as the measures read it.
#[derive(Clone, Copy)]
pub(crate) struct Part<'a> {
    pub view: View<'a>,
    pub scope: &'a Scope,
    pub scan: Option<&'a Scan>,
    leads: &'a OnceLock<Leads>,
}

impl<'a> Part<'a> {
    /// Lead times of the cases settled in the period.
    pub(crate) fn leads(&self) -> &'a Leads {
        self.leads.get_or_init(|| Leads::of(self.view, self.scope, self.scan))
    }
}

impl<'a> Look<'a> {
    /// Reads the cases of the views.
    pub fn new(views: &'a [View<'a>], scope: &'a Scope) -> Self {
        let read = |view: &View<'_>| Found {
            scan: scan(*view, scope).map(Arc::new),
            leads: Arc::default(),
        };
        Self { views, scope, found: views.par_iter().map(read).collect() }
    }

    /// One of the views on a scope of its own; its cases are read again only when that
    /// scope covers other days or dimensions.
    pub fn one<'b>(&'b self, at: usize, scope: &'b Scope) -> Look<'b> {
        let views = self.views.get(at..=at).unwrap_or(&[]);
        if self.scope.period != scope.period || self.scope.dims != scope.dims {
            return Look::new(views, scope);
        }
        let mut found = self.found.get(at..=at).unwrap_or(&[]).to_vec();
        if self.scope.counter != scope.counter {
            found.iter_mut().for_each(|f| f.leads = Arc::default());
        }
        Look { views, scope, found }
    }

    /// Each view and what was found in it.
    pub(crate) fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        self.views.iter().zip(&self.found).map(|(view, found)| Part {
            view: *view,
            scope: self.scope,
            scan: found.scan.as_deref(),
            leads: &found.leads,
        })
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

    /// As [`proposed_target`](crate::proposed_target), for the first view.
    pub fn proposed_target(&self) -> Option<i64> {
        self.parts().next().and_then(|part| proposal(&part))
    }

    /// As [`return_to_target`](crate::return_to_target), for the first view.
    pub fn return_to_target(&self) -> ReturnToTarget {
        match self.parts().next() {
            Some(part) => return_of(part),
            None => ReturnToTarget::Unknown(crate::figures::NO_DATA),
        }
    }
}
