//! Effects of the calendar, of campaigns and of shocks, on series whose truth is known.

use std::collections::BTreeMap;

use eclusier_calendar::{Calendar, HolidayZone, SchoolZone};
use eclusier_core::config::Closure;
use eclusier_forecast::{
    drivers::{Campaign, House, Lasting, Shock, Size, Step, build, build_on},
    regression::{Drivers, EffectOptions, Effects, Form, Kind, NamedEffect, Prior},
};
use jiff::{
    ToSpan,
    civil::{Date, date},
};
use proptest::prelude::*;

/// Chance that anyone can redo (splitmix64; Box and Muller).
struct Chance(u64);

impl Chance {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        let (u, v) = (self.uniform().max(1e-300), self.uniform());
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }
}

const FIRST: Date = date(2022, 1, 3);
const OPEN: [f64; 7] = [1.3, 1.1, 1.0, 1.0, 0.9, 0.4, 0.2];
const CLOSED: [f64; 7] = [1.3, 1.1, 1.0, 1.0, 0.9, 0.0, 0.0];
const SHAPE: [f64; 3] = [0.2, 0.45, 0.25];

fn autumn(size: Size) -> Vec<Campaign> {
    let of = |year: i16| Campaign {
        key: "autumn".to_owned(),
        name: "autumn campaign".to_owned(),
        from: date(year, 9, 15),
        to: date(year, 10, 14),
        size,
    };
    (2022..=2025).map(of).collect()
}

/// What is asked of a generated house.
#[derive(Clone, Copy)]
struct Made {
    steps: usize,
    noise: f64,
    /// Likeness of the noise of neighbouring days.
    echo: f64,
    drift: f64,
    week: [f64; 7],
}

const USUAL: Made = Made { steps: 1096, noise: 0.08, echo: 0.3, drift: 0.003, week: CLOSED };

/// A French house: what came, and what would have come without any effect.
fn french(seed: u64, made: Made) -> (Vec<f64>, Vec<f64>) {
    let calendar = Calendar::default();
    let mut chance = Chance(seed);
    let (mut level, mut noise) = (400f64.ln(), 0.0);
    let mut came = Vec::new();
    let mut plain = Vec::new();
    for i in 0..made.steps {
        let day = FIRST + i64::try_from(i).unwrap().days();
        level += made.drift * chance.normal();
        let new = made.noise * (1.0 - made.echo * made.echo).sqrt() * chance.normal();
        noise = made.echo * noise + new;
        let base = (level + noise).exp() * made.week[i % 7];
        let mut factor = 1.0;
        let weekday = day.weekday().to_monday_one_offset();
        if weekday <= 5 && calendar.holiday(day).is_some() {
            factor *= 0.3;
        }
        if calendar.is_worked(day) {
            let around = [day.yesterday().unwrap(), day.tomorrow().unwrap()];
            if around.iter().all(|d| !calendar.is_worked(*d)) {
                factor *= 0.6;
            }
            if calendar.worked_rank_in_month(day) <= 3 {
                factor *= 1.15;
            }
        }
        if (date(day.year(), 9, 15)..=date(day.year(), 10, 14)).contains(&day) {
            let place = date(day.year(), 9, 15).until(day).unwrap().get_days();
            factor *= 1.0 + SHAPE[usize::try_from(place / 10).unwrap()];
        }
        came.push((base * factor).round());
        plain.push(base.round());
    }
    (came, plain)
}

fn truth(effect: &NamedEffect) -> Option<f64> {
    Some(match (effect.kind, effect.name.as_str()) {
        (Kind::Holiday, _) => -0.7,
        (_, "bridge") => -0.4,
        (_, "first worked days of the month") => 0.15,
        (_, "autumn, start") => 0.2,
        (_, "autumn, body") => 0.45,
        (_, "autumn, tail") => 0.25,
        (_, "autumn campaign") => (1.2f64 * 1.45 * 1.25).cbrt() - 1.0,
        (Kind::NearHoliday | Kind::Month, _) => 0.0,
        _ => return None,
    })
}

fn house<'a>(calendar: &'a Calendar, campaigns: &'a [Campaign]) -> House<'a> {
    House { calendar: Some(calendar), campaigns, ..House::default() }
}

fn learn(history: &[f64], drivers: &Drivers) -> Option<Effects> {
    Effects::learn(history, drivers, &[7], &EffectOptions::default())
}

fn named<'a>(effects: &'a Effects, name: &str) -> &'a NamedEffect {
    effects.named().iter().find(|e| e.name == name).unwrap()
}

/// Mean of the last six weeks, day by day.
fn mean_week(history: &[f64], horizon: usize) -> Vec<f64> {
    (0..horizon)
        .map(|k| {
            let known: Vec<f64> = (1..=6)
                .map(|w| history[history.len() - 7 * w + k % 7])
                .filter(|v| v.is_finite())
                .collect();
            known.iter().sum::<f64>() / known.len().max(1) as f64
        })
        .collect()
}

