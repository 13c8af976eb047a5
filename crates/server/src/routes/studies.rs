//! Questions about the work a log tells: why cases wait, come back, cost and leave the model.

use axum::{
    Json,
    extract::{Path, Query},
    http::{HeaderMap, header},
    response::{IntoResponse as _, Response},
};
use eclusier_api::{
    CaseFilterQuery, ConformanceDto, CostsDto, DiscoveryDto, FilterQuery, HandoversDto,
    LatenessDto, LossesDto, ModelBody, ModelDto, Problem, ReworkDto, StreamDto, SuitabilityDto,
    TimelineDto, UnitTimesDto, VariantGroupsDto, WaitsDto, WorkshopBody, WorkshopDto,
};
use eclusier_app::{
    App, AppError, AppResult,
    imports::Watch,
    mining::{conformance::Method, handovers::By},
    models::{ModelRecord, read_model},
    streams::{PageForm, WantedStep},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{InLang as _, lang, logs::study, process, selection};
use crate::{ApiResult, guard::Allowed, site::Site, wire_mining as wire};

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(list_variant_groups))
        .routes(routes!(find_timeline))
        .routes(routes!(find_waits))
        .routes(routes!(find_rework))
        .routes(routes!(find_handovers))
        .routes(routes!(find_unit_times))
        .routes(routes!(find_costs))
        .routes(routes!(find_losses))
        .routes(routes!(find_lateness))
        .routes(routes!(discover_model))
        .routes(routes!(list_models))
        .routes(routes!(create_model))
        .routes(routes!(find_model))
        .routes(routes!(delete_model))
        .routes(routes!(find_conformance))
        .routes(routes!(find_value_stream))
        .routes(routes!(find_stream_page))
        .routes(routes!(find_workshop))
        .routes(routes!(update_workshop))
        .routes(routes!(list_suitability))
}

/// Variants grouped by likeness.
#[utoipa::path(get, path = "/api/v1/processes/{process}/variants/groups", tag = "logs", security(("session" = ["log.read"]), ("token" = ["log.read"])),
    params(("process" = String, Path), FilterQuery, CaseFilterQuery), responses((status = 200, body = VariantGroupsDto), (status = 422, body = Problem)))]
async fn list_variant_groups(
    Allowed(app): Allowed,
    Path(name): Path<String>,
    Query(query): Query<FilterQuery>,
    Query(cases): Query<CaseFilterQuery>,
    headers: HeaderMap,
) -> ApiResult<Json<VariantGroupsDto>> {
    let answer: AppResult<_> = async {
        let study = study(&app, &name, &query, &cases).await?;
        Ok(wire::groups(app.variant_groups(&study).await?))
    }
    .await;
    Ok(Json(answer.told(&headers)?))
}

/// The tasks of one case.
#[utoipa::path(get, path = "/api/v1/processes/{process}/cases/{case}/timeline", tag = "logs", security(("session" = ["log.read"]), ("token" = ["log.read"])),
    params(("process" = String, Path), ("case" = String, Path)), responses((status = 200, body = TimelineDto), (status = 404, body = Problem)))]
async fn find_timeline(
    Allowed(app): Allowed,
    Path((name, case)): Path<(String, String)>,
    headers: HeaderMap,
) -> ApiResult<Json<TimelineDto>> {
    let answer: AppResult<_> = async {
        let none = (FilterQuery::default(), CaseFilterQuery::default());
        let study = study(&app, &name, &none.0, &none.1).await?;
        Ok(wire::timeline(app.timeline(&study, &case).await?, &study))
    }
    .await;
    Ok(Json(answer.told(&headers)?))
}

/// Why cases wait.
#[utoipa::path(get, path = "/api/v1/processes/{process}/waits", tag = "logs", security(("session" = ["log.read"]), ("token" = ["log.read"])),
    params(("process" = String, Path), FilterQuery, CaseFilterQuery), responses((status = 200, body = WaitsDto), (status = 422, body = Problem)))]
async fn find_waits(
    Allowed(app): Allowed,
    Path(name): Path<String>,
    Query(query): Query<FilterQuery>,
    Query(cases): Query<CaseFilterQuery>,
    headers: HeaderMap,
) -> ApiResult<Json<WaitsDto>> {
    let answer: AppResult<_> = async {
        let study = study(&app, &name, &query, &cases).await?;
        Ok(wire::waits(&app.waits(&study).await?, &study))
    }
    .await;
    Ok(Json(answer.told(&headers)?))
}

