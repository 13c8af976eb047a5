//! What a process tree accepts, and what it may produce, written from the definition of the
//! language alone: it shares nothing with discovery and nothing with nets.

use eclusier_mining::ProcessTree;
use std::collections::BTreeSet;

/// Steps of a tree by number of a log, `None` for a leaf that the log never names.
pub enum Block {
    Leaf(u32),
    Silent,
    Sequence(Vec<Part>),
    Choice(Vec<Part>),
    Parallel(Vec<Part>),
    Loop(Vec<Part>),
}

pub struct Part {
    pub block: Block,
    letters: BTreeSet<u32>,
    empty: bool,
}

/// The tree over the codes of a log. Every activity must be a leaf of its own.
pub fn part(tree: &ProcessTree, names: &[String]) -> Part {
    let parts = |b: &[ProcessTree]| b.iter().map(|t| part(t, names)).collect::<Vec<_>>();
    let block = match tree {
        ProcessTree::Activity(name) => {
            let code = names.iter().position(|n| n == name).map_or(u32::MAX, |c| c as u32);
            let letters = [code].into();
            return Part { block: Block::Leaf(code), letters, empty: false };
        }
        ProcessTree::Silent => {
            return Part { block: Block::Silent, letters: BTreeSet::new(), empty: true };
        }
        ProcessTree::Sequence(b) => Block::Sequence(parts(b)),
        ProcessTree::Choice(b) => Block::Choice(parts(b)),
        ProcessTree::Parallel(b) => Block::Parallel(parts(b)),
        ProcessTree::Loop(b) => Block::Loop(parts(b)),
    };
    let (inner, empty) = match &block {
        Block::Sequence(p) | Block::Parallel(p) => (p, p.iter().all(|p| p.empty)),
        Block::Choice(p) => (p, p.iter().any(|p| p.empty)),
        Block::Loop(p) => (p, p[0].empty),
        Block::Leaf(_) | Block::Silent => unreachable!(),
    };
    let mut letters = BTreeSet::new();
    for p in inner {
        for l in &p.letters {
            assert!(letters.insert(*l), "an activity is two leaves");
        }
    }
    Part { block, letters, empty }
}

/// Whether the trace is a run of the tree.
pub fn accepts(part: &Part, trace: &[u32]) -> bool {
    if trace.is_empty() {
        return part.empty;
    }
    if !trace.iter().all(|a| part.letters.contains(a)) {
        return false;
    }
    match &part.block {
        Block::Leaf(a) => trace == [*a],
        Block::Silent => false,
        Block::Sequence(parts) => {
            let mut rest = trace;
            for p in parts {
                let n = rest.iter().take_while(|a| p.letters.contains(a)).count();
                let (mine, after) = rest.split_at(n);
                if !accepts(p, mine) {
                    return false;
                }
                rest = after;
            }
            rest.is_empty()
        }
        Block::Choice(parts) => parts.iter().any(|p| accepts(p, trace)),
        Block::Parallel(parts) => parts.iter().all(|p| {
            let mine: Vec<u32> = trace.iter().copied().filter(|a| p.letters.contains(a)).collect();
            accepts(p, &mine)
        }),
        Block::Loop(parts) => {
            let (body, redo) = parts.split_first().unwrap();
            // done[i]: the first i steps end with a body; open[i]: with a redo, or are nothing.
            let n = trace.len();
            let (mut done, mut open) = (vec![false; n + 1], vec![false; n + 1]);
            open[0] = true;
            let nothing = redo.iter().any(|r| r.empty);
            for i in 0..=n {
                // Empty bodies and empty redos lead from one to the other at the same place.
                done[i] |= open[i] && body.empty;
                open[i] |= done[i] && nothing;
                done[i] |= open[i] && body.empty;
                let from = |p: &Part, ok: bool, again: bool, into: &mut Vec<bool>| {
                    let run = trace[i..].iter().take_while(|a| p.letters.contains(a)).count();
                    if !ok || run == 0 {
                        return;
                    }
                    // A part can only end inside a run of its own letters if it can be
                    // entered again without any other step.
                    for to in if again { i + 1 } else { i + run }..=i + run {
                        if !into[to] && accepts(p, &trace[i..to]) {
                            into[to] = true;
                        }
                    }
                };
                from(body, open[i], nothing, &mut done);
                for r in redo {
                    from(r, done[i], body.empty, &mut open);
                }
            }
            done[n]
        }
    }
}

/// A run of the tree: `draw(n)` picks below n.
pub fn run(tree: &ProcessTree, draw: &mut dyn FnMut(usize) -> usize) -> Vec<String> {
    match tree {
        ProcessTree::Activity(name) => vec![name.clone()],
        ProcessTree::Silent => vec![],
        ProcessTree::Sequence(b) => b.iter().flat_map(|t| run(t, draw)).collect(),
        ProcessTree::Choice(b) => {
            let i = draw(b.len());
            run(&b[i], draw)
        }
        ProcessTree::Parallel(b) => {
            let mut runs: Vec<_> = b.iter().map(|t| run(t, draw).into_iter().peekable()).collect();
            let mut all = vec![];
            loop {
                runs.retain_mut(|r| r.peek().is_some());
                if runs.is_empty() {
                    return all;
                }
                let i = draw(runs.len());
                all.extend(runs[i].next());
            }
        }
        ProcessTree::Loop(b) => {
            let mut all = run(&b[0], draw);
            while b.len() > 1 && draw(2) == 1 {
                let i = 1 + draw(b.len() - 1);
                all.extend(run(&b[i], draw));
                all.extend(run(&b[0], draw));
            }
            all
        }
    }
}
