//! The diagram of a process tree, drawn block by block.
//!
//! Every block has one way in and one way out on the same height. What comes back in a loop
//! is drawn below, from right to left.

use super::{Bounds, Diagram, Flow, Kind, Node, Point, TaskKind, task_width};
use crate::model::ProcessTree;

const GAP_X: f64 = 40.0;
const GAP_Y: f64 = 30.0;
const GATE: f64 = 50.0;
const EVENT: f64 = 36.0;
const TASK_HEIGHT: f64 = 70.0;
const MARGIN: f64 = 40.0;

/// The drawn diagram of a tree; a folded tree gives the fewest gateways.
pub fn from_tree(tree: &ProcessTree) -> Diagram {
    let mut pen = Pen {
        task_width: task_width(tree.activities().into_iter()),
        nodes: Vec::new(),
        flows: Vec::new(),
        tasks: 0,
        gates: 0,
    };
    let size = pen.size(tree);
    let y = MARGIN + size.up.max(EVENT / 2.0);
    let start = pen.node(Kind::Start, None, MARGIN, 1.0, y);
    let mut x = MARGIN + EVENT + GAP_X;
    if size.width > 0.0 {
        let ends = pen.place(tree, x, 1.0, y);
        x += size.width + GAP_X;
        pen.flow(start, ends.entry, &[]);
        let end = pen.node(Kind::End, None, x, 1.0, y);
        pen.flow(ends.exit, end, &[]);
    } else {
        let end = pen.node(Kind::End, None, x, 1.0, y);
        pen.flow(start, end, &[]);
    }
    Diagram { id: "process".to_owned(), name: None, nodes: pen.nodes, flows: pen.flows }
}

/// Room a block takes: above and below the height of its way in and out.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    width: f64,
    up: f64,
    down: f64,
}

/// A node, and the points at which the way enters or leaves it.
#[derive(Debug, Clone, Copy)]
struct Port {
    node: usize,
    front: Point,
    back: Point,
    center: Point,
}

struct Ends {
    entry: Port,
    exit: Port,
}

struct Pen {
    task_width: f64,
    nodes: Vec<Node>,
    flows: Vec<Flow>,
    tasks: usize,
    gates: usize,
}

impl Pen {
    fn size(&self, tree: &ProcessTree) -> Size {
        match tree {
            ProcessTree::Activity(_) => {
                Size { width: self.task_width, up: TASK_HEIGHT / 2.0, down: TASK_HEIGHT / 2.0 }
            }
            ProcessTree::Silent => Size::default(),
            ProcessTree::Sequence(blocks) => {
                let sizes: Vec<Size> =
                    blocks.iter().map(|b| self.size(b)).filter(|s| s.width > 0.0).collect();
                let gaps = sizes.len().saturating_sub(1) as f64 * GAP_X;
                Size {
                    width: sizes.iter().map(|s| s.width).sum::<f64>() + gaps,
                    up: sizes.iter().map(|s| s.up).fold(0.0, f64::max),
                    down: sizes.iter().map(|s| s.down).fold(0.0, f64::max),
                }
            }
            ProcessTree::Choice(blocks) | ProcessTree::Parallel(blocks) => {
                if blocks.is_empty() {
                    return Size::default();
                }
                self.stacked(blocks, (blocks.len() - 1) / 2).1
            }
            ProcessTree::Loop(blocks) => {
                if blocks.is_empty() {
                    return Size::default();
                }
                self.stacked(blocks, 0).1
            }
        }
    }

    /// Height of each branch relative to the main one, and the room of all with their gateways.
    fn stacked(&self, blocks: &[ProcessTree], main: usize) -> (Vec<f64>, Size) {
        let sizes: Vec<Size> = blocks.iter().map(|b| self.size(b)).collect();
        let width = sizes.iter().map(|s| s.width).fold(0.0, f64::max);
        let middle = sizes.get(main).copied().unwrap_or_default();
        let (mut up, mut down) = (middle.up.max(GATE / 2.0), middle.down.max(GATE / 2.0));
        let mut heights = vec![0.0; blocks.len()];
        for (size, height) in sizes.iter().zip(&mut heights).take(main).rev() {
            *height = -(up + GAP_Y + size.down);
            up = size.up - *height;
        }
        for (size, height) in sizes.iter().zip(&mut heights).skip(main + 1) {
            *height = down + GAP_Y + size.up;
            down = *height + size.down;
        }
        let inner = if width > 0.0 { width + 2.0 * GAP_X } else { GAP_X };
        (heights, Size { width: inner + 2.0 * GATE, up, down })
    }

    /// Draws a block that begins at `x` and goes to the right (`way` 1) or to the left (-1).
    fn place(&mut self, tree: &ProcessTree, x: f64, way: f64, y: f64) -> Ends {
        match tree {
            ProcessTree::Activity(name) => {
                let port = self.node(Kind::Task(TaskKind::Plain), Some(name), x, way, y);
                Ends { entry: port, exit: port }
            }
            // Only a tree that is nothing at all comes here, and it is not placed.
            ProcessTree::Silent => {
                let port = self.node(Kind::Event, None, x, way, y);
                Ends { entry: port, exit: port }
            }
            ProcessTree::Sequence(blocks) => {
                let mut x = x;
                let mut ends: Option<Ends> = None;
                for block in blocks {
                    let width = self.size(block).width;
                    if width <= 0.0 {
                        continue;
                    }
                    let next = self.place(block, x, way, y);
                    x += way * (width + GAP_X);
                    ends = Some(match ends {
                        None => next,
                        Some(before) => {
                            self.flow(before.exit, next.entry, &[]);
                            Ends { entry: before.entry, exit: next.exit }
                        }
                    });
                }
                ends.unwrap_or_else(|| {
                    let port = self.node(Kind::Event, None, x, way, y);
                    Ends { entry: port, exit: port }
                })
            }
            ProcessTree::Choice(blocks) => self.split(Kind::Exclusive, blocks, x, way, y),
            ProcessTree::Parallel(blocks) => self.split(Kind::Parallel, blocks, x, way, y),
            ProcessTree::Loop(blocks) => self.repeat(blocks, x, way, y),
        }
    }

