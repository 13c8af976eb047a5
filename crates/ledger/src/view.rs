//! What figures are read from: the data of a process, its rules and calendar,
//! and the part of it a person is looking at.

use eclusier_calendar::{Calendar, day_number};
use eclusier_core::config::{DatedRules, DayCounter, ProcessRules, Target};
use eclusier_core::{Period, RowScope, SnapshotId};
use eclusier_eventlog::Filter;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{CaseTable, CountsBook};

/// The data of a process: cases folded from events, or daily counts.
#[derive(Debug, Clone, Copy)]
pub enum Data<'a> {
    /// Cases.
    Cases(&'a CaseTable),
    /// Daily counts.
    Counts(&'a CountsBook),
}

/// One process, ready to be measured.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// Identifier of the process.
    pub process: &'a str,
    /// Name shown on screen.
    pub label: &'a str,
    /// Versions of its rules, by first day of validity.
    pub rules: &'a [DatedRules],
    /// Its days.
    pub calendar: &'a Calendar,
    /// Its data.
    pub data: Data<'a>,
    /// Rows of the data the reader may see; `None` for all of them.
    pub rows: Option<&'a RowScope>,
}

impl<'a> View<'a> {
    /// Rules in force that day: before the first version, the first one.
    pub fn rules_at(&self, day: i32) -> Option<&'a ProcessRules> {
        let at = self.rules.partition_point(|v| day_number(v.from) <= day);
        self.rules.get(at.saturating_sub(1)).map(|v| &v.rules)
    }

    /// Target of a product received that day.
    pub fn target_at(&self, day: i32, product: Option<&str>) -> Option<&'a Target> {
        self.rules_at(day)?.target_for(product)
    }

    /// Whether some target exists in any version.
    pub fn has_target(&self) -> bool {
        self.rules.iter().any(|v| !v.rules.target.is_empty())
    }

    /// Last day the data speak of.
    pub fn last_day(&self) -> Option<i32> {
        match self.data {
            Data::Cases(table) => (!table.is_empty()).then_some(table.as_of.day),
            Data::Counts(book) => book.last_day(),
        }
    }

    /// First day the data speak of.
    pub fn first_day(&self) -> Option<i32> {
        match self.data {
            Data::Cases(table) => table.first_day(),
            Data::Counts(book) => book.first_day(),
        }
    }

    /// Whether these values may be seen and are wanted, in the order organisation, unit,
    /// product, channel.
    pub fn keeps(&self, dims: &DimFilter, values: [Option<&str>; 4]) -> bool {
        let [org, unit, ..] = values;
        self.rows.is_none_or(|rows| rows.keeps(org, unit)) && dims.keeps(values)
    }

    /// Which combinations of a table pass.
    pub(crate) fn mask(&self, dims: &DimFilter, table: &CaseTable) -> Vec<bool> {
        table.combos.iter().map(|c| self.keeps(dims, c.map(|code| table.name_of(code)))).collect()
    }

    pub(crate) fn cases(&self) -> Option<&'a CaseTable> {
        match self.data {
            Data::Cases(table) => Some(table),
            Data::Counts(_) => None,
        }
    }
}

/// Keeps some organisations, units, products or channels; an empty list keeps all.
/// The empty text stands for "not said".
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DimFilter {
    /// Organisations.
    pub org: Vec<String>,
    /// Units.
    pub unit: Vec<String>,
    /// Products.
    pub product: Vec<String>,
    /// Channels.
    pub channel: Vec<String>,
}

impl From<&Filter> for DimFilter {
    fn from(filter: &Filter) -> Self {
        Self {
            org: filter.org.clone(),
            unit: filter.unit.clone(),
            product: filter.product.clone(),
            channel: filter.channel.clone(),
        }
    }
}

impl DimFilter {
    /// Whether these values pass, in the order organisation, unit, product, channel.
    pub fn keeps(&self, values: [Option<&str>; 4]) -> bool {
        [&self.org, &self.unit, &self.product, &self.channel]
            .into_iter()
            .zip(values)
            .all(|(wanted, own)| wanted.is_empty() || wanted.iter().any(|w| w == own.unwrap_or("")))
    }
}

/// What a person is looking at.
#[derive(Debug, Clone)]
pub struct Scope {
    /// Days measured; a stock is read at the end of the last one.
    pub period: Period,
    /// Organisations, units, products, channels kept.
    pub dims: DimFilter,
    /// Days in which delays and ages are said.
    pub counter: DayCounter,
    /// The perimeter in words, shown beside the figures.
    pub perimeter: String,
    /// Latest datum the figures rest on.
    pub fresh_at: Option<Timestamp>,
    /// Version of the lake read.
    pub snapshot: Option<SnapshotId>,
}

impl Scope {
    /// Everything, over a period, in worked days.
    pub fn over(period: Period) -> Self {
        Self {
            period,
            dims: DimFilter::default(),
            counter: DayCounter::Worked,
            perimeter: String::new(),
            fresh_at: None,
            snapshot: None,
        }
    }

    pub(crate) fn first_day(&self) -> i32 {
        day_number(self.period.from)
    }

    pub(crate) fn last_day(&self) -> i32 {
        day_number(self.period.to)
    }
}
