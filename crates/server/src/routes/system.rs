//! State of the program, backups and rehearsals.

use std::path::PathBuf;

use axum::{Json, extract::State, http::HeaderMap};
use eclusier_api::{BackupDto, CheckDto, JobDto, Problem, RehearsalDto, SystemDto, Text};
use eclusier_app::{
    AppError, AppResult, Permission,
    backups::{BackupOptions, Rehearsal},
    system::{Health, System},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{InLang as _, lang};
use crate::{ApiResult, guard::Allowed, site::Site, wire};

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(find_system))
        .routes(routes!(create_backup))
        .routes(routes!(create_rehearsal))
}

fn rehearsal(r: &Rehearsal) -> RehearsalDto {
    let passed =
        ["Mêmes chiffres après restauration.", "Same figures after the restore."].map(String::from);
    RehearsalDto {
        at: r.at.to_string(),
        backup: name(&r.backup),
        backup_at: r.instant_of_backup.map(|t| t.to_string()),
        ok: r.ok,
        seconds: r.seconds,
        words: Text::from(r.what_failed.clone().unwrap_or(passed)),
    }
}

/// The name of a backup, without the folders of the machine.
fn name(path: &std::path::Path) -> String {
    path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
}

fn told(system: &System) -> SystemDto {
    let worst = system.checks.iter().map(|c| c.health).max().unwrap_or(Health::Unknown);
    SystemDto {
        state: match worst {
            Health::Ok | Health::Unknown => "ok",
            other => other.as_str(),
        }
        .into(),
        checks: system
            .checks
            .iter()
            .map(|c| CheckDto {
                id: c.id.into(),
                label: Text::new(c.label[0], c.label[1]),
                state: c.health.as_str().into(),
                words: Text::from(c.words.clone()),
            })
            .collect(),
        version: env!("CARGO_PKG_VERSION").into(),
        database: system.database.clone(),
        schema: system.schema,
        lake_bytes: system.lake_bytes,
        lake_files: system.lake_files,
        free_bytes: system.free_bytes,
        started_at: system.started.to_string(),
        backups: system
            .backups
            .iter()
            .map(|b| BackupDto {
                name: name(&b.path),
                at: b.at.map(|t| t.to_string()).unwrap_or_default(),
                bytes: b.bytes,
                files: b.files,
            })
            .collect(),
        rehearsals: system.rehearsals.iter().map(rehearsal).collect(),
    }
}

/// State of the program.
#[utoipa::path(get, path = "/api/v1/system", tag = "system",
    security(("session" = ["system.read"]), ("token" = ["system.read"])),
    responses((status = 200, body = SystemDto)))]
async fn find_system(Allowed(app): Allowed, headers: HeaderMap) -> ApiResult<Json<SystemDto>> {
    Ok(Json(told(&app.system().await.told(&headers)?)))
}

/// The folder of backups: the one configured, never one told over the network.
fn folder(site: &Site) -> AppResult<PathBuf> {
    site.options().backups.clone().ok_or_else(|| AppError::Refused {
        code: "no-backup-folder".into(),
        fr: "Aucun dossier de sauvegarde n’est configuré : renseigner backup.folder.".into(),
        en: "No backup folder is configured: set backup.folder.".into(),
    })
}

/// Makes a backup in the configured folder.
#[utoipa::path(post, path = "/api/v1/system/backups", tag = "system",
    security(("session" = ["system.write"]), ("token" = ["system.write"])),
    responses((status = 200, body = JobDto), (status = 422, body = Problem)))]
async fn create_backup(
    State(site): State<Site>,
    Allowed(app): Allowed,
    headers: HeaderMap,
) -> ApiResult<Json<JobDto>> {
    let answer: AppResult<_> = async {
        app.require(Permission::SystemWrite)?;
        let at = app.now().strftime("eclusier-%Y%m%dT%H%M%SZ").to_string();
        let to = folder(&site)?.join(at);
        let words = ["Sauvegarde", "Backup"].map(str::to_owned);
        let id = app
            .start("backup", None, words, move |app, watch| async move {
                let report = app.backup(&BackupOptions::new(to), &watch).await?;
                serde_json::to_value(report).map_err(|_| AppError::Task)
            })
            .await?;
        app.job(id).await
    }
    .await;
    Ok(Json(wire::job(&answer.told(&headers)?, lang(&headers))))
}

/// Restores the latest backup aside, checks all of it, and remembers the outcome.
#[utoipa::path(post, path = "/api/v1/system/rehearsals", tag = "system",
    security(("session" = ["system.write"]), ("token" = ["system.write"])),
    responses((status = 200, body = JobDto), (status = 422, body = Problem)))]
async fn create_rehearsal(
    State(site): State<Site>,
    Allowed(app): Allowed,
    headers: HeaderMap,
) -> ApiResult<Json<JobDto>> {
    let answer: AppResult<_> = async {
        app.require(Permission::SystemWrite)?;
        let folder = folder(&site)?;
        let words = ["Essai de restauration", "Rehearsal of a restore"].map(str::to_owned);
        let id = app
            .start("rehearsal", None, words, move |app, watch| async move {
                let latest = eclusier_app::App::list_backups(&folder)?.into_iter().next();
                let latest = latest.ok_or_else(|| AppError::NotFound {
                    what: "backup",
                    name: folder.display().to_string(),
                })?;
                let outcome = app.rehearse(&latest.path, &watch).await?;
                serde_json::to_value(outcome).map_err(|_| AppError::Task)
            })
            .await?;
        app.job(id).await
    }
    .await;
    Ok(Json(wire::job(&answer.told(&headers)?, lang(&headers))))
}
