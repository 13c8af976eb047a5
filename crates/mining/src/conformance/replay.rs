//! Token-based replay: the case plays the model, and what it lacks or leaves is counted.

use rustc_hash::FxHashMap;
use serde::Serialize;

use super::{
    ConformanceError, Fitness, Progress,
    space::{INITIAL, Runnable, SILENT, Space, contains},
    ways::{Paths, is_block},
};
use crate::{model::PetriNet, traces::Traces};

/// Replay of one variant.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Replayed {
    /// Tokens put into places, the first ones included.
    pub produced: u64,
    /// Tokens taken from places, the last ones included.
    pub consumed: u64,
    /// Tokens that had to be lent.
    pub missing: u64,
    /// Tokens left over at the end.
    pub remaining: u64,
    /// Whether nothing had to be lent and nothing was left over.
    pub fits: bool,
    /// Events for which a token had to be lent: places in the variant.
    pub forced: Vec<u32>,
    /// Events of activities the model does not know: passed over, as the peer does.
    pub unknown: Vec<u32>,
}

impl Replayed {
    /// Half for what was lent, half for what was left over.
    pub fn fitness(&self) -> f64 {
        share(self.missing, self.consumed, self.remaining, self.produced).unwrap_or(1.0)
    }
}

/// Replay of a log, in the order of the traces.
#[derive(Debug, Clone, PartialEq)]
pub struct Replay {
    /// One for each variant.
    pub variants: Vec<Replayed>,
}

impl Replay {
    /// Fitness over all cases.
    pub fn fitness(&self, traces: &Traces) -> Fitness {
        let (mut sums, mut average, mut cases, mut fitting) = ([0u64; 4], 0f64, 0u64, 0u64);
        for (trace, found) in traces.traces.iter().zip(&self.variants) {
            let tokens = [found.missing, found.consumed, found.remaining, found.produced];
            for (sum, one) in sums.iter_mut().zip(tokens) {
                *sum = sum.saturating_add(one.saturating_mul(trace.cases));
            }
            average += found.fitness() * trace.cases as f64;
            cases += trace.cases;
            fitting += if found.fits { trace.cases } else { 0 };
        }
        let [missing, consumed, remaining, produced] = sums;
        let log = if cases > 0 { share(missing, consumed, remaining, produced) } else { None };
        Fitness {
            log,
            log_as_peer: log,
            average: (cases > 0).then(|| average / cases as f64),
            cases_fitting: fitting,
            cases,
        }
    }
}

fn share(missing: u64, consumed: u64, remaining: u64, produced: u64) -> Option<f64> {
    let (missing, remaining) = (missing as f64, remaining as f64);
    (consumed > 0 && produced > 0).then(|| {
        0.5 * (1.0 - missing / consumed as f64) + 0.5 * (1.0 - remaining / produced as f64)
    })
}

/// Token replay of each variant.
///
/// Before an activity that is not enabled, the shortest run of silent steps that enables
/// it is taken; without one, the missing tokens are lent. After the last event, silent
/// steps lead to the end, or as near to it as they can.
pub fn token_replay(
    traces: &Traces,
    net: &PetriNet,
    progress: &Progress<'_>,
) -> Result<Replay, ConformanceError> {
    let net = Runnable::new(traces, net)?;
    let mut player = Player::new(&net);
    let total = traces.traces.len() as u64;
    let mut variants = Vec::with_capacity(traces.traces.len());
    for (done, trace) in traces.traces.iter().enumerate() {
        if progress(done as u64, total).is_break() {
            return Err(ConformanceError::Stopped);
        }
        variants.push(player.variant(&trace.steps));
        if player.is_spent() {
            return Err(ConformanceError::TooLarge { states: LOOKED_AT });
        }
    }
    Ok(Replay { variants })
}

/// A move of the token game, with what it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Played {
    pub marking: u32,
    pub consumed: u64,
    pub produced: u64,
    pub missing: u64,
}

