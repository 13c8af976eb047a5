//! Unit times: how long the work on a step takes, measured on the log, never by person.
//!
//! - Computes: for each activity, and each activity of each product, the distribution of touch
//!   times: median with an interval of no assumed shape, quartiles, mean brought back under a
//!   fence, trimmed mean, tasks only known to be longer or shorter, and whether the times drift.
//! - Units: seconds of worked time.
//! - Shapes: a [`TaskLog`] in, [`UnitTimes`] out, most measured first, ties by name.
//! - Errors: [`UnitTimesError::Stopped`]; a group with too few tasks or people says so instead.
//! - Source: `docs/methods/unit-times.md`; closed forms, coverage by simulation, NumPy and SciPy.

pub mod censored;
pub mod drift;
pub mod interval;
mod overlap;

use std::collections::{BTreeMap, BTreeSet};

use eclusier_calendar::WorkClock;
use eclusier_core::config::{TimeBasis, UnitTime};
use eclusier_eventlog::intern::NONE;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;

use crate::{
    stats,
    task_log::{Known, TaskLog},
    unknown::Unknown,
};
use censored::Sample;

const SECOND_US: f64 = 1e6;
/// Length of what is called recent, when the caller does not say: a quarter.
const QUARTER_US: i64 = 91 * 86_400_000_000;

/// How unit times are measured.
#[derive(Debug, Clone)]
pub struct UnitTimeOptions {
    /// Clock of the worked time.
    pub clock: WorkClock,
    /// Whether tasks that one person has open at once share the time between them.
    pub split_overlaps: bool,
    /// Whether each product is measured beside all of them together.
    pub by_product: bool,
    /// Fewest measured tasks for a figure.
    pub min_tasks: u64,
    /// Fewest people among them: below, the figure would be somebody's.
    pub min_people: u64,
    /// Level of the intervals.
    pub level: f64,
    /// Share cut at each end by the trimmed mean.
    pub trim: f64,
    /// When open tasks are looked at; `None` for the last instant of the log.
    pub as_of: Option<i64>,
    /// Since when times are recent; `None` for 91 days before the last measured task.
    pub recent_from: Option<i64>,
    /// Drift is said beyond this share of the median before…
    pub drift_share: f64,
    /// …and below this probability, corrected for the number of groups.
    pub drift_level: f64,
}

impl Default for UnitTimeOptions {
    fn default() -> Self {
        Self {
            clock: WorkClock::always(),
            split_overlaps: true,
            by_product: true,
            min_tasks: 30,
            min_people: 5,
            level: 0.95,
            trim: 0.2,
            as_of: None,
            recent_from: None,
            drift_share: 0.10,
            drift_level: 0.05,
        }
    }
}

/// Why there are no unit times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnitTimesError {
    /// The caller asked to stop.
    #[error("stopped before the end")]
    Stopped,
}

/// Unit times measured on a log.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UnitTimes {
    /// Why nothing could be measured.
    pub unknown: Option<Unknown>,
    /// Whether tasks open at once shared the time of their person.
    pub split_overlaps: bool,
    /// Level of the intervals.
    pub level: f64,
    /// Tasks of the log.
    pub tasks: u64,
    /// Since when times are called recent, microseconds since 1970 UTC.
    pub recent_from_us: Option<i64>,
    /// Groups: each activity of all products, then of each product, most measured first.
    pub times: Vec<ActivityTime>,
}

/// The time of an activity.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ActivityTime {
    /// Activity.
    pub activity: String,
    /// Product; `None` for all together.
    pub product: Option<String>,
    /// Tasks.
    pub tasks: u64,
    /// Measured: their start and end are known, and the clock ran between.
    pub measured: u64,
    /// Distinct people among the measured.
    pub people: u64,
    /// Still open: their time is known to be longer.
    pub open: u64,
    /// End only, with an earlier instant that bounds it: their time is known to be shorter.
    pub bounded: u64,
    /// Worked wholly outside the hours of the clock: left out.
    pub outside_hours: u64,
    /// Left out for want of anything to tell: days only, end lost, no bound.
    pub left_out: u64,
    /// First start and last end of the measured, microseconds since 1970 UTC.
    pub measured_from_us: Option<i64>,
    /// Last end of the measured.
    pub measured_to_us: Option<i64>,
    /// Why there is no figure.
    pub unknown: Option<Unknown>,
    /// The figures.
    pub time: Option<TouchTime>,
    /// Median of the times that can only be bounded: a ceiling, not an estimate.
    pub ceiling_s: Option<f64>,
}

