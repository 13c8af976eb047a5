//! `staff …`: the people of the organisation and their absences, read from files and written
//! to files.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use eclusier_app::{
    App, AppError, AppResult, Mapping,
    exports::ExportFormat,
    imports::ImportStatus,
    staff::{StaffKind, StaffOptions},
};
use eclusier_core::PersonId;
use eclusier_server::wire_people;
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::commands::{After, Printer, REFUSED, read};

/// `staff …`.
#[derive(Debug, Clone, Subcommand)]
pub enum StaffAction {
    /// Read a staff list: people, teams, contracts, skills.
    Import {
        #[command(flatten)]
        common: Reading,
        /// Keep the names that the list holds.
        #[arg(long)]
        names: bool,
        /// End what is known of people of the same bodies that the list does not name.
        #[arg(long)]
        end_missing: bool,
        /// Organisation of every row that says none.
        #[arg(long)]
        org: Option<String>,
        /// Day from which rows without one hold; today when absent.
        #[arg(long)]
        day: Option<Date>,
    },
    /// Read absences: a list, or a calendar (iCal).
    Absences {
        #[command(flatten)]
        common: Reading,
        /// Person to whom a whole calendar belongs, by the identifier the program gave.
        #[arg(long)]
        person: Option<String>,
    },
    /// Write the staff list (xlsx or French CSV by its extension), without absences.
    Export {
        /// File to write.
        #[arg(long)]
        to: PathBuf,
        /// ISO dates, point and comma instead of the French CSV.
        #[arg(long)]
        iso: bool,
    },
    /// Write the calendar of absences (iCal), without their causes.
    Calendar {
        /// File to write.
        #[arg(long)]
        to: PathBuf,
    },
    /// Write an empty list to fill in (xlsx).
    Template {
        /// Which list.
        #[arg(value_enum)]
        list: List,
        /// File to write.
        #[arg(long)]
        to: PathBuf,
    },
}

/// Lists that have a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum List {
    /// People, teams, contracts, skills.
    Staff,
    /// Absences.
    Absences,
}

/// How to read files of the organisation.
#[derive(Debug, Clone, Args)]
pub struct Reading {
    /// Files.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Roles of columns: `person=Matricule,unit=Équipe`.
    #[arg(long)]
    pub column: Option<String>,
    /// Saved mapping (TOML).
    #[arg(long)]
    pub mapping: Option<PathBuf>,
    /// Only report what would change.
    #[arg(long)]
    pub dry_run: bool,
    /// Refuse national identity numbers instead of replacing them.
    #[arg(long)]
    pub strict_nir: bool,
}

impl Reading {
    fn mapping(&self) -> AppResult<Mapping> {
        let mut mapping = match &self.mapping {
            None => Mapping::default(),
            Some(path) => Mapping::from_toml(&read(path)?).map_err(|e| {
                AppError::invalid(
                    "mapping",
                    format!("correspondance illisible : {e}"),
                    e.to_string(),
                )
            })?,
        };
        if let Some(columns) = &self.column {
            mapping = Mapping::from_column_args(columns)?.or(&mapping);
        }
        Ok(mapping)
    }
}

/// Runs one action.
pub async fn run(app: &App, action: StaffAction, printer: &Printer) -> AppResult<After> {
    match action {
        StaffAction::Import { common, names, end_missing, org, day } => {
            let mut mapping = common.mapping()?;
            if let Some(org) = org {
                mapping.constants.org = Some(org);
            }
            let set = |options: &mut StaffOptions| {
                (options.names, options.end_missing, options.day) = (names, end_missing, day);
            };
            import(app, StaffKind::Staff, &common, mapping, set, printer).await
        }
        StaffAction::Absences { common, person } => {
            let mapping = common.mapping()?;
            let set = |options: &mut StaffOptions| options.person = person.clone().map(PersonId);
            import(app, StaffKind::Absences, &common, mapping, set, printer).await
        }
        StaffAction::Export { to, iso } => {
            let extension = to.extension().map(|e| e.to_string_lossy().into_owned());
            let format = extension
                .and_then(|e| ExportFormat::from_extension(&e, iso))
                .filter(|format| *format != ExportFormat::Parquet)
                .ok_or_else(|| {
                    AppError::invalid(
                        "to",
                        "l’extension du fichier doit être .xlsx ou .csv",
                        "the file must end with .xlsx or .csv",
                    )
                })?;
            let bytes = app.staff_list(format, printer.lang).await?;
            written(app, to, &bytes, printer)
        }
        StaffAction::Calendar { to } => {
            let bytes = app.absence_calendar().await?;
            written(app, to, &bytes, printer)
        }
        StaffAction::Template { list, to } => {
            let name = match list {
                List::Staff => "staff",
                List::Absences => "absences",
            };
            let (_, bytes) = app.template(name, printer.lang)?;
            written(app, to, &bytes, printer)
        }
    }
}

fn written(app: &App, to: PathBuf, bytes: &[u8], printer: &Printer) -> AppResult<After> {
    app.write_file(&to, bytes)?;
    printer.print(&json!({ "file": to, "bytes": bytes.len() }))
}

async fn import(
    app: &App,
    kind: StaffKind,
    common: &Reading,
    mapping: Mapping,
    set: impl Fn(&mut StaffOptions),
    printer: &Printer,
) -> AppResult<After> {
    let mut reports = Vec::new();
    let mut stopped = false;
    for path in &common.files {
        if !path.is_file() {
            let source = std::io::Error::from(std::io::ErrorKind::NotFound);
            return Err(AppError::Io { what: path.display().to_string(), source });
        }
        let mut options = StaffOptions::new(path, kind);
        options.mapping = mapping.clone();
        options.dry_run = common.dry_run;
        options.strict_nir = common.strict_nir;
        set(&mut options);
        let report = app.import_staff(options).await?;
        if let Some([fr, en]) = &report.message {
            eprintln!("{}", printer.lang.pick(fr, en));
        }
        stopped |= matches!(report.status, ImportStatus::Refused | ImportStatus::ChoiceNeeded);
        reports.push(told(&wire_people::staff_import(&report), printer));
    }
    match (reports.pop(), reports.is_empty()) {
        (Some(only), true) => printer.print(&only)?,
        (Some(last), false) => {
            reports.push(last);
            printer.print(&json!({ "files": reports }))?
        }
        (None, _) => After::Exit(2),
    };
    Ok(After::Exit(if stopped { REFUSED } else { 0 }))
}

/// The report of the API, its remarks in the language of who asks, as other imports print them.
fn told(report: &eclusier_api::StaffImportDto, printer: &Printer) -> Value {
    let mut told = serde_json::to_value(report).unwrap_or_default();
    for list in ["findings", "changes"] {
        for remark in told.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            let text = remark.get("text").cloned().unwrap_or_default();
            let words = text.get(printer.lang.pick("fr", "en")).cloned().unwrap_or_default();
            if let Value::Object(map) = remark {
                map.remove("text");
                map.insert("message".into(), words);
            }
        }
    }
    told
}
