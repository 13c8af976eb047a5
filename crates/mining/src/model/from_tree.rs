//! The workflow net of a process tree.

use super::{PetriNet, ProcessTree, Transition};

impl From<&ProcessTree> for PetriNet {
    /// A sound workflow net of the same language, with few silent transitions.
    ///
    /// One place without input holds the case at the beginning, one place without output
    /// at the end.
    fn from(tree: &ProcessTree) -> Self {
        let mut draft = Draft::default();
        let (source, sink) = (draft.place("start"), draft.place("end"));
        draft.block(tree, source, sink);
        let Draft { places, transitions, .. } = draft;
        let net =
            PetriNet { places, transitions, initial: vec![(source, 1)], end: vec![(sink, 1)] };
        net.reduced()
    }
}

#[derive(Default)]
struct Draft {
    places: Vec<String>,
    transitions: Vec<Transition>,
}

impl Draft {
    fn place(&mut self, name: &str) -> u32 {
        let number = self.places.len() as u32;
        self.places.push(if name.is_empty() { format!("p{number}") } else { name.to_owned() });
        number
    }

    fn step(&mut self, label: Option<&str>, mut inputs: Vec<u32>, mut outputs: Vec<u32>) {
        inputs.sort_unstable();
        outputs.sort_unstable();
        let kind = if label.is_some() { "t" } else { "tau" };
        let name = format!("{kind}{}", self.transitions.len());
        self.transitions.push(Transition {
            name,
            label: label.map(str::to_owned),
            inputs,
            outputs,
        });
    }

    fn block(&mut self, tree: &ProcessTree, from: u32, to: u32) {
        match tree {
            ProcessTree::Activity(name) => self.step(Some(name), vec![from], vec![to]),
            ProcessTree::Silent => self.step(None, vec![from], vec![to]),
            ProcessTree::Sequence(blocks) => {
                let Some((last, first)) = blocks.split_last() else {
                    return self.step(None, vec![from], vec![to]);
                };
                let mut at = from;
                for block in first {
                    let next = self.place("");
                    self.block(block, at, next);
                    at = next;
                }
                self.block(last, at, to);
            }
            // Without any way through, a choice would block: it is drawn as nothing.
            ProcessTree::Choice(blocks) if blocks.is_empty() => {
                self.step(None, vec![from], vec![to]);
            }
            ProcessTree::Choice(blocks) => {
                for block in blocks {
                    self.block(block, from, to);
                }
            }
            ProcessTree::Parallel(blocks) => {
                let ends: Vec<(u32, u32)> =
                    blocks.iter().map(|_| (self.place(""), self.place(""))).collect();
                if ends.is_empty() {
                    return self.step(None, vec![from], vec![to]);
                }
                self.step(None, vec![from], ends.iter().map(|e| e.0).collect());
                for (block, &(begin, end)) in blocks.iter().zip(&ends) {
                    self.block(block, begin, end);
                }
                self.step(None, ends.iter().map(|e| e.1).collect(), vec![to]);
            }
            ProcessTree::Loop(blocks) => {
                let Some((body, redo)) = blocks.split_first() else {
                    return self.step(None, vec![from], vec![to]);
                };
                // Places of its own: who enters elsewhere must not be able to go back in.
                let (begin, end) = (self.place(""), self.place(""));
                self.step(None, vec![from], vec![begin]);
                self.block(body, begin, end);
                for block in redo {
                    self.block(block, end, begin);
                }
                self.step(None, vec![end], vec![to]);
            }
        }
    }
}
