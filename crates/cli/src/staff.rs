//! `import --kind staff|absences`: files of the organisation.

use eclusier_app::{
    App, AppError, AppResult, Mapping,
    imports::ImportStatus,
    staff::{StaffImport, StaffKind, StaffOptions},
};
use eclusier_core::Lang;
use serde_json::json;

use crate::args::ImportArgs;

/// The kind of file of the organisation that is asked for, if it is one.
pub fn kind(name: Option<&str>) -> Option<StaffKind> {
    match name {
        Some("staff") => Some(StaffKind::Staff),
        Some("absences") => Some(StaffKind::Absences),
        _ => None,
    }
}

/// Imports files of the organisation; the reports are those of other imports as far as their
/// fields have a meaning.
pub async fn import(
    app: &App,
    args: &ImportArgs,
    kind: StaffKind,
    mapping: Option<Mapping>,
    lang: Lang,
) -> AppResult<(Vec<serde_json::Value>, bool)> {
    let mut mapping = mapping.unwrap_or_default();
    if let Some(columns) = &args.column {
        mapping = Mapping::from_column_args(columns)?.or(&mapping);
    }
    if let Some(org) = &args.org {
        mapping.constants.org = Some(org.clone());
    }
    let mut reports = Vec::new();
    let mut stopped = false;
    for path in &args.files {
        let mut options = StaffOptions::new(path, kind);
        options.mapping = mapping.clone();
        options.names = args.names;
        options.end_missing = args.end_missing;
        options.dry_run = args.dry_run;
        options.strict_nir = args.strict_nir;
        if !path.is_file() {
            let source = std::io::Error::from(std::io::ErrorKind::NotFound);
            return Err(AppError::Io { what: path.display().to_string(), source });
        }
        let report = app.import_staff(options).await?;
        stopped |= matches!(report.status, ImportStatus::Refused | ImportStatus::ChoiceNeeded);
        reports.push(written(&report, kind, lang));
    }
    Ok((reports, stopped))
}

fn written(report: &StaffImport, kind: StaffKind, lang: Lang) -> serde_json::Value {
    let findings: Vec<serde_json::Value> = report
        .findings
        .iter()
        .map(|finding| {
            json!({
                "line": finding.line,
                "column": finding.column,
                "code": finding.code,
                "message": finding.message(lang),
                "count": finding.count,
            })
        })
        .collect();
    let figures = &report.figures;
    json!({
        "status": report.status.as_str(),
        "file": report.file,
        "kind": match kind {
            StaffKind::Staff => "staff",
            StaffKind::Absences => "absences",
        },
        "sha256": report.sha256,
        "rows_read": report.rows_read,
        "accepted": report.accepted,
        "quarantined": report.quarantined,
        "duplicates": 0,
        "resources": report.people,
        "people_added": figures.people_added,
        "people_changed": figures.people_changed,
        "nodes_added": figures.nodes_added,
        "facts_added": figures.facts_added,
        "facts_ended": figures.facts_ended,
        "people_missing": figures.people_missing,
        "findings": findings,
    })
}
