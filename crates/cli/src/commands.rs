//! What each command does: ask the application, print the answer.

use std::process::ExitCode;

use eclusier_app::{
    App, AppError, AppOptions, AppResult, Mapping,
    cases::CasesQuery,
    config_files::ConfigSheet,
    exports::{ExportFormat, Shown},
    figures::Selection,
    imports::{ImportOptions, ImportStatus, Watch},
    mining::handovers::By,
    series::{SeriesAnswer, SeriesQuestion, forecast_file},
};
use eclusier_core::{ConfigProblem, DeliveryId, Lang, OrgId, ProcessId, ProcessRules};
use eclusier_server::{Plan, settings::Settings, wire, wire_mining};
use serde_json::Value;

use crate::{
    args::{Args, Command, ConfigAction, Format, ImportArgs, ImportsAction, Party, Scope},
    backup::{self, BackupAction, BackupArgs},
    backup_audit, backup_periods, logs, output, terminal,
};

pub(crate) const REFUSED: u8 = 3;

/// Runs one command.
pub async fn run(args: Args) -> AppResult<ExitCode> {
    let printer = Printer { format: args.format, lang: args.lang };
    if let Command::Openapi = args.command {
        // Readable and stable: the file is committed and reviewed.
        let text = serde_json::to_string_pretty(&eclusier_server::openapi());
        println!("{}", text.unwrap_or_default());
        return Ok(ExitCode::SUCCESS);
    }
    let database = args.database()?;
    let settings =
        || eclusier_server::settings::load(args.config.as_deref(), &args.data, environment());
    if let Command::Serve { bind, inbox, now } = args.command {
        let settings = settings()?;
        let plan = Plan::new(&settings, bind.as_deref())?;
        let sending = terminal::log_as_set(&settings)?;
        let options = AppOptions { data: args.data, database, server: true, now };
        let served = serve(options, plan, inbox).await;
        // What waits is sent from a thread of its own, where it may block.
        let _ = tokio::task::spawn_blocking(move || {
            let _sent = sending;
        })
        .await;
        return served;
    }
    terminal::log_to_stderr();
    if let Command::Config { action: ConfigAction::Settings } = args.command {
        show_settings(&settings()?, &printer)?;
        return Ok(ExitCode::SUCCESS);
    }
    let command = match args.command {
        Command::Restore(given) => {
            return Ok(ExitCode::from(
                backup::restore(args.data, database, given, &printer).await?,
            ));
        }
        Command::Backup(BackupArgs { action: Some(BackupAction::List { folder }), .. }) => {
            return Ok(ExitCode::from(backup::list(&folder, &printer)?));
        }
        Command::Backup(given) => {
            backup::must_hold_data(&args.data)?;
            Command::Backup(given)
        }
        // A file of series asks nothing of a data directory.
        Command::Forecast { series: Some(path), horizon, freq, season, level, report, .. } => {
            let asked = SeriesQuestion { path, horizon, freq, season, levels: level };
            let found = tokio::task::spawn_blocking(move || forecast_file(&asked)).await;
            let found = found.map_err(|_| AppError::Task)??;
            print_forecast(found, report, &printer)?;
            return Ok(ExitCode::SUCCESS);
        }
        other => other,
    };
    let mut options = AppOptions::new(&args.data);
    options.database.clone_from(&database);
    let app = App::open(options).await?;
    let done = self::command(&app, command, &printer).await;
    app.close().await;
    match done? {
        After::Exit(code) => Ok(ExitCode::from(code)),
        After::Serve(bind) => {
            let options = AppOptions { data: args.data, database, server: true, now: None };
            serve(options, Plan::new(&Default::default(), Some(&bind))?, None).await
        }
    }
}