/// The figures of a time, seconds of worked time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TouchTime {
    /// Median; `None` when censoring hides it.
    pub median_s: Option<f64>,
    /// Lower end of its interval.
    pub median_low_s: f64,
    /// Upper end; `None` when open tasks leave it without bound.
    pub median_high_s: Option<f64>,
    /// Probability that the interval holds the median, at least.
    pub median_level: f64,
    /// First quartile.
    pub p25_s: Option<f64>,
    /// Third quartile.
    pub p75_s: Option<f64>,
    /// 90th percentile.
    pub p90_s: Option<f64>,
    /// Mean of the measured, those beyond the fence brought back to it: what a load multiplies.
    pub mean_s: f64,
    /// Lower end of its interval.
    pub mean_low_s: f64,
    /// Upper end.
    pub mean_high_s: f64,
    /// The fence: beyond it a time is taken for a task left open.
    pub fence_s: Option<f64>,
    /// Measured tasks beyond the fence.
    pub fenced: u64,
    /// Mean of the measured as they are.
    pub raw_mean_s: f64,
    /// Trimmed mean.
    pub trimmed_mean_s: f64,
    /// Lower end of its interval.
    pub trimmed_low_s: f64,
    /// Upper end.
    pub trimmed_high_s: f64,
    /// Whether open and bounded tasks weigh on median and quartiles.
    pub censored: bool,
    /// Whether that estimate had settled.
    pub settled: bool,
    /// Recent times beside those before; `None` when either are too few.
    pub drift: Option<Drift>,
}

/// Recent times beside those before.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Drift {
    /// Recent tasks.
    pub recent: u64,
    /// Tasks before.
    pub before: u64,
    /// Median before, seconds.
    pub before_median_s: f64,
    /// How much longer a recent task typically is, seconds (median of all differences).
    pub shift_s: f64,
    /// The same as a share of the median before.
    pub shift_share: Option<f64>,
    /// Probability of such a difference by chance, corrected for the number of groups.
    pub p: f64,
    /// Whether to say it: significant, and large enough.
    pub alarm: bool,
}

impl ActivityTime {
    /// A line for the dated table of unit times, for a person to accept or refuse.
    pub fn proposal(&self) -> Option<UnitTime> {
        let minutes = self.time.as_ref()?.mean_s / 60.0;
        (minutes > 0.0).then(|| UnitTime {
            product: self.product.clone(),
            activity: Some(self.activity.clone()),
            minutes,
            basis: TimeBasis::Measured,
        })
    }
}

/// What is known of one group.
#[derive(Default)]
struct Group {
    sample: Sample,
    /// End of each exact time, beside it: tells the recent from the others.
    ends: Vec<i64>,
    people: FxHashSet<u32>,
    nobody: u64,
    tasks: u64,
    outside: u64,
    left_out: u64,
    days: u64,
    from: Option<i64>,
    to: Option<i64>,
    /// Whether its figure would give away another.
    hidden: bool,
}

/// Product and activity.
type Key<'a> = (Option<&'a str>, &'a str);

/// What one task says.
#[derive(Clone, Copy)]
enum Told {
    Exact(i64),
    AtMost(i64),
    MoreThan(i64),
    Outside,
    Day,
    Nothing,
}

impl Group {
    fn add(&mut self, told: Told, resource: u32, start: i64, end: i64) {
        self.tasks += 1;
        match told {
            Told::Exact(us) => {
                self.sample.exact.push(us);
                self.ends.push(end);
                if resource == NONE {
                    self.nobody += 1;
                } else {
                    self.people.insert(resource);
                }
                self.from = Some(self.from.map_or(start, |f| f.min(start)));
                self.to = Some(self.to.map_or(end, |t| t.max(end)));
            }
            Told::AtMost(us) => self.sample.at_most.push(us),
            Told::MoreThan(us) => self.sample.more_than.push(us),
            Told::Outside => self.outside += 1,
            Told::Day => {
                self.days += 1;
                self.left_out += 1;
            }
            Told::Nothing => self.left_out += 1,
        }
    }

    fn unknown(&self, options: &UnitTimeOptions) -> Option<Unknown> {
        let measured = self.sample.exact.len() as u64;
        let people = self.people.len() as u64;
        if measured == 0 && self.days > 0 && self.days == self.tasks {
            Some(Unknown::DaysOnly)
        } else if measured == 0 {
            Some(Unknown::NoIntervals)
        } else if measured < options.min_tasks.max(2) {
            Some(Unknown::TooFew { n: measured })
        } else if people == 0 && self.nobody > 0 && options.min_people > 0 {
            Some(Unknown::NoResources)
        } else if people < options.min_people {
            Some(Unknown::TooFewPeople { n: people })
        } else if self.hidden {
            Some(Unknown::HiddenWithAnother)
        } else {
            None
        }
    }
}

