//! Arrivals to come, what they do to the stock and the delay, and how good such figures were.
//!
//! What is said rests on the arrivals of the ledger, never on outputs; neutralised periods are
//! left out. Days, weeks and months add up, and so do the parts of a total. The answer to a
//! question is kept with the desks it was read from; a "what if" is applied on top of it.

mod arrivals;
mod calendar;
mod judged;
mod parts;
mod steps;
mod stock;

use std::collections::BTreeMap;

use eclusier_calendar::{date_of, day_number};
use eclusier_core::{Grain, Permission};
use eclusier_forecast::Forecast;
use eclusier_ingest::Progress as _;
use eclusier_ledger::{GroupBy, LedgerQuery, View, daily_ledger};
use jiff::{Timestamp, civil::Date};

use crate::{
    App,
    cockpit::Basis,
    error::{AppError, AppResult},
    figures::{Facts, Seen, Selection},
    promises::Promised,
};
use arrivals::{Days, Node, Said};
pub use calendar::{DayOff, Span, SpanKind};
pub use judged::{Accuracy, Effect};
pub use parts::PartSaid;
use steps::{Step, end_of, year_before};
pub use stock::{Back, Projection, StockStep};

/// What is asked of the future.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// Length of a step shown.
    pub grain: Grain,
    /// Months ahead, 1 to 12.
    pub months: u32,
    /// Parts shown; those that tell most when absent.
    pub by: Option<GroupBy>,
    /// What if arrivals were so many percent more.
    pub arrivals: f64,
    /// What if so many items left each worked day.
    pub capacity: Option<f64>,
    /// Stock wanted.
    pub target: Option<f64>,
}

impl Default for Asked {
    fn default() -> Self {
        Self {
            grain: Grain::Week,
            months: 3,
            by: None,
            arrivals: 0.0,
            capacity: None,
            target: None,
        }
    }
}

/// A lower and an upper end.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Range {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// A step that is over.
#[derive(Debug, Clone, PartialEq)]
pub struct PastStep {
    /// `2025-01-31`, `2026-W53` or `2025-01`.
    pub name: String,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// What arrived, where it is known.
    pub arrivals: Option<f64>,
    /// Whether it is left out of learning.
    pub neutralised: bool,
    /// What the same method says of it from what was known before, with its widest band.
    pub said: Option<(f64, Range)>,
    /// Level, season, calendar and rest, which add up to what arrived.
    pub parts: Option<[f64; 4]>,
}

/// A step to come.
#[derive(Debug, Clone, PartialEq)]
pub struct NextStep {
    /// `2025-01-31`, `2026-W53` or `2025-01`.
    pub name: String,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// What is expected, the "what if" applied.
    pub mean: f64,
    /// What is expected as things stand.
    pub base: f64,
    /// Bands of four in five and of nineteen in twenty.
    pub bands: [Range; 2],
    /// What arrived in the same step a year before.
    pub year_before: Option<f64>,
    /// Whether part of it is over.
    pub partial: bool,
}

/// What arrives over the months asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Expected {
    /// How many.
    pub items: f64,
    /// Four in five.
    pub range: Range,
    /// Over the same days a year before.
    pub year_before: Option<f64>,
}

/// Everything the screen shows.
#[derive(Debug, Clone)]
pub struct Foresight {
    /// What it rests on.
    pub basis: Basis,
    /// The question.
    pub asked: Asked,
    /// Last day known.
    pub last_day: Option<Date>,
    /// Steps that are over.
    pub past: Vec<PastStep>,
    /// Steps to come.
    pub next: Vec<NextStep>,
    /// Campaigns, school holidays, neutralised periods.
    pub spans: Vec<Span>,
    /// Public holidays.
    pub days_off: Vec<DayOff>,
    /// What named things do to arrivals.
    pub effects: Vec<Effect>,
    /// Over the months asked.
    pub expected: Option<Expected>,
    /// Quality by grain, that of the question first.
    pub accuracy: Vec<Accuracy>,
    /// Parts of the total, largest first.
    pub parts: Vec<PartSaid>,
    /// Dimension of the parts.
    pub by: Option<GroupBy>,
    /// The stock carried forward.
    pub stock: Option<Projection>,
    /// Why it cannot be.
    pub no_stock: Option<[String; 2]>,
    /// Why nothing can be said of arrivals.
    pub reason: Option<[String; 2]>,
    /// What is promised for open cases; `None` for several processes.
    pub promised: Option<Promised>,
    /// Set when the recent past does not look like what came before.
    pub drift: Option<[String; 2]>,
    /// What the data cannot tell.
    pub cannot: Vec<[String; 2]>,
    /// When it was learned.
    pub learned_at: Timestamp,
}

