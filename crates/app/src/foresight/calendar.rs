//! What is known in advance of the days: holidays, school holidays, campaigns, events, neutralised
//! periods; as columns the forecast learns from, and as spans the screen draws.

use std::collections::BTreeMap;

use eclusier_calendar::{SchoolZone, date_of, day_number, holidays, school_holiday};
use eclusier_core::Grain;
use eclusier_forecast::{
    drivers::{self, Campaign, House, Lasting, Shock, Size},
    regression::Drivers,
};
use jiff::civil::Date;

use super::steps::Step;
use crate::figures::{Desk, Selection};

/// What a span of days is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanKind {
    /// More work than usual is expected, or came.
    Campaign,
    /// A strike, a new rule.
    Event,
    /// School holidays.
    School,
    /// Left out of learning.
    Neutralised,
}

impl SpanKind {
    /// Stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            SpanKind::Campaign => "campaign",
            SpanKind::Event => "event",
            SpanKind::School => "school",
            SpanKind::Neutralised => "neutralised",
        }
    }
}

/// Days that have a name.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// What they are.
    pub kind: SpanKind,
    /// Name, French then English.
    pub name: [String; 2],
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
}

/// A public holiday.
#[derive(Debug, Clone, PartialEq)]
pub struct DayOff {
    /// The day.
    pub day: Date,
    /// Name, French then English.
    pub name: [String; 2],
}

/// What usually comes a day: of everything selected, and of each product that a rule names.
#[derive(Debug, Clone, Default)]
pub(super) struct Usual {
    pub all: f64,
    pub products: BTreeMap<String, f64>,
}

/// Products of a series; all of them when empty.
pub(super) type Products = Vec<String>;

impl Usual {
    /// What comes of these products; all where one of them is not counted apart.
    fn of(&self, products: &Products) -> f64 {
        let counted: Option<Vec<f64>> =
            products.iter().map(|p| self.products.get(p).copied()).collect();
        counted.filter(|c| !c.is_empty()).map_or(self.all, |c| c.iter().sum())
    }

    /// Share of a series that a rule concerns; `None` when it does not.
    fn share(&self, products: &Products, concerned: Option<&str>) -> Option<f64> {
        let Some(product) = concerned else { return Some(1.0) };
        if !products.is_empty() && !products.iter().any(|p| p == product) {
            return None;
        }
        if products.len() == 1 {
            return Some(1.0);
        }
        let whole = self.of(products);
        let own = self.products.get(product).copied().unwrap_or(0.0);
        Some(if whole > 0.0 { (own / whole).clamp(0.0, 1.0) } else { 1.0 })
    }
}

/// What is known in advance of a series.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Known {
    campaigns: Vec<Campaign>,
    events: Vec<Shock>,
    /// Each from its day on: the zone of a body changes.
    schools: Vec<(Date, SchoolZone)>,
}

impl Known {
    /// Reads the dated rules for a series of these products, whose last day is known. A campaign
    /// whose size is said in items is compared with what usually comes in as many days; an
    /// effect said of one product is brought to its share of the series.
    pub fn of(desk: &Desk, products: &Products, usual: &Usual, last: i32) -> Self {
        let rules = desk.current_rules();
        let campaigns = rules.campaign.iter().filter_map(|c| {
            usual.share(products, c.product.as_deref())?;
            // Items said of all products are spread over them as the work is.
            let mean = if c.product.is_some() { usual.of(products) } else { usual.all };
            let length = f64::from(day_number(c.to) - day_number(c.from) + 1);
            // What is over is told by the arrivals themselves.
            let ahead = day_number(c.to) > last;
            let size = match c.expected {
                Some(items) if ahead && mean > 0.0 && length > 0.0 => {
                    Size::Expected(items as f64 / (mean * length))
                }
                _ if ahead && c.like_last_time => Size::LikeLastTime,
                _ => Size::Learned,
            };
            let name = c.name.clone();
            Some(Campaign { key: name.clone(), name, from: c.from, to: c.to, size })
        });
        let campaigns = campaigns.collect();
        let events = rules.event.iter().filter_map(|e| {
            let share = usual.share(products, e.product.as_deref())?;
            let over = e.to.is_some_and(|to| day_number(to) <= last);
            Some(Shock {
                name: e.name.clone(),
                from: e.from,
                lasting: e.to.map_or(Lasting::ForGood, Lasting::Until),
                expected: e.effect.filter(|_| !over).map(|effect| effect * share),
            })
        });
        let events = events.collect();
        let zone = |v: &eclusier_core::DatedRules| {
            Some((v.from, v.rules.school_zone.as_deref()?.parse().ok()?))
        };
        let schools = desk.rules.iter().filter_map(zone).collect();
        Self { campaigns, events, schools }
    }

