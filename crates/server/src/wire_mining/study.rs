//! Waits, returns, hand-overs, unit times, costs and suitability, as wire types.

use eclusier_api::{self as api, CaveatDto, Text};
use eclusier_app::{
    Study,
    mining::{
        CaseTimeline, HandOvers, Rework, Suitability, UnitTimes, Unknown, VariantGroups,
        handovers::By,
        suitability::Criterion,
        waits::{Cause, CauseLost, Form, WaitFigures, Weakness},
    },
    waits::WaitsView,
    work::CostsView,
};

use super::{caveat, hours_caveats, variant};
use crate::wire::instant_us;

fn calendar_span(f: &WaitFigures) -> api::SpanDto {
    api::SpanDto {
        mean_s: f.mean_s.unwrap_or(0.0),
        median_s: f.median_s.unwrap_or(0.0),
        p90_s: f.p90_s.unwrap_or(0.0),
        total_s: f.total_s,
    }
}

fn worked_span(f: &WaitFigures) -> Option<api::SpanDto> {
    Some(api::SpanDto {
        mean_s: f.worked_mean_s?,
        median_s: f.worked_median_s?,
        p90_s: f.worked_p90_s?,
        total_s: f.worked_total_s?,
    })
}

fn by_cause(causes: &[CauseLost], of: impl Fn(&CauseLost) -> f64) -> api::WaitCausesDto {
    let lost = |cause: Cause| causes.iter().find(|c| c.cause == cause).map_or(0.0, &of);
    api::WaitCausesDto {
        batching_s: lost(Cause::Batching),
        prioritisation_s: lost(Cause::Prioritisation),
        contention_s: lost(Cause::Contention),
        unavailability_s: lost(Cause::Unavailability),
        held_s: lost(Cause::Held),
        unexplained_s: lost(Cause::Unexplained),
    }
}

pub(super) fn calendar_causes(causes: &[CauseLost]) -> api::WaitCausesDto {
    by_cause(causes, |c| c.lost.calendar_s)
}

/// `None` where no wait has a worked time.
pub(super) fn worked_causes(
    figures: &WaitFigures,
    causes: &[CauseLost],
) -> Option<api::WaitCausesDto> {
    let worked = |c: &CauseLost| c.lost.worked_s.unwrap_or(0.0);
    figures.worked_total_s.map(|_| by_cause(causes, worked))
}

fn form_name(form: Option<Form>) -> &'static str {
    match form {
        Some(Form::Full) => "full",
        Some(Form::EstimatedStarts) | None => "weaker",
        Some(Form::NoResource) => "without_people",
        Some(Form::DaysOnly) => "days",
    }
}

/// A count with its thousands set apart.
fn thousands(n: u64, mark: char) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(mark);
        }
        text.push(digit);
    }
    text
}

fn weakness(found: &Weakness) -> Option<CaveatDto> {
    let said = |code, n: u64, fr: &str, en: &str| {
        let fr = fr.replace("{n}", &thousands(n, '\u{202f}'));
        let en = en.replace("{n}", &thousands(n, ','));
        Some(caveat(code, &fr, &en))
    };
    match *found {
        Weakness::NoStartTimes { n } => said(
            "estimated_starts",
            n,
            "{n} tâches n’ont pas de début : il est estimé là où quelqu’un est nommé.",
            "{n} tasks have no start: it is estimated where somebody is named.",
        ),
        Weakness::NoResources { n } => said(
            "no_resources",
            n,
            "{n} tâches ne disent pas qui les fait : ni file d’attente ni absence n’y sont reconnues.",
            "{n} tasks do not say who did them: neither queue nor absence is recognised there.",
        ),
        Weakness::DaysOnly { n } => said(
            "date_only",
            n,
            "{n} tâches sont connues par leur jour : leur temps travaillé n’est pas calculé.",
            "{n} tasks are known by their day: their worked time is not computed.",
        ),
        Weakness::PooledCalendars { n } => said(
            "pooled_calendars",
            n,
            "{n} personnes ont trop peu d’activité : leurs horaires sont ceux de leur équipe ou de l’organisme.",
            "{n} people have too little activity: their hours are those of their team or body.",
        ),
        Weakness::MidnightInstants { n } => said(
            "midnight_instants",
            n,
            "{n} instants tombent à minuit pile, sans doute des dates sans heure : les horaires des personnes n’en tiennent pas compte.",
            "{n} instants fall at midnight sharp, probably dates without time: people’s hours leave them out.",
        ),
        Weakness::UnknownArrivals { .. } | Weakness::NoOpeningHours => None,
        Weakness::OpenTasks { n } => {
            said("open_tasks", n, "{n} tâches sont encore ouvertes.", "{n} tasks are still open.")
        }
        Weakness::NoWaits => {
            said("no_waits", 0, "Aucune attente ne peut être mesurée.", "No wait can be measured.")
        }
    }
}

