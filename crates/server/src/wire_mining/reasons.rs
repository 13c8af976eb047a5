//! Losses, lateness, models and value stream, as wire types.

use eclusier_api::{self as api, CaveatDto, Text};
use eclusier_app::{
    Study,
    losses::{LateBy, LatenessView, LossesView, cause_name},
    mining::{
        Conformance,
        anomalies::{Direction, LossKind, Ranked, Verdict},
        bpmn::Finding,
        conformance::{Deviation, DeviationKind, Method},
        lateness::{FactorKind, Level, Moment, Refusal, Refused},
        value_stream::{Missing, StreamStep, ValueStream},
        waits::{Cause, CauseLost},
    },
    models::Discovered,
    streams::{StreamView, WHOLE_DAYS, WantedStep, cause_words},
};

use super::{caveat, hours_caveats};

fn encoded(name: &str) -> String {
    percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC).to_string()
}

fn loss_words(r: &Ranked) -> Text {
    let s = &r.loss.subject;
    let cause =
        s.cause.as_deref().and_then(|name| Cause::ALL.into_iter().find(|c| cause_name(*c) == name));
    let [fr_cause, en_cause] = cause.map_or(["", ""], cause_words);
    let (fr_why, en_why) = match cause {
        Some(_) => (format!(" : {fr_cause}"), format!(": {en_cause}")),
        None => (String::new(), String::new()),
    };
    match (r.loss.kind, s.activities.as_slice()) {
        (LossKind::Wait, [from, to]) => Text::new(
            format!("Attente de « {to} » après « {from} »{fr_why}"),
            format!("Wait for “{to}” after “{from}”{en_why}"),
        ),
        (LossKind::Wait, [to]) => Text::new(
            format!("Attente de « {to} » à l’entrée{fr_why}"),
            format!("Wait for “{to}” at entry{en_why}"),
        ),
        (LossKind::Rework, [activity]) => {
            Text::new(format!("« {activity} » refaite"), format!("“{activity}” done again"))
        }
        (_, names) => Text::new(names.join(" → "), names.join(" → ")),
    }
}

/// The TOP of losses.
pub fn losses(view: &LossesView, top: usize, study: &Study) -> api::LossesDto {
    let kind = |k: LossKind| match k {
        LossKind::Wait => "wait",
        LossKind::Rework => "rework",
        LossKind::Return => "return",
        LossKind::Deviation => "deviation",
        LossKind::Handover => "handover",
        LossKind::Late => "late",
    };
    let one = |r: &Ranked| {
        let s = &r.loss.subject;
        api::LossDto {
            id: r.id.clone(),
            kind: kind(r.loss.kind).into(),
            text: loss_words(r),
            activities: s.activities.clone(),
            cause: s.cause.clone(),
            cases: r.loss.cases,
            occurrences: r.loss.occurrences,
            minutes: r.minutes_lost,
            share: r.share.unwrap_or(0.0),
            cumulative_share: r.cumulative_share.unwrap_or(0.0),
            months: r
                .loss
                .months
                .iter()
                .map(|m| api::MonthLossDto {
                    month: m.month.to_string(),
                    minutes: m.lost_us as f64 / 6e7,
                    cases: m.cases,
                })
                .collect(),
            trend: match r.trend.direction {
                Direction::Rising => "rising",
                Direction::Falling => "falling",
                Direction::Steady => "steady",
                Direction::Unknown => "unknown",
            }
            .into(),
            slope: r.trend.slope,
            slope_interval: r.trend.slope_interval,
            stability: match r.stability.verdict {
                Verdict::Stable => "stable",
                Verdict::Unstable => "unstable",
                Verdict::Unknown => "unknown",
            }
            .into(),
            // The cases that do the second activity after the first, or the activity alone:
            // an activity may wait for another than the one just before it.
            filter: {
                let list: Vec<String> = s.activities.iter().map(|a| encoded(a)).collect();
                format!("with={}", encoded(&list.join(",")))
            },
        }
    };
    let mut caveats = hours_caveats(study, false);
    if view.calendar {
        caveats.push(caveat(
            "calendar_time",
            "Les dates n’ont pas d’heure : les minutes comptées ici sont calendaires.",
            "Dates have no time of day: the minutes counted here are calendar minutes.",
        ));
    }
    if view.estimated {
        caveats.push(caveat(
            "estimated_starts",
            "Des débuts de tâche sont estimés.",
            "Some starts of tasks are estimated.",
        ));
    }
    api::LossesDto {
        losses: view.top.losses.iter().take(top).map(one).collect(),
        minutes: view.top.minutes,
        total: view.top.found,
        caveats,
    }
}

