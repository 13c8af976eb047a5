//! The value stream on one sheet, to hang in the room of a workshop.
//!
//! - Computes: the places of everything on A3 pages of at most twelve steps each.
//! - Units: seconds, shares and cases in; words on the page.
//! - Shapes: a [`StreamSheet`] in, a [`Document`] out.
//! - Errors: none; a figure that is missing is "—" with its reason below.
//! - Source: the drawing conventions of Rother and Shook, *Learning to See* (1999).

use eclusier_core::lang::Lang;

use crate::page::{Document, Page};

mod draw;

/// A figure, or why there is none.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Figure {
    /// The value.
    pub value: Option<f64>,
    /// Why there is none, in words.
    pub why: String,
}

impl Figure {
    /// A figure that is known.
    pub fn of(value: f64) -> Self {
        Figure { value: Some(value), why: String::new() }
    }

    /// A figure that is not.
    pub fn missing(why: &str) -> Self {
        Figure { value: None, why: why.to_owned() }
    }
}

/// What a workshop wants of a step.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SheetTarget {
    /// Waiting time before it, seconds.
    pub wait_s: Option<f64>,
    /// Touch time, seconds.
    pub touch_s: Option<f64>,
    /// First-pass yield, 0 to 1.
    pub first_pass: Option<f64>,
    /// In the words of the workshop.
    pub note: String,
}

/// A step of the stream.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SheetStep {
    /// Name.
    pub name: String,
    /// Cases that do it.
    pub cases: u64,
    /// Worked time of one occurrence (its median), seconds.
    pub touch_s: Figure,
    /// Cases that do it once, 0 to 1.
    pub first_pass: Figure,
    /// Done by worked day.
    pub output_per_day: Figure,
    /// Different people.
    pub people: Figure,
    /// Open cases before it or on it.
    pub stock: Figure,
    /// The same in worked days of output.
    pub stock_days: Figure,
    /// Its wait on the ladder: mean of a case, worked seconds.
    pub wait_s: Figure,
    /// Its touch on the ladder: mean of a case, worked seconds.
    pub case_touch_s: Figure,
    /// Whether the wait holds the touch too, for want of start times.
    pub wait_holds_touch: bool,
    /// Whether it adds value, where somebody said it.
    pub value_adding: Option<bool>,
    /// Main causes of the wait, longest first.
    pub causes: Vec<String>,
    /// What the workshop wants.
    pub target: Option<SheetTarget>,
}

/// What is done outside the steps of the page.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SheetOther {
    /// Different activities.
    pub activities: u64,
    /// Mean wait of a case, worked seconds.
    pub wait_s: Figure,
    /// Mean touch of a case, worked seconds.
    pub touch_s: Figure,
}

/// The whole way of a case, mean.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SheetTotals {
    /// Worked seconds from arrival to last end.
    pub lead_s: Figure,
    /// Calendar seconds from arrival to last end.
    pub lead_calendar_s: Figure,
    /// Of the worked, waiting.
    pub wait_s: Figure,
    /// Of the worked, touch.
    pub touch_s: Figure,
    /// Touch over lead.
    pub touch_share: Figure,
    /// Touch of the steps that add value over lead.
    pub value_added_share: Figure,
    /// Cases that repeat no step.
    pub first_time_right: Figure,
    /// Wanted worked lead time.
    pub target_lead_s: Option<f64>,
    /// Wanted wait.
    pub target_wait_s: Option<f64>,
    /// Wanted touch.
    pub target_touch_s: Option<f64>,
}

/// All that the page says.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StreamSheet {
    /// Name of the process.
    pub process: String,
    /// Body, unit, filters, in words.
    pub perimeter: String,
    /// From when to when, in words.
    pub period: String,
    /// How fresh the data are, in words.
    pub freshness: String,
    /// Formula and version.
    pub formula: String,
    /// Who the cases come from.
    pub customer: String,
    /// Cases covered.
    pub cases: u64,
    /// Worked days of the period.
    pub worked_days: Figure,
    /// Cases that arrive by worked day.
    pub arrivals_per_day: Figure,
    /// Cases that leave by worked day.
    pub output_per_day: Figure,
    /// Open cases.
    pub open_cases: Figure,
    /// Seconds of a worked day; calendar days when absent.
    pub day_s: Option<f64>,
    /// Steps in order.
    pub steps: Vec<SheetStep>,
    /// All other work.
    pub other: Option<SheetOther>,
    /// The ends of the ladder.
    pub totals: SheetTotals,
    /// What the workshop wants, in its words.
    pub target_note: String,
    /// What the reader must know: one sentence each.
    pub caveats: Vec<String>,
    /// When the page was made: year, month, day, hour, minute in universal time.
    pub made: Option<[u16; 5]>,
    /// The same in words.
    pub made_words: String,
}

/// The pages of a value stream: one for up to twelve steps.
pub fn value_stream_page(sheet: &StreamSheet, lang: Lang) -> Document {
    let kind = lang.pick("Chaîne de valeur", "Value stream");
    let title = match sheet.process.is_empty() {
        true => kind.to_owned(),
        false => format!("{kind} — {}", sheet.process),
    };
    let pages: Vec<Page> = draw::pages(sheet, lang, &title);
    Document { title, lang, made: sheet.made, pages }
}
