//! Counting and adding days against a walk day by day.

use eclusier_calendar::{Calendar, CalendarError, HolidayZone, date_of, day_number};
use eclusier_core::config::{Closure, DatedRules, DayCounter, ProcessRules};
use jiff::ToSpan;
use jiff::civil::{Date, date};
use proptest::prelude::*;

const COUNTERS: [DayCounter; 3] = [DayCounter::Worked, DayCounter::Ouvrable, DayCounter::Calendar];

fn closure(date: Date, half: bool) -> Closure {
    Closure { date, half, reason: "pont".into() }
}

fn walked(calendar: &Calendar, counter: DayCounter, from: Date, to: Date) -> i64 {
    let (low, high, sign) = if from <= to { (from, to, 1) } else { (to, from, -1) };
    let mut day = low;
    let mut count = 0;
    while day < high {
        day = day.tomorrow().unwrap();
        count += i64::from(calendar.is_counted(counter, day));
    }
    sign * count
}

fn walked_add(calendar: &Calendar, counter: DayCounter, from: Date, days: i64) -> Date {
    let mut day = from;
    let mut left = days.abs();
    while left > 0 {
        day = if days > 0 { day.tomorrow() } else { day.yesterday() }.unwrap();
        left -= i64::from(calendar.is_counted(counter, day));
    }
    day
}

