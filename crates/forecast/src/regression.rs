//! What the calendar, campaigns and shocks do to a series, told apart from its level and its season.
//!
//! - Computes: one regression of the series on a slow level, its shortest season and the drivers, in logarithms
//!   (effects multiply) where the series allows, in amounts else; a penalty per family of drivers, found by marginal
//!   likelihood; from it the series without the effects, and a forecast with them.
//! - Units: sizes are shares (−0.7: seven in ten are missing) when effects multiply, else amounts of the series.
//! - Shapes: a history (NaN where nothing is known) and columns over history and horizon in; [`Effects`] out.
//! - Errors: `None` when there is nothing to learn from, or nothing to learn. Never NaN but where a day is left out.
//! - Source: `docs/methods/calendar-effects.md`; D. MacKay (1992) for the penalties, D. Cochrane and G. Orcutt (1949)
//!   for errors that follow each other, P. Huber (1964) for days out of the ordinary; checked against least squares
//!   and on generated series whose truth is known.

use serde::{Deserialize, Serialize};

mod design;
mod fit;

use design::{Design, Reading, believed};
use fit::{Options as FitOptions, fit};

/// What a driver is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A public holiday.
    Holiday,
    /// The eve of a holiday, the day after one, a bridge.
    NearHoliday,
    /// A day the body is closed by its own decision.
    Closure,
    /// School holidays.
    School,
    /// Beginning, middle and end of the month.
    Month,
    /// How many days of a week or a month are worked.
    WorkedDays,
    /// The course of the year.
    Yearly,
    /// A dated campaign.
    Campaign,
    /// A one-off: strike, breakdown, new rule.
    Shock,
    /// Anything else.
    Other,
}

/// What is thought of an effect before looking at the series.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Prior {
    /// Expected effect for a value of 1 in the column, as a share: 0.3 for three in ten more.
    pub share: f64,
    /// How far off it may be, as a share.
    pub spread: f64,
}

/// A column known in advance.
#[derive(Debug, Clone, PartialEq)]
pub struct Driver {
    /// Its name, stable.
    pub name: String,
    /// What it is about.
    pub kind: Kind,
    /// Drivers of one family share a penalty.
    pub family: u32,
    /// One value per step, over history and horizon.
    pub values: Vec<f64>,
    /// What is expected of it, if anything.
    pub prior: Option<Prior>,
}

/// An effect told to people: a sum of columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Contrast {
    /// Its name.
    pub name: String,
    /// What it is about.
    pub kind: Kind,
    /// Columns and their weights.
    pub parts: Vec<(usize, f64)>,
}

/// The drivers of a series over its history and beyond.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Drivers {
    /// The columns.
    pub columns: Vec<Driver>,
    /// The effects told to people.
    pub told: Vec<Contrast>,
    /// Steps of a year, when the columns hold the course of the year.
    pub year: Option<f64>,
}

impl Drivers {
    /// Columns of one family, each told under its own name.
    pub fn new(names: &[&str], columns: &[Vec<f64>]) -> Self {
        let mut drivers = Self::default();
        for (name, values) in names.iter().zip(columns) {
            drivers.push_told(name, Kind::Other, 0, values.clone(), None);
        }
        drivers
    }

    /// Adds a column without telling of it.
    pub fn push(
        &mut self,
        name: &str,
        kind: Kind,
        family: u32,
        values: Vec<f64>,
        prior: Option<Prior>,
    ) -> usize {
        self.columns.push(Driver { name: name.to_owned(), kind, family, values, prior });
        self.columns.len() - 1
    }

    /// Adds a column told under its own name.
    pub fn push_told(
        &mut self,
        name: &str,
        kind: Kind,
        family: u32,
        values: Vec<f64>,
        prior: Option<Prior>,
    ) -> usize {
        let at = self.push(name, kind, family, values, prior);
        self.told.push(Contrast { name: name.to_owned(), kind, parts: vec![(at, 1.0)] });
        at
    }

    /// Names of the columns.
    pub fn names(&self) -> Vec<&str> {
        self.columns.iter().map(|c| c.name.as_str()).collect()
    }

    /// Whether there is nothing to learn.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }
}

/// How effects are learned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EffectOptions {
    /// Level of the intervals, as a share.
    pub level: f64,
    /// Whether the course of the year is taken out too.
    pub yearly: bool,
    /// Years of history below which the course of the year is left alone.
    pub least_years: f64,
    /// Factor below which a day tells nothing of what it would have been: it is left unknown.
    pub nearly_nothing: f64,
}

impl Default for EffectOptions {
    fn default() -> Self {
        Self { level: 0.95, yearly: true, least_years: 1.05, nearly_nothing: 0.2 }
    }
}

/// Whether effects multiply or add.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// Effects are shares of what would have been.
    Multiplicative,
    /// Effects are amounts.
    Additive,
}