/// What is learned once for a selection, whatever is asked of it then.
#[derive(Debug, Clone)]
struct Learned {
    total: Result<Node, [String; 2]>,
    at: Timestamp,
}

impl App {
    /// Arrivals to come of a selection, and its stock carried forward.
    pub async fn foresee(&self, selection: &Selection, asked: &Asked) -> AppResult<Foresight> {
        check(asked)?;
        let desks = self.desks(Permission::FiguresRead, selection).await?;
        let basis = self.basis(&desks);
        if desks.iter().any(Seen::masked) {
            let why = [
                "les prévisions demandent le détail des jours, que vos droits ne montrent pas",
                "forecasts need daily detail, which your rights do not show",
            ];
            return Ok(silent(basis, asked, why.map(str::to_owned), self.now()));
        }
        let desks = together(desks);
        let learned = self.learned(selection, &desks.used).await?;
        let by = asked.by.unwrap_or_else(|| parts::usual(&desks.used));
        let promised = match desks.used.as_slice() {
            [one] if selection.as_of.is_none() => Some(self.promised(one.desk())),
            _ => None,
        };
        let split = self.split(selection, &desks.used, by, &learned).await?;
        let (selection, asked) = (selection.clone(), asked.clone());
        self.blocking(move || {
            let mut told = tell(&desks.used, &selection, &asked, basis, &learned)?;
            told.cannot.extend(desks.cannot);
            told.by = Some(by);
            told.promised = promised;
            told.parts = parts::tell(&split, &learned, &asked);
            Ok(told)
        })
        .await
    }

    /// What is learned of the arrivals of a selection; kept while data and rules are the same.
    async fn learned(
        &self,
        selection: &Selection,
        desks: &[Seen],
    ) -> AppResult<std::sync::Arc<Learned>> {
        let asked = ("arrivals to come", whole(selection), Grain::Day);
        if let Some(known) = self.inner.answers.find::<Learned>(&asked, desks) {
            return Ok(known);
        }
        let (held, dims, at) = (desks.to_vec(), selection.dims.clone(), self.now());
        let made = self
            .blocking(move || {
                let begun = std::time::Instant::now();
                let days = days_of(&held, &dims, None)?;
                let total = match days.into_iter().next() {
                    Some((_, days)) => {
                        let usual = usual(&held, &dims, &days)?;
                        learn(&held, &[(dims.product.clone(), days)], &usual).into_iter().next()
                    }
                    None => None,
                };
                metrics::histogram!("eclusier_forecast_fit_seconds").record(begun.elapsed());
                let total = total.unwrap_or_else(|| Err(nothing()));
                Ok(Learned { total, at })
            })
            .await?;
        Ok(self.inner.answers.keep(asked, desks.to_vec(), made))
    }

    /// Queues [`App::refit`] as a job.
    pub async fn start_refit(&self) -> AppResult<eclusier_registry::JobId> {
        self.require_all(Permission::FiguresRead)?;
        let words = ["Prévisions réapprises", "Forecasts learned again"].map(str::to_owned);
        self.start("forecast", None, words, |app, watch| async move {
            let learned = app.refit(&watch).await?;
            Ok(serde_json::json!({ "processes": learned }))
        })
        .await
    }

