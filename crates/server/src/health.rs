//! Probes: is the process alive, can it answer. Outside the guard, which needs the registry
//! that readiness is about.

use std::time::Duration;

use axum::{Json, extract::State, http::HeaderMap};
use eclusier_api::{HealthDto, Problem};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{error, site::Site, wire};

/// How long the registry may take to answer a probe.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(check_live)).routes(routes!(check_ready))
}

/// The process answers.
#[utoipa::path(get, path = "/health/live", tag = "status",
    security(("session" = ["open"]), ("token" = ["open"])), responses((status = 200, body = HealthDto)))]
async fn check_live() -> Json<HealthDto> {
    Json(HealthDto { status: "ok".into(), processes: 0 })
}

/// The program reads a known count from its registry: it can serve.
#[utoipa::path(get, path = "/health/ready", tag = "status",
    security(("session" = ["open"]), ("token" = ["open"])),
    responses((status = 200, body = HealthDto), (status = 503, body = Problem)))]
async fn check_ready(
    State(site): State<Site>,
    headers: HeaderMap,
) -> Result<Json<HealthDto>, axum::response::Response> {
    let stopping = site.options().stop.is_cancelled();
    let asked = tokio::time::timeout(PATIENCE, site.app().ready()).await;
    match asked {
        Ok(Ok(processes)) if !stopping => Ok(Json(HealthDto { status: "ok".into(), processes })),
        outcome => {
            if let Ok(Err(error)) = outcome {
                tracing::warn!(%error, "the program is not ready");
            }
            // Anybody may ask: the cause is in the log, not here.
            let words = if stopping {
                ["Le programme s’arrête.", "The program is stopping."]
            } else {
                ["La base ne répond pas.", "The database does not answer."]
            };
            let spoken = error::lang(&headers);
            let words = words.map(String::from);
            Err(error::respond(&wire::problem_of("unavailable", words, None, spoken)))
        }
    }
}
