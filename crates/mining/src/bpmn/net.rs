//! What a diagram means: the net of a process.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashSet;

use super::{Diagram, Kind};
use crate::model::{PetriNet, Transition};

/// Ways an inclusive gateway may have: each set of ways is a silent transition.
const MAX_INCLUSIVE: usize = 8;
/// Markings looked at to learn how cases end.
const MAX_MARKINGS: usize = 20_000;

/// Why a diagram is no net.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetError {
    /// Nothing starts.
    #[error("no event or task where a case can start")]
    NoStart,
    /// Nothing ends.
    #[error("no event or task where a case can end")]
    NoEnd,
    /// The ways of an inclusive gateway do not meet again in one inclusive gateway, and
    /// nothing else.
    #[error("the ways of inclusive gateway {id} do not meet again in one inclusive gateway")]
    Inclusive {
        /// Identifier.
        id: String,
    },
    /// Too many ways to list their sets.
    #[error("inclusive gateway {id} has {ways} ways, {limit} at most are read")]
    TooManyWays {
        /// Identifier.
        id: String,
        /// Its ways.
        ways: usize,
        /// Allowed.
        limit: usize,
    },
    /// Cases end with several tokens, not always the same ones.
    #[error("parallel ways reach different ends of the process: no single end can be told")]
    Ends,
}

impl Diagram {
    /// The accepting net of the process: one transition for each named task, few silent ones.
    ///
    /// - Exclusive and event-based gateways let one way through, parallel ones all.
    /// - A task or event with several ways in waits for one; with several ways out takes all.
    /// - An inclusive gateway that splits must meet its ways again in one inclusive gateway;
    ///   one that only joins is exclusive when nothing before it runs in parallel.
    /// - Several starts are alternatives. Several ends are one place, unless the process always
    ///   ends with the same several tokens: then all of them end the case. A process with more
    ///   than 20,000 states is taken to end with one.
    /// - Nodes that no way from a start reaches are left out.
    pub fn to_net(&self) -> Result<PetriNet, NetError> {
        let mut draft = Draft::of(self)?;
        draft.nodes()?;
        draft.finish()
    }

    /// Nodes that no way from a start reaches.
    pub(super) fn unreached(&self) -> Vec<usize> {
        let mut entries = vec![0usize; self.nodes.len()];
        let mut out: Vec<Vec<usize>> = vec![Vec::new(); self.nodes.len()];
        for f in &self.flows {
            if let Some(n) = entries.get_mut(f.target) {
                *n += 1;
            }
            if let Some(list) = out.get_mut(f.source) {
                list.push(f.target);
            }
        }
        let starts = self.starts(&entries);
        let seen = reach(&out, starts, None);
        (0..self.nodes.len()).filter(|n| !seen.contains(n)).collect()
    }

    /// Start events; without any, every node that nothing enters.
    fn starts(&self, entries: &[usize]) -> Vec<usize> {
        let all = |f: &dyn Fn(usize, Kind) -> bool| {
            let nodes = self.nodes.iter().enumerate();
            nodes.filter(|(i, n)| f(*i, n.kind)).map(|(i, _)| i).collect::<Vec<_>>()
        };
        let told = all(&|_, kind| kind == Kind::Start);
        if told.is_empty() { all(&|i, _| entries.get(i) == Some(&0)) } else { told }
    }
}

fn reach(out: &[Vec<usize>], from: Vec<usize>, stop: Option<usize>) -> BTreeSet<usize> {
    let mut seen: BTreeSet<usize> = from.iter().copied().filter(|a| Some(*a) != stop).collect();
    let mut queue: Vec<usize> = seen.iter().copied().collect();
    while let Some(a) = queue.pop() {
        for &b in out.get(a).into_iter().flatten() {
            if Some(b) != stop && seen.insert(b) {
                queue.push(b);
            }
        }
    }
    seen
}

struct Draft<'a> {
    diagram: &'a Diagram,
    /// Flows of each node.
    incoming: Vec<Vec<usize>>,
    outgoing: Vec<Vec<usize>>,
    next: Vec<Vec<usize>>,
    reached: BTreeSet<usize>,
    starts: Vec<usize>,
    /// Place of each flow is its number; then the start, then the others.
    places: Vec<String>,
    transitions: Vec<Transition>,
    ends: Vec<u32>,
}