/// Waiting time.
pub fn waits(view: &WaitsView, study: &Study) -> api::WaitsDto {
    let waits = &view.waits;
    let mut edges: Vec<api::WaitEdgeDto> = waits
        .edges
        .iter()
        .map(|e| {
            // The cases that lost most at the edge, whatever the cause.
            let mut worst: Vec<&CauseLost> = e.causes.iter().collect();
            worst.sort_by(|a, b| b.lost.calendar_s.total_cmp(&a.lost.calendar_s));
            let mut examples: Vec<String> = Vec::new();
            for case in worst.iter().flat_map(|c| c.examples.iter()) {
                if examples.len() < 5 && !examples.contains(case) {
                    examples.push(case.clone());
                }
            }
            api::WaitEdgeDto {
                from: e.from.clone(),
                to: e.to.clone(),
                count: e.count,
                cases: e.cases,
                calendar: calendar_span(&e.figures),
                worked: worked_span(&e.figures),
                calendar_causes: calendar_causes(&e.causes),
                worked_causes: worked_causes(&e.figures, &e.causes),
                examples,
            }
        })
        .collect();
    let weight = |e: &api::WaitEdgeDto| e.worked.map_or(e.calendar.total_s, |w| w.total_s);
    edges.sort_by(|a, b| weight(b).total_cmp(&weight(a)));
    let [fr, en] = study.hours();
    let mut caveats = hours_caveats(study, false);
    caveats.extend(waits.quality.weaknesses.iter().filter_map(weakness));
    api::WaitsDto {
        form: form_name(waits.quality.form).into(),
        cases: view.cases,
        count: waits.count,
        calendar_causes: calendar_causes(&waits.causes),
        worked_causes: worked_causes(&waits.figures, &waits.causes),
        edges,
        presence: presence(view),
        hours: Text { fr, en },
        caveats,
    }
}

fn presence(view: &WaitsView) -> Option<api::PresenceDto> {
    let profile = &view.presence;
    if profile.missing.is_some() || profile.slot_minutes == 0 {
        return None;
    }
    let a_day = usize::from(1440 / profile.slot_minutes);
    let mut active = vec![0u64; 7 * a_day];
    // Person-days of a weekday are told with each of its slots: once per team is enough.
    let mut days = [0u64; 7];
    for team in &profile.teams {
        let mut of_team = [0u64; 7];
        for slot in &team.slots {
            let day = usize::from(slot.weekday).saturating_sub(1);
            let at = day * a_day + usize::from(slot.from_minute / profile.slot_minutes);
            if let Some(sum) = active.get_mut(at) {
                *sum += slot.active_days;
            }
            if let Some(most) = of_team.get_mut(day) {
                *most = (*most).max(slot.days);
            }
        }
        days.iter_mut().zip(of_team).for_each(|(sum, more)| *sum += more);
    }
    let share = |(at, &n): (usize, &u64)| match days.get(at / a_day) {
        Some(&of) if of > 0 => n as f64 / of as f64,
        _ => 0.0,
    };
    let people: u64 = profile.teams.iter().map(|t| t.resources).sum();
    Some(api::PresenceDto {
        slot_minutes: u32::from(profile.slot_minutes),
        share: active.iter().enumerate().map(share).collect(),
        people: (people >= FEWEST).then_some(people),
    })
    // The presence of fewer than five people is theirs, not a team's.
    .filter(|p| p.people.is_some())
}

/// Fewest people of whom anything is told.
const FEWEST: u64 = 5;

