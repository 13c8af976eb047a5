//! When a case waited for somebody outside, as the caller says its activities mean.
//!
//! - Computes: the held stretches of a case, with who was awaited.
//! - Units: microseconds since 1970 UTC.
//! - Shapes: the tasks of a case and the holds of its process in; stretches apart, in order, out.
//! - Errors: none; names that are not in the log are ignored.
//! - Source: the states of `docs/configuration.md`; a hold that awaits the body itself is no
//!   external hold and is not taken.

use eclusier_core::config::{Awaited, Hold};

use crate::calendars::near;
use crate::task_log::{TaskLog, TaskRow};

/// Those awaited outside, in the order of [`Held::PARTIES`].
pub(crate) const PARTIES: [Awaited; 3] = [Awaited::Insured, Awaited::Employer, Awaited::OtherBody];

/// A stretch held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) from: i64,
    pub(crate) to: i64,
    /// Place in [`PARTIES`].
    pub(crate) party: usize,
}

/// Meaning of each activity: which holds it begins and which it ends.
#[derive(Debug, Clone, Default)]
pub(crate) struct HoldRules {
    rules: Vec<Rule>,
}

#[derive(Debug, Clone)]
struct Rule {
    enter: Vec<bool>,
    leave: Vec<bool>,
    any: bool,
    party: usize,
}

impl HoldRules {
    pub(crate) fn new(log: &TaskLog, holds: &[Hold]) -> Self {
        let marks = |names: &[String]| {
            let mut marks = vec![false; log.activities.len()];
            for name in names {
                let code = log.activities.get(name).map(|c| c as usize);
                if let Some(mark) = code.and_then(|c| marks.get_mut(c)) {
                    *mark = true;
                }
            }
            marks
        };
        let rules = holds.iter().filter_map(|hold| {
            Some(Rule {
                enter: marks(&hold.enter),
                leave: marks(&hold.leave),
                any: hold.leave.is_empty(),
                party: PARTIES.iter().position(|&p| p == hold.awaited)?,
            })
        });
        Self { rules: rules.collect() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The held stretches of a case. A hold begins when the task that enters it ends, and ends
    /// when the next task that leaves it begins; without one, it lasts.
    pub(crate) fn of_case(&self, tasks: &[TaskRow], out: &mut Vec<Held>) {
        out.clear();
        for rule in &self.rules {
            let mark = |marks: &[bool], t: &TaskRow| {
                marks.get(t.activity as usize).copied().unwrap_or(false)
            };
            let mut open: Option<i64> = None;
            // Tasks come by start: one pass finds for each entry the next leave.
            let mut entries: Vec<(i64, bool, usize)> = Vec::new();
            for (i, task) in tasks.iter().enumerate() {
                let enters = mark(&rule.enter, task);
                if enters {
                    entries.push((near(task.end), true, i));
                }
                if rule.any || (mark(&rule.leave, task) && !enters) {
                    entries.push((near(task.start), false, i));
                }
            }
            // At one instant a leave comes before an entry, but for those of one task of no length.
            entries.sort_by_key(|&(at, enters, i)| (at, i, enters));
            for (at, enters, _) in entries {
                match (enters, open) {
                    (true, None) => open = Some(at),
                    (false, Some(from)) => {
                        if at > from {
                            out.push(Held { from, to: at, party: rule.party });
                        }
                        open = None;
                    }
                    _ => {}
                }
            }
            if let Some(from) = open {
                out.push(Held { from, to: i64::MAX, party: rule.party });
            }
        }
        out.sort_by_key(|h| (h.from, h.to, h.party));
        // An instant is held once: by whoever was awaited first.
        let mut last = i64::MIN;
        for held in out.iter_mut() {
            held.from = held.from.max(last);
            last = last.max(held.to);
        }
        out.retain(|h| h.to > h.from);
    }
}
