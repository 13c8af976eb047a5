//! One tree, grown best leaf first on histograms.
//!
//! - Computes: the splits that take most away from the squared distance between pulls and
//!   their mean, until there are enough leaves or nothing more to gain.
//! - Units: pulls and weights are brought to whole numbers, so that sums are exact and do
//!   not depend on their order, nor on the number of threads.
//! - Shapes: binned rows, a pull and a weight each, in; nodes and the rows of each leaf out.
//! - Errors: `None` when no split gains anything.
//! - Source: best leaf first and the difference of histograms as in G. Ke et al. (2017); the
//!   rest is ours: eight columns to a word, whole sums with the count in the low bits.

use std::ops::Range;

use rayon::prelude::*;

use super::{
    Params, Table,
    tree::{Node, Test},
};

/// Columns whose bins share a word.
const WIDTH: usize = 8;
/// Bins of a histogram, that of missing values included.
const CELLS: usize = 256;
/// Sums stay below this power of two: a double holds them without a loss.
const EXACT_BITS: u32 = 52;
/// Cells to visit from which threads are worth waking.
const WORTH_THREADS: usize = 1 << 15;

/// Columns laid out for histograms: a word a row holds the bins of eight columns.
pub(super) struct Packed {
    columns: Vec<usize>,
    /// Bins of each, without that of missing values.
    bins: Vec<usize>,
    words: Vec<Vec<u64>>,
}

impl Packed {
    pub fn new(table: &Table, columns: Vec<usize>) -> Self {
        let pack = |columns: &[usize]| {
            let mut words = vec![0u64; table.rows()];
            for (at, &column) in columns.iter().enumerate() {
                for (word, &bin) in words.iter_mut().zip(table.column(column)) {
                    *word |= u64::from(bin) << (8 * at);
                }
            }
            words
        };
        let words = columns.par_chunks(WIDTH).map(pack).collect();
        let bins = columns.iter().map(|&column| table.bins().count(column)).collect();
        Self { columns, bins, words }
    }

    pub fn columns(&self) -> &[usize] {
        &self.columns
    }
}

/// How numbers become whole: each is taken as a share of the largest, in steps.
#[derive(Debug, Clone, Copy, Default)]
struct Steps {
    largest: f64,
    count: f64,
}

impl Steps {
    /// As many steps as sums of `rows` numbers leave room for, below `bits`.
    fn new(largest: f64, rows: usize, bits: u32) -> Self {
        let room = (1u64 << bits.min(EXACT_BITS)) as f64;
        // Two less: rounding may add one, and so may the division.
        Self { largest, count: (room / rows.max(1) as f64).floor() - 2.0 }
    }

    fn whole(self, value: f64) -> i64 {
        // Shifted above zero, cutting the decimals off is rounding, and much quicker.
        let shift = self.count + 1.0;
        (value / self.largest * self.count + (shift + 0.5)) as i64 - shift as i64
    }

    /// The size of one step.
    fn unit(self) -> f64 {
        self.largest / self.count
    }
}

/// A cell of a histogram: the sums over the rows of one bin.
pub(super) trait Cell: Copy + Default + Send + Sync {
    fn new(pull: i64, weight: i64, count_bits: u32) -> Self;
    fn plus(self, other: Self) -> Self;
    fn minus(self, other: Self) -> Self;
    fn count(self, count_bits: u32) -> usize;
    fn pull(self, count_bits: u32) -> f64;
    fn weight(self, count_bits: u32) -> f64;
}

/// Sums of rows that weigh alike: the pull in the high bits, the count in the low ones.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Plain(i64);

impl Cell for Plain {
    fn new(pull: i64, _: i64, count_bits: u32) -> Self {
        Self((pull << count_bits) | 1)
    }

    fn plus(self, other: Self) -> Self {
        Self(self.0.wrapping_add(other.0))
    }

    fn minus(self, other: Self) -> Self {
        Self(self.0.wrapping_sub(other.0))
    }

