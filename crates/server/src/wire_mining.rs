//! Answers about a log, as wire types; and the conditions on cases, as the URL writes them.

mod reasons;
mod study;

pub(crate) use reasons::wanted;
pub use reasons::{conformance, discovery, finding, lateness, losses, stream};
pub use study::{costs, groups, handovers, rework, suitability, timeline, unit_times, waits};

use eclusier_api::{self as api, CaveatDto, Text};
use eclusier_app::{
    AppError, AppResult, Filter, Study, VariantId,
    mining::{Map, OutcomeShare, Rows, Span, Variant, Variants},
};

/// A caveat by its code.
pub(crate) fn caveat(code: &str, fr: &str, en: &str) -> CaveatDto {
    CaveatDto { code: code.into(), text: Text::new(fr, en) }
}

/// What opening hours nobody said do to worked time.
pub(crate) fn hours_caveats(study: &Study, days: bool) -> Vec<CaveatDto> {
    let mut caveats = Vec::new();
    if study.usual_hours() {
        caveats.push(caveat(
            "usual_hours",
            "Les horaires d’ouverture ne sont pas renseignés : sept heures par jour ouvré sont comptées.",
            "Opening hours are not given: seven hours a worked day are counted.",
        ));
    }
    if days {
        caveats.push(caveat(
            "date_only",
            "Des dates n’ont pas d’heure : le temps travaillé n’est pas calculé.",
            "Some dates have no time of day: worked time is not computed.",
        ));
    }
    caveats
}

pub(crate) fn span(span: Span) -> api::SpanDto {
    api::SpanDto {
        mean_s: span.mean_s,
        median_s: span.median_s,
        p90_s: span.p90_s,
        total_s: span.total_s,
    }
}

/// The process map.
pub fn map(map: Map, study: &Study) -> api::MapDto {
    let activities = map.activities.into_iter().map(|a| api::MapActivityDto {
        name: a.name,
        events: a.events,
        cases: a.cases,
        touch: a.touch.map(span),
        worked_touch: a.worked_touch.map(span),
    });
    let edges = map.edges.into_iter().map(|e| api::MapEdgeDto {
        from: e.from,
        to: e.to,
        count: e.count,
        cases: e.cases,
        mean_s: e.span.mean_s,
        median_s: e.span.median_s,
        p90_s: e.span.p90_s,
        total_s: e.span.total_s,
        worked: e.worked.map(span),
    });
    let [fr, en] = study.hours();
    api::MapDto {
        activities: activities.collect(),
        edges: edges.collect(),
        start: map.start,
        end: map.end,
        cases: map.cases,
        cases_in_all: study.cases_in_all(),
        hours: Some(Text { fr, en }),
        caveats: hours_caveats(study, map.days),
    }
}

pub(crate) fn variant(v: Variant) -> api::VariantDto {
    let outcome = |o: OutcomeShare| api::OutcomeDto { outcome: o.outcome, cases: o.cases };
    api::VariantDto {
        id: v.id.to_string(),
        variant: v.variant,
        cases: v.cases,
        share: v.share,
        cumulative_share: v.cumulative_share,
        median_lead_time_s: v.median_lead_time_s,
        worked_median_lead_time_s: v.worked_median_lead_time_s,
        outcomes: v.outcomes.into_iter().map(outcome).collect(),
    }
}

/// The variants.
pub fn variants(variants: Variants) -> api::VariantsDto {
    api::VariantsDto {
        total: variants.total,
        cases: variants.cases,
        variants: variants.variants.into_iter().map(variant).collect(),
        happy: variants.happy.map(variant),
    }
}

/// The conditions on cases of a query string.
pub fn case_filter(query: &api::CaseFilterQuery) -> AppResult<Filter> {
    let mut attribute: Vec<(String, Vec<String>)> = Vec::new();
    for (name, value) in pairs("attr", &query.attr, ':')? {
        match attribute.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.push(value),
            None => attribute.push((name, vec![value])),
        }
    }
    let mut variant = Vec::new();
    for text in names(&query.variant) {
        variant.push(VariantId::parse(&text).ok_or_else(|| {
            AppError::invalid(
                "variant",
                format!(
                    "« {text} » n’est pas l’identifiant d’une variante : 16 chiffres hexadécimaux"
                ),
                format!("“{text}” is not the identifier of a variant: 16 hexadecimal digits"),
            )
        })?);
    }
    let us = |seconds: Option<u64>| {
        seconds.map(|s| i64::try_from(s).unwrap_or(i64::MAX).saturating_mul(1_000_000))
    };
    Ok(Filter {
        with_activity: names(&query.with),
        without_activity: names(&query.without),
        with_path: pairs("path", &query.path, '>')?,
        without_path: pairs("no_path", &query.no_path, '>')?,
        variant,
        attribute,
        min_duration_us: us(query.min_s),
        max_duration_us: us(query.max_s),
        reading: query
            .rows
            .as_deref()
            .filter(|r| !r.is_empty())
            .map_or(Ok(Rows::Tasks), reading)?,
        ..Filter::default()
    })
}

fn reading(text: &str) -> AppResult<Rows> {
    text.parse()
        .map_err(|_| AppError::invalid("rows", "écrire tasks ou events", "write tasks or events"))
}

/// Names separated by commas, each percent-encoded.
pub(crate) fn names(text: &Option<String>) -> Vec<String> {
    let parts = text.iter().flat_map(|t| t.split(',')).filter(|n| !n.is_empty());
    parts.map(decoded).collect()
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn pairs(
    field: &'static str,
    text: &Option<String>,
    between: char,
) -> AppResult<Vec<(String, String)>> {
    let parts = text.iter().flat_map(|t| t.split(',')).filter(|n| !n.is_empty());
    parts
        .map(|part| match part.split_once(between) {
            Some((a, b)) => Ok((decoded(a), decoded(b))),
            None => Err(AppError::invalid(
                field,
                format!("« {part} » : écrire deux noms séparés par « {between} »"),
                format!("“{part}”: write two names separated by “{between}”"),
            )),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_their_separators_when_they_are_encoded() {
        let query = api::CaseFilterQuery {
            with: Some("Reçu%2C complet,Décision".into()),
            path: Some("A%3EB>C".into()),
            attr: Some("motif:vie,motif:d%C3%A9c%C3%A8s,rang:1".into()),
            min_s: Some(60),
            ..Default::default()
        };
        let filter = case_filter(&query).unwrap();
        assert_eq!(filter.with_activity, ["Reçu, complet", "Décision"]);
        assert_eq!(filter.with_path, [("A>B".to_owned(), "C".to_owned())]);
        let motif = ("motif".to_owned(), vec!["vie".to_owned(), "décès".to_owned()]);
        assert_eq!(filter.attribute, [motif, ("rang".to_owned(), vec!["1".to_owned()])]);
        assert_eq!(filter.min_duration_us, Some(60_000_000));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let wrong = |query| case_filter(&query).is_err();
        assert!(wrong(api::CaseFilterQuery { path: Some("seul".into()), ..Default::default() }));
        assert!(wrong(api::CaseFilterQuery { variant: Some("12".into()), ..Default::default() }));
        assert!(wrong(api::CaseFilterQuery { rows: Some("lignes".into()), ..Default::default() }));
        let empty = api::CaseFilterQuery {
            rows: Some(String::new()),
            with: Some(String::new()),
            ..Default::default()
        };
        assert!(case_filter(&empty).unwrap().is_empty());
    }
}
