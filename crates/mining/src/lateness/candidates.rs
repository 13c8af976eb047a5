//! The columns that may explain lateness, and those that may not, with the reason.

use std::collections::BTreeMap;

use eclusier_calendar::date_of;
use eclusier_eventlog::{Interner, intern::NONE};
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::Value;

use super::{
    Factor, FactorKind, Judged, LatenessError, LatenessOptions, Level, Moment, Refusal, Refused,
    Table, Verdict, names_person,
};
use crate::task_log::{CaseRow, TaskLog, TaskRow};

/// Most attributes of cases looked at: a hostile file may carry thousands.
const MOST_ATTRIBUTES: usize = 200;
/// A column tells persons apart when it is known to this share from the person.
const TOLD_BY_PERSON: f64 = 0.8;
/// Microseconds of a day.
const DAY_US: i64 = 86_400_000_000;

/// Builds the factors of the judged cases of a log. Resources are never one of them.
pub fn table(
    log: &TaskLog,
    judged: &[Judged],
    options: &LatenessOptions,
    stop: &dyn Fn() -> bool,
) -> Result<Table, LatenessError> {
    let decided: Vec<(&CaseRow, &Judged)> =
        log.cases.iter().zip(judged).filter(|(_, j)| j.verdict != Verdict::NotDue).collect();
    let beyond = |j: &Judged| match j.verdict {
        Verdict::Late { beyond_us } => beyond_us.max(0),
        Verdict::InTime | Verdict::NotDue => 0,
    };
    let mut table = Table {
        late: decided.iter().map(|(_, j)| matches!(j.verdict, Verdict::Late { .. })).collect(),
        beyond_us: decided.iter().map(|(_, j)| beyond(j)).collect(),
        undecided: (log.cases.len().min(judged.len()) - decided.len()) as u64,
        persons_known: !log.resources.is_empty(),
        ..Table::default()
    };
    let people: Vec<Vec<u32>> = decided.iter().map(|(c, _)| people_of(log.tasks_of(c))).collect();
    let mut build = Build { log, options, people: &people, table: &mut table };
    let dims = [FactorKind::Org, FactorKind::Unit, FactorKind::Product, FactorKind::Channel];
    for (d, kind) in dims.into_iter().enumerate() {
        let codes: Vec<u32> =
            decided.iter().map(|(c, _)| c.dims.get(d).copied().unwrap_or(NONE)).collect();
        if codes.iter().any(|&c| c != NONE) {
            build.values(name_of(kind), kind, &log.values, &codes);
        }
    }
    for (name, values, codes) in attributes(&decided, stop)? {
        if options.never.contains(&name) {
            build.refuse(&name, FactorKind::Attribute, Refusal::NamesPerson);
        } else {
            build.values(&name, FactorKind::Attribute, &values, &codes);
        }
        if stop() {
            return Err(LatenessError::Stopped);
        }
    }
    build.arrival(&decided, judged);
    build.path(&decided, stop)?;
    Ok(table)
}

fn name_of(kind: FactorKind) -> &'static str {
    match kind {
        FactorKind::Product => "product",
        FactorKind::Channel => "channel",
        FactorKind::Unit => "unit",
        FactorKind::Org => "org",
        FactorKind::Attribute => "attribute",
        FactorKind::Load => "load",
        FactorKind::Rework => "rework",
        FactorKind::Handovers => "handovers",
        FactorKind::Activity => "activity",
        FactorKind::Weekday => "weekday",
        FactorKind::Month => "month",
    }
}

fn people_of(tasks: &[TaskRow]) -> Vec<u32> {
    let mut people: Vec<u32> = tasks.iter().map(|t| t.resource).filter(|&r| r != NONE).collect();
    people.sort_unstable();
    people.dedup();
    people
}

type AttributeColumn = (String, Interner, Vec<u32>);

/// The attributes of the cases, by name.
fn attributes(
    decided: &[(&CaseRow, &Judged)],
    stop: &dyn Fn() -> bool,
) -> Result<Vec<AttributeColumn>, LatenessError> {
    let mut columns: BTreeMap<String, (Interner, Vec<u32>)> = BTreeMap::new();
    for (place, (case, _)) in decided.iter().enumerate() {
        if place.is_multiple_of(4096) && stop() {
            return Err(LatenessError::Stopped);
        }
        let Some(text) = &case.attributes else { continue };
        let Ok(Value::Object(object)) = serde_json::from_str::<Value>(text) else { continue };
        for (name, value) in object {
            let text = match value {
                Value::String(text) => text,
                Value::Number(number) => number.to_string(),
                Value::Bool(value) => value.to_string(),
                Value::Null | Value::Array(_) | Value::Object(_) => continue,
            };
            let text = text.trim();
            if text.is_empty() {
                continue;
            }
            if !columns.contains_key(&name) && columns.len() >= MOST_ATTRIBUTES {
                continue;
            }
            let (values, codes) = columns.entry(name).or_default();
            codes.resize(place, NONE);
            codes.push(values.code(text));
        }
    }
    let whole = |(name, (values, mut codes)): (String, (Interner, Vec<u32>))| {
        codes.resize(decided.len(), NONE);
        (name, values, codes)
    };
    Ok(columns.into_iter().map(whole).collect())
}