/// Why cases come back.
#[utoipa::path(get, path = "/api/v1/processes/{process}/rework", tag = "logs", security(("session" = ["log.read"]), ("token" = ["log.read"])),
    params(("process" = String, Path), FilterQuery, CaseFilterQuery), responses((status = 200, body = ReworkDto), (status = 422, body = Problem)))]
async fn find_rework(
    Allowed(app): Allowed,
    Path(name): Path<String>,
    Query(query): Query<FilterQuery>,
    Query(cases): Query<CaseFilterQuery>,
    headers: HeaderMap,
) -> ApiResult<Json<ReworkDto>> {
    let answer: AppResult<_> = async {
        let study = study(&app, &name, &query, &cases).await?;
        Ok(wire::rework(&app.rework(&study).await?, &study))
    }
    .await;
    Ok(Json(answer.told(&headers)?))
}

/// Between whom.
#[derive(Debug, Clone, Copy, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Party {
    /// Teams.
    #[default]
    Unit,
    /// People, by their pseudonyms.
    Resource,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PartyQuery {
    /// Between whom; teams when absent.
    #[param(inline)]
    by: Option<Party>,
}

/// Which team hands over to which; by person, behind an open gate of individual data only.
#[utoipa::path(get, path = "/api/v1/processes/{process}/handovers", tag = "logs", security(("session" = ["log.read"]), ("token" = ["log.read"])),
    params(("process" = String, Path), FilterQuery, CaseFilterQuery, PartyQuery), responses((status = 200, body = HandoversDto), (status = 422, body = Problem)))]
async fn find_handovers(
    Allowed(app): Allowed,
    Path(name): Path<String>,
    Query(query): Query<FilterQuery>,
    Query(cases): Query<CaseFilterQuery>,
    Query(PartyQuery { by }): Query<PartyQuery>,
    headers: HeaderMap,
) -> ApiResult<Json<HandoversDto>> {
    let answer: AppResult<_> = async {
        let study = study(&app, &name, &query, &cases).await?;
        let by = match by.unwrap_or_default() {
            Party::Unit => By::Unit,
            Party::Resource => By::Resource,
        };
        Ok(wire::handovers(&app.handovers(&study, by).await?, by, &study))
    }
    .await;
    Ok(Json(answer.told(&headers)?))
}

/// How long tasks take.
#[utoipa::path(get, path = "/api/v1/processes/{process}/unit-times", tag = "logs", security(("session" = ["log.read"]), ("token" = ["log.read"])),
    params(("process" = String, Path), FilterQuery, CaseFilterQuery), responses((status = 200, body = UnitTimesDto), (status = 422, body = Problem)))]
async fn find_unit_times(
    Allowed(app): Allowed,
    Path(name): Path<String>,
    Query(query): Query<FilterQuery>,
    Query(cases): Query<CaseFilterQuery>,
    headers: HeaderMap,
) -> ApiResult<Json<UnitTimesDto>> {
    let answer: AppResult<_> = async {
        let study = study(&app, &name, &query, &cases).await?;
        Ok(wire::unit_times(&app.unit_times(&study).await?, &study))
    }
    .await;
    Ok(Json(answer.told(&headers)?))
}

/// Price of work.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct CostQuery {
    /// Cents of an hour of work; 3,500 when absent.
    cents_per_hour: Option<i64>,
    /// Hours paid over the period, for what was not used.
    paid_hours: Option<f64>,
}

/// What cases cost.
#[utoipa::path(get, path = "/api/v1/processes/{process}/costs", tag = "logs", security(("session" = ["log.read"]), ("token" = ["log.read"])),
    params(("process" = String, Path), FilterQuery, CaseFilterQuery, CostQuery), responses((status = 200, body = CostsDto), (status = 422, body = Problem)))]