    fn count(self, count_bits: u32) -> usize {
        (self.0 & ((1 << count_bits) - 1)) as usize
    }

    fn pull(self, count_bits: u32) -> f64 {
        (self.0 >> count_bits) as f64
    }

    fn weight(self, count_bits: u32) -> f64 {
        (self.0 & ((1 << count_bits) - 1)) as f64
    }
}

/// Sums of rows that weigh each its own.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Weighted {
    pulls: Plain,
    weight: i64,
}

impl Cell for Weighted {
    fn new(pull: i64, weight: i64, count_bits: u32) -> Self {
        Self { pulls: Plain::new(pull, 0, count_bits), weight }
    }

    fn plus(self, other: Self) -> Self {
        let weight = self.weight.wrapping_add(other.weight);
        Self { pulls: self.pulls.plus(other.pulls), weight }
    }

    fn minus(self, other: Self) -> Self {
        let weight = self.weight.wrapping_sub(other.weight);
        Self { pulls: self.pulls.minus(other.pulls), weight }
    }

    fn count(self, count_bits: u32) -> usize {
        self.pulls.count(count_bits)
    }

    fn pull(self, count_bits: u32) -> f64 {
        self.pulls.pull(count_bits)
    }

    fn weight(self, _: u32) -> f64 {
        self.weight as f64
    }
}

/// Histograms of the columns of a word.
type Block<C> = [[C; CELLS]; WIDTH];

/// A leaf while the tree grows.
struct Leaf<C> {
    /// Its rows, in the order of the grower.
    span: Range<usize>,
    total: C,
    histograms: Vec<Block<C>>,
    split: Option<Split<C>>,
    /// The node above, and on which side.
    above: (usize, usize),
}

/// The best question found for a leaf.
#[derive(Debug, Clone, Copy)]
struct Split<C> {
    gain: f64,
    /// Column, as packed.
    at: usize,
    test: Test,
    /// Sums of the rows that pass.
    passing: C,
}

/// What was grown.
pub(super) struct Grown {
    pub nodes: Vec<Node>,
    /// Gain of each node.
    pub gains: Vec<f64>,
    /// Rows of each leaf, in the order of the grower.
    pub leaves: Vec<Range<usize>>,
}

/// Grows trees one after the other, in the same memory.
pub(super) struct Grower<C> {
    leaves: usize,
    min_leaf: usize,
    l2: f64,
    min_gain: f64,
    /// Rows, those of a leaf side by side and rising.
    rows: Vec<u32>,
    scratch: Vec<u32>,
    /// Of every row of the table.
    cells: Vec<C>,
    gathered: Vec<C>,
    spare: Vec<Vec<Block<C>>>,
}

/// What must be known to judge a split, in whole units.
#[derive(Clone, Copy)]
struct Rules {
    count_bits: u32,
    min_leaf: usize,
    l2: f64,
    min_gain: f64,
}

impl<C: Cell> Grower<C> {
    pub fn new(rows: usize, params: &Params, l2: f64, min_gain: f64) -> Self {
        Self {
            leaves: params.leaves,
            min_leaf: params.min_leaf.max(1),
            l2,
            min_gain,
            rows: Vec::with_capacity(rows),
            scratch: vec![0; rows],
            cells: vec![C::default(); rows],
            gathered: Vec::new(),
            spare: Vec::new(),
        }
    }

    /// Rows of a leaf of the last tree, rising.
    pub fn rows(&self, span: &Range<usize>) -> &[u32] {
        self.rows.get(span.clone()).unwrap_or(&[])
    }