impl<'a> Draft<'a> {
    fn of(diagram: &'a Diagram) -> Result<Self, NetError> {
        let n = diagram.nodes.len();
        let mut incoming = vec![Vec::new(); n];
        let mut outgoing = vec![Vec::new(); n];
        let mut next = vec![Vec::new(); n];
        for (f, flow) in diagram.flows.iter().enumerate() {
            if let (true, Some(list)) = (flow.source < n, incoming.get_mut(flow.target)) {
                list.push(f);
                if let Some(list) = outgoing.get_mut(flow.source) {
                    list.push(f);
                }
                if let Some(list) = next.get_mut(flow.source) {
                    list.push(flow.target);
                }
            }
        }
        let entries: Vec<usize> = incoming.iter().map(Vec::len).collect();
        let starts = diagram.starts(&entries);
        if starts.is_empty() {
            return Err(NetError::NoStart);
        }
        let reached = reach(&next, starts.clone(), None);
        // Ways out of what is never reached bring no token.
        for list in &mut incoming {
            list.retain(|&f| diagram.flows.get(f).is_some_and(|f| reached.contains(&f.source)));
        }
        let mut places: Vec<String> = diagram.flows.iter().map(|f| f.id.clone()).collect();
        places.push("start".to_owned());
        Ok(Self {
            diagram,
            incoming,
            outgoing,
            next,
            reached,
            starts,
            places,
            transitions: Vec::new(),
            ends: Vec::new(),
        })
    }

    fn place(&mut self, name: String) -> u32 {
        self.places.push(name);
        (self.places.len() - 1) as u32
    }

    fn step(&mut self, label: Option<&str>, inputs: &[u32], outputs: &[u32]) {
        let sorted = |p: &[u32]| {
            let mut p = p.to_vec();
            p.sort_unstable();
            p.dedup();
            p
        };
        let kind = if label.is_some() { "t" } else { "tau" };
        self.transitions.push(Transition {
            name: format!("{kind}{}", self.transitions.len()),
            label: label.map(str::to_owned),
            inputs: sorted(inputs),
            outputs: sorted(outputs),
        });
    }

    fn nodes(&mut self) -> Result<(), NetError> {
        let start = self.diagram.flows.len() as u32;
        let diagram = self.diagram;
        let told = diagram.nodes.iter().any(|n| n.kind == Kind::Start);
        for (i, node) in diagram.nodes.iter().enumerate() {
            if !self.reached.contains(&i) {
                continue;
            }
            let flows = |list: &[Vec<usize>]| -> Vec<u32> {
                list.get(i).into_iter().flatten().map(|&f| f as u32).collect()
            };
            let (mut ins, mut outs) = (flows(&self.incoming), flows(&self.outgoing));
            if node.kind == Kind::Start || (!told && self.starts.contains(&i)) {
                ins.push(start);
            }
            if outs.is_empty() {
                let end = self.place(format!("end_{}", node.id));
                self.ends.push(end);
                outs.push(end);
            }
            match node.kind {
                Kind::Start | Kind::End | Kind::Event | Kind::Task(_) => {
                    let label = match node.kind {
                        Kind::Task(_) => node.name.as_deref().filter(|n| !n.is_empty()),
                        _ => None,
                    };
                    let from = self.merged(&node.id, &ins);
                    self.step(label, &[from], &outs);
                }
                Kind::Exclusive | Kind::EventBased => self.exclusive(&node.id, &ins, &outs),
                Kind::Parallel => self.step(None, &ins, &outs),
                Kind::Inclusive => self.inclusive(i, &ins, &outs)?,
            }
        }
        if self.ends.is_empty() {
            return Err(NetError::NoEnd);
        }
        Ok(())
    }

    /// One place that any of the ways leads to.
    fn merged(&mut self, id: &str, ins: &[u32]) -> u32 {
        if let &[only] = ins {
            return only;
        }
        let place = self.place(format!("in_{id}"));
        for &from in ins {
            self.step(None, &[from], &[place]);
        }
        place
    }

    fn exclusive(&mut self, id: &str, ins: &[u32], outs: &[u32]) {
        let from = self.merged(id, ins);
        for &to in outs {
            self.step(None, &[from], &[to]);
        }
    }

