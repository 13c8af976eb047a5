//! Gates of individual data, retention, audit log, published periods.

use axum::{
    Json,
    extract::{Path, Query},
    http::HeaderMap,
};
use eclusier_api::{
    AuditPageDto, AuditQuery, AuditVerdictDto, GateDto, GateRequest, Problem, PublicationDto,
    PublicationRequest, ReasonRequest, ReplayDto, RetentionDto,
};
use eclusier_app::{App, AppError, AppResult, Period, accounts::NewGate, imports::Watch};
use eclusier_registry::{Gate, JournalQuery};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{InLang as _, accounts::node, day, process};
use crate::{ApiResult, guard::Allowed, site::Site, wire_rights};

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(list_gates, create_gate))
        .routes(routes!(close_gate))
        .routes(routes!(find_retention))
        .routes(routes!(purge))
        .routes(routes!(list_audit))
        .routes(routes!(verify_audit))
        .routes(routes!(list_publications, create_publication))
        .routes(routes!(create_restatement))
        .routes(routes!(replay_publication))
}

async fn told(app: &App, gate: &Gate) -> AppResult<GateDto> {
    let names = app.actor_names().await?;
    let labels = app.node_labels().await?;
    Ok(wire_rights::gate(gate, &labels, &names, app.today().await?))
}

/// Openings of individual data, latest first.
#[utoipa::path(get, path = "/api/v1/gates", tag = "gates",
    security(("session" = ["gates.read"]), ("token" = ["gates.read"])),
    responses((status = 200, body = [GateDto])))]
async fn list_gates(Allowed(app): Allowed, headers: HeaderMap) -> ApiResult<Json<Vec<GateDto>>> {
    let answer: AppResult<_> = async {
        let names = app.actor_names().await?;
        let labels = app.node_labels().await?;
        let today = app.today().await?;
        let gates = app.gates().await?;
        Ok(gates.iter().map(|g| wire_rights::gate(g, &labels, &names, today)).collect())
    }
    .await;
    Ok(Json(answer.told(&headers)?))
}

/// Opens individual data for a purpose; a person signed in answers for it.
#[utoipa::path(post, path = "/api/v1/gates", tag = "gates",
    security(("session" = ["gates.write"])), request_body = GateRequest,
    responses((status = 200, body = GateDto), (status = 422, body = Problem)))]
async fn create_gate(
    Allowed(app): Allowed,
    headers: HeaderMap,
    Json(request): Json<GateRequest>,
) -> ApiResult<Json<GateDto>> {
    let answer: AppResult<_> = async {
        let from = request.from.as_deref().filter(|f| !f.is_empty());
        let new = NewGate {
            purpose: request.purpose.clone(),
            node: node(request.node.as_ref()),
            dpia: day("dpia", &request.dpia)?,
            council: day("council", &request.council)?,
            information: day("information", &request.information)?,
            from: from.map(|f| day("from", f)).transpose()?,
            to: day("to", &request.to)?,
        };
        told(&app, &app.open_gate(&new).await?).await
    }
    .await;
    Ok(Json(answer.told(&headers)?))
}

/// Closes a gate, for ever.
#[utoipa::path(post, path = "/api/v1/gates/{id}/closing", tag = "gates",
    security(("session" = ["gates.write"])), params(("id" = String, Path)),
    request_body = ReasonRequest,
    responses((status = 200, body = GateDto), (status = 404, body = Problem)))]
async fn close_gate(
    Allowed(app): Allowed,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(request): Json<ReasonRequest>,
) -> ApiResult<Json<GateDto>> {
    let answer: AppResult<_> =
        async { told(&app, &app.close_gate(&id, &request.reason).await?).await }.await;
    Ok(Json(answer.told(&headers)?))
}

async fn retention(app: &App) -> AppResult<RetentionDto> {
    let (due, purges) = app.retention().await?;
    Ok(wire_rights::retention(&due, &purges, &app.actor_names().await?))
}

/// How long each kind of datum is kept, and the purges made.
#[utoipa::path(get, path = "/api/v1/retention", tag = "gates",
    security(("session" = ["method.read"]), ("token" = ["method.read"])),
    responses((status = 200, body = RetentionDto)))]
async fn find_retention(
    Allowed(app): Allowed,
    headers: HeaderMap,
) -> ApiResult<Json<RetentionDto>> {
    Ok(Json(retention(&app).await.told(&headers)?))
}

/// Removes what is older than its retention.
#[utoipa::path(post, path = "/api/v1/retention/purge", tag = "gates",
    security(("session" = ["retention.write"]), ("token" = ["retention.write"])),
    responses((status = 200, body = RetentionDto)))]
async fn purge(Allowed(app): Allowed, headers: HeaderMap) -> ApiResult<Json<RetentionDto>> {
    let answer: AppResult<_> = async {
        app.purge().await?;
        retention(&app).await
    }
    .await;
    Ok(Json(answer.told(&headers)?))
}

/// The audit log, latest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", params(AuditQuery),
    security(("session" = ["audit.read"]), ("token" = ["audit.read"])),
    responses((status = 200, body = AuditPageDto)))]
