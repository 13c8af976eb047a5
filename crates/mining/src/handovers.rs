//! Hand-overs: who passes the case to whom, who works on the same cases, who checks whom.
//!
//! - Computes: the matrix of hand-overs between teams (or people, when the caller may ask) with
//!   what waits at each; parties that share cases; cases where two activities that must be done
//!   by two people were done by one; hand-overs per case; cases passed to and fro.
//! - Units: counts; seconds of calendar and of worked time.
//! - Shapes: a log in, [`HandOvers`] out, most frequent first, ties by name.
//! - Errors: none; what cannot be known is `None` with its reason.
//! - Source: van der Aalst, Reijers and Song, "Discovering social networks from event logs"
//!   (2005); by resource equal to pm4py on public logs.

use std::collections::BTreeMap;

use eclusier_calendar::WorkClock;
use eclusier_core::Rate;
use eclusier_eventlog::{Columns, EventBatch, Interner, Kernel, intern::NONE};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use crate::{
    rework::{PingPong, merge_pings, ping_pong, rate},
    rows::Rows,
    stats,
    steps::{self, Names, PingSum, Step, listed, moved},
    unknown::Unknown,
};

/// People on one case beyond which who works with whom is not told: pairs grow as the square.
const WIDEST_CASE: usize = 1000;

/// Between whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// Units: the teams.
    #[default]
    Unit,
    /// Pseudonyms, one by one: only behind the gate of the law, which the caller checks.
    Resource,
}

/// Kernel of the hand-overs.
#[derive(Debug, Clone, Default)]
pub struct HandOverKernel {
    /// Reading of the log.
    pub rows: Rows,
    /// Between whom.
    pub by: By,
    /// Clock of the worked waits; `None` leaves them out.
    pub clock: Option<WorkClock>,
    /// Pairs of activities that two different people must do; the same name twice asks for two
    /// people on its first and later times.
    pub segregation: Vec<(String, String)>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct EdgeSum {
    cases: u64,
    waits: Vec<i64>,
    worked: Vec<i64>,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct PartySum {
    steps: u64,
    cases: u64,
    kept: u64,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct PairSum {
    same: u64,
    told: u64,
    unknown: u64,
}

/// What some partitions say of the hand-overs.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct HandOverPartial {
    names: Names,
    #[serde(with = "listed")]
    edges: FxHashMap<(u32, u32), EdgeSum>,
    #[serde(with = "listed")]
    together: FxHashMap<(u32, u32), u64>,
    #[serde(with = "listed")]
    ping: FxHashMap<(u32, u32), PingSum>,
    parties: Vec<PartySum>,
    /// Units and their pseudonyms, [`NONE`] for a step that names nobody.
    people: FxHashSet<(u32, u32)>,
    per_case: BTreeMap<u64, u64>,
    pairs: Vec<PairSum>,
    cases: u64,
    steps: u64,
    known: u64,
    with_resource: u64,
    broken: u64,
    wide: u64,
}

/// The hand-overs of a log.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HandOvers {
    /// Between whom.
    pub by: By,
    /// Why there is nothing to say.
    pub unknown: Option<Unknown>,
    /// Cases.
    pub cases: u64,
    /// Steps whose team (or person) is known, among all.
    pub known_steps: Rate,
    /// Neighbouring steps that could not be compared: one of the two is not known.
    pub pairs_unknown: u64,
    /// Hand-overs: neighbouring steps done by two parties.
    pub hand_overs: u64,
    /// From whom to whom, most frequent first.
    pub matrix: Vec<HandOver>,
    /// The parties, busiest first.
    pub parties: Vec<Party>,
    /// Teams and how many people each shows: fewer than five are masked by the caller.
    pub teams: Vec<Team>,
    /// Parties that worked on the same cases, most cases first.
    pub together: Vec<Together>,
    /// Cases left out of `together`: more than a thousand parties each.
    pub cases_too_wide: u64,
    /// Cases by number of hand-overs, fewest first; cases where nobody is known are left out.
    pub per_case: Vec<CasesByHandOvers>,
    /// Mean hand-overs per case.
    pub mean_per_case: Option<f64>,
    /// Parties that pass a case to and fro.
    pub ping_pong: Vec<PingPong>,
    /// The pairs asked for, in their order. No one is named.
    pub segregation: Vec<Segregation>,
}

/// One cell of the matrix.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HandOver {
    /// Who hands over.
    pub from: String,
    /// Who takes over.
    pub to: String,
    /// Times.
    pub count: u64,
    /// Cases.
    pub cases: u64,
    /// Median wait between the two steps, calendar time; overlapping steps waited 0.
    pub median_wait_s: f64,
    /// Sum of the waits, calendar time.
    pub total_wait_s: f64,
    /// Median wait in worked time; `None` without clock or from days only.
    pub median_worked_wait_s: Option<f64>,
    /// Sum of the waits in worked time.
    pub total_worked_wait_s: Option<f64>,
}

