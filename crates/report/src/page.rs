//! The canvas: shapes and texts in millimetres, in groups that say what they are.
//!
//! - Computes: nothing but places; texts are measured with the real font.
//! - Units: millimetres from the top left corner; letters and lines in points.
//! - Shapes: calls that draw, in reading order; a [`Document`] of [`Page`]s out.
//! - Errors: none; what does not fit is shortened with "…" and [`Page::outside`] tells
//!   what would stick out.
//! - Source: the structure types of tagged PDF (ISO 32000-1, 14.8.4).

use eclusier_core::lang::Lang;

use crate::font::{self, ASCENT, LEADING, MM_PER_POINT, Weight};

/// A colour, red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ink(pub u8, pub u8, pub u8);

/// The colours of the house.
impl Ink {
    /// The accent.
    pub const WATER: Ink = Ink(0x0f, 0x5e, 0x7d);
    /// Its tint.
    pub const TINT: Ink = Ink(0xd8, 0xeb, 0xf2);
    /// Text.
    pub const INK: Ink = Ink(0x1b, 0x25, 0x30);
    /// Text that supports.
    pub const SOFT: Ink = Ink(0x55, 0x62, 0x6f);
    /// Lines that must be seen.
    pub const LINE: Ink = Ink(0x87, 0x93, 0xa0);
    /// Lines of cards.
    pub const PALE: Ink = Ink(0xc9, 0xd0, 0xd6);
    /// Ground.
    pub const PAPER: Ink = Ink(0xf3, 0xf5, 0xf7);
    /// White.
    pub const WHITE: Ink = Ink(0xff, 0xff, 0xff);
    /// A warning.
    pub const AMBER: Ink = Ink(0xa8, 0x64, 0x00);
    /// A strong warning.
    pub const RED: Ink = Ink(0xb3, 0x26, 0x1e);
    /// A gain.
    pub const GREEN: Ink = Ink(0x2c, 0x7a, 0x4b);
}

/// What a group is, for those who hear the page.
#[derive(Debug, Clone, PartialEq)]
pub enum Tag {
    /// A part of the page.
    Section,
    /// A title of some level, 1 first.
    Heading(u8),
    /// Some words.
    Paragraph,
    /// A list.
    List,
    /// One of a list.
    Item,
    /// A table.
    Table,
    /// A row of a table.
    Row,
    /// The head of a column.
    ColumnHead,
    /// The head of a row.
    RowHead,
    /// A cell.
    Cell,
    /// A drawing and what it says.
    Figure(String),
    /// Nothing to read: repeated on each page.
    Artifact,
}

/// A step of an outline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Move {
    /// Begin at.
    To(f32, f32),
    /// A straight line to.
    Line(f32, f32),
    /// A curve by two handles to.
    Curve([f32; 6]),
    /// Back to the beginning.
    Close,
}

/// How a line is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stroke {
    /// Its colour.
    pub ink: Ink,
    /// Its width in points.
    pub width: f32,
    /// Lengths on and off in points.
    pub dash: Option<(f32, f32)>,
}

impl Stroke {
    /// A plain line.
    pub const fn new(ink: Ink, width: f32) -> Self {
        Stroke { ink, width, dash: None }
    }

    /// A line with gaps.
    pub const fn dashed(ink: Ink, width: f32, on: f32, off: f32) -> Self {
        Stroke { ink, width, dash: Some((on, off)) }
    }
}

/// A shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Outline {
    /// Its outline.
    pub moves: Vec<Move>,
    /// What fills it.
    pub fill: Option<Ink>,
    /// What draws its edge.
    pub stroke: Option<Stroke>,
}

/// A text on one line, placed.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// As given.
    pub text: String,
    /// Left end of the baseline.
    pub x: f32,
    /// Baseline.
    pub y: f32,
    /// Width it takes.
    pub width: f32,
    /// Points.
    pub size: f32,
    /// Strength.
    pub weight: Weight,
    /// Colour.
    pub ink: Ink,
    /// Left, top, width and height of the room it was given.
    pub room: [f32; 4],
    /// What those who hear the page are told instead, where its place on paper says more.
    pub said: Option<String>,
}