    /// Grows a tree on some rows; `pull` gives the pull and the weight of a row.
    pub fn grow(
        &mut self,
        table: &Table,
        packed: &Packed,
        rows: &[u32],
        pull: impl Fn(u32) -> (f64, f64),
    ) -> Option<Grown> {
        let n = rows.len();
        if self.both_too_small(n) || packed.columns.is_empty() {
            return None;
        }
        self.rows.clear();
        self.rows.extend_from_slice(rows);
        let (total, rules, gain_unit) = self.make_whole(rows, pull)?;
        let root = self.root(packed, total, rules);
        let mut grown = Grown { nodes: Vec::new(), gains: Vec::new(), leaves: Vec::new() };
        let mut open = vec![root];
        while open.len() < self.leaves {
            let Some(best) = best_leaf(&open) else { break };
            let leaf = open.swap_remove(best);
            let Some(split) = leaf.split else { break };
            let node = grown.nodes.len();
            let column = packed.columns.get(split.at).copied().unwrap_or(0);
            link(&mut grown.nodes, leaf.above, node as i32);
            grown.nodes.push(Node { column: column as u32, test: split.test, next: [0; 2] });
            grown.gains.push(split.gain * gain_unit);
            let passing = self.part(table.column(column), leaf.span.clone(), split.test);
            let last = open.len() + 2 >= self.leaves;
            let children = self.children(packed, leaf, node, passing, &split, rules, last);
            open.extend(children);
        }
        for leaf in &mut open {
            self.give_back(std::mem::take(&mut leaf.histograms));
        }
        if grown.nodes.is_empty() {
            return None;
        }
        // Leaves in the order of their rows, so that sums do not depend on how they grew.
        open.sort_unstable_by_key(|leaf| leaf.span.start);
        for leaf in open {
            link(&mut grown.nodes, leaf.above, !(grown.leaves.len() as i32));
            grown.leaves.push(leaf.span);
        }
        Some(grown)
    }

    fn both_too_small(&self, rows: usize) -> bool {
        rows / 2 < self.min_leaf
    }

    /// Turns pulls and weights into whole cells; `None` when nothing pulls.
    fn make_whole(
        &mut self,
        rows: &[u32],
        pull: impl Fn(u32) -> (f64, f64),
    ) -> Option<(C, Rules, f64)> {
        let n = rows.len();
        let largest = rows.iter().map(|&row| pull(row).0.abs()).fold(0.0, f64::max);
        if largest <= 0.0 {
            return None;
        }
        // Counts up to n in the low bits, the pulls and their sign above.
        let count_bits = usize::BITS - n.leading_zeros();
        let pulls = Steps::new(largest, n, 63 - count_bits);
        let weights = Steps::new(1.0, n, EXACT_BITS);
        let mut total = C::default();
        for &row in rows {
            let (value, weight) = pull(row);
            let cell = C::new(pulls.whole(value), weights.whole(weight), count_bits);
            total = total.plus(cell);
            if let Some(own) = self.cells.get_mut(row as usize) {
                *own = cell;
            }
        }
        // What a weight of 1 reads as: rows that weigh alike are counted.
        let one = C::new(0, weights.whole(1.0), count_bits).weight(count_bits);
        let gain_unit = pulls.unit() * pulls.unit() * one;
        let min_gain = if self.min_gain > 0.0 { self.min_gain / gain_unit } else { 0.0 };
        let l2 = self.l2 * one;
        Some((total, Rules { count_bits, min_leaf: self.min_leaf, l2, min_gain }, gain_unit))
    }

    fn root(&mut self, packed: &Packed, total: C, rules: Rules) -> Leaf<C> {
        let span = 0..self.rows.len();
        let mut histograms = self.take(packed);
        let all = span.len() == self.cells.len();
        if !all {
            self.gather(span.clone());
        }
        let work = Work {
            packed,
            rows: if all { None } else { Some(&self.rows) },
            cells: if all { &self.cells } else { &self.gathered },
            rules,
        };
        let [split, _] = work.run(&mut histograms, Some(total), None);
        Leaf { span, total, histograms, split, above: (usize::MAX, 0) }
    }

