//! From what the use cases answer to what is sent: the one place where domain
//! values become wire types, used by the routes and by the command line.

use eclusier_api::{self as api, Text};
use eclusier_app::{
    AppError,
    imports::{ImportReport, ImportStatus},
    previews::UploadView,
};
use eclusier_app::{CaseSpan, Finding, ImportRecord, ImportRecordStatus, JobRecord, Profile};
use eclusier_core::{Lang, Period};

/// A period on the wire.
pub fn period(period: Period) -> api::PeriodDto {
    api::PeriodDto { from: period.from.to_string(), to: period.to.to_string() }
}

pub(crate) fn instant_us(us: i64) -> Option<String> {
    jiff::Timestamp::from_microsecond(us).ok().map(|t| t.to_string())
}

/// Stable name of a serialisable enumeration.
pub(crate) fn name(value: impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        _ => String::new(),
    }
}

/// A finding.
pub fn finding(finding: &Finding, lang: Lang) -> api::FindingDto {
    api::FindingDto {
        line: finding.line,
        column: finding.column.clone(),
        code: name(finding.code),
        message: finding.message(lang).to_owned(),
        count: finding.count,
        text: Text::new(&finding.fr, &finding.en),
    }
}

/// The report of an import.
pub fn import_report(report: &ImportReport, lang: Lang) -> api::ImportReportDto {
    let stored = matches!(
        report.status,
        ImportStatus::Committed | ImportStatus::DryRun | ImportStatus::Unchanged
    );
    let kind = report.kind.map(|k| k.as_str()).unwrap_or_default();
    api::ImportReportDto {
        status: report.status.as_str().into(),
        id: report.id.map(|id| id.0),
        file: report.file.clone(),
        process: report.process.to_string(),
        kind: kind.into(),
        sha256: report.sha256.clone(),
        rows_read: report.rows_read,
        accepted: report.accepted,
        quarantined: report.quarantined,
        duplicates: report.duplicates,
        replaced: report.replaced,
        cases: report.cases,
        events: if stored && kind == "events" { report.accepted } else { 0 },
        activities: report.activities,
        resources: report.resources,
        first: report.first.map(|t| t.to_string()),
        last: report.last.map(|t| t.to_string()),
        findings: report.findings.iter().map(|f| finding(f, lang)).collect(),
        quarantine: report.quarantine,
        snapshot: report.snapshot,
        message: report.message.clone().map(Text::from),
    }
}

/// A line of the history of imports.
pub fn import(record: &ImportRecord) -> api::ImportDto {
    api::ImportDto {
        id: record.id.0,
        process: record.process.to_string(),
        kind: record.kind.as_str().into(),
        file: record.file_name.clone(),
        status: match record.status {
            ImportRecordStatus::Committed => "committed".into(),
            ImportRecordStatus::Undone => "undone".into(),
        },
        at: record.at.to_string(),
        by: record.by.clone(),
        sha256: record.sha256.clone(),
        rows_read: record.rows_read,
        accepted: record.accepted,
        quarantined: record.quarantined,
        duplicates: record.duplicates,
        replaced: record.replaced,
        cases: record.cases,
        first: record.first.map(|t| t.to_string()),
        last: record.last.map(|t| t.to_string()),
        quarantine: record.quarantine_path.is_some(),
        snapshot: Some(record.snapshot.0),
    }
}

/// The preview of an upload.
pub fn preview(view: &UploadView, lang: Lang) -> api::PreviewDto {
    let preview = &view.preview;
    let columns = preview.columns.iter().map(|c| api::ColumnDto {
        name: c.reference.clone(),
        role: c.role.clone().unwrap_or_else(|| "ignored".into()),
        looks_like: name(c.holds),
        samples: c.samples.clone(),
        confidence: c.confidence,
    });
    let questions = preview.questions.iter().map(|q| api::QuestionDto {
        code: name(q.code),
        key: q.key.clone(),
        column: q.column.clone(),
        text: Text::new(&q.fr, &q.en),
        choices: q
            .answers
            .iter()
            .map(|a| api::ChoiceDto { value: a.value.clone(), text: Text::new(&a.fr, &a.en) })
            .collect(),
    });
    api::PreviewDto {
        upload: view.id.clone(),
        file: view.name.clone(),
        bytes: view.bytes,
        format: preview.format.as_str().into(),
        kind: preview.kind.as_str().into(),
        encoding: preview.encoding.map(name),
        separator: preview.separator.map(|s| s.to_string()),
        dates: preview.columns.iter().find_map(|c| c.date_order).map(name),
        sheets: preview.sheets.clone(),
        sheet: preview.sheet.clone(),
        object_types: preview.object_types.iter().map(|o| o.name.clone()).collect(),
        columns: columns.collect(),
        rows: preview.rows.clone(),
        questions: questions.collect(),
        findings: preview.warnings.iter().map(|f| finding(f, lang)).collect(),
        mapping: preview.mapping.to_toml().unwrap_or_default(),
        process: view.process.to_string(),
        known_mapping: view.known_mapping.clone(),
    }
}

