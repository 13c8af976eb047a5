//! Imports: one file read, pseudonymised, stored and committed at once, or not at all.
//!
//! The order is what makes it safe: reserve a number, stage the rows, write the
//! data files durably, then one transaction makes them visible together with
//! the import's own line. A crash before the transaction leaves files that no
//! version reads; the next sweep removes them.

use std::{
    fs::File,
    io::{BufReader, Read as _, Write as _},
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use arrow_array::RecordBatch;
use eclusier_core::{
    Commit, DataFile, DeliveryId, FileKind, OrgId, Period, Permission, ProcessId, Snapshot,
};
use eclusier_eventlog::{Filter, LifecycleCheck, Movement};
use eclusier_ingest::{
    Code, Context, EventSink, Finding, IngestError, Kind, Mapping, Progress, Quarantine,
    RefusedRow, SinkError,
};
use eclusier_lake::{MergePolicy, Replacement, Stop};
use eclusier_registry::{ImportKind, ImportRecord, NewImport, RegistryError};
use jiff::{Timestamp, tz::TimeZone};
use sha2::{Digest, Sha256};

use crate::{
    App,
    error::{AppError, AppResult},
    processes::{label_key, zone_key},
};

/// What to import and how.
#[derive(Debug, Clone)]
pub struct ImportOptions {
    /// The file.
    pub path: PathBuf,
    /// Its name as delivered.
    pub name: String,
    /// Process.
    pub process: ProcessId,
    /// Name of a new process.
    pub label: Option<String>,
    /// Organisation of every row when the file has none.
    pub org: Option<OrgId>,
    /// What the file holds; detected when absent.
    pub kind: Option<Kind>,
    /// Mapping; detected when absent.
    pub mapping: Option<Mapping>,
    /// Roles given by name, laid over the mapping detected.
    pub columns: Option<String>,
    /// Zone of instants without offset; the process's when absent.
    pub zone: Option<String>,
    /// Activities to leave out.
    pub ignore_activities: Vec<String>,
    /// Period replaced.
    pub replace: Option<Period>,
    /// Only report.
    pub dry_run: bool,
    /// Refuse national identity numbers instead of replacing them.
    pub strict_nir: bool,
}

impl ImportOptions {
    /// Usual options: everything detected.
    pub fn new(path: impl Into<PathBuf>, process: ProcessId) -> Self {
        let path = path.into();
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        Self {
            path,
            name,
            process,
            label: None,
            org: None,
            kind: None,
            mapping: None,
            columns: None,
            zone: None,
            ignore_activities: Vec::new(),
            replace: None,
            dry_run: false,
            strict_nir: false,
        }
    }
}

/// How an import ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportStatus {
    /// Stored.
    Committed,
    /// This file was already imported: nothing changed.
    Unchanged,
    /// Only reported.
    DryRun,
    /// Refused as a whole.
    Refused,
    /// A person must choose.
    ChoiceNeeded,
}

impl ImportStatus {
    /// Stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            ImportStatus::Committed => "committed",
            ImportStatus::Unchanged => "unchanged",
            ImportStatus::DryRun => "dry_run",
            ImportStatus::Refused => "refused",
            ImportStatus::ChoiceNeeded => "choice_needed",
        }
    }
}

/// Report of one import.
#[derive(Debug, Clone)]
pub struct ImportReport {
    /// How it ended.
    pub status: ImportStatus,
    /// Number, when committed (or of the earlier import, when unchanged).
    pub id: Option<DeliveryId>,
    /// File name.
    pub file: String,
    /// Process.
    pub process: ProcessId,
    /// What the file held.
    pub kind: Option<Kind>,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Rows read.
    pub rows_read: u64,
    /// Rows accepted.
    pub accepted: u64,
    /// Rows refused.
    pub quarantined: u64,
    /// Rows already delivered.
    pub duplicates: u64,
    /// Rows replaced.
    pub replaced: u64,
    /// Cases.
    pub cases: u64,
    /// Activities.
    pub activities: u64,
    /// Resources.
    pub resources: u64,
    /// Earliest instant.
    pub first: Option<Timestamp>,
    /// Latest instant.
    pub last: Option<Timestamp>,
    /// Findings.
    pub findings: Vec<Finding>,
    /// Whether refused rows can be downloaded.
    pub quarantine: bool,
    /// Version made.
    pub snapshot: Option<i64>,
    /// What to do, when refused or when a choice is needed.
    pub message: Option<[String; 2]>,
}