fn factor_name(kind: FactorKind) -> (&'static str, Option<[&'static str; 2]>) {
    match kind {
        FactorKind::Product => ("product", Some(["Produit", "Product"])),
        FactorKind::Channel => ("channel", Some(["Canal", "Channel"])),
        FactorKind::Unit => ("unit", Some(["Unité", "Unit"])),
        FactorKind::Org => ("org", Some(["Organisme", "Organisation"])),
        FactorKind::Attribute => ("attribute", None),
        FactorKind::Load => {
            ("load", Some(["Dossiers ouverts à l’arrivée", "Open cases at arrival"]))
        }
        FactorKind::Rework => ("rework", Some(["Tâche refaite", "Task done again"])),
        FactorKind::Handovers => {
            ("handovers", Some(["Passages entre personnes", "Changes of hands"]))
        }
        FactorKind::Activity => ("activity", None),
        FactorKind::Weekday => ("weekday", Some(["Jour d’arrivée", "Weekday of arrival"])),
        FactorKind::Month => ("month", Some(["Mois d’arrivée", "Month of arrival"])),
    }
}

const WEEKDAYS: [[&str; 2]; 7] = [
    ["lundi", "Monday"],
    ["mardi", "Tuesday"],
    ["mercredi", "Wednesday"],
    ["jeudi", "Thursday"],
    ["vendredi", "Friday"],
    ["samedi", "Saturday"],
    ["dimanche", "Sunday"],
];
const MONTHS: [[&str; 2]; 12] = [
    ["janvier", "January"],
    ["février", "February"],
    ["mars", "March"],
    ["avril", "April"],
    ["mai", "May"],
    ["juin", "June"],
    ["juillet", "July"],
    ["août", "August"],
    ["septembre", "September"],
    ["octobre", "October"],
    ["novembre", "November"],
    ["décembre", "December"],
];

fn level_words(level: &Level) -> [String; 2] {
    let named = |list: &[[&str; 2]], at: u8| {
        let found = usize::from(at).checked_sub(1).and_then(|i| list.get(i).copied());
        found.unwrap_or(["—", "—"]).map(str::to_owned)
    };
    match level {
        Level::Weekday(d) => named(&WEEKDAYS, *d),
        Level::Month(m) => named(&MONTHS, *m),
        Level::Yes => ["oui".into(), "yes".into()],
        Level::No => ["non".into(), "no".into()],
        Level::Times(a, None) => [format!("{a} et plus"), format!("{a} or more")],
        Level::SmallTeams => {
            ["(équipes de moins de 5 personnes)".into(), "(teams of fewer than 5 people)".into()]
        }
        Level::Others => ["(autres)".into(), "(others)".into()],
        Level::Missing => ["(non renseigné)".into(), "(not given)".into()],
        other => [other.label(), other.label()],
    }
}

fn refused(r: &Refused) -> Text {
    let name = &r.name;
    let (fr, en) = match &r.why {
        Refusal::NamesPerson => ("désigne une personne".into(), "speaks of a person".into()),
        Refusal::HoldsPseudonyms => ("porte des pseudonymes".into(), "holds pseudonyms".into()),
        Refusal::TellsPersons => (
            "distingue des personnes ou de trop petites équipes".into(),
            "tells people or small teams apart".into(),
        ),
        Refusal::TooManyValues { distinct } => {
            (format!("a {distinct} valeurs distinctes"), format!("has {distinct} distinct values"))
        }
        Refusal::Identifier => ("est un identifiant".into(), "is an identifier".into()),
        Refusal::Dates => ("porte des dates".into(), "holds dates".into()),
        Refusal::TooFewCases => {
            ("a trop peu de dossiers d’un côté".into(), "has too few cases on one side".into())
        }
        Refusal::NoResources => {
            ("le journal ne nomme personne".into(), "the log names nobody".into())
        }
        Refusal::BeyondLimit => {
            ("au-delà du nombre examiné".into(), "beyond the number examined".into())
        }
    };
    let name = factor_name(r.kind).1.map_or([name.clone(), name.clone()], |w| w.map(str::to_owned));
    Text::new(format!("{} : {fr}", name[0]), format!("{}: {en}", name[1]))
}

