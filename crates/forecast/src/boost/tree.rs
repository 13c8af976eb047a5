//! Trees once grown, and their sum.
//!
//! - Computes: the answer of a booster for binned rows, or for a row of plain numbers.
//! - Units: those of the targets learned from.
//! - Shapes: a [`Table`] binned alike, or one number a column, in; one number a row out.
//! - Errors: [`BoostError::OtherBins`] for a table binned otherwise; [`BoostError::Damaged`]
//!   when what was stored does not hold together.
//! - Source: J. Friedman (2001).

use std::sync::Arc;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{BoostError, Table, table::Bins};

/// A learned sum of trees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
pub struct Booster {
    bins: Arc<Bins>,
    /// The answer before any tree.
    start: f64,
    pub(super) trees: Vec<Tree>,
    /// Gain of all splits on each column.
    gains: Vec<f64>,
}

/// What is read back, before it is trusted.
#[derive(Deserialize)]
struct Stored {
    bins: Arc<Bins>,
    start: f64,
    trees: Vec<Tree>,
    gains: Vec<f64>,
}

/// One tree. A tree without nodes is its first leaf.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Tree {
    pub nodes: Vec<Node>,
    /// Answers of the leaves.
    pub values: Vec<f64>,
}

/// A question about one column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "StoredNode", into = "StoredNode")]
pub(super) struct Node {
    pub column: u32,
    pub test: Test,
    /// Where those that pass go, then the others: a node, or `!leaf` when negative.
    pub next: [i32; 2],
}

/// A node as it is stored, without names: there are many.
type StoredNode = (u32, u8, bool, i32, i32);

/// Which bins pass: those up to the cut, with or without missing values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Test {
    pub cut: u8,
    pub missing: bool,
}

impl Test {
    /// Whether a bin passes.
    pub fn passes(self, bin: u8) -> bool {
        // Missing is bin 0: one step down, it wraps to the top.
        if self.missing { bin <= self.cut } else { bin.wrapping_sub(1) < self.cut }
    }
}

impl From<StoredNode> for Node {
    fn from((column, cut, missing, pass, fail): StoredNode) -> Self {
        Self { column, test: Test { cut, missing }, next: [pass, fail] }
    }
}

impl From<Node> for StoredNode {
    fn from(node: Node) -> Self {
        (node.column, node.test.cut, node.test.missing, node.next[0], node.next[1])
    }
}

impl Tree {
    fn walk(&self, bin: impl Fn(u32) -> u8) -> f64 {
        let mut at = if self.nodes.is_empty() { !0 } else { 0 };
        while let Some(node) = usize::try_from(at).ok().and_then(|at| self.nodes.get(at)) {
            at = node.next[usize::from(!node.test.passes(bin(node.column)))];
        }
        // A node beyond the last reads as no leaf: nothing is added.
        usize::try_from(!at).ok().and_then(|leaf| self.values.get(leaf)).copied().unwrap_or(0.0)
    }

    /// Answer for a row.
    pub fn value(&self, table: &Table, row: usize) -> f64 {
        self.walk(|column| table.column(column as usize).get(row).copied().unwrap_or(0))
    }

    /// Whether a walk always goes down and ends in a leaf.
    fn sound(&self, columns: usize) -> bool {
        let (nodes, leaves) = (self.nodes.len(), self.values.len());
        let down = |at: usize, next: i32| match usize::try_from(next) {
            Ok(next) => next > at && next < nodes,
            Err(_) => usize::try_from(!next).is_ok_and(|leaf| leaf < leaves),
        };
        let good = |(at, node): (usize, &Node)| {
            (node.column as usize) < columns && node.next.iter().all(|&next| down(at, next))
        };
        leaves == nodes + 1
            && self.nodes.iter().enumerate().all(good)
            && self.values.iter().all(|v| v.is_finite())
    }
}

impl TryFrom<Stored> for Booster {
    type Error = BoostError;

    fn try_from(stored: Stored) -> Result<Self, BoostError> {
        let Stored { bins, start, trees, gains } = stored;
        let damaged = |part| Err(BoostError::Damaged { part });
        if !bins.sound() {
            return damaged("cuts that do not rise");
        }
        if !start.is_finite() || gains.len() != bins.columns() {
            return damaged("start or gains");
        }
        if !trees.iter().all(|tree| tree.sound(bins.columns())) {
            return damaged("a tree that leads nowhere");
        }
        Ok(Self { bins, start, trees, gains })
    }
}

impl Booster {
    pub(super) fn new(bins: Arc<Bins>, start: f64) -> Self {
        let gains = vec![0.0; bins.columns()];
        Self { bins, start, trees: Vec::new(), gains }
    }

    /// Counts the gain of the nodes of each tree for their columns.
    pub(super) fn credit(&mut self, gains: &[Vec<f64>], unit: f64) {
        for (tree, gains) in self.trees.iter().zip(gains) {
            for (node, gain) in tree.nodes.iter().zip(gains) {
                if let Some(sum) = self.gains.get_mut(node.column as usize) {
                    *sum += gain * unit;
                }
            }
        }
    }

    /// Answers for rows binned alike.
    pub fn predict(&self, table: &Table) -> Result<Vec<f64>, BoostError> {
        if !Arc::ptr_eq(&self.bins, table.bins()) && self.bins != *table.bins() {
            return Err(BoostError::OtherBins);
        }
        // Few rows at once through all trees: a tree stays at hand for all of them.
        const TOGETHER: usize = 1024;
        let mut answers = vec![self.start; table.rows()];
        answers.par_chunks_mut(TOGETHER).enumerate().for_each(|(chunk, answers)| {
            for tree in &self.trees {
                for (row, answer) in (chunk * TOGETHER..).zip(answers.iter_mut()) {
                    *answer += tree.value(table, row);
                }
            }
        });
        Ok(answers)
    }

    /// Answer for one row of plain numbers; columns that are not given are missing.
    pub fn predict_row(&self, row: &[f64]) -> f64 {
        let bins: Vec<u8> = (0..self.bins.columns())
            .map(|column| self.bins.bin(column, row.get(column).copied().unwrap_or(f64::NAN)))
            .collect();
        let bin = |column: u32| bins.get(column as usize).copied().unwrap_or(0);
        self.trees.iter().fold(self.start, |sum, tree| sum + tree.walk(bin))
    }

    /// How columns were binned, to bin new rows the same way.
    pub fn bins(&self) -> &Arc<Bins> {
        &self.bins
    }

    /// Trees kept.
    pub fn trees(&self) -> usize {
        self.trees.len()
    }

    /// How much each column took away from the loss, in its unit: the gain of its splits.
    pub fn importance(&self) -> &[f64] {
        &self.gains
    }
}
