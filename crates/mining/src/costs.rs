//! What a case costs, by type and step, and what was paid for nothing done.
//!
//! - Computes: time-driven activity-based costs: volume × unit time × cost of an hour, by team,
//!   product, group and activity; the hours paid and not used, apart.
//! - Units: whole cents; time in microseconds inside, hours at the edge.
//! - Shapes: volumes, unit times and paid capacities in; [`Costs`] out, dearest first.
//! - Errors: [`CostError`] when a capacity is not a number or the money overflows; work without
//!   unit time is listed, never taken as 0.
//! - Source: Kaplan and Anderson, "Time-driven activity-based costing" (2004); the costs and what
//!   was not used add up to what was paid, to the cent.

use std::collections::BTreeMap;

use eclusier_core::config::UnitTime;
use eclusier_eventlog::intern::NONE;
use serde::{Deserialize, Serialize};

use crate::{task_log::TaskLog, unknown::Unknown};

const HOUR_US: f64 = 3.6e9;
const MINUTE_US: f64 = 6e7;

/// An amount of money in whole cents.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Cents(pub i64);

impl Cents {
    /// The sum, unless it overflows.
    pub fn checked_add(self, other: Cents) -> Option<Cents> {
        self.0.checked_add(other.0).map(Cents)
    }
}

/// Why costs cannot be told.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CostError {
    /// The paid time is negative, not a number, or longer than a century of a thousand people.
    #[error("team {team:?}: {hours} paid hours cannot be")]
    Hours {
        /// Team.
        team: Option<String>,
        /// Hours given.
        hours: f64,
    },
    /// Money was paid for no hour.
    #[error("team {team:?}: {cents} cents were paid for no hour", cents = cents.0)]
    NoHours {
        /// Team.
        team: Option<String>,
        /// Money given.
        cents: Cents,
    },
    /// Two capacities have the same team.
    #[error("team {team:?} is paid twice")]
    Twice {
        /// Team.
        team: Option<String>,
    },
    /// An amount is too large to be counted.
    #[error("team {team:?}: the amounts are too large")]
    TooLarge {
        /// Team.
        team: Option<String>,
    },
}

/// What is paid, per hour or in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Price {
    /// Cost of one paid hour.
    PerHour(Cents),
    /// Cost of all the paid hours.
    Total(Cents),
}

/// Hours paid to a team.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Capacity {
    /// Team; `None` for the rest of the body: it takes the work of teams without capacity.
    pub team: Option<String>,
    /// Hours paid over the period.
    pub paid_hours: f64,
    /// What they cost.
    pub price: Price,
}

/// Work done: so many occurrences of an activity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volume {
    /// Team.
    pub team: Option<String>,
    /// Product.
    pub product: Option<String>,
    /// Group of variants the caller made.
    pub group: Option<String>,
    /// Activity; `None` counts cases.
    pub activity: Option<String>,
    /// How many.
    pub count: u64,
}

/// Costs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Costs {
    /// Paid in all.
    pub paid: Cents,
    /// Of which spent on the work counted.
    pub used: Cents,
    /// Of which not used; negative when the work counted takes longer than the hours paid.
    pub idle: Cents,
    /// Teams, in the order given.
    pub teams: Vec<TeamCost>,
    /// By case type: product and group, dearest first.
    pub case_types: Vec<CaseTypeCost>,
    /// By team, case type and step, dearest first.
    pub steps: Vec<StepCost>,
    /// Work left out, most frequent first.
    pub left_out: Vec<LeftOut>,
}

/// Cost of a team.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TeamCost {
    /// Team; `None` for the rest of the body.
    pub team: Option<String>,
    /// Hours paid.
    pub paid_hours: f64,
    /// Hours that the work counted takes.
    pub used_hours: f64,
    /// Paid.
    pub paid: Cents,
    /// Spent on the work counted.
    pub used: Cents,
    /// Not used; negative when the work takes longer than the hours paid.
    pub idle: Cents,
}