/// What goes with lateness.
pub fn lateness(view: &LatenessView, study: &Study) -> api::LatenessDto {
    let target = match view.by {
        LateBy::Targets => Text::new(
            "En retard : au-delà du délai cible de la configuration.",
            "Late: beyond the target of the configuration.",
        ),
        LateBy::SlowestQuarter { hours } => {
            let days = hours / 7.0;
            Text::new(
                format!(
                    "Aucun délai cible n’est configuré : le quart le plus lent (au-delà de {} jours travaillés) est comparé aux autres.",
                    format!("{days:.1}").replace('.', ",")
                ),
                format!(
                    "No target is configured: the slowest quarter (beyond {days:.1} worked days) is compared with the others."
                ),
            )
        }
    };
    let mut caveats = hours_caveats(study, false);
    if let Some([fr, en]) = &view.why_none {
        caveats.push(caveat("not_compared", fr, en));
    }
    let Some(found) = &view.lateness else {
        return api::LatenessDto {
            cases: 0,
            late: 0,
            undecided: 0,
            target: Some(target),
            factors: Vec::new(),
            refused: Vec::new(),
            caveats,
        };
    };
    let factors = found.factors.iter().map(|f| {
        let (id, words) = factor_name(f.kind);
        let [fr, en] = level_words(&f.level);
        let text = match (words, f.kind) {
            (Some([name_fr, name_en]), _) => {
                Text::new(format!("{name_fr} : {fr}"), format!("{name_en}: {en}"))
            }
            (None, FactorKind::Activity) => {
                Text::new(format!("« {} » : {fr}", f.factor), format!("“{}”: {en}", f.factor))
            }
            (None, _) => Text::new(format!("{} : {fr}", f.factor), format!("{}: {en}", f.factor)),
        };
        api::FactorDto {
            factor: if words.is_some() { id.into() } else { f.factor.clone() },
            level: f.level.label(),
            text,
            known_at_arrival: f.moment == Moment::AtArrival,
            cases: f.cases,
            late: f.late,
            others: f.others,
            others_late: f.others_late,
            difference: f.difference,
            difference_interval: f.difference_interval,
            odds_ratio: f.adjusted.as_ref().map(|a| a.odds_ratio),
            odds_interval: f.adjusted.as_ref().map(|a| a.odds_interval),
            p: f.adjusted.as_ref().map_or(f.p_corrected, |a| a.p_corrected),
            significant: f.significant,
        }
    });
    api::LatenessDto {
        cases: found.cases,
        late: found.late,
        undecided: found.undecided,
        target: Some(target),
        factors: factors.collect(),
        refused: found.refused.iter().map(refused).collect(),
        caveats,
    }
}

/// A model found.
pub fn discovery(found: Discovered) -> api::DiscoveryDto {
    api::DiscoveryDto {
        bpmn: found.bpmn,
        noise: found.noise,
        activities: found.activities,
        gateways: found.gateways,
        cases: found.cases,
    }
}

