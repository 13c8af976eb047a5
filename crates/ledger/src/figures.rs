//! The indicators of stock, flow and delay, each with what it rests on.
//!
//! - Computes: the figures of [`crate::definitions`], over one or several processes.
//! - Units: said by each figure; shares keep their numerator and denominator.
//! - Shapes: views and a scope in, one [`Figure`] per id out.
//! - Errors: [`LedgerError::UnknownFigure`]; what cannot be known is a figure
//!   without value and with its reason.
//! - Source: `docs/methods/indicators.md`, `docs/methods/delays.md`; percentiles
//!   are the linear definition (type 7) of Hyndman and Fan (1996).

use eclusier_calendar::{date_of, day_number};
use eclusier_core::config::DayCounter;
use eclusier_core::{Figure, Unit};
use eclusier_eventlog::MovementKind;
use jiff::civil::Date;
use rayon::prelude::*;

use crate::LedgerError;
use crate::definitions::{self, Definition};
use crate::look::{Look, Part};
use crate::posting::{ARRIVALS, AUTO, Cells, HUMAN};
use crate::rules::CloseClass;
use crate::scan::{
    Pace, Scan, daily, due_within, handling_days, held_days, neutralised, outputs, pace_of,
    received_within, wanted_days, will_miss, window,
};
use crate::tally::Tally;
use crate::view::{Data, Scope, View};

type Words = [&'static str; 2];

pub(crate) const NO_DATA: Words = ["aucune donnée sur ce périmètre", "no data in this perimeter"];
const COUNTS_ONLY: Words = [
    "des comptages par jour ne suivent pas chaque dossier",
    "daily counts do not follow each case",
];
const NO_TARGET: Words = ["cible non définie", "no target defined"];
const NO_HOLD: Words = [
    "aucune mise en instance n’est décrite dans la configuration du processus",
    "no hold is described in the configuration of the process",
];
const NO_AUTO: Words =
    ["rien ne distingue les traitements automatiques", "nothing tells automatic settlements apart"];
const NO_SETTLEMENT: Words = [
    "aucune étape ne dit qu’un dossier est traité : seul le silence clôt",
    "no activity says that a case is settled: only silence closes",
];
const NO_OUTPUT: Words =
    ["aucune sortie dans la fenêtre de calcul", "no output in the window of the mean"];
const NOT_WARM: Words = [
    "stock inconnu : les dossiers ouverts avant le début du journal manquent",
    "unknown stock: cases opened before the log begins are missing",
];
const NO_STOCK: Words =
    ["stock inconnu : aucun stock n’a été livré", "unknown stock: no stock was delivered"];
const NOTHING: Words = ["rien à mesurer", "nothing to measure"];
const NO_MONTH_END: Words = ["aucune fin de mois dans la période", "no month end in the period"];

/// Lead times of the settled cases of a view, in days of the scope's counter.
#[derive(Debug, Default)]
pub(crate) struct Leads {
    gross: Tally,
    /// Net of holds; empty where holds are not described.
    net: Tally,
    /// Left out by windows.
    left_out: i64,
}

impl Leads {
    pub(crate) fn of(view: View<'_>, scope: &Scope, found: Option<&Scan>) -> Self {
        let mut leads = Leads::default();
        let (Some(found), Some(table)) = (found, view.cases()) else { return leads };
        for c in found.closed.iter().filter(|c| c.settled) {
            if c.excluded {
                leads.left_out += 1;
                continue;
            }
            let lead = view.calendar.count_numbers(scope.counter, c.opened_day, c.event_day);
            leads.gross.add(lead);
            if table.tells_holds {
                let case = c.case as usize;
                leads
                    .net
                    .add(lead - held_days(view, table, case, c.us, c.event_day, scope.counter));
            }
        }
        leads
    }
}

/// What one view says, computed once for all figures.
struct Measured<'a> {
    view: View<'a>,
    part: Part<'a>,
    stock: Result<i64, Words>,
    pace: Pace,
    arrivals: Option<i64>,
    /// Settled and, where silence is all one can see, lapsed; `None` when never delivered.
    done: Option<i64>,
    auto: Option<i64>,
    neutral_days: i64,
    oldest: Option<i64>,
    oldest_actionable: Option<i64>,
    held: i64,
}

