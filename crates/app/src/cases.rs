//! Lists of cases: all of them, or those behind a figure. Never a person.

use std::sync::Arc;

use eclusier_calendar::{date_of, day_number};
use eclusier_core::{
    Permission,
    config::{Awaited, DayCounter},
};
use eclusier_eventlog::Filter;
use eclusier_ledger::{
    CaseLine, CaseRef, CaseState, DimFilter, Page, View, cases_behind, definitions,
};
use jiff::{Timestamp, civil::Date};

use crate::{
    App,
    error::AppResult,
    figures::{Desk, Seen, Selection},
    promises::{Promised, Promises, unsaid_words},
};

/// Which cases to list.
#[derive(Debug, Clone, Default)]
pub struct CasesQuery {
    /// Figure the list explains; all cases when absent.
    pub figure: Option<String>,
    /// `oldest` (default), `newest`, `longest` or `case`.
    pub sort: Option<String>,
    /// Text the case number contains.
    pub search: Option<String>,
    /// Cases to skip.
    pub offset: usize,
    /// Cases to give.
    pub limit: usize,
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct CasesPage {
    /// Cases of the whole list.
    pub total: usize,
    /// What the list shows, French then English.
    pub title: [String; 2],
    /// The page.
    pub cases: Vec<CaseView>,
}

/// One case.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseView {
    /// Process.
    pub process: String,
    /// Identifier as delivered.
    pub case: String,
    /// Reception.
    pub opened: Option<Timestamp>,
    /// Last event.
    pub last: Option<Timestamp>,
    /// Last activity.
    pub last_activity: String,
    /// Closing.
    pub closed: Option<Timestamp>,
    /// State.
    pub state: CaseState,
    /// Who is awaited.
    pub awaited: Option<Awaited>,
    /// Age or lead time, worked days.
    pub worked_days: i64,
    /// The same, calendar days.
    pub calendar_days: i64,
    /// Last day to be in time.
    pub due: Option<Date>,
    /// Worked days left, negative when late; `None` when closed or without target.
    pub days_left: Option<i64>,
    /// When it should be over: half of such cases are by the first instant, nine in ten by the
    /// second.
    pub promised: Option<[Timestamp; 2]>,
    /// Why nothing is promised for an open case.
    pub unsaid: Option<[&'static str; 2]>,
    /// Organisation.
    pub org: Option<String>,
    /// Unit.
    pub unit: Option<String>,
    /// Product.
    pub product: Option<String>,
    /// Channel.
    pub channel: Option<String>,
    /// Delivered rows.
    pub events: u32,
    /// Returns and holds met.
    pub returns: u32,
}

impl App {
    /// The cases of a selection, or those behind a figure.
    pub async fn cases(&self, selection: &Selection, query: &CasesQuery) -> AppResult<CasesPage> {
        let desks = self.desks(Permission::CasesRead, selection).await?;
        let (selection, query) = (selection.clone(), query.clone());
        // A promise is made from today's state: none where another day is read.
        let promised: Vec<Option<Arc<Promises>>> = desks
            .iter()
            .map(|desk| match self.promised(desk.desk()) {
                Promised::Known(known) if selection.as_of.is_none() => Some(known),
                _ => None,
            })
            .collect();
        self.blocking(move || {
            list(&Asked { desks: &desks, promised: &promised }, &selection, &query)
        })
        .await
    }

    /// The filter of kernels for a selection: its days in the zone of the process.
    pub async fn filter(
        &self,
        process: &eclusier_core::ProcessId,
        selection: &Selection,
    ) -> AppResult<Filter> {
        let mut filter = Filter {
            org: selection.dims.org.clone(),
            unit: selection.dims.unit.clone(),
            product: selection.dims.product.clone(),
            channel: selection.dims.channel.clone(),
            ..Filter::default()
        };
        if selection.from.is_some() || selection.to.is_some() {
            let rules = self.dated_rules(process).await?;
            let name = rules.last().map_or("Europe/Paris", |r| r.rules.zone.as_str());
            let zone = eclusier_calendar::Zone::new(name)
                .unwrap_or_else(|_| eclusier_calendar::Zone::utc());
            let start = |d: Date| zone.start_of_day(eclusier_calendar::day_number(d));
            filter.from_us = selection.from.map(start);
            filter.until_us = selection.to.and_then(|d| d.tomorrow().ok()).map(start);
        }
        Ok(filter)
    }