/// Plays the net, remembering each move: variants share most of theirs.
pub(super) struct Player<'n> {
    pub space: Space<'n>,
    net: &'n Runnable,
    by_label: Vec<Vec<u32>>,
    moves: FxHashMap<(u32, u32), Played>,
    ends: FxHashMap<u32, Played>,
    /// Of a net made of blocks: silent steps are found without looking at every marking.
    paths: Option<Paths<'n>>,
    /// Markings looked at for silent steps.
    looked_at: usize,
}

/// Markings looked at for one run of silent steps.
const SILENT_MARKINGS: usize = 5_000;
/// Markings looked at for silent steps in all, beyond which the net is too wide to be played.
const LOOKED_AT: usize = 2_000_000;
/// Markings, and tokens in them (8 bytes each), kept before everything remembered is dropped.
const KEPT: usize = 500_000;
const KEPT_TOKENS: usize = 1 << 25;

impl<'n> Player<'n> {
    pub(super) fn new(net: &'n Runnable) -> Self {
        let mut by_label = vec![Vec::new(); net.labels.len()];
        for (number, step) in net.steps.iter().enumerate() {
            if let Some(list) = by_label.get_mut(step.label as usize) {
                list.push(number as u32);
            }
        }
        let space = Space::new(net, None);
        let paths = is_block(net).then(|| Paths::new(net));
        let (moves, ends) = (FxHashMap::default(), FxHashMap::default());
        Self { space, net, by_label, moves, ends, paths, looked_at: 0 }
    }

    /// Whether too much was looked at for the answers to be worth their time: they stay
    /// answers no longer.
    pub(super) fn is_spent(&self) -> bool {
        self.looked_at > LOOKED_AT
    }

    /// Drops what is remembered once it is too much; the marking under a new number.
    fn lighten(&mut self, marking: u32) -> u32 {
        if self.space.len() <= KEPT && self.space.held() <= KEPT_TOKENS {
            return marking;
        }
        let tokens = self.space.tokens(marking).into();
        self.space = Space::new(self.net, None);
        self.moves.clear();
        self.ends.clear();
        self.space.number(tokens)
    }

    fn variant(&mut self, steps: &[u32]) -> Replayed {
        let mut found = Replayed {
            produced: self.net.initial.len() as u64,
            consumed: 0,
            missing: 0,
            remaining: 0,
            fits: false,
            forced: Vec::new(),
            unknown: Vec::new(),
        };
        let mut marking = INITIAL;
        for (event, &label) in steps.iter().enumerate() {
            marking = self.lighten(marking);
            let Some(played) = self.play(marking, label) else {
                found.unknown.push(event as u32);
                continue;
            };
            if played.missing > 0 {
                found.forced.push(event as u32);
            }
            found.add(&played);
            marking = played.marking;
        }
        let last = self.finish(marking);
        found.consumed += last.consumed;
        found.produced += last.produced;
        let (tokens, end) = (self.space.tokens(last.marking), &self.net.end);
        let common = shared(tokens, end);
        found.remaining = (tokens.len() - common) as u64;
        found.fits = found.missing == 0 && found.remaining == 0;
        // Tokens the end lacks count as lent, yet do not make the case unfit: as the peer does.
        found.missing += (end.len() - common) as u64;
        found.consumed += end.len() as u64;
        found
    }

    /// Does an activity; `None` when the model does not know it.
    pub(super) fn play(&mut self, marking: u32, label: u32) -> Option<Played> {
        if self.by_label.get(label as usize).is_none_or(Vec::is_empty) {
            return None;
        }
        if let Some(&known) = self.moves.get(&(marking, label)) {
            return Some(known);
        }
        let ready = match &self.paths {
            Some(paths) => {
                let list = self.by_label.get(label as usize)?;
                let goals =
                    list.iter().filter_map(|&t| Some(&*self.net.steps.get(t as usize)?.inputs));
                let found = paths.silently(self.space.tokens(marking), goals);
                let found = found.and_then(|(goal, way)| Some((way, *list.get(goal)?)));
                found.map(|(way, transition)| (self.walk(marking, &way), transition))
            }
            None => self.silently(marking, |space, at| {
                space.edges(at).iter().find(|e| e.label == label).map(|e| e.transition)
            }),
        };
        let played = match ready {
            Some((way, transition)) => self.fire(way, transition, 0),
            None => {
                // Nothing enables it: the transition that lacks least is lent its tokens.
                let tokens = self.space.tokens(marking);
                let lacks = |t: u32| {
                    let step = self.net.steps.get(t as usize);
                    step.map_or(0, |s| s.inputs.len() - shared(tokens, &s.inputs))
                };
                let list = self.by_label.get(label as usize)?;
                let transition = list.iter().copied().min_by_key(|&t| (lacks(t), t))?;
                let missing = lacks(transition) as u64;
                let here = Played { marking, consumed: 0, produced: 0, missing: 0 };
                self.fire(here, transition, missing)
            }
        };
        self.moves.insert((marking, label), played);
        Some(played)
    }

