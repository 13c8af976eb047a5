//! Arrivals to come of one series of days, at every grain, adding up.

use eclusier_calendar::{Calendar, date_of, day_number};
use eclusier_core::Grain;
use eclusier_forecast::{
    Forecast, NoForecast, Question,
    panel::{Series, forecast_with},
    reconcile::{Floor, Hierarchy, Reconciler, Weights},
    regression::Drivers,
};

use super::{
    Range,
    steps::{Step, Steps, end_of},
};

/// Levels of the bands shown: four in five, nineteen in twenty.
pub(super) const LEVELS: [f64; 2] = [0.8, 0.95];
/// Grains, finest first.
pub(super) const GRAINS: [Grain; 3] = [Grain::Day, Grain::Week, Grain::Month];
/// Months of the near question and of the far one.
pub(super) const MONTHS: [u32; 2] = [3, 12];
/// A week or a month counts when at least this share of its worked days is known.
const KNOWN_ENOUGH: f64 = 0.75;
/// Scenarios drawn.
pub(super) const SCENARIOS: usize = 400;
/// Start of the draws: the same question gives the same scenarios.
const SEED: u64 = 8_030;

/// Arrivals by day from a first day to the last one known; NaN where nothing is known or
/// where the day is left out.
#[derive(Debug, Clone)]
pub(super) struct Days {
    pub first: i32,
    pub values: Vec<f64>,
}

impl Days {
    /// The last day known.
    pub fn last(&self) -> i32 {
        self.first + i32::try_from(self.values.len()).unwrap_or(0) - 1
    }

    /// What arrived in a step; `None` when too little of it is known. Days that are not known
    /// are taken for like those that are.
    pub fn of(&self, step: Step, calendar: &Calendar) -> Option<f64> {
        if step.from < self.first || step.to > self.last() {
            return None;
        }
        let values = self.values.get(step.within(self.first))?;
        let (mut sum, mut known, mut all) = (0.0, 0.0, 0.0);
        for (day, value) in (step.from..).zip(values) {
            // Days off bring little: what matters is how much of the work is known.
            let weight = if calendar.is_worked(date_of(day)) { 1.0 } else { 0.01 };
            all += weight;
            if value.is_finite() {
                known += weight;
                sum += value;
            }
        }
        (known >= KNOWN_ENOUGH * all).then(|| sum * all / known)
    }

    /// What is known of a step under way.
    pub fn begun(&self, step: Step) -> f64 {
        let to = step.to.min(self.last());
        let known = Step { from: step.from.max(self.first), to }.within(self.first);
        self.values.get(known).unwrap_or_default().iter().filter(|v| v.is_finite()).sum()
    }
}

/// What is said of the steps of one grain.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub steps: Steps,
    /// Values of the whole steps that are over.
    pub history: Vec<f64>,
    /// The answers to the near question and to the far one.
    pub answers: [Forecast; 2],
    /// What is expected at each step to come, its known days included; adds up over grains.
    pub mean: Vec<f64>,
    /// Bands, in the order of [`LEVELS`].
    pub bands: Vec<Vec<Range>>,
}

/// A series forecast at every grain.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub days: Days,
    /// In the order of [`GRAINS`]; `None` where the history is too short for the grain.
    pub said: [Option<Said>; 3],
    /// What is expected of each day after the last.
    pub next: Vec<f64>,
}

/// What is known in advance of series: the drivers of the steps of a grain by kind of series,
/// and the kind of each.
pub(super) struct InAdvance<'a> {
    pub drivers: &'a (dyn Fn(Grain, Step, usize) -> Vec<Drivers> + Sync),
    pub kinds: &'a [usize],
}

/// Forecasts series of the same days at every grain, with what is known in advance of each.
pub(super) fn nodes(
    series: &[Days],
    calendar: &Calendar,
    advance: &InAdvance<'_>,
) -> Vec<Result<Node, NoForecast>> {
    let Some(one) = series.first() else { return Vec::new() };
    let last = one.last();
    // The last month is whole, and the week that ends it: days cover both.
    let month = day_number(date_of(end_of(last, 12)).last_of_month());
    let week = day_number(Grain::Week.next(date_of(month))) - 1;
    let end = |grain| if grain == Grain::Month { month } else { week };
    let mut by_grain =
        GRAINS.map(|grain| at_grain(grain, series, calendar, end(grain), advance).into_iter());
    (0..series.len())
        .map(|number| {
            let said = by_grain.each_mut().map(Iterator::next);
            let mut found = [None, None, None];
            let mut why = NoForecast::TooShort;
            for (slot, answer) in found.iter_mut().zip(said) {
                match answer {
                    Some(Ok(said)) => *slot = said,
                    Some(Err(no)) => why = no,
                    None => {}
                }
            }
            let days = series.get(number).cloned().ok_or(why)?;
            if found.first().is_none_or(Option::is_none) {
                return Err(why);
            }
            let mut node = Node { days, said: found, next: Vec::new() };
            node.add_up();
            Ok(node)
        })
        .collect()
}

