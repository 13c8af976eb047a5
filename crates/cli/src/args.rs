//! The command line, as scripts know it.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use eclusier_app::VariantId;
use eclusier_app::{AppResult, DatabaseUrl, Rows};
use eclusier_core::{Grain, Lang, Period, ProcessId};
use jiff::civil::Date;

/// Éclusier: stock, age, delay and flow of a case-processing body.
#[derive(Debug, Parser)]
#[command(name = "eclusier", version, about, max_term_width = 100)]
pub struct Args {
    /// Data directory.
    #[arg(long, global = true, env = "ECLUSIER_DATA", default_value = "./eclusier-data")]
    pub data: PathBuf,
    /// PostgreSQL database of the operational state: postgres://user:password@host:port/database.
    /// Better given by the environment, which other people of the machine do not see.
    #[arg(long, global = true, env = "ECLUSIER_DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<Address>,
    /// Output; a table on a terminal, JSON otherwise.
    #[arg(long, global = true)]
    pub format: Option<Format>,
    /// Language of words.
    #[arg(long, global = true, env = "ECLUSIER_LANG", default_value = "fr")]
    pub lang: Lang,
    /// File of settings of the server; eclusier.toml of the data directory when it is there.
    #[arg(long, global = true, env = "ECLUSIER_CONFIG")]
    pub config: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The address of a database as it was given: read later, so that no message repeats it.
#[derive(Clone)]
pub struct Address(String);

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

impl std::str::FromStr for Address {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Address(text.to_owned()))
    }
}

impl Args {
    /// The database asked for; none when the variable is empty.
    pub fn database(&self) -> AppResult<Option<DatabaseUrl>> {
        let given = self.database_url.as_ref().map(|address| address.0.trim());
        Ok(given.filter(|text| !text.is_empty()).map(str::parse).transpose()?)
    }
}

/// How answers are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Aligned columns.
    Table,
    /// JSON.
    Json,
    /// Comma-separated values.
    Csv,
}

/// Between whom work passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Party {
    /// Teams.
    Unit,
    /// People, by their pseudonyms.
    Resource,
}

/// Which part of the data.
#[derive(Debug, Clone, Default, ClapArgs)]
pub struct Scope {
    /// Whose work.
    #[command(flatten)]
    pub whose: Whose,
    /// First day.
    #[arg(long)]
    pub from: Option<Date>,
    /// Last day.
    #[arg(long)]
    pub to: Option<Date>,
}

/// Whose work and on what.
#[derive(Debug, Clone, Default, ClapArgs)]
pub struct Whose {
    /// Process.
    #[arg(long)]
    pub process: Option<ProcessId>,
    /// Organisation.
    #[arg(long)]
    pub org: Option<String>,
    /// Unit.
    #[arg(long)]
    pub unit: Option<String>,
    /// Product.
    #[arg(long)]
    pub product: Option<String>,
    /// Channel.
    #[arg(long)]
    pub channel: Option<String>,
}

/// Commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Generate a synthetic body, then serve it.
    Demo {
        /// Port of the page.
        #[arg(long, default_value_t = 8000)]
        port: u16,
        /// Only generate.
        #[arg(long)]
        no_serve: bool,
        /// Size of the body.
        #[arg(long, default_value = "office")]
        size: String,
        /// Seed of the generator.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Last day of the data; yesterday when absent.
        #[arg(long)]
        until: Option<Date>,
    },
    /// Serve the web app and the HTTP API.
    Serve {
        /// Address and port; that of the settings when absent, 127.0.0.1:8000 without any. Other
        /// machines are only let in over TLS, ours or that of a declared proxy.
        #[arg(long)]
        bind: Option<String>,
        /// Folder whose files are imported by their saved mapping.
        #[arg(long)]
        inbox: Option<PathBuf>,
        /// Instant to take for now (RFC 3339), to replay a day.
        #[arg(long, hide = true)]
        now: Option<jiff::Timestamp>,
    },
    /// Import files.
    Import(ImportArgs),
    /// People and absences: read a list, write one.
    Staff {
        /// What to do.
        #[command(subcommand)]
        action: crate::staff::StaffAction,
    },
    /// History of imports.
    Imports {
        #[command(subcommand)]
        action: ImportsAction,
    },
    /// Dated configuration.
    Config {
        #[command(subcommand)]
        action: ConfigAction,
    },
    /// Counts of a log.
    Describe(LogArgs),
    /// List of cases.
    Cases {
        #[command(flatten)]
        scope: Scope,
        /// Figure the list explains (stock, overdue, due_soon_5, strata_0…).
        #[arg(long)]
        figure: Option<String>,
        /// Day at whose end states are read.
        #[arg(long)]
        as_of: Option<Date>,
        /// At most that many.
        #[arg(long, default_value_t = 1000)]
        limit: u32,
    },
    /// Write a list to a file: xlsx, French CSV or Parquet by its extension.
    Export {
        /// `stocks`, `ledger`, `indicators`, `cases` or `lead-times`.
        what: String,
        /// File to write.
        #[arg(long)]
        to: PathBuf,
        #[command(flatten)]
        whose: Whose,
        /// First day.
        #[arg(long)]
        from: Option<Date>,
        /// Last day; `--to` names the file here.
        #[arg(long)]
        until: Option<Date>,
        /// Grain of the ledger.
        #[arg(long)]
        by: Option<Grain>,
        /// Dimensions of the ledger, comma separated: org,unit,process,product,channel.
        #[arg(long, value_delimiter = ',')]
        group_by: Vec<String>,
        /// Only the cases behind this figure.
        #[arg(long)]
        figure: Option<String>,
        /// ISO dates, point and comma instead of the French CSV.
        #[arg(long)]
        iso: bool,
    },
    /// Daily ledger.
    Ledger {
        #[command(flatten)]
        scope: Scope,
        /// Grain.
        #[arg(long, default_value = "day")]
        by: Grain,
        /// Dimensions, comma separated: org,unit,process,product,channel.
        #[arg(long, value_delimiter = ',')]
        group_by: Vec<String>,
        /// Day at whose end states are read.
        #[arg(long)]
        as_of: Option<Date>,
    },
    /// Indicators.
    Indicators {
        #[command(flatten)]
        scope: Scope,
        /// Only these ids, comma separated.
        #[arg(long, value_delimiter = ',')]
        id: Vec<String>,
        /// Day at whose end states are read.
        #[arg(long)]
        as_of: Option<Date>,
    },
    /// Duration of each case.
    LeadTimes(LogArgs),
    /// Process map.
    Map(LogArgs),
    /// Variants.
    Variants {
        #[command(flatten)]
        log: LogArgs,
        /// How many.
        #[arg(long, default_value_t = 20)]
        top: usize,
    },
    /// Waiting time by cause, in worked time.
    Waits(LogArgs),
    /// Loops and returns.
    Rework(LogArgs),
    /// Hand-overs between teams.
    Handovers {
        #[command(flatten)]
        log: LogArgs,
        /// Between whom; people behind an open gate of individual data only.
        #[arg(long, value_enum, default_value = "unit")]
        by: Party,
    },
    /// Find a model of what cases do.
    Discover {
        #[command(flatten)]
        log: LogArgs,
        /// BPMN file to write.
        #[arg(long)]
        out: PathBuf,
        /// Threshold under which rare behaviour is left out, 0 to 1.
        #[arg(long, default_value_t = 0.2)]
        noise: f64,
    },
    /// Compare cases with a model.
    Conform {
        #[command(flatten)]
        log: LogArgs,
        /// BPMN file.
        #[arg(long)]
        model: PathBuf,
        /// Token replay instead of alignments.
        #[arg(long)]
        fast: bool,
    },
    /// Where worked minutes are lost.
    Losses {
        #[command(flatten)]
        log: LogArgs,
        /// How many.
        #[arg(long, default_value_t = 10)]
        top: usize,
    },
    /// What goes with lateness.
    Lateness(LogArgs),
    /// How long tasks take.
    UnitTimes(LogArgs),
    /// The value stream, and its A3 page.
    ValueStream {
        #[command(flatten)]
        log: LogArgs,
        /// Page to write: a .pdf or .svg file.
        #[arg(long)]
        out: Option<PathBuf>,
        /// Steps, in order.
        #[arg(long = "step")]
        steps: Vec<String>,
    },
    /// Which process deserves a workshop.
    Suitability {
        #[command(flatten)]
        scope: Scope,
    },
    /// What is coming: arrivals of the processes, or series of a file in the long format
    /// `unique_id,ds,y`.
    Forecast {
        #[command(flatten)]
        scope: Scope,
        /// File of series; the arrivals of the ledger when absent.
        #[arg(long, conflicts_with_all = ["process", "from", "to"])]
        series: Option<PathBuf>,
        /// Steps ahead.
        #[arg(long)]
        horizon: usize,
        /// Length of a step: D, W, M, Q, Y, H, B, 30min… Told by the dates of a file when
        /// absent; D, W or M for the ledger, W when absent.
        #[arg(long)]
        freq: Option<String>,
        /// Shortest season in steps; those usual for the step when absent.
        #[arg(long)]
        season: Option<usize>,
        /// Levels of the bands, in percent.
        #[arg(long, value_delimiter = ',', default_value = "80,95")]
        level: Vec<f64>,
        /// File to write what the backtest says to: .json
        #[arg(long)]
        report: Option<PathBuf>,
    },
    /// Write the CSV of a synthetic process, as a case tool would export it.
    #[command(hide = true)]
    Generate {
        /// Size of the body.
        #[arg(long, default_value = "office")]
        size: String,
        /// Process; needed unless --list.
        #[arg(long)]
        process: Option<String>,
        /// Seed.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Last day.
        #[arg(long, default_value = "2026-10-30")]
        until: Date,
        /// File.
        #[arg(long)]
        to: PathBuf,
        /// Only list the processes.
        #[arg(long)]
        list: bool,
    },
    /// Print the description of the HTTP API.
    #[command(hide = true)]
    Openapi,
    /// Back the data directory up while it is in use.
    Backup(crate::backup::BackupArgs),
    /// Restore a backup into a new data directory (--data).
    Restore(crate::backup::RestoreArgs),
    /// Figures published, replayed, restated.
    Periods {
        /// What to do.
        #[command(subcommand)]
        action: crate::backup_periods::PeriodsAction,
    },
    /// The log of who did what.
    Audit {
        /// What to do.
        #[command(subcommand)]
        action: crate::backup_audit::AuditAction,
    },
    /// Check every file of the lake against the catalogue.
    Verify,
    /// Remove what no version reads any more.
    Sweep,
}