/// A job; the report of an import is read back from its stored result.
pub fn job(record: &JobRecord, lang: Lang) -> api::JobDto {
    let result: Option<serde_json::Value> =
        record.result_json.as_deref().and_then(|r| serde_json::from_str(r).ok());
    let status = record.status.as_str();
    let mut report = None;
    let mut failure = None;
    match (status, result) {
        ("done", Some(value)) => report = serde_json::from_value(value).ok(),
        ("failed", Some(value)) => {
            let text = |key: &str| value.get(key).and_then(|v| v.as_str()).unwrap_or("").to_owned();
            failure = Some(problem_of(&text("kind"), [text("fr"), text("en")], None, lang));
        }
        _ => {}
    }
    api::JobDto {
        id: record.id.to_string(),
        kind: record.kind.clone(),
        status: status.into(),
        done: record.progress.done,
        total: record.progress.total,
        message: Text::new(&record.progress.fr, &record.progress.en),
        report,
        problem: failure,
        created: record.created.to_string(),
        updated: record.updated.to_string(),
    }
}

/// A failure as a problem.
pub fn problem(error: &AppError, lang: Lang) -> api::Problem {
    let field = match error {
        AppError::Invalid { field, .. } => Some(field.clone()),
        _ => None,
    };
    problem_of(error.kind(), error.words(), field, lang)
}

/// Names of permissions, in order.
pub(crate) fn permission_names(
    permissions: &std::collections::BTreeSet<eclusier_app::Permission>,
) -> Vec<String> {
    permissions.iter().map(|p| p.as_str().to_owned()).collect()
}

pub(crate) fn problem_of(
    kind: &str,
    words: [String; 2],
    field: Option<String>,
    lang: Lang,
) -> api::Problem {
    let (status, fr, en) = match kind {
        "not-found" => (404, "Introuvable", "Not found"),
        "invalid" => (422, "Paramètre inutilisable", "Unusable parameter"),
        "refused" => (422, "Demande refusée", "Request refused"),
        "conflict" => (409, "Modifié entre-temps", "Changed meanwhile"),
        "cancelled" => (409, "Annulé", "Cancelled"),
        "method" => (405, "Méthode inconnue", "Unknown method"),
        "forbidden" => (403, "Interdit", "Forbidden"),
        "stale" => (409, "Modifié entre-temps", "Changed meanwhile"),
        "unauthenticated" => (401, "Connexion nécessaire", "Sign-in needed"),
        "credentials" | "code" => (401, "Connexion refusée", "Sign-in refused"),
        "locked" => (429, "Trop d’échecs", "Too many failures"),
        "too-many" => (429, "Trop de demandes", "Too many requests"),
        "password-change" => (403, "Mot de passe à changer", "Password to be changed"),
        "too-large" => (413, "Trop volumineux", "Too large"),
        "slow" => (408, "Envoi interrompu", "Sending interrupted"),
        "unavailable" => (503, "Indisponible pour l’instant", "Unavailable for now"),
        _ => (500, "Erreur interne", "Internal error"),
    };
    let text = Text::from(words);
    api::Problem {
        kind: format!("urn:eclusier:problem:{kind}"),
        title: lang.pick(fr, en).into(),
        status,
        detail: text.pick(lang).to_owned(),
        text,
        field,
    }
}