type Answer = Result<Option<Said>, NoForecast>;

fn at_grain(
    grain: Grain,
    series: &[Days],
    calendar: &Calendar,
    end: i32,
    advance: &InAdvance<'_>,
) -> Vec<Answer> {
    let Some(one) = series.first() else { return Vec::new() };
    let steps = Steps::new(grain, one.first, one.last(), end);
    let histories: Vec<Vec<f64>> = series
        .iter()
        .map(|days| {
            let of = |&step: &Step| days.of(step, calendar).unwrap_or(f64::NAN);
            steps.past.iter().map(of).collect()
        })
        .collect();
    // The far question goes to the last day, so that days cover whole weeks and months.
    let near = steps.until(end_of(one.last(), MONTHS[0]));
    let horizons = [near.clamp(1, steps.next.len().max(1)), steps.next.len().max(1)];
    let seasons = match grain {
        // The year is fifty-two weeks: the days of the week stay.
        Grain::Day => vec![7, 364],
        Grain::Week => vec![52],
        Grain::Month => vec![12],
    };
    let known = steps
        .past
        .first()
        .map(|&start| (advance.drivers)(grain, start, steps.past.len() + steps.next.len()))
        .unwrap_or_default();
    let kind = |number: usize| known.get(*advance.kinds.get(number)?);
    let asked: Vec<Series<'_>> = histories
        .iter()
        .enumerate()
        .map(|(number, values)| Series { values, drivers: kind(number) })
        .collect();
    let answer = |horizon: usize| {
        let question = Question { horizon, seasons: seasons.clone(), levels: LEVELS.to_vec() };
        forecast_with(&asked, &question)
    };
    let [near, far] = horizons.map(answer);
    let answers = near.into_iter().zip(far).zip(histories.iter().zip(series));
    answers
        .map(|((near, far), (history, days))| {
            let answers = match (near, far) {
                (Ok(near), Ok(far)) => [near, far],
                (Err(no), _) | (_, Err(no)) => {
                    // A few months are no reason to say nothing of days.
                    return if grain == Grain::Day { Err(no) } else { Ok(None) };
                }
            };
            Ok(Some(Said::new(steps.clone(), history.clone(), answers, days)))
        })
        .collect()
}

impl Said {
    fn new(steps: Steps, history: Vec<f64>, answers: [Forecast; 2], days: &Days) -> Self {
        let mut said = Self { steps, history, answers, mean: Vec::new(), bands: Vec::new() };
        said.mean = (0..said.steps.next.len()).map(|at| said.joined(at, |f| &f.mean)).collect();
        said.bands = (0..LEVELS.len())
            .map(|level| {
                let band = |at| Range {
                    low: said.joined(at, |f| end(f, level, false)),
                    high: said.joined(at, |f| end(f, level, true)),
                };
                (0..said.steps.next.len()).map(band).collect()
            })
            .collect();
        if said.steps.under_way
            && let Some(&step) = said.steps.next.first()
        {
            let begun = days.begun(step);
            // At least what has come already.
            for ends in said.bands.iter_mut().filter_map(|b| b.first_mut()) {
                ends.low = ends.low.max(begun);
                ends.high = ends.high.max(begun);
            }
            if let Some(mean) = said.mean.first_mut() {
                *mean = mean.max(begun);
            }
        }
        said
    }

    /// The near answer as far as it goes, the far one beyond.
    fn joined(&self, at: usize, read: impl Fn(&Forecast) -> &[f64]) -> f64 {
        let [near, far] = self.answers.each_ref().map(|f| read(f).get(at).copied());
        near.or(far).unwrap_or(f64::NAN)
    }

    /// Replaces what is expected at a step; its bands move along, and never cross.
    fn set(&mut self, at: usize, value: f64) {
        let Some(mean) = self.mean.get_mut(at) else { return };
        let by = value - *mean;
        *mean = value;
        for ends in self.bands.iter_mut().filter_map(|b| b.get_mut(at)) {
            let floor = if value >= 0.0 { 0.0 } else { f64::NEG_INFINITY };
            ends.low = (ends.low + by).max(floor).min(value);
            ends.high = (ends.high + by).max(value);
        }
    }
}

fn end(forecast: &Forecast, level: usize, high: bool) -> &[f64] {
    let band = forecast.bands.get(level);
    band.map(|b| if high { &b.high } else { &b.low }).map_or(&[], Vec::as_slice)
}

impl Node {
    /// What a grain says, if anything.
    pub fn at(&self, grain: Grain) -> Option<&Said> {
        GRAINS.iter().position(|g| *g == grain).and_then(|at| self.said.get(at)?.as_ref())
    }