    fn inclusive(&mut self, node: usize, ins: &[u32], outs: &[u32]) -> Result<(), NetError> {
        let id = self.diagram.nodes.get(node).map_or("", |n| n.id.as_str());
        if outs.len() > 1 {
            let ways = outs.len();
            if ways > MAX_INCLUSIVE {
                let limit = MAX_INCLUSIVE;
                return Err(NetError::TooManyWays { id: id.to_owned(), ways, limit });
            }
            let Some((join, arrivals)) = self.partner(node) else {
                return Err(NetError::Inclusive { id: id.to_owned() });
            };
            let from = self.merged(id, ins);
            // Each way brings one token to its own place before the join: through the way, or
            // past it.
            let done: Vec<u32> = (0..ways).map(|w| self.place(format!("{id}_way_{w}"))).collect();
            for set in 1..1usize << ways {
                let taken = outs.iter().zip(&done).enumerate();
                let to: Vec<u32> = taken
                    .map(|(w, (&out, &past))| if set >> w & 1 == 1 { out } else { past })
                    .collect();
                self.step(None, &[from], &to);
            }
            for (way, flows) in arrivals.iter().enumerate() {
                for &f in flows {
                    if let Some(&past) = done.get(way) {
                        self.step(None, &[f as u32], &[past]);
                    }
                }
            }
            let outs: Vec<u32> =
                self.outgoing.get(join).into_iter().flatten().map(|&f| f as u32).collect();
            let id = self.diagram.nodes.get(join).map_or("", |n| n.id.as_str()).to_owned();
            let to = match outs.as_slice() {
                &[only] => only,
                _ => {
                    let end = self.place(format!("end_{id}"));
                    self.ends.push(end);
                    end
                }
            };
            self.step(None, &done, &[to]);
            return Ok(());
        }
        if ins.len() < 2 {
            self.exclusive(id, ins, outs);
            return Ok(());
        }
        // A join: drawn with its split when it has one.
        let splits: Vec<usize> = (0..self.diagram.nodes.len())
            .filter(|&s| self.splits(s) && self.partner(s).is_some_and(|(j, _)| j == node))
            .collect();
        match splits.len() {
            1 => {
                // Its end, if it is one, was made with the split.
                if self.outgoing.get(node).is_some_and(Vec::is_empty) {
                    self.ends.pop();
                }
                Ok(())
            }
            0 if !self.runs_parallel() => {
                self.exclusive(id, ins, outs);
                Ok(())
            }
            _ => Err(NetError::Inclusive { id: id.to_owned() }),
        }
    }

    fn splits(&self, node: usize) -> bool {
        self.reached.contains(&node)
            && self.diagram.nodes.get(node).is_some_and(|n| n.kind == Kind::Inclusive)
            && self.outgoing.get(node).is_some_and(|o| o.len() > 1)
    }

    /// Whether anything reached sends more than one token on.
    fn runs_parallel(&self) -> bool {
        self.reached.iter().any(|&i| {
            let several = self.outgoing.get(i).is_some_and(|o| o.len() > 1);
            let kind = self.diagram.nodes.get(i).map(|n| n.kind);
            several && !matches!(kind, Some(Kind::Exclusive | Kind::EventBased))
        })
    }