#[test]
fn intervals_hold_the_truth_as_often_as_they_say() {
    let calendar = Calendar::default();
    let campaigns = autumn(Size::Learned);
    for (week, noise, echo, seeds) in
        [(CLOSED, 0.08, 0.3, 30u64), (OPEN, 0.08, 0.0, 25), (CLOSED, 0.2, 0.5, 25)]
    {
        let made = Made { noise, echo, week, ..USUAL };
        let drivers = build(FIRST, Step::Day, made.steps, &house(&calendar, &campaigns));
        let (mut held, mut all) = (0.0, 0.0);
        let mut miss: BTreeMap<String, f64> = BTreeMap::new();
        for seed in 0..seeds {
            let (came, _) = french(4_000 + 77 * seed, made);
            let effects = learn(&came, &drivers).unwrap();
            assert_eq!(effects.form(), Form::Multiplicative);
            for effect in effects.named().iter().filter(|e| e.occurrences > 0) {
                let Some(truth) = truth(effect) else { continue };
                assert!(effect.low <= effect.size && effect.size <= effect.high);
                held += f64::from(u8::from(effect.low <= truth && truth <= effect.high));
                all += 1.0;
                *miss.entry(effect.name.clone()).or_default() +=
                    (effect.size - truth) / seeds as f64;
            }
        }
        // Effects of one series share its noise, so chance is wider than the binomial one: thrice.
        let chance = 3.0 * (0.95f64 * 0.05 / all).sqrt() + 0.01;
        assert!(all > 500.0 && (held / all - 0.95).abs() < chance, "{} of {all}", held / all);
        for (name, miss) in miss {
            assert!(miss.abs() < 0.35 * noise + 0.01, "{name}: off by {miss}");
        }
    }
}

#[test]
fn a_forecast_with_effects_is_nearly_that_of_one_who_knows_them() {
    let calendar = Calendar::default();
    let campaigns = autumn(Size::Learned);
    // Ends in the spring, with its holidays and bridges, and in the summer before the campaign.
    for (known, least) in [(845usize, 1.35), (975, 1.5)] {
        let horizon = 90;
        let made = Made { steps: known + horizon, ..USUAL };
        let drivers = build(FIRST, Step::Day, made.steps, &house(&calendar, &campaigns));
        let mut errors = [0.0; 3];
        for seed in 0..20u64 {
            let (came, plain) = french(9_000 + 31 * seed, made);
            let effects = learn(&came[..known], &drivers).unwrap();
            let raw = mean_week(&came[..known], horizon);
            let mut own = mean_week(&effects.take_out(&came[..known]), horizon);
            effects.put_back(&mut own, known);
            // Who knows the truth smooths what would have come, and puts the true factors back.
            let mut best = mean_week(&plain[..known], horizon);
            for (h, value) in best.iter_mut().enumerate() {
                let (came, plain) = (came[known + h], plain[known + h]);
                *value *= if plain > 0.0 { came / plain } else { 1.0 };
            }
            for (sum, said) in errors.iter_mut().zip([raw, own, best]) {
                let truth = &came[known..];
                *sum += said.iter().zip(truth).map(|(a, b)| (a - b).abs()).sum::<f64>();
            }
        }
        let [raw, own, best] = errors;
        assert!(raw > least * own, "{raw} without, {own} with");
        assert!(own < 1.12 * best, "{own} learned, {best} known");
    }
}

#[test]
fn without_noise_effects_are_exact() {
    // Powers of two on a week: each effect can be read off the series.
    let day = |t: usize, f: f64| OPEN[t % 7] * 1000.0 * f;
    let mut one = vec![0.0; 220];
    let mut two = vec![0.0; 220];
    let history: Vec<f64> = (0..200)
        .map(|t| {
            let mut factor = 1.0;
            if t % 31 == 5 {
                one[t] = 1.0;
                factor *= 0.5;
            }
            if t % 23 == 7 {
                two[t] = 1.0;
                factor *= 2.0;
            }
            day(t, factor)
        })
        .collect();
    one[205] = 1.0;
    let effects = learn(&history, &Drivers::new(&["half", "twice"], &[one, two])).unwrap();
    for (name, size, occurrences) in [("half", -0.5, 7), ("twice", 1.0, 9)] {
        let found = named(&effects, name);
        assert!((found.size - size).abs() < 2e-4, "{found:?}");
        assert_eq!(found.occurrences, occurrences);
    }
    for (t, value) in effects.take_out(&history).iter().enumerate() {
        assert!((value / day(t, 1.0) - 1.0).abs() < 2e-4, "{t}");
    }
    let mut next: Vec<f64> = (200..220).map(|t| day(t, 1.0)).collect();
    effects.put_back(&mut next, 200);
    assert!((next[5] / day(205, 0.5) - 1.0).abs() < 2e-4);
    assert!((next[6] / day(206, 1.0) - 1.0).abs() < 1e-12, "elsewhere nothing moves");
    // Beyond the columns nothing is known, and nothing is done.
    let mut beyond = [3.0, 4.0];
    effects.put_back(&mut beyond, 10_000);
    assert_eq!(beyond, [3.0, 4.0]);
}

#[test]
fn amounts_are_told_where_logarithms_are_not() {
    // A balance that goes below zero: effects are amounts.
    let mut chance = Chance(5);
    let column: Vec<f64> = (0..300).map(|t| f64::from(u8::from(t % 19 == 3))).collect();
    let history: Vec<f64> = (0..300)
        .map(|t| 20.0 * (t % 7) as f64 - 40.0 + 2.0 * chance.normal() + 55.0 * column[t])
        .collect();
    let effects = learn(&history, &Drivers::new(&["moved"], &[column])).unwrap();
    let found = named(&effects, "moved");
    assert_eq!(effects.form(), Form::Additive);
    assert!(found.low < 55.0 && 55.0 < found.high && (found.size - 55.0).abs() < 2.0, "{found:?}");
    let out = effects.take_out(&history);
    assert!((history[3] - out[3] - found.size).abs() < 1e-9);
    assert_eq!(history[4], out[4]);
    let mut back = out.clone();
    effects.put_back(&mut back, 0);
    for (a, b) in back.iter().zip(&history) {
        assert!((a - b).abs() < 1e-9);
    }
}

