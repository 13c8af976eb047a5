//! Counts typed on screen, and control totals.
//!
//! A typed day is a delivery like any other: it has a number, it is audited,
//! and undoing it gives back what was known before.

use eclusier_core::{DeliveryId, Denied, Period, Permission, ProcessId, Snapshot};
use eclusier_eventlog::{Dimensions, Movement, MovementKind};
use eclusier_registry::{ImportKind, ImportRecord, LiveDelivery, NewImport};
use jiff::{civil::Date, tz::TimeZone};
use sha2::{Digest, Sha256};

use crate::{
    App,
    error::{AppError, AppResult},
    figures::Selection,
    imports::Watch,
    processes::label_key,
};

/// Counts of one day typed by a person.
#[derive(Debug, Clone)]
pub struct TypedCounts {
    /// Process.
    pub process: ProcessId,
    /// Name of a new process.
    pub label: Option<String>,
    /// Day.
    pub day: Date,
    /// Where.
    pub dimensions: Dimensions,
    /// What: only the cells filled.
    pub counts: Vec<(MovementKind, i64)>,
    /// Why a figure already known is changed.
    pub reason: Option<String>,
}

/// Stock of the source tool beside ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlTotal {
    /// Process.
    pub process: ProcessId,
    /// Day.
    pub day: Date,
    /// Stock shown by the source tool.
    pub expected: i64,
    /// Stock here at the end of that day; `None` when unknown.
    pub found: Option<i64>,
}

/// Keeps the counts that no later delivery of the same source replaced; `live` comes in order
/// of commit.
pub(crate) fn in_force(counts: &mut Vec<(DeliveryId, Movement)>, live: &[LiveDelivery]) {
    let rank = |id: DeliveryId| live.iter().position(|l| l.id == id);
    let windows: Vec<(usize, &str, Period)> = live
        .iter()
        .enumerate()
        .filter_map(|(at, l)| Some((at, l.source.as_str(), l.replaced?)))
        .collect();
    if windows.is_empty() {
        return;
    }
    counts.retain(|(id, movement)| {
        let Some(own) = rank(*id) else { return true };
        let source = live.get(own).map(|l| l.source.as_str());
        !windows.iter().any(|(later, of, period)| {
            *later > own && source == Some(*of) && period.contains(movement.day)
        })
    });
}

fn delivery(import: ImportRecord) -> LiveDelivery {
    LiveDelivery {
        id: import.id,
        kind: import.kind,
        source: import.source.clone(),
        zone: import.zone.clone(),
        replaced: import.replace,
        snapshot: import.snapshot,
    }
}

impl App {
    /// The daily counts of a version, as they counted in that version: what was delivered or
    /// taken back later has no say.
    pub(crate) async fn counts_in_force(
        &self,
        snapshot: &Snapshot,
    ) -> AppResult<Vec<(DeliveryId, Movement)>> {
        let imports = self.inner.registry.imports(Some(&snapshot.process)).await?;
        let counted = |i: &ImportRecord| {
            i.snapshot <= snapshot.id
                && i.undone.as_ref().is_none_or(|undone| undone.snapshot > snapshot.id)
        };
        let live: Vec<LiveDelivery> = imports.into_iter().filter(counted).map(delivery).collect();
        let (lake, snapshot) = (self.inner.lake.clone(), snapshot.clone());
        self.blocking(move || {
            let mut counts = lake.read_counts(&snapshot)?;
            in_force(&mut counts, &live);
            Ok(counts)
        })
        .await
    }

