//! Keeping the folder clean: orphans of a crash, small files, dry runs, the list others read.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use eclusier_core::{Commit, DataFile, DeliveryId, FileKind, ProcessId, Snapshot};
use serde::Serialize;

use crate::{
    Lake, LakeError, LockGuard, Stop,
    block::Names,
    disk::Entry,
    join::{Joiner, Landing, Orders, Rule, Tally},
    stage::merge,
    write::{Address, Publisher},
};

/// What a sweep removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SweepReport {
    /// Files no version knows.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Staging folders whose owner is dead.
    pub staging: u64,
    /// Processes left alone because somebody was changing them.
    pub busy: u64,
}

/// The list of files in force, for readers that are not Éclusier.
#[derive(Serialize)]
struct Manifest<'a> {
    process: &'a str,
    version: i64,
    events: Vec<&'a str>,
    counts: Vec<&'a str>,
}

impl Lake {
    /// Processes that have a folder in the lake.
    pub fn processes(&self) -> Result<Vec<ProcessId>, LakeError> {
        let entries =
            self.disk.list(&self.root).map_err(|e| LakeError::io("list", &self.root, e))?;
        let named = |e: &Entry| ProcessId::new(e.path.file_name()?.to_str()?).ok();
        Ok(entries.iter().filter(|e| e.is_dir).filter_map(named).collect())
    }

    /// Removes what a crash left: files for which `known` says no, and staging folders whose
    /// owner is dead. `known` is asked about paths below the root; answer yes for every file of
    /// a version that may still be read. Processes being changed are left alone.
    ///
    /// `known` must answer for the moment it is asked, not from a list read before: an import
    /// that commits between the list and its process's turn would lose its files. Where the
    /// answer is a list, hold the process, read the list, then [`Lake::sweep_process`].
    pub fn sweep(&self, known: &dyn Fn(&str) -> bool) -> Result<SweepReport, LakeError> {
        let mut report = SweepReport::default();
        for process in self.processes()? {
            match self.try_lock(&process)? {
                Some(guard) => {
                    let swept = self.sweep_process(&guard, known)?;
                    report.files += swept.files;
                    report.bytes += swept.bytes;
                    report.staging += swept.staging;
                }
                None => report.busy += 1,
            }
        }
        Ok(report)
    }

    /// Sweeps the process held: files for which `known` says no, and staging of the dead.
    pub fn sweep_process(
        &self,
        guard: &LockGuard,
        known: &dyn Fn(&str) -> bool,
    ) -> Result<SweepReport, LakeError> {
        let mut report = SweepReport::default();
        let folder = self.root.join(guard.process().as_str());
        report.staging += self.sweep_scratch(&folder)?;
        for kind in ["events", "deliveries", "counts"] {
            self.sweep_folder(&folder.join(kind), known, &mut report)?;
        }
        Ok(report)
    }

    /// Sweeps a folder; whether nothing is left inside.
    fn sweep_folder(
        &self,
        folder: &Path,
        known: &dyn Fn(&str) -> bool,
        report: &mut SweepReport,
    ) -> Result<bool, LakeError> {
        let entries = self.disk.list(folder).map_err(|e| LakeError::io("list", folder, e))?;
        let mut empty = true;
        for entry in entries {
            if entry.is_dir {
                if self.sweep_folder(&entry.path, known, report)? {
                    self.disk
                        .remove_dirs(&entry.path)
                        .map_err(|e| LakeError::io("remove", &entry.path, e))?;
                } else {
                    empty = false;
                }
                continue;
            }
            let path = self.below_root(&entry.path);
            if path.as_deref().is_some_and(known) {
                empty = false;
                continue;
            }
            self.disk.remove(&entry.path).map_err(|e| LakeError::io("remove", &entry.path, e))?;
            if let Some(path) = path {
                self.footers.forget(&path);
            }
            report.files += 1;
            report.bytes += entry.bytes;
        }
        Ok(empty)
    }

    /// Path below the root, `/` separated.
    fn below_root(&self, path: &Path) -> Option<String> {
        let parts: Option<Vec<&str>> = path
            .strip_prefix(&self.root)
            .ok()?
            .components()
            .map(|c| c.as_os_str().to_str())
            .collect();
        Some(parts?.join("/"))
    }