#[test]
fn without_drivers_nothing_is_learned() {
    let (came, _) = french(1, USUAL);
    assert_eq!(learn(&came, &Drivers::default()), None);
    let never = Drivers::new(&["never"], &[vec![0.0; came.len()]]);
    assert_eq!(learn(&came, &never), None);
    // A driver only to come has no effect without anything expected of it...
    let mut later = vec![0.0; came.len() + 30];
    later[came.len() + 3] = 1.0;
    assert_eq!(learn(&came, &Drivers::new(&["later"], &[later.clone()])), None);
    // ... beside one that was seen too.
    let mut seen = vec![0.0; came.len() + 30];
    (0..came.len()).step_by(50).for_each(|t| seen[t] = 1.0);
    let both = Drivers::new(&["seen", "later"], &[seen, later]);
    let effects = learn(&came, &both).unwrap();
    assert_eq!(effects.at(came.len() + 3), 1.0);
    assert_eq!(named(&effects, "later").size, 0.0);
    assert!(named(&effects, "later").high > 0.05, "not known to be nothing");
}

#[test]
fn days_out_of_the_ordinary_move_little() {
    let calendar = Calendar::default();
    let drivers = build(FIRST, Step::Day, USUAL.steps, &house(&calendar, &[]));
    for seed in 0..6u64 {
        let (came, _) = french(60 + seed, USUAL);
        let mut odd = came.clone();
        let mut chance = Chance(seed);
        for value in &mut odd {
            // One day in thirty is counted thrice, or a third.
            match chance.uniform() {
                u if u < 0.017 => *value *= 3.0,
                u if u < 0.034 => *value /= 3.0,
                _ => {}
            }
        }
        let (clean, found) = (learn(&came, &drivers).unwrap(), learn(&odd, &drivers).unwrap());
        for (a, b) in clean.named().iter().zip(found.named()) {
            if a.kind != Kind::Month {
                continue;
            }
            assert!((a.size - b.size).abs() < 0.02, "{a:?} {b:?}");
            assert!(b.high - b.low < 1.7 * (a.high - a.low), "{a:?} {b:?}");
        }
    }
}

#[test]
fn slow_noise_makes_long_effects_uncertain() {
    let calendar = Calendar::default();
    let campaigns = autumn(Size::Learned);
    let made = Made { steps: 700, noise: 0.1, echo: 0.8, week: OPEN, ..USUAL };
    let drivers = build(FIRST, Step::Day, made.steps, &house(&calendar, &campaigns));
    let (mut held, mut all) = (0.0, 0.0);
    for seed in 0..40u64 {
        let (came, _) = french(700 + 13 * seed, made);
        let effects = learn(&came, &drivers).unwrap();
        for effect in effects.named().iter().filter(|e| e.kind == Kind::Campaign) {
            let truth = truth(effect).unwrap();
            held += f64::from(u8::from(effect.low <= truth && truth <= effect.high));
            all += 1.0;
        }
    }
    assert!(held / all > 0.88, "{held} of {all}");
}

#[test]
fn a_level_that_moves_is_not_taken_for_a_campaign() {
    let calendar = Calendar::default();
    let campaigns = autumn(Size::Learned);
    let drivers = build(FIRST, Step::Day, 420, &house(&calendar, &campaigns));
    let (came, _) = french(9, Made { steps: 420, noise: 0.04, ..USUAL });
    // Twice as many from spring on, and half again from December on.
    let moved: Vec<f64> = came
        .iter()
        .enumerate()
        .map(|(t, v)| {
            if t < 100 {
                *v
            } else if t < 330 {
                2.0 * v
            } else {
                3.0 * v
            }
        })
        .collect();
    let found = learn(&moved, &drivers).unwrap();
    let campaign = named(&found, "autumn campaign");
    assert!((campaign.size - 0.3).abs() < 0.12, "{campaign:?}");
}

