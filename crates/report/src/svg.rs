//! A page as an SVG that stands alone: the same drawing, its words as text.
//!
//! - Computes: an SVG 1.1 file with roles and labels for those who hear it.
//! - Units: millimetres on paper; inside, tenths of a millimetre.
//! - Shapes: a [`Document`] and the number of a page in, text out.
//! - Errors: none; a page that does not exist is an empty drawing.
//! - Source: SVG 1.1 (W3C) and the ARIA graphics roles.

use std::fmt::Write as _;

use crate::{
    font::{MM_PER_POINT, Weight, drawable},
    page::{Document, Ink, Move, Node, Outline, Page, Placed, Tag},
};

/// Tenths of a millimetre: viewers round small letters badly.
const SCALE: f32 = 10.0;
/// Where the font of the pages is missing, others of about its width take over.
const FAMILY: &str = "Inter, 'Noto Sans', 'DejaVu Sans', 'Segoe UI', Arial, sans-serif";

/// One page of a document as an SVG file.
pub fn svg(document: &Document, page: usize) -> String {
    let empty = Page::a4();
    let page = document.pages.get(page).unwrap_or(&empty);
    let mut out = String::with_capacity(1 << 16);
    let (w, h) = (page.width, page.height);
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}mm\" height=\"{h}mm\" \
         viewBox=\"0 0 {} {}\" xml:lang=\"{lang}\" lang=\"{lang}\" role=\"document\" \
         font-family=\"{FAMILY}\" font-feature-settings=\"'tnum'\">",
        number(w),
        number(h),
        lang = document.lang.pick("fr", "en"),
    );
    let _ = writeln!(out, "<title>{}</title>", escape(&document.title));
    let _ = writeln!(out, "<rect width=\"{}\" height=\"{}\" fill=\"#fff\"/>", number(w), number(h));
    for node in &page.nodes {
        draw(&mut out, node);
    }
    out.push_str("</svg>\n");
    out
}

fn draw(out: &mut String, node: &Node) {
    match node {
        Node::Shape(shape) => outline(out, shape),
        Node::Text(text) => words(out, text),
        Node::Group(tag, inner) => {
            let role = match tag {
                Tag::Section => " role=\"group\"".to_owned(),
                Tag::Heading(level) => format!(" role=\"heading\" aria-level=\"{level}\""),
                Tag::Paragraph => String::new(),
                Tag::List => " role=\"list\"".to_owned(),
                Tag::Item => " role=\"listitem\"".to_owned(),
                Tag::Table => " role=\"table\"".to_owned(),
                Tag::Row => " role=\"row\"".to_owned(),
                Tag::ColumnHead => " role=\"columnheader\"".to_owned(),
                Tag::RowHead => " role=\"rowheader\"".to_owned(),
                Tag::Cell => " role=\"cell\"".to_owned(),
                Tag::Figure(alt) => format!(" role=\"img\" aria-label=\"{}\"", escape(alt)),
                Tag::Artifact => " aria-hidden=\"true\"".to_owned(),
            };
            let _ = writeln!(out, "<g{role}>");
            for node in inner {
                draw(out, node);
            }
            out.push_str("</g>\n");
        }
    }
}

fn outline(out: &mut String, shape: &Outline) {
    out.push_str("<path d=\"");
    for step in &shape.moves {
        let _ = match *step {
            Move::To(x, y) => write!(out, "M{} {}", number(x), number(y)),
            Move::Line(x, y) => write!(out, "L{} {}", number(x), number(y)),
            Move::Curve(c) => {
                let [a, b, c, d, e, f] = c.map(number);
                write!(out, "C{a} {b} {c} {d} {e} {f}")
            }
            Move::Close => write!(out, "Z"),
        };
    }
    out.push('"');
    let _ = write!(out, " fill=\"{}\"", shape.fill.map_or_else(|| "none".to_owned(), hex));
    if let Some(stroke) = shape.stroke {
        let width = number(stroke.width * MM_PER_POINT);
        let _ = write!(out, " stroke=\"{}\" stroke-width=\"{width}\"", hex(stroke.ink));
        if let Some((on, off)) = stroke.dash {
            let [on, off] = [on, off].map(|length| number(length * MM_PER_POINT));
            let _ = write!(out, " stroke-dasharray=\"{on} {off}\"");
        }
    }
    out.push_str("/>\n");
}

fn words(out: &mut String, text: &Placed) {
    let _ = write!(
        out,
        "<text x=\"{}\" y=\"{}\" font-size=\"{}\" textLength=\"{}\" \
         lengthAdjust=\"spacingAndGlyphs\" fill=\"{}\"",
        number(text.x),
        number(text.y),
        number(text.size * MM_PER_POINT),
        number(text.width),
        hex(text.ink),
    );
    if text.weight != Weight::Regular {
        out.push_str(" font-weight=\"650\"");
    }
    if text.weight == Weight::Display {
        out.push_str(" font-feature-settings=\"'tnum' 0\"");
    }
    if let Some(said) = &text.said {
        let _ = write!(out, " aria-label=\"{}\"", escape(said));
    }
    let _ = writeln!(out, " xml:space=\"preserve\">{}</text>", escape(&drawable(&text.text)));
}

fn hex(Ink(r, g, b): Ink) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Millimetres as the file counts them, without digits that say nothing.
fn number(mm: f32) -> String {
    let text = format!("{:.2}", mm * SCALE);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // Signs XML cannot hold.
            c if c.is_control() || ('\u{fffe}'..='\u{ffff}').contains(&c) => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
