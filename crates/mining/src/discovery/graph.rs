//! Which activity directly follows which, and the graphs in which cuts are sought.

use rustc_hash::FxHashMap;

use super::sublog::SubLog;

/// Stands for "no activity here".
const NONE: u32 = u32::MAX;

/// Directly-follows counts of a log without empty traces, activities renumbered from 0.
pub(super) struct Follows {
    /// Codes of the log, sorted; the place is the number used below.
    pub(super) activities: Vec<u32>,
    /// Number by code of the log.
    numbers: Vec<u32>,
    /// Successors of each activity with their cases, sorted.
    out: Vec<Vec<(u32, u64)>>,
    starts: Vec<u64>,
    ends: Vec<u64>,
}

/// A graph whose cuts are sought: only what is there, no count.
pub(super) struct Graph {
    pub(super) out: Vec<Vec<u32>>,
    pub(super) start: Vec<bool>,
    pub(super) end: Vec<bool>,
}

/// Where each activity stands in the log.
pub(super) struct Places {
    /// Order and position, in order.
    at: Vec<Vec<(u32, u32)>>,
    cases: Vec<u64>,
    once: Vec<bool>,
}

impl Places {
    /// Cases that hold the activity.
    pub(super) fn cases(&self, activity: usize) -> u64 {
        self.cases.get(activity).copied().unwrap_or(0)
    }

    /// Whether every trace holds the activity exactly once.
    pub(super) fn once(&self, activity: usize) -> bool {
        self.once.get(activity).copied().unwrap_or(false)
    }
}

impl Follows {
    /// Counts of a log whose codes are below `codes`.
    pub(super) fn of(log: &SubLog, codes: usize) -> Self {
        let mut numbers = vec![NONE; codes];
        for (steps, _) in log.iter() {
            for &a in steps {
                if let Some(n) = numbers.get_mut(a as usize) {
                    *n = 0;
                }
            }
        }
        let mut activities = Vec::new();
        for (code, number) in numbers.iter_mut().enumerate() {
            if *number != NONE {
                *number = activities.len() as u32;
                activities.push(code as u32);
            }
        }
        let n = activities.len();
        let mut follows =
            Self { activities, numbers, out: vec![], starts: vec![0; n], ends: vec![0; n] };
        let mut pairs: FxHashMap<(u32, u32), u64> = FxHashMap::default();
        for (steps, cases) in log.iter() {
            let mut before = NONE;
            for &code in steps {
                let a = follows.number(code);
                if before == NONE {
                    add(&mut follows.starts, a, cases);
                } else {
                    let count = pairs.entry((before, a)).or_default();
                    *count = count.saturating_add(cases);
                }
                before = a;
            }
            add(&mut follows.ends, before, cases);
        }
        follows.out = vec![Vec::new(); n];
        for ((a, b), cases) in pairs {
            if let Some(list) = follows.out.get_mut(a as usize) {
                list.push((b, cases));
            }
        }
        follows.out.iter_mut().for_each(|list| list.sort_unstable());
        follows
    }

    /// The number of a code of the log.
    pub(super) fn number(&self, code: u32) -> u32 {
        self.numbers.get(code as usize).copied().unwrap_or(NONE)
    }

    pub(super) fn is_start(&self, number: u32) -> bool {
        self.starts.get(number as usize).is_some_and(|&n| n > 0)
    }

    pub(super) fn is_end(&self, number: u32) -> bool {
        self.ends.get(number as usize).is_some_and(|&n| n > 0)
    }

    /// All that was seen.
    pub(super) fn graph(&self) -> Graph {
        Graph {
            out: self.out.iter().map(|l| l.iter().map(|(b, _)| *b).collect()).collect(),
            start: self.starts.iter().map(|&n| n > 0).collect(),
            end: self.ends.iter().map(|&n| n > 0).collect(),
        }
    }