    /// The inclusive gateway in which all ways of a split meet, and the flows by which each
    /// way arrives there. Ways must not touch one another, end, or be entered from outside.
    fn partner(&self, split: usize) -> Option<(usize, Vec<Vec<usize>>)> {
        let outs = self.outgoing.get(split)?;
        let target = |f: usize| self.diagram.flows.get(f).map_or(usize::MAX, |f| f.target);
        let source = |f: usize| self.diagram.flows.get(f).map_or(usize::MAX, |f| f.source);
        let candidates = self.reached.iter().copied().filter(|&j| {
            j != split
                && self.diagram.nodes.get(j).is_some_and(|n| n.kind == Kind::Inclusive)
                && self.incoming.get(j).is_some_and(|i| i.len() >= outs.len())
                && self.outgoing.get(j).is_some_and(|o| o.len() <= 1)
        });
        'next: for join in candidates {
            let mut owner: BTreeMap<usize, usize> = BTreeMap::new();
            let mut arrivals = vec![Vec::new(); outs.len()];
            for (way, &f) in outs.iter().enumerate() {
                let first = target(f);
                if first == join {
                    arrivals.get_mut(way)?.push(f);
                    continue;
                }
                let region = reach(&self.next, vec![first], Some(join));
                for &node in &region {
                    let ends = self.outgoing.get(node).is_none_or(Vec::is_empty);
                    if node == split || ends || owner.insert(node, way).is_some() {
                        continue 'next;
                    }
                }
                for &node in &region {
                    for &g in self.incoming.get(node).into_iter().flatten() {
                        if g != f && !region.contains(&source(g)) {
                            continue 'next;
                        }
                    }
                    for &g in self.outgoing.get(node).into_iter().flatten() {
                        if target(g) == join {
                            arrivals.get_mut(way)?.push(g);
                        }
                    }
                }
            }
            let arrived: usize = arrivals.iter().map(Vec::len).sum();
            let all = self.incoming.get(join).map_or(0, Vec::len);
            if arrived == all && arrivals.iter().all(|a| !a.is_empty()) {
                return Some((join, arrivals));
            }
        }
        None
    }

    /// The net, its ends told.
    fn finish(mut self) -> Result<PetriNet, NetError> {
        let start = self.diagram.flows.len() as u32;
        let net = |places: &[String], transitions: &[Transition], end| PetriNet {
            places: places.to_vec(),
            transitions: transitions.to_vec(),
            initial: vec![(start, 1)],
            end,
        };
        if self.runs_parallel() {
            let all = self.ends.iter().map(|&p| (p, 1)).collect();
            let open = net(&self.places, &self.transitions, all).reduced();
            if let Some(last) = last_markings(&open) {
                let ends: BTreeSet<u32> = open.end.iter().map(|e| e.0).collect();
                let only_ends = |m: &Vec<u32>| m.iter().all(|p| ends.contains(p));
                let proper: Vec<&Vec<u32>> = last.iter().filter(|m| only_ends(m)).collect();
                if !proper.iter().all(|m| m.len() == 1) {
                    let &[marking] = proper.as_slice() else { return Err(NetError::Ends) };
                    let mut end: BTreeMap<u32, u32> = BTreeMap::new();
                    for &p in marking {
                        *end.entry(p).or_default() += 1;
                    }
                    return Ok(PetriNet { end: end.into_iter().collect(), ..open });
                }
            }
        }
        let sink = self.place("end".to_owned());
        for end in std::mem::take(&mut self.ends) {
            self.step(None, &[end], &[sink]);
        }
        Ok(net(&self.places, &self.transitions, vec![(sink, 1)]).reduced())
    }
}

/// The markings from which nothing can happen, places repeated by token; `None` when there are
/// too many markings to look at.
fn last_markings(net: &PetriNet) -> Option<BTreeSet<Vec<u32>>> {
    let mut takers: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (t, step) in net.transitions.iter().enumerate() {
        step.inputs.iter().for_each(|&p| takers.entry(p).or_default().push(t));
    }
    let first: Vec<u32> =
        net.initial.iter().flat_map(|&(p, n)| std::iter::repeat_n(p, n as usize)).collect();
    let mut seen: FxHashSet<Vec<u32>> = [first.clone()].into_iter().collect();
    let mut queue = vec![first];
    let mut last = BTreeSet::new();
    while let Some(marking) = queue.pop() {
        if seen.len() > MAX_MARKINGS || marking.len() > 1_000 {
            return None;
        }
        let mut steps: Vec<usize> =
            marking.iter().filter_map(|p| takers.get(p)).flatten().copied().collect();
        steps.sort_unstable();
        steps.dedup();
        let mut stuck = true;
        for step in steps.into_iter().filter_map(|t| net.transitions.get(t)) {
            let mut next = marking.clone();
            let fires = step.inputs.iter().all(|p| match next.binary_search(p) {
                Ok(at) => {
                    next.remove(at);
                    true
                }
                Err(_) => false,
            });
            if !fires {
                continue;
            }
            stuck = false;
            next.extend(&step.outputs);
            next.sort_unstable();
            if seen.insert(next.clone()) {
                queue.push(next);
            }
        }
        if stuck {
            last.insert(marking);
        }
    }
    Some(last)
}