#[test]
fn a_jump_or_a_slope_is_not_taken_for_a_year() {
    let calendar = Calendar::default();
    let (known, horizon) = (550, 90);
    let drivers = build(FIRST, Step::Day, known + horizon, &house(&calendar, &[]));
    let made = Made { steps: known + horizon, drift: 0.0, week: OPEN, ..USUAL };
    let moves: [fn(usize) -> f64; 3] = [
        |t| if t < 240 { 1.0 } else { 2.0 },
        |t| if t < 420 { 1.0 } else { 0.5 },
        |t| (0.0015 * t as f64).exp(),
    ];
    for (number, factor) in moves.iter().enumerate() {
        let (mut raw, mut own) = (0.0, 0.0);
        for seed in 0..8u64 {
            let (_, plain) = french(500 + seed, made);
            let values: Vec<f64> = plain.iter().enumerate().map(|(t, v)| v * factor(t)).collect();
            let effects = learn(&values[..known], &drivers).unwrap();
            let mut said = mean_week(&effects.take_out(&values[..known]), horizon);
            effects.put_back(&mut said, known);
            let naive = mean_week(&values[..known], horizon);
            for (h, truth) in values[known..].iter().enumerate() {
                own += (said[h] - truth).abs();
                raw += (naive[h] - truth).abs();
            }
        }
        // A year that is not there costs a little: a tenth, where reading the jump as one would cost half.
        assert!(own < 1.15 * raw, "{number}: {own} with, {raw} without");
    }
    // Every autumn anew, it is the year's doing: seen twice, it is expected again.
    let factor = |t: usize| if (250..330).contains(&(t % 365)) { 1.8 } else { 1.0 };
    let drivers = build(FIRST, Step::Day, 1000, &house(&calendar, &[]));
    let (_, plain) = french(3, Made { steps: 1000, ..made });
    let values: Vec<f64> = plain.iter().enumerate().map(|(t, v)| v * factor(t)).collect();
    let effects = learn(&values[..900], &drivers).unwrap();
    let (low, high) = (effects.at(730 + 200), effects.at(730 + 265));
    assert!(high > 1.3 * low, "{low} {high}");
}

#[test]
fn a_holiday_never_seen_leans_on_those_like_it() {
    let calendar = Calendar::default();
    let (_, mut came) = french(30, Made { steps: 600, noise: 0.05, ..USUAL });
    let at = |day: Date| usize::try_from(FIRST.until(day).unwrap().get_days()).unwrap();
    let mut name = BTreeMap::new();
    for (t, value) in came.iter_mut().enumerate() {
        let day = FIRST + i64::try_from(t).unwrap().days();
        if let Some(holiday) = calendar.holiday(day) {
            let moving = ["Easter Monday", "Ascension Day", "Whit Monday"];
            *value *= if moving.contains(&holiday.name_en) { 0.25 } else { 0.6 };
            name.insert(t, holiday.name_en);
        }
    }
    came[at(date(2022, 6, 6))] = f64::NAN;
    let drivers = build(FIRST, Step::Day, 600, &house(&calendar, &[]));
    let next = at(date(2023, 5, 29));
    let effects = learn(&came[..next], &drivers).unwrap();
    let found = named(&effects, "Whit Monday");
    assert_eq!((name[&next], found.occurrences), ("Whit Monday", 0));
    assert!(found.size > -0.85 && found.size < -0.6, "{found:?}");
    assert!(found.low < -0.75 && -0.75 < found.high, "{found:?}");
    let seen = named(&effects, "Easter Monday");
    assert!(found.high - found.low > 1.3 * (seen.high - seen.low), "{found:?} {seen:?}");
}

#[test]
fn a_closed_day_has_no_effect_to_show_and_an_emptied_one_is_left_unknown() {
    // Nobody comes on holidays at all, nor at the weekend; hardly anyone on bridges.
    let calendar = Calendar::default();
    let made = Made { steps: 800, ..USUAL };
    let (mut came, _) = french(3, made);
    let off = |t: usize| calendar.holiday(FIRST + i64::try_from(t).unwrap().days()).is_some();
    let drivers = build(FIRST, Step::Day, 900, &house(&calendar, &[]));
    let bridges = drivers.columns.iter().find(|c| c.name == "bridge").unwrap();
    let bridge = |t: usize| bridges.values[t] > 0.0;
    for (t, value) in came.iter_mut().enumerate() {
        *value *= if off(t) { 0.0 } else { 1.0 };
        *value *= if bridge(t) { 0.15 } else { 1.0 };
    }
    let effects = learn(&came[..700], &drivers).unwrap();
    assert!(named(&effects, "holiday").size < -0.95);
    let out = effects.take_out(&came[..700]);
    for t in 0..700 {
        match (t % 7 >= 5, off(t) || bridge(t)) {
            (true, _) => assert_eq!(out[t], came[t], "{t}: closed anyway"),
            (false, true) => assert!(out[t].is_nan(), "{t}: says nothing of a usual day"),
            _ => assert!(out[t].is_finite() && out[t] >= 0.0),
        }
    }
    let mut flat = vec![100.0; 100];
    effects.put_back(&mut flat, 700);
    for (h, value) in flat.iter().enumerate() {
        let t = 700 + h;
        match (t % 7 >= 5, off(t)) {
            (true, _) => assert_eq!(*value, 100.0),
            (false, true) => assert_eq!(*value, 0.0),
            _ if bridge(t) => assert!(*value > 4.0 && *value < 15.0, "{value}"),
            _ => assert!(*value > 50.0),
        }
    }
}

#[test]
fn the_same_effect_told_twice_is_shared() {
    let mut chance = Chance(8);
    let column: Vec<f64> = (0..400).map(|t| f64::from(u8::from(t % 17 == 2))).collect();
    let history: Vec<f64> = (0..400)
        .map(|t| 100.0 * OPEN[t % 7] * (0.05 * chance.normal()).exp() * (1.0 + column[t]))
        .collect();
    let names = ["one", "same", "minus"];
    let minus: Vec<f64> = column.iter().map(|v| -v).collect();
    let drivers = Drivers::new(&names, &[column.clone(), column.clone(), minus]);
    let effects = learn(&history, &drivers).unwrap();
    assert!((effects.at(2) - 2.0).abs() < 0.12, "{}", effects.at(2));
    for effect in effects.named() {
        assert!(effect.size.abs() < 1.5 && effect.high < 20.0, "{effect:?}");
    }
    assert!((named(&effects, "one").size - named(&effects, "same").size).abs() < 1e-6);
}

