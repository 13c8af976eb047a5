//! `backup`, `backup list`, `backup rehearse` and `restore`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};
use eclusier_app::{
    App, AppError, AppResult, DatabaseUrl, Home,
    backups::{BackupError, BackupLine, BackupOptions, RestoreOptions},
    imports::Watch,
};
use serde_json::{Value, json};

use crate::{commands::Printer, terminal};

/// `backup …`.
#[derive(Debug, Clone, ClapArgs)]
#[command(args_conflicts_with_subcommands = true, arg_required_else_help = true)]
pub struct BackupArgs {
    /// What to do with backups; without it, one is made.
    #[command(subcommand)]
    pub action: Option<BackupAction>,
    /// Folder to make: it must not exist, the folder it lies in must.
    #[arg(long, required = true)]
    pub to: Option<PathBuf>,
    /// Leave the key of pseudonyms out: keep secret.key apart yourself.
    #[arg(long)]
    pub without_key: bool,
    /// Copy every file, even where a second name of the same bytes would do.
    #[arg(long)]
    pub copy: bool,
}

/// What to do with backups.
#[derive(Debug, Clone, Subcommand)]
pub enum BackupAction {
    /// List the backups of a folder, the latest first.
    List {
        /// Folder.
        folder: PathBuf,
    },
    /// Restore a backup into a temporary folder, check all of it, remove it.
    Rehearse {
        /// Backup.
        backup: PathBuf,
    },
    /// Tell when the last backup was made and rehearsed.
    Health,
}

/// `restore …`.
#[derive(Debug, Clone, ClapArgs)]
pub struct RestoreArgs {
    /// Backup.
    pub backup: PathBuf,
    /// File secret.key kept apart, when the backup does not hold it.
    #[arg(long)]
    pub key: Option<PathBuf>,
}

/// Refuses a folder that holds no data: opening it would make an empty body.
pub fn must_hold_data(data: &std::path::Path) -> AppResult<()> {
    if Home::is_data(data) {
        return Ok(());
    }
    Err(AppError::Backup(BackupError::NoData { path: data.to_owned() }))
}

/// `backup list`: needs no data directory.
pub fn list(folder: &std::path::Path, printer: &Printer) -> AppResult<u8> {
    let lines = App::list_backups(folder)?;
    let rows: Vec<Value> = lines.iter().map(|line| row(line, printer)).collect();
    printer.print(&rows)?;
    Ok(0)
}

fn row(line: &BackupLine, printer: &Printer) -> Value {
    let problem = line.problem.as_ref().map(|[fr, en]| printer.lang.pick(fr, en));
    json!({
        "path": line.path,
        "at": line.at,
        "program": line.program,
        "files": line.files,
        "bytes": line.bytes,
        "key": line.key,
        "problem": problem,
    })
}

/// `backup` and its actions on an open data directory; gives the exit code.
pub async fn backup(app: &App, args: BackupArgs, printer: &Printer) -> AppResult<u8> {
    let watch = Watch::default();
    let pick = |[fr, en]: &[String; 2]| printer.lang.pick(fr, en).to_owned();
    match args.action {
        None => {
            let options = BackupOptions {
                to: args.to.unwrap_or_default(),
                without_key: args.without_key,
                copy: args.copy,
            };
            let work = app.backup(&options, &watch);
            let report = terminal::watched("backup", &watch, work).await?;
            let mut answer = json!({ "status": "done" });
            merge(&mut answer, &report);
            printer.print(&answer)?;
            Ok(0)
        }
        Some(BackupAction::List { folder }) => list(&folder, printer),
        Some(BackupAction::Rehearse { backup }) => {
            let work = app.rehearse(&backup, &watch);
            let rehearsal = terminal::watched("rehearsal", &watch, work).await?;
            let failed = rehearsal.what_failed.as_ref().map(pick);
            if let Some(words) = &failed {
                eprintln!("{words}");
            }
            printer.print(&json!({
                "status": if rehearsal.ok { "ok" } else { "failed" },
                "at": rehearsal.at,
                "backup": rehearsal.backup,
                "instant_of_backup": rehearsal.instant_of_backup,
                "what_failed": failed,
                "seconds": rehearsal.seconds,
            }))?;
            Ok(u8::from(!rehearsal.ok))
        }
        Some(BackupAction::Health) => {
            let health = app.backup_health(app.now()).await?;
            printer.print(&json!({
                "backup": health.backup,
                "last": health.last.as_ref().map(|l| json!({ "at": l.at, "path": l.path })),
                "age_seconds": health.age_seconds,
                "still_there": health.still_there,
                "rehearsal": health.rehearsal,
                "last_rehearsal": health.last_rehearsal.as_ref().map(|r| r.at),
                "words": pick(&health.words),
            }))?;
            Ok(0)
        }
    }
}

/// `restore`: makes the data directory, so none is open.
pub async fn restore(
    data: PathBuf,
    database: Option<DatabaseUrl>,
    args: RestoreArgs,
    printer: &Printer,
) -> AppResult<u8> {
    let watch = Watch::default();
    let options = RestoreOptions {
        backup: args.backup,
        data,
        key: args.key,
        database,
        at: jiff::Timestamp::now(),
    };
    let work = App::restore(&options, &watch);
    let restored = terminal::watched("restore", &watch, work).await?;
    let mut answer = json!({ "status": "restored" });
    merge(&mut answer, &restored);
    printer.print(&answer)?;
    Ok(0)
}

fn merge(answer: &mut Value, report: &impl serde::Serialize) {
    if let (Value::Object(fields), Ok(Value::Object(more))) = (answer, serde_json::to_value(report))
    {
        fields.extend(more);
    }
}