fn a_calendar() -> impl Strategy<Value = Calendar> {
    (
        0..HolidayZone::ALL.len(),
        prop::collection::btree_set(1u8..=7, 1..7),
        prop::collection::vec((8_000i32..22_000, any::<bool>()), 0..40),
    )
        .prop_map(|(zone, week, closed)| {
            let week: Vec<u8> = week.into_iter().collect();
            let closed: Vec<_> = closed.into_iter().map(|(d, h)| closure(date_of(d), h)).collect();
            Calendar::new(HolidayZone::ALL[zone], &week, &closed)
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn counting_equals_walking(calendar in a_calendar(), from in 8_000i32..22_000, gap in -900i32..900) {
        let (from, to) = (date_of(from), date_of(from + gap));
        for counter in COUNTERS {
            prop_assert_eq!(calendar.count(counter, from, to), walked(&calendar, counter, from, to));
        }
        let halves: f64 = (1..=gap).map(|n| calendar.worked_share(date_of(day_number(from) + n))).sum();
        if gap >= 0 {
            prop_assert_eq!(calendar.count_halves(from, to) as f64, 2.0 * halves);
        }
    }

    #[test]
    fn adding_equals_walking(calendar in a_calendar(), from in 8_000i32..22_000, days in -300i64..300) {
        let from = date_of(from);
        for counter in COUNTERS {
            let to = calendar.add(counter, from, days);
            prop_assert_eq!(to, walked_add(&calendar, counter, from, days));
            if days > 0 {
                prop_assert_eq!(calendar.count(counter, from, to), days);
            }
        }
    }

    #[test]
    fn no_day_of_the_world_panics(from in any::<i32>(), days in any::<i64>(), other in any::<i32>()) {
        let calendar = Calendar::default();
        let (from, other) = (date_of(from), date_of(other));
        for counter in COUNTERS {
            let to = calendar.add(counter, from, days);
            let right_side = if days >= 0 { to >= from } else { to <= from };
            prop_assert!(right_side);
            let there = calendar.count(counter, from, other);
            prop_assert_eq!(there, -calendar.count(counter, other, from));
            calendar.is_counted(counter, from);
        }
        calendar.worked_share(from);
        calendar.same_rank_day_last_year(from);
        calendar.month_end_worked(from);
        calendar.worked_rank_in_month(from);
        prop_assert!(calendar.previous_worked(from) <= from);
        prop_assert!(calendar.next_worked(from) >= from);
    }
}

#[test]
fn day_zero_is_the_day_of_reception() {
    let calendar = Calendar::default();
    let friday = date(2025, 5, 2);
    assert_eq!(calendar.count(DayCounter::Worked, friday, friday), 0);
    // Monday 5, Tuesday 6, Wednesday 7; Thursday 8 May is a holiday; Friday 9.
    assert_eq!(calendar.add(DayCounter::Worked, friday, 4), date(2025, 5, 9));
    assert_eq!(calendar.add(DayCounter::Ouvrable, friday, 4), date(2025, 5, 7));
    assert_eq!(calendar.add(DayCounter::Calendar, friday, 4), date(2025, 5, 6));
    assert_eq!(calendar.previous_worked(date(2025, 5, 9)), date(2025, 5, 7));
    assert_eq!(calendar.last_worked_on_or_before(date(2025, 5, 8)), date(2025, 5, 7));
    assert_eq!(calendar.next_worked(friday), date(2025, 5, 5));
}

#[test]
fn a_half_day_is_one_day_of_half_a_share() {
    let eve = date(2025, 12, 24);
    let calendar = Calendar::new(
        HolidayZone::Metropole,
        &[1, 2, 3, 4, 5],
        &[closure(eve, true), closure(date(2025, 12, 26), false)],
    );
    assert_eq!(calendar.worked_share(eve), 0.5);
    assert!(calendar.is_worked(eve));
    assert_eq!(calendar.closure(eve), Some(true));
    assert_eq!(calendar.closure(date(2025, 12, 26)), Some(false));
    assert!(!calendar.is_worked(date(2025, 12, 26)));
    // A local closure is the body's, the ouvrable day is the law's.
    assert!(calendar.is_ouvrable(date(2025, 12, 26)));
    let (from, to) = (date(2025, 12, 23), date(2025, 12, 29));
    assert_eq!(calendar.count(DayCounter::Worked, from, to), 2);
    assert_eq!(calendar.count_halves(from, to), 3);
    // Two half-days of the same date close it whole.
    let twice = Calendar::new(
        HolidayZone::Metropole,
        &[1, 2, 3, 4, 5],
        &[closure(eve, true), closure(eve, true)],
    );
    assert!(!twice.is_worked(eve));
}

#[test]
fn the_same_day_last_year_has_the_same_rank() {
    let calendar = Calendar::default();
    // 2 January 2025 (Thursday) was the first worked day; the first of 2024 was the 2nd.
    assert_eq!(calendar.same_rank_day_last_year(date(2025, 1, 2)), Some(date(2024, 1, 2)));
    assert_eq!(calendar.same_rank_day_last_year(date(2025, 1, 3)), Some(date(2024, 1, 3)));
    assert_eq!(calendar.same_rank_day_last_year(date(2025, 1, 6)), Some(date(2024, 1, 4)));
    // Nothing was worked yet on 1 January.
    assert_eq!(calendar.same_rank_day_last_year(date(2025, 1, 1)), None);
    // June 2026 has 22 worked days, June 2025 had 20: the surplus takes the last.
    assert_eq!(calendar.worked_rank_in_month(date(2026, 6, 30)), 22);
    assert_eq!(calendar.same_rank_day_last_year(date(2026, 6, 30)), Some(date(2025, 6, 30)));
    assert_eq!(calendar.month_end_worked(date(2025, 11, 3)), date(2025, 11, 28));
    assert_eq!(calendar.month_end_worked(date(2025, 5, 1)), date(2025, 5, 30));
}

#[test]
fn week_53_is_counted_like_another() {
    let calendar = Calendar::default();
    let monday = date(2020, 12, 28);
    assert_eq!(monday.iso_week_date().week(), 53);
    let next = monday.checked_add(7.days()).unwrap();
    assert_eq!(next.iso_week_date().week(), 1);
    assert_eq!(
        calendar.count(DayCounter::Worked, monday.yesterday().unwrap(), date(2021, 1, 3)),
        4
    );
}

#[test]
fn beyond_the_range_answers_stop_growing() {
    let calendar = Calendar::default();
    let far = date(9999, 12, 31);
    let whole = calendar.count(DayCounter::Worked, date(1899, 12, 31), date(2150, 12, 31));
    assert_eq!(calendar.count(DayCounter::Worked, Date::MIN, far), whole);
    assert_eq!(calendar.count(DayCounter::Worked, date(2151, 1, 1), far), 0);
    assert_eq!(calendar.add(DayCounter::Worked, far, 5), far);
    assert_eq!(calendar.add(DayCounter::Calendar, far, 5), Date::MAX);
    assert_eq!(calendar.add(DayCounter::Worked, date(2025, 1, 2), i64::MAX), date(2150, 12, 31));
    assert_eq!(calendar.add(DayCounter::Worked, date(2025, 1, 2), i64::MIN), date(1900, 1, 2));
    // One day at a time the rules still hold.
    assert!(!calendar.is_worked(date(2200, 12, 25)));
    assert!(calendar.is_worked(date(2200, 12, 24)));
}

#[test]
fn a_body_that_never_works_stands_still() {
    let calendar = Calendar::new(HolidayZone::Metropole, &[], &[]);
    let day = date(2025, 6, 11);
    assert_eq!(calendar.add(DayCounter::Worked, day, 3), day);
    assert_eq!(calendar.previous_worked(day), day);
    assert_eq!(calendar.month_end_worked(day), date(2025, 6, 30));
    assert_eq!(calendar.same_rank_day_last_year(day), None);
}

#[test]
fn rules_are_dated() {
    let six_days = ProcessRules { worked_weekdays: vec![1, 2, 3, 4, 5, 6], ..Default::default() };
    let five_days = ProcessRules { calendar: "alsace-moselle".into(), ..Default::default() };
    let calendar = Calendar::from_dated(&[
        DatedRules { from: date(2025, 1, 1), rules: five_days },
        DatedRules { from: date(2000, 1, 1), rules: six_days },
    ])
    .unwrap();
    assert!(calendar.is_worked(date(2024, 12, 28)), "a Saturday of six-day weeks");
    assert!(!calendar.is_worked(date(2025, 1, 4)), "a Saturday of five-day weeks");
    assert!(calendar.is_worked(date(2024, 3, 29)), "Good Friday, before");
    assert!(!calendar.is_worked(date(2025, 4, 18)), "Good Friday, after");
    assert!(calendar.is_worked(date(1950, 7, 15)), "before the first version, the first");
}

#[test]
fn rules_that_cannot_be_read_are_refused() {
    let unknown = ProcessRules { calendar: "lune".into(), ..Default::default() };
    assert_eq!(
        Calendar::from_rules(&unknown).unwrap_err(),
        CalendarError::UnknownHolidayZone { name: "lune".into() }
    );
    for week in [vec![], vec![0], vec![1, 8]] {
        let rules = ProcessRules { worked_weekdays: week.clone(), ..Default::default() };
        assert_eq!(
            Calendar::from_rules(&rules).unwrap_err(),
            CalendarError::WorkedWeekdays { given: week }
        );
    }
    assert_eq!(Calendar::from_dated(&[]).unwrap_err(), CalendarError::NoVersion);
}