    /// Learns again what the screens of every process ask first: the answers are then there
    /// before anybody.
    pub async fn refit(&self, watch: &crate::imports::Watch) -> AppResult<usize> {
        let processes = self.process_ids().await?;
        let total = processes.len() as u64;
        let mut learned = 0;
        for (done, process) in processes.into_iter().enumerate() {
            if watch.at(done as u64, total).is_break() {
                return Err(AppError::Cancelled);
            }
            let selection = Selection { process: Some(process), ..Selection::default() };
            let told = self.foresee(&selection, &Asked::default()).await?;
            learned += usize::from(told.reason.is_none());
        }
        Ok(learned)
    }
}

/// A selection without its days: what is learned rests on the whole history.
fn whole(selection: &Selection) -> Selection {
    Selection { from: None, to: None, ..selection.clone() }
}

fn nothing() -> [String; 2] {
    ["aucune arrivée n’est connue", "no arrival is known"].map(str::to_owned)
}

fn check(asked: &Asked) -> AppResult<()> {
    if !(1..=12).contains(&asked.months) {
        return Err(AppError::invalid("months", "de 1 à 12 mois", "from 1 to 12 months"));
    }
    if !(-90.0..=400.0).contains(&asked.arrivals) {
        return Err(AppError::invalid(
            "arrivals",
            "de -90 à 400\u{a0}%",
            "from -90 to 400 percent",
        ));
    }
    for (field, value) in [("capacity", asked.capacity), ("target", asked.target)] {
        if value.is_some_and(|v| !(0.0..=1e9).contains(&v)) {
            return Err(AppError::invalid(
                field,
                "un nombre positif d’au plus un milliard",
                "a positive number, at most a thousand million",
            ));
        }
    }
    Ok(())
}

/// Desks that can be added up, and what is said of the others.
struct Together {
    used: Vec<Seen>,
    cannot: Vec<[String; 2]>,
}

/// Months of silence after which a process is not added to the others.
const SILENT_DAYS: i64 = 45;

/// The desks whose data reach about the same day.
fn together(desks: Vec<Seen>) -> Together {
    let last = desks.iter().filter_map(|d| d.as_of_day()).max();
    let (mut used, mut cannot) = (Vec::new(), Vec::new());
    for desk in desks {
        let day = desk.as_of_day();
        let near = match (day, last) {
            (Some(day), Some(last)) => i64::from((last - day).get_days()) <= SILENT_DAYS,
            _ => false,
        };
        if near {
            used.push(desk);
        } else {
            let until = day.map(|d| d.to_string()).unwrap_or_default();
            cannot.push([
                format!("{}\u{a0}: données arrêtées au {until}, hors du total", desk.label),
                format!("{}: data end on {until}, out of the total", desk.label),
            ]);
        }
    }
    Together { used, cannot }
}

fn silent(basis: Basis, asked: &Asked, why: [String; 2], now: Timestamp) -> Foresight {
    Foresight {
        basis,
        asked: asked.clone(),
        last_day: None,
        past: Vec::new(),
        next: Vec::new(),
        spans: Vec::new(),
        days_off: Vec::new(),
        effects: Vec::new(),
        expected: None,
        accuracy: Vec::new(),
        parts: Vec::new(),
        by: None,
        stock: None,
        no_stock: None,
        reason: Some(why),
        promised: None,
        drift: None,
        cannot: Vec::new(),
        learned_at: now,
    }
}

/// Hour before which the last day of a log is taken for unfinished.
const EVENING: i8 = 18;

