//! Counts typed on screen and control totals.

use axum::{Json, extract::Query, http::HeaderMap};
use eclusier_api::{ControlTotalDto, ImportDto, Problem, TypedCountsDto};
use eclusier_app::{AppResult, counts::TypedCounts};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{InLang as _, day, process};
use crate::{ApiResult, guard::Allowed, site::Site, wire};

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(create_counts))
        .routes(routes!(list_control_totals))
        .routes(routes!(update_control_total))
}

/// Stores the counts of a day; a figure already known is corrected, and audited.
#[utoipa::path(post, path = "/api/v1/counts", tag = "counts", security(("session" = ["counts.write"]), ("token" = ["counts.write"])), request_body = TypedCountsDto,
    responses((status = 200, body = ImportDto), (status = 422, body = Problem)))]
async fn create_counts(
    Allowed(app): Allowed,
    headers: HeaderMap,
    Json(typed): Json<TypedCountsDto>,
) -> ApiResult<Json<ImportDto>> {
    let answer: AppResult<_> = async {
        let counts = TypedCounts {
            process: process(&typed.process)?,
            label: typed.label.clone().filter(|l| !l.trim().is_empty()),
            day: day("day", &typed.day)?,
            dimensions: wire::dimensions(&typed),
            counts: wire::typed_counts(&typed),
            reason: typed.reason.clone(),
        };
        app.type_counts(counts).await
    }
    .await;
    Ok(Json(wire::import(&answer.told(&headers)?)))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct TotalsQuery {
    /// Process.
    process: Option<String>,
}

/// Stock of the source tool beside ours, with the gap.
#[utoipa::path(get, path = "/api/v1/control-totals", tag = "counts", security(("session" = ["data.read"]), ("token" = ["data.read"])), params(TotalsQuery),
    responses((status = 200, body = [ControlTotalDto])))]
async fn list_control_totals(
    Allowed(app): Allowed,
    Query(query): Query<TotalsQuery>,
    headers: HeaderMap,
) -> ApiResult<Json<Vec<ControlTotalDto>>> {
    let answer: AppResult<_> = async {
        let process =
            query.process.as_deref().filter(|p| !p.is_empty()).map(process).transpose()?;
        app.control_totals(process.as_ref()).await
    }
    .await;
    Ok(Json(answer.told(&headers)?.iter().map(wire::control_total).collect()))
}

/// Stores the stock the source tool shows on a day (`found` and `gap` are ignored).
#[utoipa::path(put, path = "/api/v1/control-totals", tag = "counts", security(("session" = ["counts.write"]), ("token" = ["counts.write"])), request_body = ControlTotalDto,
    responses((status = 200, body = [ControlTotalDto]), (status = 422, body = Problem)))]
async fn update_control_total(
    Allowed(app): Allowed,
    headers: HeaderMap,
    Json(total): Json<ControlTotalDto>,
) -> ApiResult<Json<Vec<ControlTotalDto>>> {
    let answer: AppResult<_> = async {
        let process = process(&total.process)?;
        app.put_control_total(&process, day("day", &total.day)?, total.expected).await?;
        app.control_totals(Some(&process)).await
    }
    .await;
    Ok(Json(answer.told(&headers)?.iter().map(wire::control_total).collect()))
}