/// What is on a page.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// A shape.
    Shape(Outline),
    /// A text.
    Text(Placed),
    /// Things that belong together.
    Group(Tag, Vec<Node>),
}

/// Left, middle or right of its room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Align {
    /// Left.
    #[default]
    Left,
    /// Middle.
    Centre,
    /// Right.
    Right,
}

/// How a text looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Style {
    /// Points.
    pub size: f32,
    /// Strength.
    pub weight: Weight,
    /// Colour.
    pub ink: Ink,
    /// Side.
    pub align: Align,
}

impl Style {
    /// Text of a size.
    pub const fn text(size: f32) -> Self {
        Style { size, weight: Weight::Regular, ink: Ink::INK, align: Align::Left }
    }

    /// Strong text of a size.
    pub const fn bold(size: f32) -> Self {
        Style { size, weight: Weight::Bold, ink: Ink::INK, align: Align::Left }
    }

    /// Large numbers and titles.
    pub const fn display(size: f32) -> Self {
        Style { size, weight: Weight::Display, ink: Ink::INK, align: Align::Left }
    }

    /// In another colour.
    pub const fn ink(self, ink: Ink) -> Self {
        Style { ink, ..self }
    }

    /// In the middle.
    pub const fn centre(self) -> Self {
        Style { align: Align::Centre, ..self }
    }

    /// On the right.
    pub const fn right(self) -> Self {
        Style { align: Align::Right, ..self }
    }

    /// Height of one line, in millimetres.
    pub fn line(self) -> f32 {
        self.size * LEADING * MM_PER_POINT
    }
}

/// A way to fill an area that black and white keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hatch {
    /// Rising lines.
    Rising,
    /// Rising and falling lines.
    Crossed,
    /// Level lines.
    Level,
}

/// A page.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Width in millimetres.
    pub width: f32,
    /// Height in millimetres.
    pub height: f32,
    /// What is on it, in reading order.
    pub nodes: Vec<Node>,
    open: Vec<(Tag, Vec<Node>)>,
    said: Option<String>,
}

/// Pages with what a reader's program shows of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// Title.
    pub title: String,
    /// Language of its words.
    pub lang: Lang,
    /// Year, month, day, hour and minute it was made, in universal time.
    pub made: Option<[u16; 5]>,
    /// Pages.
    pub pages: Vec<Page>,
}

impl Page {
    /// An empty page of a size in millimetres.
    pub fn new(width: f32, height: f32) -> Self {
        Page { width, height, nodes: Vec::new(), open: Vec::new(), said: None }
    }

    /// A3, lying.
    pub fn a3() -> Self {
        Page::new(420.0, 297.0)
    }

    /// A4, lying.
    pub fn a4() -> Self {
        Page::new(297.0, 210.0)
    }

    fn push(&mut self, node: Node) {
        match self.open.last_mut() {
            Some((_, nodes)) => nodes.push(node),
            None => self.nodes.push(node),
        }
    }

    /// Draws things that belong together.
    pub fn group(&mut self, tag: Tag, draw: impl FnOnce(&mut Page)) {
        self.open.push((tag, Vec::new()));
        draw(self);
        if let Some((tag, nodes)) = self.open.pop()
            && !nodes.is_empty()
        {
            self.push(Node::Group(tag, nodes));
        }
    }

    /// Draws a shape.
    pub fn shape(&mut self, moves: Vec<Move>, fill: Option<Ink>, stroke: Option<Stroke>) {
        self.push(Node::Shape(Outline { moves, fill, stroke }));
    }

    /// Draws a rectangle.
    pub fn rect(&mut self, at: [f32; 4], fill: Option<Ink>, stroke: Option<Stroke>) {
        let [x, y, w, h] = at;
        let corners = [(x, y), (x + w, y), (x + w, y + h), (x, y + h)];
        self.polygon(&corners, fill, stroke);
    }

