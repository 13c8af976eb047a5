//! Published figures: closed by a named person, replayed to the last digit, restated only
//! with the differences listed.
//!
//! A publication keeps what its figures were computed from: the version of the data, the
//! revision of the rules, the name shown, and the rules themselves where none was saved.
//! Versions and revisions are never forgotten, so that later imports, undos, rules and
//! compactions change nothing of what a replay reads.

use std::collections::BTreeMap;

use eclusier_core::{
    DatedRules, Denied, Figure, Period, Permission, ProcessId, ProcessRules, SnapshotId,
};
use eclusier_ledger::{definitions, indicators};
use eclusier_registry::{ClosedPeriod, Publication, RegistryError};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::{
    App,
    error::{AppError, AppResult},
    figures::Selection,
    imports::Watch,
};

/// Version of the text of a publication.
const FORMAT: u32 = 1;
/// What follows from the version read rather than from the work measured.
const PROVENANCE: [&str; 2] = ["snapshot", "fresh_at"];

/// What the figures of a publication were computed from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Basis {
    /// Version of the data.
    pub snapshot: SnapshotId,
    /// Revision of the rules; 0 when none was ever saved.
    pub config_revision: i64,
    /// Name of the process, part of the perimeter shown.
    pub label: String,
    /// The rules that held when none was saved, TOML.
    pub rules: Option<String>,
}

/// The text of a publication.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Paper {
    format: u32,
    program: String,
    basis: Basis,
    figures: Vec<Figure>,
}

/// A figure that is not the same twice: only the fields that differ.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FigureChange {
    /// Figure.
    pub id: String,
    /// Its name, French then English.
    pub label: [String; 2],
    /// Fields before; `None` when the figure was not there.
    pub before: Option<BTreeMap<String, Value>>,
    /// Fields after; `None` when the figure is no longer there.
    pub after: Option<BTreeMap<String, Value>>,
}

/// One publication of a period.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PublicationView {
    /// 1 closed the period, each later rank restated it.
    pub rank: usize,
    /// Version of the data.
    pub snapshot: SnapshotId,
    /// Revision of the rules.
    pub config_revision: i64,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why it was restated.
    pub reason: Option<String>,
    /// What the restatement changed.
    pub changes: Vec<FigureChange>,
    /// The figures; none when the text cannot be read.
    pub figures: Vec<Figure>,
}

/// A closed period and all its publications, the first one first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PublishedPeriod {
    /// Process.
    pub process: ProcessId,
    /// Period.
    pub period: Period,
    /// Publications; the last one counts.
    pub publications: Vec<PublicationView>,
}

impl PublishedPeriod {
    /// The publication that counts now.
    pub fn current(&self) -> Option<&PublicationView> {
        self.publications.last()
    }
}

/// What a replay found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Replay {
    /// Process.
    pub process: ProcessId,
    /// Period.
    pub period: Period,
    /// Publication replayed.
    pub rank: usize,
    /// Version of the data read again.
    pub snapshot: SnapshotId,
    /// Revision of the rules applied again.
    pub config_revision: i64,
    /// Figures compared.
    pub figures: usize,
    /// Whether every figure came out the same, every float to the last bit.
    pub same: bool,
    /// Whether the text kept is the one the audit log recorded on the day.
    pub sealed: bool,
    /// What differs: `before` was published, `after` was replayed.
    pub changes: Vec<FigureChange>,
    /// Figures whose formula has another version in this program: they cannot be replayed by it.
    pub other_formula: Vec<String>,
    /// In words, French then English.
    pub words: [String; 2],
}

impl Replay {
    /// Whether the publication holds.
    pub fn holds(&self) -> bool {
        self.same && self.sealed
    }
}

impl App {
    /// Refuses unless the whole of a process is in reach, small numbers included: published figures
    /// are kept as they are.
    pub(crate) fn may_read_published(&self, process: &ProcessId) -> AppResult<()> {
        let permission = Permission::FiguresRead;
        self.require_process(permission, process)?;
        if self.reach(permission, process)?.masked {
            return Err(Denied { permission }.into());
        }
        Ok(())
    }

