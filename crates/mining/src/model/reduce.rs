//! Silent steps that say nothing are taken out of a net, its language unchanged.

use std::collections::BTreeSet;

use super::{PetriNet, Transition};

struct Step {
    label: Option<String>,
    name: String,
    inputs: BTreeSet<u32>,
    outputs: BTreeSet<u32>,
}

/// A net under work: who gives to and who takes from each place.
struct Work {
    steps: Vec<Option<Step>>,
    givers: Vec<BTreeSet<u32>>,
    takers: Vec<BTreeSet<u32>>,
    kept: Vec<bool>,
}

impl PetriNet {
    /// The same language with fewer silent transitions and places.
    ///
    /// A silent transition goes when firing it is no decision of its own: it is the only way
    /// out of its one input place, or the only way into its one output place. Places that
    /// hold tokens at the beginning or at the end stay.
    #[must_use]
    pub fn reduced(&self) -> PetriNet {
        let mut work = Work {
            steps: self
                .transitions
                .iter()
                .map(|t| {
                    Some(Step {
                        label: t.label.clone(),
                        name: t.name.clone(),
                        inputs: t.inputs.iter().copied().collect(),
                        outputs: t.outputs.iter().copied().collect(),
                    })
                })
                .collect(),
            givers: vec![BTreeSet::new(); self.places.len()],
            takers: vec![BTreeSet::new(); self.places.len()],
            kept: vec![false; self.places.len()],
        };
        for &(p, _) in self.initial.iter().chain(&self.end) {
            if let Some(kept) = work.kept.get_mut(p as usize) {
                *kept = true;
            }
        }
        for t in 0..work.steps.len() {
            work.link(t as u32);
        }
        // Each change may open another: the neighbours come back on the list.
        let mut list: Vec<u32> = (0..work.steps.len() as u32).rev().collect();
        while let Some(t) = list.pop() {
            if let Some(near) = work.try_remove(t) {
                list.extend(near);
            }
        }
        work.finish(self)
    }
}

impl Work {
    fn link(&mut self, t: u32) {
        let Some(Some(Step { inputs, outputs, .. })) = self.steps.get(t as usize) else { return };
        for &p in inputs {
            if let Some(takers) = self.takers.get_mut(p as usize) {
                takers.insert(t);
            }
        }
        for &p in outputs {
            if let Some(givers) = self.givers.get_mut(p as usize) {
                givers.insert(t);
            }
        }
    }

    fn unlink(&mut self, t: u32) {
        let Some(Some(Step { inputs, outputs, .. })) = self.steps.get(t as usize) else { return };
        for &p in inputs {
            if let Some(takers) = self.takers.get_mut(p as usize) {
                takers.remove(&t);
            }
        }
        for &p in outputs {
            if let Some(givers) = self.givers.get_mut(p as usize) {
                givers.remove(&t);
            }
        }
    }

    fn inputs(&self, t: u32) -> Option<&BTreeSet<u32>> {
        self.steps.get(t as usize)?.as_ref().map(|s| &s.inputs)
    }

    fn outputs(&self, t: u32) -> Option<&BTreeSet<u32>> {
        self.steps.get(t as usize)?.as_ref().map(|s| &s.outputs)
    }

