//! One pass over the cases of a view: which are open at the end of a day, which
//! closed in a period, which are due, and in which order they will be handled.
//!
//! - Computes: the raw material of every figure on cases, and the lists of
//!   cases behind a figure ([`cases_behind`]).
//! - Units: civil day numbers; counts of cases.
//! - Shapes: a view and a scope in, index lists out.
//! - Errors: [`LedgerError::UnknownFigure`] for a list behind no figure.
//! - Source: `docs/methods/indicators.md`, `docs/methods/delays.md`.

use eclusier_calendar::day_number;
use eclusier_core::config::{Awaited, DayCounter, ProcessRules};
use serde::{Deserialize, Serialize};

use crate::cases::{CaseTable, TransitionKind};
use crate::posting::{AUTO, Buckets, CANCELLED, Cells, HUMAN, LedgerQuery};
use crate::rules::CloseClass;
use crate::view::{Data, Scope, View};
use crate::{CaseState, LedgerError};

/// A case open at the end of the day measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OpenCase {
    pub case: u32,
    pub opened_day: i32,
    /// Who is awaited and since when.
    pub held: Option<(Awaited, i32)>,
    /// Last day to be in time.
    pub deadline: Option<i32>,
    /// Received in a window left out of ages and delays.
    pub excluded: bool,
}

/// A closing of the period still in force at its end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClosedCase {
    pub case: u32,
    pub class: CloseClass,
    pub opened_day: i32,
    pub event_day: i32,
    pub us: i64,
    pub deadline: Option<i32>,
    /// Received in an excluded window, or closed in a neutralised one.
    pub excluded: bool,
    /// Whether the work counts as done, rather than given up or sent away.
    pub settled: bool,
}

/// Everything one pass finds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scan {
    /// Day measured.
    pub day: i32,
    pub open: Vec<OpenCase>,
    pub closed: Vec<ClosedCase>,
    /// Closings of the period undone by its end.
    pub undone: i64,
    /// Entries in hold in the period that were returns, and the others.
    pub returns: i64,
    pub holds: i64,
    /// Deadlines falling in the period, and those met.
    pub due: i64,
    pub due_met: i64,
    pub due_left_out: i64,
}

/// Windows of days, by combination of dimensions.
pub(crate) struct Windows(Vec<Vec<(i32, i32)>>);

impl Windows {
    pub(crate) fn new(table: &CaseTable, windows: &[eclusier_core::config::Exclusion]) -> Self {
        Self(
            table
                .combos
                .iter()
                .map(|combo| {
                    let product = table.name_of(combo[2]);
                    windows
                        .iter()
                        .filter(|w| w.product.is_none() || w.product.as_deref() == product)
                        .map(|w| (day_number(w.from), day_number(w.to)))
                        .collect()
                })
                .collect(),
        )
    }

    #[inline]
    pub(crate) fn cover(&self, combo: u32, day: i32) -> bool {
        self.0
            .get(combo as usize)
            .is_some_and(|w| w.iter().any(|&(from, to)| from <= day && day <= to))
    }
}

/// Days allowed, by version of the rules and combination of dimensions.
struct Deadlines<'a> {
    view: View<'a>,
    from: Vec<i32>,
    allowed: Vec<Vec<Option<(i64, DayCounter)>>>,
}

impl<'a> Deadlines<'a> {
    fn new(view: View<'a>, table: &CaseTable) -> Self {
        let of = |rules: &ProcessRules| {
            table
                .combos
                .iter()
                .map(|combo| {
                    let target = rules.target_for(table.name_of(combo[2]))?;
                    Some((i64::from(target.days), target.counter))
                })
                .collect()
        };
        Self {
            view,
            from: view.rules.iter().map(|v| day_number(v.from)).collect(),
            allowed: view.rules.iter().map(|v| of(&v.rules)).collect(),
        }
    }

    #[inline]
    fn of(&self, combo: u32, opened: i32) -> Option<i32> {
        let version = self.from.partition_point(|&f| f <= opened).saturating_sub(1);
        let (days, counter) = (*self.allowed.get(version)?.get(combo as usize)?)?;
        Some(self.view.calendar.add_number(counter, opened, days))
    }
}

