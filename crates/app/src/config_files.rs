//! The configuration of a process as a spreadsheet: what is written is what reading it again says.

use std::path::Path;

use eclusier_core::{
    ConfigProblem, Lang, Permission, ProcessId, ProcessRules,
    config::{EventKind, Exclusion, TimeBasis},
};
use eclusier_ingest::{
    Context,
    rules::{BASES, COUNTERS, EVENT_KINDS, Section, THRESHOLDS, read_rules},
};
use jiff::tz::TimeZone;

use crate::{
    App,
    error::AppResult,
    exports::{Cell, Column, ExportFormat, Holds, Table},
    staff::{Aside, Staged},
};

const fn column(name: &'static str, fr: &'static str, en: &'static str, holds: Holds) -> Column {
    Column { name, fr, en, holds }
}

/// Columns of the sheet, in order; the headings are those the reader knows.
const COLUMNS: [Column; 17] = [
    column("section", "Rubrique", "Section", Holds::Text),
    column("product", "Produit", "Product", Holds::Text),
    column("activity", "Activité", "Activity", Holds::Text),
    column("label", "Libellé", "Label", Holds::Text),
    column("from", "Du", "From", Holds::Day),
    column("to", "Au", "To", Holds::Day),
    column("days", "Délai", "Days", Holds::Whole),
    column("counter", "Compteur", "Counter", Holds::Text),
    column("share", "Part", "Share", Holds::Number),
    column("stock", "Stock visé", "Stock", Holds::Whole),
    column("minutes", "Minutes", "Minutes", Holds::Number),
    column("basis", "Origine", "Basis", Holds::Text),
    column("expected", "Volume attendu", "Expected", Holds::Whole),
    column("half", "Demi-journée", "Half day", Holds::Text),
    column("like_last_time", "Comme la dernière fois", "Like last time", Holds::Text),
    column("kind", "Nature", "Kind", Holds::Text),
    column("effect", "Effet attendu", "Effect", Holds::Number),
];

/// What a sheet of rules says, before anything is stored.
#[derive(Debug, Clone)]
pub struct ConfigSheet {
    /// The rules in force with the sections of the sheet instead of theirs.
    pub rules: ProcessRules,
    /// Lines taken by section, in French and in English.
    pub sections: Vec<([String; 2], u64)>,
    /// Lines that cannot be used, and rules that contradict each other.
    pub problems: Vec<ConfigProblem>,
}

impl App {
    /// Targets, thresholds, windows, closures, campaigns, events and unit times in force today.
    pub async fn config_file(
        &self,
        process: &ProcessId,
        format: ExportFormat,
        lang: Lang,
    ) -> AppResult<Vec<u8>> {
        self.reach(Permission::ConfigRead, process)?;
        let rules = self.rules_today(process).await?;
        let body = self.inner.registry.body().await?;
        let label = self.label(process).await?;
        let rows = rows(&rules, lang);
        let count = rows.len() as u64;
        let table = Table {
            title: [format!("Configuration · {label}"), format!("Configuration · {label}")],
            columns: COLUMNS.to_vec(),
            rows,
            notice: vec![
                (
                    ["Contenu".into(), "Content".into()],
                    lang.pick(
                        "règles en vigueur, une par ligne ; une rubrique absente du tableur repris reste ce qu’elle est",
                        "rules in force, one per line; a section that the sheet given back does not hold stays as it is",
                    )
                    .to_owned(),
                ),
                (["Au".into(), "As of".into()], self.today().await?.to_string()),
            ],
            zone: TimeZone::get(&body.zone).unwrap_or(TimeZone::UTC),
        };
        let bytes = self.write_table(table, format, lang).await?;
        self.record_export("config", count).await?;
        Ok(bytes)
    }

    /// What a sheet would make of the rules in force. Nothing is stored.
    pub async fn read_config(
        &self,
        process: &ProcessId,
        path: &Path,
        name: &str,
    ) -> AppResult<ConfigSheet> {
        self.require_process(Permission::ConfigWrite, process)?;
        let rules = self.rules_today(process).await?;
        let people = self.home().pseudonymiser()?;
        let (path, name) = (path.to_owned(), name.to_owned());
        let sheet = self
            .blocking(move || {
                let mut sink = Aside;
                let mut ctx = Context::new(name, TimeZone::UTC, people, &(), &mut sink);
                Ok(read_rules(&path, &mut ctx)?)
            })
            .await?;
        let sections = sheet.sections();
        let mut problems = sheet.problems.clone();
        let rules = sheet.applied(rules);
        problems.extend(rules.check());
        Ok(ConfigSheet {
            rules,
            sections: sections
                .into_iter()
                .map(|(section, count)| (section.words().map(str::to_owned), count as u64))
                .collect(),
            problems,
        })
    }

    /// A place for a sheet of rules that is being received.
    pub fn stage_config(&self, process: &ProcessId) -> AppResult<Staged> {
        self.require_process(Permission::ConfigWrite, process)?;
        self.staged()
    }

