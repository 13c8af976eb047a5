//! What is known in advance of the days: holidays, school holidays, campaigns, neutralised
//! periods; as columns the forecast learns from, and as spans the screen draws.

use std::collections::BTreeMap;

use eclusier_calendar::{SchoolZone, date_of, day_number, holidays, school_holiday};
use eclusier_core::{Grain, ProcessRules};
use eclusier_forecast::{
    drivers::{self, Campaign, House, Size},
    regression::Drivers,
};
use jiff::civil::Date;

use super::{arrivals::Days, steps::Step};
use crate::figures::{Desk, Selection};

/// What a span of days is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanKind {
    /// More work than usual is expected, or came.
    Campaign,
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

/// What is known in advance of a desk.
#[derive(Debug, Clone)]
pub(super) struct Known {
    campaigns: Vec<Campaign>,
    /// Each from its day on: the zone of a body changes.
    schools: Vec<(Date, SchoolZone)>,
}

impl Known {
    /// Reads the dated rules. A campaign whose size is said in items is compared with what
    /// usually comes in as many days.
    pub fn of(desk: &Desk, selection: &Selection, days: &Days) -> Self {
        let rules = desk.current_rules();
        let known: Vec<f64> = days.values.iter().copied().filter(|v| v.is_finite()).collect();
        let recent = known.get(known.len().saturating_sub(365)..).unwrap_or_default();
        let mean = recent.iter().sum::<f64>() / recent.len().max(1) as f64;
        let campaigns = campaigns(&rules, selection).map(|c| {
            let length = f64::from(day_number(c.to) - day_number(c.from) + 1);
            // What is over is told by the arrivals themselves.
            let ahead = day_number(c.to) > days.last();
            let size = match c.expected {
                Some(items) if ahead && mean > 0.0 && length > 0.0 => {
                    Size::Expected(items as f64 / (mean * length))
                }
                _ => Size::Learned,
            };
            Campaign { key: c.name.clone(), name: c.name.clone(), from: c.from, to: c.to, size }
        });
        let campaigns = campaigns.collect();
        let zone = |v: &eclusier_core::DatedRules| {
            Some((v.from, v.rules.school_zone.as_deref()?.parse().ok()?))
        };
        let schools = desk.rules.iter().filter_map(zone).collect();
        Self { campaigns, schools }
    }

    /// The columns of steps of a grain.
    pub fn drivers(&self, desk: &Desk, grain: Grain, start: Step, steps: usize) -> Drivers {
        let house = House {
            calendar: Some(&desk.calendar),
            schools: &self.schools,
            campaigns: &self.campaigns,
            shocks: &[],
        };
        let step = match grain {
            Grain::Day => drivers::Step::Day,
            Grain::Week => drivers::Step::Week,
            Grain::Month => drivers::Step::Month,
        };
        drivers::build(date_of(start.from), step, steps, &house)
    }
}

/// Campaigns that concern what is looked at.
fn campaigns<'a>(
    rules: &'a ProcessRules,
    selection: &'a Selection,
) -> impl Iterator<Item = &'a eclusier_core::config::Campaign> {
    let products = &selection.dims.product;
    rules.campaign.iter().filter(move |c| match &c.product {
        Some(own) => products.is_empty() || products.contains(own),
        None => true,
    })
}

/// What has a name between two days.
pub(super) fn spans(desk: &Desk, selection: &Selection, from: i32, to: i32) -> Vec<Span> {
    let rules = desk.current_rules();
    let mut spans = Vec::new();
    let meets = |a: Date, b: Date| day_number(a) <= to && day_number(b) >= from;
    for c in campaigns(&rules, selection).filter(|c| meets(c.from, c.to)) {
        let name = [c.name.clone(), c.name.clone()];
        spans.push(Span { kind: SpanKind::Campaign, name, from: c.from, to: c.to });
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
