//! Flow and stock: ledger, cumulative flow, ages, delays.

use eclusier_core::{Figure, Grain, Period, Permission};
use eclusier_ledger::{
    AgeStrata, AwaitedStock, Delays, FlowDay, LedgerQuery, LedgerRow, Look, Scope, View,
    age_strata_fifo, cumulative_flow, daily_ledger, delays, delays_by,
};
use jiff::civil::Date;

use crate::{
    App,
    cases::common_scope,
    cockpit::Basis,
    error::AppResult,
    figures::{Desk, Facts, Seen, Selection, unmeasured},
    small,
};

/// Delay of the cases closed in one period.
#[derive(Debug, Clone)]
pub struct DelayPoint {
    /// Name of the period.
    pub period: String,
    /// Its measures.
    pub delays: Delays,
}

/// A row of the ledger and what the calendar says of it.
#[derive(Debug, Clone)]
pub struct FlowRow {
    /// The row.
    pub row: LedgerRow,
    /// Whether the whole period is neutralised.
    pub neutralised: bool,
    /// Whether the period is not over.
    pub partial: bool,
}

/// Everything the screen shows.
#[derive(Debug, Clone)]
pub struct Flow {
    /// What it rests on.
    pub basis: Basis,
    /// Indicators.
    pub figures: Vec<Figure>,
    /// Ledger at the grain asked.
    pub ledger: Vec<FlowRow>,
    /// Cumulative flow, and the stock before its first day.
    pub cumulative: Vec<FlowDay>,
    /// Stock before the first day of the cumulative flow.
    pub opening: Option<i64>,
    /// Age of the stock.
    pub strata: Option<AgeStrata>,
    /// Held cases by who is awaited.
    pub awaited: Vec<AwaitedStock>,
    /// Delays by month.
    pub delays: Vec<DelayPoint>,
    /// Delays of the whole period.
    pub whole: Option<Delays>,
    /// Stock aimed at.
    pub stock_target: Option<u64>,
    /// Days allowed.
    pub delay_target: Option<u32>,
    /// What the data cannot tell.
    pub cannot: Vec<[String; 2]>,
    /// Whether the months are whole and small numbers hidden.
    pub totals: bool,
}

impl App {
    /// Flow and stock of a selection.
    pub async fn flow(&self, selection: &Selection, grain: Grain) -> AppResult<Flow> {
        let desks = self.desks(Permission::FiguresRead, selection).await?;
        let basis = self.basis(&desks);
        if !desks.iter().any(Seen::masked) {
            return self.flow_of(desks, selection, grain, basis).await;
        }
        let Some(months) = small::whole_months(&desks, selection)? else {
            return Ok(empty(basis));
        };
        let ask = |desks| self.flow_of(desks, &months, Grain::Month, basis.clone());
        // What one process hides, the total of all must not give back.
        let mut parts = Vec::new();
        if desks.len() > 1 {
            for desk in &desks {
                let mut part = ask(vec![desk.clone()]).await?;
                small::flow(&mut part, &mut []);
                parts.push(part);
            }
        }
        let mut flow = ask(desks).await?;
        small::flow(&mut flow, &mut parts);
        Ok(flow)
    }

    async fn flow_of(
        &self,
        desks: Vec<Seen>,
        selection: &Selection,
        grain: Grain,
        basis: Basis,
    ) -> AppResult<Flow> {
        let asked = ("flow", selection.clone(), grain);
        let flow = match self.inner.answers.find::<Flow>(&asked, &desks) {
            Some(flow) => flow,
            None => {
                let (held, rests_on) = (desks.clone(), basis.clone());
                let selection = selection.clone();
                let made = self.blocking(move || build(&held, &selection, grain, rests_on)).await?;
                self.inner.answers.keep(asked, desks, made)
            }
        };
        Ok(Flow { basis, ..(*flow).clone() })
    }
}

fn build(desks: &[Seen], selection: &Selection, grain: Grain, basis: Basis) -> AppResult<Flow> {
    let Some(scope) = common_scope(desks, selection)? else {
        let figures = unmeasured(desks, selection, &[])?;
        return Ok(Flow { figures, ..empty(basis) });
    };
    let views: Vec<View<'_>> = desks.iter().map(|d| d.view()).collect();
    let query = LedgerQuery {
        grain,
        period: Some(scope.period),
        dims: scope.dims.clone(),
        ..LedgerQuery::default()
    };
    let read = || {
        let look = Look::new(&views, &scope);
        (look.indicators(&[]), look.age_strata(), look.stock_by_awaited())
    };
    let post = || (daily_ledger(&views, &query), cumulative_flow(&views, &scope, grain));
    let time = || (by_month(&views, &scope), delays(&views, &scope));
    let (((figures, strata, awaited), (rows, cumulative)), (points, whole)) =
        rayon::join(|| rayon::join(read, post), time);
    let (figures, rows) = (figures?, rows?);
    let opening = rows.first().and_then(|r| r.opening);
    let last = scope.period.to;
    let ledger = rows
        .into_iter()
        .map(|row| FlowRow {
            neutralised: desks.iter().any(|d| neutralised(d, row.from, row.to)),
            partial: grain.next(row.from) > last.tomorrow().unwrap_or(last),
            row,
        })
        .collect();
    let strata = strata.or_else(|| match (desks, &views[..]) {
        ([desk], [view]) if matches!(desk.facts, Facts::Counts(_)) => {
            age_strata_fifo(*view, &scope)
        }
        _ => None,
    });
    let mut cannot = Vec::new();
    for figure in &figures {
        if let Some(reason) = &figure.reason
            && !cannot.contains(reason)
        {
            cannot.push(reason.clone());
        }
    }
    let target = match desks {
        [only] => only.current_rules().target_for(None).cloned(),
        _ => None,
    };
    Ok(Flow {
        basis,
        figures,
        ledger,
        cumulative,
        opening,
        strata,
        awaited,
        delays: points,
        whole: Some(whole),
        stock_target: target.as_ref().and_then(|t| t.stock),
        delay_target: target.map(|t| t.days),
        cannot,
        totals: false,
    })
}

fn empty(basis: Basis) -> Flow {
    Flow {
        basis,
        figures: Vec::new(),
        ledger: Vec::new(),
        cumulative: Vec::new(),
        opening: None,
        strata: None,
        awaited: Vec::new(),
        delays: Vec::new(),
        whole: None,
        stock_target: None,
        delay_target: None,
        cannot: Vec::new(),
        totals: false,
    }
}

/// Whether every day of a span is neutralised for a process.
fn neutralised(desk: &Desk, from: Date, to: Date) -> bool {
    let rules = desk.current_rules();
    rules.neutralised.iter().any(|w| w.product.is_none() && w.from <= from && to <= w.to)
}

fn by_month(views: &[View<'_>], scope: &Scope) -> Vec<DelayPoint> {
    let mut months = Vec::new();
    let mut start = Grain::Month.start_of(scope.period.from);
    while start <= scope.period.to {
        let next = Grain::Month.next(start);
        let last = next.yesterday().unwrap_or(next).min(scope.period.to);
        months.extend(Period::new(start.max(scope.period.from), last));
        if next <= start {
            break;
        }
        start = next;
    }
    let delays = delays_by(views, scope, &months);
    let named = months.iter().zip(delays);
    named.map(|(p, delays)| DelayPoint { period: Grain::Month.name(p.from), delays }).collect()
}
