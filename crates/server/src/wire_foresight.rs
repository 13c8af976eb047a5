//! Forecasts as they are sent.

use eclusier_api::{self as api, RangeDto, Text};
use eclusier_app::{
    foresight::{
        Accuracy, Effect, Foresight, NextStep, PartSaid, PastStep, Projection, Range, StockStep,
    },
    promises::Promised,
    series,
};

use eclusier_core::Grain;

use crate::wire;

fn range(range: Range) -> RangeDto {
    RangeDto { low: range.low, high: range.high }
}

/// Everything the screen shows.
pub fn foresight(told: &Foresight) -> api::ForesightDto {
    let expected = told.expected.as_ref();
    api::ForesightDto {
        basis: wire::basis(&told.basis),
        grain: wire::name(told.asked.grain),
        months: told.asked.months,
        arrivals_change: told.asked.arrivals,
        last_day: told.last_day.map(|d| d.to_string()),
        past: told.past.iter().map(past).collect(),
        next: told.next.iter().map(next).collect(),
        spans: told
            .spans
            .iter()
            .map(|s| api::CalendarSpanDto {
                kind: s.kind.as_str().into(),
                name: s.name.clone().into(),
                from: s.from.to_string(),
                to: s.to.to_string(),
            })
            .collect(),
        days_off: told
            .days_off
            .iter()
            .map(|d| api::DayOffDto { day: d.day.to_string(), name: d.name.clone().into() })
            .collect(),
        effects: told.effects.iter().map(effect).collect(),
        expected: expected.map(|e| e.items),
        expected_range: expected.map(|e| range(e.range)),
        year_before: expected.and_then(|e| e.year_before),
        accuracy: told.accuracy.iter().map(accuracy).collect(),
        parts: told.parts.iter().map(part).collect(),
        by: told.by.map(wire::name),
        stock: told.stock.as_ref().map(projection),
        no_stock: told.no_stock.clone().map(Text::from),
        reason: told.reason.clone().map(Text::from),
        promises: told.promised.as_ref().map(promises),
        drift: told.drift.clone().map(Text::from),
        cannot: told.cannot.iter().cloned().map(Text::from).collect(),
        learned_at: told.learned_at.to_string(),
    }
}

fn promises(promised: &Promised) -> api::PromisesDto {
    let mut said = api::PromisesDto {
        state: "learning".into(),
        reason: None,
        n: None,
        mae_days: None,
        naive_mae_days: None,
        coverage: None,
        kept: None,
    };
    match promised {
        Promised::Learning => {}
        Promised::Nothing(why) => {
            said.state = "nothing".into();
            said.reason = Some(why.clone().into());
        }
        Promised::Known(known) => {
            said.state = "known".into();
            if let Some(report) = &known.report {
                said.n = u32::try_from(report.n).ok();
                said.mae_days = Some(report.mae_days);
                said.naive_mae_days = Some(report.naive_mae_days);
                said.coverage = Some(report.coverage());
                said.kept = Some(report.kept());
            }
        }
    }
    said
}

fn past(step: &PastStep) -> api::PastStepDto {
    let part = |at: usize| step.parts.and_then(|p| p.get(at).copied());
    api::PastStepDto {
        period: step.name.clone(),
        from: step.from.to_string(),
        to: step.to.to_string(),
        arrivals: step.arrivals,
        neutralised: step.neutralised,
        said: step.said.map(|(mean, _)| mean),
        said_range: step.said.map(|(_, ends)| range(ends)),
        level: part(0),
        season: part(1),
        calendar: part(2),
        rest: part(3),
    }
}

fn next(step: &NextStep) -> api::NextStepDto {
    let [narrow, wide] = step.bands;
    api::NextStepDto {
        period: step.name.clone(),
        from: step.from.to_string(),
        to: step.to.to_string(),
        mean: step.mean,
        base: step.base,
        range_80: range(narrow),
        range_95: range(wide),
        year_before: step.year_before,
        partial: step.partial,
    }
}

fn effect(effect: &Effect) -> api::EffectDto {
    api::EffectDto {
        id: effect.id.clone(),
        name: effect.name.clone().into(),
        occurrences: u32::try_from(effect.occurrences).unwrap_or(u32::MAX),
        size: effect.size,
        range: range(effect.range),
        is_share: effect.is_share,
    }
}

fn accuracy(judged: &Accuracy) -> api::AccuracyDto {
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    api::AccuracyDto {
        grain: wire::name(judged.grain),
        horizon: count(judged.horizon),
        moments: count(judged.moments),
        methods: judged
            .methods
            .iter()
            .map(|(candidate, share)| api::MethodShareDto {
                id: series::method_name(candidate),
                name: series::method_words(candidate).into(),
                share: *share,
            })
            .collect(),
        mase: judged.mase,
        naive_mase: judged.naive_mase,
        wape: judged.wape,
        naive_wape: judged.naive_wape(),
        bias: judged.bias,
        coverage: judged
            .coverage
            .iter()
            .map(|(level, held)| api::CoverageDto { level: *level, held: *held })
            .collect(),
        naive_kept: judged.naive_kept,
    }
}

fn part(part: &PartSaid) -> api::ForesightPartDto {
    let [mase, naive_mase, held_80] = part.judged;
    api::ForesightPartDto {
        id: part.id.clone(),
        label: part.label.clone(),
        expected: part.expected.items,
        range_80: range(part.expected.range),
        year_before: part.expected.year_before,
        steps: part.steps.clone(),
        mase,
        naive_mase,
        held_80,
        method: part.method.clone().map(Text::from),
        naive_kept: part.naive_kept,
        reason: part.reason.clone().map(Text::from),
    }
}

fn projection(stock: &Projection) -> api::ProjectionDto {
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    api::ProjectionDto {
        waiting: stock.waiting,
        held: stock.held,
        estimated: stock.estimated,
        capacity: stock.capacity,
        usual_capacity: stock.usual_capacity,
        capacity_days: u32::try_from(stock.capacity_days).unwrap_or(0),
        arrivals: stock.arrivals,
        days_allowed: stock.days_allowed,
        threshold: stock.threshold,
        past: stock
            .past
            .iter()
            .map(|(day, stock)| api::PastStockDto {
                period: Grain::Week.name(*day),
                day: day.to_string(),
                stock: *stock,
            })
            .collect(),
        steps: stock.steps.iter().map(stock_step).collect(),
        already: stock.already,
        out_of_reach: stock.out_of_reach,
        back: stock.back.as_ref().map(|back| api::BackDto {
            target: back.target,
            day: back.day.map(|d| d.to_string()),
            early: back.early.map(|d| d.to_string()),
            late: back.late.map(|d| d.to_string()),
            reached: back.reached,
        }),
        needed: stock.needed,
        needed_hours: stock.needed_hours,
        scenarios: count(stock.scenarios),
    }
}

fn stock_step(step: &StockStep) -> api::StockStepDto {
    let [narrow, wide] = step.bands;
    api::StockStepDto {
        period: step.name.clone(),
        day: step.day.to_string(),
        stock: step.stock,
        range_80: range(narrow),
        range_95: range(wide),
        oldest: step.oldest,
        delay: step.delay,
        delay_p90: step.delay_p90,
        in_time: step.in_time,
        in_time_range: step.in_time_range.map(range),
        above_threshold: step.above_threshold,
        capacity: step.capacity,
    }
}