    /// Stores the counts of a day.
    pub async fn type_counts(&self, typed: TypedCounts) -> AppResult<ImportRecord> {
        let reach = self.reach(Permission::CountsWrite, &typed.process)?;
        let (org, unit) = (typed.dimensions.org.as_deref(), typed.dimensions.unit.as_deref());
        if reach.rows.is_some_and(|rows| !rows.keeps(org, unit)) {
            return Err(Denied { permission: Permission::CountsWrite }.into());
        }
        for (kind, count) in &typed.counts {
            if *count < 0 && *kind != MovementKind::Corrections {
                return Err(AppError::invalid(
                    kind.as_str(),
                    "un comptage ne peut pas être négatif",
                    "a count cannot be negative",
                ));
            }
        }
        if typed.counts.is_empty() {
            return Err(AppError::invalid(
                "counts",
                "aucune case n’est remplie",
                "no cell is filled",
            ));
        }
        if typed.day > self.now().to_zoned(TimeZone::UTC).date() {
            return Err(AppError::invalid(
                "day",
                "ce jour n’est pas encore passé",
                "this day is not over yet",
            ));
        }
        let process = typed.process.clone();
        let lake = self.inner.lake.clone();
        let locked = process.clone();
        let turn = Watch::default();
        let _turn = self.blocking(move || Ok(lake.lock(&locked, turn.stop())?)).await?;
        let registry = &self.inner.registry;
        let base = registry.snapshot(&process).await?;
        let id = registry.reserve_delivery(&process).await?;
        let movements: Vec<Movement> = typed
            .counts
            .iter()
            .map(|&(kind, count)| Movement {
                day: typed.day,
                dimensions: typed.dimensions.clone(),
                kind,
                count,
            })
            .collect();
        let mut hash = Sha256::new();
        hash.update(id.0.to_be_bytes());
        hash.update(serde_json::to_vec(&movements).unwrap_or_default());
        let rows = movements.len() as u64;
        let lake = self.inner.lake.clone();
        let written = process.clone();
        let commit =
            self.blocking(move || Ok(lake.write_counts(&written, id, &movements)?)).await?;
        let midnight = typed.day.to_zoned(TimeZone::UTC).ok().map(|z| z.timestamp());
        let import = NewImport {
            id,
            process: process.clone(),
            org: None,
            kind: ImportKind::Typed,
            file_name: typed.reason.clone().unwrap_or_default(),
            source: "typed".into(),
            sha256: hex::encode(hash.finalize()),
            fingerprint: String::new(),
            at: self.now(),
            by: self.actor(),
            mapping_toml: None,
            zone: None,
            rows_read: rows,
            accepted: rows,
            quarantined: 0,
            duplicates: 0,
            repeated: 0,
            replaced: 0,
            cases: 0,
            activities: 0,
            resources: 0,
            first: midnight,
            last: midnight,
            findings_json: "[]".into(),
            quarantine_path: None,
            replace: None,
        };
        let (record, _) = registry.commit_import(import, &commit, base.id).await?;
        if let Some(label) = &typed.label {
            let json = serde_json::json!(label).to_string();
            registry.put_setting(&label_key(&process), &json, &self.actor(), self.now()).await?;
        }
        self.publish(&process).await;
        self.tell_process(&process);
        Ok(record)
    }

    /// Control totals typed so far, with the gap.
    pub async fn control_totals(&self, asked: Option<&ProcessId>) -> AppResult<Vec<ControlTotal>> {
        self.require(Permission::DataRead)?;
        let processes = match asked {
            Some(one) => vec![one.clone()],
            None => self.process_ids().await?,
        };
        let mut totals = Vec::new();
        for process in processes {
            // A total concerns the whole process: it is told to whoever sees all of it.
            match (&asked, self.require_process(Permission::DataRead, &process)) {
                (_, Ok(())) => {}
                (Some(_), Err(refused)) => return Err(refused),
                (None, Err(_)) => continue,
            }
            let typed = self.inner.registry.control_totals(&process).await?;
            if typed.is_empty() {
                continue;
            }
            let selection = Selection { process: Some(process.clone()), ..Selection::default() };
            let ledger = self.ledger(&selection, eclusier_core::Grain::Day, &[]).await?;
            for total in typed {
                let row = ledger.iter().rev().find(|r| r.from <= total.date);
                totals.push(ControlTotal {
                    process: process.clone(),
                    day: total.date,
                    expected: total.stock,
                    found: row.and_then(|r| r.closing),
                });
            }
        }
        Ok(totals)
    }

    /// Stores a control total.
    pub async fn put_control_total(
        &self,
        process: &ProcessId,
        day: Date,
        stock: i64,
    ) -> AppResult<()> {
        self.require_process(Permission::CountsWrite, process)?;
        self.live(process).await?;
        self.inner
            .registry
            .put_control_total(process, day, stock, &self.actor(), self.now())
            .await?;
        Ok(())
    }
}
