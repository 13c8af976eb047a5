//! `audit …`: the log of who did what, and whether it holds.

use clap::Subcommand;
use eclusier_app::{App, AppResult};
use serde_json::{Value, json};

use crate::commands::Printer;

/// `audit …`.
#[derive(Debug, Clone, Subcommand)]
pub enum AuditAction {
    /// Read the whole log again and check that no entry was changed, removed or added.
    Verify,
    /// List the entries, oldest first.
    List {
        /// Only those after this rank.
        #[arg(long, default_value_t = 0)]
        after: i64,
        /// At most that many.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
}

/// Runs one action; gives the exit code.
pub async fn audit(app: &App, action: AuditAction, printer: &Printer) -> AppResult<u8> {
    match action {
        AuditAction::Verify => {
            let verdict = app.verify_audit().await?;
            if let Some(fault) = verdict.fault {
                let seq = fault.seq;
                eprintln!(
                    "{}",
                    printer.lang.pick(
                        &format!("Le journal ne tient pas à l’entrée {seq} : il a été modifié. Comparer avec une sauvegarde antérieure."),
                        &format!("The audit log does not hold at entry {seq}: it was altered. Compare with an earlier backup."),
                    )
                );
            }
            printer.print(&json!({
                "status": if verdict.is_whole() { "whole" } else { "broken" },
                "entries": verdict.entries,
                "head": verdict.head,
                "fault": verdict.fault,
            }))?;
            Ok(u8::from(!verdict.is_whole()))
        }
        AuditAction::List { after, limit } => {
            let entries = app.audit_entries(after, limit).await?;
            let rows: Vec<Value> = entries
                .iter()
                .map(|e| {
                    // Details are JSON as text in the log; a script reads them as values.
                    let details: Value =
                        serde_json::from_str(&e.details).unwrap_or_else(|_| json!(e.details));
                    json!({
                        "seq": e.seq,
                        "at": e.at,
                        "actor": e.actor,
                        "action": e.action,
                        "object": e.object,
                        "details": details,
                        "hash": e.hash,
                    })
                })
                .collect();
            printer.print(&rows)?;
            Ok(0)
        }
    }
}
