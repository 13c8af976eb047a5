//! A layered drawing for a diagram drawn by nobody: columns from left to right, flows in the
//! channels between them, what comes back below everything.

use std::collections::BTreeMap;

use super::{Bounds, Diagram, Point, task_width};

const GAP_Y: f64 = 30.0;
const MARGIN: f64 = 40.0;
/// Between two vertical lines of one channel.
const TRACK: f64 = 12.0;
/// Places in columns kept free for flows that pass; beyond, flows go below everything.
const MAX_PASSING: usize = 50_000;

/// Gives each node its place and each flow its way.
///
/// No two nodes overlap and flows run along the axes. Loops are found by walking from the
/// starts; the flows that close them run below.
pub fn layout(diagram: &mut Diagram) {
    let mut plan = Plan::of(diagram);
    plan.order();
    plan.rows();
    plan.draw(diagram);
}

/// A node of the diagram, or a place where a flow passes a column.
#[derive(Debug, Clone, Copy)]
struct Cell {
    column: usize,
    width: f64,
    height: f64,
    /// Middle.
    y: f64,
}

struct Plan {
    /// The nodes of the diagram first, then the passing places.
    cells: Vec<Cell>,
    /// Cells of each column from top to bottom.
    columns: Vec<Vec<usize>>,
    /// The cells each flow goes through, both ends included; empty for one that goes below.
    chains: Vec<Vec<usize>>,
    /// Neighbours in the column before and in the column after.
    before: Vec<Vec<usize>>,
    after: Vec<Vec<usize>>,
}

impl Plan {
    fn of(diagram: &Diagram) -> Self {
        let n = diagram.nodes.len();
        let width = task_width(diagram.activities());
        let mut out: Vec<Vec<usize>> = vec![Vec::new(); n];
        let mut entries = vec![0usize; n];
        for (f, flow) in diagram.flows.iter().enumerate() {
            if let Some(list) = out.get_mut(flow.source) {
                list.push(f);
            }
            if let Some(count) = entries.get_mut(flow.target) {
                *count += 1;
            }
        }
        let target = |f: usize| diagram.flows.get(f).map_or(usize::MAX, |f| f.target);
        let (back, order) = walk(&out, &entries, &target);
        // Longest way from a start, in the order in which every flow goes on.
        let mut column = vec![0usize; n];
        for &a in &order {
            let next = column.get(a).copied().unwrap_or(0) + 1;
            for &f in out.get(a).into_iter().flatten() {
                if back.get(f) == Some(&false)
                    && let Some(c) = column.get_mut(target(f))
                {
                    *c = (*c).max(next);
                }
            }
        }
        let mut cells: Vec<Cell> = diagram
            .nodes
            .iter()
            .zip(&column)
            .map(|(node, &column)| {
                let (width, height) = node.kind.size(width);
                Cell { column, width, height, y: 0.0 }
            })
            .collect();
        let count = column.iter().max().map_or(0, |c| c + 1);
        let mut columns: Vec<Vec<usize>> = vec![Vec::new(); count];
        for &a in &order {
            if let Some(list) = column.get(a).and_then(|&c| columns.get_mut(c)) {
                list.push(a);
            }
        }
        let mut chains = Vec::with_capacity(diagram.flows.len());
        let mut passing = 0;
        for (f, flow) in diagram.flows.iter().enumerate() {
            let (Some(&a), Some(&b)) = (column.get(flow.source), column.get(flow.target)) else {
                chains.push(Vec::new());
                continue;
            };
            if back.get(f) != Some(&false) || b <= a || passing + (b - a - 1) > MAX_PASSING {
                chains.push(Vec::new());
                continue;
            }
            let mut chain = vec![flow.source];
            for c in a + 1..b {
                passing += 1;
                chain.push(cells.len());
                if let Some(list) = columns.get_mut(c) {
                    list.push(cells.len());
                }
                cells.push(Cell { column: c, width: 0.0, height: 0.0, y: 0.0 });
            }
            chain.push(flow.target);
            chains.push(chain);
        }
        let mut before = vec![Vec::new(); cells.len()];
        let mut after = vec![Vec::new(); cells.len()];
        for pair in chains.iter().flat_map(|c| c.windows(2)) {
            let &[a, b] = pair else { continue };
            if let Some(list) = after.get_mut(a) {
                list.push(b);
            }
            if let Some(list) = before.get_mut(b) {
                list.push(a);
            }
        }
        Self { cells, columns, chains, before, after }
    }

