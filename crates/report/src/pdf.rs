//! A document as a tagged PDF: text one can select, search and hear.
//!
//! - Computes: the bytes of a PDF 1.7 file that declares PDF/UA-1.
//! - Units: millimetres in, points in the file.
//! - Shapes: a [`Document`] in, bytes out; the same document gives the same bytes.
//! - Errors: [`ReportError`] when the file would not hold what it declares.
//! - Source: ISO 32000-1 and ISO 14289-1, written by the `krilla` crate.

use std::num::NonZeroU16;

use krilla::{
    SerializeSettings,
    color::rgb,
    configure::{Accessibility, ConfigurationBuilder},
    destination::XyzDestination,
    geom::{Path, PathBuilder, Point},
    metadata::{DateTime, Metadata},
    num::NormalizedF32,
    outline::{Outline, OutlineNode},
    page::PageSettings,
    paint::{Fill, FillRule, LineCap, LineJoin, Stroke, StrokeDash},
    surface::Surface,
    tagging::{
        Artifact, ArtifactType, ContentTag, Node as TagNode, SpanTag, TableHeaderScope, Tag,
        TagGroup, TagTree,
    },
    text::{Font, GlyphId, KrillaGlyph, Tag as Axis},
};

use crate::{
    font::{self, MM_PER_POINT, Weight},
    page::{self, Document, Ink, Move, Node, Page, Placed},
};

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The font that ships with the program could not be read.
    #[error("the font of the pages could not be read")]
    Font,
    /// A page has no area.
    #[error("a page of {width} × {height} mm cannot be drawn")]
    Size {
        /// Width in millimetres.
        width: f32,
        /// Height in millimetres.
        height: f32,
    },
    /// The file would not hold what it declares.
    #[error("the pages could not be written: {reason}")]
    Write {
        /// As the writer says it.
        reason: String,
    },
}

/// A document as a PDF file.
pub fn pdf(document: &Document) -> Result<Vec<u8>, ReportError> {
    let font = |weight: Weight| {
        let axes = [(Axis::new(b"wght"), weight.axis())];
        Font::new_variable(font::DATA.into(), 0, &axes).ok_or(ReportError::Font)
    };
    let fonts = Fonts { regular: font(Weight::Regular)?, bold: font(Weight::Bold)? };
    let configuration = ConfigurationBuilder::new()
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(|e| ReportError::Write { reason: format!("{e:?}") })?;
    let mut file =
        krilla::Document::new_with(SerializeSettings { configuration, ..Default::default() });
    let lang = document.lang.pick("fr", "en");
    file.set_metadata(metadata(document, lang));
    let mut tree = TagTree::new().with_lang(Some(lang.to_owned()));
    let mut outline = Outline::new();
    for (i, page) in document.pages.iter().enumerate() {
        let size = (points(page.width), points(page.height));
        let settings = PageSettings::from_wh(size.0, size.1)
            .ok_or(ReportError::Size { width: page.width, height: page.height })?;
        let mut sheet = file.start_page_with(settings);
        let mut surface = sheet.surface();
        let mut writer = Writer { surface: &mut surface, fonts: &fonts };
        for node in &page.nodes {
            for child in writer.node(node, Inside::Nothing) {
                tree.push(child);
            }
        }
        surface.finish();
        sheet.finish();
        let title = heading(page).map_or_else(|| title(document), str::to_owned);
        let top = XyzDestination::new(i, Point::from_xy(0.0, 0.0));
        outline.push_child(OutlineNode::new(title, top));
    }
    file.set_outline(outline);
    file.set_tag_tree(tree);
    file.finish().map_err(|e| ReportError::Write { reason: format!("{e:?}") })
}

fn points(mm: f32) -> f32 {
    mm / MM_PER_POINT
}