    /// The closed periods of a process, by first day.
    pub async fn published_periods(&self, process: &ProcessId) -> AppResult<Vec<PublishedPeriod>> {
        self.may_read_published(process)?;
        let periods = self.registry().closed_periods(process).await?;
        Ok(periods.into_iter().map(viewed).collect())
    }

    /// Publishes the figures of a period that is over.
    pub async fn close_period(
        &self,
        process: &ProcessId,
        period: Period,
        watch: &Watch,
    ) -> AppResult<PublishedPeriod> {
        self.require_process(Permission::PeriodsWrite, process)?;
        // Held until stored: no import may come between the figures and the version they name.
        let _turn = self.turn(process, watch).await?;
        let basis = self.basis_now(process).await?;
        self.refuse_unfinished(process, period).await?;
        let json = self.paper(process, period, basis).await?;
        let closed = self
            .registry()
            .close_period(process, period, &json, &self.actor(), self.now())
            .await
            .map_err(told)?;
        Ok(viewed(closed))
    }

    /// What restating a closed period now would change, figure by figure.
    pub async fn preview_restatement(
        &self,
        process: &ProcessId,
        period: Period,
    ) -> AppResult<Vec<FigureChange>> {
        self.may_read_published(process)?;
        let closed = self.closed(process, period).await?;
        let basis = self.basis_now(process).await?;
        let now = self.measured(process, period, &basis).await?;
        Ok(changes(&read(&closed.current)?.figures, &now, &PROVENANCE))
    }

    /// Publishes a closed period again, saying why; the earlier publication stays replayable.
    pub async fn restate_period(
        &self,
        process: &ProcessId,
        period: Period,
        reason: &str,
        watch: &Watch,
    ) -> AppResult<PublishedPeriod> {
        self.require_process(Permission::PeriodsWrite, process)?;
        if reason.trim().is_empty() {
            return Err(AppError::invalid(
                "reason",
                "dire pourquoi la période est rectifiée",
                "say why the period is restated",
            ));
        }
        let _turn = self.turn(process, watch).await?;
        let closed = self.closed(process, period).await?;
        let basis = self.basis_now(process).await?;
        let json = self.paper(process, period, basis).await?;
        let now: Paper = parse(&json)?;
        let found = changes(&read(&closed.current)?.figures, &now.figures, &PROVENANCE);
        if found.is_empty() {
            return Err(AppError::Refused {
                code: "nothing_changed".into(),
                fr: format!("Aucun chiffre de la période {period} n’a changé : rien à rectifier."),
                en: format!("No figure of period {period} has changed: nothing to restate."),
            });
        }
        let differences = write(&found)?;
        let (by, at) = (self.actor(), self.now());
        let restated = self
            .registry()
            .restate_period(process, period, &json, &differences, reason.trim(), &by, at)
            .await
            .map_err(told)?;
        Ok(viewed(restated))
    }

