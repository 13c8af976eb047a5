//! A process of which the body has nothing but daily counts in a spreadsheet.

use eclusier_calendar::{Calendar, HolidayZone, day_number};
use eclusier_core::Period;
use eclusier_core::config::{Closure, DayCounter, ProcessRules, Target};
use jiff::civil::Date;
use rand_distr::{Distribution, Poisson, StandardNormal};

use crate::ZONE;
use crate::body::tens;
use crate::desk::chance;

pub(crate) const ID: &str = "action-sociale";

/// One line of the spreadsheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountRow {
    /// Worked day.
    pub date: Date,
    /// Product.
    pub product: &'static str,
    /// Requests received.
    pub arrivals: i64,
    /// Requests handled.
    pub outputs: i64,
    /// Stock at the end of the day, as the tool shows it.
    pub stock: i64,
}

struct Aid {
    name: &'static str,
    per_day: f64,
    months: [f64; 12],
    stock_days: f64,
}

const AIDS: [Aid; 3] = [
    Aid {
        name: "Aide à domicile",
        per_day: 24.0,
        months: [1.15, 1.05, 1.0, 0.97, 0.94, 0.95, 0.88, 0.8, 1.02, 1.1, 1.12, 1.02],
        stock_days: 12.0,
    },
    Aid {
        name: "Secours exceptionnel",
        per_day: 9.0,
        months: [1.25, 1.12, 1.0, 0.92, 0.88, 0.86, 0.9, 0.92, 1.1, 1.0, 1.02, 1.05],
        stock_days: 4.0,
    },
    Aid {
        name: "Aide aux vacances",
        per_day: 14.0,
        months: [0.5, 0.7, 1.3, 1.7, 1.9, 1.8, 1.1, 0.5, 0.4, 0.5, 0.6, 0.5],
        stock_days: 9.0,
    },
];

/// Requests dropped from the tool by an inventory, without any movement: the gap to be shown.
pub(crate) const INVENTORY_LOSS: i64 = 7;

pub(crate) fn rules(scale: f64, closures: &[Closure]) -> ProcessRules {
    let usual: f64 = AIDS.iter().map(|a| a.per_day * a.stock_days).sum();
    ProcessRules {
        label: "Action sociale".into(),
        zone: ZONE.into(),
        calendar: HolidayZone::Metropole.as_str().into(),
        school_zone: Some("A".into()),
        target: vec![Target {
            product: None,
            days: 20,
            counter: DayCounter::Worked,
            share: Some(0.85),
            stock: Some(tens(usual * scale * 0.9)),
        }],
        closure: closures.to_vec(),
        ..ProcessRules::default()
    }
}

pub(crate) fn make(seed: u64, scale: f64, period: Period, calendar: &Calendar) -> Vec<CountRow> {
    let mut rng = chance(seed, u64::MAX);
    let first = day_number(period.from);
    let worked: Vec<Date> = period.days().filter(|&d| calendar.is_worked(d)).collect();
    let inventory = worked.len() * 3 / 5;
    let mut stocks: Vec<i64> =
        AIDS.iter().map(|a| (a.per_day * scale * a.stock_days) as i64).collect();
    let mut rows = Vec::with_capacity(worked.len() * AIDS.len());
    for (n, &date) in worked.iter().enumerate() {
        let years = f64::from(day_number(date) - first) / 365.25;
        let monday = if date.weekday().to_monday_zero_offset() == 0 { 1.35 } else { 0.92 };
        let month = usize::try_from(date.month() - 1).unwrap_or(0);
        for (aid, stock) in AIDS.iter().zip(&mut stocks) {
            let season = aid.months.get(month).copied().unwrap_or(1.0);
            let usual = aid.per_day * scale;
            let mean = usual * season * monday * (1.0 + 0.04 * years);
            let arrivals = Poisson::new(mean).map_or(0.0, |law| law.sample(&mut rng)) as i64;
            // Capacity follows the stock slowly, and the leave of summer and of the year's end.
            let leave = match date.month() {
                8 => 0.74,
                7 | 12 => 0.88,
                _ => 1.04,
            };
            let days = *stock as f64 / usual.max(1.0);
            let effort = (1.0 + 0.03 * (days - aid.stock_days)).clamp(0.75, 1.35);
            let noise: f64 = StandardNormal.sample(&mut rng);
            let share = calendar.worked_share(date);
            let able = usual * effort * leave * share * (1.03 + 0.08 * noise).max(0.3);
            let outputs = (able as i64).clamp(0, *stock + arrivals);
            *stock += arrivals - outputs;
            if n == inventory && aid.name == AIDS[0].name {
                *stock = (*stock - INVENTORY_LOSS).max(0);
            }
            rows.push(CountRow { date, product: aid.name, arrivals, outputs, stock: *stock });
        }
    }
    rows
}