/// Arrivals by day of desks together, or of each group: its value, then its days, the same for
/// all groups.
fn days_of(
    desks: &[Seen],
    dims: &eclusier_ledger::DimFilter,
    by: Option<GroupBy>,
) -> AppResult<Vec<(String, Days)>> {
    let views: Vec<View<'_>> = desks.iter().map(|d| d.view()).collect();
    let first = views.iter().filter_map(View::first_day).min();
    let last = views.iter().filter_map(View::last_day).max();
    let (Some(first), Some(mut last)) = (first, last) else { return Ok(Vec::new()) };
    // The last day of a log ends when it was extracted.
    let unfinished = desks.iter().any(|d| {
        let hour = d.fresh_at.map(|at| d.zone.local_of(at.as_microsecond()));
        matches!(d.facts, Facts::Cases(_))
            && hour.is_some_and(|at| day_number(at.date()) == last && at.hour() < EVENING)
    });
    if unfinished && last > first {
        last -= 1;
    }
    let query = LedgerQuery {
        group_by: by.into_iter().collect(),
        dims: dims.clone(),
        ..LedgerQuery::default()
    };
    let rows = daily_ledger(&views, &query)?;
    let length = usize::try_from(last - first + 1).unwrap_or(0);
    let place = |day: Date| usize::try_from(day_number(day) - first).ok().filter(|p| *p < length);
    let mut groups: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    let mut delivered = vec![desks.iter().any(|d| matches!(d.facts, Facts::Cases(_))); length];
    for row in &rows {
        let (Some(at), Some(arrivals)) = (place(row.from), row.arrivals) else { continue };
        let group = &row.group;
        let value = match by {
            None => None,
            Some(GroupBy::Org) => group.org.as_deref(),
            Some(GroupBy::Unit) => group.unit.as_deref(),
            Some(GroupBy::Process) => group.process.as_deref(),
            Some(GroupBy::Product) => group.product.as_deref(),
            Some(GroupBy::Channel) => group.channel.as_deref(),
        };
        let days =
            groups.entry(value.unwrap_or("").to_owned()).or_insert_with(|| vec![f64::NAN; length]);
        if let Some(slot) = days.get_mut(at) {
            *slot = arrivals as f64 + if slot.is_nan() { 0.0 } else { *slot };
        }
        if let Some(known) = delivered.get_mut(at) {
            *known = true;
        }
    }
    let out_of_learning: Vec<bool> =
        (first..=last).map(|day| desks.iter().all(|d| neutralised(d, day, dims))).collect();
    let worked: Vec<bool> = (first..=last)
        .map(|day| desks.iter().any(|d| d.calendar.is_worked(date_of(day))))
        .collect();
    Ok(groups
        .into_iter()
        .map(|(group, mut values)| {
            // Nothing came before the first arrival because the work did not exist.
            let begins = values.iter().position(|v| *v > 0.0).unwrap_or(0);
            for (at, value) in values.iter_mut().enumerate() {
                let of = |list: &[bool]| list.get(at).copied().unwrap_or(false);
                if of(&out_of_learning) || at < begins {
                    *value = f64::NAN;
                } else if value.is_nan() && (of(&delivered) || !of(&worked)) {
                    *value = 0.0;
                }
            }
            (group, Days { first, values })
        })
        .collect())
}

/// Whether a day is left out of learning.
fn neutralised(desk: &Seen, day: i32, dims: &eclusier_ledger::DimFilter) -> bool {
    let day = date_of(day);
    let only = match dims.product.as_slice() {
        [one] => Some(one.as_str()),
        _ => None,
    };
    desk.current_rules().neutralised.iter().any(|w| w.covers(day, only))
}

/// What came lately, a day.
fn recent(days: &Days) -> f64 {
    let known: Vec<f64> = days.values.iter().copied().filter(|v| v.is_finite()).collect();
    let lately = known.get(known.len().saturating_sub(365)..).unwrap_or_default();
    lately.iter().sum::<f64>() / lately.len().max(1) as f64
}