fn unknown(found: Unknown) -> CaveatDto {
    match found {
        Unknown::NothingToMeasure => caveat("nothing", "Rien à mesurer.", "Nothing to measure."),
        Unknown::NoIntervals => caveat(
            "no_starts",
            "Le journal ne dit pas quand les tâches commencent : leur durée n’est pas connue.",
            "The log does not say when tasks begin: how long they take is not known.",
        ),
        Unknown::DaysOnly => caveat(
            "date_only",
            "Les dates n’ont pas d’heure : le temps travaillé n’est pas calculé.",
            "Dates have no time of day: worked time is not computed.",
        ),
        Unknown::NoResources => {
            caveat("no_resources", "Le journal ne nomme personne.", "The log names nobody.")
        }
        Unknown::NoUnits => caveat(
            "no_units",
            "Le journal ne dit pas quelle équipe travaille.",
            "The log does not say which team works.",
        ),
        Unknown::NoUnitTimes => caveat(
            "no_unit_times",
            "Aucun temps unitaire n’est connu : les renseigner dans la configuration.",
            "No unit time is known: give them in the configuration.",
        ),
        Unknown::NoPeriod => caveat(
            "no_period",
            "Le journal ne couvre aucune durée.",
            "The log covers no length of time.",
        ),
        Unknown::NoReturnsConfigured => caveat(
            "no_returns",
            "La configuration ne nomme aucun retour : les causes ne sont pas connues.",
            "The configuration names no return: causes are not known.",
        ),
        Unknown::TooFew { n } => caveat(
            "too_few",
            &format!("{n} mesures : trop peu pour un chiffre."),
            &format!("{n} measures: too few for a figure."),
        ),
        Unknown::TooFewPeople { n: _ } => caveat(
            "too_few_people",
            "Moins de cinq personnes : ce chiffre serait le leur.",
            "Fewer than five people: the figure would be theirs.",
        ),
        Unknown::HiddenWithAnother => caveat(
            "hidden_with_another",
            "Masqué : avec le total, ce chiffre donnerait celui de trop peu de personnes.",
            "Hidden: with the total, this figure would give that of too few people.",
        ),
    }
}

/// Rework.
pub fn rework(rework: &Rework, study: &Study) -> api::ReworkDto {
    let mut activities: Vec<api::ReworkActivityDto> = rework
        .activities
        .iter()
        .map(|a| api::ReworkActivityDto {
            activity: a.name.clone(),
            occurrences: a.occurrences,
            cases: a.cases,
            cases_again: a.repeated_cases,
            repeats: a.repeats,
            self_loops: a.self_loops,
            minutes: a.rework_minutes,
            first_pass_yield: a.first_pass_yield.value().unwrap_or(1.0),
        })
        .collect();
    activities.sort_by(|a, b| {
        let minutes = |x: &api::ReworkActivityDto| x.minutes.unwrap_or(0.0);
        minutes(b)
            .total_cmp(&minutes(a))
            .then(b.repeats.cmp(&a.repeats))
            .then_with(|| a.activity.cmp(&b.activity))
    });
    let alternates = |a: &str, b: &str| {
        rework
            .ping_pong
            .iter()
            .any(|p| (p.first == a && p.second == b) || (p.first == b && p.second == a))
    };
    let loops = rework.loops.iter().map(|l| api::LoopDto {
        from: l.from.clone(),
        to: l.to.clone(),
        count: l.count,
        cases: l.cases,
        ping_pong: l.from != l.to && alternates(&l.from, &l.to),
    });
    let pass = |p: &eclusier_app::mining::rework::Pass| api::PassDto {
        pass: u32::try_from(p.pass).unwrap_or(u32::MAX),
        cases: p.again.denominator.unsigned_abs(),
        returned: p.again.numerator.unsigned_abs(),
    };
    let causes = rework.returns.causes.iter().map(|c| api::ReturnCauseDto {
        cause: c.enter.join(", "),
        kind: if c.returned { "returned" } else { "held" }.into(),
        count: c.rate.numerator.unsigned_abs(),
        cases: c.cases.numerator.unsigned_abs(),
        passes: c.passes.iter().map(pass).collect(),
    });
    let mut caveats = hours_caveats(study, false);
    caveats.extend(rework.returns.unknown.map(unknown));
    caveats.extend(rework.cost.unknown.map(unknown));
    if rework.cost.left_out > 0 && rework.cost.minutes.is_some() {
        let n = rework.cost.left_out;
        caveats.push(caveat(
            "repeats_left_out",
            &format!("{n} reprises sans durée connue ne sont pas comptées dans les minutes."),
            &format!("{n} repeats of unknown length are not in the minutes."),
        ));
    }
    api::ReworkDto {
        cases: rework.cases,
        clean_cases: rework.first_pass_yield.numerator.unsigned_abs(),
        activities,
        loops: loops.collect(),
        causes: causes.collect(),
        passes: rework.returns.passes.iter().map(pass).collect(),
        minutes: rework.cost.minutes,
        fte: rework.cost.fte,
        caveats,
    }
}