fn print_forecast(
    found: SeriesAnswer,
    report: Option<std::path::PathBuf>,
    printer: &Printer,
) -> AppResult<After> {
    if let Some(path) = report {
        let text = serde_json::to_string_pretty(&found.report).unwrap_or_default();
        std::fs::write(&path, text)
            .map_err(|source| AppError::Io { what: path.display().to_string(), source })?;
    }
    for row in &found.report.series {
        if let (Some(id), Some(why)) = (row.get("unique_id"), row.get("refused"))
            && let (Some(id), Some(why)) = (id.as_str(), why.as_str())
        {
            eprintln!("{id}: {why}");
        }
    }
    printer.print(&serde_json::json!({ "forecasts": found.rows }))
}

async fn serve(
    options: AppOptions,
    plan: Plan,
    inbox: Option<std::path::PathBuf>,
) -> AppResult<ExitCode> {
    let app = App::open(options).await?;
    eclusier_server::serve(app, plan, inbox).await?;
    Ok(ExitCode::SUCCESS)
}

/// Variables of the environment that are text.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)))
}

/// Prints the settings in force: one object for scripts, one line per setting for people.
fn show_settings(settings: &Settings, printer: &Printer) -> AppResult<After> {
    if output::chosen(printer.format) == Format::Json {
        return printer.print(settings);
    }
    let shown = serde_json::to_value(settings).unwrap_or(Value::Null);
    let mut rows = Vec::new();
    for (section, part) in shown.as_object().into_iter().flatten() {
        let several = part.as_array();
        let tables = several.map_or_else(|| vec![part], |tables| tables.iter().collect());
        for (i, table) in tables.iter().enumerate() {
            let name = if several.is_some() { format!("{section}[{i}]") } else { section.clone() };
            for (key, value) in table.as_object().into_iter().flatten() {
                rows.push(
                    serde_json::json!({ "setting": format!("{name}.{key}"), "value": value }),
                );
            }
        }
    }
    printer.print(&rows)
}

/// How answers are printed, and in which language words are.
pub(crate) struct Printer {
    format: Option<Format>,
    pub(crate) lang: Lang,
}

impl Printer {
    pub(crate) fn print(&self, answer: &impl serde::Serialize) -> AppResult<After> {
        output::print(answer, self.format)
            .map_err(|source| AppError::Io { what: "standard output".into(), source })?;
        Ok(After::Exit(0))
    }
}

pub(crate) enum After {
    Exit(u8),
    Serve(String),
}

