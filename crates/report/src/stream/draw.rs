//! Where everything stands on the sheet of a value stream.
//!
//! - Computes: the drawing of each page, from the header to the footer.
//! - Units: millimetres; letters in points.
//! - Shapes: a [`StreamSheet`] in, [`Page`]s of at most [`MOST`] steps out.
//! - Errors: none; what does not fit is smaller, then shortened.
//! - Source: the drawing conventions of Rother and Shook, *Learning to See* (1999).

use eclusier_core::lang::Lang;

use super::{Figure, SheetStep, SheetTotals, StreamSheet};
use crate::{
    font::{self, MM_PER_POINT, Weight},
    page::{Hatch, Ink, Page, Stroke, Style, Tag},
    words,
};

/// Steps of one page.
const MOST: usize = 12;
/// Steps of one row.
const ROW: usize = 6;
const LEFT: f32 = 12.0;
const RIGHT: f32 = 408.0;
const CARD: f32 = 42.0;
const TOTALS: f32 = 54.0;
const TOP: f32 = 37.0;
const FOOT: f32 = 277.0;
/// Smallest letters of the name of a step, in points.
const SMALLEST: f32 = 6.5;

/// The pages of a sheet.
pub(super) fn pages(sheet: &StreamSheet, lang: Lang, title: &str) -> Vec<Page> {
    let of = sheet.steps.len().div_ceil(MOST).max(1);
    let longest = longest_waits(sheet);
    (0..of)
        .map(|i| {
            let from = i * MOST;
            let steps = sheet.steps.get(from..).unwrap_or_default();
            let steps = steps.get(..MOST).unwrap_or(steps);
            let (page, notes) = (Page::a3(), Vec::new());
            let mut draw = Draw { page, sheet, lang, steps, from, longest: &longest, notes };
            draw.whole(title, (i + 1, of));
            draw.page
        })
        .collect()
}

/// Places of the three longest waits, longest first.
fn longest_waits(sheet: &StreamSheet) -> Vec<usize> {
    let wait = |i: usize| {
        let step = sheet.steps.get(i)?;
        step.wait_s.value.filter(|w| w.is_finite() && *w > 0.0)
    };
    let total: f64 = (0..sheet.steps.len()).filter_map(wait).sum();
    // A wait under a twentieth of them all is not among the longest of anything.
    let mut order: Vec<(usize, f64)> = (0..sheet.steps.len())
        .filter_map(|i| wait(i).map(|w| (i, w)))
        .filter(|&(_, w)| w * 20.0 >= total)
        .collect();
    order.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    order.into_iter().take(3).map(|(i, _)| i).collect()
}

struct Draw<'a> {
    page: Page,
    sheet: &'a StreamSheet,
    lang: Lang,
    steps: &'a [SheetStep],
    /// Place of the first step of this page among all.
    from: usize,
    longest: &'a [usize],
    /// Reasons, in the order of their numbers.
    notes: Vec<String>,
}

/// Where one row of steps stands.
#[derive(Clone, Copy)]
struct RowPlace {
    y: f32,
    slot: f32,
    /// How much larger than the smallest.
    scale: f32,
    letters: f32,
    /// Of the names of the steps, in points.
    name_size: f32,
}

impl RowPlace {
    fn wait(self) -> f32 {
        (self.slot * 0.28).clamp(12.0, 19.0)
    }
    fn name(self) -> f32 {
        14.0 * self.letters
    }
    /// Room of the name in the box that begins at `left`.
    fn name_room(self, left: f32) -> [f32; 4] {
        let own = self.slot - self.wait() - 2.0;
        [left + 1.2, self.y + 1.0, own - 2.4, self.name() - 2.0]
    }
    fn line(self) -> f32 {
        5.6 * self.scale
    }
    fn boxed(self) -> f32 {
        self.name() + self.line() * 4.0 + 2.0
    }
    /// Where work is pushed from step to step.
    fn push(self) -> f32 {
        self.y + self.boxed() - 4.0
    }
    /// Height of a figure of the ladder.
    fn label(self) -> f32 {
        5.6 * self.letters
    }
    fn high(self) -> f32 {
        self.y + self.boxed() + self.label() + 2.5
    }
    fn low(self) -> f32 {
        self.high() + 7.0 * self.scale
    }
    fn causes(self) -> f32 {
        self.low() + self.label() + 0.6
    }
    fn end(self) -> f32 {
        self.causes() + 11.5 * self.letters
    }
}