async fn find_costs(
    Allowed(app): Allowed,
    Path(name): Path<String>,
    Query(query): Query<FilterQuery>,
    Query(cases): Query<CaseFilterQuery>,
    Query(price): Query<CostQuery>,
    headers: HeaderMap,
) -> ApiResult<Json<CostsDto>> {
    let answer: AppResult<_> = async {
        let study = study(&app, &name, &query, &cases).await?;
        let cents = price.cents_per_hour.unwrap_or(3_500);
        if !(1..=10_000_000).contains(&cents) {
            return Err(AppError::invalid(
                "cents_per_hour",
                "un coût horaire entre 0,01 et 100 000 euros",
                "an hourly cost between 0.01 and 100,000 euros",
            ));
        }
        let view = app.costs(&study, cents, price.paid_hours).await?;
        Ok(wire::costs(&view, cents, price.paid_hours, &study))
    }
    .await;
    Ok(Json(answer.told(&headers)?))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct LossQuery {
    /// How many, 10 when absent, at most 200.
    top: Option<usize>,
}

/// Where worked minutes are lost.
#[utoipa::path(get, path = "/api/v1/processes/{process}/losses", tag = "logs", security(("session" = ["log.read"]), ("token" = ["log.read"])),
    params(("process" = String, Path), FilterQuery, CaseFilterQuery, LossQuery), responses((status = 200, body = LossesDto), (status = 422, body = Problem)))]
async fn find_losses(
    Allowed(app): Allowed,
    Path(name): Path<String>,
    Query(query): Query<FilterQuery>,
    Query(cases): Query<CaseFilterQuery>,
    Query(top): Query<LossQuery>,
    headers: HeaderMap,
) -> ApiResult<Json<LossesDto>> {
    let answer: AppResult<_> = async {
        let study = study(&app, &name, &query, &cases).await?;
        let top = top.top.unwrap_or(10).min(200);
        Ok(wire::losses(&app.losses(&study).await?, top, &study))
    }
    .await;
    Ok(Json(answer.told(&headers)?))
}

/// What goes with lateness.
#[utoipa::path(get, path = "/api/v1/processes/{process}/lateness", tag = "logs", security(("session" = ["log.read"]), ("token" = ["log.read"])),
    params(("process" = String, Path), FilterQuery, CaseFilterQuery), responses((status = 200, body = LatenessDto), (status = 422, body = Problem)))]
async fn find_lateness(
    Allowed(app): Allowed,
    Path(name): Path<String>,
    Query(query): Query<FilterQuery>,
    Query(cases): Query<CaseFilterQuery>,
    headers: HeaderMap,
) -> ApiResult<Json<LatenessDto>> {
    let answer: AppResult<_> = async {
        let study = study(&app, &name, &query, &cases).await?;
        Ok(wire::lateness(&app.lateness(&study).await?, &study))
    }
    .await;
    Ok(Json(answer.told(&headers)?))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct NoiseQuery {
    /// Threshold under which rare behaviour is left out, 0 to 1; 0.2 when absent.
    noise: Option<f64>,
}

const USUAL_NOISE: f64 = 0.2;

/// A model of what cases do.
#[utoipa::path(get, path = "/api/v1/processes/{process}/discover", tag = "models", security(("session" = ["log.read"]), ("token" = ["log.read"])),
    params(("process" = String, Path), FilterQuery, CaseFilterQuery, NoiseQuery), responses((status = 200, body = DiscoveryDto), (status = 422, body = Problem)))]
async fn discover_model(
    Allowed(app): Allowed,
    Path(name): Path<String>,
    Query(query): Query<FilterQuery>,
    Query(cases): Query<CaseFilterQuery>,
    Query(noise): Query<NoiseQuery>,
    headers: HeaderMap,
) -> ApiResult<Json<DiscoveryDto>> {
    let answer: AppResult<_> = async {
        let study = study(&app, &name, &query, &cases).await?;
        app.discover(&study, noise.noise.unwrap_or(USUAL_NOISE)).await
    }
    .await;
    Ok(Json(wire::discovery(answer.told(&headers)?)))
}

async fn model_dto(app: &App, record: ModelRecord, whole: bool) -> AppResult<ModelDto> {
    Ok(ModelDto {
        id: record.id,
        name: record.name,
        at: record.at.to_string(),
        by: app.actor_label(&record.by).await?,
        sha256: record.sha256,
        bpmn: whole.then_some(record.bpmn),
        findings: Vec::new(),
    })
}

/// Reference models of a process.
#[utoipa::path(get, path = "/api/v1/processes/{process}/models", tag = "models", security(("session" = ["log.read"]), ("token" = ["log.read"])),
    params(("process" = String, Path)), responses((status = 200, body = Vec<ModelDto>)))]