/// Reads the cases of a view at the end of the scope's last day.
pub(crate) fn scan(view: View<'_>, scope: &Scope) -> Option<Scan> {
    let table = view.cases()?;
    let day = scope.last_day().min(table.as_of.day);
    let from = scope.first_day();
    let mask = view.mask(&scope.dims, table);
    let rules = view.rules_at(day);
    let excluded = Windows::new(table, rules.map_or(&[], |r| &r.exclusion));
    let neutral = Windows::new(table, rules.map_or(&[], |r| &r.neutralised));
    let deadlines = Deadlines::new(view, table);
    let mut found = Scan { day, ..Scan::default() };
    for (i, (&opened, &combo)) in table.opened_day.iter().zip(&table.combo).enumerate() {
        if opened > day || !mask.get(combo as usize).copied().unwrap_or(false) {
            continue;
        }
        let transitions = table.transitions(i);
        let deadline = deadlines.of(combo, opened);
        // A case settled long before the period takes no part in any figure of it.
        if let [only] = transitions
            && only.day < from
            && matches!(only.kind, TransitionKind::Close(_))
            && deadline.is_none_or(|d| d < from)
        {
            continue;
        }
        let mut closed = None;
        let mut held = None;
        let mut at_deadline = None;
        for t in transitions {
            if t.day > day {
                break;
            }
            let inside = t.day >= from && !neutral.cover(combo, t.day);
            match t.kind {
                TransitionKind::Close(class) => closed = Some((class, t)),
                TransitionKind::Reopen => {
                    if let Some((CloseClass::SettledHuman | CloseClass::SettledAuto, t)) = closed
                        && t.day >= from
                    {
                        found.undone += 1;
                    }
                    closed = None;
                }
                TransitionKind::HoldEnter { awaited, returned } => {
                    held = Some((awaited, t.day));
                    if inside {
                        if returned { found.returns += 1 } else { found.holds += 1 }
                    }
                }
                TransitionKind::HoldLeave => held = None,
            }
            if deadline.is_some_and(|d| t.day <= d) {
                at_deadline = closed.map(|c| c.0);
            }
        }
        let left_out = excluded.cover(combo, opened);
        if let Some(due) = deadline
            && from <= due
            && due <= day
        {
            match at_deadline {
                // The day of the extraction is not over: what is due that day may still be met.
                None if due == day && day == table.as_of.day => {}
                _ if left_out || neutral.cover(combo, due) => found.due_left_out += 1,
                // A silence is seen after the date, but the last event may have come before it.
                None | Some(CloseClass::Silence)
                    if matches!(closed, Some((CloseClass::Silence, t)) if t.event_day <= due)
                        && table.silence_settles =>
                {
                    found.due += 1;
                    found.due_met += 1;
                }
                // Cancelled or sent away before its date: no longer due here.
                Some(CloseClass::Cancelled | CloseClass::Transferred | CloseClass::Silence) => {}
                Some(CloseClass::SettledHuman | CloseClass::SettledAuto) => {
                    found.due += 1;
                    found.due_met += 1;
                }
                None => found.due += 1,
            }
        }
        match closed {
            None => found.open.push(OpenCase {
                case: i as u32,
                opened_day: opened,
                held,
                deadline,
                excluded: left_out,
            }),
            Some((class, t)) if t.day >= from => found.closed.push(ClosedCase {
                case: i as u32,
                class,
                opened_day: opened,
                event_day: t.event_day,
                us: t.us,
                deadline,
                excluded: left_out || neutral.cover(combo, t.day),
                settled: table.settles(class),
            }),
            Some(_) => {}
        }
    }
    Some(found)
}