    /// Without what is rarer than `noise` times the most usual alternative at the same place:
    /// the first step of a trace, the last one, or the step after an activity.
    pub(super) fn filtered(&self, noise: f64) -> Graph {
        let enough = |n: u64, most: u64| n > 0 && n as f64 >= noise * most as f64;
        let first = self.starts.iter().copied().max().unwrap_or(0);
        let last = self.ends.iter().copied().max().unwrap_or(0);
        let mut graph = Graph {
            out: Vec::with_capacity(self.out.len()),
            start: self.starts.iter().map(|&n| enough(n, first)).collect(),
            end: self.ends.iter().map(|&n| enough(n, last)).collect(),
        };
        for list in &self.out {
            let most = list.iter().map(|(_, n)| *n).max().unwrap_or(0);
            graph
                .out
                .push(list.iter().filter(|(_, n)| enough(*n, most)).map(|(b, _)| *b).collect());
        }
        graph
    }

    /// Where each activity stands.
    pub(super) fn places(&self, log: &SubLog) -> Places {
        let n = self.activities.len();
        let mut places = Places { at: vec![Vec::new(); n], cases: vec![0; n], once: vec![true; n] };
        let mut seen = vec![0u32; n];
        for (order, (steps, cases)) in log.iter().enumerate() {
            for (i, &code) in steps.iter().enumerate() {
                let a = self.number(code) as usize;
                if let Some(at) = places.at.get_mut(a) {
                    if at.last().is_none_or(|(o, _)| *o != order as u32) {
                        add(&mut places.cases, a as u32, cases);
                    }
                    at.push((order as u32, i as u32));
                }
                if let Some(seen) = seen.get_mut(a) {
                    *seen = seen.saturating_add(1);
                }
            }
            for (seen, once) in seen.iter_mut().zip(&mut places.once) {
                *once &= *seen == 1;
                *seen = 0;
            }
        }
        places
    }

    /// The graph of the log from which one activity is taken out. Only the steps around
    /// that activity are looked at again.
    pub(super) fn graph_without(&self, gone: usize, log: &SubLog, places: &Places) -> Graph {
        let n = self.activities.len();
        // Numbers after the one taken out move down by one.
        let moved = |a: u32| if a as usize > gone { a - 1 } else { a };
        let mut graph = Graph {
            out: Vec::with_capacity(n.saturating_sub(1)),
            start: Vec::with_capacity(n.saturating_sub(1)),
            end: Vec::with_capacity(n.saturating_sub(1)),
        };
        for (a, list) in self.out.iter().enumerate() {
            if a != gone {
                graph.out.push(
                    list.iter()
                        .filter(|(b, _)| *b as usize != gone)
                        .map(|(b, _)| moved(*b))
                        .collect(),
                );
                graph.start.push(self.is_start(a as u32));
                graph.end.push(self.is_end(a as u32));
            }
        }
        let mut bridges: Vec<(u32, u32)> = Vec::new();
        let mut last: Option<(u32, u32)> = None;
        for &(order, i) in places.at.get(gone).into_iter().flatten() {
            // Only the first of a run: the step after the run is sought from it.
            let again = last.is_some_and(|(o, j)| o == order && j + 1 == i);
            last = Some((order, i));
            if again {
                continue;
            }
            let Some((steps, _)) = log.order(order as usize) else { continue };
            let i = i as usize;
            let before = i.checked_sub(1).and_then(|p| steps.get(p)).map(|&c| self.number(c));
            let after = steps.iter().skip(i).map(|&c| self.number(c)).find(|&a| a as usize != gone);
            match (before, after) {
                (Some(a), Some(b)) => bridges.push((moved(a), moved(b))),
                (None, Some(b)) => set(&mut graph.start, moved(b)),
                (Some(a), None) => set(&mut graph.end, moved(a)),
                (None, None) => {}
            }
        }
        bridges.sort_unstable();
        bridges.dedup();
        for (a, b) in bridges {
            if let Some(list) = graph.out.get_mut(a as usize)
                && let Err(place) = list.binary_search(&b)
            {
                list.insert(place, b);
            }
        }
        graph
    }
}

fn add(counts: &mut [u64], place: u32, cases: u64) {
    if let Some(n) = counts.get_mut(place as usize) {
        *n = n.saturating_add(cases);
    }
}

fn set(flags: &mut [bool], place: u32) {
    if let Some(flag) = flags.get_mut(place as usize) {
        *flag = true;
    }
}
