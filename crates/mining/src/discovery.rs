//! A block-structured model out of the traces: the inductive miner, with its
//! filter on infrequent behaviour.
//!
//! - Computes: a process tree. Without noise filter every trace of the log is a run of it.
//! - Units: cases; the noise threshold is a share of the strongest alternative, 0 to 1.
//! - Shapes: traces and options in, a folded [`ProcessTree`] out; each activity is one leaf.
//! - Errors: [`DiscoveryError`] when the threshold is no share, the log has too many
//!   activities to draw, or the work was stopped.
//! - Source: Leemans, Fahland and van der Aalst, "Discovering block-structured process
//!   models from event logs" (2013, IM) and "… containing infrequent behaviour" (2014, IMf);
//!   strict sequences and fall-throughs from Leemans, "Robust process mining with
//!   guarantees" (2017).

mod cuts;
mod graph;
mod split;
mod sublog;

use serde::{Deserialize, Serialize};

use self::{
    cuts::{Cut, Operator},
    graph::Follows,
    sublog::{Collector, SubLog},
};
use crate::{model::ProcessTree, traces::Traces};

/// Activities a model may have: beyond, nobody reads it and it is refused.
pub const MAX_ACTIVITIES: usize = 10_000;
/// Blocks inside blocks before a flower ends the search.
const MAX_DEPTH: usize = 256;

/// What to keep of the log.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Options {
    /// Where no block fits exactly, a step is left out when it is rarer than this share of the
    /// most frequent step from the same activity. 0 keeps everything.
    pub noise: f64,
}

/// Why there is no model.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DiscoveryError {
    /// The threshold is outside 0 to 1.
    #[error("the noise threshold is {noise}, it must lie between 0 and 1")]
    Noise {
        /// As given.
        noise: f64,
    },
    /// Nobody could read the model.
    #[error("{activities} activities, a model may have {limit} at most")]
    TooManyActivities {
        /// In the log.
        activities: usize,
        /// Allowed.
        limit: usize,
    },
    /// The caller asked to stop.
    #[error("discovery was stopped")]
    Stopped,
}

/// The block-structured model of the traces.
///
/// With `noise` 0 every trace is accepted by the tree. An empty log gives
/// [`ProcessTree::Silent`].
pub fn discover(
    traces: &Traces,
    options: &Options,
    stop: &dyn Fn() -> bool,
) -> Result<ProcessTree, DiscoveryError> {
    if !(0.0..=1.0).contains(&options.noise) {
        return Err(DiscoveryError::Noise { noise: options.noise });
    }
    if traces.activities.len() > MAX_ACTIVITIES {
        return Err(DiscoveryError::TooManyActivities {
            activities: traces.activities.len(),
            limit: MAX_ACTIVITIES,
        });
    }
    let mut log = Collector::default();
    for trace in &traces.traces {
        // A code without a name cannot be drawn: no reader makes one.
        if trace.cases > 0 && trace.steps.iter().all(|&a| name_of(traces, a).is_some()) {
            log.add(&trace.steps, trace.cases);
        }
    }
    let miner = Miner { traces, noise: options.noise, stop };
    Ok(miner.mine(log.finish(), 0)?.folded())
}

fn name_of(traces: &Traces, activity: u32) -> Option<&String> {
    traces.activities.get(activity as usize)
}

struct Miner<'a> {
    traces: &'a Traces,
    noise: f64,
    stop: &'a dyn Fn() -> bool,
}