async fn list_audit(
    Allowed(app): Allowed,
    Query(query): Query<AuditQuery>,
    headers: HeaderMap,
) -> ApiResult<Json<AuditPageDto>> {
    let answer: AppResult<_> = async {
        let filled = |text: Option<String>| text.filter(|t| !t.is_empty());
        let asked = JournalQuery {
            before: query.before,
            action: filled(query.action),
            object: filled(query.object),
            actor: filled(query.actor),
            limit: query.limit.unwrap_or(50).clamp(1, 500),
        };
        let (entries, total) = app.journal(&asked).await?;
        let names = app.actor_names().await?;
        let whole = entries.len() == asked.limit as usize;
        Ok(AuditPageDto {
            next: entries.last().map(|e| e.seq).filter(|seq| whole && *seq > 1),
            entries: entries.iter().map(|e| wire_rights::audit_entry(e, &names)).collect(),
            total,
        })
    }
    .await;
    Ok(Json(answer.told(&headers)?))
}

/// Reads the whole audit log again and recomputes every hash.
#[utoipa::path(get, path = "/api/v1/audit/verdict", tag = "audit",
    security(("session" = ["audit.read"]), ("token" = ["audit.read"])),
    responses((status = 200, body = AuditVerdictDto)))]
async fn verify_audit(
    Allowed(app): Allowed,
    headers: HeaderMap,
) -> ApiResult<Json<AuditVerdictDto>> {
    Ok(Json(wire_rights::verdict(&app.journal_verdict().await.told(&headers)?)))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct PublicationsQuery {
    /// Process; all in reach when absent.
    process: Option<String>,
}

async fn published(app: &App, asked: Option<&str>) -> AppResult<Vec<PublicationDto>> {
    let names = app.actor_names().await?;
    let processes = match asked.filter(|p| !p.is_empty()) {
        Some(one) => vec![process(one)?],
        None => app.published_processes().await?,
    };
    let mut all = Vec::new();
    for process in processes {
        let label = app.label(&process).await?;
        let periods = app.published_periods(&process).await?;
        all.extend(wire_rights::publications(&periods, &label, &names));
    }
    Ok(all)
}

/// Periods published, latest first.
#[utoipa::path(get, path = "/api/v1/publications", tag = "audit", params(PublicationsQuery),
    security(("session" = ["figures.read"]), ("token" = ["figures.read"])),
    responses((status = 200, body = [PublicationDto])))]
async fn list_publications(
    Allowed(app): Allowed,
    Query(query): Query<PublicationsQuery>,
    headers: HeaderMap,
) -> ApiResult<Json<Vec<PublicationDto>>> {
    Ok(Json(published(&app, query.process.as_deref()).await.told(&headers)?))
}

fn period(from: &str, to: &str) -> AppResult<Period> {
    Period::new(day("from", from)?, day("to", to)?).map_err(|e| {
        AppError::invalid("to", "la fin précède le début de la période", e.to_string())
    })
}

/// Publishes the figures of a period.
#[utoipa::path(post, path = "/api/v1/publications", tag = "audit",
    security(("session" = ["periods.write"]), ("token" = ["periods.write"])),
    request_body = PublicationRequest,
    responses((status = 200, body = [PublicationDto]), (status = 422, body = Problem)))]
async fn create_publication(
    Allowed(app): Allowed,
    headers: HeaderMap,
    Json(request): Json<PublicationRequest>,
) -> ApiResult<Json<Vec<PublicationDto>>> {
    let answer: AppResult<_> = async {
        let period = period(&request.from, &request.to)?;
        app.close_period(&process(&request.process)?, period, &Watch::default()).await?;
        published(&app, Some(&request.process)).await
    }
    .await;
    Ok(Json(answer.told(&headers)?))
}

/// Publishes a period again, with the differences and the reason.
#[utoipa::path(post, path = "/api/v1/publications/restatements", tag = "audit",
    security(("session" = ["periods.write"]), ("token" = ["periods.write"])),
    request_body = PublicationRequest,
    responses((status = 200, body = [PublicationDto]), (status = 422, body = Problem)))]
async fn create_restatement(
    Allowed(app): Allowed,
    headers: HeaderMap,
    Json(request): Json<PublicationRequest>,
) -> ApiResult<Json<Vec<PublicationDto>>> {
    let answer: AppResult<_> = async {
        let period = period(&request.from, &request.to)?;
        let process = process(&request.process)?;
        app.restate_period(&process, period, &request.reason, &Watch::default()).await?;
        published(&app, Some(&request.process)).await
    }
    .await;
    Ok(Json(answer.told(&headers)?))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct ReplayQuery {
    /// Process.
    process: String,
    /// First day.
    from: String,
    /// Last day.
    to: String,
    /// Which publication; the one that counts when absent.
    rank: Option<usize>,
}

/// Computes a publication again from what it was computed from.
#[utoipa::path(get, path = "/api/v1/publications/replay", tag = "audit", params(ReplayQuery),
    security(("session" = ["figures.read"]), ("token" = ["figures.read"])),
    responses((status = 200, body = ReplayDto), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn replay_publication(
    Allowed(app): Allowed,
    Query(query): Query<ReplayQuery>,
    headers: HeaderMap,
) -> ApiResult<Json<ReplayDto>> {
    let answer: AppResult<_> = async {
        let period = period(&query.from, &query.to)?;
        app.replay_publication(&process(&query.process)?, period, query.rank).await
    }
    .await;
    Ok(Json(wire_rights::replay(&answer.told(&headers)?)))
}
