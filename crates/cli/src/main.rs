//! The one binary: commands for scripts and for the morning, and the server.
#![allow(clippy::print_stdout, clippy::print_stderr)] // a command-line tool talks to its terminal

mod args;
mod backup;
mod backup_audit;
mod backup_periods;
mod commands;
mod logs;
mod output;
mod staff;
mod terminal;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let args = args::Args::parse();
    let runtime =
        match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                eprintln!("eclusier: {error}");
                return ExitCode::FAILURE;
            }
        };
    let lang = args.lang;
    match runtime.block_on(commands::run(args)) {
        Ok(code) => code,
        Err(error) => {
            let [fr, en] = error.words();
            eprintln!("eclusier: {}", lang.pick(&fr, &en));
            ExitCode::from(exit_code(error.kind()))
        }
    }
}

/// 1 failed · 2 usage · 3 refused or a choice is needed.
fn exit_code(kind: &str) -> u8 {
    match kind {
        "invalid" => 2,
        "refused" => 3,
        _ => 1,
    }
}
