//! The meaning of each activity, by the version of the rules in force on the day of the event.

use std::collections::BTreeSet;

use eclusier_calendar::day_number;
use eclusier_core::config::{Awaited, DatedRules, ProcessRules};
use eclusier_eventlog::Interner;
use serde::{Deserialize, Serialize};

use crate::closing::LearnedRule;
use crate::points::DAY_US;

/// How an event closes a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CloseClass {
    /// Settled by a person.
    SettledHuman,
    /// Settled without human action.
    SettledAuto,
    /// Cancelled.
    Cancelled,
    /// Sent to another body.
    Transferred,
    /// Nothing happened for so long that the case is taken as lapsed.
    Silence,
}

/// The rules of a process, and the rule learned where they close nothing.
#[derive(Debug, Clone)]
pub struct Meanings {
    versions: Vec<(i32, ProcessRules)>,
    learned: Option<LearnedRule>,
}

impl Meanings {
    /// Versions of the rules, and the learned rule used by those that close nothing.
    ///
    /// Days before the first version follow the first one.
    pub fn new(rules: &[DatedRules], learned: Option<LearnedRule>) -> Self {
        let mut versions: Vec<(i32, ProcessRules)> =
            rules.iter().map(|v| (day_number(v.from), v.rules.clone())).collect();
        versions.sort_by_key(|v| v.0);
        if versions.is_empty() {
            versions.push((i32::MIN, ProcessRules::default()));
        }
        Self { versions, learned }
    }

    /// The learned rule, when one was given.
    pub fn learned(&self) -> Option<&LearnedRule> {
        self.learned.as_ref()
    }

    /// Whether any version lacks a closing activity, so that a learned rule is needed.
    pub fn needs_learning(rules: &[DatedRules]) -> bool {
        rules.is_empty() || rules.iter().any(|v| !v.rules.states.says_when_closed())
    }

    fn any(&self, f: impl Fn(&ProcessRules) -> bool) -> bool {
        self.versions.iter().any(|v| f(&v.1))
    }

    /// Whether some activity is said to settle automatically: otherwise nobody can tell.
    pub(crate) fn tells_auto(&self) -> bool {
        self.any(|r| !r.states.settled_auto.is_empty())
    }

    /// Whether transfers are described.
    pub(crate) fn tells_transfers(&self) -> bool {
        self.any(|r| !r.states.transferred.is_empty())
    }

    /// Whether holds are described.
    pub(crate) fn tells_holds(&self) -> bool {
        self.any(|r| !r.states.hold.is_empty())
    }

    /// Whether something tells that a case is settled.
    pub(crate) fn tells_settlement(&self) -> bool {
        let learned = self.learned.is_some();
        self.any(|r| {
            let states = &r.states;
            if states.says_when_closed() {
                !(states.settled.is_empty() && states.settled_auto.is_empty())
            } else {
                learned
            }
        })
    }

    /// Whether a silence counts as an output: so it does where the rule is learned, since nothing
    /// then tells a case settled from a case given up.
    pub(crate) fn silence_settles(&self) -> bool {
        self.learned.is_some() && self.any(|r| !r.states.says_when_closed())
    }

    /// What closes a case, in words, French then English.
    pub fn words(&self) -> [String; 2] {
        let last = self.versions.last().map(|v| &v.1);
        let states = last.map(|r| &r.states).filter(|s| s.says_when_closed());
        match (states, &self.learned) {
            (Some(states), _) => {
                let fr = |names: &[String]| quote(names, "«\u{a0}", "\u{a0}»");
                let en = |names: &[String]| quote(names, "“", "”");
                let parts = [
                    (&states.settled, "traité après", "settled after"),
                    (
                        &states.settled_auto,
                        "traité automatiquement après",
                        "settled automatically after",
                    ),
                    (&states.cancelled, "annulé après", "cancelled after"),
                    (&states.transferred, "transféré après", "transferred after"),
                ];
                let mut f = Vec::new();
                let mut e = Vec::new();
                for (names, word_fr, word_en) in parts {
                    if !names.is_empty() {
                        f.push(format!("{word_fr} {}", fr(names)));
                        e.push(format!("{word_en} {}", en(names)));
                    }
                }
                let days = last.and_then(|r| r.closing_rule.silence_days);
                if let Some(days) = days {
                    f.push(
                        format!("sans suite après {days} jours sans événement").replace('.', ","),
                    );
                    e.push(format!("lapsed after {days} days without any event"));
                }
                [
                    format!("Règle configurée\u{a0}: un dossier est {}.", f.join("\u{202f}; ")),
                    format!("Configured rule: a case is {}.", e.join("; ")),
                ]
            }
            (None, Some(learned)) => learned.words(),
            (None, None) => [
                "Rien ne dit quand un dossier est clos\u{a0}: tous sont ouverts.".into(),
                "Nothing says when a case is closed: all are open.".into(),
            ],
        }
    }