async fn list_models(
    Allowed(app): Allowed,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> ApiResult<Json<Vec<ModelDto>>> {
    let answer: AppResult<_> = async {
        let mut list = Vec::new();
        for record in app.models(&process(&name)?).await? {
            list.push(model_dto(&app, record, false).await?);
        }
        Ok(list)
    }
    .await;
    Ok(Json(answer.told(&headers)?))
}

/// Keeps a reference model.
#[utoipa::path(post, path = "/api/v1/processes/{process}/models", tag = "models", security(("session" = ["workshop.write"]), ("token" = ["workshop.write"])),
    params(("process" = String, Path)), request_body = ModelBody,
    responses((status = 200, body = ModelDto), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn create_model(
    Allowed(app): Allowed,
    Path(name): Path<String>,
    headers: HeaderMap,
    Json(body): Json<ModelBody>,
) -> ApiResult<Json<ModelDto>> {
    let answer: AppResult<_> = async {
        let (record, findings) = app.add_model(&process(&name)?, &body.name, &body.bpmn).await?;
        let model = model_dto(&app, record, false).await?;
        Ok(ModelDto { findings: findings.iter().map(wire::finding).collect(), ..model })
    }
    .await;
    Ok(Json(answer.told(&headers)?))
}

/// A reference model with its document.
#[utoipa::path(get, path = "/api/v1/processes/{process}/models/{id}", tag = "models", security(("session" = ["log.read"]), ("token" = ["log.read"])),
    params(("process" = String, Path), ("id" = i64, Path)), responses((status = 200, body = ModelDto), (status = 404, body = Problem)))]
async fn find_model(
    Allowed(app): Allowed,
    Path((name, id)): Path<(String, i64)>,
    headers: HeaderMap,
) -> ApiResult<Json<ModelDto>> {
    let answer: AppResult<_> =
        async { model_dto(&app, app.model(&process(&name)?, id).await?, true).await }.await;
    Ok(Json(answer.told(&headers)?))
}

/// Removes a reference model.
#[utoipa::path(delete, path = "/api/v1/processes/{process}/models/{id}", tag = "models", security(("session" = ["workshop.write"]), ("token" = ["workshop.write"])),
    params(("process" = String, Path), ("id" = i64, Path)), responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn delete_model(
    Allowed(app): Allowed,
    Path((name, id)): Path<(String, i64)>,
    headers: HeaderMap,
) -> ApiResult<axum::http::StatusCode> {
    let answer: AppResult<_> = async { app.delete_model(&process(&name)?, id).await }.await;
    answer.told(&headers)?;
    Ok(axum::http::StatusCode::NO_CONTENT)
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct ConformQuery {
    /// Reference model; the one discovered with `noise` when absent.
    model: Option<i64>,
    /// Threshold of the discovered model, 0.2 when absent.
    noise: Option<f64>,
    /// `alignments` (default) or `replay`.
    method: Option<String>,
}

/// How far cases follow a model. Given up when the caller goes away.
#[utoipa::path(get, path = "/api/v1/processes/{process}/conformance", tag = "models", security(("session" = ["log.read"]), ("token" = ["log.read"])),
    params(("process" = String, Path), FilterQuery, CaseFilterQuery, ConformQuery), responses((status = 200, body = ConformanceDto), (status = 422, body = Problem)))]