/// Counts of a log.
pub fn describe(profile: &Profile, open_cases: Option<u64>) -> api::DescribeDto {
    api::DescribeDto {
        cases: profile.cases,
        open_cases,
        events: profile.events,
        activities: profile.activities.len() as u64,
        variants: profile.variants,
        resources: profile.resources,
        first: profile.first.and_then(instant_us),
        last: profile.last.and_then(instant_us),
    }
}

/// A row of `lead-times`: the span of the case, and its closing where the desk knows it.
pub fn lead_time(
    span: &CaseSpan,
    closed_us: Option<i64>,
    worked_days: Option<i64>,
) -> api::LeadTimeDto {
    api::LeadTimeDto {
        case: span.case.clone(),
        opened: instant_us(span.first).unwrap_or_default(),
        closed: closed_us.and_then(instant_us),
        lead_time_s: (span.last - span.first) as f64 / 1e6,
        worked_days,
    }
}

use eclusier_app::{
    Action, AgeStrata, Awaited, CaseState, Dimensions, Figure, GroupBy, LedgerRow, MovementKind,
    ReturnToTarget,
    cases::{CaseView, CasesPage},
    cockpit::{Basis, Card, CardLine, Cockpit, StockRow},
    config_files::ConfigSheet,
    configs::{ConfigPreview, ConfigView},
    counts::ControlTotal,
    definitions,
    figures::ClosingKind,
    flow::{Flow, FlowRow},
    processes::Status,
};
use eclusier_core::ConfigProblem;

/// Figures whose list of cases can be opened.
fn lists_cases(id: &str) -> bool {
    !id.ends_with("_months")
}

/// A figure. `process` is the process its cases belong to; empty for all.
pub fn figure(figure: &Figure, process: &str) -> api::FigureDto {
    let definition = definitions::find(&figure.id);
    let words = |w: [&str; 2]| Text::new(w[0], w[1]);
    let cases = lists_cases(&figure.id).then(|| cases_query(&figure.id, process));
    api::FigureDto {
        id: figure.id.clone(),
        label: definition.map_or_else(Text::default, |d| words(d.label)),
        value: figure.value,
        numerator: figure.numerator,
        denominator: figure.denominator,
        unit: name(figure.unit),
        n: figure.n,
        interval: figure.interval,
        formula_version: figure.formula_version.clone(),
        formula: definition.map_or_else(Text::default, |d| words(d.formula)),
        period: period(figure.period),
        perimeter: figure.perimeter.clone(),
        exclusions: figure.exclusions.iter().cloned().map(Text::from).collect(),
        fresh_at: figure.fresh_at.map(|t| t.to_string()),
        snapshot: figure.snapshot.map(|s| s.0),
        reason: figure.reason.clone().map(Text::from),
        change: None,
        cases,
    }
}

fn cases_query(figure: &str, process: &str) -> String {
    let mut query = format!("figure={figure}");
    if !process.is_empty() {
        query.push_str("&process=");
        query.push_str(&encoded(process));
    }
    query
}

/// A value of a query string.
fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// Dimensions to group by.
pub fn group_by(names: &[String]) -> Result<Vec<GroupBy>, AppError> {
    let known = |n: &str| serde_json::from_value(serde_json::Value::String(n.to_owned())).ok();
    names
        .iter()
        .map(|n| {
            known(n).ok_or_else(|| {
                AppError::invalid(
                    "group_by",
                    format!(
                        "regroupement inconnu « {n} » : org, unit, process, product ou channel"
                    ),
                    format!("unknown group “{n}”: org, unit, process, product or channel"),
                )
            })
        })
        .collect()
}

/// A row of the ledger.
pub fn ledger_row(row: &LedgerRow) -> api::LedgerRowDto {
    api::LedgerRowDto {
        period: row.period.clone(),
        from: row.from.to_string(),
        to: row.to.to_string(),
        process: row.group.process.clone(),
        org: row.group.org.clone(),
        unit: row.group.unit.clone(),
        product: row.group.product.clone(),
        channel: row.group.channel.clone(),
        opening: row.opening,
        arrivals: row.arrivals,
        settled_human: row.settled_human,
        settled_auto: row.settled_auto,
        cancelled: row.cancelled,
        transferred: row.transferred,
        reopened: row.reopened,
        corrections: row.corrections,
        gap: row.gap,
        closing: row.closing,
        neutralised: false,
        partial: false,
    }
}