#[test]
fn campaigns_are_learned_expected_or_like_the_last() {
    let calendar = Calendar::default();
    let made = Made { steps: 1400, noise: 0.03, ..USUAL };
    let (came, _) = french(12, made);
    let known = 1330; // 25 August 2025
    let at_body = 1330 + 31;
    // Without the course of the year, so that a day shows its campaign alone.
    let options = EffectOptions { yearly: false, ..EffectOptions::default() };
    let at_work = |came: &[f64], size: Size| {
        let mut campaigns = autumn(Size::Learned);
        campaigns[3].size = size;
        let drivers = build(FIRST, Step::Day, made.steps, &house(&calendar, &campaigns));
        Effects::learn(&came[..known], &drivers, &[7], &options).unwrap()
    };
    let of = |size: Size| at_work(&came, size);
    let learned = of(Size::Learned);
    let body = learned.at(at_body);
    assert!((body / 1.45 - 1.0).abs() < 0.05, "{body}");
    assert_eq!(named(&learned, "autumn campaign").occurrences, 3 * 21 + 1);
    let expected = of(Size::Expected(0.6)).at(at_body);
    assert!((expected / 1.6 - 1.0).abs() < 0.02, "{expected}: what was said");
    // The last one was twice as strong: like it, the next one is too; learned, it is between.
    let mut stronger = came.clone();
    for (t, value) in stronger.iter_mut().enumerate() {
        let day = FIRST + i64::try_from(t).unwrap().days();
        if (date(2024, 9, 15)..=date(2024, 10, 14)).contains(&day) {
            *value = (*value * 1.5).round();
        }
    }
    let of = |size: Size| at_work(&stronger, size).at(at_body);
    let (last, all) = (of(Size::LikeLastTime), of(Size::Learned));
    assert!((last / (1.45 * 1.5) - 1.0).abs() < 0.1, "{last}");
    assert!(all > 1.4 && all < 0.9 * last, "{all} {last}");
}

#[test]
fn a_shock_is_what_was_expected_until_it_is_seen() {
    let calendar = Calendar::default();
    let made = Made { steps: 700, ..USUAL };
    let (mut came, _) = french(21, made);
    let start = FIRST + 560.days();
    let strike = |from: Date, to: Date, expected| Shock {
        name: "strike".to_owned(),
        from,
        lasting: Lasting::Until(to),
        expected,
    };
    let shocks = [
        strike(FIRST + 595.days(), FIRST + 599.days(), Some(-0.4)),
        Shock {
            name: "new rule".to_owned(),
            from: start,
            lasting: Lasting::ForGood,
            expected: Some(0.2),
        },
    ];
    let drivers = build(
        FIRST,
        Step::Day,
        700,
        &House { calendar: Some(&calendar), shocks: &shocks, ..House::default() },
    );
    let before = learn(&came[..550], &drivers).unwrap();
    let found = named(&before, "strike");
    assert_eq!(found.occurrences, 0);
    // Give or take a third at one deviation, in logarithms: 0.6 · exp(±1.96 · 0.4/3/0.6) − 1, a little wider for
    // what little is known.
    assert!((found.size + 0.4).abs() < 1e-9, "{found:?}");
    assert!((found.low + 0.612).abs() < 0.005 && (found.high + 0.072).abs() < 0.005, "{found:?}");
    assert!((named(&before, "new rule").size - 0.2).abs() < 1e-9);
    // The rule did twice as much as was thought, and months of it say so.
    came[560..].iter_mut().for_each(|v| *v = (*v * 1.4).round());
    let after = learn(&came[..690], &drivers).unwrap();
    let rule = named(&after, "new rule");
    assert!(rule.size > 0.28 && rule.low < 0.4 && 0.4 < rule.high, "{rule:?}");
}

#[test]
fn shocks_of_one_name_share_what_was_seen_of_the_first() {
    let calendar = Calendar::default();
    let made = Made { steps: 700, ..USUAL };
    let (mut came, _) = french(22, made);
    let strike = |name: &str, from: i64| Shock {
        name: name.to_owned(),
        from: FIRST + from.days(),
        lasting: Lasting::Until(FIRST + (from + 9).days()),
        expected: None,
    };
    came[400..410].iter_mut().for_each(|v| *v = (*v * 0.5).round());
    let shocks = [strike("strike", 660), strike("other", 640), strike("strike", 400)];
    let house = House { calendar: Some(&calendar), shocks: &shocks, ..House::default() };
    let drivers = build(FIRST, Step::Day, 700, &house);
    let effects = learn(&came[..620], &drivers).unwrap();
    let told: Vec<_> = effects.named().iter().filter(|e| e.kind == Kind::Shock).cloned().collect();
    assert_eq!(told.len(), 2, "{told:?}");
    let seen = named(&effects, "strike");
    assert!(seen.occurrences == 8 && (seen.size + 0.5).abs() < 0.12, "{seen:?}");
    assert!((effects.of(Kind::Shock, 662) - (1.0 + seen.size)).abs() < 1e-9);
    // Nothing is known of the other, and nothing is made up.
    assert!((effects.of(Kind::Shock, 645) - 1.0).abs() < 0.02);
}