/// A log command.
#[derive(Debug, Clone, ClapArgs)]
pub struct LogArgs {
    /// Part of the data.
    #[command(flatten)]
    pub scope: Scope,
    /// Delivered rows or tasks.
    #[arg(long, default_value = "tasks")]
    pub rows: Rows,
    /// Cases to read.
    #[command(flatten)]
    pub cases: CaseArgs,
}

/// Conditions on cases, all of which must hold.
#[derive(Debug, Clone, Default, ClapArgs)]
pub struct CaseArgs {
    /// Cases having this activity (repeat for several).
    #[arg(long = "with", value_name = "ACTIVITY")]
    pub with: Vec<String>,
    /// Cases without this activity.
    #[arg(long = "without", value_name = "ACTIVITY")]
    pub without: Vec<String>,
    /// Cases in which the second activity directly follows the first.
    #[arg(long, num_args = 2, value_names = ["FROM", "TO"], action = clap::ArgAction::Append)]
    pub path: Vec<String>,
    /// Cases in which it does not.
    #[arg(long, num_args = 2, value_names = ["FROM", "TO"], action = clap::ArgAction::Append)]
    pub no_path: Vec<String>,
    /// Cases with this attribute: name=value (values of one name are alternatives).
    #[arg(long = "attr", value_name = "NAME=VALUE")]
    pub attr: Vec<String>,
    /// Cases of this variant, by its identifier.
    #[arg(long, value_name = "ID")]
    pub variant: Vec<VariantId>,
    /// Cases lasting at least this many seconds.
    #[arg(long, value_name = "SECONDS")]
    pub min_s: Option<u64>,
    /// Cases lasting at most this many seconds.
    #[arg(long, value_name = "SECONDS")]
    pub max_s: Option<u64>,
}