impl<'a> Measured<'a> {
    fn new(part: Part<'a>) -> Self {
        let Part { view, scope, scan: found, .. } = part;
        let last = view.last_day().unwrap_or(i32::MIN);
        let day = scope.last_day().min(last);
        let rules = view.rules_at(day);
        let (mut arrivals, mut done, mut auto) = (None, None, None);
        let mut neutral_days = 0;
        let mut closing: Option<Cells> = None;
        let add = |sum: &mut Option<i64>, v: Option<i64>| {
            if let Some(v) = v {
                *sum = Some(sum.unwrap_or(0).saturating_add(v));
            }
        };
        // One pass gives the rows of the period and those of the mean output.
        let spell = window(view, day, wanted_days(view, day));
        let begin = spell.map_or(scope.first_day(), |w| w.0.min(scope.first_day()));
        let rows = daily(view, scope, begin, day);
        let pace = spell.map_or_else(Pace::default, |w| pace_of(view, &rows, w.0, day, w.1));
        for &(at, cells) in rows.iter().filter(|r| r.0 >= scope.first_day()) {
            closing = Some(cells);
            if neutralised(rules, at) {
                neutral_days += 1;
                continue;
            }
            add(&mut arrivals, cells.flows[ARRIVALS]);
            if cells.flows[HUMAN].is_some() || cells.flows[AUTO].is_some() {
                add(&mut done, Some(outputs(view, &cells)));
            }
            add(&mut auto, cells.flows[AUTO]);
        }
        if closing.is_none() {
            // A period after the last delivery, or between two: the last row before its end.
            let first = view.first_day().unwrap_or(i32::MAX);
            closing = daily(view, scope, first, day).last().map(|r| r.1);
        }
        let stock = match (found, view.data) {
            (Some(found), Data::Cases(table)) => {
                if scope.last_day() < table.warm_from.unwrap_or(i32::MIN) {
                    Err(NOT_WARM)
                } else {
                    Ok(found.open.len() as i64)
                }
            }
            _ => match closing {
                Some(cells) => cells.closing.ok_or(NO_STOCK),
                None => Err(NO_DATA),
            },
        };
        let mut me = Self {
            view,
            stock,
            pace,
            arrivals,
            done,
            auto,
            neutral_days,
            oldest: None,
            oldest_actionable: None,
            held: 0,
            part,
        };
        if let Some(found) = found {
            for o in &found.open {
                let count = view.calendar.count_numbers(scope.counter, o.opened_day, found.day);
                let age = Some(count);
                me.oldest = me.oldest.max(age);
                if o.held.is_none() {
                    me.oldest_actionable = me.oldest_actionable.max(age);
                } else {
                    me.held += 1;
                }
            }
        }
        me
    }

    fn settled(&self) -> Result<i64, Words> {
        match self.view.data {
            Data::Cases(table) if !table.tells_settlement => Err(NO_SETTLEMENT),
            Data::Cases(_) => Ok(self.done.unwrap_or(0)),
            Data::Counts(_) => self.done.ok_or(NOTHING),
        }
    }

    fn scan(&self) -> Result<&'a Scan, Words> {
        match self.view.data {
            Data::Counts(_) => Err(COUNTS_ONLY),
            Data::Cases(_) => self.part.scan.ok_or(NO_DATA),
        }
    }

    fn tells_holds(&self) -> bool {
        self.view.cases().is_some_and(|t| t.tells_holds)
    }
}

/// What a figure is made of, before it is dressed.
#[derive(Debug, Clone, Default)]
struct Raw {
    value: Option<f64>,
    numerator: Option<f64>,
    denominator: Option<f64>,
    n: i64,
    interval: Option<[f64; 2]>,
    left_out: i64,
    notes: Vec<[String; 2]>,
}

impl Raw {
    fn count(value: i64) -> Self {
        Raw { value: Some(value as f64), n: value, ..Raw::default() }
    }