    /// Cases open at the end of the day of a selection; `None` when the data are counts.
    pub async fn open_cases(&self, selection: &Selection) -> AppResult<Option<u64>> {
        let desks = self.desks(Permission::FiguresRead, selection).await?;
        let dims = selection.dims.clone();
        self.blocking(move || {
            let mut open = None;
            for (desk, table) in desks.iter().filter_map(|d| Some((d, d.cases()?))) {
                let view = desk.view();
                let kept = table.lines().filter(|l| {
                    l.closed.is_none() && view.keeps(&dims, [l.org, l.unit, l.product, l.channel])
                });
                *open.get_or_insert(0) += kept.count() as u64;
            }
            Ok(open)
        })
        .await
    }
}

impl Seen {
    /// Per case in reach: its line, the instant it closed, and its worked days (age while open).
    pub fn closings(&self) -> impl Iterator<Item = (CaseLine<'_>, Option<i64>, i64)> {
        let view = self.view();
        let as_of = view.last_day().unwrap_or(0);
        let everything = DimFilter::default();
        let lines = self.cases().into_iter().flat_map(|t| t.lines());
        let seen =
            lines.filter(move |l| view.keeps(&everything, [l.org, l.unit, l.product, l.channel]));
        seen.map(move |line| {
            let until = line.closed.map_or(as_of, |c| c.event_day);
            let worked = self.calendar.count_numbers(DayCounter::Worked, line.opened_day, until);
            let closed = line.closed.map(|c| c.us);
            (line, closed, worked)
        })
    }
}

/// Lists that are no figure, with their words.
const LISTS: &[(&str, [&str; 2])] = &[
    ("held", ["Dossiers en instance externe", "Cases held externally"]),
    ("age_0_5", ["Stock de 0 à 5 jours ouvrés", "Stock aged 0 to 5 worked days"]),
    ("age_6_10", ["Stock de 6 à 10 jours ouvrés", "Stock aged 6 to 10 worked days"]),
    ("age_11_15", ["Stock de 11 à 15 jours ouvrés", "Stock aged 11 to 15 worked days"]),
    ("age_16_30", ["Stock de 16 à 30 jours ouvrés", "Stock aged 16 to 30 worked days"]),
    ("age_over_30", ["Stock de plus de 30 jours ouvrés", "Stock older than 30 worked days"]),
    ("closed", ["Dossiers fermés dans la période", "Cases closed in the period"]),
    ("arrivals", ["Dossiers reçus dans la période", "Cases received in the period"]),
];

fn title(figure: Option<&str>) -> [String; 2] {
    let Some(id) = figure else { return ["Tous les dossiers".into(), "All cases".into()] };
    let named = LISTS.iter().find(|(name, _)| *name == id).map(|(_, words)| *words);
    named.or_else(|| definitions::find(id).map(|d| d.label)).unwrap_or([id, id]).map(str::to_owned)
}

/// Desks and what is promised of their cases.
struct Asked<'a> {
    desks: &'a [Seen],
    promised: &'a [Option<Arc<Promises>>],
}

impl Asked<'_> {
    fn shown(&self, desk: usize, row: usize, found: Option<&CaseRef>) -> Option<CaseView> {
        let mut view = shown(self.desks.get(desk)?, row, found)?;
        let promises = self.promised.get(desk).and_then(Option::as_ref);
        if view.closed.is_none()
            && let Some(said) = promises.and_then(|p| p.of(row))
        {
            let at = |us: i64| Timestamp::from_microsecond(us).ok();
            match said {
                Ok(dates) => {
                    view.promised = at(dates.half_by).zip(at(dates.nine_by)).map(|(a, b)| [a, b]);
                }
                Err(why) => view.unsaid = Some(unsaid_words(why)),
            }
        }
        Some(view)
    }
}