/// Open cases at the end of each of some days (in order) that were received at most `within`
/// worked days before, open cases, open cases left out by exclusion windows.
pub(crate) fn received_within(
    view: View<'_>,
    scope: &Scope,
    days: &[i32],
    within: i64,
) -> (i64, i64, i64) {
    let mut sum = (0, 0, 0);
    let (Some(table), Some(&end)) = (view.cases(), days.last()) else { return sum };
    let mask = view.mask(&scope.dims, table);
    let windows = view.rules_at(end).map_or(&[][..], |r| &r.exclusion);
    let excluded = Windows::new(table, windows);
    let mut add = |opened: i32, combo: u32, from: i32, until: i32| {
        let first = days.partition_point(|&d| d < from);
        let last = days.partition_point(|&d| d < until);
        for &day in days.get(first..last).unwrap_or(&[]) {
            if excluded.cover(combo, opened) {
                sum.2 += 1;
                continue;
            }
            sum.1 += 1;
            let age = view.calendar.count_numbers(DayCounter::Worked, opened, day);
            sum.0 += i64::from(age <= within);
        }
    };
    for (i, (&opened, &combo)) in table.opened_day.iter().zip(&table.combo).enumerate() {
        if opened > end || !mask.get(combo as usize).copied().unwrap_or(false) {
            continue;
        }
        let mut since = Some(opened);
        for t in table.transitions(i) {
            match t.kind {
                TransitionKind::Close(_) => {
                    if let Some(from) = since.take() {
                        add(opened, combo, from, t.day);
                    }
                }
                TransitionKind::Reopen => since = Some(t.day),
                TransitionKind::HoldEnter { .. } | TransitionKind::HoldLeave => {}
            }
        }
        if let Some(from) = since {
            add(opened, combo, from, i32::MAX);
        }
    }
    sum
}

/// Days of hold inside a case, on its counter, up to an instant of closing.
pub(crate) fn held_days(
    view: View<'_>,
    table: &CaseTable,
    case: usize,
    until_us: i64,
    until_day: i32,
    counter: DayCounter,
) -> i64 {
    let transitions = table.transitions(case);
    if transitions.len() < 2 {
        return 0;
    }
    let mut since: Option<i32> = None;
    let mut sum = 0;
    for t in transitions {
        if t.us > until_us {
            break;
        }
        match t.kind {
            TransitionKind::HoldEnter { .. } => since = Some(t.event_day),
            TransitionKind::HoldLeave => {
                if let Some(begin) = since.take() {
                    sum += view.calendar.count_numbers(counter, begin, t.event_day.min(until_day));
                }
            }
            TransitionKind::Close(_) | TransitionKind::Reopen => {}
        }
    }
    sum
}

/// Output of the last worked days.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Pace {
    /// Worked days in the mean.
    pub days: i64,
    /// Settled over them.
    pub settled: i64,
    /// Standard deviation of the daily output.
    pub deviation: f64,
}

impl Pace {
    /// Settled per worked day; `None` when nothing was settled or no day was worked.
    pub(crate) fn per_day(&self) -> Option<f64> {
        (self.days > 0 && self.settled > 0).then(|| self.settled as f64 / self.days as f64)
    }
}

/// The daily rows of a view in a scope, over some days, by day number.
pub(crate) fn daily(view: View<'_>, scope: &Scope, from: i32, to: i32) -> Vec<(i32, Cells)> {
    let first = view.first_day().unwrap_or(i32::MAX);
    let last = view.last_day().unwrap_or(i32::MIN);
    let (from, to) = (from.max(first), to.min(last));
    if from > to {
        return Vec::new();
    }
    let buckets = Buckets::new(eclusier_core::Grain::Day, from, to);
    let query = LedgerQuery { dims: scope.dims.clone(), ..LedgerQuery::default() };
    crate::posting::cells_of(view, &query, &buckets)
        .into_iter()
        .enumerate()
        .filter_map(|(i, c)| Some((buckets.spans.get(i)?.0, c?)))
        .collect()
}

/// Days that count in a mean: worked, not neutralised, and delivered where days are delivered.
fn counts_in_mean(view: View<'_>, rules: Option<&ProcessRules>, day: i32) -> bool {
    view.calendar.count_numbers(DayCounter::Worked, day.saturating_sub(1), day) == 1
        && !neutralised(rules, day)
        && match view.data {
            Data::Cases(_) => true,
            Data::Counts(book) => book.days.contains(&day),
        }
}

/// Whether a day is neutralised for every product.
pub(crate) fn neutralised(rules: Option<&ProcessRules>, day: i32) -> bool {
    rules.is_some_and(|r| {
        r.neutralised
            .iter()
            .any(|w| w.product.is_none() && day_number(w.from) <= day && day <= day_number(w.to))
    })
}