    fn fire(&mut self, from: Played, transition: u32, missing: u64) -> Played {
        let Some(step) = self.net.steps.get(transition as usize) else { return from };
        let after = self.net.fire(self.space.tokens(from.marking), transition);
        Played {
            marking: self.space.number(after),
            consumed: from.consumed + step.inputs.len() as u64,
            produced: from.produced + step.outputs.len() as u64,
            missing: from.missing + missing,
        }
    }

    /// Takes steps that are possible one after the other.
    fn walk(&mut self, marking: u32, way: &[u32]) -> Played {
        let here = Played { marking, consumed: 0, produced: 0, missing: 0 };
        way.iter().fold(here, |at, &transition| self.fire(at, transition, 0))
    }

    /// Silent steps to the end, or as near as they lead.
    fn finish(&mut self, marking: u32) -> Played {
        if let Some(&known) = self.ends.get(&marking) {
            return known;
        }
        let end = &self.net.end;
        let here = Played { marking, consumed: 0, produced: 0, missing: 0 };
        if let Some(paths) = &self.paths {
            let found = paths.silently(self.space.tokens(marking), std::iter::once(&**end));
            let played = found.map_or(here, |(_, way)| self.walk(marking, &way));
            self.ends.insert(marking, played);
            return played;
        }
        let exact = self.silently(marking, |space, at| (*space.tokens(at) == **end).then_some(0));
        let covered = exact.or_else(|| {
            self.silently(marking, |space, at| contains(space.tokens(at), end).then_some(0))
        });
        let played = covered.map_or(here, |(way, _)| way);
        self.ends.insert(marking, played);
        played
    }

    /// Shortest run of silent steps to a marking that is wanted.
    fn silently(
        &mut self,
        from: u32,
        wanted: impl Fn(&Space<'_>, u32) -> Option<u32>,
    ) -> Option<(Played, u32)> {
        let mut seen = rustc_hash::FxHashSet::from_iter([from]);
        let mut open = std::collections::VecDeque::from([Played {
            marking: from,
            consumed: 0,
            produced: 0,
            missing: 0,
        }]);
        while let Some(here) = open.pop_front() {
            self.looked_at += 1;
            if self.is_spent() {
                return None;
            }
            self.space.expand(here.marking);
            if let Some(found) = wanted(&self.space, here.marking) {
                return Some((here, found));
            }
            if seen.len() > SILENT_MARKINGS {
                continue;
            }
            for edge in self.space.edges(here.marking) {
                if edge.label == SILENT && seen.insert(edge.target) {
                    let step = self.net.steps.get(edge.transition as usize);
                    let (takes, gives) =
                        step.map_or((0, 0), |s| (s.inputs.len() as u64, s.outputs.len() as u64));
                    open.push_back(Played {
                        marking: edge.target,
                        consumed: here.consumed + takes,
                        produced: here.produced + gives,
                        missing: 0,
                    });
                }
            }
        }
        None
    }
}

impl Replayed {
    fn add(&mut self, played: &Played) {
        self.produced += played.produced;
        self.consumed += played.consumed;
        self.missing += played.missing;
    }
}

/// Tokens two sorted lists have in common.
fn shared(a: &[u32], b: &[u32]) -> usize {
    let mut rest = a.iter().peekable();
    b.iter()
        .filter(|&p| {
            while rest.next_if(|w| *w < p).is_some() {}
            rest.next_if(|w| *w == p).is_some()
        })
        .count()
}