/// A team, or a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Party {
    /// Name or pseudonym.
    pub name: String,
    /// Steps.
    pub steps: u64,
    /// Cases.
    pub cases: u64,
    /// Times the next step stayed with it.
    pub kept: u64,
}

/// A team and its people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Team {
    /// Unit.
    pub name: String,
    /// Distinct pseudonyms; `None` when its steps name nobody.
    pub people: Option<u64>,
}

/// Parties that worked on the same cases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Together {
    /// First by name.
    pub first: String,
    /// The other.
    pub second: String,
    /// Cases.
    pub cases: u64,
}

/// Cases with so many hand-overs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CasesByHandOvers {
    /// Hand-overs.
    pub hand_overs: u64,
    /// Cases.
    pub cases: u64,
}

/// Two activities that two people must do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Segregation {
    /// One activity.
    pub first: String,
    /// The other.
    pub second: String,
    /// Cases where one person did both, among the cases where it can be told.
    pub same_person: Rate,
    /// Cases with both activities where a missing pseudonym hides the answer.
    pub cases_unknown: u64,
}

/// Work area of one fold.
#[derive(Default)]
struct Scratch {
    pairs: Vec<(u32, u32)>,
    parties: Vec<u32>,
    line: Vec<u32>,
    first: Vec<u32>,
    second: Vec<u32>,
}

impl HandOverKernel {
    fn party(&self, step: &Step) -> u32 {
        match self.by {
            By::Unit => step.unit,
            By::Resource => step.resource,
        }
    }

    fn party_names<'a>(&self, names: &'a Names) -> &'a Interner {
        match self.by {
            By::Unit => &names.values,
            By::Resource => &names.resources,
        }
    }

    fn add_case(&self, partial: &mut HandOverPartial, case: &[Step], s: &mut Scratch) {
        partial.cases += 1;
        partial.steps += case.len() as u64;
        s.parties.clear();
        for step in case {
            let party = self.party(step);
            partial.with_resource += u64::from(step.resource != NONE);
            if step.unit != NONE {
                partial.people.insert((step.unit, step.resource));
            }
            if party == NONE {
                continue;
            }
            partial.known += 1;
            let code = party as usize;
            if partial.parties.len() <= code {
                partial.parties.resize_with(code + 1, PartySum::default);
            }
            if let Some(sum) = partial.parties.get_mut(code) {
                sum.steps += 1;
            }
            s.parties.push(party);
        }
        s.parties.sort_unstable();
        s.parties.dedup();
        for &party in &s.parties {
            if let Some(sum) = partial.parties.get_mut(party as usize) {
                sum.cases += 1;
            }
        }
        if s.parties.len() > WIDEST_CASE {
            partial.wide += 1;
        } else {
            for (i, &a) in s.parties.iter().enumerate() {
                for &b in s.parties.iter().skip(i + 1) {
                    *partial.together.entry((a, b)).or_default() += 1;
                }
            }
        }
        let mut hand_overs = 0u64;
        s.pairs.clear();
        for (before, after) in case.iter().zip(case.iter().skip(1)) {
            let (from, to) = (self.party(before), self.party(after));
            if from == NONE || to == NONE {
                partial.broken += 1;
            } else if from == to {
                if let Some(sum) = partial.parties.get_mut(from as usize) {
                    sum.kept += 1;
                }
            } else {
                hand_overs += 1;
                s.pairs.push((from, to));
                let edge = partial.edges.entry((from, to)).or_default();
                edge.waits.push(after.start.saturating_sub(before.end).max(0));
                if let Some(clock) = self.clock.as_ref().filter(|_| !before.day && !after.day) {
                    edge.worked.push(clock.between(before.end, after.start));
                }
            }
        }
        s.pairs.sort_unstable();
        s.pairs.dedup();
        for pair in &s.pairs {
            partial.edges.entry(*pair).or_default().cases += 1;
        }
        if !s.parties.is_empty() {
            *partial.per_case.entry(hand_overs).or_default() += 1;
        }
        steps::merged(case.iter().map(|step| self.party(step)), &mut s.line);
        steps::alternations(&s.line, &mut s.pairs, &mut partial.ping);
    }

    /// Whether one person did both activities of each pair.
    fn segregate(
        &self,
        codes: &[(u32, u32)],
        sums: &mut Vec<PairSum>,
        case: &[Step],
        s: &mut Scratch,
    ) {
        sums.resize_with(codes.len(), PairSum::default);
        for (&(a, b), sum) in codes.iter().zip(sums) {
            if a == NONE || b == NONE {
                continue;
            }
            let mut hidden = false;
            for (list, code) in [(&mut s.first, a), (&mut s.second, b)] {
                list.clear();
                list.extend(case.iter().filter(|t| t.activity == code).map(|t| t.resource));
                hidden |= list.contains(&NONE);
                list.retain(|&r| r != NONE);
                list.sort_unstable();
            }
            let count = |code: u32| case.iter().filter(|t| t.activity == code).take(2).count();
            let both = if a == b { count(a) > 1 } else { count(a) > 0 && count(b) > 0 };
            if !both {
                continue;
            }
            let same = match a == b {
                true => s.first.windows(2).any(|w| w.first() == w.last()),
                false => s.first.iter().any(|r| s.second.binary_search(r).is_ok()),
            };
            // One name seen on both sides settles it, whatever is missing beside.
            if same || !hidden {
                sum.told += 1;
                sum.same += u64::from(same);
            } else {
                sum.unknown += 1;
            }
        }
    }
}