/// The window of the last `wanted` worked days ending at `day`: its first day and its worked days.
pub(crate) fn window(view: View<'_>, day: i32, wanted: i64) -> Option<(i32, i64)> {
    let rules = view.rules_at(day);
    let first = view.first_day()?;
    let mut found = 0;
    let mut start = None;
    let mut at = day;
    // Closed or undelivered stretches may be long, but the data have an end.
    while at >= first && found < wanted {
        if counts_in_mean(view, rules, at) {
            found += 1;
            start = Some(at);
        }
        at = at.checked_sub(1)?;
    }
    start.map(|s| (s, found))
}

/// Worked days the mean output is taken over.
pub(crate) fn wanted_days(view: View<'_>, day: i32) -> i64 {
    view.rules_at(day).map_or(20, |r| i64::from(r.output_window_days)).max(1)
}

/// Mean output over the last worked days of the rules (20 unless said otherwise).
pub(crate) fn pace(view: View<'_>, scope: &Scope, day: i32) -> Pace {
    let day = day.min(view.last_day().unwrap_or(day));
    match window(view, day, wanted_days(view, day)) {
        None => Pace::default(),
        Some((from, days)) => pace_of(view, &daily(view, scope, from, day), from, day, days),
    }
}

/// What left as done that day: settled, and lapsed where silence is all one can see.
pub(crate) fn outputs(view: View<'_>, cells: &Cells) -> i64 {
    let flow = |i: usize| cells.flows[i].unwrap_or(0);
    let lapsed = match view.cases() {
        Some(table) if table.silence_settles => flow(CANCELLED),
        _ => 0,
    };
    flow(HUMAN).saturating_add(flow(AUTO)).saturating_add(lapsed)
}

/// Output of the rows between two days, over a known number of worked days.
pub(crate) fn pace_of(
    view: View<'_>,
    rows: &[(i32, Cells)],
    from: i32,
    to: i32,
    days: i64,
) -> Pace {
    let rules = view.rules_at(to);
    let mut pace = Pace { days, ..Pace::default() };
    let mut squares = 0.0;
    for (day, cells) in rows {
        if *day < from || *day > to || neutralised(rules, *day) {
            continue;
        }
        let settled = outputs(view, cells);
        pace.settled = pace.settled.saturating_add(settled);
        squares += settled as f64 * settled as f64;
    }
    if days > 1 {
        let mean = pace.settled as f64 / days as f64;
        pace.deviation = (squares / days as f64 - mean * mean).max(0.0).sqrt();
    }
    pace
}

/// Worked days until each open case is handled, first come first served at a pace;
/// `None` for cases held, and for all when nothing leaves.
pub(crate) fn handling_days(
    table: &CaseTable,
    open: &[OpenCase],
    per_day: Option<f64>,
) -> Vec<Option<f64>> {
    let mut order: Vec<u32> =
        (0..open.len() as u32).filter(|&i| open[i as usize].held.is_none()).collect();
    order.sort_unstable_by_key(|&i| {
        let case = open[i as usize].case;
        (table.opened_us.get(case as usize).copied().unwrap_or(0), case)
    });
    let mut days = vec![None; open.len()];
    if let Some(pace) = per_day.filter(|p| *p > 0.0) {
        for (rank, &i) in order.iter().enumerate() {
            days[i as usize] = Some(((rank + 1) as f64 / pace).ceil());
        }
    }
    days
}

/// Whether an open, not yet late case will miss its date: its turn comes too late, or it is held.
pub(crate) fn will_miss(view: View<'_>, day: i32, deadline: i32, handled_in: Option<f64>) -> bool {
    let left = view.calendar.count_numbers(DayCounter::Worked, day, deadline);
    handled_in.is_none_or(|d| d > left as f64)
}

/// Where a listed case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseStanding {
    /// Open at the end of the day measured.
    Open,
    /// Closed in the period.
    Closed,
}

/// A case behind a figure.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseRef {
    /// Process.
    pub process: String,
    /// Identifier as delivered.
    pub case: String,
    /// Rank of the case in its table, for [`CaseTable::line`].
    pub row: usize,
    /// Day of reception.
    pub opened_day: i32,
    /// Whether it is open or closed at the day measured.
    pub standing: CaseStanding,
    /// State at the day measured.
    pub state: CaseState,
    /// Age in worked days when open, lead time in worked days when closed.
    pub worked_days: i64,
    /// The same in calendar days.
    pub calendar_days: i64,
    /// Last day to be in time.
    pub deadline: Option<i32>,
    /// Who is awaited, and since which day.
    pub awaited: Option<(Awaited, i32)>,
    /// Product.
    pub product: Option<String>,
    /// Unit.
    pub unit: Option<String>,
}

