//! What the site holds: the application, its options and its rules. Routes see none of it but
//! through the guard.

use std::{net::IpAddr, sync::Arc};

use eclusier_app::{Access, App};
use ipnet::IpNet;
use tokio_util::sync::CancellationToken;

use crate::{
    guard::Rules,
    limits::{LimitOptions, Limiter},
    oidc::Relays,
    sessions::Lasting,
};

/// How the site is served.
#[derive(Debug, Clone, Default)]
pub struct SiteOptions {
    /// How long sessions last.
    pub lasting: Lasting,
    /// Whether browsers reach it over TLS, ours or that of a proxy.
    pub secure: bool,
    /// Whether it is reachable from the network: the owner's rights are then never given away.
    pub public: bool,
    /// Names under which browsers reach it, besides those of this machine.
    pub hosts: Vec<String>,
    /// Folder of the backups.
    pub backups: Option<std::path::PathBuf>,
    /// Code asked for the first account when the site is reachable from the network.
    pub setup_code: Option<String>,
    /// Identity providers offered.
    pub providers: Vec<crate::Provider>,
    /// Proxies whose `X-Forwarded-*` headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// What one client may ask.
    pub limits: LimitOptions,
    /// Cancelled when the site stops: what never ends by itself then ends.
    pub stop: CancellationToken,
}

/// State of the router.
#[derive(Clone)]
pub struct Site(Arc<Inner>);

struct Inner {
    app: App,
    options: SiteOptions,
    rules: Rules,
    relays: Relays,
    limiter: Limiter,
}

impl Site {
    pub(crate) fn new(app: App, options: SiteOptions, rules: Rules) -> Self {
        let relays = Relays::new(&options.providers);
        let limiter = Limiter::new(&options.limits);
        Self(Arc::new(Inner { app, options, rules, relays, limiter }))
    }

    /// Counts of what each address asks.
    pub(crate) fn limiter(&self) -> &Limiter {
        &self.0.limiter
    }

    /// The application as its owner holds it: for the door itself, never for a route.
    pub(crate) fn app(&self) -> &App {
        &self.0.app
    }

    pub(crate) fn acting(&self, access: Access) -> App {
        self.0.app.acting(access)
    }

    /// How the site is served.
    pub fn options(&self) -> &SiteOptions {
        &self.0.options
    }

    /// Identity providers offered.
    pub(crate) fn providers(&self) -> Vec<eclusier_api::ProviderDto> {
        self.0.relays.offered()
    }

    /// The way to each identity provider.
    pub(crate) fn relays(&self) -> &Relays {
        &self.0.relays
    }

    pub(crate) fn rules(&self) -> &Rules {
        &self.0.rules
    }

    /// Whether a page without an account may act as the owner: on this machine, and only when
    /// the site is not served to others.
    pub(crate) fn owner_may_enter(&self, peer: Option<IpAddr>) -> bool {
        !self.0.options.public && peer.is_none_or(|ip| ip.to_canonical().is_loopback())
    }
}