    pub(crate) fn compile(&self, activities: &Interner) -> Compiled {
        let versions = self
            .versions
            .iter()
            .map(|(from, rules)| {
                CompiledVersion::new(*from, rules, self.learned.as_ref(), activities)
            })
            .collect();
        Compiled { versions }
    }
}

fn quote(names: &[String], open: &str, close: &str) -> String {
    names.iter().map(|n| format!("{open}{n}{close}")).collect::<Vec<_>>().join(", ")
}

/// What one activity does, in one version.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Meaning {
    pub close: Option<CloseClass>,
    pub neutral: bool,
    pub enter: Option<u16>,
    /// Silence after this activity that closes the case, microseconds.
    pub silence_us: Option<i64>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct HoldMeta {
    pub awaited: Awaited,
    pub returned: bool,
    pub any_event_leaves: bool,
}

#[derive(Debug)]
struct CompiledVersion {
    from: i32,
    by_activity: Vec<Meaning>,
    holds: Vec<HoldMeta>,
    leaves: BTreeSet<(u16, u32)>,
}

/// The meanings of the activities of one interner.
#[derive(Debug)]
pub(crate) struct Compiled {
    versions: Vec<CompiledVersion>,
}

impl CompiledVersion {
    fn new(
        from: i32,
        rules: &ProcessRules,
        learned: Option<&LearnedRule>,
        activities: &Interner,
    ) -> Self {
        let states = &rules.states;
        let configured = states.says_when_closed();
        // A silence typed by a person closes whatever else does; a learned one only fills the void.
        let fixed = rules
            .closing_rule
            .silence_days
            .filter(|d| d.is_finite() && *d > 0.0)
            .map(|d| (d * DAY_US as f64) as i64);
        let mut by_activity = vec![Meaning::default(); activities.len()];
        for (meaning, name) in by_activity.iter_mut().zip(activities.names()) {
            meaning.silence_us = match learned {
                _ if fixed.is_some() => fixed,
                Some(l) if !configured => l.silence_after(name),
                _ => None,
            };
        }
        let mut holds = Vec::new();
        let mut leaves = BTreeSet::new();
        {
            let mut each = |names: &[String], f: &mut dyn FnMut(&mut Meaning, u32)| {
                for name in names {
                    if let Some(code) = activities.get(name)
                        && let Some(meaning) = by_activity.get_mut(code as usize)
                    {
                        f(meaning, code);
                    }
                }
            };
            // Later lines win, so the rarest meanings come last.
            if configured {
                each(&states.settled, &mut |m, _| m.close = Some(CloseClass::SettledHuman));
                each(&states.settled_auto, &mut |m, _| m.close = Some(CloseClass::SettledAuto));
                each(&states.cancelled, &mut |m, _| m.close = Some(CloseClass::Cancelled));
                each(&states.transferred, &mut |m, _| m.close = Some(CloseClass::Transferred));
            } else if let Some(learned) = learned {
                for terminal in &learned.terminal {
                    each(std::slice::from_ref(&terminal.activity), &mut |m, _| {
                        m.close = Some(CloseClass::SettledHuman);
                    });
                }
            }
            each(&states.neutral, &mut |m, _| m.neutral = true);
            for (i, hold) in states.hold.iter().enumerate() {
                let Ok(index) = u16::try_from(i) else { break };
                each(&hold.enter, &mut |m, _| {
                    m.enter.get_or_insert(index);
                });
                each(&hold.leave, &mut |_, code| {
                    leaves.insert((index, code));
                });
                holds.push(HoldMeta {
                    awaited: hold.awaited,
                    returned: hold.returned,
                    any_event_leaves: hold.leave.is_empty(),
                });
            }
        }
        Self { from, by_activity, holds, leaves }
    }
}

impl Compiled {
    /// Version in force that day.
    #[inline]
    pub(crate) fn version_at(&self, day: i32) -> usize {
        match self.versions.len() {
            0 | 1 => 0,
            _ => self.versions.partition_point(|v| v.from <= day).saturating_sub(1),
        }
    }

    #[inline]
    pub(crate) fn meaning(&self, version: usize, activity: u32) -> Meaning {
        self.versions
            .get(version)
            .and_then(|v| v.by_activity.get(activity as usize))
            .copied()
            .unwrap_or_default()
    }

    pub(crate) fn hold(&self, version: usize, hold: u16) -> Option<HoldMeta> {
        self.versions.get(version).and_then(|v| v.holds.get(hold as usize)).copied()
    }

    pub(crate) fn leaves(&self, version: usize, hold: u16, activity: u32) -> bool {
        self.versions.get(version).is_some_and(|v| v.leaves.contains(&(hold, activity)))
    }
}
