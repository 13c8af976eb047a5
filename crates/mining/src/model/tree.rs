//! Process trees: blocks inside blocks, sound by construction.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A block-structured model.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProcessTree {
    /// A step of the log.
    Activity(String),
    /// Nothing happens.
    Silent,
    /// One after the other.
    Sequence(Vec<ProcessTree>),
    /// Exactly one of them.
    Choice(Vec<ProcessTree>),
    /// All of them, in any interleaving.
    Parallel(Vec<ProcessTree>),
    /// The first, then any number of times one of the others followed by the first again.
    Loop(Vec<ProcessTree>),
}

use ProcessTree::{Activity, Choice, Loop, Parallel, Sequence, Silent};

impl ProcessTree {
    /// Blocks directly inside.
    pub fn blocks(&self) -> &[ProcessTree] {
        match self {
            Activity(_) | Silent => &[],
            Sequence(b) | Choice(b) | Parallel(b) | Loop(b) => b,
        }
    }

    /// Whether a case may pass without any step.
    pub fn accepts_empty(&self) -> bool {
        match self {
            Activity(_) => false,
            Silent => true,
            Sequence(b) | Parallel(b) => b.iter().all(Self::accepts_empty),
            Choice(b) => b.iter().any(Self::accepts_empty),
            Loop(b) => b.first().is_none_or(Self::accepts_empty),
        }
    }

    /// Names of its steps, from left to right, each leaf once.
    pub fn activities(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.each_leaf(&mut |name| names.push(name));
        names
    }

    fn each_leaf<'a>(&'a self, f: &mut impl FnMut(&'a str)) {
        match self {
            Activity(name) => f(name),
            _ => self.blocks().iter().for_each(|b| b.each_leaf(f)),
        }
    }

    /// The same language with fewer blocks: nested blocks of one kind become one, blocks of
    /// one part become that part, silent parts that add nothing go.
    #[must_use]
    pub fn folded(self) -> Self {
        match self {
            Activity(_) | Silent => self,
            Sequence(blocks) => {
                let mut flat = Vec::with_capacity(blocks.len());
                for block in blocks {
                    match block.folded() {
                        Silent => {}
                        Sequence(inner) => flat.extend(inner),
                        other => flat.push(other),
                    }
                }
                single(flat, Sequence)
            }
            Parallel(blocks) => {
                let mut flat = Vec::with_capacity(blocks.len());
                for block in blocks {
                    match block.folded() {
                        Silent => {}
                        Parallel(inner) => flat.extend(inner),
                        other => flat.push(other),
                    }
                }
                single(flat, Parallel)
            }
            Choice(blocks) => {
                let mut flat = Vec::with_capacity(blocks.len());
                for block in blocks {
                    match block.folded() {
                        Choice(inner) => flat.extend(inner),
                        other => flat.push(other),
                    }
                }
                let silent = flat.contains(&Silent);
                flat.retain(|b| *b != Silent);
                if silent && !flat.iter().any(Self::accepts_empty) {
                    flat.push(Silent);
                }
                single(flat, Choice)
            }
            Loop(blocks) => folded_loop(blocks),
        }
    }
}

fn single(mut blocks: Vec<ProcessTree>, make: fn(Vec<ProcessTree>) -> ProcessTree) -> ProcessTree {
    match (blocks.len(), blocks.pop()) {
        (1, Some(only)) => only,
        (_, Some(last)) => {
            blocks.push(last);
            make(blocks)
        }
        (_, None) => Silent,
    }
}

fn folded_loop(blocks: Vec<ProcessTree>) -> ProcessTree {
    let mut blocks = blocks.into_iter().map(ProcessTree::folded);
    let mut redo = Vec::new();
    let mut body = match blocks.next() {
        // a (b a)* then (c that)* is a ((b or c) a)*.
        Some(Loop(mut inner)) if !inner.is_empty() => {
            let body = inner.remove(0);
            redo.extend(inner);
            body
        }
        Some(body) => body,
        None => return Silent,
    };
    for block in blocks {
        match block {
            Choice(inner) => redo.extend(inner),
            other => redo.push(other),
        }
    }
    let silent = redo.contains(&Silent);
    redo.retain(|b| *b != Silent);
    if silent && !redo.iter().any(ProcessTree::accepts_empty) {
        redo.push(Silent);
    }
    if redo.is_empty() || (body == Silent && redo == [Silent]) {
        return body;
    }
    // (x or nothing) again and again is nothing, or x again and again.
    if redo == [Silent]
        && let Choice(ways) = &mut body
        && ways.last() == Some(&Silent)
    {
        ways.pop();
        let body = single(std::mem::take(ways), Choice);
        return Choice(vec![folded_loop(vec![body, Silent]), Silent]);
    }
    redo.insert(0, body);
    Loop(redo)
}

impl fmt::Display for ProcessTree {
    /// `→` sequence, `×` choice, `∧` parallel, `↺` loop, `τ` nothing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self {
            Activity(name) => return f.write_str(name),
            Silent => return f.write_str("τ"),
            Sequence(_) => "→",
            Choice(_) => "×",
            Parallel(_) => "∧",
            Loop(_) => "↺",
        };
        write!(f, "{sign}(")?;
        for (i, block) in self.blocks().iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{block}")?;
        }
        f.write_str(")")
    }
}