/// A number, with a decimal point or comma.
fn number(text: &str) -> Option<f64> {
    let plain = text.replace(',', ".");
    let digits = plain.bytes().any(|b| b.is_ascii_digit())
        && plain
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+' | b'e' | b'E'));
    digits.then(|| plain.parse::<f64>().ok()).flatten().filter(|v| v.is_finite())
}

/// Whether a text begins as a date: 2012-01-31 or 31/01/2012.
fn is_date(text: &str) -> bool {
    let b = text.as_bytes();
    let digits =
        |r: std::ops::Range<usize>| b.get(r).is_some_and(|s| s.iter().all(u8::is_ascii_digit));
    let mark = |i: usize| b.get(i).is_some_and(|c| matches!(c, b'-' | b'/' | b'.'));
    (digits(0..4) && mark(4) && digits(5..7) && mark(7) && digits(8..10))
        || (digits(0..2) && mark(2) && digits(3..5) && mark(5) && digits(6..10))
}

/// Numbers cut in three parts of about as many cases.
fn thirds(values: &[Option<f64>]) -> (Vec<Level>, Vec<u16>) {
    let mut sorted: Vec<f64> = values.iter().flatten().copied().collect();
    sorted.sort_by(f64::total_cmp);
    let at = |share: usize| {
        let place = sorted.len().saturating_sub(1) * share / 3;
        sorted.get(place).copied().unwrap_or(0.0)
    };
    let (low, high) = (at(1), at(2));
    let levels =
        vec![Level::AtMost(low), Level::Between(low, high), Level::Above(high), Level::Missing];
    let code = |v: &Option<f64>| match *v {
        None => 3,
        Some(v) if v <= low => 0,
        Some(v) if v <= high => 1,
        Some(_) => 2,
    };
    (levels, values.iter().map(code).collect())
}

struct Build<'a> {
    log: &'a TaskLog,
    options: &'a LatenessOptions,
    /// Persons who worked on each judged case.
    people: &'a [Vec<u32>],
    table: &'a mut Table,
}