/// Cost of a case type.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CaseTypeCost {
    /// Product.
    pub product: Option<String>,
    /// Group of variants.
    pub group: Option<String>,
    /// Cases, where the volumes say it.
    pub cases: Option<u64>,
    /// Hours of work.
    pub hours: f64,
    /// Cost.
    pub cost: Cents,
    /// Cents per case.
    pub cents_per_case: Option<f64>,
}

/// Cost of a step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepCost {
    /// Team whose hours pay; `None` for the rest of the body.
    pub team: Option<String>,
    /// Product.
    pub product: Option<String>,
    /// Group of variants.
    pub group: Option<String>,
    /// Activity; `None` when the unit time is that of the whole case.
    pub activity: Option<String>,
    /// How many.
    pub count: u64,
    /// Minutes each.
    pub minutes: f64,
    /// Hours of work.
    pub hours: f64,
    /// Cost.
    pub cost: Cents,
}

/// Work that could not be valued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// The work.
    pub volume: Volume,
    /// Why.
    pub unknown: Unknown,
}

/// Minutes of an activity for a product: its own, else that of all the other products.
pub fn minutes_of(table: &[UnitTime], product: Option<&str>, activity: &str) -> Option<f64> {
    find(table, product, Some(activity))
}

/// Minutes of a whole case of a product.
fn case_minutes(table: &[UnitTime], product: Option<&str>) -> Option<f64> {
    find(table, product, None)
}

fn find(table: &[UnitTime], product: Option<&str>, activity: Option<&str>) -> Option<f64> {
    let of = |wanted: Option<&str>| {
        table
            .iter()
            .find(|t| t.product.as_deref() == wanted && t.activity.as_deref() == activity)
            .map(|t| t.minutes)
    };
    let own = product.and_then(|p| of(Some(p)));
    own.or_else(|| of(None)).filter(|m| m.is_finite() && *m >= 0.0)
}

/// Volumes of a log: its tasks by unit of the case, product, group and activity, and its cases.
///
/// `group` names the group of the case at a place in the log; open tasks are not counted.
pub fn volumes(log: &TaskLog, group: impl Fn(usize) -> Option<String>) -> Vec<Volume> {
    type Key = (u32, u32, Option<String>, Option<u32>);
    let mut counts: BTreeMap<Key, u64> = BTreeMap::new();
    for (place, case) in log.cases.iter().enumerate() {
        let [_, unit, product, _] = case.dims;
        let group = group(place);
        *counts.entry((unit, product, group.clone(), None)).or_default() += 1;
        for task in log.tasks_of(case) {
            if task.known != crate::task_log::Known::StartOnly {
                let key = (unit, product, group.clone(), Some(task.activity));
                *counts.entry(key).or_default() += 1;
            }
        }
    }
    let value = |code: u32| (code != NONE).then(|| log.values.name(code).to_owned());
    let mut volumes: Vec<Volume> = counts
        .into_iter()
        .map(|((unit, product, group, activity), count)| Volume {
            team: value(unit),
            product: value(product),
            group,
            activity: activity.map(|a| log.activities.name(a).to_owned()),
            count,
        })
        .collect();
    volumes.sort_by(|a, b| key(a).cmp(&key(b)));
    volumes
}

type Key<'a> = (Option<&'a str>, Option<&'a str>, Option<&'a str>, Option<&'a str>);

fn key(v: &Volume) -> Key<'_> {
    (v.team.as_deref(), v.product.as_deref(), v.group.as_deref(), v.activity.as_deref())
}

/// A line of work and what it takes.
struct Line<'a> {
    volume: &'a Volume,
    team: usize,
    each_us: i64,
    all_us: i128,
    cost: Cents,
}

