//! Commands about a log: what it holds, where cases wait, come back and change hands.

use std::{collections::HashMap, path::Path};

use eclusier_app::{
    App, AppError, AppResult, Filter, Permission, Study, figures::Selection, imports::Watch,
    mining::conformance::Method, models::read_model, streams::PageForm,
};
use eclusier_server::{wire, wire_mining};

use crate::{
    args::{CaseArgs, LogArgs},
    commands::{After, Printer, selection},
};

/// The log a command reads.
pub(crate) async fn study(app: &App, args: &LogArgs) -> AppResult<Study> {
    let process = app.one_process(args.scope.whose.process.as_ref()).await?;
    let cases = Filter { reading: args.rows, ..conditions(&args.cases)? };
    app.study(&process, &selection(&args.scope, None), cases).await
}

fn conditions(args: &CaseArgs) -> AppResult<Filter> {
    // Two values each, by the definition of the arguments.
    let pairs = |list: &[String]| -> Vec<(String, String)> {
        let pairs =
            list.chunks_exact(2).filter_map(|p| Some((p.first()?.clone(), p.get(1)?.clone())));
        pairs.collect()
    };
    let mut attribute: Vec<(String, Vec<String>)> = Vec::new();
    for text in &args.attr {
        let (name, value) = text.split_once('=').ok_or_else(|| {
            AppError::invalid(
                "attr",
                format!("« {text} » : écrire nom=valeur"),
                format!("“{text}”: write name=value"),
            )
        })?;
        match attribute.iter_mut().find(|(known, _)| known == name) {
            Some((_, values)) => values.push(value.to_owned()),
            None => attribute.push((name.to_owned(), vec![value.to_owned()])),
        }
    }
    let us = |seconds: Option<u64>| {
        seconds.map(|s| i64::try_from(s).unwrap_or(i64::MAX).saturating_mul(1_000_000))
    };
    Ok(Filter {
        with_activity: args.with.clone(),
        without_activity: args.without.clone(),
        with_path: pairs(&args.path),
        without_path: pairs(&args.no_path),
        variant: args.variant.clone(),
        attribute,
        min_duration_us: us(args.min_s),
        max_duration_us: us(args.max_s),
        ..Filter::default()
    })
}

pub(crate) async fn describe(app: &App, args: &LogArgs, printer: &Printer) -> AppResult<After> {
    let study = study(app, args).await?;
    let profile = app.profile(&study).await?;
    let selection = Selection { process: Some(study.process), ..selection(&args.scope, None) };
    // Which cases are open is known of dimensions, not of conditions on their path.
    let open = match conditions(&args.cases)?.is_empty() {
        true => app.open_cases(&selection).await?,
        false => None,
    };
    printer.print(&wire::describe(&profile, open))
}

pub(crate) async fn lead_times(app: &App, args: &LogArgs, printer: &Printer) -> AppResult<After> {
    let study = study(app, args).await?;
    let spans = app.case_spans(&study).await?;
    let desk = app.seen(Permission::CasesRead, &study.process, None).await?;
    let closings: HashMap<&str, (Option<i64>, i64)> =
        desk.closings().map(|(line, closed, worked)| (line.id, (closed, worked))).collect();
    let rows: Vec<_> = spans
        .iter()
        .map(|span| {
            let found = closings.get(span.case.as_str());
            wire::lead_time(span, found.and_then(|f| f.0), found.map(|f| f.1))
        })
        .collect();
    printer.print(&rows)
}

/// Writes a file whole or not at all.
fn write(path: &Path, bytes: &[u8]) -> AppResult<()> {
    let failed = |source| AppError::Io { what: path.display().to_string(), source };
    let part = path.with_extension("part");
    std::fs::write(&part, bytes).map_err(failed)?;
    std::fs::rename(&part, path).map_err(failed)
}

pub(crate) async fn discover(
    app: &App,
    args: &LogArgs,
    out: &Path,
    noise: f64,
    printer: &Printer,
) -> AppResult<After> {
    let study = study(app, args).await?;
    let found = app.discover(&study, noise).await?;
    write(out, found.bpmn.as_bytes())?;
    printer.print(&serde_json::json!({
        "file": out,
        "noise": found.noise,
        "cases": found.cases,
        "activities": found.activities,
        "gateways": found.gateways,
    }))
}

pub(crate) async fn conform(
    app: &App,
    args: &LogArgs,
    model: &Path,
    fast: bool,
    printer: &Printer,
) -> AppResult<After> {
    let bytes = std::fs::read(model)
        .map_err(|source| AppError::Io { what: model.display().to_string(), source })?;
    let read = read_model(&bytes)?;
    let study = study(app, args).await?;
    let method = if fast { Method::Replay } else { Method::Alignments };
    let watch = Watch::default();
    let work = app.conform(&study, read.net, method, &watch);
    let found = crate::terminal::watched("conform", &watch, work).await?;
    let caveats = read.findings.iter().map(wire_mining::finding).collect();
    printer.print(&wire_mining::conformance(&found, caveats))
}

pub(crate) async fn value_stream(
    app: &App,
    args: &LogArgs,
    to: Option<&Path>,
    steps: Vec<String>,
    printer: &Printer,
) -> AppResult<After> {
    let study = study(app, args).await?;
    if let Some(path) = to {
        let form = match path.extension().and_then(|e| e.to_str()) {
            Some("pdf") => PageForm::Pdf,
            Some("svg") => PageForm::Svg,
            _ => {
                return Err(AppError::invalid(
                    "out",
                    "écrire un fichier .pdf ou .svg",
                    "write a .pdf or .svg file",
                ));
            }
        };
        let selection = selection(&args.scope, None);
        let none = (Vec::new(), String::new());
        let page =
            app.stream_page(&study, &selection, steps.clone(), none, form, printer.lang).await?;
        write(path, &page)?;
    }
    let view = app.value_stream(&study, steps, Vec::new()).await?;
    printer.print(&wire_mining::stream(&view, &study))
}