#[test]
fn weeks_and_months_follow_their_worked_days() {
    let calendar = Calendar::default();
    let mut chance = Chance(2);
    for (step, seasons, steps) in [(Step::Week, vec![52], 170usize), (Step::Month, vec![12], 60)] {
        let first = date(2020, 1, 6).first_of_month();
        let first = if step == Step::Week { date(2020, 1, 6) } else { first };
        // Each worked day brings a hundred.
        let mut history = Vec::new();
        let mut from = first;
        for _ in 0..steps {
            let to = if step == Step::Week { from + 7.days() } else { from + 1.month() };
            let mut sum = 0.0;
            while from < to {
                sum += 100.0 * calendar.worked_share(from);
                from += 1.day();
            }
            history.push((sum * (0.01 * chance.normal()).exp()).round());
        }
        let horizon = 12;
        let drivers = build(first, step, steps, &house(&calendar, &[]));
        let known = steps - horizon;
        let effects =
            Effects::learn(&history[..known], &drivers, &seasons, &EffectOptions::default())
                .unwrap();
        let out = effects.take_out(&history[..known]);
        let spread = |v: &[f64]| {
            let mean = v.iter().sum::<f64>() / v.len() as f64;
            (v.iter().map(|x| (x / mean - 1.0).powi(2)).sum::<f64>() / v.len() as f64).sqrt()
        };
        assert!(
            spread(&out) < 0.45 * spread(&history[..known]),
            "{step:?}: {} of {}",
            spread(&out),
            spread(&history[..known])
        );
        let mut next = vec![out.iter().sum::<f64>() / known as f64; horizon];
        effects.put_back(&mut next, known);
        for (said, truth) in next.iter().zip(&history[known..]) {
            assert!((said / truth - 1.0).abs() < 0.07, "{step:?}: {said} {truth}");
        }
    }
}

#[test]
fn days_that_leave_some_out_have_the_columns_of_their_dates() {
    let calendar = Calendar::new(HolidayZone::AlsaceMoselle, &[1, 2, 3, 4, 5], &[]);
    let house = house(&calendar, &[]);
    let every = build(FIRST, Step::Day, 800, &house);
    let days: Vec<Date> = (0..800i64).map(|t| FIRST + t.days()).collect();
    assert_eq!(build_on(&days, &house), every);
    let week: Vec<Date> =
        days.iter().copied().filter(|d| d.weekday().to_monday_one_offset() <= 5).collect();
    let some = build_on(&week, &house);
    let friday = some.columns.iter().find(|c| c.name == "Good Friday").unwrap();
    let on: Vec<Date> =
        week.iter().zip(&friday.values).filter(|(_, v)| **v > 0.0).map(|(d, _)| *d).collect();
    assert_eq!(on, [date(2022, 4, 15), date(2023, 4, 7)]);
    assert!((some.year.unwrap() / 365.2425 - 5.0 / 7.0).abs() < 0.01);
    assert_eq!(build(FIRST, Step::Day, 0, &house).columns.len(), 0);
    assert_eq!(build_on(&[], &house).columns.len(), 0);
}

#[test]
fn bridges_eves_and_morrows_are_where_people_see_them() {
    let calendar = Calendar::default();
    let drivers = build(date(2025, 4, 1), Step::Day, 91, &house(&calendar, &[]));
    let on = |name: &str| -> Vec<Date> {
        let column = &drivers.columns.iter().find(|c| c.name == name).unwrap().values;
        let at = |t: usize| date(2025, 4, 1) + i64::try_from(t).unwrap().days();
        (0..column.len()).filter(|t| column[*t] > 0.0).map(at).collect()
    };
    // Easter Monday 21 April, Thursday 1 May, Thursday 8 May, Ascension Thursday 29 May, Whit Monday 9 June.
    assert_eq!(on("bridge"), [date(2025, 5, 2), date(2025, 5, 9), date(2025, 5, 30)]);
    assert_eq!(
        on("eve of a holiday"),
        [
            date(2025, 4, 18),
            date(2025, 4, 30),
            date(2025, 5, 7),
            date(2025, 5, 28),
            date(2025, 6, 6)
        ]
    );
    assert_eq!(on("day after a holiday"), [date(2025, 4, 22), date(2025, 6, 10)]);
    assert_eq!(on("holiday").len(), 5);
    // 2 May is the second worked day of its month, 2 June the first.
    assert!(on("first worked days of the month").contains(&date(2025, 5, 2)));
    assert!(on("last worked days of the month").contains(&date(2025, 5, 30)));
}