/// What reading a model left out, in words.
pub fn finding(found: &Finding) -> CaveatDto {
    let (code, fr, en) = match found {
        Finding::OtherProcesses { left_out, .. } => (
            "other_processes",
            format!("{left_out} autres processus du document sont laissés."),
            format!("{left_out} other processes of the document are left out."),
        ),
        Finding::BoundaryEvent { id, .. } => (
            "boundary_event",
            format!("L’événement de bordure {id} et ses suites sont laissés."),
            format!("Boundary event {id} and what follows it are left out."),
        ),
        Finding::SubProcess { id } => (
            "sub_process",
            format!("Le sous-processus {id} est déplié."),
            format!("Sub-process {id} is unfolded."),
        ),
        Finding::SubProcessEnds { id, ends } => (
            "sub_process_ends",
            format!("Les {ends} fins du sous-processus {id} sont jointes."),
            format!("The {ends} ends of sub-process {id} are joined."),
        ),
        Finding::EventSubProcess { id } => (
            "event_sub_process",
            format!("Le sous-processus événementiel {id} est laissé."),
            format!("Event sub-process {id} is left out."),
        ),
        Finding::Repeated { id } => (
            "repeated",
            format!("La tâche répétée {id} est prise une fois."),
            format!("Repeated task {id} is taken once."),
        ),
        Finding::SilentEvents { count } => (
            "silent_events",
            format!("{count} événements intermédiaires sont franchis sans trace."),
            format!("{count} intermediate events are passed without a trace."),
        ),
        Finding::UnnamedTask { id } => (
            "unnamed_task",
            format!("La tâche {id} n’a pas de nom : elle est franchie sans trace."),
            format!("Task {id} has no name: it is passed without a trace."),
        ),
        Finding::Unreached { ids } => (
            "unreached",
            format!("{} étapes ne sont atteintes par aucun chemin.", ids.len()),
            format!("{} steps are reached by no path.", ids.len()),
        ),
        Finding::Lanes { count } => (
            "lanes",
            format!("Les {count} couloirs ne sont pas lus."),
            format!("The {count} lanes are not read."),
        ),
        Finding::ComplexGateway { id } => (
            "complex_gateway",
            format!("La passerelle complexe {id} est lue comme inclusive."),
            format!("Complex gateway {id} is read as inclusive."),
        ),
        Finding::Drawn => (
            "drawn",
            "Le document n’a pas de dessin : il est disposé par le programme.".into(),
            "The document has no drawing: the program lays it out.".into(),
        ),
    };
    caveat(code, &fr, &en)
}

fn deviation(d: &Deviation) -> api::DeviationDto {
    let activity = &d.activity;
    let text = match (d.kind, &d.after) {
        (DeviationKind::Skipped, Some(after)) => Text::new(
            format!("« {activity} » prévue après « {after} », non faite"),
            format!("“{activity}” foreseen after “{after}”, not done"),
        ),
        (DeviationKind::Skipped, None) => Text::new(
            format!("« {activity} » prévue au début, non faite"),
            format!("“{activity}” foreseen at the beginning, not done"),
        ),
        (DeviationKind::Unforeseen, Some(after)) => Text::new(
            format!("« {activity} » faite après « {after} », non prévue"),
            format!("“{activity}” done after “{after}”, not foreseen"),
        ),
        (DeviationKind::Unforeseen, None) => Text::new(
            format!("« {activity} » faite au début, non prévue"),
            format!("“{activity}” done at the beginning, not foreseen"),
        ),
    };
    api::DeviationDto {
        kind: if d.kind == DeviationKind::Skipped { "skipped" } else { "unforeseen" }.into(),
        activity: activity.clone(),
        after: d.after.clone(),
        occurrences: d.occurrences,
        cases: d.cases,
        extra_minutes: d.extra_time.as_ref().map(|e| e.minutes),
        text,
    }
}

/// How far cases follow a model.
pub fn conformance(found: &Conformance, caveats: Vec<CaveatDto>) -> api::ConformanceDto {
    let mut caveats = caveats;
    if found.variants_unknown > 0 {
        let (n, cases) = (found.variants_unknown, found.cases_unknown);
        caveats.push(caveat(
            "unknown_variants",
            &format!("{n} variantes ({cases} dossiers) demandent trop de mémoire : elles ne sont dans aucun chiffre."),
            &format!("{n} variants ({cases} cases) need too much memory: they are in no figure."),
        ));
    }
    api::ConformanceDto {
        method: if found.method == Method::Alignments { "alignments" } else { "replay" }.into(),
        fitness: found.fitness,
        precision: found.precision,
        cases: found.cases,
        cases_fitting: found.cases_fitting,
        variants: found.variants,
        variants_unknown: found.variants_unknown,
        deviations: found.deviations.iter().map(deviation).collect(),
        activities: found
            .activities
            .iter()
            .map(|a| api::ActivityFitDto {
                activity: a.activity.clone(),
                fitting: a.synchronous,
                unforeseen: a.log_moves,
                skipped: a.model_moves,
            })
            .collect(),
        caveats,
    }
}