    /// Draws a rectangle with round corners.
    pub fn rounded(
        &mut self,
        at: [f32; 4],
        radius: f32,
        fill: Option<Ink>,
        stroke: Option<Stroke>,
    ) {
        let [x, y, w, h] = at;
        let r = radius.min(w / 2.0).min(h / 2.0);
        // A quarter of a circle by one curve.
        let k = r * 0.447_715;
        let moves = vec![
            Move::To(x + r, y),
            Move::Line(x + w - r, y),
            Move::Curve([x + w - k, y, x + w, y + k, x + w, y + r]),
            Move::Line(x + w, y + h - r),
            Move::Curve([x + w, y + h - k, x + w - k, y + h, x + w - r, y + h]),
            Move::Line(x + r, y + h),
            Move::Curve([x + k, y + h, x, y + h - k, x, y + h - r]),
            Move::Line(x, y + r),
            Move::Curve([x, y + k, x + k, y, x + r, y]),
            Move::Close,
        ];
        self.shape(moves, fill, stroke);
    }

    /// Draws a closed outline.
    pub fn polygon(&mut self, points: &[(f32, f32)], fill: Option<Ink>, stroke: Option<Stroke>) {
        let mut moves = outline(points);
        moves.push(Move::Close);
        self.shape(moves, fill, stroke);
    }

    /// Draws an open line.
    pub fn line(&mut self, points: &[(f32, f32)], stroke: Stroke) {
        self.shape(outline(points), None, Some(stroke));
    }

    /// Draws a straight arrow with its head at the second point.
    pub fn arrow(&mut self, from: (f32, f32), to: (f32, f32), stroke: Stroke) {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let long = dx.hypot(dy).max(0.01);
        let (ux, uy) = (dx / long, dy / long);
        let head = (stroke.width * MM_PER_POINT * 4.0).max(1.6).min(long);
        let base = (to.0 - ux * head, to.1 - uy * head);
        self.line(&[from, base], stroke);
        let half = head * 0.5;
        let wings = [
            to,
            (base.0 - uy * half, base.1 + ux * half),
            (base.0 + uy * half, base.1 - ux * half),
        ];
        self.polygon(&wings, Some(stroke.ink), None);
    }

    /// Fills a rectangle with lines `gap` millimetres apart.
    pub fn hatch(&mut self, at: [f32; 4], hatch: Hatch, gap: f32, stroke: Stroke) {
        let [x, y, w, h] = at;
        let gap = gap.max(0.3);
        let mut moves = Vec::new();
        if w <= 0.0 || h <= 0.0 {
            return;
        }
        let mut line = |a: (f32, f32), b: (f32, f32)| {
            moves.extend([Move::To(a.0, a.1), Move::Line(b.0, b.1)]);
        };
        let count = |length: f32| (length / gap).ceil().clamp(0.0, 2000.0) as u32;
        if hatch == Hatch::Level {
            for i in 1..count(h) {
                let level = y + gap * i as f32;
                line((x, level), (x + w, level));
            }
        } else {
            for i in 1..count(w + h) {
                // Rising lines, each cut where it meets the edges.
                let s = gap * i as f32;
                let (low, high) = ((s - h).max(0.0), s.min(w));
                line((x + low, y + (s - low)), (x + high, y + (s - high)));
                if hatch == Hatch::Crossed {
                    line((x + w - low, y + (s - low)), (x + w - high, y + (s - high)));
                }
            }
        }
        if !moves.is_empty() {
            self.shape(moves, None, Some(stroke));
        }
    }

    /// Writes a text in a room, at most as many lines as it has, and returns the height taken.
    pub fn text(&mut self, text: &str, room: [f32; 4], style: Style) -> f32 {
        let most = (room[3] / style.line() + 0.02).floor().max(1.0) as usize;
        let lines = font::wrap(text, style.weight, style.size, room[2], most);
        self.lines(&lines.lines, room, style)
    }

