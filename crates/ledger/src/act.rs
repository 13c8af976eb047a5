//! Where to act: the groups whose cases will miss their date, why, and one next step.
//!
//! - Computes: per process, product and unit, the cases that will miss their
//!   date within 5 worked days, what moved their stock most over the last
//!   worked days, and a step to take.
//! - Units: cases; cases per worked day.
//! - Shapes: views and a scope in; groups ordered by cases to be missed out.
//! - Errors: none; without a target the cases to be missed are `None`.
//! - Source: `docs/methods/where-to-act.md`.

use std::collections::BTreeMap;

use eclusier_calendar::date_of;
use eclusier_core::config::{Awaited, DayCounter};
use rayon::prelude::*;

use crate::LedgerQuery;
use crate::look::Look;
use crate::posting::{ARRIVALS, Buckets, GroupBy, cells_by_group};
use crate::scan::{
    OpenCase, Scan, due_within, handling_days, neutralised, outputs, scan, wanted_days, will_miss,
    window,
};
use crate::view::{DimFilter, Scope, View};

/// What moved the stock of a group most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// More came than before.
    Arrivals,
    /// Less was settled than before, or too little for what was already there.
    Output,
    /// More waits for someone else than before.
    Holds,
}

impl Cause {
    /// Stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Cause::Arrivals => "arrivals",
            Cause::Output => "output",
            Cause::Holds => "holds",
        }
    }
}

/// The last worked days compared with those before them.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Compared {
    /// Worked days in each window.
    pub days: i64,
    /// Arrivals in the last window.
    pub arrivals: Option<i64>,
    /// Arrivals in the window before; `None` when history is too short.
    pub arrivals_before: Option<i64>,
    /// Settled in the last window.
    pub output: i64,
    /// Settled in the window before.
    pub output_before: Option<i64>,
    /// Held now.
    pub held: i64,
    /// Held at the end of the window before.
    pub held_before: Option<i64>,
}

/// One step to take, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextStep {
    /// French.
    pub fr: String,
    /// English.
    pub en: String,
}

/// A group to look at.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// Process.
    pub process: String,
    /// Its name on screen.
    pub label: String,
    /// Product; `None` is "not said".
    pub product: Option<String>,
    /// Unit; `None` is "not said".
    pub unit: Option<String>,
    /// Cases that will miss their date within 5 worked days; `None` without a target.
    pub will_miss: Option<i64>,
    /// Cases whose date comes within 5 worked days.
    pub due: Option<i64>,
    /// Cases already late.
    pub overdue: Option<i64>,
    /// Stock of the group.
    pub stock: Option<i64>,
    /// What moved it.
    pub cause: Cause,
    /// The figures behind the cause.
    pub compared: Compared,
    /// One next step.
    pub next_step: NextStep,
    /// The filter that shows these cases.
    pub dims: DimFilter,
}

/// Worked days ahead.
const AHEAD: i64 = 5;

