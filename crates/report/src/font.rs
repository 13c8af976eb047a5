//! The letters: how wide a text is, and which glyphs draw it.
//!
//! - Computes: the glyphs of a text with kerning and figures of one width, its
//!   width, and the lines it takes in a given room.
//! - Units: sizes in points, widths in millimetres.
//! - Shapes: a text and a style in, [`Run`]s or [`Lines`] out.
//! - Errors: none; letters the font lacks are drawn as a replacement character.
//! - Source: Inter (SIL Open Font License 1.1), the font of the screens; shaping
//!   after the OpenType specification.

use std::sync::LazyLock;

use rustybuzz::{
    Direction, Face, Feature, ShapePlan, UnicodeBuffer, Variation, ttf_parser::Tag as OpenTag,
};

/// Millimetres in a point.
pub const MM_PER_POINT: f32 = 25.4 / 72.0;
/// Height of a line over the size of its letters.
pub const LEADING: f32 = 1.22;
/// From the top of a line to its baseline, over the size.
pub const ASCENT: f32 = 0.97;
const REPLACEMENT: char = '?';

/// The bytes of the font, regular to black by one axis.
pub(crate) const DATA: &[u8] = ttf_inter::REGULAR;

/// How strong the letters are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Weight {
    /// Text.
    #[default]
    Regular,
    /// Titles and what matters.
    Bold,
    /// Bold with figures as wide as they are: large numbers that stand alone.
    Display,
}

impl Weight {
    /// On the axis of the font.
    pub fn axis(self) -> f32 {
        match self {
            Weight::Regular => 400.0,
            Weight::Bold | Weight::Display => 650.0,
        }
    }

    fn shaper(self) -> Option<&'static Shaper> {
        static REGULAR: LazyLock<Option<Shaper>> = LazyLock::new(|| Shaper::new(Weight::Regular));
        static BOLD: LazyLock<Option<Shaper>> = LazyLock::new(|| Shaper::new(Weight::Bold));
        static DISPLAY: LazyLock<Option<Shaper>> = LazyLock::new(|| Shaper::new(Weight::Display));
        match self {
            Weight::Display => DISPLAY.as_ref(),
            Weight::Regular => REGULAR.as_ref(),
            Weight::Bold => BOLD.as_ref(),
        }
    }
}

struct Shaper {
    face: Face<'static>,
    plan: ShapePlan,
}

fn features(weight: Weight) -> [Feature; 3] {
    let of = |tag: &[u8; 4], on| Feature::new(OpenTag::from_bytes(tag), on, ..);
    // Figures of one width line up in columns; words are drawn as they are written.
    [of(b"tnum", u32::from(weight != Weight::Display)), of(b"calt", 0), of(b"liga", 0)]
}

impl Shaper {
    fn new(weight: Weight) -> Option<Self> {
        let mut face = Face::from_slice(DATA, 0)?;
        let value = weight.axis();
        face.set_variations(&[Variation { tag: OpenTag::from_bytes(b"wght"), value }]);
        let plan = ShapePlan::new(
            &face,
            Direction::LeftToRight,
            Some(rustybuzz::script::LATIN),
            None,
            &features(weight),
        );
        Some(Self { face, plan })
    }
}

/// One glyph, in parts of the size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Glyph {
    /// In the font.
    pub id: u32,
    /// Where its letters begin in the text drawn, in bytes.
    pub cluster: usize,
    /// To the next glyph.
    pub advance: f32,
    /// Moved right.
    pub x: f32,
    /// Moved up.
    pub y: f32,
}

/// A text as it is drawn.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Run {
    /// Letters the font has.
    pub text: String,
    /// The same in glyphs.
    pub glyphs: Vec<Glyph>,
    /// Width in parts of the size.
    pub width: f32,
}

