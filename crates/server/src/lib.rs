//! The HTTP edge: routes, live updates and the web app. Nothing is decided here.

mod assets;
mod error;
pub mod exposure;
mod forwarded;
pub mod guard;
mod health;
mod inbox;
pub mod limits;
mod metrics;
mod observe;
mod oidc;
mod refusals;
mod routes;
mod scim;
mod security;
mod serving;
mod sessions;
pub mod settings;
mod site;
mod tls;
pub mod wire;
mod wire_foresight;
pub mod wire_mining;
pub mod wire_people;
mod wire_rights;

use axum::{Router, middleware};
use eclusier_app::App;
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer};
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;

pub use error::{ApiError, ApiResult};
pub use oidc::Provider;
pub use serving::{Plan, serve};
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
        eclusier_api::ProviderEndDto,
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
        eclusier_api::StaffChangeDto,
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

/// Routes behind the guard, probes in front of it, and their description.
fn api() -> (Router<Site>, Router<Site>, utoipa::openapi::OpenApi) {
    let (guarded, mut description) = OpenApiRouter::with_openapi(Description::openapi())
        .merge(routes::all())
        .merge(metrics::routes())
        .split_for_parts();
    let (probes, of_probes) = health::routes().split_for_parts();
    description.merge(of_probes);
    refusals::describe(&mut description);
    (guarded, probes, description)
}

/// The description of the HTTP API.
pub fn openapi() -> utoipa::openapi::OpenApi {
    api().2
}

/// The whole site: API, its description, the web app.
pub fn router(app: App, options: SiteOptions) -> Router {
    metrics::recorder();
    let (routes, probes, description) = api();
    let (rules, _) = guard::rules(&description);
    let sessions = sessions::layer(&app, options.lasting, options.secure);
    let site = Site::new(app, options, rules);
    let docs = utoipa_swagger_ui::SwaggerUi::new("/api/docs").url("/api/openapi.json", description);
    // From the inside out: what is written last sees a request first.
    Router::new()
        .merge(
            routes
                .route_layer(middleware::from_fn_with_state(site.clone(), guard::guard))
                .layer(sessions)
                .with_state(site.clone()),
        )
        .merge(probes.with_state(site.clone()))
        .merge(docs)
        .fallback(assets::serve)
        .layer(CatchPanicLayer::custom(error::panicked))
        .layer(middleware::from_fn_with_state(site.clone(), limits::sizes))
        .layer(middleware::from_fn(error::problems))
        .layer(middleware::from_fn_with_state(site.clone(), security::same_site))
        .layer(middleware::from_fn_with_state(site.clone(), limits::rates))
        .layer(middleware::from_fn(scim::shaped))
        .layer(middleware::from_fn_with_state(site.clone(), forwarded::forwarded))
        .layer(middleware::from_fn_with_state(site.clone(), security::headers))
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn_with_state(site, observe::observed))
}