impl Miner<'_> {
    fn mine(&self, mut log: SubLog, depth: usize) -> Result<ProcessTree, DiscoveryError> {
        // Activities found to run beside everything else, one after the other.
        let mut beside: Vec<ProcessTree> = Vec::new();
        let rest = loop {
            if (self.stop)() {
                return Err(DiscoveryError::Stopped);
            }
            let cases = log.cases();
            let empty = log.empty_cases();
            if empty == cases {
                break ProcessTree::Silent;
            }
            if empty > 0 {
                log = log.without_empty();
                if !self.is_noise(empty, cases) {
                    let rest = self.mine(log, depth + 1)?;
                    break ProcessTree::Choice(vec![rest, ProcessTree::Silent]);
                }
            }
            let follows = Follows::of(&log, self.traces.activities.len());
            if let &[only] = follows.activities.as_slice()
                && log.iter().all(|(steps, _)| steps.len() == 1)
            {
                break self.leaf(only);
            }
            if depth >= MAX_DEPTH {
                break self.flower(&follows);
            }
            let whole = follows.graph();
            if let Some(cut) = cuts::find(&whole).or_else(|| self.filtered_cut(&follows)) {
                break self.apart(&log, &follows, cut, depth)?;
            }
            if let Some(activity) = self.concurrent(&log, &follows)? {
                beside.push(self.mine(log.only(activity), depth + 1)?);
                log = log.without(activity);
                continue;
            }
            let pieces = split::at_restarts(&log, &follows, true)
                .or_else(|| split::at_restarts(&log, &follows, false));
            break match pieces {
                Some(pieces) => {
                    let body = self.mine(pieces, depth + 1)?;
                    ProcessTree::Loop(vec![body, ProcessTree::Silent])
                }
                None => self.flower(&follows),
            };
        };
        if beside.is_empty() {
            return Ok(rest);
        }
        beside.insert(0, rest);
        Ok(ProcessTree::Parallel(beside))
    }

    /// Few enough of the cases to be left out.
    fn is_noise(&self, few: u64, all: u64) -> bool {
        self.noise > 0.0 && (few as f64) < self.noise * all as f64
    }

    fn leaf(&self, activity: u32) -> ProcessTree {
        match name_of(self.traces, activity) {
            Some(name) => ProcessTree::Activity(name.clone()),
            None => ProcessTree::Silent,
        }
    }

    /// Any of the activities, any number of times, at least once.
    fn flower(&self, follows: &Follows) -> ProcessTree {
        let leaves = follows.activities.iter().map(|&a| self.leaf(a)).collect();
        ProcessTree::Loop(vec![ProcessTree::Choice(leaves), ProcessTree::Silent])
    }

    fn filtered_cut(&self, follows: &Follows) -> Option<Cut> {
        if self.noise > 0.0 { cuts::find(&follows.filtered(self.noise)) } else { None }
    }

    /// The blocks of a cut, each from its part of the log.
    fn apart(
        &self,
        log: &SubLog,
        follows: &Follows,
        cut: Cut,
        depth: usize,
    ) -> Result<ProcessTree, DiscoveryError> {
        let mut parts = split::by(log, follows, &cut);
        if cut.operator == Operator::Choice {
            // The most usual way first: it is drawn straight.
            parts.sort_by_key(|p| std::cmp::Reverse(p.cases()));
        }
        let mut blocks = Vec::with_capacity(parts.len());
        for (i, part) in parts.into_iter().enumerate() {
            // The filter may leave a way without any case; the body of a loop always stays.
            if part.cases() == 0 && (cut.operator == Operator::Choice || i > 0) {
                continue;
            }
            blocks.push(self.mine(part, depth + 1)?);
        }
        Ok(match cut.operator {
            Operator::Choice => ProcessTree::Choice(blocks),
            Operator::Sequence => ProcessTree::Sequence(blocks),
            Operator::Parallel => ProcessTree::Parallel(blocks),
            Operator::Loop => ProcessTree::Loop(blocks),
        })
    }

    /// An activity that can be taken out of the log and run beside the rest: one that
    /// each trace holds once, else one without which a block appears.
    fn concurrent(&self, log: &SubLog, follows: &Follows) -> Result<Option<u32>, DiscoveryError> {
        if follows.activities.len() < 2 {
            return Ok(None);
        }
        let places = follows.places(log);
        let mut order: Vec<usize> = (0..follows.activities.len()).collect();
        // Rare activities first: beside everything, they cost least precision.
        order.sort_by_key(|&a| (places.cases(a), a));
        let cuts_without = |a: usize| {
            let graph = follows.graph_without(a, log, &places);
            cuts::find(&graph).is_some()
        };
        let once: Vec<usize> = order.iter().copied().filter(|&a| places.once(a)).collect();
        for &a in once.iter().chain(order.iter().filter(|&&a| !places.once(a))) {
            if (self.stop)() {
                return Err(DiscoveryError::Stopped);
            }
            if cuts_without(a) {
                return Ok(follows.activities.get(a).copied());
            }
        }
        Ok(once.first().and_then(|&a| follows.activities.get(a)).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(orders: &[(&str, u64)], noise: f64) -> String {
        let traces =
            Traces::from_names(orders.iter().map(|(o, n)| (o.split_whitespace().collect(), *n)));
        discover(&traces, &Options { noise }, &|| false).unwrap().to_string()
    }

    #[test]
    fn each_cut_is_found() {
        assert_eq!(tree(&[("a b", 1)], 0.0), "→(a, b)");
        assert_eq!(tree(&[("a", 2), ("b", 1)], 0.0), "×(a, b)");
        assert_eq!(tree(&[("a b", 1), ("b a", 1)], 0.0), "∧(a, b)");
        assert_eq!(tree(&[("a", 1), ("a b a", 1)], 0.0), "↺(a, b)");
        assert_eq!(tree(&[("a c", 1), ("a b c", 1)], 0.0), "→(a, ×(b, τ), c)");
        assert_eq!(tree(&[("a b c d", 3), ("a d", 1)], 0.0), "→(a, ×(→(b, c), τ), d)");
        assert_eq!(tree(&[("a a", 1), ("a", 1)], 0.0), "↺(a, τ)");
        assert_eq!(tree(&[], 0.0), "τ");
        assert_eq!(tree(&[("", 3)], 0.0), "τ");
        assert_eq!(tree(&[("", 3), ("a", 1)], 0.0), "×(a, τ)");
    }

    #[test]
    fn rare_behaviour_is_left_out_above_the_threshold() {
        let log = [("a b c", 95), ("a c b", 5)];
        assert_eq!(tree(&log, 0.0), "→(a, ∧(b, c))");
        let log = [("a b c d", 90), ("a c b d", 5), ("d a b c", 5)];
        assert_eq!(tree(&log, 0.2), "→(a, b, c, d)");
    }

    #[test]
    fn nonsense_is_refused() {
        let log = Traces::from_names([(vec!["a"], 1)]);
        for noise in [-0.1, 1.1, f64::NAN] {
            assert!(matches!(
                discover(&log, &Options { noise }, &|| false),
                Err(DiscoveryError::Noise { .. })
            ));
        }
        let stopped = discover(&log, &Options { noise: 0.0 }, &|| true);
        assert_eq!(stopped, Err(DiscoveryError::Stopped));
    }
}