    /// Makes days, weeks and months add up, each the better for the others: minimum trace over
    /// the whole steps to come.
    fn add_up(&mut self) {
        let last = self.days.last();
        let Some(days) = self.at(Grain::Day) else { return };
        let mut base = days.mean.clone();
        let mut grains: Vec<Vec<Option<usize>>> = Vec::new();
        let mut sums = Vec::new();
        for grain in [Grain::Week, Grain::Month] {
            let Some(said) = self.at(grain) else { continue };
            let mut of_day = vec![None; base.len()];
            let mut number = 0;
            for (at, step) in said.steps.next.iter().enumerate() {
                let inside = step.within(last + 1);
                // Only whole steps: what is known of one under way is no forecast.
                if step.from <= last || inside.end > of_day.len() {
                    continue;
                }
                let Some(&mean) = said.mean.get(at) else { continue };
                of_day.get_mut(inside).into_iter().flatten().for_each(|d| *d = Some(number));
                sums.push(mean);
                number += 1;
            }
            if number > 0 {
                grains.push(of_day);
            }
        }
        let floor =
            if !self.days.values.iter().any(|v| *v < 0.0) { Floor::Clip } else { Floor::Free };
        let reconciled = || -> Option<Vec<f64>> {
            let hierarchy = Hierarchy::temporal(&grains).ok()?;
            let all: Vec<f64> = sums.iter().chain(&base).copied().collect();
            // Arrivals vary as they are many: a day off, of which nothing is expected, is not
            // given its share of what a week lacks.
            let errors: Vec<Vec<f64>> = all.iter().map(|v| vec![v.abs().sqrt(); 2]).collect();
            let reconciler = Reconciler::new(hierarchy, Weights::Variance(&errors), floor).ok()?;
            let found = reconciler.reconcile(&all).ok()?;
            Some(found.get(sums.len()..)?.to_vec())
        };
        if !grains.is_empty()
            && let Some(found) = reconciled()
        {
            base = found;
        }
        self.set_days(base);
    }

    /// Replaces what is expected of the days to come, and of the steps they make.
    pub fn set_days(&mut self, next: Vec<f64>) {
        let last = self.days.last();
        for said in self.said.iter_mut().flatten() {
            for (at, step) in said.steps.next.clone().into_iter().enumerate() {
                let begun = if step.from <= last { self.days.begun(step) } else { 0.0 };
                let from = Step { from: step.from.max(last + 1), to: step.to };
                let Some(days) = next.get(from.within(last + 1)) else {
                    // Its last days lie beyond those forecast one by one.
                    continue;
                };
                said.set(at, begun + days.iter().sum::<f64>());
            }
        }
        self.next = next;
    }

    /// Scenarios of the days to come, as many as asked: weeks drawn together, spread over
    /// their days as expected.
    pub fn scenarios(&self, count: usize) -> Vec<Vec<f64>> {
        let last = self.days.last();
        let flat = || vec![self.next.clone(); 1];
        let Some(weeks) = self.at(Grain::Week).or_else(|| self.at(Grain::Day)) else {
            return flat();
        };
        let draws = weeks.answers.each_ref().map(|answer| answer.paths(count, SEED));
        let [_, far] = &draws;
        if far.is_empty() {
            return flat();
        }
        // How far a draw is from the middle of its step, stretched to the band said of it now.
        // The middle is what is expected: a few trials that erred on one side are no reason
        // for every year to.
        let widest = LEVELS.len() - 1;
        let moved = |at: usize, path: usize| -> f64 {
            let mean = weeks.mean.get(at).copied().unwrap_or(0.0);
            let own = weeks.answers.iter().zip(&draws).find(|(a, _)| at < a.mean.len());
            let Some((answer, draws)) = own else { return mean };
            let value = draws.get(path).and_then(|p| p.get(at)).copied();
            let (Some(value), Some(middle)) = (value, answer.quantile(at, 0.5)) else {
                return mean;
            };
            let ends = end(answer, widest, false).get(at).zip(end(answer, widest, true).get(at));
            let width = ends.map_or(0.0, |(low, high)| high - low);
            let stretch = match weeks.bands.get(widest).and_then(|b| b.get(at)) {
                Some(now) if width > 0.0 => (now.high - now.low) / width,
                _ => 1.0,
            };
            mean + (value - middle) * stretch
        };
        let steps = &weeks.steps.next;
        (0..far.len())
            .map(|path| {
                let mut days = self.next.clone();
                for (at, step) in steps.iter().enumerate() {
                    let begun = if step.from <= last { self.days.begun(*step) } else { 0.0 };
                    let inside = Step { from: step.from.max(last + 1), to: step.to };
                    let range = inside.within(last + 1);
                    let range = range.start.min(days.len())..range.end.min(days.len());
                    let Some(days) = days.get_mut(range) else { continue };
                    let expected: f64 = days.iter().sum();
                    let value = (moved(at, path) - begun).max(0.0);
                    if expected > 0.0 {
                        days.iter_mut().for_each(|d| *d *= value / expected);
                    } else if !days.is_empty() {
                        let each = value / days.len() as f64;
                        days.iter_mut().for_each(|d| *d = each);
                    }
                }
                days
            })
            .collect()
    }
}
