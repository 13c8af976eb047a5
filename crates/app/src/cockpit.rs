//! The morning cockpit: late, about to be, where to act, and the stocks.

use eclusier_core::{Figure, Grain, Period, Permission};
use eclusier_ledger::{
    Action, AgeStrata, LedgerQuery, Look, ReturnToTarget, Scope, View, age_strata_fifo,
    daily_ledger, indicators,
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use rayon::prelude::*;

use crate::{
    App,
    cases::common_scope,
    error::AppResult,
    figures::{ClosingKind, Desk, Facts, Seen, Selection},
    small,
};

/// What a screen rests on.
#[derive(Debug, Clone)]
pub struct Basis {
    /// Day at whose end states are read; `None` without data.
    pub as_of: Option<Date>,
    /// Latest datum.
    pub fresh_at: Option<Timestamp>,
    /// Last worked day before today.
    pub last_worked_day: Date,
    /// Closing rules: process, label, kind, words.
    pub rules: Vec<(String, String, ClosingKind, [String; 2])>,
    /// Whether data are older than two worked days.
    pub stale: bool,
}

/// A line of a card.
#[derive(Debug, Clone)]
pub struct CardLine {
    /// Process.
    pub process: String,
    /// Name.
    pub label: String,
    /// Cases.
    pub count: i64,
    /// Their age strata.
    pub strata: Option<[i64; 5]>,
}

/// A card.
#[derive(Debug, Clone)]
pub struct Card {
    /// The total.
    pub figure: Figure,
    /// Change since the last worked day.
    pub change: Option<f64>,
    /// By process.
    pub lines: Vec<CardLine>,
}

/// How a process stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// No target: nobody can tell.
    Unknown,
    /// In time.
    Normal,
    /// Slipping.
    Tense,
    /// Out of hand.
    Critical,
}

impl Health {
    /// Stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Health::Unknown => "unknown",
            Health::Normal => "normal",
            Health::Tense => "tense",
            Health::Critical => "critical",
        }
    }
}

/// A row of the table of stocks.
#[derive(Debug, Clone)]
pub struct StockRow {
    /// Process.
    pub process: String,
    /// Name.
    pub label: String,
    /// Its figures, by id.
    pub figures: Vec<Figure>,
    /// Return to target.
    pub back: ReturnToTarget,
    /// Whether a stock target is defined.
    pub has_stock_target: bool,
    /// Age of the stock.
    pub strata: Option<AgeStrata>,
    /// Late cases by age, in the same strata; `None` without cases.
    pub late: Option<[i64; 5]>,
    /// Stock at the end of the last 26 weeks.
    pub spark: Vec<Option<i64>>,
    /// How it stands.
    pub health: Health,
    /// Why, French then English.
    pub why: [String; 2],
    /// What its data cannot tell.
    pub cannot: Vec<[String; 2]>,
}

/// A target proposed.
#[derive(Debug, Clone)]
pub struct Proposed {
    /// Process.
    pub process: String,
    /// Name.
    pub label: String,
    /// Worked days.
    pub days: u32,
}

/// The cockpit.
#[derive(Debug, Clone)]
pub struct Cockpit {
    /// What it rests on.
    pub basis: Basis,
    /// Late; `None` without data.
    pub overdue: Option<Card>,
    /// About to be late.
    pub due_soon: Option<Card>,
    /// Where to act.
    pub act: Vec<Action>,
    /// Stocks by process.
    pub stocks: Vec<StockRow>,
    /// Targets proposed.
    pub proposed: Vec<Proposed>,
    /// Whether small numbers, and what they follow from, are hidden.
    pub totals: bool,
}

const ROW_FIGURES: &[&str] = &[
    "stock",
    "stock_actionable",
    "stock_days",
    "in_time_due",
    "oldest_age",
    "overdue",
    "due_soon_5",
];

/// Groups shown under *où agir*.
const ACTIONS: usize = 8;

impl App {
    /// What the figures of some desks rest on.
    pub(crate) fn basis(&self, desks: &[Seen]) -> Basis {
        let freshest = desks.iter().max_by_key(|d| d.fresh_at);
        let zone =
            freshest.and_then(|d| TimeZone::get(d.zone.name()).ok()).unwrap_or(TimeZone::UTC);
        let today = self.now().to_zoned(zone).date();
        let last_worked_day = freshest.map_or_else(
            || today.yesterday().unwrap_or(today),
            |d| d.calendar.previous_worked(today),
        );
        let as_of = freshest.and_then(|d| d.as_of_day());
        let stale = match (freshest, as_of) {
            (Some(desk), Some(day)) => day < desk.calendar.previous_worked(last_worked_day),
            _ => false,
        };
        Basis {
            as_of,
            fresh_at: freshest.and_then(|d| d.fresh_at),
            last_worked_day,
            rules: desks
                .iter()
                .map(|d| (d.process.to_string(), d.label.clone(), d.closing, d.words.clone()))
                .collect(),
            stale,
        }
    }