impl<'a> Draw<'a> {
    fn say(&self, fr: &'static str, en: &'static str) -> &'static str {
        self.lang.pick(fr, en)
    }

    fn whole(&mut self, title: &str, number: (usize, usize)) {
        self.header(title);
        let rows = self.steps.len().div_ceil(ROW).max(1);
        let per_row = self.steps.len().div_ceil(rows).max(1);
        let (left, right) = (LEFT + CARD + 4.0, RIGHT - TOTALS - 5.0);
        let slot = ((right - left) / per_row as f32).min(100.0);
        let (scale, letters) = if rows == 1 { (1.95, 1.35) } else { (1.05, 1.0) };
        let mut y = TOP;
        let mut bottom = TOP;
        // Names share one size; a very long one alone goes below it.
        let place = RowPlace { y, slot, scale, letters, name_size: 10.5 * letters };
        let room = place.name_room(0.0);
        let fit = |s: &SheetStep| name_size(&s.name, room, place.name_size);
        let shared = self.steps.iter().map(fit).fold(place.name_size, f32::min);
        let name_size = shared.max(8.0 * letters);
        let steps = self.steps;
        let mut before: Option<(f32, RowPlace)> = None;
        for (i, chunk) in steps.chunks(per_row).enumerate() {
            let place = RowPlace { y, slot, scale, letters, name_size };
            for (j, step) in chunk.iter().enumerate() {
                let x = left + slot * j as f32;
                self.step(step, self.from + i * per_row + j, j == 0, x, place);
            }
            self.ladder(chunk, i * per_row, left, place);
            self.entry(before, left, right, place);
            before = Some((left + slot * chunk.len() as f32 - 2.0, place));
            bottom = place.end();
            y = bottom + 7.0;
        }
        if steps.is_empty() {
            let words = self.say("Aucune étape à montrer.", "No step to show.");
            let room = [left, TOP + 20.0, right - left, 10.0];
            self.page.group(Tag::Paragraph, |p| {
                p.text(words, room, Style::text(14.0).ink(Ink::SOFT));
            });
            bottom = TOP + 112.0;
        }
        self.customer(bottom);
        self.totals(bottom);
        let top = bottom + 4.0;
        let middle = LEFT + 250.0;
        self.targets([LEFT, top, middle - LEFT - 4.0, FOOT - top - 2.0]);
        self.blank([middle, top, RIGHT - middle, FOOT - top - 2.0]);
        self.footer(number);
    }

    /// The way into a row: from the customer, or from the end of the row above.
    fn entry(&mut self, before: Option<(f32, RowPlace)>, left: f32, right: f32, place: RowPlace) {
        let end = (left + place.wait() - 0.6, place.push());
        let stroke = Stroke::dashed(Ink::INK, 2.2, 3.0, 1.4);
        let Some((x, above)) = before else {
            self.page.arrow((LEFT + CARD - 3.6, end.1), end, stroke);
            return;
        };
        let (gutter, level) = (right + 2.0, above.end() + 2.4);
        let thin = Stroke::dashed(Ink::SOFT, 1.0, 3.0, 1.4);
        let turn = left - 2.4;
        let way = [
            (x + 0.6, above.push()),
            (gutter, above.push()),
            (gutter, level),
            (turn, level),
            (turn, end.1),
            (left, end.1),
        ];
        self.page.line(&way, thin);
        self.page.arrow((left, end.1), end, stroke);
    }

    fn header(&mut self, title: &str) {
        let sheet = self.sheet;
        self.page.group(Tag::Heading(1), |p| {
            p.label(title, [LEFT, 8.0, 300.0, 11.0], Style::display(22.0), 11.0);
        });
        let about = joined(&[&sheet.perimeter, &sheet.period]);
        self.page.group(Tag::Paragraph, |p| {
            p.label(&about, [LEFT, 19.0, 300.0, 6.0], Style::text(11.0).ink(Ink::SOFT), 6.0);
        });
        let right = RIGHT - 94.0;
        self.page.group(Tag::Paragraph, |p| {
            let style = Style::text(8.5).ink(Ink::SOFT).right();
            let taken = p.text(&sheet.freshness, [right, 10.0, 94.0, 8.0], style);
            p.text(&sheet.formula, [right, 10.2 + taken, 94.0, 8.0], style);
        });
        self.page.line(&[(LEFT, 29.5), (RIGHT, 29.5)], Stroke::new(Ink::WATER, 1.6));
    }

    /// The number of a reason, a new one where it was not said before.
    fn note(&mut self, why: &str) -> String {
        if why.is_empty() {
            return String::new();
        }
        let at = self.notes.iter().position(|n| n == why).unwrap_or_else(|| {
            self.notes.push(why.to_owned());
            self.notes.len() - 1
        });
        // A raised figure after a unit would read as a power.
        format!("\u{a0}({})", at + 1)
    }

    /// A figure in words, or "—" and the number of its reason.
    fn figure(&mut self, figure: &Figure, write: impl FnOnce(f64) -> String) -> String {
        match figure.value.filter(|v| v.is_finite()) {
            Some(value) => write(value),
            None => format!("{}{}", words::NONE, self.note(&figure.why)),
        }
    }

    fn time(&self, seconds: f64) -> String {
        words::duration(seconds, self.sheet.day_s, self.lang)
    }

    fn customer(&mut self, bottom: f32) {
        let (sheet, lang) = (self.sheet, self.lang);
        let arrivals = self.figure(&sheet.arrivals_per_day, |v| words::measure(v, lang));
        let output = self.figure(&sheet.output_per_day, |v| words::measure(v, lang));
        let open = self.figure(&sheet.open_cases, |v| words::number(v, 0, lang));
        let days = self.figure(&sheet.worked_days, |v| words::number(v, 0, lang));
        let rows = [
            (self.say("arrivées par jour ouvré", "arrivals per worked day"), arrivals),
            (self.say("sorties par jour ouvré", "leave per worked day"), output),
            (self.say("dossiers ouverts", "open cases"), open),
            (self.say("dossiers étudiés", "cases studied"), words::count(sheet.cases, lang)),
            (self.say("jours ouvrés", "worked days"), days),
        ];
        let name = match sheet.customer.is_empty() {
            true => self.say("Demandeurs", "Claimants"),
            false => &sheet.customer,
        };
        let (x, w, high) = (LEFT, CARD - 4.0, bottom - TOP);
        let pitch = ((high - 18.0) / rows.len() as f32).min(27.0);
        let larger = (pitch / 17.0).clamp(1.0, 1.3);
        self.page.group(Tag::Section, |p| {
            // A house with a saw roof, as customers and suppliers are drawn.
            let (top, eaves) = (TOP, TOP + 6.0);
            let third = w / 3.0;
            let mut roof = vec![(x, TOP + high), (x, eaves)];
            for i in 0..3 {
                let at = x + third * i as f32;
                roof.extend([(at + third, top), (at + third, eaves)]);
            }
            roof.push((x + w, TOP + high));
            p.polygon(&roof, Some(Ink::PAPER), Some(Stroke::new(Ink::INK, 1.2)));
            p.group(Tag::Heading(2), |p| {
                let style = Style::display(11.0 * larger).centre();
                let room = [x + 2.0, eaves + 1.8, w - 4.0, style.line() + 0.2];
                p.label(name, room, style, 6.0);
            });
            let mut y = eaves + 10.0 + (pitch - 14.0 * larger) / 2.0;
            for (words, value) in &rows {
                p.group(Tag::Paragraph, |p| {
                    let style = Style::display(15.0 * larger).centre();
                    let tall = p.label(value, [x + 2.0, y, w - 4.0, style.line()], style, 6.0);
                    let style = Style::text(8.0 * larger).ink(Ink::SOFT).centre();
                    p.label(words, [x + 1.0, y + tall, w - 2.0, style.line()], style, 5.0);
                });
                y += pitch;
            }
        });
    }

    /// One step: the stock before it, its box, and the figures of the ladder under them.
    fn step(&mut self, step: &SheetStep, at: usize, first: bool, x: f32, place: RowPlace) {
        let lang = self.lang;
        let day = self.sheet.day_s;
        let time = |v: f64| words::duration(v, day, lang);
        let touch = self.figure(&step.touch_s, time);
        let first_pass = self.figure(&step.first_pass, |v| words::percent(v, lang));
        let output = self.figure(&step.output_per_day, |v| words::measure(v, lang));
        let people = self.figure(&step.people, |v| words::number(v, 0, lang));
        let stock = self.figure(&step.stock, |v| words::number(v, 0, lang));
        let stock_days = self.figure(&step.stock_days, |v| {
            format!("{}\u{a0}{}", words::measure(v, lang), lang.pick("j", "d"))
        });
        let mut wait = self.figure(&step.wait_s, time);
        if step.wait_holds_touch {
            let why = self.say(
                "l’attente comprend le traitement, faute d'heures de début",
                "the wait includes the work itself, for want of start times",
            );
            wait.push_str(&self.note(why));
        }
        let case_touch = self.figure(&step.case_touch_s, time);
        let rank = self.longest.iter().position(|&i| i == at);
        let rows = [
            (self.say("Traitement", "Touch"), touch),
            (self.say("En une fois", "Done once"), first_pass),
            (self.say("Sorties / jour", "Output / day"), output),
            (self.say("Personnes", "People"), people),
        ];
        let cases = self.say("dossiers", "cases");
        let adds = match step.value_adding {
            Some(true) => Some(self.say("valeur ajoutée", "adds value")),
            _ => None,
        };
        let causes = match (rank, step.causes.is_empty()) {
            (Some(_), true) => self
                .say("Attente longue, cause à trouver", "Long wait, cause to be found")
                .to_owned(),
            (_, true) => String::new(),
            _ => step.causes.join(" · "),
        };
        let colon = self.say("\u{a0}:", ":");
        let told = |words: &str, value: &str| format!("{words}{colon} {value}");
        let stock_said = told(self.say("Stock devant l’étape", "Stock before the step"), &stock);
        let wait_said = told(self.say("Attente moyenne", "Mean wait"), &wait);
        let touch_said =
            told(self.say("Traitement moyen par dossier", "Mean touch of a case"), &case_touch);
        let rank_said = |rank: usize| match lang {
            Lang::Fr => format!("Plus longues attentes, rang {rank}."),
            Lang::En => format!("Longest waits, rank {rank}."),
        };
        let (gap, own) = (place.wait(), place.slot - place.wait() - 2.0);
        let left = x + gap;
        let k = place.letters;
        self.page.group(Tag::Section, |p| {
            // The box.
            let strong = Stroke::new(Ink::WATER, 1.2);
            p.rect([left, place.y, own, place.boxed()], Some(Ink::WHITE), Some(strong));
            p.rect([left, place.y, own, place.name()], Some(Ink::TINT), Some(strong));
            p.group(Tag::Heading(2), |p| {
                let room = place.name_room(left);
                name(p, &step.name, room, place.name_size);
            });
            let mut y = place.y + place.name() + 1.0;
            for (words, value) in &rows {
                p.group(Tag::Paragraph, |p| {
                    let (size, drop) = (8.0 * k, place.line() * 0.5);
                    let style = Style::text(size).ink(Ink::SOFT);
                    let under = y + drop - style.line() * 0.5;
                    // Words take what they need, up to two thirds; the value has the rest.
                    let need = font::width(words, Weight::Regular, size) + 0.5;
                    let label = need.min((own - 3.0) * 0.62);
                    p.label(words, [left + 1.5, under, label, style.line()], style, 5.0);
                    let style = Style::bold(10.0 * k).right();
                    let under = y + drop - style.line() * 0.5;
                    let room = [left + 2.5 + label, under, own - 4.0 - label, style.line() + 0.2];
                    p.label(value, room, style, 5.0);
                });
                y += place.line();
            }
            if let Some(words) = adds {
                p.group(Tag::Paragraph, |p| {
                    let style = Style::bold(6.5 * k).ink(Ink::WATER);
                    p.label(words, [left, place.y - 3.4, own, 3.4], style, 4.0);
                });
            }
            // The stock before it, and the push.
            let (middle, top) = (x + gap / 2.0 - 1.0, place.y + 1.0);
            let half = 4.4 * k;
            let corners = [
                (middle, top),
                (middle + half, top + half * 1.7),
                (middle - half, top + half * 1.7),
            ];
            p.polygon(&corners, Some(Ink::WHITE), Some(Stroke::new(Ink::INK, 1.1)));
            let level = top + half * 1.7;
            p.hatch(
                [middle - half * 0.5, level - half * 0.62, half, half * 0.5],
                Hatch::Level,
                0.8,
                Stroke::new(Ink::INK, 0.6),
            );
            let wide = gap - 1.0;
            p.group(Tag::Paragraph, |p| {
                let x = middle - wide / 2.0;
                let style = Style::display(11.0 * k).centre();
                let mut y = level + 0.8;
                p.say(stock_said);
                y += p.label(&stock, [x, y, wide, style.line() + 0.2], style, 5.0);
                let style = Style::text(7.5 * k).ink(Ink::SOFT).centre();
                y += p.label(cases, [x, y, wide, style.line() + 0.2], style, 5.0);
                let style = Style::text(8.0 * k).centre();
                p.label(&stock_days, [x, y + 0.4, wide, style.line() + 0.2], style, 5.0);
            });
            if !first {
                let (from, to) = ((x - 1.2, place.push()), (left - 0.6, place.push()));
                p.arrow(from, to, Stroke::dashed(Ink::INK, 2.2, 3.0, 1.4));
            }
            // The ladder's figures: wait above, touch below.
            p.group(Tag::Paragraph, |p| {
                let style = match rank {
                    Some(_) => Style::display(11.0 * k),
                    None => Style::text(9.5 * k),
                };
                let indent = if rank.is_some() { 5.2 * k.sqrt() } else { 0.0 };
                let tall = style.line() + 0.2;
                let room = [x + indent, place.high() - tall - 0.4, gap + 9.0 - indent, tall];
                if let Some(rank) = rank {
                    p.say(rank_said(rank + 1));
                    badge(p, x + 2.3 * k.sqrt(), place.high() - 3.3 * k, k.sqrt(), rank + 1);
                }
                p.say(wait_said);
                p.label(&wait, room, style, 5.0);
            });
            p.group(Tag::Paragraph, |p| {
                let style = Style::text(9.5 * k).centre();
                p.say(touch_said);
                p.label(
                    &case_touch,
                    [left, place.low() + 0.8, own, style.line() + 0.2],
                    style,
                    5.0,
                );
            });
            if !causes.is_empty() {
                p.group(Tag::Paragraph, |p| {
                    let (ink, weight) = match rank {
                        Some(_) => (Ink::INK, Weight::Regular),
                        None => (Ink::SOFT, Weight::Regular),
                    };
                    let style = Style { weight, ink, ..Style::text(8.0 * k.sqrt()) };
                    let room = [x + 1.0, place.causes() + 0.4, place.slot - 4.0, 11.0 * k];
                    p.text(&causes, room, style);
                });
            }
        });
    }

    fn ladder(&mut self, steps: &[SheetStep], at: usize, left: f32, place: RowPlace) {
        if steps.is_empty() {
            return;
        }
        let mut words = vec![self.say("Échelle du délai", "Lead time ladder").to_owned()];
        let mut points = Vec::new();
        let mut bars = Vec::new();
        for (i, step) in steps.iter().enumerate() {
            let x = left + place.slot * i as f32;
            let turn = x + place.wait();
            let end = x + place.slot - 2.0;
            points.extend([(x, place.high()), (turn, place.high()), (turn, place.low())]);
            points.push((end, place.low()));
            if i + 1 < steps.len() {
                points.extend([(end + 2.0, place.low()), (end + 2.0, place.high())]);
            }
            if self.longest.contains(&(self.from + at + i)) {
                bars.push([x, place.high(), place.wait(), place.low() - place.high()]);
            }
            let told = |f: &Figure| match f.value {
                Some(v) => self.time(v),
                None => words::NONE.to_owned(),
            };
            let space = self.say("\u{a0}:", ":");
            words.push(format!(
                "{}{space} {} {}, {} {}",
                step.name,
                self.say("attente", "wait"),
                told(&step.wait_s),
                self.say("traitement", "touch"),
                told(&step.case_touch_s),
            ));
        }
        self.page.group(Tag::Figure(words.join(". ")), |p| {
            for bar in bars {
                p.rect(bar, Some(Ink(0xf6, 0xe7, 0xd2)), None);
                p.hatch(bar, Hatch::Rising, 1.3, Stroke::new(Ink::AMBER, 0.9));
            }
            p.line(&points, Stroke::new(Ink::INK, 1.8));
        });
    }

    fn totals(&mut self, bottom: f32) {
        let (sheet, lang) = (self.sheet, self.lang);
        let totals = &sheet.totals;
        let day = sheet.day_s;
        let time = |v: f64| words::duration(v, day, lang);
        let share = |v: f64| words::percent(v, lang);
        let lead = self.figure(&totals.lead_s, time);
        let calendar = self.figure(&totals.lead_calendar_s, |v| words::duration(v, None, lang));
        let wait = self.figure(&totals.wait_s, time);
        let touch = self.figure(&totals.touch_s, time);
        let part = self.figure(&totals.touch_share, share);
        let value = self.figure(&totals.value_added_share, share);
        let right = self.figure(&totals.first_time_right, share);
        let other = sheet.other.as_ref().map(|other| {
            let wait = self.figure(&other.wait_s, time);
            let touch = self.figure(&other.touch_s, time);
            match lang {
                Lang::Fr => format!(
                    "dont {}\u{a0}autres activités\u{a0}: attente {wait}, traitement {touch}",
                    words::count(other.activities, lang)
                ),
                Lang::En => format!(
                    "of which {}\u{a0}other activities: wait {wait}, touch {touch}",
                    words::count(other.activities, lang)
                ),
            }
        });
        let target = |target: Option<f64>, now: &Figure| {
            let target = target.filter(|t| t.is_finite())?;
            let won = now.value.filter(|n| n.is_finite()).map(|n| n - target);
            let mut text = format!("{} {}", lang.pick("cible", "target"), time(target));
            if let Some(won) = won.filter(|w| *w > 0.0) {
                text += &format!(" · {} {}", lang.pick("gain", "saves"), time(won));
            }
            Some(text)
        };
        let calendar = format!("{calendar} {}", lang.pick("calendaires", "in calendar days"));
        let figures = [
            (
                self.say("Délai moyen, ouvré", "Mean lead time, worked"),
                lead,
                20.0,
                Some(calendar),
                target(totals.target_lead_s, &totals.lead_s),
            ),
            (
                self.say("Attente", "Wait"),
                wait,
                14.0,
                None,
                target(totals.target_wait_s, &totals.wait_s),
            ),
            (
                self.say("Traitement", "Touch"),
                touch,
                14.0,
                other,
                target(totals.target_touch_s, &totals.touch_s),
            ),
            (self.say("Part de traitement", "Touch share"), part, 14.0, None, None),
            (self.say("Part à valeur ajoutée", "Value-added share"), value, 14.0, None, None),
            (self.say("Faits sans reprise", "Right first time"), right, 14.0, None, None),
        ];
        let title = self.say("Tout le parcours", "The whole way");
        let shares = bar(totals);
        let alt = match (shares, lang) {
            (Some(part), Lang::Fr) => format!(
                "Part du délai\u{a0}: traitement {}, attente {}.",
                words::percent(part, lang),
                words::percent(1.0 - part, lang)
            ),
            (Some(part), Lang::En) => format!(
                "Share of the lead time: touch {}, wait {}.",
                words::percent(part, lang),
                words::percent(1.0 - part, lang)
            ),
            (None, _) => String::new(),
        };
        let worked_words = self.say("traitement", "touch");
        let wait_words = self.say("attente", "wait");
        let (x, w, high) = (RIGHT - TOTALS, TOTALS, bottom - TOP);
        let more = |size: f32, more: &Option<String>, larger: f32| {
            let style = Style::text(7.5 * larger);
            let lines = more.as_ref().map(|m| font::wrap(m, style.weight, style.size, w - 6.0, 3));
            let lines = lines.unwrap_or_default().lines;
            let tall = Style::display(size * larger).line() + style.line() * lines.len() as f32;
            (lines, tall)
        };
        let taken = |larger: f32| {
            let each = figures.iter().map(|(_, _, size, under, target)| {
                let target = if target.is_some() { 4.2 * larger } else { 0.0 };
                4.0 * larger + more(*size, under, larger).1 + target
            });
            21.0 + each.sum::<f32>()
        };
        // As large as the card allows; what is left is spread between the figures.
        let larger = (8..=13).rev().map(|i| i as f32 / 10.0).find(|&l| taken(l) + 6.0 <= high);
        let larger = larger.unwrap_or(0.8);
        let loose = ((high - taken(larger)) / 7.0).clamp(0.0, 9.0);
        self.page.group(Tag::Section, |p| {
            p.rect([x, TOP, w, high], Some(Ink::PAPER), Some(Stroke::new(Ink::INK, 1.2)));
            p.group(Tag::Heading(2), |p| {
                let style = Style::display(11.0 * larger);
                p.label(title, [x + 3.0, TOP + 2.0, w - 6.0, style.line()], style, 6.0);
            });
            let mut y = TOP + 10.0 + loose * 0.6;
            for (label, value, size, under, target) in &figures {
                p.group(Tag::Paragraph, |p| {
                    let style = Style::text(8.0 * larger).ink(Ink::SOFT);
                    p.label(label, [x + 3.0, y, w - 6.0, style.line() + 0.1], style, 5.0);
                    y += 4.0 * larger - 0.6;
                    let style = Style::display(*size * larger);
                    p.label(value, [x + 3.0, y, w - 6.0, style.line() + 0.1], style, 6.0);
                    y += style.line();
                    let (lines, _) = more(*size, under, larger);
                    let style = Style::text(7.5 * larger).ink(Ink::SOFT);
                    let tall = style.line() * lines.len() as f32;
                    y += p.lines(&lines, [x + 3.0, y, w - 6.0, tall + 0.1], style);
                    if let Some(target) = target {
                        let style = Style::display(8.5 * larger).ink(Ink::GREEN);
                        let room = [x + 3.0, y, w - 6.0, style.line() + 0.1];
                        p.label(target, room, style, 5.0);
                        y += 4.2 * larger;
                    }
                });
                y += 0.6 + loose;
            }
            if let Some(part) = shares {
                p.group(Tag::Figure(alt), |p| {
                    let [x, y, w, h] = [x + 3.0, TOP + high - 8.0, w - 6.0, 5.0];
                    // A sliver is seen where the share is near nothing.
                    let worked = (w * part as f32).clamp(0.4, w);
                    let rest = [x + worked, y, w - worked, h];
                    p.hatch(rest, Hatch::Rising, 1.3, Stroke::new(Ink::AMBER, 0.9));
                    p.rect([x, y, worked, h], Some(Ink::WATER), None);
                    p.rect([x, y, w, h], None, Some(Stroke::new(Ink::INK, 0.8)));
                    let style = Style::text(7.0).ink(Ink::SOFT);
                    let line = [x, y - style.line() - 0.2, w, style.line() + 0.1];
                    p.label(worked_words, line, style, 5.0);
                    p.label(wait_words, line, style.right(), 5.0);
                });
            }
        });
    }

    fn targets(&mut self, at: [f32; 4]) {
        let [x, y, w, h] = at;
        let title = self.say("État cible", "Target state");
        let (lang, steps, sheet) = (self.lang, self.steps, self.sheet);
        let given = steps.iter().any(|s| s.target.is_some());
        let hint = match given {
            true => sheet.target_note.as_str(),
            false => self.say("à remplir en atelier", "to be filled in the workshop"),
        };
        let heads = [
            self.say("Étape", "Step"),
            self.say("Attente avant", "Wait before"),
            self.say("cible", "target"),
            self.say("Traitement", "Touch"),
            self.say("cible", "target"),
            self.say("En une fois", "Done once"),
            self.say("cible", "target"),
            self.say("Ce que nous changeons", "What we change"),
        ];
        let shares = [0.31, 0.09, 0.075, 0.08, 0.075, 0.08, 0.065, 0.225];
        let day = sheet.day_s;
        let time = |v: f64| words::duration(v, day, lang);
        let mut rows: Vec<[String; 8]> = Vec::new();
        for step in steps {
            let now = |f: &Figure, write: &dyn Fn(f64) -> String| {
                f.value.filter(|v| v.is_finite()).map_or(words::NONE.to_owned(), write)
            };
            let then = |v: Option<f64>, write: &dyn Fn(f64) -> String| {
                v.filter(|v| v.is_finite()).map(write).unwrap_or_default()
            };
            let share = |v: f64| words::percent(v, lang);
            let target = step.target.clone().unwrap_or_default();
            rows.push([
                step.name.clone(),
                now(&step.wait_s, &time),
                then(target.wait_s, &time),
                now(&step.case_touch_s, &time),
                then(target.touch_s, &time),
                now(&step.first_pass, &share),
                then(target.first_pass, &share),
                target.note,
            ]);
        }
        let head = 12.5;
        let line = ((h - head - 1.0) / rows.len().max(1) as f32).min(19.0);
        let size = (line / (1.5 * MM_PER_POINT)).clamp(5.5, 10.5);
        self.page.group(Tag::Section, |p| {
            p.rect(at, Some(Ink::WHITE), Some(Stroke::new(Ink::INK, 0.8)));
            p.group(Tag::Heading(2), |p| {
                p.label(title, [x + 3.0, y + 1.4, 40.0, 5.6], Style::bold(11.0), 6.0);
            });
            p.group(Tag::Paragraph, |p| {
                let style = Style::text(8.5).ink(Ink::SOFT).right();
                p.label(hint, [x + 44.0, y + 2.0, w - 47.0, 4.6], style, 5.5);
            });
            let inner = w - 6.0;
            let mut columns = vec![x + 3.0];
            for share in shares {
                let last = columns.last().copied().unwrap_or(x);
                columns.push(last + inner * share);
            }
            let cell = |i: usize| {
                let left = columns.get(i).copied().unwrap_or(x);
                (left, columns.get(i + 1).copied().unwrap_or(left) - left)
            };
            // One size for a column of words, so that no row speaks louder than another.
            let words_size = |i: usize, indent: f32| {
                let room = cell(i).1 - indent - 0.8;
                let fits = |size: f32| {
                    let most = lines_in(line, Style::text(size));
                    let words = rows.iter().filter_map(|row| row.get(i));
                    words.into_iter().all(|w| !font::wrap(w, Weight::Regular, size, room, most).cut)
                };
                (0..20).map(|i| size - 0.5 * i as f32).find(|&s| s <= 6.5 || fits(s)).unwrap_or(6.5)
            };
            let (first, last) = (words_size(0, 0.8), words_size(7, 3.0));
            let size = size.min(first.max(last) + 1.0);
            // Target columns are tinted: they are the ones to write in.
            for i in [2, 4, 6] {
                let (left, wide) = cell(i);
                let tall = head - 8.0 + line * rows.len() as f32;
                p.rect([left, y + 8.0, wide, tall], Some(Ink::TINT), None);
            }
            p.group(Tag::Table, |p| {
                p.group(Tag::Row, |p| {
                    for (i, words) in heads.iter().enumerate() {
                        let (left, wide) = cell(i);
                        let style = Style::bold(7.5).ink(Ink::SOFT);
                        let style = if (1..7).contains(&i) { style.right() } else { style };
                        let indent = if i == 7 { 3.0 } else { 0.8 };
                        let room = [left + indent, y + 8.2, wide - indent - 0.8, 4.0];
                        p.group(Tag::ColumnHead, |p| {
                            p.label(words, room, style, 4.5);
                        });
                    }
                });
                for (r, row) in rows.iter().enumerate() {
                    let top = y + head + line * r as f32;
                    p.line(&[(x + 3.0, top), (x + w - 3.0, top)], Stroke::new(Ink::PALE, 0.5));
                    p.group(Tag::Row, |p| {
                        for (i, words) in row.iter().enumerate() {
                            let (left, wide) = cell(i);
                            let indent = if i == 7 { 3.0 } else { 0.8 };
                            let room = [left + indent, top, wide - indent - 0.8, line];
                            let tag = if i == 0 { Tag::RowHead } else { Tag::Cell };
                            p.group(tag, |p| match i {
                                _ if words.is_empty() => p.space(room),
                                0 => in_middle(p, words, room, Style::text(first)),
                                7 => in_middle(p, words, room, Style::text(last)),
                                2 | 4 | 6 => in_middle(p, words, room, Style::bold(size).right()),
                                _ => in_middle(p, words, room, Style::text(size).right()),
                            });
                        }
                    });
                }
            });
        });
    }

    fn blank(&mut self, at: [f32; 4]) {
        let [x, y, w, h] = at;
        let title = self.say("Notes de l’atelier", "Workshop notes");
        let caveats = self.sheet.caveats.clone();
        self.page.group(Tag::Section, |p| {
            p.rect(at, Some(Ink::WHITE), Some(Stroke::new(Ink::INK, 0.8)));
            p.group(Tag::Heading(2), |p| {
                p.label(title, [x + 3.0, y + 1.4, w - 6.0, 5.6], Style::bold(11.0), 6.0);
            });
            let mut low = y + h - 2.0;
            // What the reader must know stands at the foot; the rest is free.
            let style = Style::text(7.5).ink(Ink::SOFT);
            for words in caveats.iter().take(3).rev() {
                let lines = font::wrap(words, style.weight, style.size, w - 6.0, 2).lines;
                let tall = style.line() * lines.len() as f32;
                if low - tall < y + h * 0.5 {
                    break;
                }
                low -= tall + 0.6;
                p.group(Tag::Paragraph, |p| {
                    p.lines(&lines, [x + 3.0, low, w - 6.0, tall + 0.2], style);
                });
            }
            let mut level = y + 16.0;
            while level < low - 2.0 {
                let dots = Stroke::dashed(Ink::LINE, 0.5, 0.8, 2.4);
                p.line(&[(x + 3.0, level), (x + w - 3.0, level)], dots);
                level += 8.5;
            }
        });
    }

    fn footer(&mut self, (page, of): (usize, usize)) {
        let lang = self.lang;
        let space = self.say("\u{a0}", "");
        let day = self.sheet.day_s.map(|s| {
            let hours = words::measure(s / 3600.0, lang);
            match lang {
                Lang::Fr => format!("1\u{a0}j = {hours}\u{a0}h ouvrées"),
                Lang::En => format!("1\u{a0}d = {hours} worked hours"),
            }
        });
        let day = day.unwrap_or_else(|| self.say("j = jour calendaire", "d = calendar day").into());
        let legend = [
            day.as_str(),
            self.say(
                "triangle\u{a0}: stock devant l’étape, en dossiers et en jours de sorties",
                "triangle: stock before the step, in cases and in days of output",
            ),
            self.say(
                "dans les cases, traitement médian d'un passage",
                "in the boxes, median touch of one pass",
            ),
            self.say(
                "échelle\u{a0}: attente en haut, traitement en bas, moyenne par dossier",
                "ladder: wait above, touch below, mean of a case",
            ),
            self.say(
                "hachures et numéros noirs\u{a0}: les plus longues attentes",
                "hatching and black numbers: the longest waits",
            ),
        ];
        let notes: Vec<String> =
            self.notes.iter().enumerate().map(|(i, n)| format!("({}) {n}", i + 1)).collect();
        let reasons = match notes.is_empty() {
            true => String::new(),
            false => {
                let none = self.say("Sans chiffre", "No figure");
                format!("{none}{space}: {}", notes.join(" ; "))
            }
        };
        let made = joined(&["Éclusier", &self.sheet.made_words]);
        self.page.group(Tag::Paragraph, |p| {
            let style = Style::text(7.5).ink(Ink::SOFT);
            let room = [LEFT, FOOT - 0.6, RIGHT - LEFT, style.line()];
            p.label(&legend.join(" · "), room, style, 5.0);
        });
        if !reasons.is_empty() {
            self.page.group(Tag::Paragraph, |p| {
                let style = Style::text(7.5).ink(Ink::SOFT);
                let room = [LEFT, FOOT + 3.0, RIGHT - LEFT, style.line() * 2.0];
                p.text(&reasons, room, style);
            });
        }
        self.page.group(Tag::Artifact, |p| {
            p.line(&[(LEFT, 286.2), (RIGHT, 286.2)], Stroke::new(Ink::PALE, 0.6));
            let style = Style::text(8.0).ink(Ink::SOFT);
            p.label(&made, [LEFT, 287.0, 200.0, 4.4], style, 5.0);
            let words = format!("Page {page}/{of}");
            p.label(&words, [RIGHT - 60.0, 287.0, 60.0, 4.4], style.right(), 5.0);
        });
    }
}