/// A part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Cases to skip.
    pub offset: usize,
    /// Cases to give.
    pub limit: usize,
}

/// A list of cases, and how long the whole is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Selection {
    /// Cases behind the figure.
    pub total: usize,
    /// The page asked, the oldest reception first.
    pub cases: Vec<CaseRef>,
}

/// The cases behind a figure, oldest reception first.
///
/// Beside the ids of the figures: `closed`, `arrivals`, `held`, and the age
/// strata `age_0_5`, `age_6_10`, `age_11_15`, `age_16_30`, `age_over_30`.
/// A share lists the cases that spoil it (`backlog_age_15`: the older ones;
/// `in_time_*`: the late ones), since those are the ones to act on.
pub fn cases_behind(
    views: &[View<'_>],
    scope: &Scope,
    id: &str,
    page: Page,
) -> Result<Selection, LedgerError> {
    let list = List::named(id).ok_or_else(|| LedgerError::UnknownFigure { id: id.to_owned() })?;
    let mut hits: Vec<Hit> = Vec::new();
    for (v, view) in views.iter().enumerate() {
        let (Some(table), Some(found)) = (view.cases(), scan(*view, scope)) else { continue };
        let from = scope.first_day();
        let day = found.day;
        let finished = day < table.as_of.day;
        let handled = match list {
            List::DueSoon(_) => {
                handling_days(table, &found.open, pace(*view, scope, day).per_day())
            }
            _ => Vec::new(),
        };
        let oldest = found.open.iter().map(|o| o.opened_day).min();
        for (i, o) in found.open.iter().enumerate() {
            let age = view.calendar.count_numbers(DayCounter::Worked, o.opened_day, day);
            let keep = match list {
                List::Stock => true,
                List::Actionable => o.held.is_none(),
                List::Held => o.held.is_some(),
                List::Overdue => o.deadline.is_some_and(|d| d < day),
                List::Older15 => !o.excluded && age > 15,
                List::Oldest => Some(o.opened_day) == oldest,
                List::Age(low, high) => low <= age && age <= high,
                List::DueSoon(k) => o.deadline.is_some_and(|d| {
                    due_within(*view, day, d, k)
                        && will_miss(*view, day, d, handled.get(i).copied().flatten())
                }),
                List::Arrivals => o.opened_day >= from,
                List::LateDue => {
                    let late = |d: i32| from <= d && (d < day || (d == day && finished));
                    !o.excluded && o.deadline.is_some_and(late)
                }
                List::Returned => entered_hold(table, o.case, from, day),
                List::Closed | List::Settled | List::Auto | List::Delay | List::LateClosed => false,
            };
            if keep {
                let now = (!finished).then(|| table.line(o.case as usize)).flatten();
                let state = match (o.held, now) {
                    (Some(_), _) => CaseState::EnInstanceExterne,
                    (None, Some(line)) => line.state,
                    (None, None) => CaseState::EnAttente,
                };
                hits.push(Hit {
                    opened_day: o.opened_day,
                    view: v,
                    case: o.case,
                    standing: CaseStanding::Open,
                    state,
                    until: day,
                    deadline: o.deadline,
                    awaited: o.held,
                });
            }
        }
        for c in &found.closed {
            let settled = c.settled;
            let late = c.deadline.is_some_and(|d| c.event_day > d);
            let keep = match list {
                List::Closed => true,
                List::Settled => settled,
                List::Auto => c.class == CloseClass::SettledAuto,
                List::Delay => settled && !c.excluded,
                List::LateClosed => settled && !c.excluded && late,
                List::Arrivals => c.opened_day >= from,
                List::LateDue => {
                    let due = |d: i32| from <= d && d <= day;
                    settled && !c.excluded && late && c.deadline.is_some_and(due)
                }
                List::Returned => entered_hold(table, c.case, from, day),
                _ => false,
            };
            if keep {
                hits.push(Hit {
                    opened_day: c.opened_day,
                    view: v,
                    case: c.case,
                    standing: CaseStanding::Closed,
                    state: closed_state(c.class),
                    until: c.event_day,
                    deadline: c.deadline,
                    awaited: None,
                });
            }
        }
    }
    hits.sort_unstable_by_key(|h| (h.opened_day, h.view, h.case));
    let total = hits.len();
    let cases = hits
        .into_iter()
        .skip(page.offset)
        .take(page.limit)
        .filter_map(|h| h.named(views))
        .collect();
    Ok(Selection { total, cases })
}

/// Whether a date comes within `k` worked days of `day`, and has not passed.
pub(crate) fn due_within(view: View<'_>, day: i32, deadline: i32, k: i64) -> bool {
    deadline >= day && deadline <= view.calendar.add_number(DayCounter::Worked, day, k)
}

/// What a list keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum List {
    Stock,
    Actionable,
    Held,
    Overdue,
    Older15,
    Oldest,
    Age(i64, i64),
    DueSoon(i64),
    Arrivals,
    LateDue,
    Returned,
    Closed,
    Settled,
    Auto,
    Delay,
    LateClosed,
}