/// The groups to look at, those with most cases to be missed first; at most `limit`.
///
/// Groups where nothing will be missed and nothing is late are left out, unless
/// no target is defined: then the stock orders them.
pub fn where_to_act(views: &[View<'_>], scope: &Scope, limit: usize) -> Vec<Action> {
    Look::new(views, scope).where_to_act(limit)
}

pub(crate) fn actions_of(look: &Look<'_>, limit: usize) -> Vec<Action> {
    let parts: Vec<_> = look.parts().collect();
    let groups = parts.par_iter().map(|part| of_view(part.view, part.scope, part.scan));
    let mut actions: Vec<Action> = groups.collect::<Vec<_>>().into_iter().flatten().collect();
    actions.retain(|a| match (a.will_miss, a.overdue) {
        (Some(miss), late) => miss > 0 || late.unwrap_or(0) > 0,
        (None, _) => a.stock.is_none_or(|s| s > 0),
    });
    actions.sort_by(|a, b| {
        let key = |x: &Action| {
            (x.will_miss.unwrap_or(-1), x.overdue.unwrap_or(-1), x.stock.unwrap_or(-1))
        };
        key(b)
            .cmp(&key(a))
            .then_with(|| (&a.process, &a.product, &a.unit).cmp(&(&b.process, &b.product, &b.unit)))
    });
    actions.truncate(limit);
    actions
}

/// Product and unit.
type Group = (Option<String>, Option<String>);

/// Open cases of a group and those held, when cases are known.
#[derive(Debug, Default)]
struct Open {
    cases: Vec<OpenCase>,
    held: i64,
    held_before: i64,
}

/// What one window of worked days shows of a group.
#[derive(Debug, Clone, Copy, Default)]
struct Window {
    arrivals: Option<i64>,
    output: i64,
    closing: Option<i64>,
}

fn of_view(view: View<'_>, scope: &Scope, found: Option<&Scan>) -> Vec<Action> {
    let Some(last) = view.last_day() else { return Vec::new() };
    let day = scope.last_day().min(last);
    let wanted = wanted_days(view, day);
    let Some((from, days)) = window(view, day, wanted) else { return Vec::new() };
    // The days before are compared only when there are as many.
    let before = from
        .checked_sub(1)
        .and_then(|end| Some((end, window(view, end, wanted)?)))
        .filter(|(_, (_, n))| *n == wanted)
        .map(|(end, (begin, _))| (begin, end));
    let mut groups: BTreeMap<Group, (Window, Option<Window>, Open)> = BTreeMap::new();
    flows(view, scope, from, day, before.map(|b| b.0), &mut groups);
    open_cases(view, scope, found, before.map(|b| b.1), &mut groups);
    groups
        .into_iter()
        .map(|(group, (late, early, open))| {
            of_group(view, scope, day, days, group, late, early, open)
        })
        .collect()
}

/// Adds up the flows of each group from `from` to `to`, and from `before` to the eve of `from`;
/// neutralised days are left out.
fn flows(
    view: View<'_>,
    scope: &Scope,
    from: i32,
    to: i32,
    before: Option<i32>,
    groups: &mut BTreeMap<Group, (Window, Option<Window>, Open)>,
) {
    let rules = view.rules_at(to);
    let buckets = Buckets::new(eclusier_core::Grain::Day, before.unwrap_or(from), to);
    let query = LedgerQuery {
        group_by: vec![GroupBy::Product, GroupBy::Unit],
        dims: scope.dims.clone(),
        ..LedgerQuery::default()
    };
    for (values, rows) in cells_by_group(view, &query, &buckets) {
        let (mut late, mut early) = (Window::default(), Window::default());
        for (&(day, _), cells) in buckets.spans.iter().zip(rows) {
            let Some(cells) = cells else { continue };
            let sum = if day < from { &mut early } else { &mut late };
            sum.closing = cells.closing;
            if neutralised(rules, day) {
                continue;
            }
            sum.output = sum.output.saturating_add(outputs(view, &cells));
            if let Some(arrivals) = cells.flows[ARRIVALS] {
                sum.arrivals = Some(sum.arrivals.unwrap_or(0).saturating_add(arrivals));
            }
        }
        let group = groups.entry((values.product, values.unit)).or_default();
        (group.0, group.1) = (late, before.map(|_| early));
    }
}

/// Sorts the open cases into their groups, and counts those held before.
fn open_cases(
    view: View<'_>,
    scope: &Scope,
    found: Option<&Scan>,
    before: Option<i32>,
    groups: &mut BTreeMap<Group, (Window, Option<Window>, Open)>,
) {
    let (Some(table), Some(found)) = (view.cases(), found) else { return };
    let mut by_combo: Vec<Open> = table.combos.iter().map(|_| Open::default()).collect();
    let combo_of = |case: u32| table.combo.get(case as usize).map(|&c| c as usize);
    for o in &found.open {
        if let Some(open) = combo_of(o.case).and_then(|c| by_combo.get_mut(c)) {
            open.held += i64::from(o.held.is_some());
            open.cases.push(*o);
        }
    }
    if let Some(end) = before {
        let mut then = scope.clone();
        then.period.to = date_of(end);
        then.period.from = then.period.to;
        for o in scan(view, &then).iter().flat_map(|s| &s.open) {
            if let Some(open) = combo_of(o.case).and_then(|c| by_combo.get_mut(c)) {
                open.held_before += i64::from(o.held.is_some());
            }
        }
    }
    for (combo, mut open) in table.combos.iter().zip(by_combo) {
        let name = |c| table.name_of(c).map(str::to_owned);
        if let Some(group) = groups.get_mut(&(name(combo[2]), name(combo[1]))) {
            group.2.cases.append(&mut open.cases);
            group.2.held += open.held;
            group.2.held_before += open.held_before;
        }
    }
}

#[allow(clippy::too_many_arguments)]
fn of_group(
    view: View<'_>,
    scope: &Scope,
    day: i32,
    days: i64,
    (product, unit): Group,
    late: Window,
    early: Option<Window>,
    open: Open,
) -> Action {
    let compared = Compared {
        days,
        arrivals: late.arrivals,
        arrivals_before: early.and_then(|b| b.arrivals),
        output: late.output,
        output_before: early.map(|b| b.output),
        held: open.held,
        held_before: early.map(|_| open.held_before),
    };
    let (mut will, mut due, mut overdue) = (None, None, None);
    if let (Some(table), true) = (view.cases(), view.has_target()) {
        let pace = (late.output > 0 && days > 0).then(|| late.output as f64 / days as f64);
        let handled = handling_days(table, &open.cases, pace);
        let (mut miss, mut soon, mut past) = (0, 0, 0);
        for (i, o) in open.cases.iter().enumerate() {
            let Some(deadline) = o.deadline else { continue };
            past += i64::from(deadline < day);
            if due_within(view, day, deadline, AHEAD) {
                soon += 1;
                let turn = handled.get(i).copied().flatten();
                miss += i64::from(will_miss(view, day, deadline, turn));
            }
        }
        (will, due, overdue) = (Some(miss), Some(soon), Some(past));
    }
    let stock = match view.cases() {
        Some(_) => late.closing.map(|_| open.cases.len() as i64),
        None => late.closing,
    };
    let cause = cause_of(&compared, stock.unwrap_or(0));
    let next_step = step(cause, &compared, will.unwrap_or(0), &open.cases, view, day);
    let mut dims = scope.dims.clone();
    dims.product = vec![product.clone().unwrap_or_default()];
    dims.unit = vec![unit.clone().unwrap_or_default()];
    Action {
        process: view.process.to_owned(),
        label: view.label.to_owned(),
        product,
        unit,
        will_miss: will,
        due,
        overdue,
        stock,
        cause,
        compared,
        next_step,
        dims,
    }
}

/// The largest push on the stock between the two windows; without any, what holds it back.
fn cause_of(c: &Compared, stock: i64) -> Cause {
    let more = |now: Option<i64>, then: Option<i64>| match (now, then) {
        (Some(now), Some(then)) => now - then,
        _ => 0,
    };
    let pushes = [
        (Cause::Arrivals, more(c.arrivals, c.arrivals_before)),
        (Cause::Output, more(c.output_before, Some(c.output))),
        (Cause::Holds, more(Some(c.held), c.held_before)),
    ];
    // Ties go to the first named.
    let mut best = (Cause::Output, 0);
    for push in pushes {
        if push.1 > best.1 {
            best = push;
        }
    }
    if best.1 > 0 {
        best.0
    } else if c.held * 2 > stock {
        Cause::Holds
    } else {
        Cause::Output
    }
}

fn awaited_words(awaited: Awaited) -> (&'static str, &'static str) {
    match awaited {
        Awaited::Us => ("notre réponse", "ourselves"),
        Awaited::Insured => ("l’assuré", "the insured"),
        Awaited::Employer => ("l’employeur", "the employer"),
        Awaited::OtherBody => ("un autre organisme", "another body"),
    }
}

fn step(
    cause: Cause,
    c: &Compared,
    will_miss: i64,
    open: &[OpenCase],
    view: View<'_>,
    day: i32,
) -> NextStep {
    let per_day = |n: i64| {
        let tenths =
            if c.days > 0 { (n as f64 / c.days as f64 * 10.0).round() / 10.0 } else { 0.0 };
        (tenths.to_string().replace('.', ","), tenths.to_string())
    };
    // What the next days must give beyond the present pace.
    let extra = (will_miss + AHEAD - 1) / AHEAD;
    let (now_fr, now_en) = per_day(c.output);
    let NextStep { mut fr, mut en } = match cause {
        Cause::Holds => {
            let mut by: BTreeMap<u8, (Awaited, i64, i64)> = BTreeMap::new();
            for o in open {
                if let Some((who, since)) = o.held {
                    let waited = view.calendar.count_numbers(DayCounter::Worked, since, day);
                    let entry = by.entry(who as u8).or_insert((who, 0, 0));
                    entry.1 += 1;
                    entry.2 = entry.2.max(waited);
                }
            }
            match by.into_values().max_by_key(|b| b.1) {
                Some((who, cases, longest)) => {
                    let (who_fr, who_en) = awaited_words(who);
                    NextStep {
                        fr: format!(
                            "Relancer {who_fr} pour {cases} dossiers en instance, le plus ancien depuis {longest} jours ouvrés."
                        ),
                        en: format!(
                            "Chase {who_en} for {cases} held cases, the longest for {longest} worked days."
                        ),
                    }
                }
                None => NextStep {
                    fr: "Examiner les dossiers en instance.".into(),
                    en: "Look at the held cases.".into(),
                },
            }
        }
        Cause::Arrivals => {
            let (in_fr, in_en) = per_day(c.arrivals.unwrap_or(0));
            let (was_fr, was_en) = per_day(c.arrivals_before.unwrap_or(0));
            NextStep {
                fr: format!(
                    "Renforcer : {in_fr} arrivées par jour ouvré au lieu de {was_fr}, pour {now_fr} sorties."
                ),
                en: format!(
                    "Reinforce: {in_en} arrivals per worked day instead of {was_en}, for {now_en} outputs."
                ),
            }
        }
        Cause::Output => match c.output_before.filter(|b| *b > c.output) {
            Some(before) => {
                let (was_fr, was_en) = per_day(before);
                NextStep {
                    fr: format!(
                        "Rétablir les sorties : {now_fr} par jour ouvré au lieu de {was_fr}."
                    ),
                    en: format!("Restore the output: {now_en} per worked day instead of {was_en}."),
                }
            }
            None => NextStep {
                fr: format!(
                    "Traiter d’abord les plus anciens : la sortie de {now_fr} par jour ouvré ne suffit pas au stock déjà là."
                ),
                en: format!(
                    "Handle the oldest first: an output of {now_en} per worked day is too little for the stock already there."
                ),
            },
        },
    };
    if extra > 0 && cause != Cause::Holds {
        let outputs = if extra == 1 { "sortie" } else { "sorties" };
        fr.push_str(&format!(
            " Il manque environ {extra} {outputs} par jour pendant {AHEAD} jours ouvrés."
        ));
        en.push_str(&format!(
            " About {extra} more {} a day {} needed for {AHEAD} worked days.",
            if extra == 1 { "output" } else { "outputs" },
            if extra == 1 { "is" } else { "are" },
        ));
    }
    NextStep { fr: fr.replace(" :", "\u{a0}:"), en }
}