/// Told how far a long work is; may be asked to stop.
#[derive(Debug, Clone)]
pub struct Watch {
    done: Arc<AtomicU64>,
    total: Arc<AtomicU64>,
    stop: Stop,
}

impl Default for Watch {
    fn default() -> Self {
        let (done, total) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let (d, t) = (done.clone(), total.clone());
        let stop = Stop::with_progress(move |_, now, all| {
            d.store(now, Ordering::Relaxed);
            t.store(all, Ordering::Relaxed);
        });
        Self { done, total, stop }
    }
}

/// Asks to stop when it is dropped: who waited for an answer went away, or has it.
#[derive(Debug)]
#[must_use]
pub(crate) struct UntilDropped(Watch);

impl Drop for UntilDropped {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl Watch {
    /// Work goes on as long as what this returns is held.
    pub(crate) fn until_dropped(&self) -> UntilDropped {
        UntilDropped(self.clone())
    }
    /// Asks to stop.
    pub fn cancel(&self) {
        self.stop.ask();
    }
    /// Whether stopping was asked.
    pub fn cancelled(&self) -> bool {
        self.stop.is_asked()
    }
    /// Work done and in all (0 when unknown).
    pub fn progress(&self) -> (u64, u64) {
        (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed))
    }
    pub(crate) fn stop(&self) -> &Stop {
        &self.stop
    }
}