fn metadata(document: &Document, lang: &str) -> Metadata {
    let made = document.made.map(|[year, month, day, hour, minute]| {
        let of = |n: u16| u8::try_from(n).unwrap_or(u8::MAX);
        let day = DateTime::new(year).month(of(month)).day(of(day));
        day.hour(of(hour)).minute(of(minute)).second(0).utc_offset_hour(0).utc_offset_minute(0)
    });
    let mut metadata = Metadata::new()
        .title(title(document))
        .language(lang.to_owned())
        .creator("Éclusier".to_owned())
        .producer("Éclusier".to_owned());
    if let Some(made) = made {
        metadata = metadata.creation_date(made);
    }
    metadata
}

/// The title of the file: a PDF without one would not be read aloud well.
fn title(document: &Document) -> String {
    let clean = document.title.replace(char::is_control, " ");
    match clean.trim() {
        "" => "Éclusier".to_owned(),
        title => title.to_owned(),
    }
}

/// The words of the first title of a page.
fn heading(page: &Page) -> Option<&str> {
    fn first(nodes: &[Node], inside: bool) -> Option<&str> {
        nodes.iter().find_map(|node| match node {
            Node::Text(text) if inside => Some(text.text.as_str()),
            Node::Group(tag, inner) => first(inner, inside || matches!(tag, page::Tag::Heading(_))),
            _ => None,
        })
    }
    first(&page.nodes, false)
}

struct Fonts {
    regular: Font,
    bold: Font,
}

/// What surrounds a node: shapes are read only inside a figure, nothing inside an artifact.
#[derive(Clone, Copy, PartialEq)]
enum Inside {
    Nothing,
    Figure,
    Artifact,
}

struct Writer<'a, 'b> {
    surface: &'a mut Surface<'b>,
    fonts: &'a Fonts,
}

impl Writer<'_, '_> {
    /// Draws a node and returns its place in the tree of what is read.
    fn node(&mut self, node: &Node, inside: Inside) -> Vec<TagNode> {
        match node {
            Node::Shape(shape) => {
                let tag = match inside {
                    Inside::Figure => ContentTag::Other,
                    _ => ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)),
                };
                let id = self.surface.start_tagged(tag);
                self.shape(shape);
                self.surface.end_tagged();
                if inside == Inside::Figure { vec![id.into()] } else { Vec::new() }
            }
            Node::Text(text) => self.text(text, inside),
            Node::Group(page::Tag::Artifact, inner) => {
                for node in inner {
                    self.node(node, Inside::Artifact);
                }
                Vec::new()
            }
            Node::Group(tag, inner) => {
                let inside = match tag {
                    page::Tag::Figure(_) if inside == Inside::Nothing => Inside::Figure,
                    _ => inside,
                };
                let children: Vec<TagNode> =
                    inner.iter().flat_map(|node| self.node(node, inside)).collect();
                match children.is_empty() || inside == Inside::Artifact {
                    true => Vec::new(),
                    false => vec![group(tag, inner, children).into()],
                }
            }
        }
    }

    fn shape(&mut self, shape: &page::Outline) {
        let Some(path) = path(&shape.moves) else { return };
        self.surface.set_fill(shape.fill.map(fill));
        self.surface.set_stroke(shape.stroke.map(stroke));
        if shape.fill.is_some() || shape.stroke.is_some() {
            self.surface.draw_path(&path);
        }
    }

    fn text(&mut self, placed: &Placed, inside: Inside) -> Vec<TagNode> {
        if placed.text.is_empty() {
            return Vec::new();
        }
        // A space ends each text, so that the words of two lines stay apart when read.
        let run = font::shape(&format!("{} ", placed.text), placed.weight);
        let original = (run.text.trim_end() != placed.text.trim_end()).then_some(&placed.text);
        let original = original.map(String::as_str).filter(|t| !t.contains('\0'));
        let tag = match inside {
            Inside::Artifact => {
                ContentTag::Artifact(Artifact::with_kind(ArtifactType::PaginationOther))
            }
            _ => {
                let span = SpanTag::empty().with_actual_text(original);
                ContentTag::Span(span.with_alt_text(placed.said.as_deref()))
            }
        };
        let glyphs: Vec<KrillaGlyph> = run
            .glyphs
            .iter()
            .enumerate()
            .map(|(i, g)| {
                let later = run.glyphs.get(i + 1..).unwrap_or_default().iter();
                let end = later.map(|n| n.cluster).find(|&c| c > g.cluster);
                let range = g.cluster..end.unwrap_or(run.text.len());
                KrillaGlyph::new(GlyphId::new(g.id), g.advance, g.x, g.y, 0.0, range, None)
            })
            .collect();
        let font = match placed.weight {
            Weight::Regular => self.fonts.regular.clone(),
            Weight::Bold | Weight::Display => self.fonts.bold.clone(),
        };
        let id = self.surface.start_tagged(tag);
        self.surface.set_stroke(None);
        self.surface.set_fill(Some(fill(placed.ink)));
        let start = Point::from_xy(points(placed.x), points(placed.y));
        self.surface.draw_glyphs(start, &glyphs, font, &run.text, placed.size, false);
        self.surface.end_tagged();
        if inside == Inside::Artifact { Vec::new() } else { vec![id.into()] }
    }
}