    /// The cockpit of a selection.
    pub async fn cockpit(&self, selection: &Selection) -> AppResult<Cockpit> {
        self.cockpit_by(Permission::FiguresRead, selection).await
    }

    /// The cockpit as a wall screen shows it to whoever passes by: totals, without the groups
    /// so small that they describe somebody.
    pub async fn wall(&self, selection: &Selection) -> AppResult<Cockpit> {
        let permission = if self.who().may(Permission::WallRead) {
            Permission::WallRead
        } else {
            Permission::FiguresRead
        };
        let cockpit = self.cockpit_by(permission, selection).await?;
        // Whoever holds the screen up, anybody may pass by.
        Ok(small::masked(cockpit))
    }

    async fn cockpit_by(
        &self,
        permission: Permission,
        selection: &Selection,
    ) -> AppResult<Cockpit> {
        let desks = self.desks(permission, selection).await?;
        let basis = self.basis(&desks);
        let hidden = desks.iter().any(Seen::masked);
        if hidden {
            small::totals_only(selection)?;
        }
        let asked = ("cockpit", selection.clone(), Grain::Day);
        let known = self.inner.answers.find::<Cockpit>(&asked, &desks);
        let cockpit = match known {
            Some(cockpit) => cockpit,
            None => {
                let selection = selection.clone();
                let held = desks.clone();
                let rests_on = basis.clone();
                let made = self.blocking(move || build(&held, &selection, rests_on)).await?;
                self.inner.answers.keep(asked, desks, made)
            }
        };
        // The day goes on while the data stay: what they rest on is told afresh.
        let cockpit = Cockpit { basis, ..(*cockpit).clone() };
        Ok(if hidden { small::masked(cockpit) } else { cockpit })
    }
}

fn build(desks: &[Seen], selection: &Selection, basis: Basis) -> AppResult<Cockpit> {
    let Some(scope) = common_scope(desks, selection)? else {
        return Ok(Cockpit {
            basis,
            overdue: None,
            due_soon: None,
            act: Vec::new(),
            stocks: Vec::new(),
            proposed: Vec::new(),
            totals: false,
        });
    };
    let views: Vec<View<'_>> = desks.iter().map(|d| d.view()).collect();
    let look = Look::new(&views, &scope);
    let rows = || -> AppResult<Vec<StockRow>> {
        let rows: AppResult<Vec<Option<StockRow>>> = desks
            .par_iter()
            .enumerate()
            .map(|(at, desk)| stock_row(desk, selection, &look, at))
            .collect();
        Ok(rows?.into_iter().flatten().collect())
    };
    let totals = || -> AppResult<(Option<Figure>, Option<Figure>, Vec<Action>)> {
        let mut now = look.indicators(&["overdue", "due_soon_5"])?;
        now.sort_by_key(|f| f.id != "overdue");
        let mut now = now.into_iter();
        Ok((now.next(), now.next(), look.where_to_act(ACTIONS)))
    };
    let ((stocks, totals), before) =
        rayon::join(|| rayon::join(rows, totals), || overdue_before(desks, &views, &scope));
    let stocks = stocks?;
    let (late, soon, act) = totals?;
    let before = before?;
    let change = late
        .as_ref()
        .and_then(|f| f.value)
        .zip(before.and_then(|f| f.value))
        .map(|(now, then)| now - then);
    let overdue = card(&stocks, "overdue", late, change)?;
    let due_soon = card(&stocks, "due_soon_5", soon, None)?;
    let mut proposed = Vec::new();
    for (at, desk) in desks.iter().enumerate().filter(|(_, d)| !d.view().has_target()) {
        let Some(own) = desk.scope(selection)? else { continue };
        if let Some(days) = look.one(at, &own).proposed_target() {
            proposed.push(Proposed {
                process: desk.process.to_string(),
                label: desk.label.clone(),
                days: u32::try_from(days).unwrap_or(u32::MAX),
            });
        }
    }
    Ok(Cockpit {
        basis,
        overdue: Some(overdue),
        due_soon: Some(due_soon),
        act,
        stocks,
        proposed,
        totals: false,
    })
}