async fn command(app: &App, command: Command, printer: &Printer) -> AppResult<After> {
    match command {
        Command::Demo { port, no_serve, size, seed, until } => {
            let watch = Watch::default();
            let made =
                terminal::watched("demo", &watch, app.demo(&size, seed, until, &watch)).await?;
            let words = printer
                .lang
                .pick("Caisse de démonstration prête\u{a0}:", "Demonstration body ready:");
            eprintln!("{words} {made}");
            if no_serve {
                return Ok(After::Exit(0));
            }
            Ok(After::Serve(format!("127.0.0.1:{port}")))
        }
        Command::Import(args) => import(app, args, printer).await,
        Command::Staff { action } => crate::staff::run(app, action, printer).await,
        Command::Imports { action: ImportsAction::List { process } } => {
            let imports = app.imports(process.as_ref()).await?;
            printer.print(&imports.iter().map(wire::import).collect::<Vec<_>>())
        }
        Command::Imports { action: ImportsAction::Undo { id, reason } } => {
            let watch = Watch::default();
            let work = app.undo(DeliveryId(id), &reason, watch.clone());
            let record = terminal::watched("undo", &watch, work).await?;
            printer.print(&wire::import(&record))
        }
        Command::Config { action } => config(app, action, printer).await,
        Command::Describe(args) => logs::describe(app, &args, printer).await,
        Command::Map(args) => {
            let study = logs::study(app, &args).await?;
            printer.print(&wire_mining::map(app.map(&study).await?, &study))
        }
        Command::Variants { log, top } => {
            let study = logs::study(app, &log).await?;
            printer.print(&wire_mining::variants(app.variants(&study, top).await?))
        }
        Command::Waits(args) => {
            let study = logs::study(app, &args).await?;
            printer.print(&wire_mining::waits(&app.waits(&study).await?, &study))
        }
        Command::Rework(args) => {
            let study = logs::study(app, &args).await?;
            printer.print(&wire_mining::rework(&app.rework(&study).await?, &study))
        }
        Command::Handovers { log, by } => {
            let study = logs::study(app, &log).await?;
            let by = match by {
                Party::Unit => By::Unit,
                Party::Resource => By::Resource,
            };
            printer.print(&wire_mining::handovers(&app.handovers(&study, by).await?, by, &study))
        }
        Command::Discover { log, out, noise } => {
            logs::discover(app, &log, &out, noise, printer).await
        }
        Command::Conform { log, model, fast } => {
            logs::conform(app, &log, &model, fast, printer).await
        }
        Command::Losses { log, top } => {
            let study = logs::study(app, &log).await?;
            printer.print(&wire_mining::losses(&app.losses(&study).await?, top, &study))
        }
        Command::Lateness(args) => {
            let study = logs::study(app, &args).await?;
            printer.print(&wire_mining::lateness(&app.lateness(&study).await?, &study))
        }
        Command::UnitTimes(args) => {
            let study = logs::study(app, &args).await?;
            printer.print(&wire_mining::unit_times(&app.unit_times(&study).await?, &study))
        }
        Command::ValueStream { log, out, steps } => {
            logs::value_stream(app, &log, out.as_deref(), steps, printer).await
        }
        Command::Suitability { scope } => {
            let found = app.suitability(&selection(&scope, None)).await?;
            let list: Vec<_> = found.iter().map(|(s, l)| wire_mining::suitability(s, l)).collect();
            printer.print(&list)
        }
        Command::LeadTimes(args) => logs::lead_times(app, &args, printer).await,
        Command::Ledger { scope, by, group_by, as_of } => {
            let groups = wire::group_by(&group_by)?;
            let rows = app.ledger(&selection(&scope, as_of), by, &groups).await?;
            printer.print(&rows.iter().map(wire::ledger_row).collect::<Vec<_>>())
        }
        Command::Indicators { scope, id, as_of } => {
            indicators(app, &scope, &id, as_of, printer).await
        }
        Command::Cases { scope, figure, as_of, limit } => {
            let query = eclusier_app::cases::CasesQuery {
                figure,
                limit: limit as usize,
                ..Default::default()
            };
            let page = app.cases(&selection(&scope, as_of), &query).await?;
            printer.print(&page.cases.iter().map(wire::case).collect::<Vec<_>>())
        }
        Command::Export { what, to, whose, from, until, by, group_by, figure, iso } => {
            let scope = Scope { whose, from, to: until };
            let extension = to.extension().map(|e| e.to_string_lossy().into_owned());
            let format =
                extension.and_then(|e| ExportFormat::from_extension(&e, iso)).ok_or_else(|| {
                    AppError::invalid(
                        "to",
                        "l’extension du fichier doit être .xlsx, .csv ou .parquet",
                        "the file must end with .xlsx, .csv or .parquet",
                    )
                })?;
            // A file that outlives its command line says which process a row is about.
            let by_process = if group_by.is_empty() { vec!["process".into()] } else { group_by };
            let shown = Shown {
                cases: CasesQuery { figure, ..CasesQuery::default() },
                grain: by,
                group_by: wire::group_by(&by_process)?,
            };
            let table = app.table(&what, &selection(&scope, None), &shown).await?;
            let rows = table.rows.len();
            let bytes = table.write(format, printer.lang)?;
            app.write_file(&to, &bytes)?;
            printer.print(&serde_json::json!({ "file": to, "rows": rows, "bytes": bytes.len() }))
        }
        Command::Backup(given) => Ok(After::Exit(backup::backup(app, given, printer).await?)),
        Command::Periods { action } => {
            Ok(After::Exit(backup_periods::periods(app, action, printer).await?))
        }
        Command::Audit { action } => {
            Ok(After::Exit(backup_audit::audit(app, action, printer).await?))
        }
        Command::Verify => {
            let problems = app.verify().await?;
            let code = if problems.is_empty() { 0 } else { 1 };
            printer.print(&serde_json::json!({ "problems": problems }))?;
            Ok(After::Exit(code))
        }
        Command::Sweep => {
            app.sweep().await?;
            Ok(After::Exit(0))
        }
        Command::Generate { size, process, seed, until, to, list } => {
            if list {
                for id in App::synthetic_processes(&size, seed, until)? {
                    println!("{id}");
                }
                return Ok(After::Exit(0));
            }
            let rows = app.generate(&size, &process.unwrap_or_default(), seed, until, &to).await?;
            printer.print(&serde_json::json!({ "rows": rows }))
        }
        // Handled before the data directory is opened.
        Command::Serve { .. }
        | Command::Openapi
        | Command::Restore(_)
        | Command::Forecast { series: Some(_), .. } => Ok(After::Exit(2)),
        Command::Forecast { scope, horizon, freq, season, level, report, .. } => {
            let selection = selection(&scope, None);
            let freq = freq.as_deref();
            let found = app.forecast_ledger(&selection, horizon, freq, season, &level).await?;
            print_forecast(found, report, printer)
        }
    }
}