fn flow_row(row: &FlowRow) -> api::LedgerRowDto {
    api::LedgerRowDto { neutralised: row.neutralised, partial: row.partial, ..ledger_row(&row.row) }
}

fn awaited(who: Awaited) -> String {
    name(who)
}

fn state(state: CaseState) -> &'static str {
    match state {
        CaseState::EnAttente => "waiting",
        CaseState::EnCours => "in_progress",
        CaseState::EnInstanceExterne => "held",
        CaseState::Traite => "settled",
        CaseState::TraiteAuto => "settled_auto",
        CaseState::Annule => "cancelled",
        CaseState::Transfere => "transferred",
        CaseState::SansSuite => "silent",
    }
}

/// One case.
pub fn case(case: &CaseView) -> api::CaseDto {
    let instant = |t: Option<jiff::Timestamp>| t.map(|t| t.to_string());
    api::CaseDto {
        process: case.process.clone(),
        case: case.case.clone(),
        opened: instant(case.opened).unwrap_or_default(),
        last: instant(case.last).unwrap_or_default(),
        last_activity: case.last_activity.clone(),
        closed: instant(case.closed),
        state: state(case.state).into(),
        awaited: case.awaited.map(awaited),
        worked_days: case.worked_days,
        calendar_days: case.calendar_days,
        due: case.due.map(|d| d.to_string()),
        days_left: case.days_left,
        half_by: instant(case.promised.map(|p| p[0])),
        nine_by: instant(case.promised.map(|p| p[1])),
        no_promise: case.unsaid.map(|[fr, en]| Text::new(fr, en)),
        org: case.org.clone(),
        unit: case.unit.clone(),
        product: case.product.clone(),
        channel: case.channel.clone(),
        events: case.events,
        returns: case.returns,
    }
}

/// A page of cases.
pub fn cases_page(page: &CasesPage, number: u32, per_page: u32) -> api::CasesPageDto {
    api::CasesPageDto {
        total: page.total as u64,
        page: number,
        per_page,
        title: page.title.clone().into(),
        cases: page.cases.iter().map(case).collect(),
    }
}

/// What a screen rests on.
pub fn basis(basis: &Basis) -> api::BasisDto {
    api::BasisDto {
        as_of: basis.as_of.map(|d| d.to_string()).unwrap_or_default(),
        fresh_at: basis.fresh_at.map(|t| t.to_string()),
        last_worked_day: basis.last_worked_day.to_string(),
        closing_rules: basis
            .rules
            .iter()
            .map(|(process, label, kind, words)| closing_rule(process, label, *kind, words))
            .collect(),
        stale: basis.stale,
    }
}

fn closing_rule(
    process: &str,
    label: &str,
    kind: ClosingKind,
    words: &[String; 2],
) -> api::ClosingRuleDto {
    api::ClosingRuleDto {
        process: process.into(),
        label: label.into(),
        kind: kind.as_str().into(),
        words: words.clone().into(),
    }
}

fn card(card: &Card, id: &str) -> api::CardDto {
    let line = |l: &CardLine| api::CardLineDto {
        process: l.process.clone(),
        label: l.label.clone(),
        count: l.count,
        strata: l.strata.map(|counts| api::StrataDto { counts, held: [0; 5], estimated: false }),
        cases: cases_query(id, &l.process),
    };
    let mut total = figure(&card.figure, "");
    total.change = card.change;
    api::CardDto { figure: total, lines: card.lines.iter().map(line).collect() }
}

fn strata(strata: &AgeStrata) -> api::StrataDto {
    api::StrataDto { counts: strata.all, held: strata.held, estimated: strata.estimated }
}

fn stock_row(row: &StockRow) -> api::StockRowDto {
    let of =
        |id: &str| row.figure(id).map_or_else(|| unknown_figure(id), |f| figure(f, &row.process));
    api::StockRowDto {
        process: row.process.clone(),
        label: row.label.clone(),
        stock: of("stock"),
        stock_actionable: of("stock_actionable"),
        stock_days: of("stock_days"),
        back_to_target: match row.back {
            _ if !row.has_stock_target => "no_target".into(),
            ReturnToTarget::Reached => "in_target".into(),
            ReturnToTarget::On(day) => format!("on:{day}"),
            ReturnToTarget::BeyondHorizon => "beyond_horizon".into(),
            ReturnToTarget::Unknown(_) => "unknown".into(),
        },
        strata: row.strata.as_ref().map(strata),
        in_time: of("in_time_due"),
        oldest: of("oldest_age"),
        spark: row.spark.clone(),
        state: row.health.as_str().into(),
        state_why: row.why.clone().into(),
        cannot: row.cannot.iter().cloned().map(Text::from).collect(),
    }
}

