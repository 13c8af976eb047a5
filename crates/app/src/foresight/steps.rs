//! Days cut into days, weeks or months, past and to come.

use eclusier_calendar::{date_of, day_number};
use eclusier_core::Grain;
use jiff::civil::Date;

/// A step: its first and last day, as day numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    pub from: i32,
    pub to: i32,
}

impl Step {
    /// Its days, counted from a first one.
    pub fn within(self, first: i32) -> std::ops::Range<usize> {
        let at = |day: i32| usize::try_from(day - first).unwrap_or(0);
        at(self.from)..at(self.to.saturating_add(1))
    }
}

/// Steps of a grain around the last day known.
#[derive(Debug, Clone)]
pub(super) struct Steps {
    /// Whole steps that are over, oldest first.
    pub past: Vec<Step>,
    /// Steps to come, the one under way first.
    pub next: Vec<Step>,
    /// Whether the first step to come is under way.
    pub under_way: bool,
}

impl Steps {
    /// Steps of the days `first` to `last`, then those up to the day `end`, which the last one
    /// holds or ends with.
    pub fn new(grain: Grain, first: i32, last: i32, end: i32) -> Self {
        let (mut past, mut next) = (Vec::new(), Vec::new());
        let mut from = day_number(grain.start_of(date_of(first)));
        while from <= end {
            let after = day_number(grain.next(date_of(from)));
            if after <= from {
                break;
            }
            let step = Step { from, to: after - 1 };
            if step.to <= last {
                // A step begun before the first day is known in part only.
                if step.from >= first {
                    past.push(step);
                }
            } else {
                next.push(step);
            }
            from = after;
        }
        let under_way = next.first().is_some_and(|s| s.from <= last);
        Self { past, next, under_way }
    }

    /// Steps to come that begin on or before a day.
    pub fn until(&self, end: i32) -> usize {
        self.next.partition_point(|s| s.from <= end)
    }
}

/// The last day of a forecast of some months: the day before the same date, months later.
pub(super) fn end_of(last: i32, months: u32) -> i32 {
    let day = date_of(last);
    let span = jiff::Span::new().months(i64::from(months));
    day_number(day.checked_add(span).unwrap_or(day))
}

/// The step a year before one: the same days of the week, the same week or the same month.
pub(super) fn year_before(grain: Grain, step: Step) -> Step {
    match grain {
        Grain::Day | Grain::Week => Step { from: step.from - 364, to: step.to - 364 },
        Grain::Month => {
            let back = |day: Date| day.checked_sub(jiff::Span::new().years(1)).unwrap_or(day);
            let from = back(date_of(step.from));
            Step { from: day_number(from), to: day_number(from.last_of_month()) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_step_under_way_is_neither_past_nor_whole() {
        let day = |y, m, d| day_number(date(y, m, d));
        // From a Wednesday to a Thursday; the end is a Tuesday.
        let steps = Steps::new(Grain::Week, day(2026, 1, 7), day(2026, 2, 5), day(2026, 2, 17));
        assert_eq!(steps.past.len(), 3);
        assert_eq!(steps.past[0].from, day(2026, 1, 12));
        assert!(steps.under_way);
        assert_eq!(steps.next[0], Step { from: day(2026, 2, 2), to: day(2026, 2, 8) });
        assert_eq!(steps.next.len(), 3);
        // On a Sunday evening no week is under way.
        let whole = Steps::new(Grain::Week, day(2026, 1, 5), day(2026, 2, 8), day(2026, 2, 17));
        assert!(!whole.under_way);
        assert_eq!(whole.past.len(), 5);
        assert_eq!(whole.until(day(2026, 2, 15)), 1);
    }

    #[test]
    fn a_year_before_keeps_the_day_of_the_week_or_the_month() {
        let day = |y, m, d| day_number(date(y, m, d));
        let monday = Step { from: day(2026, 11, 23), to: day(2026, 11, 23) };
        let before = year_before(Grain::Day, monday);
        assert_eq!(date_of(before.from).weekday(), jiff::civil::Weekday::Monday);
        let month = Step { from: day(2024, 2, 1), to: day(2024, 2, 29) };
        let before = year_before(Grain::Month, month);
        assert_eq!(before, Step { from: day(2023, 2, 1), to: day(2023, 2, 28) });
        assert_eq!(date_of(end_of(day(2026, 11, 30), 3)), date(2027, 2, 28));
    }
}