/// Costs of the volumes.
///
/// A product some of whose activities have a unit time is valued step by step; otherwise the
/// unit time of its whole case is taken once per case. A team without capacity of its own draws
/// on that of the rest of the body.
pub fn costs(
    volumes: &[Volume],
    unit_times: &[UnitTime],
    capacities: &[Capacity],
) -> Result<Costs, CostError> {
    let paid: Vec<(i128, i64)> = capacities.iter().map(read).collect::<Result<_, _>>()?;
    for (i, capacity) in capacities.iter().enumerate() {
        if capacities.iter().take(i).any(|c| c.team == capacity.team) {
            return Err(CostError::Twice { team: capacity.team.clone() });
        }
    }
    let payer = |team: &Option<String>| {
        let of = |wanted: &Option<String>| capacities.iter().position(|c| c.team == *wanted);
        of(team).or_else(|| of(&None))
    };
    let by_step = |product: Option<&str>| {
        volumes.iter().any(|v| {
            v.product.as_deref() == product
                && v.activity
                    .as_deref()
                    .is_some_and(|a| find(unit_times, product, Some(a)).is_some())
        })
    };
    let mut stepped: BTreeMap<Option<&str>, bool> = BTreeMap::new();
    let mut order: Vec<&Volume> = volumes.iter().filter(|v| v.count > 0).collect();
    // Cents that remain go to the first by name where they could go to two.
    order.sort_by(|a, b| key(a).cmp(&key(b)));
    let (mut lines, mut left_out) = (Vec::new(), Vec::new());
    for volume in order {
        let product = volume.product.as_deref();
        let steps = *stepped.entry(product).or_insert_with(|| by_step(product));
        let minutes = match (volume.activity.as_deref(), steps) {
            (Some(activity), true) => minutes_of(unit_times, product, activity),
            (None, false) => case_minutes(unit_times, product),
            // Valued the other way.
            (None, true) => continue,
            (Some(_), false) if case_minutes(unit_times, product).is_some() => continue,
            (Some(_), false) => None,
        };
        let mut refuse = |unknown| left_out.push(LeftOut { volume: volume.clone(), unknown });
        let Some(minutes) = minutes else {
            // The steps of a product without any unit time say it once each; its cases need not.
            if volume.activity.is_some() {
                refuse(Unknown::NoUnitTimes);
            }
            continue;
        };
        let Some(team) = payer(&volume.team) else {
            refuse(Unknown::NoUnits);
            continue;
        };
        let each_us = (minutes * MINUTE_US).round() as i64;
        let all_us = i128::from(each_us) * i128::from(volume.count);
        lines.push(Line { volume, team, each_us, all_us, cost: Cents(0) });
    }
    let mut teams = Vec::with_capacity(capacities.len());
    for (place, (capacity, &(paid_us, cents))) in capacities.iter().zip(&paid).enumerate() {
        teams.push(share(capacity, paid_us, cents, place, &mut lines)?);
    }
    left_out.sort_by_key(|l: &LeftOut| std::cmp::Reverse(l.volume.count));
    let total = |of: fn(&TeamCost) -> Cents| {
        let sum = teams.iter().try_fold(Cents(0), |sum, t| sum.checked_add(of(t)));
        sum.ok_or(CostError::TooLarge { team: None })
    };
    Ok(Costs {
        paid: total(|t| t.paid)?,
        used: total(|t| t.used)?,
        idle: total(|t| t.idle)?,
        case_types: case_types(volumes, &lines)?,
        steps: steps(&lines, capacities),
        teams,
        left_out,
    })
}

/// Paid time in microseconds and paid money in cents.
fn read(capacity: &Capacity) -> Result<(i128, i64), CostError> {
    let (team, hours) = (capacity.team.clone(), capacity.paid_hours);
    if !(hours.is_finite() && (0.0..=2e9).contains(&hours)) {
        return Err(CostError::Hours { team, hours });
    }
    let us = (hours * HOUR_US).round() as i128;
    let cents = match capacity.price {
        Price::Total(cents) => cents.0,
        Price::PerHour(cents) => {
            // To the nearest cent, halves up, in integers.
            let hour = HOUR_US as i128;
            let exact = i128::from(cents.0).saturating_mul(us).saturating_add(hour / 2);
            let total = i64::try_from(exact.div_euclid(hour));
            total.map_err(|_| CostError::TooLarge { team: team.clone() })?
        }
    };
    if us == 0 && cents != 0 {
        return Err(CostError::NoHours { team, cents: Cents(cents) });
    }
    Ok((us, cents))
}

