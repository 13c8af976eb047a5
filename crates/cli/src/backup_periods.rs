//! `periods …`: figures published, replayed, restated.

use clap::Subcommand;
use eclusier_app::{App, AppResult, imports::Watch, publications::PublishedPeriod};
use eclusier_core::{Period, ProcessId};
use serde_json::{Value, json};

use crate::{commands::Printer, terminal};

/// `periods …`.
#[derive(Debug, Clone, Subcommand)]
pub enum PeriodsAction {
    /// List the published periods.
    List {
        /// Process.
        #[arg(long)]
        process: Option<ProcessId>,
    },
    /// Publish the figures of a period that is over.
    Close {
        /// Process.
        #[arg(long)]
        process: Option<ProcessId>,
        /// Period: FROM..TO.
        #[arg(long)]
        period: Period,
    },
    /// Compute a publication again from what it was computed from, and compare.
    Replay {
        /// Process.
        #[arg(long)]
        process: Option<ProcessId>,
        /// Period: FROM..TO.
        #[arg(long)]
        period: Period,
        /// Publication: 1 closed the period; the one that counts now when absent.
        #[arg(long)]
        rank: Option<usize>,
    },
    /// Publish a period again, listing what changed.
    Restate {
        /// Process.
        #[arg(long)]
        process: Option<ProcessId>,
        /// Period: FROM..TO.
        #[arg(long)]
        period: Period,
        /// Why.
        #[arg(long, default_value = "")]
        reason: String,
        /// Only list what would change.
        #[arg(long)]
        dry_run: bool,
    },
}

/// Runs one action; gives the exit code.
pub async fn periods(app: &App, action: PeriodsAction, printer: &Printer) -> AppResult<u8> {
    let watch = Watch::default();
    match action {
        PeriodsAction::List { process } => {
            let processes = match process {
                Some(process) => vec![app.one_process(Some(&process)).await?],
                None => app.process_ids().await?,
            };
            let mut rows = Vec::new();
            for process in processes {
                let periods = app.published_periods(&process).await?;
                rows.extend(periods.iter().map(summary));
            }
            printer.print(&rows)?;
            Ok(0)
        }
        PeriodsAction::Close { process, period } => {
            let process = app.one_process(process.as_ref()).await?;
            let work = app.close_period(&process, period, &watch);
            let closed = terminal::watched("close", &watch, work).await?;
            printer.print(&whole(&closed))?;
            Ok(0)
        }
        PeriodsAction::Replay { process, period, rank } => {
            let process = app.one_process(process.as_ref()).await?;
            let replay = app.replay_publication(&process, period, rank).await?;
            let [fr, en] = &replay.words;
            eprintln!("{}", printer.lang.pick(fr, en));
            printer.print(&json!({
                "status": if replay.holds() { "same" } else { "different" },
                "process": replay.process,
                "period": replay.period,
                "rank": replay.rank,
                "snapshot": replay.snapshot,
                "config_revision": replay.config_revision,
                "figures": replay.figures,
                "same": replay.same,
                "sealed": replay.sealed,
                "other_formula": replay.other_formula,
                "changes": replay.changes,
            }))?;
            Ok(u8::from(!replay.holds()))
        }
        PeriodsAction::Restate { process, period, reason, dry_run } => {
            let process = app.one_process(process.as_ref()).await?;
            if dry_run {
                let changes = app.preview_restatement(&process, period).await?;
                printer.print(&json!({ "status": "dry_run", "changes": changes }))?;
                return Ok(0);
            }
            let work = app.restate_period(&process, period, &reason, &watch);
            let restated = terminal::watched("restate", &watch, work).await?;
            printer.print(&whole(&restated))?;
            Ok(0)
        }
    }
}

/// A period without its figures.
fn summary(published: &PublishedPeriod) -> Value {
    let mut row = json!({
        "process": published.process,
        "period": published.period,
        "publications": published.publications.len(),
    });
    if let (Value::Object(row), Some(current)) = (&mut row, published.current()) {
        row.insert("snapshot".into(), json!(current.snapshot));
        row.insert("config_revision".into(), json!(current.config_revision));
        row.insert("by".into(), json!(current.by));
        row.insert("at".into(), json!(current.at));
        row.insert("reason".into(), json!(current.reason));
    }
    row
}

/// A period with the figures that count now.
fn whole(published: &PublishedPeriod) -> Value {
    let mut row = summary(published);
    if let (Value::Object(row), Some(current)) = (&mut row, published.current()) {
        row.insert("changes".into(), json!(current.changes));
        row.insert("figures".into(), json!(current.figures));
    }
    row
}
