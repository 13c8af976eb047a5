//! The HTTP edge: routes, live updates and the web app. Nothing is decided here.

mod assets;
mod error;
pub mod guard;
mod inbox;
mod routes;
mod security;
mod sessions;
mod site;
pub mod wire;
pub mod wire_people;
mod wire_rights;

use std::{net::SocketAddr, path::PathBuf};

use axum::{Router, middleware};
use eclusier_app::{App, AppError, AppResult};
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer};
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;

pub use error::{ApiError, ApiResult};
pub use sessions::Lasting;
pub use site::{Site, SiteOptions};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Éclusier",
        description = "Stock, age, delay and flow of a case-processing body. Errors are RFC 9457 problems. Unknown is null.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(
        eclusier_api::Problem,
        eclusier_api::SessionDto,
        eclusier_api::ProviderDto,
        eclusier_api::SignInRequest,
        eclusier_api::CodeRequest,
        eclusier_api::SetupRequest,
        eclusier_api::PasswordRequest,
        eclusier_api::SecondFactorDto,
        eclusier_api::RecoveryCodesDto,
        eclusier_api::AccountDto,
        eclusier_api::NewAccountRequest,
        eclusier_api::NewAccountDto,
        eclusier_api::AccountRequest,
        eclusier_api::RoleDto,
        eclusier_api::PermissionDto,
        eclusier_api::RightsDto,
        eclusier_api::GrantDto,
        eclusier_api::GrantRequest,
        eclusier_api::GrantEndRequest,
        eclusier_api::TokenDto,
        eclusier_api::TokenRequest,
        eclusier_api::NewTokenDto,
        eclusier_api::GateDto,
        eclusier_api::GateRequest,
        eclusier_api::ReasonRequest,
        eclusier_api::RetentionDto,
        eclusier_api::RetentionRuleDto,
        eclusier_api::PurgeDto,
        eclusier_api::AuditEntryDto,
        eclusier_api::AuditPageDto,
        eclusier_api::AuditQuery,
        eclusier_api::AuditVerdictDto,
        eclusier_api::SystemDto,
        eclusier_api::CheckDto,
        eclusier_api::BackupDto,
        eclusier_api::RehearsalDto,
        eclusier_api::NodeDto,
        eclusier_api::PlaceDto,
        eclusier_api::OrganisationDto,
        eclusier_api::UnknownCodeDto,
        eclusier_api::NodeRequest,
        eclusier_api::PersonDto,
        eclusier_api::PeoplePageDto,
        eclusier_api::PeopleQuery,
        eclusier_api::PersonDetailDto,
        eclusier_api::FactDto,
        eclusier_api::PersonRequest,
        eclusier_api::FactRequest,
        eclusier_api::StaffImportDto,
        eclusier_api::StaffFindingDto,
        eclusier_api::WeeksDto,
        eclusier_api::WeekDto,
        eclusier_api::MeDto,
        eclusier_api::LookDto,
        eclusier_api::OwnSessionDto,
        eclusier_api::PageDto,
        eclusier_api::PageRequest,
        eclusier_api::PublicationDto,
        eclusier_api::DifferenceDto,
        eclusier_api::ReplayDto,
        eclusier_api::PublicationRequest
    ))
)]
struct Description;

fn api() -> (Router<Site>, utoipa::openapi::OpenApi) {
    OpenApiRouter::with_openapi(Description::openapi()).merge(routes::all()).split_for_parts()
}

/// The description of the HTTP API.
pub fn openapi() -> utoipa::openapi::OpenApi {
    api().1
}

/// The whole site: API, its description, the web app.
pub fn router(app: App, options: SiteOptions) -> Router {
    let (routes, description) = api();
    let (rules, _) = guard::rules(&description);
    let sessions = sessions::layer(&app, options.lasting, options.secure);
    let site = Site::new(app, options, rules);
    let docs = utoipa_swagger_ui::SwaggerUi::new("/api/docs").url("/api/openapi.json", description);
    Router::new()
        .merge(
            routes
                .route_layer(middleware::from_fn_with_state(site.clone(), guard::guard))
                .layer(sessions)
                .with_state(site.clone()),
        )
        .merge(docs)
        .fallback(assets::serve)
        .layer(middleware::from_fn(error::problems))
        .layer(middleware::from_fn(security::headers))
        .layer(middleware::from_fn_with_state(site, security::same_site))
        .layer(CompressionLayer::new())
        .layer(CatchPanicLayer::custom(error::panicked))
}

/// Reads an address and refuses any that other machines could reach: there are no accounts yet.
pub fn loopback(bind: &str) -> AppResult<SocketAddr> {
    let unreadable = || {
        AppError::invalid(
            "bind",
            format!("adresse illisible « {bind} » : écrire par exemple 127.0.0.1:8000"),
            format!("unreadable address “{bind}”: write for example 127.0.0.1:8000"),
        )
    };
    let text = bind.replace("localhost", "127.0.0.1");
    let address: SocketAddr = text.parse().map_err(|_| unreadable())?;
    if !address.ip().is_loopback() {
        return Err(AppError::invalid(
            "bind",
            format!(
                "{bind} serait visible du réseau : tant que les comptes n’existent pas, seule une adresse locale (127.0.0.1 ou [::1]) est acceptée"
            ),
            format!(
                "{bind} would be visible on the network: until accounts exist, only a local address (127.0.0.1 or [::1]) is accepted"
            ),
        ));
    }
    Ok(address)
}

/// Serves until Ctrl+C or a termination signal, then closes cleanly.
pub async fn serve(app: App, address: SocketAddr, inbox: Option<PathBuf>) -> AppResult<()> {
    let broken = |source| AppError::Io { what: format!("address {address}"), source };
    let listener = tokio::net::TcpListener::bind(address).await.map_err(broken)?;
    let address = listener.local_addr().map_err(broken)?;
    tracing::info!(%address, "serving");
    announce(address);
    let stop = tokio_util::sync::CancellationToken::new();
    if let Some(folder) = inbox {
        let inbox = app.acting(eclusier_app::Access::system("inbox"));
        tokio::spawn(inbox::watch(inbox, folder, stop.clone()));
    }
    // The desks are folded before the first person arrives.
    let warm = app.clone();
    tokio::spawn(async move {
        if let Err(error) = warm.warm().await {
            tracing::warn!(%error, "the desks could not be prepared");
        }
    });
    let stopped = stop.clone();
    let site = router(app.clone(), SiteOptions::default())
        .into_make_service_with_connect_info::<SocketAddr>();
    let outcome = axum::serve(listener, site)
        .with_graceful_shutdown(async move {
            signalled().await;
            stopped.cancel();
        })
        .await;
    stop.cancel();
    app.close().await;
    outcome.map_err(broken)
}

/// The one line a person and a script wait for.
#[allow(clippy::print_stderr)]
fn announce(address: SocketAddr) {
    eprintln!("Éclusier: http://{address}/");
}

async fn signalled() {
    let interrupt = tokio::signal::ctrl_c();
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => {
            let _ = interrupt.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_may_connect() {
        for refused in ["0.0.0.0:8000", "192.168.1.4:8000", "[::]:8000", "here", "127.0.0.1"] {
            assert!(loopback(refused).is_err(), "{refused} must be refused");
        }
        for accepted in ["127.0.0.1:0", "[::1]:8000", "localhost:8000"] {
            assert!(loopback(accepted).is_ok(), "{accepted} must be accepted");
        }
    }
}