/// Hand-overs; between teams, those of fewer than five people are left out.
pub fn handovers(found: &HandOvers, by: By, study: &Study) -> api::HandoversDto {
    let small: Vec<&str> = found
        .teams
        .iter()
        .filter(|t| t.people.is_some_and(|n| n < FEWEST))
        .map(|t| t.name.as_str())
        .collect();
    let shown = |name: &str| !small.contains(&name);
    let mut caveats = hours_caveats(study, false);
    caveats.extend(found.unknown.map(unknown));
    if !small.is_empty() {
        let n = small.len();
        caveats.push(caveat(
            "masked_teams",
            &format!("{n} équipes de moins de cinq personnes ne sont pas montrées."),
            &format!("{n} teams of fewer than five people are not shown."),
        ));
    }
    let mut per_case = Vec::new();
    for of in &found.per_case {
        let at = usize::try_from(of.hand_overs).unwrap_or(usize::MAX).min(50);
        if per_case.len() <= at {
            per_case.resize(at + 1, 0);
        }
        if let Some(sum) = per_case.get_mut(at) {
            *sum += of.cases;
        }
    }
    api::HandoversDto {
        by: match by {
            By::Unit => "unit",
            By::Resource => "resource",
        }
        .into(),
        cases: found.cases,
        names: found.parties.iter().filter(|p| shown(&p.name)).map(|p| p.name.clone()).collect(),
        handovers: found
            .matrix
            .iter()
            .filter(|h| shown(&h.from) && shown(&h.to))
            .map(|h| api::HandoverDto {
                from: h.from.clone(),
                to: h.to.clone(),
                count: h.count,
                cases: h.cases,
                median_wait_s: Some(h.median_wait_s),
                worked_median_wait_s: h.median_worked_wait_s,
            })
            .collect(),
        per_case,
        together: found
            .together
            .iter()
            .filter(|t| shown(&t.first) && shown(&t.second))
            .map(|t| api::TogetherDto { a: t.first.clone(), b: t.second.clone(), cases: t.cases })
            .collect(),
        segregation: found
            .segregation
            .iter()
            .map(|s| api::SegregationDto {
                a: s.first.clone(),
                b: s.second.clone(),
                cases: s.same_person.denominator.unsigned_abs(),
                same: s.same_person.numerator.unsigned_abs(),
            })
            .collect(),
        caveats,
    }
}

/// Unit times.
pub fn unit_times(times: &UnitTimes, study: &Study) -> api::UnitTimesDto {
    let configured = |activity: &str, product: Option<&str>| {
        eclusier_app::mining::costs::minutes_of(&study.rules.unit_time, product, activity)
    };
    let minutes = |s: f64| s / 60.0;
    let list = times.times.iter().map(|t| {
        let time = t.time.as_ref();
        api::UnitTimeMeasureDto {
            activity: t.activity.clone(),
            product: t.product.clone(),
            n: t.measured,
            censored: t.open + t.bounded,
            median_min: time.and_then(|x| x.median_s).map(minutes),
            median_interval: time
                .and_then(|x| Some([minutes(x.median_low_s), minutes(x.median_high_s?)])),
            trimmed_mean_min: time.map(|x| minutes(x.trimmed_mean_s)),
            p25_min: time.and_then(|x| x.p25_s).map(minutes),
            p75_min: time.and_then(|x| x.p75_s).map(minutes),
            p90_min: time.and_then(|x| x.p90_s).map(minutes),
            drift_min: time
                .and_then(|x| x.drift.as_ref())
                .filter(|d| d.alarm)
                .map(|d| minutes(d.shift_s)),
            configured_min: configured(&t.activity, t.product.as_deref()),
            reason: t.unknown.map(|u| unknown(u).text),
        }
    });
    let mut caveats = hours_caveats(study, false);
    caveats.extend(times.unknown.map(unknown));
    api::UnitTimesDto { times: list.collect(), caveats }
}