    /// Computes a publication again from what it was computed from, and compares every figure
    /// bit for bit. Without a rank, the publication that counts now.
    pub async fn replay_publication(
        &self,
        process: &ProcessId,
        period: Period,
        rank: Option<usize>,
    ) -> AppResult<Replay> {
        self.may_read_published(process)?;
        let closed = self.closed(process, period).await?;
        let mut all: Vec<&Publication> = closed.restatements.iter().map(|r| &r.earlier).collect();
        all.push(&closed.current);
        let rank = rank.unwrap_or(all.len());
        let found = rank.checked_sub(1).and_then(|at| all.get(at));
        let publication = *found.ok_or_else(|| AppError::NotFound {
            what: "publication",
            name: format!("{period} ({rank})"),
        })?;
        let sealed = self.sealed(process, period, rank, publication).await?;
        let mut replay = Replay {
            process: process.clone(),
            period,
            rank,
            snapshot: publication.snapshot,
            config_revision: publication.config_revision,
            figures: 0,
            same: false,
            sealed,
            changes: Vec::new(),
            other_formula: Vec::new(),
            words: Default::default(),
        };
        // A text that no longer reads was altered: that is an answer too.
        if let Ok(paper) = read(publication) {
            // Rules saved while the figures were being computed may have made a later revision.
            replay.config_revision = paper.basis.config_revision;
            let again = self.measured(process, period, &paper.basis).await?;
            replay.figures = paper.figures.len();
            replay.changes = changes(&paper.figures, &again, &[]);
            replay.same = replay.changes.is_empty();
            replay.other_formula = replay
                .changes
                .iter()
                .filter(|c| c.after.as_ref().is_none_or(|a| a.contains_key("formula_version")))
                .map(|c| c.id.clone())
                .collect();
        }
        replay.words = in_words(&replay);
        Ok(replay)
    }

    async fn turn(
        &self,
        process: &ProcessId,
        watch: &Watch,
    ) -> AppResult<eclusier_lake::LockGuard> {
        // A process that does not exist gets no folder.
        self.live(process).await?;
        let (lake, process, stop) =
            (self.inner.lake.clone(), process.clone(), watch.stop().clone());
        self.blocking(move || Ok(lake.lock(&process, &stop)?)).await
    }

    async fn closed(&self, process: &ProcessId, period: Period) -> AppResult<ClosedPeriod> {
        let all = self.registry().closed_periods(process).await?;
        all.into_iter().find(|c| c.period == period).ok_or_else(|| {
            told(RegistryError::PeriodNotClosed { process: process.clone(), period })
        })
    }

    /// What figures computed now rest on.
    async fn basis_now(&self, process: &ProcessId) -> AppResult<Basis> {
        let snapshot = self.live(process).await?.id;
        let history = self.registry().config_history(process).await?;
        let config_revision = history.last().map_or(0, |c| c.revision);
        let versions = self.registry().config_as_of(process, config_revision).await?;
        let rules = match versions.is_empty() {
            true => self.dated_rules(process).await?.first().map(|d| d.rules.to_toml()),
            false => None,
        };
        let rules = rules.transpose().map_err(|source| {
            let source = std::io::Error::other(source);
            AppError::Io { what: "the rules".into(), source }
        })?;
        Ok(Basis { snapshot, config_revision, label: self.label(process).await?, rules })
    }

    /// The rules of a basis.
    async fn rules_of(&self, process: &ProcessId, basis: &Basis) -> AppResult<Vec<DatedRules>> {
        if let Some(toml) = &basis.rules {
            let rules = ProcessRules::from_toml(toml).map_err(|source| AppError::Io {
                what: "the rules of the publication".into(),
                source: std::io::Error::other(source),
            })?;
            return Ok(vec![DatedRules { from: Date::MIN, rules }]);
        }
        let versions = self.registry().config_as_of(process, basis.config_revision).await?;
        Ok(versions.into_iter().map(|v| DatedRules { from: v.from, rules: v.rules }).collect())
    }

    /// The figures of a period on a basis: what the screens show of it that day.
    async fn measured(
        &self,
        process: &ProcessId,
        period: Period,
        basis: &Basis,
    ) -> AppResult<Vec<Figure>> {
        let found = self.registry().snapshot_at(process, basis.snapshot).await?;
        let snapshot = found.ok_or_else(|| AppError::NotFound {
            what: "version",
            name: basis.snapshot.to_string(),
        })?;
        let rules = self.rules_of(process, basis).await?;
        let desk = self.build(process, snapshot, rules, basis.label.clone(), None).await?;
        let selection = Selection {
            process: Some(process.clone()),
            from: Some(period.from),
            to: Some(period.to),
            ..Selection::default()
        };
        self.blocking(move || {
            let scope = desk.scope(&selection)?.ok_or_else(|| AppError::Refused {
                code: "no_data".into(),
                fr: format!("Aucune donnée du {} au {} : rien à publier.", period.from, period.to),
                en: format!("No data from {} to {}: nothing to publish.", period.from, period.to),
            })?;
            Ok(indicators(&[desk.view()], &scope, &[])?)
        })
        .await
    }