async fn find_conformance(
    Allowed(app): Allowed,
    Path(name): Path<String>,
    Query(query): Query<FilterQuery>,
    Query(cases): Query<CaseFilterQuery>,
    Query(asked): Query<ConformQuery>,
    headers: HeaderMap,
) -> ApiResult<Json<ConformanceDto>> {
    let answer: AppResult<_> = async {
        let study = study(&app, &name, &query, &cases).await?;
        let method = match asked.method.as_deref() {
            None | Some("" | "alignments") => Method::Alignments,
            Some("replay") => Method::Replay,
            Some(_) => {
                return Err(AppError::invalid(
                    "method",
                    "écrire alignments ou replay",
                    "write alignments or replay",
                ));
            }
        };
        let text = match asked.model {
            Some(id) => app.model(&study.process, id).await?.bpmn,
            None => app.discover(&study, asked.noise.unwrap_or(USUAL_NOISE)).await?.bpmn,
        };
        let model = read_model(text.as_bytes())?;
        let found = app.conform(&study, model.net, method, &Watch::default()).await?;
        Ok(wire::conformance(&found, model.findings.iter().map(wire::finding).collect()))
    }
    .await;
    Ok(Json(answer.told(&headers)?))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct StreamQuery {
    /// Steps, in order, separated by commas and percent-encoded; those the workshop wrote, else
    /// the usual ones, when absent.
    steps: Option<String>,
    /// `fr` or `en`, for the page.
    lang: Option<String>,
}

/// What the workshop of a process wrote, empty before the first time.
async fn written(app: &App, process: &eclusier_app::ProcessId) -> AppResult<WorkshopDto> {
    let Some(record) = app.workshop(process).await? else {
        return Ok(WorkshopDto {
            content: WorkshopBody::default(),
            version: 0,
            at: None,
            by: None,
        });
    };
    // Content of an earlier program keeps what this one still knows.
    let content = serde_json::from_str(&record.content).unwrap_or_default();
    Ok(WorkshopDto {
        content,
        version: record.version,
        at: Some(record.at.to_string()),
        by: Some(app.actor_label(&record.by).await?),
    })
}

fn steps_of(asked: &StreamQuery, content: &WorkshopBody) -> Vec<String> {
    let steps = wire::names(&asked.steps);
    if steps.is_empty() { content.steps.clone() } else { steps }
}

/// The value stream.
#[utoipa::path(get, path = "/api/v1/processes/{process}/value-stream", tag = "workshops", security(("session" = ["log.read"]), ("token" = ["log.read"])),
    params(("process" = String, Path), FilterQuery, CaseFilterQuery, StreamQuery), responses((status = 200, body = StreamDto), (status = 422, body = Problem)))]
async fn find_value_stream(
    Allowed(app): Allowed,
    Path(name): Path<String>,
    Query(query): Query<FilterQuery>,
    Query(cases): Query<CaseFilterQuery>,
    Query(asked): Query<StreamQuery>,
    headers: HeaderMap,
) -> ApiResult<Json<StreamDto>> {
    let answer: AppResult<_> = async {
        let study = study(&app, &name, &query, &cases).await?;
        let workshop = written(&app, &study.process).await?.content;
        let adding = wire::wanted(&workshop).into_iter().filter(|w| w.adds_value);
        let adding = adding.map(|w| w.activity).collect();
        let view = app.value_stream(&study, steps_of(&asked, &workshop), adding).await?;
        Ok(wire::stream(&view, &study))
    }
    .await;
    Ok(Json(answer.told(&headers)?))
}

/// The value stream as a page: `value-stream.pdf` or `value-stream.svg`.
#[utoipa::path(get, path = "/api/v1/processes/{process}/pages/{file}", tag = "workshops", security(("session" = ["exports.write"]), ("token" = ["exports.write"])),
    params(("process" = String, Path), ("file" = String, Path), FilterQuery, CaseFilterQuery, StreamQuery),
    responses((status = 200, description = "The page", content((Vec<u8> = "application/pdf"), (Vec<u8> = "image/svg+xml"))), (status = 404, body = Problem)))]
async fn find_stream_page(
    Allowed(app): Allowed,
    Path((name, file)): Path<(String, String)>,
    Query(query): Query<FilterQuery>,
    Query(cases): Query<CaseFilterQuery>,
    Query(asked): Query<StreamQuery>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let answer: AppResult<_> = async {
        let (form, mime) = match file.as_str() {
            "value-stream.pdf" => (PageForm::Pdf, "application/pdf"),
            "value-stream.svg" => (PageForm::Svg, "image/svg+xml"),
            _ => return Err(AppError::NotFound { what: "page", name: file.clone() }),
        };
        let study = study(&app, &name, &query, &cases).await?;
        let workshop = written(&app, &study.process).await?.content;
        let targets: Vec<WantedStep> = wire::wanted(&workshop);
        let tongue = asked.lang.as_deref().and_then(|l| l.parse().ok());
        let tongue = tongue.unwrap_or_else(|| lang(&headers));
        let steps = steps_of(&asked, &workshop);
        let bytes = app
            .stream_page(&study, &selection(&query)?, steps, (targets, workshop.note), form, tongue)
            .await?;
        let headers = [
            (header::CONTENT_TYPE, mime.to_owned()),
            (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{file}\"")),
        ];
        Ok((headers, bytes).into_response())
    }
    .await;
    answer.told(&headers)
}