fn list(asked: &Asked<'_>, selection: &Selection, query: &CasesQuery) -> AppResult<CasesPage> {
    let desks = asked.desks;
    let views: Vec<View<'_>> = desks.iter().map(|d| d.view()).collect();
    let title = title(query.figure.as_deref());
    let whole = query.search.is_some() || query.sort.as_deref().is_some_and(|s| s != "oldest");
    if let Some(figure) = &query.figure {
        let Some(scope) = common_scope(desks, selection)? else {
            return Ok(CasesPage { total: 0, title, cases: Vec::new() });
        };
        let page = if whole {
            Page { offset: 0, limit: usize::MAX }
        } else {
            Page { offset: query.offset, limit: query.limit }
        };
        let found = cases_behind(&views, &scope, figure, page)?;
        let mut refs = found.cases;
        let mut total = found.total;
        if whole {
            if let Some(text) = &query.search {
                refs.retain(|r| r.case.contains(text.as_str()));
            }
            match query.sort.as_deref() {
                Some("newest") => refs.reverse(),
                Some("case") => refs.sort_by(|a, b| a.case.cmp(&b.case)),
                Some("longest") => refs.sort_by_key(|r| std::cmp::Reverse(r.worked_days)),
                _ => {}
            }
            total = refs.len();
            refs = refs.into_iter().skip(query.offset).take(query.limit).collect();
        }
        let cases = refs.iter().filter_map(|r| behind(asked, r)).collect();
        return Ok(CasesPage { total, title, cases });
    }
    let mut keys: Vec<(i32, usize, usize)> = Vec::new();
    let from = selection.from.map_or(i32::MIN, day_number);
    let to = selection.to.map_or(i32::MAX, day_number);
    for (d, desk) in desks.iter().enumerate() {
        let Some(table) = desk.cases() else { continue };
        let view = desk.view();
        for (row, line) in table.lines().enumerate() {
            let searched = query.search.as_deref().is_none_or(|s| line.id.contains(s));
            let values = [line.org, line.unit, line.product, line.channel];
            let kept = view.keeps(&selection.dims, values);
            if searched && kept && (from..=to).contains(&line.opened_day) {
                keys.push((line.opened_day, d, row));
            }
        }
    }
    let order = |a: &(i32, usize, usize), b: &(i32, usize, usize)| match query.sort.as_deref() {
        // Files are sorted by case inside a month: sorting by row is not sorting by case.
        Some("case") => id(desks, *a).cmp(id(desks, *b)).then_with(|| a.cmp(b)),
        Some("newest") => b.cmp(a),
        _ => a.cmp(b),
    };
    let total = keys.len();
    // A page of a long list does not need the rest of it in order.
    let end = query.offset.saturating_add(query.limit);
    if end < total {
        keys.select_nth_unstable_by(end, order);
        keys.truncate(end);
    }
    keys.sort_unstable_by(order);
    let page = keys.into_iter().skip(query.offset).take(query.limit);
    let cases = page.filter_map(|(_, d, row)| asked.shown(d, row, None)).collect();
    Ok(CasesPage { total, title, cases })
}

fn id(desks: &[Seen], (_, d, row): (i32, usize, usize)) -> &str {
    desks.get(d).and_then(|d| d.cases()).map_or("", |t| t.id(row))
}

fn behind(asked: &Asked<'_>, found: &CaseRef) -> Option<CaseView> {
    let desk = asked.desks.iter().position(|d| d.process.as_str() == found.process)?;
    asked.shown(desk, found.row, Some(found))
}

fn shown(desk: &Desk, row: usize, found: Option<&CaseRef>) -> Option<CaseView> {
    let line = desk.cases()?.line(row)?;
    let view = desk.view();
    let as_of = view.last_day().unwrap_or(0);
    let until = line.closed.map_or(as_of, |c| c.event_day);
    let at = |us: i64| Timestamp::from_microsecond(us).ok();
    let count = |counter| desk.calendar.count_numbers(counter, line.opened_day, until);
    let deadline = found.map_or_else(
        || {
            view.target_at(line.opened_day, line.product)
                .map(|t| desk.calendar.add_number(t.counter, line.opened_day, i64::from(t.days)))
        },
        |f| f.deadline,
    );
    let state = found.map_or(line.state, |f| f.state);
    let open =
        matches!(state, CaseState::EnAttente | CaseState::EnCours | CaseState::EnInstanceExterne);
    let left = deadline.filter(|_| open).map(|d| {
        if d >= as_of {
            desk.calendar.count_numbers(DayCounter::Worked, as_of, d)
        } else {
            -desk.calendar.count_numbers(DayCounter::Worked, d, as_of)
        }
    });
    Some(CaseView {
        process: desk.process.to_string(),
        case: line.id.to_owned(),
        opened: at(line.opened_us),
        last: at(line.last_us),
        last_activity: line.last_activity.to_owned(),
        closed: line.closed.filter(|_| !open).and_then(|c| at(c.us)),
        state,
        awaited: found.map_or(line.awaited, |f| f.awaited).map(|a| a.0).filter(|_| open),
        worked_days: found.map_or_else(|| count(DayCounter::Worked), |f| f.worked_days),
        calendar_days: found.map_or_else(|| count(DayCounter::Calendar), |f| f.calendar_days),
        due: deadline.map(date_of),
        days_left: left,
        promised: None,
        unsaid: None,
        org: line.org.map(str::to_owned),
        unit: line.unit.map(str::to_owned),
        product: line.product.map(str::to_owned),
        channel: line.channel.map(str::to_owned),
        events: line.events,
        returns: line.returns + line.holds,
    })
}

/// One scope for several desks: the period of the freshest.
pub(crate) fn common_scope(
    desks: &[Seen],
    selection: &Selection,
) -> AppResult<Option<eclusier_ledger::Scope>> {
    let freshest = desks.iter().max_by_key(|d| d.view().last_day());
    let Some(mut scope) = freshest.map(|d| d.scope(selection)).transpose()?.flatten() else {
        return Ok(None);
    };
    if desks.len() > 1 {
        let labels: Vec<&str> = desks.iter().map(|d| d.label.as_str()).collect();
        scope.perimeter = labels.join(", ");
        scope.snapshot = None;
        scope.counter = DayCounter::Worked;
    }
    Ok(Some(scope))
}