pub(crate) fn selection(scope: &Scope, as_of: Option<jiff::civil::Date>) -> Selection {
    let one = |v: &Option<String>| v.iter().cloned().collect::<Vec<_>>();
    let mut selection = Selection {
        process: scope.whose.process.clone(),
        from: scope.from,
        to: scope.to,
        as_of,
        ..Selection::default()
    };
    selection.dims.org = one(&scope.whose.org);
    selection.dims.unit = one(&scope.whose.unit);
    selection.dims.product = one(&scope.whose.product);
    selection.dims.channel = one(&scope.whose.channel);
    selection
}

pub(crate) fn read(path: &std::path::Path) -> AppResult<String> {
    std::fs::read_to_string(path)
        .map_err(|source| AppError::Io { what: path.display().to_string(), source })
}

async fn import(app: &App, args: ImportArgs, printer: &Printer) -> AppResult<After> {
    let kind = args.kind.as_deref().map(str::parse).transpose().map_err(|why: String| {
        let words = "events, counts, contacts ou staff";
        AppError::invalid("kind", format!("genre inconnu : écrire {words}"), why)
    })?;
    let mapping = args.mapping.as_deref().map(|path| -> AppResult<Mapping> {
        Mapping::from_toml(&read(path)?).map_err(|e| {
            AppError::invalid("mapping", format!("correspondance illisible : {e}"), e.to_string())
        })
    });
    let mapping = mapping.transpose()?;
    let org = args.org.map(OrgId::new).transpose().map_err(|e| {
        AppError::invalid("org", format!("organisme illisible : {e}"), e.to_string())
    })?;
    let mut reports = Vec::new();
    for path in &args.files {
        let mut options = ImportOptions::new(path, args.process.clone());
        options.label = args.label.clone();
        options.org = org.clone();
        options.kind = kind;
        options.mapping = mapping.clone();
        options.columns = args.column.clone();
        options.zone = args.zone.clone();
        options.ignore_activities = args.ignore_activity.clone();
        options.replace = args.replace;
        options.dry_run = args.dry_run;
        options.strict_nir = args.strict_nir;
        let name = options.name.clone();
        let watch = Watch::default();
        let report = terminal::watched(&name, &watch, app.import(options, watch.clone())).await?;
        if let Some([fr, en]) = &report.message {
            eprintln!("{}", printer.lang.pick(fr, en));
        }
        reports.push(report);
    }
    let stopped = |s| matches!(s, ImportStatus::Refused | ImportStatus::ChoiceNeeded);
    let code = if reports.iter().any(|r| stopped(r.status)) { REFUSED } else { 0 };
    let mut files: Vec<_> = reports.iter().map(|r| wire::import_report(r, printer.lang)).collect();
    match (files.pop(), files.is_empty()) {
        (Some(only), true) => printer.print(&only)?,
        (Some(last), false) => {
            files.push(last);
            printer.print(&serde_json::json!({ "files": files }))?
        }
        (None, _) => After::Exit(2),
    };
    Ok(After::Exit(code))
}

