//! What a process tree accepts, and what it may produce, written from the definition of the
//! language alone: it shares nothing with discovery and nothing with nets.

use eclusier_mining::ProcessTree;
use std::{
    collections::{BTreeSet, HashMap},
    iter,
    marker::PhantomData,
    ptr,
    rc::Rc,
};

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
}

/// The tree over the codes of a log. Every activity must be a leaf of its own.
pub fn part(tree: &ProcessTree, names: &[String]) -> Part {
    let parts = |b: &[ProcessTree]| b.iter().map(|t| part(t, names)).collect::<Vec<_>>();
    let block = match tree {
        ProcessTree::Activity(name) => {
            let code = names.iter().position(|n| n == name).map_or(u32::MAX, |c| c as u32);
            let letters = [code].into();
            return Part { block: Block::Leaf(code), letters };
        }
        ProcessTree::Silent => {
            return Part { block: Block::Silent, letters: BTreeSet::new() };
        }
        ProcessTree::Sequence(b) => Block::Sequence(parts(b)),
        ProcessTree::Choice(b) => Block::Choice(parts(b)),
        ProcessTree::Parallel(b) => Block::Parallel(parts(b)),
        ProcessTree::Loop(b) => Block::Loop(parts(b)),
    };
    let (Block::Sequence(inner)
    | Block::Choice(inner)
    | Block::Parallel(inner)
    | Block::Loop(inner)) = &block
    else {
        unreachable!()
    };
    let mut letters = BTreeSet::new();
    for p in inner {
        for l in &p.letters {
            assert!(letters.insert(*l), "an activity is two leaves");
        }
    }
    Part { block, letters }
}

/// Whether the trace is a run of the tree.
pub fn accepts(part: &Part, trace: &[u32]) -> bool {
    let mut reading = Reading::default();
    reading.ends(part, trace, 0).contains(&trace.len())
}

/// The steps of a branch of a parallel block, taken out of those of the block, with the number
/// of them before each place of the block.
struct Branch {
    steps: Vec<u32>,
    before: Vec<usize>,
}

/// What is known of one trace. An activity is one leaf, so a part always reads the same steps:
/// the trace, or what the parallel blocks around it leave of it.
#[derive(Default)]
struct Reading<'p> {
    ends: HashMap<(*const Part, usize), Rc<BTreeSet<usize>>>,
    branches: HashMap<*const Part, Rc<Branch>>,
    part: PhantomData<&'p Part>,
}

impl<'p> Reading<'p> {
    /// Where runs of the part that begin at a place may end.
    fn ends(&mut self, part: &'p Part, steps: &[u32], at: usize) -> Rc<BTreeSet<usize>> {
        if let Some(known) = self.ends.get(&(ptr::from_ref(part), at)) {
            return known.clone();
        }
        let ends: BTreeSet<usize> = match &part.block {
            Block::Leaf(a) => (steps.get(at) == Some(a)).then_some(at + 1).into_iter().collect(),
            Block::Silent => [at].into(),
            Block::Sequence(parts) => parts.iter().fold([at].into(), |from, p| {
                from.iter()
                    .flat_map(|&at| self.ends(p, steps, at).iter().copied().collect::<Vec<_>>())
                    .collect()
            }),
            Block::Choice(parts) => parts
                .iter()
                .flat_map(|p| self.ends(p, steps, at).iter().copied().collect::<Vec<_>>())
                .collect(),
            Block::Parallel(parts) => {
                let run = steps[at..].iter().take_while(|s| part.letters.contains(s)).count();
                let mut ends: BTreeSet<usize> = (at..=at + run).collect();
                for p in parts {
                    let branch = self.branch(p, steps);
                    let reached = self.ends(p, &branch.steps, branch.before[at]);
                    ends.retain(|&to| reached.contains(&branch.before[to]));
                }
                ends
            }
            Block::Loop(parts) => {
                let (body, redo) = parts.split_first().unwrap();
                let (mut done, mut open) = (BTreeSet::new(), BTreeSet::new());
                let mut left = vec![at];
                while let Some(from) = left.pop() {
                    if !open.insert(from) {
                        continue;
                    }
                    for &to in &*self.ends(body, steps, from) {
                        if done.insert(to) {
                            left.extend(redo.iter().flat_map(|r| {
                                self.ends(r, steps, to).iter().copied().collect::<Vec<_>>()
                            }));
                        }
                    }
                }
                done
            }
        };
        let ends = Rc::new(ends);
        self.ends.insert((ptr::from_ref(part), at), ends.clone());
        ends
    }

    fn branch(&mut self, part: &'p Part, steps: &[u32]) -> Rc<Branch> {
        let new = || {
            let mine = |s: &&u32| part.letters.contains(s);
            let before = steps.iter().scan(0, |n, s| {
                *n += usize::from(mine(&s));
                Some(*n)
            });
            let before = iter::once(0).chain(before).collect();
            Rc::new(Branch { steps: steps.iter().filter(mine).copied().collect(), before })
        };
        self.branches.entry(ptr::from_ref(part)).or_insert_with(new).clone()
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