fn group(tag: &page::Tag, inner: &[Node], children: Vec<TagNode>) -> TagGroup {
    let words = || {
        let mut words = String::new();
        for node in inner {
            if let Node::Text(text) = node {
                words.push_str(if words.is_empty() { "" } else { " " });
                words.push_str(&text.text);
            }
        }
        words
    };
    match tag {
        page::Tag::Section => TagGroup::with_children(Tag::Section, children),
        page::Tag::Heading(level) => {
            let level = NonZeroU16::new(u16::from(*level)).unwrap_or(NonZeroU16::MIN);
            TagGroup::with_children(Tag::Hn(level, Some(words())), children)
        }
        page::Tag::Paragraph | page::Tag::Artifact => TagGroup::with_children(Tag::P, children),
        page::Tag::List => {
            let tag = Tag::L(krilla::tagging::ListNumbering::None);
            TagGroup::with_children(tag, children)
        }
        page::Tag::Item => {
            let body = TagGroup::with_children(Tag::LBody, children);
            TagGroup::with_children(Tag::LI, vec![body.into()])
        }
        page::Tag::Table => TagGroup::with_children(Tag::Table, children),
        page::Tag::Row => TagGroup::with_children(Tag::TR, children),
        page::Tag::ColumnHead => {
            TagGroup::with_children(Tag::TH(TableHeaderScope::Column), children)
        }
        page::Tag::RowHead => TagGroup::with_children(Tag::TH(TableHeaderScope::Row), children),
        page::Tag::Cell => TagGroup::with_children(Tag::TD, children),
        page::Tag::Figure(alt) => TagGroup::with_children(Tag::Figure(Some(alt.clone())), children),
    }
}

fn path(moves: &[Move]) -> Option<Path> {
    let mut path = PathBuilder::new();
    for step in moves {
        match *step {
            Move::To(x, y) => path.move_to(points(x), points(y)),
            Move::Line(x, y) => path.line_to(points(x), points(y)),
            Move::Curve(c) => {
                let [a, b, c, d, e, f] = c.map(points);
                path.cubic_to(a, b, c, d, e, f);
            }
            Move::Close => path.close(),
        }
    }
    path.finish()
}

fn colour(ink: Ink) -> rgb::Color {
    rgb::Color::new(ink.0, ink.1, ink.2)
}

fn fill(ink: Ink) -> Fill {
    Fill { paint: colour(ink).into(), opacity: NormalizedF32::ONE, rule: FillRule::NonZero }
}

fn stroke(stroke: page::Stroke) -> Stroke {
    Stroke {
        paint: colour(stroke.ink).into(),
        width: stroke.width,
        line_cap: LineCap::Butt,
        line_join: LineJoin::Miter,
        dash: stroke.dash.map(|(on, off)| StrokeDash { array: vec![on, off], offset: 0.0 }),
        ..Stroke::default()
    }
}
