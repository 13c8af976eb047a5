//! Silent steps folded into the visible step they prepare.
//!
//! Between two visible steps silent ones can interleave in many ways that change nothing.
//! A *leap* is a visible step with the silent steps before it; only markings a leap lands
//! on are left to search. Of two leaps with the same label from the same marking, one
//! whose target leads silently to the target of the other, at no more silent steps in all,
//! makes the other useless: whatever follows there follows from here at no greater cost.
//! What remains is each activity with no more silent steps than it needs.

use rustc_hash::{FxHashMap, FxHashSet};

use super::space::{Edge, Explored, Graph, INITIAL, SILENT, Space};

/// The leaps of a model all of whose markings are known.
#[derive(Debug)]
pub(super) struct Leaps<'s, 'n> {
    space: &'s Space<'n>,
    edges: Vec<Edge>,
    span: Vec<(u32, u32)>,
    /// Silent steps before each edge, in `run`.
    ways: Vec<(u32, u32)>,
    run: Vec<u32>,
    /// Silent steps from a marking to the end, and where they are in `run`.
    ends: Vec<Option<(u32, u32)>>,
}

/// Markings reached silently, remembered at most: beyond, leaps cost more than they save.
const MOST_REACHED: usize = 8_000_000;

/// Where silent steps lead from a marking.
struct Reach {
    /// Marking, silent steps, marking before, transition; in the order found.
    found: Vec<(u32, u32, u32, u32)>,
    /// Marking and its place in `found`, by marking.
    sorted: Vec<(u32, u32)>,
}

impl<'s, 'n> Leaps<'s, 'n> {
    /// `None` when they would be too many.
    pub(super) fn new(
        space: &'s Space<'n>,
        stop: &mut dyn FnMut() -> bool,
    ) -> Result<Option<Self>, Explored> {
        let mut landings = FxHashSet::from_iter([INITIAL]);
        for id in 0..space.len() as u32 {
            let visible = space.edges(id).iter().filter(|e| e.label != SILENT);
            landings.extend(visible.map(|e| e.target).filter(|&t| space.row(t).is_some()));
        }
        let mut landings: Vec<u32> = landings.into_iter().collect();
        landings.sort_unstable();
        let mut reaches: FxHashMap<u32, Reach> = FxHashMap::default();
        let mut size = 0;
        for &landing in &landings {
            if stop() {
                return Err(Explored::Stopped);
            }
            let reach = reach(space, landing);
            size += reach.sorted.len();
            if size > MOST_REACHED {
                return Ok(None);
            }
            reaches.insert(landing, reach);
        }
        let mut all = Self {
            space,
            edges: Vec::new(),
            span: vec![(0, 0); space.len()],
            ways: Vec::new(),
            run: Vec::new(),
            ends: vec![None; space.len()],
        };
        for &landing in &landings {
            if stop() {
                return Err(Explored::Stopped);
            }
            all.leave(landing, &reaches);
        }
        Ok(Some(all))
    }

    fn leave(&mut self, landing: u32, reaches: &FxHashMap<u32, Reach>) {
        let Some(from) = reaches.get(&landing) else { return };
        if let Some(end) = self.space.end
            && from.steps_to(end).is_some()
        {
            let way = self.way(from, end);
            if let Some(slot) = self.ends.get_mut(landing as usize) {
                *slot = Some(way);
            }
        }
        // Label, silent steps, target, transition, marking it is taken in.
        let mut leaps: Vec<(u32, u32, u32, u32, u32)> = Vec::new();
        for &(marking, silent, ..) in &from.found {
            for edge in self.space.edges(marking) {
                if edge.label != SILENT && reaches.contains_key(&edge.target) {
                    leaps.push((edge.label, silent, edge.target, edge.transition, marking));
                }
            }
        }
        leaps.sort_unstable();
        let first = self.edges.len() as u32;
        let mut kept: Vec<(u32, u32, u32)> = Vec::new();
        for (label, silent, target, transition, marking) in leaps {
            let useless = kept.iter().rev().take_while(|k| k.0 == label).any(|&(_, before, to)| {
                let on = reaches.get(&to).and_then(|r| r.steps_to(target));
                on.is_some_and(|on| before + on <= silent)
            });
            if useless {
                continue;
            }
            kept.push((label, silent, target));
            self.edges.push(Edge { transition, label, target, silent, skipped: 0 });
            let way = self.way(from, marking);
            self.ways.push(way);
        }
        if let Some(span) = self.span.get_mut(landing as usize) {
            *span = (first, self.edges.len() as u32);
        }
    }

    /// Notes the silent steps to a marking.
    fn way(&mut self, from: &Reach, to: u32) -> (u32, u32) {
        let start = self.run.len();
        let mut at = to;
        while let Some(&(_, _, before, transition)) = from.entry(at) {
            if before == at {
                break;
            }
            self.run.push(transition);
            at = before;
        }
        if let Some(way) = self.run.get_mut(start..) {
            way.reverse();
        }
        (start as u32, self.run.len() as u32)
    }

    fn steps(&self, way: Option<(u32, u32)>) -> &[u32] {
        way.and_then(|(a, b)| self.run.get(a as usize..b as usize)).unwrap_or_default()
    }
}

impl Reach {
    fn steps_to(&self, marking: u32) -> Option<u32> {
        let place = self.sorted.binary_search_by_key(&marking, |s| s.0).ok()?;
        let &(_, found) = self.sorted.get(place)?;
        self.found.get(found as usize).map(|f| f.1)
    }

    fn entry(&self, marking: u32) -> Option<&(u32, u32, u32, u32)> {
        let place = self.sorted.binary_search_by_key(&marking, |s| s.0).ok()?;
        let &(_, found) = self.sorted.get(place)?;
        self.found.get(found as usize)
    }
}

fn reach(space: &Space<'_>, from: u32) -> Reach {
    let mut found = vec![(from, 0, from, 0)];
    let mut seen = FxHashSet::from_iter([from]);
    let mut next = 0;
    while let Some(&(marking, silent, ..)) = found.get(next) {
        next += 1;
        for edge in space.edges(marking) {
            if edge.label == SILENT && space.row(edge.target).is_some() && seen.insert(edge.target)
            {
                found.push((edge.target, silent + 1, marking, edge.transition));
            }
        }
    }
    let mut sorted: Vec<(u32, u32)> =
        found.iter().zip(0..).map(|(&(marking, ..), number)| (marking, number)).collect();
    sorted.sort_unstable();
    Reach { found, sorted }
}

impl Graph for &Leaps<'_, '_> {
    fn ready(&mut self, _: u32) -> bool {
        true
    }

    fn space(&self) -> &Space<'_> {
        self.space
    }

    fn out(&self, id: u32) -> (u32, &[Edge]) {
        let (first, last) = self.span.get(id as usize).copied().unwrap_or_default();
        (first, self.edges.get(first as usize..last as usize).unwrap_or_default())
    }

    fn edge(&self, number: u32) -> Option<(&[u32], u32)> {
        let edge = self.edges.get(number as usize)?;
        Some((self.steps(self.ways.get(number as usize).copied()), edge.transition))
    }

    fn to_end(&self, id: u32) -> Option<(&[u32], u32)> {
        let way = self.ends.get(id as usize).copied().flatten()?;
        Some((self.steps(Some(way)), 0))
    }
}