impl Kernel for HandOverKernel {
    type Partial = HandOverPartial;
    type Output = HandOvers;

    fn columns(&self) -> Columns {
        steps::columns()
    }

    fn fold(&self, partial: &mut HandOverPartial, batch: &EventBatch) {
        let mut names = std::mem::take(&mut partial.names);
        let mut scratch = Scratch::default();
        let mut codes: Option<Vec<(u32, u32)>> = None;
        steps::each_case(self.rows, batch, &mut names, |names, case| {
            let codes = codes.get_or_insert_with(|| {
                let code = |name: &str| names.activities.get(name).unwrap_or(NONE);
                self.segregation.iter().map(|(a, b)| (code(a), code(b))).collect()
            });
            self.add_case(partial, case, &mut scratch);
            self.segregate(codes, &mut partial.pairs, case, &mut scratch);
        });
        partial.names = names;
    }

    fn merge(&self, into: &mut HandOverPartial, other: HandOverPartial) {
        let codes = into.names.absorb(&other.names);
        let parties = match self.by {
            By::Unit => &codes.values,
            By::Resource => &codes.resources,
        };
        for ((a, b), from) in other.edges {
            let edge = into.edges.entry((moved(parties, a), moved(parties, b))).or_default();
            edge.cases += from.cases;
            edge.waits.extend(from.waits);
            edge.worked.extend(from.worked);
        }
        for ((a, b), cases) in other.together {
            let (a, b) = (moved(parties, a), moved(parties, b));
            *into.together.entry((a.min(b), a.max(b))).or_default() += cases;
        }
        merge_pings(&mut into.ping, other.ping, parties);
        let most = parties.iter().map(|&c| c as usize + 1).max().unwrap_or(0);
        into.parties.resize_with(into.parties.len().max(most), PartySum::default);
        for (from, &to) in other.parties.into_iter().zip(parties) {
            if let Some(sum) = into.parties.get_mut(to as usize) {
                sum.steps += from.steps;
                sum.cases += from.cases;
                sum.kept += from.kept;
            }
        }
        let people = other.people.into_iter();
        into.people.extend(
            people.map(|(unit, who)| (moved(&codes.values, unit), moved(&codes.resources, who))),
        );
        for (hand_overs, cases) in other.per_case {
            *into.per_case.entry(hand_overs).or_default() += cases;
        }
        into.pairs.resize_with(self.segregation.len(), PairSum::default);
        for (sum, from) in into.pairs.iter_mut().zip(other.pairs) {
            sum.same += from.same;
            sum.told += from.told;
            sum.unknown += from.unknown;
        }
        into.cases += other.cases;
        into.steps += other.steps;
        into.known += other.known;
        into.with_resource += other.with_resource;
        into.broken += other.broken;
        into.wide += other.wide;
    }