    /// The version in force today, else the first to come, else the usual rules.
    async fn rules_today(&self, process: &ProcessId) -> AppResult<ProcessRules> {
        let today = self.today().await?;
        let mut versions = self.dated_rules(process).await?;
        versions.sort_by_key(|v| v.from);
        let held = versions.iter().rev().find(|v| v.from <= today).or_else(|| versions.first());
        Ok(held.map(|v| v.rules.clone()).unwrap_or_default())
    }
}

/// Rank of a column by its stable name.
fn at(name: &str) -> usize {
    COLUMNS.iter().position(|c| c.name == name).unwrap_or(COLUMNS.len())
}

fn line(section: Section, lang: Lang, cells: Vec<(&str, Cell)>) -> Vec<Cell> {
    let mut row = vec![Cell::Empty; COLUMNS.len()];
    let [fr, en] = section.words();
    for (name, cell) in std::iter::once(("section", Cell::from(lang.pick(fr, en)))).chain(cells) {
        if let Some(place) = row.get_mut(at(name)) {
            *place = cell;
        }
    }
    row
}

fn named<T: PartialEq>(known: &[(T, [&'static str; 2])], value: &T, lang: Lang) -> Cell {
    let found = known.iter().find(|(v, _)| v == value);
    found.map_or(Cell::Empty, |(_, [fr, en])| Cell::from(lang.pick(fr, en)))
}

fn count(n: Option<u64>) -> Cell {
    n.and_then(|n| i64::try_from(n).ok()).into()
}

fn rows(rules: &ProcessRules, lang: Lang) -> Vec<Vec<Cell>> {
    let text = |t: &Option<String>| Cell::from(t.as_deref());
    let yes =
        |yes: bool| Cell::from(if yes { lang.pick("oui", "yes") } else { lang.pick("non", "no") });
    let mut rows = Vec::new();
    rows.extend(rules.target.iter().map(|t| {
        line(
            Section::Target,
            lang,
            vec![
                ("product", text(&t.product)),
                ("days", Cell::Whole(i64::from(t.days))),
                ("counter", named(&COUNTERS, &t.counter, lang)),
                ("share", t.share.map_or(Cell::Empty, Cell::Number)),
                ("stock", count(t.stock)),
            ],
        )
    }));
    let alert = &rules.alert;
    let values = [
        alert.tense_points,
        alert.critical_points,
        alert.tense_late_share,
        alert.critical_late_share,
    ];
    rows.extend(THRESHOLDS.iter().zip(values).map(|([fr, en], value)| {
        let cells = vec![("label", Cell::from(lang.pick(fr, en))), ("share", Cell::Number(value))];
        line(Section::Threshold, lang, cells)
    }));
    let window = |section: Section, w: &Exclusion| {
        let cells = vec![
            ("product", text(&w.product)),
            ("label", Cell::from(w.reason.as_str())),
            ("from", Cell::Day(w.from)),
            ("to", Cell::Day(w.to)),
        ];
        line(section, lang, cells)
    };
    rows.extend(rules.exclusion.iter().map(|w| window(Section::Exclusion, w)));
    rows.extend(rules.neutralised.iter().map(|w| window(Section::Neutralised, w)));
    rows.extend(rules.closure.iter().map(|c| {
        let cells = vec![
            ("label", Cell::from(c.reason.as_str())),
            ("from", Cell::Day(c.date)),
            ("half", yes(c.half)),
        ];
        line(Section::Closure, lang, cells)
    }));
    rows.extend(rules.campaign.iter().map(|c| {
        let cells = vec![
            ("product", text(&c.product)),
            ("label", Cell::from(c.name.as_str())),
            ("from", Cell::Day(c.from)),
            ("to", Cell::Day(c.to)),
            ("expected", count(c.expected)),
            ("like_last_time", yes(c.like_last_time)),
        ];
        line(Section::Campaign, lang, cells)
    }));
    rows.extend(rules.event.iter().map(|e| {
        let cells = vec![
            ("product", text(&e.product)),
            ("label", Cell::from(e.name.as_str())),
            ("from", Cell::Day(e.from)),
            ("to", e.to.map_or(Cell::Empty, Cell::Day)),
            ("kind", named::<EventKind>(&EVENT_KINDS, &e.kind, lang)),
            ("effect", e.effect.map_or(Cell::Empty, Cell::Number)),
        ];
        line(Section::Event, lang, cells)
    }));
    rows.extend(rules.unit_time.iter().map(|t| {
        let cells = vec![
            ("product", text(&t.product)),
            ("activity", text(&t.activity)),
            ("minutes", Cell::Number(t.minutes)),
            ("basis", named::<TimeBasis>(&BASES, &t.basis, lang)),
        ];
        line(Section::UnitTime, lang, cells)
    }));
    rows
}