/// What a workshop wrote.
#[utoipa::path(get, path = "/api/v1/processes/{process}/workshop", tag = "workshops", security(("session" = ["log.read"]), ("token" = ["log.read"])),
    params(("process" = String, Path)), responses((status = 200, body = WorkshopDto)))]
async fn find_workshop(
    Allowed(app): Allowed,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> ApiResult<Json<WorkshopDto>> {
    let answer: AppResult<_> = async { written(&app, &process(&name)?).await }.await;
    Ok(Json(answer.told(&headers)?))
}

/// A change of what a workshop wrote.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct WorkshopChange {
    /// Content, whole.
    pub content: WorkshopBody,
    /// Version it was made from; 0 before the first.
    pub version: i64,
}

/// Writes what a workshop found.
#[utoipa::path(put, path = "/api/v1/processes/{process}/workshop", tag = "workshops", security(("session" = ["workshop.write"]), ("token" = ["workshop.write"])),
    params(("process" = String, Path)), request_body = WorkshopChange,
    responses((status = 200, body = WorkshopDto), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn update_workshop(
    Allowed(app): Allowed,
    Path(name): Path<String>,
    headers: HeaderMap,
    Json(change): Json<WorkshopChange>,
) -> ApiResult<Json<WorkshopDto>> {
    let answer: AppResult<_> = async {
        let process = process(&name)?;
        checked(&change.content)?;
        let text = serde_json::to_string(&change.content).map_err(|_| AppError::Task)?;
        app.put_workshop(&process, &text, change.version).await?;
        written(&app, &process).await
    }
    .await;
    Ok(Json(answer.told(&headers)?))
}

const FAMILIES: [&str; 7] =
    ["people", "methods", "materials", "machines", "environment", "measurement", "management"];

/// A tree without loops, of known families; durations that can be.
fn checked(content: &WorkshopBody) -> AppResult<()> {
    for cause in &content.causes {
        if !FAMILIES.contains(&cause.family.as_str()) {
            let known = FAMILIES.join(", ");
            return Err(AppError::invalid(
                "causes",
                format!("famille inconnue « {} » : {known}", cause.family),
                format!("unknown family “{}”: {known}", cause.family),
            ));
        }
        if content.causes.iter().filter(|c| c.id == cause.id).count() > 1 {
            return Err(AppError::invalid(
                "causes",
                format!("deux causes portent le numéro {}", cause.id),
                format!("two causes have number {}", cause.id),
            ));
        }
        let mut above = cause.under;
        let mut steps = 0;
        while let Some(id) = above {
            let Some(parent) = content.causes.iter().find(|c| c.id == id) else {
                return Err(AppError::invalid(
                    "causes",
                    format!("la cause {id} n’existe pas"),
                    format!("cause {id} does not exist"),
                ));
            };
            steps += 1;
            if steps > content.causes.len() || parent.family != cause.family {
                return Err(AppError::invalid(
                    "causes",
                    "une cause en explique une autre de la même famille, sans revenir sur elle-même",
                    "a cause explains another of the same family, and never itself",
                ));
            }
            above = parent.under;
        }
    }
    let odd = |v: Option<f64>| v.is_some_and(|v| !(0.0..=1e7).contains(&v));
    for target in &content.targets {
        let share = target.first_pass_yield.is_some_and(|v| !(0.0..=1.0).contains(&v));
        if odd(target.wait_min) || odd(target.touch_min) || share {
            return Err(AppError::invalid(
                "targets",
                format!("cible inutilisable pour « {} »", target.activity),
                format!("target of “{}” cannot be used", target.activity),
            ));
        }
    }
    Ok(())
}

/// Which process deserves a workshop.
#[utoipa::path(get, path = "/api/v1/suitability", tag = "workshops", security(("session" = ["log.read"]), ("token" = ["log.read"])),
    params(FilterQuery), responses((status = 200, body = Vec<SuitabilityDto>)))]
async fn list_suitability(
    Allowed(app): Allowed,
    Query(query): Query<FilterQuery>,
    headers: HeaderMap,
) -> ApiResult<Json<Vec<SuitabilityDto>>> {
    let answer: AppResult<_> = async { app.suitability(&selection(&query)?).await }.await;
    let list = answer.told(&headers)?;
    Ok(Json(list.iter().map(|(s, label)| wire::suitability(s, label)).collect()))
}