impl Build<'_> {
    fn refuse(&mut self, name: &str, kind: FactorKind, why: Refusal) {
        self.table.refused.push(Refused { name: name.to_owned(), kind, why });
    }

    fn add(
        &mut self,
        name: &str,
        kind: FactorKind,
        moment: Moment,
        levels: Vec<Level>,
        codes: Vec<u16>,
    ) {
        self.table.factors.push(Factor { name: name.to_owned(), kind, moment, levels, codes });
    }

    /// A column of values known at arrival.
    fn values(&mut self, name: &str, kind: FactorKind, values: &Interner, codes: &[u32]) {
        if kind == FactorKind::Attribute && names_person(name) {
            return self.refuse(name, kind, Refusal::NamesPerson);
        }
        let mut counts: FxHashMap<u32, u64> = FxHashMap::default();
        for &code in codes.iter().filter(|&&c| c != NONE) {
            *counts.entry(code).or_default() += 1;
        }
        let mut used: Vec<u32> = counts.keys().copied().collect();
        used.sort_by_key(|&c| values.name(c));
        let pseudonyms =
            used.iter().filter(|&&c| self.log.resources.get(values.name(c)).is_some()).count();
        if pseudonyms > 0 && pseudonyms * 2 >= used.len() {
            return self.refuse(name, kind, Refusal::HoldsPseudonyms);
        }
        let told: u64 = counts.values().sum();
        let dates = used.iter().filter(|&&c| is_date(values.name(c))).count();
        if dates > 0 && dates * 10 >= used.len() * 9 {
            return self.refuse(name, kind, Refusal::Dates);
        }
        if kind == FactorKind::Attribute && used.len() > 10 {
            let numbers: Option<FxHashMap<u32, f64>> =
                used.iter().map(|&c| Some((c, number(values.name(c))?))).collect();
            let frequent: u64 =
                counts.values().copied().filter(|&n| n >= self.options.min_cases).sum();
            // Codes written as figures repeat; quantities hardly do.
            let quantity = used.len() > self.options.max_levels || frequent * 5 < told * 4;
            if let Some(numbers) = numbers.filter(|_| quantity) {
                let whole = used.iter().all(|&c| !values.name(c).contains(['.', ',', 'e', 'E']));
                if whole && used.len() as u64 == told && told >= 100 {
                    return self.refuse(name, kind, Refusal::Identifier);
                }
                let values: Vec<Option<f64>> =
                    codes.iter().map(|c| numbers.get(c).copied()).collect();
                let (levels, codes) = thirds(&values);
                return self.grouped(name, kind, levels, codes);
            }
        }
        if used.len() > self.options.max_levels {
            let distinct = used.len() as u64;
            return self.refuse(name, kind, Refusal::TooManyValues { distinct });
        }
        let place: FxHashMap<u32, u16> =
            used.iter().enumerate().map(|(i, &c)| (c, i as u16)).collect();
        let mut levels: Vec<Level> =
            used.iter().map(|&c| Level::Value(values.name(c).to_owned())).collect();
        levels.push(Level::Missing);
        let missing = used.len() as u16;
        let codes = codes.iter().map(|c| place.get(c).copied().unwrap_or(missing)).collect();
        self.grouped(name, kind, levels, codes);
    }

    /// Adds a column, unless its levels are persons. Where the person tells the level, a
    /// level is a team: those of fewer persons than the law allows are put together.
    fn grouped(
        &mut self,
        name: &str,
        kind: FactorKind,
        mut levels: Vec<Level>,
        mut codes: Vec<u16>,
    ) {
        let mut by_person: FxHashMap<u32, BTreeMap<u16, u64>> = FxHashMap::default();
        for (people, &code) in self.people.iter().zip(&codes) {
            for &person in people {
                *by_person.entry(person).or_default().entry(code).or_default() += 1;
            }
        }
        let mut by_level = vec![0u64; levels.len()];
        let mut persons: Vec<FxHashSet<u32>> = vec![FxHashSet::default(); levels.len()];
        let mut told = 0u64;
        for (&person, seen) in &by_person {
            for (&code, &n) in seen {
                if let Some(sum) = by_level.get_mut(usize::from(code)) {
                    *sum += n;
                }
            }
            let Some((&own, &most)) = seen.iter().max_by_key(|&(&code, &n)| (n, code)) else {
                continue;
            };
            told += most;
            if let Some(set) = persons.get_mut(usize::from(own)) {
                set.insert(person);
            }
        }
        let all: u64 = by_level.iter().sum();
        let largest = by_level.iter().copied().max().unwrap_or(0);
        let unknown = all - largest;
        let by_team = unknown > 0 && (told - largest) as f64 >= TOLD_BY_PERSON * unknown as f64;
        if by_team {
            let team = |l: usize| {
                levels.get(l) != Some(&Level::Missing) && by_level.get(l).is_some_and(|&n| n > 0)
            };
            let size = |l: usize| persons.get(l).map_or(0, FxHashSet::len);
            let mut by_size: Vec<usize> = (0..levels.len()).filter(|&l| team(l)).collect();
            by_size.sort_by_key(|&l| (size(l), l));
            // A lone small team would be known by the rest: larger ones join until it is not.
            let (mut pooled, mut hidden) = (0, 0);
            for &level in &by_size {
                if size(level) >= self.options.min_persons
                    && (hidden == 0 || hidden >= self.options.min_persons)
                {
                    break;
                }
                pooled += 1;
                hidden += size(level);
            }
            if pooled == by_size.len() || (pooled > 0 && hidden < self.options.min_persons) {
                return self.refuse(name, kind, Refusal::TellsPersons);
            }
            if pooled > 0 {
                let small: Vec<usize> = by_size.into_iter().take(pooled).collect();
                let pool = levels.len() as u16;
                levels.push(Level::SmallTeams);
                for code in &mut codes {
                    if small.contains(&usize::from(*code)) {
                        *code = pool;
                    }
                }
            }
        }
        self.add(name, kind, Moment::AtArrival, levels, codes);
    }

    /// Load, month and weekday at arrival.
    fn arrival(&mut self, decided: &[(&CaseRow, &Judged)], judged: &[Judged]) {
        let mut opened: Vec<i64> = judged.iter().map(|j| j.arrived).collect();
        let mut closed: Vec<i64> = judged.iter().filter_map(|j| j.closed).collect();
        opened.sort_unstable();
        closed.sort_unstable();
        let before = |list: &[i64], at: i64| list.partition_point(|&t| t < at);
        let load: Vec<Option<f64>> = decided
            .iter()
            .map(|(_, j)| {
                let open = before(&opened, j.arrived).saturating_sub(before(&closed, j.arrived));
                Some(open as f64)
            })
            .collect();
        let (levels, codes) = thirds(&load);
        self.add("load", FactorKind::Load, Moment::AtArrival, levels, codes);
        let dates: Vec<jiff::civil::Date> = decided
            .iter()
            .map(|(c, j)| {
                // A civil day is never shifted by a zone.
                let day = self.log.tasks_of(c).first().is_some_and(|t| t.day);
                match day {
                    true => date_of(i32::try_from(j.arrived.div_euclid(DAY_US)).unwrap_or(0)),
                    false => self.options.zone.day_of(j.arrived),
                }
            })
            .collect();
        let months = (1..=12).map(Level::Month).collect();
        let month = |d: &jiff::civil::Date| u16::from(d.month().unsigned_abs()).saturating_sub(1);
        self.add(
            "month",
            FactorKind::Month,
            Moment::AtArrival,
            months,
            dates.iter().map(month).collect(),
        );
        let weekdays = (1..=7).map(Level::Weekday).collect();
        let weekday =
            |d: &jiff::civil::Date| u16::from(d.weekday().to_monday_zero_offset().unsigned_abs());
        self.add(
            "weekday",
            FactorKind::Weekday,
            Moment::AtArrival,
            weekdays,
            dates.iter().map(weekday).collect(),
        );
    }

    /// What happened on the way, before the case was due.
    fn path(
        &mut self,
        decided: &[(&CaseRow, &Judged)],
        stop: &dyn Fn() -> bool,
    ) -> Result<(), LatenessError> {
        let wide = self.log.activities.len();
        let mut done: Vec<Vec<u32>> = Vec::with_capacity(decided.len());
        let mut rework = Vec::with_capacity(decided.len());
        let mut hands = Vec::with_capacity(decided.len());
        let mut having = vec![0u64; wide];
        let mut named = false;
        for (place, (case, j)) in decided.iter().enumerate() {
            if place.is_multiple_of(4096) && stop() {
                return Err(LatenessError::Stopped);
            }
            let in_time = |t: &&TaskRow| j.due.is_none_or(|due| t.start <= due);
            let mut own = Vec::new();
            let (mut changes, mut before) = (0u32, NONE);
            for task in self.log.tasks_of(case).iter().filter(in_time) {
                own.push(task.activity);
                if task.resource != NONE {
                    named = true;
                    changes += u32::from(before != NONE && before != task.resource);
                    before = task.resource;
                }
            }
            let tasks = own.len();
            own.sort_unstable();
            own.dedup();
            rework.push(u16::from(own.len() < tasks));
            for &a in &own {
                if let Some(count) = having.get_mut(a as usize) {
                    *count += 1;
                }
            }
            done.push(own);
            hands.push(match changes {
                0 => 0,
                1 => 1,
                2 => 2,
                3..=4 => 3,
                _ => 4,
            });
        }
        let yes_no = || vec![Level::No, Level::Yes];
        self.add("rework", FactorKind::Rework, Moment::OnTheWay, yes_no(), rework);
        if named {
            let times = [(0, Some(0)), (1, Some(1)), (2, Some(2)), (3, Some(4)), (5, None)];
            let levels = times.map(|(a, b)| Level::Times(a, b)).to_vec();
            self.add("handovers", FactorKind::Handovers, Moment::OnTheWay, levels, hands);
        } else {
            self.refuse("handovers", FactorKind::Handovers, Refusal::NoResources);
        }
        // The activities that part the cases most evenly have most to say, whoever is late.
        let all = decided.len() as u64;
        let least = |a: usize| having.get(a).map_or(0, |&n| n.min(all.saturating_sub(n)));
        let mut order: Vec<usize> =
            (0..wide).filter(|&a| least(a) >= self.options.min_cases).collect();
        order.sort_by(|&a, &b| {
            let name = |c: usize| self.log.activities.name(c as u32);
            least(b).cmp(&least(a)).then_with(|| name(a).cmp(name(b)))
        });
        for (rank, &activity) in order.iter().enumerate() {
            let name = self.log.activities.name(activity as u32).to_owned();
            if rank >= self.options.max_activities {
                self.refuse(&name, FactorKind::Activity, Refusal::BeyondLimit);
                continue;
            }
            let code = |own: &Vec<u32>| u16::from(own.binary_search(&(activity as u32)).is_ok());
            let codes = done.iter().map(code).collect();
            self.add(&name, FactorKind::Activity, Moment::OnTheWay, yes_no(), codes);
        }
        Ok(())
    }
}