    async fn paper(&self, process: &ProcessId, period: Period, basis: Basis) -> AppResult<String> {
        let figures = self.measured(process, period, &basis).await?;
        write(&Paper { format: FORMAT, program: env!("CARGO_PKG_VERSION").into(), basis, figures })
    }

    /// A period is published once it is over for the body.
    async fn refuse_unfinished(&self, process: &ProcessId, period: Period) -> AppResult<()> {
        let rules = self.dated_rules(process).await?;
        let zone = rules.last().map_or("Europe/Paris", |r| r.rules.zone.as_str());
        let zone = jiff::tz::TimeZone::get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
        let today = self.now().to_zoned(zone).date();
        if period.to < today {
            return Ok(());
        }
        Err(AppError::Refused {
            code: "not_over".into(),
            fr: format!("La période {period} n’est pas finie : la publier à partir du lendemain."),
            en: format!("Period {period} is not over: publish it from the day after."),
        })
    }

    /// Whether the text kept is the one recorded in the audit log when it was published.
    async fn sealed(
        &self,
        process: &ProcessId,
        period: Period,
        rank: usize,
        publication: &Publication,
    ) -> AppResult<bool> {
        let object = format!("process/{process}");
        let wanted = serde_json::json!({
            "period": period.to_string(),
            "rank": rank,
            "snapshot": publication.snapshot.0,
            "config_revision": publication.config_revision,
            "figures_sha256": hex::encode(Sha256::digest(&publication.figures_json)),
        });
        let mut after = 0;
        loop {
            let entries = self.registry().audit_entries(after, 1000).await?;
            let Some(last) = entries.last() else { return Ok(false) };
            after = last.seq;
            for entry in &entries {
                let publishes = entry.object == object
                    && matches!(entry.action.as_str(), "period.close" | "period.restate");
                if publishes
                    && let Ok(details) = serde_json::from_str::<Value>(&entry.details)
                    && details.get("period") == wanted.get("period")
                    && details.get("rank") == wanted.get("rank")
                {
                    let same = |key: &str| details.get(key) == wanted.get(key);
                    return Ok(["snapshot", "config_revision", "figures_sha256"]
                        .into_iter()
                        .all(same));
                }
            }
        }
    }
}

/// Refusals of the registry in the words of the person who publishes.
fn told(error: RegistryError) -> AppError {
    match error {
        RegistryError::PeriodClosed { period, .. } => AppError::Refused {
            code: "already_closed".into(),
            fr: format!("La période {period} est déjà publiée : la rectifier, en disant pourquoi."),
            en: format!("Period {period} is already published: restate it, saying why."),
        },
        RegistryError::PeriodNotClosed { period, .. } => {
            AppError::NotFound { what: "published period", name: period.to_string() }
        }
        other => other.into(),
    }
}

fn write(value: &impl Serialize) -> AppResult<String> {
    serde_json::to_string(value).map_err(|e| AppError::Io {
        what: "the publication".into(),
        source: std::io::Error::other(e),
    })
}

fn parse<T: serde::de::DeserializeOwned>(json: &str) -> AppResult<T> {
    serde_json::from_str(json).map_err(|e| AppError::Io {
        what: "the publication".into(),
        source: std::io::Error::other(e),
    })
}

fn read(publication: &Publication) -> AppResult<Paper> {
    parse(&publication.figures_json)
}