/// What usually comes: of everything, and by product where a rule names one.
fn usual(
    desks: &[Seen],
    dims: &eclusier_ledger::DimFilter,
    total: &Days,
) -> AppResult<calendar::Usual> {
    let mut usual = calendar::Usual { all: recent(total), ..Default::default() };
    if desks.first().is_some_and(|d| calendar::named_products(d)) {
        // A product that came late has the days before it unknown: all are counted alike.
        let length = total.values.iter().filter(|v| v.is_finite()).count().clamp(1, 365);
        for (product, days) in days_of(desks, dims, Some(GroupBy::Product))? {
            let from = days.values.len().saturating_sub(length);
            let lately = days.values.get(from..).unwrap_or_default();
            let sum: f64 = lately.iter().filter(|v| v.is_finite()).sum();
            usual.products.insert(product, sum / length as f64);
        }
    }
    Ok(usual)
}

/// Forecasts series of the same days, each of some products, with what the calendar of the
/// first desk knows.
fn learn(
    desks: &[Seen],
    series: &[(calendar::Products, Days)],
    usual: &calendar::Usual,
) -> Vec<Result<Node, [String; 2]>> {
    let Some(desk) = desks.first() else { return Vec::new() };
    // Series about which the same is known share their drivers.
    let mut kinds: Vec<calendar::Known> = Vec::new();
    let mut kind_of = Vec::new();
    for (products, days) in series {
        let known = calendar::Known::of(desk, products, usual, days.last());
        let found = kinds.iter().position(|k| *k == known);
        kind_of.push(found.unwrap_or(kinds.len()));
        if found.is_none() {
            kinds.push(known);
        }
    }
    let drivers = |grain, start, steps| -> Vec<_> {
        kinds.iter().map(|known| known.drivers(desk, grain, start, steps)).collect()
    };
    let advance = arrivals::InAdvance { drivers: &drivers, kinds: &kind_of };
    let days: Vec<Days> = series.iter().map(|(_, days)| days.clone()).collect();
    arrivals::nodes(&days, &desk.calendar, &advance)
        .into_iter()
        .map(|node| node.map_err(crate::series::why_none))
        .collect()
}

/// The answer to the question nearest to the months asked.
fn answer_of(said: &Said, months: u32) -> &Forecast {
    let [near, far] = &said.answers;
    if months <= arrivals::MONTHS[0] { near } else { far }
}

/// What is expected at each step shown, the "what if" applied to what is still to come.
fn steps_said(node: &Node, asked: &Asked, factor: f64) -> Vec<f64> {
    let Some(said) = node.at(asked.grain) else { return Vec::new() };
    let last = node.days.last();
    let shown = said.steps.until(end_of(last, asked.months));
    let each = said.steps.next.iter().zip(&said.mean).take(shown);
    each.map(|(step, mean)| {
        let begun = if step.from <= last { node.days.begun(*step) } else { 0.0 };
        begun + (mean - begun) * factor
    })
    .collect()
}

/// What is expected over the months asked, from scenarios drawn together.
fn expected_of(node: &Node, asked: &Asked, scenarios: usize) -> Expected {
    let last = node.days.last();
    let days = usize::try_from(end_of(last, asked.months) - last).unwrap_or(0);
    let factor = 1.0 + asked.arrivals / 100.0;
    let sum = |path: &Vec<f64>| path.iter().take(days).sum::<f64>() * factor;
    let mut sums: Vec<f64> = node.scenarios(scenarios).iter().map(sum).collect();
    sums.sort_unstable_by(f64::total_cmp);
    let items = sum(&node.next);
    let at = |share: f64| {
        let place = share * sums.len().saturating_sub(1) as f64;
        sums.get(place.round() as usize).copied().unwrap_or(items)
    };
    let tail = (1.0 - arrivals::LEVELS[0]) / 2.0;
    // Twelve months are a day or two longer than fifty-two weeks: those days are not over yet.
    let to = (last - 364 + i32::try_from(days).unwrap_or(0)).min(last);
    let before = Step { from: last + 1 - 364, to };
    Expected {
        items,
        range: Range { low: at(tail).min(items), high: at(1.0 - tail).max(items) },
        year_before: known_sum(&node.days, before),
    }
}

