//! Arrivals to come, stock and delay carried forward.

use axum::{Json, extract::Query, http::HeaderMap};
use eclusier_api::{FilterQuery, ForesightDto, ForesightQuery, Problem};
use eclusier_app::{AppError, AppResult, foresight::Asked};
use eclusier_core::Grain;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{InLang as _, filled, grain, selection};
use crate::{ApiResult, guard::Allowed, site::Site, wire_foresight};

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(find_foresight))
}

/// Arrivals to come with their bands, what explains them, how good such forecasts were, and the
/// stock carried forward.
#[utoipa::path(get, path = "/api/v1/foresight", tag = "figures", security(("session" = ["figures.read"]), ("token" = ["figures.read"])), params(FilterQuery, ForesightQuery),
    responses((status = 200, body = ForesightDto), (status = 422, body = Problem)))]
async fn find_foresight(
    Allowed(app): Allowed,
    Query(query): Query<FilterQuery>,
    Query(asked): Query<ForesightQuery>,
    headers: HeaderMap,
) -> ApiResult<Json<ForesightDto>> {
    let answer: AppResult<_> = async {
        let asked = wanted(&query, &asked)?;
        app.foresee(&selection(&query)?, &asked).await
    }
    .await;
    Ok(Json(wire_foresight::foresight(&answer.told(&headers)?)))
}

fn wanted(query: &FilterQuery, asked: &ForesightQuery) -> AppResult<Asked> {
    let by = filled(&asked.by).map(|by| {
        by.parse().map_err(|_| {
            AppError::invalid(
                "by",
                "écrire process, product, unit, channel ou org",
                "write process, product, unit, channel or org",
            )
        })
    });
    let usual = Asked::default();
    Ok(Asked {
        grain: grain(query, Grain::Week)?,
        months: asked.months.unwrap_or(usual.months),
        by: by.transpose()?,
        arrivals: asked.arrivals.unwrap_or(usual.arrivals),
        capacity: asked.capacity,
        target: asked.target,
    })
}