/// An effect and what is known of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NamedEffect {
    /// Its name.
    pub name: String,
    /// What it is about.
    pub kind: Kind,
    /// Known steps of the history at which it was at work.
    pub occurrences: usize,
    /// Share (−0.7: seven in ten are missing) or amount, by `form`.
    pub size: f64,
    /// Lower end of its interval.
    pub low: f64,
    /// Upper end of its interval.
    pub high: f64,
    /// Whether `size` is a share or an amount.
    pub form: Form,
}

/// The effects learned from a history.
#[derive(Debug, Clone, PartialEq)]
pub struct Effects {
    form: Form,
    /// Logarithm of the factor, or amount, at each step of history and horizon.
    total: Vec<f64>,
    /// The same by kind of driver.
    parts: Vec<(Kind, Vec<f64>)>,
    named: Vec<NamedEffect>,
    positive: bool,
    nearly_nothing: f64,
}

/// Factors of all drivers together stay within.
const LEAST_FACTOR: f64 = 0.005;
const LARGEST_FACTOR: f64 = 25.0;
/// A factor below is none at all: what remains is what a logarithm of zero was replaced by.
const NOTHING: f64 = 0.04;
/// Known steps below which nothing is learned.
const LEAST_STEPS: usize = 21;

impl Effects {
    /// Learns what each driver does; `None` without drivers at work in the history or expected
    /// later, or without enough history.
    pub fn learn(
        history: &[f64],
        drivers: &Drivers,
        seasons: &[usize],
        options: &EffectOptions,
    ) -> Option<Self> {
        let known = history.iter().filter(|v| v.is_finite()).count();
        let span = drivers.columns.iter().map(|c| c.values.len()).max()?.max(history.len());
        let year_seen = drivers.year.is_some_and(|year| {
            options.yearly && history.len() as f64 >= options.least_years * year
        });
        let used: Vec<usize> = (0..drivers.columns.len())
            .filter(|&c| {
                drivers.columns.get(c).is_some_and(|d| d.kind != Kind::Yearly || year_seen)
            })
            .collect();
        let at_work = |c: usize, t: usize| {
            drivers.columns.get(c).and_then(|d| d.values.get(t)).is_some_and(|v| *v != 0.0)
        };
        let short = known < LEAST_STEPS;
        let reading = Reading::of(history, seasons, |t| {
            used.iter().any(|&c| {
                drivers.columns.get(c).is_some_and(|d| d.kind != Kind::Yearly) && at_work(c, t)
            })
        })?;
        let seen: Vec<usize> = used
            .iter()
            .copied()
            .filter(|&c| {
                !short
                    && (0..history.len())
                        .any(|t| reading.z.get(t).is_some_and(|z| z.is_finite()) && at_work(c, t))
            })
            .collect();
        let hoped: Vec<usize> = used
            .iter()
            .copied()
            .filter(|&c| drivers.columns.get(c).is_some_and(|d| d.prior.is_some()))
            .collect();
        if seen.is_empty() && hoped.is_empty() {
            return None;
        }
        let form = reading.form;
        let prior_of = |c: usize| -> Option<(f64, f64)> {
            let prior = drivers.columns.get(c)?.prior?;
            Some(reading.prior(prior))
        };
        let fitted = if seen.is_empty() {
            None
        } else {
            let design = Design::new(&reading, drivers, &seen, seasons, year_seen);
            let priors: Vec<Option<(f64, f64)>> = seen.iter().map(|&c| prior_of(c)).collect();
            fit(&design, &reading, &priors, &FitOptions::default())
        };
        if fitted.is_none() && hoped.is_empty() {
            return None;
        }
        let place = |c: usize| seen.iter().position(|&s| s == c).filter(|_| fitted.is_some());
        // A driver never seen does what was expected of it, and nothing when nothing was.
        let size = |c: usize| -> f64 {
            match (place(c), &fitted) {
                (Some(at), Some(f)) => f.effect(at),
                _ if used.contains(&c) => prior_of(c).map_or(0.0, |p| p.0),
                _ => 0.0,
            }
        };
        let mut parts: Vec<(Kind, Vec<f64>)> = Vec::new();
        for &c in &used {
            let effect = size(c);
            let Some(driver) = drivers.columns.get(c).filter(|_| effect != 0.0) else { continue };
            let at = parts.iter().position(|p| p.0 == driver.kind).unwrap_or_else(|| {
                parts.push((driver.kind, vec![0.0; span]));
                parts.len() - 1
            });
            let Some((_, part)) = parts.get_mut(at) else { continue };
            for (t, (sum, value)) in part.iter_mut().zip(&driver.values).enumerate() {
                // Steps on which the house is always closed have no effect to show.
                if value.is_finite() && !reading.is_closed(t) {
                    *sum += effect * value * reading.unit;
                }
            }
        }
        let mut total = vec![0.0; span];
        for (t, value) in parts.iter().flat_map(|(_, part)| part.iter().enumerate()) {
            if let Some(slot) = total.get_mut(t) {
                *slot += value;
            }
        }
        if form == Form::Multiplicative {
            for sum in &mut total {
                *sum = sum.clamp(LEAST_FACTOR.ln(), LARGEST_FACTOR.ln());
            }
        }
        if total.iter().any(|sum| !sum.is_finite()) {
            return None;
        }
        let variance = |parts: &[(usize, f64)]| -> f64 {
            let mut sum = 0.0;
            for &(a, wa) in parts {
                match place(a) {
                    Some(pa) => {
                        for &(b, wb) in parts {
                            if let (Some(pb), Some(f)) = (place(b), &fitted) {
                                sum += wa * wb * f.covariance(pa, pb);
                            }
                        }
                    }
                    None => {
                        // As far from nothing as those of its family, else as those of its kind usually are.
                        let unseen = drivers.columns.get(a).map_or(0.0, |d| {
                            let family = fitted.as_ref().and_then(|f| f.unseen(d.family));
                            family.unwrap_or_else(|| believed(d.kind).0.powi(2))
                        });
                        let own = prior_of(a).map_or(unseen, |p| p.1 * p.1);
                        sum += wa * wa * own;
                    }
                }
            }
            sum.max(0.0)
        };
        let wide = fitted.as_ref().map_or(NORMAL_95, |f| f.quantile(options.level));
        let named = drivers
            .told
            .iter()
            .filter(|told| told.parts.iter().all(|(c, _)| used.contains(c)))
            .map(|told| {
                let middle: f64 = told.parts.iter().map(|&(c, w)| w * size(c)).sum();
                let reach = wide * variance(&told.parts).sqrt();
                let shown = |x: f64| match form {
                    Form::Multiplicative => {
                        x.clamp(LEAST_FACTOR.ln(), LARGEST_FACTOR.ln()).exp() - 1.0
                    }
                    Form::Additive => x * reading.unit,
                };
                // The last part is what the effect adds to the more general ones.
                let own = told.parts.last().map_or(0, |p| p.0);
                let any = told.parts.len() > 1 && told.kind == Kind::Campaign;
                let at = |t: usize| match any {
                    true => told.parts.iter().any(|p| at_work(p.0, t)),
                    false => at_work(own, t),
                };
                let occurrences = (0..history.len())
                    .filter(|&t| reading.z.get(t).is_some_and(|z| z.is_finite()) && at(t))
                    .count();
                NamedEffect {
                    name: told.name.clone(),
                    kind: told.kind,
                    occurrences,
                    size: shown(middle),
                    low: shown(middle - reach),
                    high: shown(middle + reach),
                    form,
                }
            })
            .collect();
        Some(Self {
            form,
            total,
            parts,
            named,
            positive: reading.positive,
            nearly_nothing: options.nearly_nothing,
        })
    }