    /// The columns of steps of a grain.
    pub fn drivers(&self, desk: &Desk, grain: Grain, start: Step, steps: usize) -> Drivers {
        let house = House {
            calendar: Some(&desk.calendar),
            schools: &self.schools,
            campaigns: &self.campaigns,
            shocks: &self.events,
        };
        let step = match grain {
            Grain::Day => drivers::Step::Day,
            Grain::Week => drivers::Step::Week,
            Grain::Month => drivers::Step::Month,
        };
        drivers::build(date_of(start.from), step, steps, &house)
    }
}

/// Whether campaigns or events of a desk concern one product alone.
pub(super) fn named_products(desk: &Desk) -> bool {
    let rules = desk.current_rules();
    rules.campaign.iter().any(|c| c.product.is_some())
        || rules.event.iter().any(|e| e.product.is_some())
}

/// What has a name between two days.
pub(super) fn spans(desk: &Desk, selection: &Selection, from: i32, to: i32) -> Vec<Span> {
    let rules = desk.current_rules();
    let mut spans = Vec::new();
    let meets = |a: Date, b: Date| day_number(a) <= to && day_number(b) >= from;
    let products = &selection.dims.product;
    let concerned = |product: &Option<String>| {
        product.as_ref().is_none_or(|p| products.is_empty() || products.contains(p))
    };
    for c in rules.campaign.iter().filter(|c| concerned(&c.product) && meets(c.from, c.to)) {
        let name = [c.name.clone(), c.name.clone()];
        spans.push(Span { kind: SpanKind::Campaign, name, from: c.from, to: c.to });
    }
    for e in rules.event.iter().filter(|e| concerned(&e.product)) {
        // What lasts for good is drawn to the end of what is shown.
        let until = e.to.unwrap_or_else(|| date_of(to).max(e.from));
        if meets(e.from, until) {
            let name = [e.name.clone(), e.name.clone()];
            spans.push(Span { kind: SpanKind::Event, name, from: e.from, to: until });
        }
    }
    for w in rules.neutralised.iter().filter(|w| w.product.is_none() && meets(w.from, w.to)) {
        let name = [w.reason.clone(), w.reason.clone()];
        spans.push(Span { kind: SpanKind::Neutralised, name, from: w.from, to: w.to });
    }
    if let Some(zone) = rules.school_zone.as_deref().and_then(|z| z.parse().ok()) {
        let mut found = BTreeMap::new();
        for day in from..=to {
            if let Some(Some(h)) = school_holiday(zone, date_of(day)) {
                found.entry(h.from).or_insert(h);
            }
        }
        spans.extend(found.into_values().map(|h| Span {
            kind: SpanKind::School,
            name: [h.name_fr.to_owned(), h.name_en.to_owned()],
            from: h.from,
            to: h.to,
        }));
    }
    spans.sort_by_key(|s| (s.from, s.to));
    spans
}

/// Public holidays between two days.
pub(super) fn days_off(desk: &Desk, from: i32, to: i32) -> Vec<DayOff> {
    let Ok(zone) = desk.current_rules().calendar.parse() else { return Vec::new() };
    (date_of(from).year()..=date_of(to).year())
        .flat_map(|year| holidays(zone, year))
        .filter(|h| (from..=to).contains(&day_number(h.date)))
        .map(|h| DayOff { day: h.date, name: [h.name_fr.to_owned(), h.name_en.to_owned()] })
        .collect()
}