    /// The two leaves that a split makes of one, with what was found about them.
    #[allow(clippy::too_many_arguments)]
    fn children(
        &mut self,
        packed: &Packed,
        leaf: Leaf<C>,
        node: usize,
        passing: usize,
        split: &Split<C>,
        rules: Rules,
        last: bool,
    ) -> [Leaf<C>; 2] {
        let Range { start, end } = leaf.span;
        let middle = start + passing;
        let make = |span, total, side| Leaf {
            span,
            total,
            histograms: Vec::new(),
            split: None,
            above: (node, side),
        };
        let mut pass = make(start..middle, split.passing, 0);
        let mut fail = make(middle..end, leaf.total.minus(split.passing), 1);
        let (small, large) = if pass.span.len() <= fail.span.len() {
            (&mut pass, &mut fail)
        } else {
            (&mut fail, &mut pass)
        };
        let mut histograms = leaf.histograms;
        if last || self.both_too_small(large.span.len()) {
            self.give_back(histograms);
            return [pass, fail];
        }
        let mut own = self.take(packed);
        self.gather(small.span.clone());
        let work = Work {
            packed,
            rows: Some(self.rows.get(small.span.clone()).unwrap_or(&[])),
            cells: &self.gathered,
            rules,
        };
        let wanted = (!self.both_too_small(small.span.len())).then_some(small.total);
        let [found, other] =
            work.run(&mut own, wanted, Some((histograms.as_mut_slice(), large.total)));
        (small.split, large.split) = (found, other);
        for (leaf, histograms) in [(small, own), (large, histograms)] {
            if leaf.split.is_some() {
                leaf.histograms = histograms;
            } else {
                self.give_back(histograms);
            }
        }
        [pass, fail]
    }

    /// Puts the rows that pass first, each part still rising; says how many pass.
    fn part(&mut self, column: &[u8], span: Range<usize>, test: Test) -> usize {
        let Some(rows) = self.rows.get_mut(span) else { return 0 };
        let (mut pass, mut fail) = (0, 0);
        for at in 0..rows.len() {
            let row = rows[at];
            let passes = test.passes(column[row as usize]);
            // Written on both sides, kept on one: no branch to guess.
            rows[pass] = row;
            self.scratch[fail] = row;
            pass += usize::from(passes);
            fail += usize::from(!passes);
        }
        if let (Some(to), Some(from)) = (rows.get_mut(pass..), self.scratch.get(..fail)) {
            to.copy_from_slice(from);
        }
        pass
    }

    /// Brings the cells of some rows side by side.
    fn gather(&mut self, span: Range<usize>) {
        let cells = &self.cells;
        let rows = self.rows.get(span).unwrap_or(&[]);
        let of = |&row: &u32| cells.get(row as usize).copied().unwrap_or_default();
        self.gathered.clear();
        self.gathered.extend(rows.iter().map(of));
    }

    /// Histograms to write on.
    fn take(&mut self, packed: &Packed) -> Vec<Block<C>> {
        let blocks = packed.words.len();
        let kept = self.spare.pop().filter(|kept| kept.len() == blocks);
        kept.unwrap_or_else(|| vec![[[C::default(); CELLS]; WIDTH]; blocks])
    }

    fn give_back(&mut self, histograms: Vec<Block<C>>) {
        if !histograms.is_empty() {
            self.spare.push(histograms);
        }
    }
}

/// The leaf from whose split most is gained, the first of them when several are.
fn best_leaf<C>(open: &[Leaf<C>]) -> Option<usize> {
    let mut best: Option<(f64, usize, usize)> = None;
    for (at, leaf) in open.iter().enumerate() {
        let Some(split) = &leaf.split else { continue };
        let better = best.is_none_or(|(gain, start, _)| {
            split.gain > gain || (split.gain == gain && leaf.span.start < start)
        });
        if better {
            best = Some((split.gain, leaf.span.start, at));
        }
    }
    best.map(|b| b.2)
}

/// Tells the node above where a side of it leads.
fn link(nodes: &mut [Node], above: (usize, usize), to: i32) {
    if let Some(next) = nodes.get_mut(above.0).and_then(|node| node.next.get_mut(above.1)) {
        *next = to;
    }
}