/// A figure that nobody measured: shown as unknown.
fn unknown_figure(id: &str) -> api::FigureDto {
    api::FigureDto {
        id: id.into(),
        label: Text::default(),
        value: None,
        numerator: None,
        denominator: None,
        unit: "case".into(),
        n: 0,
        interval: None,
        formula_version: String::new(),
        formula: Text::default(),
        period: api::PeriodDto { from: String::new(), to: String::new() },
        perimeter: String::new(),
        exclusions: Vec::new(),
        fresh_at: None,
        snapshot: None,
        reason: Some(Text::new("aucune donnée", "no data")),
        change: None,
        cases: None,
    }
}

fn act(action: &Action) -> api::ActDto {
    let mut cases = cases_query(
        if action.will_miss.unwrap_or(0) > 0 { "due_soon_5" } else { "overdue" },
        &action.process,
    );
    for (key, value) in [("product", &action.product), ("unit", &action.unit)] {
        if let Some(value) = value {
            cases.push_str(&format!("&{key}={}", encoded(value)));
        }
    }
    api::ActDto {
        process: action.process.clone(),
        label: action.label.clone(),
        product: action.product.clone(),
        unit: action.unit.clone(),
        will_miss: action.will_miss.unwrap_or(0),
        overdue: action.overdue.unwrap_or(0),
        stock: action.stock.unwrap_or(0),
        cause: action.cause.as_str().into(),
        because: because(action),
        next_step: Text::new(&action.next_step.fr, &action.next_step.en),
        cases,
    }
}

/// The cause with its figures, in words.
fn because(action: &Action) -> Text {
    let c = &action.compared;
    let change = |now: i64, before: Option<i64>| match before {
        Some(before) if before > 0 => {
            let percent = 100.0 * (now - before) as f64 / before as f64;
            (format!("{percent:+.0}\u{202f}%"), format!("{percent:+.0}%"))
        }
        _ => ("—".into(), "—".into()),
    };
    let days = c.days;
    match action.cause.as_str() {
        "arrivals" => {
            let now = c.arrivals.unwrap_or(0);
            let (fr, en) = change(now, c.arrivals_before);
            Text::new(
                format!(
                    "{now} entrées sur {days} jours ouvrés, {fr} par rapport aux {days} précédents"
                ),
                format!("{now} arrivals over {days} worked days, {en} against the {days} before"),
            )
        }
        "holds" => {
            let before = c.held_before.map_or_else(|| "—".into(), |b| b.to_string());
            Text::new(
                format!(
                    "{} dossiers en instance externe, contre {before} il y a {days} jours ouvrés",
                    c.held
                ),
                format!(
                    "{} cases held externally, against {before} {days} worked days ago",
                    c.held
                ),
            )
        }
        _ => {
            let (fr, en) = change(c.output, c.output_before);
            Text::new(
                format!(
                    "{} sorties sur {days} jours ouvrés, {fr} par rapport aux {days} précédents",
                    c.output
                ),
                format!(
                    "{} settled over {days} worked days, {en} against the {days} before",
                    c.output
                ),
            )
        }
    }
}

/// The cockpit.
pub fn cockpit(cockpit: &Cockpit) -> api::CockpitDto {
    let empty = |id: &str| api::CardDto { figure: unknown_figure(id), lines: Vec::new() };
    let worst = cockpit.stocks.iter().map(|s| s.health).max();
    api::CockpitDto {
        basis: basis(&cockpit.basis),
        overdue: cockpit.overdue.as_ref().map_or_else(|| empty("overdue"), |c| card(c, "overdue")),
        due_soon: cockpit
            .due_soon
            .as_ref()
            .map_or_else(|| empty("due_soon_5"), |c| card(c, "due_soon_5")),
        act: cockpit.act.iter().map(act).collect(),
        stocks: cockpit.stocks.iter().map(stock_row).collect(),
        proposed_targets: cockpit
            .proposed
            .iter()
            .map(|p| api::ProposedTargetDto {
                process: p.process.clone(),
                label: p.label.clone(),
                days: p.days,
                why: Text::new(
                    format!("75\u{202f}% des dossiers traités sur douze mois l’ont été en {} jours ouvrés ou moins", p.days),
                    format!("75% of the cases settled over twelve months took {} worked days or less", p.days),
                ),
            })
            .collect(),
        state: worst.map_or("empty", |h| h.as_str()).into(),
        totals: cockpit.totals,
    }
}