impl Progress for Watch {
    fn at(&self, done: u64, total: u64) -> ControlFlow<()> {
        self.done.store(done, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
        if self.cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// Refused rows, in a CSV file a person can mend and import again.
struct QuarantineFile {
    path: PathBuf,
    writer: Option<csv::Writer<File>>,
    columns: Vec<String>,
    rows: u64,
}

impl QuarantineFile {
    fn new(path: PathBuf) -> Self {
        Self { path, writer: None, columns: Vec::new(), rows: 0 }
    }

    /// Makes the file durable; `true` when it holds rows.
    fn finish(&mut self) -> AppResult<bool> {
        let broken = |source| AppError::Io { what: "the quarantine".into(), source };
        let Some(writer) = self.writer.take() else { return Ok(false) };
        let file = writer.into_inner().map_err(|e| broken(std::io::Error::other(e.to_string())))?;
        file.sync_all().map_err(broken)?;
        Ok(self.rows > 0)
    }

    fn discard(&mut self) {
        if self.writer.take().is_some() || self.rows > 0 {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

impl Quarantine for QuarantineFile {
    fn header(&mut self, columns: &[&str]) -> Result<(), SinkError> {
        self.columns = columns.iter().map(|c| (*c).to_owned()).collect();
        Ok(())
    }

    fn refuse(&mut self, row: RefusedRow<'_>) -> Result<(), SinkError> {
        let writer = match &mut self.writer {
            Some(writer) => writer,
            None => {
                let mut file = File::create(&self.path)?;
                // The byte-order mark lets a spreadsheet read the accents.
                file.write_all("\u{feff}".as_bytes())?;
                let mut writer = csv::WriterBuilder::new()
                    .delimiter(b';')
                    .terminator(csv::Terminator::CRLF)
                    .flexible(true)
                    .from_writer(file);
                let fixed = ["ligne", "colonne", "code", "motif", "reason"];
                let columns = self.columns.iter().map(String::as_str);
                writer.write_record(fixed.into_iter().chain(columns))?;
                self.writer.insert(writer)
            }
        };
        let line = row.line.to_string();
        let code = serde_json::to_value(row.code)?;
        let fixed = [line.as_str(), row.column, code.as_str().unwrap_or(""), row.fr, row.en];
        let fixed = fixed.iter().map(|f| guard(f).into_owned());
        // What stands where a date or a number should may name anyone: its shape is enough,
        // the line number leads to the original.
        let unreadable = matches!(row.code, Code::BadDate | Code::BadNumber);
        let at_fault = self.columns.iter().position(|c| unreadable && c == row.column);
        let fields = row.fields.iter().enumerate().map(|(at, field)| {
            if Some(at) == at_fault { shape(field) } else { guard(field).into_owned() }
        });
        writer.write_record(fixed.chain(fields))?;
        self.rows += 1;
        Ok(())
    }
}

/// Letters become `x`: what kind of text it was, not what it said.
fn shape(text: &str) -> String {
    text.chars().map(|c| if c.is_alphabetic() { 'x' } else { c }).collect()
}

/// A text that a spreadsheet would run as a formula is prefixed; numbers are left alone.
pub(crate) fn guard(text: &str) -> std::borrow::Cow<'_, str> {
    let risky = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if risky && text.parse::<f64>().is_err() { format!("'{text}").into() } else { text.into() }
}

struct StageSink<'a, 'l>(&'a mut eclusier_lake::Stage<'l>);

impl EventSink for StageSink<'_, '_> {
    fn push(&mut self, batch: RecordBatch) -> Result<(), SinkError> {
        Ok(self.0.push(batch)?)
    }
}

/// Everything reading and staging produced, ready for the transaction.
struct Ready {
    import: NewImport,
    commit: Commit,
    findings: Vec<Finding>,
    kind: Kind,
}

impl App {
    /// Imports one file. A refusal or a question is a report, not an error.
    pub async fn import(&self, options: ImportOptions, watch: Watch) -> AppResult<ImportReport> {
        self.require_process(Permission::DataWrite, &options.process)?;
        let path = options.path.clone();
        let name = options.name.clone();
        let sha256 = self.blocking(move || digest(&path, &name)).await?;
        match self.try_import(&options, &sha256, &watch).await {
            Ok(report) => Ok(report),
            Err(
                error @ AppError::Ingest(IngestError::Refused { .. } | IngestError::Choice { .. }),
            ) => {
                let status = match &error {
                    AppError::Ingest(IngestError::Choice { .. }) => ImportStatus::ChoiceNeeded,
                    _ => ImportStatus::Refused,
                };
                let mut report = blank(&options, &sha256, status);
                report.message = Some(error.words());
                if let AppError::Ingest(
                    IngestError::Refused { code, fr, en, .. }
                    | IngestError::Choice { code, fr, en, .. },
                ) = &error
                {
                    let line = match &error {
                        AppError::Ingest(IngestError::Refused { line, .. }) => *line,
                        _ => None,
                    };
                    let (fr, en, code) = (fr.clone(), en.clone(), *code);
                    report.findings.push(Finding { line, column: None, code, count: 1, fr, en });
                }
                Ok(report)
            }
            Err(AppError::Ingest(IngestError::Cancelled)) => Err(AppError::Cancelled),
            Err(error) => Err(error),
        }
    }

    async fn try_import(
        &self,
        options: &ImportOptions,
        sha256: &str,
        watch: &Watch,
    ) -> AppResult<ImportReport> {
        let registry = &self.inner.registry;
        // One import of a process at a time, across every process of this machine.
        let lake = self.inner.lake.clone();
        let process = options.process.clone();
        let waiting = watch.stop().clone();
        let _turn = self.blocking(move || Ok(lake.lock(&process, &waiting)?)).await?;
        if let Some(earlier) = registry.find_import_by_hash(&options.process, sha256, "").await? {
            return Ok(unchanged(options, &earlier));
        }
        let (mapping, kind) = self.mapping_for(options).await?;
        let zone_name = self.zone_for(options).await?;
        let id = registry.reserve_delivery(&options.process).await?;
        let base = registry.snapshot(&options.process).await?;
        let worker = Worker {
            app: self.clone(),
            options: options.clone(),
            sha256: sha256.to_owned(),
            watch: watch.clone(),
            mapping,
            kind,
            zone_name: zone_name.clone(),
            live: lake_deliveries(registry.imports(Some(&options.process)).await?),
            delivered: registry.live_deliveries(&options.process).await?,
            id,
            at: self.now(),
        };
        let snapshot = base.clone();
        let ready = self.blocking(move || worker.run(&snapshot)).await?;
        if options.dry_run {
            let lake = self.inner.lake.clone();
            let commit = ready.commit.clone();
            self.blocking(move || Ok(lake.discard(&commit)?)).await?;
            return Ok(reported(&ready, None, ImportStatus::DryRun));
        }
        let first_import = base.id.0 == 0;
        let (record, version) =
            match registry.commit_import(ready.import.clone(), &ready.commit, base.id).await {
                Ok(done) => done,
                Err(error) => {
                    let lake = self.inner.lake.clone();
                    let commit = ready.commit.clone();
                    self.blocking(move || Ok(lake.discard(&commit)?)).await?;
                    if let Some(name) = &ready.import.quarantine_path {
                        let _ = std::fs::remove_file(self.inner.home.quarantine().join(name));
                    }
                    return Err(match error {
                        RegistryError::Conflict { .. } => {
                            AppError::Conflict { process: options.process.clone() }
                        }
                        other => other.into(),
                    });
                }
            };
        if first_import || options.zone.is_some() {
            let zone = serde_json::json!(zone_name).to_string();
            let key = zone_key(&options.process);
            registry.put_setting(&key, &zone, &self.actor(), self.now()).await?;
        }
        if let Some(label) = &options.label {
            let json = serde_json::json!(label).to_string();
            let key = label_key(&options.process);
            registry.put_setting(&key, &json, &self.actor(), self.now()).await?;
        }
        self.publish(&options.process).await;
        self.tell_process(&options.process);
        let mut report = reported(&ready, Some(record.id), ImportStatus::Committed);
        for (outcome, rows) in [
            ("accepted", report.accepted),
            ("quarantined", report.quarantined),
            ("duplicate", report.duplicates),
        ] {
            metrics::counter!("eclusier_import_rows_total", "outcome" => outcome).increment(rows);
        }
        report.snapshot = Some(version.0);
        Ok(report)
    }

    async fn mapping_for(&self, options: &ImportOptions) -> AppResult<(Mapping, Kind)> {
        if let (Some(mapping), None) = (&options.mapping, &options.columns) {
            let kind = options.kind.unwrap_or(mapping.kind);
            return Ok((Mapping { kind, ..mapping.clone() }, kind));
        }
        let (path, name) = (options.path.clone(), options.name.clone());
        let mut hints = eclusier_ingest::Hints { kind: options.kind, ..Default::default() };
        if let Some(columns) = &options.columns {
            let named = Mapping::from_column_args(columns)?;
            hints.mapping = Some(match &options.mapping {
                Some(mapping) => named.or(mapping),
                None => named,
            });
        }
        let preview =
            self.blocking(move || Ok(eclusier_ingest::inspect(&path, &name, &hints)?)).await?;
        if let Some(question) = preview.questions.first() {
            return Err(IngestError::Choice {
                name: options.name.clone(),
                code: question.code,
                fr: question.fr.clone(),
                en: question.en.clone(),
            }
            .into());
        }
        let kind = options.kind.unwrap_or(preview.mapping.kind);
        Ok((Mapping { kind, ..preview.mapping }, kind))
    }

    async fn zone_for(&self, options: &ImportOptions) -> AppResult<String> {
        if let Some(zone) = &options.zone {
            if TimeZone::get(zone).is_err() {
                return Err(AppError::invalid(
                    "zone",
                    format!("fuseau horaire inconnu « {zone} » : écrire par exemple Europe/Paris"),
                    format!("unknown time zone “{zone}”: write for example Europe/Paris"),
                ));
            }
            return Ok(zone.clone());
        }
        let rules = self.dated_rules(&options.process).await?;
        Ok(rules.last().map_or_else(|| "Europe/Paris".into(), |r| r.rules.zone.clone()))
    }

    /// Takes an import back: the process becomes what the other deliveries make it.
    pub async fn undo(
        &self,
        id: DeliveryId,
        reason: &str,
        watch: Watch,
    ) -> AppResult<ImportRecord> {
        let registry = &self.inner.registry;
        let missing = || AppError::NotFound { what: "import", name: id.to_string() };
        let find = async || {
            let record = registry.import(id).await.map_err(|e| match e {
                RegistryError::UnknownImport { .. } => missing(),
                other => other.into(),
            })?;
            if record.status == eclusier_registry::ImportStatus::Undone {
                return Err(AppError::invalid(
                    "id",
                    format!("l’import n° {id} est déjà annulé"),
                    format!("import {id} is already undone"),
                ));
            }
            Ok(record)
        };
        self.require(Permission::DataWrite)?;
        let process = find().await?.process.clone();
        self.require_process(Permission::DataWrite, &process)?;
        let lake = self.inner.lake.clone();
        let locked = process.clone();
        let waiting = watch.stop().clone();
        let _turn = self.blocking(move || Ok(lake.lock(&locked, &waiting)?)).await?;
        // Someone may have undone it while we waited for our turn.
        let record = find().await?;
        let base = registry.snapshot(&process).await?;
        let live = lake_deliveries(registry.imports(Some(&process)).await?);
        let kind = record.kind;
        let lake = self.inner.lake.clone();
        let before = base.clone();
        let commit = self
            .blocking(move || {
                if kind == ImportKind::Events {
                    return Ok(lake.undo(&before, id, &live, watch.stop())?.commit);
                }
                // Counts are read delivery by delivery: forgetting the file is enough.
                let own = before.files.iter().filter(|f| f.delivery == id);
                let retired = own.map(|f| f.path.clone()).collect();
                Ok(Commit { added: Vec::new(), retired })
            })
            .await?;
        registry.commit_undo(id, &self.actor(), reason, self.now(), &commit, base.id).await?;
        self.publish(&process).await;
        self.tell_process(&process);
        Ok(registry.import(id).await?)
    }

    /// History of imports, latest first.
    pub async fn imports(&self, process: Option<&ProcessId>) -> AppResult<Vec<ImportRecord>> {
        match process {
            Some(one) => self.reach(Permission::DataRead, one).map(|_| ())?,
            None => self.require(Permission::DataRead)?,
        }
        let mut imports = self.inner.registry.imports(process).await?;
        imports.retain(|i| self.reach(Permission::DataRead, &i.process).is_ok());
        imports.sort_by_key(|i| std::cmp::Reverse(i.id));
        Ok(imports)
    }

    /// File of refused rows of an import.
    pub async fn quarantine(&self, id: DeliveryId) -> AppResult<PathBuf> {
        let missing = || AppError::NotFound { what: "quarantine", name: id.to_string() };
        self.require(Permission::DataWrite)?;
        let record = self.inner.registry.import(id).await.map_err(|_| missing())?;
        self.require_process(Permission::DataWrite, &record.process)?;
        let name = record.quarantine_path.clone().ok_or_else(missing)?;
        // Only the file name is trusted, whatever the record says.
        let name = Path::new(&name).file_name().ok_or_else(missing)?;
        Ok(self.inner.home.quarantine().join(name))
    }
}

struct Worker {
    app: App,
    options: ImportOptions,
    sha256: String,
    watch: Watch,
    mapping: Mapping,
    kind: Kind,
    zone_name: String,
    live: Vec<eclusier_lake::LiveDelivery>,
    /// Every delivery that counts, in order of commit.
    delivered: Vec<eclusier_registry::LiveDelivery>,
    id: DeliveryId,
    at: Timestamp,
}

fn replacement(period: Period, zone: &str) -> Replacement {
    Replacement { period, zone: TimeZone::get(zone).unwrap_or(TimeZone::UTC) }
}

/// Event deliveries that count, in order of commit, as the lake wants them.
fn lake_deliveries(mut imports: Vec<ImportRecord>) -> Vec<eclusier_lake::LiveDelivery> {
    imports.retain(|i| {
        i.kind == ImportKind::Events && i.status == eclusier_registry::ImportStatus::Committed
    });
    imports.sort_by_key(|i| i.snapshot);
    imports
        .into_iter()
        .map(|i| eclusier_lake::LiveDelivery {
            id: i.id,
            source: i.source.clone(),
            replaced: i.replace.map(|p| replacement(p, i.zone.as_deref().unwrap_or("UTC"))),
        })
        .collect()
}

impl Worker {
    fn run(self, base: &Snapshot) -> AppResult<Ready> {
        let name = format!("{}.csv", self.id);
        let mut refused = QuarantineFile::new(self.app.inner.home.quarantine().join(&name));
        let ready = match self.kind {
            Kind::Counts => self.counts(base, &mut refused),
            Kind::Events => self.events(base, &mut refused),
            Kind::Staff | Kind::Contacts => Err(AppError::invalid(
                "kind",
                "les fichiers de personnel et de contacts arrivent avec l’organisation : importer des événements ou des comptages",
                "staff and contact files come with the organisation: import events or counts",
            )),
        };
        match ready {
            Ok(mut ready) => {
                if self.options.dry_run {
                    refused.discard();
                    return Ok(ready);
                }
                match refused.finish() {
                    Ok(true) => ready.import.quarantine_path = Some(name),
                    Ok(false) => {}
                    Err(error) => {
                        self.app.inner.lake.discard(&ready.commit)?;
                        refused.discard();
                        return Err(error);
                    }
                }
                Ok(ready)
            }
            Err(error) => {
                refused.discard();
                Err(error)
            }
        }
    }

    fn context<'a>(&'a self, refused: &'a mut QuarantineFile) -> AppResult<Context<'a>> {
        let people = self.app.inner.home.pseudonymiser()?;
        let zone = TimeZone::get(&self.zone_name).unwrap_or(TimeZone::UTC);
        let mut context =
            Context::new(self.options.name.clone(), zone, people, &self.watch, refused);
        context.strict_nir = self.options.strict_nir;
        context.ignore_activities = self.options.ignore_activities.clone();
        context.delivery = self.id.0;
        Ok(context)
    }

    fn events(&self, base: &Snapshot, refused: &mut QuarantineFile) -> AppResult<Ready> {
        let lake = &self.app.inner.lake;
        let mut stage = lake.stage(&self.options.process, self.id)?;
        let mut context = self.context(refused)?;
        let mut sink = StageSink(&mut stage);
        let read = eclusier_ingest::read_events(
            &self.options.path,
            &self.mapping,
            &mut context,
            &mut sink,
        );
        drop(context);
        let report = match read {
            Ok(report) => report,
            Err(IngestError::Sink { source, .. }) => {
                stage.abandon();
                return Err(match source.downcast::<eclusier_lake::LakeError>() {
                    Ok(lake) => (*lake).into(),
                    Err(other) => AppError::Io {
                        what: "the rows".into(),
                        source: std::io::Error::other(other.to_string()),
                    },
                });
            }
            Err(error) => {
                stage.abandon();
                return Err(error.into());
            }
        };
        let policy = MergePolicy {
            source: self.source(),
            replace: self.options.replace.map(|period| replacement(period, &self.zone_name)),
            live: self.live.clone(),
        };
        let staged = stage.finish(base, &policy, self.watch.stop())?;
        let mut findings = report.findings;
        if staged.repeated > 0 {
            let n = staged.repeated;
            findings.push(Finding {
                line: None,
                column: None,
                code: Code::RepeatedRows,
                count: n,
                fr: format!(
                    "{n} lignes identiques se répètent dans ce fichier : toutes sont gardées"
                ),
                en: format!("{n} identical rows repeat inside this file: all are kept"),
            });
        }
        match self.lifecycle(&staged.commit, base) {
            Ok(met) => findings.extend(met),
            Err(error) => {
                lake.discard(&staged.commit)?;
                return Err(error);
            }
        }
        let mut import = self.record(&findings);
        import.rows_read = report.rows_read;
        import.accepted = report.accepted;
        import.quarantined = report.quarantined;
        import.duplicates = staged.duplicates;
        import.repeated = staged.repeated;
        import.replaced = staged.replaced;
        import.cases = staged.cases;
        import.activities = report.activities;
        import.resources = report.resources;
        import.first = instant(report.first);
        import.last = instant(report.last);
        Ok(Ready { import, commit: staged.commit, findings, kind: Kind::Events })
    }

    fn counts(&self, base: &Snapshot, refused: &mut QuarantineFile) -> AppResult<Ready> {
        let mut context = self.context(refused)?;
        let report =
            eclusier_ingest::counts::read_counts(&self.options.path, &self.mapping, &mut context)?;
        drop(context);
        let commit =
            self.app.inner.lake.write_counts(&self.options.process, self.id, &report.movements)?;
        let mut findings = report.findings;
        for [fr, en] in report.cannot {
            findings.push(Finding {
                line: None,
                column: None,
                code: Code::DerivedOpening,
                count: 1,
                fr,
                en,
            });
        }
        let mut import = self.record(&findings);
        import.rows_read = report.rows_read;
        import.accepted = report.accepted;
        import.quarantined = report.quarantined;
        if let Some(period) = self.options.replace {
            let mut before = self.app.inner.lake.read_counts(base)?;
            crate::counts::in_force(&mut before, &self.delivered);
            let source = self.source();
            let same: Vec<DeliveryId> =
                self.delivered.iter().filter(|d| d.source == source).map(|d| d.id).collect();
            let gone =
                |(id, m): &&(DeliveryId, Movement)| same.contains(id) && period.contains(m.day);
            import.replaced = before.iter().filter(gone).count() as u64;
        }
        let midnight = |d: jiff::civil::Date| d.to_zoned(TimeZone::UTC).ok().map(|z| z.timestamp());
        import.first = report.first.and_then(midnight);
        import.last = report.last.and_then(midnight);
        Ok(Ready { import, commit, findings, kind: Kind::Counts })
    }

    /// What pairing the lifecycle rows of this delivery meets.
    fn lifecycle(&self, commit: &Commit, base: &Snapshot) -> AppResult<Vec<Finding>> {
        let files = commit.added.iter().filter(|f| f.kind == FileKind::Delivery);
        let delivered = Snapshot {
            id: base.id,
            process: base.process.clone(),
            files: files.map(|f| DataFile { kind: FileKind::Events, ..f.clone() }).collect(),
        };
        let lake = &self.app.inner.lake;
        let stop = self.watch.stop();
        let pairing = lake.run(&delivered, &Filter::default(), &LifecycleCheck, stop)?;
        Ok(eclusier_ingest::lifecycle_findings(&pairing))
    }

    /// Source tool of the delivery: the mapping's, else one name for all files of this kind.
    fn source(&self) -> String {
        self.mapping.source.clone().unwrap_or_else(|| "default".into())
    }

    fn record(&self, findings: &[Finding]) -> NewImport {
        NewImport {
            id: self.id,
            process: self.options.process.clone(),
            org: self.options.org.clone(),
            kind: match self.kind {
                Kind::Events => ImportKind::Events,
                Kind::Counts => ImportKind::Counts,
                Kind::Contacts => ImportKind::Contacts,
                Kind::Staff => ImportKind::Staff,
            },
            file_name: self.options.name.clone(),
            source: self.source(),
            sha256: self.sha256.clone(),
            fingerprint: String::new(),
            at: self.at,
            by: self.app.actor(),
            mapping_toml: self.mapping.to_toml().ok(),
            zone: Some(self.zone_name.clone()),
            rows_read: 0,
            accepted: 0,
            quarantined: 0,
            duplicates: 0,
            repeated: 0,
            replaced: 0,
            cases: 0,
            activities: 0,
            resources: 0,
            first: None,
            last: None,
            findings_json: serde_json::to_string(findings).unwrap_or_else(|_| "[]".into()),
            quarantine_path: None,
            replace: self.options.replace,
        }
    }
}

fn instant(us: Option<i64>) -> Option<Timestamp> {
    us.and_then(|us| Timestamp::from_microsecond(us).ok())
}

/// SHA-256 of a file, read once in large pieces.
pub(crate) fn digest(path: &Path, name: &str) -> AppResult<String> {
    let broken = |source| AppError::Ingest(IngestError::Io { name: name.to_owned(), source });
    let mut file = BufReader::with_capacity(1 << 20, File::open(path).map_err(broken)?);
    let mut hash = Sha256::new();
    let mut piece = vec![0u8; 1 << 20];
    loop {
        match file.read(&mut piece).map_err(broken)? {
            0 => break,
            n => hash.update(piece.get(..n).unwrap_or_default()),
        }
    }
    Ok(hex::encode(hash.finalize()))
}

fn blank(options: &ImportOptions, sha256: &str, status: ImportStatus) -> ImportReport {
    ImportReport {
        status,
        id: None,
        file: options.name.clone(),
        process: options.process.clone(),
        kind: options.kind,
        sha256: sha256.to_owned(),
        rows_read: 0,
        accepted: 0,
        quarantined: 0,
        duplicates: 0,
        replaced: 0,
        cases: 0,
        activities: 0,
        resources: 0,
        first: None,
        last: None,
        findings: Vec::new(),
        quarantine: false,
        snapshot: None,
        message: None,
    }
}

fn filled(
    status: ImportStatus,
    id: Option<DeliveryId>,
    import: &NewImport,
    kind: Kind,
    findings: Vec<Finding>,
) -> ImportReport {
    ImportReport {
        status,
        id,
        file: import.file_name.clone(),
        process: import.process.clone(),
        kind: Some(kind),
        sha256: import.sha256.clone(),
        rows_read: import.rows_read,
        accepted: import.accepted,
        quarantined: import.quarantined,
        duplicates: import.duplicates,
        replaced: import.replaced,
        cases: import.cases,
        activities: import.activities,
        resources: import.resources,
        first: import.first,
        last: import.last,
        findings,
        quarantine: import.quarantine_path.is_some(),
        snapshot: None,
        message: None,
    }
}

fn reported(ready: &Ready, id: Option<DeliveryId>, status: ImportStatus) -> ImportReport {
    filled(status, id, &ready.import, ready.kind, ready.findings.clone())
}

fn unchanged(options: &ImportOptions, earlier: &ImportRecord) -> ImportReport {
    let findings = serde_json::from_str(&earlier.findings_json).unwrap_or_default();
    let kind = options.kind.unwrap_or(match earlier.kind {
        ImportKind::Counts | ImportKind::Typed => Kind::Counts,
        ImportKind::Contacts => Kind::Contacts,
        ImportKind::Staff => Kind::Staff,
        ImportKind::Events => Kind::Events,
    });
    let mut report = filled(ImportStatus::Unchanged, Some(earlier.id), earlier, kind, findings);
    report.file = options.name.clone();
    report.message = Some([
        format!("Ce fichier a déjà été importé (n° {}) : rien n’a changé.", earlier.id),
        format!("This file was already imported (no. {}): nothing changed.", earlier.id),
    ]);
    report
}
