//! A table on paper: every row of a screen, on as many pages as it takes.
//!
//! - Computes: widths of columns from what is in them, lines of cells, pages.
//! - Units: words in; millimetres on A4 pages, lying.
//! - Shapes: a [`TableSheet`] in, a [`Document`] out; heads on each page, "Page x/y".
//! - Errors: none; a row without a cell gets an empty one, cells beyond the columns are left out.
//! - Source: the house rule that each screen prints all its rows.

use eclusier_core::lang::Lang;

use crate::{
    font::{self, Weight},
    page::{Align, Document, Ink, Page, Stroke, Style, Tag},
};

const LEFT: f32 = 12.0;
const RIGHT: f32 = 285.0;
const TOP: f32 = 34.0;
const FOOT: f32 = 198.0;
const SIZE: f32 = 8.5;
const PAD: f32 = 1.4;
/// Lines of a cell, at most.
const LINES: usize = 4;
/// Rows that are measured to set the widths: the first ones speak for all.
const MEASURED: usize = 400;

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Column {
    /// Its head.
    pub head: String,
    /// Where its cells stand: numbers on the right.
    pub align: Align,
}

/// A table with what the page says around it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TableSheet {
    /// Title.
    pub title: String,
    /// Perimeter, period and filters, in words.
    pub about: String,
    /// Freshness and formula, in words.
    pub freshness: String,
    /// Columns.
    pub columns: Vec<Column>,
    /// Rows, already in words.
    pub rows: Vec<Vec<String>>,
    /// When it was made: year, month, day, hour, minute in universal time.
    pub made: Option<[u16; 5]>,
    /// The same in words.
    pub made_words: String,
}

/// The pages of a table.
pub fn table_pages(sheet: &TableSheet, lang: Lang) -> Document {
    let widths = widths(sheet);
    let style = Style::text(SIZE);
    let head = Style::bold(SIZE).ink(Ink::SOFT);
    let cells = |row: &[String], weight: Weight| -> (Vec<Vec<String>>, f32) {
        let wrapped: Vec<Vec<String>> = widths
            .iter()
            .enumerate()
            .map(|(i, w)| {
                let text = row.get(i).map_or("", String::as_str);
                font::wrap(text, weight, SIZE, w - 2.0 * PAD, LINES).lines
            })
            .collect();
        let most = wrapped.iter().map(Vec::len).max().unwrap_or(0).max(1);
        (wrapped, style.line() * most as f32 + 2.0)
    };
    let names: Vec<String> = sheet.columns.iter().map(|c| c.head.clone()).collect();
    let (names, head_tall) = cells(&names, Weight::Bold);
    // Rows are laid first, so that each page knows how many there are.
    let mut pages: Vec<Vec<(Vec<Vec<String>>, f32)>> = vec![Vec::new()];
    let mut y = TOP + head_tall;
    for row in &sheet.rows {
        let (lines, tall) = cells(row, Weight::Regular);
        if y + tall > FOOT && pages.last().is_some_and(|p| !p.is_empty()) {
            pages.push(Vec::new());
            y = TOP + head_tall;
        }
        y += tall;
        if let Some(page) = pages.last_mut() {
            page.push((lines, tall));
        }
    }
    let of = pages.len();
    let pages = pages.iter().enumerate().map(|(number, rows)| {
        let mut page = Page::a4();
        let first = number == 0;
        header(&mut page, sheet, first);
        let left = |i: usize| LEFT + widths.iter().take(i).sum::<f32>();
        let place =
            |page: &mut Page, i: usize, lines: &[String], y: f32, tall: f32, style: Style| {
                let wide = widths.get(i).copied().unwrap_or(0.0);
                let align = sheet.columns.get(i).map(|c| c.align).unwrap_or_default();
                let room = [left(i) + PAD, y + 1.0, wide - 2.0 * PAD, tall - 1.6];
                match lines.is_empty() {
                    true => page.space(room),
                    false => {
                        page.lines(lines, room, Style { align, ..style });
                    }
                }
            };
        page.group(Tag::Table, |p| {
            p.rect([LEFT, TOP, RIGHT - LEFT, head_tall], Some(Ink::PAPER), None);
            p.group(Tag::Row, |p| {
                for (i, lines) in names.iter().enumerate() {
                    p.group(Tag::ColumnHead, |p| place(p, i, lines, TOP, head_tall, head));
                }
            });
            p.line(
                &[(LEFT, TOP + head_tall), (RIGHT, TOP + head_tall)],
                Stroke::new(Ink::INK, 0.9),
            );
            let mut y = TOP + head_tall;
            for (lines, tall) in rows {
                p.group(Tag::Row, |p| {
                    for (i, lines) in lines.iter().enumerate() {
                        let tag = if i == 0 { Tag::RowHead } else { Tag::Cell };
                        p.group(tag, |p| place(p, i, lines, y, *tall, style));
                    }
                });
                y += tall;
                p.line(&[(LEFT, y), (RIGHT, y)], Stroke::new(Ink::PALE, 0.5));
            }
        });
        if sheet.rows.is_empty() {
            p_none(&mut page, lang, TOP + head_tall);
        }
        footer(&mut page, sheet, lang, (number + 1, of));
        page
    });
    Document { title: sheet.title.clone(), lang, made: sheet.made, pages: pages.collect() }
}