    /// Transitions to look at again when the silent one is gone; `None` when it stays.
    fn try_remove(&mut self, t: u32) -> Option<Vec<u32>> {
        let Some(Some(Step { label: None, inputs, outputs, .. })) = self.steps.get(t as usize)
        else {
            return None;
        };
        let (inputs, outputs) = (inputs.clone(), outputs.clone());
        let kept = |p: u32| self.kept.get(p as usize) == Some(&true);
        // It changes nothing.
        if inputs == outputs {
            self.remove(t);
            return Some(self.around(&inputs, &outputs));
        }
        // Another silent transition does the same.
        let twin = inputs.first().and_then(|p| self.takers.get(*p as usize)).into_iter().flatten();
        let twin = twin.copied().find(|&o| {
            o != t
                && self.steps.get(o as usize).is_some_and(|s| {
                    s.as_ref().is_some_and(|s| {
                        s.label.is_none() && s.inputs == inputs && s.outputs == outputs
                    })
                })
        });
        if twin.is_some() {
            self.remove(t);
            return Some(self.around(&inputs, &outputs));
        }
        if let (1, Some(&p)) = (inputs.len(), inputs.first())
            && !kept(p)
            && !outputs.contains(&p)
            && self.takers.get(p as usize).is_some_and(|s| s.len() == 1)
        {
            // Who gave to p gives at once what the silent step would have given.
            let givers = self.givers.get(p as usize).cloned().unwrap_or_default();
            let free =
                givers.iter().all(|&g| self.outputs(g).is_some_and(|o| o.is_disjoint(&outputs)));
            let plain = givers.len() == 1 || outputs.len() == 1;
            if free && plain && !givers.is_empty() {
                for &g in &givers {
                    self.change(g, |_, out| {
                        out.remove(&p);
                        out.extend(&outputs);
                    });
                }
                self.remove(t);
                return Some(self.around(&inputs, &outputs));
            }
        }
        if let (1, Some(&q)) = (outputs.len(), outputs.first())
            && !kept(q)
            && !inputs.contains(&q)
            && self.givers.get(q as usize).is_some_and(|s| s.len() == 1)
        {
            // Who takes from q takes at once what the silent step would have taken.
            let takers = self.takers.get(q as usize).cloned().unwrap_or_default();
            let free =
                takers.iter().all(|&o| self.inputs(o).is_some_and(|i| i.is_disjoint(&inputs)));
            let plain = takers.len() == 1 || inputs.len() == 1;
            if free && plain && !takers.is_empty() {
                for &o in &takers {
                    self.change(o, |input, _| {
                        input.remove(&q);
                        input.extend(&inputs);
                    });
                }
                self.remove(t);
                return Some(self.around(&inputs, &outputs));
            }
        }
        None
    }

    fn change(&mut self, t: u32, edit: impl FnOnce(&mut BTreeSet<u32>, &mut BTreeSet<u32>)) {
        self.unlink(t);
        if let Some(Some(Step { inputs, outputs, .. })) = self.steps.get_mut(t as usize) {
            edit(inputs, outputs);
        }
        self.link(t);
    }

    fn remove(&mut self, t: u32) {
        self.unlink(t);
        if let Some(slot) = self.steps.get_mut(t as usize) {
            *slot = None;
        }
    }

    fn around(&self, inputs: &BTreeSet<u32>, outputs: &BTreeSet<u32>) -> Vec<u32> {
        let mut near = BTreeSet::new();
        for &p in inputs.iter().chain(outputs) {
            near.extend(self.givers.get(p as usize).into_iter().flatten());
            near.extend(self.takers.get(p as usize).into_iter().flatten());
        }
        near.retain(|&t| {
            self.steps
                .get(t as usize)
                .is_some_and(|s| s.as_ref().is_some_and(|s| s.label.is_none()))
        });
        near.into_iter().collect()
    }

    /// Places and transitions left, renumbered in their old order.
    fn finish(self, old: &PetriNet) -> PetriNet {
        let mut number = vec![u32::MAX; old.places.len()];
        let mut places = Vec::new();
        for (p, name) in old.places.iter().enumerate() {
            let used = |s: &Vec<BTreeSet<u32>>| s.get(p).is_some_and(|s| !s.is_empty());
            if self.kept.get(p) == Some(&true) || used(&self.givers) || used(&self.takers) {
                if let Some(n) = number.get_mut(p) {
                    *n = places.len() as u32;
                }
                places.push(name.clone());
            }
        }
        let new = |p: u32| number.get(p as usize).copied().unwrap_or(u32::MAX);
        let arcs = |set: BTreeSet<u32>| set.into_iter().map(new).collect();
        let transitions = self
            .steps
            .into_iter()
            .flatten()
            .map(|Step { label, name, inputs, outputs }| Transition {
                name,
                label,
                inputs: arcs(inputs),
                outputs: arcs(outputs),
            })
            .collect();
        let marking = |m: &[(u32, u32)]| m.iter().map(|&(p, n)| (new(p), n)).collect();
        PetriNet { places, transitions, initial: marking(&old.initial), end: marking(&old.end) }
    }
}