/// What arrived between two days; `None` when the history does not hold them, or when a tenth
/// of them is unknown.
fn known_sum(days: &Days, step: Step) -> Option<f64> {
    if step.from < days.first || step.to > days.last() {
        return None;
    }
    let values = days.values.get(step.within(days.first))?;
    let known: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    (known.len() * 10 >= values.len() * 9 && !known.is_empty()).then(|| known.iter().sum())
}

fn tell(
    desks: &[Seen],
    selection: &Selection,
    asked: &Asked,
    basis: Basis,
    learned: &Learned,
) -> AppResult<Foresight> {
    let now = learned.at;
    let (node, desk) = match (&learned.total, desks.first()) {
        (Ok(node), Some(desk)) => (node, desk),
        (Err(why), _) => return Ok(silent(basis, asked, why.clone(), now)),
        (_, None) => return Ok(silent(basis, asked, nothing(), now)),
    };
    let mut told = silent(basis, asked, nothing(), now);
    told.reason = None;
    told.last_day = Some(date_of(node.days.last()));
    let Some(said) = node.at(asked.grain) else {
        let [fr, en] =
            ["trop peu d’historique pour ce pas de temps", "too little history for this grain"];
        told.reason = Some([fr.to_owned(), en.to_owned()]);
        return Ok(told);
    };
    let last = node.days.last();
    told.past = past(node, said, asked, selection, desk);
    told.next = next(node, said, asked, desk);
    let from = told.past.first().map_or(last, |s| day_number(s.from));
    let to = told.next.last().map_or(last, |s| day_number(s.to));
    told.spans = calendar::spans(desk, selection, from, to);
    told.days_off = calendar::days_off(desk, from, to);
    if let Some(days) = node.at(Grain::Day) {
        told.effects = judged::effects(&answer_of(days, asked.months).effects);
    }
    told.expected = Some(expected_of(node, asked, arrivals::SCENARIOS));
    let others = arrivals::GRAINS.iter().filter(|g| **g != asked.grain);
    told.accuracy = std::iter::once(&asked.grain)
        .chain(others)
        .filter_map(|&grain| {
            let said = node.at(grain)?;
            Some(Accuracy::of(grain, said, answer_of(said, asked.months)))
        })
        .collect();
    told.drift = drift(node);
    match stock::project(desks, selection, asked, node) {
        Ok(projection) => told.stock = Some(projection),
        Err(why) => told.no_stock = Some(why),
    }
    if desks.len() > 1 {
        told.cannot.push([
            format!("jours fériés et campagnes\u{a0}: ceux de {}", desk.label),
            format!("holidays and campaigns: those of {}", desk.label),
        ]);
    }
    Ok(told)
}

fn past(
    node: &Node,
    said: &Said,
    asked: &Asked,
    selection: &Selection,
    desk: &Seen,
) -> Vec<PastStep> {
    let steps = &said.steps.past;
    let answer = answer_of(said, asked.months);
    // What would have been said a whole horizon ago.
    let trial = answer
        .backtest
        .trials
        .iter()
        .filter(|t| t.back >= answer.mean.len().min(said.history.len()))
        .min_by_key(|t| t.back)
        .or_else(|| answer.backtest.trials.iter().max_by_key(|t| t.back));
    let length = steps.len();
    // The screen draws two years; the table behind it is no longer.
    let usual = match asked.grain {
        Grain::Day => 370,
        Grain::Week => 105,
        Grain::Month => 36,
    };
    let from = selection.from.map(day_number);
    steps
        .iter()
        .enumerate()
        .filter(|(at, step)| match from {
            Some(from) => step.to >= from,
            None => length - at <= usual,
        })
        .map(|(at, step)| {
            let place = trial.and_then(|t| at.checked_sub(length.checked_sub(t.back)?));
            let said_then = trial.zip(place).and_then(|(t, place)| {
                let range = Range { low: *t.low.get(place)?, high: *t.high.get(place)? };
                Some((*t.mean.get(place)?, range))
            });
            let parts = &answer.parts;
            let season = parts.seasons.iter().map(|(_, v)| v.get(at).copied()).sum::<Option<f64>>();
            let four = || -> Option<[f64; 4]> {
                let of = |list: &[f64]| list.get(at).copied();
                let all = [of(&parts.level)?, season?, of(&parts.effects)?, of(&parts.rest)?];
                all.iter().all(|v| v.is_finite()).then_some(all)
            };
            let all_out = (step.from..=step.to).all(|day| neutralised(desk, day, &selection.dims));
            PastStep {
                name: asked.grain.name(date_of(step.from)),
                from: date_of(step.from),
                to: date_of(step.to),
                arrivals: node.days.of(*step, &desk.calendar),
                neutralised: all_out,
                said: said_then,
                parts: four(),
            }
        })
        .collect()
}