fn p_none(page: &mut Page, lang: Lang, y: f32) {
    let words = lang.pick("Aucune ligne.", "No row.");
    page.group(Tag::Paragraph, |p| {
        p.text(words, [LEFT + PAD, y + 3.0, 200.0, 6.0], Style::text(10.0).ink(Ink::SOFT));
    });
}

/// Widths that fill the page: what a column needs, within a share of the page for
/// each, then what is left in proportion.
fn widths(sheet: &TableSheet) -> Vec<f32> {
    let page = RIGHT - LEFT;
    let most = page * 0.42;
    let needs: Vec<f32> = sheet
        .columns
        .iter()
        .enumerate()
        .map(|(i, column)| {
            let rows = sheet.rows.iter().take(MEASURED).filter_map(|row| row.get(i));
            let cells = rows.map(|text| font::width(text, Weight::Regular, SIZE));
            let head = font::width(&column.head, Weight::Bold, SIZE);
            (cells.fold(head, f32::max) + 2.0 * PAD + 0.3).clamp(9.0, most)
        })
        .collect();
    let total: f32 = needs.iter().sum();
    if total <= page {
        // Room left goes to the columns of words: numbers read best close together.
        let words = |i: usize| sheet.columns.get(i).is_some_and(|c| c.align == Align::Left);
        let share: f32 = needs.iter().enumerate().filter(|(i, _)| words(*i)).map(|(_, n)| n).sum();
        return needs
            .iter()
            .enumerate()
            .map(|(i, need)| match (words(i), share > 0.0) {
                (true, true) => need + (page - total) * need / share,
                (false, true) => *need,
                (_, false) => need * page / total,
            })
            .collect();
    }
    // Too wide: narrow columns keep what they need, wide ones share the rest.
    let mut widths: Vec<(f32, bool)> = needs.iter().map(|n| (*n, false)).collect();
    loop {
        let kept: f32 = widths.iter().filter(|(_, kept)| *kept).map(|(n, _)| n).sum();
        let free = widths.iter().filter(|(_, kept)| !kept).count().max(1) as f32;
        let each = (page - kept) / free;
        let mut more = false;
        for (need, kept) in widths.iter_mut().filter(|(need, kept)| !kept && *need <= each) {
            (*kept, more) = (*need > 0.0, true);
        }
        if !more {
            let wide = widths.iter().map(|(need, kept)| if *kept { *need } else { each });
            let total: f32 = wide.clone().sum();
            return wide.map(|w| w * page / total.max(1.0)).collect();
        }
    }
}

fn header(page: &mut Page, sheet: &TableSheet, first: bool) {
    let tag = if first { Tag::Heading(1) } else { Tag::Artifact };
    page.group(tag, |p| {
        p.label(&sheet.title, [LEFT, 9.0, 190.0, 8.0], Style::bold(17.0), 8.0);
    });
    let tag = |first| if first { Tag::Paragraph } else { Tag::Artifact };
    page.group(tag(first), |p| {
        p.text(&sheet.about, [LEFT, 18.0, 190.0, 9.0], Style::text(9.0).ink(Ink::SOFT));
    });
    page.group(tag(first), |p| {
        let style = Style::text(8.0).ink(Ink::SOFT).right();
        p.text(&sheet.freshness, [RIGHT - 78.0, 10.0, 78.0, 14.0], style);
    });
    page.line(&[(LEFT, 29.0), (RIGHT, 29.0)], Stroke::new(Ink::WATER, 1.4));
}

fn footer(page: &mut Page, sheet: &TableSheet, lang: Lang, (number, of): (usize, usize)) {
    let rows = sheet.rows.len() as u64;
    let count = crate::words::count(rows, lang);
    let rows = match rows < 2 {
        true => lang.pick("ligne", "row"),
        false => lang.pick("lignes", "rows"),
    };
    let parts = [format!("{count}\u{a0}{rows}"), "Éclusier".to_owned(), sheet.made_words.clone()];
    let parts: Vec<String> = parts.into_iter().filter(|p| !p.is_empty()).collect();
    page.group(Tag::Artifact, |p| {
        p.line(&[(LEFT, 200.4), (RIGHT, 200.4)], Stroke::new(Ink::PALE, 0.6));
        let style = Style::text(7.5).ink(Ink::SOFT);
        p.label(&parts.join(" · "), [LEFT, 201.2, 200.0, 4.2], style, 5.0);
        let words = format!("Page {number}/{of}");
        p.label(&words, [RIGHT - 60.0, 201.2, 60.0, 4.2], style.right(), 5.0);
    });
}
