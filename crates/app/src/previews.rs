//! Uploads: a file dropped on the page waits here until a person confirms it.

use std::path::PathBuf;

use eclusier_core::{Permission, ProcessId};
use eclusier_ingest::{Hints, Kind, Mapping, Preview};
use eclusier_registry::SavedMapping;
use sha2::{Digest, Sha256};

use crate::{
    App,
    error::{AppError, AppResult},
};

/// A file waiting for confirmation, and what was understood of it.
#[derive(Debug, Clone)]
pub struct UploadView {
    /// Upload id.
    pub id: String,
    /// File name as delivered.
    pub name: String,
    /// Bytes.
    pub bytes: u64,
    /// What was understood.
    pub preview: Preview,
    /// Process proposed.
    pub process: ProcessId,
    /// Name of a saved mapping for this header.
    pub known_mapping: Option<String>,
}

impl App {
    /// A new place for an upload: the caller writes the file there.
    pub fn new_upload(&self, name: &str) -> AppResult<(String, PathBuf)> {
        self.require(Permission::DataWrite)?;
        let id = uuid::Uuid::now_v7().to_string();
        let folder = self.inner.home.uploads().join(&id);
        let broken = |source| AppError::Io { what: "the upload".into(), source };
        std::fs::create_dir_all(&folder).map_err(broken)?;
        std::fs::write(folder.join("name"), safe_name(name)).map_err(broken)?;
        std::fs::write(folder.join("by"), self.actor()).map_err(broken)?;
        Ok((id.clone(), folder.join("file")))
    }

    /// Path and name of an upload.
    pub fn upload(&self, id: &str) -> AppResult<(PathBuf, String)> {
        let missing = || AppError::NotFound { what: "upload", name: id.to_owned() };
        // Only ids we made: a path cannot be smuggled in.
        let id = uuid::Uuid::parse_str(id).map_err(|_| missing())?.to_string();
        let folder = self.inner.home.uploads().join(id);
        // A file waiting for confirmation holds people in clear: only who left it sees it.
        let by = std::fs::read_to_string(folder.join("by")).map_err(|_| missing())?;
        if by != self.actor() {
            return Err(missing());
        }
        let name = std::fs::read_to_string(folder.join("name")).map_err(|_| missing())?;
        Ok((folder.join("file"), name))
    }

    /// Forgets an upload.
    pub fn drop_upload(&self, id: &str) -> AppResult<()> {
        let (path, _) = self.upload(id)?;
        if let Some(folder) = path.parent() {
            std::fs::remove_dir_all(folder)
                .map_err(|source| AppError::Io { what: "the upload".into(), source })?;
        }
        Ok(())
    }

    /// What detection understands of an upload, under the corrections given so far.
    pub async fn inspect(
        &self,
        id: &str,
        kind: Option<Kind>,
        mapping: Option<Mapping>,
    ) -> AppResult<UploadView> {
        let (path, name) = self.upload(id)?;
        let bytes = std::fs::metadata(&path).map_or(0, |m| m.len());
        let corrected = mapping.is_some();
        let hints = Hints { kind, mapping, ..Hints::default() };
        let file = (path.clone(), name.clone());
        let mut preview =
            self.blocking(move || Ok(eclusier_ingest::inspect(&file.0, &file.1, &hints)?)).await?;
        let header = header_fingerprint(&preview);
        let saved = self.inner.registry.mappings_for_header(&header).await?.into_iter().next();
        let mut process = process_from_name(&name);
        let mut known_mapping = None;
        if let Some(saved) = saved {
            process = saved.process.clone();
            known_mapping = Some(saved.name);
            if !corrected && let Ok(mapping) = Mapping::from_toml(&saved.toml) {
                let hints = Hints { kind, mapping: Some(mapping), ..Hints::default() };
                let named = name.clone();
                preview = self
                    .blocking(move || Ok(eclusier_ingest::inspect(&path, &named, &hints)?))
                    .await?;
                return Ok(UploadView {
                    id: id.to_owned(),
                    name: preview.name.clone(),
                    bytes,
                    preview,
                    process,
                    known_mapping,
                });
            }
        }
        Ok(UploadView { id: id.to_owned(), name, bytes, preview, process, known_mapping })
    }

    /// Saves a mapping under a name, to be proposed for every file with the same header.
    pub async fn save_mapping(
        &self,
        name: &str,
        process: &ProcessId,
        mapping: &Mapping,
        header: Option<String>,
    ) -> AppResult<()> {
        self.require_process(Permission::DataWrite, process)?;
        let toml = mapping.to_toml().map_err(|e| {
            AppError::invalid(
                "mapping",
                format!("correspondance illisible : {e}"),
                format!("unreadable mapping: {e}"),
            )
        })?;
        let saved = SavedMapping {
            name: name.to_owned(),
            process: process.clone(),
            toml,
            header,
            file_pattern: None,
            by: self.actor(),
            at: self.now(),
        };
        Ok(self.inner.registry.save_mapping(&saved).await?)
    }
}

