//! Background jobs.

use axum::{Json, extract::Path, http::HeaderMap};
use eclusier_api::{JobDto, Problem};
use eclusier_app::{AppResult, JobId};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{InLang as _, lang};
use crate::{ApiResult, guard::Allowed, site::Site, wire};

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(list_jobs))
        .routes(routes!(find_job))
        .routes(routes!(cancel_job))
}

/// Jobs, latest first.
#[utoipa::path(get, path = "/api/v1/jobs", tag = "jobs", security(("session" = ["signed-in"]), ("token" = ["signed-in"])), responses((status = 200, body = [JobDto])))]
async fn list_jobs(Allowed(app): Allowed, headers: HeaderMap) -> ApiResult<Json<Vec<JobDto>>> {
    let jobs = app.jobs().await.told(&headers)?;
    Ok(Json(jobs.iter().map(|j| wire::job(j, lang(&headers))).collect()))
}

/// One job.
#[utoipa::path(get, path = "/api/v1/jobs/{id}", tag = "jobs", security(("session" = ["signed-in"]), ("token" = ["signed-in"])), params(("id" = i64, Path)),
    responses((status = 200, body = JobDto), (status = 404, body = Problem)))]
async fn find_job(
    Allowed(app): Allowed,
    Path(id): Path<i64>,
    headers: HeaderMap,
) -> ApiResult<Json<JobDto>> {
    let job = app.job(JobId(id)).await.told(&headers)?;
    Ok(Json(wire::job(&job, lang(&headers))))
}

/// Asks a job to stop.
#[utoipa::path(post, path = "/api/v1/jobs/{id}/cancel", tag = "jobs", security(("session" = ["signed-in"]), ("token" = ["signed-in"])), params(("id" = i64, Path)),
    responses((status = 200, body = JobDto), (status = 404, body = Problem)))]
async fn cancel_job(
    Allowed(app): Allowed,
    Path(id): Path<i64>,
    headers: HeaderMap,
) -> ApiResult<Json<JobDto>> {
    let answer: AppResult<_> = async {
        app.cancel_job(JobId(id)).await?;
        app.job(JobId(id)).await
    }
    .await;
    Ok(Json(wire::job(&answer.told(&headers)?, lang(&headers))))
}
