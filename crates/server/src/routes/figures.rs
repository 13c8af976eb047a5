//! The cockpit, flow and stock, the ledger, indicators and lists of cases.

use axum::{Json, extract::Query, http::HeaderMap};
use eclusier_api::{
    CasesPageDto, CasesQuery, CockpitDto, FigureDto, FilterQuery, FlowDto, LedgerRowDto, Problem,
};
use eclusier_app::AppResult;
use eclusier_core::Grain;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{InLang as _, grain, group_by, selection};
use crate::{ApiResult, guard::Allowed, site::Site, wire};

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(find_cockpit))
        .routes(routes!(find_wall))
        .routes(routes!(find_flow))
        .routes(routes!(list_ledger))
        .routes(routes!(list_indicators))
        .routes(routes!(list_cases))
}

/// The morning cockpit.
#[utoipa::path(get, path = "/api/v1/cockpit", tag = "figures", security(("session" = ["figures.read"]), ("token" = ["figures.read"])), params(FilterQuery),
    responses((status = 200, body = CockpitDto), (status = 422, body = Problem)))]
async fn find_cockpit(
    Allowed(app): Allowed,
    Query(query): Query<FilterQuery>,
    headers: HeaderMap,
) -> ApiResult<Json<CockpitDto>> {
    let answer: AppResult<_> = async { app.cockpit(&selection(&query)?).await }.await;
    Ok(Json(wire::cockpit(&answer.told(&headers)?)))
}

/// The cockpit as a wall screen shows it: totals, small groups left out.
#[utoipa::path(get, path = "/api/v1/wall", tag = "figures", security(("session" = ["signed-in"]), ("token" = ["signed-in"])), params(FilterQuery),
    responses((status = 200, body = CockpitDto), (status = 403, body = Problem)))]
async fn find_wall(
    Allowed(app): Allowed,
    Query(query): Query<FilterQuery>,
    headers: HeaderMap,
) -> ApiResult<Json<CockpitDto>> {
    let answer: AppResult<_> = async { app.wall(&selection(&query)?).await }.await;
    Ok(Json(wire::cockpit(&answer.told(&headers)?)))
}

/// Flow and stock.
#[utoipa::path(get, path = "/api/v1/flow", tag = "figures", security(("session" = ["figures.read"]), ("token" = ["figures.read"])), params(FilterQuery),
    responses((status = 200, body = FlowDto), (status = 422, body = Problem)))]
async fn find_flow(
    Allowed(app): Allowed,
    Query(query): Query<FilterQuery>,
    headers: HeaderMap,
) -> ApiResult<Json<FlowDto>> {
    let answer: AppResult<_> =
        async { app.flow(&selection(&query)?, grain(&query, Grain::Week)?).await }.await;
    Ok(Json(wire::flow(&answer.told(&headers)?)))
}

/// The ledger, by day, week or month, grouped as asked.
#[utoipa::path(get, path = "/api/v1/ledger", tag = "figures", security(("session" = ["figures.read"]), ("token" = ["figures.read"])), params(FilterQuery),
    responses((status = 200, body = [LedgerRowDto]), (status = 422, body = Problem)))]
async fn list_ledger(
    Allowed(app): Allowed,
    Query(query): Query<FilterQuery>,
    headers: HeaderMap,
) -> ApiResult<Json<Vec<LedgerRowDto>>> {
    let answer: AppResult<_> = async {
        let groups = group_by(&query)?;
        app.ledger(&selection(&query)?, grain(&query, Grain::Day)?, &groups).await
    }
    .await;
    Ok(Json(answer.told(&headers)?.iter().map(wire::ledger_row).collect()))
}

/// Every indicator of a selection.
#[utoipa::path(get, path = "/api/v1/indicators", tag = "figures", security(("session" = ["figures.read"]), ("token" = ["figures.read"])), params(FilterQuery),
    responses((status = 200, body = [FigureDto]), (status = 422, body = Problem)))]
async fn list_indicators(
    Allowed(app): Allowed,
    Query(query): Query<FilterQuery>,
    headers: HeaderMap,
) -> ApiResult<Json<Vec<FigureDto>>> {
    let answer: AppResult<_> = async { app.indicators(&selection(&query)?, &[]).await }.await;
    let process = query.process.as_deref().unwrap_or("");
    let figures = answer.told(&headers)?;
    Ok(Json(figures.iter().map(|f| wire::figure(f, process)).collect()))
}

/// Which cases are asked, whatever the page.
pub(super) fn wanted(cases: CasesQuery) -> eclusier_app::cases::CasesQuery {
    eclusier_app::cases::CasesQuery {
        figure: cases.figure.filter(|f| !f.is_empty()),
        sort: cases.sort,
        search: cases.search.filter(|s| !s.is_empty()),
        ..Default::default()
    }
}

/// Cases, or those behind a figure.
#[utoipa::path(get, path = "/api/v1/cases", tag = "figures", security(("session" = ["cases.read"]), ("token" = ["cases.read"])), params(FilterQuery, CasesQuery),
    responses((status = 200, body = CasesPageDto), (status = 422, body = Problem)))]
async fn list_cases(
    Allowed(app): Allowed,
    Query(query): Query<FilterQuery>,
    Query(cases): Query<CasesQuery>,
    headers: HeaderMap,
) -> ApiResult<Json<CasesPageDto>> {
    let per_page = cases.per_page.unwrap_or(50).clamp(1, 500);
    let page = cases.page.unwrap_or(1).max(1);
    let asked = eclusier_app::cases::CasesQuery {
        offset: (page as usize - 1) * per_page as usize,
        limit: per_page as usize,
        ..wanted(cases)
    };
    let answer: AppResult<_> = async { app.cases(&selection(&query)?, &asked).await }.await;
    Ok(Json(wire::cases_page(&answer.told(&headers)?, page, per_page)))
}