/// Unit times of a log.
///
/// `stop` is asked now and then; when it says yes, nothing is returned.
pub fn unit_times(
    log: &TaskLog,
    options: &UnitTimeOptions,
    stop: &dyn Fn() -> bool,
) -> Result<UnitTimes, UnitTimesError> {
    let last = log.tasks.iter().map(|t| t.end).max();
    let as_of = options.as_of.or(last).unwrap_or(0);
    let told = tell(log, options, as_of, stop).ok_or(UnitTimesError::Stopped)?;
    let mut groups: BTreeMap<Key<'_>, Group> = BTreeMap::new();
    // People whose tasks have no product: the total tells of them, no product does.
    let mut loose: BTreeMap<&str, FxHashSet<u32>> = BTreeMap::new();
    for case in &log.cases {
        let [_, _, product, _] = case.dims;
        let product = (product != NONE && options.by_product).then(|| log.values.name(product));
        for place in case.tasks.clone() {
            let (Some(task), Some(&said)) = (log.tasks.get(place), told.get(place)) else {
                continue;
            };
            let activity = log.activities.name(task.activity);
            if product.is_none() && matches!(said, Told::Exact(_)) {
                loose.entry(activity).or_default().insert(task.resource);
            }
            for product in [Some(None), product.map(Some)].into_iter().flatten() {
                let group = groups.entry((product, activity)).or_default();
                group.add(said, task.resource, task.start, task.end);
            }
        }
    }
    let measured_to = groups.values().filter_map(|g| g.to).max();
    let recent_from = options.recent_from.or(measured_to.map(|to| to.saturating_sub(QUARTER_US)));
    let unknown = match groups.values().any(|g| !g.sample.exact.is_empty()) {
        true => None,
        false if log.tasks.is_empty() => Some(Unknown::NothingToMeasure),
        false if log.tasks.iter().all(|t| t.day) => Some(Unknown::DaysOnly),
        false => Some(Unknown::NoIntervals),
    };
    let hidden = hidden(&groups, &loose, options);
    let mut times = Vec::with_capacity(groups.len());
    for ((product, activity), mut group) in groups {
        if stop() {
            return Err(UnitTimesError::Stopped);
        }
        group.hidden = hidden.contains(&(product, activity));
        times.push(measure(activity, product, group, options, recent_from, stop)?);
    }
    alarm(&mut times, options);
    // Stable: groups as large stay in the order of product and activity.
    times.sort_by_key(|t| (t.product.is_some(), std::cmp::Reverse(t.measured)));
    Ok(UnitTimes {
        unknown,
        split_overlaps: options.split_overlaps,
        level: options.level,
        tasks: log.tasks.len() as u64,
        recent_from_us: recent_from,
        times,
    })
}

/// Products to hide beside those that are: the total less the products shown must not tell of
/// fewer people than a figure needs. The product of fewest people goes first, ties by name.
fn hidden<'a>(
    groups: &BTreeMap<Key<'a>, Group>,
    loose: &BTreeMap<&'a str, FxHashSet<u32>>,
    options: &UnitTimeOptions,
) -> BTreeSet<Key<'a>> {
    let mut hidden = BTreeSet::new();
    for (&(_, activity), total) in groups.iter().filter(|((product, _), _)| product.is_none()) {
        if total.unknown(options).is_some() {
            continue;
        }
        let mut rest = loose.get(activity).cloned().unwrap_or_default();
        let mut shown: Vec<(Key<'a>, &Group)> = Vec::new();
        for (&key, group) in groups.iter().filter(|((p, a), _)| p.is_some() && *a == activity) {
            match group.unknown(options) {
                Some(_) => rest.extend(&group.people),
                None => shown.push((key, group)),
            }
        }
        shown.sort_by_key(|(_, group)| std::cmp::Reverse(group.people.len()));
        while !rest.is_empty() && (rest.len() as u64) < options.min_people {
            let Some((key, group)) = shown.pop() else { break };
            rest.extend(&group.people);
            hidden.insert(key);
        }
    }
    hidden
}

