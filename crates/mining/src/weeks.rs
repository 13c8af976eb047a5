//! What one person finished, week by week: the finest grain at which a person is described.
//!
//! - Computes: tasks ended per ISO week and activity, for one pseudonym.
//! - Units: tasks; weeks by their Monday, in the zone of the body.
//! - Shapes: a log in; weeks in order, activities by name, out.
//! - Errors: none; a person the log does not know has no week.
//! - Source: `DOMAIN.md` §7: never a day, a duration, an idle time or a rank.

use std::collections::BTreeMap;

use eclusier_calendar::{Zone, date_of};
use eclusier_eventlog::{Columns, EventBatch, Kernel, Lifecycle};
use jiff::civil::Date;

/// Kernel of the weeks of one person.
#[derive(Debug, Clone)]
pub struct WeeksKernel {
    /// Pseudonym, as the log holds it.
    pub person: String,
    /// Zone in which days are told.
    pub zone: Zone,
    /// First instant.
    pub from_us: i64,
    /// First instant after the last.
    pub until_us: i64,
}

/// Tasks of one activity ended in one week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Week {
    /// Monday.
    pub monday: Date,
    /// Activity.
    pub activity: String,
    /// Tasks ended.
    pub tasks: u64,
}

/// The Monday of the week of a day: 1970-01-01 was a Thursday.
fn monday(day: i32) -> i32 {
    day.saturating_sub((day.saturating_add(3)).rem_euclid(7))
}

impl Kernel for WeeksKernel {
    type Partial = BTreeMap<(i32, String), u64>;
    type Output = Vec<Week>;

    fn columns(&self) -> Columns {
        Columns { tasks: true, ..Columns::default() }
    }

    fn fold(&self, partial: &mut Self::Partial, batch: &EventBatch) {
        for (row, &time) in batch.times().iter().enumerate() {
            let theirs = batch.resource.name(row) == Some(self.person.as_str());
            // A row ends a task unless it says that it only begins or pauses one.
            let ends = matches!(
                Lifecycle::from_name(batch.lifecycle.name(row)),
                Lifecycle::None | Lifecycle::Complete
            );
            if !theirs || !ends || !(self.from_us..self.until_us).contains(&time) {
                continue;
            }
            let week = monday(self.zone.day_number(time));
            let activity = batch.activity.name(row).unwrap_or("").to_owned();
            *partial.entry((week, activity)).or_insert(0) += 1;
        }
    }

    fn merge(&self, into: &mut Self::Partial, other: Self::Partial) {
        for (key, tasks) in other {
            *into.entry(key).or_insert(0) += tasks;
        }
    }

    fn finish(&self, partial: Self::Partial) -> Vec<Week> {
        let week = |((monday, activity), tasks)| Week { monday: date_of(monday), activity, tasks };
        partial.into_iter().map(week).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use eclusier_calendar::day_number;
    use jiff::civil::Weekday;

    #[test]
    fn a_week_begins_on_the_monday_at_or_before_the_day() {
        let mut day = jiff::civil::date(1969, 12, 20);
        for _ in 0..60 {
            let start = date_of(monday(day_number(day)));
            assert_eq!(start.weekday(), Weekday::Monday);
            assert!(start <= day && day < start.checked_add(jiff::Span::new().days(7)).unwrap());
            day = day.tomorrow().unwrap();
        }
    }
}