async fn config(app: &App, action: ConfigAction, printer: &Printer) -> AppResult<After> {
    let parse = |text: &str| {
        // The file is refused, as one that holds a wrong value is: the command itself was well written.
        ProcessRules::from_toml(text).map_err(|e| AppError::Refused {
            code: "bad_config".into(),
            fr: format!("configuration illisible : {e}"),
            en: format!("unreadable configuration: {e}"),
        })
    };
    match action {
        ConfigAction::Show { process } => {
            let process = app.one_process(process.as_ref()).await?;
            printer.print(&wire::config(&app.config(&process).await?))
        }
        // Handled before the data directory is opened.
        ConfigAction::Settings => Ok(After::Exit(2)),
        ConfigAction::Check { file, .. } if !is_sheet(&file) => {
            problems(&parse(&read(&file)?)?.check(), printer)
        }
        ConfigAction::Check { file, process } => {
            let process = app.one_process(process.as_ref()).await?;
            problems(&sheet(app, &process, &file).await?.problems, printer)
        }
        ConfigAction::Export { to, process, iso } => {
            let process = app.one_process(process.as_ref()).await?;
            let extension = to.extension().and_then(|e| e.to_str()).unwrap_or("");
            let format = ExportFormat::from_extension(extension, iso)
                .filter(|format| *format != ExportFormat::Parquet)
                .ok_or_else(|| {
                    AppError::invalid(
                        "to",
                        "l’extension du fichier doit être .xlsx ou .csv",
                        "the file must end with .xlsx or .csv",
                    )
                })?;
            let bytes = app.config_file(&process, format, printer.lang).await?;
            app.write_file(&to, &bytes)?;
            printer.print(&serde_json::json!({ "file": to, "bytes": bytes.len() }))
        }
        ConfigAction::Import { file, process, from } => {
            let process = app.one_process(process.as_ref()).await?;
            let rules = if is_sheet(&file) {
                let sheet = sheet(app, &process, &file).await?;
                if !sheet.problems.is_empty() {
                    return problems(&sheet.problems, printer);
                }
                sheet.rules
            } else {
                parse(&read(&file)?)?
            };
            if !rules.check().is_empty() {
                return problems(&rules.check(), printer);
            }
            app.put_config(&process, from, &rules).await?;
            printer.print(&wire::config(&app.config(&process).await?))
        }
    }
}

/// Whether a configuration is a spreadsheet, by the name of its file.
fn is_sheet(file: &std::path::Path) -> bool {
    let extension = file.extension().and_then(|e| e.to_str()).unwrap_or("");
    ["xlsx", "ods", "csv"].iter().any(|known| extension.eq_ignore_ascii_case(known))
}

async fn sheet(app: &App, process: &ProcessId, file: &std::path::Path) -> AppResult<ConfigSheet> {
    let name = file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    app.read_config(process, file, &name).await
}

/// Prints what is wrong with a configuration: refused when anything is.
fn problems(found: &[ConfigProblem], printer: &Printer) -> AppResult<After> {
    let problems: Vec<_> = found.iter().map(wire::config_problem).collect();
    let code = if problems.is_empty() { 0 } else { REFUSED };
    printer.print(&serde_json::json!({ "problems": problems }))?;
    Ok(After::Exit(code))
}

async fn indicators(
    app: &App,
    scope: &Scope,
    ids: &[String],
    as_of: Option<jiff::civil::Date>,
    printer: &Printer,
) -> AppResult<After> {
    let process = scope.whose.process.as_ref().map_or("", |p| p.as_str());
    let figures = app.indicators(&selection(scope, as_of), ids).await?;
    let rows: Vec<Value> = figures
        .iter()
        .map(|figure| {
            let wired = wire::figure(figure, process);
            let mut row = serde_json::to_value(&wired).unwrap_or(Value::Null);
            if let Value::Object(fields) = &mut row {
                // A script reads one label: that of its language.
                fields.insert("label".into(), wired.label.pick(printer.lang).into());
            }
            row
        })
        .collect();
    printer.print(&rows)
}