/// `import`.
#[derive(Debug, Clone, ClapArgs)]
pub struct ImportArgs {
    /// Files.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Process.
    #[arg(long)]
    pub process: ProcessId,
    /// Name shown for a new process.
    #[arg(long)]
    pub label: Option<String>,
    /// Organisation of every row.
    #[arg(long)]
    pub org: Option<String>,
    /// `events`, `counts`, `contacts` or `staff`; detected when absent.
    #[arg(long)]
    pub kind: Option<String>,
    /// Saved mapping (TOML).
    #[arg(long)]
    pub mapping: Option<PathBuf>,
    /// Roles of columns: case=…,activity=…,start=…,end=…,resource=…
    #[arg(long)]
    pub column: Option<String>,
    /// Zone of instants without offset.
    #[arg(long)]
    pub zone: Option<String>,
    /// Activities to leave out.
    #[arg(long, value_delimiter = ',')]
    pub ignore_activity: Vec<String>,
    /// Replace the rows of the same source in this period: FROM..TO.
    #[arg(long)]
    pub replace: Option<Period>,
    /// Only report.
    #[arg(long)]
    pub dry_run: bool,
    /// Refuse a file that holds national identity numbers.
    #[arg(long)]
    pub strict_nir: bool,
}

/// `imports …`.
#[derive(Debug, Clone, Subcommand)]
pub enum ImportsAction {
    /// List imports, latest first.
    List {
        /// Process.
        #[arg(long)]
        process: Option<ProcessId>,
    },
    /// Take an import back.
    Undo {
        /// Its number.
        id: i64,
        /// Why.
        #[arg(long, default_value = "")]
        reason: String,
    },
}

/// `config …`.
#[derive(Debug, Clone, Subcommand)]
pub enum ConfigAction {
    /// Show the configuration of a process.
    Show {
        /// Process.
        #[arg(long)]
        process: Option<ProcessId>,
    },
    /// Check a file without storing it.
    Check {
        /// TOML file, or spreadsheet (xlsx, ods, csv).
        file: PathBuf,
        /// Process whose rules a spreadsheet completes.
        #[arg(long)]
        process: Option<ProcessId>,
    },
    /// Write targets, thresholds, windows, closures, campaigns, events and unit times in force as a spreadsheet.
    Export {
        /// File to write: xlsx or csv.
        #[arg(long)]
        to: PathBuf,
        /// Process.
        #[arg(long)]
        process: Option<ProcessId>,
        /// ISO dates and decimal points in CSV.
        #[arg(long)]
        iso: bool,
    },
    /// Store a version.
    Import {
        /// TOML file, or spreadsheet (xlsx, ods, csv) whose sections replace those in force.
        file: PathBuf,
        /// Process.
        #[arg(long)]
        process: Option<ProcessId>,
        /// First day of validity.
        #[arg(long)]
        from: Option<Date>,
    },
    /// Show the settings of the server in force, secrets masked.
    Settings,
}