/// Shares what a team was paid between its lines and what it did not use: every part is rounded
/// down to the cent, then the cents that remain go to the largest remainders.
fn share(
    capacity: &Capacity,
    paid_us: i128,
    cents: i64,
    place: usize,
    lines: &mut [Line<'_>],
) -> Result<TeamCost, CostError> {
    let large = || CostError::TooLarge { team: capacity.team.clone() };
    let mut used_us = 0i128;
    for line in lines.iter().filter(|l| l.team == place) {
        used_us = used_us.checked_add(line.all_us).ok_or_else(large)?;
    }
    let divisor = paid_us.max(1);
    let part = |us: i128| -> Result<(i64, i128), CostError> {
        let exact = us.checked_mul(i128::from(cents)).ok_or_else(large)?;
        let whole = i64::try_from(exact.div_euclid(divisor)).map_err(|_| large())?;
        Ok((whole, exact.rem_euclid(divisor)))
    };
    // The last part is what was not used.
    let (mut idle, idle_rest) = part(paid_us - used_us)?;
    let mut rests: Vec<(i128, usize)> = vec![(idle_rest, usize::MAX)];
    for (i, line) in lines.iter_mut().enumerate().filter(|(_, l)| l.team == place) {
        let (whole, rest) = part(line.all_us)?;
        line.cost = Cents(whole);
        rests.push((rest, i));
    }
    let remaining = rests.iter().map(|&(rest, _)| rest).sum::<i128>() / divisor;
    rests.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    let remaining = usize::try_from(remaining).unwrap_or(0);
    for &(_, i) in rests.iter().take(remaining) {
        match lines.get_mut(i) {
            Some(line) => line.cost.0 = line.cost.0.checked_add(1).ok_or_else(large)?,
            None => idle = idle.checked_add(1).ok_or_else(large)?,
        }
    }
    let used = cents.checked_sub(idle).ok_or_else(large)?;
    Ok(TeamCost {
        team: capacity.team.clone(),
        paid_hours: paid_us as f64 / HOUR_US,
        used_hours: used_us as f64 / HOUR_US,
        paid: Cents(cents),
        used: Cents(used),
        idle: Cents(idle),
    })
}

fn steps(lines: &[Line<'_>], capacities: &[Capacity]) -> Vec<StepCost> {
    let mut steps: Vec<StepCost> = lines
        .iter()
        .map(|line| StepCost {
            team: capacities.get(line.team).and_then(|c| c.team.clone()),
            product: line.volume.product.clone(),
            group: line.volume.group.clone(),
            activity: line.volume.activity.clone(),
            count: line.volume.count,
            minutes: line.each_us as f64 / MINUTE_US,
            hours: line.all_us as f64 / HOUR_US,
            cost: line.cost,
        })
        .collect();
    // Stable: lines as dear keep the order of their names.
    steps.sort_by_key(|s| std::cmp::Reverse(s.cost));
    steps
}

fn case_types(volumes: &[Volume], lines: &[Line<'_>]) -> Result<Vec<CaseTypeCost>, CostError> {
    type CaseType<'a> = (Option<&'a str>, Option<&'a str>);
    let mut types: BTreeMap<CaseType<'_>, (i128, Cents)> = BTreeMap::new();
    for line in lines {
        let key = (line.volume.product.as_deref(), line.volume.group.as_deref());
        let sum = types.entry(key).or_default();
        sum.0 = sum.0.saturating_add(line.all_us);
        let team = || CostError::TooLarge { team: line.volume.team.clone() };
        sum.1 = sum.1.checked_add(line.cost).ok_or_else(team)?;
    }
    let mut list: Vec<CaseTypeCost> = types
        .into_iter()
        .map(|((product, group), (us, cost))| {
            let same = |v: &&Volume| {
                v.activity.is_none()
                    && (v.product.as_deref(), v.group.as_deref()) == (product, group)
            };
            let cases: u64 = volumes.iter().filter(same).map(|v| v.count).sum();
            CaseTypeCost {
                product: product.map(ToOwned::to_owned),
                group: group.map(ToOwned::to_owned),
                cases: (cases > 0).then_some(cases),
                hours: us as f64 / HOUR_US,
                cost,
                cents_per_case: (cases > 0).then(|| cost.0 as f64 / cases as f64),
            }
        })
        .collect();
    list.sort_by_key(|c| std::cmp::Reverse(c.cost));
    Ok(list)
}