    /// Removes the files of a commit that was never stored (a dry run, a refused import).
    pub fn discard(&self, commit: &Commit) -> Result<(), LakeError> {
        for file in &commit.added {
            let path = self.root.join(&file.path);
            match self.disk.remove(&path) {
                Ok(()) => {}
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
                Err(e) => return Err(LakeError::io("remove", path, e)),
            }
            self.footers.forget(&file.path);
        }
        Ok(())
    }

    /// Joins small neighbouring files of a month; an empty commit when nothing is worth it.
    ///
    /// No row changes: the new version gives the same rows in the same order.
    pub fn compact(&self, snapshot: &Snapshot, stop: &Stop) -> Result<Commit, LakeError> {
        let most = self.options.file_rows;
        let mut landing = Landing::new(snapshot.of_kind(FileKind::Events), most)?;
        let mut runs: Vec<Vec<usize>> = Vec::new();
        for files in landing.by_month() {
            let mut run: Vec<usize> = Vec::new();
            let mut rows = 0;
            for &index in files {
                let more = landing.base.get(index).map_or(0, |f| f.rows);
                if rows + more > most && !run.is_empty() {
                    runs.push(std::mem::take(&mut run));
                    rows = 0;
                }
                rows += more;
                run.push(index);
            }
            runs.push(run);
        }
        landing.affected = runs.into_iter().filter(|r| r.len() > 1).flatten().collect();
        if landing.affected.is_empty() {
            return Ok(Commit::default());
        }
        let touched: Vec<&DataFile> =
            landing.affected.iter().filter_map(|&i| landing.base.get(i).copied()).collect();
        let scratch = self.scratch(&snapshot.process, "compact")?;
        let sources = self.file_sources(touched.iter().copied(), touched.len())?;
        let mut joiner = Joiner {
            orders: Orders::default(),
            rule: Rule::Import,
            live_sources: sources.len(),
            tally: Tally::default(),
        };
        let rows = touched.iter().map(|f| f.rows).sum();
        let names = Names::default();
        let merged = merge(self, &scratch, sources, names, &landing, &mut joiner, rows, stop)?;
        let cause = touched.iter().map(|f| f.delivery).max().unwrap_or(DeliveryId(0));
        let to = Address { process: &snapshot.process, delivery: cause, base: snapshot.id };
        let mut publisher = Publisher::new(self);
        let mut commit =
            Commit { added: Vec::new(), retired: touched.iter().map(|f| f.path.clone()).collect() };
        for file in &merged {
            commit.added.push(publisher.place(file, FileKind::Events, to)?);
        }
        publisher.finish()?;
        Ok(commit)
    }

    /// Writes `<process>/current.json`, the list of the files in force, for external readers.
    ///
    /// Call it once the registry has committed; Éclusier itself never reads it.
    pub fn write_manifest(&self, snapshot: &Snapshot) -> Result<PathBuf, LakeError> {
        let paths = |kind| snapshot.of_kind(kind).map(|f| f.path.as_str()).collect();
        let manifest = Manifest {
            process: snapshot.process.as_str(),
            version: snapshot.id.0,
            events: paths(FileKind::Events),
            counts: paths(FileKind::Counts),
        };
        let text = serde_json::to_vec_pretty(&manifest)
            .map_err(|_| LakeError::Internal { what: "a list of paths could not be written" })?;
        let scratch = self.scratch(&snapshot.process, "manifest")?;
        let draft = scratch.folder.join("current.json");
        let mut file = self.disk.create(&draft).map_err(|e| LakeError::io("create", &draft, e))?;
        file.write_all(&text).map_err(|e| LakeError::io("write", &draft, e))?;
        file.sync().map_err(|e| LakeError::io("sync", &draft, e))?;
        drop(file);
        let folder = self.root.join(snapshot.process.as_str());
        let path = folder.join("current.json");
        self.disk.rename(&draft, &path).map_err(|e| LakeError::io("rename", &path, e))?;
        self.disk.sync_dir(&folder).map_err(|e| LakeError::io("sync", &folder, e))?;
        Ok(path)
    }
}