    fn finish(&self, mut partial: HandOverPartial) -> HandOvers {
        let edges = std::mem::take(&mut partial.edges);
        let names = self.party_names(&partial.names);
        let mut matrix: Vec<HandOver> = edges
            .into_iter()
            .map(|((a, b), sum)| hand_over(names.name(a), names.name(b), sum))
            .collect();
        matrix.sort_by(|a, b| {
            b.count.cmp(&a.count).then_with(|| (&a.from, &a.to).cmp(&(&b.from, &b.to)))
        });
        let mut parties: Vec<Party> = partial
            .parties
            .iter()
            .zip(names.names())
            .filter(|(sum, _)| sum.steps > 0)
            .map(|(sum, name)| Party {
                name: name.clone(),
                steps: sum.steps,
                cases: sum.cases,
                kept: sum.kept,
            })
            .collect();
        parties.sort_by(|a, b| b.steps.cmp(&a.steps).then_with(|| a.name.cmp(&b.name)));
        let mut together: Vec<Together> = partial
            .together
            .iter()
            .map(|(&(a, b), &cases)| {
                let (a, b) = (names.name(a), names.name(b));
                Together { first: a.min(b).to_owned(), second: a.max(b).to_owned(), cases }
            })
            .collect();
        together.sort_by(|a, b| {
            b.cases.cmp(&a.cases).then_with(|| (&a.first, &a.second).cmp(&(&b.first, &b.second)))
        });
        let told: u64 = partial.per_case.values().sum();
        let hand_overs: u64 = partial.per_case.iter().map(|(n, cases)| n * cases).sum();
        let unknown = match (partial.cases, partial.known, self.by) {
            (0, _, _) => Some(Unknown::NothingToMeasure),
            (_, 0, By::Unit) => Some(Unknown::NoUnits),
            (_, 0, By::Resource) => Some(Unknown::NoResources),
            _ => None,
        };
        let sums = partial.pairs.iter().copied().chain(std::iter::repeat(PairSum::default()));
        HandOvers {
            by: self.by,
            unknown,
            cases: partial.cases,
            known_steps: rate(partial.known, partial.steps),
            pairs_unknown: partial.broken,
            hand_overs,
            matrix,
            parties,
            teams: teams(&partial),
            together,
            cases_too_wide: partial.wide,
            per_case: partial
                .per_case
                .iter()
                .map(|(&hand_overs, &cases)| CasesByHandOvers { hand_overs, cases })
                .collect(),
            mean_per_case: (told > 0).then(|| hand_overs as f64 / told as f64),
            ping_pong: ping_pong(&partial.ping, names),
            segregation: self
                .segregation
                .iter()
                .zip(sums)
                .map(|((first, second), sum)| Segregation {
                    first: first.clone(),
                    second: second.clone(),
                    same_person: rate(sum.same, sum.told),
                    cases_unknown: sum.unknown,
                })
                .collect(),
        }
    }
}

const SECOND_US: f64 = 1e6;

fn hand_over(from: &str, to: &str, mut sum: EdgeSum) -> HandOver {
    let total =
        |waits: &[i64]| waits.iter().map(|&w| i128::from(w)).sum::<i128>() as f64 / SECOND_US;
    let worked = !sum.worked.is_empty();
    HandOver {
        from: from.to_owned(),
        to: to.to_owned(),
        count: sum.waits.len() as u64,
        cases: sum.cases,
        total_wait_s: total(&sum.waits),
        total_worked_wait_s: worked.then(|| total(&sum.worked)),
        median_wait_s: stats::quantile(&mut sum.waits, 0.5).unwrap_or(0.0) / SECOND_US,
        median_worked_wait_s: stats::quantile(&mut sum.worked, 0.5).map(|us| us / SECOND_US),
    }
}

/// Teams by name, with the people each shows.
fn teams(partial: &HandOverPartial) -> Vec<Team> {
    let mut people: FxHashMap<u32, u64> = FxHashMap::default();
    for &(unit, who) in &partial.people {
        *people.entry(unit).or_default() += u64::from(who != NONE);
    }
    let mut teams: Vec<Team> = people
        .into_iter()
        .map(|(unit, people)| Team {
            name: partial.names.values.name(unit).to_owned(),
            people: (people > 0).then_some(people),
        })
        .collect();
    teams.sort_by(|a, b| a.name.cmp(&b.name));
    teams
}