fn next(node: &Node, said: &Said, asked: &Asked, desk: &Seen) -> Vec<NextStep> {
    let last = node.days.last();
    let shown = said.steps.until(end_of(last, asked.months));
    let factor = 1.0 + asked.arrivals / 100.0;
    let steps = said.steps.next.iter().enumerate().take(shown);
    steps
        .map(|(at, step)| {
            let begun = if step.from <= last { node.days.begun(*step) } else { 0.0 };
            let what_if = |value: f64| begun + (value - begun) * factor;
            let base = said.mean.get(at).copied().unwrap_or(0.0);
            let mut bands = [Range::default(); 2];
            for (slot, band) in bands.iter_mut().zip(&said.bands) {
                let range = band.get(at).copied().unwrap_or_default();
                *slot = Range { low: what_if(range.low), high: what_if(range.high) };
            }
            // The wider band holds the narrower one.
            let [narrow, wide] = &mut bands;
            wide.low = wide.low.min(narrow.low);
            wide.high = wide.high.max(narrow.high);
            NextStep {
                name: asked.grain.name(date_of(step.from)),
                from: date_of(step.from),
                to: date_of(step.to),
                mean: what_if(base),
                base,
                bands,
                year_before: node.days.of(year_before(asked.grain, *step), &desk.calendar),
                partial: step.from <= last,
            }
        })
        .collect()
}

/// Share of the last weeks outside the widest band from which the past is said not to
/// describe the present; one in twenty is usual.
const STRANGE: f64 = 0.4;
/// Weeks looked at, at least and at most.
const LOOKED_AT: std::ops::RangeInclusive<usize> = 4..=13;

/// Says that the recent weeks do not look like what came before them, if so.
fn drift(node: &Node) -> Option<[String; 2]> {
    let weeks = node.at(Grain::Week)?;
    let [near, _] = &weeks.answers;
    let trials = near.backtest.trials.iter().filter(|t| LOOKED_AT.contains(&t.back));
    let trial = trials.max_by_key(|t| t.back)?;
    let start = weeks.history.len().checked_sub(trial.back)?;
    let (mut above, mut below, mut n) = (0u32, 0u32, 0u32);
    for (at, value) in weeks.history.get(start..)?.iter().enumerate() {
        let (Some(low), Some(high)) = (trial.low.get(at), trial.high.get(at)) else { continue };
        if value.is_finite() {
            n += 1;
            above += u32::from(value > high);
            below += u32::from(value < low);
        }
    }
    let strange = f64::from(above + below) >= STRANGE * f64::from(n.max(1));
    if n < 4 || !strange {
        return None;
    }
    let (fr, en) = if above >= below { ("plus haut", "higher") } else { ("plus bas", "lower") };
    let out = above + below;
    Some([
        format!(
            "Le passé ne décrit plus le présent\u{a0}: sur les {n} dernières semaines, {out} sont \
             hors de la bande attendue, {fr} que prévu. Une règle, une campagne ou une grève à \
             déclarer\u{a0}?"
        ),
        format!(
            "The past no longer describes the present: of the last {n} weeks, {out} are outside \
             the expected band, {en} than foreseen. A rule, a campaign or a strike to declare?"
        ),
    ])
}
