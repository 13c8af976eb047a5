//! The value stream of a process, and the page that hangs in the room of a workshop.

use std::collections::{BTreeMap, BTreeSet};

use eclusier_core::{Lang, Permission};
use eclusier_mining::{
    ValueStream, value_stream,
    value_stream::{Missing, Options, StreamStep},
    waits::{Cause, Waits},
};
use eclusier_report::{
    StreamSheet,
    stream::{Figure, SheetOther, SheetStep, SheetTarget, SheetTotals},
    words,
};

use crate::{
    App, Study,
    error::{AppError, AppResult},
    figures::Selection,
    imports::Watch,
    losses::days_of,
};

/// A value stream and what is known of its waits.
#[derive(Debug, Clone)]
pub struct StreamView {
    /// Measured.
    pub stream: ValueStream,
    /// Why cases wait.
    pub waits: Waits,
    /// Activities of the log, by name.
    pub activities: Vec<String>,
}

/// What a workshop wants, as the page shows it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WantedStep {
    /// Activity.
    pub activity: String,
    /// Wait wanted, worked minutes.
    pub wait_min: Option<f64>,
    /// Touch wanted, worked minutes.
    pub touch_min: Option<f64>,
    /// First-pass yield wanted.
    pub first_pass: Option<f64>,
    /// Whether it adds value.
    pub adds_value: bool,
    /// Note.
    pub note: String,
}

/// What dates without a time of day leave to be said of a stream.
pub const WHOLE_DAYS: [&str; 2] = [
    "Des dates n’ont pas d’heure\u{a0}: les attentes sont en journées entières, le traitement n’est pas connu.",
    "Some dates have no time of day: waits are in whole days, touch time is not known.",
];

/// The page in one of its forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageForm {
    /// Portable document, tagged.
    Pdf,
    /// Drawing.
    Svg,
}

impl App {
    /// The value stream of a study; the usual steps when none is asked.
    pub async fn value_stream(
        &self,
        study: &Study,
        steps: Vec<String>,
        adding: Vec<String>,
    ) -> AppResult<StreamView> {
        let watch = Watch::default();
        let _guard = watch.until_dropped();
        let waits = self.waits(study).await?.waits;
        let log = self.tasks(study, false, &watch).await?;
        let desk = self.seen(Permission::LogRead, &study.process, None).await?;
        let (study, watch) = (study.clone(), watch.clone());
        self.blocking(move || {
            let open: BTreeSet<String> = desk
                .closings()
                .filter(|(_, closed, _)| closed.is_none())
                .map(|(line, ..)| line.id.to_owned())
                .collect();
            let closed = |case: &eclusier_mining::CaseRow| !open.contains(&case.id);
            let stop = || watch.cancelled();
            let options = Options {
                steps: (!steps.is_empty()).then_some(steps),
                value_adding: (!adding.is_empty()).then_some(adding),
                closed: &closed,
                stop: &stop,
                ..Options::default()
            };
            let stream =
                value_stream(&log, &study.clock, &options).map_err(|_| AppError::Cancelled)?;
            let mut activities = log.activities.names().to_vec();
            activities.sort_unstable();
            Ok(StreamView { stream, waits, activities })
        })
        .await
    }

    /// The page of a value stream, beside what a workshop wants.
    pub async fn stream_page(
        &self,
        study: &Study,
        selection: &Selection,
        steps: Vec<String>,
        wanted: (Vec<WantedStep>, String),
        form: PageForm,
        lang: Lang,
    ) -> AppResult<Vec<u8>> {
        self.reach(Permission::ExportsWrite, &study.process)?;
        let adding = wanted.0.iter().filter(|w| w.adds_value).map(|w| w.activity.clone()).collect();
        let view = self.value_stream(study, steps, adding).await?;
        let label = self.label(&study.process).await?;
        let sheet = sheet(&view, study, selection, &label, &wanted, lang, self.now());
        self.blocking(move || {
            let document = eclusier_report::value_stream_page(&sheet, lang);
            match form {
                PageForm::Svg => Ok(eclusier_report::svg(&document, 0).into_bytes()),
                PageForm::Pdf => eclusier_report::pdf(&document).map_err(|e| AppError::Refused {
                    code: "page_not_drawn".into(),
                    fr: format!("la page n’a pas pu être dessinée : {e}"),
                    en: e.to_string(),
                }),
            }
        })
        .await
    }
}

fn say(lang: Lang, [fr, en]: [String; 2]) -> String {
    match lang {
        Lang::Fr => fr,
        Lang::En => en,
    }
}