/// The late cases at the end of the worked day before.
fn overdue_before(desks: &[Seen], views: &[View<'_>], scope: &Scope) -> AppResult<Option<Figure>> {
    let Some(before) = desks.first().map(|d| d.calendar.previous_worked(scope.period.to)) else {
        return Ok(None);
    };
    let Ok(period) = Period::new(before, before) else { return Ok(None) };
    let earlier = Scope { period, ..scope.clone() };
    Ok(indicators(views, &earlier, &["overdue"])?.into_iter().next())
}

fn card(
    stocks: &[StockRow],
    id: &str,
    mut figure: Option<Figure>,
    change: Option<f64>,
) -> AppResult<Card> {
    // The sum of the processes that have a target is worth showing even when others have none.
    let known: Vec<f64> = stocks.iter().filter_map(|s| s.value(id)).collect();
    if let Some(f) = &mut figure
        && f.value.is_none()
        && !known.is_empty()
    {
        f.value = Some(known.iter().sum());
        f.reason = None;
    }
    let mut lines = Vec::new();
    for row in stocks {
        let Some(count) = row.value(id) else { continue };
        if count == 0.0 {
            continue;
        }
        lines.push(CardLine {
            process: row.process.clone(),
            label: row.label.clone(),
            count: count as i64,
            strata: row.late.filter(|_| id == "overdue"),
        });
    }
    lines.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.label.cmp(&b.label)));
    let figure = figure.ok_or(crate::AppError::Task)?;
    Ok(Card { figure, change, lines })
}

impl StockRow {
    /// A figure of the row.
    pub fn figure(&self, id: &str) -> Option<&Figure> {
        self.figures.iter().find(|f| f.id == id)
    }

    fn value(&self, id: &str) -> Option<f64> {
        self.figure(id).and_then(|f| f.value)
    }
}

fn stock_row(
    desk: &Seen,
    selection: &Selection,
    together: &Look<'_>,
    at: usize,
) -> AppResult<Option<StockRow>> {
    let Some(scope) = desk.scope(selection)? else { return Ok(None) };
    let view = desk.view();
    let look = together.one(at, &scope);
    let figures = look.indicators(ROW_FIGURES)?;
    let (strata, late) = match desk.facts {
        Facts::Cases(_) => (look.age_strata(), Some(look.late_strata())),
        Facts::Counts(_) => (age_strata_fifo(view, &scope), None),
    };
    let rules = desk.current_rules();
    let mut row = StockRow {
        process: desk.process.to_string(),
        label: desk.label.clone(),
        back: look.return_to_target(),
        has_stock_target: rules.target_for(None).is_some_and(|t| t.stock.is_some()),
        strata,
        late,
        spark: spark(view, &scope)?,
        health: Health::Unknown,
        why: Default::default(),
        cannot: cannot(desk, &figures),
        figures,
    };
    (row.health, row.why) = health(&row, &rules);
    Ok(Some(row))
}

/// Stock at the end of each of the last 26 weeks.
fn spark(view: View<'_>, scope: &Scope) -> AppResult<Vec<Option<i64>>> {
    let half_year = jiff::Span::new().weeks(26);
    let from = scope.period.to.checked_sub(half_year).unwrap_or(scope.period.from);
    let query = LedgerQuery {
        grain: Grain::Week,
        period: Period::new(from, scope.period.to).ok(),
        dims: scope.dims.clone(),
        ..LedgerQuery::default()
    };
    let rows = daily_ledger(&[view], &query)?;
    let skip = rows.len().saturating_sub(26);
    Ok(rows.into_iter().skip(skip).map(|r| r.closing).collect())
}

/// Normal, tense or critical, by the thresholds of the configuration.
fn health(row: &StockRow, rules: &eclusier_core::ProcessRules) -> (Health, [String; 2]) {
    let alert = rules.alert;
    let percent = |x: f64| format!("{:.0}", 100.0 * x);
    let share = rules.target_for(None).and_then(|t| t.share);
    if let (Some(in_time), Some(share)) = (row.value("in_time_due"), share) {
        let missing = share - in_time;
        let health = if missing > alert.critical_points {
            Health::Critical
        } else if missing > alert.tense_points {
            Health::Tense
        } else {
            Health::Normal
        };
        let (a, b) = (percent(in_time), percent(share));
        return (
            health,
            [
                format!("{a}\u{202f}% des dossiers dus traités dans le délai, cible {b}\u{202f}%"),
                format!("{a}% of due cases settled in time, target {b}%"),
            ],
        );
    }
    if let (Some(late), Some(stock)) = (row.value("overdue"), row.value("stock"))
        && stock > 0.0
    {
        let part = late / stock;
        let health = if part > alert.critical_late_share {
            Health::Critical
        } else if part > alert.tense_late_share {
            Health::Tense
        } else {
            Health::Normal
        };
        let p = percent(part);
        return (
            health,
            [
                format!("{p}\u{202f}% du stock a dépassé son échéance"),
                format!("{p}% of the stock is past its date"),
            ],
        );
    }
    (Health::Unknown, ["cible non définie".into(), "no target defined".into()])
}

/// Reasons of the figures these data cannot give, each said once.
fn cannot(desk: &Desk, figures: &[Figure]) -> Vec<[String; 2]> {
    let mut reasons: Vec<[String; 2]> = Vec::new();
    if let Facts::Counts(_) = desk.facts {
        for figure in figures {
            if let Some(reason) = &figure.reason
                && !reasons.contains(reason)
            {
                reasons.push(reason.clone());
            }
        }
    }
    reasons
}