    /// Fewer crossings: each cell at the mean place of its neighbours, back and forth.
    fn order(&mut self) {
        let mut place = vec![0.0f64; self.cells.len()];
        let settle = |column: &[usize], place: &mut [f64]| {
            for (i, &c) in column.iter().enumerate() {
                if let Some(p) = place.get_mut(c) {
                    *p = i as f64;
                }
            }
        };
        self.columns.iter().for_each(|c| settle(c, &mut place));
        for round in 0..6 {
            let forward = round % 2 == 0;
            let near = if forward { &self.before } else { &self.after };
            let count = self.columns.len();
            for i in 0..count {
                let i = if forward { i } else { count - 1 - i };
                let Some(column) = self.columns.get_mut(i) else { continue };
                let mut wish: Vec<(f64, usize)> = column
                    .iter()
                    .map(|&c| {
                        let list = near.get(c).map(Vec::as_slice).unwrap_or_default();
                        let own = place.get(c).copied().unwrap_or(0.0);
                        let sum: f64 = list.iter().filter_map(|&o| place.get(o)).sum();
                        (if list.is_empty() { own } else { sum / list.len() as f64 }, c)
                    })
                    .collect();
                // Stable: equals keep their order.
                wish.sort_by(|a, b| a.0.total_cmp(&b.0));
                *column = wish.into_iter().map(|(_, c)| c).collect();
                settle(column, &mut place);
            }
        }
    }

    /// Heights: near the neighbours, in order, without touching.
    fn rows(&mut self) {
        let count = self.columns.len();
        for round in 0..4 {
            let forward = round % 2 == 0;
            for i in 0..count {
                let i = if forward { i } else { count - 1 - i };
                let Some(column) = self.columns.get(i) else { continue };
                let near = if forward { &self.before } else { &self.after };
                let mut offset = 0.0;
                let mut wish = Vec::with_capacity(column.len());
                let mut offsets = Vec::with_capacity(column.len());
                let mut last = None;
                for &c in column {
                    let Some(cell) = self.cells.get(c) else { continue };
                    if let Some(height) = last {
                        offset += (height + cell.height) / 2.0 + GAP_Y;
                    }
                    last = Some(cell.height);
                    let mut heights: Vec<f64> = near
                        .get(c)
                        .into_iter()
                        .flatten()
                        .filter_map(|&o| self.cells.get(o))
                        .map(|o| o.y)
                        .collect();
                    heights.sort_by(f64::total_cmp);
                    let middle = heights.len() / 2;
                    let wanted = match heights.len() {
                        0 if round == 0 => offset,
                        0 => cell.y,
                        n if n % 2 == 1 => heights.get(middle).copied().unwrap_or(0.0),
                        _ => heights.iter().skip(middle - 1).take(2).sum::<f64>() / 2.0,
                    };
                    wish.push(wanted - offset);
                    offsets.push(offset);
                }
                let found = rising(&wish);
                for ((&c, y), offset) in column.iter().zip(found).zip(offsets) {
                    if let Some(cell) = self.cells.get_mut(c) {
                        cell.y = (y + offset).round();
                    }
                }
            }
        }
    }