/// Why a figure is absent, in words.
fn why(missing: Option<Missing>, lang: Lang) -> &'static str {
    let Some(missing) = missing else { return "" };
    match missing {
        Missing::NoCases => lang.pick("aucun dossier", "no case"),
        Missing::NoStartTimes => lang.pick("débuts de tâche inconnus", "start times unknown"),
        Missing::DaysOnly => lang.pick("dates sans heure", "dates without time"),
        Missing::NoResources => lang.pick("personne n’est nommé", "nobody is named"),
        Missing::TooFew => lang.pick("moins de 5 personnes", "fewer than 5 people"),
        Missing::NoOutput => lang.pick("aucune sortie", "no output"),
        Missing::NotSaid => lang.pick("à dire en atelier", "for the workshop to say"),
    }
}

fn figure(value: Option<f64>, missing: Option<Missing>, lang: Lang) -> Figure {
    match value {
        Some(value) => Figure::of(value),
        None => Figure::missing(why(missing, lang)),
    }
}

/// A cause of waiting in words, those of the screens.
pub fn cause_words(cause: Cause) -> [&'static str; 2] {
    match cause {
        Cause::Held => ["attente externe", "held externally"],
        Cause::Batching => ["groupage", "batching"],
        Cause::Contention => ["agent occupé", "handler busy"],
        Cause::Prioritisation => ["priorité à d’autres", "others came first"],
        Cause::Unavailability => ["hors présence", "not at work"],
        Cause::Unexplained => ["inexpliqué", "unexplained"],
    }
}

/// The causes of the wait before each activity, longest first, with their share.
fn causes(waits: &Waits, activity: &str, lang: Lang) -> Vec<String> {
    let Some(own) = waits.activities.iter().find(|a| a.name == activity) else { return Vec::new() };
    let mut parts: Vec<(f64, Cause)> = own
        .causes
        .iter()
        .map(|c| (c.worked_share.or(c.calendar_share).unwrap_or(0.0), c.cause))
        .filter(|p| p.0 >= 0.1)
        .collect();
    parts.sort_by(|a, b| b.0.total_cmp(&a.0));
    parts
        .iter()
        .take(2)
        .map(|(share, cause)| {
            let [fr, en] = cause_words(*cause);
            let percent = (share * 100.0).round();
            say(lang, [format!("{fr} {percent}\u{a0}%"), format!("{en} {percent}%")])
        })
        .collect()
}

fn step(
    s: &StreamStep,
    view: &StreamView,
    wanted: &BTreeMap<&str, &WantedStep>,
    lang: Lang,
) -> SheetStep {
    let cases = view.stream.cases;
    let mean = |us: i64| (cases > 0).then(|| us as f64 / 1e6 / cases as f64);
    let rate = s.first_pass.value();
    SheetStep {
        name: words::brief(&s.name),
        cases: s.cases,
        touch_s: figure(s.touch.map(|t| t.median_s), s.touch_missing, lang),
        first_pass: figure(rate, Some(Missing::NoCases), lang),
        output_per_day: figure(s.output.per_worked_day, Some(Missing::NoOutput), lang),
        people: figure(s.people.map(|p| p as f64), s.people_missing, lang),
        stock: Figure::of(s.stock.saturating_add(s.in_progress) as f64),
        stock_days: figure(s.stock_days, s.stock_days_missing, lang),
        wait_s: figure(s.wait.and_then(|_| mean(s.rung.wait_us)), s.wait_missing, lang),
        case_touch_s: figure(s.touch.and_then(|_| mean(s.rung.touch_us)), s.touch_missing, lang),
        wait_holds_touch: s.wait_holds_touch.numerator > 0,
        value_adding: s.value_adding,
        causes: causes(&view.waits, &s.name, lang),
        target: wanted.get(s.name.as_str()).map(|w| SheetTarget {
            wait_s: w.wait_min.map(|m| m * 60.0),
            touch_s: w.touch_min.map(|m| m * 60.0),
            first_pass: w.first_pass,
            note: w.note.clone(),
        }),
    }
}