/// What it takes to fill histograms and look for splits in them.
struct Work<'a, C> {
    packed: &'a Packed,
    /// Rows to sum; all of them when `None`.
    rows: Option<&'a [u32]>,
    cells: &'a [C],
    rules: Rules,
}

impl<C: Cell> Work<'_, C> {
    /// Fills `own` and looks for its best split if its total is given. When the histograms of
    /// the leaf above are given, with the total of the other part, takes `own` away from them
    /// and looks there as well.
    fn run(
        &self,
        own: &mut [Block<C>],
        total: Option<C>,
        other: Option<(&mut [Block<C>], C)>,
    ) -> [Option<Split<C>>; 2] {
        let (others, other_total) = match other {
            Some((blocks, total)) => (blocks.iter_mut().map(Some).collect(), Some(total)),
            None => (own.iter().map(|_| None).collect::<Vec<_>>(), None),
        };
        type Place<'b, C> = ((&'b mut Block<C>, Option<&'b mut Block<C>>), &'b Vec<u64>);
        let one = |(at, ((own, other), words)): (usize, Place<'_, C>)| {
            let columns = at * WIDTH..self.packed.columns.len().min((at + 1) * WIDTH);
            self.fill(own, columns.len(), words);
            let mut found = [None, None];
            if let Some(total) = total {
                found[0] = self.best(own, columns.clone(), total);
            }
            if let (Some(other), Some(total)) = (other, other_total) {
                for (cells, own) in other.iter_mut().zip(own.iter()) {
                    for (cell, own) in cells.iter_mut().zip(own) {
                        *cell = cell.minus(*own);
                    }
                }
                found[1] = self.best(other, columns, total);
            }
            found
        };
        let blocks = self.packed.words.len();
        let visits = (self.cells.len() + CELLS) * blocks * WIDTH;
        let found: Vec<[Option<Split<C>>; 2]> =
            if visits > WORTH_THREADS && blocks > 1 && rayon::current_num_threads() > 1 {
                let jobs = own.par_iter_mut().zip(others).zip(&self.packed.words);
                jobs.enumerate().map(one).collect()
            } else {
                let jobs = own.iter_mut().zip(others).zip(&self.packed.words);
                jobs.enumerate().map(one).collect()
            };
        found.into_iter().fold([None, None], |[a, b], [c, d]| [better(a, c), better(b, d)])
    }

    fn fill(&self, block: &mut Block<C>, columns: usize, words: &[u64]) {
        for cells in block.iter_mut() {
            cells.fill(C::default());
        }
        match columns {
            1 => self.add::<1>(block, words),
            2 => self.add::<2>(block, words),
            3 => self.add::<3>(block, words),
            4 => self.add::<4>(block, words),
            5 => self.add::<5>(block, words),
            6 => self.add::<6>(block, words),
            7 => self.add::<7>(block, words),
            _ => self.add::<8>(block, words),
        }
    }

    fn add<const N: usize>(&self, block: &mut Block<C>, words: &[u64]) {
        let mut add = |word: u64, cell: C| {
            for (at, cells) in block.iter_mut().enumerate().take(N) {
                // A byte is always within 256 cells: nothing is left to check.
                let own = &mut cells[usize::from((word >> (8 * at)) as u8)];
                *own = own.plus(cell);
            }
        };
        match self.rows {
            None => words.iter().zip(self.cells).for_each(|(&word, &cell)| add(word, cell)),
            Some(rows) => {
                for (&row, &cell) in rows.iter().zip(self.cells) {
                    if let Some(&word) = words.get(row as usize) {
                        add(word, cell);
                    }
                }
            }
        }
    }

    /// The best split on the columns of a block.
    fn best(&self, block: &Block<C>, columns: Range<usize>, total: C) -> Option<Split<C>> {
        let mut found = None;
        for (cells, at) in block.iter().zip(columns) {
            let bins = self.packed.bins.get(at).copied().unwrap_or(0);
            found = better(found, self.best_of_column(cells, bins, total, at));
        }
        found
    }

    fn best_of_column(
        &self,
        cells: &[C; CELLS],
        bins: usize,
        total: C,
        at: usize,
    ) -> Option<Split<C>> {
        let Rules { count_bits, l2, min_gain, .. } = self.rules;
        let (missing, values) = cells.split_first()?;
        let values = values.get(..bins)?;
        let but_last = values.split_last().map_or(values, |v| v.1);
        let weight = total.weight(count_bits) + l2;
        let before = total.pull(count_bits).powi(2);
        // Rounding must not pass for a gain.
        let floor = before * (1.0 + 1e-12) + min_gain * weight;
        let mut best = Best { over: floor, under: weight, cut: 0, missing: false, passing: total };
        if missing.count(count_bits) == 0 {
            self.scan(but_last, C::default(), total, false, &mut best);
            // None was seen missing: those to come go with most.
            best.missing = 2 * best.passing.count(count_bits) >= total.count(count_bits);
        } else {
            // The last cut parts what is known from what is missing.
            self.scan(values, C::default(), total, false, &mut best);
            self.scan(but_last, *missing, total, true, &mut best);
        }
        (best.cut > 0).then(|| Split {
            gain: best.over / best.under - before / weight,
            at,
            test: Test { cut: best.cut, missing: best.missing },
            passing: best.passing,
        })
    }

    /// Tries each cut of a column in turn.
    fn scan(&self, values: &[C], first: C, total: C, missing: bool, best: &mut Best<C>) {
        let Rules { count_bits, min_leaf, l2, .. } = self.rules;
        let (rows, pull) = (total.count(count_bits), total.pull(count_bits));
        let weight = total.weight(count_bits) + 2.0 * l2;
        let mut passing = first;
        for (at, &cell) in values.iter().enumerate() {
            passing = passing.plus(cell);
            let held = passing.count(count_bits);
            if held < min_leaf {
                continue;
            }
            if rows - held < min_leaf {
                break;
            }
            let left = passing.pull(count_bits);
            let right = pull - left;
            let a = passing.weight(count_bits) + l2;
            let b = weight - a;
            // left²/a + right²/b as one fraction, compared without dividing.
            let (over, under) = (left * left * b + right * right * a, a * b);
            if over * best.under > best.over * under && under > 0.0 {
                *best = Best { over, under, cut: at as u8 + 1, missing, passing };
            }
        }
    }
}