/// What each task says of its time.
fn tell(
    log: &TaskLog,
    options: &UnitTimeOptions,
    as_of: i64,
    stop: &dyn Fn() -> bool,
) -> Option<Vec<Told>> {
    let took = overlap::touch_times(log, &options.clock, options.split_overlaps, as_of, stop)?;
    // Ends of each person, sorted: a task with its end only cannot have begun before the last of
    // them, as far as the log tells.
    let mut ends: FxHashMap<u32, Vec<i64>> = FxHashMap::default();
    for task in log.tasks.iter().filter(|t| t.resource != NONE && t.known != Known::StartOnly) {
        ends.entry(task.resource).or_default().push(task.end);
    }
    ends.values_mut().for_each(|list| list.sort_unstable());
    let mut told = vec![Told::Nothing; log.tasks.len()];
    for case in &log.cases {
        let mut enabled: Option<i64> = None;
        let last_start = log.tasks_of(case).iter().map(|t| t.start).max();
        for place in case.tasks.clone() {
            let (Some(task), Some(slot)) = (log.tasks.get(place), told.get_mut(place)) else {
                continue;
            };
            let worked = took.get(place).copied().flatten();
            *slot = match (task.day, task.known, worked) {
                (true, ..) => Told::Day,
                (_, Known::Interval, Some(0)) if task.end > task.start => Told::Outside,
                (_, Known::Interval, Some(us)) => Told::Exact(us),
                // The case went on: the end was lost, and nothing is known of it.
                (_, Known::StartOnly, _) if last_start > Some(task.start) => Told::Nothing,
                (_, Known::StartOnly, Some(us)) => Told::MoreThan(us),
                (_, Known::EndOnly, _) => {
                    let own = ends.get(&task.resource).and_then(|list| {
                        let before = list.partition_point(|&e| e < task.end);
                        list.get(before.checked_sub(1)?).copied()
                    });
                    let since = own.into_iter().chain(task.scheduled.or(enabled)).max();
                    match since.map(|since| options.clock.between(since, task.end)) {
                        Some(us) if us > 0 => Told::AtMost(us),
                        _ => Told::Nothing,
                    }
                }
                _ => Told::Nothing,
            };
            if task.known != Known::StartOnly {
                enabled = Some(enabled.map_or(task.end, |e| e.max(task.end)));
            }
        }
    }
    Some(told)
}

fn measure(
    activity: &str,
    product: Option<&str>,
    mut group: Group,
    options: &UnitTimeOptions,
    recent_from: Option<i64>,
    stop: &dyn Fn() -> bool,
) -> Result<ActivityTime, UnitTimesError> {
    let unknown = group.unknown(options);
    let time = match unknown {
        Some(_) => None,
        None => {
            Some(touch_time(&group, options, recent_from, stop).ok_or(UnitTimesError::Stopped)?)
        }
    };
    let bounded = group.sample.at_most.len() as u64;
    // Nobody's, too: bounds of tasks whose people were not counted stay hidden with the rest.
    let shown =
        bounded >= options.min_tasks && matches!(unknown, None | Some(Unknown::NoIntervals));
    Ok(ActivityTime {
        activity: activity.to_owned(),
        product: product.map(ToOwned::to_owned),
        tasks: group.tasks,
        measured: group.sample.exact.len() as u64,
        people: group.people.len() as u64,
        open: group.sample.more_than.len() as u64,
        bounded,
        outside_hours: group.outside,
        left_out: group.left_out,
        measured_from_us: group.from,
        measured_to_us: group.to,
        unknown,
        time,
        ceiling_s: stats::quantile(&mut group.sample.at_most, 0.5)
            .filter(|_| shown)
            .map(|us| us / SECOND_US),
    })
}