impl List {
    fn named(id: &str) -> Option<Self> {
        Some(match id {
            "stock" | "stock_days" => List::Stock,
            "stock_actionable" => List::Actionable,
            "held" => List::Held,
            "overdue" => List::Overdue,
            "backlog_age_15" | "backlog_age_15_months" => List::Older15,
            "oldest_age" | "oldest_age_actionable" => List::Oldest,
            "age_0_5" => List::Age(i64::MIN, 5),
            "age_6_10" => List::Age(6, 10),
            "age_11_15" => List::Age(11, 15),
            "age_16_30" => List::Age(16, 30),
            "age_over_30" => List::Age(31, i64::MAX),
            "due_soon_1" => List::DueSoon(1),
            "due_soon_3" => List::DueSoon(3),
            "due_soon_5" => List::DueSoon(5),
            "arrivals" => List::Arrivals,
            "in_time_due" => List::LateDue,
            "return_rate" => List::Returned,
            "closed" => List::Closed,
            "clearance" => List::Settled,
            "straight_through_rate" => List::Auto,
            "in_time_closed" => List::LateClosed,
            _ if id.starts_with("lead_time_") || id.starts_with("net_lead_time_") => List::Delay,
            _ => return None,
        })
    }
}

/// A case to list, before its names are read.
#[derive(Debug, Clone, Copy)]
struct Hit {
    opened_day: i32,
    view: usize,
    case: u32,
    standing: CaseStanding,
    state: CaseState,
    until: i32,
    deadline: Option<i32>,
    awaited: Option<(Awaited, i32)>,
}

impl Hit {
    fn named(self, views: &[View<'_>]) -> Option<CaseRef> {
        let view = views.get(self.view)?;
        let table = view.cases()?;
        let row = self.case as usize;
        let count = |c| view.calendar.count_numbers(c, self.opened_day, self.until);
        Some(CaseRef {
            process: view.process.to_owned(),
            case: table.id(row).to_owned(),
            row,
            opened_day: self.opened_day,
            standing: self.standing,
            state: self.state,
            worked_days: count(DayCounter::Worked),
            calendar_days: count(DayCounter::Calendar),
            deadline: self.deadline,
            awaited: self.awaited,
            product: table.dimension(row, 2).map(str::to_owned),
            unit: table.dimension(row, 1).map(str::to_owned),
        })
    }
}

fn entered_hold(table: &CaseTable, case: u32, from: i32, to: i32) -> bool {
    table
        .transitions(case as usize)
        .iter()
        .any(|t| matches!(t.kind, TransitionKind::HoldEnter { .. }) && from <= t.day && t.day <= to)
}

fn closed_state(class: CloseClass) -> CaseState {
    match class {
        CloseClass::SettledHuman => CaseState::Traite,
        CloseClass::SettledAuto => CaseState::TraiteAuto,
        CloseClass::Cancelled => CaseState::Annule,
        CloseClass::Transferred => CaseState::Transfere,
        CloseClass::Silence => CaseState::SansSuite,
    }
}