/// Costs.
pub fn costs(
    view: &CostsView,
    cents_per_hour: i64,
    paid: Option<f64>,
    study: &Study,
) -> api::CostsDto {
    let costs = &view.costs;
    let other = "—";
    let products = costs.case_types.iter().map(|c| api::CostDto {
        name: c.product.clone().unwrap_or_else(|| other.into()),
        count: c.cases.unwrap_or(0),
        minutes: c.hours * 60.0,
        cents: c.cost.0,
    });
    let mut by_activity: std::collections::BTreeMap<String, api::CostDto> = Default::default();
    for step in &costs.steps {
        let name = step.activity.clone().unwrap_or_else(|| other.into());
        let sum = by_activity.entry(name.clone()).or_insert(api::CostDto {
            name,
            count: 0,
            minutes: 0.0,
            cents: 0,
        });
        sum.count += step.count;
        sum.minutes += step.hours * 60.0;
        sum.cents = sum.cents.saturating_add(step.cost.0);
    }
    let mut activities: Vec<api::CostDto> = by_activity.into_values().collect();
    activities.sort_by(|a, b| b.cents.cmp(&a.cents).then_with(|| a.name.cmp(&b.name)));
    let mut caveats = hours_caveats(study, false);
    if view.measured {
        caveats.push(caveat(
            "measured_times",
            "Aucun temps unitaire n’est configuré : ceux mesurés dans le journal sont utilisés.",
            "No unit time is configured: those measured in the log are used.",
        ));
    }
    if !costs.left_out.is_empty() {
        let n = costs.left_out.len();
        caveats.push(caveat(
            "left_out",
            &format!("{n} ensembles de tâches sans temps unitaire ne sont pas chiffrés."),
            &format!("{n} sets of tasks without unit time are not valued."),
        ));
    }
    api::CostsDto {
        cents_per_hour,
        products: products.collect(),
        activities,
        idle_cents: paid.map(|_| costs.idle.0),
        paid_cents: paid.map(|_| costs.paid.0),
        caveats,
    }
}

fn criterion(c: Criterion) -> (&'static str, [&'static str; 2]) {
    match c {
        Criterion::Volume => ("volume", ["Dossiers par an", "Cases a year"]),
        Criterion::Manual => {
            ("manual_share", ["Part traitée par une personne", "Share handled by a person"])
        }
        Criterion::HandOvers => {
            ("handovers", ["Passages entre équipes par dossier", "Hand-overs per case"])
        }
        Criterion::Variants => {
            ("variants", ["Variantes pour 100 dossiers", "Variants per 100 cases"])
        }
        Criterion::Waiting => {
            ("waiting_share", ["Part du délai en attente", "Share of the lead time waiting"])
        }
        Criterion::Rework => {
            ("rework_share", ["Part des tâches refaites", "Share of tasks done again"])
        }
        Criterion::Late => ("late_share", ["Part des dossiers en retard", "Share of late cases"]),
    }
}

/// A process in the ranking.
pub fn suitability(found: &Suitability, label: &str) -> api::SuitabilityDto {
    let known: f64 = 100.0;
    let mut criteria: Vec<api::CriterionDto> = found
        .criteria
        .iter()
        .map(|c| {
            let (id, [fr, en]) = criterion(c.criterion);
            let weight = match (c.contribution, c.points) {
                (Some(part), Some(points)) if points > 0.0 => part / points,
                _ => 0.0,
            };
            api::CriterionDto {
                id: id.into(),
                value: c.value,
                points: c.contribution,
                weight: weight.min(known),
                text: Text::new(fr, en),
            }
        })
        .collect();
    criteria.sort_by(|a, b| b.points.unwrap_or(-1.0).total_cmp(&a.points.unwrap_or(-1.0)));
    api::SuitabilityDto {
        process: found.process.clone(),
        label: if label.is_empty() { found.process.clone() } else { label.to_owned() },
        score: found.score,
        criteria,
    }
}

/// Variants that look alike.
pub fn groups(found: VariantGroups) -> api::VariantGroupsDto {
    let names = |list: Vec<eclusier_app::mining::variant_groups::ActivityShare>| {
        list.into_iter().map(|a| a.activity).collect()
    };
    let group = |g: eclusier_app::mining::VariantGroup| api::VariantGroupDto {
        medoid: variant(g.medoid),
        variants: g.variants,
        cases: g.cases,
        share: g.share,
        median_lead_time_s: g.median_lead_time_s,
        more: names(g.more),
        less: names(g.less),
    };
    api::VariantGroupsDto {
        groups: found.groups.into_iter().map(group).collect(),
        total: found.total,
    }
}

/// The timeline of a case.
pub fn timeline(found: CaseTimeline, study: &Study) -> api::TimelineDto {
    let days = found.tasks.iter().any(|t| t.day);
    let task = |t: eclusier_app::mining::TimelineTask| api::TimelineTaskDto {
        activity: t.activity,
        start: t.start.and_then(instant_us),
        end: t.end.and_then(instant_us),
        day: t.day,
        unit: t.unit,
        wait_s: t.wait_s,
        worked_wait_s: t.worked_wait_s,
        touch_s: t.touch_s,
        worked_touch_s: t.worked_touch_s,
    };
    api::TimelineDto {
        case: found.case,
        variant: found.variant.to_string(),
        tasks: found.tasks.into_iter().map(task).collect(),
        caveats: hours_caveats(study, days),
    }
}