fn step(s: &StreamStep, stream: &ValueStream, view: &StreamView) -> api::StreamStepDto {
    let mean = |us: i64| if stream.cases > 0 { us as f64 / 6e7 / stream.cases as f64 } else { 0.0 };
    let waits = view.waits.activities.iter().find(|a| a.name == s.name);
    api::StreamStepDto {
        activity: s.name.clone(),
        cases: s.cases,
        occurrences: s.occurrences,
        wait_min: mean(s.rung.wait_us),
        median_wait_min: s.wait.map(|w| w.median_s / 60.0),
        touch_min: s.touch.map(|_| mean(s.rung.touch_us)),
        median_touch_min: s.touch.map(|t| t.median_s / 60.0),
        arrivals_per_day: s.arrivals.per_worked_day,
        output_per_day: s.output.per_worked_day,
        stock: Some(s.stock.saturating_add(s.in_progress)),
        first_pass_yield: s.first_pass.value(),
        people: s.people,
        people_missing: s.people_missing.and_then(missing_people),
        causes: waits.and_then(|w| cause_shares(&w.causes)),
    }
}

/// Why nobody is counted at a step, as a code.
fn missing_people(missing: Missing) -> Option<String> {
    let code = match missing {
        Missing::NoCases => "no_cases",
        Missing::NoResources => "no_resources",
        Missing::TooFew => "too_few",
        _ => return None,
    };
    Some(code.to_owned())
}

/// Causes as shares: worked time where it is known, else calendar time.
fn cause_shares(causes: &[CauseLost]) -> Option<api::CauseSharesDto> {
    let share = |cause: Cause| {
        let own = causes.iter().find(|c| c.cause == cause);
        own.and_then(|c| c.worked_share.or(c.calendar_share)).unwrap_or(0.0)
    };
    let shares = api::CauseSharesDto {
        batching: share(Cause::Batching),
        prioritisation: share(Cause::Prioritisation),
        contention: share(Cause::Contention),
        unavailability: share(Cause::Unavailability),
        held: share(Cause::Held),
        unexplained: share(Cause::Unexplained),
    };
    causes.iter().any(|c| c.worked_share.or(c.calendar_share).is_some()).then_some(shares)
}

/// The value stream.
pub fn stream(view: &StreamView, study: &Study) -> api::StreamDto {
    let stream = &view.stream;
    let minutes = |us: i64| (stream.cases > 0).then(|| us as f64 / 6e7 / stream.cases as f64);
    let days = stream.dated_by_day.numerator > 0;
    let other = &stream.other;
    let [fr, en] = study.hours();
    let mut caveats = hours_caveats(study, false);
    if days {
        let [fr, en] = WHOLE_DAYS;
        caveats.push(caveat("date_only", fr, en));
    }
    if stream.steps.iter().any(|s| s.wait_holds_touch.numerator > 0) {
        caveats.push(caveat(
            "no_starts",
            "Des tâches n’ont pas de début : leur temps de traitement est compté dans l’attente.",
            "Some tasks have no start: the time they take is counted in the wait.",
        ));
    }
    api::StreamDto {
        steps: stream.steps.iter().map(|s| step(s, stream, view)).collect(),
        other: (other.activities > 0).then(|| api::StreamStepDto {
            activity: String::new(),
            cases: stream.cases,
            occurrences: other.occurrences,
            wait_min: minutes(other.rung.wait_us).unwrap_or(0.0),
            median_wait_min: None,
            touch_min: minutes(other.rung.touch_us),
            median_touch_min: None,
            arrivals_per_day: None,
            output_per_day: None,
            stock: None,
            first_pass_yield: None,
            people: None,
            people_missing: None,
            causes: None,
        }),
        cases: stream.cases,
        lead_min: minutes(stream.totals.lead_us),
        touch_min: stream.totals.touch_share.and_then(|_| minutes(stream.totals.touch_us)),
        wait_min: minutes(stream.totals.wait_us),
        value_added_share: stream.totals.value_added_share.and_then(|r| r.value()),
        activities: view.activities.clone(),
        hours: Text { fr, en },
        caveats,
    }
}

/// What a workshop wants, for the page.
pub(crate) fn wanted(content: &api::WorkshopBody) -> Vec<WantedStep> {
    content
        .targets
        .iter()
        .map(|t| WantedStep {
            activity: t.activity.clone(),
            wait_min: t.wait_min,
            touch_min: t.touch_min,
            first_pass: t.first_pass_yield,
            adds_value: t.adds_value,
            note: t.note.clone(),
        })
        .collect()
}