/// Flow and stock.
pub fn flow(flow: &Flow) -> api::FlowDto {
    let opening = flow.opening.unwrap_or(0);
    let whole = |v: f64| v;
    api::FlowDto {
        basis: basis(&flow.basis),
        figures: flow.figures.iter().map(|f| figure(f, "")).collect(),
        ledger: flow.ledger.iter().map(flow_row).collect(),
        cumulative: flow
            .cumulative
            .iter()
            .map(|p| api::CumulativeDto {
                day: p.day.to_string(),
                arrived: opening + p.arrivals,
                left: p.outputs,
                held: None,
            })
            .collect(),
        strata: flow.strata.as_ref().map(strata),
        awaited: flow
            .awaited
            .iter()
            .map(|a| api::AwaitedDto { who: awaited(a.awaited), count: a.cases })
            .collect(),
        delays: flow
            .delays
            .iter()
            .map(|p| {
                let [p50, p75, p90] = p.delays.percentiles;
                api::DelayPointDto {
                    period: p.period.clone(),
                    n: p.delays.n,
                    p50: p50.map(whole),
                    p75: p75.map(whole),
                    p90: p90.map(whole),
                }
            })
            .collect(),
        histogram: flow.whole.as_ref().map(|d| histogram(&d.histogram)).unwrap_or_default(),
        stock_target: flow.stock_target.and_then(|s| i64::try_from(s).ok()),
        delay_target: flow.delay_target,
        cannot: flow.cannot.iter().cloned().map(Text::from).collect(),
        totals: flow.totals,
    }
}

/// Bars of 1, 2 or 5 × 10ⁿ days, at most about thirty, the last one open.
fn histogram(days: &std::collections::BTreeMap<i64, i64>) -> Vec<api::BinDto> {
    let total: i64 = days.values().sum();
    let Some((&first, _)) = days.first_key_value() else { return Vec::new() };
    // The open bar begins where 99 % of the cases lie before.
    let mut seen = 0;
    let mut high = first;
    for (&day, &n) in days {
        seen += n;
        high = day;
        if seen * 100 >= total * 99 {
            break;
        }
    }
    let low = first.min(0);
    let span = (high - low + 1).max(1);
    let mut width = 1;
    for step in [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000] {
        width = step;
        if span / step <= 30 {
            break;
        }
    }
    let bars = usize::try_from(span / width).unwrap_or(0) + 1;
    let mut bins: Vec<api::BinDto> = (0..bars as i64)
        .map(|i| api::BinDto {
            from: low + i * width,
            to: Some(low + (i + 1) * width - 1),
            count: 0,
        })
        .collect();
    let last = bins.len().saturating_sub(1);
    for (&day, &n) in days {
        let at = usize::try_from((day - low) / width).unwrap_or(0).min(last);
        if let Some(bin) = bins.get_mut(at) {
            bin.count += n;
        }
    }
    if let Some(bin) = bins.last_mut() {
        bin.to = None;
    }
    bins
}

/// What the shell needs first.
pub fn status(status: &Status) -> api::StatusDto {
    let instant = |t: Option<jiff::Timestamp>| t.map(|t| t.to_string());
    let processes = status.processes.iter().map(|p| {
        let [orgs, units, products, channels] = p.dimensions.clone();
        api::ProcessDto {
            id: p.id.clone(),
            label: p.label.clone(),
            source: p.source.into(),
            cases: p.cases,
            events: p.events,
            first: instant(p.first),
            last: instant(p.last),
            imported_at: instant(p.imported_at),
            has_target: p.has_target,
            orgs,
            units,
            products,
            channels,
        }
    });
    api::StatusDto {
        version: env!("CARGO_PKG_VERSION").into(),
        body: status.body.clone(),
        demo: status.demo,
        processes: processes.collect(),
        now: status.now.to_string(),
        zone: status.zone.clone(),
        last_worked_day: status.last_worked_day.to_string(),
    }
}

