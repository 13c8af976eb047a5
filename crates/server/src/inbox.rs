//! The inbox: files left in a folder are imported by their saved mapping.
//!
//! A file is taken once its size has been stable over two looks; it then moves
//! to `done/` or, with its reason beside it, to `refused/`. Nothing is deleted.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    time::Duration,
};

use eclusier_app::{
    App,
    imports::{ImportOptions, ImportStatus, Watch},
};
use tokio_util::sync::CancellationToken;

const LOOK_EVERY: Duration = Duration::from_secs(2);

pub(crate) async fn watch(app: App, folder: PathBuf, stop: CancellationToken) {
    let mut sizes: HashMap<PathBuf, u64> = HashMap::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        let mut seen = HashMap::new();
        for path in files(&folder) {
            let Ok(meta) = std::fs::metadata(&path) else { continue };
            let stable = sizes.get(&path) == Some(&meta.len()) && meta.len() > 0;
            if stable {
                take(&app, &folder, &path).await;
            } else {
                seen.insert(path, meta.len());
            }
        }
        sizes = seen;
    }
}

/// Plain files of the folder, oldest name first; hidden and partial ones are left alone.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .filter(|e| e.file_type().is_ok_and(|t| t.is_file()))
        .map(|e| e.path())
        .filter(|p| {
            let name =
                p.file_name().map(|n| n.to_string_lossy().to_lowercase()).unwrap_or_default();
            !name.starts_with('.')
                && ![".part", ".tmp", ".partial", ".crdownload"].iter().any(|e| name.ends_with(e))
        })
        .collect();
    files.sort();
    files
}

async fn take(app: &App, folder: &Path, path: &Path) {
    let outcome = import(app, path).await;
    let (place, reason) = match &outcome {
        Ok(()) => ("done", None),
        Err(reason) => ("refused", Some(reason.clone())),
    };
    let target = folder.join(place);
    let name = path.file_name().unwrap_or_default();
    let moved = std::fs::create_dir_all(&target)
        .and_then(|()| std::fs::rename(path, free_name(&target, Path::new(name))));
    if let Some(reason) = reason {
        let note = target.join(format!("{}.txt", name.to_string_lossy()));
        let _ = std::fs::write(note, reason);
    }
    if let Err(error) = moved {
        tracing::error!(%error, "a file of the inbox could not be moved");
    }
}

/// A name not taken yet: an earlier file of the same name is kept.
fn free_name(folder: &Path, name: &Path) -> PathBuf {
    let first = folder.join(name);
    if !first.exists() {
        return first;
    }
    (2..)
        .map(|n| folder.join(format!("{n}-{}", name.display())))
        .find(|p| !p.exists())
        .unwrap_or(first)
}

async fn import(app: &App, path: &Path) -> Result<(), String> {
    let words = |[fr, en]: [String; 2]| format!("{fr}\n{en}\n");
    let found = app.inbox_mapping(path).await.map_err(|e| words(e.words()))?;
    let Some((process, mapping)) = found else {
        return Err(words([
            "Aucune correspondance enregistrée ne reconnaît cet en-tête : déposer le fichier une fois sur la page Données et enregistrer sa correspondance.".into(),
            "No saved mapping recognises this header: drop the file once on the Data page and save its mapping.".into(),
        ]));
    };
    let mut options = ImportOptions::new(path, process);
    options.mapping = Some(mapping);
    let report = app.import(options, Watch::default()).await.map_err(|e| words(e.words()))?;
    match report.status {
        ImportStatus::Committed | ImportStatus::Unchanged | ImportStatus::DryRun => Ok(()),
        ImportStatus::Refused | ImportStatus::ChoiceNeeded => {
            Err(words(report.message.unwrap_or_default()))
        }
    }
}