/// The figures of a group large enough; `None` when stopped.
fn touch_time(
    group: &Group,
    options: &UnitTimeOptions,
    recent_from: Option<i64>,
    stop: &dyn Fn() -> bool,
) -> Option<TouchTime> {
    let sample = &group.sample;
    let mut exact = sample.exact.clone();
    exact.sort_unstable();
    let censored = exact.len() < sample.len();
    let (quantiles, settled) = if censored {
        let found = sample.distribution(stop)?;
        let at = |share| found.quantile(share).map(|us| us as f64 / SECOND_US);
        ([0.25, 0.5, 0.75, 0.9].map(at), found.settled)
    } else {
        let mut at = |share| stats::quantile(&mut exact, share).map(|us| us / SECOND_US);
        let found = [0.25, 0.5, 0.75, 0.9].map(&mut at);
        exact.sort_unstable();
        (found, true)
    };
    let [p25_s, median_s, p75_s, p90_s] = quantiles;
    let (low, high, level) = median_interval(sample, options.level);
    let seconds: Vec<f64> = exact.iter().map(|&us| us as f64 / SECOND_US).collect();
    let fence_s = fence(&mut exact.clone());
    let fenced: Vec<f64> =
        seconds.iter().map(|&s| fence_s.map_or(s, |fence| s.min(fence))).collect();
    let mean = interval::trimmed_mean(&fenced, 0.0, options.level)?;
    let trimmed = interval::trimmed_mean(&seconds, options.trim, options.level)?;
    Some(TouchTime {
        median_s,
        median_low_s: low,
        median_high_s: high,
        median_level: level,
        p25_s,
        p75_s,
        p90_s,
        mean_s: mean.centre,
        mean_low_s: mean.low.max(0.0),
        mean_high_s: mean.high,
        fence_s,
        fenced: seconds.iter().filter(|&&s| fence_s.is_some_and(|f| s > f)).count() as u64,
        raw_mean_s: stats::mean(&exact).unwrap_or(0.0) / SECOND_US,
        trimmed_mean_s: trimmed.centre,
        trimmed_low_s: trimmed.low.max(0.0),
        trimmed_high_s: trimmed.high,
        censored,
        settled,
        drift: drift(group, options, recent_from),
    })
}

/// Interval of the median, whatever the censored times really are: the lower end takes them as
/// short as they may be, the upper end as long.
fn median_interval(sample: &Sample, level: f64) -> (f64, Option<f64>, f64) {
    let Some((first, last, covered)) = interval::median_ranks(sample.len(), level) else {
        return (0.0, None, 1.0);
    };
    let mut short = sample.exact.clone();
    let mut long = sample.exact.clone();
    short.extend(&sample.more_than);
    short.resize(sample.len(), 0);
    long.extend(&sample.at_most);
    long.resize(sample.len(), i64::MAX);
    let nth = |list: &mut Vec<i64>, place: usize| match place < list.len() {
        true => *list.select_nth_unstable(place).1,
        false => i64::MAX,
    };
    let (low, high) = (nth(&mut short, first), nth(&mut long, last));
    (low as f64 / SECOND_US, (high < i64::MAX).then(|| high as f64 / SECOND_US), covered)
}

/// Beyond it a time is taken for a task left open: the third quartile times one and a half of
/// the ratio between quartiles, on the scale of logarithms, where work times are near symmetric.
fn fence(times: &mut [i64]) -> Option<f64> {
    let low = stats::quantile(times, 0.25).filter(|&t| t > 0.0)?;
    let high = stats::quantile(times, 0.75)?;
    // A crowd at one value has no spread to speak of, and fences nothing out.
    (high > low).then(|| high * (high / low).powf(1.5) / SECOND_US)
}

fn drift(group: &Group, options: &UnitTimeOptions, recent_from: Option<i64>) -> Option<Drift> {
    let since = recent_from?;
    let (mut recent, mut before) = (Vec::new(), Vec::new());
    for (&us, &end) in group.sample.exact.iter().zip(&group.ends) {
        if end >= since { recent.push(us) } else { before.push(us) }
    }
    let fewest = options.min_tasks.max(1) as usize;
    if recent.len() < fewest || before.len() < fewest {
        return None;
    }
    recent.sort_unstable();
    before.sort_unstable();
    let p = drift::rank_sum(&recent, &before)?;
    let shift_s = drift::shift(&recent, &before)? / SECOND_US;
    let before_median_s = stats::quantile(&mut before.clone(), 0.5)? / SECOND_US;
    Some(Drift {
        recent: recent.len() as u64,
        before: before.len() as u64,
        before_median_s,
        shift_s,
        shift_share: (before_median_s > 0.0).then(|| shift_s / before_median_s),
        p,
        alarm: false,
    })
}

/// Corrects the probabilities for the number of groups tested, and says the drifts to say.
fn alarm(times: &mut [ActivityTime], options: &UnitTimeOptions) {
    let mut drifts: Vec<&mut Drift> =
        times.iter_mut().filter_map(|t| t.time.as_mut()?.drift.as_mut()).collect();
    let p: Vec<f64> = drifts.iter().map(|d| d.p).collect();
    for (drift, p) in drifts.iter_mut().zip(drift::corrected(&p)) {
        drift.p = p;
        let large = drift.shift_share.is_none_or(|s| s.abs() > options.drift_share);
        drift.alarm = p <= options.drift_level && large && drift.shift_s != 0.0;
    }
}