fn viewed(closed: ClosedPeriod) -> PublishedPeriod {
    let mut publications = Vec::new();
    let mut why: Option<(String, String)> = None;
    let mut view = |publication: &Publication, why: Option<(String, String)>| {
        let (reason, changes) = match why {
            Some((reason, json)) => (Some(reason), serde_json::from_str(&json).unwrap_or_default()),
            None => (None, Vec::new()),
        };
        publications.push(PublicationView {
            rank: publications.len() + 1,
            snapshot: publication.snapshot,
            config_revision: publication.config_revision,
            by: publication.by.clone(),
            at: publication.at,
            reason,
            changes,
            figures: read(publication).map(|p| p.figures).unwrap_or_default(),
        });
    };
    for restated in &closed.restatements {
        // A restatement tells why the publication after it exists.
        view(&restated.earlier, why.take());
        why = Some((restated.reason.clone(), restated.differences_json.clone()));
    }
    view(&closed.current, why);
    PublishedPeriod { process: closed.process, period: closed.period, publications }
}

/// What differs between two lists of figures, leaving some fields out. Numbers are compared
/// by their text, which is exact: 0 and −0 differ, and so does the last bit.
fn changes(before: &[Figure], after: &[Figure], but: &[&str]) -> Vec<FigureChange> {
    let fields = |figure: &Figure| -> BTreeMap<String, Value> {
        match serde_json::to_value(figure) {
            Ok(Value::Object(fields)) => {
                fields.into_iter().filter(|(name, _)| !but.contains(&name.as_str())).collect()
            }
            _ => BTreeMap::new(),
        }
    };
    let mut ids: Vec<&str> = before.iter().map(|f| f.id.as_str()).collect();
    for figure in after {
        if !ids.contains(&figure.id.as_str()) {
            ids.push(&figure.id);
        }
    }
    let mut found = Vec::new();
    for id in ids {
        let one = |figures: &[Figure]| figures.iter().find(|f| f.id == id).map(fields);
        let (mut old, mut new) = (one(before), one(after));
        if let (Some(old), Some(new)) = (&mut old, &mut new) {
            let names: Vec<String> = old.keys().cloned().collect();
            for name in names {
                let text = |f: &BTreeMap<String, Value>| f.get(&name).map(Value::to_string);
                if text(old) == text(new) {
                    old.remove(&name);
                    new.remove(&name);
                }
            }
            if old.is_empty() && new.is_empty() {
                continue;
            }
        }
        let label = definitions::find(id).map(|d| d.label.map(str::to_owned));
        found.push(FigureChange {
            id: id.to_owned(),
            label: label.unwrap_or_else(|| [id.to_owned(), id.to_owned()]),
            before: old,
            after: new,
        });
    }
    found
}

fn in_words(replay: &Replay) -> [String; 2] {
    let Replay { period, rank, figures, .. } = replay;
    if !replay.sealed {
        return [
            format!(
                "Période {period}, publication {rank} : le texte gardé n’est pas celui que le journal a scellé. Il a été modifié après coup."
            ),
            format!(
                "Period {period}, publication {rank}: the text kept is not the one sealed in the audit log. It was altered afterwards."
            ),
        ];
    }
    if replay.same {
        return [
            format!(
                "Période {period}, publication {rank} : les {figures} chiffres se recalculent à l’identique."
            ),
            format!(
                "Period {period}, publication {rank}: all {figures} figures come out the same."
            ),
        ];
    }
    let ids: Vec<&str> = replay.changes.iter().map(|c| c.id.as_str()).collect();
    let ids = ids.join(", ");
    if replay.other_formula.len() == replay.changes.len() {
        return [
            format!(
                "Période {period}, publication {rank} : la formule a changé depuis ({ids}). Rejouer avec la version du programme qui a publié."
            ),
            format!(
                "Period {period}, publication {rank}: the formula has changed since ({ids}). Replay with the version of the program that published."
            ),
        ];
    }
    [
        format!(
            "Période {period}, publication {rank} : {ids} ne se recalculent pas à l’identique."
        ),
        format!("Period {period}, publication {rank}: {ids} do not come out the same."),
    ]
}