impl App {
    /// Saves the mapping used for an upload, with the header it recognises.
    pub async fn save_mapping_of_upload(
        &self,
        upload: &str,
        name: &str,
        process: &ProcessId,
        mapping: Option<Mapping>,
    ) -> AppResult<()> {
        let view = self.inspect(upload, None, mapping.clone()).await?;
        let header = header_fingerprint(&view.preview);
        let mapping = mapping.unwrap_or(view.preview.mapping);
        self.save_mapping(name, process, &mapping, Some(header)).await
    }

    /// The saved mapping, and its process, of a file of the inbox.
    pub async fn inbox_mapping(
        &self,
        path: &std::path::Path,
    ) -> AppResult<Option<(ProcessId, Mapping)>> {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let file = path.to_path_buf();
        let preview = self
            .blocking(move || Ok(eclusier_ingest::inspect(&file, &name, &Hints::default())?))
            .await?;
        let saved = self.inner.registry.mappings_for_header(&header_fingerprint(&preview)).await?;
        Ok(saved
            .into_iter()
            .next()
            .and_then(|s| Some((s.process, Mapping::from_toml(&s.toml).ok()?))))
    }

    /// Saved mappings, by name.
    pub async fn mappings(&self) -> AppResult<Vec<SavedMapping>> {
        self.require(Permission::DataRead)?;
        let mut mappings = self.inner.registry.mappings().await?;
        mappings.retain(|m| self.reach(Permission::DataRead, &m.process).is_ok());
        Ok(mappings)
    }

    /// Forgets a saved mapping.
    pub async fn delete_mapping(&self, name: &str) -> AppResult<()> {
        let known = self.mappings().await?;
        if let Some(one) = known.iter().find(|m| m.name == name) {
            self.require_process(Permission::DataWrite, &one.process)?;
        }
        if self.inner.registry.delete_mapping(name, &self.actor(), self.now()).await? {
            Ok(())
        } else {
            Err(AppError::NotFound { what: "mapping", name: name.to_owned() })
        }
    }

    /// A template to fill: its file name and bytes.
    pub fn template(&self, kind: &str, lang: eclusier_core::Lang) -> AppResult<(String, Vec<u8>)> {
        use eclusier_ingest::templates;
        let (fr, en, bytes) = match kind {
            "counts" => ("comptages", "counts", templates::counts(lang)),
            "events" => ("evenements", "events", templates::events(lang)),
            "staff" => ("personnel", "staff", templates::staff(lang)),
            "absences" => ("absences", "absences", templates::absences(lang)),
            _ => return Err(AppError::NotFound { what: "template", name: kind.to_owned() }),
        };
        let bytes = bytes.map_err(|e| AppError::Export { format: "xlsx", why: e.to_string() })?;
        Ok((format!("eclusier-{}.xlsx", lang.pick(fr, en)), bytes))
    }
}

/// A name without folders or control characters.
fn safe_name(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or("");
    let clean: String = name.chars().filter(|c| !c.is_control()).take(200).collect();
    if clean.is_empty() { "fichier".into() } else { clean }
}

/// Same header, same fingerprint, whatever the rows.
pub(crate) fn header_fingerprint(preview: &Preview) -> String {
    let mut hash = Sha256::new();
    hash.update(preview.format.as_str());
    for column in &preview.columns {
        hash.update([0]);
        hash.update(column.name.trim());
    }
    hex::encode(hash.finalize())
}

/// A process id made from a file name: letters and digits, without what looks like a date.
pub(crate) fn process_from_name(name: &str) -> ProcessId {
    let stem = name.split('.').next().unwrap_or("");
    let mut id = String::new();
    for word in stem.split(|c: char| !c.is_alphanumeric()) {
        if word.is_empty() || word.chars().all(|c| c.is_ascii_digit()) {
            continue;
        }
        if !id.is_empty() {
            id.push('-');
        }
        id.push_str(&word.to_lowercase());
    }
    let id: String = id.chars().take(40).collect();
    ProcessId::new(id).unwrap_or_else(|_| {
        #[allow(clippy::expect_used)] // a constant that the constructor accepts
        ProcessId::new("processus").expect("a valid constant")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_named_after_its_file_without_dates() {
        assert_eq!(process_from_name("Export_Retraite_2025-01-31.csv").as_str(), "export-retraite");
        assert_eq!(process_from_name("20250131.xlsx").as_str(), "processus");
        assert_eq!(safe_name("../../etc/passwd"), "passwd");
        assert_eq!(safe_name("C:\\dossiers\\a.csv"), "a.csv");
    }
}