#[test]
fn closures_and_school_holidays_have_their_columns() {
    let closed = |date, half| Closure { date, half, reason: String::new() };
    let closures = [closed(date(2023, 5, 19), false), closed(date(2023, 12, 22), true)];
    let calendar = Calendar::new(HolidayZone::Metropole, &[1, 2, 3, 4, 5], &closures);
    // The house changed zone in the summer of 2023: a day before is not of the zone after.
    let schools = [(date(2023, 7, 8), SchoolZone::A), (date(2020, 1, 1), SchoolZone::C)];
    let house = House { calendar: Some(&calendar), schools: &schools, ..House::default() };
    let drivers = build(date(2023, 1, 2), Step::Day, 364, &house);
    let column = |drivers: &Drivers, name: &str| {
        drivers.columns.iter().find(|c| c.name == name).unwrap().values.clone()
    };
    let closure = column(&drivers, "closure");
    assert_eq!(closure.iter().sum::<f64>(), 1.5);
    assert_eq!((closure[137], closure[354]), (1.0, 0.5));
    // The Friday after Ascension is closed: no bridge is left but Monday 14 August.
    let bridge = column(&drivers, "bridge");
    assert_eq!((bridge.iter().sum::<f64>(), bridge[224]), (1.0, 1.0));
    // Winter holidays of zone C in 2023: 18 February to 5 March.
    let winter = column(&drivers, "Winter holidays");
    assert_eq!(winter.iter().position(|v| *v > 0.0), Some(47));
    assert_eq!(winter.iter().sum::<f64>(), 16.0);
    // In 2024 those of zone A: 17 February to 3 March.
    let next = column(&build(date(2024, 1, 1), Step::Day, 120, &house), "Winter holidays");
    assert_eq!(next.iter().position(|v| *v > 0.0), Some(47));
    assert_eq!(next.iter().sum::<f64>(), 16.0);
    // The same by weeks: two whole ones and a weekend.
    let weeks = build(date(2023, 1, 2), Step::Week, 52, &house);
    let winter = column(&weeks, "Winter holidays");
    assert!((winter.iter().sum::<f64>() - 16.0 / 7.0).abs() < 1e-12);
    assert!((winter[6] - 2.0 / 7.0).abs() < 1e-12 && (winter[8] - 1.0).abs() < 1e-12);
    let worked = column(&weeks, "worked days");
    assert!((worked[19] - 0.6f64.ln()).abs() < 1e-12, "Ascension and the day after are not worked");
}

#[test]
fn kinds_make_the_whole() {
    let calendar = Calendar::default();
    let campaigns = autumn(Size::Learned);
    let (came, _) = french(2, USUAL);
    let drivers = build(FIRST, Step::Day, 1200, &house(&calendar, &campaigns));
    let effects = learn(&came, &drivers).unwrap();
    let kinds = [Kind::Holiday, Kind::NearHoliday, Kind::Month, Kind::Yearly, Kind::Campaign];
    for t in 0..1200 {
        let product: f64 = kinds.iter().map(|k| effects.of(*k, t)).product();
        assert!((product / effects.at(t) - 1.0).abs() < 1e-9, "{t}");
    }
    assert_eq!(effects.of(Kind::Shock, 3), 1.0);
    assert!(effects.of(Kind::Campaign, 260) > 1.1 && effects.of(Kind::Campaign, 200) == 1.0);
}

#[test]
fn hostile_histories_get_a_sane_answer_or_none() {
    let calendar = Calendar::default();
    let campaigns = autumn(Size::Expected(0.5));
    let drivers = build(FIRST, Step::Day, 600, &house(&calendar, &campaigns));
    let (came, _) = french(6, Made { steps: 600, ..USUAL });
    let mut shifted = came.clone();
    shifted[400..].iter_mut().for_each(|v| *v *= 3.0);
    let mut gap = came.clone();
    gap[150..210].fill(f64::NAN);
    let mut odd = came.clone();
    odd[300] = 1e12;
    let mut negative = came.clone();
    negative[200] = -400.0;
    let histories = [
        vec![],
        vec![f64::NAN; 300],
        vec![0.0; 300],
        vec![7.0; 300],
        vec![5.0; 12],
        vec![1e300; 300],
        vec![1e-300; 300],
        vec![f64::INFINITY; 60],
        came[..10].to_vec(),
        came[..60].to_vec(),
        shifted,
        gap.clone(),
        odd,
        negative,
    ];
    for (number, history) in histories.iter().enumerate() {
        let Some(effects) = learn(history, &drivers) else { continue };
        sane(&effects, history, number);
    }
    // Unknown days take nothing away from the others.
    let (whole, holed) = (learn(&came, &drivers).unwrap(), learn(&gap, &drivers).unwrap());
    let (a, b) = (named(&whole, "holiday"), named(&holed, "holiday"));
    assert!((a.size - b.size).abs() < 0.02, "{a:?} {b:?}");
    assert!(holed.take_out(&gap)[180].is_nan());
    // A user's word stands where nothing else is known.
    let said = learn(&came[..10], &drivers).unwrap();
    assert!((said.at(260) - 1.5).abs() < 1e-9, "{}", said.at(260));
}