    /// Writes a text on one line, in smaller letters where it must, and shortened at last.
    pub fn label(&mut self, text: &str, room: [f32; 4], style: Style, least: f32) -> f32 {
        let size = font::size_that_fits(text, style.weight, style.size, least, room[2]);
        let style = Style { size, ..style };
        let lines = font::wrap(text, style.weight, size, room[2], 1);
        self.lines(&lines.lines, room, style)
    }

    /// Says the next text in other words to those who hear the page.
    pub fn say(&mut self, words: String) {
        self.said = Some(words);
    }

    /// Leaves an empty place where something must be, as an empty cell of a table.
    pub fn space(&mut self, room: [f32; 4]) {
        self.lines(&[" ".to_owned()], room, Style::text(6.0));
    }

    /// Writes lines already broken.
    pub fn lines(&mut self, lines: &[String], room: [f32; 4], style: Style) -> f32 {
        let [x, y, w, _] = room;
        let em = style.size * MM_PER_POINT;
        for (i, text) in lines.iter().enumerate() {
            let width = font::width(text, style.weight, style.size);
            let left = match style.align {
                Align::Left => x,
                Align::Centre => x + (w - width) / 2.0,
                Align::Right => x + w - width,
            };
            let said = self.said.take();
            self.push(Node::Text(Placed {
                text: text.clone(),
                x: left,
                y: y + style.line() * i as f32 + em * ASCENT,
                width,
                size: style.size,
                weight: style.weight,
                ink: style.ink,
                room,
                said,
            }));
        }
        style.line() * lines.len() as f32
    }

    /// Calls `each` with every text and every point of the page, in reading order.
    fn walk<'a>(nodes: &'a [Node], each: &mut dyn FnMut(&'a Node)) {
        for node in nodes {
            each(node);
            if let Node::Group(_, inner) = node {
                Self::walk(inner, each);
            }
        }
    }

    /// Texts of the page in reading order.
    pub fn texts(&self) -> Vec<&Placed> {
        let mut texts = Vec::new();
        Self::walk(&self.nodes, &mut |node| {
            if let Node::Text(text) = node {
                texts.push(text);
            }
        });
        texts
    }

    /// What leaves the page or the room it was given: nothing, on a good page.
    pub fn outside(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let slack = 0.05;
        let on = |x: f32, y: f32| {
            x >= -slack && y >= -slack && x <= self.width + slack && y <= self.height + slack
        };
        Self::walk(&self.nodes, &mut |node| match node {
            Node::Text(t) => {
                let em = t.size * MM_PER_POINT;
                let (top, bottom) = (t.y - em * 0.8, t.y + em * 0.25);
                if !on(t.x, top) || !on(t.x + t.width, bottom) {
                    wrong.push(format!("{:?} leaves the page", t.text));
                }
                let [x, y, w, h] = t.room;
                let inside = t.x >= x - slack
                    && t.x + t.width <= x + w + slack
                    && top >= y - slack
                    && bottom <= y + h + 0.6;
                if !inside {
                    wrong.push(format!("{:?} leaves its room {:?}", t.text, t.room));
                }
            }
            Node::Shape(shape) => {
                for step in &shape.moves {
                    let (x, y) = match *step {
                        Move::To(x, y) | Move::Line(x, y) => (x, y),
                        Move::Curve([.., x, y]) => (x, y),
                        Move::Close => continue,
                    };
                    if !on(x, y) {
                        wrong.push(format!("a point at {x} {y} leaves the page"));
                    }
                }
            }
            Node::Group(..) => {}
        });
        wrong
    }
}

fn outline(points: &[(f32, f32)]) -> Vec<Move> {
    let mut points = points.iter();
    let first = points.next().map(|&(x, y)| Move::To(x, y));
    first.into_iter().chain(points.map(|&(x, y)| Move::Line(x, y))).collect()
}