    /// Whether effects multiply or add.
    pub fn form(&self) -> Form {
        self.form
    }

    /// What all drivers do at a step counted from the beginning of the history: a factor
    /// (1 when nothing) or an amount (0 when nothing).
    pub fn at(&self, step: usize) -> f64 {
        let total = self.total.get(step).copied();
        match self.form {
            Form::Additive => total.unwrap_or(0.0),
            Form::Multiplicative => {
                let factor = total.map_or(1.0, f64::exp);
                if factor < NOTHING { 0.0 } else { factor }
            }
        }
    }

    /// The same of the drivers of one kind alone, for a screen that shows who does what.
    pub fn of(&self, kind: Kind, step: usize) -> f64 {
        let part = self.parts.iter().find(|p| p.0 == kind).and_then(|p| p.1.get(step)).copied();
        match self.form {
            Form::Additive => part.unwrap_or(0.0),
            Form::Multiplicative => part.map_or(1.0, f64::exp),
        }
    }

    /// What the series would be without the effects. Unknown stays unknown, and so becomes a
    /// step of which almost nothing is left; below zero only where the series goes there.
    pub fn take_out(&self, history: &[f64]) -> Vec<f64> {
        let out = history.iter().enumerate().map(|(t, &value)| match self.form {
            Form::Multiplicative => {
                let factor = self.at(t);
                if factor < self.nearly_nothing { f64::NAN } else { value / factor }
            }
            Form::Additive if self.positive => (value - self.at(t)).max(0.0),
            Form::Additive => value - self.at(t),
        });
        // `max` would turn the unknown into zero.
        out.zip(history).map(|(v, known)| if known.is_nan() { f64::NAN } else { v }).collect()
    }

    /// Brings the effects into a forecast, or an end of a band, whose first value is at step
    /// `from_step` counted from the beginning of the history.
    pub fn put_back(&self, mean: &mut [f64], from_step: usize) {
        for (h, value) in mean.iter_mut().enumerate() {
            let at = self.at(from_step.saturating_add(h));
            *value = match self.form {
                Form::Multiplicative => *value * at,
                Form::Additive if self.positive => (*value + at).max(0.0),
                Form::Additive => *value + at,
            };
        }
    }

    /// The effects told to people, in the order of the drivers.
    pub fn named(&self) -> &[NamedEffect] {
        &self.named
    }
}

/// Quantile of the normal distribution for an interval of 95 %.
const NORMAL_95: f64 = 1.959_963_984_540_054;