fn sane(effects: &Effects, history: &[f64], number: usize) {
    let out = effects.take_out(history);
    assert_eq!(out.len(), history.len());
    let positive = history.iter().all(|v| !v.is_finite() || *v >= 0.0);
    for (t, (out, value)) in out.iter().zip(history).enumerate() {
        if value.is_finite() && effects.at(t) >= 0.2 {
            assert!(out.is_finite(), "{number}, {t}: {out} of {value}");
        }
        assert!(!positive || out.is_nan() || *out >= 0.0);
    }
    let mut next = vec![1.0; 100];
    effects.put_back(&mut next, history.len());
    assert!(next.iter().all(|v| v.is_finite()), "{number}");
    for effect in effects.named() {
        assert!(
            effect.low.is_finite() && effect.high.is_finite() && effect.low <= effect.high,
            "{number}: {effect:?}"
        );
        assert!(effect.low < effect.high, "{number}: certainty is not for sale, {effect:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn whatever_the_values_nothing_breaks(
        values in prop::collection::vec(prop_oneof![
            6 => 0.0..500f64, 2 => -1e3..1e3f64, 2 => Just(0.0), 1 => Just(f64::NAN), 1 => -1e99..1e99f64,
        ], 0..160),
        columns in prop::collection::vec(prop::collection::vec(prop_oneof![
            5 => Just(0.0), 2 => Just(1.0), 1 => -2.0..2.0f64, 1 => Just(f64::NAN),
        ], 170), 1..6),
        season in 1usize..9,
        share in prop::option::of(-2.0..3.0f64),
    ) {
        let mut drivers = Drivers::default();
        for (k, column) in columns.into_iter().enumerate() {
            let prior = share.map(|share| Prior { share, spread: 0.1 });
            drivers.push_told(&format!("driver {k}"), Kind::Other, 0, column, prior);
        }
        if let Some(effects) = Effects::learn(&values, &drivers, &[season], &EffectOptions::default()) {
            sane(&effects, &values, 0);
            prop_assert_eq!(
                Some(effects),
                Effects::learn(&values, &drivers, &[season], &EffectOptions::default())
            );
        }
    }

    #[test]
    fn a_unit_a_thousand_times_smaller_multiplies_amounts_and_leaves_shares(seed in 0u64..1000, below in 0.0..30.0f64) {
        let calendar = Calendar::default();
        let (mut came, _) = french(seed, Made { steps: 300, ..USUAL });
        if below > 15.0 {
            came[100] = -below;
        }
        let drivers = build(FIRST, Step::Day, 330, &house(&calendar, &[]));
        let thousand: Vec<f64> = came.iter().map(|v| v * 1000.0).collect();
        let (small, large) = (learn(&came, &drivers).unwrap(), learn(&thousand, &drivers).unwrap());
        let times = if small.form() == Form::Additive { 1000.0 } else { 1.0 };
        prop_assert_eq!(small.form(), large.form());
        for (a, b) in small.named().iter().zip(large.named()) {
            prop_assert!((a.size * times - b.size).abs() < 1e-6 * times, "{:?} {:?}", a, b);
            prop_assert!((a.high * times - b.high).abs() < 1e-6 * times, "{:?} {:?}", a, b);
        }
        for (a, b) in small.take_out(&came).iter().zip(large.take_out(&thousand)) {
            prop_assert!(a.is_nan() && b.is_nan() || (a * 1000.0 - b).abs() < 1e-6 * b.abs().max(1.0));
        }
    }
}

/// Mean absolute error of forecasts 90 days ahead, asked every 30 days after 400: with the effects, over that
/// of the week before coming again.
fn over_the_week_before(first: Date, values: &[f64]) -> f64 {
    let horizon = 90;
    let drivers = build(first, Step::Day, values.len() + horizon, &House::default());
    let (mut own, mut naive) = (0.0, 0.0);
    let mut known = 400;
    while known + horizon <= values.len() {
        let history = &values[..known];
        let mut said = match learn(history, &drivers) {
            Some(effects) => {
                let mut said = mean_week(&effects.take_out(history), horizon);
                effects.put_back(&mut said, known);
                said
            }
            None => mean_week(history, horizon),
        };
        said.truncate(horizon);
        for (h, said) in said.iter().enumerate() {
            own += (said - values[known + h]).abs();
            naive += (values[known - 7 + h % 7] - values[known + h]).abs();
        }
        known += 30;
    }
    own / naive
}

#[test]
fn without_a_country_the_course_of_the_year_is_found_in_public_series() {
    let Some(text) = shared("calls-daily-2013-2016/case_data_calls.csv") else { return };
    let mut rows = csv::ReaderBuilder::new().delimiter(b';').from_reader(text.as_bytes());
    let calls: Vec<f64> = rows.records().map(|r| r.unwrap()[1].parse().unwrap()).collect();
    assert_eq!(calls.len(), 1155);
    let share = over_the_week_before(date(2013, 1, 1), &calls);
    assert!(share < 0.55, "{share}");

    let text = shared("arrivals-ed-iowa-hourly/uihc_ed_arrivals.csv.gz").unwrap();
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let mut days: BTreeMap<Date, f64> = BTreeMap::new();
    for row in rows.records().map(Result::unwrap) {
        let arrivals: f64 = row[5].parse().unwrap();
        *days.entry(row[6].parse().unwrap()).or_default() += arrivals;
    }
    let arrivals: Vec<f64> = days.values().copied().collect();
    let share = over_the_week_before(date(2013, 7, 1), &arrivals);
    assert!(share < 0.8, "{share}");
}

/// A file of the public data; `None` where they are not, unless they must be.
fn shared(path: &str) -> Option<String> {
    use std::io::Read;
    let root = std::env::var_os("ECLUSIER_SHARED").map_or_else(
        || std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        std::path::PathBuf::from,
    );
    let file = root.join("data").join(path);
    let Ok(bytes) = std::fs::read(&file) else {
        assert!(
            std::env::var_os("ECLUSIER_REQUIRE_SHARED").is_none(),
            "{} is missing",
            file.display()
        );
        return None;
    };
    let mut text = String::new();
    if path.ends_with(".gz") {
        flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
    } else {
        text = String::from_utf8_lossy(&bytes).into_owned();
    }
    Some(text)
}