/// The lines of the name of a step at some size; `None` where it does not fit well:
/// a word broken in two reads worse than small letters.
fn name_lines(name: &str, room: [f32; 4], size: f32) -> Option<Vec<String>> {
    let style = Style::display(size);
    let lines = font::wrap(name, style.weight, size, room[2], 3);
    let tall = style.line() * lines.lines.len() as f32;
    let broken = lines.lines.iter().any(|l| !whole(name, l));
    (!lines.cut && !broken && tall <= room[3] + 0.01).then_some(lines.lines)
}

/// The largest size at which a name fits well, from `size` down to [`SMALLEST`].
fn name_size(name: &str, room: [f32; 4], size: f32) -> f32 {
    let mut size = size;
    while size > SMALLEST && name_lines(name, room, size).is_none() {
        size -= 0.5;
    }
    size.max(SMALLEST)
}

/// The name of a step: at most three lines, in smaller letters before it is shortened.
fn name(page: &mut Page, name: &str, room: [f32; 4], size: f32) {
    let [x, y, w, h] = room;
    let size = name_size(name, room, size);
    let style = Style::display(size).centre();
    let lines = name_lines(name, room, size)
        .unwrap_or_else(|| font::wrap(name, style.weight, size, w, lines_in(h, style)).lines);
    let tall = style.line() * lines.len() as f32;
    page.lines(&lines, [x, y + (h - tall) / 2.0, w, tall + 0.1], style);
}

