//! Figures of the program itself, as Prometheus reads them: base units, names of routes and
//! states as labels, never a person, a case or an address.

use std::{
    net::SocketAddr,
    sync::OnceLock,
    time::{Duration, Instant},
};

use axum::{
    Extension,
    extract::{ConnectInfo, State},
    http::{HeaderMap, header},
    response::{IntoResponse as _, Response},
};
use eclusier_api::Problem;
use eclusier_app::{Access, App, AppResult, Permission};
use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{ApiError, error, guard::Allowed, site::Site};

const DURATION: &str = "eclusier_http_request_duration_seconds";
const IN_FLIGHT: &str = "eclusier_http_requests_in_flight";
const JOBS: &str = "eclusier_jobs";
const LAKE_BYTES: &str = "eclusier_lake_bytes";
const LAKE_FILES: &str = "eclusier_lake_files";
const BACKUP_AGE: &str = "eclusier_backup_age_seconds";
const REHEARSAL: &str = "eclusier_rehearsal_ok";
const BUILD: &str = "eclusier_build_info";
const STARTED: &str = "eclusier_start_time_seconds";
const MEASURED: &str = "eclusier_scrape_failures_total";

/// From a probe to a request that reads years.
const SECONDS: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

/// How long reading the figures of the registry may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The recorder of this process, made at the first call.
///
/// None when the program was linked into another that records elsewhere.
pub(crate) fn recorder() -> Option<&'static PrometheusHandle> {
    static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    HANDLE
        .get_or_init(|| {
            let builder = PrometheusBuilder::new()
                .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), SECONDS)
                .ok()?;
            let recorder = builder.build_recorder();
            let handle = recorder.handle();
            metrics::set_global_recorder(recorder).ok()?;
            describe();
            Some(handle)
        })
        .as_ref()
}

fn describe() {
    describe_histogram!(DURATION, Unit::Seconds, "Time to answer a request, by route");
    describe_gauge!(IN_FLIGHT, "Requests being answered");
    describe_gauge!(JOBS, "Jobs remembered, by status");
    describe_gauge!(LAKE_BYTES, Unit::Bytes, "Bytes of the data files in force");
    describe_gauge!(LAKE_FILES, "Data files in force");
    describe_gauge!(BACKUP_AGE, Unit::Seconds, "Age of the last backup; absent without any");
    describe_gauge!(
        REHEARSAL,
        "Whether the last rehearsal of a restore passed; absent without any"
    );
    describe_gauge!(BUILD, "Version of the program");
    describe_gauge!(STARTED, Unit::Seconds, "When the data directory was opened, since 1970");
    describe_counter!(MEASURED, "Readings of these figures that failed");
    describe_counter!("eclusier_import_rows_total", "Rows read by imports, by what became of them");
    describe_histogram!(
        "eclusier_registry_write_wait_seconds",
        Unit::Seconds,
        "Time waited before writing to the registry"
    );
    describe_histogram!(
        "eclusier_desk_fold_seconds",
        Unit::Seconds,
        "Time to fold the cases of a process into its desk"
    );
    gauge!(BUILD, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
}

/// A request being answered.
pub(crate) struct InFlight(Instant);

impl InFlight {
    pub(crate) fn begin() -> Self {
        gauge!(IN_FLIGHT).increment(1.0);
        Self(Instant::now())
    }

    /// Measures the answer; gives back the time it took.
    pub(crate) fn answered(&self, route: &str, method: &'static str, status: u16) -> Duration {
        let took = self.0.elapsed();
        let class = match status {
            ..=199 => "1xx",
            200..=299 => "2xx",
            300..=399 => "3xx",
            400..=499 => "4xx",
            _ => "5xx",
        };
        let labels =
            [("route", route.to_owned()), ("method", method.into()), ("status", class.into())];
        histogram!(DURATION, &labels).record(took.as_secs_f64());
        took
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        gauge!(IN_FLIGHT).decrement(1.0);
    }
}

/// Reads the figures that are states rather than events.
async fn measure(app: &App) -> AppResult<()> {
    let signs = app.vital_signs().await?;
    for (status, count) in &signs.jobs {
        gauge!(JOBS, "status" => *status).set(*count as f64);
    }
    gauge!(LAKE_BYTES).set(signs.lake_bytes as f64);
    gauge!(LAKE_FILES).set(signs.lake_files as f64);
    gauge!(STARTED).set(signs.started.as_second() as f64);
    if let Some(age) = signs.backup_age_seconds {
        gauge!(BACKUP_AGE).set(age as f64);
    }
    if let Some(ok) = signs.rehearsal_ok {
        gauge!(REHEARSAL).set(if ok { 1.0 } else { 0.0 });
    }
    Ok(())
}

pub(crate) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(read_metrics))
}

/// Figures of the program, for Prometheus: to this machine, and to tokens that may see the
/// system.
#[utoipa::path(get, path = "/metrics", tag = "system",
    security(("session" = ["open"]), ("token" = ["open"])),
    responses((status = 200, content_type = "text/plain", body = String), (status = 403, body = Problem)))]
async fn read_metrics(
    State(site): State<Site>,
    Allowed(app): Allowed,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let near = peer.is_some_and(|Extension(peer)| peer.0.ip().to_canonical().is_loopback());
    if !near {
        let spoken = error::lang(&headers);
        let asked = app.require(Permission::SystemRead);
        asked.map_err(|e| ApiError::from(e).in_lang(spoken))?;
    }
    let measured = site.acting(Access::system("metrics"));
    // A registry that does not answer must not hide the other figures.
    let outcome = tokio::time::timeout(PATIENCE, measure(&measured)).await;
    if !matches!(outcome, Ok(Ok(()))) {
        counter!(MEASURED).increment(1);
    }
    let text = recorder().map(PrometheusHandle::render).unwrap_or_default();
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}