    fn draw(&self, diagram: &mut Diagram) {
        let cell = |c: usize| {
            self.cells.get(c).copied().unwrap_or(Cell {
                column: 0,
                width: 0.0,
                height: 0.0,
                y: 0.0,
            })
        };
        let top = self.cells.iter().map(|c| c.y - c.height / 2.0).fold(f64::INFINITY, f64::min);
        let shift = if top.is_finite() { MARGIN - top } else { 0.0 };
        let bottom =
            self.cells.iter().map(|c| c.y + c.height / 2.0).fold(0.0, f64::max) + shift + GAP_Y;
        // Vertical lines needed in the channel before each column: one per flow that turns there,
        // two for a flow that comes back to the column it leaves.
        let mut tracks: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        let mut used = vec![0usize; self.columns.len() + 1];
        let mut claim = |flow: usize, channel: usize, key: usize| {
            if let Some(n) = used.get_mut(channel) {
                tracks.insert((flow, key), *n);
                *n += 1;
            }
        };
        for (f, chain) in self.chains.iter().enumerate() {
            for pair in chain.windows(2) {
                if let &[a, b] = pair
                    && cell(a).y != cell(b).y
                {
                    claim(f, cell(b).column, cell(b).column);
                }
            }
            if chain.is_empty()
                && let Some(flow) = diagram.flows.get(f)
            {
                let (out, back) = (cell(flow.source).column + 1, cell(flow.target).column);
                claim(f, out, out);
                claim(f, back, if out == back { usize::MAX } else { back });
            }
        }
        // Left and width of each column, and the first line of each channel.
        let mut x = MARGIN;
        let mut lefts = Vec::with_capacity(self.columns.len());
        let mut widths = Vec::with_capacity(self.columns.len());
        let mut channels = Vec::with_capacity(self.columns.len() + 1);
        for (i, column) in self.columns.iter().enumerate() {
            let lines = used.get(i).copied().unwrap_or(0);
            channels.push(x + 18.0);
            if i > 0 || lines > 0 {
                x += 36.0 + lines.saturating_sub(1) as f64 * TRACK;
            }
            let width = column.iter().map(|&c| cell(c).width).fold(0.0, f64::max);
            lefts.push(x);
            widths.push(width);
            x += width;
        }
        channels.push(x + 18.0);
        let left = |c: Cell| {
            let (l, w) = (lefts.get(c.column).copied(), widths.get(c.column).copied());
            l.unwrap_or(0.0) + (w.unwrap_or(0.0) - c.width) / 2.0
        };
        for (i, node) in diagram.nodes.iter_mut().enumerate() {
            let c = cell(i);
            node.bounds = Bounds {
                x: left(c),
                y: c.y - c.height / 2.0 + shift,
                width: c.width,
                height: c.height,
            };
        }
        let line = |flow: usize, channel: usize, key: usize| {
            let n = tracks.get(&(flow, key)).copied().unwrap_or(0);
            channels.get(channel).copied().unwrap_or(0.0) + n as f64 * TRACK
        };
        let mut below = bottom;
        for (f, flow) in diagram.flows.iter_mut().enumerate() {
            let (a, b) = (cell(flow.source), cell(flow.target));
            let mut points = vec![Point { x: left(a) + a.width, y: a.y + shift }];
            match self.chains.get(f) {
                Some(chain) if !chain.is_empty() => {
                    for pair in chain.windows(2) {
                        let &[p, q] = pair else { continue };
                        let (p, q) = (cell(p), cell(q));
                        if p.y != q.y {
                            let x = line(f, q.column, q.column);
                            points.push(Point { x, y: p.y + shift });
                            points.push(Point { x, y: q.y + shift });
                        }
                    }
                }
                _ => {
                    let (out, back) = (a.column + 1, b.column);
                    let x = line(f, out, out);
                    points.push(Point { x, y: a.y + shift });
                    points.push(Point { x, y: below });
                    let x = line(f, back, if out == back { usize::MAX } else { back });
                    points.push(Point { x, y: below });
                    points.push(Point { x, y: b.y + shift });
                    below += TRACK;
                }
            }
            points.push(Point { x: left(b), y: b.y + shift });
            points.dedup();
            flow.waypoints = points;
        }
    }
}

/// Which flows close a loop, and the nodes so that every other flow goes on.
fn walk(
    out: &[Vec<usize>],
    entries: &[usize],
    target: &dyn Fn(usize) -> usize,
) -> (Vec<bool>, Vec<usize>) {
    let n = out.len();
    let flows = out.iter().flatten().max().map_or(0, |f| f + 1);
    let mut back = vec![false; flows];
    // 0 not met, 1 on the way, 2 left.
    let mut state = vec![0u8; n];
    let mut left = Vec::with_capacity(n);
    let roots = (0..n).filter(|&a| entries.get(a) == Some(&0)).chain(0..n);
    for root in roots {
        if state.get(root) != Some(&0) {
            continue;
        }
        let mut stack = vec![(root, 0usize)];
        if let Some(s) = state.get_mut(root) {
            *s = 1;
        }
        while let Some((a, next)) = stack.last_mut() {
            let Some(&f) = out.get(*a).and_then(|l| l.get(*next)) else {
                if let Some(s) = state.get_mut(*a) {
                    *s = 2;
                }
                left.push(*a);
                stack.pop();
                continue;
            };
            *next += 1;
            let b = target(f);
            match state.get_mut(b) {
                Some(s @ 0) => {
                    *s = 1;
                    stack.push((b, 0));
                }
                Some(2) => {}
                _ => {
                    if let Some(flag) = back.get_mut(f) {
                        *flag = true;
                    }
                }
            }
        }
    }
    left.reverse();
    (back, left)
}

/// The rising values nearest to the wishes (least squares, pool adjacent violators).
fn rising(wish: &[f64]) -> Vec<f64> {
    let mut pools: Vec<(f64, usize)> = Vec::with_capacity(wish.len());
    for &w in wish {
        let mut pool = (w, 1);
        while let Some(&(mean, n)) = pools.last()
            && mean > pool.0
        {
            pools.pop();
            let both = n + pool.1;
            pool = ((mean * n as f64 + pool.0 * pool.1 as f64) / both as f64, both);
        }
        pools.push(pool);
    }
    pools.into_iter().flat_map(|(mean, n)| std::iter::repeat_n(mean, n)).collect()
}

#[cfg(test)]
mod tests {
    use super::rising;

    #[test]
    fn pools_hold_the_mean() {
        assert_eq!(rising(&[1.0, 2.0]), [1.0, 2.0]);
        assert_eq!(rising(&[3.0, 1.0, 5.0]), [2.0, 2.0, 5.0]);
        assert_eq!(rising(&[3.0, 2.0, 1.0]), [2.0, 2.0, 2.0]);
    }
}