/// The text with only letters the font can draw, on one line.
pub fn drawable(text: &str) -> String {
    let Some(shaper) = Weight::Regular.shaper() else { return String::new() };
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            // Soft hyphens, joiners and marks of direction draw nothing here.
            '\u{ad}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' => {}
            c if c.is_control() || c == '\u{2028}' || c == '\u{2029}' => out.push(' '),
            c if shaper.face.glyph_index(c).is_some_and(|g| g.0 != 0) => out.push(c),
            _ => out.push(REPLACEMENT),
        }
    }
    out
}

/// The glyphs of a text of one line.
pub fn shape(text: &str, weight: Weight) -> Run {
    let text = drawable(text);
    let Some(shaper) = weight.shaper() else { return Run::default() };
    let mut buffer = UnicodeBuffer::new();
    buffer.push_str(&text);
    buffer.set_direction(Direction::LeftToRight);
    buffer.set_script(rustybuzz::script::LATIN);
    let shaped = rustybuzz::shape_with_plan(&shaper.face, &shaper.plan, buffer);
    let em = shaper.face.units_per_em().max(1) as f32;
    let of = |units: i32| units as f32 / em;
    let glyphs: Vec<Glyph> = shaped
        .glyph_infos()
        .iter()
        .zip(shaped.glyph_positions())
        .map(|(info, at)| Glyph {
            id: info.glyph_id,
            cluster: info.cluster as usize,
            advance: of(at.x_advance),
            x: of(at.x_offset),
            y: of(at.y_offset),
        })
        .collect();
    let width = glyphs.iter().map(|g| g.advance).sum();
    Run { text, glyphs, width }
}

/// Width of a text of one line, in millimetres.
pub fn width(text: &str, weight: Weight, size: f32) -> f32 {
    shape(text, weight).width * size * MM_PER_POINT
}

/// Lines that hold a text.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Lines {
    /// From top to bottom.
    pub lines: Vec<String>,
    /// Whether the end of the text is left out.
    pub cut: bool,
}

/// Breaks a text into lines no wider than `room` millimetres, at spaces, then after
/// hyphens and the like, then anywhere; what `most` lines cannot hold ends with "…".
pub fn wrap(text: &str, weight: Weight, size: f32, room: f32, most: usize) -> Lines {
    let fits = |line: &str| width(line, weight, size) <= room;
    let text = drawable(text);
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split(' ').filter(|w| !w.is_empty()) {
        let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if fits(&longer) {
            line = longer;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        let mut rest = word;
        while !rest.is_empty() && !fits(rest) && lines.len() <= most {
            let (head, tail) = rest.split_at(break_at(rest, &fits));
            lines.push(head.to_owned());
            rest = tail;
        }
        line = rest.to_owned();
        if lines.len() > most {
            break;
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    let cut = lines.len() > most;
    lines.truncate(most);
    if let Some(last) = lines.last_mut().filter(|_| cut) {
        while !last.is_empty() && !fits(&format!("{last}…")) {
            last.pop();
        }
        *last = format!("{}…", last.trim_end());
    }
    Lines { lines, cut }
}

/// Where to break a word too long: after the last sign that ends a part of it, else
/// after as many letters as fit, one at least.
fn break_at(word: &str, fits: &dyn Fn(&str) -> bool) -> usize {
    let ends = word.char_indices().map(|(i, c)| (i + c.len_utf8(), c));
    let (mut any, mut after_sign) = (0, 0);
    for (end, c) in ends {
        if any > 0 && !word.get(..end).is_some_and(fits) {
            break;
        }
        any = end;
        if matches!(c, '-' | '_' | '/' | '.' | ':' | '\u{2010}'..='\u{2015}') {
            after_sign = end;
        }
    }
    if after_sign > 0 { after_sign } else { any }
}

/// The largest size, from `size` down to `least`, at which a text fits on one line.
pub fn size_that_fits(text: &str, weight: Weight, size: f32, least: f32, room: f32) -> f32 {
    let natural = width(text, weight, size);
    if natural <= room || natural <= 0.0 {
        return size;
    }
    // A hair less, so that rounding never sticks out.
    (size * room / natural * 0.999).max(least).min(size)
}
