//! Commands about a log: what it holds, where cases wait, come back and change hands.

use std::collections::HashMap;

use eclusier_app::{App, AppError, AppResult, Filter, Permission, Study, figures::Selection};
use eclusier_server::wire;

use crate::{
    args::{CaseArgs, LogArgs},
    commands::{After, selection},
    output::Printer,
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