fn sheet(
    view: &StreamView,
    study: &Study,
    selection: &Selection,
    label: &str,
    wanted: &(Vec<WantedStep>, String),
    lang: Lang,
    now: jiff::Timestamp,
) -> StreamSheet {
    let stream = &view.stream;
    let by_name: BTreeMap<&str, &WantedStep> =
        wanted.0.iter().map(|w| (w.activity.as_str(), w)).collect();
    let totals = &stream.totals;
    let mean = |us: i64| (stream.cases > 0).then(|| us as f64 / 1e6 / stream.cases as f64);
    let days = stream.dated_by_day.numerator > 0;
    let no_time = if days { Some(Missing::DaysOnly) } else { Some(Missing::NoCases) };
    let no_touch = totals.share_missing.or(no_time);
    let touch = totals.touch_share.is_some().then(|| mean(totals.touch_us)).flatten();
    let steps: Vec<SheetStep> =
        stream.steps.iter().map(|s| step(s, view, &by_name, lang)).collect();
    // The target of the whole: what is wanted where it is said, what is where it is not.
    let total_of = |now: fn(&SheetStep) -> &Figure,
                    want: fn(&SheetTarget) -> Option<f64>,
                    rest: Option<f64>| {
        let said = steps.iter().any(|s| s.target.as_ref().and_then(want).is_some());
        let sum: f64 =
            steps.iter().filter_map(|s| s.target.as_ref().and_then(want).or(now(s).value)).sum();
        said.then(|| sum + rest.unwrap_or(0.0))
    };
    let rest_wait = mean(stream.other.rung.wait_us);
    let rest_touch = touch.and_then(|_| mean(stream.other.rung.touch_us));
    let target_wait_s = total_of(|s| &s.wait_s, |t| t.wait_s, rest_wait);
    let target_touch_s = total_of(|s| &s.case_touch_s, |t| t.touch_s, rest_touch);
    let lead = totals.lead.map(|l| l.mean_s);
    let target_lead_s = match (target_wait_s, target_touch_s) {
        (None, None) => None,
        (wait, touch_wanted) => {
            let wait = wait.or(mean(totals.wait_us)).unwrap_or(0.0);
            Some(wait + touch_wanted.or(touch).unwrap_or(0.0))
        }
    };
    let (from, to) = days_of(study, selection);
    let said =
        |d: jiff::civil::Date| say(lang, [d.strftime("%d/%m/%Y").to_string(), d.to_string()]);
    let fresh = said(study.zone.day_of(study.span.1));
    let dims = &selection.dims;
    let parts: Vec<&str> = [&dims.org, &dims.unit, &dims.product, &dims.channel]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    let whole = lang.pick("tous les dossiers", "all cases");
    let made = jiff::tz::TimeZone::UTC.to_datetime(now);
    let at = |v: i8| u16::try_from(v).unwrap_or(0);
    let [hours_fr, hours_en] = study.hours();
    let mut caveats = vec![say(
        lang,
        [format!("Temps travaillé : {hours_fr}"), format!("Worked time: {hours_en}")],
    )];
    if days {
        caveats.push(lang.pick(WHOLE_DAYS[0], WHOLE_DAYS[1]).to_owned());
    }
    StreamSheet {
        process: label.to_owned(),
        perimeter: if parts.is_empty() { whole.to_owned() } else { parts.join(" · ") },
        period: say(
            lang,
            [
                format!("du {} au {}", said(from), said(to)),
                format!("{} to {}", said(from), said(to)),
            ],
        ),
        freshness: say(lang, [format!("données jusqu’au {fresh}"), format!("data up to {fresh}")]),
        formula: "value-stream 1".into(),
        customer: lang.pick("Assurés", "Claimants").into(),
        cases: stream.cases,
        worked_days: Figure::of(f64::from(stream.worked_days)),
        arrivals_per_day: figure(stream.arrivals.per_worked_day, Some(Missing::NoOutput), lang),
        output_per_day: figure(stream.output.per_worked_day, Some(Missing::NoOutput), lang),
        open_cases: Figure::of(stream.open_cases as f64),
        day_s: Some(25_200.0),
        other: (stream.other.activities > 0).then(|| SheetOther {
            activities: stream.other.activities,
            wait_s: figure(rest_wait, no_time, lang),
            touch_s: figure(rest_touch, no_touch, lang),
        }),
        totals: SheetTotals {
            lead_s: figure(lead, no_time, lang),
            lead_calendar_s: figure(totals.lead_calendar.map(|l| l.mean_s), no_time, lang),
            wait_s: figure(mean(totals.wait_us), no_time, lang),
            touch_s: figure(touch, no_touch, lang),
            touch_share: figure(totals.touch_share.and_then(|r| r.value()), no_touch, lang),
            value_added_share: figure(
                totals.value_added_share.and_then(|r| r.value()),
                totals.share_missing.or(Some(Missing::NotSaid)),
                lang,
            ),
            first_time_right: figure(totals.first_time_right.value(), Some(Missing::NoCases), lang),
            target_lead_s,
            target_wait_s,
            target_touch_s,
        },
        steps,
        target_note: wanted.1.clone(),
        caveats,
        made: Some([
            u16::try_from(made.year()).unwrap_or(0),
            at(made.month()),
            at(made.day()),
            at(made.hour()),
            at(made.minute()),
        ]),
        made_words: said(study.zone.day_of(now.as_microsecond())),
    }
}