/// Lines that a height holds, three at most.
fn lines_in(height: f32, style: Style) -> usize {
    ((height + 0.01) / style.line()).floor().clamp(1.0, 3.0) as usize
}

/// Whether a line ends where a word of the text does.
fn whole(text: &str, line: &str) -> bool {
    text.split_whitespace().any(|w| line.ends_with(w)) || line.ends_with(['-', '_', '/', '.', ':'])
}

/// A text in the middle of the height of a room: smaller before it is shortened.
fn in_middle(page: &mut Page, text: &str, room: [f32; 4], style: Style) {
    let [x, y, w, h] = room;
    let mut style = style;
    let lines = loop {
        let most = lines_in(h, style);
        let lines = font::wrap(text, style.weight, style.size, w, most);
        if !lines.cut || style.size <= 6.0 {
            break lines.lines;
        }
        style.size -= 0.5;
    };
    let tall = style.line() * lines.len() as f32;
    page.lines(&lines, [x, y + (h - tall) / 2.0, w, tall + 0.1], style);
}

/// A white number on a black disc.
fn badge(page: &mut Page, x: f32, y: f32, scale: f32, number: usize) {
    let r = 2.2 * scale;
    page.rounded([x - r, y - r, 2.0 * r, 2.0 * r], r, Some(Ink::INK), None);
    let style = Style::bold(8.5 * scale).ink(Ink::WHITE).centre();
    let room = [x - r, y - style.line() / 2.0, 2.0 * r, style.line()];
    page.label(&number.to_string(), room, style, 6.0);
}

/// Touch over lead, where both are known.
fn bar(totals: &SheetTotals) -> Option<f64> {
    totals.touch_share.value.filter(|v| (0.0..=1.0).contains(v))
}

/// What there is of the parts, set apart by dots.
fn joined(parts: &[&str]) -> String {
    let parts: Vec<&str> = parts.iter().copied().filter(|p| !p.is_empty()).collect();
    parts.join(" · ")
}