    fn split(&mut self, kind: Kind, blocks: &[ProcessTree], x: f64, way: f64, y: f64) -> Ends {
        let main = blocks.len().saturating_sub(1) / 2;
        let (heights, size) = self.stacked(blocks, main);
        let entry = self.node(kind, None, x, way, y);
        let from = x + way * (GATE + GAP_X);
        let room = size.width - 2.0 * (GATE + GAP_X);
        let mut branches = Vec::with_capacity(blocks.len());
        for (block, &height) in blocks.iter().zip(&heights) {
            let width = self.size(block).width;
            let inner = if width > 0.0 {
                Some(self.place(block, from + way * (room - width) / 2.0, way, y + height))
            } else {
                None
            };
            branches.push((inner, y + height));
        }
        let exit = self.node(kind, None, x + way * (size.width - GATE), way, y);
        for (inner, height) in branches {
            let corner = |gate: Port| Point { x: gate.center.x, y: height };
            match inner {
                Some(inner) => {
                    self.flow(entry, inner.entry, &[corner(entry)]);
                    self.flow(inner.exit, exit, &[corner(exit)]);
                }
                None => self.flow(entry, exit, &[corner(entry), corner(exit)]),
            }
        }
        Ends { entry, exit }
    }

    fn repeat(&mut self, blocks: &[ProcessTree], x: f64, way: f64, y: f64) -> Ends {
        let (heights, size) = self.stacked(blocks, 0);
        let entry = self.node(Kind::Exclusive, None, x, way, y);
        let far = x + way * size.width;
        let room = size.width - 2.0 * (GATE + GAP_X);
        let inset = |width: f64| GATE + GAP_X + (room - width) / 2.0;
        let mut exit = None;
        for (i, (block, &height)) in blocks.iter().zip(&heights).enumerate() {
            let width = self.size(block).width;
            if i == 0 {
                let body = (width > 0.0).then(|| self.place(block, x + way * inset(width), way, y));
                let gate = self.node(Kind::Exclusive, None, far - way * GATE, way, y);
                exit = Some(gate);
                match body {
                    Some(body) => {
                        self.flow(entry, body.entry, &[]);
                        self.flow(body.exit, gate, &[]);
                    }
                    None => self.flow(entry, gate, &[]),
                }
                continue;
            }
            let Some(gate) = exit else { break };
            let corner = |gate: Port| Point { x: gate.center.x, y: y + height };
            if width > 0.0 {
                let redo = self.place(block, far - way * inset(width), -way, y + height);
                self.flow(gate, redo.entry, &[corner(gate)]);
                self.flow(redo.exit, entry, &[corner(entry)]);
            } else {
                self.flow(gate, entry, &[corner(gate), corner(entry)]);
            }
        }
        Ends { entry, exit: exit.unwrap_or(entry) }
    }

    /// A node that begins at `x`, its middle at height `y`.
    fn node(&mut self, kind: Kind, name: Option<&str>, x: f64, way: f64, y: f64) -> Port {
        let (width, height) = kind.size(self.task_width);
        let id = match kind {
            Kind::Start => "start".to_owned(),
            Kind::End => "end".to_owned(),
            Kind::Task(_) => {
                self.tasks += 1;
                format!("task_{}", self.tasks)
            }
            _ => {
                self.gates += 1;
                format!("gateway_{}", self.gates)
            }
        };
        let left = if way < 0.0 { x - width } else { x };
        self.nodes.push(Node {
            id,
            name: name.map(str::to_owned),
            kind,
            bounds: Bounds { x: left, y: y - height / 2.0, width, height },
        });
        let side = |x| Point { x, y };
        Port {
            node: self.nodes.len() - 1,
            back: side(x),
            front: side(x + way * width),
            center: side(x + way * width / 2.0),
        }
    }

    /// A flow; with corners it leaves and enters gateways at their top or bottom.
    fn flow(&mut self, from: Port, to: Port, corners: &[Point]) {
        let gate = |p: Port, corner: Option<&Point>, straight: Point| match corner {
            Some(c) if c.x == p.center.x && c.y != p.center.y => {
                let side = if c.y > p.center.y { GATE } else { -GATE } / 2.0;
                Point { x: p.center.x, y: p.center.y + side }
            }
            _ => straight,
        };
        let mut points = vec![gate(from, corners.first(), from.front)];
        let last = gate(to, corners.last(), to.back);
        points.extend(corners.iter().filter(|c| c.y != from.center.y || c.y != to.center.y));
        points.push(last);
        points.dedup();
        self.flows.push(Flow {
            id: format!("flow_{}", self.flows.len() + 1),
            name: None,
            source: from.node,
            target: to.node,
            waypoints: points,
        });
    }
}