    fn ratio(numerator: f64, denominator: f64, n: i64) -> Self {
        Raw {
            value: (denominator > 0.0).then(|| numerator / denominator),
            numerator: Some(numerator),
            denominator: Some(denominator),
            n,
            ..Raw::default()
        }
    }
}

/// Measures the figures asked, or all of them when `ids` is empty, in the order of the definitions.
pub fn indicators(
    views: &[View<'_>],
    scope: &Scope,
    ids: &[&str],
) -> Result<Vec<Figure>, LedgerError> {
    Look::new(views, scope).indicators(ids)
}

pub(crate) fn figures_of(look: &Look<'_>, ids: &[&str]) -> Result<Vec<Figure>, LedgerError> {
    for id in ids {
        if definitions::find(id).is_none() {
            return Err(LedgerError::UnknownFigure { id: (*id).to_owned() });
        }
    }
    let scope = look.scope;
    let parts: Vec<Part<'_>> = look.parts().collect();
    let measured: Vec<Measured<'_>> = parts.into_par_iter().map(Measured::new).collect();
    let asked: Vec<&Definition> =
        definitions::ALL.iter().filter(|d| ids.is_empty() || ids.contains(&d.id)).collect();
    Ok(asked
        .into_par_iter()
        .map(|d| dress(d, scope, &measured, raw(d.id, scope, &measured)))
        .collect())
}

fn dress(
    definition: &Definition,
    scope: &Scope,
    measured: &[Measured<'_>],
    raw: Result<Raw, Words>,
) -> Figure {
    let (raw, reason) = match raw {
        Ok(raw) if raw.value.is_none() => (raw, Some(NOTHING)),
        Ok(raw) => (raw, None),
        Err(reason) => (Raw::default(), Some(reason)),
    };
    let mut exclusions = raw.notes;
    let day = scope.last_day();
    if raw.left_out > 0 {
        let k = raw.left_out;
        exclusions.push([
            format!("{k} dossiers laissés de côté par des fenêtres d’exclusion ou neutralisées"),
            format!("{k} cases left out by exclusion or neutralised windows"),
        ]);
    }
    let neutral: i64 = measured.iter().map(|m| m.neutral_days).sum();
    if neutral > 0 {
        exclusions.push([
            format!("{neutral} jours neutralisés laissés de côté"),
            format!("{neutral} neutralised days left out"),
        ]);
    }
    for m in measured {
        let Some(rules) = m.view.rules_at(day) else { continue };
        for w in rules.exclusion.iter().chain(&rules.neutralised) {
            if w.from <= scope.period.to && scope.period.from <= w.to {
                exclusions.push([
                    format!(
                        "du {} au {}\u{a0}: {}",
                        w.from.strftime("%d/%m/%Y"),
                        w.to.strftime("%d/%m/%Y"),
                        w.reason
                    ),
                    format!("from {} to {}: {}", w.from, w.to, w.reason),
                ]);
            }
        }
    }
    let in_days = definition.id.contains("lead_time") || definition.id.starts_with("oldest_age");
    let unit = match scope.counter {
        DayCounter::Worked => definition.unit,
        DayCounter::Ouvrable if in_days => Unit::OuvrableDay,
        DayCounter::Calendar if in_days => Unit::CalendarDay,
        _ => definition.unit,
    };
    let reason = reason.map(|words| {
        let mut words = words.map(str::to_owned);
        if words[0] == NO_TARGET[0]
            && let Some(days) = measured.iter().find_map(|m| proposal(&m.part))
        {
            words[0].push_str(&format!(
                " ; proposition : {days} jours ouvrés, délai sous lequel se trouvent 75 % des dossiers traités"
            ));
            words[1].push_str(&format!(
                "; proposed: {days} worked days, the lead time below which 75% of the settled cases lie"
            ));
        }
        words[0] = words[0].replace(" :", "\u{a0}:").replace(" ;", "\u{202f};").replace(" %", "\u{202f}%");
        words
    });
    Figure {
        id: definition.id.to_owned(),
        value: raw.value,
        numerator: raw.numerator,
        denominator: raw.denominator,
        unit,
        n: raw.n,
        interval: raw.interval,
        formula_version: definition.formula_version(),
        period: scope.period,
        perimeter: scope.perimeter.clone(),
        exclusions,
        fresh_at: scope.fresh_at,
        snapshot: scope.snapshot,
        reason,
    }
}

/// Runs `f` over the views that can answer; those that cannot are named, and
/// when none can the first reason stands for all.
fn each<'m, 'a, T>(
    measured: &'m [Measured<'a>],
    raw_notes: &mut Vec<[String; 2]>,
    f: impl Fn(&'m Measured<'a>) -> Result<T, Words>,
) -> Result<Vec<T>, Words> {
    let mut found = Vec::new();
    let mut first = None;
    for m in measured {
        match f(m) {
            Ok(value) => found.push(value),
            Err(reason) => {
                first = first.or(Some(reason));
                let label = m.view.label;
                raw_notes.push([
                    format!("{label}\u{a0}: {}", reason[0]),
                    format!("{label}: {}", reason[1]),
                ]);
            }
        }
    }
    if found.is_empty() { Err(first.unwrap_or(NO_DATA)) } else { Ok(found) }
}

/// A stock is the sum of all or of none: leaving a process out would look like a fall.
fn total_stock(measured: &[Measured<'_>]) -> Result<i64, Words> {
    if measured.is_empty() {
        return Err(NO_DATA);
    }
    measured.iter().try_fold(0i64, |sum, m| Ok(sum.saturating_add(m.stock?)))
}

fn raw(id: &str, scope: &Scope, measured: &[Measured<'_>]) -> Result<Raw, Words> {
    let mut notes = Vec::new();
    let mut raw = match id {
        "stock" => Raw::count(total_stock(measured)?),
        "stock_actionable" => {
            total_stock(measured)?;
            let parts = each(measured, &mut notes, |m| {
                let found = m.scan()?;
                if m.tells_holds() { Ok(found.open.len() as i64 - m.held) } else { Err(NO_HOLD) }
            })?;
            Raw::count(parts.iter().sum())
        }
        "stock_days" => stock_days(measured)?,
        "backlog_age_15" => {
            let parts = each(measured, &mut notes, |m| {
                m.stock?;
                let day = m.scan()?.day;
                Ok(received_within(m.view, scope, &[day], 15))
            })?;
            share_of(&parts)
        }
        "backlog_age_15_months" => month_ends(scope, measured, &mut notes)?,
        "oldest_age" | "oldest_age_actionable" => {
            let parts = each(measured, &mut notes, |m| {
                let found = m.scan()?;
                let (value, n) = match id {
                    "oldest_age" => (m.oldest, found.open.len() as i64),
                    _ => (m.oldest_actionable, found.open.len() as i64 - m.held),
                };
                Ok((value, n))
            })?;
            Raw {
                value: parts.iter().filter_map(|p| p.0).max().map(|d| d as f64),
                n: parts.iter().map(|p| p.1).sum(),
                ..Raw::default()
            }
        }
        "clearance" => {
            let parts =
                each(measured, &mut notes, |m| Ok((m.settled()?, m.arrivals.ok_or(NOTHING)?)))?;
            rate(&parts)
        }
        "return_rate" => {
            let parts = each(measured, &mut notes, |m| {
                let found = m.scan()?;
                if !m.tells_holds() {
                    return Err(NO_HOLD);
                }
                Ok((found.returns, found.holds, m.settled()?))
            })?;
            let returns: i64 = parts.iter().map(|p| p.0).sum();
            let holds: i64 = parts.iter().map(|p| p.1).sum();
            notes.push([
                format!("dont {returns} renvois et {holds} mises en attente"),
                format!("of which {returns} returns and {holds} holds"),
            ]);
            let settled: i64 = parts.iter().map(|p| p.2).sum();
            Raw::ratio((returns + holds) as f64, settled as f64, settled)
        }
        "straight_through_rate" => {
            let parts = each(measured, &mut notes, |m| {
                let tells = match m.view.data {
                    Data::Cases(table) => table.tells_auto,
                    Data::Counts(book) => book.has(MovementKind::SettledAuto),
                };
                if !tells {
                    return Err(NO_AUTO);
                }
                Ok((m.auto.unwrap_or(0), m.settled()?))
            })?;
            rate(&parts)
        }
        "in_time_closed" => {
            let parts = each(measured, &mut notes, |m| {
                let found = m.scan()?;
                if !m.view.has_target() {
                    return Err(NO_TARGET);
                }
                let mut part = (0, 0, 0);
                for c in found.closed.iter().filter(|c| c.settled) {
                    match c.deadline {
                        _ if c.excluded => part.2 += 1,
                        Some(d) => {
                            part.1 += 1;
                            part.0 += i64::from(c.event_day <= d);
                        }
                        None => {}
                    }
                }
                Ok(part)
            })?;
            share_of(&parts)
        }
        "in_time_due" => {
            let parts = each(measured, &mut notes, |m| {
                let found = m.scan()?;
                if !m.view.has_target() {
                    return Err(NO_TARGET);
                }
                Ok((found.due_met, found.due, found.due_left_out))
            })?;
            share_of(&parts)
        }
        "overdue" => {
            let parts = each(measured, &mut notes, |m| {
                m.stock?;
                let found = m.scan()?;
                if !m.view.has_target() {
                    return Err(NO_TARGET);
                }
                let late = |d: i32| d < found.day;
                let overdue = found.open.iter().filter(|o| o.deadline.is_some_and(late)).count();
                Ok((overdue as i64, found.open.len() as i64))
            })?;
            let overdue: i64 = parts.iter().map(|p| p.0).sum();
            Raw { n: parts.iter().map(|p| p.1).sum(), ..Raw::count(overdue) }
        }
        _ => match id.strip_prefix("due_soon_").and_then(|k| k.parse::<i64>().ok()) {
            Some(k) => due_soon(k, measured, &mut notes)?,
            None => delay(id, measured, &mut notes)?,
        },
    };
    raw.notes.extend(notes);
    Ok(raw)
}

fn rate(parts: &[(i64, i64)]) -> Raw {
    let top: i64 = parts.iter().map(|p| p.0).sum();
    let bottom: i64 = parts.iter().map(|p| p.1).sum();
    Raw::ratio(top as f64, bottom as f64, bottom)
}

/// Parts are (numerator, denominator, left out).
fn share_of(parts: &[(i64, i64, i64)]) -> Raw {
    let pairs: Vec<(i64, i64)> = parts.iter().map(|p| (p.0, p.1)).collect();
    Raw { left_out: parts.iter().map(|p| p.2).sum(), ..rate(&pairs) }
}

fn month_ends(
    scope: &Scope,
    measured: &[Measured<'_>],
    notes: &mut Vec<[String; 2]>,
) -> Result<Raw, Words> {
    let parts = each(measured, notes, |m| {
        m.scan()?;
        let mut ends = Vec::new();
        let mut month = scope.period.from.first_of_month();
        while month <= scope.period.to {
            let end = m.view.calendar.month_end_worked(month.last_of_month());
            let number = day_number(end);
            let known = m.view.last_day().is_some_and(|l| number <= l)
                && m.view.cases().is_some_and(|t| number >= t.warm_from.unwrap_or(i32::MIN));
            if scope.period.contains(end) && known {
                ends.push(number);
            }
            let next = eclusier_core::Grain::Month.next(month);
            if next <= month {
                break;
            }
            month = next;
        }
        if ends.is_empty() {
            return Err(NO_MONTH_END);
        }
        Ok(received_within(m.view, scope, &ends, 15))
    })?;
    Ok(share_of(&parts))
}

fn stock_days(measured: &[Measured<'_>]) -> Result<Raw, Words> {
    let stock = total_stock(measured)?;
    if measured.iter().any(|m| m.view.cases().is_some_and(|t| !t.tells_settlement)) {
        return Err(NO_SETTLEMENT);
    }
    let per_day: f64 = measured.iter().filter_map(|m| m.pace.per_day()).sum();
    if per_day <= 0.0 {
        return Err(NO_OUTPUT);
    }
    let mut raw = Raw::ratio(stock as f64, per_day, stock);
    for m in measured {
        let (label, out, days) = (m.view.label, m.pace.settled, m.pace.days);
        raw.notes.push([
            format!("{label}\u{a0}: {out} sorties en {days} jours ouvrés"),
            format!("{label}: {out} outputs in {days} worked days"),
        ]);
    }
    Ok(raw)
}

fn delay(id: &str, measured: &[Measured<'_>], notes: &mut Vec<[String; 2]>) -> Result<Raw, Words> {
    let net = id.starts_with("net_");
    let parts = each(measured, notes, |m| {
        let found = m.scan()?;
        if m.view.cases().is_some_and(|t| !t.tells_settlement) {
            return Err(NO_SETTLEMENT);
        }
        if net && !m.tells_holds() {
            return Err(NO_HOLD);
        }
        let leads = m.part.leads();
        Ok((if net { &leads.net } else { &leads.gross }, leads.left_out, found))
    })?;
    let mut values = Tally::default();
    for (part, ..) in &parts {
        values.absorb(part);
    }
    let given_up: usize =
        parts.iter().map(|p| p.2.closed.iter().filter(|c| !c.settled).count()).sum();
    let silent: usize = parts
        .iter()
        .map(|p| p.2.closed.iter().filter(|c| c.settled && c.class == CloseClass::Silence).count())
        .sum();
    if silent > 0 {
        notes.push([
            format!("dont {silent} clos par silence, dont le délai s’arrête au dernier événement"),
            format!(
                "of which {silent} closed by silence, their lead time ending at their last event"
            ),
        ]);
    }
    let undone: i64 = parts.iter().map(|p| p.2.undone).sum();
    if given_up > 0 {
        notes.push([
            format!("{given_up} dossiers annulés, transférés ou sans suite laissés de côté"),
            format!("{given_up} cancelled, transferred or lapsed cases left out"),
        ]);
    }
    if undone > 0 {
        notes.push([
            format!("{undone} traitements rouverts avant la fin de la période laissés de côté"),
            format!("{undone} settlements reopened before the end of the period left out"),
        ]);
    }
    let n = values.n();
    let left_out = parts.iter().map(|p| p.1).sum();
    if id.ends_with("_mean") {
        return Ok(Raw { left_out, ..Raw::ratio(values.sum() as f64, n as f64, n) });
    }
    let p = match id {
        _ if id.ends_with("_p50") => 0.5,
        _ if id.ends_with("_p75") => 0.75,
        _ => 0.9,
    };
    Ok(Raw { value: values.percentile(p), n, left_out, ..Raw::default() })
}

/// Standard normal deviate of a two-sided interval of 80 %.
const Z80: f64 = 1.281_551_565_544_600_4;

fn due_soon(k: i64, measured: &[Measured<'_>], notes: &mut Vec<[String; 2]>) -> Result<Raw, Words> {
    let parts = each(measured, notes, |m| {
        m.stock?;
        let found = m.scan()?;
        if !m.view.has_target() {
            return Err(NO_TARGET);
        }
        let table = m.view.cases().ok_or(COUNTS_ONLY)?;
        let due: Vec<(usize, i32)> = found
            .open
            .iter()
            .enumerate()
            .filter_map(|(i, o)| Some((i, o.deadline?)))
            .filter(|&(_, d)| due_within(m.view, found.day, d, k))
            .collect();
        let missed = |pace: Option<f64>| {
            let handled = handling_days(table, &found.open, pace);
            due.iter()
                .filter(|&&(i, d)| {
                    will_miss(m.view, found.day, d, handled.get(i).copied().flatten())
                })
                .count() as i64
        };
        let held =
            due.iter().filter(|&&(i, _)| found.open.get(i).is_some_and(|o| o.held.is_some()));
        let mean = m.pace.per_day();
        // The mean of the coming days varies less than one day does.
        let spread = Z80 * m.pace.deviation / (m.pace.days.max(1) as f64).sqrt();
        let at = [
            missed(mean),
            missed(mean.map(|p| p + spread)),
            missed(mean.map(|p| (p - spread).max(f64::MIN_POSITIVE))),
        ];
        Ok((at, due.len() as i64, held.count() as i64, found.open.len() as i64))
    })?;
    let (mut missed, mut due, mut held, mut open) = ([0i64; 3], 0i64, 0i64, 0i64);
    for (at, dates, waiting, stock) in parts {
        for (sum, one) in missed.iter_mut().zip(at) {
            *sum += one;
        }
        due += dates;
        held += waiting;
        open += stock;
    }
    if held > 0 {
        notes.push([
            format!("dont {held} en instance chez un tiers"),
            format!("of which {held} held by someone else"),
        ]);
    }
    Ok(Raw {
        value: Some(missed[0] as f64),
        numerator: Some(missed[0] as f64),
        denominator: Some(due as f64),
        n: open,
        interval: Some([missed[1] as f64, missed[2] as f64]),
        ..Raw::default()
    })
}

pub(crate) fn proposal(part: &Part<'_>) -> Option<i64> {
    part.leads().gross.percentile(0.75).map(|d| (d.ceil() as i64).max(1))
}

/// The target to propose where none is defined: the lead time below which 75 %
/// of the cases settled in the period lie, rounded up to a whole day of the
/// scope's counter. `None` when nothing was settled.
pub fn proposed_target(view: View<'_>, scope: &Scope) -> Option<i64> {
    Look::new(&[view], scope).proposed_target()
}

/// When the stock comes back to its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReturnToTarget {
    /// It is there already.
    Reached,
    /// On that day, if the net flow of the last worked days goes on.
    On(Date),
    /// Not within a year of worked days at the present net flow.
    BeyondHorizon,
    /// It cannot be known, for that reason (French, English).
    Unknown([&'static str; 2]),
}

/// Worked days after which a return to the target is "beyond the horizon".
const HORIZON_DAYS: i64 = 250;

/// Projects the stock by the mean net flow of the last 20 worked days to its target.
///
/// The target is the stock said in the configuration for all products.
pub fn return_to_target(view: View<'_>, scope: &Scope) -> ReturnToTarget {
    Look::new(&[view], scope).return_to_target()
}

pub(crate) fn return_of(part: Part<'_>) -> ReturnToTarget {
    let Part { view, scope, .. } = part;
    let measured = Measured::new(part);
    let last = view.last_day().unwrap_or(i32::MIN);
    let day = scope.last_day().min(last);
    let stock = match measured.stock {
        Ok(stock) => stock,
        Err(reason) => return ReturnToTarget::Unknown(reason),
    };
    let target = view.rules_at(day).and_then(|r| r.target_for(None)).and_then(|t| t.stock);
    let Some(target) = target.and_then(|t| i64::try_from(t).ok()) else {
        return ReturnToTarget::Unknown(NO_TARGET);
    };
    if stock <= target {
        return ReturnToTarget::Reached;
    }
    let Some((from, days)) = window(view, day, wanted_days(view, day)) else {
        return ReturnToTarget::Unknown(NO_DATA);
    };
    let rows = daily(view, scope, from, day);
    let (Some(first), Some(last)) =
        (rows.first().and_then(|r| r.1.opening), rows.last().and_then(|r| r.1.closing))
    else {
        return ReturnToTarget::Unknown(NO_STOCK);
    };
    let fall_per_day = (first - last) as f64 / days as f64;
    if fall_per_day <= 0.0 {
        return ReturnToTarget::BeyondHorizon;
    }
    let needed = ((stock - target) as f64 / fall_per_day).ceil();
    if needed > HORIZON_DAYS as f64 {
        return ReturnToTarget::BeyondHorizon;
    }
    let on = view.calendar.add_number(DayCounter::Worked, day, needed as i64);
    ReturnToTarget::On(date_of(on))
}