/// The best cut so far; what it explains, as a fraction.
struct Best<C> {
    over: f64,
    under: f64,
    cut: u8,
    missing: bool,
    passing: C,
}

/// The one that gains more, the first when they gain alike.
fn better<C>(a: Option<Split<C>>, b: Option<Split<C>>) -> Option<Split<C>> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if b.gain > a.gain { b } else { a }),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_the_nearest() {
        let steps = Steps { largest: 2.0, count: 100.0 };
        for (value, whole) in [(2.0, 100), (-2.0, -100), (0.0, 0), (0.029, 1), (-0.031, -2)] {
            assert_eq!(steps.whole(value), whole, "{value}");
        }
    }

    #[test]
    fn sums_and_counts_share_a_word_without_mixing() {
        // The worst case: every row pulls as far as can be, one way then the other.
        for n in [1usize, 2, 3, 100, 4095, 4096, 1 << 20] {
            let bits = usize::BITS - n.leading_zeros();
            let most = Steps::new(1.0, n, 63 - bits).whole(1.0);
            for pull in [most, -most] {
                let cell = Plain::new(pull, 0, bits);
                let sum = (0..n).fold(Plain::default(), |sum, _| sum.plus(cell));
                assert_eq!(sum.count(bits), n);
                assert_eq!(sum.pull(bits), pull as f64 * n as f64);
                assert_eq!(sum.minus(sum).0, 0);
            }
        }
    }
}