/// A problem of a configuration.
pub fn config_problem(problem: &ConfigProblem) -> api::ConfigProblemDto {
    api::ConfigProblemDto { key: problem.key.clone(), text: Text::new(&problem.fr, &problem.en) }
}

/// Configuration of a process.
pub fn config(view: &ConfigView) -> api::ConfigDto {
    api::ConfigDto {
        process: view.process.to_string(),
        versions: view
            .versions
            .iter()
            .map(|v| api::ConfigVersionDto {
                from: v.from.to_string(),
                toml: v.rules.to_toml().unwrap_or_default(),
                rules: serde_json::to_value(&v.rules).unwrap_or_default(),
            })
            .collect(),
        closing: Some(closing_rule(view.process.as_str(), &view.label, view.closing, &view.words)),
        activities: view
            .activities
            .iter()
            .map(|a| api::ActivityUseDto {
                name: a.name.clone(),
                events: a.events,
                cases: a.cases,
                ends: a.ends,
                role: a.role.into(),
            })
            .collect(),
        problems: view.problems.iter().map(config_problem).collect(),
    }
}

/// What a sheet of rules says.
pub fn config_sheet(sheet: &ConfigSheet) -> api::ConfigSheetDto {
    let section = |(name, count): &([String; 2], u64)| api::ConfigSectionDto {
        name: Text::new(&name[0], &name[1]),
        count: *count,
    };
    api::ConfigSheetDto {
        rules: serde_json::to_value(&sheet.rules).unwrap_or_default(),
        sections: sheet.sections.iter().map(section).collect(),
        problems: sheet.problems.iter().map(config_problem).collect(),
    }
}

/// Effect of a configuration that is not stored.
pub fn config_preview(
    preview: &ConfigPreview,
    process: &str,
    label: &str,
) -> api::ConfigPreviewDto {
    api::ConfigPreviewDto {
        problems: preview.problems.iter().map(config_problem).collect(),
        closing: closing_rule(process, label, preview.closing, &preview.words),
        before: preview.before.iter().map(|f| figure(f, process)).collect(),
        after: preview.after.iter().map(|f| figure(f, process)).collect(),
    }
}

/// A control total.
pub fn control_total(total: &ControlTotal) -> api::ControlTotalDto {
    api::ControlTotalDto {
        process: total.process.to_string(),
        day: total.day.to_string(),
        expected: total.expected,
        found: total.found,
        gap: total.found.map(|f| total.expected - f),
    }
}

/// Where typed counts happen.
pub fn dimensions(typed: &api::TypedCountsDto) -> Dimensions {
    let said = |v: &Option<String>| v.clone().filter(|t| !t.is_empty());
    Dimensions {
        org: said(&typed.org),
        unit: said(&typed.unit),
        product: said(&typed.product),
        channel: said(&typed.channel),
    }
}

/// The cells a person filled.
pub fn typed_counts(typed: &api::TypedCountsDto) -> Vec<(MovementKind, i64)> {
    [
        (MovementKind::Arrivals, typed.arrivals),
        (MovementKind::SettledHuman, typed.settled_human),
        (MovementKind::SettledAuto, typed.settled_auto),
        (MovementKind::Cancelled, typed.cancelled),
        (MovementKind::Transferred, typed.transferred),
        (MovementKind::Reopened, typed.reopened),
        (MovementKind::Corrections, typed.corrections),
        (MovementKind::ClosingStock, typed.stock),
    ]
    .into_iter()
    .filter_map(|(kind, count)| count.map(|c| (kind, c)))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn bars_hold_every_case_once() {
        let days: BTreeMap<i64, i64> = (0..400).map(|d| (d, 1 + d % 3)).collect();
        let bins = histogram(&days);
        assert_eq!(bins.iter().map(|b| b.count).sum::<i64>(), days.values().sum::<i64>());
        assert!(bins.len() <= 32);
        assert!(bins.last().is_some_and(|b| b.to.is_none()));
    }

    #[test]
    fn a_query_string_survives_accents_and_ampersands() {
        assert_eq!(cases_query("stock", "é&a"), "figure=stock&process=%C3%A9%26a");
    }
}
